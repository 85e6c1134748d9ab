/* Detectors of weights, Keras configurations and skops archives: each rule has something that trips it, and something close that does not. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "scan/code_names.h"
#include "scan/policy.h"
#include "scan/scan.h"
#include "zip_build.h"

enum { NONE = -1, NOTE = REDAN_LEVEL_NOTE, WARN = REDAN_LEVEL_WARN, FAIL = REDAN_LEVEL_FAIL };

struct row {
    const char *name;
    const char *text; /* of a corpus: NULL */
    const char *rule; /* NULL: no finding of any rule */
    int level;
};

static enum redan_status scan(struct redan_ctx *ctx, const struct redan_scan_options *options,
                              struct redan_slice bytes, const char *name,
                              struct redan_scan_artefact *artefact)
{
    struct redan_source source = {0};

    redan_source_memory(&source, bytes);
    enum redan_status status =
        redan_scan_source(ctx, options, &source, redan_slice_of(name), artefact);
    redan_source_done(&source);
    return status;
}

static int level_of(const struct redan_scan_artefact *artefact, const char *rule)
{
    int level = NONE;

    for (const struct redan_finding *f = artefact->findings.first; f; f = f->next) {
        if ((!rule || strcmp(f->rule->id, rule) == 0) && (int)f->level > level)
            level = (int)f->level;
    }
    return level;
}

static void check(const struct row *rows, size_t count)
{
    struct redan_ctx ctx;
    struct redan_scan_options options = {0};

    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_scan_tables_builtin(&ctx, &options.tables));
    for (size_t i = 0; i < count; i++) {
        struct redan_scan_artefact artefact = {0};

        assert_ok(scan(&ctx, &options, redan_slice_of(rows[i].text), rows[i].name, &artefact));
        int level = level_of(&artefact, rows[i].rule);
        if (level != rows[i].level)
            fail_msg("row %zu: %s\n  %s is at %d, not %d", i, rows[i].text,
                     rows[i].rule ? rows[i].rule : "all", level, rows[i].level);
        if (artefact.coverage != REDAN_COVERAGE_COMPLETE)
            fail_msg("row %zu is not read whole: %.*s", i, REDAN_FMT(artefact.reason));
    }
    redan_ctx_done(&ctx);
}
#define CHECK(rows) check(rows, REDAN_COUNT(rows))

#define MODEL(layers) "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [" layers "]}}"
#define LAYER(class, config) "{\"class_name\": \"" class "\", \"config\": {" config "}}"
#define OF(module, class) \
    "{\"module\": \"" module "\", \"class_name\": \"" class "\", \"config\": {}}"
#define FUNCTION(module, name)                                                       \
    "{\"module\": \"" module "\", \"class_name\": \"function\", \"config\": \"" name \
    "\", \"registered_name\": \"" name "\"}"
/* what marshal.dumps gives for `lambda x: x * 2` in Python 3.11 */
#define HARMLESS                                                                              \
    "4wEAAAAAAAAAAAAAAAIAAAADAAAA8wwAAACXAHwAZAF6BQAAUwApAk7pAgAAAKkAqQHaAXhzAQAA\\nACD6CGVq" \
    "ZW1wbG8g+gg8bGFtYmRhPnIHAAAADQAAAHMKAAAAgACAuAG4IbkDgADzAAAA\\nAA==\\n"

static void test_keras_code(void **state)
{
    static const struct row rows[] = {
        {"config.json", MODEL(LAYER("Lambda", "\"function\": [\"" HARMLESS "\", null, null]")),
         "KER302", WARN},
        {"config.json", MODEL(LAYER("Lambda", "\"function\": [\"" HARMLESS "\", null, null]")),
         "KER301", NONE},
        {"config.json",
         MODEL(LAYER("Lambda", "\"function\": {\"class_name\": \"__lambda__\", \"config\": "
                               "{\"code\": \"" HARMLESS "\"}}")),
         "KER302", WARN},
        {"config.json",
         MODEL(LAYER("Lambda", "\"function\": {\"class_name\": \"__tuple__\", \"items\": "
                               "[\"" HARMLESS "\", null, null]}")),
         "KER302", WARN},
        {"config.json", MODEL(LAYER("Lambda", "\"function\": \"lambda x: eval('1')\"")), "KER301",
         FAIL},
        {"config.json", MODEL(LAYER("Lambda", "\"function\": \"lambda x: x\"")), "KER302", WARN},
        {"config.json",
         MODEL(LAYER("Dense", "\"activation\": {\"class_name\": \"__lambda__\", \"config\": "
                              "{\"value\": \"" HARMLESS "\"}}")),
         "KER302", WARN},
        /* base64 of "lambda x: __import__('os').system('id')" */
        {"config.json",
         MODEL(LAYER("Lambda",
                     "\"function\": [\"bGFtYmRhIHg6IF9faW1wb3J0X18oJ29zJykuc3lzdGVtKCdpZCcp\"]")),
         "KER301", FAIL},
        /* by name, of the program that loads it */
        {"config.json",
         MODEL(LAYER("Lambda", "\"function\": \"scale\", \"function_type\": \"function\", "
                               "\"module\": \"__main__\"")),
         NULL, NONE},
        {"config.json",
         MODEL(LAYER("Lambda", "\"function\": \"system\", \"function_type\": "
                               "\"function\", \"module\": \"os\"")),
         "KER303", FAIL},
        /* the same words where they are prose */
        {"config.json", "{\"code\": \"lambda x: eval(x)\"}", "KER301", NONE},
        {"config.json", MODEL(LAYER("Dense", "\"name\": \"lambda_1\"")), NULL, NONE},
    };

    (void)state;
    CHECK(rows);
}

static void test_keras_names(void **state)
{
    static const struct row rows[] = {
        {"config.json", MODEL(FUNCTION("os", "system")), "KER303", FAIL},
        {"config.json", MODEL(FUNCTION("builtins", "exec")), "KER303", FAIL},
        {"config.json", MODEL(FUNCTION("builtins", "my_activation")), NULL, NONE},
        {"config.json", MODEL(OF("subprocess", "Popen")), "KER303", FAIL},
        {"config.json", MODEL(OF("builtins", "Dense")), "KER303", WARN},
        {"config.json", MODEL(OF("builtins", "slice")), NULL, NONE},
        {"config.json", MODEL(FUNCTION("keras.models", "load_model")), "KER303", FAIL},
        {"config.json", MODEL(FUNCTION("keras.activations", "relu")), NULL, NONE},
        {"config.json", MODEL(OF("keras.src.layers", "Dense")), NULL, NONE},
        {"config.json", MODEL(OF("tensorflow.keras.layers", "Dense")), NULL, NONE},
        {"config.json", MODEL(OF("kerasx.layers", "Dense")), "KER304", WARN},
        {"config.json", MODEL(OF("__main__", "Mine")), NULL, NONE},
        /* libraries of layers have functions that are none */
        {"config.json", MODEL(FUNCTION("tensorflow.io.gfile", "copy")), "KER303", WARN},
        {"config.json", MODEL(FUNCTION("tensorflow.raw_ops", "WriteFile")), "KER303", FAIL},
        {"config.json", MODEL(FUNCTION("tensorflow.saved_model", "load")), "KER303", FAIL},
        {"config.json", MODEL(FUNCTION("keras.src.utils.file_utils", "urlretrieve")), "KER303",
         FAIL},
        {"config.json", MODEL(OF("tensorflow.io", "write_file")), "KER303", FAIL},
        {"config.json", MODEL(FUNCTION("keras.ops", "subprocess.Popen")), "KER303", FAIL},
        {"config.json", MODEL(LAYER("TFOpLambda", "\"function\": \"io.write_file\"")), "KER303",
         FAIL},
        {"config.json", MODEL(LAYER("TFOpLambda", "\"function\": \"math.add\"")), NULL, NONE},
        {"config.json", MODEL(FUNCTION("tensorflow.linalg", "trace")), NULL, NONE},
        {"config.json", MODEL(FUNCTION("keras.src.ops.nn", "gelu")), NULL, NONE},
        {"config.json", MODEL(LAYER("Lambda", "\"fn_module\": \"mathutils.payload\"")), "KER304",
         WARN},
        {"config.json", MODEL(LAYER("Dense", "\"fn_module\": \"subprocess\"")), "KER303", FAIL},
        {"config.json", MODEL(LAYER("Attention", "\"score_module\": \"dot\"")), NULL, NONE},
    };

    (void)state;
    CHECK(rows);
}

static void test_keras_reach(void **state)
{
    static const struct row rows[] = {
        {"config.json", MODEL(FUNCTION("keras.utils", "get_file")), "KER305", WARN},
        {"config.json",
         "{\"class_name\": \"Model\", \"config\": {\"layers\": [" FUNCTION(
             "keras.utils", "get_file") "], \"origin\": \"https://example.com/x.bin\"}}",
         "KER305", FAIL},
        {"config.json",
         MODEL(LAYER("Dense", "\"fn\": \"get_file\", \"url\": \"https://example.com/x\"")),
         "KER305", WARN},
        {"config.json", MODEL(LAYER("Dense", "\"fn\": \"get_file\", \"path\": \"a.h5\"")), NULL,
         NONE},
        {"config.json",
         MODEL(LAYER("Dense", "\"notes\": \"see get_file\", \"url\": "
                              "\"https://example.com/x\"")),
         "KER305", NONE},
        {"config.json", MODEL(FUNCTION("keras.config", "enable_unsafe_deserialization")), "KER306",
         WARN},
        {"config.json",
         MODEL(LAYER("Dense", "\"notes\": \"mentions enable_unsafe_deserialization only\"")), NULL,
         NONE},
        {"config.json", MODEL(LAYER("TorchModuleWrapper", "\"module\": \"x\"")), "KER307", WARN},
        {"config.json", MODEL(LAYER("TFSMLayer", "\"filepath\": \"other\"")), "KER310", WARN},
        {"config.json", MODEL(LAYER("TFSLayer", "\"filepath\": \"other\"")), NULL, NONE},
        {"config.json", MODEL(LAYER("TorchWrapper", "\"name\": \"x\"")), NULL, NONE},
        {"config.json", MODEL(LAYER("StringLookup", "\"vocabulary\": \"/etc/passwd\"")), "KER308",
         WARN},
        {"config.json", MODEL(LAYER("StringLookup", "\"vocabulary\": \"http://a/b\"")), "KER308",
         WARN},
        {"config.json", MODEL(LAYER("StringLookup", "\"vocabulary\": [\"a/b\", \"c\"]")), NULL,
         NONE},
        {"config.json", LAYER("MyModel", "\"layers\": []"), "KER309", WARN},
        {"config.json", LAYER("Functional", "\"layers\": []"), NULL, NONE},
        {"layer.json", LAYER("MyModel", "\"layers\": []"), NULL, NONE},
    };

    (void)state;
    CHECK(rows);
}

#define NODE(loader, module, class, more)                                                      \
    "{\"__class__\": \"" class "\", \"__module__\": \"" module "\", \"__loader__\": \"" loader \
                               "\"" more "}"
#define METHOD(class, name, of)                             \
    NODE("MethodNode", "sklearn.linear_model._base", class, \
         ", \"content\": {\"func\": \"" name                \
         "\", \"obj\": " NODE("ObjectNode", "sklearn.linear_model._logistic", of, "") "}")

static void test_skops(void **state)
{
    static const struct row rows[] = {
        {"schema.json", NODE("FunctionNode", "posix", "system", ""), "SKO350", FAIL},
        {"schema.json", NODE("FunctionNode", "builtins", "eval", ""), "SKO350", FAIL},
        {"schema.json", NODE("DictNode", "builtins", "dict", ""), NULL, NONE},
        {"schema.json", NODE("FunctionNode", "numpy", "load", ""), "SKO350", FAIL},
        {"schema.json", NODE("FunctionNode", "numpy", "log1p", ""), NULL, NONE},
        {"schema.json", NODE("ObjectNode", "sklearn.svm._classes", "SVC", ""), NULL, NONE},
        {"schema.json", NODE("PartialNode", "functools", "partial", ""), NULL, NONE},
        {"schema.json", NODE("ObjectNode", "functools", "reduce", ""), "SKO350", FAIL},
        {"schema.json", NODE("OperatorFuncNode", "operator", "call", ""), "SKO350", FAIL},
        {"schema.json", NODE("OperatorFuncNode", "operator", "itemgetter", ""), NULL, NONE},
        {"schema.json", NODE("OperatorFuncNode", "operator", "methodcaller", ""), "SKO354", WARN},
        {"schema.json", NODE("OperatorFuncNode", "sklearn.svm._classes", "call", ""), "SKO351",
         FAIL},
        {"schema.json", METHOD("LogisticRegression", "predict", "LogisticRegression"), NULL, NONE},
        {"schema.json", METHOD("LogisticRegression", "predict", "SVC"), "SKO351", FAIL},
        {"schema.json", METHOD("LogisticRegression", "__reduce__", "LogisticRegression"), "SKO351",
         FAIL},
        {"schema.json", NODE("ObjectNode", "evil_package", "Thing", ""), "SKO352", WARN},
        {"schema.json", NODE("ObjectNode", "__main__", "Mine", ""), NULL, NONE},
        {"schema.json", "{\"__class__\": \"eval\", \"__module__\": \"builtins\"}", NULL, NONE},
    };

    (void)state;
    CHECK(rows);
}

static void test_skops_archive(void **state)
{
    static const struct {
        const char *archive, *name, *text;
        int level;
    } rows[] = {
        {"m.skops", "README.md", "Load it with joblib.load() if skops fails.\n", WARN},
        {"m.skops", "README.md", "A model of flowers.\n", NONE},
        {"m.skops", "MethodNode.json", "{}", WARN},
        {"m.zip", "README.md", "Load it with joblib.load() if skops fails.\n", NONE},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_scan_options options = {0};
        struct redan_scan_artefact artefact = {0};
        struct zip_build zip = zip_build_new();
        struct redan_buf out;

        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_scan_tables_builtin(&ctx, &options.tables));
        redan_buf_init(&out, &ctx, 1 << 20);
        zip_build_member(&zip, "schema.json", REDAN_S(NODE("DictNode", "builtins", "dict", "")));
        zip_build_member(&zip, rows[i].name, redan_slice_of(rows[i].text));
        zip_build_add(&out, &zip);
        assert_ok(scan(&ctx, &options, redan_buf_view(&out), rows[i].archive, &artefact));
        assert_int_equal(level_of(&artefact, "SKO353"), rows[i].level);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

/* Files of the corpora, by their readers' names. */
static void test_weights(void **state)
{
    static const struct {
        const char *file, *rule;
        int level;
    } rows[] = {
        {"safetensors/two.safetensors", NULL, NONE},
        {"safetensors/overlap.safetensors", "FMT220", WARN},
        {"safetensors/twice.safetensors", "FMT220", WARN},
        {"safetensors/cut.safetensors", NULL, NONE},
        {"safetensors/tail.safetensors", "FMT221", WARN},
        {"gguf/tail.gguf", "FMT221", WARN},
        {"gguf/v3.gguf", NULL, NONE},
        {"gguf/bad_tensors.gguf", "FMT222", WARN},
        {"gguf/overflow.gguf", "FMT222", WARN},
        {"gguf/key.gguf", "FMT223", WARN},
        {"gguf/template.gguf", "FMT223", NONE},
        {"gguf/version.ggml", "FMT224", WARN},
        {"gguf/llama.ggjt", NULL, NONE},
        {"hdf5/cycle.h5", "FMT225", WARN},
        {"hdf5/old.h5", NULL, NONE},
        {"hdf5/dense.h5", NULL, NONE},
        {"hdf5/external.h5", "FMT226", WARN},
        {"hdf5/storage.h5", "FMT226", WARN},
        {"hdf5/virtual.h5", "FMT226", WARN},
        {"hdf5/links.h5", NULL, NONE},
    };
    static char bytes[1 << 16];

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_scan_options options = {0};
        struct redan_scan_artefact artefact = {0};
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/tests/corpus/%s", REDAN_SOURCE, rows[i].file);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t len = fread(bytes, 1, sizeof(bytes), file);
        (void)fclose(file);
        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_scan_tables_builtin(&ctx, &options.tables));
        assert_ok(scan(&ctx, &options, (struct redan_slice){bytes, len}, rows[i].file, &artefact));
        if (level_of(&artefact, rows[i].rule) != rows[i].level)
            fail_msg("%s: %s is at %d", rows[i].file, rows[i].rule ? rows[i].rule : "all",
                     level_of(&artefact, rows[i].rule));
        redan_ctx_done(&ctx);
    }
}

/* Without memory there is an answer all the same: a refusal, or a coverage that says so, and never a clean one. */
static void test_memory(void **state)
{
    const char *text = MODEL(LAYER("Lambda", "\"function\": [\"" HARMLESS "\", null, null]"));
    struct redan_ctx ctx;
    struct redan_scan_options options = {0};
    bool through = false;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_scan_tables_builtin(&ctx, &options.tables));
    for (uint64_t n = 1; n < 400 && !through; n++) {
        struct redan_scan_artefact artefact = {0};

        ctx.mem.fail_at = ctx.mem.calls + n;
        enum redan_status status =
            scan(&ctx, &options, redan_slice_of(text), "config.json", &artefact);
        through = ctx.mem.calls < ctx.mem.fail_at;
        ctx.mem.fail_at = 0;
        redan_fail_clear(&ctx);
        if (status == REDAN_OK)
            assert_true(artefact.verdict != REDAN_SCAN_CLEAN ||
                        artefact.coverage != REDAN_COVERAGE_COMPLETE);
    }
    assert_true(through);
    redan_ctx_done(&ctx);
}

static void test_code_names(void **state)
{
    static const struct {
        const char *source, *names;
    } rows[] = {
        {"lambda x: os.system('id')", "os, system"},
        {"lambda x: model.evaluate(x)", ""},
        {"exec(open('x').read())", "exec, open"},
        {"eval(eval('1'))", "eval"},
        {"osx = systematic", ""},
    };
    struct redan_ctx ctx;
    struct redan_buf found;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        redan_buf_init(&found, &ctx, 4096);
        redan_code_names_source(redan_slice_of(rows[i].source), &found);
        assert_slice(redan_buf_view(&found), rows[i].names);
        redan_buf_done(&found);
    }
    /* names of every tag that a text may have; a length past the end is none */
    redan_buf_init(&found, &ctx, 4096);
    redan_code_names_marshal(
        REDAN_S("\xe3\1\0\0\0\0\0\0\0\xda\4exec\xfa\4eval\x61\2\0\0\0osZ\xffsocket"), &found);
    assert_slice(redan_buf_view(&found), "exec, eval, os");
    redan_buf_done(&found);
    assert_true(redan_code_module(redan_slice_of("os.path")));
    assert_false(redan_code_module(redan_slice_of("osprey")));
    assert_true(redan_code_is_source(redan_slice_of(" lambda x: x")));
    assert_false(redan_code_is_source(redan_slice_of("from here on")));
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_code),    cmocka_unit_test(test_keras_names),
        cmocka_unit_test(test_keras_reach),   cmocka_unit_test(test_skops),
        cmocka_unit_test(test_skops_archive), cmocka_unit_test(test_weights),
        cmocka_unit_test(test_memory),        cmocka_unit_test(test_code_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
