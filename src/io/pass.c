/* Descriptors as ancillary data of a message. */
#include "io/pass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Aligned as the kernel's header wants it. */
union control {
    char room[CMSG_SPACE(REDAN_PASS_FILES * sizeof(int))];
    struct cmsghdr align;
};

bool redan_pass_pair(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0;
}

bool redan_pass_send(int end, struct redan_slice bytes, const int *files, size_t count)
{
    union control control;
    char first = bytes.len ? bytes.at[0] : 0;
    struct iovec parts[2] = {{&first, 1}, {NULL, 0}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t n = -1;

    if (bytes.len == 0 || bytes.len > REDAN_PASS_BYTES || count > REDAN_PASS_FILES) {
        errno = EMSGSIZE;
        return false;
    }
    memcpy(&parts[1].iov_base, &(const char *){bytes.at + 1}, sizeof(parts[1].iov_base));
    parts[1].iov_len = bytes.len - 1;
    if (count) {
        memset(&control, 0, sizeof(control));
        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(head), files, count * sizeof(int));
    }
    do
        n = sendmsg(end, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)bytes.len;
}

static void close_all(const int *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)close(files[i]);
}

bool redan_pass_receive(int end, char *bytes, size_t room, size_t *len, int *files, size_t most,
                        size_t *count)
{
    union control control;
    int got[REDAN_PASS_FILES];
    size_t n = 0;
    struct iovec part = {bytes, room};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof(control.room)};
    ssize_t size = -1;

    do
        size = recvmsg(end, &message, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return false;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS || n > 0)
            continue;
        n = redan_min_size((head->cmsg_len - CMSG_LEN(0)) / sizeof(int), REDAN_PASS_FILES);
        memcpy(got, CMSG_DATA(head), n * sizeof(int));
    }
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || n > most) {
        close_all(got, n);
        errno = EMSGSIZE;
        return false;
    }
    memcpy(files, got, n * sizeof(int));
    *count = n;
    *len = (size_t)size;
    return true;
}
