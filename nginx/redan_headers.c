/* The request's headers: what the guard is told of them, and what the upstream sees. */
#include "redan_nginx.h"

enum { FORM = sizeof("0123456789abcdef0123456") - 1 };

static struct redan_bytes bytes_of(const ngx_str_t *text)
{
    return (struct redan_bytes){(const char *)text->data, text->len};
}

/* Some servers hold "-" and "_" for the same. */
static int begins(const ngx_table_elt_t *header, const char *name, size_t length)
{
    if (header->key.len < length)
        return 0;
    for (size_t i = 0; i < length; i++) {
        u_char c = header->lowcase_key[i] == '_' ? '-' : header->lowcase_key[i];
        if (c != (u_char)name[i])
            return 0;
    }
    return 1;
}

/* All values of a header that was sent, with ", " between them: which of two an upstream would believe is not known here. */
static ngx_int_t header_joined(ngx_http_request_t *r, const char *name, struct redan_bytes *value)
{
    size_t length = ngx_strlen(name);

    for (ngx_list_part_t *part = &r->headers_in.headers.part; part; part = part->next) {
        ngx_table_elt_t *headers = part->elts;
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (headers[i].key.len != length || !begins(&headers[i], name, length))
                continue;
            if (!value->at) {
                *value = bytes_of(&headers[i].value);
                continue;
            }
            u_char *joined = ngx_pnalloc(r->pool, value->size + 2 + headers[i].value.len);
            if (!joined)
                return NGX_ERROR;
            u_char *end = ngx_cpymem(joined, value->at, value->size);
            end = ngx_cpymem(end, ", ", 2);
            end = ngx_cpymem(end, headers[i].value.data, headers[i].value.len);
            *value = (struct redan_bytes){(const char *)joined, (size_t)(end - joined)};
        }
    }
    return NGX_OK;
}

static ngx_int_t identity(ngx_http_request_t *r, struct redan_bytes *value)
{
    struct redan_nginx_conf *conf = ngx_http_get_module_loc_conf(r, ngx_http_redan_module);
    ngx_str_t text;

    if (!conf->identity)
        return NGX_OK;
    if (ngx_http_complex_value(r, conf->identity, &text) != NGX_OK)
        return NGX_ERROR;
    *value = bytes_of(&text);
    return NGX_OK;
}

ngx_int_t redan_nginx_request(ngx_http_request_t *r, struct redan_guard_request *request)
{
    struct redan_nginx_main *known = ngx_http_get_module_main_conf(r, ngx_http_redan_module);
    ngx_time_t *now = ngx_timeofday();
    struct redan_bytes length = {NULL, 0};
    u_char *id = ngx_pnalloc(r->pool, FORM + 1);

    if (!id || header_joined(r, "content-type", &request->content_type) != NGX_OK ||
        header_joined(r, "content-encoding", &request->encoding) != NGX_OK ||
        header_joined(r, "inference-header-content-length", &length) != NGX_OK ||
        identity(r, &request->identity) != NGX_OK)
        return NGX_ERROR;
    u_char *end = ngx_snprintf(id, FORM, "%08xD%015xL", known->prefix, known->serial++);
    request->id = (struct redan_bytes){(const char *)id, (size_t)(end - id)};
    request->method = bytes_of(&r->method_name);
    request->path = bytes_of(&r->uri);
    request->query = bytes_of(&r->args);
    request->json_length = length.at != NULL;
    request->address = bytes_of(&r->connection->addr_text);
    request->time_ms = (uint64_t)now->sec * 1000 + (uint64_t)now->msec;
    return NGX_OK;
}

static int is_ours(const ngx_table_elt_t *header)
{
    static const char ours[] = "x-redan";

    return begins(header, ours, sizeof(ours) - 1);
}

static int is_among(const ngx_table_elt_t *header, const char *const *names)
{
    for (; *names; names++) {
        if (header->key.len == ngx_strlen(*names) && begins(header, *names, header->key.len))
            return 1;
    }
    return 0;
}

/* An answer that is judged must come whole and as it is. Some services take the path or the method from a header: that would be another request than
 * the one that was judged. */
static int is_dropped(const ngx_table_elt_t *header, int judged)
{
    static const char *const names[] = {"accept-encoding", "range", "if-range", NULL};
    static const char *const others[] = {"x-original-url",    "x-rewrite-url",
                                         "x-http-method",     "x-http-method-override",
                                         "x-method-override", NULL};

    return is_ours(header) || is_among(header, others) || (judged && is_among(header, names));
}

/* A header's value. Names have no control characters; should one have, it is written as %XX, and ends no header. */
static ngx_int_t header_value(ngx_http_request_t *r, const char *text, ngx_str_t *value)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t length = ngx_strlen(text);
    u_char *end = ngx_pnalloc(r->pool, 3 * length + 1);

    if (!end)
        return NGX_ERROR;
    value->data = end;
    for (size_t i = 0; i < length; i++) {
        u_char c = (u_char)text[i];
        if (c >= 0x20 && c != 0x7f) {
            *end++ = c;
            continue;
        }
        *end++ = '%';
        *end++ = (u_char)hex[c >> 4];
        *end++ = (u_char)hex[c & 15];
    }
    value->len = (size_t)(end - value->data);
    return NGX_OK;
}

static ngx_int_t header_add(ngx_http_request_t *r, ngx_str_t name, ngx_str_t lower,
                            const char *text)
{
    if (text[0] == '\0')
        return NGX_OK;
    ngx_table_elt_t *header = ngx_list_push(&r->headers_in.headers);
    if (!header)
        return NGX_ERROR;
    ngx_memzero(header, sizeof(*header));
    header->key = name;
    header->lowcase_key = lower.data;
    header->hash = ngx_hash_key(lower.data, lower.len);
    return header_value(r, text, &header->value);
}

/* The list is made anew: what nginx remembers of the old one (Host, Content-Length) stays valid. */
ngx_int_t redan_nginx_headers(ngx_http_request_t *r, const struct redan_guard_verdict *verdict)
{
    ngx_list_part_t old = r->headers_in.headers.part;
    ngx_uint_t kept = 0;
    ngx_uint_t dropped = 0;
    int judged = !verdict->passed_by;

    for (ngx_list_part_t *part = &old; part; part = part->next) {
        ngx_table_elt_t *headers = part->elts;
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (is_dropped(&headers[i], judged))
                dropped++;
            else
                kept++;
        }
    }
    if (dropped) {
        if (ngx_list_init(&r->headers_in.headers, r->pool, kept + 2, sizeof(ngx_table_elt_t)) !=
            NGX_OK)
            return NGX_ERROR;
        for (ngx_list_part_t *part = &old; part; part = part->next) {
            ngx_table_elt_t *headers = part->elts;
            for (ngx_uint_t i = 0; i < part->nelts; i++) {
                ngx_table_elt_t *header = NULL;
                if (is_dropped(&headers[i], judged))
                    continue;
                header = ngx_list_push(&r->headers_in.headers);
                if (!header)
                    return NGX_ERROR;
                *header = headers[i];
            }
        }
    }
    static ngx_str_t mark = ngx_string("X-Redan");
    static ngx_str_t mark_lower = ngx_string("x-redan");
    static ngx_str_t caller = ngx_string("X-Redan-Caller");
    static ngx_str_t caller_lower = ngx_string("x-redan-caller");
    if (header_add(r, mark, mark_lower, verdict->mark) != NGX_OK)
        return NGX_ERROR;
    return header_add(r, caller, caller_lower, verdict->caller);
}
