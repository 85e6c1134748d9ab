/* CSV: what is read, and what is refused where. */
#include "test.h"

#include "base/buf.h"
#include "codec/csv.h"

static const struct {
    const char *text;
    enum redan_status status;
    const char *said; /* rows as a|b;c|d, or the failure */
    unsigned line, column;
} rows[] = {
    {"", REDAN_OK, "", 0, 0},
    {"a,b\n1,2\n", REDAN_OK, "a|b;1|2;", 0, 0},
    {"a,b\r\n1,2", REDAN_OK, "a|b;1|2;", 0, 0},
    {"\xef\xbb\xbf"
     "a,b\n1,\n",
     REDAN_OK, "a|b;1|;", 0, 0},
    {"a\n\n1\n", REDAN_OK, "a;;1;", 0, 0}, /* of one column an empty line is an empty field */
    {"a,b\n1,2\n\n", REDAN_OK, "a|b;1|2;", 0, 0},
    {"\"a\",\"b,c\"\n\"x\ny\",\"say \"\"no\"\"\"\n", REDAN_OK, "'a|'b,c;'x\ny|'say \"no\";", 0, 0},
    {"a,\"\"\n", REDAN_OK, "a|';", 0, 0},
    {"a,b\n1,2\n\n3,4\n", REDAN_E_SYNTAX, "an empty line", 3, 1},
    {"a,b\n1\n", REDAN_E_SYNTAX, "the row has 1 fields; the first has 2", 2, 1},
    {"a,b\n1,2,3\n", REDAN_E_SYNTAX, "the row has 3 fields", 2, 1},
    {"a,b\nx\"y,2\n", REDAN_E_SYNTAX, "a quote inside a field", 2, 2},
    {"a,b\n1,\"x\"y\n", REDAN_E_SYNTAX, "after the closing quote", 2, 6},
    {"a,b\n1,\"xy\n2,3\n", REDAN_E_SYNTAX, "never closed", 2, 3},
    {"a,b\n\"1\n2\",\"3\"x\n", REDAN_E_SYNTAX, "after the closing quote", 3, 7},
    {"a,b\n1,\xff\n", REDAN_E_SYNTAX, "not UTF-8", 2, 3},
    {"a,b\r1,2\n", REDAN_E_SYNTAX, "carriage return", 1, 4},
};

static void tell(struct redan_buf *out, const struct redan_csv_table *csv)
{
    for (size_t i = 0; i < csv->count; i++) {
        redan_buf_text(out, i ? "|" : "");
        redan_buf_text(out, csv->fields[i].quoted ? "'" : "");
        redan_buf_slice(out, csv->fields[i].text);
    }
    redan_buf_char(out, ';');
}

static void reads_and_refuses(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        for (int pass = 0; pass < 2; pass++) { /* the second after a rewind */
            struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
            struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
            struct redan_csv_table csv;
            enum redan_status status = REDAN_OK;
            bool more = true;

            redan_ctx_init(&ctx, NULL);
            redan_buf_init(&out, &ctx, 4096);
            redan_csv_table_init(&csv, &ctx, redan_slice_of(rows[i].text));
            if (pass && redan_csv_table_next(&csv, &more) != REDAN_OK)
                continue;
            redan_csv_table_rewind(&csv);
            for (more = true; more && status == REDAN_OK;) {
                status = redan_csv_table_next(&csv, &more);
                if (status == REDAN_OK && more)
                    tell(&out, &csv);
            }
            redan_buf_char(&out, 0);
            const char *got = status == REDAN_OK ? out.data : ctx.failure.text;
            if (status != rows[i].status ||
                (status == REDAN_OK ? strcmp(got, rows[i].said) != 0 : !strstr(got, rows[i].said)))
                fail_msg("row %zu: %s, %s", i, redan_status_name(status), got);
            assert_int_equal(ctx.failure.line, rows[i].line);
            assert_int_equal(ctx.failure.column, rows[i].column);
        }
}

static void bounds(void **unused)
{
    static char text[200000];
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_csv_table csv;
    bool more = false;

    (void)unused;
    redan_ctx_init(&ctx, NULL);
    memset(text, ',', sizeof(text));
    redan_csv_table_init(&csv, &ctx, (struct redan_slice){text, REDAN_CSV_FIELDS - 1});
    assert_ok(redan_csv_table_next(&csv, &more));
    assert_int_equal(csv.count, REDAN_CSV_FIELDS);
    redan_csv_table_init(&csv, &ctx, (struct redan_slice){text, REDAN_CSV_FIELDS});
    assert_int_equal(redan_csv_table_next(&csv, &more), REDAN_E_LIMIT);
    redan_fail_clear(&ctx);
    memset(text, 'x', sizeof(text));
    redan_csv_table_init(&csv, &ctx, (struct redan_slice){text, REDAN_CSV_FIELD});
    assert_ok(redan_csv_table_next(&csv, &more));
    redan_csv_table_init(&csv, &ctx, (struct redan_slice){text, REDAN_CSV_FIELD + 1});
    assert_int_equal(redan_csv_table_next(&csv, &more), REDAN_E_LIMIT);
    redan_fail_clear(&ctx);
    text[3] = 0;
    redan_csv_table_init(&csv, &ctx, (struct redan_slice){text, 10});
    assert_int_equal(redan_csv_table_next(&csv, &more), REDAN_E_SYNTAX);
}

static void memory_fails_anywhere(void **unused)
{
    const struct redan_slice text = REDAN_S("a,\"b\"\"\",c\n1,\"\"\"\",3\n");

    (void)unused;
    for (uint64_t at = 1;; at++) {
        struct redan_ctx ctx;
        struct redan_csv_table csv;
        enum redan_status status = REDAN_OK;
        bool more = true;

        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = ctx.mem.calls + at;
        redan_csv_table_init(&csv, &ctx, text);
        while (more && status == REDAN_OK)
            status = redan_csv_table_next(&csv, &more);
        redan_ctx_done(&ctx);
        if (status == REDAN_OK)
            break;
        assert_int_equal(status, REDAN_E_MEMORY);
        assert_true(at < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_refuses),
        cmocka_unit_test(bounds),
        cmocka_unit_test(memory_fails_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
