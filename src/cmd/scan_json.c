/* The scan as one JSON object of schema redan/scan/1, artefact by artefact, and the cards of rules. */
#include "cmd/scan_report.h"
#include "codec/json.h"

#include "base/clock.h"

/* A text that may hold any bytes, as a JSON string of what a person may see. */
static void add_shown(struct redan_buf *out, const char *key, struct redan_slice text)
{
    struct redan_buf shown = {.mem = out->mem, .max = out->max};

    redan_scan_show(&shown, text);
    redan_buf_printf(out, "\"%s\": ", key);
    redan_json_string_add(out, redan_buf_view(&shown));
    if (shown.fail != REDAN_OK && out->fail == REDAN_OK)
        out->fail = shown.fail;
    redan_buf_done(&shown);
}

static void add_word(struct redan_buf *out, const char *key, const char *text)
{
    redan_buf_printf(out, "\"%s\": ", key);
    redan_json_string_add(out, redan_slice_of(text));
}

/* The ids of one framework, "cwe:4.18/CWE-502" as "CWE-502". */
static void add_mappings(struct redan_buf *out, const char *key, const char *const *mappings)
{
    struct redan_slice framework = {0};
    struct redan_slice rest = {0};
    struct redan_slice edition = {0};
    struct redan_slice id = {0};
    bool any = false;

    redan_buf_printf(out, "\"%s\": [", key);
    for (size_t i = 0; mappings && mappings[i]; i++) {
        if (!redan_slice_cut(redan_slice_of(mappings[i]), ':', &framework, &rest) ||
            !redan_slice_cut(rest, '/', &edition, &id) || !redan_slice_is(framework, key))
            continue;
        redan_buf_text(out, any ? ", " : "");
        redan_json_string_add(out, id);
        any = true;
    }
    redan_buf_char(out, ']');
}

void redan_scan_json_card(struct redan_buf *out, const struct redan_scan_rule *rule)
{
    add_word(out, "rule", rule->card.id);
    redan_buf_text(out, ", ");
    add_word(out, "title", rule->card.title);
    redan_buf_text(out, ", ");
    add_word(out, "severity", redan_severity_words[rule->card.severity]);
    redan_buf_text(out, ", ");
    add_word(out, "why", rule->why ? rule->why : "");
    redan_buf_text(out, ", ");
    add_word(out, "fix", rule->card.help);
    redan_buf_text(out, ", ");
    add_mappings(out, "cwe", rule->card.mappings);
    redan_buf_text(out, ", ");
    add_mappings(out, "atlas", rule->card.mappings);
    redan_buf_text(out, ", \"cves\": [");
    for (size_t i = 0; rule->cves && rule->cves[i]; i++) {
        redan_buf_text(out, i ? ", " : "");
        redan_json_string_add(out, redan_slice_of(rule->cves[i]));
    }
    redan_buf_char(out, ']');
}

static void add_finding(struct redan_buf *out, const struct redan_scan_told *told)
{
    const struct redan_finding *f = told->finding;
    char date[REDAN_TIME_TEXT];

    redan_buf_char(out, '{');
    redan_scan_json_card(out, redan_scan_rule_of(f));
    redan_buf_text(out, ", ");
    add_word(out, "level", redan_scan_words[redan_scan_word_of(told->level)]);
    redan_buf_text(out, ", ");
    add_shown(out, "chain", f->subject);
    if (f->has_offset)
        redan_buf_printf(out, ", \"offset\": %llu", (unsigned long long)f->offset);
    redan_buf_text(out, ", ");
    add_shown(out, "detail", f->detail);
    redan_buf_text(out, ", ");
    add_shown(out, "evidence", f->evidence);
    redan_buf_text(out, ", \"fingerprint\": ");
    redan_json_string_add(out, told->fingerprint);
    if (told->accepted) {
        redan_date_text(told->accepted->expires, date);
        redan_buf_text(out, ", \"baseline\": {");
        add_shown(out, "reason", told->accepted->reason);
        redan_buf_text(out, ", ");
        add_shown(out, "by", told->accepted->by);
        redan_buf_printf(out, ", \"expires\": \"%s\"}", date);
    }
    redan_buf_char(out, '}');
}

void redan_scan_json_begin(struct redan_buf *out)
{
    redan_buf_text(out, "{\"schema\": \"redan/scan/1\", \"artefacts\": [");
}

void redan_scan_json(struct redan_buf *out, const struct redan_scan_judged *judged, bool first)
{
    const struct redan_scan_artefact *a = judged->artefact;
    struct redan_slice formats = a->formats;
    struct redan_slice one = {0};

    redan_buf_text(out, first ? "\n  {" : ",\n  {");
    add_shown(out, "path", a->path);
    redan_buf_printf(out, ", \"size\": %llu, \"formats\": [", (unsigned long long)a->size);
    for (bool any = false; formats.len; any = true) {
        (void)redan_slice_cut(formats, ',', &one, &formats);
        redan_buf_text(out, any ? ", " : "");
        redan_json_string_add(out, redan_slice_trim(one));
    }
    redan_buf_text(out, "], ");
    add_word(out, "verdict", redan_scan_words[judged->verdict]);
    redan_buf_text(out, ", ");
    add_word(out, "coverage", redan_coverage_words[a->coverage]);
    redan_buf_text(out, ", ");
    add_shown(out, "reason", a->reason);
    redan_buf_printf(out, ", \"members\": %llu, \"findings\": [", (unsigned long long)a->members);
    for (size_t i = 0; i < judged->count; i++) {
        redan_buf_text(out, i ? ",\n    " : "\n    ");
        add_finding(out, &judged->told[i]);
    }
    redan_buf_printf(out, "], \"more\": %llu}", (unsigned long long)a->more);
}

void redan_scan_json_end(struct redan_buf *out, const struct redan_scan_tally *tally)
{
    redan_buf_text(out, "],\n ");
    add_word(out, "verdict", redan_scan_words[tally->verdict]);
    redan_buf_text(out, ", ");
    add_word(out, "coverage", redan_coverage_words[tally->coverage]);
    redan_buf_printf(out, ",\n \"counts\": {\"artefacts\": %llu",
                     (unsigned long long)tally->artefacts);
    for (size_t i = 0; redan_scan_words[i]; i++)
        redan_buf_printf(out, ", \"%s\": %llu", redan_scan_words[i],
                         (unsigned long long)tally->verdicts[i]);
    for (size_t i = 0; redan_coverage_words[i]; i++)
        redan_buf_printf(out, ", \"%s\": %llu", redan_coverage_words[i],
                         (unsigned long long)tally->coverages[i]);
    redan_buf_printf(out, ", \"accepted\": %llu, \"off\": %llu, \"excluded\": %llu}}\n",
                     (unsigned long long)tally->accepted, (unsigned long long)tally->off,
                     (unsigned long long)tally->excluded);
}
