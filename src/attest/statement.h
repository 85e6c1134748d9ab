/* The in-toto Statement v1: what is said (predicate) about which things (subjects). */
#ifndef REDAN_ATTEST_STATEMENT_H
#define REDAN_ATTEST_STATEMENT_H

#include "attest/dsse.h"
#include "codec/node.h"

#define REDAN_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
/* What the root's keys say about keys.yaml and about org.yaml: this file, these bytes. */
#define REDAN_PREDICATE_KEYS "https://redan.dev/keys/v1"
#define REDAN_PREDICATE_ORG "https://redan.dev/org/v1"

struct redan_statement_subject {
    struct redan_slice name;    /* may be empty */
    struct redan_digest digest; /* SHA-256; other algorithms beside it are ignored */
};

struct redan_statement {
    struct redan_statement_subject *subjects;
    size_t count;
    struct redan_slice predicate_type;
    const struct redan_node *predicate; /* a MAP */
};

/* From the payload of an envelope, which must outlive the statement. Every subject must have a sha256; at least one, at
 * most 1024. Unknown fields are ignored, as in-toto asks. */
REDAN_NODISCARD enum redan_status redan_statement_parse(struct redan_ctx *ctx,
                                                        struct redan_slice payload,
                                                        struct redan_statement *statement);
/* A signed file whole, within limits.record and limits.record_nodes: the envelope, then the statement in it. Whatever anybody may lay
 * beside a threat model is read by this. When only the statement is unsound the envelope has been filled all the same. */
REDAN_NODISCARD enum redan_status redan_statement_open(struct redan_ctx *ctx,
                                                       struct redan_slice text,
                                                       struct redan_dsse *envelope,
                                                       struct redan_statement *statement);
/* Before it is signed: whether the file made of this payload can be read again, with room for signatures. REDAN_E_LIMIT when not. */
REDAN_NODISCARD enum redan_status redan_statement_fits(struct redan_ctx *ctx,
                                                       struct redan_slice payload);
/* As canonical JSON (RFC 8785), in the arena. */
REDAN_NODISCARD enum redan_status redan_statement_write(struct redan_ctx *ctx,
                                                        const struct redan_statement *statement,
                                                        struct redan_slice *payload);

/* Add a digest to a map as text, "sha256:HEX". */
REDAN_NODISCARD enum redan_status redan_node_add_digest(struct redan_ctx *ctx,
                                                        struct redan_node *map, const char *key,
                                                        const struct redan_digest *digest);

#endif
