/* What the form refuses: every rule of it once, with its place, what was found and the fix. */
#include "threat_fixture.h"

#include "io/file.h"

/* One place of the base threat model changed, and everything that is said about the result. */
static const struct {
    const char *from;
    const char *to;
    const char *says; /* "line:column: text | fix", a line each */
} rows[] = {
    {"schema: redan/1", "schema: redan/2", "1:9: schema is \"redan/2\" | write schema: redan/1\n"},
    {"schema: redan/1\n", "",
     "1:1: missing field \"schema\" in a threat model | add \"schema\": redan/1\n"},
    {"id: base\n", "id: no spaces please\n",
     "2:5: \"id\" must be an id, found the text \"no spaces please\" | write 1 to 64 letters, "
     "digits, \".\", \"_\" or \"-\", a letter or digit first: the system's id\n"},
    {"id: base\n", "idd: base\n",
     "1:1: missing field \"id\" in a threat model | add \"id\": the system's id\n"
     "2:1: unknown field \"idd\" in a threat model | did you mean \"id\"?\n"},
    {"owners: {ml-lead: r.okafor, security-lead: h.lindqvist}",
     "owners: {ml-lead: r.okafor, security-lead: r.okafor}",
     "4:9: the ML lead and the security lead are one person | name two persons\n"},
    {"owners: {ml-lead: r.okafor, security-lead: h.lindqvist}", "owners: {ml-lead: r.okafor}",
     "4:9: missing field \"security-lead\" in the owners | add \"security-lead\": a person\n"},
    {"profile: {kind: [predictive], trains: false}", "profile: {trains: false}",
     "5:10: the profile does not say what kind of system it is | add kind: [predictive]\n"},
    {"profile: {kind: [predictive], trains: false}", "profile: {kind: predictive}",
     "5:17: profile.kind is a text | write a list, kind: [predictive]\n"},
    {"profile: {kind: [predictive], trains: false}", "profile: {kind: [oracle]}",
     "5:18: unknown kind \"oracle\" | use predictive, llm, rag, agentic\n"},
    {"trains: false", "trains: \"false\"",
     "5:39: profile flag \"trains\" is \"false\" | write true or false without quotes\n"},
    {"trains: false", "trains: no",
     "5:39: profile flag \"trains\" is \"no\" | write true or false without quotes\n"},
    {"trains: false", "trainz: false",
     "5:39: unknown profile flag \"trainz\" | docs/threat-model.md lists the flags of a profile\n"},
    {"trains: false", "eu-ai-act: {high-risk: false}",
     "5:42: eu-ai-act must say high-risk, and why | write {high-risk: false, reason: \"...\"}\n"},
    {"trains: false", "eu-ai-act: {high-risk: maybe, reason: x}",
     "5:42: eu-ai-act must say high-risk, and why | write {high-risk: false, reason: \"...\"}\n"},
    {"profile: {kind: [predictive], trains: false}", "profile: [predictive]",
     "5:10: profile is a list | write {kind: [predictive], trains: true}\n"},
    {"model: \"sha256:1111111111111111111111111111111111111111111111111111111111111111\"",
     "model: \"sha256:1111\"",
     "7:10: release.model is no SHA-256 digest | write 64 lower-case hexadecimal digits after "
     "sha256:\n"},
    {"model: \"sha256:1111111111111111111111111111111111111111111111111111111111111111\"",
     "model: \"sha256:111111111111111111111111111111111111111111111111111111111111111A\"",
     "7:10: release.model is no SHA-256 digest | write 64 lower-case hexadecimal digits after "
     "sha256:\n"},
    {"model: \"sha256:1111111111111111111111111111111111111111111111111111111111111111\"",
     "model: [a]",
     "7:10: release.model is a list | write \"sha256:HEX\", or pin it: redan release pin\n"
     "56:9: the subject \"release.model\" is not in the release | name a digest of the section "
     "release, release.model\n"},
    {"model: \"sha256:1111111111111111111111111111111111111111111111111111111111111111\"",
     "models: \"sha256:1111111111111111111111111111111111111111111111111111111111111111\"",
     "56:9: the subject \"release.model\" is not in the release | name a digest of the section "
     "release, release.model\n"},
    {"inference: A caller maps the boundary.", "inference: [a, b]",
     "10:14: stage inference is a list | write one text, or four cells\n"},
    {"inference: A caller maps the boundary.", "inference: {asset: boundary}",
     "10:22: stage inference has no cell \"asset\" | the cells are assets, adversaries, vectors, "
     "controls\n"},
    {"inference: A caller maps the boundary.", "inferense: A caller maps the boundary.",
     "10:3: unknown field \"inferense\" in the stages | did you mean \"inference\"?\n"},
    {"  - id: online\n", "  - id: mapping\n",
     "39:5: the id \"mapping\" is used twice | give it an id of its own\n"},
    {"  - id: online\n", "  - id: audit\n",
     "54:5: the id \"audit\" is used twice | give it an id of its own\n"},
    {"archetype: EV-03", "archetype: EV-99",
     "17:5: unknown archetype \"EV-99\" | name one of the catalogue, or leave archetype out and "
     "give name and stage\n"},
    {"    name: Online learning\n    stage: evolution\n", "    stage: evolution\n",
     "39:5: threat \"online\" has neither an archetype nor a name and stage of its own | add "
     "archetype: ID, or name: and stage:\n"},
    {"    name: Online learning\n    stage: evolution\n",
     "    name: Online learning\n    stage: end\n",
     "41:12: unknown stage \"end\" | write one of: data, training, storage, inference, "
     "evolution\n"},
    {"severity: medium", "severity: grave",
     "31:15: unknown severity \"grave\" | write one of: low, medium, high, critical\n"},
    {"    severity: medium\n", "",
     "28:5: missing field \"severity\" in a threat | add \"severity\": low, medium, high or "
     "critical\n"},
    {"{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}",
     "{kind: control, cycle: 2026Q4, controls: [], residual: low}",
     "16:58: controls names nothing | name at least one control\n"},
    {"{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}",
     "{kind: control, controls: [labels-only], residual: low}",
     "16:17: a resolution of kind control needs \"cycle\" | cycle: 2026Q4\n"},
    {"{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}",
     "{kind: control, cycle: 2026Q4, residual: low}",
     "16:17: a resolution of kind control needs \"controls\" | controls: [label-only]\n"},
    {"{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}",
     "{kind: control, cycle: 2026Q4, controls: [labels-only]}",
     "16:17: a resolution of kind control needs \"residual\" | residual: low\n"},
    {"{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}",
     "{kind: control, cycle: 2026Q4, controls: [labels-onli], residual: low}",
     "16:58: controls names \"labels-onli\", which is not among the controls | add the control, or "
     "correct the id\n"},
    {"{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}",
     "{kind: control, cycle: 2026Q4, controls: labels-only, residual: low}",
     "16:58: \"controls\" must be a list of texts, found the text \"labels-only\" | write a list, "
     "such as [a, b]: ids of controls, [label-only, query-budget]\n"},
    {"{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}",
     "{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low, owner: x, due: "
     "2027-01-01}",
     "16:95: a resolution of kind control has no \"owner\" | a threat has exactly one resolution; "
     "remove it\n"
     "16:103: a resolution of kind control has no \"due\" | a threat has exactly one resolution; "
     "remove it\n"},
    {"{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}",
     "{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low, interim: {controls: "
     "[], residual: low}}",
     "16:97: a resolution of kind control has no \"interim\" | a threat has exactly one "
     "resolution; remove it\n"},
    {"{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}",
     "{kind: mitigated, cycle: 2026Q4, controls: [labels-only], residual: low}",
     "16:24: unknown kind \"mitigated\" | write one of: control, planned, accepted, eliminated\n"},
    {"{kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}",
     "{cycle: 2026Q4, controls: [labels-only], residual: low}",
     "16:17: missing field \"kind\" in a resolution | add \"kind\": control, planned, accepted or "
     "eliminated\n"},
    {"    resolution: {kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}\n", "",
     "12:5: missing field \"resolution\" in a threat | add \"resolution\": exactly one of control, "
     "planned, accepted, eliminated\n"},
    {"      owner: d.moreau\n", "",
     "21:7: a resolution of kind planned needs \"owner\" | owner: d.moreau\n"},
    {"      ticket: T-1\n", "",
     "21:7: a resolution of kind planned needs \"ticket\" | ticket: FRD-2210\n"},
    {"      opened: 2026-10-05\n", "",
     "21:7: a resolution of kind planned needs \"opened\" | opened: 2026-10-05\n"},
    {"      due: 2027-02-26\n", "",
     "21:7: a resolution of kind planned needs \"due\" | due: 2027-02-26\n"},
    {"      interim: {controls: [alive], residual: medium}\n", "",
     "21:7: a resolution of kind planned needs \"interim\" | interim: {controls: [], residual: "
     "high}\n"},
    {"      interim: {controls: [alive], residual: medium}\n",
     "      interim: {controls: [alive]}\n",
     "27:16: missing field \"residual\" in an interim | add \"residual\": the risk that remains "
     "until then: low, medium, high or critical\n"},
    {"      interim: {controls: [alive], residual: medium}\n",
     "      interim: {controls: [alife], residual: medium}\n",
     "27:16: interim names \"alife\", which is not among the controls | add the control, or "
     "correct the id\n"},
    {"due: 2027-02-26", "due: 2027-04-04",
     "25:12: due is more than 180 days after opened | bring it nearer, or have the governance body "
     "accept the risk\n"},
    {"opened: 2026-10-05", "opened: 1970-01-01", /* the time 0, and a date all the same */
     "25:12: due is more than 180 days after opened | bring it nearer, or have the governance body "
     "accept the risk\n"},
    {"due: 2027-02-26", "due: 2026-10-05",
     "25:12: due is not after opened | write a day after opened\n"},
    {"due: 2027-02-26", "due: next spring",
     "25:12: \"due\" must be a date, found the text \"next spring\" | write a day that exists as "
     "2026-11-24, or a time as 2026-11-24T05:36:27Z: a date, 2027-02-26\n"},
    {"due: 2027-02-26", "due: 2027-02-26\n      redates: [2026-11-01, 2026-12-01, 2027-01-01]",
     "26:16: re-dated 3 times, at most 2 are allowed | do it, or have the governance body accept "
     "the risk\n"},
    {"due: 2027-02-26", "due: 2027-02-26\n      redates: [2027-03-01, soon]",
     "26:16: \"2027-03-01\" is no earlier due date | list the earlier due dates, all before due\n"
     "26:16: \"soon\" is no earlier due date | list the earlier due dates, all before due\n"},
    {"due: 2027-02-26", "due: 2027-02-26\n      reason: later\n      expires: 2027-01-01",
     "26:15: a resolution of kind planned has no \"reason\" | a threat has exactly one resolution; "
     "remove it\n"
     "27:16: a resolution of kind planned has no \"expires\" | a threat has exactly one "
     "resolution; remove it\n"},
    {"      body: risk-board\n", "",
     "33:7: a resolution of kind accepted needs \"body\" | body: risk-board\n"},
    {"      reason: Cardholders learn nothing new.\n", "",
     "33:7: a resolution of kind accepted needs \"reason\" | reason: why the risk is carried\n"},
    {"      expires: 2027-05-31\n", "",
     "33:7: a resolution of kind accepted needs \"expires\" | expires: 2027-05-31\n"},
    {"      residual: low\n", "",
     "33:7: a resolution of kind accepted needs \"residual\" | residual: low\n"},
    {"conditions: [audit]", "conditions: [audits]",
     "38:19: conditions names \"audits\", which is not among the controls | add the control, or "
     "correct the id\n"},
    {"conditions: [audit]", "conditions: [audit]\n      relies-on: [mapping, labels-only, nothing]",
     "39:18: relies-on names \"nothing\", which is not among the controls and threats | name a "
     "control or a threat\n"},
    {"conditions: [audit]", "conditions: [audit]\n      ticket: T-2",
     "39:15: a resolution of kind accepted has no \"ticket\" | a threat has exactly one "
     "resolution; remove it\n"},
    {", absent: [no-update]", "",
     "43:17: a resolution of kind eliminated needs \"absent\" | absent: [no-online-update]\n"},
    {"change: \"git:7f3c9a1\", ", "",
     "43:17: a resolution of kind eliminated needs \"change\" | change: git:7f3c9a1\n"},
    {"absent: [no-update]", "absent: []",
     "43:67: absent names nothing | name a control that proves that the surface is gone\n"},
    {"absent: [no-update]", "absent: [no-updates]",
     "43:67: absent names \"no-updates\", which is not among the controls | add the control, or "
     "correct the id\n"},
    {"absent: [no-update]", "absent: [no-update], residual: low",
     "43:90: a resolution of kind eliminated has no \"residual\" | a threat has exactly one "
     "resolution; remove it\n"},
    {"catalog: I-OBSC", "catalog: I-OBSK",
     "45:5: unknown catalogue control \"I-OBSK\" | name one of the catalogue, or leave catalog "
     "out\n"},
    {"catalog: I-OBSC", "scope: system.hosts_model",
     "45:5: control \"labels-only\" has a scope | scope belongs to org.yaml\n"},
    {"{id: baseline, evidence: none}", "{id: baseline, evidence: []}",
     "50:30: evidence of control \"baseline\" is a list | write a list of queries, or evidence: "
     "none\n"},
    {"{id: baseline, evidence: none}", "{id: baseline, evidence: later}",
     "50:30: evidence of control \"baseline\" is a text | write a list of queries, or evidence: "
     "none\n"},
    {"{id: baseline, evidence: none}", "{id: baseline}",
     "50:5: missing field \"evidence\" in a control | add \"evidence\": a list of queries, or "
     "none\n"},
    {"type: probe", "type: prob",
     "48:9: unknown evidence type \"prob\" | use one of age attestation bom config digest file git "
     "heartbeat log metric policy probe scan signature signoff tests\n"},
    {"subject: release.gateway,\n         expect: {raw_score: 0}",
     "subject: release.gate,\n         expect: {raw_score: 0}",
     "48:9: the subject \"release.gate\" is not in the release | name a digest of the section "
     "release, release.model\n"},
    {"expect: {raw_score: 0}", "expect: {raw_score: {\"=<\": 0}}",
     "49:37: unknown comparator \"=<\" | use one of == != < <= > >= in none-of includes max-age\n"},
    {"expect: {raw_score: 0}", "expect: {raw_score: {\"<=\": low}}",
     "49:37: comparator \"<=\" cannot take a text | write a number without quotes\n"},
    {"expect: {raw_score: 0}", "expect: [raw_score]",
     "49:18: expect must be a map, found a list | write fields and bounds, {success_rate: {\"<=\": "
     "0.1}}\n"},
    {"         expect: {raw_score: 0}, signer", "         signer",
     "48:9: evidence \"shape\" of type probe expects nothing | add expect: {FIELD: {\"<=\": "
     "BOUND}}\n"},
    {"subject: release.model, expect: {auc: {\"<=\": 0.55}},\n", "expect: {auc: {\"<=\": 0.55}},\n",
     "56:9: evidence \"auc\" of type metric has no subject | add subject: release.NAME\n"},
    {"expect: {auc: {\"<=\": 0.55}},\n         role: builders", "role: builders",
     "56:9: evidence \"auc\" of type metric expects nothing | add expect: {FIELD: {\"<=\": "
     "BOUND}}\n"},
    {"ledger: prod/drift, signer: ci, fresh: 24h", "ledger: prod/drift, signer: ci, fresh: release",
     "53:9: evidence \"beat\" of type heartbeat has no age limit | write a span, fresh: 24h\n"},
    {"ledger: prod/drift, signer: ci, fresh: 24h", "ledger: prod/drift, signer: ci, fresh: soon",
     "53:9: fresh is \"soon\" | write a span such as 7d or 24h, or release\n"},
    {"ledger: prod/drift, signer: ci, fresh: 24h", "ledger: prod/drift, signer: ci",
     "53:9: missing field \"fresh\" in a piece of evidence | add \"fresh\": how old it may be, "
     "fresh: 7d, or fresh: release\n"},
    {"ledger: prod/drift, signer: ci, fresh: 24h", "ledger: drift, signer: ci, fresh: 24h",
     "53:9: ledger is \"drift\" | write environment/stream, staging/response-shape\n"},
    {"ledger: prod/drift, signer: ci, fresh: 24h", "ledger: prod/drift, fresh: 24h",
     "53:9: evidence \"beat\" must say who signs it, in one way | write either signer: HOLDER or "
     "role: ROLE\n"},
    {"ledger: prod/drift, signer: ci, fresh: 24h",
     "ledger: prod/drift, signer: ci, role: builders, fresh: 24h",
     "53:9: evidence \"beat\" must say who signs it, in one way | write either signer: HOLDER or "
     "role: ROLE\n"},
    {"ledger: prod/drift, signer: ci, fresh: 24h}",
     "ledger: prod/drift, signer: ci, fresh: 24h}\n      - {id: beat, type: heartbeat, signer: ci, "
     "fresh: 24h}",
     "54:9: control \"alive\" has two pieces of evidence \"beat\" | give it another id\n"},
    {"stages:", "excluded: [{archetype: EV-03, reason: not here, by: h.lindqvist}]\nstages:",
     "9:12: archetype EV-03 is excluded and is also threat \"drift\" | remove one of the two\n"},
    {"stages:", "excluded: [{archetype: ZZ-03, reason: not here, by: h.lindqvist}]\nstages:",
     "9:12: unknown archetype \"ZZ-03\" | name one of the catalogue\n"},
    {"stages:",
     "excluded: [{archetype: DC-08, reason: a, by: b}, {archetype: DC-08, reason: c, by: "
     "d}]\nstages:",
     "9:50: archetype DC-08 is excluded twice | keep one\n"},
    {"stages:", "excluded: [{archetype: DC-08}]\nstages:",
     "9:12: missing field \"reason\" in an exclusion | add \"reason\": why it cannot happen here\n"
     "9:12: missing field \"by\" in an exclusion | add \"by\": who ruled it out\n"},
    {"Cardholders learn nothing new.",
     "Cafe\xcc\x81"
     " cards.",
     "35:15: the text is not in Unicode normal form C at byte 3 of it | write it in normal form C, "
     "for one file: uconv -x any-nfc < IN > OUT\n"},
    {"Cardholders learn nothing new.", "A\tB: c",
     "35:18: a \":\" is not allowed here | put a text that holds \": \" in quotes, or correct the "
     "indentation\n"},
    {"\nid: base\n", "\nid: &a base\n",
     "2:5: anchor \"&a\" is not allowed | write the value out where it is needed\n"},
    {"\nid: base\n", "\nid: base\nid: base\n",
     "3:1: key \"id\" is already in this map, on line 2 | remove one of the two\n"},
    {"\nid: base\n", "\nid: !!str base\n",
     "2:5: tag \"!!str\" is not allowed | remove it, the schema knows the type\n"},
    {"      ticket: T-1\n", "\tticket: T-1\n", "23:1: a tab is used as indentation | use spaces\n"},
};

static const char *say(struct redan_ctx *ctx, const struct redan_problems *problems)
{
    struct redan_buf out;
    struct redan_slice copy = {0};

    redan_buf_init(&out, ctx, 100000);
    for (const struct redan_problem *p = problems->first; p; p = p->next)
        redan_buf_printf(&out, "%u:%u: %.*s | %.*s\n", p->line, p->column, REDAN_FMT(p->text),
                         REDAN_FMT(p->fix));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &copy));
    redan_buf_done(&out);
    return copy.len ? copy.at : "";
}

static const char *lint(struct fixture *f, const char *text)
{
    struct redan_threat_model model;

    redan_problems_init(&f->problems, &f->ctx, REDAN_S("threatmodel.yaml"));
    assert_ok(
        redan_threat_model_parse(&f->problems, &f->catalog, &f->org, redan_slice_of(text), &model));
    return say(&f->ctx, &f->problems);
}

static void test_rows(void **state)
{
    struct fixture f;
    size_t wrong = 0;

    (void)state;
    fixture_open(&f);
    assert_string_equal(lint(&f, fixture_model), "");
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const char *said = lint(&f, fixture_edit(&f, fixture_model, rows[i].from, rows[i].to));
        assert_true(said[0] != '\0');
        if (strcmp(said, rows[i].says) == 0)
            continue;
        wrong++;
        print_error("%s ->\n%s\n----\n%s=====\n", rows[i].from, rows[i].to, said);
    }
    assert_int_equal(wrong, 0);
    fixture_close(&f);
}

/* Texts that are no threat model at all, and one without a threat. */
static void test_texts(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } texts[] = {
        {"", "1:1: the document is empty | write at least one field\n"},
        {"# only a comment\n", "1:1: the document is empty | write at least one field\n"},
        {"threats\n",
         "1:1: a threat model must be a map, found a text | write its fields as \"name: value\"\n"},
        {"schema: redan/1\nid: [base\n",
         "3:1: a list in brackets is not continued | add \",\" or \"]\"\n"},
        {"schema: redan/1\nid: base\nowners: {ml-lead: a, security-lead: b}\nprofile: {kind: "
         "[llm]}\nrelease: {model: vendor/chat@2026-09}\nthreats: []\n",
         "6:10: there are no threats | begin with the one that worries you most\n"},
        {"schema: redan/1\nid: base\nowners: {ml-lead: a, security-lead: b}\nprofile: {kind: "
         "[llm]}\nrelease: {}\nthreats:\n",
         "6:1: \"threats\" has no value | write a value: a list of threats\n"
         "5:10: release is empty, expected a map of digests | pin what is released: redan release "
         "pin model=PATH\n"},
        {"schema: redan/1\nid: base\n\xff\xfe",
         "3:1: byte 0xff is not UTF-8 | save the file as UTF-8\n"},
    };
    struct fixture f;
    size_t wrong = 0;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < REDAN_COUNT(texts); i++) {
        const char *said = lint(&f, texts[i].text);
        assert_true(said[0] != '\0');
        if (strcmp(said, texts[i].says) == 0)
            continue;
        wrong++;
        print_error("text %zu\n----\n%s=====\n", i, said);
    }
    assert_int_equal(wrong, 0);
    fixture_close(&f);
}

/* What only the organisation's file can make wrong. */
static void test_organisation(void **state)
{
    static const struct {
        const char *from; /* in org.yaml */
        const char *to;
        const char *model_from;
        const char *model_to;
        const char *says;
    } cases[] = {
        {"version: 1", "version: 1\nrules: {planned-max: 30d}", NULL, NULL,
         "25:12: due is more than 30 days after opened | bring it nearer, or have the governance "
         "body accept the risk\n"},
        {"version: 1", "version: 1\nrules: {planned-redates: 0}", "due: 2027-02-26",
         "due: 2027-02-26\n      redates: [2026-12-01]",
         "26:16: re-dated 1 times, at most 0 are allowed | do it, or have the governance body "
         "accept the risk\n"},
        {"version: 1", "version: 1", "body: risk-board", "body: my-friends",
         "34:13: the organisation lets no role \"my-friends\" carry a risk | name one of the "
         "bodies of "
         "org.yaml, body: risk-board\n"},
        {"version: 1", "version: 1\nbodies: [risk-board]", "body: risk-board", "body: ml-lead",
         "34:13: the organisation lets no role \"ml-lead\" carry a risk | name one of the bodies "
         "of "
         "org.yaml, body: risk-board\n"},
        {"version: 1", "version: 1\nfloors: {ZZ-01: high}", NULL, NULL,
         "4:17: unknown archetype \"ZZ-01\" | name one of the catalogue\n"},
        {"version: 1", "version: 1\ncatalog: {atlas: \"2025\"}", NULL, NULL,
         "4:18: catalog names atlas:2025, the catalogue has atlas:2026.09 | triage the edition "
         "that "
         "the catalogue has, and write that\n"},
        {"version: 1", "version: 1", "\nid: base\n", "\nid: bank\n",
         "2:5: \"bank\" is the id of the organisation | give the system an id of its own\n"},
        {"type: policy", "type: polity", NULL, NULL, ""},
        {"type: policy", "type: polity", "[labels-only], ", "[labels-only, platform], ",
         "8:9: unknown evidence type \"polity\" | use one of age attestation bom config digest "
         "file git heartbeat log metric policy probe scan signature signoff tests\n"},
        {"type: policy", "type: policy, subject: release.weights", "[labels-only], ",
         "[labels-only, platform], ",
         "8:9: the subject \"release.weights\" is not in the release | name a digest of the "
         "section release, release.model\n"},
    };
    struct fixture f;
    size_t wrong = 0;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        fixture_write_org(&f, fixture_edit(&f, fixture_org, cases[i].from, cases[i].to));
        const char *said =
            lint(&f, fixture_edit(&f, fixture_model, cases[i].model_from, cases[i].model_to));
        if (strcmp(said, cases[i].says) == 0)
            continue;
        wrong++;
        print_error("case %zu\n----\n%s=====\n", i, said);
    }
    assert_int_equal(wrong, 0);
    fixture_close(&f);
}

/* The examples that the design was worked out on are sound: what they say, we can hold. */
static void test_samples(void **state)
{
    static const char *const names[] = {"fraud-scoring", "support-assistant"};
    const char *samples = getenv("REDAN_SAMPLES");
    struct fixture f;

    (void)state;
    if (!samples || !*samples)
        samples = REDAN_SOURCE "/../shared/samples";
    if (access(samples, R_OK) != 0) {
        print_message("no samples in %s; REDAN_SAMPLES names their folder\n", samples);
        skip();
    }
    fixture_open(&f);
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        struct redan_slice path = {0};
        struct redan_slice text = {0};
        struct redan_slice org = {0};
        assert_ok(redan_format(&f.ctx, &path, "%s/threat-models/org.yaml", samples));
        assert_ok(redan_file_read(&f.ctx, path, f.ctx.limits.yaml, false, &org));
        fixture_write_org(&f, org.at);
        assert_ok(redan_format(&f.ctx, &path, "%s/threat-models/%s.yaml", samples, names[i]));
        assert_ok(redan_file_read(&f.ctx, path, f.ctx.limits.yaml, false, &text));
        assert_string_equal(lint(&f, text.at), "");
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_organisation),
        cmocka_unit_test(test_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
