/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* recvmmsg, struct in6_pktinfo */
#include "sys/datagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29 /* Linux 4.20; not in glibc's header */
#endif

enum {
	CONTROL_ROOM = 128, /* packet info, hop limit, drop counter */
	CLASS_CS6 = 0xc0,   /* network control (RFC 4594 3.2) */
};

struct datagram_reader {
	struct mmsghdr messages[DATAGRAM_BATCH];
	struct iovec iov[DATAGRAM_BATCH];
	struct sockaddr_in6 from[DATAGRAM_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[DATAGRAM_BATCH][CONTROL_ROOM];
	uint32_t drops; /* the socket's own counter, which wraps */
	uint8_t data[DATAGRAM_BATCH][DATAGRAM_MAX];
};

/* Reads what the kernel tells beside the data into `d`; false if it did not tell the interface. */
static bool read_control(struct datagram_reader *r, struct msghdr *h, struct datagram *d, struct datagram_stats *stats)
{
	struct in6_pktinfo info = { 0 };
	uint32_t drops;
	int hops = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) {
			memcpy(&hops, CMSG_DATA(c), sizeof(hops));
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&drops, CMSG_DATA(c), sizeof(drops));
			stats->dropped += drops - r->drops;
			r->drops = drops;
		}
	}
	d->link = info.ipi6_ifindex;
	memcpy(d->to.b, &info.ipi6_addr, sizeof(d->to.b));
	d->multicast = ip_is_multicast(&d->to);
	d->hops = (uint8_t)hops;
	return d->link != 0;
}

/* Everything is set anew for each call: the kernel overwrites the lengths. */
static int read_batch(struct datagram_reader *r, int fd)
{
	for (size_t i = 0; i < DATAGRAM_BATCH; i++) {
		r->iov[i] = (struct iovec) { .iov_base = r->data[i], .iov_len = DATAGRAM_MAX };
		r->messages[i].msg_hdr = (struct msghdr) {
			.msg_name = &r->from[i],
			.msg_namelen = sizeof(r->from[i]),
			.msg_iov = &r->iov[i],
			.msg_iovlen = 1,
			.msg_control = r->control[i],
			.msg_controllen = CONTROL_ROOM,
		};
	}
	return recvmmsg(fd, r->messages, DATAGRAM_BATCH, MSG_DONTWAIT, NULL);
}

static void take(struct datagram_socket *s, msec now, int i)
{
	struct datagram_reader *r = s->reader;
	struct msghdr *h = &r->messages[i].msg_hdr;
	struct datagram d = {
		.from_port = ntohs(r->from[i].sin6_port),
		.data = r->data[i],
		.len = r->messages[i].msg_len,
	};
	bool known = read_control(r, h, &d, &s->stats);

	s->stats.received++;
	if (!known || h->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		s->stats.malformed++;
		return;
	}
	memcpy(d.from.b, &r->from[i].sin6_addr, sizeof(d.from.b));
	s->fn(s->ctx, now, &d);
}

static void on_readable(void *ctx, msec now, unsigned ready)
{
	struct datagram_socket *s = ctx;

	(void)ready;
	for (int done = 0; done < DATAGRAM_BURST; done += DATAGRAM_BATCH) {
		int n = read_batch(s->reader, s->fd);
		for (int i = 0; i < n; i++)
			take(s, now, i);
		if (n < DATAGRAM_BATCH)
			return;
	}
}

void datagram_socket_start(struct datagram_socket *s, struct loop *loop, int fd, datagram_fn *fn, void *ctx)
{
	*s = (struct datagram_socket) { .fd = fd, .fn = fn, .ctx = ctx };
	/* Half a megabyte of addresses: from calloc() it comes by mmap(), whose untouched pages take no memory. */
	s->reader = NEW(struct datagram_reader);
	s->watch = loop_watch_new(loop, fd, LOOP_READ, on_readable, s);
}

void datagram_socket_close(struct datagram_socket *s)
{
	loop_watch_free(s->watch);
	free(s->reader);
	close(s->fd);
}

void datagram_give_up(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
}

bool datagram_send(struct datagram_socket *s, uint32_t link, const struct ip *to, uint16_t port, const void *data,
                   size_t len)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = link };
	struct in6_pktinfo info = { .ipi6_ifindex = link }; /* also where `to` is not link-local */
	union {
		struct cmsghdr header;
		uint8_t room[CMSG_SPACE(sizeof(info))];
	} control = { .room = { 0 } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr h = {
		.msg_name = &sa,
		.msg_namelen = sizeof(sa),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	memcpy(&sa.sin6_addr, to->b, sizeof(to->b));
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	if (sendmsg(s->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len) {
		s->stats.sent++;
		return true;
	}
	s->stats.send_failed++;
	s->stats.last_send_error = errno;
	return false;
}

static bool set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

bool datagram_setup(int fd, int hops, bool unicast_hops, int rcvbuf)
{
	/* Without the right to force it the system's limit (net.core.rmem_max) decides: less, but no reason to stop. */
	if (!set(fd, SOL_SOCKET, SO_RCVBUFFORCE, rcvbuf))
		(void)set(fd, SOL_SOCKET, SO_RCVBUF, rcvbuf);
	(void)set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	(void)set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
	(void)set(fd, IPPROTO_IPV6, IPV6_TCLASS, CLASS_CS6);
	return set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) && set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) &&
	       set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) && set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops) &&
	       (!unicast_hops || set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops));
}

static bool membership(int fd, int option, uint32_t link, const struct ip *group)
{
	struct ipv6_mreq m = { .ipv6mr_interface = link };

	memcpy(&m.ipv6mr_multiaddr, group->b, sizeof(group->b));
	return setsockopt(fd, IPPROTO_IPV6, option, &m, sizeof(m)) == 0;
}

bool datagram_join(int fd, uint32_t link, const struct ip *group)
{
	return membership(fd, IPV6_JOIN_GROUP, link, group) || errno == EADDRINUSE;
}

bool datagram_leave(int fd, uint32_t link, const struct ip *group)
{
	return membership(fd, IPV6_LEAVE_GROUP, link, group);
}
