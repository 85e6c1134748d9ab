/* Asks libredan for a descriptor with the verified bytes, and maps it. */
#include "signed.h"

#include <errno.h>
#include <redan/model.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"

enum { KEY_MAX = 65536 };

static enum redan_status refused(struct redan_ctx *ctx, enum redan_model_answer answer,
                                 const char *why)
{
    return redan_fail(ctx, answer == REDAN_MODEL_REFUSED ? REDAN_E_SIGNATURE : REDAN_E_IO, 0,
                      "the model is not loaded: %s", why);
}

/* A sealed descriptor cannot shrink, so its map cannot fault. */
static enum redan_status map(struct redan_ctx *ctx, int fd, struct fraud_signed *verified)
{
    struct stat st;
    void *bytes = MAP_FAILED;

    if (fstat(fd, &st) == 0 && st.st_size > 0)
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return redan_fail(ctx, REDAN_E_IO, 0, "the verified model cannot be mapped: %s",
                          strerror(errno));
    verified->bytes = (struct redan_slice){bytes, (size_t)st.st_size};
    return REDAN_OK;
}

static enum redan_status take(struct redan_ctx *ctx, const struct redan_trust *trust,
                              const char *path, const char *signature,
                              struct fraud_signed *verified)
{
    struct redan_model *model = NULL;
    enum redan_status status = REDAN_OK;
    int fd = -1;

    enum redan_model_answer answer = redan_model_open(path, signature, trust, &model);
    if (answer == REDAN_MODEL_VERIFIED)
        answer = redan_model_fd(model, NULL, &fd);
    if (answer == REDAN_MODEL_VERIFIED) {
        (void)snprintf(verified->root, sizeof(verified->root), "%s", redan_model_root(model));
        status = map(ctx, fd, verified);
        (void)close(fd);
    } else {
        status = refused(ctx, answer, redan_model_error(model));
    }
    redan_model_free(model);
    return status;
}

enum redan_status fraud_signed_open(struct redan_ctx *ctx, const char *model, const char *signature,
                                    const char *key, struct fraud_signed *verified)
{
    struct redan_slice pem;

    REDAN_TRY(redan_file_read(ctx, redan_slice_of(key), KEY_MAX, true, &pem));
    struct redan_trust *trust = redan_trust_new();
    if (!trust)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "out of memory");
    enum redan_status status =
        redan_trust_key(trust, pem.at, pem.len)
            ? take(ctx, trust, model, signature, verified)
            : redan_fail(ctx, REDAN_E_SYNTAX, 0, "%s: %s", key, redan_trust_error(trust));
    redan_trust_free(trust);
    return status;
}

void fraud_signed_done(struct fraud_signed *verified)
{
    if (verified->bytes.len)
        (void)munmap((void *)(uintptr_t)verified->bytes.at, verified->bytes.len);
    verified->bytes.len = 0;
}
