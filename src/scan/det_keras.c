/* Keras configurations, of .keras archives, HDF5 files and SavedModels alike: layers that carry code, and names that loading looks up. */
#include <string.h>

#include "scan/code_names.h"
#include "scan/detector_table.h"
#include "scan/policy.h"

static const char *const maps[] = {"atlas:2026.09/AML.T0011.000", "atlas:2026.09/AML.T0018.002",
                                   "cwe:4.18/CWE-502", "cwe:4.18/CWE-94", NULL};
static const char *const reach_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-73", NULL};
static const char *const lambda_cves[] = {"CVE-2024-3660", "CVE-2025-9905", NULL};
static const char *const name_cves[] = {"CVE-2025-1550", NULL};
static const char *const fetch_cves[] = {"CVE-2025-8747", "CVE-2025-12060", NULL};
static const char *const switch_cves[] = {"CVE-2025-9906", NULL};
static const char *const torch_cves[] = {"CVE-2025-49655", NULL};
static const char *const lookup_cves[] = {"CVE-2025-12058", NULL};

static const struct redan_scan_rule evil_code = {
    .card = {"KER301", "a layer carries code that runs commands, code or connections",
             REDAN_SEVERITY_CRITICAL, maps,
             "do not load it; if it was loaded, treat the machine as compromised"},
    .why = "A Lambda layer is stored as marshalled Python bytecode or source, which runs when the "
           "model is loaded or used. "
           "The names in this code have no place in a layer.",
    .cves = lambda_cves,
};
static const struct redan_scan_rule code = {
    .card = {"KER302", "a layer carries Python code", REDAN_SEVERITY_HIGH, maps,
             "load it with safe_mode on, or have the layer replaced by a registered one; never "
             "load it from a source that you do not trust"},
    .why = "A Lambda layer is stored as Python bytecode or source. Loading the model gives "
           "that code a place to run, and no check of its names proves what it does; HDF5 files "
           "ignore safe_mode in many versions.",
    .cves = lambda_cves,
};
static const struct redan_scan_rule evil_name = {
    .card = {"KER303", "loading looks up a function of a module that runs code",
             REDAN_SEVERITY_CRITICAL, maps,
             "do not load it; if it was loaded, treat the machine as compromised"},
    .why = "Keras imports the module that a configuration names and takes the function from it. "
           "Modules like os, subprocess and builtins hold no layers: the model was written to "
           "call them.",
    .cves = name_cves,
};
static const struct redan_scan_rule foreign = {
    .card = {"KER304", "loading imports a module that is neither of Keras nor of a known library",
             REDAN_SEVERITY_MEDIUM, maps,
             "find out where the module comes from, and read it, before the model is loaded"},
    .why = "Keras imports the module that a configuration names. What it is depends on what is "
           "installed, or lies in the working folder, when the model is loaded.",
    .cves = name_cves,
};
static const struct redan_scan_rule fetch = {
    .card = {"KER305", "loading fetches a file from an address in the model", REDAN_SEVERITY_HIGH,
             reach_maps, "do not load it; a model brings its own weights"},
    .why = "keras.utils.get_file downloads, and unpacks where it is told to, whatever the address "
           "gives. Named in a configuration it runs when the model is loaded.",
    .cves = fetch_cves,
};
static const struct redan_scan_rule switches = {
    .card = {"KER306", "loading switches the safe mode of Keras off", REDAN_SEVERITY_HIGH, maps,
             "do not load it"},
    .why = "A configuration that names enable_unsafe_deserialization turns the check off that "
           "refuses code, for whatever is loaded after it.",
    .cves = switch_cves,
};
static const struct redan_scan_rule torch = {
    .card = {"KER307", "a layer holds a pickled PyTorch module", REDAN_SEVERITY_HIGH, maps,
             "load it only from a source that you trust; store the weights instead"},
    .why = "TorchModuleWrapper keeps a module as torch.save writes it and loads it with "
           "weights_only off: any pickle in it runs.",
    .cves = torch_cves,
};
static const struct redan_scan_rule lookup = {
    .card = {"KER308", "loading reads a vocabulary from a path in the model", REDAN_SEVERITY_MEDIUM,
             reach_maps,
             "do not load it where the path could matter; store the vocabulary in the model"},
    .why = "A lookup layer whose vocabulary is a path reads that file, local or remote, when it "
           "is loaded, whatever safe_mode says.",
    .cves = lookup_cves,
};
static const struct redan_scan_rule custom = {
    .card = {"KER309", "the model is of a class that Keras does not have", REDAN_SEVERITY_MEDIUM,
             maps, "read the class's code before you give it to the loader"},
    .why = "The loader cannot make the model without code from elsewhere: what runs is not what "
           "the file shows.",
};
static const struct redan_scan_rule reloads = {
    .card = {"KER310", "loading reads another model from a path in the model", REDAN_SEVERITY_HIGH,
             reach_maps, "do not load it; have the model exported again with all its layers"},
    .why = "TFSMLayer loads the SavedModel that its configuration names, local or remote, "
           "whatever safe_mode says. The graph in it was not looked at and runs.",
};
static const struct redan_scan_rule *const rules[] = {&evil_code, &code,     &evil_name, &foreign,
                                                      &fetch,     &switches, &torch,     &lookup,
                                                      &custom,    &reloads,  NULL};

enum { PENDING = 12, EVIDENCE = 160, CODE_MOST = 65536, PICKLE_LEAST = 16 };

/* What was seen in a document that may turn out not to be of Keras. */
struct pending {
    const struct redan_scan_rule *rule;
    enum redan_level level;
    uint64_t offset;
    size_t len;
    char evidence[EVIDENCE];
};

struct state {
    bool keras;
    size_t count;
    uint64_t get_file, url; /* offset plus one */
    bool called;            /* get_file is named as a function */
    struct pending pending[PENDING];
};

static const char *const models[] = {"Sequential", "Functional", "Model", "ModelConfig", NULL};
/* Trees of modules whose layers and functions are known; what they hold that is no layer is in `gadgets`. */
static const char *const trees[] = {"keras",
                                    "tensorflow",
                                    "tf_keras",
                                    "keras_core",
                                    "keras_hub",
                                    "keras_nlp",
                                    "keras_cv",
                                    "keras_rs",
                                    "keras_tuner",
                                    "kerastuner",
                                    "autokeras",
                                    "tensorflow_addons",
                                    "tensorflow_probability",
                                    "tensorflow_hub",
                                    "tensorflow_text",
                                    "tensorflow_recommenders",
                                    "tensorflow_decision_forests",
                                    "tensorflow_model_optimization",
                                    "tensorflow_gnn",
                                    "transformers",
                                    "qkeras",
                                    "larq",
                                    "spektral",
                                    "bayesflow",
                                    "ml_dtypes",
                                    NULL};
/* Functions of these libraries that read, fetch, write or run what their arguments name. */
static const char *const gadgets[] = {"load_model",
                                      "load_model_from_hdf5",
                                      "load",
                                      "urlretrieve",
                                      "eager_py_func",
                                      "EagerPyFunc",
                                      "PyFunc",
                                      "PyFuncStateless",
                                      "ReadFile",
                                      "WriteFile",
                                      "write_string_to_file",
                                      "atomic_write_string_to_file",
                                      "read_file_to_string",
                                      "delete_recursively",
                                      "DeleteRecursively",
                                      "rmtree",
                                      "GFile",
                                      "load_pluggable_device_library",
                                      "import_meta_graph",
                                      "getattr",
                                      "os",
                                      "sys",
                                      "subprocess",
                                      "shutil",
                                      "importlib",
                                      "ctypes",
                                      "socket",
                                      "pickle",
                                      "builtins",
                                      "load_weights",
                                      "deserialize_keras_object",
                                      "func_load",
                                      "unpickle_model",
                                      "model_from_json",
                                      "model_from_config",
                                      "load_img",
                                      "load_data",
                                      "extract_archive",
                                      "py_function",
                                      "numpy_function",
                                      "read_file",
                                      "write_file",
                                      "load_library",
                                      "load_op_library",
                                      "save_model",
                                      "export",
                                      "run",
                                      NULL};
/* Parts of a module's name that are about files, code and other models: no layer takes a function from there. */
static const char *const aside[] = {"io",
                                    "gfile",
                                    "file_io",
                                    "file_utils",
                                    "file_editor",
                                    "io_utils",
                                    "io_ops",
                                    "gen_io_ops",
                                    "raw_ops",
                                    "script_ops",
                                    "gen_script_ops",
                                    "load_library",
                                    "saved_model",
                                    "saving",
                                    "saver",
                                    "serialization_lib",
                                    "saving_lib",
                                    "global_state",
                                    "python_utils",
                                    "dataset_utils",
                                    "image_dataset_utils",
                                    "audio_dataset_utils",
                                    "text_dataset_utils",
                                    "timeseries_dataset_utils",
                                    "datasets",
                                    "debug",
                                    "summary",
                                    "tf_inspect",
                                    "tensorflow_hub",
                                    NULL};

static struct state *state_of(struct redan_scan *scan)
{
    return redan_scan_state(scan, &redan_det_keras);
}

/* Keep it until the document is known to be of Keras; when there is no room, the graver ones stay. */
static void pend(struct redan_scan *scan, const struct redan_scan_rule *rule,
                 enum redan_level level, uint64_t offset, struct redan_slice evidence)
{
    struct state *s = state_of(scan);
    struct pending *place = NULL;

    for (size_t i = 0; i < s->count && s->count == PENDING && !place; i++) {
        if (s->pending[i].level < level)
            place = &s->pending[i];
    }
    if (s->count < PENDING)
        place = &s->pending[s->count++];
    if (!place)
        return;
    *place = (struct pending){.rule = rule, .level = level, .offset = offset};
    place->len = redan_min_size(evidence.len, EVIDENCE);
    if (place->len)
        memcpy(place->evidence, evidence.at, place->len);
}

static bool in_tree(struct redan_slice module)
{
    struct redan_slice head = {0}, rest = {0};

    (void)redan_slice_cut(module, '.', &head, &rest);
    return redan_slice_among(trees, head);
}

/* A dotted name as Python has them; anything else is no module. */
static bool dotted(struct redan_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '.'))
            return false;
    }
    return s.len > 0 && s.len < 200;
}

/* Whether a part of a dotted name is one of these words. */
static bool part_among(struct redan_slice dotted_name, const char *const *words)
{
    struct redan_slice head = {0};

    while (dotted_name.len) {
        struct redan_slice rest = {0};
        (void)redan_slice_cut(dotted_name, '.', &head, &rest);
        if (redan_slice_among(words, head))
            return true;
        dotted_name = rest;
    }
    return false;
}

/* A function of a library of layers; older versions take one under whatever class they are told. */
static void library_name(struct redan_scan *scan, struct redan_slice module,
                         struct redan_slice name, uint64_t offset, struct redan_slice seen)
{
    if (redan_slice_is(name, "get_file") || redan_slice_is(name, "enable_unsafe_deserialization"))
        return; /* rules of their own */
    if (part_among(name, gadgets))
        pend(scan, &evil_name, REDAN_LEVEL_FAIL, offset, seen);
    else if (part_among(module, aside))
        pend(scan, &evil_name, REDAN_LEVEL_WARN, offset, seen);
}

/* A function or class that loading takes from a module by name. */
static void name_of(struct redan_scan *scan, struct redan_slice module, struct redan_slice name,
                    bool function, uint64_t offset)
{
    char text[EVIDENCE];
    size_t len = redan_min_size(module.len, EVIDENCE / 2);

    if (module.len == 0 || redan_slice_is(module, "__main__"))
        return;
    memcpy(text, module.at, len);
    text[len++] = '.';
    size_t rest = redan_min_size(name.len, EVIDENCE - len);
    if (rest)
        memcpy(text + len, name.at, rest);
    struct redan_slice seen = {text, len + rest};
    if (redan_slice_is(module, "builtins") || redan_slice_is(module, "__builtin__")) {
        if (redan_code_builtin(name))
            pend(scan, &evil_name, REDAN_LEVEL_FAIL, offset, seen);
        else if (!function && name.len && name.at[0] >= 'A' && name.at[0] <= 'Z')
            pend(scan, &evil_name, REDAN_LEVEL_WARN, offset, seen); /* no such class there */
        return;
    }
    if (in_tree(module)) {
        if (function || (name.len && name.at[0] >= 'a' && name.at[0] <= 'z'))
            library_name(scan, module, name, offset, seen);
        return;
    }
    struct redan_policy policy = redan_policy_of(redan_scan_options_of(scan)->tables, module, name);
    if (redan_code_module(module) || redan_policy_denies(policy.kind))
        pend(scan, &evil_name, REDAN_LEVEL_FAIL, offset, seen);
    else
        pend(scan, &foreign, REDAN_LEVEL_WARN, offset, seen);
}

/* Code as text: marshalled and in base64, source in base64, or source as it is. `sure` when the place is one that holds code only. */
static enum redan_status code_in(struct redan_scan *scan, struct redan_slice text, uint64_t offset,
                                 bool sure)
{
    struct redan_ctx *ctx = redan_scan_ctx(scan);
    struct redan_source packed = {0}, open = {0};
    struct redan_part part = {
        .size = text.len, .packing = REDAN_PACK_BASE64, .unpacked = REDAN_SOURCE_UNKNOWN};
    struct redan_buf REDAN_DEFER(redan_buf_done) found;
    struct redan_slice bytes = {0};
    bool is_code = redan_code_is_source(text);

    redan_buf_init(&found, ctx, 4096);
    if (is_code)
        redan_code_names_source(text, &found);
    if (!is_code && text.len >= 8) {
        redan_source_memory(&packed, text);
        enum redan_status status = redan_unpack(ctx, &packed, &part, &open);
        if (status == REDAN_OK)
            status = redan_source_view(ctx, &open, 0, CODE_MOST, &bytes);
        if (status == REDAN_OK && redan_code_is_marshal(bytes)) {
            is_code = true;
            redan_code_names_marshal(bytes, &found);
        } else if (status == REDAN_OK && redan_code_is_source(bytes)) {
            is_code = true;
            redan_code_names_source(bytes, &found);
        }
        redan_source_done(&open);
        redan_source_done(&packed);
        if (status == REDAN_E_MEMORY || status == REDAN_E_IO)
            return status;
        redan_fail_clear(ctx);
    }
    REDAN_TRY(redan_buf_ok(ctx, &found, "the names in a layer's code"));
    if (found.len)
        pend(scan, &evil_code, REDAN_LEVEL_FAIL, offset, redan_buf_view(&found));
    else if (is_code || sure)
        pend(scan, &code, REDAN_LEVEL_WARN, offset, redan_slice_sub(text, 0, 60));
    return REDAN_OK;
}

static bool address(struct redan_slice s)
{
    return redan_slice_starts(s, REDAN_S("http://")) ||
           redan_slice_starts(s, REDAN_S("https://")) || redan_slice_starts(s, REDAN_S("ftp://")) ||
           redan_slice_starts(s, REDAN_S("s3://")) || redan_slice_starts(s, REDAN_S("gs://")) ||
           redan_slice_starts(s, REDAN_S("file://"));
}

static bool path(struct redan_slice s)
{
    return s.len && s.len < 4096 &&
           (address(s) || memchr(s.at, '/', s.len) || memchr(s.at, '\\', s.len));
}

/* A whole name, or the last part of a dotted one. */
static bool names(struct redan_slice s, const char *name)
{
    struct redan_slice last = redan_slice_of(name);

    return dotted(s) && redan_slice_ends(s, last) &&
           (s.len == last.len || s.at[s.len - last.len - 1] == '.');
}

static bool is_call(struct redan_slice key)
{
    static const char *const keys[] = {"fn",         "function",        "func",
                                       "config",     "callable",        "callback",
                                       "class_name", "registered_name", NULL};
    return redan_slice_among(keys, key);
}

/* A module as torch.save writes it, in base64: an archive or a pickle. */
static enum redan_status torch_module(struct redan_scan *scan, const struct redan_entry *entry)
{
    static const char *const starts[] = {"UEsDB", "gAJ", "gAK", "gAN", "gAQ", "gAS", "gAV", NULL};

    if (entry->text.len < PICKLE_LEAST)
        return REDAN_OK;
    for (size_t i = 0; starts[i]; i++) {
        if (!redan_slice_starts(entry->text, redan_slice_of(starts[i])))
            continue;
        pend(scan, &torch, REDAN_LEVEL_WARN, entry->offset, redan_slice_sub(entry->text, 0, 40));
        if (entry->length > entry->text.len)
            return redan_scan_unread(scan, REDAN_UNREAD_BUDGET, entry->offset,
                                     REDAN_S("a pickled module in a text of more than 64 KiB"));
        struct redan_part part = {.memory = entry->text,
                                  .size = entry->text.len,
                                  .packing = REDAN_PACK_BASE64,
                                  .unpacked = REDAN_SOURCE_UNKNOWN};
        return redan_scan_member(scan, REDAN_S("torch module"), &part);
    }
    return REDAN_OK;
}

static bool is_module_key(struct redan_slice key)
{
    static const char *const keys[] = {"fn_module",   "function_module", "output_shape_module",
                                       "mask_module", "func_module",     NULL};
    return redan_slice_among(keys, key);
}

/* One entry of any map: texts that speak for themselves. */
static enum redan_status entry(struct redan_scan *scan, const struct redan_object *object,
                               const struct redan_entry *e, bool layer)
{
    struct state *s = state_of(scan);
    bool text = e->kind == REDAN_ENTRY_TEXT;

    if (!text && e->kind != REDAN_ENTRY_LIST)
        return REDAN_OK;
    if (e->text.len == 0)
        return REDAN_OK;
    if (address(e->text))
        s->url = s->url ? s->url : e->offset + 1;
    if (is_call(e->key) && names(e->text, "get_file")) {
        s->get_file = s->get_file ? s->get_file : e->offset + 1;
        s->called =
            s->called || redan_slice_is(redan_object_text(object, "class_name"), "function");
    }
    if (is_call(e->key) && names(e->text, "enable_unsafe_deserialization"))
        pend(scan, &switches, REDAN_LEVEL_WARN, e->offset, e->text);
    bool module = (is_module_key(e->key) && dotted(e->text)) ||
                  (redan_slice_ends(e->key, REDAN_S("_module")) && redan_code_module(e->text));
    if (!layer && text && module)
        name_of(scan, e->text, REDAN_S("*"), true, e->offset);
    if (redan_slice_is(e->key, "vocabulary") && text && path(e->text))
        pend(scan, &lookup, REDAN_LEVEL_WARN, e->offset, redan_slice_sub(e->text, 0, EVIDENCE));
    if (redan_slice_is(e->key, "module") || redan_slice_is(e->key, "value"))
        REDAN_TRY(torch_module(scan, e));
    if (redan_slice_is(e->key, "function") && text && memchr(e->text.at, '.', e->text.len) &&
        dotted(e->text)) { /* TFOpLambda: a function of TensorFlow by its public name */
        library_name(scan, e->text, e->text, e->offset, redan_slice_sub(e->text, 0, EVIDENCE));
    }
    if (redan_slice_is(e->key, "function") && e->kind == REDAN_ENTRY_LIST)
        return code_in(scan, e->text, e->offset, true);
    if (redan_slice_is(e->key, "code"))
        return code_in(scan, e->text, e->offset, false);
    if (text && redan_code_is_source(e->text) && !redan_slice_is(e->key, "name"))
        return code_in(scan, e->text, e->offset, false);
    if (e->kind == REDAN_ENTRY_LIST && redan_slice_is(e->key, "items"))
        return code_in(scan, e->text, e->offset, false);
    return REDAN_OK;
}

static bool has(const struct redan_object *object, const char *key)
{
    return redan_object_get(object, key) != NULL;
}

/* Whether the document is a model's own configuration, and not a part of one. */
static bool is_model(struct redan_scan *scan)
{
    struct redan_slice name = redan_scan_name_of(scan);

    return redan_slice_is(name, "config.json") || redan_slice_ends(name, REDAN_S("/config.json")) ||
           redan_slice_ends(name, REDAN_S("model_config"));
}

static void layer(struct redan_scan *scan, const struct redan_object *object)
{
    struct redan_slice class = redan_object_text(object, "class_name");
    struct redan_slice module = redan_object_text(object, "module");
    struct redan_slice config = redan_object_text(object, "config");
    struct redan_slice registered = redan_object_text(object, "registered_name");
    bool function = redan_slice_is(class, "function");

    name_of(scan, module, function && config.len ? config : class, function, object->offset);
    if (redan_slice_is(class, "TorchModuleWrapper"))
        pend(scan, &torch, REDAN_LEVEL_WARN, object->offset, class);
    if (redan_slice_is(class, "TFSMLayer"))
        pend(scan, &reloads, REDAN_LEVEL_WARN, object->offset, class);
    if (redan_slice_is(class, "__lambda__"))
        pend(scan, &code, REDAN_LEVEL_WARN, object->offset, class);
    if (object->depth == 0 && module.len == 0 && registered.len == 0 && is_model(scan) &&
        !redan_slice_among(models, class))
        pend(scan, &custom, REDAN_LEVEL_WARN, object->offset, class);
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *f)
{
    const struct redan_object *object = f->object;

    if (f->kind != REDAN_FACT_OBJECT)
        return REDAN_OK;
    bool is_layer = redan_object_text(object, "class_name").len > 0 &&
                    (has(object, "config") || has(object, "module"));
    if (is_layer) {
        state_of(scan)->keras = true;
        layer(scan, object);
    }
    /* HDF5: a Lambda layer's function by its name, taken from what the module holds */
    if (!is_layer && (has(object, "function_type") || has(object, "function")))
        name_of(scan, redan_object_text(object, "module"), redan_object_text(object, "function"),
                true, object->offset);
    for (size_t i = 0; i < object->count; i++)
        REDAN_TRY(entry(scan, object, &object->entries[i], is_layer));
    return REDAN_OK;
}

static enum redan_status end(struct redan_scan *scan)
{
    struct state *s = state_of(scan);

    if (!s->keras)
        return REDAN_OK;
    for (size_t i = 0; i < s->count; i++) {
        const struct pending *p = &s->pending[i];
        struct redan_slice seen = {p->evidence, p->len};

        REDAN_TRY(
            redan_scan_found(scan, p->rule, p->level, p->offset, seen, "%.*s", REDAN_FMT(seen)));
    }
    if (!s->get_file || (!s->url && !s->called))
        return REDAN_OK;
    return redan_scan_found(scan, &fetch, s->url && s->called ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN,
                            s->get_file - 1, REDAN_S("get_file"),
                            "get_file is named where a function is looked up");
}

const struct redan_detector redan_det_keras = {
    .name = "keras", .rules = rules, .fact = fact, .end = end, .state = sizeof(struct state)};
