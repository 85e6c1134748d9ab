/* Reads the event of GitHub Actions and the variables of GitLab to tell a fork's proposal from one of the house. */
#include "cmd/cli_fork.h"

#include <stdlib.h>

#include "codec/json.h"
#include "io/file.h"

enum { EVENT_MOST = 32 << 20 }; /* GitHub caps a payload at 25 MB */

static struct redan_slice variable(const char *name)
{
    return redan_slice_of(getenv(name));
}

static enum redan_status found(struct redan_ctx *ctx, struct redan_fork *fork, const char *what,
                               struct redan_slice name)
{
    fork->is = true;
    return redan_format(ctx, &fork->why, "%s%.*s", what, REDAN_FMT(redan_slice_sub(name, 0, 200)));
}

static bool is_fork(const struct redan_node *repository)
{
    const struct redan_node *flag = redan_node_get(repository, "fork");
    bool truth = false;

    return flag && redan_node_bool(flag, &truth) && truth;
}

/* Two repositories of an event, by their full names. Without both nobody can tell. */
static enum redan_status compare(struct redan_ctx *ctx, const struct redan_node *head,
                                 const struct redan_node *base, struct redan_fork *fork)
{
    struct redan_slice theirs = redan_node_text(head, "full_name");
    struct redan_slice ours = redan_node_text(base, "full_name");

    if (fork->is)
        return REDAN_OK;
    if (theirs.len == 0 || ours.len == 0) /* a deleted fork is null */
        return found(ctx, fork, "a pull request from a repository that the event does not name",
                     (struct redan_slice){"", 0});
    if (!redan_slice_eq(theirs, ours))
        return found(ctx, fork, "a pull request from the fork ", theirs);
    /* a repository that is itself a fork of something else says so on both sides */
    if (is_fork(head) && !is_fork(base))
        return found(ctx, fork, "a pull request from the fork ", theirs);
    return REDAN_OK;
}

/* The key that an event of this name has when it is about somebody's proposal; NULL when it is about none. */
static const char *key_of(struct redan_slice name)
{
    if (redan_slice_starts(name, REDAN_S("pull_request")))
        return "pull_request";
    if (redan_slice_is(name, "workflow_run"))
        return "workflow_run";
    return redan_slice_is(name, "issue_comment") ? "issue" : NULL;
}

static enum redan_status unreadable(struct redan_ctx *ctx, struct redan_fork *fork)
{
    return fork->is ? REDAN_OK
                    : found(ctx, fork, "a pull request whose event cannot be read",
                            (struct redan_slice){"", 0});
}

static enum redan_status compare_request(struct redan_ctx *ctx, const struct redan_node *event,
                                         const struct redan_node *request, struct redan_fork *fork)
{
    (void)event;
    return compare(ctx, redan_node_get(redan_node_get(request, "head"), "repo"),
                   redan_node_get(redan_node_get(request, "base"), "repo"), fork);
}

static enum redan_status compare_run(struct redan_ctx *ctx, const struct redan_node *event,
                                     const struct redan_node *run, struct redan_fork *fork)
{
    return compare(ctx, redan_node_get(run, "head_repository"), redan_node_get(event, "repository"),
                   fork);
}

static enum redan_status compare_issue(struct redan_ctx *ctx, const struct redan_node *event,
                                       const struct redan_node *issue, struct redan_fork *fork)
{
    (void)event;
    if (fork->is || !redan_node_get(issue, "pull_request"))
        return REDAN_OK;
    return found(ctx, fork, "a comment on a pull request, which does not say whose it is",
                 (struct redan_slice){"", 0});
}

/* A payload, by all that stands in it, whatever the name of the event; what belongs to the name must be there. */
static enum redan_status judge_event(struct redan_ctx *ctx, const struct redan_node *event,
                                     struct redan_slice name, struct redan_fork *fork)
{
    static const struct {
        const char *key;
        enum redan_status (*compare)(struct redan_ctx *ctx, const struct redan_node *event,
                                     const struct redan_node *node, struct redan_fork *fork);
    } rows[] = {
        {"pull_request", compare_request}, {"workflow_run", compare_run}, {"issue", compare_issue}};
    const char *own = key_of(name);

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_node *node = redan_node_get(event, rows[i].key);
        bool must = own && redan_slice_is(redan_slice_of(own), rows[i].key);
        bool there = node && (node->kind != REDAN_NODE_NULL || name.len == 0);
        /* a deployment says workflow_run: null when no run made it */
        if (there && node->kind == REDAN_NODE_MAP)
            REDAN_TRY(rows[i].compare(ctx, event, node, fork));
        else if (there || must)
            REDAN_TRY(unreadable(ctx, fork));
    }
    return REDAN_OK;
}

static enum redan_status github(struct redan_ctx *ctx, struct redan_fork *fork)
{
    struct redan_slice path = variable("GITHUB_EVENT_PATH");
    struct redan_slice name = variable("GITHUB_EVENT_NAME");
    struct redan_slice text = {0};
    const struct redan_node *event = NULL;
    enum redan_status status = REDAN_E_ABSENT;

    if (path.len == 0 && name.len == 0)
        return REDAN_OK;
    if (path.len && !redan_slice_is(path, "-"))
        status = redan_file_read(ctx, path, EVENT_MOST, true, &text);
    if (status == REDAN_OK)
        status = redan_json_parse(ctx, text, &event);
    if (status == REDAN_E_MEMORY)
        return status;
    redan_fail_clear(ctx);
    if (status == REDAN_OK && event->kind == REDAN_NODE_MAP)
        return judge_event(ctx, event, name, fork);
    return name.len == 0 || key_of(name) ? unreadable(ctx, fork) : REDAN_OK;
}

/* In a fork's own pipeline CI_PROJECT_ID is the fork; in the parent's it is the parent: so each is held against the source. */
static enum redan_status gitlab(struct redan_ctx *ctx, struct redan_fork *fork)
{
    struct redan_slice source = variable("CI_MERGE_REQUEST_SOURCE_PROJECT_ID");
    struct redan_slice here = variable("CI_PROJECT_ID");
    struct redan_slice target = variable("CI_MERGE_REQUEST_PROJECT_ID");
    bool request = redan_slice_is(variable("CI_PIPELINE_SOURCE"), "merge_request_event");

    if (fork->is || (source.len == 0 && !request))
        return REDAN_OK;
    if (source.len == 0 || (here.len == 0 && target.len == 0))
        return found(ctx, fork, "a merge request whose project is not told",
                     (struct redan_slice){"", 0});
    if ((here.len && !redan_slice_eq(source, here)) ||
        (target.len && !redan_slice_eq(source, target)))
        return found(ctx, fork, "a merge request from the fork with project number ", source);
    return REDAN_OK;
}

enum redan_status redan_cli_fork(struct redan_cli *cli, struct redan_fork *fork)
{
    *fork = (struct redan_fork){0};
    if (redan_cli_has(cli, "fork"))
        return found(&cli->ctx, fork, "a proposal from outside (--fork)",
                     (struct redan_slice){"", 0});
    REDAN_TRY(github(&cli->ctx, fork));
    return gitlab(&cli->ctx, fork);
}

enum redan_status redan_cli_refuse_fork(struct redan_cli *cli)
{
    struct redan_fork fork;

    REDAN_TRY(redan_cli_fork(cli, &fork));
    if (!fork.is)
        return REDAN_OK;
    return redan_fail(&cli->ctx, REDAN_E_UNSUPPORTED, 0,
                      "this is %.*s: nothing of it is executed; run it after the merge",
                      REDAN_FMT(fork.why));
}
