/* The context's life, its first failure, and the arena shorthands. */
#include "base/ctx.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/buf.h"

void redan_ctx_init(struct redan_ctx *ctx, const struct redan_limits *limits)
{
    *ctx = (struct redan_ctx){.limits = limits ? *limits : redan_limits_default};
    ctx->mem.max = ctx->limits.memory;
    redan_arena_init(&ctx->arena, &ctx->mem);
    ctx->now = (int64_t)time(NULL);
    if (getrandom(&ctx->seed, sizeof(ctx->seed), GRND_NONBLOCK) != (ssize_t)sizeof(ctx->seed))
        ctx->seed = (uint64_t)(uintptr_t)ctx ^ (uint64_t)ctx->now; /* early boot only */
}

void redan_ctx_beside(struct redan_ctx *ctx, const struct redan_ctx *other)
{
    *ctx = (struct redan_ctx){.limits = other->limits, .now = other->now, .seed = other->seed};
    ctx->mem.max = ctx->limits.memory;
    ctx->mem.fail_at = other->mem.fail_at;
    redan_arena_init(&ctx->arena, &ctx->mem);
}

void redan_ctx_done(struct redan_ctx *ctx)
{
    if (ctx)
        redan_arena_done(&ctx->arena);
}

REDAN_PRINTF(3, 0)
static void record(struct redan_ctx *ctx, enum redan_status status, const char *format,
                   va_list args)
{
    ctx->failure.status = status;
    (void)vsnprintf(ctx->failure.text, sizeof(ctx->failure.text), format, args);
}

enum redan_status redan_fail(struct redan_ctx *ctx, enum redan_status status, uint64_t offset,
                             const char *format, ...)
{
    if (ctx->failure.status == REDAN_OK) {
        va_list args;
        va_start(args, format);
        record(ctx, status, format, args);
        va_end(args);
        ctx->failure.offset = offset;
    }
    return status;
}

enum redan_status redan_fail_at(struct redan_ctx *ctx, enum redan_status status, unsigned line,
                                unsigned column, const char *format, ...)
{
    if (ctx->failure.status == REDAN_OK) {
        va_list args;
        va_start(args, format);
        record(ctx, status, format, args);
        va_end(args);
        ctx->failure.line = line;
        ctx->failure.column = column;
    }
    return status;
}

void redan_fail_name(struct redan_ctx *ctx, struct redan_slice name)
{
    struct redan_slice rest = {0};

    if (redan_slice_starts(name, REDAN_S("pkcs11:"))) /* its query may hold a PIN */
        (void)redan_slice_cut(name, '?', &name, &rest);
    if (ctx->failure.status != REDAN_OK && ctx->failure.name[0] == '\0')
        (void)snprintf(ctx->failure.name, sizeof(ctx->failure.name), "%.*s", REDAN_FMT(name));
}

void redan_fail_clear(struct redan_ctx *ctx)
{
    ctx->failure = (struct redan_failure){.status = REDAN_OK};
}

void *redan_take(struct redan_ctx *ctx, size_t size)
{
    void *bytes = redan_arena_take(&ctx->arena, size);

    if (!bytes)
        (void)redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for %zu bytes", size);
    return bytes;
}

void *redan_take_array(struct redan_ctx *ctx, size_t count, size_t size)
{
    void *bytes = redan_arena_array(&ctx->arena, count, size);

    if (!bytes)
        (void)redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for %zu times %zu bytes", count, size);
    return bytes;
}

enum redan_status redan_copy(struct redan_ctx *ctx, struct redan_slice s, struct redan_slice *copy)
{
    size_t need = 0;
    char *bytes = redan_add_size(s.len, 1, &need) ? redan_take(ctx, need) : NULL;

    if (!bytes)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a text of %zu bytes", s.len);
    if (s.len)
        memcpy(bytes, s.at, s.len);
    *copy = (struct redan_slice){bytes, s.len};
    return REDAN_OK;
}

enum redan_status redan_format(struct redan_ctx *ctx, struct redan_slice *text, const char *format,
                               ...)
{
    va_list args;
    va_list again;
    enum redan_status status = REDAN_OK;

    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *bytes = n < 0 ? NULL : redan_take(ctx, (size_t)n + 1);
    if (!bytes) {
        status = redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a formatted text");
    } else {
        (void)vsnprintf(bytes, (size_t)n + 1, format, again);
        *text = (struct redan_slice){bytes, (size_t)n};
    }
    va_end(again);
    va_end(args);
    return status;
}

enum redan_status redan_keep_texts(struct redan_ctx *ctx, struct redan_arena_mark mark,
                                   struct redan_slice *const *texts, size_t count, size_t most)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) kept = {0};
    size_t at = 0;

    redan_buf_init(&kept, ctx, SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        texts[i]->len = redan_min_size(texts[i]->len, most);
        redan_buf_slice(&kept, *texts[i]);
    }
    REDAN_TRY(redan_buf_ok(ctx, &kept, "what is kept"));
    redan_arena_reset(&ctx->arena, mark);
    for (size_t i = 0; i < count; i++) {
        size_t len = texts[i]->len;
        REDAN_TRY(redan_copy(ctx, redan_slice_sub(redan_buf_view(&kept), at, len), texts[i]));
        at += len;
    }
    return REDAN_OK;
}
