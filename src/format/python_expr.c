/* Expressions of Python source: an explicit stack of brackets, and what is known of the values in them. */
#include "format/python_reader.h"

#include <string.h>

static struct redan_python_frame *top(const struct redan_python_reader *r)
{
    return &r->frames[r->depth - 1];
}

/* ---- expressions ---- */

static enum redan_status fold(struct redan_python_reader *r, struct redan_python_frame *f)
{
    struct redan_python_value v = {0};

    if (!f->have)
        return REDAN_OK;
    if (!f->have_acc) {
        f->acc = f->cur;
    } else {
        struct redan_python_value a = f->acc;
        struct redan_python_value b = f->cur;
        if (f->op != '+')
            a.constant = b.constant = false;
        REDAN_TRY(redan_python_concat(r, &a, &b, &v));
        if (f->op == 'o' || f->op == '?') { /* one or the other */
            v.dotted = f->acc.dotted.len ? f->acc.dotted : f->cur.dotted;
        }
        f->twisted |= f->op == '^';
        f->acc = v;
    }
    f->have_acc = true;
    f->have = false;
    return REDAN_OK;
}

static enum redan_status operand(struct redan_python_reader *r, const struct redan_python_value *v)
{
    struct redan_python_frame *f = top(r);

    if (f->have && f->cur.constant && v->constant) { /* texts side by side are one */
        struct redan_python_value both = {0};
        REDAN_TRY(redan_python_concat(r, &f->cur, v, &both));
        f->cur = both;
        return REDAN_OK;
    }
    if (f->have) {
        f->op = ' ';
        REDAN_TRY(fold(r, f));
    }
    f->cur = *v;
    f->have = true;
    return REDAN_OK;
}

static enum redan_status operate(struct redan_python_reader *r, char op)
{
    struct redan_python_frame *f = top(r);

    REDAN_TRY(fold(r, f));
    f->op = op;
    return REDAN_OK;
}

enum redan_status redan_python_settle(struct redan_python_reader *r, struct redan_python_frame *f,
                                      struct redan_python_value *v)
{
    bool had = f->have || f->have_acc;

    REDAN_TRY(fold(r, f));
    *v = had ? f->acc : (struct redan_python_value){0};
    f->have_acc = false;
    f->op = 0;
    return REDAN_OK;
}

enum redan_status redan_python_push(struct redan_python_reader *r, char kind,
                                    const struct redan_python_value *of)
{
    if (r->depth == REDAN_PY_MOST_DEPTH) {
        r->stop = true; /* Python does not compile it either */
        return REDAN_OK;
    }
    r->frames[r->depth++] = (struct redan_python_frame){.kind = kind, .all = true};
    if (of)
        top(r)->of = *of;
    return REDAN_OK;
}

/* An item between commas is over. */
static enum redan_status item(struct redan_python_reader *r)
{
    struct redan_python_frame *f = top(r);
    bool had = f->have || f->have_acc;
    struct redan_python_value v = {0};
    char one = 0;

    REDAN_TRY(redan_python_settle(r, f, &v));
    if (!had)
        return REDAN_OK;
    f->decoded |= v.decoded;
    f->fetched |= v.fetched;
    f->twisted |= redan_slice_is(v.dotted, "builtins.chr");
    if (f->keyword.len == 0) {
        if (f->count == 0 && (f->kind == '(' || f->kind == 't'))
            REDAN_TRY(redan_python_tell_reduce(r, &v));
        if (f->count == 0)
            f->first = v;
        else if (f->count == 1)
            f->second = v;
        f->count++;
    }
    f->keyword = (struct redan_slice){0};
    if (v.numeric && v.number < 256 && f->kind != 'c' && f->joined.len < REDAN_PY_MOST_CONSTANT) {
        one = (char)v.number;
        REDAN_TRY(redan_copy(r->ctx, (struct redan_slice){&one, 1}, &v.text));
        v.constant = true;
    }
    f->all &= v.constant;
    if (v.constant && f->joined.len + v.text.len <= REDAN_PY_MOST_CONSTANT) {
        struct redan_python_value a = {.text = f->joined, .constant = true};
        struct redan_python_value b = {.text = v.text, .constant = true};
        struct redan_python_value both = {0};
        if (f->joined.len == 0) {
            f->joined = v.text;
        } else {
            REDAN_TRY(redan_python_concat(r, &a, &b, &both));
            f->joined = both.text;
        }
    }
    return REDAN_OK;
}

static enum redan_status subscript(struct redan_python_reader *r,
                                   const struct redan_python_frame *f,
                                   const struct redan_python_value *key,
                                   struct redan_python_value *v)
{
    struct redan_slice of = f->of.dotted;

    *v = (struct redan_python_value){
        .begin = f->of.begin, .decoded = f->of.decoded, .fetched = f->of.fetched};
    if (f->of.constant && f->count >= 2 && key->numeric && key->number == 1) { /* [::-1] */
        v->constant = true;
        v->text = f->of.text;
        return v->text.len <= REDAN_PY_MOST_CONSTANT ? redan_python_reversed(r, v) : REDAN_OK;
    }
    if (!key->constant || of.len == 0)
        return REDAN_OK;
    if (redan_slice_is(of, "sys.modules"))
        v->dotted = key->text;
    else if (redan_slice_is(of, "globals()"))
        return redan_python_lookup(r, key->text, v);
    else if (redan_slice_is(of, "builtins"))
        return redan_python_join(r, of, ".", key->text, &v->dotted);
    else if (redan_slice_ends(of, REDAN_S(".__dict__")))
        return redan_python_join(r, redan_slice_sub(of, 0, of.len - 9), ".", key->text, &v->dotted);
    return REDAN_OK;
}

enum redan_status redan_python_close(struct redan_python_reader *r)
{
    struct redan_python_frame *f = top(r);
    struct redan_python_value v = {0};

    if (r->depth == 1)
        return REDAN_OK;
    if (f->kind == 's') {
        REDAN_TRY(redan_python_settle(r, f, &v));
        struct redan_python_value key = v;
        REDAN_TRY(subscript(r, f, &key, &v));
    } else {
        REDAN_TRY(item(r));
        if (f->kind == 'c') {
            if (f->of.dotted.len && f->of.dotted.at[0] != '\'')
                REDAN_TRY(redan_python_tell_call(r, f->of.dotted, f->of.begin, f));
            REDAN_TRY(redan_python_result(r, f, &v));
            REDAN_TRY(redan_python_method(r, f, &v));
        } else if (f->kind == '(' && f->count <= 1) {
            v = f->first;
        } else {
            v = (struct redan_python_value){.text = f->joined,
                                            .constant = f->all && f->count > 0,
                                            .decoded = f->decoded,
                                            .fetched = f->fetched};
        }
    }
    bool twisted = f->twisted && f->kind != 'c';
    r->depth--;
    struct redan_python_frame *outer = top(r);
    outer->twisted |= twisted;
    outer->cur = v;
    outer->have = true;
    return REDAN_OK;
}

/* x.name */
enum redan_status redan_python_attribute(struct redan_python_reader *r,
                                         struct redan_python_value *v, struct redan_slice name)
{
    struct redan_slice of = v->dotted;

    if (v->constant && of.len == 0)
        return redan_python_join(r, REDAN_S("''"), ".", name, &v->dotted);
    v->constant = false;
    v->numeric = false;
    if (of.len == 0)
        return REDAN_OK;
    if (of.at[0] == '\'')
        v->dotted = (struct redan_slice){0};
    else
        REDAN_TRY(redan_python_join(r, of, ".", name, &v->dotted));
    return REDAN_OK;
}

/* The expressions in an f-string wait until the line is over. */
static void keep_pieces(struct redan_python_reader *r, struct redan_slice text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.at[i] != '{')
            continue;
        if (text.at[i + 1] == '{') {
            i++;
            continue;
        }
        const char *end = memchr(text.at + i, '}', redan_min_size(text.len - i, 1024));
        r->lost |= !end && text.len - i > 1024;
        if (!end)
            return;
        size_t len = (size_t)(end - text.at) - i - 1;
        bool calls = len > 3 && memchr(text.at + i + 1, '(', len);
        r->lost |= calls && r->piece_count == REDAN_PY_MOST_PIECES;
        if (calls && r->piece_count < REDAN_PY_MOST_PIECES) {
            r->piece_deep[r->piece_count] = redan_python_in_function(r);
            r->pieces[r->piece_count++] = redan_slice_sub(text, i + 1, len);
        }
        i += len;
    }
}

static enum redan_status name_operand(struct redan_python_reader *r,
                                      const struct redan_python_token *token)
{
    struct redan_python_value v = {.begin = token->offset};
    struct redan_python_frame *f = top(r);

    if (f->kind == 'c' && redan_python_is(redan_python_peek(r), "=")) {
        f->keyword = token->text;
        (void)redan_python_take(r);
        if (redan_slice_is(token->text, "shell") && redan_python_is(redan_python_peek(r), "True"))
            f->shell = true;
        return REDAN_OK;
    }
    REDAN_TRY(redan_python_lookup(r, token->text, &v));
    return operand(r, &v);
}

static enum redan_status word(struct redan_python_reader *r, const struct redan_python_token *token)
{
    static const char *const breaks[] = {"and",   "in",    "is",     "not",    "if",       "else",
                                         "for",   "await", "yield",  "return", "del",      "assert",
                                         "raise", "while", "elif",   "with",   "as",       "lambda",
                                         "async", "print", "except", "try",    "finally",  "pass",
                                         "True",  "False", "None",   "global", "nonlocal", NULL};

    if (redan_slice_is(token->text, "or"))
        return operate(r, 'o');
    if (redan_slice_is(token->text, "if") || redan_slice_is(token->text, "else"))
        return operate(r, '?');
    if (redan_slice_among(breaks, token->text))
        return operate(r, ' ');
    return name_operand(r, token);
}

static enum redan_status punct(struct redan_python_reader *r,
                               const struct redan_python_token *token)
{
    struct redan_python_frame *f = top(r);
    char c = token->text.at[0];
    struct redan_python_value v = f->cur;

    if (token->text.len == 2)
        return operate(r, ' ');
    switch (c) {
    case '.':
        if (f->have && redan_python_peek(r)->kind == REDAN_PY_NAME) {
            struct redan_python_token name = redan_python_take(r);
            return redan_python_attribute(r, &f->cur, name.text);
        }
        return REDAN_OK;
    case '(':
    case '[':
        if (!f->have)
            return redan_python_push(r, c, NULL);
        f->have = false;
        return redan_python_push(r, c == '(' ? 'c' : 's', &v);
    case '{':
        return redan_python_push(r, '{', NULL);
    case ')':
    case ']':
    case '}':
        return redan_python_close(r);
    case ',':
        return item(r);
    case ':':
        if (f->kind == 's') {
            f->count++;
            return redan_python_settle(r, f, &v);
        }
        return item(r);
    default:
        return operate(r, c);
    }
}

enum redan_status redan_python_step(struct redan_python_reader *r,
                                    const struct redan_python_token *token)
{
    struct redan_python_value v = {.begin = token->offset};

    switch (token->kind) {
    case REDAN_PY_TEXT:
        REDAN_TRY(redan_python_decode(r, token, &v.text));
        v.constant = !token->format || !memchr(token->text.at, '{', token->text.len);
        if (!v.constant)
            keep_pieces(r, token->text);
        return operand(r, &v);
    case REDAN_PY_NUMBER:
        v.numeric = true;
        v.number = token->number;
        return operand(r, &v);
    case REDAN_PY_NAME:
        return word(r, token);
    case REDAN_PY_PUNCT:
        return punct(r, token);
    case REDAN_PY_END:
    case REDAN_PY_LINE:
    case REDAN_PY_INDENT:
        break;
    }
    return REDAN_OK;
}
