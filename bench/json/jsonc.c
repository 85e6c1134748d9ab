/* json-c, strict. */
#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "bench.h"

static double sum_of(struct json_object *value)
{
    double sum = 0;

    switch (json_object_get_type(value)) {
    case json_type_object:
        for (struct lh_entry *i = json_object_get_object(value)->head; i; i = i->next)
            sum += sum_of((struct json_object *)(uintptr_t)i->v);
        return sum;
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(value); i++)
            sum += sum_of(json_object_array_get_idx(value, i));
        return sum;
    case json_type_string:
        return (double)json_object_get_string_len(value);
    case json_type_int:
    case json_type_double:
        return json_object_get_double(value);
    case json_type_null:
    case json_type_boolean:
        break;
    }
    return 0;
}

double jsonc_read(enum work work, const char *data, size_t len)
{
    struct json_tokener *tokener = json_tokener_new();
    const char *end = data + len;
    double sum = 0;

    (void)work;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    for (const char *at = data; at < end && sum >= 0;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        json_tokener_reset(tokener);
        struct json_object *value = json_tokener_parse_ex(tokener, at, (int)(stop - at));
        sum = value ? sum + sum_of(value) : -1;
        json_object_put(value);
        at = stop + 1;
    }
    json_tokener_free(tokener);
    return sum;
}
