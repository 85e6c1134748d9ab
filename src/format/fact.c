/* Shorthands with which readers tell their facts. */
#include "format/fact.h"

enum redan_status redan_tell(const struct redan_listener *to, const struct redan_fact *fact)
{
    return to->tell(to->arg, fact);
}

enum redan_status redan_tell_defect(const struct redan_listener *to, const char *what,
                                    uint64_t offset, struct redan_slice detail)
{
    return redan_tell(
        to, &(struct redan_fact){
                .kind = REDAN_FACT_DEFECT, .what = what, .offset = offset, .text = detail});
}

enum redan_status redan_tell_unread(const struct redan_listener *to, const char *what,
                                    uint64_t offset, uint64_t bytes, struct redan_slice detail)
{
    return redan_tell(to, &(struct redan_fact){.kind = REDAN_FACT_UNREAD,
                                               .what = what,
                                               .offset = offset,
                                               .number = bytes,
                                               .text = detail});
}
