/* The two leads have signed this very threat model, and the organisation asks for no less than it did then. */
#include "threat/check_table.h"
#include "threat/diff.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.2.1", NULL};
static const struct redan_rule rule = {"TM003", "the threat model is not approved",
                                       REDAN_SEVERITY_HIGH, maps,
                                       "have the lead sign: redan approve --role ROLE --key KEY"};
static const struct redan_rule *const rules[] = {&rule, NULL};

static enum redan_status run_role(struct redan_check *check, const char *role,
                                  struct redan_slice owner)
{
    struct redan_consent consent = {0};
    struct redan_slice detail = {0};
    struct redan_slice action = {0};
    bool yes = false;

    REDAN_TRY(
        redan_history_signed(check->ctx, check->system, redan_slice_of(role), &consent, &yes));
    if (yes)
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail, "%.*s has not signed it as %s%s%.*s",
                           REDAN_FMT(owner), role, consent.why.len ? ": " : "",
                           REDAN_FMT(consent.why)));
    REDAN_TRY(redan_format(check->ctx, &action,
                           "have %.*s read and sign it: redan approve --role %s --key KEY",
                           REDAN_FMT(owner), role));
    return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail, action);
}

static enum redan_status sign_again(struct redan_check *check, struct redan_slice detail)
{
    return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail,
                             REDAN_S("have both leads read org.yaml and sign again: redan approve "
                                     "--role ROLE --key KEY"));
}

/* The present organisation file against the one that a lead knew. */
/* The first change that asks for less; of a control, any that may: another signer, type or subject. The loosened come first. */
static const struct redan_diff_entry *weaker(const struct redan_diff *diff)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct redan_diff_entry *e = &diff->entries[i];
        if (e->effect == REDAN_DIFF_LOOSENED ||
            (e->effect == REDAN_DIFF_CHANGED && e->change != REDAN_DIFF_ADDED &&
             redan_slice_starts(e->path, REDAN_S("controls."))))
            return e;
    }
    return NULL;
}

static enum redan_status compare_org(struct redan_check *check, const struct redan_digest *known)
{
    struct redan_ctx *ctx = check->ctx;
    const struct redan_node *before = NULL;
    struct redan_slice path = {0};
    struct redan_slice detail = {0};
    struct redan_slice action = {0};
    struct redan_problems problems;
    struct redan_diff diff = {0};

    REDAN_TRY(redan_history_org(ctx, check->system->folder, known, &before, &path));
    if (!before) {
        REDAN_TRY(redan_format(ctx, &detail,
                               "org.yaml has changed since it was approved, and redan/%.*s, with "
                               "which it is compared, is not there",
                               REDAN_FMT(path)));
        REDAN_TRY(redan_format(ctx, &action,
                               "restore redan/%.*s from version control, or have both leads sign "
                               "again",
                               REDAN_FMT(path)));
        return redan_check_raise(check, &rule, REDAN_LEVEL_UNCLEAR, NULL, detail, action);
    }
    redan_problems_init(&problems, ctx, REDAN_S("org.yaml"));
    REDAN_TRY(redan_diff_make(&problems, REDAN_DIFF_ORG, before, check->system->org.node, &diff));
    if (problems.count > 0)
        return sign_again(check,
                          REDAN_S("org.yaml cannot be compared with the one that was signed"));
    const struct redan_diff_entry *entry = weaker(&diff);
    if (!entry)
        return REDAN_OK;
    REDAN_TRY(redan_format(ctx, &detail,
                           "the organisation asks for less since it was approved: %.*s",
                           REDAN_FMT(entry->text)));
    return sign_again(check, detail);
}

static enum redan_status check_org(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    static const struct redan_digest none;
    const struct redan_digest *seen = NULL;

    for (size_t i = 0; s->history.approved && s->has_org && i < 2; i++) {
        const struct redan_digest *known = &s->history.steps[0].leads[i]->step.org;
        if (redan_digest_eq(known, &s->org.file) || (seen && redan_digest_eq(known, seen)))
            continue;
        seen = known;
        if (redan_digest_eq(known, &none))
            REDAN_TRY(
                sign_again(check, REDAN_S("it was signed when there was no org.yaml beside it")));
        else
            REDAN_TRY(compare_org(check, known));
    }
    return REDAN_OK;
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_owners *owners = check->system->model.owners;

    REDAN_TRY(run_role(check, "ml-lead", owners->ml_lead));
    REDAN_TRY(run_role(check, "security-lead", owners->security_lead));
    return check_org(check);
}

const struct redan_threat_check redan_check_approval = {
    .name = "approval", .rules = rules, .run = run};
