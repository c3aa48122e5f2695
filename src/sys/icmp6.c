/* SPDX-License-Identifier: ISC */
#include "sys/icmp6.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

/* RFC 4861 4.1 and 4.2: anything less has crossed a router. */
enum { HOPS = 255, RECEIVE_BUFFER = 1 << 18 };

static const struct ip all_nodes = { { 0xff, 0x02, [15] = 1 } };
static const struct ip all_routers = { { 0xff, 0x02, [15] = 2 } };

struct icmp6 {
	struct datagram_socket socket;
};

/* The kernel drops in the socket what is not a solicitation, so that a ping flood costs us nothing. */
static bool set_up(int fd)
{
	struct icmp6_filter filter;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_ROUTER_SOLICIT, &filter);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) == 0 &&
	       datagram_setup(fd, HOPS, true, RECEIVE_BUFFER);
}

struct icmp6 *icmp6_open(struct loop *loop, datagram_fn *fn, void *ctx)
{
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	if (fd < 0)
		return NULL;
	if (!set_up(fd)) {
		datagram_give_up(fd);
		return NULL;
	}
	struct icmp6 *s = NEW(struct icmp6);
	datagram_socket_start(&s->socket, loop, fd, fn, ctx);
	return s;
}

void icmp6_close(struct icmp6 *s)
{
	if (!s)
		return;
	datagram_socket_close(&s->socket);
	free(s);
}

bool icmp6_join(struct icmp6 *s, uint32_t link)
{
	return datagram_join(s->socket.fd, link, &all_routers);
}

bool icmp6_leave(struct icmp6 *s, uint32_t link)
{
	return datagram_leave(s->socket.fd, link, &all_routers);
}

bool icmp6_send(struct icmp6 *s, uint32_t link, const struct ip *to, const void *data, size_t len)
{
	return datagram_send(&s->socket, link, to ? to : &all_nodes, 0, data, len);
}

const struct datagram_stats *icmp6_stats(const struct icmp6 *s)
{
	return &s->socket.stats;
}
