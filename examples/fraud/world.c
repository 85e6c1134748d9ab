/* Draws the world: places, habits, purchases customer by customer, then fraud, then the order of time. */
#include "world.h"

#include <string.h>

#include "rng.h"

enum {
    DAY = 86400,
    GRID = 100,
    RADIUS = 5,
    AMOUNT_FRAUD = 22000, /* cents: a purchase over 220 is fraud */
    TERMINALS_A_DAY = 2,
    TERMINAL_DAYS = 28,
    CUSTOMERS_A_DAY = 3,
    CUSTOMER_DAYS = 14,
    CUSTOMER_SHARE = 3, /* one in three of the purchases */
    CUSTOMER_FACTOR = 5,
};

/* Streams of random numbers. */
enum purpose { CUSTOMER = 1, TERMINAL, PURCHASE, BAD_TERMINAL, BAD_CUSTOMER };

struct place {
    double x;
    double y;
};

static struct place draw_place(struct fraud_rng *rng)
{
    double x = fraud_rng_uniform(rng, 0, GRID);

    return (struct place){x, fraud_rng_uniform(rng, 0, GRID)};
}

/* Terminals within the radius of a place; returns how many. */
static size_t find_near(const struct place *terminals, size_t count, struct place at,
                        uint32_t *near)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        double dx = terminals[i].x - at.x;
        double dy = terminals[i].y - at.y;
        if (dx * dx + dy * dy < (double)RADIUS * RADIUS)
            near[found++] = (uint32_t)i;
    }
    return found;
}

static uint32_t draw_cents(struct fraud_rng *rng, double mean)
{
    double amount = fraud_rng_normal(rng, mean, mean / 2);

    if (amount < 0)
        amount = fraud_rng_uniform(rng, 0, 2 * mean);
    return (uint32_t)(amount * 100 + 0.5);
}

/* All purchases of one customer, day after day. */
static void draw_purchases(const struct fraud_rules *rules, uint32_t customer,
                           const struct place *terminals, uint32_t *near, struct redan_buf *out)
{
    struct fraud_rng who;
    struct fraud_rng rng;

    fraud_rng_init(&who, rules->seed, CUSTOMER, customer);
    fraud_rng_init(&rng, rules->seed, PURCHASE, customer);
    struct place home = draw_place(&who);
    double mean = fraud_rng_uniform(&who, 5, 100);
    double rate = fraud_rng_uniform(&who, 0, 4);
    size_t choices = find_near(terminals, rules->terminals, home, near);
    if (choices == 0)
        return;
    for (uint32_t day = 0; day < rules->days; day++) {
        unsigned count = fraud_rng_poisson(&rng, rate);
        for (unsigned i = 0; i < count; i++) {
            double second = fraud_rng_normal(&rng, 43200, 20000);
            if (second < 1 || second >= DAY) /* the rules drop what falls outside the day */
                continue;
            struct fraud_tx tx = {.customer = customer, .day = (uint16_t)day};
            tx.time = day * DAY + (uint32_t)second;
            tx.cents = draw_cents(&rng, mean);
            tx.terminal = near[fraud_rng_below(&rng, choices)];
            redan_buf_add(out, &tx, sizeof(tx));
        }
    }
}

/* `n` different numbers below `limit`; n is small. */
static void draw_distinct(struct fraud_rng *rng, size_t limit, uint32_t *picks, size_t n)
{
    for (size_t i = 0; i < n;) {
        picks[i] = (uint32_t)fraud_rng_below(rng, limit);
        bool fresh = true;
        for (size_t k = 0; k < i; k++)
            fresh = fresh && picks[k] != picks[i];
        i += fresh;
    }
}

static void mark_amounts(struct fraud_tx *txs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (txs[i].cents > AMOUNT_FRAUD) {
            txs[i].fraud = 1;
            txs[i].scenario = 1;
        }
}

/* The days on which a terminal was taken over, newest first. */
struct taken {
    struct taken *before;
    uint32_t day;
};

static enum redan_status mark_terminals(struct redan_ctx *ctx, const struct fraud_rules *rules,
                                        struct fraud_tx *txs, size_t count)
{
    struct fraud_rng rng;
    struct taken **taken = redan_take_array(ctx, rules->terminals, sizeof(struct taken *));

    if (!taken)
        return REDAN_E_MEMORY;
    fraud_rng_init(&rng, rules->seed, BAD_TERMINAL, 0);
    for (uint32_t day = 0; day < rules->days; day++) {
        uint32_t picks[TERMINALS_A_DAY];
        draw_distinct(&rng, rules->terminals, picks, TERMINALS_A_DAY);
        for (size_t k = 0; k < TERMINALS_A_DAY; k++) {
            struct taken *entry = redan_take(ctx, sizeof(*entry));
            if (!entry)
                return REDAN_E_MEMORY;
            *entry = (struct taken){taken[picks[k]], day};
            taken[picks[k]] = entry;
        }
    }
    for (size_t i = 0; i < count; i++)
        for (const struct taken *t = taken[txs[i].terminal]; t; t = t->before)
            if (t->day <= txs[i].day && txs[i].day < t->day + TERMINAL_DAYS) {
                txs[i].fraud = 1;
                txs[i].scenario = 2;
            }
    return REDAN_OK;
}

/* Purchases of one customer in the days from `day` on. */
struct span {
    struct fraud_tx *txs;
    size_t count;
};

static struct span find_span(struct fraud_tx *txs, size_t count, uint32_t day)
{
    size_t from = 0;

    while (from < count && txs[from].day < day)
        from++;
    size_t to = from;
    while (to < count && txs[to].day < day + CUSTOMER_DAYS)
        to++;
    return (struct span){txs + from, to - from};
}

/* A third, exactly, of the purchases of all of them: selection sampling (Knuth 3.4.2 S). */
static void mark_spans(struct fraud_rng *rng, const struct span *spans, size_t count)
{
    size_t ahead = 0;

    for (size_t k = 0; k < count; k++)
        ahead += spans[k].count;
    size_t wanted = ahead / CUSTOMER_SHARE;
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < spans[k].count; i++, ahead--)
            if (fraud_rng_below(rng, ahead) < wanted) {
                struct fraud_tx *tx = &spans[k].txs[i];
                tx->cents *= CUSTOMER_FACTOR;
                tx->fraud = 1;
                tx->scenario = 3;
                wanted--;
            }
}

static void mark_customers(const struct fraud_rules *rules, struct fraud_tx *txs,
                           const size_t *first)
{
    struct fraud_rng rng;

    fraud_rng_init(&rng, rules->seed, BAD_CUSTOMER, 0);
    for (uint32_t day = 0; day < rules->days; day++) {
        uint32_t picks[CUSTOMERS_A_DAY];
        struct span spans[CUSTOMERS_A_DAY];
        draw_distinct(&rng, rules->customers, picks, CUSTOMERS_A_DAY);
        for (size_t k = 0; k < CUSTOMERS_A_DAY; k++) {
            size_t at = first[picks[k]];
            spans[k] = find_span(txs + at, first[picks[k] + 1] - at, day);
        }
        mark_spans(&rng, spans, CUSTOMERS_A_DAY);
    }
}

/* Stable, by time, in two passes of thirteen bits: purchases of the same second stay in order of customer. */
static enum redan_status sort_by_time(struct redan_ctx *ctx, struct fraud_tx *from,
                                      struct fraud_tx *to, size_t count)
{
    enum { BITS = 13, BUCKETS = 1 << BITS };
    size_t *place = redan_take_array(ctx, BUCKETS + 1, sizeof(size_t));

    if (!place)
        return REDAN_E_MEMORY;
    for (unsigned pass = 0; pass < 2; pass++) {
        unsigned shift = pass * BITS;
        memset(place, 0, (BUCKETS + 1) * sizeof(size_t));
        for (size_t i = 0; i < count; i++)
            place[((from[i].time >> shift) & (BUCKETS - 1)) + 1]++;
        for (size_t b = 1; b <= BUCKETS; b++)
            place[b] += place[b - 1];
        for (size_t i = 0; i < count; i++)
            to[place[(from[i].time >> shift) & (BUCKETS - 1)]++] = from[i];
        struct fraud_tx *other = from;
        from = to;
        to = other;
    }
    return REDAN_OK;
}

enum redan_status fraud_world_make(struct redan_ctx *ctx, const struct fraud_rules *rules,
                                   struct fraud_world *world)
{
    REDAN_DEFER(redan_buf_done) struct redan_buf drawn = {0};
    struct fraud_rng rng;

    redan_buf_init(&drawn, ctx, ctx->limits.memory);
    struct place *places = redan_take_array(ctx, rules->terminals, sizeof(struct place));
    uint32_t *near = redan_take_array(ctx, rules->terminals, sizeof(uint32_t));
    size_t *first = redan_take_array(ctx, rules->customers + 1, sizeof(size_t));
    if (!places || !near || !first)
        return REDAN_E_MEMORY;
    for (size_t t = 0; t < rules->terminals; t++) {
        fraud_rng_init(&rng, rules->seed, TERMINAL, t);
        places[t] = draw_place(&rng);
    }
    for (size_t c = 0; c < rules->customers; c++) {
        first[c] = drawn.len / sizeof(struct fraud_tx);
        draw_purchases(rules, (uint32_t)c, places, near, &drawn);
    }
    REDAN_TRY(redan_buf_ok(ctx, &drawn, "the transactions"));
    size_t count = drawn.len / sizeof(struct fraud_tx);
    if (count == 0 || count >= UINT32_MAX)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "these settings give %zu transactions", count);
    first[rules->customers] = count;
    struct fraud_tx *txs = (struct fraud_tx *)(void *)drawn.data;
    struct fraud_tx *kept = redan_take_array(ctx, count, sizeof(*kept));
    if (!kept)
        return REDAN_E_MEMORY;
    mark_amounts(txs, count);
    REDAN_TRY(mark_terminals(ctx, rules, txs, count));
    mark_customers(rules, txs, first);
    memcpy(kept, txs, count * sizeof(*kept));
    REDAN_TRY(sort_by_time(ctx, kept, txs, count));
    *world = (struct fraud_world){rules->customers, rules->terminals, kept, count};
    return REDAN_OK;
}
