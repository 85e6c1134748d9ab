/* One input tensor of an Open Inference Protocol request. */
#ifndef REDAN_INFERENCE_OIP_INPUT_H
#define REDAN_INFERENCE_OIP_INPUT_H

#include "inference/rows.h"

enum { REDAN_OIP_RANK = 2 };

struct redan_oip_input {
    struct redan_slice name;
    struct redan_slice datatype;
    size_t shape[REDAN_OIP_RANK];
    size_t rank; /* 0: no shape yet */
    double *values;
    size_t count;
    size_t nested[REDAN_OIP_RANK]; /* shape of the nested lists; nested[1] is 0 for flat data */
    size_t offset;                 /* of the data */
    bool data;
};

/* Read one member of `inputs`, whose opening brace was read. The numbers of all inputs go one after the other into
 * `values`, which has room for `room`. */
REDAN_NODISCARD enum redan_status redan_oip_input_read(struct redan_json *json, double *values,
                                                       size_t room, struct redan_oip_input *input);

#endif
