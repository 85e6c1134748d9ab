/* Comparators over observed values: equality, bounds, sets and ages. */
#include "record/compare.h"

#include "base/buf.h"
#include "base/clock.h"
#include "record/path.h"

enum op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IN, OP_NONE_OF, OP_INCLUDES, OP_MAX_AGE };

static const struct {
    const char *name;
    enum redan_node_kind takes; /* NUMBER: an ordered bound; LIST; TEXT: a span; NULL: any scalar */
} ops[] = {
    [OP_EQ] = {"==", REDAN_NODE_NULL},
    [OP_NE] = {"!=", REDAN_NODE_NULL},
    [OP_LT] = {"<", REDAN_NODE_NUMBER},
    [OP_LE] = {"<=", REDAN_NODE_NUMBER},
    [OP_GT] = {">", REDAN_NODE_NUMBER},
    [OP_GE] = {">=", REDAN_NODE_NUMBER},
    [OP_IN] = {"in", REDAN_NODE_LIST},
    [OP_NONE_OF] = {"none-of", REDAN_NODE_LIST},
    [OP_INCLUDES] = {"includes", REDAN_NODE_LIST},
    [OP_MAX_AGE] = {"max-age", REDAN_NODE_TEXT},
};

enum { SHOWN = 60 };

struct comparison {
    struct redan_ctx *ctx;
    enum redan_compare_rigour rigour;
    struct redan_slice field;
    struct redan_slice *detail;
    int64_t until; /* when the first age that holds is over; 0 for none */
};

static bool find_op(struct redan_slice name, enum op *op)
{
    for (size_t i = 0; i < REDAN_COUNT(ops); i++) {
        if (redan_slice_is(name, ops[i].name)) {
            *op = (enum op)i;
            return true;
        }
    }
    return false;
}

static bool scalar(const struct redan_node *node)
{
    return node->kind == REDAN_NODE_TEXT || node->kind == REDAN_NODE_NUMBER ||
           node->kind == REDAN_NODE_BOOL;
}

static void lint_op(struct redan_problems *problems, const struct redan_node *entry)
{
    enum op op = OP_EQ;
    double number = 0;
    int64_t span = 0;

    if (!find_op(entry->key, &op)) {
        redan_problem_add(problems, entry, "use one of == != < <= > >= in none-of includes max-age",
                          "unknown comparator \"%.*s\"", REDAN_FMT(entry->key));
        return;
    }
    bool fits = scalar(entry);
    const char *fix = "write a number, a word or true/false";
    if (ops[op].takes == REDAN_NODE_NUMBER) {
        fits = redan_node_number(entry, &number);
        fix = "write a number without quotes";
    } else if (ops[op].takes == REDAN_NODE_LIST) {
        fits = entry->kind == REDAN_NODE_LIST && entry->count > 0;
        for (const struct redan_node *item = entry->first; fits && item; item = item->next)
            fits = scalar(item);
        fix = "write a list of words or numbers, [a, b]";
    } else if (ops[op].takes == REDAN_NODE_TEXT) {
        fits = entry->kind == REDAN_NODE_TEXT && redan_span_parse(entry->text, &span);
        fix = "write a span such as 90d or 24h";
    }
    if (!fits)
        redan_problem_add(problems, entry, fix, "comparator \"%.*s\" cannot take %s",
                          REDAN_FMT(entry->key), redan_node_kind_name(entry->kind));
}

void redan_compare_lint(struct redan_problems *problems, const struct redan_node *expect)
{
    if (expect->kind != REDAN_NODE_MAP || expect->count == 0) {
        redan_problem_add(problems, expect,
                          "write fields and bounds, {success_rate: {\"<=\": 0.1}}",
                          "expect must be a map, found %s", redan_node_kind_name(expect->kind));
        return;
    }
    for (const struct redan_node *field = expect->first; field; field = field->next) {
        if (field->kind == REDAN_NODE_MAP && field->count > 0) {
            for (const struct redan_node *entry = field->first; entry; entry = entry->next)
                lint_op(problems, entry);
            continue;
        }
        bool fits = scalar(field);
        if (field->kind == REDAN_NODE_LIST && field->count > 0) {
            fits = true;
            for (const struct redan_node *item = field->first; fits && item; item = item->next)
                fits = scalar(item);
        }
        if (!fits)
            redan_problem_add(problems, field, "write a value, a list of values, or comparators",
                              "\"%.*s\" expects nothing that can be compared: %s",
                              REDAN_FMT(field->key), redan_node_kind_name(field->kind));
    }
}

static enum redan_status show(struct redan_ctx *ctx, const struct redan_node *node,
                              struct redan_slice *text)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) buf = {0};

    if (scalar(node)) {
        *text = redan_slice_sub(node->text, 0, SHOWN);
        if (node->kind == REDAN_NODE_BOOL)
            *text = node->truth ? REDAN_S("true") : REDAN_S("false");
        return REDAN_OK;
    }
    redan_buf_init(&buf, ctx, 4096);
    redan_buf_char(&buf, node->kind == REDAN_NODE_MAP ? '{' : '[');
    for (const struct redan_node *item = node->first; item && buf.len < SHOWN; item = item->next) {
        redan_buf_slice(&buf, redan_slice_sub(item->kind == REDAN_NODE_TEXT ? item->text
                                              : item->key.len               ? item->key
                                                                            : item->text,
                                              0, 30));
        redan_buf_text(&buf, item->next ? ", " : "");
    }
    redan_buf_char(&buf, node->kind == REDAN_NODE_MAP ? '}' : ']');
    return redan_copy(ctx, redan_buf_view(&buf), text);
}

static enum redan_status refuse(struct comparison *c, const struct redan_node *seen, enum op op,
                                const struct redan_node *bound, bool *holds)
{
    struct redan_slice a = {0};
    struct redan_slice b = {0};

    *holds = false;
    REDAN_TRY(show(c->ctx, seen, &a));
    REDAN_TRY(show(c->ctx, bound, &b));
    return redan_format(c->ctx, c->detail, "%.*s is %.*s, expected %s %.*s", REDAN_FMT(c->field),
                        REDAN_FMT(a), ops[op].name, REDAN_FMT(b));
}

/* Equal as numbers, as truths, or as text; never across: an unquoted 0 is the number, a quoted "0" the text. */
static bool same(const struct redan_node *a, const struct redan_node *b)
{
    double x = 0;
    double y = 0;
    bool t = false;
    bool u = false;
    bool a_number = redan_node_number(a, &x);
    bool a_truth = redan_node_bool(a, &t);

    if (a_number != redan_node_number(b, &y) || a_truth != redan_node_bool(b, &u))
        return false;
    if (a_number)
        return x >= y && x <= y;
    if (a_truth)
        return t == u;
    return a->kind == REDAN_NODE_TEXT && b->kind == REDAN_NODE_TEXT &&
           redan_slice_eq(a->text, b->text);
}

static bool contains(const struct redan_node *list, const struct redan_node *item)
{
    if (list->kind != REDAN_NODE_LIST)
        return same(list, item);
    for (const struct redan_node *entry = list->first; entry; entry = entry->next) {
        if (same(entry, item))
            return true;
    }
    return false;
}

/* Every item of `a` is in `b`. */
static bool within(const struct redan_node *a, const struct redan_node *b)
{
    for (const struct redan_node *item = a->first; item; item = item->next) {
        if (!contains(b, item))
            return false;
    }
    return true;
}

static bool whole(double value)
{
    return value >= -9007199254740992.0 && value <= 9007199254740992.0 &&
           (double)(int64_t)value >= value && (double)(int64_t)value <= value;
}

enum measured { MEASURED, NO_NUMBER, NO_INTERVAL, BAD_INTERVAL };

/* The end of a measurement that counts against a bound: the high end for "at most", the low end for "at least". */
static enum measured worse_end(const struct comparison *c, const struct redan_node *seen,
                               bool upper, double *value)
{
    double low = 0;
    double high = 0;
    bool exact = false;

    if (seen->kind != REDAN_NODE_MAP) {
        if (!redan_node_number(seen, value))
            return NO_NUMBER;
        return c->rigour == REDAN_COMPARE_PLAIN || whole(*value) ? MEASURED : NO_INTERVAL;
    }
    const struct redan_node *point = redan_node_get(seen, "value");
    if (!point || !redan_node_number(point, value))
        return NO_NUMBER;
    const struct redan_node *flag = redan_node_get(seen, "exact");
    if (flag && redan_node_bool(flag, &exact) && exact)
        return MEASURED;
    const struct redan_node *l = redan_node_get(seen, "low");
    const struct redan_node *h = redan_node_get(seen, "high");
    if (!l || !h || !redan_node_number(l, &low) || !redan_node_number(h, &high))
        return NO_INTERVAL;
    if (low > *value || high < *value)
        return BAD_INTERVAL;
    *value = upper ? high : low;
    return MEASURED;
}

static enum redan_status ordered(struct comparison *c, const struct redan_node *seen, enum op op,
                                 const struct redan_node *bound, bool *holds)
{
    double limit = 0;
    double value = 0;
    bool upper = op == OP_LT || op == OP_LE;

    *holds = false;
    if (!redan_node_number(bound, &limit))
        return refuse(c, seen, op, bound, holds);
    switch (worse_end(c, seen, upper, &value)) {
    case NO_NUMBER:
        return refuse(c, seen, op, bound, holds);
    case NO_INTERVAL:
        return redan_format(c->ctx, c->detail,
                            "%.*s has no interval: a bound is held against the confidence limit, "
                            "not the point",
                            REDAN_FMT(c->field));
    case BAD_INTERVAL:
        return redan_format(c->ctx, c->detail, "%.*s lies outside its own interval",
                            REDAN_FMT(c->field));
    case MEASURED:
        break;
    }
    bool ok = op == OP_LT   ? value < limit
              : op == OP_LE ? value <= limit
              : op == OP_GT ? value > limit
                            : value >= limit;
    *holds = ok;
    if (ok)
        return REDAN_OK;
    return redan_format(c->ctx, c->detail, "%.*s is %.6g%s, expected %s %.6g", REDAN_FMT(c->field),
                        value,
                        seen->kind != REDAN_NODE_MAP ? ""
                        : upper                      ? " at the interval's upper end"
                                                     : " at the interval's lower end",
                        ops[op].name, limit);
}

static enum redan_status aged(struct comparison *c, const struct redan_node *seen,
                              const struct redan_node *bound, bool *holds)
{
    int64_t at = 0;
    int64_t span = 0;
    char age[REDAN_TIME_TEXT];

    *holds = false;
    if (seen->kind != REDAN_NODE_TEXT || !redan_time_parse(seen->text, &at) ||
        !redan_span_parse(bound->text, &span))
        return refuse(c, seen, OP_MAX_AGE, bound, holds);
    if (at > c->ctx->now)
        return redan_format(c->ctx, c->detail, "%.*s lies in the future: %.*s", REDAN_FMT(c->field),
                            REDAN_FMT(seen->text));
    if (c->ctx->now - at <= span) {
        if (c->until == 0 || at + span < c->until)
            c->until = at + span;
        *holds = true;
        return REDAN_OK;
    }
    redan_span_text(c->ctx->now - at, age);
    return redan_format(c->ctx, c->detail, "%.*s is %s old, expected at most %.*s",
                        REDAN_FMT(c->field), age, REDAN_FMT(bound->text));
}

static enum redan_status hold(struct comparison *c, const struct redan_node *seen, enum op op,
                              const struct redan_node *bound, bool *holds)
{
    bool ok = false;

    switch (op) {
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
        return ordered(c, seen, op, bound, holds);
    case OP_MAX_AGE:
        return aged(c, seen, bound, holds);
    case OP_EQ:
        ok = same(bound, seen);
        break;
    case OP_NE:
        ok = scalar(seen) && !same(bound, seen);
        break;
    case OP_IN:
        ok = seen->kind == REDAN_NODE_LIST ? within(seen, bound) : contains(bound, seen);
        break;
    case OP_NONE_OF:
        ok = scalar(seen) && !contains(bound, seen);
        if (seen->kind == REDAN_NODE_LIST) {
            ok = true;
            for (const struct redan_node *item = seen->first; ok && item; item = item->next)
                ok = scalar(item) && !contains(bound, item);
        }
        break;
    case OP_INCLUDES:
        ok = seen->kind == REDAN_NODE_LIST && within(bound, seen);
        break;
    }
    *holds = ok;
    return ok ? REDAN_OK : refuse(c, seen, op, bound, holds);
}

static enum redan_status hold_entry(struct comparison *c, const struct redan_node *want,
                                    const struct redan_node *seen, bool *holds)
{
    *holds = true;
    if (want->kind == REDAN_NODE_MAP) {
        for (const struct redan_node *entry = want->first; entry && *holds; entry = entry->next) {
            enum op op = OP_EQ;
            if (!find_op(entry->key, &op)) {
                *holds = false;
                return redan_format(c->ctx, c->detail, "unknown comparator \"%.*s\"",
                                    REDAN_FMT(entry->key));
            }
            REDAN_TRY(hold(c, seen, op, entry, holds));
        }
        return REDAN_OK;
    }
    if (want->kind == REDAN_NODE_LIST) { /* the same set */
        *holds = seen->kind == REDAN_NODE_LIST && within(want, seen) && within(seen, want);
        return *holds ? REDAN_OK : refuse(c, seen, OP_EQ, want, holds);
    }
    return hold(c, seen, OP_EQ, want, holds);
}

static enum redan_status hold_path(struct comparison *c, const struct redan_node *want,
                                   const struct redan_node *observed, bool *holds)
{
    const struct redan_node **found = NULL;
    size_t count = 0;

    REDAN_TRY(redan_path_find(c->ctx, observed, want->key, &found, &count));
    if (count == 0) {
        *holds = false;
        return redan_format(c->ctx, c->detail, "%.*s is not in what was recorded",
                            REDAN_FMT(want->key));
    }
    *holds = true;
    for (size_t i = 0; i < count && *holds; i++)
        REDAN_TRY(hold_entry(c, want, found[i], holds));
    return REDAN_OK;
}

enum redan_status redan_compare(struct redan_ctx *ctx, const struct redan_node *expect,
                                const struct redan_node *observed, enum redan_compare_rigour rigour,
                                bool *holds, struct redan_slice *detail, int64_t *until)
{
    struct comparison c = {.ctx = ctx, .rigour = rigour, .detail = detail};
    bool ok = true;

    for (const struct redan_node *want = expect ? expect->first : NULL; want && ok;
         want = want->next) {
        c.field = want->key;
        if (redan_slice_starts(want->key, REDAN_S("$"))) {
            REDAN_TRY(hold_path(&c, want, observed, &ok));
            continue;
        }
        const struct redan_node *seen = NULL;
        for (const struct redan_node *n = observed->first; n && !seen; n = n->next)
            seen = redan_slice_eq(n->key, want->key) ? n : NULL;
        if (!seen) {
            ok = false;
            REDAN_TRY(redan_format(ctx, detail, "%.*s is not in what was recorded",
                                   REDAN_FMT(want->key)));
        } else {
            REDAN_TRY(hold_entry(&c, want, seen, &ok));
        }
    }
    if (until && c.until != 0 && (*until == 0 || c.until < *until))
        *until = c.until;
    *holds = ok;
    return REDAN_OK;
}
