/* redan scan explain: what a rule or a finding means, and what to do about it. */
#include "base/clock.h"
#include "cmd/command.h"
#include "cmd/scan_report.h"
#include "codec/json.h"
#include "io/file.h"

static const struct redan_option options[] = {
    {"report", 0, "FILE", "a report of redan scan --json, for the fingerprint of a finding"},
    {"all", 0, NULL, "every rule"},
    {NULL, 0, NULL, NULL},
};

enum { WIDTH = 80, LABEL = 9 };

static void flow(struct redan_buf *out, const char *label, struct redan_slice text)
{
    struct redan_buf shown = {.mem = out->mem, .max = out->max};
    struct redan_slice rest = {0};
    size_t at = LABEL;

    redan_buf_printf(out, "%-*s", LABEL, label);
    redan_scan_show(&shown, text);
    rest = redan_buf_view(&shown);
    while (rest.len) {
        struct redan_slice word = {0};
        (void)redan_slice_cut(rest, ' ', &word, &rest);
        if (at > LABEL && at + 1 + word.len > WIDTH) {
            redan_buf_char(out, '\n');
            redan_buf_repeat(out, ' ', LABEL);
            at = LABEL;
        } else if (at > LABEL) {
            redan_buf_char(out, ' ');
            at++;
        }
        redan_buf_slice(out, word);
        at += word.len;
    }
    redan_buf_char(out, '\n');
    redan_buf_done(&shown);
}

/* "CWE-502, AML.T0011.000" of "cwe:4.18/CWE-502" and the like. */
static void add_mappings(struct redan_buf *out, const struct redan_scan_rule *rule)
{
    const char *const *maps = rule->card.mappings;
    struct redan_slice edition = {0};
    struct redan_slice id = {0};

    for (size_t i = 0; maps && maps[i]; i++) {
        (void)redan_slice_cut(redan_slice_of(maps[i]), '/', &edition, &id);
        redan_buf_printf(out, "%s%.*s (%.*s)", i ? ", " : "", REDAN_FMT(id), REDAN_FMT(edition));
    }
    for (size_t i = 0; rule->cves && rule->cves[i]; i++)
        redan_buf_printf(out, ", %s", rule->cves[i]);
}

static void card(struct redan_buf *out, const struct redan_scan_rule *rule)
{
    struct redan_buf maps = {.mem = out->mem, .max = 4096};

    redan_buf_printf(out, "%-*s%s (%s)\n", LABEL, rule->card.id, rule->card.title,
                     redan_severity_words[rule->card.severity]);
    if (rule->why)
        flow(out, "why", redan_slice_of(rule->why));
    flow(out, "do", redan_slice_of(rule->card.help));
    add_mappings(&maps, rule);
    if (maps.len)
        flow(out, "maps to", redan_buf_view(&maps));
    redan_buf_done(&maps);
}

static void all(struct redan_cli *cli)
{
    const struct redan_scan_rule *rule = NULL;

    if (cli->json)
        redan_buf_text(&cli->out, "{\"schema\": \"redan/scan-rules/1\", \"rules\": [");
    for (size_t i = 0; (rule = redan_scan_rule_at(i)) != NULL; i++) {
        if (cli->json) {
            redan_buf_text(&cli->out, i ? ",\n  {" : "\n  {");
            redan_scan_json_card(&cli->out, rule);
            redan_buf_char(&cli->out, '}');
        } else {
            redan_buf_printf(&cli->out, "%-*s%-11s%s\n", LABEL, rule->card.id,
                             redan_severity_words[rule->card.severity], rule->card.title);
        }
    }
    if (cli->json)
        redan_buf_text(&cli->out, "]}\n");
}

/* The finding with this fingerprint, or one that begins so; NULL when there is none. */
static const struct redan_node *find(const struct redan_node *report, struct redan_slice wanted,
                                     const struct redan_node **artefact)
{
    const struct redan_node *list = redan_node_get(report, "artefacts");

    for (const struct redan_node *a = list ? list->first : NULL; a; a = a->next) {
        const struct redan_node *findings = redan_node_get(a, "findings");
        for (const struct redan_node *f = findings ? findings->first : NULL; f; f = f->next) {
            if (!redan_slice_starts(redan_node_text(f, "fingerprint"), wanted))
                continue;
            *artefact = a;
            return f;
        }
    }
    return NULL;
}

static enum redan_status from_report(struct redan_cli *cli, struct redan_slice wanted)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice path = redan_cli_value(cli, "report");
    const struct redan_node *report = NULL;
    const struct redan_node *artefact = NULL;
    struct redan_slice text = {0};
    struct redan_slice where = {0};

    if (path.len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "a fingerprint is looked up in a report: --report FILE, written by "
                          "redan scan --json");
    if (!redan_slice_starts(wanted, REDAN_S("sha256:")))
        REDAN_TRY(redan_format(ctx, &wanted, "sha256:%.*s", REDAN_FMT(wanted)));
    REDAN_TRY(redan_file_read(ctx, path, ctx->limits.json, true, &text));
    enum redan_status status = redan_json_parse(ctx, text, &report);
    redan_fail_name(ctx, path);
    REDAN_TRY(status);
    const struct redan_node *f = find(report, wanted, &artefact);
    if (!f)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "%.*s has no finding %.*s", REDAN_FMT(path),
                          REDAN_FMT(wanted));
    const struct redan_scan_rule *rule = redan_scan_rule_named(redan_node_text(f, "rule"));
    if (!rule)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "this redan has no rule %.*s",
                          REDAN_FMT(redan_node_text(f, "rule")));
    if (cli->json) {
        redan_json_tree_add(&cli->out, f);
        return REDAN_OK;
    }
    const struct redan_node *offset = redan_node_get(f, "offset");
    struct redan_slice chain = redan_node_text(f, "chain");
    struct redan_slice number = offset ? offset->text : (struct redan_slice){"", 0};
    REDAN_TRY(redan_format(ctx, &where, "%.*s%s%.*s%s%.*s",
                           REDAN_FMT(redan_node_text(artefact, "path")), chain.len ? ", in " : "",
                           REDAN_FMT(chain), offset ? ", byte " : "", REDAN_FMT(number)));
    flow(&cli->out, "where", where);
    flow(&cli->out, "what", redan_node_text(f, "detail"));
    if (redan_node_text(f, "evidence").len)
        flow(&cli->out, "seen", redan_node_text(f, "evidence"));
    flow(&cli->out, "level", redan_node_text(f, "level"));
    card(&cli->out, rule);
    return REDAN_OK;
}

static enum redan_status explain(struct redan_cli *cli)
{
    struct redan_slice wanted = cli->arg_count ? cli->args[0] : (struct redan_slice){"", 0};
    char id[16] = "";
    struct redan_digest digest;
    bool prefixed = redan_slice_starts(wanted, REDAN_S("sha256:"));

    for (size_t i = 0; i < wanted.len && wanted.len < sizeof(id); i++)
        id[i] = (char)(wanted.at[i] >= 'a' && wanted.at[i] <= 'z' ? wanted.at[i] - 'a' + 'A'
                                                                  : wanted.at[i]);
    const struct redan_scan_rule *rule = redan_scan_rule_named(redan_slice_of(id));
    if (redan_cli_has(cli, "all")) {
        if (cli->arg_count)
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "give either a rule or --all");
        all(cli);
        return REDAN_OK;
    }
    if (wanted.len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "name a rule or a finding, or --all");
    if (rule && cli->json) {
        redan_buf_char(&cli->out, '{');
        redan_scan_json_card(&cli->out, rule);
        redan_buf_text(&cli->out, "}\n");
        return REDAN_OK;
    }
    if (rule) {
        card(&cli->out, rule);
        return REDAN_OK;
    }
    if (prefixed || redan_digest_parse(wanted, &digest) || redan_cli_has(cli, "report"))
        return from_report(cli, wanted);
    return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                      "there is no rule \"%.*s\"; redan scan explain --all lists them",
                      REDAN_FMT(wanted));
}

static int run(struct redan_cli *cli)
{
    return explain(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_scan_explain = {
    .name = "scan explain",
    .args = "RULE | FINDING",
    .summary = "what a finding means, why it matters, and what to do",
    .text = "A rule by its id, or a finding by its fingerprint (or the beginning of it) in a "
            "report.\n\n"
            "  redan scan explain PKL001\n"
            "  redan scan models/ --json -o scan.json\n"
            "  redan scan explain sha256:4be1 --report scan.json\n"
            "  redan scan explain --all --json",
    .options = options,
    .most = 1,
    .run = run,
};
