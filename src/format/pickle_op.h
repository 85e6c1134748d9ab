/* The 68 opcodes of pickle protocols 0 to 5, and the shape of what follows each. */
#ifndef REDAN_FORMAT_PICKLE_OP_H
#define REDAN_FORMAT_PICKLE_OP_H

#include "base/base.h"

enum redan_pickle_op {
    REDAN_OP_MARK = '(',
    REDAN_OP_STOP = '.',
    REDAN_OP_POP = '0',
    REDAN_OP_POP_MARK = '1',
    REDAN_OP_DUP = '2',
    REDAN_OP_FLOAT = 'F',
    REDAN_OP_INT = 'I',
    REDAN_OP_BININT = 'J',
    REDAN_OP_BININT1 = 'K',
    REDAN_OP_LONG = 'L',
    REDAN_OP_BININT2 = 'M',
    REDAN_OP_NONE = 'N',
    REDAN_OP_PERSID = 'P',
    REDAN_OP_BINPERSID = 'Q',
    REDAN_OP_REDUCE = 'R',
    REDAN_OP_STRING = 'S',
    REDAN_OP_BINSTRING = 'T',
    REDAN_OP_SHORT_BINSTRING = 'U',
    REDAN_OP_UNICODE = 'V',
    REDAN_OP_BINUNICODE = 'X',
    REDAN_OP_APPEND = 'a',
    REDAN_OP_BUILD = 'b',
    REDAN_OP_GLOBAL = 'c',
    REDAN_OP_DICT = 'd',
    REDAN_OP_EMPTY_DICT = '}',
    REDAN_OP_APPENDS = 'e',
    REDAN_OP_GET = 'g',
    REDAN_OP_BINGET = 'h',
    REDAN_OP_INST = 'i',
    REDAN_OP_LONG_BINGET = 'j',
    REDAN_OP_LIST = 'l',
    REDAN_OP_EMPTY_LIST = ']',
    REDAN_OP_OBJ = 'o',
    REDAN_OP_PUT = 'p',
    REDAN_OP_BINPUT = 'q',
    REDAN_OP_LONG_BINPUT = 'r',
    REDAN_OP_SETITEM = 's',
    REDAN_OP_TUPLE = 't',
    REDAN_OP_EMPTY_TUPLE = ')',
    REDAN_OP_SETITEMS = 'u',
    REDAN_OP_BINFLOAT = 'G',
    REDAN_OP_BINBYTES = 'B',
    REDAN_OP_SHORT_BINBYTES = 'C',
    REDAN_OP_PROTO = 0x80,
    REDAN_OP_NEWOBJ,
    REDAN_OP_EXT1,
    REDAN_OP_EXT2,
    REDAN_OP_EXT4,
    REDAN_OP_TUPLE1,
    REDAN_OP_TUPLE2,
    REDAN_OP_TUPLE3,
    REDAN_OP_NEWTRUE,
    REDAN_OP_NEWFALSE,
    REDAN_OP_LONG1,
    REDAN_OP_LONG4,
    REDAN_OP_SHORT_BINUNICODE,
    REDAN_OP_BINUNICODE8,
    REDAN_OP_BINBYTES8,
    REDAN_OP_EMPTY_SET,
    REDAN_OP_ADDITEMS,
    REDAN_OP_FROZENSET,
    REDAN_OP_NEWOBJ_EX,
    REDAN_OP_STACK_GLOBAL,
    REDAN_OP_MEMOIZE,
    REDAN_OP_FRAME,
    REDAN_OP_BYTEARRAY8,
    REDAN_OP_NEXT_BUFFER,
    REDAN_OP_READONLY_BUFFER, /* 0x98 */
};

/* What follows an opcode. */
enum redan_pickle_operand {
    REDAN_OPERAND_NONE,
    REDAN_OPERAND_1, /* so many bytes */
    REDAN_OPERAND_2,
    REDAN_OPERAND_4,
    REDAN_OPERAND_8,
    REDAN_OPERAND_COUNTED_1, /* a count of so many bytes, little-endian, and that many bytes */
    REDAN_OPERAND_COUNTED_4,
    REDAN_OPERAND_COUNTED_8,
    REDAN_OPERAND_LINE,  /* to the next line end */
    REDAN_OPERAND_LINES, /* two lines */
};

struct redan_pickle_opcode {
    const char *name; /* "SHORT_BINUNICODE"; NULL when the byte is no opcode */
    enum redan_pickle_operand operand;
    unsigned protocol; /* that brought it */
};

extern const struct redan_pickle_opcode redan_pickle_opcodes[256];

#endif
