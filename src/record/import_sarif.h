/* Inside the room: which level a SARIF result has when it does not say so itself. */
#ifndef REDAN_RECORD_IMPORT_SARIF_H
#define REDAN_RECORD_IMPORT_SARIF_H

#include "base/map.h"
#include "record/import_parts.h"

/* In rising order; SARIF 2.1.0 3.27.10. */
enum redan_sarif_level {
    REDAN_SARIF_NONE,
    REDAN_SARIF_NOTE,
    REDAN_SARIF_WARNING,
    REDAN_SARIF_ERROR,
    REDAN_SARIF_LEVELS
};

/* The rules of one tool component, the driver or an extension, with their default levels. */
struct redan_sarif_component {
    enum redan_sarif_level *levels;
    size_t count;
};

struct redan_sarif_rules {
    struct redan_map ids; /* -> enum redan_sarif_level *, the worst of that id */
    struct redan_sarif_component driver;
    struct redan_sarif_component *extensions;
    size_t extension_count;
};

/* The rules of a run, with what its invocations raised; an override that lowers a level is not followed, so that a scan's
 * own settings hide nothing. */
REDAN_NODISCARD enum redan_status redan_sarif_rules_read(struct redan_ctx *ctx,
                                                         const struct redan_node *run,
                                                         struct redan_sarif_rules *rules);
/* The level of a result. REDAN_E_SCHEMA with its place for a word that is no level. */
REDAN_NODISCARD enum redan_status redan_sarif_level_of(struct redan_ctx *ctx,
                                                       const struct redan_sarif_rules *rules,
                                                       const struct redan_node *result,
                                                       enum redan_sarif_level *level);

#endif
