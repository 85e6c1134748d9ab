/* Core ML models: layers, classes that the application must bring, linked models, weights outside of the file, metadata. */
#include "format/format_table.h"
#include "format/wire.h"

/* mlmodel/format/Model.proto, NeuralNetwork.proto, MIL.proto */
enum message {
    MODEL = 1,
    DESCRIPTION,
    METADATA,
    ENTRY, /* of userDefined */
    PIPELINE,
    PIPELINE_AROUND, /* PipelineClassifier, PipelineRegressor */
    NETWORK,
    LAYER,
    CUSTOM_LAYER,
    CUSTOM_MODEL,
    PARAMETER, /* of a custom layer or model */
    PARAMETER_VALUE,
    LINKED_MODEL,
    LINKED_FILE,
    LINKED_TEXT,
    PROGRAM,
    FUNCTION_ENTRY,
    FUNCTION,
    BLOCK_ENTRY,
    BLOCK,
    OPERATION,
    MAPPED, /* entry of a map to a value or argument */
    VALUE,
    BLOB,
    MESSAGES
};

static const struct redan_wire_into in_model[] = {{2, DESCRIPTION},
                                                  {200, PIPELINE_AROUND},
                                                  {201, PIPELINE_AROUND},
                                                  {202, PIPELINE},
                                                  {303, NETWORK},
                                                  {403, NETWORK},
                                                  {500, NETWORK},
                                                  {502, PROGRAM},
                                                  {555, CUSTOM_MODEL},
                                                  {556, LINKED_MODEL},
                                                  {0, 0}};
static const struct redan_wire_into in_description[] = {{100, METADATA}, {0, 0}};
static const struct redan_wire_into in_metadata[] = {{100, ENTRY}, {0, 0}};
static const struct redan_wire_into in_pipeline[] = {{1, MODEL}, {0, 0}};
static const struct redan_wire_into around_pipeline[] = {{1, PIPELINE}, {0, 0}};
static const struct redan_wire_into in_network[] = {{1, LAYER}, {0, 0}};
static const struct redan_wire_into in_layer[] = {{500, CUSTOM_LAYER}, {0, 0}};
static const struct redan_wire_into in_custom[] = {{30, PARAMETER}, {0, 0}};
static const struct redan_wire_into in_parameter[] = {{2, PARAMETER_VALUE}, {0, 0}};
static const struct redan_wire_into in_linked[] = {{1, LINKED_FILE}, {0, 0}};
static const struct redan_wire_into in_linked_file[] = {{1, LINKED_TEXT}, {2, LINKED_TEXT}, {0, 0}};
static const struct redan_wire_into in_program[] = {{2, FUNCTION_ENTRY}, {0, 0}};
static const struct redan_wire_into in_function_entry[] = {{2, FUNCTION}, {0, 0}};
static const struct redan_wire_into in_function[] = {{3, BLOCK_ENTRY}, {0, 0}};
static const struct redan_wire_into in_block_entry[] = {{2, BLOCK}, {0, 0}};
static const struct redan_wire_into in_block[] = {{3, OPERATION}, {0, 0}};
static const struct redan_wire_into in_operation[] = {{4, BLOCK}, {5, MAPPED}, {0, 0}};
static const struct redan_wire_into in_mapped[] = {{2, VALUE}, {0, 0}};
static const struct redan_wire_into in_value[] = {{5, BLOB}, {0, 0}};
static const struct redan_wire_into *const shapes[MESSAGES] = {[MODEL] = in_model,
                                                               [DESCRIPTION] = in_description,
                                                               [METADATA] = in_metadata,
                                                               [PIPELINE] = in_pipeline,
                                                               [PIPELINE_AROUND] = around_pipeline,
                                                               [NETWORK] = in_network,
                                                               [LAYER] = in_layer,
                                                               [CUSTOM_LAYER] = in_custom,
                                                               [CUSTOM_MODEL] = in_custom,
                                                               [PARAMETER] = in_parameter,
                                                               [LINKED_MODEL] = in_linked,
                                                               [LINKED_FILE] = in_linked_file,
                                                               [PROGRAM] = in_program,
                                                               [FUNCTION_ENTRY] = in_function_entry,
                                                               [FUNCTION] = in_function,
                                                               [BLOCK_ENTRY] = in_block_entry,
                                                               [BLOCK] = in_block,
                                                               [OPERATION] = in_operation,
                                                               [MAPPED] = in_mapped,
                                                               [VALUE] = in_value};

struct coreml {
    struct redan_wire_walk walk;
    const struct redan_listener *to;
    struct redan_wire_word layer, key;
};

static enum redan_status tell_word(struct coreml *c, enum redan_fact_kind kind, const char *what,
                                   const struct redan_wire_field *field)
{
    struct redan_slice text = redan_wire_text(&c->walk.wire, field, 1024);
    struct redan_fact fact = {.kind = kind, .what = what, .offset = field->at, .name = text};

    if (kind == REDAN_FACT_LINK) {
        fact.name = (struct redan_slice){0};
        fact.text = text;
    } else {
        fact.text = redan_wire_word(&c->layer);
    }
    return text.len ? redan_tell(c->to, &fact) : REDAN_OK;
}

static enum redan_status on_metadata(struct coreml *c, const struct redan_wire_field *field)
{
    static const char *const names[] = {"", "shortDescription", "versionString", "author",
                                        "license"};

    if (field->number == 0 || field->number >= REDAN_COUNT(names))
        return REDAN_OK;
    return redan_wire_tell_text(&c->walk.wire, c->to, redan_slice_of(names[field->number]), field);
}

static enum redan_status on_field(struct coreml *c, const struct redan_wire_field *field)
{
    struct redan_wire *wire = &c->walk.wire;

    switch (c->walk.message) {
    case METADATA:
        return on_metadata(c, field);
    case ENTRY:
    case PARAMETER:
        if (field->number == 1)
            redan_wire_keep(wire, field, &c->key);
        if (field->number == 2)
            return redan_wire_tell_text(wire, c->to, redan_wire_word(&c->key), field);
        return REDAN_OK;
    case PARAMETER_VALUE:
        if (field->number == 20)
            return redan_wire_tell_text(wire, c->to, redan_wire_word(&c->key), field);
        return REDAN_OK;
    case LAYER:
        if (field->number == 1)
            redan_wire_keep(wire, field, &c->layer);
        return REDAN_OK;
    case CUSTOM_LAYER:
        return field->number == 10 ? tell_word(c, REDAN_FACT_CLASS, "coreml-custom-layer", field)
                                   : REDAN_OK;
    case CUSTOM_MODEL:
        return field->number == 1 ? tell_word(c, REDAN_FACT_CLASS, "coreml-custom-model", field)
                                  : REDAN_OK;
    case LINKED_TEXT:
        return field->number == 1 ? tell_word(c, REDAN_FACT_LINK, "coreml-linked-model", field)
                                  : REDAN_OK;
    case OPERATION:
        return field->number == 1 ? tell_word(c, REDAN_FACT_OPERATOR, "coreml", field) : REDAN_OK;
    case BLOB:
        return field->number == 1 ? tell_word(c, REDAN_FACT_LINK, "coreml-weights", field)
                                  : REDAN_OK;
    default:
        return REDAN_OK;
    }
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct coreml *c = redan_take(ctx, sizeof(*c));
    struct redan_wire_field field;
    enum redan_wire_step step;

    (void)name;
    if (!c)
        return REDAN_E_MEMORY;
    c->to = to;
    redan_wire_walk_init(&c->walk, ctx, source, 0, REDAN_SOURCE_UNKNOWN, shapes, MODEL);
    while ((step = redan_wire_step(&c->walk, &field)) != REDAN_WIRE_END) {
        if (step == REDAN_WIRE_FIELD)
            REDAN_TRY(on_field(c, &field));
        else if (step == REDAN_WIRE_ENTER && c->walk.message == LAYER)
            c->layer.len = 0;
        else if (step == REDAN_WIRE_ENTER &&
                 (c->walk.message == ENTRY || c->walk.message == PARAMETER))
            c->key.len = 0;
    }
    return redan_wire_over(&c->walk.wire, to, "a Core ML model");
}

/* A version, a description, and one kind of model, whose numbers begin at 200. */
static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_wire wire;
    struct redan_wire_field field;
    bool version = false;
    bool described = false;
    bool model = false;

    if (probe->head.len < 4)
        return REDAN_SNIFF_NO;
    redan_wire_init(&wire, probe->ctx, probe->source, 0, REDAN_SOURCE_UNKNOWN);
    for (size_t i = 0; i < 16 && redan_wire_next(&wire, &field); i++) {
        if (field.number > 3000 || (field.number > 10 && field.number < 200) ||
            !redan_wire_fits("-vb-------v", &field, field.type == REDAN_WIRE_BYTES))
            return REDAN_SNIFF_NO;
        version = version || (field.number == 1 && field.value > 0 && field.value < 1000);
        described = described || field.number == 2;
        model = model || field.number >= 200;
    }
    if (wire.fault || !version || !model)
        return REDAN_SNIFF_NO;
    return described ? REDAN_SNIFF_YES : REDAN_SNIFF_MAYBE;
}

static const char *const extensions[] = {".mlmodel", NULL};
static const char *const defects[] = {REDAN_WIRE_FAULTS, NULL};

const struct redan_format redan_format_coreml = {.name = "coreml",
                                                 .title = "Core ML model",
                                                 .extensions = extensions,
                                                 .sniff = sniff,
                                                 .read = read,
                                                 .defects = defects};
