/* XGBoost's binary model of before UBJSON: parameters, objective, trees as arrays, and attributes. dmlc/xgboost 1.x, learner.cc and tree_model.h. */
#include <string.h>

#include "format/format_table.h"
#include "format/peek.h"

enum {
    LEARNER = 136, /* LearnerModelParamLegacy */
    GBTREE = 160,  /* GBTreeModelParam */
    TREE = 148,    /* TreeParam */
    NODE = 20,     /* RegTree::Node */
    STAT = 16,     /* RTreeNodeStat */
    NAME = 64,
    TEXT = 65536,
};

static bool word(struct redan_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= 'a' && c <= 'z') || c == ':' || c == '_' || c == '-' || c == '/'))
            return false;
    }
    return s.len > 1;
}

/* Two names with 64-bit lengths behind the parameters: the objective and the booster. */
static size_t names_at(struct redan_slice head, size_t from, struct redan_slice *booster)
{
    static const char *const boosters[] = {"gbtree", "gblinear", "dart", NULL};
    uint64_t n = redan_peek_u64le(head, from + LEARNER);
    size_t at = from + LEARNER + 8;

    if (n == 0 || n > NAME || !word(redan_slice_sub(head, at, (size_t)n)))
        return 0;
    at += (size_t)n;
    n = redan_peek_u64le(head, at);
    if (n > 8)
        return 0;
    *booster = redan_slice_sub(head, at + 8, (size_t)n);
    return redan_slice_among(boosters, *booster) ? at + 8 + (size_t)n : 0;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_slice booster = {0};
    size_t from = redan_slice_starts(probe->head, REDAN_S("binf")) ? 4 : 0;

    return names_at(probe->head, from, &booster) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static struct redan_slice string(struct redan_source_reader *in)
{
    uint64_t n = redan_source_u64le(in);
    struct redan_slice s = redan_source_bytes(in, n < TEXT ? n : TEXT);

    if (!in->failed)
        redan_source_skip(in, n - s.len);
    return s;
}

static void tree(struct redan_source_reader *in)
{
    redan_source_skip(in, 4);
    uint64_t nodes = redan_source_u32le(in);
    redan_source_skip(in, 12);
    uint64_t leaf = redan_source_u32le(in);
    redan_source_skip(in, TREE - 24);
    redan_source_skip(in, nodes * (NODE + STAT));
    if (leaf > 1) { /* since 2.0 it is 1, and no vector follows */
        uint64_t n = redan_source_u64le(in);
        if (n > UINT32_MAX)
            in->failed = true;
        redan_source_skip(in, n * 4);
    }
}

static void trees(struct redan_source_reader *in, bool dart)
{
    uint64_t count = redan_source_u32le(in);

    redan_source_skip(in, GBTREE - 4);
    for (uint64_t i = 0; i < count && !in->failed; i++)
        tree(in);
    redan_source_skip(in, count * 4);
    if (dart && count) {
        uint64_t n = redan_source_u64le(in);
        if (n > UINT32_MAX)
            in->failed = true;
        redan_source_skip(in, n * 4);
    }
}

/* Attributes and what else follows the trees: texts with their lengths. */
static enum redan_status rest(struct redan_ctx *ctx, struct redan_source *source, uint64_t at,
                              const struct redan_listener *to)
{
    return redan_peek_runs(ctx, source, at, source->size, REDAN_S("attributes"), to);
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct redan_source_reader in;
    struct redan_slice head = {0};

    (void)name;
    REDAN_TRY(redan_source_view(ctx, source, 0, 4, &head));
    redan_source_reader_init(&in, ctx, source, redan_slice_is(head, "binf") ? LEARNER + 4 : LEARNER,
                             source->size);
    struct redan_slice objective = string(&in);
    REDAN_TRY(redan_source_ok(&in, "an XGBoost model"));
    REDAN_TRY(redan_tell(to, &(struct redan_fact){.kind = REDAN_FACT_TEXT,
                                                  .name = REDAN_S("objective"),
                                                  .text = objective}));
    struct redan_slice booster = string(&in);
    bool dart = redan_slice_is(booster, "dart");
    uint64_t at = in.pos;
    if (dart || redan_slice_is(booster, "gbtree"))
        trees(&in, dart);
    if (!in.failed)
        return rest(ctx, source, in.pos, to);
    if (in.status != REDAN_OK)
        return redan_source_ok(&in, "an XGBoost model");
    REDAN_TRY(redan_tell_unread(to, REDAN_UNREAD_DAMAGED, at, 0,
                                REDAN_S("the trees do not fit the file")));
    return rest(ctx, source, at, to);
}

const struct redan_format redan_format_xgboost = {
    .name = "xgboost", .title = "an XGBoost model", .sniff = sniff, .read = read};
