/* Adds holders, roles and keys to a keyring, and writes it with the root's signatures. */
#include "cmd/cli_ring.h"

#include <string.h>

#include "base/clock.h"
#include "io/file.h"

enum { KEY_MAX = 65536 };

void redan_cli_ring_done(struct redan_cli_ring *edit)
{
    for (size_t i = 0; i < edit->signer_count; i++)
        redan_cli_signer_done(&edit->signers[i]);
    edit->signer_count = 0;
    redan_keyring_done(&edit->ring);
    redan_keyring_done(&edit->saved);
}

static enum redan_status open_signers(struct redan_cli *cli, struct redan_cli_ring *edit)
{
    struct redan_slice path = {0};

    for (size_t i = 0; redan_cli_value_at(cli, "sign-with", i, &path); i++) {
        struct redan_cli_signer *signer = &edit->signers[edit->signer_count];
        if (edit->signer_count == REDAN_RING_SIGNERS)
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--sign-with is given too often");
        if (edit->present)
            REDAN_TRY(redan_cli_root_signer(cli, &edit->ring, path, false, false, signer));
        else
            REDAN_TRY(redan_cli_signer_read(cli, path, false, signer));
        edit->signer_count++;
    }
    return REDAN_OK;
}

enum redan_status redan_cli_ring_open(struct redan_cli *cli, struct redan_cli_ring *edit)
{
    *edit = (struct redan_cli_ring){0};
    REDAN_TRY(redan_cli_keys_folder(cli, &edit->folder));
    REDAN_TRY(redan_cli_keyring(cli, edit->folder, &edit->present, &edit->ring));
    return open_signers(cli, edit);
}

enum redan_status redan_cli_ring_open_old(struct redan_cli *cli, struct redan_cli_ring *edit)
{
    REDAN_TRY(redan_cli_ring_open(cli, edit));
    if (edit->present)
        return REDAN_OK;
    return redan_fail(&cli->ctx, REDAN_E_ABSENT, 0,
                      "there is no keys.yaml in %.*s; begin with: redan org new --help",
                      REDAN_FMT(edit->folder));
}

enum redan_status redan_cli_append(struct redan_ctx *ctx, struct redan_list *list, size_t size,
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

enum redan_status redan_cli_append_text(struct redan_ctx *ctx, struct redan_texts *texts,
                                        struct redan_slice text)
{
    struct redan_list list = {texts->items, texts->count};

    if (redan_texts_have(texts, text))
        return REDAN_OK;
    REDAN_TRY(redan_cli_append(ctx, &list, sizeof(text), &text));
    *texts = (struct redan_texts){list.items, list.count};
    return REDAN_OK;
}

enum redan_status redan_cli_ring_holder(struct redan_cli *cli, struct redan_cli_ring *edit,
                                        struct redan_slice holder)
{
    const struct redan_keyring_holder *holders = edit->ring.holders.items;
    struct redan_keyring_holder made = {
        .id = holder, .name = redan_cli_value(cli, "name"), .kind = redan_cli_has(cli, "service")};

    for (size_t i = 0; i < edit->ring.holders.count; i++) {
        if (!redan_slice_eq(holders[i].id, holder))
            continue;
        if (made.kind == 1 && holders[i].kind == 0) /* a person does not become a service */
            return redan_fail(&cli->ctx, REDAN_E_EXISTS, 0, "%.*s is in keys.yaml as a person",
                              REDAN_FMT(holder));
        return REDAN_OK;
    }
    return redan_cli_append(&cli->ctx, &edit->ring.holders, sizeof(made), &made);
}

static enum redan_status add_role(struct redan_cli *cli, struct redan_cli_ring *edit,
                                  struct redan_slice holder, struct redan_slice id)
{
    struct redan_keyring_role *roles = edit->ring.roles.items;
    struct redan_keyring_role role = {.id = id, .quorum = 1};
    struct redan_slice quorum = redan_cli_value(cli, "quorum");
    size_t at = 0;

    while (at < edit->ring.roles.count && !redan_slice_eq(roles[at].id, id))
        at++;
    if (at == edit->ring.roles.count) {
        REDAN_TRY(redan_cli_append(&cli->ctx, &edit->ring.roles, sizeof(role), &role));
        roles = edit->ring.roles.items;
    }
    if (quorum.len && !redan_slice_u64(quorum, &roles[at].quorum))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--quorum takes a whole number");
    return redan_cli_append_text(&cli->ctx, &roles[at].holders, holder);
}

enum redan_status redan_cli_ring_roles(struct redan_cli *cli, struct redan_cli_ring *edit,
                                       struct redan_slice holder)
{
    struct redan_slice role = {0};

    for (size_t i = 0; redan_cli_value_at(cli, "role", i, &role); i++)
        REDAN_TRY(add_role(cli, edit, holder, role));
    return REDAN_OK;
}

static enum redan_status free_id(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                 struct redan_slice holder, struct redan_slice *id)
{
    for (size_t n = 1;; n++) {
        REDAN_TRY(redan_format(ctx, id, "%.*s-%zu", REDAN_FMT(holder), n));
        if (!redan_keyring_named(ring, *id))
            return REDAN_OK;
    }
}

/* One line, whatever form the key came in. */
static enum redan_status public_text(struct redan_ctx *ctx, const struct redan_key *key,
                                     struct redan_slice holder, struct redan_slice *text)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};

    redan_buf_init(&out, ctx, KEY_MAX);
    redan_key_add_public_ssh(&out, key, holder);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the public key"));
    return redan_copy(ctx, redan_buf_view(&out), text);
}

enum redan_status redan_cli_ring_key(struct redan_cli *cli, struct redan_cli_ring *edit,
                                     struct redan_slice id, struct redan_slice holder,
                                     const struct redan_key *key, int64_t life,
                                     struct redan_slice *made)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice until = redan_cli_value(cli, "until");
    struct redan_keyring_key entry = {
        .id = id, .holder = holder, .from = ctx->now, .until = ctx->now + life};
    struct redan_digest digest;

    redan_key_id(key, &digest);
    const struct redan_keyring_key *same = redan_keyring_find(&edit->ring, &digest);
    if (same)
        return redan_fail(ctx, REDAN_E_EXISTS, 0, "this key is in keys.yaml already, as %.*s",
                          REDAN_FMT(same->id));
    if (until.len && !redan_time_parse(until, &entry.until))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--until takes a date, 2027-11-24");
    if (id.len == 0)
        REDAN_TRY(free_id(ctx, &edit->ring, holder, &entry.id));
    if (redan_keyring_named(&edit->ring, entry.id))
        return redan_fail(ctx, REDAN_E_EXISTS, 0, "keys.yaml already has a key \"%.*s\"",
                          REDAN_FMT(entry.id));
    REDAN_TRY(public_text(ctx, key, holder, &entry.public_text));
    *made = entry.id;
    return redan_cli_append(ctx, &edit->ring.keys, sizeof(entry), &entry);
}

/* What is written must read back without a problem before anything is written. */
static enum redan_status read_back(struct redan_ctx *ctx, struct redan_slice text,
                                   struct redan_keyring *back)
{
    struct redan_problems problems;

    redan_problems_init(&problems, ctx, REDAN_S("keys.yaml"));
    REDAN_TRY(redan_keyring_parse(&problems, text, back));
    if (problems.first)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "keys.yaml would say: %.*s",
                          REDAN_FMT(problems.first->text));
    return REDAN_OK;
}

enum redan_status redan_cli_ring_try(struct redan_cli *cli, const struct redan_cli_ring *edit)
{
    struct redan_keyring REDAN_DEFER(redan_keyring_done) back = {0};
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_keyring next = edit->ring;

    next.version++;
    redan_buf_init(&text, &cli->ctx, cli->ctx.limits.yaml);
    redan_keyring_add_yaml(&text, &next);
    REDAN_TRY(redan_buf_ok(&cli->ctx, &text, "keys.yaml"));
    return read_back(&cli->ctx, redan_buf_view(&text), &back);
}

static void say_missing(const struct redan_cli *cli, const struct redan_keyring *ring,
                        uint64_t found)
{
    if (found >= ring->root_threshold)
        return;
    if (found == 0 && ring->root_threshold == 1) {
        redan_cli_say(cli, "keys.yaml has changed and needs the root's signature: redan keys sign "
                           "keys.yaml --key ROOT-KEY");
        return;
    }
    redan_cli_say(cli,
                  "keys.yaml, version %llu, holds %llu of the %llu signatures of the root, and "
                  "nothing passes until it holds all; add one: redan keys sign keys.yaml --key "
                  "OTHER-ROOT-KEY",
                  (unsigned long long)ring->version, (unsigned long long)found,
                  (unsigned long long)ring->root_threshold);
}

enum redan_status redan_cli_ring_save(struct redan_cli *cli, struct redan_cli_ring *edit)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_slice kept = {0};
    struct redan_slice path = {0};

    redan_buf_init(&text, ctx, ctx->limits.yaml);
    edit->ring.version++;
    redan_keyring_add_yaml(&text, &edit->ring);
    REDAN_TRY(redan_buf_ok(ctx, &text, "keys.yaml"));
    REDAN_TRY(
        redan_copy(ctx, redan_buf_view(&text), &kept)); /* what was read back borrows from it */
    REDAN_TRY(read_back(ctx, kept, &edit->saved));
    REDAN_TRY(redan_path_join(ctx, edit->folder, REDAN_S("keys.yaml"), &path));
    edit->signed_by = 0;
    if (edit->signer_count)
        REDAN_TRY(redan_cli_root_sign(cli, &edit->saved, edit->folder, REDAN_S("keys.yaml"), kept,
                                      edit->signers, edit->signer_count, &edit->signature,
                                      &edit->signed_by));
    REDAN_TRY(redan_file_replace(ctx, path, 0644, kept));
    if (edit->signer_count)
        REDAN_TRY(redan_cli_root_write(cli, edit->folder, REDAN_S("keys.yaml"), edit->signature));
    say_missing(cli, &edit->saved, edit->signed_by);
    return REDAN_OK;
}

enum redan_status redan_cli_ring_org(struct redan_cli *cli, struct redan_cli_ring *edit)
{
    struct redan_ctx *ctx = &cli->ctx;
    const struct redan_slice name = REDAN_S("org.yaml");
    struct redan_slice path = {0};
    struct redan_slice text = {0};
    struct redan_slice signature = {0};
    uint64_t found = 0;

    REDAN_TRY(redan_path_join(ctx, edit->folder, name, &path));
    if (!redan_file_exists(ctx, path))
        return REDAN_OK;
    REDAN_TRY(redan_file_read(ctx, path, ctx->limits.yaml, false, &text));
    if (edit->signer_count) {
        REDAN_TRY(redan_cli_root_sign(cli, &edit->saved, edit->folder, name, text, edit->signers,
                                      edit->signer_count, &signature, &found));
        REDAN_TRY(redan_cli_root_write(cli, edit->folder, name, signature));
    }
    if (found < edit->saved.root_threshold)
        redan_cli_say(cli,
                      "org.yaml holds %llu of the %llu signatures of the root: redan keys sign "
                      "org.yaml --key ROOT-KEY",
                      (unsigned long long)found, (unsigned long long)edit->saved.root_threshold);
    return REDAN_OK;
}

enum redan_status redan_cli_key_make(struct redan_cli *cli, struct redan_key **key)
{
    static const enum redan_key_kind kinds[] = {REDAN_KEY_ED25519, REDAN_KEY_P256, REDAN_KEY_P384,
                                                REDAN_KEY_P521};
    struct redan_slice type = redan_cli_value(cli, "type");

    if (type.len == 0)
        return redan_key_new(&cli->ctx, REDAN_KEY_ED25519, key);
    for (size_t i = 0; i < REDAN_COUNT(kinds); i++) {
        if (redan_slice_is(type, redan_key_kind_name(kinds[i])))
            return redan_key_new(&cli->ctx, kinds[i], key);
    }
    return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                      "--type takes ed25519, ecdsa-p256, ecdsa-p384 or ecdsa-p521");
}

enum redan_status redan_cli_key_write(struct redan_cli *cli, const struct redan_key *key,
                                      struct redan_slice path)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) pem = {0};
    struct redan_buf REDAN_DEFER(redan_buf_done) secret = {0};
    struct redan_slice what = {0};

    redan_buf_init(&pem, ctx, KEY_MAX);
    pem.secret = true;
    if (redan_cli_has(cli, "passphrase")) {
        REDAN_TRY(redan_format(ctx, &what, "for %.*s", REDAN_FMT(path)));
        REDAN_TRY(redan_cli_secret(cli, what, true, &secret));
        redan_key_add_locked_pem(&pem, key, redan_buf_view(&secret));
    } else {
        redan_key_add_private_pem(&pem, key);
    }
    if (pem.fail == REDAN_E_CRYPTO)
        return redan_fail(ctx, pem.fail, 0, "the cryptographic library could not encrypt the key");
    REDAN_TRY(redan_buf_ok(ctx, &pem, "the private key"));
    return redan_file_create(ctx, path, 0600, redan_buf_view(&pem));
}

enum redan_status redan_cli_key_public(struct redan_cli *cli, struct redan_slice path,
                                       struct redan_key **key)
{
    struct redan_slice text = {0};

    REDAN_TRY(redan_file_read(&cli->ctx, path, KEY_MAX, true, &text));
    enum redan_status status = redan_key_parse_public(&cli->ctx, text, key);
    redan_fail_name(&cli->ctx, path);
    return status;
}
