/* The two leads have signed this very threat model. */
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.2.1", NULL};
static const struct redan_rule rule = {"TM003", "the threat model is not approved",
                                       REDAN_SEVERITY_HIGH, maps,
                                       "have the lead sign: redan approve --role ROLE --key KEY"};
static const struct redan_rule *const rules[] = {&rule, NULL};

static enum redan_status run_role(struct redan_check *check, const char *role,
                                  struct redan_slice owner)
{
    const struct redan_system *s = check->system;
    struct redan_consent consent = {0};
    struct redan_slice detail = {0};
    struct redan_slice action = {0};

    REDAN_TRY(redan_approvals_consent(check->ctx, &s->ring, &s->approvals, s->model.id,
                                      REDAN_APPROVAL_RELEASE, &s->model.root, redan_slice_of(role),
                                      NULL, &consent));
    for (size_t i = 0; i < consent.count; i++) {
        if (redan_slice_eq(consent.holders[i], owner))
            return REDAN_OK;
    }
    REDAN_TRY(redan_format(check->ctx, &detail, "%.*s has not signed it as %s%s%.*s",
                           REDAN_FMT(owner), role, consent.why.len ? ": " : "",
                           REDAN_FMT(consent.why)));
    REDAN_TRY(redan_format(check->ctx, &action,
                           "have %.*s read and sign it: redan approve --role %s --key KEY",
                           REDAN_FMT(owner), role));
    return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail, action);
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_owners *owners = check->system->model.owners;

    REDAN_TRY(run_role(check, "ml-lead", owners->ml_lead));
    return run_role(check, "security-lead", owners->security_lead);
}

const struct redan_threat_check redan_check_approval = {
    .name = "approval", .rules = rules, .run = run};
