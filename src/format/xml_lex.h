/* Tags, texts and declarations of an XML document, one after the other, in little memory: what a hostile one says, not what a parser would make of it. */
#ifndef REDAN_FORMAT_XML_LEX_H
#define REDAN_FORMAT_XML_LEX_H

#include "base/buf.h"
#include "base/source.h"

enum {
    REDAN_XML_NAME = 128,
    REDAN_XML_VALUE = 4096,    /* of an attribute, a literal, a declaration; longer ones are cut */
    REDAN_XML_TEXT = 64 << 10, /* of one piece of text */
};

enum redan_xml_token {
    REDAN_XML_END,
    REDAN_XML_START,       /* name; attributes follow */
    REDAN_XML_ATTRIBUTE,   /* name, value */
    REDAN_XML_START_DONE,  /* `empty` when it was <x/> */
    REDAN_XML_CLOSE,       /* name */
    REDAN_XML_CHARACTERS,  /* text: a piece of up to REDAN_XML_TEXT bytes */
    REDAN_XML_INSTRUCTION, /* name, value */
    REDAN_XML_DOCTYPE,     /* name, value: the identifier of an external subset, or empty */
    REDAN_XML_ENTITY, /* name, value; `outside` when it is an identifier, `parameter` when it is one of those */
};

struct redan_xml_lex {
    struct redan_ctx *ctx;
    struct redan_source *source;
    uint64_t pos;
    uint64_t at; /* of the token */
    bool wide;   /* UTF-16 */
    bool big;    /* with the high byte first */
    bool in_tag, in_doctype;
    bool empty, outside, parameter;
    bool cut; /* the document ends within a token */
    enum redan_status status;
    struct redan_slice near;
    uint64_t near_at;
    uint64_t near_turn;
    size_t name_len, value_len;
    char name[REDAN_XML_NAME];
    char value[REDAN_XML_VALUE];
    struct redan_buf text;
};

void redan_xml_lex_init(struct redan_xml_lex *lex, struct redan_ctx *ctx,
                        struct redan_source *source);
void redan_xml_lex_done(struct redan_xml_lex *lex);
enum redan_xml_token redan_xml_lex_next(struct redan_xml_lex *lex);
struct redan_slice redan_xml_name(const struct redan_xml_lex *lex);
struct redan_slice redan_xml_value(const struct redan_xml_lex *lex);
struct redan_slice redan_xml_local(struct redan_slice name); /* without its prefix */

#endif
