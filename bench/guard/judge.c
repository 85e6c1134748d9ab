/* What a whole call costs in the guard itself, without a server: begun, answered and ended, by policy. Prints nanoseconds per call, the median of slices that the policies take turns in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "guard/learn.h"
#include "guard/region.h"
#include "guard/worker.h"
#include "io/file.h"
#include "stats/splitmix.h"

enum {
    COLUMNS = 15,
    ROWS = 6000,
    REGION = 8 << 20,
    SLICES = 21,
    CALLERS = 64,
    BODY = 1024,
    RINGS = 512
};

#define HEAD                                                            \
    "schema: redan/guard/1\nid: bench\nprofile: {file: profile.json}\n" \
    "request: {presets: [kserve-v1]}\n"
#define EVENTS "events: {to: /dev/null, features: store}\n"
#define SCHEMA "  - {id: a, stage: schema, action: refuse}\n"
#define NOVELTY "  - {id: b, stage: out-of-distribution, alpha: 0.001, action: mark}\n"
#define BUDGET "  - {id: c, stage: budget, rows: 1000000000, per: 1m, action: refuse}\n"
#define CALLER "  - {id: d, stage: caller, alpha: 0.01, action: refuse}\n"
#define BURST "  - {id: e, stage: burst, action: mark}\n"

static const struct {
    const char *name, *policy;
} policies[] = {
    {"nothing", HEAD},
    {"schema", HEAD "rules:\n" SCHEMA},
    {"schema, events", HEAD "rules:\n" SCHEMA EVENTS},
    {"schema, novelty", HEAD "rules:\n" SCHEMA NOVELTY},
    {"schema, budget", HEAD "rules:\n" SCHEMA BUDGET},
    {"schema, novelty, caller", HEAD "rules:\n" SCHEMA NOVELTY CALLER},
    {"everything",
     HEAD "rules:\n" SCHEMA NOVELTY BUDGET CALLER BURST "answers: {decimals: 2}\n" EVENTS},
};
enum { POLICIES = sizeof(policies) / sizeof(policies[0]) };

struct bench {
    struct redan_worker *worker;
    char bodies[RINGS][BODY];
    size_t lens[RINGS];
};

static double value(uint64_t *state, int column)
{
    double u =
        (redan_splitmix_unit(state) + redan_splitmix_unit(state) + redan_splitmix_unit(state)) *
        100;

    return column % 3 == 0 ? (double)(long)(u * 100) / 100 : (double)(long)u;
}

static void die(const char *what)
{
    (void)fprintf(stderr, "judge: %s\n", what);
    exit(1);
}

/* A request of one row, and blanks up to a kilobyte. */
static void make_body(struct bench *b, size_t i, uint64_t *state)
{
    size_t at = (size_t)snprintf(b->bodies[i], BODY, "{\"instances\": [[");

    for (int c = 0; c < COLUMNS; c++)
        at += (size_t)snprintf(b->bodies[i] + at, BODY - at, "%s%.10g", c ? ", " : "",
                               value(state, c));
    at += (size_t)snprintf(b->bodies[i] + at, BODY - at, "]]}");
    memset(b->bodies[i] + at, ' ', BODY - at);
    b->lens[i] = BODY;
}

/* Learned from other rows of the same law. */
static void make_profile(const char *folder)
{
    struct redan_ctx ctx;
    struct redan_buf csv = {0};
    struct redan_learn_options options = {.widen = -1, .margin = -1};
    struct redan_learn_data data;
    struct redan_learned learned = {0};
    struct redan_slice text = {0};
    char path[4096];
    uint64_t state = 7;

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&csv, &ctx, 8 << 20);
    for (int c = 0; c < COLUMNS; c++)
        redan_buf_printf(&csv, "%sc%d", c ? "," : "", c);
    redan_buf_char(&csv, '\n');
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++)
            redan_buf_printf(&csv, "%.10g%c", value(&state, c), c + 1 < COLUMNS ? ',' : '\n');
    (void)snprintf(path, sizeof(path), "%s/profile.json", folder);
    if (redan_learn_read(&ctx, redan_buf_view(&csv), &options, &data, &learned) != REDAN_OK ||
        redan_learn_fit(&ctx, &options, &data, &learned) != REDAN_OK)
        die(ctx.failure.text);
    learned.profile.dataset = REDAN_S("rows.csv");
    if (redan_profile_write(&ctx, &learned.profile, &text) != REDAN_OK ||
        redan_file_replace(&ctx, redan_slice_of(path), 0644, text) != REDAN_OK)
        die(ctx.failure.text);
    redan_buf_done(&csv);
    redan_ctx_done(&ctx);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void call(struct bench *b, uint64_t i)
{
    static const struct redan_slice answer = {"{\"predictions\": [0.0123456]}", 27};
    char name[16];
    struct redan_call *c = NULL;
    struct redan_call_verdict v;
    struct redan_answer_piece out;
    int n = snprintf(name, sizeof(name), "caller-%u", (unsigned)(i % CALLERS));
    const struct redan_call_request request = {
        .method = REDAN_S("POST"),
        .path = REDAN_S("/v1/models/fraud:predict"),
        .content_type = REDAN_S("application/json"),
        .identity = {name, (size_t)n},
        .address = REDAN_S("192.0.2.7"),
        .id = REDAN_S("6f1f2f0b9d8f4a5c"),
        .body = {b->bodies[i % RINGS], b->lens[i % RINGS]},
        .time_ms = 1790000000000U + i,
    };

    if (redan_call_begin(b->worker, &request, &c, &v) != REDAN_OK ||
        v.action == REDAN_ACTION_REFUSE)
        die("a request was refused");
    if (redan_call_answer(c, 200, REDAN_S("application/json"), (struct redan_slice){0},
                          answer.len) != REDAN_ANSWER_PASS &&
        redan_call_feed(c, answer, true, &out) != REDAN_OK)
        die("an answer was refused");
    redan_call_end(c, 200, request.time_ms);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static struct bench benches[POLICIES];
    static double times[POLICIES][SLICES];
    size_t calls = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 20000;
    const char *only = argc > 2 ? argv[2] : NULL;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: bench_judge FOLDER [POLICY [CALLS]]\n");
        return 2;
    }
    make_profile(argv[1]);
    for (size_t p = 0; p < POLICIES; p++) {
        char path[4096];
        uint64_t state = 99;
        struct redan_ctx ctx;
        bool kept = false;
        void *memory = aligned_alloc(64, REGION);

        redan_ctx_init(&ctx, NULL);
        (void)snprintf(path, sizeof(path), "%s/policy-%zu.yaml", argv[1], p);
        FILE *f = fopen(path, "w");
        if (!memory || !f || fputs(policies[p].policy, f) < 0 || fclose(f) != 0)
            die("no room for the policy");
        memset(memory, 0, REGION);
        if (redan_region_format(&ctx, memory, REGION, &kept) != REDAN_OK ||
            redan_worker_open(redan_slice_of(path), REDAN_WORKER_OBSERVE,
                              redan_region_of(memory, REGION), &benches[p].worker) != REDAN_OK)
            die(benches[p].worker ? redan_worker_error(benches[p].worker) : "no worker");
        for (size_t i = 0; i < RINGS; i++)
            make_body(&benches[p], i, &state);
    }
    for (int s = 0; s < SLICES; s++) {
        for (size_t p = 0; p < POLICIES; p++) {
            if (only && strcmp(only, policies[p].name) != 0)
                continue;
            uint64_t began = now_ns();
            for (size_t i = 0; i < calls; i++)
                call(&benches[p], (uint64_t)s * calls + i);
            times[p][s] = (double)(now_ns() - began) / (double)calls;
        }
    }
    for (size_t p = 0; p < POLICIES; p++) {
        qsort(times[p], SLICES, sizeof(double), by_size);
        if (times[p][0] > 0)
            (void)printf("%-26s %7.0f ns per call (%.0f to %.0f, %d slices of %zu)\n",
                         policies[p].name, times[p][SLICES / 2], times[p][0], times[p][SLICES - 1],
                         SLICES, calls);
        redan_worker_free(benches[p].worker);
    }
    return 0;
}
