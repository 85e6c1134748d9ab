/* What a pickle can do: names looked up, calls, states set, and how each is told. */
#include "format/pickle_machine.h"

#include <stdio.h>
#include <string.h>

const char *const redan_pickle_words[] = {
    [REDAN_PM_WORD_FRAME_NESTED] = "frame-nested",
    [REDAN_PM_WORD_FRAME_STRADDLE] = "frame-straddle",
    [REDAN_PM_WORD_FRAME_OVERRUN] = "frame-overrun",
    [REDAN_PM_WORD_INT] = "divergent-int",
    [REDAN_PM_WORD_FLOAT] = "divergent-float",
    [REDAN_PM_WORD_STRING] = "divergent-string",
    [REDAN_PM_WORD_SIZE] = "divergent-size",
    [REDAN_PM_WORD_LINE] = "divergent-line",
    [REDAN_PM_WORD_MEMO] = "divergent-memo",
    [REDAN_PM_WORD_ARGS] = "divergent-arguments",
    [REDAN_PM_WORD_MEMO_UNKNOWN] = "memo-unknown",
    [REDAN_PM_WORD_UNDERFLOW] = "stack-underflow",
    [REDAN_PM_WORD_LEFTOVER] = "stack-leftover",
    [REDAN_PM_WORD_PROTOCOL_UNKNOWN] = "protocol-unknown",
    [REDAN_PM_WORD_PROTOCOL_CHANGED] = "protocol-changed",
    [REDAN_PM_WORD_NAME_LONG] = "name-long",
    [REDAN_PM_WORD_GLOBALS] = "globals-limit",
    [REDAN_PM_WORD_BETWEEN] = "garbage-between",
    [REDAN_PM_WORD_TRAILING] = "trailing",
    [REDAN_PM_WORD_ARRAY_UNKNOWN] = "array-unknown",
    [REDAN_PM_WORD_ARRAY_DEEP] = "array-deep",
    [REDAN_PM_WORD_EXPANSION] = "expansion",
    [REDAN_PM_WORD_COUNT] = NULL,
};

bool redan_pm_tell(struct redan_pickle *pk, struct redan_pickle_event *event)
{
    event->opcode = pk->op;
    event->stream = pk->lv->stream;
    if (event->offset == 0)
        event->offset = pk->op_offset;
    if (pk->dry || !pk->to)
        return true;
    struct redan_fact fact = {.kind = REDAN_FACT_PICKLE,
                              .what = event->what,
                              .offset = event->offset,
                              .pickle = pk,
                              .event = event};

    pk->status = redan_tell(pk->to, &fact);
    return pk->status == REDAN_OK && redan_pm_refresh(pk);
}

bool redan_pm_word_tell(struct redan_pickle *pk, enum redan_pm_word word, uint64_t number)
{
    pk->seen |= REDAN_PM_SEEN_ODD;
    if (word == REDAN_PM_WORD_UNDERFLOW && !(pk->seen & REDAN_PM_SEEN_IMPORT))
        pk->seen |= REDAN_PM_SEEN_DEAD;
    if (pk->lv->words & (uint32_t)1 << word)
        return true;
    pk->lv->words |= (uint32_t)1 << word;
    struct redan_pickle_event event = {
        .kind = REDAN_PICKLE_STRUCTURE, .what = redan_pickle_words[word], .number = number};

    return redan_pm_tell(pk, &event);
}

bool redan_pm_constant(struct redan_pickle *pk, struct redan_pm_cell cell)
{
    struct redan_pickle_event event = {.kind = REDAN_PICKLE_CONSTANT,
                                       .args = redan_pm_value(pk, cell)};

    return redan_pm_tell(pk, &event);
}

static void note(struct redan_pickle *pk, const char *what, struct redan_slice module,
                 struct redan_slice name)
{
    if (!pk->liner)
        return;
    int n = snprintf(pk->note, sizeof(pk->note), "%s%.*s.%.*s", what,
                     (int)redan_min_size(module.len, 120), module.at,
                     (int)redan_min_size(name.len, 120), name.at);

    pk->note_len = n > 0 ? redan_min_size((size_t)n, sizeof(pk->note) - 1) : 0;
}

bool redan_pm_import(struct redan_pickle *pk, struct redan_slice module, struct redan_slice name,
                     struct redan_pm_cell *made)
{
    uint32_t id = 0;
    uint8_t how = pk->lv->protocol < 3 ? 1 : pk->lv->protocol == 3 ? 2 : 4;

    *made = (struct redan_pm_cell){.kind = REDAN_PICKLE_UNKNOWN};
    if (redan_pm_plausible(module, name))
        pk->seen |= REDAN_PM_SEEN_IMPORT;
    note(pk, "imports ", module, name);
    if (pk->dry && pk->liner == NULL) { /* a trial only counts it */
        *made = (struct redan_pm_cell){.kind = REDAN_PICKLE_UNKNOWN};
        return true;
    }
    if ((module.len > REDAN_PM_NAME || name.len > REDAN_PM_NAME) &&
        !redan_pm_word_tell(pk, REDAN_PM_WORD_NAME_LONG,
                            module.len > name.len ? module.len : name.len))
        return false;
    if (!redan_pm_global_id(pk, module, name, &id))
        return false;
    struct redan_pickle_event event = {.kind = REDAN_PICKLE_IMPORT,
                                       .module = redan_slice_sub(module, 0, REDAN_PM_NAME),
                                       .name = redan_slice_sub(name, 0, REDAN_PM_NAME),
                                       .number = pk->lv->protocol};

    pk->told_any = true;
    if (id == REDAN_PICKLE_NO_ID)
        return redan_pm_tell(pk, &event) &&
               redan_pm_word_tell(pk, REDAN_PM_WORD_GLOBALS, REDAN_PM_GLOBALS);
    struct redan_pm_global *global = &pk->globals[id];

    *made = (struct redan_pm_cell){.kind = REDAN_PICKLE_GLOBAL, .b = id};
    if (global->stream != pk->lv->stream + 1)
        global->told = 0;
    global->stream = pk->lv->stream + 1;
    if (global->told & how)
        return true;
    global->told |= how;
    event.callee = redan_pm_value(pk, *made);
    return redan_pm_tell(pk, &event);
}

struct redan_slice redan_pm_cell_text(struct redan_pickle *pk, struct redan_pm_cell cell,
                                      size_t most, struct redan_buf *to)
{
    uint64_t len = cell.b | (uint64_t)cell.kept << 32;

    if (cell.kind != REDAN_PICKLE_TEXT && cell.kind != REDAN_PICKLE_BYTES &&
        cell.kind != REDAN_PICKLE_PERSISTENT)
        return (struct redan_slice){"", 0};
    if (cell.kind == REDAN_PICKLE_TEXT && cell.store) {
        /* no escape is longer than ten bytes for one */
        uint64_t raw = most < REDAN_SOURCE_VIEW / 10 ? most * 10 : REDAN_SOURCE_VIEW;
        struct redan_slice text = redan_pm_recall(pk, cell.a, (size_t)(len < raw ? len : raw));

        redan_buf_clear(to);
        (void)redan_pm_unescape(text, cell.store, most, to);
        return to->fail == REDAN_OK ? redan_slice_sub(redan_buf_view(to), 0, most)
                                    : (struct redan_slice){"", 0};
    }
    return redan_pm_recall(pk, cell.a, (size_t)(len < most ? len : most));
}

bool redan_pm_stack_global(struct redan_pickle *pk, struct redan_pm_cell module,
                           struct redan_pm_cell name, struct redan_pm_cell *made)
{
    if (module.kind != REDAN_PICKLE_TEXT || name.kind != REDAN_PICKLE_TEXT) {
        struct redan_pickle_event event = {.kind = REDAN_PICKLE_DYNAMIC,
                                           .callee = redan_pm_value(pk, module),
                                           .args = redan_pm_value(pk, name)};

        pk->seen |= REDAN_PM_SEEN_DYNAMIC;
        pk->told_any = pk->told_any || !pk->dry;
        *made = (struct redan_pm_cell){.kind = REDAN_PICKLE_UNKNOWN};
        return redan_pm_tell(pk, &event);
    }
    /* each is copied: the second view may end the first */
    struct redan_slice m = redan_pm_cell_text(pk, module, REDAN_PM_NAME + 1, &pk->scratch);

    redan_pm_remember(pk, 0, module.a, (const uint8_t *)m.at, module.store ? SIZE_MAX : m.len);
    if (m.at != pk->scratch.data) {
        redan_buf_clear(&pk->scratch);
        redan_buf_slice(&pk->scratch, m);
        m = redan_buf_view(&pk->scratch);
    }
    struct redan_slice n = redan_pm_cell_text(pk, name, REDAN_PM_NAME + 1, &pk->scratch2);

    if (pk->scratch.fail != REDAN_OK || pk->scratch2.fail != REDAN_OK) {
        pk->status = redan_fail(pk->ctx, REDAN_E_MEMORY, pk->op_offset, "no memory for a name");
        return false;
    }
    return redan_pm_refresh(pk) && redan_pm_import(pk, m, n, made);
}

/* How often a call of this sort was told; false when it is one too many. */
static bool counts(struct redan_pickle *pk, uint32_t id, struct redan_pm_cell args, unsigned how)
{
    uint64_t key = (uint64_t)id << 32 ^ how;
    uint64_t n = redan_pm_count(pk, args);
    uint8_t holds = redan_pm_bits(pk, args);

    key = (key ^ args.kind) * 0x9e3779b97f4a7c15U ^ holds;
    key = key * 0x9e3779b97f4a7c15U ^ (n < 16 ? n : 16);
    for (uint64_t i = 0; i < REDAN_PM_KEEP_ITEMS && args.kind == REDAN_PICKLE_TUPLE; i++) {
        struct redan_pm_cell item;

        if (!redan_pm_item(pk, args, i, &item))
            break;
        key = (key ^ item.kind ^ (uint64_t)redan_pm_bits(pk, item) << 8) * 0x9e3779b97f4a7c15U;
        if (item.kind == REDAN_PICKLE_GLOBAL || item.kind == REDAN_PICKLE_RESULT)
            key ^= item.b;
    }
    uint32_t hash = (uint32_t)(key >> 32) | 1U;

    if (!pk->shapes) {
        pk->shapes = redan_mem_take(&pk->ctx->mem, REDAN_PM_SHAPES * sizeof(*pk->shapes));
        if (!pk->shapes) {
            pk->status = redan_fail(pk->ctx, REDAN_E_MEMORY, pk->op_offset, "no memory");
            return false;
        }
        memset(pk->shapes, 0, REDAN_PM_SHAPES * sizeof(*pk->shapes));
    }
    size_t at = hash & (REDAN_PM_SHAPES - 1);

    while (pk->shapes[at].key && pk->shapes[at].key != hash)
        at = (at + 1) & (REDAN_PM_SHAPES - 1);
    if (!pk->shapes[at].key) {
        if (pk->shape_count >= REDAN_PM_SHAPES / 2)
            return true; /* so many sorts are no honest pickle's: all are told */
        pk->shape_count++;
        pk->shapes[at].key = hash;
    }
    return pk->shapes[at].count++ < REDAN_PM_REPEATS;
}

/* Whether a call is told. One like many others is not, unless its arguments hold what differs each time: text, names, unknowns. */
static bool told(struct redan_pickle *pk, struct redan_pm_cell callee, struct redan_pm_cell args,
                 uint8_t keywords, unsigned how)
{
    uint8_t holds =
        (args.kind == REDAN_PICKLE_TUPLE ? redan_pm_bits(pk, args)
                                         : redan_pm_bits(pk, args) | REDAN_PICKLE_HOLDS_UNKNOWN) |
        keywords;

    if (pk->dry)
        return true;
    if (callee.kind != REDAN_PICKLE_GLOBAL ||
        (holds & ~(REDAN_PICKLE_HOLDS_BYTES | REDAN_PICKLE_HOLDS_RESULT)) != 0 ||
        (callee.b != REDAN_PICKLE_NO_ID && pk->globals[callee.b].loads))
        return true;
    return counts(pk, callee.b, args, how);
}

bool redan_pm_called(struct redan_pickle *pk, struct redan_pm_cell callee,
                     struct redan_pm_cell args, struct redan_pm_cell keywords,
                     struct redan_pm_cell *made)
{
    bool named = callee.kind == REDAN_PICKLE_GLOBAL || callee.kind == REDAN_PICKLE_RESULT;
    uint8_t more = keywords.kind == REDAN_PM_EMPTY ? 0 : redan_pm_bits(pk, keywords);
    uint8_t holds = redan_pm_bits(pk, args) | more;
    struct redan_pickle_event event = {.kind = REDAN_PICKLE_CALL};

    pk->seen |= REDAN_PM_SEEN_CALL;
    if (args.kind != REDAN_PICKLE_TUPLE && args.kind != REDAN_PICKLE_UNKNOWN &&
        !redan_pm_word_tell(pk, REDAN_PM_WORD_ARGS, args.kind))
        return false;
    if (named && callee.b != REDAN_PICKLE_NO_ID) {
        redan_pm_global_names(pk, callee.b, &event.module, &event.name);
        note(pk,
             callee.kind == REDAN_PICKLE_GLOBAL ? "calls " : "calls what this gave: ", event.module,
             event.name);
    }
    if (told(pk, callee, args, more, pk->op)) {
        event.callee = redan_pm_value(pk, callee);
        event.args = redan_pm_value(pk, args);
        for (uint64_t i = 0; i < REDAN_PM_KEEP_ITEMS; i++) {
            struct redan_pm_cell item;

            if (redan_pm_item(pk, args, i, &item) && redan_pm_hooked(pk, item, 0))
                event.what = "hook";
        }
        if (keywords.kind != REDAN_PM_EMPTY)
            event.keywords = redan_pm_value(pk, keywords);
        pk->told_any = pk->told_any || !pk->dry;
        if (!redan_pm_tell(pk, &event))
            return false;
    } else if (pk->status != REDAN_OK) {
        return false;
    }
    if (pk->dry) {
        *made = (struct redan_pm_cell){.kind = REDAN_PICKLE_RESULT, .b = REDAN_PICKLE_NO_ID};
        return true;
    }
    return redan_pm_result_new(
        pk, callee.kind == REDAN_PICKLE_GLOBAL ? callee.b : REDAN_PICKLE_NO_ID, args, holds, made);
}

bool redan_pm_build(struct redan_pickle *pk, struct redan_pm_cell target,
                    struct redan_pm_cell state)
{
    bool named = target.kind == REDAN_PICKLE_GLOBAL || target.kind == REDAN_PICKLE_RESULT;
    struct redan_pickle_event event = {.kind = REDAN_PICKLE_BUILD,
                                       .callee = redan_pm_value(pk, target),
                                       .args = redan_pm_value(pk, state)};

    pk->seen |= REDAN_PM_SEEN_CALL;
    if (named && target.b != REDAN_PICKLE_NO_ID) {
        redan_pm_global_names(pk, target.b, &event.module, &event.name);
        note(pk,
             target.kind == REDAN_PICKLE_GLOBAL ? "sets attributes of "
                                                : "sets the state of what this gave: ",
             event.module, event.name);
    }
    if (redan_pm_hooked(pk, target, redan_pm_hooks(pk, state)) & REDAN_PICKLE_HOLDS_HOOK)
        event.what = "hook";
    redan_pm_result_state(pk, target, state);
    if (pk->status != REDAN_OK || !redan_pm_tell(pk, &event))
        return false;
    return pk->dry || redan_pm_joblib(pk, target, state);
}

bool redan_pm_items(struct redan_pickle *pk, struct redan_pm_cell target,
                    const struct redan_pm_cell *items, size_t n)
{
    bool named = target.kind == REDAN_PICKLE_GLOBAL || target.kind == REDAN_PICKLE_RESULT;
    struct redan_pickle_event event = {.kind = REDAN_PICKLE_ITEMS};
    struct redan_pm_cell args = {0};

    if (pk->dry)
        return true;
    if (!redan_pm_tuple(pk, REDAN_PICKLE_TUPLE, items, n, &args))
        return false;
    uint8_t holds = redan_pm_bits(pk, args);
    bool keyed = pk->op == REDAN_OP_SETITEM || pk->op == REDAN_OP_SETITEMS;

    for (size_t i = 0; keyed && i < n && target.kind == REDAN_PICKLE_RESULT && target.a &&
                       target.a <= pk->result_count;
         i += 2)
        pk->results[target.a - 1].keys |= items[i].kind == REDAN_PICKLE_TEXT ? items[i].holds : 0;
    if (redan_pm_hooked(pk, target, 0) &
        (keyed ? REDAN_PICKLE_HOLDS_HOOK : REDAN_PICKLE_HOLDS_HOOK | REDAN_PICKLE_HOLDS_METHOD))
        event.what = "hook";
    if (!event.what && target.kind == REDAN_PICKLE_RESULT &&
        !(holds & (REDAN_PICKLE_HOLDS_GLOBAL | REDAN_PICKLE_HOLDS_UNKNOWN)) &&
        !counts(pk, target.b, args, pk->op))
        return pk->status == REDAN_OK;
    event.callee = redan_pm_value(pk, target);
    event.args = redan_pm_value(pk, args);
    event.number = n;
    if (named && target.b != REDAN_PICKLE_NO_ID)
        redan_pm_global_names(pk, target.b, &event.module, &event.name);
    return redan_pm_tell(pk, &event);
}
