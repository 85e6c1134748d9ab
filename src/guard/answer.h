/* What leaves: an answer is read as it comes, whole or as a stream of events, shaped, checked and rewritten. */
#ifndef REDAN_GUARD_ANSWER_H
#define REDAN_GUARD_ANSWER_H

#include "base/buf.h"
#include "guard/policy.h"

enum redan_answer_way { REDAN_ANSWER_PASS, REDAN_ANSWER_WHOLE, REDAN_ANSWER_STREAM };

struct redan_answer_wanted {
    const struct redan_policy_answers *policy;
    const struct redan_preset *preset;
    const struct redan_preset_pointers *pointers; /* of the preset "pointers" */
    size_t rows;                                  /* of the request */
    struct redan_slice id; /* the request's own, for the body of a refusal; may be empty */
    struct redan_policy_shape
        shape;    /* the policy's, and what a rule that degrades adds: the coarser of both */
    bool enforce; /* otherwise everything is judged and nothing changed */
};

/* What was found in an answer. */
struct redan_answer_facts {
    struct redan_slice id; /* the answer's own */
    struct redan_slice model, version;
    const double *labels; /* one per row; NULL: not found, or not as many as rows */
    const double *scores; /* likewise; as the upstream said them, before shaping */
    size_t rows;
    bool changed;                                /* something left otherwise than it came */
    bool refused;                                /* nothing, or only a part and an error, left */
    const struct redan_policy_answer_rule *rule; /* that decided; NULL: none */
    struct redan_slice detail;                   /* for the event */
    uint64_t hits;                               /* 1 << index of each answer rule that spoke */
    bool error;                                  /* a rule could not be applied */
};

struct redan_answer_piece {
    struct redan_slice
        bytes; /* valid until the next feeding. Of WHOLE too some may leave before the last piece: only as they came, with the status and length they came with */
    unsigned
        status; /* of WHOLE, with the last piece; 0: as it came; otherwise the bytes are a body of JSON in its stead */
    bool over;  /* nothing follows, whatever the upstream still sends */
};

struct redan_answering;

/* Everything in the context's arena or freed by _done; at most policy->bytes are held back. While one text is judged it takes up to ten times that beside it (a value of the tape per eight bytes), given back at once. */
REDAN_NODISCARD enum redan_status redan_answering_new(struct redan_ctx *ctx,
                                                      const struct redan_answer_wanted *wanted,
                                                      struct redan_answering **answering);
enum redan_answer_way redan_answering_begin(struct redan_answering *answering, unsigned status,
                                            struct redan_slice content_type,
                                            struct redan_slice encoding, uint64_t length);
/* Never fails open against a rule that is closed: what cannot be done ends as a refusal, or, in a stream that began, as an error event. */
REDAN_NODISCARD enum redan_status redan_answering_feed(struct redan_answering *answering,
                                                       struct redan_slice piece, bool last,
                                                       struct redan_answer_piece *out);
/* Whether a line beside a body that is shaped may leave: a header, or the words of the status when `name` is empty. What could carry a score may not. */
bool redan_answering_header(const struct redan_answering *answering, struct redan_slice name,
                            struct redan_slice value);
void redan_answering_facts(const struct redan_answering *answering,
                           struct redan_answer_facts *facts);
void redan_answering_done(struct redan_answering *answering);

#endif
