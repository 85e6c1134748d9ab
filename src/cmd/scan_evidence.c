/* The scan as signed evidence: bound to the bytes that were scanned, which must be the release's before and after. */
#include <fcntl.h>
#include <string.h>

#include "cmd/cli_record.h"
#include "cmd/scan_run.h"
#include "io/os.h"
#include "io/tree.h"
#include "redan/version.h"

struct redan_scan_proof {
    struct redan_cli_system loaded;
    struct redan_draft draft;
    struct redan_slice path;
    struct redan_tree before;
};

/* A part of the subject, or another view of it, says nothing of the whole. */
static enum redan_status whole_only(struct redan_scan_run *run)
{
    struct redan_cli *cli = run->cli;

    if (cli->arg_count != 1 || redan_slice_is(cli->args[0], "-"))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--for records the scan of one PATH, the subject of the query");
    if (run->walk.include_count || run->walk.exclude_count || run->walk.follow)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--for records the scan of the whole subject: without --include, "
                          "--exclude, --follow, and a policy's exclude");
    return REDAN_OK;
}

static enum redan_status begin(struct redan_scan_run *run, struct redan_scan_proof *proof)
{
    struct redan_cli *cli = run->cli;
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice name = redan_cli_value(cli, "for");

    REDAN_TRY(whole_only(run));
    REDAN_TRY(redan_cli_load_sound(cli, &proof->loaded));
    REDAN_TRY(redan_cli_query(cli, &proof->loaded.system, name, &proof->draft.query));
    const struct redan_query *q = proof->draft.query;
    if (!redan_slice_is(redan_slice_of(q->type->name), "scan"))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "a scan answers queries of type scan, %.*s asks for %s", REDAN_FMT(name),
                          q->type->name);
    if (!q->subject)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "%.*s has no subject of the release, so a scan of it proves nothing",
                          REDAN_FMT(name));
    proof->path = cli->args[0];
    REDAN_TRY(redan_tree_walk(ctx, proof->path, NULL, &proof->before));
    return redan_cli_pinned(cli, q, proof->path, &proof->before.digest);
}

enum redan_status redan_scan_proof_begin(struct redan_scan_run *run,
                                         struct redan_scan_proof **proof)
{
    *proof = NULL;
    if (!redan_cli_has(run->cli, "for")) {
        if (redan_cli_has(run->cli, "key") || redan_cli_has(run->cli, "ssh-key"))
            return redan_fail(&run->cli->ctx, REDAN_E_USAGE, 0,
                              "--key signs a record; --for CONTROL/EVIDENCE says which");
        return REDAN_OK;
    }
    *proof = redan_take(&run->cli->ctx, sizeof(**proof));
    return *proof ? begin(run, *proof) : REDAN_E_MEMORY;
}

static enum redan_status observe(struct redan_scan_run *run, struct redan_draft *draft)
{
    struct redan_ctx *ctx = &run->cli->ctx;
    const struct redan_scan_tally *t = &run->tally;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_slice tables = {0};
    struct redan_slice policy = {0};
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        {"findings", t->levels[REDAN_SCAN_SUSPICIOUS] + t->levels[REDAN_SCAN_MALICIOUS]},
        {"malicious", t->levels[REDAN_SCAN_MALICIOUS]},
        {"suspicious", t->levels[REDAN_SCAN_SUSPICIOUS]},
        {"note", t->levels[REDAN_SCAN_NOTE]},
        {"suppressed", t->accepted + t->off},
        {"artefacts", t->artefacts},
    };

    if (!map || !redan_node_add_text(ctx, map, "tool", REDAN_S("redan " REDAN_VERSION)) ||
        !redan_node_add_text(ctx, map, "coverage",
                             redan_slice_of(redan_coverage_words[t->coverage])))
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < REDAN_COUNT(counts); i++) {
        if (!redan_node_add_number(ctx, map, counts[i].name, (double)counts[i].value))
            return REDAN_E_MEMORY;
    }
    REDAN_TRY(redan_digest_text(ctx, &run->tables, &tables));
    if (!redan_node_add_text(ctx, map, "tables", tables))
        return REDAN_E_MEMORY;
    if (run->policy) {
        REDAN_TRY(redan_digest_text(ctx, &run->policy->digest, &policy));
        if (!redan_node_add_text(ctx, map, "policy", policy))
            return REDAN_E_MEMORY;
    }
    draft->observed = map;
    draft->n = t->artefacts;
    return REDAN_OK;
}

/* The status change time cannot be set by hand: a file that is still the same inode with the same one has the bytes that were scanned. */
static bool untouched(const struct redan_scan_opened *file)
{
    char text[REDAN_OS_PATH];
    struct stat now;

    if (file->path.len >= sizeof(text))
        return false;
    memcpy(text, file->path.at, file->path.len);
    text[file->path.len] = '\0';
    return fstatat(AT_FDCWD, text, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
           now.st_dev == file->st.st_dev && now.st_ino == file->st.st_ino &&
           now.st_size == file->st.st_size && now.st_ctim.tv_sec == file->st.st_ctim.tv_sec &&
           now.st_ctim.tv_nsec == file->st.st_ctim.tv_nsec;
}

enum redan_status redan_scan_proof_end(struct redan_scan_run *run, struct redan_scan_proof *proof)
{
    struct redan_cli *cli = run->cli;
    struct redan_tree after = {0};

    if (!proof)
        return REDAN_OK;
    const struct redan_scan_opened *opened = run->opened.items;
    REDAN_TRY(redan_tree_walk(&cli->ctx, proof->path, NULL, &after));
    bool same = redan_digest_eq(&after.digest, &proof->before.digest) &&
                run->tally.artefacts == after.count && run->opened.count == after.count;
    for (size_t i = 0; i < run->opened.count && same; i++)
        same = untouched(&opened[i]);
    if (!same)
        return redan_fail(&cli->ctx, REDAN_E_IO, 0,
                          "%.*s changed while it was scanned, so nothing is recorded; try again",
                          REDAN_FMT(proof->path));
    REDAN_TRY(observe(run, &proof->draft));
    REDAN_TRY(redan_cli_draft(cli, &proof->draft));
    cli->json = false; /* the report has been given; the record goes without another object */
    return redan_cli_record(cli, &proof->loaded.system, &proof->draft);
}

void redan_scan_proof_done(struct redan_scan_proof **proof)
{
    if (*proof)
        redan_cli_system_done(&(*proof)->loaded);
}
