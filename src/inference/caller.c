/* What a caller's queries show together: a mixture of e-processes over bits, across all lives of its entry.
 *
 * Wealth begins as 1. In the k-th life of the entry 1/(k(k+1)) of it is bet with and the rest is kept, which leaves at least 1/(k+1) for the lives to come: the sum over all lives is one supermartingale, so
 * that the promise holds for the caller's lifetime however often a new profile or an eviction begins it anew. */
#include "inference/caller.h"

#include <math.h>
#include <string.h>

#include "inference/caller_bits.h"

_Static_assert((int)REDAN_BITS == (int)REDAN_BOUNDS, "one bound per bit");

static float float_down(double x)
{
    float f = (float)x;

    return (double)f > x ? nextafterf(f, -INFINITY) : f;
}

static void count(uint32_t *counter)
{
    if (*counter < UINT32_MAX)
        *counter += 1;
}

/* The logarithm of what is bet with in this life. */
static double log_share(uint32_t lives)
{
    double k = (double)lives + 1;

    return -log(k * (k + 1));
}

/* From the logarithm of all wealth: what is kept when this life's share is taken out of it. */
static float keep(double all, uint32_t lives)
{
    double share = log_share(lives) - all;

    return share < -1e-9 ? float_down(all + log1p(-exp(share))) : -INFINITY;
}

void redan_caller_begin(struct redan_caller *caller, const struct redan_caller_past *past)
{
    struct redan_caller_past none = {0};

    if (!past)
        past = &none;
    *caller = (struct redan_caller){.most = past->most,
                                    .lives = past->lives,
                                    .accused = past->accused,
                                    .accused_bit = past->accused_bit,
                                    .kept = keep((double)past->kept, past->lives)};
    memset(caller->labels, REDAN_CALLER_EMPTY, sizeof(caller->labels));
}

void redan_caller_end(const struct redan_caller *caller, struct redan_caller_past *past)
{
    *past = (struct redan_caller_past){.most = caller->most,
                                       .kept = float_down(redan_caller_log_e(caller, NULL)),
                                       .lives = caller->lives,
                                       .accused = caller->accused,
                                       .accused_bit = caller->accused_bit};
    count(&past->lives);
}

static uint32_t id_of(const struct redan_profile *profile)
{
    uint32_t id = 0;

    memcpy(&id, profile->digest.bytes, sizeof(id));
    return id ? id : 1;
}

void redan_caller_meet(struct redan_caller *caller, const struct redan_profile *profile)
{
    uint32_t id = id_of(profile);

    if (caller->profile == id)
        return;
    if (caller->profile != 0) {
        struct redan_caller_past past;
        struct redan_caller old = *caller;
        redan_caller_end(&old, &past);
        redan_caller_begin(caller, &past);
        caller->n = old.n;
        caller->flagged = old.flagged;
        caller->novel = old.novel;
        caller->refused = old.refused;
    }
    caller->profile = id;
}

/* Only what raises wealth can set a new mark: a value of 0 never does. */
static void mark(struct redan_caller *caller)
{
    float now = float_down(redan_caller_log_e(caller, NULL));

    if (now > caller->most)
        caller->most = now;
}

static void add(struct redan_caller *caller, const struct redan_caller_bounds *bounds, unsigned bit,
                bool set)
{
    double m0 = bounds->m0[bit];

    if (m0 > 0 && m0 < 1)
        redan_eprocess_add(&caller->bits[bit], m0, set ? 1 : 0);
}

static void begin_bits(struct redan_caller *caller, const struct redan_caller_bounds *bounds)
{
    for (unsigned i = 0; i < REDAN_BITS; i++)
        redan_eprocess_begin(&caller->bits[i], bounds->m0[i]);
    caller->begun = 1;
}

void redan_caller_add(struct redan_caller *caller, const struct redan_caller_bounds *bounds,
                      unsigned known, unsigned bits)
{
    if (!caller->begun)
        begin_bits(caller, bounds);
    for (unsigned i = 0; i < REDAN_BITS; i++) {
        if (known >> i & 1)
            add(caller, bounds, i, bits >> i & 1);
    }
    if (bits & known)
        mark(caller);
}

void redan_caller_ask(struct redan_caller *caller, const struct redan_profile *profile,
                      const struct redan_caller_bounds *bounds, const double *values,
                      const struct redan_slice *texts, const float *encoded,
                      bool out_of_distribution, struct redan_caller_seen *seen)
{
    struct redan_caller_row row;

    redan_caller_meet(caller, profile);
    *seen = (struct redan_caller_seen){
        .slot = REDAN_CALLER_NO_SLOT, .near = REDAN_CALLER_NO_SLOT, .profile = caller->profile};
    count(&caller->n);
    unsigned bits = redan_caller_bits(caller, profile, values, texts, encoded, &row);
    if (row.retry)
        return;
    if (out_of_distribution)
        count(&caller->novel);

    unsigned slot = caller->written % REDAN_CALLER_RING;
    seen->bits = (uint16_t)bits;
    seen->slot = (uint8_t)slot;
    seen->near = row.near;
    seen->serial = caller->written;
    memcpy(caller->ring[slot], row.ring, sizeof(row.ring));
    caller->rows[slot] = row.hash;
    caller->labels[slot] = REDAN_CALLER_UNANSWERED;
    caller->written++;
    if (bounds)
        redan_caller_add(caller, bounds, ~REDAN_BITS_ANSWERED, bits);
}

/* Whether the row that was written as `serial` is still in its slot. */
static bool still_there(const struct redan_caller *caller, uint32_t serial)
{
    uint32_t since = caller->written - serial;

    return since >= 1 && since <= REDAN_CALLER_RING;
}

static bool flips(const struct redan_caller *caller, const struct redan_caller_seen *seen,
                  unsigned label)
{
    if (seen->near >= REDAN_CALLER_RING)
        return false;
    uint32_t back = ((uint32_t)seen->slot - seen->near) % REDAN_CALLER_RING;
    unsigned other = caller->labels[seen->near];
    return back != 0 && still_there(caller, seen->serial - back) && other <= REDAN_CALLER_LABEL_1 &&
           other != label;
}

unsigned redan_caller_told(struct redan_caller *caller, const struct redan_profile *profile,
                           const struct redan_caller_bounds *bounds,
                           const struct redan_caller_seen *seen, double label, double score,
                           double threshold)
{
    unsigned l = label == 0 ? REDAN_CALLER_LABEL_0 : REDAN_CALLER_LABEL_1;

    if (seen->profile != caller->profile || caller->profile != id_of(profile) ||
        seen->slot >= REDAN_CALLER_RING || isnan(label))
        return 0;
    if (l == REDAN_CALLER_LABEL_1)
        count(&caller->flagged);
    if (still_there(caller, seen->serial))
        caller->labels[seen->slot] = (uint8_t)l;
    unsigned known = 1U << REDAN_BIT_FLIP | (isnan(score) ? 0 : 1U << REDAN_BIT_MARGIN);
    unsigned bits =
        (flips(caller, seen, l) ? 1U << REDAN_BIT_FLIP : 0) |
        (profile->margin > 0 && fabs(score - threshold) < profile->margin ? 1U << REDAN_BIT_MARGIN
                                                                          : 0);
    if (bounds)
        redan_caller_add(caller, bounds, known, bits);
    return bits;
}

/* The logarithm of the average over bits and bets. Bets that were never placed, and those whose wealth is nothing beside the largest, cost no exponential; leaving the latter out only lowers the average. */
static double log_bets(const struct redan_caller *caller)
{
    static const double negligible = 40;
    double most = 0;
    double sum = 0;
    unsigned idle = 0;

    for (unsigned i = 0; i < REDAN_BITS; i++) {
        for (unsigned k = 0; k < REDAN_EPROCESS_BETS; k++) {
            double wealth = (double)caller->bits[i].wealth[k];
            most = wealth > most ? wealth : most;
        }
    }
    for (unsigned i = 0; i < REDAN_BITS; i++) {
        for (unsigned k = 0; k < REDAN_EPROCESS_BETS; k++) {
            double less = (double)caller->bits[i].wealth[k] - most;
            if ((double)caller->bits[i].wealth[k] == 0)
                idle++;
            else if (less > -negligible)
                sum += exp(less);
        }
    }
    if (idle && most < negligible)
        sum += idle * exp(-most);
    return most + log(sum / (REDAN_BITS * REDAN_EPROCESS_BETS));
}

static enum redan_bit leading_bit(const struct redan_caller *caller)
{
    double most = -HUGE_VAL;
    unsigned best = 0;

    for (unsigned i = 0; i < REDAN_BITS; i++) {
        double log_e = redan_eprocess_log(&caller->bits[i]);
        if (log_e > most) {
            most = log_e;
            best = i;
        }
    }
    return (enum redan_bit)best;
}

double redan_caller_log_e(const struct redan_caller *caller, enum redan_bit *leading)
{
    if (leading)
        *leading = leading_bit(caller);
    double bet = log_bets(caller) + log_share(caller->lives);
    double kept = (double)caller->kept;
    double more = bet > kept ? bet : kept;
    double less = bet > kept ? kept : bet;
    return less > more - 40 ? more + log1p(exp(less - more)) : more;
}

bool redan_caller_accuse(struct redan_caller *caller, double alpha)
{
    if (!(alpha > 0) || !((double)caller->most >= -log(alpha)))
        return false;
    if (!caller->accused) {
        enum redan_bit bit = REDAN_BIT_NEAR;
        (void)redan_caller_log_e(caller, &bit);
        caller->accused = 1;
        caller->accused_bit = (uint8_t)bit;
    }
    return true;
}

bool redan_caller_trusted(const struct redan_caller *caller, double alpha)
{
    return !caller->accused && redan_caller_log_e(caller, NULL) < -log(alpha);
}

double redan_caller_suspicion(const struct redan_caller *caller)
{
    static const double accused = 1000;
    static const double alarm = 12; /* of a CUSUM: as much as one nat */
    double quick = (double)caller->flag_rate.sum + (double)caller->novel_rate.sum;
    double evidence = caller->most > 0 ? (double)caller->most : 0;

    return (caller->accused ? accused : 0) + evidence + quick / alarm;
}
