/* Evidence: who established what about which subject, when; and how a query over it is judged. */
#ifndef REDAN_RECORD_EVIDENCE_H
#define REDAN_RECORD_EVIDENCE_H

#include "attest/chain.h"
#include "attest/keyring.h"
#include "attest/statement.h"
#include "codec/bind.h"
#include "record/compare.h"
#include "record/release.h"

/* What a query can come to. Only PASS and WAIVED (a signed not-applicable) let a release through. */
enum redan_outcome {
    REDAN_OUTCOME_PASS,
    REDAN_OUTCOME_WAIVED,        /* not applicable, signed by the security lead, with an end */
    REDAN_OUTCOME_FAIL,          /* the expectation does not hold, or too few samples to say */
    REDAN_OUTCOME_STALE,         /* older than the query allows */
    REDAN_OUTCOME_MISSING,       /* nothing was recorded */
    REDAN_OUTCOME_GAP,           /* the producer's chain has a hole: a record may be withheld */
    REDAN_OUTCOME_WRONG_SUBJECT, /* about another digest than the one released */
    REDAN_OUTCOME_WRONG_CONTEXT, /* another system, query, environment or mode */
    REDAN_OUTCOME_WRONG_SIGNER,  /* not signed, or not by a key that may say this */
    REDAN_OUTCOME_ERROR,         /* malformed, or from the future */
};

extern const char *const redan_outcome_words[]; /* "pass", "not-applicable", "fail" ..., NULL */
bool redan_outcome_holds(enum redan_outcome outcome);
/* Whether the answer is "cannot tell" rather than "no": exit 3 instead of 1. */
bool redan_outcome_unclear(enum redan_outcome outcome);

enum redan_grade {
    REDAN_GRADE_CLAIMED,  /* E0 */
    REDAN_GRADE_SIGNED,   /* E1 signed statement */
    REDAN_GRADE_VERIFIED, /* E2 artefact verified */
    REDAN_GRADE_MEASURED, /* E3 measured on the released digest */
    REDAN_GRADE_LIVE,     /* E4 live and fresh */
};

extern const char *const redan_grade_words[]; /* "E0" ... "E4", NULL */

enum redan_mode { REDAN_MODE_ENFORCE, REDAN_MODE_OBSERVE };
extern const char *const redan_mode_words[]; /* "enforce", "observe", NULL */

struct redan_evidence_type;
struct redan_store;

/* What stands for a system among the subjects of an organisation's record: the tagged digest "system" of its id. */
REDAN_NODISCARD enum redan_status
redan_system_digest(struct redan_ctx *ctx, struct redan_slice system, struct redan_digest *digest);

/* What a control asks of its evidence. */
struct redan_query {
    struct redan_slice system; /* whose records answer: the system's, or the organisation's */
    struct redan_slice control;
    struct redan_slice id;
    const struct redan_evidence_type *type;
    const struct redan_release_item *subject; /* NULL: the whole release, or what `covers` says */
    struct redan_slice
        covers; /* the system that a proof of the organisation must cover; empty for a proof of the system's own */
    struct redan_digest covered; /* of its id; a subject of such a record (redan_system_digest) */
    struct redan_texts barred;   /* persons whose word does not count here: ids and names */
    const struct redan_node *expect; /* MAP of comparators, or NULL */
    struct redan_slice ledger;       /* "environment/stream", or empty */
    struct redan_slice file; /* where the producer leaves what is to be recorded; a convenience */
    enum redan_mode mode;
    struct redan_slice signer; /* a holder; empty when `role` says who */
    struct redan_slice role;
    int64_t fresh;              /* seconds; 0: no age limit beyond the subject's digest */
    struct redan_digest digest; /* of what is asked; a record names it */
    const struct redan_node *node;
};

/* One record, read from its envelope. */
struct redan_record {
    struct redan_slice file;    /* where it lies */
    struct redan_digest digest; /* SHA-256 of the payload: its name */
    struct redan_statement statement;
    const struct redan_evidence_type *type;
    const struct redan_node *observed;
    struct redan_slice system;
    struct redan_slice control;
    struct redan_slice evidence;
    struct redan_slice ledger;
    enum redan_mode mode;
    struct redan_digest query;
    struct redan_slice producer;
    uint64_t seq;
    struct redan_digest previous;
    int64_t time;
    uint64_t n;
    bool imported;      /* made by another tool; `source_signed` says how sure its origin is */
    bool source_signed; /* the imported file carried a signature that verified */
    struct redan_signer *signers; /* keys whose signature verifies */
    size_t signer_count;
    struct redan_slice fault; /* why it cannot be used at all; empty when it can */
};

/* Read one envelope. Faults of the record are kept in it (fault is not empty), not returned. */
REDAN_NODISCARD enum redan_status
redan_record_read(struct redan_ctx *ctx, const struct redan_keyring *ring, struct redan_slice file,
                  struct redan_slice text, struct redan_record *record);

/* The same for one of many: `tries` false signatures are looked at; a record with more has a fault, for they may hide the true one. */
REDAN_NODISCARD enum redan_status redan_record_read_within(struct redan_ctx *ctx,
                                                           const struct redan_keyring *ring,
                                                           struct redan_slice file,
                                                           struct redan_slice text, size_t tries,
                                                           struct redan_record *record);
/* What two signatures may cost that name no key of the ring. */
size_t redan_record_tries(const struct redan_keyring *ring);

/* Whether the producer that a record names has signed it: a stranger cannot speak for a chain. */
bool redan_record_is_own(const struct redan_record *record);

/* The judgement of one query. */
struct redan_judgement {
    const struct redan_query *query;
    enum redan_outcome outcome;
    enum redan_grade grade;            /* meaningful when it passes */
    const struct redan_record *record; /* the one that was judged, or NULL */
    int64_t until;                     /* when it becomes stale by itself; 0 when it does not */
    struct redan_slice detail;         /* what was found; always said unless it passes */
    struct redan_slice action;         /* what to do next; always said unless it passes */
    bool barred;                       /* wrong-signer, because who signed is barred */
};

REDAN_NODISCARD enum redan_status
redan_evidence_judge(struct redan_ctx *ctx, const struct redan_keyring *ring,
                     const struct redan_store *store, const struct redan_release *release,
                     const struct redan_query *query, struct redan_judgement *judgement);

/* A fact that a type stands on: a field of what was observed. */
struct redan_evidence_fact {
    const char *field;
    const char
        *want; /* its JSON scalar as text, "true", "0"; NULL: any value, but it must be there */
};

/* The words around CONTROL/EVIDENCE in the command that records one. */
struct redan_evidence_how {
    const char *before;  /* "import REPORT --format junit --for " */
    const char *after;   /* "--path PATH " */
    const char *command; /* "scan " where it is another than "evidence "; NULL */
    const char *key;     /* the option of the key that signs the record, where it is not "--key" */
};

/* An evidence type: one file, one line in table.c. It judges recorded statements only; verifying anew is a producer's job. */
struct redan_evidence_type {
    const char *name;      /* "metric" */
    const char *predicate; /* predicate type of its records */
    const char *title;     /* "a measured quantity with its interval" */
    enum redan_grade best; /* the highest grade such a record can reach */
    const char *counts;    /* what `n` counts: "samples", "requests" */
    const struct redan_evidence_how
        *how;           /* NULL: redan evidence add CONTROL/EVIDENCE --observed FILE */
    bool needs_subject; /* a query without a subject of the release proves nothing */
    bool needs_expect;  /* a query without `expect` proves nothing */
    bool needs_fresh;   /* a query without an age limit proves nothing */
    enum redan_compare_rigour rigour;
    const struct redan_evidence_fact *facts; /* ended by a NULL field; may be NULL */
    /* What facts and comparators cannot say; runs before them, may be NULL. Sets a failing outcome and its detail, or leaves PASS.
     * `query` is a copy whose `expect` it may narrow to what is left to compare. */
    enum redan_status (*judge)(struct redan_ctx *ctx, struct redan_query *query,
                               const struct redan_record *record, enum redan_outcome *outcome,
                               struct redan_slice *detail);
};

extern const struct redan_evidence_type *const redan_evidence_types[]; /* NULL-terminated */
const struct redan_evidence_type *redan_evidence_type_named(struct redan_slice name);
const struct redan_evidence_type *redan_evidence_type_of(struct redan_slice predicate);

#endif
