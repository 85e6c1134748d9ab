/* Numbers as they are spelled in an answer: whether they tell more than a label, and how they are rounded without a detour over doubles. */
#ifndef REDAN_GUARD_ANSWER_NUMBER_H
#define REDAN_GUARD_ANSWER_NUMBER_H

#include "base/buf.h"

/* A JSON number with a point or an exponent, whatever its value: 1.0 and 1e2 are spelled as scores. */
bool redan_number_real(struct redan_slice number);
/* Whether a text holds a number with a fraction, an exponent or a percent sign anywhere: "0.37", "fraud:.5", "37%". */
bool redan_text_real(struct redan_slice text);
/* The value of a text that is a JSON number and nothing else, blanks around it aside. */
bool redan_text_number(struct redan_slice text, double *value);
/* Add a number rounded to so many digits after the point, half away from zero, zeros at the end left out; true when that differs from the
 * spelling, which otherwise was not added. The number is one or more digits with all that RFC 8259 6 allows. */
bool redan_number_round(struct redan_slice number, unsigned decimals, struct redan_buf *out);
/* Add a text with all its numbers rounded; true when something changed, otherwise nothing was added. Numbers with two points (versions, addresses) stay. */
bool redan_text_round(struct redan_slice text, unsigned decimals, struct redan_buf *out);

#endif
