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

static enum redan_status run(struct redan_check *check, const struct redan_threat *threat)
{
    enum redan_grade grade = REDAN_GRADE_CLAIMED;
    bool all = false;

    REDAN_TRY(redan_check_prove(check, &rule, threat, &threat->resolution->absent, &all, &grade));
    return all ? redan_check_grade(check, &weak, threat, grade) : REDAN_OK;
}

const struct redan_threat_check redan_check_eliminated = {
    .name = "eliminated", .rules = rules, .each = run, .kind = REDAN_RESOLUTION_ELIMINATED};
