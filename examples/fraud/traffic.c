/* Reads the simulator's CSV and keeps the lines of a window of days. */
#include "traffic.h"

#include <string.h>

#include "base/buf.h"
#include "history.h"
#include "lines.h"
#include "world.h"

enum { DAY = 2, TERMINAL = 4, FEATURES = 5 };

/* The fields before `index`, and what follows them. */
static bool skip(struct redan_slice line, size_t index, struct redan_slice *field,
                 struct redan_slice *rest)
{
    for (size_t i = 0; i <= index; i++) {
        if (!redan_slice_cut(line, ',', field, rest))
            return false;
        line = *rest;
    }
    return true;
}

static enum redan_status number(struct fraud_lines *lines, struct redan_slice line, size_t index,
                                uint64_t *value)
{
    struct redan_slice field;
    struct redan_slice rest;

    if (!skip(line, index, &field, &rest) || !redan_slice_u64(field, value) ||
        *value >= FRAUD_PEOPLE_MAX)
        return fraud_lines_refuse(lines, "the day or the terminal is not a number");
    return REDAN_OK;
}

/* The fifteen fields of the features, and the one behind them. */
static enum redan_status features_of(struct fraud_lines *lines, struct redan_slice line,
                                     struct redan_slice *features, bool *fraud)
{
    struct redan_slice field;
    struct redan_slice rest;
    struct redan_slice from;

    if (!skip(line, FEATURES - 1, &field, &from) || !skip(from, FRAUD_FEATURES - 1, &field, &rest))
        return fraud_lines_refuse(lines, "wrong number of columns");
    *features = redan_slice_sub(from, 0, (size_t)(rest.at - from.at) - 1);
    if (strspn(from.at, "0123456789.,") < features->len)
        return fraud_lines_refuse(lines, "a value is not a plain decimal number");
    *fraud = rest.len > 0 && rest.at[0] == '1';
    return REDAN_OK;
}

static enum redan_status take(struct redan_ctx *ctx, struct fraud_lines *lines,
                              const struct fraud_traffic_rules *rules, struct redan_slice line,
                              struct redan_buf *out)
{
    struct fraud_payment payment = {.day = 0};
    uint64_t day = 0;
    uint64_t terminal = 0;

    REDAN_TRY(number(lines, line, DAY, &day));
    if (day < rules->from || day - rules->from >= rules->days)
        return REDAN_OK;
    REDAN_TRY(number(lines, line, TERMINAL, &terminal));
    payment.merchant = (uint32_t)(terminal / rules->group);
    payment.day = (uint32_t)day;
    if (rules->half && payment.merchant % 2 != rules->half - 1)
        return REDAN_OK;
    REDAN_TRY(features_of(lines, line, &payment.features, &payment.fraud));
    REDAN_TRY(redan_copy(ctx, payment.features, &payment.features));
    redan_buf_add(out, &payment, sizeof(payment));
    return REDAN_OK;
}

enum redan_status fraud_traffic_read(struct redan_ctx *ctx, const struct fraud_traffic_rules *rules,
                                     struct fraud_traffic *traffic)
{
    REDAN_DEFER(fraud_lines_done) struct fraud_lines *lines = NULL;
    REDAN_DEFER(redan_buf_done) struct redan_buf kept = {0};
    struct redan_slice line;
    bool more = false;

    redan_buf_init(&kept, ctx, ctx->limits.memory);
    REDAN_TRY(fraud_lines_open(ctx, rules->data, &lines));
    REDAN_TRY(fraud_lines_next(lines, &line, &more));
    if (!more ||
        !redan_slice_starts(line, REDAN_S("transaction_id,time,day,customer_id,terminal_id,")))
        return fraud_lines_refuse(lines, "was this file written by fraud-simulate?");
    for (;;) {
        REDAN_TRY(fraud_lines_next(lines, &line, &more));
        if (!more)
            break;
        REDAN_TRY(take(ctx, lines, rules, line, &kept));
    }
    REDAN_TRY(redan_buf_ok(ctx, &kept, "the payments"));
    traffic->count = kept.len / sizeof(struct fraud_payment);
    if (traffic->count == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "%s has no payment on these days", rules->data);
    traffic->payments = redan_take(ctx, kept.len);
    if (!traffic->payments)
        return REDAN_E_MEMORY;
    memcpy(traffic->payments, kept.data, kept.len);
    return REDAN_OK;
}
