/* State of callers and p-values of rows, as several stages need them. */
#include "guard/stage_parts.h"

enum redan_status redan_stage_lock(struct redan_asked *asked, struct redan_region_entry **entry)
{
    if (asked->caller_key == 0 || !asked->region)
        return redan_fail(asked->ctx, REDAN_E_ABSENT, 0, "no caller is established");
    *entry = redan_region_lock(asked->region, asked->caller_key, asked->time_ms);
    if (!*entry)
        return redan_fail(asked->ctx, REDAN_E_IO, 0,
                          "the state of the caller could not be had in time");
    return REDAN_OK;
}

enum redan_status redan_stage_p(struct redan_asked *asked)
{
    size_t rows = asked->request.rows;

    if (asked->p || rows == 0)
        return REDAN_OK;
    if (!asked->profile)
        return redan_fail(asked->ctx, REDAN_E_ABSENT, 0, "there is no reference profile");
    REDAN_TRY(redan_asked_encode(asked));
    double *p = redan_take_array(asked->ctx, rows, sizeof(*p));
    if (!p)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < rows; i++) {
        const struct redan_request *r = &asked->request;
        size_t from = i * asked->profile->width;
        /* a cell that no distance tells of: a server may still make a number of it */
        p[i] = redan_profile_foreign(asked->profile, r->values + from,
                                     r->texts ? r->texts + from : NULL)
                   ? 0
                   : redan_profile_p(asked->profile,
                                     redan_profile_score(asked->profile, asked->encoded + from));
    }
    asked->p = p;
    return REDAN_OK;
}
