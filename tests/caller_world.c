/* The world's data, its profile, and its attackers. */
#include "caller_world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/splitmix.h"

enum { TRAIN = 6000, REFERENCES = 512, CALIBRATION = 2000, CALLERS = 150 };
enum { AMOUNT, HOUR, WEEKEND, DAY, WEEK, MONTH, MEAN, DISTANCE, RISK, TERMINAL };

static const double pi = 3.14159265358979323846;

uint64_t world_next(struct world_rng *rng)
{
    return redan_splitmix(&rng->state);
}

double world_uniform(struct world_rng *rng)
{
    return ((double)(world_next(rng) >> 11) + 0.5) * 0x1p-53;
}

double world_normal(struct world_rng *rng)
{
    double u = world_uniform(rng);

    return sqrt(-2 * log(u)) * cos(2 * pi * world_uniform(rng));
}

static double poisson(struct world_rng *rng, double mean)
{
    double limit = exp(-mean);
    double product = world_uniform(rng);
    unsigned n = 0;

    if (mean > 30)
        return fmax(0, nearbyint(mean + sqrt(mean) * world_normal(rng)));
    for (; product > limit; n++)
        product *= world_uniform(rng);
    return n;
}

static double cents(double x)
{
    return nearbyint(x * 100) / 100;
}

void world_caller_make(struct world_caller *caller, uint64_t seed)
{
    *caller = (struct world_caller){.rng = {seed * 0x2545f4914f6cdd1dU + 17}};
    struct world_rng *rng = &caller->rng;
    caller->amount = 3.2 + 0.5 * world_normal(rng);
    caller->activity = exp(0.5 + 0.5 * world_normal(rng));
    caller->hour = 24 * world_uniform(rng);
}

void world_caller_row(struct world_caller *caller, double *row)
{
    static const double burst_odds = 1.0 / 600;
    struct world_rng *rng = &caller->rng;

    if (caller->burst > 0)
        caller->burst--;
    else if (world_uniform(rng) < burst_odds)
        caller->burst = 15;
    double amount = caller->amount + (caller->burst ? 0.8 : 0);
    double activity = caller->activity * (caller->burst ? 2 : 1);
    row[AMOUNT] = cents(exp(amount + 0.6 * world_normal(rng)));
    row[HOUR] = fmod(floor(caller->hour + 3 * world_normal(rng)) + 48, 24);
    row[WEEKEND] = world_uniform(rng) < 2.0 / 7;
    row[DAY] = poisson(rng, activity);
    row[WEEK] = row[DAY] + poisson(rng, activity * 6);
    row[MONTH] = row[WEEK] + poisson(rng, activity * 23);
    row[MEAN] = cents(exp(amount + 0.15 * world_normal(rng)));
    row[DISTANCE] = exp(1 + 0.7 * world_normal(rng));
    world_server(row);
}

void world_server(double *row)
{
    row[RISK] = 0.1 + 0.05 * sin(row[HOUR]);
    row[TERMINAL] = row[DISTANCE] > 8 ? 1 : 0;
}

double world_score(const double *row)
{
    double z = 1.1 * log1p(fmax(row[AMOUNT], 0)) + 0.25 * row[DAY] +
               0.7 * log1p(fmax(row[DISTANCE], 0)) + (row[HOUR] < 5 ? 0.8 : 0) - 8.2;

    return 1 / (1 + exp(-2.5 * z));
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static bool columns(struct world *world, const double *rows)
{
    static const struct {
        const char *name;
        enum redan_column_kind kind;
        double grid;
    } table[WORLD_WIDTH] = {
        {"amount", REDAN_COLUMN_REAL, 0.01}, {"hour", REDAN_COLUMN_INTEGER, 1},
        {"weekend", REDAN_COLUMN_BOOL, 0},   {"day", REDAN_COLUMN_INTEGER, 0},
        {"week", REDAN_COLUMN_INTEGER, 0},   {"month", REDAN_COLUMN_INTEGER, 0},
        {"mean", REDAN_COLUMN_REAL, 0.01},   {"distance", REDAN_COLUMN_REAL, 0},
        {"risk", REDAN_COLUMN_REAL, 0},      {"terminal", REDAN_COLUMN_BOOL, 0},
    };
    struct redan_profile *p = &world->profile;

    p->columns = redan_take_array(world->ctx, WORLD_WIDTH, sizeof(*p->columns));
    p->invariants = redan_take_array(world->ctx, 2, sizeof(*p->invariants));
    if (!p->columns || !p->invariants)
        return false;
    p->width = WORLD_WIDTH;
    for (size_t c = 0; c < WORLD_WIDTH; c++) {
        double low = HUGE_VAL;
        double high = -HUGE_VAL;
        double sum = 0;
        double squares = 0;
        for (size_t i = 0; i < TRAIN; i++) {
            double x = rows[i * WORLD_WIDTH + c];
            low = fmin(low, x);
            high = fmax(high, x);
            sum += x;
            squares += x * x;
        }
        double mean = sum / TRAIN;
        world->low[c] = low;
        world->high[c] = high;
        p->columns[c] =
            (struct redan_column){.name = redan_slice_of(table[c].name),
                                  .kind = table[c].kind,
                                  .grid = table[c].grid,
                                  .caller = c < WORLD_CALLER,
                                  .low = low,
                                  .high = high,
                                  .mean = mean,
                                  .scale = fmax(sqrt(squares / TRAIN - mean * mean), 1e-9)};
    }
    p->invariants[0] = (struct redan_invariant){DAY, WEEK};
    p->invariants[1] = (struct redan_invariant){WEEK, MONTH};
    p->invariant_count = 2;
    for (uint16_t c = 0; c < WORLD_CALLER; c++)
        p->caller_columns[p->caller_count++] = c;
    return true;
}

/* Distances of rows that nothing was fitted on, for thresholds and p-values. */
static bool distances(struct world *world, const float *encoded, const float *narrow)
{
    struct redan_profile *p = &world->profile;
    size_t n = CALIBRATION / 2;
    double *novel = redan_take_array(world->ctx, CALIBRATION, sizeof(double));
    double *unusual = redan_take_array(world->ctx, CALIBRATION, sizeof(double));

    for (int i = 0; i < 2; i++)
        p->tuned[i] = redan_take_array(world->ctx, n, sizeof(double));
    p->scores = redan_take_array(world->ctx, n, sizeof(double));
    if (!novel || !unusual || !p->tuned[0] || !p->tuned[1] || !p->scores)
        return false;
    for (size_t i = 0; i < CALIBRATION; i++) {
        novel[i] =
            (double)redan_neighbour_nearest(&p->caller_references, narrow + i * WORLD_CALLER, NULL);
        unusual[i] = (double)redan_mahalanobis(&p->caller_mahalanobis, narrow + i * WORLD_CALLER);
    }
    qsort(novel, CALIBRATION, sizeof(double), by_double);
    qsort(unusual, CALIBRATION, sizeof(double), by_double);
    p->novel = novel[CALIBRATION * 99 / 100];
    p->unusual = unusual[CALIBRATION * 99 / 100];
    for (size_t i = 0; i < n; i++) {
        double both[2];
        redan_profile_distances(p, encoded + i * WORLD_WIDTH, both);
        p->tuned[0][i] = both[0];
        p->tuned[1][i] = both[1];
    }
    p->tuned_count = n;
    for (int i = 0; i < 2; i++)
        qsort(p->tuned[i], n, sizeof(double), by_double);
    redan_profile_tune(p);
    for (size_t i = 0; i < n; i++)
        p->scores[i] = redan_profile_score(p, encoded + (n + i) * WORLD_WIDTH);
    qsort(p->scores, n, sizeof(double), by_double);
    p->score_count = n;
    return true;
}

static bool fit(struct world *world, const float *encoded, const float *narrow)
{
    struct redan_profile *p = &world->profile;
    enum { W = WORLD_WIDTH, C = WORLD_CALLER };
    float *mean = redan_take_array(world->ctx, W + C, sizeof(float));
    float *factor = redan_take_array(world->ctx, W * W + C * C, sizeof(float));
    double *work = redan_take_array(world->ctx, 3 * W * W, sizeof(double));

    if (!mean || !factor || !work ||
        !redan_mahalanobis_fit(encoded, TRAIN, W, mean, factor, work) ||
        !redan_mahalanobis_fit(narrow, TRAIN, C, mean + W, factor + W * W, work))
        return false;
    p->mahalanobis = (struct redan_mahalanobis){W, mean, factor};
    p->caller_mahalanobis = (struct redan_mahalanobis){C, mean + W, factor + W * W};
    return redan_profile_pack(world->ctx, encoded, REFERENCES, W, NULL, W, &p->references) ==
               REDAN_OK &&
           redan_profile_pack(world->ctx, narrow, REFERENCES, C, NULL, C, &p->caller_references) ==
               REDAN_OK;
}

bool world_make(struct world *world, struct redan_ctx *ctx, uint64_t seed)
{
    enum { ALL = TRAIN + CALIBRATION };
    static const double near_rms = 0.06;
    static const double coarse_rms = 0.15;
    double *rows = redan_take_array(ctx, (size_t)ALL * WORLD_WIDTH, sizeof(double));
    float *encoded = redan_take_array(ctx, (size_t)ALL * WORLD_WIDTH, sizeof(float));
    float *narrow = redan_take_array(ctx, (size_t)ALL * WORLD_CALLER, sizeof(float));
    struct world_rng rng = {seed ^ 0x776f726c64U};
    struct world_caller *callers = redan_take_array(ctx, CALLERS, sizeof(*callers));

    *world = (struct world){.ctx = ctx, .threshold = 0.5};
    if (!rows || !encoded || !narrow || !callers)
        return false;
    for (size_t i = 0; i < CALLERS; i++)
        world_caller_make(&callers[i], world_next(&rng));
    for (size_t i = 0; i < ALL; i++)
        world_caller_row(&callers[world_next(&rng) % CALLERS], rows + i * WORLD_WIDTH);
    if (!columns(world, rows))
        return false;
    for (size_t i = 0; i < ALL; i++) {
        redan_profile_encode(&world->profile, rows + i * WORLD_WIDTH, NULL,
                             encoded + i * WORLD_WIDTH);
        memcpy(narrow + i * WORLD_CALLER, encoded + i * WORLD_WIDTH, WORLD_CALLER * sizeof(float));
    }
    world->profile.digest.bytes[0] = 1;
    world->profile.digest.bytes[1] = (uint8_t)seed;
    world->profile.near = WORLD_CALLER * near_rms * near_rms;
    world->profile.coarse = WORLD_CALLER * coarse_rms * coarse_rms;
    world->profile.margin = 0.05;
    return fit(world, encoded, narrow) && distances(world, encoded + (size_t)TRAIN * WORLD_WIDTH,
                                                    narrow + (size_t)TRAIN * WORLD_CALLER);
}

/* --- attackers --- */

const char *const world_attack_words[] = {
    "random uniform", "line search", "near duplicates", "coordinate copies", "active, low margin",
    "passive",        NULL};

static void to_grid(double *row)
{
    row[AMOUNT] = fmax(0.01, cents(row[AMOUNT]));
    row[MEAN] = fmax(0.01, cents(row[MEAN]));
    row[HOUR] = fmin(23, fmax(0, nearbyint(row[HOUR])));
    row[WEEKEND] = row[WEEKEND] > 0.5;
    for (int c = DAY; c <= MONTH; c++)
        row[c] = fmax(0, nearbyint(row[c]));
    row[DISTANCE] = fmax(0.01, row[DISTANCE]);
    world_server(row);
}

void world_attacker_make(struct world_attacker *attacker, const struct world *world,
                         enum world_attack kind, uint64_t seed)
{
    *attacker = (struct world_attacker){
        .world = world, .kind = kind, .rng = {seed * 0x9e3779b97f4a7c15U + 5}};
    world_caller_make(&attacker->honest, world_next(&attacker->rng));
}

static void uniform_row(struct world_attacker *a, double *row)
{
    for (size_t c = 0; c < WORLD_CALLER; c++)
        row[c] = a->world->low[c] + (a->world->high[c] - a->world->low[c]) * world_uniform(&a->rng);
    to_grid(row);
}

static bool positive(const double *row)
{
    return world_score(row) >= 0.5;
}

/* A row of the attacker's own with this label; the score is known to whoever asked before. */
static void labelled(struct world_attacker *a, bool label, bool own, double *row)
{
    do {
        if (own)
            world_caller_row(&a->honest, row);
        else
            uniform_row(a, row);
    } while (positive(row) != label);
}

static void between(struct world_attacker *a, double *row)
{
    for (size_t c = 0; c < WORLD_CALLER; c++)
        row[c] = (a->a[c] + a->b[c]) / 2;
    to_grid(row);
    memcpy(positive(row) ? a->a : a->b, row, sizeof(a->a));
}

static void line_row(struct world_attacker *a, bool own, double *row)
{
    enum { STEPS = 12 };

    switch (a->step++ % (STEPS + 2)) {
    case 0:
        labelled(a, true, own, a->a);
        memcpy(row, a->a, sizeof(a->a));
        return;
    case 1:
        labelled(a, false, own, a->b);
        memcpy(row, a->b, sizeof(a->b));
        return;
    default:
        between(a, row);
    }
}

static void hsja_row(struct world_attacker *a, double *row)
{
    enum { SEARCH = 10, ROUND = 60 };

    if (a->step % ROUND < SEARCH) { /* two ends and a bisection between them */
        unsigned step = a->step;
        a->step = step % ROUND;
        line_row(a, true, row);
        a->step = step + 1;
        return;
    }
    a->step++;
    for (size_t c = 0; c < WORLD_CALLER; c++)
        row[c] = a->a[c] + 0.05 * a->world->profile.columns[c].scale * world_normal(&a->rng);
    to_grid(row);
}

static void copies_row(struct world_attacker *a, double *row)
{
    if (a->step++ % 16 == 0)
        world_caller_row(&a->honest, a->base);
    memcpy(row, a->base, sizeof(a->base));
    size_t c = a->column++ % WORLD_CALLER;
    row[c] += a->world->profile.columns[c].scale * (0.3 + world_uniform(&a->rng));
    to_grid(row);
}

static void active_row(struct world_attacker *a, double *row)
{
    enum { POOL = 120 }; /* 25 of 3,000, as pool-based active learning does */
    double best = HUGE_VAL;

    for (int i = 0; i < POOL; i++) {
        double candidate[WORLD_WIDTH];
        world_caller_row(&a->honest, candidate);
        double off = fabs(world_score(candidate) - 0.5 + 0.05 * world_normal(&a->rng));
        if (off < best) {
            best = off;
            memcpy(row, candidate, sizeof(candidate));
        }
    }
}

void world_attacker_row(struct world_attacker *attacker, double *row)
{
    switch (attacker->kind) {
    case WORLD_UNIFORM:
        uniform_row(attacker, row);
        break;
    case WORLD_LINE:
        line_row(attacker, false, row);
        break;
    case WORLD_HSJA:
        hsja_row(attacker, row);
        break;
    case WORLD_COPIES:
        copies_row(attacker, row);
        break;
    case WORLD_ACTIVE:
        active_row(attacker, row);
        break;
    case WORLD_PASSIVE:
    case WORLD_ATTACKS:
    default:
        world_caller_row(&attacker->honest, row);
        break;
    }
}

void world_query(const struct world *world, const struct redan_caller_bounds *bounds,
                 struct redan_caller *caller, const double *row)
{
    float encoded[WORLD_WIDTH];
    struct redan_caller_seen seen;
    double score = world_score(row);

    redan_profile_encode(&world->profile, row, NULL, encoded);
    redan_caller_ask(caller, &world->profile, bounds, row, NULL, encoded, false, &seen);
    (void)redan_caller_told(caller, &world->profile, bounds, &seen, score >= world->threshold,
                            score, world->threshold);
}
