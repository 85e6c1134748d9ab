/* A small tabular world for what judges callers: honest callers of many habits, a model, a reference profile learned from their rows, and attackers. Everything from a seed. */
#ifndef REDAN_TESTS_CALLER_WORLD_H
#define REDAN_TESTS_CALLER_WORLD_H

#include "inference/caller.h"

enum { WORLD_WIDTH = 10, WORLD_CALLER = 8 /* the rest is computed by the server */ };

struct world_rng {
    uint64_t state;
};
uint64_t world_next(struct world_rng *rng);
double world_uniform(struct world_rng *rng);
double world_normal(struct world_rng *rng);

struct world {
    struct redan_ctx *ctx;
    struct redan_profile profile;
    double low[WORLD_WIDTH], high[WORLD_WIDTH]; /* what an attacker thinks plausible */
    double threshold;
};

/* False when memory is refused. */
bool world_make(struct world *world, struct redan_ctx *ctx, uint64_t seed);

/* An honest caller: habits of its own, and bursts. */
struct world_caller {
    struct world_rng rng;
    double amount, activity, hour;
    unsigned burst; /* rows left of one */
    double row[WORLD_WIDTH];
};
void world_caller_make(struct world_caller *caller, uint64_t seed);
void world_caller_row(struct world_caller *caller, double *row);

/* What the server adds, and the model's answer. */
void world_server(double *row);
double world_score(const double *row);

enum world_attack {
    WORLD_UNIFORM, /* random points of the whole space */
    WORLD_LINE,    /* bisection between two points of different labels (Lowd, Meek) */
    WORLD_HSJA,    /* steps around a point at the boundary */
    WORLD_COPIES,  /* one column of an honest row after another */
    WORLD_ACTIVE,  /* honest rows, chosen for a low margin */
    WORLD_PASSIVE, /* honest rows: nothing to see */
    WORLD_ATTACKS,
};
extern const char *const world_attack_words[];

struct world_attacker {
    const struct world *world;
    enum world_attack kind;
    struct world_rng rng;
    struct world_caller honest;
    double a[WORLD_WIDTH], b[WORLD_WIDTH], base[WORLD_WIDTH];
    unsigned step, column;
};
void world_attacker_make(struct world_attacker *attacker, const struct world *world,
                         enum world_attack kind, uint64_t seed);
/* The next query; attackers keep to the grid of the data. */
void world_attacker_row(struct world_attacker *attacker, double *row);

/* One query and its answer through a caller's state. */
void world_query(const struct world *world, const struct redan_caller_bounds *bounds,
                 struct redan_caller *caller, const double *row);

#endif
