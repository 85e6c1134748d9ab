/* One thing read: which formats its bytes are, what these tell, and what waits inside. */
#include <string.h>

#include "format/pickle.h"
#include "scan/detector_table.h"
#include "scan/engine.h"

enum { HEAD = 4096 };

/* Members that say what the others are go first. */
static bool goes_first(struct redan_slice name)
{
    return redan_slice_is(name, "data.pkl") || redan_slice_ends(name, REDAN_S("/data.pkl")) ||
           redan_slice_ends(name, REDAN_S("/constants.pkl")) ||
           redan_slice_ends(name, REDAN_S("/model.pkl"));
}

enum redan_status redan_engine_wait(struct redan_scan *scan, const struct redan_fact *fact)
{
    struct redan_engine_frame *frame = redan_engine_top(scan);
    struct redan_engine_item *item = redan_take(scan->wait, sizeof(*item));

    if (!item)
        return REDAN_E_MEMORY;
    item->part = fact->part;
    REDAN_TRY(
        redan_copy(scan->wait, redan_slice_sub(fact->name, 0, REDAN_ENGINE_CHAIN), &item->name));
    if (fact->part.memory.at) {
        if (fact->part.memory.len > scan->ctx->limits.whole - scan->copied)
            return redan_scan_unread(scan, REDAN_UNREAD_BUDGET, fact->offset,
                                     REDAN_S("too many bytes handed over in memory"));
        scan->copied += fact->part.memory.len;
        REDAN_TRY(redan_copy(scan->wait, fact->part.memory, &item->part.memory));
    }
    if (goes_first(item->name)) {
        item->next = frame->first;
        frame->first = item;
        if (!frame->last)
            frame->last = item;
        return REDAN_OK;
    }
    if (frame->last)
        frame->last->next = item;
    else
        frame->first = item;
    frame->last = item;
    return REDAN_OK;
}

static enum redan_status tell(void *arg, const struct redan_fact *fact)
{
    struct redan_scan *scan = arg;

    if (scan->facts_left == 0)
        return redan_fail(scan->ctx, REDAN_E_LIMIT, fact->offset,
                          "more is told of this file than is looked at");
    scan->facts_left--;
    if (fact->kind == REDAN_FACT_MEMBER)
        REDAN_TRY(redan_engine_wait(scan, fact));
    if (fact->kind == REDAN_FACT_UNREAD)
        REDAN_TRY(redan_scan_unread(scan, fact->what, fact->offset, fact->text));
    for (size_t i = 0; redan_detectors[i]; i++) {
        if (redan_detectors[i]->fact)
            REDAN_TRY(redan_detectors[i]->fact(scan, fact));
    }
    return REDAN_OK;
}

static enum redan_status read_as(struct redan_scan *scan, const struct redan_format *format)
{
    struct redan_engine_frame *frame = redan_engine_top(scan);
    struct redan_listener to = {tell, scan};

    scan->format = format;
    scan->attempt++;
    REDAN_TRY(format->read(scan->ctx, frame->source, frame->name, &to));
    if (frame->format_count < REDAN_ENGINE_FORMATS)
        frame->formats[frame->format_count++] = format;
    return REDAN_OK;
}

/* A format that is only maybe right: what it told is taken back when it was not. */
static enum redan_status try_as(struct redan_scan *scan, const struct redan_format *format,
                                bool *fits)
{
    struct redan_engine_mark mark;

    redan_engine_mark(scan, &mark);
    enum redan_status status = read_as(scan, format);
    *fits = status == REDAN_OK;
    if (status != REDAN_E_SYNTAX && status != REDAN_E_SCHEMA)
        return status;
    redan_fail_clear(scan->ctx);
    redan_engine_undo(scan, &mark);
    redan_engine_forget(scan);
    return REDAN_OK;
}

/* What a format says of the bytes. One that could not look is no "no": the coverage says so. */
static enum redan_sniff sniff(struct redan_scan *scan, const struct redan_format *format,
                              const struct redan_probe *probe)
{
    enum redan_sniff said = format->sniff(probe);

    if (scan->ctx->failure.status != REDAN_OK)
        redan_engine_unread(scan, scan->ctx->failure.status);
    return said;
}

/* The formats with a magic here, each of which somebody may read it as. */
static enum redan_status read_sure(struct redan_scan *scan, const struct redan_probe *probe,
                                   const struct redan_format *known, bool *any)
{
    for (size_t i = 0; redan_formats[i]; i++) {
        const struct redan_format *format = redan_formats[i];

        if (format != known && sniff(scan, format, probe) != REDAN_SNIFF_YES)
            continue;
        *any = true;
        enum redan_status status = read_as(scan, format);
        if (status != REDAN_OK)
            redan_engine_unread(scan, status);
    }
    return REDAN_OK;
}

static enum redan_status read_maybe(struct redan_scan *scan, const struct redan_probe *probe,
                                    bool *any)
{
    for (size_t i = 0; redan_formats[i] && !*any; i++) {
        if (sniff(scan, redan_formats[i], probe) == REDAN_SNIFF_MAYBE)
            REDAN_TRY(try_as(scan, redan_formats[i], any));
    }
    return REDAN_OK;
}

static enum redan_status read_bytes(struct redan_scan *scan, struct redan_engine_frame *frame,
                                    const struct redan_format *known)
{
    struct redan_probe probe = {.ctx = scan->ctx, .source = frame->source, .name = frame->name};
    struct redan_slice view = {0};
    char head[HEAD];
    bool any = false;

    REDAN_TRY(redan_source_view(scan->ctx, frame->source, 0, sizeof(head), &view));
    if (view.len == 0) /* nothing is nothing to load */
        return REDAN_OK;
    memcpy(head, view.at, view.len); /* later views move the window */
    probe.head = (struct redan_slice){head, view.len};
    REDAN_TRY(read_sure(scan, &probe, known, &any));
    if (!any)
        REDAN_TRY(read_maybe(scan, &probe, &any));
    if (!any)
        return redan_scan_unread(scan, REDAN_UNREAD_OPAQUE, 0, (struct redan_slice){0});
    return REDAN_OK;
}

enum redan_status redan_engine_read(struct redan_scan *scan)
{
    struct redan_engine_frame *frame = redan_engine_top(scan);
    const struct redan_format *known = NULL;

    REDAN_TRY(redan_engine_state(scan));
    REDAN_TRY(redan_engine_groups(scan, &frame->below));
    /* a container's word for what lies in it is one more reading, not the only one */
    if (frame->told_format)
        known = redan_format_named(frame->told_format);
    REDAN_TRY(read_bytes(scan, frame, known));
    scan->format = frame->format_count ? frame->formats[0] : NULL;
    return REDAN_OK;
}

bool redan_scan_was(const struct redan_scan *scan, const char *format)
{
    const struct redan_engine_frame *frame = redan_engine_top(scan);

    for (size_t i = 0; i < frame->format_count; i++) {
        if (strcmp(frame->formats[i]->name, format) == 0)
            return true;
    }
    return false;
}
