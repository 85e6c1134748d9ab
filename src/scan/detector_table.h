/* The detectors, for their table. */
#ifndef REDAN_SCAN_DETECTOR_TABLE_H
#define REDAN_SCAN_DETECTOR_TABLE_H

#include "scan/detector.h"

extern const struct redan_detector redan_det_coverage;
extern const struct redan_detector redan_det_format;
extern const struct redan_detector redan_det_archive;
extern const struct redan_detector redan_det_weights;
extern const struct redan_detector redan_det_keras;
extern const struct redan_detector redan_det_skops;
extern const struct redan_detector redan_det_exec;
extern const struct redan_detector redan_det_rdata;
extern const struct redan_detector redan_det_others;
extern const struct redan_detector redan_det_graph;
extern const struct redan_detector redan_det_graph_onnx;
extern const struct redan_detector redan_det_graph_tf;
extern const struct redan_detector redan_det_template;
extern const struct redan_detector redan_det_config;
extern const struct redan_detector redan_det_secret;
extern const struct redan_detector redan_det_network;
extern const struct redan_detector redan_det_python;
extern const struct redan_detector redan_det_npy;
extern const struct redan_detector redan_det_pickle;
extern const struct redan_detector redan_det_torch;

#endif
