/* The outcomes of a replay, counted: by action, rule, reason, class and caller, and the time that judging took. */
#include <string.h>

#include "guard/replay_parts.h"

enum { REASON_MOST = 200, BUCKET_LEAST = 6 };

/* Numbers as #, so that reasons that differ in them alone are one. */
static struct redan_slice without_numbers(struct redan_slice text, char out[REASON_MOST])
{
    size_t n = 0;

    for (size_t i = 0; i < text.len && n < REASON_MOST - 1; i++) {
        bool digit = text.at[i] >= '0' && text.at[i] <= '9';
        bool inner =
            i > 0 && n > 0 && out[n - 1] == '#' &&
            (digit || ((text.at[i] == '.' || text.at[i] == 'e' || text.at[i] == '-') &&
                       i + 1 < text.len && text.at[i + 1] >= '0' && text.at[i + 1] <= '9'));
        if (!inner)
            out[n++] = digit ? '#' : text.at[i];
    }
    return (struct redan_slice){out, n};
}

static enum redan_status count_reason(struct redan_replaying *replay,
                                      const struct redan_policy_rule *rule,
                                      enum redan_action action, struct redan_slice text)
{
    char plain[REASON_MOST];
    char key[REASON_MOST + 16];
    struct redan_replay_report *report = replay->report;

    text = without_numbers(text, plain);
    size_t n = text.len;
    memcpy(key, plain, n);
    key[n++] = (char)('A' + (rule ? rule->index + 1 : 0));
    key[n++] = (char)('a' + (int)action);
    struct redan_replay_reason *reason =
        redan_map_get(&replay->reasons, (struct redan_slice){key, n});
    if (!reason && report->reason_count == REDAN_REPLAY_REASONS) {
        report->other_reasons++;
        return REDAN_OK;
    }
    if (!reason) {
        struct redan_slice copy = {0};
        reason = &report->reasons[report->reason_count];
        *reason = (struct redan_replay_reason){.rule = rule, .action = action};
        REDAN_TRY(redan_copy(replay->ctx, (struct redan_slice){key, n}, &copy));
        REDAN_TRY(redan_map_put(&replay->reasons, copy, reason));
        reason->text = redan_slice_sub(copy, 0, text.len);
        report->reason_count++;
    }
    reason->requests++;
    return REDAN_OK;
}

/* Which of the report's rules a finding is of. */
static struct redan_replay_rule *rule_named(const struct redan_replaying *replay,
                                            struct redan_slice id)
{
    for (size_t i = 1; i < replay->report->rule_count; i++)
        if (redan_slice_eq(replay->report->rules[i].rule->id, id))
            return &replay->report->rules[i];
    return &replay->report->rules[0];
}

static enum redan_status count_findings(struct redan_replaying *replay,
                                        const struct redan_judged *judged, size_t rows,
                                        struct redan_replay_caller *caller)
{
    for (size_t i = 0; i < judged->finding_count; i++) {
        const struct redan_event_finding *finding = &judged->findings[i];
        struct redan_replay_rule *rule = rule_named(replay, finding->rule);
        uint64_t bit = rule->rule ? (uint64_t)1 << rule->rule->index : 0;
        rule->requests++;
        rule->rows += rows;
        rule->callers += !(caller->spoke & bit) && caller != &replay->nobody;
        caller->spoke |= bit;
        if (rule->rule == judged->rule && judged->action == REDAN_ACTION_REFUSE)
            continue; /* its reason is counted below, in the words for the caller */
        REDAN_TRY(count_reason(replay, rule->rule, rule->rule ? rule->rule->action : judged->action,
                               finding->detail.len ? finding->detail : REDAN_S("it spoke")));
    }
    return REDAN_OK;
}

enum redan_status redan_replaying_count(struct redan_replaying *replay,
                                        const struct redan_event *event,
                                        const struct redan_judged *judged,
                                        struct redan_replay_caller *caller)
{
    struct redan_replay_report *report = replay->report;
    struct redan_replay_rule *decided = NULL;
    size_t class_index = caller->caller_class
                             ? (size_t)(caller->caller_class - replay->policy->classes)
                             : replay->policy->class_count;
    struct redan_replay_tally *tallies[] = {&report->tally, &report->classes[class_index].tally};

    for (size_t i = 0; i < REDAN_COUNT(tallies); i++) {
        tallies[i]->requests[judged->action]++;
        tallies[i]->rows[judged->action] += event->rows;
    }
    report->judged++;
    report->rows += event->rows;
    report->nameless += caller == &replay->nobody;
    if (!report->first_ms)
        report->first_ms = event->time_ms;
    report->last_ms = event->time_ms;
    caller->requests[judged->action]++;
    caller->rows += event->rows;
    REDAN_TRY(count_findings(replay, judged, event->rows, caller));
    if (judged->action == REDAN_ACTION_ALLOW)
        return REDAN_OK;
    decided = judged->rule ? rule_named(replay, judged->rule->id) : &report->rules[0];
    decided->decided++;
    if (!judged->rule) {
        decided->requests++;
        decided->rows += event->rows;
        decided->callers += !caller->turned_away && caller != &replay->nobody;
        caller->turned_away = true;
    }
    if (judged->action == REDAN_ACTION_REFUSE)
        REDAN_TRY(count_reason(replay, judged->rule, judged->action, judged->reason));
    if (judged->action <= caller->worst)
        return REDAN_OK;
    caller->worst = judged->action;
    caller->rule = judged->rule;
    caller->first_ms = event->time_ms;
    return judged->reason.len ? redan_copy(replay->ctx, judged->reason, &caller->reason) : REDAN_OK;
}

void redan_replaying_time(struct redan_replay_report *report, uint64_t ns)
{
    unsigned bucket = 0;

    while (bucket + 1 < REDAN_REPLAY_BUCKETS && ns >> (bucket + BUCKET_LEAST))
        bucket++;
    report->buckets[bucket]++;
    report->ns += ns;
}

double redan_replay_us(const struct redan_replay_report *report, double share)
{
    uint64_t all = 0;
    uint64_t seen = 0;
    unsigned bucket = 0;

    for (unsigned i = 0; i < REDAN_REPLAY_BUCKETS; i++)
        all += report->buckets[i];
    for (; bucket + 1 < REDAN_REPLAY_BUCKETS; bucket++) {
        seen += report->buckets[bucket];
        if ((double)seen >= share * (double)all)
            break;
    }
    return (double)((uint64_t)1 << (bucket + BUCKET_LEAST)) / 1000;
}
