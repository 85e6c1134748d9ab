/* Formats of few words: Lua functions, handlers of TorchServe archives, and commands or addresses in texts of models that execute none. */
#include <string.h>
#include <strings.h>

#include "scan/commands.h"
#include "scan/detector_table.h"

static const char *const code_maps[] = {"atlas:2026.09/AML.T0011.000",
                                        "atlas:2026.09/AML.T0018.002", "cwe:4.18/CWE-94", NULL};
static const char *const text_maps[] = {"atlas:2026.09/AML.T0018.002", "cwe:4.18/CWE-506", NULL};
static const char *const array_maps[] = {"atlas:2026.09/AML.T0076", "cwe:4.18/CWE-787",
                                         "cwe:4.18/CWE-125", NULL};
static const char *const trail_maps[] = {"atlas:2026.09/AML.T0074", "cwe:4.18/CWE-506", NULL};
static const char *const lightgbm_cves[] = {"CVE-2024-43598", NULL};
static const char *const mar_cves[] = {"CVE-2023-43654", NULL};

static const struct redan_scan_rule lua = {
    .card = {"COD535", "a Lua function in this model runs programs", REDAN_SEVERITY_CRITICAL,
             code_maps, "do not load it"},
    .why = "Lua Torch stores functions with their code and gives them back as functions; layers "
           "and hooks call them. This one reaches for the system.",
};
static const struct redan_scan_rule handler = {
    .card = {"COD536", "the handler of this archive runs programs or evaluates text",
             REDAN_SEVERITY_HIGH, code_maps,
             "read the handler; serve only archives that you have built yourself"},
    .why = "TorchServe runs the handler of a model archive with the server's rights, when the "
           "model is registered and for each request.",
    .cves = mar_cves,
};
static const struct redan_scan_rule command = {
    .card = {"COD537", "a text in this model is a command", REDAN_SEVERITY_HIGH, text_maps,
             "find out who put it there; do not use the model before"},
    .why = "The format runs nothing, and so has no reason to hold a command: the model carries a "
           "payload for something else that reads it, or has been tampered with.",
};
static const struct redan_scan_rule address = {
    .card = {"FMT250", "a text in this model names an address to call", REDAN_SEVERITY_MEDIUM,
             text_maps, "find out who put it there; block the address"},
    .why = "Nothing that reads this format fetches or sends anything. An address under such a "
           "name is meant for something else that reads the model.",
};
static const struct redan_scan_rule arrays = {
    .card = {"FMT251", "the trees of this model read or write outside their arrays",
             REDAN_SEVERITY_HIGH, array_maps, "do not load it; ask for a fresh export"},
    .why = "Loaders of tree models believe the counts and indices in the file. One that is out "
           "of range makes them read or write other memory of the process.",
    .cves = lightgbm_cves,
};
static const struct redan_scan_rule trailing = {
    .card = {"FMT252", "another file begins after the end of this one", REDAN_SEVERITY_MEDIUM,
             trail_maps, "look at what was appended; keep only what belongs there"},
    .why = "Readers of this format stop at its end. What follows was put there for another "
           "reader, past whatever looked at the first part only.",
};
static const struct redan_scan_rule pretender = {
    .card = {"FMT253", "a file with a model's name is a text of commands", REDAN_SEVERITY_HIGH,
             text_maps, "do not load it"},
    .why = "The name promises weights, and the content is written for an interpreter.",
};
static const struct redan_scan_rule *const rules[] = {&lua,    &handler,  &command,   &address,
                                                      &arrays, &trailing, &pretender, NULL};

enum { PRETENDER = 65536 };

struct group {
    bool served; /* a TorchServe archive */
};

/* Formats whose texts are told one by one here, and are nowhere judged as code. */
static const char *const silent[] = {"rdata",    "msgpack",  "ubjson", "xgboost",
                                     "lightgbm", "catboost", "torch7", "rknn",
                                     "tensorrt", "cntk",     NULL};
static const char *const trees[] = {"lightgbm", NULL};
static const char *const ours[] = {"rdata", "msgpack", "ubjson", "torch7", "png",
                                   "jpeg",  "gif",     "riff",   NULL};

static bool format_among(struct redan_scan *scan, const char *const *words)
{
    const struct redan_format *format = redan_scan_format_of(scan);

    return format && redan_slice_among(words, redan_slice_of(format->name));
}

static enum redan_status text(struct redan_scan *scan, const struct redan_fact *fact)
{
    struct redan_slice seen = {0};

    if (!format_among(scan, silent))
        return REDAN_OK;
    if (redan_command_in(fact->text, &seen) != REDAN_COMMAND_NONE)
        return redan_scan_found(scan, &command, REDAN_LEVEL_WARN, fact->offset, seen,
                                "%.*s holds \"%.*s\"",
                                REDAN_FMT(redan_slice_sub(fact->name, 0, 64)), REDAN_FMT(seen));
    if (redan_command_address(fact->name, fact->text, &seen))
        return redan_scan_found(scan, &address, REDAN_LEVEL_WARN, fact->offset, seen,
                                "%.*s holds \"%.*s\"",
                                REDAN_FMT(redan_slice_sub(fact->name, 0, 64)), REDAN_FMT(seen));
    return REDAN_OK;
}

static bool holds(struct redan_slice text, const char *word)
{
    return text.len && memmem(text.at, text.len, word, strlen(word)) != NULL;
}

/* Names in byte code stand as texts of their own: a table and what is taken from it. */
static enum redan_status lua_function(struct redan_scan *scan, const struct redan_fact *fact)
{
    bool dumped = redan_slice_is(fact->name, "bytecode");
    bool runs = (holds(fact->text, "os") && holds(fact->text, "execute")) ||
                (holds(fact->text, "io") && holds(fact->text, "popen")) ||
                holds(fact->text, "loadstring") || holds(fact->text, "package.loadlib") ||
                (holds(fact->text, "package") && holds(fact->text, "loadlib")) ||
                (holds(fact->text, "ffi") && holds(fact->text, "cdef"));

    if (!runs)
        return REDAN_OK;
    return redan_scan_found(scan, &lua, REDAN_LEVEL_FAIL, fact->offset,
                            dumped ? REDAN_S("byte code") : redan_slice_sub(fact->text, 0, 160),
                            "a Lua function of %llu bytes that names os.execute, io.popen or a "
                            "loader of code",
                            (unsigned long long)fact->number);
}

static bool dangerous_call(const struct redan_fact *fact)
{
    static const char *const modules[] = {"subprocess", "pty", "commands", "popen2", NULL};
    static const char *const system[] = {"system", "popen",  "execl",  "execv",
                                         "execve", "spawnl", "spawnv", NULL};
    static const char *const builtin[] = {"eval", "exec", NULL};

    if (redan_slice_among(modules, fact->module))
        return true;
    if (redan_slice_is(fact->module, "os") || redan_slice_is(fact->module, "posix"))
        return redan_slice_among(system, fact->name);
    return (fact->module.len == 0 || redan_slice_is(fact->module, "builtins")) &&
           redan_slice_among(builtin, fact->name);
}

static enum redan_status code(struct redan_scan *scan, const struct redan_fact *fact)
{
    const struct group *group = redan_scan_group(scan, &redan_det_others);

    if (strcmp(fact->what, "lua") == 0)
        return lua_function(scan, fact);
    if (strcmp(fact->what, "python-call") == 0 && group->served && dangerous_call(fact))
        return redan_scan_found(scan, &handler, REDAN_LEVEL_WARN, fact->offset, fact->name,
                                "the handler calls %.*s%s%.*s", REDAN_FMT(fact->module),
                                fact->module.len ? "." : "", REDAN_FMT(fact->name));
    return REDAN_OK;
}

static enum redan_status defect(struct redan_scan *scan, const struct redan_fact *fact)
{
    if (format_among(scan, trees))
        return redan_scan_found(scan, &arrays, REDAN_LEVEL_WARN, fact->offset, fact->text,
                                "%.*s does not fit the number of leaves or features",
                                REDAN_FMT(redan_slice_sub(fact->text, 0, 64)));
    if (format_among(scan, ours) && strcmp(fact->what, "trailing-data") == 0)
        return redan_scan_found(scan, &trailing, REDAN_LEVEL_WARN, fact->offset,
                                redan_slice_of(fact->what), "another format begins at byte %llu",
                                (unsigned long long)fact->offset);
    return REDAN_OK;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    struct group *below = NULL;

    switch (fact->kind) {
    case REDAN_FACT_MEMBER:
        below = redan_scan_group_below(scan, &redan_det_others);
        below->served = below->served || redan_slice_is(fact->name, "MAR-INF/MANIFEST.json");
        return REDAN_OK;
    case REDAN_FACT_TEXT:
        return text(scan, fact);
    case REDAN_FACT_CODE:
        return code(scan, fact);
    case REDAN_FACT_DEFECT:
        return defect(scan, fact);
    case REDAN_FACT_UNREAD:
    case REDAN_FACT_LINK:
    case REDAN_FACT_CLASS:
    case REDAN_FACT_OPERATOR:
    case REDAN_FACT_TEMPLATE:
    case REDAN_FACT_OBJECT:
    case REDAN_FACT_PICKLE:
        break;
    }
    return REDAN_OK;
}

static bool ends_with(struct redan_slice name, const char *ending)
{
    size_t len = strlen(ending);

    return name.len > len && strncasecmp(name.at + name.len - len, ending, len) == 0;
}

/* A model's name over what is no model: plain text, or bytes of no format. */
static enum redan_status end(struct redan_scan *scan)
{
    static const char *const models[] = {
        ".pdmodel", ".pdiparams",   ".pdparams", ".params", ".engine", ".plan",  ".trt",  ".dnn",
        ".cmf",     ".bin",         ".pt",       ".pth",    ".ckpt",   ".h5",    ".onnx", ".tflite",
        ".gguf",    ".ggml",        ".rknn",     ".cbm",    ".t7",     ".th",    ".pkl",  ".model",
        ".mlmodel", ".safetensors", ".npy",      ".rds",    ".rda",    ".rdata", NULL};
    static const char *const plain[] = {"text", "python", "template", NULL};
    static const char *const engines[] = {".engine", ".plan", ".trt", NULL};
    static const char *const interpreters[] = {"python", "import ", "/bin/", ".so\n", "dlopen"};
    struct redan_slice name = redan_scan_name_of(scan);
    struct redan_slice view = {0};
    struct redan_slice seen = {0};
    bool model = false;
    bool engine = false;

    if (redan_scan_format_of(scan) && !format_among(scan, plain))
        return REDAN_OK;
    for (size_t i = 0; models[i]; i++)
        model = model || ends_with(name, models[i]);
    if (!model || !redan_scan_source_of(scan))
        return REDAN_OK;
    REDAN_TRY(
        redan_source_view(redan_scan_ctx(scan), redan_scan_source_of(scan), 0, PRETENDER, &view));
    bool found = redan_command_in(view, &seen) != REDAN_COMMAND_NONE;
    /* Python's own .pth files import a module when it starts: setuptools ships one */
    if (ends_with(name, ".pth") && redan_slice_starts(seen, REDAN_S("__import__(")))
        found = false;
    for (size_t i = 0; engines[i]; i++)
        engine = engine || ends_with(name, engines[i]);
    /* an engine is machine code for a graphics card; one that is text, and speaks of an interpreter, is none */
    for (size_t i = 0; engine && !found && i < REDAN_COUNT(interpreters); i++) {
        found = holds(view, interpreters[i]);
        seen = redan_slice_sub(view, 0, 160);
    }
    if (!found)
        return REDAN_OK;
    return redan_scan_found(scan, &pretender, REDAN_LEVEL_WARN, (uint64_t)(seen.at - view.at), seen,
                            "it holds \"%.*s\"", REDAN_FMT(seen));
}

const struct redan_detector redan_det_others = {
    .name = "others", .rules = rules, .fact = fact, .end = end, .group = sizeof(struct group)};
