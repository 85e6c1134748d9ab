/* The bounds of one class, by the lessons of monitor.md, 0: rates and not exchangeability, 1.5 times the worst life, never below what bursts ask for, and a floor under bits that honest callers never
 * set. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "guard/history_parts.h"

enum { STEPS = 8, SHORT = 100 /* rows */, LIVES_Z = 95 };

static const double room = 1.5;
static const double least = 1e-3; /* where the search for the inverse bound begins */
static const double most = 0.95;
static const double floor_rate =
    0.005;                     /* an integration that goes wrong for a moment is no attack */
static const double slack = 2; /* nats that every calibration life stays below the alarm */

struct part {
    const struct redan_calibration *history;
    struct redan_calibration_caller **callers; /* of the class and part */
    size_t count;
};

unsigned redan_calibration_known(unsigned row)
{
    unsigned known = (1U << REDAN_BITS) - 1;

    if (!(row & REDAN_ROW_ANSWERED))
        known &= ~(1U << REDAN_BIT_FLIP);
    if (!(row & REDAN_ROW_SCORED))
        known &= ~(1U << REDAN_BIT_MARGIN);
    return known;
}

static enum redan_status part_of(struct redan_calibration *h, size_t index, bool held,
                                 struct part *part)
{
    struct redan_calibration_caller *const *list =
        (struct redan_calibration_caller *const *)(const void *)h->list.data;

    *part = (struct part){.history = h};
    part->callers =
        redan_take_array(h->ctx, h->callers.len + 1, sizeof(struct redan_calibration_caller *));
    if (!part->callers)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < h->callers.len; i++) {
        if (list[i]->class_index == index && list[i]->held == held && list[i]->rows > 0)
            part->callers[part->count++] = list[i];
    }
    return REDAN_OK;
}

static const uint16_t *rows_of(const struct part *part, size_t caller)
{
    return part->history->sorted + part->callers[caller]->first;
}

struct tally {
    uint64_t hits[REDAN_BITS], of[REDAN_BITS];
    uint64_t flagged, answered, novel, rows;
};

static void tally(const struct part *part, size_t caller, struct tally *t)
{
    const uint16_t *rows = rows_of(part, caller);

    *t = (struct tally){.rows = part->callers[caller]->rows};
    for (size_t i = 0; i < t->rows; i++) {
        unsigned known = redan_calibration_known(rows[i]);
        for (unsigned b = 0; b < REDAN_BITS; b++) {
            t->of[b] += known >> b & 1;
            t->hits[b] += (rows[i] & known) >> b & 1;
        }
        t->answered += (rows[i] & REDAN_ROW_ANSWERED) != 0;
        t->flagged += (rows[i] & REDAN_ROW_FLAGGED) != 0;
        t->novel += (rows[i] & REDAN_ROW_NOVEL) != 0;
    }
}

/* A short life is filled up with rows like everybody's: a hit among ten rows is no rate of ten percent, and no hit among ten is none of zero. */
static double rate_of(uint64_t hits, uint64_t rows, double mean)
{
    double missing = rows < SHORT ? (double)(SHORT - rows) : 0;

    return ((double)hits + missing * mean) / ((double)rows + missing);
}

static double share(uint64_t hits, uint64_t rows)
{
    return rows ? (double)hits / (double)rows : 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* What nineteen callers of twenty stay below: a quick alarm may go off for the others, and an outlier must not blind it. */
static double usual_most(double *rates, size_t count)
{
    if (count == 0)
        return 0;
    qsort(rates, count, sizeof(*rates), by_value);
    return rates[(count - 1) * LIVES_Z / 100];
}

static enum redan_status rates(struct redan_calibration *h, const struct part *part,
                               struct redan_calibration_class *found)
{
    double *flags = redan_take_array(h->ctx, part->count + 1, sizeof(*flags));
    double *novels = redan_take_array(h->ctx, part->count + 1, sizeof(*novels));
    struct tally all = {0};

    if (!flags || !novels)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < part->count; i++) {
        struct tally t;
        tally(part, i, &t);
        for (unsigned b = 0; b < REDAN_BITS; b++) {
            all.hits[b] += t.hits[b];
            all.of[b] += t.of[b];
        }
        all.flagged += t.flagged;
        all.answered += t.answered;
        all.novel += t.novel;
        all.rows += t.rows;
        found->callers++;
        found->bounds.lives += t.rows >= REDAN_CALIBRATION_LIFE;
    }
    for (unsigned b = 0; b < REDAN_BITS; b++)
        found->mean[b] = share(all.hits[b], all.of[b]);
    for (size_t i = 0; i < part->count; i++) {
        struct tally t;
        tally(part, i, &t);
        for (unsigned b = 0; b < REDAN_BITS; b++)
            found->worst[b] = fmax(found->worst[b], rate_of(t.hits[b], t.of[b], found->mean[b]));
        flags[i] = rate_of(t.flagged, t.answered, share(all.flagged, all.answered));
        novels[i] = rate_of(t.novel, t.rows, share(all.novel, all.rows));
    }
    found->bounds.queries = all.rows;
    found->short_lives = found->callers - found->bounds.lives;
    found->bounds.flag_rate = usual_most(flags, part->count);
    found->bounds.novel_rate = usual_most(novels, part->count);
    return REDAN_OK;
}

/* Whether every life stays below `limit` in one bit alone. */
static bool quiet(const struct part *part, unsigned bit, double m0, double limit)
{
    for (size_t i = 0; i < part->count; i++) {
        const uint16_t *rows = rows_of(part, i);
        struct redan_eprocess process;
        redan_eprocess_begin(&process, m0);
        for (size_t k = 0; k < part->callers[i]->rows; k++) {
            if (!(redan_calibration_known(rows[k]) >> bit & 1))
                continue;
            bool set = rows[k] >> bit & 1;
            redan_eprocess_add(&process, m0, set ? 1 : 0);
            if (set && redan_eprocess_log(&process) > limit)
                return false;
        }
    }
    return true;
}

/* The smallest bound that no calibration life breaks: what bursts ask for. Alone it would forget long lives. */
static double inverse(const struct part *part, unsigned bit, double limit)
{
    double low = least;
    double high = most;

    if (quiet(part, bit, low, limit))
        return low;
    for (int i = 0; i < STEPS; i++) {
        double middle = sqrt(low * high);
        if (quiet(part, bit, middle, limit))
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* The largest log E of one life, all bits together, as a guard would have it. */
static double life(const struct part *part, size_t caller, const struct redan_caller_bounds *bounds)
{
    const uint16_t *rows = rows_of(part, caller);
    struct redan_caller state;

    redan_caller_begin(&state, NULL);
    for (size_t i = 0; i < part->callers[caller]->rows; i++)
        redan_caller_add(&state, bounds, redan_calibration_known(rows[i]), rows[i]);
    return (double)state.most;
}

static enum redan_status report_held(struct redan_calibration *h, size_t index,
                                     struct redan_calibration_class *found)
{
    static const double level = 0.95;
    struct part held;

    REDAN_TRY(part_of(h, index, true, &held));
    for (size_t i = 0; i < held.count; i++) {
        double e = life(&held, i, &found->bounds);
        found->held_most = e > found->held_most ? e : found->held_most;
        found->held_queries += held.callers[i]->rows;
        found->held++;
        found->accused += e >= -log(found->alpha);
    }
    found->rate = redan_interval_exact((size_t)found->accused, (size_t)found->held, level);
    return REDAN_OK;
}

enum redan_status redan_calibration_class(struct redan_calibration *history, size_t index,
                                          struct redan_calibration_class *found)
{
    double alpha = history->wanted.alpha;
    double limit = fmax(-log(alpha) - slack, 0.5);
    struct part part;

    *found = (struct redan_calibration_class){0};
    REDAN_TRY(part_of(history, index, false, &part));
    REDAN_TRY(rates(history, &part, found));
    struct redan_caller_bounds *bounds = &found->bounds;
    bounds->id = history->classes[index];
    for (unsigned b = 0; b < REDAN_BITS; b++) {
        found->inverse[b] = inverse(&part, b, limit);
        bounds->m0[b] =
            fmin(most, fmax(floor_rate, fmax(room * found->worst[b], found->inverse[b])));
    }
    bounds->least_alpha = 1 / ((double)bounds->lives + 1);
    for (size_t i = 0; i < part.count; i++)
        bounds->most = fmax(bounds->most, life(&part, i, bounds));
    found->alpha = fmax(alpha, bounds->least_alpha);
    found->needed = (uint64_t)ceil(1 / alpha - 1 - 1e-6);
    return report_held(history, index, found);
}
