/* Comparing, cutting and reading borrowed bytes. */
#include "base/slice.h"

#include <string.h>

struct redan_slice redan_slice_of(const char *text)
{
    return (struct redan_slice){text, text ? strlen(text) : 0};
}

bool redan_slice_eq(struct redan_slice a, struct redan_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool redan_slice_is(struct redan_slice a, const char *text)
{
    size_t i = 0;

    while (i < a.len && text[i] != '\0' && text[i] == a.at[i]) /* most differ at once */
        i++;
    return i == a.len && text[i] == '\0';
}

bool redan_slice_among(const char *const *words, struct redan_slice a)
{
    for (size_t i = 0; words[i]; i++) {
        if (redan_slice_is(a, words[i]))
            return true;
    }
    return false;
}

bool redan_char_among(const char *chars, int c)
{
    return (char)c != '\0' && strchr(chars, c) != NULL;
}

bool redan_slice_starts(struct redan_slice a, struct redan_slice prefix)
{
    return a.len >= prefix.len && redan_slice_eq((struct redan_slice){a.at, prefix.len}, prefix);
}

bool redan_slice_ends(struct redan_slice a, struct redan_slice suffix)
{
    if (a.len < suffix.len)
        return false;
    return redan_slice_eq(redan_slice_sub(a, a.len - suffix.len, suffix.len), suffix);
}

int redan_slice_cmp(struct redan_slice a, struct redan_slice b)
{
    size_t n = redan_min_size(a.len, b.len);
    int order = n ? memcmp(a.at, b.at, n) : 0;

    if (order != 0)
        return order < 0 ? -1 : 1;
    if (a.len == b.len)
        return 0;
    return a.len < b.len ? -1 : 1;
}

bool redan_slice_cut(struct redan_slice a, char sep, struct redan_slice *head,
                     struct redan_slice *tail)
{
    const char *hit = a.len ? memchr(a.at, sep, a.len) : NULL;

    if (!hit) {
        *head = a;
        *tail = (struct redan_slice){a.at + a.len, 0};
        return false;
    }
    size_t n = (size_t)(hit - a.at);
    *head = (struct redan_slice){a.at, n};
    *tail = (struct redan_slice){hit + 1, a.len - n - 1};
    return true;
}

struct redan_slice redan_slice_sub(struct redan_slice a, size_t from, size_t len)
{
    if (from > a.len)
        from = a.len;
    return (struct redan_slice){a.len ? a.at + from : a.at, redan_min_size(len, a.len - from)};
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct redan_slice redan_slice_trim(struct redan_slice a)
{
    while (a.len && blank(a.at[0]))
        a = (struct redan_slice){a.at + 1, a.len - 1};
    while (a.len && blank(a.at[a.len - 1]))
        a.len--;
    return a;
}

bool redan_slice_u64(struct redan_slice a, uint64_t *value)
{
    uint64_t v = 0;

    if (a.len == 0)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (a.at[i] < '0' || a.at[i] > '9')
            return false;
        if (__builtin_mul_overflow(v, 10U, &v) ||
            __builtin_add_overflow(v, (uint64_t)(a.at[i] - '0'), &v))
            return false;
    }
    *value = v;
    return true;
}
