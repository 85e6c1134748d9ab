/* A verdict on one screen: first the word, then what holds it up, then what to do. */
#include "base/clock.h"
#include "record/verdict.h"
#include "text/nfc.h"

enum { ID_WIDTH = 20, ANSWER_WIDTH = 11, SHOWN_ITEMS = 40, SHOWN_FINDINGS = 4 };

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

static void labelled(struct redan_buf *out, const char *label, struct redan_slice text, bool colour)
{
    if (text.len == 0)
        return;
    paint(out, colour, DIM);
    redan_buf_printf(out, "%-9s ", label);
    paint(out, colour, PLAIN);
    say(out, text);
    redan_buf_char(out, '\n');
}

static void head(struct redan_buf *out, const struct redan_verdict *v, bool colour)
{
    static const char *const shout[] = {"PASS", "PASS, with warnings", "FAIL", "INDETERMINATE"};
    static const enum paint paints[] = {GREEN, YELLOW, RED, RED};
    char time[REDAN_TIME_TEXT];

    paint(out, colour, BOLD);
    paint(out, colour, paints[v->word]);
    redan_buf_text(out, shout[v->word]);
    paint(out, colour, PLAIN);
    if (v->simulated) {
        redan_time_text(v->at, time);
        redan_buf_printf(out, "  SIMULATED at %s", time);
    }
    redan_buf_text(out, "  ");
    paint(out, colour, BOLD);
    say(out, v->system);
    paint(out, colour, PLAIN);
    redan_buf_text(out, "  ");
    say(out, v->headline);
    redan_buf_char(out, '\n');
    labelled(out, "root", v->trust, colour);
    labelled(out, "model", v->root, colour);
    labelled(out, "page", v->page, colour);
    labelled(out, "waivers", v->waivers, colour);
    labelled(out, "stride", v->stride, colour);
}

static void findings(struct redan_buf *out, const struct redan_verdict_item *item, bool colour)
{
    for (size_t i = 0; i < item->count; i++) {
        const struct redan_finding *f = item->findings[i];
        if (i == SHOWN_FINDINGS) {
            redan_buf_printf(out, "         and %zu more; --json has all\n", item->count - i);
            return;
        }
        redan_buf_text(out, "         ");
        paint(out, colour, level_paint(f->level));
        say(out, f->detail);
        paint(out, colour, PLAIN);
        redan_buf_text(out, "\n         do: ");
        say(out, f->action);
        redan_buf_char(out, '\n');
    }
}

static void group(struct redan_buf *out, const struct redan_verdict_group *g, bool colour)
{
    if (g->count == 0)
        return;
    redan_buf_char(out, '\n');
    paint(out, colour, BOLD);
    say(out, g->name);
    paint(out, colour, PLAIN);
    redan_buf_printf(out, "  %zu of %zu %s\n", g->held, g->count, g->count == 1 ? "holds" : "hold");
    for (size_t i = 0; i < g->count; i++) {
        const struct redan_verdict_item *item = &g->items[i];
        if (i >= SHOWN_ITEMS && item->level == REDAN_LEVEL_NOTE)
            continue;
        redan_buf_text(out, "  ");
        paint(out, colour, level_paint(item->level));
        redan_buf_text(out, level_mark(item->level));
        paint(out, colour, PLAIN);
        redan_buf_char(out, ' ');
        column(out, item->id, ID_WIDTH);
        column(out, item->answer, ANSWER_WIDTH);
        column(out, item->grade, 3);
        say(out, item->note.len ? item->note : item->title);
        redan_buf_char(out, '\n');
        findings(out, item, colour);
    }
}

static void deadlines(struct redan_buf *out, const struct redan_verdict *v, bool colour)
{
    if (v->deadline_count == 0)
        return;
    redan_buf_char(out, '\n');
    paint(out, colour, BOLD);
    redan_buf_text(out, "deadlines\n");
    paint(out, colour, PLAIN);
    for (size_t i = 0; i < v->deadline_count; i++) {
        char date[REDAN_TIME_TEXT];
        char span[REDAN_TIME_TEXT];
        redan_date_text(v->deadlines[i].at, date);
        redan_span_text(v->deadlines[i].at - v->at, span);
        redan_buf_printf(out, "  %s  %s %s  ", date, v->deadlines[i].at < v->at ? "since" : "in",
                         span);
        say(out, v->deadlines[i].what);
        redan_buf_char(out, '\n');
    }
}

void redan_verdict_text(struct redan_buf *out, const struct redan_verdict *verdict, bool colour)
{
    head(out, verdict, colour);
    for (size_t i = 0; i < verdict->group_count; i++)
        group(out, &verdict->groups[i], colour);
    deadlines(out, verdict, colour);
    if (verdict->next) {
        redan_buf_char(out, '\n');
        paint(out, colour, BOLD);
        redan_buf_text(out, "next");
        paint(out, colour, PLAIN);
        redan_buf_text(out, "  ");
        say(out, verdict->next->action);
        redan_buf_char(out, '\n');
    }
}
