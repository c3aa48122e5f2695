/* SPDX-License-Identifier: ISC */
/* What all fuzz targets share. A target is one file of fuzz/ with LLVMFuzzerTestOneInput(): the parsers get the input
 * as it is, the cores read it as a list of steps, a byte of what to do and then what that needs. Reading past the end
 * gives zeros, so every input means something. */
#ifndef HEARTH_FUZZ_FUZZ_H
#define HEARTH_FUZZ_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/ip.h"
#include "base/random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A core is to be done with an instant after so many runs; if it is not, it spins. */
enum { FUZZ_RUNS_MAX = 64 };

/* More steps than these add nothing but time. */
enum { FUZZ_STEPS_MAX = 100 };

/* A number below `n` (1 to 65,536) from the input. */
static inline uint32_t fuzz_pick(struct cursor *in, uint32_t n)
{
	return (n > 256 ? cursor_get_u16(in) : cursor_get_u8(in)) % n;
}

/* A copy of the next bytes, with their length before them (16 bits; what is missing is not there): exactly as large as
 * it says, so that the sanitizer sees who reads past it. The caller's to free; never NULL. */
static inline uint8_t *fuzz_bytes(struct cursor *in, size_t *len)
{
	*len = cursor_get_u16(in);
	*len = MIN(*len, cursor_left(in));
	uint8_t *copy = mem_new(1, MAX(*len, 1));
	if (*len)
		memcpy(copy, cursor_take(in, *len), *len);
	return *len ? copy : mem_resize(copy, 1, 1);
}

/* Datagrams on their way between cores of one target, first in, first out. */
struct fuzz_packet {
	struct fuzz_packet *next;
	void *to;
	uint32_t link;
	bool multicast;
	size_t len;
	uint8_t data[];
};

struct fuzz_queue {
	struct fuzz_packet *first, **last;
};

static inline void fuzz_queue_put(struct fuzz_queue *q, void *to, uint32_t link, bool multicast, const uint8_t *data,
                                  size_t len)
{
	struct fuzz_packet *p = mem_new(1, sizeof(*p) + len);

	*p = (struct fuzz_packet) { .to = to, .link = link, .multicast = multicast, .len = len };
	memcpy(p->data, data, len);
	if (!q->first)
		q->last = &q->first;
	*q->last = p;
	q->last = &p->next;
}

/* The caller's to free; NULL if there is none. */
static inline struct fuzz_packet *fuzz_queue_take(struct fuzz_queue *q)
{
	struct fuzz_packet *p = q->first;

	if (p)
		q->first = p->next;
	return p;
}

static inline void fuzz_queue_free(struct fuzz_queue *q)
{
	for (struct fuzz_packet *p; (p = fuzz_queue_take(q));)
		free(p);
}

#endif
