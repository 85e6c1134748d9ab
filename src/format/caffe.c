/* Caffe networks: their layers, and the Python classes that some of them name. */
#include "format/format_table.h"
#include "format/wire.h"

/* src/caffe/proto/caffe.proto */
enum message { NET = 1, LAYER, PYTHON, MESSAGES };

static const struct redan_wire_into in_net[] = {{100, LAYER}, {0, 0}};
static const struct redan_wire_into in_layer[] = {{130, PYTHON}, {0, 0}};
static const struct redan_wire_into *const shapes[MESSAGES] = {[NET] = in_net, [LAYER] = in_layer};

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct redan_wire_walk walk;
    struct redan_wire_field field;
    struct redan_wire_word module = {0};
    struct redan_wire_word class = {0};
    enum redan_wire_step step;

    (void)name;
    redan_wire_walk_init(&walk, ctx, source, 0, REDAN_SOURCE_UNKNOWN, shapes, NET);
    while ((step = redan_wire_step(&walk, &field)) != REDAN_WIRE_END) {
        if (step == REDAN_WIRE_ENTER && walk.message == PYTHON)
            module.len = class.len = 0;
        if (step == REDAN_WIRE_FIELD && walk.message == PYTHON && field.number == 1)
            redan_wire_keep(&walk.wire, &field, &module);
        if (step == REDAN_WIRE_FIELD && walk.message == PYTHON && field.number == 2)
            redan_wire_keep(&walk.wire, &field, &class);
        if (step == REDAN_WIRE_FIELD && walk.message == PYTHON && field.number == 3)
            REDAN_TRY(redan_wire_tell_text(&walk.wire, to, REDAN_S("param_str"), &field));
        if (step == REDAN_WIRE_LEAVE && walk.message == PYTHON)
            REDAN_TRY(redan_tell(to, &(struct redan_fact){.kind = REDAN_FACT_CLASS,
                                                          .what = "caffe-python-layer",
                                                          .offset = field.at,
                                                          .module = redan_wire_word(&module),
                                                          .name = redan_wire_word(&class)}));
    }
    return redan_wire_over(&walk.wire, to, "a Caffe network");
}

/* A layer: its name, its type in letters, the names of what goes in and out. */
static bool is_layer(const struct redan_wire *around, const struct redan_wire_field *at)
{
    struct redan_wire wire;
    struct redan_wire_field field;
    bool named = false;
    bool typed = false;

    redan_wire_init(&wire, around->ctx, around->source, at->offset, at->length);
    for (size_t i = 0; i < 4 && redan_wire_next(&wire, &field); i++) {
        if (!redan_wire_fits("-bbbbfbbbbb*", &field, true))
            return false;
        named = named || field.number == 1;
        struct redan_slice type = {0};
        if (field.number == 2)
            type = redan_wire_text(&wire, &field, 64);
        typed = typed || (type.len && type.at[0] >= 'A' && type.at[0] <= 'Z');
    }
    return named && typed;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_wire wire;
    struct redan_wire_field field;
    size_t layers = 0;

    if (probe->head.len < 8)
        return REDAN_SNIFF_NO;
    redan_wire_init(&wire, probe->ctx, probe->source, 0, REDAN_SOURCE_UNKNOWN);
    for (size_t i = 0; i < 16 && redan_wire_next(&wire, &field); i++) {
        if (field.number > 100 || (field.number > 8 && field.number < 100) ||
            (field.number == 100 && !is_layer(&wire, &field)))
            return REDAN_SNIFF_NO;
        layers += field.number == 100;
    }
    return layers && !wire.fault ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static const char *const extensions[] = {".caffemodel", NULL};
static const char *const defects[] = {REDAN_WIRE_FAULTS, NULL};

const struct redan_format redan_format_caffe = {.name = "caffe",
                                                .title = "Caffe network",
                                                .extensions = extensions,
                                                .sniff = sniff,
                                                .read = read,
                                                .defects = defects};
