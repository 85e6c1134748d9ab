/* XML of other tools: the tree, and what is refused. */
#include "test.h"

#include "base/buf.h"
#include "codec/canonical.h"
#include "codec/xml.h"

#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

struct accepted {
    struct redan_slice xml;
    const char *json;
};

static const struct accepted accepted[] = {
    {TEXT("<a/>"), "{\"attributes\":{},\"children\":[],\"name\":\"a\",\"text\":\"\"}"},
    {TEXT("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c --><a x='1' y=\"&lt;2\">t"
          "<b>u</b>&amp;<![CDATA[<v>]]>&#233;\n</a><?p i?>\n"),
     "{\"attributes\":{\"x\":\"1\",\"y\":\"<2\"},\"children\":[{\"attributes\":{},\"children\":[],"
     "\"name\":\"b\",\"text\":\"u\"}],\"name\":\"a\",\"text\":\"t&<v>\xc3\xa9\\n\"}"},
    {TEXT("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe9</a>"),
     "{\"attributes\":{},\"children\":[],\"name\":\"a\",\"text\":\"\xc3\xa9\"}"},
    {TEXT("\xef\xbb\xbf<n:a xmlns:n='u'/>"),
     "{\"attributes\":{\"xmlns:n\":\"u\"},\"children\":[],\"name\":\"n:a\",\"text\":\"\"}"},
};

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(accepted); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        const struct redan_node *root = NULL;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        assert_ok(redan_xml_parse(&ctx, accepted[i].xml, &root));
        assert_ok(redan_canonical_add(&ctx, &out, root));
        assert_slice(redan_buf_view(&out), accepted[i].json);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

struct refused {
    struct redan_slice xml;
    unsigned line;
    unsigned column;
    const char *text;
};

static const char doctype[] = "a document type (<!DOCTYPE) is not allowed; remove it";
static const char malformed[] = "this is not well-formed XML; correct or escape the text here";

static const struct refused refused[] = {
    {TEXT("<!DOCTYPE a><a/>"), 1, 12, doctype},
    {TEXT("<?xml version=\"1.0\"?>\n<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"), 2, 40,
     doctype},
    {TEXT("<!DOCTYPE l [<!ENTITY l \"lol\"><!ENTITY m \"&l;&l;\">]><l>&m;</l>"), 1, 13, doctype},
    {TEXT("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"), 1, 13, doctype},
    {TEXT("<a>&x;</a>"), 1, 4, "an entity that XML does not define; write the character"},
    {TEXT(""), 1, 1, "the document ends before its elements do"},
    {TEXT(" "), 1, 2, "the document ends before its elements do"},
    {TEXT("<a>\n<b>\n</a>"), 3, 3, "an end tag that does not match its start tag"},
    {TEXT("<a>\n"), 2, 1, "the document ends before its elements do"},
    {TEXT("<a x='1' x='2'/>"), 1, 10, "an attribute appears twice; remove one of the two"},
    {TEXT("<a/><b/>"), 1, 5, "text after the root element; remove it"},
    {TEXT("<a>\0</a>"), 1, 4, malformed},
    {TEXT("<a>\x1b</a>"), 1, 4, malformed},
    {TEXT("<a>\xff</a>"), 1, 4, malformed},
    {TEXT("<a b></a>"), 1, 5, malformed},
    {TEXT("{}"), 1, 1, malformed},
    {TEXT("<a"), 1, 1, "a tag that is not closed; add \">\""},
    {TEXT("<a>\xc3"), 1, 4, "the document ends inside a character"},
    {TEXT("<?xml version=\"1.0\" encoding=\"x-none\"?><a/>"), 1, 31, "an unknown encoding; save"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(refused); i++) {
        struct redan_ctx ctx;
        const struct redan_node *root = NULL;
        redan_ctx_init(&ctx, NULL);
        if (redan_xml_parse(&ctx, refused[i].xml, &root) != REDAN_E_SYNTAX)
            fail_msg("row %zu is not refused: %s", i, ctx.failure.text);
        if (strncmp(ctx.failure.text, refused[i].text, strlen(refused[i].text)) != 0 ||
            ctx.failure.line != refused[i].line || ctx.failure.column != refused[i].column)
            fail_msg("row %zu: %u:%u %s", i, ctx.failure.line, ctx.failure.column,
                     ctx.failure.text);
        assert_null(root);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

struct repeated {
    const char *head;
    const char *piece;
    size_t times;
    const char *tail;
    enum redan_status status;
    const char *text;
};

static const struct repeated repeated[] = {
    {"", "<a>", 1000000, "", REDAN_E_LIMIT, "elements nested deeper than the limit"},
    {"", "<a>", 33, "", REDAN_E_LIMIT, "elements nested deeper than the limit"},
    {"<a>", "<b/>", 50000, "</a>", REDAN_E_LIMIT, "more elements and attributes than the limit"},
    {"<a>", "x", 17000000, "</a>", REDAN_E_LIMIT, "the document has 17000007 bytes, more than"},
    {"<a>", "x\n", 5000000, "</a>", REDAN_OK, NULL},
    {"<a b='", "x", 10000000, "'/>", REDAN_OK, NULL},
    {"<", "a", 10000000, "/>", REDAN_OK, NULL},
    {"<a>", "<!-- -->", 1000000, "</a>", REDAN_OK, NULL},
    {"<a>", "&amp;", 1000000, "</a>", REDAN_OK, NULL},
};

static void test_repeated(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(repeated); i++) {
        const struct repeated *row = &repeated[i];
        struct redan_ctx ctx;
        struct redan_buf text;
        const struct redan_node *root = NULL;
        struct redan_limits limits = redan_limits_default;
        limits.nodes = 100000;
        redan_ctx_init(&ctx, &limits);
        redan_buf_init(&text, &ctx, SIZE_MAX);
        redan_buf_text(&text, row->head);
        for (size_t k = 0; k < row->times; k++)
            redan_buf_text(&text, row->piece);
        redan_buf_text(&text, row->tail);
        if (redan_xml_parse(&ctx, redan_buf_view(&text), &root) != row->status)
            fail_msg("row %zu: %s", i, ctx.failure.text);
        if (row->text && strncmp(ctx.failure.text, row->text, strlen(row->text)) != 0)
            fail_msg("row %zu: %s", i, ctx.failure.text);
        redan_buf_done(&text);
        redan_ctx_done(&ctx);
    }
}

static void test_places(void **state)
{
    struct redan_ctx ctx;
    const struct redan_node *root = NULL;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_xml_parse(&ctx, REDAN_S("<a>\n  <b/>\n</a>"), &root));
    const struct redan_node *b = redan_node_get(root, "children")->first;
    assert_int_equal(root->line, 1);
    assert_int_equal(b->line, 2);
    assert_int_equal(b->column, 3);
    assert_int_equal(b->offset, 6);
    redan_ctx_done(&ctx);
}

static void test_memory(void **state)
{
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; status != REDAN_OK; n++) {
        struct redan_ctx ctx;
        const struct redan_node *root = NULL;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        status = redan_xml_parse(&ctx, REDAN_S("<a x='1'>t<b y='2'>u</b>v<c/></a>"), &root);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_int_equal(ctx.failure.status, status);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* The limit of nodes reached at every place of a document. */
static void test_nodes(void **state)
{
    enum redan_status status = REDAN_E_LIMIT;

    (void)state;
    for (size_t n = 1; status != REDAN_OK; n++) {
        struct redan_ctx ctx;
        struct redan_limits limits = redan_limits_default;
        const struct redan_node *root = NULL;
        limits.nodes = n;
        redan_ctx_init(&ctx, &limits);
        status = redan_xml_parse(&ctx, REDAN_S("<a x='1'>t<b y='2'>u</b></a>"), &root);
        assert_int_equal(status, n < 12 ? REDAN_E_LIMIT : REDAN_OK);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_repeated), cmocka_unit_test(test_places),
        cmocka_unit_test(test_memory),   cmocka_unit_test(test_nodes),
    };
    return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
