/* Normal form C by segments between ASCII characters, so that memory and time follow the foreign text alone. */
#include "text/nfc.h"

#include <utf8proc.h>

enum { MARKS = 30 }; /* in a row */

/* Room for decomposed characters; grows in the arena. */
struct scratch {
    struct redan_ctx *ctx;
    utf8proc_int32_t *codes;
    size_t cap;
};

static bool is_ascii(char c)
{
    return ((unsigned char)c & 0x80) == 0;
}

static const utf8proc_uint8_t *bytes_at(struct redan_slice text, size_t at)
{
    return (const utf8proc_uint8_t *)text.at + at;
}

/* Starters that decompose into marks; never in NFC. (So does U+0344, which is a mark itself.) */
static bool is_false_starter(utf8proc_int32_t code)
{
    return code == 0x0f73 || code == 0x0f75 || code == 0x0f81;
}

/* Valid UTF-8, and combining marks in canonical order (UAX 15, 3): what is not is not normal, and sorting a long run of
 * marks would cost its square. `*at` is where it departs. */
static bool ordered(struct redan_slice text, size_t *at)
{
    utf8proc_propval_t before = 0;

    for (size_t i = 0; i < text.len;) {
        utf8proc_int32_t code = 0;
        utf8proc_ssize_t len =
            utf8proc_iterate(bytes_at(text, i), (utf8proc_ssize_t)(text.len - i), &code);
        *at = i;
        if (len <= 0 || is_false_starter(code))
            return false;
        utf8proc_propval_t now = utf8proc_get_property(code)->combining_class;
        if (now != 0 && before > now)
            return false;
        before = now;
        i += (size_t)len;
    }
    return true;
}

static enum redan_status reserve(struct scratch *scratch, size_t need)
{
    if (need <= scratch->cap)
        return REDAN_OK;
    scratch->codes = redan_take_array(scratch->ctx, need, sizeof(*scratch->codes));
    scratch->cap = scratch->codes ? need : 0;
    return scratch->codes ? REDAN_OK : REDAN_E_MEMORY;
}

/* One segment: *at is its length when normal, else the character where it departs. */
static enum redan_status check_segment(struct scratch *scratch, struct redan_slice text,
                                       bool *normal, size_t *at)
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    utf8proc_ssize_t len = (utf8proc_ssize_t)text.len;

    *normal = false;
    if (!ordered(text, at))
        return REDAN_OK;
    utf8proc_ssize_t need = utf8proc_decompose(bytes_at(text, 0), len, NULL, 0, options);
    if (need < 0)
        return redan_fail(scratch->ctx, REDAN_E_LIMIT, 0, "a text too long to normalise");
    REDAN_TRY(reserve(scratch, (size_t)need + 1)); /* reencode adds a NUL */
    need = utf8proc_decompose(bytes_at(text, 0), len, scratch->codes, need, options);
    if (need >= 0)
        need = utf8proc_reencode(scratch->codes, need, options);
    if (need < 0)
        return redan_fail(scratch->ctx, REDAN_E_LIMIT, 0, "a text that cannot be normalised");
    struct redan_slice made = {(const char *)scratch->codes, (size_t)need};
    size_t same = 0;
    while (same < made.len && same < text.len && made.at[same] == text.at[same])
        same++;
    *normal = same == text.len && same == made.len;
    while (same > 0 && same < text.len && ((unsigned char)text.at[same] & 0xc0) == 0x80)
        same--; /* to the beginning of the character */
    *at = same;
    return REDAN_OK;
}

static enum redan_status check(struct redan_ctx *ctx, struct redan_slice text, bool *normal,
                               size_t *at)
{
    struct scratch scratch = {.ctx = ctx};
    size_t from = 0;

    *normal = true;
    while (from < text.len && *normal) {
        size_t i = from;
        while (i < text.len && is_ascii(text.at[i]))
            i++;
        if (i == text.len)
            return REDAN_OK;
        /* a mark composes with the ASCII letter before it; no ASCII character composes with what is before */
        size_t begin = i > from ? i - 1 : i;
        while (i < text.len && !is_ascii(text.at[i]))
            i++;
        REDAN_TRY(check_segment(&scratch, redan_slice_sub(text, begin, i - begin), normal, at));
        *at += begin;
        from = i;
    }
    return REDAN_OK;
}

enum redan_status redan_nfc_check(struct redan_ctx *ctx, struct redan_slice text, bool *normal,
                                  size_t *offset)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    size_t at = 0;
    bool is_normal = false;
    enum redan_status status = check(ctx, text, &is_normal, &at);

    redan_arena_reset(&ctx->arena, mark);
    REDAN_TRY(status);
    *normal = is_normal;
    if (offset && !is_normal)
        *offset = at;
    return REDAN_OK;
}

static enum redan_status lower_ascii(struct redan_ctx *ctx, struct redan_slice text,
                                     struct redan_slice *made)
{
    char *bytes = redan_take(ctx, text.len + 1);

    if (!bytes)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bytes[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    *made = (struct redan_slice){bytes, text.len};
    return REDAN_OK;
}

/* Whether utf8proc may sort it: UTF-8, and no run of marks that is long. */
static bool is_safe(struct redan_slice text)
{
    size_t marks = 0;

    for (size_t i = 0; i < text.len;) {
        utf8proc_int32_t code = 0;
        utf8proc_ssize_t len =
            utf8proc_iterate(bytes_at(text, i), (utf8proc_ssize_t)(text.len - i), &code);
        if (len <= 0)
            return false;
        marks = utf8proc_get_property(code)->combining_class ? marks + 1 : 0;
        if (marks > MARKS)
            return false;
        i += (size_t)len;
    }
    return true;
}

enum redan_status redan_nfc_make(struct redan_ctx *ctx, struct redan_slice text, bool fold,
                                 struct redan_slice *made)
{
    const utf8proc_option_t options =
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | (fold ? UTF8PROC_CASEFOLD : 0);
    struct scratch scratch = {.ctx = ctx};
    utf8proc_ssize_t len = (utf8proc_ssize_t)text.len;
    bool ascii = true;

    for (size_t i = 0; i < text.len && ascii; i++)
        ascii = is_ascii(text.at[i]);
    if (ascii && fold)
        return lower_ascii(ctx, text, made);
    if (ascii) {
        *made = text;
        return REDAN_OK;
    }
    if (!is_safe(text))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "a name that is not UTF-8, or has more than %d combining marks in a row",
                          MARKS);
    utf8proc_ssize_t need = utf8proc_decompose(bytes_at(text, 0), len, NULL, 0, options);
    if (need < 0)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "a text too long to normalise");
    REDAN_TRY(reserve(&scratch, (size_t)need + 1)); /* reencode adds a NUL */
    need = utf8proc_decompose(bytes_at(text, 0), len, scratch.codes, need, options);
    if (need >= 0)
        need = utf8proc_reencode(scratch.codes, need, options);
    if (need < 0)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "a text that cannot be normalised");
    *made = (struct redan_slice){(const char *)scratch.codes, (size_t)need};
    return REDAN_OK;
}

size_t redan_text_width(struct redan_slice text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.len;) {
        utf8proc_int32_t code = 0;
        utf8proc_ssize_t len =
            utf8proc_iterate(bytes_at(text, i), (utf8proc_ssize_t)(text.len - i), &code);
        if (len > 0) {
            int columns = utf8proc_charwidth(code);
            width += columns > 0 ? (size_t)columns : 0;
        }
        i += len > 0 ? (size_t)len : 1;
    }
    return width;
}
