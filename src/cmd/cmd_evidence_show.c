/* redan evidence show: one record, whole, with who signed it. */
#include "cmd/cli_system.h"
#include "cmd/command.h"
#include "codec/json.h"
#include "io/file.h"

enum { LEAST_DIGITS = 6 };

static bool named(const struct redan_record *r, struct redan_slice name)
{
    char hex[REDAN_DIGEST_HEX];
    struct redan_slice digits =
        redan_slice_starts(name, REDAN_S("sha256:")) ? redan_slice_sub(name, 7, SIZE_MAX) : name;

    redan_digest_hex(&r->digest, hex);
    return digits.len >= LEAST_DIGITS && redan_slice_starts(redan_slice_of(hex), digits);
}

static void show(struct redan_cli *cli, const struct redan_record *r)
{
    struct redan_buf *out = &cli->out;

    if (!cli->json) {
        redan_buf_printf(out, "file     %.*s\n", REDAN_FMT(r->file));
        for (size_t i = 0; i < r->signer_count; i++)
            redan_buf_printf(out, "signed   by %.*s (key %.*s)%s\n",
                             REDAN_FMT(r->signers[i].key->holder), REDAN_FMT(r->signers[i].key->id),
                             r->signers[i].stamped ? ", time-stamped" : ", no time stamp");
        if (r->signer_count == 0)
            redan_buf_text(out, "signed   by no key in keys.yaml\n");
        if (r->fault.len)
            redan_buf_printf(out, "fault    %.*s\n", REDAN_FMT(r->fault));
        for (size_t i = 0; i < r->statement.count; i++) {
            char hex[REDAN_DIGEST_HEX];
            redan_digest_hex(&r->statement.subjects[i].digest, hex);
            redan_buf_printf(out, "subject  %.*s sha256:%s\n",
                             REDAN_FMT(r->statement.subjects[i].name), hex);
        }
        redan_buf_printf(out, "type     %.*s\n", REDAN_FMT(r->statement.predicate_type));
    }
    if (r->statement.predicate)
        redan_json_tree_add(out, r->statement.predicate);
}

/* Of a record that does not count the store keeps the head alone; its file says the rest. */
static enum redan_status whole(struct redan_cli *cli, const struct redan_keyring *ring,
                               const struct redan_record *kept, struct redan_record *record)
{
    struct redan_ctx *ctx = &cli->ctx;
    static const struct redan_digest none; /* not even an envelope */
    struct redan_slice text = {0};

    *record = *kept;
    if (kept->statement.predicate || redan_digest_eq(&kept->digest, &none))
        return REDAN_OK;
    REDAN_TRY(redan_file_read(ctx, kept->file, ctx->limits.record, false, &text));
    return redan_record_read(ctx, ring, kept->file, text, record);
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};
    const struct redan_store *store = &loaded.system.store;
    const struct redan_record *found = NULL;
    struct redan_record again = {0};
    size_t hits = 0;

    if (redan_cli_load_sound(cli, &loaded) != REDAN_OK)
        return redan_cli_failed(cli);
    for (size_t i = 0; i < store->count; i++) {
        if (!named(&store->records[i], cli->args[0]))
            continue;
        found = &store->records[i];
        hits++;
    }
    if (hits > 1)
        return redan_cli_usage(cli, "%zu records begin with \"%.*s\"; give more of the digest",
                               hits, REDAN_FMT(cli->args[0]));
    if (hits == 0)
        return redan_cli_usage(cli,
                               "no record begins with \"%.*s\"; give at least %d digits of its "
                               "digest, as redan evidence list shows it",
                               REDAN_FMT(cli->args[0]), (int)LEAST_DIGITS);
    if (whole(cli, &loaded.system.ring, found, &again) != REDAN_OK)
        return redan_cli_failed(cli);
    show(cli, &again);
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_evidence_show = {
    .name = "evidence show",
    .args = "DIGEST",
    .summary = "one record, whole: what it says and who signed it",
    .least = 1,
    .most = 1,
    .run = run,
};
