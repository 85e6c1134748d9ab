/* Python source without running it: which functions are called, by which names, from where, and what their arguments are made of. */
#include "format/python_reader.h"

#include <string.h>

#include "format/format_table.h"
#include "format/python_call.h"
#include "format/text.h"

enum {
    MOST = 8 << 20, /* bytes of one file that are read */
};

static const char *const extensions[] = {".py", ".pyi", ".pyw", NULL};

static struct redan_python_frame *top(const struct redan_python_reader *r)
{
    return &r->frames[r->depth - 1];
}

/* ---- statements ---- */

static bool over(const struct redan_python_token *token)
{
    return token->kind == REDAN_PY_LINE || token->kind == REDAN_PY_END;
}

static struct redan_slice dotted_name(struct redan_python_reader *r)
{
    struct redan_python_token token = redan_python_take(r);
    struct redan_slice whole = token.text;

    if (token.kind != REDAN_PY_NAME && !redan_python_is(&token, "."))
        return (struct redan_slice){0};
    while (redan_python_peek(r)->kind == REDAN_PY_NAME ||
           redan_python_is(redan_python_peek(r), ".")) {
        if (redan_python_is(redan_python_peek(r), "import") ||
            redan_python_is(redan_python_peek(r), "as"))
            break;
        token = redan_python_take(r);
        whole.len = (size_t)(token.text.at + token.text.len - whole.at);
    }
    return whole;
}

/* import a.b as c, d */
static enum redan_status import(struct redan_python_reader *r)
{
    do {
        struct redan_slice module = dotted_name(r);
        struct redan_slice head = {0};
        struct redan_slice tail = {0};
        struct redan_python_value v = {.dotted = module};
        if (module.len == 0 || module.len > REDAN_PY_MOST_DOTTED)
            return REDAN_OK;
        (void)redan_slice_cut(module, '.', &head, &tail);
        if (redan_python_is(redan_python_peek(r), "as")) {
            (void)redan_python_take(r);
            head = redan_python_take(r).text;
        } else {
            v.dotted = head;
        }
        REDAN_TRY(redan_python_bind(r, head, &v));
        struct redan_fact fact = {.kind = REDAN_FACT_CODE,
                                  .what = "python-import",
                                  .offset = r->lex.at,
                                  .number = redan_python_in_function(r),
                                  .module = module};
        REDAN_TRY(redan_tell(r->to, &fact));
    } while (redan_python_is(redan_python_peek(r), ",") && redan_python_take(r).text.len);
    return REDAN_OK;
}

/* from a import *: the names that matter. */
static enum redan_status all_names(struct redan_python_reader *r, struct redan_slice module)
{
    static const char *const modules[] = {"os", "posix", "subprocess", "pty", "commands", NULL};
    static const char *const names[] = {
        "system", "popen", "execv",      "execvp",       "execve",    "spawnv", "spawnl", "Popen",
        "run",    "call",  "check_call", "check_output", "getoutput", "spawn",  NULL};

    for (size_t i = 0; names[i] && redan_slice_among(modules, module); i++) {
        struct redan_python_value v = {0};
        REDAN_TRY(redan_python_join(r, module, ".", redan_slice_of(names[i]), &v.dotted));
        REDAN_TRY(redan_python_bind(r, redan_slice_of(names[i]), &v));
    }
    return REDAN_OK;
}

/* from a.b import c as d, e */
static enum redan_status from_import(struct redan_python_reader *r)
{
    struct redan_slice module = dotted_name(r);

    if (!redan_python_is(redan_python_peek(r), "import"))
        return REDAN_OK;
    (void)redan_python_take(r);
    struct redan_fact fact = {.kind = REDAN_FACT_CODE,
                              .what = "python-import",
                              .offset = r->lex.at,
                              .number = redan_python_in_function(r),
                              .module = module};
    for (;;) {
        struct redan_python_token token = redan_python_take(r);
        struct redan_python_value v = {0};
        if (redan_python_is(&token, "(") || redan_python_is(&token, ","))
            continue;
        if (redan_python_is(&token, "*"))
            REDAN_TRY(all_names(r, module));
        if (token.kind != REDAN_PY_NAME)
            return REDAN_OK;
        struct redan_slice name = token.text;
        fact.name = name;
        REDAN_TRY(redan_tell(r->to, &fact));
        REDAN_TRY(redan_python_join(r, module, ".", name, &v.dotted));
        if (redan_python_is(redan_python_peek(r), "as")) {
            (void)redan_python_take(r);
            name = redan_python_take(r).text;
        }
        REDAN_TRY(redan_python_bind(r, name, &v));
    }
}

static void enter(struct redan_python_reader *r, uint64_t column, bool function)
{
    if (r->scope_count < REDAN_PY_MOST_SCOPES)
        r->scopes[r->scope_count++] = (struct redan_python_scope){column, function, false};
}

/* `if __name__ == "__main__"`, with other conditions that must hold as well. */
static void guard(struct redan_python_reader *r, const struct redan_python_token *token)
{
    if (redan_python_is(token, "__name__") && redan_python_is(redan_python_peek(r), "=="))
        r->guarded = true;
    else if (redan_python_is(token, "or") || redan_python_is(token, "not"))
        r->guarded = false;
}

/* Behind the colon of a def is what calling it runs. */
static void head_over(struct redan_python_reader *r)
{
    if (r->heading && r->scope_count)
        r->scopes[r->scope_count - 1].function = true;
    r->heading = false;
}

/* The rest of a logical line as one expression; what is assigned or named with "as" is bound. */
static enum redan_status expression(struct redan_python_reader *r, struct redan_slice target,
                                    const struct redan_python_token *first)
{
    struct redan_python_value v = {0};
    bool as = false;
    bool colon = false;

    r->depth = 0;
    REDAN_TRY(redan_python_push(r, 't', NULL));
    if (first)
        REDAN_TRY(redan_python_step(r, first));
    while (!r->stop && !over(redan_python_peek(r))) {
        struct redan_python_token token = redan_python_take(r);
        if (r->depth == 1 && colon &&
            (redan_python_is(&token, "import") || redan_python_is(&token, "from"))) {
            REDAN_TRY(redan_python_is(&token, "import") ? import(r) : from_import(r));
            continue;
        }
        colon = redan_python_is(&token, ":");
        if (colon && r->depth == 1)
            head_over(r);
        guard(r, &token);
        if (r->depth == 1 && redan_python_is(&token, "=")) { /* a = b = value */
            REDAN_TRY(redan_python_settle(r, top(r), &v));
            continue;
        }
        if (r->depth == 1 && redan_python_is(&token, ";")) {
            r->ahead = (struct redan_python_token){.kind = REDAN_PY_LINE, .offset = r->lex.at};
            r->lex.begun = true;
            r->looked = true;
            break;
        }
        if (r->depth == 1 && redan_python_is(&token, "as") &&
            redan_python_peek(r)->kind == REDAN_PY_NAME) {
            REDAN_TRY(redan_python_settle(r, top(r), &v));
            REDAN_TRY(redan_python_bind(r, redan_python_take(r).text, &v));
            as = true;
            continue;
        }
        REDAN_TRY(redan_python_step(r, &token));
    }
    while (r->depth > 1 && !r->stop)
        REDAN_TRY(redan_python_close(r));
    if (!as)
        REDAN_TRY(redan_python_settle(r, &r->frames[0], &v));
    return target.len ? redan_python_bind(r, target, &v) : REDAN_OK;
}

/* Past the head of a def or class, to what its bases, defaults and one-line body do. */
static enum redan_status definition(struct redan_python_reader *r, uint64_t column, bool function)
{
    struct redan_slice name = redan_python_take(r).text;

    size_t had = r->scope_count;
    enter(r, column, false); /* bases and defaults run at once */
    r->heading = function && r->scope_count > had;
    if (function && r->scope_count && redan_slice_starts(name, REDAN_S("__reduce")))
        r->scopes[r->scope_count - 1].reduces = true;
    REDAN_TRY(expression(r, (struct redan_slice){0}, NULL));
    head_over(r);
    return REDAN_OK;
}

static enum redan_status decorator(struct redan_python_reader *r)
{
    struct redan_python_token token = redan_python_take(r);
    struct redan_python_value v = {.begin = token.offset};

    if (token.kind != REDAN_PY_NAME)
        return expression(r, (struct redan_slice){0}, NULL);
    REDAN_TRY(redan_python_lookup(r, token.text, &v));
    while (redan_python_is(redan_python_peek(r), ".")) {
        (void)redan_python_take(r);
        token = redan_python_take(r);
        if (token.kind == REDAN_PY_NAME)
            REDAN_TRY(redan_python_attribute(r, &v, token.text));
    }
    if (v.dotted.len && over(redan_python_peek(r)))
        return redan_python_tell_call(r, v.dotted, v.begin, NULL);
    r->depth = 0; /* what follows is an ordinary call */
    REDAN_TRY(redan_python_push(r, 't', NULL));
    top(r)->cur = v;
    top(r)->have = true;
    while (!r->stop && !over(redan_python_peek(r))) {
        token = redan_python_take(r);
        REDAN_TRY(redan_python_step(r, &token));
    }
    return REDAN_OK;
}

static enum redan_status line(struct redan_python_reader *r, uint64_t column)
{
    struct redan_python_token token = *redan_python_peek(r);

    if (redan_python_is(&token, "async")) {
        (void)redan_python_take(r);
        token = *redan_python_peek(r);
    }
    if (token.kind != REDAN_PY_NAME && !redan_python_is(&token, "@"))
        return expression(r, (struct redan_slice){0}, NULL);
    (void)redan_python_take(r);
    if (redan_python_is(&token, "import"))
        return import(r);
    if (redan_python_is(&token, "from"))
        return from_import(r);
    if (redan_python_is(&token, "def") || redan_python_is(&token, "class"))
        return definition(r, column, redan_python_is(&token, "def"));
    if (redan_python_is(&token, "@"))
        return decorator(r);
    if (redan_python_is(&token, "if")) {
        r->guarded = false;
        REDAN_TRY(expression(r, (struct redan_slice){0}, &token));
        if (r->guarded)
            enter(r, column, true); /* not when it is imported */
        return REDAN_OK;
    }
    if (redan_python_is(redan_python_peek(r), "=") || redan_python_is(redan_python_peek(r), ":=")) {
        (void)redan_python_take(r);
        return expression(r, token.text, NULL);
    }
    return expression(r, (struct redan_slice){0}, &token);
}

static enum redan_status lines(struct redan_python_reader *r)
{
    while (!r->stop) {
        struct redan_python_token token = redan_python_take(r);
        if (token.kind == REDAN_PY_END)
            return REDAN_OK;
        if (token.kind == REDAN_PY_LINE)
            continue;
        uint64_t column = token.number;
        if (token.kind == REDAN_PY_INDENT) {
            while (r->scope_count && r->scopes[r->scope_count - 1].column >= column)
                r->scope_count--;
        } else {
            column = UINT64_MAX; /* after a semicolon */
            r->ahead = token;
            r->looked = true;
        }
        if (redan_python_peek(r)->kind == REDAN_PY_END)
            return REDAN_OK;
        struct redan_arena_mark mark = redan_arena_mark(&r->ctx->arena);
        r->bound = false;
        REDAN_TRY(line(r, column));
        if (!r->bound) /* nothing that was made for this line is needed any more */
            redan_arena_reset(&r->ctx->arena, mark);
    }
    return REDAN_OK;
}

/* Expressions that stood in texts, one by one. */
static enum redan_status pieces(struct redan_python_reader *r)
{
    for (size_t i = 0; i < r->piece_count; i++) {
        struct redan_slice whole = r->text;
        struct redan_slice piece = r->pieces[i];
        size_t end = (size_t)(piece.at - whole.at) + piece.len;
        r->lex = (struct redan_python_lex){.text = redan_slice_sub(whole, 0, end),
                                           .at = (size_t)(piece.at - whole.at),
                                           .begun = true};
        r->looked = false;
        r->stop = false;
        r->scope_count = 0;
        if (r->piece_deep[i])
            enter(r, 0, true);
        REDAN_TRY(expression(r, (struct redan_slice){0}, NULL));
    }
    return REDAN_OK;
}

static void reader_done(struct redan_python_reader *r)
{
    redan_mem_give(&r->ctx->mem, r->frames,
                   r->frames ? REDAN_PY_MOST_DEPTH * sizeof(*r->frames) : 0);
    redan_mem_give(&r->ctx->mem, r->names, r->names ? REDAN_PY_MOST_NAMES * sizeof(*r->names) : 0);
}

/* PEP 263: a coding named in the first two lines, by which the source says something else than its bytes show. */
static enum redan_status other_alphabet(struct redan_python_reader *r)
{
    static const char *const plain[] = {
        "utf",   "UTF",   "latin", "Latin", "ascii", "ASCII", "us-asc", "iso-88",      "ISO-88",
        "iso88", "cp125", "gb",    "GB",    "euc",   "EUC",   "koi8",   "windows-125", NULL};
    struct redan_slice rest = r->text, first = {0}, head = {0};

    for (size_t i = 0; i < 2; i++) {
        (void)redan_slice_cut(rest, '\n', &first, &rest);
        const char *p = first.len && redan_slice_starts(redan_slice_trim(first), REDAN_S("#"))
                            ? memmem(first.at, first.len, "coding", 6)
                            : NULL;
        if (!p)
            continue;
        head = redan_slice_sub(first, (size_t)(p - first.at) + 6, first.len);
        if (head.len < 2 || (head.at[0] != ':' && head.at[0] != '='))
            continue;
        head = redan_slice_trim(redan_slice_sub(head, 1, head.len));
        bool seven = head.len >= 4 && memchr(head.at, '7', redan_min_size(head.len, 5));
        for (size_t k = 0; plain[k] && !seven; k++) {
            if (redan_slice_starts(head, redan_slice_of(plain[k])))
                return REDAN_OK;
        }
        return redan_tell_unread(r->to, REDAN_UNREAD_UNSUPPORTED, 0, r->text.len,
                                 redan_slice_sub(first, 0, 80));
    }
    return REDAN_OK;
}

static bool torchscript(struct redan_slice name, struct redan_slice text)
{
    struct redan_slice head = redan_slice_sub(text, 0, 4096);

    return memmem(name.at, name.len, "code/__torch__", 14) != NULL ||
           (head.len && memmem(head.at, head.len, "self: __torch__.", 16) != NULL);
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct redan_python_reader r REDAN_DEFER(reader_done) = {.ctx = ctx, .to = to};

    REDAN_TRY(redan_text_template(ctx, source, name, to, false));
    REDAN_TRY(redan_source_whole(ctx, source, MOST, &r.text));
    if (redan_slice_starts(r.text, REDAN_S("\xef\xbb\xbf")))
        r.text = redan_slice_sub(r.text, 3, SIZE_MAX);
    REDAN_TRY(other_alphabet(&r));
    r.lex.text = r.text;
    r.script = torchscript(name, r.text);
    r.frames = redan_mem_take(&ctx->mem, REDAN_PY_MOST_DEPTH * sizeof(*r.frames));
    r.names = redan_mem_take(&ctx->mem, REDAN_PY_MOST_NAMES * sizeof(*r.names));
    if (!r.frames || !r.names)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory to read Python");
    REDAN_TRY(lines(&r));
    if (r.stop)
        REDAN_TRY(redan_tell_unread(to, REDAN_UNREAD_DAMAGED, r.lex.at, r.text.len - r.lex.at,
                                    REDAN_S("brackets nested too deep for Python")));
    size_t len = r.text.len;
    REDAN_TRY(pieces(&r));
    return r.lost ? redan_tell_unread(to, REDAN_UNREAD_BUDGET, 0, len,
                                      REDAN_S("more names or texts than are kept"))
                  : REDAN_OK;
}

/* ---- recognising ---- */

static bool identifier(struct redan_slice *rest)
{
    size_t len = 0;

    while (len < rest->len && (((rest->at[len] | 0x20) >= 'a' && (rest->at[len] | 0x20) <= 'z') ||
                               rest->at[len] == '_' || rest->at[len] == '.' ||
                               (len && rest->at[len] >= '0' && rest->at[len] <= '9')))
        len++;
    *rest = redan_slice_sub(*rest, len, SIZE_MAX);
    return len > 0;
}

static bool take(struct redan_slice *rest, const char *word)
{
    if (!redan_slice_starts(*rest, redan_slice_of(word)))
        return false;
    *rest = redan_slice_sub(*rest, strlen(word), SIZE_MAX);
    return true;
}

/* A line that no prose has: "import a", "from a import b", "def f(", "class C:" or "class C(". */
static bool python_line(struct redan_slice line)
{
    line = redan_slice_trim(line);
    if (take(&line, "import ")) {
        do {
            if (!identifier(&line))
                return false;
            if (take(&line, " as ") && !identifier(&line))
                return false;
        } while (take(&line, ", ") || take(&line, ","));
        return line.len == 0 || line.at[0] == ';' || redan_slice_starts(line, REDAN_S("  #"));
    }
    if (take(&line, "from "))
        return identifier(&line) && take(&line, " import ") &&
               (redan_slice_starts(line, REDAN_S("(")) || redan_slice_starts(line, REDAN_S("*")) ||
                identifier(&line));
    if (take(&line, "def ") || take(&line, "async def "))
        return identifier(&line) && redan_slice_starts(line, REDAN_S("("));
    if (take(&line, "class "))
        return identifier(&line) && line.len && (line.at[0] == ':' || line.at[0] == '(');
    return redan_slice_starts(line, REDAN_S("if __name__ ==")) ||
           redan_slice_starts(line, REDAN_S("exec(")) ||
           redan_slice_starts(line, REDAN_S("eval(")) ||
           redan_slice_starts(line, REDAN_S("__import__("));
}

/* Past a text in three quotes that begins with `line`; false when it is none or does not end here. */
static bool docstring(struct redan_slice line, struct redan_slice *rest)
{
    struct redan_slice marks = REDAN_S("\"\"\"");
    const char *end = NULL;

    if (!redan_slice_starts(line, marks))
        return false;
    if (line.len >= 6 && redan_slice_ends(line, marks))
        return true;
    end = rest->len ? memmem(rest->at, rest->len, marks.at, marks.len) : NULL;
    if (!end)
        return false;
    *rest = redan_slice_sub(*rest, (size_t)(end - rest->at) + 3, SIZE_MAX);
    return true;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_slice rest = probe->head;
    static const char *const others[] = {".md",  ".rst",  ".csv", ".html", ".jinja", ".j2",
                                         ".tex", ".yaml", ".yml", ".json", NULL};

    if (rest.len == 0 || !redan_text_like(rest))
        return REDAN_SNIFF_NO;
    for (size_t i = 0; extensions[i]; i++) {
        if (redan_text_ends(probe->name, extensions[i]))
            return REDAN_SNIFF_MAYBE;
    }
    for (size_t i = 0; others[i]; i++) {
        if (redan_text_ends(probe->name, others[i]))
            return REDAN_SNIFF_NO;
    }
    while (rest.len) { /* the first line that is neither blank nor comment decides */
        struct redan_slice head = {0};
        struct redan_slice tail = {0};
        (void)redan_slice_cut(rest, '\n', &head, &tail);
        rest = tail;
        head = redan_slice_trim(head);
        if (head.len == 0 || head.at[0] == '#')
            continue;
        if (head.at[0] == '"' && !docstring(head, &rest))
            return REDAN_SNIFF_NO;
        if (head.at[0] == '"')
            continue;
        return python_line(head) ? REDAN_SNIFF_MAYBE : REDAN_SNIFF_NO;
    }
    return REDAN_SNIFF_NO;
}

const struct redan_format redan_format_python = {
    .name = "python",
    .title = "Python source",
    .extensions = extensions,
    .sniff = sniff,
    .read = read,
    .layered = true,
};
