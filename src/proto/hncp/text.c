/* SPDX-License-Identifier: ISC */
#include "proto/hncp/text.h"

#include <string.h>

#include "proto/hncp/hncp.h"

enum { LABELS_MAX = 255 }; /* RFC 1035 2.3.4 */

/* Octets of the UTF-8 character at `text` (RFC 3629: shortest form, no surrogates); 0 if it is none or a control. */
static size_t printable_char(const uint8_t *text, size_t len)
{
	/* by number of following octets: the bits of the first that say so, and the least character so encoded */
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0x20 }, { 0xe0, 0xc0, 0xa0 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	for (size_t more = 0; more < ARRAY_LEN(forms); more++) {
		if ((text[0] & forms[more].mask) != forms[more].lead)
			continue;
		uint32_t c = text[0] & (uint8_t)~forms[more].mask;
		if (len <= more)
			return 0;
		for (size_t i = 1; i <= more; i++) {
			if ((text[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (text[i] & 0x3f);
		}
		bool bad = c < forms[more].least || c == 0x7f || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff;
		return bad ? 0 : more + 1;
	}
	return 0;
}

bool hncp_text_is_printable(const uint8_t *text, size_t len)
{
	for (size_t i = 0, step; i < len; i += step) {
		step = printable_char(text + i, len - i);
		if (!step)
			return false;
	}
	return true;
}

bool hncp_text_is_node_name(const uint8_t *name, size_t len)
{
	return len > 0 && len <= HNCP_NAME_MAX && !memchr(name, ' ', len) && !memchr(name, '.', len) &&
	       hncp_text_is_printable(name, len);
}

size_t hncp_text_labels_len(const uint8_t *data, size_t len)
{
	struct cursor c = cursor_reader(data, MIN(len, (size_t)LABELS_MAX));

	while (cursor_left(&c)) {
		uint8_t label = cursor_get_u8(&c);
		if (label == 0)
			return cursor_done(&c);
		const uint8_t *text = cursor_take(&c, label);
		if (label > HNCP_NAME_MAX || !text || !hncp_text_is_printable(text, label))
			return 0;
	}
	return 0;
}

bool hncp_labels_valid(const uint8_t *data, size_t len)
{
	return len > 0 && hncp_text_labels_len(data, len) == len;
}
