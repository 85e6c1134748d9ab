/* Walks two canonical trees side by side with an explicit stack, and digests what differs. */
#include "threat/diff.h"

#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "record/canonical_tree.h"
#include "threat/diff_level.h"

const char *const redan_diff_effect_words[] = {"loosened", "changed", "tightened", "words", NULL};
const char *const redan_diff_change_words[] = {"added", "removed", "altered", NULL};

static const struct redan_node nothing = {.kind = REDAN_NODE_MAP};

struct found {
    struct found *next;
    struct redan_diff_entry entry;
    const struct redan_node *before;
    const struct redan_node *after;
};

struct walk {
    struct redan_ctx *ctx;
    struct redan_diff_memo memo;
    enum redan_diff_document document;
    bool strict; /* what is not seen to be tighter is looser */
    size_t base; /* parts above the two trees */
    size_t max;  /* room in the three below */
    struct redan_diff_level *levels;
    struct redan_diff_part *parts;
    const struct redan_node **befores; /* one more than parts */
    const struct redan_node **afters;
    struct found *first;
    struct found **last;
    size_t count;
};

static bool container(const struct redan_node *node)
{
    return node->kind == REDAN_NODE_MAP || node->kind == REDAN_NODE_LIST;
}

static bool same_scalar(const struct redan_node *a, const struct redan_node *b)
{
    double x = 0;
    double y = 0;

    if (a->kind != b->kind)
        return false;
    if (a->kind == REDAN_NODE_BOOL)
        return a->truth == b->truth;
    if (a->kind == REDAN_NODE_NUMBER)
        return redan_node_number(a, &x) && redan_node_number(b, &y) && x >= y && x <= y;
    return redan_slice_eq(a->text, b->text);
}

/* Names that need no quotes stand as they are; others as JSON strings, so that no name can pass for two. */
static bool bare(struct redan_slice name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '\0' || !strchr(letters, name.at[i]))
            return false;
    }
    return name.len > 0;
}

static enum redan_status path_of(const struct walk *walk, size_t count, struct redan_slice *path)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};

    redan_buf_init(&text, walk->ctx, walk->ctx->limits.json);
    for (size_t i = 0; i < count; i++) {
        const struct redan_diff_part *part = &walk->parts[i];
        if (part->item) {
            redan_buf_text(&text, "[]");
            continue;
        }
        redan_buf_text(&text, i ? "." : "");
        if (bare(part->name))
            redan_buf_slice(&text, part->name);
        else
            redan_json_string_add(&text, part->name);
    }
    REDAN_TRY(redan_buf_ok(walk->ctx, &text, "the path of a change"));
    return redan_copy(walk->ctx, redan_buf_view(&text), path);
}

static struct redan_diff_site site_of(struct walk *walk, size_t count)
{
    return (struct redan_diff_site){.ctx = walk->ctx,
                                    .memo = &walk->memo,
                                    .document = walk->document,
                                    .parts = walk->parts,
                                    .befores = walk->befores,
                                    .afters = walk->afters,
                                    .count = count};
}

static void judge_worse(enum redan_diff_effect *worst, enum redan_diff_effect effect)
{
    if (effect < *worst)
        *worst = effect;
}

/* Something that came or went without a rule of its own is as bad as the worst thing in it. */
static enum redan_status judge_inside(struct walk *walk, size_t count, bool removed,
                                      enum redan_diff_effect *effect)
{
    const struct redan_node **chain = removed ? walk->befores : walk->afters;
    const struct redan_node **other = removed ? walk->afters : walk->befores;
    const struct redan_node **next = redan_take_array(walk->ctx, walk->max, sizeof(*next));
    size_t depth = count;

    if (!next)
        return REDAN_E_MEMORY;
    *effect = REDAN_DIFF_WORDS;
    next[depth] = chain[depth]->first;
    if (!next[depth])
        *effect = REDAN_DIFF_CHANGED;
    for (;;) {
        const struct redan_node *node = next[depth];
        if (!node) {
            if (depth == count)
                return REDAN_OK;
            depth--;
            continue;
        }
        if (depth + 1 >= walk->max)
            return redan_fail(walk->ctx, REDAN_E_LIMIT, 0, "nested deeper than %zu",
                              walk->ctx->limits.depth);
        next[depth] = node->next;
        walk->parts[depth] = redan_diff_part_of(chain[depth], node);
        chain[depth + 1] = node;
        other[depth + 1] = NULL;
        struct redan_diff_site site = site_of(walk, depth + 1);
        const struct redan_diff_rule *rule = redan_diff_rule_for(&site);
        enum redan_diff_effect one = REDAN_DIFF_CHANGED;
        if (!rule && container(node) && node->count > 0) {
            next[++depth] = node->first;
            continue;
        }
        if (rule)
            REDAN_TRY(redan_diff_rule_judge(&site, rule, &one));
        judge_worse(effect, one);
    }
}

static enum redan_status judge(struct walk *walk, size_t count, const struct redan_diff_rule *rule,
                               enum redan_diff_effect *effect)
{
    const struct redan_node *before = walk->befores[count];
    const struct redan_node *after = walk->afters[count];
    const struct redan_node *only = !before ? after : !after ? before : NULL;
    struct redan_diff_site site = site_of(walk, count);

    *effect = REDAN_DIFF_CHANGED;
    if (rule)
        REDAN_TRY(redan_diff_rule_judge(&site, rule, effect));
    else if (only && container(only))
        REDAN_TRY(judge_inside(walk, count, only == before, effect));
    if (walk->strict && *effect == REDAN_DIFF_CHANGED)
        *effect = REDAN_DIFF_LOOSENED;
    return REDAN_OK;
}

static unsigned line_of(const struct redan_node *node)
{
    if (!node)
        return 0;
    return node->key_line ? node->key_line : node->line;
}

static enum redan_status add_entry(struct walk *walk, size_t count)
{
    const struct redan_node *before = walk->befores[count];
    const struct redan_node *after = walk->afters[count];
    struct redan_diff_site site = site_of(walk, count);
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct found *found = redan_take(walk->ctx, sizeof(*found));

    if (!found)
        return REDAN_E_MEMORY;
    struct redan_diff_entry *e = &found->entry;
    const struct redan_diff_rule *rule = redan_diff_rule_for(&site);
    found->before = before;
    found->after = after;
    e->change = !before ? REDAN_DIFF_ADDED : !after ? REDAN_DIFF_REMOVED : REDAN_DIFF_ALTERED;
    e->line = line_of(after ? after : before);
    REDAN_TRY(path_of(walk, count, &e->path));
    if (before)
        REDAN_TRY(redan_diff_json(walk->ctx, before, &e->before));
    if (after)
        REDAN_TRY(redan_diff_json(walk->ctx, after, &e->after));
    REDAN_TRY(judge(walk, count, rule, &e->effect));
    redan_buf_init(&text, walk->ctx, walk->ctx->limits.json);
    redan_diff_sentence(&text, &site, rule, e->effect);
    REDAN_TRY(redan_buf_ok(walk->ctx, &text, "the sentence of a change"));
    REDAN_TRY(redan_copy(walk->ctx, redan_buf_view(&text), &e->text));
    *walk->last = found;
    walk->last = &found->next;
    walk->count++;
    return REDAN_OK;
}

/* One pair at a depth: nothing, an entry, or a level to go down to. */
static enum redan_status meet(struct walk *walk, size_t count, bool *deeper)
{
    const struct redan_node *before = walk->befores[count];
    const struct redan_node *after = walk->afters[count];

    *deeper = false;
    if (!before || !after)
        return add_entry(walk, count);
    if (container(before) && before->kind == after->kind) {
        *deeper = true;
        return REDAN_OK;
    }
    return same_scalar(before, after) ? REDAN_OK : add_entry(walk, count);
}

static enum redan_status walk_trees(struct walk *walk)
{
    size_t depth = walk->base;
    bool deeper = false;

    REDAN_TRY(meet(walk, depth, &deeper));
    if (!deeper)
        return REDAN_OK;
    REDAN_TRY(redan_diff_level_make(walk->ctx, walk->befores[depth], walk->afters[depth],
                                    &walk->levels[depth]));
    for (;;) {
        struct redan_diff_level *level = &walk->levels[depth];
        if (level->next == level->count) {
            if (depth == walk->base)
                return REDAN_OK;
            depth--;
            continue;
        }
        const struct redan_diff_pair *pair = &level->pairs[level->next++];
        walk->parts[depth] = pair->part;
        walk->befores[depth + 1] = pair->before;
        walk->afters[depth + 1] = pair->after;
        REDAN_TRY(meet(walk, depth + 1, &deeper));
        if (!deeper)
            continue;
        depth++;
        if (depth + 1 >= walk->max)
            return redan_fail(walk->ctx, REDAN_E_LIMIT, 0, "nested deeper than %zu",
                              walk->ctx->limits.depth);
        REDAN_TRY(redan_diff_level_make(walk->ctx, walk->befores[depth], walk->afters[depth],
                                        &walk->levels[depth]));
    }
}

/* By path, then by what was there, then by what is there now. */
static int by_path(const void *a, const void *b)
{
    const struct found *x = *(const struct found *const *)a;
    const struct found *y = *(const struct found *const *)b;
    int order = redan_slice_cmp(x->entry.path, y->entry.path);

    if (order == 0)
        order = redan_slice_cmp(x->entry.before, y->entry.before);
    return order != 0 ? order : redan_slice_cmp(x->entry.after, y->entry.after);
}

static bool put_node(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                     const struct redan_node *node)
{
    struct redan_node *copy = node ? redan_node_new(ctx, node->kind) : NULL;

    if (!copy)
        return !node;
    *copy = *node;
    copy->key = redan_slice_of(key);
    copy->next = NULL;
    redan_node_add(map, copy);
    return true;
}

/* Of the changes alone, so that a better judge of them leaves what was signed standing. */
static enum redan_status digest(struct redan_ctx *ctx, struct found *const *items, size_t count,
                                struct redan_digest *out)
{
    struct redan_node *list = redan_node_new(ctx, REDAN_NODE_LIST);

    for (size_t i = 0; list && i < count; i++) {
        struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        if (!map || !redan_node_add_text(ctx, map, "path", items[i]->entry.path) ||
            !put_node(ctx, map, "before", items[i]->before) ||
            !put_node(ctx, map, "after", items[i]->after))
            return REDAN_E_MEMORY;
    }
    return list ? redan_tree_digest(ctx, "diff", list, out) : REDAN_E_MEMORY;
}

/* The entries by effect, by path within each. */
static enum redan_status conclude(const struct walk *walk, struct redan_diff *diff)
{
    struct found **items = redan_take_array(walk->ctx, walk->count, sizeof(struct found *));
    struct redan_diff made = {.count = walk->count};
    size_t n = 0;

    made.entries = redan_take_array(walk->ctx, walk->count, sizeof(*made.entries));
    if (!items || !made.entries)
        return REDAN_E_MEMORY;
    for (struct found *f = walk->first; f; f = f->next)
        items[n++] = f;
    qsort(items, n, sizeof(struct found *), by_path);
    REDAN_TRY(digest(walk->ctx, items, n, &made.digest));
    n = 0;
    for (int effect = 0; redan_diff_effect_words[effect]; effect++) {
        for (size_t i = 0; i < walk->count; i++) {
            if ((int)items[i]->entry.effect != effect)
                continue;
            made.entries[n++] = items[i]->entry;
            made.counts[effect]++;
        }
    }
    *diff = made;
    return REDAN_OK;
}

static enum redan_status walk_init(struct walk *walk, struct redan_ctx *ctx,
                                   enum redan_diff_document document, size_t base)
{
    *walk = (struct walk){.ctx = ctx, .document = document, .base = base};
    walk->max = ctx->limits.depth + base + 4;
    walk->last = &walk->first;
    walk->levels = redan_take_array(ctx, walk->max, sizeof(*walk->levels));
    walk->parts = redan_take_array(ctx, walk->max, sizeof(*walk->parts));
    walk->befores = redan_take_array(ctx, walk->max + 1, sizeof(*walk->befores));
    walk->afters = redan_take_array(ctx, walk->max + 1, sizeof(*walk->afters));
    return walk->levels && walk->parts && walk->befores && walk->afters ? REDAN_OK : REDAN_E_MEMORY;
}

/* The canonical tree without one key of its map. */
static enum redan_status canonical(struct redan_problems *problems, const struct redan_node *node,
                                   const char *without, const struct redan_node **tree)
{
    struct redan_node *copy = NULL;
    struct redan_node *left = NULL;

    *tree = &nothing;
    if (!node)
        return REDAN_OK;
    if (node->kind != REDAN_NODE_MAP) {
        REDAN_TRY(redan_canonical_tree(problems, node, &copy));
        *tree = copy;
        return REDAN_OK;
    }
    left = redan_node_new(problems->ctx, REDAN_NODE_MAP);
    if (!left)
        return REDAN_E_MEMORY;
    left->line = node->line;
    for (const struct redan_node *n = node->first; n; n = n->next) {
        if (redan_slice_is(n->key, without))
            continue;
        REDAN_TRY(redan_canonical_tree(problems, n, &copy));
        redan_node_add(left, copy);
    }
    *tree = left;
    return REDAN_OK;
}

static enum redan_status make(struct redan_problems *problems, struct walk *walk,
                              const struct redan_node *before, const struct redan_node *after,
                              const char *without, struct redan_diff *diff)
{
    size_t problems_before = problems->count;

    *diff = (struct redan_diff){0};
    REDAN_TRY(canonical(problems, before, without, &walk->befores[walk->base]));
    REDAN_TRY(canonical(problems, after, without, &walk->afters[walk->base]));
    if (problems->count != problems_before)
        return REDAN_OK;
    REDAN_TRY(walk_trees(walk));
    return conclude(walk, diff);
}

enum redan_status redan_diff_make(struct redan_problems *problems,
                                  enum redan_diff_document document,
                                  const struct redan_node *before, const struct redan_node *after,
                                  struct redan_diff *diff)
{
    struct walk walk;

    REDAN_TRY(walk_init(&walk, problems->ctx, document, 0));
    return make(problems, &walk, before, after,
                document == REDAN_DIFF_THREAT_MODEL ? "annotations" : "", diff);
}

enum redan_status redan_diff_control(struct redan_problems *problems,
                                     const struct redan_node *before,
                                     const struct redan_node *after, struct redan_diff *diff)
{
    struct redan_slice id = redan_node_text(after ? after : before, "id");
    struct walk walk;

    REDAN_TRY(walk_init(&walk, problems->ctx, REDAN_DIFF_ORG, 2));
    walk.strict = true;
    walk.parts[0].name = REDAN_S("controls");
    walk.parts[1].name = id;
    return make(problems, &walk, before, after, "scope", diff);
}
