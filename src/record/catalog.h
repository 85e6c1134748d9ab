/* The catalogue: threat archetypes, controls and framework entries. Data only; a new entry needs no C. */
#ifndef REDAN_RECORD_CATALOG_H
#define REDAN_RECORD_CATALOG_H

#include "codec/bind.h"
#include "crypto/digest.h"
#include "record/evidence.h"

enum { REDAN_STAGE_COUNT = 5 };
extern const char
    *const redan_stage_words[]; /* "data" "training" "storage" "inference" "evolution", NULL */
extern const char
    *const redan_harm_words[]; /* "integrity" "confidentiality" "availability", NULL */

/* How far a first threat model must go: the one page, the core, everything. */
enum redan_depth { REDAN_DEPTH_PAGE, REDAN_DEPTH_CORE, REDAN_DEPTH_FULL };
extern const char *const redan_depth_words[];

struct redan_archetype {
    struct redan_slice id;
    int stage;
    struct redan_slice name;
    struct redan_slice scenario;
    int depth;
    int floor; /* enum redan_severity: a lower severity needs the governance body */
    struct redan_texts harms;
    struct redan_texts applies; /* any of these; each a flag, or several joined by " & " */
    struct redan_texts maps;    /* "edition/entry" */
    struct redan_texts controls;
    const struct redan_node *node;
};

struct redan_catalog_control {
    struct redan_slice id;
    struct redan_slice name;
    int stage;
    int best; /* enum redan_grade */
    struct redan_texts maps;
    const struct redan_node *node;
};

struct redan_framework {
    struct redan_slice id; /* "atlas:2026.09" */
    struct redan_slice title;
    struct redan_texts entries;
    const struct redan_node *node;
};

struct redan_catalog {
    struct redan_list archetypes; /* of redan_archetype */
    struct redan_list controls;   /* of redan_catalog_control */
    struct redan_list frameworks; /* of redan_framework */
    struct redan_digest digest;   /* of all its files */
    uint64_t version;             /* only rises */
};

/* The catalogue that is compiled in. */
REDAN_NODISCARD enum redan_status redan_catalog_load(struct redan_ctx *ctx,
                                                     struct redan_catalog *catalog);
const struct redan_archetype *redan_catalog_archetype(const struct redan_catalog *catalog,
                                                      struct redan_slice id);
const struct redan_catalog_control *redan_catalog_control(const struct redan_catalog *catalog,
                                                          struct redan_slice id);
/* Whether "edition/entry" is in a framework of the catalogue. */
bool redan_catalog_knows(const struct redan_catalog *catalog, struct redan_slice reference);

/* Whether a profile (a MAP of truths, with the list `kind`) meets one of the conditions. "always" is always met. */
bool redan_profile_meets(const struct redan_node *profile, const struct redan_texts *conditions);

#endif
