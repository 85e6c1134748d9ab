/* Threats answered by controls built now: proved, at the grade the severity asks for, and with a residual the organisation carries. */
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.1.2", NULL};
static const struct redan_rule unproved = {"TM004", "a control has no proof", REDAN_SEVERITY_HIGH,
                                           maps, "record the evidence, or plan the control"};
static const struct redan_rule weak = {
    "TM005", "the proof is weaker than the severity asks for", REDAN_SEVERITY_HIGH, maps,
    "measure it on the release, and have the record time-stamped"};
static const struct redan_rule residual = {
    "TM006", "the residual risk exceeds the appetite and is not accepted", REDAN_SEVERITY_HIGH,
    maps, "have the governance body accept it, or lower it"};
static const struct redan_rule *const rules[] = {&unproved, &weak, &residual, NULL};

static enum redan_status run(struct redan_check *check, const struct redan_threat *threat)
{
    static const struct redan_texts none = {0};
    const struct redan_resolution *r = threat->resolution;
    const struct redan_org *org = &check->system->org;
    enum redan_grade grade = REDAN_GRADE_CLAIMED;
    bool all = false;
    bool accepted = false;

    if (redan_org_min_grade(org, (enum redan_severity)threat->severity) > REDAN_GRADE_CLAIMED) {
        REDAN_TRY(redan_check_prove_or_waive(check, &unproved, threat, &r->controls, &all, &grade));
        if (all)
            REDAN_TRY(redan_check_grade(check, &weak, threat, grade));
    }
    enum redan_severity appetite =
        redan_org_appetite(org, threat->known ? &threat->known->harms : &none);
    if (r->residual <= (int)appetite)
        return REDAN_OK;
    return redan_check_accepted(check, &residual, threat, redan_check_body(check),
                                "residual over the appetite", &accepted);
}

const struct redan_threat_check redan_check_control_built = {
    .name = "control", .rules = rules, .each = run, .kind = REDAN_RESOLUTION_CONTROL};
