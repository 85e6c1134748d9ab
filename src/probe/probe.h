/* Probes and commands that make evidence. Their definitions come from the organisation's signed file, never from the threat model under
 * review. One kind per file, one line in table.c. */
#ifndef REDAN_PROBE_PROBE_H
#define REDAN_PROBE_PROBE_H

#include "codec/node.h"
#include "record/org.h"

struct redan_probed {
    struct redan_node *observed; /* MAP */
    uint64_t n;
    bool has_artefact;            /* it was about these very bytes: */
    struct redan_digest artefact; /* must be the query's subject then */
};

struct redan_probe_kind {
    const char *name;  /* "command", "http", "response-shape", "tamper", "guard", "guard-beat" */
    const char *title; /* one line of help */
    /* Check the definition's fields: a text that says what is missing, or NULL. */
    const char *(*lint)(const struct redan_probe *probe);
    enum redan_status (*run)(struct redan_ctx *ctx, const struct redan_probe *probe,
                             struct redan_probed *probed);
};

extern const struct redan_probe_kind *const redan_probe_kinds[]; /* NULL-terminated */
/* The kind named, or NULL. */
const struct redan_probe_kind *redan_probe_kind_named(struct redan_slice name);
/* Run one definition: kind known, fields there, then its run. Failure names the probe. */
REDAN_NODISCARD enum redan_status redan_probe_run(struct redan_ctx *ctx,
                                                  const struct redan_probe *probe,
                                                  struct redan_probed *probed);

#endif
