/* A verdict for GitHub Actions: annotations in the log, and Markdown for the summary of a step. */
#ifndef REDAN_RECORD_REPORT_GITHUB_H
#define REDAN_RECORD_REPORT_GITHUB_H

#include "record/verdict.h"

/* One workflow command per finding: `::error file=F,line=L,col=C,title=T::MESSAGE`. What stands in a finding cannot end the command or begin
 * another. */
void redan_verdict_github(struct redan_buf *out, const struct redan_verdict *verdict);
/* One of our own; `command` is "error", "warning" or "notice". */
void redan_github_annotate(struct redan_buf *out, const char *command, const char *title,
                           struct redan_slice message);
/* Text for the log with a blank wherever it could be read as a command ("::", or the older "##["). */
void redan_github_log(struct redan_buf *out, struct redan_slice text);
/* The verdict as a Markdown section, at most `most` findings; everything from documents is text there, never a link, an image or HTML. */
void redan_verdict_markdown(struct redan_buf *out, const struct redan_verdict *verdict,
                            size_t most);
/* Text as a Markdown word: every mark of punctuation that could mean something is written as a character reference. */
void redan_markdown_text(struct redan_buf *out, struct redan_slice text);

#endif
