/* An answer under one of many policies: cuts change nothing, labels alone hold no fraction, JSON stays JSON, and what is only watched stays as it is. */
#include "answer_round.h"

#include "codec/json.h"
#include "guard/answer.h"

static void require(bool truth)
{
    if (!truth)
        __builtin_trap();
}

static struct redan_slice fields[] = {
    {"debug", 5}, {"/predictions/0", 14}, {"/outputs/*/parameters", 21}};
static const struct redan_policy_answer_rule closed[] = {{.id = {"f", 1},
                                                          .check = REDAN_CHECK_FIELDS,
                                                          .action = REDAN_ANSWER_MASK,
                                                          .fields = {fields, 3}},
                                                         {.id = {"r", 1},
                                                          .check = REDAN_CHECK_RANGE,
                                                          .action = REDAN_ANSWER_MASK,
                                                          .high = 1,
                                                          .index = 1}};
static const struct redan_policy_answer_rule opened[] = {{.id = {"r", 1},
                                                          .check = REDAN_CHECK_RANGE,
                                                          .action = REDAN_ANSWER_REFUSE,
                                                          .on_error = REDAN_ON_ERROR_FLAG,
                                                          .low = -1,
                                                          .high = 1}};

struct choice {
    struct redan_policy_answers policy;
    struct redan_answer_wanted wanted;
    struct redan_preset_pointers pointers;
    struct redan_slice type;
    size_t cut, every;
    unsigned status;
};

static void choose(unsigned a, unsigned b, struct choice *c)
{
    static const char *const types[] = {"application/json", "text/event-stream",
                                        "application/x-ndjson", "text/csv"};
    size_t presets = 0;

    while (redan_presets[presets])
        presets++;
    *c =
        (struct choice){.policy = {.bytes = a & 128 ? 64 : 65536,
                                   .shape = {.labels = (a >> 2) % 5 == 1,
                                             .decimals = (a >> 2) % 5 == 2 ? 1 : REDAN_DECIMALS_ALL,
                                             .top = (a >> 2) % 5 == 2},
                                   .threshold = 0.5,
                                   .score_class = 1},
                        .pointers = {.scores = REDAN_S("/r/*/s"), .labels = REDAN_S("/r/*/l")},
                        .type = redan_slice_of(types[a & 3]),
                        .status = b & 64 ? 500 : 200};
    if ((a >> 2) % 5 == 3 || a & 64) {
        struct redan_policy_answer_rule *rules =
            (struct redan_policy_answer_rule *)(uintptr_t)(a & 32 ? opened : closed);
        c->policy.rules = rules;
        c->policy.rule_count = a & 32 ? REDAN_COUNT(opened) : REDAN_COUNT(closed);
    }
    c->wanted = (struct redan_answer_wanted){.preset = redan_presets[(b & 7) % presets],
                                             .rows = 1 + (b >> 3 & 1),
                                             .id = REDAN_S("i"),
                                             .shape = c->policy.shape,
                                             .enforce = (a >> 2) % 5 != 4};
    c->every = b >> 4 & 1 ? 1 : 3 + (b & 15);
}

static enum redan_answer_way feed(struct choice *c, struct redan_slice body, size_t every,
                                  struct redan_buf *out, bool *refused)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    struct redan_answering *answering = NULL;
    struct redan_answer_piece piece = {0};
    struct redan_answer_facts facts;
    size_t at = 0;

    redan_ctx_init(&ctx, NULL);
    ctx.seed = 1;
    c->wanted.policy = &c->policy;
    c->wanted.pointers = &c->pointers;
    require(redan_answering_new(&ctx, &c->wanted, &answering) == REDAN_OK);
    enum redan_answer_way way =
        redan_answering_begin(answering, c->status, c->type, REDAN_S(""), UINT64_MAX);
    do {
        size_t len = every ? redan_min_size(every, body.len - at) : body.len;
        bool last = at + len == body.len;
        require(redan_answering_feed(answering, redan_slice_sub(body, at, len), last, &piece) ==
                REDAN_OK);
        redan_buf_slice(out, piece.bytes);
        at += len;
        require(!(last && piece.status) || piece.over);
    } while (at < body.len);
    redan_answering_facts(answering, &facts);
    *refused = facts.refused;
    require(facts.changed || redan_slice_eq(redan_buf_view(out), body));
    redan_answering_done(answering);
    require(ctx.failure.status == REDAN_OK && ctx.mem.used == 0);
    return way;
}

/* A judge of its own: what decodes has no score in it. */
static void judge(const struct choice *c, struct redan_slice out, struct redan_slice body)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    struct redan_response response = {0};
    const struct redan_node *root = NULL;

    redan_ctx_init(&ctx, NULL);
    ctx.seed = 1;
    bool json = redan_json_parse(&ctx, out, &root) == REDAN_OK;
    redan_fail_clear(&ctx);
    if (!redan_slice_eq(out, body))
        require(json);
    if (json && c->policy.shape.labels && c->wanted.enforce &&
        c->wanted.preset->decode_response(&ctx, out, &response) == REDAN_OK)
        require(!response.scores);
}

void answer_round(struct redan_slice data)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    REDAN_DEFER(redan_buf_done) struct redan_buf once = {0};
    REDAN_DEFER(redan_buf_done) struct redan_buf pieces = {0};
    struct choice choice;
    bool refused = false;
    bool again = false;

    if (data.len < 2)
        return;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&once, &ctx, (size_t)1 << 26);
    redan_buf_init(&pieces, &ctx, (size_t)1 << 26);
    choose((unsigned char)data.at[0], (unsigned char)data.at[1], &choice);
    struct redan_slice body = redan_slice_sub(data, 2, data.len);
    enum redan_answer_way way = feed(&choice, body, 0, &once, &refused);
    (void)feed(&choice, body, choice.every, &pieces, &again);
    require(refused == again);
    require(redan_slice_eq(redan_buf_view(&once), redan_buf_view(&pieces)));
    if (way == REDAN_ANSWER_WHOLE && redan_slice_is(choice.type, "application/json"))
        judge(&choice, redan_buf_view(&once), body);
}
