/* libredan: is this model artefact dangerous to load? What `redan scan` finds, for a program of one's own.
 *
 *     struct redan_scanner *scanner = redan_scanner_new();
 *     struct redan_scan_outcome outcome;
 *     if (redan_scan_file(scanner, "model.pt", NULL, NULL, &outcome) == REDAN_SCANNED
 *         && outcome.verdict == REDAN_VERDICT_CLEAN && outcome.coverage == REDAN_COVERED) load(...);
 *     redan_scanner_free(scanner);
 *
 * Nothing is unpickled, loaded or run, and nothing outside the arguments is consulted: no environment, no network. The library does not confine its
 * caller: a program that reads files of strangers does so in a process of little right, as `redan scan` does.
 */
#ifndef REDAN_SCAN_H
#define REDAN_SCAN_H

#include <stddef.h>

#include "redan/version.h"

#ifdef __cplusplus
extern "C" {
#endif

enum redan_scan_verdict {
    REDAN_VERDICT_CLEAN = 0,      /* nothing was found in what was read */
    REDAN_VERDICT_NOTE = 1,       /* worth knowing */
    REDAN_VERDICT_SUSPICIOUS = 2, /* loading it may run code that nobody vouches for */
    REDAN_VERDICT_MALICIOUS = 3   /* loading it runs code that no honest model needs */
};

/* How much was read. Only what is covered and clean may be called clean. */
enum redan_scan_coverage {
    REDAN_COVERED = 0,        /* all of it */
    REDAN_PARTLY_COVERED = 1, /* not all; `reason` says what */
    REDAN_UNCOVERED = 2       /* none of it, for what it is */
};

enum redan_scan_end {
    REDAN_SCANNED = 0,      /* the outcome holds */
    REDAN_SCAN_ENDED = 1,   /* the callback asked to end; the outcome holds all the same */
    REDAN_SCAN_MISUSED = 2, /* an argument makes no sense */
    REDAN_SCAN_UNDONE = 3   /* memory or the system refused: treat it as a refusal to load */
};

/* One finding. Texts are NUL-terminated, never NULL, and valid during the call. They may hold whatever the file holds: show them with care. */
struct redan_scan_note {
    const char *rule; /* "PKL001"; docs/rules has a page for each */
    const char *title;
    const char *severity; /* "low" ... "critical" */
    enum redan_scan_verdict level;
    const char
        *chain; /* which member of which container, "!" between them; "" for the file itself */
    unsigned long long offset; /* in bytes, within the innermost member */
    const char *detail;        /* what was found */
    const char *evidence;      /* the bytes that were seen, as they stand, up to 200 */
    size_t evidence_size;
    const char *why;         /* why it matters */
    const char *fix;         /* what to do */
    const char *fingerprint; /* "sha256:...": the same for the same thing found again */
};

/* Not zero ends the telling. */
typedef int redan_scan_each(void *arg, const struct redan_scan_note *note);

/* Texts are valid until the next scan with the same scanner, or until it is freed. */
struct redan_scan_outcome {
    enum redan_scan_verdict verdict;
    enum redan_scan_coverage coverage;
    const char *reason; /* of a coverage that is not whole */
    const char
        *formats; /* "zip"; several, "gguf, zip", where the bytes are several things at once */
    unsigned long long size;
    unsigned long long members;  /* things found inside and looked at */
    unsigned long long findings; /* all of them, those beyond the limit too */
};

struct redan_scanner; /* opaque; belongs to one thread at a time */

struct redan_scanner *redan_scanner_new(void);          /* NULL when memory is refused */
void redan_scanner_free(struct redan_scanner *scanner); /* NULL is accepted */

/* What may be set: each 1 when it was, 0 for a value that makes no sense. */
enum redan_scan_limit {
    REDAN_LIMIT_MEMORY = 0,   /* bytes that a scan may hold at once */
    REDAN_LIMIT_UNPACKED = 1, /* bytes that unpacking may yield, beyond 64 times the size */
    REDAN_LIMIT_MEMBERS = 2,  /* things inside one artefact */
    REDAN_LIMIT_DEPTH = 3,    /* containers within containers, at most 64 */
    REDAN_LIMIT_FINDINGS = 4  /* that are told one by one, at most 10000 */
};
int redan_scanner_limit(struct redan_scanner *scanner, enum redan_scan_limit limit,
                        unsigned long long value);
int redan_scanner_deep(struct redan_scanner *scanner, int deep); /* tensor data too, byte by byte */

/* Scan a file (links are followed), an open regular file (which stays open, at its place), or bytes in memory. `name` is what the thing is called, for
 * reports and for names that promise another format; it may be NULL. `each` is called once per finding, in the order of the file, and may be NULL; so may
 * `outcome`. */
enum redan_scan_end redan_scan_file(struct redan_scanner *scanner, const char *path,
                                    redan_scan_each *each, void *arg,
                                    struct redan_scan_outcome *outcome);
enum redan_scan_end redan_scan_fd(struct redan_scanner *scanner, int fd, const char *name,
                                  redan_scan_each *each, void *arg,
                                  struct redan_scan_outcome *outcome);
enum redan_scan_end redan_scan_memory(struct redan_scanner *scanner, const void *bytes, size_t size,
                                      const char *name, redan_scan_each *each, void *arg,
                                      struct redan_scan_outcome *outcome);
/* Why the last scan could not be done; empty when it was. Never NULL. */
const char *redan_scanner_error(const struct redan_scanner *scanner);

#ifdef __cplusplus
}
#endif

#endif
