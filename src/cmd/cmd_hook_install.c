/* redan hook install: a commit that breaks the form of a threat model is refused before it is made. */
#include <sys/stat.h>

#include "cmd/cli.h"
#include "cmd/command.h"
#include "io/file.h"
#include "io/process.h"

enum { GIT_SECONDS = 30, HOOK_MOST = 1 << 20 };

static const struct redan_option options[] = {
    {"force", 0, NULL, "replace a hook that is not ours; it is kept as pre-commit.saved"},
    {"print", 0, NULL, "print the hook, for calling it from another one"},
    {NULL, 0, NULL, NULL},
};

#define MARK "# redan pre-commit hook"

/* What is staged is judged, not what lies in the working folder: it is checked out beside, and linted there under its own name. */
static const char hook[] =
    "#!/bin/sh\n" MARK ", written by: redan hook install\n"
    "# Lints each folder redan/ of which something is staged, as it is staged.\n"
    "set -u\n"
    "top=$(git rev-parse --show-toplevel) && cd \"$top\" || exit 1\n"
    "dirs=$(git -c core.quotePath=false diff --cached --name-only --no-renames |\n"
    "    sed -n -e 's|^redan/.*|.|p' -e 's|^\\(.*\\)/redan/.*|\\1|p' | sort -u)\n"
    "[ -n \"$dirs\" ] || exit 0\n"
    "if ! command -v redan >/dev/null 2>&1; then\n"
    "    echo 'redan is not in PATH, and files below redan/ are staged:' >&2\n"
    "    echo 'install it, or commit with --no-verify' >&2\n"
    "    exit 1\n"
    "fi\n"
    "tmp=$(mktemp -d) || exit 1\n"
    "trap 'rm -rf \"$tmp\"' EXIT\n"
    "trap 'exit 1' HUP INT TERM\n"
    "mkdir \"$tmp/new\" \"$tmp/old\" || exit 1\n"
    "git ls-files -z | grep -z -E '(^|/)redan/' |\n"
    "    git checkout-index -z --stdin --prefix=\"$tmp/new/\" || exit 1\n"
    "before() { git show \"HEAD:$1\" >\"$tmp/old/model.yaml\" 2>/dev/null; }\n"
    "printf '%s\\n' \"$dirs\" >\"$tmp/dirs\"\n"
    "bad=0\n"
    "while IFS= read -r dir; do\n"
    "    model=$dir/redan/threatmodel.yaml\n"
    "    [ -e \"$tmp/new/$model\" ] || continue # taken away\n"
    "    (cd \"$tmp/new\" && redan lint --quiet \"$dir/redan\") || bad=1\n"
    "    before \"${model#./}\" && redan diff --help >/dev/null 2>&1 &&\n"
    "        redan diff \"$tmp/old/model.yaml\" \"$tmp/new/$model\" 2>/dev/null |\n"
    "        grep '^ *LOOSENED'\n"
    "done <\"$tmp/dirs\"\n"
    "[ $bad -eq 0 ] ||\n"
    "    echo 'the threat model is not sound; mend it, or commit with --no-verify' >&2\n"
    "exit $bad\n";

/* One line of git's answer. */
static enum redan_status git_path(struct redan_cli *cli, struct redan_slice *path)
{
    static const char *const argv[] = {"git", "rev-parse", "--git-path", "hooks", NULL};
    struct redan_slice dir = redan_cli_value(cli, "dir");
    struct redan_process process = {.argv = argv, .folder = dir, .seconds = GIT_SECONDS};
    struct redan_process_result result = {0};
    struct redan_ctx *ctx = &cli->ctx;

    REDAN_TRY(redan_process_run(ctx, &process, &result));
    struct redan_slice line = redan_slice_trim(result.out);
    if (result.exit_code != 0 || line.len == 0)
        return redan_fail(ctx, REDAN_E_ABSENT, 0, "git finds no repository here: %.*s",
                          REDAN_FMT(redan_slice_sub(redan_slice_trim(result.err), 0, 200)));
    return redan_path_join(ctx, dir, line, path);
}

static bool is_ours(struct redan_slice text)
{
    struct redan_slice first = {0};
    struct redan_slice rest = {0};

    return redan_slice_cut(text, '\n', &first, &rest) &&
           redan_slice_starts(rest, REDAN_S(MARK ","));
}

static enum redan_status refuse(struct redan_cli *cli, struct redan_slice path)
{
    return redan_fail(&cli->ctx, REDAN_E_EXISTS, 0,
                      "%.*s is not ours and stays as it is; call ours from it with the line\n"
                      "    redan hook install --print | sh || exit 1\n"
                      "or replace it with --force",
                      REDAN_FMT(path));
}

/* A foreign hook is kept beside, once. */
static enum redan_status make_room(struct redan_cli *cli, struct redan_slice folder,
                                   struct redan_slice path)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice text = {0};
    struct redan_slice saved = {0};

    if (!redan_file_exists(ctx, path))
        return REDAN_OK;
    enum redan_status status = redan_file_read(ctx, path, HOOK_MOST, false, &text);
    if (status == REDAN_OK && is_ours(text))
        return REDAN_OK;
    if (!redan_cli_has(cli, "force")) {
        redan_fail_clear(ctx); /* a link, a folder: not ours either */
        return refuse(cli, path);
    }
    REDAN_TRY(status);
    REDAN_TRY(redan_path_join(ctx, folder, REDAN_S("pre-commit.saved"), &saved));
    REDAN_TRY(redan_file_create(ctx, saved, 0755, text));
    redan_cli_say(cli, "the hook that was there is kept as %.*s", REDAN_FMT(saved));
    return REDAN_OK;
}

static enum redan_status install(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice folder = {0};
    struct redan_slice path = {0};
    struct redan_slice text = {0}; /* the same, ended by a NUL */

    REDAN_TRY(git_path(cli, &folder));
    REDAN_TRY(redan_path_join(ctx, folder, REDAN_S("pre-commit"), &path));
    REDAN_TRY(make_room(cli, folder, path));
    REDAN_TRY(redan_file_replace(ctx, path, 0755, redan_slice_of(hook)));
    REDAN_TRY(redan_copy(ctx, path, &text));
    if (chmod(text.at, 0755) !=
        0) /* the old one's mode was kept, and git skips what cannot be run */
        return redan_fail(ctx, REDAN_E_IO, 0, "%.*s cannot be made executable", REDAN_FMT(path));
    redan_cli_say(cli, "wrote %.*s", REDAN_FMT(path));
    const struct redan_cli_field fields[] = {{"file", path}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    if (redan_cli_has(cli, "print")) {
        redan_buf_text(&cli->out, hook);
        return REDAN_EXIT_CLEAN;
    }
    return install(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_hook_install = {
    .name = "hook install",
    .args = "",
    .summary = "a git hook that lints what is staged below redan/",
    .text =
        "Writes the pre-commit hook of this repository, where git looks for it: work trees and\n"
        "core.hooksPath are honoured. A commit that touches nothing below redan/ is not held "
        "up. A hook\n"
        "that is not ours is never overwritten without --force.",
    .options = options,
    .run = run,
};
