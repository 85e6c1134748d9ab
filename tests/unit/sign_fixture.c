/* The engine's own way from files to a bundle, in one call. */
#include "sign_fixture.h"

#include "io/file.h"
#include "sign/make.h"

enum redan_status sign_fixture(struct redan_ctx *ctx, const struct redan_key *key,
                               const char *model, const char *signature,
                               const struct redan_manifest_options *options)
{
    const struct redan_manifest_options plain = {.hash = REDAN_HASH_SHA256};
    const struct redan_sign_with with = {.key = key, .ed25519 = true};
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_manifest manifest = {0};
    struct redan_bundle bundle = {0};
    struct redan_slice payload = {0};

    REDAN_TRY(
        redan_manifest_make(ctx, redan_slice_of(model), options ? options : &plain, &manifest));
    REDAN_TRY(redan_manifest_write(ctx, &manifest, &payload));
    REDAN_TRY(redan_sign_statement(ctx, &with, payload, &bundle));
    redan_buf_init(&out, ctx, REDAN_BUNDLE_MAX);
    redan_bundle_add(&out, &bundle);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the bundle"));
    return redan_file_replace(ctx, redan_slice_of(signature), 0644, redan_buf_view(&out));
}

enum redan_status sign_fixture_pem(struct redan_ctx *ctx, const struct redan_key *key,
                                   struct redan_slice *pem)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};

    redan_buf_init(&out, ctx, 4096);
    redan_key_add_public_pem(&out, key);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the key"));
    return redan_copy(ctx, redan_buf_view(&out), pem);
}
