/* One text is judged: facts, rules, shape, in this order; and what becomes of it when that cannot be done. */
#include <stdio.h>

#include "codec/json.h"
#include "guard/answer_parts.h"

enum { VALUES_LEAST = 4096, REFUSE_WEIGHT = 3, ID_MOST = 128 };

void redan_answer_refuse(struct redan_answering *answering, unsigned status, const char *why)
{
    if (answering->refused)
        return;
    answering->refused = true;
    answering->refusal = status;
    answering->why = why;
    redan_buf_clear(&answering->held);
}

bool redan_answer_unjudged(struct redan_answering *answering, unsigned status, const char *why,
                           const char *detail)
{
    const struct redan_policy_answers *policy = answering->wanted.policy;
    const struct redan_policy_answer_rule *first = NULL;

    answering->error = true;
    if (answering->weight == 0 && !answering->detail_len) {
        int n = snprintf(answering->detail, sizeof(answering->detail), "%s%s%s", why,
                         detail && *detail ? ": " : "", detail ? detail : "");
        answering->detail_len =
            n < 0 ? 0 : (uint8_t)redan_min_size((size_t)n, sizeof(answering->detail) - 1);
    }
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct redan_policy_answer_rule *rule = &policy->rules[i];
        if (rule->on_error == REDAN_ON_ERROR_FLAG)
            answering->hits |= (uint64_t)1 << (rule->index & 63);
        if (rule->on_error == REDAN_ON_ERROR_CLOSED && !first)
            first = rule;
    }
    if (!answering->closed)
        return false;
    if (!answering->shaping)
        answering->rule = first;
    redan_answer_refuse(answering, status, why);
    return true;
}

/* A text that could not be judged, with the words of the failure, which is not the caller's any more. */
static bool gave_up(struct redan_answering *answering, enum redan_status status, bool failed)
{
    struct redan_ctx *ctx = answering->ctx;
    const char *detail = failed ? "" : ctx->failure.text;
    bool memory = status == REDAN_E_MEMORY;
    bool refused = redan_answer_unjudged(answering, memory ? 503 : 502,
                                         memory ? "the model's answer could not be judged"
                                                : "the model's answer is not as it should be",
                                         detail);

    if (!failed)
        redan_fail_clear(ctx);
    return !refused;
}

static enum redan_status shape(struct redan_answering *answering, struct redan_tape *tape)
{
    const struct redan_policy_shape *wanted = &answering->wanted.shape;

    if (wanted->labels)
        return redan_answer_labels(answering, tape);
    if (wanted->top)
        REDAN_TRY(redan_answer_top(answering, tape));
    return wanted->decimals < REDAN_DECIMALS_ALL ? redan_answer_round(answering, tape) : REDAN_OK;
}

/* Whether a rule refuses what was read, now that all have spoken. */
static bool ruled_out(struct redan_answering *answering)
{
    if (!answering->armed || answering->weight < REFUSE_WEIGHT)
        return false;
    redan_answer_refuse(answering, 502, "the model's answer breaks a rule of this service");
    return true;
}

static enum redan_status judge(struct redan_answering *answering, struct redan_tape *tape,
                               struct redan_slice text, struct redan_buf *out)
{
    size_t most = VALUES_LEAST + answering->wanted.policy->bytes / 8;

    REDAN_TRY(redan_tape_read(tape, answering->ctx, text, most));
    redan_answer_take_facts(answering, tape);
    REDAN_TRY(redan_answer_check(answering, tape));
    if (ruled_out(answering) || !answering->armed)
        return REDAN_OK;
    if (answering->shaping)
        REDAN_TRY(shape(answering, tape));
    return tape->changed ? redan_tape_write(tape, out) : REDAN_OK;
}

bool redan_answer_json(struct redan_answering *answering, struct redan_slice text,
                       struct redan_buf *out, bool *same)
{
    REDAN_DEFER(redan_tape_done) struct redan_tape tape = {0};
    bool failed = answering->ctx->failure.status != REDAN_OK;
    size_t before = out->len;
    enum redan_status status = judge(answering, &tape, text, out);

    *same = true;
    if (answering->refused)
        return false;
    if (status != REDAN_OK) {
        out->fail = REDAN_OK;
        out->len = before;
        return gave_up(answering, status, failed);
    }
    if (answering->armed && tape.changed) {
        *same = false;
        answering->changed = true;
    }
    return true;
}

bool redan_answer_table(struct redan_answering *answering, struct redan_slice text,
                        struct redan_buf *out, bool *same)
{
    bool failed = answering->ctx->failure.status != REDAN_OK;
    bool changed = answering->changed;
    enum redan_status status = redan_answer_csv(answering, text, answering->armed ? out : NULL);

    *same = true;
    if (ruled_out(answering))
        return false;
    if (status != REDAN_OK) {
        answering->changed = changed;
        return gave_up(answering, status, failed);
    }
    *same = !answering->armed || !answering->changed;
    return true;
}

static const char event_before[] = "event: error\ndata: ";
#define UNJUDGED "{\"error\":\"the model's answer could not be judged\",\"rule\":\"\",\"id\":\"\"}"

void redan_answer_error(struct redan_answering *answering, struct redan_slice *bytes)
{
    bool stream = answering->way == REDAN_ANSWER_STREAM;
    bool event = stream && answering->form == REDAN_FORM_SSE;
    const struct redan_policy_answer_rule *rule = answering->rule;
    struct redan_slice id = answering->wanted.id;
    struct redan_buf *out = &answering->out;

    redan_buf_text(out, event ? event_before : "");
    redan_buf_text(out, "{\"error\":");
    redan_json_string_add(out, redan_slice_of(answering->why));
    redan_buf_text(out, ",\"rule\":");
    redan_json_string_add(out, rule ? rule->id : REDAN_S(""));
    redan_buf_text(out, ",\"id\":");
    redan_json_string_add(out, id.len ? redan_slice_sub(id, 0, ID_MOST) : REDAN_S(""));
    redan_buf_text(out, event ? "}\n\n" : stream ? "}\n" : "}");
    *bytes = redan_buf_view(out);
    if (out->fail == REDAN_OK)
        return;
    if (event)
        *bytes = REDAN_S("event: error\ndata: " UNJUDGED "\n\n");
    else
        *bytes = stream ? REDAN_S(UNJUDGED "\n") : REDAN_S(UNJUDGED);
}
