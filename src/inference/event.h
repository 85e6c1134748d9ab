/* The inference event (redan/inference/1): one line of JSON per inference, written by the guard, read by replay, by calibration and later by the monitor. docs/schema/inference-event.json is its schema. */
#ifndef REDAN_INFERENCE_EVENT_H
#define REDAN_INFERENCE_EVENT_H

#include "base/buf.h"
#include "codec/json_pull.h"
#include "crypto/digest.h"

struct redan_event_finding {
    struct redan_slice rule;
    struct redan_slice action; /* "refuse" */
    struct redan_slice detail;
};

/* Texts are borrowed; empty ones are left out. */
struct redan_event {
    uint64_t time_ms;               /* since 1970; written as RFC 3339 with milliseconds */
    struct redan_slice id;          /* the request's */
    struct redan_slice response_id; /* gen_ai.response.id: the answer's own, where it has one */
    struct redan_slice system;
    struct redan_slice model;   /* gen_ai.request.model */
    struct redan_slice version; /* of the model */
    struct redan_slice preset;
    struct redan_slice policy; /* "sha256:..." */
    struct redan_slice profile;
    bool enforce;
    struct redan_slice caller; /* enduser.id */
    struct redan_slice caller_class;
    struct redan_slice address; /* client.address */
    uint64_t bytes;             /* http.request.body.size */
    size_t rows, columns;
    const double *values;            /* rows x columns; NULL: not stored. NaN is written as null */
    const struct redan_slice *texts; /* cells that are texts, where `.at` is set; may be NULL */
    struct redan_slice
        features_hash; /* "hmac-sha256:..." instead of the values; one over all rows */
    const double *p;   /* rows; NULL: none */
    unsigned status;   /* http.response.status_code as the caller saw it; 0: the connection broke */
    const double *labels;      /* rows; NULL: none */
    const double *scores;      /* rows; NULL: none */
    struct redan_slice action; /* what was done */
    struct redan_slice judged; /* what would be done when enforced */
    const struct redan_event_finding *findings;
    size_t finding_count;
    double log_e;         /* of the caller after this query; NaN: none */
    uint64_t duration_us; /* that judging took */
};

/* One text in quotes, by the same rule for what is not UTF-8. */
void redan_event_text(struct redan_buf *out, struct redan_slice text);
/* One line with its newline. What is not UTF-8 is replaced by U+FFFD. */
void redan_event_write(struct redan_buf *out, const struct redan_event *event);
/* Read one line, with or without its newline; everything is in the arena of the reader's context. REDAN_E_SYNTAX, REDAN_E_SCHEMA or REDAN_E_LIMIT with the offset. Unknown members are skipped. `reader` is reused from line to line. */
REDAN_NODISCARD enum redan_status
redan_event_read(struct redan_json *reader, struct redan_slice line, struct redan_event *event);

#endif
