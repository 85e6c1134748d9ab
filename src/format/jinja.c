/* Jinja templates without rendering them: their blocks in one pass. */
#include "format/jinja_reader.h"

#include <string.h>

enum {
    POOL = 1 << 16,  /* bytes that one block's constants are put together in */
    KEPT = 1 << 15,  /* bytes of constants that names are bound to */
    CAPTURED = 1024, /* bytes of a block set that are kept */
};

/* An address that comes out inside a condition on what a message says. */
static enum redan_status watch_output(struct redan_jinja_reader *r, struct redan_slice out)
{
    bool inside = false;
    struct redan_jinja_event event = {.kind = REDAN_JINJA_TRIGGER, .offset = r->at};

    for (size_t i = 0; i < r->condition_count; i++)
        inside |= r->conditions[i];
    if (!inside || out.len < 10)
        return REDAN_OK;
    const char *at = memmem(out.at, out.len, "http://", 7);
    if (!at)
        at = memmem(out.at, out.len, "https://", 8);
    if (!at)
        return REDAN_OK;
    event.text = redan_slice_sub(out, (size_t)(at - out.at), 120);
    return redan_jinja_say(r, &event);
}

/* ---- blocks ---- */

/* The end of the block that begins at `from`, for showing it. */
static struct redan_slice block_at(const struct redan_jinja_reader *r, size_t from, const char *end)
{
    struct redan_slice rest = redan_slice_sub(r->text, from, 400);
    const char *stop = rest.len ? memmem(rest.at, rest.len, end, 2) : NULL;

    return stop ? redan_slice_sub(rest, 0, (size_t)(stop - rest.at) + 2) : rest;
}

/* Past the block's end mark. */
static void leave(struct redan_jinja_reader *r)
{
    const char *marks = r->statement ? "%}" : "}}";

    if (r->at < r->text.len && (r->text.at[r->at] == '-' || r->text.at[r->at] == '+'))
        r->at++;
    if (redan_slice_starts(redan_slice_sub(r->text, r->at, SIZE_MAX),
                           (struct redan_slice){marks, 2}))
        r->at += 2;
    r->pool.len = 0;
}

static void captured(struct redan_jinja_reader *r, struct redan_slice text, bool known)
{
    if (!r->capturing)
        return;
    size_t room = r->capture.text.len < CAPTURED ? CAPTURED - r->capture.text.len : 0;
    struct redan_slice piece = redan_slice_sub(text, 0, room);
    r->capture.partial |= !known || piece.len < text.len;
    if (!known || piece.len == 0)
        return;
    if (r->capture.text.len == 0) {
        r->capture.text = redan_jinja_keep(r, piece);
        return;
    }
    /* pieces follow each other in the pool as long as nothing else is kept meanwhile */
    struct redan_slice more = redan_jinja_keep(r, piece);
    if (more.len && more.at == r->capture.text.at + r->capture.text.len)
        r->capture.text.len += more.len;
    else
        r->capture.partial = true;
}

static enum redan_status output(struct redan_jinja_reader *r)
{
    struct redan_jinja_value v = {0};

    r->statement = false;
    REDAN_TRY(redan_jinja_expression(r, &v));
    captured(r, v.text, v.constant && !v.partial);
    if (v.constant)
        REDAN_TRY(watch_output(r, v.text));
    leave(r);
    return REDAN_OK;
}

/* Names up to a word or mark that ends them, bound to nothing known. */
static void bind_names(struct redan_jinja_reader *r, const char *until)
{
    bool first = true; /* of what stands between commas: the rest is a default */

    for (;;) {
        size_t back = r->at;
        struct redan_jinja_token token = redan_jinja_next(r);
        if (token.kind == REDAN_JINJA_T_END || token.kind == REDAN_JINJA_T_BAD ||
            (token.text.len && redan_slice_is(token.text, until))) {
            if (token.kind == REDAN_JINJA_T_END || token.kind == REDAN_JINJA_T_BAD)
                r->at = back;
            r->open = 0;
            return;
        }
        if (token.kind == REDAN_JINJA_T_NAME && first)
            redan_jinja_bind(r, token.text, NULL);
        first = redan_slice_is(token.text, ",") || redan_slice_is(token.text, "(");
    }
}

static enum redan_status set(struct redan_jinja_reader *r)
{
    struct redan_jinja_token target = redan_jinja_next(r);
    struct redan_jinja_value v = {0};
    struct redan_slice whole = target.text;
    size_t count = 0;

    for (;;) {
        size_t back = r->at;
        struct redan_jinja_token token = redan_jinja_next(r);
        if (token.kind == REDAN_JINJA_T_END || redan_slice_is(token.text, "|")) { /* of a block */
            r->at = back;
            REDAN_TRY(redan_jinja_expression(r, &v));
            r->capturing = true;
            r->capture_name = target.text;
            r->capture = (struct redan_jinja_value){.constant = true, .built = true};
            return REDAN_OK;
        }
        if (token.kind == REDAN_JINJA_T_BAD || redan_slice_is(token.text, "="))
            break;
        if (token.kind == REDAN_JINJA_T_NAME && count++ < 8)
            whole =
                (struct redan_slice){whole.at, (size_t)(token.text.at + token.text.len - whole.at)};
        if (redan_slice_is(token.text, ","))
            whole.len = 0;
    }
    r->open = 0;
    REDAN_TRY(redan_jinja_expression(r, &v));
    r->dotted |= whole.len > target.text.len;
    if (target.kind == REDAN_JINJA_T_NAME && whole.len && whole.len < 128)
        redan_jinja_bind(
            r, whole, whole.len > target.text.len && !memchr(whole.at, '.', whole.len) ? NULL : &v);
    return REDAN_OK;
}

static enum redan_status condition(struct redan_jinja_reader *r, struct redan_slice word)
{
    struct redan_jinja_value v = {0};

    r->saw_content = false;
    r->saw_literal = false;
    REDAN_TRY(redan_jinja_expression(r, &v));
    bool trigger = r->saw_content && r->saw_literal;
    if (redan_slice_is(word, "if") && r->condition_count < REDAN_JINJA_IFS)
        r->conditions[r->condition_count++] = trigger;
    else if (redan_slice_is(word, "elif") && r->condition_count)
        r->conditions[r->condition_count - 1] = trigger;
    return REDAN_OK;
}

static enum redan_status loop(struct redan_jinja_reader *r)
{
    size_t from = r->at;
    struct redan_jinja_value v = {0};
    struct redan_jinja_value each = {0};

    bind_names(r, "in");
    size_t names_end = r->at;
    REDAN_TRY(redan_jinja_expression(r, &v));
    if (!v.hidden)
        return REDAN_OK;
    size_t end = r->at; /* what comes of hidden things is one */
    each.hidden = true;
    each.root = v.root;
    each.free = v.free;
    r->at = from;
    while (r->at < names_end) {
        struct redan_jinja_token token = redan_jinja_next(r);
        if (token.kind == REDAN_JINJA_T_NAME && !redan_slice_is(token.text, "in"))
            redan_jinja_bind(r, token.text, &each);
    }
    r->at = end;
    r->open = 0;
    return REDAN_OK;
}

static enum redan_status loading(struct redan_jinja_reader *r, struct redan_slice word)
{
    size_t from = r->at;
    struct redan_jinja_value v = {0};

    r->loading = true;
    REDAN_TRY(redan_jinja_expression(r, &v));
    r->loading = false;
    struct redan_jinja_event event = {
        .kind = REDAN_JINJA_STATEMENT, .text = word, .offset = from, .constant = v.constant};
    if (v.constant)
        event.args = v.text;
    r->pool.len = 0;
    return redan_jinja_say(r, &event);
}

/* Past "{% raw %}" to what follows its end. */
static void raw(struct redan_jinja_reader *r)
{
    while (r->at < r->text.len) {
        const char *p = memmem(r->text.at + r->at, r->text.len - r->at, "endraw", 6);
        if (!p) {
            r->at = r->text.len;
            return;
        }
        size_t at = (size_t)(p - r->text.at);
        r->at = at + 6;
        while (at > 0 && (r->text.at[at - 1] == ' ' || r->text.at[at - 1] == '-' ||
                          r->text.at[at - 1] == '+' || r->text.at[at - 1] == '\n' ||
                          r->text.at[at - 1] == '\t'))
            at--;
        if (at >= 2 && memcmp(r->text.at + at - 2, "{%", 2) == 0)
            return;
    }
}

static enum redan_status statement_of(struct redan_jinja_reader *r, struct redan_slice word)
{
    static const char *const loads[] = {"include", "import", "extends", "from", NULL};
    static const char *const scopes[] = {"macro", "call", NULL};
    struct redan_jinja_value v = {0};

    if (redan_slice_is(word, "set"))
        return set(r);
    if (redan_slice_is(word, "for"))
        return loop(r);
    if (redan_slice_is(word, "if") || redan_slice_is(word, "elif"))
        return condition(r, word);
    if (redan_slice_among(loads, word))
        return loading(r, word);
    if (redan_slice_is(word, "endif") && r->condition_count)
        r->condition_count--;
    if (redan_slice_is(word, "endset") && r->capturing) {
        r->capturing = false;
        redan_jinja_bind(r, r->capture_name, &r->capture);
        return redan_jinja_say_constant(r, &r->capture);
    }
    if (redan_slice_among(scopes, word) || redan_slice_is(word, "with")) {
        size_t back = r->at;
        bind_names(r, redan_slice_is(word, "with") ? "=" : ")");
        r->at = back;
    }
    return redan_jinja_expression(r, &v);
}

static enum redan_status statement(struct redan_jinja_reader *r)
{
    r->statement = true;
    r->open = 0;
    struct redan_jinja_token word = redan_jinja_next(r);
    if (word.kind == REDAN_JINJA_T_NAME) {
        REDAN_TRY(statement_of(r, word.text));
    } else {
        REDAN_TRY(redan_jinja_say_broken(r, "no word where a statement begins"));
        if (word.kind == REDAN_JINJA_T_BAD)
            r->unclosed++;
    }
    leave(r);
    if (redan_slice_is(word.text, "raw"))
        raw(r);
    return REDAN_OK;
}

static void comment(struct redan_jinja_reader *r)
{
    const char *p = memmem(r->text.at + r->at, r->text.len - r->at, "#}", 2);

    r->at = p ? (size_t)(p - r->text.at) + 2 : r->text.len;
}

static enum redan_status read_all(struct redan_jinja_reader *r)
{
    while (r->at < r->text.len && r->unclosed <= REDAN_JINJA_UNCLOSED) {
        const char *p = memchr(r->text.at + r->at, '{', r->text.len - r->at);
        size_t open = p ? (size_t)(p - r->text.at) : r->text.len;
        char kind = open + 1 < r->text.len ? r->text.at[open + 1] : 0;
        if (kind != '{' && kind != '%' && kind != '#') {
            open = p ? open + 1 : open; /* data too */
            kind = 0;
        }
        struct redan_slice data = redan_slice_sub(r->text, r->at, open - r->at);
        captured(r, data, true);
        REDAN_TRY(watch_output(r, data));
        r->at = open;
        if (kind == 0)
            continue;
        r->block = block_at(r, open, kind == '{' ? "}}" : kind == '%' ? "%}" : "#}");
        r->at = open + 2;
        if (kind != '#' && r->at < r->text.len &&
            (r->text.at[r->at] == '-' || r->text.at[r->at] == '+'))
            r->at++;
        if (kind == '#')
            comment(r);
        else
            REDAN_TRY(kind == '{' ? output(r) : statement(r));
    }
    return REDAN_OK;
}

static void reader_done(struct redan_jinja_reader *r)
{
    struct redan_mem *mem = &r->ctx->mem;

    redan_mem_give(mem, r->pool.at, r->pool.at ? POOL : 0);
    redan_mem_give(mem, r->kept.at, r->kept.at ? KEPT : 0);
    redan_mem_give(mem, r->frames, r->frames ? REDAN_JINJA_DEPTH * sizeof(*r->frames) : 0);
    redan_mem_give(mem, r->names, r->names ? REDAN_JINJA_NAMES * sizeof(*r->names) : 0);
}

enum redan_status redan_jinja_read(struct redan_ctx *ctx, struct redan_slice text,
                                   const struct redan_jinja_sink *sink)
{
    struct redan_jinja_reader r REDAN_DEFER(reader_done) = {.ctx = ctx, .sink = sink, .text = text};

    r.pool = (struct redan_jinja_pool){.at = redan_mem_take(&ctx->mem, POOL), .cap = POOL};
    r.kept = (struct redan_jinja_pool){.at = redan_mem_take(&ctx->mem, KEPT), .cap = KEPT};
    r.frames = redan_mem_take(&ctx->mem, REDAN_JINJA_DEPTH * sizeof(*r.frames));
    r.names = redan_mem_take(&ctx->mem, REDAN_JINJA_NAMES * sizeof(*r.names));
    if (!r.pool.at || !r.kept.at || !r.frames || !r.names)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory to read a template");
    return read_all(&r);
}
