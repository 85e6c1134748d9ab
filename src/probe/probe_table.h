/* The kinds of probes, for their table, and what they share. */
#ifndef REDAN_PROBE_PROBE_TABLE_H
#define REDAN_PROBE_PROBE_TABLE_H

#include "io/http.h"
#include "probe/probe.h"

extern const struct redan_probe_kind redan_probe_command;
extern const struct redan_probe_kind redan_probe_http;
extern const struct redan_probe_kind redan_probe_shape;
extern const struct redan_probe_kind redan_probe_tamper;
extern const struct redan_probe_kind redan_probe_guard;
extern const struct redan_probe_kind redan_probe_guard_beat;

/* The definition's timeout, or a minute. */
unsigned redan_probe_seconds(const struct redan_probe *probe);
/* GET the definition's address, or POST its body there as JSON. */
REDAN_NODISCARD enum redan_status redan_probe_send(struct redan_ctx *ctx,
                                                   const struct redan_probe *probe,
                                                   struct redan_http_response *response);
enum { REDAN_PROBE_LINE = 201 };
/* The last line of a program's complaint with something on it, fit to be shown: no control characters, no bad UTF-8, not too long. */
void redan_probe_last_line(struct redan_slice text, char line[REDAN_PROBE_LINE]);
/* Whether all a definition says is what the kind takes: what is there too much, or NULL. */
const char *redan_probe_lint_http(const struct redan_probe *probe);

#endif
