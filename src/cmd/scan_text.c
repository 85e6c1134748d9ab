/* The scan for people: the verdict first, then each artefact with something to say. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "cmd/scan_report.h"

enum { WIDTH = 80, INDENT = 4, DEEPER = 6 };
enum paint { PLAIN, BOLD, DIM, RED, GREEN, YELLOW };

static void paint(struct redan_buf *out, bool colour, enum paint how)
{
    static const char *const codes[] = {"\x1b[0m",  "\x1b[1m",  "\x1b[2m",
                                        "\x1b[31m", "\x1b[32m", "\x1b[33m"};

    if (colour)
        redan_buf_text(out, codes[how]);
}

static enum paint paint_of(enum redan_scan_word word)
{
    static const enum paint paints[] = {GREEN, BOLD, YELLOW, RED};

    return paints[word];
}

/* Characters that reorder, hide or break what stands beside them: Unicode's Cf and Zl, Zp as far as terminals heed them, and the tag block. */
static bool hides(uint32_t code)
{
    return (code >= 0x80 && code < 0xa0) || code == 0xad || code == 0x61c || code == 0x180e ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe007f);
}

void redan_scan_show(struct redan_buf *out, struct redan_slice text)
{
    for (size_t i = 0; i < text.len;) {
        unsigned char byte = (unsigned char)text.at[i];
        uint32_t code = 0;
        size_t n = redan_utf8_decode(text, i, &code);
        if (byte == '\n' || byte == '\t' || byte == '\r') {
            redan_buf_text(out, byte == '\n' ? "\\n" : byte == '\t' ? "\\t" : "\\r");
        } else if (n == 0 || byte < 0x20 || byte == 0x7f) {
            redan_buf_printf(out, "\\x%02x", byte);
            n = 1;
        } else if (hides(code)) {
            redan_buf_printf(out, "\\u%04x", (unsigned)code);
        } else {
            redan_buf_add(out, text.at + i, n);
        }
        i += n;
    }
}

/* Words, broken before the edge of the screen; further lines begin at `indent`. */
static void flow(struct redan_buf *out, const char *label, struct redan_slice text, bool colour)
{
    struct redan_buf shown = {.mem = out->mem, .max = out->max};
    struct redan_slice rest = {0};
    size_t indent = DEEPER + 5;
    size_t at = indent;

    redan_scan_show(&shown, text);
    rest = redan_buf_view(&shown);
    redan_buf_repeat(out, ' ', DEEPER);
    paint(out, colour, DIM);
    redan_buf_printf(out, "%-4s ", label);
    paint(out, colour, PLAIN);
    while (rest.len) {
        struct redan_slice word = {0};
        (void)redan_slice_cut(rest, ' ', &word, &rest);
        if (at > indent && at + 1 + word.len > WIDTH) {
            redan_buf_char(out, '\n');
            redan_buf_repeat(out, ' ', indent);
            at = indent;
        } else if (at > indent) {
            redan_buf_char(out, ' ');
            at++;
        }
        while (at + word.len > WIDTH) { /* longer than a line: between two characters */
            size_t room = WIDTH - at;
            while (room > 1 && ((unsigned char)word.at[room] & 0xc0) == 0x80)
                room--;
            redan_buf_add(out, word.at, room);
            word = redan_slice_sub(word, room, SIZE_MAX);
            redan_buf_char(out, '\n');
            redan_buf_repeat(out, ' ', indent);
            at = indent;
        }
        redan_buf_slice(out, word);
        at += word.len;
    }
    redan_buf_char(out, '\n');
    redan_buf_done(&shown);
}

static const char *s_of(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* What was not read whole is not called clean. */
static const char *word_of(enum redan_scan_word verdict, enum redan_coverage coverage)
{
    if (verdict == REDAN_SCAN_CLEAN && coverage != REDAN_COVERAGE_COMPLETE)
        return "no finding";
    return redan_scan_words[verdict];
}

void redan_scan_text_head(struct redan_buf *out, const struct redan_scan_tally *tally, bool colour)
{
    uint64_t hit = tally->verdicts[tally->verdict];
    bool any = false;

    paint(out, colour, BOLD);
    paint(out, colour,
          tally->verdict == REDAN_SCAN_CLEAN && tally->coverage != REDAN_COVERAGE_COMPLETE
              ? YELLOW
              : paint_of(tally->verdict));
    redan_buf_text(out,
                   tally->artefacts ? word_of(tally->verdict, tally->coverage) : "nothing scanned");
    paint(out, colour, PLAIN);
    redan_buf_text(out, "  ");
    if (tally->verdict != REDAN_SCAN_CLEAN)
        redan_buf_printf(out, "%llu of ", (unsigned long long)hit);
    redan_buf_printf(out, "%llu artefact%s  (", (unsigned long long)tally->artefacts,
                     s_of(tally->artefacts));
    for (size_t i = 0; redan_coverage_words[i]; i++) {
        if (tally->coverages[i] == 0)
            continue;
        redan_buf_printf(out, "%s%llu %s", any ? ", " : "", (unsigned long long)tally->coverages[i],
                         redan_coverage_words[i]);
        any = true;
    }
    if (!any)
        redan_buf_text(out, "none read");
    for (size_t i = REDAN_SCAN_NOTE; i < (size_t)tally->verdict; i++) {
        if (tally->verdicts[i])
            redan_buf_printf(out, "; %llu %s", (unsigned long long)tally->verdicts[i],
                             redan_scan_words[i]);
    }
    if (tally->accepted)
        redan_buf_printf(out, "; %llu finding%s accepted", (unsigned long long)tally->accepted,
                         s_of(tally->accepted));
    if (tally->off)
        redan_buf_printf(out, "; %llu finding%s off by policy", (unsigned long long)tally->off,
                         s_of(tally->off));
    if (tally->excluded)
        redan_buf_printf(out, "; %llu excluded", (unsigned long long)tally->excluded);
    redan_buf_text(out, ")\n");
}

/* "archive/data.pkl, byte 12" */
static void place(struct redan_buf *out, const struct redan_finding *f)
{
    redan_buf_text(out, "  ");
    if (f->subject.len)
        redan_scan_show(out, f->subject);
    if (f->has_offset)
        redan_buf_printf(out, "%sbyte %llu", f->subject.len ? ", " : "",
                         (unsigned long long)f->offset);
    redan_buf_char(out, '\n');
}

static void finding(struct redan_buf *out, const struct redan_scan_told *told, bool first_of_rule,
                    bool colour)
{
    const struct redan_finding *f = told->finding;
    const struct redan_scan_rule *rule = redan_scan_rule_of(f);
    enum redan_scan_word word = redan_scan_word_of(told->level);
    char text[256];
    char date[REDAN_TIME_TEXT];

    redan_buf_repeat(out, ' ', INDENT);
    paint(out, colour, told->accepted ? DIM : paint_of(word));
    redan_buf_text(out, told->accepted ? "accepted" : redan_scan_words[word]);
    paint(out, colour, PLAIN);
    redan_buf_printf(out, "  %s", f->rule->id);
    place(out, f);
    flow(out, "what", f->detail, colour);
    if (f->evidence.len)
        flow(out, "seen", f->evidence, colour);
    if (told->accepted) {
        redan_date_text(told->accepted->expires, date);
        (void)snprintf(text, sizeof(text), "%.*s until %s: %.*s",
                       REDAN_FMT(redan_slice_sub(told->accepted->by, 0, 60)), date,
                       REDAN_FMT(redan_slice_sub(told->accepted->reason, 0, 150)));
        flow(out, "by", redan_slice_of(text), colour);
    } else if (first_of_rule) {
        if (rule->why)
            flow(out, "why", redan_slice_of(rule->why), colour);
        flow(out, "do", f->action.len ? f->action : redan_slice_of(f->rule->help), colour);
    }
}

/* Whether this is the first finding of its rule in the text; those that nobody explains do not count. */
static bool comes_first(struct redan_scan_explained *explained, const struct redan_scan_told *told)
{
    const struct redan_rule *rule = told->finding->rule;

    if (told->accepted)
        return false;
    for (size_t i = 0; i < explained->count; i++) {
        if (explained->rules[i] == rule) {
            explained->again = true;
            return false;
        }
    }
    if (explained->count < REDAN_COUNT(explained->rules))
        explained->rules[explained->count++] = rule;
    return true;
}

void redan_scan_text(struct redan_buf *out, const struct redan_scan_judged *judged,
                     struct redan_scan_explained *explained, bool verbose, bool colour)
{
    const struct redan_scan_artefact *a = judged->artefact;

    if (judged->count == 0 && a->coverage == REDAN_COVERAGE_COMPLETE && !verbose)
        return;
    paint(out, colour, BOLD);
    redan_scan_show(out, a->path);
    paint(out, colour, PLAIN);
    redan_buf_text(out, "  ");
    bool whole = a->coverage == REDAN_COVERAGE_COMPLETE;
    paint(out, colour,
          judged->verdict == REDAN_SCAN_CLEAN && !whole ? PLAIN : paint_of(judged->verdict));
    redan_buf_text(out, word_of(judged->verdict, a->coverage));
    paint(out, colour, PLAIN);
    redan_buf_text(out, "  ");
    if (a->coverage != REDAN_COVERAGE_COMPLETE)
        paint(out, colour, YELLOW);
    redan_buf_text(out, redan_coverage_words[a->coverage]);
    paint(out, colour, PLAIN);
    if (a->formats.len) {
        redan_buf_text(out, "  ");
        redan_scan_show(out, a->formats);
    }
    redan_buf_char(out, '\n');
    if (a->reason.len)
        flow(out, "not", a->reason, colour);
    for (int word = REDAN_SCAN_MALICIOUS; word >= REDAN_SCAN_CLEAN;
         word--) { /* the gravest first */
        for (size_t i = 0; i < judged->count; i++) {
            const struct redan_scan_told *told = &judged->told[i];
            if ((int)(told->accepted ? REDAN_SCAN_CLEAN : redan_scan_word_of(told->level)) == word)
                finding(out, told, comes_first(explained, told), colour);
        }
    }
    if (a->more)
        redan_buf_printf(out, "    and %llu more finding%s, none graver\n",
                         (unsigned long long)a->more, s_of(a->more));
}

void redan_scan_text_tail(struct redan_buf *out, const struct redan_scan_explained *explained,
                          bool colour)
{
    if (!explained->again)
        return;
    paint(out, colour, DIM);
    redan_buf_text(out, "why and what to do are said once for a rule; again: "
                        "redan scan explain RULE");
    paint(out, colour, PLAIN);
    redan_buf_char(out, '\n');
}
