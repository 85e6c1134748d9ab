/* The scan of one artefact: a stack of open containers, each with the members that wait in it; no recursion, every bound counted. */
#include "scan/scan.h"

#include <string.h>

#include "base/buf.h"
#include "scan/detector_table.h"
#include "scan/engine.h"

enum {
    FACTS_LEAST = 1000000,
    BYTES_PER_FACT = 32,
    OPS_LEAST = 8000000, /* of pickles; and so many for each byte, which only packed ones reach */
    OPS_PER_BYTE = 4,
};

const char *const redan_scan_words[] = {"clean", "note", "suspicious", "malicious", NULL};
const char *const redan_coverage_words[] = {"complete", "incomplete", "uninspected", NULL};

enum redan_scan_word redan_scan_word_of(enum redan_level level)
{
    switch (level) {
    case REDAN_LEVEL_NOTE:
        return REDAN_SCAN_NOTE;
    case REDAN_LEVEL_WARN:
    case REDAN_LEVEL_UNCLEAR:
        return REDAN_SCAN_SUSPICIOUS;
    case REDAN_LEVEL_FAIL:
        return REDAN_SCAN_MALICIOUS;
    }
    return REDAN_SCAN_MALICIOUS;
}

struct redan_engine_frame *redan_engine_top(const struct redan_scan *scan)
{
    return &scan->frames[scan->depth - 1];
}

/* There is always room: `enter` counts. */
static struct redan_engine_frame *push(struct redan_scan *scan, struct redan_slice name,
                                       struct redan_slice chain)
{
    struct redan_engine_frame *frame = &scan->frames[scan->depth];

    memset(frame, 0, sizeof(*frame));
    frame->name = name;
    frame->chain = chain;
    frame->serial = scan->serial++;
    frame->read_mark = redan_arena_mark(&scan->ctx->arena);
    frame->wait_mark = redan_arena_mark(&scan->wait->arena);
    scan->depth++;
    return frame;
}

static void pop(struct redan_scan *scan)
{
    struct redan_engine_frame *frame = redan_engine_top(scan);

    if (frame->source == &frame->own)
        redan_source_done(&frame->own);
    redan_arena_reset(&scan->ctx->arena, frame->read_mark);
    redan_arena_reset(&scan->wait->arena, frame->wait_mark);
    scan->depth--;
}

/* Which container holds it, and what it is called there; the innermost names are kept when it gets long. */
static enum redan_status chain_of(struct redan_scan *scan, struct redan_slice outer,
                                  struct redan_slice name, struct redan_slice *chain)
{
    size_t most = REDAN_ENGINE_CHAIN / 2;

    if (outer.len > most)
        outer = redan_slice_sub(outer, outer.len - most, most);
    if (name.len > most)
        name = redan_slice_sub(name, 0, most);
    return redan_format(scan->found, chain, "%.*s%s%.*s", REDAN_FMT(outer), outer.len ? "!" : "",
                        REDAN_FMT(name));
}

/* Whether a container's own rules make this member plain data. */
static bool plain(struct redan_scan *scan, const struct redan_engine_item *item)
{
    if (scan->options->deep)
        return false;
    for (size_t i = 0; redan_detectors[i]; i++) {
        if (redan_detectors[i]->plain && redan_detectors[i]->plain(scan, item->name, &item->part))
            return true;
    }
    return false;
}

static enum redan_status enter(struct redan_scan *scan, const struct redan_engine_item *item)
{
    struct redan_engine_frame *outer = redan_engine_top(scan);
    struct redan_slice chain = {0};

    if (plain(scan, item))
        return REDAN_OK;
    if (scan->artefact->members >= scan->ctx->limits.members)
        return redan_scan_unread(scan, REDAN_UNREAD_BUDGET, 0, REDAN_S("too many members"));
    if (scan->depth > scan->ctx->limits.containers) /* the file itself is none */
        return redan_scan_unread(scan, REDAN_UNREAD_BUDGET, 0,
                                 REDAN_S("containers nested too deep"));
    REDAN_TRY(chain_of(scan, outer->chain, item->name, &chain));
    scan->artefact->members++;
    struct redan_engine_frame *frame = push(scan, item->name, chain);
    enum redan_status status = REDAN_OK;

    frame->told_format = item->part.format;
    frame->source = &frame->own;
    if (item->part.memory.at) {
        redan_source_memory(&frame->own, item->part.memory);
        frame->own.budget = &scan->budget;
        if (item->part.packing != REDAN_PACK_NONE) {
            struct redan_source *held = redan_take(scan->ctx, sizeof(*held));
            struct redan_part part = item->part;

            if (!held)
                return REDAN_E_MEMORY;
            *held = frame->own;
            part.memory = (struct redan_slice){0};
            part.offset = 0;
            part.size = held->size;
            memset(&frame->own, 0, sizeof(frame->own));
            status = redan_unpack(scan->ctx, held, &part, &frame->own);
        }
    } else {
        status = redan_unpack(scan->ctx, outer->source, &item->part, &frame->own);
    }
    if (status != REDAN_OK) {
        frame->source = NULL; /* there is nothing to give back */
        redan_engine_unread(scan, status);
        return REDAN_OK;
    }
    return redan_engine_read(scan);
}

static enum redan_status finish(struct redan_scan *scan)
{
    const struct redan_engine_frame *frame = redan_engine_top(scan);

    if (frame->source->broken)
        redan_engine_unread(scan, frame->source->fault);
    scan->format = frame->format_count ? frame->formats[0] : NULL; /* members were read since */
    for (size_t i = 0; redan_detectors[i]; i++) {
        const struct redan_detector *detector = redan_detectors[i];

        /* no memory was to be had when it began: the coverage says so */
        if ((detector->state && !frame->state.of[i]) || (detector->group && !frame->below.of[i]))
            continue;
        if (detector->end)
            REDAN_TRY(detector->end(scan));
    }
    return REDAN_OK;
}

/* Everything that lies in the file; what could not be read is in the coverage. */
static void work(struct redan_scan *scan)
{
    enum redan_status first = redan_engine_read(scan);

    if (first != REDAN_OK)
        redan_engine_unread(scan, first);
    while (scan->depth) {
        struct redan_engine_frame *top = redan_engine_top(scan);
        struct redan_engine_item *item = top->first;
        enum redan_status status = REDAN_OK;

        if (item) {
            top->first = item->next;
            status = enter(scan, item);
        } else {
            if (top->source)
                status = finish(scan);
            if (status == REDAN_OK)
                pop(scan);
        }
        if (status == REDAN_OK)
            continue;
        redan_engine_unread(scan, status); /* this thing is given up, the others are not */
        if (!item)
            pop(scan);
    }
}

/* Of the file itself, whose frame is gone but not yet used again. */
static enum redan_status name_formats(struct redan_scan *scan)
{
    const struct redan_engine_frame *root = &scan->frames[0];
    struct redan_buf REDAN_DEFER(redan_buf_done) text;

    redan_buf_init(&text, scan->ctx, 512);
    for (size_t i = 0; i < root->format_count; i++) {
        redan_buf_text(&text, i ? ", " : "");
        redan_buf_text(&text, root->formats[i]->name);
    }
    REDAN_TRY(redan_buf_ok(scan->ctx, &text, "the formats' names"));
    return redan_copy(scan->found, redan_buf_view(&text), &scan->artefact->formats);
}

/* What a file may cost grows with its size: a megabyte that unpacks to millions of small things is given up within a second. Returns the bound on
 * opcodes as it was. */
static size_t bound_work(struct redan_scan *scan)
{
    size_t ops = scan->ctx->limits.pickle_ops;
    uint64_t most = OPS_LEAST + OPS_PER_BYTE * redan_min_size((size_t)scan->artefact->size, ops);

    scan->facts_left = scan->artefact->size / BYTES_PER_FACT + FACTS_LEAST;
    if (most < ops)
        scan->ctx->limits.pickle_ops = (size_t)most;
    return ops;
}

static enum redan_status run(struct redan_scan *scan, struct redan_source *source)
{
    struct redan_source_budget *before = source->budget;
    struct redan_engine_frame *root = NULL;

    scan->frames =
        redan_take_array(scan->ctx, scan->ctx->limits.containers + 1, sizeof(*scan->frames));
    if (!scan->frames)
        return REDAN_E_MEMORY;
    if (__builtin_mul_overflow(scan->artefact->size, (uint64_t)scan->ctx->limits.unpack_ratio,
                               &scan->budget.left) ||
        __builtin_add_overflow(scan->budget.left, (uint64_t)scan->ctx->limits.unpacked,
                               &scan->budget.left))
        scan->budget.left = UINT64_MAX;
    size_t ops = bound_work(scan);
    root = push(scan, scan->artefact->path, (struct redan_slice){0});
    root->source = source;
    REDAN_TRY(redan_engine_groups(scan, &scan->outside));
    source->budget = &scan->budget;
    work(scan);
    source->budget = before;
    scan->ctx->limits.pickle_ops = ops;
    REDAN_TRY(name_formats(scan));
    return redan_engine_settle(scan);
}

enum redan_status redan_scan_source(struct redan_ctx *ctx, const struct redan_scan_options *options,
                                    struct redan_source *source, struct redan_slice path,
                                    struct redan_scan_artefact *artefact)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_scan_artefact made = {
        .path = path, .size = source->size == REDAN_SOURCE_UNKNOWN ? 0 : source->size};
    struct redan_scan *scan = redan_take(ctx, sizeof(*scan));
    struct redan_ctx REDAN_DEFER(redan_ctx_done) found, REDAN_DEFER(redan_ctx_done) wait;

    redan_ctx_beside(&found, ctx);
    redan_ctx_beside(&wait, ctx);
    if (!scan)
        return REDAN_E_MEMORY;
    redan_findings_init(&made.findings, &found);
    scan->ctx = ctx;
    scan->found = &found;
    scan->wait = &wait;
    scan->options = options;
    scan->artefact = &made;
    scan->told = &made.findings;
    enum redan_status status = run(scan, source);
    if (status != REDAN_OK && ctx->failure.status == REDAN_OK)
        (void)redan_fail(ctx, status, 0, "%s", found.failure.text);
    redan_arena_reset(&ctx->arena, mark);
    if (status != REDAN_OK)
        return status;
    redan_arena_adopt(&ctx->arena, &found.arena);
    made.findings.ctx = ctx;
    *artefact = made;
    return REDAN_OK;
}
