/* What must hold for every answer: under labels alone no fraction leaves, whatever the spelling; and no failure of memory lets an unjudged byte out. */
#include "test.h"

#include <stdio.h>

#include "answer_fixture.h"
#include "stats/splitmix.h"

static uint64_t draw(uint64_t *seed, uint64_t below)
{
    return redan_splitmix(seed) % below;
}

static void blanks(struct redan_buf *out, uint64_t *seed)
{
    static const char *const some[] = {"", "", "", " ", "\n", "\t "};

    redan_buf_text(out, some[draw(seed, REDAN_COUNT(some))]);
}

/* A score in one of many spellings. */
static void score(struct redan_buf *out, uint64_t *seed)
{
    unsigned n = (unsigned)draw(seed, 1000);

    switch (draw(seed, 12)) {
    case 0:
        redan_buf_printf(out, "%ue-3", n + 1);
        break;
    case 1:
        redan_buf_printf(out, "0.%03u0", n);
        break;
    case 2:
        redan_buf_printf(out, "\"0.%03u\"", n);
        break;
    case 3:
        redan_buf_printf(out, "-%u.%u", n % 9, n);
        break;
    case 4:
        redan_buf_printf(out, "0.%03uE+0", n);
        break;
    case 5:
        redan_buf_printf(out, "%u.0", n % 2);
        break;
    case 6:
        redan_buf_printf(out, "\"0\\u002e%u\"", n);
        break;
    case 7:
        redan_buf_printf(out, "0.%03u%09u%09u", n, n * 7, n * 13);
        break;
    case 8:
        redan_buf_printf(out, "\"fraud:.%u\"", n);
        break;
    default:
        redan_buf_printf(out, "0.%03u", n);
    }
}

/* A value of a row: scalar, vector, map, ranking, struct; one inside the other now and then. Built without recursion: what is open is on a small stack of closers. */
static void value(struct redan_buf *out, uint64_t *seed)
{
    static const char *const wraps[][2] = {{"[", "]"},
                                           {"{\"scores\":", "}"},
                                           {"{\"label\":\"a\",\"x\":", "}"},
                                           {"{\"a\":1,\"deep\":[null,", ",true]}"},
                                           {"{\"class\":3,\"p\":[[", "]]}"}};
    const char *closers[4];
    size_t open = 0;

    while (open < REDAN_COUNT(closers) && draw(seed, 3) == 0) {
        size_t wrap = draw(seed, REDAN_COUNT(wraps));
        redan_buf_text(out, wraps[wrap][0]);
        closers[open++] = wraps[wrap][1];
        blanks(out, seed);
    }
    size_t count = 1 + draw(seed, 4);
    size_t form = draw(seed, 5);
    static const char *const begins[] = {"", "[", "{", "[", "{\"score\":"};
    static const char *const ends[] = {"", "]", "}", "]", "}"};
    redan_buf_text(out, begins[form]);
    for (size_t i = 0; i < (form == 0 || form == 4 ? 1 : count); i++) {
        if (i)
            redan_buf_char(out, ',');
        blanks(out, seed);
        if (form == 2)
            redan_buf_printf(out, "\"c%zu\":", i);
        if (form == 3)
            redan_buf_printf(out, "{\"label\":\"l%zu\",\"score\":", i);
        score(out, seed);
        redan_buf_text(out, form == 3 ? "}" : "");
        blanks(out, seed);
    }
    redan_buf_text(out, ends[form]);
    while (open > 0)
        redan_buf_text(out, closers[--open]);
}

static void rows_of(struct redan_buf *out, uint64_t *seed, size_t rows)
{
    redan_buf_char(out, '[');
    for (size_t i = 0; i < rows; i++) {
        if (i)
            redan_buf_char(out, ',');
        value(out, seed);
    }
    redan_buf_char(out, ']');
}

static void stray(struct redan_buf *out, uint64_t *seed, const char *before, const char *after)
{
    if (draw(seed, 3) != 0)
        return;
    redan_buf_text(out, before);
    redan_buf_printf(out, "\"z%u\":", (unsigned)draw(seed, 9));
    value(out, seed);
    redan_buf_text(out, after);
}

static void tensors(struct redan_buf *out, uint64_t *seed, size_t rows)
{
    static const char *const types[] = {"FP32", "FP64", "BF16", "INT64", "BYTES"};
    size_t width = 1 + draw(seed, 3);
    size_t count = 1 + draw(seed, 2);

    redan_buf_text(out, "{\"model_name\":\"m\",\"outputs\":[");
    for (size_t t = 0; t < count; t++) {
        redan_buf_printf(out,
                         "%s{\"name\":\"o%zu\",\"datatype\":\"%s\",\"shape\":[%zu,%zu],\"data\":[",
                         t ? "," : "", t, types[draw(seed, REDAN_COUNT(types))], rows, width);
        for (size_t i = 0; i < rows * width; i++) {
            if (i)
                redan_buf_char(out, ',');
            score(out, seed);
        }
        redan_buf_char(out, ']');
        stray(out, seed, ",", "");
        redan_buf_char(out, '}');
    }
    redan_buf_char(out, ']');
    stray(out, seed, ",", "");
    redan_buf_char(out, '}');
}

static void answer_of(struct redan_buf *out, uint64_t *seed, struct redan_slice preset, size_t rows)
{
    redan_buf_clear(out);
    if (redan_slice_is(preset, "oip-v2")) {
        tensors(out, seed, rows);
        return;
    }
    redan_buf_char(out, '{');
    stray(out, seed, "", ",");
    redan_buf_text(out, redan_slice_is(preset, "pointers") ? "\"r\":" : "\"predictions\":");
    rows_of(out, seed, rows);
    stray(out, seed, ",", "");
    redan_buf_char(out, '}');
}

/* A digit, a point, a digit; or a digit, an e, a digit: no answer of this corpus has them elsewhere. */
static bool fraction_in(struct redan_slice text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        bool after = text.at[i + 1] >= '0' && text.at[i + 1] <= '9';
        bool before = i > 0 && text.at[i - 1] >= '0' && text.at[i - 1] <= '9';
        if ((text.at[i] == '.' && after) || (before && (text.at[i] == 'e' || text.at[i] == 'E')))
            return true;
    }
    return false;
}

enum { ANSWERS = 4000 };

static void labels_only(const struct redan_preset *preset, uint64_t *seed, struct redan_buf *body,
                        size_t *kept)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    REDAN_DEFER(redan_ctx_done) struct redan_ctx judge = {0};
    static const struct answer_policy policies[] = {
        {.labels = true}, {.labels = true, .score = "score"}, {.labels = true, .score = "o0"}};
    size_t rows = 1 + draw(seed, 3);
    const struct answer_policy *policy = &policies[draw(seed, REDAN_COUNT(policies))];
    struct answer_sent sent = {.preset = preset, .type = "application/json", .rows = rows};
    struct redan_response response = {0};
    struct answer_got got;

    answer_of(body, seed, redan_slice_of(preset->name), rows);
    sent.body = redan_buf_view(body);
    sent.scores = "/r/*";
    redan_ctx_init(&ctx, NULL);
    redan_ctx_init(&judge, NULL);
    answer_run(&ctx, policy, &sent, draw(seed, sent.body.len), 0, &got);
    struct redan_slice out = redan_buf_view(&got.bytes);
    if (fraction_in(out))
        fail_msg("%s: %.*s\nleft of\n%.*s", preset->name, REDAN_FMT(out), REDAN_FMT(sent.body));
    if (got.status == 0) {
        enum redan_status status = preset->decode_response(&judge, out, &response);
        if (status != REDAN_OK || response.scores)
            fail_msg("%s: %d %s: %.*s\nleft of\n%.*s", preset->name, (int)status,
                     judge.failure.text, REDAN_FMT(out), REDAN_FMT(sent.body));
        *kept += 1;
    }
    answer_done(&got);
}

static void test_labels_only(void **state REDAN_UNUSED)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    REDAN_DEFER(redan_buf_done) struct redan_buf body = {0};
    static const char *const names[] = {"kserve-v1", "oip-v2", "mlflow", "pointers", "sagemaker"};
    uint64_t seed = 6;
    size_t kept = 0;

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&body, &ctx, 1 << 20);
    for (size_t i = 0; i < ANSWERS; i++)
        labels_only(redan_preset_find(redan_slice_of(names[i % REDAN_COUNT(names)])), &seed, &body,
                    &kept);
    assert_true(kept > ANSWERS * 9 / 10); /* not by refusing everything */
}

/* --- digits ---------------------------------------------------------------------------------------------------------------- */

/* Most digits behind a point of any number outside of names. */
static size_t digits_behind(struct redan_slice text)
{
    size_t most = 0;

    for (size_t i = 0; i < text.len; i++) {
        size_t n = 0;
        while (text.at[i] == '.' && i + 1 + n < text.len && text.at[i + 1 + n] >= '0' &&
               text.at[i + 1 + n] <= '9')
            n++;
        most = n > most ? n : most;
    }
    return most;
}

static void test_rounded(void **state REDAN_UNUSED)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx all = {0};
    REDAN_DEFER(redan_buf_done) struct redan_buf body = {0};
    uint64_t seed = 7;

    redan_ctx_init(&all, NULL);
    redan_buf_init(&body, &all, 1 << 20);
    for (size_t i = 0; i < ANSWERS; i++) {
        REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
        const struct redan_preset *preset =
            redan_preset_find(i % 2 ? REDAN_S("kserve-v1") : REDAN_S("oip-v2"));
        struct answer_policy policy = {.round = true, .decimals = 1, .top = draw(&seed, 3)};
        struct answer_sent sent = {.preset = preset, .type = "application/json", .rows = 2};
        struct answer_got got;
        redan_ctx_init(&ctx, NULL);
        answer_of(&body, &seed, redan_slice_of(preset->name), 2);
        sent.body = redan_buf_view(&body);
        answer_run(&ctx, &policy, &sent, 0, 0, &got);
        if (digits_behind(redan_buf_view(&got.bytes)) > 1)
            fail_msg("%.*s\nleft of\n%.*s", (int)got.bytes.len, got.bytes.data,
                     REDAN_FMT(sent.body));
        answer_done(&got);
    }
}

/* --- memory ---------------------------------------------------------------------------------------------------------------- */

static struct redan_slice debug[] = {{"debug", 5}};
#define FIELDS(err)                                                                       \
    {                                                                                     \
        .id = {"internals", 9}, .check = REDAN_CHECK_FIELDS, .action = REDAN_ANSWER_MASK, \
        .on_error = err, .fields = {                                                      \
            debug,                                                                        \
            1                                                                             \
        }                                                                                 \
    }
static const struct redan_policy_answer_rule closed[] = {FIELDS(REDAN_ON_ERROR_CLOSED)};
static const struct redan_policy_answer_rule opened[] = {FIELDS(REDAN_ON_ERROR_OPEN)};

struct memory_row {
    const char *type;
    const char *body;
    const char *secret; /* must not leave when that is closed */
};

static const struct memory_row memories[] = {
    {"application/json", "{\"debug\":\"0.777\",\"predictions\":[[0.2,0.8],0.777,\"0.777\"]}",
     "777"},
    {"text/event-stream",
     "data: {\"debug\":\"0.777\",\ndata: \"predictions\":[0.777]}\n\ndata: [DONE]\n\n", "777"},
    {"application/x-ndjson",
     "{\"predictions\":[1]}\n{\"debug\":\"0.777\",\"predictions\":[0.777]}\n", "777"},
    {"text/csv", "0.777,0.2\n\"0.777\",1\n", "777"},
};

static bool holds(struct redan_slice text, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.at + i, word, len) == 0)
            return true;
    return false;
}

/* The n-th allocation fails, and all after it; for every n until none does. */
static void failing(const struct memory_row *row, const struct answer_policy *policy, bool is_open,
                    size_t every)
{
    const struct redan_preset *preset = redan_preset_find(REDAN_S("kserve-v1"));
    bool fields = policy->rule_count > 0;
    bool csv = strcmp(row->type, "text/csv") == 0;

    for (uint64_t n = 1; n < 1000; n++) {
        REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
        struct answer_sent sent = {
            .preset = preset, .type = row->type, .body = redan_slice_of(row->body)};
        struct answer_got got;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        answer_run(&ctx, policy, &sent, 0, every, &got);
        bool clean = ctx.mem.calls < n;
        struct redan_slice out = redan_buf_view(&got.bytes);
        if (got.made == REDAN_OK) {
            bool leaked = holds(out, fields ? "debug" : row->secret);
            bool whole = redan_slice_is(out, row->body);
            if (leaked && !is_open && !(fields && csv))
                fail_msg("%s, allocation %u: %.*s", row->type, (unsigned)n, REDAN_FMT(out));
            /* open: judged, or as it came, or an error that says so; never a part in silence */
            if (is_open && leaked && !whole && !holds(out, "\"error\""))
                fail_msg("%s, allocation %u: a part left: %.*s", row->type, (unsigned)n,
                         REDAN_FMT(out));
            if (!clean && !is_open && !whole)
                assert_true(got.facts.refused || got.facts.changed);
        }
        answer_done(&got);
        assert_int_equal(ctx.failure.status == REDAN_OK || got.made != REDAN_OK, true);
        if (clean)
            return;
    }
    fail_msg("allocations without end");
}

static void test_memory(void **state REDAN_UNUSED)
{
    static const struct answer_policy labels = {.labels = true};
    static const struct answer_policy rounds = {.round = true, .decimals = 1, .top = 1};
    static const struct answer_policy masks = {.rules = closed, .rule_count = 1};
    static const struct answer_policy opens = {.rules = opened, .rule_count = 1};

    for (size_t i = 0; i < REDAN_COUNT(memories); i++)
        for (size_t every = 0; every < 8; every += 7) {
            failing(&memories[i], &labels, false, every);
            failing(&memories[i], &rounds, false, every);
            failing(&memories[i], &masks, false, every);
            failing(&memories[i], &opens, true, every);
        }
}

/* Open, and memory there to hold the answer but not to judge it: it passes as it came. */
static void test_open(void **state REDAN_UNUSED)
{
    static const struct answer_policy opens = {.rules = opened, .rule_count = 1};
    size_t passed = 0;

    for (uint64_t n = 3; n < 20; n++) {
        REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
        struct answer_sent sent = {.preset = redan_preset_find(REDAN_S("kserve-v1")),
                                   .type = memories[0].type,
                                   .body = redan_slice_of(memories[0].body)};
        struct answer_got got;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        answer_run(&ctx, &opens, &sent, 0, 0, &got);
        if (got.made == REDAN_OK && got.facts.error && got.status == 0) {
            assert_true(redan_slice_is(redan_buf_view(&got.bytes), memories[0].body));
            passed++;
        }
        answer_done(&got);
    }
    assert_true(passed > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_only),
        cmocka_unit_test(test_rounded),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
