/* SARIF 2.1.0 (OASIS Standard, 27 March 2020); clauses are those of that document. */
#include "record/report_sarif.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/json.h"

static const char *const security[] = {"3.0", "5.5", "8.0", "9.5"};

static const char *level_word(enum redan_level level)
{
    switch (level) {
    case REDAN_LEVEL_NOTE:
        return "note";
    case REDAN_LEVEL_WARN:
        return "warning";
    case REDAN_LEVEL_UNCLEAR:
    case REDAN_LEVEL_FAIL:
        break;
    }
    return "error";
}

/* A text from outside, which may hold any bytes: JSON holds UTF-8 alone. */
static void add_text(struct redan_buf *out, const char *key, struct redan_slice text)
{
    char hex[8];
    size_t bad = 0;

    redan_buf_printf(out, "\"%s\": ", key);
    if (redan_utf8_check(text, &bad)) {
        redan_json_string_add(out, text);
        return;
    }
    redan_buf_char(out, '"');
    while (text.len) {
        bool whole = redan_utf8_check(text, &bad);
        size_t good = whole ? text.len : bad;
        size_t before = out->len;
        redan_json_string_add(out, redan_slice_sub(text, 0, good));
        if (out->fail != REDAN_OK)
            return;
        /* the quotes of the piece go */
        memmove(out->data + before, out->data + before + 1, out->len - before - 2);
        out->len -= 2;
        if (whole)
            break;
        (void)snprintf(hex, sizeof(hex), "\\\\x%02x", (unsigned char)text.at[good]);
        redan_buf_text(out, hex);
        text = redan_slice_sub(text, good + 1, SIZE_MAX);
    }
    redan_buf_char(out, '"');
}

static void add_word(struct redan_buf *out, const char *key, const char *text)
{
    add_text(out, key, redan_slice_of(text));
}

/* RFC 3986 2.3: every byte that is not unreserved, but for the slash, as %NN. An absolute path becomes a file URI (3.4.3). */
static void add_uri(struct redan_buf *out, struct redan_slice path)
{
    static const char plain[] = "-._~/";

    redan_buf_text(out, "\"uri\": \"");
    if (path.len && path.at[0] == '/')
        redan_buf_text(out, "file://");
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];
        bool free_char = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || (c && strchr(plain, c));
        if (free_char)
            redan_buf_char(out, (char)c);
        else
            redan_buf_printf(out, "%%%02X", c);
    }
    redan_buf_char(out, '"');
}

/* "cwe:4.18/CWE-502" in its three parts. */
static bool split(const char *mapping, struct redan_slice *framework, struct redan_slice *edition,
                  struct redan_slice *id)
{
    struct redan_slice rest = {0};

    return redan_slice_cut(redan_slice_of(mapping), ':', framework, &rest) &&
           redan_slice_cut(rest, '/', edition, id);
}

static const struct {
    const char *framework;
    const char *name;
} taxonomies[] = {{"cwe", "CWE"}, {"atlas", "MITRE ATLAS"}};

static bool of_taxonomy(const char *mapping, size_t taxonomy, struct redan_slice *edition,
                        struct redan_slice *id)
{
    struct redan_slice framework = {0};

    return split(mapping, &framework, edition, id) &&
           redan_slice_is(framework, taxonomies[taxonomy].framework);
}

static bool in_rule(const struct redan_sarif_rule *rule, size_t taxonomy, struct redan_slice id)
{
    struct redan_slice edition = {0};
    struct redan_slice other = {0};

    for (size_t m = 0; rule->card->mappings && rule->card->mappings[m]; m++) {
        if (of_taxonomy(rule->card->mappings[m], taxonomy, &edition, &other) &&
            redan_slice_eq(other, id))
            return true;
    }
    return false;
}

/* 3.19.3: the entries of a taxonomy that these rules name, each once. */
static void add_taxa(struct redan_buf *out, const struct redan_sarif_rule *rules, size_t count,
                     size_t taxonomy)
{
    struct redan_slice edition = {0};
    struct redan_slice version = {0};
    struct redan_slice id = {0};
    bool any = false;

    redan_buf_text(out, "{");
    add_word(out, "name", taxonomies[taxonomy].name);
    redan_buf_text(out, ", \"taxa\": [");
    for (size_t i = 0; i < count; i++) {
        for (size_t m = 0; rules[i].card->mappings && rules[i].card->mappings[m]; m++) {
            bool said = false;
            if (!of_taxonomy(rules[i].card->mappings[m], taxonomy, &edition, &id))
                continue;
            for (size_t k = 0; k < i && !said; k++)
                said = in_rule(&rules[k], taxonomy, id);
            if (said)
                continue;
            version = edition;
            redan_buf_text(out, any ? ", {" : "{");
            add_text(out, "id", id);
            redan_buf_char(out, '}');
            any = true;
        }
    }
    redan_buf_char(out, ']');
    if (version.len) {
        redan_buf_text(out, ", ");
        add_text(out, "version", version);
    }
    redan_buf_char(out, '}');
}

static void add_message(struct redan_buf *out, const char *key, const char *text)
{
    redan_buf_printf(out, ", \"%s\": {", key);
    add_word(out, "text", text);
    redan_buf_char(out, '}');
}

/* 3.49, reportingDescriptor. */
static void add_rule(struct redan_buf *out, const struct redan_sarif_rule *rule)
{
    struct redan_slice edition = {0};
    struct redan_slice id = {0};
    bool any = false;

    redan_buf_char(out, '{');
    add_word(out, "id", rule->card->id);
    add_message(out, "shortDescription", rule->card->title);
    if (rule->why)
        add_message(out, "fullDescription", rule->why);
    add_message(out, "help", rule->card->help);
    redan_buf_text(out, ", \"relationships\": [");
    for (size_t m = 0; rule->card->mappings && rule->card->mappings[m]; m++) {
        for (size_t t = 0; t < REDAN_COUNT(taxonomies); t++) {
            if (!of_taxonomy(rule->card->mappings[m], t, &edition, &id))
                continue;
            redan_buf_text(out, any ? ", {\"target\": {" : "{\"target\": {");
            add_text(out, "id", id);
            redan_buf_printf(out,
                             ", \"toolComponent\": {\"name\": \"%s\", \"index\": %zu}}, "
                             "\"kinds\": [\"relevant\"]}",
                             taxonomies[t].name, t);
            any = true;
        }
    }
    redan_buf_printf(out,
                     "], \"properties\": {\"security-severity\": \"%s\", \"tags\": [\"security\"",
                     security[rule->card->severity]);
    for (size_t i = 0; rule->cves && rule->cves[i]; i++) {
        redan_buf_text(out, ", ");
        redan_json_string_add(out, redan_slice_of(rule->cves[i]));
    }
    redan_buf_text(out, "]}}");
}

void redan_sarif_begin(struct redan_buf *out, const char *tool, const char *version,
                       const struct redan_sarif_rule *rules, size_t count)
{
    redan_buf_text(
        out,
        "{\"$schema\": "
        "\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json\", "
        "\"version\": \"2.1.0\", \"runs\": [{\"tool\": {\"driver\": {");
    add_word(out, "name", tool);
    redan_buf_text(out, ", ");
    add_word(out, "version", version);
    redan_buf_text(out, ", \"supportedTaxonomies\": [");
    for (size_t t = 0; t < REDAN_COUNT(taxonomies); t++)
        redan_buf_printf(out, "%s{\"name\": \"%s\", \"index\": %zu}", t ? ", " : "",
                         taxonomies[t].name, t);
    redan_buf_text(out, "], \"rules\": [");
    for (size_t i = 0; i < count; i++) {
        redan_buf_text(out, i ? ",\n  " : "\n  ");
        add_rule(out, &rules[i]);
    }
    redan_buf_text(out, "]}},\n \"taxonomies\": [");
    for (size_t t = 0; t < REDAN_COUNT(taxonomies); t++) {
        redan_buf_text(out, t ? ", " : "");
        add_taxa(out, rules, count, t);
    }
    redan_buf_text(out, "],\n \"results\": [");
}

/* 3.33: the innermost name, and the whole chain as its qualified name. */
static void add_chain(struct redan_buf *out, const struct redan_finding *f)
{
    struct redan_slice name = f->subject;
    size_t at = 0;

    for (size_t i = 0; i < name.len; i++)
        at = name.at[i] == '!' ? i + 1 : at;
    redan_buf_text(out, ", \"logicalLocations\": [{");
    add_text(out, "name", redan_slice_sub(name, at, SIZE_MAX));
    redan_buf_text(out, ", ");
    add_text(out, "fullyQualifiedName", f->subject);
    redan_buf_text(out, ", \"kind\": \"member\"");
    if (f->has_offset)
        redan_buf_printf(out, ", \"properties\": {\"byteOffset\": %llu}",
                         (unsigned long long)f->offset);
    redan_buf_text(out, "}]");
}

/* 3.35: a suppression that was reviewed and stands outside the code. */
static void add_accepted(struct redan_buf *out, struct redan_slice why)
{
    redan_buf_text(out, ", \"suppressions\": [{\"kind\": \"external\", \"status\": \"accepted\", ");
    add_text(out, "justification", why);
    redan_buf_text(out, "}]");
}

void redan_sarif_add(struct redan_buf *out, const struct redan_sarif_result *result, bool first)
{
    const struct redan_finding *f = result->finding;

    redan_buf_text(out, first ? "\n  {" : ",\n  {");
    add_word(out, "ruleId", f->rule->id);
    redan_buf_printf(out, ", \"ruleIndex\": %zu, \"level\": \"%s\", \"message\": {", result->rule,
                     level_word(result->level));
    add_text(out, "text", f->detail);
    redan_buf_text(out, "}, \"locations\": [{\"physicalLocation\": {\"artifactLocation\": {");
    add_uri(out, f->file);
    /* code hosts show nothing without a line, whatever the file */
    redan_buf_text(out, "}, \"region\": {\"startLine\": 1");
    if (f->has_offset && f->subject.len == 0) /* 3.30.11; within a member it is the member's */
        redan_buf_printf(out, ", \"byteOffset\": %llu", (unsigned long long)f->offset);
    redan_buf_text(out, "}}");
    if (f->subject.len)
        add_chain(out, f);
    redan_buf_text(out, "}], \"partialFingerprints\": {");
    add_text(out, "redanFinding/v1", result->fingerprint);
    redan_buf_printf(out, "}, \"properties\": {\"security-severity\": \"%s\", ",
                     security[f->rule->severity]);
    add_text(out, "evidence", f->evidence);
    redan_buf_char(out, '}');
    if (result->accepted.len)
        add_accepted(out, result->accepted);
    redan_buf_char(out, '}');
}

void redan_sarif_note_add(struct redan_buf *notes, bool first, const char *level,
                          struct redan_slice path, struct redan_slice text)
{
    redan_buf_printf(notes, "%s{\"level\": \"%s\", \"message\": {", first ? "\n    " : ",\n    ",
                     level);
    add_text(notes, "text", text);
    redan_buf_char(notes, '}');
    if (path.len) {
        redan_buf_text(notes, ", \"locations\": [{\"physicalLocation\": {\"artifactLocation\": {");
        add_uri(notes, path);
        redan_buf_text(notes, "}}}]");
    }
    redan_buf_char(notes, '}');
}

void redan_sarif_end(struct redan_buf *out, bool successful, struct redan_slice notes)
{
    redan_buf_printf(out, "],\n \"invocations\": [{\"executionSuccessful\": %s",
                     successful ? "true" : "false");
    if (notes.len) {
        redan_buf_text(out, ", \"toolExecutionNotifications\": [");
        redan_buf_slice(out, notes);
        redan_buf_char(out, ']');
    }
    redan_buf_text(out, "}]}]}\n");
}
