/* What a scan says: one artefact after the other, as text for people, JSON or SARIF. */
#ifndef REDAN_CMD_SCAN_REPORT_H
#define REDAN_CMD_SCAN_REPORT_H

#include "cmd/scan_policy.h"
#include "record/report_sarif.h"

/* A finding as it counts here. */
struct redan_scan_told {
    const struct redan_finding *finding;
    enum redan_level level; /* by the policy */
    struct redan_slice fingerprint;
    const struct redan_scan_accepted *accepted; /* NULL when nobody has */
};

struct redan_scan_judged {
    const struct redan_scan_artefact *artefact;
    enum redan_scan_word verdict; /* without what is off or accepted */
    struct redan_scan_told *told;
    size_t count;
};

struct redan_scan_tally {
    uint64_t artefacts;
    uint64_t verdicts[REDAN_SCAN_MALICIOUS + 1];
    uint64_t coverages[REDAN_COVERAGE_UNINSPECTED + 1];
    uint64_t levels[REDAN_SCAN_MALICIOUS + 1]; /* findings that count, by word */
    uint64_t accepted;                         /* findings */
    uint64_t off;                              /* findings that the policy takes away */
    uint64_t excluded;                         /* files and folders */
    uint64_t bytes;
    enum redan_scan_word verdict; /* the gravest */
    enum redan_coverage coverage; /* uninspected only when all are */
};

/* Bytes from a file for a person's eyes: controls, what is not UTF-8, and marks that reorder a line come as \xNN or \uNNNN. */
void redan_scan_show(struct redan_buf *out, struct redan_slice text);

/* The rules that a text has explained: why and what to do are said where a rule comes first. */
struct redan_scan_explained {
    const struct redan_rule *rules[256];
    size_t count;
    bool again; /* one came again */
};

/* Text. The head goes before the artefacts, once all are known. */
void redan_scan_text_head(struct redan_buf *out, const struct redan_scan_tally *tally, bool colour);
void redan_scan_text(struct redan_buf *out, const struct redan_scan_judged *judged,
                     struct redan_scan_explained *explained, bool verbose, bool colour);
void redan_scan_text_tail(struct redan_buf *out, const struct redan_scan_explained *explained,
                          bool colour);

/* One JSON object, docs/schema/scan.json; `first` is for the first artefact. */
void redan_scan_json_begin(struct redan_buf *out);
void redan_scan_json(struct redan_buf *out, const struct redan_scan_judged *judged, bool first);
void redan_scan_json_end(struct redan_buf *out, const struct redan_scan_tally *tally);
/* A rule's card: its fields without the braces. */
void redan_scan_json_card(struct redan_buf *out, const struct redan_scan_rule *rule);

struct redan_scan_sarif {
    struct redan_sarif_rule *rules; /* every rule, in order of id */
    size_t count;
    struct redan_buf notes; /* what was not read, said at the end */
    uint64_t unsaid;
    bool lenient; /* incomplete coverage is a warning */
    bool any;
};
REDAN_NODISCARD enum redan_status redan_scan_sarif_begin(struct redan_ctx *ctx,
                                                         struct redan_buf *out, bool lenient,
                                                         struct redan_scan_sarif *sarif);
void redan_scan_sarif(struct redan_buf *out, struct redan_scan_sarif *sarif,
                      const struct redan_scan_judged *judged);
void redan_scan_sarif_end(struct redan_buf *out, struct redan_scan_sarif *sarif);
void redan_scan_sarif_done(struct redan_scan_sarif *sarif);

#endif
