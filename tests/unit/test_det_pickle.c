/* The judgement of pickles: each rule has a pickle that trips it and one close to it that does not; names by the tables; arrays of NumPy. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "pickle_asm.h"
#include "scan/pickle_judge.h"
#include "scan/policy_rows.h"
#include "zip_build.h"

enum { NONE = -1, NOTE = REDAN_LEVEL_NOTE, WARN = REDAN_LEVEL_WARN, FAIL = REDAN_LEVEL_FAIL };

struct bench {
    struct redan_ctx ctx;
    struct redan_scan_options options;
};

static int begin(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    redan_ctx_init(&b->ctx, NULL);
    assert_ok(redan_scan_tables_builtin(&b->ctx, &b->options.tables));
    *state = b;
    return 0;
}

static int end(void **state)
{
    struct bench *b = *state;

    redan_ctx_done(&b->ctx);
    free(b);
    return 0;
}

static struct redan_scan_artefact scan(struct bench *b, struct redan_slice bytes)
{
    struct redan_scan_artefact artefact = {0};
    struct redan_source source = {0};

    redan_source_memory(&source, bytes);
    assert_ok(redan_scan_source(&b->ctx, &b->options, &source, REDAN_S("model.pkl"), &artefact));
    redan_source_done(&source);
    return artefact;
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

struct row {
    struct redan_slice pickle;
    const char *rule; /* NULL: no finding at all */
    int level;
};
#define P(text)                  \
    {                            \
        (text), sizeof(text) - 1 \
    }
#define OBJECT(module, name) "c" module "\n" name "\n)\x81"
/* partial(new_block), with this function and these arguments in its state, called with an object and a number */
#define BLOCK(function, bound)                                        \
    "cfunctools\npartial\ncpandas.core.internals.blocks\nnew_block\n" \
    "\x85R(" function bound "}U\x04ndimK\x02sNtb"                     \
    "ccollections\nCounter\n)RK\x01\x86R."
/* partial(getattr(class, "__new__"), another, 1)() */
#define NEW(class, another)                                                       \
    "cbuiltins\ngetattr\n" class "U\x07__new__\x86Rq\x01"                         \
                                 "0cfunctools\npartial\nh\x01\x85R(h\x01" another \
                                 "K\x01\x86}Ntb)R."

#define DOUBLE     \
    "](h\x00h\x00" \
    "eq\x00"
#define DOUBLE4 DOUBLE DOUBLE DOUBLE DOUBLE
#define DOUBLE16 DOUBLE4 DOUBLE4 DOUBLE4 DOUBLE4

#define WRAPPER(dtype)                                                                         \
    "\x80\x02" OBJECT("joblib.numpy_pickle", "NumpyArrayWrapper") "}(U\x05shapeK\x01\x85U\x05" \
                                                                  "dtypecnumpy\ndtype\n" dtype \
                                                                  "ub"

static const struct row rows[] = {
    /* PKL001 and what is close: a harmless function of the same shape */
    {P("\x80\x02"
       "cos\nsystem\nU\x02id\x85R."),
     "PKL001", FAIL},
    {P("\x80\x02"
       "cposix\nsystem\nq\x00."),
     "PKL001", FAIL},
    {P("\x80\x04\x8c\x08"
       "builtins\x8c\x04"
       "eval\x93\x8c\x03"
       "1+1\x85R."),
     "PKL001", FAIL},
    {P("(S'id'\nios\nsystem\n."), "PKL001", FAIL},
    {P("(cos\nsystem\nS'id'\no."), "PKL001", FAIL},
    {P("\x80\x02"
       "csubprocess\nPopen\n]U\x02id"
       "a\x85R."),
     "PKL001", FAIL},
    {P("\x80\x02"
       "c_codecs\nencode\nX\x02\x00\x00\x00"
       "id"
       "X\x06\x00\x00\x00latin1\x86R."),
     NULL, NONE},
    {P("\x80\x02"
       "ccollections\nOrderedDict\n)R."),
     NULL, NONE},
    /* the template of a distribution */
    {P("\x80\x02" OBJECT("scipy.stats._continuous_distns",
                         "norm_gen") "}U\x13_parse_arg_templateU\x1d"
                                     "def _parse_args(self):f(self)sb."),
     "PKL001", FAIL},
    {P("\x80\x02" OBJECT("scipy.stats._continuous_distns",
                         "norm_gen") "}U\x13_parse_arg_templateU\x2d"
                                     "def _parse_args(self,  loc=0):\n return (), loc\nsb."),
     NULL, NONE},
    /* PKL002 */
    {P("\x80\x02"
       "cshutil\nrmtree\nU\x01x\x85R."),
     "PKL002", FAIL},
    {P("\x80\x02"
       "curllib.request\nurlopen\nU\x01x\x85R."),
     "PKL002", FAIL},
    {P("\x80\x02"
       "cbuiltins\ngetattr\ncbuiltins\nobject\nU\x0b__getattr__\x86R."),
     "PKL002", FAIL},
    {P("\x80\x02"
       "cbuiltins\ngetattr\nccollections\nCounter\nU\x06update\x86."),
     NULL, NONE},
    {P("\x80\x02"
       "coperator\nattrgetter\nU\x06system\x85R."),
     "PKL002", FAIL},
    {P("\x80\x02"
       "cnumpy.core\n_ufunc_reconstruct\nU\x02osU\x06system\x86R."),
     "PKL002", FAIL},
    {P("\x80\x02"
       "cnumpy.core\n_ufunc_reconstruct\nU\x05numpyU\x03"
       "add\x86R."),
     NULL, NONE},
    /* a method that unpickling looks for, put into an object */
    {P("\x80\x02" OBJECT("types", "SimpleNamespace") "}U\x0c__setstate__cnumpy\nmean\nsbU\x01xb."),
     "PKL009", FAIL},
    {P("\x80\x02" OBJECT("types", "SimpleNamespace") "N}U\x09__class__cnumpy\nmean\ns\x86"
                                                     "b."),
     "PKL009", FAIL},
    {P("\x80\x02" OBJECT("types", "SimpleNamespace") "}U\x06"
                                                     "appendcnumpy\nmean\nsbNa."),
     "PKL009", FAIL},
    {P("\x80\x02" OBJECT("types", "SimpleNamespace") "}U\x06"
                                                     "appendcnumpy\nmean\nsb."),
     NULL, NONE},
    {P("\x80\x02"
       "clogging\ngetLogger\n)R}U\x08handlers]sb."),
     "PKL009", FAIL},
    {P("\x80\x02"
       "cbuiltins\ndict\n" OBJECT("types", "SimpleNamespace") "}U\x04keyscnumpy\nmean\nsb\x85R."),
     "PKL012", WARN},
    /* joblib's arrays: the size of the spelling counts, and a description that nobody writes is told */
    {P(WRAPPER(
         "U\x02"
         "f8\x85R(K\x03U\x01<NNNK\x40J\xff\xff\xff\xffK\x00tb") "........cos\nsystem\n(S'id'\ntR"
                                                                "0NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN"
                                                                "NN.N."),
     "PKL001", FAIL},
    {P(WRAPPER("U\x02"
               "f8\x85R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb") "........."),
     NULL, NONE},
    {P(WRAPPER("U\x01"
               "d\x85R") "N......."),
     "PKL012", WARN},
    /* a class is called: its __init__ runs */
    {P("(S'abc'\nisklearn.preprocessing._function_transformer\nFunctionTransformer\n."), "PKL012",
     WARN},
    {P("\x80\x02" OBJECT("sklearn.preprocessing._function_transformer", "FunctionTransformer") "."),
     NULL, NONE},
    /* PKL003: of Python, and of packages by what the name tells */
    {P("\x80\x02"
       "cwarnings\n_getcategory\n."),
     "PKL003", WARN},
    {P("\x80\x02"
       "cmath\nlog\n."),
     NULL, NONE},
    {P("\x80\x02"
       "csklearn.utils.extmath\nload_things\n."),
     "PKL003", WARN},
    {P("\x80\x02"
       "csklearn.metrics.pairwise\nrbf_kernel\n."),
     NULL, NONE},
    {P("\x80\x02"
       "ccloudpickle.cloudpickle\nloads\n."),
     "PKL003", WARN},
    /* PKL003 */
    {P("\x80\x02"
       "cshutil\nrmtree\n."),
     "PKL003", WARN},
    {P("\x80\x02"
       "ctorch\nnn\n."),
     "PKL003", WARN},
    {P("\x80\x02"
       "cnumpy\nmean\n."),
     NULL, NONE},
    /* PKL004 */
    {P("\x80\x02"
       "ceat.eatme\ndigest\nK\x01\x85R."),
     "PKL004", WARN},
    {P("\x80\x02"
       "ceat.eatme\ndigest\nU\x10"
       "curl http://x/ya\x85R."),
     "PKL004", FAIL},
    {P("\x80\x02"
       "cbox\nrun_command\n)R."),
     "PKL004", FAIL},
    {P("\x80\x02"
       "cmimetypes\nguess_type\nU\x01"
       "a\x85R."),
     "PKL004", FAIL},
    {P("\x80\x02"
       "cdatetime\ndate\nU\x04\x07\xe4\x01\x01\x85R."),
     NULL, NONE},
    /* PKL005 */
    {P("\x80\x02" OBJECT("shop.models", "Basket") "."), "PKL005", WARN},
    {P("ccopy_reg\n_reconstructor\n(cshop.models\nBasket\nc__builtin__\nobject\nNtR."), "PKL005",
     WARN},
    {P("\x80\x02" OBJECT("__main__", "Basket") "}b."), NULL, NONE},
    {P("\x80\x02" OBJECT("sklearn.linear_model._base", "LinearRegression") "}b."), NULL, NONE},
    {P("\x80\x02" OBJECT("sklearn.linear_model.base", "LinearRegression") "}b."), NULL, NONE},
    /* PKL006 */
    {P("\x80\x02"
       "ceat.eatme\ndigest\n."),
     "PKL006", WARN},
    {P("\x80\x02"
       "c__main__\nBasket\n."),
     NULL, NONE},
    /* PKL007 */
    {P("\x80\x04\x8c\x06"
       "random\x8c\x0a_os.system\x93."),
     "PKL007", FAIL},
    {P("\x80\x02"
       "cnumpy\n__builtins__\n."),
     "PKL007", FAIL},
    {P("\x80\x04\x8c\x05"
       "numpy\x8c\x0clinalg.norm1\x93."),
     NULL, NONE},
    /* PKL008 */
    {P("\x80\x04"
       "K\x01\x8c\x06system\x93."),
     "PKL008", FAIL},
    {P("\x80\x04"
       "c_codecs\nencode\n\x8c\x02os\x8c\x06latin1\x86R\x8c\x06system\x93."),
     "PKL008", FAIL},
    /* PKL009 */
    {P("\x80\x02"
       "ccollections\nOrderedDict\n}U\x01"
       "aU\x02ossb."),
     "PKL009", FAIL},
    {P("\x80\x02" OBJECT("collections", "OrderedDict") "}U\x01"
                                                       "aU\x02ossb."),
     NULL, NONE},
    /* PKL010 */
    {P("\x80\x02"
       "ccollections\nCounter\n)R)R."),
     "PKL010", WARN},
    {P("\x80\x02"
       "cbuiltins\ngetattr\nU\x01"
       "aU\x04join\x86R]\x85R."),
     "PKL010", FAIL},
    {P("\x80\x02"
       "cfunctools\npartial\ncbuiltins\nmax\n\x85R."),
     NULL, NONE},
    /* a block of pandas 1.3: partial(new_block, ndim=2)(values, placement); another function in its state, arguments bound */
    {P("\x80\x02" BLOCK("cpandas.core.internals.blocks\nnew_block\n", ")")), NULL, NONE},
    {P("\x80\x02" BLOCK("cos\nsystem\n", ")")), "PKL010", FAIL},
    {P("\x80\x02" BLOCK("cpandas.core.internals.blocks\nnew_block\n", "K\x01\x85")), "PKL010",
     FAIL},
    {P("\x80\x02"
       "cfunctools\npartial\ncpandas.core.internals.blocks\nnew_block\n\x85R"
       "ccollections\nCounter\n)RK\x01\x86R."),
     "PKL010", FAIL},
    /* NEWOBJ_EX of protocols 2 and 3 */
    {P("\x80\x02" NEW("ccollections\nCounter\n", "ccollections\nCounter\n")), NULL, NONE},
    {P("\x80\x02" NEW("ccollections\nCounter\n", "cos\npopen\n")), "PKL010", FAIL},
    {P("\x80\x02" NEW("cos\npopen\n", "cos\npopen\n")), "PKL002", FAIL},
    /* attributes of what a reconstructor made, held */
    {P("cbuiltins\ngetattr\n(ccopyreg\n_reconstructor\n(cscipy.stats._distn_infrastructure\n"
       "rv_discrete_frozen\ncbuiltins\nobject\nNtRS'_entropy'\ntR."),
     NULL, NONE},
    {P("cbuiltins\ngetattr\n(ccopyreg\n_reconstructor\n(cscipy.stats._distn_infrastructure\n"
       "rv_discrete_frozen\ncbuiltins\nobject\nNtRS'__init__'\ntR."),
     "PKL002", FAIL},
    /* the program's own enumerations and named tuples */
    {P("\x80\x02"
       "c__main__\nColor\nK\x01\x85R."),
     NULL, NONE},
    {P("\x80\x02"
       "c__main__\nPair\nK\x01K\x02\x86\x81."),
     NULL, NONE},
    {P("\x80\x02"
       "c__main__\nColor\nU\x0arm -rf /x;\x85R."),
     "PKL004", FAIL},
    {P("\x80\x02"
       "c__main__\nstart\nK\x01\x85R."),
     "PKL004", WARN},
    /* PKL011 */
    {P("\x80\x02\x82\x01."), "PKL011", WARN},
    {P("\x80\x02\x82\x01)R."), "PKL011", WARN},
    /* PKL012 */
    {P("\x80\x02"
       "ccollections\nOrderedDict\nU\x09import os\x85R."),
     "PKL012", FAIL},
    {P("\x80\x02"
       "ccollections\nOrderedDict\nU\x05hello\x85R."),
     "PKL012", WARN},
    {P("\x80\x02"
       "ccollections\nOrderedDict\n]\x85R."),
     NULL, NONE},
    {P("\x80\x02"
       "ctorch._utils\n_rebuild_tensor_v2\n(U\x01xK\x00))\x89)tR."),
     "PKL012", WARN},
    {P("\x80\x02"
       "cfunctools\npartial\nceat.eatme\ndigest\n\x85R."),
     "PKL012", WARN},
    {P("\x80\x02"
       "c_codecs\nencode\nX\x02\x00\x00\x00"
       "id"
       "X\x05\x00\x00\x00rot13\x86R."),
     "PKL012", WARN},
    {P("\x80\x02"
       "ctorch\nFloatStorage\nU\x02id\x85R."),
     "PKL012", WARN},
    /* PKL013 */
    {P("\x80\x02"
       "ccloudpickle.cloudpickle\n_make_function\nK\x01\x85R."),
     "PKL013", WARN},
    {P("\x80\x02"
       "ccloudpickle.cloudpickle\n_make_function\nK\x01\x85R)R."),
     "PKL010", FAIL},
    {P("\x80\x02"
       "cdill._dill\n_load_type\nU\x08NoneType\x85R."),
     NULL, NONE},
    {P("\x80\x02"
       "cdill._dill\n_load_type\nU\x08"
       "CodeType\x85R."),
     "PKL013", WARN},
    /* PKL014 */
    {P("\x80\x03"
       "cpickle\nloads\nC\x04\x80\x02N.\x85R."),
     "PKL014", FAIL},
    {P("\x80\x03"
       "ctorch\nload\nC\x04\x80\x02N.\x85R."),
     "PKL014", FAIL},
    {P("\x80\x03"
       "ctorch.storage\n_load_from_bytes\nC\x04\x80\x02N.\x85R."),
     NULL, NONE},
    {P("\x80\x03"
       "ctorch.storage\n_load_from_bytes\nC\x16\x80\x02"
       "cos\nsystem\nU\x02id\x85R.\x85R."),
     "PKL001", FAIL},
    {P("\x80\x02"
       "ctorch.storage\n_load_from_bytes\nc_codecs\nencode\n"
       "X\x16\x00\x00\x00\xc2\x80\x02"
       "cos\nsystem\nU\x02id\xc2\x85R.X\x06\x00\x00\x00latin1\x86R\x85R."),
     "PKL001", FAIL},
    {P("\x80\x02"
       "ctorch.storage\n_load_from_bytes\nccollections\nCounter\n)R\x85R."),
     "PKL014", FAIL},
    /* PKL015: and what is inside is looked at */
    {P("\x80\x03"
       "C\x0a\x80\x02\x00q\x00K\x01K\x02s."),
     NULL, NONE},
    {P("\x80\x03"
       "C\x0b\x80\x02}q\x00K\x01K\x02s.."),
     "PKL015", NOTE},
    {P("\x80\x03"
       "C\x16\x80\x02"
       "cos\nsystem\nU\x02id\x85R.."),
     "PKL001", FAIL},
    {P("\x80\x03"
       "X\x18\x00\x00\x00"
       "gAJjb3MKc3lzdGVtClUCaWSFUi4=."),
     "PKL015", NOTE},
    /* PKL016 */
    {P("\x80\x04\x95\x04\0\0\0\0\0\0\0"
       "\x8c\x04"
       "abcd."),
     "PKL016", FAIL},
    {P("\x80\x04\x95\x07\0\0\0\0\0\0\0"
       "\x8c\x04"
       "abcd."),
     NULL, NONE},
    {P("\x80\x04\x95\x70\0\0\0\0\0\0\0"
       "\x8c\x04"
       "abcd."),
     "PKL016", WARN},
    /* cut short, which is no lie */
    {P("\x80\x04\x95\x70\0\0\0\0\0\0\0"
       "\x8c\x04"
       "abcd"),
     NULL, NONE},
    /* PKL017 */
    {P("\x80\x02I010\n."), "PKL017", WARN},
    {P("\x80\x02I16\n."), NULL, NONE},
    /* PKL018 */
    {P("\x80\x02N.garbage\x80\x02"
       "cos\nsystem\nU\x02id\x85R."),
     "PKL018", WARN},
    {P("\x80\x02N.\x80\x02N."), NULL, NONE},
    /* PKL019 */
    {P("\x80\x02"
       "cpicklescan.scanner\nscan\n."),
     "PKL019", FAIL},
    {P("\x80\x02"
       "ccopyreg\nadd_extension\n(U\x02osU\x06systemK\x01tR."),
     "PKL019", FAIL},
    /* PKL020 */
    {P("\x80\x04\x8c\x03"
       "a b\x8c\x01x\x93."),
     "PKL020", WARN},
    /* PKL024: a list that holds a list twice, and so on; four deep is a matrix */
    {P("\x80\x02]q\x00" DOUBLE16 DOUBLE4 "."), "PKL024", WARN},
    {P("\x80\x02]q\x00" DOUBLE4 "."), NULL, NONE},
};

static void test_rules(void **state)
{
    struct bench *b = *state;
    size_t wrong = 0;

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_scan_artefact artefact = scan(b, rows[i].pickle);
        int level = level_of(&artefact, rows[i].rule);

        if (level != rows[i].level) {
            wrong++;
            print_error("row %zu (%s): level %d, not %d\n", i, rows[i].rule ? rows[i].rule : "none",
                        level, rows[i].level);
            for (const struct redan_finding *f = artefact.findings.first; f; f = f->next)
                print_error("    %s %.*s\n", f->rule->id, REDAN_FMT(f->detail));
        }
    }
    assert_int_equal(wrong, 0);
}

/* Every cut after the call leaves the verdict; a cut before it makes nothing clean and complete. */
static void test_cuts(void **state)
{
    static const char call[] = "\x80\x02"
                               "cos\nsystem\nU\x02id\x85R}U\x01"
                               "aK\x01s\x86.";
    struct bench *b = *state;

    for (size_t len = 18; len < sizeof(call); len++) {
        struct redan_scan_artefact artefact = scan(b, (struct redan_slice){call, len});
        assert_int_equal(artefact.verdict, REDAN_SCAN_MALICIOUS);
    }
}

#define TEN "a.a.a.a.a.a.a.a.a.a."
#define LONG                                                                                       \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaa"

static void test_names(void **state)
{
    static const struct {
        const char *module, *name;
        enum redan_policy_kind kind;
    } names[] = {
        {"os", "system", REDAN_POLICY_DENY_EXEC},
        {"nt", "system", REDAN_POLICY_DENY_EXEC},
        {"__builtin__", "eval", REDAN_POLICY_DENY_EXEC},
        {"builtins", "eval.__call__", REDAN_POLICY_DENY_EXEC},
        {"os", "path.join", REDAN_POLICY_DENY_FILE},
        {"torch", "hub.load", REDAN_POLICY_DENY_EXEC},
        {"torch.hub", "load", REDAN_POLICY_DENY_EXEC},
        {"torch.utils.bottleneck.__main__", "run_prof", REDAN_POLICY_DENY_EXEC},
        {"torch.jit._pickle", "build_intlist", REDAN_POLICY_CALL},
        {"torch.jit._pickle", "build_strlist", REDAN_POLICY_DENY_EXEC},
        {"random", "_os.system", REDAN_POLICY_PATH},
        {"logging", "os", REDAN_POLICY_PATH},
        {"numpy", "__builtins__", REDAN_POLICY_PATH},
        {"collections", "OrderedDict", REDAN_POLICY_CALL},
        {"collections", "OrderedDict.fromkeys", REDAN_POLICY_PYTHON},
        {"copy_reg", "_reconstructor", REDAN_POLICY_RECONSTRUCT},
        {"sklearn.ensemble.forest", "RandomForestClassifier", REDAN_POLICY_CLASS},
        {"sklearn.ensemble._forest", "RandomForestClassifier", REDAN_POLICY_CLASS},
        {"sklearn.ensemble._forest", "NoSuchForest", REDAN_POLICY_PACKAGE},
        {"torch.nn.modules.linear", "Linear", REDAN_POLICY_CLASS},
        {"torch.nn", "modules.linear.Linear", REDAN_POLICY_CLASS},
        {"torch", "nn", REDAN_POLICY_MODULE},
        {"torch.utils._config_module", "ConfigModule", REDAN_POLICY_DENY_EXEC},
        {"colorsys", "rgb_to_hsv", REDAN_POLICY_PYTHON},
        {"__main__", "Net", REDAN_POLICY_MAIN},
        {"__torch__.torch.nn", "Linear", REDAN_POLICY_SCRIPT},
        {"eat.eatme", "digest", REDAN_POLICY_UNKNOWN},
        {"", "", REDAN_POLICY_UNKNOWN},
        {"os", "*", REDAN_POLICY_DENY_FILE},
        {"colorsys", "@", REDAN_POLICY_PYTHON},
        {"colorsys", TEN TEN TEN "f", REDAN_POLICY_PYTHON},
        {"colorsys", TEN TEN TEN TEN "f", REDAN_POLICY_PATH},
        {"colorsys", LONG LONG LONG LONG LONG LONG, REDAN_POLICY_PYTHON},
        {"colorsys", LONG LONG LONG LONG LONG LONG LONG LONG, REDAN_POLICY_PATH},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        struct redan_policy policy = redan_policy_of(
            b->options.tables, redan_slice_of(names[i].module), redan_slice_of(names[i].name));
        if (policy.kind != names[i].kind)
            fail_msg("%s %s is %d, not %d", names[i].module, names[i].name, policy.kind,
                     names[i].kind);
    }
}

static void test_tables(void **state)
{
    static const struct {
        const char *text;
        unsigned line; /* of the error; 0: none */
    } texts[] = {
        {"", 0},
        {"# note\n\nshop.models\tBasket\tclass\tshop\n", 0},
        {"shop.models\tBasket\tclass", 0},
        {"shop.models\tBasket\tclass\n\tPurse\tcall:i|ii\n", 0},
        {"shop.models Basket class\n", 1},
        {"# x\nshop.models\tBasket\tfine\n", 2},
        {"shop.models\t*\tclass\n", 1},
        {"\tBasket\tclass\n", 1},
        {"shop\t\tclass\n", 1},
        {"shop\tx\t=os\n", 1},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < REDAN_COUNT(texts); i++) {
        const struct redan_scan_tables *tables = NULL;
        enum redan_status status =
            redan_scan_tables_parse(&b->ctx, redan_slice_of(texts[i].text), true, &tables);

        assert_int_equal(status, texts[i].line ? REDAN_E_SYNTAX : REDAN_OK);
        assert_int_equal(b->ctx.failure.line, texts[i].line);
        redan_fail_clear(&b->ctx);
    }
    const struct redan_scan_tables *over = NULL;

    assert_ok(redan_scan_tables_parse(
        &b->ctx, REDAN_S("shop.models\tBasket\tclass\tshop\nos\tsystem\tclass\tx\n"), false,
        &over));
    assert_int_equal(redan_policy_of(over, REDAN_S("shop.models"), REDAN_S("Basket")).kind,
                     REDAN_POLICY_CLASS);
    assert_int_equal(redan_policy_of(over, REDAN_S("posix"), REDAN_S("system")).kind,
                     REDAN_POLICY_CLASS);
    assert_int_equal(redan_policy_of(over, REDAN_S("os"), REDAN_S("popen")).kind,
                     REDAN_POLICY_DENY_EXEC);
    assert_true(redan_scan_tables_rows(over) == redan_scan_tables_rows(b->options.tables) + 2);
}

static void test_texts(void **state)
{
    static const struct {
        const char *text;
        enum redan_says says;
    } texts[] = {
        {"", REDAN_SAYS_NOTHING},
        {"hello", REDAN_SAYS_NOTHING},
        {"cuda:0", REDAN_SAYS_NOTHING},
        {"period[M]", REDAN_SAYS_NOTHING},
        {"Dict[str, Tensor]", REDAN_SAYS_NOTHING},
        {"2.1.0+cu118", REDAN_SAYS_NOTHING},
        {"Europe/London", REDAN_SAYS_NOTHING},
        {"python", REDAN_SAYS_WORD},
        {"id", REDAN_SAYS_WORD},
        {"/etc/hosts", REDAN_SAYS_PATH},
        {"..\\x", REDAN_SAYS_PATH},
        {"model.pkl", REDAN_SAYS_PATH},
        {"https://a.b/c", REDAN_SAYS_ADDRESS},
        {"10.0.0.1:80", REDAN_SAYS_ADDRESS},
        {"1.2.3", REDAN_SAYS_NOTHING},
        {"import os", REDAN_SAYS_CODE},
        {"important", REDAN_SAYS_NOTHING},
        {"f(1)", REDAN_SAYS_CODE},
        {"print('x')", REDAN_SAYS_CODE},
        {"f(x) is what we fit", REDAN_SAYS_NOTHING},
        {"ls -la", REDAN_SAYS_COMMAND},
        {"true && false", REDAN_SAYS_COMMAND},
        {"touch /tmp/x", REDAN_SAYS_COMMAND},
    };
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(texts); i++) {
        enum redan_says says = redan_says_of(redan_slice_of(texts[i].text));
        if (says != texts[i].says)
            fail_msg("\"%s\" says %d, not %d", texts[i].text, says, texts[i].says);
    }
    assert_true(redan_name_tells(REDAN_S("exec_cmd")));
    assert_true(redan_name_tells(REDAN_S("runCommand")));
    assert_true(redan_name_tells(REDAN_S("ProcessRunner.shell")));
    assert_false(redan_name_tells(REDAN_S("_rebuild_parameter")));
    assert_false(redan_name_tells(REDAN_S("__pyx_unpickle_Tree")));
    assert_false(redan_name_tells(REDAN_S("executor2")));
}

/* A torch archive: data.pkl declares storages of 8 and 4 bytes. */
static void test_storages(void **state)
{
    static const char data[] = "\x80\x02"
                               "((X\x07\x00\x00\x00storagectorch\nDoubleStorage\nX\x01\x00\x00\x00"
                               "0X\x03\x00\x00\x00"
                               "cpuK\x01tQ"
                               "(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00"
                               "1X\x03\x00\x00\x00"
                               "cpuK\x01tQ"
                               "(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x09\x00\x00\x00"
                               "0.storageX\x03\x00\x00\x00"
                               "cpuK\x01tQt.";
    static const char evil[] = "\x80\x02"
                               "cos\nsystem\nU\x02id\x85R.";
    struct bench *b = *state;
    struct redan_buf out;

    for (int bad = 0; bad < 2; bad++) {
        struct zip_build zip = zip_build_new();

        redan_buf_init(&out, &b->ctx, 1 << 20);
        (void)zip_build_member(&zip, "m/data/0", REDAN_S("\x80\x02N.1234"));
        (void)zip_build_member(
            &zip, "m/data/1", bad ? (struct redan_slice){evil, sizeof(evil) - 1} : REDAN_S("abcd"));
        /* TorchScript calls this storage "0.storage", which is another than "0" */
        (void)zip_build_member(&zip, "m/constants/0.storage", REDAN_S("wxyz"));
        (void)zip_build_member(&zip, "m/data.pkl", (struct redan_slice){data, sizeof(data) - 1});
        zip_build_add(&out, &zip);
        struct redan_scan_artefact artefact = scan(b, redan_buf_view(&out));
        assert_int_equal(level_of(&artefact, "PKL021"), bad ? WARN : NONE);
        assert_int_equal(artefact.verdict, bad ? REDAN_SCAN_MALICIOUS : REDAN_SCAN_CLEAN);
        if (!bad)
            assert_int_equal(artefact.coverage, REDAN_COVERAGE_COMPLETE);
        redan_buf_done(&out);
    }
}

struct array {
    unsigned version;
    const char *header; /* without the line end */
    struct redan_slice data;
    const char *rule;
    int level;
    enum redan_coverage coverage;
};

static const struct array arrays[] = {
    {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", P("12345678"), NULL, NONE, 0},
    {2, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", P("12345678"), NULL, NONE, 0},
    {1, "{'shape': (2L, 2L), 'fortran_order': True, 'descr': '|b1'}  ", P("1234"), NULL, NONE, 0},
    {3,
     "{'descr': [('a', '<i4'), ('b', [('c', '|u1', (2,)), ('d', '<U1')], 2)], 'fortran_order': "
     "False, 'shape': ()}",
     P("1234ab5678cd9012"), NULL, NONE, 0},
    {1, "{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (0, 3)}", P(""), NULL, NONE, 0},
    {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", P("12345678"), NULL, NONE,
     REDAN_COVERAGE_INCOMPLETE},
    {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }",
     P("12345678\x80\x02"
       "cos\nsystem\nU\x02id\x85R."),
     "PKL001", FAIL, 0},
    {1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
     P("\x80\x02"
       "cos\nsystem\nU\x02id\x85R."),
     "PKL001", FAIL, 0},
    {1, "{'descr': [('a', '<i4'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }",
     P("\x80\x02"
       "cos\nsystem\nU\x02id\x85R."),
     "PKL001", FAIL, 0},
    {1, "{'descr': '|O', 'fortran_order': False, 'shape': (0,), }", P("\x80\x02]."), NULL, NONE, 0},
    {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': __import__('os')}",
     P("\x80\x02"
       "cos\nsystem\nU\x02id\x85R."),
     "PKL022", WARN, 0},
    {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} or 1", P("12345678"), "PKL022",
     WARN, 0},
    {1, "{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': (1,)}", P("\x80\x02N."),
     "PKL022", WARN, 0},
    {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296)}",
     P("12345678"), "PKL023", WARN, 0},
    {7, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", P("12345678"), "PKL022", WARN,
     0},
};

static void add_array(struct redan_buf *out, const struct array *array)
{
    size_t len = strlen(array->header) + 1;

    redan_buf_add(out, "\x93NUMPY", 6);
    redan_buf_char(out, (char)array->version);
    redan_buf_char(out, 0);
    for (size_t i = 0; i < (array->version == 1 ? 2U : 4U); i++)
        redan_buf_char(out, (char)(len >> (8 * i)));
    redan_buf_text(out, array->header);
    redan_buf_char(out, '\n');
    redan_buf_slice(out, array->data);
}

static void test_arrays(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < REDAN_COUNT(arrays); i++) {
        struct redan_buf out;

        redan_buf_init(&out, &b->ctx, 1 << 16);
        add_array(&out, &arrays[i]);
        struct redan_scan_artefact artefact = scan(b, redan_buf_view(&out));
        if (level_of(&artefact, arrays[i].rule) != arrays[i].level ||
            artefact.coverage != arrays[i].coverage)
            fail_msg("array %zu: level %d, coverage %d (%.*s)", i,
                     level_of(&artefact, arrays[i].rule), artefact.coverage,
                     REDAN_FMT(artefact.reason));
        redan_buf_done(&out);
    }
    /* one after another, and every cut of a header */
    struct redan_buf two;
    redan_buf_init(&two, &b->ctx, 1 << 16);
    add_array(&two, &arrays[0]);
    size_t first = two.len;
    add_array(&two, &arrays[7]);
    struct redan_scan_artefact artefact = scan(b, redan_buf_view(&two));
    assert_int_equal(artefact.verdict, REDAN_SCAN_MALICIOUS);
    for (size_t cut = 6; cut < first; cut++) {
        artefact = scan(b, redan_slice_sub(redan_buf_view(&two), 0, cut));
        assert_int_not_equal(artefact.coverage, REDAN_COVERAGE_COMPLETE);
    }
    redan_buf_done(&two);
}

/* What the build made of the texts says the same as the texts. */
static void test_packed(void **state)
{
    struct bench *b = *state;
    const struct redan_scan_tables *packed = b->options.tables, *read = NULL;
    struct redan_buf REDAN_DEFER(redan_buf_done) text;
    size_t asked = 0;

    redan_buf_init(&text, &b->ctx, (size_t)16 << 20);
    for (const struct redan_embedded *file = redan_scan_policy_files; file->name; file++)
        redan_buf_add(&text, file->bytes, file->len);
    assert_ok(redan_scan_tables_parse(&b->ctx, redan_buf_view(&text), true, &read));
    assert_int_equal(redan_scan_tables_rows(packed), redan_scan_tables_rows(read));
    struct redan_slice left = redan_buf_view(&text), line, module = {"", 0};

    while (redan_slice_cut(left, '\n', &line, &left)) {
        struct redan_slice of, name, rest;
        if (line.len == 0 || line.at[0] == '#')
            continue;
        assert_true(redan_slice_cut(line, '\t', &of, &rest));
        (void)redan_slice_cut(rest, '\t', &name, &rest);
        module = of.len ? of : module;
        for (size_t i = 0; i < 3; i++, asked++) { /* the name, one beside it, and one below it */
            char bytes[2048];
            static const char *const ends[] = {"", "_", ".x"};
            (void)snprintf(bytes, sizeof(bytes), "%.*s%s", REDAN_FMT(name), ends[i]);
            struct redan_policy one = redan_policy_of(packed, module, redan_slice_of(bytes));
            struct redan_policy two = redan_policy_of(read, module, redan_slice_of(bytes));
            assert_int_equal(one.kind, two.kind);
            assert_int_equal(one.shaped, two.shaped);
            assert_true(redan_slice_eq(one.detail, two.detail));
        }
    }
    assert_true(asked > 3 * redan_scan_tables_rows(packed) - 3);
}

/* Memory that runs out is said, and never a clean verdict. */
static void test_memory(void **state)
{
    (void)state;
    for (size_t n = 1; n < 60; n++) {
        struct redan_ctx ctx;
        const struct redan_scan_tables *tables = NULL;

        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        enum redan_status status = redan_scan_tables_builtin(&ctx, &tables);
        assert_true(status == REDAN_E_MEMORY || (status == REDAN_OK && tables));
        redan_ctx_done(&ctx);
    }
}

/* Cards are complete, ids are in order. */
static void test_cards(void **state)
{
    (void)state;
    for (size_t i = 0; redan_pkl_rules[i]; i++) {
        const struct redan_scan_rule *rule = redan_pkl_rules[i];

        assert_true(i == 0 || strcmp(redan_pkl_rules[i - 1]->card.id, rule->card.id) < 0);
        assert_true(rule->why && rule->card.help && rule->card.title && rule->card.mappings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),    cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_names),    cmocka_unit_test(test_tables),
        cmocka_unit_test(test_packed),   cmocka_unit_test(test_texts),
        cmocka_unit_test(test_storages), cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_memory),   cmocka_unit_test(test_cards),
    };
    return cmocka_run_group_tests_name("det_pickle", tests, begin, end);
}
