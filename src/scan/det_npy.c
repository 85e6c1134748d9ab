/* Arrays of NumPy whose header and bytes contradict each other. */
#include <string.h>

#include "scan/detector_table.h"

static const char *const maps[] = {"atlas:2026.09/AML.T0076", "cwe:4.18/CWE-130", NULL};

static const struct redan_scan_rule header = {
    .card = {"PKL022", "the header of an array is not what NumPy writes", REDAN_SEVERITY_MEDIUM,
             maps, "write the array again with numpy.save from a source that you trust"},
    .why = "The header is a Python literal of three known entries. Anything else was written by "
           "hand; old versions of NumPy evaluate "
           "it.",
};
static const struct redan_scan_rule size = {
    .card = {"PKL023", "an array has another size than its header says", REDAN_SEVERITY_MEDIUM,
             maps, "fetch the file again, and compare its digest with that of the source"},
    .why = "Type and shape say how many bytes follow. Fewer mean that the file was cut; a "
           "different format after them means "
           "that something was hidden behind the array.",
};
static const struct redan_scan_rule *const rules[] = {&header, &size, NULL};

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    if (fact->kind != REDAN_FACT_DEFECT || strcmp(redan_scan_format_of(scan)->name, "npy") != 0)
        return REDAN_OK;
    struct redan_slice what = redan_slice_of(fact->what);

    if (redan_slice_is(
            what,
            "npy-short")) /* cut short: nothing is hidden, and nothing more was there to read */
        return redan_scan_unread(scan, REDAN_UNREAD_DAMAGED, fact->offset, fact->text);
    bool is_size = redan_slice_is(what, "npy-size") || redan_slice_is(what, "trailing-data");
    return redan_scan_found(scan, is_size ? &size : &header, REDAN_LEVEL_WARN, fact->offset,
                            fact->text, "%s", fact->what);
}

const struct redan_detector redan_det_npy = {.name = "npy", .rules = rules, .fact = fact};
