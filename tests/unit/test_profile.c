/* Profiles: read back as written, hostile ones refused with a reason, rows measured as promised. */
#include "test.h"

#include <math.h>

#include "attest/dsse.h"
#include "crypto/key.h"
#include "profile_fixture.h"
#include "stats/conformal.h"

static int setup(void **state)
{
    static struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    *state = &ctx;
    return 0;
}

static int teardown(void **state)
{
    redan_ctx_done(*state);
    return 0;
}

static void reads_what_was_written(void **state)
{
    struct redan_ctx *ctx = *state;
    struct redan_profile p, q;
    struct redan_slice text = {0};
    struct redan_slice again = {0};
    struct redan_digest digest;

    assert_ok(fixture_profile_armed(ctx, REDAN_S("merchants"), 0.02, &p));
    assert_ok(redan_profile_write(ctx, &p, &text));
    assert_ok(redan_profile_read(ctx, text, NULL, &q));
    assert_ok(redan_profile_write(ctx, &q, &again));
    assert_true(redan_slice_eq(text, again));
    assert_ok(redan_sha256(ctx, text, &digest));
    assert_true(redan_digest_eq(&digest, &q.digest));
    assert_false(q.is_signed);
    assert_slice(q.dataset, "payments.csv");
    assert_slice(q.model, "model.json");
    assert_int_equal(q.width, FIXTURE_WIDTH);
    assert_int_equal(q.caller_count, 5);
    assert_int_equal(q.references.rows, FIXTURE_REFERENCES);
    assert_int_equal(q.caller_references.width, 5);
    assert_non_null(redan_profile_bounds(&q, REDAN_S("merchants")));
    assert_null(redan_profile_bounds(&q, REDAN_S("others")));
    assert_int_equal(redan_profile_bounds(&q, REDAN_S("merchants"))->lives, 9999);
    for (uint64_t i = 3000; i < 3200; i++) {
        double values[FIXTURE_WIDTH];
        struct redan_slice texts[FIXTURE_WIDTH];
        float a[FIXTURE_WIDTH], b[FIXTURE_WIDTH];

        fixture_row(i, values, texts);
        redan_profile_encode(&p, values, texts, a);
        redan_profile_encode(&q, values, texts, b);
        assert_memory_equal(a, b, sizeof(a));
        assert_true(redan_profile_score(&p, a) == redan_profile_score(&q, b));
    }
}

static void believes_only_the_key(void **state)
{
    struct redan_ctx *ctx = *state;
    struct redan_key *REDAN_DEFER(redan_key_drop) key = NULL;
    struct redan_key *REDAN_DEFER(redan_key_drop) other = NULL;
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_dsse envelope = {.payload_type = REDAN_S(REDAN_DSSE_INTOTO)};
    struct redan_profile p;

    assert_ok(redan_key_new(ctx, REDAN_KEY_ED25519, &key));
    assert_ok(redan_key_new(ctx, REDAN_KEY_P256, &other));
    assert_ok(fixture_profile_text(ctx, &envelope.payload));
    assert_int_equal(redan_profile_read(ctx, envelope.payload, key, &p), REDAN_E_SIGNATURE);
    assert_string_equal(ctx->failure.text, "the profile is not signed");
    redan_fail_clear(ctx);
    assert_ok(redan_dsse_sign(ctx, &envelope, key));
    redan_buf_init(&out, ctx, 1 << 20);
    redan_dsse_add(&out, &envelope);
    assert_ok(redan_profile_read(ctx, redan_buf_view(&out), NULL, &p));
    assert_false(p.is_signed);
    assert_ok(redan_profile_read(ctx, redan_buf_view(&out), key, &p));
    assert_true(p.is_signed);
    assert_int_equal(redan_profile_read(ctx, redan_buf_view(&out), other, &p), REDAN_E_SIGNATURE);
    redan_fail_clear(ctx);
}

static void p_values_keep_the_promise(void **state)
{
    struct redan_ctx *ctx = *state;
    struct redan_profile p;
    size_t rejected = 0;
    size_t found = 0;
    size_t low = 0;
    size_t high = 0;

    assert_ok(fixture_profile(ctx, &p));
    for (uint64_t i = 0; i < 20000; i++) {
        double values[FIXTURE_WIDTH];
        struct redan_slice texts[FIXTURE_WIDTH];
        float row[FIXTURE_WIDTH];

        fixture_row(10000 + i, values, texts);
        redan_profile_encode(&p, values, texts, row);
        rejected += redan_profile_p(&p, redan_profile_score(&p, row)) <= 0.01;
        values[FIXTURE_AMOUNT] = 499; /* allowed, all of it, but never together */
        values[FIXTURE_WEEK] = 100;
        redan_profile_encode(&p, values, texts, row);
        found += redan_profile_p(&p, redan_profile_score(&p, row)) <= 0.01;
    }
    redan_conformal_interval(p.score_count, 0.01, 20000, 0.999, &low, &high);
    assert_in_range(rejected, low, high);
    assert_true(found > 19000);
}

/* Farther is never less strange, however far: an attacker gains nothing beyond the last tuning row. */
static void scores_order_as_distances(void **state)
{
    struct redan_ctx *ctx = *state;
    struct redan_profile p;
    double values[FIXTURE_WIDTH];
    struct redan_slice texts[FIXTURE_WIDTH];
    float row[FIXTURE_WIDTH];
    double before = -1;

    assert_ok(fixture_profile(ctx, &p));
    fixture_row(7000, values, texts);
    for (double amount = 400; amount < 1e9; amount *= 1.1) {
        values[FIXTURE_AMOUNT] = amount;
        redan_profile_encode(&p, values, texts, row);
        double score = redan_profile_score(&p, row);
        if (amount < 80 * REDAN_ENCODED_MOST)
            assert_true(score > before);
        before = score;
        assert_true(isfinite(score));
        if (amount > 3000)
            assert_int_equal(redan_profile_strangest(&p, row), FIXTURE_AMOUNT);
    }
    values[FIXTURE_AMOUNT] = 1e308;
    redan_profile_encode(&p, values, texts, row);
    assert_true(isfinite(redan_profile_score(&p, row)));
    assert_true(redan_profile_p(&p, redan_profile_score(&p, row)) == 1.0 / (FIXTURE_SCORES + 1));
    values[FIXTURE_AMOUNT] = -1e308;
    redan_profile_encode(&p, values, texts, row);
    assert_true(isfinite(redan_profile_score(&p, row)));
}

#define NONE ((double)NAN)

static const struct {
    size_t column;
    double value;
    const char *text;
    enum redan_row_fault fault;
} faults[] = {
    {FIXTURE_AMOUNT, 20.25, NULL, REDAN_FAULT_NONE},
    {FIXTURE_AMOUNT, (double)57.2F, NULL, REDAN_FAULT_NONE}, /* as single precision says it */
    {FIXTURE_AMOUNT, 20.255, NULL, REDAN_FAULT_GRID},
    {FIXTURE_AMOUNT, 20.2501, NULL, REDAN_FAULT_GRID},
    {FIXTURE_AMOUNT, 0.99, NULL, REDAN_FAULT_RANGE},
    {FIXTURE_AMOUNT, 500, NULL, REDAN_FAULT_NONE},
    {FIXTURE_AMOUNT, 500.01, NULL, REDAN_FAULT_RANGE},
    {FIXTURE_AMOUNT, 1e308, NULL, REDAN_FAULT_RANGE},
    {FIXTURE_AMOUNT, NONE, NULL, REDAN_FAULT_MISSING},
    {FIXTURE_AMOUNT, NONE, "20", REDAN_FAULT_TYPE},
    {FIXTURE_COUNT, 2.5, NULL, REDAN_FAULT_WHOLE},
    {FIXTURE_COUNT, -1, NULL, REDAN_FAULT_RANGE},
    {FIXTURE_COUNT, 30, NULL, REDAN_FAULT_INVARIANT},
    {FIXTURE_NIGHT, 0.5, NULL, REDAN_FAULT_WHOLE},
    {FIXTURE_NIGHT, 2, NULL, REDAN_FAULT_RANGE},
    {FIXTURE_RISK, NONE, NULL, REDAN_FAULT_NONE},
    {FIXTURE_RISK, 0.123456, NULL, REDAN_FAULT_NONE},
    {FIXTURE_CHANNEL, NONE, "web", REDAN_FAULT_NONE},
    {FIXTURE_CHANNEL, NONE, "wet", REDAN_FAULT_CATEGORY},
    {FIXTURE_CHANNEL, NONE, "we", REDAN_FAULT_CATEGORY},
    {FIXTURE_CHANNEL, NONE, "", REDAN_FAULT_CATEGORY},
    {FIXTURE_CHANNEL, 1, NULL, REDAN_FAULT_TYPE},
    {FIXTURE_CHANNEL, NONE, NULL, REDAN_FAULT_MISSING},
};

static void says_what_is_wrong_with_a_row(void **state)
{
    struct redan_ctx *ctx = *state;
    struct redan_profile p;

    assert_ok(fixture_profile(ctx, &p));
    for (size_t i = 0; i < REDAN_COUNT(faults); i++) {
        double values[FIXTURE_WIDTH];
        struct redan_slice texts[FIXTURE_WIDTH];
        size_t column = 99;
        size_t which = 99;

        fixture_row(4, values, texts);
        values[FIXTURE_COUNT] = 3;
        values[FIXTURE_WEEK] = 20;
        values[faults[i].column] = faults[i].value;
        texts[faults[i].column] =
            (struct redan_slice){faults[i].text, faults[i].text ? strlen(faults[i].text) : 0};
        enum redan_row_fault found = redan_profile_fault(&p, values, texts, &column, &which);
        if (found != faults[i].fault)
            fail_msg("row %zu: fault %d, not %d", i, (int)found, (int)faults[i].fault);
        if (found == REDAN_FAULT_INVARIANT) {
            assert_int_equal(column, FIXTURE_WIDTH);
            assert_int_equal(which, 0);
        } else if (found != REDAN_FAULT_NONE) {
            assert_int_equal(column, faults[i].column);
        }
    }
}

static void categories_that_are_numbers(void **state)
{
    struct redan_ctx *ctx = *state;
    struct redan_profile p, q;
    struct redan_slice text = {0};
    static const struct redan_slice codes[] = {{"10", 2}, {"2", 1}, {"x", 1}};
    static const double surprise[] = {0.5, 1.5, 2.5};
    double values[FIXTURE_WIDTH];
    struct redan_slice texts[FIXTURE_WIDTH];
    float row[FIXTURE_WIDTH];
    size_t column = 0;
    size_t which = 0;

    assert_ok(fixture_profile(ctx, &p));
    p.columns[FIXTURE_CHANNEL].categories = codes;
    p.columns[FIXTURE_CHANNEL].surprise = surprise;
    assert_ok(redan_profile_write(ctx, &p, &text));
    assert_ok(redan_profile_read(ctx, text, NULL, &q));
    fixture_row(4, values, texts);
    texts[FIXTURE_CHANNEL] = (struct redan_slice){0};
    const struct {
        double value;
        enum redan_row_fault fault;
        double number;
    } rows[] = {{2, REDAN_FAULT_NONE, 1.5},
                {10, REDAN_FAULT_NONE, 0.5},
                {3, REDAN_FAULT_CATEGORY, 3.3},
                {11, REDAN_FAULT_CATEGORY, 3.3}};
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        values[FIXTURE_CHANNEL] = rows[i].value;
        assert_int_equal(redan_profile_fault(&q, values, texts, &column, &which), rows[i].fault);
        redan_profile_encode(&q, values, texts, row);
        assert_true(fabs((double)row[FIXTURE_CHANNEL] - (rows[i].number - 0.9) / 0.6) < 1e-6);
    }
}

/* Replace the first `from` after `after` in the fixture's statement, and say what reading answers. */
static const struct {
    const char *after, *from, *to;
    enum redan_status status;
    const char *text;
} hostile[] = {
    {"", "guard/profile/v1", "guard/profile/v9", REDAN_E_SCHEMA, "not a profile"},
    {"", "\"scale\":88", "\"scale\":0", REDAN_E_SCHEMA, "\"scale\" is 0"},
    {"", "\"scale\":88", "\"scale\":-1", REDAN_E_SCHEMA, "\"scale\" is -1"},
    {"", "\"scale\":88", "\"scale\":1e999", REDAN_E_SCHEMA, "\"scale\""},
    {"", "\"mean\":101", "\"mean\":\"x\"", REDAN_E_SCHEMA, "\"mean\" must be a number"},
    {"", "\"high\":500", "\"high\":0", REDAN_E_SCHEMA, "\"high\" is 0"},
    {"", "\"grid\":0.01", "\"grid\":-1", REDAN_E_SCHEMA, "\"grid\""},
    {"", "\"kind\":\"real\"", "\"kind\":\"odd\"", REDAN_E_SCHEMA, "must be real, integer"},
    {"", "\"caller\":true", "\"caller\":1", REDAN_E_SCHEMA, "\"caller\" must be true or false"},
    {"", "\"name\":\"count\"", "\"name\":\"week\"", REDAN_E_SCHEMA, "\"week\" is there twice"},
    {"", "\"name\":\"count\"", "\"name\":\"\"", REDAN_E_SCHEMA, "\"name\""},
    {"", "[\"app\",\"pos\",\"web\"]", "[\"pos\",\"app\",\"web\"]", REDAN_E_SCHEMA, "sorted"},
    {"", "[\"app\",\"pos\",\"web\"]", "[\"app\",\"app\",\"web\"]", REDAN_E_SCHEMA, "sorted"},
    {"", "[\"app\",\"pos\",\"web\"]", "[\"app\",\"web\"]", REDAN_E_LIMIT, "more than 2 numbers"},
    {"", "[\"app\",\"pos\",\"web\"]", "[]", REDAN_E_SCHEMA, "\"categories\" is empty"},
    {"", "[\"app\",\"pos\",\"web\"]", "[1,2,3]", REDAN_E_SCHEMA, "must hold texts"},
    {"invariants", "\"high\":\"week\"", "\"high\":\"weak\"", REDAN_E_SCHEMA, "two columns"},
    {"invariants", "\"high\":\"week\"", "\"high\":\"channel\"", REDAN_E_SCHEMA, "two columns"},
    {"invariants", "\"high\":\"week\"", "\"high\":\"count\"", REDAN_E_SCHEMA, "with itself"},
    {"", "\"rows\":64", "\"rows\":65", REDAN_E_SCHEMA, "\"values\" holds"},
    {"", "\"rows\":64", "\"rows\":0", REDAN_E_SCHEMA, "is 0"},
    {"", "\"rows\":64", "\"rows\":1.5", REDAN_E_SCHEMA, "whole number"},
    {"", "\"rows\":64", "\"rows\":9000", REDAN_E_SCHEMA, "between 0 and 8192"},
    {"\"references\"", "\"values\":\"", "\"values\":\"f8AAAA==", REDAN_E_LIMIT,
     "more than 384 numbers"},
    {"\"scores\":", "\"", "\"f/AAAAAAAAA", REDAN_E_SCHEMA, ""}, /* infinity, and out of step */
    {"\"scores\":", "\"P", "\"Q", REDAN_E_SCHEMA, "smaller than the one before"},
    {"\"tuned\"", "\"neighbour\":\"", "\"neighbour\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
     REDAN_E_SCHEMA, "\"mahalanobis\""},
    {"", "\"near\":0.02", "\"near\":-1", REDAN_E_SCHEMA, "\"near\""},
    {"", "\"coarse\":0.11", "\"coarse\":0.01", REDAN_E_SCHEMA, "\"coarse\""},
    {"", "\"dataset\":\"sha256:", "\"dataset\":\"sha512:", REDAN_E_SCHEMA, "sha256:HEX"},
    {"", "\"dataset\":\"sha256:", "\"dataset\":\"sha256:x", REDAN_E_SCHEMA, "sha256:HEX"},
    {"", "\"classes\":[]", "\"classes\":[{}]", REDAN_E_SCHEMA, "\"m0\" must be a list"},
    {"", "\"classes\":[]", "\"classes\":[{\"m0\":[1]}]", REDAN_E_SCHEMA, "\"m0\" has 1 numbers"},
    {"", "\"classes\":[]", "\"classes\":[{\"m0\":[0,0,0,0,0,0,0,0,0]}]", REDAN_E_SCHEMA,
     "between 0 and 1"},
    {"", "\"columns\":[", "\"columns\":[7,", REDAN_E_SCHEMA, "must hold maps"},
};

static struct redan_slice changed(struct redan_ctx *ctx, struct redan_slice text, const char *after,
                                  const char *from, const char *to)
{
    struct redan_slice made = {0};
    const char *begin = strstr(text.at, after);
    const char *at = begin ? strstr(begin + strlen(after), from) : NULL;

    if (!at)
        fail_msg("the fixture has no %s after %s", from, after);
    size_t head = (size_t)(at - text.at);
    char *bytes = redan_take(ctx, text.len + strlen(to) + 1);
    assert_non_null(bytes);
    memcpy(bytes, text.at, head);
    memcpy(bytes + head, to, strlen(to));
    memcpy(bytes + head + strlen(to), at + strlen(from), text.len - head - strlen(from));
    made = (struct redan_slice){bytes, text.len - strlen(from) + strlen(to)};
    return made;
}

static void hostile_profiles(void **state)
{
    struct redan_ctx *ctx = *state;
    struct redan_slice text = {0};
    struct redan_profile p = {.width = 77};

    assert_ok(fixture_profile_text(ctx, &text));
    for (size_t i = 0; i < REDAN_COUNT(hostile); i++) {
        struct redan_slice bad =
            changed(ctx, text, hostile[i].after, hostile[i].from, hostile[i].to);
        enum redan_status status = redan_profile_read(ctx, bad, NULL, &p);

        if (status != hostile[i].status || !strstr(ctx->failure.text, hostile[i].text))
            fail_msg("row %zu (%s): %s, %s", i, hostile[i].to, redan_status_name(status),
                     ctx->failure.text);
        redan_fail_clear(ctx);
        assert_int_equal(p.width, 77); /* written only on success */
    }
}

/* Numbers inside the arrays: infinite, not numbers, too large, out of order. */
static void hostile_numbers(void **state)
{
    struct redan_ctx *ctx = *state;
    static const double bad[] = {(double)NAN, HUGE_VAL, -HUGE_VAL, 1e30};
    struct redan_profile p, q;
    struct redan_slice text = {0};

    for (size_t i = 0; i < 5 * REDAN_COUNT(bad); i++) {
        double value = bad[i % REDAN_COUNT(bad)];

        assert_ok(fixture_profile(ctx, &p));
        float *references =
            redan_take_array(ctx, FIXTURE_REFERENCES, FIXTURE_WIDTH * sizeof(*references));
        float *centre = redan_take_array(ctx, FIXTURE_WIDTH, sizeof(*centre));
        assert_non_null(references);
        assert_non_null(centre);
        if (i / REDAN_COUNT(bad) == 0) {
            references[9] = (float)value;
            p.references.values = references;
        } else if (i / REDAN_COUNT(bad) == 1) {
            centre[2] = (float)value;
            p.mahalanobis.mean = centre;
        } else if (i / REDAN_COUNT(bad) == 2) {
            p.scores[FIXTURE_SCORES / 2] = value;
        } else if (i / REDAN_COUNT(bad) == 3) {
            p.tuned[1][FIXTURE_TUNED / 2] = value;
        } else {
            static double surprise[3] = {1, 1, 1};
            surprise[1] = value;
            p.columns[FIXTURE_CHANNEL].surprise = surprise;
        }
        assert_ok(redan_profile_write(ctx, &p, &text));
        assert_int_equal(redan_profile_read(ctx, text, NULL, &q), REDAN_E_SCHEMA);
        redan_fail_clear(ctx);
    }
}

static void memory_fails_anywhere(void **unused)
{
    struct redan_ctx first;
    struct redan_slice text = {0};
    uint64_t at = 1;

    (void)unused;
    redan_ctx_init(&first, NULL);
    assert_ok(fixture_profile_text(&first, &text));
    for (;; at++) {
        struct redan_ctx ctx;
        struct redan_profile p;
        struct redan_slice out = {0};

        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = ctx.mem.calls + at;
        enum redan_status status = redan_profile_read(&ctx, text, NULL, &p);
        if (status == REDAN_OK)
            status = redan_profile_write(&ctx, &p, &out);
        redan_ctx_done(&ctx);
        if (status == REDAN_OK)
            break;
        assert_int_equal(status, REDAN_E_MEMORY);
    }
    assert_true(at > 5);
    redan_ctx_done(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_what_was_written, setup, teardown),
        cmocka_unit_test_setup_teardown(believes_only_the_key, setup, teardown),
        cmocka_unit_test_setup_teardown(p_values_keep_the_promise, setup, teardown),
        cmocka_unit_test_setup_teardown(scores_order_as_distances, setup, teardown),
        cmocka_unit_test_setup_teardown(says_what_is_wrong_with_a_row, setup, teardown),
        cmocka_unit_test_setup_teardown(categories_that_are_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_profiles, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_numbers, setup, teardown),
        cmocka_unit_test(memory_fails_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
