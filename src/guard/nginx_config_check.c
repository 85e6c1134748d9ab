/* Checks what goes into an nginx configuration: words, addresses, the upstream, and settings that need each other. */
#include <string.h>

#include "guard/nginx_config_parts.h"

static const char digits[] = "0123456789";
static const char hostname[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

static bool only(struct redan_slice text, const char *chars)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!redan_char_among(chars, text.at[i]))
            return false;
    }
    return text.len > 0;
}

enum redan_status redan_nginx_word(struct redan_ctx *ctx, struct redan_slice text,
                                   struct redan_buf *out)
{
    redan_buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < 0x20 || c == 0x7f)
            return redan_fail(ctx, REDAN_E_USAGE, i,
                              "a control character (0x%02x) cannot stand in nginx's configuration",
                              c);
        if (c == '"' || c == '\\')
            redan_buf_char(out, '\\');
        redan_buf_char(out, (char)c);
    }
    redan_buf_char(out, '"');
    return REDAN_OK;
}

static bool is_port(struct redan_slice text)
{
    uint64_t port = 0;

    return redan_slice_u64(text, &port) && port > 0 && port < 65536 && text.len <= 5;
}

static bool is_host(struct redan_slice host)
{
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        return only(redan_slice_sub(host, 1, host.len - 2), "0123456789abcdefABCDEF:.");
    return only(host, hostname) && host.at[0] != '-';
}

static bool cut_last(struct redan_slice text, char sep, struct redan_slice *head,
                     struct redan_slice *tail)
{
    const char *at = memrchr(text.at, sep, text.len);

    if (!at)
        return false;
    *head = redan_slice_sub(text, 0, (size_t)(at - text.at));
    *tail = redan_slice_sub(text, head->len + 1, text.len);
    return true;
}

/* nginx cuts a socket's name at a colon. */
static bool is_socket(struct redan_slice text)
{
    struct redan_slice path = redan_slice_sub(text, 5, text.len);

    return redan_slice_starts(text, REDAN_S("unix:/")) && path.len < 108 &&
           !memchr(path.at, ':', path.len) && !memchr(path.at, '$', path.len);
}

enum redan_status redan_nginx_address(struct redan_ctx *ctx, const char *what,
                                      struct redan_slice given, struct redan_slice *address)
{
    struct redan_slice host = {0};
    struct redan_slice port = {0};

    if (is_port(given))
        return redan_format(ctx, address, "127.0.0.1:%.*s", REDAN_FMT(given));
    if (is_socket(given) || (cut_last(given, ':', &host, &port) && is_port(port) &&
                             (is_host(host) || redan_slice_is(host, "*")))) {
        *address = given;
        return REDAN_OK;
    }
    return redan_fail(ctx, REDAN_E_USAGE, 0,
                      "%s takes PORT, ADDRESS:PORT or unix:/PATH, found \"%s\"", what,
                      redan_snippet_of(given).text);
}

bool redan_nginx_address_is_local(struct redan_slice address)
{
    struct redan_slice host = {0};
    struct redan_slice port = {0};

    if (is_socket(address))
        return true;
    if (!cut_last(address, ':', &host, &port))
        return false;
    return redan_slice_is(host, "localhost") || redan_slice_is(host, "[::1]") ||
           (redan_slice_starts(host, REDAN_S("127.")) && only(host, "0123456789."));
}

enum redan_status redan_nginx_upstream_parse(struct redan_ctx *ctx, struct redan_slice url,
                                             struct redan_nginx_upstream *upstream)
{
    struct redan_slice rest = url;
    struct redan_slice port = {0};

    if (is_socket(url)) {
        *upstream = (struct redan_nginx_upstream){
            .server = url, .host = REDAN_S("localhost"), .name = REDAN_S("localhost")};
        return REDAN_OK;
    }
    bool tls = redan_slice_starts(url, REDAN_S("https://"));
    if (!tls && !redan_slice_starts(url, REDAN_S("http://")))
        return redan_fail(
            ctx, REDAN_E_USAGE, 0,
            "--upstream takes http://HOST:PORT, https://HOST:PORT or unix:/PATH, found "
            "\"%s\"",
            redan_snippet_of(url).text);
    rest = redan_slice_sub(url, tls ? 8 : 7, url.len);
    if (redan_slice_ends(rest, REDAN_S("/")))
        rest.len--;
    if (rest.len && memchr(rest.at, '/', rest.len))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "--upstream names a server, not a path on it: requests bring their own; "
                          "found \"%s\"",
                          redan_snippet_of(url).text);
    upstream->tls = tls;
    upstream->host = rest;
    upstream->name = rest;
    if (rest.len && rest.at[rest.len - 1] != ']' && cut_last(rest, ':', &upstream->name, &port)) {
        if (!is_port(port))
            return redan_fail(ctx, REDAN_E_USAGE, 0, "--upstream: \"%s\" is no port",
                              redan_snippet_of(port).text);
        upstream->server = rest;
    } else {
        REDAN_TRY(
            redan_format(ctx, &upstream->server, "%.*s:%s", REDAN_FMT(rest), tls ? "443" : "80"));
    }
    if (!is_host(upstream->name))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--upstream: \"%s\" is no host",
                          redan_snippet_of(upstream->name).text);
    return REDAN_OK;
}

static bool is_size(struct redan_slice text)
{
    struct redan_slice number = text;

    if (text.len && redan_char_among("kKmM", text.at[text.len - 1]))
        number.len--;
    return only(number, digits) && number.len <= 9;
}

/* Which characters begin a variable is nginx's to say; that nothing but one word comes out is ours. */
static enum redan_status check_identity(struct redan_ctx *ctx, struct redan_slice identity)
{
    if (identity.len == 0 || memchr(identity.at, '$', identity.len))
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_USAGE, 0,
                      "--identity takes an nginx variable, as '$http_x_caller' or "
                      "'$ssl_client_s_dn', found \"%s\": without one all callers are the same "
                      "(was it in double quotes, and the shell replaced it?)",
                      redan_snippet_of(identity).text);
}

static enum redan_status check_tls(struct redan_ctx *ctx, const struct redan_nginx_config *c)
{
    if ((c->tls_cert.len != 0) != (c->tls_key.len != 0))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--tls-cert and --tls-key go together");
    if (c->client_ca.len && !c->tls_cert.len)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "--client-ca needs --tls-cert and --tls-key: certificates are shown over "
                          "TLS");
    if (c->kind == REDAN_IDENTITY_SUBJECT && !c->identity.len && !c->client_ca.len)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "the policy's callers are subjects of certificates: --client-ca says who "
                          "may have signed them (or --identity where else the subject is)");
    if (c->upstream_ca.len && !redan_slice_starts(c->upstream, REDAN_S("https://")))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--upstream-ca needs an https:// upstream");
    return REDAN_OK;
}

enum redan_status redan_nginx_config_check(struct redan_ctx *ctx,
                                           const struct redan_nginx_config *c)
{
    if (c->mode.len && !redan_slice_is(c->mode, "observe") && !redan_slice_is(c->mode, "enforce"))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--mode is observe or enforce, found \"%s\"",
                          redan_snippet_of(c->mode).text);
    if (!is_size(c->zone_size))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--zone-size is a size as 16m, found \"%s\"",
                          redan_snippet_of(c->zone_size).text);
    if (!redan_slice_is(c->workers, "auto") &&
        (!only(c->workers, digits) || c->workers.len > 3 || c->workers.at[0] == '0'))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--workers is a number, or auto, found \"%s\"",
                          redan_snippet_of(c->workers).text);
    if (c->user.len &&
        (!only(c->user, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ||
         c->user.at[0] == '-'))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--user is the name of a user, found \"%s\"",
                          redan_snippet_of(c->user).text);
    REDAN_TRY(check_identity(ctx, c->identity));
    return check_tls(ctx, c);
}
