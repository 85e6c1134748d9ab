/* redan keys new: make a key, enrol its holder and roles, and have the root sign the keyring. */
#include "base/clock.h"
#include "cmd/cli_ring.h"
#include "cmd/command.h"

static const struct redan_option options[] = {
    {"holder", 0, "ID", "the person or service that holds it, r.okafor"},
    {"name", 0, "TEXT", "the holder's name"},
    {"service", 0, NULL, "the holder is a service, not a person"},
    {"role", 'r', "ROLE", "a role of the holder; may be repeated"},
    {"quorum", 0, "COUNT", "how many holders of these roles must sign"},
    {"type", 0, "TYPE", "ed25519 (default), ecdsa-p256, ecdsa-p384 or ecdsa-p521"},
    {"until", 0, "DATE", "the key's end; by default a year from now"},
    {"out", 'o', "FILE", "the private key, by default ID.pem here, outside the system's folder"},
    {"passphrase", 0, NULL, "encrypt the private key under a passphrase"},
    {"org", 0, "ID", "the organisation, for the very first key"},
    REDAN_RING_OPTIONS,
    {NULL, 0, NULL, NULL},
};

static enum redan_status check_first(struct redan_cli *cli, const struct redan_cli_ring *edit)
{
    if (redan_cli_value(cli, "holder").len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--holder is needed: who holds the key?");
    if (!edit->present && redan_cli_value(cli, "org").len == 0)
        return redan_fail(
            &cli->ctx, REDAN_E_USAGE, 0,
            "there is no keys.yaml yet; begin with redan org new, or say whose root this key is: "
            "--org ORGANISATION");
    if (redan_slice_is(edit->folder, ".") && redan_cli_value(cli, "out").len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "this is the system's folder, where no private key belongs: --out FILE");
    return REDAN_OK;
}

/* The first key is the root, and signs. */
static enum redan_status make_root(struct redan_cli *cli, struct redan_cli_ring *edit,
                                   struct redan_slice id, struct redan_key *key)
{
    edit->ring.org = redan_cli_value(cli, "org");
    edit->ring.root_threshold = 1;
    REDAN_TRY(redan_cli_append_text(&cli->ctx, &edit->ring.root_keys, id));
    edit->signers[0] = (struct redan_cli_signer){.key = key};
    edit->signer_count = 1;
    return REDAN_OK;
}

static enum redan_status answer(struct redan_cli *cli, const struct redan_cli_ring *edit,
                                struct redan_slice id, struct redan_slice path)
{
    struct redan_slice print = {0};

    redan_cli_say(cli, "private key in %.*s, enrolled in %.*s/keys.yaml", REDAN_FMT(path),
                  REDAN_FMT(edit->folder));
    if (!edit->present && !redan_cli_has(cli, "passphrase"))
        redan_cli_say(cli, "it is not encrypted: keep it off this machine, or make it with "
                           "--passphrase");
    if (!edit->present)
        redan_cli_say(cli, "this is the root of trust; pin it outside the repository:");
    REDAN_TRY(redan_digest_text(&cli->ctx, &edit->saved.root, &print));
    const struct redan_cli_field fields[] = {{"key", id},
                                             {"holder", redan_cli_value(cli, "holder")},
                                             {"private", path},
                                             {"root", print}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    if (!cli->json)
        redan_buf_printf(&cli->out, "%.*s\n", REDAN_FMT(print));
    return REDAN_OK;
}

static enum redan_status make(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_cli_ring REDAN_DEFER(redan_cli_ring_done) edit = {0};
    struct redan_key *REDAN_DEFER(redan_key_drop) key = NULL;
    const struct redan_key *made = NULL;
    struct redan_slice holder = redan_cli_value(cli, "holder");
    struct redan_slice path = redan_cli_value(cli, "out");
    struct redan_slice id = {0};

    REDAN_TRY(redan_cli_ring_open(cli, &edit));
    REDAN_TRY(check_first(cli, &edit));
    REDAN_TRY(redan_cli_key_make(cli, &key));
    made = key;
    REDAN_TRY(redan_cli_ring_holder(cli, &edit, holder));
    REDAN_TRY(redan_cli_ring_roles(cli, &edit, holder));
    REDAN_TRY(redan_cli_ring_key(cli, &edit, cli->args[0], holder, key, REDAN_RING_YEAR, &id));
    if (!edit.present && edit.signer_count)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "the first key signs itself: no --sign-with");
    if (!edit.present) {
        REDAN_TRY(make_root(cli, &edit, id, key));
        key = NULL; /* the signer's now */
    }
    REDAN_TRY(redan_cli_ring_try(cli, &edit));
    if (path.len == 0)
        REDAN_TRY(redan_format(ctx, &path, "%.*s.pem", REDAN_FMT(id)));
    REDAN_TRY(redan_cli_key_write(cli, made, path));
    REDAN_TRY(redan_cli_ring_save(cli, &edit));
    return answer(cli, &edit, id, path);
}

static int run(struct redan_cli *cli)
{
    return make(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_keys_new = {
    .name = "keys new",
    .args = "ID",
    .summary = "make a key and enrol its holder; the first one is the root",
    .text = "For people and services that have no key yet; redan keys add enrols the ones they "
            "have. Prints\n"
            "the root fingerprint, which is what machines pin.\n\n"
            "  redan keys new root-1 --org examplebank --holder a.root --passphrase --out "
            "~/root-1.pem\n"
            "  redan keys new okafor --holder r.okafor --role ml-lead --sign-with ~/root-1.pem\n"
            "  redan keys new ci --holder ci-staging --service --role evidence --sign-with "
            "~/root-1.pem",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
