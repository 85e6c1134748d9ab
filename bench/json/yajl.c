/* yajl's callbacks: no tree, UTF-8 checked, duplicates not. */
#include <string.h>
#include <yajl/yajl_parse.h>

#include "bench.h"

static int on_whole(void *sum, long long value)
{
    *(double *)sum += (double)value;
    return 1;
}

static int on_real(void *sum, double value)
{
    *(double *)sum += value;
    return 1;
}

static int on_text(void *sum, const unsigned char *text, size_t len)
{
    (void)text;
    *(double *)sum += (double)len;
    return 1;
}

double yajl_read(enum work work, const char *data, size_t len)
{
    static const yajl_callbacks calls = {
        .yajl_integer = on_whole, .yajl_double = on_real, .yajl_string = on_text};
    const char *end = data + len;
    double sum = 0;

    (void)work;
    for (const char *at = data; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        yajl_handle handle = yajl_alloc(&calls, NULL, &sum);
        bool good =
            yajl_parse(handle, (const unsigned char *)at, (size_t)(stop - at)) == yajl_status_ok &&
            yajl_complete_parse(handle) == yajl_status_ok;
        yajl_free(handle);
        if (!good)
            return -1;
        at = stop + 1;
    }
    return sum;
}
