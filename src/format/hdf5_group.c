/* Groups of HDF5: symbol tables with their B-trees and local heaps, and link messages. */
#include "format/hdf5.h"

enum {
    LEVELS_MOST = 64,
    ENTRIES_MOST = 65535,
    NAME_MOST = 1024, /* what is kept of a name */
    LINK_MOST = 65535,
    LINK_HARD = 0,
    LINK_SOFT = 1,
    LINK_EXTERNAL = 64,
};

/* III.D: where the texts of a local heap lie. */
static bool heap_open(struct redan_hdf5 *h, uint64_t heap, uint64_t *data, uint64_t *size)
{
    struct redan_source_reader in;

    redan_hdf5_at(h, &in, heap, UINT64_MAX);
    bool right = redan_hdf5_signed(&in, "HEAP");
    redan_source_skip(&in, 4);
    *size = redan_hdf5_length(h, &in);
    (void)redan_hdf5_length(h, &in);
    *data = redan_hdf5_address(h, &in);
    return right && !in.failed;
}

static enum redan_status text_at(struct redan_hdf5 *h, uint64_t data, uint64_t size, uint64_t at,
                                 struct redan_slice *text)
{
    struct redan_source_reader in;
    uint64_t address = 0;

    *text = (struct redan_slice){"", 0};
    if (at >= size || __builtin_add_overflow(data, at, &address))
        return REDAN_OK;
    redan_hdf5_at(h, &in, address, size - at);
    struct redan_slice there = redan_source_until(&in, '\0', LINK_MOST);
    REDAN_TRY(redan_hdf5_spend(h, in.failed ? LINK_MOST : there.len));
    if (in.failed)
        return in.status == REDAN_OK ? REDAN_OK : redan_source_ok(&in, "an HDF5 name");
    return redan_copy(h->ctx, redan_slice_sub(there, 0, NAME_MOST), text);
}

enum redan_status redan_hdf5_heap_text(struct redan_hdf5 *h, uint64_t heap, uint64_t at,
                                       struct redan_slice *text)
{
    uint64_t data = 0, size = 0;

    *text = (struct redan_slice){"", 0};
    return heap_open(h, heap, &data, &size) ? text_at(h, data, size, at, text) : REDAN_OK;
}

/* A symbol table as it is walked. */
struct table {
    struct redan_hdf5 *h;
    struct redan_slice path;
    uint64_t data, data_size; /* of its heap */
};

/* III.C */
static enum redan_status symbol(struct table *t, struct redan_source_reader *in)
{
    struct redan_slice name = {0}, target = {0};
    uint64_t at = in->pos - t->h->base;
    uint64_t name_at = redan_hdf5_length(t->h, in), address = redan_hdf5_address(t->h, in);
    uint32_t cache = redan_source_u32le(in);
    redan_source_skip(in, 4);
    uint32_t target_at = redan_source_u32le(in);
    redan_source_skip(in, 12);
    if (in->failed)
        return redan_hdf5_broken(t->h, in, at, "an HDF5 symbol");
    REDAN_TRY(text_at(t->h, t->data, t->data_size, name_at, &name));
    if (cache == 2) {
        REDAN_TRY(text_at(t->h, t->data, t->data_size, target_at, &target));
        return redan_hdf5_link(t->h, "hdf5-soft", at, name, target);
    }
    return redan_hdf5_wait(t->h, t->path, name, address);
}

/* III.B */
static enum redan_status symbol_node(struct table *t, uint64_t address)
{
    struct redan_source_reader in;

    redan_hdf5_at(t->h, &in, address, UINT64_MAX);
    bool right = redan_hdf5_signed(&in, "SNOD");
    redan_source_skip(&in, 2);
    uint16_t count = redan_source_u16le(&in);
    if (!right || in.failed)
        return redan_hdf5_broken(t->h, &in, address, "an HDF5 symbol node");
    for (uint16_t i = 0; i < count && !in.failed; i++) {
        REDAN_TRY(redan_hdf5_step(t->h));
        REDAN_TRY(symbol(t, &in));
    }
    return REDAN_OK;
}

/* A node of the first kind of B-tree that waits, in a list (III.A.1). */
struct node {
    struct node *next;
    uint64_t address;
};

static enum redan_status push(struct redan_hdf5 *h, struct node **nodes, uint64_t address)
{
    bool again = false;

    REDAN_TRY(redan_hdf5_step(h));
    REDAN_TRY(redan_hdf5_visit(h, address, &again));
    if (again)
        return redan_hdf5_defect(h, "hdf5-cycle", address, REDAN_S("a B-tree leads back"));
    struct node *node = redan_take(h->ctx, sizeof(*node));
    if (!node)
        return REDAN_E_MEMORY;
    *node = (struct node){*nodes, address};
    *nodes = node;
    return REDAN_OK;
}

static enum redan_status tree_node(struct table *t, uint64_t address, struct node **nodes)
{
    struct redan_source_reader in;

    redan_hdf5_at(t->h, &in, address, UINT64_MAX);
    bool right = redan_hdf5_signed(&in, "TREE");
    uint8_t type = redan_source_u8(&in), level = redan_source_u8(&in);
    uint16_t count = redan_source_u16le(&in);
    (void)redan_hdf5_address(t->h, &in);
    (void)redan_hdf5_address(t->h, &in);
    if (!right || in.failed || type != 0 || level > LEVELS_MOST)
        return redan_hdf5_broken(t->h, &in, address, "an HDF5 B-tree");
    for (uint16_t i = 0; i < count; i++) {
        (void)redan_hdf5_length(t->h, &in); /* key */
        uint64_t child = redan_hdf5_address(t->h, &in);
        if (in.failed)
            return redan_hdf5_broken(t->h, &in, address, "an HDF5 B-tree");
        if (level)
            REDAN_TRY(push(t->h, nodes, child));
        else
            REDAN_TRY(symbol_node(t, child));
    }
    return REDAN_OK;
}

enum redan_status redan_hdf5_symbols(struct redan_hdf5 *h, struct redan_slice path, uint64_t tree,
                                     uint64_t heap)
{
    struct table t = {.h = h, .path = path};
    struct node *nodes = NULL;

    if (!heap_open(h, heap, &t.data, &t.data_size)) {
        struct redan_source_reader in = {0};
        return redan_hdf5_broken(h, &in, heap, "an HDF5 local heap");
    }
    REDAN_TRY(push(h, &nodes, tree));
    while (nodes) {
        uint64_t address = nodes->address;

        nodes = nodes->next;
        REDAN_TRY(tree_node(&t, address, &nodes));
    }
    return REDAN_OK;
}

/* The value of an external link: a byte, a file, and a path in it (IV.A.2.g). */
static enum redan_status leads_out(struct redan_hdf5 *h, uint64_t offset, struct redan_slice owner,
                                   struct redan_source_reader *in)
{
    redan_source_skip(in, 2 + 1);
    struct redan_slice file = redan_source_until(in, '\0', LINK_MOST), copy = {0};

    REDAN_TRY(redan_hdf5_spend(h, in->failed ? LINK_MOST : file.len));
    if (in->failed)
        return redan_hdf5_broken(h, in, offset, "an HDF5 external link");
    REDAN_TRY(redan_copy(h->ctx, redan_slice_sub(file, 0, NAME_MOST), &copy));
    return redan_hdf5_link(h, "hdf5-external", offset, owner, copy);
}

enum redan_status redan_hdf5_link_message(struct redan_hdf5 *h, struct redan_slice path,
                                          uint64_t offset, uint64_t size)
{
    struct redan_source_reader in;
    struct redan_slice name = {0};

    redan_hdf5_at(h, &in, offset, size);
    redan_source_skip(&in, 1); /* version */
    uint8_t flags = redan_source_u8(&in);
    uint8_t kind = flags & 8 ? redan_source_u8(&in) : LINK_HARD;
    redan_source_skip(&in, (flags & 4 ? 8u : 0u) + (flags & 16 ? 1u : 0u));
    uint64_t len = redan_hdf5_uint(&in, 1u << (flags & 3));
    REDAN_TRY(redan_hdf5_spend(h, in.failed || len > REDAN_SOURCE_VIEW ? 0 : len));
    struct redan_slice there = redan_source_bytes(&in, len);
    if (in.failed)
        return redan_hdf5_broken(h, &in, offset, "an HDF5 link");
    REDAN_TRY(redan_copy(h->ctx, redan_slice_sub(there, 0, NAME_MOST), &name));
    if (kind == LINK_HARD) {
        uint64_t address = redan_hdf5_address(h, &in);
        if (in.failed)
            return redan_hdf5_broken(h, &in, offset, "an HDF5 link");
        return redan_hdf5_wait(h, path, name, address);
    }
    if (kind == LINK_EXTERNAL)
        return leads_out(h, offset, name, &in);
    if (kind != LINK_SOFT)
        return redan_hdf5_unsupported(h, offset, REDAN_S("a link of the user's own kind"));
    uint16_t target_len = redan_source_u16le(&in);
    REDAN_TRY(redan_hdf5_spend(h, target_len));
    struct redan_slice target = redan_source_bytes(&in, target_len);
    if (in.failed)
        return redan_hdf5_broken(h, &in, offset, "an HDF5 link");
    return redan_hdf5_link(h, "hdf5-soft", offset, name, target);
}
