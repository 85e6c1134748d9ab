/* Judgements about a change that a row of the table of rules cannot say. */
#include "crypto/key.h"
#include "record/compare.h"
#include "threat/diff_rules.h"
#include "threat/model.h"

/* Planned asks for a date, accepted for a signature, control and eliminated for proof. */
enum redan_status redan_diff_judge_kind(const struct redan_diff_site *site,
                                        const struct redan_diff_rule *rule,
                                        enum redan_diff_effect *effect)
{
    static const int64_t rank[] = {2, 1, 0, 2}; /* control, planned, accepted, eliminated */
    const struct redan_node *b = redan_diff_before(site);
    const struct redan_node *a = redan_diff_after(site);
    int64_t before = 0;
    int64_t after = 0;

    *effect = redan_diff_by_change(site, rule);
    if (!a || !b || !redan_diff_word(b->text, redan_resolution_words, &before) ||
        !redan_diff_word(a->text, redan_resolution_words, &after))
        return REDAN_OK;
    if (rank[after] < rank[before])
        *effect = REDAN_DIFF_LOOSENED;
    else if (rank[after] == 2 && rank[before] < 2)
        *effect = REDAN_DIFF_TIGHTENED;
    return REDAN_OK;
}

/* `none` is a claim without proof; a list asks for some. */
enum redan_status redan_diff_judge_evidence(const struct redan_diff_site *site,
                                            const struct redan_diff_rule *rule,
                                            enum redan_diff_effect *effect)
{
    const struct redan_node *b = redan_diff_before(site);
    const struct redan_node *a = redan_diff_after(site);

    *effect = redan_diff_by_change(site, rule);
    if (b && b->kind == REDAN_NODE_LIST && b->count > 0 && (!a || a->kind != REDAN_NODE_LIST))
        *effect = REDAN_DIFF_LOOSENED;
    if (a && a->kind == REDAN_NODE_LIST && a->count > 0 && (!b || b->kind != REDAN_NODE_LIST))
        *effect = REDAN_DIFF_TIGHTENED;
    return REDAN_OK;
}

/* Whether a value meets comparators. */
static enum redan_status meets(struct redan_ctx *ctx, const struct redan_node *comparators,
                               const struct redan_node *value, bool *holds)
{
    struct redan_node want = *comparators;
    struct redan_node seen = *value;
    struct redan_slice detail = {0};

    want.key = seen.key = REDAN_S("value");
    want.next = seen.next = NULL;
    struct redan_node expect = {.kind = REDAN_NODE_MAP, .first = &want, .last = &want, .count = 1};
    struct redan_node observed = {
        .kind = REDAN_NODE_MAP, .first = &seen, .last = &seen, .count = 1};
    return redan_compare(ctx, &expect, &observed, REDAN_COMPARE_PLAIN, holds, &detail, NULL);
}

/* One value became a range that holds it: looser. A range became one value of it: tighter. */
enum redan_status redan_diff_judge_expect(const struct redan_diff_site *site,
                                          const struct redan_diff_rule *rule,
                                          enum redan_diff_effect *effect)
{
    const struct redan_node *b = redan_diff_before(site);
    const struct redan_node *a = redan_diff_after(site);
    bool holds = false;

    *effect = redan_diff_by_change(site, rule);
    if (!a || !b)
        return REDAN_OK;
    if (redan_diff_scalar(b) && a->kind == REDAN_NODE_MAP) {
        REDAN_TRY(meets(site->ctx, a, b, &holds));
        *effect = holds ? REDAN_DIFF_LOOSENED : REDAN_DIFF_CHANGED;
    } else if (redan_diff_scalar(a) && b->kind == REDAN_NODE_MAP) {
        REDAN_TRY(meets(site->ctx, b, a, &holds));
        *effect = holds ? REDAN_DIFF_TIGHTENED : REDAN_DIFF_CHANGED;
    }
    return REDAN_OK;
}

static bool is_tests(const struct redan_node *query)
{
    return redan_slice_is(redan_node_text(query, "type"), "tests");
}

/* A list asks for the same set, but for the tests that must have passed. */
enum redan_status redan_diff_judge_expect_item(const struct redan_diff_site *site,
                                               const struct redan_diff_rule *rule,
                                               enum redan_diff_effect *effect)
{
    struct redan_diff_memo *memo = site->memo;
    const struct redan_node *query = site->afters[4];

    *effect = REDAN_DIFF_CHANGED;
    if (!redan_slice_is(site->parts[5].name, "passed"))
        return REDAN_OK;
    if (memo->query != query) {
        memo->query = query;
        memo->tests = is_tests(site->befores[4]) && is_tests(query);
    }
    if (memo->tests)
        *effect = redan_diff_by_change(site, rule);
    return REDAN_OK;
}

/* A bound that moved. */
enum redan_status redan_diff_judge_bound(const struct redan_diff_site *site,
                                         const struct redan_diff_rule *rule,
                                         enum redan_diff_effect *effect)
{
    struct redan_slice op = site->parts[site->count - 1].name;
    bool most = redan_slice_is(op, "<") || redan_slice_is(op, "<=");
    bool least = redan_slice_is(op, ">") || redan_slice_is(op, ">=");
    struct redan_diff_rule scale = {.scale = REDAN_DIFF_NUMBER};
    int order = 0;

    *effect = redan_diff_by_change(site, rule);
    if (redan_slice_is(op, "max-age")) {
        scale.scale = REDAN_DIFF_SPAN;
        most = true;
    }
    if (!redan_diff_before(site) || !redan_diff_after(site) || (!most && !least) ||
        !redan_diff_order(site, &scale, &order))
        return REDAN_OK;
    if (order != 0)
        *effect = (order > 0) == most ? REDAN_DIFF_LOOSENED : REDAN_DIFF_TIGHTENED;
    return REDAN_OK;
}

enum redan_status redan_diff_judge_bound_item(const struct redan_diff_site *site,
                                              const struct redan_diff_rule *rule,
                                              enum redan_diff_effect *effect)
{
    struct redan_slice op = site->parts[site->count - 2].name;

    *effect = REDAN_DIFF_CHANGED;
    if (redan_slice_is(op, "none-of") || redan_slice_is(op, "includes"))
        *effect = redan_diff_by_change(site, rule);
    else if (redan_slice_is(op, "in"))
        *effect = redan_diff_before(site) ? REDAN_DIFF_TIGHTENED : REDAN_DIFF_LOOSENED;
    return REDAN_OK;
}

static const char *const all_duties[] = {"ml-lead != security-lead", "acceptor != owner",
                                         "evidence-signer != author", NULL};
static const char *const usual_bodies[] = {"risk-board", NULL};

static bool among(const struct redan_node *list, const char *const *usual, struct redan_slice text)
{
    int64_t at = 0;

    if (!list || list->count == 0)
        return redan_diff_word(text, usual, &at);
    for (const struct redan_node *n = list->first; n; n = n->next) {
        if (n->kind == REDAN_NODE_TEXT && redan_slice_eq(n->text, text))
            return true;
    }
    return false;
}

/* Whether everything in `a` is in `b`, either of which may be the usual. */
static bool within(const struct redan_node *a, const struct redan_node *b, const char *const *usual)
{
    if (!a || a->count == 0) {
        for (size_t i = 0; usual[i]; i++) {
            if (!among(b, usual, redan_slice_of(usual[i])))
                return false;
        }
        return true;
    }
    for (const struct redan_node *n = a->first; n; n = n->next) {
        if (n->kind != REDAN_NODE_TEXT || !among(b, usual, n->text))
            return false;
    }
    return true;
}

/* A list that stands for something when it is not there: which of the two has more in it? */
static void compare_lists(const struct redan_diff_site *site, const char *const *usual,
                          enum redan_diff_effect more, enum redan_diff_effect less,
                          enum redan_diff_effect *effect)
{
    const struct redan_node *b = redan_diff_before(site);
    const struct redan_node *a = redan_diff_after(site);

    if (site->parts[site->count - 1].item) {
        *effect = a ? more : less;
        if (site->afters[site->count - 1]->count == 0) /* nobody can tell what stands there now */
            *effect = REDAN_DIFF_LOOSENED;
        return;
    }
    bool grew = !within(a, b, usual);
    bool shrank = !within(b, a, usual);
    if ((b && b->kind != REDAN_NODE_LIST) || (a && a->kind != REDAN_NODE_LIST))
        *effect = REDAN_DIFF_CHANGED;
    else if ((grew && more == REDAN_DIFF_LOOSENED) || (shrank && less == REDAN_DIFF_LOOSENED))
        *effect = REDAN_DIFF_LOOSENED;
    else
        *effect = grew || shrank ? REDAN_DIFF_TIGHTENED : REDAN_DIFF_WORDS;
}

enum redan_status redan_diff_judge_duties(const struct redan_diff_site *site,
                                          REDAN_UNUSED const struct redan_diff_rule *rule,
                                          enum redan_diff_effect *effect)
{
    compare_lists(site, all_duties, REDAN_DIFF_TIGHTENED, REDAN_DIFF_LOOSENED, effect);
    return REDAN_OK;
}

enum redan_status redan_diff_judge_bodies(const struct redan_diff_site *site,
                                          REDAN_UNUSED const struct redan_diff_rule *rule,
                                          enum redan_diff_effect *effect)
{
    compare_lists(site, usual_bodies, REDAN_DIFF_LOOSENED, REDAN_DIFF_TIGHTENED, effect);
    return REDAN_OK;
}

/* A quorum of one is what an absent role stands for; whether the role itself is missed, nobody can tell. */
enum redan_status redan_diff_judge_quorum(const struct redan_diff_site *site,
                                          const struct redan_diff_rule *rule,
                                          enum redan_diff_effect *effect)
{
    int order = 0;

    *effect = REDAN_DIFF_CHANGED;
    if (redan_diff_order(site, rule, &order) && order != 0)
        *effect = order > 0 ? REDAN_DIFF_TIGHTENED : REDAN_DIFF_LOOSENED;
    return REDAN_OK;
}

static enum redan_status read_catalog(struct redan_ctx *ctx, struct redan_diff_memo *memo)
{
    if (memo->catalog)
        return REDAN_OK;
    memo->catalog = redan_take(ctx, sizeof(*memo->catalog));
    return memo->catalog ? redan_catalog_load(ctx, memo->catalog) : REDAN_E_MEMORY;
}

/* Where the organisation says nothing, the catalogue's floor holds. */
enum redan_status redan_diff_judge_floor(const struct redan_diff_site *site,
                                         const struct redan_diff_rule *rule,
                                         enum redan_diff_effect *effect)
{
    struct redan_diff_rule with = *rule;
    int order = 0;

    *effect = REDAN_DIFF_CHANGED;
    if (!redan_diff_before(site) || !redan_diff_after(site)) {
        REDAN_TRY(read_catalog(site->ctx, site->memo));
        const struct redan_archetype *archetype =
            redan_catalog_archetype(site->memo->catalog, site->parts[site->count - 1].name);
        if (!archetype)
            return REDAN_OK;
        with.usual = redan_severity_words[archetype->floor];
    }
    if (redan_diff_order(site, &with, &order))
        *effect = order > 0   ? REDAN_DIFF_TIGHTENED
                  : order < 0 ? REDAN_DIFF_LOOSENED
                              : REDAN_DIFF_WORDS;
    return REDAN_OK;
}

static enum redan_status key_id(struct redan_ctx *ctx, const struct redan_node *key, bool *known,
                                struct redan_digest *id)
{
    struct redan_key *REDAN_DEFER(redan_key_drop) parsed = NULL;
    struct redan_slice text = redan_node_text(key, "public");

    *known = false;
    if (text.len == 0)
        return REDAN_OK;
    enum redan_status status = redan_key_parse_public(ctx, text, &parsed);
    if (status == REDAN_E_MEMORY)
        return status;
    if (status != REDAN_OK) {
        redan_fail_clear(ctx);
        return REDAN_OK;
    }
    redan_key_id(parsed, id);
    *known = true;
    return REDAN_OK;
}

static enum redan_status read_revoked(struct redan_ctx *ctx, const struct redan_node *keys,
                                      struct redan_diff_memo *memo)
{
    bool known = false;

    if (memo->revoked)
        return REDAN_OK;
    memo->revoked = redan_take_array(ctx, keys->count + 1, sizeof(*memo->revoked));
    if (!memo->revoked)
        return REDAN_E_MEMORY;
    for (const struct redan_node *n = keys->first; n; n = n->next) {
        if (!redan_node_get(n, "revoked"))
            continue;
        REDAN_TRY(key_id(ctx, n, &known, &memo->revoked[memo->revoked_count]));
        memo->revoked_count += known;
    }
    return REDAN_OK;
}

/* A key that was revoked comes back under another name, or as another's. */
enum redan_status redan_diff_judge_key(const struct redan_diff_site *site,
                                       const struct redan_diff_rule *rule,
                                       enum redan_diff_effect *effect)
{
    const struct redan_node *key = site->afters[2];
    const struct redan_node *keys = site->befores[1];
    struct redan_digest now;
    bool known = false;

    *effect = redan_diff_by_change(site, rule);
    if (!key || !redan_diff_after(site) || redan_node_get(key, "revoked") || !keys)
        return REDAN_OK;
    REDAN_TRY(key_id(site->ctx, key, &known, &now));
    REDAN_TRY(read_revoked(site->ctx, keys, site->memo));
    for (size_t i = 0; known && i < site->memo->revoked_count; i++) {
        if (redan_digest_eq(&now, &site->memo->revoked[i]))
            *effect = REDAN_DIFF_LOOSENED;
    }
    return REDAN_OK;
}
