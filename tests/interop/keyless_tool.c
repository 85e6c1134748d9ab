/* Keyless signing by itself, for the test that runs it against servers of its own.
 * Usage: interop_keyless CONFIG ROOT|- TOKEN-FILE|- PAYLOAD OUT [SECONDS [IDENTITY [NOW-SHIFT [FAIL-AT]]]]: a bundle in OUT, or what went wrong on
 * standard error and the status as exit code. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "sign/keyless.h"

static enum redan_status read_text(struct redan_ctx *ctx, const char *path,
                                   struct redan_slice *text)
{
    return redan_file_read(ctx, redan_slice_of(path), ctx->limits.file, true, text);
}

static enum redan_status sign(struct redan_ctx *ctx, char **argv,
                              const struct redan_trust_root *root,
                              struct redan_keyless_services *services)
{
    struct redan_keyless_token_from from = {.seconds = services->seconds};
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_bundle bundle = {0};
    struct redan_bundle again = {0};
    struct redan_slice token = {0};
    struct redan_slice payload = {0};

    if (strcmp(argv[3], "-") != 0)
        from.file = redan_slice_of(argv[3]);
    REDAN_TRY(redan_keyless_token(ctx, &from, &token));
    REDAN_TRY(read_text(ctx, argv[4], &payload));
    REDAN_TRY(redan_keyless_sign(ctx, services, token, payload, root, &bundle));
    redan_buf_init(&out, ctx, REDAN_BUNDLE_MAX);
    redan_bundle_add(&out, &bundle);
    REDAN_TRY(redan_buf_ok(ctx, &out, "a bundle"));
    REDAN_TRY(redan_bundle_parse(ctx, redan_buf_view(&out), &again));
    return redan_file_replace(ctx, redan_slice_of(argv[5]), 0644, redan_buf_view(&out));
}

static enum redan_status run(struct redan_ctx *ctx, int argc, char **argv)
{
    struct redan_trust_root REDAN_DEFER(redan_trust_root_done) root = {0};
    struct redan_keyless_services services = {0};
    struct redan_slice text = {0};
    bool trusted = strcmp(argv[2], "-") != 0;

    if (argc > 8)
        ctx->now += strtol(argv[8], NULL, 10);
    if (argc > 9)
        ctx->mem.fail_at = strtoul(argv[9], NULL, 10);
    REDAN_TRY(read_text(ctx, argv[1], &text));
    REDAN_TRY(redan_keyless_config(ctx, text, &services));
    services.seconds = argc > 6 ? (unsigned)strtoul(argv[6], NULL, 10) : 0;
    services.identity = redan_slice_of(argc > 7 ? argv[7] : "");
    if (trusted) {
        REDAN_TRY(read_text(ctx, argv[2], &text));
        REDAN_TRY(redan_trust_root_parse(ctx, text, &root));
    }
    return sign(ctx, argv, trusted ? &root : NULL, &services);
}

int main(int argc, char **argv)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);

    redan_ctx_init(&ctx, NULL);
    if (argc < 6)
        return 99;
    enum redan_status status = run(&ctx, argc, argv);
    if (status != REDAN_OK)
        (void)fprintf(stderr, "%s: %s\n", redan_status_name(status), ctx.failure.text);
    return (int)status;
}
