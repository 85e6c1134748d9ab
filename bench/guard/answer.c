/* What judging an answer costs: microseconds of CPU per answer of 1 KB under four policies, and the memory of a thousand streams at rest. */
#include <stdio.h>
#include <time.h>

#include "codec/json.h"
#include "guard/answer.h"
#include "guard/answer_schema.h"

enum { ROUNDS = 20000, SLICES = 9, STREAMS = 1000 };

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct variant {
    const char *name;
    struct redan_policy_answers policy;
    double us[SLICES];
};

/* One answer from its head to its last byte, with the memory of one call. */
static size_t once(struct redan_ctx *ctx, const struct variant *variant, struct redan_slice body,
                   size_t rows)
{
    const struct redan_answer_wanted wanted = {.policy = &variant->policy,
                                               .preset = redan_preset_find(REDAN_S("kserve-v1")),
                                               .rows = rows,
                                               .shape = variant->policy.shape,
                                               .enforce = true};
    struct redan_answering *answering = NULL;
    struct redan_answer_piece out = {0};
    struct redan_answer_facts facts = {0};

    if (redan_answering_new(ctx, &wanted, &answering) != REDAN_OK)
        return 0;
    (void)redan_answering_begin(answering, 200, REDAN_S("application/json"), REDAN_S(""), body.len);
    if (redan_answering_feed(answering, body, true, &out) != REDAN_OK)
        out.bytes.len = 0;
    redan_answering_facts(answering, &facts);
    size_t len = facts.labels && !facts.refused ? out.bytes.len : 0;
    redan_answering_done(answering);
    return len;
}

static void by_size(double *values, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && values[k] < values[k - 1]; k--) {
            double swap = values[k];
            values[k] = values[k - 1];
            values[k - 1] = swap;
        }
}

/* Bytes that each of a thousand streams holds between two events. */
static size_t at_rest(const struct variant *variant)
{
    static struct redan_answering *all[STREAMS];
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    const struct redan_answer_wanted wanted = {.policy = &variant->policy,
                                               .preset = redan_preset_find(REDAN_S("kserve-v1")),
                                               .rows = 1,
                                               .shape = variant->policy.shape,
                                               .enforce = true};
    struct redan_answer_piece out = {0};

    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < STREAMS; i++) {
        if (redan_answering_new(&ctx, &wanted, &all[i]) != REDAN_OK)
            return SIZE_MAX;
        (void)redan_answering_begin(all[i], 200, REDAN_S("text/event-stream"), REDAN_S(""),
                                    UINT64_MAX);
        if (redan_answering_feed(all[i], REDAN_S("data: {\"predictions\":[0.91]}\n\ndata: {\"pred"),
                                 false, &out) != REDAN_OK)
            return SIZE_MAX;
    }
    size_t each = ctx.mem.used / STREAMS;
    for (size_t i = 0; i < STREAMS; i++)
        redan_answering_done(all[i]);
    return each;
}

int main(void)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    REDAN_DEFER(redan_buf_done) struct redan_buf body = {0};
    const struct redan_node *node = NULL;
    struct redan_policy_answer_rule rules[] = {
        {.id = {"range", 5}, .check = REDAN_CHECK_RANGE, .action = REDAN_ANSWER_REFUSE, .high = 1},
        {.id = {"form", 4},
         .check = REDAN_CHECK_SCHEMA,
         .action = REDAN_ANSWER_REFUSE,
         .index = 1}};
    const struct redan_policy_shape all = {.decimals = REDAN_DECIMALS_ALL};
    const struct redan_policy_answers base = {
        .bytes = 1048576, .shape = all, .threshold = 0.5, .score_class = 1};
    struct variant variants[] = {{.name = "facts only, nothing in force", .policy = base},
                                 {.name = "labels only", .policy = base},
                                 {.name = "2 decimals", .policy = base},
                                 {.name = "2 decimals, range, schema", .policy = base}};
    size_t rows = 48;

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&body, &ctx, 1 << 16);
    redan_buf_text(&body, "{\"predictions\":[");
    for (size_t i = 0; i < rows; i++)
        redan_buf_printf(&body, "%s0.%018zu", i ? "," : "", (i * 7919 + 13) * 104729);
    redan_buf_text(&body, "]}");
    if (redan_json_parse(&ctx,
                         REDAN_S("{\"type\":\"object\",\"required\":[\"predictions\"],"
                                 "\"additionalProperties\":false,\"properties\":{\"predictions\":"
                                 "{\"type\":\"array\",\"items\":{\"type\":\"number\",\"minimum\":0,"
                                 "\"maximum\":1}}}}"),
                         &node) != REDAN_OK ||
        redan_answer_schema_compile(&ctx, node, &rules[1].compiled) != REDAN_OK)
        return 3;
    rules[1].schema = node;
    variants[1].policy.shape.labels = true;
    variants[2].policy.shape.decimals = 2;
    variants[3].policy.shape.decimals = 2;
    variants[3].policy.rules = rules;
    variants[3].policy.rule_count = REDAN_COUNT(rules);
    for (size_t s = 0; s < SLICES; s++)
        for (size_t v = 0; v < REDAN_COUNT(variants); v++) {
            REDAN_DEFER(redan_ctx_done) struct redan_ctx call = {0};
            redan_ctx_init(&call, NULL);
            double begin = now();
            for (size_t i = 0; i < ROUNDS; i++)
                if (once(&call, &variants[v], redan_buf_view(&body), rows) == 0)
                    return 3;
            variants[v].us[s] = (now() - begin) / ROUNDS;
        }
    printf("one answer of %zu bytes, %zu rows; median of %d slices of %d, interleaved\n", body.len,
           rows, SLICES, ROUNDS);
    for (size_t v = 0; v < REDAN_COUNT(variants); v++) {
        by_size(variants[v].us, SLICES);
        printf("  %-30s %6.2f us  (%.2f to %.2f)\n", variants[v].name, variants[v].us[SLICES / 2],
               variants[v].us[0], variants[v].us[SLICES - 1]);
    }
    printf("a stream at rest in the middle of an event, one of %d: %zu bytes (bar: 4096)\n",
           STREAMS, at_rest(&variants[1]));
    return 0;
}
