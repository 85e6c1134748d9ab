/* The schemas redan/scan-policy/1 and redan/scan-baseline/1 by table, and what they do to a finding. */
#include "cmd/scan_policy.h"

#include <string.h>

#include "base/clock.h"
#include "codec/yaml.h"

static const char *const level_words[] = {"off", "note", "suspicious", "malicious", NULL};
static const char *const fail_words[] = {"", "note", "suspicious", "malicious", NULL};

static const struct redan_bind_field allow_fields[] = {
    {"global", REDAN_BIND_TEXT, true, offsetof(struct redan_scan_global, global), NULL, NULL,
     "module.name, written out"},
    {"reason", REDAN_BIND_TEXT, true, offsetof(struct redan_scan_global, reason), NULL, NULL,
     "why it is harmless here"},
    {"by", REDAN_BIND_TEXT, true, offsetof(struct redan_scan_global, by), NULL, NULL,
     "the person who says so"},
    {"expires", REDAN_BIND_DATE, true, offsetof(struct redan_scan_global, expires), NULL, NULL,
     "the day from which it no longer counts, 2027-06-30"},
};
static const struct redan_bind_shape allow_shape = {
    "an allowed name", sizeof(struct redan_scan_global), offsetof(struct redan_scan_global, node),
    allow_fields, REDAN_COUNT(allow_fields)};
static const struct redan_bind_shape deny_shape = {
    "a denied name", sizeof(struct redan_scan_global), offsetof(struct redan_scan_global, node),
    allow_fields, 2}; /* global and reason */

static const struct redan_bind_field rule_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct redan_scan_rule_level, id), NULL, NULL,
     "a rule, PKL004; redan scan explain --all lists them"},
    {"level", REDAN_BIND_WORD, true, offsetof(struct redan_scan_rule_level, level), NULL,
     level_words, "off, note, suspicious or malicious"},
    {"reason", REDAN_BIND_TEXT, true, offsetof(struct redan_scan_rule_level, reason), NULL, NULL,
     "why"},
    {"by", REDAN_BIND_TEXT, true, offsetof(struct redan_scan_rule_level, by), NULL, NULL,
     "the person who says so"},
    {"expires", REDAN_BIND_DATE, true, offsetof(struct redan_scan_rule_level, expires), NULL, NULL,
     "the day from which it no longer counts, 2027-06-30"},
};
static const struct redan_bind_shape rule_shape = {"a rule", sizeof(struct redan_scan_rule_level),
                                                   offsetof(struct redan_scan_rule_level, node),
                                                   rule_fields, REDAN_COUNT(rule_fields)};

static const struct redan_bind_field limit_fields[] = {
    {"unpacked", REDAN_BIND_TEXT, false, offsetof(struct redan_scan_policy_limits, unpacked), NULL,
     NULL, "a size, 1G"},
    {"memory", REDAN_BIND_TEXT, false, offsetof(struct redan_scan_policy_limits, memory), NULL,
     NULL, "a size, 1G"},
    {"members", REDAN_BIND_COUNT, false, offsetof(struct redan_scan_policy_limits, members), NULL,
     NULL, "a number"},
    {"depth", REDAN_BIND_COUNT, false, offsetof(struct redan_scan_policy_limits, depth), NULL, NULL,
     "a number"},
    {"timeout", REDAN_BIND_SPAN, false, offsetof(struct redan_scan_policy_limits, timeout), NULL,
     NULL, "a span, 60s"},
};
static const struct redan_bind_shape limit_shape = {
    "the limits", sizeof(struct redan_scan_policy_limits), SIZE_MAX, limit_fields,
    REDAN_COUNT(limit_fields)};

static const struct redan_bind_field policy_fields[] = {
    {"schema", REDAN_BIND_TEXT, true, offsetof(struct redan_scan_policy, schema), NULL, NULL,
     "redan/scan-policy/1"},
    {"fail-on", REDAN_BIND_WORD, false, offsetof(struct redan_scan_policy, fail_on), NULL,
     fail_words, "note, suspicious or malicious"},
    {"allow", REDAN_BIND_LIST, false, offsetof(struct redan_scan_policy, allow), &allow_shape, NULL,
     "[{global: module.name, reason: ..., by: ..., expires: 2027-06-30}]"},
    {"deny", REDAN_BIND_LIST, false, offsetof(struct redan_scan_policy, deny), &deny_shape, NULL,
     "[{global: module.name, reason: ...}]"},
    {"rules", REDAN_BIND_LIST, false, offsetof(struct redan_scan_policy, rules), &rule_shape, NULL,
     "[{id: NET701, level: off, reason: ..., by: ..., expires: 2027-06-30}]"},
    {"exclude", REDAN_BIND_TEXTS, false, offsetof(struct redan_scan_policy, exclude), NULL, NULL,
     "patterns of paths, [\"docs/**\"]"},
    {"limits", REDAN_BIND_STRUCT, false, offsetof(struct redan_scan_policy, limits), &limit_shape,
     NULL, "{unpacked: 1G, members: 100000, depth: 8, memory: 1G, timeout: 60s}"},
};
static const struct redan_bind_shape policy_shape = {
    "a scan policy", sizeof(struct redan_scan_policy), offsetof(struct redan_scan_policy, node),
    policy_fields, REDAN_COUNT(policy_fields)};

static const struct redan_bind_field accepted_fields[] = {
    {"fingerprint", REDAN_BIND_TEXT, true, offsetof(struct redan_scan_accepted, fingerprint), NULL,
     NULL, "sha256: and 64 digits, from redan scan --json"},
    {"rule", REDAN_BIND_ID, true, offsetof(struct redan_scan_accepted, rule), NULL, NULL,
     "the finding's rule, PKL004"},
    {"path", REDAN_BIND_TEXT, false, offsetof(struct redan_scan_accepted, path), NULL, NULL,
     "the file's path as it is scanned"},
    {"reason", REDAN_BIND_TEXT, true, offsetof(struct redan_scan_accepted, reason), NULL, NULL,
     "why it is accepted"},
    {"by", REDAN_BIND_TEXT, true, offsetof(struct redan_scan_accepted, by), NULL, NULL,
     "the person who accepts it"},
    {"expires", REDAN_BIND_DATE, true, offsetof(struct redan_scan_accepted, expires), NULL, NULL,
     "the day from which it no longer counts, 2027-06-30"},
};
static const struct redan_bind_shape accepted_shape = {
    "an accepted finding", sizeof(struct redan_scan_accepted),
    offsetof(struct redan_scan_accepted, node), accepted_fields, REDAN_COUNT(accepted_fields)};

static const struct redan_bind_field baseline_fields[] = {
    {"schema", REDAN_BIND_TEXT, true, offsetof(struct redan_scan_baseline, schema), NULL, NULL,
     "redan/scan-baseline/1"},
    {"accepted", REDAN_BIND_LIST, false, offsetof(struct redan_scan_baseline, accepted),
     &accepted_shape, NULL,
     "[{fingerprint: ..., rule: PKL004, reason: ..., by: ..., expires: 2027-06-30}]"},
};
static const struct redan_bind_shape baseline_shape = {
    "a scan baseline", sizeof(struct redan_scan_baseline),
    offsetof(struct redan_scan_baseline, node), baseline_fields, REDAN_COUNT(baseline_fields)};

static bool is_coverage(struct redan_slice id)
{
    return redan_slice_starts(id, REDAN_S("COV"));
}

static void check_schema(struct redan_problems *problems, const struct redan_node *root,
                         struct redan_slice schema, const char *want)
{
    if (schema.len && !redan_slice_is(schema, want))
        redan_problem_add(problems, root, want, "schema is \"%.*s\", not %s", REDAN_FMT(schema),
                          want);
}

static void check_rules(struct redan_problems *problems, const struct redan_scan_policy *policy)
{
    const struct redan_scan_rule_level *rules = policy->rules.items;

    for (size_t i = 0; i < policy->rules.count; i++) {
        if (rules[i].id.len && is_coverage(rules[i].id))
            redan_problem_add(problems, rules[i].node, "leave it out",
                              "%.*s says what was not read; no policy changes that",
                              REDAN_FMT(rules[i].id));
        else if (rules[i].id.len && !redan_scan_rule_named(rules[i].id))
            redan_problem_add(problems, rules[i].node, "redan scan explain --all lists them",
                              "there is no rule %.*s", REDAN_FMT(rules[i].id));
        for (size_t k = 0; k < i; k++) {
            if (redan_slice_eq(rules[i].id, rules[k].id))
                redan_problem_add(problems, rules[i].node, "keep one of them",
                                  "%.*s is there twice", REDAN_FMT(rules[i].id));
        }
    }
}

static void check_globals(struct redan_problems *problems, const struct redan_list *list)
{
    const struct redan_scan_global *globals = list->items;

    for (size_t i = 0; i < list->count; i++) {
        struct redan_slice name = globals[i].global;
        bool dotted = name.len && memchr(name.at, '.', name.len);
        bool plain = dotted && name.at[0] != '.' && name.at[name.len - 1] != '.';
        for (size_t k = 0; k < name.len && plain; k++)
            plain = (unsigned char)name.at[k] > ' ' && name.at[k] != '*';
        if (name.len && !plain)
            redan_problem_add(problems, globals[i].node, "write module.name",
                              "\"%.*s\" is no name of one thing", REDAN_FMT(name));
    }
}

static void check_limits(struct redan_problems *problems, const struct redan_scan_policy *policy)
{
    const struct redan_scan_policy_limits *l = policy->limits;
    uint64_t size = 0;

    if (l && l->unpacked.len && !redan_scan_size(l->unpacked, &size))
        redan_problem_add(problems, policy->node, "write 512M or 1G", "unpacked is no size");
    if (l && l->memory.len && !redan_scan_size(l->memory, &size))
        redan_problem_add(problems, policy->node, "write 512M or 1G", "memory is no size");
}

enum redan_status redan_scan_policy_parse(struct redan_problems *problems, struct redan_slice text,
                                          struct redan_scan_policy *policy)
{
    const struct redan_node *root = NULL;

    REDAN_TRY(redan_yaml_parse(problems->ctx, text, &root));
    REDAN_TRY(redan_bind(problems, root, &policy_shape, policy));
    REDAN_TRY(redan_sha256(problems->ctx, text, &policy->digest));
    check_schema(problems, root, policy->schema, "redan/scan-policy/1");
    check_rules(problems, policy);
    check_globals(problems, &policy->allow);
    check_globals(problems, &policy->deny);
    check_limits(problems, policy);
    return REDAN_OK;
}

enum redan_status redan_scan_baseline_parse(struct redan_problems *problems,
                                            struct redan_slice text,
                                            struct redan_scan_baseline *baseline)
{
    const struct redan_node *root = NULL;
    struct redan_digest digest;

    REDAN_TRY(redan_yaml_parse(problems->ctx, text, &root));
    REDAN_TRY(redan_bind(problems, root, &baseline_shape, baseline));
    check_schema(problems, root, baseline->schema, "redan/scan-baseline/1");
    const struct redan_scan_accepted *entries = baseline->accepted.items;
    for (size_t i = 0; i < baseline->accepted.count; i++) {
        if (entries[i].fingerprint.len && !redan_digest_parse(entries[i].fingerprint, &digest))
            redan_problem_add(problems, entries[i].node, "copy it from redan scan --json",
                              "the fingerprint is no sha256: and 64 digits");
        if (is_coverage(entries[i].rule))
            redan_problem_add(problems, entries[i].node, "leave it out",
                              "%.*s says what was not read; nobody accepts that",
                              REDAN_FMT(entries[i].rule));
    }
    return REDAN_OK;
}

static void add_field(struct redan_buf *out, const char *name, struct redan_slice text)
{
    redan_buf_printf(out, "%s: ", name);
    redan_yaml_scalar_add(out, text);
    redan_buf_char(out, '\n');
}

void redan_scan_baseline_add_yaml(struct redan_buf *out, const struct redan_scan_baseline *baseline)
{
    const struct redan_scan_accepted *entries = baseline->accepted.items;
    char date[REDAN_TIME_TEXT];

    redan_buf_text(out, "schema: redan/scan-baseline/1\n");
    if (baseline->accepted.count)
        redan_buf_text(out, "accepted:\n");
    for (size_t i = 0; i < baseline->accepted.count; i++) {
        add_field(out, "  - fingerprint", entries[i].fingerprint);
        add_field(out, "    rule", entries[i].rule);
        if (entries[i].path.len)
            add_field(out, "    path", entries[i].path);
        add_field(out, "    reason", entries[i].reason);
        add_field(out, "    by", entries[i].by);
        redan_date_text(entries[i].expires, date);
        redan_buf_printf(out, "    expires: %s\n", date);
    }
}

bool redan_scan_policy_level(const struct redan_scan_policy *policy,
                             const struct redan_finding *finding, int64_t now,
                             enum redan_level *level)
{
    static const enum redan_level levels[] = {REDAN_LEVEL_NOTE, REDAN_LEVEL_NOTE, REDAN_LEVEL_WARN,
                                              REDAN_LEVEL_FAIL};
    const struct redan_scan_rule_level *rules = policy ? policy->rules.items : NULL;

    *level = finding->level;
    for (size_t i = 0; policy && i < policy->rules.count; i++) {
        if (!redan_slice_is(rules[i].id, finding->rule->id) || now >= rules[i].expires ||
            is_coverage(rules[i].id))
            continue;
        *level = levels[rules[i].level];
        return rules[i].level != 0;
    }
    return true;
}

const struct redan_scan_accepted *
redan_scan_baseline_find(const struct redan_scan_baseline *baseline,
                         const struct redan_finding *finding, struct redan_slice path,
                         struct redan_slice fingerprint, int64_t now)
{
    const struct redan_scan_accepted *entries = baseline ? baseline->accepted.items : NULL;

    for (size_t i = 0; baseline && i < baseline->accepted.count; i++) {
        const struct redan_scan_accepted *e = &entries[i];
        if (redan_slice_eq(e->fingerprint, fingerprint) &&
            redan_slice_is(e->rule, finding->rule->id) && now < e->expires &&
            (e->path.len == 0 || redan_slice_eq(e->path, path)) && !is_coverage(e->rule))
            return e;
    }
    return NULL;
}

bool redan_scan_size(struct redan_slice text, uint64_t *size)
{
    static const char units[] = "KMGT";
    uint64_t factor = 1;
    uint64_t value = 0;

    if (text.len && text.at[text.len - 1] == 'B')
        text.len--;
    if (text.len && text.at[text.len - 1] == 'i')
        text.len--;
    char last = text.len ? text.at[text.len - 1] : '\0';
    const char *unit = last ? strchr(units, last) : NULL;
    if (unit) {
        factor = (uint64_t)1 << (10 * (unit - units + 1));
        text.len--;
    }
    if (!redan_slice_u64(text, &value) || value == 0)
        return false;
    return !__builtin_mul_overflow(value, factor, size);
}
