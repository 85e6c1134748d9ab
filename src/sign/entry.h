/* Entries of transparency logs (Rekor v1 and v2): that the log has it, and that it is about this very signature. */
#ifndef REDAN_SIGN_ENTRY_H
#define REDAN_SIGN_ENTRY_H

#include "sign/bundle.h"
#include "sign/trust_root.h"

/* What was verified of an entry. */
struct redan_entry_facts {
    const struct redan_trust_log *log;
    bool has_time; /* the log promised it at `time`, seconds; Rekor v2 never does */
    int64_t time;
    uint64_t index; /* of the promise where there is one, else of the proof */
};

/* The log is one of the root's; its promise, its proof and the checkpoint verify as far as they are there, and the bundle's version asks for. Whether the log's key
 * holds at the times of the signature is asked by the caller, who knows them all. REDAN_E_SIGNATURE or _SYNTAX, recorded. */
REDAN_NODISCARD enum redan_status redan_entry_verify(struct redan_ctx *ctx,
                                                     enum redan_bundle_version version,
                                                     const struct redan_bundle_log *entry,
                                                     const struct redan_trust_root *root,
                                                     struct redan_entry_facts *facts);

/* The signature that an entry must be about. */
struct redan_entry_about {
    struct redan_slice signature;
    bool is_dsse;
    struct redan_slice payload_type; /* is_dsse */
    struct redan_slice payload;
    enum redan_hash hash; /* the signature is over this digest: of the artefact, or of the PAE */
    struct redan_sum sum;
    struct redan_slice certificate; /* DER; empty when a bare key signed */
    const struct redan_spki *key;
};

/* canonicalizedBody: hashedrekord 0.0.1 and 0.0.2, dsse 0.0.1, intoto 0.0.2. Strict JSON whose kind and version are the entry's, about this signature, content and key and none beside.
 * REDAN_E_SIGNATURE says what differs, REDAN_E_SCHEMA what cannot be understood. */
REDAN_NODISCARD enum redan_status redan_entry_body(struct redan_ctx *ctx,
                                                   const struct redan_bundle_log *entry,
                                                   const struct redan_entry_about *about);
/* Whether it is of a log without integrated times (Rekor v2). */
bool redan_entry_is_tiled(const struct redan_bundle_log *entry);

#endif
