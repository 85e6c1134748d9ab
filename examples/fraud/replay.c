/* A strict reader of five whole numbers a line. */
#include "replay.h"

#include "lines.h"

enum { DAY = 86400, FIELDS = 5 };

static enum redan_status parse(struct fraud_lines *lines, struct redan_slice line,
                               const struct fraud_tx *before, struct fraud_tx *tx)
{
    uint64_t values[FIELDS];

    for (size_t i = 0; i < FIELDS; i++) {
        struct redan_slice field;
        struct redan_slice rest;
        bool more = redan_slice_cut(line, ' ', &field, &rest);
        if (more != (i + 1 < FIELDS) || !redan_slice_u64(field, &values[i]))
            return fraud_lines_refuse(lines, "not five whole numbers");
        line = rest;
    }
    if (values[0] >= (uint64_t)FRAUD_DAYS_MAX * DAY || values[1] >= FRAUD_PEOPLE_MAX ||
        values[2] >= FRAUD_PEOPLE_MAX || values[3] > FRAUD_CENTS_MAX || values[4] > 3)
        return fraud_lines_refuse(lines, "a number is out of range");
    if (before && values[0] < before->time)
        return fraud_lines_refuse(lines, "the lines are not in order of time");
    *tx = (struct fraud_tx){
        .time = (uint32_t)values[0],
        .customer = (uint32_t)values[1],
        .terminal = (uint32_t)values[2],
        .cents = (uint32_t)values[3],
        .day = (uint16_t)(values[0] / DAY),
        .fraud = values[4] != 0,
        .scenario = (uint8_t)values[4],
    };
    return REDAN_OK;
}

static enum redan_status read_all(struct fraud_lines *lines, struct redan_buf *out,
                                  struct fraud_world *world)
{
    struct redan_slice line;
    struct fraud_tx tx = {0};
    bool more = true;

    for (bool first = true;; first = false) {
        REDAN_TRY(fraud_lines_next(lines, &line, &more));
        if (!more)
            return REDAN_OK;
        struct fraud_tx before = tx;
        REDAN_TRY(parse(lines, line, first ? NULL : &before, &tx));
        redan_buf_add(out, &tx, sizeof(tx));
        world->customers = tx.customer >= world->customers ? tx.customer + 1 : world->customers;
        world->terminals = tx.terminal >= world->terminals ? tx.terminal + 1 : world->terminals;
    }
}

enum redan_status fraud_replay_read(struct redan_ctx *ctx, const char *path,
                                    struct fraud_world *world)
{
    REDAN_DEFER(redan_buf_done) struct redan_buf read = {0};
    REDAN_DEFER(fraud_lines_done) struct fraud_lines *lines = NULL;
    struct fraud_world made = {0};

    redan_buf_init(&read, ctx, ctx->limits.memory);
    REDAN_TRY(fraud_lines_open(ctx, path, &lines));
    REDAN_TRY(read_all(lines, &read, &made));
    REDAN_TRY(redan_buf_ok(ctx, &read, "the transactions"));
    made.count = read.len / sizeof(struct fraud_tx);
    if (made.count == 0 || made.count >= UINT32_MAX)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "%s: %zu transactions", path, made.count);
    made.txs = redan_take_array(ctx, made.count, sizeof(struct fraud_tx));
    if (!made.txs)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < made.count; i++)
        made.txs[i] = ((const struct fraud_tx *)(const void *)read.data)[i];
    *world = made;
    return REDAN_OK;
}
