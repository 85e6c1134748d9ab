/* A request before its content: its body is read, it is judged, and it goes on, waits, or is refused. */
#include "redan_nginx.h"

/* Also when the client left, or nothing was ever judged: the event is written when the request's memory goes. */
static void request_done(void *data)
{
    struct redan_nginx_ctx *ctx = data;
    ngx_http_request_t *r = ctx->request;
    ngx_uint_t status = r->err_status ? r->err_status : r->headers_out.status;
    ngx_time_t *now = ngx_timeofday();

    if (r->connection->error || status == NGX_HTTP_CLIENT_CLOSED_REQUEST || !r->header_sent)
        status = 0;
    redan_guard_call_end(ctx->call, (unsigned)status,
                         (uint64_t)now->sec * 1000 + (uint64_t)now->msec);
    ctx->call = NULL;
}

struct redan_nginx_ctx *redan_nginx_ctx(ngx_http_request_t *r)
{
    ngx_http_request_t *whole = r->main;
    struct redan_nginx_ctx *ctx = ngx_http_get_module_ctx(whole, ngx_http_redan_module);

    if (ctx || (!whole->internal && !whole->filter_finalize))
        return ctx;
    for (ngx_pool_cleanup_t *cleanup = whole->pool->cleanup; cleanup; cleanup = cleanup->next) {
        if (cleanup->handler == request_done) {
            ngx_http_set_ctx(whole, cleanup->data, ngx_http_redan_module);
            return cleanup->data;
        }
    }
    return NULL;
}

static struct redan_nginx_ctx *ctx_new(ngx_http_request_t *r, struct redan_nginx_unit *unit)
{
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, sizeof(struct redan_nginx_ctx));

    if (!cleanup)
        return NULL;
    struct redan_nginx_ctx *ctx = cleanup->data;
    ngx_memzero(ctx, sizeof(*ctx));
    ctx->request = r;
    ctx->unit = unit;
    cleanup->handler = request_done;
    ngx_http_set_ctx(r, ctx, ngx_http_redan_module);
    return ctx;
}

/* When the delay is over, the phases go on; nginx's own wait of limit_req is the model. */
static void delay_over(ngx_http_request_t *r)
{
    ngx_event_t *write = r->connection->write;

    if (write->delayed) {
        if (ngx_handle_write_event(write, 0) != NGX_OK)
            ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}

static ngx_int_t delay(ngx_http_request_t *r, unsigned ms)
{
    if (r->connection->read->ready) {
        ngx_post_event(r->connection->read, &ngx_posted_events);
    } else if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    r->read_event_handler = ngx_http_test_reading; /* a client that leaves ends the wait */
    r->write_event_handler = delay_over;
    r->connection->write->delayed = 1;
    ngx_add_timer(r->connection->write, ms);
    return NGX_AGAIN;
}

/* A phase that answered by itself is finished with the request. */
static ngx_int_t refused(ngx_http_request_t *r, struct redan_nginx_ctx *ctx, ngx_int_t rc)
{
    ctx->own = 1;
    ctx->stage = REDAN_NGINX_JUDGED;
    ngx_http_finalize_request(r, rc);
    return NGX_DONE;
}

static ngx_int_t closed(ngx_http_request_t *r, struct redan_nginx_ctx *ctx)
{
    ctx->own = 1; /* before anything is sent */
    return refused(r, ctx, redan_nginx_send_closed(r));
}

static ngx_int_t refuse(ngx_http_request_t *r, struct redan_nginx_ctx *ctx)
{
    const struct redan_guard_verdict *verdict = &ctx->verdict;
    u_char reason[REDAN_NGINX_REASON];

    /* it may repeat what the client sent, which writes no lines of its own into the log */
    u_char *end = ngx_cpystrn(reason, (u_char *)(uintptr_t)verdict->reason, sizeof(reason));
    for (u_char *c = reason; c < end; c++)
        *c = *c < 0x20 || *c == 0x7f ? '?' : *c;
    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "redan: refused %ud, rule \"%s\": %s",
                  verdict->status, verdict->rule, reason);
    ctx->own = 1;
    return refused(r, ctx,
                   redan_nginx_send(r, verdict->status, "application/json", verdict->body,
                                    verdict->retry_after));
}

static ngx_int_t judge(ngx_http_request_t *r, struct redan_nginx_ctx *ctx)
{
    struct redan_guard_request request;
    struct redan_guard_facts facts;
    enum redan_guard_answer answer;

    ngx_memzero(&request, sizeof(request));
    if (redan_nginx_request(r, &request) != NGX_OK)
        return closed(r, ctx);
    ctx->id_length = ngx_min(request.id.size, sizeof(ctx->id));
    ngx_memcpy(ctx->id, request.id.at, ctx->id_length);
    request.body = (struct redan_bytes){(const char *)ctx->body, ctx->body_length};
    request.body_missing = ctx->body_missing;
    redan_guard_facts(ctx->unit->guard, &facts);
    ctx->observes = !facts.enforce;
    answer = redan_guard_call(ctx->unit->guard, &request, &ctx->call, &ctx->verdict);
    if (ctx->verdict.action == REDAN_GUARD_REFUSE && ctx->verdict.status)
        return refuse(r, ctx);
    if (answer != REDAN_GUARD_OK || !ctx->call) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "redan: a request could not be judged");
        return closed(r, ctx);
    }
    /* a policy that only observes came up while another one's limit cut the body: what is left is no request */
    if (ctx->body_cut || redan_nginx_headers(r, &ctx->verdict) != NGX_OK)
        return closed(r, ctx);
    /* the upstream is sent the path that was judged, not another way to write it; conditions and ranges are not for answers that are made here */
    r->valid_unparsed_uri = 0;
    r->disable_not_modified = 1;
    ctx->stage = REDAN_NGINX_JUDGED;
    if (ctx->verdict.delay_ms == 0)
        return NGX_DECLINED;
    ctx->stage = REDAN_NGINX_WAITING;
    return delay(r, ctx->verdict.delay_ms);
}

/* The body is all there, or will not be had. */
static ngx_int_t body_there(ngx_http_request_t *r, struct redan_nginx_ctx *ctx, size_t limit)
{
    struct redan_bytes body = {NULL, 0};
    ngx_uint_t missing = 0;

    if (!ctx->body && !ctx->body_missing) {
        ngx_int_t rc = redan_nginx_body_gather(r, limit, &body, &missing);
        if (rc != NGX_OK)
            return closed(r, ctx);
        ctx->body = (u_char *)(uintptr_t)body.at;
        ctx->body_length = body.size;
        ctx->body_missing = missing != 0;
    }
    return judge(r, ctx);
}

static ngx_int_t begin(ngx_http_request_t *r, struct redan_nginx_ctx *ctx)
{
    struct redan_guard_facts facts;

    redan_guard_facts(ctx->unit->guard, &facts);
    if (r->request_body) /* another module has read it */
        return body_there(r, ctx, facts.request_bytes);
    if (r->headers_in.content_length_n > (off_t)facts.request_bytes) {
        ctx->body_missing = 1; /* nothing of it is read */
        return body_there(r, ctx, facts.request_bytes);
    }
    return redan_nginx_body_read(r, ctx, facts.request_bytes, facts.enforce != 0);
}

/* A subrequest is part of a request that was judged; where that one was not, there is nobody to answer for it. */
static ngx_int_t subrequest(ngx_http_request_t *r, const struct redan_nginx_ctx *ctx)
{
    if (ctx)
        return NGX_DECLINED;
    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "redan: a subrequest to a guarded location, from a request that is not guarded, "
                  "is refused");
    return NGX_HTTP_FORBIDDEN;
}

ngx_int_t redan_nginx_access(ngx_http_request_t *r)
{
    struct redan_nginx_conf *conf = ngx_http_get_module_loc_conf(r, ngx_http_redan_module);
    struct redan_guard_facts facts;

    if (!conf->guard)
        return NGX_DECLINED;
    struct redan_nginx_ctx *ctx = redan_nginx_ctx(r);
    if (r != r->main)
        return subrequest(r, ctx);
    if (!ctx) {
        ctx = ctx_new(r, conf->unit);
        if (!ctx)
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    if (ctx->unit != conf->unit) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "redan: an internal redirect leads from policy \"%V\" to \"%V\"; a request "
                      "is judged by one",
                      &ctx->unit->policy, &conf->unit->policy);
        return closed(r, ctx);
    }
    if (!ctx->unit->guard)
        return closed(r, ctx);
    switch (ctx->stage) {
    case REDAN_NGINX_NEW:
        ctx->stage = REDAN_NGINX_READING;
        return begin(r, ctx);
    case REDAN_NGINX_READING:
        return NGX_DONE;
    case REDAN_NGINX_READ:
        redan_guard_facts(ctx->unit->guard, &facts);
        return body_there(r, ctx, facts.request_bytes);
    case REDAN_NGINX_WAITING:
        ctx->stage = REDAN_NGINX_JUDGED;
        return NGX_DECLINED;
    case REDAN_NGINX_JUDGED: /* once, however often nginx redirects it */
        return NGX_DECLINED;
    }
    return NGX_DECLINED;
}
