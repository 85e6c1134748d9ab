/* The assembler of pickle opcodes. */
#include "pickle_asm.h"

#include <string.h>

static void little(struct redan_buf *to, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        redan_buf_char(to, (char)(unsigned char)(number >> 8 * i));
}

static unsigned width(enum redan_pickle_op op)
{
    switch (redan_pickle_opcodes[op].operand) {
    case REDAN_OPERAND_1:
    case REDAN_OPERAND_COUNTED_1:
        return 1;
    case REDAN_OPERAND_2:
        return 2;
    case REDAN_OPERAND_4:
    case REDAN_OPERAND_COUNTED_4:
        return 4;
    case REDAN_OPERAND_8:
    case REDAN_OPERAND_COUNTED_8:
        return 8;
    case REDAN_OPERAND_NONE:
    case REDAN_OPERAND_LINE:
    case REDAN_OPERAND_LINES:
        return 0;
    }
    return 0;
}

void pickle_op(struct redan_buf *to, enum redan_pickle_op op)
{
    redan_buf_char(to, (char)(unsigned char)op);
}

void pickle_ops(struct redan_buf *to, const char *ops)
{
    redan_buf_text(to, ops);
}

void pickle_number(struct redan_buf *to, enum redan_pickle_op op, uint64_t number)
{
    pickle_op(to, op);
    little(to, number, width(op));
}

void pickle_counted_as(struct redan_buf *to, enum redan_pickle_op op, uint64_t count,
                       const void *bytes, size_t len)
{
    pickle_number(to, op, count);
    redan_buf_add(to, bytes, len);
}

void pickle_counted(struct redan_buf *to, enum redan_pickle_op op, const void *bytes, size_t len)
{
    pickle_counted_as(to, op, len, bytes, len);
}

void pickle_line(struct redan_buf *to, enum redan_pickle_op op, const char *line)
{
    pickle_op(to, op);
    redan_buf_text(to, line);
    redan_buf_char(to, '\n');
}

void pickle_lines(struct redan_buf *to, enum redan_pickle_op op, const char *first,
                  const char *second)
{
    pickle_line(to, op, first);
    redan_buf_text(to, second);
    redan_buf_char(to, '\n');
}

void pickle_proto(struct redan_buf *to, unsigned protocol)
{
    pickle_number(to, REDAN_OP_PROTO, protocol);
}

void pickle_frame(struct redan_buf *to, uint64_t size)
{
    pickle_number(to, REDAN_OP_FRAME, size);
}

void pickle_text(struct redan_buf *to, const char *text)
{
    size_t len = strlen(text);

    pickle_counted(to, len < 256 ? REDAN_OP_SHORT_BINUNICODE : REDAN_OP_BINUNICODE, text, len);
}

void pickle_bytes(struct redan_buf *to, const void *bytes, size_t len)
{
    pickle_counted(to, len < 256 ? REDAN_OP_SHORT_BINBYTES : REDAN_OP_BINBYTES, bytes, len);
}

void pickle_int(struct redan_buf *to, int32_t number)
{
    enum redan_pickle_op op = REDAN_OP_BININT;

    if (number >= 0 && number < 256)
        op = REDAN_OP_BININT1;
    else if (number >= 0 && number < 65536)
        op = REDAN_OP_BININT2;
    pickle_number(to, op, (uint64_t)(int64_t)number);
}

void pickle_global(struct redan_buf *to, const char *module, const char *name)
{
    pickle_lines(to, REDAN_OP_GLOBAL, module, name);
}

void pickle_stack_global(struct redan_buf *to, const char *module, const char *name)
{
    pickle_text(to, module);
    pickle_text(to, name);
    pickle_op(to, REDAN_OP_STACK_GLOBAL);
}

void pickle_inst(struct redan_buf *to, const char *module, const char *name)
{
    pickle_lines(to, REDAN_OP_INST, module, name);
}

void pickle_put(struct redan_buf *to, uint32_t index)
{
    pickle_number(to, index < 256 ? REDAN_OP_BINPUT : REDAN_OP_LONG_BINPUT, index);
}

void pickle_get(struct redan_buf *to, uint32_t index)
{
    pickle_number(to, index < 256 ? REDAN_OP_BINGET : REDAN_OP_LONG_BINGET, index);
}

void pickle_stop(struct redan_buf *to)
{
    pickle_op(to, REDAN_OP_STOP);
}

void pickle_call(struct redan_buf *to, const char *module, const char *name, const char *text)
{
    pickle_global(to, module, name);
    if (text) {
        pickle_text(to, text);
        pickle_op(to, REDAN_OP_TUPLE1);
    } else {
        pickle_op(to, REDAN_OP_EMPTY_TUPLE);
    }
    pickle_op(to, REDAN_OP_REDUCE);
}

void pickle_whole(struct redan_buf *to, const char *module, const char *name, const char *text)
{
    pickle_proto(to, 2);
    pickle_call(to, module, name, text);
    pickle_stop(to);
}
