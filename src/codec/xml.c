/* Expat's events to the tree; what can grow (depth, elements, text) is counted, and document types end the parse. */
#include "codec/xml.h"

#include <expat.h>
#include <limits.h>

#include "base/buf.h"

/* An element that is still open. Its text buffer serves the next element at this depth as well. */
struct frame {
    struct redan_node *children;
    struct redan_node *text;
    struct redan_buf buf;
};

struct builder {
    struct redan_ctx *ctx;
    XML_Parser parser;
    struct frame *frames;
    size_t depth;
    size_t used; /* frames whose buffers were made */
    size_t nodes;
    struct redan_node *root;
    enum redan_status status;
};

static void builder_done(struct builder *b)
{
    if (b->parser)
        XML_ParserFree(b->parser);
    for (size_t i = 0; i < b->used; i++)
        redan_buf_done(&b->frames[i].buf);
}

static void stop(struct builder *b, enum redan_status status)
{
    b->status = status;
    (void)XML_StopParser(b->parser, XML_FALSE);
}

static void stop_at(struct builder *b, enum redan_status status, const char *what)
{
    unsigned line = (unsigned)XML_GetCurrentLineNumber(b->parser);
    unsigned column = (unsigned)XML_GetCurrentColumnNumber(b->parser) + 1;

    stop(b, redan_fail_at(b->ctx, status, line, column, "%s", what));
}

/* A node with the place of the present event; NULL when the parse was stopped. */
static struct redan_node *make(struct builder *b, enum redan_node_kind kind, const char *key,
                               struct redan_node *parent)
{
    if (++b->nodes > b->ctx->limits.nodes) {
        stop_at(b, REDAN_E_LIMIT, "more elements and attributes than the limit; split the report");
        return NULL;
    }
    struct redan_node *node = redan_node_new(b->ctx, kind);
    if (!node) {
        stop(b, REDAN_E_MEMORY);
        return NULL;
    }
    XML_Index index = XML_GetCurrentByteIndex(b->parser);
    node->line = (unsigned)XML_GetCurrentLineNumber(b->parser);
    node->column = (unsigned)XML_GetCurrentColumnNumber(b->parser) + 1;
    node->offset = index > 0 ? (size_t)index : 0;
    node->key = redan_slice_of(key);
    if (parent)
        redan_node_add(parent, node);
    return node;
}

static struct redan_node *make_text(struct builder *b, struct redan_slice key,
                                    struct redan_node *parent, struct redan_slice text)
{
    struct redan_node *node = make(b, REDAN_NODE_TEXT, NULL, parent);

    if (!node)
        return NULL;
    node->key = key;
    enum redan_status status = redan_copy(b->ctx, text, &node->text);
    if (status != REDAN_OK)
        stop(b, status);
    return node;
}

static void add_attributes(struct builder *b, struct redan_node *map, const XML_Char **attributes)
{
    for (; *attributes && b->status == REDAN_OK; attributes += 2) {
        struct redan_slice key;
        enum redan_status status = redan_copy(b->ctx, redan_slice_of(attributes[0]), &key);
        if (status != REDAN_OK)
            stop(b, status);
        else
            (void)make_text(b, key, map, redan_slice_of(attributes[1]));
    }
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct builder *b = arg;

    if (b->status != REDAN_OK)
        return;
    if (b->depth >= b->ctx->limits.depth) {
        stop_at(b, REDAN_E_LIMIT, "elements nested deeper than the limit; flatten the report");
        return;
    }
    struct redan_node *parent = b->depth ? b->frames[b->depth - 1].children : NULL;
    struct redan_node *element = make(b, REDAN_NODE_MAP, NULL, parent);
    if (!element)
        return;
    if (!make_text(b, REDAN_S("name"), element, redan_slice_of(name)))
        return;
    struct redan_node *map = make(b, REDAN_NODE_MAP, "attributes", element);
    if (!map)
        return;
    add_attributes(b, map, attributes);
    if (b->status != REDAN_OK)
        return;
    struct frame *frame = &b->frames[b->depth];
    frame->children = make(b, REDAN_NODE_LIST, "children", element);
    frame->text = make(b, REDAN_NODE_TEXT, "text", element);
    if (b->status != REDAN_OK)
        return;
    if (b->depth == b->used) {
        redan_buf_init(&frame->buf, b->ctx, SIZE_MAX);
        b->used++;
    }
    redan_buf_clear(&frame->buf);
    b->depth++;
    if (!b->root)
        b->root = element;
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int len)
{
    struct builder *b = arg;

    if (b->status != REDAN_OK || b->depth == 0 || len < 0)
        return;
    struct redan_buf *buf = &b->frames[b->depth - 1].buf;
    redan_buf_add(buf, text, (size_t)len);
    if (buf->fail != REDAN_OK)
        stop(b, redan_buf_ok(b->ctx, buf, "the text of an element"));
}

static void XMLCALL on_end(void *arg, const XML_Char *name REDAN_UNUSED)
{
    struct builder *b = arg;

    if (b->status != REDAN_OK || b->depth == 0)
        return;
    struct frame *frame = &b->frames[--b->depth];
    enum redan_status status = redan_copy(b->ctx, redan_buf_view(&frame->buf), &frame->text->text);
    if (status != REDAN_OK)
        stop(b, status);
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name REDAN_UNUSED,
                               const XML_Char *system REDAN_UNUSED,
                               const XML_Char *public REDAN_UNUSED, int internal REDAN_UNUSED)
{
    struct builder *b = arg;

    if (b->status == REDAN_OK)
        stop_at(b, REDAN_E_SYNTAX, "a document type (<!DOCTYPE) is not allowed; remove it");
}

static enum redan_status refused(struct builder *b)
{
    static const struct {
        enum XML_Error code;
        const char *text;
    } words[] = {
        {XML_ERROR_NO_ELEMENTS, "the document ends before its elements do; write it out again"},
        {XML_ERROR_TAG_MISMATCH,
         "an end tag that does not match its start tag; close what is open"},
        {XML_ERROR_INVALID_TOKEN, "this is not well-formed XML; correct or escape the text here"},
        {XML_ERROR_UNCLOSED_TOKEN, "a tag that is not closed; add \">\""},
        {XML_ERROR_DUPLICATE_ATTRIBUTE, "an attribute appears twice; remove one of the two"},
        {XML_ERROR_JUNK_AFTER_DOC_ELEMENT, "text after the root element; remove it"},
        {XML_ERROR_UNDEFINED_ENTITY, "an entity that XML does not define; write the character"},
        {XML_ERROR_UNKNOWN_ENCODING, "an unknown encoding; save the document as UTF-8"},
        {XML_ERROR_INCORRECT_ENCODING, "the encoding is not the declared one; save the document as "
                                       "UTF-8"},
        {XML_ERROR_PARTIAL_CHAR, "the document ends inside a character; write it out again"},
    };
    enum XML_Error code = XML_GetErrorCode(b->parser);
    const char *text = XML_ErrorString(code);

    if (b->status != REDAN_OK)
        return b->status;
    if (code == XML_ERROR_NO_MEMORY)
        return redan_fail(b->ctx, REDAN_E_MEMORY, 0, "no memory for the XML parser");
    for (size_t i = 0; i < REDAN_COUNT(words); i++) {
        if (words[i].code == code)
            text = words[i].text;
    }
    stop_at(b, REDAN_E_SYNTAX, text ? text : "not XML");
    return b->status;
}

enum redan_status redan_xml_parse(struct redan_ctx *ctx, struct redan_slice text,
                                  const struct redan_node **root)
{
    struct builder b REDAN_DEFER(builder_done) = {.ctx = ctx};
    size_t max = redan_min_size(ctx->limits.xml, INT_MAX); /* expat counts in int */

    if (text.len > max)
        return redan_fail(ctx, REDAN_E_LIMIT, max,
                          "the document has %zu bytes, more than %zu; "
                          "split it",
                          text.len, max);
    b.frames = redan_take_array(ctx, ctx->limits.depth, sizeof(*b.frames));
    if (!b.frames)
        return REDAN_E_MEMORY;
    b.parser = XML_ParserCreate(NULL);
    if (!b.parser)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for the XML parser");
    (void)XML_SetHashSalt(b.parser, (unsigned long)ctx->seed);
    XML_SetUserData(b.parser, &b);
    XML_SetElementHandler(b.parser, on_start, on_end);
    XML_SetCharacterDataHandler(b.parser, on_text);
    XML_SetStartDoctypeDeclHandler(b.parser, on_doctype);
    /* at once: pieces would have expat scan a long token again with every piece */
    if (XML_Parse(b.parser, text.len ? text.at : "", (int)text.len, XML_TRUE) != XML_STATUS_OK)
        return refused(&b);
    *root = b.root;
    return REDAN_OK;
}
