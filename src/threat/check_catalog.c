/* The catalogue that judges is the one that the organisation has triaged, or is not much newer. */
#include "base/clock.h"
#include "threat/check_table.h"

enum { DAY = 86400 };

static const char *const maps[] = {"sp-800-218a:2024/PW.1.1", NULL};
static const struct redan_rule rule = {
    "TM030", "the catalogue is not the one that was triaged", REDAN_SEVERITY_MEDIUM, maps,
    "triage what is new, then write catalog.version and catalog.reviewed in org.yaml"};
static const struct redan_rule *const rules[] = {&rule, NULL};

/* A triage that is still to come is none; a day more, for those east of Greenwich. */
static bool triaged(const struct redan_org_catalog *asked, int64_t now)
{
    return asked->reviewed != 0 && asked->reviewed <= now + DAY &&
           now - asked->reviewed <= asked->max_age;
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_org_catalog *asked = &check->system->org.catalog;
    uint64_t version = check->system->catalog->version;
    struct redan_slice detail = {0};
    struct redan_slice action = redan_slice_of(rule.help);
    char span[REDAN_TIME_TEXT];

    if (asked->version == 0 || version == asked->version)
        return REDAN_OK;
    if (version < asked->version) {
        REDAN_TRY(redan_format(check->ctx, &detail,
                               "this program's catalogue has the version %llu, org.yaml asks for "
                               "%llu",
                               (unsigned long long)version, (unsigned long long)asked->version));
        action = REDAN_S("use a newer redan");
    } else if (asked->max_age == 0 || triaged(asked, check->ctx->now)) {
        return REDAN_OK;
    } else {
        redan_span_text(asked->max_age, span);
        REDAN_TRY(redan_format(check->ctx, &detail,
                               "the catalogue has the version %llu, org.yaml has triaged %llu, and "
                               "not within %s",
                               (unsigned long long)version, (unsigned long long)asked->version,
                               span));
    }
    return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail, action);
}

const struct redan_threat_check redan_check_catalog = {
    .name = "catalog", .rules = rules, .run = run};
