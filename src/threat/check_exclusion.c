/* Archetypes that the profile makes mandatory and the team rules out: signed by the governance body, and with an end. */
#include "base/clock.h"
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.1.1", NULL};
static const struct redan_rule rule = {
    "TM025", "an exclusion is not signed, or has ended", REDAN_SEVERITY_HIGH, maps,
    "answer the threat, or have the governance body sign the exclusion"};
static const struct redan_rule *const rules[] = {&rule, NULL};

static enum redan_status raise_end(struct redan_check *check, const struct redan_exclusion *e)
{
    struct redan_slice detail = {0};
    char date[REDAN_TIME_TEXT];
    bool ended = e->expires <= check->ctx->now;

    redan_date_text(e->expires, date);
    REDAN_TRY(redan_format(check->ctx, &detail, "the exclusion of %.*s %s %s%s",
                           REDAN_FMT(e->archetype), ended ? "ended on" : "runs to", date,
                           ended ? "" : ", longer than the rules allow"));
    return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail,
                             redan_slice_of(rule.help));
}

static enum redan_status run_one(struct redan_check *check, const struct redan_exclusion *e)
{
    int64_t most = check->system->org.rules->accepted_max;
    const struct redan_node *end = redan_node_get(e->node, "expires");
    bool sound = !end || (e->expires > check->ctx->now && e->expires - check->ctx->now <= most);
    struct redan_signed result = {0};
    struct redan_signing signing = {.rule = &rule,
                                    .kind = REDAN_APPROVAL_EXCLUSION,
                                    .subject = &e->subject,
                                    .option = "--exclude",
                                    .about = e->archetype,
                                    .role = redan_check_body(check),
                                    .owner = e->by,
                                    .cap = most};

    REDAN_TRY(
        redan_format(check->ctx, &signing.what, "exclusion of %.*s", REDAN_FMT(e->archetype)));
    if (!sound)
        REDAN_TRY(raise_end(check, e));
    REDAN_TRY(redan_check_signed(check, &signing, &result));
    struct redan_waiver waiver = {.kind = "excluded",
                                  .about = e->archetype,
                                  .owner = e->by,
                                  .reason = e->reason,
                                  .since = result.enough ? result.since : 0,
                                  .until = result.until,
                                  .in_force = sound && result.enough};
    if (end && (waiver.until == 0 || e->expires < waiver.until))
        waiver.until = e->expires;
    return redan_check_waiver(check, &waiver);
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    const struct redan_exclusion *items = s->model.exclusions.items;

    for (size_t i = 0; i < s->model.exclusions.count; i++) {
        const struct redan_archetype *a = redan_catalog_archetype(s->catalog, items[i].archetype);
        if (a && redan_profile_demands(&s->org, s->model.profile, a)) /* else it says nothing */
            REDAN_TRY(run_one(check, &items[i]));
    }
    return REDAN_OK;
}

const struct redan_threat_check redan_check_exclusion = {
    .name = "exclusion", .rules = rules, .run = run};
