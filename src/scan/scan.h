/* Is this artefact dangerous to load? The engine: formats tell facts, detectors judge them, what lies inside is looked at next. */
#ifndef REDAN_SCAN_SCAN_H
#define REDAN_SCAN_SCAN_H

#include "base/source.h"
#include "record/finding.h"

/* The verdict's levels are those of a finding: clean is none, note NOTE, suspicious WARN, malicious FAIL. */
enum redan_scan_word {
    REDAN_SCAN_CLEAN,
    REDAN_SCAN_NOTE,
    REDAN_SCAN_SUSPICIOUS,
    REDAN_SCAN_MALICIOUS,
};
extern const char *const redan_scan_words[]; /* "clean" "note" "suspicious" "malicious", NULL */
enum redan_scan_word redan_scan_word_of(enum redan_level level);

/* How much of it was read. Kept apart from the verdict: what was not read is never called clean. */
enum redan_coverage {
    REDAN_COVERAGE_COMPLETE,
    REDAN_COVERAGE_INCOMPLETE,  /* part of it was not read; the reason says which */
    REDAN_COVERAGE_UNINSPECTED, /* none of it could be read for what it is */
};
extern const char *const redan_coverage_words[]; /* "complete" "incomplete" "uninspected", NULL */

/* The card of a scan rule. `card.help` is what to do; mappings hold ATLAS and CWE ids. */
struct redan_scan_rule {
    struct redan_rule card;
    const char *why;         /* why it matters, in two or three sentences */
    const char *const *cves; /* "CVE-2025-1716", NULL-terminated; may be NULL */
};
/* Every rule of every detector, in order of id; NULL when `i` is past the last. */
const struct redan_scan_rule *redan_scan_rule_at(size_t i);
const struct redan_scan_rule *redan_scan_rule_named(struct redan_slice id);

/* For the program whose worker died on a file. */
extern const struct redan_scan_rule redan_scan_worker_died;

struct redan_scan_tables; /* what pickles may import, and what they never should: scan/policy.h */

struct redan_scan_options {
    bool deep;                              /* read tensor storages too, byte by byte */
    const struct redan_scan_tables *tables; /* never NULL; redan_scan_tables_builtin */
};

/* One thing that was scanned. Everything lives in the context's arena. */
struct redan_scan_artefact {
    struct redan_slice path; /* as given */
    struct redan_slice
        formats; /* "zip", "pickle", or several with ", " where its bytes are several things at once; "" when unknown */
    enum redan_scan_word verdict;
    enum redan_coverage coverage;
    struct redan_slice reason; /* of a coverage that is not complete */
    uint64_t size;             /* bytes of the file */
    uint64_t members;          /* things found inside and looked at */
    uint64_t
        more; /* findings beyond limits.scan_findings, counted only; none is graver than those told */
    /* Sorted by offset within member chain. `subject` is the member chain ("archive/data.pkl!nested"), empty for the file itself; `file` the path;
     * `has_offset` and `offset` the place in the innermost member; `evidence` up to 200 bytes as they stand. */
    struct redan_findings findings;
};

/* Scan one source. A hostile input is a finding or a coverage; a failure means the machine refused. */
REDAN_NODISCARD enum redan_status redan_scan_source(struct redan_ctx *ctx,
                                                    const struct redan_scan_options *options,
                                                    struct redan_source *source,
                                                    struct redan_slice path,
                                                    struct redan_scan_artefact *artefact);
/* The rule of a finding, with its scan card. */
const struct redan_scan_rule *redan_scan_rule_of(const struct redan_finding *finding);
/* "sha256:" and 64 digits over rule id, member chain and evidence (not the path, not the offset): the same thing found again has the same. */
REDAN_NODISCARD enum redan_status redan_scan_fingerprint(struct redan_ctx *ctx,
                                                         const struct redan_finding *finding,
                                                         struct redan_slice *text);

#endif
