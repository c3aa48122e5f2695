/* SPDX-License-Identifier: ISC */
#include "base/cursor.h"

#include <string.h>

struct cursor cursor_reader(const void *data, size_t len)
{
	/* The const is kept by `readonly`, which every write checks. */
	uint8_t *p = (uint8_t *)(uintptr_t)data;

	ASSERT(p || !len);
	return (struct cursor) { .start = p, .at = p, .end = p ? p + len : p, .readonly = true };
}

struct cursor cursor_writer(void *data, size_t size)
{
	uint8_t *p = data;

	ASSERT(p || !size);
	return (struct cursor) { .start = p, .at = p, .end = p ? p + size : p };
}

/* The place of the next `len` bytes, or NULL with the error set. */
static uint8_t *step(struct cursor *c, size_t len)
{
	if (c->error || (size_t)(c->end - c->at) < len) {
		c->error = true;
		return NULL;
	}
	uint8_t *p = c->at;
	if (len)
		c->at += len;
	return p;
}

static uint8_t *step_write(struct cursor *c, size_t len)
{
	ASSERT(!c->readonly);
	return step(c, len);
}

const uint8_t *cursor_take(struct cursor *c, size_t len)
{
	return step(c, len);
}

struct cursor cursor_sub(struct cursor *c, size_t len)
{
	const uint8_t *p = step(c, len);
	struct cursor sub = cursor_reader(p, p ? len : 0);

	sub.error = c->error;
	return sub;
}

static uint64_t get(struct cursor *c, size_t len)
{
	const uint8_t *p = step(c, len);
	uint64_t v = 0;

	if (!p)
		return 0;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t cursor_get_u8(struct cursor *c)
{
	return (uint8_t)get(c, 1);
}

uint16_t cursor_get_u16(struct cursor *c)
{
	return (uint16_t)get(c, 2);
}

uint32_t cursor_get_u32(struct cursor *c)
{
	return (uint32_t)get(c, 4);
}

uint64_t cursor_get_u64(struct cursor *c)
{
	return get(c, 8);
}

void cursor_get(struct cursor *c, void *to, size_t len)
{
	const uint8_t *p = step(c, len);

	if (!len)
		return;
	if (p)
		memcpy(to, p, len);
	else
		memset(to, 0, len);
}

void cursor_skip(struct cursor *c, size_t len)
{
	(void)step(c, len);
}

static void put(struct cursor *c, uint64_t v, size_t len)
{
	uint8_t *p = step_write(c, len);

	if (!p)
		return;
	for (size_t i = len; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

void cursor_put_u8(struct cursor *c, uint8_t v)
{
	put(c, v, 1);
}

void cursor_put_u16(struct cursor *c, uint16_t v)
{
	put(c, v, 2);
}

void cursor_put_u32(struct cursor *c, uint32_t v)
{
	put(c, v, 4);
}

void cursor_put_u64(struct cursor *c, uint64_t v)
{
	put(c, v, 8);
}

void cursor_put(struct cursor *c, const void *from, size_t len)
{
	uint8_t *p = step_write(c, len);

	if (p && len)
		memcpy(p, from, len);
}

void cursor_put_zero(struct cursor *c, size_t len)
{
	uint8_t *p = step_write(c, len);

	if (p && len)
		memset(p, 0, len);
}

void cursor_patch_u16(struct cursor *c, size_t offset, uint16_t v)
{
	if (c->error)
		return;
	ASSERT(!c->readonly && offset + 2 <= cursor_done(c));
	c->start[offset] = (uint8_t)(v >> 8);
	c->start[offset + 1] = (uint8_t)v;
}

void cursor_rewind(struct cursor *c, size_t offset)
{
	ASSERT(offset <= cursor_done(c));
	c->at = c->start + offset;
	c->error = false;
}
