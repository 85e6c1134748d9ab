/* Configuration that makes a loader run code: remote code, targets to instantiate, tags of YAML, commands in values. */
#include <string.h>

#include "base/buf.h"
#include "scan/commands.h"
#include "scan/detector_table.h"

static const char *const code_maps[] = {"atlas:2026.09/AML.T0011.000",
                                        "atlas:2026.09/AML.T0010.003", "cwe:4.18/CWE-829", NULL};
static const char *const target_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-470", NULL};
static const char *const tag_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-502", NULL};
static const char *const command_maps[] = {"atlas:2026.09/AML.T0018.002", "cwe:4.18/CWE-78", NULL};
static const char *const fetch_maps[] = {"atlas:2026.09/AML.T0010.003", "cwe:4.18/CWE-494", NULL};
static const char *const file_maps[] = {"atlas:2026.09/AML.T0025", "cwe:4.18/CWE-22", NULL};
static const char *const target_cves[] = {"CVE-2025-23304", NULL};
static const char *const tag_cves[] = {"CVE-2020-1747", "CVE-2020-14343", NULL};

static const struct redan_scan_rule remote_code = {
    .card = {"CFG360", "the configuration names code that is loaded with the weights",
             REDAN_SEVERITY_MEDIUM, code_maps,
             "read the code that it names, pin its revision, and load without trust_remote_code "
             "where that is possible"},
    .why = "The library imports and runs the Python file that this entry names, from the model's "
           "repository or from another one, as soon as the caller allows remote code. What the "
           "file does is not in the weights.",
};
static const struct redan_scan_rule asks_trust = {
    .card = {"CFG361", "the configuration switches trust in remote code on", REDAN_SEVERITY_MEDIUM,
             code_maps, "set trust_remote_code to false, or say who answers for the code"},
    .why = "Whoever can change the model's repository can then run code on every machine that "
           "loads it, without anybody being asked.",
};
static const struct redan_scan_rule bad_target = {
    .card = {"CFG362", "the configuration calls a function that runs code", REDAN_SEVERITY_CRITICAL,
             target_maps, "do not load it with anything that instantiates targets"},
    .why = "Hydra and what builds on it call whatever _target_ names with the arguments beside it. "
           "This name runs programs, evaluates text or loads other code.",
    .cves = target_cves,
};
static const struct redan_scan_rule odd_target = {
    .card = {"CFG363", "the configuration calls something that no known library of models has",
             REDAN_SEVERITY_MEDIUM, target_maps,
             "find out which package has it, and allow it by name"},
    .why = "Hydra and what builds on it call whatever _target_ names. Nobody here knows what this "
           "one does.",
    .cves = target_cves,
};
static const struct redan_scan_rule bad_tag = {
    .card = {"CFG364", "a YAML tag makes the loader call Python", REDAN_SEVERITY_CRITICAL, tag_maps,
             "do not load it but with yaml.safe_load"},
    .why = "Tags of python/object call functions and make objects while the document is read, "
           "before anybody sees its values.",
    .cves = tag_cves,
};
static const struct redan_scan_rule odd_tag = {
    .card = {"CFG365", "a YAML tag names a class of the loader's language", REDAN_SEVERITY_MEDIUM,
             tag_maps, "write the value without the tag, and load with yaml.safe_load"},
    .why = "Only an unsafe loader takes such tags. A document that needs one asks for a loader "
           "that runs what other documents say.",
    .cves = tag_cves,
};
static const struct redan_scan_rule command = {
    .card = {"CFG366", "a value is a command or code", REDAN_SEVERITY_HIGH, command_maps,
             "find out which program would run it, and remove it"},
    .why = "Metadata describes. A value that a shell or an interpreter would run waits for a "
           "program that hands it on.",
};
static const struct redan_scan_rule unsafe_fetch = {
    .card = {"CFG367", "packages are fetched over a connection that anybody can change",
             REDAN_SEVERITY_MEDIUM, fetch_maps, "fetch over https, by digest"},
    .why = "The packages that the environment of this model is made of come over plain http or "
           "from a bare address: whoever is on the way decides what is installed.",
};
static const struct redan_scan_rule loader = {
    .card = {"CFG368", "the model names a loader of its own", REDAN_SEVERITY_MEDIUM, code_maps,
             "find out which package has it, and allow it by name"},
    .why = "The serving library imports this module and hands it the model. It is none of the "
           "library's own.",
};
static const struct redan_scan_rule system_file = {
    .card = {"CFG369", "a value names a file of the system that holds secrets", REDAN_SEVERITY_HIGH,
             file_maps, "remove it, and find out what would read it"},
    .why = "A loader that takes the path at its word reads the file into the model's inputs or "
           "answers. No model lies there.",
};
static const struct redan_scan_rule *const rules[] = {
    &remote_code, &asks_trust, &bad_target,   &odd_target,  &bad_tag, &odd_tag,
    &command,     &loader,     &unsafe_fetch, &system_file, NULL};

enum { DECODED = 3072 };

static const char *const documents[] = {"json", "yaml", NULL};

static bool format_is(struct redan_scan *scan, const char *const *words)
{
    const struct redan_format *format = redan_scan_format_of(scan);

    return format && redan_slice_among(words, redan_slice_of(format->name));
}

static struct redan_slice first_part(struct redan_slice dotted)
{
    struct redan_slice head = {0};
    struct redan_slice tail = {0};

    (void)redan_slice_cut(dotted, '.', &head, &tail);
    return head;
}

static struct redan_slice last_part(struct redan_slice dotted)
{
    size_t from = dotted.len;

    while (from > 0 && dotted.at[from - 1] != '.')
        from--;
    return redan_slice_sub(dotted, from, SIZE_MAX);
}

/* ---- targets ---- */

static const char *const fatal_modules[] = {"os",          "posix",      "nt",
                                            "subprocess",  "pty",        "sys",
                                            "importlib",   "runpy",      "shutil",
                                            "socket",      "ctypes",     "code",
                                            "codeop",      "pickle",     "_pickle",
                                            "cPickle",     "marshal",    "dill",
                                            "cloudpickle", "imp",        "pip",
                                            "setuptools",  "distutils",  "commands",
                                            "popen2",      "webbrowser", "pdb",
                                            "bdb",         "timeit",     "cProfile",
                                            "profile",     "trace",      "doctest",
                                            "pydoc",       "pkgutil",    "zipimport",
                                            "ensurepip",   "venv",       "antigravity",
                                            "smtplib",     "ftplib",     "telnetlib",
                                            "paramiko",    "fabric",     "pexpect",
                                            "sh",          "plumbum",    "invoke",
                                            "IPython",     "builtins",   "__builtin__",
                                            "operator",    "types",      "inspect",
                                            "gc",          "signal",     "multiprocessing",
                                            "asyncio",     "threading",  "_posixsubprocess",
                                            "platform",    "cffi",       NULL};
/* Of these modules, what configurations use and does nothing. */
static const char *const fine[] = {
    "builtins.dict",       "builtins.list",         "builtins.tuple",
    "builtins.set",        "builtins.int",          "builtins.float",
    "builtins.str",        "builtins.bool",         "builtins.range",
    "builtins.len",        "builtins.sum",          "builtins.min",
    "builtins.max",        "builtins.abs",          "builtins.round",
    "builtins.sorted",     "builtins.zip",          "builtins.enumerate",
    "builtins.slice",      "builtins.frozenset",    "builtins.object",
    "builtins.complex",    "os.path.join",          "os.path.expanduser",
    "os.path.basename",    "os.path.dirname",       "os.getcwd",
    "os.getenv",           "os.cpu_count",          "platform.node",
    "operator.add",        "operator.mul",          "operator.sub",
    "operator.itemgetter", "types.SimpleNamespace", NULL};
/* Functions of known libraries that load or run what they are given. */
static const char *const loads[] = {"load",          "load_library",
                                    "read_pickle",   "eval",
                                    "exec",          "system",
                                    "popen",         "Popen",
                                    "run_path",      "run_module",
                                    "load_module",   "import_module",
                                    "check_output",  "check_call",
                                    "spawn",         "loads",
                                    "load_inline",   "get_method",
                                    "get_class",     "get_object",
                                    "import_string", "load_module_from_file",
                                    "locate",        NULL};
static const char *const known[] = {"nemo",
                                    "torch",
                                    "torchvision",
                                    "torchaudio",
                                    "torchmetrics",
                                    "lightning",
                                    "pytorch_lightning",
                                    "lightning_fabric",
                                    "lightning_utilities",
                                    "transformers",
                                    "diffusers",
                                    "timm",
                                    "sklearn",
                                    "numpy",
                                    "scipy",
                                    "pandas",
                                    "hydra",
                                    "omegaconf",
                                    "tensorflow",
                                    "keras",
                                    "monai",
                                    "fairseq",
                                    "fairseq2",
                                    "detectron2",
                                    "mmcv",
                                    "mmdet",
                                    "mmengine",
                                    "mmseg",
                                    "ultralytics",
                                    "accelerate",
                                    "peft",
                                    "trl",
                                    "datasets",
                                    "tokenizers",
                                    "sentence_transformers",
                                    "megatron",
                                    "apex",
                                    "deepspeed",
                                    "jax",
                                    "flax",
                                    "optax",
                                    "gym",
                                    "gymnasium",
                                    "stable_baselines3",
                                    "ray",
                                    "xgboost",
                                    "lightgbm",
                                    "catboost",
                                    "optuna",
                                    "albumentations",
                                    "kornia",
                                    "torch_geometric",
                                    "dgl",
                                    "einops",
                                    "modulus",
                                    "bionemo",
                                    "nemo_text_processing",
                                    "speechbrain",
                                    "espnet",
                                    "espnet2",
                                    "hydra_plugins",
                                    "wandb",
                                    "mlflow",
                                    "logging",
                                    "collections",
                                    "functools",
                                    "math",
                                    "random",
                                    "datetime",
                                    "pathlib",
                                    "torchtune",
                                    "torchdata",
                                    "torchrl",
                                    "tensordict",
                                    "open_clip",
                                    "clip",
                                    "whisper",
                                    "vllm",
                                    "bitsandbytes",
                                    "onnxruntime",
                                    "rich",
                                    "decimal",
                                    "fractions",
                                    "itertools",
                                    "statistics",
                                    "skimage",
                                    "librosa",
                                    "soundfile",
                                    "cv2",
                                    "PIL",
                                    "imgaug",
                                    "statsmodels",
                                    "sktime",
                                    "darts",
                                    "gluonts",
                                    "pytorch_forecasting",
                                    "segmentation_models_pytorch",
                                    "warp",
                                    "physicsnemo",
                                    "nemo_run",
                                    "nemo_automodel",
                                    "lhotse",
                                    "pyannote",
                                    "asteroid",
                                    "sgm",
                                    "ldm",
                                    "audiocraft",
                                    "sam2",
                                    "segment_anything",
                                    "aim",
                                    "comet_ml",
                                    "neptune",
                                    "clearml",
                                    "tensorboard",
                                    NULL};

static enum redan_status target(struct redan_scan *scan, struct redan_slice name, uint64_t offset,
                                struct redan_slice path)
{
    struct redan_slice head = first_part(name);
    bool fatal = redan_slice_among(fatal_modules, head) && !redan_slice_among(fine, name);
    bool opens = redan_slice_among(loads, last_part(name));
    bool hidden = name.len && memmem(name.at, name.len, "__", 2) != NULL;

    path = redan_slice_sub(path, 0, 100);
    if (name.len == 0 || memchr(name.at, '$', name.len))
        return REDAN_OK; /* an interpolation: it is looked at where it stands */
    if (fatal || hidden)
        return redan_scan_found(scan, &bad_target, REDAN_LEVEL_FAIL, offset, name,
                                "%.*s calls %.*s", REDAN_FMT(path),
                                REDAN_FMT(redan_slice_sub(name, 0, 100)));
    if (redan_slice_is(head, "src") && last_part(name).len && last_part(name).at[0] >= 'A' &&
        last_part(name).at[0] <= 'Z')
        return REDAN_OK; /* a class of the project that the configuration belongs to */
    if (redan_slice_among(fine, name) || (redan_slice_among(known, head) && !opens))
        return REDAN_OK;
    return redan_scan_found(scan, &odd_target, REDAN_LEVEL_WARN, offset, name, "%.*s calls %.*s",
                            REDAN_FMT(path), REDAN_FMT(redan_slice_sub(name, 0, 100)));
}

static enum redan_status targets(struct redan_scan *scan, const struct redan_object *object)
{
    static const char *const words[] = {"_target_", "_target", NULL};

    for (size_t i = 0; i < object->count; i++) {
        const struct redan_entry *e = &object->entries[i];
        if (e->kind == REDAN_ENTRY_TEXT && redan_slice_among(words, e->key))
            REDAN_TRY(target(scan, e->text, e->offset, object->path));
    }
    return REDAN_OK;
}

/* ---- remote code ---- */

static bool under(struct redan_slice path, const char *word)
{
    return path.len && memmem(path.at, path.len, word, strlen(word)) != NULL;
}

static enum redan_status remote(struct redan_scan *scan, const struct redan_entry *e,
                                const char *key)
{
    struct redan_slice name = redan_slice_sub(e->text, 0, 120);
    bool elsewhere = name.len && memmem(name.at, name.len, "--", 2) != NULL;

    if (name.len == 0 || !memchr(name.at, '.', name.len) ||
        redan_slice_starts(name, REDAN_S("transformers.")))
        return REDAN_OK;
    return redan_scan_found(scan, &remote_code, REDAN_LEVEL_WARN, e->offset, e->text,
                            elsewhere ? "%s runs \"%.*s\" of another repository"
                                      : "%s runs \"%.*s\" beside the weights",
                            key, REDAN_FMT(name));
}

static enum redan_status auto_map(struct redan_scan *scan, const struct redan_object *object)
{
    const struct redan_entry *e = redan_object_get(object, "auto_map");

    if (e && (e->kind == REDAN_ENTRY_TEXT || e->kind == REDAN_ENTRY_LIST))
        REDAN_TRY(remote(scan, e, "auto_map"));
    if (redan_slice_is(object->within, "auto_map")) {
        for (size_t i = 0; i < object->count; i++) {
            e = &object->entries[i];
            if (e->kind == REDAN_ENTRY_TEXT || e->kind == REDAN_ENTRY_LIST)
                REDAN_TRY(remote(scan, e, "auto_map"));
        }
    }
    e = redan_object_get(object, "impl");
    if (e && e->kind == REDAN_ENTRY_TEXT && under(object->path, ".custom_pipelines"))
        REDAN_TRY(remote(scan, e, "custom_pipelines"));
    e = redan_object_get(object, "trust_remote_code");
    if (e && e->kind == REDAN_ENTRY_BOOL && e->truth)
        return redan_scan_found(scan, &asks_trust, REDAN_LEVEL_WARN, e->offset, e->key,
                                "trust_remote_code is true");
    return REDAN_OK;
}

/* The parts of a sentence-transformers model; the flavors of an MLflow one. */
static enum redan_status loaders(struct redan_scan *scan, const struct redan_object *object)
{
    const struct redan_entry *type = redan_object_get(object, "type");
    const struct redan_entry *module = redan_object_get(object, "loader_module");

    if (type && type->kind == REDAN_ENTRY_TEXT && redan_object_get(object, "idx") &&
        redan_object_get(object, "path") && memchr(type->text.at, '.', type->text.len) &&
        !redan_slice_starts(type->text, REDAN_S("sentence_transformers.")) &&
        !redan_slice_starts(type->text, REDAN_S("pylate.")) &&
        !redan_slice_starts(type->text, REDAN_S("torch.nn.")))
        REDAN_TRY(redan_scan_found(scan, &loader, REDAN_LEVEL_WARN, type->offset, type->text,
                                   "a part of the model is \"%.*s\"",
                                   REDAN_FMT(redan_slice_sub(type->text, 0, 100))));
    if (module && module->kind == REDAN_ENTRY_TEXT &&
        !redan_slice_starts(module->text, REDAN_S("mlflow.")))
        REDAN_TRY(redan_scan_found(scan, &loader, REDAN_LEVEL_WARN, module->offset, module->text,
                                   "the loader is \"%.*s\"",
                                   REDAN_FMT(redan_slice_sub(module->text, 0, 100))));
    return REDAN_OK;
}

/* ---- tags ---- */

static enum redan_status tag(struct redan_scan *scan, const struct redan_fact *fact)
{
    static const char *const calls[] = {"python/object/apply", "python/object/new", "python/object",
                                        "python/module", NULL};
    static const char *const plain[] = {"python/none",    "python/bool",  "python/str",
                                        "python/unicode", "python/bytes", "python/int",
                                        "python/long",    "python/float", "python/complex",
                                        "python/list",    "python/dict",  NULL};
    bool python = redan_slice_starts(fact->module, REDAN_S("python/"));
    struct redan_slice head = first_part(fact->name);
    bool fatal = redan_slice_among(fatal_modules, head) && !redan_slice_among(fine, fact->name);
    bool ours = redan_slice_among(known, head) && !redan_slice_among(loads, last_part(fact->name));
    const struct redan_slice shown = redan_slice_sub(fact->text, 0, 120);

    if (redan_slice_is(fact->module, "python/tuple") || redan_slice_among(plain, fact->module))
        return REDAN_OK;
    if (python && (redan_slice_among(calls, fact->module) || fatal) && !(ours && !fatal))
        return redan_scan_found(scan, &bad_tag, REDAN_LEVEL_FAIL, fact->offset, fact->text,
                                "the tag is !!%.*s", REDAN_FMT(shown));
    return redan_scan_found(scan, &odd_tag, REDAN_LEVEL_WARN, fact->offset, fact->text,
                            "the tag is !!%.*s", REDAN_FMT(shown));
}

/* ---- values ---- */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* Bytes of a text that is nothing but base64; 0 when it is something else. */
static size_t base64(struct redan_slice text, char out[DECODED])
{
    size_t len = 0;
    uint32_t bits = 0;
    unsigned have = 0;

    while (text.len && text.at[text.len - 1] == '=')
        text.len--;
    if (text.len < 20 || text.len > DECODED)
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        int v = base64_value(text.at[i]);
        if (v < 0)
            return 0;
        bits = bits << 6 | (uint32_t)v;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[len++] = (char)(bits >> have & 0xff);
        }
    }
    return len;
}

/* Keys under which other programs' files name what is to be run: there a program's name is what belongs. */
static bool runs_by_trade(struct redan_slice key)
{
    static const char *const keys[] = {
        "command",      "cmd",     "entrypoint",  "run",        "args",
        "script",       "scripts", "exec",        "test",       "build",
        "install",      "source",  "start",       "lint",       "postinstall",
        "content",      "text",    "value",       "prompt",     "response",
        "output",       "input",   "instruction", "completion", "code",
        "solution",     "shell",   "bash",        "entry",      "before_script",
        "after_script", "outputs", "description", "example",    "examples",
        "question",     "answer",  "summary",     "readme",     "documentation",
        "title",        "help",    "usage",       "notes",      "comment",
        "doc",          "docs",    "message",     NULL};

    return redan_slice_among(keys, key);
}

static bool starts_with_fetch(struct redan_slice seen)
{
    return redan_slice_starts(seen, REDAN_S("curl ")) || redan_slice_starts(seen, REDAN_S("wget "));
}

static enum redan_status say_command(struct redan_scan *scan, const struct redan_fact *fact,
                                     struct redan_slice seen, const char *how)
{
    return redan_scan_found(scan, &command, REDAN_LEVEL_WARN, fact->offset, seen,
                            "%.*s holds%s \"%.*s\"", REDAN_FMT(redan_slice_sub(fact->name, 0, 64)),
                            how, REDAN_FMT(redan_slice_sub(seen, 0, 120)));
}

static bool web_script(struct redan_slice text, struct redan_slice *seen)
{
    const char *p = text.len > 24 ? memmem(text.at, text.len, "<script", 7) : NULL;

    if (!p || !memmem(text.at, text.len, "</script", 8))
        return false;
    *seen = redan_slice_sub(text, (size_t)(p - text.at), 120);
    return true;
}

static bool names_secret_file(struct redan_slice text)
{
    static const char *const files[] = {"/etc/passwd",
                                        "/etc/shadow",
                                        "/.ssh/id_",
                                        "/.aws/credentials",
                                        "/proc/self/environ",
                                        "/.docker/config.json",
                                        "/.kube/config",
                                        "/.netrc",
                                        "\\System32\\config\\SAM",
                                        NULL};

    for (size_t i = 0; files[i] && text.len <= 256; i++) {
        if (text.len && memmem(text.at, text.len, files[i], strlen(files[i])))
            return true;
    }
    return false;
}

static enum redan_status text(struct redan_scan *scan, const struct redan_fact *fact)
{
    static const char *const metadata[] = {"json", "yaml", "safetensors", "gguf", "onnx", NULL};
    static const char *const packages[] = {
        "pip", "dependencies", "requirements", "install_requires", "pip_requirements", NULL};
    struct redan_slice seen = {0};
    char decoded[DECODED];

    if (!format_is(scan, metadata) || redan_slice_ends(redan_scan_name_of(scan), REDAN_S(".ipynb")))
        return REDAN_OK;
    bool document = format_is(scan, documents);
    enum redan_command kind = redan_command_in(fact->text, &seen);
    if (kind == REDAN_COMMAND_SEIZE ||
        (kind == REDAN_COMMAND_RUNS &&
         (!document || !runs_by_trade(fact->name) || starts_with_fetch(seen))))
        return say_command(scan, fact, seen, "");
    if (!document && web_script(fact->text, &seen))
        return say_command(scan, fact, seen, "");
    if (!runs_by_trade(fact->name) && names_secret_file(fact->text))
        return redan_scan_found(scan, &system_file, REDAN_LEVEL_WARN, fact->offset, fact->text,
                                "%.*s is \"%.*s\"", REDAN_FMT(redan_slice_sub(fact->name, 0, 64)),
                                REDAN_FMT(redan_slice_sub(fact->text, 0, 120)));
    size_t len = base64(fact->text, decoded);
    if (len && redan_command_in((struct redan_slice){decoded, len}, &seen) != REDAN_COMMAND_NONE)
        return say_command(scan, fact, seen, " in base64");
    if (redan_slice_among(packages, fact->name) &&
        (memmem(fact->text.at, fact->text.len, "git+http://", 11) ||
         memmem(fact->text.at, fact->text.len, "index-url http://", 17) ||
         memmem(fact->text.at, fact->text.len, "@ http://", 9)))
        return redan_scan_found(scan, &unsafe_fetch, REDAN_LEVEL_WARN, fact->offset, fact->text,
                                "\"%.*s\"", REDAN_FMT(redan_slice_sub(fact->text, 0, 120)));
    return REDAN_OK;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    if (fact->kind == REDAN_FACT_TEXT)
        return text(scan, fact);
    if (fact->kind == REDAN_FACT_CLASS && fact->what && strcmp(fact->what, "yaml-tag") == 0)
        return tag(scan, fact);
    if (fact->kind != REDAN_FACT_OBJECT || !format_is(scan, documents))
        return REDAN_OK;
    REDAN_TRY(targets(scan, fact->object));
    REDAN_TRY(auto_map(scan, fact->object));
    return loaders(scan, fact->object);
}

const struct redan_detector redan_det_config = {.name = "config", .rules = rules, .fact = fact};
