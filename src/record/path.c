/* Walks a path step by step, holding every node reached so far. */
#include "record/path.h"

struct matches {
    const struct redan_node **at;
    size_t count;
    bool over;
};

static void match_add(struct matches *m, const struct redan_node *node)
{
    if (m->count == REDAN_PATH_MATCHES)
        m->over = true;
    else
        m->at[m->count++] = node;
}

/* One step, ".name" or "[*]", from every node of `from`. */
static void step(const struct matches *from, struct redan_slice name, bool every,
                 struct matches *to)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        for (const struct redan_node *n = from->at[i]->first; n; n = n->next) {
            bool hit = every ? from->at[i]->kind == REDAN_NODE_LIST
                             : from->at[i]->kind == REDAN_NODE_MAP && redan_slice_eq(n->key, name);
            if (hit)
                match_add(to, n);
        }
    }
}

/* Cut the next step off the path; false when it is malformed. */
static bool next_step(struct redan_slice *rest, struct redan_slice *name, bool *every)
{
    *every = redan_slice_starts(*rest, REDAN_S("[*]"));
    if (*every) {
        *rest = redan_slice_sub(*rest, 3, SIZE_MAX);
        return true;
    }
    if (rest->at[0] != '.')
        return false;
    size_t n = 1;
    while (n < rest->len && rest->at[n] != '.' && rest->at[n] != '[')
        n++;
    *name = redan_slice_sub(*rest, 1, n - 1);
    *rest = redan_slice_sub(*rest, n, SIZE_MAX);
    return name->len > 0;
}

enum redan_status redan_path_find(struct redan_ctx *ctx, const struct redan_node *root,
                                  struct redan_slice path, const struct redan_node ***found,
                                  size_t *count)
{
    struct matches sets[2] = {0};
    struct redan_slice rest = redan_slice_sub(path, 1, SIZE_MAX);
    size_t now = 0;

    *found = NULL;
    *count = 0;
    if (!redan_slice_starts(path, REDAN_S("$")))
        return REDAN_OK;
    for (size_t i = 0; i < 2; i++) {
        sets[i].at = redan_take_array(ctx, REDAN_PATH_MATCHES, sizeof(struct redan_node *));
        if (!sets[i].at)
            return REDAN_E_MEMORY;
    }
    match_add(&sets[0], root);
    while (rest.len) {
        struct redan_slice name = {0};
        bool every = false;
        if (!next_step(&rest, &name, &every))
            return REDAN_OK;
        step(&sets[now], name, every, &sets[1 - now]);
        now = 1 - now;
    }
    if (sets[0].over || sets[1].over)
        return REDAN_OK;
    *found = sets[now].at;
    *count = sets[now].count;
    return REDAN_OK;
}
