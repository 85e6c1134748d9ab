/* What the readers of Protocol Buffers share: short texts, texts told, and whether fields are of the expected types. */
#include "format/wire.h"

#include <string.h>

enum { VALUE = 64 << 10 };

void redan_wire_keep(struct redan_wire *wire, const struct redan_wire_field *field,
                     struct redan_wire_word *word)
{
    word->len = redan_wire_copy(wire, field, word->at, sizeof(word->at));
}

struct redan_slice redan_wire_word(const struct redan_wire_word *word)
{
    return (struct redan_slice){word->at, word->len};
}

enum redan_status redan_wire_tell_text(struct redan_wire *wire, const struct redan_listener *to,
                                       struct redan_slice name,
                                       const struct redan_wire_field *field)
{
    struct redan_slice value = redan_wire_text(wire, field, VALUE);

    if (value.len == 0)
        return REDAN_OK;
    return redan_tell(
        to, &(struct redan_fact){
                .kind = REDAN_FACT_TEXT, .offset = field->offset, .name = name, .text = value});
}

enum redan_status redan_wire_over(const struct redan_wire *wire, const struct redan_listener *to,
                                  const char *what)
{
    uint64_t at = 0;
    const char *wrong = redan_wire_wrong(wire, &at);

    if (wrong)
        REDAN_TRY(redan_tell_defect(to, wrong, at, redan_slice_of(what)));
    return redan_wire_ok(wire, what);
}

bool redan_wire_fits(const char *types, const struct redan_wire_field *field, bool newer)
{
    static const char letters[] = {[REDAN_WIRE_VARINT] = 'v',
                                   [REDAN_WIRE_FIXED64] = 'd',
                                   [REDAN_WIRE_BYTES] = 'b',
                                   [REDAN_WIRE_FIXED32] = 'f'};

    if (field->number >= strlen(types))
        return newer;
    char type = types[field->number];
    if (type == '-')
        return newer;
    return type == '*' || ((size_t)field->type < sizeof(letters) && type == letters[field->type]);
}
