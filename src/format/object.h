/* One map of a JSON or YAML document, as its readers show it: what was written, bounded, innermost maps first. */
#ifndef REDAN_FORMAT_OBJECT_H
#define REDAN_FORMAT_OBJECT_H

#include "base/slice.h"

enum redan_entry_kind {
    REDAN_ENTRY_NULL,
    REDAN_ENTRY_BOOL,
    REDAN_ENTRY_NUMBER,
    REDAN_ENTRY_TEXT,
    REDAN_ENTRY_LIST, /* text: its first element, when that is a text; second: likewise */
    REDAN_ENTRY_MAP,
};

enum {
    REDAN_OBJECT_ENTRIES =
        256, /* a map of more is shown in parts: several objects of the same path and offset */
    REDAN_OBJECT_TEXT = 65536, /* longer texts are shown cut; `length` says how long they are */
};

struct redan_entry {
    struct redan_slice key;
    enum redan_entry_kind kind;
    bool truth;
    bool number_first;       /* LIST: the first element is a number */
    struct redan_slice text; /* TEXT decoded; NUMBER spelling */
    struct redan_slice second;
    uint64_t length; /* of the whole text; of a LIST or MAP: its elements */
    uint64_t offset; /* of the value in the source */
};

struct redan_object {
    struct redan_slice path; /* "$.config.layers[3].config": keys and places from the root */
    struct redan_slice
        within; /* the key that this map is the value of, or that of the nearest list around it; empty at the root */
    unsigned depth;         /* 0 at the root */
    struct redan_slice tag; /* YAML: the tag as written; empty otherwise */
    uint64_t offset;
    const struct redan_entry *entries;
    size_t count;
};

/* The entry with this key, or NULL. */
const struct redan_entry *redan_object_get(const struct redan_object *object, const char *key);
/* The text of a TEXT entry, or an empty slice. */
struct redan_slice redan_object_text(const struct redan_object *object, const char *key);

#endif
