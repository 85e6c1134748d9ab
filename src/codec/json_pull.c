/* The state machine of the strict JSON reader. */
#include <string.h>

#include "codec/json_scan.h"

enum state {
    START,  /* nothing read yet */
    VALUE,  /* a value must come */
    FIRST,  /* a container was opened */
    AFTER,  /* a value inside a container is over */
    DONE,   /* the whole value is over */
    FAILED, /* for good */
};

enum redan_status redan_json_refuse(struct redan_json *reader, enum redan_status status,
                                    const char *at, const char *what)
{
    reader->state = FAILED;
    reader->failed = status;
    size_t offset = reader->text.len ? (size_t)(at - reader->text.at) : 0;
    return redan_fail(reader->ctx, status, offset, "%s", what);
}

enum redan_status redan_json_expected(struct redan_json *reader, const char *at, const char *what)
{
    size_t offset = reader->text.len ? (size_t)(at - reader->text.at) : 0;

    reader->state = FAILED;
    reader->failed = REDAN_E_SYNTAX;
    if (at == reader->end)
        return redan_fail(reader->ctx, REDAN_E_SYNTAX, offset, "the JSON ends where %s belongs",
                          what);
    if (*at > ' ' && *at < 0x7f)
        return redan_fail(reader->ctx, REDAN_E_SYNTAX, offset,
                          "found '%c' where %s belongs in JSON", *at, what);
    return redan_fail(reader->ctx, REDAN_E_SYNTAX, offset,
                      "found byte 0x%02x where %s belongs in JSON", (unsigned char)*at, what);
}

static const char empty[1] = "";

void redan_json_init(struct redan_json *reader, struct redan_ctx *ctx, struct redan_slice text)
{
    *reader = (struct redan_json){.ctx = ctx};
    redan_json_reset(reader, text);
}

void redan_json_reset(struct redan_json *reader, struct redan_slice text)
{
    if (text.len == 0)
        text.at = empty;
    redan_json_key_drop(reader, 0);
    reader->text = text;
    reader->at = text.at;
    reader->end = text.at + text.len;
    reader->state = START;
    reader->object = false;
    reader->last = REDAN_JSON_END;
    reader->failed = REDAN_OK;
    reader->left = reader->ctx->limits.nodes;
    reader->depth = 0;
    reader->serial = 0;
    reader->scratch_len = 0;
}

void redan_json_done(struct redan_json *reader)
{
    if (!reader || !reader->ctx)
        return;
    redan_json_key_done(reader);
    struct redan_mem *mem = &reader->ctx->mem;
    redan_mem_give(mem, reader->frames, reader->frame_cap * sizeof(*reader->frames));
    redan_mem_give(mem, reader->scratch, reader->scratch_cap);
    *reader = (struct redan_json){.ctx = NULL};
}

static enum redan_status grow_frames(struct redan_json *reader, const char *p)
{
    size_t unit = sizeof(*reader->frames);
    size_t cap = reader->frame_cap ? reader->frame_cap * 2 : 8;
    void *frames =
        redan_mem_resize(&reader->ctx->mem, reader->frames, reader->frame_cap * unit, cap * unit);

    if (!frames)
        return redan_json_refuse(reader, REDAN_E_MEMORY, p, "no memory for the depth of the JSON");
    reader->frames = frames;
    reader->frame_cap = cap;
    return REDAN_OK;
}

static enum redan_status enter(struct redan_json *reader, const char *p,
                               struct redan_json_token *token, bool object)
{
    if (reader->depth >= reader->ctx->limits.depth)
        return redan_json_refuse(reader, REDAN_E_LIMIT, p,
                                 "the JSON is nested deeper than allowed");
    if (reader->depth == reader->frame_cap)
        REDAN_TRY(grow_frames(reader, p));
    reader->frames[reader->depth++] =
        (struct redan_json_frame){reader->key_len, reader->serial, object, false};
    reader->serial += object;
    reader->object = object;
    reader->state = FIRST;
    reader->at = p + 1;
    token->kind = object ? REDAN_JSON_OBJECT : REDAN_JSON_ARRAY;
    return REDAN_OK;
}

static void leave(struct redan_json *reader, const char *p, struct redan_json_token *token)
{
    token->kind = reader->object ? REDAN_JSON_OBJECT_END : REDAN_JSON_ARRAY_END;
    token->offset = (size_t)(p - reader->text.at);
    reader->depth--;
    if (reader->object)
        redan_json_key_drop(reader, reader->frames[reader->depth].first);
    reader->object = reader->depth > 0 && reader->frames[reader->depth - 1].object;
    reader->state = reader->depth ? AFTER : DONE;
    reader->at = p + 1;
}

static enum redan_status word(struct redan_json *reader, const char *p, const char *text,
                              size_t len, enum redan_json_kind kind, struct redan_json_token *token)
{
    if ((size_t)(reader->end - p) < len || memcmp(p, text, len) != 0)
        return redan_json_expected(reader, p, "true, false or null");
    token->kind = kind;
    reader->at = p + len;
    reader->state = reader->depth ? AFTER : DONE;
    return REDAN_OK;
}

static enum redan_status number(struct redan_json *reader, const char *p,
                                struct redan_json_token *token)
{
    const char *begin = p;

    if (!scan_number(reader->text.at, &p, reader->end, &token->number)) {
        if (p < reader->end && digit(*p))
            return redan_json_refuse(reader, REDAN_E_SYNTAX, p, "a leading zero in a JSON number");
        return redan_json_expected(reader, p, "a digit");
    }
    token->kind = REDAN_JSON_NUMBER;
    token->text = (struct redan_slice){begin, (size_t)(p - begin)};
    reader->at = p;
    reader->state = reader->depth ? AFTER : DONE;
    return REDAN_OK;
}

static enum redan_status value(struct redan_json *reader, const char *p,
                               struct redan_json_token *token)
{
    if (p == reader->end)
        return redan_json_expected(reader, p, "a value");
    if (reader->left-- == 0)
        return redan_json_refuse(reader, REDAN_E_LIMIT, p, "the JSON has more values than allowed");
    token->offset = (size_t)(p - reader->text.at);
    if (begins_number(*p))
        return number(reader, p, token);
    switch (*p) {
    case '"':
        p++;
        REDAN_TRY(scan_string(reader, &p, &token->text));
        token->kind = REDAN_JSON_TEXT;
        reader->at = p;
        reader->state = reader->depth ? AFTER : DONE;
        return REDAN_OK;
    case '{':
        return enter(reader, p, token, true);
    case '[':
        return enter(reader, p, token, false);
    case 't':
        return word(reader, p, "true", 4, REDAN_JSON_TRUE, token);
    case 'f':
        return word(reader, p, "false", 5, REDAN_JSON_FALSE, token);
    case 'n':
        return word(reader, p, "null", 4, REDAN_JSON_NULL, token);
    default:
        return redan_json_expected(reader, p, "a value");
    }
}

static enum redan_status key(struct redan_json *reader, const char *p,
                             struct redan_json_token *token)
{
    if (p == reader->end || *p != '"')
        return redan_json_expected(reader, p, "a key in double quotes");
    token->offset = (size_t)(p - reader->text.at);
    token->kind = REDAN_JSON_KEY;
    p++;
    REDAN_TRY(scan_string(reader, &p, &token->text));
    REDAN_TRY(redan_json_key_add(reader, token->text, token->offset));
    p = skip_blanks(p, reader->end);
    if (p == reader->end || *p != ':')
        return redan_json_expected(reader, p, "a colon");
    reader->at = p + 1;
    reader->state = VALUE;
    return REDAN_OK;
}

static enum redan_status start(struct redan_json *reader, const char *p,
                               struct redan_json_token *token)
{
    size_t max = reader->ctx->limits.json;

    if (reader->text.len > max)
        return redan_json_refuse(reader, REDAN_E_LIMIT, reader->text.at + max,
                                 "the JSON is longer than allowed");
    if (reader->text.len >= 3 && memcmp(reader->text.at, "\xef\xbb\xbf", 3) == 0)
        return redan_json_refuse(reader, REDAN_E_SYNTAX, reader->text.at,
                                 "JSON must not begin with a byte order mark; save it without one");
    return value(reader, p, token);
}

/* What is not the inside of a container. */
static enum redan_status seldom(struct redan_json *reader, const char *p,
                                struct redan_json_token *token)
{
    switch (reader->state) {
    case START:
        return start(reader, p, token);
    case VALUE:
        return value(reader, p, token);
    case FIRST:
        if (p < reader->end && *p == (reader->object ? '}' : ']')) {
            leave(reader, p, token);
            return REDAN_OK;
        }
        return reader->object ? key(reader, p, token) : value(reader, p, token);
    case DONE:
        if (p != reader->end)
            return redan_json_expected(reader, p, "the end");
        token->kind = REDAN_JSON_END;
        token->offset = reader->text.len;
        return REDAN_OK;
    default:
        return reader->failed;
    }
}

static enum redan_status after(struct redan_json *reader, const char *p,
                               struct redan_json_token *token)
{
    if (p < reader->end && *p == ',') {
        p = skip_blanks(p + 1, reader->end);
        return reader->object ? key(reader, p, token) : value(reader, p, token);
    }
    if (p < reader->end && *p == (reader->object ? '}' : ']')) {
        leave(reader, p, token);
        return REDAN_OK;
    }
    return redan_json_expected(reader, p, reader->object ? "a comma or }" : "a comma or ]");
}

enum redan_status redan_json_next(struct redan_json *reader, struct redan_json_token *token)
{
    const char *p = skip_blanks(reader->at, reader->end);

    REDAN_TRY(reader->state == AFTER ? after(reader, p, token) : seldom(reader, p, token));
    reader->last = token->kind;
    return REDAN_OK;
}

enum redan_status redan_json_skip(struct redan_json *reader)
{
    struct redan_json_token token = {0};
    size_t outside = reader->depth;

    if (reader->state == FAILED)
        return reader->failed;
    if (reader->last == REDAN_JSON_OBJECT || reader->last == REDAN_JSON_ARRAY)
        outside--;
    else if (reader->last != REDAN_JSON_KEY)
        return REDAN_OK;
    do {
        REDAN_TRY(redan_json_next(reader, &token));
    } while (reader->depth > outside);
    return REDAN_OK;
}

enum redan_status redan_json_doubles(struct redan_json *reader, double *values, size_t max,
                                     size_t *count)
{
    struct redan_json_token token;
    const char *end = reader->end;
    size_t n = 0;

    if (reader->state == FAILED)
        return reader->failed;
    if (reader->state != FIRST || reader->object)
        return redan_json_refuse(reader, REDAN_E_USAGE, reader->at, "no array was just begun");
    const char *p = skip_blanks(reader->at, end);
    if (p < end && *p == ']')
        reader->state = AFTER;
    while (reader->state == FIRST) {
        if (n == max)
            return redan_json_refuse(reader, REDAN_E_SCHEMA, p,
                                     "the array has more numbers than allowed");
        if (p == end || !begins_number(*p)) {
            REDAN_TRY(value(reader, p, &token));
            return redan_json_refuse(reader, REDAN_E_SCHEMA, p,
                                     "the array holds more than numbers");
        }
        const char *begin = p;
        if (!scan_number(reader->text.at, &p, end, &token.number))
            return number(reader, begin, &token); /* says what is wrong */
        if (!round_exact(&token.number, &values[n]) &&
            !redan_json_round(&token.number, (struct redan_slice){begin, (size_t)(p - begin)},
                              &values[n]))
            return redan_json_refuse(reader, REDAN_E_SCHEMA, begin,
                                     "the number is too large for a double");
        n++;
        p = skip_blanks(p, end);
        if (p < end && *p == ',')
            p = skip_blanks(p + 1, end);
        else
            reader->state = AFTER;
    }
    if (p == end || *p != ']')
        return redan_json_expected(reader, p, "a comma or ]");
    if (n > reader->left)
        return redan_json_refuse(reader, REDAN_E_LIMIT, p, "the JSON has more values than allowed");
    reader->left -= n;
    leave(reader, p, &token);
    reader->last = token.kind;
    *count = n;
    return REDAN_OK;
}

enum redan_status redan_json_numbers(struct redan_json *reader, double *values, size_t max,
                                     size_t *count)
{
    struct redan_json_token token;
    const char *end = reader->end;
    const char *p = skip_blanks(reader->at, end);
    size_t most = redan_min_size(max, reader->left);
    size_t n = 0;

    if (reader->state == FAILED)
        return reader->failed;
    if (reader->object || (reader->state != FIRST && reader->state != AFTER))
        return redan_json_refuse(reader, REDAN_E_USAGE, reader->at, "no array is being read");
    for (bool first = reader->state == FIRST; n < most; first = false) {
        const char *begin = p;
        if (!first) {
            if (p == end || *p != ',')
                break;
            begin = skip_blanks(p + 1, end);
        }
        if (begin == end || !begins_number(*begin))
            break;
        if (end - begin > 1 && digit(*begin) && (begin[1] == ',' || begin[1] == ']')) {
            values[n++] = *begin - '0'; /* flags and small counts: half of what rows hold */
            p = begin + 1;
            continue;
        }
        const char *stop = begin;
        if (!scan_number(reader->text.at, &stop, end, &token.number))
            return number(reader, begin, &token); /* says what is wrong */
        if (!round_exact(&token.number, &values[n]) &&
            !redan_json_round(&token.number, (struct redan_slice){begin, (size_t)(stop - begin)},
                              &values[n]))
            return redan_json_refuse(reader, REDAN_E_SCHEMA, begin,
                                     "the number is too large for a double");
        n++;
        p = skip_blanks(stop, end);
    }
    if (n > 0) {
        reader->at = p;
        reader->state = AFTER;
        reader->last = REDAN_JSON_NUMBER;
        reader->left -= n;
    }
    *count = n;
    return REDAN_OK;
}

static bool take(const char **at, const char *end, struct redan_slice bytes)
{
    if ((size_t)(end - *at) < bytes.len || memcmp(*at, bytes.at, bytes.len) != 0)
        return false;
    *at += bytes.len;
    return true;
}

/* A run of exactly so many numbers. */
static bool take_numbers(const struct redan_json *reader, const char **at, double *values,
                         size_t count)
{
    const char *p = skip_blanks(*at, reader->end);
    struct redan_json_decimal number;

    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (p == reader->end || *p++ != ','))
            return false;
        const char *begin = p = skip_blanks(p, reader->end);
        if (p == reader->end || !begins_number(*p) ||
            !scan_number(reader->text.at, &p, reader->end, &number))
            return false;
        if (!round_exact(&number, &values[i]) &&
            !redan_json_round(&number, (struct redan_slice){begin, (size_t)(p - begin)},
                              &values[i]))
            return false;
        p = skip_blanks(p, reader->end);
    }
    *at = p;
    return true;
}

bool redan_json_same(struct redan_json *reader, const struct redan_json_like *like,
                     struct redan_json_token *text, double *values)
{
    const char *end = reader->end;
    const char *p = skip_blanks(reader->at, end);
    size_t took = like->values + like->numbers;

    if (reader->state != AFTER || reader->object || took > reader->left || p == end || *p != ',')
        return false;
    p = skip_blanks(p + 1, end);
    if (!take(&p, end, like->before))
        return false;
    const char *begin = p;
    p = skip_plain(p, end);
    const struct redan_slice found = {begin, (size_t)(p - begin)};
    if (found.len == 0 || found.len > like->most || !take(&p, end, like->between) ||
        !take_numbers(reader, &p, values, like->numbers) || !take(&p, end, like->after))
        return false;
    *text = (struct redan_json_token){
        .kind = REDAN_JSON_TEXT, .offset = (size_t)(begin - reader->text.at) - 1, .text = found};
    reader->at = p;
    reader->left -= took;
    reader->last = REDAN_JSON_OBJECT_END;
    return true;
}
