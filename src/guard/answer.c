/* The life of one answer: how it is to be read, what waits, and what leaves. */
#include "guard/answer.h"

#include "guard/answer_number.h"
#include "guard/answer_parts.h"

enum { KEEP_MOST = 1024 };

enum redan_status redan_answering_new(struct redan_ctx *ctx,
                                      const struct redan_answer_wanted *wanted,
                                      struct redan_answering **answering)
{
    struct redan_answering *made = redan_mem_take(&ctx->mem, sizeof(*made));
    size_t unit = 2 * sizeof(double);

    if (!made)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for an answer");
    *made = (struct redan_answering){.ctx = ctx, .wanted = *wanted};
    redan_buf_init(&made->held, ctx, SIZE_MAX / 4); /* policy->bytes is asked for beforehand */
    redan_buf_init(&made->out, ctx, SIZE_MAX / 4);
    if (wanted->rows && wanted->rows <= SIZE_MAX / unit)
        made->labels = redan_mem_take(&ctx->mem, wanted->rows * unit);
    if (made->labels)
        made->scores = made->labels + wanted->rows;
    *answering = made;
    return REDAN_OK;
}

void redan_answering_done(struct redan_answering *answering)
{
    if (!answering)
        return;
    struct redan_mem *mem = &answering->ctx->mem;
    redan_buf_done(&answering->held);
    redan_buf_done(&answering->out);
    redan_mem_give(mem, answering->labels, answering->wanted.rows * 2 * sizeof(double));
    redan_mem_give(mem, answering, sizeof(*answering));
}

/* --- how it is read -------------------------------------------------------------------------------------------------------- */

static bool same_word(struct redan_slice text, const char *word)
{
    size_t i = 0;

    for (; i < text.len && word[i]; i++) {
        char c = text.at[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != word[i])
            return false;
    }
    return i == text.len && !word[i];
}

static enum redan_answer_form form_of(struct redan_slice content_type)
{
    static const struct {
        const char *media;
        enum redan_answer_form form;
    } forms[] = {
        {"application/json", REDAN_FORM_JSON},
        {"text/json", REDAN_FORM_JSON},
        {"text/csv", REDAN_FORM_CSV},
        {"text/event-stream", REDAN_FORM_SSE},
        {"application/x-ndjson", REDAN_FORM_LINES},
        {"application/ndjson", REDAN_FORM_LINES},
        {"application/jsonlines", REDAN_FORM_LINES},
        {"application/x-jsonlines", REDAN_FORM_LINES},
        {"application/jsonl", REDAN_FORM_LINES},
    };
    struct redan_slice media = {0};
    struct redan_slice rest = {0};

    (void)redan_slice_cut(content_type, ';', &media, &rest);
    media = redan_slice_trim(media);
    for (size_t i = 0; i < REDAN_COUNT(forms); i++)
        if (same_word(media, forms[i].media))
            return forms[i].form;
    /* application/problem+json (RFC 6839 3.1) */
    if (media.len > 5 && same_word(redan_slice_sub(media, media.len - 5, 5), "+json"))
        return REDAN_FORM_JSON;
    return REDAN_FORM_NONE;
}

/* What the policy and what degrades ask for; nothing of it counts when nothing is enforced. */
static void arm(struct redan_answering *answering)
{
    const struct redan_policy_answers *policy = answering->wanted.policy;
    const struct redan_policy_shape *shape = &answering->wanted.shape;
    bool acts = false;
    bool closed = false;

    for (size_t i = 0; i < policy->rule_count; i++) {
        acts = acts || policy->rules[i].action != REDAN_ANSWER_MARK;
        closed = closed || policy->rules[i].on_error == REDAN_ON_ERROR_CLOSED;
    }
    answering->shaping = answering->wanted.enforce &&
                         (shape->labels || shape->top > 0 || shape->decimals < REDAN_DECIMALS_ALL);
    answering->closed = answering->shaping || (answering->wanted.enforce && closed);
    answering->armed = answering->closed || (answering->wanted.enforce && acts);
}

/* It cannot be read: whether it passes. An error in the upstream's words keeps its status and loses its words. */
static enum redan_answer_way unread(struct redan_answering *answering, const char *why,
                                    struct redan_slice what)
{
    char detail[64];
    size_t len = redan_min_size(what.len, sizeof(detail) - 1);

    for (size_t i = 0; i < len; i++)
        detail[i] = what.at[i] >= ' ' && what.at[i] < 0x7f ? what.at[i] : '?';
    detail[len] = '\0';
    if (!redan_answer_unjudged(answering, answering->fault ? answering->status : 502, why, detail))
        return REDAN_ANSWER_PASS;
    answering->state = REDAN_ANSWERING_SWALLOW;
    return REDAN_ANSWER_WHOLE;
}

enum redan_answer_way redan_answering_begin(struct redan_answering *answering, unsigned status,
                                            struct redan_slice content_type,
                                            struct redan_slice encoding, uint64_t length)
{
    bool fits = length <= answering->wanted.policy->bytes; /* not known is the largest number */

    arm(answering);
    answering->status = status;
    answering->fault = status >= 400;
    answering->way = REDAN_ANSWER_WHOLE;
    if (status == 204 || status == 304 || (answering->fault && length == 0))
        return answering->way = REDAN_ANSWER_PASS; /* RFC 9110 6.4.1: no content */
    encoding = redan_slice_trim(encoding.len ? encoding : REDAN_S(""));
    if (encoding.len && !same_word(encoding, "identity"))
        return answering->way = unread(answering, "the model's answer is compressed", encoding);
    content_type = content_type.len ? content_type : REDAN_S("");
    if (status >= 200 && !(answering->shaping && redan_text_real(content_type)))
        answering->form = form_of(content_type);
    if (answering->form == REDAN_FORM_NONE)
        return answering->way = unread(
                   answering,
                   answering->fault ? "the model answered with an error"
                                    : "the model's answer is of a content type that is not judged",
                   content_type);
    if (answering->form == REDAN_FORM_SSE || (answering->form == REDAN_FORM_LINES && !fits))
        answering->way = REDAN_ANSWER_STREAM;
    return answering->way;
}

bool redan_answering_header(const struct redan_answering *answering, struct redan_slice name,
                            struct redan_slice value)
{
    static const char origin[] = "access-control-"; /* followed by addresses */

    if (!answering->shaping || !value.len)
        return true;
    return same_word(redan_slice_sub(name, 0, sizeof(origin) - 1), origin) ||
           !redan_text_real(value);
}

/* --- what leaves ------------------------------------------------------------------------------------------------------------ */

static void end_refused(struct redan_answering *answering, struct redan_answer_piece *out)
{
    redan_answer_error(answering, &out->bytes);
    out->status = answering->way == REDAN_ANSWER_WHOLE ? answering->refusal : 0;
    out->over = true;
    answering->changed = true;
    answering->state = REDAN_ANSWERING_OVER;
}

/* Judge what is held of a whole answer; `*bytes` is what leaves, unless it is refused. */
static void judge_whole(struct redan_answering *answering, struct redan_slice *bytes)
{
    struct redan_slice held = redan_buf_view(&answering->held);
    bool same = true;
    bool leaves = true;

    *bytes = held;
    if (answering->fault && !held.len)
        return;
    if (answering->form == REDAN_FORM_CSV)
        leaves = redan_answer_table(answering, held, &answering->out, &same);
    else
        leaves = redan_answer_json(answering, held, &answering->out, &same);
    if (leaves && !same)
        *bytes = redan_buf_view(&answering->out);
    else
        redan_buf_clear(&answering->out);
}

static void feed_whole(struct redan_answering *answering, struct redan_slice piece, bool last,
                       struct redan_answer_piece *out)
{
    if (answering->form == REDAN_FORM_LINES) {
        redan_answer_frames(answering, piece, last);
        out->bytes = redan_buf_view(&answering->out);
        if (answering->armed && answering->out.fail != REDAN_OK)
            redan_answer_refuse(answering, 503, "the model's answer could not be judged");
        return;
    }
    if (!redan_answer_hold(answering, piece.at, piece.len)) {
        if (answering->state != REDAN_ANSWERING_LET || answering->refused)
            return;
        /* over the limit, and open: what waited leaves with this piece */
        redan_buf_slice(&answering->held, piece);
        out->bytes = redan_buf_view(&answering->held);
        if (answering->armed && answering->held.fail != REDAN_OK)
            redan_answer_refuse(answering, 503, "the model's answer could not be judged");
        return;
    }
    if (last)
        judge_whole(answering, &out->bytes);
}

/* Whole answers that were refused, and lines that wait for the last one, leave with the last piece. */
static void end_whole(struct redan_answering *answering, bool last, struct redan_answer_piece *out)
{
    if (answering->refused) {
        answering->state = REDAN_ANSWERING_SWALLOW;
        redan_buf_done(&answering->held);
        redan_buf_done(&answering->out);
        redan_buf_clear(&answering->out);
        out->bytes = REDAN_S("");
        if (last)
            end_refused(answering, out);
        return;
    }
    if (answering->form == REDAN_FORM_LINES && !last && answering->state == REDAN_ANSWERING_READ)
        out->bytes = REDAN_S("");
}

static void end_stream(struct redan_answering *answering, struct redan_answer_piece *out)
{
    if (answering->armed && answering->out.fail != REDAN_OK) {
        redan_buf_clear(&answering->out);
        answering->error = true;
        redan_answer_refuse(answering, 503, "the model's answer could not be judged");
    }
    if (answering->refused)
        end_refused(answering, out);
    else
        out->bytes = redan_buf_view(&answering->out);
}

/* Bytes of a buffer that were given out are free again. */
static void rest(struct redan_buf *buf)
{
    if (buf->cap > KEEP_MOST)
        redan_buf_done(buf);
    redan_buf_clear(buf);
}

enum redan_status redan_answering_feed(struct redan_answering *answering, struct redan_slice piece,
                                       bool last, struct redan_answer_piece *out)
{
    struct redan_answer_piece made = {.bytes = REDAN_S("")};
    bool stream = answering->way == REDAN_ANSWER_STREAM;

    if (!piece.len)
        piece = REDAN_S("");
    if (answering->state == REDAN_ANSWERING_OVER) {
        made.over = true;
    } else if (answering->state == REDAN_ANSWERING_SWALLOW) {
        end_whole(answering, last, &made);
    } else if (answering->state == REDAN_ANSWERING_LET || answering->way == REDAN_ANSWER_PASS) {
        rest(&answering->held);
        made.bytes = piece;
    } else if (stream) {
        rest(&answering->out);
        redan_answer_frames(answering, piece, last);
        end_stream(answering, &made);
    } else {
        feed_whole(answering, piece, last, &made);
        end_whole(answering, last, &made);
    }
    if (!answering->armed)
        made = (struct redan_answer_piece){.bytes = piece};
    *out = made;
    return REDAN_OK;
}

/* --- what was found --------------------------------------------------------------------------------------------------------- */

void redan_answering_facts(const struct redan_answering *answering,
                           struct redan_answer_facts *facts)
{
    size_t rows = answering->wanted.rows;
    bool labels = answering->labels && rows && answering->label_count == rows;
    bool scores = answering->scores && rows && answering->score_count == rows;

    *facts = (struct redan_answer_facts){
        .id = {answering->id, answering->id_len},
        .model = {answering->model, answering->model_len},
        .version = {answering->version, answering->version_len},
        .labels = labels ? answering->labels : NULL,
        .scores = scores ? answering->scores : NULL,
        .rows = labels || scores ? rows : 0,
        .changed = answering->changed,
        .refused = answering->refused,
        .rule = answering->rule,
        .detail = {answering->detail, answering->detail_len},
        .hits = answering->hits,
        .error = answering->error,
    };
}
