/* What bytes inside a format look like: magics worth a look of their own, and runs of text in what is not understood. */
#ifndef REDAN_FORMAT_PEEK_H
#define REDAN_FORMAT_PEEK_H

#include "format/fact.h"

/* Whether bytes that begin like this are a program, an archive or a pickle: what a blob of numbers has no reason to be. */
bool redan_peek_known(struct redan_slice head);
/* Whether all of it is printable text, with blanks and line ends; false when empty. */
bool redan_peek_text(struct redan_slice bytes);
/* A blob of `size` bytes at `offset`: handed over as a member when it begins with what is known, told as TEXT when it begins like text. */
REDAN_NODISCARD enum redan_status redan_peek_blob(struct redan_ctx *ctx,
                                                  struct redan_source *source, uint64_t offset,
                                                  uint64_t size, struct redan_slice name,
                                                  const struct redan_listener *to);
/* Numbers that begin like a program are handed over as a member; nothing is told of others. */
REDAN_NODISCARD enum redan_status redan_peek_program(struct redan_ctx *ctx,
                                                     struct redan_source *source, uint64_t offset,
                                                     uint64_t size,
                                                     const struct redan_listener *to);
/* Every run of eight printable bytes or more from `offset` to `end`, as TEXT under `name`; the bytes are read to the end, or UNREAD says that a limit
 * was reached. */
REDAN_NODISCARD enum redan_status redan_peek_runs(struct redan_ctx *ctx,
                                                  struct redan_source *source, uint64_t offset,
                                                  uint64_t end, struct redan_slice name,
                                                  const struct redan_listener *to);
/* What follows the end of a format: nothing, filler, or a member of its own with a DEFECT "trailing-data". */
REDAN_NODISCARD enum redan_status redan_peek_trailing(struct redan_ctx *ctx,
                                                      struct redan_source *source, uint64_t offset,
                                                      const struct redan_listener *to);
/* How a walk ended at `at`. REDAN_OK: what follows is looked at. REDAN_E_SYNTAX: the rest is damaged, which is told, and the text runs from `from` on are
 * told too. Other failures are passed on. */
REDAN_NODISCARD enum redan_status redan_peek_ended(struct redan_ctx *ctx,
                                                   struct redan_source *source,
                                                   enum redan_status status, uint64_t at,
                                                   uint64_t from, const struct redan_listener *to);
/* A 32-bit number of either order within a slice; 0 past its end. */
uint32_t redan_peek_u32le(struct redan_slice s, size_t at);
uint32_t redan_peek_u32be(struct redan_slice s, size_t at);
uint16_t redan_peek_u16le(struct redan_slice s, size_t at);
uint64_t redan_peek_u64le(struct redan_slice s, size_t at);

#endif
