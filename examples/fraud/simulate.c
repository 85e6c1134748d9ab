/* fraud-simulate: writes a world of card payments with features and labels as CSV. */
#include <stddef.h>
#include <stdio.h>

#include "cli.h"
#include "history.h"
#include "outfile.h"
#include "replay.h"
#include "world.h"

struct settings {
    struct fraud_rules rules;
    const char *out;
    const char *replay;
};

static const struct fraud_option options[] = {
    {"--out", FRAUD_TEXT, offsetof(struct settings, out), 0, 0, NULL,
     "file to write (transactions.csv)"},
    {"--seed", FRAUD_COUNT, offsetof(struct settings, rules.seed), 0, 9e15, NULL,
     "number that decides everything drawn (1)"},
    {"--days", FRAUD_COUNT, offsetof(struct settings, rules.days), 1, FRAUD_DAYS_MAX, NULL,
     "days to simulate (60; the handbook has 183)"},
    {"--customers", FRAUD_COUNT, offsetof(struct settings, rules.customers), 3, FRAUD_PEOPLE_MAX,
     NULL, "customers (5000)"},
    {"--terminals", FRAUD_COUNT, offsetof(struct settings, rules.terminals), 2, FRAUD_PEOPLE_MAX,
     NULL, "terminals (10000)"},
    {"--replay", FRAUD_TEXT, offsetof(struct settings, replay), 0, 0, NULL,
     "draw nothing: take lines \"time customer terminal cents scenario\" from this file"},
};

static const struct fraud_cli cli = {"fraud-simulate",
                                     "card payments with features and fraud labels, as CSV",
                                     options, REDAN_COUNT(options)};

static void add_digits(struct redan_buf *out, uint64_t value)
{
    char digits[24];
    size_t at = sizeof(digits);

    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    redan_buf_add(out, digits + at, sizeof(digits) - at);
}

/* A value in units of 10^-decimals, without zeros at the end: exact text from exact numbers. */
static void add_value(struct redan_buf *out, int64_t value, unsigned decimals)
{
    char fraction[20] = {0};
    uint64_t left = (uint64_t)value;

    for (unsigned i = decimals; i > 0; i--) {
        fraction[i - 1] = (char)('0' + left % 10);
        left /= 10;
    }
    add_digits(out, left);
    while (decimals > 0 && fraction[decimals - 1] == '0')
        decimals--;
    if (decimals > 0) {
        redan_buf_char(out, '.');
        redan_buf_add(out, fraction, decimals);
    }
}

static void add_header(struct redan_buf *out)
{
    redan_buf_text(out, "transaction_id,time,day,customer_id,terminal_id");
    for (size_t f = 0; f < FRAUD_FEATURES; f++)
        redan_buf_printf(out, ",%s", fraud_features[f].name);
    redan_buf_text(out, ",fraud,scenario\n");
}

static void add_row(struct redan_buf *out, const struct fraud_tx *tx, size_t id,
                    const int64_t *values)
{
    const uint64_t before[] = {id, tx->time, tx->day, tx->customer, tx->terminal};

    for (size_t i = 0; i < REDAN_COUNT(before); i++) {
        add_digits(out, before[i]);
        redan_buf_char(out, ',');
    }
    for (size_t f = 0; f < FRAUD_FEATURES; f++) {
        add_value(out, values[f], fraud_features[f].decimals);
        redan_buf_char(out, ',');
    }
    add_digits(out, tx->fraud);
    redan_buf_char(out, ',');
    add_digits(out, tx->scenario);
    redan_buf_char(out, '\n');
}

static enum redan_status simulate(struct redan_ctx *ctx, void *arg)
{
    const struct settings *settings = arg;
    REDAN_DEFER(fraud_outfile_done) struct fraud_outfile file = {.fd = -1};
    struct fraud_world world;
    struct fraud_history *history = NULL;
    size_t kinds[4] = {0};

    REDAN_TRY(settings->replay ? fraud_replay_read(ctx, settings->replay, &world)
                               : fraud_world_make(ctx, &settings->rules, &world));
    REDAN_TRY(fraud_history_new(ctx, &world, &history));
    REDAN_TRY(fraud_outfile_open(ctx, settings->out, &file));
    add_header(&file.pending);
    for (size_t i = 0; i < world.count; i++) {
        int64_t values[FRAUD_FEATURES];
        fraud_history_next(history, i, values);
        add_row(&file.pending, &world.txs[i], i, values);
        REDAN_TRY(fraud_outfile_flush(&file));
        kinds[world.txs[i].scenario & 3]++;
    }
    REDAN_TRY(fraud_outfile_close(&file));
    size_t frauds = kinds[1] + kinds[2] + kinds[3];
    printf("%s: %zu transactions, %zu frauds (%.2f %%): %zu by amount, %zu by terminal, "
           "%zu by customer\n",
           settings->out, world.count, frauds, 100 * (double)frauds / (double)world.count, kinds[1],
           kinds[2], kinds[3]);
    return REDAN_OK;
}

int main(int argc, char **argv)
{
    struct settings settings = {{1, 60, 5000, 10000}, "transactions.csv", NULL};

    return fraud_cli_main(&cli, argc, argv, (size_t)4 << 30, &settings, simulate);
}
