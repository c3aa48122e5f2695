/* SPDX-License-Identifier: ISC */
/* A home in one process, for unit tests: whole routers (home/) on links that carry every packet after a millisecond, in
 * virtual time. Interfaces are numbered as their links, so link 3 is interface 3 on every router. */
#ifndef HEARTH_TEST_HOME_NET_H
#define HEARTH_TEST_HOME_NET_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "home/router.h"

enum { NET_ROUTERS = 12, NET_LINKS = 16, NET_LATENCY = 1, NET_BLOBS = 4 };

struct net_packet {
	struct net_packet *next;
	msec at;
	unsigned to; /* router */
	struct router_packet packet;
	uint8_t data[];
};

struct net_blob {
	uint8_t *data;
	size_t len;
};

struct net_router {
	struct net *net;
	unsigned number;
	struct router *router; /* NULL: off */
	bool on_link[NET_LINKS];
	struct net_blob disk[NET_BLOBS];
	unsigned plans; /* given so far */
};

struct net {
	msec now;
	struct prng prng;
	struct random_source random;
	struct net_router routers[NET_ROUTERS];
	struct net_packet *packets; /* by time */
	uint64_t sent;
	bool cut[NET_LINKS]; /* carries nothing, and nobody is told */
	bool trace;
	void (*tap)(struct net *, unsigned from, const struct router_packet *); /* sees what is sent; may be NULL */
};

static inline struct ip net_linklocal(unsigned router, unsigned link)
{
	return (struct ip) { { 0xfe, 0x80, [13] = (uint8_t)link, [15] = (uint8_t)(router + 1) } };
}

static inline void net_send(void *ctx, const struct router_packet *p)
{
	struct net_router *from = ctx;
	struct net *n = from->net;

	n->sent++;
	if (n->tap)
		n->tap(n, from->number, p);
	for (unsigned i = 0; i < NET_ROUTERS; i++) {
		struct ip addr = net_linklocal(i, p->link);
		if (i == from->number || !n->routers[i].router || !n->routers[i].on_link[p->link] || n->cut[p->link])
			continue;
		if (!p->multicast && !ip_equal(&addr, &p->addr))
			continue;
		struct net_packet *q = mem_new(1, sizeof(*q) + p->len), **at = &n->packets;
		memcpy(q->data, p->data, p->len);
		q->at = n->now + NET_LATENCY;
		q->to = i;
		q->packet = *p;
		q->packet.data = q->data;
		q->packet.addr = net_linklocal(from->number, p->link);
		q->packet.port = p->proto == ROUTER_HNCP ? HNCP_PORT : p->proto == ROUTER_BABEL ? BABEL_PORT : 0;
		q->packet.hop_limit = p->proto == ROUTER_ICMP6 ? 255 : 1;
		while (*at && (*at)->at <= q->at)
			at = &(*at)->next;
		q->next = *at;
		*at = q;
	}
}

static inline void net_plan(void *ctx, const struct plan *plan)
{
	struct net_router *r = ctx;

	(void)plan;
	r->plans++;
}

static inline unsigned net_blob_number(const char *name)
{
	for (unsigned i = 0; i < router_state_count; i++)
		if (strcmp(router_state_names[i], name) == 0)
			return i;
	abort();
}

static inline void net_store(void *ctx, const char *name, const uint8_t *data, size_t len)
{
	struct net_router *r = ctx;
	struct net_blob *b = &r->disk[net_blob_number(name)];

	free(b->data);
	b->data = mem_copy(data, len);
	b->len = len;
}

static inline void net_event(void *ctx, const struct event *e)
{
	const struct net_router *r = ctx;
	char line[EVENT_LINE];

	if (r->net->trace)
		printf("%8lld r%u %s\n", (long long)r->net->now, r->number, event_text(e, line));
}

static inline struct net *net_new(uint64_t seed)
{
	struct net *n = NEW(struct net);

	n->now = 1000;
	n->prng.state = seed;
	n->random = prng_source(&n->prng);
	n->trace = getenv("TRACE") != NULL;
	for (unsigned i = 0; i < NET_ROUTERS; i++)
		n->routers[i] = (struct net_router) { .net = n, .number = i };
	return n;
}

static inline void net_set_link(struct net *n, unsigned i, unsigned link, enum hncp_category category, bool up)
{
	struct net_router *r = &n->routers[i];
	struct router_link l = { .link = link,
		                 .category = category,
		                 .up = up,
		                 .mac = { 2, 0, 0, (uint8_t)link, 0, (uint8_t)(i + 1) },
		                 .mtu = 1500,
		                 .linklocal = net_linklocal(i, link) };

	snprintf(l.name, sizeof(l.name), "l%u", link);
	r->on_link[link] = up;
	router_link_set(r->router, n->now, &l);
}

/* Switches router `i` on, with what its disk remembers. */
static inline struct router *net_boot(struct net *n, unsigned i)
{
	struct net_router *r = &n->routers[i];
	const struct router_env env = { .ctx = r,
		                        .random = n->random,
		                        .events = { .fn = net_event, .ctx = r },
		                        .send = net_send,
		                        .plan = net_plan,
		                        .store = net_store };
	char name[16];

	snprintf(name, sizeof(name), "r%u", i);
	r->router = router_new(name, &env, n->now);
	for (unsigned b = 0; b < NET_BLOBS; b++)
		if (r->disk[b].data &&
		    !router_restore(r->router, n->now, router_state_names[b], r->disk[b].data, r->disk[b].len))
			abort();
	router_start(r->router, n->now);
	return r->router;
}

/* As by a power cut, or after a goodbye. */
static inline void net_kill(struct net *n, unsigned i)
{
	router_free(n->routers[i].router);
	n->routers[i].router = NULL;
	memset(n->routers[i].on_link, 0, sizeof(n->routers[i].on_link));
}

static inline void net_wipe(struct net *n, unsigned i)
{
	for (unsigned b = 0; b < NET_BLOBS; b++) {
		free(n->routers[i].disk[b].data);
		n->routers[i].disk[b] = (struct net_blob) { 0 };
	}
}

/* Makes router `i`, which is off, remember to be called `id` and the generated prefixes its home had (len 0: none). */
static inline void net_identity(struct net *n, unsigned i, uint32_t id, const struct prefix *ula,
                                const struct prefix *ipv4)
{
	struct net_blob *b = &n->routers[i].disk[net_blob_number("identity")];
	uint8_t data[128] = { 0 };
	struct cursor c = cursor_writer(data, sizeof(data));

	cursor_put_u8(&c, 1); /* the layout is home/state.c's: one that changes is refused at the next boot, loudly */
	cursor_put_u32(&c, id);
	for (uint8_t k = 0; k < 16; k++)
		cursor_put_u8(&c, (uint8_t)(i + k + 1));
	cursor_put(&c, ula->ip.b, sizeof(ula->ip.b));
	cursor_put_u8(&c, ula->len);
	cursor_put(&c, ipv4->ip.b, sizeof(ipv4->ip.b));
	cursor_put_u8(&c, ipv4->len);
	free(b->data);
	b->len = cursor_done(&c);
	b->data = mem_copy(data, b->len);
}

static inline void net_free(struct net *n)
{
	for (unsigned i = 0; i < NET_ROUTERS; i++) {
		net_kill(n, i);
		net_wipe(n, i);
	}
	for (struct net_packet *q = n->packets, *next; q; q = next) {
		next = q->next;
		free(q);
	}
	free(n);
}

static inline void net_deliver(struct net *n)
{
	while (n->packets && n->packets->at <= n->now) {
		struct net_packet *q = n->packets;
		struct net_router *r = &n->routers[q->to];
		n->packets = q->next;
		if (r->router && r->on_link[q->packet.link])
			router_input(r->router, n->now, &q->packet);
		free(q);
	}
}

/* Lets `span` milliseconds pass. */
static inline void net_run(struct net *n, msec span)
{
	msec until = n->now + span;

	for (;;) {
		msec next = n->packets ? n->packets->at : MSEC_NEVER;
		for (unsigned i = 0; i < NET_ROUTERS; i++)
			if (n->routers[i].router)
				next = MIN(next, router_deadline(n->routers[i].router));
		if (next > until)
			break;
		n->now = MAX(n->now, next);
		net_deliver(n);
		for (unsigned i = 0; i < NET_ROUTERS; i++)
			if (n->routers[i].router && router_deadline(n->routers[i].router) <= n->now)
				router_run(n->routers[i].router, n->now);
	}
	n->now = until;
}

/* An uplink of router `i` on its interface `link` (external): one delegated prefix, a gateway. */
static inline struct uplink net_uplink(unsigned link, const char *prefix, msec until)
{
	struct uplink up = { .link = link, .prefix_count = 1, .gateway6 = { { 0xfe, 0x80, [15] = 0xee } } };

	snprintf(up.name, sizeof(up.name), "up%u", link);
	if (!prefix_parse(prefix, &up.prefixes[0].prefix))
		abort();
	up.prefixes[0].valid_until = up.prefixes[0].preferred_until = until;
	return up;
}

/* The applied prefixes inside `delegated` on `link`, as router `i` has them; how many, the last in `out`. */
static inline size_t net_applied(const struct net *n, unsigned i, unsigned link, const struct prefix *delegated,
                                 struct prefix *out)
{
	size_t count = 0;

	for (const struct pa_assignment *a = NULL; (a = pa_next(router_pa(n->routers[i].router), a));) {
		if (!a->applied || a->link != link || !prefix_contains(delegated, &a->prefix))
			continue;
		*out = a->prefix;
		count++;
	}
	return count;
}

/* The planned route of router `i` with that destination and source and the least metric; NULL if there is none. */
static inline const struct plan_route *net_route(const struct net *n, unsigned i, const struct prefix *dst,
                                                 const struct prefix *src)
{
	const struct plan *p = router_plan(n->routers[i].router);

	for (size_t k = 0; k < p->route_count; k++)
		if (prefix_equal(&p->routes[k].dst, dst) && prefix_equal(&p->routes[k].src, src))
			return &p->routes[k];
	return NULL;
}

#endif
