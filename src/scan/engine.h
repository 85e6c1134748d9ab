/* The engine's own view of a scan: things waiting, things open, and what was found. */
#ifndef REDAN_SCAN_ENGINE_H
#define REDAN_SCAN_ENGINE_H

#include "scan/detector.h"

enum {
    REDAN_ENGINE_DETECTORS = 64, /* of the table */
    REDAN_ENGINE_FORMATS = 8,    /* that one thing may be read as */
    REDAN_ENGINE_SEEN = 2048,    /* findings remembered by hash; a power of two */
    REDAN_ENGINE_CHAIN = 1024,   /* bytes of a member chain */
};

#define REDAN_ENGINE_REFUSED "refused" /* the system would not let it be read */

/* Something inside a container, waiting. */
struct redan_engine_item {
    struct redan_engine_item *next;
    struct redan_slice name;
    struct redan_part part;
};

/* Memory of every detector for one thing, cleared when it is first asked for: most detectors have nothing to do with most things. */
struct redan_engine_memory {
    void *of[REDAN_ENGINE_DETECTORS];
    uint64_t used; /* a bit for each */
};
_Static_assert(REDAN_ENGINE_DETECTORS <= 64, "a bit for each detector");

/* A thing being read, or whose members are. */
struct redan_engine_frame {
    struct redan_source own;
    struct redan_source *source; /* `own`, but for the file itself */
    struct redan_slice name;
    struct redan_slice chain; /* empty for the file itself */
    unsigned serial;          /* which thing of this artefact, from 0 */
    struct redan_engine_item *first, *last;
    const struct redan_format *formats[REDAN_ENGINE_FORMATS]; /* read whole */
    size_t format_count;
    const char *told_format; /* what the container says that it is; may be NULL */
    struct redan_engine_memory state;
    struct redan_engine_memory below; /* shared by its members */
    struct redan_arena_mark read_mark, wait_mark;
};

struct redan_scan {
    struct redan_ctx *ctx;   /* readers work in its arena */
    struct redan_ctx *found; /* what was found lives in its arena */
    struct redan_ctx *wait;  /* what waits in its */
    const struct redan_scan_options *options;
    struct redan_scan_artefact *artefact;
    struct redan_source_budget budget;
    struct redan_engine_frame *frames;
    size_t depth;                       /* frames in use */
    const struct redan_format *format;  /* whose reader is telling */
    struct redan_engine_memory outside; /* group of the file itself */
    unsigned serial, attempt;
    uint64_t facts_left;              /* that may be told of the artefact */
    size_t copied;                    /* bytes of members that were handed over in memory */
    uint64_t seen[REDAN_ENGINE_SEEN]; /* 0 is free */
    struct redan_findings *told;
    enum redan_scan_word gravest; /* also of what could not be kept */
};

/* A state to return to, when a format was tried and was not the right one. */
struct redan_engine_mark {
    struct redan_finding *last;
    size_t count;
    uint64_t more;
    enum redan_scan_word gravest;
    struct redan_engine_item *first_item, *last_item;
    enum redan_coverage coverage;
    struct redan_slice reason;
};

struct redan_engine_frame *redan_engine_top(const struct redan_scan *scan);
/* Read the top frame's bytes as what they are; its members wait afterwards. */
REDAN_NODISCARD enum redan_status redan_engine_read(struct redan_scan *scan);
/* Memory of every detector for the top frame, and for the members of one thing: taken while that thing is on top, so that it goes with it. */
REDAN_NODISCARD enum redan_status redan_engine_state(struct redan_scan *scan);
REDAN_NODISCARD enum redan_status redan_engine_groups(struct redan_scan *scan,
                                                      struct redan_engine_memory *memory);
/* Clear both kinds of the top frame's: what a reading told that was taken back. */
void redan_engine_forget(struct redan_scan *scan);
/* A bound, a damage or the machine ended some reading: the coverage says so, and the failure is dealt with. */
void redan_engine_unread(struct redan_scan *scan, enum redan_status status);
void redan_engine_mark(const struct redan_scan *scan, struct redan_engine_mark *mark);
void redan_engine_undo(struct redan_scan *scan, const struct redan_engine_mark *mark);
/* Findings sorted, the verdict from them, the list cut at limits.scan_findings. */
REDAN_NODISCARD enum redan_status redan_engine_settle(struct redan_scan *scan);
/* Have a MEMBER fact wait below the top frame. */
REDAN_NODISCARD enum redan_status redan_engine_wait(struct redan_scan *scan,
                                                    const struct redan_fact *fact);

#endif
