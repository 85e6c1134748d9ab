/* What a pickle does, as text: the events of the machine in one line, for tests. */
#ifndef REDAN_TESTS_PICKLE_FIXTURE_H
#define REDAN_TESTS_PICKLE_FIXTURE_H

#include "base/buf.h"
#include "format/pickle.h"

/* Reads the bytes and adds "import os.system@2; call os.system('id'); end stop" to `said`. */
enum redan_status pickle_said(struct redan_ctx *ctx, struct redan_slice bytes,
                              struct redan_buf *said);
enum redan_status pickle_said_of(struct redan_ctx *ctx, struct redan_source *source,
                                 struct redan_buf *said);
void pickle_say_value(struct redan_pickle *pickle, const struct redan_pickle_value *value,
                      unsigned depth, struct redan_buf *said);

#endif
