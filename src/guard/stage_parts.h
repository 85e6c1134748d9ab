/* What the stages that keep state per caller share. */
#ifndef REDAN_GUARD_STAGE_PARTS_H
#define REDAN_GUARD_STAGE_PARTS_H

#include "guard/stage.h"

/* The caller's entry, locked. REDAN_E_ABSENT when no caller is established, REDAN_E_IO when its state could not be had in time. */
REDAN_NODISCARD enum redan_status redan_stage_lock(struct redan_asked *asked,
                                                   struct redan_region_entry **entry);
/* Fill asked->p (and asked->encoded), once. Needs a profile. */
REDAN_NODISCARD enum redan_status redan_stage_p(struct redan_asked *asked);
/* A row whose p-value is at most this is out of distribution to the per-caller stages, whatever a rule's alpha is. */
#define REDAN_STAGE_NOVEL 0.01

#endif
