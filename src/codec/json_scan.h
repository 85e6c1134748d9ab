/* Finding the end of blanks, plain string bytes and digits, many bytes at a time; never past the end of the input. */
#ifndef REDAN_CODEC_JSON_SCAN_H
#define REDAN_CODEC_JSON_SCAN_H

#include <string.h>

#include "codec/json_pull.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Frames of open containers; each remembers where its keys begin. */
struct redan_json_frame {
    size_t first; /* keys below this belong to containers further out */
    uint64_t serial;
    bool object;
    bool hashed; /* its keys are in the slots */
};

/* Refuse a second key of the same text in the innermost object. `offset` is the key's. */
REDAN_NODISCARD enum redan_status redan_json_key_add(struct redan_json *reader,
                                                     struct redan_slice text, size_t offset);
/* Forget keys down to the first `len`, the youngest first. */
void redan_json_key_drop(struct redan_json *reader, size_t len);
void redan_json_key_done(struct redan_json *reader);

/* A string from after its opening quote, whatever is in it; `*at` moves after the closing one. */
REDAN_NODISCARD enum redan_status redan_json_string(struct redan_json *reader, const char **at,
                                                    struct redan_slice *text);

/* The nearest double, with the spelling for what the digits cannot say exactly; false when not finite. */
bool redan_json_round(const struct redan_json_decimal *number, struct redan_slice text,
                      double *value);

extern const double redan_json_ten[23]; /* exact powers of ten */

/* Record a failure at `at` and make it stick. */
enum redan_status redan_json_refuse(struct redan_json *reader, enum redan_status status,
                                    const char *at, const char *what);
/* The same for a byte that does not belong, or the end of the text. */
enum redan_status redan_json_expected(struct redan_json *reader, const char *at, const char *what);

static inline bool blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline bool digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* By table: which of the two it is cannot be predicted, and a branch would try. */
static inline bool begins_number(char c)
{
    static const bool yes[256] = {
        ['-'] = true, ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true,
        ['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true};

    return yes[(unsigned char)c];
}

static inline const char *skip_blanks(const char *p, const char *end)
{
    if (REDAN_LIKELY(p < end && !blank(*p)))
        return p;
#if defined(__SSE2__)
    while (end - p >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i line = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
                                    _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
        __m128i gap = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')),
                                   _mm_cmpeq_epi8(v, _mm_set1_epi8('\t')));
        unsigned other = (unsigned)_mm_movemask_epi8(_mm_or_si128(line, gap)) ^ 0xffffU;
        if (other)
            return p + __builtin_ctz(other);
        p += 16;
    }
#endif
    while (p < end && blank(*p))
        p++;
    return p;
}

/* Neither a quote, a backslash, a control character nor beyond ASCII. */
static inline bool plain(char c)
{
    return c != '"' && c != '\\' && (unsigned char)(c - 0x20) < 0x60;
}

#if defined(__SSE2__)
/* Bit i is set when byte i is not plain. */
static inline unsigned not_plain(__m128i v)
{
    __m128i mark =
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    /* bytes from 0x80 are negative here, so that one comparison finds both kinds */
    mark = _mm_or_si128(mark, _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)));
    return (unsigned)_mm_movemask_epi8(mark);
}
#endif

/* The first byte that is not plain; or the end. */
static inline const char *skip_plain(const char *p, const char *end)
{
#if defined(__SSE2__)
    for (; end - p >= 16; p += 16) {
        unsigned found = not_plain(_mm_loadu_si128((const __m128i *)(const void *)p));
        if (found)
            return p + __builtin_ctz(found);
    }
#endif
    while (p < end && plain(*p))
        p++;
    return p;
}

/* A string that most often is plain ASCII. */
static inline enum redan_status scan_string(struct redan_json *reader, const char **at,
                                            struct redan_slice *text)
{
    const char *begin = *at;
    const char *p = skip_plain(begin, reader->end);

    if (REDAN_UNLIKELY(p == reader->end || *p != '"'))
        return redan_json_string(reader, at, text);
    *text = (struct redan_slice){begin, (size_t)(p - begin)};
    *at = p + 1;
    return REDAN_OK;
}

/* Length of the UTF-8 sequence at `p`, which is not ASCII; 0 when it is not well formed (RFC 3629 4). */
static inline size_t utf8_step(const char *p, const char *end)
{
    const unsigned char *b = (const unsigned char *)p;
    size_t left = (size_t)(end - p);

    if (b[0] < 0xe0)
        return b[0] >= 0xc2 && left >= 2 && (b[1] & 0xc0) == 0x80 ? 2 : 0;
    if (b[0] < 0xf0) {
        if (left < 3 || (b[1] & 0xc0) != 0x80 || (b[2] & 0xc0) != 0x80)
            return 0;
        if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f))
            return 0;
        return 3;
    }
    if (b[0] > 0xf4 || left < 4 || (b[1] & 0xc0) != 0x80 || (b[2] & 0xc0) != 0x80 ||
        (b[3] & 0xc0) != 0x80)
        return 0;
    if ((b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
        return 0;
    return 4;
}

#if defined(__SSE2__) || (defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#define EIGHT_AT_ONCE 1
#else
#define EIGHT_AT_ONCE 0
#endif

static const uint32_t scale[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/* The value of the first `n` of eight bytes, which are digits with their 0x30 taken off; n <= 8, little-endian. */
static inline uint64_t eight_digits(uint64_t w, unsigned n)
{
    /* leading zeros take the place of what is no digit; twice, because a shift by 64 is undefined */
    w = w << (32 - 4 * n) << (32 - 4 * n);
    w = (w * 10) + (w >> 8);
    return (((w & 0x000000ff000000ffU) * 0x000f424000000064U) +
            (((w >> 16) & 0x000000ff000000ffU) * 0x0000271000000001U)) >>
           32;
}

/* Add the digits at `p` to the mantissa (which may wrap: the caller counts them). */
static inline const char *scan_digits(const char *p, const char *end, uint64_t *mantissa)
{
    while (EIGHT_AT_ONCE && end - p >= 8) {
        uint64_t w = 0;
        memcpy(&w, p, 8);
        w ^= 0x3030303030303030U;
        uint64_t other =
            (((w & 0x7f7f7f7f7f7f7f7fU) + 0x7676767676767676U) | w) & 0x8080808080808080U;
        unsigned n = other ? (unsigned)__builtin_ctzll(other) / 8 : 8;
        *mantissa = *mantissa * scale[n] + eight_digits(w, n);
        p += n;
        if (n < 8)
            return p;
    }
    for (; p < end && digit(*p); p++)
        *mantissa = *mantissa * 10 + (uint64_t)(*p - '0');
    return p;
}

#if defined(__SSE2__)
enum { WINDOW = 32 };

/* Bit i is set when byte i of the window is not a digit. */
static inline uint32_t not_digits(const char *p)
{
    const __m128i *at = (const __m128i *)(const void *)p;
    __m128i zero = _mm_set1_epi8('0');
    __m128i ten = _mm_set1_epi8(10);
    __m128i low = _mm_sub_epi8(_mm_loadu_si128(at), zero);
    __m128i high = _mm_sub_epi8(_mm_loadu_si128(at + 1), zero);
    low = _mm_cmpeq_epi8(_mm_max_epu8(low, ten), low);
    high = _mm_cmpeq_epi8(_mm_max_epu8(high, ten), high);
    return (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
}

/* The value of 16 digits, the first byte the most significant. */
static inline uint64_t sixteen_digits(__m128i digits)
{
    __m128i tens = _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xff)), _mm_set1_epi16(10));
    __m128i pairs = _mm_add_epi16(tens, _mm_srli_epi16(digits, 8));
    __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
    fours = _mm_packs_epi32(fours, fours);
    __m128i eights = _mm_madd_epi16(fours, _mm_set1_epi32(1 << 16 | 10000));
    uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
    return (both & 0xffffffffU) * 100000000 + (both >> 32);
}

/* Up to eight digits, a point and its digits, without a branch on how many there are. False when the number is of
 * another shape or too near an end of the text; the careful way then says what it is. */
static inline bool scan_window(const char *begin, const char **at, const char *end,
                               struct redan_json_decimal *number)
{
    /* sixteen bytes from n on keep the last n */
    static const unsigned char keep[32] = {0,    0,    0,    0,    0,    0,    0,    0,
                                           0,    0,    0,    0,    0,    0,    0,    0,
                                           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const char *p = *at;

    if (end - p < WINDOW || p - begin < 16)
        return false;
    uint32_t others = not_digits(p);
    unsigned whole = (unsigned)__builtin_ctz(others | 1U << 31);
    others &= others - 1;
    unsigned last = (unsigned)__builtin_ctz(others | 1U << 31);
    if (p[whole] != '.' || last == whole + 1 || whole - 1 > 7 || (bool)((whole > 1) & (*p == '0')))
        return false;
    unsigned taken = last - 1 < 16 ? last - 1 : 16;
    /* the digits that end at `stop`, with those before the point moved up by one over it */
    const char *stop = p + taken + 1;
    __m128i part = _mm_loadu_si128((const __m128i *)(const void *)(stop - 16));
    __m128i front = _mm_loadu_si128((const __m128i *)(const void *)(stop - 17));
    __m128i in_part = _mm_loadu_si128((const __m128i *)(const void *)(keep + taken - whole));
    __m128i in_all = _mm_loadu_si128((const __m128i *)(const void *)(keep + taken));
    __m128i digits = _mm_or_si128(_mm_and_si128(in_part, part), _mm_andnot_si128(in_part, front));
    digits = _mm_and_si128(_mm_sub_epi8(digits, _mm_set1_epi8('0')), in_all);
    number->mantissa = sixteen_digits(digits);
    number->cut = false;
    if (REDAN_UNLIKELY(last > 17)) {
        const char *rest = stop;
        stop = scan_digits(stop, end, &number->mantissa);
        number->cut = stop - rest > 3;
    }
    number->exponent = -(int64_t)(stop - p - whole - 1);
    *at = stop;
    return true;
}
#else
static inline bool scan_window(const char *begin, const char **at, const char *end,
                               struct redan_json_decimal *number)
{
    (void)begin;
    (void)at;
    (void)end;
    (void)number;
    return false;
}
#endif

/* The exponent of a number, from its e. */
static inline bool scan_power(const char **at, const char *end, int64_t *exponent)
{
    const char *p = *at + 1;
    int64_t power = 0;
    bool down = false;

    if (p < end && (*p == '-' || *p == '+'))
        down = *p++ == '-';
    *at = p;
    if (p == end || !digit(*p))
        return false;
    for (; p < end && digit(*p); p++) { /* the bound is beyond any number of digits */
        if (power < (int64_t)1 << 56)
            power = power * 10 + (*p - '0');
    }
    *exponent += down ? -power : power;
    *at = p;
    return true;
}

/* The digits and the fraction of a number in any shape. */
static inline bool scan_careful(const char **at, const char *end, struct redan_json_decimal *number)
{
    const char *whole = *at;
    uint64_t mantissa = 0;
    const char *p = scan_digits(whole, end, &mantissa);
    size_t digits = (size_t)(p - whole);

    number->exponent = 0;
    *at = p;
    if (digits == 0)
        return false;
    if (*whole == '0' && digits > 1) {
        *at = whole + 1;
        return false;
    }
    digits -= *whole == '0';
    if (p < end && *p == '.') {
        const char *part = ++p;
        p = scan_digits(p, end, &mantissa);
        *at = p;
        if (p == part)
            return false;
        digits += (size_t)(p - part);
        number->exponent = -(int64_t)(p - part);
    }
    number->mantissa = mantissa;
    number->cut = digits > 19;
    return true;
}

/* RFC 8259 6. The number at `*at`, which moves past it; false when it is not one, with `*at` at the byte that does not
 * belong. What may be read starts at `begin`. */
static inline bool scan_number(const char *begin, const char **at, const char *end,
                               struct redan_json_decimal *number)
{
    number->negative = **at == '-';
    *at += number->negative;
    if (!scan_window(begin, at, end, number) && !scan_careful(at, end, number))
        return false;
    if (REDAN_UNLIKELY(*at < end && (**at | 0x20) == 'e'))
        return scan_power(at, end, &number->exponent);
    return true;
}

/* The exact quotient or product of two exact doubles, rounded once; false when it needs more care. */
static inline bool round_exact(const struct redan_json_decimal *number, double *value)
{
    if (number->cut || number->mantissa > (uint64_t)1 << 53 || number->exponent < -22 ||
        number->exponent > 22)
        return false;
    double v = (double)(int64_t)number->mantissa;
    if (number->exponent < 0)
        v /= redan_json_ten[-number->exponent];
    else
        v *= redan_json_ten[number->exponent];
    uint64_t image = 0; /* a branch on the sign would be guessed wrong half the time */
    memcpy(&image, &v, sizeof(image));
    image |= (uint64_t)number->negative << 63;
    memcpy(value, &image, sizeof(image));
    return true;
}

#endif
