/* What the per-caller stage costs a query (lower quartile of rounds), whom it accuses and how soon: bench_callers [--quick] [--json]. The world is tests/caller_world.c; calibration, honest callers and attackers never share a seed. Ends
 * with 1 when a bar is missed, 3 when it could not measure. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "caller_world.h"
#include "guard/arming.h"
#include "guard/history.h"
#include "guard/stage_parts.h"

enum { SEEDS = 20, ROUNDS = 15, COLD = 20000, REGION = 96 << 20, QUERIES = 3000 };

static const double alpha = 1e-4;        /* of attackers: what a fleet is run with */
static const double honest_alpha = 1e-2; /* of honest callers: what so many lives can show */

struct bench {
    struct redan_ctx ctx;
    struct world world;
    struct redan_caller_bounds bounds;
    struct redan_policy policy;
    struct redan_policy_rule rules[3];
    struct redan_policy_class caller_class;
    struct redan_region *region;
    unsigned callers, rows; /* of calibration and of the honest fleet */
    bool json, missed;
    size_t figures;
    struct redan_buf out; /* of --json */
};

static void figure(struct bench *b, const char *name, double value, const char *unit, size_t n,
                   const char *bar, bool holds)
{
    b->missed = b->missed || !holds;
    printf("  %-58s %10.4g %-8s n=%-7zu bar %-12s %s\n", name, value, unit, n, bar,
           holds ? "holds" : "MISSED");
    redan_buf_printf(&b->out,
                     "%s\"%s\": {\"value\": %.6g, \"unit\": \"%s\", \"n\": %zu, \"bar\": \"%s\", "
                     "\"holds\": %s}",
                     b->figures++ ? ", " : "", name, value, unit, n, bar, holds ? "true" : "false");
}

static double now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double quantile(double *values, size_t n, size_t part, size_t of)
{
    qsort(values, n, sizeof(*values), by_double);
    return values[n * part / of];
}

/* --- calibration --- */

static enum redan_status calibrate(struct bench *b)
{
    const struct redan_calibration_wanted wanted = {
        .alpha = honest_alpha, .threshold = 0.5, .seed = 1};
    struct redan_calibration *calibration = NULL;
    struct redan_calibration_report report = {0};
    REDAN_DEFER(redan_buf_done) struct redan_buf said = {0};

    REDAN_TRY(redan_calibration_new(&b->ctx, &b->world.profile, &wanted, &calibration));
    for (unsigned c = 0; c < b->callers; c++) {
        struct world_caller honest;
        char name[32];
        world_caller_make(&honest, 1000000 + c);
        (void)snprintf(name, sizeof(name), "c-%u", c);
        for (unsigned i = 0; i < b->rows; i++) {
            double row[WORLD_WIDTH];
            world_caller_row(&honest, row);
            double score = world_score(row);
            const struct redan_event event = {.time_ms = i,
                                              .caller = redan_slice_of(name),
                                              .rows = 1,
                                              .columns = WORLD_WIDTH,
                                              .values = row,
                                              .scores = &score};
            REDAN_TRY(redan_calibration_add(calibration, &event));
        }
    }
    REDAN_TRY(redan_calibration_calibrate(calibration, &report));
    redan_calibration_free(calibration);
    redan_buf_init(&said, &b->ctx, 1 << 16);
    redan_calibration_text(&said, &report, &wanted);
    printf("%s", said.data ? said.data : "");
    b->bounds = report.classes[0].bounds;
    b->world.profile.bounds = &b->bounds;
    b->world.profile.bounds_count = 1;
    return REDAN_OK;
}

/* --- who is accused --- */

static void honest_fleet(struct bench *b)
{
    size_t n = (size_t)b->callers * 2;
    size_t accused = 0;
    float most = 0;

    for (size_t c = 0; c < n; c++) {
        struct world_caller honest;
        struct redan_caller caller;
        world_caller_make(&honest, 50000000 + c);
        redan_caller_begin(&caller, NULL);
        for (unsigned i = 0; i < b->rows; i++) {
            double row[WORLD_WIDTH];
            world_caller_row(&honest, row);
            world_query(&b->world, &b->bounds, &caller, row);
        }
        accused += redan_caller_accuse(&caller, honest_alpha);
        most = caller.most > most ? caller.most : most;
    }
    struct redan_interval i = redan_interval_exact(accused, n, 0.95);
    printf(
        "honest callers, none of them calibrated on: %zu of %zu accused at alpha %g, 95 %% %.2g to "
        "%.2g; largest log E %.2f, alarm at %.2f\n",
        accused, n, honest_alpha, i.low, i.high, (double)most, -log(honest_alpha));
    figure(b, "honest callers accused, lower end of the interval", i.low, "rate", n, "<= 0.01",
           i.low <= honest_alpha);
}

/* Callers whose every bit comes at a rate just under its bound, all bits at once: what the promise is about. */
static void fleet_at_the_bounds(struct bench *b)
{
    size_t n = (size_t)b->callers * 4;
    size_t accused = 0;
    const unsigned all = (1U << REDAN_BITS) - 1;

    for (size_t c = 0; c < n; c++) {
        struct world_rng rng = {c + 99};
        struct redan_caller caller;
        redan_caller_begin(&caller, NULL);
        for (unsigned i = 0; i < b->rows * 4; i++) {
            unsigned bits = 0;
            double u = world_uniform(&rng); /* the same draw for all: the worst dependence */
            for (unsigned k = 0; k < REDAN_BITS; k++)
                bits |= u < 0.999 * b->bounds.m0[k] ? 1U << k : 0;
            redan_caller_add(&caller, &b->bounds, all, bits);
        }
        accused += redan_caller_accuse(&caller, honest_alpha);
    }
    struct redan_interval i = redan_interval_exact(accused, n, 0.95);
    printf("callers just under every bound: %zu of %zu accused at alpha %g, 95 %% %.2g to %.2g\n",
           accused, n, honest_alpha, i.low, i.high);
    figure(b, "callers at the bounds accused, lower end of the interval", i.low, "rate", n,
           "<= 0.01", i.low <= honest_alpha);
}

static void attackers(struct bench *b)
{
    static const struct {
        enum world_attack kind;
        double most; /* 0: no bar */
    } rows[] = {{WORLD_UNIFORM, 60}, {WORLD_LINE, 60},  {WORLD_HSJA, 60},
                {WORLD_COPIES, 60},  {WORLD_ACTIVE, 0}, {WORLD_PASSIVE, 0}};
    size_t seeds = b->callers < 1000 ? 7 : SEEDS;

    for (size_t k = 0; k < REDAN_COUNT(rows); k++) {
        double at[SEEDS];
        size_t found = 0;
        char name[96];
        char bar[32] = "-";
        for (size_t s = 0; s < seeds; s++) {
            struct world_attacker attacker;
            struct redan_caller caller;
            world_attacker_make(&attacker, &b->world, rows[k].kind, 700 + s);
            redan_caller_begin(&caller, NULL);
            at[s] = HUGE_VAL;
            for (unsigned i = 1; i <= QUERIES && isinf(at[s]); i++) {
                double row[WORLD_WIDTH];
                world_attacker_row(&attacker, row);
                world_query(&b->world, &b->bounds, &caller, row);
                if (redan_caller_accuse(&caller, alpha))
                    at[s] = i;
            }
            found += !isinf(at[s]);
        }
        double m = quantile(at, seeds, 1, 2);
        printf("attack %-18s accused %2zu of %zu within %d queries at alpha %g\n",
               world_attack_words[rows[k].kind], found, seeds, QUERIES, alpha);
        (void)snprintf(name, sizeof(name), "queries until accused, %s",
                       world_attack_words[rows[k].kind]);
        if (rows[k].most > 0)
            (void)snprintf(bar, sizeof(bar), "<= %.0f", rows[k].most);
        figure(b, name, isinf(m) ? -1 : m, "queries", seeds, bar,
               rows[k].most <= 0 || m <= rows[k].most);
    }
}

/* --- cost --- */

/* One query and its answer through the stage: judge and learn, two locks. `callers` take turns: few stay in the caches, many do not. */
static bool one_query(struct bench *b, const struct redan_stage *stage, size_t rule,
                      uint64_t caller, double *row, float *encoded, uint64_t *time_ms)
{
    static double p = 0.5;
    double score = world_score(row);
    double label = score >= 0.5;
    struct redan_opinion opinion = {0};
    struct redan_arena_mark mark = redan_arena_mark(&b->ctx.arena);
    struct redan_asked asked = {.ctx = &b->ctx,
                                .policy = &b->policy,
                                .profile = &b->world.profile,
                                .region = b->region,
                                .time_ms = ++*time_ms,
                                .caller_key = caller,
                                .request = {.rows = 1, .columns = WORLD_WIDTH, .values = row},
                                .encoded = encoded,
                                .p = &p};
    bool ok = stage->judge(&asked, &b->rules[rule], &opinion) == REDAN_OK &&
              (!stage->learn || stage->learn(&asked, &b->rules[rule], &label, &score) == REDAN_OK);
    redan_arena_reset(&b->ctx.arena, mark);
    return ok;
}

static bool cost(struct bench *b, const char *name, const struct redan_stage *stage, size_t rule,
                 unsigned callers, bool attack, double bar)
{
    enum { TURNS = 20000, POOL = 512 };
    double times[ROUNDS];
    uint64_t time_ms = 1;
    double *rows = redan_take_array(&b->ctx, (size_t)POOL * WORLD_WIDTH, sizeof(double));
    float *encoded = redan_take_array(&b->ctx, (size_t)POOL * WORLD_WIDTH, sizeof(float));
    struct world_caller honest;
    struct world_attacker attacker;
    char text[32] = "-";

    if (!rows || !encoded)
        return false;
    world_caller_make(&honest, 5);
    world_attacker_make(&attacker, &b->world, WORLD_HSJA, 5);
    for (size_t i = 0; i < POOL; i++) {
        double *row = rows + i * WORLD_WIDTH;
        if (attack)
            world_attacker_row(&attacker, row);
        else
            world_caller_row(&honest, row);
        redan_profile_encode(&b->world.profile, row, NULL, encoded + i * WORLD_WIDTH);
    }
    for (size_t r = 0; r < ROUNDS; r++) {
        double from = now_ns();
        for (unsigned i = 0; i < TURNS; i++) {
            uint64_t key = ((uint64_t)(i % callers) + 1) * 0x9e3779b97f4a7c15U;
            size_t at = (i + r * 37) % POOL * WORLD_WIDTH;
            if (!one_query(b, stage, rule, key, rows + at, encoded + at, &time_ms))
                return false;
        }
        times[r] = (now_ns() - from) / TURNS;
    }
    if (bar > 0)
        (void)snprintf(text, sizeof(text), "<= %.0f", bar);
    double m =
        quantile(times, ROUNDS, 1, 4); /* CPU time too grows when neighbours use the caches */
    figure(b, name, m, "ns", (size_t)TURNS * ROUNDS, text, bar <= 0 || m <= bar);
    return true;
}

static bool costs(struct bench *b)
{
    bool kept = false;
    void *memory = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || redan_region_format(&b->ctx, memory, REGION, &kept) != REDAN_OK)
        return false;
    b->region = redan_region_of(memory, REGION);
    b->rules[0] = (struct redan_policy_rule){.stage = &redan_stage_caller, .alpha = honest_alpha};
    b->rules[1] = (struct redan_policy_rule){.stage = &redan_stage_burst};
    b->rules[2] =
        (struct redan_policy_rule){.stage = &redan_stage_budget, .rows = 1000000000, .per = 60};
    b->policy = (struct redan_policy){.rules = b->rules, .rule_count = 3};
    b->policy.answers.threshold = 0.5;
    printf("%zu callers fit into %d MiB, %.0f bytes each\n", redan_region_room(b->region),
           REGION >> 20, (double)REGION / (double)redan_region_room(b->region));
    bool ok =
        cost(b, "per-caller stage, a query and its answer", &redan_stage_caller, 0, 50, false,
             3000) &&
        cost(b, "the same, 20,000 callers in turn", &redan_stage_caller, 0, COLD, false, 0) &&
        cost(b, "the same, of an attacker", &redan_stage_caller, 0, 1, true, 3000) &&
        cost(b, "quick alarms, a query and its answer", &redan_stage_burst, 1, 50, false, 0) &&
        cost(b, "budget", &redan_stage_budget, 2, 50, false, 0);
    (void)munmap(memory, REGION);
    return ok;
}

int main(int argc, char **argv)
{
    static struct bench b;
    bool quick = false;

    for (int i = 1; i < argc; i++) {
        quick = quick || strcmp(argv[i], "--quick") == 0;
        b.json = b.json || strcmp(argv[i], "--json") == 0;
        if (strcmp(argv[i], "--quick") != 0 && strcmp(argv[i], "--json") != 0) {
            fputs("usage: bench_callers [--quick] [--json]\n", stderr);
            return 2;
        }
    }
    b.callers = quick ? 500 : 3000;
    b.rows = quick ? 200 : 400;
    redan_ctx_init(&b.ctx, NULL);
    redan_buf_init(&b.out, &b.ctx, 1 << 16);
    if (!world_make(&b.world, &b.ctx, 1) || calibrate(&b) != REDAN_OK || !costs(&b)) {
        fprintf(stderr, "could not measure: %s\n", b.ctx.failure.text);
        return 3;
    }
    honest_fleet(&b);
    fleet_at_the_bounds(&b);
    attackers(&b);
    const struct redan_promise promise = redan_promise_of(alpha, 100000);
    struct redan_slice text = {0};
    if (redan_promise_text(&b.ctx, &promise, &text) == REDAN_OK)
        printf("the promise: %.*s\n", REDAN_FMT(text));
    if (b.json)
        printf("{%.*s}\n", REDAN_FMT(redan_buf_view(&b.out)));
    redan_buf_done(&b.out);
    redan_ctx_done(&b.ctx);
    return b.missed ? 1 : 0;
}
