/* Decimal arithmetic on spellings: exact for any length and exponent. */
#include "guard/answer_number.h"

#include "codec/json_pull.h"

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static char at_or(struct redan_slice text, size_t i)
{
    return i < text.len ? text.at[i] : '\0';
}

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool redan_number_real(struct redan_slice number)
{
    for (size_t i = 0; i < number.len; i++) {
        char c = number.at[i];
        if (c == '.' || c == 'e' || c == 'E')
            return true;
    }
    return false;
}

/* From a digit that follows an e: whether that e made an exponent of the digits before it, as in 37e-2 and unlike in 1e4b. */
static bool exponent(struct redan_slice text, size_t mark)
{
    size_t begin = mark;
    size_t end = mark + 1;

    while (begin > 0 && digit(text.at[begin - 1]))
        begin--;
    end += at_or(text, end) == '+' || at_or(text, end) == '-';
    size_t power = end;
    while (digit(at_or(text, end)))
        end++;
    return begin < mark && end > power && !(begin > 0 && letter(text.at[begin - 1])) &&
           !letter(at_or(text, end));
}

/* What follows the point of 9.e-1, as NumPy writes it. */
static bool power(struct redan_slice text, size_t i)
{
    char sign = at_or(text, i + 1);

    return (at_or(text, i) == 'e' || at_or(text, i) == 'E') &&
           (digit(sign) || ((sign == '-' || sign == '+') && digit(at_or(text, i + 2))));
}

bool redan_text_real(struct redan_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool before = i > 0 && digit(text.at[i - 1]);
        if ((c == '.' && (digit(at_or(text, i + 1)) || (before && power(text, i + 1)))) ||
            (c == ',' && before && digit(at_or(text, i + 1))) || (c == '%' && before) ||
            ((c == 'e' || c == 'E') && exponent(text, i)))
            return true;
    }
    return false;
}

bool redan_text_number(struct redan_slice text, double *value)
{
    text = redan_slice_trim(text);
    return text.len > 0 && (digit(*text.at) || *text.at == '-') && redan_json_double(text, value);
}

/* A number taken apart. */
struct parts {
    bool negative;
    struct redan_slice whole;
    struct redan_slice part;
    int64_t power;
};

static struct parts take_apart(struct redan_slice number)
{
    enum { FAR = 1 << 30 }; /* beyond any number of digits */
    struct parts parts = {.negative = at_or(number, 0) == '-'};
    size_t i = parts.negative;
    size_t begin = i;

    while (digit(at_or(number, i)))
        i++;
    parts.whole = redan_slice_sub(number, begin, i - begin);
    if (at_or(number, i) == '.') {
        begin = ++i;
        while (digit(at_or(number, i)))
            i++;
        parts.part = redan_slice_sub(number, begin, i - begin);
    }
    if (at_or(number, i) == 'e' || at_or(number, i) == 'E') {
        i++;
        bool down = at_or(number, i) == '-';
        i += down || at_or(number, i) == '+';
        for (; digit(at_or(number, i)); i++)
            if (parts.power < FAR)
                parts.power = parts.power * 10 + (number.at[i] - '0');
        parts.power = down ? -parts.power : parts.power;
    }
    return parts;
}

/* The digit at a place of all digits, zero before the first and after the last. */
static char digit_at(const struct parts *parts, int64_t place)
{
    if (place < 0)
        return '0';
    size_t i = (size_t)place;
    if (i < parts->whole.len)
        return parts->whole.at[i];
    i -= parts->whole.len;
    return i < parts->part.len ? parts->part.at[i] : '0';
}

/* Write sign, digits before the point and `decimals` behind it, the last one up when the next is 5 or more. */
static size_t write_rounded(const struct parts *parts, int64_t before, unsigned decimals, char *out)
{
    char *p = out;
    int64_t whole = before > 0 ? before : 1;

    *p++ = '-';
    *p++ = '0'; /* for a carry */
    for (int64_t i = before > 0 ? 0 : before - 1; i < before + (int64_t)decimals; i++) {
        if (before <= 0 && i < before - 1 + whole) { /* the zero before the point */
            *p++ = '0';
            continue;
        }
        if (i == before)
            *p++ = '.';
        *p++ = digit_at(parts, i);
    }
    if (digit_at(parts, before + (int64_t)decimals) >= '5') {
        char *up = p - 1;
        for (; *up == '9' || *up == '.'; up--)
            *up = *up == '9' ? '0' : '.';
        (*up)++;
    }
    return (size_t)(p - out);
}

/* Without zeros that say nothing, and without the sign of a zero. */
static size_t tidy(char *text, size_t len, bool negative)
{
    struct redan_slice all = {text, len};
    size_t begin = 1;
    bool point = false;

    while (begin + 1 < len && text[begin] == '0' && digit(text[begin + 1]))
        begin++;
    for (size_t i = begin; i < len; i++)
        point = point || text[i] == '.';
    while (point && (all.at[len - 1] == '0' || all.at[len - 1] == '.')) {
        len--;
        if (text[len] == '.')
            break;
    }
    bool zero = len == begin + 1 && text[begin] == '0';
    size_t to = 0;
    if (negative && !zero)
        text[to++] = '-';
    for (size_t i = begin; i < len; i++)
        text[to++] = text[i];
    return to;
}

static bool longer(const struct parts *parts, unsigned decimals)
{
    return (int64_t)parts->part.len - parts->power > (int64_t)decimals;
}

static void add_rounded(const struct parts *parts, unsigned decimals, struct redan_buf *out)
{
    /* digits before the point are at most those of the spelling, because some are behind it */
    char *room = redan_buf_room(out, parts->whole.len + parts->part.len + decimals + 8);

    if (!room)
        return;
    size_t len = write_rounded(parts, (int64_t)parts->whole.len + parts->power, decimals, room);
    redan_buf_grew(out, tidy(room, len, parts->negative));
}

bool redan_number_round(struct redan_slice number, unsigned decimals, struct redan_buf *out)
{
    struct parts parts = take_apart(number);

    if (!longer(&parts, decimals))
        return false;
    add_rounded(&parts, decimals, out);
    return true;
}

/* The end of what begins like a number at `i`; `points` counts its points. */
static size_t number_end(struct redan_slice text, size_t i, unsigned *points)
{
    *points = 0;
    while (digit(at_or(text, i)) || (at_or(text, i) == '.' && digit(at_or(text, i + 1)))) {
        *points += text.at[i] == '.';
        i++;
    }
    if ((at_or(text, i) == 'e' || at_or(text, i) == 'E') && exponent(text, i)) {
        i++;
        i += at_or(text, i) == '+' || at_or(text, i) == '-';
        while (digit(at_or(text, i)))
            i++;
    }
    return i;
}

bool redan_text_round(struct redan_slice text, unsigned decimals, struct redan_buf *out)
{
    size_t copied = 0;
    bool changed = false;

    for (size_t i = 0; i < text.len;) {
        if (!digit(text.at[i]) && !(text.at[i] == '.' && digit(at_or(text, i + 1)))) {
            i++;
            continue;
        }
        unsigned points = 0;
        size_t end = number_end(text, i, &points);
        struct parts parts = take_apart(redan_slice_sub(text, i, end - i));
        if (points < 2 && longer(&parts, decimals)) {
            redan_buf_slice(out, redan_slice_sub(text, copied, i - copied));
            add_rounded(&parts, decimals, out);
            copied = end;
            changed = true;
        }
        i = end;
    }
    if (changed)
        redan_buf_slice(out, redan_slice_sub(text, copied, text.len - copied));
    return changed;
}
