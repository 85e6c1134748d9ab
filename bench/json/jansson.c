/* jansson, with duplicates refused as ours does. */
#include <jansson.h>
#include <string.h>

#include "bench.h"

static double sum_of(json_t *value)
{
    double sum = 0;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i))
            sum += sum_of(json_object_iter_value(i));
        return sum;
    case JSON_ARRAY:
        for (size_t i = 0; i < json_array_size(value); i++)
            sum += sum_of(json_array_get(value, i));
        return sum;
    case JSON_STRING:
        return (double)json_string_length(value);
    case JSON_INTEGER:
    case JSON_REAL:
        return json_number_value(value);
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return 0;
}

double jansson_read(enum work work, const char *data, size_t len)
{
    const char *end = data + len;
    double sum = 0;

    (void)work;
    for (const char *at = data; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        json_t *value = json_loadb(at, (size_t)(stop - at), JSON_REJECT_DUPLICATES, NULL);
        if (!value)
            return -1;
        sum += sum_of(value);
        json_decref(value);
        at = stop + 1;
    }
    return sum;
}
