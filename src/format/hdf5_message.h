/* Inside format: the messages of an HDF5 object header, one after another through all of its blocks. */
#ifndef REDAN_FORMAT_HDF5_MESSAGE_H
#define REDAN_FORMAT_HDF5_MESSAGE_H

#include "format/hdf5.h"

struct redan_hdf5_block {
    struct redan_hdf5_block *next;
    uint64_t address;
    uint64_t size;
};

struct redan_hdf5_messages {
    struct redan_hdf5 *h;
    uint64_t address;
    uint64_t at, left; /* in this block */
    struct redan_hdf5_block *first, *last;
    unsigned blocks;
    uint8_t version, flags;
    bool broken;
    bool
        look; /* a second look at a header that others read as well: blocks are counted, not noted */
};

struct redan_hdf5_message {
    uint16_t type;
    uint8_t flags;
    uint64_t offset; /* of its data, relative to the base */
    uint64_t size;
};

/* What is damaged is told, and gives no messages. */
REDAN_NODISCARD enum redan_status redan_hdf5_messages_init(struct redan_hdf5_messages *m,
                                                           struct redan_hdf5 *h, uint64_t address);
REDAN_NODISCARD enum redan_status redan_hdf5_messages_next(struct redan_hdf5_messages *m,
                                                           struct redan_hdf5_message *message,
                                                           bool *any);

#endif
