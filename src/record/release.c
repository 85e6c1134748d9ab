/* Looking a release up, and writing it down. */
#include "record/release.h"

const struct redan_release_item *redan_release_find(const struct redan_release *release,
                                                    struct redan_slice name)
{
    for (size_t i = 0; i < release->count; i++) {
        if (redan_slice_eq(release->items[i].name, name))
            return &release->items[i];
    }
    return NULL;
}

enum redan_status redan_release_add(struct redan_ctx *ctx, struct redan_node *predicate,
                                    const struct redan_release *release)
{
    struct redan_node *map = redan_node_add_kind(ctx, predicate, "release", REDAN_NODE_MAP);

    for (size_t i = 0; map && i < release->count; i++) {
        struct redan_node *item = redan_node_new(ctx, REDAN_NODE_TEXT);
        if (!item)
            return REDAN_E_MEMORY;
        item->key = release->items[i].name;
        item->text = release->items[i].value;
        redan_node_add(map, item);
    }
    return map ? REDAN_OK : REDAN_E_MEMORY;
}
