/* A keyring as keys.yaml, in one order whatever order it was put together in. */
#include "attest/keyring.h"

#include "base/clock.h"
#include "codec/yaml.h"

/* The smallest id above `last` in a list of structs that begin with their id; NULL at the end. Few enough to look again. */
static const void *next_after(const struct redan_list *list, size_t size,
                              const struct redan_slice *last)
{
    const struct redan_slice *best = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const void *item = (const char *)list->items + i * size;
        const struct redan_slice *id = item;
        if ((!last || redan_slice_cmp(*id, *last) > 0) &&
            (!best || redan_slice_cmp(*id, *best) < 0))
            best = id;
    }
    return best;
}

_Static_assert(offsetof(struct redan_keyring_holder, id) == 0, "next_after reads the id");
_Static_assert(offsetof(struct redan_keyring_key, id) == 0, "next_after reads the id");
_Static_assert(offsetof(struct redan_keyring_role, id) == 0, "next_after reads the id");
_Static_assert(offsetof(struct redan_keyring_authority, id) == 0, "next_after reads the id");

static void add_texts(struct redan_buf *out, const struct redan_texts *texts)
{
    const struct redan_list list = {texts->items, texts->count};
    const struct redan_slice *text = NULL;
    bool first = true;

    redan_buf_char(out, '[');
    while ((text = next_after(&list, sizeof(*text), text)) != NULL) {
        if (!first)
            redan_buf_text(out, ", ");
        first = false;
        redan_yaml_scalar_add(out, *text);
    }
    redan_buf_text(out, "]\n");
}

static bool block_fits(struct redan_slice text)
{
    bool lines = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool edge = i == 0 || i + 1 == text.len || text.at[i - 1] == '\n';
        if (c == '\n' && i > 0 && text.at[i - 1] != '\n') {
            lines = true;
            continue;
        }
        if (c < ' ' || c > '~' || (c == ' ' && edge))
            return false;
    }
    return lines;
}

/* Lines of a PEM block stay lines; anything else is one scalar. */
static void add_text(struct redan_buf *out, struct redan_slice text)
{
    struct redan_slice line = {0};

    text = redan_slice_trim(text);
    if (!block_fits(text)) {
        redan_yaml_scalar_add(out, text);
        redan_buf_char(out, '\n');
        return;
    }
    redan_buf_text(out, "|\n");
    while (text.len) {
        (void)redan_slice_cut(text, '\n', &line, &text);
        redan_buf_text(out, "      ");
        redan_buf_slice(out, line);
        redan_buf_char(out, '\n');
    }
}

static void add_date(struct redan_buf *out, int64_t seconds)
{
    char text[REDAN_TIME_TEXT];

    if (seconds % 86400 == 0)
        redan_date_text(seconds, text);
    else
        redan_time_text(seconds, text);
    redan_buf_text(out, text);
}

static void add_key(struct redan_buf *out, const struct redan_keyring_key *key)
{
    redan_buf_text(out, "  - id: ");
    redan_yaml_scalar_add(out, key->id);
    redan_buf_text(out, "\n    holder: ");
    redan_yaml_scalar_add(out, key->holder);
    redan_buf_text(out, "\n    public: ");
    add_text(out, key->public_text);
    redan_buf_text(out, "    from: ");
    add_date(out, key->from);
    redan_buf_text(out, "\n    until: ");
    add_date(out, key->until);
    redan_buf_char(out, '\n');
    if (key->revoked) {
        redan_buf_text(out, "    revoked: {at: ");
        add_date(out, key->revoked->at);
        redan_buf_printf(out, ", reason: %s}\n",
                         key->revoked->reason == 1 ? "compromise" : "retired");
    }
}

static void add_holders(struct redan_buf *out, const struct redan_keyring *ring)
{
    const struct redan_keyring_holder *holder = NULL;

    redan_buf_text(out, "holders:\n");
    while ((holder = next_after(&ring->holders, sizeof(*holder), holder ? &holder->id : NULL))) {
        redan_buf_text(out, "  - id: ");
        redan_yaml_scalar_add(out, holder->id);
        if (holder->name.len) {
            redan_buf_text(out, "\n    name: ");
            redan_yaml_scalar_add(out, holder->name);
        }
        redan_buf_printf(out, "\n    kind: %s\n", holder->kind == 1 ? "service" : "person");
    }
}

static void add_roles(struct redan_buf *out, const struct redan_keyring *ring)
{
    const struct redan_keyring_role *role = NULL;

    redan_buf_text(out, "roles:\n");
    while ((role = next_after(&ring->roles, sizeof(*role), role ? &role->id : NULL))) {
        redan_buf_text(out, "  - id: ");
        redan_yaml_scalar_add(out, role->id);
        redan_buf_printf(out,
                         "\n    quorum: %llu\n    holders: ", (unsigned long long)role->quorum);
        add_texts(out, &role->holders);
    }
}

static void add_authorities(struct redan_buf *out, const struct redan_keyring *ring)
{
    const struct redan_keyring_authority *item = NULL;

    redan_buf_text(out, "timestamps:\n");
    while ((item = next_after(&ring->timestamps, sizeof(*item), item ? &item->id : NULL))) {
        redan_buf_text(out, "  - id: ");
        redan_yaml_scalar_add(out, item->id);
        redan_buf_text(out, "\n    certificate: ");
        add_text(out, item->certificate);
    }
}

void redan_keyring_add_yaml(struct redan_buf *out, const struct redan_keyring *ring)
{
    const struct redan_keyring_key *key = NULL;

    redan_buf_text(out, "schema: redan/keys/1\norg: ");
    redan_yaml_scalar_add(out, ring->org);
    redan_buf_printf(out, "\nversion: %llu\n%sroot:\n  threshold: %llu\n  keys: ",
                     (unsigned long long)ring->version,
                     ring->org_required ? "organisation: required\n" : "",
                     (unsigned long long)ring->root_threshold);
    add_texts(out, &ring->root_keys);
    if (ring->holders.count)
        add_holders(out, ring);
    else
        redan_buf_text(out, "holders: []\n");
    redan_buf_text(out, ring->keys.count ? "keys:\n" : "keys: []\n");
    while ((key = next_after(&ring->keys, sizeof(*key), key ? &key->id : NULL)))
        add_key(out, key);
    if (ring->roles.count)
        add_roles(out, ring);
    if (ring->timestamps.count)
        add_authorities(out, ring);
    const struct redan_keyring_root *former = ring->former.items;
    for (size_t i = 0; i < ring->former.count; i++) { /* as they followed each other */
        redan_buf_printf(out, "%s  - threshold: %llu\n    keys: ", i == 0 ? "former:\n" : "",
                         (unsigned long long)former[i].threshold);
        add_texts(out, &former[i].keys);
    }
}
