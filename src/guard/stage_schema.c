/* Types, ranges and categories of the reference profile, cell by cell. Grids and invariants are not judged here: honest rows that training did not show would be refused; they are evidence about a caller
 * (stage_caller.c). */
#include "guard/stage.h"

enum { UNPROCESSABLE = 422, SHOWN = 64 };

static struct redan_slice cut(struct redan_slice text)
{
    return redan_slice_sub(text, 0, SHOWN);
}

/* What belongs there, so that the caller can mend it. */
static enum redan_status say(struct redan_asked *asked, size_t row, size_t column,
                             enum redan_row_fault fault, struct redan_slice *reason)
{
    const struct redan_column *c = &asked->profile->columns[column];
    struct redan_ctx *ctx = asked->ctx;
    struct redan_slice name = cut(c->name);
    double value = asked->request.values[row * asked->request.columns + column];

    switch (fault) {
    case REDAN_FAULT_TYPE:
        return redan_format(ctx, reason, "row %zu: %.*s takes %s", row, REDAN_FMT(name),
                            c->kind == REDAN_COLUMN_CATEGORY ? "a text" : "a number");
    case REDAN_FAULT_MISSING:
        return redan_format(ctx, reason, "row %zu: %.*s is missing", row, REDAN_FMT(name));
    case REDAN_FAULT_RANGE:
        return redan_format(ctx, reason, "row %zu: %.*s is %.17g; it lies between %.17g and %.17g",
                            row, REDAN_FMT(name), value, c->low, c->high);
    case REDAN_FAULT_WHOLE:
        return redan_format(ctx, reason, "row %zu: %.*s is %.17g; it takes whole numbers", row,
                            REDAN_FMT(name), value);
    case REDAN_FAULT_CATEGORY:
        return redan_format(ctx, reason, "row %zu: %.*s is none of its %zu known values", row,
                            REDAN_FMT(name), c->category_count);
    case REDAN_FAULT_NONE:
    case REDAN_FAULT_GRID:
    case REDAN_FAULT_INVARIANT:
        break;
    }
    return REDAN_OK;
}

static enum redan_status judge(struct redan_asked *asked,
                               const struct redan_policy_rule *rule REDAN_UNUSED,
                               struct redan_opinion *opinion)
{
    const struct redan_request *request = &asked->request;

    if (request->columns != asked->profile->width)
        return redan_fail(asked->ctx, REDAN_E_SCHEMA, 0, "%zu columns where the profile has %zu",
                          request->columns, asked->profile->width);
    for (size_t row = 0; row < request->rows; row++) {
        size_t from = row * request->columns;
        size_t column = 0;
        size_t which = 0;
        enum redan_row_fault fault =
            redan_profile_fault(asked->profile, request->values + from,
                                request->texts ? request->texts + from : NULL, &column, &which);
        if (fault == REDAN_FAULT_NONE || fault >= REDAN_FAULT_GRID)
            continue;
        opinion->speaks = true;
        opinion->status = UNPROCESSABLE;
        REDAN_TRY(say(asked, row, column, fault, &opinion->reason));
        opinion->detail = opinion->reason;
        break;
    }
    return REDAN_OK;
}

const struct redan_stage redan_stage_schema = {
    .name = "schema",
    .title = "types, ranges, whole numbers and categories of the reference profile",
    .most = REDAN_ACTION_REFUSE,
    .profile = true,
    .judge = judge,
};
