/* Duplicate keys: compared with all others while they are few, found by a seeded hash beyond. */
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/map.h"
#include "codec/json_scan.h"

enum { FEW = 64, BLOCK = 16, NO_SLOT = 0 };

struct redan_json_key {
    struct redan_slice text;
    uint64_t head;  /* with equal lengths up to 8, equal heads mean equal keys */
    uint32_t place; /* 1 + index of its slot; NO_SLOT when it has none */
};

/* Linear probing without tombstones: keys leave in the reverse order of their coming, so that clearing a slot restores
 * what was there before. */
struct redan_json_slot {
    uint32_t tag;
    uint32_t key; /* 1 + index; 0 when empty */
};

static uint64_t head_of(struct redan_slice text)
{
    uint64_t head = 0;
    uint32_t low = 0;
    uint32_t high = 0;

    if (text.len >= 8) {
        memcpy(&head, text.at, 8);
    } else if (text.len >= 4) {
        memcpy(&low, text.at, 4);
        memcpy(&high, text.at + text.len - 4, 4);
        head = (uint64_t)high << 32 | low;
    } else if (text.len > 0) {
        const unsigned char *b = (const unsigned char *)text.at;
        head = (uint64_t)b[0] | (uint64_t)b[text.len / 2] << 8 | (uint64_t)b[text.len - 1] << 16;
    }
    return head;
}

static bool same(const struct redan_json_key *a, const struct redan_json_key *b)
{
    return a->head == b->head && a->text.len == b->text.len &&
           (a->text.len <= 8 || memcmp(a->text.at, b->text.at, a->text.len) == 0);
}

static uint8_t tag_of(const struct redan_json_key *key)
{
    return (uint8_t)((key->head + key->text.len) * 0x9e3779b97f4a7c15U >> 56);
}

/* Which of the block's tags are this one: bit i for tag i. */
static unsigned match(const uint8_t *tags, uint8_t tag)
{
#if defined(__SSE2__)
    __m128i block = _mm_loadu_si128((const __m128i *)(const void *)tags);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8((char)tag)));
#else
    unsigned bits = 0;
    for (unsigned i = 0; i < BLOCK; i++)
        bits |= (unsigned)(tags[i] == tag) << i;
    return bits;
#endif
}

/* Whether the object whose keys begin at `first` has this one. */
static bool among_few(const struct redan_json *reader, size_t first,
                      const struct redan_json_key *key, uint8_t tag)
{
    for (size_t i = first; i < reader->key_len; i += BLOCK) {
        unsigned bits = match(reader->tags + i, tag);
        size_t left = reader->key_len - i;
        if (left < BLOCK)
            bits &= (1U << left) - 1;
        for (; bits; bits &= bits - 1) {
            if (same(&reader->keys[i + (unsigned)__builtin_ctz(bits)], key))
                return true;
        }
    }
    return false;
}

static uint64_t hash_of(const struct redan_json *reader, const struct redan_json_frame *frame,
                        const struct redan_json_key *key)
{
    /* per object, or objects nested in one another would share their slots */
    return redan_hash(reader->ctx->seed + frame->serial * 0x9e3779b97f4a7c15U, key->text);
}

/* The slot of an equal key, or the empty one where it belongs. Two containers' equal keys differ in the tag or are told
 * apart by `first`. */
static size_t find(const struct redan_json *reader, const struct redan_json_key *key, uint64_t hash,
                   size_t first)
{
    size_t i = (size_t)hash & (reader->slot_cap - 1);

    for (;; i = (i + 1) & (reader->slot_cap - 1)) {
        const struct redan_json_slot *slot = &reader->slots[i];
        if (slot->key == 0)
            return i;
        if (slot->tag == (uint32_t)(hash >> 32) && slot->key > first &&
            same(&reader->keys[slot->key - 1], key))
            return i;
    }
}

static void put(struct redan_json *reader, size_t slot, uint64_t hash, size_t index)
{
    reader->slots[slot] = (struct redan_json_slot){(uint32_t)(hash >> 32), (uint32_t)index + 1};
    reader->keys[index].place = (uint32_t)slot + 1;
    reader->slot_len++;
}

static void put_all(struct redan_json *reader, const struct redan_json_frame *frame, size_t last)
{
    for (size_t i = frame->first; i < last; i++) {
        uint64_t hash = hash_of(reader, frame, &reader->keys[i]);
        put(reader, find(reader, &reader->keys[i], hash, frame->first), hash, i);
    }
}

/* Room for `more` further keys at half load. */
static enum redan_status grow_slots(struct redan_json *reader, size_t more)
{
    struct redan_mem *mem = &reader->ctx->mem;
    size_t unit = sizeof(*reader->slots);
    size_t cap = reader->slot_cap ? reader->slot_cap : (size_t)2 * FEW;

    if (reader->slot_cap && (reader->slot_len + more) * 2 <= reader->slot_cap)
        return REDAN_OK;
    while ((reader->slot_len + more) * 2 > cap)
        cap *= 2;
    struct redan_json_slot *slots = redan_mem_take(mem, cap * unit);
    if (!slots)
        return REDAN_E_MEMORY;
    memset(slots, 0, cap * unit);
    redan_mem_give(mem, reader->slots, reader->slot_cap * unit);
    reader->slots = slots;
    reader->slot_cap = cap;
    reader->slot_len = 0;
    for (size_t f = 0; f < reader->depth; f++) {
        if (reader->frames[f].hashed)
            put_all(reader, &reader->frames[f],
                    f + 1 < reader->depth ? reader->frames[f + 1].first : reader->key_len);
    }
    return REDAN_OK;
}

static enum redan_status grow_keys(struct redan_json *reader)
{
    struct redan_mem *mem = &reader->ctx->mem;
    size_t unit = sizeof(*reader->keys);
    size_t old = reader->key_cap;
    size_t cap = old ? old * 2 : 32;

    if (cap >= UINT32_MAX / 4)
        return REDAN_E_LIMIT;
    uint8_t *tags = redan_mem_take(mem, cap + BLOCK);
    if (!tags)
        return REDAN_E_MEMORY;
    void *keys = redan_mem_resize(mem, reader->keys, old * unit, cap * unit);
    if (!keys) {
        redan_mem_give(mem, tags, cap + BLOCK);
        return REDAN_E_MEMORY;
    }
    memset(tags, 0, cap + BLOCK);
    if (old)
        memcpy(tags, reader->tags, old);
    redan_mem_give(mem, reader->tags, old + BLOCK);
    reader->tags = tags;
    reader->keys = keys;
    reader->key_cap = cap;
    return REDAN_OK;
}

static enum redan_status twice(struct redan_json *reader, size_t offset)
{
    return redan_json_refuse(reader, REDAN_E_SYNTAX, reader->text.at + offset,
                             "the same key twice in one JSON object");
}

static enum redan_status no_room(struct redan_json *reader, enum redan_status status, size_t offset)
{
    return redan_json_refuse(reader, status, reader->text.at + offset,
                             status == REDAN_E_LIMIT ? "too many keys in JSON"
                                                     : "no memory for the keys of the JSON");
}

static enum redan_status add_hashed(struct redan_json *reader, struct redan_json_frame *frame,
                                    size_t offset)
{
    size_t index = reader->key_len;
    enum redan_status status = grow_slots(reader, frame->hashed ? 1 : index - frame->first + 1);

    if (status != REDAN_OK)
        return no_room(reader, status, offset);
    if (!frame->hashed) {
        put_all(reader, frame, index);
        frame->hashed = true;
    }
    uint64_t hash = hash_of(reader, frame, &reader->keys[index]);
    size_t slot = find(reader, &reader->keys[index], hash, frame->first);
    if (reader->slots[slot].key != 0)
        return twice(reader, offset);
    put(reader, slot, hash, index);
    reader->key_len++;
    return REDAN_OK;
}

enum redan_status redan_json_key_add(struct redan_json *reader, struct redan_slice text,
                                     size_t offset)
{
    struct redan_json_frame *frame = &reader->frames[reader->depth - 1];

    if (reader->key_len == reader->key_cap) {
        enum redan_status status = grow_keys(reader);
        if (status != REDAN_OK)
            return no_room(reader, status, offset);
    }
    struct redan_json_key *key = &reader->keys[reader->key_len];
    *key = (struct redan_json_key){text, head_of(text), NO_SLOT};
    if (frame->hashed || reader->key_len - frame->first >= FEW)
        return add_hashed(reader, frame, offset);
    uint8_t tag = tag_of(key);
    if (among_few(reader, frame->first, key, tag))
        return twice(reader, offset);
    reader->tags[reader->key_len++] = tag;
    return REDAN_OK;
}

void redan_json_key_drop(struct redan_json *reader, size_t len)
{
    for (size_t i = reader->key_len; reader->slot_len > 0 && i > len; i--) {
        uint32_t place = reader->keys[i - 1].place;
        if (place != NO_SLOT) {
            reader->slots[place - 1].key = 0;
            reader->slot_len--;
        }
    }
    reader->key_len = len;
}

void redan_json_key_done(struct redan_json *reader)
{
    struct redan_mem *mem = &reader->ctx->mem;

    redan_mem_give(mem, reader->keys, reader->key_cap * sizeof(*reader->keys));
    redan_mem_give(mem, reader->tags, reader->key_cap + BLOCK);
    redan_mem_give(mem, reader->slots, reader->slot_cap * sizeof(*reader->slots));
}
