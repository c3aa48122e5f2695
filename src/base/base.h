/* SPDX-License-Identifier: ISC */
/* The few words every file of Hearth uses: time, assertions, small arithmetic, memory. */
#ifndef HEARTH_BASE_BASE_H
#define HEARTH_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A time or a span in milliseconds. Times count from an arbitrary start that only moves forward (sys/ takes
 * CLOCK_BOOTTIME, the simulator its own clock); they are never wall-clock times. */
typedef int64_t msec;

#define MSEC_NEVER INT64_MAX

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

/* A lifetime in seconds as the wire has it (RFC 4861, 8415): all ones means for ever. */
#define LIFETIME_INFINITE UINT32_MAX

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* The struct of which `ptr` points at `member`; `type` says whether it is const. */
#define CONTAINER_OF(ptr, type, member) ((type *)((uintptr_t)(ptr)-offsetof(type, member)))

/* Stops the program with a message: for our own bugs, never for somebody's packet. Stays on in production. */
#define ASSERT(cond) ((cond) ? (void)0 : base_panic(__FILE__, __LINE__, #cond))

_Noreturn void base_panic(const char *file, int line, const char *what);

/* Zeroed memory for `n` things of `size` bytes; never NULL: running out is fatal, since every table that a peer can
 * grow has a limit and what is left is our own constant need. Free with free(). */
void *mem_new(size_t n, size_t size);

/* As realloc(), but never NULL for a size above 0. */
void *mem_resize(void *old, size_t n, size_t size);

/* A copy of `len` bytes (NULL if `len` is 0), owned by the caller. */
void *mem_copy(const void *from, size_t len);

#define NEW(type) ((type *)mem_new(1, sizeof(type)))

/* `at` moved by `by`, where either may be MSEC_NEVER. */
static inline msec msec_add(msec at, msec by)
{
	return at == MSEC_NEVER || by == MSEC_NEVER ? MSEC_NEVER : at + by;
}

/* Seconds left of something that ends at `until`, rounded down, 0 if over, LIFETIME_INFINITE if it never ends. */
static inline uint32_t msec_lifetime(msec until, msec now)
{
	if (until == MSEC_NEVER)
		return LIFETIME_INFINITE;
	if (until <= now)
		return 0;
	msec s = (until - now) / SECOND;
	return s >= LIFETIME_INFINITE ? LIFETIME_INFINITE - 1 : (uint32_t)s;
}

/* The time at which a lifetime received at `now` ends. */
static inline msec lifetime_until(uint32_t lifetime, msec now)
{
	return lifetime == LIFETIME_INFINITE ? MSEC_NEVER : now + (msec)lifetime * SECOND;
}

#endif
