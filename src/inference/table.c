/* The presets. A new wire format is one file and one line here. */
#include "inference/preset.h"

extern const struct redan_preset redan_preset_kserve_v1;
extern const struct redan_preset redan_preset_oip_v2;
extern const struct redan_preset redan_preset_mlflow;
extern const struct redan_preset redan_preset_sagemaker;
extern const struct redan_preset redan_preset_by_pointers;

const struct redan_preset *const redan_presets[] = {
    &redan_preset_kserve_v1, &redan_preset_oip_v2,      &redan_preset_mlflow,
    &redan_preset_sagemaker, &redan_preset_by_pointers, NULL,
};

const struct redan_preset *redan_preset_find(struct redan_slice name)
{
    for (const struct redan_preset *const *preset = redan_presets; *preset; preset++)
        if (redan_slice_is(name, (*preset)->name))
            return *preset;
    return NULL;
}
