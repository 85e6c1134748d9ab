/* What Jinja's operators, filters and text methods make of constants: names that are built from pieces become visible. */
#include <string.h>

#include "format/jinja_parts.h"

/* Names are short; what is longer is not folded, so that no template costs more than its length. */
enum { LONGEST = 4096, ITEMS = 1024, WORK = 16 << 20, BRACES = 256 };

static const struct redan_jinja_value unknown = {0};

/* Whether folding these is worth it. */
static bool affordable(struct redan_jinja_pool *pool, const struct redan_jinja_value *value,
                       const struct redan_jinja_value *items)
{
    if (value->text.len > LONGEST || (items && items->text.len > ITEMS) || pool->work > WORK)
        return false;
    pool->work += value->text.len + (items ? items->text.len : 0) + 16;
    return true;
}

/* A text that grows in the pool. */
struct maker {
    struct redan_jinja_pool *pool;
    size_t begin;
    bool full;
};

static struct maker make(struct redan_jinja_pool *pool)
{
    return (struct maker){pool, pool->len, false};
}

static void put(struct maker *m, struct redan_slice s)
{
    if (m->pool->cap - m->pool->len < s.len) {
        m->full = true;
        return;
    }
    if (s.len)
        memcpy(m->pool->at + m->pool->len, s.at, s.len);
    m->pool->len += s.len;
}

static void put_char(struct maker *m, char c)
{
    put(m, (struct redan_slice){&c, 1});
}

static struct redan_jinja_value made(const struct maker *m, bool partial)
{
    struct redan_jinja_value v = {0};

    v.text = (struct redan_slice){m->pool->at + m->begin, m->pool->len - m->begin};
    v.constant = true;
    v.built = true;
    v.partial = partial || m->full;
    return v;
}

struct redan_jinja_value redan_jinja_made(struct redan_jinja_pool *pool, struct redan_slice a,
                                          struct redan_slice b)
{
    struct maker m = make(pool);

    put(&m, a);
    put(&m, b);
    return made(&m, false);
}

struct redan_jinja_value redan_jinja_concat(struct redan_jinja_pool *pool,
                                            const struct redan_jinja_value *a,
                                            const struct redan_jinja_value *b)
{
    struct redan_jinja_value v = unknown;

    if ((a->constant || b->constant) && affordable(pool, a, NULL) && affordable(pool, b, NULL)) {
        struct maker m = make(pool);
        if (a->constant)
            put(&m, a->text);
        if (b->constant)
            put(&m, b->text);
        v = made(&m, a->partial || b->partial || !a->constant || !b->constant);
        v.list = a->list && b->list;
    }
    v.hidden = a->hidden || b->hidden;
    return v;
}

bool redan_jinja_item(const struct redan_jinja_value *list, size_t n, struct redan_slice *item)
{
    struct redan_slice rest = list->text;

    for (size_t i = 0; rest.len; i++) {
        struct redan_slice head = {0};
        struct redan_slice tail = {0};
        (void)redan_slice_cut(rest, REDAN_JINJA_SEPARATOR, &head, &tail);
        if (i == n) {
            *item = head;
            return true;
        }
        rest = tail;
    }
    return false;
}

/* An argument of a format: an item of a list, or the one value there is. */
static bool argument(const struct redan_jinja_value *items, size_t n, struct redan_slice *item)
{
    if (items->list)
        return redan_jinja_item(items, n, item);
    *item = items->text;
    return n == 0 && items->constant;
}

static void put_character(struct maker *m, struct redan_slice digits)
{
    uint64_t code = 0;

    if (redan_slice_u64(digits, &code) && code < 0x80)
        put_char(m, (char)code);
    else if (digits.len == 1)
        put(m, digits);
    else
        m->full = true;
}

struct redan_jinja_value redan_jinja_percent(struct redan_jinja_pool *pool,
                                             const struct redan_jinja_value *format,
                                             const struct redan_jinja_value *items)
{
    struct maker m = make(pool);
    struct redan_slice f = format->text;
    bool partial = format->partial;
    size_t n = 0;

    if (!format->constant || !affordable(pool, format, items))
        return unknown;
    for (size_t i = 0; i < f.len; i++) {
        struct redan_slice item = {0};
        if (f.at[i] != '%' || i + 1 == f.len) {
            put_char(&m, f.at[i]);
            continue;
        }
        char c = f.at[++i];
        if (c == '%') {
            put_char(&m, c);
        } else if (!argument(items, n++, &item)) {
            partial = true;
        } else if (c == 'c') {
            put_character(&m, item);
        } else {
            put(&m, item);
        }
    }
    return made(&m, partial);
}

struct redan_jinja_value redan_jinja_braces(struct redan_jinja_pool *pool,
                                            const struct redan_jinja_value *format,
                                            const struct redan_jinja_value *items)
{
    struct maker m = make(pool);
    struct redan_slice f = format->text;
    bool partial = format->partial;
    uint64_t n = 0;

    if (!format->constant || !affordable(pool, format, items))
        return unknown;
    for (size_t i = 0; i < f.len; i++) {
        const char *close =
            f.at[i] == '{' ? memchr(f.at + i, '}', redan_min_size(f.len - i, BRACES)) : NULL;
        struct redan_slice item = {0};
        struct redan_slice inside = {0};
        uint64_t which = n;
        if (!close) {
            put_char(&m, f.at[i]);
            continue;
        }
        inside = redan_slice_sub(f, i + 1, (size_t)(close - f.at) - i - 1);
        i = (size_t)(close - f.at);
        if (inside.len == 0 || inside.at[0] == ':' || inside.at[0] == '!')
            n++;
        else if (!redan_slice_u64(redan_slice_sub(inside, 0, 1), &which))
            which = UINT64_MAX;
        if (which > SIZE_MAX || !argument(items, (size_t)which, &item)) {
            partial = true;
            continue;
        }
        if (inside.len && inside.at[inside.len - 1] == 'c')
            put_character(&m, item);
        else
            put(&m, item);
    }
    return made(&m, partial);
}

struct redan_jinja_value redan_jinja_repeat(struct redan_jinja_pool *pool,
                                            const struct redan_jinja_value *text, uint64_t times)
{
    struct maker m = make(pool);

    if (!text->constant || times > 1024 || !affordable(pool, text, NULL))
        return unknown;
    for (uint64_t i = 0; i < times && !m.full; i++)
        put(&m, text->text);
    struct redan_jinja_value v = made(&m, text->partial);
    v.list = text->list;
    return v;
}

static struct redan_jinja_value join(struct redan_jinja_pool *pool,
                                     const struct redan_jinja_value *list, struct redan_slice with)
{
    struct maker m = make(pool);
    struct redan_slice item = {0};

    if (!list->list)
        return *list;
    struct redan_slice rest = list->text;
    for (bool first = true; rest.len; first = false) {
        struct redan_slice tail = {0};
        (void)redan_slice_cut(rest, REDAN_JINJA_SEPARATOR, &item, &tail);
        if (!first)
            put(&m, with);
        put(&m, item);
        rest = tail;
    }
    return made(&m, list->partial);
}

static struct redan_jinja_value reversed(struct redan_jinja_pool *pool,
                                         const struct redan_jinja_value *value)
{
    struct maker m = make(pool);

    if (!value->list) {
        for (size_t i = value->text.len; i > 0; i--)
            put_char(&m, value->text.at[i - 1]);
        return made(&m, value->partial);
    }
    size_t end = value->text.len;
    while (end > 0) {
        size_t from = end - 1;
        while (from > 0 && value->text.at[from - 1] != REDAN_JINJA_SEPARATOR)
            from--;
        put(&m, redan_slice_sub(value->text, from, end - from));
        end = from;
    }
    struct redan_jinja_value v = made(&m, value->partial);
    v.list = true;
    return v;
}

static struct redan_jinja_value replaced(struct redan_jinja_pool *pool,
                                         const struct redan_jinja_value *value,
                                         const struct redan_jinja_value *items)
{
    struct maker m = make(pool);
    struct redan_slice from = {0};
    struct redan_slice to = {0};
    struct redan_slice text = value->text;

    if (!redan_jinja_item(items, 0, &from) || from.len == 0)
        return unknown;
    (void)redan_jinja_item(items, 1, &to);
    for (size_t i = 0; i < text.len && !m.full;) {
        if (redan_slice_starts(redan_slice_sub(text, i, SIZE_MAX), from)) {
            put(&m, to);
            i += from.len;
        } else {
            put_char(&m, text.at[i++]);
        }
    }
    return made(&m, value->partial);
}

static struct redan_jinja_value cased(struct redan_jinja_pool *pool,
                                      const struct redan_jinja_value *value, bool upper)
{
    struct maker m = make(pool);

    for (size_t i = 0; i < value->text.len; i++) {
        char c = value->text.at[i];
        if (upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z')
            c = (char)(c ^ 0x20);
        put_char(&m, c);
    }
    return made(&m, value->partial);
}

static struct redan_jinja_value letters(struct redan_jinja_pool *pool,
                                        const struct redan_jinja_value *value)
{
    struct maker m = make(pool);

    for (size_t i = 0; i < value->text.len; i++) {
        put_char(&m, value->text.at[i]);
        put_char(&m, REDAN_JINJA_SEPARATOR);
    }
    struct redan_jinja_value v = made(&m, value->partial);
    v.list = true;
    return v;
}

static struct redan_jinja_value end_of(const struct redan_jinja_value *value, bool last)
{
    struct redan_jinja_value v = *value;

    if (!value->list) {
        v.text = redan_slice_sub(value->text, last && value->text.len ? value->text.len - 1 : 0, 1);
        return v;
    }
    v.list = false;
    if (last) {
        size_t end = value->text.len ? value->text.len - 1 : 0;
        size_t from = end;
        while (from > 0 && value->text.at[from - 1] != REDAN_JINJA_SEPARATOR)
            from--;
        v.text = redan_slice_sub(value->text, from, end - from);
    } else if (!redan_jinja_item(value, 0, &v.text)) {
        v.text.len = 0;
    }
    return v;
}

struct redan_jinja_value redan_jinja_apply(struct redan_jinja_pool *pool, struct redan_slice name,
                                           const struct redan_jinja_value *value,
                                           const struct redan_jinja_value *items)
{
    static const char *const same[] = {"string", "safe",   "e",    "escape", "forceescape", "str",
                                       "encode", "decode", "sort", "unique", NULL};
    static const char *const trims[] = {"trim", "strip", "lstrip", "rstrip", NULL};
    struct redan_slice first = {0};

    if (redan_slice_is(name, "default") || redan_slice_is(name, "d")) {
        struct redan_jinja_value v = *value;
        if (!value->constant && redan_jinja_item(items, 0, &first)) {
            v.text = first;
            v.constant = true;
        }
        return v;
    }
    if (!value->constant || !affordable(pool, value, items))
        return unknown;
    if (redan_slice_is(name, "join")) {
        (void)redan_jinja_item(items, 0, &first);
        return join(pool, value, first);
    }
    if (redan_slice_is(name, "lower") || redan_slice_is(name, "upper"))
        return cased(pool, value, redan_slice_is(name, "upper"));
    if (redan_slice_is(name, "reverse"))
        return reversed(pool, value);
    if (redan_slice_is(name, "replace"))
        return replaced(pool, value, items);
    if (redan_slice_is(name, "first") || redan_slice_is(name, "last"))
        return end_of(value, redan_slice_is(name, "last"));
    if (redan_slice_is(name, "format"))
        return redan_jinja_percent(pool, value, items);
    if (redan_slice_is(name, "list"))
        return value->list ? *value : letters(pool, value);
    if (redan_slice_among(trims, name) && items->text.len == 0) {
        struct redan_jinja_value v = *value;
        v.text = redan_slice_trim(v.text);
        return v;
    }
    return redan_slice_among(same, name) ? *value : unknown;
}

struct redan_jinja_value redan_jinja_slice(struct redan_jinja_pool *pool,
                                           const struct redan_jinja_value *value,
                                           const uint64_t part[3], unsigned set, unsigned minus,
                                           bool range)
{
    struct redan_jinja_value v = *value;
    size_t len = value->text.len;

    if (!value->constant || !affordable(pool, value, NULL))
        return unknown;
    if (!range) {
        if (!(set & 1))
            return unknown;
        if (value->list) {
            v.list = false;
            return !(minus & 1) && part[0] < len &&
                           redan_jinja_item(value, (size_t)part[0], &v.text)
                       ? v
                       : unknown;
        }
        if ((minus & 1) ? part[0] > len : part[0] >= len)
            return unknown;
        v.text =
            redan_slice_sub(value->text, (minus & 1) ? len - (size_t)part[0] : (size_t)part[0], 1);
        return v;
    }
    if ((set & 4) && (minus & 4) && part[2] == 1 && !(set & 3))
        return reversed(pool, value);
    if (value->list || ((set & 4) && (part[2] != 1 || (minus & 4))))
        return unknown;
    size_t from = (set & 1) ? redan_min_size((size_t)part[0], len) : 0;
    size_t to = (set & 2) ? redan_min_size((size_t)part[1], len) : len;
    from = (minus & 1) ? len - from : from;
    to = (minus & 2) ? len - to : to;
    v.text = redan_slice_sub(value->text, from, to > from ? to - from : 0);
    return v;
}
