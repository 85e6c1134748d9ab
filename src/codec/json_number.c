/* From digits to the nearest double and integer, whatever the locale. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json_power.h"
#include "codec/json_scan.h"

const double redan_json_ten[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

struct wide {
    uint64_t high;
    uint64_t low;
};

static struct wide multiply(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 u128;
    u128 product = (u128)a * b;
    return (struct wide){(uint64_t)(product >> 64), (uint64_t)product};
#else
    uint64_t al = (uint32_t)a;
    uint64_t ah = a >> 32;
    uint64_t bl = (uint32_t)b;
    uint64_t bh = b >> 32;
    uint64_t mid = ah * bl + (al * bl >> 32);
    uint64_t cross = al * bh + (uint32_t)mid;
    return (struct wide){ah * bh + (mid >> 32) + (cross >> 32), a * b};
#endif
}

/* Lemire 2021, algorithm 1. The powers of the table keep the result far from subnormal and infinite, and 64 bits of
 * mantissa with 128 bits of power always decide (Mushtak and Lemire 2023). */
static double round_fast(uint64_t mantissa, int power)
{
    unsigned shift = (unsigned)__builtin_clzll(mantissa);
    uint64_t w = mantissa << shift;
    const uint64_t *five = power_of_five[power - POWER_MIN];
    struct wide product = multiply(w, five[0]);

    if ((product.high & 0x1ff) ==
        0x1ff) { /* the low half of the power could carry into the result */
        struct wide more = multiply(w, five[1]);
        product.low += more.high;
        product.high += product.low < more.high;
    }
    unsigned upper = (unsigned)(product.high >> 63);
    uint64_t bits = product.high >> (upper + 9); /* 53 bits and one to round by */
    /* log2(10) * power, rounded down; exact for |power| < 1600 */
    int exponent = ((217706 * power) >> 16) + 63 + (int)upper - (int)shift + 1023;
    bool tie = product.low <= 1 && power >= -4 && power <= 23 && (bits & 3) == 1 &&
               bits << (upper + 9) == product.high;
    bits -= tie; /* to even */
    bits = (bits + (bits & 1)) >> 1;
    if (bits >= (uint64_t)1 << 53) {
        bits >>= 1;
        exponent++;
    }
    uint64_t image = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)exponent << 52;
    double value = 0;
    memcpy(&value, &image, sizeof(value));
    return value;
}

/* Through the C library in the C locale: enough significant digits to be exact, one more that says there were others
 * (767 decide any double), and the exponent. */
static bool round_slow(const struct redan_json_decimal *number, struct redan_slice text,
                       double *value)
{
    enum { KEPT = 800 };
    char digits[KEPT + 32];
    size_t n = 0;
    int64_t exponent = number->exponent;

    for (size_t i = number->negative; i < text.len && text.at[i] != 'e' && text.at[i] != 'E'; i++) {
        char c = text.at[i];
        if (c == '.')
            continue;
        if (n < KEPT) {
            if (n > 0 || c != '0')
                digits[n++] = c;
        } else {
            if (c != '0')
                digits[KEPT - 1] = digits[KEPT - 1] == '0' ? '1' : digits[KEPT - 1];
            exponent++;
        }
    }
    if (exponent > 100000)
        exponent = 100000;
    if (exponent < -100000)
        exponent = -100000;
    (void)snprintf(digits + n, sizeof(digits) - n, "%se%d", n ? "" : "0", (int)exponent);
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* glibc: a constant, never fails */
    if (!plain)
        return false;
    double v = strtod_l(digits, NULL, plain);
    freelocale(plain);
    if (!isfinite(v))
        return false;
    *value = number->negative ? -v : v;
    return true;
}

bool redan_json_round(const struct redan_json_decimal *number, struct redan_slice text,
                      double *value)
{
    if (round_exact(number, value))
        return true;
    if (number->cut || number->exponent < POWER_MIN || number->exponent > POWER_MAX)
        return round_slow(number, text, value);
    double v = number->mantissa ? round_fast(number->mantissa, (int)number->exponent) : 0.0;
    *value = number->negative ? -v : v;
    return true;
}

bool redan_json_number(const struct redan_json_token *token, double *value)
{
    return redan_json_round(&token->number, token->text, value);
}

/* The whole text as one number. */
static bool whole(struct redan_slice text, struct redan_json_decimal *number)
{
    const char *p = text.at;

    return text.len > 0 && scan_number(text.at, &p, text.at + text.len, number) &&
           p == text.at + text.len;
}

bool redan_json_double(struct redan_slice text, double *value)
{
    struct redan_json_decimal number;

    return whole(text, &number) && redan_json_round(&number, text, value);
}

bool redan_json_i64(struct redan_slice text, int64_t *value)
{
    struct redan_json_decimal number;

    if (!whole(text, &number) || number.cut)
        return false;
    for (size_t i = number.negative; i < text.len; i++) {
        if (!digit(text.at[i]))
            return false;
    }
    uint64_t limit = (uint64_t)INT64_MAX + number.negative;
    if (number.mantissa > limit)
        return false;
    *value = number.negative ? (int64_t)(0 - number.mantissa) : (int64_t)number.mantissa;
    return true;
}
