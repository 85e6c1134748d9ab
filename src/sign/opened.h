/* Verified bytes: a model opened so that what is read is what was signed, whatever happens to its files meanwhile. */
#ifndef REDAN_SIGN_OPENED_H
#define REDAN_SIGN_OPENED_H

#include "sign/manifest.h"

/* A model whose signature was judged, and whose files are verified as they are asked for. Belongs to one thread at a time; the context that made it outlives it. */
struct redan_opened;

/* Take hold of the model (a folder beneath whose descriptor everything is opened without following links, or one file). The manifest was verified and outlives the handle. Nothing is read yet. Where the manifest
 * allows links, they are followed inside the model only. A model that is one file may be called "." or by its base name. */
REDAN_NODISCARD enum redan_status redan_opened_new(struct redan_ctx *ctx, struct redan_slice model,
                                                   const struct redan_manifest *manifest,
                                                   struct redan_opened **opened);
void redan_opened_free(struct redan_opened *opened);
void redan_opened_drop(struct redan_opened **opened); /* for REDAN_DEFER */
void redan_opened_plain(
    struct redan_opened *opened); /* as on kernels without openat2: one component after another */

bool redan_opened_folder(const struct redan_opened *opened);  /* false: the model is one file */
size_t redan_opened_count(const struct redan_opened *opened); /* signed files */
bool redan_opened_find(const struct redan_opened *opened, struct redan_slice path,
                       size_t *index); /* false: it is no signed file */
struct redan_slice redan_opened_path(const struct redan_opened *opened,
                                     size_t index); /* sorted by bytes */

/* A sealed memfd (no write, no growth, no shrinking, no more seals) that holds exactly the signed bytes of `path`, at offset 0, close-on-exec; the caller's. The copy is sealed first and
 * hashed then, so that nobody can change it after, or while, it is verified. REDAN_E_ABSENT for a path that is not signed or not there, REDAN_E_SIGNATURE for other bytes or
 * something else in its place, REDAN_E_LIMIT over limits.sealed, REDAN_E_MEMORY when the machine has no room for the copy. */
REDAN_NODISCARD enum redan_status redan_opened_file(struct redan_ctx *ctx,
                                                    struct redan_opened *opened,
                                                    struct redan_slice path, int *fd);
/* Bytes of `path` from `offset`, in a manifest of shards: each shard that is touched is read whole into memory of ours and verified before a byte of it is given; shards are kept up to
 * limits.held bytes, the latest ones always. In one of whole files the first read verifies and holds the file. Fewer bytes only at the end. */
REDAN_NODISCARD enum redan_status redan_opened_read(struct redan_ctx *ctx,
                                                    struct redan_opened *opened,
                                                    struct redan_slice path, uint64_t offset,
                                                    void *bytes, size_t len, size_t *got);
/* Put a file, not verified yet, below `folder` as `path`, the folders above it made: for a place that becomes unchangeable before it is verified. */
REDAN_NODISCARD enum redan_status redan_opened_copy(struct redan_ctx *ctx,
                                                    struct redan_opened *opened, size_t index,
                                                    int folder, struct redan_slice path);
/* Whether a file that cannot change any more holds the signed bytes. REDAN_E_SIGNATURE. */
REDAN_NODISCARD enum redan_status
redan_opened_check(struct redan_ctx *ctx, const struct redan_opened *opened, size_t index, int fd);

#endif
