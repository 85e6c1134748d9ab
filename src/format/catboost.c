/* CatBoost's binary model: "CBM1", the size of a flatbuffer, and the tables that it names. catboost/libs/model/flatbuffers/model.fbs. */
#include "format/format_table.h"
#include "format/peek.h"

enum {
    MODEL_TREES = 6, /* places in the vtable of TModelCore */
    INFO_MAP = 8,
    KEY = 4, /* of TKeyValue */
    VALUE = 6,
    PAIRS = 4096,
    TEXT = 65536,
};

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    return probe->head.len >= 8 && redan_slice_starts(probe->head, REDAN_S("CBM1"))
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

/* The flatbuffer: every place is relative to its start in the file, and must lie within. */
struct core {
    struct redan_ctx *ctx;
    struct redan_source *source;
    uint64_t size;
    bool bad;
    enum redan_status status;
};

static uint32_t at(struct core *core, uint64_t place, unsigned bytes)
{
    struct redan_slice view = {0};

    if (core->bad || place > core->size || core->size - place < bytes) {
        core->bad = true;
        return 0;
    }
    core->status = redan_source_view(core->ctx, core->source, 8 + place, bytes, &view);
    if (core->status != REDAN_OK || view.len < bytes) {
        core->bad = true;
        return 0;
    }
    return bytes == 2 ? redan_peek_u16le(view, 0) : redan_peek_u32le(view, 0);
}

/* Where a field of a table is, or 0 when it has none. */
static uint64_t field(struct core *core, uint64_t table, unsigned slot)
{
    int64_t vtable = (int64_t)table - (int32_t)at(core, table, 4);

    if (vtable < 0 || at(core, (uint64_t)vtable, 2) < slot + 2u)
        return 0;
    uint64_t place = at(core, (uint64_t)vtable + slot, 2);
    return core->bad || place == 0 ? 0 : table + place;
}

static uint64_t follow(struct core *core, uint64_t place)
{
    return place ? place + at(core, place, 4) : 0;
}

static struct redan_slice string(struct core *core, uint64_t place, char *copy, size_t most)
{
    struct redan_slice view = {"", 0};
    uint64_t start = follow(core, place);
    uint64_t len = start ? at(core, start, 4) : 0;

    if (core->bad || len == 0)
        return view;
    if (len > core->size - start - 4) {
        core->bad = true;
        return view;
    }
    if (len > most)
        len = most;
    core->status = redan_source_view(core->ctx, core->source, 8 + start + 4, (size_t)len, &view);
    if (core->status != REDAN_OK)
        return (struct redan_slice){"", 0};
    for (size_t i = 0; copy && i < view.len; i++)
        copy[i] = view.at[i];
    return copy ? (struct redan_slice){copy, view.len} : view;
}

static enum redan_status pairs(struct core *core, const struct redan_listener *to)
{
    char key[64];
    uint64_t root = at(core, 0, 4);
    uint64_t list = follow(core, field(core, root, INFO_MAP));
    uint64_t count = list ? at(core, list, 4) : 0;

    for (uint64_t i = 0; i < count && !core->bad; i++) {
        if (i == PAIRS)
            return redan_tell_unread(to, REDAN_UNREAD_BUDGET, 8 + list, 0,
                                     REDAN_S("too many properties"));
        uint64_t pair = follow(core, list + 4 + i * 4);
        struct redan_slice name = string(core, field(core, pair, KEY), key, sizeof(key));
        struct redan_slice text = string(core, field(core, pair, VALUE), NULL, TEXT);
        if (!core->bad && text.len)
            REDAN_TRY(redan_tell(
                to, &(struct redan_fact){
                        .kind = REDAN_FACT_TEXT, .offset = 8 + pair, .name = name, .text = text}));
    }
    if (!core->bad && field(core, root, MODEL_TREES) == 0)
        core->bad = true; /* a model without trees is none */
    return core->status;
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct core core = {.ctx = ctx, .source = source};
    struct redan_slice head = {0};

    (void)name;
    REDAN_TRY(redan_source_view(ctx, source, 0, 8, &head));
    core.size = redan_peek_u32le(head, 4);
    REDAN_TRY(pairs(&core, to));
    if (core.bad)
        REDAN_TRY(redan_tell_unread(to, REDAN_UNREAD_DAMAGED, 8, core.size,
                                    REDAN_S("the model's flatbuffer does not fit")));
    /* trees are numbers and names of features; tables of counters follow: whatever text is there is told */
    return redan_peek_runs(ctx, source, 8, source->size, REDAN_S("text"), to);
}

static const char *const extensions[] = {".cbm", NULL};

const struct redan_format redan_format_catboost = {.name = "catboost",
                                                   .title = "a CatBoost model",
                                                   .extensions = extensions,
                                                   .sniff = sniff,
                                                   .read = read};
