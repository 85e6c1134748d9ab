/* Learning: kinds, ranges, grids, orders and parts as they are in the data, the same bytes for the same seed, and errors that say what to do. */
#include "test.h"

#include <math.h>

#include "base/buf.h"
#include "guard/learn.h"
#include "stats/splitmix.h"

/* id, amount (cents), day, week (day <= week), night, risk (thirds; may be missing), channel, bad. */
static void table(struct redan_buf *out, size_t rows, uint64_t seed)
{
    redan_buf_text(out, "id,amount,day,week,night,risk,channel,bad\r\n");
    for (size_t i = 0; i < rows; i++) {
        unsigned day = (unsigned)(10 * redan_splitmix_unit(&seed));
        double u = redan_splitmix_unit(&seed);

        redan_buf_printf(out, "%zu,%.2f,%u,%u,%s,", i + 1, 5 + 95 * redan_splitmix_unit(&seed) * u,
                         day, day + (unsigned)(30 * redan_splitmix_unit(&seed)),
                         redan_splitmix_unit(&seed) < 0.2 ? "true" : "false");
        if (redan_splitmix_unit(&seed) < 0.9)
            redan_buf_printf(out, "%.9g", (double)(int)(7 * redan_splitmix_unit(&seed)) / 3);
        redan_buf_printf(out, ",%s,%d\r\n",
                         u < 0.6   ? "pos"
                         : u < 0.9 ? "app"
                                   : "\"a \"\"web\"\" shop, far\"",
                         redan_splitmix_unit(&seed) < 0.1);
    }
}

static struct redan_slice drops[] = {{"id", 2}};
static struct redan_slice callers[] = {{"amount", 6}, {"day", 3}, {"channel", 7}};
static struct redan_learn_pair honest[] = {{{"bad", 3}, {"0", 1}}};

static struct redan_learn_options usual(void)
{
    return (struct redan_learn_options){.drop = {drops, 1},
                                        .caller = {callers, 3},
                                        .where = honest,
                                        .where_count = 1,
                                        .seed = 7,
                                        .widen = -1,
                                        .margin = -1};
}

static enum redan_status learn(struct redan_ctx *ctx, struct redan_slice csv,
                               const struct redan_learn_options *o, struct redan_learned *learned)
{
    struct redan_learn_data data = {0};

    REDAN_TRY(redan_learn_read(ctx, csv, o, &data, learned));
    return redan_learn_fit(ctx, o, &data, learned);
}

static void learns_what_is_there(void **unused)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_buf csv REDAN_DEFER(redan_buf_done) = {0};
    struct redan_learn_options o = usual();
    struct redan_learned l;

    (void)unused;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&csv, &ctx, 8 << 20);
    table(&csv, 9000, 1);
    assert_ok(learn(&ctx, redan_buf_view(&csv), &o, &l));
    const struct redan_profile *p = &l.profile;
    assert_int_equal(p->rows + l.left_out, 9000);
    assert_in_range(l.left_out, 750, 1050);
    assert_int_equal(l.calibration_rows, p->rows / 4);
    assert_int_equal(l.tuning_rows, p->rows / 8);
    assert_int_equal(l.reference_rows + l.tuning_rows + l.calibration_rows, p->rows);
    assert_int_equal(p->references.rows, 2048);
    assert_int_equal(p->caller_references.rows, 512);
    static const struct {
        const char *name;
        enum redan_column_kind kind;
        bool caller, missing;
        double grid;
    } wanted[] = {{"amount", REDAN_COLUMN_REAL, true, false, 0.01},
                  {"day", REDAN_COLUMN_INTEGER, true, false, 1},
                  {"week", REDAN_COLUMN_INTEGER, false, false, 1},
                  {"night", REDAN_COLUMN_BOOL, false, false, 0},
                  {"risk", REDAN_COLUMN_REAL, false, true, 1.0 / 3},
                  {"channel", REDAN_COLUMN_CATEGORY, true, false, 0}};
    assert_int_equal(p->width, REDAN_COUNT(wanted));
    for (size_t c = 0; c < p->width; c++) {
        assert_slice(p->columns[c].name, wanted[c].name);
        assert_int_equal(p->columns[c].kind, wanted[c].kind);
        assert_int_equal(p->columns[c].caller, wanted[c].caller);
        assert_int_equal(p->columns[c].missing, wanted[c].missing);
        assert_true(fabs(p->columns[c].grid - wanted[c].grid) < 1e-12);
    }
    assert_int_equal(p->caller_count, 3);
    assert_true(p->columns[0].low >= 0 && p->columns[0].low < 5 && p->columns[0].high > 100);
    assert_int_equal(p->columns[5].category_count, 3);
    assert_slice(p->columns[5].categories[0], "a \"web\" shop, far");
    assert_true(fabs(p->columns[5].surprise[2] + log(0.6)) < 0.1); /* pos */
    assert_int_equal(p->invariant_count, 1);
    assert_int_equal(p->invariants[0].low, 1);
    assert_int_equal(p->invariants[0].high, 2);
    assert_true(p->near > 0 && p->near <= p->coarse);
    assert_true(p->novel > 0 && p->unusual > 0);
    assert_true(p->margin == 0.05);
    assert_true(l.promises[1].kept && !l.promises[3].kept);
    assert_true(l.broken_rate.low <= 0.001);
}

/* p-values of rows that the profile has not seen, from the same source: rejected as often as it says. */
static void keeps_its_promise(void **unused)
{
    size_t rejected = 0;
    size_t all = 0;

    (void)unused;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
        struct redan_buf csv REDAN_DEFER(redan_buf_done) = {0};
        struct redan_learn_options o = usual();
        struct redan_learn_data fresh = {0};
        struct redan_learned l, other;

        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&csv, &ctx, 8 << 20);
        table(&csv, 3000, seed);
        o.seed = seed;
        assert_ok(learn(&ctx, redan_buf_view(&csv), &o, &l));
        redan_buf_clear(&csv);
        table(&csv, 3000, seed + 100);
        assert_ok(redan_learn_read(&ctx, redan_buf_view(&csv), &o, &fresh, &other));
        for (size_t i = 0; i < fresh.rows; i++, all++) {
            double values[6];
            struct redan_slice texts[6] = {{0}};
            float row[6];

            for (size_t c = 0; c < 6; c++)
                values[c] = fresh.values[i * 6 + c];
            texts[5] = fresh.columns[5].categories[(size_t)values[5]];
            redan_profile_encode(&l.profile, values, texts, row);
            rejected += redan_profile_p(&l.profile, redan_profile_score(&l.profile, row)) <= 0.05;
        }
    }
    /* Eight calibrations of about 675 rows: 5 %, deviation 0.8 % / sqrt(8). */
    double share = (double)rejected / (double)all;
    assert_true(share > 0.04 && share < 0.06);
}

static void the_same_seed_gives_the_same_bytes(void **unused)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_buf csv REDAN_DEFER(redan_buf_done) = {0};
    struct redan_learn_options o = usual();
    struct redan_slice text[3] = {{0}};

    (void)unused;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&csv, &ctx, 8 << 20);
    table(&csv, 400, 3);
    for (int i = 0; i < 3; i++) {
        struct redan_learned l;

        ctx.seed = (uint64_t)i * 77; /* of hash tables: nothing comes of it */
        o.seed = i < 2 ? 5 : 6;
        assert_ok(learn(&ctx, redan_buf_view(&csv), &o, &l));
        l.profile.dataset = REDAN_S("t.csv");
        assert_ok(redan_profile_write(&ctx, &l.profile, &text[i]));
    }
    assert_true(redan_slice_eq(text[0], text[1]));
    assert_false(redan_slice_eq(text[0], text[2]));
}

static const struct {
    const char *csv; /* "*" stands for the rows of a sound table a,b */
    const char *option, *value;
    enum redan_status status;
    const char *said;
    unsigned line, column;
} wrong[] = {
    {"", "", "", REDAN_E_SYNTAX, "must name the columns", 1, 1},
    {"a,b\n", "", "", REDAN_E_SCHEMA, "0 rows to learn from", 0, 0},
    {"a,a\n*", "", "", REDAN_E_SCHEMA, "names the column \"a\" twice", 1, 3},
    {"a,\n*", "", "", REDAN_E_SCHEMA, "column 2 has no name", 1, 3},
    {"a,b\n*", "drop", "c", REDAN_E_USAGE, "--drop names the column \"c\"", 1, 1},
    {"a,b\n*", "where", "c", REDAN_E_USAGE, "--where names the column \"c\"", 1, 1},
    {"a,b\n*", "kind", "a=word", REDAN_E_USAGE, "must be real, integer", 0, 0},
    {"a,b\n*", "kind", "a=bool", REDAN_E_SCHEMA, "\"a\" is said to be bool", 0, 0},
    {"a,b\n*x,1\n", "kind", "a=real", REDAN_E_SCHEMA, "\"x\" in column \"a\" is not a number", 42,
     1},
    {"a,b\n*1e200,1\n", "", "", REDAN_E_SCHEMA, "too large a number", 42, 1},
    {"a,b\n*1\n", "", "", REDAN_E_SYNTAX, "the row has 1 fields", 42, 1},
};

static void says_what_is_wrong(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < REDAN_COUNT(wrong); i++) {
        struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
        struct redan_buf csv REDAN_DEFER(redan_buf_done) = {0};
        struct redan_slice name = redan_slice_of(wrong[i].value);
        struct redan_learn_pair pair = {name, {0}};
        struct redan_learn_options o = {.widen = -1, .margin = -1};
        struct redan_learned l;

        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&csv, &ctx, 1 << 20);
        for (const char *c = wrong[i].csv; *c; c++)
            if (*c != '*')
                redan_buf_char(&csv, *c);
            else
                for (unsigned row = 0; row < 40; row++)
                    redan_buf_printf(&csv, "%u.5,%u\n", row * 7 % 40, row * 3 % 17);
        if (strcmp(wrong[i].option, "drop") == 0)
            o.drop = (struct redan_texts){&name, 1};
        if (strcmp(wrong[i].option, "where") == 0) {
            o.where = &pair;
            o.where_count = 1;
        }
        if (strcmp(wrong[i].option, "kind") == 0) {
            redan_slice_cut(name, '=', &pair.name, &pair.value);
            o.kinds = &pair;
            o.kind_count = 1;
        }
        enum redan_status status = learn(&ctx, redan_buf_view(&csv), &o, &l);
        if (status != wrong[i].status || !strstr(ctx.failure.text, wrong[i].said))
            fail_msg("row %zu: %s, %s", i, redan_status_name(status), ctx.failure.text);
        assert_int_equal(ctx.failure.line, wrong[i].line);
        assert_int_equal(ctx.failure.column, wrong[i].column);
    }
}

/* Constant columns, columns without a value, few rows: learned, and said. */
static void poor_data(void **unused)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_buf csv REDAN_DEFER(redan_buf_done) = {0};
    struct redan_learn_options o = {.widen = -1, .margin = -1};
    struct redan_learned l;

    (void)unused;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&csv, &ctx, 1 << 20);
    redan_buf_text(&csv, "one,none,rises,x\n");
    for (unsigned i = 0; i < 24; i++)
        redan_buf_printf(&csv, "250,,%u,%u\n", 10 + i, i * 7 % 24);
    assert_ok(learn(&ctx, redan_buf_view(&csv), &o, &l));
    assert_int_equal(l.note_count, 2);
    assert_non_null(strstr(l.notes[0].at, "\"rises\" rises from row to row"));
    assert_non_null(strstr(l.notes[1].at, "6 calibration rows"));
    double row[4] = {250, (double)NAN, 20, 3};
    float encoded[4];
    size_t column = 9;
    size_t which = 9;
    assert_int_equal(redan_profile_fault(&l.profile, row, NULL, &column, &which), REDAN_FAULT_NONE);
    redan_profile_encode(&l.profile, row, NULL, encoded);
    assert_true(isfinite(redan_profile_score(&l.profile, encoded)));
    row[0] = 300;
    assert_int_equal(redan_profile_fault(&l.profile, row, NULL, &column, &which),
                     REDAN_FAULT_RANGE);
    assert_int_equal(column, 0);
    for (int i = 0; i < REDAN_LEARN_ALPHAS; i++)
        assert_false(l.promises[i].kept);
}

static void too_many_categories(void **unused)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_buf csv REDAN_DEFER(redan_buf_done) = {0};
    struct redan_learn_options o = {.widen = -1, .margin = -1};
    struct redan_learned l;

    (void)unused;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&csv, &ctx, 1 << 20);
    redan_buf_text(&csv, "who,x\n");
    for (unsigned i = 0; i < 1100; i++)
        redan_buf_printf(&csv, "c-%u,%u\n", i, i % 9);
    assert_int_equal(learn(&ctx, redan_buf_view(&csv), &o, &l), REDAN_E_LIMIT);
    assert_non_null(strstr(ctx.failure.text, "--drop who"));
    assert_int_equal(ctx.failure.line, 1002);
}

static void memory_fails_anywhere(void **unused)
{
    struct redan_ctx first REDAN_DEFER(redan_ctx_done);
    struct redan_buf csv REDAN_DEFER(redan_buf_done) = {0};
    struct redan_learn_options o = usual();

    (void)unused;
    redan_ctx_init(&first, NULL);
    redan_buf_init(&csv, &first, 1 << 20);
    table(&csv, 60, 9);
    for (uint64_t at = 1;; at++) {
        struct redan_ctx ctx;
        struct redan_learned l;

        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = ctx.mem.calls + at;
        enum redan_status status = learn(&ctx, redan_buf_view(&csv), &o, &l);
        redan_ctx_done(&ctx);
        if (status == REDAN_OK)
            break;
        assert_int_equal(status, REDAN_E_MEMORY);
        assert_true(at < 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_what_is_there),
        cmocka_unit_test(keeps_its_promise),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(poor_data),
        cmocka_unit_test(too_many_categories),
        cmocka_unit_test(memory_fails_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
