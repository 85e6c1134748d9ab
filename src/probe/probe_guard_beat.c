/* A guard is alive: it says which policy it enforces, and how much it has judged. */
#include "attest/statement.h"
#include "probe/guard_metrics.h"

static const char *lint(const struct redan_probe *probe)
{
    if (probe->metrics.len == 0)
        return "it has no metrics; add metrics: http://127.0.0.1:PORT/redan/metrics";
    if (probe->url.len || probe->set.len || probe->by.len || probe->headers.count)
        return "url, set, by and headers belong to probes of kind guard; remove them";
    if (probe->argv.count || probe->body.len || probe->preset.len)
        return "argv, preset and body belong to probes of the other kinds; remove them";
    return NULL;
}

static bool add_sum(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                    struct redan_slice text, const char *metric)
{
    double sum = 0;

    return !redan_guard_metric(text, metric, NULL, (struct redan_slice){0}, &sum) ||
           redan_node_add_number(ctx, map, key, sum);
}

static enum redan_status run(struct redan_ctx *ctx, const struct redan_probe *probe,
                             struct redan_probed *probed)
{
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_guard_seen seen;

    if (!map)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_guard_look(ctx, probe, &seen));
    if (!redan_node_add_bool(ctx, map, "alive", seen.up && seen.enforces) ||
        !redan_node_add_text(ctx, map, "mode",
                             seen.enforces ? REDAN_S("enforce") : REDAN_S("observe")))
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_node_add_digest(ctx, map, "policy", &seen.policy));
    if (seen.has_profile)
        REDAN_TRY(redan_node_add_digest(ctx, map, "profile", &seen.profile));
    if (!redan_node_add_number(ctx, map, "generation", seen.generation) ||
        !add_sum(ctx, map, "decisions", seen.text, "redan_guard_requests_total") ||
        !add_sum(ctx, map, "accused", seen.text, "redan_guard_callers_accused_total") ||
        !add_sum(ctx, map, "errors", seen.text, "redan_guard_errors_total") ||
        !add_sum(ctx, map, "events_dropped", seen.text, "redan_guard_events_dropped_total"))
        return REDAN_E_MEMORY;
    *probed = (struct redan_probed){
        .observed = map, .n = 1, .has_artefact = true, .artefact = seen.policy};
    return REDAN_OK;
}

const struct redan_probe_kind redan_probe_guard_beat = {
    .name = "guard-beat",
    .title = "whether a guard is alive: the policy that it enforces, and how much it has judged",
    .lint = lint,
    .run = run,
};
