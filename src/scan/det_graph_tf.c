/* TensorFlow and TensorFlow Lite: operators that call Python, touch files or speak to other machines, and those that no TensorFlow has. */
#include <string.h>

#include "format/format_table.h"
#include "scan/detector_table.h"
#include "scan/graph.h"

static const char *const code_maps[] = {"atlas:2026.09/AML.T0011.000",
                                        "atlas:2026.09/AML.T0018.002", "cwe:4.18/CWE-94", NULL};
static const char *const file_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-73", NULL};
static const char *const send_maps[] = {"atlas:2026.09/AML.T0025", "cwe:4.18/CWE-200", NULL};
static const char *const native_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-829", NULL};
static const char *const lies_maps[] = {"atlas:2026.09/AML.T0076", "cwe:4.18/CWE-129", NULL};

#define REBUILD "do not load it; have the model exported again without this operator"

static const struct redan_scan_rule python = {
    {"TFG320", "the graph calls back into Python", REDAN_SEVERITY_CRITICAL, code_maps, REBUILD},
    "The operator runs a function of the Python process that evaluates the graph. What it does is "
    "not in the graph, and no exported model needs it.",
    NULL};
static const struct redan_scan_rule writes = {
    {"TFG321", "the graph writes files", REDAN_SEVERITY_CRITICAL, file_maps, REBUILD},
    "Evaluating the graph creates or overwrites files with the rights of whoever runs the model: "
    "a line in a start-up script, a key in authorized_keys.",
    NULL};
static const struct redan_scan_rule reads = {
    {"TFG322", "the graph reads files of the machine it runs on", REDAN_SEVERITY_HIGH, file_maps,
     "find out which files it reads and why; a model that is finished needs none"},
    "A model gets its inputs from its caller. One that opens files can hand their content to "
    "whoever sees its outputs.",
    NULL};
static const struct redan_scan_rule network = {
    {"TFG323", "the graph speaks to another machine", REDAN_SEVERITY_CRITICAL, send_maps, REBUILD},
    "The operator opens a connection while the graph is evaluated: what the graph has read or is "
    "given can leave the machine.",
    NULL};
static const struct redan_scan_rule checkpoint = {
    {"TFG324", "the graph writes a checkpoint outside of its saver", REDAN_SEVERITY_HIGH, file_maps,
     "look at what calls it; if nobody asked for training on the device, do not load the model"},
    "Every SavedModel can save itself, in functions that only saving calls. Elsewhere the same "
    "operators write a file whenever the model is used.",
    NULL};
static const struct redan_scan_rule theft = {
    {"TFG325", "the graph reads files and has a way to hand them on", REDAN_SEVERITY_CRITICAL,
     send_maps, REBUILD},
    "One part of the graph opens files, another writes files or connects to other machines. "
    "Together they copy secrets out.",
    NULL};
static const struct redan_scan_rule unknown = {
    {"TFG326", "an operator that TensorFlow does not have", REDAN_SEVERITY_MEDIUM, native_maps,
     "ask which library it comes from, and load that only from a source that you trust"},
    "The graph can only run after a native library was loaded that brings the operator; that "
    "library runs with all rights of the process.",
    NULL};
static const struct redan_scan_rule nested = {
    {"TFG327", "a graph is hidden in a constant and run", REDAN_SEVERITY_HIGH, code_maps,
     "do not load it unless you know why a dataset is rebuilt from bytes"},
    "What a constant holds is no node of the graph, so that tools which list operators do not see "
    "it. It is looked at here like any other graph.",
    NULL};
static const struct redan_scan_rule debug = {
    {"TFG328", "the graph shows its tensors to a debugger", REDAN_SEVERITY_HIGH, send_maps,
     REBUILD},
    "Debug operators send tensors to an address or write them to files. They are put in while "
    "debugging and have no place in a model that is given away.",
    NULL};
static const struct redan_scan_rule place = {
    {"TFG329", "the graph names a file where keys, passwords or start-up scripts lie",
     REDAN_SEVERITY_HIGH, file_maps, "do not load it"},
    "No model has a use for such a path.",
    NULL};
static const struct redan_scan_rule asset = {
    {"TFG330", "a file of the model lies outside of it", REDAN_SEVERITY_HIGH, file_maps,
     "do not load it; assets lie in the folder \"assets\" of the model"},
    "The name of an asset is joined to the model's folder. Going up from there, it reads any file "
    "of the machine.",
    NULL};
static const struct redan_scan_rule custom = {
    {"TFG331", "an operator that no TensorFlow Lite runtime has", REDAN_SEVERITY_MEDIUM,
     native_maps, "ask which application or library brings it"},
    "The model runs only where native code was registered under this name.",
    NULL};
static const struct redan_scan_rule lies = {
    {"TFG332", "the model points outside of itself", REDAN_SEVERITY_HIGH, lies_maps,
     "do not load it; have it converted again"},
    "Interpreters follow places and sizes of the file, and not all of them check: such files "
    "crash them, or make them read and write memory that is not the model's.",
    NULL};
static const struct redan_scan_rule *const rules[] = {
    &python, &writes, &reads, &network, &checkpoint, &theft, &unknown,
    &nested, &debug,  &place, &asset,   &custom,     &lies,  NULL};

enum { CACHE = 64 };

struct tf_state {
    bool reads, hands_on; /* the two halves of a theft */
    uint64_t theft_at;
    bool in_saver; /* the function that the last node stood in */
    struct redan_graph_names *names;
    uint64_t ordinary[CACHE]; /* hashes of operators that are nothing special */
};

static bool has_word(struct redan_slice s, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= s.len; i++) {
        if (memcmp(s.at + i, word, len) == 0)
            return true;
    }
    return false;
}

/* "save/SaveV2", "tower/save_1/RestoreV2_3" */
static bool in_save_scope(struct redan_slice node)
{
    struct redan_slice part;
    struct redan_slice rest = node;

    while (redan_slice_cut(rest, '/', &part, &rest)) {
        if (!redan_slice_starts(part, REDAN_S("save")))
            continue;
        part = redan_slice_sub(part, 4, part.len);
        if (part.len == 0)
            return true;
        uint64_t number = 0;
        if (part.at[0] == '_' && redan_slice_u64(redan_slice_sub(part, 1, part.len), &number))
            return true;
    }
    return false;
}

/* Functions that tf.saved_model writes for its own saving and restoring. */
static bool is_saver(struct redan_slice function)
{
    return has_word(function, "traced_save") || has_word(function, "traced_restore");
}

static bool is_training(struct redan_scan *scan)
{
    return redan_scan_format_of(scan) == &redan_format_meta_graph;
}

static enum redan_status found(struct redan_scan *scan, const struct redan_scan_rule *rule,
                               enum redan_level level, const struct redan_fact *fact,
                               struct redan_slice op)
{
    return redan_scan_found(scan, rule, level, fact->offset, op, "operator %.*s in node %.*s",
                            REDAN_FMT(redan_slice_sub(op, 0, 100)),
                            REDAN_FMT(redan_slice_sub(fact->text, 0, 200)));
}

static void remember(struct tf_state *state, const struct redan_fact *fact, bool reading,
                     bool handing)
{
    state->reads = state->reads || reading;
    state->hands_on = state->hands_on || handing;
    if (handing)
        state->theft_at = fact->offset;
}

/* What one operator does. `saver`: it stands where saving is honest. */
static enum redan_status judge(struct redan_scan *scan, struct tf_state *state,
                               const struct redan_fact *fact, struct redan_slice op,
                               enum redan_tf_deed deed, bool saver)
{
    switch (deed) {
    case REDAN_TF_PYTHON:
        return found(scan, &python, REDAN_LEVEL_FAIL, fact, op);
    case REDAN_TF_WRITE:
        remember(state, fact, false, true);
        return found(scan, &writes, REDAN_LEVEL_FAIL, fact, op);
    case REDAN_TF_SAVE:
        return saver ? REDAN_OK : found(scan, &checkpoint, REDAN_LEVEL_WARN, fact, op);
    case REDAN_TF_RESTORE:
        if (!saver && !has_word(fact->text, "checkpoint_initializer"))
            remember(state, fact, true, false);
        return REDAN_OK;
    case REDAN_TF_QUEUE:
        if (is_training(scan))
            return REDAN_OK; /* a training graph has its input pipeline in it */
        remember(state, fact, true, false);
        return found(scan, &reads, REDAN_LEVEL_WARN, fact, op);
    case REDAN_TF_READ:
    case REDAN_TF_MAP:
        remember(state, fact, true, false);
        return found(scan, &reads, REDAN_LEVEL_WARN, fact, op);
    case REDAN_TF_LOG:
        return is_training(scan) ? REDAN_OK : found(scan, &writes, REDAN_LEVEL_WARN, fact, op);
    case REDAN_TF_NETWORK:
        remember(state, fact, false, true);
        return found(scan, &network, REDAN_LEVEL_FAIL, fact, op);
    case REDAN_TF_FEED:
        return found(scan, &network, REDAN_LEVEL_WARN, fact, op);
    case REDAN_TF_DEBUG:
        return found(scan, &debug, REDAN_LEVEL_WARN, fact, op);
    case REDAN_TF_NEST:
        return found(scan, &nested, REDAN_LEVEL_WARN, fact, op);
    case REDAN_TF_PRINT:
    case REDAN_TF_NOTHING:
        break;
    }
    return REDAN_OK;
}

static enum redan_status on_operator(struct redan_scan *scan, struct tf_state *state,
                                     const struct redan_fact *fact)
{
    uint64_t hash = redan_graph_hash(scan, (struct redan_slice){0}, fact->name);
    uint64_t *slot = &state->ordinary[hash / 2 % CACHE];

    state->in_saver = fact->number && is_saver(fact->module);
    if (*slot == hash)
        return REDAN_OK;
    enum redan_tf_deed deed = redan_tf_deed(fact->name);
    if (deed != REDAN_TF_NOTHING)
        return judge(scan, state, fact, fact->name, deed,
                     state->in_saver || in_save_scope(fact->text));
    *slot = hash;
    if (redan_tf_knows(fact->name))
        return REDAN_OK;
    struct redan_fact use = *fact;
    use.module.len = 0; /* the function around it is no domain */
    return redan_graph_uses(scan, &state->names, &use, hash);
}

/* The custom operators of the usual runtimes: TensorFlow Lite's own, MediaPipe's, TensorFlow Text's. */
static bool is_usual(struct redan_slice op)
{
    static const char *const usual[] = {"TFLite_Detection_PostProcess",
                                        "NumericVerify",
                                        "Mfcc",
                                        "AudioSpectrogram",
                                        "RandomStandardNormal",
                                        "RandomUniform",
                                        "Multinomial",
                                        "MaxPoolingWithArgmax2D",
                                        "MaxUnpooling2D",
                                        "Convolution2DTransposeBias",
                                        "TransformTensorBilinear",
                                        "TransformLandmarks",
                                        "Landmarks2TransformMatrix",
                                        "Landmarks2TransformMatrixV2",
                                        "Resampler",
                                        "KmeansEmbeddingLookup",
                                        "NGramHash",
                                        "RaggedTensorToTensor",
                                        "TFSentencepieceTokenizeOp",
                                        "TFSentencepieceDetokenizeOp",
                                        "SmartReply.Normalize",
                                        "Normalize",
                                        "ExtractFeatures",
                                        "Predict",
                                        "edgetpu-custom-op",
                                        "ExternalDelegate",
                                        NULL};
    static const char *const makers[] = {"TFText>", "odml.", "aeq.", "stablehlo.", "AUTOML_"};

    for (size_t i = 0; i < REDAN_COUNT(makers); i++) {
        if (redan_slice_starts(op, redan_slice_of(makers[i])))
            return true;
    }
    return redan_slice_among(usual, op) || redan_tf_knows(op);
}

static enum redan_status on_tflite(struct redan_scan *scan, struct tf_state *state,
                                   const struct redan_fact *fact)
{
    struct redan_slice op = fact->name;

    if (redan_slice_starts(op, REDAN_S("Flex"))) {
        /* an operator of TensorFlow, run by its delegate; models that train on the device save so */
        op = redan_slice_sub(op, 4, op.len);
        enum redan_tf_deed deed = redan_tf_deed(op);
        if (deed != REDAN_TF_NOTHING)
            return judge(scan, state, fact, op, deed, false);
    }
    if (is_usual(op))
        return REDAN_OK;
    return redan_scan_found(scan, &custom, REDAN_LEVEL_WARN, fact->offset, fact->name,
                            "custom operator \"%.*s\"",
                            REDAN_FMT(redan_slice_sub(fact->name, 0, 100)));
}

static bool has_scheme(struct redan_slice path)
{
    return has_word(path, "://");
}

/* A path that is given to an operator as a constant or attribute. */
static enum redan_status on_path(struct redan_scan *scan, struct tf_state *state,
                                 const struct redan_fact *fact)
{
    enum redan_tf_deed deed = redan_tf_deed(fact->module);
    enum redan_graph_path where = redan_graph_path(fact->text);
    const struct redan_scan_rule *rule = NULL;
    bool saver = (fact->number && state->in_saver) || in_save_scope(fact->name);

    if (deed == REDAN_TF_DEBUG && has_scheme(fact->text))
        rule = &debug;
    if (deed == REDAN_TF_PRINT && has_scheme(fact->text))
        rule = &writes;
    if (deed == REDAN_TF_MAP && where != REDAN_GRAPH_INSIDE)
        rule = &reads;
    if (deed == REDAN_TF_SAVE && (!saver || where != REDAN_GRAPH_INSIDE))
        rule = &checkpoint;
    if (where == REDAN_GRAPH_SENSITIVE &&
        (deed == REDAN_TF_READ || deed == REDAN_TF_QUEUE || deed == REDAN_TF_RESTORE))
        rule = &reads;
    if (!rule)
        return REDAN_OK;
    remember(state, fact, rule == &reads, rule == &debug || rule == &writes);
    return redan_scan_found(scan, rule, REDAN_LEVEL_FAIL, fact->offset, fact->text,
                            "operator %.*s is given %.*s",
                            REDAN_FMT(redan_slice_sub(fact->module, 0, 100)),
                            REDAN_FMT(redan_slice_sub(fact->text, 0, 200)));
}

static enum redan_status on_link(struct redan_scan *scan, struct tf_state *state,
                                 const struct redan_fact *fact)
{
    if (strcmp(fact->what, "tensorflow-path") == 0)
        return on_path(scan, state, fact);
    if (strcmp(fact->what, "tensorflow-asset") != 0)
        return REDAN_OK;
    enum redan_graph_path where = redan_graph_path(fact->text);
    if (where == REDAN_GRAPH_INSIDE)
        return REDAN_OK;
    return redan_scan_found(
        scan, &asset, where == REDAN_GRAPH_SENSITIVE ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN,
        fact->offset, fact->text, "the asset %.*s", REDAN_FMT(redan_slice_sub(fact->text, 0, 200)));
}

/* Whether it is a graph of TensorFlow or TensorFlow Lite that is being told. */
static bool reading(struct redan_scan *scan)
{
    static const struct redan_format *const formats[] = {
        &redan_format_saved_model, &redan_format_meta_graph, &redan_format_tf_graph,
        &redan_format_tf_text, &redan_format_tflite};
    const struct redan_format *format = redan_scan_format_of(scan);

    for (size_t i = 0; i < REDAN_COUNT(formats); i++) {
        if (format == formats[i])
            return true;
    }
    return false;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    struct tf_state *state = NULL;

    if (fact->kind != REDAN_FACT_OPERATOR && fact->kind != REDAN_FACT_LINK &&
        fact->kind != REDAN_FACT_TEXT && fact->kind != REDAN_FACT_DEFECT)
        return REDAN_OK;
    if (!reading(scan))
        return REDAN_OK;
    state = redan_scan_state(scan, &redan_det_graph_tf);
    if (fact->kind == REDAN_FACT_LINK)
        return on_link(scan, state, fact);
    if (fact->kind == REDAN_FACT_DEFECT)
        return redan_scan_format_of(scan) == &redan_format_tflite &&
                       strcmp(fact->what, "offset") != 0
                   ? redan_scan_found(scan, &lies, REDAN_LEVEL_WARN, fact->offset,
                                      redan_slice_of(fact->what), "%s: %.*s", fact->what,
                                      REDAN_FMT(fact->text))
                   : REDAN_OK;
    if (fact->kind == REDAN_FACT_TEXT)
        return redan_graph_sensitive(fact->text)
                   ? redan_scan_found(scan, &place, REDAN_LEVEL_WARN, fact->offset, fact->text,
                                      "the constant %.*s", REDAN_FMT(fact->text))
                   : REDAN_OK;
    if (strcmp(fact->what, "tensorflow") == 0)
        return on_operator(scan, state, fact);
    if (strcmp(fact->what, "tensorflow-function") == 0)
        return redan_graph_defines(scan, &state->names,
                                   redan_graph_hash(scan, (struct redan_slice){0}, fact->name));
    return strcmp(fact->what, "tflite") == 0 ? on_tflite(scan, state, fact) : REDAN_OK;
}

static enum redan_status end(struct redan_scan *scan)
{
    const struct tf_state *state = redan_scan_state(scan, &redan_det_graph_tf);

    REDAN_TRY(redan_graph_settle(scan, state->names, &unknown));
    if (state->reads && state->hands_on)
        return redan_scan_found(scan, &theft, REDAN_LEVEL_FAIL, state->theft_at, REDAN_S(""),
                                "it reads files, and writes or sends");
    return REDAN_OK;
}

const struct redan_detector redan_det_graph_tf = {
    .name = "graph-tf", .rules = rules, .fact = fact, .end = end, .state = sizeof(struct tf_state)};
