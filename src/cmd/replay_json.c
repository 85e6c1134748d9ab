/* The outcome of a replay as one JSON object, redan/guard-replay/1. */
#include <math.h>

#include "base/clock.h"
#include "cmd/replay_report.h"
#include "codec/json.h"
#include "guard/arming.h"
#include "stats/interval.h"

static unsigned long long ull(uint64_t n)
{
    return (unsigned long long)n;
}

static void number_add(struct redan_buf *out, const char *name, double value)
{
    redan_buf_text(out, name);
    redan_json_number_add(out, value);
}

static void rate_add(struct redan_buf *out, const char *name, uint64_t hits, uint64_t of,
                     bool exact)
{
    struct redan_interval i = exact ? redan_interval_exact((size_t)hits, (size_t)of, 0.95)
                                    : redan_interval_wilson((size_t)hits, (size_t)of, REDAN_Z95);

    redan_buf_printf(out, "\"%s\": {\"count\": %llu, \"of\": %llu", name, ull(hits), ull(of));
    number_add(out, ", \"low\": ", i.low);
    number_add(out, ", \"high\": ", i.high);
    redan_buf_char(out, '}');
}

static void rule_add(struct redan_buf *out, const struct redan_policy_rule *rule)
{
    redan_buf_text(out, "\"rule\": ");
    if (rule)
        redan_json_string_add(out, rule->id);
    else
        redan_buf_text(out, "null");
}

static void actions_add(struct redan_buf *out, const struct redan_replay_report *r)
{
    redan_buf_text(out, "\"actions\": {");
    for (int a = REDAN_ACTION_MARK; a <= REDAN_ACTION_REFUSE; a++) {
        redan_buf_printf(out, "%s\n  \"%s\": {", a > REDAN_ACTION_MARK ? "," : "",
                         redan_action_words[a]);
        rate_add(out, "requests", r->tally.requests[a], r->judged, false);
        redan_buf_printf(out, ", \"rows\": %llu, ", ull(r->tally.rows[a]));
        rate_add(out, "callers", r->tally.callers[a], r->caller_count, true);
        redan_buf_char(out, '}');
    }
    redan_buf_text(out, "},\n \"rules\": [");
    for (size_t i = 0; i < r->rule_count; i++) {
        const struct redan_replay_rule *rule = &r->rules[i];
        redan_buf_text(out, i ? ",\n  {" : "\n  {");
        rule_add(out, rule->rule);
        redan_buf_printf(out,
                         ", \"action\": \"%s\", \"requests\": %llu, \"rows\": %llu, \"callers\": "
                         "%llu, \"decided\": %llu}",
                         redan_action_words[rule->rule ? rule->rule->action : REDAN_ACTION_REFUSE],
                         ull(rule->requests), ull(rule->rows), ull(rule->callers),
                         ull(rule->decided));
    }
    redan_buf_text(out, "],\n ");
}

/* Expected false accusations: the sum over rules that are armed for the class; null where none is. */
static void expected_add(struct redan_buf *out, const struct redan_edition *edition,
                         const struct redan_replay_class *c)
{
    const struct redan_policy *policy = redan_edition_policy(edition);
    const struct redan_profile *profile = redan_edition_profile(edition);
    double expected = 0;
    bool armed = false;

    for (size_t i = 0; profile && i < policy->rule_count; i++) {
        const struct redan_policy_rule *rule = &policy->rules[i];
        if (!redan_slice_is(redan_slice_of(rule->stage->name), "caller") ||
            (rule->caller_class.len && !redan_slice_eq(rule->caller_class, c->id)) ||
            redan_arming(profile, c->id, rule->alpha, NULL) != REDAN_ARMED)
            continue;
        armed = true;
        expected += redan_promise_of(rule->alpha, c->callers).expected;
    }
    redan_buf_text(out, ", \"expected-false\": ");
    if (armed)
        redan_json_number_add(out, expected);
    else
        redan_buf_text(out, "null");
}

static void classes_add(struct redan_buf *out, const struct redan_edition *edition,
                        const struct redan_replay_report *r)
{
    redan_buf_text(out, "\"classes\": [");
    for (size_t i = 0; i < r->class_count; i++) {
        const struct redan_replay_class *c = &r->classes[i];
        redan_buf_text(out, i ? ",\n  {\"class\": " : "\n  {\"class\": ");
        redan_json_string_add(out, c->id);
        redan_buf_printf(out,
                         ", \"callers\": %llu, \"marked\": %llu, \"degraded\": %llu, \"refused\": "
                         "%llu, \"accused\": %llu",
                         ull(c->callers), ull(c->tally.callers[REDAN_ACTION_MARK]),
                         ull(c->tally.callers[REDAN_ACTION_DEGRADE]),
                         ull(c->tally.callers[REDAN_ACTION_REFUSE]), ull(c->accused));
        expected_add(out, edition, c);
        redan_buf_char(out, '}');
    }
    redan_buf_text(out, "],\n \"reasons\": [");
    for (size_t i = 0; i < r->reason_count; i++) {
        redan_buf_text(out, i ? ",\n  {" : "\n  {");
        rule_add(out, r->reasons[i].rule);
        redan_buf_printf(out, ", \"action\": \"%s\", \"requests\": %llu, \"text\": ",
                         redan_action_words[r->reasons[i].action], ull(r->reasons[i].requests));
        redan_json_string_add(out, r->reasons[i].text);
        redan_buf_char(out, '}');
    }
    redan_buf_text(out, "],\n ");
}

static void callers_add(struct redan_buf *out, const struct redan_replay_report *r, size_t listed)
{
    size_t shown = 0;

    redan_buf_text(out, "\"callers\": [");
    for (size_t i = 0; i < r->caller_count && shown < listed; i++) {
        const struct redan_replay_caller *c = r->callers[i];
        char when[REDAN_TIME_TEXT];
        if (!c->accused && c->worst != REDAN_ACTION_REFUSE)
            continue;
        redan_buf_text(out, shown++ ? ",\n  {\"caller\": " : "\n  {\"caller\": ");
        redan_json_string_add(out, c->name);
        redan_buf_text(out, ", \"class\": ");
        redan_json_string_add(out, c->caller_class ? c->caller_class->id : REDAN_S(""));
        redan_buf_text(out, ", ");
        rule_add(out, c->rule);
        redan_time_text((int64_t)(c->first_ms / 1000), when);
        redan_buf_printf(out,
                         ", \"refused\": %llu, \"requests\": %llu, \"accused\": %s, \"first\": "
                         "\"%s\", \"reason\": ",
                         ull(c->requests[REDAN_ACTION_REFUSE]),
                         ull(c->requests[0] + c->requests[1] + c->requests[2] + c->requests[3]),
                         c->accused ? "true" : "false", when);
        redan_json_string_add(out, c->reason.at ? c->reason : REDAN_S(""));
        if (!isnan(c->log_e))
            number_add(out, ", \"log-e\": ", c->log_e);
        redan_buf_char(out, '}');
    }
    redan_buf_text(out, "],\n ");
}

enum redan_status redan_replay_json(struct redan_cli *cli, const struct redan_edition *edition,
                                    const struct redan_replay_report *r, size_t listed)
{
    const struct redan_policy *policy = redan_edition_policy(edition);
    struct redan_buf *out = &cli->out;
    struct redan_slice digest = {0};
    char from[REDAN_TIME_TEXT];
    char until[REDAN_TIME_TEXT];

    REDAN_TRY(redan_digest_text(&cli->ctx, &policy->digest, &digest));
    redan_time_text((int64_t)(r->first_ms / 1000), from);
    redan_time_text((int64_t)(r->last_ms / 1000), until);
    redan_buf_text(out, "{\"schema\": \"redan/guard-replay/1\", \"policy\": ");
    redan_json_string_add(out, policy->id);
    redan_buf_printf(out,
                     ", \"digest\": \"%.*s\",\n \"from\": \"%s\", \"until\": \"%s\", \"lines\": "
                     "%llu, \"callers-seen\": %llu, \"judged\": %llu, \"rows\": %llu,\n ",
                     REDAN_FMT(digest), from, until, ull(r->lines), ull(r->caller_count),
                     ull(r->judged), ull(r->rows));
    actions_add(out, r);
    classes_add(out, edition, r);
    callers_add(out, r, listed);
    redan_buf_printf(out,
                     "\"left-out\": {\"featureless\": %llu, \"foreign\": %llu, \"unreadable\": "
                     "%llu, \"outside\": %llu},\n \"in-part\": {\"undone\": %llu, \"unanswered\": "
                     "%llu, \"nameless\": %llu, \"evicted\": %llu},\n \"cost-us\": {\"mean\": ",
                     ull(r->featureless), ull(r->foreign), ull(r->unreadable), ull(r->outside),
                     ull(r->undone), ull(r->unanswered), ull(r->nameless), ull(r->evicted));
    redan_json_number_add(out, r->judged ? (double)r->ns / (double)r->judged / 1000 : 0);
    number_add(out, ", \"half\": ", redan_replay_us(r, 0.5));
    number_add(out, ", \"p99\": ", redan_replay_us(r, 0.99));
    redan_buf_text(out, "}}\n");
    return redan_buf_ok(&cli->ctx, out, "the report");
}
