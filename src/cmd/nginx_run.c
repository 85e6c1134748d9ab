/* Makes the folder, runs nginx in it, passes on signals, and leaves nothing behind. */
#include "cmd/nginx_run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/file.h"
#include "io/os.h"
#include "io/process.h"

enum {
    TEST_SECONDS = 60,
    START_STEPS = 300, /* of a twentieth of a second */
    STOP_STEPS = 200,
    STEP_NS = 50000000,
    SIGNAL_BASE = 128,
    EXEC_FAILED = 127,
};

/* What nginx puts into its prefix. */
static const char *const folders[] = {"body", "proxy", "fastcgi", "uwsgi", "scgi", NULL};
static const char *const files[] = {"nginx.conf", "nginx.pid", NULL};

enum redan_status redan_nginx_find(struct redan_ctx *ctx, struct redan_slice given,
                                   struct redan_slice *program)
{
    static const char *const usual[] = {"/usr/sbin/nginx", "/usr/local/sbin/nginx",
                                        "/usr/local/nginx/sbin/nginx", "/usr/bin/nginx", NULL};
    char text[REDAN_OS_PATH];

    if (given.len) {
        REDAN_TRY(redan_os_path(ctx, given, text));
        if (access(text, X_OK) != 0)
            return redan_fail(ctx, REDAN_E_ABSENT, 0, "--nginx %.*s cannot be run: %s",
                              REDAN_FMT(given), strerrordesc_np(errno));
        return redan_copy(ctx, given, program);
    }
    for (size_t i = 0; usual[i]; i++) {
        if (access(usual[i], X_OK) == 0) {
            *program = redan_slice_of(usual[i]);
            return REDAN_OK;
        }
    }
    return redan_fail(ctx, REDAN_E_ABSENT, 0,
                      "nginx is not installed (apt-get install nginx), or say where it is: --nginx "
                      "FILE");
}

static struct redan_slice base_folder(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    const char *temporary = getenv("TMPDIR");

    if (runtime && runtime[0] == '/' && access(runtime, W_OK) == 0)
        return redan_slice_of(runtime);
    return redan_slice_of(temporary && temporary[0] == '/' ? temporary : "/tmp");
}

static void hold_signals(struct redan_nginx_run *run)
{
    static const int passed[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGCHLD};
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < REDAN_COUNT(passed); i++)
        (void)sigaddset(&set, passed[i]);
    run->held = pthread_sigmask(SIG_BLOCK, &set, &run->before) == 0;
}

enum redan_status redan_nginx_prepare(struct redan_ctx *ctx, struct redan_nginx_run *run,
                                      struct redan_slice config, bool others)
{
    struct redan_slice path = {0};
    char name[REDAN_OS_PATH];

    hold_signals(run);
    REDAN_TRY(redan_path_join(ctx, base_folder(), REDAN_S("redan-guard-XXXXXX"), &path));
    REDAN_TRY(redan_os_path(ctx, path, name));
    if (!mkdtemp(name))
        return redan_os_fail(ctx, errno, "make a folder in", base_folder());
    if (redan_copy(ctx, redan_slice_of(name), &run->prefix) != REDAN_OK) {
        (void)rmdir(name);
        return REDAN_E_MEMORY;
    }
    if (others && chmod(name, 0711) != 0)
        return redan_os_fail(ctx, errno, "open for workers the folder", run->prefix);
    REDAN_TRY(redan_path_join(ctx, run->prefix, REDAN_S("nginx.conf"), &run->config));
    return redan_file_create(ctx, run->config, 0600, config);
}

enum redan_status redan_nginx_test(struct redan_ctx *ctx, const struct redan_nginx_run *run,
                                   bool *good, struct redan_slice *words)
{
    /* every slice here was copied, and ends with a NUL */
    const char *const argv[] = {run->program.at, "-p", run->prefix.at, "-c", run->config.at, "-e",
                                "stderr",        "-t", "-q",           NULL};
    const struct redan_process process = {.argv = argv, .seconds = TEST_SECONDS};
    struct redan_process_result result = {0};

    REDAN_TRY(redan_process_run(ctx, &process, &result));
    *good = result.exit_code == 0;
    *words = result.err;
    return REDAN_OK;
}

static bool connects(int family, const struct sockaddr *to, socklen_t size)
{
    REDAN_DEFER(redan_os_close) int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && connect(fd, to, size) == 0;
}

/* ADDRESS:PORT, *:PORT or unix:/PATH. */
static bool answers(const char *address)
{
    struct sockaddr_un socket_name = {.sun_family = AF_UNIX};
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[256];
    bool good = false;

    if (strncmp(address, "unix:", 5) == 0) {
        (void)snprintf(socket_name.sun_path, sizeof(socket_name.sun_path), "%.*s",
                       (int)sizeof(socket_name.sun_path) - 1, address + 5);
        return connects(AF_UNIX, (const struct sockaddr *)&socket_name, sizeof(socket_name));
    }
    const char *colon = strrchr(address, ':');
    size_t length = colon ? (size_t)(colon - address) : 0;
    if (!colon || length >= sizeof(host))
        return false;
    memcpy(host, address, length);
    host[length] = '\0';
    char *name = host;
    if (name[0] == '[') {
        host[length - 1] = '\0';
        name++;
    }
    if (strcmp(name, "*") == 0 || strcmp(name, "0.0.0.0") == 0)
        name = NULL; /* loopback stands for all */
    if (getaddrinfo(name, colon + 1, &hints, &found) != 0)
        return false;
    for (const struct addrinfo *one = found; one && !good; one = one->ai_next)
        good = connects(one->ai_family, one->ai_addr, one->ai_addrlen);
    freeaddrinfo(found);
    return good;
}

static int exit_of(int status)
{
    return WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Whether it has ended, and how. */
static bool ended(struct redan_nginx_run *run, int *code)
{
    int status = 0;

    if (waitpid(run->pid, &status, WNOHANG) != run->pid)
        return false;
    run->pid = 0;
    *code = exit_of(status);
    return true;
}

/* In a process group of its own: a terminal's Ctrl-C reaches it through us, once. It does not outlive us. */
static _Noreturn void become(const struct redan_nginx_run *run, pid_t parent)
{
    const char *const argv[] = {run->program.at, "-p", run->prefix.at, "-c",
                                run->config.at,  "-e", "stderr",       NULL};

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(EXEC_FAILED);
    (void)pthread_sigmask(SIG_SETMASK, &run->before, NULL);
    (void)execv(run->program.at, (char *const *)(uintptr_t)argv);
    _exit(EXEC_FAILED);
}

enum redan_status redan_nginx_start(struct redan_ctx *ctx, struct redan_nginx_run *run,
                                    struct redan_slice address)
{
    const struct timespec step = {.tv_nsec = STEP_NS};
    char text[REDAN_OS_PATH];
    pid_t parent = getpid();
    int code = 0;

    REDAN_TRY(redan_os_path(ctx, address, text));
    run->pid = fork();
    if (run->pid < 0) {
        run->pid = 0;
        return redan_os_fail(ctx, errno, "start", run->program);
    }
    if (run->pid == 0)
        become(run, parent);
    for (int i = 0; i < START_STEPS; i++) {
        if (ended(run, &code))
            return redan_fail(ctx, REDAN_E_IO, 0, "nginx ended at once, with exit code %d", code);
        if (answers(text))
            return REDAN_OK;
        (void)nanosleep(&step, NULL);
    }
    return redan_fail(ctx, REDAN_E_IO, 0, "nginx runs, but %s does not answer", text);
}

int redan_nginx_wait(struct redan_nginx_run *run)
{
    sigset_t set;
    int code = 0;

    (void)sigemptyset(&set);
    static const int waited[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGCHLD};
    for (size_t i = 0; i < REDAN_COUNT(waited); i++)
        (void)sigaddset(&set, waited[i]);
    for (;;) {
        if (ended(run, &code))
            return code;
        int number = sigwaitinfo(&set, NULL);
        if (number > 0 && number != SIGCHLD)
            (void)kill(run->pid, number);
    }
}

static void stop(struct redan_nginx_run *run)
{
    const struct timespec step = {.tv_nsec = STEP_NS};
    int code = 0;

    (void)kill(run->pid, SIGTERM);
    for (int i = 0; i < STOP_STEPS; i++) {
        if (ended(run, &code))
            return;
        (void)nanosleep(&step, NULL);
    }
    (void)kill(-run->pid, SIGKILL);
    (void)waitpid(run->pid, NULL, 0);
    run->pid = 0;
}

static void remove_folder(int prefix, const char *name)
{
    REDAN_DEFER(redan_os_close)
    int fd = redan_os_open(prefix, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    struct redan_ctx ctx;
    struct redan_slice *names = NULL;
    char path[64];
    size_t count = 0;

    if (fd < 0)
        return;
    redan_ctx_init(&ctx, NULL);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (redan_folder_list(&ctx, redan_slice_of(path), &names, &count) == REDAN_OK) {
        for (size_t i = 0; i < count; i++)
            (void)unlinkat(fd, names[i].at, 0);
    }
    redan_ctx_done(&ctx);
    (void)unlinkat(prefix, name, AT_REMOVEDIR);
}

void redan_nginx_done(struct redan_nginx_run *run)
{
    if (run->pid > 0)
        stop(run);
    if (run->prefix.len) {
        int fd = redan_os_open(AT_FDCWD, run->prefix.at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        for (size_t i = 0; fd >= 0 && folders[i]; i++)
            remove_folder(fd, folders[i]);
        for (size_t i = 0; fd >= 0 && files[i]; i++)
            (void)unlinkat(fd, files[i], 0);
        redan_os_close(&fd);
        (void)rmdir(run->prefix.at);
        run->prefix = (struct redan_slice){0};
    }
    if (run->held) {
        /* what came meanwhile has been answered by the end */
        const struct timespec none = {0};
        sigset_t child;
        (void)sigemptyset(&child);
        (void)sigaddset(&child, SIGCHLD);
        while (sigtimedwait(&child, NULL, &none) > 0)
            continue;
        (void)pthread_sigmask(SIG_SETMASK, &run->before, NULL);
        run->held = false;
    }
}
