/* SARIF 2.1.0 of findings, written piece by piece: the log is begun, results follow one by one, notes about the run end it. */
#ifndef REDAN_RECORD_REPORT_SARIF_H
#define REDAN_RECORD_REPORT_SARIF_H

#include "base/buf.h"
#include "record/finding.h"

struct redan_sarif_rule {
    const struct redan_rule *card;
    const char *why;         /* may be NULL */
    const char *const *cves; /* NULL-terminated; may be NULL */
};

struct redan_sarif_result {
    const struct redan_finding *
        finding; /* `file` is the artefact's path, `subject` the member chain in it, "!" between its links */
    enum redan_level level;
    size_t rule; /* its place among the rules */
    struct redan_slice fingerprint;
    struct redan_slice accepted; /* why somebody has accepted it; empty when nobody has */
};

/* The log up to its first result: tool, rules with their cards, and the taxonomies that their mappings name. */
void redan_sarif_begin(struct redan_buf *out, const char *tool, const char *version,
                       const struct redan_sarif_rule *rules, size_t count);
/* `first` is for the first. */
void redan_sarif_add(struct redan_buf *out, const struct redan_sarif_result *result, bool first);
/* Something about the run and one artefact ("it was not read"), for redan_sarif_end. */
void redan_sarif_note_add(struct redan_buf *notes, bool first, const char *level,
                          struct redan_slice path, struct redan_slice text);
/* `successful`: the run came to its end. */
void redan_sarif_end(struct redan_buf *out, bool successful, struct redan_slice notes);

#endif
