/* One pickle after another: what follows a STOP, pickles behind garbage, pickles within arrays, and second readings. */
#include <string.h>

#include "format/pickle_stack.h"

enum {
    TRIAL_NEXT = 64,     /* opcodes that make what follows a STOP a pickle */
    PROTO_TRIAL = 8,     /* opcodes after which bytes with a PROTO are a pickle, whatever follows */
    TRIAL_CLEAN = 4,     /* opcodes up to a STOP that do the same without a PROTO */
    TRIAL_FAR = 4096,    /* opcodes within which a pickle behind garbage must import something */
    TRIAL_ALL = 2000000, /* opcodes of all trials: some hundredths of a second */
    SEARCH_BYTES = 32 << 20, /* behind the last pickle: nothing that loads looks farther */
    SEARCH_BLOCK = 64 << 10,
    SEARCH_OVERLAP = 512,
    SEARCH_NAME = 128,
    SEARCH_BACK = 256, /* an INST's mark is sought so far before it */
};

void redan_pm_open(struct redan_pickle *pk, struct redan_ctx *ctx, struct redan_source *source,
                   const struct redan_listener *to)
{
    memset(pk, 0, sizeof(*pk));
    pk->ctx = ctx;
    pk->source = source;
    pk->to = to;
    pk->ops_left = ctx->limits.pickle_ops;
    pk->trials_left = TRIAL_ALL;
    pk->nested = UINT64_MAX;
    pk->lv = &pk->levels[0];
    pk->level_count = 1;
    pk->base = pk->p = pk->end = (const uint8_t *)"";
    pk->turn = UINT64_MAX; /* nothing was viewed */
    redan_buf_init(&pk->names, ctx, UINT32_MAX);
    redan_buf_init(&pk->scratch, ctx, REDAN_SOURCE_VIEW);
    redan_buf_init(&pk->scratch2, ctx, REDAN_SOURCE_VIEW);
    redan_buf_init(&pk->listen, ctx, (size_t)2 * REDAN_SOURCE_VIEW);
}

void redan_pm_close(struct redan_pickle *pk)
{
    redan_pm_store_done(pk);
    redan_pm_bytes_done(pk);
    redan_mem_give(&pk->ctx->mem, pk->globals, pk->global_cap * sizeof(*pk->globals));
    redan_mem_give(&pk->ctx->mem, pk->global_table,
                   pk->global_table_cap * sizeof(*pk->global_table));
    if (pk->shapes)
        redan_mem_give(&pk->ctx->mem, pk->shapes, REDAN_PM_SHAPES * sizeof(*pk->shapes));
    redan_buf_done(&pk->names);
    redan_buf_done(&pk->scratch);
    redan_buf_done(&pk->scratch2);
    redan_buf_done(&pk->listen);
}

static void begin(struct redan_pickle *pk, size_t level, uint64_t offset)
{
    struct redan_pm_level *lv = &pk->levels[level];

    lv->depth = 0;
    lv->mark_count = 0;
    redan_pm_memo_clear(&lv->memo);
    lv->stream = pk->streams;
    lv->protocol = 0;
    lv->start = offset;
    lv->frame_end = 0;
    lv->words = 0;
    lv->ops = 0;
    pk->lv = lv;
    pk->ended = NULL;
    if (!lv->stack)
        (void)redan_pm_stack_grow(pk); /* refused: `status` says so */
}

bool redan_pm_trial(struct redan_pickle *pk, uint64_t offset, uint64_t ops, bool tolerant)
{
    struct redan_pm_level *lv = pk->lv;
    uint64_t at = redan_pm_offset(pk);
    uint64_t op_offset = pk->op_offset;
    uint64_t left = pk->ops_left;
    uint8_t op = pk->op;

    if (pk->trials_left == 0)
        return false;
    begin(pk, REDAN_PM_LEVELS - 1, offset);
    pk->dry = true;
    pk->tolerant = tolerant;
    pk->seen = 0;
    pk->trial_ops = ops < pk->trials_left ? ops : pk->trials_left;
    pk->ops_left = pk->trial_ops + 1;
    redan_pm_seek(pk, offset);
    redan_pm_run(pk);
    uint64_t took = pk->lv->ops;
    bool odd = (pk->seen & REDAN_PM_SEEN_ODD) != 0;
    bool proto = pk->lv->protocol >= 2;
    bool good = redan_pm_accepts(pk);

    if (!tolerant && !odd && !good && pk->ended) {
        bool stop = strcmp(pk->ended, "stop") == 0;

        good = (stop && (proto || took >= TRIAL_CLEAN)) ||
               (proto && took >= ops && strcmp(pk->ended, "trial") == 0);
    }
    pk->trials_left -= took < pk->trials_left ? took : pk->trials_left;
    pk->dry = false;
    pk->lv = lv;
    pk->ops_left = left;
    pk->ended = NULL;
    pk->op = op;
    redan_pm_seek(pk, at);
    pk->op_offset = op_offset;
    return good && pk->status == REDAN_OK;
}

static bool told_end(struct redan_pickle *pk, const char *why)
{
    struct redan_pickle_event event = {
        .kind = REDAN_PICKLE_END, .what = why, .offset = pk->op_offset, .number = pk->lv->ops};

    if (strcmp(why, "budget") == 0 && pk->to)
        pk->status = redan_tell_unread(
            pk->to, REDAN_UNREAD_BUDGET, pk->op_offset, 0,
            REDAN_S("a pickle of more opcodes, values or text than are looked at"));
    return pk->status == REDAN_OK && redan_pm_tell(pk, &event);
}

/* Read the pickle at `offset`, and those within it, to its end. Returns why it ended. */
static const char *live(struct redan_pickle *pk, uint64_t offset,
                        const struct redan_pm_second *second, uint64_t garbage)
{
    redan_pm_store_reset(pk);
    pk->level_count = 1;
    begin(pk, 0, offset);
    pk->streams++;
    redan_pm_seek(pk, offset);
    pk->op_offset = offset;
    if (garbage && !redan_pm_word_tell(pk, REDAN_PM_WORD_BETWEEN, garbage))
        return NULL;
    bool runs = !second || redan_pm_run_second(pk, second);

    for (;;) {
        if (runs && !pk->ended)
            redan_pm_run(pk);
        runs = true;
        if (pk->status != REDAN_OK)
            return NULL;
        if (pk->nested != UINT64_MAX) {
            uint64_t inner = pk->nested;

            pk->nested = UINT64_MAX;
            if (pk->level_count < REDAN_PM_LEVELS - 1) {
                begin(pk, pk->level_count++, inner);
                pk->streams++;
                continue;
            }
            if (!redan_pm_word_tell(pk, REDAN_PM_WORD_ARRAY_DEEP, pk->level_count))
                return NULL;
            pk->ended = "operand";
        }
        const char *why = pk->ended;

        if (!told_end(pk, why))
            return NULL;
        pk->told_any = pk->told_any || strcmp(why, "stop") == 0;
        if (pk->level_count == 1)
            return why;
        if (strcmp(why, "stop") == 0) {
            pk->lv = &pk->levels[--pk->level_count - 1];
            pk->ended = NULL;
            continue;
        }
        while (--pk->level_count > 0) { /* the outer ones cannot go on */
            pk->lv = &pk->levels[pk->level_count - 1];
            if (!told_end(pk, why))
                return NULL;
        }
        pk->level_count = 1;
        return why;
    }
}

/* What a pickle may begin with after its PROTO. */
static bool may_begin(uint8_t op)
{
    static const char ops[] =
        "(]}cKMJNIVSFGXBCTU)LP\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96\x88\x89\x82\x83\x84";

    return memchr(ops, op, sizeof(ops) - 1) != NULL;
}

static bool name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

/* Bytes that are searched: part of the source, from `at`. */
struct block {
    const uint8_t *bytes;
    size_t len;
    uint64_t at;
};

static bool tried(struct redan_pickle *pk, const struct block *block, size_t i, uint64_t *found)
{
    if (!redan_pm_trial(pk, block->at + i, TRIAL_FAR, false))
        return false;
    if (!(pk->seen & (REDAN_PM_SEEN_IMPORT | REDAN_PM_SEEN_CALL)))
        return false;
    *found = block->at + i;
    return true;
}

/* A PROTO and what may come next. */
static size_t find_proto(struct redan_pickle *pk, const struct block *block, uint64_t *found)
{
    for (size_t i = 0; i + 3 <= block->len; i++) {
        const uint8_t *at = memchr(block->bytes + i, 0x80, block->len - i - 2);

        if (!at)
            break;
        i = (size_t)(at - block->bytes);
        if (at[1] <= 5 && may_begin(at[2]) && tried(pk, block, i, found))
            return i;
        if (pk->status != REDAN_OK)
            break;
    }
    return SIZE_MAX;
}

/* The beginning of a pickle without PROTO, where the line that ends at `stop` and the next one are names. */
static bool old_at(struct redan_pickle *pk, const struct block *block, size_t stop, uint64_t *found)
{
    size_t name = stop + 1;
    size_t from = stop;

    while (name < block->len && name - stop <= SEARCH_NAME && name_char(block->bytes[name]))
        name++;
    if (name == stop + 1 || name >= block->len || block->bytes[name] != '\n')
        return false;
    while (from > 0 && stop - from < SEARCH_NAME && name_char(block->bytes[from - 1]))
        from--;
    for (size_t i = from; i + 2 < stop; i++) {
        if (block->bytes[i] == 'c' && tried(pk, block, i, found))
            return true;
        if (block->bytes[i] != 'i')
            continue;
        size_t tries = 0;
        for (size_t k = i; k > 0 && i - k < SEARCH_BACK && tries < 8; k--) {
            if (block->bytes[k - 1] != '(')
                continue;
            tries++;
            if (tried(pk, block, k - 1, found))
                return true;
        }
    }
    return false;
}

static size_t find_old(struct redan_pickle *pk, const struct block *block, size_t before,
                       uint64_t *found)
{
    for (size_t i = 0; i < block->len && i < before; i++) {
        const uint8_t *at = memchr(block->bytes + i, '\n', block->len - i);

        if (!at)
            break;
        i = (size_t)(at - block->bytes);
        if (old_at(pk, block, i, found))
            return i;
        if (pk->status != REDAN_OK)
            break;
    }
    return SIZE_MAX;
}

/* The next pickle at or after `from` that imports something. `looked` is how far it was sought. */
static bool search(struct redan_pickle *pk, uint64_t from, uint64_t *found, uint64_t *looked)
{
    uint64_t at = from;

    *looked = from;
    while ((pk->far || at - from < SEARCH_BYTES) && pk->trials_left > 0) {
        struct redan_slice view = redan_pm_peek(pk, at, SEARCH_BLOCK);
        uint64_t proto_at = 0;
        uint64_t old = 0;

        *looked = at + view.len;
        if (view.len < 3)
            return false;
        redan_buf_clear(&pk->listen);
        if (!pk->source->memory.at) { /* trials move the view */
            redan_buf_slice(&pk->listen, view);
            view = redan_buf_view(&pk->listen);
            if (pk->listen.fail != REDAN_OK)
                return false;
        }
        struct block block = {(const uint8_t *)view.at, view.len, at};
        size_t proto = find_proto(pk, &block, &proto_at);

        if (pk->status == REDAN_OK && find_old(pk, &block, proto, &old) != SIZE_MAX &&
            (proto == SIZE_MAX || old < proto_at)) {
            *found = old;
            return true;
        }
        if (proto != SIZE_MAX)
            *found = proto_at;
        if (proto != SIZE_MAX || pk->status != REDAN_OK)
            return pk->status == REDAN_OK;
        if (view.len <= SEARCH_OVERLAP || view.len < SEARCH_BLOCK)
            return false;
        at += view.len - SEARCH_OVERLAP;
    }
    return false;
}

static bool is(const char *why, const char *word)
{
    return why && strcmp(why, word) == 0;
}

static const char *after_first(struct redan_pickle *pk, const char *why)
{
    while (why && !is(why, "budget")) {
        bool stopped = is(why, "stop");
        uint64_t next = stopped ? redan_pm_offset(pk) : pk->op_offset + 1;
        uint64_t found = 0;
        uint64_t looked = 0;

        if (redan_pm_peek(pk, next, 1).len == 0)
            break;
        if (stopped && redan_pm_trial(pk, next, TRIAL_NEXT, false)) {
            why = live(pk, next, NULL, 0);
            continue;
        }
        if (pk->status == REDAN_OK && search(pk, next, &found, &looked)) {
            why = live(pk, found, NULL, found - next);
            continue;
        }
        if (pk->status != REDAN_OK)
            return NULL;
        if (pk->trials_left == 0 && pk->to) { /* chance does not take so many looks */
            pk->status =
                redan_tell_unread(pk->to, REDAN_UNREAD_BUDGET, looked, 0,
                                  REDAN_S("more bytes that begin like pickles than are looked at"));
            if (pk->status != REDAN_OK)
                return NULL;
        }
        if (stopped) {
            uint64_t size = pk->source->memory.at ? pk->source->memory.len : pk->source->size;
            uint64_t bytes = (size == REDAN_SOURCE_UNKNOWN ? looked : size) - next;

            pk->op_offset = next;
            pk->op = 0;
            if (!redan_pm_word_tell(pk, REDAN_PM_WORD_TRAILING, bytes))
                return NULL;
        }
        break;
    }
    return why;
}

enum redan_status redan_pm_streams(struct redan_pickle *pk, uint64_t offset)
{
    if (!redan_pm_store_init(pk))
        return pk->status;
    const char *why = after_first(pk, live(pk, offset, NULL, 0));

    for (size_t i = 0; i < pk->second_count && pk->status == REDAN_OK && !is(why, "budget"); i++) {
        struct redan_pm_second second = pk->seconds[i];
        why = live(pk, second.offset, &second, 0);
    }
    if (pk->status != REDAN_OK)
        return pk->status;
    if (!pk->told_any)
        return redan_fail(pk->ctx, REDAN_E_SYNTAX, pk->op_offset, "this is no pickle");
    return REDAN_OK;
}

/* A head that ends within a text or bytes whose count fits the whole. */
static bool within_text(const struct redan_pickle *pk, uint64_t size)
{
    enum redan_pickle_operand shape = redan_pickle_opcodes[pk->op].operand;
    unsigned width = shape == REDAN_OPERAND_COUNTED_4   ? 4
                     : shape == REDAN_OPERAND_COUNTED_8 ? 8
                                                        : 0;
    const uint8_t *at = pk->base + pk->op_offset + 1;

    return width && pk->end - at >= (ptrdiff_t)width &&
           redan_pm_little(at, width) < size - pk->op_offset;
}

/* A head that is one long text or line of a pickle may be anything else: what comes behind it says more. */
static bool goes_on(struct redan_ctx *ctx, struct redan_source *source)
{
    struct redan_pickle *pk = redan_mem_take(&ctx->mem, sizeof(*pk));
    bool good = true;

    if (!pk)
        return true;
    redan_pm_open(pk, ctx, source, NULL);
    if (redan_pm_store_init(pk)) {
        begin(pk, 0, 0);
        pk->dry = pk->tolerant = pk->deep = true;
        pk->trial_ops = TRIAL_ALL;
        redan_pm_seek(pk, 0);
        redan_pm_run(pk);
        good = (redan_pm_accepts(pk) || is(pk->ended, "trial")) && !(pk->seen & REDAN_PM_SEEN_DEAD);
    }
    if (pk->status != REDAN_OK)
        redan_fail_clear(ctx);
    redan_pm_close(pk);
    redan_mem_give(&ctx->mem, pk, sizeof(*pk));
    return good;
}

/* Lines of words: without a mark or a tuple no opcode among them calls anything. */
static bool is_words(struct redan_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '.' || c == ' ' || c == '\n' || c == '\r'))
            return false;
    }
    return true;
}

enum redan_sniff redan_pm_sniff(struct redan_ctx *ctx, struct redan_source *whole_source,
                                struct redan_slice head, bool named)
{
    uint64_t size = whole_source->size;
    bool whole = size <= head.len;
    bool cut = false;

    struct redan_source source;
    struct redan_pickle *pk = NULL;
    enum redan_sniff sniff = REDAN_SNIFF_NO;

    if (head.len < 3 || !redan_pickle_opcodes[(uint8_t)head.at[0]].name)
        return REDAN_SNIFF_NO;
    bool proto = (uint8_t)head.at[0] == REDAN_OP_PROTO;

    if (proto && ((uint8_t)head.at[1] > 5 || !redan_pickle_opcodes[(uint8_t)head.at[2]].name))
        return REDAN_SNIFF_NO;
    pk = redan_mem_take(&ctx->mem, sizeof(*pk));
    if (!pk)
        return REDAN_SNIFF_YES; /* the reading will say that there is no memory; another format must not vouch for it */
    redan_source_memory(&source, head);
    redan_pm_open(pk, ctx, &source, NULL);
    if (redan_pm_store_init(pk)) {
        begin(pk, 0, 0);
        pk->dry = pk->tolerant = true;
        pk->trial_ops = proto ? PROTO_TRIAL : head.len;
        redan_pm_seek(pk, 0);
        redan_pm_run(pk);
        uint64_t ops = pk->lv->ops;
        bool odd = (pk->seen & REDAN_PM_SEEN_ODD) != 0;
        bool bad = is(pk->ended, "opcode") || is(pk->ended, "operand") || is(pk->ended, "line");
        bool stop = is(pk->ended, "stop");
        bool all = whole && pk->p == pk->end;

        cut = !whole && !(pk->seen & REDAN_PM_SEEN_DEAD) &&
              (is(pk->ended, "line") || is(pk->ended, "truncated") || is(pk->ended, "trial"));

        if (!proto && (pk->seen & REDAN_PM_SEEN_DEAD))
            sniff = REDAN_SNIFF_NO; /* a text that begins like opcodes */
        else if (!proto && !named && !stop && is_words(head))
            sniff = REDAN_SNIFF_NO;
        else if (redan_pm_accepts(pk) || (proto && (!bad || ops > 4)))
            sniff = REDAN_SNIFF_YES;
        else if (proto)
            sniff = REDAN_SNIFF_MAYBE;
        else if (ops >= 3 && stop && !odd)
            sniff = all ? REDAN_SNIFF_YES : REDAN_SNIFF_MAYBE;
        else if (!odd && named && ((all && stop) || (!whole && within_text(pk, size))))
            sniff = REDAN_SNIFF_MAYBE; /* short, or a long text: the name has to promise it */
        else if (!bad && (ops >= 64 || (pk->seen & REDAN_PM_SEEN_IMPORT)))
            sniff = REDAN_SNIFF_MAYBE;
    }
    if (pk->status != REDAN_OK) {
        redan_fail_clear(ctx);
        sniff = REDAN_SNIFF_YES;
    }
    redan_pm_close(pk);
    redan_mem_give(&ctx->mem, pk, sizeof(*pk));
    if (cut && sniff != REDAN_SNIFF_YES && goes_on(ctx, whole_source))
        sniff = REDAN_SNIFF_YES;
    return sniff;
}
