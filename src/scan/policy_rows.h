/* Rows of the tables of names: how a text becomes rows, and how rows lie in memory, which is the same for those that are compiled in. */
#ifndef REDAN_SCAN_POLICY_ROWS_H
#define REDAN_SCAN_POLICY_ROWS_H

#include "record/embedded.h"
#include "scan/policy.h"

enum {
    REDAN_POLICY_OWN = 15,         /* which text: that of the overlay; lower ones are built in */
    REDAN_POLICY_WHERE = 28,       /* bits of a place in a text */
    REDAN_POLICY_BUCKET_BITS = 14, /* of the hash, that lead to the rows that are built in */
};

enum redan_policy_flag {
    REDAN_POLICY_SHAPED = 1,
    REDAN_POLICY_MODULE_ONLY = 2, /* no row of a text: this module or one below it has rows */
    REDAN_POLICY_ALIAS = 4,       /* detail names the module that it is */
};

/* Places in texts instead of pointers: nothing is to be relocated when the program starts. */
struct redan_policy_row {
    uint32_t hash;
    uint32_t module, name, detail; /* which text and where in it */
    uint16_t module_len, name_len, detail_len;
    uint8_t kind, flags;
};

/* Made by the build (tools/policy_pack.c): rows in the order of their hashes, and where those of a bucket begin. */
extern const struct redan_embedded redan_scan_policy_files[];
extern const struct redan_policy_row redan_policy_packed[];
extern const uint16_t redan_policy_starts[];
extern const uint32_t redan_policy_packed_told;

/* Rows that texts gave, in the context's arena. */
struct redan_policy_rows {
    struct redan_ctx *ctx;
    struct redan_policy_row *rows;
    size_t count, cap;
    uint32_t *slots; /* index + 1 */
    size_t slot_count;
    uint64_t seed;
    size_t told;             /* rows that texts gave */
    struct redan_slice text; /* the one being read, or the last that was */
    unsigned number;         /* of that text */
    uint8_t last_kind;       /* most rows have the use of the one before */
    struct redan_slice last_use;
    struct redan_slice hashed; /* the module of the row before, and its hash */
    uint64_t hashed_as;
};

void redan_policy_rows_init(struct redan_policy_rows *rows, struct redan_ctx *ctx, uint64_t seed);
/* Add what a text says, which must outlive the rows. A bad line is REDAN_E_SYNTAX with its number. */
REDAN_NODISCARD enum redan_status redan_policy_rows_read(struct redan_policy_rows *rows,
                                                         unsigned number, struct redan_slice text);
/* The row of exactly this name, or NULL. */
const struct redan_policy_row *redan_policy_rows_find(const struct redan_policy_rows *rows,
                                                      struct redan_slice module,
                                                      struct redan_slice name);

/* The text at a place; `own` is text REDAN_POLICY_OWN. */
static inline struct redan_slice redan_policy_text(struct redan_slice own, uint32_t where,
                                                   size_t len)
{
    uint32_t at = where & (((uint32_t)1 << REDAN_POLICY_WHERE) - 1);
    uint32_t number = where >> REDAN_POLICY_WHERE;
    const char *bytes = number == REDAN_POLICY_OWN ? own.at : redan_scan_policy_files[number].bytes;

    return (struct redan_slice){bytes + at, len};
}

static inline bool redan_policy_row_is(const struct redan_policy_row *row, struct redan_slice own,
                                       struct redan_slice module, struct redan_slice name)
{
    return row->name_len == name.len && row->module_len == module.len &&
           redan_slice_eq(redan_policy_text(own, row->name, row->name_len), name) &&
           redan_slice_eq(redan_policy_text(own, row->module, row->module_len), module);
}

#endif
