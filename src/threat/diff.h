/* The difference of two documents by meaning, not by line: what was loosened, what was tightened, what only reads otherwise. */
#ifndef REDAN_THREAT_DIFF_H
#define REDAN_THREAT_DIFF_H

#include "codec/node.h"
#include "codec/problem.h"
#include "crypto/digest.h"

enum redan_diff_document { REDAN_DIFF_THREAT_MODEL, REDAN_DIFF_ORG, REDAN_DIFF_KEYS };

enum redan_diff_effect {
    REDAN_DIFF_LOOSENED, /* less is asked for than before */
    REDAN_DIFF_CHANGED, /* something else is asked for; whether less, nobody can tell from the text */
    REDAN_DIFF_TIGHTENED, /* more is asked for */
    REDAN_DIFF_WORDS,     /* prose: story, reason, name, the one page */
};
extern const char
    *const redan_diff_effect_words[]; /* "loosened" "changed" "tightened" "words", NULL */

enum redan_diff_change { REDAN_DIFF_ADDED, REDAN_DIFF_REMOVED, REDAN_DIFF_ALTERED };
extern const char *const redan_diff_change_words[]; /* "added" "removed" "altered", NULL */

/* One change. Paths name list items by their id, "threats.boundary-mapping.resolution.due"; an item of a set is "touches[]"; names other than
 * of letters, digits, "-" and "_" are JSON strings. */
struct redan_diff_entry {
    struct redan_slice path;
    enum redan_diff_change change;
    enum redan_diff_effect effect;
    struct redan_slice before; /* canonical JSON; empty when added */
    struct redan_slice after;  /* canonical JSON; empty when removed */
    struct redan_slice text;   /* the sentence for people */
    unsigned line;             /* in the newer document, or the older one when removed */
};

struct redan_diff {
    struct redan_diff_entry
        *entries; /* loosened first, then changed, tightened, words; by path within */
    size_t count;
    size_t counts[4]; /* by effect */
    struct redan_digest
        digest; /* of the changes (path, before, after), not of how they are judged: what an approval signs */
};

/* Compare two trees as redan_yaml_parse made them; `before` NULL: nothing was there. Canonical trees are made first, so order,
 * comments, quotes and annotations are no difference. Text that is not NFC is a problem, and then the diff is empty and its digest
 * zero. Whoever asks "was nothing weakened?" counts what CHANGED too: another signer, another file. Memory in problems->ctx's arena. */
REDAN_NODISCARD enum redan_status redan_diff_make(struct redan_problems *problems,
                                                  enum redan_diff_document document,
                                                  const struct redan_node *before,
                                                  const struct redan_node *after,
                                                  struct redan_diff *diff);
/* Of two definitions of one control, whether the newer asks for no less anywhere: what cannot be seen to be tighter or mere words counts as
 * loosened, another signer too; `scope`, which says where it is inherited and not what it asks, is left out. */
REDAN_NODISCARD enum redan_status redan_diff_control(struct redan_problems *problems,
                                                     const struct redan_node *before,
                                                     const struct redan_node *after,
                                                     struct redan_diff *diff);
/* One screen for people: the loosened first, and marked. `colour` adds ANSI sequences. */
void redan_diff_text(struct redan_buf *out, const struct redan_diff *diff, bool colour);
/* One document of schema redan/diff/1 (docs/schema/diff.json). */
REDAN_NODISCARD enum redan_status
redan_diff_tree(struct redan_ctx *ctx, const struct redan_diff *diff, struct redan_node **tree);

#endif
