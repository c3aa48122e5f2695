/* SPDX-License-Identifier: ISC */
/* Randomness as an argument: cores draw from the source they are given. */
#ifndef HEARTH_BASE_RANDOM_H
#define HEARTH_BASE_RANDOM_H

#include "base/base.h"

/* Where a core gets random numbers: the kernel's in hearthd, a seeded generator in tests and the simulator. */
struct random_source {
	uint32_t (*next)(void *ctx);
	void *ctx;
};

static inline uint32_t random_u32(const struct random_source *r)
{
	return r->next(r->ctx);
}

uint64_t random_u64(const struct random_source *);

/* Evenly from 0 to `n` - 1; 0 if `n` is 0. */
uint32_t random_below(const struct random_source *, uint32_t n);

/* Evenly from `low` to `high`, both included. */
msec random_between(const struct random_source *, msec low, msec high);

/* A small fast generator (splitmix64) that gives the same numbers for the same seed everywhere. Not for secrets. */
struct prng {
	uint64_t state;
};

/* A source that draws from `prng`, which must outlive it. */
struct random_source prng_source(struct prng *);

#endif
