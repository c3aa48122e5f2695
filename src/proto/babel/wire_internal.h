/* SPDX-License-Identifier: ISC */
/* What wire.c, wire_read.c and wire_write.c share. */
#ifndef HEARTH_PROTO_BABEL_WIRE_INTERNAL_H
#define HEARTH_PROTO_BABEL_WIRE_INTERNAL_H

#include "proto/babel/wire.h"

enum { WIRE_MAGIC = 42, WIRE_VERSION = 2 };
enum { SUB_PAD1 = 0, SUB_PADN = 1, SUB_SOURCE_PREFIX = 128, SUB_MANDATORY = 0x80 };
enum { HELLO_UNICAST = 0x8000 };
enum { UPDATE_PREFIX = 0x80, UPDATE_ROUTER_ID = 0x40 };

/* How an address encoding puts 128 bits on the wire: `octets` of them, from `at`; the ones before are `implied`. */
struct ae_format {
	bool known;
	uint8_t octets;
	uint8_t at;
	uint8_t base; /* bits that our prefix length counts but Plen does not */
	bool v4;
	bool compress;
	const struct ip *implied;
};

/* The format of an AE that has addresses, or NULL. */
const struct ae_format *babel_wire_ae(unsigned ae);

struct tlv_format {
	const char *name;
	uint8_t least; /* octets of body, without sub-TLVs */
	bool source;   /* may carry a source prefix (RFC 9079 7) */
	/* Reads the body and takes over what the parser state gains from it. NULL: skipped whole. */
	enum wire_result (*read)(struct wire_state *, struct cursor *, struct message *, uint8_t *ae);
	/* Writes the body. */
	void (*write)(struct wire_state *, struct cursor *, const struct message *);
};

extern const struct tlv_format babel_tlv_formats[TLV_COUNT];

enum wire_result babel_read_ack_request(struct wire_state *, struct cursor *, struct message *, uint8_t *ae);
enum wire_result babel_read_ack(struct wire_state *, struct cursor *, struct message *, uint8_t *ae);
enum wire_result babel_read_hello(struct wire_state *, struct cursor *, struct message *, uint8_t *ae);
enum wire_result babel_read_ihu(struct wire_state *, struct cursor *, struct message *, uint8_t *ae);
enum wire_result babel_read_router_id(struct wire_state *, struct cursor *, struct message *, uint8_t *ae);
enum wire_result babel_read_next_hop(struct wire_state *, struct cursor *, struct message *, uint8_t *ae);
enum wire_result babel_read_update(struct wire_state *, struct cursor *, struct message *, uint8_t *ae);
enum wire_result babel_read_route_request(struct wire_state *, struct cursor *, struct message *, uint8_t *ae);
enum wire_result babel_read_seqno_request(struct wire_state *, struct cursor *, struct message *, uint8_t *ae);

void babel_write_ack_request(struct wire_state *, struct cursor *, const struct message *);
void babel_write_ack(struct wire_state *, struct cursor *, const struct message *);
void babel_write_hello(struct wire_state *, struct cursor *, const struct message *);
void babel_write_ihu(struct wire_state *, struct cursor *, const struct message *);
void babel_write_router_id(struct wire_state *, struct cursor *, const struct message *);
void babel_write_next_hop(struct wire_state *, struct cursor *, const struct message *);
void babel_write_update(struct wire_state *, struct cursor *, const struct message *);
void babel_write_route_request(struct wire_state *, struct cursor *, const struct message *);
void babel_write_seqno_request(struct wire_state *, struct cursor *, const struct message *);

#endif
