/* What detectors ask a map: the entry of a key, as the loaders would get it. */
#include "format/object.h"

const struct redan_entry *redan_object_get(const struct redan_object *object, const char *key)
{
    /* of a key that is there twice, Python's loaders keep the last */
    for (size_t i = object->count; i > 0; i--) {
        if (redan_slice_is(object->entries[i - 1].key, key))
            return &object->entries[i - 1];
    }
    return NULL;
}

struct redan_slice redan_object_text(const struct redan_object *object, const char *key)
{
    const struct redan_entry *entry = redan_object_get(object, key);

    if (!entry || entry->kind != REDAN_ENTRY_TEXT)
        return (struct redan_slice){0};
    return entry->text;
}
