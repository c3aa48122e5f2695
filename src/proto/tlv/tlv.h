/* SPDX-License-Identifier: ISC */
/* Type-length-value objects as DNCP has them (RFC 7787 section 7): 16 bits of type, 16 of length, the value, and zeros
 * up to the next 4-byte boundary, which the length does not count. */
#ifndef HEARTH_PROTO_TLV_TLV_H
#define HEARTH_PROTO_TLV_TLV_H

#include "base/cursor.h"

enum { TLV_HEADER = 4, TLV_ALIGN = 4 };

/* One TLV as read: `raw` is the whole object with header and padding, as it came. */
struct tlv {
	uint16_t type;
	uint16_t len;
	const uint8_t *value;
	const uint8_t *raw;
	size_t raw_len;
};

/* Reads the next TLV from `c`. False at the end (cursor_finished() then) or if what is left is no whole TLV (the cursor
 * then has failed). Padding bytes must be there but may have any value; the padding of a last TLV may be missing when
 * TLVs are nested and the container counts only its value (RFC 7787 7: "padding SHOULD be zero"). */
bool tlv_next(struct cursor *c, struct tlv *out);

/* True if the whole of `data` is well-formed TLVs. */
bool tlv_valid(const void *data, size_t len);

/* A reader over the value. */
static inline struct cursor tlv_reader(const struct tlv *t)
{
	return cursor_reader(t->value, t->len);
}

/* Starts a TLV and returns its place, for tlv_end(), which pads it and fills in the length. In between the value is
 * written with cursor_put...(), and may contain TLVs itself. A value over 65,535 bytes is an error of the cursor. */
size_t tlv_begin(struct cursor *c, uint16_t type);
void tlv_end(struct cursor *c, size_t begun);

/* Pads with zeros to the 4-byte boundary counted from the value of the TLV begun at `begun`: needed before nested TLVs
 * that follow a value of variable length (RFC 7788 10). */
void tlv_pad(struct cursor *c, size_t begun);

/* A whole TLV in one go. */
void tlv_put(struct cursor *c, uint16_t type, const void *value, size_t len);

#endif
