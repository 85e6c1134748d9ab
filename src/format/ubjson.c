/* UBJSON as XGBoost writes its models: objects and arrays with optional element types and counts. ubjson.org, draft 12. */
#include <string.h>

#include "base/buf.h"
#include "format/format_table.h"
#include "format/peek.h"

enum { DEPTH = 4096, KEY = 64, TEXT = 65536 };

struct frame {
    uint64_t left; /* elements, or UINT64_MAX until the end mark */
    uint8_t type;  /* of every element; 0 when each says its own */
    bool object;
    uint8_t key_len;
    char key[KEY];
};

struct walk {
    struct redan_ctx *ctx;
    struct redan_source *source;
    const struct redan_listener *to;
    struct redan_source_reader in;
    struct redan_buf frames;
};

/* Bytes of a number or mark; UINT_MAX for what has no fixed size. */
static unsigned fixed_size(uint8_t type)
{
    switch (type) {
    case 'Z':
    case 'N':
    case 'T':
    case 'F':
        return 0;
    case 'i':
    case 'U':
    case 'C':
        return 1;
    case 'I':
        return 2;
    case 'l':
    case 'd':
        return 4;
    case 'L':
    case 'D':
        return 8;
    default:
        return UINT32_MAX;
    }
}

static uint64_t integer(struct redan_source_reader *in, uint8_t type)
{
    uint64_t v = 0;
    bool negative = false;

    switch (type) {
    case 'U':
        return redan_source_u8(in);
    case 'i':
        v = redan_source_u8(in);
        negative = v > INT8_MAX;
        break;
    case 'I':
        v = redan_source_u16be(in);
        negative = v > INT16_MAX;
        break;
    case 'l':
        v = redan_source_u32be(in);
        negative = v > INT32_MAX;
        break;
    case 'L':
        v = redan_source_u64be(in);
        negative = v > INT64_MAX;
        break;
    default:
        negative = true;
    }
    if (negative)
        in->failed = true; /* a length that is none */
    return negative ? 0 : v;
}

static struct redan_slice key_of(struct redan_source_reader *in, size_t most, uint64_t *rest)
{
    uint64_t n = integer(in, redan_source_u8(in));
    struct redan_slice s = redan_source_bytes(in, n < most ? n : most);

    *rest = in->failed ? 0 : n - s.len;
    return s;
}

/* '{' and a key whose length has a type: in JSON a quote or a blank would stand there. */
static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_source memory;
    struct redan_source_reader in;
    uint64_t rest = 0;

    if (probe->head.len < 4 || probe->head.at[0] != '{' ||
        !redan_char_among("iUIlL$#", probe->head.at[1]))
        return REDAN_SNIFF_NO;
    redan_source_memory(&memory, probe->head);
    redan_source_reader_init(&in, probe->ctx, &memory, 1, probe->head.len);
    if (probe->head.at[1] == '$')
        return probe->head.at[3] == '#' && redan_char_among("iUIlLdDSCTFZ[{", probe->head.at[2])
                   ? REDAN_SNIFF_YES
                   : REDAN_SNIFF_NO;
    if (probe->head.at[1] == '#') {
        redan_source_skip(&in, 1);
        (void)integer(&in, redan_source_u8(&in));
    }
    struct redan_slice key = key_of(&in, 256, &rest);
    uint8_t type = redan_source_u8(&in);
    return !in.failed && rest == 0 && redan_peek_text(key) && type &&
                   redan_char_among("iUIlLdDSHCTFZN[{", type)
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static struct frame *top_of(struct walk *w)
{
    return (struct frame *)(void *)(w->frames.data + w->frames.len) - 1;
}

static enum redan_status open(struct walk *w, bool object)
{
    struct frame frame = {.left = UINT64_MAX, .object = object};
    struct redan_source_reader *in = &w->in;
    uint8_t c = redan_source_u8(in);

    if (c == '$') {
        frame.type = redan_source_u8(in);
        c = redan_source_u8(in);
        if (c != '#')
            in->failed = true; /* a type needs a count */
    }
    if (c == '#') {
        frame.left = integer(in, redan_source_u8(in));
    } else if (!in->failed) {
        in->pos--;
    }
    unsigned size = frame.type ? fixed_size(frame.type) : UINT32_MAX;
    if (!object && size != UINT32_MAX && !in->failed) { /* an array of numbers: all of it at once */
        uint64_t bytes = 0;
        if (__builtin_mul_overflow(frame.left, (uint64_t)size, &bytes))
            in->failed = true;
        if (size == 1 && !in->failed)
            REDAN_TRY(redan_peek_blob(w->ctx, w->source, in->pos, bytes, REDAN_S("array of bytes"),
                                      w->to));
        redan_source_skip(in, bytes);
        return REDAN_OK;
    }
    redan_buf_add(&w->frames, &frame, sizeof(frame));
    return redan_buf_ok(w->ctx, &w->frames, "nested arrays");
}

static enum redan_status text(struct walk *w, struct redan_slice name)
{
    uint64_t rest = 0;
    uint64_t at = w->in.pos;
    struct redan_slice s = key_of(&w->in, TEXT, &rest);

    if (!w->in.failed && s.len)
        REDAN_TRY(redan_tell(
            w->to,
            &(struct redan_fact){.kind = REDAN_FACT_TEXT, .offset = at, .name = name, .text = s}));
    redan_source_skip(&w->in, rest);
    return REDAN_OK;
}

static enum redan_status value(struct walk *w, uint8_t type, struct redan_slice name)
{
    unsigned size = fixed_size(type);

    if (size != UINT32_MAX) {
        redan_source_skip(&w->in, size);
        return REDAN_OK;
    }
    if (type == 'S' || type == 'H')
        return text(w, name);
    if (type == '{' || type == '[')
        return open(w, type == '{');
    w->in.failed = true;
    return REDAN_OK;
}

static enum redan_status step(struct walk *w)
{
    struct frame *frame = top_of(w);
    char key[KEY];
    uint64_t rest = 0;
    uint8_t c = 0;

    if (frame->left == 0) {
        w->frames.len -= sizeof(*frame);
        return REDAN_OK;
    }
    if (frame->left == UINT64_MAX) {
        c = redan_source_u8(&w->in);
        if (c == 'N')
            return REDAN_OK;
        if (c == (frame->object ? '}' : ']')) {
            w->frames.len -= sizeof(*frame);
            return REDAN_OK;
        }
        if (!w->in.failed)
            w->in.pos--;
    } else {
        frame->left--;
    }
    if (frame->object) {
        struct redan_slice s = key_of(&w->in, KEY, &rest);
        frame->key_len = (uint8_t)s.len;
        if (s.len)
            memcpy(frame->key, s.at, s.len);
        redan_source_skip(&w->in, rest);
    }
    size_t len = frame->key_len;
    memcpy(key, frame->key, len);
    return value(w, frame->type ? frame->type : redan_source_u8(&w->in),
                 (struct redan_slice){key, len});
}

static enum redan_status walk(struct walk *w)
{
    redan_source_skip(&w->in, 1);
    REDAN_TRY(open(w, true));
    while (w->frames.len && !w->in.failed)
        REDAN_TRY(step(w));
    return redan_source_ok(&w->in, "a UBJSON value");
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct walk w = {.ctx = ctx, .source = source, .to = to};

    (void)name;
    redan_source_reader_init(&w.in, ctx, source, 0, source->size);
    redan_buf_init(&w.frames, ctx, DEPTH * sizeof(struct frame));
    enum redan_status status = walk(&w);
    redan_buf_done(&w.frames);
    return redan_peek_ended(ctx, source, status, w.in.pos, w.in.pos, to);
}

static const char *const extensions[] = {".ubj", NULL};
static const char *const defects[] = {"trailing-data", NULL};

const struct redan_format redan_format_ubjson = {.name = "ubjson",
                                                 .title = "an XGBoost model in UBJSON",
                                                 .extensions = extensions,
                                                 .sniff = sniff,
                                                 .read = read,
                                                 .defects = defects};
