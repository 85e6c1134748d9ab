/* Paths as text: joining and taking apart, without asking the system. */
#include "io/file.h"

#include <string.h>

enum redan_status redan_path_join(struct redan_ctx *ctx, struct redan_slice folder,
                                  struct redan_slice name, struct redan_slice *path)
{
    bool absolute = name.len > 0 && name.at[0] == '/';

    if (absolute || folder.len == 0 || redan_slice_is(folder, "."))
        return redan_copy(ctx, name, path);
    bool slash = folder.at[folder.len - 1] == '/';
    size_t len = 0;
    size_t need = 0;
    if (!redan_add_size(folder.len, name.len, &len) || !redan_add_size(len, 2, &need))
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "a path is too long to join");
    char *text = redan_take(ctx, need);
    if (!text)
        return REDAN_E_MEMORY;
    memcpy(text, folder.at, folder.len);
    len = folder.len;
    if (!slash)
        text[len++] = '/';
    if (name.len)
        memcpy(text + len, name.at, name.len);
    *path = (struct redan_slice){text, len + name.len};
    return REDAN_OK;
}

static const char *last_slash(struct redan_slice path)
{
    return path.len ? memrchr(path.at, '/', path.len) : NULL;
}

struct redan_slice redan_path_folder(struct redan_slice path)
{
    const char *slash = last_slash(path);

    if (!slash)
        return REDAN_S(".");
    size_t len = (size_t)(slash - path.at);
    while (len > 1 && path.at[len - 1] == '/')
        len--;
    return redan_slice_sub(path, 0, len ? len : 1);
}

struct redan_slice redan_path_name(struct redan_slice path)
{
    const char *slash = last_slash(path);

    return slash ? redan_slice_sub(path, (size_t)(slash - path.at) + 1, SIZE_MAX) : path;
}

bool redan_path_inside(struct redan_slice path)
{
    struct redan_slice rest = path;
    struct redan_slice part = {0};

    if (path.len == 0 || path.at[0] == '/' || redan_slice_is(path, "-")) /* standard input */
        return false;
    while (rest.len) {
        (void)redan_slice_cut(rest, '/', &part, &rest);
        if (redan_slice_is(part, ".."))
            return false;
    }
    return true;
}
