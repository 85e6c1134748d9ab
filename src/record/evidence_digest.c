/* The subject was hashed anew and still has the digest that was released. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {{"digest", NULL}, {NULL, NULL}};

static enum redan_status judge(struct redan_ctx *ctx, struct redan_query *query,
                               const struct redan_record *record, enum redan_outcome *outcome,
                               struct redan_slice *detail)
{
    struct redan_digest seen;

    if (!redan_digest_parse(redan_node_text(record->observed, "digest"), &seen)) {
        *outcome = REDAN_OUTCOME_ERROR;
        return redan_format(ctx, detail, "the record does not say \"digest\" as sha256:HEX");
    }
    if (!redan_digest_eq(&seen, &query->subject->digest)) {
        *outcome = REDAN_OUTCOME_FAIL;
        return redan_format(ctx, detail, "the digest seen is not that of release.%.*s",
                            REDAN_FMT(query->subject->name));
    }
    return REDAN_OK;
}

static const struct redan_evidence_how how = {"add ", "--path PATH ", NULL, NULL};

const struct redan_evidence_type redan_evidence_digest = {
    .name = "digest",
    .predicate = "https://redan.dev/evidence/digest/v1",
    .title = "the subject hashed anew",
    .best = REDAN_GRADE_VERIFIED,
    .counts = "files hashed",
    .how = &how,
    .needs_subject = true,
    .facts = facts,
    .judge = judge,
};
