/* The values of the pickle machine: stack, memo, containers and what calls gave, each within its bound. */
#include "format/pickle_machine.h"

#include <string.h>

enum {
    RING_LEAST = 1 << 8,
    RING_PLAIN = 1 << 15,
    RING_TEXT = 1 << 15,
    FIRST = 64,
};

static bool refused(struct redan_pickle *pk)
{
    pk->status = redan_fail(pk->ctx, REDAN_E_MEMORY, pk->op_offset, "no memory for a pickle");
    return false;
}

/* Room for one more element of `size` bytes, up to `most`; false with nothing set when there is no more. */
static bool more(struct redan_pickle *pk, void **array, size_t *cap, size_t need, size_t size,
                 size_t most)
{
    size_t to = *cap ? *cap : FIRST;

    if (need <= *cap)
        return true;
    if (need > most)
        return false;
    while (to < need)
        to *= 2;
    if (to > most)
        to = most;
    void *grown = redan_mem_resize(&pk->ctx->mem, *array, *cap * size, to * size);

    if (!grown)
        return refused(pk);
    *array = grown;
    *cap = to;
    return true;
}

static bool ring_init(struct redan_pickle *pk, struct redan_pm_ring *ring, size_t most)
{
    uint64_t size = pk->source->size;

    ring->size = RING_LEAST;
    while (ring->size < most && ring->size < size)
        ring->size *= 2;
    ring->head = 0;
    ring->cells = redan_mem_take(&pk->ctx->mem, ring->size * sizeof(*ring->cells));
    return ring->cells || refused(pk);
}

bool redan_pm_store_init(struct redan_pickle *pk)
{
    return ring_init(pk, &pk->plain, RING_PLAIN) && ring_init(pk, &pk->text, RING_TEXT);
}

static void level_done(struct redan_mem *mem, struct redan_pm_level *lv)
{
    redan_mem_give(mem, lv->stack, lv->stack_cap * sizeof(*lv->stack));
    redan_mem_give(mem, lv->marks, lv->marks_cap * sizeof(*lv->marks));
    redan_pm_memo_done(mem, &lv->memo);
}

void redan_pm_store_done(struct redan_pickle *pk)
{
    struct redan_mem *mem = &pk->ctx->mem;

    for (size_t i = 0; i < REDAN_PM_LEVELS; i++)
        level_done(mem, &pk->levels[i]);
    redan_mem_give(mem, pk->plain.cells, pk->plain.size * sizeof(*pk->plain.cells));
    redan_mem_give(mem, pk->text.cells, pk->text.size * sizeof(*pk->text.cells));
    redan_mem_give(mem, pk->kept, pk->kept_cap * sizeof(*pk->kept));
    redan_mem_give(mem, pk->boxes, pk->box_cap * sizeof(*pk->boxes));
    redan_mem_give(mem, pk->results, pk->result_cap * sizeof(*pk->results));
}

void redan_pm_store_reset(struct redan_pickle *pk)
{
    pk->kept_len = 0;
    pk->box_count = 0;
    pk->result_count = 0;
    pk->late = 0;
    pk->doublings = 0;
    pk->doubled = (struct redan_pm_cell){0};
}

bool redan_pm_stack_grow(struct redan_pickle *pk)
{
    struct redan_pm_level *lv = pk->lv;

    if (more(pk, (void **)&lv->stack, &lv->stack_cap, lv->depth + 1, sizeof(*lv->stack),
             pk->ctx->limits.pickle_cells))
        return true;
    if (pk->status == REDAN_OK)
        pk->ended = "budget";
    return false;
}

bool redan_pm_marks_grow(struct redan_pickle *pk)
{
    struct redan_pm_level *lv = pk->lv;

    if (more(pk, (void **)&lv->marks, &lv->marks_cap, lv->mark_count + 1, sizeof(*lv->marks),
             pk->ctx->limits.pickle_cells))
        return true;
    if (pk->status == REDAN_OK)
        pk->ended = "budget";
    return false;
}

uint8_t redan_pm_bits(const struct redan_pickle *pk, struct redan_pm_cell cell)
{
    switch (cell.kind) {
    case REDAN_PICKLE_UNKNOWN:
        return REDAN_PICKLE_HOLDS_UNKNOWN;
    case REDAN_PICKLE_TEXT:
        return REDAN_PICKLE_HOLDS_TEXT | cell.holds;
    case REDAN_PICKLE_BYTES:
        return REDAN_PICKLE_HOLDS_BYTES;
    case REDAN_PICKLE_GLOBAL:
        return REDAN_PICKLE_HOLDS_GLOBAL;
    case REDAN_PICKLE_RESULT:
        return cell.holds | REDAN_PICKLE_HOLDS_RESULT;
    case REDAN_PICKLE_PERSISTENT:
        return REDAN_PICKLE_HOLDS_PERSISTENT;
    case REDAN_PICKLE_TUPLE:
    case REDAN_PICKLE_LIST:
    case REDAN_PICKLE_DICT:
    case REDAN_PICKLE_SET:
        if (cell.store == REDAN_PM_STORE_BOX)
            return pk->boxes[cell.b].holds | pk->late;
        return cell.holds | pk->late;
    default:
        return 0;
    }
}

/* A container that goes into another one: what it takes later is no longer seen in the outer one's bits. */
static void goes_within(struct redan_pickle *pk, struct redan_pm_cell cell)
{
    if (cell.store == REDAN_PM_STORE_BOX && cell.kind >= REDAN_PICKLE_TUPLE &&
        cell.kind <= REDAN_PICKLE_SET)
        pk->boxes[cell.b].within = true;
}

/* The bits of what a container takes. */
static inline uint8_t taken(struct redan_pickle *pk, struct redan_pm_cell cell)
{
    static const uint8_t plain[REDAN_PICKLE_TUPLE] = {
        [REDAN_PICKLE_UNKNOWN] = REDAN_PICKLE_HOLDS_UNKNOWN,
        [REDAN_PICKLE_TEXT] = REDAN_PICKLE_HOLDS_TEXT,
        [REDAN_PICKLE_BYTES] = REDAN_PICKLE_HOLDS_BYTES,
    };

    if (REDAN_LIKELY(cell.kind < REDAN_PICKLE_TUPLE))
        return plain[cell.kind];
    goes_within(pk, cell);
    return redan_pm_bits(pk, cell);
}

static const struct redan_pm_cell *place_of(const struct redan_pickle *pk,
                                            enum redan_pm_store store, uint64_t place, size_t i)
{
    const struct redan_pm_ring *ring = store == REDAN_PM_STORE_PLAIN ? &pk->plain : &pk->text;

    if (store == REDAN_PM_STORE_KEPT)
        return place + i < pk->kept_len ? &pk->kept[place + i] : NULL;
    if (store == REDAN_PM_STORE_NONE || ring->head - place > ring->size)
        return NULL;
    return &ring->cells[(place + i) & (ring->size - 1)];
}

/* Keep `n` cells where the bits say, with room for `room`. */
static bool keep(struct redan_pickle *pk, uint8_t bits, const struct redan_pm_cell *items, size_t n,
                 size_t room, uint8_t *store, uint64_t *place)
{
    *store = REDAN_PM_STORE_NONE;
    *place = 0;
    if (room == 0)
        return true;
    bool text = (bits & ~(REDAN_PICKLE_HOLDS_TEXT | REDAN_PICKLE_HOLDS_BYTES)) == 0;

    if (!text) {
        if (more(pk, (void **)&pk->kept, &pk->kept_cap, pk->kept_len + room, sizeof(*pk->kept),
                 pk->ctx->limits.pickle_cells)) {
            *store = REDAN_PM_STORE_KEPT;
            *place = pk->kept_len;
            if (n)
                memcpy(pk->kept + pk->kept_len, items, n * sizeof(*items));
            memset(pk->kept + pk->kept_len + n, 0, (room - n) * sizeof(*items));
            pk->kept_len += room;
            return true;
        }
        if (pk->status != REDAN_OK)
            return false;
    }
    struct redan_pm_ring *ring = bits ? &pk->text : &pk->plain;

    *store = bits ? REDAN_PM_STORE_TEXT : REDAN_PM_STORE_PLAIN;
    *place = ring->head;
    for (size_t i = 0; i < room; i++) {
        struct redan_pm_cell none = {0};
        ring->cells[(ring->head + i) & (ring->size - 1)] = i < n ? items[i] : none;
    }
    ring->head += room;
    return true;
}

bool redan_pm_tuple(struct redan_pickle *pk, uint8_t kind, const struct redan_pm_cell *items,
                    size_t n, struct redan_pm_cell *made)
{
    struct redan_pm_cell tuple = {.kind = kind, .b = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX};
    size_t kept = n < REDAN_PM_KEEP_ITEMS ? n : REDAN_PM_KEEP_ITEMS;

    for (size_t i = 0; i < n; i++) {
        tuple.holds |= taken(pk, items[i]);
    }
    if (!keep(pk, tuple.holds, items, kept, kept, &tuple.store, &tuple.a))
        return false;
    tuple.kept = (uint8_t)kept;
    *made = tuple;
    return true;
}

bool redan_pm_box_new(struct redan_pickle *pk, uint8_t kind, struct redan_pm_cell *made)
{
    *made = (struct redan_pm_cell){.kind = kind, .store = REDAN_PM_STORE_BOX};
    if (REDAN_UNLIKELY(pk->box_count == pk->box_cap) &&
        !more(pk, (void **)&pk->boxes, &pk->box_cap, pk->box_count + 1, sizeof(*pk->boxes),
              redan_min_size(pk->ctx->limits.pickle_cells, UINT32_MAX))) {
        if (pk->status != REDAN_OK)
            return false;
        if (pk->box_count == 0)
            return refused(pk);
        made->b = (uint32_t)pk->box_count -
                  1; /* those beyond the bound share one, which keeps no elements */
        pk->boxes[made->b].kept = pk->boxes[made->b].room = 0;
        pk->boxes[made->b].spare = 1;
        return true;
    }
    made->b = (uint32_t)pk->box_count;
    pk->boxes[pk->box_count++] = (struct redan_pm_box){.kind = kind};
    return true;
}

/* Elements move when there are more, or when they no longer may lie in a ring. */
static bool box_room(struct redan_pickle *pk, struct redan_pm_box *box, uint8_t bits, size_t need)
{
    size_t most = box->kind == REDAN_PICKLE_DICT ? 2 * REDAN_PM_KEEP_PAIRS : REDAN_PM_KEEP_ITEMS;
    bool ring = box->store == REDAN_PM_STORE_PLAIN || box->store == REDAN_PM_STORE_TEXT;
    bool text = (bits & ~(REDAN_PICKLE_HOLDS_TEXT | REDAN_PICKLE_HOLDS_BYTES)) == 0;
    bool moves = (ring && !text) || (box->store == REDAN_PM_STORE_PLAIN && bits);
    struct redan_pm_cell now[2 * REDAN_PM_KEEP_PAIRS];
    size_t kept = box->kept;

    if (need <= box->room && !moves)
        return true;
    for (size_t i = 0; i < kept; i++) {
        const struct redan_pm_cell *cell =
            place_of(pk, (enum redan_pm_store)box->store, box->place, i);
        if (!cell) { /* they are gone from the ring: the box keeps no more */
            box->kept = box->room = 0;
            box->store = REDAN_PM_STORE_NONE;
            box->spare = 1;
            return true;
        }
        now[i] = *cell;
    }
    size_t room = box->room == 0 ? need : most;
    uint8_t store = 0;
    uint64_t place = 0;

    if (!keep(pk, bits, now, kept, room, &store, &place))
        return false;
    box->store = store;
    box->place = place & (((uint64_t)1 << 40) - 1);
    box->room = (uint8_t)room;
    return true;
}

bool redan_pm_box_add(struct redan_pickle *pk, struct redan_pm_cell cell,
                      const struct redan_pm_cell *items, size_t n)
{
    struct redan_pm_box *box = &pk->boxes[cell.b];
    size_t most = box->kind == REDAN_PICKLE_DICT ? 2 * REDAN_PM_KEEP_PAIRS : REDAN_PM_KEEP_ITEMS;
    uint8_t bits = box->holds;

    for (size_t i = 0; i < n; i++) {
        bits |= taken(pk, items[i]);
    }
    for (size_t i = 0; box->kind == REDAN_PICKLE_DICT && i < n; i += 2)
        box->hooks |= (uint8_t)(items[i].kind == REDAN_PICKLE_TEXT ? items[i].holds >> 6 : 0) & 3U;
    if (box->within)
        pk->late |= bits & ~box->holds;
    box->holds = bits;
    box->count = n < UINT32_MAX - box->count ? box->count + (uint32_t)n : UINT32_MAX;
    if (box->spare)
        return true;
    size_t fits = most - box->kept < n ? most - box->kept : n;

    if (fits == 0)
        return true;
    if (!box_room(pk, box, bits, box->kept + fits))
        return false;
    for (size_t i = 0; i < fits && !box->spare; i++) {
        struct redan_pm_cell *to = (struct redan_pm_cell *)(uintptr_t)place_of(
            pk, (enum redan_pm_store)box->store, box->place, box->kept);
        if (!to)
            break;
        *to = items[i];
        box->kept++;
    }
    return true;
}

uint64_t redan_pm_count(const struct redan_pickle *pk, struct redan_pm_cell cell)
{
    return cell.store == REDAN_PM_STORE_BOX ? pk->boxes[cell.b].count : cell.b;
}

bool redan_pm_item(const struct redan_pickle *pk, struct redan_pm_cell cell, uint64_t i,
                   struct redan_pm_cell *item)
{
    enum redan_pm_store store = (enum redan_pm_store)cell.store;
    uint64_t place = cell.a;
    size_t kept = cell.kept;

    if (cell.kind < REDAN_PICKLE_TUPLE || cell.kind > REDAN_PICKLE_SET)
        return false;
    if (store == REDAN_PM_STORE_BOX) {
        const struct redan_pm_box *box = &pk->boxes[cell.b];

        if (box->spare)
            return false;
        store = (enum redan_pm_store)box->store;
        place = box->place;
        kept = box->kept;
    }
    const struct redan_pm_cell *at = i < kept ? place_of(pk, store, place, (size_t)i) : NULL;

    if (!at)
        return false;
    *item = *at;
    return true;
}

/* The arguments of a result outlive the rings. */
static bool pin(struct redan_pickle *pk, struct redan_pm_cell *cell)
{
    struct redan_pm_cell items[REDAN_PM_KEEP_ITEMS];

    if (cell->kind != REDAN_PICKLE_TUPLE || cell->kept == 0 ||
        (cell->store != REDAN_PM_STORE_PLAIN && cell->store != REDAN_PM_STORE_TEXT))
        return true;
    for (size_t i = 0; i < cell->kept; i++) {
        if (!redan_pm_item(pk, *cell, i, &items[i]))
            return true;
    }
    uint8_t store = 0;
    uint64_t place = 0;

    if (!keep(pk, REDAN_PICKLE_HOLDS_RESULT, items, cell->kept, cell->kept, &store, &place))
        return false;
    cell->store = store;
    cell->a = place;
    return true;
}

bool redan_pm_result_new(struct redan_pickle *pk, uint32_t global, struct redan_pm_cell args,
                         uint8_t holds, struct redan_pm_cell *made)
{
    *made = (struct redan_pm_cell){.kind = REDAN_PICKLE_RESULT, .b = global, .holds = holds};
    if (!more(pk, (void **)&pk->results, &pk->result_cap, pk->result_count + 1,
              sizeof(*pk->results), pk->ctx->limits.pickle_cells / 2))
        return pk->status == REDAN_OK;
    if (!pin(pk, &args))
        return false;
    pk->results[pk->result_count] = (struct redan_pm_result){
        .args = args,
        .state = {.kind = REDAN_PM_EMPTY},
        .keys = holds & (REDAN_PICKLE_HOLDS_HOOK | REDAN_PICKLE_HOLDS_METHOD)};
    made->a = ++pk->result_count;
    return true;
}

void redan_pm_result_state(struct redan_pickle *pk, struct redan_pm_cell result,
                           struct redan_pm_cell state)
{
    if (result.kind == REDAN_PICKLE_RESULT && result.a && result.a <= pk->result_count &&
        pin(pk, &state))
        pk->results[result.a - 1].state = state;
}

uint8_t redan_pm_hooks(const struct redan_pickle *pk, struct redan_pm_cell state)
{
    struct redan_pm_cell item;
    uint8_t hooks = 0;

    if (state.kind == REDAN_PICKLE_RESULT)
        return state.a && state.a <= pk->result_count
                   ? pk->results[state.a - 1].keys
                   : state.holds & (REDAN_PICKLE_HOLDS_HOOK | REDAN_PICKLE_HOLDS_METHOD);
    if (state.kind == REDAN_PICKLE_DICT)
        return (uint8_t)(pk->boxes[state.b].hooks << 6);
    /* (attributes, attributes that are set one by one) */
    for (uint64_t i = 0; state.kind == REDAN_PICKLE_TUPLE && state.b == 2 && i < 2; i++) {
        if (redan_pm_item(pk, state, i, &item) && item.kind == REDAN_PICKLE_DICT)
            hooks |= (uint8_t)(pk->boxes[item.b].hooks << 6);
        else if (redan_pm_item(pk, state, i, &item) && item.kind == REDAN_PICKLE_RESULT && item.a &&
                 item.a <= pk->result_count)
            hooks |= pk->results[item.a - 1].keys;
    }
    return hooks;
}

uint8_t redan_pm_hooked(struct redan_pickle *pk, struct redan_pm_cell target, uint8_t more)
{
    if (target.kind != REDAN_PICKLE_RESULT || target.a == 0 || target.a > pk->result_count)
        return more;
    struct redan_pm_result *result = &pk->results[target.a - 1];

    result->hooks |= more;
    if (result->state.kind != REDAN_PM_EMPTY)
        result->hooks |= redan_pm_hooks(pk, result->state);
    return result->hooks;
}

struct redan_pickle_value redan_pm_value(const struct redan_pickle *pk, struct redan_pm_cell cell)
{
    struct redan_pickle_value value = {.kind = cell.kind, .id = cell.b};

    switch (cell.kind) {
    case REDAN_PICKLE_TEXT:
    case REDAN_PICKLE_BYTES:
    case REDAN_PICKLE_PERSISTENT:
        value.decoded = cell.store;
        value.at = cell.a;
        value.len = cell.b | (uint64_t)cell.kept << 32;
        value.id = 0;
        break;
    case REDAN_PICKLE_BOOL:
        value.truth = cell.a != 0;
        value.id = 0;
        break;
    case REDAN_PICKLE_INT:
        value.at = cell.a;
        value.truth = cell.store; /* 1: the number does not fit 64 bits */
        value.id = 0;
        break;
    case REDAN_PICKLE_TUPLE:
    case REDAN_PICKLE_LIST:
    case REDAN_PICKLE_DICT:
    case REDAN_PICKLE_SET:
        value.at = redan_pm_count(pk, cell);
        if (cell.kind == REDAN_PICKLE_DICT)
            value.at /= 2;
        value.holds = redan_pm_bits(pk, cell);
        value.truth = cell.store;
        value.decoded = cell.kept;
        value.len = cell.a;
        break;
    case REDAN_PICKLE_RESULT:
        value.holds = cell.holds;
        value.at = cell.a;
        break;
    default:
        break;
    }
    return value;
}

struct redan_pm_cell redan_pm_cell_of(const struct redan_pickle_value *value)
{
    struct redan_pm_cell cell = {.kind = value->kind, .b = value->id};

    switch (value->kind) {
    case REDAN_PICKLE_TEXT:
    case REDAN_PICKLE_BYTES:
    case REDAN_PICKLE_PERSISTENT:
        cell.store = value->decoded;
        cell.a = value->at;
        cell.b = (uint32_t)value->len;
        cell.kept = (uint8_t)(value->len >> 32);
        break;
    case REDAN_PICKLE_BOOL:
        cell.a = value->truth;
        break;
    case REDAN_PICKLE_INT:
        cell.a = value->at;
        cell.store = value->truth;
        break;
    case REDAN_PICKLE_TUPLE:
    case REDAN_PICKLE_LIST:
    case REDAN_PICKLE_DICT:
    case REDAN_PICKLE_SET:
        cell.holds = value->holds;
        cell.store = value->truth;
        cell.kept = value->decoded;
        cell.a = value->len;
        if (cell.store != REDAN_PM_STORE_BOX)
            cell.b = (uint32_t)value->at;
        break;
    case REDAN_PICKLE_RESULT:
        cell.holds = value->holds;
        cell.a = value->at;
        break;
    default:
        break;
    }
    return cell;
}
