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

static enum redan_status prove(struct redan_check *check, const struct redan_threat *threat,
                               const struct redan_texts *controls)
{
    enum redan_grade grade = REDAN_GRADE_CLAIMED;
    bool all = false;

    return redan_check_prove(check, &lapsed, threat, controls, &all, &grade);
}

/* relies-on may name threats as well: what answers them must be proved, and a plan is no answer yet. */
static enum redan_status check_relied(struct redan_check *check, const struct redan_threat *threat)
{
    const struct redan_texts *ids = &threat->resolution->relies_on;

    for (size_t i = 0; i < ids->count; i++) {
        const struct redan_threat *other =
            redan_threat_model_threat(&check->system->model, ids->items[i]);
        struct redan_texts one = {&ids->items[i], 1};
        REDAN_TRY(prove(check, threat, other ? &other->resolution->controls : &one));
        if (!other)
            continue;
        REDAN_TRY(prove(check, threat, &other->resolution->absent));
        REDAN_TRY(prove(check, threat, &other->resolution->conditions));
        if (other->resolution->interim)
            REDAN_TRY(prove(check, threat, &other->resolution->interim->controls));
    }
    return REDAN_OK;
}

static enum redan_status add_waiver(struct redan_check *check, const struct redan_threat *threat,
                                    const struct redan_signed *result)
{
    const struct redan_resolution *r = threat->resolution;
    bool sooner = result->until != 0 && result->until < r->expires;
    const struct redan_waiver waiver = {.kind = "accepted",
                                        .about = threat->id,
                                        .owner = r->body,
                                        .reason = r->reason,
                                        .since = result->enough ? result->since : 0,
                                        .until = sooner ? result->until : r->expires,
                                        .in_force = result->enough && r->expires > check->ctx->now};

    return redan_check_waiver(check, &waiver);
}

static enum redan_status run(struct redan_check *check, const struct redan_threat *threat)
{
    struct redan_signed result = {0};

    REDAN_TRY(check_expiry(check, threat));
    REDAN_TRY(redan_check_signed_threat(check, &consent, threat, threat->resolution->body,
                                        REDAN_S("acceptance"), &result));
    REDAN_TRY(add_waiver(check, threat, &result));
    REDAN_TRY(prove(check, threat, &threat->resolution->conditions));
    return check_relied(check, threat);
}

const struct redan_threat_check redan_check_accepted_risk = {
    .name = "accepted", .rules = rules, .each = run, .kind = REDAN_RESOLUTION_ACCEPTED};
