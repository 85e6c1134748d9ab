/* Messages and tables by hand. */
#include "graph_build.h"

#include "test.h"

enum { DEEP = 48 };

static void varint(struct redan_buf *buf, uint64_t value)
{
    while (value >= 0x80) {
        redan_buf_char(buf, (char)(value | 0x80));
        value >>= 7;
    }
    redan_buf_char(buf, (char)value);
}

static uint64_t number(const char **at)
{
    uint64_t value = 0;

    assert_true(**at >= '0' && **at <= '9');
    while (**at >= '0' && **at <= '9')
        value = value * 10 + (uint64_t)(*(*at)++ - '0');
    return value;
}

/* "!99" after a field: the length that it says instead of its own. */
static uint64_t says(const char **at, uint64_t own)
{
    if (**at != '!')
        return own;
    (*at)++;
    return number(at);
}

static void field_of(struct redan_buf *buf, uint64_t field, struct redan_slice bytes, uint64_t len)
{
    varint(buf, field << 3 | 2);
    varint(buf, len);
    redan_buf_slice(buf, bytes);
}

static struct redan_slice text_of(const char **at)
{
    bool quoted = **at == '\'';
    const char *from = *at += quoted;

    while (**at && (quoted ? **at != '\'' : **at != ' ' && **at != '}'))
        (*at)++;
    struct redan_slice text = {from, (size_t)(*at - from)};
    *at += quoted;
    return text;
}

struct redan_slice wire_of(struct redan_ctx *ctx, const char *text)
{
    static const char zeros[256] = {0};
    struct redan_buf bufs[DEEP];
    uint64_t fields[DEEP];
    struct redan_slice bytes = {0};
    size_t depth = 0;

    redan_buf_init(&bufs[0], ctx, 1 << 20);
    for (const char *at = text; *at;) {
        if (*at == ' ') {
            at++;
            continue;
        }
        if (*at == '}') {
            assert_true(depth > 0);
            at++;
            struct redan_slice inner = redan_buf_view(&bufs[depth]);
            field_of(&bufs[depth - 1], fields[depth], inner, says(&at, inner.len));
            redan_buf_done(&bufs[depth--]);
            continue;
        }
        uint64_t field = number(&at);
        char kind = *at++;
        if (kind == '{') {
            assert_true(depth + 1 < DEEP);
            fields[++depth] = field;
            redan_buf_init(&bufs[depth], ctx, 1 << 20);
        } else if (kind == ':') {
            varint(&bufs[depth], field << 3);
            varint(&bufs[depth], number(&at));
        } else {
            struct redan_slice value =
                kind == '*' ? (struct redan_slice){zeros, number(&at)} : text_of(&at);
            assert_true(kind == '*' || kind == '=');
            field_of(&bufs[depth], field, value, says(&at, value.len));
        }
    }
    assert_int_equal(depth, 0);
    assert_ok(redan_buf_ok(ctx, &bufs[0], "a message"));
    assert_ok(redan_copy(ctx, redan_buf_view(&bufs[0]), &bytes));
    redan_buf_done(&bufs[0]);
    return bytes;
}

void flat_set(struct redan_buf *buf, size_t at, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        buf->data[at + i] = (char)(value >> (8 * i));
}

static size_t room(struct redan_buf *buf, size_t len)
{
    size_t at = buf->len;

    redan_buf_repeat(buf, '\0', len);
    return at;
}

size_t flat_begin(struct redan_buf *buf, const char *identifier)
{
    size_t at = room(buf, 4);

    redan_buf_text(buf, identifier);
    return at;
}

size_t flat_table(struct redan_buf *buf, unsigned fields)
{
    size_t vtable = room(buf, 4 + 2 * (size_t)fields);
    size_t table = room(buf, 4 + 8 * (size_t)fields);

    flat_set(buf, vtable, 4 + 2 * (uint64_t)fields, 2);
    flat_set(buf, vtable + 2, 4 + 8 * (uint64_t)fields, 2);
    for (unsigned i = 0; i < fields; i++)
        flat_set(buf, vtable + 4 + 2 * (size_t)i, 4 + 8 * (uint64_t)i, 2);
    flat_set(buf, table, table - vtable, 4);
    return table;
}

size_t flat_slot(const struct redan_buf *buf, size_t table, unsigned id)
{
    (void)buf;
    return table + 4 + 8 * (size_t)id;
}

void flat_link(struct redan_buf *buf, size_t at, size_t target)
{
    flat_set(buf, at, target - at, 4);
}

size_t flat_text(struct redan_buf *buf, struct redan_slice text)
{
    size_t at = room(buf, 4);

    redan_buf_slice(buf, text);
    redan_buf_char(buf, '\0');
    flat_set(buf, at, text.len, 4);
    return at;
}

size_t flat_vector(struct redan_buf *buf, unsigned count)
{
    size_t at = room(buf, 4 + 4 * (size_t)count);

    flat_set(buf, at, count, 4);
    return at;
}
