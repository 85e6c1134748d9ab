/* Where a control of the organisation is inherited: a condition over the profile of a system. */
#ifndef REDAN_RECORD_SCOPE_H
#define REDAN_RECORD_SCOPE_H

#include "codec/problem.h"

/* Words of a profile. */
extern const char *const redan_profile_kinds[]; /* "predictive", "llm", "rag", "agentic", NULL */
extern const char *const redan_profile_flags[]; /* truths: "trains", "hosts_model" ..., NULL */

/* A condition is made of
 *     system.FLAG                          the profile says FLAG: true
 *     'KIND' in system.kind
 *     system.registry == 'TEXT'            also !=
 * joined by `not`, `and`, `or`, in this order of strength, and parentheses up to eight deep. What the profile does not say is false,
 * and its text is empty. A condition that cannot be read is a problem at `at`, with what was found and the fix. */
void redan_scope_lint(struct redan_problems *problems, const struct redan_node *at,
                      struct redan_slice text);
/* Whether a profile meets it. An empty condition is always met, one that cannot be read never. */
bool redan_scope_meets(struct redan_slice text, const struct redan_node *profile);

#endif
