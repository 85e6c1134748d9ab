/* What lies beside a TensorFlow graph: keras_metadata.pb, a JSON text for every layer, and fingerprint.pb, its checksums. */
#include "format/format_table.h"
#include "format/wire.h"

enum { SAVED_METADATA = 1, SAVED_OBJECT = 2 };

static const struct redan_wire_into in_metadata[] = {{1, SAVED_OBJECT}, {0, 0}};
static const struct redan_wire_into *const shapes[] = {NULL, in_metadata, NULL};

/* keras/protobuf/saved_metadata.proto: a JSON text for every object. */
static enum redan_status read_keras(struct redan_ctx *ctx, struct redan_source *source,
                                    struct redan_slice name, const struct redan_listener *to)
{
    struct redan_wire_walk walk;
    struct redan_wire_field field;
    struct redan_wire_word path = {0};
    enum redan_wire_step step;

    (void)name;
    redan_wire_walk_init(&walk, ctx, source, 0, REDAN_SOURCE_UNKNOWN, shapes, SAVED_METADATA);
    while ((step = redan_wire_step(&walk, &field)) != REDAN_WIRE_END) {
        if (step == REDAN_WIRE_ENTER)
            path.len = 0;
        if (step != REDAN_WIRE_FIELD || walk.message != SAVED_OBJECT)
            continue;
        if (field.number == 3)
            redan_wire_keep(&walk.wire, &field, &path);
        if (field.number == 5 && field.type == REDAN_WIRE_BYTES && field.length)
            REDAN_TRY(redan_tell(to, &(struct redan_fact){.kind = REDAN_FACT_MEMBER,
                                                          .offset = field.offset,
                                                          .name = redan_wire_word(&path),
                                                          .part = {.offset = field.offset,
                                                                   .size = field.length,
                                                                   .unpacked = field.length,
                                                                   .format = "json"}}));
    }
    return redan_wire_over(&walk.wire, to, "Keras metadata");
}

static enum redan_sniff sniff_keras(const struct redan_probe *probe)
{
    struct redan_wire wire;
    struct redan_wire_field field;
    struct redan_wire object;
    struct redan_wire_field inner;

    if (probe->head.len < 8 || probe->head.at[0] != 0x0A)
        return REDAN_SNIFF_NO;
    redan_wire_init(&wire, probe->ctx, probe->source, 0, REDAN_SOURCE_UNKNOWN);
    while (redan_wire_next(&wire, &field) && field.number == 1 && field.type == REDAN_WIRE_BYTES) {
        redan_wire_init(&object, probe->ctx, probe->source, field.offset, field.length);
        while (redan_wire_next(&object, &inner) && redan_wire_fits("-bvbbbb", &inner, false)) {
            if (inner.number == 4)
                return redan_slice_starts(redan_wire_text(&object, &inner, 16),
                                          REDAN_S("_tf_keras_"))
                           ? REDAN_SNIFF_YES
                           : REDAN_SNIFF_NO;
        }
        return REDAN_SNIFF_NO;
    }
    return REDAN_SNIFF_NO;
}

/* tensorflow/core/protobuf/fingerprint.proto: five checksums, a version, an id. */
static enum redan_status read_fingerprint(struct redan_ctx *ctx, struct redan_source *source,
                                          struct redan_slice name, const struct redan_listener *to)
{
    struct redan_wire wire;
    struct redan_wire_field field;

    (void)name;
    redan_wire_init(&wire, ctx, source, 0, REDAN_SOURCE_UNKNOWN);
    while (redan_wire_next(&wire, &field))
        ;
    return redan_wire_over(&wire, to, "a fingerprint");
}

static enum redan_sniff sniff_fingerprint(const struct redan_probe *probe)
{
    struct redan_wire wire;
    struct redan_wire_field field;
    size_t checksums = 0;
    bool version = false;

    if (probe->head.len < 24 || probe->head.len > 256)
        return REDAN_SNIFF_NO;
    redan_wire_init(&wire, probe->ctx, probe->source, 0, REDAN_SOURCE_UNKNOWN);
    while (redan_wire_next(&wire, &field)) {
        if (!redan_wire_fits("-vvvvvbb", &field, false))
            return REDAN_SNIFF_NO;
        checksums += field.number <= 5;
        version = version || field.number == 6;
    }
    return checksums >= 4 && checksums <= 5 && version && !wire.fault && !wire.cut ? REDAN_SNIFF_YES
                                                                                   : REDAN_SNIFF_NO;
}

static const char *const keras_defects[] = {REDAN_WIRE_FAULTS, NULL};

const struct redan_format redan_format_keras_metadata = {.name = "keras-metadata",
                                                         .title = "Keras metadata",
                                                         .sniff = sniff_keras,
                                                         .read = read_keras,
                                                         .defects = keras_defects};
const struct redan_format redan_format_tf_fingerprint = {.name = "tensorflow-fingerprint",
                                                         .title = "fingerprint of a SavedModel",
                                                         .sniff = sniff_fingerprint,
                                                         .read = read_fingerprint,
                                                         .defects = keras_defects};
