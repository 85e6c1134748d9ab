/* Members of a profile's statement: numbers in bounds, and arrays of them as base64 of IEEE 754. */
#include <math.h>
#include <string.h>

#include "base/hex.h"
#include "base/reader.h"
#include "inference/profile_parts.h"

enum redan_status redan_profile_wrong(struct redan_ctx *ctx, const struct redan_node *node,
                                      const char *where, const char *what)
{
    return redan_fail(ctx, REDAN_E_SCHEMA, node ? node->offset : 0, "profile: \"%s\" %s", where,
                      what);
}

enum redan_status redan_profile_number(struct redan_ctx *ctx, const struct redan_node *map,
                                       const char *key, double low, double high, double *value)
{
    const struct redan_node *node = redan_node_get(map, key);
    double found = 0;

    if (!node || !redan_node_number(node, &found))
        return redan_profile_wrong(ctx, node ? node : map, key, "must be a number");
    if (!(found >= low && found <= high))
        return redan_fail(ctx, REDAN_E_SCHEMA, node->offset,
                          "profile: \"%s\" is %g; it must lie between %g and %g", key, found, low,
                          high);
    *value = found;
    return REDAN_OK;
}

enum redan_status redan_profile_count(struct redan_ctx *ctx, const struct redan_node *map,
                                      const char *key, uint64_t most, uint64_t *value)
{
    double found = 0;

    REDAN_TRY(redan_profile_number(ctx, map, key, 0, (double)most, &found));
    if (found != floor(found))
        return redan_profile_wrong(ctx, redan_node_get(map, key), key, "must be a whole number");
    *value = (uint64_t)found;
    return REDAN_OK;
}

enum redan_status redan_profile_member(struct redan_ctx *ctx, const struct redan_node *map,
                                       const char *key, enum redan_node_kind kind, size_t most,
                                       bool optional, const struct redan_node **node)
{
    const struct redan_node *found = redan_node_get(map, key);

    *node = NULL;
    if (!found && optional)
        return REDAN_OK;
    if (!found || found->kind != kind)
        return redan_profile_wrong(ctx, found ? found : map, key,
                                   kind == REDAN_NODE_MAP ? "must be a map" : "must be a list");
    if (found->count > most)
        return redan_fail(ctx, REDAN_E_LIMIT, found->offset,
                          "profile: \"%s\" has %zu items; at most %zu are read", key, found->count,
                          most);
    *node = found;
    return REDAN_OK;
}

/* The bytes of an array, whose number is checked before any is read. */
static enum redan_status array_bytes(struct redan_ctx *ctx, const struct redan_node *map,
                                     const struct redan_profile_array *wanted, size_t size,
                                     struct redan_slice *bytes, size_t *count)
{
    const struct redan_node *node = redan_node_get(map, wanted->key);

    if (!node || node->kind != REDAN_NODE_TEXT)
        return redan_profile_wrong(ctx, node ? node : map, wanted->key,
                                   "must be a text: numbers in base64");
    if (node->text.len / 4 > (wanted->most * size) / 3 + 1)
        return redan_fail(ctx, REDAN_E_LIMIT, node->offset,
                          "profile: \"%s\" holds more than %zu numbers", wanted->key, wanted->most);
    if (redan_base64_parse(ctx, node->text, bytes) != REDAN_OK) {
        if (ctx->failure.status == REDAN_E_MEMORY)
            return REDAN_E_MEMORY;
        redan_fail_clear(ctx);
        return redan_profile_wrong(ctx, node, wanted->key, "is not base64");
    }
    *count = bytes->len / size;
    if (bytes->len % size || *count < wanted->least || *count > wanted->most)
        return redan_fail(ctx, REDAN_E_SCHEMA, node->offset,
                          "profile: \"%s\" holds %zu bytes; %zu to %zu numbers of %zu belong there",
                          wanted->key, bytes->len, wanted->least, wanted->most, size);
    return REDAN_OK;
}

static enum redan_status check_value(struct redan_ctx *ctx, const struct redan_node *map,
                                     const struct redan_profile_array *wanted, size_t index,
                                     double value, double before)
{
    if (!(value >= wanted->low && value <= wanted->high)) /* NaN neither */
        return redan_fail(ctx, REDAN_E_SCHEMA, map->offset,
                          "profile: number %zu of \"%s\" is %g; it must lie between %g and %g",
                          index, wanted->key, value, wanted->low, wanted->high);
    if (wanted->ascending && index && value < before)
        return redan_fail(ctx, REDAN_E_SCHEMA, map->offset,
                          "profile: number %zu of \"%s\" is smaller than the one before", index,
                          wanted->key);
    return REDAN_OK;
}

enum redan_status redan_profile_floats(struct redan_ctx *ctx, const struct redan_node *map,
                                       const struct redan_profile_array *wanted, float **values,
                                       size_t *count)
{
    struct redan_reader reader;
    struct redan_slice bytes = {0};
    size_t n = 0;

    REDAN_TRY(array_bytes(ctx, map, wanted, sizeof(float), &bytes, &n));
    float *made = redan_take_array(ctx, n ? n : 1, sizeof(*made));
    if (!made)
        return REDAN_E_MEMORY;
    redan_reader_init(&reader, bytes);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = redan_reader_u32be(&reader);

        memcpy(&made[i], &bits, sizeof(bits));
        REDAN_TRY(check_value(ctx, map, wanted, i, (double)made[i], i ? (double)made[i - 1] : 0));
    }
    *values = made;
    *count = n;
    return REDAN_OK;
}

enum redan_status redan_profile_doubles(struct redan_ctx *ctx, const struct redan_node *map,
                                        const struct redan_profile_array *wanted, double **values,
                                        size_t *count)
{
    struct redan_reader reader;
    struct redan_slice bytes = {0};
    size_t n = 0;

    REDAN_TRY(array_bytes(ctx, map, wanted, sizeof(double), &bytes, &n));
    double *made = redan_take_array(ctx, n ? n : 1, sizeof(*made));
    if (!made)
        return REDAN_E_MEMORY;
    redan_reader_init(&reader, bytes);
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = (uint64_t)redan_reader_u32be(&reader) << 32;

        bits |= redan_reader_u32be(&reader);
        memcpy(&made[i], &bits, sizeof(bits));
        REDAN_TRY(check_value(ctx, map, wanted, i, made[i], i ? made[i - 1] : 0));
    }
    *values = made;
    *count = n;
    return REDAN_OK;
}

static enum redan_status add_bytes(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                                   struct redan_slice bytes)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_slice text = {0};

    redan_buf_init(&out, ctx, REDAN_PROFILE_BYTES);
    redan_base64_add(&out, bytes);
    REDAN_TRY(redan_buf_ok(ctx, &out, "numbers of a profile"));
    REDAN_TRY(redan_copy(ctx, redan_buf_view(&out), &text));
    return redan_node_add_text(ctx, map, key, text) ? REDAN_OK : REDAN_E_MEMORY;
}

static void put32(uint8_t *at, uint32_t bits)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(bits >> (24 - 8 * i));
}

enum redan_status redan_profile_add_floats(struct redan_ctx *ctx, struct redan_node *map,
                                           const char *key, const float *values, size_t count)
{
    uint8_t *bytes = redan_take_array(ctx, count ? count : 1, sizeof(*values));

    if (!bytes)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = 0;

        memcpy(&bits, &values[i], sizeof(bits));
        put32(bytes + 4 * i, bits);
    }
    return add_bytes(ctx, map, key, (struct redan_slice){(const char *)bytes, 4 * count});
}

enum redan_status redan_profile_add_doubles(struct redan_ctx *ctx, struct redan_node *map,
                                            const char *key, const double *values, size_t count)
{
    uint8_t *bytes = redan_take_array(ctx, count ? count : 1, sizeof(*values));

    if (!bytes)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = 0;

        memcpy(&bits, &values[i], sizeof(bits));
        put32(bytes + 8 * i, (uint32_t)(bits >> 32));
        put32(bytes + 8 * i + 4, (uint32_t)bits);
    }
    return add_bytes(ctx, map, key, (struct redan_slice){(const char *)bytes, 8 * count});
}
