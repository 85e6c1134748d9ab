/* The wire format of Protocol Buffers: tags, varints and lengths, each held against the bytes that are there. */
#include "codec/protobuf.h"

#include <string.h>

enum {
    NEAR = 4096,     /* asked for at once, so that small fields seldom ask again */
    VARINT_MOST = 10 /* bytes of 64 bits in groups of seven */
};

void redan_wire_init(struct redan_wire *wire, struct redan_ctx *ctx, struct redan_source *source,
                     uint64_t offset, uint64_t length)
{
    *wire = (struct redan_wire){.ctx = ctx, .source = source, .pos = offset};
    wire->end = length > UINT64_MAX - offset ? UINT64_MAX : offset + length;
    if (wire->end > source->size)
        wire->end = source->size;
    if (wire->pos > wire->end)
        wire->pos = wire->end;
}

static bool fault(struct redan_wire *wire, const char *word, uint64_t at)
{
    if (!wire->fault) {
        wire->fault = word;
        wire->fault_at = at;
    }
    return false;
}

static void cut(struct redan_wire *wire, uint64_t at)
{
    if (!wire->cut)
        wire->cut_at = at;
    wire->cut = true;
}

/* Have up to `len` bytes from pos at hand; how many there are. */
static size_t bring(struct redan_wire *wire, size_t len)
{
    uint64_t into = wire->pos - wire->near_at;

    if (wire->near.len && wire->near_turn == wire->source->turn && wire->pos >= wire->near_at &&
        into <= wire->near.len && wire->near.len - (size_t)into >= len)
        return wire->near.len - (size_t)into;
    size_t want = wire->source->memory.at ? REDAN_SOURCE_VIEW : NEAR; /* memory is free */
    enum redan_status status =
        redan_source_view(wire->ctx, wire->source, wire->pos, want, &wire->near);
    if (status != REDAN_OK) {
        wire->near = (struct redan_slice){"", 0};
        if (wire->status == REDAN_OK)
            wire->status = status;
    }
    wire->near_at = wire->pos;
    wire->near_turn = wire->source->turn;
    return wire->near.len;
}

/* A varint of at most 64 bits; the bits beyond are dropped, as every reader does. */
bool redan_wire_varint(struct redan_wire *wire, uint64_t *value)
{
    uint64_t at = wire->pos;
    uint64_t left = wire->end - wire->pos;
    size_t most = left < VARINT_MOST ? (size_t)left : VARINT_MOST;
    size_t have = redan_min_size(bring(wire, most), most);
    const char *bytes = wire->near.at + (wire->pos - wire->near_at);
    uint64_t v = 0;

    for (size_t i = 0; i < have; i++) {
        uint8_t byte = (uint8_t)bytes[i];

        v |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (!(byte & 0x80)) {
            wire->pos += i + 1;
            *value = v;
            return true;
        }
    }
    return fault(wire, have < VARINT_MOST ? "end" : "varint", at);
}

static bool fixed(struct redan_wire *wire, size_t width, uint64_t *value)
{
    if (wire->end - wire->pos < width || bring(wire, width) < width)
        return fault(wire, "end", wire->pos);
    const char *bytes = wire->near.at + (wire->pos - wire->near_at);
    uint64_t v = 0;
    for (size_t i = width; i-- > 0;)
        v = v << 8 | (uint8_t)bytes[i];
    wire->pos += width;
    *value = v;
    return true;
}

/* Most numbers are one byte. */
static inline bool small(struct redan_wire *wire, uint64_t *value)
{
    uint64_t into = wire->pos - wire->near_at;

    if (wire->near_turn == wire->source->turn && into < wire->near.len && wire->pos < wire->end) {
        uint8_t byte = (uint8_t)wire->near.at[into];
        if (!(byte & 0x80)) {
            wire->pos++;
            *value = byte;
            return true;
        }
    }
    return redan_wire_varint(wire, value);
}

/* One field as it stands, a group's begin and end among them. */
static bool one(struct redan_wire *wire, struct redan_wire_field *field)
{
    uint64_t tag = 0;

    *field = (struct redan_wire_field){.at = wire->pos};
    if (!small(wire, &tag))
        return false;
    if (tag >> 3 == 0 || tag > UINT32_MAX || (tag & 7) > REDAN_WIRE_FIXED32)
        return fault(wire, "tag", field->at);
    field->number = (uint32_t)(tag >> 3);
    field->type = (enum redan_wire_type)(tag & 7);
    if (field->type == REDAN_WIRE_VARINT)
        return small(wire, &field->value);
    if (field->type == REDAN_WIRE_FIXED64)
        return fixed(wire, 8, &field->value);
    if (field->type == REDAN_WIRE_FIXED32)
        return fixed(wire, 4, &field->value);
    if (field->type != REDAN_WIRE_BYTES)
        return true;
    if (!small(wire, &field->length))
        return false;
    field->offset = wire->pos;
    if (field->length > wire->end - wire->pos) {
        cut(wire, field->at);
        field->length = wire->end - wire->pos;
    }
    wire->pos += field->length;
    return true;
}

/* Past the end of the group that `first` begins. */
static bool pass_group(struct redan_wire *wire, const struct redan_wire_field *first)
{
    uint32_t numbers[REDAN_WIRE_GROUPS];
    size_t open = 1;
    struct redan_wire_field field;

    numbers[0] = first->number;
    while (open > 0) {
        if (wire->pos >= wire->end)
            return fault(wire, "group", first->at);
        if (!one(wire, &field))
            return false;
        if (field.type == REDAN_WIRE_GROUP) {
            if (open == REDAN_WIRE_GROUPS)
                return fault(wire, "depth", field.at);
            numbers[open++] = field.number;
        } else if (field.type == REDAN_WIRE_GROUP_END && numbers[--open] != field.number) {
            return fault(wire, "group", field.at);
        }
    }
    return true;
}

bool redan_wire_next(struct redan_wire *wire, struct redan_wire_field *field)
{
    if (wire->fault || wire->status != REDAN_OK)
        return false;
    for (;;) {
        if (wire->pos >= wire->end)
            return false;
        if (wire->end == REDAN_SOURCE_UNKNOWN && bring(wire, 1) == 0) { /* a stream is over */
            if (wire->pos > wire->source->size)
                cut(wire, wire->pos);
            return false;
        }
        if (!one(wire, field))
            return false;
        if (field->type == REDAN_WIRE_GROUP_END)
            return fault(wire, "group", field->at);
        if (field->type != REDAN_WIRE_GROUP)
            return true;
        if (!pass_group(wire, field))
            return false;
    }
}

const char *redan_wire_wrong(const struct redan_wire *wire, uint64_t *at)
{
    *at = wire->fault ? wire->fault_at : wire->cut_at;
    return wire->fault ? wire->fault : wire->cut ? "length" : NULL;
}

enum redan_status redan_wire_ok(const struct redan_wire *wire, const char *what)
{
    static const char *const texts[][2] = {
        {"length", "a field reaches past the end of its message"},
        {"varint", "a number of more than ten bytes"},
        {"tag", "a field number or type that does not exist"},
        {"group", "a group that does not end where it should"},
        {"depth", "messages nested deeper than the limit"},
        {"end", "the bytes end within a field"},
    };
    uint64_t at = 0;
    const char *wrong = redan_wire_wrong(wire, &at);
    const char *text = "not a message";

    if (wire->status != REDAN_OK)
        return wire->status;
    if (!wrong)
        return REDAN_OK;
    for (size_t i = 0; i < REDAN_COUNT(texts); i++) {
        if (strcmp(wrong, texts[i][0]) == 0)
            text = texts[i][1];
    }
    return redan_fail(wire->ctx, strcmp(wrong, "depth") == 0 ? REDAN_E_LIMIT : REDAN_E_SYNTAX, at,
                      "%s: %s", what, text);
}

struct redan_slice redan_wire_text(struct redan_wire *wire, const struct redan_wire_field *field,
                                   size_t most)
{
    struct redan_slice view = {"", 0};

    if (field->type != REDAN_WIRE_BYTES)
        return view;
    if (field->length < most)
        most = (size_t)field->length;
    uint64_t into = field->offset - wire->near_at; /* wraps when it lies before */
    if (wire->near_turn == wire->source->turn && into < wire->near.len &&
        wire->near.len - (size_t)into >= most)
        return (struct redan_slice){wire->near.at + into, most};
    enum redan_status status =
        redan_source_view(wire->ctx, wire->source, field->offset, most, &view);
    if (status != REDAN_OK) {
        if (wire->status == REDAN_OK)
            wire->status = status;
        return (struct redan_slice){"", 0};
    }
    return view;
}

size_t redan_wire_copy(struct redan_wire *wire, const struct redan_wire_field *field, char *to,
                       size_t cap)
{
    struct redan_slice view = redan_wire_text(wire, field, cap);

    if (view.len)
        memcpy(to, view.at, view.len);
    return view.len;
}

void redan_wire_walk_init(struct redan_wire_walk *walk, struct redan_ctx *ctx,
                          struct redan_source *source, uint64_t offset, uint64_t length,
                          const struct redan_wire_into *const *shapes, uint32_t outermost)
{
    *walk = (struct redan_wire_walk){.shapes = shapes, .message = outermost, .open = 1};
    redan_wire_init(&walk->wire, ctx, source, offset, length);
    walk->frames[0] = (struct redan_wire_frame){.end = walk->wire.end, .message = outermost};
}

static uint32_t message_of(const struct redan_wire_into *shape,
                           const struct redan_wire_field *field)
{
    if (!shape || field->type != REDAN_WIRE_BYTES)
        return 0;
    while (shape->field && shape->field != field->number)
        shape++;
    return shape->field ? shape->message : 0;
}

enum redan_wire_step redan_wire_step(struct redan_wire_walk *walk, struct redan_wire_field *field)
{
    struct redan_wire *wire = &walk->wire;

    if (wire->fault || wire->status != REDAN_OK)
        return REDAN_WIRE_END;
    struct redan_wire_frame *frame = &walk->frames[walk->open - 1];
    if (wire->pos >= frame->end && walk->open > 1) {
        walk->message = frame->message;
        walk->open--;
        walk->depth = walk->open;
        wire->end = walk->frames[walk->open - 1].end;
        *field = (struct redan_wire_field){.number = frame->field, .at = wire->pos};
        return REDAN_WIRE_LEAVE;
    }
    wire->end = frame->end;
    if (!redan_wire_next(wire, field))
        return REDAN_WIRE_END;
    uint32_t into = message_of(walk->shapes[frame->message], field);
    walk->message = frame->message;
    walk->depth = walk->open - 1;
    if (!into)
        return REDAN_WIRE_FIELD;
    if (walk->open == REDAN_WIRE_DEPTH) {
        (void)fault(wire, "depth", field->at);
        return REDAN_WIRE_END;
    }
    wire->pos = field->offset;
    wire->end = field->offset + field->length;
    walk->frames[walk->open++] =
        (struct redan_wire_frame){.end = wire->end, .message = into, .field = field->number};
    walk->message = into;
    walk->depth = walk->open - 1;
    return REDAN_WIRE_ENTER;
}

uint32_t redan_wire_around(const struct redan_wire_walk *walk, size_t up)
{
    return up <= walk->depth ? walk->frames[walk->depth - up].message : 0;
}
