/* Hashes a model, or spares the hashing where digests are known, and remembers them for the next time. */
#include "cmd/sign_files.h"

#include <stdlib.h>

#include "io/file.h"

enum { LIST_MAX = 256 << 20 };

void redan_sign_files_done(struct redan_sign_files *files)
{
    redan_known_drop(&files->known);
}

size_t redan_sign_files_count(const struct redan_manifest *manifest)
{
    size_t count = 0;

    for (size_t i = 0; i < manifest->count; i++)
        count += manifest->entries[i].from == 0;
    return count;
}

static enum redan_status read_hash(struct redan_cli *cli, struct redan_manifest_options *options)
{
    struct redan_slice name = redan_cli_value(cli, "hash");
    struct redan_slice size = redan_cli_value(cli, "shards");

    options->hash = REDAN_HASH_SHA256;
    if (redan_cli_has(cli, "hash") &&
        (!redan_hash_of(name, &options->hash) ||
         (options->hash != REDAN_HASH_SHA256 && options->hash != REDAN_HASH_BLAKE2B &&
          options->hash != REDAN_HASH_BLAKE3)))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--hash takes sha256, blake2b or blake3, found \"%.*s\"",
                          REDAN_FMT(name));
    REDAN_TRY(redan_hash_ready(&cli->ctx, options->hash));
    options->shards = redan_cli_has(cli, "shards");
    options->shard_size = options->shards ? REDAN_MANIFEST_SHARD : 0;
    if (size.len && !redan_cli_size_parse(size, &options->shard_size))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--shards takes a size, as in --shards=64M, found \"%.*s\"",
                          REDAN_FMT(size));
    return REDAN_OK;
}

static enum redan_status read_signature(struct redan_cli *cli, struct redan_sign_files *files)
{
    struct redan_ctx *ctx = &cli->ctx;

    files->signature = redan_cli_value(cli, "signature");
    if (redan_cli_has(cli, "signature") && files->signature.len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--signature is empty: is the variable set?");
    if (!files->model.there && files->signature.len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "%.*s is not here, so say where the signature goes: --signature FILE",
                          REDAN_FMT(files->model.path));
    if (files->signature.len == 0)
        REDAN_TRY(redan_cli_model_signature(cli, &files->model, &files->signature));
    REDAN_TRY(redan_cli_model_below(cli, &files->model, files->signature, &files->below));
    if (redan_slice_is(files->below, "."))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--signature %.*s is the model itself",
                          REDAN_FMT(files->signature));
    return REDAN_OK;
}

/* A cache for each model, named by where the model lies. */
static enum redan_status cache_place(struct redan_cli *cli, const struct redan_cli_model *model,
                                     struct redan_slice *path)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice cache = redan_slice_of(getenv("XDG_CACHE_HOME"));
    struct redan_slice home = redan_slice_of(getenv("HOME"));
    struct redan_digest digest;
    char hex[REDAN_DIGEST_HEX];

    if (cache.len == 0 || cache.at[0] != '/') {
        if (home.len == 0 || home.at[0] != '/')
            return redan_fail(ctx, REDAN_E_USAGE, 0,
                              "there is no home to keep a cache in; say where: --cache=FILE");
        REDAN_TRY(redan_path_join(ctx, home, REDAN_S(".cache"), &cache));
    }
    REDAN_TRY(redan_sha256(ctx, model->whole, &digest));
    redan_digest_hex(&digest, hex);
    return redan_format(ctx, path, "%.*s/redan/known/%.32s", REDAN_FMT(cache), hex);
}

/* "1", "0.5", "100": per cent. */
static bool read_percent(struct redan_slice text, double *percent)
{
    struct redan_slice whole = {0};
    struct redan_slice part = {0};
    uint64_t value = 0;
    uint64_t tenths = 0;
    double scale = 1;

    bool point = redan_slice_cut(text, '.', &whole, &part);
    if (!redan_slice_u64(whole, &value) || value > 100 || part.len > 6 ||
        (point && !redan_slice_u64(part, &tenths)))
        return false;
    for (size_t i = 0; i < part.len; i++)
        scale *= 10;
    *percent = (double)value + (double)tenths / scale;
    return *percent <= 100;
}

static enum redan_status open_cache(struct redan_cli *cli, struct redan_sign_files *files)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice path = redan_cli_value(cli, "cache");
    struct redan_slice sample = redan_cli_value(cli, "sample");
    double percent = 1;

    if (!redan_cli_has(cli, "cache")) {
        if (redan_cli_has(cli, "sample"))
            return redan_fail(ctx, REDAN_E_USAGE, 0, "--sample goes with --cache");
        return REDAN_OK;
    }
    if (redan_cli_has(cli, "sample") && !read_percent(sample, &percent))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "--sample takes per cent, 0 to 100, found \"%.*s\"", REDAN_FMT(sample));
    if (path.len == 0)
        REDAN_TRY(cache_place(cli, &files->model, &path));
    struct redan_slice below = {0};
    REDAN_TRY(redan_cli_model_below(cli, &files->model, path, &below));
    if (below.len)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "--cache %.*s lies inside the model, and would be signed with it",
                          REDAN_FMT(path));
    return redan_known_open(ctx, path, files->options.hash, files->options.shard_size, percent,
                            &files->known);
}

enum redan_status redan_sign_files_open(struct redan_cli *cli, struct redan_sign_files *files)
{
    static const char *const hashing[] = {"shards", "cache", "ignore-paths", "allow-symlinks",
                                          "no-ignore-git-paths"};
    bool told = redan_cli_has(cli, "from-digests");

    REDAN_TRY(redan_cli_model_open(cli, cli->args[0], !told, &files->model));
    REDAN_TRY(read_hash(cli, &files->options));
    REDAN_TRY(read_signature(cli, files));
    for (size_t i = 0; i < REDAN_COUNT(hashing) && told; i++) {
        if (redan_cli_has(cli, hashing[i]))
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                              "--%s is about hashing, and with --from-digests nothing is hashed",
                              hashing[i]);
    }
    REDAN_TRY(open_cache(cli, files));
    files->options.links = files->model.links;
    files->options.keep_git = files->model.keep_git;
    files->options.ignore = files->model.ignore;
    files->options.ignore_count = files->model.ignore_count;
    files->options.signature = files->below;
    files->options.dot_name = redan_cli_has(cli, "compat");
    return REDAN_OK;
}

static void progress(void *arg, uint64_t bytes, uint64_t total)
{
    struct redan_sign_files *files = arg;

    redan_cli_progress(&files->progress, bytes, total);
}

static bool known(void *arg, const struct redan_tree_file *file,
                  const struct redan_tree_range *range, struct redan_sum *sum)
{
    struct redan_sign_files *files = arg;

    return redan_known_digest(files->known, file, range, sum);
}

/* What a store says: no file is read, and what lies at MODEL does not matter. */
static enum redan_status take_digests(struct redan_cli *cli, struct redan_sign_files *files)
{
    struct redan_slice path = redan_cli_value(cli, "from-digests");
    struct redan_slice text = {0};

    REDAN_TRY(redan_file_read(&cli->ctx, path, LIST_MAX, true, &text));
    enum redan_status status =
        redan_known_list(&cli->ctx, text, files->options.hash, &files->manifest);
    redan_fail_name(&cli->ctx, path);
    REDAN_TRY(status);
    files->manifest.hash = files->options.hash;
    files->manifest.name = files->model.name;
    return REDAN_OK;
}

static enum redan_status hash_files(struct redan_cli *cli, struct redan_sign_files *files,
                                    struct redan_tree *walked)
{
    struct redan_tree_options tree = {
        .known = files->known ? known : NULL, .progress = progress, .arg = files};
    struct redan_manifest_options options = files->options;

    options.tree = &tree;
    options.walked = walked;
    redan_cli_progress_begin(cli, &files->progress);
    enum redan_status status =
        redan_manifest_make(&cli->ctx, files->model.path, &options, &files->manifest);
    redan_cli_progress_end(&files->progress);
    redan_fail_name(&cli->ctx, files->model.path);
    return status;
}

/* The next signer, or the same one by another name, signs other files then, and a policy's quorum is never reached. */
static void say_signed_signature(struct redan_cli *cli, const struct redan_sign_files *files)
{
    for (size_t i = 0; files->model.folder && i < files->manifest.count; i++) {
        if (redan_slice_is(files->manifest.entries[i].path, "model.sig")) {
            redan_cli_say(cli,
                          "redan sign: model.sig, a signature, is signed as a file of the model; "
                          "several signers sign the same files when each has a --signature outside "
                          "of it");
            return;
        }
    }
}

enum redan_status redan_sign_files_hash(struct redan_cli *cli, struct redan_sign_files *files)
{
    if (redan_cli_has(cli, "from-digests")) {
        REDAN_TRY(take_digests(cli, files));
    } else {
        REDAN_TRY(hash_files(cli, files, &files->walked));
        files->bytes = files->walked.bytes;
        files->bytes_known = true;
    }
    if (redan_cli_has(cli, "name"))
        files->manifest.name = redan_cli_value(cli, "name");
    if (files->manifest.name.len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "the model has no name; give --name NAME");
    files->count = redan_sign_files_count(&files->manifest);
    say_signed_signature(cli, files);
    if (files->known) {
        REDAN_TRY(redan_known_check(&cli->ctx, files->known, &files->walked));
        files->reused = redan_known_reused(files->known);
        files->sampled = redan_known_sampled(files->known);
    }
    return REDAN_OK;
}

enum redan_status redan_sign_files_remember(struct redan_cli *cli, struct redan_sign_files *files)
{
    if (!files->known)
        return REDAN_OK;
    return redan_known_save(&cli->ctx, files->known, &files->walked);
}
