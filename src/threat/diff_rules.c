/* What a change at each path of a document means: one table. */
#include "threat/diff_rules.h"

#include "base/clock.h"
#include "record/evidence.h"
#include "record/org.h"
#include "threat/model.h"

static const char *const modes[] = {"enforce", "observe", NULL};
static const char *const holder_kinds[] = {"service", "person", NULL};
static const char *const revocations[] = {"retired", "compromise", NULL};

const struct redan_node *redan_diff_before(const struct redan_diff_site *site)
{
    return site->befores[site->count];
}

const struct redan_node *redan_diff_after(const struct redan_diff_site *site)
{
    return site->afters[site->count];
}

enum redan_diff_effect redan_diff_by_change(const struct redan_diff_site *site,
                                            const struct redan_diff_rule *rule)
{
    return !redan_diff_before(site)  ? rule->added
           : !redan_diff_after(site) ? rule->removed
                                     : rule->altered;
}

bool redan_diff_scalar(const struct redan_node *node)
{
    return node->kind == REDAN_NODE_TEXT || node->kind == REDAN_NODE_NUMBER ||
           node->kind == REDAN_NODE_BOOL;
}

bool redan_diff_word(struct redan_slice text, const char *const *words, int64_t *value)
{
    for (int64_t i = 0; words[i]; i++) {
        if (redan_slice_is(text, words[i])) {
            *value = i;
            return true;
        }
    }
    return false;
}

static bool whole_value(const struct redan_diff_rule *rule, struct redan_slice text, int64_t *value)
{
    uint64_t count = 0;

    switch (rule->scale) {
    case REDAN_DIFF_WORD:
        return redan_diff_word(text, rule->words, value);
    case REDAN_DIFF_DATE:
        return redan_time_parse(text, value);
    case REDAN_DIFF_SPAN:
        if (redan_slice_is(text, "release")) {
            *value = INT64_MAX;
            return true;
        }
        return redan_span_parse(text, value);
    case REDAN_DIFF_NUMBER:
        if (!redan_slice_u64(text, &count) || count > INT64_MAX)
            return false;
        *value = (int64_t)count;
        return true;
    case REDAN_DIFF_TRUTH:
    case REDAN_DIFF_PLAIN:
        break;
    }
    *value = redan_slice_is(text, "true");
    return *value || redan_slice_is(text, "false");
}

/* The value of one side on the rule's scale. */
static bool value_of(const struct redan_diff_rule *rule, const struct redan_node *node,
                     int64_t *whole, double *number)
{
    *number = 0;
    *whole = 0;
    if (!node)
        return rule->usual && whole_value(rule, redan_slice_of(rule->usual), whole);
    if (node->kind == REDAN_NODE_BOOL) {
        *whole = node->truth;
        return rule->scale == REDAN_DIFF_TRUTH;
    }
    if (node->kind == REDAN_NODE_NUMBER)
        return rule->scale == REDAN_DIFF_NUMBER && redan_node_number(node, number);
    return node->kind == REDAN_NODE_TEXT && rule->scale != REDAN_DIFF_TRUTH &&
           whole_value(rule, node->text, whole); /* "true" in quotes is no truth */
}

bool redan_diff_order(const struct redan_diff_site *site, const struct redan_diff_rule *rule,
                      int *order)
{
    int64_t w[2];
    double d[2];

    if (rule->scale == REDAN_DIFF_PLAIN || !value_of(rule, redan_diff_before(site), &w[0], &d[0]) ||
        !value_of(rule, redan_diff_after(site), &w[1], &d[1]))
        return false;
    bool numbers[2] = {redan_diff_before(site) &&
                           redan_diff_before(site)->kind == REDAN_NODE_NUMBER,
                       redan_diff_after(site) && redan_diff_after(site)->kind == REDAN_NODE_NUMBER};
    if (numbers[0] != numbers[1])
        return false;
    *order = numbers[0] ? (d[1] > d[0]) - (d[1] < d[0]) : (w[1] > w[0]) - (w[1] < w[0]);
    return true;
}

/* Which fields an answer of each kind has. */
static const struct {
    const char *field;
    bool of[4]; /* control, planned, accepted, eliminated */
} answers[] = {
    {"cycle", {true, false, false, false}},      {"controls", {true, true, false, false}},
    {"residual", {true, false, true, false}},    {"owner", {false, true, false, false}},
    {"ticket", {false, true, false, false}},     {"opened", {false, true, false, false}},
    {"due", {false, true, false, false}},        {"redates", {false, true, false, false}},
    {"interim", {false, true, false, false}},    {"body", {false, false, true, false}},
    {"reason", {false, false, true, false}},     {"expires", {false, false, true, false}},
    {"conditions", {false, false, true, false}}, {"relies-on", {false, false, true, false}},
    {"change", {false, false, false, true}},     {"absent", {false, false, false, true}},
};

/* What goes and comes with the kind of an answer says nothing beyond the change of the kind. */
static bool goes_with_kind(const struct redan_diff_site *site)
{
    int64_t before = 0;
    int64_t after = 0;
    size_t i = 0;

    if (site->document != REDAN_DIFF_THREAT_MODEL || site->count != 4 ||
        !redan_slice_is(site->parts[0].name, "threats") ||
        !redan_slice_is(site->parts[2].name, "resolution"))
        return false;
    while (i < REDAN_COUNT(answers) && !redan_slice_is(site->parts[3].name, answers[i].field))
        i++;
    if (i == REDAN_COUNT(answers) ||
        !redan_diff_word(redan_node_text(site->befores[3], "kind"), redan_resolution_words,
                         &before) ||
        !redan_diff_word(redan_node_text(site->afters[3], "kind"), redan_resolution_words,
                         &after) ||
        before == after)
        return false;
    return (!redan_diff_after(site) && !answers[i].of[after]) ||
           (!redan_diff_before(site) && !answers[i].of[before]);
}

enum redan_status redan_diff_rule_judge(const struct redan_diff_site *site,
                                        const struct redan_diff_rule *rule,
                                        enum redan_diff_effect *effect)
{
    int order = 0;

    if (goes_with_kind(site)) {
        *effect = REDAN_DIFF_CHANGED;
        return REDAN_OK;
    }
    if (rule->judge)
        return rule->judge(site, rule, effect);
    *effect = redan_diff_by_change(site, rule);
    if (redan_diff_order(site, rule, &order))
        *effect = order > 0 ? rule->rises : order < 0 ? rule->falls : REDAN_DIFF_WORDS;
    return REDAN_OK;
}

/* clang-format off */
#define L REDAN_DIFF_LOOSENED
#define C REDAN_DIFF_CHANGED
#define T REDAN_DIFF_TIGHTENED
#define W REDAN_DIFF_WORDS
#define MODEL (1U << REDAN_DIFF_THREAT_MODEL)
#define ORG (1U << REDAN_DIFF_ORG)
#define KEYS (1U << REDAN_DIFF_KEYS)
/* Whatever happens to it. */
#define ANY(documents, pattern, effect) {documents, pattern, effect, effect, effect, REDAN_DIFF_PLAIN, C, C, NULL, NULL, NULL}
#define ROW(documents, pattern, added, removed, altered) {documents, pattern, added, removed, altered, REDAN_DIFF_PLAIN, C, C, NULL, NULL, NULL}
/* A list of which having more is tighter: the list and its items. */
#define MORE(documents, pattern) ROW(documents, pattern, T, L, C), ROW(documents, pattern ".[]", T, L, C)
#define SCALE(documents, pattern, added, removed, scale, rises, falls, usual, words) \
    {documents, pattern, added, removed, C, scale, rises, falls, usual, words, NULL}
#define JUDGED(documents, pattern, added, removed, judge) {documents, pattern, added, removed, C, REDAN_DIFF_PLAIN, C, C, NULL, NULL, judge}

#define THREAT "threats.*."
#define ANSWER THREAT "resolution."
#define QUERY "controls.*.evidence.*."

const struct redan_diff_rule redan_diff_rules[] = {
    ROW(MODEL, "threats", T, L, C),
    ROW(MODEL, "threats.*", T, L, C),
    SCALE(MODEL, THREAT "severity", C, L, REDAN_DIFF_WORD, T, L, NULL, redan_severity_words),
    ANY(MODEL, THREAT "name", W),
    ANY(MODEL, THREAT "story", W),
    MORE(MODEL, THREAT "touches"),
    SCALE(MODEL, THREAT "review-by", T, L, REDAN_DIFF_DATE, L, T, NULL, NULL),
    ROW(MODEL, THREAT "resolution", C, L, C),
    JUDGED(MODEL, ANSWER "kind", C, L, redan_diff_judge_kind),
    MORE(MODEL, ANSWER "controls"),
    SCALE(MODEL, ANSWER "residual", C, C, REDAN_DIFF_WORD, L, T, NULL, redan_severity_words),
    SCALE(MODEL, ANSWER "opened", C, L, REDAN_DIFF_DATE, L, T, NULL, NULL),
    SCALE(MODEL, ANSWER "due", T, L, REDAN_DIFF_DATE, L, T, NULL, NULL),
    MORE(MODEL, ANSWER "redates"),
    ROW(MODEL, ANSWER "interim", T, L, C),
    MORE(MODEL, ANSWER "interim.controls"),
    SCALE(MODEL, ANSWER "interim.residual", C, L, REDAN_DIFF_WORD, L, T, NULL, redan_severity_words),
    ANY(MODEL, ANSWER "reason", W),
    SCALE(MODEL, ANSWER "expires", T, L, REDAN_DIFF_DATE, L, T, NULL, NULL),
    MORE(MODEL, ANSWER "conditions"),
    MORE(MODEL, ANSWER "relies-on"),
    MORE(MODEL, ANSWER "absent"),

    ROW(MODEL | ORG, "controls", C, L, C),
    ROW(MODEL | ORG, "controls.*", C, L, C),
    ANY(MODEL | ORG, "controls.*.name", W),
    ROW(MODEL | ORG, "controls.*.scope", T, L, C),
    JUDGED(MODEL | ORG, "controls.*.evidence", C, L, redan_diff_judge_evidence),
    ROW(MODEL | ORG, "controls.*.evidence.*", T, L, C),
    SCALE(MODEL | ORG, QUERY "mode", C, C, REDAN_DIFF_WORD, L, T, "enforce", modes),
    SCALE(MODEL | ORG, QUERY "fresh", T, L, REDAN_DIFF_SPAN, L, T, NULL, NULL),
    ROW(MODEL | ORG, QUERY "expect", T, L, C),
    JUDGED(MODEL | ORG, QUERY "expect.*", T, L, redan_diff_judge_expect),
    JUDGED(MODEL | ORG, QUERY "expect.*.[]", T, L, redan_diff_judge_expect_item),
    JUDGED(MODEL | ORG, QUERY "expect.*.*", T, L, redan_diff_judge_bound),
    JUDGED(MODEL | ORG, QUERY "expect.*.*.[]", T, L, redan_diff_judge_bound_item),

    ANY(MODEL, "name", W),
    ANY(MODEL, "stages", W),
    ANY(MODEL, "stages.*", W),
    ANY(MODEL, "stages.*.*", W),
    ROW(MODEL, "inherits", C, L, C),
    ROW(MODEL, "inherits.[]", C, L, C),
    ROW(MODEL, "extends-stride", C, L, C),
    MORE(MODEL, "extends-stride.covers"),
    ROW(MODEL, "release.*", C, L, C),
    MORE(MODEL, "profile.kind"),
    ANY(MODEL, "profile.registry", C),
    SCALE(MODEL, "profile.eu-ai-act.high-risk", C, L, REDAN_DIFF_TRUTH, T, L, "false", NULL),
    ANY(MODEL, "profile.eu-ai-act.reason", W),
    SCALE(MODEL, "profile.*", C, L, REDAN_DIFF_TRUTH, T, L, "false", NULL),
    ROW(MODEL, "excluded", L, T, C),
    ROW(MODEL, "excluded.*", L, T, C),
    ROW(MODEL, "excluded.[]", L, T, C),
    ANY(MODEL, "excluded.*.reason", W),
    SCALE(MODEL, "excluded.*.expires", T, L, REDAN_DIFF_DATE, L, T, NULL, NULL),
    ROW(MODEL, "exceptions", L, T, C),
    ROW(MODEL, "exceptions.*", L, T, C),
    ROW(MODEL, "exceptions.[]", L, T, C),
    ANY(MODEL, "exceptions.*.reason", W),
    SCALE(MODEL, "exceptions.*.expires", T, L, REDAN_DIFF_DATE, L, T, NULL, NULL),

    SCALE(ORG | KEYS, "version", W, L, REDAN_DIFF_NUMBER, W, L, NULL, NULL),
    SCALE(ORG, "catalog.version", T, L, REDAN_DIFF_NUMBER, C, L, NULL, NULL),
    SCALE(ORG, "catalog.max-age", T, L, REDAN_DIFF_SPAN, L, T, NULL, NULL),
    SCALE(ORG, "catalog.reviewed", C, C, REDAN_DIFF_DATE, C, T, NULL, NULL),
    MORE(ORG, "required"),
    SCALE(ORG, "appetite.*", C, C, REDAN_DIFF_WORD, L, T, "low", redan_severity_words),
    SCALE(ORG, "rules.review", T, L, REDAN_DIFF_SPAN, L, T, NULL, NULL),
    SCALE(ORG, "rules.planned-max", C, C, REDAN_DIFF_SPAN, L, T, "180d", NULL),
    SCALE(ORG, "rules.planned-redates", C, C, REDAN_DIFF_NUMBER, L, T, "2", NULL),
    SCALE(ORG, "rules.accepted-max", C, C, REDAN_DIFF_SPAN, L, T, "365d", NULL),
    SCALE(ORG, "rules.depth", C, C, REDAN_DIFF_WORD, T, L, "page", redan_depth_words),
    SCALE(ORG, "rules.min-grade.critical", C, C, REDAN_DIFF_WORD, T, L, "E3", redan_grade_words),
    SCALE(ORG, "rules.min-grade.high", C, C, REDAN_DIFF_WORD, T, L, "E2", redan_grade_words),
    SCALE(ORG, "rules.min-grade.medium", C, C, REDAN_DIFF_WORD, T, L, "E1", redan_grade_words),
    SCALE(ORG, "rules.min-grade.low", C, C, REDAN_DIFF_WORD, T, L, "E0", redan_grade_words),
    JUDGED(ORG, "rules.separation", C, C, redan_diff_judge_duties),
    JUDGED(ORG, "rules.separation.[]", C, C, redan_diff_judge_duties),
    {ORG, "roles.*", C, C, C, REDAN_DIFF_NUMBER, T, L, "1", NULL, redan_diff_judge_quorum},
    JUDGED(ORG, "bodies", C, C, redan_diff_judge_bodies),
    JUDGED(ORG, "bodies.[]", C, C, redan_diff_judge_bodies),
    {ORG, "floors.*", C, C, C, REDAN_DIFF_WORD, T, L, NULL, redan_severity_words, redan_diff_judge_floor},

    SCALE(KEYS, "root.threshold", C, L, REDAN_DIFF_NUMBER, T, L, NULL, NULL),
    SCALE(KEYS, "holders.*.kind", C, C, REDAN_DIFF_WORD, L, T, NULL, holder_kinds),
    JUDGED(KEYS, "keys.*", C, C, redan_diff_judge_key),
    JUDGED(KEYS, "keys.*.public", C, C, redan_diff_judge_key),
    SCALE(KEYS, "keys.*.from", T, L, REDAN_DIFF_DATE, T, L, NULL, NULL),
    SCALE(KEYS, "keys.*.until", T, L, REDAN_DIFF_DATE, L, T, NULL, NULL),
    ROW(KEYS, "keys.*.revoked", T, L, C),
    SCALE(KEYS, "keys.*.revoked.at", C, L, REDAN_DIFF_DATE, L, T, NULL, NULL),
    SCALE(KEYS, "keys.*.revoked.reason", C, L, REDAN_DIFF_WORD, T, L, NULL, revocations),
    SCALE(KEYS, "roles.*.quorum", C, C, REDAN_DIFF_NUMBER, T, L, NULL, NULL),
    {0, NULL, C, C, C, REDAN_DIFF_PLAIN, C, C, NULL, NULL, NULL},
};
/* clang-format on */

static bool part_fits(const struct redan_diff_part *part, struct redan_slice want)
{
    if (redan_slice_is(want, "[]"))
        return part->item;
    return !part->item && (redan_slice_is(want, "*") || redan_slice_eq(part->name, want));
}

static bool pattern_fits(const struct redan_diff_site *site, const char *pattern)
{
    struct redan_slice rest = redan_slice_of(pattern);
    struct redan_slice want = {0};
    size_t i = 0;

    for (; rest.len > 0; i++) {
        (void)redan_slice_cut(rest, '.', &want, &rest);
        if (i == site->count || !part_fits(&site->parts[i], want))
            return false;
    }
    return i == site->count;
}

const struct redan_diff_rule *redan_diff_rule_for(const struct redan_diff_site *site)
{
    const struct redan_node *b = redan_diff_before(site);
    const struct redan_node *a = redan_diff_after(site);
    bool scalars = (!b || redan_diff_scalar(b)) && (!a || redan_diff_scalar(a));

    for (const struct redan_diff_rule *r = redan_diff_rules; r->pattern; r++) {
        if ((r->documents & (1U << site->document)) != 0 && pattern_fits(site, r->pattern))
            return r->scale != REDAN_DIFF_PLAIN && !scalars ? NULL : r;
    }
    return NULL;
}
