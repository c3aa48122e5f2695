/* SPDX-License-Identifier: ISC */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096 };

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	max_align_t data[];
};

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	size_t want;

	ASSERT(!__builtin_mul_overflow(n, size, &want) && want < SIZE_MAX - 2 * BLOCK);
	want = (want + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	struct arena_block *b = a->blocks;
	if (!b || b->size - b->used < want) {
		size_t room = MAX(want, (size_t)BLOCK - sizeof(*b));
		b = mem_new(1, sizeof(*b) + room);
		b->size = room;
		b->next = a->blocks;
		a->blocks = b;
	}
	void *p = (char *)b->data + b->used;
	b->used += want;
	return p;
}

void *arena_copy(struct arena *a, const void *from, size_t len)
{
	if (!len)
		return NULL;
	return memcpy(arena_alloc(a, 1, len), from, len);
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_copy(a, s, strlen(s) + 1);
}

void *arena_grow(struct arena *a, void *array, size_t n, size_t size)
{
	/* Room is always a power of two, so only at those counts is there none left. */
	if (n & (n - 1))
		return array;
	void *larger = arena_alloc(a, n ? 2 * n : 1, size);
	if (n)
		memcpy(larger, array, n * size);
	return larger;
}

void arena_free(struct arena *a)
{
	for (struct arena_block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	a->blocks = NULL;
}
