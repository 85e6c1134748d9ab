/* MessagePack as flax writes its checkpoints: maps of names, numbers, and arrays in extension types. msgpack specification, 2013. */
#include <string.h>

#include "base/buf.h"
#include "format/format_table.h"
#include "format/peek.h"

enum {
    DEPTH = 4096,
    KEY = 64,
    TEXT = 65536,
    VALUES = 20000000, /* half a second of work; arrays are one value each */
    FLAX_ARRAY = 1,    /* flax.serialization: ndarray, complex, numpy scalar */
};

enum kind { K_PLAIN, K_TEXT, K_BYTES, K_EXT, K_LIST, K_MAP, K_BAD };

struct value {
    enum kind kind;
    uint64_t n; /* bytes or elements */
    int8_t ext;
};

struct frame {
    uint64_t left; /* values; twice the pairs of a map */
    bool map;
    uint8_t key_len;
    char key[KEY];
};

static uint64_t number(struct redan_source_reader *in, unsigned size)
{
    switch (size) {
    case 1:
        return redan_source_u8(in);
    case 2:
        return redan_source_u16be(in);
    default:
        return redan_source_u32be(in);
    }
}

static struct value sized(struct redan_source_reader *in, enum kind kind, unsigned size)
{
    return (struct value){.kind = kind, .n = number(in, size)};
}

/* The head of one value; plain ones are passed over whole. */
static struct value head(struct redan_source_reader *in)
{
    static const uint8_t fixed[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8}; /* ca to d3 */
    struct value v = {.kind = K_PLAIN};
    uint8_t c = redan_source_u8(in);

    if (c <= 0x7f || c >= 0xe0)
        return v;
    if (c <= 0x8f)
        return (struct value){.kind = K_MAP, .n = c & 15};
    if (c <= 0x9f)
        return (struct value){.kind = K_LIST, .n = c & 15};
    if (c <= 0xbf)
        return (struct value){.kind = K_TEXT, .n = c & 31};
    if (c == 0xc1)
        v.kind = K_BAD;
    if (c <= 0xc3)
        return v;
    if (c <= 0xc6)
        return sized(in, K_BYTES, 1u << (c - 0xc4));
    if (c <= 0xc9) {
        v = sized(in, K_EXT, 1u << (c - 0xc7));
        v.ext = (int8_t)redan_source_u8(in);
        return v;
    }
    if (c <= 0xd3) {
        redan_source_skip(in, fixed[c - 0xca]);
        return v;
    }
    if (c <= 0xd8)
        return (struct value){
            .kind = K_EXT, .n = (uint64_t)1 << (c - 0xd4), .ext = (int8_t)redan_source_u8(in)};
    if (c <= 0xdb)
        return sized(in, K_TEXT, 1u << (c - 0xd9));
    return sized(in, c <= 0xdd ? K_LIST : K_MAP, c & 1 ? 4 : 2);
}

/* A map at the root whose first keys are names, and values that fit the size: no other format begins so. */
static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_source memory;
    struct redan_source_reader in;
    uint64_t pairs = 0;
    uint64_t seen = 0;

    redan_source_memory(&memory, probe->head);
    redan_source_reader_init(&in, probe->ctx, &memory, 0, probe->head.len);
    struct value root = head(&in);
    pairs = root.n;
    if (root.kind != K_MAP || pairs == 0)
        return REDAN_SNIFF_NO;
    for (; seen < pairs && seen < 8; seen++) {
        struct value key = head(&in);
        if (in.failed || key.kind != K_TEXT || key.n == 0 || key.n > 256 ||
            !redan_peek_text(redan_source_bytes(&in, key.n)))
            return seen && in.failed ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
        struct value v = head(&in);
        if (v.kind == K_BAD)
            return REDAN_SNIFF_NO;
        if (in.failed || v.kind == K_LIST || v.kind == K_MAP) {
            seen += !in.failed;
            break;
        }
        if (probe->source->size != REDAN_SOURCE_UNKNOWN && v.n > probe->source->size - in.pos)
            return REDAN_SNIFF_NO;
        redan_source_skip(&in, v.n);
    }
    return seen ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

struct walk {
    struct redan_ctx *ctx;
    struct redan_source *source;
    const struct redan_listener *to;
    struct redan_source_reader in;
    struct redan_buf frames;
};

static struct frame *top_of(struct walk *w)
{
    return (struct frame *)(void *)(w->frames.data + w->frames.len) - 1;
}

static enum redan_status push(struct walk *w, const struct value *v)
{
    struct frame frame = {.left = v->kind == K_MAP ? v->n * 2 : v->n, .map = v->kind == K_MAP};

    redan_buf_add(&w->frames, &frame, sizeof(frame));
    return redan_buf_ok(w->ctx, &w->frames, "nested maps");
}

static enum redan_status text(struct walk *w, struct redan_slice name, uint64_t n)
{
    uint64_t at = w->in.pos;
    struct redan_slice s = redan_source_bytes(&w->in, n < TEXT ? n : TEXT);
    uint64_t rest = n - s.len;

    if (!w->in.failed && s.len)
        REDAN_TRY(redan_tell(
            w->to,
            &(struct redan_fact){
                .kind = REDAN_FACT_TEXT, .offset = at, .name = name, .text = s, .number = n}));
    redan_source_skip(&w->in, rest);
    return REDAN_OK;
}

/* flax packs shape, type and bytes of an array as three values of their own. */
static enum redan_status extension(struct walk *w, struct redan_slice name, const struct value *v)
{
    struct redan_source_reader in = w->in;
    uint64_t end = w->in.pos;

    redan_source_skip(&w->in, v->n);
    if (w->in.failed)
        return REDAN_OK;
    end = w->in.pos;
    in.end = end;
    if (v->ext == FLAX_ARRAY) {
        struct value parts = head(&in);
        struct value shape = head(&in);
        for (uint64_t i = 0; i < shape.n && shape.kind == K_LIST && !in.failed && i < 64; i++)
            (void)head(&in);
        struct value type = head(&in);
        if (type.kind == K_TEXT)
            redan_source_skip(&in, type.n);
        struct value bytes = head(&in);
        if (!in.failed && parts.n == 3 && bytes.kind == K_BYTES && bytes.n <= end - in.pos)
            return redan_peek_blob(w->ctx, w->source, in.pos, bytes.n, name, w->to);
    }
    return redan_peek_blob(w->ctx, w->source, end - v->n, v->n, name, w->to);
}

static enum redan_status value(struct walk *w, struct redan_slice name)
{
    struct value v = head(&w->in);

    switch (v.kind) {
    case K_MAP:
    case K_LIST:
        return w->in.failed ? REDAN_OK : push(w, &v);
    case K_TEXT:
        return text(w, name, v.n);
    case K_BYTES:
        if (!w->in.failed)
            REDAN_TRY(redan_peek_blob(w->ctx, w->source, w->in.pos, v.n, name, w->to));
        redan_source_skip(&w->in, v.n);
        return REDAN_OK;
    case K_EXT:
        return extension(w, name, &v);
    case K_BAD:
        w->in.failed = true;
        return REDAN_OK;
    case K_PLAIN:
        break;
    }
    return REDAN_OK;
}

static enum redan_status step(struct walk *w)
{
    struct frame *frame = top_of(w);
    char key[KEY];
    size_t len = 0;

    if (frame->left == 0) {
        w->frames.len -= sizeof(*frame);
        return REDAN_OK;
    }
    frame->left--;
    if (!frame->map || frame->left % 2 == 0) { /* of a map, the second of each pair */
        len = frame->key_len;
        memcpy(key, frame->key, len);
        return value(w, (struct redan_slice){key, len});
    }
    uint64_t at = w->in.pos;
    struct value v = head(&w->in);
    frame->key_len = 0;
    if (v.kind != K_TEXT) { /* a number as a key, or something stranger */
        w->in.pos = at;
        return value(w, (struct redan_slice){"", 0});
    }
    struct redan_slice s = redan_source_bytes(&w->in, v.n < KEY ? v.n : KEY);
    frame->key_len = (uint8_t)s.len;
    if (s.len)
        memcpy(frame->key, s.at, s.len);
    redan_source_skip(&w->in, v.n - s.len);
    return REDAN_OK;
}

static enum redan_status walk(struct walk *w)
{
    struct value root = head(&w->in);

    REDAN_TRY(push(w, &root));
    for (uint64_t i = 0; w->frames.len && !w->in.failed; i++) {
        if (i == VALUES)
            return redan_fail(w->ctx, REDAN_E_LIMIT, w->in.pos, "more values than are looked at");
        REDAN_TRY(step(w));
    }
    return redan_source_ok(&w->in, "a MessagePack value");
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

static const char *const extensions[] = {".msgpack", NULL};
static const char *const defects[] = {"trailing-data", NULL};

const struct redan_format redan_format_msgpack = {.name = "msgpack",
                                                  .title = "a MessagePack checkpoint",
                                                  .extensions = extensions,
                                                  .sniff = sniff,
                                                  .read = read,
                                                  .defects = defects};
