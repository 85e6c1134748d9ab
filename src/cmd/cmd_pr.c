/* redan pr: which threats, controls and approvals a pull request touches, and who signs again. */
#include "cmd/command.h"
#include "cmd/pr.h"
#include "codec/json.h"
#include "record/report_github.h"

static const struct redan_option options[] = {
    {"base", 'b', "REV", "what it is to be merged into: origin/main"},
    {"markdown", 0, NULL, "as a comment for the pull request"},
    {"root", 0, "FINGERPRINT", "the root of trust; else REDAN_ROOT, else /etc/redan/root"},
    {"at", 0, "TIME", "as if it were this time"},
    {NULL, 0, NULL, NULL},
};

enum { MOST = 20, NAMED = 4 };

static const char *const titles[] = {"threat model", "organisation", "keys"};

/* One output for a terminal and for a comment: headings, items, and text that is only text. */
struct page {
    struct redan_buf *out;
    bool markdown;
    bool colour;
};

static void add_text(const struct page *page, struct redan_slice text)
{
    if (page->markdown)
        redan_markdown_text(page->out, text);
    else
        redan_buf_slice(page->out, text);
}

static void heading(const struct page *page, const char *text)
{
    redan_buf_printf(page->out, page->markdown ? "\n### %s\n\n" : "\n%s\n", text);
}

static void item(const struct page *page)
{
    redan_buf_text(page->out, page->markdown ? "- " : "  ");
}

static void rest(const struct page *page, size_t count, size_t shown)
{
    if (count > shown) {
        item(page);
        redan_buf_printf(page->out, "and %zu more\n", count - shown);
    }
}

static void print_head(const struct page *page, const struct redan_pr *pr)
{
    redan_buf_text(page->out, page->markdown ? "## redan pr: " : "");
    add_text(page, pr->review.verdict.system);
    redan_buf_printf(page->out, " at %.12s against ", pr->head.at);
    add_text(page, pr->base);
    redan_buf_printf(page->out, " (they part at %.12s)\n", pr->merge_base.at);
    if (pr->turned_back_count > 0)
        heading(page, "TURNED BACK");
    for (size_t i = 0; i < pr->turned_back_count; i++) {
        item(page);
        add_text(page, pr->turned_back[i]);
        redan_buf_char(page->out, '\n');
    }
    if (pr->remark.len) {
        redan_buf_char(page->out, '\n');
        add_text(page, pr->remark);
        redan_buf_char(page->out, '\n');
    }
}

static void print_diff(const struct page *page, const struct redan_diff *diff)
{
    struct redan_diff shown = *diff;

    if (shown.count > MOST)
        shown.count = MOST;
    if (!page->markdown) {
        redan_diff_text(page->out, &shown, page->colour);
        rest(page, diff->count, shown.count);
        return;
    }
    redan_buf_printf(page->out, "%zu loosened, %zu changed, %zu tightened, %zu in words only\n\n",
                     diff->counts[REDAN_DIFF_LOOSENED], diff->counts[REDAN_DIFF_CHANGED],
                     diff->counts[REDAN_DIFF_TIGHTENED], diff->counts[REDAN_DIFF_WORDS]);
    for (size_t i = 0; i < shown.count; i++) {
        const struct redan_diff_entry *e = &shown.entries[i];
        redan_buf_printf(page->out, e->effect == REDAN_DIFF_LOOSENED ? "- **%s** " : "- %s ",
                         e->effect == REDAN_DIFF_LOOSENED ? "LOOSENED"
                                                          : redan_diff_effect_words[e->effect]);
        add_text(page, e->text);
        redan_buf_char(page->out, '\n');
    }
    rest(page, diff->count, shown.count);
}

static void print_diffs(const struct page *page, const struct redan_pr *pr)
{
    for (int i = 0; i < REDAN_SIDE_DOCUMENTS; i++) {
        if (!pr->diffs.there[i] || (i > 0 && pr->diffs.diffs[i].count == 0))
            continue;
        if (page->markdown)
            heading(page, titles[i]);
        else
            redan_buf_printf(page->out, "%s%s: ", i == 0 ? "\n" : "", titles[i]);
        print_diff(page, &pr->diffs.diffs[i]);
    }
}

static void print_touched(const struct page *page, const char *title,
                          const struct redan_pr_touched *touched, size_t count, const char *lead)
{
    if (count == 0)
        return;
    heading(page, title);
    for (size_t i = 0; i < count && i < MOST; i++) {
        const struct redan_pr_touched *t = &touched[i];
        item(page);
        add_text(page, t->id);
        if (t->change)
            redan_buf_printf(page->out, ": %s", t->change);
        for (size_t k = 0; k < t->count && k < NAMED; k++) {
            redan_buf_text(page->out, k ? ", " : t->change ? "; " : ": ");
            redan_buf_text(page->out, k ? "" : lead);
            add_text(page, t->items[k]);
        }
        if (t->count > NAMED)
            redan_buf_printf(page->out, " and %zu more", t->count - NAMED);
        redan_buf_char(page->out, '\n');
    }
    rest(page, count, MOST);
}

static void print_voids(const struct page *page, const struct redan_pr *pr)
{
    if (pr->void_count > 0)
        heading(page, "signatures that become void");
    for (size_t i = 0; i < pr->void_count && i < MOST; i++) {
        const struct redan_pr_void *v = &pr->voids[i];
        item(page);
        redan_buf_text(page->out, redan_approval_words[v->kind]);
        if (v->about.len) {
            redan_buf_text(page->out, " of ");
            add_text(page, v->about);
        }
        redan_buf_text(page->out, ": ");
        add_text(page, v->signers);
        redan_buf_char(page->out, '\n');
    }
    rest(page, pr->void_count, MOST);
}

static void print_signs(const struct page *page, const struct redan_review *r)
{
    if (r->sign_count == 0) {
        redan_buf_text(page->out, "\nnothing is to be signed\n");
        return;
    }
    heading(page, "to sign");
    for (size_t i = 0; i < r->sign_count && i < MOST; i++) {
        const struct redan_review_sign *s = &r->signs[i];
        item(page);
        add_text(page, s->who.len ? s->who : s->role);
        redan_buf_text(page->out, ": ");
        add_text(page, s->command);
        redan_buf_char(page->out, '\n');
    }
    rest(page, r->sign_count, MOST);
}

static void print_page(const struct page *page, const struct redan_pr *pr)
{
    print_head(page, pr);
    print_diffs(page, pr);
    print_touched(page, "threats touched", pr->threats, pr->threat_count, "");
    print_touched(page, "controls touched", pr->controls, pr->control_count, "answers ");
    print_voids(page, pr);
    print_signs(page, &pr->review);
}

static bool add_texts(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                      const struct redan_slice *texts, size_t count)
{
    struct redan_node *list = redan_node_add_kind(ctx, map, key, REDAN_NODE_LIST);

    for (size_t i = 0; list && i < count; i++) {
        if (!redan_node_add_text(ctx, list, NULL, texts[i]))
            return false;
    }
    return list != NULL;
}

static bool add_touched(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                        const char *of, const struct redan_pr_touched *touched, size_t count)
{
    struct redan_node *list = redan_node_add_kind(ctx, map, key, REDAN_NODE_LIST);

    for (size_t i = 0; list && i < count; i++) {
        const struct redan_pr_touched *t = &touched[i];
        struct redan_node *one = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        if (!one || !redan_node_add_text(ctx, one, "id", t->id) ||
            (t->change && !redan_node_add_text(ctx, one, "change", redan_slice_of(t->change))) ||
            !add_texts(ctx, one, of, t->items, t->count))
            return false;
    }
    return list != NULL;
}

static bool add_rows(struct redan_ctx *ctx, struct redan_node *map, const struct redan_pr *pr)
{
    struct redan_node *voids = redan_node_add_kind(ctx, map, "void", REDAN_NODE_LIST);
    struct redan_node *signs = redan_node_add_kind(ctx, map, "sign", REDAN_NODE_LIST);

    for (size_t i = 0; voids && i < pr->void_count; i++) {
        const struct redan_pr_void *v = &pr->voids[i];
        struct redan_node *one = redan_node_add_kind(ctx, voids, NULL, REDAN_NODE_MAP);
        if (!one ||
            !redan_node_add_text(ctx, one, "kind", redan_slice_of(redan_approval_words[v->kind])) ||
            !redan_node_add_text(ctx, one, "about", v->about) ||
            !redan_node_add_text(ctx, one, "signers", v->signers))
            return false;
    }
    for (size_t i = 0; signs && i < pr->review.sign_count; i++) {
        const struct redan_review_sign *s = &pr->review.signs[i];
        struct redan_node *one = redan_node_add_kind(ctx, signs, NULL, REDAN_NODE_MAP);
        if (!one || !redan_node_add_text(ctx, one, "role", s->role) ||
            (s->who.len && !redan_node_add_text(ctx, one, "who", s->who)) ||
            !redan_node_add_text(ctx, one, "command", s->command) ||
            !redan_node_add_text(ctx, one, "because", s->because))
            return false;
    }
    return voids && signs;
}

static enum redan_status print_json(struct redan_cli *cli, const struct redan_pr *pr)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!map || !redan_node_add_text(ctx, map, "schema", REDAN_S("redan/pr/1")) ||
        !redan_node_add_text(ctx, map, "system", pr->review.verdict.system) ||
        !redan_node_add_text(ctx, map, "base", pr->base) ||
        !redan_node_add_text(ctx, map, "base-commit", pr->base_commit) ||
        !redan_node_add_text(ctx, map, "head", pr->head) ||
        !redan_node_add_text(ctx, map, "merge-base", pr->merge_base) ||
        (pr->remark.len && !redan_node_add_text(ctx, map, "remark", pr->remark)) ||
        !add_texts(ctx, map, "turned-back", pr->turned_back, pr->turned_back_count))
        return REDAN_E_MEMORY;
    struct redan_node *documents = redan_node_add_kind(ctx, map, "documents", REDAN_NODE_MAP);
    if (!documents)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_side_tree(cli, &pr->diffs, documents));
    if (!add_touched(ctx, map, "threats", "files", pr->threats, pr->threat_count) ||
        !add_touched(ctx, map, "controls", "threats", pr->controls, pr->control_count) ||
        !add_rows(ctx, map, pr))
        return REDAN_E_MEMORY;
    redan_json_tree_add(&cli->out, map);
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};
    struct redan_slice base = redan_cli_value(cli, "base");
    struct redan_pr *pr = redan_take(&cli->ctx, sizeof(*pr));
    struct page page = {&cli->out, redan_cli_has(cli, "markdown"), false};

    if (base.len == 0)
        return redan_cli_usage(cli, "--base REV is needed: what is it to be merged into?");
    if (page.markdown && cli->json)
        return redan_cli_usage(cli, "--json or --markdown, one of the two");
    if (!pr || redan_cli_load_sound(cli, &loaded) != REDAN_OK ||
        redan_pr_make(cli, &loaded.system, base, pr) != REDAN_OK)
        return redan_cli_failed(cli);
    page.colour = cli->colour && !page.markdown;
    if (cli->json && print_json(cli, pr) != REDAN_OK)
        return redan_cli_failed(cli);
    if (!cli->json)
        print_page(&page, pr);
    cli->painted = page.colour;
    return pr->turned_back_count > 0 ? REDAN_EXIT_FINDINGS : REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_pr = {
    .name = "pr",
    .args = "",
    .summary = "what a pull request touches: threats, controls, signatures, and who signs again",
    .text = "Compares the documents at hand with those at the place where HEAD and REV part, and "
            "the files\n"
            "that were committed or staged since with the paths that threats name under "
            "\"touches\". First it\n"
            "says what was turned back: a version that fell, an approval, approved text or record "
            "that is gone.\n"
            "Ends with 1 when something was, else with 0. Nothing of the repository is run.\n\n"
            "  redan pr --base origin/main\n"
            "  redan pr --base origin/main --markdown >comment.md",
    .options = options,
    .run = run,
};
