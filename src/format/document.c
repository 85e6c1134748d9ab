/* The stack of open maps and lists of a JSON or YAML document, and the facts that come of it. */
#include "format/document.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"

enum {
    PATH_CAP = 4096,
    KEY_CAP = 1024,      /* bytes of a key that are kept */
    TEXTS_CAP = 8 << 20, /* bytes of all open maps */
    HASH_CAP = 1 << 17,  /* keys that are compared for being twice */
    TEXT_SHORT = 4096,   /* bytes of a text that is told by itself */
    TEXTS_TOLD = 4096,   /* such texts of one artefact */
    ROWS = 256,          /* elements of a list or map after which it is data */
    SHORTEST_KEY = 8,    /* "{{a.b}}" and its like; shorter ones are words of a vocabulary */
    SHORTEST_VALUE = 5,
};

/* Everything here is by place: the buffers move. */
struct redan_document_entry {
    size_t key, key_len;
    size_t text, text_len;
    size_t second, second_len;
    uint64_t length;
    uint64_t offset;
    enum redan_entry_kind kind;
    bool truth;
    bool number_first;
};

struct redan_document_frame {
    bool map;
    bool first_text;   /* of a list: its first element is a text */
    bool first_number; /* or a number */
    bool has_key;
    bool shown; /* of the map around it: the entry that it is was kept */
    size_t entries;
    size_t texts; /* everything of it begins here */
    size_t key, key_len;
    size_t within, within_len;
    size_t tag, tag_len;
    size_t first_len;  /* of a list's first text */
    size_t second_len; /* of its second, which stands behind */
    size_t path;
    uint64_t count;
    uint64_t offset;
    uint64_t serial;
};

void redan_document_init(struct redan_document *doc, struct redan_ctx *ctx,
                         const struct redan_listener *to)
{
    *doc = (struct redan_document){.ctx = ctx, .to = to};
}

void redan_document_done(struct redan_document *doc)
{
    if (!doc->ctx)
        return;
    struct redan_mem *mem = &doc->ctx->mem;
    redan_mem_give(mem, doc->frames, doc->frame_cap * sizeof(*doc->frames));
    redan_mem_give(mem, doc->entries, doc->entry_cap * sizeof(*doc->entries));
    redan_mem_give(mem, doc->texts, doc->text_cap);
    redan_mem_give(mem, doc->path, doc->path ? PATH_CAP : 0);
    redan_mem_give(mem, doc->shown, doc->shown ? REDAN_OBJECT_ENTRIES * sizeof(*doc->shown) : 0);
    redan_mem_give(mem, doc->keys, doc->key_cap * sizeof(*doc->keys));
    doc->ctx = NULL;
}

void redan_document_reset(struct redan_document *doc)
{
    doc->depth = 0;
    doc->entry_len = 0;
    doc->text_len = 0;
    doc->path_len = 0;
}

static enum redan_status no_memory(struct redan_document *doc)
{
    return redan_fail(doc->ctx, REDAN_E_MEMORY, 0, "no memory for an open document");
}

/* Room for one more of `unit` bytes in a block of `cap`. */
static enum redan_status grow(struct redan_document *doc, void **block, size_t *cap, size_t need,
                              size_t unit)
{
    size_t to = *cap ? *cap : 64;

    if (need <= *cap)
        return REDAN_OK;
    while (to < need)
        to *= 2;
    void *more = redan_mem_resize(&doc->ctx->mem, *block, *cap * unit, to * unit);
    if (!more)
        return no_memory(doc);
    *block = more;
    *cap = to;
    return REDAN_OK;
}

/* Keep bytes; fewer, and said once, when the bound is reached. */
static enum redan_status keep(struct redan_document *doc, struct redan_slice text, size_t most,
                              size_t *at, size_t *len)
{
    size_t left = TEXTS_CAP - doc->text_len;
    void *block = doc->texts;

    *at = doc->text_len;
    *len = redan_min_size(redan_min_size(text.len, most), left);
    if (left < redan_min_size(text.len, most) && !doc->full) {
        doc->full = true;
        REDAN_TRY(redan_tell_unread(doc->to, REDAN_UNREAD_BUDGET, 0, text.len,
                                    REDAN_S("texts of open maps")));
    }
    REDAN_TRY(grow(doc, &block, &doc->text_cap, doc->text_len + *len, 1));
    doc->texts = block;
    if (*len)
        memcpy(doc->texts + *at, text.at, *len);
    doc->text_len += *len;
    return REDAN_OK;
}

static struct redan_slice kept(const struct redan_document *doc, size_t at, size_t len)
{
    return (struct redan_slice){doc->texts + at, len};
}

static struct redan_document_frame *top(const struct redan_document *doc)
{
    return doc->depth ? &doc->frames[doc->depth - 1] : NULL;
}

bool redan_document_in_map(const struct redan_document *doc)
{
    return doc->depth && top(doc)->map;
}

struct redan_slice redan_document_path(const struct redan_document *doc)
{
    return doc->path_len ? (struct redan_slice){doc->path, doc->path_len} : REDAN_S("$");
}

bool redan_document_marked(struct redan_slice text)
{
    const char *p = text.at;
    const char *end = text.at + text.len;

    while (p && end - p >= 2 && (p = memchr(p, '{', (size_t)(end - p - 1))) != NULL) {
        if (p[1] == '{' || p[1] == '%' || p[1] == '#')
            return true;
        p++;
    }
    return false;
}

static enum redan_status path_add(struct redan_document *doc, struct redan_slice text)
{
    if (!doc->path) {
        doc->path = redan_mem_take(&doc->ctx->mem, PATH_CAP);
        if (!doc->path)
            return no_memory(doc);
    }
    if (doc->path_len == 0)
        doc->path[doc->path_len++] = '$';
    size_t len = redan_min_size(text.len, PATH_CAP - doc->path_len);
    if (len)
        memcpy(doc->path + doc->path_len, text.at, len);
    doc->path_len += len;
    return REDAN_OK;
}

/* The place of the value that comes next, after what the innermost container is called. */
static enum redan_status step(struct redan_document *doc)
{
    struct redan_document_frame *frame = top(doc);
    char place[24];

    if (!frame)
        return path_add(doc, (struct redan_slice){0});
    doc->path_len = frame->path;
    if (frame->map) {
        REDAN_TRY(path_add(doc, REDAN_S(".")));
        return path_add(doc, kept(doc, frame->key, frame->key_len));
    }
    int n = snprintf(place, sizeof(place), "[%llu]", (unsigned long long)frame->count);
    return path_add(doc, (struct redan_slice){place, (size_t)n});
}

/* Whether the key was in this map before. */
static enum redan_status twice(struct redan_document *doc, struct redan_slice key, bool *yes)
{
    uint64_t hash = redan_hash(doc->ctx->seed + top(doc)->serial * 0x9e3779b97f4a7c15U, key) | 1;

    *yes = false;
    if (doc->key_len * 2 >= doc->key_cap) {
        size_t cap = doc->key_cap ? redan_min_size(doc->key_cap * 4, HASH_CAP) : 256;
        uint64_t *keys = redan_mem_take(&doc->ctx->mem, cap * sizeof(*keys));
        if (!keys)
            return no_memory(doc);
        memset(keys, 0, cap * sizeof(*keys));
        for (size_t i = 0; cap > doc->key_cap && i < doc->key_cap; i++) {
            size_t at = (size_t)doc->keys[i] >> 1 & (cap - 1);
            while (doc->keys[i] && keys[at])
                at = (at + 1) & (cap - 1);
            if (doc->keys[i])
                keys[at] = doc->keys[i];
        }
        if (cap == doc->key_cap)
            doc->key_len = 0; /* older ones are forgotten */
        redan_mem_give(&doc->ctx->mem, doc->keys, doc->key_cap * sizeof(*keys));
        doc->keys = keys;
        doc->key_cap = cap;
    }
    size_t at = (size_t)hash >> 1 & (doc->key_cap - 1);
    for (; doc->keys[at]; at = (at + 1) & (doc->key_cap - 1)) {
        if (doc->keys[at] == hash) {
            *yes = true;
            return REDAN_OK;
        }
    }
    doc->keys[at] = hash;
    doc->key_len++;
    return REDAN_OK;
}

static enum redan_status tell_template(struct redan_document *doc, struct redan_slice text,
                                       uint64_t offset)
{
    struct redan_fact fact = {.kind = REDAN_FACT_TEMPLATE,
                              .what = "jinja",
                              .offset = offset,
                              .name = redan_document_path(doc),
                              .text = text};

    return redan_tell(doc->to, &fact);
}

/* Tell the map that is open, and forget its entries. */
static enum redan_status tell_object(struct redan_document *doc, bool last)
{
    struct redan_document_frame *frame = top(doc);
    size_t count = doc->entry_len - frame->entries;

    if (count == 0 && frame->count > 0 && last)
        return REDAN_OK; /* all of it was told */
    if (!doc->shown) {
        doc->shown = redan_mem_take(&doc->ctx->mem, REDAN_OBJECT_ENTRIES * sizeof(*doc->shown));
        if (!doc->shown)
            return no_memory(doc);
    }
    for (size_t i = 0; i < count; i++) {
        const struct redan_document_entry *e = &doc->entries[frame->entries + i];
        doc->shown[i] = (struct redan_entry){.key = kept(doc, e->key, e->key_len),
                                             .kind = e->kind,
                                             .truth = e->truth,
                                             .number_first = e->number_first,
                                             .text = kept(doc, e->text, e->text_len),
                                             .second = kept(doc, e->second, e->second_len),
                                             .length = e->length,
                                             .offset = e->offset};
    }
    doc->path_len = frame->path;
    struct redan_object object = {.path = redan_document_path(doc),
                                  .within = kept(doc, frame->within, frame->within_len),
                                  .depth = (unsigned)(doc->depth - 1),
                                  .tag = kept(doc, frame->tag, frame->tag_len),
                                  .offset = frame->offset,
                                  .entries = doc->shown,
                                  .count = count};
    struct redan_fact fact = {
        .kind = REDAN_FACT_OBJECT, .offset = frame->offset, .object = &object};
    return redan_tell(doc->to, &fact);
}

/* Entries that say what a map is, and are needed beside all its others. */
static bool lasting(struct redan_slice key)
{
    static const char *const words[] = {"class_name",     "module",    "registered_name",
                                        "_target_",       "__class__", "__module__",
                                        "__loader__",     "op",        "type",
                                        "name",           "function",  "fn",
                                        "custom_objects", "auto_map",  NULL};

    return redan_slice_among(words, key);
}

/* A map of very many entries is told in parts; the texts of the told ones go, those that say what it is stay. */
static enum redan_status turn(struct redan_document *doc)
{
    struct redan_document_frame *frame = top(doc);
    size_t to = frame->entries;

    REDAN_TRY(tell_object(doc, false));
    for (size_t i = frame->entries; i < doc->entry_len && to - frame->entries < 16; i++) {
        struct redan_document_entry *e = &doc->entries[i];
        if (e->kind == REDAN_ENTRY_TEXT && e->text_len <= KEY_CAP &&
            lasting(kept(doc, e->key, e->key_len)))
            doc->entries[to++] = *e;
    }
    size_t at = frame->texts;
    for (size_t i = frame->entries; i < to;
         i++) { /* in order of place, so that nothing is overrun */
        struct redan_document_entry *e = &doc->entries[i];
        memmove(doc->texts + at, doc->texts + e->key, e->key_len);
        e->key = at;
        at += e->key_len;
        memmove(doc->texts + at, doc->texts + e->text, e->text_len);
        e->text = at;
        at += e->text_len;
    }
    doc->text_len = at;
    doc->entry_len = to;
    return REDAN_OK;
}

/* Make the value that comes an entry of the open map, as far as it is known. */
static enum redan_status add_entry(struct redan_document *doc, enum redan_entry_kind kind,
                                   uint64_t offset, struct redan_document_entry **entry)
{
    struct redan_document_frame *frame = top(doc);
    void *block = doc->entries;

    REDAN_TRY(grow(doc, &block, &doc->entry_cap, doc->entry_len + 1, sizeof(**entry)));
    doc->entries = block;
    *entry = &doc->entries[doc->entry_len++];
    **entry = (struct redan_document_entry){.key = frame->key,
                                            .key_len = frame->key_len,
                                            .text = doc->text_len,
                                            .kind = kind,
                                            .offset = offset};
    frame->has_key = false;
    return REDAN_OK;
}

enum redan_status redan_document_key(struct redan_document *doc, struct redan_slice key,
                                     uint64_t offset)
{
    struct redan_document_frame *frame = top(doc);
    bool again = false;

    if (doc->entry_len - frame->entries >= REDAN_OBJECT_ENTRIES)
        REDAN_TRY(turn(doc));
    REDAN_TRY(twice(doc, key, &again));
    REDAN_TRY(keep(doc, key, KEY_CAP, &frame->key, &frame->key_len));
    frame->has_key = true;
    REDAN_TRY(step(doc));
    if (again && doc->twice)
        REDAN_TRY(
            redan_tell_defect(doc->to, doc->twice, offset, kept(doc, frame->key, frame->key_len)));
    if (key.len >= SHORTEST_KEY && redan_document_marked(key))
        return tell_template(doc, key, offset);
    return REDAN_OK;
}

static enum redan_status push(struct redan_document *doc, bool map, uint64_t offset)
{
    void *block = doc->frames;

    if (doc->depth >= REDAN_DOCUMENT_DEPTH)
        return redan_fail(doc->ctx, REDAN_E_LIMIT, offset, "the document is nested too deep");
    REDAN_TRY(grow(doc, &block, &doc->frame_cap, doc->depth + 1, sizeof(*doc->frames)));
    doc->frames = block;
    struct redan_document_frame *frame = &doc->frames[doc->depth];
    const struct redan_document_frame *outer = top(doc);
    *frame = (struct redan_document_frame){.map = map, .offset = offset, .serial = doc->serial++};
    if (outer && outer->map) {
        frame->within = outer->key;
        frame->within_len = outer->key_len;
    } else if (outer) {
        frame->within = outer->within;
        frame->within_len = outer->within_len;
    }
    frame->entries = doc->entry_len;
    frame->path = doc->path_len;
    doc->depth++;
    return REDAN_OK;
}

enum redan_status redan_document_begin(struct redan_document *doc, bool map, struct redan_slice tag,
                                       uint64_t offset)
{
    struct redan_document_frame *outer = top(doc);
    struct redan_document_entry *entry = NULL;
    size_t tag_at = 0;
    size_t tag_len = 0;

    REDAN_TRY(step(doc));
    if (outer) {
        if (outer->map)
            REDAN_TRY(add_entry(doc, map ? REDAN_ENTRY_MAP : REDAN_ENTRY_LIST, offset, &entry));
        outer->count++;
    }
    REDAN_TRY(keep(doc, tag, KEY_CAP, &tag_at, &tag_len));
    REDAN_TRY(push(doc, map, offset));
    struct redan_document_frame *frame = top(doc);
    frame->tag = tag_at;
    frame->tag_len = tag_len;
    frame->texts = doc->text_len;
    return REDAN_OK;
}

/* Texts for people or programs, but no rows of data. */
static enum redan_status tell_text(struct redan_document *doc,
                                   const struct redan_document_value *value)
{
    const struct redan_document_frame *frame = top(doc);
    struct redan_slice name = {0};

    if (doc->records || value->length == 0 || value->length > TEXT_SHORT ||
        doc->told >= TEXTS_TOLD || (frame && frame->count > ROWS))
        return REDAN_OK;
    for (size_t i = 0; i + 1 < doc->depth && i < 16; i++) {
        if (doc->frames[i].count > ROWS)
            return REDAN_OK;
    }
    if (frame)
        name = frame->map ? kept(doc, frame->key, frame->key_len)
                          : kept(doc, frame->within, frame->within_len);
    struct redan_fact fact = {.kind = REDAN_FACT_TEXT,
                              .what = "value",
                              .offset = value->offset,
                              .name = name,
                              .text = value->text};
    doc->told++;
    return redan_tell(doc->to, &fact);
}

static enum redan_status tell_value(struct redan_document *doc,
                                    const struct redan_document_value *value)
{
    if (value->kind != REDAN_ENTRY_TEXT)
        return REDAN_OK;
    if (value->text.len >= SHORTEST_VALUE && redan_document_marked(value->text))
        REDAN_TRY(tell_template(doc, value->text, value->offset));
    if (value->hidden)
        REDAN_TRY(redan_tell_unread(doc->to, REDAN_UNREAD_BUDGET, value->offset,
                                    value->length - value->text.len,
                                    REDAN_S("a template that is too long")));
    return tell_text(doc, value);
}

enum redan_status redan_document_value(struct redan_document *doc,
                                       const struct redan_document_value *value)
{
    struct redan_document_frame *frame = top(doc);
    struct redan_document_entry *entry = NULL;
    bool text = value->kind == REDAN_ENTRY_TEXT || value->kind == REDAN_ENTRY_NUMBER;
    size_t at = 0;

    REDAN_TRY(step(doc));
    REDAN_TRY(tell_value(doc, value));
    if (!frame)
        return REDAN_OK;
    if (frame->map) {
        REDAN_TRY(add_entry(doc, value->kind, value->offset, &entry));
        entry->truth = value->truth;
        entry->length = value->length;
        if (text) {
            size_t len = 0;
            REDAN_TRY(keep(doc, value->text, REDAN_OBJECT_TEXT, &at, &len));
            entry->text = at;
            entry->text_len = len;
        }
    } else if (frame->count == 0 && text) {
        frame->first_text = value->kind == REDAN_ENTRY_TEXT;
        frame->first_number = value->kind == REDAN_ENTRY_NUMBER;
        if (frame->first_text)
            REDAN_TRY(keep(doc, value->text, REDAN_OBJECT_TEXT, &at, &frame->first_len));
    } else if (frame->count == 1 && value->kind == REDAN_ENTRY_TEXT) {
        REDAN_TRY(keep(doc, value->text, KEY_CAP, &at, &frame->second_len));
    }
    frame->count++;
    return REDAN_OK;
}

enum redan_status redan_document_end(struct redan_document *doc)
{
    struct redan_document_frame *frame = top(doc);

    if (frame->map)
        REDAN_TRY(tell_object(doc, true));
    doc->entry_len = frame->entries;
    doc->text_len = frame->texts + frame->first_len + frame->second_len;
    doc->depth--;
    const struct redan_document_frame *outer = top(doc);
    if (!outer || !outer->map) {
        if (outer) /* what an element kept serves nobody */
            doc->text_len = outer->texts + outer->first_len + outer->second_len;
        return REDAN_OK;
    }
    struct redan_document_entry *entry = &doc->entries[doc->entry_len - 1];
    entry->length = frame->count;
    entry->number_first = frame->first_number;
    entry->text = frame->texts;
    entry->text_len = frame->first_len;
    entry->second = frame->texts + frame->first_len;
    entry->second_len = frame->second_len;
    return REDAN_OK;
}
