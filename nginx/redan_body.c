/* The request's body in one piece of memory, whatever way it comes; never more of it than the policy allows. */
#include "redan_nginx.h"

enum { FIRST_ROOM = 4096 };

/* The phases go on where they stopped. */
static void go_on(ngx_http_request_t *r, struct redan_nginx_ctx *ctx)
{
    ctx->stage = REDAN_NGINX_READ;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}

/* Room for `more` bytes: twice what there was, so that memory follows what came, not what was announced. */
static ngx_int_t make_room(ngx_http_request_t *r, struct redan_nginx_ctx *ctx, size_t more,
                           size_t limit)
{
    size_t room = ctx->body_room ? ctx->body_room : FIRST_ROOM;

    while (room < ctx->body_length + more)
        room *= 2;
    room = ngx_min(room, ngx_max(limit, 1));
    if (room <= ctx->body_room)
        return NGX_OK;
    u_char *body = ngx_palloc(r->pool, room);
    if (!body)
        return NGX_ERROR;
    if (ctx->body) {
        ngx_memcpy(body, ctx->body, ctx->body_length);
        (void)ngx_pfree(r->pool, ctx->body);
    }
    ctx->body = body;
    ctx->body_room = room;
    return NGX_OK;
}

/* Take over what has come, and give nginx its buffers back. */
static ngx_int_t take(ngx_http_request_t *r, struct redan_nginx_ctx *ctx, size_t limit)
{
    ngx_chain_t *link = r->request_body->bufs;

    r->request_body->bufs = NULL;
    while (link) {
        ngx_chain_t *used = link;
        ngx_buf_t *buf = link->buf;
        size_t length = ngx_buf_in_memory(buf) ? (size_t)(buf->last - buf->pos) : 0;
        link = link->next;
        if (length > limit - ctx->body_length) {
            ctx->body_missing = 1;
            return NGX_OK;
        }
        if (length && make_room(r, ctx, length, limit) != NGX_OK)
            return NGX_ERROR;
        if (length)
            ngx_memcpy(ctx->body + ctx->body_length, buf->pos, length);
        ctx->body_length += length;
        buf->pos = buf->last;
        ngx_free_chain(r->pool, used);
    }
    return NGX_OK;
}

/* For the upstream: the same bytes, as nginx would hold them. */
static ngx_int_t hand_back(ngx_http_request_t *r, const struct redan_nginx_ctx *ctx)
{
    ngx_buf_t *buf = ngx_calloc_buf(r->pool);
    ngx_chain_t *link = ngx_alloc_chain_link(r->pool);

    if (!buf || !link)
        return NGX_ERROR;
    buf->start = buf->pos = ctx->body;
    buf->last = buf->end = ctx->body + ctx->body_length;
    buf->memory = ctx->body_length > 0;
    buf->last_buf = 1;
    link->buf = buf;
    link->next = NULL;
    r->request_body->bufs = ctx->body_length ? link : NULL;
    r->request_body_no_buffering = 0;
    if (r->headers_in.chunked)
        r->headers_in.content_length_n = (off_t)ctx->body_length;
    return NGX_OK;
}

static size_t limit_of(const struct redan_nginx_ctx *ctx)
{
    struct redan_guard_facts facts;

    redan_guard_facts(ctx->unit->guard, &facts);
    return facts.request_bytes;
}

static void read_no_more(ngx_http_request_t *r)
{
    if (r->connection->read->timer_set)
        ngx_del_timer(r->connection->read);
#if (NGX_HTTP_V2)
    if (r->stream)
        r->stream->skip_data = 1;
#endif
}

/* Piece by piece: stops reading at the first byte over the limit. */
static void piece_came(ngx_http_request_t *r)
{
    struct redan_nginx_ctx *ctx = ngx_http_get_module_ctx(r, ngx_http_redan_module);
    size_t limit = ctx->unit->guard ? limit_of(ctx) : 0;

    limit = ngx_max(limit, ctx->body_length); /* a smaller policy came up meanwhile */
    for (;;) {
        ngx_int_t rc = take(r, ctx, limit);
        if (rc == NGX_OK && !ctx->body_missing && r->reading_body)
            rc = ngx_http_read_unbuffered_request_body(r);
        if (rc == NGX_ERROR)
            rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            ngx_http_finalize_request(r, rc);
            return;
        }
        if (ctx->body_missing || (!r->reading_body && !r->request_body->bufs))
            break;
        if (rc == NGX_AGAIN && !r->request_body->bufs) {
            r->read_event_handler = piece_came;
            return;
        }
    }
    ctx->body_cut = ctx->body_missing;
    if (ctx->body_cut)
        read_no_more(r);
    r->read_event_handler = ngx_http_block_reading;
    if (!ctx->body_missing && hand_back(r, ctx) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    go_on(r, ctx);
}

/* nginx has read all of it, or, where it does not buffer, what had come already. */
static void body_came(ngx_http_request_t *r)
{
    struct redan_nginx_ctx *ctx = ngx_http_get_module_ctx(r, ngx_http_redan_module);

    if (r->reading_body)
        piece_came(r);
    else
        go_on(r, ctx);
}

ngx_int_t redan_nginx_body_read(ngx_http_request_t *r, struct redan_nginx_ctx *ctx, size_t limit,
                                ngx_uint_t bounded)
{
    ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    (void)ctx;
    (void)limit;
    /* What fits into nginx's buffer is left to nginx. The rest is read here, so that it neither goes to disk nor on beyond the limit; where nothing is
     * enforced it must reach the upstream even when it is too large, and nginx buffers it as ever. */
    r->request_body_no_buffering =
        bounded && !r->request_body_in_file_only &&
        (r->headers_in.chunked ||
         r->headers_in.content_length_n > (off_t)core->client_body_buffer_size);
    r->request_body_in_single_buf = 1;
    ngx_int_t rc = ngx_http_read_client_request_body(r, body_came);
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE)
        return rc;
    ngx_http_finalize_request(r, NGX_DONE); /* the reader counted itself */
    return NGX_DONE;
}

static ngx_int_t read_back(ngx_buf_t *buf, u_char **place)
{
    size_t size = (size_t)(buf->file_last - buf->file_pos);

    while (size) {
        ssize_t n = ngx_read_file(buf->file, *place, size, buf->file_last - (off_t)size);
        if (n <= 0)
            return NGX_ERROR;
        *place += n;
        size -= (size_t)n;
    }
    return NGX_OK;
}

ngx_int_t redan_nginx_body_gather(ngx_http_request_t *r, size_t limit, struct redan_bytes *body,
                                  ngx_uint_t *missing)
{
    ngx_chain_t *all = r->request_body ? r->request_body->bufs : NULL;
    off_t size = 0;

    *missing = 0;
    *body = (struct redan_bytes){NULL, 0};
    for (ngx_chain_t *link = all; link; link = link->next) {
        size += ngx_buf_size(link->buf);
        if (size > (off_t)limit) {
            *missing = 1;
            return NGX_OK;
        }
    }
    if (!all || size == 0)
        return NGX_OK;
    if (!all->next && ngx_buf_in_memory(all->buf)) {
        *body = (struct redan_bytes){(const char *)all->buf->pos, (size_t)size};
        return NGX_OK;
    }
    u_char *joined = ngx_palloc(r->pool, (size_t)size);
    u_char *place = joined;
    if (!joined)
        return NGX_ERROR;
    for (ngx_chain_t *link = all; link; link = link->next) {
        ngx_buf_t *buf = link->buf;
        if (ngx_buf_in_memory(buf))
            place = ngx_cpymem(place, buf->pos, (size_t)(buf->last - buf->pos));
        else if (buf->in_file && read_back(buf, &place) != NGX_OK)
            return NGX_ERROR;
    }
    *body = (struct redan_bytes){(const char *)joined, (size_t)(place - joined)};
    return NGX_OK;
}
