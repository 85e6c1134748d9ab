/* What every unit test includes: cmocka with what it needs first, and shorthands. */
#ifndef REDAN_TESTS_TEST_H
#define REDAN_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/ctx.h"

#define assert_slice(s, text)                         \
    do {                                              \
        struct redan_slice got_ = (s);                \
        assert_int_equal(got_.len, strlen(text));     \
        assert_memory_equal(got_.at, text, got_.len); \
    } while (0)

#define assert_ok(expr) assert_int_equal((expr), REDAN_OK)

#endif
