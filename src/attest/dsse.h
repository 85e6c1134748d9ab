/* The Dead Simple Signing Envelope v1.0.2, with several signatures. */
#ifndef REDAN_ATTEST_DSSE_H
#define REDAN_ATTEST_DSSE_H

#include "crypto/key.h"

#define REDAN_DSSE_INTOTO "application/vnd.in-toto+json"

enum { REDAN_DSSE_SIGNATURES = 64 }; /* the most that one envelope may carry */

struct redan_dsse_signature {
    struct redan_slice keyid; /* hex id of the key; a hint, never believed */
    struct redan_slice bytes;
    struct redan_slice timestamp; /* RFC 3161 token over `bytes`; empty when there is none */
};

struct redan_dsse {
    struct redan_slice payload_type;
    struct redan_slice payload; /* decoded */
    struct redan_dsse_signature *signatures;
    size_t count;
};

/* Everything in the arena. REDAN_E_SYNTAX or REDAN_E_SCHEMA for anything but an envelope: bad base64 (both alphabets of
 * RFC 4648 are read, one is written), no signatures, too many. Unknown fields are ignored; `timestamp` beside a `sig` is
 * ours. */
REDAN_NODISCARD enum redan_status redan_dsse_parse(struct redan_ctx *ctx, struct redan_slice text,
                                                   struct redan_dsse *envelope);
/* The part of the signed bytes that comes before the payload, for whoever hashes a large one where it lies. */
void redan_dsse_add_head(struct redan_buf *out, const struct redan_dsse *envelope);
/* The bytes that are signed: PAE(type, payload). */
REDAN_NODISCARD enum redan_status
redan_dsse_pae(struct redan_ctx *ctx, const struct redan_dsse *envelope, struct redan_slice *pae);
/* REDAN_OK when the bytes are the key's signature over a PAE, else REDAN_E_SIGNATURE (not recorded as a failure). Bytes that
 * begin with "SSHSIG" are one of OpenSSH's in the namespace REDAN_SSHSIG_NAMESPACE. */
REDAN_NODISCARD enum redan_status redan_dsse_verify(struct redan_ctx *ctx,
                                                    const struct redan_key *key,
                                                    struct redan_slice pae,
                                                    struct redan_slice bytes);
/* Add one signature; a key that was read from OpenSSH's form makes an SSHSIG. A second one by the same key is
 * REDAN_E_EXISTS; it is told by verifying, not by the hint. */
REDAN_NODISCARD enum redan_status
redan_dsse_sign(struct redan_ctx *ctx, struct redan_dsse *envelope, const struct redan_key *key);
/* Add a signature that was made elsewhere; one that this key did not make is REDAN_E_SIGNATURE, recorded. */
REDAN_NODISCARD enum redan_status redan_dsse_attach(struct redan_ctx *ctx,
                                                    struct redan_dsse *envelope,
                                                    const struct redan_key *key,
                                                    struct redan_slice bytes);
/* The envelope as one line of JSON with a newline. */
void redan_dsse_add(struct redan_buf *out, const struct redan_dsse *envelope);

#endif
