/* The parent's side: batches out, answers in, in the order of the tasks. A worker that dies or hangs is replaced; what it was at work on is tried
 * again, each file alone, so that the blame falls on the right one. */
#include "cmd/scan_crew.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/reader.h"
#include "io/os.h"
#include "io/pass.h"

enum {
    HELLO = 12,
    HEAD = 4,
    BATCH_BYTES = 1 << 20, /* of files that go together */
    HELD = 16 << 20,       /* answers that may wait for an older one */
    READ = 64 << 10,
};

enum state { WAITING, SENT, ENDED };

struct redan_crew_task {
    int fd;
    uint64_t size;
    char *name;
    size_t name_len;
    void *tag;
    enum state state;
    bool alone; /* it was with a worker that died */
    enum redan_crew_end end;
    int signal;
    char *answer;
    size_t answer_len;
    unsigned worker;
};

struct redan_crew_worker {
    pid_t pid;   /* 0 for none */
    int tasks;   /* our ends */
    int answers; /* does not block */
    bool greeted;
    bool prepared;
    double since;
    size_t count; /* tasks it is at work on */
    size_t done;  /* of those, answered */
    uint64_t batch[REDAN_CREW_BATCH];
    struct redan_buf in;
};

static struct redan_crew_task *task_at(const struct redan_crew *crew, uint64_t number)
{
    return &crew->tasks[number % REDAN_CREW_WINDOW];
}

static void task_drop(struct redan_crew *crew, struct redan_crew_task *task)
{
    redan_os_close(&task->fd);
    redan_mem_give(&crew->ctx->mem, task->name, task->name_len + 1);
    redan_mem_give(&crew->ctx->mem, task->answer, task->answer_len + 1);
    task->name = task->answer = NULL;
}

static void task_end(struct redan_crew_task *task, enum redan_crew_end end, int sig)
{
    task->state = ENDED;
    task->end = end;
    task->signal = sig;
    redan_os_close(&task->fd);
}

static enum redan_status hire(struct redan_crew *crew, struct redan_crew_worker *worker)
{
    int tasks[2] = {-1, -1};
    int answers[2] = {-1, -1};

    if (!redan_pass_pair(tasks) || pipe2(answers, O_CLOEXEC) != 0 ||
        fcntl(answers[0], F_SETFL, O_NONBLOCK) != 0) {
        int error = errno;
        for (int i = 0; i < 2; i++) {
            redan_os_close(&tasks[i]);
            redan_os_close(&answers[i]);
        }
        return redan_os_fail(crew->ctx, error, "make a channel to", REDAN_S("a worker process"));
    }
    pid_t pid = fork();
    if (pid == 0)
        redan_crew_serve(&crew->options, tasks[1], answers[1]);
    int error = errno;
    redan_os_close(&tasks[1]);
    redan_os_close(&answers[1]);
    worker->tasks = tasks[0];
    worker->answers = answers[0];
    worker->pid = pid < 0 ? 0 : pid;
    worker->greeted = false;
    worker->prepared = crew->prepared;
    worker->count = worker->done = 0;
    redan_buf_clear(&worker->in);
    if (pid < 0)
        return redan_os_fail(crew->ctx, error, "start", REDAN_S("a worker process"));
    return REDAN_OK;
}

/* The signal that ended it, or 0: it may have ended before. */
static int dismiss(struct redan_crew_worker *worker)
{
    int status = 0;

    redan_os_close(&worker->tasks);
    redan_os_close(&worker->answers);
    if (worker->pid == 0)
        return 0;
    (void)kill(worker->pid, SIGKILL); /* whatever it has become, it is not waited for in vain */
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    worker->pid = 0;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

enum redan_status redan_crew_open(struct redan_ctx *ctx, const struct redan_crew_options *options,
                                  struct redan_crew *crew)
{
    memset(crew, 0, sizeof(*crew));
    crew->ctx = ctx;
    crew->options = *options;
    if (crew->options.workers == 0)
        crew->options.workers = 1;
    if (crew->options.workers > REDAN_CREW_WORKERS)
        crew->options.workers = REDAN_CREW_WORKERS;
    crew->options.sandbox.files = 5 + REDAN_CREW_BATCH + 4;
    crew->tasks = redan_take_array(ctx, REDAN_CREW_WINDOW, sizeof(*crew->tasks));
    crew->workers = redan_take_array(ctx, crew->options.workers, sizeof(*crew->workers));
    if (!crew->tasks || !crew->workers)
        return REDAN_E_MEMORY;
    for (unsigned i = 0; i < crew->options.workers; i++) {
        crew->workers[i].tasks = crew->workers[i].answers = -1;
        redan_buf_init(&crew->workers[i].in, ctx, HELLO + HEAD + REDAN_CREW_ANSWER + READ);
    }
    /* the others are hired when there is work for them */
    return hire(crew, &crew->workers[0]);
}

void redan_crew_done(struct redan_crew *crew)
{
    for (unsigned i = 0; crew->workers && i < crew->options.workers; i++) {
        (void)dismiss(&crew->workers[i]);
        redan_buf_done(&crew->workers[i].in);
    }
    for (; crew->tasks && crew->first < crew->next; crew->first++)
        task_drop(crew, task_at(crew, crew->first));
    crew->workers = NULL;
    crew->tasks = NULL;
}

bool redan_crew_full(const struct redan_crew *crew)
{
    return crew->next - crew->first == REDAN_CREW_WINDOW;
}

bool redan_crew_idle(const struct redan_crew *crew)
{
    return crew->next == crew->first;
}

void redan_crew_hurry(struct redan_crew *crew)
{
    crew->hurry = true;
}

/* What waits, oldest first, as much as goes into one message; 0 when it is not worth one yet. */
static size_t gather(const struct redan_crew *crew, uint64_t batch[REDAN_CREW_BATCH])
{
    size_t count = 0;
    uint64_t bytes = 0;
    size_t message = 0;
    bool ripe = crew->hurry || redan_crew_full(crew);

    for (uint64_t n = crew->first; n < crew->next && count < REDAN_CREW_BATCH; n++) {
        const struct redan_crew_task *task = task_at(crew, n);
        bool late = crew->held >= HELD && n != crew->first;
        if (task->state != WAITING)
            continue;
        if (late)
            break;
        bool more = count > 0;
        if (more && (task->alone || task->size >= BATCH_BYTES || bytes + task->size > BATCH_BYTES ||
                     message + HEAD + task->name_len > REDAN_PASS_BYTES)) {
            ripe = true;
            break;
        }
        batch[count++] = n;
        bytes += task->size;
        message += HEAD + task->name_len;
        if (task->alone || task->size >= BATCH_BYTES)
            return count;
    }
    return ripe || count == REDAN_CREW_BATCH ? count : 0;
}

static void add_name(struct redan_buf *out, struct redan_slice name)
{
    const unsigned char head[HEAD] = {(unsigned char)(name.len >> 24),
                                      (unsigned char)(name.len >> 16),
                                      (unsigned char)(name.len >> 8), (unsigned char)name.len};

    redan_buf_add(out, head, sizeof(head));
    redan_buf_slice(out, name);
}

static enum redan_status send_batch(struct redan_crew *crew, struct redan_crew_worker *worker,
                                    size_t count)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) message = {0};
    int files[REDAN_CREW_BATCH];

    redan_buf_init(&message, crew->ctx, REDAN_PASS_BYTES);
    for (size_t i = 0; i < count; i++) {
        struct redan_crew_task *task = task_at(crew, worker->batch[i]);
        add_name(&message, (struct redan_slice){task->name, task->name_len});
        files[i] = task->fd;
        task->state = SENT;
    }
    REDAN_TRY(redan_buf_ok(crew->ctx, &message, "a message to a worker"));
    worker->count = count;
    worker->done = 0;
    worker->since = redan_os_clock();
    /* one that cannot be told is ended; a worker that is gone is found by reading from it */
    if (!redan_pass_send(worker->tasks, redan_buf_view(&message), files, count))
        (void)kill(worker->pid, SIGKILL);
    return REDAN_OK;
}

static enum redan_status dispatch(struct redan_crew *crew)
{
    for (unsigned i = 0; i < crew->options.workers; i++) {
        struct redan_crew_worker *worker = &crew->workers[i];
        uint64_t batch[REDAN_CREW_BATCH];
        size_t count = 0;
        if (worker->count > worker->done)
            continue;
        count = gather(crew, batch);
        if (count == 0)
            return REDAN_OK;
        if (crew->prepared && !worker->prepared)
            (void)dismiss(worker);
        if (worker->pid == 0)
            REDAN_TRY(hire(crew, worker));
        memcpy(worker->batch, batch, count * sizeof(batch[0]));
        REDAN_TRY(send_batch(crew, worker, count));
    }
    return REDAN_OK;
}

/* It is gone, or must go: what it was at work on is tried again, or is to blame. */
static void replace(struct redan_crew *crew, struct redan_crew_worker *worker, bool hung)
{
    size_t left = worker->count - worker->done;
    int sig = dismiss(worker);

    crew->lost++;
    for (size_t i = worker->done; i < worker->count; i++) {
        struct redan_crew_task *task = task_at(crew, worker->batch[i]);
        if (left == 1 && worker->count == 1) {
            task_end(task, hung ? REDAN_CREW_HUNG : REDAN_CREW_DIED, sig);
        } else {
            task->state = WAITING;
            task->alone = true;
        }
    }
    worker->count = worker->done = 0;
}

/* A file that needs what this worker does not have; one that has it may not ask. */
static bool ask_again(struct redan_crew *crew, struct redan_crew_worker *worker,
                      struct redan_crew_task *task)
{
    if (worker->prepared)
        return false;
    if (!crew->prepared)
        crew->options.prepare(crew->options.arg);
    crew->prepared = true;
    task->state = WAITING;
    return true;
}

/* Whole answers among what was read. False when they break the form. */
static enum redan_status digest(struct redan_crew *crew, struct redan_crew_worker *worker,
                                bool *sound)
{
    struct redan_reader in;
    size_t used = 0;

    redan_reader_init(&in, redan_buf_view(&worker->in));
    *sound = true;
    if (!worker->greeted && redan_reader_left(&in) >= HELLO) {
        crew->state.limits = (int)redan_reader_u32be(&in);
        crew->state.landlock = (int)redan_reader_u32be(&in);
        crew->state.seccomp = (int)redan_reader_u32be(&in);
        crew->told = worker->greeted = true;
        used = in.pos;
    }
    while (worker->greeted && redan_reader_left(&in) >= HEAD) {
        uint32_t len = redan_reader_u32be(&in);
        if (len > REDAN_CREW_ANSWER || worker->done == worker->count) {
            *sound = false;
            return REDAN_OK;
        }
        if (redan_reader_left(&in) < len)
            break;
        struct redan_slice answer = redan_reader_bytes(&in, len);
        struct redan_crew_task *task = task_at(crew, worker->batch[worker->done]);
        used = in.pos;
        if (len == 0 && crew->options.prepare) {
            *sound = ask_again(crew, worker, task);
            if (!*sound)
                return REDAN_OK;
            worker->done++;
            worker->since = redan_os_clock();
            continue;
        }
        task->answer = redan_mem_take(&crew->ctx->mem, answer.len + 1);
        if (!task->answer)
            return redan_fail(crew->ctx, REDAN_E_MEMORY, 0, "no memory for a worker's answer");
        if (answer.len)
            memcpy(task->answer, answer.at, answer.len);
        task->answer_len = answer.len;
        task->worker = (unsigned)(worker - crew->workers);
        crew->held += answer.len;
        task_end(task, REDAN_CREW_ANSWERED, 0);
        worker->done++;
        worker->since = redan_os_clock();
    }
    size_t left = worker->in.len - used;
    if (used && left)
        memmove(worker->in.data, worker->in.data + used, left);
    worker->in.len = left;
    return REDAN_OK;
}

static enum redan_status listen(struct redan_crew *crew, struct redan_crew_worker *worker)
{
    char *room = redan_buf_room(&worker->in, READ);
    bool sound = true;

    if (!room)
        return redan_buf_ok(crew->ctx, &worker->in, "a worker's answer");
    ssize_t n = read(worker->answers, room, READ);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return REDAN_OK;
    if (n <= 0) {
        replace(crew, worker, false);
        return REDAN_OK;
    }
    redan_buf_grew(&worker->in, (size_t)n);
    REDAN_TRY(digest(crew, worker, &sound));
    if (!sound)
        replace(crew, worker, false);
    return REDAN_OK;
}

/* Milliseconds until somebody has taken too long; -1 for never. */
static int patience(const struct redan_crew *crew, double now)
{
    double least = -1;

    for (unsigned i = 0; i < crew->options.workers && crew->options.seconds > 0; i++) {
        const struct redan_crew_worker *worker = &crew->workers[i];
        double left = worker->since + crew->options.seconds - now;
        if (worker->pid && worker->count > worker->done && (least < 0 || left < least))
            least = left < 0 ? 0 : left;
    }
    return least < 0 ? -1 : least > 3600 ? 3600000 : (int)(least * 1000) + 1;
}

/* Hear what there is to hear; with `wait` until there is something. */
static enum redan_status attend(struct redan_crew *crew, bool wait)
{
    struct pollfd polls[REDAN_CREW_WORKERS];
    struct redan_crew_worker *whose[REDAN_CREW_WORKERS];
    nfds_t count = 0;

    for (unsigned i = 0; i < crew->options.workers; i++) {
        struct redan_crew_worker *worker = &crew->workers[i];
        if (worker->pid == 0 || worker->count == worker->done)
            continue;
        whose[count] = worker;
        polls[count++] = (struct pollfd){.fd = worker->answers, .events = POLLIN};
    }
    if (count == 0)
        return REDAN_OK;
    int n = poll(polls, count, wait ? patience(crew, redan_os_clock()) : 0);
    if (n < 0 && errno != EINTR)
        return redan_os_fail(crew->ctx, errno, "wait for", REDAN_S("the workers"));
    for (nfds_t i = 0; n > 0 && i < count; i++) {
        if (polls[i].revents)
            REDAN_TRY(listen(crew, whose[i]));
    }
    double now = redan_os_clock();
    for (nfds_t i = 0; crew->options.seconds > 0 && i < count; i++) {
        if (whose[i]->count > whose[i]->done && now - whose[i]->since > crew->options.seconds)
            replace(crew, whose[i], true);
    }
    return REDAN_OK;
}

enum redan_status redan_crew_put(struct redan_crew *crew, int fd, uint64_t size,
                                 struct redan_slice name, void *tag)
{
    struct redan_crew_task *task = task_at(crew, crew->next);
    char *copy = redan_mem_take(&crew->ctx->mem, name.len + 1);

    if (!copy) {
        redan_os_close(&fd);
        return redan_fail(crew->ctx, REDAN_E_MEMORY, 0, "no memory for a task");
    }
    if (name.len)
        memcpy(copy, name.at, name.len);
    *task = (struct redan_crew_task){
        .fd = fd, .size = size, .name = copy, .name_len = name.len, .tag = tag};
    crew->next++;
    if (fd < 0)
        task_end(task, REDAN_CREW_SKIPPED, 0);
    return dispatch(crew);
}

enum redan_status redan_crew_take(struct redan_crew *crew, bool wait,
                                  struct redan_crew_result *result, bool *got)
{
    struct redan_crew_task *task = task_at(crew, crew->first);

    *got = false;
    if (redan_crew_idle(crew))
        return REDAN_OK;
    if (task->state != ENDED)
        REDAN_TRY(dispatch(crew));
    if (task->state != ENDED)
        REDAN_TRY(attend(crew, false));
    while (wait && task->state != ENDED) {
        REDAN_TRY(dispatch(crew));
        REDAN_TRY(attend(crew, true));
    }
    if (task->state != ENDED)
        return REDAN_OK;
    *result = (struct redan_crew_result){
        .tag = task->tag,
        .name = {task->name, task->name_len},
        .size = task->size,
        .end = task->end,
        .signal = task->signal,
        .answer = {task->answer ? task->answer : "", task->answer_len},
        .worker = task->worker,
    };
    *got = true;
    return REDAN_OK;
}

void redan_crew_drop(struct redan_crew *crew)
{
    struct redan_crew_task *task = task_at(crew, crew->first++);

    crew->held -= task->answer_len;
    task_drop(crew, task);
}

void redan_crew_distrust(struct redan_crew *crew, unsigned worker)
{
    struct redan_crew_worker *w = &crew->workers[worker];

    (void)dismiss(w);
    crew->lost++;
    for (size_t i = w->done; i < w->count; i++) {
        struct redan_crew_task *task = task_at(crew, w->batch[i]);
        task->state = WAITING;
        task->alone = true;
    }
    w->count = w->done = 0;
}
