/* Sends requests at a fixed rate, whether the server keeps up or not, or as fast as they are answered, and prints what came back as one JSON
 * object. A latency counts from the moment at which the request was due, so that a stall is not hidden by requests that it held up. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "swarm.h"

enum {
    STATUSES = 600,
    SUB = 64, /* buckets to a power of two: 1.6 % */
    POWERS = 40,
    LINES = 65536,
    BODY = 1 << 20,
    HEADERS = 512,
};

struct settings {
    const char *to;
    const char *path;
    const char *bodies;
    const char *header;
    const char *caller;
    double rate;
    double seconds;
    uint64_t requests;
    uint64_t connections;
    uint64_t callers;
    uint64_t first;
    uint64_t patience;
};

struct lane_request {
    struct redan_buf bytes;
};

static const char *const broken_words[] = {"connect", "closed",    "reset",
                                           "timeout", "malformed", NULL};

struct load {
    const struct settings *settings;
    struct redan_slice *bodies;
    size_t body_count;
    struct lane_request *lanes;
    uint64_t begun;
    uint64_t sent;
    uint64_t answered;
    uint64_t last; /* when the last answer came */
    uint64_t statuses[STATUSES];
    uint64_t broken[REDAN_COUNT(broken_words)];
    uint64_t buckets[POWERS * SUB];
    uint64_t most;
};

static const struct fraud_option options[] = {
    {"--to", FRAUD_TEXT, offsetof(struct settings, to), 0, 0, NULL, "ADDRESS:PORT"},
    {"--path", FRAUD_TEXT, offsetof(struct settings, path), 0, 0, NULL, "of the requests"},
    {"--bodies", FRAUD_TEXT, offsetof(struct settings, bodies), 0, 0, NULL,
     "file with a body on each line, taken in turn"},
    {"--rate", FRAUD_NUMBER, offsetof(struct settings, rate), 0, 1e7, NULL,
     "requests a second; 0: as fast as they are answered"},
    {"--seconds", FRAUD_NUMBER, offsetof(struct settings, seconds), 0, 1e6, NULL, "how long (10)"},
    {"--requests", FRAUD_COUNT, offsetof(struct settings, requests), 0, 1e12, NULL,
     "or how many (0: until the time is over)"},
    {"--connections", FRAUD_COUNT, offsetof(struct settings, connections), 1, 10000, NULL,
     "kept alive (32)"},
    {"--header", FRAUD_TEXT, offsetof(struct settings, header), 0, 0, NULL,
     "that says who calls (X-Client)"},
    {"--caller", FRAUD_TEXT, offsetof(struct settings, caller), 0, 0, NULL,
     "what callers are called, before their number (merchant-)"},
    {"--callers", FRAUD_COUNT, offsetof(struct settings, callers), 0, 1e9, NULL,
     "how many take turns (1000); 0: nobody says who calls"},
    {"--first", FRAUD_COUNT, offsetof(struct settings, first), 0, 1e9, NULL,
     "number of the first caller (0)"},
    {"--patience", FRAUD_COUNT, offsetof(struct settings, patience), 1, 1e6, NULL,
     "milliseconds until an answer is given up (10000)"},
};

static const struct fraud_cli cli = {"bench_load", "requests at a fixed rate, and what came back",
                                     options, REDAN_COUNT(options)};

static size_t bucket_of(uint64_t value)
{
    unsigned power = 0;

    if (value < SUB)
        return (size_t)value;
    power = 63 - (unsigned)__builtin_clzll(value); /* at least 6 */
    size_t sub = (size_t)(value >> (power - 6)) & (SUB - 1);
    return redan_min_size((power - 5) * (size_t)SUB + sub, POWERS * SUB - 1);
}

/* The upper end of a bucket. */
static double value_of(size_t bucket)
{
    if (bucket < SUB)
        return (double)bucket;
    size_t power = bucket / SUB + 5;
    return (double)(SUB + bucket % SUB + 1) * (double)((uint64_t)1 << (power - 6));
}

static enum fraud_turn next(void *arg, size_t lane, uint64_t now, struct fraud_ask *ask)
{
    struct load *l = arg;
    const struct settings *s = l->settings;
    struct redan_buf *out = &l->lanes[lane].bytes;
    char headers[HEADERS] = "";
    uint64_t due = s->rate > 0 ? (uint64_t)((double)l->begun * 1e9 / s->rate) : now;

    if (s->requests && l->begun >= s->requests)
        return FRAUD_OVER;
    if (!s->requests && (double)due >= s->seconds * 1e9)
        return FRAUD_OVER;
    ask->due = due;
    ask->tag = l->begun;
    if (due > now)
        return FRAUD_LATER;
    if (s->callers)
        (void)snprintf(headers, sizeof(headers), "%s: %s%06ju\r\n", s->header, s->caller,
                       (uintmax_t)(s->first + l->begun % s->callers));
    redan_buf_clear(out);
    fraud_swarm_post(out, "load", s->path, redan_slice_of(headers),
                     l->bodies[l->begun % l->body_count]);
    ask->bytes = redan_buf_view(out);
    l->begun++;
    return out->fail == REDAN_OK ? FRAUD_SEND : FRAUD_OVER;
}

static void told(void *arg, size_t lane, const struct fraud_ask *ask, const struct fraud_told *told)
{
    struct load *l = arg;
    uint64_t us = (told->now - (l->settings->rate > 0 ? ask->due : told->sent)) / 1000;

    (void)lane;
    l->sent++;
    l->last = told->now;
    for (size_t i = 0; told->broken && broken_words[i]; i++)
        l->broken[i] += strcmp(told->broken, broken_words[i]) == 0;
    if (told->broken)
        return;
    l->answered++;
    l->statuses[told->status < STATUSES ? told->status : 0]++;
    l->buckets[bucket_of(us)]++;
    if (us > l->most)
        l->most = us;
}

static enum redan_status read_bodies(struct redan_ctx *ctx, const char *path, struct load *load)
{
    FILE *file = fopen(path, "r");
    char *line = redan_take(ctx, BODY);

    load->bodies = redan_take_array(ctx, LINES, sizeof(*load->bodies));
    if (!file || !line || !load->bodies) {
        if (file)
            (void)fclose(file);
        return redan_fail(ctx, REDAN_E_IO, 0, "cannot read %s", path);
    }
    enum redan_status status = REDAN_OK;
    while (status == REDAN_OK && load->body_count < LINES && fgets(line, BODY, file)) {
        struct redan_slice body = redan_slice_trim(redan_slice_of(line));
        if (body.len)
            status = redan_copy(ctx, body, &load->bodies[load->body_count++]);
    }
    (void)fclose(file);
    if (status == REDAN_OK && load->body_count == 0)
        status = redan_fail(ctx, REDAN_E_USAGE, 0, "%s has no bodies", path);
    return status;
}

static double percentile(const struct load *l, double share)
{
    uint64_t wanted = (uint64_t)((double)l->answered * share);
    uint64_t seen = 0;

    for (size_t i = 0; i < REDAN_COUNT(l->buckets); i++) {
        seen += l->buckets[i];
        if (seen > wanted)
            return value_of(i);
    }
    return (double)l->most;
}

static void print(const struct load *l)
{
    bool first = true;

    printf("{\"sent\": %ju, \"answered\": %ju, \"seconds\": %.3f, \"statuses\": {",
           (uintmax_t)l->sent, (uintmax_t)l->answered, (double)l->last / 1e9);
    for (unsigned i = 0; i < STATUSES; i++) {
        if (l->statuses[i])
            printf("%s\"%u\": %ju", first ? "" : ", ", i, (uintmax_t)l->statuses[i]);
        first = first && !l->statuses[i];
    }
    printf("}, \"broken\": {");
    for (size_t i = 0; broken_words[i]; i++)
        printf("%s\"%s\": %ju", i ? ", " : "", broken_words[i], (uintmax_t)l->broken[i]);
    printf("}, \"p50_us\": %.0f, \"p90_us\": %.0f, \"p99_us\": %.0f, \"p999_us\": %.0f, "
           "\"max_us\": %ju}\n",
           percentile(l, 0.5), percentile(l, 0.9), percentile(l, 0.99), percentile(l, 0.999),
           (uintmax_t)l->most);
}

static enum redan_status run(struct redan_ctx *ctx, void *arg)
{
    const struct settings *s = arg;
    struct load *load = redan_take(ctx, sizeof(*load));
    const struct fraud_driver driver = {load, next, told};
    const struct fraud_swarm_rules rules = {s->to, s->connections, (unsigned)s->patience, 0};

    if (!load)
        return REDAN_E_MEMORY;
    if (!s->to || !s->path || !s->bodies)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "give --to, --path and --bodies");
    load->settings = s;
    REDAN_TRY(read_bodies(ctx, s->bodies, load));
    load->lanes = redan_take_array(ctx, s->connections, sizeof(*load->lanes));
    if (!load->lanes)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < s->connections; i++)
        redan_buf_init(&load->lanes[i].bytes, ctx, 2 * BODY);
    enum redan_status status = fraud_swarm_run(ctx, &rules, &driver);
    for (size_t i = 0; i < s->connections; i++)
        redan_buf_done(&load->lanes[i].bytes);
    if (status == REDAN_OK)
        print(load);
    return status;
}

int main(int argc, char **argv)
{
    struct settings settings = {.header = "X-Client",
                                .caller = "merchant-",
                                .seconds = 10,
                                .connections = 32,
                                .callers = 1000,
                                .patience = 10000};

    return fraud_cli_main(&cli, argc, argv, (size_t)2 << 30, &settings, run);
}
