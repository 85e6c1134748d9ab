/* A private copy of a model, changed as somebody would who tampers with it, and made genuine again. */
#ifndef REDAN_PROBE_TAMPER_COPY_H
#define REDAN_PROBE_TAMPER_COPY_H

#include "io/scratch.h"
#include "io/tree.h"
#include "probe/probe_table.h"

/* In a folder, the largest file is the one that is changed. */
enum redan_tampering {
    REDAN_TAMPER_FLIP_EARLY, /* one bit, at a quarter of it */
    REDAN_TAMPER_FLIP,
    REDAN_TAMPER_FLIP_LATE,
    REDAN_TAMPER_APPEND,   /* a line feed at its end, which most formats read over */
    REDAN_TAMPER_TRUNCATE, /* to its half */
    REDAN_TAMPER_SWAP,     /* for another model, where one was given */
    REDAN_TAMPER_UNSIGN,   /* a bit flipped and the signature gone, where one was given */
    REDAN_TAMPERINGS,
};
extern const char *const redan_tampering_words[REDAN_TAMPERINGS];

struct redan_tamper_wanted {
    struct redan_slice model;     /* a file or a folder */
    struct redan_slice signature; /* beside it or in it; may be empty */
    struct redan_slice other;     /* the file of SWAP; may be empty */
};

struct redan_tamper_copy {
    struct redan_tamper_wanted from;
    struct redan_tree tree; /* the model as it was copied */
    size_t target;          /* the file that is changed */
    struct redan_slice model;
    struct redan_slice signature; /* of the copies, absolute; empty when none was given */
    size_t signed_by; /* the signature among `files`; one of the model's, or behind them */
    struct redan_ustar_file *files;
    struct redan_scratch scratch;
};

void redan_tamper_copy_init(struct redan_tamper_copy *copy);
void redan_tamper_copy_done(struct redan_tamper_copy *copy); /* all of it is removed */
/* Below $TMPDIR or /tmp, for this user alone. `copy` was initialised and stays where it is until _done. */
REDAN_NODISCARD enum redan_status redan_tamper_copy_make(struct redan_ctx *ctx,
                                                         const struct redan_tamper_wanted *wanted,
                                                         struct redan_tamper_copy *copy);
bool redan_tamper_copy_can(const struct redan_tamper_copy *copy, enum redan_tampering how);
/* From the genuine bytes, whatever was done to the copy before. The released model is only read. */
REDAN_NODISCARD enum redan_status redan_tamper_copy_change(struct redan_ctx *ctx,
                                                           struct redan_tamper_copy *copy,
                                                           enum redan_tampering how);
/* Genuine again, and hashed: REDAN_E_IO when it is not the model that was copied, for that changed meanwhile. */
REDAN_NODISCARD enum redan_status redan_tamper_copy_restore(struct redan_ctx *ctx,
                                                            struct redan_tamper_copy *copy);

#endif
