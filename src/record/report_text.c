/* A verdict on one screen: first the word, then what holds it up, then what to do. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "record/verdict.h"
#include "text/nfc.h"

enum { WIDTH = 80, LABEL = 8, ID_MOST = 24, ANSWER_WIDTH = 11, GRADE_WIDTH = 3 };
enum { SHOWN_ITEMS = 40, SHOWN_FINDINGS = 4, SHOWN_DEADLINES = 4 };

enum paint { PLAIN, BOLD, DIM, RED, GREEN, YELLOW };

static void paint(struct redan_buf *out, bool colour, enum paint how)
{
    static const char *const codes[] = {"\x1b[0m",  "\x1b[1m",  "\x1b[2m",
                                        "\x1b[31m", "\x1b[32m", "\x1b[33m"};

    if (colour)
        redan_buf_text(out, codes[how]);
}

/* Text from a document, without the control characters that could repaint a terminal. */
static void say(struct redan_buf *out, struct redan_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        bool c1 = c == 0xc2 && i + 1 < text.len && (unsigned char)text.at[i + 1] < 0xa0;
        redan_buf_char(out, c < 0x20 || c == 0x7f || c1 ? ' ' : (char)c);
        i += c1;
    }
}

static void column(struct redan_buf *out, struct redan_slice text, size_t width)
{
    size_t taken = redan_text_width(text);

    say(out, text);
    redan_buf_repeat(out, ' ', taken < width ? width - taken : 1);
}

/* Words, broken before the edge of the screen; further lines begin at `indent`. `at` is where the first one begins. */
static void flow(struct redan_buf *out, struct redan_slice text, size_t at, size_t indent)
{
    bool first = true;

    while (text.len) {
        struct redan_slice word = {0};
        (void)redan_slice_cut(text, ' ', &word, &text);
        size_t wide = redan_text_width(word);
        if (!first && at + 1 + wide > WIDTH) {
            redan_buf_char(out, '\n');
            redan_buf_repeat(out, ' ', indent);
            at = indent;
        } else if (!first) {
            redan_buf_char(out, ' ');
            at++;
        }
        say(out, word);
        at += wide;
        first = false;
    }
}

/* One line's worth of a text, marked where it was cut. */
static void cut(struct redan_buf *out, struct redan_slice text, size_t room)
{
    size_t len = text.len;

    if (redan_text_width(text) <= room) {
        say(out, text);
        return;
    }
    while (len > 0 && (redan_text_width(redan_slice_sub(text, 0, len)) + 3 > room ||
                       ((unsigned char)text.at[len] & 0xc0) == 0x80))
        len--;
    say(out, redan_slice_sub(text, 0, len));
    redan_buf_text(out, "...");
}

static const char *level_mark(enum redan_level level)
{
    switch (level) {
    case REDAN_LEVEL_FAIL:
        return "FAIL";
    case REDAN_LEVEL_UNCLEAR:
        return "????";
    case REDAN_LEVEL_WARN:
        return "warn";
    case REDAN_LEVEL_NOTE:
        break;
    }
    return "ok  ";
}

static enum paint level_paint(enum redan_level level)
{
    if (level == REDAN_LEVEL_NOTE)
        return GREEN;
    return level == REDAN_LEVEL_WARN ? YELLOW : RED;
}

static void mark(struct redan_buf *out, enum redan_level level, bool colour)
{
    paint(out, colour, level_paint(level));
    redan_buf_text(out, level_mark(level));
    paint(out, colour, PLAIN);
}

static void labelled(struct redan_buf *out, const char *label, struct redan_slice text, bool colour)
{
    if (text.len == 0)
        return;
    paint(out, colour, DIM);
    redan_buf_printf(out, "%-*s", LABEL, label);
    paint(out, colour, PLAIN);
    flow(out, text, LABEL, LABEL);
    redan_buf_char(out, '\n');
}

static void head(struct redan_buf *out, const struct redan_verdict *v, bool colour)
{
    static const char *const shout[] = {"PASS", "PASS, with warnings", "FAIL", "INDETERMINATE",
                                        "UNVERIFIED"};
    static const enum paint paints[] = {GREEN, YELLOW, RED, RED, YELLOW};
    char time[REDAN_TIME_TEXT];

    size_t at = strlen(shout[v->word]) + redan_text_width(v->system) + 4;

    paint(out, colour, BOLD);
    paint(out, colour, paints[v->word]);
    redan_buf_text(out, shout[v->word]);
    paint(out, colour, PLAIN);
    if (v->simulated) {
        redan_time_text(v->at, time);
        redan_buf_printf(out, "  SIMULATED at %s", time);
        at += strlen("  SIMULATED at ") + strlen(time);
    }
    redan_buf_text(out, "  ");
    paint(out, colour, BOLD);
    say(out, v->system);
    paint(out, colour, PLAIN);
    redan_buf_text(out, "  ");
    flow(out, v->headline, at, LABEL);
    redan_buf_char(out, '\n');
    labelled(out, "root", v->trust, colour);
    labelled(out, "threats", v->root, colour);
    labelled(out, "page", v->page, colour);
    labelled(out, "stride", v->stride, colour);
}

static void findings(struct redan_buf *out, const struct redan_verdict_item *item, bool colour)
{
    enum { INDENT = 7, DEEPER = 11 };

    for (size_t i = 0; i < item->count; i++) {
        const struct redan_finding *f = item->findings[i];
        redan_buf_repeat(out, ' ', INDENT);
        if (i == SHOWN_FINDINGS) {
            redan_buf_printf(out, "and %zu more; --json has all\n", item->count - i);
            return;
        }
        paint(out, colour, level_paint(f->level));
        flow(out, f->detail, INDENT, INDENT);
        paint(out, colour, PLAIN);
        redan_buf_char(out, '\n');
        redan_buf_repeat(out, ' ', INDENT);
        redan_buf_text(out, "do: ");
        flow(out, f->action, DEEPER, DEEPER);
        redan_buf_char(out, '\n');
    }
}

/* A threat: how it is answered, and what stands behind that. */
static void row(struct redan_buf *out, const struct redan_verdict_item *item, size_t id_width,
                bool colour)
{
    size_t at = 7 + id_width + ANSWER_WIDTH;

    redan_buf_text(out, "  ");
    mark(out, item->level, colour);
    redan_buf_char(out, ' ');
    column(out, item->id, id_width);
    column(out, item->answer, ANSWER_WIDTH);
    if (redan_text_width(item->id) >= id_width)
        at += redan_text_width(item->id) + 1 - id_width;
    if (item->note.len) {
        flow(out, item->note, at, at);
    } else {
        column(out, item->grade, GRADE_WIDTH);
        column(out, item->severity, item->severity.len + 1);
        at += GRADE_WIDTH + item->severity.len + 1;
        cut(out, item->title, at < WIDTH - 4 ? WIDTH - at : 4);
    }
    redan_buf_char(out, '\n');
}

static void group(struct redan_buf *out, const struct redan_verdict_group *g, size_t id_width,
                  bool colour)
{
    size_t hidden = 0;

    if (g->count == 0)
        return;
    paint(out, colour, BOLD);
    say(out, g->name);
    paint(out, colour, PLAIN);
    redan_buf_text(out, "  ");
    if (g->items[0].answer.len == 0) { /* about the document itself: one item, and only findings */
        mark(out, g->items[0].level, colour);
        redan_buf_char(out, '\n');
        findings(out, &g->items[0], colour);
        return;
    }
    redan_buf_printf(out, "%zu of %zu %s\n", g->held, g->count, g->count == 1 ? "holds" : "hold");
    for (size_t i = 0; i < g->count; i++) {
        if (i >= SHOWN_ITEMS && g->items[i].level == REDAN_LEVEL_NOTE) {
            hidden++;
            continue;
        }
        row(out, &g->items[i], id_width, colour);
        findings(out, &g->items[i], colour);
    }
    if (hidden > 0)
        redan_buf_printf(out, "  and %zu more that hold; --json has all\n", hidden);
}

static void groups(struct redan_buf *out, const struct redan_verdict *v, bool colour)
{
    size_t width = 0;

    for (size_t i = 0; i < v->group_count; i++) {
        for (size_t k = 0; k < v->groups[i].count; k++) {
            const struct redan_verdict_item *item = &v->groups[i].items[k];
            size_t wide = item->answer.len ? redan_text_width(item->id) + 1 : 0;
            width = wide > width ? wide : width;
        }
    }
    redan_buf_char(out, '\n');
    for (size_t i = 0; i < v->group_count; i++)
        group(out, &v->groups[i], width < ID_MOST ? width : ID_MOST, colour);
}

static void deadlines(struct redan_buf *out, const struct redan_verdict *v, bool colour)
{
    if (v->deadline_count == 0)
        return;
    redan_buf_char(out, '\n');
    paint(out, colour, BOLD);
    redan_buf_text(out, "deadlines\n");
    paint(out, colour, PLAIN);
    for (size_t i = 0; i < v->deadline_count && i < SHOWN_DEADLINES; i++) {
        char date[REDAN_TIME_TEXT];
        char span[REDAN_TIME_TEXT];
        redan_date_text(v->deadlines[i].at, date);
        redan_span_text(v->deadlines[i].at - v->at, span);
        redan_buf_printf(out, "  %s  %s %-*s ", date, v->deadlines[i].at < v->at ? "since" : "in",
                         v->deadlines[i].at < v->at ? 7 : 10, span);
        say(out, v->deadlines[i].what);
        redan_buf_char(out, '\n');
    }
    if (v->deadline_count > SHOWN_DEADLINES)
        redan_buf_printf(out, "  and %zu more; --json has all\n",
                         v->deadline_count - SHOWN_DEADLINES);
}

static void waiver(struct redan_buf *out, const struct redan_verdict *v,
                   const struct redan_waiver *w, size_t about_width)
{
    enum { AGE = 10, KIND = 15, UNTIL = 24, OWNER = 14 };
    char text[2 * REDAN_TIME_TEXT + 16] = "unsigned";
    char span[REDAN_TIME_TEXT];

    if (w->since)
        redan_span_text(v->at > w->since ? v->at - w->since : 0, text);
    redan_buf_printf(out, "  %-*s ", AGE, text);
    redan_buf_printf(out, "%-*s ", KIND, w->kind);
    column(out, w->about, about_width);
    column(out, w->owner, OWNER);
    text[0] = '\0';
    if (w->until) {
        redan_date_text(w->until, text);
        size_t used = strlen(text);
        redan_span_text(w->until > v->at ? w->until - v->at : v->at - w->until, span);
        (void)snprintf(text + used, sizeof(text) - used, " %s%s%s",
                       w->until > v->at ? "(" : "(over ", span, ")");
    }
    redan_buf_printf(out, "%-*s ", UNTIL, text[0] ? text : "no end");
    if (!w->in_force)
        redan_buf_text(out, "NOT IN FORCE ");
    say(out, w->reason);
    redan_buf_char(out, '\n');
}

void redan_verdict_waivers_text(struct redan_buf *out, const struct redan_verdict *v, bool colour)
{
    size_t width = 6;

    head(out, v, colour);
    for (size_t i = 0; i < v->waiver_count; i++) {
        size_t wide = redan_text_width(v->waiver[i].about) + 1;
        width = wide > width ? wide : width;
    }
    if (v->waiver_count == 0) {
        redan_buf_text(out, "\nnothing is waived\n");
        return;
    }
    width = width < ID_MOST ? width : ID_MOST;
    paint(out, colour, BOLD);
    redan_buf_printf(out, "\n  %-10s %-15s %-*s%-14s%-24s %s\n", "age", "kind", (int)width, "about",
                     "owner", "until", "reason");
    paint(out, colour, PLAIN);
    for (size_t i = 0; i < v->waiver_count; i++)
        waiver(out, v, &v->waiver[i], width);
}

void redan_verdict_text(struct redan_buf *out, const struct redan_verdict *verdict, bool colour)
{
    head(out, verdict, colour);
    groups(out, verdict, colour);
    deadlines(out, verdict, colour);
    if (verdict->next) {
        redan_buf_char(out, '\n');
        paint(out, colour, BOLD);
        redan_buf_text(out, "next");
        paint(out, colour, PLAIN);
        redan_buf_text(out, "  ");
        flow(out, verdict->next->action, 6, 6);
        redan_buf_char(out, '\n');
    }
}
