/* SPDX-License-Identifier: ISC */
#include "sys/udp.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

struct udp {
	struct udp_config config;
	struct datagram_socket socket;
};

/* Neither SO_REUSEADDR nor SO_REUSEPORT: two daemons of one protocol would each get half of the unicasts. */
static bool set_up(int fd, const struct udp_config *config)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(config->port) };
	int on = 1;

	return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0 &&
	       datagram_setup(fd, config->multicast_hops, false, config->rcvbuf) &&
	       bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0;
}

struct udp *udp_open(struct loop *loop, const struct udp_config *config, datagram_fn *fn, void *ctx)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);

	if (fd < 0)
		return NULL;
	if (!set_up(fd, config)) {
		datagram_give_up(fd);
		return NULL;
	}
	struct udp *u = NEW(struct udp);
	u->config = *config;
	datagram_socket_start(&u->socket, loop, fd, fn, ctx);
	return u;
}

void udp_close(struct udp *u)
{
	if (!u)
		return;
	datagram_socket_close(&u->socket);
	free(u);
}

bool udp_join(struct udp *u, uint32_t link)
{
	return datagram_join(u->socket.fd, link, &u->config.group);
}

bool udp_leave(struct udp *u, uint32_t link)
{
	return datagram_leave(u->socket.fd, link, &u->config.group);
}

bool udp_send(struct udp *u, uint32_t link, const struct ip *to, uint16_t port, const void *data, size_t len)
{
	if (!to)
		return datagram_send(&u->socket, link, &u->config.group, u->config.port, data, len);
	return datagram_send(&u->socket, link, to, port, data, len);
}

const struct datagram_stats *udp_stats(const struct udp *u)
{
	return &u->socket.stats;
}
