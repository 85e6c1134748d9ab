/* Reading a payload without a tree: parts of the statement first, then each part from its beginning. */
#include "sign/manifest_read.h"

#include <string.h>

#include "codec/problem.h"

/* Texts with escapes lie in the reader: those are copied. */
static enum redan_status keep(struct redan_payload *p, struct redan_slice text,
                              struct redan_slice *kept)
{
    uintptr_t begin = (uintptr_t)p->text.at;
    uintptr_t at = (uintptr_t)text.at;

    if (text.len == 0 || (at >= begin && at - begin < p->text.len)) {
        *kept = text;
        return REDAN_OK;
    }
    return redan_copy(p->ctx, text, kept);
}

static void begin(struct redan_payload *p, const struct redan_payload_part *part)
{
    p->base = part->offset;
    redan_json_reset(&p->json, part->text);
}

/* A value ends where the next key or the object's end begins, but for a comma and blanks. */
static struct redan_slice value_between(const struct redan_payload *p, size_t from,
                                        const struct redan_json_token *next)
{
    struct redan_slice text = redan_slice_trim(redan_slice_sub(p->text, from, next->offset - from));

    if (next->kind == REDAN_JSON_KEY && redan_slice_ends(text, REDAN_S(",")))
        text = redan_slice_trim(redan_slice_sub(text, 0, text.len - 1));
    return text;
}

static struct redan_payload_part *part_named(struct redan_payload *p, struct redan_slice key)
{
    if (redan_slice_is(key, "_type"))
        return &p->type;
    if (redan_slice_is(key, "predicateType"))
        return &p->predicate_type;
    if (redan_slice_is(key, "subject"))
        return &p->subject;
    return redan_slice_is(key, "predicate") ? &p->predicate : NULL;
}

static enum redan_status take_apart(struct redan_payload *p)
{
    struct redan_payload_part *open = NULL;
    struct redan_json_token token;

    begin(p, &(struct redan_payload_part){.text = p->text});
    REDAN_TRY(redan_payload_expect(p, REDAN_JSON_OBJECT, "the payload is no JSON object"));
    for (;;) {
        REDAN_TRY(redan_json_next(&p->json, &token));
        if (open)
            open->text = value_between(p, open->offset, &token);
        if (token.kind != REDAN_JSON_KEY)
            break;
        open = part_named(p, token.text);
        REDAN_TRY(redan_json_next(&p->json, &token));
        if (open)
            open->offset = token.offset;
        if (token.kind == REDAN_JSON_OBJECT || token.kind == REDAN_JSON_ARRAY)
            REDAN_TRY(redan_json_skip(&p->json));
    }
    return redan_payload_expect(p, REDAN_JSON_END, "the payload goes on after its end");
}

enum redan_status redan_payload_open(struct redan_payload *p, struct redan_ctx *ctx,
                                     struct redan_slice text)
{
    *p = (struct redan_payload){.ctx = ctx, .text = text};
    redan_json_init(&p->json, ctx, text);
    return take_apart(p);
}

void redan_payload_done(struct redan_payload *p)
{
    if (p)
        redan_json_done(&p->json);
}

enum redan_status redan_payload_start(struct redan_payload *p,
                                      const struct redan_payload_part *part, const char *name)
{
    if (part->text.len == 0)
        return redan_fail(p->ctx, REDAN_E_SCHEMA, 0, "the statement has no %s", name);
    begin(p, part);
    return REDAN_OK;
}

enum redan_status redan_payload_refuse(struct redan_payload *p, size_t offset, const char *what)
{
    return redan_fail(p->ctx, REDAN_E_SCHEMA, p->base + offset, "%s", what);
}

enum redan_status redan_payload_expect(struct redan_payload *p, enum redan_json_kind kind,
                                       const char *what)
{
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(&p->json, &token));
    return token.kind == kind ? REDAN_OK : redan_payload_refuse(p, token.offset, what);
}

enum redan_status redan_payload_key(struct redan_payload *p, struct redan_slice *key, bool *more)
{
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(&p->json, &token));
    *more = token.kind == REDAN_JSON_KEY;
    *key = token.text;
    return REDAN_OK;
}

enum redan_status redan_payload_text(struct redan_payload *p, const char *what,
                                     struct redan_slice *text)
{
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(&p->json, &token));
    if (token.kind != REDAN_JSON_TEXT)
        return redan_fail(p->ctx, REDAN_E_SCHEMA, p->base + token.offset, "%s is no text", what);
    return keep(p, token.text, text);
}

enum redan_status redan_payload_skip(struct redan_payload *p)
{
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(&p->json, &token));
    if (token.kind == REDAN_JSON_OBJECT || token.kind == REDAN_JSON_ARRAY)
        return redan_json_skip(&p->json);
    return REDAN_OK;
}

static enum redan_status grow(struct redan_payload *p, struct redan_slice **list, size_t count,
                              size_t *room)
{
    size_t more = *room ? *room * 2 : 8;
    struct redan_slice *grown = redan_take_array(p->ctx, more, sizeof(*grown));

    if (!grown)
        return REDAN_E_MEMORY;
    if (count)
        memcpy(grown, *list, count * sizeof(*grown));
    *list = grown;
    *room = more;
    return REDAN_OK;
}

enum redan_status redan_payload_paths(struct redan_payload *p, const char *what, size_t max,
                                      const char *(*fault)(struct redan_slice path),
                                      struct redan_slice **paths, size_t *count)
{
    struct redan_json_token token;
    struct redan_slice *list = NULL;
    size_t n = 0;
    size_t room = 0;

    REDAN_TRY(redan_json_next(&p->json, &token));
    if (token.kind != REDAN_JSON_ARRAY)
        return redan_fail(p->ctx, REDAN_E_SCHEMA, p->base + token.offset, "%s is no list", what);
    for (;;) {
        REDAN_TRY(redan_json_next(&p->json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            break;
        if (token.kind != REDAN_JSON_TEXT)
            return redan_fail(p->ctx, REDAN_E_SCHEMA, p->base + token.offset,
                              "%s holds what is no text", what);
        const char *why = fault(token.text);
        if (why)
            return redan_fail(p->ctx, REDAN_E_SCHEMA, p->base + token.offset, "%s: \"%s\" %s", what,
                              redan_snippet_of(token.text).text, why);
        if (n == max)
            return redan_fail(p->ctx, REDAN_E_LIMIT, p->base + token.offset,
                              "%s has more than %zu paths", what, max);
        if (n == room)
            REDAN_TRY(grow(p, &list, n, &room));
        REDAN_TRY(keep(p, token.text, &list[n++]));
    }
    *paths = list;
    *count = n;
    return REDAN_OK;
}

enum redan_status redan_payload_size(struct redan_payload *p, const char *what, uint64_t *size,
                                     bool *odd)
{
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(&p->json, &token));
    struct redan_json_decimal number = token.number;
    bool sound = token.kind == REDAN_JSON_NUMBER && !number.negative && !number.cut;
    for (; sound && number.mantissa && number.exponent > 0; number.exponent--)
        sound = !__builtin_mul_overflow(number.mantissa, UINT64_C(10), &number.mantissa);
    for (; sound && number.mantissa && number.exponent < 0; number.exponent++) {
        sound = number.mantissa % 10 == 0;
        number.mantissa /= 10;
    }
    if (!sound || number.mantissa == 0)
        return redan_fail(p->ctx, REDAN_E_SCHEMA, p->base + token.offset,
                          "%s is no whole number of bytes over 0", what);
    *size = number.mantissa;
    *odd = false;
    for (size_t i = 0; i < token.text.len; i++)
        *odd = *odd || redan_char_among(".eE", token.text.at[i]);
    return REDAN_OK;
}
