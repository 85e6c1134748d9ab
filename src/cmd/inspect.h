/* What a bundle says of itself, as a tree that is printed in words or as JSON. Nothing in it was verified. */
#ifndef REDAN_CMD_INSPECT_H
#define REDAN_CMD_INSPECT_H

#include "cmd/cli.h"
#include "codec/node.h"
#include "sign/bundle.h"

/* The tree of docs/schema/inspection.json. */
REDAN_NODISCARD enum redan_status redan_inspect_tree(struct redan_cli *cli, struct redan_slice file,
                                                     const struct redan_bundle *bundle,
                                                     struct redan_node **root);
/* The part of what was signed (inspect_content.c). */
REDAN_NODISCARD enum redan_status redan_inspect_content(struct redan_ctx *ctx,
                                                        const struct redan_bundle *bundle,
                                                        struct redan_node *root);
void redan_inspect_text(struct redan_buf *out, const struct redan_node *root);

/* For both: a time, a digest, bytes as hex, into a map. False when memory is refused. */
bool redan_inspect_add_time(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                            int64_t seconds);
bool redan_inspect_add_hex(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                           struct redan_slice bytes);

#endif
