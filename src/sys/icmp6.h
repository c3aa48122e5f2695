/* SPDX-License-Identifier: ISC */
/* The ICMPv6 socket of a router: Router Solicitations in, Router Advertisements out. */
#ifndef HEARTH_SYS_ICMP6_H
#define HEARTH_SYS_ICMP6_H

#include "sys/datagram.h"
#include "sys/loop.h"

struct icmp6;

/* `fn` gets Router Solicitations, from the ICMPv6 header on, checksum proven by the kernel; it is for the protocol to
 * look at the hop limit (RFC 4861 6.1.1). NULL with errno. */
struct icmp6 *icmp6_open(struct loop *, datagram_fn *fn, void *ctx);
void icmp6_close(struct icmp6 *);

/* Becomes one of the routers (ff02::2) on interface `link`, or no longer. False with errno. */
bool icmp6_join(struct icmp6 *, uint32_t link);
bool icmp6_leave(struct icmp6 *, uint32_t link);

/* Sends an ICMPv6 message out of interface `link` with hop limit 255, to all nodes (ff02::1) if `to` is NULL; the
 * kernel fills the checksum in. False with errno, counted. */
bool icmp6_send(struct icmp6 *, uint32_t link, const struct ip *to, const void *data, size_t len);

const struct datagram_stats *icmp6_stats(const struct icmp6 *);

#endif
