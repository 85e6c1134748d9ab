/* serve.json by table. */
#include "serve_config.h"

#include <string.h>

#include "codec/bind.h"
#include "codec/json.h"
#include "io/file.h"

enum { CONFIG_MAX = 65536 };

struct file {
    struct redan_slice model;
    struct redan_slice signature;
    struct redan_slice key;
    struct redan_slice listen;
    struct redan_slice name;
    struct redan_slice version;
    int answers;
    double threshold;
    uint64_t decimals;
    uint64_t max_rows;
    uint64_t max_body;
    struct redan_slice log;
    bool online_update;
};

static const char *const answers[] = {"scores", "labels", NULL};

#define AT(field) offsetof(struct file, field)

static const struct redan_bind_field fields[] = {
    {"model", REDAN_BIND_TEXT, false, AT(model), NULL, NULL, "the model file"},
    {"signature", REDAN_BIND_TEXT, false, AT(signature), NULL, NULL, "the model's signature"},
    {"key", REDAN_BIND_TEXT, false, AT(key), NULL, NULL, "the public key that must have signed"},
    {"listen", REDAN_BIND_TEXT, false, AT(listen), NULL, NULL, "address and port"},
    {"name", REDAN_BIND_TEXT, false, AT(name), NULL, NULL, "the model's name in paths"},
    {"version", REDAN_BIND_TEXT, false, AT(version), NULL, NULL, "the model's version"},
    {"answers", REDAN_BIND_WORD, false, AT(answers), NULL, answers, "scores or labels"},
    {"threshold", REDAN_BIND_NUMBER, false, AT(threshold), NULL, NULL, "a number from 0 to 1"},
    {"decimals", REDAN_BIND_COUNT, false, AT(decimals), NULL, NULL, "a number from 0 to 9"},
    {"max_rows", REDAN_BIND_COUNT, false, AT(max_rows), NULL, NULL, "most rows of a request"},
    {"max_body", REDAN_BIND_COUNT, false, AT(max_body), NULL, NULL, "most bytes of a request"},
    {"log", REDAN_BIND_TEXT, false, AT(log), NULL, NULL, "file for a line per request"},
    {"online_update", REDAN_BIND_BOOL, false, AT(online_update), NULL, NULL, "false"},
};

static const struct redan_bind_shape shape = {"the server's settings", sizeof(struct file),
                                              SIZE_MAX, fields, REDAN_COUNT(fields)};

static enum redan_status take_text(struct redan_ctx *ctx, struct redan_slice text,
                                   const char **place)
{
    struct redan_slice copy;

    if (!text.len)
        return REDAN_OK;
    if (memchr(text.at, '\0', text.len))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "a text holds a NUL character");
    REDAN_TRY(redan_copy(ctx, text, &copy));
    *place = copy.at;
    return REDAN_OK;
}

/* A path as the file means it. */
static enum redan_status take_path(struct redan_ctx *ctx, const char *config,
                                   struct redan_slice text, const char **place)
{
    struct redan_slice joined = text;

    if (text.len)
        REDAN_TRY(redan_path_join(ctx, redan_path_folder(redan_slice_of(config)), text, &joined));
    return take_text(ctx, joined, place);
}

static enum redan_status take_count(struct redan_ctx *ctx, const struct redan_node *root,
                                    const char *name, uint64_t value, uint64_t low, uint64_t high,
                                    uint64_t *place)
{
    if (!redan_node_get(root, name))
        return REDAN_OK;
    if (value < low || value > high)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%s is %ju; give a whole number from %ju to %ju",
                          name, (uintmax_t)value, (uintmax_t)low, (uintmax_t)high);
    *place = value;
    return REDAN_OK;
}

static enum redan_status take_all(struct redan_ctx *ctx, const char *path,
                                  const struct redan_node *root, const struct file *file,
                                  struct fraud_serve_settings *settings)
{
    if (file->online_update)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "online_update is true, but this server never learns; set it to false");
    if (redan_node_get(root, "threshold")) {
        if (!(file->threshold >= 0 && file->threshold <= 1))
            return redan_fail(ctx, REDAN_E_SCHEMA, 0, "threshold is not a number from 0 to 1");
        settings->threshold = file->threshold;
    }
    if (redan_node_get(root, "answers"))
        settings->answers = answers[file->answers];
    REDAN_TRY(take_count(ctx, root, "decimals", file->decimals, 0, 9, &settings->decimals));
    REDAN_TRY(take_count(ctx, root, "max_rows", file->max_rows, 1, 65536, &settings->max_rows));
    REDAN_TRY(take_count(ctx, root, "max_body", file->max_body, 64, 67108864, &settings->max_body));
    REDAN_TRY(take_text(ctx, file->listen, &settings->listen));
    REDAN_TRY(take_text(ctx, file->name, &settings->name));
    REDAN_TRY(take_text(ctx, file->version, &settings->version));
    REDAN_TRY(take_path(ctx, path, file->model, &settings->model));
    REDAN_TRY(take_path(ctx, path, file->signature, &settings->signature));
    REDAN_TRY(take_path(ctx, path, file->key, &settings->key));
    return take_path(ctx, path, file->log, &settings->log);
}

static enum redan_status read_config(struct redan_ctx *ctx, const char *path,
                                     struct fraud_serve_settings *settings)
{
    struct redan_problems problems;
    const struct redan_node *root = NULL;
    struct redan_slice text;
    struct file file;

    REDAN_TRY(redan_file_read(ctx, redan_slice_of(path), CONFIG_MAX, true, &text));
    REDAN_TRY(redan_json_parse(ctx, text, &root));
    redan_problems_init(&problems, ctx, redan_slice_of(path));
    if (root->kind != REDAN_NODE_MAP)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the settings are not an object");
    REDAN_TRY(redan_bind(&problems, root, &shape, &file));
    if (problems.first)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%.*s%s%.*s", REDAN_FMT(problems.first->text),
                          problems.first->fix.len ? "; " : "", REDAN_FMT(problems.first->fix));
    return take_all(ctx, path, root, &file, settings);
}

enum redan_status fraud_serve_config(struct redan_ctx *ctx, const char *path,
                                     struct fraud_serve_settings *settings)
{
    enum redan_status status = read_config(ctx, path, settings);

    if (status != REDAN_OK)
        redan_fail_name(ctx, redan_slice_of(path));
    return status;
}
