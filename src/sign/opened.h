/* Verified bytes: a model opened so that what is read is what was signed, whatever happens to its files meanwhile. */
#ifndef REDAN_SIGN_OPENED_H
#define REDAN_SIGN_OPENED_H

#include "sign/manifest.h"

struct
    redan_opened; /* a model whose signature was judged, and whose files are verified as they are asked for */

/* Take hold of the model (a folder beneath whose descriptor everything is opened without following links, or one file). The manifest was verified and outlives the handle. Nothing is read yet. */
REDAN_NODISCARD enum redan_status redan_opened_new(struct redan_ctx *ctx, struct redan_slice model,
                                                   const struct redan_manifest *manifest,
                                                   struct redan_opened **opened);
void redan_opened_free(struct redan_opened *opened);
void redan_opened_drop(struct redan_opened **opened); /* for REDAN_DEFER */

size_t redan_opened_count(const struct redan_opened *opened); /* signed files */
struct redan_slice redan_opened_path(const struct redan_opened *opened, size_t index);
uint64_t redan_opened_size(const struct redan_opened *opened,
                           size_t index); /* of a file whose size is signed (shards) or was seen */

/* A sealed memfd (no write, no growth, no shrinking, no more seals) that holds exactly the signed bytes of `path`, at offset 0, close-on-exec; the caller's. Bytes are hashed as they
 * are copied and the descriptor is given only when the digest is right. REDAN_E_ABSENT for a path that is not signed or not there, REDAN_E_SIGNATURE for other bytes, REDAN_E_LIMIT over limits. */
REDAN_NODISCARD enum redan_status redan_opened_file(struct redan_ctx *ctx,
                                                    struct redan_opened *opened,
                                                    struct redan_slice path, int *fd);
/* Bytes of `path` from `offset`, in a manifest of shards: each shard that is touched is read whole into memory of ours and verified before a byte of it is given; shards are kept up to a budget. In one of
 * whole files the first read verifies and holds the file. Fewer bytes only at the end. */
REDAN_NODISCARD enum redan_status redan_opened_read(struct redan_ctx *ctx,
                                                    struct redan_opened *opened,
                                                    struct redan_slice path, uint64_t offset,
                                                    void *bytes, size_t len, size_t *got);

#endif
