/* XML reports of other tools, read with expat; document types and entities are refused. */
#ifndef REDAN_CODEC_XML_H
#define REDAN_CODEC_XML_H

#include "codec/node.h"

/* An element is a MAP {name: TEXT, attributes: MAP of TEXT, children: LIST of elements, text: TEXT (character data of
 * this element, joined)}; `line` and `column` are set. Failure: REDAN_E_SYNTAX or REDAN_E_LIMIT with line and column. */
REDAN_NODISCARD enum redan_status redan_xml_parse(struct redan_ctx *ctx, struct redan_slice text,
                                                  const struct redan_node **root);

#endif
