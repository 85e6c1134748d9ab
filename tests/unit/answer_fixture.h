/* An answer fed to the guard in pieces, and all that left. */
#ifndef REDAN_TESTS_ANSWER_FIXTURE_H
#define REDAN_TESTS_ANSWER_FIXTURE_H

#include "base/buf.h"
#include "guard/answer.h"

/* Presets, content types and a shape, short enough for rows of a table. */
#define JSON "application/json"
#define CSV "text/csv"
#define LABELS         \
    {                  \
        .labels = true \
    }
#define V1 "kserve-v1"
#define V2 "oip-v2"
#define SM "sagemaker"
#define ML "mlflow"
#define PTR "pointers"

/* A policy in one line: what is not said is the default. */
struct answer_policy {
    bool labels;
    bool round; /* to so many: */
    unsigned decimals;
    uint64_t top;
    const char *score;
    double threshold; /* 0: 0.5 */
    size_t bytes;     /* 0: 1 MiB */
    const struct redan_policy_answer_rule *rules;
    size_t rule_count;
    bool observe;
};

struct answer_sent {
    const struct redan_preset *preset;
    const char *scores, *labels; /* pointers, of the preset "pointers" */
    const char *type, *encoding;
    unsigned status; /* 0: 200 */
    size_t rows;     /* 0: 1 */
    struct redan_slice body;
    bool length_known;
};

/* Of known length; of the preset "pointers", "s" and "l" of each item of "r" are score and label. */
struct answer_sent answer_sent_of(const char *preset, const char *type, size_t rows,
                                  const char *body);

struct answer_got {
    enum redan_answer_way way;
    struct redan_buf bytes; /* all that left */
    unsigned status;
    bool over;
    size_t first; /* bytes that had left before the last piece */
    struct redan_answering *answering;
    struct redan_answer_facts facts;
    struct redan_policy_answers answers;
    struct redan_preset_pointers pointers;
    enum redan_status made;
};

/* Feed in two pieces, the first of `cut` bytes, or in pieces of `every` bytes each, or, when both are 0, at once. Ends with answer_done. */
void answer_run(struct redan_ctx *ctx, const struct answer_policy *policy,
                const struct answer_sent *sent, size_t cut, size_t every, struct answer_got *got);
void answer_done(struct answer_got *got);

#endif
