/* A subset of JSON Schema 2020-12 for answers: compiled once, applied to a tape without recursion. docs/guard-answers.md lists the keywords; all others are refused
 * when the policy is opened, so that nothing is promised that is not checked. */
#ifndef REDAN_GUARD_ANSWER_SCHEMA_H
#define REDAN_GUARD_ANSWER_SCHEMA_H

#include "codec/problem.h"
#include "guard/answer_tape.h"

enum {
    REDAN_ANSWER_SCHEMAS = 1024,     /* schemas within one */
    REDAN_ANSWER_SCHEMA_WORDS = 256, /* items of one enum, or names of one required */
};

struct redan_answer_schema;

/* Problems are collected; the status is for memory. A tree of JSON or of YAML. */
REDAN_NODISCARD enum redan_status redan_answer_schema_check(struct redan_problems *problems,
                                                            const struct redan_node *node);
/* In the context's arena; the node must outlive it. REDAN_E_SCHEMA for what the check would complain about. */
REDAN_NODISCARD enum redan_status
redan_answer_schema_compile(struct redan_ctx *ctx, const struct redan_node *node,
                            const struct redan_answer_schema **schema);
/* Whether the text fits; otherwise where it does not (`*at`) and which keyword (static text). */
bool redan_answer_schema_fits(const struct redan_answer_schema *schema, struct redan_tape *tape,
                              uint32_t *at, const char **keyword);

#endif
