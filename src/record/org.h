/* org.yaml: the organisation's policy over all its systems, signed by the root. */
#ifndef REDAN_RECORD_ORG_H
#define REDAN_RECORD_ORG_H

#include "record/catalog.h"
#include "record/control.h"
#include "record/rule.h"

struct redan_appetite {
    int integrity; /* residual severity that needs no decision of the governance body */
    int confidentiality;
    int availability;
};

struct redan_min_grade {
    int critical; /* enum redan_grade */
    int high;
    int medium;
    int low;
};

struct redan_rules {
    struct redan_slice review;
    int64_t planned_max;      /* longest deadline of a plan, seconds */
    uint64_t planned_redates; /* how often it may slip */
    int64_t accepted_max;     /* longest life of an acceptance, seconds */
    int depth;                /* which archetypes are mandatory: enum redan_depth */
    struct redan_min_grade *min_grade;
    struct redan_texts separation;
};

/* A probe or command that makes evidence. It lives here and nowhere else: never in the threat model under review. */
struct redan_probe {
    struct redan_slice id;
    struct redan_slice system;
    struct redan_slice evidence; /* control/evidence */
    struct redan_slice kind;
    struct redan_slice url;
    struct redan_slice preset;
    struct redan_slice body;
    struct redan_texts argv;
    int64_t timeout; /* seconds; 0 for the default */
    const struct redan_node *node;
};

struct redan_org {
    struct redan_slice schema;
    struct redan_slice id;
    uint64_t version; /* only rises */
    const struct redan_node *catalog;
    struct redan_appetite *appetite;
    struct redan_rules *rules;
    const struct redan_node *roles; /* least quorum by role */
    struct redan_texts bodies; /* roles that may carry a risk; [risk-board] when none is named */
    const struct redan_node *floors; /* least severity by archetype: {IN-02: critical} */
    struct redan_list controls;      /* of redan_control */
    struct redan_list probes;        /* of redan_probe */
    struct redan_digest file;        /* SHA-256 of its bytes */
};

/* Parse and check org.yaml; problems are collected. Absent rules take the defaults that the documentation states. */
REDAN_NODISCARD enum redan_status redan_org_parse(struct redan_problems *problems,
                                                  struct redan_slice text, struct redan_org *org);
enum redan_grade redan_org_min_grade(const struct redan_org *org, enum redan_severity severity);
/* The least appetite among the harms named; the least of all when none is. */
enum redan_severity redan_org_appetite(const struct redan_org *org,
                                       const struct redan_texts *harms);
/* The least severity of a threat of this archetype: the organisation's, else the catalogue's. */
enum redan_severity redan_org_floor(const struct redan_org *org,
                                    const struct redan_archetype *archetype);
bool redan_org_is_body(const struct redan_org *org, struct redan_slice role);
/* The least quorum the organisation asks of a role; 1 when it says nothing. */
uint64_t redan_org_quorum(const struct redan_org *org, struct redan_slice role);

#endif
