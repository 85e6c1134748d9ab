/* Inside the room: the payload of a model's signature value by value, borrowed from the bytes that were signed. */
#ifndef REDAN_SIGN_MANIFEST_READ_H
#define REDAN_SIGN_MANIFEST_READ_H

#include "codec/json_pull.h"
#include "sign/manifest_parts.h"

/* Where a value stands in the payload. */
struct redan_payload_part {
    struct redan_slice text; /* empty: it is not there */
    size_t offset;
};

struct redan_payload {
    struct redan_ctx *ctx;
    struct redan_json json;
    struct redan_slice text;
    size_t base; /* of the part that is read */
    struct redan_payload_part type;
    struct redan_payload_part predicate_type;
    struct redan_payload_part subject;
    struct redan_payload_part predicate;
};

/* Check the whole text as JSON, duplicate keys and what follows its end included, and find the statement's values. */
REDAN_NODISCARD enum redan_status
redan_payload_open(struct redan_payload *payload, struct redan_ctx *ctx, struct redan_slice text);
void redan_payload_done(struct redan_payload *payload);

/* Begin to read one part; `name` is for the refusal when it is not there. */
REDAN_NODISCARD enum redan_status redan_payload_start(struct redan_payload *payload,
                                                      const struct redan_payload_part *part,
                                                      const char *name);
/* REDAN_E_SCHEMA at an offset of the part. */
enum redan_status redan_payload_refuse(struct redan_payload *payload, size_t offset,
                                       const char *what);
REDAN_NODISCARD enum redan_status redan_payload_expect(struct redan_payload *payload,
                                                       enum redan_json_kind kind, const char *what);
/* The next key of an object, or its end. */
REDAN_NODISCARD enum redan_status redan_payload_key(struct redan_payload *payload,
                                                    struct redan_slice *key, bool *more);
/* The next value: a text that lives as long as the payload and the arena. */
REDAN_NODISCARD enum redan_status redan_payload_text(struct redan_payload *payload,
                                                     const char *what, struct redan_slice *text);
REDAN_NODISCARD enum redan_status redan_payload_skip(struct redan_payload *payload);
/* A list of at most `max` texts, none of which `fault` finds fault with. */
REDAN_NODISCARD enum redan_status redan_payload_paths(struct redan_payload *payload,
                                                      const char *what, size_t max,
                                                      const char *(*fault)(struct redan_slice path),
                                                      struct redan_slice **paths, size_t *count);
/* A whole number over 0, exactly; `odd` when it is spelled with a fraction or an exponent. */
REDAN_NODISCARD enum redan_status redan_payload_size(struct redan_payload *payload,
                                                     const char *what, uint64_t *size, bool *odd);

/* What was read of a statement, before it is judged. */
struct redan_manifest_reading {
    struct redan_payload p;
    struct redan_manifest *m;
    size_t room;                  /* entries that fit */
    struct redan_slice algorithm; /* of all resources */
    struct redan_slice method;
    struct redan_slice hash_type;
    bool has_serialization;
    bool has_resources;
    bool has_links;
    bool has_shard_size;
    bool odd_size;
    struct redan_slice unknown; /* a field that means nothing here */
    size_t unknown_count;
    struct redan_slice wanted; /* the subject's digest */
    struct redan_slice *empty; /* files without bytes */
    size_t empty_count;
};

/* A decimal number without leading zeros. */
bool redan_manifest_number(struct redan_slice text, uint64_t *value);
/* Judge what was read, and finish the manifest: entries, root, remarks (manifest_judge.c). */
REDAN_NODISCARD enum redan_status redan_manifest_judge(struct redan_manifest_reading *reading);

#endif
