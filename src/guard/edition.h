/* Inside the room: an edition's parts, and the files that it was read from. */
#ifndef REDAN_GUARD_EDITION_H
#define REDAN_GUARD_EDITION_H

#include "guard/arming.h"
#include "guard/guard.h"
#include "guard/identity.h"
#include "io/os.h"

enum { REDAN_WATCHED = REDAN_POLICY_RULES + 8 };

/* Files as they were before they were read: one that is not there counts too, since it may come. */
struct redan_watch {
    struct redan_ctx ctx; /* of the paths */
    struct {
        struct redan_slice path; /* NUL-terminated */
        struct redan_os_mark mark;
    } files[REDAN_WATCHED];
    size_t count;
};
void redan_watch_init(struct redan_watch *watch);
void redan_watch_done(struct redan_watch *watch);
/* Whether a file is another one now, or has other content. */
bool redan_watch_changed(const struct redan_watch *watch);

struct redan_edition {
    struct redan_ctx ctx; /* of everything in it */
    unsigned holders;
    struct redan_policy policy;
    bool has_profile;
    struct redan_profile profile;
    struct redan_digest profile_digest; /* zero: none */
    struct redan_identity *identity;
    struct redan_slice features_key; /* HASH */
    struct redan_slice *names;       /* of the profile's columns */
    bool texts, missing;             /* a cell may be a text, or null */
    bool weighs;                     /* a rule keeps evidence per caller */
    bool learns;                     /* a rule is told the answers */
    const char *id;                  /* of the policy */
    struct redan_slice policy_text,
        profile_text; /* "sha256:..."; the latter "" when there is none */
    struct redan_arming_notes notes;
};

/* As redan_edition_open; `watch` (initialised, empty) receives the files in every case. */
REDAN_NODISCARD enum redan_status redan_edition_read(struct redan_problems *problems,
                                                     struct redan_slice file,
                                                     struct redan_watch *watch,
                                                     struct redan_edition **edition);
struct redan_edition *redan_edition_hold(struct redan_edition *edition);

/* The coarser of both, in `shape`. */
void redan_shape_coarser(struct redan_policy_shape *shape, const struct redan_policy_shape *other);

#endif
