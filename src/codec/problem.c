/* Collecting what is wrong with a document. */
#include "codec/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "codec/json.h"

enum { PROBLEMS_MAX = 100, MESSAGE_MAX = 4096 };

void redan_problems_init(struct redan_problems *problems, struct redan_ctx *ctx,
                         struct redan_slice file)
{
    *problems = (struct redan_problems){.ctx = ctx, .file = file, .max = PROBLEMS_MAX};
}

struct redan_snippet redan_snippet_of(struct redan_slice text)
{
    struct redan_snippet snippet = {{0}};
    size_t room = sizeof(snippet.text) - sizeof("...");
    size_t len = redan_min_size(text.len, room);

    if (len < text.len) {
        while (len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80)
            len--;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        snippet.text[i] = c < 0x20 || c == 0x7f ? ' ' : text.at[i];
    }
    if (len < text.len)
        memcpy(snippet.text + len, "...", sizeof("..."));
    return snippet;
}

/* A place in the list, or NULL when it is full or memory is refused. */
static struct redan_problem *append(struct redan_problems *problems)
{
    if (problems->count++ >= problems->max)
        return NULL;
    struct redan_problem *problem = redan_take(problems->ctx, sizeof(*problem));
    if (!problem)
        return NULL;
    problem->file = problems->file;
    if (problems->last)
        problems->last->next = problem;
    else
        problems->first = problem;
    problems->last = problem;
    return problem;
}

/* A refusal of memory is in the context, and leaves the problem with less to say. */
static void say(struct redan_problems *problems, struct redan_problem *problem,
                struct redan_slice text, const char *fix)
{
    enum redan_status status = redan_copy(problems->ctx, text, &problem->text);

    if (status == REDAN_OK && fix)
        status = redan_copy(problems->ctx, redan_slice_of(fix), &problem->fix);
    (void)status;
}

REDAN_PRINTF(5, 0)
static void add(struct redan_problems *problems, unsigned line, unsigned column, const char *fix,
                const char *format, va_list args)
{
    char text[MESSAGE_MAX];

    struct redan_problem *problem = append(problems);
    if (!problem)
        return;
    problem->line = line;
    problem->column = column;
    int n = vsnprintf(text, sizeof(text), format, args);
    size_t len = n < 0 ? 0 : redan_min_size((size_t)n, sizeof(text) - 1);
    say(problems, problem, (struct redan_slice){text, len}, fix);
}

static void place(const struct redan_problems *problems, const struct redan_node *at,
                  unsigned *line, unsigned *column)
{
    *line = at ? at->line : 0;
    *column = at ? at->column : 0;
    if (at && at->line == 0 && problems->source.len > 0 && problems->count < problems->max)
        redan_json_place(problems->source, at->offset, line, column);
}

void redan_problem_add(struct redan_problems *problems, const struct redan_node *at,
                       const char *fix, const char *format, ...)
{
    unsigned line = 0;
    unsigned column = 0;
    va_list args;

    place(problems, at, &line, &column);
    va_start(args, format);
    add(problems, line, column, fix, format, args);
    va_end(args);
}

void redan_problem_add_key(struct redan_problems *problems, const struct redan_node *at,
                           const char *fix, const char *format, ...)
{
    unsigned line = at ? at->key_line : 0;
    unsigned column = at ? at->key_column : 0;
    va_list args;

    if (line == 0)
        place(problems, at, &line, &column);
    va_start(args, format);
    add(problems, line, column, fix, format, args);
    va_end(args);
}

/* The last "; " of a text, or NULL. */
static char *fix_of(char *text)
{
    char *found = NULL;

    for (char *hit = strstr(text, "; "); hit; hit = strstr(hit + 1, "; "))
        found = hit;
    return found;
}

void redan_problem_take(struct redan_problems *problems)
{
    struct redan_failure failure = problems->ctx->failure;

    if (failure.status == REDAN_OK)
        return;
    redan_fail_clear(problems->ctx);
    struct redan_problem *problem = append(problems);
    if (!problem)
        return;
    problem->line = failure.line;
    problem->column = failure.column;
    if (failure.line == 0 && problems->source.len > 0)
        redan_json_place(problems->source, (size_t)failure.offset, &problem->line,
                         &problem->column);
    char *fix = fix_of(failure.text);
    if (fix) {
        *fix = '\0';
        fix += 2;
    }
    if (failure.name[0] &&
        redan_copy(problems->ctx, redan_slice_of(failure.name), &problem->file) != REDAN_OK)
        return;
    say(problems, problem, redan_slice_of(failure.text), fix);
}
