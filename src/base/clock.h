/* Dates, times and spans as text and as seconds. UTC only; the proleptic Gregorian calendar. */
#ifndef REDAN_BASE_CLOCK_H
#define REDAN_BASE_CLOCK_H

#include "base/slice.h"

enum { REDAN_TIME_TEXT = 32 }; /* room for "2026-11-24T05:36:27Z" and its NUL, with some to spare */

/* RFC 3339: "2026-11-24" (midnight UTC) or "2026-11-24T05:36:27[.123](Z|+01:00)"; fractions are cut off.
 * False for anything else, for days that do not exist, and outside the years 1970 to 9999. */
bool redan_time_parse(struct redan_slice text, int64_t *seconds);
/* Only the date form. */
bool redan_date_parse(struct redan_slice text, int64_t *seconds);
void redan_time_text(int64_t seconds, char text[REDAN_TIME_TEXT]); /* with time, ends in Z */
void redan_date_text(int64_t seconds, char text[REDAN_TIME_TEXT]); /* date only */
/* "90d", "24h", "30m", "45s", "2w"; a positive number and one letter. Seconds. */
bool redan_span_parse(struct redan_slice text, int64_t *seconds);
/* "3 days", "5 hours", "1 minute": the largest unit that fits, for people. */
void redan_span_text(int64_t seconds, char text[REDAN_TIME_TEXT]);

#endif
