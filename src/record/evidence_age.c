/* Something that people do (a review, a drill, a rotation) was last done at a time. */
#include "base/clock.h"
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {{"last", NULL}, {NULL, NULL}};

static enum redan_status judge(struct redan_ctx *ctx, struct redan_query *query,
                               const struct redan_record *record, enum redan_outcome *outcome,
                               struct redan_slice *detail)
{
    int64_t last = 0;

    (void)query;
    if (redan_time_parse(redan_node_text(record->observed, "last"), &last))
        return REDAN_OK;
    *outcome = REDAN_OUTCOME_ERROR;
    return redan_format(ctx, detail, "the record does not say \"last\" as a date");
}

const struct redan_evidence_type redan_evidence_age = {
    .name = "age",
    .predicate = "https://redan.dev/evidence/age/v1",
    .title = "when something was last done",
    .best = REDAN_GRADE_SIGNED,
    .counts = "occasions",
    .needs_expect = true,
    .facts = facts,
    .judge = judge,
};
