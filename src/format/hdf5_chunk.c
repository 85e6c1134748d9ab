/* Chunked data sets of HDF5 that hold Python objects: PyTables keeps a pickle in each element, and unpickles it when the element is read. */
#include "format/hdf5.h"

enum {
    RANK_MOST = 33, /* 32 dimensions, and that of the element */
    LEVELS_MOST = 64,
    ELEMENTS_MOST = 1 << 20, /* of one chunk */
};

/* A node of the chunks' B-tree that waits (III.A.1, node type 1). */
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

static enum redan_status tree_node(struct redan_hdf5 *h, struct redan_slice path,
                                   const struct redan_hdf5_type *type, unsigned rank,
                                   uint64_t address, struct node **nodes)
{
    struct redan_source_reader in;

    redan_hdf5_at(h, &in, address, UINT64_MAX);
    bool right = redan_hdf5_signed(&in, "TREE");
    uint8_t kind = redan_source_u8(&in), level = redan_source_u8(&in);
    uint16_t count = redan_source_u16le(&in);
    redan_source_skip(&in, 2u * h->offsets);
    if (!right || in.failed || kind != 1 || level > LEVELS_MOST)
        return redan_hdf5_broken(h, &in, address, "an HDF5 B-tree");
    for (uint16_t i = 0; i < count; i++) {
        uint64_t size = redan_source_u32le(&in);
        redan_source_skip(&in, 4 + 8u * rank);
        uint64_t child = redan_hdf5_address(h, &in);
        if (in.failed)
            return redan_hdf5_broken(h, &in, address, "an HDF5 B-tree");
        REDAN_TRY(redan_hdf5_step(h));
        if (level) {
            REDAN_TRY(push(h, nodes, child));
            continue;
        }
        uint64_t elements = size / type->size;
        if (elements > ELEMENTS_MOST) {
            elements = ELEMENTS_MOST;
            REDAN_TRY(redan_tell_unread(h->to, REDAN_UNREAD_BUDGET, h->base + child, size,
                                        REDAN_S("a chunk of many objects")));
        }
        REDAN_TRY(redan_hdf5_elements(h, path, type, elements, child, size));
    }
    return REDAN_OK;
}

enum redan_status redan_hdf5_chunks(struct redan_hdf5 *h, struct redan_slice path,
                                    const struct redan_hdf5_type *type, unsigned rank,
                                    uint64_t tree)
{
    struct node *nodes = NULL;

    if (tree == REDAN_HDF5_NONE)
        return REDAN_OK; /* nothing was written */
    if (rank == 0 || rank > RANK_MOST || type->size == 0)
        return redan_hdf5_unsupported(h, tree, REDAN_S("objects in HDF5 chunks"));
    REDAN_TRY(push(h, &nodes, tree));
    while (nodes) {
        uint64_t address = nodes->address;

        nodes = nodes->next;
        REDAN_TRY(tree_node(h, path, type, rank, address, &nodes));
    }
    return REDAN_OK;
}
