/* Heaps of HDF5: fractal heaps by way of the second kind of B-tree that names their objects, and global heaps. */
#include "format/hdf5.h"

enum {
    NODE_PREFIX = 10, /* signature, version, type, checksum */
    DEPTH_MOST = 16,
    RECORD_MOST = 64,
    ID_MOST = 32,
    ROWS_MOST = 64,
    LINKS = 5,
    ATTRIBUTES = 8,
    HUGE_BY_ID = 1,
};

/* III.G: the header of a fractal heap. */
struct heap {
    struct redan_hdf5 *h;
    struct redan_slice path;
    unsigned kind;
    uint16_t id_len, filters, width, rows;
    uint8_t flags;
    unsigned off_bytes, len_bytes; /* of a managed id */
    uint64_t address, start, direct_most, root, huge_tree, managed_most;
    uint16_t bits;
};

static unsigned log2_of(uint64_t value)
{
    unsigned bits = 0;

    while (value >>= 1)
        bits++;
    return bits;
}

/* Bytes that numbers up to `most` are kept in (H5VM_limit_enc_size). */
static unsigned bytes_for(uint64_t most)
{
    return log2_of(most) / 8 + 1;
}

static bool power(uint64_t value)
{
    return value && (value & (value - 1)) == 0;
}

static bool heap_open(struct heap *p)
{
    struct redan_hdf5 *h = p->h;
    struct redan_source_reader in;

    redan_hdf5_at(h, &in, p->address, UINT64_MAX);
    bool right = redan_hdf5_signed(&in, "FRHP") && redan_source_u8(&in) == 0;
    p->id_len = redan_source_u16le(&in);
    p->filters = redan_source_u16le(&in);
    p->flags = redan_source_u8(&in);
    p->managed_most = redan_source_u32le(&in);
    (void)redan_hdf5_length(h, &in); /* next huge id */
    p->huge_tree = redan_hdf5_address(h, &in);
    (void)redan_hdf5_length(h, &in);
    (void)redan_hdf5_address(h, &in);
    redan_source_skip(&in, 8u * h->lengths);
    p->width = redan_source_u16le(&in);
    p->start = redan_hdf5_length(h, &in);
    p->direct_most = redan_hdf5_length(h, &in);
    p->bits = redan_source_u16le(&in);
    (void)redan_source_u16le(&in);
    p->root = redan_hdf5_address(h, &in);
    p->rows = redan_source_u16le(&in);
    if (!right || in.failed || !power(p->width) || !power(p->start) || !power(p->direct_most) ||
        p->bits == 0 || p->bits > 64 || p->rows > ROWS_MOST || p->start > p->direct_most ||
        log2_of(p->start) + log2_of(p->width) > 62) /* a row of blocks beyond all offsets */
        return false;
    p->off_bytes = (p->bits + 7u) / 8;
    p->len_bytes = (log2_of(p->direct_most) + 7u) / 8;
    if (p->len_bytes > bytes_for(p->managed_most))
        p->len_bytes = bytes_for(p->managed_most);
    return true;
}

/* The row of the doubling table in which an offset lies, its first offset, and its blocks' size (III.G). */
static unsigned row_of(const struct heap *p, uint64_t offset, uint64_t *first, uint64_t *block)
{
    uint64_t wide = p->start * p->width; /* of one row; row 0 and 1 are alike */
    unsigned row = 0;

    *first = 0;
    *block = p->start;
    if (offset < wide)
        return 0;
    row = log2_of(offset / wide) + 1;
    *first = wide << (row - 1);
    *block = p->start << (row - 1);
    return row;
}

/* Where a managed object lies: from the root down, each indirect block smaller than the one above. */
static bool managed(const struct heap *p, uint64_t offset, uint64_t *address)
{
    unsigned first_bits = log2_of(p->start) + log2_of(p->width);
    unsigned rows = p->rows, direct = log2_of(p->direct_most) - log2_of(p->start) + 2;
    uint64_t block = p->root, begin = 0, first = 0, size = 0;

    for (unsigned level = 0; level < DEPTH_MOST && rows; level++) {
        struct redan_source_reader in;
        unsigned row = row_of(p, offset - begin, &first, &size);
        uint64_t column = (offset - begin - first) / size;
        uint64_t entry = (uint64_t)row * p->width + column;

        redan_hdf5_at(p->h, &in, block, UINT64_MAX);
        if (row >= rows || !redan_hdf5_signed(&in, "FHIB"))
            return false;
        redan_source_skip(&in, 1 + p->h->offsets + p->off_bytes);
        if (p->filters)
            return false;
        redan_source_skip(&in, entry * p->h->offsets);
        block = redan_hdf5_address(p->h, &in);
        if (in.failed || block == REDAN_HDF5_NONE)
            return false;
        begin += first + column * size;
        rows = row < direct ? 0 : log2_of(size) - first_bits + 1;
    }
    return rows == 0 && !__builtin_add_overflow(block, offset - begin, address);
}

/* A node of the second kind of B-tree that waits (III.A.2). */
struct node {
    struct node *next;
    uint64_t address;
    uint64_t records;
    unsigned depth;
};

struct tree {
    struct redan_hdf5 *h;
    struct node *nodes;
    uint64_t node_size;
    uint16_t record, depth;
    uint8_t type;
    unsigned count_bytes;
    unsigned total_bytes[DEPTH_MOST]; /* of all records below a child at this depth */
};

static enum redan_status push(struct tree *t, uint64_t address, uint64_t records, unsigned depth)
{
    bool again = false;

    REDAN_TRY(redan_hdf5_step(t->h));
    REDAN_TRY(redan_hdf5_visit(t->h, address, &again));
    if (again)
        return redan_hdf5_defect(t->h, "hdf5-cycle", address, REDAN_S("a B-tree leads back"));
    struct node *node = redan_take(t->h->ctx, sizeof(*node));
    if (!node)
        return REDAN_E_MEMORY;
    *node = (struct node){t->nodes, address, records, depth};
    t->nodes = node;
    return REDAN_OK;
}

/* How wide the counts of records are, for each depth (H5B2__hdr_init). */
static bool widths(struct tree *t)
{
    uint64_t most = (t->node_size - NODE_PREFIX) / t->record, all = most;

    t->count_bytes = bytes_for(most);
    t->total_bytes[0] = 0;
    for (unsigned u = 1; u <= t->depth; u++) {
        uint64_t pointer = t->h->offsets + t->count_bytes + t->total_bytes[u - 1];
        if (t->node_size < NODE_PREFIX + pointer + t->record)
            return false;
        uint64_t here = (t->node_size - NODE_PREFIX - pointer) / (t->record + pointer);
        if (__builtin_mul_overflow(all, here + 1, &all) || __builtin_add_overflow(all, here, &all))
            return false;
        t->total_bytes[u] = bytes_for(all);
    }
    return true;
}

static enum redan_status tree_open(struct tree *t, uint64_t address, bool *open)
{
    struct redan_source_reader in;

    *open = false;
    redan_hdf5_at(t->h, &in, address, UINT64_MAX);
    bool right = redan_hdf5_signed(&in, "BTHD") && redan_source_u8(&in) == 0;
    t->type = redan_source_u8(&in);
    t->node_size = redan_source_u32le(&in);
    t->record = redan_source_u16le(&in);
    t->depth = redan_source_u16le(&in);
    redan_source_skip(&in, 2);
    uint64_t root = redan_hdf5_address(t->h, &in);
    uint64_t records = redan_source_u16le(&in);
    if (!right || in.failed || t->record == 0 || t->record > RECORD_MOST ||
        t->depth >= DEPTH_MOST || t->node_size < (uint64_t)NODE_PREFIX + t->record || !widths(t))
        return redan_hdf5_broken(t->h, &in, address, "an HDF5 B-tree");
    if (root == REDAN_HDF5_NONE || records == 0)
        return REDAN_OK;
    *open = true;
    return push(t, root, records, t->depth);
}

/* The children of an inner node wait; the reader is then at its records. */
static enum redan_status inner(struct tree *t, const struct node *node)
{
    struct redan_source_reader in;

    redan_hdf5_at(t->h, &in, node->address, t->node_size);
    redan_source_skip(&in, 6 + node->records * t->record);
    for (uint64_t i = 0; i <= node->records; i++) {
        uint64_t child = redan_hdf5_address(t->h, &in);
        uint64_t records = redan_hdf5_uint(&in, t->count_bytes);
        if (node->depth > 1)
            (void)redan_hdf5_uint(&in, t->total_bytes[node->depth - 1]);
        if (in.failed)
            return redan_hdf5_broken(t->h, &in, node->address, "an HDF5 B-tree");
        REDAN_TRY(push(t, child, records, node->depth - 1));
    }
    return REDAN_OK;
}

/* The next node's records, one after another, are what `in` stands at. */
static enum redan_status tree_next(struct tree *t, struct redan_source_reader *in, uint64_t *count)
{
    const struct node *node = t->nodes;

    t->nodes = node->next;
    *count = 0;
    redan_hdf5_at(t->h, in, node->address, t->node_size);
    bool right = redan_hdf5_signed(in, node->depth ? "BTIN" : "BTLF");
    redan_source_skip(in, 2);
    if (!right || in->failed || node->records > (t->node_size - NODE_PREFIX) / t->record)
        return redan_hdf5_broken(t->h, in, node->address, "an HDF5 B-tree");
    if (node->depth)
        REDAN_TRY(inner(t, node));
    *count = node->records;
    return REDAN_OK;
}

/* A huge object by its number (III.G, type 1 of III.A.2). */
static enum redan_status huge_place(const struct heap *p, uint64_t id, uint64_t *address,
                                    uint64_t *size)
{
    struct tree t = {.h = p->h};
    struct redan_hdf5 look = *p->h; /* the same tree is walked once for each of its objects */
    bool open = false;

    redan_map_init(&look.seen, look.ctx);
    t.h = &look;
    *address = REDAN_HDF5_NONE;
    REDAN_TRY(tree_open(&t, p->huge_tree, &open));
    while (t.nodes) {
        struct redan_source_reader in;
        uint64_t count = 0;

        REDAN_TRY(tree_next(&t, &in, &count));
        for (uint64_t i = 0; i < count && !in.failed && t.type == HUGE_BY_ID; i++) {
            uint64_t at = redan_hdf5_address(&look, &in), len = redan_hdf5_length(&look, &in);
            if (redan_hdf5_length(&look, &in) == id && !in.failed) {
                *address = at;
                *size = len;
            }
        }
    }
    p->h->steps = look.steps;
    return REDAN_OK;
}

static enum redan_status take(struct heap *p, uint64_t offset, uint64_t size)
{
    if (p->kind == LINKS)
        return redan_hdf5_link_message(p->h, p->path, offset, size);
    return redan_hdf5_attribute(p->h, p->path, offset, size);
}

/* One id of the heap: where its object lies (III.G). */
static enum redan_status object(struct heap *p, struct redan_source_reader *in)
{
    uint64_t at = in->pos - p->h->base, address = REDAN_HDF5_NONE, size = 0;
    uint8_t kind = redan_source_u8(in);

    switch (kind & 0x30) {
    case 0x00: {
        uint64_t offset = redan_hdf5_uint(in, p->off_bytes);
        size = redan_hdf5_uint(in, p->len_bytes);
        if (in->failed)
            break;
        if (p->filters)
            return redan_hdf5_unsupported(p->h, at, REDAN_S("a filtered HDF5 heap"));
        if (managed(p, offset, &address))
            return take(p, address, size);
        break;
    }
    case 0x10:
        if (p->filters)
            return redan_hdf5_unsupported(p->h, at, REDAN_S("a filtered HDF5 heap"));
        if (p->id_len > p->h->offsets + p->h->lengths) { /* place and size stand in the id */
            address = redan_hdf5_address(p->h, in);
            size = redan_hdf5_length(p->h, in);
        } else {
            unsigned bytes = p->id_len - 1u < p->h->lengths ? p->id_len - 1u : p->h->lengths;
            REDAN_TRY(huge_place(p, redan_hdf5_uint(in, bytes), &address, &size));
        }
        if (!in->failed && address != REDAN_HDF5_NONE)
            return take(p, address, size);
        break;
    case 0x20: {
        bool longer = p->id_len > 18;
        size = kind & 0x0fu;
        if (longer)
            size = size << 8 | redan_source_u8(in);
        if (!in->failed)
            return take(p, in->pos - p->h->base, size + 1);
        break;
    }
    default:
        break;
    }
    return redan_hdf5_broken(p->h, in, at, "an object of an HDF5 heap");
}

enum redan_status redan_hdf5_dense(struct redan_hdf5 *h, struct redan_slice path, uint64_t heap,
                                   uint64_t tree, unsigned kind)
{
    struct heap p = {.h = h, .path = path, .kind = kind, .address = heap};
    struct tree t = {.h = h};
    struct redan_source_reader in = {0};
    unsigned before = kind == LINKS ? 4 : 0; /* the hash of the name stands before the id */
    bool open = false;

    if (!heap_open(&p))
        return redan_hdf5_broken(h, &in, heap, "an HDF5 heap");
    REDAN_TRY(tree_open(&t, tree, &open));
    if (open &&
        (t.type != kind || p.id_len == 0 || p.id_len > ID_MOST || before + p.id_len > t.record))
        return redan_hdf5_broken(h, &in, tree, "an HDF5 B-tree");
    while (t.nodes) {
        uint64_t count = 0, at = 0;

        REDAN_TRY(tree_next(&t, &in, &count));
        at = in.pos - h->base;
        for (uint64_t i = 0; i < count; i++, at += t.record) {
            struct redan_source_reader record;

            REDAN_TRY(redan_hdf5_step(h));
            redan_hdf5_at(h, &record, at + before, p.id_len);
            if (record.pos >= h->size)
                return redan_hdf5_broken(h, &record, at, "an HDF5 B-tree");
            REDAN_TRY(object(&p, &record));
        }
    }
    return REDAN_OK;
}

/* III.E */
enum redan_status redan_hdf5_global(struct redan_hdf5 *h, uint64_t heap, uint32_t index,
                                    uint64_t *offset, uint64_t *size, bool *found)
{
    struct redan_source_reader in;

    *found = false;
    redan_hdf5_at(h, &in, heap, UINT64_MAX);
    bool right = redan_hdf5_signed(&in, "GCOL");
    redan_source_skip(&in, 4);
    uint64_t whole = redan_hdf5_length(h, &in), end = 0;
    if (!right || in.failed || __builtin_add_overflow(heap, whole, &end))
        return redan_hdf5_broken(h, &in, heap, "an HDF5 global heap");
    uint64_t at = in.pos - h->base;
    while (at < end && end - at >= 8 + h->lengths) {
        REDAN_TRY(redan_hdf5_step(h));
        redan_hdf5_at(h, &in, at, 8 + h->lengths);
        uint16_t number = redan_source_u16le(&in);
        redan_source_skip(&in, 6);
        uint64_t len = redan_hdf5_length(h, &in);
        at += 8 + h->lengths;
        if (in.failed || len > end - at)
            break;
        if (number == index && number != 0) {
            *offset = at;
            *size = len;
            *found = true;
            return REDAN_OK;
        }
        if (number == 0) /* the free space, which is last */
            break;
        len += (8 - len % 8) % 8;
        if (len > end - at)
            break;
        at += len;
    }
    in.failed = true;
    return redan_hdf5_broken(h, &in, heap, "an object of an HDF5 global heap");
}
