/* Inside format: what the parts of the HDF5 reader share (HDF5 File Format Specification, versions 1.0 to 4.0). */
#ifndef REDAN_FORMAT_HDF5_H
#define REDAN_FORMAT_HDF5_H

#include "base/map.h"
#include "format/fact.h"

#define REDAN_HDF5_NONE UINT64_MAX /* an address that leads nowhere */

/* An object that waits to be looked at. */
struct redan_hdf5_object {
    struct redan_hdf5_object *next;
    uint64_t address; /* of its header, relative to the base */
    struct redan_slice path;
};

struct redan_hdf5 {
    struct redan_ctx *ctx;
    const struct redan_listener *to;
    struct redan_source *source;
    uint64_t size; /* of the source */
    uint64_t base; /* addresses count from here */
    uint64_t root;
    uint64_t end;       /* of the file as the superblock says, relative to the base */
    uint64_t extension; /* header of the superblock's own object */
    uint64_t driver;
    unsigned offsets; /* bytes of an address: 2, 4 or 8 */
    unsigned lengths; /* bytes of a size */
    size_t objects;   /* seen so far */
    uint64_t steps;   /* nodes, blocks and messages that may still be read */
    uint64_t
        texts; /* bytes of names and values that may still be read: many may lead to the same place */
    struct redan_map seen;
    struct redan_hdf5_object *waiting;
    bool shared_told, truncated;
    bool objects_here; /* the object being read says that its elements are Python objects */
};

/* A place in the file as a cursor; `address` and `size` are hostile. Reads past the file's end fail. */
void redan_hdf5_at(struct redan_hdf5 *h, struct redan_source_reader *in, uint64_t address,
                   uint64_t size);
uint64_t redan_hdf5_uint(struct redan_source_reader *in, unsigned bytes);
uint64_t redan_hdf5_address(struct redan_hdf5 *h, struct redan_source_reader *in); /* or NONE */
uint64_t redan_hdf5_length(struct redan_hdf5 *h, struct redan_source_reader *in);
/* The four letters that begin a structure, and its version. */
bool redan_hdf5_signed(struct redan_source_reader *in, const char *signature);
/* Spend a step; REDAN_E_LIMIT when there are none left. */
REDAN_NODISCARD enum redan_status redan_hdf5_step(struct redan_hdf5 *h);
/* Spend bytes of names and values; REDAN_E_LIMIT when more were asked for than a file that says each thing once can hold. */
REDAN_NODISCARD enum redan_status redan_hdf5_spend(struct redan_hdf5 *h, uint64_t bytes);
/* Note a place; `again` when it was there before. */
REDAN_NODISCARD enum redan_status redan_hdf5_visit(struct redan_hdf5 *h, uint64_t address,
                                                   bool *again);
REDAN_NODISCARD enum redan_status redan_hdf5_defect(struct redan_hdf5 *h, const char *what,
                                                    uint64_t address, struct redan_slice detail);
REDAN_NODISCARD enum redan_status redan_hdf5_unsupported(struct redan_hdf5 *h, uint64_t address,
                                                         struct redan_slice what);
/* What a structure that cannot be read means: cut off, or damaged. The source's own failures are passed up. */
REDAN_NODISCARD enum redan_status redan_hdf5_broken(struct redan_hdf5 *h,
                                                    const struct redan_source_reader *in,
                                                    uint64_t address, const char *what);
/* Have the object below `parent` looked at, once. */
REDAN_NODISCARD enum redan_status redan_hdf5_wait(struct redan_hdf5 *h, struct redan_slice parent,
                                                  struct redan_slice name, uint64_t address);
REDAN_NODISCARD enum redan_status redan_hdf5_link(struct redan_hdf5 *h, const char *what,
                                                  uint64_t offset, struct redan_slice owner,
                                                  struct redan_slice target);

/* hdf5_object.c */
REDAN_NODISCARD enum redan_status redan_hdf5_read_object(struct redan_hdf5 *h,
                                                         const struct redan_hdf5_object *object);

/* hdf5_group.c: links */
REDAN_NODISCARD enum redan_status redan_hdf5_symbols(struct redan_hdf5 *h, struct redan_slice path,
                                                     uint64_t tree, uint64_t heap);
REDAN_NODISCARD enum redan_status redan_hdf5_link_message(struct redan_hdf5 *h,
                                                          struct redan_slice path, uint64_t offset,
                                                          uint64_t size);
/* The text at `at` in a local heap, into the arena; empty when it is not there. */
REDAN_NODISCARD enum redan_status redan_hdf5_heap_text(struct redan_hdf5 *h, uint64_t heap,
                                                       uint64_t at, struct redan_slice *text);

/* hdf5_heap.c: fractal heaps by way of the second kind of B-tree, and global heaps */
/* Every object of `heap` that the records of `tree` name: links when `kind` is 5, attributes when it is 8. */
REDAN_NODISCARD enum redan_status redan_hdf5_dense(struct redan_hdf5 *h, struct redan_slice path,
                                                   uint64_t heap, uint64_t tree, unsigned kind);
/* Where object `index` of a global heap lies, relative to the base; false when it is not there. */
REDAN_NODISCARD enum redan_status redan_hdf5_global(struct redan_hdf5 *h, uint64_t heap,
                                                    uint32_t index, uint64_t *offset,
                                                    uint64_t *size, bool *found);

/* hdf5_chunk.c */
struct redan_hdf5_type;
/* Every element of a chunked data set, by the B-tree of its chunks. */
REDAN_NODISCARD enum redan_status redan_hdf5_chunks(struct redan_hdf5 *h, struct redan_slice path,
                                                    const struct redan_hdf5_type *type,
                                                    unsigned rank, uint64_t tree);

/* hdf5_value.c: types, shapes, attributes, small texts */
struct redan_hdf5_type {
    bool known, text, variable; /* variable: a length and a place in a global heap */
    bool bytes;                 /* variable, of single bytes: what PyTables keeps objects in */
    uint64_t size;              /* of one element as stored */
};
REDAN_NODISCARD enum redan_status redan_hdf5_type_read(struct redan_hdf5 *h,
                                                       struct redan_source_reader *in,
                                                       uint8_t shared,
                                                       struct redan_hdf5_type *type);
/* The number of elements; false when the product overflows or the message is not understood. */
bool redan_hdf5_space_read(struct redan_hdf5 *h, struct redan_source_reader *in, uint64_t *count);
REDAN_NODISCARD enum redan_status
redan_hdf5_attribute(struct redan_hdf5 *h, struct redan_slice path, uint64_t offset, uint64_t size);
/* Elements of a text type that lie at `offset`: told one by one while they are few. */
REDAN_NODISCARD enum redan_status redan_hdf5_values(struct redan_hdf5 *h, struct redan_slice path,
                                                    struct redan_slice name,
                                                    const struct redan_hdf5_type *type,
                                                    uint64_t count, uint64_t offset, uint64_t size);
/* The same, all of them. */
REDAN_NODISCARD enum redan_status redan_hdf5_elements(struct redan_hdf5 *h, struct redan_slice path,
                                                      const struct redan_hdf5_type *type,
                                                      uint64_t count, uint64_t offset,
                                                      uint64_t size);

#endif
