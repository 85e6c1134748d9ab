/* An answer beside what was due; counts, and the rate that has an interval. */
#include <stdio.h>

#include "codec/json.h"
#include "probe/probe_guard.h"
#include "stats/interval.h"

/* A refusal in the guard's own words: why, and the request's id; and, where a rule of the policy decided, which. What stands behind the guard may refuse too, and was reached then. */
static bool refused(struct redan_ctx *ctx, const struct redan_http_response *response, bool *rule)
{
    const struct redan_node *root = NULL;

    *rule = false;
    if (response->status < 400)
        return false;
    if (redan_json_parse(ctx, response->body, &root) != REDAN_OK) {
        redan_fail_clear(ctx);
        return false;
    }
    *rule = redan_node_text(root, "rule").len > 0;
    return redan_node_text(root, "error").len > 0 && redan_node_text(root, "id").len > 0;
}

/* Whether an answer says more than labels, or than so many digits. One that cannot be read may say anything. */
static bool says_more(const struct redan_guarding *g, struct redan_ctx *ctx,
                      struct redan_slice body)
{
    struct redan_response response = {0};

    if (g->preset->decode_response(ctx, body, &response) != REDAN_OK) {
        redan_fail_clear(ctx);
        return true;
    }
    if (g->set.labels)
        return response.scores;
    for (size_t i = 0; i < response.count; i++) {
        if (response.outputs[i].decimals > g->set.decimals)
            return true;
    }
    return false;
}

void redan_guarding_end_run(struct redan_guarding *g)
{
    if (g->run && !g->run_over)
        g->bad[g->run->of]++;
    g->run = NULL;
}

static void judge_run(struct redan_guarding *g, const struct redan_probe_item *item, bool stopped)
{
    if (!g->run || g->run->of != item->of || g->run->caller != item->caller) {
        redan_guarding_end_run(g);
        g->run = item;
        g->run_sent = 0;
        g->run_over = false;
        g->tried[item->of]++;
        if (item->of == REDAN_PROBING_SEARCH)
            g->stopped_at = 0;
    }
    g->run_sent++;
    if (!stopped || g->run_over)
        return;
    g->run_over = true;
    if (item->of == REDAN_PROBING_SEARCH)
        g->stopped_at = g->run_sent;
}

void redan_guarding_judge(struct redan_guarding *g, const struct redan_probe_item *item,
                          const struct redan_http_response *response, bool marked)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx own;
    bool answered = response->status >= 200 && response->status < 300;

    redan_ctx_beside(&own, g->ctx);
    bool rule = false;
    bool no = refused(&own, response, &rule);
    bool more = answered && says_more(g, &own, response->body);
    bool good = false;

    g->sent++;
    g->raw += more;
    switch ((enum redan_probe_due)item->due) {
    case REDAN_DUE_ANSWERED:
        good = answered;
        break;
    case REDAN_DUE_REFUSED:
        good = no;
        break;
    case REDAN_DUE_MARKED:
        good = marked;
        break;
    case REDAN_DUE_SHAPED:
        good = no || (answered && !more);
        break;
    case REDAN_DUE_STOPPED:
        judge_run(g, item, no && rule);
        return;
    }
    redan_guarding_end_run(g);
    g->tried[item->of]++;
    g->bad[item->of] += !good;
}

/* "out-of-distribution" -> "out_of_distribution_let_by" */
static bool add_class(struct redan_ctx *ctx, struct redan_node *map, int of, const char *end,
                      uint64_t value)
{
    struct redan_slice key = {0};
    char name[64];
    size_t len = 0;

    for (const char *c = redan_probing_words[of]; *c && len + 1 < sizeof(name); c++)
        name[len++] = *c == '-' ? '_' : *c;
    name[len] = '\0';
    return redan_format(ctx, &key, "%s%s", name, end) == REDAN_OK &&
           redan_node_add_number(ctx, map, key.at, (double)value);
}

static bool add_rate(struct redan_ctx *ctx, struct redan_node *map, const char *key, uint64_t hits,
                     uint64_t n)
{
    struct redan_node *rate = redan_node_add_kind(ctx, map, key, REDAN_NODE_MAP);
    struct redan_interval interval = redan_interval_wilson((size_t)hits, (size_t)n, REDAN_Z95);

    return rate && redan_node_add_number(ctx, rate, "value", (double)hits / (double)n) &&
           redan_node_add_number(ctx, rate, "low", interval.low) &&
           redan_node_add_number(ctx, rate, "high", interval.high) &&
           redan_node_add_number(ctx, rate, "n", (double)n);
}

static bool add_counts(struct redan_guarding *g, struct redan_node *map)
{
    struct redan_node *tried = redan_node_add_kind(g->ctx, map, "tried", REDAN_NODE_MAP);
    uint64_t n = g->tried[REDAN_PROBING_HONEST];
    uint64_t let_by = 0;
    bool ok = tried != NULL;

    for (int k = 0; k < REDAN_PROBINGS && ok; k++) {
        if (g->tried[k] == 0)
            continue; /* what was not tried is not told: a query for it finds nothing */
        ok = add_class(g->ctx, tried, k, "", g->tried[k]) &&
             add_class(g->ctx, map, k, k == REDAN_PROBING_HONEST ? "_refused" : "_let_by",
                       g->bad[k]);
        let_by += k == REDAN_PROBING_HONEST ? 0 : g->bad[k];
    }
    if (ok && n)
        ok = add_rate(g->ctx, map, "in_distribution_refused_rate", g->bad[REDAN_PROBING_HONEST], n);
    if (ok && g->stopped_at)
        ok = redan_node_add_number(g->ctx, map, "search_stopped_at", (double)g->stopped_at);
    return ok && redan_node_add_number(g->ctx, map, "let_by", (double)let_by) &&
           redan_node_add_number(g->ctx, map, "raw_score", (double)g->raw);
}

enum redan_status redan_guarding_observe(struct redan_guarding *g,
                                         const struct redan_guard_seen *seen,
                                         struct redan_probed *probed)
{
    struct redan_ctx *ctx = g->ctx;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);

    redan_guarding_end_run(g);
    if (!map || !redan_node_add_text(ctx, map, "mode", REDAN_S("enforce")))
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_node_add_digest(ctx, map, "policy", &seen->policy));
    if (seen->has_profile)
        REDAN_TRY(redan_node_add_digest(ctx, map, "profile", &seen->profile));
    if (g->set.has_model)
        REDAN_TRY(redan_node_add_digest(ctx, map, "model", &g->set.model));
    if (!add_counts(g, map))
        return REDAN_E_MEMORY;
    *probed = (struct redan_probed){
        .observed = map, .n = g->sent, .has_artefact = true, .artefact = seen->policy};
    return REDAN_OK;
}
