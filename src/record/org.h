/* org.yaml: the organisation's policy over all its systems, signed by the root. */
#ifndef REDAN_RECORD_ORG_H
#define REDAN_RECORD_ORG_H

#include "attest/keyring.h"
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
    struct redan_texts separation; /* duties; see redan_org_separates */
    int64_t review_every;          /* seconds, when `review` is a span; else 0 */
    const struct redan_node *node;
};

/* Duties that are not in one hand. The first two hold whatever the file says; the third unless its list leaves it out. */
enum redan_separation {
    REDAN_SEPARATE_LEADS,    /* ml-lead != security-lead */
    REDAN_SEPARATE_ACCEPTOR, /* acceptor != owner */
    REDAN_SEPARATE_SIGNER, /* evidence-signer != author: a record by a lead of the system does not count */
};
extern const char *const redan_separation_words[];

/* `catalog`: which catalogue the organisation has triaged, and how long a newer one may wait. */
struct redan_org_catalog {
    uint64_t version; /* 0: it does not say */
    int64_t max_age;  /* seconds; 0: no limit */
    int64_t reviewed; /* 0: never */
    const struct redan_node
        *editions; /* the map itself: any other key names a framework, its value the edition */
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
    struct redan_slice model; /* path of a released artefact, from where redan runs */
    struct redan_slice signature;
    struct redan_slice swap;          /* another model, to be put in its place */
    struct redan_slice set;           /* file of requests, signed */
    struct redan_slice by;            /* the holder who signed it */
    struct redan_slice metrics;       /* where a guard says which policy is in force */
    struct redan_texts headers;       /* that say who asks */
    int64_t timeout;                  /* seconds; 0 for the default */
    const struct redan_keyring *ring; /* not in the file: who may have signed what it reads */
    const struct redan_node *node;
};

/* A kind of control that every system in scope must have, proved. */
struct redan_required {
    struct redan_slice catalog; /* id in the catalogue */
    struct redan_slice scope;   /* condition over the profile; empty for every system */
    int64_t from;               /* until then its absence is a warning; 0: it never was */
    const struct redan_node *node;
};

struct redan_org {
    struct redan_slice schema;
    struct redan_slice id;
    uint64_t version; /* only rises */
    const struct redan_node *catalog_node;
    struct redan_org_catalog catalog;
    struct redan_appetite *appetite;
    struct redan_rules *rules;
    const struct redan_node *roles; /* least quorum by role */
    struct redan_texts bodies; /* roles that may carry a risk; [risk-board] when none is named */
    const struct redan_node *floors; /* least severity by archetype: {IN-02: critical} */
    struct redan_list required;      /* of redan_required */
    struct redan_list controls;      /* of redan_control */
    struct redan_list probes;        /* of redan_probe */
    struct redan_digest file;        /* SHA-256 of its bytes */
    const struct redan_node *node;
};

/* The rules of the form that a table of fields cannot say (org_lint.c): part of parsing. */
REDAN_NODISCARD enum redan_status redan_org_lint(struct redan_problems *problems,
                                                 struct redan_org *org);
/* Parse and check org.yaml; problems are collected. Absent rules take the defaults that the documentation states. */
REDAN_NODISCARD enum redan_status redan_org_parse(struct redan_problems *problems,
                                                  struct redan_slice text, struct redan_org *org);
/* What org.yaml names of the catalogue must be there: archetypes of floors, editions of frameworks. Problems are collected. */
void redan_org_lint_catalog(struct redan_problems *problems, const struct redan_org *org,
                            const struct redan_catalog *catalog);
/* A control of the organisation, or NULL. */
const struct redan_control *redan_org_control(const struct redan_org *org, struct redan_slice id);
bool redan_org_separates(const struct redan_org *org, enum redan_separation duty);
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
