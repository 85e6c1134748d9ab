/* Lua Torch's serialised objects, binary or as text: tables, tensors, classes, and functions whose code comes with them. torch7 File.lua. */
#include <string.h>

#include "base/buf.h"
#include "format/format_table.h"
#include "format/peek.h"

enum {
    DEPTH = 1 << 14,
    INDICES = 1 << 22,
    NAME = 128,
    CODE = 1 << 18,
};

/* File.lua: types of objects. */
enum { NIL, NUMBER, STRING, TABLE, TORCH, BOOLEAN, FUNCTION, FUNCTION_OLD, FUNCTION_RECUR };

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_slice head = probe->head;
    uint32_t type = redan_peek_u32le(head, 0);

    if (redan_slice_starts(head, (struct redan_slice){"T7\0\0", 4}))
        return REDAN_SNIFF_YES;
    if (redan_slice_starts(head, REDAN_S("4\n1\n3\nV 1\n")))
        return REDAN_SNIFF_YES;
    if (head.len >= 15 && type == TORCH && redan_peek_u32le(head, 4) == 1 &&
        redan_peek_u32le(head, 8) == 3 && memcmp(head.at + 12, "V ", 2) == 0)
        return REDAN_SNIFF_YES;
    /* a table of few elements whose first key is a text, a number or a truth */
    return head.len >= 24 && type == TABLE && redan_peek_u32le(head, 4) == 1 &&
                   redan_peek_u32le(head, 8) < 1 << 20 && redan_peek_u32le(head, 8) > 0 &&
                   ((redan_peek_u32le(head, 12) == STRING && redan_peek_u32le(head, 16) < 256 &&
                     redan_peek_u32le(head, 16) > 0 && head.at[20] >= ' ' && head.at[20] <= '~') ||
                    (redan_peek_u32le(head, 12) == NUMBER &&
                     redan_peek_u64le(head, 16) == 0x3ff0000000000000))
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

struct frame {
    uint64_t left; /* objects */
};

struct walk {
    struct redan_ctx *ctx;
    struct redan_source *source;
    const struct redan_listener *to;
    struct redan_source_reader in;
    struct redan_buf frames;
    struct redan_buf seen; /* a bit for each index that was written */
    bool ascii;
    char name[NAME];
};

/* A number of the text form stands on a line or between blanks. */
static int64_t word(struct walk *w)
{
    char text[32];
    size_t len = 0;
    uint64_t value = 0;

    while (len < sizeof(text)) {
        char c = (char)redan_source_u8(&w->in);
        if (w->in.failed || c == '\n' || c == ' ') {
            if (len || w->in.failed)
                break;
            continue;
        }
        text[len++] = c;
    }
    struct redan_slice s = {text, len};
    bool minus = len && text[0] == '-';
    if (!redan_slice_u64(redan_slice_sub(s, minus ? 1 : 0, len), &value) || value > INT64_MAX) {
        w->in.failed = true;
        return 0;
    }
    return minus ? -(int64_t)value : (int64_t)value;
}

static int64_t integer(struct walk *w)
{
    return w->ascii ? word(w) : (int32_t)redan_source_u32le(&w->in);
}

static int64_t wide(struct walk *w)
{
    return w->ascii ? word(w) : (int64_t)redan_source_u64le(&w->in);
}

/* `count` numbers of `size` bytes. */
static void numbers(struct walk *w, uint64_t count, unsigned size)
{
    uint64_t bytes = 0;

    if (w->ascii) { /* they are on one line */
        for (uint64_t i = 0; count && !w->in.failed && redan_source_u8(&w->in) != '\n'; i++)
            continue;
        return;
    }
    if (__builtin_mul_overflow(count, (uint64_t)size, &bytes))
        w->in.failed = true;
    redan_source_skip(&w->in, bytes);
}

/* A counted text, borrowed until the next read. */
static struct redan_slice text(struct walk *w, size_t most, uint64_t *len)
{
    int64_t n = integer(w);
    struct redan_slice s = {"", 0};

    if (n < 0)
        w->in.failed = true;
    if (w->in.failed)
        return s;
    *len = (uint64_t)n;
    s = redan_source_bytes(&w->in, *len < most ? *len : most);
    if (w->in.failed)
        return s;
    if (w->ascii && *len <= most)
        w->in.pos++; /* the end of the line */
    else
        redan_source_skip(&w->in, *len - s.len);
    return s;
}

/* Whether an index was written already; then nothing follows it. */
static enum redan_status met(struct walk *w, bool *before)
{
    int64_t index = integer(w);
    size_t byte = 0;

    *before = false;
    if (index < 0 || index >= INDICES)
        w->in.failed = true;
    if (w->in.failed)
        return REDAN_OK;
    byte = (size_t)index / 8;
    if (byte >= w->seen.len)
        redan_buf_repeat(&w->seen, 0, byte + 1 - w->seen.len);
    REDAN_TRY(redan_buf_ok(w->ctx, &w->seen, "the objects of a file"));
    unsigned bit = 1u << (index % 8);
    *before = ((uint8_t)w->seen.data[byte] & bit) != 0;
    w->seen.data[byte] = (char)((uint8_t)w->seen.data[byte] | bit);
    return REDAN_OK;
}

static enum redan_status push(struct walk *w, uint64_t objects)
{
    struct frame frame = {objects};

    redan_buf_add(&w->frames, &frame, sizeof(frame));
    return redan_buf_ok(w->ctx, &w->frames, "nested objects");
}

/* Element sizes of storages, by the names between "torch." and "Storage". */
static unsigned storage_size(struct redan_slice name)
{
    static const struct {
        const char *name;
        unsigned size;
    } rows[] = {
        {"torch.ByteStorage", 1},       {"torch.CharStorage", 1},      {"torch.ShortStorage", 2},
        {"torch.IntStorage", 4},        {"torch.LongStorage", 8},      {"torch.FloatStorage", 4},
        {"torch.DoubleStorage", 8},     {"torch.HalfStorage", 2},      {"torch.CudaStorage", 4},
        {"torch.CudaDoubleStorage", 8}, {"torch.CudaHalfStorage", 2},  {"torch.CudaByteStorage", 1},
        {"torch.CudaCharStorage", 1},   {"torch.CudaShortStorage", 2}, {"torch.CudaIntStorage", 4},
        {"torch.CudaLongStorage", 8},   {"torch.ClStorage", 4}};

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        if (redan_slice_is(name, rows[i].name))
            return rows[i].size;
    }
    return 0;
}

static enum redan_status storage(struct walk *w, unsigned size)
{
    int64_t count = wide(w);

    if (count < 0)
        w->in.failed = true;
    if (w->in.failed)
        return REDAN_OK;
    if (size == 1 && !w->ascii)
        REDAN_TRY(redan_peek_blob(w->ctx, w->source, w->in.pos, (uint64_t)count,
                                  REDAN_S("storage of bytes"), w->to));
    numbers(w, (uint64_t)count, size);
    return REDAN_OK;
}

static enum redan_status object(struct walk *w)
{
    uint64_t len = 0;
    bool before = false;

    REDAN_TRY(met(w, &before));
    if (before || w->in.failed)
        return REDAN_OK;
    struct redan_slice name = text(w, NAME, &len);
    if (redan_slice_starts(name, REDAN_S("V ")))
        name = text(w, NAME, &len);
    if (w->in.failed || len > NAME || !redan_peek_text(name)) {
        w->in.failed = true;
        return REDAN_OK;
    }
    memcpy(w->name, name.at, name.len);
    name.at = w->name;
    REDAN_TRY(redan_tell(
        w->to, &(struct redan_fact){
                   .kind = REDAN_FACT_CLASS, .what = "torch7", .offset = w->in.pos, .name = name}));
    unsigned size = storage_size(name);
    if (size)
        return storage(w, size);
    if (redan_slice_starts(name, REDAN_S("torch.")) && redan_slice_ends(name, REDAN_S("Tensor"))) {
        int64_t dims = integer(w);
        if (dims < 0 || dims > 256)
            w->in.failed = true;
        for (int64_t i = 0; i < dims * 2 + 1 && !w->in.failed; i++)
            (void)wide(w); /* sizes, strides, where it begins */
    }
    return push(w, 1); /* its storage, or the table of what it holds */
}

static enum redan_status table(struct walk *w)
{
    bool before = false;

    REDAN_TRY(met(w, &before));
    if (before || w->in.failed)
        return REDAN_OK;
    int64_t pairs = integer(w);
    if (pairs < 0)
        w->in.failed = true;
    return w->in.failed ? REDAN_OK : push(w, (uint64_t)pairs * 2);
}

/* string.dump of a function, or its source: File.lua gives it to loadstring. */
static enum redan_status function(struct walk *w, bool indexed)
{
    uint64_t len = 0;
    bool before = false;

    if (indexed)
        REDAN_TRY(met(w, &before));
    if (before || w->in.failed)
        return REDAN_OK;
    uint64_t from = w->in.pos;
    struct redan_slice dump = text(w, CODE, &len);
    if (w->in.failed)
        return REDAN_OK;
    REDAN_TRY(
        redan_tell(w->to, &(struct redan_fact){.kind = REDAN_FACT_CODE,
                                               .what = "lua",
                                               .offset = from,
                                               .number = len,
                                               .name = redan_slice_starts(dump, REDAN_S("\033L"))
                                                           ? REDAN_S("bytecode")
                                                           : REDAN_S("source"),
                                               .text = dump}));
    return push(w, 1); /* its upvalues */
}

static enum redan_status step(struct walk *w)
{
    struct frame *frame = (struct frame *)(void *)(w->frames.data + w->frames.len) - 1;
    uint64_t len = 0;

    if (frame->left == 0) {
        w->frames.len -= sizeof(*frame);
        return REDAN_OK;
    }
    frame->left--;
    switch (integer(w)) {
    case NIL:
        return REDAN_OK;
    case NUMBER:
        numbers(w, 1, 8);
        return REDAN_OK;
    case BOOLEAN:
        (void)integer(w);
        return REDAN_OK;
    case STRING: {
        uint64_t at = w->in.pos;
        struct redan_slice s = text(w, 65536, &len);
        return w->in.failed || s.len < 4
                   ? REDAN_OK
                   : redan_tell(w->to, &(struct redan_fact){.kind = REDAN_FACT_TEXT,
                                                            .offset = at,
                                                            .name = REDAN_S("text"),
                                                            .text = s});
    }
    case TABLE:
        return table(w);
    case TORCH:
        return object(w);
    case FUNCTION:
        return function(w, false);
    case FUNCTION_OLD:
    case FUNCTION_RECUR:
        return function(w, true);
    default:
        w->in.failed = true;
    }
    return REDAN_OK;
}

static enum redan_status walk(struct walk *w)
{
    REDAN_TRY(push(w, 1));
    while (w->frames.len && !w->in.failed)
        REDAN_TRY(step(w));
    return redan_source_ok(&w->in, "a Torch object");
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct walk *w = redan_take(ctx, sizeof(*w));
    struct redan_slice head = {0};

    (void)name;
    if (!w)
        return REDAN_E_MEMORY;
    *w = (struct walk){.ctx = ctx, .source = source, .to = to};
    redan_source_reader_init(&w->in, ctx, source, 0, source->size);
    REDAN_TRY(redan_source_view(ctx, source, 0, 2, &head));
    w->ascii = redan_slice_is(head, "4\n");
    redan_buf_init(&w->frames, ctx, DEPTH * sizeof(struct frame));
    redan_buf_init(&w->seen, ctx, INDICES / 8 + 1);
    enum redan_status status = walk(w);
    redan_buf_done(&w->frames);
    redan_buf_done(&w->seen);
    return redan_peek_ended(ctx, source, status, w->in.pos, w->in.pos, to);
}

static const char *const extensions[] = {".t7", NULL};
static const char *const defects[] = {"trailing-data", NULL};

const struct redan_format redan_format_torch7 = {.name = "torch7",
                                                 .title = "a Lua Torch object",
                                                 .extensions = extensions,
                                                 .sniff = sniff,
                                                 .read = read,
                                                 .defects = defects};
