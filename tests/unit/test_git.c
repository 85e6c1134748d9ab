/* Reading git: what is there, what is not, and that a hostile repository runs nothing. */
#include "scratch.h"

#include "io/git.h"
#include "io/process.h"

/* Run in the scratch folder; 0 or the test ends. */
static void shell(struct redan_ctx *ctx, struct scratch *s, const char *script)
{
    static const char before[] =
        "set -e; umask 022; unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE;"
        "export HOME=\"$PWD\" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b "
        "GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_ALLOW_PROTOCOL=file;\n";
    struct redan_process_result result;
    struct redan_slice text = {0};

    assert_ok(redan_format(ctx, &text, "%s%s", before, script));
    const char *const argv[] = {"sh", "-c", text.at, NULL};
    const struct redan_process process = {
        .argv = argv, .folder = redan_slice_of(s->root), .seconds = 120};
    assert_ok(redan_process_run(ctx, &process, &result));
    if (result.exit_code != 0)
        fail_msg("%s: %.*s", script, REDAN_FMT(result.err));
}

static const char make[] =
    "git init -q -b main repo; cd repo; mkdir -p serving/redan data\n"
    "printf 'first\\n' >serving/redan/threatmodel.yaml; printf x >data/a; printf x >'data/b c'\n"
    "ln -s a data/link\n"
    "git add .; git commit -q -m one; git tag one\n"
    "git checkout -q -b topic\n"
    "printf 'second\\n' >serving/redan/threatmodel.yaml; git rm -q data/a; git commit -q -am two\n"
    "git checkout -q main; printf y >data/z; git add .; git commit -q -m three\n"
    "git checkout -q topic; printf s >staged; git add staged; printf u >unstaged\n";

static bool has(const struct redan_slice *paths, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        if (redan_slice_is(paths[i], path))
            return true;
    }
    return false;
}

static void test_read(void **state)
{
    struct redan_ctx ctx;
    struct scratch s;
    struct redan_git git;
    struct redan_slice head = {0};
    struct redan_slice other = {0};
    struct redan_slice base = {0};
    struct redan_slice bytes = {0};
    struct redan_slice *paths = NULL;
    size_t count = 0;
    const struct redan_slice model = REDAN_S("serving/redan/threatmodel.yaml");

    (void)state;
    redan_ctx_init(&ctx, NULL);
    scratch_make(&s);
    shell(&ctx, &s, make);
    assert_ok(redan_git_open(&ctx, scratch_slice(&s, "repo/serving/redan"), &git));
    assert_slice(git.prefix, "serving/redan/");
    assert_ok(redan_git_commit(&ctx, &git, REDAN_S("HEAD"), &head));
    assert_ok(redan_git_commit(&ctx, &git, REDAN_S("main"), &other));
    assert_ok(redan_git_merge_base(&ctx, &git, head, other, &base));
    assert_ok(redan_git_commit(&ctx, &git, REDAN_S("HEAD~1"), &other));
    assert_true(redan_slice_eq(base, other));
    assert_ok(redan_git_read(&ctx, &git, base, model, 100, &bytes));
    assert_slice(bytes, "first\n");
    assert_ok(redan_git_read(&ctx, &git, head, model, 100, &bytes));
    assert_slice(bytes, "second\n");
    assert_ok(redan_git_files(&ctx, &git, base, REDAN_S("data"), &paths, &count));
    assert_int_equal(count, 3);
    assert_true(has(paths, count, "data/b c"));
    assert_ok(redan_git_files(&ctx, &git, base, REDAN_S("nowhere"), &paths, &count));
    assert_int_equal(count, 0);
    assert_ok(redan_git_changed(&ctx, &git, base, &paths, &count));
    assert_int_equal(count, 3); /* committed and staged, from the top, whatever the folder */
    assert_true(has(paths, count, "data/a") && has(paths, count, "staged") &&
                has(paths, count, "serving/redan/threatmodel.yaml"));
    assert_ok(redan_git_open(&ctx, scratch_slice(&s, "repo"), &git));
    assert_slice(git.prefix, "");
    scratch_drop(&s);
    redan_ctx_done(&ctx);
}

static void test_refused(void **state)
{
    static const char *const odd[] = {"",     "-h",     "--output=x", "a b",
                                      "a\nb", "--help", "-",          "\tHEAD"};
    static const char *const absent[] = {"nobody",     "HEAD~9", "HEAD:data", "main..topic",
                                         "one^{tree}", "*",      ":/nobody"};
    struct redan_ctx ctx;
    struct scratch s;
    struct redan_git git;
    struct redan_slice head = {0};
    struct redan_slice out = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    scratch_make(&s);
    assert_int_equal(redan_git_open(&ctx, redan_slice_of(s.root), &git), REDAN_E_ABSENT);
    redan_fail_clear(&ctx);
    shell(&ctx, &s, make);
    assert_ok(redan_git_open(&ctx, scratch_slice(&s, "repo"), &git));
    assert_ok(redan_git_commit(&ctx, &git, REDAN_S("HEAD"), &head));
    for (size_t i = 0; i < REDAN_COUNT(odd); i++) {
        assert_int_equal(redan_git_commit(&ctx, &git, redan_slice_of(odd[i]), &out), REDAN_E_USAGE);
        redan_fail_clear(&ctx);
    }
    for (size_t i = 0; i < REDAN_COUNT(absent); i++) {
        assert_int_equal(redan_git_commit(&ctx, &git, redan_slice_of(absent[i]), &out),
                         REDAN_E_ABSENT);
        redan_fail_clear(&ctx);
    }
    static const struct {
        const char *path;
        size_t max;
        enum redan_status status;
    } reads[] = {
        {"data/a", 9, REDAN_E_ABSENT},         {"data", 9, REDAN_E_UNSUPPORTED},
        {"data/link", 9, REDAN_E_UNSUPPORTED}, {"data/*", 9, REDAN_E_ABSENT},
        {":(glob)**", 9, REDAN_E_ABSENT},      {"--help", 9, REDAN_E_ABSENT},
        {"../repo/data/b c", 9, REDAN_E_IO},   {"", 9, REDAN_E_USAGE},
        {"data/b c", 0, REDAN_E_LIMIT},        {"data/b c", 1, REDAN_OK},
    };
    for (size_t i = 0; i < REDAN_COUNT(reads); i++) {
        assert_int_equal(
            redan_git_read(&ctx, &git, head, redan_slice_of(reads[i].path), reads[i].max, &out),
            reads[i].status);
        redan_fail_clear(&ctx);
    }
    /* only a commit's digits go on a command line */
    struct redan_slice *paths = NULL;
    size_t count = 0;
    assert_int_equal(redan_git_read(&ctx, &git, REDAN_S("--help"), REDAN_S("data/b c"), 9, &out),
                     REDAN_E_USAGE);
    assert_int_equal(redan_git_changed(&ctx, &git, REDAN_S("HEAD"), &paths, &count), REDAN_E_USAGE);
    assert_int_equal(redan_git_merge_base(&ctx, &git, head, REDAN_S("x"), &out), REDAN_E_USAGE);
    scratch_drop(&s);
    redan_ctx_done(&ctx);
}

/* Every program that a repository can name, each of which leaves a mark. */
static const char make_evil[] =
    "d=$PWD; cd repo\n"
    "for w in fsmonitor external textconv clean smudge process pager ssh askpass proxy alternates "
    "hook alias upload credential editor filter; do\n"
    "  printf '#!/bin/sh\\necho %s >>\"%s/mark\"\\ncat\\n' $w \"$d\" >\"$d/evil-$w\"\n"
    "  chmod 755 \"$d/evil-$w\"; done\n"
    "git config core.fsmonitor \"$d/evil-fsmonitor\"\n"
    "git config diff.external \"$d/evil-external\"\n"
    "git config diff.t.textconv \"$d/evil-textconv\"; git config diff.t.command "
    "\"$d/evil-external\"\n"
    "git config filter.f.clean \"$d/evil-clean\"; git config filter.f.smudge \"$d/evil-smudge\"\n"
    "git config core.pager \"$d/evil-pager\"; git config pager.ls-tree true\n"
    "git config core.sshCommand \"$d/evil-ssh\"; git config core.askPass \"$d/evil-askpass\"\n"
    "git config core.gitProxy \"$d/evil-proxy\"; git config core.editor \"$d/evil-editor\"\n"
    "git config core.alternateRefsCommand \"$d/evil-alternates\"\n"
    "git config credential.helper \"$d/evil-credential\"\n"
    "git config alias.cat-file \"!$d/evil-alias\"; git config alias.ls-tree \"!$d/evil-alias\"\n"
    "mkdir hooks; for h in post-checkout post-index-change pre-commit reference-transaction "
    "fsmonitor-watchman; do cp \"$d/evil-hook\" hooks/$h; cp \"$d/evil-hook\" .git/hooks/$h; done\n"
    "git config core.hooksPath \"$PWD/hooks\"\n"
    "printf '* diff=t filter=f\\n' >.gitattributes; cp .gitattributes .git/info/attributes\n"
    "git config core.attributesFile \"$PWD/.gitattributes\"\n"
    "touch data/*; printf w >serving/redan/threatmodel.yaml\n";

/* A partial clone fetches what it lacks, by a program of the repository's choice. */
static const char make_lazy[] =
    "d=$PWD; cd repo\n"
    "git config core.repositoryFormatVersion 1; git config extensions.partialClone origin\n"
    "git config remote.origin.promisor true; git config remote.origin.partialclonefilter "
    "blob:none\n"
    "git config remote.origin.url \"ext::$d/evil-upload\"\n"
    "git config remote.origin.uploadpack \"$d/evil-upload\"\n"
    "git config protocol.allow always; git config protocol.ext.allow always\n"
    "git config protocol.file.allow always\n"
    "printf '#!/bin/sh\necho upload >>\"%s/mark\"\nexit 1\n' \"$d\" >\"$d/evil-upload\"\n"
    "b=$(git rev-parse HEAD:serving/redan/threatmodel.yaml)\n"
    "rm -f .git/objects/$(printf %s $b | cut -c1-2)/$(printf %s $b | cut -c3-)\n";

static void read_all(struct redan_ctx *ctx, struct scratch *s, enum redan_status model)
{
    struct redan_git git;
    struct redan_slice head = {0};
    struct redan_slice main_commit = {0};
    struct redan_slice base = {0};
    struct redan_slice bytes = {0};
    struct redan_slice *paths = NULL;
    size_t count = 0;

    assert_ok(redan_git_open(ctx, scratch_slice(s, "repo/serving/redan"), &git));
    git.folder = scratch_slice(s, "repo");
    assert_ok(redan_git_commit(ctx, &git, REDAN_S("HEAD"), &head));
    assert_ok(redan_git_commit(ctx, &git, REDAN_S("main"), &main_commit));
    assert_ok(redan_git_merge_base(ctx, &git, head, main_commit, &base));
    assert_ok(redan_git_files(ctx, &git, head, REDAN_S("data"), &paths, &count));
    assert_ok(redan_git_changed(ctx, &git, base, &paths, &count));
    assert_int_equal(
        redan_git_read(ctx, &git, head, REDAN_S("serving/redan/threatmodel.yaml"), 99, &bytes),
        model);
    redan_fail_clear(ctx);
}

static void test_hostile(void **state)
{
    struct redan_ctx ctx;
    struct scratch s;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    scratch_make(&s);
    shell(&ctx, &s, make);
    shell(&ctx, &s, make_evil);
    /* the traps are real: git as people run it steps into them */
    shell(&ctx, &s,
          "rm -f mark; (cd repo; git status; git diff; GIT_PAGER=cat git diff main) "
          ">/dev/null 2>&1 || true; grep -q fsmonitor mark; grep -q clean mark; "
          "grep -q external mark; rm mark");
    read_all(&ctx, &s, REDAN_OK);
    assert_int_not_equal(access(scratch_at(&s, "mark"), F_OK), 0);
    shell(&ctx, &s, make_lazy);
    shell(&ctx, &s,
          "rm -f mark; (cd repo; GIT_ALLOW_PROTOCOL=ext git cat-file blob "
          "HEAD:serving/redan/threatmodel.yaml) >/dev/null 2>&1 || true; "
          "grep -q upload mark; rm mark");
    read_all(&ctx, &s, REDAN_E_IO);
    assert_int_not_equal(access(scratch_at(&s, "mark"), F_OK), 0);
    scratch_drop(&s);
    redan_ctx_done(&ctx);
}

/* A hook's environment points at another repository; ours is the one that was asked for. */
static void test_environment(void **state)
{
    struct redan_ctx ctx;
    struct scratch s;
    struct redan_git git;
    struct redan_slice head = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    scratch_make(&s);
    shell(&ctx, &s, make);
    shell(&ctx, &s, "git init -q -b other elsewhere");
    assert_int_equal(setenv("GIT_DIR", scratch_at(&s, "elsewhere/.git"), 1), 0);
    assert_int_equal(setenv("GIT_INDEX_FILE", scratch_at(&s, "elsewhere/.git/index"), 1), 0);
    assert_ok(redan_git_open(&ctx, scratch_slice(&s, "repo"), &git));
    assert_ok(redan_git_commit(&ctx, &git, REDAN_S("topic"), &head));
    assert_int_equal(unsetenv("GIT_DIR"), 0);
    assert_int_equal(unsetenv("GIT_INDEX_FILE"), 0);
    scratch_drop(&s);
    redan_ctx_done(&ctx);
}

/* An object may be larger than what is read of a program. */
static void test_large(void **state)
{
    struct redan_ctx ctx;
    struct scratch s;
    struct redan_git git;
    struct redan_slice head = {0};
    struct redan_slice bytes = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    ctx.limits.output = 1000;
    scratch_make(&s);
    shell(&ctx, &s,
          "git init -q -b main repo; cd repo; head -c 5000 /dev/zero >large; git add large; "
          "git commit -q -m one");
    assert_ok(redan_git_open(&ctx, scratch_slice(&s, "repo"), &git));
    assert_ok(redan_git_commit(&ctx, &git, REDAN_S("HEAD"), &head));
    assert_int_equal(redan_git_read(&ctx, &git, head, REDAN_S("large"), SIZE_MAX, &bytes),
                     REDAN_E_LIMIT);
    scratch_drop(&s);
    redan_ctx_done(&ctx);
}

static enum redan_status read_some(struct redan_ctx *ctx, struct redan_slice folder)
{
    struct redan_git git;
    struct redan_slice head = {0};
    struct redan_slice bytes = {0};
    struct redan_slice *paths = NULL;
    size_t count = 0;

    REDAN_TRY(redan_git_open(ctx, folder, &git));
    REDAN_TRY(redan_git_commit(ctx, &git, REDAN_S("HEAD"), &head));
    REDAN_TRY(redan_git_files(ctx, &git, head, REDAN_S("data"), &paths, &count));
    return redan_git_read(ctx, &git, head, REDAN_S("data/b c"), 9, &bytes);
}

static void test_memory(void **state)
{
    struct redan_ctx making;
    struct scratch s;
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    redan_ctx_init(&making, NULL);
    scratch_make(&s);
    shell(&making, &s, make);
    for (uint64_t n = 1; status != REDAN_OK; n++) {
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        status = read_some(&ctx, scratch_slice(&s, "repo"));
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        redan_ctx_done(&ctx);
    }
    scratch_drop(&s);
    redan_ctx_done(&making);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_environment),
        cmocka_unit_test(test_large),   cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
