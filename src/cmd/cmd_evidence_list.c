/* redan evidence list: what was recorded, or what is asked for. */
#include <stdlib.h>

#include "base/clock.h"
#include "cmd/cli_system.h"
#include "cmd/command.h"
#include "codec/json.h"
#include "threat/check.h"

static const struct redan_option options[] = {
    {"queries", 0, NULL, "what the threat model asks for, and how it is judged now"},
    {"at", 0, "TIME", "judge as if it were this time"},
    {NULL, 0, NULL, NULL},
};

static void json_field(struct redan_buf *out, const char *before, struct redan_slice value)
{
    redan_buf_text(out, before);
    redan_json_string_add(out, value);
}

static void list_record(struct redan_cli *cli, const struct redan_record *r, bool first)
{
    struct redan_buf *out = &cli->out;
    char time[REDAN_TIME_TEXT];
    char hex[REDAN_DIGEST_HEX];

    redan_time_text(r->time, time);
    redan_digest_hex(&r->digest, hex);
    if (cli->json) {
        redan_buf_printf(out, "%s\n  {\"digest\": \"sha256:%s\"", first ? "" : ",", hex);
        json_field(out, ", \"file\": ", r->file);
        json_field(out, ", \"control\": ", r->control);
        json_field(out, ", \"evidence\": ", r->evidence);
        json_field(out, ", \"type\": ", redan_slice_of(r->type ? r->type->name : ""));
        json_field(out, ", \"producer\": ", r->producer);
        redan_buf_printf(out, ", \"seq\": %llu, \"time\": \"%s\", \"n\": %llu",
                         (unsigned long long)r->seq, time, (unsigned long long)r->n);
        redan_buf_printf(out, ", \"signed\": %s", r->signer_count ? "true" : "false");
        json_field(out, ", \"fault\": ", r->fault);
        redan_buf_char(out, '}');
        return;
    }
    if (r->fault.len) {
        redan_buf_printf(out, "%.12s  unreadable: %.*s (%.*s)\n", hex, REDAN_FMT(r->fault),
                         REDAN_FMT(r->file));
        return;
    }
    redan_buf_printf(out, "%.12s  %s  %-14.*s %4llu  %-9s  %.*s/%.*s%s\n", hex, time,
                     REDAN_FMT(r->producer), (unsigned long long)r->seq, r->type->name,
                     REDAN_FMT(r->control), REDAN_FMT(r->evidence),
                     r->signer_count ? "" : "  (no known signature)");
}

static void list_query(struct redan_cli *cli, const struct redan_judgement *j, bool first)
{
    struct redan_buf *out = &cli->out;
    const struct redan_query *q = j->query;

    if (cli->json) {
        json_field(out, first ? "\n  {\"control\": " : ",\n  {\"control\": ", q->control);
        json_field(out, ", \"evidence\": ", q->id);
        json_field(out, ", \"type\": ", redan_slice_of(q->type->name));
        json_field(out, ", \"status\": ", redan_slice_of(redan_outcome_words[j->outcome]));
        json_field(out, ", \"detail\": ", j->detail);
        redan_buf_char(out, '}');
        return;
    }
    redan_buf_printf(out, "%-14s %-10s %.*s/%.*s%s%.*s\n", redan_outcome_words[j->outcome],
                     q->type->name, REDAN_FMT(q->control), REDAN_FMT(q->id),
                     j->detail.len ? "  " : "", REDAN_FMT(j->detail));
}

static int by_time(const void *a, const void *b)
{
    const struct redan_record *const *x = a;
    const struct redan_record *const *y = b;
    int order = ((*x)->time > (*y)->time) - ((*x)->time < (*y)->time);

    if (order == 0)
        order = redan_slice_cmp((*x)->producer, (*y)->producer);
    if (order == 0)
        order = ((*x)->seq > (*y)->seq) - ((*x)->seq < (*y)->seq);
    return order ? order : redan_slice_cmp((*x)->file, (*y)->file);
}

/* Oldest first, whatever the files are called. */
static enum redan_status list_records(struct redan_cli *cli, const struct redan_store *store)
{
    const struct redan_record **sorted =
        redan_take_array(&cli->ctx, store->count, sizeof(const struct redan_record *));

    if (!sorted)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < store->count; i++)
        sorted[i] = &store->records[i];
    if (store->count)
        qsort(sorted, store->count, sizeof(const struct redan_record *), by_time);
    for (size_t i = 0; i < store->count; i++)
        list_record(cli, sorted[i], i == 0);
    return REDAN_OK;
}

static enum redan_status list(struct redan_cli *cli, const struct redan_system *s)
{
    const struct redan_control *controls = NULL;
    size_t count = 0;
    struct redan_check check;
    bool first = true;

    REDAN_TRY(redan_cli_controls(cli, s, &controls, &count));
    if (cli->json)
        redan_buf_text(&cli->out, "[");
    if (!redan_cli_has(cli, "queries")) {
        REDAN_TRY(list_records(cli, &s->store));
    } else {
        REDAN_TRY(redan_check_run(&cli->ctx, s, NULL, 0, &check));
        for (size_t i = 0; i < count; i++) {
            const struct redan_control_state *state = NULL;
            REDAN_TRY(redan_check_control(&check, controls[i].id, &state));
            for (size_t k = 0; k < state->count; k++) {
                list_query(cli, &state->judgements[k], first);
                first = false;
            }
        }
    }
    if (cli->json)
        redan_buf_text(&cli->out, "]\n");
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};

    if (redan_cli_load_sound(cli, &loaded) != REDAN_OK || list(cli, &loaded.system) != REDAN_OK)
        return redan_cli_failed(cli);
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_evidence_list = {
    .name = "evidence list",
    .args = "",
    .summary = "what was recorded, or with --queries what is asked for",
    .options = options,
    .run = run,
};
