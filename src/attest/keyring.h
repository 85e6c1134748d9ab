/* keys.yaml: who holds which key, in which role, from when until when; and the pinned root it stands on. */
#ifndef REDAN_ATTEST_KEYRING_H
#define REDAN_ATTEST_KEYRING_H

#include "attest/dsse.h"
#include "codec/bind.h"

enum redan_key_state {
    REDAN_KEY_VALID,
    REDAN_KEY_EARLY,   /* before `from` */
    REDAN_KEY_EXPIRED, /* at or after `until` */
    REDAN_KEY_REVOKED, /* at or after the revocation; for reason "compromise" unless a stamp says before */
};

struct redan_keyring_key {
    struct redan_slice id;     /* name of the key */
    struct redan_slice holder; /* a person or service */
    struct redan_slice public_text;
    int64_t from;
    int64_t until;
    const struct redan_node *node;
    struct redan_keyring_revocation {
        int64_t at;
        int reason;        /* 0 retired, 1 compromise */
    } * revoked;           /* NULL when it is not */
    struct redan_key *key; /* owned by the keyring */
    struct redan_digest keyid;
};

struct redan_keyring_holder {
    struct redan_slice id;
    struct redan_slice name;
    int kind; /* 0 person, 1 service */
    const struct redan_node *node;
};

struct redan_keyring_role {
    struct redan_slice id;
    struct redan_texts holders;
    uint64_t quorum;
    const struct redan_node *node;
};

/* An authority whose RFC 3161 stamps count. */
struct redan_keyring_authority {
    struct redan_slice id;
    struct redan_slice certificate; /* PEM: its own, or its issuer's */
    const struct redan_node *node;
};

/* A root that this one has followed. */
struct redan_keyring_root {
    uint64_t threshold;
    struct redan_texts keys;
    const struct redan_node *node;
};

struct redan_keyring {
    struct redan_slice org;
    uint64_t version;  /* only rises */
    bool org_required; /* `organisation: required`: a signed org.yaml must lie beside it */
    struct redan_texts root_keys;
    uint64_t root_threshold;
    struct redan_list holders;    /* of redan_keyring_holder */
    struct redan_list keys;       /* of redan_keyring_key */
    struct redan_list roles;      /* of redan_keyring_role */
    struct redan_list timestamps; /* of redan_keyring_authority */
    struct redan_list former;     /* of redan_keyring_root: whose keys are still listed */
    struct redan_digest root;     /* fingerprint: what is pinned outside the tree */
    struct redan_digest file;     /* SHA-256 of the bytes, what the root signs */
};

/* Parse and check keys.yaml (schema redan/keys/1). `text` must outlive the ring. Problems (unknown holder, duplicate id, one key twice, quorum above its holders, a threshold
 * that cannot be met) are collected, and then the ring is not to be relied on; the status is for what ends the reading
 * (YAML, memory). The keyring's keys are freed by _done, whatever the status was. */
REDAN_NODISCARD enum redan_status redan_keyring_parse(struct redan_problems *problems,
                                                      struct redan_slice text,
                                                      struct redan_keyring *ring);
void redan_keyring_done(struct redan_keyring *ring);

/* Text in keys.yaml form of a keyring, in stable order; what redan_keyring_parse reads. */
void redan_keyring_add_yaml(struct redan_buf *out, const struct redan_keyring *ring);

/* SHA-256("redan/1\0root\0" + the canonical JSON of {"keys":[hex key ids, sorted],"threshold":n}): what is pinned. For a
 * ring that was put together by hand; parsing sets `root` itself. REDAN_E_ABSENT when a root key is not in the ring. */
REDAN_NODISCARD enum redan_status redan_keyring_fingerprint(struct redan_ctx *ctx,
                                                            const struct redan_keyring *ring,
                                                            struct redan_digest *root);

/* REDAN_OK when `signature` (the text of a DSSE file beside a document) holds a quorum of the root's keys, valid at
 * ctx->now, over a statement of type REDAN_PREDICATE_KEYS or _ORG whose only subject has the digest `file`; else
 * REDAN_E_SIGNATURE, or the status of what is malformed. `found` always receives how many distinct root keys signed.
 * Whether ring->root is the pinned one is the caller's question. */
REDAN_NODISCARD enum redan_status redan_keyring_root_signed(struct redan_ctx *ctx,
                                                            const struct redan_keyring *ring,
                                                            const struct redan_digest *file,
                                                            struct redan_slice signature,
                                                            uint64_t *found);

/* Whether `pinned` is a former root of this ring and a quorum of it has signed these very bytes in `signature`, the text of
 * keys.dsse.json: then the root that is pinned has handed over to ring->root. It is no reason to believe the new one, only
 * one to ask. A key that was compromised counts for nothing here. */
REDAN_NODISCARD enum redan_status redan_keyring_handover(struct redan_ctx *ctx,
                                                         const struct redan_keyring *ring,
                                                         const struct redan_digest *pinned,
                                                         struct redan_slice signature,
                                                         bool *handed);

const struct redan_keyring_key *redan_keyring_find(const struct redan_keyring *ring,
                                                   const struct redan_digest *keyid);
const struct redan_keyring_key *redan_keyring_named(const struct redan_keyring *ring,
                                                    struct redan_slice id);
const struct redan_keyring_role *redan_keyring_role(const struct redan_keyring *ring,
                                                    struct redan_slice id);
bool redan_keyring_holds(const struct redan_keyring *ring, struct redan_slice holder,
                         struct redan_slice role);
/* NULL when nobody has that id. */
const struct redan_keyring_holder *redan_keyring_holder(const struct redan_keyring *ring,
                                                        struct redan_slice id);
/* Whether two ids or names read alike: the case of ASCII letters tells nobody apart, and an empty one names nobody. */
bool redan_keyring_alike(struct redan_slice a, struct redan_slice b);
/* Whether the key may sign at this time. */
enum redan_key_state redan_keyring_state(const struct redan_keyring_key *key, int64_t at);
/* Whether what it signed counts: `claimed` is the signer's own word, `stamped` an authority's, 0 without one. Whoever has a
 * stolen key can date what it signs, so that after a compromise only a stamp from before it counts. */
enum redan_key_state redan_keyring_state_signed(const struct redan_keyring_key *key,
                                                int64_t claimed, int64_t stamped);
const char *redan_key_state_name(enum redan_key_state state);

/* A key whose signature on an envelope verifies. */
struct redan_signer {
    const struct redan_keyring_key *key;
    int64_t
        stamped; /* time of the signature's RFC 3161 stamp by a listed authority; 0 when it has none that verifies */
};

/* Every key of the ring whose signature on the envelope verifies, each key once; `signers` has room for envelope->count. The
 * key's validity in time is the caller's question, and a stamp that does not verify counts as none. A signature that names a
 * key of the ring is tried with that key alone; another with every key. Signatures that fit no key use up the tries; when they
 * are gone nothing counts but the first two of an envelope that name their keys. Status for memory and the like. */
REDAN_NODISCARD enum redan_status redan_keyring_signers(struct redan_ctx *ctx,
                                                        const struct redan_keyring *ring,
                                                        const struct redan_dsse *envelope,
                                                        struct redan_signer *signers,
                                                        size_t *count);
/* The same for one of many envelopes that share a number of failing tries: `tries` is what is left of it. `whole` tells whether every
 * signature was looked at; where one was not, the true one may be among those. Signatures that name a key of the ring come first. */
enum { REDAN_KEYRING_TRIES = 4096 }; /* for a folder: about half a second */
REDAN_NODISCARD enum redan_status
redan_keyring_signers_within(struct redan_ctx *ctx, const struct redan_keyring *ring,
                             const struct redan_dsse *envelope, size_t *tries,
                             struct redan_signer *signers, size_t *count, bool *whole);

#endif
