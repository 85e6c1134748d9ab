/* Asks for passphrases. While the terminal's echo is off, signals that end or stop the program wait until it is on again. */
#include "cmd/cli_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_MAX = 1024 };

enum outcome { DONE, INTERRUPTED, ENDED, FAILED };

/* One byte at a time, so that what follows the line is left to whoever reads next. */
static enum outcome read_line(int fd, int signals, struct redan_buf *secret)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
        char c = 0;
        if (poll(fds, signals >= 0 ? 2 : 1, -1) < 0 && errno != EINTR)
            return FAILED;
        if (signals >= 0 && fds[1].revents)
            return INTERRUPTED;
        if (!fds[0].revents)
            continue;
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return FAILED;
        if (n == 0)
            return ENDED;
        if (c == '\n')
            return DONE;
        redan_buf_char(secret, c);
    }
}

/* Where a line was written on Windows, or the buffer filled. */
static enum redan_status check_line(struct redan_ctx *ctx, struct redan_buf *secret)
{
    if (secret->len && secret->data[secret->len - 1] == '\r')
        secret->data[--secret->len] = '\0';
    if (secret->fail == REDAN_E_LIMIT)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "a passphrase has at most %d bytes", SECRET_MAX);
    REDAN_TRY(redan_buf_ok(ctx, secret, "a passphrase"));
    if (secret->len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "an empty passphrase is none");
    return REDAN_OK;
}

static enum redan_status from_descriptor(struct redan_cli *cli, struct redan_slice text,
                                         struct redan_buf *secret)
{
    uint64_t number = 0;

    if (!redan_slice_u64(text, &number) || number > 1024 || number == STDOUT_FILENO ||
        number == STDERR_FILENO || fcntl((int)number, F_GETFD) < 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--passphrase-fd takes the number of a descriptor that is open for "
                          "reading, as in: --passphrase-fd 3 3<FILE");
    enum outcome outcome = read_line((int)number, -1, secret);
    if (outcome == FAILED)
        return redan_fail(&cli->ctx, REDAN_E_IO, 0, "cannot read the passphrase: %s",
                          strerrordesc_np(errno));
    if (outcome == ENDED && secret->len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "the descriptor of --passphrase-fd has no line left: one passphrase a "
                          "line, in the order in which keys are named");
    return check_line(&cli->ctx, secret);
}

static void say(int tty, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(tty, text, len);
        if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
}

/* Ask once, with the echo off for just as long. */
static enum outcome ask(int tty, int signals, struct redan_slice prompt, struct redan_buf *secret)
{
    struct termios before;

    if (tcgetattr(tty, &before) != 0)
        return FAILED;
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    silent.c_lflag |= ICANON | ISIG;
    if (tcsetattr(tty, TCSAFLUSH, &silent) != 0)
        return FAILED;
    say(tty, prompt.at, prompt.len);
    enum outcome outcome = read_line(tty, signals, secret);
    (void)tcsetattr(tty, TCSAFLUSH, &before);
    say(tty, "\n", 1);
    return outcome;
}

/* The signals that would leave the terminal silent; they take effect when `before` is restored. */
static int hold_signals(sigset_t *before)
{
    static const int enders[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGALRM};
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < REDAN_COUNT(enders); i++)
        (void)sigaddset(&set, enders[i]);
    (void)pthread_sigmask(SIG_BLOCK, &set, before);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum redan_status from_terminal(struct redan_cli *cli, int tty, struct redan_slice prompt,
                                       struct redan_buf *secret)
{
    enum outcome outcome = INTERRUPTED;
    int error = 0;

    while (outcome == INTERRUPTED) { /* again, when it was only stopped for a while */
        sigset_t before;
        int signals = hold_signals(&before);
        redan_buf_clear(secret);
        outcome = signals >= 0 ? ask(tty, signals, prompt, secret) : FAILED;
        error = errno;
        if (signals >= 0)
            (void)close(signals);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL); /* what was held back happens here */
    }
    if (outcome == FAILED)
        return redan_fail(&cli->ctx, REDAN_E_IO, 0, "cannot ask for the passphrase: %s",
                          strerrordesc_np(error));
    if (outcome == ENDED)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "no passphrase was typed");
    return check_line(&cli->ctx, secret);
}

static enum redan_status typed(struct redan_cli *cli, int tty, struct redan_slice what, bool twice,
                               struct redan_buf *secret)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) again = {0};
    struct redan_slice prompt = {0};

    redan_buf_init(&again, &cli->ctx, SECRET_MAX);
    again.secret = true;
    REDAN_TRY(redan_format(&cli->ctx, &prompt, "Passphrase %.*s: ", REDAN_FMT(what)));
    redan_cli_clean((char *)(uintptr_t)prompt.at, prompt.len);
    REDAN_TRY(from_terminal(cli, tty, prompt, secret));
    if (!twice)
        return REDAN_OK;
    REDAN_TRY(from_terminal(cli, tty, REDAN_S("The same again: "), &again));
    if (!redan_slice_eq(redan_buf_view(secret), redan_buf_view(&again)))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "the two passphrases differ");
    return REDAN_OK;
}

enum redan_status redan_cli_secret(struct redan_cli *cli, struct redan_slice what, bool twice,
                                   struct redan_buf *secret)
{
    redan_buf_init(secret, &cli->ctx, SECRET_MAX);
    secret->secret = true;
    if (redan_cli_has(cli, "passphrase-fd"))
        return from_descriptor(cli, redan_cli_value(cli, "passphrase-fd"), secret);
    int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (tty < 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "a passphrase is needed %.*s, and there is no terminal to ask on; give "
                          "it with --passphrase-fd N",
                          REDAN_FMT(what));
    enum redan_status status = typed(cli, tty, what, twice, secret);
    (void)close(tty);
    return status;
}
