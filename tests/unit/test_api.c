/* libredan seen from outside: public headers and exported symbols only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "redan/check.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_example),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
