/* A Sigstore of our own, for tests: a certificate authority, a log of certificates, logs of signatures of both generations, an authority for timestamps, and the
 * bundles that they make. Keys are new in every world; its time is its own. */
#ifndef REDAN_TESTS_SIGSTORE_WORLD_H
#define REDAN_TESTS_SIGSTORE_WORLD_H

#include "sign/judge.h"

#define WORLD_IDENTITY "ann@example.com"
#define WORLD_ISSUER "https://login.example.com"
#define WORLD_ARTEFACT "forty-two weights\n"

enum { WORLD_START = 1790000000 }; /* 2026-09-21T14:13:20Z: when everything is signed */

enum world_log {
    WORLD_REKOR1,     /* ECDSA P-256, promises */
    WORLD_TILES,      /* Rekor v2, Ed25519 */
    WORLD_TILES_EC,   /* Rekor v2, ECDSA P-256 */
    WORLD_TILES_RSA,  /* Rekor v2, RSA 2048 */
    WORLD_LOG_ABROAD, /* like the first, in no trust root */
    WORLD_LOGS,
};

enum world_signer { WORLD_P256, WORLD_P384, WORLD_P521, WORLD_ED25519, WORLD_RSA, WORLD_SIGNERS };

/* What a bundle will be. Zero is a good one: a Fulcio certificate for the identity, hashedrekord 0.0.1 in Rekor v1. Times are seconds after WORLD_START. */
struct world_plan {
    enum world_signer signer;
    bool bare; /* a key, no certificate */
    bool pki;  /* a certificate of the organisation's own authority, in a chain, without Sigstore */
    const char *san;    /* OpenSSL's syntax; NULL: the identity as an e-mail address; "": none */
    const char *issuer; /* extension 1.8; NULL: the issuer; "": none */
    const char *issuer_old; /* extension 1.1; NULL: none */
    const char *basic;      /* constraints; NULL: CA:FALSE */
    const char *usage;      /* NULL: digitalSignature; "": none */
    const char *extended;   /* NULL: codeSigning; "": none */
    int64_t from; /* validity of the leaf, when either is set; else 60 before to 600 after */
    int64_t until;
    bool no_sct;
    bool sct_abroad; /* by a log of certificates that nobody knows */
    bool sct_other;  /* a promise for another certificate */
    bool dsse;
    const char *payload; /* NULL: a statement about the artefact */
    const char *payload_type;
    bool old_pae; /* OMS 0.2 */
    enum redan_hash hash;
    bool other_hash; /* sign with `hash` */
    bool no_log;
    const char *kind; /* NULL: hashedrekord, dsse of envelopes in Rekor v1 */
    enum world_log log;
    int64_t integrated;
    const char *swap_from; /* in the body before it is logged */
    const char *swap_to;
    bool no_promise;
    bool no_proof;
    const char *before; /* lines of others before and after the log's in the checkpoint */
    const char *after;
    size_t stamps;
    int64_t stamp_at;
    bool stamp_bare;   /* without the authority's certificate */
    bool stamp_abroad; /* by an authority that nobody knows */
};

struct world;

struct world *
world_new(struct redan_ctx *ctx); /* its keys are freed by _free, the rest is the context's */
void world_free(struct world *world);

const struct redan_trust_root *world_root(const struct world *world);
struct redan_slice world_root_text(const struct world *world); /* trusted_root.json, one line */
struct redan_slice world_signer_pem(const struct world *world, enum world_signer signer);
const struct redan_spki *world_signer(const struct world *world, enum world_signer signer);
struct redan_certificate *const *world_anchor(const struct world *world); /* of plans with `pki` */
struct redan_slice world_anchor_pem(const struct world *world);

/* The bundle, in the arena. */
void world_bundle(struct world *world, const struct world_plan *plan, struct redan_bundle *bundle);
/* A line of a checkpoint by this log over `text`, as "— NAME BASE64\n". */
struct redan_slice world_note_line(struct world *world, enum world_log log, const char *name,
                                   struct redan_slice text);
/* The log as the trust root has it. */
const struct redan_trust_log *world_log(const struct world *world, enum world_log log);

#endif
