/* Design checkpoints that have passed without a review. */
#include "base/clock.h"
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.2.1", NULL};
static const struct redan_rule rule = {"TM018", "a design checkpoint has passed",
                                       REDAN_SEVERITY_LOW, maps,
                                       "review the threat and set the next checkpoint"};
static const struct redan_rule *const rules[] = {&rule, NULL};

static enum redan_status run(struct redan_check *check)
{
    const struct redan_threat *threats = check->system->model.threats.items;

    for (size_t i = 0; i < check->system->model.threats.count; i++) {
        const struct redan_threat *t = &threats[i];
        struct redan_slice detail = {0};
        char date[REDAN_TIME_TEXT];
        if (t->review_by == 0 || t->review_by > check->ctx->now)
            continue;
        redan_date_text(t->review_by, date);
        REDAN_TRY(redan_format(check->ctx, &detail, "%.*s was to be reviewed by %s",
                               REDAN_FMT(t->id), date));
        REDAN_TRY(redan_check_raise(check, &rule, REDAN_LEVEL_WARN, t, detail,
                                    redan_slice_of(rule.help)));
    }
    return REDAN_OK;
}

const struct redan_threat_check redan_check_review = {.name = "review", .rules = rules, .run = run};
