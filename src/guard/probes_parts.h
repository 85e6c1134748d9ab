/* Inside the room: how the rows of a probe set are made. */
#ifndef REDAN_GUARD_PROBES_PARTS_H
#define REDAN_GUARD_PROBES_PARTS_H

#include "guard/probes.h"

enum redan_wrong {
    REDAN_WRONG_TEXT,  /* a text where a number belongs */
    REDAN_WRONG_RANGE, /* far beyond what training data held */
    REDAN_WRONG_PART,  /* a fraction where whole numbers belong */
    REDAN_WRONGS,
};

struct redan_rows_made {
    struct redan_request request; /* good until the next rows are made */
};

struct redan_making {
    struct redan_ctx *ctx;
    const struct redan_policy *policy;
    const struct redan_profile *profile;
    const struct redan_probes_wanted *wanted;
    const struct redan_preset *preset;
    struct redan_slice path;
    struct redan_slice caller_class; /* of the probes' callers; may be empty */
    struct redan_probe_set *set;
    struct redan_texts *notes;
    struct redan_probe_item spill;
    uint64_t callers;
    uint64_t random;
    size_t reference; /* the next one that is taken */
    size_t most_rows;
    double *values;            /* of the rows under the making */
    struct redan_slice *texts; /* likewise; NULL when no column has texts */
    struct redan_slice *names;
    float *encoded; /* one row */
    double *line;   /* the row that a search begins at */
};

REDAN_NODISCARD enum redan_status redan_making_begin(struct redan_making *m);
/* Rows of the data, each as the schema and the profile want them; false when there are none such. */
bool redan_making_honest(struct redan_making *m, size_t rows, struct redan_rows_made *made);
/* A row without a fault whose p-value is at most alpha; false when none is found. */
bool redan_making_strange(struct redan_making *m, double alpha, struct redan_rows_made *made);
/* An honest row with one wrong cell; false where the column cannot be wrong so. */
bool redan_making_wrong(struct redan_making *m, size_t column, enum redan_wrong how,
                        struct redan_rows_made *made);
/* The n-th query of a line search: a row of the data, one column of which is halved towards the end of its range, then the next column. */
bool redan_making_search(struct redan_making *m, size_t n, struct redan_rows_made *made);
/* As the preset spells it, in the arena. */
REDAN_NODISCARD enum redan_status redan_making_body(struct redan_making *m,
                                                    const struct redan_rows_made *rows,
                                                    struct redan_slice *body);

#endif
