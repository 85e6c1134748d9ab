/* Runs git with a list of arguments and everything switched off that a repository could have it execute. */
#include "io/git.h"

#include <string.h>

#include "base/buf.h"
#include "io/process.h"

enum { SECONDS = 120, ARGUMENTS = 12 };

/* Before the subcommand. Only plumbing that reads objects and the index is called, which needs no hook, filter, pager, text conversion, external
 * diff, monitor, credential or transport; each is switched off all the same, over whatever the repository's own configuration says. The
 * environment of a hook, which would point git at another repository, is taken away. */
/* clang-format off */
static const char *const hardened[] = {
    "env",
    "-u", "GIT_DIR", "-u", "GIT_WORK_TREE", "-u", "GIT_INDEX_FILE", "-u", "GIT_PREFIX",
    "-u", "GIT_COMMON_DIR", "-u", "GIT_OBJECT_DIRECTORY", "-u", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "-u", "GIT_NAMESPACE", "-u", "GIT_CONFIG", "-u", "GIT_CONFIG_COUNT", "-u", "GIT_CONFIG_PARAMETERS",
    "-u", "GIT_EXTERNAL_DIFF", "-u", "GIT_SHALLOW_FILE", "-u", "GIT_GRAFT_FILE",
    "GIT_CONFIG_NOSYSTEM=1",
    "GIT_TERMINAL_PROMPT=0",
    "GIT_ALLOW_PROTOCOL=none", /* a partial clone fetches what it lacks, by any program it names */
    "GIT_NO_LAZY_FETCH=1",
    "GIT_NO_REPLACE_OBJECTS=1",
    "GIT_OPTIONAL_LOCKS=0",
    "LC_ALL=C",
    "git", "--no-pager", "--literal-pathspecs",
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.attributesFile=/dev/null",
    "-c", "core.pager=cat",
    "-c", "core.sshCommand=false",
    "-c", "core.gitProxy=none",
    "-c", "core.askPass=false",
    "-c", "credential.helper=",
    "-c", "diff.external=",
    "-c", "protocol.allow=never",
    "-c", "submodule.recurse=false",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
};
/* clang-format on */

/* Run with up to ARGUMENTS arguments, ended by NULL; `code` is git's exit code. */
static enum redan_status run(struct redan_ctx *ctx, struct redan_slice folder,
                             const char *const *arguments, int *code, struct redan_slice *out,
                             struct redan_slice *err)
{
    const char *argv[REDAN_COUNT(hardened) + ARGUMENTS + 3];
    struct redan_process_result result;
    struct redan_slice where = {0};
    size_t n = 0;

    REDAN_TRY(redan_copy(ctx, folder, &where));
    for (size_t i = 0; i < REDAN_COUNT(hardened); i++)
        argv[n++] = hardened[i];
    argv[n++] = "-C";
    argv[n++] = where.at;
    for (size_t i = 0; i < ARGUMENTS && arguments[i]; i++)
        argv[n++] = arguments[i];
    argv[n] = NULL;
    const struct redan_process process = {.argv = argv, .seconds = SECONDS};
    REDAN_TRY(redan_process_run(ctx, &process, &result));
    if (result.timed_out)
        return redan_fail(ctx, REDAN_E_IO, 0, "git %s did not end within %d seconds", arguments[0],
                          SECONDS);
    if (result.cut)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "git %s says more than %zu bytes", arguments[0],
                          ctx->limits.output);
    if (result.exit_code == 127)
        return redan_fail(ctx, REDAN_E_ABSENT, 0,
                          "the program git is not found; install it or correct PATH");
    *code = result.exit_code;
    *out = result.out;
    *err = result.err;
    return REDAN_OK;
}

/* The first line of what git said went wrong, without its "fatal: ". */
static struct redan_slice complaint(struct redan_slice err)
{
    struct redan_slice line = {0};
    struct redan_slice rest = {0};

    (void)redan_slice_cut(err, '\n', &line, &rest);
    if (redan_slice_starts(line, REDAN_S("fatal: ")))
        line = redan_slice_sub(line, 7, line.len);
    return line.len ? redan_slice_sub(line, 0, 200) : REDAN_S("it did not say why");
}

static enum redan_status refused(struct redan_ctx *ctx, enum redan_status status, const char *what,
                                 struct redan_slice err)
{
    struct redan_slice why = complaint(err);

    return redan_fail(ctx, status, 0, "git cannot %s: %.*s", what, REDAN_FMT(why));
}

static bool plain_path(struct redan_slice path)
{
    return memchr(path.at ? path.at : "", '\0', path.len) == NULL;
}

enum redan_status redan_git_open(struct redan_ctx *ctx, struct redan_slice folder,
                                 struct redan_git *git)
{
    const char *const arguments[] = {"rev-parse", "--is-inside-work-tree", "--show-prefix", NULL};
    struct redan_slice out = {0};
    struct redan_slice err = {0};
    struct redan_slice inside = {0};
    int code = 0;

    REDAN_TRY(run(ctx, folder, arguments, &code, &out, &err));
    if (code != 0)
        return refused(ctx, REDAN_E_ABSENT, "open the repository", err);
    if (!redan_slice_cut(out, '\n', &inside, &out) || !redan_slice_is(inside, "true"))
        return redan_fail(ctx, REDAN_E_ABSENT, 0, "%.*s is not in the work tree of a repository",
                          REDAN_FMT(folder));
    if (redan_slice_ends(out, REDAN_S("\n")))
        out.len--;
    *git = (struct redan_git){folder, out};
    return REDAN_OK;
}

static bool is_commit(struct redan_slice text)
{
    if (text.len != 40 && text.len != 64)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!redan_char_among("0123456789abcdef", text.at[i]))
            return false;
    }
    return true;
}

static bool may_be_revision(struct redan_slice text)
{
    if (text.len == 0 || text.len > 512 || text.at[0] == '-')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
            return false;
    }
    return true;
}

enum redan_status redan_git_commit(struct redan_ctx *ctx, const struct redan_git *git,
                                   struct redan_slice revision, struct redan_slice *commit)
{
    struct redan_slice name = {0};
    struct redan_slice out = {0};
    struct redan_slice err = {0};
    int code = 0;

    if (!may_be_revision(revision))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "\"%.*s\" is not the name of a revision",
                          (int)redan_min_size(revision.len, 100), revision.at);
    REDAN_TRY(redan_format(ctx, &name, "%.*s^{commit}", REDAN_FMT(revision)));
    const char *const arguments[] = {"rev-parse", "--verify", "--quiet", name.at, NULL};
    REDAN_TRY(run(ctx, git->folder, arguments, &code, &out, &err));
    out = redan_slice_trim(out);
    if (code != 0 || !is_commit(out))
        return redan_fail(ctx, REDAN_E_ABSENT, 0, "the repository has no revision %.*s",
                          REDAN_FMT(revision));
    *commit = out;
    return REDAN_OK;
}

/* Only what redan_git_commit gave goes on a command line. */
static enum redan_status check_commit(struct redan_ctx *ctx, struct redan_slice commit)
{
    return is_commit(commit) ? REDAN_OK
                             : redan_fail(ctx, REDAN_E_USAGE, 0, "a commit is 40 or 64 digits");
}

enum redan_status redan_git_merge_base(struct redan_ctx *ctx, const struct redan_git *git,
                                       struct redan_slice a, struct redan_slice b,
                                       struct redan_slice *commit)
{
    struct redan_slice first = {0};
    struct redan_slice second = {0};
    struct redan_slice out = {0};
    struct redan_slice err = {0};
    int code = 0;

    REDAN_TRY(check_commit(ctx, a));
    REDAN_TRY(check_commit(ctx, b));
    REDAN_TRY(redan_copy(ctx, a, &first));
    REDAN_TRY(redan_copy(ctx, b, &second));
    const char *const arguments[] = {"merge-base", first.at, second.at, NULL};
    REDAN_TRY(run(ctx, git->folder, arguments, &code, &out, &err));
    out = redan_slice_trim(out);
    if (code != 0 || !is_commit(out))
        return redan_fail(ctx, REDAN_E_ABSENT, 0,
                          "the two revisions have no commit in common; fetch more of the history "
                          "(git fetch --unshallow)");
    *commit = out;
    return REDAN_OK;
}

/* One entry of `ls-tree -z`: "100644 blob HEX\tPATH". */
struct entry {
    struct redan_slice mode;
    struct redan_slice object;
    struct redan_slice path;
};

static bool next_entry(struct redan_slice *out, struct entry *e)
{
    struct redan_slice line = {0};
    struct redan_slice head = {0};
    struct redan_slice kind = {0};

    if (out->len == 0)
        return false;
    (void)redan_slice_cut(*out, '\0', &line, out);
    return redan_slice_cut(line, '\t', &head, &e->path) &&
           redan_slice_cut(head, ' ', &e->mode, &head) &&
           redan_slice_cut(head, ' ', &kind, &e->object) && is_commit(e->object);
}

static enum redan_status list_tree(struct redan_ctx *ctx, const struct redan_git *git,
                                   struct redan_slice commit, struct redan_slice path,
                                   const char *recurse, struct redan_slice *out)
{
    struct redan_slice tree = {0};
    struct redan_slice name = {0};
    struct redan_slice err = {0};
    int code = 0;

    REDAN_TRY(check_commit(ctx, commit));
    if (path.len == 0 || !plain_path(path))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "a path in a repository is not empty");
    REDAN_TRY(redan_copy(ctx, commit, &tree));
    REDAN_TRY(redan_copy(ctx, path, &name));
    const char *const arguments[] = {"ls-tree", "-z", "--full-tree", recurse,
                                     tree.at,   "--", name.at,       NULL};
    REDAN_TRY(run(ctx, git->folder, arguments, &code, out, &err));
    return code == 0 ? REDAN_OK : refused(ctx, REDAN_E_IO, "list a commit", err);
}

enum redan_status redan_git_read(struct redan_ctx *ctx, const struct redan_git *git,
                                 struct redan_slice commit, struct redan_slice path, size_t max,
                                 struct redan_slice *bytes)
{
    struct redan_slice out = {0};
    struct redan_slice err = {0};
    struct redan_slice object = {0};
    struct entry e = {0};
    int code = 0;

    REDAN_TRY(list_tree(ctx, git, commit, path, "--full-name", &out));
    if (!next_entry(&out, &e) || !redan_slice_eq(e.path, path))
        return redan_fail(ctx, REDAN_E_ABSENT, 0, "there is no %.*s at %.12s", REDAN_FMT(path),
                          commit.at);
    if (!redan_slice_is(e.mode, "100644") && !redan_slice_is(e.mode, "100755"))
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0, "%.*s is not a regular file at %.12s",
                          REDAN_FMT(path), commit.at);
    REDAN_TRY(redan_copy(ctx, e.object, &object));
    const char *const arguments[] = {"cat-file", "blob", object.at, NULL};
    REDAN_TRY(run(ctx, git->folder, arguments, &code, &out, &err));
    if (code != 0)
        return refused(ctx, REDAN_E_IO, "read an object", err);
    if (out.len > max)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "%.*s is longer than %zu bytes at %.12s",
                          REDAN_FMT(path), max, commit.at);
    *bytes = out;
    return REDAN_OK;
}

/* What is ended by NUL bytes, one after the other. */
static enum redan_status split(struct redan_ctx *ctx, struct redan_slice out,
                               struct redan_slice **paths, size_t *count)
{
    struct redan_slice *items = NULL;
    size_t n = 0;

    for (size_t i = 0; i < out.len; i++)
        n += out.at[i] == '\0';
    items = redan_take_array(ctx, n, sizeof(*items));
    if (!items)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < n; i++)
        (void)redan_slice_cut(out, '\0', &items[i], &out);
    *paths = items;
    *count = n;
    return REDAN_OK;
}

enum redan_status redan_git_files(struct redan_ctx *ctx, const struct redan_git *git,
                                  struct redan_slice commit, struct redan_slice folder,
                                  struct redan_slice **paths, size_t *count)
{
    struct redan_slice out = {0};
    struct redan_slice *items = NULL;
    struct entry e = {0};
    size_t n = 0;

    REDAN_TRY(list_tree(ctx, git, commit, folder, "-r", &out));
    REDAN_TRY(split(ctx, out, &items, &n));
    for (size_t i = 0; i < n; i++) {
        struct redan_slice line = items[i];
        if (!next_entry(&line, &e))
            return redan_fail(ctx, REDAN_E_SYNTAX, 0, "git lists a commit in an unknown form");
        items[i] = e.path;
    }
    *paths = items;
    *count = n;
    return REDAN_OK;
}

enum redan_status redan_git_changed(struct redan_ctx *ctx, const struct redan_git *git,
                                    struct redan_slice commit, struct redan_slice **paths,
                                    size_t *count)
{
    struct redan_slice tree = {0};
    struct redan_slice out = {0};
    struct redan_slice err = {0};
    int code = 0;

    REDAN_TRY(check_commit(ctx, commit));
    REDAN_TRY(redan_copy(ctx, commit, &tree));
    const char *const arguments[] = {"diff-index",
                                     "--cached",
                                     "-r",
                                     "-z",
                                     "--name-only",
                                     "--no-renames",
                                     "--no-ext-diff",
                                     "--no-relative",
                                     "--ignore-submodules=none",
                                     tree.at,
                                     "--",
                                     NULL};
    REDAN_TRY(run(ctx, git->folder, arguments, &code, &out, &err));
    if (code != 0)
        return refused(ctx, REDAN_E_IO, "compare a commit with the index", err);
    return split(ctx, out, paths, count);
}
