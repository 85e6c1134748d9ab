/* SSHSIG (OpenSSH PROTOCOL.sshsig): signatures that ssh-keygen -Y sign makes and ssh-keygen -Y verify accepts. */
#ifndef REDAN_ATTEST_SSHSIG_H
#define REDAN_ATTEST_SSHSIG_H

#include "crypto/key.h"

/* The namespace of everything that is signed for Redan; a signature made for another purpose does not count. */
#define REDAN_SSHSIG_NAMESPACE "redan"

/* The blob (without armour) over SHA-512 of the message. Ed25519 and ECDSA P-256, P-384, P-521. In the arena. */
REDAN_NODISCARD enum redan_status
redan_sshsig_sign(struct redan_ctx *ctx, const struct redan_key *key, struct redan_slice space,
                  struct redan_slice message, struct redan_slice *blob);
/* REDAN_OK when the blob is a well-formed SSHSIG in this namespace by exactly this key over the message (hashes sha256 and sha512), else
 * REDAN_E_SIGNATURE (not recorded as a failure: callers try several keys). */
REDAN_NODISCARD enum redan_status
redan_sshsig_verify(struct redan_ctx *ctx, const struct redan_key *key, struct redan_slice space,
                    struct redan_slice message, struct redan_slice blob);
/* Whether bytes are such a blob at all (they begin with "SSHSIG"). */
bool redan_sshsig_is(struct redan_slice bytes);
/* "-----BEGIN SSH SIGNATURE-----" and back. */
void redan_sshsig_add_armour(struct redan_buf *out, struct redan_slice blob);
REDAN_NODISCARD enum redan_status
redan_sshsig_parse_armour(struct redan_ctx *ctx, struct redan_slice text, struct redan_slice *blob);

#endif
