/* Planned work: not overdue, and what holds until then is proved and, for grave threats, signed. */
#include "base/clock.h"
#include "threat/check_table.h"

enum { DAY = 86400, SOON = 14 * DAY };

static const char *const maps[] = {"sp-800-218a:2024/PW.1.2", NULL};
static const struct redan_rule overdue = {"TM007", "planned work is overdue, or not yet begun",
                                          REDAN_SEVERITY_HIGH, maps,
                                          "do it, or have the governance body accept the risk"};
static const struct redan_rule interim = {"TM008", "what holds until the plan is done has no proof",
                                          REDAN_SEVERITY_HIGH, maps, "record the evidence"};
static const struct redan_rule consent = {
    "TM009", "the interim risk of a grave threat is not signed", REDAN_SEVERITY_HIGH, maps,
    "have the governance body sign the interim"};
static const struct redan_rule soon = {"TM010", "a deadline is near", REDAN_SEVERITY_LOW, maps,
                                       "finish the work, or re-date it while that is allowed"};
static const struct redan_rule *const rules[] = {&overdue, &interim, &consent, &soon, NULL};

static enum redan_status check_due(struct redan_check *check, const struct redan_threat *threat)
{
    const struct redan_resolution *r = threat->resolution;
    int64_t left = r->due - check->ctx->now;
    char date[REDAN_TIME_TEXT];
    char span[REDAN_TIME_TEXT];
    struct redan_slice detail = {0};

    /* else its term would never begin; a day more, for those east of Greenwich */
    if (r->opened > check->ctx->now + DAY) {
        redan_date_text(r->opened, date);
        REDAN_TRY(redan_format(check->ctx, &detail, "%.*s is opened on %s, which is still to come",
                               REDAN_FMT(threat->id), date));
        return redan_check_raise(check, &overdue, REDAN_LEVEL_FAIL, threat, detail,
                                 REDAN_S("write the day on which the plan was made"));
    }
    if (left > SOON)
        return REDAN_OK;
    redan_date_text(r->due, date);
    redan_span_text(left, span);
    if (left <= 0) {
        REDAN_TRY(redan_format(check->ctx, &detail, "%.*s was due %s (%.*s, %.*s)",
                               REDAN_FMT(threat->id), date, REDAN_FMT(r->ticket),
                               REDAN_FMT(r->owner)));
        return redan_check_raise(check, &overdue, REDAN_LEVEL_FAIL, threat, detail,
                                 redan_slice_of(overdue.help));
    }
    REDAN_TRY(redan_format(check->ctx, &detail, "%.*s is due %s, in %s (%.*s, %.*s)",
                           REDAN_FMT(threat->id), date, span, REDAN_FMT(r->ticket),
                           REDAN_FMT(r->owner)));
    return redan_check_raise(check, &soon, REDAN_LEVEL_WARN, threat, detail,
                             redan_slice_of(soon.help));
}

/* What the plan itself says of its age is its author's word; what was approved is not. */
static enum redan_status check_clock(struct redan_check *check, const struct redan_threat *threat)
{
    const struct redan_system *s = check->system;
    const struct redan_rules *limits = s->org.rules;
    const struct redan_resolution *r = threat->resolution;
    struct redan_slice detail = {0};
    char date[REDAN_TIME_TEXT];
    char span[REDAN_TIME_TEXT];
    int64_t began = 0;
    uint64_t redates = 0;

    redan_history_plan(&s->history, &s->model, threat, &began, &redates);
    if (r->due - began > limits->planned_max) {
        redan_date_text(began, date);
        redan_span_text(limits->planned_max, span);
        REDAN_TRY(redan_format(check->ctx, &detail,
                               "%.*s has been planned since %s, and is due more than %s later",
                               REDAN_FMT(threat->id), date, span));
        REDAN_TRY(redan_check_raise(check, &overdue, REDAN_LEVEL_FAIL, threat, detail,
                                    redan_slice_of(overdue.help)));
    }
    if (redates <= limits->planned_redates)
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail,
                           "%.*s was re-dated %llu times, at most %llu are allowed",
                           REDAN_FMT(threat->id), (unsigned long long)redates,
                           (unsigned long long)limits->planned_redates));
    return redan_check_raise(check, &overdue, REDAN_LEVEL_FAIL, threat, detail,
                             redan_slice_of(overdue.help));
}

static enum redan_status run(struct redan_check *check, const struct redan_threat *threat)
{
    enum redan_grade grade = REDAN_GRADE_CLAIMED;
    bool all = false;
    bool accepted = false;

    REDAN_TRY(check_due(check, threat));
    REDAN_TRY(check_clock(check, threat));
    REDAN_TRY(redan_check_prove(check, &interim, threat, &threat->resolution->interim->controls,
                                &all, &grade));
    if (threat->severity < REDAN_SEVERITY_HIGH &&
        threat->resolution->interim->residual < REDAN_SEVERITY_HIGH)
        return REDAN_OK;
    return redan_check_accepted(check, &consent, threat, redan_check_body(check), "interim risk",
                                &accepted);
}

const struct redan_threat_check redan_check_planned = {
    .name = "planned", .rules = rules, .each = run, .kind = REDAN_RESOLUTION_PLANNED};
