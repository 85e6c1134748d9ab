/* GGUF versions 1 to 3 in both byte orders: keys and values, and where the tensors lie; no tensor is read. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format/extent.h"
#include "format/format_table.h"
#include "format/peek.h"

enum {
    DIMS_MOST = 4,           /* GGML_MAX_DIMS */
    NAME_MOST = 255,         /* GGML_MAX_NAME is 64, and larger in builds for image models */
    KEY_MOST = 65535,        /* the specification's bound */
    TEMPLATE_LEAST = 16,     /* shorter texts of an array, as of a vocabulary, are no template */
    TEXTS_MOST = 64,         /* elements of an array of texts that are told */
    ALIGNMENT = 32,          /* GGUF_DEFAULT_ALIGNMENT */
    ENTRY_LEAST = 4 + 4 + 1, /* bytes of the shortest key and value of version 1 */
    TENSOR_LEAST = 4 + 4 + 4 + 4,
    TEXT_HONEST = 1 << 28, /* no text, array, or number of them is larger in an honest file */
    ARRAY_HONEST = 1 << 28,
    ENTRIES_HONEST = 65536,
    TENSORS_HONEST = 1 << 20,
};

/* gguf_type */
enum {
    T_U8,
    T_I8,
    T_U16,
    T_I16,
    T_U32,
    T_I32,
    T_F32,
    T_BOOL,
    T_STRING,
    T_ARRAY,
    T_U64,
    T_I64,
    T_F64
};
static const uint8_t widths[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

/* ggml_type: elements and bytes of a block; zeros where the number was never given. */
static const struct {
    uint16_t elements, bytes;
} blocks[] = {
    {1, 4},     {1, 2},     {32, 18},   {32, 20},  {16, 10},   {16, 12},   {32, 22},
    {32, 24},   {32, 34},   {32, 36},   {256, 84}, {256, 110}, {256, 144}, {256, 176},
    {256, 210}, {256, 292}, {256, 66},  {256, 74}, {256, 98},  {256, 50},  {32, 18},
    {256, 110}, {256, 82},  {256, 136}, {1, 1},    {1, 2},     {1, 4},     {1, 8},
    {1, 8},     {256, 56},  {1, 2},     {32, 18},  {32, 18},   {32, 18},   {256, 54},
    {256, 66},  {32, 18},   {32, 18},   {32, 18},  {32, 17},   {64, 36},   {128, 18},
};

static const char *const extensions[] = {".gguf", NULL};
static const char *const defects[] = {
    "gguf-count",     "gguf-length",   "gguf-type",  "gguf-key",    "gguf-duplicate",
    "gguf-alignment", "gguf-name",     "gguf-shape", "gguf-offset", "gguf-overlap",
    "gguf-nesting",   "trailing-data", NULL};

struct reading {
    struct redan_ctx *ctx;
    const struct redan_listener *to;
    struct redan_source_reader in;
    struct redan_extents extents;
    struct redan_names keys, tensors;
    uint64_t size;
    uint64_t alignment;
    uint32_t version;
    bool big;
    bool newer;      /* a tensor has a type whose size is not known here */
    uint64_t values; /* texts and arrays that may still be walked one by one */
};

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    if (probe->head.len < 8 || memcmp(probe->head.at, "GGUF", 4) != 0)
        return REDAN_SNIFF_NO;
    return REDAN_SNIFF_YES;
}

static uint32_t u32(struct reading *r)
{
    return r->big ? redan_source_u32be(&r->in) : redan_source_u32le(&r->in);
}

static uint64_t u64(struct reading *r)
{
    return r->big ? redan_source_u64be(&r->in) : redan_source_u64le(&r->in);
}

/* Counts and lengths were 32 bits in version 1. */
static uint64_t length(struct reading *r)
{
    return r->version == 1 ? u32(r) : u64(r);
}

static uint64_t left(const struct reading *r)
{
    return r->in.pos < r->size ? r->size - r->in.pos : 0;
}

static enum redan_status defect(struct reading *r, const char *what, uint64_t offset,
                                struct redan_slice detail)
{
    return redan_tell_defect(r->to, what, offset, detail);
}

/* The bytes that follow cannot be told apart any more: said as a defect, and the end of the reading. */
static enum redan_status lost(struct reading *r, const char *what, uint64_t offset, uint64_t number)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%" PRIu64 " in a file of %" PRIu64 " bytes", number,
                   r->size);
    REDAN_TRY(defect(r, what, offset, redan_slice_of(text)));
    return redan_fail(r->ctx, REDAN_E_SYNTAX, offset, "the GGUF file breaks off: %s %s", what,
                      text);
}

/* More than is left: a file cut short, or, past what honest files have there, a number that was made up. */
static enum redan_status bounded(struct reading *r, const char *what, uint64_t at, uint64_t number,
                                 uint64_t there, uint64_t honest)
{
    if (number <= there)
        return REDAN_OK;
    if (number > honest)
        return lost(r, what, at, number);
    return redan_fail(r->ctx, REDAN_E_SYNTAX, at, "the GGUF file is cut short at byte %" PRIu64,
                      r->size);
}

/* The length of a text that lies in the file as a whole. */
static enum redan_status text_length(struct reading *r, uint64_t *len)
{
    uint64_t at = r->in.pos;

    *len = length(r);
    REDAN_TRY(redan_source_ok(&r->in, "a GGUF text"));
    return bounded(r, "gguf-length", at, *len, left(r), TEXT_HONEST);
}

/* One more thing that is walked. */
static enum redan_status step(struct reading *r)
{
    if (r->values == 0)
        return redan_fail(r->ctx, REDAN_E_LIMIT, r->in.pos, "more than %zu values in a GGUF file",
                          r->ctx->limits.nodes);
    r->values--;
    return REDAN_OK;
}

static bool holds(struct redan_slice text, const char *two)
{
    return text.len && memmem(text.at, text.len, two, 2) != NULL;
}

static enum redan_status tell_text(struct reading *r, struct redan_slice key, uint64_t offset,
                                   struct redan_slice text)
{
    struct redan_fact fact = {
        .kind = REDAN_FACT_TEXT, .what = "gguf-value", .offset = offset, .name = key, .text = text};
    bool rendered = redan_slice_starts(key, REDAN_S("tokenizer.chat_template"));

    if (!rendered)
        REDAN_TRY(redan_tell(r->to, &fact));
    if (!rendered && !holds(text, "{{") && !holds(text, "{%"))
        return REDAN_OK;
    fact.kind = REDAN_FACT_TEMPLATE;
    fact.what = "jinja";
    return redan_tell(r->to, &fact);
}

static enum redan_status text_value(struct reading *r, struct redan_slice key, bool tell)
{
    uint64_t len = 0;

    REDAN_TRY(step(r));
    REDAN_TRY(text_length(r, &len));
    uint64_t at = r->in.pos;
    if (!tell && len < TEMPLATE_LEAST) {
        redan_source_skip(&r->in, len);
        return redan_source_ok(&r->in, "a GGUF text");
    }
    if (len > REDAN_SOURCE_VIEW) {
        redan_source_skip(&r->in, len);
        return redan_tell_unread(r->to, REDAN_UNREAD_BUDGET, at, len,
                                 REDAN_S("a GGUF text of more than a megabyte"));
    }
    struct redan_slice text = redan_source_bytes(&r->in, len);
    REDAN_TRY(redan_source_ok(&r->in, "a GGUF text"));
    if (!tell && !holds(text, "{{") && !holds(text, "{%"))
        return REDAN_OK;
    return tell_text(r, key, at, text);
}

/* Arrays may hold arrays: one counter for each that is open. */
static enum redan_status array_value(struct reading *r, struct redan_slice key)
{
    uint64_t open[16];
    uint64_t told = 0;
    size_t depth = 0;
    bool tell = redan_slice_starts(key, REDAN_S("general."));

    open[depth++] = 1; /* the value itself */
    while (depth) {
        if (open[depth - 1] == 0) {
            depth--;
            continue;
        }
        open[depth - 1]--;
        REDAN_TRY(step(r));
        uint64_t at = r->in.pos;
        uint32_t type = u32(r);
        uint64_t count = length(r);
        REDAN_TRY(redan_source_ok(&r->in, "a GGUF array"));
        if (type > T_F64)
            return lost(r, "gguf-type", at, type);
        if (type == T_ARRAY) {
            if (depth == REDAN_COUNT(open))
                return lost(r, "gguf-nesting", at, depth);
            open[depth++] = count;
            continue;
        }
        uint64_t width = type == T_STRING ? (r->version == 1 ? 4 : 8) : widths[type];
        REDAN_TRY(bounded(r, "gguf-length", at, count, left(r) / width, ARRAY_HONEST));
        if (type != T_STRING) {
            redan_source_skip(&r->in, count * width);
            continue;
        }
        for (uint64_t i = 0; i < count; i++)
            REDAN_TRY(text_value(r, key, tell && told++ < TEXTS_MOST));
    }
    return redan_source_ok(&r->in, "a GGUF array");
}

/* Keys are names with dots. What others read as a path, a command or markup is no such name. */
static bool plain_key(struct redan_slice key)
{
    for (size_t i = 0; i < key.len; i++) {
        unsigned char c = (unsigned char)key.at[i];

        if (c <= ' ' || c == 0x7f || c == '\\' || redan_char_among("<>|;&$`\"'*?", c))
            return false;
    }
    return key.len > 0 && key.len <= KEY_MOST && key.at[0] != '/' && !holds(key, "..");
}

static enum redan_status alignment(struct reading *r, uint32_t type, uint64_t at)
{
    uint64_t value = 0;

    if (type != T_U32)
        return lost(r, "gguf-alignment", at, type);
    value = u32(r);
    REDAN_TRY(redan_source_ok(&r->in, "general.alignment"));
    if (value == 0 || (value & (value - 1)) != 0)
        return lost(r, "gguf-alignment", at, value);
    r->alignment = value;
    return REDAN_OK;
}

static enum redan_status entry(struct reading *r)
{
    uint64_t at = r->in.pos, len = 0;
    struct redan_slice key = {0};

    REDAN_TRY(text_length(r, &len));
    if (len > KEY_MOST)
        return lost(r, "gguf-key", at, len);
    struct redan_slice there = redan_source_bytes(&r->in, len);
    REDAN_TRY(redan_source_ok(&r->in, "a GGUF key"));
    REDAN_TRY(redan_copy(r->ctx, there, &key));
    REDAN_TRY(redan_names_add(r->ctx, &r->keys, key));
    if (!plain_key(key))
        REDAN_TRY(defect(r, "gguf-key", at, key));
    at = r->in.pos;
    uint32_t type = u32(r);
    REDAN_TRY(redan_source_ok(&r->in, "a GGUF value"));
    if (type > T_F64)
        return lost(r, "gguf-type", at, type);
    if (redan_slice_is(key, "general.alignment"))
        return alignment(r, type, at);
    if (type == T_STRING)
        return text_value(r, key, true);
    if (type == T_ARRAY)
        return array_value(r, key);
    redan_source_skip(&r->in, widths[type]);
    return redan_source_ok(&r->in, "a GGUF value");
}

/* Bytes of a tensor: the product of its dimensions in whole blocks (GHSA-vgg9-87g3-85w8: checked before it is used). */
static bool tensor_size(const uint64_t *dims, uint32_t count, uint32_t type, uint64_t *bytes)
{
    uint64_t elements = 1;

    for (uint32_t i = 0; i < count; i++) {
        if (dims[i] > INT64_MAX || __builtin_mul_overflow(elements, dims[i], &elements) ||
            elements > INT64_MAX)
            return false;
    }
    *bytes = 0;
    if (type >= REDAN_COUNT(blocks)) /* newer than this table */
        return true;
    if ((count ? dims[0] : 1) % blocks[type].elements)
        return false;
    return !__builtin_mul_overflow(elements / blocks[type].elements, (uint64_t)blocks[type].bytes,
                                   bytes);
}

static enum redan_status tensor(struct reading *r)
{
    uint64_t dims[DIMS_MOST] = {0}, at = r->in.pos, len = 0, bytes = 0;

    REDAN_TRY(text_length(r, &len));
    if (len > KEY_MOST)
        return lost(r, "gguf-name", at, len);
    struct redan_slice name = redan_source_bytes(&r->in, len);
    REDAN_TRY(redan_source_ok(&r->in, "a GGUF tensor name"));
    REDAN_TRY(redan_names_add(r->ctx, &r->tensors, name));
    if (len > NAME_MOST)
        REDAN_TRY(defect(r, "gguf-name", at, redan_slice_sub(name, 0, 64)));
    at = r->in.pos;
    uint32_t count = u32(r);
    REDAN_TRY(redan_source_ok(&r->in, "a GGUF tensor"));
    if (count > DIMS_MOST)
        return lost(r, "gguf-shape", at, count);
    for (uint32_t i = 0; i < count; i++)
        dims[i] = length(r);
    uint32_t type = u32(r);
    uint64_t offset = u64(r), end = 0;
    REDAN_TRY(redan_source_ok(&r->in, "a GGUF tensor"));
    if (type > UINT16_MAX)
        return lost(r, "gguf-type", at, type);
    r->newer = r->newer || type >= REDAN_COUNT(blocks);
    if (!tensor_size(dims, count, type, &bytes))
        return defect(r, "gguf-shape", at,
                      redan_slice_of("its size overflows or is no whole block"));
    if (offset % r->alignment)
        return defect(r, "gguf-offset", at, REDAN_S("not aligned"));
    if (offset > INT64_MAX || __builtin_add_overflow(offset, bytes, &end) || end > INT64_MAX)
        return defect(r, "gguf-offset", at, REDAN_S("past what a file can hold"));
    return redan_extents_add(r->ctx, &r->extents, offset, end);
}

/* No tensor on another, none past the end of the file. */
static enum redan_status layout(struct reading *r)
{
    const struct redan_extent *all = redan_extents_sort(&r->extents);
    uint64_t base = r->in.pos, pad = base % r->alignment, end = 0;

    if (pad)
        base += r->alignment - pad;
    for (size_t i = 0; i < r->extents.count; i++) {
        if (all[i].begin < end && all[i].end > all[i].begin)
            return lost(r, "gguf-overlap", base, all[i].begin);
        end = all[i].end > end ? all[i].end : end;
        REDAN_TRY(redan_peek_program(r->ctx, r->in.source, base + all[i].begin,
                                     all[i].end - all[i].begin, r->to));
    }
    if (base > r->size && end == 0)
        return REDAN_OK; /* no tensors, and nothing is padded */
    if (base <= r->size && end <= r->size - base)
        return r->newer ? REDAN_OK : redan_peek_trailing(r->ctx, r->in.source, base + end, r->to);
    return redan_tell_unread(r->to, REDAN_UNREAD_DAMAGED, r->size, 0,
                             REDAN_S("the file ends before its tensors do"));
}

static enum redan_status body(struct reading *r)
{
    uint64_t at = r->in.pos;
    uint64_t tensors = length(r), entries = length(r);

    REDAN_TRY(redan_source_ok(&r->in, "the GGUF header"));
    REDAN_TRY(bounded(r, "gguf-count", at, entries, left(r) / ENTRY_LEAST, ENTRIES_HONEST));
    REDAN_TRY(bounded(r, "gguf-count", at, tensors, left(r) / TENSOR_LEAST, TENSORS_HONEST));
    for (uint64_t i = 0; i < entries; i++) {
        struct redan_arena_mark mark = redan_arena_mark(&r->ctx->arena);

        REDAN_TRY(entry(r));
        redan_arena_reset(&r->ctx->arena, mark);
    }
    if (redan_names_twice(&r->keys))
        REDAN_TRY(defect(r, "gguf-duplicate", at, REDAN_S("a key is given twice")));
    for (uint64_t i = 0; i < tensors; i++)
        REDAN_TRY(tensor(r));
    if (redan_names_twice(&r->tensors))
        REDAN_TRY(defect(r, "gguf-duplicate", at, REDAN_S("a tensor's name is given twice")));
    return layout(r);
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct reading r = {.ctx = ctx, .to = to, .alignment = ALIGNMENT, .values = ctx->limits.nodes};

    (void)name;
    REDAN_TRY(redan_source_measure(ctx, source, &r.size));
    redan_source_reader_init(&r.in, ctx, source, 4, UINT64_MAX);
    r.version = redan_source_u32le(&r.in);
    REDAN_TRY(redan_source_ok(&r.in, "the GGUF version"));
    r.big = (r.version & 0xffff) == 0;
    if (r.big)
        r.version = __builtin_bswap32(r.version);
    if (r.version < 1 || r.version > 3)
        return redan_tell_unread(to, REDAN_UNREAD_UNSUPPORTED, 4, r.size,
                                 REDAN_S("a GGUF version that is not 1, 2 or 3"));
    redan_extents_init(&r.extents, ctx);
    redan_names_init(&r.keys, ctx);
    redan_names_init(&r.tensors, ctx);
    enum redan_status status = body(&r);
    redan_names_done(&r.tensors);
    redan_names_done(&r.keys);
    redan_extents_done(&r.extents);
    return status;
}

const struct redan_format redan_format_gguf = {
    .name = "gguf",
    .title = "GGUF weights",
    .extensions = extensions,
    .sniff = sniff,
    .read = read,
    .defects = defects,
};
