/* What the readers of Protocol Buffers share. */
#ifndef REDAN_FORMAT_WIRE_H
#define REDAN_FORMAT_WIRE_H

#include "codec/protobuf.h"
#include "format/fact.h"

enum { REDAN_WIRE_WORD = 128 }; /* of names: longer ones are cut */

/* A short text that outlives the views of its source. */
struct redan_wire_word {
    size_t len;
    char at[REDAN_WIRE_WORD];
};

void redan_wire_keep(struct redan_wire *wire, const struct redan_wire_field *field,
                     struct redan_wire_word *word);
struct redan_slice redan_wire_word(const struct redan_wire_word *word);
/* A field as TEXT, cut to 64 KiB; nothing when it is empty. */
REDAN_NODISCARD enum redan_status redan_wire_tell_text(struct redan_wire *wire,
                                                       const struct redan_listener *to,
                                                       struct redan_slice name,
                                                       const struct redan_wire_field *field);
/* At the end: what is wrong with the bytes as a DEFECT and as the status. */
REDAN_NODISCARD enum redan_status
redan_wire_over(const struct redan_wire *wire, const struct redan_listener *to, const char *what);
/* Whether the type of a field is the one that `types` has at its number: 'v' varint, 'b' bytes, 'd' 64 bits, 'f' 32 bits, '*' numbers, one by one or
 * packed, '-' no such field. Fields that do not exist fit when `newer`. */
bool redan_wire_fits(const char *types, const struct redan_wire_field *field, bool newer);

#endif
