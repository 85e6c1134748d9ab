/* The envelope, key and keyring code as a program, for tests/interop/dsse.py to compare with its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/keyring.h"
#include "attest/statement.h"

static enum redan_status read_file(struct redan_ctx *ctx, const char *path, struct redan_slice *out)
{
    size_t max = (size_t)8 << 20;
    char *bytes = redan_take(ctx, max);
    FILE *file = bytes ? fopen(path, "rbe") : NULL;

    if (!file)
        return redan_fail(ctx, REDAN_E_IO, 0, "cannot read %s", path);
    *out = (struct redan_slice){bytes, fread(bytes, 1, max, file)};
    (void)fclose(file);
    return REDAN_OK;
}

static void print(struct redan_slice text)
{
    (void)fwrite(text.at, 1, text.len, stdout);
}

static enum redan_status print_envelope(struct redan_ctx *ctx, const struct redan_dsse *envelope)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};

    redan_buf_init(&out, ctx, (size_t)64 << 20);
    redan_dsse_add(&out, envelope);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the envelope"));
    print(redan_buf_view(&out));
    return REDAN_OK;
}

static enum redan_status sign(struct redan_ctx *ctx, char **arg)
{
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_dsse envelope = {.payload_type = redan_slice_of(arg[1])};
    struct redan_slice text = {0};

    REDAN_TRY(read_file(ctx, arg[0], &text));
    REDAN_TRY(redan_key_parse_private(ctx, text, &key));
    REDAN_TRY(read_file(ctx, arg[2], &envelope.payload));
    REDAN_TRY(redan_dsse_sign(ctx, &envelope, key));
    return print_envelope(ctx, &envelope);
}

static enum redan_status add(struct redan_ctx *ctx, char **arg)
{
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_dsse envelope = {0};
    struct redan_slice text = {0};

    REDAN_TRY(read_file(ctx, arg[0], &text));
    REDAN_TRY(redan_key_parse_private(ctx, text, &key));
    REDAN_TRY(read_file(ctx, arg[1], &text));
    REDAN_TRY(redan_dsse_parse(ctx, text, &envelope));
    REDAN_TRY(redan_dsse_sign(ctx, &envelope, key));
    return print_envelope(ctx, &envelope);
}

/* Prints the payload when one of the signatures is the key's. */
static enum redan_status verify(struct redan_ctx *ctx, char **arg)
{
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_dsse envelope = {0};
    struct redan_slice text = {0};
    struct redan_slice pae = {0};
    enum redan_status status = REDAN_E_SIGNATURE;

    REDAN_TRY(read_file(ctx, arg[0], &text));
    REDAN_TRY(redan_key_parse_public(ctx, text, &key));
    REDAN_TRY(read_file(ctx, arg[1], &text));
    REDAN_TRY(redan_dsse_parse(ctx, text, &envelope));
    REDAN_TRY(redan_dsse_pae(ctx, &envelope, &pae));
    for (size_t i = 0; status == REDAN_E_SIGNATURE && i < envelope.count; i++)
        status = redan_dsse_verify(ctx, key, pae, envelope.signatures[i].bytes);
    if (status == REDAN_OK)
        print(envelope.payload);
    return status;
}

static enum redan_status id(struct redan_ctx *ctx, char **arg)
{
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_slice text = {0};
    struct redan_digest digest;
    char hex[REDAN_DIGEST_HEX];

    REDAN_TRY(read_file(ctx, arg[0], &text));
    REDAN_TRY(redan_key_parse_public(ctx, text, &key));
    redan_key_id(key, &digest);
    redan_digest_hex(&digest, hex);
    print(redan_slice_of(hex));
    return REDAN_OK;
}

static enum redan_status statement(struct redan_ctx *ctx, char **arg)
{
    struct redan_statement parsed = {0};
    struct redan_slice text = {0};

    REDAN_TRY(read_file(ctx, arg[0], &text));
    REDAN_TRY(redan_statement_parse(ctx, text, &parsed));
    REDAN_TRY(redan_statement_write(ctx, &parsed, &text));
    print(text);
    return REDAN_OK;
}

/* The root's fingerprint of a keys.yaml. */
static enum redan_status root(struct redan_ctx *ctx, char **arg)
{
    struct redan_problems problems;
    struct redan_keyring ring REDAN_DEFER(redan_keyring_done) = {0};
    struct redan_slice text = {0};
    char hex[REDAN_DIGEST_HEX];

    REDAN_TRY(read_file(ctx, arg[0], &text));
    redan_problems_init(&problems, ctx, redan_slice_of(arg[0]));
    REDAN_TRY(redan_keyring_parse(&problems, text, &ring));
    if (problems.first)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "line %u: %.*s", problems.first->line,
                          REDAN_FMT(problems.first->text));
    redan_digest_hex(&ring.root, hex);
    print(redan_slice_of(hex));
    return REDAN_OK;
}

/* 0 done, 1 a signature that does not verify, 3 anything else. */
int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int args;
        enum redan_status (*run)(struct redan_ctx *ctx, char **arg);
    } commands[] = {{"sign", 3, sign},           {"add", 2, add},
                    {"verify", 2, verify},       {"id", 1, id},
                    {"statement", 1, statement}, {"root", 1, root}};
    struct redan_ctx ctx;
    enum redan_status status = REDAN_E_USAGE;

    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(commands); i++)
        if (argc >= 2 && strcmp(argv[1], commands[i].name) == 0 && argc - 2 == commands[i].args)
            status = commands[i].run(&ctx, argv + 2);
    if (status != REDAN_OK)
        (void)fprintf(stderr, "%s: %s\n", redan_status_name(status), ctx.failure.text);
    redan_ctx_done(&ctx);
    if (status == REDAN_OK)
        return 0;
    return status == REDAN_E_SIGNATURE ? 1 : 3;
}
