/* 7z, rar, cab, cpio, ar and iso through libarchive, which is opened when the first is met: it brings many libraries along. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "base/dl.h"
#include "format/libarchive.h"
#include "format/unpack.h"

enum {
    INPUT = 64 << 10,
    RETRIES = 16, /* ARCHIVE_RETRY in a row */
};

/* The functions by their names in the library. */
struct api {
    struct redan_dl dl;
    __typeof__(archive_read_new) *create;
    __typeof__(archive_read_free) *destroy;
    __typeof__(archive_read_support_format_7zip) *support_7zip;
    __typeof__(archive_read_support_format_rar) *support_rar;
    __typeof__(archive_read_support_format_rar5) *support_rar5;
    __typeof__(archive_read_support_format_cab) *support_cab;
    __typeof__(archive_read_support_format_cpio) *support_cpio;
    __typeof__(archive_read_support_format_ar) *support_ar;
    __typeof__(archive_read_support_format_iso9660) *support_iso9660;
    __typeof__(archive_read_set_read_callback) *set_read;
    __typeof__(archive_read_set_seek_callback) *set_seek;
    __typeof__(archive_read_set_skip_callback) *set_skip;
    __typeof__(archive_read_set_callback_data) *set_data;
    __typeof__(archive_read_open1) *open;
    __typeof__(archive_read_next_header) *next_header;
    __typeof__(archive_read_data) *data;
    __typeof__(archive_set_error) *set_error;
    __typeof__(archive_entry_pathname) *pathname;
    __typeof__(archive_entry_symlink) *symlink;
    __typeof__(archive_entry_hardlink) *hardlink;
    __typeof__(archive_entry_filetype) *filetype;
    __typeof__(archive_entry_size) *size;
    __typeof__(archive_entry_size_is_set) *size_is_set;
    __typeof__(archive_entry_is_data_encrypted) *encrypted;
};

struct opened {
    struct api api;
    struct archive *archive;
    struct redan_ctx *ctx; /* of the call under way */
    struct redan_source *source;
    uint64_t pos;
    enum redan_status fail; /* why the source could not be read */
    char buffer[INPUT];
};

static enum redan_status load(struct redan_ctx *ctx, struct api *api)
{
    static const char *const sonames[] = {"libarchive.so.13", NULL};
    const struct redan_dl_symbol symbols[] = {
        {"archive_read_new", &api->create},
        {"archive_read_free", &api->destroy},
        {"archive_read_support_format_7zip", &api->support_7zip},
        {"archive_read_support_format_rar", &api->support_rar},
        {"archive_read_support_format_rar5", &api->support_rar5},
        {"archive_read_support_format_cab", &api->support_cab},
        {"archive_read_support_format_cpio", &api->support_cpio},
        {"archive_read_support_format_ar", &api->support_ar},
        {"archive_read_support_format_iso9660", &api->support_iso9660},
        {"archive_read_set_read_callback", &api->set_read},
        {"archive_read_set_seek_callback", &api->set_seek},
        {"archive_read_set_skip_callback", &api->set_skip},
        {"archive_read_set_callback_data", &api->set_data},
        {"archive_read_open1", &api->open},
        {"archive_read_next_header", &api->next_header},
        {"archive_read_data", &api->data},
        {"archive_set_error", &api->set_error},
        {"archive_entry_pathname", &api->pathname},
        {"archive_entry_symlink", &api->symlink},
        {"archive_entry_hardlink", &api->hardlink},
        {"archive_entry_filetype", &api->filetype},
        {"archive_entry_size", &api->size},
        {"archive_entry_size_is_set", &api->size_is_set},
        {"archive_entry_is_data_encrypted", &api->encrypted},
        {NULL, NULL},
    };

    REDAN_TRY(redan_dl_open(
        ctx, sonames, "such archives need libarchive: install the package libarchive13", &api->dl));
    return redan_dl_bind(ctx, &api->dl, symbols);
}

void redan_unpack_prepare(struct redan_ctx *ctx)
{
    struct api api = {.dl = {NULL}};

    if (load(ctx, &api) != REDAN_OK) /* told when such an archive is met */
        redan_fail_clear(ctx);
    redan_dl_done(&api.dl);
}

static la_ssize_t on_read(struct archive *archive, void *arg, const void **bytes)
{
    struct opened *it = arg;
    struct redan_slice view = {0};

    it->fail = redan_source_view(it->ctx, it->source, it->pos, INPUT, &view);
    if (it->fail != REDAN_OK) {
        it->api.set_error(archive, EIO, "the source cannot be read");
        return ARCHIVE_FATAL;
    }
    if (view.len)
        memcpy(it->buffer, view.at, view.len); /* it must outlive other views */
    it->pos += view.len;
    *bytes = it->buffer;
    return (la_ssize_t)view.len;
}

static la_int64_t on_seek(struct archive *archive, void *arg, la_int64_t offset, int whence)
{
    struct opened *it = arg;
    uint64_t from = whence == SEEK_CUR ? it->pos : whence == SEEK_END ? it->source->size : 0;
    int64_t to = 0;

    if (from > INT64_MAX || __builtin_add_overflow((int64_t)from, offset, &to) || to < 0) {
        it->api.set_error(archive, EINVAL, "an offset outside of the archive");
        return ARCHIVE_FATAL;
    }
    it->pos = (uint64_t)to > it->source->size ? it->source->size : (uint64_t)to;
    return (la_int64_t)it->pos;
}

static la_int64_t on_skip(struct archive *archive, void *arg, la_int64_t request)
{
    struct opened *it = arg;
    uint64_t left = it->source->size - it->pos;
    uint64_t step = request < 0 ? 0 : (uint64_t)request < left ? (uint64_t)request : left;

    (void)archive;
    it->pos += step;
    return (la_int64_t)step;
}

static void close_archive(struct redan_ctx *ctx, struct opened *it)
{
    if (it->archive) {
        it->ctx = ctx;
        (void)it->api.destroy(it->archive);
    }
    redan_dl_done(&it->api.dl);
    redan_unpack_give(&ctx->mem, it);
}

static bool set_up(struct opened *it)
{
    struct api *api = &it->api;
    struct archive *a = api->create();

    it->archive = a;
    return a && api->support_7zip(a) >= ARCHIVE_WARN && api->support_rar(a) >= ARCHIVE_WARN &&
           api->support_rar5(a) >= ARCHIVE_WARN && api->support_cab(a) >= ARCHIVE_WARN &&
           api->support_cpio(a) >= ARCHIVE_WARN && api->support_ar(a) >= ARCHIVE_WARN &&
           api->support_iso9660(a) >= ARCHIVE_WARN && api->set_read(a, on_read) == ARCHIVE_OK &&
           api->set_seek(a, on_seek) == ARCHIVE_OK && api->set_skip(a, on_skip) == ARCHIVE_OK &&
           api->set_data(a, it) == ARCHIVE_OK;
}

/* REDAN_E_SYNTAX, unrecorded, when it is no such archive. */
static enum redan_status open_archive(struct redan_ctx *ctx, struct redan_source *source,
                                      struct opened **opened)
{
    struct opened *it = redan_unpack_take(&ctx->mem, sizeof(*it));
    uint64_t size = 0;

    if (!it)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory to read an archive");
    it->api = (struct api){.dl = {NULL}};
    it->archive = NULL;
    it->ctx = ctx;
    it->source = source;
    it->pos = 0;
    it->fail = REDAN_OK;
    enum redan_status status = redan_source_measure(ctx, source, &size);
    if (status == REDAN_OK)
        status = load(ctx, &it->api);
    if (status == REDAN_OK && !set_up(it))
        status = redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory to read an archive");
    if (status == REDAN_OK && it->api.open(it->archive) < ARCHIVE_WARN)
        status = it->fail != REDAN_OK ? it->fail : REDAN_E_SYNTAX;
    if (status != REDAN_OK) {
        close_archive(ctx, it);
        return status;
    }
    *opened = it;
    return REDAN_OK;
}

/* The next header; *over at the end. REDAN_E_SYNTAX, unrecorded, where it is damaged. */
static enum redan_status next_header(struct opened *it, struct archive_entry **entry, bool *over)
{
    int said = ARCHIVE_RETRY;

    for (int i = 0; said == ARCHIVE_RETRY && i < RETRIES; i++)
        said = it->api.next_header(it->archive, entry);
    *over = said == ARCHIVE_EOF;
    if (said == ARCHIVE_EOF || said == ARCHIVE_OK || said == ARCHIVE_WARN)
        return REDAN_OK;
    return it->fail != REDAN_OK ? it->fail : REDAN_E_SYNTAX;
}

static struct redan_archive_entry describe(const struct api *api, struct archive_entry *entry,
                                           uint64_t index)
{
    const char *symbolic = api->symlink(entry);
    const char *hard = api->hardlink(entry);
    la_int64_t size = api->size_is_set(entry) ? api->size(entry) : -1;

    return (struct redan_archive_entry){.index = index,
                                        .name = redan_slice_of(api->pathname(entry)),
                                        .link = redan_slice_of(symbolic ? symbolic : hard),
                                        .size = size < 0 ? REDAN_SOURCE_UNKNOWN : (uint64_t)size,
                                        .regular = api->filetype(entry) == AE_IFREG ||
                                                   api->filetype(entry) == 0,
                                        .hard = !symbolic && hard,
                                        .encrypted = api->encrypted(entry) != 0};
}

enum redan_status redan_archive_each(struct redan_ctx *ctx, struct redan_source *source,
                                     uint64_t most, redan_archive_listener *tell, void *arg,
                                     bool *all)
{
    struct opened *it = NULL;
    struct archive_entry *entry = NULL;
    bool over = false;

    *all = true;
    REDAN_TRY(open_archive(ctx, source, &it));
    enum redan_status status = REDAN_OK;
    for (uint64_t i = 0; status == REDAN_OK; i++) {
        status = next_header(it, &entry, &over);
        *all = over || i < most;
        if (status != REDAN_OK || over || i == most)
            break;
        struct redan_archive_entry told = describe(&it->api, entry, i);
        status = tell(arg, &told);
    }
    close_archive(ctx, it);
    return status;
}

/* Passing over an entry may mean to unpack it: that counts as unpacked. */
static bool charge(struct redan_source *source, const struct redan_archive_entry *entry)
{
    if (!source->budget || entry->size == REDAN_SOURCE_UNKNOWN)
        return true;
    if (source->budget->left < entry->size)
        return false;
    source->budget->left -= entry->size;
    return true;
}

static enum redan_status begin(struct redan_ctx *ctx, struct redan_source *packed,
                               const struct redan_part *part, void **state)
{
    struct opened *it = NULL;
    struct archive_entry *entry = NULL;
    bool over = false;
    enum redan_status status = open_archive(ctx, packed, &it);

    if (status == REDAN_E_SYNTAX)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "no archive is there");
    REDAN_TRY(status);
    for (uint64_t i = 0; i <= part->index && status == REDAN_OK && !over; i++) {
        status = next_header(it, &entry, &over);
        if (status != REDAN_OK || over || i == part->index)
            break;
        struct redan_archive_entry passed = describe(&it->api, entry, i);
        if (!charge(packed, &passed))
            status = redan_fail(ctx, REDAN_E_LIMIT, 0,
                                "the bytes that unpacking one artefact may yield are used up");
    }
    if (status == REDAN_OK && !over) {
        *state = it;
        return REDAN_OK;
    }
    close_archive(ctx, it);
    return redan_fail(ctx, status == REDAN_OK ? REDAN_E_SYNTAX : status, 0,
                      "the archive has no entry %llu that can be read",
                      (unsigned long long)part->index);
}

static enum redan_step step(void *state, struct redan_step_io *io)
{
    struct opened *it = state;
    la_ssize_t got = ARCHIVE_RETRY;

    it->ctx = io->ctx;
    for (int i = 0; got == ARCHIVE_RETRY && i < RETRIES; i++)
        got = it->api.data(it->archive, io->out, io->room);
    if (got == 0)
        return REDAN_STEP_END;
    if (got < 0)
        return it->fail != REDAN_OK ? REDAN_STEP_FAILED : REDAN_STEP_DAMAGED;
    io->out += got;
    io->room -= redan_min_size((size_t)got, io->room);
    return REDAN_STEP_MORE;
}

static void done(struct redan_ctx *ctx, void *state)
{
    close_archive(ctx, state);
}

const struct redan_decoder redan_decoder_archive = {
    .begin = begin, .step = step, .done = done, .pulls = true};
