/* A verdict as a section of Markdown: the word, the findings as a table, what to do next. */
#include "base/clock.h"
#include "record/report_github.h"

static void line(struct redan_buf *out, const char *label, struct redan_slice text)
{
    if (text.len == 0)
        return;
    redan_buf_printf(out, "- %s: ", label);
    redan_markdown_text(out, text);
    redan_buf_char(out, '\n');
}

static void row(struct redan_buf *out, const struct redan_finding *f)
{
    redan_buf_printf(out, "| %s | %s | ", redan_level_words[f->level], f->rule->id);
    redan_markdown_text(out, f->subject);
    redan_buf_text(out, " | ");
    redan_markdown_text(out, f->detail);
    redan_buf_text(out, " | ");
    redan_markdown_text(out, f->action);
    redan_buf_text(out, " |\n");
}

static void table(struct redan_buf *out, const struct redan_verdict *v, size_t most)
{
    size_t n = 0;

    for (size_t i = 0; i < v->group_count; i++) {
        for (size_t k = 0; k < v->groups[i].count; k++) {
            const struct redan_verdict_item *item = &v->groups[i].items[k];
            for (size_t f = 0; f < item->count; f++, n++) {
                if (n == 0)
                    redan_buf_text(out,
                                   "\n| | rule | about | found | do |\n|---|---|---|---|---|\n");
                if (n < most)
                    row(out, item->findings[f]);
            }
        }
    }
    if (n > most)
        redan_buf_printf(out, "\nand %zu more\n", n - most);
}

void redan_verdict_markdown(struct redan_buf *out, const struct redan_verdict *v, size_t most)
{
    static const char *const shout[] = {"PASS", "PASS, with warnings", "FAIL", "INDETERMINATE",
                                        "UNVERIFIED"};
    char time[REDAN_TIME_TEXT];

    redan_time_text(v->at, time);
    redan_buf_printf(out, "## %s ", shout[v->word]);
    redan_markdown_text(out, v->system);
    if (v->simulated)
        redan_buf_printf(out, " (SIMULATED at %s)", time);
    redan_buf_text(out, "\n\n");
    redan_markdown_text(out, v->headline);
    redan_buf_text(out, "\n\n");
    line(out, "root of trust", v->trust);
    line(out, "threat model", v->root);
    line(out, "waivers", v->waivers);
    line(out, "stride", v->stride);
    table(out, v, most);
    if (v->next) {
        redan_buf_text(out, "\n**next** ");
        redan_markdown_text(out, v->next->action);
        redan_buf_char(out, '\n');
    }
    redan_buf_char(out, '\n');
}
