/* A worker's guards: opened when it begins, looked after each second, closed when it ends. */
#include "redan_nginx.h"

enum { TICK_MS = 1000 };

/* The same words are said once, not each second. */
static void say_once(struct redan_nginx_unit *unit, ngx_log_t *log, ngx_uint_t level,
                     const char *what, const char *why)
{
    u_char text[REDAN_NGINX_REASON];
    u_char *end = ngx_snprintf(text, sizeof(text) - 1, "%s: %s", what, why);

    *end = '\0';
    if (ngx_strcmp(text, unit->last) == 0)
        return;
    ngx_memcpy(unit->last, text, sizeof(text));
    ngx_log_error(level, log, 0, "redan_policy \"%V\": %s", &unit->policy, text);
}

/* Rules that do less than they seem to, a line each. */
static void say_warnings(struct redan_nginx_unit *unit, ngx_log_t *log, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        if (length)
            ngx_log_error(NGX_LOG_WARN, log, 0, "redan_policy \"%V\": %*s", &unit->policy, length,
                          text);
        text += length + (text[length] == '\n');
    }
}

static void say_in_force(struct redan_nginx_unit *unit, ngx_log_t *log)
{
    struct redan_guard_facts facts;

    unit->last[0] = '\0';
    redan_guard_facts(unit->guard, &facts);
    ngx_log_error(
        NGX_LOG_NOTICE, log, 0,
        "redan_policy \"%V\": policy %s %s is in force, profile %s, generation %uL, mode %s",
        &unit->policy, facts.id, facts.policy, facts.profile[0] ? facts.profile : "none",
        (uint64_t)facts.generation, facts.enforce ? "enforce" : "observe");
    say_warnings(unit, log, facts.warning);
}

static void guard_open(struct redan_nginx_unit *unit, ngx_log_t *log)
{
    const struct redan_nginx_shared *shared = unit->zone->data;
    struct redan_guard *guard = NULL;

    if (redan_guard_open((const char *)unit->policy.data, (enum redan_guard_mode)unit->mode,
                         shared->memory, shared->size, &guard) == REDAN_GUARD_OK) {
        unit->guard = guard;
        say_in_force(unit, log);
        return;
    }
    say_once(unit, log, NGX_LOG_ALERT,
             "cannot be opened by this worker, and every request is answered 503",
             guard ? redan_guard_error(guard) : "no memory");
    redan_guard_free(guard);
}

static void guard_tick(struct redan_nginx_unit *unit, ngx_log_t *log)
{
    int changed = 0;

    if (!unit->guard)
        guard_open(unit, log);
    else if (redan_guard_tick(unit->guard, &changed) != REDAN_GUARD_OK)
        say_once(unit, log, NGX_LOG_ERR, "left as it was", redan_guard_error(unit->guard));
    else if (changed)
        say_in_force(unit, log);
    else
        unit->last[0] = '\0';
}

static void tick(ngx_event_t *event)
{
    ngx_connection_t *nothing = event->data;
    struct redan_nginx_main *known = nothing->data;
    struct redan_nginx_unit **units = known->units.elts;

    for (ngx_uint_t i = 0; i < known->units.nelts; i++)
        guard_tick(units[i], event->log);
    ngx_add_timer(event, TICK_MS);
}

static struct redan_nginx_main *main_of(ngx_cycle_t *cycle)
{
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
        return NULL; /* the cache's helpers serve nothing */
    return ngx_http_cycle_get_module_main_conf(cycle, ngx_http_redan_module);
}

ngx_int_t redan_nginx_worker_init(ngx_cycle_t *cycle)
{
    struct redan_nginx_main *known = main_of(cycle);

    if (!known || known->units.nelts == 0)
        return NGX_OK;
    struct redan_nginx_unit **units = known->units.elts;
    for (ngx_uint_t i = 0; i < known->units.nelts; i++)
        guard_open(units[i], cycle->log);
    /* ids of requests differ between workers, and between the lives of one */
    known->prefix = (uint32_t)ngx_random() ^ ((uint32_t)ngx_pid << 16);
    known->serial = (uint64_t)ngx_time() << 24;
    known->nothing.fd = (ngx_socket_t)-1;
    known->nothing.data = known;
    known->tick.handler = tick;
    known->tick.data = &known->nothing;
    known->tick.log = cycle->log;
    known->tick.cancelable = 1; /* a worker that leaves does not wait for it */
    ngx_add_timer(&known->tick, TICK_MS);
    return NGX_OK;
}

void redan_nginx_worker_exit(ngx_cycle_t *cycle)
{
    struct redan_nginx_main *known = main_of(cycle);

    if (!known)
        return;
    struct redan_nginx_unit **units = known->units.elts;
    for (ngx_uint_t i = 0; i < known->units.nelts; i++) {
        redan_guard_free(units[i]->guard);
        units[i]->guard = NULL;
    }
}
