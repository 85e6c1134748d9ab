/* LightGBM's text model: a head of key=value lines, one block for each tree, and the parameters. LightGBM gbdt_model_text.cpp, tree.cpp. */
#include <string.h>

#include "format/format_table.h"
#include "format/peek.h"

enum { KEY = 48, SHOWN = 4096 };

static const char *const defects[] = {"tree-arrays", "tree-index", NULL};

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    return redan_slice_starts(probe->head, REDAN_S("tree\nversion=")) ||
                   redan_slice_starts(probe->head, REDAN_S("tree\r\nversion="))
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

/* What a line of numbers must hold in a tree of n leaves. */
enum shape { FREE, SPLITS, LEAVES, CHILDREN, FEATURES, COUNT, TEXTUAL };

static const struct {
    const char *key;
    enum shape shape;
} keys[] = {
    {"Tree", COUNT},
    {"num_leaves", COUNT},
    {"num_cat", COUNT},
    {"max_feature_idx", COUNT},
    {"split_feature", FEATURES},
    {"split_gain", SPLITS},
    {"threshold", SPLITS},
    {"decision_type", SPLITS},
    {"left_child", CHILDREN},
    {"right_child", CHILDREN},
    {"leaf_value", LEAVES},
    {"leaf_weight", LEAVES},
    {"leaf_count", LEAVES},
    {"internal_value", SPLITS},
    {"internal_weight", SPLITS},
    {"internal_count", SPLITS},
    {"cat_boundaries", FREE},
    {"cat_threshold", FREE},
    {"leaf_features", FREE},
    {"leaf_coeff", FREE},
    {"leaf_const", FREE},
    {"num_features", FREE},
    {"tree_sizes", FREE},
    {"num_class", COUNT},
    {"version", COUNT},
    {"label_index", COUNT},
    {"num_tree_per_iteration", COUNT},
    {"is_linear", COUNT},
    {"shrinkage", COUNT},
};

struct walk {
    struct redan_ctx *ctx;
    const struct redan_listener *to;
    uint64_t leaves;   /* of this tree */
    uint64_t features; /* the highest index of one */
    bool features_known;
    bool tree; /* within one */
    bool arrays_told;
    bool index_told;
    /* the line */
    uint64_t at;
    char key[KEY];
    size_t key_len;
    bool keyed; /* '=' was seen */
    enum shape shape;
    char shown[SHOWN];
    size_t shown_len;
    uint64_t elements;
    bool between; /* elements */
    bool negative;
    bool whole; /* digits so far */
    uint64_t number;
};

static enum redan_status wrong(struct walk *w, const char *what, bool *told)
{
    if (*told)
        return REDAN_OK;
    *told = true;
    return redan_tell_defect(w->to, what, w->at, (struct redan_slice){w->key, w->key_len});
}

/* A child is a node below the number of splits, or ~leaf; a feature is one of those that the head counts. An index beyond reads out of bounds. */
static enum redan_status end_element(struct walk *w)
{
    bool beyond = false;

    if (w->between)
        return REDAN_OK;
    w->between = true;
    w->elements++;
    if (!w->whole)
        return REDAN_OK;
    if (w->shape == CHILDREN)
        beyond = w->negative ? w->number == 0 || w->number > w->leaves
                             : w->leaves < 2 || w->number >= w->leaves - 1;
    else if (w->shape == FEATURES)
        beyond = w->negative || (w->features_known && w->number > w->features);
    return beyond ? wrong(w, "tree-index", &w->index_told) : REDAN_OK;
}

static enum redan_status digit(struct walk *w, char c)
{
    if (c == ' ' || c == '\r')
        return end_element(w);
    if (w->between) {
        w->between = false;
        w->number = 0;
        w->negative = c == '-';
        w->whole = true;
        if (w->negative)
            return REDAN_OK;
    }
    if (c < '0' || c > '9') {
        w->whole = false;
        return REDAN_OK;
    }
    if (w->number < UINT32_MAX)
        w->number = w->number * 10 + (uint64_t)(c - '0');
    return REDAN_OK;
}

static enum shape shape_of(struct redan_slice key)
{
    for (size_t i = 0; i < REDAN_COUNT(keys); i++) {
        if (redan_slice_is(key, keys[i].key))
            return keys[i].shape;
    }
    return TEXTUAL;
}

static void begin(struct walk *w, uint64_t at)
{
    w->at = at;
    w->key_len = w->shown_len = 0;
    w->keyed = false;
    w->shape = TEXTUAL;
    w->elements = 0;
    w->between = true;
}

static enum redan_status end_number(struct walk *w)
{
    struct redan_slice key = {w->key, w->key_len};
    uint64_t n = 0;
    bool ok = redan_slice_u64(redan_slice_trim((struct redan_slice){w->shown, w->shown_len}), &n);

    if (redan_slice_is(key, "Tree")) {
        w->tree = true;
        w->leaves = 0;
    } else if (redan_slice_is(key, "num_leaves") && w->tree) {
        w->leaves = ok ? n : 0;
        if (!ok || n == 0 || n > INT32_MAX)
            return wrong(w, "tree-arrays", &w->arrays_told);
    } else if (redan_slice_is(key, "max_feature_idx") && !w->tree) {
        w->features = n;
        w->features_known = ok;
    }
    return REDAN_OK;
}

static enum redan_status tell_text(struct walk *w)
{
    struct redan_slice key = {w->key, w->key_len};

    if (w->shown_len == 0)
        return REDAN_OK;
    return redan_tell(w->to, &(struct redan_fact){.kind = REDAN_FACT_TEXT,
                                                  .offset = w->at,
                                                  .name = w->keyed ? key : REDAN_S("line"),
                                                  .text = {w->shown, w->shown_len}});
}

static enum redan_status end_line(struct walk *w)
{
    struct redan_slice shown = {w->shown, w->shown_len};
    bool numbers = w->shape != TEXTUAL && w->shape != COUNT;

    if (numbers)
        REDAN_TRY(end_element(w));
    switch (w->shape) {
    case COUNT:
        return end_number(w);
    case SPLITS:
    case CHILDREN:
    case FEATURES: /* shorter arrays are read past their end */
        return w->tree && w->leaves > 1 && w->elements < w->leaves - 1
                   ? wrong(w, "tree-arrays", &w->arrays_told)
                   : REDAN_OK;
    case LEAVES:
        return w->tree && w->elements && w->elements < w->leaves
                   ? wrong(w, "tree-arrays", &w->arrays_told)
                   : REDAN_OK;
    case FREE:
        return REDAN_OK;
    case TEXTUAL:
        break;
    }
    if (!w->keyed && redan_slice_is(shown, "end of trees"))
        w->tree = false;
    return tell_text(w);
}

/* Bytes of a line's value: counted as numbers, or kept as text. */
static enum redan_status take(struct walk *w, struct redan_slice bytes)
{
    bool numbers = w->shape != TEXTUAL && w->shape != COUNT;

    if (numbers) {
        for (size_t i = 0; i < bytes.len; i++)
            REDAN_TRY(digit(w, bytes.at[i]));
        return REDAN_OK;
    }
    while (bytes.len) {
        size_t kept = redan_min_size(bytes.len, SHOWN - w->shown_len);

        memcpy(w->shown + w->shown_len, bytes.at, kept);
        w->shown_len += kept;
        bytes = redan_slice_sub(bytes, kept, bytes.len);
        if (bytes.len) { /* a long line is told in pieces */
            REDAN_TRY(tell_text(w));
            w->shown_len = 0;
        }
    }
    return REDAN_OK;
}

/* A piece of a line: its key first, then the value. */
static enum redan_status piece(struct walk *w, struct redan_slice bytes)
{
    if (!w->keyed && w->shown_len == 0) {
        const char *equals = bytes.len ? memchr(bytes.at, '=', bytes.len) : NULL;
        size_t len = equals ? (size_t)(equals - bytes.at) : bytes.len;
        if (equals && w->key_len + len < KEY) {
            memcpy(w->key + w->key_len, bytes.at, len);
            w->key_len += len;
            w->keyed = true;
            w->shape = shape_of((struct redan_slice){w->key, w->key_len});
            bytes = redan_slice_sub(bytes, len + 1, bytes.len);
        }
    }
    return take(w, bytes);
}

static enum redan_status walk(struct walk *w, struct redan_source *source)
{
    uint64_t at = 0;

    begin(w, 0);
    for (;;) {
        struct redan_slice view = {0};

        REDAN_TRY(redan_source_view(w->ctx, source, at, 65536, &view));
        if (view.len == 0)
            return end_line(w);
        for (size_t from = 0; from < view.len;) {
            const char *end = memchr(view.at + from, '\n', view.len - from);
            size_t to = end ? (size_t)(end - view.at) : view.len;
            REDAN_TRY(piece(w, redan_slice_sub(view, from, to - from)));
            if (end) {
                REDAN_TRY(end_line(w));
                begin(w, at + to + 1);
            }
            from = to + 1;
        }
        at += view.len;
    }
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct walk *w = redan_take(ctx, sizeof(*w));

    (void)name;
    if (!w)
        return REDAN_E_MEMORY;
    w->ctx = ctx;
    w->to = to;
    return walk(w, source);
}

static const char *const extensions[] = {".lightgbm", ".lgb", NULL};

const struct redan_format redan_format_lightgbm = {.name = "lightgbm",
                                                   .title = "a LightGBM model",
                                                   .extensions = extensions,
                                                   .sniff = sniff,
                                                   .read = read,
                                                   .defects = defects,
                                                   .layered = true};
