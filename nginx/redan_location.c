/* Locations that the guard answers itself: its metrics, and its word on a record that a service would learn from. */
#include "redan_nginx.h"

/* What the guard says lasts until it is asked again; an answer may take longer. */
static ngx_int_t bytes_keep(ngx_http_request_t *r, struct redan_bytes *bytes)
{
    u_char *copy = ngx_pnalloc(r->pool, ngx_max(bytes->size, 1));

    if (!copy)
        return NGX_ERROR;
    if (bytes->size)
        ngx_memcpy(copy, bytes->at, bytes->size);
    bytes->at = (const char *)copy;
    return NGX_OK;
}

static struct redan_guard *guard_of(ngx_http_request_t *r)
{
    struct redan_nginx_conf *conf = ngx_http_get_module_loc_conf(r, ngx_http_redan_module);

    return conf->unit->guard;
}

static ngx_int_t metrics(ngx_http_request_t *r)
{
    struct redan_guard *guard = guard_of(r);

    if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)))
        return NGX_HTTP_NOT_ALLOWED;
    if (!guard)
        return redan_nginx_send_closed(r);
    struct redan_bytes text = redan_guard_metrics(guard);
    if (bytes_keep(r, &text) != NGX_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return redan_nginx_send(r, NGX_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, 0);
}

/* Below the location: "/redan/admit/v2/models/fraud/infer" asks as that path would. */
static struct redan_bytes path_below(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    size_t above = core->name.len;

    if (above && core->name.data[above - 1] == '/')
        above--;
    if (r->uri.len <= above || ngx_strncmp(r->uri.data, core->name.data, above) != 0)
        return (struct redan_bytes){"", 0};
    return (struct redan_bytes){(const char *)r->uri.data + above, r->uri.len - above};
}

static ngx_int_t admit_answer(ngx_http_request_t *r)
{
    struct redan_guard *guard = guard_of(r);
    struct redan_guard_request request;
    struct redan_guard_facts facts;
    struct redan_bytes answer = {NULL, 0};
    ngx_uint_t missing = 0;

    if (!guard)
        return redan_nginx_send_closed(r);
    redan_guard_facts(guard, &facts);
    ngx_memzero(&request, sizeof(request));
    if (redan_nginx_request(r, &request) != NGX_OK ||
        redan_nginx_body_gather(r, facts.request_bytes, &request.body, &missing) != NGX_OK)
        return redan_nginx_send_closed(r);
    request.path = path_below(r);
    request.body_missing = missing != 0;
    if (redan_guard_admit(guard, &request, &answer) != REDAN_GUARD_OK || !answer.at) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "redan: a record could not be judged");
        return redan_nginx_send_closed(r);
    }
    if (bytes_keep(r, &answer) != NGX_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return redan_nginx_send(r, NGX_HTTP_OK, "application/json", answer, 0);
}

static void admit_body_came(ngx_http_request_t *r)
{
    ngx_http_finalize_request(r, admit_answer(r));
}

static ngx_int_t admit(ngx_http_request_t *r)
{
    if (r->method != NGX_HTTP_POST)
        return NGX_HTTP_NOT_ALLOWED;
    r->request_body_in_single_buf = 1;
    ngx_int_t rc = ngx_http_read_client_request_body(r, admit_body_came);
    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}

static char *answer_with(ngx_conf_t *cf, struct redan_nginx_conf *conf, ngx_http_handler_pt handler)
{
    ngx_http_core_loc_conf_t *core = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->handler || core->handler)
        return "stands where something else answers already";
    conf->handler = 1;
    core->handler = handler;
    return NGX_CONF_OK;
}

char *redan_nginx_metrics(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
    (void)command;
    return answer_with(cf, conf, metrics);
}

char *redan_nginx_admit(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
    (void)command;
    return answer_with(cf, conf, admit);
}
