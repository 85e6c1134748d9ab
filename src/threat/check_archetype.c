/* Every threat that the profile makes mandatory is there, or ruled out with a reason. */
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.1.1", NULL};
static const struct redan_rule rule = {
    "TM016", "a threat that the profile makes mandatory is not there", REDAN_SEVERITY_HIGH, maps,
    "add the threat, or exclude the archetype with a reason"};
static const struct redan_rule *const rules[] = {&rule, NULL};

static bool covered(const struct redan_threat_model *model, struct redan_slice archetype)
{
    const struct redan_threat *threats = model->threats.items;
    const struct redan_exclusion *exclusions = model->exclusions.items;

    for (size_t i = 0; i < model->threats.count; i++) {
        if (redan_slice_eq(threats[i].archetype, archetype))
            return true;
    }
    for (size_t i = 0; i < model->exclusions.count; i++) {
        if (redan_slice_eq(exclusions[i].archetype, archetype))
            return true;
    }
    return false;
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    const struct redan_archetype *items = s->catalog->archetypes.items;

    for (size_t i = 0; i < s->catalog->archetypes.count; i++) {
        const struct redan_archetype *a = &items[i];
        struct redan_slice detail = {0};
        struct redan_slice action = {0};
        if (!redan_profile_demands(&s->org, s->model.profile, a) || covered(&s->model, a->id))
            continue;
        REDAN_TRY(redan_format(check->ctx, &detail, "%.*s %.*s (%s) is not answered",
                               REDAN_FMT(a->id), REDAN_FMT(a->name), redan_stage_words[a->stage]));
        REDAN_TRY(redan_format(check->ctx, &action,
                               "add a threat with archetype: %.*s, or exclude it with a reason "
                               "that the governance body signs",
                               REDAN_FMT(a->id)));
        REDAN_TRY(redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail, action));
    }
    return REDAN_OK;
}

const struct redan_threat_check redan_check_archetype = {
    .name = "archetype", .rules = rules, .run = run};
