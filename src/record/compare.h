/* Comparators: the only language in which a threat model may ask something of evidence. No code, no expressions. */
#ifndef REDAN_RECORD_COMPARE_H
#define REDAN_RECORD_COMPARE_H

#include "codec/problem.h"

/* How numbers are held against a bound. */
enum redan_compare_rigour {
    REDAN_COMPARE_PLAIN,    /* counts and settings: the value itself */
    REDAN_COMPARE_INTERVAL, /* measurements: a bound is held against the interval's worse end, and a fraction without an interval
                               does not pass */
};

/* Check the form of an `expect` map: known comparators, values of a fitting kind. */
void redan_compare_lint(struct redan_problems *problems, const struct redan_node *expect);

/* Hold `observed` (a MAP) against every entry of `expect` (a MAP; NULL holds). A key is a field, or a path "$.a.b[*].c". An entry is a
 * scalar (equal), a list (the same set), or a map of comparators: == != < <= > >= in none-of includes max-age.
 * `holds` and, when it does not, `detail` in the arena. `until` (may be NULL) is lowered to the moment at which a max-age that holds now
 * ceases to; 0 in it stands for never. */
REDAN_NODISCARD enum redan_status redan_compare(struct redan_ctx *ctx,
                                                const struct redan_node *expect,
                                                const struct redan_node *observed,
                                                enum redan_compare_rigour rigour, bool *holds,
                                                struct redan_slice *detail, int64_t *until);

#endif
