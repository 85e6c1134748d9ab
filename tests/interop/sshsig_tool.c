/* SSH signatures as a program, for tests/interop/sshsig.py to compare with ssh-keygen's. */
#include <stdio.h>
#include <string.h>

#include "attest/sshsig.h"

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

/* KEY SPACE MESSAGE: the armoured signature. */
static enum redan_status sign(struct redan_ctx *ctx, char **arg)
{
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice text = {0};
    struct redan_slice blob = {0};

    REDAN_TRY(read_file(ctx, arg[0], &text));
    REDAN_TRY(redan_key_parse_private(ctx, text, &key));
    REDAN_TRY(read_file(ctx, arg[2], &text));
    REDAN_TRY(redan_sshsig_sign(ctx, key, redan_slice_of(arg[1]), text, &blob));
    redan_buf_init(&out, ctx, 65536);
    redan_sshsig_add_armour(&out, blob);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the signature"));
    (void)fwrite(out.data, 1, out.len, stdout);
    return REDAN_OK;
}

/* KEY SPACE MESSAGE SIGNATURE */
static enum redan_status verify(struct redan_ctx *ctx, char **arg)
{
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_slice text = {0};
    struct redan_slice message = {0};
    struct redan_slice blob = {0};

    REDAN_TRY(read_file(ctx, arg[0], &text));
    REDAN_TRY(redan_key_parse_public(ctx, text, &key));
    REDAN_TRY(read_file(ctx, arg[2], &message));
    REDAN_TRY(read_file(ctx, arg[3], &text));
    REDAN_TRY(redan_sshsig_parse_armour(ctx, text, &blob));
    return redan_sshsig_verify(ctx, key, redan_slice_of(arg[1]), message, blob);
}

/* The same, cut after every byte: how many of the shorter ones verify. */
static enum redan_status cut(struct redan_ctx *ctx, char **arg)
{
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_slice text = {0};
    struct redan_slice message = {0};
    struct redan_slice blob = {0};
    size_t held = 0;

    REDAN_TRY(read_file(ctx, arg[0], &text));
    REDAN_TRY(redan_key_parse_public(ctx, text, &key));
    REDAN_TRY(read_file(ctx, arg[2], &message));
    REDAN_TRY(read_file(ctx, arg[3], &text));
    REDAN_TRY(redan_sshsig_parse_armour(ctx, text, &blob));
    for (size_t len = 0; len < blob.len; len++)
        held += redan_sshsig_verify(ctx, key, redan_slice_of(arg[1]), message,
                                    redan_slice_sub(blob, 0, len)) == REDAN_OK;
    (void)printf("%zu of %zu\n", held, blob.len);
    return REDAN_OK;
}

/* 0 done, 1 a signature that does not verify, 3 anything else. */
int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int args;
        enum redan_status (*run)(struct redan_ctx *ctx, char **arg);
    } commands[] = {{"sign", 3, sign}, {"verify", 4, verify}, {"cut", 4, cut}};
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
