/* redan run: verify a model, then become the program that loads it, with the very bytes that were verified. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cli_model.h"
#include "cmd/command.h"
#include "cmd/sign_wanted.h"
#include "io/file.h"
#include "io/os.h"
#include "io/private.h"
#include "sign/opened.h"
#include "sign/verified.h"

/* env(1)'s */
enum { EXIT_REFUSED = 125, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

struct run {
    struct redan_cli *cli;
    struct redan_cli_model model;
    struct redan_sign_wanted who;
    struct redan_verified verified;
    struct redan_opened *opened;
    struct redan_private place;
    int fd;                   /* of a model that is one file */
    struct redan_slice where; /* the verified copy, for CMD */
    struct redan_slice real;  /* where MODEL lies, links followed */
    char *found;              /* and where an argument does */
    const char **argv;
    size_t replaced; /* arguments that name it */
};

static const struct redan_option options[] = {
    {"verify", 0, "MODEL", "the model that CMD loads: a folder, or one file"},
    {"signature", 's', "FILE",
     "its signature; by default MODEL/model.sig, or FILE.sig; with a policy it may be repeated"},
    REDAN_WANTED_OPTIONS,
    {"as", 0, "NAME",
     "what the verified copy is called; one file becomes one in a private folder, for programs "
     "that "
     "go by names"},
    {NULL, 0, NULL, NULL},
};

static void run_done(struct run *r)
{
    redan_opened_free(r->opened);
    redan_private_done(&r->place);
    redan_os_close(&r->fd);
    redan_sign_wanted_done(&r->who);
}

static enum redan_status check_options(struct redan_cli *cli)
{
    struct redan_slice as = redan_cli_value(cli, "as");
    struct redan_slice value = {0};

    if (redan_cli_value(cli, "verify").len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "say what is verified: redan run --verify MODEL ... -- CMD");
    for (size_t i = 0; redan_cli_value_at(cli, "signature", i, &value); i++) {
        if (value.len == 0)
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                              "--signature is empty: is the variable set?");
    }
    if (redan_cli_has(cli, "as") && (as.len == 0 || memchr(as.at, '/', as.len) ||
                                     redan_slice_is(as, ".") || redan_slice_is(as, "..")))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--as takes a name without slashes, found \"%.*s\"", REDAN_FMT(as));
    if (cli->args[0].len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "CMD is empty");
    return REDAN_OK;
}

static enum redan_status judge(struct run *r)
{
    struct redan_cli *cli = r->cli;
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice *signatures =
        redan_take_array(ctx, cli->value_count + 1, sizeof(*signatures));
    size_t count = 0;

    if (!signatures)
        return REDAN_E_MEMORY;
    while (redan_cli_value_at(cli, "signature", count, &signatures[count]))
        count++;
    if (count == 0) {
        REDAN_TRY(redan_cli_model_signature(cli, &r->model, &signatures[0]));
        count = 1;
    }
    const struct redan_verified_wanted wanted = {
        .signer = &r->who.signer,
        .policy = r->who.by_policy ? &r->who.policy : NULL,
        .strict = r->who.trust.given,
        .model = r->model.whole,
        .signatures = signatures,
        .signature_count = count,
    };
    REDAN_TRY(redan_verified_judge(ctx, &wanted, &r->verified));
    return redan_opened_new(ctx, r->model.path, &r->verified.manifest, &r->opened);
}

/* CMD inherits the descriptor, and opens it by its name in /proc. */
static enum redan_status hand_over(struct run *r)
{
    struct redan_ctx *ctx = &r->cli->ctx;
    int fd = -1;

    REDAN_TRY(redan_opened_file(ctx, r->opened, redan_opened_path(r->opened, 0), &fd));
    r->fd = fcntl(fd, F_DUPFD, STDERR_FILENO + 1); /* without close-on-exec */
    int error = errno;
    (void)close(fd);
    if (r->fd < 0)
        return redan_os_fail(ctx, error, "hand over", r->model.path);
    if (access("/proc/self/fd", X_OK) != 0)
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                          "/proc is not mounted, and CMD reaches the verified copy through it");
    return redan_format(ctx, &r->where, "/proc/self/fd/%d", r->fd);
}

/* One file keeps its bytes, not its name: it is held against the signature by what is in it. */
static enum redan_status check_single(struct run *r)
{
    struct redan_ctx *ctx = &r->cli->ctx;
    REDAN_DEFER(redan_os_close) int copy = -1;
    char text[REDAN_OS_PATH];
    struct redan_slice *names = NULL;
    struct stat st;
    size_t count = 0;

    REDAN_TRY(redan_folder_list(ctx, redan_slice_of(r->place.path), &names, &count));
    if (count != 1)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "somebody put files beside the verified copy");
    REDAN_TRY(redan_os_path(ctx, r->where, text));
    REDAN_TRY(redan_os_open_file(ctx, AT_FDCWD, text, r->where, false, &copy, &st));
    return redan_opened_check(ctx, r->opened, 0, copy);
}

static enum redan_status check_folder(struct run *r)
{
    const struct redan_manifest_check check = {.keep_git = true};
    struct redan_ctx *ctx = &r->cli->ctx;
    struct redan_manifest_difference *differences = NULL;
    char shown[REDAN_OS_SHOW];
    size_t count = 0;

    REDAN_TRY(
        redan_manifest_compare(ctx, &r->verified.manifest, r->where, &check, &differences, &count));
    if (count == 0)
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "%s is not what was signed: it is %s (%zu %s)",
                      redan_os_show(differences[0].path, shown),
                      redan_manifest_fault_words[differences[0].fault], count,
                      count == 1 ? "difference" : "differences in all");
}

/* Copied, closed for good, and only then hashed: what is verified there is what stays there. */
static enum redan_status enclose(struct run *r)
{
    struct redan_ctx *ctx = &r->cli->ctx;
    REDAN_DEFER(redan_os_close) int folder = -1;
    struct redan_slice name = redan_cli_value(r->cli, "as");
    bool single = !redan_opened_folder(r->opened);
    char text[REDAN_OS_PATH];

    if (name.len == 0)
        name = r->model.name.len ? r->model.name : REDAN_S("model");
    REDAN_TRY(redan_private_open(ctx, &r->place));
    REDAN_TRY(redan_format(ctx, &r->where, "%s/%.*s", r->place.path, REDAN_FMT(name)));
    REDAN_TRY(redan_os_path(ctx, r->where, text));
    if (single) {
        REDAN_TRY(redan_opened_copy(ctx, r->opened, 0, r->place.fd, name));
    } else {
        if (mkdir(text, 0755) != 0)
            return redan_os_fail(ctx, errno, "make the folder", r->where);
        folder = redan_os_open(AT_FDCWD, text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        if (folder < 0)
            return redan_os_fail(ctx, errno, "open the folder", r->where);
        for (size_t i = 0; i < redan_opened_count(r->opened); i++)
            REDAN_TRY(
                redan_opened_copy(ctx, r->opened, i, folder, redan_opened_path(r->opened, i)));
    }
    REDAN_TRY(redan_private_seal(ctx, &r->place));
    return single ? check_single(r) : check_folder(r);
}

static bool lies_at(const struct run *r, struct redan_slice text, struct redan_slice path,
                    struct redan_slice *below)
{
    if (path.len == 0 || !redan_slice_starts(text, path))
        return false;
    *below = redan_slice_sub(text, path.len, text.len);
    return below->len == 0 ||
           (r->model.folder && (below->at[0] == '/' || redan_slice_is(path, "/")));
}

/* "MODEL", "MODEL/" and, of a folder, what lies below it; by another spelling ("./MODEL", a whole path, a link) too: CMD would load what
 * nobody verified. */
static bool names_model(struct run *r, struct redan_slice text, struct redan_slice *below)
{
    /* an argument, or its tail: it ends where the argument does, with a NUL */
    return lies_at(r, text, r->model.path, below) ||
           (realpath(text.at, r->found) && lies_at(r, redan_slice_of(r->found), r->real, below));
}

static void put_replaced(struct run *r, struct redan_slice argument, struct redan_buf *out)
{
    struct redan_slice rest = argument;
    struct redan_slice head = {0};
    struct redan_slice tail = {0};
    struct redan_slice below = {0};

    if (names_model(r, argument, &below)) {
        redan_buf_slice(out, r->where);
        redan_buf_slice(out, below);
        return;
    }
    if (redan_slice_starts(argument, REDAN_S("-")) &&
        redan_slice_cut(argument, '=', &head, &tail) && names_model(r, tail, &below)) {
        redan_buf_slice(out, head);
        redan_buf_char(out, '=');
        redan_buf_slice(out, r->where);
        redan_buf_slice(out, below);
        return;
    }
    while (rest.len) {
        if (redan_slice_starts(rest, REDAN_S("{}"))) {
            redan_buf_slice(out, r->where);
            rest = redan_slice_sub(rest, 2, rest.len);
        } else {
            redan_buf_char(out, rest.at[0]);
            rest = redan_slice_sub(rest, 1, rest.len);
        }
    }
}

static enum redan_status make_arguments(struct run *r)
{
    struct redan_cli *cli = r->cli;
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};

    redan_buf_init(&out, &cli->ctx, (size_t)64 << 20);
    r->argv = redan_take_array(&cli->ctx, cli->arg_count + 1, sizeof(*r->argv));
    if (!r->argv)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < cli->arg_count; i++) {
        struct redan_slice copy = {0};
        redan_buf_clear(&out);
        put_replaced(r, cli->args[i], &out);
        REDAN_TRY(redan_buf_ok(&cli->ctx, &out, "an argument"));
        REDAN_TRY(redan_copy(&cli->ctx, redan_buf_view(&out), &copy));
        r->replaced += !redan_slice_eq(copy, cli->args[i]);
        r->argv[i] = copy.at;
    }
    return REDAN_OK;
}

/* Before anything is mounted. */
static enum redan_status find(struct run *r)
{
    struct redan_slice path = {0};

    r->found = redan_take_array(&r->cli->ctx, PATH_MAX, 1);
    if (!r->found)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_copy(&r->cli->ctx, r->model.path, &path));
    if (!realpath(path.at, r->found))
        return redan_os_fail(&r->cli->ctx, errno, "find", r->model.path);
    return redan_copy(&r->cli->ctx, redan_slice_of(r->found), &r->real);
}

static enum redan_status prepare(struct run *r)
{
    struct redan_cli *cli = r->cli;

    REDAN_TRY(check_options(cli));
    REDAN_TRY(redan_cli_model_open(cli, redan_cli_value(cli, "verify"), true, &r->model));
    REDAN_TRY(redan_sign_wanted_open(cli, &r->who));
    REDAN_TRY(find(r));
    REDAN_TRY(judge(r));
    if (redan_opened_folder(r->opened) || redan_cli_has(cli, "as"))
        REDAN_TRY(enclose(r));
    else
        REDAN_TRY(hand_over(r));
    return make_arguments(r);
}

/* No return where CMD can be run. */
static int become(struct run *r)
{
    struct redan_cli *cli = r->cli;
    char *const *argv = (char *const *)(uintptr_t)r->argv; /* exec's type is older than const */
    struct redan_slice signer = r->verified.signer;

    if (setenv("REDAN_MODEL", r->where.at, 1) != 0) {
        (void)redan_os_fail(&cli->ctx, errno, "set", REDAN_S("REDAN_MODEL"));
        return EXIT_REFUSED;
    }
    redan_cli_say(cli, "redan run: verified %.*s, signed by %.*s%s", REDAN_FMT(r->model.path),
                  REDAN_FMT(signer),
                  r->replaced ? "" : "; no argument names it, so CMD must read $REDAN_MODEL");
    (void)execvp(argv[0], argv);
    int code = errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    (void)redan_os_fail(&cli->ctx, errno, "run", redan_slice_of(r->argv[0]));
    return code;
}

static int run(struct redan_cli *cli)
{
    struct run REDAN_DEFER(run_done) r = {.cli = cli, .fd = -1, .place = {.fd = -1}};
    int code = EXIT_REFUSED;

    redan_cli_model_room(cli);
    if (prepare(&r) == REDAN_OK)
        code = become(&r);
    else if (r.opened && redan_opened_folder(r.opened))
        redan_fail_name(&cli->ctx, r.model.path);
    (void)redan_cli_failed(cli);
    return code;
}

const struct redan_command redan_cmd_run = {
    .name = "run",
    .args = "--verify MODEL -- CMD [ARG...]",
    .summary = "verify a model, then run the program that loads it, on the verified bytes",
    .text =
        "Between a verification and a load the files may change. Here CMD never sees the files: it "
        "gets a copy\n"
        "that was verified where nobody can write to it any more, and that goes when it ends.\n\n"
        "  redan run --verify model.json --key signer.pub -- fraud-serve --model {}\n"
        "  redan run --verify model/ --identity release@example.org \\\n"
        "            --issuer https://accounts.example.org -- python3 serve.py model/\n\n"
        "Every argument that is MODEL, lies below it (however the path is spelled), has the form "
        "--option=MODEL, or contains {}\n"
        "gets the path of the copy; REDAN_MODEL holds it too. One file is handed over as "
        "/proc/self/fd/N; a folder, and "
        "a "
        "file with --as,\n"
        "as a folder in memory that only CMD and its children see (this needs a mount "
        "namespace).\n\n"
        "CMD takes the place of redan: signals reach it, and its exit code is the exit code. 125: "
        "refused, and\n"
        "CMD was not run; 126: CMD cannot be run; 127: there is no such program.",
    .options = options,
    .least = 1,
    .most = SIZE_MAX,
    .refusal = EXIT_REFUSED,
    .run = run,
};
