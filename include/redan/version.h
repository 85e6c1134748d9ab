/* The version of program and library. */
#ifndef REDAN_VERSION_H
#define REDAN_VERSION_H

#define REDAN_VERSION "0.1.0"

#endif
