/* Answers that the module gives itself. */
#include "redan_nginx.h"

static ngx_int_t retry_header(ngx_http_request_t *r, unsigned seconds)
{
    ngx_table_elt_t *header = ngx_list_push(&r->headers_out.headers);
    u_char *text = ngx_pnalloc(r->pool, NGX_INT32_LEN);

    if (!header || !text)
        return NGX_ERROR;
    ngx_memzero(header, sizeof(*header));
    header->hash = 1;
    ngx_str_set(&header->key, "Retry-After");
    header->value.data = text;
    header->value.len = (size_t)(ngx_sprintf(text, "%ud", seconds) - text);
    return NGX_OK;
}

ngx_int_t redan_nginx_send(ngx_http_request_t *r, ngx_uint_t status, const char *type,
                           struct redan_bytes bytes, unsigned retry_after)
{
    ngx_chain_t out;

    /* what was not read is not asked for any more */
    r->expect_tested = 1;
    if (ngx_http_discard_request_body(r) != NGX_OK || status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE)
        r->keepalive = 0;
    ngx_http_clean_header(r);
    r->err_status = 0;
    r->headers_out.status = status;
    r->headers_out.content_length_n = (off_t)bytes.size;
    r->headers_out.content_type.data = (u_char *)(uintptr_t)type;
    r->headers_out.content_type.len = ngx_strlen(type);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    if (retry_after && retry_header(r, retry_after) != NGX_OK)
        return NGX_ERROR;
    ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only)
        return rc;
    ngx_buf_t *buf = ngx_calloc_buf(r->pool);
    if (!buf)
        return NGX_ERROR;
    buf->pos = buf->start = (u_char *)(uintptr_t)bytes.at;
    buf->last = buf->end = buf->pos + bytes.size;
    buf->memory = bytes.size > 0;
    buf->last_buf = 1;
    buf->last_in_chain = 1;
    out.buf = buf;
    out.next = NULL;
    return ngx_http_output_filter(r, &out);
}

ngx_int_t redan_nginx_send_closed(ngx_http_request_t *r)
{
    static const char body[] = "{\"error\": \"the request cannot be judged now\"}\n";

    return redan_nginx_send(r, NGX_HTTP_SERVICE_UNAVAILABLE, "application/json",
                            (struct redan_bytes){body, sizeof(body) - 1}, 0);
}
