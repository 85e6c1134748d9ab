/* Checkpoints: what is a signed note and what is not, and whose. */
#include "test.h"

#include <stdio.h>

#include "base/hex.h"
#include "sign/checkpoint.h"
#include "sign/identity.h"

#define ROOT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define DASH "\xe2\x80\x94 "
#define LINE DASH "log.example.com AQIDBAUGBwgJ\n"

static const struct {
    const char *what;
    const char *text;
    const char *says; /* NULL: read */
} notes[] = {
    {"a log's", "log.example.com\n17\n" ROOT "\n\n" LINE, NULL},
    {"an empty log's", "log.example.com\n0\n" ROOT "\n\n" LINE, NULL},
    {"with extensions", "log - 1\n17\n" ROOT "\nTimestamp: 1\nmore\n\n" LINE, NULL},
    {"with witnesses", "l\n17\n" ROOT "\n\n" DASH "w/x AQIDBAUGBwgJ\n" LINE LINE, NULL},
    {"the largest", "l\n18446744073709551615\n" ROOT "\n\n" LINE, NULL},
    {"nothing", "", "blank line"},
    {"no blank line", "l\n17\n" ROOT "\n" LINE, "blank line"},
    {"no signature", "l\n17\n" ROOT "\n\n", "nobody"},
    {"no origin", "\n17\n" ROOT "\n\n" LINE, "no origin"},
    {"no size", "l\n" ROOT "\n\n" LINE, "second line"},
    {"a size with a zero before", "l\n017\n" ROOT "\n\n" LINE, "second line"},
    {"a size with a sign", "l\n+17\n" ROOT "\n\n" LINE, "second line"},
    {"a size with a blank", "l\n17 \n" ROOT "\n\n" LINE, "second line"},
    {"a size too large", "l\n18446744073709551616\n" ROOT "\n\n" LINE, "second line"},
    {"no root", "l\n17\n\n" LINE, "third line"},
    {"a short root", "l\n17\nAAEC\n\n" LINE, "third line"},
    {"a root that is not base64", "l\n17\n*" ROOT "\n\n" LINE, "third line"},
    {"a hyphen for the dash", "l\n17\n" ROOT "\n\n- l AQIDBAUGBwgJ\n", "long dash"},
    {"a second paragraph", "l\n17\n" ROOT "\n\n" LINE "\n" LINE, "long dash"},
    {"no name", "l\n17\n" ROOT "\n\n" DASH " AQIDBAUGBwgJ\n", "not a name"},
    {"a plus in the name", "l\n17\n" ROOT "\n\n" DASH "l+1 AQIDBAUGBwgJ\n", "not a name"},
    {"no signature in the line", "l\n17\n" ROOT "\n\n" DASH "lAQIDBAUGBwgJ\n", "not a name"},
    {"two blanks", "l\n17\n" ROOT "\n\n" DASH "l  AQIDBAUGBwgJ\n", "not in base64"},
    {"a hint alone", "l\n17\n" ROOT "\n\n" DASH "l AQIDBA==\n", "too short"},
    {"bits beyond the padding", "l\n17\n" ROOT "\n\n" DASH "l AQIDBAV=\n", "not in base64"},
    {"an open end", "l\n17\n" ROOT "\n\n" DASH "l AQIDBAUGBwgJ", "nobody"},
    {"an open second end", "l\n17\n" ROOT "\n\n" LINE DASH "l AQIDBAUGBwgJ", "does not end"},
    {"a tab", "l\t\n17\n" ROOT "\n\n" LINE, "not text"},
    {"a carriage return", "l\r\n17\n" ROOT "\n\n" LINE, "not text"},
    {"not UTF-8", "l\xff\n17\n" ROOT "\n\n" LINE, "not text"},
};

static void test_notes(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(notes); i++) {
        struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
        struct redan_checkpoint read = {0};

        redan_ctx_init(&ctx, NULL);
        enum redan_status status =
            redan_checkpoint_parse(&ctx, redan_slice_of(notes[i].text), &read);
        if (!notes[i].says) {
            if (status != REDAN_OK)
                fail_msg("%s: %s", notes[i].what, ctx.failure.text);
            assert_true(read.count >= 1);
            assert_int_equal(read.root.bytes[31], 31);
            assert_true(redan_slice_ends(read.text, REDAN_S("\n")));
            continue;
        }
        assert_int_equal(status, REDAN_E_SYNTAX);
        if (!strstr(ctx.failure.text, notes[i].says))
            fail_msg("%s: \"%s\" says nothing of \"%s\"", notes[i].what, ctx.failure.text,
                     notes[i].says);
    }
}

static void test_parts(void **state)
{
    struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
    struct redan_checkpoint read = {0};
    struct redan_slice text = redan_slice_of(notes[2].text);

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_checkpoint_parse(&ctx, text, &read));
    assert_slice(read.text, "log - 1\n17\n" ROOT "\nTimestamp: 1\nmore\n");
    assert_slice(read.origin, "log - 1");
    assert_int_equal(read.size, 17);
    assert_int_equal(read.count, 1);
    assert_slice(read.lines[0].name, "log.example.com");
    assert_memory_equal(read.lines[0].hint, "\1\2\3\4", 4);
    assert_slice(read.lines[0].signature, "\5\6\7\10\11");
}

/* Whatever is cut off, nothing is read past the end and nothing half is believed. */
static void test_cut(void **state)
{
    const char *whole = notes[3].text;

    (void)state;
    for (size_t len = 0; len < strlen(whole); len++) {
        struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
        struct redan_checkpoint read = {0};
        char copy[512];

        redan_ctx_init(&ctx, NULL);
        memcpy(copy, whole, len);
        enum redan_status status =
            redan_checkpoint_parse(&ctx, (struct redan_slice){copy, len}, &read);
        bool ends = len > 0 && strncmp(whole + len - 1, "\n", 1) == 0;
        bool whole_lines = ends && status == REDAN_OK;
        assert_int_equal(status == REDAN_OK, whole_lines);
        assert_true(status == REDAN_OK || status == REDAN_E_SYNTAX);
    }
}

static void test_large(void **state)
{
    struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) buf = {0};
    struct redan_checkpoint read = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&buf, &ctx, (size_t)1 << 20);
    redan_buf_text(&buf, "l\n17\n" ROOT "\n\n");
    for (int i = 0; i < REDAN_CHECKPOINT_LINES; i++)
        redan_buf_text(&buf, LINE);
    assert_ok(redan_checkpoint_parse(&ctx, redan_buf_view(&buf), &read));
    redan_buf_text(&buf, LINE);
    assert_int_equal(redan_checkpoint_parse(&ctx, redan_buf_view(&buf), &read), REDAN_E_LIMIT);
    redan_fail_clear(&ctx);
    redan_buf_repeat(&buf, 'x', REDAN_CHECKPOINT_MAX);
    assert_int_equal(redan_checkpoint_parse(&ctx, redan_buf_view(&buf), &read), REDAN_E_LIMIT);
}

static void test_memory(void **state)
{
    enum redan_status status = REDAN_E_MEMORY;
    uint64_t at = 1;

    (void)state;
    for (; status != REDAN_OK && at < 100; at++) {
        struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
        struct redan_checkpoint read = {0};

        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = at;
        status = redan_checkpoint_parse(&ctx, redan_slice_of(notes[3].text), &read);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
    }
    assert_true(at > 2);
    assert_int_equal(status, REDAN_OK);
}

/* Patterns match the whole, or nothing. */
static void test_patterns(void **state)
{
    static const struct {
        const char *pattern;
        const char *text;
        bool matches;
    } rows[] = {
        {"abc", "abc", true},
        {"abc", "abcd", false},
        {"abc", "xabc", false},
        {"a|ab", "ab", true},
        {"ab|a", "ab", true},
        {"a|b", "ab", false},
        {".*", "", false},
        {"^abc$", "abc", true},
        {"ABC", "abc", false},
        {"a.c", "a\nc", true},
        {"abc$", "abc\n", false},
        {"(a)(b)?c", "ac", true},
        {"https://github\\.com/o/[^/]+/\\.github/workflows/r\\.yml@refs/tags/v[0-9.]+",
         "https://github.com/o/r/.github/workflows/r.yml@refs/tags/v1.2", true},
        {"https://github\\.com/o/.*", "https://githubXcom/o/r", false},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
        bool matches = !rows[i].matches;

        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_identity_match(&ctx, redan_slice_of(rows[i].pattern),
                                       redan_slice_of(rows[i].text), &matches));
        if (matches != rows[i].matches)
            fail_msg("%s on %s", rows[i].pattern, rows[i].text);
    }
}

static void test_pattern_faults(void **state)
{
    struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
    char text[REDAN_IDENTITY_MAX + 1];
    bool matches = true;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    static const char *const costly[] = {"((((a{30}){30}){30}){30})",
                                         "((((((((((a+)+)+)+)+)+)+)+)+)+)+", "a{255}{255}",
                                         "(a{0,99}){0,99}", "(a*)\\1"};

    for (size_t i = 0; i < REDAN_COUNT(costly); i++) {
        if (redan_identity_match(&ctx, redan_slice_of(costly[i]), REDAN_S("aaaa"), &matches) !=
            REDAN_E_USAGE)
            fail_msg("%s was tried", costly[i]);
        redan_fail_clear(&ctx);
    }
    assert_ok(redan_identity_match(&ctx, REDAN_S("[a+{9}]{3,4}[]+]\\{99+"), REDAN_S("aaa+{999"),
                                   &matches));
    assert_true(matches);
    assert_int_equal(redan_identity_match(&ctx, REDAN_S("a("), REDAN_S("a"), &matches),
                     REDAN_E_USAGE);
    redan_fail_clear(&ctx);
    assert_int_equal(redan_identity_match(&ctx, REDAN_S("a\0b"), REDAN_S("a"), &matches),
                     REDAN_E_USAGE);
    redan_fail_clear(&ctx);
    assert_ok(redan_identity_match(&ctx, REDAN_S("a.*"), REDAN_S("a\0b"), &matches));
    assert_false(matches);
    memset(text, 'a', sizeof(text));
    assert_ok(redan_identity_match(&ctx, REDAN_S("a*"),
                                   (struct redan_slice){text, REDAN_IDENTITY_MAX}, &matches));
    assert_true(matches);
    assert_ok(redan_identity_match(&ctx, REDAN_S("a*"), (struct redan_slice){text, sizeof(text)},
                                   &matches));
    assert_false(matches);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_pattern_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
