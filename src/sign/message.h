/* Protobuf messages in JSON, as Sigstore writes them: fields by name, and every refusal with the place it is about. */
#ifndef REDAN_SIGN_MESSAGE_H
#define REDAN_SIGN_MESSAGE_H

#include "codec/node.h"
#include "crypto/digest.h"

/* One message and where it stands; on its reader's stack, which it must not outlive. */
struct redan_message {
    const struct redan_node *node;  /* a map */
    const struct redan_message *in; /* NULL: it is the document */
    const char *name;               /* of its field; of the document, what it is called */
    size_t index;                   /* in a list; SIZE_MAX elsewhere */
};

/* The document: one JSON object of at most `max` bytes and `nodes` values, called `what` in refusals. */
REDAN_NODISCARD enum redan_status redan_message_parse(struct redan_ctx *ctx,
                                                      struct redan_slice text, const char *what,
                                                      size_t max, size_t nodes,
                                                      struct redan_message *message);
/* A refusal with the place of the field `name` (NULL: the message itself) before it. */
enum redan_status redan_message_fail(struct redan_ctx *ctx, const struct redan_message *message,
                                     const char *name, enum redan_status status, const char *format,
                                     ...) REDAN_PRINTF(5, 6);
/* The failure that is recorded, told again with that place; its status. A failure of the machine stays as it is. */
enum redan_status redan_message_again(struct redan_ctx *ctx, const struct redan_message *message,
                                      const char *name);
/* REDAN_E_SCHEMA when there is a field beside these, which NULL ends. */
REDAN_NODISCARD enum redan_status redan_message_only(struct redan_ctx *ctx,
                                                     const struct redan_message *message,
                                                     const char *const *names);

/* Fields. Null and absence are the same: an empty slice, a NULL node, 0. */
const struct redan_node *redan_message_get(const struct redan_message *message, const char *name);
REDAN_NODISCARD enum redan_status redan_message_child(struct redan_ctx *ctx,
                                                      const struct redan_message *message,
                                                      const char *name,
                                                      struct redan_message *child);
/* A list of at most `max`; NULL when there is none or it is empty. */
REDAN_NODISCARD enum redan_status redan_message_list(struct redan_ctx *ctx,
                                                     const struct redan_message *message,
                                                     const char *name, size_t max,
                                                     const struct redan_node **list);
/* One of its items, which must be a map. */
REDAN_NODISCARD enum redan_status
redan_message_item(struct redan_ctx *ctx, const struct redan_message *message, const char *name,
                   const struct redan_node *item, size_t index, struct redan_message *child);
REDAN_NODISCARD enum redan_status redan_message_text(struct redan_ctx *ctx,
                                                     const struct redan_message *message,
                                                     const char *name, struct redan_slice *text);
/* Base64 (RFC 4648), canonical; of the standard alphabet, or with `either` of one of the two. */
REDAN_NODISCARD enum redan_status redan_message_bytes(struct redan_ctx *ctx,
                                                      const struct redan_message *message,
                                                      const char *name, bool either,
                                                      struct redan_slice *bytes);
/* An int64 that is not negative, as text or as a number. */
REDAN_NODISCARD enum redan_status redan_message_number(struct redan_ctx *ctx,
                                                       const struct redan_message *message,
                                                       const char *name, uint64_t *number);
/* A digest of 32 bytes, in base64; it must be there. */
REDAN_NODISCARD enum redan_status redan_message_digest(struct redan_ctx *ctx,
                                                       const struct redan_message *message,
                                                       const char *name,
                                                       struct redan_digest *digest);
/* The same, as an item of the list `name`. */
REDAN_NODISCARD enum redan_status
redan_message_item_digest(struct redan_ctx *ctx, const struct redan_message *message,
                          const char *name, const struct redan_node *item, size_t index,
                          struct redan_digest *digest);

#endif
