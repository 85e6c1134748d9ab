/* The stages of a request: a new one is one file and one line here. */
#include "guard/stage.h"

const struct redan_stage *const redan_stages[] = {
    &redan_stage_schema, &redan_stage_ood,   &redan_stage_budget,
    &redan_stage_caller, &redan_stage_burst, NULL,
};
const struct redan_text_stage *const redan_text_stages[] = {NULL};

const struct redan_stage *redan_stage_named(struct redan_slice name)
{
    for (size_t i = 0; redan_stages[i]; i++) {
        if (redan_slice_is(name, redan_stages[i]->name))
            return redan_stages[i];
    }
    return NULL;
}
