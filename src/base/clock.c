/* Calendar arithmetic without the C library's time zones. */
#include "base/clock.h"

#include <stdio.h>

static const int64_t DAY = 86400;

/* Days from 1970-01-01 to a date; Howard Hinnant's days_from_civil. */
static int64_t days_of(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = y / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (int64_t)(m + (m > 2 ? 0U : 12U) - 3U) + 2) / 5 + (int64_t)d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

static void date_of(int64_t days, int64_t *y, int64_t *m, int64_t *d)
{
    days += 719468;
    int64_t era = days / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp < 10 ? mp + 3 : mp - 9;
    *y = yoe + era * 400 + (*m <= 2);
}

static bool digits(struct redan_slice s, size_t from, size_t n, unsigned *value)
{
    uint64_t v = 0;
    struct redan_slice part = redan_slice_sub(s, from, n);

    if (part.len != n || !redan_slice_u64(part, &v))
        return false;
    *value = (unsigned)v;
    return true;
}

static unsigned month_days(unsigned y, unsigned m)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0))
        return 29;
    return days[m - 1];
}

bool redan_date_parse(struct redan_slice t, int64_t *seconds)
{
    unsigned y = 0;
    unsigned m = 0;
    unsigned d = 0;

    if (t.len != 10 || t.at[4] != '-' || t.at[7] != '-' || !digits(t, 0, 4, &y) ||
        !digits(t, 5, 2, &m) || !digits(t, 8, 2, &d))
        return false;
    if (y < 1970 || m < 1 || m > 12 || d < 1 || d > month_days(y, m))
        return false;
    *seconds = days_of(y, m, d) * DAY;
    return true;
}

static bool zone_parse(struct redan_slice t, int64_t *offset)
{
    unsigned h = 0;
    unsigned m = 0;

    if (redan_slice_is(t, "Z")) {
        *offset = 0;
        return true;
    }
    if (t.len != 6 || (t.at[0] != '+' && t.at[0] != '-') || t.at[3] != ':' ||
        !digits(t, 1, 2, &h) || !digits(t, 4, 2, &m) || h > 23 || m > 59)
        return false;
    *offset = (int64_t)(h * 3600U + m * 60U) * (t.at[0] == '-' ? -1 : 1);
    return true;
}

bool redan_time_parse(struct redan_slice t, int64_t *seconds)
{
    int64_t date = 0;
    int64_t zone = 0;
    unsigned h = 0;
    unsigned m = 0;
    unsigned s = 0;

    if (!redan_date_parse(redan_slice_sub(t, 0, 10), &date))
        return false;
    if (t.len == 10) {
        *seconds = date;
        return true;
    }
    if (t.len < 20 || t.at[10] != 'T' || t.at[13] != ':' || t.at[16] != ':' ||
        !digits(t, 11, 2, &h) || !digits(t, 14, 2, &m) || !digits(t, 17, 2, &s) || h > 23 ||
        m > 59 || s > 59)
        return false;
    size_t i = 19;
    if (t.at[i] == '.') {
        size_t from = ++i;
        while (i < t.len && t.at[i] >= '0' && t.at[i] <= '9')
            i++;
        if (i == from || i - from > 9)
            return false;
    }
    if (!zone_parse(redan_slice_sub(t, i, SIZE_MAX), &zone))
        return false;
    int64_t value = date + (int64_t)(h * 3600U + m * 60U + s) - zone;
    if (value < 0)
        return false;
    *seconds = value;
    return true;
}

static void split(int64_t seconds, int64_t *y, int64_t *m, int64_t *d, int64_t *rest)
{
    int64_t days = seconds / DAY;

    *rest = seconds - days * DAY;
    date_of(days, y, m, d);
}

static void put(char *text, int64_t value, size_t digits, char after)
{
    text[digits] = after;
    while (digits > 0) {
        text[--digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

void redan_time_text(int64_t seconds, char text[REDAN_TIME_TEXT])
{
    int64_t y = 0;
    int64_t m = 0;
    int64_t d = 0;
    int64_t rest = 0;

    if (seconds < 0 || seconds > 253402300799) /* 9999-12-31T23:59:59Z */
        seconds = 0;
    split(seconds, &y, &m, &d, &rest);
    put(text, y, 4, '-');
    put(text + 5, m, 2, '-');
    put(text + 8, d, 2, 'T');
    put(text + 11, rest / 3600, 2, ':');
    put(text + 14, rest / 60 % 60, 2, ':');
    put(text + 17, rest % 60, 2, 'Z');
    text[20] = '\0';
}

void redan_date_text(int64_t seconds, char text[REDAN_TIME_TEXT])
{
    redan_time_text(seconds, text);
    text[10] = '\0';
}

bool redan_span_parse(struct redan_slice t, int64_t *seconds)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    uint64_t n = 0;

    if (t.len < 2 || !redan_slice_u64(redan_slice_sub(t, 0, t.len - 1), &n) || n == 0 ||
        n > 100000000)
        return false;
    for (size_t i = 0; i < REDAN_COUNT(units); i++) {
        if (units[i].unit == t.at[t.len - 1]) {
            *seconds = (int64_t)n * units[i].seconds;
            return true;
        }
    }
    return false;
}

void redan_span_text(int64_t seconds, char text[REDAN_TIME_TEXT])
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    int64_t n = seconds < 0 ? -seconds : seconds;

    for (size_t i = 0; i < REDAN_COUNT(units); i++) {
        if (n >= units[i].seconds || units[i].seconds == 1) {
            int v = (int)(n / units[i].seconds % 100000000);
            (void)snprintf(text, REDAN_TIME_TEXT, "%d %s%s", v, units[i].name, v == 1 ? "" : "s");
            return;
        }
    }
}
