/* Inside the room: what the importers share. */
#ifndef REDAN_RECORD_IMPORT_PARTS_H
#define REDAN_RECORD_IMPORT_PARTS_H

#include "record/import.h"

extern const struct redan_importer redan_importer_intoto;
extern const struct redan_importer redan_importer_json;
extern const struct redan_importer redan_importer_junit;
extern const struct redan_importer redan_importer_sarif;

/* REDAN_E_USAGE when a report of this importer cannot answer the query. */
REDAN_NODISCARD enum redan_status redan_import_fits(struct redan_ctx *ctx,
                                                    const struct redan_importer *importer,
                                                    const struct redan_query *query);
/* The child of a JSON map, which must be of `kind`; NULL when it is absent or null. REDAN_E_SCHEMA with its place when it
 * is something else. */
REDAN_NODISCARD enum redan_status redan_import_child(struct redan_ctx *ctx,
                                                     const struct redan_node *map, const char *key,
                                                     enum redan_node_kind kind,
                                                     const struct redan_node **child);
/* `node` must be of `kind`; REDAN_E_SCHEMA with its place when it is not. */
REDAN_NODISCARD enum redan_status redan_import_kind(struct redan_ctx *ctx,
                                                    const struct redan_node *node, const char *what,
                                                    enum redan_node_kind kind);

#endif
