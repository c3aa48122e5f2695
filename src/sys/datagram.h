/* SPDX-License-Identifier: ISC */
/* What UDP and ICMPv6 sockets share: one received datagram with what is known about it, reading in batches, sending
 * out of a given interface. */
#ifndef HEARTH_SYS_DATAGRAM_H
#define HEARTH_SYS_DATAGRAM_H

#include "base/ip.h"
#include "sys/loop.h"

/* `data` lives only during the call. */
struct datagram {
	uint32_t link; /* where it came in */
	struct ip from;
	uint16_t from_port; /* 0 for ICMPv6 */
	struct ip to;
	bool multicast; /* `to` is a group */
	uint8_t hops;   /* hop limit left in it: 255 means from this very link */
	const uint8_t *data;
	size_t len;
};

/* Must not close the socket that it is called for. */
typedef void datagram_fn(void *ctx, msec now, const struct datagram *);

struct datagram_stats {
	uint64_t received;
	uint64_t malformed; /* cut short, or without the interface it came by */
	uint64_t dropped;   /* by the kernel, since the socket's buffer was full */
	uint64_t sent;
	uint64_t send_failed;
	int last_send_error; /* errno */
};

enum {
	DATAGRAM_MAX = 65535,
	DATAGRAM_BATCH = 8,  /* read by one system call */
	DATAGRAM_BURST = 32, /* read before the loop gets its turn again */
};

/* A socket that the loop reads: what `struct udp` and `struct icmp6` have in common. */
struct datagram_reader;
struct datagram_socket {
	int fd;
	struct loop_watch *watch;
	struct datagram_reader *reader; /* buffers of its own; untouched ones cost no memory */
	struct datagram_stats stats;
	datagram_fn *fn;
	void *ctx;
};

/* Takes over `fd`, non-blocking and set up, and begins to read: up to DATAGRAM_BURST datagrams in each round of the
 * loop; `fn` gets each. The socket must stay where it is until datagram_socket_close(). */
void datagram_socket_start(struct datagram_socket *, struct loop *, int fd, datagram_fn *fn, void *ctx);
void datagram_socket_close(struct datagram_socket *);

/* Closes `fd`, which could not be set up, without touching errno. */
void datagram_give_up(int fd);

/* Sends out of interface `link`, from an address of the kernel's choice. False with errno, counted. */
bool datagram_send(struct datagram_socket *, uint32_t link, const struct ip *to, uint16_t port, const void *data,
                   size_t len);

/* Socket options that every one of ours has: interface, destination and hop limit of what is received, count of what
 * was dropped, only the groups it joined, no loop back of multicasts, `hops` for multicasts (and, if `unicast_hops`,
 * for the rest), a receive buffer of `rcvbuf` bytes, traffic class CS6. False with errno. */
bool datagram_setup(int fd, int hops, bool unicast_hops, int rcvbuf);

/* Joins or leaves `group` on interface `link`; joining twice is fine. False with errno. */
bool datagram_join(int fd, uint32_t link, const struct ip *group);
bool datagram_leave(int fd, uint32_t link, const struct ip *group);

#endif
