/* redan keys new: make a key, enrol its holder and roles, and have the root sign the keyring. */
#include <string.h>

#include "base/clock.h"
#include "cmd/cli_keys.h"
#include "cmd/command.h"
#include "io/file.h"

static const struct redan_option options[] = {
    {"holder", 0, "ID", "the person or service that holds it, r.okafor"},
    {"name", 0, "TEXT", "the holder's name"},
    {"service", 0, NULL, "the holder is a service, not a person"},
    {"role", 'r', "ROLE", "a role of the holder; may be repeated"},
    {"quorum", 0, "COUNT", "how many holders of these roles must sign"},
    {"type", 0, "TYPE", "ed25519 (default), ecdsa-p256 or ecdsa-p384"},
    {"until", 0, "DATE", "the key's end; by default a year from now"},
    {"out", 'o', "FILE", "the private key, by default ID.pem here, outside the system's folder"},
    {"sign-with", 0, "FILE", "a root key, to sign the changed keyring"},
    {"org", 0, "ID", "the organisation, for the very first key"},
    {NULL, 0, NULL, NULL},
};

enum { YEAR = 365 * 86400 };

struct enrolment {
    struct redan_slice id;
    struct redan_slice holder;
    struct redan_slice public_text;
    int64_t until;
    const struct redan_key *key;
};

static enum redan_status pick_type(struct redan_cli *cli, enum redan_key_kind *kind)
{
    static const enum redan_key_kind kinds[] = {REDAN_KEY_ED25519, REDAN_KEY_P256, REDAN_KEY_P384};
    struct redan_slice type = redan_cli_value(cli, "type");

    *kind = REDAN_KEY_ED25519;
    for (size_t i = 0; type.len && i < REDAN_COUNT(kinds); i++) {
        if (redan_slice_is(type, redan_key_kind_name(kinds[i]))) {
            *kind = kinds[i];
            return REDAN_OK;
        }
    }
    if (type.len)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--type takes ed25519, ecdsa-p256 or ecdsa-p384");
    return REDAN_OK;
}

/* A list with one more struct at its end. */
static enum redan_status append(struct redan_ctx *ctx, struct redan_list *list, size_t size,
                                const void *item)
{
    char *items = redan_take_array(ctx, list->count + 1, size);

    if (!items)
        return REDAN_E_MEMORY;
    if (list->count)
        memcpy(items, list->items, list->count * size);
    memcpy(items + list->count * size, item, size);
    list->items = items;
    list->count++;
    return REDAN_OK;
}

static enum redan_status append_text(struct redan_ctx *ctx, struct redan_texts *texts,
                                     struct redan_slice text)
{
    struct redan_list list = {texts->items, texts->count};

    if (redan_texts_have(texts, text))
        return REDAN_OK;
    REDAN_TRY(append(ctx, &list, sizeof(text), &text));
    *texts = (struct redan_texts){list.items, list.count};
    return REDAN_OK;
}

static enum redan_status add_holder(struct redan_cli *cli, const struct enrolment *e,
                                    struct redan_keyring *ring)
{
    const struct redan_keyring_holder *holders = ring->holders.items;
    struct redan_keyring_holder holder = {.id = e->holder,
                                          .name = redan_cli_value(cli, "name"),
                                          .kind = redan_cli_has(cli, "service")};

    for (size_t i = 0; i < ring->holders.count; i++) {
        if (redan_slice_eq(holders[i].id, e->holder))
            return REDAN_OK;
    }
    return append(&cli->ctx, &ring->holders, sizeof(holder), &holder);
}

static enum redan_status add_role(struct redan_cli *cli, const struct enrolment *e,
                                  struct redan_slice id, struct redan_keyring *ring)
{
    struct redan_keyring_role *roles = ring->roles.items;
    struct redan_keyring_role role = {.id = id, .quorum = 1};
    struct redan_slice quorum = redan_cli_value(cli, "quorum");
    size_t at = 0;

    while (at < ring->roles.count && !redan_slice_eq(roles[at].id, id))
        at++;
    if (at == ring->roles.count) {
        REDAN_TRY(append(&cli->ctx, &ring->roles, sizeof(role), &role));
        roles = ring->roles.items;
    }
    if (quorum.len && !redan_slice_u64(quorum, &roles[at].quorum))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--quorum takes a whole number");
    return append_text(&cli->ctx, &roles[at].holders, e->holder);
}

static enum redan_status enrol(struct redan_cli *cli, const struct enrolment *e, bool first,
                               struct redan_keyring *ring)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice role = {0};
    struct redan_keyring_key key = {.id = e->id,
                                    .holder = e->holder,
                                    .public_text = e->public_text,
                                    .from = ctx->now,
                                    .until = e->until};

    if (redan_keyring_named(ring, e->id))
        return redan_fail(ctx, REDAN_E_EXISTS, 0, "keys.yaml already has a key \"%.*s\"",
                          REDAN_FMT(e->id));
    REDAN_TRY(add_holder(cli, e, ring));
    for (size_t i = 0; redan_cli_value_at(cli, "role", i, &role); i++)
        REDAN_TRY(add_role(cli, e, role, ring));
    REDAN_TRY(append(ctx, &ring->keys, sizeof(key), &key));
    if (first) {
        ring->org = redan_cli_value(cli, "org");
        ring->root_threshold = 1;
        REDAN_TRY(append_text(ctx, &ring->root_keys, e->id));
    }
    ring->version++;
    return REDAN_OK;
}

/* What is written must read back without a problem before anything is written. */
static enum redan_status make_ring(struct redan_cli *cli, const struct redan_keyring *ring,
                                   struct redan_buf *text, struct redan_digest *root)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_problems problems;
    struct redan_keyring back = {0};

    redan_keyring_add_yaml(text, ring);
    REDAN_TRY(redan_buf_ok(ctx, text, "keys.yaml"));
    redan_problems_init(&problems, ctx, REDAN_S("keys.yaml"));
    enum redan_status status = redan_keyring_parse(&problems, redan_buf_view(text), &back);
    *root = back.root;
    redan_keyring_done(&back);
    REDAN_TRY(status);
    if (problems.first)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "keys.yaml would say: %.*s",
                          REDAN_FMT(problems.first->text));
    return REDAN_OK;
}

static enum redan_status write_ring(struct redan_ctx *ctx, struct redan_slice folder,
                                    const struct redan_buf *text)
{
    struct redan_slice path = {0};

    REDAN_TRY(redan_path_join(ctx, folder, REDAN_S("keys.yaml"), &path));
    return redan_file_replace(ctx, path, 0644, redan_buf_view(text));
}

static enum redan_status write_private(struct redan_cli *cli, const struct redan_key *key,
                                       struct redan_slice id, struct redan_slice *path)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) pem = {0};

    redan_buf_init(&pem, ctx, 65536);
    pem.secret = true;
    *path = redan_cli_value(cli, "out");
    if (path->len == 0)
        REDAN_TRY(redan_format(ctx, path, "%.*s.pem", REDAN_FMT(id)));
    redan_key_add_private_pem(&pem, key);
    REDAN_TRY(redan_buf_ok(ctx, &pem, "the private key"));
    return redan_file_create(ctx, *path, 0600, redan_buf_view(&pem));
}

static enum redan_status sign(struct redan_cli *cli, struct redan_slice folder,
                              struct redan_slice text, const struct redan_key *with)
{
    size_t count = 0;

    if (with)
        return redan_cli_root_sign(cli, folder, REDAN_S("keys.yaml"), text, with, &count);
    redan_cli_say(cli, "keys.yaml has changed and needs the root's signature: redan keys sign "
                       "keys.yaml --key ROOT-KEY");
    return REDAN_OK;
}

static enum redan_status check_first(struct redan_cli *cli, struct redan_slice folder, bool first)
{
    if (redan_cli_value(cli, "holder").len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--holder is needed: who holds the key?");
    if (first && redan_cli_value(cli, "org").len == 0)
        return redan_fail(
            &cli->ctx, REDAN_E_USAGE, 0,
            "there is no keys.yaml yet; the first key becomes the root: --org ORGANISATION");
    if (redan_slice_is(folder, ".") && redan_cli_value(cli, "out").len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "this is the system's folder, where no private key belongs: --out FILE");
    return REDAN_OK;
}

static enum redan_status make(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_keyring REDAN_DEFER(redan_keyring_done) ring = {0};
    struct redan_key *REDAN_DEFER(redan_key_drop) key = NULL;
    struct redan_key *REDAN_DEFER(redan_key_drop) root_key = NULL;
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct enrolment e = {.id = cli->args[0], .holder = redan_cli_value(cli, "holder")};
    struct redan_slice until = redan_cli_value(cli, "until");
    struct redan_slice folder = {0};
    struct redan_slice path = {0};
    struct redan_digest root;
    enum redan_key_kind kind = REDAN_KEY_ED25519;
    bool present = false;

    redan_buf_init(&text, ctx, ctx->limits.yaml);
    REDAN_TRY(pick_type(cli, &kind));
    e.until = ctx->now + YEAR;
    if (until.len && !redan_time_parse(until, &e.until))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--until takes a date, 2027-11-24");
    REDAN_TRY(redan_cli_keys_folder(cli, &folder));
    REDAN_TRY(redan_cli_keyring(cli, folder, &present, &ring));
    REDAN_TRY(check_first(cli, folder, !present));
    if (present && redan_cli_has(cli, "sign-with"))
        REDAN_TRY(redan_cli_root_key(cli, &ring, redan_cli_value(cli, "sign-with"), &root_key));
    REDAN_TRY(redan_key_new(ctx, kind, &key));
    redan_key_add_public_pem(&text, key);
    REDAN_TRY(redan_copy(ctx, redan_buf_view(&text), &e.public_text));
    redan_buf_clear(&text);
    REDAN_TRY(enrol(cli, &e, !present, &ring));
    REDAN_TRY(make_ring(cli, &ring, &text, &root));
    REDAN_TRY(write_private(cli, key, e.id, &path));
    REDAN_TRY(write_ring(ctx, folder, &text));
    REDAN_TRY(sign(cli, folder, redan_buf_view(&text), present ? root_key : key));
    redan_cli_say(cli, "private key in %.*s, enrolled in %.*s/keys.yaml", REDAN_FMT(path),
                  REDAN_FMT(folder));
    if (!present)
        redan_cli_say(cli, "this is the root of trust; pin it outside the repository:");
    struct redan_slice print = {0};
    REDAN_TRY(redan_digest_text(ctx, &root, &print));
    const struct redan_cli_field fields[] = {
        {"key", e.id}, {"holder", e.holder}, {"private", path}, {"root", print}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    if (!cli->json)
        redan_buf_printf(&cli->out, "%.*s\n", REDAN_FMT(print));
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    return make(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_keys_new = {
    .name = "keys new",
    .args = "ID",
    .summary = "make a key and enrol its holder; the first one is the root",
    .text = "Prints the root fingerprint, which is what machines pin.\n\n"
            "  redan keys new root-1 --org examplebank --holder a.root --out ~/root-1.pem\n"
            "  redan keys new okafor --holder r.okafor --role ml-lead --sign-with ~/root-1.pem\n"
            "  redan keys new ci --holder ci-staging --service --role evidence --sign-with "
            "~/root-1.pem",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
