/* The organisation file, its defaults, and what it says about grades, appetite, floors, duties and quorums. */
#include "record/org.h"

#include "codec/yaml.h"

static const struct redan_bind_field appetite_fields[] = {
    {"integrity", REDAN_BIND_WORD, true, offsetof(struct redan_appetite, integrity), NULL,
     redan_severity_words, "low, medium, high or critical"},
    {"confidentiality", REDAN_BIND_WORD, true, offsetof(struct redan_appetite, confidentiality),
     NULL, redan_severity_words, "low, medium, high or critical"},
    {"availability", REDAN_BIND_WORD, true, offsetof(struct redan_appetite, availability), NULL,
     redan_severity_words, "low, medium, high or critical"},
};
static const struct redan_bind_shape appetite_shape = {
    "the appetite", sizeof(struct redan_appetite), SIZE_MAX, appetite_fields,
    REDAN_COUNT(appetite_fields)};

static const struct redan_bind_field grade_fields[] = {
    {"critical", REDAN_BIND_WORD, true, offsetof(struct redan_min_grade, critical), NULL,
     redan_grade_words, "E0 to E4"},
    {"high", REDAN_BIND_WORD, true, offsetof(struct redan_min_grade, high), NULL, redan_grade_words,
     "E0 to E4"},
    {"medium", REDAN_BIND_WORD, true, offsetof(struct redan_min_grade, medium), NULL,
     redan_grade_words, "E0 to E4"},
    {"low", REDAN_BIND_WORD, true, offsetof(struct redan_min_grade, low), NULL, redan_grade_words,
     "E0 to E4"},
};
static const struct redan_bind_shape grade_shape = {
    "min-grade", sizeof(struct redan_min_grade), SIZE_MAX, grade_fields, REDAN_COUNT(grade_fields)};

static const struct redan_bind_field rules_fields[] = {
    {"review", REDAN_BIND_TEXT, false, offsetof(struct redan_rules, review), NULL, NULL,
     "each-release, each-change or a span"},
    {"planned-max", REDAN_BIND_SPAN, false, offsetof(struct redan_rules, planned_max), NULL, NULL,
     "a span, 180d"},
    {"planned-redates", REDAN_BIND_COUNT, false, offsetof(struct redan_rules, planned_redates),
     NULL, NULL, "a number, 2"},
    {"accepted-max", REDAN_BIND_SPAN, false, offsetof(struct redan_rules, accepted_max), NULL, NULL,
     "a span, 365d"},
    {"depth", REDAN_BIND_WORD, false, offsetof(struct redan_rules, depth), NULL, redan_depth_words,
     "page, core or full"},
    {"min-grade", REDAN_BIND_STRUCT, false, offsetof(struct redan_rules, min_grade), &grade_shape,
     NULL, "{critical: E3, high: E2, medium: E1, low: E0}"},
    {"separation", REDAN_BIND_TEXTS, false, offsetof(struct redan_rules, separation), NULL, NULL,
     "[ml-lead != security-lead, acceptor != owner, evidence-signer != author]"},
};
static const struct redan_bind_shape rules_shape = {"the rules", sizeof(struct redan_rules),
                                                    offsetof(struct redan_rules, node),
                                                    rules_fields, REDAN_COUNT(rules_fields)};

static const struct redan_bind_field probe_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct redan_probe, id), NULL, NULL, "a short id"},
    {"system", REDAN_BIND_ID, true, offsetof(struct redan_probe, system), NULL, NULL,
     "the system it probes"},
    {"evidence", REDAN_BIND_TEXT, true, offsetof(struct redan_probe, evidence), NULL, NULL,
     "control/evidence"},
    {"kind", REDAN_BIND_TEXT, true, offsetof(struct redan_probe, kind), NULL, NULL,
     "command, http, response-shape or tamper"},
    {"url", REDAN_BIND_TEXT, false, offsetof(struct redan_probe, url), NULL, NULL, "an address"},
    {"preset", REDAN_BIND_TEXT, false, offsetof(struct redan_probe, preset), NULL, NULL,
     "kserve-v1 or oip-v2"},
    {"body", REDAN_BIND_TEXT, false, offsetof(struct redan_probe, body), NULL, NULL,
     "what is sent"},
    {"argv", REDAN_BIND_TEXTS, false, offsetof(struct redan_probe, argv), NULL, NULL,
     "[program, argument, ...]"},
    {"model", REDAN_BIND_TEXT, false, offsetof(struct redan_probe, model), NULL, NULL,
     "the released file or folder"},
    {"signature", REDAN_BIND_TEXT, false, offsetof(struct redan_probe, signature), NULL, NULL,
     "its signature"},
    {"swap", REDAN_BIND_TEXT, false, offsetof(struct redan_probe, swap), NULL, NULL,
     "another model, to be put in its place"},
    {"set", REDAN_BIND_TEXT, false, offsetof(struct redan_probe, set), NULL, NULL,
     "the requests that redan guard probes made and somebody signed"},
    {"by", REDAN_BIND_TEXT, false, offsetof(struct redan_probe, by), NULL, NULL,
     "the holder who signed the set"},
    {"metrics", REDAN_BIND_TEXT, false, offsetof(struct redan_probe, metrics), NULL, NULL,
     "the address of the guard's metrics"},
    {"headers", REDAN_BIND_TEXTS, false, offsetof(struct redan_probe, headers), NULL, NULL,
     "[\"X-Client: {caller}\"]"},
    {"timeout", REDAN_BIND_SPAN, false, offsetof(struct redan_probe, timeout), NULL, NULL,
     "a span, 30s"},
};
static const struct redan_bind_shape probe_shape = {"a probe", sizeof(struct redan_probe),
                                                    offsetof(struct redan_probe, node),
                                                    probe_fields, REDAN_COUNT(probe_fields)};

static const struct redan_bind_field required_fields[] = {
    {"catalog", REDAN_BIND_ID, true, offsetof(struct redan_required, catalog), NULL, NULL,
     "a control of the catalogue, I-LOG"},
    {"scope", REDAN_BIND_TEXT, false, offsetof(struct redan_required, scope), NULL, NULL,
     "a condition over the profile, system.query_access"},
    {"from", REDAN_BIND_DATE, false, offsetof(struct redan_required, from), NULL, NULL,
     "the day from which its absence fails"},
};
static const struct redan_bind_shape required_shape = {
    "a required control", sizeof(struct redan_required), offsetof(struct redan_required, node),
    required_fields, REDAN_COUNT(required_fields)};

static const struct redan_bind_field org_fields[] = {
    {"schema", REDAN_BIND_TEXT, true, offsetof(struct redan_org, schema), NULL, NULL,
     "redan/org/1"},
    {"org", REDAN_BIND_ID, true, offsetof(struct redan_org, id), NULL, NULL,
     "the organisation's id"},
    {"version", REDAN_BIND_COUNT, false, offsetof(struct redan_org, version), NULL, NULL,
     "a number that only rises"},
    {"catalog", REDAN_BIND_NODE, false, offsetof(struct redan_org, catalog_node), NULL, NULL,
     "{version: 1, max-age: 45d, reviewed: 2026-11-24}"},
    {"appetite", REDAN_BIND_STRUCT, false, offsetof(struct redan_org, appetite), &appetite_shape,
     NULL, "{integrity: low, confidentiality: low, availability: medium}"},
    {"rules", REDAN_BIND_STRUCT, false, offsetof(struct redan_org, rules), &rules_shape, NULL,
     "rules"},
    {"roles", REDAN_BIND_NODE, false, offsetof(struct redan_org, roles), NULL, NULL,
     "{ml-lead: 1, risk-board: 2}"},
    {"bodies", REDAN_BIND_TEXTS, false, offsetof(struct redan_org, bodies), NULL, NULL,
     "roles that may carry a risk, [risk-board]"},
    {"floors", REDAN_BIND_NODE, false, offsetof(struct redan_org, floors), NULL, NULL,
     "least severity by archetype, {IN-02: critical}"},
    {"required", REDAN_BIND_LIST, false, offsetof(struct redan_org, required), &required_shape,
     NULL, "[{catalog: I-LOG, scope: system.query_access}]"},
    {"controls", REDAN_BIND_LIST, false, offsetof(struct redan_org, controls), &redan_control_shape,
     NULL, "controls proved once"},
    {"probes", REDAN_BIND_LIST, false, offsetof(struct redan_org, probes), &probe_shape, NULL,
     "probes and commands"},
};
static const struct redan_bind_shape org_shape = {"an organisation file", sizeof(struct redan_org),
                                                  offsetof(struct redan_org, node), org_fields,
                                                  REDAN_COUNT(org_fields)};

enum { DAY = 86400 };

static enum redan_status defaults(struct redan_ctx *ctx, struct redan_org *org)
{
    if (!org->rules && !(org->rules = redan_take(ctx, sizeof(*org->rules))))
        return REDAN_E_MEMORY;
    struct redan_rules *r = org->rules;
    if (r->planned_max == 0)
        r->planned_max = (int64_t)180 * DAY;
    if (r->accepted_max == 0)
        r->accepted_max = (int64_t)365 * DAY;
    if (!r->min_grade) {
        r->min_grade = redan_take(ctx, sizeof(*r->min_grade));
        if (!r->min_grade)
            return REDAN_E_MEMORY;
        *r->min_grade = (struct redan_min_grade){REDAN_GRADE_MEASURED, REDAN_GRADE_VERIFIED,
                                                 REDAN_GRADE_SIGNED, REDAN_GRADE_CLAIMED};
    }
    if (org->bodies.count == 0) {
        org->bodies.items = redan_take(ctx, sizeof(*org->bodies.items));
        if (!org->bodies.items)
            return REDAN_E_MEMORY;
        org->bodies.items[0] = REDAN_S("risk-board");
        org->bodies.count = 1;
    }
    if (!org->appetite) /* all low: the word with the value 0 */
        org->appetite = redan_take(ctx, sizeof(*org->appetite));
    return org->appetite ? REDAN_OK : REDAN_E_MEMORY;
}

enum redan_status redan_org_parse(struct redan_problems *problems, struct redan_slice text,
                                  struct redan_org *org)
{
    struct redan_ctx *ctx = problems->ctx;
    const struct redan_node *root = NULL;

    REDAN_TRY(redan_yaml_parse(ctx, text, &root));
    REDAN_TRY(redan_bind(problems, root, &org_shape, org));
    REDAN_TRY(redan_sha256(ctx, text, &org->file));
    if (org->schema.len && !redan_slice_is(org->schema, "redan/org/1"))
        redan_problem_add(problems, root, "write schema: redan/org/1", "schema is \"%.*s\"",
                          REDAN_FMT(org->schema));
    bool redates_said = org->rules && redan_node_get(org->rules->node, "planned-redates");
    REDAN_TRY(redan_org_lint(problems, org));
    REDAN_TRY(defaults(ctx, org));
    if (!redates_said)
        org->rules->planned_redates = 2;
    return REDAN_OK;
}

const struct redan_control *redan_org_control(const struct redan_org *org, struct redan_slice id)
{
    const struct redan_control *controls = org->controls.items;

    for (size_t i = 0; i < org->controls.count; i++) {
        if (redan_slice_eq(controls[i].id, id))
            return &controls[i];
    }
    return NULL;
}

bool redan_org_separates(const struct redan_org *org, enum redan_separation duty)
{
    return duty != REDAN_SEPARATE_SIGNER || !redan_node_get(org->rules->node, "separation") ||
           redan_texts_have(&org->rules->separation,
                            redan_slice_of(redan_separation_words[REDAN_SEPARATE_SIGNER]));
}

bool redan_org_is_body(const struct redan_org *org, struct redan_slice role)
{
    return redan_texts_have(&org->bodies, role);
}

static bool word_of(struct redan_slice text, int *value)
{
    for (int i = 0; redan_severity_words[i]; i++) {
        if (redan_slice_is(text, redan_severity_words[i])) {
            *value = i;
            return true;
        }
    }
    return false;
}

enum redan_severity redan_org_floor(const struct redan_org *org,
                                    const struct redan_archetype *archetype)
{
    int floor = archetype->floor;

    for (const struct redan_node *n = org->floors ? org->floors->first : NULL; n; n = n->next) {
        if (redan_slice_eq(n->key, archetype->id))
            (void)word_of(redan_slice_trim(n->text), &floor);
    }
    return (enum redan_severity)floor;
}

enum redan_grade redan_org_min_grade(const struct redan_org *org, enum redan_severity severity)
{
    const struct redan_min_grade *g = org->rules->min_grade;

    switch (severity) {
    case REDAN_SEVERITY_CRITICAL:
        return (enum redan_grade)g->critical;
    case REDAN_SEVERITY_HIGH:
        return (enum redan_grade)g->high;
    case REDAN_SEVERITY_MEDIUM:
        return (enum redan_grade)g->medium;
    case REDAN_SEVERITY_LOW:
        break;
    }
    return (enum redan_grade)g->low;
}

enum redan_severity redan_org_appetite(const struct redan_org *org, const struct redan_texts *harms)
{
    const int by_harm[] = {org->appetite->integrity, org->appetite->confidentiality,
                           org->appetite->availability};
    int least = REDAN_SEVERITY_CRITICAL;

    for (size_t h = 0; h < REDAN_COUNT(by_harm); h++) {
        bool named = harms->count == 0;
        for (size_t i = 0; i < harms->count && !named; i++)
            named = redan_slice_is(harms->items[i], redan_harm_words[h]);
        if (named && by_harm[h] < least)
            least = by_harm[h];
    }
    return (enum redan_severity)least;
}

uint64_t redan_org_quorum(const struct redan_org *org, struct redan_slice role)
{
    uint64_t quorum = 0;

    for (const struct redan_node *n = org->roles ? org->roles->first : NULL; n; n = n->next) {
        if (redan_slice_eq(n->key, role) && n->kind == REDAN_NODE_TEXT &&
            redan_slice_u64(n->text, &quorum) && quorum > 0)
            return quorum;
    }
    return 1;
}
