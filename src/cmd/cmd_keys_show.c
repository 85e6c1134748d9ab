/* redan keys show: one key, in the forms that other tools read. */
#include "base/clock.h"
#include "cmd/cli_keys.h"
#include "cmd/command.h"

static void show(struct redan_cli *cli, const struct redan_keyring_key *k)
{
    char hex[REDAN_DIGEST_HEX];
    char from[REDAN_TIME_TEXT];
    char until[REDAN_TIME_TEXT];

    redan_digest_hex(&k->keyid, hex);
    redan_date_text(k->from, from);
    redan_date_text(k->until, until);
    redan_buf_printf(&cli->out,
                     "key     %.*s\nholder  %.*s\nkeyid   %s\ntype    %s\nvalid   %s to %s\n",
                     REDAN_FMT(k->id), REDAN_FMT(k->holder), hex,
                     redan_key_kind_name(redan_key_kind(k->key)), from, until);
    redan_buf_printf(&cli->out, "state   %s\n\n",
                     redan_key_state_name(redan_keyring_state(k, cli->ctx.now)));
    redan_key_add_public_ssh(&cli->out, k->key, k->holder);
    redan_buf_text(&cli->out, "\n\n");
    redan_key_add_public_pem(&cli->out, k->key);
}

static int run(struct redan_cli *cli)
{
    struct redan_keyring REDAN_DEFER(redan_keyring_done) ring = {0};
    const struct redan_keyring_key *key = NULL;
    struct redan_slice folder = {0};
    bool present = false;

    if (redan_cli_keys_folder(cli, &folder) != REDAN_OK ||
        redan_cli_keyring(cli, folder, &present, &ring) != REDAN_OK)
        return redan_cli_failed(cli);
    key = present ? redan_keyring_named(&ring, cli->args[0]) : NULL;
    if (!key)
        return redan_cli_usage(cli, "there is no key \"%.*s\" in %.*s/keys.yaml",
                               REDAN_FMT(cli->args[0]), REDAN_FMT(folder));
    show(cli, key);
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_keys_show = {
    .name = "keys show",
    .args = "ID",
    .summary = "one key: holder, validity, OpenSSH and PEM form",
    .least = 1,
    .most = 1,
    .run = run,
};
