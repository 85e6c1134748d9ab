/* Controls of the organisation that a system defines anew: only tighter, unless the governance body has signed an exception. */
#include "base/clock.h"
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PO.1.3", NULL};
static const struct redan_rule rule = {"TM027", "a control of the organisation is looser here",
                                       REDAN_SEVERITY_HIGH, maps,
                                       "tighten it, or have the governance body sign an exception"};
static const struct redan_rule *const rules[] = {&rule, NULL};

static const struct redan_exception *exception_of(const struct redan_threat_model *model,
                                                  struct redan_slice control)
{
    const struct redan_exception *items = model->exceptions.items;

    for (size_t i = 0; i < model->exceptions.count; i++) {
        if (redan_slice_eq(items[i].control, control))
            return &items[i];
    }
    return NULL;
}

static enum redan_status raise_none(struct redan_check *check, const struct redan_control *control,
                                    const struct redan_loosening *loosening)
{
    struct redan_slice detail = {0};
    struct redan_slice action = {0};

    REDAN_TRY(redan_format(check->ctx, &detail,
                           "control %.*s asks for less than the organisation's: %.*s",
                           REDAN_FMT(control->id), REDAN_FMT(loosening->first)));
    REDAN_TRY(redan_format(check->ctx, &action,
                           "tighten it, or add exceptions: [{control: %.*s, reason: WHY, owner: "
                           "PERSON, expires: DATE}]",
                           REDAN_FMT(control->id)));
    return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail, action);
}

static enum redan_status raise_end(struct redan_check *check, const struct redan_exception *e)
{
    struct redan_slice detail = {0};
    char date[REDAN_TIME_TEXT];
    bool ended = e->expires <= check->ctx->now;

    redan_date_text(e->expires, date);
    REDAN_TRY(redan_format(check->ctx, &detail, "the exception for %.*s %s %s%s",
                           REDAN_FMT(e->control), ended ? "ended on" : "runs to", date,
                           ended ? "" : ", longer than the rules allow"));
    return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail,
                             redan_slice_of(rule.help));
}

static enum redan_status run_exception(struct redan_check *check, const struct redan_exception *e)
{
    int64_t most = check->system->org.rules->accepted_max;
    int64_t left = e->expires - check->ctx->now;
    bool sound = left > 0 && left <= most;
    struct redan_signed result = {0};
    struct redan_signing signing = {.rule = &rule,
                                    .kind = REDAN_APPROVAL_EXCEPTION,
                                    .subject = &e->subject,
                                    .option = "--except",
                                    .about = e->control,
                                    .role = redan_check_body(check),
                                    .owner = e->owner,
                                    .cap = most};

    REDAN_TRY(redan_format(check->ctx, &signing.what, "exception for %.*s", REDAN_FMT(e->control)));
    if (!sound)
        REDAN_TRY(raise_end(check, e));
    REDAN_TRY(redan_check_signed(check, &signing, &result));
    bool sooner = result.until != 0 && result.until < e->expires;
    const struct redan_waiver waiver = {.kind = "exception",
                                        .about = e->control,
                                        .owner = e->owner,
                                        .reason = e->reason,
                                        .since = result.enough ? result.since : 0,
                                        .until = sooner ? result.until : e->expires,
                                        .in_force = sound && result.enough};
    return redan_check_waiver(check, &waiver);
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    const struct redan_control *own = s->model.controls.items;

    for (size_t i = 0; i < s->model.controls.count; i++) {
        const struct redan_control *shared = redan_org_control(&s->org, own[i].id);
        struct redan_loosening loosening = {0};
        if (!shared)
            continue;
        REDAN_TRY(redan_threat_model_loosened(check->ctx, &own[i], shared, &loosening));
        const struct redan_exception *e = exception_of(&s->model, own[i].id);
        if (loosening.count > 0)
            REDAN_TRY(e ? run_exception(check, e) : raise_none(check, &own[i], &loosening));
    }
    return REDAN_OK;
}

const struct redan_threat_check redan_check_exception = {
    .name = "exception", .rules = rules, .run = run};
