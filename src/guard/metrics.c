/* What all workers counted, in the Prometheus text format 0.0.4. */
#include "guard/call.h"

struct row {
    enum redan_counter counter;
    const char *name, *help;
};

static const struct row rows[] = {
    {REDAN_COUNT_REQUESTS, "requests_total", "Requests that were judged."},
    {REDAN_COUNT_ROWS, "rows_total", "Rows of these requests."},
    {REDAN_COUNT_WOULD_REFUSE, "would_refuse_total",
     "Requests let through in observe mode that enforce mode would have refused."},
    {REDAN_COUNT_PASSED_BY, "passed_by_total", "Requests to paths that the policy lets by."},
    {REDAN_COUNT_ERRORS, "errors_total", "Rules that could not be applied."},
    {REDAN_COUNT_ANSWERS, "answers_total", "Answers that were read."},
    {REDAN_COUNT_ANSWERS_CHANGED, "answers_changed_total", "Answers that left changed."},
    {REDAN_COUNT_ANSWERS_REFUSED, "answers_refused_total", "Answers that did not leave."},
    {REDAN_COUNT_EVENTS, "events_total", "Events that were written."},
    {REDAN_COUNT_EVENTS_DROPPED, "events_dropped_total", "Events that were lost."},
    {REDAN_COUNT_POLICIES_TAKEN, "policies_taken_total", "Policies taken up, by each worker."},
    {REDAN_COUNT_POLICIES_LEFT, "policies_left_total",
     "Policies that could not be opened and were left, by each worker."},
    {REDAN_COUNT_CALLERS_EVICTED, "callers_evicted_total",
     "Callers whose state made room for others."},
    {REDAN_COUNT_ACCUSED, "callers_accused_total", "Callers whose evidence reached its bound."},
    {REDAN_COUNT_ADMITTED, "records_trusted_total", "Records that may be learned from."},
    {REDAN_COUNT_QUARANTINED, "records_quarantined_total", "Records that may not."},
    {REDAN_COUNT_TOKENS_CACHED, "tokens_remembered_total", "Tokens that had been verified before."},
};

static void head(struct redan_buf *out, const char *name, const char *help, const char *type)
{
    redan_buf_printf(out, "# HELP redan_guard_%s %s\n# TYPE redan_guard_%s %s\n", name, help, name,
                     type);
}

/* Backslash, quote and line feed are escaped. */
static void label(struct redan_buf *out, const char *name, struct redan_slice value)
{
    redan_buf_printf(out, "%s=\"", name);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        if (c == '\\' || c == '"')
            redan_buf_char(out, '\\');
        redan_buf_char(out, c == '\n' ? ' ' : c);
    }
    redan_buf_char(out, '"');
}

static void add_verdicts(struct redan_buf *out, const struct redan_region *region)
{
    static const struct row verdicts[] = {
        {REDAN_COUNT_ALLOWED, "allow", NULL},
        {REDAN_COUNT_MARKED, "mark", NULL},
        {REDAN_COUNT_DEGRADED, "degrade", NULL},
        {REDAN_COUNT_REFUSED, "refuse", NULL},
    };

    head(out, "verdicts_total", "Requests by what was done.", "counter");
    for (size_t i = 0; i < REDAN_COUNT(verdicts); i++)
        redan_buf_printf(out, "redan_guard_verdicts_total{action=\"%s\"} %llu\n", verdicts[i].name,
                         (unsigned long long)redan_region_counter(region, verdicts[i].counter));
}

static void add_rule(struct redan_buf *out, const struct redan_region *region,
                     struct redan_slice id, const char *side, size_t index, bool answers)
{
    redan_buf_text(out, "redan_guard_rule_hits_total{");
    label(out, "rule", id);
    redan_buf_printf(out, ",side=\"%s\"} %llu\n", side,
                     (unsigned long long)redan_region_rule_counter(region, index, answers));
}

static void add_rules(struct redan_buf *out, const struct redan_region *region,
                      const struct redan_policy *policy)
{
    if (policy->rule_count + policy->answers.rule_count == 0)
        return;
    head(out, "rule_hits_total", "How often a rule spoke.", "counter");
    for (size_t i = 0; i < policy->rule_count; i++)
        add_rule(out, region, policy->rules[i].id, "request", i, false);
    for (size_t i = 0; i < policy->answers.rule_count; i++)
        add_rule(out, region, policy->answers.rules[i].id, "answer", i, true);
}

/* Bucket b counts what took less than 2^(b+1) microseconds; the last one has no end. */
static void add_times(struct redan_buf *out, const struct redan_region *region)
{
    uint64_t sum = 0;
    uint64_t count = 0;

    head(out, "judge_seconds", "How long judging a request took.", "histogram");
    for (size_t b = 0; b < REDAN_REGION_BUCKETS; b++) {
        count += redan_region_bucket(region, b, &sum);
        if (b + 1 < REDAN_REGION_BUCKETS)
            redan_buf_printf(out, "redan_guard_judge_seconds_bucket{le=\"%.9g\"} %llu\n",
                             (double)((uint64_t)2 << b) / 1e6, (unsigned long long)count);
    }
    redan_buf_printf(out,
                     "redan_guard_judge_seconds_bucket{le=\"+Inf\"} %llu\n"
                     "redan_guard_judge_seconds_sum %.9g\nredan_guard_judge_seconds_count %llu\n",
                     (unsigned long long)count, (double)sum / 1e9, (unsigned long long)count);
}

static void add_policy(struct redan_buf *out, const struct redan_worker *worker)
{
    const struct redan_edition *e = worker->edition;

    head(out, "generation", "Rises by one with each policy that is taken up.", "gauge");
    redan_buf_printf(out, "redan_guard_generation %llu\n",
                     (unsigned long long)redan_region_generation(worker->region));
    head(out, "callers", "Callers that are remembered.", "gauge");
    redan_buf_printf(out, "redan_guard_callers %zu\n", redan_region_callers(worker->region));
    head(out, "callers_room", "Callers that can be remembered.", "gauge");
    redan_buf_printf(out, "redan_guard_callers_room %zu\n", redan_region_room(worker->region));
    head(out, "up", "Whether a policy is in force, and none that came after it was left.", "gauge");
    redan_buf_printf(out, "redan_guard_up %d\n", e && !worker->error[0]);
    if (!e)
        return;
    head(out, "policy_info", "What is in force.", "gauge");
    redan_buf_text(out, "redan_guard_policy_info{");
    label(out, "id", e->policy.id);
    redan_buf_char(out, ',');
    label(out, "policy", e->policy_text);
    redan_buf_char(out, ',');
    label(out, "profile", e->profile_text);
    redan_buf_printf(out, ",mode=\"%s\"} 1\n",
                     redan_worker_enforces(worker) ? "enforce" : "observe");
}

struct redan_slice redan_worker_metrics(struct redan_worker *worker)
{
    struct redan_buf *out = &worker->metrics;

    redan_worker_count_events(worker);
    redan_buf_clear(out);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        head(out, rows[i].name, rows[i].help, "counter");
        redan_buf_printf(out, "redan_guard_%s %llu\n", rows[i].name,
                         (unsigned long long)redan_region_counter(worker->region, rows[i].counter));
    }
    add_verdicts(out, worker->region);
    add_times(out, worker->region);
    add_policy(out, worker);
    if (worker->edition)
        add_rules(out, worker->region, &worker->edition->policy);
    return out->fail == REDAN_OK ? redan_buf_view(out) : (struct redan_slice){"", 0};
}
