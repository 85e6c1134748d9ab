/* Files of weights: structure that loaders stumble over, bytes that belong to no tensor, data taken from other files. */
#include <string.h>

#include "scan/detector_table.h"

static const char *const maps[] = {"atlas:2026.09/AML.T0076", "cwe:4.18/CWE-131",
                                   "cwe:4.18/CWE-190", NULL};
static const char *const hidden_maps[] = {"atlas:2026.09/AML.T0018.002", "atlas:2026.09/AML.T0074",
                                          "cwe:4.18/CWE-506", NULL};
static const char *const reach_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-73",
                                         "cwe:4.18/CWE-829", NULL};
static const char *const gguf_cves[] = {"CVE-2024-23496", "CVE-2025-49847", "CVE-2025-53630", NULL};
static const char *const hdf5_cves[] = {"CVE-2026-1669", NULL};

static const struct redan_scan_rule safetensors = {
    .card = {"FMT220", "the header of this safetensors file contradicts its data",
             REDAN_SEVERITY_MEDIUM, maps, "do not load it; fetch or save the model again"},
    .why = "Tensors that overlap, leave gaps, lie about their size or come twice are refused by "
           "the reference and read differently by others: "
           "what was checked is not what is loaded.",
};
static const struct redan_scan_rule trailing = {
    .card = {"FMT221", "bytes follow that belong to no tensor", REDAN_SEVERITY_MEDIUM, hidden_maps,
             "find out what they are before the file goes anywhere; save the model again"},
    .why = "A file of weights ends with its last tensor. What is put behind it is carried along "
           "unseen, for another program to pick up.",
};
static const struct redan_scan_rule gguf = {
    .card = {"FMT222", "the structure of this GGUF file is one that loaders have crashed on",
             REDAN_SEVERITY_HIGH, maps,
             "do not load it; fetch it again, and update the program that loads it"},
    .why = "Counts, lengths and dimensions that overflow, point outside the file or onto each "
           "other have led to writes outside memory in llama.cpp and programs built on it "
           "(GHSA-vgg9-87g3-85w8). No converter writes them.",
    .cves = gguf_cves,
};
static const struct redan_scan_rule key = {
    .card = {"FMT223", "a key in this GGUF file is no name", REDAN_SEVERITY_MEDIUM, maps,
             "read the key, and ask who wrote it; convert the model again"},
    .why = "Keys are lower-case words with dots. A path, a command or markup as a key is meant "
           "for the program that shows or stores it.",
};
static const struct redan_scan_rule ggml = {
    .card = {"FMT224", "a GGML file of a version that never was", REDAN_SEVERITY_MEDIUM, maps,
             "do not load it; convert the model to GGUF from its source"},
    .why = "Loaders branch on the version before they read anything else. The versions were 1, 2 "
           "and 3; another number is an accident or a probe.",
};
static const struct redan_scan_rule hdf5 = {
    .card = {"FMT225", "the structure of this HDF5 file is one that loaders stumble over",
             REDAN_SEVERITY_HIGH, maps, "do not load it; fetch or save the model again"},
    .why = "Parts that lead back to themselves or sizes that overflow hang or crash readers; the "
           "HDF5 library does not write them.",
};
static const struct redan_scan_rule outside = {
    .card = {"FMT226", "loading reads data from another file", REDAN_SEVERITY_HIGH, reach_maps,
             "do not load it where others' files can be read; copy the data into the model"},
    .why = "External links, external storage and virtual data sets of HDF5 make the loader open a "
           "path that the file's author chose. The content becomes weights, "
           "which can be read back out of the model.",
    .cves = hdf5_cves,
};
static const struct redan_scan_rule *const rules[] = {&safetensors, &trailing, &gguf,    &key,
                                                      &ggml,        &hdf5,     &outside, NULL};

static bool is(const struct redan_format *format, const char *name)
{
    return format && strcmp(format->name, name) == 0;
}

static const struct redan_scan_rule *rule_of(const struct redan_format *format, const char *what)
{
    if (strcmp(what, "safetensors-trailing") == 0 || strcmp(what, "trailing-data") == 0)
        return &trailing;
    if (strcmp(what, "gguf-key") == 0)
        return &key;
    return is(format, "safetensors") ? &safetensors
           : is(format, "gguf")      ? &gguf
           : is(format, "ggml")      ? &ggml
                                     : &hdf5;
}

static enum redan_status defect(struct redan_scan *scan, const struct redan_fact *f)
{
    const struct redan_format *format = redan_scan_format_of(scan);

    if (!is(format, "safetensors") && !is(format, "gguf") && !is(format, "ggml") &&
        !is(format, "hdf5"))
        return REDAN_OK;
    return redan_scan_found(scan, rule_of(format, f->what), REDAN_LEVEL_WARN, f->offset, f->text,
                            "%s: %.*s", f->what, (int)redan_min_size(f->text.len, 200), f->text.at);
}

static enum redan_status link(struct redan_scan *scan, const struct redan_fact *f)
{
    if (strcmp(f->what, "hdf5-external") != 0 && strcmp(f->what, "hdf5-external-data") != 0 &&
        strcmp(f->what, "hdf5-virtual") != 0)
        return REDAN_OK;
    return redan_scan_found(scan, &outside, REDAN_LEVEL_WARN, f->offset, f->text,
                            "%.*s is taken from %.*s", (int)redan_min_size(f->name.len, 100),
                            f->name.at, (int)redan_min_size(f->text.len, 200), f->text.at);
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *f)
{
    if (f->kind == REDAN_FACT_DEFECT)
        return defect(scan, f);
    if (f->kind == REDAN_FACT_LINK)
        return link(scan, f);
    return REDAN_OK;
}

const struct redan_detector redan_det_weights = {.name = "weights", .rules = rules, .fact = fact};
