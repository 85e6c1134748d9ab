/* Reports of other tools as observations: one importer per format, one line in import_table.c. */
#ifndef REDAN_RECORD_IMPORT_H
#define REDAN_RECORD_IMPORT_H

#include "record/evidence.h"

/* What an import yields, ready for a draft. */
struct redan_imported {
    struct redan_node *observed; /* MAP, in the layout of the query's evidence type */
    uint64_t n;
    bool
        signed_by_known; /* the file itself carried a signature of a key in keys.yaml that verifies */
};

struct redan_importer {
    const char *name;  /* "sarif" */
    const char *title; /* "SARIF 2.1.0 report of a scanner" */
    const char *type;  /* evidence type it yields: "scan"; NULL: any type (plain JSON) */
    enum redan_status (*read)(struct redan_ctx *ctx, const struct redan_keyring *ring,
                              const struct redan_query *query, struct redan_slice text,
                              struct redan_imported *imported);
};

extern const struct redan_importer *const redan_importers[]; /* NULL-terminated */
/* The importer named, or NULL. */
const struct redan_importer *redan_importer_named(struct redan_slice name);

/* One JSON object as observed; `n` is its member "n", a whole number, or 1 when it has none. `text` must outlive it. */
REDAN_NODISCARD enum redan_status redan_import_object(struct redan_ctx *ctx,
                                                      struct redan_slice text,
                                                      struct redan_imported *imported);

#endif
