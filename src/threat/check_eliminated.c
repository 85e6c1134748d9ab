/* Surfaces that a design change removed: proved absent, for ever. */
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.1.1", NULL};
static const struct redan_rule rule = {"TM014", "nothing proves that the surface is gone",
                                       REDAN_SEVERITY_HIGH, maps,
                                       "record the evidence that it stays absent"};
static const struct redan_rule weak = {
    "TM015", "the proof of absence is weaker than the severity asks for", REDAN_SEVERITY_HIGH, maps,
    "measure it on the release, and have the record time-stamped"};
static const struct redan_rule *const rules[] = {&rule, &weak, NULL};

static enum redan_status run_one(struct redan_check *check, const struct redan_threat *threat)
{
    enum redan_severity severity = (enum redan_severity)threat->severity;
    enum redan_grade least = redan_org_min_grade(&check->system->org, severity);
    enum redan_grade grade = REDAN_GRADE_CLAIMED;
    struct redan_slice detail = {0};
    bool all = false;

    REDAN_TRY(redan_check_prove(check, &rule, threat, &threat->resolution->absent, &all, &grade));
    if (!all || grade >= least)
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail, "its best proof is %s, a %s threat asks for %s",
                           redan_grade_words[grade], redan_severity_words[severity],
                           redan_grade_words[least]));
    return redan_check_raise(check, &weak, REDAN_LEVEL_FAIL, threat, detail,
                             redan_slice_of(weak.help));
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_threat *threats = check->system->model.threats.items;

    for (size_t i = 0; i < check->system->model.threats.count; i++) {
        if (threats[i].resolution->kind == REDAN_RESOLUTION_ELIMINATED)
            REDAN_TRY(run_one(check, &threats[i]));
    }
    return REDAN_OK;
}

const struct redan_threat_check redan_check_eliminated = {"eliminated", rules, run};
