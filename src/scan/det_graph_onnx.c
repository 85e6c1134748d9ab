/* ONNX: operators that run Python or need a native library, data outside of the model, tensors that lie about themselves. */
#include <string.h>

#include "format/format_table.h"
#include "scan/detector_table.h"
#include "scan/graph.h"

static const char *const code_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-94", NULL};
static const char *const native_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-829", NULL};
static const char *const path_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-22", NULL};
static const char *const key_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-915", NULL};
static const char *const lies_maps[] = {"atlas:2026.09/AML.T0076", "cwe:4.18/CWE-131", NULL};
static const char *const path_cves[] = {"CVE-2022-25882", "CVE-2024-27318", "CVE-2025-51480",
                                        "CVE-2026-34447", NULL};
static const char *const key_cves[] = {"CVE-2026-34445", NULL};

static const struct redan_scan_rule python = {
    {"ONX340", "an operator runs Python code", REDAN_SEVERITY_CRITICAL, code_maps,
     "do not load it; have the model exported again without this operator"},
    "The runtime calls a Python function that the node names, with the rights of the process. "
    "What it does is not in the model.",
    NULL};
static const struct redan_scan_rule custom = {
    {"ONX341", "an operator of a custom domain needs a native library", REDAN_SEVERITY_MEDIUM,
     native_maps,
     "ask which library it comes from, and load that only from a source that you trust"},
    "The model can only run after a native library was registered that brings the operator; that "
    "library runs with all rights of the process.",
    NULL};
static const struct redan_scan_rule outside = {
    {"ONX342", "data of the model lies outside of its folder", REDAN_SEVERITY_HIGH, path_maps,
     "do not load or save it; have it exported again with its data beside it"},
    "Loading reads whatever file the path names into a tensor, and saving writes over it. "
    "Runtimes refused such paths only late, and not all of them do.",
    path_cves};
static const struct redan_scan_rule key = {
    {"ONX343", "external data with a key that the format does not have", REDAN_SEVERITY_HIGH,
     key_maps, "do not load it; have it exported again"},
    "A loader once set whatever attribute the key named: checks were switched off, or memory "
    "exhausted, by a model file.",
    key_cves};
static const struct redan_scan_rule lies = {
    {"ONX344", "a tensor's shape does not fit its bytes", REDAN_SEVERITY_HIGH, lies_maps,
     "do not load it; have it exported again"},
    "Exporters do not write such tensors. Runtimes that trust the shape read or write memory that "
    "is not the tensor's.",
    NULL};
static const struct redan_scan_rule *const rules[] = {&python, &custom, &outside,
                                                      &key,    &lies,   NULL};

enum { CACHE = 64 };

struct onnx_state {
    struct redan_graph_names *names;
    uint64_t seen[CACHE]; /* hashes of operators that were looked at */
};

/* Domains of the standard, of the usual runtimes and of their exporters. */
static bool is_usual(struct redan_slice domain)
{
    static const char *const domains[] = {"",
                                          "ai.onnx",
                                          "ai.onnx.ml",
                                          "ai.onnx.training",
                                          "ai.onnx.contrib",
                                          "ai.onnx.experimental",
                                          "ai.onnx.converters.sklearn",
                                          "com.microsoft",
                                          "com.ms.internal.nhwc",
                                          "com.ms",
                                          "org.pytorch.aten",
                                          "org.pytorch.prim",
                                          "org.pytorch._caffe2",
                                          "com.facebook",
                                          "trt.plugins",
                                          "TRT",
                                          "trt",
                                          "com.intel.ai",
                                          "com.xilinx",
                                          "com.vai.quantize",
                                          "com.amd.quark",
                                          "com.qti.aisw",
                                          "qonnx.custom_op.general",
                                          "onnx.brevitas",
                                          NULL};
    static const char *const families[] = {"com.microsoft.", "com.ms.internal.", "ai.onnx.preview"};

    for (size_t i = 0; i < REDAN_COUNT(families); i++) {
        if (redan_slice_starts(domain, redan_slice_of(families[i])))
            return true;
    }
    return redan_slice_among(domains, domain);
}

static bool is_python(struct redan_slice op)
{
    static const char *const ops[] = {"PyOp",   "PythonOp",   "PythonOpGrad",   "PyCustomOp",
                                      "PyFunc", "PyFunction", "PythonFunction", NULL};

    return redan_slice_among(ops, op);
}

static enum redan_status on_operator(struct redan_scan *scan, struct onnx_state *state,
                                     const struct redan_fact *fact)
{
    uint64_t hash = redan_graph_hash(scan, fact->module, fact->name);
    uint64_t *slot = &state->seen[hash / 2 % CACHE];

    if (*slot == hash)
        return REDAN_OK;
    *slot = hash;
    if (is_python(fact->name))
        return redan_scan_found(scan, &python, REDAN_LEVEL_FAIL, fact->offset, fact->name,
                                "operator %.*s of domain \"%.*s\" in node \"%.*s\"",
                                REDAN_FMT(fact->name), REDAN_FMT(fact->module),
                                REDAN_FMT(fact->text));
    if (is_usual(fact->module))
        return REDAN_OK;
    return redan_graph_uses(scan, &state->names, fact, hash);
}

static enum redan_status on_link(struct redan_scan *scan, const struct redan_fact *fact)
{
    enum redan_graph_path where = redan_graph_path(fact->text);
    enum redan_level level = REDAN_LEVEL_WARN;

    if (where == REDAN_GRAPH_INSIDE)
        return REDAN_OK;
    /* an absolute path may be carelessness; climbing out of folders, or where keys lie, is none */
    bool climbs = where == REDAN_GRAPH_OUTSIDE && redan_slice_starts(fact->text, REDAN_S(".."));
    if (where == REDAN_GRAPH_SENSITIVE || climbs)
        level = REDAN_LEVEL_FAIL;
    return redan_scan_found(scan, &outside, level, fact->offset, fact->text,
                            "tensor \"%.*s\" is read from %.*s",
                            REDAN_FMT(redan_slice_sub(fact->name, 0, 100)),
                            REDAN_FMT(redan_slice_sub(fact->text, 0, 200)));
}

static enum redan_status on_defect(struct redan_scan *scan, const struct redan_fact *fact)
{
    if (strcmp(fact->what, "external-key") == 0)
        return redan_scan_found(scan, &key, REDAN_LEVEL_WARN, fact->offset, fact->text,
                                "the key \"%.*s\"", REDAN_FMT(fact->text));
    if (strcmp(fact->what, "tensor-size") == 0 || strcmp(fact->what, "tensor-shape") == 0)
        return redan_scan_found(scan, &lies, REDAN_LEVEL_WARN, fact->offset, fact->text,
                                "tensor \"%.*s\"", REDAN_FMT(fact->text));
    return REDAN_OK;
}

static bool reading(struct redan_scan *scan)
{
    const struct redan_format *format = redan_scan_format_of(scan);

    return format == &redan_format_onnx || format == &redan_format_ort;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    if (fact->kind != REDAN_FACT_OPERATOR && fact->kind != REDAN_FACT_LINK &&
        fact->kind != REDAN_FACT_DEFECT)
        return REDAN_OK;
    if (!reading(scan))
        return REDAN_OK;
    if (fact->kind == REDAN_FACT_LINK)
        return on_link(scan, fact);
    if (fact->kind == REDAN_FACT_DEFECT)
        return on_defect(scan, fact);
    struct onnx_state *state = redan_scan_state(scan, &redan_det_graph_onnx);
    if (strcmp(fact->what, "onnx-function") == 0)
        return redan_graph_defines(scan, &state->names,
                                   redan_graph_hash(scan, fact->module, fact->name));
    return on_operator(scan, state, fact);
}

static enum redan_status end(struct redan_scan *scan)
{
    const struct onnx_state *state = redan_scan_state(scan, &redan_det_graph_onnx);

    return redan_graph_settle(scan, state->names, &custom);
}

const struct redan_detector redan_det_graph_onnx = {.name = "graph-onnx",
                                                    .rules = rules,
                                                    .fact = fact,
                                                    .end = end,
                                                    .state = sizeof(struct onnx_state)};
