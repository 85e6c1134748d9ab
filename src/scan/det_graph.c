/* Core ML, OpenVINO, PMML and other XML, MXNet, Paddle, Caffe, ExecuTorch: what loading or running them brings in from outside. */
#include <string.h>

#include "format/format_table.h"
#include "scan/detector_table.h"
#include "scan/graph.h"

static const char *const code_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-94", NULL};
static const char *const class_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-470", NULL};
static const char *const native_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-829", NULL};
static const char *const path_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-22", NULL};
static const char *const entity_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-611", NULL};
static const char *const bomb_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-776", NULL};
static const char *const lies_maps[] = {"atlas:2026.09/AML.T0076", "cwe:4.18/CWE-129", NULL};
static const char *const regex_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-1333", NULL};
static const char *const regex_cves[] = {"CVE-2022-24294", NULL};
static const char *const executorch_cves[] = {"CVE-2025-30402", "CVE-2025-54949", "CVE-2025-54951",
                                              NULL};

#define ASK "ask where the code comes from, and load it only from a source that you trust"

static const struct redan_scan_rule custom = {
    {"GRA380", "a class of the application runs inside the Core ML model", REDAN_SEVERITY_MEDIUM,
     class_maps, ASK},
    "The model names a class, and whatever class of the application has that name is run with the "
    "parameters of the model.",
    NULL};
static const struct redan_scan_rule linked = {
    {"GRA381", "the model leads to a file outside of it", REDAN_SEVERITY_HIGH, path_maps,
     "do not load it; have it exported again with all its parts in one folder"},
    "Loading opens a file that is no part of what was checked.",
    NULL};
static const struct redan_scan_rule entity = {
    {"GRA382", "the XML document loads something from outside", REDAN_SEVERITY_CRITICAL,
     entity_maps, "do not parse it; no model format needs external entities"},
    "A parser that follows it reads a file of the machine into the document, or asks another "
    "machine for it.",
    NULL};
static const struct redan_scan_rule bomb = {
    {"GRA383", "the XML document multiplies itself", REDAN_SEVERITY_HIGH, bomb_maps,
     "do not parse it; no model format needs entities"},
    "Entities made of entities grow to gigabytes when they are written out, which stops the "
    "machine that loads the model.",
    NULL};
static const struct redan_scan_rule script = {
    {"GRA384", "a script is in the XML document", REDAN_SEVERITY_HIGH, code_maps,
     "do not open it in anything that runs scripts; a model has none"},
    "Viewers and transformations run it. Model formats have no element for scripts.",
    NULL};
static const struct redan_scan_rule include = {
    {"GRA385", "the XML document includes or is styled by another", REDAN_SEVERITY_MEDIUM,
     entity_maps, "find out what it includes, and why"},
    "What it includes is no part of what was checked, and a style sheet is a program.",
    NULL};
static const struct redan_scan_rule function = {
    {"GRA386", "a PMML function is the name of a class", REDAN_SEVERITY_HIGH, class_maps, ASK},
    "Evaluators look such a function up as a class of the process and run it.",
    NULL};
static const struct redan_scan_rule extension = {
    {"GRA387", "an OpenVINO layer needs a native extension", REDAN_SEVERITY_MEDIUM, native_maps,
     ASK},
    "The model can only be read after a native library was loaded that brings the layer; that "
    "library runs with all rights of the process.",
    NULL};
static const struct redan_scan_rule mxnet = {
    {"GRA388", "an MXNet operator is Python code or a pointer", REDAN_SEVERITY_HIGH, code_maps,
     ASK},
    "The operator is looked up among those that Python code registered, or its address is taken "
    "from the file.",
    NULL};
static const struct redan_scan_rule regex = {
    {"GRA389", "the name of an MXNet operator is made to stop its reader", REDAN_SEVERITY_MEDIUM,
     regex_maps, "do not load it"},
    "MXNet matches the names of operators with an expression that takes forever on such a name.",
    regex_cves};
static const struct redan_scan_rule paddle_python = {
    {"GRA390", "the Paddle program calls back into Python", REDAN_SEVERITY_CRITICAL, code_maps,
     "do not load it; have the model exported again without this operator"},
    "The operator runs a function of the Python process that evaluates the program.",
    NULL};
static const struct redan_scan_rule paddle_files = {
    {"GRA391", "the Paddle program touches files or other machines", REDAN_SEVERITY_HIGH, path_maps,
     "have it exported again for inference"},
    "Saving, loading and sending belong to training. In a program for inference they read or "
    "write files whenever it runs.",
    NULL};
static const struct redan_scan_rule caffe = {
    {"GRA392", "a Caffe layer is a Python module", REDAN_SEVERITY_HIGH, class_maps, ASK},
    "Loading the network imports the module that the layer names, and makes an object of its "
    "class.",
    NULL};
static const struct redan_scan_rule lies = {
    {"GRA393", "the program points outside of itself", REDAN_SEVERITY_HIGH, lies_maps,
     "do not load it; have it exported again"},
    "Runtimes follow places and sizes of the file, and not all of them check.",
    executorch_cves};
static const struct redan_scan_rule *const rules[] = {
    &custom, &linked, &entity,        &bomb,         &script, &include, &function, &extension,
    &mxnet,  &regex,  &paddle_python, &paddle_files, &caffe,  &lies,    NULL};

/* OpenVINO's own sets, and the tokenizers that are converted to it. */
static bool is_openvino(const struct redan_fact *fact)
{
    static const char *const types[] = {"StringTensorPack",
                                        "StringTensorUnpack",
                                        "RaggedTensorPack",
                                        "RaggedToDense",
                                        "RaggedToRagged",
                                        "RaggedToSparse",
                                        "RegexNormalization",
                                        "RegexSplit",
                                        "SpecialTokensSplit",
                                        "BytesToChars",
                                        "CharsToBytes",
                                        "BPETokenizer",
                                        "WordpieceTokenizer",
                                        "UnigramTokenizer",
                                        "TrieTokenizer",
                                        "SentencepieceTokenizer",
                                        "SentencepieceDetokenizer",
                                        "SentencepieceStreamDetokenizer",
                                        "CombineSegments",
                                        "VocabEncoder",
                                        "VocabDecoder",
                                        "FuzeRagged",
                                        "ByteFallback",
                                        "UTF8Validate",
                                        "NormalizeUnicode",
                                        "CaseFold",
                                        "CharsMapNormalization",
                                        "Truncate",
                                        "EqualStr",
                                        "StringToHashBucket",
                                        NULL};
    static const char *const sets[] = {
        "", "experimental", "ie_internal_opset", "util", "gpu_opset", "SnippetsOpset", NULL};

    return redan_slice_starts(fact->module, REDAN_S("opset")) ||
           redan_slice_among(sets, fact->module) || redan_slice_among(types, fact->name);
}

static enum redan_status on_operator(struct redan_scan *scan, const struct redan_fact *fact)
{
    static const char *const python[] = {"py_func", "py_layer", "pylayer", "run_python", NULL};
    static const char *const files[] = {"save",
                                        "save_combine",
                                        "load",
                                        "load_combine",
                                        "listen_and_serv",
                                        "send",
                                        "recv",
                                        "fetch_barrier",
                                        "send_barrier",
                                        "checkpoint_notify",
                                        "distributed_lookup_table",
                                        "create_custom_reader",
                                        NULL};
    const struct redan_scan_rule *rule = NULL;
    enum redan_level level = REDAN_LEVEL_WARN;

    if (strcmp(fact->what, "openvino") == 0 && !is_openvino(fact))
        rule = &extension;
    if (strcmp(fact->what, "paddle") == 0 && redan_slice_among(files, fact->name))
        rule = &paddle_files;
    if (strcmp(fact->what, "paddle") == 0 && redan_slice_among(python, fact->name)) {
        rule = &paddle_python;
        level = REDAN_LEVEL_FAIL;
    }
    if (!rule)
        return REDAN_OK;
    return redan_scan_found(scan, rule, level, fact->offset, fact->name, "operator %.*s",
                            REDAN_FMT(redan_slice_sub(fact->name, 0, 100)));
}

static enum redan_status on_class(struct redan_scan *scan, const struct redan_fact *fact)
{
    const struct redan_scan_rule *rule = NULL;
    struct redan_slice head;
    struct redan_slice tail;

    if (strcmp(fact->what, "coreml-custom-layer") == 0 ||
        strcmp(fact->what, "coreml-custom-model") == 0)
        rule = &custom;
    if (strcmp(fact->what, "caffe-python-layer") == 0)
        rule = &caffe;
    if (strcmp(fact->what, "pmml-function") == 0 && redan_slice_cut(fact->name, '.', &head, &tail))
        rule = &function;
    if (!rule)
        return REDAN_OK;
    return redan_scan_found(scan, rule, REDAN_LEVEL_WARN, fact->offset, fact->name, "%.*s%s%.*s",
                            REDAN_FMT(redan_slice_sub(fact->module, 0, 100)),
                            fact->module.len ? "." : "",
                            REDAN_FMT(redan_slice_sub(fact->name, 0, 100)));
}

/* Document types that honest programs write, by where they say that these are defined. */
static bool is_public(struct redan_slice where)
{
    static const char *const makers[] = {"http://www.apple.com/DTDs/",
                                         "https://www.apple.com/DTDs/", "http://www.w3.org/",
                                         "https://www.w3.org/"};

    for (size_t i = 0; i < REDAN_COUNT(makers); i++) {
        if (redan_slice_starts(where, redan_slice_of(makers[i])))
            return true;
    }
    return false;
}

/* In a model every link is strange; in other documents those that leave their folder while it is parsed. */
static const struct redan_scan_rule *
on_xml_link(const struct redan_fact *fact, enum redan_graph_path where, enum redan_level *level)
{
    static const char *const roots[] = {"PMML", "pmml", "net", NULL};
    bool model = redan_slice_among(roots, fact->module);
    bool leaves = where != REDAN_GRAPH_INSIDE;

    *level = REDAN_LEVEL_WARN;
    if (strcmp(fact->what, "xml-entity") == 0 && (model || leaves)) {
        *level = REDAN_LEVEL_FAIL;
        return &entity;
    }
    if (strcmp(fact->what, "xml-doctype") == 0 && model && !is_public(fact->text))
        return &entity;
    if (strcmp(fact->what, "xml-include") == 0 && (model || leaves))
        return &include;
    if (strcmp(fact->what, "xml-stylesheet") == 0 && model)
        return &include;
    return NULL;
}

static enum redan_status on_link(struct redan_scan *scan, const struct redan_fact *fact)
{
    enum redan_graph_path where = redan_graph_path(fact->text);
    const struct redan_scan_rule *rule = NULL;
    enum redan_level level = REDAN_LEVEL_WARN;

    if (strcmp(fact->what, "coreml-linked-model") == 0 ||
        strcmp(fact->what, "coreml-weights") == 0) {
        if (where == REDAN_GRAPH_INSIDE)
            return REDAN_OK;
        rule = &linked;
        if (where == REDAN_GRAPH_SENSITIVE)
            level = REDAN_LEVEL_FAIL;
    }
    if (strncmp(fact->what, "xml-", 4) == 0)
        rule = on_xml_link(fact, where, &level);
    if (!rule)
        return REDAN_OK;
    return redan_scan_found(scan, rule, level, fact->offset, fact->text, "%.*s",
                            REDAN_FMT(redan_slice_sub(fact->text, 0, 200)));
}

static enum redan_status on_defect(struct redan_scan *scan, const struct redan_fact *fact,
                                   const char *format)
{
    static const char *const flat[] = {"executorch", "torch-mobile", NULL};
    static const char *const told[] = {"index", "bounds", "shared", NULL};

    if (strcmp(fact->what, "entity-nested") == 0)
        return redan_scan_found(scan, &bomb, REDAN_LEVEL_WARN, fact->offset, fact->text,
                                "the entity %.*s is made of others", REDAN_FMT(fact->text));
    if (redan_slice_among(flat, redan_slice_of(format)) &&
        redan_slice_among(told, redan_slice_of(fact->what)))
        return redan_scan_found(scan, &lies, REDAN_LEVEL_WARN, fact->offset,
                                redan_slice_of(fact->what), "%s: %.*s", fact->what,
                                REDAN_FMT(fact->text));
    return REDAN_OK;
}

/* A node of an MXNet symbol: {"op", "name", "inputs"} in "nodes". */
static enum redan_status on_object(struct redan_scan *scan, const struct redan_object *object)
{
    static const char *const outside[] = {"Custom",  "_Custom",  "_CustomFunction",
                                          "_Native", "_NDArray", NULL};
    const struct redan_entry *op = redan_object_get(object, "op");

    if (!redan_slice_is(object->within, "nodes") || !op || op->kind != REDAN_ENTRY_TEXT ||
        !redan_object_get(object, "inputs") || !redan_object_get(object, "name"))
        return REDAN_OK;
    if (redan_slice_among(outside, op->text))
        return redan_scan_found(scan, &mxnet, REDAN_LEVEL_WARN, object->offset, op->text,
                                "operator %.*s in node %.*s", REDAN_FMT(op->text),
                                REDAN_FMT(redan_object_text(object, "name")));
    if (op->length > 256)
        return redan_scan_found(scan, &regex, REDAN_LEVEL_WARN, object->offset, op->text,
                                "a name of %llu bytes", (unsigned long long)op->length);
    return REDAN_OK;
}

static bool reading(const struct redan_format *format)
{
    static const struct redan_format *const formats[] = {
        &redan_format_coreml, &redan_format_xml,        &redan_format_paddle,
        &redan_format_caffe,  &redan_format_executorch, &redan_format_torch_mobile};

    for (size_t i = 0; i < REDAN_COUNT(formats); i++) {
        if (format == formats[i])
            return true;
    }
    return false;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    const struct redan_format *format = redan_scan_format_of(scan);

    if (fact->kind == REDAN_FACT_OBJECT)
        return fact->object ? on_object(scan, fact->object) : REDAN_OK;
    if (!reading(format))
        return REDAN_OK;
    if (fact->kind == REDAN_FACT_OPERATOR)
        return on_operator(scan, fact);
    if (fact->kind == REDAN_FACT_CLASS)
        return on_class(scan, fact);
    if (fact->kind == REDAN_FACT_LINK)
        return on_link(scan, fact);
    if (fact->kind == REDAN_FACT_DEFECT)
        return on_defect(scan, fact, format->name);
    if (fact->kind == REDAN_FACT_CODE && strcmp(fact->what, "xml-script") == 0)
        return redan_scan_found(scan, &script, REDAN_LEVEL_WARN, fact->offset, fact->text,
                                "in element %.*s", REDAN_FMT(fact->name));
    return REDAN_OK;
}

const struct redan_detector redan_det_graph = {.name = "graph", .rules = rules, .fact = fact};
