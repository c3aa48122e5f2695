/* SPDX-License-Identifier: ISC */
#include <ctype.h>

#include "proto/tlv/tlv.h"
#include "replay.h"

static void put_hex(struct words *w, struct cursor *out, const char *text, size_t len)
{
	unsigned value = 0, digits = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.')
			continue;
		if (!isxdigit((unsigned char)text[i]))
			words_wrong(w, "hexadecimal digits");
		value = value << 4 |
		        (unsigned)(isdigit((unsigned char)text[i]) ? text[i] - '0' : (text[i] | 32) - 'a' + 10);
		if (++digits % 2 == 0)
			cursor_put_u8(out, (uint8_t)value);
	}
	if (digits % 2)
		words_wrong(w, "an even number of hexadecimal digits");
}

/* The HNCP-Version of a router without capabilities, whose user agent is "x". */
static void put_version(struct cursor *out)
{
	static const uint8_t value[] = { 0, 0, 0, 0, 'x' };

	tlv_put(out, HNCP_TLV_VERSION, value, sizeof(value));
}

/* TYPE:HEX, or TYPE:HEX{ with TLVs in it up to a }. */
static void put_tlv(struct words *w, struct cursor *out, const char *word)
{
	char *colon;
	unsigned long type = strtoul(word, &colon, 10);
	size_t len = strlen(word);

	if (*colon != ':' || type > UINT16_MAX)
		words_wrong(w, "a TLV is TYPE:HEX");
	bool nested = word[len - 1] == '{';
	size_t begun = tlv_begin(out, (uint16_t)type);
	put_hex(w, out, colon + 1, (size_t)(word + len - nested - colon - 1));
	if (nested)
		tlv_pad(out, begun);
	while (nested && !words_accept(w, "}"))
		put_tlv(w, out, words_take(w, "a TLV or }"));
	tlv_end(out, begun);
}

void tlv_words(struct words *w, struct cursor *out)
{
	for (const char *word; (word = words_next(w));) {
		if (strcmp(word, "version") == 0)
			put_version(out);
		else if (strncmp(word, "raw:", 4) == 0)
			put_hex(w, out, word + 4, strlen(word + 4));
		else
			put_tlv(w, out, word);
	}
	if (!cursor_ok(out))
		words_wrong(w, "too much for one node's data");
}
