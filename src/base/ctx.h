/* One context per operation: memory, limits, first failure, clock and randomness. It belongs to one thread. */
#ifndef REDAN_BASE_CTX_H
#define REDAN_BASE_CTX_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/slice.h"

enum { REDAN_FAILURE_TEXT = 512, REDAN_FAILURE_NAME = 256 };

/* The first thing that went wrong, and where. */
struct redan_failure {
    enum redan_status status;
    uint64_t offset; /* byte offset in the input; 0 where it has none */
    unsigned line;   /* 1-based; 0 where the input has no lines */
    unsigned column;
    char name[REDAN_FAILURE_NAME]; /* the input's name as the user knows it; may be empty */
    char text[REDAN_FAILURE_TEXT];
};

struct redan_ctx {
    struct redan_mem mem;
    struct redan_limits limits;
    struct redan_arena arena;
    struct redan_failure failure;
    int64_t now;   /* seconds since 1970-01-01T00:00:00Z; tests and --at set it */
    uint64_t seed; /* seeds the hash of maps over untrusted keys */
    bool lacks;    /* a library was wanted and could not be loaded: another process might */
};

/* NULL limits are the defaults. Reads the clock and the kernel's randomness once. */
void redan_ctx_init(struct redan_ctx *ctx, const struct redan_limits *limits);
/* A context beside another: its limits, time and randomness, memory of its own. */
void redan_ctx_beside(struct redan_ctx *ctx, const struct redan_ctx *other);
void redan_ctx_done(struct redan_ctx *ctx);

/* Record the first failure and return its status; later ones leave the first in place. */
enum redan_status redan_fail(struct redan_ctx *ctx, enum redan_status status, uint64_t offset,
                             const char *format, ...) REDAN_PRINTF(4, 5);
/* The same with a line and column. */
enum redan_status redan_fail_at(struct redan_ctx *ctx, enum redan_status status, unsigned line,
                                unsigned column, const char *format, ...) REDAN_PRINTF(5, 6);
/* Say which input the recorded failure belongs to, unless it is known already. */
void redan_fail_name(struct redan_ctx *ctx, struct redan_slice name);
/* Forget the failure, when a caller has dealt with it. */
void redan_fail_clear(struct redan_ctx *ctx);

/* Give back everything that was taken since the mark but what these texts say, each cut to `most` bytes. */
REDAN_NODISCARD enum redan_status redan_keep_texts(struct redan_ctx *ctx,
                                                   struct redan_arena_mark mark,
                                                   struct redan_slice *const *texts, size_t count,
                                                   size_t most);

/* Arena shorthands. NULL or REDAN_E_MEMORY is recorded in the context. */
void *redan_take(struct redan_ctx *ctx, size_t size);
void *redan_take_array(struct redan_ctx *ctx, size_t count, size_t size);
REDAN_NODISCARD enum redan_status redan_copy(struct redan_ctx *ctx, struct redan_slice s,
                                             struct redan_slice *copy); /* NUL-terminated as well */
REDAN_NODISCARD enum redan_status redan_format(struct redan_ctx *ctx, struct redan_slice *text,
                                               const char *format, ...) REDAN_PRINTF(3, 4);

#endif
