/* YAML as Hydra, NeMo, conda and MLflow files have it: every map, template, tag and short text; anchors are not expanded. */
#include <string.h>

#include "codec/yaml_events.h"
#include "format/document.h"
#include "format/format_table.h"
#include "format/text.h"

enum { DEPTH = 1000, ANCHORS = 256, ANCHOR_TEXT = 256, MOST = 4 << 20 };

static const char *const extensions[] = {".yaml", ".yml", NULL};

/* A scalar that an alias may stand for. */
struct anchor {
    struct redan_slice name;
    struct redan_slice text;
};

struct reader {
    struct redan_ctx *ctx;
    const struct redan_listener *to;
    struct redan_document doc;
    struct redan_yaml_events *events;
    struct anchor anchors[ANCHORS];
    size_t anchor_count;
    bool dropped; /* an anchored scalar was not kept */
    bool key;     /* the next thing in a map is a key */
    size_t skip;  /* open containers of a key that is no text */
};

static void reader_done(struct reader *r)
{
    redan_document_done(&r->doc);
    redan_yaml_events_free(r->events);
}

/* A tag that is not of the YAML schema asks the loader to make an object of its own. */
static enum redan_status tell_tag(struct reader *r, struct redan_slice tag, uint64_t offset)
{
    struct redan_slice prefix = REDAN_S("tag:yaml.org,2002:");
    struct redan_slice head = {0};
    struct redan_slice tail = {0};

    if (!redan_slice_starts(tag, prefix))
        return REDAN_OK; /* "!name" is the application's own word */
    tag = redan_slice_sub(tag, prefix.len, SIZE_MAX);
    (void)redan_slice_cut(tag, ':', &head, &tail);
    if (memchr(head.at, '/', head.len) == NULL && memchr(head.at, '.', head.len) == NULL)
        return REDAN_OK;
    struct redan_fact fact = {.kind = REDAN_FACT_CLASS,
                              .what = "yaml-tag",
                              .offset = offset,
                              .module = head,
                              .name = tail,
                              .text = tag};
    return redan_tell(r->to, &fact);
}

static enum redan_status keep_anchor(struct reader *r, const struct redan_yaml_event *event)
{
    if (event->anchor.len == 0)
        return REDAN_OK;
    if (event->text.len > ANCHOR_TEXT || r->anchor_count == ANCHORS) {
        r->dropped = true;
        return REDAN_OK;
    }
    struct anchor *a = &r->anchors[r->anchor_count];
    REDAN_TRY(redan_copy(r->ctx, event->anchor, &a->name));
    REDAN_TRY(redan_copy(r->ctx, event->text, &a->text));
    r->anchor_count++;
    return REDAN_OK;
}

static struct redan_slice anchored(const struct reader *r, struct redan_slice name)
{
    for (size_t i = r->anchor_count; i > 0; i--) { /* the last of the same name counts */
        if (redan_slice_eq(r->anchors[i - 1].name, name))
            return r->anchors[i - 1].text;
    }
    return (struct redan_slice){0};
}

static bool numeric(struct redan_slice text)
{
    size_t digits = 0;

    for (size_t i = 0; i < text.len; i++) {
        bool digit = text.at[i] >= '0' && text.at[i] <= '9';
        digits += digit;
        if (!digit && !redan_char_among("+-._eE", text.at[i]))
            return false;
    }
    return digits > 0 && text.len <= 64;
}

/* YAML 1.1 10.3, as far as it matters what kind a value is. */
static enum redan_entry_kind kind_of(const struct redan_yaml_event *event, bool *truth)
{
    static const char *const yes[] = {"true", "True", "TRUE", "yes", "Yes",
                                      "YES",  "on",   "On",   "ON",  NULL};
    static const char *const no[] = {"false", "False", "FALSE", "no",  "No",
                                     "NO",    "off",   "Off",   "OFF", NULL};
    static const char *const none[] = {"", "~", "null", "Null", "NULL", NULL};

    *truth = false;
    if (!event->plain || event->tag.len)
        return REDAN_ENTRY_TEXT;
    if (redan_slice_among(yes, event->text)) {
        *truth = true;
        return REDAN_ENTRY_BOOL;
    }
    if (redan_slice_among(no, event->text))
        return REDAN_ENTRY_BOOL;
    if (redan_slice_among(none, event->text))
        return REDAN_ENTRY_NULL;
    return numeric(event->text) ? REDAN_ENTRY_NUMBER : REDAN_ENTRY_TEXT;
}

static enum redan_status scalar(struct reader *r, const struct redan_yaml_event *event)
{
    struct redan_document_value v = {.offset = event->offset};
    struct redan_slice text =
        event->kind == REDAN_YAML_ALIAS ? anchored(r, event->text) : event->text;

    if (r->dropped && event->kind == REDAN_YAML_ALIAS && text.len == 0)
        REDAN_TRY(redan_tell_unread(r->to, REDAN_UNREAD_BUDGET, event->offset, 0,
                                    REDAN_S("what an alias stands for")));
    if (r->skip)
        return REDAN_OK;
    if (redan_document_in_map(&r->doc) && r->key) {
        r->key = false;
        return redan_document_key(&r->doc, text, event->offset);
    }
    r->key = true;
    v.kind = kind_of(event, &v.truth);
    v.text = redan_slice_sub(text, 0, REDAN_DOCUMENT_TEMPLATE);
    v.length = text.len;
    v.hidden = redan_document_marked(redan_slice_sub(text, v.text.len, SIZE_MAX));
    if (event->kind == REDAN_YAML_ALIAS)
        v.kind = REDAN_ENTRY_TEXT;
    return redan_document_value(&r->doc, &v);
}

static enum redan_status begin(struct reader *r, const struct redan_yaml_event *event)
{
    if (r->skip || (redan_document_in_map(&r->doc) && r->key)) {
        r->skip++; /* a key that is a map or list: its tags were told, nothing else can be said of it */
        return REDAN_OK;
    }
    REDAN_TRY(
        redan_document_begin(&r->doc, event->kind == REDAN_YAML_MAP, event->tag, event->offset));
    r->key = true;
    return REDAN_OK;
}

static enum redan_status end(struct reader *r, const struct redan_yaml_event *event)
{
    if (r->skip) {
        if (--r->skip == 0) {
            r->key = false;
            return redan_document_key(&r->doc, REDAN_S("?"), event->offset);
        }
        return REDAN_OK;
    }
    r->key = true;
    return redan_document_end(&r->doc);
}

static enum redan_status read_all(struct reader *r)
{
    for (;;) {
        struct redan_yaml_event event;
        REDAN_TRY(redan_yaml_events_next(r->events, &event));
        REDAN_TRY(tell_tag(r, event.tag, event.offset));
        switch (event.kind) {
        case REDAN_YAML_END:
            return REDAN_OK;
        case REDAN_YAML_DOCUMENT:
            redan_document_reset(&r->doc);
            r->key = true;
            break;
        case REDAN_YAML_MAP:
        case REDAN_YAML_LIST:
            REDAN_TRY(begin(r, &event));
            break;
        case REDAN_YAML_MAP_END:
        case REDAN_YAML_LIST_END:
            REDAN_TRY(end(r, &event));
            break;
        case REDAN_YAML_SCALAR:
            REDAN_TRY(keep_anchor(r, &event));
            REDAN_TRY(scalar(r, &event));
            break;
        case REDAN_YAML_ALIAS:
            REDAN_TRY(scalar(r, &event));
            break;
        }
    }
}

/* Tags of Python in a text that does not parse: another parser may get further. */
static enum redan_status loose_tags(struct reader *r, struct redan_slice text)
{
    static const struct redan_slice marks[] = {{"!!python/", 9}, {"tag:yaml.org,2002:python/", 25}};

    for (size_t i = 0; i < text.len; i++) {
        const char *p = memchr(text.at + i, 'p', text.len - i);
        if (!p)
            return REDAN_OK;
        i = (size_t)(p - text.at);
        for (size_t m = 0; m < REDAN_COUNT(marks); m++) {
            size_t before = marks[m].len - 7; /* "python/" */
            if (i < before ||
                !redan_slice_starts(redan_slice_sub(text, i - before, SIZE_MAX), marks[m]))
                continue;
            size_t len = 0;
            while (i + len < text.len && len < 200 && (unsigned char)p[len] > ' ' && p[len] != '>')
                len++;
            struct redan_slice tag = {p, len};
            struct redan_slice head = {0};
            struct redan_slice tail = {0};
            (void)redan_slice_cut(tag, ':', &head, &tail);
            struct redan_fact fact = {.kind = REDAN_FACT_CLASS,
                                      .what = "yaml-tag",
                                      .offset = i,
                                      .module = head,
                                      .name = tail,
                                      .text = tag};
            REDAN_TRY(redan_tell(r->to, &fact));
        }
    }
    return REDAN_OK;
}

static bool named_yaml(struct redan_slice name)
{
    return redan_text_ends(name, ".yaml") || redan_text_ends(name, ".yml") ||
           redan_slice_is(redan_text_base(name), "MLmodel");
}

/* What is called YAML and does not parse: a template of YAML, or damage. */
static enum redan_status broken(struct reader *r, struct redan_source *source,
                                struct redan_slice name, struct redan_slice text)
{
    redan_fail_clear(r->ctx);
    REDAN_TRY(loose_tags(r, text));
    REDAN_TRY(redan_text_template(r->ctx, source, name, r->to, true));
    if (redan_document_marked(text))
        return REDAN_OK;
    return redan_tell_unread(r->to, REDAN_UNREAD_DAMAGED, 0, text.len, REDAN_S("YAML"));
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct reader r REDAN_DEFER(reader_done) = {.ctx = ctx, .to = to, .key = true};
    struct redan_slice text = {0};

    redan_document_init(&r.doc, ctx, to);
    REDAN_TRY(redan_source_whole(ctx, source, MOST, &text));
    enum redan_status status = redan_yaml_events_new(ctx, text, MOST, DEPTH, &r.events);
    if (status == REDAN_OK)
        status = read_all(&r);
    if (status == REDAN_E_SYNTAX && named_yaml(name))
        return broken(&r, source, name, text);
    REDAN_TRY(status);
    return redan_text_template(ctx, source, name, to, false);
}

static struct redan_slice next_line(struct redan_slice *rest)
{
    struct redan_slice line = {0};
    struct redan_slice tail = {0};

    (void)redan_slice_cut(*rest, '\n', &line, &tail);
    *rest = tail;
    return line;
}

/* "key:" or "key: value" from the first column, or "- ". */
static bool entry_line(struct redan_slice line)
{
    size_t i = 0;
    bool quoted = line.len && (line.at[0] == '"' || line.at[0] == '\'');

    if (redan_slice_starts(line, REDAN_S("- ")) || redan_slice_is(line, "-"))
        return true;
    for (; i < line.len && i < 128 && line.at[i] != ':'; i++) {
        char c = line.at[i];
        bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                    c == '_' || c == '-' || c == '.' || c == '/';
        if (!word && !(quoted && c != '\n'))
            return false;
    }
    return i > 0 && i < line.len && line.at[i] == ':' &&
           (i + 1 == line.len || line.at[i + 1] == ' ' || line.at[i + 1] == '\r');
}

static bool reads_as_yaml(struct redan_slice rest)
{
    size_t entries = 0;
    size_t others = 0;
    bool start = true;

    while (rest.len) {
        struct redan_slice line = next_line(&rest);
        if (line.len == 0 || line.at[0] == '#' || line.at[0] == ' ' || line.at[0] == '\r')
            continue;
        if (start && redan_slice_starts(line, REDAN_S("%YAML")))
            return true;
        if (redan_slice_starts(line, REDAN_S("---")) || redan_slice_starts(line, REDAN_S("...")) ||
            line.at[0] == '}' || line.at[0] == ']')
            continue;
        start = false;
        if (entry_line(line))
            entries++;
        else if (rest.len) /* the last one may be cut */
            others++;
    }
    return entries > 0 && others == 0;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    static const char *const others[] = {".md",  ".txt", ".rst",  ".py",   ".csv", ".html", ".xml",
                                         ".tsv", ".log", ".toml", ".ini",  ".cfg", ".c",    ".h",
                                         ".cpp", ".js",  ".ts",   ".java", ".rs",  ".sh",   NULL};

    if (probe->head.len == 0 || !redan_text_like(probe->head))
        return REDAN_SNIFF_NO;
    if (named_yaml(probe->name))
        return REDAN_SNIFF_MAYBE;
    for (size_t i = 0; others[i]; i++) {
        if (redan_text_ends(probe->name, others[i]))
            return REDAN_SNIFF_NO;
    }
    return reads_as_yaml(probe->head) ? REDAN_SNIFF_MAYBE : REDAN_SNIFF_NO;
}

const struct redan_format redan_format_yaml = {
    .name = "yaml",
    .title = "YAML document",
    .extensions = extensions,
    .sniff = sniff,
    .read = read,
    .layered = true,
};
