/* redan new: the first threat model of a system, sound from the first moment and honest about what is not done yet. */
#include <string.h>

#include "base/clock.h"
#include "cmd/cli_keys.h"
#include "cmd/command.h"
#include "codec/yaml.h"
#include "io/file.h"
#include "io/tree.h"
#include "threat/model.h"

static const struct redan_option options[] = {
    {"ml-lead", 0, "HOLDER", "who leads the machine learning"},
    {"security-lead", 0, "HOLDER", "who leads its security: another person"},
    {"name", 0, "TEXT", "what people call it"},
    {"product", 0, "TEXT", "who it is for"},
    {"kind", 0, "KIND", "predictive (default), llm, rag or agentic; may be repeated"},
    {"flag", 0, "FLAG", "a truth of the profile, trains; may be repeated"},
    {"artefact", 0, "NAME=PATH",
     "a file or folder of the release, pinned at once; may be repeated"},
    {NULL, 0, NULL, NULL},
};

enum { DAY = 86400, TERM = 90 * DAY, ID_MAX = 25 };

/* What most first systems are; said aloud, so that nobody takes it for an answer. */
static const char *const usual_flags[] = {"trains", "hosts_model", "query_access", NULL};

struct first {
    struct redan_cli *cli;
    struct redan_slice folder;
    struct redan_keyring ring;
    struct redan_org org;
    struct redan_catalog catalog;
    struct redan_node *profile;
    struct redan_buf text;
    size_t threats;
    size_t grave; /* of them high or critical */
    int64_t due;
};

static void first_done(struct first *f)
{
    redan_keyring_done(&f->ring);
    redan_buf_done(&f->text);
}

static void add_scalar(struct first *f, const char *before, struct redan_slice text,
                       const char *after)
{
    redan_buf_text(&f->text, before);
    redan_yaml_scalar_add(&f->text, text);
    redan_buf_text(&f->text, after);
}

static enum redan_status read_org(struct first *f)
{
    struct redan_ctx *ctx = &f->cli->ctx;
    struct redan_problems problems;
    struct redan_slice path = {0};
    struct redan_slice text = {0};

    REDAN_TRY(redan_path_join(ctx, f->folder, REDAN_S("org.yaml"), &path));
    if (!redan_file_exists(ctx, path))
        return redan_fail(ctx, REDAN_E_ABSENT, 0,
                          "there is no org.yaml in %.*s; begin with: redan org new --help",
                          REDAN_FMT(f->folder));
    REDAN_TRY(redan_file_read(ctx, path, ctx->limits.yaml, false, &text));
    redan_problems_init(&problems, ctx, path);
    enum redan_status status = redan_org_parse(&problems, text, &f->org);
    if (status == REDAN_OK && problems.first)
        status = redan_fail_at(ctx, REDAN_E_SCHEMA, problems.first->line, problems.first->column,
                               "%.*s", REDAN_FMT(problems.first->text));
    redan_fail_name(ctx, path);
    return status;
}

static enum redan_status check_lead(const struct first *f, const char *role)
{
    struct redan_slice holder = redan_cli_value(f->cli, role);

    if (holder.len == 0)
        return redan_fail(&f->cli->ctx, REDAN_E_USAGE, 0, "--%s HOLDER is needed: who is it?",
                          role);
    if (redan_keyring_holds(&f->ring, holder, redan_slice_of(role)))
        return REDAN_OK;
    return redan_fail(&f->cli->ctx, REDAN_E_USAGE, 0,
                      "%.*s does not hold the role %s in keys.yaml; enrol them: redan keys add "
                      "%.*s=FILE.pub --role %s --sign-with ROOT-KEY",
                      REDAN_FMT(holder), role, REDAN_FMT(holder), role);
}

static enum redan_status set_flag(struct first *f, struct redan_slice flag)
{
    struct redan_slice key = {0};

    for (const struct redan_node *n = f->profile->first; n; n = n->next) {
        if (redan_slice_eq(n->key, flag))
            return REDAN_OK;
    }
    REDAN_TRY(redan_copy(&f->cli->ctx, flag, &key));
    return redan_node_add_bool(&f->cli->ctx, f->profile, key.at, true) ? REDAN_OK : REDAN_E_MEMORY;
}

static enum redan_status make_profile(struct first *f)
{
    struct redan_ctx *ctx = &f->cli->ctx;
    struct redan_slice word = {0};

    f->profile = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *kinds =
        f->profile ? redan_node_add_kind(ctx, f->profile, "kind", REDAN_NODE_LIST) : NULL;
    if (!kinds)
        return REDAN_E_MEMORY;
    for (size_t i = 0; redan_cli_value_at(f->cli, "kind", i, &word); i++) {
        if (!redan_node_add_text(ctx, kinds, NULL, word))
            return REDAN_E_MEMORY;
    }
    if (kinds->count == 0 && !redan_node_add_text(ctx, kinds, NULL, REDAN_S("predictive")))
        return REDAN_E_MEMORY;
    for (size_t i = 0; redan_cli_value_at(f->cli, "flag", i, &word); i++)
        REDAN_TRY(set_flag(f, word));
    for (size_t i = 0; !redan_cli_has(f->cli, "flag") && usual_flags[i]; i++)
        REDAN_TRY(set_flag(f, redan_slice_of(usual_flags[i])));
    return REDAN_OK;
}

static void add_profile(struct first *f)
{
    redan_buf_text(&f->text, "\nprofile:                        # what the system is; it decides "
                             "which threats must be answered\n  kind: [");
    for (const struct redan_node *n = redan_node_get(f->profile, "kind")->first; n; n = n->next)
        add_scalar(f, "", n->text, n->next ? ", " : "]\n");
    for (const struct redan_node *n = f->profile->first; n; n = n->next) {
        if (!redan_slice_is(n->key, "kind"))
            add_scalar(f, "  ", n->key, ": true\n");
    }
    redan_buf_text(
        &f->text,
        "  # and where they are true: trains, retrains, query_access, sensitive_data, "
        "hosts_model,\n"
        "  # consumed_by_system, third_party_model, third_party_service, external_data,\n"
        "  # online_learning, untrusted_content, multi_tenant, memory, human_feedback, edge,\n"
        "  # federated, finetunes\n");
}

static enum redan_status add_release(struct first *f)
{
    struct redan_ctx *ctx = &f->cli->ctx;
    struct redan_slice arg = {0};

    redan_buf_text(
        &f->text, "\nrelease:                        # what the review is about: redan release pin "
                  "NAME=PATH\n");
    for (size_t i = 0; redan_cli_value_at(f->cli, "artefact", i, &arg); i++) {
        struct redan_slice name = {0};
        struct redan_slice path = {0};
        struct redan_slice digest = {0};
        struct redan_tree tree = {0};
        if (!redan_slice_cut(arg, '=', &name, &path) || name.len == 0 || path.len == 0)
            return redan_fail(ctx, REDAN_E_USAGE, 0, "--artefact takes NAME=PATH");
        REDAN_TRY(redan_tree_walk(ctx, path, NULL, &tree));
        REDAN_TRY(redan_digest_text(ctx, &tree.digest, &digest));
        add_scalar(f, "  ", name, ": ");
        redan_buf_printf(&f->text, "\"%.*s\"\n", REDAN_FMT(digest));
    }
    if (!redan_cli_has(f->cli, "artefact"))
        redan_buf_printf(&f->text, "  model: \"sha256:%064d\"\n", 0);
    return REDAN_OK;
}

static void add_stages(struct first *f)
{
    static const char *const asks[REDAN_STAGE_COUNT] = {
        "what the model learns from, and who could bend it",
        "how it is made: code, libraries, people, machines",
        "where the model lies until it is loaded, and who can write there",
        "who asks it what, and what they could learn or bend by asking",
        "how it changes: retraining, feedback, drift, updates of others' models"};

    redan_buf_text(&f->text,
                   "\nstages:                         # the one page: one text per stage, "
                   "or these four cells; \"none\" is counted\n");
    for (size_t s = 0; s < REDAN_STAGE_COUNT; s++)
        redan_buf_printf(&f->text,
                         "  %s:%*s# %s\n    assets: none\n    adversaries: none\n    vectors: "
                         "none\n    controls: none\n",
                         redan_stage_words[s], (int)(29 - strlen(redan_stage_words[s])), "",
                         asks[s]);
}

static bool small_word(struct redan_slice word)
{
    static const char *const small[] = {"a",  "an", "and", "by", "for",  "from",    "in", "of",
                                        "on", "or", "the", "to", "with", "without", NULL};

    for (size_t i = 0; small[i]; i++) {
        if (redan_slice_is(word, small[i]))
            return true;
    }
    return word.len == 0;
}

/* "Label and annotation manipulation" as label-annotation, as many whole words as there is room for. */
static enum redan_status id_of(struct redan_ctx *ctx, struct redan_slice name,
                               struct redan_slice *id)
{
    char text[ID_MAX + 1];
    char word[ID_MAX];
    size_t n = 0;
    size_t len = 0;

    for (size_t i = 0; i <= name.len; i++) {
        char c = i < name.len ? name.at[i] : ' ';
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) && len < sizeof(word)) {
            word[len++] = c;
            continue;
        }
        if (small_word((struct redan_slice){word, len}) || n + len + 1 > ID_MAX) {
            len = 0;
            continue;
        }
        if (n > 0)
            text[n++] = '-';
        memcpy(text + n, word, len);
        n += len;
        len = 0;
    }
    return redan_copy(ctx, (struct redan_slice){text, n}, id);
}

static enum redan_status add_threat(struct first *f, const struct redan_archetype *a)
{
    bool ops = a->stage == 2 || a->stage == 3; /* storage and inference */
    int severity = (int)redan_org_floor(&f->org, a);
    struct redan_slice id = {0};
    char opened[REDAN_TIME_TEXT];
    char due[REDAN_TIME_TEXT];

    if (severity < REDAN_SEVERITY_MEDIUM)
        severity = REDAN_SEVERITY_MEDIUM;
    f->threats++;
    f->grave += severity >= REDAN_SEVERITY_HIGH;
    REDAN_TRY(id_of(&f->cli->ctx, a->name, &id));
    redan_date_text(f->cli->ctx.now, opened);
    redan_date_text(f->due, due);
    redan_buf_printf(&f->text, "  # %.*s: %.*s\n  # %.*s.\n  # What answers it:\n",
                     REDAN_FMT(a->id), REDAN_FMT(a->name), REDAN_FMT(a->scenario));
    for (size_t i = 0; i < a->controls.count; i++) {
        const struct redan_catalog_control *c =
            redan_catalog_control(&f->catalog, a->controls.items[i]);
        redan_buf_printf(&f->text, "  #   %-9.*s %.*s\n", REDAN_FMT(a->controls.items[i]),
                         REDAN_FMT(c ? c->name : REDAN_S("")));
    }
    add_scalar(f, "  - id: ", id, "\n");
    add_scalar(f, "    archetype: ", a->id, "\n");
    redan_buf_printf(&f->text, "    severity: %s\n    resolution:\n      kind: planned\n",
                     redan_severity_words[severity]);
    add_scalar(f, "      owner: ", redan_cli_value(f->cli, ops ? "security-lead" : "ml-lead"),
               "\n");
    redan_buf_printf(&f->text,
                     "      ticket: none yet          # the work's number in your tracker\n"
                     "      opened: %s\n      due: %s\n"
                     "      interim: {controls: [], residual: %s}\n",
                     opened, due, redan_severity_words[severity]);
    return REDAN_OK;
}

static enum redan_status add_threats(struct first *f)
{
    const struct redan_archetype *items = f->catalog.archetypes.items;

    redan_buf_text(&f->text,
                   "\n# Every threat that the profile makes mandatory, as a plan. Answer each: by "
                   "controls with evidence\n# (kind: control), by the governance body (kind: "
                   "accepted), or by a change that removes it (kind: eliminated).\nthreats:\n");
    for (size_t i = 0; i < f->catalog.archetypes.count; i++) {
        if (redan_profile_demands(&f->org, f->profile, &items[i]))
            REDAN_TRY(add_threat(f, &items[i]));
    }
    if (f->threats == 0)
        return redan_fail(&f->cli->ctx, REDAN_E_USAGE, 0,
                          "this profile makes no threat mandatory; say with --kind and --flag what "
                          "the system does");
    return REDAN_OK;
}

static enum redan_status compose(struct first *f)
{
    struct redan_slice name = redan_cli_value(f->cli, "name");
    struct redan_slice product = redan_cli_value(f->cli, "product");

    redan_buf_text(&f->text,
                   "# The threat model of one machine-learning system. Comments are free: "
                   "they are not signed.\nschema: redan/1\n");
    add_scalar(f, "id: ", f->cli->args[0], "\n");
    if (name.len)
        add_scalar(f, "name: ", name, "\n");
    add_scalar(f, "inherits: [", f->org.id, "]\n");
    add_scalar(f, "owners: {ml-lead: ", redan_cli_value(f->cli, "ml-lead"), "");
    add_scalar(f, ", security-lead: ", redan_cli_value(f->cli, "security-lead"), "");
    if (product.len)
        add_scalar(f, ", product: ", product, "");
    redan_buf_text(&f->text, "}\n");
    add_profile(f);
    REDAN_TRY(add_release(f));
    add_stages(f);
    REDAN_TRY(add_threats(f));
    redan_buf_text(&f->text, "\ncontrols: []\n");
    return redan_buf_ok(&f->cli->ctx, &f->text, "the threat model");
}

/* Nothing is written that redan lint would not accept. */
static enum redan_status check_form(struct first *f, struct redan_slice path)
{
    struct redan_ctx *ctx = &f->cli->ctx;
    struct redan_problems problems;
    struct redan_threat_model model;
    struct redan_slice text = {0};

    REDAN_TRY(redan_copy(ctx, redan_buf_view(&f->text), &text));
    redan_problems_init(&problems, ctx, path);
    REDAN_TRY(redan_threat_model_parse(&problems, &f->catalog, &f->org, text, &model));
    if (problems.first)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "the threat model would say: %.*s%s%.*s",
                          REDAN_FMT(problems.first->text), problems.first->fix.len ? "; " : "",
                          REDAN_FMT(problems.first->fix));
    return REDAN_OK;
}

static void say_next(const struct first *f, struct redan_slice path)
{
    const struct redan_cli *cli = f->cli;
    char due[REDAN_TIME_TEXT];

    redan_date_text(f->due, due);
    redan_cli_say(cli, "wrote %.*s: %zu threat%s, planned until %s", REDAN_FMT(path), f->threats,
                  f->threats == 1 ? "" : "s", due);
    if (!redan_cli_has(cli, "flag"))
        redan_cli_say(cli, "the profile is a guess (trains, hosts_model, query_access): correct it "
                           "first, it decides which threats there are");
    redan_cli_say(cli, "next:\n  fill the page (stages), and answer the threats one by one");
    if (!redan_cli_has(cli, "artefact"))
        redan_cli_say(cli, "  redan release pin model=PATH");
    if (f->grave)
        redan_cli_say(cli,
                      "  redan approve --role risk-board --accept THREAT --key FILE      the "
                      "%zu high and critical one%s, by a quorum",
                      f->grave, f->grave == 1 ? "" : "s");
    redan_cli_say(cli, "  redan approve --role ml-lead --key FILE\n  redan approve --role "
                       "security-lead --key FILE\n  redan check --root FINGERPRINT");
}

static enum redan_status make(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct first REDAN_DEFER(first_done) f = {.cli = cli};
    struct redan_slice path = {0};
    bool present = false;

    redan_buf_init(&f.text, ctx, ctx->limits.yaml);
    REDAN_TRY(redan_cli_keys_folder(cli, &f.folder));
    REDAN_TRY(redan_path_join(ctx, f.folder, REDAN_S("threatmodel.yaml"), &path));
    REDAN_TRY(redan_cli_keyring(cli, f.folder, &present, &f.ring));
    if (!present)
        return redan_fail(ctx, REDAN_E_ABSENT, 0,
                          "there is no keys.yaml in %.*s; begin with: redan org new --help",
                          REDAN_FMT(f.folder));
    REDAN_TRY(read_org(&f));
    REDAN_TRY(check_lead(&f, "ml-lead"));
    REDAN_TRY(check_lead(&f, "security-lead"));
    REDAN_TRY(redan_catalog_load(ctx, &f.catalog));
    f.due = ctx->now + (f.org.rules->planned_max < TERM ? f.org.rules->planned_max : TERM);
    REDAN_TRY(make_profile(&f));
    REDAN_TRY(compose(&f));
    REDAN_TRY(check_form(&f, path));
    REDAN_TRY(redan_file_create(ctx, path, 0644, redan_buf_view(&f.text)));
    say_next(&f, path);
    const struct redan_cli_field fields[] = {{"system", cli->args[0]}, {"file", path}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    return make(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_new = {
    .name = "new",
    .args = "ID",
    .summary = "begin a system's threat model, beside keys.yaml and org.yaml",
    .text =
        "Writes redan/threatmodel.yaml: sound from the first moment, with every threat that the "
        "profile makes\n"
        "mandatory as a plan of 90 days, and the page to be filled. Nothing in it is proved "
        "yet, and it says so.\n\n"
        "  redan new fraud-scoring --ml-lead r.okafor --security-lead h.lindqvist\n"
        "      --kind predictive --flag trains --flag hosts_model --flag query_access",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
