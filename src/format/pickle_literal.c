/* Numbers and texts spelled out in a pickle, as pickle.py and as _pickle.c read them: what either accepts, and where they differ. */
#include "format/pickle_machine.h"

#include <string.h>

#include "base/utf8.h"

enum {
    DIGITS = 4300
}; /* CPython refuses longer decimal numbers (sys.int_info.default_max_str_digits) */

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return 99;
}

/* The text that C sees: up to the first NUL. */
static struct redan_slice until_nul(struct redan_slice text)
{
    const char *nul = text.len ? memchr(text.at, '\0', text.len) : NULL;

    return nul ? (struct redan_slice){text.at, (size_t)(nul - text.at)} : text;
}

/* After "0x", "0o" or "0b": the base, else 0. */
static int prefix(struct redan_slice text, size_t at)
{
    if (text.len - at < 2 || text.at[at] != '0')
        return 0;
    switch (text.at[at + 1] | 0x20) {
    case 'x':
        return 16;
    case 'o':
        return 8;
    case 'b':
        return 2;
    default:
        return 0;
    }
}

struct digits {
    uint64_t value;
    size_t count;
    bool fits;
    bool zero;
};

/* Digits with single underscores between them; false when the text holds others. */
static bool digits(struct redan_slice text, int base, bool underscores, struct digits *d)
{
    bool after = false;

    *d = (struct digits){.fits = true, .zero = true};
    for (size_t i = 0; i < text.len; i++) {
        int n = digit(text.at[i]);

        if (text.at[i] == '_' && underscores && after) {
            after = false;
            continue;
        }
        if (n >= base)
            return false;
        after = true;
        d->count++;
        d->zero = d->zero && n == 0;
        if (__builtin_mul_overflow(d->value, (uint64_t)base, &d->value) ||
            __builtin_add_overflow(d->value, (uint64_t)n, &d->value))
            d->fits = false;
    }
    return d->count > 0 && after;
}

static struct redan_pm_number number_of(const struct digits *d, bool minus)
{
    struct redan_pm_number number = {.fits = d->fits && d->value <= INT64_MAX};

    if (number.fits)
        number.value = minus ? -(int64_t)d->value : (int64_t)d->value;
    return number;
}

/* int(text, base) with base 0 or 10: PyLong_FromString. */
static bool python_int(struct redan_slice text, int base, struct redan_pm_number *number)
{
    size_t i = 0;
    bool minus = false;
    struct digits d;

    while (text.len && blank(text.at[text.len - 1]))
        text.len--;
    while (i < text.len && blank(text.at[i]))
        i++;
    if (i < text.len && (text.at[i] == '-' || text.at[i] == '+'))
        minus = text.at[i++] == '-';
    int given = base == 0 ? prefix(text, i) : 0;

    if (given) {
        i += 2;
        if (i < text.len && text.at[i] == '_')
            i++;
    }
    if (!digits(redan_slice_sub(text, i, text.len), given ? given : 10, true, &d))
        return false;
    if (base == 0 && !given && text.at[i] == '0' && !d.zero)
        return false; /* "010" is no number of Python 3 */
    if ((given == 0 || given == 10) && d.count > DIGITS)
        return false;
    *number = number_of(&d, minus);
    return true;
}

/* strtol(text, &end, 0) that stops at the end of the text. */
static bool c_int(struct redan_slice text, struct redan_pm_number *number)
{
    size_t i = 0;
    bool minus = false;
    struct digits d;
    int base = 10;

    while (i < text.len && blank(text.at[i]))
        i++;
    if (i < text.len && (text.at[i] == '-' || text.at[i] == '+'))
        minus = text.at[i++] == '-';
    if (prefix(text, i) == 16 && text.len - i > 2) {
        base = 16;
        i += 2;
    } else if (i < text.len && text.at[i] == '0') {
        base = 8;
    }
    if (!digits(redan_slice_sub(text, i, text.len), base, false, &d) || !d.fits ||
        d.value > (uint64_t)INT64_MAX)
        return false;
    *number = number_of(&d, minus);
    return true;
}

static enum redan_pm_reading differ(bool python, bool c, struct redan_pm_number *number,
                                    const struct redan_pm_number *in_python,
                                    const struct redan_pm_number *in_c)
{
    if (!python && !c)
        return REDAN_PM_READ_NEITHER;
    *number = python ? *in_python : *in_c;
    if (python && c && in_python->value == in_c->value && in_python->boolean == in_c->boolean &&
        in_python->fits == in_c->fits)
        return REDAN_PM_READ_BOTH;
    return REDAN_PM_READ_ONE;
}

enum redan_pm_reading redan_pm_read_int(struct redan_slice line, struct redan_pm_number *number)
{
    struct redan_pm_number in_c = {0}, in_python = {0};
    struct redan_slice c_text = until_nul(line);
    bool c = false;
    bool python = false;

    if (line.len == 0) /* "I\n": _pickle.c wants two bytes */
        return REDAN_PM_READ_NEITHER;
    if (redan_slice_is(line, "00") || redan_slice_is(line, "01")) {
        in_python = (struct redan_pm_number){line.at[1] == '1', true, true};
        python = true;
    } else {
        python = line.len == c_text.len && python_int(line, 0, &in_python);
    }
    if (c_int(c_text, &in_c)) {
        c = true;
        in_c.boolean = line.len == 2 && (in_c.value == 0 || in_c.value == 1);
    } else {
        c = python_int(c_text, 0, &in_c);
    }
    return differ(python, c, number, &in_python, &in_c);
}

enum redan_pm_reading redan_pm_read_long(struct redan_slice line, struct redan_pm_number *number)
{
    struct redan_pm_number in_c = {0}, in_python = {0};

    if (line.len && line.at[line.len - 1] == 'L')
        line.len--;
    struct redan_slice c_text = until_nul(line);
    bool c = python_int(c_text, 0, &in_c);
    bool python = line.len == c_text.len && c;

    in_python = in_c;
    return differ(python, c, number, &in_python, &in_c);
}

enum redan_pm_reading redan_pm_read_index(struct redan_slice line, uint64_t *index, bool *negative)
{
    struct redan_slice c_text = until_nul(line);
    struct redan_pm_number number = {0};

    if (!python_int(c_text, 10, &number))
        return REDAN_PM_READ_NEITHER;
    *negative = number.fits && number.value < 0;
    *index = (uint64_t)number.value;
    if (!number.fits) { /* pickle.py's memo takes any number; it only has to be told from others */
        struct redan_slice trimmed = redan_slice_trim(c_text);
        *negative = trimmed.at[0] == '-';
        *index = redan_hash(0, trimmed) | (uint64_t)1 << 63;
    }
    return line.len == c_text.len && number.fits ? REDAN_PM_READ_BOTH : REDAN_PM_READ_ONE;
}

/* [sign] digits [. digits] [e digits], inf, infinity, nan; `underscores` between digits. */
static bool decimal(struct redan_slice text, bool underscores)
{
    static const char *const words[] = {"inf", "infinity", "nan"};
    size_t i = 0;
    size_t mantissa = 0;
    bool after = false;

    if (i < text.len && (text.at[i] == '-' || text.at[i] == '+'))
        i++;
    for (size_t w = 0; w < REDAN_COUNT(words); w++) {
        size_t len = strlen(words[w]);
        size_t k = 0;
        while (k < len && text.len - i == len && (text.at[i + k] | 0x20) == words[w][k])
            k++;
        if (k == len)
            return true;
    }
    for (int part = 0; part < 2; part++) {
        for (; i < text.len && ((text.at[i] >= '0' && text.at[i] <= '9') ||
                                (text.at[i] == '_' && underscores && after));
             i++) {
            after = text.at[i] != '_';
            mantissa += after;
        }
        if (part == 1 || i == text.len || text.at[i] != '.')
            break;
        i++;
        after = false;
    }
    if (mantissa == 0)
        return false;
    if (i == text.len)
        return true;
    if ((text.at[i++] | 0x20) != 'e')
        return false;
    if (i < text.len && (text.at[i] == '-' || text.at[i] == '+'))
        i++;
    struct digits d;

    return digits(redan_slice_sub(text, i, text.len), 10, underscores, &d);
}

enum redan_pm_reading redan_pm_read_float(struct redan_slice line)
{
    struct redan_slice python_text = line;

    while (python_text.len && blank(python_text.at[0]))
        python_text = redan_slice_sub(python_text, 1, python_text.len);
    while (python_text.len && blank(python_text.at[python_text.len - 1]))
        python_text.len--;
    bool c = decimal(until_nul(line), false);
    bool python = decimal(python_text, true);

    if (c && python)
        return REDAN_PM_READ_BOTH;
    return c || python ? REDAN_PM_READ_ONE : REDAN_PM_READ_NEITHER;
}

static bool quoted(struct redan_slice line)
{
    return line.len >= 2 && (line.at[0] == '\'' || line.at[0] == '"') &&
           line.at[0] == line.at[line.len - 1];
}

enum redan_pm_reading redan_pm_read_string(struct redan_slice line, struct redan_slice *inner)
{
    enum redan_pm_reading reading = REDAN_PM_READ_BOTH;

    if (!quoted(line)) { /* blanks at the ends are passed over by older readers */
        line = redan_slice_trim(line);
        reading = REDAN_PM_READ_ONE;
    }
    if (!quoted(line))
        return REDAN_PM_READ_NEITHER;
    *inner = redan_slice_sub(line, 1, line.len - 2);
    return reading;
}

static void add_code(struct redan_buf *to, uint32_t code)
{
    char out[4];
    size_t n = 0;

    if (!to)
        return;
    if (code < 0x80) {
        out[n++] = (char)code;
    } else if (code < 0x800) {
        out[n++] = (char)(0xc0 | code >> 6);
        out[n++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        out[n++] = (char)(0xe0 | code >> 12);
        out[n++] = (char)(0x80 | (code >> 6 & 0x3f));
        out[n++] = (char)(0x80 | (code & 0x3f));
    } else {
        out[n++] = (char)(0xf0 | code >> 18);
        out[n++] = (char)(0x80 | (code >> 12 & 0x3f));
        out[n++] = (char)(0x80 | (code >> 6 & 0x3f));
        out[n++] = (char)(0x80 | (code & 0x3f));
    }
    redan_buf_add(to, out, n);
}

static bool hex(struct redan_slice text, size_t at, size_t count, uint32_t *code)
{
    *code = 0;
    if (at > text.len || text.len - at < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        int n = digit(text.at[at + i]);
        if (n >= 16)
            return false;
        *code = *code << 4 | (uint32_t)n;
    }
    return true;
}

/* One escape of a bytes literal; its bytes are told as they are. Returns how much of the text it takes, 0 when it is no valid one. */
static size_t escape(struct redan_slice text, size_t i, char *byte, bool *none)
{
    static const char names[] = "abfnrtv\\'\"";
    static const char means[] = "\a\b\f\n\r\t\v\\'\"";
    uint32_t code = 0;

    *none = false;
    if (i + 1 >= text.len)
        return 0;
    char c = text.at[i + 1];
    const char *name = memchr(names, c, sizeof(names) - 1);

    if (c == '\n') {
        *none = true;
        return 2;
    }
    if (name) {
        *byte = means[name - names];
        return 2;
    }
    if (c == 'x') {
        if (!hex(text, i + 2, 2, &code))
            return 0;
        *byte = (char)(unsigned char)code;
        return 4;
    }
    size_t n = 0;

    while (n < 3 && i + 1 + n < text.len && text.at[i + 1 + n] >= '0' && text.at[i + 1 + n] <= '7')
        code = code << 3 | (uint32_t)(text.at[i + 1 + n++] - '0');
    *byte = n ? (char)(unsigned char)code : '\\'; /* an unknown escape stays as it is */
    return n ? 1 + n : 1;
}

static bool unescape_string(struct redan_slice text, size_t most, struct redan_buf *to)
{
    for (size_t i = 0; i < text.len && (!to || to->len < most);) {
        bool none = false;
        char byte = text.at[i];
        size_t took = byte == '\\' ? escape(text, i, &byte, &none) : 1;

        if (took == 0)
            return false;
        i += took;
        if (to && !none)
            redan_buf_char(to, byte);
    }
    return true;
}

/* raw-unicode-escape: only \uXXXX and \UXXXXXXXX, after an odd number of backslashes; other bytes are Latin-1. */
static bool unescape_unicode(struct redan_slice text, size_t most, struct redan_buf *to)
{
    for (size_t i = 0; i < text.len && (!to || to->len < most);) {
        uint32_t code = (unsigned char)text.at[i];
        size_t took = 1;

        if (code == '\\' && i + 1 < text.len) {
            char c = text.at[i + 1];
            if (c == 'u' || c == 'U') {
                size_t count = c == 'u' ? 4 : 8;
                if (!hex(text, i + 2, count, &code) || code > 0x10ffff)
                    return false;
                took = 2 + count;
            } else if (c == '\\') {
                add_code(to, '\\');
                took = 2;
            }
        }
        add_code(to, code);
        i += took;
    }
    return true;
}

bool redan_pm_unescape(struct redan_slice text, int how, size_t most, struct redan_buf *to)
{
    return how == 1 ? unescape_string(text, most, to) : unescape_unicode(text, most, to);
}
