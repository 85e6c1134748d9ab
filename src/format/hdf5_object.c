/* Object headers of HDF5: their messages, of both versions, and what they make of an object (IV.A). */
#include "format/hdf5_message.h"

enum {
    M_SPACE = 0x01,
    M_LINK_INFO = 0x02,
    M_TYPE = 0x03,
    M_LINK = 0x06,
    M_EXTERNAL = 0x07,
    M_LAYOUT = 0x08,
    M_FILTER = 0x0b,
    M_ATTRIBUTE = 0x0c,
    M_COMMENT = 0x0d,
    M_SHARED_TABLE = 0x0f,
    M_CONTINUATION = 0x10,
    M_SYMBOLS = 0x11,
    M_DRIVER = 0x14,
    M_ATTRIBUTE_INFO = 0x15,
    M_KNOWN = 0x18, /* all below are known */
    FLAG_SHARED = 2,
    FLAG_MUST_KNOW = 8 | 128, /* fail when it is not understood */
    TEXT_MOST = 65536,
    SLOTS_MOST = 64,
};

enum redan_status redan_hdf5_messages_init(struct redan_hdf5_messages *m, struct redan_hdf5 *h,
                                           uint64_t address)
{
    struct redan_source_reader in;
    uint64_t size = 0;

    *m = (struct redan_hdf5_messages){.h = h, .address = address};
    redan_hdf5_at(h, &in, address, UINT64_MAX);
    uint8_t version = redan_source_u8(&in);
    if (version == 1) {
        m->version = 1;
        redan_source_skip(&in, 1 + 2 + 4);
        size = redan_source_u32le(&in);
        redan_source_skip(&in, 4);
    } else {
        redan_hdf5_at(h, &in, address, UINT64_MAX);
        bool right = redan_hdf5_signed(&in, "OHDR");
        m->version = redan_source_u8(&in);
        m->flags = redan_source_u8(&in);
        redan_source_skip(&in, (m->flags & 0x20 ? 16u : 0u) + (m->flags & 0x10 ? 4u : 0u));
        size = redan_hdf5_uint(&in, 1u << (m->flags & 3));
        m->broken = !right || m->version != 2;
    }
    if (in.failed || m->broken) {
        m->broken = true;
        return redan_hdf5_broken(h, &in, address, "an HDF5 object header");
    }
    m->at = in.pos - h->base;
    m->left = size;
    return REDAN_OK;
}

/* A block of further messages waits; it is read when this one is over. */
static enum redan_status more(struct redan_hdf5_messages *m, const struct redan_hdf5_message *from)
{
    struct redan_source_reader in;
    bool again = false;

    redan_hdf5_at(m->h, &in, from->offset, from->size);
    uint64_t address = redan_hdf5_address(m->h, &in), size = redan_hdf5_length(m->h, &in);
    if (in.failed)
        return redan_hdf5_broken(m->h, &in, from->offset, "an HDF5 continuation");
    if (m->look) /* another reader of the same header notes what was visited */
        again = m->blocks++ > 64;
    else
        REDAN_TRY(redan_hdf5_visit(m->h, address, &again));
    if (again)
        return m->look ? REDAN_OK
                       : redan_hdf5_defect(m->h, "hdf5-cycle", from->offset,
                                           REDAN_S("a continuation leads back"));
    struct redan_hdf5_block *block = redan_take(m->h->ctx, sizeof(*block));
    if (!block)
        return REDAN_E_MEMORY;
    *block = (struct redan_hdf5_block){.address = address, .size = size};
    if (m->last)
        m->last->next = block;
    else
        m->first = block;
    m->last = block;
    return REDAN_OK;
}

static enum redan_status next_block(struct redan_hdf5_messages *m)
{
    struct redan_hdf5_block *block = m->first;
    struct redan_source_reader in;

    m->first = block->next;
    m->last = m->first ? m->last : NULL;
    m->at = block->address;
    m->left = block->size;
    if (m->version == 1)
        return REDAN_OK;
    redan_hdf5_at(m->h, &in, block->address, 4);
    if (redan_hdf5_signed(&in, "OCHK") && block->size >= 8) {
        m->at += 4;
        m->left -= 8; /* signature and checksum */
        return REDAN_OK;
    }
    m->left = 0;
    return redan_hdf5_broken(m->h, &in, block->address, "an HDF5 continuation");
}

enum redan_status redan_hdf5_messages_next(struct redan_hdf5_messages *m,
                                           struct redan_hdf5_message *message, bool *any)
{
    uint64_t prefix = m->version == 1 ? 8 : m->flags & 4 ? 6 : 4;

    *any = false;
    while (!m->broken) {
        struct redan_source_reader in;

        if (m->left < prefix) {
            if (!m->first)
                return REDAN_OK;
            REDAN_TRY(next_block(m));
            continue;
        }
        REDAN_TRY(redan_hdf5_step(m->h));
        redan_hdf5_at(m->h, &in, m->at, prefix);
        message->type = m->version == 1 ? redan_source_u16le(&in) : redan_source_u8(&in);
        message->size = redan_source_u16le(&in);
        message->flags = redan_source_u8(&in);
        message->offset = m->at + prefix;
        m->left -= prefix;
        if (in.failed || message->size > m->left) {
            m->broken = true;
            return redan_hdf5_broken(m->h, &in, m->at, "an HDF5 message");
        }
        m->at += prefix + message->size;
        m->left -= message->size;
        if (message->type == M_CONTINUATION) {
            REDAN_TRY(more(m, message));
            continue;
        }
        *any = true;
        return REDAN_OK;
    }
    return REDAN_OK;
}

/* What an object's messages said, until all are read. */
struct object {
    struct redan_hdf5 *h;
    struct redan_slice path;
    struct redan_hdf5_type type;
    uint64_t count; /* of elements */
    bool space, filtered;
    uint64_t data, data_size; /* of a layout in one piece */
    uint64_t chunks;          /* the B-tree of a layout in chunks */
    uint8_t rank;
    bool chunked;
};

static enum redan_status dense(struct object *o, struct redan_source_reader *in, unsigned kind)
{
    redan_source_skip(in, 1); /* version */
    uint8_t flags = redan_source_u8(in);
    redan_source_skip(in, flags & 1 ? (kind == 5 ? 8 : 2) : 0);
    uint64_t heap = redan_hdf5_address(o->h, in), tree = redan_hdf5_address(o->h, in);
    if (in->failed || heap == REDAN_HDF5_NONE)
        return REDAN_OK; /* all lie in the header */
    return redan_hdf5_dense(o->h, o->path, heap, tree, kind);
}

/* Raw data in other files (IV.A.2.h, CVE-2026-1669). */
static enum redan_status external(struct object *o, struct redan_source_reader *in, uint64_t offset)
{
    redan_source_skip(in, 1 + 3 + 2);
    uint16_t used = redan_source_u16le(in);
    uint64_t heap = redan_hdf5_address(o->h, in);
    for (uint16_t i = 0; i < used && i < SLOTS_MOST && !in->failed; i++) {
        uint64_t name = redan_hdf5_length(o->h, in);
        struct redan_slice text = {0};

        (void)redan_hdf5_length(o->h, in);
        (void)redan_hdf5_length(o->h, in);
        if (in->failed)
            break;
        REDAN_TRY(redan_hdf5_heap_text(o->h, heap, name, &text));
        REDAN_TRY(redan_hdf5_link(o->h, "hdf5-external-data", offset, o->path, text));
    }
    return REDAN_OK;
}

/* A data set put together from others, which may lie in other files (H5S virtual layout). */
static enum redan_status mapping(struct object *o, struct redan_source_reader *in, uint64_t offset)
{
    uint64_t heap = redan_hdf5_address(o->h, in);
    uint32_t index = redan_source_u32le(in);
    uint64_t at = 0, size = 0;
    bool found = false;

    if (in->failed || heap == REDAN_HDF5_NONE)
        return REDAN_OK;
    REDAN_TRY(redan_hdf5_global(o->h, heap, index, &at, &size, &found));
    if (!found)
        return REDAN_OK;
    redan_hdf5_at(o->h, in, at, size);
    redan_source_skip(in, 1 + o->h->lengths);
    struct redan_slice file = redan_source_until(in, '\0', 4096);
    if (in->failed || redan_slice_is(file, "."))
        return REDAN_OK;
    return redan_hdf5_link(o->h, "hdf5-virtual", offset, o->path, file);
}

/* Where the raw data lies, when that is one piece (IV.A.2.i). */
static enum redan_status layout(struct object *o, struct redan_source_reader *in, uint64_t offset)
{
    uint8_t version = redan_source_u8(in), rank = 0, kind = 0;

    if (version < 3) {
        rank = redan_source_u8(in);
        kind = redan_source_u8(in);
        redan_source_skip(in, 5);
        o->data = kind ? redan_hdf5_address(o->h, in) : 0;
        redan_source_skip(in, 4u * rank);
        o->data_size = kind ? UINT64_MAX : redan_source_u32le(in);
        if (kind == 0)
            o->data = in->pos - o->h->base;
    } else {
        kind = redan_source_u8(in);
        if (kind == 3)
            return mapping(o, in, offset);
        if (kind == 0) {
            o->data_size = redan_source_u16le(in);
            o->data = in->pos - o->h->base;
        } else if (kind == 1) {
            o->data = redan_hdf5_address(o->h, in);
            o->data_size = redan_hdf5_length(o->h, in);
        } else if (kind == 2 && version == 3) {
            o->rank = redan_source_u8(in);
            o->chunks = redan_hdf5_address(o->h, in);
        }
    }
    o->chunked = kind == 2;
    if (kind > 1 || in->failed)
        o->data = REDAN_HDF5_NONE;
    return REDAN_OK;
}

static enum redan_status comment(struct object *o, struct redan_source_reader *in, uint64_t offset)
{
    struct redan_slice text = redan_source_until(in, '\0', TEXT_MOST);

    REDAN_TRY(redan_hdf5_spend(o->h, in->failed ? TEXT_MOST : text.len));
    if (in->failed || text.len == 0)
        return REDAN_OK;
    return redan_tell(o->h->to, &(struct redan_fact){.kind = REDAN_FACT_TEXT,
                                                     .what = "hdf5-comment",
                                                     .offset = o->h->base + offset,
                                                     .name = o->path,
                                                     .text = text});
}

static enum redan_status symbols(struct object *o, struct redan_source_reader *in)
{
    uint64_t tree = redan_hdf5_address(o->h, in), heap = redan_hdf5_address(o->h, in);

    if (in->failed)
        return redan_hdf5_broken(o->h, in, 0, "an HDF5 symbol table");
    return redan_hdf5_symbols(o->h, o->path, tree, heap);
}

static enum redan_status shared_message(struct object *o, uint64_t offset)
{
    if (o->h->shared_told)
        return REDAN_OK;
    o->h->shared_told = true;
    return redan_hdf5_unsupported(o->h, offset, REDAN_S("HDF5 messages that objects share"));
}

static enum redan_status message(struct object *o, const struct redan_hdf5_message *m)
{
    struct redan_source_reader in;

    redan_hdf5_at(o->h, &in, m->offset, m->size);
    if (m->flags & FLAG_SHARED && m->type == M_TYPE)
        return redan_hdf5_type_read(o->h, &in, 1, &o->type);
    if (m->flags & FLAG_SHARED && (m->type == M_ATTRIBUTE || m->type == M_LINK))
        return shared_message(o, m->offset);
    if (m->flags & FLAG_SHARED)
        return REDAN_OK; /* shapes and filters are no matter */
    switch (m->type) {
    case M_SPACE:
        o->space = redan_hdf5_space_read(o->h, &in, &o->count);
        return o->space || in.failed ? REDAN_OK
                                     : redan_hdf5_defect(o->h, "hdf5-size", m->offset, o->path);
    case M_TYPE:
        return redan_hdf5_type_read(o->h, &in, 0, &o->type);
    case M_LAYOUT:
        return layout(o, &in, m->offset);
    case M_FILTER:
        o->filtered = true;
        return REDAN_OK;
    case M_EXTERNAL:
        return external(o, &in, m->offset);
    case M_LINK_INFO:
        return dense(o, &in, 5);
    case M_ATTRIBUTE_INFO:
        return dense(o, &in, 8);
    case M_LINK:
        return redan_hdf5_link_message(o->h, o->path, m->offset, m->size);
    case M_ATTRIBUTE:
        return redan_hdf5_attribute(o->h, o->path, m->offset, m->size);
    case M_COMMENT:
        return comment(o, &in, m->offset);
    case M_SYMBOLS:
        return symbols(o, &in);
    case M_SHARED_TABLE:
        return shared_message(o, m->offset);
    case M_DRIVER:
        return redan_hdf5_unsupported(o->h, m->offset, REDAN_S("an HDF5 file in several files"));
    default:
        if (m->type >= M_KNOWN && m->flags & FLAG_MUST_KNOW)
            return redan_hdf5_unsupported(o->h, m->offset, REDAN_S("a newer HDF5 message"));
        return REDAN_OK;
    }
}

/* Elements that are pickles. */
static enum redan_status objects(const struct object *o, uint64_t address)
{
    if (o->filtered || !o->type.bytes || o->rank == 0)
        return redan_hdf5_unsupported(o->h, address, REDAN_S("Python objects in packed chunks"));
    return redan_hdf5_chunks(o->h, o->path, &o->type, o->rank, o->chunks);
}

enum redan_status redan_hdf5_read_object(struct redan_hdf5 *h,
                                         const struct redan_hdf5_object *object)
{
    struct object o = {
        .h = h, .path = object->path, .data = REDAN_HDF5_NONE, .chunks = REDAN_HDF5_NONE};
    struct redan_hdf5_messages messages;
    struct redan_hdf5_message m;
    bool any = false;

    h->objects_here = false;
    REDAN_TRY(redan_hdf5_messages_init(&messages, h, object->address));
    for (;;) {
        REDAN_TRY(redan_hdf5_messages_next(&messages, &m, &any));
        if (!any)
            break;
        REDAN_TRY(message(&o, &m));
    }
    if (h->objects_here && o.chunked && o.type.known)
        return objects(&o, object->address);
    if (!o.type.known || !o.space || o.data == REDAN_HDF5_NONE || o.filtered)
        return REDAN_OK;
    return redan_hdf5_values(h, o.path, REDAN_S(""), &o.type, o.count, o.data, o.data_size);
}
