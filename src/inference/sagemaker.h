/* The two halves of the preset for SageMaker: requests, and the many forms of its answers. */
#ifndef REDAN_INFERENCE_SAGEMAKER_H
#define REDAN_INFERENCE_SAGEMAKER_H

#include "inference/preset.h"

extern const struct redan_preset redan_preset_sagemaker;

/* {"predictions": [...]}, a bare list, JSON lines, or CSV. */
REDAN_NODISCARD enum redan_status redan_sagemaker_response(struct redan_ctx *ctx,
                                                           struct redan_slice body,
                                                           struct redan_response *response);

#endif
