/* Writes a Sigstore of our own into a folder: root.json, keys, the artefact, bundles of every kind that is believed, and cases.tsv, which says how each is
 * verified: NAME<tab>ARGUMENT<tab>... for interop_sigstore, paths below the folder with "@/" before them. Usage: interop_world FOLDER */
#include <stdio.h>
#include <string.h>

#include "io/file.h"
#include "sigstore_world.h"

static const struct {
    const char *name;
    struct world_plan plan;
} cases[] = {
    {"keyless", {.stamps = 0}},
    {"keyless-stamp", {.stamps = 1, .stamp_at = 2}},
    {"keyless-proof", {.no_promise = true, .stamps = 1}},
    {"keyless-p384", {.signer = WORLD_P384, .dsse = true}},
    {"keyless-p521", {.signer = WORLD_P521, .dsse = true, .log = WORLD_TILES, .stamps = 1}},
    {"keyless-rsa", {.signer = WORLD_RSA}},
    {"keyless-ed25519", {.signer = WORLD_ED25519, .dsse = true}},
    {"dsse", {.dsse = true}},
    {"intoto", {.dsse = true, .kind = "intoto"}},
    {"tiles", {.log = WORLD_TILES, .stamps = 1}},
    {"tiles-bare-stamp", {.log = WORLD_TILES, .stamps = 1, .stamp_bare = true}},
    {"tiles-two-stamps", {.log = WORLD_TILES, .stamps = 2}},
    {"tiles-dsse", {.log = WORLD_TILES, .stamps = 1, .dsse = true}},
    {"tiles-ec", {.log = WORLD_TILES_EC, .stamps = 1}},
    {"tiles-rsa", {.log = WORLD_TILES_RSA, .stamps = 1}},
    {"tiles-witness",
     {.log = WORLD_TILES,
      .stamps = 1,
      .before = "\xe2\x80\x94 witness.example.org AAECAwQFBgcICQ==\n"}},
    {"key", {.bare = true, .no_log = true}},
    {"key-p384", {.bare = true, .no_log = true, .dsse = true, .signer = WORLD_P384}},
    {"key-ed25519", {.bare = true, .no_log = true, .signer = WORLD_ED25519}},
    {"key-log", {.bare = true}},
    {"key-log-stamp", {.bare = true, .stamps = 1}},
    {"key-tiles", {.bare = true, .log = WORLD_TILES, .stamps = 1, .dsse = true}},
    {"certificate", {.pki = true, .no_log = true}},
    {"certificate-stamp", {.pki = true, .no_log = true, .dsse = true, .stamps = 1}},
};

static enum redan_status put(struct redan_ctx *ctx, const char *folder, const char *name,
                             struct redan_slice bytes)
{
    struct redan_slice path = {0};

    REDAN_TRY(redan_format(ctx, &path, "%s/%s", folder, name));
    return redan_file_replace(ctx, path, 0644, bytes);
}

static enum redan_status put_case(struct redan_ctx *ctx, const char *folder, struct world *world,
                                  size_t i, struct redan_buf *table)
{
    const struct world_plan *plan = &cases[i].plan;
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_bundle bundle = {0};
    char name[64];

    world_bundle(world, plan, &bundle);
    redan_buf_init(&out, ctx, REDAN_BUNDLE_MAX);
    redan_bundle_add(&out, &bundle);
    REDAN_TRY(redan_buf_ok(ctx, &out, "a bundle"));
    (void)snprintf(name, sizeof(name), "%s.json", cases[i].name);
    REDAN_TRY(put(ctx, folder, name, redan_buf_view(&out)));
    redan_buf_printf(table, "%s\t--trusted-root\t@/root.json\t--now\t%d", cases[i].name,
                     WORLD_START);
    if (plan->bare)
        redan_buf_printf(table, "\t--key\t@/key%d.pub", plan->signer);
    else if (plan->pki)
        redan_buf_text(table, "\t--anchors\t@/anchor.pem");
    else
        redan_buf_text(table, "\t--certificate-identity\t" WORLD_IDENTITY
                              "\t--certificate-oidc-issuer\t" WORLD_ISSUER);
    redan_buf_text(table, "\t@/artefact\n");
    return REDAN_OK;
}

static enum redan_status run(struct redan_ctx *ctx, const char *folder, struct world *world)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) table = {0};
    char name[32];

    REDAN_TRY(put(ctx, folder, "root.json", world_root_text(world)));
    REDAN_TRY(put(ctx, folder, "anchor.pem", world_anchor_pem(world)));
    REDAN_TRY(put(ctx, folder, "artefact", REDAN_S(WORLD_ARTEFACT)));
    for (enum world_signer i = WORLD_P256; i < WORLD_SIGNERS; i++) {
        (void)snprintf(name, sizeof(name), "key%d.pub", i);
        REDAN_TRY(put(ctx, folder, name, world_signer_pem(world, i)));
    }
    redan_buf_init(&table, ctx, (size_t)1 << 20);
    for (size_t i = 0; i < REDAN_COUNT(cases); i++)
        REDAN_TRY(put_case(ctx, folder, world, i, &table));
    REDAN_TRY(redan_buf_ok(ctx, &table, "the table"));
    return put(ctx, folder, "cases.tsv", redan_buf_view(&table));
}

int main(int argc, char **argv)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);

    redan_ctx_init(&ctx, NULL);
    if (argc != 2)
        return 2;
    struct world *world = world_new(&ctx);
    enum redan_status status = run(&ctx, argv[1], world);
    world_free(world);
    if (status != REDAN_OK)
        (void)fprintf(stderr, "%s: %s\n", redan_status_name(status), ctx.failure.text);
    return status == REDAN_OK ? 0 : 1;
}
