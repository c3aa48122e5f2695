/* SPDX-License-Identifier: ISC */
#include "base/random.h"

uint64_t random_u64(const struct random_source *r)
{
	uint64_t high = random_u32(r);

	return high << 32 | random_u32(r);
}

uint32_t random_below(const struct random_source *r, uint32_t n)
{
	/* Multiply and take the high word; what would favour some results is drawn again. */
	uint64_t m = (uint64_t)random_u32(r) * n;

	if ((uint32_t)m < n) {
		uint32_t unfair = -n % n;
		while ((uint32_t)m < unfair)
			m = (uint64_t)random_u32(r) * n;
	}
	return (uint32_t)(m >> 32);
}

msec random_between(const struct random_source *r, msec low, msec high)
{
	ASSERT(low <= high && high - low < UINT32_MAX);
	return low + random_below(r, (uint32_t)(high - low) + 1);
}

static uint32_t prng_next(void *ctx)
{
	struct prng *p = ctx;
	uint64_t z = (p->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) >> 32);
}

struct random_source prng_source(struct prng *p)
{
	return (struct random_source) { .next = prng_next, .ctx = p };
}
