/* Digests that need not be computed again: of a store that says them, or of files that have not been touched since they were hashed. */
#ifndef REDAN_SIGN_KNOWN_H
#define REDAN_SIGN_KNOWN_H

#include "io/tree.h"

/* A cache of (path, device, inode, size, mtime, ctime) -> digest, kept in a file that only its owner can write and that is sealed by a MAC
 * under a key beside it (FILE.key, 0600). An entry counts when every number is equal and both times are at least two seconds older than the
 * walk that made it. A random `sample` (per cent) is hashed anew all the same; one that differs makes the whole cache unworthy. A cache that
 * is not there, of another hash or shard size, or from a time that is yet to come, knows nothing; one that others can write, or whose seal
 * does not hold, is refused (REDAN_E_IO, REDAN_E_SIGNATURE). `ctx` must outlive it. */
struct redan_known;
REDAN_NODISCARD enum redan_status redan_known_open(struct redan_ctx *ctx, struct redan_slice file,
                                                   enum redan_hash hash, uint64_t shard,
                                                   double sample, struct redan_known **known);
/* For redan_tree_options.known: whether the digest is known, which it then gives. */
bool redan_known_digest(void *known, const struct redan_tree_file *file,
                        const struct redan_tree_range *range, struct redan_sum *sum);
/* Before what a walk found is used: that no sampled file differs from its entry. REDAN_E_SIGNATURE, recorded, says which file lied. */
REDAN_NODISCARD enum redan_status redan_known_check(struct redan_ctx *ctx,
                                                    const struct redan_known *known,
                                                    const struct redan_tree *tree);
/* Check, and remember what the walk found, in one rename. */
REDAN_NODISCARD enum redan_status redan_known_save(struct redan_ctx *ctx, struct redan_known *known,
                                                   const struct redan_tree *tree);
size_t redan_known_reused(const struct redan_known *known); /* entries that spared a reading */
size_t redan_known_sampled(const struct redan_known *known);
void redan_known_free(struct redan_known *known);
void redan_known_drop(struct redan_known **known);

/* Digests from elsewhere (`--from-digests FILE`): lines of sha256sum ("HEX  PATH", also "\" escapes and the binary "*"), or JSON {"path": "sha256:HEX"}. Becomes the entries of a
 * manifest, whose `name` is left as it is; no file is read. REDAN_E_SYNTAX, _SCHEMA, _LIMIT with the line. */
struct redan_manifest;
REDAN_NODISCARD enum redan_status redan_known_list(struct redan_ctx *ctx, struct redan_slice text,
                                                   enum redan_hash hash,
                                                   struct redan_manifest *manifest);

#endif
