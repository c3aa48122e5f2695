/* SPDX-License-Identifier: ISC */
#include "sys/entropy.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static uint32_t next(void *ctx)
{
	struct sys_random *r = ctx;
	uint32_t n;

	/* Up to 256 bytes getrandom() gives whole and without interruption, once the pool is initialised. */
	while (r->left < sizeof(n)) {
		ssize_t got = getrandom(r->pool, sizeof(r->pool), 0);
		ASSERT(got == (ssize_t)sizeof(r->pool) || (got < 0 && errno == EINTR));
		if (got > 0)
			r->left = (size_t)got;
	}
	r->left -= sizeof(n);
	memcpy(&n, r->pool + r->left, sizeof(n));
	explicit_bzero(r->pool + r->left, sizeof(n)); /* what was drawn may become a secret */
	return n;
}

struct random_source sys_random_source(struct sys_random *pool)
{
	return (struct random_source) { .next = next, .ctx = pool };
}
