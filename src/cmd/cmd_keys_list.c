/* redan keys list: who holds which key, in which roles, until when. */
#include "base/clock.h"
#include "cmd/cli_keys.h"
#include "cmd/command.h"
#include "codec/json.h"

static void add_roles(struct redan_buf *out, const struct redan_keyring *ring,
                      struct redan_slice holder, const char *before, const char *quote)
{
    const struct redan_keyring_role *roles = ring->roles.items;
    bool first = true;

    for (size_t i = 0; i < ring->roles.count; i++) {
        if (!redan_keyring_holds(ring, holder, roles[i].id))
            continue;
        redan_buf_printf(out, "%s%s%.*s%s", first ? before : ", ", quote, REDAN_FMT(roles[i].id),
                         quote);
        first = false;
    }
}

static void list_text(struct redan_cli *cli, const struct redan_keyring *ring)
{
    const struct redan_keyring_key *keys = ring->keys.items;
    char hex[REDAN_DIGEST_HEX];
    char until[REDAN_TIME_TEXT];

    redan_digest_hex(&ring->root, hex);
    redan_buf_printf(&cli->out, "%.*s, version %llu\nroot  sha256:%s\n", REDAN_FMT(ring->org),
                     (unsigned long long)ring->version, hex);
    for (size_t i = 0; i < ring->keys.count; i++) {
        redan_date_text(keys[i].until, until);
        redan_buf_printf(&cli->out, "%-8s %-16.*s %-16.*s %-11s until %s",
                         redan_key_state_name(redan_keyring_state(&keys[i], cli->ctx.now)),
                         REDAN_FMT(keys[i].id), REDAN_FMT(keys[i].holder),
                         redan_key_kind_name(redan_key_kind(keys[i].key)), until);
        add_roles(&cli->out, ring, keys[i].holder, "  ", "");
        redan_buf_char(&cli->out, '\n');
    }
}

static void list_json(struct redan_cli *cli, const struct redan_keyring *ring)
{
    const struct redan_keyring_key *keys = ring->keys.items;
    char hex[REDAN_DIGEST_HEX];
    char until[REDAN_TIME_TEXT];

    redan_digest_hex(&ring->root, hex);
    redan_buf_printf(&cli->out, "{\"root\": \"sha256:%s\", \"version\": %llu, \"keys\": [", hex,
                     (unsigned long long)ring->version);
    for (size_t i = 0; i < ring->keys.count; i++) {
        redan_date_text(keys[i].until, until);
        redan_digest_hex(&keys[i].keyid, hex);
        redan_buf_printf(&cli->out, "%s\n  {\"id\": ", i ? "," : "");
        redan_json_string_add(&cli->out, keys[i].id);
        redan_buf_text(&cli->out, ", \"holder\": ");
        redan_json_string_add(&cli->out, keys[i].holder);
        redan_buf_printf(&cli->out, ", \"keyid\": \"%s\", \"type\": \"%s\", \"state\": \"%s\"", hex,
                         redan_key_kind_name(redan_key_kind(keys[i].key)),
                         redan_key_state_name(redan_keyring_state(&keys[i], cli->ctx.now)));
        redan_buf_printf(&cli->out, ", \"until\": \"%s\", \"roles\": [", until);
        add_roles(&cli->out, ring, keys[i].holder, "", "\"");
        redan_buf_text(&cli->out, "]}");
    }
    redan_buf_text(&cli->out, "]}\n");
}

static int run(struct redan_cli *cli)
{
    struct redan_keyring REDAN_DEFER(redan_keyring_done) ring = {0};
    struct redan_slice folder = {0};
    bool present = false;

    if (redan_cli_keys_folder(cli, &folder) != REDAN_OK ||
        redan_cli_keyring(cli, folder, &present, &ring) != REDAN_OK)
        return redan_cli_failed(cli);
    if (!present) {
        (void)redan_fail(&cli->ctx, REDAN_E_ABSENT, 0,
                         "there is no keys.yaml in %.*s; make the first key: redan keys new",
                         REDAN_FMT(folder));
        return redan_cli_failed(cli);
    }
    if (cli->json)
        list_json(cli, &ring);
    else
        list_text(cli, &ring);
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_keys_list = {
    .name = "keys list",
    .args = "",
    .summary = "who holds which key and role, and the root fingerprint",
    .run = run,
};
