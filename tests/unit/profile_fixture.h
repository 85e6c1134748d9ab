/* A small profile made in memory, and honest rows of the data it describes: six columns of every kind, one of them not chosen by callers. */
#ifndef REDAN_TESTS_PROFILE_FIXTURE_H
#define REDAN_TESTS_PROFILE_FIXTURE_H

#include "inference/profile.h"

enum {
    FIXTURE_AMOUNT,  /* real, cents, 1 to 500; caller */
    FIXTURE_COUNT,   /* integer, 0 to 30; caller */
    FIXTURE_WEEK,    /* integer, 0 to 100; count <= week in every row; caller */
    FIXTURE_NIGHT,   /* bool; caller */
    FIXTURE_RISK,    /* real, 0 to 1, may be missing; not the caller's */
    FIXTURE_CHANNEL, /* category: app, pos, web; caller */
    FIXTURE_WIDTH,
    FIXTURE_REFERENCES = 64,
    FIXTURE_TUNED = 200,
    FIXTURE_SCORES = 999,
};

extern const struct redan_slice fixture_names[FIXTURE_WIDTH];

/* Honest row `index` (any number): the same one every time. `texts` has `.at` set for the channel only. */
void fixture_row(uint64_t index, double values[FIXTURE_WIDTH],
                 struct redan_slice texts[FIXTURE_WIDTH]);
/* The profile, in the arena, as reading would give it (no bounds of classes, no digest). Rows below 2,000 made it: use others to judge by it. */
REDAN_NODISCARD enum redan_status fixture_profile(struct redan_ctx *ctx,
                                                  struct redan_profile *profile);
/* The same with bounds for the class `id` ("" for callers of none), each bit's m0 as given. */
REDAN_NODISCARD enum redan_status fixture_profile_armed(struct redan_ctx *ctx,
                                                        struct redan_slice id, double m0,
                                                        struct redan_profile *profile);
/* Its statement, as a file that redan_profile_read reads. */
REDAN_NODISCARD enum redan_status fixture_profile_text(struct redan_ctx *ctx,
                                                       struct redan_slice *text);

#endif
