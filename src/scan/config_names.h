/* What the dotted name of a configuration's target or tag stands for. */
#ifndef REDAN_SCAN_CONFIG_NAMES_H
#define REDAN_SCAN_CONFIG_NAMES_H

#include "base/slice.h"

struct redan_slice redan_config_first(struct redan_slice dotted); /* "a" of "a.b.c" */
struct redan_slice redan_config_last(struct redan_slice dotted);  /* "c" of "a.b.c" */
/* Of a module that runs code, and not one of its harmless parts. */
bool redan_config_fatal(struct redan_slice dotted);
/* Harmless, though of such a module. */
bool redan_config_fine(struct redan_slice dotted);
/* Of a library that models are made with, and none of its functions that load or run what they are given. */
bool redan_config_known(struct redan_slice dotted);

#endif
