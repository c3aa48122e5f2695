/* SPDX-License-Identifier: ISC */
/* The one way to read and write bytes of the wire and of files.
 *
 * A cursor walks over a span of memory that it does not own. Reading or writing past the end sets a sticky error, after
 * which reads give zeros and writes do nothing: a parser reads everything it needs and asks once, at the end. All
 * integers are big-endian (network order). */
#ifndef HEARTH_BASE_CURSOR_H
#define HEARTH_BASE_CURSOR_H

#include "base/base.h"

struct cursor {
	uint8_t *start;
	uint8_t *at;
	uint8_t *end;
	bool readonly;
	bool error;
};

/* A cursor that reads `len` bytes at `data`; `data` may be NULL if `len` is 0. */
struct cursor cursor_reader(const void *data, size_t len);

/* A cursor that writes into `size` bytes at `data`. */
struct cursor cursor_writer(void *data, size_t size);

static inline bool cursor_ok(const struct cursor *c)
{
	return !c->error;
}

/* Marks the cursor as failed: for a value that was there but makes no sense. */
static inline void cursor_fail(struct cursor *c)
{
	c->error = true;
}

/* Bytes between the start and where we are. */
static inline size_t cursor_done(const struct cursor *c)
{
	return (size_t)(c->at - c->start);
}

/* Bytes still ahead; 0 after an error. */
static inline size_t cursor_left(const struct cursor *c)
{
	return c->error ? 0 : (size_t)(c->end - c->at);
}

/* True if everything was read and nothing was wrong. */
static inline bool cursor_finished(const struct cursor *c)
{
	return !c->error && c->at == c->end;
}

/* The next `len` bytes in place, and steps over them; NULL (and the error) if there are fewer. */
const uint8_t *cursor_take(struct cursor *c, size_t len);

/* A reader over the next `len` bytes, stepping over them; on error an empty reader that has failed too. */
struct cursor cursor_sub(struct cursor *c, size_t len);

uint8_t cursor_get_u8(struct cursor *c);
uint16_t cursor_get_u16(struct cursor *c);
uint32_t cursor_get_u32(struct cursor *c);
uint64_t cursor_get_u64(struct cursor *c);
/* Copies `len` bytes to `to`; zeros there on error. */
void cursor_get(struct cursor *c, void *to, size_t len);
void cursor_skip(struct cursor *c, size_t len);

void cursor_put_u8(struct cursor *c, uint8_t v);
void cursor_put_u16(struct cursor *c, uint16_t v);
void cursor_put_u32(struct cursor *c, uint32_t v);
void cursor_put_u64(struct cursor *c, uint64_t v);
void cursor_put(struct cursor *c, const void *from, size_t len);
void cursor_put_zero(struct cursor *c, size_t len);

/* Writes `v` at `offset` bytes from the start, where two bytes were written before (a length known only later). */
void cursor_patch_u16(struct cursor *c, size_t offset, uint16_t v);

/* Goes back to `offset` bytes from the start (at most what was done) and forgets an error after it. */
void cursor_rewind(struct cursor *c, size_t offset);

#endif
