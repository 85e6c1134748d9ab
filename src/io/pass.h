/* Open descriptors handed from one process to another, unix(7) SCM_RIGHTS. */
#ifndef REDAN_IO_PASS_H
#define REDAN_IO_PASS_H

#include "base/slice.h"

enum {
    REDAN_PASS_FILES = 64,        /* of one message */
    REDAN_PASS_BYTES = 64 * 1024, /* of one message */
};

/* Two connected ends that keep messages apart. False and errno. */
bool redan_pass_pair(int ends[2]);
/* One message: bytes (at least one) and descriptors, which stay open here. False and errno; a peer that is gone is EPIPE, and no signal. */
bool redan_pass_send(int end, struct redan_slice bytes, const int *files, size_t count);
/* The next message. `len` is 0 when the peer is gone. False and errno; EMSGSIZE, with nothing left open, when it does not fit. */
bool redan_pass_receive(int end, char *bytes, size_t room, size_t *len, int *files, size_t most,
                        size_t *count);

#endif
