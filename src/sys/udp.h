/* SPDX-License-Identifier: ISC */
/* The UDP socket of a link-local protocol: one for all interfaces. */
#ifndef HEARTH_SYS_UDP_H
#define HEARTH_SYS_UDP_H

#include "sys/datagram.h"
#include "sys/loop.h"

struct udp_config {
	uint16_t port;
	struct ip group;
	int multicast_hops; /* 1 for Babel (RFC 8966 4.1) and HNCP: nothing of theirs is for other links */
	int rcvbuf;         /* bytes; tried with SO_RCVBUFFORCE, so that a neighbour's full table fits */
};

struct udp;

/* Binds [::]:port, IPv6 only, alone: EADDRINUSE says that another daemon of the protocol runs. `fn` gets what comes in,
 * from any source: it is for the protocol to look at link-local source, port and hop limit. NULL with errno. */
struct udp *udp_open(struct loop *, const struct udp_config *, datagram_fn *fn, void *ctx);
void udp_close(struct udp *);

/* Takes part in the group on interface `link`, or no longer. An interface that goes is left by itself. False with
 * errno. */
bool udp_join(struct udp *, uint32_t link);
bool udp_leave(struct udp *, uint32_t link);

/* Sends out of interface `link`, to the group at the protocol's port if `to` is NULL. Never blocks; false with errno,
 * counted. Callers wait for a ready link-local address (link_state), or the kernel may take another as source. */
bool udp_send(struct udp *, uint32_t link, const struct ip *to, uint16_t port, const void *data, size_t len);

const struct datagram_stats *udp_stats(const struct udp *);

#endif
