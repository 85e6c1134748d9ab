/* What ships although it is not proved, oldest first; and what ends when. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "threat/verdict_parts.h"

enum { TEXT_MAX = 256 };

/* In the order in which they are counted. */
static const struct {
    const char *kind;
    const char *counted; /* "2 excluded" */
    const char *ends;
} kinds[] = {
    {"planned", "planned", "due:"},
    {"accepted", "accepted", "acceptance ends:"},
    {"lowered", "lowered", "lowered severity ends:"},
    {"excluded", "excluded", "exclusion ends:"},
    {"exception", "excepted", "exception ends:"},
    {"narrowed", "narrowed", "narrowed profile ends:"},
    {"not-applicable", "not applicable", "not-applicable ends:"},
};

static size_t kind_of(const struct redan_waiver *w)
{
    size_t i = 0;

    while (i + 1 < REDAN_COUNT(kinds) && strcmp(kinds[i].kind, w->kind) != 0)
        i++;
    return i;
}

/* Whether nothing is wrong with a threat: its group says so. */
static bool holds(const struct redan_verdict *v, struct redan_slice id)
{
    for (size_t g = 0; g < v->group_count; g++) {
        for (size_t i = 0; i < v->groups[g].count; i++) {
            if (redan_slice_eq(v->groups[g].items[i].id, id))
                return v->groups[g].items[i].level <= REDAN_LEVEL_WARN;
        }
    }
    return false;
}

/* A plan is a waiver from the day on which it was made. */
static enum redan_status add_plans(struct redan_check *check, const struct redan_verdict *v)
{
    const struct redan_system *s = check->system;
    const struct redan_threat *threats = s->model.threats.items;

    for (size_t i = 0; i < s->model.threats.count; i++) {
        const struct redan_resolution *r = threats[i].resolution;
        struct redan_waiver w = {.kind = "planned",
                                 .about = threats[i].id,
                                 .owner = r->owner,
                                 .reason = r->ticket,
                                 .until = r->due};
        uint64_t redates = 0;
        if (r->kind != REDAN_RESOLUTION_PLANNED)
            continue;
        redan_history_plan(&s->history, &s->model, &threats[i], &w.since, &redates);
        w.in_force = holds(v, threats[i].id);
        REDAN_TRY(redan_check_waiver(check, &w));
    }
    return REDAN_OK;
}

/* Oldest first; what nobody has signed yet has no age and comes last. */
static int by_age(const void *a, const void *b)
{
    const struct redan_waiver *x = a;
    const struct redan_waiver *y = b;
    int order = (x->since == 0) - (y->since == 0);

    if (order == 0)
        order = (x->since > y->since) - (x->since < y->since);
    if (order == 0)
        order = (kind_of(x) > kind_of(y)) - (kind_of(x) < kind_of(y));
    return order != 0 ? order : redan_slice_cmp(x->about, y->about);
}

static enum redan_status count(struct redan_ctx *ctx, const struct redan_verdict *v,
                               struct redan_slice *text)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    size_t counts[REDAN_COUNT(kinds)] = {0};

    redan_buf_init(&out, ctx, TEXT_MAX);
    for (size_t i = 0; i < v->waiver_count; i++)
        counts[kind_of(&v->waiver[i])]++;
    for (size_t i = 0; i < REDAN_COUNT(kinds); i++) {
        if (counts[i] > 0)
            redan_buf_printf(&out, "%s%zu %s", out.len ? ", " : "", counts[i], kinds[i].counted);
    }
    if (out.len == 0)
        redan_buf_text(&out, "none");
    REDAN_TRY(redan_buf_ok(ctx, &out, "the waivers"));
    return redan_copy(ctx, redan_buf_view(&out), text);
}

enum redan_status redan_verdict_waivers(struct redan_check *check, struct redan_verdict *v)
{
    REDAN_TRY(add_plans(check, v));
    v->waiver = check->waivers;
    v->waiver_count = check->waiver_count;
    if (v->waiver_count > 1)
        qsort(v->waiver, v->waiver_count, sizeof(*v->waiver), by_age);
    return count(check->ctx, v, &v->waivers);
}

/* A deadline before its text is made. */
struct due {
    int64_t at;
    const char *what;
    struct redan_slice id;
    const struct redan_waiver *plan; /* NULL where it is none */
};

struct dues {
    struct due *items;
    size_t count;
    int64_t horizon;
};

static int by_time(const void *a, const void *b)
{
    const struct due *x = a;
    const struct due *y = b;
    int order = (x->at > y->at) - (x->at < y->at);

    if (order == 0)
        order = strcmp(x->what, y->what);
    return order != 0 ? order : redan_slice_cmp(x->id, y->id);
}

static void add_due(struct dues *dues, const struct due *due)
{
    if (due->at != 0 && due->at <= dues->horizon)
        dues->items[dues->count++] = *due;
}

static enum redan_status due_text(struct redan_ctx *ctx, const struct due *due,
                                  struct redan_slice *text)
{
    if (!due->plan)
        return redan_format(ctx, text, "%s %.*s", due->what, REDAN_FMT(due->id));
    return redan_format(ctx, text, "%s %.*s (%.*s, %.*s)", due->what, REDAN_FMT(due->id),
                        REDAN_FMT(due->plan->reason), REDAN_FMT(due->plan->owner));
}

enum redan_status redan_verdict_deadlines(const struct redan_check *check, struct redan_verdict *v)
{
    struct redan_ctx *ctx = check->ctx;
    struct dues dues = {.horizon = ctx->now + REDAN_VERDICT_HORIZON};

    dues.items = redan_take_array(ctx, v->waiver_count + check->state_count, sizeof(*dues.items));
    if (!dues.items)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < v->waiver_count; i++) {
        const struct redan_waiver *w = &v->waiver[i];
        bool plan = kind_of(w) == 0;
        add_due(&dues, &(struct due){w->until, kinds[kind_of(w)].ends, w->about, plan ? w : NULL});
    }
    for (size_t i = 0; i < check->state_count; i++) {
        const struct redan_control_state *s = &check->states[i];
        add_due(&dues,
                &(struct due){s->holds ? s->until : 0, "proof goes stale:", s->control->id, NULL});
    }
    if (dues.count > 1)
        qsort(dues.items, dues.count, sizeof(*dues.items), by_time);
    v->deadlines = redan_take_array(ctx, dues.count, sizeof(*v->deadlines));
    if (!v->deadlines)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < dues.count; i++) {
        struct redan_verdict_deadline *d = &v->deadlines[v->deadline_count++];
        d->at = dues.items[i].at;
        REDAN_TRY(due_text(ctx, &dues.items[i], &d->what));
    }
    return REDAN_OK;
}
