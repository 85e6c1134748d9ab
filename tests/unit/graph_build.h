/* For tests: messages of Protocol Buffers and tables of FlatBuffers, put together by hand, honest or not. */
#ifndef REDAN_TESTS_GRAPH_BUILD_H
#define REDAN_TESTS_GRAPH_BUILD_H

#include "base/buf.h"
#include "base/ctx.h"

/* A message from its spelling, in the context's arena: "1:8 7{1{4=Relu 3='a name'}} 9*16" is a number, messages with texts, and 16 bytes of 0. A field
 * may say a length that is not its own: "9*4!99". */
struct redan_slice wire_of(struct redan_ctx *ctx, const char *text);

/* A table of `fields` slots of 8 bytes each, all of them 0; where it stands. Offsets are set by flat_link. */
size_t flat_begin(struct redan_buf *buf,
                  const char *identifier); /* the root's offset, to be linked */
size_t flat_table(struct redan_buf *buf, unsigned fields);
size_t flat_slot(const struct redan_buf *buf, size_t table, unsigned id);
void flat_set(struct redan_buf *buf, size_t at, uint64_t value, size_t width);
void flat_link(struct redan_buf *buf, size_t at, size_t target);
size_t flat_text(struct redan_buf *buf, struct redan_slice text);
/* A vector of `count` elements of 4 bytes, all of them 0. */
size_t flat_vector(struct redan_buf *buf, unsigned count);

#endif
