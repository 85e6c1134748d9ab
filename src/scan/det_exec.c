/* Programs: native code, byte code of other machines and scripts, judged by where they lie and what they are called. */
#include <string.h>
#include <strings.h>

#include "scan/commands.h"
#include "scan/detector_table.h"

static const char *const maps[] = {"atlas:2026.09/AML.T0018.002", "atlas:2026.09/AML.T0010.003",
                                   "cwe:4.18/CWE-506", NULL};
static const char *const beside_maps[] = {"atlas:2026.09/AML.T0018.002", "cwe:4.18/CWE-829", NULL};

static const struct redan_scan_rule hidden = {
    .card = {"EXE501", "a program hides in a model", REDAN_SEVERITY_CRITICAL, maps,
             "do not load or run it; find out how it came there"},
    .why = "Weights are numbers. A program among them, or under a model's name, is carried past "
           "filters that look at names, and waits for a second step that starts it.",
};
static const struct redan_scan_rule beside = {
    .card = {"EXE502", "native code lies among model files", REDAN_SEVERITY_MEDIUM, beside_maps,
             "take it only from who you trust, and compare its digest with the maker's"},
    .why = "A library of operators or plug-ins is loaded into the process that uses the model, "
           "with all its rights, and nothing here can tell what it does.",
};
static const struct redan_scan_rule script = {
    .card = {"EXE503", "a script of the system's shell lies inside a model", REDAN_SEVERITY_HIGH,
             maps, "read it before anything runs it; models need none"},
    .why = "Loading a model runs no shell script. One inside is either left over from building it "
           "or waits to be run by another step.",
};
static const struct redan_scan_rule seizes = {
    .card = {"EXE504", "a script gives the machine away or destroys it", REDAN_SEVERITY_CRITICAL,
             maps, "do not run it; treat a machine that ran it as compromised"},
    .why = "Reverse shells, hidden PowerShell and wiping commands have no place beside a model.",
};
static const struct redan_scan_rule buried = {
    .card = {"EXE505", "a program lies within bytes of no known format", REDAN_SEVERITY_HIGH, maps,
             "find out what writes such files; do not run what reads them"},
    .why = "The header of a program was found, complete and consistent, in the middle of bytes "
           "that no format explains.",
};
static const struct redan_scan_rule *const rules[] = {&hidden, &beside, &script,
                                                      &seizes, &buried, NULL};

enum { VIEW = REDAN_SOURCE_VIEW, OVERLAP = 4096 };
/* Of the members of one container together, but for options.deep: whoever looks at all of a model's bytes has asked for it. */
#define BURIED_BYTES ((uint64_t)256 << 20)

/* What the members of a container know of each other. */
struct group {
    bool package; /* of a programming language: native code belongs to it */
    bool model;   /* one of the archives that frameworks load */
    uint64_t searched;
};

static const char *const weights[] = {
    ".bin",     ".pt",      ".pth",        ".ckpt",     ".pkl",         ".pickle",  ".joblib",
    ".dill",    ".npy",     ".npz",        ".h5",       ".hdf5",        ".keras",   ".pb",
    ".tflite",  ".onnx",    ".gguf",       ".ggml",     ".safetensors", ".msgpack", ".mar",
    ".nemo",    ".model",   ".params",     ".pdparams", ".pdiparams",   ".pdmodel", ".mlmodel",
    ".cbm",     ".ubj",     ".rds",        ".rda",      ".rdata",       ".t7",      ".rknn",
    ".engine",  ".plan",    ".trt",        ".dnn",      ".cmf",         ".skops",   ".ptl",
    ".pte",     ".pmml",    ".lightgbm",   ".lgb",      ".dat",         ".data",    ".json",
    ".yaml",    ".yml",     ".png",        ".jpg",      ".jpeg",        ".gif",     ".csv",
    ".parquet", ".weights", ".caffemodel", ".torch",    ".th",          ".index",   ".arrow",
    NULL};
static const char *const programs[] = {".so",   ".dll",   ".dylib",     ".pyd",   ".exe", ".elf",
                                       ".node", ".wasm",  ".dex",       ".class", ".sys", ".o",
                                       ".a",    ".cubin", ".llamafile", NULL};
static const char *const packages[] = {".whl",   ".egg",   ".jar", ".apk", ".aar", ".nupkg",
                                       ".conda", ".crate", ".gem", ".deb", ".rpm", NULL};
static const char *const archives[] = {"zip", "tar", "archive", NULL};
static const char *const wrappers[] = {"gzip", "bzip2", "xz",         "lzma", "zlib",
                                       "lz4",  "zstd",  "compressed", NULL};
static const char *const native[] = {"elf", "pe", "macho", NULL};
static const char *const foreign[] = {"wasm", "dex", "java-class", "llamafile", NULL};

static bool ends_among(const char *const *endings, struct redan_slice name)
{
    for (size_t i = 0; endings[i]; i++) {
        size_t len = strlen(endings[i]);
        if (name.len > len && strncasecmp(name.at + name.len - len, endings[i], len) == 0)
            return true;
    }
    return false;
}

/* "libop.so.2.1" too. */
static bool program_name(struct redan_slice name)
{
    return ends_among(programs, name) || (name.len && memmem(name.at, name.len, ".so.", 4) != NULL);
}

static bool is_among(const char *const *words, const char *word)
{
    return word && redan_slice_among(words, redan_slice_of(word));
}

static struct group *group_below(struct redan_scan *scan)
{
    return redan_scan_group_below(scan, &redan_det_exec);
}

/* What a container's member names say about it. */
static void learn(struct redan_scan *scan, struct redan_slice name)
{
    static const char *const of_models[] = {
        "data.pkl",           "model_config.yaml", "MAR-INF/MANIFEST.json", "model.weights.h5",
        "model_weights.ckpt", "schema.json",       "saved_model.pb",        NULL};
    struct group *group = group_below(scan);

    if (redan_slice_ends(name, REDAN_S("META-INF/MANIFEST.MF")) ||
        redan_slice_ends(name, REDAN_S(".dist-info/RECORD")) ||
        redan_slice_ends(name, REDAN_S("AndroidManifest.xml")) ||
        redan_slice_ends(name, REDAN_S("EGG-INFO/PKG-INFO")) ||
        ends_among(packages, redan_scan_name_of(scan)))
        group->package = true;
    for (size_t i = 0; of_models[i]; i++) {
        if (redan_slice_ends(name, redan_slice_of(of_models[i])))
            group->model = true;
    }
}

static enum redan_status say(struct redan_scan *scan, const struct redan_scan_rule *rule,
                             enum redan_level level, const struct redan_fact *fact,
                             const char *where)
{
    return redan_scan_found(scan, rule, level, fact->offset, redan_slice_of(fact->what),
                            "%s (%.*s) %s", fact->what, REDAN_FMT(fact->name), where);
}

static enum redan_status program(struct redan_scan *scan, const struct redan_fact *fact)
{
    const struct redan_format *container = redan_scan_container_of(scan);
    const char *in = container ? container->name : NULL;
    const struct group *group = redan_scan_group(scan, &redan_det_exec);
    struct redan_slice name = redan_scan_name_of(scan);
    bool own = program_name(name);
    bool disguised = !own && ends_among(weights, name);

    if (is_among(native, in) || is_among(foreign, in))
        return REDAN_OK; /* a program within a program */
    if (disguised)
        return say(scan, &hidden, REDAN_LEVEL_FAIL, fact, "under the name of a model or of data");
    if (in && !is_among(archives, in) && !is_among(wrappers, in))
        return say(scan, &hidden, REDAN_LEVEL_FAIL, fact, "inside what should hold data alone");
    if (is_among(foreign, fact->what))
        return own || !in || group->package ? REDAN_OK
                                            : say(scan, &hidden, REDAN_LEVEL_FAIL, fact,
                                                  "in an archive, under another name");
    if (!in || own || group->package || is_among(wrappers, in) ||
        redan_slice_is(fact->name, "object")) /* which is to be linked first */
        return say(scan, &beside, REDAN_LEVEL_WARN, fact, "is native code");
    return say(scan, &hidden, REDAN_LEVEL_FAIL, fact, "in an archive, under another name");
}

static enum redan_status scripted(struct redan_scan *scan, const struct redan_fact *fact)
{
    const struct redan_format *container = redan_scan_container_of(scan);
    const char *in = container ? container->name : NULL;
    const struct group *group = redan_scan_group(scan, &redan_det_exec);
    struct redan_slice name = redan_scan_name_of(scan);
    struct redan_slice seen = {0};
    bool shell = strcmp(fact->what, "script") != 0;
    enum redan_command kind = redan_command_in(fact->text, &seen);

    if (ends_among(weights, name))
        return say(scan, &hidden, REDAN_LEVEL_FAIL, fact, "under the name of a model or of data");
    if (kind == REDAN_COMMAND_SEIZE)
        return redan_scan_found(scan, &seizes, REDAN_LEVEL_FAIL, fact->offset, seen,
                                "the script holds \"%.*s\"", REDAN_FMT(seen));
    if (!in || is_among(wrappers, in) || group->package)
        return REDAN_OK;
    if (!is_among(archives, in))
        return shell ? say(scan, &script, REDAN_LEVEL_WARN, fact, "inside what should hold data")
                     : REDAN_OK;
    if (shell && group->model)
        return say(scan, &script, kind == REDAN_COMMAND_NONE ? REDAN_LEVEL_WARN : REDAN_LEVEL_FAIL,
                   fact, "in a model's archive");
    return REDAN_OK;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    if (fact->kind == REDAN_FACT_MEMBER) {
        learn(scan, fact->name);
        return REDAN_OK;
    }
    if (fact->kind != REDAN_FACT_CODE)
        return REDAN_OK;
    if (is_among(native, fact->what) || is_among(foreign, fact->what))
        return program(scan, fact);
    return strncmp(fact->what, "script", 6) == 0 ? scripted(scan, fact) : REDAN_OK;
}

static uint32_t little(const char *at)
{
    return (uint32_t)(uint8_t)at[0] | (uint32_t)(uint8_t)at[1] << 8 |
           (uint32_t)(uint8_t)at[2] << 16 | (uint32_t)(uint8_t)at[3] << 24;
}

/* A whole ELF head: class, order, version, kind, machine, size of itself. */
static bool is_elf(struct redan_slice s)
{
    bool wide = s.len >= 64 && s.at[4] == 2;

    if (s.len < 64 || (s.at[4] != 1 && s.at[4] != 2) || s.at[5] != 1 || s.at[6] != 1)
        return false;
    return (s.at[16] == 2 || s.at[16] == 3) && s.at[17] == 0 && little(s.at + 20) == 1 &&
           (uint8_t)s.at[wide ? 52 : 40] == (wide ? 64 : 52);
}

static bool is_pe(struct redan_slice s)
{
    uint32_t place = s.len >= 64 ? little(s.at + 60) : 0;

    if (place < 64 || place > 1024 || s.len < (size_t)place + 6 ||
        memcmp(s.at + place, "PE\0\0", 4) != 0)
        return false;
    uint32_t machine = little(s.at + place + 2) >> 16;
    return machine == 0x14c || machine == 0x8664 || machine == 0xaa64 || machine == 0x1c4;
}

/* The first place before `most` where a program with this magic begins, or the view's length. */
static size_t search(struct redan_slice view, size_t most, struct redan_slice magic,
                     bool (*is)(struct redan_slice))
{
    for (size_t at = 0; at < most;) {
        const char *found = memchr(view.at + at, magic.at[0], most - at);

        if (!found)
            break;
        at = (size_t)(found - view.at);
        if (view.len - at >= magic.len && memcmp(found, magic.at, magic.len) == 0 &&
            is(redan_slice_sub(view, at, view.len)))
            return at;
        at++;
    }
    return view.len;
}

static enum redan_status end(struct redan_scan *scan)
{
    struct redan_source *source = redan_scan_source_of(scan);
    struct redan_ctx *ctx = redan_scan_ctx(scan);

    if (redan_scan_format_of(scan) || !source)
        return REDAN_OK;
    struct group *group = redan_scan_group(scan, &redan_det_exec);
    bool deep = redan_scan_options_of(scan)->deep;

    for (uint64_t at = 0; deep || group->searched < BURIED_BYTES;) {
        struct redan_slice view = {0};

        REDAN_TRY(redan_source_view(ctx, source, at, VIEW, &view));
        if (view.len < 64)
            return REDAN_OK;
        size_t most = view.len == VIEW ? VIEW - OVERLAP : view.len;
        group->searched += most;
        size_t place = search(view, most, REDAN_S("MZ"), is_pe);
        size_t other = search(view, most, REDAN_S("\177ELF"), is_elf);
        place = other < place ? other : place;
        uint64_t begins = at + place;
        if (place < view.len)
            return redan_scan_found(scan, &buried, REDAN_LEVEL_FAIL, begins,
                                    redan_slice_sub(view, place, 16),
                                    "a program begins at byte %llu", (unsigned long long)begins);
        if (view.len < VIEW)
            return REDAN_OK;
        at += most;
    }
    return REDAN_OK;
}

const struct redan_detector redan_det_exec = {
    .name = "exec", .rules = rules, .fact = fact, .end = end, .group = sizeof(struct group)};
