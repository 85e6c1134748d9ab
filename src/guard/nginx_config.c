/* Writes the configuration: what is fixed stands here as text, what is given goes through one function that quotes it. */
#include "guard/nginx_config.h"

#include <string.h>

#include "guard/nginx_config_parts.h"

enum {
    /* nginx takes so much for a body at once; the module reads on in pieces, up to the policy's limit */
    BODY_BUFFER = 65536,
};

/* The identity that goes with the policy's kind. */
static const char *const identities[] = {
    [REDAN_IDENTITY_PLAIN] = "$http_x_caller",
    [REDAN_IDENTITY_SUBJECT] = "$ssl_client_s_dn",
    [REDAN_IDENTITY_JWT] = "$http_authorization",
    [REDAN_IDENTITY_API_KEY] = "$http_x_api_key",
};

static enum redan_status word(struct redan_ctx *ctx, struct redan_buf *out, const char *before,
                              struct redan_slice text)
{
    redan_buf_text(out, before);
    REDAN_TRY(redan_nginx_word(ctx, text, out));
    redan_buf_text(out, ";\n");
    return REDAN_OK;
}

/* nginx reads variables in the names of certificates. */
static enum redan_status tls_file(struct redan_ctx *ctx, struct redan_buf *out, const char *before,
                                  const char *option, struct redan_slice file)
{
    if (memchr(file.at, '$', file.len))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "%s: nginx takes the \"$\" in %.*s for a variable; rename the file",
                          option, REDAN_FMT(file));
    return word(ctx, out, before, file);
}

static enum redan_status write_head(struct redan_ctx *ctx, const struct redan_nginx_config *c,
                                    struct redan_buf *out)
{
    redan_buf_text(out, "# One guarded endpoint. Relative names lie below nginx's prefix: nginx -p "
                        "FOLDER -c THIS-FILE\n");
    if (c->module.len)
        REDAN_TRY(word(ctx, out, "load_module ", c->module));
    if (c->user.len)
        redan_buf_printf(out, "user %.*s;\n", REDAN_FMT(c->user));
    redan_buf_printf(out,
                     "daemon off;\n"
                     "worker_processes %.*s;\n"
                     "worker_rlimit_nofile 16384;\n"
                     "worker_shutdown_timeout 30s;\n"
                     "pid nginx.pid;\n"
                     "error_log stderr notice;\n"
                     "events {\n"
                     "    worker_connections 4096;\n"
                     "}\n"
                     "\n"
                     "http {\n",
                     REDAN_FMT(c->workers));
    redan_buf_text(out, "    server_tokens off;\n"
                        "    default_type application/octet-stream;\n"
                        "    client_body_temp_path body;\n"
                        "    proxy_temp_path proxy;\n"
                        "    fastcgi_temp_path fastcgi;\n"
                        "    uwsgi_temp_path uwsgi;\n"
                        "    scgi_temp_path scgi;\n"
                        "    client_header_timeout 15s;\n"
                        "    client_body_timeout 15s;\n"
                        "    send_timeout 30s;\n"
                        "    reset_timedout_connection on;\n"
                        "    large_client_header_buffers 4 16k;\n"
                        "    keepalive_requests 100000;\n");
    if (c->log)
        redan_buf_text(
            out,
            "    log_format redan escape=json '{\"time\":\"$time_iso8601\",\"id\":\"$redan_id\",'\n"
            "        "
            "'\"client\":\"$remote_addr\",\"caller\":\"$redan_caller\",\"method\":\"$request_"
            "method\",'\n"
            "        "
            "'\"path\":\"$uri\",\"status\":$status,\"action\":\"$redan_action\",\"rule\":\"$redan_"
            "rule\",'\n"
            "        "
            "'\"seconds\":$request_time,\"upstream_seconds\":\"$upstream_response_time\"}';\n"
            "    access_log /dev/stdout redan;\n");
    else
        redan_buf_text(out, "    access_log off;\n");
    return REDAN_OK;
}

static enum redan_status write_guard(struct redan_ctx *ctx, const struct redan_nginx_config *c,
                                     struct redan_buf *out)
{
    struct redan_slice identity =
        c->identity.len ? c->identity : redan_slice_of(identities[c->kind]);

    redan_buf_printf(out, "\n    redan_zone guard %.*s;\n", REDAN_FMT(c->zone_size));
    REDAN_TRY(word(ctx, out, "    redan_policy ", c->policy));
    if (c->mode.len)
        redan_buf_printf(out, "    redan_mode %.*s;\n", REDAN_FMT(c->mode));
    return word(ctx, out, "    redan_identity ", identity);
}

static enum redan_status
write_upstream(struct redan_ctx *ctx, const struct redan_nginx_upstream *up, struct redan_buf *out)
{
    redan_buf_text(out, "\n    upstream model {\n        server ");
    REDAN_TRY(redan_nginx_word(ctx, up->server, out));
    redan_buf_text(out, ";\n        keepalive 64;\n        keepalive_requests 100000;\n    }\n");
    return REDAN_OK;
}

static enum redan_status write_proxy(struct redan_ctx *ctx, const struct redan_nginx_config *c,
                                     const struct redan_nginx_upstream *up, struct redan_buf *out)
{
    redan_buf_printf(
        out,
        "\n        location / {\n            redan_guard on;\n            proxy_pass %s://model;\n",
        up->tls ? "https" : "http");
    redan_buf_text(out, "            proxy_http_version 1.1;\n"
                        "            proxy_set_header Connection \"\";\n");
    REDAN_TRY(word(ctx, out, "            proxy_set_header Host ", up->host));
    redan_buf_text(out, "            proxy_set_header X-Forwarded-For $remote_addr;\n"
                        "            proxy_set_header X-Forwarded-Proto $scheme;\n"
                        "            proxy_buffering off;\n"
                        "            proxy_buffer_size 16k;\n"
                        "            proxy_buffers 4 16k;\n"
                        "            proxy_busy_buffers_size 32k;\n"
                        "            proxy_connect_timeout 5s;\n"
                        "            proxy_read_timeout 120s;\n"
                        "            proxy_next_upstream off;\n");
    if (up->tls) {
        redan_buf_text(out, "            proxy_ssl_verify on;\n"
                            "            proxy_ssl_verify_depth 4;\n"
                            "            proxy_ssl_server_name on;\n");
        REDAN_TRY(word(ctx, out, "            proxy_ssl_name ", up->name));
        REDAN_TRY(word(ctx, out, "            proxy_ssl_trusted_certificate ",
                       c->upstream_ca.len ? c->upstream_ca
                                          : REDAN_S("/etc/ssl/certs/ca-certificates.crt")));
    }
    redan_buf_text(out, "        }\n");
    return REDAN_OK;
}

/* What nginx itself says of a request, in the form of the guard's refusals. */
static void write_errors(struct redan_buf *out)
{
    static const struct {
        const char *codes, *name, *text;
    } rows[] = {
        {"400 405 408 411 413 414 421 431 494 495 496 497", "request",
         "not a request that can be served"},
        {"500 501 503", "server", "the request cannot be served now"},
        {"502", "gateway", "the model server does not answer as it should"},
        {"504", "timeout", "the model server does not answer in time"},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        redan_buf_printf(out,
                         "        error_page %s /redan-error/%s;\n"
                         "        location = /redan-error/%s {\n"
                         "            internal;\n"
                         "            default_type application/json;\n"
                         "            return 200 '{\"error\": \"%s\", \"rule\": \"\", \"id\": "
                         "\"$redan_id\"}\\n';\n"
                         "        }\n",
                         rows[i].codes, rows[i].name, rows[i].name, rows[i].text);
}

static enum redan_status write_endpoint(struct redan_ctx *ctx, const struct redan_nginx_config *c,
                                        const struct redan_nginx_upstream *up,
                                        struct redan_slice listen, struct redan_buf *out)
{
    bool tls = c->tls_cert.len != 0;

    redan_buf_text(out, "\n    server {\n        listen ");
    REDAN_TRY(redan_nginx_word(ctx, listen, out));
    redan_buf_text(out, tls ? " ssl http2;\n" : ";\n");
    if (tls) {
        REDAN_TRY(tls_file(ctx, out, "        ssl_certificate ", "--tls-cert", c->tls_cert));
        REDAN_TRY(tls_file(ctx, out, "        ssl_certificate_key ", "--tls-key", c->tls_key));
        redan_buf_text(out, "        ssl_protocols TLSv1.2 TLSv1.3;\n"
                            "        ssl_session_cache shared:tls:4m;\n"
                            "        ssl_session_tickets off;\n");
    }
    if (c->client_ca.len) { /* who comes without one is refused by the policy, with words */
        REDAN_TRY(
            tls_file(ctx, out, "        ssl_client_certificate ", "--client-ca", c->client_ca));
        redan_buf_text(out, "        ssl_verify_client optional;\n"
                            "        ssl_verify_depth 4;\n");
    }
    redan_buf_printf(out,
                     "        # the policy bounds bodies, and answers those that are larger\n"
                     "        client_max_body_size 0;\n"
                     "        client_body_buffer_size %zu;\n",
                     redan_min_size(c->request_bytes, BODY_BUFFER));
    REDAN_TRY(write_proxy(ctx, c, up, out));
    redan_buf_char(out, '\n');
    write_errors(out);
    redan_buf_text(out, "    }\n");
    return REDAN_OK;
}

/* The identity of a record is the name that the guard gave to the service with its request. */
static enum redan_status write_status(struct redan_ctx *ctx, struct redan_slice status,
                                      size_t request_bytes, struct redan_buf *out)
{
    if (status.len == 0)
        return REDAN_OK;
    redan_buf_text(out, "\n    # for this machine alone\n    server {\n        listen ");
    REDAN_TRY(redan_nginx_word(ctx, status, out));
    redan_buf_printf(out,
                     ";\n"
                     "        redan_identity $http_x_redan_caller;\n"
                     "        client_max_body_size %zu;\n"
                     "        client_body_buffer_size %zu;\n"
                     "        location = /redan/metrics {\n            redan_metrics;\n        }\n"
                     "        location /redan/admit {\n            redan_admit;\n        }\n"
                     "        location / {\n            return 404;\n        }\n"
                     "    }\n",
                     request_bytes, redan_min_size(request_bytes, BODY_BUFFER));
    return REDAN_OK;
}

enum redan_status redan_nginx_config_write(struct redan_ctx *ctx,
                                           const struct redan_nginx_config *config,
                                           struct redan_buf *out)
{
    struct redan_nginx_upstream up = {0};
    struct redan_slice listen = {0};
    struct redan_slice status = {0};

    REDAN_TRY(redan_nginx_config_check(ctx, config));
    REDAN_TRY(redan_nginx_upstream_parse(ctx, config->upstream, &up));
    REDAN_TRY(redan_nginx_address(ctx, "--listen", config->listen, &listen));
    if (config->status.len) {
        REDAN_TRY(redan_nginx_address(ctx, "--status", config->status, &status));
        if (!redan_nginx_address_is_local(status))
            return redan_fail(
                ctx, REDAN_E_USAGE, 0,
                "--status %.*s can be reached from elsewhere, and metrics and admit are "
                "for this machine alone: 127.0.0.1:PORT or unix:/PATH",
                REDAN_FMT(status));
    }
    REDAN_TRY(write_head(ctx, config, out));
    REDAN_TRY(write_guard(ctx, config, out));
    REDAN_TRY(write_upstream(ctx, &up, out));
    REDAN_TRY(write_endpoint(ctx, config, &up, listen, out));
    REDAN_TRY(write_status(ctx, status, config->request_bytes, out));
    redan_buf_text(out, "}\n");
    return redan_buf_ok(ctx, out, "the configuration");
}
