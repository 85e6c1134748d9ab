/* Expressions of a Jinja template: an explicit stack of brackets, and what is known of the values in them. */
#include "format/jinja_reader.h"

#include <string.h>

static struct redan_jinja_frame *top(const struct redan_jinja_reader *r)
{
    return &r->frames[r->depth - 1];
}

/* ---- operands and operators ---- */

/* What an operator makes of the values at its sides. */
static enum redan_status fold(struct redan_jinja_reader *r, struct redan_jinja_frame *f)
{
    struct redan_jinja_value v = {0};

    if (!f->have)
        return REDAN_OK;
    if (!f->have_acc) {
        f->acc = f->cur;
        f->summed = false;
    } else {
        bool sum = f->op == '+' || f->op == '~';
        if (f->op == '*' && f->summed && f->tail.constant && f->cur.numeric) {
            f->tail = redan_jinja_repeat(&r->pool, &f->tail, f->cur.number);
            v = redan_jinja_concat(&r->pool, &f->base, &f->tail);
        } else if (sum) {
            f->base = f->acc;
            f->tail = f->cur;
            v = redan_jinja_concat(&r->pool, &f->acc, &f->cur);
        } else if (f->op == '%' && f->acc.constant)
            v = redan_jinja_percent(&r->pool, &f->acc, &f->cur);
        else if (f->op == '*' && !f->summed && f->acc.constant && f->cur.numeric)
            v = redan_jinja_repeat(&r->pool, &f->acc, f->cur.number);
        if (f->op == '*' && f->cur.numeric) {
            struct redan_jinja_event event = {
                .kind = REDAN_JINJA_REPEAT, .number = f->cur.number, .offset = r->at};
            if (f->acc.constant || f->acc.list)
                REDAN_TRY(redan_jinja_say(r, &event));
            if (f->acc.numeric) {
                v.numeric = !__builtin_mul_overflow(f->acc.number, f->cur.number, &v.number);
                if (!v.numeric) {
                    v.numeric = true;
                    v.number = UINT64_MAX;
                }
            }
        }
        if (f->op == '^' && f->acc.numeric && f->cur.numeric) { /* ** */
            v.numeric = true;
            v.number = 1;
            for (uint64_t i = 0; i < f->cur.number && i < 64; i++) {
                if (__builtin_mul_overflow(v.number, f->acc.number, &v.number))
                    v.number = UINT64_MAX;
            }
        }
        f->summed = sum || (f->op == '*' && f->summed);
        v.hidden = f->acc.hidden || f->cur.hidden;
        if (f->op == '?' || f->op == 'o') { /* one or the other */
            bool left = f->acc.constant || f->acc.root.len;
            bool hidden = v.hidden;
            v = left ? f->acc : f->cur;
            v.partial |= left && f->cur.constant;
            v.hidden = hidden;
        }
        f->acc = v;
        if (v.built)
            REDAN_TRY(redan_jinja_say_constant(r, &v));
    }
    f->have_acc = true;
    f->have = false;
    return REDAN_OK;
}

static enum redan_status operand(struct redan_jinja_reader *r, const struct redan_jinja_value *v)
{
    struct redan_jinja_frame *f = top(r);

    if (f->have) { /* texts side by side are one; anything else is a slip that is passed over */
        if (f->cur.constant && v->constant) {
            f->cur = redan_jinja_concat(&r->pool, &f->cur, v);
            return redan_jinja_say_constant(r, &f->cur);
        }
        f->op = ' ';
        REDAN_TRY(fold(r, f));
    }
    f->cur = *v;
    f->have = true;
    return REDAN_OK;
}

static enum redan_status operate(struct redan_jinja_reader *r, char op)
{
    struct redan_jinja_frame *f = top(r);

    if (!f->have) {
        f->minus = op == '-';
        return REDAN_OK;
    }
    REDAN_TRY(fold(r, f));
    f->op = op;
    return REDAN_OK;
}

/* The value of what stands between two commas. */
static enum redan_status settle(struct redan_jinja_reader *r, struct redan_jinja_frame *f,
                                struct redan_jinja_value *v)
{
    bool had = f->have_acc || f->have;

    REDAN_TRY(fold(r, f));
    *v = had ? f->acc : (struct redan_jinja_value){0};
    f->have_acc = false;
    f->op = 0;
    f->minus = false;
    return REDAN_OK;
}

static enum redan_status push(struct redan_jinja_reader *r, char kind,
                              const struct redan_jinja_value *of)
{
    if (r->depth == REDAN_JINJA_DEPTH) { /* Jinja gives up earlier */
        r->unclosed = REDAN_JINJA_UNCLOSED + 1;
        return redan_jinja_say_broken(r, "brackets nested too deep");
    }
    struct redan_jinja_frame *f = &r->frames[r->depth++];
    *f = (struct redan_jinja_frame){.kind = kind, .single = true};
    if (of)
        f->of = *of;
    f->list.list = true;
    f->list.constant = true;
    return REDAN_OK;
}

static char digits_of(uint64_t number, char out[24], size_t *len)
{
    size_t n = 24;

    do
        out[--n] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    *len = 24 - n;
    return out[n];
}

/* An item is over: it joins the list. */
static enum redan_status item(struct redan_jinja_reader *r)
{
    struct redan_jinja_frame *f = top(r);
    bool had = f->have_acc || f->have;
    struct redan_jinja_value v = {0};
    struct redan_jinja_value end;
    char digits[24];
    char separator = REDAN_JINJA_SEPARATOR;

    REDAN_TRY(settle(r, f, &v));
    if (!had)
        return REDAN_OK;
    if (v.constant && f->first.len == 0)
        f->first = v.text;
    if (v.numeric && !v.constant) {
        size_t len = 0;
        (void)digits_of(v.number, digits, &len);
        v = redan_jinja_made(&r->pool, (struct redan_slice){digits + 24 - len, len},
                             (struct redan_slice){0});
    }
    if (f->kind == 'c' && f->keyword.len && redan_slice_is(f->of.last, "dict")) {
        v = (struct redan_jinja_value){.text = f->keyword, .constant = true};
    } else if (f->kind == 'f' && redan_slice_is(f->keyword, "attribute") && v.constant) {
        struct redan_jinja_value of = f->of;
        REDAN_TRY(redan_jinja_path(r, &of, v.text, REDAN_JINJA_FILTER));
    }
    f->keyword = (struct redan_slice){0};
    f->list.hidden |= v.hidden;
    if (f->count++ < 256) {
        end = (struct redan_jinja_value){.text = {&separator, 1}, .constant = true};
        end = redan_jinja_concat(&r->pool, &v, &end);
        bool partial = f->list.partial || !v.constant || v.partial;
        struct redan_jinja_value list = redan_jinja_concat(&r->pool, &f->list, &end);
        list.hidden |= f->list.hidden;
        f->list = list;
        f->list.constant = true;
        f->list.list = true;
        f->list.partial = partial;
    }
    return REDAN_OK;
}

/* |name or |name(...) of a value. */
static enum redan_status filter(struct redan_jinja_reader *r, struct redan_slice name,
                                struct redan_jinja_value *v, const struct redan_jinja_frame *args)
{
    static const char *const by_name[] = {"map",  "selectattr", "rejectattr", "groupby", "sum",
                                          "sort", "unique",     "min",        "max",     NULL};
    struct redan_jinja_value none = {.list = true, .constant = true};
    const struct redan_jinja_value *items = args ? &args->list : &none;
    struct redan_slice first = {0};
    struct redan_jinja_value got;

    bool known = redan_jinja_item(items, 0, &first);
    if (redan_slice_is(name, "attr")) {
        struct redan_jinja_value attr = {.text = first, .constant = known && first.len};
        attr.partial = items->partial;
        attr.built = items->built && items->partial;
        return redan_jinja_element(r, v, &attr, REDAN_JINJA_FILTER);
    }
    if (redan_slice_is(name, "map") && redan_slice_is(first, "attr")) {
        struct redan_jinja_value attr = {.constant = true, .partial = items->partial};
        if (redan_jinja_item(items, 1, &attr.text))
            REDAN_TRY(redan_jinja_element(r, v, &attr, REDAN_JINJA_FILTER));
    } else if (redan_slice_among(by_name, name) && known && !redan_slice_is(name, "map")) {
        struct redan_jinja_value of = *v;
        REDAN_TRY(redan_jinja_path(r, &of, first, REDAN_JINJA_FILTER));
    }
    if (redan_slice_is(name, "format") && v->constant && args)
        got = redan_jinja_percent(&r->pool, v, items);
    else
        got = redan_jinja_apply(&r->pool, name, v, items);
    if (got.built)
        REDAN_TRY(redan_jinja_say_constant(r, &got));
    got.hidden |= v->hidden || items->hidden;
    if (!got.constant) {
        got.root = v->root;
        got.free = v->free;
    }
    *v = got;
    return REDAN_OK;
}

static enum redan_status call(struct redan_jinja_reader *r, const struct redan_jinja_frame *f,
                              struct redan_jinja_value *v)
{
    struct redan_jinja_event event = {.kind = REDAN_JINJA_CALL,
                                      .text = f->of.last,
                                      .root = f->of.root,
                                      .args = f->first,
                                      .offset = r->at,
                                      .free = f->of.free,
                                      .constant = f->of.constant,
                                      .partial = f->of.computed,
                                      .hidden = f->of.hidden};
    struct redan_slice number = {0};
    struct redan_slice second = {0};

    *v = (struct redan_jinja_value){.root = f->of.root,
                                    .last = f->of.last,
                                    .free = f->of.free,
                                    .hidden = f->of.hidden || f->list.hidden};
    REDAN_TRY(redan_jinja_say(r, &event));
    bool bare = redan_slice_eq(f->of.root, f->of.last);
    if (bare && redan_slice_is(f->of.last, "range")) {
        struct redan_jinja_event loop = {.kind = REDAN_JINJA_REPEAT, .offset = r->at};
        for (size_t i = 0; i < 2 && redan_jinja_item(&f->list, i, &number); i++) {
            uint64_t n = 0;
            if (redan_slice_u64(number, &n) && n > loop.number)
                loop.number = n;
        }
        return redan_jinja_say(r, &loop);
    }
    if (bare && redan_slice_is(f->of.last, "getattr") && redan_jinja_item(&f->list, 1, &second))
        return redan_jinja_attribute(r, v, second, REDAN_JINJA_GETATTR);
    if (bare && redan_slice_is(f->of.last, "dict")) {
        *v = f->list;
        return REDAN_OK;
    }
    if (bare && redan_slice_is(f->of.last, "chr") && redan_jinja_item(&f->list, 0, &number)) {
        struct redan_jinja_value c = {.text = REDAN_S("%c"), .constant = true};
        *v = redan_jinja_percent(&r->pool, &c, &f->list);
        return REDAN_OK;
    }
    if (!f->of.constant) /* a method of something unknown */
        return REDAN_OK;
    if (redan_slice_is(f->of.last, "format") || redan_slice_is(f->of.last, "format_map")) {
        REDAN_TRY(redan_jinja_fields(r, f->of.text));
        *v = redan_jinja_braces(&r->pool, &f->of, &f->list);
    } else if (redan_slice_is(f->of.last, "join")) {
        struct redan_jinja_value list = {.list = true, .constant = true};
        struct redan_jinja_value with = {.list = true, .constant = true};
        char separator = REDAN_JINJA_SEPARATOR;
        list.text = f->list.text; /* the only item is itself a list, with one separator more */
        list.partial = f->list.partial;
        if (list.text.len)
            list.text.len--;
        with = redan_jinja_made(&r->pool, f->of.text, (struct redan_slice){&separator, 1});
        *v = redan_jinja_apply(&r->pool, REDAN_S("join"), &list, &with);
    } else {
        *v = redan_jinja_apply(&r->pool, f->of.last, &f->of, &f->list);
    }
    v->hidden |= f->of.hidden || f->list.hidden;
    return v->built ? redan_jinja_say_constant(r, v) : REDAN_OK;
}

static enum redan_status subscript(struct redan_jinja_reader *r, const struct redan_jinja_frame *f,
                                   const struct redan_jinja_value *index,
                                   struct redan_jinja_value *v)
{
    *v = f->of;
    if (f->colon || index->numeric) {
        struct redan_jinja_value got =
            redan_jinja_slice(&r->pool, &f->of, f->number, f->set, f->negative, f->colon);
        got.hidden |= f->of.hidden;
        if (!got.constant) {
            got.root = f->of.root;
            got.free = f->of.free;
            got.last = f->of.last;
        }
        *v = got;
        return got.built ? redan_jinja_say_constant(r, &got) : REDAN_OK;
    }
    return redan_jinja_element(r, v, index, REDAN_JINJA_SUBSCRIPT);
}

/* One of the three parts of a subscript is over. */
static enum redan_status subscript_part(struct redan_jinja_reader *r, struct redan_jinja_value *v)
{
    struct redan_jinja_frame *f = top(r);
    bool minus = f->minus;

    REDAN_TRY(settle(r, f, v));
    if (v->numeric && f->part < 3) {
        f->number[f->part] = v->number;
        f->set |= 1U << f->part;
        f->negative |= (unsigned)minus << f->part;
    }
    f->part++;
    return REDAN_OK;
}

/* A bracket closes: what it and what is before it come to. */
static enum redan_status close(struct redan_jinja_reader *r)
{
    struct redan_jinja_value v = {0};
    struct redan_jinja_frame *f = top(r);

    if (r->depth == 1) /* of no bracket */
        return redan_jinja_say_broken(r, "a bracket that closes nothing");
    if (f->kind == 's') {
        REDAN_TRY(subscript_part(r, &v));
        struct redan_jinja_value index = v;
        REDAN_TRY(subscript(r, f, &index, &v));
    } else {
        if (f->kind == '(' && f->single) {
            REDAN_TRY(settle(r, f, &v));
        } else {
            REDAN_TRY(item(r));
            v = f->list;
        }
        if (f->kind == 'c') {
            REDAN_TRY(call(r, f, &v));
        } else if (f->kind == 'f') {
            v = f->of;
            struct redan_slice name = f->of.last;
            REDAN_TRY(filter(r, name, &v, f));
        }
    }
    r->depth--;
    struct redan_jinja_frame *outer = top(r);
    outer->cur = v;
    outer->have = true;
    return REDAN_OK;
}

static enum redan_status name(struct redan_jinja_reader *r, struct redan_slice text)
{
    struct redan_jinja_value v = {.root = text, .last = text};
    const struct redan_jinja_bound *b = redan_jinja_find(r, text);
    struct redan_jinja_event event = {
        .kind = REDAN_JINJA_NAME, .text = text, .root = text, .offset = r->at};

    if ((top(r)->kind == 'c' || top(r)->kind == 'f') && redan_jinja_next_is(r, '=')) {
        top(r)->keyword = text;
        return REDAN_OK;
    }
    if (b) {
        v = b->value;
        if (v.root.len == 0)
            v.root = text;
        v.last = text;
        return operand(r, &v);
    }
    v.free = true;
    event.free = true;
    event.called = redan_jinja_next_is(r, '(');
    REDAN_TRY(redan_jinja_say(r, &event));
    return operand(r, &v);
}

/* The words of expressions; false for any other name. */
static enum redan_status keyword(struct redan_jinja_reader *r, struct redan_slice text, bool *yes)
{
    static const char *const others[] = {"not",     "recursive", "with",     "without",
                                         "context", "ignore",    "missing",  "import",
                                         "as",      "scoped",    "required", NULL};
    static const char *const constants[] = {"true", "false", "none", "True", "False", "None", NULL};

    *yes = true;
    if (redan_slice_among(constants, text)) {
        struct redan_jinja_value v = {0};
        return operand(r, &v);
    }
    if (redan_slice_is(text, "if") || redan_slice_is(text, "else"))
        return operate(r, '?');
    if (redan_slice_is(text, "or"))
        return operate(r, 'o');
    if (redan_slice_is(text, "in") && top(r)->have && top(r)->cur.constant)
        r->saw_literal |= top(r)->cur.text.len >= 3;
    if (redan_slice_is(text, "and") || redan_slice_is(text, "in") || redan_slice_is(text, "is"))
        return operate(r, text.at[0] == 'i' && text.at[1] == 's' ? 'i' : ' ');
    *yes = redan_slice_among(others, text);
    return REDAN_OK;
}

struct redan_jinja_token redan_jinja_next(struct redan_jinja_reader *r)
{
    return redan_jinja_token_next(r->text, &r->at, &r->open, r->statement, &r->pool);
}

/* x.name, which a statement may have set. */
static enum redan_status dot(struct redan_jinja_reader *r, struct redan_jinja_value *v,
                             struct redan_slice text)
{
    const struct redan_jinja_bound *b = NULL;

    if (r->dotted && v->root.len && redan_slice_eq(v->root, v->last)) {
        size_t back = r->pool.len;
        struct redan_jinja_value head = redan_jinja_made(&r->pool, v->root, REDAN_S("."));
        struct redan_jinja_value whole = redan_jinja_made(&r->pool, head.text, text);
        b = redan_jinja_find(r, whole.text);
        r->pool.len = back;
    }
    REDAN_TRY(redan_jinja_attribute(r, v, text, REDAN_JINJA_DOT));
    if (b) {
        *v = b->value;
        v->last = text;
    }
    return REDAN_OK;
}

/* After "." or "|": a name, or names with dots for a filter. */
static enum redan_status after_dot(struct redan_jinja_reader *r, char mark)
{
    struct redan_jinja_frame *f = top(r);
    size_t back = r->at;
    size_t open = r->open;
    struct redan_jinja_token token = redan_jinja_next(r);

    if (token.kind != REDAN_JINJA_T_NAME) {
        if (token.kind != REDAN_JINJA_T_NUMBER) {
            r->at = back;
            r->open = open;
        }
        return REDAN_OK;
    }
    if (mark == '.')
        return dot(r, &f->cur, token.text);
    if (!redan_jinja_next_is(r, '('))
        return filter(r, token.text, &f->cur, NULL);
    (void)redan_jinja_next(r);
    struct redan_jinja_value of = f->cur;
    of.last = token.text;
    f->have = false;
    return push(r, 'f', &of);
}

static enum redan_status punct(struct redan_jinja_reader *r, struct redan_slice text)
{
    struct redan_jinja_frame *f = top(r);
    char c = text.at[0];
    struct redan_jinja_value v = {0};

    if (text.len == 2)
        return operate(r, c == '*' ? '^' : ' ');
    switch (c) {
    case '.':
    case '|':
        return f->have ? after_dot(r, c) : REDAN_OK;
    case '(':
    case '[':
        if (!f->have)
            return push(r, c, NULL);
        v = f->cur;
        f->have = false;
        return push(r, c == '(' ? 'c' : 's', &v);
    case '{':
        return push(r, '{', NULL);
    case ')':
    case ']':
    case '}':
        return close(r);
    case ',':
        f->single = false;
        return f->kind == 's' ? subscript_part(r, &v) : item(r);
    case ':':
        f->colon = true;
        if (f->kind == 's')
            return subscript_part(r, &v);
        return f->kind == '{' ? item(r) : REDAN_OK;
    case '=':
        return REDAN_OK;
    default:
        return operate(r, c);
    }
}

static enum redan_status token_step(struct redan_jinja_reader *r,
                                    const struct redan_jinja_token *token)
{
    struct redan_jinja_value v = {0};
    bool yes = false;

    switch (token->kind) {
    case REDAN_JINJA_T_TEXT:
        v.text = token->text;
        v.constant = true;
        v.partial = token->unknown;
        REDAN_TRY(redan_jinja_say_constant(r, &v));
        return operand(r, &v);
    case REDAN_JINJA_T_NUMBER:
        v.numeric = true;
        v.number = token->number;
        return operand(r, &v);
    case REDAN_JINJA_T_NAME:
        if (top(r)->op == 'i' && !top(r)->have) { /* the name of a test */
            if (redan_slice_is(token->text, "not"))
                return REDAN_OK;
            return operand(r, &v);
        }
        REDAN_TRY(keyword(r, token->text, &yes));
        return yes ? REDAN_OK : name(r, token->text);
    case REDAN_JINJA_T_PUNCT:
        return punct(r, token->text);
    case REDAN_JINJA_T_END:
    case REDAN_JINJA_T_BAD:
        break;
    }
    return REDAN_OK;
}

/* An expression up to the end of its block. */
enum redan_status redan_jinja_expression(struct redan_jinja_reader *r,
                                         struct redan_jinja_value *value)
{
    static const char *const after_file[] = {"import", "as", "with", "without", "ignore", NULL};
    bool skip = false;

    r->depth = 0;
    r->open = 0;
    REDAN_TRY(push(r, 't', NULL));
    for (;;) {
        size_t from = r->at;
        struct redan_jinja_token token = redan_jinja_next(r);
        if (token.kind == REDAN_JINJA_T_END)
            break;
        if (r->loading && r->depth == 1 && token.kind == REDAN_JINJA_T_NAME &&
            redan_slice_among(after_file, token.text))
            skip = true;
        if (skip)
            continue;
        if (token.kind == REDAN_JINJA_T_BAD) {
            bool quote = r->text.at[token.offset] == '"' || r->text.at[token.offset] == '\'';
            r->unclosed += quote;
            r->at = quote ? token.offset + 1 : r->at;
            REDAN_TRY(
                redan_jinja_say_broken(r, quote ? "a text without its end" : "an odd character"));
            if (r->unclosed > REDAN_JINJA_UNCLOSED)
                break;
            continue;
        }
        REDAN_TRY(token_step(r, &token));
        if (r->at == from)
            r->at++;
        if (r->unclosed > REDAN_JINJA_UNCLOSED)
            break;
    }
    while (r->depth > 1) /* brackets that did not close */
        REDAN_TRY(close(r));
    return settle(r, top(r), value);
}
