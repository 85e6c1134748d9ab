/* Runs every reader over every input, interleaved, and prints CPU time as rates, ratios and bars. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

enum { ROUNDS_MAX = 15, READERS = 8, FIGURES = 64 };

struct reader {
    const char *name;
    const char *version; /* NULL when this build has not got it */
    read_all *run;
    unsigned works; /* bit per work */
};

#define LINES (1U << TABULAR | 1U << NAMED | 1U << PROMPT)
#define ALL (LINES | 1U << HEADER)
#ifdef HAVE_jansson
#define JANSSON HAVE_jansson, jansson_read
#else
#define JANSSON NULL, NULL
#endif
#ifdef HAVE_jsonc
#define JSONC HAVE_jsonc, jsonc_read
#else
#define JSONC NULL, NULL
#endif
#ifdef HAVE_yajl
#define YAJL HAVE_yajl, yajl_read
#else
#define YAJL NULL, NULL
#endif
#ifdef HAVE_simdjson
#define SIMDJSON HAVE_simdjson, simdjson_read
#define SIMDJSON_MANY HAVE_simdjson, simdjson_many
#else
#define SIMDJSON NULL, NULL
#define SIMDJSON_MANY NULL, NULL
#endif

static const struct reader readers[READERS] = {
    {"redan pull", "this tree", ours_pull, ALL},
    {"redan tokens", "this tree", ours_tokens, 1U << TABULAR},
    {"redan tree", "this tree", ours_tree, ALL},
    {"jansson", JANSSON, ALL},
    {"json-c", JSONC, ALL},
    {"yajl", YAJL, ALL},
    {"simdjson", SIMDJSON, ALL},
    {"simdjson many", SIMDJSON_MANY, LINES},
};

static const struct {
    const char *name;
    const char *what;
    double bar;     /* events a second for our pull reader; 0 for none */
    size_t size[2]; /* bytes: whole, quick */
} works[WORKS] = {
    [TABULAR] = {"tabular", "client, ts, 30 numbers in a list", 1e6, {128U << 20, 12U << 20}},
    [NAMED] = {"named", "client, ts, 30 numbers under 30 keys", 0, {64U << 20, 8U << 20}},
    [PROMPT] = {"prompt", "client, ts, chat messages", 0, {64U << 20, 8U << 20}},
    [HEADER] = {"header", "one safetensors-like header", 0, {8U << 20, 8U << 20}},
};

struct figure {
    char name[128];
    double value;
    const char *unit;
    int n;
    double bar; /* 0 for none */
};

struct bench {
    bool quick;
    int rounds;
    struct figure figures[FIGURES];
    size_t count;
};

static double cpu(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof(*values), by_value);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void figure(struct bench *bench, const char *work, const char *name, double value,
                   const char *unit, double bar)
{
    struct figure *f = &bench->figures[bench->count++];

    (void)snprintf(f->name, sizeof(f->name), "%s.%s", work, name);
    for (char *c = f->name; *c; c++)
        *c = *c == ' ' ? '_' : *c;
    f->value = value;
    f->unit = unit;
    f->n = bench->rounds;
    f->bar = bar;
}

/* One line of the table, and its figures. `best` is our pull reader's time. */
static void report(struct bench *bench, enum work work, const struct reader *reader, double seconds,
                   double best, size_t len, size_t count)
{
    const char *name = works[work].name;
    double rate = (double)count / seconds;
    bool ours = strncmp(reader->name, "redan", 5) == 0;
    double bar = reader->run == ours_pull ? works[work].bar : 0;
    char label[64];

    printf("  %-14s %3d %9.1f %12.0f %8.2f", reader->name, bench->rounds,
           (double)len / seconds * 1e-6, rate, seconds / best);
    if (bar > 0)
        printf("   bar %.0f events/s: %s", bar, rate >= bar ? "holds" : "DOES NOT HOLD");
    printf("\n");
    (void)snprintf(label, sizeof(label), "%s", reader->name);
    if (work == HEADER)
        figure(bench, name, label, (double)len / seconds * 1e-6, "MB/s", 0);
    else
        figure(bench, name, label, rate, "events/s", bar);
    if (!ours) {
        (void)snprintf(label, sizeof(label), "redan pull vs %s", reader->name);
        figure(bench, name, label, seconds / best, "x", strncmp(reader->name, "simd", 4) ? 1 : 0);
    }
}

static bool run(struct bench *bench, enum work work)
{
    double times[READERS][ROUNDS_MAX] = {{0}};
    double want = 0;
    size_t len = 0;
    size_t count = 0;
    char *data = make_data(work, works[work].size[bench->quick], &len, &count);

    if (!data)
        return false;
    for (int round = -1; round < bench->rounds; round++) { /* the first warms up and compares */
        for (int r = 0; r < READERS; r++) {
            if (!readers[r].run || !(readers[r].works & 1U << work))
                continue;
            double begin = cpu();
            double sum = readers[r].run(work, data, len);
            if (round >= 0)
                times[r][round] = cpu() - begin;
            want = round < 0 && r == 0 ? sum : want;
            if (sum < 0 || fabs(sum - want) > fabs(want) * 1e-9) {
                (void)fprintf(stderr, "%s read %s otherwise: %.17g, not %.17g\n", readers[r].name,
                              works[work].name, sum, want);
                free(data);
                return false;
            }
        }
    }
    free(data);
    printf("\n%s: %s; %.0f bytes each, %zu of them, %.0f MB\n", works[work].name, works[work].what,
           (double)len / (double)count, count, (double)len * 1e-6);
    printf("  %-14s %3s %9s %12s %8s\n", "reader", "n", "MB/s", "events/s", "time x");
    double best = median(times[0], bench->rounds);
    for (int r = 0; r < READERS; r++) {
        if (readers[r].run && readers[r].works & 1U << work)
            report(bench, work, &readers[r], r ? median(times[r], bench->rounds) : best, best, len,
                   count);
    }
    return true;
}

static bool print_json(const struct bench *bench)
{
    bool all = true;

    printf("{");
    for (size_t i = 0; i < bench->count; i++) {
        const struct figure *f = &bench->figures[i];
        bool holds = f->bar <= 0 || f->value >= f->bar;
        printf("%s\"%s\":{\"value\":%.6g,\"unit\":\"%s\",\"n\":%d,", i ? "," : "", f->name,
               f->value, f->unit, f->n);
        if (f->bar > 0)
            printf("\"bar\":%.6g,\"holds\":%s}", f->bar, holds ? "true" : "false");
        else
            printf("\"bar\":null,\"holds\":null}");
        all = all && holds;
    }
    printf("}\n");
    return all;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bool json = false;

    for (int i = 1; i < argc; i++) {
        bench.quick = bench.quick || strcmp(argv[i], "--quick") == 0;
        json = json || strcmp(argv[i], "--json") == 0;
    }
    bench.rounds = bench.quick ? 5 : 7;
    printf("JSON readers, CPU time of one core, median of n interleaved rounds; time x is against "
           "redan pull.\n"
           "Every reader sums all numbers and text lengths. The peers are the packaged libraries "
           "as they come;\n"
           "redan and jansson refuse duplicate keys, the others do not look for them.\n");
    for (int r = 0; r < READERS; r++) {
        if (readers[r].run)
            printf("  %s (%s)\n", readers[r].name, readers[r].version);
        else
            printf("  %s: MISSING here, not measured\n", readers[r].name);
    }
    for (int work = 0; work < WORKS; work++) {
        if (!run(&bench, (enum work)work))
            return 3;
    }
    bool all = true;
    for (size_t i = 0; i < bench.count; i++)
        all = all && (bench.figures[i].bar <= 0 || bench.figures[i].value >= bench.figures[i].bar);
    printf("\n%s\n", all ? "every bar holds" : "a bar does NOT hold");
    if (json)
        (void)print_json(&bench);
    return all ? 0 : 1;
}
