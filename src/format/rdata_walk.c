/* Walks R's serialised objects with a stack of its own. R Internals 1.8, serialize.c of R 4. */
#include <string.h>

#include "format/peek.h"
#include "format/rdata_walk.h"

/* SEXP types, and what stands in their place. */
enum {
    SYM = 1,
    LIST = 2,
    CLO = 3,
    ENV = 4,
    PROM = 5,
    LANG = 6,
    SPECIAL = 7,
    BUILTIN = 8,
    CHARS = 9,
    LGL = 10,
    INT = 13,
    REAL = 14,
    CPLX = 15,
    STR = 16,
    DOT = 17,
    VEC = 19,
    EXPR = 20,
    BCODE = 21,
    EXTPTR = 22,
    WEAKREF = 23,
    RAW = 24,
    S4 = 25,
    ALTREP = 238,
    ATTRLIST = 239,
    ATTRLANG = 240,
    BASEENV = 241,
    EMPTYENV = 242,
    BCREPREF = 243,
    BCREPDEF = 244,
    PERSIST = 247,
    PACKAGE = 248,
    NAMESPACE = 249,
    UNBOUND = 252,
    REF = 255,
};

static enum redan_status bad(struct redan_rdata_walk *w, const char *what)
{
    if (w->r->in.failed)
        return redan_source_ok(&w->r->in, "an R object");
    return redan_fail(w->r->ctx, REDAN_E_SYNTAX, w->r->in.pos, "%s", what);
}

/* R Internals 1.8: lengths over 2^31 - 1 are -1 and two halves. */
static uint64_t length(struct redan_rdata_walk *w)
{
    int32_t n = redan_rdata_int(w->r);

    if (n >= 0)
        return (uint64_t)n;
    if (n != -1) {
        w->r->in.failed = true;
        return 0;
    }
    uint64_t high = (uint32_t)redan_rdata_int(w->r);
    uint64_t low = (uint32_t)redan_rdata_int(w->r);
    if (high > UINT16_MAX)
        w->r->in.failed = true;
    return high << 32 | low;
}

/* One CHARSXP: its first bytes, and all of it passed over. */
static struct redan_slice chars(struct redan_rdata_walk *w, size_t most)
{
    struct redan_slice none = {"", 0};
    uint32_t flags = (uint32_t)redan_rdata_int(w->r);
    int32_t len = redan_rdata_int(w->r);

    if ((flags & 0xff) != CHARS || (flags & 1 << 9) || len < -1)
        w->r->in.failed = true;
    if (w->r->in.failed || len <= 0)
        return none;
    return redan_rdata_text(w->r, (uint64_t)len, w->scratch,
                            redan_min_size(most, sizeof(w->scratch)));
}

/* Pass over a CHARSXP: most of a data file is these. */
static void skip_chars(struct redan_rdata_walk *w)
{
    if (w->r->form != REDAN_RDATA_XDR) {
        (void)chars(w, 0);
        return;
    }
    struct redan_slice head = redan_source_bytes(&w->r->in, 8);
    uint32_t flags = redan_peek_u32be(head, 0);
    uint32_t len = redan_peek_u32be(head, 4);

    if ((flags & 0xff) != CHARS || (flags & 1 << 9) || (len > INT32_MAX && len != UINT32_MAX))
        w->r->in.failed = true;
    if (len != UINT32_MAX)
        redan_source_skip(&w->r->in, len);
}

static enum redan_status strings(struct redan_rdata_walk *w, const struct redan_rdata_frame *frame)
{
    uint64_t n = length(w);

    if (n && frame && !w->r->in.failed)
        redan_rdata_filled(w, frame, chars(w, REDAN_RDATA_ARGUMENT), REDAN_RDATA_KIND_TEXT);
    for (uint64_t i = frame ? 1 : 0; i < n && !w->r->in.failed; i++)
        skip_chars(w);
    return redan_source_ok(&w->r->in, "a text of an R object");
}

/* Attribute, tag, head and rest of a pairlist cell and of what is laid out like one. */
static enum redan_status cell(struct redan_rdata_walk *w, const struct redan_rdata_frame *frame,
                              unsigned type, uint32_t flags)
{
    unsigned in = frame->in & ~(unsigned)(REDAN_RDATA_IN_TOP | REDAN_RDATA_IN_VALUE);
    bool list = type == LIST || type == DOT;
    bool top = list && (frame->in & REDAN_RDATA_IN_TOP);
    bool args = list && frame->role == REDAN_RDATA_ARGS;
    uint32_t call = frame->call;

    if (type == LANG) {
        REDAN_TRY(redan_rdata_call(w, frame, &call));
        redan_rdata_push(w, REDAN_RDATA_OP_END_CALL, REDAN_RDATA_NONE, in, call, 0);
        redan_rdata_push(w, REDAN_RDATA_OP_ITEM, REDAN_RDATA_ARGS, in, call, 0);
        redan_rdata_push(w, REDAN_RDATA_OP_ITEM, REDAN_RDATA_HEAD, in, call, 0);
    } else if (list) {
        unsigned active =
            flags & 1u << 27 ? REDAN_RDATA_IN_ACTIVE : 0; /* ACTIVE_BINDING_MASK of the levels */
        redan_rdata_push(w, REDAN_RDATA_OP_ITEM, args ? REDAN_RDATA_ARGS : REDAN_RDATA_NONE,
                         frame->in, call, 0);
        redan_rdata_push(w, REDAN_RDATA_OP_ITEM, args ? REDAN_RDATA_ARG : REDAN_RDATA_NONE,
                         in | active | (top ? REDAN_RDATA_IN_VALUE : 0u), call, 0);
    } else if (type == CLO) {
        redan_rdata_item(w, in | REDAN_RDATA_IN_CLOSURE);
        redan_rdata_item(w, in | REDAN_RDATA_IN_CLOSURE);
    } else {
        redan_rdata_push(w, REDAN_RDATA_OP_ITEM, REDAN_RDATA_NONE, in, 0,
                         0); /* the code of a promise */
        redan_rdata_push(w, REDAN_RDATA_OP_ITEM, REDAN_RDATA_VALUE,
                         in | (frame->in & REDAN_RDATA_IN_VALUE), 0,
                         0); /* says whether that is to run */
    }
    if (flags & 1 << 10)
        redan_rdata_push(w, REDAN_RDATA_OP_ITEM, top ? REDAN_RDATA_TAG : REDAN_RDATA_NONE,
                         list ? in : (in & ~(unsigned)REDAN_RDATA_IN_CODE) | REDAN_RDATA_IN_ENV, 0,
                         0);
    if (flags & 1 << 9)
        redan_rdata_item(w, in);
    return REDAN_OK;
}

static enum redan_status environment(struct redan_rdata_walk *w,
                                     const struct redan_rdata_frame *frame)
{
    unsigned in =
        (frame->in & ~(unsigned)(REDAN_RDATA_IN_TOP | REDAN_RDATA_IN_VALUE | REDAN_RDATA_IN_CODE)) |
        REDAN_RDATA_IN_ENV;

    (void)redan_rdata_int(w->r);
    for (int i = 0; i < 4; i++)
        redan_rdata_item(w, in);
    return redan_rdata_ref(w, REDAN_S(""));
}

static enum redan_status promise_value(struct redan_rdata_walk *w,
                                       const struct redan_rdata_frame *frame, unsigned type)
{
    struct redan_rdata_frame *code = redan_rdata_top(w);

    if (frame->role != REDAN_RDATA_VALUE || !code)
        return REDAN_OK;
    code->in |= type == UNBOUND ? REDAN_RDATA_IN_PROMISE : REDAN_RDATA_IN_FORCED;
    if (type != UNBOUND || !(frame->in & REDAN_RDATA_IN_VALUE))
        return REDAN_OK;
    return redan_tell(
        w->r->to,
        &(struct redan_fact){.kind = REDAN_FACT_CODE, .what = "r-pending", .offset = w->r->in.pos});
}

/* Vectors of numbers and raw bytes: passed over, but for bytes that begin like something else. */
static enum redan_status numbers(struct redan_rdata_walk *w, unsigned type)
{
    uint64_t n = length(w);
    unsigned size = type == LGL || type == INT ? 4 : type == REAL ? 8 : type == CPLX ? 16 : 1;

    if (type == RAW && !w->r->in.failed && w->r->form != REDAN_RDATA_ASCII)
        REDAN_TRY(redan_peek_blob(w->r->ctx, w->r->source, w->r->in.pos, n, REDAN_S("raw vector"),
                                  w->r->to));
    redan_rdata_skip(w->r, n, size, type == CPLX);
    return redan_source_ok(&w->r->in, "a vector of an R object");
}

static enum redan_status builtin(struct redan_rdata_walk *w, const struct redan_rdata_frame *frame)
{
    int32_t len = redan_rdata_int(w->r);

    if (len < 0 || len > 1024)
        return bad(w, "a built-in function without a name");
    struct redan_slice name = redan_rdata_text(w->r, (uint64_t)len, w->scratch, sizeof(w->scratch));
    if (!w->r->in.failed)
        redan_rdata_filled(w, frame, name, REDAN_RDATA_KIND_SYMBOL);
    return redan_source_ok(&w->r->in, "a built-in function");
}

/* A symbol, or a reference to what stood before. */
static enum redan_status name_or_ref(struct redan_rdata_walk *w,
                                     const struct redan_rdata_frame *frame, unsigned type,
                                     uint32_t flags)
{
    uint32_t index = flags >> 8;

    if (type == SYM) {
        struct redan_slice name = chars(w, sizeof(w->scratch));
        REDAN_TRY(redan_source_ok(&w->r->in, "a symbol"));
        REDAN_TRY(redan_rdata_ref(w, name));
        return redan_rdata_symbol(w, frame, name);
    }
    if (index == 0)
        index = (uint32_t)redan_rdata_int(w->r);
    const struct redan_rdata_ref *refs = (const struct redan_rdata_ref *)(const void *)w->refs.data;
    if (index == 0 || (index > w->refs.len / sizeof(*refs) && !w->full))
        return bad(w, "a reference to nothing");
    if (index > w->refs.len / sizeof(*refs) || refs[index - 1].len == 0)
        return REDAN_OK;
    return redan_rdata_symbol(
        w, frame, (struct redan_slice){w->names.data + refs[index - 1].at, refs[index - 1].len});
}

static enum redan_status structured(struct redan_rdata_walk *w,
                                    const struct redan_rdata_frame *frame, unsigned type,
                                    uint32_t flags);

static enum redan_status read_item(struct redan_rdata_walk *w,
                                   const struct redan_rdata_frame *frame)
{
    uint32_t flags = (uint32_t)redan_rdata_int(w->r);
    unsigned type = flags & 0xff;

    REDAN_TRY(redan_source_ok(&w->r->in, "an R object"));
    if (frame->role == REDAN_RDATA_VALUE)
        REDAN_TRY(promise_value(w, frame, type));
    if (type == SYM || type == REF)
        return name_or_ref(w, frame, type, flags);
    if (type == LIST || type == LANG || type == CLO || type == PROM || type == DOT)
        return cell(w, frame, type, flags);
    if (type == ENV)
        return environment(w, frame);
    if (type == PACKAGE || type == NAMESPACE || type == PERSIST) {
        (void)redan_rdata_int(w->r);
        REDAN_TRY(strings(w, NULL));
        return redan_rdata_ref(w, REDAN_S(""));
    }
    if (type >= BASEENV && type != BCREPREF && type != BCREPDEF)
        return REDAN_OK; /* a constant */
    if ((flags & 1 << 9) && type != ALTREP)
        redan_rdata_item(w,
                         frame->in & ~(unsigned)(REDAN_RDATA_IN_TOP |
                                                 REDAN_RDATA_IN_VALUE)); /* attributes come after */
    return structured(w, frame, type, flags);
}

static enum redan_status structured(struct redan_rdata_walk *w,
                                    const struct redan_rdata_frame *frame, unsigned type,
                                    uint32_t flags)
{
    unsigned in = frame->in & ~(unsigned)(REDAN_RDATA_IN_TOP | REDAN_RDATA_IN_VALUE);
    uint32_t call = 0;

    (void)flags;
    switch (type) {
    case LGL:
    case INT:
    case REAL:
    case CPLX:
    case RAW:
        return numbers(w, type);
    case STR:
        return strings(w, frame);
    case CHARS: {
        int32_t len = redan_rdata_int(w->r);
        if (len > 0)
            (void)redan_rdata_text(w->r, (uint64_t)len, w->scratch, 0);
        return redan_source_ok(&w->r->in, "a text of an R object");
    }
    case SPECIAL:
    case BUILTIN:
        return builtin(w, frame);
    case VEC:
    case EXPR:
        redan_rdata_push(w, REDAN_RDATA_OP_ITEMS, REDAN_RDATA_NONE, in, 0, length(w));
        return redan_source_ok(&w->r->in, "a list of an R object");
    case BCODE:
        (void)redan_rdata_int(w->r);
        redan_rdata_push(w, REDAN_RDATA_OP_CODE, REDAN_RDATA_NONE, in, 0, 0);
        return REDAN_OK;
    case EXTPTR:
        redan_rdata_item(w, in);
        redan_rdata_item(w, in);
        return redan_rdata_ref(w, REDAN_S(""));
    case WEAKREF:
        return redan_rdata_ref(w, REDAN_S(""));
    case S4:
        return REDAN_OK;
    case ALTREP:
        redan_rdata_item(w, in);
        redan_rdata_item(w, in);
        REDAN_TRY(redan_rdata_call(w, frame, &call));
        redan_rdata_push(w, REDAN_RDATA_OP_END_ALTREP, REDAN_RDATA_NONE, in, call, 0);
        redan_rdata_push(w, REDAN_RDATA_OP_ITEM, REDAN_RDATA_ARGS, in, call, 0);
        return REDAN_OK;
    default:
        return bad(w, "an object of an unknown type");
    }
}

/* serialize.c, ReadBCLang. */
static enum redan_status tree(struct redan_rdata_walk *w, const struct redan_rdata_frame *frame,
                              int32_t type)
{
    uint32_t call = frame->call;
    bool attributes = false;
    bool args = frame->role == REDAN_RDATA_ARGS;

    if (type == BCREPREF) {
        (void)redan_rdata_int(w->r);
        return REDAN_OK;
    }
    if (type == BCREPDEF) {
        (void)redan_rdata_int(w->r);
        type = redan_rdata_int(w->r);
    }
    attributes = type == ATTRLANG || type == ATTRLIST;
    if (type == LANG || type == ATTRLANG) {
        REDAN_TRY(redan_rdata_call(w, frame, &call));
        redan_rdata_push(w, REDAN_RDATA_OP_END_CALL, REDAN_RDATA_NONE, frame->in, call, 0);
        redan_rdata_push(w, REDAN_RDATA_OP_TREE, REDAN_RDATA_ARGS, frame->in, call, 0);
        redan_rdata_push(w, REDAN_RDATA_OP_TREE, REDAN_RDATA_HEAD, frame->in, call, 0);
    } else if (type == LIST || type == ATTRLIST) {
        redan_rdata_push(w, REDAN_RDATA_OP_TREE, args ? REDAN_RDATA_ARGS : REDAN_RDATA_NONE,
                         frame->in, call, 0);
        redan_rdata_push(w, REDAN_RDATA_OP_TREE, args ? REDAN_RDATA_ARG : REDAN_RDATA_NONE,
                         frame->in, call, 0);
    } else {
        redan_rdata_push(w, REDAN_RDATA_OP_ITEM, (enum redan_rdata_role)frame->role, frame->in,
                         call, 0);
        return REDAN_OK;
    }
    redan_rdata_item(w, frame->in);
    if (attributes)
        redan_rdata_item(w, frame->in);
    return REDAN_OK;
}

static enum redan_status constant(struct redan_rdata_walk *w, const struct redan_rdata_frame *frame)
{
    static const int32_t trees[] = {LANG, LIST, BCREPDEF, BCREPREF, ATTRLANG, ATTRLIST};
    int32_t type = redan_rdata_int(w->r);

    REDAN_TRY(redan_source_ok(&w->r->in, "byte code"));
    if (type == BCODE) {
        redan_rdata_push(w, REDAN_RDATA_OP_CODE, REDAN_RDATA_NONE, frame->in, 0, 0);
        return REDAN_OK;
    }
    for (size_t i = 0; i < REDAN_COUNT(trees); i++) {
        if (type == trees[i])
            return tree(w, &(struct redan_rdata_frame){.in = frame->in, .role = REDAN_RDATA_NONE},
                        type);
    }
    redan_rdata_push(w, REDAN_RDATA_OP_ITEM, REDAN_RDATA_CONST, frame->in, 0, 0);
    return REDAN_OK;
}

static enum redan_status step(struct redan_rdata_walk *w, struct redan_rdata_frame frame)
{
    int32_t n = 0;

    switch (frame.op) {
    case REDAN_RDATA_OP_ITEM:
        return read_item(w, &frame);
    case REDAN_RDATA_OP_ITEMS:
    case REDAN_RDATA_OP_CONSTS:
        if (frame.n == 0)
            return REDAN_OK;
        redan_rdata_push(w, (enum redan_rdata_op)frame.op, REDAN_RDATA_NONE, frame.in, 0,
                         frame.n - 1);
        if (frame.op == REDAN_RDATA_OP_CONSTS)
            return constant(w, &frame);
        redan_rdata_item(w, frame.in);
        return REDAN_OK;
    case REDAN_RDATA_OP_CODE:
        redan_rdata_push(w, REDAN_RDATA_OP_COUNT, REDAN_RDATA_NONE, frame.in, 0, 0);
        redan_rdata_item(w, frame.in);
        return REDAN_OK;
    case REDAN_RDATA_OP_COUNT:
        n = redan_rdata_int(w->r);
        if (n < 0 || w->r->in.failed)
            return bad(w, "byte code without constants");
        redan_rdata_push(w, REDAN_RDATA_OP_CONSTS, REDAN_RDATA_NONE, frame.in, 0, (uint64_t)n);
        return REDAN_OK;
    case REDAN_RDATA_OP_TREE:
        n = redan_rdata_int(w->r);
        REDAN_TRY(redan_source_ok(&w->r->in, "byte code"));
        return tree(w, &frame, n);
    case REDAN_RDATA_OP_END_CALL:
        return redan_rdata_end_call(w, &frame);
    default:
        return redan_rdata_end_altrep(w, &frame);
    }
}

static enum redan_status walk(struct redan_rdata_walk *w)
{
    redan_rdata_push(w, REDAN_RDATA_OP_ITEM, REDAN_RDATA_NONE,
                     w->r->workspace ? REDAN_RDATA_IN_TOP : REDAN_RDATA_IN_VALUE, 0, 0);
    while (w->frames.len) {
        struct redan_rdata_frame frame = *redan_rdata_top(w);
        w->frames.len -= sizeof(frame);
        REDAN_TRY(step(w, frame));
        if (w->frames.fail != REDAN_OK)
            return redan_buf_ok(w->r->ctx, &w->frames, "nested objects");
    }
    return redan_source_ok(&w->r->in, "an R object");
}

enum redan_status redan_rdata_walk(struct redan_rdata *r)
{
    struct redan_rdata_walk *w = redan_take(r->ctx, sizeof(*w));

    if (!w)
        return REDAN_E_MEMORY;
    w->r = r;
    redan_buf_init(&w->frames, r->ctx,
                   (size_t)REDAN_RDATA_FRAMES * sizeof(struct redan_rdata_frame));
    redan_buf_init(&w->calls, r->ctx, (size_t)REDAN_RDATA_CALLS * sizeof(struct redan_rdata_call));
    redan_buf_init(&w->refs, r->ctx,
                   (size_t)(REDAN_RDATA_REFS + 1) * sizeof(struct redan_rdata_ref));
    redan_buf_init(&w->names, r->ctx, REDAN_RDATA_NAMES);
    enum redan_status status = walk(w);
    redan_buf_done(&w->frames);
    redan_buf_done(&w->calls);
    redan_buf_done(&w->refs);
    redan_buf_done(&w->names);
    return status;
}
