/* redan keys add: enrol public keys that people made themselves. */
#include "base/clock.h"
#include "cmd/cli_ring.h"
#include "cmd/command.h"
#include "codec/json.h"

static const struct redan_option options[] = {
    {"role", 'r', "ROLE", "a role of these holders; may be repeated"},
    {"quorum", 0, "COUNT", "how many holders of these roles must sign"},
    {"service", 0, NULL, "they are services, not persons"},
    {"name", 0, "TEXT", "the holder's name, when it is one"},
    {"until", 0, "DATE", "the keys' end; by default a year from now"},
    REDAN_RING_OPTIONS,
    {NULL, 0, NULL, NULL},
};

static enum redan_status add_one(struct redan_cli *cli, struct redan_cli_ring *edit,
                                 struct redan_slice arg, struct redan_slice *id)
{
    struct redan_key *REDAN_DEFER(redan_key_drop) key = NULL;
    struct redan_slice holder = {0};
    struct redan_slice path = {0};

    if (!redan_slice_cut(arg, '=', &holder, &path) || holder.len == 0 || path.len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "\"%.*s\": write HOLDER=PUBLICKEYFILE",
                          REDAN_FMT(arg));
    REDAN_TRY(redan_cli_key_public(cli, path, &key));
    REDAN_TRY(redan_cli_ring_holder(cli, edit, holder));
    REDAN_TRY(redan_cli_ring_roles(cli, edit, holder));
    /* the new entry has no key in memory yet, so that the same file twice shows when it is read back */
    return redan_cli_ring_key(cli, edit, (struct redan_slice){"", 0}, holder, key, REDAN_RING_YEAR,
                              id);
}

static enum redan_status add(struct redan_cli *cli)
{
    struct redan_cli_ring REDAN_DEFER(redan_cli_ring_done) edit = {0};
    struct redan_slice *ids = redan_take_array(&cli->ctx, cli->arg_count, sizeof(*ids));

    if (!ids)
        return REDAN_E_MEMORY;
    if (redan_cli_has(cli, "name") && cli->arg_count > 1)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--name is the name of one holder");
    REDAN_TRY(redan_cli_ring_open_old(cli, &edit));
    for (size_t i = 0; i < cli->arg_count; i++)
        REDAN_TRY(add_one(cli, &edit, cli->args[i], &ids[i]));
    REDAN_TRY(redan_cli_ring_save(cli, &edit));
    redan_buf_text(&cli->out, cli->json ? "{\"keys\": [" : "");
    for (size_t i = 0; i < cli->arg_count; i++) {
        if (cli->json) {
            redan_buf_text(&cli->out, i ? ", " : "");
            redan_json_string_add(&cli->out, ids[i]);
        } else {
            redan_buf_printf(&cli->out, "enrolled %.*s\n", REDAN_FMT(ids[i]));
        }
    }
    if (cli->json)
        redan_buf_printf(&cli->out, "], \"version\": %llu, \"signatures\": %llu}\n",
                         (unsigned long long)edit.ring.version, (unsigned long long)edit.signed_by);
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    return add(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_keys_add = {
    .name = "keys add",
    .args = "HOLDER=PUBLICKEYFILE...",
    .summary = "enrol public keys that people and services have already",
    .text = "The files are OpenSSH .pub lines (ed25519, ECDSA P-256 to P-521, ed25519 on a "
            "security key) or PEM.\n"
            "The private halves stay where they are: redan approve --ssh-key FILE signs with an "
            "agent or a\n"
            "security key through ssh-keygen.\n\n"
            "  redan keys add r.okafor=okafor.pub --role ml-lead --sign-with ~/root.pem\n"
            "  redan keys add b.haas=haas.pub c.ngo=ngo.pub --role risk-board --quorum 2 "
            "--sign-with ~/root.pem\n"
            "  redan keys add ci=ci.pub --service --sign-with ~/root.pem",
    .options = options,
    .least = 1,
    .most = 100,
    .run = run,
};
