/* An HTTP/1.1 answer as it comes in, piece by piece: where it ends, its status and its body. */
#ifndef FRAUD_ANSWER_H
#define FRAUD_ANSWER_H

#include "base/buf.h"

enum fraud_answer_state { FRAUD_ANSWER_MORE, FRAUD_ANSWER_WHOLE, FRAUD_ANSWER_MALFORMED };

struct fraud_answer {
    struct redan_buf *in; /* what came so far; the reader's */
    size_t body;          /* where the body begins; 0: the head is not whole */
    size_t at;            /* CHUNKED: what of `in` was read */
    size_t kept;          /* CHUNKED: end of the body, put together in place */
    uint64_t left;        /* bytes of the body, or of the chunk, to come */
    unsigned status;
    bool chunked, closes, to_end;
    enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER } chunk;
};

void fraud_answer_begin(struct fraud_answer *answer, struct redan_buf *in);
/* After more bytes came. `ended`: the connection was closed behind them. */
enum fraud_answer_state fraud_answer_read(struct fraud_answer *answer, bool ended);
struct redan_slice fraud_answer_body(const struct fraud_answer *answer);

#endif
