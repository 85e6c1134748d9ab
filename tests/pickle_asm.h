/* An assembler of pickle opcodes for tests: it writes what it is told, well-formed or not. */
#ifndef REDAN_TESTS_PICKLE_ASM_H
#define REDAN_TESTS_PICKLE_ASM_H

#include "base/buf.h"
#include "format/pickle_op.h"

/* Any opcode. `pickle_op` writes the byte alone; the others its operand too, in the width or shape that the opcode has
 * (redan_pickle_opcodes): a number of 1, 2, 4 or 8 bytes; a count and bytes; one line; two lines. */
void pickle_op(struct redan_buf *to, enum redan_pickle_op op);
void pickle_ops(struct redan_buf *to,
                const char *ops); /* a string of opcodes without operands, up to the NUL */
void pickle_number(struct redan_buf *to, enum redan_pickle_op op, uint64_t number);
void pickle_counted(struct redan_buf *to, enum redan_pickle_op op, const void *bytes, size_t len);
/* The count says `count`, whatever `len` is. */
void pickle_counted_as(struct redan_buf *to, enum redan_pickle_op op, uint64_t count,
                       const void *bytes, size_t len);
void pickle_line(struct redan_buf *to, enum redan_pickle_op op, const char *line);
void pickle_lines(struct redan_buf *to, enum redan_pickle_op op, const char *first,
                  const char *second);

/* Shorthands over those. */
void pickle_proto(struct redan_buf *to, unsigned protocol);
void pickle_frame(struct redan_buf *to, uint64_t size);
void pickle_text(struct redan_buf *to, const char *text);               /* (SHORT_)BINUNICODE */
void pickle_bytes(struct redan_buf *to, const void *bytes, size_t len); /* (SHORT_)BINBYTES */
void pickle_int(struct redan_buf *to, int32_t number); /* BININT1, BININT2, BININT */
void pickle_global(struct redan_buf *to, const char *module, const char *name); /* GLOBAL */
void pickle_stack_global(struct redan_buf *to, const char *module,
                         const char *name); /* texts and STACK_GLOBAL */
void pickle_inst(struct redan_buf *to, const char *module,
                 const char *name); /* INST; a MARK and the arguments come before */
void pickle_put(struct redan_buf *to, uint32_t index); /* BINPUT or LONG_BINPUT */
void pickle_get(struct redan_buf *to, uint32_t index); /* BINGET or LONG_BINGET */
void pickle_stop(struct redan_buf *to);
/* One value on the stack: GLOBAL module name, a text, TUPLE1, REDUCE. `text` NULL calls it without arguments. No PROTO and no STOP. */
void pickle_call(struct redan_buf *to, const char *module, const char *name, const char *text);
/* A whole pickle of protocol 2 that makes that call. */
void pickle_whole(struct redan_buf *to, const char *module, const char *name, const char *text);

#endif
