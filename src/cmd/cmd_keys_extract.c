/* redan keys extract: what an envelope's signers signed, and their signatures, as files that ssh-keygen and openssl verify. */
#include "attest/sshsig.h"
#include "cmd/cli_keys.h"
#include "cmd/command.h"
#include "io/file.h"

static const struct redan_option options[] = {
    {"out", 'o', "DIR", "a new folder for the files"},
    {NULL, 0, NULL, NULL},
};

struct extraction {
    struct redan_cli *cli;
    const struct redan_keyring *ring;
    const struct redan_dsse *envelope;
    struct redan_slice folder;
    struct redan_buf how; /* the commands that verify */
    size_t unknown;
};

static enum redan_status write_file(struct extraction *e, struct redan_slice name,
                                    struct redan_slice bytes)
{
    struct redan_slice path = {0};

    REDAN_TRY(redan_path_join(&e->cli->ctx, e->folder, name, &path));
    return redan_file_create(&e->cli->ctx, path, 0644, bytes);
}

/* Which key made it; NULL when none of keys.yaml did. */
static enum redan_status signer_of(struct extraction *e, struct redan_dsse_signature *signature,
                                   const struct redan_keyring_key **key)
{
    struct redan_dsse alone = *e->envelope;
    struct redan_signer signer = {0};
    size_t count = 0;

    alone.signatures = signature;
    alone.count = 1;
    REDAN_TRY(redan_keyring_signers(&e->cli->ctx, e->ring, &alone, &signer, &count));
    *key = count ? signer.key : NULL;
    return REDAN_OK;
}

static enum redan_status write_ssh(struct extraction *e, struct redan_slice id,
                                   const struct redan_keyring_key *key, struct redan_slice blob)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_slice name = {0};

    redan_buf_init(&text, &e->cli->ctx, 65536);
    redan_sshsig_add_armour(&text, blob);
    REDAN_TRY(redan_buf_ok(&e->cli->ctx, &text, "a signature"));
    REDAN_TRY(redan_format(&e->cli->ctx, &name, "%.*s.sig", REDAN_FMT(id)));
    if (key)
        redan_buf_printf(
            &e->how,
            "ssh-keygen -Y verify -f allowed_signers -I %.*s -n " REDAN_SSHSIG_NAMESPACE
            " -s %.*s <statement.pae\n",
            REDAN_FMT(key->holder), REDAN_FMT(name));
    return write_file(e, name, redan_buf_view(&text));
}

static enum redan_status write_plain(struct extraction *e, struct redan_slice id,
                                     const struct redan_keyring_key *key, struct redan_slice bytes)
{
    struct redan_ctx *ctx = &e->cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) pem = {0};
    struct redan_slice name = {0};
    struct redan_slice half = {0};

    REDAN_TRY(redan_format(ctx, &name, "%.*s.bin", REDAN_FMT(id)));
    REDAN_TRY(write_file(e, name, bytes));
    if (!key)
        return REDAN_OK;
    redan_buf_init(&pem, ctx, 65536);
    redan_key_add_public_pem(&pem, key->key);
    REDAN_TRY(redan_buf_ok(ctx, &pem, "a public key"));
    REDAN_TRY(redan_format(ctx, &half, "%.*s.pem", REDAN_FMT(id)));
    redan_buf_printf(&e->how,
                     "openssl pkeyutl -verify -pubin -inkey %.*s -rawin%s -sigfile %.*s -in "
                     "statement.pae\n",
                     REDAN_FMT(half),
                     redan_key_kind(key->key) == REDAN_KEY_P256   ? " -digest sha256"
                     : redan_key_kind(key->key) == REDAN_KEY_P384 ? " -digest sha384"
                     : redan_key_kind(key->key) == REDAN_KEY_P521 ? " -digest sha512"
                                                                  : "",
                     REDAN_FMT(name));
    return write_file(e, half, redan_buf_view(&pem));
}

static enum redan_status write_one(struct extraction *e, struct redan_dsse_signature *signature)
{
    const struct redan_keyring_key *key = NULL;
    struct redan_slice id = {0};

    REDAN_TRY(signer_of(e, signature, &key));
    if (key)
        id = key->id;
    else
        REDAN_TRY(redan_format(&e->cli->ctx, &id, "unknown-%zu", ++e->unknown));
    return redan_sshsig_is(signature->bytes) ? write_ssh(e, id, key, signature->bytes)
                                             : write_plain(e, id, key, signature->bytes);
}

static enum redan_status write_signers(struct extraction *e)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};

    redan_buf_init(&text, &e->cli->ctx, e->cli->ctx.limits.file);
    redan_cli_allowed_signers(&text, e->ring);
    REDAN_TRY(redan_buf_ok(&e->cli->ctx, &text, "allowed_signers"));
    return write_file(e, REDAN_S("allowed_signers"), redan_buf_view(&text));
}

static enum redan_status extract(struct extraction *e)
{
    struct redan_ctx *ctx = &e->cli->ctx;
    struct redan_slice pae = {0};

    if (redan_folder_exists(ctx, e->folder) || redan_file_exists(ctx, e->folder))
        return redan_fail(ctx, REDAN_E_EXISTS, 0, "%.*s is there already; name a new folder",
                          REDAN_FMT(e->folder));
    REDAN_TRY(redan_dsse_pae(ctx, e->envelope, &pae));
    REDAN_TRY(write_file(e, REDAN_S("statement.pae"), pae));
    REDAN_TRY(write_file(e, REDAN_S("statement.json"), e->envelope->payload));
    REDAN_TRY(write_signers(e));
    for (size_t i = 0; i < e->envelope->count; i++)
        REDAN_TRY(write_one(e, &e->envelope->signatures[i]));
    redan_cli_say(
        e->cli, "%zu signature%s in %.*s, %zu of them by keys that keys.yaml does not list",
        e->envelope->count, e->envelope->count == 1 ? "" : "s", REDAN_FMT(e->folder), e->unknown);
    const struct redan_cli_field fields[] = {{"folder", e->folder},
                                             {"verify", redan_buf_view(&e->how)}};
    redan_cli_object(e->cli, fields, REDAN_COUNT(fields));
    if (!e->cli->json)
        redan_buf_slice(&e->cli->out, redan_buf_view(&e->how));
    return redan_buf_ok(ctx, &e->how, "the commands");
}

static enum redan_status read_and_extract(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_keyring REDAN_DEFER(redan_keyring_done) ring = {0};
    struct redan_dsse envelope = {0};
    struct extraction e = {
        .cli = cli, .ring = &ring, .envelope = &envelope, .folder = redan_cli_value(cli, "out")};
    struct redan_slice folder = {0};
    struct redan_slice text = {0};
    bool present = false;

    if (e.folder.len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--out DIR is needed: where do the files go?");
    REDAN_TRY(redan_cli_keys_folder(cli, &folder));
    REDAN_TRY(redan_cli_keyring(cli, folder, &present, &ring));
    if (!present)
        return redan_fail(ctx, REDAN_E_ABSENT, 0,
                          "there is no keys.yaml in %.*s to say whose keys these are",
                          REDAN_FMT(folder));
    REDAN_TRY(redan_file_read(ctx, cli->args[0], ctx->limits.file, true, &text));
    enum redan_status status = redan_dsse_parse(ctx, text, &envelope);
    redan_fail_name(ctx, cli->args[0]);
    REDAN_TRY(status);
    redan_buf_init(&e.how, ctx, 65536);
    status = extract(&e);
    redan_buf_done(&e.how);
    return status;
}

static int run(struct redan_cli *cli)
{
    return read_and_extract(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_keys_extract = {
    .name = "keys extract",
    .args = "ENVELOPE",
    .summary = "an approval's or record's signatures, for ssh-keygen and openssl to verify",
    .text =
        "For an auditor without redan: writes what was signed (statement.pae; its text alone is "
        "statement.json),\n"
        "each signature, and allowed_signers, and prints the commands that verify them, to be "
        "run in that\n"
        "folder. Whether those keys are the right ones is for keys.yaml and its root to say.\n\n"
        "  redan keys extract redan/approvals/3f1c....json --out audit",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
