/* Values of HDF5: types, shapes, attributes, and the texts among them, where a model's configuration and an object's pickle are found. */
#include <string.h>

#include "format/hdf5_message.h"

enum {
    CLASS_FIXED = 0,
    CLASS_STRING = 3,
    CLASS_OPAQUE = 5,
    CLASS_VARIABLE = 9,
    M_TYPE = 0x03,
    NAME_MOST = 1024,
    VALUES_MOST = 64,    /* elements that are told */
    TEXT_MOST = 1 << 20, /* of one text */
    PEEK = 4096,
};

/* Attributes that Keras keeps JSON in. */
static const char *const documents[] = {"model_config", "training_config", "config", NULL};

/* IV.A.2.d */
static void own_type(struct redan_hdf5 *h, struct redan_source_reader *in,
                     struct redan_hdf5_type *type)
{
    uint8_t class = redan_source_u8(in) & 0x0f, bits = redan_source_u8(in);
    redan_source_skip(in, 2);
    uint64_t size = redan_source_u32le(in);

    *type = (struct redan_hdf5_type){.known = !in->failed, .size = size};
    if (class == CLASS_STRING) {
        type->text = true;
        return;
    }
    if (class != CLASS_VARIABLE)
        return;
    type->variable = true;
    type->size = 4u + h->offsets + 4u;
    type->text = (bits & 0x0f) == 1;
    if (type->text)
        return;
    uint8_t of = redan_source_u8(in) & 0x0f;
    redan_source_skip(in, 3);
    type->bytes = redan_source_u32le(in) == 1 && (of == CLASS_FIXED || of == CLASS_OPAQUE);
}

/* The address of the object that keeps a shared message (IV.A.1.c). */
static uint64_t shared_place(struct redan_hdf5 *h, struct redan_source_reader *in)
{
    uint8_t version = redan_source_u8(in), kind = redan_source_u8(in);

    if (version == 1)
        redan_source_skip(in, 6);
    if (version == 3 && kind == 1)
        return REDAN_HDF5_NONE; /* a heap of shared messages */
    return redan_hdf5_address(h, in);
}

enum redan_status redan_hdf5_type_read(struct redan_hdf5 *h, struct redan_source_reader *in,
                                       uint8_t shared, struct redan_hdf5_type *type)
{
    struct redan_hdf5_messages messages;
    struct redan_hdf5_message m;
    struct redan_source_reader there;
    bool any = false;

    *type = (struct redan_hdf5_type){0};
    if (!shared) {
        own_type(h, in, type);
        return REDAN_OK;
    }
    uint64_t address = shared_place(h, in);
    if (in->failed)
        return REDAN_OK;
    if (address == REDAN_HDF5_NONE)
        return redan_hdf5_unsupported(h, in->pos - h->base,
                                      REDAN_S("HDF5 messages that objects share"));
    REDAN_TRY(redan_hdf5_messages_init(&messages, h, address));
    messages.look = true;
    for (;;) {
        REDAN_TRY(redan_hdf5_messages_next(&messages, &m, &any));
        if (!any)
            return REDAN_OK;
        if (m.type != M_TYPE || m.flags & 2)
            continue;
        redan_hdf5_at(h, &there, m.offset, m.size);
        own_type(h, &there, type);
        return REDAN_OK;
    }
}

bool redan_hdf5_space_read(struct redan_hdf5 *h, struct redan_source_reader *in, uint64_t *count)
{
    uint8_t version = redan_source_u8(in), rank = redan_source_u8(in);
    redan_source_skip(in, 1);
    uint8_t kind = redan_source_u8(in);
    uint64_t product = 1;
    bool zero = version == 2 && kind == 2, right = version == 1 || version == 2;

    if (version == 1)
        redan_source_skip(in, 4);
    for (unsigned i = 0; i < rank; i++) {
        uint64_t extent = redan_hdf5_length(h, in);
        zero = zero || extent == 0;
        right = right && !__builtin_mul_overflow(product, extent ? extent : 1, &product);
    }
    *count = zero ? 0 : product;
    return right && !in->failed;
}

static bool identifier(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

/* Two lines of names after a 'c', as a global in protocol 0. */
static bool global(struct redan_slice s)
{
    size_t i = 1;

    for (int line = 0; line < 2; line++) {
        size_t from = i;
        while (i < s.len && identifier(s.at[i]))
            i++;
        if (i == from || i == s.len || s.at[i] != '\n')
            return false;
        i++;
    }
    return true;
}

/* Whether the bytes are a pickle, which PyTables unpickles when an attribute is read. */
static bool pickled(struct redan_slice s)
{
    static const char *const starts[] = {"(lp", "(dp", "(tp", "(i", "(c", "(S'", NULL};

    if (s.len < 3 || s.at[s.len - 1] != '.')
        return false;
    if ((uint8_t)s.at[0] == 0x80)
        return s.at[1] >= 2 && s.at[1] <= 5;
    if (s.at[0] == 'c')
        return global(s);
    for (size_t i = 0; starts[i]; i++) {
        if (redan_slice_starts(s, redan_slice_of(starts[i])))
            return memchr(s.at, '\n', s.len) != NULL;
    }
    return false;
}

static bool document(struct redan_slice name, struct redan_slice head)
{
    size_t from = 0;

    while (from < head.len && (head.at[from] == ' ' || head.at[from] == '\n'))
        from++;
    if (from == head.len || (head.at[from] != '{' && head.at[from] != '['))
        return false;
    return redan_slice_among(documents, name) ||
           memmem(head.at, head.len, "\"class_name\"", 12) != NULL;
}

static enum redan_status member(struct redan_hdf5 *h, struct redan_slice path,
                                struct redan_slice name, uint64_t offset, uint64_t size,
                                const char *format)
{
    struct redan_slice whole = {0};

    REDAN_TRY(redan_format(h->ctx, &whole, "%.*s%s%.*s", REDAN_FMT(path),
                           path.len && name.len ? "@" : "", REDAN_FMT(name)));
    return redan_tell(h->to, &(struct redan_fact){.kind = REDAN_FACT_MEMBER,
                                                  .offset = h->base + offset,
                                                  .name = whole,
                                                  .part = {.offset = h->base + offset,
                                                           .size = size,
                                                           .unpacked = size,
                                                           .format = format}});
}

/* One text or string of bytes of `size` at `offset`. */
static enum redan_status value(struct redan_hdf5 *h, struct redan_slice path,
                               struct redan_slice name, bool text, uint64_t offset, uint64_t size)
{
    struct redan_source_reader in;
    struct redan_slice there = {0}, tail = {0};
    uint64_t shown = size < TEXT_MOST ? size : TEXT_MOST, used = size;

    if (size == 0)
        return REDAN_OK;
    REDAN_TRY(redan_hdf5_spend(h, size));
    redan_hdf5_at(h, &in, offset, size);
    there = redan_source_bytes(&in, shown);
    if (in.failed)
        return redan_hdf5_broken(h, &in, offset, "an HDF5 value");
    if (size > shown && document(name, redan_slice_sub(there, 0, PEEK)))
        return member(h, path, name, offset, size, "json");
    if (size > shown)
        return redan_tell_unread(h->to, REDAN_UNREAD_BUDGET, h->base + offset, size,
                                 REDAN_S("an HDF5 text of more than a megabyte"));
    while (used && there.at[used - 1] == '\0')
        used--;
    tail = redan_slice_sub(there, 0, (size_t)used);
    if (used == 0)
        return REDAN_OK;
    if (document(name, redan_slice_sub(tail, 0, PEEK)))
        return member(h, path, name, offset, used, "json");
    if (pickled(tail))
        return member(h, path, name, offset, used, "pickle");
    if (!text)
        return REDAN_OK;
    if (redan_slice_is(name, "PSEUDOATOM") && redan_slice_is(tail, "object"))
        h->objects_here = true;
    const char *end = memchr(tail.at, '\0', tail.len);
    tail.len = end ? (size_t)(end - tail.at) : tail.len;
    return redan_tell(h->to, &(struct redan_fact){.kind = REDAN_FACT_TEXT,
                                                  .what = "hdf5-text",
                                                  .offset = h->base + offset,
                                                  .name = name.len ? name : path,
                                                  .text = tail});
}

static enum redan_status elements(struct redan_hdf5 *h, struct redan_slice path,
                                  struct redan_slice name, const struct redan_hdf5_type *type,
                                  uint64_t count, uint64_t offset, uint64_t size)
{
    struct redan_source_reader in;

    if ((!type->text && !type->bytes) || type->size == 0)
        return REDAN_OK;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = offset, len = type->size, address = 0;
        bool found = true;

        if (type->size > size - i * type->size) /* cut; i * size is within `size` by now */
            return REDAN_OK;
        if (__builtin_add_overflow(offset, i * type->size, &at))
            return REDAN_OK;
        REDAN_TRY(redan_hdf5_step(h));
        if (type->variable) {
            redan_hdf5_at(h, &in, at, type->size);
            len = redan_source_u32le(&in);
            address = redan_hdf5_address(h, &in);
            uint32_t index = redan_source_u32le(&in);
            if (in.failed)
                return redan_hdf5_broken(h, &in, at, "an HDF5 value");
            if (len == 0 || address == 0 || address == REDAN_HDF5_NONE)
                continue; /* an empty text */
            uint64_t there = 0;
            REDAN_TRY(redan_hdf5_global(h, address, index, &at, &there, &found));
            len = len < there ? len : there;
        }
        if (found)
            REDAN_TRY(value(h, path, name, type->text, at, len));
    }
    return REDAN_OK;
}

enum redan_status redan_hdf5_values(struct redan_hdf5 *h, struct redan_slice path,
                                    struct redan_slice name, const struct redan_hdf5_type *type,
                                    uint64_t count, uint64_t offset, uint64_t size)
{
    return elements(h, path, name, type, count < VALUES_MOST ? count : VALUES_MOST, offset, size);
}

enum redan_status redan_hdf5_elements(struct redan_hdf5 *h, struct redan_slice path,
                                      const struct redan_hdf5_type *type, uint64_t count,
                                      uint64_t offset, uint64_t size)
{
    return elements(h, path, REDAN_S(""), type, count, offset, size);
}

static uint64_t padded(uint8_t version, uint64_t size)
{
    return version == 1 ? (size + 7) / 8 * 8 : size;
}

/* IV.A.2.m: a name, a type, a shape and values, one after another. */
enum redan_status redan_hdf5_attribute(struct redan_hdf5 *h, struct redan_slice path,
                                       uint64_t offset, uint64_t size)
{
    struct redan_source_reader in;
    struct redan_hdf5_type type;
    struct redan_slice name = {0};
    uint64_t count = 0;

    redan_hdf5_at(h, &in, offset, size);
    uint8_t version = redan_source_u8(&in), flags = redan_source_u8(&in);
    uint64_t name_size = redan_source_u16le(&in), type_size = redan_source_u16le(&in);
    uint64_t space_size = redan_source_u16le(&in);
    redan_source_skip(&in, version == 3 ? 1 : 0);
    uint64_t at = in.pos - h->base;
    REDAN_TRY(redan_hdf5_spend(h, name_size));
    struct redan_slice there = redan_source_bytes(&in, name_size);
    if (in.failed || version < 1 || version > 3)
        return redan_hdf5_broken(h, &in, offset, "an HDF5 attribute");
    while (there.len && there.at[there.len - 1] == '\0')
        there.len--;
    REDAN_TRY(redan_copy(h->ctx, redan_slice_sub(there, 0, NAME_MOST), &name));
    at += padded(version, name_size);
    redan_hdf5_at(h, &in, at, type_size);
    REDAN_TRY(redan_hdf5_type_read(h, &in, version > 1 ? flags & 1 : 0, &type));
    at += padded(version, type_size);
    redan_hdf5_at(h, &in, at, space_size);
    if (flags & 2 && version > 1)
        return redan_hdf5_unsupported(h, at, REDAN_S("HDF5 messages that objects share"));
    if (!redan_hdf5_space_read(h, &in, &count))
        return in.failed ? redan_hdf5_broken(h, &in, at, "an HDF5 shape")
                         : redan_hdf5_defect(h, "hdf5-size", at, name);
    at += padded(version, space_size);
    if (at - offset > size)
        return redan_hdf5_broken(h, &in, offset, "an HDF5 attribute");
    return redan_hdf5_values(h, path, name, &type, count, at, size - (at - offset));
}
