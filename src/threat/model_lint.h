/* The rules of the form that a table of fields cannot say. */
#ifndef REDAN_THREAT_MODEL_LINT_H
#define REDAN_THREAT_MODEL_LINT_H

#include "threat/model.h"

/* Adds problems; also links each threat to its archetype. */
REDAN_NODISCARD enum redan_status redan_threat_model_lint(struct redan_problems *problems,
                                                          const struct redan_catalog *catalog,
                                                          const struct redan_org *org,
                                                          struct redan_threat_model *model);
/* One resolution: the fields of its kind, all of them and no others (model_lint_resolution.c). */
void redan_resolution_lint(struct redan_problems *problems, const struct redan_org *org,
                           const struct redan_threat_model *model,
                           const struct redan_threat *threat);

#endif
