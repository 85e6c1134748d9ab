/* Residual risks that a governance body carries: signed, not expired, and what they stand on still holds. */
#include "base/clock.h"
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.1.2", NULL};
static const struct redan_rule expired = {"TM011", "an acceptance has expired or lasts too long",
                                          REDAN_SEVERITY_HIGH, maps,
                                          "have the governance body decide again"};
static const struct redan_rule consent = {"TM012", "an acceptance is not signed",
                                          REDAN_SEVERITY_HIGH, maps,
                                          "have the governance body sign it"};
static const struct redan_rule lapsed = {
    "TM013", "what an acceptance stands on does not hold", REDAN_SEVERITY_HIGH, maps,
    "mend what it relies on, or have the governance body decide again"};
static const struct redan_rule *const rules[] = {&expired, &consent, &lapsed, NULL};

static enum redan_status check_expiry(struct redan_check *check, const struct redan_threat *threat)
{
    int64_t left = threat->resolution->expires - check->ctx->now;
    char date[REDAN_TIME_TEXT];
    struct redan_slice detail = {0};

    redan_date_text(threat->resolution->expires, date);
    if (left > 0 && left <= check->system->org.rules->accepted_max)
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail,
                           left <= 0 ? "the acceptance expired on %s"
                                     : "the acceptance runs to %s, longer than the rules allow",
                           date));
    return redan_check_raise(check, &expired, REDAN_LEVEL_FAIL, threat, detail,
                             redan_slice_of(expired.help));
}

/* relies-on may name threats as well: their controls must hold. */
static enum redan_status check_relied(struct redan_check *check, const struct redan_threat *threat)
{
    const struct redan_texts *ids = &threat->resolution->relies_on;

    for (size_t i = 0; i < ids->count; i++) {
        const struct redan_threat *other =
            redan_threat_model_threat(&check->system->model, ids->items[i]);
        struct redan_texts one = {&ids->items[i], 1};
        enum redan_grade grade = REDAN_GRADE_CLAIMED;
        bool all = false;
        REDAN_TRY(redan_check_prove(check, &lapsed, threat,
                                    other ? &other->resolution->controls : &one, &all, &grade));
    }
    return REDAN_OK;
}

static enum redan_status run(struct redan_check *check, const struct redan_threat *threat)
{
    enum redan_grade grade = REDAN_GRADE_CLAIMED;
    bool all = false;
    bool accepted = false;

    REDAN_TRY(check_expiry(check, threat));
    REDAN_TRY(redan_check_accepted(check, &consent, threat, threat->resolution->body, "acceptance",
                                   &accepted));
    REDAN_TRY(
        redan_check_prove(check, &lapsed, threat, &threat->resolution->conditions, &all, &grade));
    return check_relied(check, threat);
}

const struct redan_threat_check redan_check_accepted_risk = {
    .name = "accepted", .rules = rules, .each = run, .kind = REDAN_RESOLUTION_ACCEPTED};
