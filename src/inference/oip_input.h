/* One input tensor of an Open Inference Protocol request. */
#ifndef REDAN_INFERENCE_OIP_INPUT_H
#define REDAN_INFERENCE_OIP_INPUT_H

#include "inference/cells.h"
#include "inference/rows.h"

enum { REDAN_OIP_RANK = 2 };

struct redan_oip_datatype; /* oip_input.c */

struct redan_oip_input {
    struct redan_slice name;
    struct redan_slice datatype;
    const struct redan_oip_datatype *type; /* when it is whole */
    size_t shape[REDAN_OIP_RANK];
    size_t rank;  /* 0: no shape yet */
    size_t start; /* its first cell */
    size_t count;
    size_t nested[REDAN_OIP_RANK]; /* shape of the nested lists; nested[1] is 0 for flat data */
    size_t offset;                 /* of the data */
    bool data;
    size_t from, end; /* its braces in the text */
    size_t name_at;   /* the name in the text, where it stands there as it is; 0: it does not */
    size_t data_end;  /* of the data's bracket */
    size_t taken;     /* values of JSON */
};

/* Read one member of `inputs`, whose opening brace was read. The cells of all inputs lie one after the other, this one's from
 * input->start on. */
REDAN_NODISCARD enum redan_status redan_oip_input_read(struct redan_json *json,
                                                       struct redan_cells *cells,
                                                       struct redan_oip_input *input);
/* How the next input is spelled when it is like this one; false when none can be. `text` is what both are read from. */
bool redan_oip_input_like(const struct redan_oip_input *input, struct redan_slice text,
                          struct redan_json_like *like);
/* The same as redan_oip_input_read for an input that is like `other` and not begun yet. `*read` says whether it was; if not, nothing is read. */
REDAN_NODISCARD enum redan_status redan_oip_input_same(struct redan_json *json,
                                                       struct redan_cells *cells,
                                                       const struct redan_json_like *like,
                                                       const struct redan_oip_input *other,
                                                       struct redan_oip_input *input, bool *read);
/* The value of the last key, "parameters" of a request, an input or a requested output: hints to the server. Whatever would change where values
 * come from, how they are meant, or how the answer is written is refused. */
enum redan_oip_place { REDAN_OIP_REQUEST, REDAN_OIP_INPUT, REDAN_OIP_OUTPUT };
REDAN_NODISCARD enum redan_status redan_oip_parameters(struct redan_json *json,
                                                       enum redan_oip_place place);

#endif
