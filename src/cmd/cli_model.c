/* Finds the model, what lies inside it by whatever name, and says how far the hashing is. */
#include "cmd/cli_model.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "io/os.h"

#define MEMORY ((size_t)4 << 30)
enum { FILES = 2000000 };

void redan_cli_model_room(struct redan_cli *cli)
{
    cli->ctx.limits.memory = MEMORY;
    cli->ctx.mem.max = MEMORY;
    cli->ctx.limits.files = FILES;
}

static enum redan_status here(struct redan_ctx *ctx, struct redan_slice *folder)
{
    char text[REDAN_OS_PATH];

    if (!getcwd(text, sizeof(text)))
        return redan_fail(ctx, REDAN_E_IO, 0, "cannot tell the present folder: %s",
                          strerrordesc_np(errno));
    return redan_copy(ctx, redan_slice_of(text), folder);
}

/* Absolute, with "." and ".." taken for what they say; links are not looked at. */
static enum redan_status spelled(struct redan_ctx *ctx, struct redan_slice path,
                                 struct redan_slice *whole)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_slice rest = path;
    struct redan_slice part = {0};

    redan_buf_init(&out, ctx, (size_t)4 * REDAN_OS_PATH);
    if (path.len == 0 || path.at[0] != '/') {
        struct redan_slice folder = {0};
        REDAN_TRY(here(ctx, &folder));
        redan_buf_slice(&out, redan_slice_is(folder, "/") ? (struct redan_slice){"", 0} : folder);
    }
    while (rest.len) {
        (void)redan_slice_cut(rest, '/', &part, &rest);
        if (part.len == 0 || redan_slice_is(part, "."))
            continue;
        if (redan_slice_is(part, "..")) {
            while (out.len && out.data[--out.len] != '/')
                continue;
            continue;
        }
        redan_buf_char(&out, '/');
        redan_buf_slice(&out, part);
    }
    if (out.len == 0)
        redan_buf_char(&out, '/');
    REDAN_TRY(redan_buf_ok(ctx, &out, "a path"));
    return redan_copy(ctx, redan_buf_view(&out), whole);
}

/* The same with the links of the folders above resolved, where these are there; else as it is spelled. */
static enum redan_status resolved(struct redan_ctx *ctx, struct redan_slice whole,
                                  struct redan_slice *real)
{
    char folder[REDAN_OS_PATH];
    char text[PATH_MAX];
    struct redan_slice name = redan_path_name(whole);
    struct redan_slice above = redan_path_folder(whole);

    *real = whole;
    if (name.len == 0)
        return REDAN_OK;
    REDAN_TRY(redan_os_path(ctx, above, folder));
    if (!realpath(folder, text))
        return REDAN_OK;
    return redan_path_join(ctx, redan_slice_of(text), name, real);
}

/* What is left of `path` when it begins with the folder `top`. */
static struct redan_slice beneath(struct redan_slice top, struct redan_slice path)
{
    if (redan_slice_eq(top, path))
        return REDAN_S(".");
    if (redan_slice_is(top, "/"))
        return redan_slice_sub(path, 1, path.len);
    if (redan_slice_starts(path, top) && path.at[top.len] == '/')
        return redan_slice_sub(path, top.len + 1, path.len);
    return (struct redan_slice){"", 0};
}

enum redan_status redan_cli_model_below(struct redan_cli *cli, const struct redan_cli_model *model,
                                        struct redan_slice path, struct redan_slice *below)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice whole = {0};
    struct redan_slice top = {0};

    REDAN_TRY(spelled(ctx, path, &whole));
    *below = beneath(model->whole, whole);
    if (below->len)
        return REDAN_OK;
    REDAN_TRY(resolved(ctx, whole, &whole));
    REDAN_TRY(resolved(ctx, model->whole, &top));
    *below = beneath(top, whole);
    if (below->len || !model->folder)
        return REDAN_OK;
    /* the model itself may be named through a link */
    char text[REDAN_OS_PATH];
    char real[PATH_MAX];
    REDAN_TRY(redan_os_path(ctx, top, text));
    if (!realpath(text, real))
        return REDAN_OK;
    struct redan_slice found = beneath(redan_slice_of(real), whole);
    return redan_copy(ctx, found, below);
}

static enum redan_status left_out(struct redan_cli *cli, struct redan_cli_model *model)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice path = {0};
    struct redan_slice below = {0};

    model->ignore = redan_take_array(ctx, cli->value_count + 1, sizeof(*model->ignore));
    if (!model->ignore)
        return REDAN_E_MEMORY;
    for (size_t i = 0; redan_cli_value_at(cli, "ignore-paths", i, &path); i++) {
        if (path.len == 0)
            return redan_fail(ctx, REDAN_E_USAGE, 0,
                              "--ignore-paths is empty: is the variable set?");
        REDAN_TRY(redan_cli_model_below(cli, model, path, &below));
        if (redan_slice_is(below, "."))
            return redan_fail(ctx, REDAN_E_USAGE, 0,
                              "--ignore-paths %.*s would leave out the whole model",
                              REDAN_FMT(path));
        if (below.len)
            model->ignore[model->ignore_count++] = below;
        else
            redan_cli_say(cli,
                          "--ignore-paths %.*s lies outside %.*s and changes nothing; it is meant "
                          "from here, not from the model",
                          REDAN_FMT(path), REDAN_FMT(model->path));
    }
    return REDAN_OK;
}

enum redan_status redan_cli_model_open(struct redan_cli *cli, struct redan_slice path, bool must,
                                       struct redan_cli_model *model)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_cli_model made = {.links = redan_cli_has(cli, "allow-symlinks"),
                                   .keep_git = redan_cli_has(cli, "no-ignore-git-paths")};
    struct stat st;
    char text[REDAN_OS_PATH];

    if (made.keep_git && redan_cli_has(cli, "ignore-git-paths"))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "give either --ignore-git-paths or --no-ignore-git-paths");
    while (path.len > 1 && path.at[path.len - 1] == '/')
        path.len--;
    made.path = path;
    REDAN_TRY(redan_os_path(ctx, path, text));
    made.there = stat(text, &st) == 0;
    if (!made.there && must)
        return redan_os_fail(ctx, errno, "read", path);
    made.folder = made.there && S_ISDIR(st.st_mode);
    REDAN_TRY(spelled(ctx, path, &made.whole));
    made.name = redan_path_name(made.whole);
    REDAN_TRY(left_out(cli, &made));
    *model = made;
    return REDAN_OK;
}

enum redan_status redan_cli_model_signature(struct redan_cli *cli,
                                            const struct redan_cli_model *model,
                                            struct redan_slice *path)
{
    if (model->folder)
        return redan_path_join(&cli->ctx, model->path, REDAN_S("model.sig"), path);
    return redan_format(&cli->ctx, path, "%.*s.sig", REDAN_FMT(model->path));
}

void redan_cli_progress_begin(const struct redan_cli *cli, struct redan_cli_progress *progress)
{
    *progress = (struct redan_cli_progress){.watched = !redan_cli_has(cli, "quiet") &&
                                                       isatty(STDERR_FILENO) == 1,
                                            .begun = redan_os_clock()};
}

void redan_cli_progress(struct redan_cli_progress *progress, uint64_t bytes, uint64_t total)
{
    enum { MEGA = 1000000 };
    double now = 0;

    if (!progress->watched)
        return;
    now = redan_os_clock();
    if (now - progress->begun < 0.5 || now - progress->shown < 0.1)
        return;
    progress->shown = now;
    (void)fprintf(stderr, "\rhashing: %llu of %llu MB\x1b[K", (unsigned long long)(bytes / MEGA),
                  (unsigned long long)(total / MEGA));
}

void redan_cli_progress_end(struct redan_cli_progress *progress)
{
    if (progress->shown > 0)
        (void)fprintf(stderr, "\r\x1b[K");
    progress->shown = 0;
}

void redan_cli_count(struct redan_buf *out, uint64_t count, const char *what)
{
    redan_buf_printf(out, "%llu %s%s", (unsigned long long)count, what, count == 1 ? "" : "s");
}

void redan_cli_size(struct redan_buf *out, uint64_t bytes)
{
    static const char *const units[] = {"KB", "MB", "GB", "TB", "PB"};
    double value = (double)bytes;
    size_t unit = 0;

    if (bytes < 1000) {
        redan_cli_count(out, bytes, "byte");
        return;
    }
    for (value /= 1000; value >= 999.95 && unit + 1 < REDAN_COUNT(units); unit++)
        value /= 1000;
    redan_buf_printf(out, "%.1f %s", value, units[unit]);
}

bool redan_cli_size_parse(struct redan_slice text, uint64_t *bytes)
{
    unsigned shift = 0;
    uint64_t value = 0;

    if (text.len && redan_char_among("KMG", text.at[text.len - 1])) {
        char unit = text.at[text.len - 1];
        shift = unit == 'K' ? 10 : unit == 'M' ? 20 : 30;
        text.len--;
    }
    if (!redan_slice_u64(text, &value) || value == 0 || value > (UINT64_MAX >> shift))
        return false;
    *bytes = value << shift;
    return true;
}
