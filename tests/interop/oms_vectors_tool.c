/* Manifests and signatures of models as a program, for tests/interop/oms_vectors.py: `make MODEL`, `check PAYLOAD MODEL`, `sign MODEL KEY
 * BUNDLE`, `verify BUNDLE MODEL key FILE | certificate FILE | sigstore IDENTITY ISSUER TRUST-ROOT`. Exit code 1 is a refusal, 3 could not be done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "sign/judge.h"
#include "sign/make.h"
#include "sign/manifest.h"

enum { IGNORES = 16 };

struct run {
    struct redan_ctx *ctx;
    struct redan_slice words[8]; /* command and what belongs to it */
    size_t count;
    struct redan_slice ignore[IGNORES];
    struct redan_manifest_options options;
    bool unsigned_too;
};

static bool take_option(struct run *run, const char *name, const char *value)
{
    struct redan_manifest_options *o = &run->options;
    struct redan_slice text = redan_slice_of(value);

    if (strcmp(name, "--unsigned") == 0)
        run->unsigned_too = true;
    else if (strcmp(name, "--links") == 0)
        o->links = true;
    else if (strcmp(name, "--dot") == 0)
        o->dot_name = true;
    else if (strcmp(name, "--keep-git") == 0)
        o->keep_git = true;
    else if (strcmp(name, "--shards") == 0 && redan_slice_u64(text, &o->shard_size))
        o->shards = true;
    else if (strcmp(name, "--signature") == 0)
        o->signature = text;
    else if (strcmp(name, "--ignore") == 0 && o->ignore_count < IGNORES)
        run->ignore[o->ignore_count++] = text;
    else
        return strcmp(name, "--hash") == 0 && redan_hash_of(text, &o->hash);
    return true;
}

static bool takes_value(const char *name)
{
    static const char *const names[] = {"--shards", "--signature", "--ignore", "--hash", NULL};

    return redan_slice_among(names, redan_slice_of(name));
}

static bool take_arguments(struct run *run, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            if (run->count == REDAN_COUNT(run->words))
                return false;
            run->words[run->count++] = redan_slice_of(argv[i]);
            continue;
        }
        const char *name = argv[i];
        if (takes_value(name) && ++i == argc)
            return false;
        if (!take_option(run, name, argv[i]))
            return false;
    }
    run->options.ignore = run->ignore;
    return run->count >= 2;
}

static enum redan_status compare(struct run *run, const struct redan_manifest *m,
                                 struct redan_slice model)
{
    const struct redan_manifest_check check = {.ignore_unsigned = run->unsigned_too,
                                               .ignore = run->ignore,
                                               .ignore_count = run->options.ignore_count,
                                               .keep_git = run->options.keep_git,
                                               .links = run->options.links,
                                               .signature = run->options.signature};
    struct redan_manifest_difference *d = NULL;
    size_t count = 0;

    for (size_t i = 0; i < m->remark_count; i++)
        (void)printf("remark: %.*s\n", REDAN_FMT(m->remarks[i]));
    REDAN_TRY(redan_manifest_compare(run->ctx, m, model, &check, &d, &count));
    for (size_t i = 0; i < count; i++)
        (void)printf("%s: %.*s\n", redan_manifest_fault_words[d[i].fault], REDAN_FMT(d[i].path));
    if (count)
        return redan_fail(run->ctx, REDAN_E_SIGNATURE, 0, "%zu files differ", count);
    return REDAN_OK;
}

static enum redan_status do_make(struct run *run)
{
    struct redan_manifest m;
    struct redan_slice payload = {0};

    REDAN_TRY(redan_manifest_make(run->ctx, run->words[1], &run->options, &m));
    REDAN_TRY(redan_manifest_write(run->ctx, &m, &payload));
    (void)fwrite(payload.at, 1, payload.len, stdout);
    return REDAN_OK;
}

static enum redan_status do_check(struct run *run)
{
    struct redan_manifest m;
    struct redan_slice payload = {0};

    REDAN_TRY(redan_file_read(run->ctx, run->words[1], 256 << 20, true, &payload));
    REDAN_TRY(redan_manifest_parse(run->ctx, payload, &m));
    return compare(run, &m, run->words[2]);
}

static enum redan_status do_sign(struct run *run)
{
    REDAN_DEFER(redan_key_drop) struct redan_key *key = NULL;
    REDAN_DEFER(redan_buf_done) struct redan_buf out;
    struct redan_manifest m;
    struct redan_bundle bundle;
    struct redan_slice text = {0};

    redan_buf_init(&out, run->ctx, REDAN_BUNDLE_MAX);
    REDAN_TRY(redan_file_read(run->ctx, run->words[2], 1 << 16, true, &text));
    REDAN_TRY(redan_key_parse_private(run->ctx, text, &key));
    const struct redan_sign_with with = {.key = key};
    REDAN_TRY(redan_manifest_make(run->ctx, run->words[1], &run->options, &m));
    REDAN_TRY(redan_manifest_write(run->ctx, &m, &text));
    REDAN_TRY(redan_sign_statement(run->ctx, &with, text, &bundle));
    redan_bundle_add(&out, &bundle);
    REDAN_TRY(redan_buf_ok(run->ctx, &out, "a bundle"));
    return redan_file_replace(run->ctx, run->words[3], 0644, redan_buf_view(&out));
}

static enum redan_status judge(struct run *run, const struct redan_signer_wanted *wanted)
{
    const struct redan_signed_thing thing = {.oms = true};
    struct redan_signer_facts facts = {0};
    struct redan_slice text = {0};
    struct redan_bundle bundle;
    struct redan_manifest m;

    REDAN_TRY(redan_file_read(run->ctx, run->words[1], REDAN_BUNDLE_MAX, true, &text));
    REDAN_TRY(redan_bundle_parse(run->ctx, text, &bundle));
    REDAN_TRY(redan_sign_judge(run->ctx, &bundle, wanted, &thing, &facts));
    if (!bundle.is_dsse)
        return redan_fail(run->ctx, REDAN_E_SCHEMA, 0, "the bundle signs a message, not a model");
    REDAN_TRY(redan_manifest_parse(run->ctx, bundle.dsse.payload, &m));
    (void)printf("signer: %.*s\n", REDAN_FMT(facts.signer));
    if (facts.old_form)
        (void)printf("remark: the bundle is of an old form\n");
    return compare(run, &m, run->words[2]);
}

static enum redan_status verify_key(struct run *run, struct redan_slice text)
{
    REDAN_DEFER(redan_spki_drop) struct redan_spki *key = NULL;

    REDAN_TRY(redan_spki_parse_text(run->ctx, text, &key));
    return judge(run, &(struct redan_signer_wanted){.method = REDAN_SIGN_KEY, .key = key});
}

static enum redan_status verify_certificate(struct run *run, struct redan_slice text)
{
    struct redan_certificate *roots[REDAN_CERTIFICATES_MAX];
    size_t count = 0;

    REDAN_TRY(redan_certificate_parse_pem(run->ctx, text, roots, &count));
    enum redan_status status =
        judge(run, &(struct redan_signer_wanted){
                       .method = REDAN_SIGN_CERTIFICATE, .anchors = roots, .anchor_count = count});
    for (size_t i = 0; i < count; i++)
        redan_certificate_free(roots[i]);
    return status;
}

static enum redan_status verify_sigstore(struct run *run, struct redan_slice text)
{
    REDAN_DEFER(redan_trust_root_done) struct redan_trust_root root = {0};

    REDAN_TRY(redan_trust_root_parse(run->ctx, text, &root));
    return judge(run, &(struct redan_signer_wanted){.method = REDAN_SIGN_SIGSTORE,
                                                    .identity = run->words[4],
                                                    .issuer = run->words[5],
                                                    .root = &root});
}

static enum redan_status do_verify(struct run *run)
{
    struct redan_slice method = run->words[3];
    struct redan_slice text = {0};

    REDAN_TRY(redan_file_read(run->ctx, run->words[run->count - 1], (size_t)4 << 20, true, &text));
    if (redan_slice_is(method, "key"))
        return verify_key(run, text);
    if (redan_slice_is(method, "certificate"))
        return verify_certificate(run, text);
    return verify_sigstore(run, text);
}

static enum redan_status carry_out(struct run *run)
{
    static const struct {
        const char *name;
        size_t words[2]; /* least and most, with the command's name */
        enum redan_status (*run)(struct run *run);
    } commands[] = {{"make", {2, 2}, do_make},
                    {"check", {3, 3}, do_check},
                    {"sign", {4, 4}, do_sign},
                    {"verify", {5, 7}, do_verify}};

    for (size_t i = 0; i < REDAN_COUNT(commands); i++) {
        if (redan_slice_is(run->words[0], commands[i].name) && run->count >= commands[i].words[0] &&
            run->count <= commands[i].words[1])
            return commands[i].run(run);
    }
    return redan_fail(run->ctx, REDAN_E_USAGE, 0, "no such command");
}

int main(int argc, char **argv)
{
    struct redan_ctx ctx;
    struct run run = {.ctx = &ctx};
    enum redan_status status = REDAN_E_USAGE;

    redan_ctx_init(&ctx, NULL);
    if (take_arguments(&run, argc, argv))
        status = carry_out(&run);
    if (status != REDAN_OK)
        (void)fprintf(stderr, "%s: %s\n", redan_status_name(status), ctx.failure.text);
    redan_ctx_done(&ctx);
    if (status == REDAN_OK)
        return 0;
    bool refusal = status == REDAN_E_SIGNATURE || status == REDAN_E_SCHEMA ||
                   status == REDAN_E_SYNTAX || status == REDAN_E_LIMIT;
    return refusal ? 1 : 3;
}
