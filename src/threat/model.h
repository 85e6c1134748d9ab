/* The threat model: one YAML file per production ML system. */
#ifndef REDAN_THREAT_MODEL_H
#define REDAN_THREAT_MODEL_H

#include "base/map.h"
#include "record/catalog.h"
#include "record/control.h"
#include "record/org.h"
#include "record/rule.h"

enum redan_resolution_kind {
    REDAN_RESOLUTION_CONTROL,
    REDAN_RESOLUTION_PLANNED,
    REDAN_RESOLUTION_ACCEPTED,
    REDAN_RESOLUTION_ELIMINATED,
};
extern const char *const redan_resolution_words[]; /* "control" ... "eliminated", NULL */

/* What holds until a plan is done. */
struct redan_interim {
    struct redan_texts controls;
    int residual; /* enum redan_severity */
    const struct redan_node *node;
};

/* Exactly one of the four; the fields of the other three are refused. */
struct redan_resolution {
    int kind; /* enum redan_resolution_kind */
    struct redan_texts controls;
    struct redan_slice cycle;
    int residual; /* enum redan_severity; meaningful when `node` has it */
    struct redan_slice owner;
    struct redan_slice ticket;
    int64_t opened;
    int64_t due;
    struct redan_texts redates; /* earlier due dates */
    struct redan_interim *interim;
    struct redan_slice body;
    struct redan_slice reason;
    int64_t expires;
    struct redan_texts conditions; /* controls whose proof the acceptance stands on */
    struct redan_texts relies_on;  /* controls or threats it relies on */
    struct redan_slice change;
    struct redan_texts absent; /* controls that prove the surface is gone */
    const struct redan_node *node;
};

struct redan_threat {
    struct redan_slice id;
    struct redan_slice archetype; /* an id of the catalogue, or empty for the team's own */
    struct redan_slice name;
    int stage;    /* of the team's own; otherwise the archetype's */
    int severity; /* enum redan_severity */
    struct redan_slice story;
    struct redan_texts targets;
    struct redan_texts touches; /* paths of the repository that move it */
    int64_t review_by;          /* next design checkpoint; 0 for none */
    struct redan_resolution *resolution;
    const struct redan_node *node;

    const struct redan_archetype *known; /* the archetype; NULL for the team's own */
    struct redan_digest leaf;
    struct redan_digest acceptance; /* what a governance body signs */
};

/* An archetype that the profile makes mandatory and the team rules out. */
struct redan_exclusion {
    struct redan_slice archetype;
    struct redan_slice reason;
    struct redan_slice by;
    int64_t expires; /* 0 when only the signatures give it an end */
    const struct redan_node *node;

    struct redan_digest subject; /* what the governance body signs */
};

/* A control of the organisation that this system defines anew, and looser. */
struct redan_exception {
    struct redan_slice control;
    struct redan_slice reason;
    struct redan_slice owner;
    int64_t expires;
    const struct redan_node *node;

    struct redan_digest subject; /* what the governance body signs */
};

struct redan_owners {
    struct redan_slice ml_lead;
    struct redan_slice security_lead;
    struct redan_slice product;
};

/* The application threat model that this one extends. */
struct redan_stride {
    struct redan_slice format;
    struct redan_slice file;
    struct redan_texts covers;
    const struct redan_node *node;
};

struct redan_stages {
    const struct redan_node
        *cells[REDAN_STAGE_COUNT]; /* a text, or a map of four texts; NULL when absent */
};

struct redan_threat_model {
    struct redan_slice file;
    struct redan_slice schema;
    struct redan_slice id;
    struct redan_slice name;
    struct redan_texts inherits;
    struct redan_stride *stride;
    struct redan_owners *owners;
    const struct redan_node *profile;
    const struct redan_node *release_node;
    struct redan_stages *stages;
    struct redan_list threats;    /* of redan_threat */
    struct redan_list controls;   /* of redan_control */
    struct redan_list exclusions; /* of redan_exclusion */
    struct redan_list exceptions; /* of redan_exception */
    const struct redan_node *annotations;
    const struct redan_node *root_node;

    struct redan_release release;
    struct redan_digest head;
    struct redan_digest root; /* of everything that is signed */
    struct redan_digest profile_digest;
    struct redan_digest *control_leaves; /* one per control */
    struct redan_map threats_by_id;      /* made by parsing; of two with one id, the first */
    struct redan_map controls_by_id;
};

/* Parse, bind and check the form of a threat model against the catalogue and the organisation; problems are collected, each with
 * file:line:column and the fix. The digests are made when there are none. The status is for what ends the reading: a text that is no
 * YAML is a problem, not a status. `text` must outlive the model. */
REDAN_NODISCARD enum redan_status redan_threat_model_parse(struct redan_problems *problems,
                                                           const struct redan_catalog *catalog,
                                                           const struct redan_org *org,
                                                           struct redan_slice text,
                                                           struct redan_threat_model *model);

/* An earlier threat model, to be compared with: bound and digested (head, leaves, root, profile), without catalogue and organisation;
 * what it may say was judged when it was approved. Acceptance digests are not made. Problems are collected. */
REDAN_NODISCARD enum redan_status redan_threat_model_outline(struct redan_problems *problems,
                                                             struct redan_slice text,
                                                             struct redan_threat_model *model);

/* A control by id: the model's own, or one inherited from the organisation. NULL when there is none. */
const struct redan_control *redan_threat_model_control(const struct redan_threat_model *model,
                                                       const struct redan_org *org,
                                                       struct redan_slice id);
/* A control of the organisation as this system inherits it: its queries are about this release. Problems are collected. */
REDAN_NODISCARD enum redan_status redan_threat_model_inherit(struct redan_problems *problems,
                                                             const struct redan_threat_model *model,
                                                             const struct redan_control *shared,
                                                             struct redan_control *control);
/* Where a system's own control is not tighter than the organisation's of the same id, in whose place it stands. */
struct redan_loosening {
    size_t count;             /* of places; 0 when it is the same or tighter */
    struct redan_slice first; /* what the first is, for people; empty when there is none */
};
REDAN_NODISCARD enum redan_status redan_threat_model_loosened(struct redan_ctx *ctx,
                                                              const struct redan_control *own,
                                                              const struct redan_control *shared,
                                                              struct redan_loosening *loosening);
/* Whether the profile makes an archetype mandatory, at the depth that the organisation asks for. */
bool redan_profile_demands(const struct redan_org *org, const struct redan_node *profile,
                           const struct redan_archetype *archetype);
/* Whether a resolution names this control. */
bool redan_threat_model_uses(const struct redan_threat_model *model, struct redan_slice id);
const struct redan_threat *redan_threat_model_threat(const struct redan_threat_model *model,
                                                     struct redan_slice id);
int redan_threat_stage(const struct redan_threat *threat);

/* How much of the one page is written: of the twenty cells, how many, and in how many an honest "none" stands. */
struct redan_page {
    unsigned written;
    unsigned none;
    unsigned cells;
    bool stage[REDAN_STAGE_COUNT]; /* whether the stage says anything */
};
void redan_threat_model_page(const struct redan_threat_model *model, struct redan_page *page);

#endif
