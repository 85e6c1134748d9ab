/* HTTP through libcurl, which is opened when the first request is sent and never linked. */
#include "io/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/dl.h"
#include "io/os.h"

enum { HEADERS = 16, HEADER_MAX = 64 << 10 };

struct api {
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_perform)(CURL *);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    const char *(*easy_strerror)(CURLcode);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
};

struct exchange {
    struct redan_ctx *ctx;
    struct redan_dl dl;
    struct api api;
    CURL *easy;
    struct curl_slist *headers;
    struct redan_buf body;
    struct redan_buf line; /* one header: it may be a credential */
    bool loopback;         /* plain http: connect to this machine only */
    char words[CURL_ERROR_SIZE];
};

static void exchange_done(struct exchange *x)
{
    for (struct curl_slist *h = x->headers; h; h = h->next) /* curl's copies: see `line` */
        redan_mem_cleanse(h->data, strlen(h->data));
    if (x->headers)
        x->api.slist_free_all(x->headers);
    if (x->easy)
        x->api.easy_cleanup(x->easy);
    redan_buf_done(&x->body);
    redan_buf_done(&x->line);
    redan_dl_done(&x->dl);
}

static enum redan_status load(struct exchange *x)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", NULL};
    struct api *api = &x->api;
    const struct redan_dl_symbol table[] = {
        {"curl_easy_init", &api->easy_init},
        {"curl_easy_cleanup", &api->easy_cleanup},
        {"curl_easy_setopt", &api->easy_setopt},
        {"curl_easy_perform", &api->easy_perform},
        {"curl_easy_getinfo", &api->easy_getinfo},
        {"curl_easy_strerror", &api->easy_strerror},
        {"curl_slist_append", &api->slist_append},
        {"curl_slist_free_all", &api->slist_free_all},
        {NULL, NULL},
    };

    REDAN_TRY(redan_dl_open(x->ctx, names,
                            "libcurl is not installed; install it (Debian: apt install libcurl4)",
                            &x->dl));
    return redan_dl_bind(x->ctx, &x->dl, table);
}

/* 127.0.0.0/8 in four decimal parts, as inet_pton takes it; "[::1]"; "localhost". */
static bool loopback_name(struct redan_slice host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;

    if (redan_slice_is(host, "localhost") || redan_slice_is(host, "[::1]"))
        return true;
    if (host.len >= sizeof(text) || !redan_slice_starts(host, REDAN_S("127.")))
        return false;
    memcpy(text, host.at, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, &address) == 1;
}

/* The part between "//" and the path. Stricter than any URL standard: a character that parsers disagree on is refused. */
static bool authority(struct redan_slice url, size_t from, struct redan_slice *host)
{
    struct redan_slice rest = redan_slice_sub(url, from, SIZE_MAX);
    struct redan_slice port;
    size_t n = 0;
    uint64_t number = 0;

    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.at[i];
        if (c <= ' ' || c >= 0x7f || redan_char_among("\\\"<>^`{|}", c))
            return false;
    }
    while (n < rest.len && !redan_char_among("/?#", rest.at[n]))
        n++;
    *host = redan_slice_sub(rest, 0, n);
    size_t name = 0;
    if (host->len > 0 && host->at[0] == '[') {
        const char *close = memchr(host->at, ']', host->len);
        name = close ? (size_t)(close - host->at) + 1 : 0;
    } else {
        while (name < host->len && host->at[name] != ':')
            name++;
    }
    port = redan_slice_sub(*host, name, SIZE_MAX);
    *host = redan_slice_sub(*host, 0, name);
    if (host->len == 0 || memchr(host->at, '@', host->len) || memchr(host->at, '%', host->len))
        return false;
    return port.len == 0 ||
           (port.at[0] == ':' && redan_slice_u64(redan_slice_sub(port, 1, SIZE_MAX), &number) &&
            number > 0 && number < 65536);
}

static enum redan_status check_url(struct exchange *x, struct redan_slice url)
{
    struct redan_slice host = {NULL, 0};
    char shown[REDAN_OS_SHOW];
    bool https = redan_slice_starts(url, REDAN_S("https://"));
    bool http = redan_slice_starts(url, REDAN_S("http://"));

    if (!https && !http)
        return redan_fail(x->ctx, REDAN_E_USAGE, 0, "%s is not an https:// address",
                          redan_os_show(url, shown));
    if (!authority(url, https ? 8 : 7, &host))
        return redan_fail(x->ctx, REDAN_E_USAGE, 0,
                          "%s is not an address of the plain form https://host[:port]/path",
                          redan_os_show(url, shown));
    if (http && !loopback_name(host))
        return redan_fail(x->ctx, REDAN_E_USAGE, 0,
                          "%s: plain http is for this machine only (127.0.0.1, [::1], localhost); "
                          "use https",
                          redan_os_show(url, shown));
    x->loopback = http;
    return REDAN_OK;
}

static bool loopback_address(const struct curl_sockaddr *to)
{
    if (to->family == AF_INET && to->addrlen >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;
        memcpy(&in, &to->addr, sizeof(in));
        return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
    }
    if (to->family == AF_INET6 && to->addrlen >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in6;
        memcpy(&in6, (const void *)&to->addr, sizeof(in6)); /* curl's buffer is that long */
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
    }
    return false;
}

/* Whatever a name resolved to, this is the address that is connected to. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    const struct exchange *x = arg;

    (void)purpose;
    if (x->loopback && !loopback_address(to))
        return CURL_SOCKET_BAD;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;

    redan_buf_add(&x->body, bytes, size * count);
    return x->body.fail == REDAN_OK ? size * count : 0;
}

/* One option; `ok` stays false after the first that curl refuses. */
#define SET(x, ok, option, value) \
    ((ok) = (ok) && (x)->api.easy_setopt((x)->easy, (option), (value)) == CURLE_OK)

static bool set_rules(struct exchange *x, unsigned seconds)
{
    bool ok = true;

    SET(x, ok, CURLOPT_PROTOCOLS_STR, x->loopback ? "http" : "https");
    SET(x, ok, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(x, ok, CURLOPT_FOLLOWLOCATION, 0L);
    SET(x, ok, CURLOPT_PROXY, "");
    SET(x, ok, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(x, ok, CURLOPT_PATH_AS_IS, 1L);
    SET(x, ok, CURLOPT_NOSIGNAL, 1L);
    SET(x, ok, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(x, ok, CURLOPT_TIMEOUT, (long)seconds);
    SET(x, ok, CURLOPT_CONNECTTIMEOUT, (long)seconds);
    SET(x, ok, CURLOPT_USERAGENT, "redan");
    SET(x, ok, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(x, ok, CURLOPT_OPENSOCKETDATA, x);
    SET(x, ok, CURLOPT_WRITEFUNCTION, take);
    SET(x, ok, CURLOPT_WRITEDATA, x);
    SET(x, ok, CURLOPT_ERRORBUFFER, x->words);
    return ok;
}

static bool add_header(struct exchange *x, const char *line)
{
    struct curl_slist *longer = x->api.slist_append(x->headers, line);

    if (longer)
        x->headers = longer;
    return longer != NULL;
}

static bool printable(struct redan_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < ' ' || (unsigned char)text.at[i] >= 0x7f)
            return false;
    return true;
}

/* "Name: value" (RFC 9110 5.5, 5.6.2), and a name that does not frame the message or is not curl's to write. */
static bool plain_header(struct redan_slice header)
{
    static const char *const ours[] = {"connection", "content-length",    "content-type", "expect",
                                       "host",       "proxy-connection",  "te",           "trailer",
                                       "keep-alive", "transfer-encoding", "upgrade",      NULL};
    char name[64] = "";
    size_t n = 0;

    for (; n < header.len && header.at[n] != ':'; n++) {
        char c = header.at[n];
        char lower = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        bool word = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
                    redan_char_among("!#$%&'*+-.^_`|~", c);
        if (!word || n + 1 >= sizeof(name))
            return false;
        name[n] = lower;
    }
    struct redan_slice value = redan_slice_sub(header, n, SIZE_MAX);
    return n > 0 && redan_slice_starts(value, REDAN_S(": ")) && printable(value) &&
           redan_slice_trim(redan_slice_sub(value, 1, SIZE_MAX)).len == value.len - 2 &&
           value.len > 2 && !redan_slice_among(ours, redan_slice_of(name));
}

/* What is in them is never told: one may be a credential. */
static enum redan_status add_headers(struct exchange *x, const struct redan_http_request *request)
{
    bool ok = true;

    if (request->header_count > HEADERS)
        return redan_fail(x->ctx, REDAN_E_USAGE, 0, "%zu headers of a request; %d are the most",
                          request->header_count, HEADERS);
    for (size_t i = 0; i < request->header_count && ok; i++) {
        if (!plain_header(request->headers[i]))
            return redan_fail(x->ctx, REDAN_E_USAGE, 0,
                              "header %zu of the request is not \"Name: value\" on one line, or is "
                              "one that is not to be set",
                              i + 1);
        redan_buf_clear(&x->line);
        redan_buf_slice(&x->line, request->headers[i]);
        REDAN_TRY(redan_buf_ok(x->ctx, &x->line, "a header of the request"));
        ok = add_header(x, x->line.data);
    }
    return ok ? REDAN_OK : redan_fail(x->ctx, REDAN_E_MEMORY, 0, "no memory for a request");
}

static enum redan_status set_request(struct exchange *x, const struct redan_http_request *request)
{
    struct redan_slice url = {NULL, 0};
    struct redan_slice type = {NULL, 0};
    bool post = redan_slice_is(request->method, "POST");
    bool ok = true;

    if (!post && !redan_slice_is(request->method, "GET"))
        return redan_fail(x->ctx, REDAN_E_USAGE, 0, "the method is neither GET nor POST");
    if (!printable(request->content_type))
        return redan_fail(x->ctx, REDAN_E_USAGE, 0, "the content type has a control byte");
    REDAN_TRY(add_headers(x, request));
    REDAN_TRY(redan_copy(x->ctx, request->url, &url));
    REDAN_TRY(redan_format(x->ctx, &type, "Content-Type: %.*s", REDAN_FMT(request->content_type)));
    SET(x, ok, CURLOPT_URL, url.at);
    if (post) {
        ok = ok && add_header(x, request->content_type.len ? type.at : "Content-Type:");
        ok = ok && add_header(x, "Expect:");
        SET(x, ok, CURLOPT_POST, 1L);
        SET(x, ok, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        SET(x, ok, CURLOPT_POSTFIELDS, request->body.len ? request->body.at : "");
    }
    if (x->headers)
        SET(x, ok, CURLOPT_HTTPHEADER, x->headers);
    if (!ok || !set_rules(x, request->seconds))
        return redan_fail(x->ctx, REDAN_E_UNSUPPORTED, 0,
                          "the installed libcurl is too old; version 7.85 or newer is needed");
    return REDAN_OK;
}

/* What went wrong, told apart by curl's code; the words are curl's, which never repeat a header. */
static const char *trouble(CURLcode code)
{
    static const struct {
        CURLcode code;
        const char *words;
    } rows[] = {
        {CURLE_COULDNT_RESOLVE_HOST, "its name has no address"},
        {CURLE_COULDNT_CONNECT, "nothing answers there"},
        {CURLE_PEER_FAILED_VERIFICATION, "TLS: its certificate is not trusted here"},
        {CURLE_SSL_ISSUER_ERROR, "TLS: its certificate is not trusted here"},
        {CURLE_SSL_CONNECT_ERROR, "TLS: no connection"},
        {CURLE_SSL_CIPHER, "TLS: no connection"},
        {CURLE_SSL_CACERT_BADFILE, "TLS: the list of trusted authorities cannot be read"},
        {CURLE_OUT_OF_MEMORY, "a header of its answer is too long"}, /* so curl calls that */
        {CURLE_GOT_NOTHING, "it broke off before its answer was whole"},
        {CURLE_PARTIAL_FILE, "it broke off before its answer was whole"},
        {CURLE_RECV_ERROR, "it broke off before its answer was whole"},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        if (rows[i].code == code)
            return rows[i].words;
    return "no exchange";
}

static enum redan_status why(struct exchange *x, const struct redan_http_request *request,
                             CURLcode code)
{
    char shown[REDAN_OS_SHOW];

    redan_os_show(request->url, shown);
    if (x->body.fail == REDAN_E_LIMIT)
        return redan_fail(x->ctx, REDAN_E_LIMIT, 0, "the answer of %s is longer than %zu bytes",
                          shown, x->body.max);
    if (x->body.fail != REDAN_OK)
        return redan_fail(x->ctx, REDAN_E_MEMORY, 0, "no memory for the answer of %s", shown);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return redan_fail(x->ctx, REDAN_E_IO, 0, "%s did not answer within %u seconds", shown,
                          request->seconds);
    return redan_fail(x->ctx, REDAN_E_IO, 0, "cannot reach %s: %s (%s)", shown, trouble(code),
                      x->words[0] ? x->words : x->api.easy_strerror(code));
}

enum redan_status redan_http_send(struct redan_ctx *ctx, const struct redan_http_request *request,
                                  struct redan_http_response *response)
{
    REDAN_DEFER(exchange_done) struct exchange x = {.ctx = ctx};
    struct redan_http_response made = {.status = 0};
    const char *type = NULL;
    long status = 0;

    redan_buf_init(&x.body, ctx, ctx->limits.output);
    redan_buf_init(&x.line, ctx, HEADER_MAX);
    x.line.secret = x.body.secret = true; /* an answer may hold one too */
    if (request->seconds == 0 || request->seconds > 86400)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "a request needs a time limit of at most a day");
    REDAN_TRY(check_url(&x, request->url));
    REDAN_TRY(load(&x));
    x.easy = x.api.easy_init();
    if (!x.easy)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "libcurl could not start");
    REDAN_TRY(set_request(&x, request));
    CURLcode code = x.api.easy_perform(x.easy);
    if (code != CURLE_OK)
        return why(&x, request, code);
    if (x.api.easy_getinfo(x.easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
        x.api.easy_getinfo(x.easy, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || status < 100)
        return redan_fail(ctx, REDAN_E_IO, 0, "libcurl cannot say what was answered");
    made.status = (unsigned)status;
    REDAN_TRY(redan_copy(ctx, redan_slice_of(type), &made.content_type));
    REDAN_TRY(redan_copy(ctx, redan_buf_view(&x.body), &made.body));
    *response = made;
    return REDAN_OK;
}
