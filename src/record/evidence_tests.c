/* Results of a test run, in the in-toto test-result predicate v0.1: the tests named passed, and none failed. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {
    {"passedTests", NULL}, {"failedTests", NULL}, {NULL, NULL}};

static bool lists(const struct redan_node *list, struct redan_slice name)
{
    for (const struct redan_node *n = list->first; n; n = n->next) {
        if (n->kind == REDAN_NODE_TEXT && redan_slice_eq(n->text, name))
            return true;
    }
    return false;
}

/* The names under `expect.passed` were held against the list; the rest is left for the comparators. */
static enum redan_status narrow(struct redan_ctx *ctx, struct redan_query *query)
{
    struct redan_node *rest = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!rest)
        return REDAN_E_MEMORY;
    for (const struct redan_node *want = query->expect->first; want; want = want->next) {
        if (redan_slice_is(want->key, "passed"))
            continue;
        struct redan_node *copy = redan_node_new(ctx, want->kind);
        if (!copy)
            return REDAN_E_MEMORY;
        *copy = *want;
        copy->next = NULL;
        redan_node_add(rest, copy);
    }
    query->expect = rest;
    return REDAN_OK;
}

static enum redan_status judge(struct redan_ctx *ctx, struct redan_query *query,
                               const struct redan_record *record, enum redan_outcome *outcome,
                               struct redan_slice *detail)
{
    const struct redan_node *passed = redan_node_get(record->observed, "passedTests");
    const struct redan_node *failed = redan_node_get(record->observed, "failedTests");

    *outcome = REDAN_OUTCOME_ERROR;
    if (!passed || passed->kind != REDAN_NODE_LIST || !failed || failed->kind != REDAN_NODE_LIST)
        return redan_format(ctx, detail, "the record does not list passedTests and failedTests");
    *outcome = REDAN_OUTCOME_FAIL;
    if (failed->count > 0)
        return redan_format(ctx, detail, "%zu failed, the first is %.*s", failed->count,
                            REDAN_FMT(failed->first->text));
    const struct redan_node *names = redan_node_get(query->expect, "passed");
    const struct redan_node *name = names;
    if (names && names->kind == REDAN_NODE_LIST)
        name = names->first;
    for (; name; name = name == names ? NULL : name->next) { /* one name may stand without a list */
        if (name->kind != REDAN_NODE_TEXT || !lists(passed, name->text))
            return redan_format(ctx, detail, "the test %.*s did not run", REDAN_FMT(name->text));
    }
    *outcome = REDAN_OUTCOME_PASS;
    return narrow(ctx, query);
}

static const struct redan_evidence_how how = {"import REPORT --format junit --for ", "", NULL,
                                              NULL};

const struct redan_evidence_type redan_evidence_tests = {
    .name = "tests",
    .predicate = "https://in-toto.io/attestation/test-result/v0.1",
    .title = "results of a test run",
    .best = REDAN_GRADE_MEASURED,
    .counts = "tests",
    .how = &how,
    .needs_subject = true,
    .needs_expect = true,
    .facts = facts,
    .judge = judge,
};
