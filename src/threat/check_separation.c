/* Duties in several hands: the leads are two persons, and neither proves what both approve. */
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.2.1", NULL};
const struct redan_rule redan_rule_separation = {
    "TM028", "duties are not separated", REDAN_SEVERITY_HIGH, maps, "have another person do it"};
static const struct redan_rule *const rules[] = {&redan_rule_separation, NULL};

/* The form asks for two ids; two ids may still be one person. That a lead has signed evidence is found where it is judged. */
static enum redan_status run(struct redan_check *check)
{
    const struct redan_owners *owners = check->system->model.owners;
    struct redan_slice ml = redan_check_person(check, owners->ml_lead);
    struct redan_slice security = redan_check_person(check, owners->security_lead);
    struct redan_slice detail = {0};

    if (!redan_keyring_alike(ml, security) &&
        !redan_keyring_alike(owners->ml_lead, owners->security_lead) &&
        !redan_keyring_alike(ml, owners->security_lead) &&
        !redan_keyring_alike(security, owners->ml_lead))
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail,
                           "the ML lead %.*s and the security lead %.*s are one person by name",
                           REDAN_FMT(owners->ml_lead), REDAN_FMT(owners->security_lead)));
    return redan_check_raise(check, &redan_rule_separation, REDAN_LEVEL_FAIL, NULL, detail,
                             REDAN_S("name another lead; two persons of one name are told apart in "
                                     "keys.yaml"));
}

const struct redan_threat_check redan_check_separation = {
    .name = "separation", .rules = rules, .run = run};
