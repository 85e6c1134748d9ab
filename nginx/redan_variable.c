/* Variables for logs: $redan_action, $redan_judged, $redan_rule, $redan_caller and $redan_id, the event's own. */
#include "redan_nginx.h"

enum variable { ACTION, JUDGED, RULE, CALLER, ID };

static const char *action_word(enum redan_guard_action action)
{
    static const char *const words[] = {"allow", "mark", "degrade", "refuse"};

    return (size_t)action < sizeof(words) / sizeof(words[0]) ? words[action] : "";
}

static ngx_int_t variable_get(ngx_http_request_t *r, ngx_http_variable_value_t *value,
                              uintptr_t which)
{
    const struct redan_nginx_ctx *ctx = redan_nginx_ctx(r);
    const char *text = NULL;
    size_t length = 0;

    value->not_found = 1;
    if (!ctx || ctx->id_length == 0) /* never judged */
        return NGX_OK;
    switch ((enum variable)which) {
    case ACTION:
        text = action_word(ctx->verdict.action);
        break;
    case JUDGED:
        text = action_word(ctx->verdict.judged);
        break;
    case RULE:
        text = ctx->call ? ctx->verdict.rule : "";
        break;
    case CALLER:
        text = ctx->call ? ctx->verdict.caller : "";
        break;
    case ID:
        text = (const char *)ctx->id;
        length = ctx->id_length;
        break;
    }
    if (!text)
        text = "";
    if (which != ID)
        length = ngx_strlen(text);
    u_char *copy = ngx_pnalloc(r->pool, ngx_max(length, 1));
    if (!copy)
        return NGX_ERROR;
    ngx_memcpy(copy, text, length);
    value->data = copy;
    value->len = (unsigned)length & 0xfffffff;
    value->valid = 1;
    value->not_found = 0;
    return NGX_OK;
}

ngx_int_t redan_nginx_variables(ngx_conf_t *cf)
{
    static const struct {
        ngx_str_t name;
        enum variable which;
    } rows[] = {
        {ngx_string("redan_action"), ACTION}, {ngx_string("redan_judged"), JUDGED},
        {ngx_string("redan_rule"), RULE},     {ngx_string("redan_caller"), CALLER},
        {ngx_string("redan_id"), ID},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ngx_str_t name = rows[i].name;
        ngx_http_variable_t *variable = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
        if (!variable)
            return NGX_ERROR;
        variable->get_handler = variable_get;
        variable->data = rows[i].which;
    }
    return NGX_OK;
}
