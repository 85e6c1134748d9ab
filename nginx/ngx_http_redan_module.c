/* The nginx module: its directives, how they are inherited, and where it stands among nginx's phases and filters. */
#include "redan_nginx.h"

static ngx_conf_enum_t modes[] = {
    {ngx_string("observe"), REDAN_GUARD_OBSERVE},
    {ngx_string("enforce"), REDAN_GUARD_ENFORCE},
    {ngx_null_string, 0},
};

/* Relative names begin where the configuration lies. */
static char *policy(ngx_conf_t *cf, ngx_command_t *command, void *given)
{
    struct redan_nginx_conf *conf = given;
    ngx_str_t *words = cf->args->elts;

    (void)command;
    if (conf->policy.data)
        return "is duplicate";
    if (words[1].len == 0)
        return "has an empty name";
    conf->policy = words[1];
    return ngx_conf_full_name(cf->cycle, &conf->policy, 1) == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}

static void *main_new(ngx_conf_t *cf)
{
    struct redan_nginx_main *known = ngx_pcalloc(cf->pool, sizeof(*known));

    if (!known ||
        ngx_array_init(&known->units, cf->pool, 4, sizeof(struct redan_nginx_unit *)) != NGX_OK)
        return NULL;
    return known;
}

static void *conf_new(ngx_conf_t *cf)
{
    struct redan_nginx_conf *conf = ngx_pcalloc(cf->pool, sizeof(*conf));

    if (!conf)
        return NULL;
    conf->guard = NGX_CONF_UNSET;
    conf->zone = NGX_CONF_UNSET_PTR;
    conf->mode = NGX_CONF_UNSET_UINT;
    conf->identity = NGX_CONF_UNSET_PTR;
    return conf;
}

static char *unit_find(ngx_conf_t *cf, struct redan_nginx_conf *conf)
{
    struct redan_nginx_main *known = ngx_http_conf_get_module_main_conf(cf, ngx_http_redan_module);
    struct redan_nginx_unit **units = known->units.elts;

    for (ngx_uint_t i = 0; i < known->units.nelts; i++) {
        int same = units[i]->policy.len == conf->policy.len &&
                   ngx_memcmp(units[i]->policy.data, conf->policy.data, conf->policy.len) == 0;
        if (units[i]->zone != conf->zone)
            continue;
        if (!same) { /* a zone holds the generation and the counters of one policy */
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "redan_zone \"%V\" holds the state of policy \"%V\": policy \"%V\" "
                               "needs a zone of its own",
                               &conf->zone->shm.name, &units[i]->policy, &conf->policy);
            return NGX_CONF_ERROR;
        }
        if (units[i]->mode == conf->mode) {
            conf->unit = units[i];
            return NGX_CONF_OK;
        }
    }
    struct redan_nginx_unit **place = ngx_array_push(&known->units);
    conf->unit = ngx_pcalloc(cf->pool, sizeof(*conf->unit));
    if (!place || !conf->unit)
        return NGX_CONF_ERROR;
    conf->unit->policy = conf->policy;
    conf->unit->zone = conf->zone;
    conf->unit->mode = conf->mode;
    *place = conf->unit;
    return NGX_CONF_OK;
}

static char *conf_merge(ngx_conf_t *cf, void *above, void *here)
{
    struct redan_nginx_conf *from = above;
    struct redan_nginx_conf *conf = here;

    ngx_conf_merge_value(conf->guard, from->guard, 0);
    ngx_conf_merge_str_value(conf->policy, from->policy, "");
    ngx_conf_merge_ptr_value(conf->zone, from->zone, NULL);
    ngx_conf_merge_uint_value(conf->mode, from->mode, REDAN_GUARD_AS_POLICY);
    ngx_conf_merge_ptr_value(conf->identity, from->identity, NULL);
    if (conf->handler) /* its answers are the guard's own */
        conf->guard = 0;
    if (!conf->guard && !conf->handler)
        return NGX_CONF_OK;
    if (conf->policy.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "redan: no \"redan_policy FILE;\" is in force where the guard is on");
        return NGX_CONF_ERROR;
    }
    if (!conf->zone) {
        ngx_conf_log_error(
            NGX_LOG_EMERG, cf, 0,
            "redan: no \"redan_zone NAME SIZE;\" is in force where the guard is on: workers share "
            "budgets and the state of callers there (\"redan_zone guard 16m;\")");
        return NGX_CONF_ERROR;
    }
    return unit_find(cf, conf);
}

/* What is wrong with a policy is said before anything serves. */
static ngx_int_t policies_test(ngx_conf_t *cf)
{
    struct redan_nginx_main *known = ngx_http_conf_get_module_main_conf(cf, ngx_http_redan_module);
    struct redan_nginx_unit **units = known->units.elts;
    char text[REDAN_NGINX_REASON];

    for (ngx_uint_t i = 0; i < known->units.nelts; i++) {
        if (redan_guard_test((const char *)units[i]->policy.data, text, sizeof(text)) ==
            REDAN_GUARD_OK)
            continue;
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "redan_policy \"%V\": %s", &units[i]->policy,
                      text);
        return NGX_ERROR;
    }
    return NGX_OK;
}

/* In the phase after access: "satisfy any" may leave the access phase early, this one runs for every request. It is the first there, so that nothing
 * is mirrored or tried before it was judged. */
static ngx_int_t module_init(ngx_conf_t *cf)
{
    ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    ngx_http_handler_pt *handler =
        ngx_array_push(&core->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);

    if (redan_guard_layout() != REDAN_GUARD_LAYOUT) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "redan: this module and its libredan were not built together: install both "
                      "from one build");
        return NGX_ERROR;
    }
    if (!handler)
        return NGX_ERROR;
    *handler = redan_nginx_access;
    redan_nginx_filter_init();
    if (redan_nginx_zone_check(cf) != NGX_OK)
        return NGX_ERROR;
    return policies_test(cf);
}

enum {
    ANYWHERE = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF,
};

static ngx_command_t commands[] = {
    {ngx_string("redan_guard"), ANYWHERE | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(struct redan_nginx_conf, guard), NULL},
    {ngx_string("redan_policy"), ANYWHERE | NGX_CONF_TAKE1, policy, NGX_HTTP_LOC_CONF_OFFSET, 0,
     NULL},
    {ngx_string("redan_zone"), ANYWHERE | NGX_CONF_TAKE12, redan_nginx_zone,
     NGX_HTTP_LOC_CONF_OFFSET, 0, NULL},
    {ngx_string("redan_mode"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_enum_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(struct redan_nginx_conf, mode), modes},
    {ngx_string("redan_identity"), ANYWHERE | NGX_CONF_TAKE1, ngx_http_set_complex_value_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(struct redan_nginx_conf, identity), NULL},
    {ngx_string("redan_metrics"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, redan_nginx_metrics,
     NGX_HTTP_LOC_CONF_OFFSET, 0, NULL},
    {ngx_string("redan_admit"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, redan_nginx_admit,
     NGX_HTTP_LOC_CONF_OFFSET, 0, NULL},
    ngx_null_command,
};

static ngx_http_module_t hooks = {
    .preconfiguration = redan_nginx_variables,
    .postconfiguration = module_init,
    .create_main_conf = main_new,
    .create_loc_conf = conf_new,
    .merge_loc_conf = conf_merge,
};

ngx_module_t ngx_http_redan_module = {
    NGX_MODULE_V1,           &hooks, commands, NGX_HTTP_MODULE,         NULL, NULL,
    redan_nginx_worker_init, NULL,   NULL,     redan_nginx_worker_exit, NULL, NGX_MODULE_V1_PADDING,
};
