/* The bench's inputs, the same in every run. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { LINE = 4096, FEATURES = 30 };

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static double uniform(uint64_t *x)
{
    return (double)(next_random(x) >> 11) / 9007199254740992.0;
}

static size_t put(char *at, const char *format, ...) __attribute__((format(printf, 2, 3)));

static size_t put(char *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(at, LINE, format, args);
    va_end(args);
    return n < 0 ? 0 : (size_t)n;
}

static size_t add(char *at, size_t n)
{
    return put(at, "{\"client\":\"c-%06zu\",\"ts\":%.3f,", n * 7919 % 1000000,
               1.7e9 + (double)n * 0.017);
}

/* Like the card-fraud sets: components around zero, one amount with two decimals. */
static size_t features(char *at, enum work work, uint64_t *x)
{
    static const int decimals[] = {9, 10, 11, 11, 12, 12};
    size_t n = work == TABULAR ? put(at, "\"x\":[") : 0;

    for (int i = 0; i < FEATURES; i++) {
        double v = (uniform(x) + uniform(x) + uniform(x) - 1.5) * 4;
        if (work == NAMED)
            n += put(at + n, "\"V%d\":", i);
        n += i == FEATURES - 1 ? put(at + n, "%.2f", uniform(x) * 1000)
                               : put(at + n, "%.*f,", decimals[next_random(x) % 6], v);
    }
    return n + put(at + n, work == TABULAR ? "]}" : "}");
}

/* One word in ten holds an escape or is not ASCII: about one such place in 65 bytes. */
static size_t prompt(char *at, uint64_t *x)
{
    static const char *const words[] = {
        "the",   "account", "please", "summarise", "transfer", "of",       "yesterday", "because",
        "a",     "model",   "in",     "Geneva",    "contract", "whether",  "risk",      "and",
        "price", "is",      "not",    "customers", "limit",    "customer", "report",    "then"};
    static const char *const others[] = {"\\n", "Z\xc3\xbcrich", "\\\"no\\\"", "EUR\xe2\x82\xac",
                                         "\\u2014"};
    size_t n = put(at, "\"model\":\"assist-2\",\"messages\":[{\"role\":\"system\","
                       "\"content\":\"You answer briefly.\"},{\"role\":\"user\",\"content\":\"");
    size_t stop = n + 585 + next_random(x) % 676;

    while (n < stop)
        n += put(at + n, "%s ",
                 next_random(x) % 10 ? words[next_random(x) % 24] : others[next_random(x) % 5]);
    return n + put(at + n, "\"}],\"temperature\":%.2f,\"stream\":true}", uniform(x));
}

static size_t tensor(char *at, size_t n)
{
    static const char *const parts[] = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                                        "mlp.gate_proj",    "mlp.up_proj",      "mlp.down_proj"};
    size_t offset = n * 33554432;

    return put(at,
               "%c\"model.layers.%zu.%s.weight\":{\"dtype\":\"BF16\",\"shape\":[4096,"
               "%d],\"data_offsets\":[%zu,%zu]}",
               n ? ',' : '{', n / 6, parts[n % 6], n % 6 < 3 ? 4096 : 11008, offset,
               offset + 33554432);
}

char *make_data(enum work work, size_t size, size_t *len, size_t *count)
{
    char *data = malloc(size + 2 * LINE + 64);
    uint64_t x = 88172645463325252U;
    size_t n = 0;
    size_t lines = 0;

    if (!data)
        return NULL;
    while (n < size) {
        if (work == HEADER) {
            n += tensor(data + n, lines++);
            continue;
        }
        n += add(data + n, lines++);
        n += work == PROMPT ? prompt(data + n, &x) : features(data + n, work, &x);
        data[n++] = '\n';
    }
    if (work == HEADER) {
        data[n++] = '}';
        data[n++] = '\n';
        lines = 1;
    }
    memset(data + n, 0, 64);
    *len = n;
    *count = lines;
    return data;
}
