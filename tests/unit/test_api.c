/* libredan seen from outside: public headers and exported symbols only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "redan/check.h"
#include "redan/scan.h"

static void test_refusals(void **state)
{
    static const struct {
        const char *folder;
        const char *root;
        enum redan_answer answer;
        const char *error; /* a piece of it */
    } rows[] = {
        {"", NULL, REDAN_MISUSED, "no folder"},
        {NULL, NULL, REDAN_MISUSED, "no folder"},
        {"/", "sha256:12", REDAN_MISUSED, "fingerprint"},
        {"/nowhere/at/all", NULL, REDAN_UNDECIDED, "threatmodel.yaml"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct redan_report *report = NULL;
        assert_int_equal(redan_report_check(rows[i].folder, rows[i].root, &report), rows[i].answer);
        assert_non_null(report);
        assert_int_equal(redan_report_answer(report), rows[i].answer);
        assert_non_null(strstr(redan_report_error(report), rows[i].error));
        assert_string_equal(redan_report_json(report), "");
        redan_report_free(report);
    }
    assert_int_equal(redan_report_check("/", NULL, NULL), REDAN_MISUSED);
    redan_report_free(NULL);
    assert_int_equal(redan_report_answer(NULL), REDAN_UNDECIDED);
    assert_string_equal(redan_library_version(), REDAN_VERSION);
}

/* The example's threat model as it is committed: sound in form, nothing pinned, nothing proved. */
static void test_example(void **state)
{
    struct redan_report *report = NULL;

    (void)state;
    assert_int_equal(redan_report_check(REDAN_EXAMPLE, NULL, &report), REDAN_MAY_NOT_SHIP);
    assert_string_equal(redan_report_error(report), "");
    assert_non_null(strstr(redan_report_json(report), "\"verdict\": \"fail\""));
    assert_non_null(strstr(redan_report_json(report), "\"schema\": \"redan/verdict/1\""));
    assert_int_equal(strncmp(redan_report_text(report), "FAIL  fraud-scoring", 19), 0);
    redan_report_free(report);
}

struct told {
    int count;
    int stop_after;
    char rule[32];
    enum redan_scan_verdict level;
};

static int hear(void *arg, const struct redan_scan_note *note)
{
    struct told *told = arg;

    assert_true(note->rule[0] && note->title[0] && note->fix[0] && note->detail[0]);
    assert_int_equal(strncmp(note->fingerprint, "sha256:", 7), 0);
    assert_true(note->evidence_size <= 200);
    if (told->count++ == 0)
        (void)snprintf(told->rule, sizeof(told->rule), "%s", note->rule);
    if (note->level > told->level)
        told->level = note->level;
    return told->stop_after == told->count;
}

/* Two calls of what runs commands; made here, and never loaded. */
static const char hostile[] = "cposix\nsystem\n(S'echo one'\ntR0cposix\npopen\n(S'echo two'\ntR.";
static const char honest[] = "(dp0\nVa\np1\nI1\ns.";

static void test_scan_memory(void **state)
{
    struct redan_scanner *scanner = redan_scanner_new();
    struct redan_scan_outcome outcome;
    struct told told = {.stop_after = -1};

    (void)state;
    assert_non_null(scanner);
    assert_int_equal(
        redan_scan_memory(scanner, honest, sizeof(honest) - 1, "a.pkl", hear, &told, &outcome),
        REDAN_SCANNED);
    assert_int_equal(told.count, 0);
    assert_int_equal(outcome.verdict, REDAN_VERDICT_CLEAN);
    assert_int_equal(outcome.coverage, REDAN_COVERED);
    assert_string_equal(outcome.reason, "");
    assert_string_equal(outcome.formats, "pickle");
    assert_int_equal(outcome.size, sizeof(honest) - 1);

    assert_int_equal(
        redan_scan_memory(scanner, hostile, sizeof(hostile) - 1, NULL, hear, &told, &outcome),
        REDAN_SCANNED);
    assert_true(told.count >= 2);
    assert_int_equal(told.level, REDAN_VERDICT_MALICIOUS);
    assert_int_equal(outcome.verdict, REDAN_VERDICT_MALICIOUS);
    assert_int_equal(outcome.findings, told.count);
    assert_int_equal(strncmp(told.rule, "PKL", 3), 0);

    told = (struct told){.stop_after = 1};
    assert_int_equal(
        redan_scan_memory(scanner, hostile, sizeof(hostile) - 1, NULL, hear, &told, &outcome),
        REDAN_SCAN_ENDED);
    assert_int_equal(told.count, 1);
    assert_int_equal(outcome.verdict, REDAN_VERDICT_MALICIOUS);
    assert_int_equal(
        redan_scan_memory(scanner, hostile, sizeof(hostile) - 1, NULL, NULL, NULL, NULL),
        REDAN_SCANNED);
    redan_scanner_free(scanner);
}

/* By path and by descriptor the same is found, and the descriptor stays as it was. */
static void test_scan_file(void **state)
{
    struct redan_scanner *scanner = redan_scanner_new();
    struct redan_scan_outcome outcome;
    char path[] = "/tmp/redan-api-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, hostile, sizeof(hostile) - 1), sizeof(hostile) - 1);
    assert_int_equal(redan_scan_file(scanner, path, NULL, NULL, &outcome), REDAN_SCANNED);
    assert_int_equal(outcome.verdict, REDAN_VERDICT_MALICIOUS);
    assert_int_equal(redan_scan_fd(scanner, fd, NULL, NULL, NULL, &outcome), REDAN_SCANNED);
    assert_int_equal(outcome.verdict, REDAN_VERDICT_MALICIOUS);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), sizeof(hostile) - 1);
    (void)close(fd);
    (void)unlink(path);

    assert_int_equal(redan_scan_file(scanner, path, NULL, NULL, &outcome), REDAN_SCAN_UNDONE);
    assert_int_equal(outcome.coverage, REDAN_UNCOVERED);
    assert_true(outcome.reason[0] != '\0');
    assert_true(redan_scanner_error(scanner)[0] != '\0');
    assert_int_equal(redan_scan_file(scanner, "", NULL, NULL, NULL), REDAN_SCAN_MISUSED);
    assert_int_equal(redan_scan_file(scanner, "/tmp", NULL, NULL, NULL), REDAN_SCAN_UNDONE);
    assert_int_equal(redan_scan_fd(scanner, -1, NULL, NULL, NULL, NULL), REDAN_SCAN_MISUSED);
    assert_int_equal(redan_scan_memory(scanner, NULL, 1, NULL, NULL, NULL, NULL),
                     REDAN_SCAN_MISUSED);
    assert_int_equal(redan_scan_memory(NULL, "", 0, NULL, NULL, NULL, &outcome),
                     REDAN_SCAN_MISUSED);
    assert_int_equal(outcome.coverage, REDAN_UNCOVERED);
    redan_scanner_free(scanner);
    redan_scanner_free(NULL);
}

static void test_scan_limits(void **state)
{
    struct redan_scanner *scanner = redan_scanner_new();
    struct redan_scan_outcome outcome;
    struct told told = {.stop_after = -1};

    (void)state;
    assert_int_equal(redan_scanner_limit(scanner, REDAN_LIMIT_DEPTH, 65), 0);
    assert_int_equal(redan_scanner_limit(scanner, REDAN_LIMIT_MEMORY, 5), 0);
    assert_int_equal(redan_scanner_limit(scanner, (enum redan_scan_limit)9, 5), 0);
    assert_int_equal(redan_scanner_limit(NULL, REDAN_LIMIT_DEPTH, 5), 0);
    assert_int_equal(redan_scanner_limit(scanner, REDAN_LIMIT_FINDINGS, 1), 1);
    assert_int_equal(redan_scanner_deep(scanner, 1), 1);
    assert_int_equal(
        redan_scan_memory(scanner, hostile, sizeof(hostile) - 1, NULL, hear, &told, &outcome),
        REDAN_SCANNED);
    assert_int_equal(told.count, 1);
    assert_true(outcome.findings >= 2);
    assert_int_equal(told.level, REDAN_VERDICT_MALICIOUS);
    redan_scanner_free(scanner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),    cmocka_unit_test(test_example),
        cmocka_unit_test(test_scan_memory), cmocka_unit_test(test_scan_file),
        cmocka_unit_test(test_scan_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
