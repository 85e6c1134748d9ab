/* What a scan found and what it did not read: findings told once, the coverage, and what detectors may ask. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "crypto/digest.h"
#include "scan/engine.h"

enum { EVIDENCE = 200 };

/* Whether the same was said of this thing before; when the table is full, it is said again. */
static bool said(struct redan_scan *scan, const struct redan_scan_rule *rule,
                 enum redan_level level, struct redan_slice evidence)
{
    uint64_t seed = scan->ctx->seed ^ ((uint64_t)redan_engine_top(scan)->serial << 32) ^
                    ((uint64_t)level << 28) ^ scan->attempt ^ (uint64_t)(uintptr_t)rule;
    uint64_t hash = redan_hash(seed, evidence) | 1;

    for (size_t i = 0; i < 16; i++) {
        uint64_t *slot = &scan->seen[(hash + i) % REDAN_ENGINE_SEEN];

        if (*slot == hash)
            return true;
        if (*slot == 0) {
            *slot = hash;
            return false;
        }
    }
    return false;
}

/* Each level has as much room beyond that of the lesser ones as will be told: the rest is counted, and the gravest are never lost. */
static bool room(struct redan_scan *scan, enum redan_level level)
{
    size_t most = scan->ctx->limits.scan_findings;
    size_t times = (size_t)redan_scan_word_of(level);

    if (scan->told->count / times < most)
        return true;
    scan->artefact->more++;
    return false;
}

enum redan_status redan_scan_found(struct redan_scan *scan, const struct redan_scan_rule *rule,
                                   enum redan_level level, uint64_t offset,
                                   struct redan_slice evidence, const char *format, ...)
{
    const struct redan_engine_frame *frame = redan_engine_top(scan);
    enum redan_scan_word word = redan_scan_word_of(level);
    char detail[512];
    va_list args;

    evidence = redan_slice_sub(evidence, 0, EVIDENCE);
    if (said(scan, rule, level, evidence))
        return REDAN_OK;
    if (word > scan->gravest)
        scan->gravest = word;
    if (!room(scan, level))
        return REDAN_OK;
    va_start(args, format);
    (void)vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    struct redan_finding *finding =
        redan_finding_add(scan->told, &rule->card, level, frame->chain, "%s", detail);
    if (!finding)
        return REDAN_E_MEMORY;
    finding->file = scan->artefact->path;
    finding->has_offset = true;
    finding->offset = offset;
    finding->part = frame->serial;
    return redan_copy(scan->found, evidence, &finding->evidence);
}

enum redan_status redan_scan_member(struct redan_scan *scan, struct redan_slice name,
                                    const struct redan_part *part)
{
    return redan_engine_wait(
        scan, &(struct redan_fact){.kind = REDAN_FACT_MEMBER, .name = name, .part = *part});
}

static void cover(struct redan_scan *scan, enum redan_coverage coverage, const char *what,
                  struct redan_slice detail)
{
    struct redan_scan_artefact *artefact = scan->artefact;
    const struct redan_engine_frame *frame = redan_engine_top(scan);

    if (coverage <= artefact->coverage)
        return;
    artefact->coverage = coverage;
    if (redan_format(scan->found, &artefact->reason, "%.*s%s%s%s%.*s", REDAN_FMT(frame->chain),
                     frame->chain.len ? ": " : "", what, detail.len ? ": " : "",
                     (int)redan_min_size(detail.len, 300), detail.at) != REDAN_OK)
        artefact->reason = REDAN_S("out of memory");
}

static const char *words_of(const char *what)
{
    static const char *const words[][2] = {
        {REDAN_UNREAD_BUDGET, "a limit was reached"},
        {REDAN_UNREAD_DAMAGED, "damaged"},
        {REDAN_UNREAD_ENCRYPTED, "encrypted"},
        {REDAN_UNREAD_UNSUPPORTED, "known, but not read"},
        {REDAN_UNREAD_OPAQUE, "of no format that is known"},
        {REDAN_ENGINE_REFUSED, "could not be read"},
    };

    for (size_t i = 0; i < REDAN_COUNT(words); i++) {
        if (strcmp(words[i][0], what) == 0)
            return words[i][1];
    }
    return what;
}

static void unread(struct redan_scan *scan, const char *what, struct redan_slice detail)
{
    static const char *const whole[] = {REDAN_ENGINE_REFUSED, REDAN_UNREAD_OPAQUE,
                                        REDAN_UNREAD_UNSUPPORTED, REDAN_UNREAD_ENCRYPTED, NULL};
    bool nothing = scan->depth == 1 && redan_slice_among(whole, redan_slice_of(what));

    cover(scan, nothing ? REDAN_COVERAGE_UNINSPECTED : REDAN_COVERAGE_INCOMPLETE, words_of(what),
          detail);
}

enum redan_status redan_scan_unread(struct redan_scan *scan, const char *what, uint64_t offset,
                                    struct redan_slice detail)
{
    (void)offset; /* the reason is for people, and says what; where is in the member chain */
    unread(scan, what, detail);
    return REDAN_OK;
}

void redan_engine_unread(struct redan_scan *scan, enum redan_status status)
{
    struct redan_ctx *from = scan->ctx->failure.status != REDAN_OK ? scan->ctx : scan->found;
    struct redan_slice text = redan_slice_of(from->failure.text);
    const char *what = REDAN_UNREAD_DAMAGED;

    if (from->failure.status == REDAN_OK)
        text = redan_slice_of(redan_status_name(status));
    if (status == REDAN_E_LIMIT || status == REDAN_E_MEMORY)
        what = REDAN_UNREAD_BUDGET;
    if (status == REDAN_E_UNSUPPORTED)
        what = REDAN_UNREAD_UNSUPPORTED;
    if (status == REDAN_E_IO)
        what = REDAN_ENGINE_REFUSED;
    unread(scan, what, text);
    redan_fail_clear(scan->ctx);
    redan_fail_clear(scan->found);
    redan_fail_clear(scan->wait);
}

void redan_engine_mark(const struct redan_scan *scan, struct redan_engine_mark *mark)
{
    const struct redan_engine_frame *frame = redan_engine_top(scan);

    *mark = (struct redan_engine_mark){.last = scan->told->last,
                                       .count = scan->told->count,
                                       .gravest = scan->gravest,
                                       .more = scan->artefact->more,
                                       .first_item = frame->first,
                                       .last_item = frame->last,
                                       .coverage = scan->artefact->coverage,
                                       .reason = scan->artefact->reason};
}

void redan_engine_undo(struct redan_scan *scan, const struct redan_engine_mark *mark)
{
    struct redan_engine_frame *frame = redan_engine_top(scan);

    scan->told->last = mark->last;
    scan->told->count = mark->count;
    if (mark->last)
        mark->last->next = NULL;
    else
        scan->told->first = NULL;
    scan->gravest = mark->gravest;
    scan->artefact->more = mark->more;
    frame->first = mark->first_item;
    frame->last = mark->last_item;
    if (frame->last)
        frame->last->next = NULL;
    scan->artefact->coverage = mark->coverage;
    scan->artefact->reason = mark->reason;
}

static bool before(const struct redan_finding *a, const struct redan_finding *b)
{
    if (a->part != b->part)
        return a->part < b->part;
    return a->offset <= b->offset;
}

/* Stable, and short: the list was cut. */
static void sort(struct redan_findings *list)
{
    struct redan_finding *sorted = NULL;
    struct redan_finding *at = list->first;

    while (at) {
        struct redan_finding *next = at->next;
        struct redan_finding **place = &sorted;

        while (*place && before(*place, at))
            place = &(*place)->next;
        at->next = *place;
        *place = at;
        at = next;
    }
    list->first = list->last = sorted;
    while (list->last && list->last->next)
        list->last = list->last->next;
}

/* Beyond the limit the least grave go. */
static void cut(struct redan_scan *scan)
{
    struct redan_findings *list = scan->told;
    size_t most = scan->ctx->limits.scan_findings;

    for (int level = REDAN_LEVEL_NOTE; level <= REDAN_LEVEL_FAIL; level++) {
        struct redan_finding **place = &list->first;

        while (*place && list->count > most) {
            if ((int)(*place)->level == level) {
                *place = (*place)->next;
                list->count--;
                scan->artefact->more++;
            } else {
                place = &(*place)->next;
            }
        }
    }
}

enum redan_status redan_engine_settle(struct redan_scan *scan)
{
    struct redan_scan_artefact *artefact = scan->artefact;

    cut(scan);
    sort(scan->told);
    if (artefact->coverage == REDAN_COVERAGE_UNINSPECTED && artefact->members)
        artefact->coverage = REDAN_COVERAGE_INCOMPLETE; /* something in it was read */
    artefact->verdict = scan->gravest;
    return REDAN_OK;
}

const struct redan_scan_rule *redan_scan_rule_of(const struct redan_finding *finding)
{
    return (const struct redan_scan_rule *)(const void *)finding->rule; /* its first member */
}

enum redan_status redan_scan_fingerprint(struct redan_ctx *ctx, const struct redan_finding *finding,
                                         struct redan_slice *text)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) bytes;
    struct redan_digest digest;

    redan_buf_init(&bytes, ctx, 4096);
    redan_buf_text(&bytes, finding->rule->id);
    redan_buf_add(&bytes, "", 1);
    redan_buf_slice(&bytes, finding->subject);
    redan_buf_add(&bytes, "", 1);
    redan_buf_slice(&bytes, finding->evidence);
    REDAN_TRY(redan_buf_ok(ctx, &bytes, "a fingerprint"));
    REDAN_TRY(redan_sha256(ctx, redan_buf_view(&bytes), &digest));
    return redan_digest_text(ctx, &digest, text);
}
