/* RFC 3161 timestamps: asking an authority for one, and believing one of a pinned authority only. */
#ifndef REDAN_CRYPTO_TIMESTAMP_H
#define REDAN_CRYPTO_TIMESTAMP_H

#include "crypto/certificate.h"

/* A TimeStampReq in DER: the SHA-256 of `message`, a fresh nonce, the authority's certificate asked for. */
REDAN_NODISCARD enum redan_status
redan_timestamp_request(struct redan_ctx *ctx, struct redan_slice message, struct redan_slice *der);
/* The token of a TimeStampResp that grants `request` (what redan_timestamp_request gave): status, imprint and nonce are
 * compared, the signature is not yet. REDAN_E_SYNTAX for no answer at all, REDAN_E_SIGNATURE for one to something else. */
REDAN_NODISCARD enum redan_status redan_timestamp_accept(struct redan_ctx *ctx,
                                                         struct redan_slice response,
                                                         struct redan_slice request,
                                                         struct redan_slice *token);
/* The time that `token` proves `message` existed at. `certificate` (PEM) is the authority's own or one that issued it, and
 * is the only thing believed; validity is judged at the stamped time, so that a stamp outlives its certificate.
 * REDAN_E_SIGNATURE (not recorded as a failure: callers try several authorities) for a token that does not prove it. */
REDAN_NODISCARD enum redan_status
redan_timestamp_verify(struct redan_ctx *ctx, struct redan_slice token, struct redan_slice message,
                       struct redan_slice certificate, int64_t *seconds);
/* Whether a PEM certificate can be pinned: it is one certificate, for timestamping (RFC 3161 2.3) or an issuer's.
 * `fingerprint` is the SHA-256 of its DER. */
REDAN_NODISCARD enum redan_status redan_timestamp_certificate(struct redan_ctx *ctx,
                                                              struct redan_slice certificate,
                                                              struct redan_digest *fingerprint);

/* An authority as a Sigstore trust root has it: its own certificate first, the anchor last. */
struct redan_timestamp_authority {
    struct redan_certificate *const *chain;
    size_t count;
    int64_t from; /* milliseconds, closed interval: when its stamps count */
    int64_t until;
};
/* The time (milliseconds) that a whole TimeStampResp proves `message` existed at: granted, over these bytes, signed by exactly the first certificate of an
 * authority's chain, which holds at that time. REDAN_E_SIGNATURE, recorded, with what was wrong at the last authority that might have made it. */
REDAN_NODISCARD enum redan_status redan_timestamp_verify_response(
    struct redan_ctx *ctx, struct redan_slice response, struct redan_slice message,
    const struct redan_timestamp_authority *authorities, size_t count, int64_t *milliseconds);
/* The time that a TimeStampResp claims for `message`, whoever made it: for showing, never for believing. */
REDAN_NODISCARD enum redan_status redan_timestamp_claim(struct redan_ctx *ctx,
                                                        struct redan_slice response,
                                                        struct redan_slice message,
                                                        int64_t *milliseconds);

#endif
