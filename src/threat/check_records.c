/* Every file among the records and approvals can be read: what cannot may be the one that says no. */
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PS.1.2", NULL};
static const struct redan_rule rule = {
    "TM017", "a record or approval cannot be read", REDAN_SEVERITY_HIGH, maps,
    "restore the file from history, or remove it and record again"};
static const struct redan_rule *const rules[] = {&rule, NULL};

static enum redan_status raise_file(struct redan_check *check, struct redan_slice file,
                                    struct redan_slice fault)
{
    struct redan_slice detail = {0};

    REDAN_TRY(redan_format(check->ctx, &detail, "%.*s: %.*s", REDAN_FMT(file), REDAN_FMT(fault)));
    return redan_check_raise(check, &rule, REDAN_LEVEL_UNCLEAR, NULL, detail,
                             redan_slice_of(rule.help));
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_store *store = &check->system->store;
    const struct redan_approvals *approvals = &check->system->approvals;

    for (size_t i = 0; i < store->count; i++) {
        if (store->records[i].fault.len)
            REDAN_TRY(raise_file(check, store->records[i].file, store->records[i].fault));
    }
    for (size_t i = 0; i < approvals->count; i++) {
        if (approvals->items[i].fault.len)
            REDAN_TRY(raise_file(check, approvals->items[i].file, approvals->items[i].fault));
    }
    return REDAN_OK;
}

const struct redan_threat_check redan_check_records = {
    .name = "records", .rules = rules, .run = run};
