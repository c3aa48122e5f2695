/* SPDX-License-Identifier: ISC */
/* The kernel's random numbers as a source for cores. (Not "random.h": with src/ in the include path that would hide the
 * C library's <sys/random.h>.) */
#ifndef HEARTH_SYS_ENTROPY_H
#define HEARTH_SYS_ENTROPY_H

#include "base/random.h"

/* A zeroed one is ready. */
struct sys_random {
	uint8_t pool[256];
	size_t left;
};

/* A source that draws from `pool`, which must outlive it. */
struct random_source sys_random_source(struct sys_random *pool);

#endif
