/* The detectors: a new one is one file and one line here. */
#include "scan/detector_table.h"

const struct redan_detector *const redan_detectors[] = {
    &redan_det_coverage,
    &redan_det_format,
    NULL,
};
