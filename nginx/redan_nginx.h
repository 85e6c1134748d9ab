/* What the files of the nginx module share: its settings, and what it knows of one request. */
#ifndef REDAN_NGINX_H
#define REDAN_NGINX_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <redan/guard.h>

enum { REDAN_NGINX_REASON = 1024 };

/* What lies at the beginning of a zone: where the memory that libredan formats is. */
struct redan_nginx_shared {
    void *memory;
    size_t size;
};

/* One policy over one zone: each worker has a guard for each. */
struct redan_nginx_unit {
    ngx_str_t policy; /* full name; NUL-terminated */
    ngx_shm_zone_t *zone;
    ngx_uint_t mode;                 /* enum redan_guard_mode */
    struct redan_guard *guard;       /* of this worker; NULL: none could be opened */
    u_char last[REDAN_NGINX_REASON]; /* what was logged last, so that it is said once */
};

struct redan_nginx_main {
    ngx_array_t units; /* struct redan_nginx_unit * */
    ngx_event_t tick;
    ngx_connection_t nothing; /* an event needs one */
    uint64_t serial;          /* of requests, after `prefix` */
    uint32_t prefix;
};

struct redan_nginx_conf {
    ngx_flag_t guard;
    ngx_str_t policy;
    ngx_shm_zone_t *zone;
    ngx_uint_t mode;
    ngx_http_complex_value_t *identity;
    ngx_uint_t handler; /* this location answers itself: `redan_metrics` or `redan_admit` */
    struct redan_nginx_unit *unit;
};

enum redan_nginx_stage {
    REDAN_NGINX_NEW,
    REDAN_NGINX_READING,
    REDAN_NGINX_READ,
    REDAN_NGINX_WAITING, /* judged, and delayed */
    REDAN_NGINX_JUDGED
};

/* One request. Found again after internal redirects, which forget what modules know, by its cleanup in the request's pool. */
struct redan_nginx_ctx {
    ngx_http_request_t *request;
    struct redan_nginx_unit *unit;
    struct redan_guard_call *call;
    struct redan_guard_verdict verdict;
    enum redan_nginx_stage stage;
    u_char id[24];
    size_t id_length;

    /* the request's body */
    u_char *body;
    size_t body_length, body_room;
    unsigned body_missing : 1;
    unsigned body_cut : 1; /* a part of it was read, and the rest will not be */
    unsigned observes : 1; /* nothing is enforced */

    /* the answer */
    unsigned own : 1;   /* what is sent is the module's: a refusal */
    unsigned begun : 1; /* its plan is known */
    unsigned held : 1;  /* the headers wait */
    unsigned let : 1;   /* a whole answer that nothing is done to: it leaves as it comes */
    unsigned over : 1;  /* the last byte went out; the rest of what comes is dropped */
    enum redan_guard_plan plan;
    ngx_chain_t *in, *busy, *free;
};

extern ngx_module_t ngx_http_redan_module;

/* --- redan_zone.c --- */
char *redan_nginx_zone(ngx_conf_t *cf, ngx_command_t *command, void *conf);
/* Zones that changed their size since the configuration that is running: said, and refused. */
ngx_int_t redan_nginx_zone_check(ngx_conf_t *cf);

/* --- redan_worker.c --- */
ngx_int_t redan_nginx_worker_init(ngx_cycle_t *cycle);
void redan_nginx_worker_exit(ngx_cycle_t *cycle);

/* --- redan_access.c --- */
ngx_int_t redan_nginx_access(ngx_http_request_t *r);
/* What is known of the main request; NULL when it was not judged. */
struct redan_nginx_ctx *redan_nginx_ctx(ngx_http_request_t *r);

/* --- redan_body.c --- */
/* Begin to read: NGX_DONE, and the phases go on when all is there, or the status of what went wrong. */
ngx_int_t redan_nginx_body_read(ngx_http_request_t *r, struct redan_nginx_ctx *ctx, size_t limit,
                                ngx_uint_t bounded);
/* The body in one piece, when nginx holds it; `missing` when it is larger than the limit. */
ngx_int_t redan_nginx_body_gather(ngx_http_request_t *r, size_t limit, struct redan_bytes *body,
                                  ngx_uint_t *missing);

/* --- redan_headers.c --- */
/* What the guard is told of the request: its headers, id and time; not the body. */
ngx_int_t redan_nginx_request(ngx_http_request_t *r, struct redan_guard_request *request);
/* Headers for the upstream: those that only the guard may write are taken out of what the client sent, and written. */
ngx_int_t redan_nginx_headers(ngx_http_request_t *r, const struct redan_guard_verdict *verdict);

/* --- redan_send.c --- */
/* Answer from here; gives what finishes the request. `bytes` live as long as the request. */
ngx_int_t redan_nginx_send(ngx_http_request_t *r, ngx_uint_t status, const char *type,
                           struct redan_bytes bytes, unsigned retry_after);
/* 503: nothing could be judged. */
ngx_int_t redan_nginx_send_closed(ngx_http_request_t *r);

/* --- redan_filter.c --- */
/* Checksums and validators of the upstream's bytes do not fit other bytes; nor does its length. */
void redan_nginx_forget(ngx_http_request_t *r);
void redan_nginx_filter_init(void);
ngx_int_t redan_nginx_header_next(ngx_http_request_t *r);
ngx_int_t redan_nginx_body_next(ngx_http_request_t *r, ngx_chain_t *in);

/* --- redan_answer.c --- */
ngx_int_t redan_nginx_answer_whole(ngx_http_request_t *r, struct redan_nginx_ctx *ctx,
                                   ngx_chain_t *in);
ngx_int_t redan_nginx_answer_stream(ngx_http_request_t *r, struct redan_nginx_ctx *ctx,
                                    ngx_chain_t *in);

/* --- redan_location.c --- */
char *redan_nginx_metrics(ngx_conf_t *cf, ngx_command_t *command, void *conf);
char *redan_nginx_admit(ngx_conf_t *cf, ngx_command_t *command, void *conf);

/* --- redan_variable.c --- */
ngx_int_t redan_nginx_variables(ngx_conf_t *cf);

#endif
