/* Rlimits, landlock and seccomp by their system calls: landlock(7), seccomp(2). */
#include "io/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io/os.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

static int limit(int resource, rlim_t most)
{
    struct rlimit now;

    if (getrlimit((__rlimit_resource_t)resource, &now) != 0)
        return errno;
    if (now.rlim_max < most)
        most = now.rlim_max;
    now = (struct rlimit){most, most};
    return setrlimit((__rlimit_resource_t)resource, &now) == 0 ? 0 : errno;
}

/* Pages of address space in use: the first number of /proc/self/statm. */
static uint64_t held(void)
{
    REDAN_DEFER(redan_os_close) int fd = redan_os_open(AT_FDCWD, "/proc/self/statm", O_RDONLY, 0);
    char text[64];
    uint64_t pages = 0;
    ssize_t n = fd < 0 ? -1 : redan_os_pread(fd, text, sizeof(text), 0);

    for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9'; i++)
        pages = pages * 10 + (uint64_t)(text[i] - '0');
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int enter_limits(const struct redan_sandbox *wanted)
{
    int first = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
    const struct {
        int resource;
        rlim_t most;
    } rows[] = {{RLIMIT_CORE, 0},
                {RLIMIT_FSIZE, 0},
                {RLIMIT_NPROC, 0},
                {RLIMIT_MSGQUEUE, 0},
                {RLIMIT_NOFILE, wanted->files}};
    uint64_t now = held();

    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        int error = limit(rows[i].resource, rows[i].most);
        first = first ? first : error;
    }
    if (wanted->memory && now && !SANITIZED) {
        int error = limit(RLIMIT_AS, (rlim_t)(now + wanted->memory));
        first = first ? first : error;
    }
    return first;
}

/* The kernel's struct landlock_ruleset_attr as it grew: the header of the machine that builds may know less of it than the one that runs. */
struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

static int enter_landlock(void)
{
    /* rights to files by version of the interface, from the first; a ruleset without rules denies all that it handles */
    static const unsigned files[] = {13, 14, 15, 15, 16};
    struct ruleset set = {0};
    size_t size = sizeof(set.files);
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    if (version < 1)
        return version < 0 ? errno : ENOSYS;
    size_t row = redan_min_size((size_t)version, REDAN_COUNT(files)) - 1;
    set.files = ((uint64_t)1 << files[row]) - 1;
    if (version >= 4) { /* binding and connecting TCP */
        set.network = 3;
        size += sizeof(set.network);
    }
    if (version >= 6) { /* abstract sockets, signals to others */
        set.scopes = 3;
        size += sizeof(set.scopes);
    }
    REDAN_DEFER(redan_os_close) int fd = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
    if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        return errno;
    return 0;
}

#ifdef ARCHITECTURE

#define LOAD(field) \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define LOW(n) (uint32_t)(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t))
#define ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW(n))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define ALLOW(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), ANSWER(SECCOMP_RET_ALLOW)
#define REFUSE(call)                                       \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), \
        ANSWER(SECCOMP_RET_ERRNO | (EACCES & SECCOMP_RET_DATA))
/* Allowed unless argument n has one of these bits; the number of the call is loaded again for the rows that follow. */
#define ALLOW_WITHOUT(call, n, bits)                                                          \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 4), ARGUMENT(n),                       \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, 1), ANSWER(SECCOMP_RET_KILL_PROCESS), \
        ANSWER(SECCOMP_RET_ALLOW)

/* What a library may ask for in passing (a locale, a number of processors) is refused; what nobody here has a use for ends the process. */
static int enter_seccomp(void)
{
    struct sock_filter rows[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        ALLOW(read),
        ALLOW(pread64),
        ALLOW(write),
        ALLOW(recvmsg),
        ALLOW(close),
        ALLOW(fstat),
        ALLOW(lseek),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(madvise),
        ALLOW(brk),
        ALLOW(futex),
        ALLOW(clock_gettime),
        ALLOW(gettimeofday),
        ALLOW(getrandom),
        ALLOW(getpid),
        ALLOW(gettid),
        ALLOW(sched_yield),
        ALLOW(sched_getaffinity),
        ALLOW(sysinfo),
        ALLOW(rt_sigaction),
        ALLOW(rt_sigprocmask),
        ALLOW(rt_sigreturn),
        ALLOW(sigaltstack),
        ALLOW(restart_syscall),
        ALLOW(exit),
        ALLOW(exit_group),
        REFUSE(openat),
#ifdef SYS_open
        REFUSE(open),
        REFUSE(stat),
        REFUSE(access),
        REFUSE(readlink),
        ALLOW(time),
#endif
        REFUSE(readlinkat),
        REFUSE(faccessat),
        REFUSE(ioctl),
        REFUSE(fcntl),
        /* new code is never mapped */
        ALLOW_WITHOUT(mmap, 2, PROT_EXEC),
        ALLOW_WITHOUT(mprotect, 2, PROT_EXEC),
        /* the C library's fstat */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_newfstatat, 0, 4),
        ARGUMENT(3),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, AT_EMPTY_PATH, 0, 1),
        ANSWER(SECCOMP_RET_ALLOW),
        ANSWER(SECCOMP_RET_ERRNO | (EACCES & SECCOMP_RET_DATA)),
        /* abort */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 3),
        ARGUMENT(0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 0, 1),
        ANSWER(SECCOMP_RET_ALLOW),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog program = {(unsigned short)REDAN_COUNT(rows), rows};

    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : errno;
}

#else

static int enter_seccomp(void)
{
    return ENOTSUP;
}

#endif

void redan_sandbox_enter(const struct redan_sandbox *wanted, struct redan_sandbox_state *state)
{
    state->limits = enter_limits(wanted);
    state->landlock = enter_landlock();
    state->seccomp = SANITIZED ? ENOTSUP : enter_seccomp();
}

bool redan_sandbox_close_from(int first)
{
#ifdef SYS_close_range
    return syscall(SYS_close_range, (unsigned)first, ~0U, 0) == 0;
#else
    (void)first;
    return false;
#endif
}
