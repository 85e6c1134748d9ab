/* Tensor storages in a torch archive: data.pkl declares each with its size, and a member of that size is plain data. */
#include <string.h>

#include "base/map.h"
#include "format/pickle.h"
#include "scan/detector_table.h"
#include "scan/pickle_judge.h"

enum { SLOTS = 8192, FULL = SLOTS / 8 * 7, KEY = 64 };

/* One storage: half a hash of its key, half a hash of its key and size. The hashes are seeded, so that no file can aim at them. */
struct storages {
    uint32_t slots[SLOTS];
    uint32_t count;
};

/* Where in data.pkl the word "storage" stands: a memo brings it back for each tensor. */
struct words {
    uint64_t storage; /* + 1 */
};

static const struct redan_scan_rule *const rules[] = {NULL};

const struct redan_detector redan_det_torch;

static uint32_t slot_value(const struct redan_ctx *ctx, struct redan_slice key, uint64_t size,
                           size_t *at)
{
    uint64_t name = redan_hash(ctx->seed, key);
    uint64_t both = redan_hash(ctx->seed ^ size * 0x9e3779b97f4a7c15U, key);

    *at = (size_t)(name & (SLOTS - 1));
    return (uint32_t)(name >> 48 | 1) << 16 | (uint32_t)(both >> 48);
}

static uint64_t item_size(struct redan_slice type)
{
    static const struct {
        const char *start;
        uint64_t size;
    } types[] = {
        {"Double", 8},   {"ComplexDouble", 16}, {"ComplexFloat", 8}, {"Float", 4},  {"Long", 8},
        {"Int", 4},      {"Half", 2},           {"BFloat16", 2},     {"Short", 2},  {"Char", 1},
        {"Byte", 1},     {"Bool", 1},           {"QInt8", 1},        {"QUInt8", 1}, {"QInt32", 4},
        {"QUInt4x2", 1}, {"QUInt2x4", 1},       {"Untyped", 1}};

    for (size_t i = 0; i < REDAN_COUNT(types); i++) {
        struct redan_slice start = redan_slice_of(types[i].start);

        if (redan_slice_starts(type, start) &&
            redan_slice_is(redan_slice_sub(type, start.len, type.len), "Storage"))
            return types[i].size;
    }
    return 0;
}

/* ('storage', torch.FloatStorage, '0', 'cpu', 1000) */
static bool declared(const struct redan_fact *fact, struct words *words, char *key, size_t *key_len,
                     uint64_t *size)
{
    const struct redan_pickle_value *id = &fact->event->args;
    struct redan_pickle_value word, type, name, count;
    struct redan_slice module, type_name;

    if (!redan_pickle_item(fact->pickle, id, 0, &word) || word.kind != REDAN_PICKLE_TEXT)
        return false;
    if (words->storage != word.at + 1) {
        if (!redan_slice_is(redan_pickle_text(fact->pickle, &word, 16), "storage"))
            return false;
        words->storage = word.at + 1;
    }
    if (!redan_pickle_item(fact->pickle, id, 1, &type) || type.kind != REDAN_PICKLE_GLOBAL ||
        !redan_pickle_global(fact->pickle, &type, &module, &type_name) ||
        !redan_pickle_item(fact->pickle, id, 2, &name) || name.kind != REDAN_PICKLE_TEXT ||
        !redan_pickle_item(fact->pickle, id, 4, &count) || count.kind != REDAN_PICKLE_INT)
        return false;
    uint64_t item = item_size(type_name);

    if (item == 0 || (int64_t)count.at < 0 || __builtin_mul_overflow(item, count.at, size))
        return false;
    struct redan_slice text = redan_pickle_text(fact->pickle, &name, KEY);
    memcpy(key, text.at, text.len);
    *key_len = text.len;
    return text.len > 0;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    struct storages *all = NULL;
    uint64_t size = 0;
    size_t key_len = 0, at = 0;
    char key[KEY];

    if (fact->kind != REDAN_FACT_PICKLE || fact->event->kind != REDAN_PICKLE_PERSISTENT_ID ||
        fact->event->args.kind != REDAN_PICKLE_TUPLE || !redan_scan_container_of(scan))
        return REDAN_OK;
    all = redan_scan_group(scan, &redan_det_torch);
    if (!all || all->count >= FULL ||
        !declared(fact, redan_scan_state(scan, &redan_det_torch), key, &key_len, &size))
        return REDAN_OK;
    uint32_t value =
        slot_value(redan_scan_ctx(scan), (struct redan_slice){key, key_len}, size, &at);
    while (all->slots[at] && all->slots[at] != value)
        at = (at + 1) & (SLOTS - 1);
    if (!all->slots[at]) {
        all->slots[at] = value;
        all->count++;
    }
    return REDAN_OK;
}

/* The key of "archive/data/17", "archive/constants/0.storage", "archive/.data/17.storage". */
static bool key_of(struct redan_slice name, struct redan_slice *key)
{
    size_t slash = name.len;

    while (slash > 0 && name.at[slash - 1] != '/')
        slash--;
    if (slash < 2)
        return false;
    struct redan_slice folder = redan_slice_sub(name, 0, slash - 1);
    *key = redan_slice_sub(name, slash, name.len);
    for (size_t i = folder.len; i > 0; i--) {
        if (folder.at[i - 1] == '/') {
            folder = redan_slice_sub(folder, i, folder.len);
            break;
        }
    }
    return key->len > 0 && key->len <= KEY &&
           (redan_slice_is(folder, "data") || redan_slice_is(folder, "constants") ||
            redan_slice_is(folder, ".data") || redan_slice_is(folder, "tensors"));
}

/* Whether a storage of this key and size is declared; `known`: one of this key. */
static bool is_declared(struct redan_scan *scan, const struct storages *all, struct redan_slice key,
                        uint64_t size, bool *known)
{
    size_t at = 0;
    uint32_t value = slot_value(redan_scan_ctx(scan), key, size, &at);

    for (; all->slots[at]; at = (at + 1) & (SLOTS - 1)) {
        if (all->slots[at] == value)
            return true;
        *known |= all->slots[at] >> 16 == value >> 16;
    }
    return false;
}

static bool plain(struct redan_scan *scan, struct redan_slice name, const struct redan_part *part)
{
    const struct storages *all = redan_scan_group_below(scan, &redan_det_torch);
    struct redan_slice key;
    bool known = false;

    if (!all || all->count == 0 || part->unpacked == REDAN_SOURCE_UNKNOWN || !key_of(name, &key))
        return false;
    if (is_declared(scan, all, key, part->unpacked, &known))
        return true;
    /* torch.package names the file of storage 17 so, TorchScript the storage itself */
    if (!known && redan_slice_ends(key, REDAN_S(".storage")) &&
        is_declared(scan, all, redan_slice_sub(key, 0, key.len - 8), part->unpacked, &known))
        return true;
    if (known && all->count < FULL) { /* else it may be one that there was no room for */
        enum redan_status status = redan_scan_found(
            scan, &redan_pkl_storage, REDAN_LEVEL_WARN, part->offset, name,
            "%.*s has %llu bytes, which is not what data.pkl declares",
            (int)redan_min_size(name.len, 120), name.at, (unsigned long long)part->unpacked);
        (void)status; /* it is read all the same */
    }
    return false;
}

const struct redan_detector redan_det_torch = {
    .name = "torch",
    .rules = rules,
    .fact = fact,
    .plain = plain,
    .state = sizeof(struct words),
    .group = sizeof(struct storages),
};
