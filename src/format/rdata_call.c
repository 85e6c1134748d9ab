/* What R calls where: the calls that are open in the walk, their functions and first arguments, and the names that references mean. */
#include <string.h>

#include "format/rdata_walk.h"

static struct redan_rdata_frame *frames_of(struct redan_rdata_walk *w)
{
    return (struct redan_rdata_frame *)(void *)w->frames.data;
}

struct redan_rdata_frame *redan_rdata_top(struct redan_rdata_walk *w)
{
    return w->frames.len ? frames_of(w) + w->frames.len / sizeof(struct redan_rdata_frame) - 1
                         : NULL;
}

static struct redan_rdata_call *call_at(struct redan_rdata_walk *w, uint32_t i)
{
    return (struct redan_rdata_call *)(void *)w->calls.data + i;
}

void redan_rdata_push(struct redan_rdata_walk *w, enum redan_rdata_op op,
                      enum redan_rdata_role role, unsigned in, uint32_t call, uint64_t n)
{
    struct redan_rdata_frame frame = {
        .op = (uint8_t)op, .role = (uint8_t)role, .in = (uint16_t)in, .call = call, .n = n};

    redan_buf_add(&w->frames, &frame, sizeof(frame));
}

void redan_rdata_item(struct redan_rdata_walk *w, unsigned in)
{
    redan_rdata_push(w, REDAN_RDATA_OP_ITEM, REDAN_RDATA_NONE, in, 0, 0);
}

static void set(struct redan_rdata_text *text, struct redan_slice s, enum redan_rdata_kind kind)
{
    text->len = (uint8_t)redan_min_size(s.len, sizeof(text->at));
    text->kind = (uint8_t)kind;
    if (text->len)
        memcpy(text->at, s.at, text->len);
}

static struct redan_slice text_of(const struct redan_rdata_text *text)
{
    return (struct redan_slice){text->at, text->len};
}

void redan_rdata_filled(struct redan_rdata_walk *w, const struct redan_rdata_frame *frame,
                        struct redan_slice s, enum redan_rdata_kind kind)
{
    struct redan_rdata_call *call = NULL;

    if (frame->role != REDAN_RDATA_HEAD && frame->role != REDAN_RDATA_ARG)
        return;
    call = call_at(w, frame->call);
    if (frame->role == REDAN_RDATA_HEAD) {
        set(&call->name, s, kind);
        return;
    }
    for (size_t i = 0; i < REDAN_COUNT(call->args); i++) {
        if (call->args[i].kind == REDAN_RDATA_KIND_NONE) {
            set(&call->args[i], s, kind);
            return;
        }
    }
}

static const char *place(unsigned in)
{
    if (in & REDAN_RDATA_IN_PROMISE)
        return in & REDAN_RDATA_IN_ENV ? "r-promise-of-environment" : "r-promise";
    if (in & REDAN_RDATA_IN_ACTIVE)
        return "r-active-binding";
    if (in & REDAN_RDATA_IN_HOOK)
        return "r-startup";
    if (in & REDAN_RDATA_IN_FORCED)
        return "r-forced";
    return in & REDAN_RDATA_IN_CLOSURE ? "r-closure" : "r-expression";
}

static enum redan_status tell_code(struct redan_rdata_walk *w, const char *what, uint64_t offset,
                                   const struct redan_rdata_call *call)
{
    return redan_tell(w->r->to, &(struct redan_fact){.kind = REDAN_FACT_CODE,
                                                     .what = what,
                                                     .offset = offset,
                                                     .number = call->args[0].kind,
                                                     .module = text_of(&call->module),
                                                     .name = text_of(&call->name),
                                                     .text = text_of(&call->args[0])});
}

static bool startup_name(struct redan_slice name)
{
    static const char *const names[] = {".First",  ".Last",     ".First.sys",
                                        ".onLoad", ".onAttach", NULL};

    return redan_slice_among(names, name);
}

enum redan_status redan_rdata_symbol(struct redan_rdata_walk *w,
                                     const struct redan_rdata_frame *frame, struct redan_slice name)
{
    struct redan_rdata_frame *next = redan_rdata_top(w);

    redan_rdata_filled(w, frame, name, REDAN_RDATA_KIND_SYMBOL);
    if (frame->role == REDAN_RDATA_TAG && next && startup_name(name))
        next->in |= REDAN_RDATA_IN_HOOK; /* the value of this variable comes next */
    if (frame->role == REDAN_RDATA_CONST &&
        (frame->in & (REDAN_RDATA_IN_PROMISE | REDAN_RDATA_IN_ACTIVE | REDAN_RDATA_IN_HOOK))) {
        struct redan_rdata_call bare = {.offset = w->r->in.pos};
        set(&bare.name, name, REDAN_RDATA_KIND_SYMBOL);
        return tell_code(w, place(frame->in), bare.offset, &bare);
    }
    return REDAN_OK;
}

enum redan_status redan_rdata_ref(struct redan_rdata_walk *w, struct redan_slice name)
{
    struct redan_rdata_ref ref = {.at = (uint32_t)w->names.len,
                                  .len = (uint32_t)redan_min_size(name.len, REDAN_RDATA_NAME)};

    if (w->full || w->refs.len >= (size_t)REDAN_RDATA_REFS * sizeof(ref) ||
        w->names.len > REDAN_RDATA_NAMES - REDAN_RDATA_NAME) {
        if (!w->full)
            REDAN_TRY(redan_tell_unread(w->r->to, REDAN_UNREAD_BUDGET, w->r->in.pos, 0,
                                        REDAN_S("too many names")));
        w->full = true;
        return REDAN_OK;
    }
    redan_buf_add(&w->names, name.at, ref.len);
    redan_buf_add(&w->refs, &ref, sizeof(ref));
    REDAN_TRY(redan_buf_ok(w->r->ctx, &w->names, "the names of an object"));
    return redan_buf_ok(w->r->ctx, &w->refs, "the names of an object");
}

enum redan_status redan_rdata_call(struct redan_rdata_walk *w,
                                   const struct redan_rdata_frame *frame, uint32_t *index)
{
    struct redan_rdata_call call = {
        .offset = w->r->in.pos, .role = frame->role, .parent = frame->call};

    *index = (uint32_t)(w->calls.len / sizeof(call));
    redan_buf_add(&w->calls, &call, sizeof(call));
    return redan_buf_ok(w->r->ctx, &w->calls, "nested calls");
}

enum redan_status redan_rdata_end_call(struct redan_rdata_walk *w,
                                       const struct redan_rdata_frame *frame)
{
    struct redan_rdata_call call = *call_at(w, frame->call);
    struct redan_slice name = text_of(&call.name);
    struct redan_rdata_frame as = {.role = call.role, .call = call.parent};
    bool scoped = redan_slice_is(name, "::") || redan_slice_is(name, ":::");

    w->calls.len -= sizeof(call);
    if (scoped && call.role == REDAN_RDATA_HEAD) {
        struct redan_rdata_call *outer = call_at(w, call.parent);
        outer->module = call.args[0];
        outer->name = call.args[1];
        return REDAN_OK;
    }
    if (scoped) { /* the function itself is handed on */
        redan_rdata_filled(w, &as, text_of(&call.args[1]), REDAN_RDATA_KIND_SYMBOL);
        return REDAN_OK;
    }
    if (call.role == REDAN_RDATA_ARG)
        redan_rdata_filled(w, &as, name, REDAN_RDATA_KIND_CALL);
    return tell_code(w, place(frame->in), call.offset, &call);
}

enum redan_status redan_rdata_end_altrep(struct redan_rdata_walk *w,
                                         const struct redan_rdata_frame *frame)
{
    struct redan_rdata_call call = *call_at(w, frame->call);

    w->calls.len -= sizeof(call);
    return redan_tell(w->r->to, &(struct redan_fact){.kind = REDAN_FACT_CLASS,
                                                     .what = "r-altrep",
                                                     .offset = call.offset,
                                                     .module = text_of(&call.args[1]),
                                                     .name = text_of(&call.args[0])});
}
