/* The detectors: a new one is one file and one line here. */
#include "scan/detector_table.h"

const struct redan_detector *const redan_detectors[] = {
    &redan_det_coverage, &redan_det_format,     &redan_det_archive,
    &redan_det_weights,  &redan_det_keras,      &redan_det_skops,
    &redan_det_exec,     &redan_det_rdata,      &redan_det_others,
    &redan_det_graph,    &redan_det_graph_onnx, &redan_det_graph_tf,
    &redan_det_template, &redan_det_config,     &redan_det_secret,
    &redan_det_network,  &redan_det_python,     &redan_det_npy,
    &redan_det_pickle,   &redan_det_torch,      NULL,
};
