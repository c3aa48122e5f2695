/* SPDX-License-Identifier: ISC */
/* Babel packets as bytes (RFC 8966 4, RFC 9079 7): one table of TLVs with a reader and a writer each. Knows nothing of
 * neighbours and routes; what the TLVs of one packet share (the parser state, 4.5) lives in the reader and writer. */
#ifndef HEARTH_PROTO_BABEL_WIRE_H
#define HEARTH_PROTO_BABEL_WIRE_H

#include "base/cursor.h"
#include "proto/babel/babel.h"

enum tlv_type {
	TLV_PAD1 = 0,
	TLV_PADN = 1,
	TLV_ACK_REQUEST = 2,
	TLV_ACK = 3,
	TLV_HELLO = 4,
	TLV_IHU = 5,
	TLV_ROUTER_ID = 6,
	TLV_NEXT_HOP = 7,
	TLV_UPDATE = 8,
	TLV_ROUTE_REQUEST = 9,
	TLV_SEQNO_REQUEST = 10,
	TLV_COUNT
};

/* Address encodings (RFC 8966 4.1.4). AE 4, IPv4 with an IPv6 next hop (RFC 9229), would be one more row in the table
 * of wire.c; until then it is unknown, and its TLVs are ignored. */
enum ae { AE_WILDCARD = 0, AE_IPV4 = 1, AE_IPV6 = 2, AE_LINKLOCAL = 3, AE_COUNT };

enum { ROUTER_ID_LEN = 8 };

/* One TLV. Which fields count, the type says; those without meaning are zero. */
struct message {
	enum tlv_type type;
	bool wildcard;     /* AE 0: IHU to whoever hears it, retraction or request of everything */
	bool unicast;      /* Hello: counts among the unicast ones */
	uint8_t hop_count; /* seqno request */
	uint16_t opaque;   /* acknowledgment (request) */
	uint16_t seqno;    /* Hello, update, seqno request */
	uint16_t metric;   /* update; rxcost of an IHU */
	uint16_t interval; /* centiseconds */
	uint8_t router_id[ROUTER_ID_LEN];
	struct babel_key key; /* update, requests */
	struct ip addr;       /* IHU: for whom; next hop; update: the next hop in force (IP_ANY in a retraction) */
};

/* What later TLVs of a packet take from earlier ones (RFC 8966 4.5). */
struct wire_state {
	bool has_router_id;
	uint8_t router_id[ROUTER_ID_LEN];
	bool has_prefix[AE_COUNT];
	struct ip prefix[AE_COUNT]; /* the default prefix, with zeros behind it */
	bool has_hop[2];
	struct ip hop[2]; /* next hop for IPv4, for IPv6 */
};

struct wire_reader {
	struct cursor body;
	struct wire_state state;
};

enum wire_result {
	WIRE_END,       /* no further TLV */
	WIRE_MESSAGE,   /* one to act upon */
	WIRE_NOTHING,   /* padding, or one that only changed the state */
	WIRE_UNKNOWN,   /* a type we do not know */
	WIRE_MANDATORY, /* has a sub-TLV that we would have to know */
	WIRE_IGNORED,   /* one that the RFC tells to ignore */
	WIRE_MALFORMED, /* not Babel: the whole packet is to be dropped */
};

/* Prepares for reading a packet from `from`: false if the header is wrong. The trailer (RFC 8966 4.2) is what follows
 * the body; it is handed out unread, for the MAC of RFC 8967. */
bool babel_wire_open(struct wire_reader *, const struct ip *from, const uint8_t *data, size_t len,
                     struct cursor *trailer);

/* The next TLV. `out` is set only for WIRE_MESSAGE. */
enum wire_result babel_wire_read(struct wire_reader *, struct message *out);

enum { WIRE_HEADER = 4, WIRE_PACKET = 1452 /* the largest packet ever written */ };

struct wire_writer {
	struct cursor out;
	struct wire_state state;
	uint8_t data[WIRE_PACKET];
};

/* An empty packet of at most `size` bytes. */
void babel_wire_begin(struct wire_writer *, size_t size);

/* Appends one TLV, for an update also the Router-Id and Next Hop TLVs that it needs. False if there is no room; the
 * packet is then as before. */
bool babel_wire_write(struct wire_writer *, const struct message *);

/* Fills in the header and returns the length of the packet; 0 if it has no TLV. */
size_t babel_wire_finish(struct wire_writer *);

/* The header of a packet with `body` bytes of TLVs. */
void babel_wire_put_header(uint8_t to[WIRE_HEADER], size_t body);

/* The length of a TLV alone, for those that share nothing, written to `to`; 0 if it does not fit. */
size_t babel_wire_write_single(uint8_t *to, size_t size, const struct message *);

const char *babel_wire_name(enum tlv_type);

#endif
