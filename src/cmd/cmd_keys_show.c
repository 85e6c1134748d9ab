/* redan keys show: one key, in the forms that other tools read. */
#include "base/clock.h"
#include "cmd/cli_keys.h"
#include "cmd/command.h"

static const struct redan_option options[] = {
    {"allowed-signers", 0, NULL, "every key, as a file for ssh-keygen -Y verify"},
    {NULL, 0, NULL, NULL},
};

/* A key on a security key has no PEM form. */
static bool has_pem(const struct redan_keyring_key *k)
{
    return redan_key_kind(k->key) != REDAN_KEY_SK_ED25519;
}

static enum redan_status show_json(struct redan_cli *cli, const struct redan_keyring_key *k)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) ssh = {0};
    struct redan_buf REDAN_DEFER(redan_buf_done) pem = {0};
    char hex[REDAN_DIGEST_HEX];
    char from[REDAN_TIME_TEXT];
    char until[REDAN_TIME_TEXT];

    redan_buf_init(&ssh, &cli->ctx, 65536);
    redan_buf_init(&pem, &cli->ctx, 65536);
    redan_key_add_public_ssh(&ssh, k->key, k->holder);
    if (has_pem(k))
        redan_key_add_public_pem(&pem, k->key);
    REDAN_TRY(redan_buf_ok(&cli->ctx, &ssh, "the key"));
    REDAN_TRY(redan_buf_ok(&cli->ctx, &pem, "the key"));
    redan_digest_hex(&k->keyid, hex);
    redan_date_text(k->from, from);
    redan_date_text(k->until, until);
    const char *state = redan_key_state_name(redan_keyring_state(k, cli->ctx.now));
    const struct redan_cli_field fields[] = {
        {"id", k->id},
        {"holder", k->holder},
        {"keyid", redan_slice_of(hex)},
        {"type", redan_slice_of(redan_key_kind_name(redan_key_kind(k->key)))},
        {"from", redan_slice_of(from)},
        {"until", redan_slice_of(until)},
        {"state", redan_slice_of(state)},
        {"ssh", redan_buf_view(&ssh)},
        {"pem", redan_buf_view(&pem)}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    return REDAN_OK;
}

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
    redan_buf_text(&cli->out, has_pem(k) ? "\n\n" : "\n");
    if (has_pem(k))
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
    if (present && redan_cli_has(cli, "allowed-signers")) {
        redan_cli_allowed_signers(&cli->out, &ring);
        return REDAN_EXIT_CLEAN;
    }
    if (cli->arg_count == 0)
        return redan_cli_usage(cli, "an argument is missing: redan keys show ID");
    key = present ? redan_keyring_named(&ring, cli->args[0]) : NULL;
    if (!key)
        return redan_cli_usage(cli, "there is no key \"%.*s\" in %.*s/keys.yaml",
                               REDAN_FMT(cli->args[0]), REDAN_FMT(folder));
    if (cli->json)
        return show_json(cli, key) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
    show(cli, key);
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_keys_show = {
    .name = "keys show",
    .args = "ID",
    .summary = "one key: holder, validity, OpenSSH and PEM form",
    .text = "  redan keys show okafor-1\n"
            "  redan keys show --allowed-signers > allowed_signers",
    .options = options,
    .least = 0,
    .most = 1,
    .run = run,
};
