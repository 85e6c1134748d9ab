/* A verdict as a tree of schema redan/verdict/1. */
#include "base/clock.h"
#include "record/verdict.h"

struct maker {
    struct redan_ctx *ctx;
    bool failed; /* memory; asked once at the end */
};

static struct redan_node *open(struct maker *m, struct redan_node *parent, const char *key,
                               enum redan_node_kind kind)
{
    struct redan_node *node =
        parent ? redan_node_add_kind(m->ctx, parent, key, kind) : redan_node_new(m->ctx, kind);

    m->failed = m->failed || !node;
    return node;
}

static void text(struct maker *m, struct redan_node *parent, const char *key,
                 struct redan_slice value)
{
    if (!m->failed && value.len && !redan_node_add_text(m->ctx, parent, key, value))
        m->failed = true;
}

static void word(struct maker *m, struct redan_node *parent, const char *key, const char *value)
{
    text(m, parent, key, redan_slice_of(value));
}

static void number(struct maker *m, struct redan_node *parent, const char *key, double value)
{
    if (!m->failed && !redan_node_add_number(m->ctx, parent, key, value))
        m->failed = true;
}

static void time_of(struct maker *m, struct redan_node *parent, const char *key, int64_t value)
{
    char buffer[REDAN_TIME_TEXT];
    struct redan_slice copy = {0};

    redan_time_text(value, buffer);
    m->failed = m->failed || redan_copy(m->ctx, redan_slice_of(buffer), &copy) != REDAN_OK;
    text(m, parent, key, copy);
}

static void finding(struct maker *m, struct redan_node *list, const struct redan_finding *f)
{
    struct redan_node *node = open(m, list, NULL, REDAN_NODE_MAP);

    if (m->failed)
        return;
    word(m, node, "rule", f->rule->id);
    word(m, node, "title", f->rule->title);
    word(m, node, "severity", redan_severity_words[f->rule->severity]);
    word(m, node, "level", redan_level_words[f->level]);
    text(m, node, "subject", f->subject);
    text(m, node, "file", f->file);
    if (f->line) {
        number(m, node, "line", f->line);
        number(m, node, "column", f->column);
    }
    text(m, node, "detail", f->detail);
    text(m, node, "action", f->action);
    struct redan_node *maps = open(m, node, "mappings", REDAN_NODE_LIST);
    for (size_t i = 0; !m->failed && f->rule->mappings && f->rule->mappings[i]; i++)
        word(m, maps, NULL, f->rule->mappings[i]);
}

static void item(struct maker *m, struct redan_node *list, const struct redan_verdict_item *it)
{
    struct redan_node *node = open(m, list, NULL, REDAN_NODE_MAP);

    if (m->failed)
        return;
    text(m, node, "id", it->id);
    text(m, node, "title", it->title);
    text(m, node, "resolution", it->answer);
    text(m, node, "severity", it->severity);
    text(m, node, "grade", it->grade);
    text(m, node, "note", it->note);
    if (!redan_node_add_bool(m->ctx, node, "holds", it->level <= REDAN_LEVEL_WARN))
        m->failed = true;
    struct redan_node *findings = open(m, node, "findings", REDAN_NODE_LIST);
    for (size_t i = 0; !m->failed && i < it->count; i++)
        finding(m, findings, it->findings[i]);
}

static void groups(struct maker *m, struct redan_node *root, const struct redan_verdict *v)
{
    struct redan_node *list = open(m, root, "groups", REDAN_NODE_LIST);

    for (size_t i = 0; !m->failed && i < v->group_count; i++) {
        const struct redan_verdict_group *g = &v->groups[i];
        struct redan_node *node = open(m, list, NULL, REDAN_NODE_MAP);
        if (m->failed)
            return;
        text(m, node, "name", g->name);
        number(m, node, "held", (double)g->held);
        number(m, node, "count", (double)g->count);
        struct redan_node *items = open(m, node, "items", REDAN_NODE_LIST);
        for (size_t k = 0; !m->failed && k < g->count; k++)
            item(m, items, &g->items[k]);
    }
}

static void waivers(struct maker *m, struct redan_node *root, const struct redan_verdict *v)
{
    struct redan_node *list = open(m, root, "waiver", REDAN_NODE_LIST);

    for (size_t i = 0; !m->failed && i < v->waiver_count; i++) {
        const struct redan_waiver *w = &v->waiver[i];
        struct redan_node *node = open(m, list, NULL, REDAN_NODE_MAP);
        if (m->failed)
            return;
        word(m, node, "kind", w->kind);
        text(m, node, "about", w->about);
        text(m, node, "owner", w->owner);
        text(m, node, "reason", w->reason);
        if (w->since)
            time_of(m, node, "since", w->since);
        if (w->until)
            time_of(m, node, "until", w->until);
        if (!m->failed && !redan_node_add_bool(m->ctx, node, "in-force", w->in_force))
            m->failed = true;
    }
}

enum redan_status redan_verdict_tree(struct redan_ctx *ctx, const struct redan_verdict *v,
                                     struct redan_node **tree)
{
    struct maker m = {.ctx = ctx};
    struct redan_node *root = open(&m, NULL, NULL, REDAN_NODE_MAP);

    if (m.failed)
        return REDAN_E_MEMORY;
    word(&m, root, "schema", "redan/verdict/1");
    word(&m, root, "verdict", redan_word_words[v->word]);
    number(&m, root, "exit", redan_word_exit(v->word));
    text(&m, root, "system", v->system);
    text(&m, root, "headline", v->headline);
    text(&m, root, "trust", v->trust);
    text(&m, root, "root", v->root);
    time_of(&m, root, "at", v->at);
    if (!m.failed && !redan_node_add_bool(ctx, root, "simulated", v->simulated))
        m.failed = true;
    text(&m, root, "page", v->page);
    text(&m, root, "waivers", v->waivers);
    text(&m, root, "stride", v->stride);
    groups(&m, root, v);
    waivers(&m, root, v);
    struct redan_node *list = open(&m, root, "deadlines", REDAN_NODE_LIST);
    for (size_t i = 0; !m.failed && i < v->deadline_count; i++) {
        struct redan_node *node = open(&m, list, NULL, REDAN_NODE_MAP);
        if (m.failed)
            break;
        time_of(&m, node, "at", v->deadlines[i].at);
        text(&m, node, "what", v->deadlines[i].what);
    }
    if (v->next)
        text(&m, root, "next", v->next->action);
    if (m.failed)
        return REDAN_E_MEMORY;
    *tree = root;
    return REDAN_OK;
}
