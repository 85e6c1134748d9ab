/* Inside the verified bytes: files found beneath a folder, and copies that nobody can change any more. */
#ifndef REDAN_SIGN_OPENED_PARTS_H
#define REDAN_SIGN_OPENED_PARTS_H

#include <sys/stat.h>

#include "sign/opened.h"

/* Open a regular file of the model for reading. No step of `path` leaves `folder`; a symbolic link at any step is refused unless `links`, and then it must stay inside too. `plain`: without
 * openat2, one component after another, as on kernels before 5.6. REDAN_E_ABSENT when it is not there, REDAN_E_SIGNATURE when something else is there. */
REDAN_NODISCARD enum redan_status redan_opened_beneath(struct redan_ctx *ctx, int folder,
                                                       struct redan_slice path, bool links,
                                                       bool plain, int *fd, struct stat *st);
/* "PATH is a pipe ...": what lies where a signed file should. */
enum redan_status redan_opened_kind(struct redan_ctx *ctx, struct redan_slice path, mode_t mode);

/* Whether so much may be copied: limits.sealed, and the memory that the machine can give. */
REDAN_NODISCARD enum redan_status redan_opened_room(struct redan_ctx *ctx, uint64_t size,
                                                    struct redan_slice path);
/* `size` bytes of `source` from `from` to the end of `to`, through the kernel where it can. A source with fewer is REDAN_E_SIGNATURE. */
REDAN_NODISCARD enum redan_status redan_opened_pour(struct redan_ctx *ctx, int source,
                                                    uint64_t from, uint64_t size, int to,
                                                    struct redan_slice path);
/* REDAN_E_SIGNATURE when `source` goes on after `size` bytes. */
REDAN_NODISCARD enum redan_status redan_opened_ended(struct redan_ctx *ctx, int source,
                                                     uint64_t size, struct redan_slice path);
/* Those bytes in a memfd that is sealed, and not verified yet. REDAN_E_LIMIT and REDAN_E_MEMORY say how much is too much. */
REDAN_NODISCARD enum redan_status redan_opened_seal(struct redan_ctx *ctx, int source,
                                                    uint64_t from, uint64_t size,
                                                    struct redan_slice path, int *sealed);
/* Whether a sealed memfd that begins at byte `base` of its file holds what these entries sign. REDAN_E_SIGNATURE. */
REDAN_NODISCARD enum redan_status
redan_opened_verify(struct redan_ctx *ctx, enum redan_hash hash, int sealed, uint64_t base,
                    uint64_t size, const struct redan_manifest_entry *const *entries, size_t count);

#endif
