/* SPDX-License-Identifier: ISC */
/* Memory that is freed all at once: a view or a plan lives in one arena and dies with it. */
#ifndef HEARTH_BASE_ARENA_H
#define HEARTH_BASE_ARENA_H

#include "base/base.h"

struct arena_block;

/* A zeroed arena is empty and ready. */
struct arena {
	struct arena_block *blocks;
};

/* Zeroed memory for `n` things of `size` bytes, owned by the arena; never NULL. */
void *arena_alloc(struct arena *, size_t n, size_t size);

/* A copy of `len` bytes in the arena; NULL if `len` is 0. */
void *arena_copy(struct arena *, const void *from, size_t len);

/* A copy of a string in the arena. */
char *arena_strdup(struct arena *, const char *);

/* Makes room for one more in an array that the arena holds: returns it or a larger copy. `n` is how many it has. The
 * room doubles, so what is thrown away stays below what is kept. */
void *arena_grow(struct arena *, void *array, size_t n, size_t size);

void arena_free(struct arena *);

/* A new last element, zeroed, of the array `at` of `n` elements that arena `a` holds; both are updated. */
#define ARENA_PUSH(a, at, n)                                                                                           \
	__extension__({                                                                                                \
		(at) = arena_grow((a), (at), (n), sizeof(*(at)));                                                      \
		&(at)[(n)++];                                                                                          \
	})

#endif
