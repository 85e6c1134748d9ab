/* The body of an answer, fed through the guard: held whole, or let go event by event, never faster than the client takes it. */
#include "redan_nginx.h"

enum {
    PIECE = 4096,     /* of one buffer that goes out */
    PIECES_BUSY = 16, /* buffers that wait for the client before reading stops */
    SLICE = 16384,    /* of what is fed at once */
    BUFFERED = 0x40,  /* in connection->buffered: nginx's own bits are 0x01, 0x02, 0x10, 0x20 */
};

/* What lies below may wait for the client. */
static ngx_int_t flush_below(ngx_http_request_t *r)
{
    return r->connection->buffered || r->out ? redan_nginx_body_next(r, NULL) : NGX_OK;
}

static void consume(ngx_buf_t *buf)
{
    buf->pos = buf->last;
    buf->file_pos = buf->file_last;
}

static void swallow(ngx_chain_t *in)
{
    for (; in; in = in->next)
        consume(in->buf);
}

static struct redan_bytes view(const ngx_buf_t *buf)
{
    if (!ngx_buf_in_memory(buf))
        return (struct redan_bytes){NULL, 0};
    return (struct redan_bytes){(const char *)buf->pos, (size_t)(buf->last - buf->pos)};
}

/* nginx ends an answer that its upstream broke off by an empty buffer that is flushed, after it gave the upstream up. */
static int is_cut(ngx_http_request_t *r, const ngx_buf_t *buf)
{
    return ngx_buf_special(buf) && buf->flush && !buf->last_buf && r->upstream &&
           !r->upstream->cleanup;
}

/* The copy filter has brought files into memory before this filter. */
static int is_readable(ngx_http_request_t *r, const ngx_buf_t *buf)
{
    if (ngx_buf_in_memory(buf) || ngx_buf_special(buf))
        return 1;
    ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                  "redan: an answer came that is in no memory");
    return 0;
}

static struct redan_bytes take(ngx_buf_t *buf, size_t most)
{
    struct redan_bytes piece = view(buf);

    piece.size = ngx_min(piece.size, most);
    buf->pos += piece.size;
    if (buf->pos == buf->last)
        buf->file_pos = buf->file_last;
    return piece;
}

/* --- pieces that go out ---------------------------------------------------------------------------------------------------- */

struct outgoing {
    ngx_chain_t *first;
    ngx_chain_t **end;
    ngx_uint_t count; /* with those that wait already */
};

static ngx_buf_t *piece_new(ngx_http_request_t *r, struct redan_nginx_ctx *ctx,
                            struct outgoing *outgoing)
{
    ngx_chain_t *link = ngx_chain_get_free_buf(r->pool, &ctx->free);

    if (!link)
        return NULL;
    ngx_buf_t *buf = link->buf;
    u_char *start = buf->start;
    if (!start) {
        start = ngx_palloc(r->pool, PIECE);
        if (!start)
            return NULL;
    }
    ngx_memzero(buf, sizeof(*buf));
    buf->start = buf->pos = buf->last = start;
    buf->end = start + PIECE;
    buf->tag = (ngx_buf_tag_t)&ngx_http_redan_module;
    link->next = NULL;
    *outgoing->end = link;
    outgoing->end = &link->next;
    outgoing->count++;
    return buf;
}

/* What may leave is copied: it is valid until the next feeding only. */
static ngx_int_t pieces_add(ngx_http_request_t *r, struct redan_nginx_ctx *ctx,
                            struct outgoing *outgoing, struct redan_bytes bytes, int flush,
                            int last)
{
    ngx_buf_t *buf = NULL;

    while (bytes.size || (!buf && (flush || last))) {
        size_t size = ngx_min(bytes.size, PIECE);
        buf = piece_new(r, ctx, outgoing);
        if (!buf)
            return NGX_ERROR;
        if (size) {
            buf->last = ngx_cpymem(buf->pos, bytes.at, size);
            buf->temporary = 1;
            bytes.at += size;
            bytes.size -= size;
        }
    }
    if (buf) {
        buf->flush = flush != 0;
        buf->last_buf = last != 0;
        buf->last_in_chain = last != 0;
    }
    return NGX_OK;
}

/* --- whole --------------------------------------------------------------------------------------------------------------- */

static ngx_int_t send_whole(ngx_http_request_t *r, struct redan_nginx_ctx *ctx,
                            const struct redan_guard_out *out)
{
    ctx->held = 0;
    ctx->over = 1;
    if (out->status) { /* nothing of a refused answer leaves, its headers neither */
        ngx_http_clean_header(r);
        r->err_status = 0;
        r->headers_out.status = out->status;
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "redan: an answer is refused, %ud",
                      out->status);
    }
    if (out->content_type) {
        r->headers_out.content_type.data = (u_char *)(uintptr_t)out->content_type;
        r->headers_out.content_type.len = ngx_strlen(out->content_type);
        r->headers_out.content_type_len = r->headers_out.content_type.len;
        r->headers_out.content_type_lowcase = NULL;
        ngx_str_null(&r->headers_out.charset);
    }
    if (ctx->observes) { /* nothing else of it is changed */
        ngx_http_clear_content_length(r);
    } else {
        redan_nginx_forget(r);
    }
    r->headers_out.content_length_n = (off_t)out->bytes.size;
    ngx_int_t rc = redan_nginx_header_next(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only)
        return rc;
    ngx_buf_t *buf = ngx_calloc_buf(r->pool);
    ngx_chain_t *link = ngx_alloc_chain_link(r->pool);
    if (!buf || !link)
        return NGX_ERROR;
    buf->pos = buf->start = (u_char *)(uintptr_t)out->bytes.at;
    buf->last = buf->end = buf->pos + out->bytes.size;
    buf->memory = out->bytes.size > 0; /* it lives as long as the call */
    buf->last_buf = 1;
    buf->last_in_chain = 1;
    link->buf = buf;
    link->next = NULL;
    return redan_nginx_body_next(r, link);
}

static ngx_int_t send_broken(ngx_http_request_t *r, struct redan_nginx_ctx *ctx)
{
    static const char body[] = "{\"error\": \"the answer could not be had whole\"}\n";
    const struct redan_guard_out out = {.bytes = {body, sizeof(body) - 1},
                                        .status = NGX_HTTP_BAD_GATEWAY,
                                        .content_type = "application/json"};

    r->keepalive = 0;
    return send_whole(r, ctx, &out);
}

/* The guard looks on, and every byte leaves as it came: nginx's own buffers are passed on. `fed`: the first of them was seen already. */
static ngx_int_t pass_on(ngx_http_request_t *r, struct redan_nginx_ctx *ctx, ngx_chain_t *in,
                         int fed)
{
    struct redan_guard_out out;

    for (ngx_chain_t *link = in; link; link = link->next) {
        struct redan_bytes piece = view(link->buf);
        int last = link->buf->last_buf;
        if ((fed && link == in) || (piece.size == 0 && !last))
            continue;
        ngx_memzero(&out, sizeof(out));
        if (!is_readable(r, link->buf) ||
            redan_guard_answer_feed(ctx->call, piece, last, &out) != REDAN_GUARD_OK ||
            out.bytes.size != piece.size ||
            (piece.size && out.bytes.at != piece.at)) { /* its length was promised */
            ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                          "redan: an answer changed after it began to leave, and is cut");
            return NGX_ERROR;
        }
    }
    return redan_nginx_body_next(r, in);
}

/* Bytes leave before the last one came: nothing will be done to this answer, and its headers are right as they are. */
static ngx_int_t let_go(ngx_http_request_t *r, struct redan_nginx_ctx *ctx, ngx_chain_t *link,
                        struct redan_bytes piece, const struct redan_guard_out *out)
{
    ctx->held = 0;
    ctx->let = 1;
    ngx_int_t rc = redan_nginx_header_next(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only)
        return rc;
    if (out->bytes.at == piece.at && out->bytes.size == piece.size)
        return pass_on(r, ctx, link, 1);
    /* what was held before, and this piece */
    struct outgoing outgoing = {NULL, NULL, 0};
    outgoing.end = &outgoing.first;
    if (pieces_add(r, ctx, &outgoing, out->bytes, 0, 0) != NGX_OK)
        return NGX_ERROR;
    rc = redan_nginx_body_next(r, outgoing.first);
    ngx_chain_update_chains(r->pool, &ctx->free, &ctx->busy, &outgoing.first,
                            (ngx_buf_tag_t)&ngx_http_redan_module);
    consume(link->buf);
    if (rc == NGX_ERROR || !link->next)
        return rc;
    return pass_on(r, ctx, link->next, 0);
}

ngx_int_t redan_nginx_answer_whole(ngx_http_request_t *r, struct redan_nginx_ctx *ctx,
                                   ngx_chain_t *in)
{
    struct redan_guard_out out;

    if (ctx->let)
        return pass_on(r, ctx, in, 0);
    for (ngx_chain_t *link = in; link && !ctx->over; link = link->next) {
        ngx_buf_t *buf = link->buf;
        struct redan_bytes piece = view(buf);
        int last = buf->last_buf;
        int cut = is_cut(r, buf) || !is_readable(r, buf);
        if (!cut && piece.size == 0 && !last)
            continue;
        ngx_memzero(&out, sizeof(out));
        if (!cut && redan_guard_answer_feed(ctx->call, piece, last, &out) != REDAN_GUARD_OK) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "redan: an answer could not be judged");
            cut = 1;
        }
        if (!cut && !last && out.bytes.size)
            return let_go(r, ctx, link, piece, &out);
        if (cut || last) {
            ngx_int_t rc = cut ? send_broken(r, ctx) : send_whole(r, ctx, &out);
            swallow(in);
            return rc;
        }
        consume(buf);
    }
    swallow(in);
    return ctx->over ? flush_below(r) : NGX_OK;
}

/* --- streams ------------------------------------------------------------------------------------------------------------- */

/* The guard ends a stream before the upstream does. */
static void upstream_stop(ngx_http_request_t *r)
{
    ngx_http_upstream_t *upstream = r->upstream;

    if (!upstream || !upstream->cleanup)
        return;
    upstream->keepalive = 0;
    if (!upstream->buffering)
        upstream->length = 0;
}

/* One piece of what came; the link is given back when it is used up. */
static ngx_int_t stream_step(ngx_http_request_t *r, struct redan_nginx_ctx *ctx,
                             struct outgoing *outgoing)
{
    ngx_chain_t *link = ctx->in;
    ngx_buf_t *buf = link->buf;
    struct redan_guard_out out;

    if (!is_readable(r, buf))
        return NGX_ERROR;
    int cut = is_cut(r, buf);
    int flush = buf->flush;
    struct redan_bytes piece = take(buf, SLICE);
    int used = buf->pos == buf->last || !ngx_buf_in_memory(buf);
    int last = used && buf->last_buf;
    if (used) {
        ctx->in = link->next;
        ngx_free_chain(r->pool, link);
    }
    ngx_memzero(&out, sizeof(out));
    if (piece.size || last || cut) {
        if (redan_guard_answer_feed(ctx->call, piece, last || cut, &out) != REDAN_GUARD_OK) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "redan: a stream could not be judged, and is cut");
            return NGX_ERROR;
        }
    }
    if (out.over)
        upstream_stop(r);
    ctx->over = last || cut || out.over;
    /* what the upstream broke off is not made to look complete */
    return pieces_add(r, ctx, outgoing, out.bytes, out.bytes.size || (used && flush),
                      last || (out.over && !cut));
}

static ngx_uint_t links_count(const ngx_chain_t *link)
{
    ngx_uint_t count = 0;

    for (; link; link = link->next)
        count++;
    return count;
}

ngx_int_t redan_nginx_answer_stream(ngx_http_request_t *r, struct redan_nginx_ctx *ctx,
                                    ngx_chain_t *in)
{
    ngx_int_t rc = NGX_OK;

    if (ctx->over) {
        swallow(in);
        return flush_below(r);
    }
    if (in && ngx_chain_add_copy(r->pool, &ctx->in, in) != NGX_OK)
        return NGX_ERROR;
    do {
        struct outgoing outgoing = {NULL, NULL, links_count(ctx->busy)};
        outgoing.end = &outgoing.first;
        while (ctx->in && !ctx->over && outgoing.count < PIECES_BUSY) {
            if (stream_step(r, ctx, &outgoing) != NGX_OK)
                return NGX_ERROR;
        }
        rc = outgoing.first ? redan_nginx_body_next(r, outgoing.first) : flush_below(r);
        ngx_chain_update_chains(r->pool, &ctx->free, &ctx->busy, &outgoing.first,
                                (ngx_buf_tag_t)&ngx_http_redan_module);
        if (rc == NGX_ERROR)
            return NGX_ERROR;
        if (ctx->in && !ctx->over && links_count(ctx->busy) >= PIECES_BUSY) {
            r->connection->buffered |= BUFFERED; /* the client is slow: so are we */
            return NGX_AGAIN;
        }
    } while (ctx->in && !ctx->over);
    if (ctx->over) {
        swallow(ctx->in);
        ctx->in = NULL;
    }
    r->connection->buffered &= (unsigned)~BUFFERED & 0xff;
    return rc;
}
