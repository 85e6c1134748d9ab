/* A key on a token as a program, for pkcs11.py: ADDRESS MODULE PIN. Signs standard input; the public key and the signature in hex, or what was wrong. */
#include <stdio.h>

#include "crypto/pkcs11.h"

static enum redan_status run(struct redan_ctx *ctx, char **arg)
{
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_buf pem REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice signature = {0};
    size_t max = (size_t)4 << 20;

    REDAN_TRY(redan_pkcs11_open(ctx, redan_slice_of(arg[1]), redan_slice_of(arg[2]),
                                redan_slice_of(arg[3]), &key));
    char *bytes = redan_take(ctx, max);
    if (!bytes)
        return REDAN_E_MEMORY;
    struct redan_slice message = {bytes, fread(bytes, 1, max, stdin)};
    REDAN_TRY(redan_key_sign(ctx, key, message, &signature));
    redan_buf_init(&pem, ctx, 4096);
    redan_key_add_public_pem(&pem, key);
    REDAN_TRY(redan_buf_ok(ctx, &pem, "the public key"));
    (void)fwrite(pem.data, 1, pem.len, stdout);
    for (size_t i = 0; i < signature.len; i++)
        (void)printf("%02x", (unsigned)(unsigned char)signature.at[i]);
    (void)printf("\n");
    return REDAN_OK;
}

int main(int argc, char **argv)
{
    struct redan_ctx ctx;

    if (argc != 4)
        return 2;
    redan_ctx_init(&ctx, NULL);
    enum redan_status status = run(&ctx, argv);
    if (status != REDAN_OK)
        (void)printf("%s: %s\n", redan_status_name(status), ctx.failure.text);
    redan_ctx_done(&ctx);
    return status == REDAN_OK ? 0 : 1;
}
