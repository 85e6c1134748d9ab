/* What changed, for people: a sentence for each change, one screen of them, and the tree that --json prints. */
#include "codec/json.h"
#include "threat/diff_rules.h"

#define MODEL (1U << REDAN_DIFF_THREAT_MODEL)
#define ORG (1U << REDAN_DIFF_ORG)
#define KEYS (1U << REDAN_DIFF_KEYS)

/* What stands under an id, by the list it is in. */
static const struct {
    unsigned documents;
    const char *list;
    const char *noun;
} nouns[] = {
    {MODEL, "threats", "threat"},
    {MODEL | ORG, "controls", "control"},
    {MODEL, "excluded", "exclusion of"},
    {MODEL, "exceptions", "exception for"},
    {MODEL, "release", "release"},
    {MODEL, "stages", "stage"},
    {ORG, "probes", "probe"},
    {ORG, "roles", "quorum of"},
    {ORG, "floors", "floor of"},
    {KEYS, "holders", "holder"},
    {KEYS, "keys", "key"},
    {KEYS, "roles", "role"},
    {KEYS, "timestamps", "timestamp authority"},
};

static void add_name(struct redan_buf *out, struct redan_slice name)
{
    redan_buf_text(out, redan_snippet_of(name).text);
}

/* "threat drift"; gives how many parts that took. */
static size_t add_subject(struct redan_buf *out, const struct redan_diff_site *site)
{
    const struct redan_diff_part *parts = site->parts;

    if (site->count < 2 || parts[1].item)
        return 0;
    for (size_t i = 0; i < REDAN_COUNT(nouns); i++) {
        if ((nouns[i].documents & (1U << site->document)) == 0 ||
            !redan_slice_is(parts[0].name, nouns[i].list))
            continue;
        redan_buf_printf(out, "%s ", nouns[i].noun);
        add_name(out, parts[1].name);
        if (site->count < 4 || parts[3].item || !redan_slice_is(parts[2].name, "evidence"))
            return 2;
        redan_buf_char(out, '/'); /* CONTROL/EVIDENCE, as everywhere */
        add_name(out, parts[3].name);
        return 4;
    }
    return 0;
}

/* "interim residual" */
static void add_field(struct redan_buf *out, const struct redan_diff_site *site, size_t from)
{
    size_t last = site->count;

    if (last > from && site->parts[last - 1].item)
        last--;
    if (last > from + 1 && redan_slice_is(site->parts[from].name, "resolution"))
        from++;
    for (size_t i = from; i < last; i++) {
        redan_buf_text(out, i > from ? " " : "");
        if (site->parts[i].item)
            redan_buf_text(out, "item");
        else
            add_name(out, site->parts[i].name);
    }
}

/* A scalar as it stands; a map by its id; false for the rest. */
static bool add_value(struct redan_buf *out, const struct redan_node *node)
{
    struct redan_slice id = redan_node_text(node, "id");

    if (node->kind == REDAN_NODE_BOOL)
        redan_buf_text(out, node->truth ? "true" : "false");
    else if (node->kind == REDAN_NODE_NUMBER || node->kind == REDAN_NODE_TEXT)
        add_name(out, node->text.len ? node->text : REDAN_S("\"\""));
    else if (id.len)
        add_name(out, id);
    else
        return false;
    return true;
}

static bool has_value(const struct redan_node *node)
{
    return node && node->kind != REDAN_NODE_LIST && node->kind != REDAN_NODE_MAP &&
           node->kind != REDAN_NODE_NULL;
}

static const char *verb(enum redan_diff_scale scale, bool rises)
{
    switch (scale) {
    case REDAN_DIFF_DATE:
        return rises ? "moved later" : "moved earlier";
    case REDAN_DIFF_SPAN:
        return rises ? "lengthened" : "shortened";
    case REDAN_DIFF_TRUTH:
        return "changed";
    case REDAN_DIFF_WORD:
    case REDAN_DIFF_NUMBER:
    case REDAN_DIFF_PLAIN:
        break;
    }
    return rises ? "raised" : "lowered";
}

/* " lowered from high to medium" */
static void add_move(struct redan_buf *out, const struct redan_diff_site *site,
                     const struct redan_diff_rule *rule, int order)
{
    const struct redan_node *sides[] = {redan_diff_before(site), redan_diff_after(site)};
    const char *const joints[] = {" from ", " to "};

    redan_buf_printf(out, " %s", order == 0 ? "changed" : verb(rule->scale, order > 0));
    for (int i = 0; i < 2; i++) {
        redan_buf_text(out, joints[i]);
        if (!sides[i])
            redan_buf_printf(out, "%s, which is meant without it", rule->usual);
        else
            (void)add_value(out, sides[i]);
    }
}

static void add_item(struct redan_buf *out, const struct redan_diff_site *site, size_t from)
{
    const struct redan_node *item =
        redan_diff_after(site) ? redan_diff_after(site) : redan_diff_before(site);
    bool added = redan_diff_after(site) != NULL;

    if (!add_value(out, item))
        redan_buf_text(out, "an item");
    redan_buf_text(out, added ? " added to " : " removed from ");
    add_field(out, site, from);
}

static void add_plain(struct redan_buf *out, const struct redan_diff_site *site,
                      enum redan_diff_effect effect)
{
    const struct redan_node *b = redan_diff_before(site);
    const struct redan_node *a = redan_diff_after(site);
    bool prose = effect == REDAN_DIFF_WORDS;

    if (b && a) {
        if (effect == REDAN_DIFF_WORDS) {
            redan_buf_text(out, " reworded");
            return;
        }
        double x = 0;
        double y = 0;
        bool numbers = b->kind == REDAN_NODE_NUMBER && a->kind == REDAN_NODE_NUMBER &&
                       redan_node_number(b, &x) && redan_node_number(a, &y);
        redan_buf_text(out, !numbers ? " changed" : y > x ? " raised" : " lowered");
        if (has_value(b) && has_value(a)) {
            redan_buf_text(out, " from ");
            (void)add_value(out, b);
            redan_buf_text(out, " to ");
            (void)add_value(out, a);
        }
        return;
    }
    redan_buf_text(out, a ? " added" : " removed");
    if (!prose && has_value(a ? a : b)) {
        redan_buf_text(out, a ? ": " : ", it was ");
        (void)add_value(out, a ? a : b);
    }
}

void redan_diff_sentence(struct redan_buf *out, const struct redan_diff_site *site,
                         const struct redan_diff_rule *rule, enum redan_diff_effect effect)
{
    size_t from = add_subject(out, site);
    int order = 0;

    if (site->count == 0) {
        redan_buf_text(out, "the whole document changed");
        return;
    }
    if (from > 0 && from < site->count)
        redan_buf_text(out, ": ");
    if (site->parts[site->count - 1].item) {
        add_item(out, site, from);
        return;
    }
    add_field(out, site, from);
    if (rule && redan_diff_order(site, rule, &order))
        add_move(out, site, rule, order);
    else
        add_plain(out, site, effect);
}

static const char *const marks[] = {"LOOSENED ", "changed  ", "tightened", "words    "};

void redan_diff_text(struct redan_buf *out, const struct redan_diff *diff, bool colour)
{
    if (diff->count == 0) {
        redan_buf_text(out, "no difference\n");
        return;
    }
    redan_buf_printf(out, "%zu loosened, %zu changed, %zu tightened, %zu in words only\n",
                     diff->counts[REDAN_DIFF_LOOSENED], diff->counts[REDAN_DIFF_CHANGED],
                     diff->counts[REDAN_DIFF_TIGHTENED], diff->counts[REDAN_DIFF_WORDS]);
    for (size_t i = 0; i < diff->count; i++) {
        const struct redan_diff_entry *e = &diff->entries[i];
        bool red = colour && e->effect == REDAN_DIFF_LOOSENED;
        redan_buf_printf(out, "  %s%s%s  %.*s", red ? "\x1b[31m" : "", marks[e->effect],
                         red ? "\x1b[0m" : "", REDAN_FMT(e->text));
        if (e->line > 0)
            redan_buf_printf(out, e->change == REDAN_DIFF_REMOVED ? " (was line %u)" : " (line %u)",
                             e->line);
        redan_buf_char(out, '\n');
    }
}

static bool add_json(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                     struct redan_slice json, enum redan_status *status)
{
    const struct redan_node *value = NULL;
    struct redan_node *copy = NULL;

    if (json.len == 0)
        return true;
    *status = redan_json_parse(ctx, json, &value);
    if (*status != REDAN_OK)
        return false;
    copy = redan_node_new(ctx, value->kind);
    if (!copy) {
        *status = REDAN_E_MEMORY;
        return false;
    }
    *copy = *value;
    copy->key = redan_slice_of(key);
    redan_node_add(map, copy);
    return true;
}

static enum redan_status add_change(struct redan_ctx *ctx, const struct redan_diff_entry *e,
                                    struct redan_node *list)
{
    struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
    enum redan_status status = REDAN_E_MEMORY;

    if (!map ||
        !redan_node_add_text(ctx, map, "effect",
                             redan_slice_of(redan_diff_effect_words[e->effect])) ||
        !redan_node_add_text(ctx, map, "change",
                             redan_slice_of(redan_diff_change_words[e->change])) ||
        !redan_node_add_text(ctx, map, "path", e->path) ||
        !redan_node_add_text(ctx, map, "text", e->text) ||
        !add_json(ctx, map, "before", e->before, &status) ||
        !add_json(ctx, map, "after", e->after, &status))
        return status;
    if (e->line > 0 && !redan_node_add_number(ctx, map, "line", e->line))
        return REDAN_E_MEMORY;
    return REDAN_OK;
}

enum redan_status redan_diff_tree(struct redan_ctx *ctx, const struct redan_diff *diff,
                                  struct redan_node **tree)
{
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_slice digest = {0};

    if (!map)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_digest_text(ctx, &diff->digest, &digest));
    struct redan_node *counts = redan_node_add_text(ctx, map, "digest", digest)
                                    ? redan_node_add_kind(ctx, map, "counts", REDAN_NODE_MAP)
                                    : NULL;
    for (int i = 0; counts && redan_diff_effect_words[i]; i++) {
        if (!redan_node_add_number(ctx, counts, redan_diff_effect_words[i],
                                   (double)diff->counts[i]))
            return REDAN_E_MEMORY;
    }
    struct redan_node *changes =
        counts ? redan_node_add_kind(ctx, map, "changes", REDAN_NODE_LIST) : NULL;
    if (!changes)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < diff->count; i++)
        REDAN_TRY(add_change(ctx, &diff->entries[i], changes));
    *tree = map;
    return REDAN_OK;
}
