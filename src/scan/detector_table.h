/* The detectors, for their table. */
#ifndef REDAN_SCAN_DETECTOR_TABLE_H
#define REDAN_SCAN_DETECTOR_TABLE_H

#include "scan/detector.h"

extern const struct redan_detector redan_det_coverage;
extern const struct redan_detector redan_det_format;

#endif
