/* Rolling counts and sums over (t - window, t]: each window has a tail that only moves forward, so n transactions cost O(n). */
#include "history.h"

enum {
    DAY = 86400,
    DELAY = 7, /* days until a fraud is known: disputes take that long */
    WINDOWS = 3,
};

#define NONE UINT32_MAX

static const unsigned window_days[WINDOWS] = {1, 7, 30};

#define NO "no"
#define CHOICE "by choosing another terminal"
#define OWN "downwards, by waiting; upwards, by buying more"

const struct fraud_feature fraud_features[FRAUD_FEATURES] = {
    {"tx_amount", 2, "directly", "amount of this transaction"},
    {"tx_weekend", 0, "directly", "1 on Saturday and Sunday"},
    {"tx_night", 0, "directly", "1 from 00:00 to 06:59"},
    {"customer_count_1d", 0, OWN, "transactions of this card in the last day, this one included"},
    {"customer_avg_amount_1d", 4, OWN, "their mean amount"},
    {"customer_count_7d", 0, OWN, "the same over 7 days"},
    {"customer_avg_amount_7d", 4, OWN, "the same over 7 days"},
    {"customer_count_30d", 0, OWN, "the same over 30 days"},
    {"customer_avg_amount_30d", 4, OWN, "the same over 30 days"},
    {"terminal_count_1d", 0, CHOICE,
     "transactions at this terminal in the day that ended 7 days ago"},
    {"terminal_risk_1d", 6, CHOICE, "share of them that were fraud; 0 when there were none"},
    {"terminal_count_7d", 0, CHOICE, "the same over 7 days"},
    {"terminal_risk_7d", 6, CHOICE, "the same over 7 days"},
    {"terminal_count_30d", 0, CHOICE, "the same over 30 days"},
    {"terminal_risk_30d", 6, CHOICE, "the same over 30 days"},
};

struct window {
    uint32_t tail; /* oldest transaction inside, or NONE */
    uint32_t count;
    int64_t sum;
};

/* One customer or terminal: a chain of its transactions and the windows over it. */
struct track {
    uint32_t last;
    struct window windows[WINDOWS + 1];
};

struct fraud_history {
    const struct fraud_tx *txs;
    struct track *customers;
    struct track *terminals;
    uint32_t *next_of_customer; /* per transaction: the next one of the same customer */
    uint32_t *next_at_terminal;
};

static enum redan_status tracks_new(struct redan_ctx *ctx, size_t count, struct track **tracks)
{
    struct track *all = redan_take_array(ctx, count, sizeof(*all));

    if (!all)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        all[i].last = NONE;
        for (size_t w = 0; w < REDAN_COUNT(all[i].windows); w++)
            all[i].windows[w].tail = NONE;
    }
    *tracks = all;
    return REDAN_OK;
}

enum redan_status fraud_history_new(struct redan_ctx *ctx, const struct fraud_world *world,
                                    struct fraud_history **history)
{
    struct fraud_history *h = redan_take(ctx, sizeof(*h));

    if (!h)
        return REDAN_E_MEMORY;
    h->txs = world->txs;
    REDAN_TRY(tracks_new(ctx, world->customers, &h->customers));
    REDAN_TRY(tracks_new(ctx, world->terminals, &h->terminals));
    h->next_of_customer = redan_take_array(ctx, world->count, sizeof(uint32_t));
    h->next_at_terminal = redan_take_array(ctx, world->count, sizeof(uint32_t));
    if (!h->next_of_customer || !h->next_at_terminal)
        return REDAN_E_MEMORY;
    *history = h;
    return REDAN_OK;
}

static void append(struct track *track, uint32_t *next, uint32_t i)
{
    next[i] = NONE;
    if (track->last != NONE)
        next[track->last] = i;
    track->last = i;
}

static int64_t amount_of(const struct fraud_tx *tx)
{
    return tx->cents;
}

static int64_t fraud_of(const struct fraud_tx *tx)
{
    return tx->fraud;
}

/* Let transaction i in, and those out that are `days` or more before it. */
static void slide(const struct fraud_history *h, struct window *w, const uint32_t *next, uint32_t i,
                  unsigned days, int64_t (*value)(const struct fraud_tx *))
{
    int64_t oldest = (int64_t)h->txs[i].time - (int64_t)days * DAY;

    if (w->tail == NONE)
        w->tail = i;
    w->count++;
    w->sum += value(&h->txs[i]);
    while ((int64_t)h->txs[w->tail].time <= oldest) { /* stops at i at the latest */
        w->count--;
        w->sum -= value(&h->txs[w->tail]);
        w->tail = next[w->tail];
    }
}

/* sum / count in units of 1/scale, rounded half up; 0 when count is 0. */
static int64_t ratio(int64_t sum, int64_t count, int64_t scale)
{
    return count > 0 ? (sum * scale * 2 + count) / (count * 2) : 0;
}

static void customer_values(struct fraud_history *h, uint32_t i, int64_t *values)
{
    struct track *track = &h->customers[h->txs[i].customer];

    append(track, h->next_of_customer, i);
    for (size_t w = 0; w < WINDOWS; w++) {
        struct window *window = &track->windows[w];
        slide(h, window, h->next_of_customer, i, window_days[w], amount_of);
        *values++ = window->count;
        *values++ = ratio(window->sum, window->count, 100);
    }
}

static void terminal_values(struct fraud_history *h, uint32_t i, int64_t *values)
{
    struct track *track = &h->terminals[h->txs[i].terminal];
    struct window *unknown = &track->windows[WINDOWS]; /* too recent for disputes to have arrived */

    append(track, h->next_at_terminal, i);
    slide(h, unknown, h->next_at_terminal, i, DELAY, fraud_of);
    for (size_t w = 0; w < WINDOWS; w++) {
        struct window *window = &track->windows[w];
        slide(h, window, h->next_at_terminal, i, DELAY + window_days[w], fraud_of);
        int64_t count = (int64_t)window->count - unknown->count;
        *values++ = count;
        *values++ = ratio(window->sum - unknown->sum, count, 1000000);
    }
}

void fraud_history_next(struct fraud_history *h, size_t i, int64_t values[FRAUD_FEATURES])
{
    const struct fraud_tx *tx = &h->txs[i];

    values[0] = tx->cents;
    values[1] = (tx->day + 6) % 7 >= 5; /* day 0 is a Sunday */
    values[2] = tx->time % DAY < 7 * 3600;
    customer_values(h, (uint32_t)i, values + 3);
    terminal_values(h, (uint32_t)i, values + 3 + 2 * WINDOWS);
}
