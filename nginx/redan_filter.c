/* The filters: what an answer's headers say decides how it is read, and headers wait where its length and status are not known yet. */
#include "redan_nginx.h"

static ngx_http_output_header_filter_pt header_next;
static ngx_http_output_body_filter_pt body_next;

ngx_int_t redan_nginx_header_next(ngx_http_request_t *r)
{
    return header_next(r);
}

ngx_int_t redan_nginx_body_next(ngx_http_request_t *r, ngx_chain_t *in)
{
    return body_next(r, in);
}

static struct redan_bytes bytes_of(const ngx_str_t *text)
{
    return (struct redan_bytes){(const char *)text->data, text->len};
}

static struct redan_bytes encoding_of(ngx_http_request_t *r)
{
    ngx_table_elt_t *encoding = r->headers_out.content_encoding;

    if (!encoding || encoding->hash == 0)
        return (struct redan_bytes){NULL, 0};
    return (struct redan_bytes){(const char *)encoding->value.data, encoding->value.len};
}

void redan_nginx_forget(ngx_http_request_t *r)
{
    static const char *const names[] = {"Content-MD5", "Digest", "Content-Digest", "Repr-Digest",
                                        NULL};

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_etag(r);
    ngx_http_clear_last_modified(r);
    for (ngx_list_part_t *part = &r->headers_out.headers.part; part; part = part->next) {
        ngx_table_elt_t *headers = part->elts;
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            for (const char *const *name = names; *name; name++) {
                if (headers[i].key.len == ngx_strlen(*name) &&
                    ngx_strncasecmp(headers[i].key.data, (u_char *)(uintptr_t)*name,
                                    headers[i].key.len) == 0)
                    headers[i].hash = 0;
            }
        }
    }
}

static ngx_int_t refuse_upgrade(ngx_http_request_t *r)
{
    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "redan: the upstream wants another protocol, which cannot be judged");
    return ngx_http_filter_finalize_request(r, &ngx_http_redan_module, NGX_HTTP_BAD_GATEWAY);
}

/* Beside scores that are made coarser, what could carry one does not leave. */
static void headers_judge(ngx_http_request_t *r, struct redan_nginx_ctx *ctx)
{
    ngx_http_headers_out_t *out = &r->headers_out;

    if (!redan_guard_answer_header(ctx->call, (struct redan_bytes){NULL, 0},
                                   bytes_of(&out->status_line))) {
        ngx_str_null(&out->status_line);
    }
    for (ngx_list_part_t *part = &out->headers.part; part; part = part->next) {
        ngx_table_elt_t *headers = part->elts;
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (redan_guard_answer_header(ctx->call, bytes_of(&headers[i].key),
                                          bytes_of(&headers[i].value)))
                continue;
            headers[i].hash = 0;
            if (out->location == &headers[i]) /* nginx writes it anew */
                out->location = NULL;
            if (out->etag == &headers[i])
                out->etag = NULL;
        }
    }
}

static ngx_int_t answer_begin(ngx_http_request_t *r, struct redan_nginx_ctx *ctx)
{
    const struct redan_guard_head head = {
        .status = (unsigned)(r->err_status ? r->err_status : r->headers_out.status),
        .content_type = {(const char *)r->headers_out.content_type.data,
                         r->headers_out.content_type.len},
        .encoding = encoding_of(r),
        .length = r->headers_out.content_length_n < 0
                      ? ~0ULL
                      : (unsigned long long)r->headers_out.content_length_n,
    };

    ctx->begun = 1;
    ctx->plan = redan_guard_answer_begin(ctx->call, &head);
    headers_judge(r, ctx);
    if (ctx->plan == REDAN_GUARD_PASS)
        return header_next(r);
    r->main_filter_need_in_memory = 1; /* files, too, are brought into memory before this filter */
    r->allow_ranges = 0;
    r->single_range = 0;
    if (ctx->plan == REDAN_GUARD_WHOLE) {
        ctx->held = 1;
        return NGX_OK;
    }
    redan_nginx_forget(r);
    /* an event must not wait in nginx's buffers for the next */
    if (r->upstream && !r->upstream->cacheable && !r->upstream->store)
        r->upstream->buffering = 0;
    return header_next(r);
}

static ngx_int_t header_filter(ngx_http_request_t *r)
{
    struct redan_nginx_conf *conf = ngx_http_get_module_loc_conf(r, ngx_http_redan_module);
    struct redan_nginx_ctx *ctx = r == r->main ? redan_nginx_ctx(r) : NULL;

    if (!ctx) {
        if (r != r->main || !conf->guard || !r->upstream)
            return header_next(r);
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "redan: an answer to a request that was never judged");
        return NGX_ERROR;
    }
    if (ctx->own || ctx->begun || !ctx->call)
        return header_next(r);
    if (r->headers_out.status == NGX_HTTP_SWITCHING_PROTOCOLS && !ctx->observes) {
        ctx->own = 1;
        return refuse_upgrade(r);
    }
    /* a HEAD has no body to wait for; requests that are judged by their body are not HEADs */
    if (r->method == NGX_HTTP_HEAD || r->header_only)
        return header_next(r);
    return answer_begin(r, ctx);
}

static ngx_int_t body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    struct redan_nginx_ctx *ctx = NULL;

    if (r == r->main)
        ctx = ngx_http_get_module_ctx(r, ngx_http_redan_module);
    if (!ctx || ctx->own || !ctx->begun || ctx->plan == REDAN_GUARD_PASS)
        return body_next(r, in);
    if (ctx->plan == REDAN_GUARD_WHOLE)
        return redan_nginx_answer_whole(r, ctx, in);
    return redan_nginx_answer_stream(r, ctx, in);
}

void redan_nginx_filter_init(void)
{
    header_next = ngx_http_top_header_filter;
    ngx_http_top_header_filter = header_filter;
    body_next = ngx_http_top_body_filter;
    ngx_http_top_body_filter = body_filter;
}
