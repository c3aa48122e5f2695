/* SPDX-License-Identifier: ISC */
#include "sys/icmp6.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* RFC 4861 4.1 and 4.2: anything less has crossed a router. */
enum { HOPS = 255, RECEIVE_BUFFER = 1 << 18 };

static const struct ip all_nodes = { { 0xff, 0x02, [15] = 1 } };
static const struct ip all_routers = { { 0xff, 0x02, [15] = 2 } };

struct icmp6 {
	int fd;
	struct loop_watch *watch;
	struct datagram_reader *reader;
	struct datagram_stats stats;
	datagram_fn *fn;
	void *ctx;
};

static void on_readable(void *ctx, msec now, unsigned ready)
{
	struct icmp6 *s = ctx;

	(void)ready;
	datagram_read(s->reader, s->fd, now, &s->stats, s->fn, s->ctx);
}

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
		int error = errno;
		close(fd);
		errno = error;
		return NULL;
	}
	struct icmp6 *s = NEW(struct icmp6);
	*s = (struct icmp6) { .fd = fd, .fn = fn, .ctx = ctx };
	s->reader = datagram_reader_new();
	s->watch = loop_watch_new(loop, fd, LOOP_READ, on_readable, s);
	return s;
}

void icmp6_close(struct icmp6 *s)
{
	if (!s)
		return;
	loop_watch_free(s->watch);
	datagram_reader_free(s->reader);
	close(s->fd);
	free(s);
}

bool icmp6_join(struct icmp6 *s, uint32_t link)
{
	return datagram_join(s->fd, link, &all_routers);
}

bool icmp6_leave(struct icmp6 *s, uint32_t link)
{
	return datagram_leave(s->fd, link, &all_routers);
}

bool icmp6_send(struct icmp6 *s, uint32_t link, const struct ip *to, const void *data, size_t len)
{
	return datagram_send(s->fd, &s->stats, link, to ? to : &all_nodes, 0, data, len);
}

const struct datagram_stats *icmp6_stats(const struct icmp6 *s)
{
	return &s->stats;
}
