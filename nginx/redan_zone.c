/* The directive redan_zone, and the shared memory behind it, which outlives a reload. */
#include "redan_nginx.h"

/* All that is free after the allocator's own bookkeeping, in one piece. `old` is the zone of the configuration before a reload. */
static ngx_int_t zone_init(ngx_shm_zone_t *zone, void *old)
{
    ngx_slab_pool_t *pool = (ngx_slab_pool_t *)(void *)zone->shm.addr;
    struct redan_nginx_shared *shared = old;
    int kept = 0;

    if (!shared && zone->shm.exists)
        shared = pool->data;
    if (!shared) {
        shared = ngx_slab_calloc(pool, sizeof(*shared));
        if (!shared)
            return NGX_ERROR;
        shared->size = pool->pfree * ngx_pagesize;
        shared->memory = ngx_slab_alloc(pool, shared->size);
        if (!shared->memory) {
            ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0, "redan_zone \"%V\" cannot be laid out",
                          &zone->shm.name);
            return NGX_ERROR;
        }
        pool->data = shared;
    }
    zone->data = shared;
    if (redan_guard_share(shared->memory, shared->size, &kept) != REDAN_GUARD_OK) {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0, "redan_zone \"%V\" is too small: %uz bytes",
                      &zone->shm.name, shared->size);
        return NGX_ERROR;
    }
    if (old && !kept)
        ngx_log_error(NGX_LOG_WARN, zone->shm.log, 0,
                      "redan_zone \"%V\" was of another edition of libredan: the state of callers "
                      "begins anew",
                      &zone->shm.name);
    return NGX_OK;
}

char *redan_nginx_zone(ngx_conf_t *cf, ngx_command_t *command, void *given)
{
    /* what the allocator needs for itself stays well below an eighth, and 64 KB */
    const ssize_t least = REDAN_GUARD_SHARED_LEAST + REDAN_GUARD_SHARED_LEAST / 4;
    struct redan_nginx_conf *conf = given;
    ngx_str_t *words = cf->args->elts;
    ssize_t size = 0;

    (void)command;
    if (conf->zone != NGX_CONF_UNSET_PTR)
        return "is duplicate";
    if (words[1].len == 0)
        return "has an empty name";
    if (cf->args->nelts == 3) {
        size = ngx_parse_size(&words[2]);
        if (size == NGX_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "redan_zone: \"%V\" is no size, as 16m is one",
                               &words[2]);
            return NGX_CONF_ERROR;
        }
        if (size < least) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "redan_zone \"%V\" is too small: %V, the least is %zk", &words[1],
                               &words[2], (least + 1023) / 1024);
            return NGX_CONF_ERROR;
        }
    }
    conf->zone = ngx_shared_memory_add(cf, &words[1], (size_t)size, &ngx_http_redan_module);
    if (!conf->zone)
        return NGX_CONF_ERROR;
    conf->zone->init = zone_init;
    return NGX_CONF_OK;
}

static ngx_shm_zone_t *zone_find(ngx_cycle_t *cycle, ngx_str_t *name)
{
    for (ngx_list_part_t *part = &cycle->shared_memory.part; part; part = part->next) {
        ngx_shm_zone_t *zones = part->elts;
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (zones[i].tag == &ngx_http_redan_module && zones[i].shm.name.len == name->len &&
                ngx_memcmp(zones[i].shm.name.data, name->data, name->len) == 0)
                return &zones[i];
        }
    }
    return NULL;
}

ngx_int_t redan_nginx_zone_check(ngx_conf_t *cf)
{
    for (ngx_list_part_t *part = &cf->cycle->shared_memory.part; part; part = part->next) {
        ngx_shm_zone_t *zones = part->elts;
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (zones[i].tag != &ngx_http_redan_module || zones[i].shm.size == 0)
                continue; /* nginx itself refuses a zone that has no size anywhere */
            ngx_shm_zone_t *old = zone_find(cf->cycle->old_cycle, &zones[i].shm.name);
            if (!old || old->shm.size == zones[i].shm.size)
                continue;
            ngx_conf_log_error(
                NGX_LOG_EMERG, cf, 0,
                "redan_zone \"%V\" is %uz bytes now, and a reload to %uz would forget budgets and "
                "accusations: restart nginx, or give the new size another name",
                &zones[i].shm.name, old->shm.size, zones[i].shm.size);
            return NGX_ERROR;
        }
    }
    return NGX_OK;
}
