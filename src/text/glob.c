/* Path patterns by backtracking to the last star and the last double star, without recursion. */
#include "text/glob.h"

#include "base/utf8.h"

enum { LONGEST = 4096 }; /* as paths are */
enum { STEPS = 200000 }; /* a pattern that takes more is made to; then it counts as one that fits */

/* Where to go on when what follows a star does not fit. */
struct retry {
    bool set;
    bool folders; /* "**" and "/": begins at a folder's or file's name */
    size_t pattern;
    size_t path;
};

static size_t step(struct redan_slice text, size_t at)
{
    uint32_t code = 0;
    size_t n = redan_utf8_decode(text, at, &code);

    return n ? n : 1;
}

static char at(struct redan_slice text, size_t i)
{
    return i < text.len ? text.at[i] : '\0';
}

/* The last star may take one character more, if it is no "/"; then the last double star may. */
static bool again(struct redan_slice path, struct retry *one, struct retry *many, size_t *p,
                  size_t *t)
{
    if (one->set && one->path < path.len && path.at[one->path] != '/') {
        one->path += step(path, one->path);
        *p = one->pattern;
        *t = one->path;
        return true;
    }
    one->set = false;
    if (!many->set)
        return false;
    do {
        if (many->path >= path.len)
            return false;
        many->path += step(path, many->path);
    } while (many->folders && path.at[many->path - 1] != '/');
    *p = many->pattern;
    *t = many->path;
    return true;
}

static bool fits(struct redan_slice pattern, struct redan_slice path, bool given_up)
{
    struct retry one = {0};
    struct retry many = {0};
    size_t p = 0;
    size_t t = 0;

    for (size_t steps = 0; steps < STEPS; steps++) {
        if (at(pattern, p) == '*' && at(pattern, p + 1) == '*') {
            p += 2;
            bool folders = at(pattern, p) == '/' && (p == 2 || at(pattern, p - 3) == '/');
            p += folders;
            one.set = false;
            many = (struct retry){true, folders, p, t};
        } else if (at(pattern, p) == '*') {
            one = (struct retry){true, false, ++p, t};
        } else if (p == pattern.len && t == path.len) {
            return true;
        } else if (p < pattern.len && t < path.len &&
                   (pattern.at[p] == '?' ? path.at[t] != '/' : pattern.at[p] == path.at[t])) {
            t += pattern.at[p] == '?' ? step(path, t) : 1;
            p++;
        } else if (!again(path, &one, &many, &p, &t)) {
            return false;
        }
    }
    return given_up;
}

bool redan_glob_fits(struct redan_slice pattern, struct redan_slice path)
{
    while (redan_slice_starts(pattern, REDAN_S("./")))
        pattern = redan_slice_sub(pattern, 2, pattern.len);
    while (pattern.len > 0 && pattern.at[0] == '/')
        pattern = redan_slice_sub(pattern, 1, pattern.len);
    while (pattern.len > 0 && pattern.at[pattern.len - 1] == '/')
        pattern.len--;
    if (pattern.len == 0 || pattern.len > LONGEST)
        return false;
    for (size_t end = path.len; end > 0; end--) {
        if ((end == path.len || path.at[end] == '/') &&
            fits(pattern, (struct redan_slice){path.at, end}, true))
            return true;
    }
    return false;
}

bool redan_glob_whole(struct redan_slice pattern, struct redan_slice path)
{
    return pattern.len > 0 && pattern.len <= LONGEST && fits(pattern, path, false);
}

bool redan_glob_name(struct redan_slice pattern, struct redan_slice name)
{
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX; /* what follows the last star */
    size_t from = 0;        /* where it was tried */

    while (t < name.len) {
        if (p < pattern.len && pattern.at[p] == '*') {
            star = ++p;
            from = t;
        } else if (p < pattern.len && (pattern.at[p] == '?' || pattern.at[p] == name.at[t])) {
            t += pattern.at[p] == '?' ? step(name, t) : 1;
            p++;
        } else if (star != SIZE_MAX) {
            p = star;
            from += step(name, from);
            t = from;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == '*')
        p++;
    return pattern.len > 0 && p == pattern.len;
}
