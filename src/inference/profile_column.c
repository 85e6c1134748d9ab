/* One column of a profile: what may stand in it, and how it becomes a number. */
#include <float.h>
#include <stdlib.h>

#include "codec/json_pull.h"
#include "inference/profile_parts.h"

const char *const redan_column_words[] = {"real", "integer", "bool", "category", NULL};

static const double most = DBL_MAX;

static enum redan_status read_kind(struct redan_ctx *ctx, const struct redan_node *node,
                                   struct redan_column *column)
{
    struct redan_slice kind = redan_node_text(node, "kind");

    for (int i = 0; redan_column_words[i]; i++)
        if (redan_slice_is(kind, redan_column_words[i])) {
            column->kind = (enum redan_column_kind)i;
            return REDAN_OK;
        }
    return redan_profile_wrong(ctx, node, "kind", "must be real, integer, bool or category");
}

static int by_value(const void *a, const void *b)
{
    const struct redan_category_number *x = a;
    const struct redan_category_number *y = b;

    return (x->value > y->value) - (x->value < y->value);
}

/* Categories that are spelled as numbers, so that a number in a request finds its category. */
static enum redan_status index_numbers(struct redan_ctx *ctx, struct redan_column *column)
{
    struct redan_category_number *numbers =
        redan_take_array(ctx, column->category_count, sizeof(*numbers));

    if (!numbers)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < column->category_count; i++) {
        double value = 0;

        if (redan_json_double(column->categories[i], &value))
            numbers[column->number_count++] = (struct redan_category_number){value, i};
    }
    qsort(numbers, column->number_count, sizeof(*numbers), by_value);
    column->numbers = numbers;
    return REDAN_OK;
}

static enum redan_status read_categories(struct redan_ctx *ctx, const struct redan_node *node,
                                         struct redan_column *column)
{
    const struct redan_node *list = NULL;
    struct redan_profile_array wanted = {"surprise", 0, 0, 0, REDAN_ENCODED_MOST, false};
    struct redan_slice *names = NULL;
    double *surprise = NULL;
    size_t n = 0;

    REDAN_TRY(redan_profile_member(ctx, node, "categories", REDAN_NODE_LIST,
                                   REDAN_PROFILE_CATEGORIES, false, &list));
    if (list->count == 0)
        return redan_profile_wrong(ctx, list, "categories", "is empty");
    names = redan_take_array(ctx, list->count, sizeof(*names));
    if (!names)
        return REDAN_E_MEMORY;
    for (const struct redan_node *item = list->first; item; item = item->next) {
        if (item->kind != REDAN_NODE_TEXT)
            return redan_profile_wrong(ctx, item, "categories", "must hold texts");
        if (n && redan_slice_cmp(names[n - 1], item->text) >= 0)
            return redan_profile_wrong(ctx, item, "categories",
                                       "must be sorted by bytes, each once");
        names[n++] = item->text;
    }
    wanted.least = wanted.most = n;
    REDAN_TRY(redan_profile_doubles(ctx, node, &wanted, &surprise, &n));
    REDAN_TRY(redan_profile_number(ctx, node, "unknown", 0, REDAN_ENCODED_MOST, &column->unknown));
    column->categories = names;
    column->surprise = surprise;
    column->category_count = n;
    return index_numbers(ctx, column);
}

static enum redan_status read_flag(struct redan_ctx *ctx, const struct redan_node *node,
                                   const char *key, bool *flag)
{
    const struct redan_node *found = redan_node_get(node, key);

    if (!found || !redan_node_bool(found, flag))
        return redan_profile_wrong(ctx, found ? found : node, key, "must be true or false");
    return REDAN_OK;
}

enum redan_status redan_profile_read_column(struct redan_ctx *ctx, const struct redan_node *node,
                                            struct redan_column *column)
{
    if (node->kind != REDAN_NODE_MAP)
        return redan_profile_wrong(ctx, node, "columns", "must hold maps");
    column->name = redan_node_text(node, "name");
    if (column->name.len == 0 || column->name.len > 256)
        return redan_profile_wrong(ctx, node, "name", "must be a text of 1 to 256 bytes");
    REDAN_TRY(read_kind(ctx, node, column));
    REDAN_TRY(read_flag(ctx, node, "caller", &column->caller));
    REDAN_TRY(read_flag(ctx, node, "missing", &column->missing));
    REDAN_TRY(redan_profile_number(ctx, node, "mean", -most, most, &column->mean));
    REDAN_TRY(redan_profile_number(ctx, node, "scale", DBL_MIN, most, &column->scale));
    if (column->kind == REDAN_COLUMN_CATEGORY)
        return read_categories(ctx, node, column);
    REDAN_TRY(redan_profile_number(ctx, node, "low", -most, most, &column->low));
    REDAN_TRY(redan_profile_number(ctx, node, "high", column->low, most, &column->high));
    return redan_profile_number(ctx, node, "grid", 0, most, &column->grid);
}

static enum redan_status write_categories(struct redan_ctx *ctx, struct redan_node *map,
                                          const struct redan_column *column)
{
    struct redan_node *list = redan_node_add_kind(ctx, map, "categories", REDAN_NODE_LIST);

    if (!list)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < column->category_count; i++)
        if (!redan_node_add_text(ctx, list, NULL, column->categories[i]))
            return REDAN_E_MEMORY;
    REDAN_TRY(
        redan_profile_add_doubles(ctx, map, "surprise", column->surprise, column->category_count));
    return redan_node_add_number(ctx, map, "unknown", column->unknown) ? REDAN_OK : REDAN_E_MEMORY;
}

enum redan_status redan_profile_write_column(struct redan_ctx *ctx, struct redan_node *list,
                                             const struct redan_column *column)
{
    struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);

    if (!map || !redan_node_add_text(ctx, map, "name", column->name) ||
        !redan_node_add_text(ctx, map, "kind", redan_slice_of(redan_column_words[column->kind])) ||
        !redan_node_add_bool(ctx, map, "caller", column->caller) ||
        !redan_node_add_bool(ctx, map, "missing", column->missing) ||
        !redan_node_add_number(ctx, map, "mean", column->mean) ||
        !redan_node_add_number(ctx, map, "scale", column->scale))
        return REDAN_E_MEMORY;
    if (column->kind == REDAN_COLUMN_CATEGORY)
        return write_categories(ctx, map, column);
    if (!redan_node_add_number(ctx, map, "low", column->low) ||
        !redan_node_add_number(ctx, map, "high", column->high) ||
        !redan_node_add_number(ctx, map, "grid", column->grid))
        return REDAN_E_MEMORY;
    return REDAN_OK;
}
