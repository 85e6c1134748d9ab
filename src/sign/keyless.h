/* Keyless signing: an identity token becomes a short-lived certificate (Fulcio v2), a log entry (Rekor v2) and a timestamp (RFC 3161), over HTTP. */
#ifndef REDAN_SIGN_KEYLESS_H
#define REDAN_SIGN_KEYLESS_H

#include "sign/make.h"

/* Where the services are. From a signing configuration (Sigstore SigningConfig v0.2), single addresses over it. Empty: none. */
struct redan_keyless_services {
    struct redan_slice fulcio;
    struct redan_slice rekor; /* v2 */
    struct redan_slice *stampers;
    size_t stamper_count;
    unsigned seconds; /* for one exchange; 0: 30 */
    struct redan_slice
        identity; /* the name that the certificate must have; empty: the one that the token stands for */
};
/* Picks by majorApiVersion, validFor at ctx->now, newest start, and the selector ANY, ALL or EXACT. */
REDAN_NODISCARD enum redan_status redan_keyless_config(struct redan_ctx *ctx,
                                                       struct redan_slice text,
                                                       struct redan_keyless_services *services);

/* The identity token: `token` itself, else the file, else the environment (SIGSTORE_ID_TOKEN), else GitHub Actions' endpoint (ACTIONS_ID_TOKEN_REQUEST_URL, _TOKEN; audience sigstore). REDAN_E_ABSENT says all four ways. */
struct redan_keyless_token_from {
    struct redan_slice token;
    struct redan_slice file;
    unsigned seconds; /* for GitHub's endpoint; 0: 30 */
};
/* Whether GitHub's endpoint would have to be asked. */
bool redan_keyless_asks(const struct redan_keyless_token_from *from);
/* In the arena; whoever holds it cleanses it when it has been used. */
REDAN_NODISCARD enum redan_status redan_keyless_token(struct redan_ctx *ctx,
                                                      const struct redan_keyless_token_from *from,
                                                      struct redan_slice *token);
enum { REDAN_KEYLESS_NAMES = 4 };

/* What a token says (RFC 7519), unverified: for the person, and to know the certificate's name. Expired or without sub: REDAN_E_SCHEMA. */
struct redan_keyless_claims {
    struct redan_slice issuer;
    struct redan_slice subject;
    struct redan_slice email;
    struct redan_slice audience; /* the first one */
    struct redan_slice
        connector; /* the issuer behind a federating one (Dex): the one that the certificate names */
    struct redan_slice names
        [REDAN_KEYLESS_NAMES]; /* what Fulcio calls the holder, as far as it can be told; the first is the likeliest */
    size_t name_count;
    int64_t expires;
};
REDAN_NODISCARD enum redan_status redan_keyless_claims(struct redan_ctx *ctx,
                                                       struct redan_slice token,
                                                       struct redan_keyless_claims *claims);

/* Sign the payload with a key that dies here. With `root` the whole bundle is verified against it before it is given (a wrong log key, a clock that is off, show here). Errors name the service, the address,
 * what it answered and what to do. Nothing is left behind when any step fails. */
REDAN_NODISCARD enum redan_status
redan_keyless_sign(struct redan_ctx *ctx, const struct redan_keyless_services *services,
                   struct redan_slice token, struct redan_slice payload,
                   const struct redan_trust_root *root, struct redan_bundle *bundle);
/* The same for the bytes of any file: a bundle with a bare signature (messageSignature), as `redan verify --bundle` and other Sigstore clients take it. */
REDAN_NODISCARD enum redan_status
redan_keyless_sign_message(struct redan_ctx *ctx, const struct redan_keyless_services *services,
                           struct redan_slice token, struct redan_slice message,
                           const struct redan_trust_root *root, struct redan_bundle *bundle);

/* Ask every authority for a timestamp over the bundle's signature, and add it: for keys and certificates too. */
REDAN_NODISCARD enum redan_status redan_keyless_stamp(struct redan_ctx *ctx,
                                                      const struct redan_keyless_services *services,
                                                      const struct redan_trust_root *root,
                                                      struct redan_bundle *bundle);

#endif
