/* SPDX-License-Identifier: ISC */
/* Babel (RFC 8966) with source-specific routes (RFC 9079), as the homenet profile wants it (RFC 9080). A pure core. */
#ifndef HEARTH_PROTO_BABEL_BABEL_H
#define HEARTH_PROTO_BABEL_BABEL_H

#include "base/event.h"
#include "base/ip.h"
#include "base/random.h"

enum { BABEL_PORT = 6696, BABEL_INFINITY = 0xffff };

/* What a route leads to: a destination and, for IPv6, the sources it is for (::/0 if all; for IPv4 PREFIX_ALL4). */
struct babel_key {
	struct prefix dst;
	struct prefix src;
};

struct babel_conf {
	/* Neither all zeros nor all ones, and best a new one at each start: the seqno is not kept over a restart, and
	 * under an old router-id one that is behind may be unfeasible to others for minutes (RFC 8966 3.5.1). */
	uint8_t router_id[8];
};

struct babel_interface_conf {
	struct ip linklocal; /* our address there */
	struct ip ipv4;  /* our IPv4 address there, IP_ANY if none: without one no IPv4 routes are announced there */
	bool wireless;   /* ETX instead of 2-out-of-3 (RFC 8966 A.2) */
	uint16_t rxcost; /* nominal; 0 = 96 wired, 256 wireless */
	msec hello_interval;  /* 0 = 4 s */
	msec update_interval; /* 0 = 4 times the above */
	size_t mtu;           /* of the link; packets stay below it (0 = 1280) */
};

/* A selected route. */
struct babel_route {
	struct babel_key key;
	uint8_t router_id[8];
	uint16_t metric; /* BABEL_INFINITY: lost, but held (RFC 8966 3.5.4), so that packets are dropped and do not
	                  * follow a wider prefix */
	uint32_t link;
	struct ip via; /* the neighbour's address: link-local for IPv6 routes, IPv4 for IPv4 ones */
};

struct babel_neighbour {
	uint32_t link;
	struct ip addr;
	uint16_t rxcost;
	uint16_t txcost;
	uint16_t cost;
	unsigned routes;
	msec since;
};

struct babel_env {
	void *ctx;
	struct random_source random;
	struct event_sink events;
	/* A packet for `link`: to ff02::1:6 if `to` is NULL; hop limit 1; from and to port 6696. */
	void (*send)(void *ctx, uint32_t link, const struct ip *to, const uint8_t *data, size_t len);
	/* Selected routes changed (a mere change of metric is not told); the caller reads them with babel_route_next()
	 * when it suits. Called at the end of an input or run; must not call back except for reading. */
	void (*changed)(void *ctx);
	/* The Hellos of a neighbour have not come for so long that it counts as gone. May be NULL; must not call back.
	 */
	void (*neighbour_lost)(void *ctx, uint32_t link, const struct ip *addr);
};

#define BABEL_COUNTERS(X)                                                                                              \
	X(RX, "received")                                                                                              \
	X(TX, "sent")                                                                                                  \
	X(TX_BYTES, "sent-bytes")                                                                                      \
	X(MALFORMED, "malformed-packet")                                                                               \
	X(BAD_PORT, "wrong-source-port")                                                                               \
	X(BAD_ADDR, "not-link-local")                                                                                  \
	X(BAD_TLV, "malformed-tlv")                                                                                    \
	X(UNKNOWN_TLV, "unknown-tlv")                                                                                  \
	X(MANDATORY, "unknown-mandatory-sub-tlv")                                                                      \
	X(UNFEASIBLE, "unfeasible-update")                                                                             \
	X(OWN_ECHO, "update-of-our-own")                                                                               \
	X(NEIGHBOUR_LIMIT, "too-many-neighbours")                                                                      \
	X(ROUTE_LIMIT, "too-many-routes")                                                                              \
	X(SEQNO_REQUESTS, "seqno-requests-sent")                                                                       \
	X(RETRACTIONS, "retractions-sent")

enum babel_counter {
#define X(name, text) BABEL_COUNT_##name,
	BABEL_COUNTERS(X)
#undef X
	        BABEL_COUNTER_COUNT
};

extern const char *const babel_counter_names[BABEL_COUNTER_COUNT];

struct babel;

struct babel *babel_new(const struct babel_conf *, const struct babel_env *, msec now);
void babel_free(struct babel *);

/* Starts speaking on `link` (an interface index, not 0), or takes up a changed configuration there. */
void babel_interface_set(struct babel *, msec now, uint32_t link, const struct babel_interface_conf *);
/* Stops there: neighbours and routes through it are gone at once. Unknown links are no error. */
void babel_interface_remove(struct babel *, msec now, uint32_t link);

/* Somebody who knows says that the neighbour at `addr` no longer hears us: its routes are not used from now on, unless
 * and until it says by an IHU that it does. An unknown neighbour is no error. */
void babel_neighbour_lost(struct babel *, msec now, uint32_t link, const struct ip *addr);

/* A datagram that came in on `link`. `to_multicast` tells which of our addresses it was for. */
void babel_input(struct babel *, msec now, uint32_t link, const struct ip *from, uint16_t from_port, bool to_multicast,
                 const uint8_t *data, size_t len);
msec babel_deadline(const struct babel *);
void babel_run(struct babel *, msec now);

/* Announces a route of our own with `metric` (0 is usual), until babel_withdraw(). Repeating it with another metric
 * changes it; repeating it unchanged does nothing. */
void babel_originate(struct babel *, msec now, const struct babel_key *, uint16_t metric);
void babel_withdraw(struct babel *, msec now, const struct babel_key *);
/* All that we announce is exactly `keys` (metric 0): originates and withdraws the difference. */
void babel_originate_all(struct babel *, msec now, const struct babel_key *keys, size_t count);

/* Says goodbye: retracts what we announce, tells every neighbour so that it forgets us at once (RFC 8966 3.4.1: IHU
 * with infinite rxcost, and retractions). Nothing is sent after it. */
void babel_goodbye(struct babel *, msec now);

/* The selected routes of others by key; NULL gives the first, NULL comes after the last. */
const struct babel_route *babel_route_next(const struct babel *, const struct babel_route *after);
/* The selected route of others with that key; NULL if there is none. */
const struct babel_route *babel_route_find(const struct babel *, const struct babel_key *);
const struct babel_neighbour *babel_neighbour_next(const struct babel *, const struct babel_neighbour *after);
uint64_t babel_counter(const struct babel *, enum babel_counter);

#endif
