/* The schema of redan/1 as binder tables. */
#ifndef REDAN_THREAT_MODEL_SHAPE_H
#define REDAN_THREAT_MODEL_SHAPE_H

#include "threat/model.h"

extern const struct redan_bind_shape redan_threat_model_shape;

#endif
