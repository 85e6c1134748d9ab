/* Inside format: what the readers of text share. */
#ifndef REDAN_FORMAT_TEXT_H
#define REDAN_FORMAT_TEXT_H

#include "format/fact.h"

/* Whether bytes are text: no NUL and hardly a control character that text does not have, UTF-8 or mostly ASCII. The end may cut a character. */
bool redan_text_like(struct redan_slice bytes);
/* Whether a name has this ending, whatever the case. */
bool redan_text_ends(struct redan_slice name, const char *ending);
struct redan_slice redan_text_base(struct redan_slice name); /* after the last slash */
/* Whether a name is one that template files have. */
bool redan_text_template_name(struct redan_slice name);
/* Tell the whole as a template when its name says so or it reads as one; a template too long is told as unread. */
REDAN_NODISCARD enum redan_status redan_text_template(struct redan_ctx *ctx,
                                                      struct redan_source *source,
                                                      struct redan_slice name,
                                                      const struct redan_listener *to, bool any);

#endif
