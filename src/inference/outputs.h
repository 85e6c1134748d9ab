/* Gathers what an answer holds, whatever its format: names, kinds, values and how exactly they are spelled. */
#ifndef REDAN_INFERENCE_OUTPUTS_H
#define REDAN_INFERENCE_OUTPUTS_H

#include "codec/node.h"
#include "inference/preset.h"

enum { REDAN_OUTPUTS_MAX = 64 };

struct redan_outputs {
    struct redan_ctx *ctx;
    struct redan_output *list; /* REDAN_OUTPUTS_MAX of them */
    struct redan_slice *others;
    struct redan_response response;
    bool found; /* an answer, though perhaps an empty one */
};

/* Parse the body, which must be an object; takes `error` from it and looks for scores in all but `meta` (ends with NULL). */
REDAN_NODISCARD enum redan_status redan_outputs_begin(struct redan_outputs *outputs,
                                                      struct redan_slice body,
                                                      const char *const *meta,
                                                      const struct redan_node **root);
/* The same of a body that was read already. */
REDAN_NODISCARD enum redan_status redan_outputs_take(struct redan_outputs *outputs,
                                                     const struct redan_node *root,
                                                     const char *const *meta);
/* The list of one prediction per row: scalars, lists of scalars, or objects of scalars. */
REDAN_NODISCARD enum redan_status redan_outputs_predictions(struct redan_outputs *outputs,
                                                            const struct redan_node *list);
/* The same, or an object from output name to such a list, as the columnar form has it. */
REDAN_NODISCARD enum redan_status redan_outputs_either(struct redan_outputs *outputs,
                                                       const struct redan_node *node);
/* One output from the scalars of `list`, lists inside it flattened, for `rows` rows. */
REDAN_NODISCARD enum redan_status redan_outputs_tensor(struct redan_outputs *outputs,
                                                       const struct redan_node *list, size_t rows,
                                                       struct redan_output *output);
REDAN_NODISCARD enum redan_status redan_outputs_add(struct redan_outputs *outputs,
                                                    const struct redan_output *output);
/* A member that the format does not know. */
REDAN_NODISCARD enum redan_status redan_outputs_other(struct redan_outputs *outputs,
                                                      struct redan_slice name);
/* The result; REDAN_E_SCHEMA when there was neither `member` nor an error. */
REDAN_NODISCARD enum redan_status redan_outputs_end(struct redan_outputs *outputs,
                                                    const char *member,
                                                    struct redan_response *response);

#endif
