/* Detectors of graphs: each rule has something that trips it, and something close that does not. */
#include "test.h"

#include <stdio.h>

#include "graph_build.h"
#include "scan/graph.h"
#include "scan/policy.h"
#include "scan/scan.h"

enum { NONE = -1, FAIL = REDAN_LEVEL_FAIL, WARN = REDAN_LEVEL_WARN };

struct row {
    const char *wire; /* a spelling for wire_of, or the text itself */
    bool text;
    const char *rule;
    int level;
};

#define ONNX(graph) "1:8 7{" graph "} 8{2:17}"
#define SAVED(graph) "1:1 2{1{5=2.21} 2{" graph "}}"
#define CONST(path) "1{1=c 2=Const 5{1=value 2{8{8=" path "}}}}"
#define FUNCTION(name, node) "1{1=a 2=A} 2{1{1{1=" name "} 3{" node "}}}"
#define NETWORK(layer) "1:5 2{} 500{1{1=l " layer "}}"
#define PADDLE(op) "1{1:0 2:18446744073709551615 4{3=" op "}}"
#define XML(text) "<?xml version='1.0'?>" text

static const struct row rows[] = {
    /* TensorFlow */
    {SAVED("1{1=a 2=PyFunc}"), false, "TFG320", FAIL},
    {SAVED("1{1=a 2=EagerPyFunc}"), false, "TFG320", FAIL},
    {SAVED("1{1=PyFunc 2=Identity}"), false, "TFG320", NONE},
    {SAVED(FUNCTION("f", "1=n 2=PyFuncStateless")), false, "TFG320", FAIL},
    {"node { name: \"a\" op: \"PyFunc\" }", true, "TFG320", FAIL},
    {SAVED("1{1=a 2=WriteFile}"), false, "TFG321", FAIL},
    {SAVED("1{1=save/a 2=WriteFile}"), false, "TFG321", FAIL},
    {SAVED(FUNCTION("__inference__traced_save_1", "1=n 2=WriteFile")), false, "TFG321", FAIL},
    {SAVED("1{1=p 2=PrintV2 5{1=output_stream 2{2=file:///tmp/x}}}"), false, "TFG321", FAIL},
    {SAVED("1{1=p 2=PrintV2 5{1=output_stream 2{2=stderr}}}"), false, "TFG321", NONE},
    {SAVED("1{1=w 2=CreateSummaryFileWriter}"), false, "TFG321", WARN},
    {"1{5=2.1} 2{1{1=w 2=CreateSummaryFileWriter}}", false, "TFG321", NONE},
    {SAVED("1{1=a 2=ReadFile}"), false, "TFG322", WARN},
    {SAVED(CONST("/etc/passwd") " 1{1=a 2=ReadFile 3=c}"), false, "TFG322", FAIL},
    {SAVED(CONST("img/cat.png") " 1{1=a 2=ReadFile 3=c}"), false, "TFG322", WARN},
    {SAVED("1{1=r 2=TFRecordReaderV2}"), false, "TFG322", WARN},
    {"1{5=2.1} 2{1{1=r 2=TFRecordReaderV2}}", false, "TFG322", NONE},
    {SAVED("1{1=i 2=ImmutableConst 5{1=memory_region_name 2{2=/etc/hosts}}}"), false, "TFG322",
     FAIL},
    {SAVED("1{1=d 2=DecodeJpeg}"), false, "TFG322", NONE},
    {SAVED("1{1=r 2=RpcCall}"), false, "TFG323", FAIL},
    {SAVED("1{1=r 2=DataServiceDatasetV4}"), false, "TFG323", WARN},
    {SAVED("1{1=r 2=RemoteCall}"), false, "TFG323", NONE},
    {SAVED("1{1=a 2=SaveV2}"), false, "TFG324", WARN},
    {SAVED("1{1=save/SaveV2 2=SaveV2}"), false, "TFG324", NONE},
    {SAVED("1{1=tower/save_12/SaveV2 2=SaveV2}"), false, "TFG324", NONE},
    {SAVED("1{1=saved/SaveV2 2=SaveV2}"), false, "TFG324", WARN},
    {SAVED("1{1=save_x/SaveV2 2=SaveV2}"), false, "TFG324", WARN},
    {SAVED(FUNCTION("__inference__traced_save_7", "1=SaveV2 2=SaveV2")), false, "TFG324", NONE},
    {SAVED(FUNCTION("__inference_f_7", "1=SaveV2 2=SaveV2")), false, "TFG324", WARN},
    {SAVED(CONST("/tmp/x") " 1{1=a 2=SaveV2 3=c}"), false, "TFG324", FAIL},
    {SAVED(CONST("/ro"
                 "ot/.bashrc") " 1{1=save/a 2=SaveV2 3=c}"),
     false, "TFG324", FAIL},
    {SAVED(CONST("model") " 1{1=save/a 2=SaveV2 3=c}"), false, "TFG324", NONE},
    {SAVED("1{1=a 2=ReadFile} 1{1=b 2=RpcCall}"), false, "TFG325", FAIL},
    {SAVED("1{1=a 2=ReadFile} 1{1=b 2=Relu}"), false, "TFG325", NONE},
    {SAVED("1{1=checkpoint_initializer_3 2=RestoreV2} 1{1=b 2=RpcCall}"), false, "TFG325", NONE},
    {SAVED("1{1=a 2=MyOwnOp}"), false, "TFG326", WARN},
    {SAVED("1{1=a 2=my_function} 2{1{1{1=my_function}}}"), false, "TFG326", NONE},
    {SAVED("2{1{1{1=my_function}}} 1{1=a 2=my_function}"), false, "TFG326", NONE},
    {SAVED("1{1=a 2=my_function} 2{1{1{1=my_other}}}"), false, "TFG326", WARN},
    {SAVED("1{1=a 2=SentencepieceOp} 1{1=b 2=TFText>RoundRobinTrim} 1{1=c 2=_Arg}"), false,
     "TFG326", NONE},
    {SAVED("1{1=a 2=DatasetFromGraph}"), false, "TFG327", WARN},
    {SAVED("1{1=c 2=Const 5{1=value 2{8{8{1{1=n 2=WriteFile}}}}}}"), false, "TFG321", FAIL},
    {SAVED("1{1=a 2=DatasetToGraph}"), false, "TFG327", NONE},
    {SAVED("1{1=d 2=DebugIdentityV2}"), false, "TFG328", WARN},
    {SAVED("1{1=d 2=DebugIdentityV2 5{1=debug_urls 2{1{2=grpc://h:1}}}}"), false, "TFG328", FAIL},
    {SAVED("1{1=d 2=CheckNumericsV2}"), false, "TFG328", NONE},
    {SAVED(CONST("/ho"
                 "me/u/.ssh/id_rsa")),
     false, "TFG329", WARN},
    {SAVED(CONST("/ho"
                 "me/u/vocab.txt")),
     false, "TFG329", NONE},
    {SAVED("1{1=a 2=A}") " 2{6{2=../../etc/passwd}}", false, "TFG330", FAIL},
    {SAVED("1{1=a 2=A}") " 2{6{2=../x}}", false, "TFG330", WARN},
    {SAVED("1{1=a 2=A}") " 2{6{2=vocab.txt}}", false, "TFG330", NONE},
    /* ONNX */
    {ONNX("1{4=PyOp}"), false, "ONX340", FAIL},
    {ONNX("1{4=PythonOp 7=com.microsoft}"), false, "ONX340", FAIL},
    {ONNX("1{4=If 5{1=then 6{1{4=PyOp 7=ai.onnx.contrib}}}}"), false, "ONX340", FAIL},
    {ONNX("1{4=PyramidOp}"), false, "ONX340", NONE},
    {ONNX("1{4=Op 7=com.test}"), false, "ONX341", WARN},
    {ONNX("1{4=Op 7=com.test}") " 25{1=Op 10=com.test}", false, "ONX341", NONE},
    {ONNX("1{4=Op 7=com.test}") " 25{1=Op 10=com.other}", false, "ONX341", WARN},
    {ONNX("1{4=Op 7=com.microsoft.nchwc}"), false, "ONX341", NONE},
    {ONNX("1{4=Op 7=com.microsoftish}"), false, "ONX341", WARN},
    {ONNX("1{4=A} 5{8=w 13{1=location 2=../../etc/passwd}}"), false, "ONX342", FAIL},
    {ONNX("1{4=A} 5{8=w 13{1=location 2=..\\..\\x.bin}}"), false, "ONX342", FAIL},
    {ONNX("1{4=A} 5{8=w 13{1=location 2=a/../../x.bin}}"), false, "ONX342", WARN},
    {ONNX("1{4=A} 5{8=w 13{1=location 2=C:\\x.bin}}"), false, "ONX342", WARN},
    {ONNX("1{4=A} 5{8=w 13{1=location 2=\\\\host\\x}}"), false, "ONX342", WARN},
    {ONNX("1{4=A} 5{8=w 13{1=location 2=a/../x..bin}}"), false, "ONX342", NONE},
    {ONNX("1{4=A} 5{8=w 13{1=location 2=etc/passwd}}"), false, "ONX342", NONE},
    {ONNX("1{4=A} 5{8=w 13{1=__class__ 2=x}}"), false, "ONX343", WARN},
    {ONNX("1{4=A} 5{8=w 13{1=checksum 2=x}}"), false, "ONX343", NONE},
    {ONNX("1{4=A} 5{8=w 1:4 2:1 9*15}"), false, "ONX344", WARN},
    {ONNX("1{4=A} 5{8=w 1:4 2:1 9*16}"), false, "ONX344", NONE},
    {ONNX("1{4=A} 5{8=w 1:4 2:1 9*15 14:1}"), false, "ONX344", NONE},
    /* Core ML */
    {NETWORK("500{10=Evil}"), false, "GRA380", WARN},
    {NETWORK("140{1:1}"), false, "GRA380", NONE},
    {"1:5 2{} 556{1{1{1=../x.mlmodel}}}", false, "GRA381", WARN},
    {"1:5 2{} 556{1{1{1=/etc/x}}}", false, "GRA381", FAIL},
    {"1:5 2{} 556{1{1{1=x.mlmodel}}}", false, "GRA381", NONE},
    /* XML */
    {XML("<!DOCTYPE p [<!ENTITY x SYSTEM 'file:///e'>]><p>&x;</p>"), true, "GRA382", FAIL},
    {XML("<!DOCTYPE PMML SYSTEM 'http://example.org/x.dtd'><PMML/>"), true, "GRA382", WARN},
    {XML("<!DOCTYPE p SYSTEM 'http://example.org/x.dtd'><p/>"), true, "GRA382", NONE},
    {XML("<!DOCTYPE p [<!ENTITY x SYSTEM 'beside.gif' NDATA g>]><p/>"), true, "GRA382", NONE},
    {XML("<!DOCTYPE pmml [<!ENTITY x SYSTEM 'beside.txt'>]><PMML>&x;</PMML>"), true, "GRA382",
     FAIL},
    {XML("<?xml-stylesheet href='x.xsl'?><p/>"), true, "GRA385", NONE},
    {XML("<p><xi:include href='beside.xml'/></p>"), true, "GRA385", NONE},
    {XML("<PMML><xi:include href='beside.xml'/></PMML>"), true, "GRA385", WARN},
    {XML("<!DOCTYPE plist PUBLIC '-//Apple//DTD PLIST 1.0//EN' "
         "'http://www.apple.com/DTDs/PropertyList-1.0.dtd'><plist/>"),
     true, "GRA382", NONE},
    {XML("<!DOCTYPE p [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><p/>"), true, "GRA383", WARN},
    {XML("<!DOCTYPE p [<!ENTITY a 'x'>]><p/>"), true, "GRA383", NONE},
    {XML("<PMML><Extension><script>run()</script></Extension></PMML>"), true, "GRA384", WARN},
    {XML("<PMML><description>a script</description></PMML>"), true, "GRA384", NONE},
    {XML("<a><xi:include href='/etc/passwd'/></a>"), true, "GRA385", WARN},
    {XML("<a><xi:include/></a>"), true, "GRA385", NONE},
    {XML("<PMML><Apply function='java.lang.Runtime'/></PMML>"), true, "GRA386", WARN},
    {XML("<PMML><Apply function='x-atan2'/></PMML>"), true, "GRA386", NONE},
    {"<net name='m'><layer name='c' type='My' version='extension'/></net>", true, "GRA387", WARN},
    {"<net name='m'><layer name='c' type='Convolution' version='opset1'/>"
     "<layer name='t' type='RegexSplit' version='extension'/></net>",
     true, "GRA387", NONE},
    /* MXNet */
    {"{\"nodes\": [{\"op\": \"Custom\", \"name\": \"c\", \"inputs\": []}]}", true, "GRA388", WARN},
    {"{\"nodes\": [{\"op\": \"null\", \"name\": \"Custom\", \"inputs\": []}]}", true, "GRA388",
     NONE},
    {"{\"edges\": [{\"op\": \"Custom\", \"name\": \"c\", \"inputs\": []}]}", true, "GRA388", NONE},
    /* Paddle, Caffe */
    {PADDLE("py_func"), false, "GRA390", FAIL},
    {PADDLE("conv2d"), false, "GRA390", NONE},
    {PADDLE("save_combine"), false, "GRA391", WARN},
    {PADDLE("conv2d"), false, "GRA391", NONE},
    {"1=net 100{1=l 2=Python 130{1=os 2=Layer}}", false, "GRA392", WARN},
    {"1=net 100{1=l 2=Pooling}", false, "GRA392", NONE},
};

/* The level of a rule's finding, or NONE. */
static int level_of(struct redan_ctx *ctx, struct redan_slice bytes, const char *rule)
{
    struct redan_scan_options options = {0};
    struct redan_scan_artefact artefact = {0};
    struct redan_source source;
    int level = NONE;

    assert_ok(redan_scan_tables_builtin(ctx, &options.tables));
    redan_source_memory(&source, bytes);
    assert_ok(redan_scan_source(ctx, &options, &source, REDAN_S("model"), &artefact));
    redan_source_done(&source);
    for (const struct redan_finding *f = artefact.findings.first; f; f = f->next) {
        if (strcmp(f->rule->id, rule) == 0 && (int)f->level > level)
            level = (int)f->level;
    }
    return level;
}

static void test_rows(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct row *row = &rows[i];

        redan_ctx_init(&ctx, NULL);
        int level = level_of(&ctx, row->text ? redan_slice_of(row->wire) : wire_of(&ctx, row->wire),
                             row->rule);
        if (level != row->level)
            fail_msg("row %zu: %s: %s is at level %d, not %d", i, row->wire, row->rule, level,
                     row->level);
        redan_ctx_done(&ctx);
    }
}

/* An operator's name that is too long for MXNet's expression. */
static void test_long_name(void **state)
{
    struct redan_ctx ctx;
    char text[512];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (int len = 100; len < 400; len += 200) {
        (void)snprintf(text, sizeof(text),
                       "{\"nodes\": [{\"op\": \"%0*d\", \"name\": \"c\", \"inputs\": []}]}", len,
                       0);
        assert_int_equal(level_of(&ctx, redan_slice_of(text), "GRA389"), len > 256 ? WARN : NONE);
    }
    redan_ctx_done(&ctx);
}

/* FlatBuffers: a custom operator of TensorFlow Lite, and what points outside. */
static struct redan_slice lite_of(struct redan_ctx *ctx, const char *custom, unsigned opcode)
{
    struct redan_buf buf;
    struct redan_slice copy = {0};

    redan_buf_init(&buf, ctx, 1 << 16);
    size_t root = flat_begin(&buf, "TFL3");
    size_t model = flat_table(&buf, 3);
    flat_link(&buf, root, model);
    size_t codes = flat_vector(&buf, 1);
    flat_link(&buf, flat_slot(&buf, model, 1), codes);
    size_t code = flat_table(&buf, 2);
    flat_link(&buf, codes + 4, code);
    flat_set(&buf, flat_slot(&buf, code, 0), 32, 1);
    flat_link(&buf, flat_slot(&buf, code, 1), flat_text(&buf, redan_slice_of(custom)));
    size_t graphs = flat_vector(&buf, 1);
    flat_link(&buf, flat_slot(&buf, model, 2), graphs);
    size_t graph = flat_table(&buf, 4);
    flat_link(&buf, graphs + 4, graph);
    for (unsigned id = 0; id < 3; id++)
        flat_link(&buf, flat_slot(&buf, graph, id), flat_vector(&buf, 0));
    size_t operators = flat_vector(&buf, 1);
    flat_link(&buf, flat_slot(&buf, graph, 3), operators);
    size_t op = flat_table(&buf, 1);
    flat_link(&buf, operators + 4, op);
    flat_set(&buf, flat_slot(&buf, op, 0), opcode, 4);
    assert_ok(redan_buf_ok(ctx, &buf, "a model"));
    assert_ok(redan_copy(ctx, redan_buf_view(&buf), &copy));
    redan_buf_done(&buf);
    return copy;
}

static void test_lite(void **state)
{
    static const struct {
        const char *custom;
        unsigned opcode;
        const char *rule;
        int level;
    } cases[] = {
        {"MyOp", 0, "TFG331", WARN},           {"TFLite_Detection_PostProcess", 0, "TFG331", NONE},
        {"FlexErf", 0, "TFG331", NONE},        {"FlexMyOp", 0, "TFG331", WARN},
        {"FlexWriteFile", 0, "TFG321", FAIL},  {"WriteFile", 0, "TFG321", NONE},
        {"MaxUnpooling2D", 1, "TFG332", WARN}, {"MaxUnpooling2D", 0, "TFG332", NONE},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct redan_slice bytes = lite_of(&ctx, cases[i].custom, cases[i].opcode);
        int level = level_of(&ctx, bytes, cases[i].rule);
        if (level != cases[i].level)
            fail_msg("case %zu: %s is at level %d", i, cases[i].rule, level);
    }
    redan_ctx_done(&ctx);
}

/* Labels in an archive behind a TensorFlow Lite model are honest; before anything else they are not. */
static void test_labels(void **state)
{
    static const char zip[] =
        "PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0a"
        "PK\1\2\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0a"
        "PK\5\6\0\0\0\0\1\0\1\0\x2f\0\0\0\x1f\0\0\0\0\0";
    struct redan_ctx ctx;
    struct redan_buf buf;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (unsigned other = 0; other < 2; other++) {
        redan_buf_init(&buf, &ctx, 1 << 16);
        redan_buf_slice(&buf, lite_of(&ctx, "MaxUnpooling2D", 0));
        if (other)
            buf.data[4] = 'X';
        redan_buf_add(&buf, zip, sizeof(zip) - 1);
        assert_int_equal(level_of(&ctx, redan_buf_view(&buf), "ARC109"), other ? WARN : NONE);
        redan_buf_done(&buf);
    }
    redan_ctx_done(&ctx);
}

/* ExecuTorch: a segment that lies outside of the file, and one that does not. */
static void test_segments(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf buf;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (unsigned outside = 0; outside < 2; outside++) {
        redan_buf_init(&buf, &ctx, 1 << 16);
        size_t root = flat_begin(&buf, "ET12");
        size_t program = flat_table(&buf, 5);
        flat_link(&buf, root, program);
        for (unsigned id = 1; id < 4; id++)
            flat_link(&buf, flat_slot(&buf, program, id), flat_vector(&buf, 0));
        size_t segments = flat_vector(&buf, 1);
        flat_link(&buf, flat_slot(&buf, program, 4), segments);
        size_t segment = flat_table(&buf, 2);
        flat_link(&buf, segments + 4, segment);
        flat_set(&buf, flat_slot(&buf, segment, 1), buf.len + outside, 8);
        assert_int_equal(level_of(&ctx, redan_buf_view(&buf), "GRA393"), outside ? WARN : NONE);
        redan_buf_done(&buf);
    }
    redan_ctx_done(&ctx);
}

static void test_paths(void **state)
{
    static const struct {
        const char *path;
        enum redan_graph_path where;
    } cases[] = {
        {"", REDAN_GRAPH_INSIDE},
        {"w.bin", REDAN_GRAPH_INSIDE},
        {"./a/b/../w.bin", REDAN_GRAPH_INSIDE},
        {"a..b/..c/w", REDAN_GRAPH_INSIDE},
        {"etc/passwd", REDAN_GRAPH_INSIDE},
        {"..", REDAN_GRAPH_ABOVE},
        {"../w.bin", REDAN_GRAPH_ABOVE},
        {"a/../../w.bin", REDAN_GRAPH_ABOVE},
        {"a\\..\\..\\w.bin", REDAN_GRAPH_ABOVE},
        {"../../w.bin", REDAN_GRAPH_OUTSIDE},
        {"/data/w.bin", REDAN_GRAPH_OUTSIDE},
        {"C:w.bin", REDAN_GRAPH_OUTSIDE},
        {"\\\\host\\share", REDAN_GRAPH_OUTSIDE},
        {"s3://b/w", REDAN_GRAPH_OUTSIDE},
        {"FILE:/x", REDAN_GRAPH_OUTSIDE},
        {"/etc/passwd", REDAN_GRAPH_SENSITIVE},
        {"~/.SSH/id_rsa", REDAN_GRAPH_SENSITIVE},
        {"../../../etc/passwd", REDAN_GRAPH_SENSITIVE},
        {"C:\\Windows\\System32\\x", REDAN_GRAPH_SENSITIVE},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        if (redan_graph_path(redan_slice_of(cases[i].path)) != cases[i].where)
            fail_msg("%s: %d", cases[i].path, redan_graph_path(redan_slice_of(cases[i].path)));
    }
}

/* The names of TensorFlow's operators are found, all of them and nothing beside them. */
static void test_known(void **state)
{
    static const char *const known[] = {
        "A",     "Abs",       "Conv2D", "MatMul",        "_Arg",
        "_Send", "ZerosLike", "Zeta",   "XlaCallModule", "TFText>Utf8Binarize"};
    static const char *const unknown[] = {"",      "Ab", "Absx", "conv2d",
                                          "MatMu", "~",  "\n",   "A\nAbort"};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(known); i++)
        assert_true(redan_tf_knows(redan_slice_of(known[i])));
    for (size_t i = 0; i < REDAN_COUNT(unknown); i++)
        assert_false(redan_tf_knows(redan_slice_of(unknown[i])));
    assert_int_equal(redan_tf_deed(REDAN_S("WriteFile")), REDAN_TF_WRITE);
    assert_int_equal(redan_tf_deed(REDAN_S("BigQueryReader")), REDAN_TF_FEED);
    assert_int_equal(redan_tf_deed(REDAN_S("WriteFil")), REDAN_TF_NOTHING);
}

/* More functions of its own than are named one by one: none of them is strange, and the one that is none is found. */
static void test_many(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf text;

    (void)state;
    for (unsigned strange = 0; strange < 2; strange++) {
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&text, &ctx, 1 << 20);
        for (unsigned i = 0; i < 300; i++)
            redan_buf_printf(&text, "node { name: \"n%u\" op: \"f%u\" }\n", i, i);
        for (unsigned i = 0; i < 300 - strange; i++)
            redan_buf_printf(&text, "library { function { signature { name: \"f%u\" } } }\n", i);
        assert_int_equal(level_of(&ctx, redan_buf_view(&text), "TFG326"), strange ? WARN : NONE);
        redan_buf_done(&text);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),  cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_lite),  cmocka_unit_test(test_segments),
        cmocka_unit_test(test_paths), cmocka_unit_test(test_known),
        cmocka_unit_test(test_many),  cmocka_unit_test(test_labels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
