/* Feeding as a server does: piece by piece, taking what leaves before the next. */
#include "answer_fixture.h"

#include <stdlib.h>
#include <string.h>

static void take(struct answer_got *got, struct redan_slice piece, bool last)
{
    struct redan_answer_piece out = {0};
    /* a copy of its own size: whoever reads past it is caught by the sanitizer, whoever keeps it too */
    char *copy = malloc(piece.len ? piece.len : 1);

    if (!copy)
        abort();
    if (piece.len)
        memcpy(copy, piece.at, piece.len);
    if (redan_answering_feed(got->answering, (struct redan_slice){copy, piece.len}, last, &out) !=
        REDAN_OK)
        abort();
    redan_buf_slice(&got->bytes, out.bytes);
    free(copy);
    if (!last)
        got->first = got->bytes.len;
    got->status = out.status ? out.status : got->status;
    got->over = got->over || out.over;
}

void answer_run(struct redan_ctx *ctx, const struct answer_policy *policy,
                const struct answer_sent *sent, size_t cut, size_t every, struct answer_got *got)
{
    static struct redan_ctx beside; /* what the test gathers is not counted */
    size_t at = 0;

    *got = (struct answer_got){
        .answers = {.bytes = policy->bytes ? policy->bytes : 1048576,
                    .shape = {.labels = policy->labels,
                              .decimals = policy->round ? policy->decimals : REDAN_DECIMALS_ALL,
                              .top = policy->top},
                    .threshold = policy->threshold > 0 ? policy->threshold : 0.5,
                    .score = redan_slice_of(policy->score),
                    .score_class = 1,
                    .rule_count = policy->rule_count},
        .pointers = {.scores = redan_slice_of(sent->scores),
                     .labels = redan_slice_of(sent->labels)}};
    memcpy(&got->answers.rules, &policy->rules, sizeof(policy->rules));
    if (!beside.mem.max)
        redan_ctx_init(&beside, NULL);
    redan_buf_init(&got->bytes, &beside, SIZE_MAX / 4);
    const struct redan_answer_wanted wanted = {.policy = &got->answers,
                                               .preset = sent->preset,
                                               .pointers = &got->pointers,
                                               .rows = sent->rows ? sent->rows : 1,
                                               .id = REDAN_S("q1"),
                                               .shape = got->answers.shape,
                                               .enforce = !policy->observe};
    got->made = redan_answering_new(ctx, &wanted, &got->answering);
    if (got->made != REDAN_OK)
        return;
    got->way = redan_answering_begin(got->answering, sent->status ? sent->status : 200,
                                     redan_slice_of(sent->type), redan_slice_of(sent->encoding),
                                     sent->length_known ? sent->body.len : UINT64_MAX);
    if (got->way == REDAN_ANSWER_PASS) {
        redan_buf_slice(&got->bytes, sent->body);
    } else {
        for (; every && at + every < sent->body.len; at += every)
            take(got, redan_slice_sub(sent->body, at, every), false);
        if (cut) {
            take(got, redan_slice_sub(sent->body, 0, cut), false);
            at = cut;
        }
        take(got, redan_slice_sub(sent->body, at, sent->body.len), true);
    }
    redan_answering_facts(got->answering, &got->facts);
}

void answer_done(struct answer_got *got)
{
    redan_answering_done(got->answering);
    redan_buf_done(&got->bytes);
    got->answering = NULL;
}

struct answer_sent answer_sent_of(const char *preset, const char *type, size_t rows,
                                  const char *body)
{
    struct answer_sent sent = {.preset = redan_preset_find(redan_slice_of(preset)),
                               .type = type,
                               .rows = rows,
                               .body = redan_slice_of(body),
                               .length_known = true};

    if (!sent.preset)
        abort();
    if (strcmp(preset, PTR) == 0) {
        sent.scores = "/r/*/s";
        sent.labels = "/r/*/l";
    }
    return sent;
}
