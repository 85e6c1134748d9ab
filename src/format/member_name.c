/* Names of members: what makes one dangerous to those who write it out, or a puzzle to those who look it up. */
#include "format/member_name.h"

#include <string.h>

static bool separator(char c)
{
    return c == '/' || c == '\\';
}

static bool drive(struct redan_slice name)
{
    return name.len >= 2 && name.at[1] == ':' &&
           ((name.at[0] >= 'a' && name.at[0] <= 'z') || (name.at[0] >= 'A' && name.at[0] <= 'Z')) &&
           (name.len == 2 || separator(name.at[2]));
}

static bool absolute(struct redan_slice name)
{
    return (name.len > 0 && separator(name.at[0])) || drive(name);
}

/* Walk the steps of a path from `depth` folders below the root: whether it is ever above the root. */
static bool leaves(struct redan_slice path, size_t *depth)
{
    for (size_t i = 0; i < path.len;) {
        size_t n = 0;
        while (i + n < path.len && !separator(path.at[i + n]))
            n++;
        if (n == 2 && path.at[i] == '.' && path.at[i + 1] == '.') {
            if (*depth == 0)
                return true;
            --*depth;
        } else if (n > 0 && !(n == 1 && path.at[i] == '.')) {
            ++*depth;
        }
        i += n + 1;
    }
    return false;
}

const char *redan_member_name_defect(struct redan_slice name)
{
    size_t depth = 0;
    bool control = false;
    bool backslash = false;

    if (absolute(name))
        return REDAN_NAME_ABSOLUTE;
    if (leaves(name, &depth))
        return REDAN_NAME_CLIMBS;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = (uint8_t)name.at[i];
        if (c == 0)
            return REDAN_NAME_NUL;
        control |= c < 0x20 || c == 0x7f;
        backslash |= c == '\\';
    }
    if (control)
        return REDAN_NAME_CONTROL;
    return backslash ? REDAN_NAME_BACKSLASH : NULL;
}

bool redan_member_link_leaves(struct redan_slice name, struct redan_slice target)
{
    size_t depth = 0;
    size_t folder = name.len;

    if (absolute(target))
        return true;
    while (folder > 0 && !separator(name.at[folder - 1]))
        folder--;
    return leaves(redan_slice_sub(name, 0, folder), &depth) || leaves(target, &depth);
}
