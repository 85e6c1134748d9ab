/* One input tensor of an Open Inference Protocol request. */
#ifndef REDAN_INFERENCE_OIP_INPUT_H
#define REDAN_INFERENCE_OIP_INPUT_H

#include "inference/cells.h"
#include "inference/rows.h"

enum { REDAN_OIP_RANK = 2 };

struct redan_oip_input {
    struct redan_slice name;
    struct redan_slice datatype;
    size_t shape[REDAN_OIP_RANK];
    size_t rank;  /* 0: no shape yet */
    size_t start; /* its first cell */
    size_t count;
    size_t nested[REDAN_OIP_RANK]; /* shape of the nested lists; nested[1] is 0 for flat data */
    size_t offset;                 /* of the data */
    bool data;
};

/* Read one member of `inputs`, whose opening brace was read. The cells of all inputs lie one after the other, this one's from
 * input->start on. */
REDAN_NODISCARD enum redan_status redan_oip_input_read(struct redan_json *json,
                                                       struct redan_cells *cells,
                                                       struct redan_oip_input *input);
/* The value of the last key, "parameters" of a request, an input or a requested output: hints to the server. Whatever would change where values
 * come from, how they are meant, or how the answer is written is refused. */
enum redan_oip_place { REDAN_OIP_REQUEST, REDAN_OIP_INPUT, REDAN_OIP_OUTPUT };
REDAN_NODISCARD enum redan_status redan_oip_parameters(struct redan_json *json,
                                                       enum redan_oip_place place);

#endif
