/* safetensors: a length, a JSON header, and tensors one after another to the end of the file; only the header is read. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/json_pull.h"
#include "format/extent.h"
#include "format/format_table.h"
#include "format/peek.h"

enum {
    HEADER_MOST = 100000000, /* the reference's MAX_HEADER_SIZE */
    PREFIX = 8,
};

static const char *const extensions[] = {".safetensors", NULL};
static const char *const defects[] = {
    "safetensors-header", "safetensors-start",  "safetensors-metadata", "safetensors-tensor",
    "safetensors-size",   "safetensors-layout", "safetensors-trailing", NULL};

/* Every dtype of the reference, in bits. */
static const struct {
    const char *name;
    unsigned bits;
} dtypes[] = {
    {"BOOL", 8},    {"U8", 8},          {"I8", 8},          {"F8_E5M2", 8},   {"F8_E4M3", 8},
    {"F8_E8M0", 8}, {"U16", 16},        {"I16", 16},        {"F16", 16},      {"BF16", 16},
    {"U32", 32},    {"I32", 32},        {"F32", 32},        {"U64", 64},      {"I64", 64},
    {"F64", 64},    {"C64", 64},        {"F4", 4},          {"F6_E2M3", 6},   {"F6_E3M2", 6},
    {"C128", 128},  {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F8_E4M3FN", 8}, {"U4", 4},
    {"I4", 4},
};

struct reading {
    struct redan_ctx *ctx;
    const struct redan_listener *to;
    struct redan_json json;
    struct redan_extents extents;
    uint64_t header; /* bytes */
    uint64_t data;   /* bytes after it */
    bool odd;        /* something was told about a tensor */
};

struct tensor {
    struct redan_slice name;
    uint64_t offset;
    uint64_t bits; /* of one element; 0 when the dtype is unknown */
    uint64_t elements;
    uint64_t begin, end;
    bool has_dtype, has_shape, has_offsets, over;
};

static uint64_t header_size(struct redan_slice head)
{
    uint64_t size = 0;

    for (size_t i = PREFIX; i > 0; i--)
        size = (size << 8) | (uint8_t)head.at[i - 1];
    return size;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A length that fits and a JSON object that could be a header: no other format begins like that. */
static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_slice head = probe->head;
    size_t i = PREFIX;

    if (head.len < PREFIX + 2)
        return REDAN_SNIFF_NO;
    uint64_t size = header_size(head);
    if (size < 2 || size > HEADER_MOST)
        return REDAN_SNIFF_NO;
    while (i < head.len && blank(head.at[i]))
        i++;
    if (i >= head.len || head.at[i] != '{')
        return REDAN_SNIFF_NO;
    bool exact = i == PREFIX;
    for (i++; i < head.len && blank(head.at[i]);)
        i++;
    if (i >= head.len || (head.at[i] != '"' && head.at[i] != '}'))
        return REDAN_SNIFF_NO;
    if (size > probe->source->size - PREFIX)
        return REDAN_SNIFF_MAYBE;
    return exact ? REDAN_SNIFF_YES : REDAN_SNIFF_MAYBE;
}

static enum redan_status defect(struct reading *r, const char *what, uint64_t offset,
                                struct redan_slice detail)
{
    r->odd = true;
    return redan_tell_defect(r->to, what, PREFIX + offset, detail);
}

static enum redan_status next(struct reading *r, struct redan_json_token *token)
{
    return redan_json_next(&r->json, token);
}

/* Past a value whose first token was read. */
static enum redan_status pass(struct reading *r, const struct redan_json_token *token)
{
    if (token->kind == REDAN_JSON_OBJECT || token->kind == REDAN_JSON_ARRAY)
        return redan_json_skip(&r->json);
    return REDAN_OK;
}

static bool holds(struct redan_slice text, const char *two)
{
    return text.len && memmem(text.at, text.len, two, 2) != NULL;
}

static enum redan_status tell_text(struct reading *r, struct redan_slice key,
                                   const struct redan_json_token *token)
{
    struct redan_fact fact = {.kind = REDAN_FACT_TEXT,
                              .what = "safetensors-metadata",
                              .offset = PREFIX + token->offset,
                              .name = key,
                              .text = token->text};

    REDAN_TRY(redan_tell(r->to, &fact));
    if (!holds(token->text, "{{") && !holds(token->text, "{%"))
        return REDAN_OK;
    fact.kind = REDAN_FACT_TEMPLATE;
    fact.what = "jinja";
    return redan_tell(r->to, &fact);
}

/* `__metadata__`: texts only. */
static enum redan_status metadata(struct reading *r)
{
    struct redan_json_token token;

    REDAN_TRY(next(r, &token));
    if (token.kind != REDAN_JSON_OBJECT) {
        REDAN_TRY(
            defect(r, "safetensors-metadata", token.offset, REDAN_S("__metadata__ is no object")));
        return pass(r, &token);
    }
    for (;;) {
        REDAN_TRY(next(r, &token));
        if (token.kind != REDAN_JSON_KEY)
            return REDAN_OK;
        struct redan_slice key = token.text;
        REDAN_TRY(next(r, &token));
        if (token.kind == REDAN_JSON_TEXT) {
            REDAN_TRY(tell_text(r, key, &token));
            continue;
        }
        REDAN_TRY(defect(r, "safetensors-metadata", token.offset, key));
        REDAN_TRY(pass(r, &token));
    }
}

/* An array of whole numbers: the product of all, and the first two. */
static enum redan_status numbers(struct reading *r, uint64_t *product, uint64_t first[2],
                                 size_t *count, bool *right)
{
    struct redan_json_token token;
    bool zero = false, over = false;

    *product = 1;
    *count = 0;
    REDAN_TRY(next(r, &token));
    *right = token.kind == REDAN_JSON_ARRAY;
    if (!*right)
        return pass(r, &token);
    for (;;) {
        uint64_t value = 0;

        REDAN_TRY(next(r, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            break;
        if (token.kind != REDAN_JSON_NUMBER || !redan_slice_u64(token.text, &value))
            *right = false;
        REDAN_TRY(pass(r, &token));
        if (*count < 2)
            first[*count] = value;
        zero = zero || value == 0;
        over = over || __builtin_mul_overflow(*product, value, product);
        (*count)++;
    }
    if (zero)
        *product =
            0; /* the reference multiplies in order: an overflow before the zero is refused all the same */
    if (over)
        *product = UINT64_MAX;
    return REDAN_OK;
}

static uint64_t bits_of(struct redan_slice dtype)
{
    for (size_t i = 0; i < REDAN_COUNT(dtypes); i++) {
        if (redan_slice_is(dtype, dtypes[i].name))
            return dtypes[i].bits;
    }
    return 0;
}

static enum redan_status field(struct reading *r, struct tensor *t, struct redan_slice key)
{
    struct redan_json_token token;
    uint64_t pair[2] = {0, 0}, product = 0;
    size_t count = 0;
    bool right = false;

    if (redan_slice_is(key, "dtype")) {
        REDAN_TRY(next(r, &token));
        t->has_dtype = token.kind == REDAN_JSON_TEXT;
        if (t->has_dtype)
            t->bits = bits_of(token.text);
        return pass(r, &token);
    }
    if (redan_slice_is(key, "shape")) {
        REDAN_TRY(numbers(r, &t->elements, pair, &count, &t->has_shape));
        t->over = t->elements == UINT64_MAX;
        return REDAN_OK;
    }
    if (redan_slice_is(key, "data_offsets")) {
        REDAN_TRY(numbers(r, &product, pair, &count, &right));
        t->has_offsets = right && count == 2;
        t->begin = pair[0];
        t->end = pair[1];
        return REDAN_OK;
    }
    return redan_json_skip(&r->json);
}

/* Its size is what dtype and shape make it. */
static enum redan_status weigh(struct reading *r, const struct tensor *t)
{
    uint64_t bits = 0;

    if (!t->has_dtype || !t->has_shape || !t->has_offsets)
        return defect(r, "safetensors-tensor", t->offset, t->name);
    if (t->begin > t->end)
        return defect(r, "safetensors-layout", t->offset, t->name);
    if (t->over || (t->bits && __builtin_mul_overflow(t->elements, t->bits, &bits)) || bits % 8)
        return defect(r, "safetensors-size", t->offset, t->name);
    if (t->bits && bits / 8 != t->end - t->begin)
        return defect(r, "safetensors-size", t->offset, t->name);
    return redan_extents_add(r->ctx, &r->extents, t->begin, t->end);
}

static enum redan_status tensor(struct reading *r, struct redan_slice name, uint64_t offset)
{
    struct tensor t = {.name = name, .offset = offset};
    struct redan_json_token token;

    REDAN_TRY(next(r, &token));
    if (token.kind != REDAN_JSON_OBJECT) {
        REDAN_TRY(defect(r, "safetensors-tensor", offset, name));
        return pass(r, &token);
    }
    for (;;) {
        REDAN_TRY(next(r, &token));
        if (token.kind != REDAN_JSON_KEY)
            return weigh(r, &t);
        REDAN_TRY(field(r, &t, token.text));
    }
}

static enum redan_status header(struct reading *r)
{
    struct redan_json_token token;

    REDAN_TRY(next(r, &token));
    if (token.kind != REDAN_JSON_OBJECT)
        return redan_fail(r->ctx, REDAN_E_SYNTAX, PREFIX, "the safetensors header is no object");
    for (;;) {
        REDAN_TRY(next(r, &token));
        if (token.kind != REDAN_JSON_KEY)
            break;
        if (redan_slice_is(token.text, "__metadata__"))
            REDAN_TRY(metadata(r));
        else
            REDAN_TRY(tensor(r, token.text, token.offset));
    }
    return next(r, &token); /* nothing but blanks may follow */
}

/* `first` and `second` are what stands before two numbers. */
static enum redan_status tell_places(struct reading *r, const char *what, uint64_t offset,
                                     const char *first, uint64_t a, const char *second, uint64_t b)
{
    char text[160];

    (void)snprintf(text, sizeof(text), "%s %" PRIu64 ", %s %" PRIu64, first, a, second, b);
    return redan_tell_defect(r->to, what, offset, redan_slice_of(text));
}

/* Tensors follow each other without overlap or gap, from the header's end to that of the file. */
static enum redan_status layout(struct reading *r, struct redan_source *source)
{
    const struct redan_extent *all = redan_extents_sort(&r->extents);
    uint64_t base = PREFIX + r->header, at = 0;
    bool whole = true;

    for (size_t i = 0; i < r->extents.count; i++) {
        if (all[i].begin != at && whole) {
            whole = false;
            REDAN_TRY(tell_places(
                r, "safetensors-layout", base + all[i].begin, "a tensor begins at", all[i].begin,
                all[i].begin < at ? "inside another that ends at" : "the one before it ends at",
                at));
        }
        at = all[i].end > at ? all[i].end : at;
        REDAN_TRY(redan_peek_program(r->ctx, source, base + all[i].begin, all[i].end - all[i].begin,
                                     r->to));
    }
    if (r->odd)
        return REDAN_OK; /* what is missing here would be told twice */
    if (at < r->data)
        return tell_places(r, "safetensors-trailing", base + at, "the tensors end at", at,
                           "the data at", r->data);
    if (at == r->data)
        return REDAN_OK;
    if (!whole)
        return tell_places(r, "safetensors-layout", base, "the tensors end at", at, "the data at",
                           r->data);
    return redan_tell_unread(r->to, REDAN_UNREAD_DAMAGED, base + r->data, at - r->data,
                             REDAN_S("the file ends before its tensors do"));
}

static enum redan_status read_header(struct reading *r, struct redan_source *source)
{
    struct redan_source part = {0};
    struct redan_slice text = {0};

    redan_source_part(&part, source, PREFIX, r->header);
    enum redan_status status = redan_source_whole(r->ctx, &part, HEADER_MOST, &text);
    if (status == REDAN_OK && (text.len < r->header || text.at[0] != '{'))
        status =
            redan_tell_defect(r->to, "safetensors-start", PREFIX, redan_slice_sub(text, 0, 16));
    if (status == REDAN_OK) {
        redan_json_init(&r->json, r->ctx, text);
        status = header(r);
        redan_json_done(&r->json);
    }
    redan_source_done(&part);
    return status;
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_source_reader reader;
    struct reading r = {.ctx = ctx, .to = to};
    uint64_t size = 0;

    (void)name;
    redan_source_reader_init(&reader, ctx, source, 0, UINT64_MAX);
    r.header = redan_source_u64le(&reader);
    REDAN_TRY(redan_source_ok(&reader, "the safetensors length"));
    REDAN_TRY(redan_source_measure(ctx, source, &size));
    if (r.header < 2 || r.header > HEADER_MOST || r.header > size - PREFIX)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "the safetensors header is cut short");
    r.data = size - PREFIX - r.header;
    redan_extents_init(&r.extents, ctx);
    enum redan_status status = read_header(&r, source);
    if (status == REDAN_E_SYNTAX) {
        enum redan_status told =
            redan_tell_defect(to, "safetensors-header", PREFIX + ctx->failure.offset,
                              redan_slice_of(ctx->failure.text));
        status = told == REDAN_OK ? status : told;
    }
    if (status == REDAN_OK)
        status = layout(&r, source);
    redan_extents_done(&r.extents);
    redan_arena_reset(&ctx->arena, mark);
    return status;
}

const struct redan_format redan_format_safetensors = {
    .name = "safetensors",
    .title = "safetensors weights",
    .extensions = extensions,
    .sniff = sniff,
    .read = read,
    .defects = defects,
};
