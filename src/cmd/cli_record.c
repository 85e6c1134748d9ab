/* From a draft to a signed, stamped record in the store. */
#include "cmd/cli_record.h"

#include "crypto/timestamp.h"
#include "io/file.h"
#include "io/http.h"

enum { TSA_SECONDS = 30 };

enum redan_status redan_cli_draft(struct redan_cli *cli, struct redan_draft *draft)
{
    struct redan_slice mode = redan_cli_value(cli, "mode");
    struct redan_slice n = redan_cli_value(cli, "n");

    draft->ledger = redan_cli_value(cli, "ledger");
    draft->time = cli->ctx.now;
    if (redan_slice_is(mode, "observe"))
        draft->mode = REDAN_MODE_OBSERVE;
    else if (mode.len && !redan_slice_is(mode, "enforce"))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--mode takes enforce or observe");
    if (n.len && !redan_slice_u64(n, &draft->n))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--n takes a whole number");
    return REDAN_OK;
}

enum redan_status redan_cli_stamp(struct redan_cli *cli, struct redan_dsse *envelope)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice url = redan_cli_value(cli, "tsa");
    struct redan_dsse_signature *last = &envelope->signatures[envelope->count - 1];
    struct redan_http_response answer = {0};
    struct redan_slice request = {0};

    if (url.len == 0)
        return REDAN_OK;
    REDAN_TRY(redan_timestamp_request(ctx, last->bytes, &request));
    struct redan_http_request ask = {.method = REDAN_S("POST"),
                                     .url = url,
                                     .content_type = REDAN_S("application/timestamp-query"),
                                     .body = request,
                                     .seconds = TSA_SECONDS};
    REDAN_TRY(redan_http_send(ctx, &ask, &answer));
    if (answer.status != 200)
        return redan_fail(ctx, REDAN_E_IO, 0, "the time-stamping authority answered %u",
                          answer.status);
    return redan_timestamp_accept(ctx, answer.body, request, &last->timestamp);
}

static enum redan_status sign_and_store(struct redan_cli *cli, const struct redan_system *system,
                                        const struct redan_cli_signer *signer,
                                        struct redan_draft *draft, struct redan_slice folder,
                                        struct redan_slice *path)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_dsse envelope = {0};
    struct redan_store store;

    REDAN_TRY(
        redan_store_read(ctx, &system->ring, folder, &store)); /* anew: we hold the lock now */
    REDAN_TRY(redan_draft_write(ctx, &store, draft, &envelope));
    REDAN_TRY(redan_cli_signer_sign(cli, signer, &envelope));
    REDAN_TRY(redan_cli_stamp(cli, &envelope));
    return redan_store_add(ctx, folder, &envelope, path);
}

/* A record by anybody else would never count: better to hear of it now. */
static enum redan_status may_say(struct redan_cli *cli, const struct redan_system *system,
                                 const struct redan_draft *draft)
{
    const struct redan_query *q = draft->query;
    const struct redan_owners *owners = system->model.owners;
    struct redan_slice holder = draft->by->holder;
    bool named = q->signer.len ? redan_slice_eq(holder, q->signer)
                               : redan_keyring_holds(&system->ring, holder, q->role);
    bool leads =
        redan_slice_eq(holder, owners->ml_lead) || redan_slice_eq(holder, owners->security_lead);

    if (leads && redan_org_separates(&system->org, REDAN_SEPARATE_SIGNER))
        return redan_fail(&cli->ctx, REDAN_E_SCHEMA, 0,
                          "%.*s leads this system, and so does not prove what it claims: have "
                          "another holder record it",
                          REDAN_FMT(holder));
    if (named)
        return REDAN_OK;
    return redan_fail(&cli->ctx, REDAN_E_SCHEMA, 0,
                      "%.*s/%.*s is to be signed by %s %.*s; this is the key of %.*s",
                      REDAN_FMT(q->control), REDAN_FMT(q->id),
                      q->signer.len ? "the holder" : "the role",
                      REDAN_FMT(q->signer.len ? q->signer : q->role), REDAN_FMT(holder));
}

enum redan_status redan_cli_record(struct redan_cli *cli, const struct redan_system *system,
                                   struct redan_draft *draft)
{
    return redan_cli_record_with(cli, system, draft, "key", "ssh-key");
}

enum redan_status redan_cli_record_with(struct redan_cli *cli, const struct redan_system *system,
                                        struct redan_draft *draft, const char *key,
                                        const char *ssh_key)
{
    struct redan_cli_signer REDAN_DEFER(redan_cli_signer_done) signer = {0};
    struct redan_lock REDAN_DEFER(redan_lock_done) lock = {-1};
    struct redan_slice folder = {0};
    struct redan_slice path = {0};

    draft->release = &system->model.release;
    REDAN_TRY(redan_cli_signer_open_by(cli, &system->ring, key, ssh_key, &signer));
    draft->by = signer.by;
    REDAN_TRY(may_say(cli, system, draft));
    REDAN_TRY(redan_path_join(&cli->ctx, system->folder, REDAN_S("evidence"), &folder));
    REDAN_TRY(redan_lock_take(&cli->ctx, system->folder, &lock));
    REDAN_TRY(sign_and_store(cli, system, &signer, draft, folder, &path));
    redan_cli_say(cli, "recorded %.*s/%.*s in %.*s", REDAN_FMT(draft->query->control),
                  REDAN_FMT(draft->query->id), REDAN_FMT(path));
    const struct redan_cli_field fields[] = {{"control", draft->query->control},
                                             {"evidence", draft->query->id},
                                             {"producer", draft->by->holder},
                                             {"file", path}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    return REDAN_OK;
}

enum redan_status redan_cli_pinned(struct redan_cli *cli, const struct redan_query *query,
                                   struct redan_slice path, const struct redan_digest *seen)
{
    const struct redan_release_item *subject = query->subject;
    struct redan_slice got = {0};

    if (redan_digest_eq(seen, &subject->digest))
        return REDAN_OK;
    REDAN_TRY(redan_digest_text(&cli->ctx, seen, &got));
    return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                      "%.*s is %.*s, and the release pins %.*s as %.*s; pin it first: redan "
                      "release pin %.*s=PATH",
                      REDAN_FMT(path), REDAN_FMT(got), REDAN_FMT(subject->name),
                      REDAN_FMT(subject->value), REDAN_FMT(subject->name));
}
