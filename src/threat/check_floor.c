/* Severities: below the floor of its archetype, a threat is only with the governance body's signature. */
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.1.1", NULL};
static const struct redan_rule rule = {"TM024", "a severity is below the floor of its archetype",
                                       REDAN_SEVERITY_HIGH, maps,
                                       "raise the severity, or have the governance body sign it"};
static const struct redan_rule *const rules[] = {&rule, NULL};

static enum redan_status run_one(struct redan_check *check, const struct redan_threat *t)
{
    enum redan_severity floor = redan_org_floor(&check->system->org, t->known);
    struct redan_signed result = {0};
    struct redan_waiver waiver = {.kind = "lowered", .about = t->id};
    struct redan_slice what = {0};

    if (t->severity >= (int)floor)
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &what, "severity %s, under the floor %s of %.*s",
                           redan_severity_words[t->severity], redan_severity_words[floor],
                           REDAN_FMT(t->archetype)));
    REDAN_TRY(redan_check_signed_threat(check, &rule, t, redan_check_body(check), what, &result));
    REDAN_TRY(redan_format(check->ctx, &waiver.reason, "%s instead of %s",
                           redan_severity_words[t->severity], redan_severity_words[floor]));
    waiver.owner = redan_check_body(check);
    waiver.since = result.enough ? result.since : 0;
    waiver.until = result.until;
    waiver.in_force = result.enough;
    return redan_check_waiver(check, &waiver);
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_threat *threats = check->system->model.threats.items;

    for (size_t i = 0; i < check->system->model.threats.count; i++) {
        if (threats[i].known)
            REDAN_TRY(run_one(check, &threats[i]));
    }
    return REDAN_OK;
}

const struct redan_threat_check redan_check_floor = {.name = "floor", .rules = rules, .run = run};
