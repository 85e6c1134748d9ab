/* Opens the port before anything else does, so that a port that is taken is said in plain words. */
#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static bool parse(const char *text, union address *address, socklen_t *len)
{
    char host[64];
    uint64_t port = 0;
    struct redan_slice all = redan_slice_of(text);
    const char *colon = strrchr(text, ':');

    memset(address, 0, sizeof(*address));
    if (!colon || !redan_slice_u64(redan_slice_of(colon + 1), &port) || port > 65535)
        return false;
    struct redan_slice name = redan_slice_sub(all, 0, (size_t)(colon - text));
    bool six = name.len > 2 && name.at[0] == '[' && name.at[name.len - 1] == ']';
    if (six)
        name = redan_slice_sub(name, 1, name.len - 2);
    if (name.len >= sizeof(host))
        return false;
    memcpy(host, name.at, name.len);
    host[name.len] = '\0';
    if (six) {
        address->six.sin6_family = AF_INET6;
        address->six.sin6_port = htons((uint16_t)port);
        *len = sizeof(address->six);
        return inet_pton(AF_INET6, host, &address->six.sin6_addr) == 1;
    }
    address->four.sin_family = AF_INET;
    address->four.sin_port = htons((uint16_t)port);
    *len = sizeof(address->four);
    return inet_pton(AF_INET, host, &address->four.sin_addr) == 1;
}

static enum redan_status refused(struct redan_ctx *ctx, const char *text, int fd)
{
    int error = errno;

    if (fd >= 0)
        (void)close(fd);
    return redan_fail(ctx, REDAN_E_IO, 0, "cannot listen on %s: %s%s", text, strerror(error),
                      error == EADDRINUSE ? "; stop the other server or give another port" : "");
}

static void describe(int fd, char address[FRAUD_ADDRESS_TEXT])
{
    union address bound;
    socklen_t len = sizeof(bound);
    char host[INET6_ADDRSTRLEN] = "?";

    memset(&bound, 0, sizeof(bound));
    (void)getsockname(fd, &bound.any, &len);
    if (bound.any.sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &bound.six.sin6_addr, host, sizeof(host));
        (void)snprintf(address, FRAUD_ADDRESS_TEXT, "[%s]:%u", host, ntohs(bound.six.sin6_port));
    } else {
        (void)inet_ntop(AF_INET, &bound.four.sin_addr, host, sizeof(host));
        (void)snprintf(address, FRAUD_ADDRESS_TEXT, "%s:%u", host, ntohs(bound.four.sin_port));
    }
}

enum redan_status fraud_listen(struct redan_ctx *ctx, const char *text, int *fd,
                               char address[FRAUD_ADDRESS_TEXT])
{
    union address wanted;
    socklen_t len = 0;
    int one = 1;

    if (!parse(text, &wanted, &len))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "'%s' is not an address and port; write 127.0.0.1:8080 or [::1]:8080",
                          text);
    int s = socket(wanted.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(s, &wanted.any, len) != 0 || listen(s, 511) != 0)
        return refused(ctx, text, s);
    describe(s, address);
    *fd = s;
    return REDAN_OK;
}

enum redan_status fraud_connect(struct redan_ctx *ctx, const char *text, int *fd)
{
    union address wanted;
    socklen_t len = 0;
    int one = 1;

    if (!parse(text, &wanted, &len))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "'%s' is not an address and port; write 127.0.0.1:8080 or [::1]:8080",
                          text);
    *fd = socket(wanted.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return REDAN_OK;
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(*fd, &wanted.any, len) == 0 || errno == EINPROGRESS)
        return REDAN_OK;
    (void)close(*fd);
    *fd = -1;
    return REDAN_OK;
}
