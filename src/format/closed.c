/* Model formats whose layout is their maker's secret: recognised by their magic, and every text in them is told. RKNN, TensorRT, CNTK. */
#include "format/format_table.h"
#include "format/peek.h"

static enum redan_status read_text(struct redan_ctx *ctx, struct redan_source *source,
                                   const struct redan_listener *to, const char *what)
{
    REDAN_TRY(redan_tell_unread(to, REDAN_UNREAD_UNSUPPORTED, 0, 0, redan_slice_of(what)));
    return redan_peek_runs(ctx, source, 0, source->size, REDAN_S("text"), to);
}

static enum redan_sniff rknn_sniff(const struct redan_probe *probe)
{
    return redan_slice_starts(probe->head, REDAN_S("RKNN")) ||
                   redan_slice_starts(probe->head, REDAN_S("CYPTRKNN"))
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_status rknn_read(struct redan_ctx *ctx, struct redan_source *source,
                                   struct redan_slice name, const struct redan_listener *to)
{
    (void)name;
    return read_text(ctx, source, to, "RKNN");
}

/* "ptrt" and "ftrt", whose letters stand in the order of a little-endian number. */
static enum redan_sniff tensorrt_sniff(const struct redan_probe *probe)
{
    return redan_slice_starts(probe->head, REDAN_S("ptrt")) ||
                   redan_slice_starts(probe->head, REDAN_S("ftrt"))
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_status tensorrt_read(struct redan_ctx *ctx, struct redan_source *source,
                                       struct redan_slice name, const struct redan_listener *to)
{
    (void)name;
    return read_text(ctx, source, to, "TensorRT engine");
}

/* Version 1 begins with "BCN" in UTF-16; version 2 is a protobuf dictionary of version 1 whose keys are few. */
static enum redan_sniff cntk_sniff(const struct redan_probe *probe)
{
    static const char *const keys[] = {
        "version", "type", "uid", "root", "inputs", "name", "op", "state", "primitive_functions",
        NULL};
    struct redan_slice head = probe->head;
    size_t at = 4;

    if (redan_slice_starts(head, (struct redan_slice){"B\0C\0N\0", 6}))
        return REDAN_SNIFF_YES;
    if (head.len < 16 || head.at[0] != 8 || head.at[1] != 1 || head.at[2] != 0x12)
        return REDAN_SNIFF_NO;
    while (at < 12 && (head.at[at - 1] & 0x80))
        at++; /* the entry's length */
    if (head.at[at] != 0x0a)
        return REDAN_SNIFF_NO;
    struct redan_slice key = redan_slice_sub(head, at + 2, (uint8_t)head.at[at + 1]);
    return redan_slice_among(keys, key) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_status cntk_read(struct redan_ctx *ctx, struct redan_source *source,
                                   struct redan_slice name, const struct redan_listener *to)
{
    (void)name;
    return redan_peek_runs(ctx, source, 0, source->size, REDAN_S("text"), to);
}

static const char *const rknn_names[] = {".rknn", NULL};
static const char *const tensorrt_names[] = {".engine", ".plan", ".trt", NULL};
static const char *const cntk_names[] = {".cmf", ".dnn", NULL};

const struct redan_format redan_format_rknn = {.name = "rknn",
                                               .title = "a Rockchip model",
                                               .extensions = rknn_names,
                                               .sniff = rknn_sniff,
                                               .read = rknn_read};
const struct redan_format redan_format_tensorrt = {.name = "tensorrt",
                                                   .title = "a TensorRT engine",
                                                   .extensions = tensorrt_names,
                                                   .sniff = tensorrt_sniff,
                                                   .read = tensorrt_read};
const struct redan_format redan_format_cntk = {.name = "cntk",
                                               .title = "a CNTK model",
                                               .extensions = cntk_names,
                                               .sniff = cntk_sniff,
                                               .read = cntk_read};
