/* What becomes of a call that is over: stages are told the answer, counters rise, one event is written. */
#include <math.h>
#include <string.h>

#include "crypto/mac.h"
#include "guard/call.h"

static void number_add(struct redan_buf *out, uint64_t n)
{
    char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(n >> (8 * i));
    redan_buf_add(out, bytes, sizeof(bytes));
}

/* One value, one encoding: rows and columns, then each cell with its kind. Minus zero is zero. */
static void cells_add(struct redan_buf *out, const struct redan_request *request)
{
    number_add(out, request->rows);
    number_add(out, request->columns);
    for (size_t i = 0; i < request->rows * request->columns; i++) {
        struct redan_slice text = request->texts ? request->texts[i] : (struct redan_slice){0};
        double value = request->values[i] + 0.0;
        uint64_t bits = 0;

        memcpy(&bits, &value, sizeof(bits));
        if (text.at) {
            redan_buf_char(out, 't');
            number_add(out, text.len);
            redan_buf_slice(out, text);
        } else if (isnan(value)) {
            redan_buf_char(out, 'm');
        } else {
            redan_buf_char(out, 'n');
            number_add(out, bits);
        }
    }
}

static enum redan_status hash_cells(struct redan_call *call, struct redan_slice *text)
{
    struct redan_buf *out = &call->worker->scratch;
    struct redan_digest mac;
    char hex[REDAN_DIGEST_HEX];

    redan_buf_clear(out);
    cells_add(out, &call->asked.request);
    REDAN_TRY(redan_buf_ok(&call->ctx, out, "the features"));
    REDAN_TRY(redan_mac(&call->ctx, call->edition->features_key, redan_buf_view(out), &mac));
    redan_digest_hex(&mac, hex);
    return redan_format(&call->ctx, text, "hmac-sha256:%s", hex);
}

/* The request's findings, and what a rule over answers found. */
static void add_findings(struct redan_call *call, const struct redan_answer_facts *facts,
                         struct redan_event *event)
{
    static const char *const words[] = {[REDAN_ANSWER_MASK] = "mask",
                                        [REDAN_ANSWER_REFUSE] = "refuse",
                                        [REDAN_ANSWER_MARK] = "mark"};
    size_t count = call->judged.finding_count;

    event->findings = call->judged.findings;
    event->finding_count = count;
    if (!facts->rule)
        return;
    struct redan_event_finding *all = redan_take_array(&call->ctx, count + 1, sizeof(*all));
    if (!all)
        return; /* the counters still know */
    if (count)
        memcpy(all, call->judged.findings, count * sizeof(*all));
    all[count] = (struct redan_event_finding){.rule = facts->rule->id,
                                              .action = redan_slice_of(words[facts->rule->action]),
                                              .detail = facts->detail};
    event->findings = all;
    event->finding_count = count + 1;
}

static void write_event(struct redan_call *call, unsigned status,
                        const struct redan_answer_facts *facts)
{
    struct redan_worker *worker = call->worker;
    const struct redan_edition *e = call->edition;
    const struct redan_asked *asked = &call->asked;
    bool refused = facts->refused && call->enforce;
    enum redan_action judged = facts->refused ? REDAN_ACTION_REFUSE : call->judged.action;
    struct redan_event event = {
        .time_ms = asked->time_ms,
        .id = call->id.len ? call->id : asked->request.id,
        .response_id = facts->id,
        .system = e->policy.system,
        .model = call->model,
        .version = call->version,
        .preset = asked->preset ? redan_slice_of(asked->preset->name) : (struct redan_slice){0},
        .policy = e->policy_text,
        .profile = e->profile_text,
        .enforce = call->enforce,
        .caller = asked->caller,
        .caller_class = asked->caller_class ? asked->caller_class->id : (struct redan_slice){0},
        .address = call->address,
        .bytes = call->bytes,
        .status = status,
        .action = redan_slice_of(redan_action_words[refused ? REDAN_ACTION_REFUSE : call->action]),
        .judged = redan_slice_of(redan_action_words[judged]),
        .log_e = asked->weighed ? asked->log_e : (double)NAN,
        .duration_us = call->ns / 1000,
    };

    if (call->decoded) {
        event.rows = asked->request.rows;
        event.columns = asked->request.columns;
        event.p = asked->p;
        if (e->policy.features == REDAN_FEATURES_STORE) {
            event.values = asked->request.values;
            event.texts = asked->request.texts;
        } else if (e->policy.features == REDAN_FEATURES_HASH &&
                   hash_cells(call, &event.features_hash) != REDAN_OK) {
            redan_fail_clear(&call->ctx);
        }
        if (facts->rows == event.rows) {
            event.labels = facts->labels;
            event.scores = facts->scores;
        }
    }
    add_findings(call, facts, &event);
    redan_buf_clear(&worker->event);
    redan_event_write(&worker->event, &event);
    if (worker->event.fail != REDAN_OK ||
        !redan_sink_add(worker->sink, redan_buf_view(&worker->event)))
        redan_region_count(worker->region, REDAN_COUNT_EVENTS_DROPPED, 1);
}

static void count_answer(struct redan_call *call, const struct redan_answer_facts *facts)
{
    struct redan_region *region = call->worker->region;

    if (facts->changed)
        redan_region_count(region, REDAN_COUNT_ANSWERS_CHANGED, 1);
    if (facts->refused || call->unanswered)
        redan_region_count(region, REDAN_COUNT_ANSWERS_REFUSED, 1);
    if (facts->error)
        redan_region_count(region, REDAN_COUNT_ERRORS, 1);
    for (size_t i = 0; i < call->edition->policy.answers.rule_count; i++)
        if (facts->hits >> i & 1)
            redan_region_count_rule(region, i, true);
}

void redan_call_tell(struct redan_call *call, unsigned status)
{
    struct redan_answer_facts facts = {0};

    if (call->answering) {
        redan_answering_facts(call->answering, &facts);
        count_answer(call, &facts);
        if (facts.labels && facts.rows == call->asked.request.rows &&
            redan_judge_told(call->edition, &call->asked, facts.labels, facts.scores) != REDAN_OK)
            redan_fail_clear(&call->ctx);
    } else if (call->unanswered) {
        count_answer(call, &facts);
    }
    facts.refused = facts.refused || call->unanswered;
    if (call->worker->sink)
        write_event(call, status, &facts);
}
