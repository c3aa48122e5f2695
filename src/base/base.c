/* SPDX-License-Identifier: ISC */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void base_panic(const char *file, int line, const char *what)
{
	fprintf(stderr, "hearth: internal error at %s:%d: %s\n", file, line, what);
	abort();
}

void *mem_new(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	ASSERT(p);
	return p;
}

void *mem_resize(void *old, size_t n, size_t size)
{
	size_t bytes;

	ASSERT(!__builtin_mul_overflow(n, size, &bytes));
	void *p = realloc(old, bytes ? bytes : 1);
	ASSERT(p);
	return p;
}

void *mem_copy(const void *from, size_t len)
{
	if (!len)
		return NULL;
	void *p = mem_new(1, len);
	memcpy(p, from, len);
	return p;
}
