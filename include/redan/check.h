/* libredan: may this release ship? The verdict of `redan check` for a program of one's own.
 *
 *     struct redan_report *report = NULL;
 *     if (redan_report_check("redan", "sha256:...", &report) == REDAN_MAY_SHIP) ...
 *     puts(redan_report_json(report));
 *     redan_report_free(report);
 */
#ifndef REDAN_CHECK_H
#define REDAN_CHECK_H

#include "redan/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The exit codes of the program, with the same meaning. */
enum redan_answer {
    REDAN_MAY_SHIP = 0,     /* every claim is proved */
    REDAN_MAY_NOT_SHIP = 1, /* a claim is not */
    REDAN_MISUSED = 2,      /* an argument makes no sense */
    REDAN_UNDECIDED = 3     /* could not finish, or cannot tell: treat it as a refusal */
};

struct redan_report; /* opaque; belongs to one thread at a time */

/* Judge the system in `folder` (or its subfolder redan/) against the root of trust `root` ("sha256:" and 64 digits), now. NULL or "" for `root`
 * pins nothing, and the answer is then REDAN_UNDECIDED at best. Nothing outside the arguments is consulted: no environment, no machine
 * file, no network. `*report` is set to a report that the caller frees, or to NULL when not even that could be made. */
enum redan_answer redan_report_check(const char *folder, const char *root,
                                     struct redan_report **report);

/* The answer again; REDAN_UNDECIDED for NULL. */
enum redan_answer redan_report_answer(const struct redan_report *report);
/* The verdict as JSON (docs/schema/verdict.json), or as one screen of text; empty when it could not finish. UTF-8, NUL-terminated, valid until
 * the report is freed. Never NULL. */
const char *redan_report_json(const struct redan_report *report);
const char *redan_report_text(const struct redan_report *report);
/* Why it could not finish; empty when it did. Never NULL. */
const char *redan_report_error(const struct redan_report *report);
void redan_report_free(struct redan_report *report); /* NULL is accepted */

/* The version of the library that is loaded, REDAN_VERSION of its build. */
const char *redan_library_version(void);

#ifdef __cplusplus
}
#endif

#endif
