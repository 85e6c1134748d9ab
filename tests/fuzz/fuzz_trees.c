/* LightGBM and CatBoost models from outside. */
#include "format_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_slice bytes = {(const char *)data, size};

    format_round(&redan_format_lightgbm, bytes);
    format_round(&redan_format_catboost, bytes);
    return 0;
}
