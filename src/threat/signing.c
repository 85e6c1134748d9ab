/* Whether a governance body has signed what it must: which body, how many, and who may not. */
#include "threat/check.h"

/* What the organisation asks for and what keys.yaml does: the more of the two. */
static uint64_t quorum_of(const struct redan_system *s, struct redan_slice role)
{
    const struct redan_keyring_role *known = redan_keyring_role(&s->ring, role);
    uint64_t quorum = redan_org_quorum(&s->org, role);

    return known && known->quorum > quorum ? known->quorum : quorum;
}

struct choice {
    struct redan_slice body;
    uint64_t quorum;
};

static void consider(const struct redan_check *check, struct redan_slice body,
                     struct choice *choice)
{
    uint64_t quorum = quorum_of(check->system, body);

    if (quorum > choice->quorum ||
        (quorum == choice->quorum && redan_slice_cmp(body, choice->body) < 0))
        *choice = (struct choice){body, quorum};
}

struct redan_slice redan_check_body(const struct redan_check *check)
{
    const struct redan_texts *bodies = &check->system->org.bodies;
    struct choice choice = {0};

    for (size_t i = 0; i < bodies->count; i++)
        consider(check, bodies->items[i], &choice);
    return choice.body;
}

struct redan_slice redan_check_person(const struct redan_check *check, struct redan_slice id)
{
    const struct redan_keyring_holder *holder =
        redan_keyring_holder(&check->system->ring, redan_slice_trim(id));

    return holder ? redan_slice_trim(holder->name) : (struct redan_slice){"", 0};
}

enum { BARRED_MAX = 6 };

/* Those who may not carry a risk: who owns the system, who owns the plan. */
static struct redan_texts bar(const struct redan_check *check, struct redan_slice owner,
                              struct redan_slice names[BARRED_MAX])
{
    struct redan_slice name = redan_check_person(check, owner);
    size_t count = 0;

    while (count < check->leads.count) {
        names[count] = check->leads.items[count];
        count++;
    }
    if (owner.len)
        names[count++] = owner;
    if (name.len)
        names[count++] = name;
    return (struct redan_texts){names, count};
}

static enum redan_status raise_unsigned(struct redan_check *check,
                                        const struct redan_signing *signing,
                                        const struct redan_consent *consent, uint64_t quorum)
{
    struct redan_slice detail = {0};
    struct redan_slice action = {0};

    REDAN_TRY(redan_format(check->ctx, &detail, "%.*s: %zu of %llu signatures of %.*s%s%.*s",
                           REDAN_FMT(signing->what), consent->count, (unsigned long long)quorum,
                           REDAN_FMT(signing->role), consent->why.len ? ", " : "",
                           REDAN_FMT(consent->why)));
    REDAN_TRY(redan_format(check->ctx, &action,
                           REDAN_CHECK_BODY_SIGNS "redan approve --role %.*s %s%s%.*s --key KEY",
                           REDAN_FMT(signing->role), signing->option, signing->about.len ? " " : "",
                           REDAN_FMT(signing->about)));
    return redan_check_raise(check, signing->rule, REDAN_LEVEL_FAIL, signing->threat, detail,
                             action);
}

enum redan_status redan_check_consent(struct redan_check *check,
                                      const struct redan_signing *signing,
                                      struct redan_consent *consent, struct redan_signed *result)
{
    const struct redan_system *s = check->system;
    struct redan_slice names[BARRED_MAX];
    struct redan_texts barred = bar(check, signing->owner, names);
    const struct redan_consent_ask ask = {.ring = &s->ring,
                                          .approvals = &s->approvals,
                                          .system = s->model.id,
                                          .kind = signing->kind,
                                          .subject = signing->subject,
                                          .role = signing->role,
                                          .barred = &barred,
                                          .cap = signing->cap,
                                          .not_before = signing->not_before};

    REDAN_TRY(redan_consent_count(check->ctx, &ask, consent));
    *result = (struct redan_signed){.enough = consent->count >= quorum_of(s, signing->role),
                                    .since = consent->since,
                                    .until = consent->until};
    if (result->enough && consent->until != 0 &&
        (check->until == 0 || consent->until < check->until))
        check->until = consent->until;
    return REDAN_OK;
}

enum redan_status redan_check_signed(struct redan_check *check, const struct redan_signing *signing,
                                     struct redan_signed *result)
{
    struct redan_consent consent = {0};

    REDAN_TRY(redan_check_consent(check, signing, &consent, result));
    if (result->enough)
        return REDAN_OK;
    return raise_unsigned(check, signing, &consent, quorum_of(check->system, signing->role));
}

enum redan_status redan_check_signed_threat(struct redan_check *check,
                                            const struct redan_rule *rule,
                                            const struct redan_threat *threat,
                                            struct redan_slice role, struct redan_slice what,
                                            struct redan_signed *result)
{
    const struct redan_signing signing = {.rule = rule,
                                          .threat = threat,
                                          .kind = REDAN_APPROVAL_ACCEPTANCE,
                                          .subject = &threat->acceptance,
                                          .what = what,
                                          .option = "--accept",
                                          .about = threat->id,
                                          .role = role,
                                          .owner = threat->resolution->owner,
                                          .cap = check->system->org.rules->accepted_max};

    return redan_check_signed(check, &signing, result);
}

enum redan_status redan_check_accepted(struct redan_check *check, const struct redan_rule *rule,
                                       const struct redan_threat *threat, struct redan_slice role,
                                       const char *what, bool *accepted)
{
    struct redan_signed result = {0};

    REDAN_TRY(redan_check_signed_threat(check, rule, threat, role, redan_slice_of(what), &result));
    *accepted = result.enough;
    return REDAN_OK;
}
