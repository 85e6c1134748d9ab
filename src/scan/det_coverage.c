/* What is said when the scanner itself was stopped by a file. */
#include "scan/detector_table.h"

static const char *const maps[] = {"atlas:2026.09/AML.T0076", "cwe:4.18/CWE-693", NULL};

const struct redan_scan_rule redan_scan_worker_died = {
    .card = {"COV902", "the process that read this file died or did not end", REDAN_SEVERITY_HIGH,
             maps, "treat the file as hostile; report it, so that the reader can be mended"},
    .why = "A file that stops its reader may have been made to do so: a scanner that crashes and "
           "says nothing lets it pass. "
           "The process that reads is confined, so that nothing else was touched.",
};
static const struct redan_scan_rule *const rules[] = {&redan_scan_worker_died, NULL};

const struct redan_detector redan_det_coverage = {.name = "coverage", .rules = rules};
