/* Inside scan: the names that a piece of Python code uses, from its source or its marshalled bytes, without running it. */
#ifndef REDAN_SCAN_CODE_NAMES_H
#define REDAN_SCAN_CODE_NAMES_H

#include "base/buf.h"
#include "base/slice.h"

/* Add to `found`, separated by ", " and each once, every name in `source` with which Python runs commands, code or connections. */
void redan_code_names_source(struct redan_slice source, struct redan_buf *found);
/* The same for marshalled code of any version: whatever looks like one of its texts is looked at, so that none is missed. */
void redan_code_names_marshal(struct redan_slice bytes, struct redan_buf *found);
/* Whether bytes begin like a marshalled code object. */
bool redan_code_is_marshal(struct redan_slice bytes);
/* Whether a text is Python source: a lambda, a definition, an import. */
bool redan_code_is_source(struct redan_slice text);
/* A module whose functions run commands, code or connections: the first part of its dotted name decides. */
bool redan_code_module(struct redan_slice module);
/* A name of `builtins` that runs or loads code. */
bool redan_code_builtin(struct redan_slice name);

#endif
