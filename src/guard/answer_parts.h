/* What the files of an answer's judgement share: the answering itself, and the places where a format has scores and labels. */
#ifndef REDAN_GUARD_ANSWER_PARTS_H
#define REDAN_GUARD_ANSWER_PARTS_H

#include "guard/answer.h"
#include "guard/answer_tape.h"

enum redan_answer_form {
    REDAN_FORM_NONE, /* cannot be read: the content type is not known, or the body is compressed */
    REDAN_FORM_JSON,
    REDAN_FORM_CSV,
    REDAN_FORM_LINES, /* one JSON text per line */
    REDAN_FORM_SSE,
};

enum redan_answer_state {
    REDAN_ANSWERING_READ,
    REDAN_ANSWERING_LET,     /* the rest passes as it comes */
    REDAN_ANSWERING_SWALLOW, /* of WHOLE: refused, to be told with the last byte */
    REDAN_ANSWERING_OVER,
};

struct redan_answering {
    struct redan_ctx *ctx;
    struct redan_answer_wanted wanted;
    enum redan_answer_form form;
    enum redan_answer_way way;
    enum redan_answer_state state;
    unsigned status;  /* of the upstream */
    unsigned refusal; /* status of ours */
    bool armed;       /* something may be changed or refused; otherwise all leaves as it comes */
    bool shaping;     /* a shape is in force */
    bool closed;      /* what cannot be judged must not leave */
    bool fault;       /* status >= 400: an error in the upstream's words */
    const char *why;  /* of a refusal, for the caller; static */

    struct redan_buf held; /* bytes that wait */
    struct redan_buf out;  /* bytes that may leave */

    /* lines and events (answer_frame.c) */
    size_t line;    /* where the line that is read begins in what is held */
    bool skip_feed; /* a line feed that comes next belongs to the line end before it */
    bool begun;     /* the first byte was seen */
    bool has_data;  /* the event has a line of data */

    /* facts */
    double *labels, *scores; /* wanted.rows of each; NULL: none asked for, or no memory */
    size_t label_count, score_count;
    bool changed, refused, error;
    const struct redan_policy_answer_rule *rule;
    unsigned char weight; /* of the action that decided so far */
    uint64_t hits;
    uint8_t id_len, model_len, version_len, detail_len;
    char id[128], model[64], version[64], detail[192];
};

/* --- places (answer_place.c) --------------------------------------------------------------------------------------------- */

enum redan_place_kind {
    REDAN_PLACE_ROWS,   /* a list of one value per row */
    REDAN_PLACE_ROW,    /* the value of one row */
    REDAN_PLACE_TENSOR, /* the data of a tensor: rows one after the other, nested or flat */
};

struct redan_place {
    uint32_t at;
    enum redan_place_kind kind;
    struct redan_slice name; /* of the output; empty: it has none */
    bool label;              /* the policy's pointer to labels leads here */
    bool fraction; /* among the numbers of this output is one that is not whole: it holds scores */
};

/* One after the other; {0} but for the tape and the answering before the first. */
struct redan_places {
    const struct redan_answering *answering;
    struct redan_tape *tape;
    size_t number; /* of the pointer */
    bool open;     /* it is being followed */
    struct redan_point point;
    uint32_t member, members_end; /* of an object of outputs by name */
    bool fraction;                /* of the pointer */
    bool found;                   /* anything */
};
bool redan_place_next(struct redan_places *places, struct redan_place *place);

/* A list of numbers and nothing else. */
bool redan_place_vector(const struct redan_tape *tape, uint32_t at);
/* A value is whole: 2, 2.0, 20e-1. */
bool redan_place_whole(double value);
/* Names by which model servers call a label, a score. */
bool redan_place_label_name(struct redan_slice name);
bool redan_place_score_name(struct redan_slice name);
/* What the members of one row's object are. */
struct redan_row_object {
    uint32_t label; /* the first member that is one; or NONE */
    uint32_t score; /* the member that is the score; or NONE */
    uint32_t best;  /* of a map from label to score: the largest; or NONE */
    size_t numeric, real;
};
void redan_place_object(const struct redan_answering *answering, const struct redan_tape *tape,
                        uint32_t at, struct redan_row_object *object);
/* Whether a list has objects of a label and a score each, and which has the highest; NONE when it has not. */
uint32_t redan_place_ranking(const struct redan_answering *answering, const struct redan_tape *tape,
                             uint32_t at);
/* A tensor: its members beside the data, its sizes, and how many values belong to one label. */
struct redan_tensor {
    uint32_t object, datatype, shape;
    bool scores; /* of a type, or with values, that are no labels */
    size_t values, width;
    bool sound; /* all values are numbers, as many as the shape asks for */
};
void redan_place_tensor(const struct redan_tape *tape, const struct redan_place *place,
                        struct redan_tensor *tensor);
/* Next value of a tensor's data that is not a list; from place->at on; false at the end. */
bool redan_tensor_next(const struct redan_tape *tape, uint32_t data, uint32_t *at);
/* Whether the policy names another output than this as the score. */
bool redan_place_other(const struct redan_answering *answering, struct redan_slice name);

/* --- what is done ---------------------------------------------------------------------------------------------------- */

/* Facts of one text, before anything in it is changed (answer_facts.c). */
void redan_answer_take_facts(struct redan_answering *answering, struct redan_tape *tape);
void redan_answer_take_row(struct redan_answering *answering, const double *score,
                           const double *label);
/* One action on the answering: REFUSE, MASK or MARK by a rule. Returns true when it is to be done. */
bool redan_answer_speak(struct redan_answering *answering,
                        const struct redan_policy_answer_rule *rule, const char *format, ...)
    REDAN_PRINTF(3, 4);
/* Rules over one text (answer_check.c); answering->refused is set where one refuses. Failures are for memory. */
REDAN_NODISCARD enum redan_status redan_answer_check(struct redan_answering *answering,
                                                     struct redan_tape *tape);
/* One rule could not be applied: the status again when it is closed, otherwise REDAN_OK, noted. */
REDAN_NODISCARD enum redan_status
redan_answer_could_not(struct redan_answering *answering,
                       const struct redan_policy_answer_rule *rule, enum redan_status status);
/* A number that was found in a score: clamped when a rule masks. True when `*value` was changed. */
bool redan_answer_range(struct redan_answering *answering,
                        const struct redan_policy_answer_rule *rule, double *value);
/* Only labels remain; REDAN_E_UNSUPPORTED when that cannot be made certain (answer_labels.c). */
REDAN_NODISCARD enum redan_status redan_answer_labels(struct redan_answering *answering,
                                                      struct redan_tape *tape);
/* Rounding and the k highest (answer_rewrite.c). */
REDAN_NODISCARD enum redan_status redan_answer_top(struct redan_answering *answering,
                                                   struct redan_tape *tape);
REDAN_NODISCARD enum redan_status redan_answer_round(struct redan_answering *answering,
                                                     struct redan_tape *tape);
/* Texts that a format has for other things than scores, in an answer's root: its id, its model. */
bool redan_answer_meta(const struct redan_tape *tape, uint32_t at);
/* The lines of a CSV text (answer_csv.c): facts, rules, and, when `out` is not NULL, what they are shaped into. */
REDAN_NODISCARD enum redan_status redan_answer_csv(struct redan_answering *answering,
                                                   struct redan_slice text, struct redan_buf *out);
/* Which of `count` values are not among the k highest; the first of equals is. `lesser` is written. */
REDAN_NODISCARD enum redan_status redan_answer_lesser(struct redan_ctx *ctx, const double *values,
                                                      size_t count, uint64_t top, bool *lesser);

/* Judge one JSON text (answer_judge.c): what leaves instead of it is added to `out`, unless `*same` is set. False when it must not leave: answering->refused is set. */
bool redan_answer_json(struct redan_answering *answering, struct redan_slice text,
                       struct redan_buf *out, bool *same);
/* A CSV text in the same manner. */
bool redan_answer_table(struct redan_answering *answering, struct redan_slice text,
                        struct redan_buf *out, bool *same);
/* Something could not be judged: refused when that is closed (true), and otherwise noted. `detail` may be NULL. */
bool redan_answer_unjudged(struct redan_answering *answering, unsigned status, const char *why,
                           const char *detail);
void redan_answer_refuse(struct redan_answering *answering, unsigned status, const char *why);
/* What leaves with {"error":...,"rule":...,"id":...} at its end: answering->out and that, as a whole answer or as the last event of a stream. Never fails: without memory
 * it is a fixed text. */
void redan_answer_error(struct redan_answering *answering, struct redan_slice *bytes);

/* Hold more bytes back; false when there are too many or no memory, and then the state says what becomes of them. */
bool redan_answer_hold(struct redan_answering *answering, const char *at, size_t len);
/* Lines and events as they come (answer_frame.c). What may leave is added to answering->out. */
void redan_answer_frames(struct redan_answering *answering, struct redan_slice piece, bool last);

#endif
