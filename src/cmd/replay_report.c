/* The outcome of a replay in words: rates with their intervals, reasons, callers, cost, and what could not be judged. */
#include "cmd/replay_report.h"

#include <math.h>

#include "base/clock.h"
#include "guard/arming.h"
#include "stats/interval.h"

enum { REASONS = 5 };

static unsigned long long ull(uint64_t n)
{
    return (unsigned long long)n;
}

static struct redan_slice rule_id(const struct redan_policy_rule *rule)
{
    return rule ? rule->id : REDAN_S("(the request itself)");
}

/* A share as people read it: "0.12 % (0.05 to 0.3 %)". */
static void share_add(struct redan_buf *out, uint64_t hits, uint64_t of, bool exact)
{
    struct redan_interval i = exact ? redan_interval_exact((size_t)hits, (size_t)of, 0.95)
                                    : redan_interval_wilson((size_t)hits, (size_t)of, REDAN_Z95);

    redan_buf_printf(out, "%llu = %.3g %% (%.3g to %.3g %%)", ull(hits),
                     of ? 100 * (double)hits / (double)of : 0.0, 100 * i.low, 100 * i.high);
}

static void head_add(struct redan_cli *cli, const struct redan_policy *policy,
                     const struct redan_replay_report *r)
{
    char from[REDAN_TIME_TEXT];
    char until[REDAN_TIME_TEXT];

    redan_time_text((int64_t)(r->first_ms / 1000), from);
    redan_time_text((int64_t)(r->last_ms / 1000), until);
    redan_buf_printf(
        &cli->out, "%.*s over %s to %s (%.3g days): %llu callers, %llu requests, %llu rows\n",
        REDAN_FMT(policy->id), from, until, (double)(r->last_ms - r->first_ms) / 86400000.0,
        ull(r->caller_count), ull(r->judged), ull(r->rows));
}

static void actions_add(struct redan_buf *out, const struct redan_replay_report *r)
{
    static const char *const words[] = {"allowed", "marked", "degraded", "refused"};

    redan_buf_text(out, "\nenforced, this would have been (95 % intervals):\n");
    for (int a = REDAN_ACTION_REFUSE; a > REDAN_ACTION_ALLOW; a--) {
        redan_buf_printf(out, "  %-9s requests ", words[a]);
        share_add(out, r->tally.requests[a], r->judged, false);
        redan_buf_printf(out, ", %llu rows\n            callers  ", ull(r->tally.rows[a]));
        share_add(out, r->tally.callers[a], r->caller_count, true);
        redan_buf_char(out, '\n');
    }
    redan_buf_text(out, "  a caller counts by the strongest; requests of one caller depend on each "
                        "other: their intervals are at best a guide\n");
}

static void rules_add(struct redan_buf *out, const struct redan_replay_report *r)
{
    redan_buf_text(out,
                   "\nrule                   action    spoke: requests       rows    callers   "
                   "decided\n");
    for (size_t i = 0; i < r->rule_count; i++) {
        const struct redan_replay_rule *rule = &r->rules[i];
        if (!rule->rule && !rule->requests)
            continue;
        redan_buf_printf(
            out, "%-22.*s %-9s %15llu %10llu %10llu %9llu\n", REDAN_FMT(rule_id(rule->rule)),
            redan_action_words[rule->rule ? rule->rule->action : REDAN_ACTION_REFUSE],
            ull(rule->requests), ull(rule->rows), ull(rule->callers), ull(rule->decided));
    }
    if (r->class_count < 2)
        return;
    redan_buf_text(out,
                   "\nclass                    callers    marked  degraded   refused   accused\n");
    for (size_t i = 0; i < r->class_count; i++) {
        const struct redan_replay_class *c = &r->classes[i];
        struct redan_slice id = c->id.len ? c->id : REDAN_S("(none)");
        redan_buf_printf(out, "%-22.*s %9llu %9llu %9llu %9llu %9llu\n", REDAN_FMT(id),
                         ull(c->callers), ull(c->tally.callers[REDAN_ACTION_MARK]),
                         ull(c->tally.callers[REDAN_ACTION_DEGRADE]),
                         ull(c->tally.callers[REDAN_ACTION_REFUSE]), ull(c->accused));
    }
}

static void reasons_add(struct redan_buf *out, const struct redan_replay_report *r)
{
    if (!r->reason_count)
        return;
    redan_buf_text(out, "\nreasons (numbers as #)\n");
    for (size_t i = 0; i < r->reason_count && i < REASONS; i++)
        redan_buf_printf(out, "  %8llu  %.*s: %s: %.*s\n", ull(r->reasons[i].requests),
                         REDAN_FMT(rule_id(r->reasons[i].rule)),
                         redan_action_words[r->reasons[i].action], REDAN_FMT(r->reasons[i].text));
    uint64_t rest = r->other_reasons;
    for (size_t i = REASONS; i < r->reason_count; i++)
        rest += r->reasons[i].requests;
    if (rest)
        redan_buf_printf(out, "  %8llu  for other reasons\n", ull(rest));
}

static bool hurt(const struct redan_replay_caller *caller)
{
    return caller->accused || caller->worst == REDAN_ACTION_REFUSE;
}

static void callers_add(struct redan_buf *out, const struct redan_replay_report *r, size_t listed)
{
    size_t all = 0;
    size_t shown = 0;

    for (size_t i = 0; i < r->caller_count; i++)
        all += hurt(r->callers[i]);
    if (!all)
        return;
    redan_buf_text(out, "\ncallers that would have been refused or accused\n");
    for (size_t i = 0; i < r->caller_count && shown < listed; i++) {
        const struct redan_replay_caller *c = r->callers[i];
        char when[REDAN_TIME_TEXT];
        if (!hurt(c))
            continue;
        shown++;
        redan_time_text((int64_t)(c->first_ms / 1000), when);
        redan_buf_printf(out, "  %.*s: %llu of %llu requests refused, first %s by %.*s%s",
                         REDAN_FMT(c->name), ull(c->requests[REDAN_ACTION_REFUSE]),
                         ull(c->requests[0] + c->requests[1] + c->requests[2] + c->requests[3]),
                         when, REDAN_FMT(rule_id(c->rule)), c->accused ? "; accused" : "");
        if (!isnan(c->log_e))
            redan_buf_printf(out, ", log E %.2f", c->log_e);
        redan_buf_char(out, '\n');
    }
    if (shown < all)
        redan_buf_printf(out, "  and %zu more; --all lists them\n", all - shown);
}

/* What alpha means for the callers that were there, per rule over callers and class. */
static enum redan_status promises_add(struct redan_cli *cli, const struct redan_edition *edition,
                                      const struct redan_replay_report *r)
{
    const struct redan_policy *policy = redan_edition_policy(edition);
    const struct redan_profile *profile = redan_edition_profile(edition);
    bool first = true;

    for (size_t i = 0; profile && i < policy->rule_count; i++) {
        const struct redan_policy_rule *rule = &policy->rules[i];
        for (size_t c = 0;
             redan_slice_is(redan_slice_of(rule->stage->name), "caller") && c < r->class_count;
             c++) {
            struct redan_slice text = {0};
            struct redan_slice id = r->classes[c].id;
            if ((rule->caller_class.len && !redan_slice_eq(rule->caller_class, id)) ||
                !r->classes[c].callers)
                continue;
            if (first)
                redan_buf_text(&cli->out, "\nwhat may be accused\n");
            first = false;
            REDAN_TRY(redan_arming_text(&cli->ctx, profile, rule, id, &text));
            redan_buf_printf(&cli->out, "  %.*s\n", REDAN_FMT(text));
            if (redan_arming(profile, id, rule->alpha, NULL) != REDAN_ARMED)
                continue;
            struct redan_promise promise = redan_promise_of(rule->alpha, r->classes[c].callers);
            redan_buf_printf(&cli->out,
                             "  of the %llu callers of these logs, were all honest: at most %.3g "
                             "accused on average; %llu were\n",
                             ull(promise.callers), promise.expected, ull(r->classes[c].accused));
        }
    }
    return REDAN_OK;
}

static void rest_add(struct redan_buf *out, const struct redan_replay_report *r)
{
    const struct {
        uint64_t count;
        const char *what;
    } rows[] = {
        {r->featureless, "events hold no features: refused before they were decoded, or recorded "
                         "with events: {features: hash or drop}"},
        {r->foreign, "events have another number of columns than the profile"},
        {r->unreadable, "lines are no events"},
        {r->undone, "requests met a rule that could not be applied; its on-error decided"},
        {r->unanswered, "requests have no recorded answer: what needs one was not told"},
        {r->nameless, "requests name no caller"},
        {r->evicted, "callers were forgotten for lack of memory; give more with --memory"},
        {r->outside, "events are outside of --since and --until"},
    };
    bool first = true;

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        if (!rows[i].count)
            continue;
        redan_buf_text(out, first ? "\nnot or only in part judged\n" : "");
        first = false;
        redan_buf_printf(out, "  %8llu %s\n", ull(rows[i].count), rows[i].what);
    }
    if (r->first_unreadable.len)
        redan_buf_printf(out, "           the first: %.*s\n", REDAN_FMT(r->first_unreadable));
    if (r->judged)
        redan_buf_printf(out,
                         "\ncost: %.1f us per request on average, half below %.3g us, 99 %% below "
                         "%.3g us\n",
                         (double)r->ns / (double)r->judged / 1000, redan_replay_us(r, 0.5),
                         redan_replay_us(r, 0.99));
}

enum redan_status redan_replay_text(struct redan_cli *cli, const struct redan_edition *edition,
                                    const struct redan_replay_report *r, size_t listed)
{
    if (r->judged) {
        head_add(cli, redan_edition_policy(edition), r);
        actions_add(&cli->out, r);
        rules_add(&cli->out, r);
        reasons_add(&cli->out, r);
        callers_add(&cli->out, r, listed);
        REDAN_TRY(promises_add(cli, edition, r));
    } else {
        redan_buf_printf(&cli->out,
                         "nothing was judged: %llu lines, none of them an event with "
                         "features in the time that was asked for\n",
                         ull(r->lines));
    }
    rest_add(&cli->out, r);
    return redan_buf_ok(&cli->ctx, &cli->out, "the report");
}
