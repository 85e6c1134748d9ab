/* Making signatures: a manifest or any bytes become a bundle, with a key, a certificate or an identity. */
#ifndef REDAN_SIGN_MAKE_H
#define REDAN_SIGN_MAKE_H

#include "sign/judge.h"

/* Sign `payload` (an in-toto statement) with a key: hash by curve (redan_spki_hash), DSSE over the PAE; certificates (leaf first, of this very key, else REDAN_E_SCHEMA) make the method
 * "certificate", none makes "key" with the hint. Ed25519 is accepted with `ed25519`; the reference client refuses such bundles. The arena holds the result. */
struct redan_sign_with {
    const struct redan_key *key;
    struct redan_certificate *const *chain;
    size_t chain_count;
    bool ed25519;
};
REDAN_NODISCARD enum redan_status redan_sign_statement(struct redan_ctx *ctx,
                                                       const struct redan_sign_with *with,
                                                       struct redan_slice payload,
                                                       struct redan_bundle *bundle);

/* Only the envelope and its signature, for whoever brings the certificate. `pae` (may be NULL) receives what was signed. */
REDAN_NODISCARD enum redan_status
redan_sign_envelope(struct redan_ctx *ctx, const struct redan_key *key, struct redan_slice payload,
                    struct redan_bundle *bundle, struct redan_slice *pae);

#endif
