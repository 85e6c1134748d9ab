/* The detectors: each judges facts of some kind, one file and one line in its table. */
#ifndef REDAN_SCAN_DETECTOR_H
#define REDAN_SCAN_DETECTOR_H

#include "format/format.h"
#include "format/object.h"
#include "scan/scan.h"

struct redan_scan; /* the scan of one artefact */

struct redan_detector {
    const char *name;
    const struct redan_scan_rule *const *rules; /* NULL-terminated */
    /* Asked for every fact; may be NULL. */
    enum redan_status (*fact)(struct redan_scan *scan, const struct redan_fact *fact);
    /* Asked when a file or member has been read; may be NULL. */
    enum redan_status (*end)(struct redan_scan *scan);
    /* Asked of a container's members before each is opened, with the container as the thing being read: whether the container's own rules say that it is
     * plain data (a tensor storage of the declared size). Such a member is not read, unless options.deep. May be NULL. */
    bool (*plain)(struct redan_scan *scan, struct redan_slice name, const struct redan_part *part);
    size_t state; /* bytes of memory per file or member, cleared: redan_scan_state */
    size_t
        group; /* bytes of memory per container, cleared, for what its members must know of each other: redan_scan_group */
};

extern const struct redan_detector *const redan_detectors[]; /* NULL ends it */

/* Say what was found in the file or member that is being read. The same rule with the same evidence there is counted once. `level` is NOTE, WARN or FAIL.
 * `evidence` is cut at 200 bytes. */
REDAN_NODISCARD enum redan_status redan_scan_found(struct redan_scan *scan,
                                                   const struct redan_scan_rule *rule,
                                                   enum redan_level level, uint64_t offset,
                                                   struct redan_slice evidence, const char *format,
                                                   ...) REDAN_PRINTF(6, 7);
/* Have bytes looked at as a thing of their own, below `name` in the member chain. */
REDAN_NODISCARD enum redan_status
redan_scan_member(struct redan_scan *scan, struct redan_slice name, const struct redan_part *part);
/* Say that something was not read: `what` is a REDAN_UNREAD word. */
REDAN_NODISCARD enum redan_status redan_scan_unread(struct redan_scan *scan, const char *what,
                                                    uint64_t offset, struct redan_slice detail);

struct redan_ctx *redan_scan_ctx(struct redan_scan *scan);
const struct redan_scan_options *redan_scan_options_of(const struct redan_scan *scan);
struct redan_source *
redan_scan_source_of(struct redan_scan *scan); /* the file or member being read */
/* The format whose reader is telling; in `end` the first that was read whole, or NULL when the bytes are of none that we know. */
const struct redan_format *redan_scan_format_of(const struct redan_scan *scan);
/* In `end`: whether the bytes were read as this format. */
bool redan_scan_was(const struct redan_scan *scan, const char *format);
struct redan_slice redan_scan_name_of(
    const struct redan_scan *scan); /* its name in its container, or the file's path */
/* The format that its container was read as, or NULL for the file itself. */
const struct redan_format *redan_scan_container_of(const struct redan_scan *scan);
/* Memory of the detector's own, cleared when the thing begins; never NULL where the detector asks for some. */
void *redan_scan_state(struct redan_scan *scan, const struct redan_detector *detector);
/* The memory shared by the members of the container that the thing being read lies in; of the file itself when it lies in none. */
void *redan_scan_group(struct redan_scan *scan, const struct redan_detector *detector);
/* The same, shared by the members of the thing being read itself. */
void *redan_scan_group_below(struct redan_scan *scan, const struct redan_detector *detector);

#endif
