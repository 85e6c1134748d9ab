/* redan org new: an organisation from nothing, its root, its keyring and its rules, both signed. */
#include "base/clock.h"
#include "cmd/cli_ring.h"
#include "cmd/command.h"
#include "codec/yaml.h"
#include "io/file.h"
#include "record/org.h"

static const struct redan_option options[] = {
    {"holder", 0, "ID", "who holds the new root key, a.root"},
    {"out", 'o', "FILE", "where its private half goes: outside the repository"},
    {"passphrase", 0, NULL, "encrypt it under a passphrase"},
    {"type", 0, "TYPE", "ed25519 (default), ecdsa-p256, ecdsa-p384 or ecdsa-p521"},
    {"public", 0, "HOLDER=FILE", "a root key that exists already, instead; may be repeated"},
    {"threshold", 0, "COUNT", "how many of the root's keys must sign; needed with several"},
    {"until", 0, "DATE", "the root keys' end; by default three years from now"},
    REDAN_RING_OPTIONS,
    {NULL, 0, NULL, NULL},
};

enum { ROOT_LIFE = 3 * REDAN_RING_YEAR };

/* The defaults, written out so that they can be seen and changed. */
static const char rules_text[] =
    "version: 1                       # raise it with every change, and have the root sign again\n"
    "appetite:                        # the residual severity that needs no decision\n"
    "  integrity: low\n"
    "  confidentiality: low\n"
    "  availability: low\n"
    "rules:\n"
    "  review: each-release           # or a span, 90d\n"
    "  planned-max: 180d              # the longest term of a plan\n"
    "  planned-redates: 2             # and how often it may slip\n"
    "  accepted-max: 365d             # the longest life of an accepted risk\n"
    "  depth: page                    # which archetypes must be answered: page, core or full\n"
    "  min-grade: {critical: E3, high: E2, medium: E1, low: E0}\n"
    "  separation: [ml-lead != security-lead, acceptor != owner, evidence-signer != author]\n"
    "roles: {ml-lead: 1, security-lead: 1, risk-board: 2}   # the least quorum of each\n"
    "bodies: [risk-board]             # who may carry a risk\n";

static enum redan_status add_root(struct redan_cli *cli, struct redan_cli_ring *edit,
                                  struct redan_slice holder, const struct redan_key *key)
{
    struct redan_slice id = {0};

    REDAN_TRY(redan_cli_ring_holder(cli, edit, holder));
    REDAN_TRY(
        redan_cli_ring_key(cli, edit, (struct redan_slice){"", 0}, holder, key, ROOT_LIFE, &id));
    return redan_cli_append_text(&cli->ctx, &edit->ring.root_keys, id);
}

static enum redan_status add_public(struct redan_cli *cli, struct redan_cli_ring *edit)
{
    struct redan_slice arg = {0};

    for (size_t i = 0; redan_cli_value_at(cli, "public", i, &arg); i++) {
        struct redan_key *REDAN_DEFER(redan_key_drop) key = NULL;
        struct redan_slice holder = {0};
        struct redan_slice path = {0};
        if (!redan_slice_cut(arg, '=', &holder, &path) || holder.len == 0 || path.len == 0)
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--public takes HOLDER=FILE");
        REDAN_TRY(redan_cli_key_public(cli, path, &key));
        REDAN_TRY(add_root(cli, edit, holder, key));
    }
    return REDAN_OK;
}

/* A key of our own making signs with the others. */
static enum redan_status add_made(struct redan_cli *cli, struct redan_cli_ring *edit)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_key *REDAN_DEFER(redan_key_drop) key = NULL;
    struct redan_slice holder = redan_cli_value(cli, "holder");

    if (holder.len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "--holder ID --out FILE makes a root key; --public HOLDER=FILE takes one "
                          "that exists");
    if (redan_cli_value(cli, "out").len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "--out FILE is needed: where does the private half go? not into the "
                          "repository");
    if (edit->signer_count == REDAN_RING_SIGNERS)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--sign-with is given too often");
    REDAN_TRY(redan_cli_key_make(cli, &key));
    REDAN_TRY(add_root(cli, edit, holder, key));
    edit->signers[edit->signer_count++] = (struct redan_cli_signer){.key = key};
    key = NULL;
    return REDAN_OK;
}

static enum redan_status set_threshold(struct redan_cli *cli, struct redan_keyring *ring)
{
    struct redan_slice text = redan_cli_value(cli, "threshold");

    ring->root_threshold = 1;
    if (text.len == 0 && ring->root_keys.count > 1)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--threshold COUNT is needed: how many of the %zu root keys must sign?",
                          ring->root_keys.count);
    if (text.len && !redan_slice_u64(text, &ring->root_threshold))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--threshold takes a whole number");
    return REDAN_OK;
}

static enum redan_status org_text(struct redan_cli *cli, struct redan_slice id,
                                  struct redan_slice *text)
{
    struct redan_problems problems;
    struct redan_org org;

    REDAN_TRY(redan_format(&cli->ctx, text,
                           "# The organisation's rules over all its systems, signed by the root.\n"
                           "schema: redan/org/1\norg: %.*s\n%s",
                           REDAN_FMT(id), rules_text));
    redan_problems_init(&problems, &cli->ctx, REDAN_S("org.yaml"));
    REDAN_TRY(redan_org_parse(&problems, *text, &org));
    if (problems.first)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "org.yaml would say: %.*s",
                          REDAN_FMT(problems.first->text));
    return REDAN_OK;
}

static enum redan_status refuse_old(struct redan_cli *cli, const struct redan_cli_ring *edit,
                                    struct redan_slice org)
{
    if (!edit->present && !redan_file_exists(&cli->ctx, org))
        return REDAN_OK;
    return redan_fail(&cli->ctx, REDAN_E_EXISTS, 0,
                      "%.*s holds an organisation already; nothing is overwritten",
                      REDAN_FMT(edit->folder));
}

static enum redan_status check_signers(struct redan_cli *cli, const struct redan_cli_ring *edit)
{
    const struct redan_keyring_key *keys = edit->ring.keys.items;
    struct redan_buf REDAN_DEFER(redan_buf_done) line = {0};

    for (size_t i = 0; i < edit->signer_count; i++) {
        bool known = false;
        for (size_t k = 0; k < edit->ring.keys.count && !known; k++) {
            redan_buf_done(&line);
            redan_buf_init(&line, &cli->ctx, 65536);
            redan_key_add_public_ssh(&line, edit->signers[i].key, keys[k].holder);
            REDAN_TRY(redan_buf_ok(&cli->ctx, &line, "the public key"));
            known = redan_slice_eq(redan_buf_view(&line), keys[k].public_text);
        }
        if (!known)
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                              "--sign-with %.*s is none of the root's keys",
                              REDAN_FMT(edit->signers[i].path));
    }
    return REDAN_OK;
}

static enum redan_status answer(struct redan_cli *cli, const struct redan_cli_ring *edit)
{
    struct redan_slice print = {0};
    struct redan_slice out = redan_cli_value(cli, "out");

    if (redan_cli_has(cli, "holder"))
        redan_cli_say(cli, "the root's private key is in %.*s%s", REDAN_FMT(out),
                      redan_cli_has(cli, "passphrase")
                          ? ""
                          : "; it is not encrypted (--passphrase would): keep it off this machine");
    redan_cli_say(cli,
                  "keys.yaml and org.yaml are in %.*s. Next: redan keys add HOLDER=FILE.pub --role "
                  "ml-lead --sign-with ROOT-KEY",
                  REDAN_FMT(edit->folder));
    redan_cli_say(cli, "this is the root of trust; pin it outside the repository:");
    REDAN_TRY(redan_digest_text(&cli->ctx, &edit->saved.root, &print));
    const struct redan_cli_field fields[] = {
        {"org", edit->ring.org}, {"folder", edit->folder}, {"private", out}, {"root", print}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    if (!cli->json)
        redan_buf_printf(&cli->out, "%.*s\n", REDAN_FMT(print));
    return REDAN_OK;
}

static enum redan_status save(struct redan_cli *cli, struct redan_cli_ring *edit,
                              struct redan_slice path, struct redan_slice text)
{
    REDAN_TRY(redan_cli_ring_save(cli, edit));
    REDAN_TRY(redan_file_create(&cli->ctx, path, 0644, text));
    return redan_cli_ring_org(cli, edit);
}

static enum redan_status make(struct redan_cli *cli)
{
    struct redan_cli_ring REDAN_DEFER(redan_cli_ring_done) edit = {0};
    struct redan_slice path = {0};
    struct redan_slice text = {0};

    REDAN_TRY(redan_cli_ring_open(cli, &edit));
    REDAN_TRY(redan_path_join(&cli->ctx, edit.folder, REDAN_S("org.yaml"), &path));
    REDAN_TRY(refuse_old(cli, &edit, path));
    edit.ring.org = cli->args[0];
    edit.ring.org_required = true;
    REDAN_TRY(add_public(cli, &edit));
    if (edit.ring.root_keys.count == 0 || redan_cli_has(cli, "holder"))
        REDAN_TRY(add_made(cli, &edit));
    REDAN_TRY(set_threshold(cli, &edit.ring));
    REDAN_TRY(check_signers(cli, &edit));
    REDAN_TRY(redan_cli_ring_try(cli, &edit));
    REDAN_TRY(org_text(cli, cli->args[0], &text));
    if (redan_cli_has(cli, "holder"))
        REDAN_TRY(redan_cli_key_write(cli, edit.signers[edit.signer_count - 1].key,
                                      redan_cli_value(cli, "out")));
    REDAN_TRY(save(cli, &edit, path, text));
    return answer(cli, &edit);
}

static int run(struct redan_cli *cli)
{
    return make(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_org_new = {
    .name = "org new",
    .args = "ID",
    .summary = "an organisation from nothing: root, keyring and rules, signed",
    .text = "Writes keys.yaml and org.yaml, with the documented defaults written out, and prints "
            "the fingerprint\n"
            "that machines pin. Then people are enrolled, and the first system is begun:\n\n"
            "  redan org new examplebank --holder a.root --passphrase --out ~/root.pem\n"
            "  redan keys add r.okafor=okafor.pub --role ml-lead --sign-with ~/root.pem\n"
            "  redan keys add h.lindqvist=lindqvist.pub --role security-lead --sign-with "
            "~/root.pem\n"
            "  redan keys add b.haas=haas.pub c.ngo=ngo.pub --role risk-board --quorum 2 "
            "--sign-with ~/root.pem\n"
            "  redan new fraud-scoring --ml-lead r.okafor --security-lead h.lindqvist\n\n"
            "A root of several keys, of which two must sign, each on its holder's security key:\n\n"
            "  redan org new examplebank --public a.root=a.pub --public b.root=b.pub --public "
            "c.root=c.pub\n"
            "      --threshold 2 --sign-with a.pub",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
