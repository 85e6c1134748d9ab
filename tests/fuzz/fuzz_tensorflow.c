/* TensorFlow's graphs from outside, in binary and as text, and what lies beside them. */
#include "format_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_slice bytes = {(const char *)data, size};

    format_round(&redan_format_saved_model, bytes);
    format_round(&redan_format_meta_graph, bytes);
    format_round(&redan_format_tf_graph, bytes);
    format_round(&redan_format_tf_text, bytes);
    format_round(&redan_format_keras_metadata, bytes);
    format_round(&redan_format_tf_fingerprint, bytes);
    return 0;
}
