/* Keys that stay on a token: PKCS #11 through a module that is loaded directly (RFC 7512 addresses). */
#ifndef REDAN_CRYPTO_PKCS11_H
#define REDAN_CRYPTO_PKCS11_H

#include "crypto/key.h"

/* Whether a text names a key on a token: "pkcs11:..." */
bool redan_pkcs11_is(struct redan_slice uri);
/* The key that `uri` names, ready for redan_key_sign (ECDSA P-256, P-384, P-521 and, where the token has it, Ed25519). The module is `module-path` or
 * `module-name` of the address, else `module` (may be empty: p11-kit-proxy.so). The PIN is `pin-value` or the file of `pin-source`, else `pin` (may be empty). No
 * key, or more than one, is REDAN_E_ABSENT or REDAN_E_SCHEMA with what the token holds; a token that wants a PIN when there is none is REDAN_E_USAGE (and nothing else is), a wrong
 * one REDAN_E_SIGNATURE. The token's session ends with the key. */
REDAN_NODISCARD enum redan_status redan_pkcs11_open(struct redan_ctx *ctx, struct redan_slice uri,
                                                    struct redan_slice module,
                                                    struct redan_slice pin, struct redan_key **key);

#endif
