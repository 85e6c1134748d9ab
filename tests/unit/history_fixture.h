/* Steps of the chain of approvals, and what spoils it, for the tests of history and plans. */
#ifndef REDAN_TESTS_HISTORY_FIXTURE_H
#define REDAN_TESTS_HISTORY_FIXTURE_H

#include "threat_fixture.h"

#define EDIT_2 "cycle: 2026Q4", "cycle: 2027Q1"
#define EDIT_3 "cycle: 2026Q4", "cycle: 2027Q2"

/* Of the rules raised, those that are about trust and plans: what the records say is not asked here. */
void history_about_trust(const char *rules, char out[128]);
void history_expect(const char *what, const struct fixture_outcome *o, const char *rules);
/* The model with one place changed, and signed by both leads at this day from NOW. */
void history_step(struct fixture *f, int day, const char *from, const char *to);
/* "history/KIND-HEX.yaml". */
const char *history_file(struct fixture *f, const char *kind, const struct redan_digest *digest);
void history_drop(struct fixture *f, const char *name);
/* The two approvals of one number go. */
void history_drop_step(struct fixture *f, uint64_t number);
/* Both leads' signatures over a step, whatever it says. */
void history_both(struct fixture *f, const struct redan_approval_step *step);
/* One, two and three steps, a day apart. */
void history_first(struct fixture *f);
void history_second(struct fixture *f);
void history_third(struct fixture *f);
/* Three steps, and the second is gone. */
void history_gap(struct fixture *f);
/* Two steps, and the text of the first is gone, or another. */
void history_text_missing(struct fixture *f);
void history_text_of_another(struct fixture *f);
/* Two threat models with the number 2. */
void history_fork(struct fixture *f);
/* The first step, with this key of the ML lead. */
void history_first_by(struct fixture *f, enum fixture_key key);
/* The trust rules of a check with this pin after the root: %1 and %2 stand for the two roots. */
void history_check_pinned(struct fixture *f, const struct redan_digest roots[2],
                          const char *pattern, const char *what, const char *rules);

#endif
