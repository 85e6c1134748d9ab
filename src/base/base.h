/* The dialect: attributes, control-flow macros and checked arithmetic that every room uses. */
#ifndef REDAN_BASE_BASE_H
#define REDAN_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define REDAN_NODISCARD __attribute__((warn_unused_result))
#define REDAN_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define REDAN_UNUSED __attribute__((unused))
#define REDAN_LIKELY(x) __builtin_expect(!!(x), 1)
#define REDAN_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define REDAN_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Pass a failure up. The only hidden return in the code base. */
#define REDAN_TRY(expr)                        \
    do {                                       \
        enum redan_status redan_try_ = (expr); \
        if (redan_try_ != REDAN_OK)            \
            return redan_try_;                 \
    } while (0)

/* Run `fn(&variable)` when the variable leaves its scope. */
#define REDAN_DEFER(fn) __attribute__((cleanup(fn)))

static inline bool redan_add_size(size_t a, size_t b, size_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

static inline bool redan_mul_size(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

static inline size_t redan_min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

#endif
