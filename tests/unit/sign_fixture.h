/* Models signed in a test, with keys that are made there and forgotten. */
#ifndef REDAN_TESTS_SIGN_FIXTURE_H
#define REDAN_TESTS_SIGN_FIXTURE_H

#include "crypto/key.h"
#include "sign/manifest.h"

/* Sign the model (a folder or a file) as it lies there into the file `signature`. `options` may be NULL. */
REDAN_NODISCARD enum redan_status sign_fixture(struct redan_ctx *ctx, const struct redan_key *key,
                                               const char *model, const char *signature,
                                               const struct redan_manifest_options *options);
/* The public half as PEM, NUL-terminated, in the arena. */
REDAN_NODISCARD enum redan_status
sign_fixture_pem(struct redan_ctx *ctx, const struct redan_key *key, struct redan_slice *pem);

#endif
