/* Readers of graphs: what each tells of honest and of hostile bytes, and that nothing of them is trusted. */
#include "test.h"

#include <stdio.h>

#include "codec/flatbuffer.h"
#include "codec/protobuf.h"
#include "format/format_table.h"
#include "graph_build.h"
#include "told.h"

enum { MOST = 1024 };

struct row {
    const struct redan_format *format;
    const char *wire; /* a spelling for wire_of, or the text itself */
    bool text;
    enum redan_sniff sniff;
    enum redan_status status;
    const char *line;   /* that is told; NULL: nothing is told */
    const char *absent; /* that is not told; may be NULL */
};

#define ONNX(graph) "1:8 7{" graph "} 8{2:17}"
#define NODE(op) "1{4=" op " 3=n 1=x 2=y}"
#define SAVED(node) "1:1 2{1{5=2.21} 2{" node "}}"

static const struct row rows[] = {
    /* ONNX: nodes, and graphs in their attributes */
    {&redan_format_onnx, ONNX(NODE("Relu")), false, REDAN_SNIFF_YES, REDAN_OK,
     "operator onnx Relu n", NULL},
    {&redan_format_onnx, ONNX("1{4=If 5{1=then 6{" NODE("PyOp") "} 20:5} 3=if}"), false,
     REDAN_SNIFF_YES, REDAN_OK, "operator onnx PyOp n", "operator onnx If n"},
    {&redan_format_onnx, ONNX("1{4=Loop 5{1=b 11{" NODE("Sub") "}} 3=l}"), false, REDAN_SNIFF_YES,
     REDAN_OK, "operator onnx Loop l", NULL},
    {&redan_format_onnx, ONNX("1{7=com.x 4=Op 3=n}"), false, REDAN_SNIFF_YES, REDAN_OK,
     "operator onnx com.x Op n", NULL},
    {&redan_format_onnx, ONNX(NODE("F")) " 25{1=F 10=my.own 7{4=Relu}}", false, REDAN_SNIFF_YES,
     REDAN_OK, "operator onnx-function my.own F", NULL},
    {&redan_format_onnx, ONNX(NODE("Relu")) " 14{1=author 2='somebody else'}", false,
     REDAN_SNIFF_YES, REDAN_OK, "text author somebody else", NULL},
    {&redan_format_onnx, "7{" NODE("Relu") "} 1:8", false, REDAN_SNIFF_YES, REDAN_OK,
     "operator onnx Relu n", NULL},
    /* tensors: outside, with a strange key, too short, of a type that packs two in a byte */
    {&redan_format_onnx, ONNX(NODE("Relu") " 5{8=w 13{1=location 2=../w.bin} 14:1}"), false,
     REDAN_SNIFF_YES, REDAN_OK, "link onnx-external-data w ../w.bin", "defect external-key"},
    {&redan_format_onnx, ONNX(NODE("Relu") " 5{8=w 13{1=__class__ 2=x} 14:1}"), false,
     REDAN_SNIFF_YES, REDAN_OK, "defect external-key", NULL},
    {&redan_format_onnx, ONNX(NODE("Relu") " 5{1:3 1:2 2:1 8=w 9*24}"), false, REDAN_SNIFF_YES,
     REDAN_OK, "operator onnx Relu n", "defect tensor-size"},
    {&redan_format_onnx, ONNX(NODE("Relu") " 5{1:3 1:2 2:1 8=w 9*23}"), false, REDAN_SNIFF_YES,
     REDAN_OK, "defect tensor-size", NULL},
    {&redan_format_onnx, ONNX(NODE("Relu") " 5{1:3 1:5 2:22 8=w 9*8}"), false, REDAN_SNIFF_YES,
     REDAN_OK, "operator onnx Relu n", "defect tensor-size"},
    {&redan_format_onnx, ONNX(NODE("Relu") " 5{1:18446744073709551615 2:1 8=w 9*4}"), false,
     REDAN_SNIFF_YES, REDAN_OK, "defect tensor-shape", NULL},
    {&redan_format_onnx, ONNX(NODE("Relu") " 5{1:4611686018427387904 1:8 2:1 8=w 9*4}"), false,
     REDAN_SNIFF_YES, REDAN_OK, "defect tensor-shape", NULL},
    {&redan_format_onnx, ONNX("1{4=EPContext 5{1=ep_cache_context 4=../../x.bin}}"), false,
     REDAN_SNIFF_YES, REDAN_OK, "link onnx-external-data ep_cache_context ../../x.bin", NULL},
    /* a graph that is cut: what was there is told */
    {&redan_format_onnx, "1:8 7{" NODE("PyOp") "}!9000", false, REDAN_SNIFF_YES, REDAN_E_SYNTAX,
     "operator onnx PyOp n", NULL},
    {&redan_format_onnx, "1:8 7{" NODE("PyOp") "}!9000", false, REDAN_SNIFF_YES, REDAN_E_SYNTAX,
     "defect length", NULL},
    {&redan_format_onnx, "1:8 2=producer", false, REDAN_SNIFF_NO, REDAN_OK, NULL, NULL},
    {&redan_format_onnx, "1=8 7=x", false, REDAN_SNIFF_NO, REDAN_E_SYNTAX, "defect end", NULL},
    /* TensorFlow: in all three of its files */
    {&redan_format_saved_model, SAVED("1{1=a 2=PyFunc}"), false, REDAN_SNIFF_YES, REDAN_OK,
     "operator tensorflow PyFunc a", NULL},
    {&redan_format_meta_graph, "1{5=2.1} 2{1{1=a 2=Const}}", false, REDAN_SNIFF_YES, REDAN_OK,
     "operator tensorflow Const a", NULL},
    {&redan_format_tf_graph, "1{1=a 2=Const} 4{1:27}", false, REDAN_SNIFF_YES, REDAN_OK,
     "operator tensorflow Const a", NULL},
    {&redan_format_tf_graph, "1{5{1=k} 2=WriteFile 1=z}", false, REDAN_SNIFF_YES, REDAN_OK,
     "operator tensorflow WriteFile z", NULL},
    /* of a field that is given twice the last one counts */
    {&redan_format_tf_graph, "1{1=z 2=NoOp 2=WriteFile}", false, REDAN_SNIFF_YES, REDAN_OK,
     "operator tensorflow WriteFile z", "operator tensorflow NoOp z"},
    {&redan_format_tf_graph, "1{1=a 2=A} 2{1{1{1=f} 3{1=n 2=ReadFile}}}", false, REDAN_SNIFF_YES,
     REDAN_OK, "operator tensorflow f ReadFile n", NULL},
    {&redan_format_tf_graph, "1{1=a 2=A} 2{1{3{1=n 2=ReadFile} 1{1=g}}}", false, REDAN_SNIFF_YES,
     REDAN_OK, "operator tensorflow g ReadFile n", NULL},
    {&redan_format_tf_graph, "1{1=a 2=A} 2{1{1{1=f} 3{1=n 2=ReadFile}}}", false, REDAN_SNIFF_YES,
     REDAN_OK, "operator tensorflow-function f", NULL},
    {&redan_format_saved_model, SAVED("1{1=c 2=Const}"), false, REDAN_SNIFF_YES, REDAN_OK,
     "operator tensorflow Const c", "link tensorflow-path WriteFile w /x"},
    /* a path that is a constant after, before, and through a port of the node that uses it */
    {&redan_format_tf_graph,
     "1{1=w 2=WriteFile 3=c:output:0} 1{1=c 2=Const 5{1=value 2{8{8=/x/y}}}}", false,
     REDAN_SNIFF_YES, REDAN_OK, "link tensorflow-path WriteFile w /x/y", NULL},
    {&redan_format_tf_graph, "1{1=c 2=Const 5{1=value 2{8{8=/x/y}}}} 1{1=w 2=ReadFile 3=c}", false,
     REDAN_SNIFF_YES, REDAN_OK, "link tensorflow-path ReadFile w /x/y", NULL},
    {&redan_format_tf_graph,
     "1{1=c 2=Const 5{1=value 2{8{8=/x/y}}}} 2{1{1{1=f} 3{1=w 2=ReadFile 3=c}}}", false,
     REDAN_SNIFF_YES, REDAN_OK, "text c /x/y", "link tensorflow-path ReadFile w /x/y"},
    {&redan_format_tf_graph, "1{1=d 2=DebugIdentityV2 5{1=debug_urls 2{1{2=grpc://h:1}}}}", false,
     REDAN_SNIFF_YES, REDAN_OK, "link tensorflow-path DebugIdentityV2 debug_urls grpc://h:1", NULL},
    {&redan_format_tf_graph, "1{1=d 2=Conv2D 5{1=_class 2{1{2=loc:@a/b}}}}", false, REDAN_SNIFF_YES,
     REDAN_OK, "operator tensorflow Conv2D d", "link tensorflow-path Conv2D _class loc:@a/b"},
    /* a graph in a constant is a thing of its own */
    {&redan_format_tf_graph, "1{1=c 2=Const 5{1=value 2{8{8{1{1=n 2=WriteFile}}}}}}", false,
     REDAN_SNIFF_YES, REDAN_OK, "member c", "text c n"},
    {&redan_format_meta_graph, "1{5=2.1} 2{1{1=a 2=A}} 6{2=../../etc/x}", false, REDAN_SNIFF_YES,
     REDAN_OK, "link tensorflow-asset ../../etc/x", NULL},
    {&redan_format_meta_graph, "2{1{1=a 2=A}} 7{1{4{1=_tf_keras_layer 3='{\"a\": 1}'}}}", false,
     REDAN_SNIFF_YES, REDAN_OK, "member _tf_keras_layer", NULL},
    {&redan_format_tf_graph, "1{1='not a name' 2=A}", false, REDAN_SNIFF_NO, REDAN_OK,
     "operator tensorflow A not a name", NULL},
    {&redan_format_keras_metadata, "1{2:0 3=root 4=_tf_keras_model 5='{\"name\": \"m\"}'}", false,
     REDAN_SNIFF_YES, REDAN_OK, "member root", NULL},
    {&redan_format_keras_metadata, "1{2:0 3=root 4=other 5='{}'}", false, REDAN_SNIFF_NO, REDAN_OK,
     "member root", NULL},
    {&redan_format_tf_fingerprint,
     "1:8446744073709551615 2:8446744073709551615 3:8446744073709551615 4:1 5:1 6{1:1}", false,
     REDAN_SNIFF_YES, REDAN_OK, NULL, NULL},
    {&redan_format_tf_text,
     "node {\n name: \"a\" op: 'Py' \"Func\"\n} # end\nlibrary { function { signature { name: "
     "\"f\" }"
     " node_def { name: \"n\" op: \"Write\\106ile\" } } }",
     true, REDAN_SNIFF_YES, REDAN_OK, "operator tensorflow f WriteFile n", NULL},
    {&redan_format_tf_text, "node { name: \"a\" op: 'Py' \"Func\" }", true, REDAN_SNIFF_YES,
     REDAN_OK, "operator tensorflow PyFunc a", NULL},
    {&redan_format_tf_text, "node { op: \"A\" }}", true, REDAN_SNIFF_YES, REDAN_E_SYNTAX,
     "operator tensorflow A", NULL},
    {&redan_format_tf_text, "nodes: [1, 2]", true, REDAN_SNIFF_NO, REDAN_OK, NULL, NULL},
    /* Core ML */
    {&redan_format_coreml, "1:5 2{100{1='a model' 100{1=k 2=value}}} 500{1{1=l 500{10=Evil}}}",
     false, REDAN_SNIFF_YES, REDAN_OK, "class coreml-custom-layer Evil l", NULL},
    {&redan_format_coreml, "1:5 2{100{100{1=k 2=value}}} 500{1{1=l}}", false, REDAN_SNIFF_YES,
     REDAN_OK, "text k value", NULL},
    {&redan_format_coreml, "1:5 2{} 556{1{1{1=../x.mlmodel}}}", false, REDAN_SNIFF_YES, REDAN_OK,
     "link coreml-linked-model ../x.mlmodel", NULL},
    {&redan_format_coreml, "1:5 2{} 202{1{1{1:5 2{} 555{1=Deep}}}}", false, REDAN_SNIFF_YES,
     REDAN_OK, NULL, NULL},
    {&redan_format_coreml, "1:5 2{} 202{1{1:5 2{} 555{1=Deep}}}", false, REDAN_SNIFF_YES, REDAN_OK,
     "class coreml-custom-model Deep", NULL},
    {&redan_format_coreml,
     "1:7 2{} 502{1:1 2{1=main 2{3{1=b 2{3{1=conv 5{1=val 2{5{1=@model_path/weights/w.bin}}}}}}}}}",
     false, REDAN_SNIFF_YES, REDAN_OK, "link coreml-weights @model_path/weights/w.bin", NULL},
    /* Paddle, Caffe */
    {&redan_format_paddle, "1{1:0 2:18446744073709551615 4{3=py_func}}", false, REDAN_SNIFF_YES,
     REDAN_OK, "operator paddle py_func", NULL},
    {&redan_format_paddle_params, "x", true, REDAN_SNIFF_NO, REDAN_E_SYNTAX, "defect tensor", NULL},
    {&redan_format_caffe, "1=net 100{1=l 2=Python 130{1=os 2=Layer}}", false, REDAN_SNIFF_YES,
     REDAN_OK, "class caffe-python-layer os Layer", NULL},
    {&redan_format_caffe, "1=net 100{1=l 2=Convolution}", false, REDAN_SNIFF_YES, REDAN_OK, NULL,
     NULL},
    {&redan_format_mxnet, "x", true, REDAN_SNIFF_NO, REDAN_E_SYNTAX, NULL, NULL},
    /* XML */
    {&redan_format_xml, "<?xml version='1.0'?><PMML><Apply function='a.b.C'/></PMML>", true,
     REDAN_SNIFF_YES, REDAN_OK, "class pmml-function a.b.C", NULL},
    {&redan_format_xml, "<?xml version='1.0'?><!DOCTYPE p [<!ENTITY x SYSTEM \"file:///e\">]><p/>",
     true, REDAN_SNIFF_YES, REDAN_OK, "link xml-entity p x file:///e", NULL},
    {&redan_format_xml, "<!DOCTYPE p [<!ENTITY % x PUBLIC 'a>b' \"http://e\"> %x;]><p/>", true,
     REDAN_SNIFF_YES, REDAN_OK, "link xml-entity p x http://e", NULL},
    {&redan_format_xml, "<!DOCTYPE p [<!-- > ]> --><!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><p/>", true,
     REDAN_SNIFF_YES, REDAN_OK, "defect entity-nested", NULL},
    {&redan_format_xml, "<!DOCTYPE p [<!ENTITY a 'just a text'>]><p>x</p>", true, REDAN_SNIFF_YES,
     REDAN_OK, NULL, NULL},
    {&redan_format_xml, "<?xml version='1.0'?><!DOCTYPE p SYSTEM 'p.dtd'><p/>", true,
     REDAN_SNIFF_YES, REDAN_OK, "link xml-doctype p p p.dtd", NULL},
    {&redan_format_xml, "<?xml version='1.0'?><p><x:script>run()</x:script>after it</p>", true,
     REDAN_SNIFF_YES, REDAN_OK, "code xml-script x:script run()", NULL},
    {&redan_format_xml, "<?xml version='1.0'?><p><script/>text after it</p>", true, REDAN_SNIFF_YES,
     REDAN_OK, "text script text after it", "code xml-script script text after it"},
    {&redan_format_xml, "<?xml version='1.0'?><p><![CDATA[<script>no</script>]]></p>", true,
     REDAN_SNIFF_YES, REDAN_OK, "text p <script>no</script>", NULL},
    {&redan_format_xml,
     "<net name='m'><layer id='0' name='c' type='My' version='extension'/></net>", true,
     REDAN_SNIFF_YES, REDAN_OK, "operator openvino extension My c", NULL},
    {&redan_format_xml, "<?xml version='1.0'?><a xmlns:xi='u'><xi:include href='/e'/></a>", true,
     REDAN_SNIFF_YES, REDAN_OK, "link xml-include a xi:include /e", NULL},
    {&redan_format_xml, "<?xml version='1.0'?><?xml-stylesheet href='x.xsl'?><a/>", true,
     REDAN_SNIFF_YES, REDAN_OK, "link xml-stylesheet xml-stylesheet href='x.xsl'", NULL},
    {&redan_format_xml, "<?xml version='1.0' encoding='UTF-7'?><a/>", true, REDAN_SNIFF_YES,
     REDAN_OK, "unread unsupported", NULL},
    {&redan_format_xml, "<?xml version='1.0'?><!-- never closed", true, REDAN_SNIFF_YES,
     REDAN_E_SYNTAX, NULL, NULL},
    {&redan_format_xml, "<!DOCTYPE html><html></html>", true, REDAN_SNIFF_NO, REDAN_OK, NULL, NULL},
};

static struct redan_slice bytes_of(struct redan_ctx *ctx, const struct row *row)
{
    return row->text ? redan_slice_of(row->wire) : wire_of(ctx, row->wire);
}

static void test_rows(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        struct told told;

        redan_ctx_init(&ctx, NULL);
        told_read(&told, &ctx, row->format, bytes_of(&ctx, row), "");
        const char *log = told.log.data ? told.log.data : "";
        if (told.status != row->status || told.sniff != row->sniff)
            fail_msg("row %zu: %s %s: status %d (%s), sniff %d", i, row->format->name, row->wire,
                     told.status, ctx.failure.text, told.sniff);
        if (row->line ? !told_has(&told, row->line) : told.log.len > 0)
            fail_msg("row %zu: %s: not what was told:\n%s", i, row->wire, log);
        if (row->absent && told_has(&told, row->absent))
            fail_msg("row %zu: %s: told:\n%s", i, row->wire, log);
        told_done(&told);
        redan_ctx_done(&ctx);
    }
}

/* XML in UTF-16 is the same document. */
static void test_wide(void **state)
{
    static const char text[] = "<?xml?><!DOCTYPE p [<!ENTITY x SYSTEM 'file:///e'>]><p/>";
    struct redan_ctx ctx;
    struct told told;
    char wide[2 * sizeof(text)];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (unsigned big = 0; big < 2; big++) {
        for (unsigned mark = 0; mark < 2; mark++) {
            size_t len = 0;
            if (mark) {
                wide[len++] = (char)(big ? 0xFE : 0xFF);
                wide[len++] = (char)(big ? 0xFF : 0xFE);
            }
            for (size_t i = 0; i + 1 < sizeof(text); i++) {
                wide[len + big] = text[i];
                wide[len + 1 - big] = '\0';
                len += 2;
            }
            told_read(&told, &ctx, &redan_format_xml, (struct redan_slice){wide, len}, "");
            assert_int_equal(told.sniff, REDAN_SNIFF_YES);
            assert_ok(told.status);
            assert_true(told_has(&told, "link xml-entity p x file:///e"));
            told_done(&told);
        }
    }
    redan_ctx_done(&ctx);
}

/* Every row cut anywhere, with any byte set, and with every allocation failing: facts or a refusal, never a fault. */
static void hostile(const struct redan_format *format, struct redan_slice whole)
{
    struct redan_ctx ctx;
    struct told told;
    char bytes[MOST];

    assert_in_range(whole.len, 1, sizeof(bytes));
    for (size_t cut = 0; cut < whole.len; cut++) {
        redan_ctx_init(&ctx, NULL);
        told_read(&told, &ctx, format, redan_slice_sub(whole, 0, cut), "");
        assert_int_not_equal(told.status, REDAN_E_MEMORY);
        told_done(&told);
        redan_fail_clear(&ctx);
        memcpy(bytes, whole.at, whole.len);
        bytes[cut] = (char)0xff;
        told_read(&told, &ctx, format, (struct redan_slice){bytes, whole.len}, "");
        assert_int_not_equal(told.status, REDAN_E_MEMORY);
        told_done(&told);
        redan_ctx_done(&ctx);
    }
    for (uint64_t n = 1; n < 16; n++) {
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        told_read(&told, &ctx, format, whole, "");
        assert_true(told.status == REDAN_OK || told.status == REDAN_E_MEMORY ||
                    told.status == REDAN_E_SYNTAX);
        told_done(&told);
        redan_ctx_done(&ctx);
    }
}

static void test_hostile(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        redan_ctx_init(&ctx, NULL);
        hostile(rows[i].format, bytes_of(&ctx, &rows[i]));
        redan_ctx_done(&ctx);
    }
}

/* Messages within messages end where the limit is. */
static void test_deep(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf buf;
    struct told told;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&buf, &ctx, 1 << 20);
    /* graph, node, attribute, graph ... from the inside */
    static const char fields[] = {'\x32', '\x0a', '\x2a'};
    for (size_t i = 0; i < 3 * 200; i++) {
        struct redan_buf outer;
        redan_buf_init(&outer, &ctx, 1 << 20);
        redan_buf_char(&outer, fields[2 - i % 3]);
        size_t len = buf.len;
        for (; len >= 0x80; len >>= 7)
            redan_buf_char(&outer, (char)(len | 0x80));
        redan_buf_char(&outer, (char)len);
        redan_buf_slice(&outer, redan_buf_view(&buf));
        redan_buf_done(&buf);
        buf = outer;
    }
    buf.data[0] = '\x3a';
    told_read(&told, &ctx, &redan_format_onnx, redan_buf_view(&buf), "");
    assert_int_equal(told.status, REDAN_E_LIMIT);
    assert_true(told_has(&told, "defect depth"));
    told_done(&told);
    redan_buf_done(&buf);
    redan_ctx_done(&ctx);
}

/* Groups are passed over with all they hold, and only whole ones. */
static void test_groups(void **state)
{
    static const struct {
        struct redan_slice bytes;
        const char *wrong;
        uint64_t value; /* of field 2, which follows */
    } cases[] = {
        {{"\x0b\x10\x05\x0c\x10\x07", 6}, NULL, 7},
        {{"\x0b\x13\x14\x0c\x10\x07", 6}, NULL, 7},
        {{"\x0b\x13\x0c\x14\x10\x07", 6}, "group", 0},
        {{"\x0b\x10\x05", 3}, "group", 0},
        {{"\x0c\x10\x07", 3}, "group", 0},
        {{"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12}, "varint", 0},
        {{"\x10\xff", 2}, "end", 0},
        {{"\x12\x05\x01", 3}, "length", 0},
        {{"\x11\x01", 2}, "end", 0},
        {{"\x00\x01", 2}, "tag", 0},
        {{"\x16\x01", 2}, "tag", 0},
        {{"\x15\x01\0\0\0", 5}, NULL, 1},
        {{"\x11\x01\0\0\0\0\0\0\0", 9}, NULL, 1},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct redan_source source;
        struct redan_wire wire;
        struct redan_wire_field field;
        uint64_t value = 0;
        uint64_t at = 0;

        redan_source_memory(&source, cases[i].bytes);
        redan_wire_init(&wire, &ctx, &source, 0, REDAN_SOURCE_UNKNOWN);
        while (redan_wire_next(&wire, &field)) {
            if (field.number == 2 && field.type != REDAN_WIRE_BYTES)
                value = field.value;
        }
        const char *wrong = redan_wire_wrong(&wire, &at);
        if (!wrong != !cases[i].wrong || (wrong && strcmp(wrong, cases[i].wrong) != 0))
            fail_msg("case %zu: %s", i, wrong ? wrong : "nothing wrong");
        assert_int_equal(value, cases[i].value);
        assert_int_equal(redan_wire_ok(&wire, "a case") == REDAN_OK, wrong == NULL);
        redan_fail_clear(&ctx);
        redan_source_done(&source);
    }
    redan_ctx_done(&ctx);
}

/* A TensorFlow Lite model of one operator, whose numbers can be set. */
struct lite {
    const char *custom; /* NULL: built in */
    unsigned opcode;    /* of the operator */
    unsigned input;
    unsigned bytes;  /* of its constant */
    unsigned buffer; /* the tensor's */
    size_t break_at; /* an offset that is set to where nothing is; 0: none */
};

static struct redan_slice lite_of(struct redan_ctx *ctx, const struct lite *lite)
{
    struct redan_buf buf;
    struct redan_slice copy = {0};

    redan_buf_init(&buf, ctx, 1 << 16);
    size_t root = flat_begin(&buf, "TFL3");
    size_t model = flat_table(&buf, 5);
    flat_link(&buf, root, model);
    flat_set(&buf, flat_slot(&buf, model, 0), 3, 4);
    size_t codes = flat_vector(&buf, 1);
    flat_link(&buf, flat_slot(&buf, model, 1), codes);
    size_t code = flat_table(&buf, 4);
    flat_link(&buf, codes + 4, code);
    size_t custom = flat_text(&buf, redan_slice_of(lite->custom ? lite->custom : ""));
    flat_set(&buf, flat_slot(&buf, code, 0), lite->custom ? 32 : 3, 1);
    flat_link(&buf, flat_slot(&buf, code, 1), custom);
    size_t graphs = flat_vector(&buf, 1);
    flat_link(&buf, flat_slot(&buf, model, 2), graphs);
    size_t graph = flat_table(&buf, 4);
    flat_link(&buf, graphs + 4, graph);
    size_t tensors = flat_vector(&buf, 1);
    flat_link(&buf, flat_slot(&buf, graph, 0), tensors);
    size_t tensor = flat_table(&buf, 3);
    flat_link(&buf, tensors + 4, tensor);
    size_t shape = flat_vector(&buf, 1);
    flat_set(&buf, shape + 4, 4, 4);
    flat_link(&buf, flat_slot(&buf, tensor, 0), shape);
    flat_set(&buf, flat_slot(&buf, tensor, 2), lite->buffer, 4);
    for (unsigned id = 1; id < 3; id++)
        flat_link(&buf, flat_slot(&buf, graph, id), flat_vector(&buf, 0));
    size_t operators = flat_vector(&buf, 1);
    flat_link(&buf, flat_slot(&buf, graph, 3), operators);
    size_t op = flat_table(&buf, 3);
    flat_link(&buf, operators + 4, op);
    flat_set(&buf, flat_slot(&buf, op, 0), lite->opcode, 4);
    for (unsigned id = 1; id < 3; id++) {
        size_t places = flat_vector(&buf, 1);
        flat_set(&buf, places + 4, lite->input, 4);
        flat_link(&buf, flat_slot(&buf, op, id), places);
    }
    size_t description = flat_text(&buf, REDAN_S("a small model"));
    flat_link(&buf, flat_slot(&buf, model, 3), description);
    size_t buffers = flat_vector(&buf, 2);
    flat_link(&buf, flat_slot(&buf, model, 4), buffers);
    size_t empty = flat_table(&buf, 0);
    flat_link(&buf, buffers + 4, empty);
    size_t constant = flat_table(&buf, 1);
    flat_link(&buf, buffers + 8, constant);
    size_t data = flat_vector(&buf, 4);
    flat_set(&buf, data, lite->bytes, 4);
    flat_link(&buf, flat_slot(&buf, constant, 0), data);
    if (lite->break_at)
        flat_set(&buf, lite->break_at, 0xFFFFFF, 4);
    assert_ok(redan_buf_ok(ctx, &buf, "a model"));
    assert_ok(redan_copy(ctx, redan_buf_view(&buf), &copy));
    redan_buf_done(&buf);
    return copy;
}

static void test_lite(void **state)
{
    static const struct {
        struct lite lite;
        enum redan_status status;
        const char *line;
        const char *absent;
    } cases[] = {
        {{NULL, 0, 0, 16, 1, 0}, REDAN_OK, "text description a small model", "defect tensor-size"},
        {{"MyOp", 0, 0, 16, 1, 0}, REDAN_OK, "operator tflite custom MyOp", NULL},
        {{NULL, 1, 0, 16, 1, 0}, REDAN_OK, "defect index", NULL},
        {{NULL, 0, 1, 16, 1, 0}, REDAN_OK, "defect index", NULL},
        {{NULL, 0, UINT32_MAX, 16, 1, 0},
         REDAN_OK,
         "text description a small model",
         "defect index"},
        {{NULL, 0, 0, 15, 1, 0}, REDAN_OK, "defect tensor-size", NULL},
        {{NULL, 0, 0, 16, 2, 0}, REDAN_OK, "defect index", NULL},
        {{NULL, 0, 0, 4000, 1, 0}, REDAN_E_SYNTAX, "defect offset", NULL},
        {{NULL, 0, 0, 16, 1, 4}, REDAN_OK, "text description a small model", NULL},
        {{NULL, 0, 0, 16, 1, 1}, REDAN_E_SYNTAX, "defect offset", NULL},
    };
    struct redan_ctx ctx;
    struct told told;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct redan_slice bytes = lite_of(&ctx, &cases[i].lite);

        told_read(&told, &ctx, &redan_format_tflite, bytes, "");
        if (told.status != cases[i].status || !told_has(&told, cases[i].line) ||
            (cases[i].absent && told_has(&told, cases[i].absent)))
            fail_msg("case %zu: status %d (%s):\n%s", i, told.status, ctx.failure.text,
                     told.log.data);
        told_done(&told);
        redan_fail_clear(&ctx);
    }
    hostile(&redan_format_tflite, lite_of(&ctx, &cases[1].lite));
    redan_ctx_done(&ctx);
}

/* A vector whose elements are all the same table, which holds that vector: reading ends. */
static void test_shared(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf buf;
    struct told told;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&buf, &ctx, 1 << 22);
    size_t root = flat_begin(&buf, "ET12");
    size_t program = flat_table(&buf, 2);
    flat_link(&buf, root, program);
    size_t plans = flat_vector(&buf, 2000);
    flat_link(&buf, flat_slot(&buf, program, 1), plans);
    size_t plan = flat_table(&buf, 8);
    size_t names = flat_vector(&buf, 2000);
    size_t name = flat_table(&buf, 1);
    for (size_t i = 0; i < 2000; i++) {
        flat_link(&buf, plans + 4 + 4 * i, plan);
        flat_link(&buf, names + 4 + 4 * i, name);
    }
    for (unsigned id = 2; id < 8; id++)
        flat_link(&buf, flat_slot(&buf, plan, id), names);
    flat_link(&buf, flat_slot(&buf, name, 0), flat_text(&buf, REDAN_S("aten::add")));
    told_read(&told, &ctx, &redan_format_executorch, redan_buf_view(&buf), "");
    assert_int_equal(told.sniff, REDAN_SNIFF_YES);
    assert_int_equal(told.status, REDAN_E_LIMIT);
    assert_true(told_has(&told, "defect shared"));
    assert_true(told_has(&told, "operator executorch aten::add"));
    told_done(&told);
    redan_buf_done(&buf);
    redan_ctx_done(&ctx);
}

/* ONNX Runtime's format and PyTorch Mobile's: operators, texts, files. */
static void test_others(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf buf;
    struct told told;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&buf, &ctx, 1 << 16);
    size_t root = flat_begin(&buf, "ORTM");
    size_t session = flat_table(&buf, 2);
    flat_link(&buf, root, session);
    size_t model = flat_table(&buf, 8);
    flat_link(&buf, flat_slot(&buf, session, 1), model);
    for (unsigned id = 1; id < 7; id++)
        flat_link(&buf, flat_slot(&buf, model, id), flat_vector(&buf, 0));
    size_t graph = flat_table(&buf, 3);
    flat_link(&buf, flat_slot(&buf, model, 7), graph);
    size_t nodes = flat_vector(&buf, 1);
    flat_link(&buf, flat_slot(&buf, graph, 2), nodes);
    size_t node = flat_table(&buf, 6);
    flat_link(&buf, nodes + 4, node);
    flat_link(&buf, flat_slot(&buf, node, 0), flat_text(&buf, REDAN_S("n")));
    flat_link(&buf, flat_slot(&buf, node, 2), flat_text(&buf, REDAN_S("com.x")));
    flat_link(&buf, flat_slot(&buf, node, 5), flat_text(&buf, REDAN_S("PyOp")));
    told_read(&told, &ctx, &redan_format_ort, redan_buf_view(&buf), "");
    assert_int_equal(told.sniff, REDAN_SNIFF_YES);
    assert_ok(told.status);
    assert_true(told_has(&told, "operator onnx com.x PyOp n"));
    told_done(&told);
    hostile(&redan_format_ort, redan_buf_view(&buf));
    redan_buf_clear(&buf);

    root = flat_begin(&buf, "PTMF");
    size_t module = flat_table(&buf, 9);
    flat_link(&buf, root, module);
    static const unsigned lists[] = {1, 8};
    for (size_t i = 0; i < 2; i++) {
        size_t files = flat_vector(&buf, 1);
        flat_link(&buf, flat_slot(&buf, module, lists[i]), files);
        size_t file = flat_table(&buf, 2);
        flat_link(&buf, files + 4, file);
        flat_link(&buf, flat_slot(&buf, file, 0), flat_text(&buf, REDAN_S("name")));
        flat_link(&buf, flat_slot(&buf, file, 1), flat_text(&buf, REDAN_S("content")));
    }
    size_t values = flat_vector(&buf, 1);
    flat_link(&buf, flat_slot(&buf, module, 4), values);
    size_t value = flat_table(&buf, 2);
    flat_link(&buf, values + 4, value);
    flat_set(&buf, flat_slot(&buf, value, 0), 16, 1);
    size_t function = flat_table(&buf, 3);
    flat_link(&buf, flat_slot(&buf, value, 1), function);
    for (unsigned id = 0; id < 2; id++)
        flat_link(&buf, flat_slot(&buf, function, id), flat_vector(&buf, 0));
    size_t operators = flat_vector(&buf, 1);
    flat_link(&buf, flat_slot(&buf, function, 2), operators);
    size_t op = flat_table(&buf, 1);
    flat_link(&buf, operators + 4, op);
    flat_link(&buf, flat_slot(&buf, op, 0), flat_text(&buf, REDAN_S("aten::save")));
    size_t methods = flat_vector(&buf, 1);
    flat_set(&buf, methods + 4, 7, 4);
    flat_link(&buf, flat_slot(&buf, module, 2), methods);
    for (unsigned id = 5; id < 8; id++)
        flat_link(&buf, flat_slot(&buf, module, id), flat_vector(&buf, 0));
    told_read(&told, &ctx, &redan_format_torch_mobile, redan_buf_view(&buf), "");
    assert_int_equal(told.sniff, REDAN_SNIFF_YES);
    assert_ok(told.status);
    assert_true(told_has(&told, "operator torch-mobile aten::save"));
    assert_true(told_has(&told, "member name"));
    assert_true(told_has(&told, "defect index"));
    told_done(&told);
    hostile(&redan_format_torch_mobile, redan_buf_view(&buf));
    redan_buf_done(&buf);
    redan_ctx_done(&ctx);
}

/* Parameters of MXNet and Paddle: arrays that are whole, and one that is not. */
static void test_parameters(void **state)
{
    static const char mxnet[] =
        "\x12\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
        "\xc9\xfa\x93\xf9\0\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0"
        "12345678\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0abc";
    static const char paddle[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0\x08\5\x10\2"
                                 "12345678";
    static const struct {
        const struct redan_format *format;
        struct redan_slice bytes;
    } cases[] = {{&redan_format_mxnet, {mxnet, sizeof(mxnet) - 1}},
                 {&redan_format_paddle_params, {paddle, sizeof(paddle) - 1}}};
    struct redan_ctx ctx;
    struct told told;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        told_read(&told, &ctx, cases[i].format, cases[i].bytes, "");
        assert_int_equal(told.sniff, REDAN_SNIFF_YES);
        assert_ok(told.status);
        assert_int_equal(told.log.len, 0);
        told_done(&told);
        told_read(&told, &ctx, cases[i].format,
                  redan_slice_sub(cases[i].bytes, 0, cases[i].bytes.len - 1), "");
        assert_int_equal(told.status, REDAN_E_SYNTAX);
        told_done(&told);
        redan_fail_clear(&ctx);
        hostile(cases[i].format, cases[i].bytes);
    }
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_wide),
        cmocka_unit_test(test_deep),    cmocka_unit_test(test_groups),
        cmocka_unit_test(test_lite),    cmocka_unit_test(test_shared),
        cmocka_unit_test(test_others),  cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
