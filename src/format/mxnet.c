/* MXNet's parameters: arrays and their names, without their numbers. */
#include "format/format_table.h"

/* src/ndarray/ndarray.cc: a list of arrays, each with a magic of its version; older ones begin with their rank. */
enum { LIST_MAGIC = 0x112 };
#define ARRAY_V1 0xF993FAC8U
#define ARRAY_V2 0xF993FAC9U
#define ARRAY_V3 0xF993FACAU
enum { RANK_MOST = 64, STORAGE_DENSE = 0 };

static unsigned width_of(uint32_t type)
{
    static const unsigned char widths[] = {4, 8, 2, 1, 4, 1, 8, 1, 2, 2, 4, 8, 2};

    return type < sizeof(widths) ? widths[type] : 0;
}

/* A shape: its rank, and the numbers of 64 or, in old files, 32 bits; how many elements. */
static bool shape_of(struct redan_source_reader *r, uint32_t rank, bool wide, uint64_t *elements)
{
    *elements = 1;
    if (rank > RANK_MOST)
        return false;
    for (uint32_t i = 0; i < rank; i++) {
        uint64_t dimension = wide ? redan_source_u64le(r) : redan_source_u32le(r);
        if (dimension > INT64_MAX || __builtin_mul_overflow(*elements, dimension, elements))
            return false;
    }
    return !r->failed;
}

/* One array, passed over. `sparse` when it is of a kind whose length is not told here. */
static bool one_array(struct redan_source_reader *r, bool *sparse)
{
    uint32_t magic = redan_source_u32le(r);
    bool wide = magic == ARRAY_V1 || magic == ARRAY_V2 || magic == ARRAY_V3;
    uint32_t rank = magic;
    uint64_t elements = 0;
    uint64_t bytes = 0;

    if (magic == ARRAY_V2 || magic == ARRAY_V3) {
        *sparse = redan_source_u32le(r) != STORAGE_DENSE;
        if (*sparse)
            return !r->failed;
    }
    if (wide)
        rank = redan_source_u32le(r);
    if (magic == ARRAY_V3 && rank == UINT32_MAX)
        return !r->failed; /* of unknown shape: nothing follows */
    if (!shape_of(r, rank, wide, &elements))
        return false;
    if (rank == 0 && magic != ARRAY_V3)
        return true;
    redan_source_skip(r, 8); /* the device */
    unsigned width = width_of(redan_source_u32le(r));
    if (r->failed || !width || __builtin_mul_overflow(elements, (uint64_t)width, &bytes))
        return false;
    redan_source_skip(r, bytes);
    return !r->failed;
}

static enum redan_status broken(struct redan_ctx *ctx, const struct redan_listener *to, uint64_t at,
                                const char *what)
{
    REDAN_TRY(redan_tell_defect(to, "array", at, redan_slice_of(what)));
    return redan_fail(ctx, REDAN_E_SYNTAX, at, "MXNet parameters: %s", what);
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct redan_source_reader r;
    bool sparse = false;

    (void)name;
    redan_source_reader_init(&r, ctx, source, 16, REDAN_SOURCE_UNKNOWN);
    uint64_t arrays = redan_source_u64le(&r);
    for (uint64_t i = 0; i < arrays; i++) {
        uint64_t at = r.pos;
        if (!one_array(&r, &sparse))
            return broken(ctx, to, at, "an array reaches past the end or has no known type");
        if (sparse)
            return redan_tell_unread(to, REDAN_UNREAD_UNSUPPORTED, at, 0,
                                     REDAN_S("a sparse MXNet array"));
    }
    uint64_t names = redan_source_u64le(&r);
    for (uint64_t i = 0; i < names && !r.failed; i++) {
        uint64_t length = redan_source_u64le(&r);
        uint64_t at = r.pos;
        redan_source_skip(&r, length);
        if (r.failed)
            return broken(ctx, to, at, "a name reaches past the end");
    }
    return redan_source_ok(&r, "MXNet parameters");
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_source_reader r;

    if (probe->head.len < 24)
        return REDAN_SNIFF_NO;
    redan_source_reader_init(&r, probe->ctx, probe->source, 0, 24);
    uint64_t magic = redan_source_u64le(&r);
    uint64_t reserved = redan_source_u64le(&r);
    return !r.failed && magic == LIST_MAGIC && reserved == 0 ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static const char *const extensions[] = {".params", NULL};
static const char *const defects[] = {"array", NULL};

const struct redan_format redan_format_mxnet = {.name = "mxnet-params",
                                                .title = "MXNet parameters",
                                                .extensions = extensions,
                                                .sniff = sniff,
                                                .read = read,
                                                .defects = defects};
