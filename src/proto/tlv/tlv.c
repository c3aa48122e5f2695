/* SPDX-License-Identifier: ISC */
#include "proto/tlv/tlv.h"

static size_t padding(size_t len)
{
	return -len % TLV_ALIGN;
}

bool tlv_next(struct cursor *c, struct tlv *out)
{
	if (!cursor_left(c))
		return false;
	const uint8_t *raw = c->at;
	uint16_t type = cursor_get_u16(c);
	uint16_t len = cursor_get_u16(c);
	const uint8_t *value = cursor_take(c, len);
	if (!cursor_ok(c))
		return false;
	cursor_skip(c, MIN(padding(len), cursor_left(c)));
	*out = (struct tlv) { .type = type, .len = len, .value = value, .raw = raw, .raw_len = (size_t)(c->at - raw) };
	return true;
}

bool tlv_valid(const void *data, size_t len)
{
	struct cursor c = cursor_reader(data, len);
	struct tlv t;

	while (tlv_next(&c, &t))
		;
	return cursor_finished(&c);
}

size_t tlv_begin(struct cursor *c, uint16_t type)
{
	size_t begun = cursor_done(c);

	cursor_put_u16(c, type);
	cursor_put_u16(c, 0);
	return begun;
}

void tlv_pad(struct cursor *c, size_t begun)
{
	cursor_put_zero(c, padding(cursor_done(c) - begun - TLV_HEADER));
}

void tlv_end(struct cursor *c, size_t begun)
{
	if (!cursor_ok(c))
		return;
	size_t len = cursor_done(c) - begun - TLV_HEADER;
	if (len > UINT16_MAX) {
		cursor_fail(c);
		return;
	}
	cursor_patch_u16(c, begun + 2, (uint16_t)len);
	tlv_pad(c, begun);
}

void tlv_put(struct cursor *c, uint16_t type, const void *value, size_t len)
{
	size_t begun = tlv_begin(c, type);

	cursor_put(c, value, len);
	tlv_end(c, begun);
}
