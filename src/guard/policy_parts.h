/* Inside the policy's reader: what its files share. */
#ifndef REDAN_GUARD_POLICY_PARTS_H
#define REDAN_GUARD_POLICY_PARTS_H

#include "guard/policy.h"

/* How an answer is made coarser, as it is written. */
struct redan_written_shape {
    const struct redan_node *node;
    int answers;
    uint64_t decimals;
    uint64_t top;
    struct redan_slice delay;
};

/* The part "answers", as it is written. */
struct redan_written_answers {
    const struct redan_node *node;
    uint64_t bytes;
    int answers;
    double threshold;
    struct redan_written_score *score;
    uint64_t decimals;
    uint64_t top;
    struct redan_list rules;
};

struct redan_written_request; /* the part "request" */

extern const struct redan_bind_shape redan_policy_request_shape;
extern const struct redan_bind_shape redan_policy_rule_shape;
extern const struct redan_bind_shape redan_policy_answers_shape;

/* A span ("500ms", "2s", "1m", "1h", "1d") between `least` and `most`, or a problem that names `field`; `*ms` is left as it was where there is none. */
void redan_policy_take_span(struct redan_problems *problems, const struct redan_node *at,
                            const char *field, struct redan_slice text, int64_t least, int64_t most,
                            int64_t *ms);
/* A count between bounds; `*value` is left as it was where the field is not there. */
void redan_policy_take_count(struct redan_problems *problems, const struct redan_node *node,
                             const char *field, uint64_t written, uint64_t least, uint64_t most,
                             uint64_t *value);
void redan_policy_take_shape(struct redan_problems *problems,
                             const struct redan_written_shape *written,
                             struct redan_policy_shape *shape);
/* `written` may be NULL. The status is for memory, here and below. */
REDAN_NODISCARD enum redan_status
redan_policy_take_request(struct redan_problems *problems,
                          const struct redan_written_request *written, struct redan_policy *policy);
/* Classes and whether there is a profile are known by then. */
REDAN_NODISCARD enum redan_status redan_policy_take_rules(struct redan_problems *problems,
                                                          const struct redan_node *at,
                                                          const struct redan_list *written,
                                                          struct redan_policy *policy);
/* `written` may be NULL. After the rules: ids are told apart from theirs. */
REDAN_NODISCARD enum redan_status
redan_policy_take_answers(struct redan_problems *problems,
                          const struct redan_written_answers *written, struct redan_policy *policy);

#endif
