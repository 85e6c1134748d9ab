/* Whose keys these are: the pinned root, and its signatures over keys.yaml and org.yaml. */
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PS.1.3", NULL};
static const struct redan_rule rule = {
    "TM001", "the root of trust does not stand", REDAN_SEVERITY_CRITICAL, maps,
    "pin the root from outside the tree: redan check --root FINGERPRINT"};
static const struct redan_rule *const rules[] = {&rule, NULL};

/* The leads have signed whose rules apply: an organisation file that is gone, or another's, is not replaced by defaults. One that
 * nobody signed for could be left away unseen, and so may not be there. */
static enum redan_status check_inherits(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    const struct redan_texts *ids = &s->model.inherits;
    struct redan_slice action = {0};

    if (s->ring.org_required && !s->has_org)
        return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL,
                                 REDAN_S("keys.yaml says that org.yaml must lie beside it, and "
                                         "there is none"),
                                 REDAN_S("put the organisation's signed org.yaml beside it"));
    if (s->has_org && !redan_slice_eq(s->ring.org, s->org.id)) {
        struct redan_slice detail = {0};
        REDAN_TRY(redan_format(check->ctx, &detail,
                               "keys.yaml is that of %.*s, org.yaml that of %.*s",
                               REDAN_FMT(s->ring.org), REDAN_FMT(s->org.id)));
        return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail,
                                 REDAN_S("put the organisation's own org.yaml beside its keys"));
    }
    if (s->has_org && ids->count == 0) {
        REDAN_TRY(redan_format(check->ctx, &action, "add to the threat model: inherits: [%.*s]",
                               REDAN_FMT(s->org.id)));
        return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL,
                                 REDAN_S("it does not inherit the organisation whose org.yaml lies "
                                         "beside it: those rules could be left away unseen"),
                                 action);
    }
    for (size_t i = 0; i < ids->count; i++) {
        struct redan_slice detail = {0};
        if (s->has_org && redan_slice_eq(ids->items[i], s->org.id))
            continue;
        REDAN_TRY(redan_format(check->ctx, &detail, "it inherits %.*s, %s%.*s",
                               REDAN_FMT(ids->items[i]),
                               s->has_org ? "org.yaml is that of " : "there is no org.yaml",
                               REDAN_FMT(s->has_org ? s->org.id : REDAN_S(""))));
        REDAN_TRY(redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail,
                                    REDAN_S("put the organisation's signed org.yaml beside it")));
    }
    return REDAN_OK;
}

/* Another system of the same root passes on its own evidence: which one is meant is said from outside, as the root is. */
static enum redan_status check_meant(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    struct redan_slice detail = {0};

    if (s->pin.system.len == 0 || redan_slice_eq(s->pin.system, s->model.id))
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail, "this is the system %.*s, not %.*s",
                           REDAN_FMT(s->model.id), REDAN_FMT(s->pin.system)));
    return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail,
                             REDAN_S("restore the threat model of the system that is released"));
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    enum redan_level level =
        s->trust == REDAN_TRUST_UNPINNED ? REDAN_LEVEL_UNCLEAR : REDAN_LEVEL_FAIL;
    struct redan_slice action = redan_slice_of(rule.help);

    REDAN_TRY(check_meant(check));
    if (s->trust == REDAN_TRUST_PINNED)
        return check_inherits(check);
    if (s->trust == REDAN_TRUST_ABSENT)
        action = REDAN_S("make the first keys: redan keys new --help");
    if (s->trust == REDAN_TRUST_OTHER)
        action =
            REDAN_S("restore keys.yaml from history; another root is pinned only when those who "
                    "hold it have told you so");
    if (s->trust == REDAN_TRUST_OTHER && s->handed_over)
        action = REDAN_S("pin the new root when those who hold it have told you to; its own word "
                         "is not enough");
    if (s->trust == REDAN_TRUST_UNSIGNED)
        action = REDAN_S("have the root sign it: redan keys sign FILE --key ROOT-KEY");
    return redan_check_raise(check, &rule, level, NULL, s->trust_detail, action);
}

const struct redan_threat_check redan_check_trust = {.name = "trust", .rules = rules, .run = run};
