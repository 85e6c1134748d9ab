/* Arming: an alpha is only worth what was calibrated for it, and is said together with what it means for the fleet. */
#include "guard/arming.h"

#include <math.h>

#include "guard/stage.h"

enum redan_armed redan_arming(const struct redan_profile *profile, struct redan_slice caller_class,
                              double alpha, const struct redan_caller_bounds **bounds)
{
    const struct redan_caller_bounds *found =
        profile ? redan_profile_bounds(profile, caller_class) : NULL;

    if (bounds)
        *bounds = found;
    if (!found)
        return REDAN_UNCALIBRATED;
    /* 1/(lives + 1) was written and read as decimal digits */
    return alpha > 0 && alpha >= found->least_alpha * (1 - 1e-9) ? REDAN_ARMED : REDAN_TOO_FEW;
}

struct redan_promise redan_promise_of(double alpha, uint64_t callers)
{
    double n = (double)callers;

    return (struct redan_promise){.alpha = alpha,
                                  .callers = callers,
                                  .expected = alpha * n,
                                  .any = alpha < 1 ? -expm1(n * log1p(-alpha)) : 1};
}

enum redan_status redan_promise_text(struct redan_ctx *ctx, const struct redan_promise *promise,
                                     struct redan_slice *text)
{
    return redan_format(
        ctx, text,
        "at most %g per caller's lifetime if each rate stays below its bound m0; of "
        "%llu honest callers at most %.3g are accused on average",
        promise->alpha, (unsigned long long)promise->callers, promise->expected);
}

static const char *name_of(struct redan_slice caller_class)
{
    return caller_class.len ? "class" : "callers of no class";
}

enum redan_status redan_arming_text(struct redan_ctx *ctx, const struct redan_profile *profile,
                                    const struct redan_policy_rule *rule,
                                    struct redan_slice caller_class, struct redan_slice *text)
{
    const struct redan_caller_bounds *bounds = NULL;
    const char *space = caller_class.len ? " " : "";

    switch (redan_arming(profile, caller_class, rule->alpha, &bounds)) {
    case REDAN_UNCALIBRATED:
        return redan_format(ctx, text,
                            "rule %.*s is not armed for %s%s%.*s: no calibration; run the guard in "
                            "observe mode and give its events to redan guard learn --history",
                            REDAN_FMT(rule->id), name_of(caller_class), space,
                            REDAN_FMT(caller_class));
    case REDAN_TOO_FEW:
        return redan_format(
            ctx, text,
            "rule %.*s is not armed for %s%s%.*s: alpha %g asks for %.0f calibrated "
            "callers, and there are %llu, good for an alpha of %.2g or more",
            REDAN_FMT(rule->id), name_of(caller_class), space, REDAN_FMT(caller_class), rule->alpha,
            rule->alpha > 0 ? ceil(1 / rule->alpha - 1 - 1e-6) : (double)INFINITY,
            (unsigned long long)bounds->lives, bounds->least_alpha);
    case REDAN_ARMED:
    default:
        return redan_format(ctx, text,
                            "rule %.*s accuses %s%s%.*s: at most %g per caller's lifetime if each "
                            "rate stays below its bound m0 (calibrated on %llu callers)",
                            REDAN_FMT(rule->id), name_of(caller_class), space,
                            REDAN_FMT(caller_class), rule->alpha,
                            (unsigned long long)bounds->lives);
    }
}

static enum redan_status check_one(struct redan_problems *problems, bool enforce,
                                   const struct redan_profile *profile,
                                   const struct redan_policy_rule *rule,
                                   struct redan_slice caller_class,
                                   struct redan_arming_notes *notes)
{
    struct redan_slice *text = &notes->items[notes->count];
    enum redan_armed armed = redan_arming(profile, caller_class, rule->alpha, NULL);

    notes->unarmed[notes->count++] = armed != REDAN_ARMED;
    REDAN_TRY(redan_arming_text(problems->ctx, profile, rule, caller_class, text));
    notes->armed += armed == REDAN_ARMED;
    if (armed == REDAN_TOO_FEW && enforce)
        redan_problem_add(problems, NULL,
                          "raise alpha, or calibrate on more history: redan guard learn --history",
                          "%.*s", REDAN_FMT(*text));
    return REDAN_OK;
}

enum redan_status redan_arming_check(struct redan_problems *problems,
                                     const struct redan_policy *policy,
                                     const struct redan_profile *profile,
                                     struct redan_arming_notes *notes)
{
    size_t most = policy->rule_count * (policy->class_count + 1) + 1;

    *notes = (struct redan_arming_notes){
        .items = redan_take_array(problems->ctx, most, sizeof(*notes->items)),
        .unarmed = redan_take_array(problems->ctx, most, sizeof(*notes->unarmed))};
    if (!notes->items || !notes->unarmed)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct redan_policy_rule *rule = &policy->rules[i];
        if (rule->stage != &redan_stage_caller)
            continue;
        if (rule->caller_class.len) {
            REDAN_TRY(
                check_one(problems, policy->enforce, profile, rule, rule->caller_class, notes));
            continue;
        }
        for (size_t c = 0; c < policy->class_count; c++)
            REDAN_TRY(
                check_one(problems, policy->enforce, profile, rule, policy->classes[c].id, notes));
        REDAN_TRY(
            check_one(problems, policy->enforce, profile, rule, (struct redan_slice){0}, notes));
    }
    return REDAN_OK;
}
