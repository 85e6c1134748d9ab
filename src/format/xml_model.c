/* XML: OpenVINO's networks, PMML and any other document, with what leads out of it and what would be run. */
#include <string.h>
#include <strings.h>

#include "format/format_table.h"
#include "format/xml_lex.h"

enum { TEXT_LEAST = 8, VALUE_LEAST = 16, DEEP = 1 << 20 };

struct document {
    struct redan_xml_lex lex;
    const struct redan_listener *to;
    bool rooted;
    bool network; /* OpenVINO: <net> */
    bool pmml;
    size_t depth;
    size_t script; /* the depth of the open <script>; 0 when none is */
    size_t tag_len, root_len;
    char tag[REDAN_XML_NAME];  /* the last that began */
    char root[REDAN_XML_NAME]; /* the first, or what the document type says that it will be */
    /* of an OpenVINO layer */
    size_t type_len, version_len, layer_len;
    char type[REDAN_XML_NAME], version[REDAN_XML_NAME], layer[REDAN_XML_NAME];
};

static struct redan_slice tag_of(const struct document *d)
{
    return (struct redan_slice){d->tag, d->tag_len};
}

static bool tag_is(const struct document *d, const char *local)
{
    return redan_slice_is(redan_xml_local(tag_of(d)), local);
}

static enum redan_status tell(struct document *d, enum redan_fact_kind kind, const char *what,
                              struct redan_slice name, struct redan_slice text)
{
    struct redan_fact fact = {
        .kind = kind, .what = what, .offset = d->lex.at, .name = name, .text = text};

    if (kind == REDAN_FACT_LINK)
        fact.module = (struct redan_slice){d->root, d->root_len};
    return redan_tell(d->to, &fact);
}

static void keep(struct redan_slice value, char *to, size_t *len)
{
    *len = redan_min_size(value.len, REDAN_XML_NAME);
    if (*len)
        memcpy(to, value.at, *len);
}

static void on_start(struct document *d)
{
    keep(redan_xml_name(&d->lex), d->tag, &d->tag_len);
    d->type_len = d->version_len = d->layer_len = 0;
    if (d->depth < DEEP)
        d->depth++;
    if (!d->rooted) {
        d->network = tag_is(d, "net");
        d->pmml = tag_is(d, "PMML");
    }
    if (!d->rooted)
        keep(tag_of(d), d->root, &d->root_len);
    d->rooted = true;
    if (!d->script && redan_xml_local(tag_of(d)).len == 6 &&
        strncasecmp(redan_xml_local(tag_of(d)).at, "script", 6) == 0)
        d->script = d->depth;
}

static enum redan_status on_attribute(struct document *d)
{
    struct redan_slice name = redan_xml_name(&d->lex);
    struct redan_slice value = redan_xml_value(&d->lex);

    if (d->network && tag_is(d, "layer")) {
        if (redan_slice_is(name, "type"))
            keep(value, d->type, &d->type_len);
        if (redan_slice_is(name, "version"))
            keep(value, d->version, &d->version_len);
        if (redan_slice_is(name, "name"))
            keep(value, d->layer, &d->layer_len);
        return REDAN_OK;
    }
    if (tag_is(d, "include") && redan_slice_is(name, "href"))
        return tell(d, REDAN_FACT_LINK, "xml-include", tag_of(d), value);
    if (d->pmml && tag_is(d, "Apply") && redan_slice_is(name, "function"))
        return tell(d, REDAN_FACT_CLASS, "pmml-function", value, (struct redan_slice){0});
    if (value.len < VALUE_LEAST || redan_slice_starts(name, REDAN_S("xmlns")))
        return REDAN_OK;
    return tell(d, REDAN_FACT_TEXT, NULL, name, value);
}

static void on_close(struct document *d)
{
    if (d->script && d->depth <= d->script)
        d->script = 0;
    if (d->depth)
        d->depth--;
}

static enum redan_status on_start_done(struct document *d)
{
    if (d->network && tag_is(d, "layer") && d->type_len)
        REDAN_TRY(redan_tell(d->to, &(struct redan_fact){.kind = REDAN_FACT_OPERATOR,
                                                         .what = "openvino",
                                                         .offset = d->lex.at,
                                                         .module = {d->version, d->version_len},
                                                         .name = {d->type, d->type_len},
                                                         .text = {d->layer, d->layer_len}}));
    if (d->lex.empty)
        on_close(d);
    return REDAN_OK;
}

static enum redan_status on_characters(struct document *d)
{
    struct redan_slice text = redan_slice_trim(redan_buf_view(&d->lex.text));

    if (d->script && text.len)
        return tell(d, REDAN_FACT_CODE, "xml-script", tag_of(d), text);
    if (text.len < TEXT_LEAST)
        return REDAN_OK;
    return tell(d, REDAN_FACT_TEXT, NULL, tag_of(d), text);
}

static enum redan_status on_entity(struct document *d)
{
    struct redan_slice value = redan_xml_value(&d->lex);

    if (d->lex.outside)
        return tell(d, REDAN_FACT_LINK, "xml-entity", redan_xml_name(&d->lex), value);
    /* an entity of entities is how a line becomes gigabytes */
    if (value.len && (memchr(value.at, '&', value.len) || memchr(value.at, '%', value.len)))
        return redan_tell_defect(d->to, "entity-nested", d->lex.at, redan_xml_name(&d->lex));
    return REDAN_OK;
}

static enum redan_status on_token(struct document *d, enum redan_xml_token token)
{
    struct redan_slice name = redan_xml_name(&d->lex);

    switch (token) {
    case REDAN_XML_START:
        on_start(d);
        return REDAN_OK;
    case REDAN_XML_ATTRIBUTE:
        return on_attribute(d);
    case REDAN_XML_START_DONE:
        return on_start_done(d);
    case REDAN_XML_CLOSE:
        on_close(d);
        return REDAN_OK;
    case REDAN_XML_CHARACTERS:
        return on_characters(d);
    case REDAN_XML_INSTRUCTION:
        /* the one usual encoding whose marks are not those of ASCII */
        if (redan_slice_is(name, "xml") && memmem(d->lex.value, d->lex.value_len, "UTF-7", 5))
            return redan_tell_unread(d->to, REDAN_UNREAD_UNSUPPORTED, d->lex.at, 0,
                                     REDAN_S("XML in UTF-7"));
        if (redan_slice_is(name, "xml-stylesheet"))
            return tell(d, REDAN_FACT_LINK, "xml-stylesheet", name, redan_xml_value(&d->lex));
        return REDAN_OK;
    case REDAN_XML_DOCTYPE:
        keep(name, d->root, &d->root_len);
        if (d->lex.value_len)
            return tell(d, REDAN_FACT_LINK, "xml-doctype", name, redan_xml_value(&d->lex));
        return REDAN_OK;
    case REDAN_XML_ENTITY:
        return on_entity(d);
    case REDAN_XML_END:
        break;
    }
    return REDAN_OK;
}

static void document_done(struct document **d)
{
    if (*d)
        redan_xml_lex_done(&(*d)->lex);
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct document *d REDAN_DEFER(document_done) = redan_take(ctx, sizeof(*d));
    enum redan_xml_token token;

    (void)name;
    if (!d)
        return REDAN_E_MEMORY;
    d->to = to;
    redan_xml_lex_init(&d->lex, ctx, source);
    while ((token = redan_xml_lex_next(&d->lex)) != REDAN_XML_END && d->lex.status == REDAN_OK)
        REDAN_TRY(on_token(d, token));
    REDAN_TRY(d->lex.status);
    if (d->lex.cut)
        return redan_fail(ctx, REDAN_E_SYNTAX, d->lex.pos, "the XML document ends within a tag");
    return REDAN_OK;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_slice head = probe->head;
    static const char *const starts[] = {"<?xml", "<PMML", "<net ", "<!DOCTYPE"};

    if (head.len >= 6 &&
        (memcmp(head.at, "\xFE\xFF\0<", 4) == 0 || memcmp(head.at, "\xFF\xFE<\0", 4) == 0 ||
         memcmp(head.at, "<\0?\0x\0", 6) == 0 || memcmp(head.at, "\0<\0?\0x", 6) == 0))
        return REDAN_SNIFF_YES;
    if (head.len >= 3 && memcmp(head.at, "\xEF\xBB\xBF", 3) == 0)
        head = redan_slice_sub(head, 3, head.len);
    head = redan_slice_trim(head);
    if (probe->source->size > probe->head.len &&
        (head.len == 0 ||
         (redan_slice_starts(head, REDAN_S("<!--")) && !memmem(head.at, head.len, "-->", 3)))) {
        /* blanks and comments may stand before any */
        if (redan_source_view(probe->ctx, probe->source, 0, REDAN_SOURCE_VIEW, &head) != REDAN_OK)
            redan_fail_clear(probe->ctx);
        head = redan_slice_trim(head);
    }
    while (redan_slice_starts(head, REDAN_S("<!--"))) {
        const char *end = memmem(head.at, head.len, "-->", 3);
        if (!end)
            break;
        head = redan_slice_trim(redan_slice_sub(head, (size_t)(end - head.at) + 3, head.len));
    }
    for (size_t i = 0; i < REDAN_COUNT(starts); i++) {
        size_t len = strlen(starts[i]);
        if (head.len < len + 5 || strncasecmp(head.at, starts[i], len) != 0)
            continue;
        struct redan_slice kind = redan_slice_trim(redan_slice_sub(head, len, 64));
        bool html = starts[i][1] == '!' && kind.len >= 4 && strncasecmp(kind.at, "html", 4) == 0;
        return html ? REDAN_SNIFF_NO : REDAN_SNIFF_YES;
    }
    return REDAN_SNIFF_NO;
}

static const char *const extensions[] = {".pmml", NULL};
static const char *const defects[] = {"entity-nested", NULL};

const struct redan_format redan_format_xml = {.name = "xml",
                                              .title = "XML document",
                                              .extensions = extensions,
                                              .sniff = sniff,
                                              .read = read,
                                              .defects = defects,
                                              .layered = true};
