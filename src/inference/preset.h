/* How inference servers spell a request and its answer: one preset per wire format, and what all of them mean. */
#ifndef REDAN_INFERENCE_PRESET_H
#define REDAN_INFERENCE_PRESET_H

#include "base/buf.h"
#include "base/ctx.h"

/* What a request may ask. */
struct redan_request_rules {
    const struct redan_slice
        *names;     /* of the columns, in the model's order; NULL: rows by name are refused */
    size_t columns; /* 0: as many as the first row has */
    size_t rows;    /* at most this many; 0 is 65,536 */
    bool texts;     /* a cell may be a text: a category */
    bool missing;   /* a cell may be null, or empty in CSV: its value is NaN */
    const struct redan_preset_pointers *pointers; /* of the preset "pointers" alone */
    struct redan_slice
        media; /* the body's content type, parameters included; empty: what the preset expects */
};

/* Where the preset "pointers" finds things: JSON pointers (RFC 6901), in which "*" (written <*> here) stands for every item of a list. */
struct redan_preset_pointers {
    struct redan_slice path; /* glob over request paths */
    struct redan_slice
        rows; /* of the request: a list of rows, or "/records/<*>/features"; a row is a list or an object by name */
    struct redan_slice scores; /* of the answer: "/results/<*>/score"; may be empty */
    struct redan_slice labels; /* of the answer; may be empty */
};

/* Rows to be judged. Everything is in the context's arena or borrows from the body. */
struct redan_request {
    struct redan_slice id; /* empty when the format or the caller has none */
    size_t rows;
    size_t columns;
    const double
        *values; /* row after row; finite, but NaN for a missing cell and for one that is a text */
    const struct redan_slice
        *texts; /* by the same order: cells that are texts have `.at` set; NULL: no cell is */
    const struct redan_slice
        *names; /* of the columns; NULL: not known. A decoder tells the rules' */
    const struct redan_slice *wanted; /* names of outputs the caller asks for; none means all */
    size_t wanted_count;
};

/* What a server says: one value per row. */
struct redan_answer {
    struct redan_slice model;
    struct redan_slice version; /* may be empty */
    struct redan_slice id;      /* the request's, or empty */
    struct redan_slice output;  /* name of the output */
    bool labels;                /* whole numbers; otherwise scores in single precision */
    unsigned decimals;          /* scores are rounded to so many; REDAN_DECIMALS_ALL for none */
    const double *values;
    size_t rows;
};

enum { REDAN_DECIMALS_ALL = 99 };

enum redan_output_kind {
    REDAN_OUTPUT_EMPTY,
    REDAN_OUTPUT_NUMBERS,
    REDAN_OUTPUT_TEXTS,
    REDAN_OUTPUT_BOOLS,
    REDAN_OUTPUT_MIXED, /* kinds differ from row to row, or null occurs */
};

/* One named thing in an answer, as a probe or a guard sees it from outside. */
struct redan_output {
    struct redan_slice name;
    struct redan_slice datatype; /* empty where the format has none */
    enum redan_output_kind kind;
    size_t count;                    /* values */
    size_t width;                    /* values per row; 1 unless a row is a list */
    const double *numbers;           /* NUMBERS; otherwise NULL */
    const struct redan_slice *texts; /* TEXTS; otherwise NULL */
    unsigned
        decimals; /* NUMBERS: most digits after the point in any spelling, zeros at the end not counted */
};

struct redan_response {
    struct redan_slice model;
    struct redan_slice version;
    struct redan_slice id;
    struct redan_slice error; /* the server's own words, when it answered with an error */
    size_t rows;
    const struct redan_output *outputs;
    size_t count;
    const struct redan_slice *others; /* members the format does not know, in input order */
    size_t others_count;
    bool
        scores; /* a number with a fraction occurs anywhere, as a number or spelled in a string: more than a label */
};

struct redan_preset {
    const char *name;
    /* The path: before_model NAME after_model; before_model alone when after_model is NULL; what redan_preset_pointers says when both are. */
    const char *before_model;
    const char *after_model;
    const char *
        version; /* what stands between NAME and a version in the path, "/versions/"; NULL: no version */
    const char *const *media; /* content types it reads, without parameters; ends with NULL */
    /* JSON pointers, "*" for every item, to the lists or numbers of an answer that are scores or labels; ends with NULL. */
    const char *const *answers;
    /* REDAN_E_SYNTAX (not JSON), REDAN_E_SCHEMA (not a request of this format), REDAN_E_LIMIT, each with the offset and
     * a text fit for the caller; REDAN_E_MEMORY. */
    enum redan_status (*decode_request)(struct redan_ctx *ctx, struct redan_slice body,
                                        const struct redan_request_rules *rules,
                                        struct redan_request *request);
    /* The request of a client with these rows. */
    void (*encode_request)(const struct redan_request *request, struct redan_buf *out);
    void (*encode_response)(const struct redan_answer *answer, struct redan_buf *out);
    /* An answer or an error object; anything else is REDAN_E_SYNTAX or REDAN_E_SCHEMA. */
    enum redan_status (*decode_response)(struct redan_ctx *ctx, struct redan_slice body,
                                         struct redan_response *response);
};

extern const struct redan_preset *const redan_presets[]; /* ends with NULL */

/* Whether a request's path is this preset's, and which model and version it names (empty: none). `pointers` is for that preset alone. */
bool redan_preset_match(const struct redan_preset *preset,
                        const struct redan_preset_pointers *pointers, struct redan_slice path,
                        struct redan_slice *model, struct redan_slice *version);
/* Whether it reads this content type, in any letter case. A parameter that could change the reading (any but charset=utf-8 or us-ascii) is not
 * read. Of an empty one: whether there is only one that it could be. */
bool redan_preset_reads(const struct redan_preset *preset, struct redan_slice content_type);

/* The preset of this name, or NULL. */
const struct redan_preset *redan_preset_find(struct redan_slice name);

#endif
