/* redan sign: hash a model, say what it is made of, and sign that. */
#include <stdlib.h>

#include "cmd/command.h"
#include "cmd/sign_files.h"
#include "cmd/sign_how.h"
#include "codec/json.h"
#include "io/file.h"

static const struct redan_option options[] = {
    {"signature", 's', "FILE", "where the signature goes; by default MODEL/model.sig, or FILE.sig"},
    REDAN_HOW_OPTIONS,
    {"hash", 0, "NAME", "sha256 (default), blake2b, or blake3 where libblake3 is installed"},
    {"shards", 0, "[=SIZE]",
     "hash in pieces, by default of 1000000000 bytes, which can be read and verified one by one"},
    REDAN_MODEL_OPTIONS,
    {"cache", 0, "[=FILE]", "remember digests, and hash what changed since alone"},
    {"sample", 0, "PERCENT", "with --cache: so many of the others are hashed all the same; 1"},
    {"from-digests", 0, "FILE", "take digests from sha256sum's lines or JSON; no file is read"},
    {"name", 0, "NAME", "what the signature calls the model; by default its file name"},
    {"compat", 0, NULL, "call a single file \".\", as the reference client does"},
    {"dry-run", 0, NULL, "say what would be signed, by whom, and sent where; sign nothing"},
    {NULL, 0, NULL, NULL},
};

struct signing {
    struct redan_cli *cli;
    struct redan_sign_how how;
    struct redan_sign_files files;
    struct redan_slice payload;
    struct redan_signer_facts facts;
    struct redan_slice who;
};

static void signing_done(struct signing *s)
{
    redan_sign_how_done(&s->how);
    redan_sign_files_done(&s->files);
}

static enum redan_status add_services(struct signing *s, struct redan_node *map)
{
    const struct redan_keyless_services *services = &s->how.services;
    struct redan_ctx *ctx = &s->cli->ctx;
    struct redan_node *list = redan_node_add_kind(ctx, map, "services", REDAN_NODE_LIST);
    bool keyless = s->how.method == REDAN_SIGN_SIGSTORE;

    if (!list ||
        (keyless && services->fulcio.len &&
         !redan_node_add_text(ctx, list, NULL, services->fulcio)) ||
        (keyless && services->rekor.len && !redan_node_add_text(ctx, list, NULL, services->rekor)))
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < services->stamper_count; i++) {
        if (!redan_node_add_text(ctx, list, NULL, services->stampers[i]))
            return REDAN_E_MEMORY;
    }
    return REDAN_OK;
}

static enum redan_status answer_json(struct signing *s, bool dry)
{
    struct redan_ctx *ctx = &s->cli->ctx;
    const struct redan_manifest *m = &s->files.manifest;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_slice root = {0};

    REDAN_TRY(redan_digest_text(ctx, &m->root, &root));
    if (!map || !redan_node_add_bool(ctx, map, "signed", !dry) ||
        !redan_node_add_text(ctx, map, "model", s->files.model.path) ||
        !redan_node_add_text(ctx, map, "name", m->name) ||
        !redan_node_add_text(ctx, map, "root", root) ||
        !redan_node_add_text(ctx, map, "hash", redan_slice_of(redan_hash_name(m->hash))) ||
        !redan_node_add_number(ctx, map, "files", (double)s->files.count) ||
        !redan_node_add_number(ctx, map, "bytes", (double)s->files.bytes) ||
        !redan_node_add_number(ctx, map, "reused", (double)s->files.reused) ||
        !redan_node_add_text(ctx, map, "method",
                             redan_slice_of(redan_sign_method_words[s->how.method])) ||
        !redan_node_add_text(ctx, map, "signer", dry ? s->who : s->facts.signer) ||
        !redan_node_add_text(ctx, map, "signature", s->files.signature))
        return REDAN_E_MEMORY;
    REDAN_TRY(add_services(s, map));
    redan_json_tree_add(&s->cli->out, map);
    return REDAN_OK;
}

static void answer_sent(struct signing *s)
{
    const struct redan_keyless_services *services = &s->how.services;
    struct redan_buf *out = &s->cli->out;

    if (s->how.method == REDAN_SIGN_SIGSTORE)
        redan_buf_printf(
            out,
            "would be sent: the identity token to %.*s, the signature, certificate and a digest "
            "to the public log %.*s\n",
            REDAN_FMT(services->fulcio), REDAN_FMT(services->rekor));
    for (size_t i = 0; i < services->stamper_count; i++)
        redan_buf_printf(out, "would be sent: a digest of the signature to %.*s\n",
                         REDAN_FMT(services->stampers[i]));
    if (s->how.method != REDAN_SIGN_SIGSTORE && services->stamper_count == 0)
        redan_buf_text(out, "would be sent: nothing\n");
}

static enum redan_status answer(struct signing *s, bool dry)
{
    const struct redan_sign_files *f = &s->files;
    struct redan_buf *out = &s->cli->out;
    struct redan_slice root = {0};

    if (s->cli->json)
        return answer_json(s, dry);
    REDAN_TRY(redan_digest_text(&s->cli->ctx, &f->manifest.root, &root));
    redan_buf_printf(out, "%s: %.*s, ", dry ? "would be signed" : "signed",
                     REDAN_FMT(f->model.path));
    redan_cli_count(out, f->count, "file");
    if (f->bytes_known) {
        redan_buf_text(out, ", ");
        redan_cli_size(out, f->bytes);
    }
    redan_buf_printf(out, "\nby: %.*s\nroot: %.*s (%s)\n", REDAN_FMT(s->who), REDAN_FMT(root),
                     redan_hash_name(f->manifest.hash));
    if (f->known)
        redan_buf_printf(
            out, "cache: %zu of %zu digests taken from it, %zu more tried and found right\n",
            f->reused, f->manifest.count, f->sampled);
    redan_buf_printf(out, "%s: %.*s\n", dry ? "signature would go to" : "signature",
                     REDAN_FMT(f->signature));
    if (dry)
        answer_sent(s);
    return REDAN_OK;
}

static enum redan_status make(struct signing *s)
{
    struct redan_cli *cli = s->cli;
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    bool dry = redan_cli_has(cli, "dry-run");

    REDAN_TRY(redan_sign_files_open(cli, &s->files));
    REDAN_TRY(redan_sign_how_open(cli, dry, &s->how)); /* before the hashing, which may be long */
    REDAN_TRY(redan_sign_how_who(cli, &s->how, &s->who));
    REDAN_TRY(redan_sign_files_hash(cli, &s->files));
    REDAN_TRY(redan_manifest_write(ctx, &s->files.manifest, &s->payload));
    if (dry)
        return answer(s, true);
    redan_buf_init(&text, ctx, REDAN_BUNDLE_MAX);
    REDAN_TRY(redan_sign_how_sign(cli, &s->how, s->payload, &text, &s->facts));
    REDAN_TRY(redan_file_replace(ctx, s->files.signature, 0644, redan_buf_view(&text)));
    REDAN_TRY(redan_sign_files_remember(cli, &s->files));
    return answer(s, false);
}

static int run(struct redan_cli *cli)
{
    struct signing REDAN_DEFER(signing_done) s = {.cli = cli};

    redan_cli_model_room(cli);
    return make(&s) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_sign = {
    .name = "sign",
    .args = "MODEL",
    .summary = "sign a model, a dataset, any file or folder (OpenSSF Model Signing)",
    .text =
        "Every file is hashed, and the list of digests is signed: whoever verifies knows that "
        "nothing was added,\n"
        "changed or taken away. The signature is a Sigstore bundle of OpenSSF Model Signing, which "
        "other clients\n"
        "verify too. It is verified before it is written; an old one stays when anything fails.\n\n"
        "  redan sign model/ --key signer.pem              # into model/model.sig\n"
        "  redan sign model/ --cert me.pem --cert-chain ca.pem --key signer.pem\n"
        "  redan sign model/ --keyless                     # in CI, as its identity\n"
        "  redan sign model/ --key 'pkcs11:token=release;object=signer'\n"
        "  redan sign model/ --key signer.pem --tsa https://tsa.example/ --trust-root root.json\n"
        "  redan sign model/ --keyless --dry-run           # what would be sent, and where\n\n"
        "A key of one's own: openssl ecparam -name prime256v1 -genkey -noout -out signer.pem\n\n"
        "Exit codes: 0 signed; 2 usage; 3 not signed. docs/sign.md tells the rest.",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
