/* The detectors, for their table. */
#ifndef REDAN_SCAN_DETECTOR_TABLE_H
#define REDAN_SCAN_DETECTOR_TABLE_H

#include "scan/detector.h"

#endif
