/* Rows unlike what the model was made from: a conformal p-value of each row's distance, at most alpha. The promise is per row: of honest rows like those of the calibration, a share of alpha is rejected; a
 * request of many rows is not corrected for, since each row is an inference of its own. */
#include "guard/stage_parts.h"

enum { UNPROCESSABLE = 422, SHOWN = 64 };

enum redan_status redan_asked_encode(struct redan_asked *asked)
{
    const struct redan_request *request = &asked->request;
    const struct redan_profile *profile = asked->profile;
    size_t count = 0;

    if (asked->encoded)
        return REDAN_OK;
    if (!profile)
        return redan_fail(asked->ctx, REDAN_E_ABSENT, 0, "there is no reference profile");
    if (request->columns != profile->width ||
        !redan_mul_size(request->rows, profile->width, &count))
        return redan_fail(asked->ctx, REDAN_E_SCHEMA, 0, "%zu columns where the profile has %zu",
                          request->columns, profile->width);
    float *encoded = redan_take_array(asked->ctx, count, sizeof(*encoded));
    if (!encoded)
        return REDAN_E_MEMORY;
    for (size_t row = 0; row < request->rows; row++) {
        size_t from = row * profile->width;
        redan_profile_encode(profile, request->values + from,
                             request->texts ? request->texts + from : NULL, encoded + from);
    }
    asked->encoded = encoded;
    return REDAN_OK;
}

static enum redan_status judge(struct redan_asked *asked, const struct redan_policy_rule *rule,
                               struct redan_opinion *opinion)
{
    size_t rows = asked->request.rows;
    size_t strange = 0;
    size_t first = 0;

    REDAN_TRY(redan_stage_p(asked));
    for (size_t i = rows; i-- > 0;) {
        if (asked->p[i] <= rule->alpha) {
            first = i;
            strange++;
        }
    }
    if (strange == 0)
        return REDAN_OK;
    const struct redan_profile *profile = asked->profile;
    size_t column = redan_profile_strangest(profile, asked->encoded + first * profile->width);
    struct redan_slice name = redan_slice_sub(profile->columns[column].name, 0, SHOWN);
    opinion->speaks = true;
    opinion->status = UNPROCESSABLE;
    REDAN_TRY(redan_format(asked->ctx, &opinion->detail,
                           "%zu of %zu rows; row %zu: p %.3g, strangest %.*s", strange, rows, first,
                           asked->p[first], REDAN_FMT(name)));
    return redan_format(asked->ctx, &opinion->reason,
                        "row %zu is unlike anything the model was made for", first);
}

const struct redan_stage redan_stage_ood = {
    .name = "out-of-distribution",
    .title = "rows unlike the reference profile, by a conformal p-value",
    .most = REDAN_ACTION_REFUSE,
    .profile = true,
    .judge = judge,
};
