/* SPDX-License-Identifier: ISC */
/* Babel routers on links of a made-up network, in virtual time: for the unit tests of proto/babel. */
#ifndef HEARTH_TEST_BABEL_NET_H
#define HEARTH_TEST_BABEL_NET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/babel/babel.h"

enum { NET_ROUTERS = 24, NET_WIRES = 40, NET_KEYS = 64, NET_ROUTES = 128 };

struct net_router {
	struct net *net;
	struct babel *babel; /* NULL while it is off */
	unsigned lives;      /* how often it was started */
	bool wires[NET_WIRES];
	uint16_t costs[NET_WIRES];
	struct babel_key keys[NET_KEYS]; /* what it announces */
	size_t key_count;
	bool stale; /* its routes have changed since they were last copied */
	struct babel_route routes[NET_ROUTES];
	size_t route_count;
	unsigned changes;
	unsigned events[EVENT_KIND_COUNT];
	size_t sent;
	size_t sent_bytes;
};

struct net_wire {
	unsigned loss; /* percent */
	bool cut;
	bool wireless;
	msec hello;
};

struct net_packet {
	struct net_packet *next;
	msec at;
	unsigned wire, from, to;
	bool multicast;
	size_t len;
	uint8_t data[];
};

struct net {
	msec now;
	struct prng prng;
	struct random_source random;
	struct net_router routers[NET_ROUTERS];
	unsigned router_count;
	struct net_wire wires[NET_WIRES];
	struct net_packet *queue;
	bool same_id;                          /* a restarted router keeps its router-id */
	void (*changed)(struct net *, void *); /* after an event that changed routes */
	void *ctx;
	bool dirty;
	void (*tap)(struct net *, unsigned from, unsigned wire, const struct ip *to, const uint8_t *data, size_t len);
};

static inline struct ip net_ip(const char *text)
{
	struct ip ip;

	assert_true(ip_parse(text, &ip));
	return ip;
}

static inline struct prefix net_prefix(const char *text)
{
	struct prefix p;

	assert_true(prefix_parse(text, &p));
	return p;
}

static inline struct babel_key net_key(const char *dst, const char *src)
{
	struct babel_key k = { .dst = net_prefix(dst) };

	k.src = src ? net_prefix(src) : prefix_is_v4(&k.dst) ? PREFIX_ALL4 : PREFIX_ALL;
	return k;
}

static inline bool net_same_key(const struct babel_key *a, const struct babel_key *b)
{
	return prefix_equal(&a->dst, &b->dst) && prefix_equal(&a->src, &b->src);
}

static inline struct ip net_linklocal(unsigned router, unsigned wire)
{
	return (struct ip) { { 0xfe, 0x80, [12] = 1, [13] = (uint8_t)wire, [15] = (uint8_t)(router + 1) } };
}

static inline struct ip net_ipv4(unsigned router, unsigned wire)
{
	return ip_from_v4((uint8_t[4]) { 10, 255, (uint8_t)wire, (uint8_t)(router + 1) });
}

static inline void net_send(void *ctx, uint32_t link, const struct ip *to, const uint8_t *data, size_t len)
{
	struct net_router *r = ctx;
	struct net *net = r->net;
	unsigned from = (unsigned)(r - net->routers), wire = link - 1;

	r->sent++;
	r->sent_bytes += len;
	assert_true(link >= 1 && wire < NET_WIRES && r->wires[wire]);
	assert_true(len > 4 && len <= 1500 - 48);
	if (net->tap)
		net->tap(net, from, wire, to, data, len);
	for (unsigned i = 0; i < net->router_count; i++) {
		struct ip addr = net_linklocal(i, wire);
		if (i == from || !net->routers[i].wires[wire] || (to && !ip_equal(to, &addr)))
			continue;
		if (net->wires[wire].cut || random_below(&net->random, 100) < net->wires[wire].loss)
			continue;
		struct net_packet *p = malloc(sizeof(*p) + len);
		*p = (struct net_packet) { .at = net->now + random_between(&net->random, 0, 2),
			                   .wire = wire,
			                   .from = from,
			                   .to = i,
			                   .multicast = !to,
			                   .len = len };
		memcpy(p->data, data, len);
		struct net_packet **at = &net->queue;
		while (*at && (*at)->at <= p->at)
			at = &(*at)->next;
		p->next = *at;
		*at = p;
	}
}

static inline void net_changed(void *ctx)
{
	struct net_router *r = ctx;

	r->stale = true;
	r->changes++;
	r->net->dirty = true;
}

static inline void net_event(void *ctx, const struct event *e)
{
	struct net_router *r = ctx;

	r->events[e->kind]++;
}

static inline void net_init(struct net *net, uint64_t seed)
{
	memset(net, 0, sizeof(*net));
	net->prng.state = seed;
	net->random = prng_source(&net->prng);
	net->now = 1000;
}

static inline void net_free(struct net *net)
{
	for (unsigned i = 0; i < net->router_count; i++)
		babel_free(net->routers[i].babel);
	for (struct net_packet *p; (p = net->queue);) {
		net->queue = p->next;
		free(p);
	}
}

static inline void net_interface(struct net *net, unsigned router, unsigned wire)
{
	struct net_router *r = &net->routers[router];
	struct babel_interface_conf conf = { .linklocal = net_linklocal(router, wire),
		                             .ipv4 = net_ipv4(router, wire),
		                             .wireless = net->wires[wire].wireless,
		                             .rxcost = r->costs[wire],
		                             .hello_interval = net->wires[wire].hello,
		                             .mtu = 1500 };

	babel_interface_set(r->babel, net->now, wire + 1, &conf);
}

/* Turns a router on, with the interfaces and keys it has. */
static inline void net_start(struct net *net, unsigned router)
{
	struct net_router *r = &net->routers[router];
	struct babel_conf conf = { .router_id = { 2, 0, 0, 0, 0, 0, 0, (uint8_t)(router + 1) } };
	struct babel_env env = {
		.ctx = r, .random = net->random, .events = { net_event, r }, .send = net_send, .changed = net_changed
	};

	assert_null(r->babel);
	if (!net->same_id)
		conf.router_id[1] = (uint8_t)r->lives;
	r->lives++;
	r->babel = babel_new(&conf, &env, net->now);
	for (unsigned w = 0; w < NET_WIRES; w++)
		if (r->wires[w])
			net_interface(net, router, w);
	babel_originate_all(r->babel, net->now, r->keys, r->key_count);
	r->stale = net->dirty = true;
}

/* Turns it off; dead, without a word. */
static inline void net_stop(struct net *net, unsigned router)
{
	struct net_router *r = &net->routers[router];

	babel_free(r->babel);
	r->babel = NULL;
	r->route_count = 0;
	r->stale = net->dirty = true;
}

static inline unsigned net_add(struct net *net)
{
	unsigned i = net->router_count++;

	assert_true(i < NET_ROUTERS);
	net->routers[i].net = net;
	return i;
}

static inline void net_join(struct net *net, unsigned router, unsigned wire, uint16_t cost)
{
	net->routers[router].wires[wire] = true;
	net->routers[router].costs[wire] = cost;
	if (net->routers[router].babel)
		net_interface(net, router, wire);
}

static inline void net_leave(struct net *net, unsigned router, unsigned wire)
{
	if (net->routers[router].babel)
		babel_interface_remove(net->routers[router].babel, net->now, wire + 1);
	net->routers[router].wires[wire] = false;
}

static inline void net_announce(struct net *net, unsigned router, struct babel_key key)
{
	struct net_router *r = &net->routers[router];

	assert_true(r->key_count < NET_KEYS);
	r->keys[r->key_count++] = key;
	if (r->babel)
		babel_originate(r->babel, net->now, &key, 0);
	net->dirty = true;
}

static inline void net_withdraw(struct net *net, unsigned router, struct babel_key key)
{
	struct net_router *r = &net->routers[router];

	for (size_t i = 0; i < r->key_count; i++)
		if (net_same_key(&r->keys[i], &key))
			r->keys[i--] = r->keys[--r->key_count];
	if (r->babel)
		babel_withdraw(r->babel, net->now, &key);
	net->dirty = true;
}

/* A line, a ring ... of wired links: router i and i + 1 share wire i. */
static inline void net_line(struct net *net, unsigned n, bool closed)
{
	for (unsigned i = 0; i < n; i++)
		net_add(net);
	for (unsigned i = 0; i + 1 < n || (closed && i < n); i++) {
		net_join(net, i, i, 0);
		net_join(net, (i + 1) % n, i, 0);
	}
}

static inline void net_refresh(struct net *net)
{
	for (unsigned i = 0; i < net->router_count; i++) {
		struct net_router *r = &net->routers[i];
		if (!r->stale)
			continue;
		r->stale = false;
		r->route_count = 0;
		if (!r->babel)
			continue;
		for (const struct babel_route *b = NULL; (b = babel_route_next(r->babel, b));) {
			assert_true(r->route_count < NET_ROUTES);
			r->routes[r->route_count++] = *b;
		}
	}
}

/* Carries out what happens next. False if that is after `until`. */
static inline bool net_step(struct net *net, msec until)
{
	msec at = net->queue ? net->queue->at : MSEC_NEVER;
	unsigned runs = NET_ROUTERS;

	for (unsigned i = 0; i < net->router_count; i++) {
		msec t = net->routers[i].babel ? babel_deadline(net->routers[i].babel) : MSEC_NEVER;
		if (t < at) {
			at = t;
			runs = i;
		}
	}
	if (at > until)
		return false;
	net->now = at > net->now ? at : net->now;
	if (runs < NET_ROUTERS) {
		babel_run(net->routers[runs].babel, net->now);
	} else {
		struct net_packet *p = net->queue;
		struct net_router *r = &net->routers[p->to];
		net->queue = p->next;
		struct ip from = net_linklocal(p->from, p->wire);
		if (r->babel && r->wires[p->wire] && !net->wires[p->wire].cut)
			babel_input(r->babel, net->now, p->wire + 1, &from, BABEL_PORT, p->multicast, p->data, p->len);
		free(p);
	}
	if (net->dirty) {
		net->dirty = false;
		net_refresh(net);
		if (net->changed)
			net->changed(net, net->ctx);
	}
	return true;
}

static inline void net_run(struct net *net, msec span)
{
	msec until = net->now + span;

	while (net_step(net, until))
		;
	net->now = until;
	net->dirty = false;
	for (unsigned i = 0; i < net->router_count; i++)
		net->routers[i].stale = true; /* metrics may have changed without a word */
	net_refresh(net);
}

/* What a router does with a packet: the best entry by destination, then source (RFC 9079 4). */
enum { NET_HERE = -1, NET_DROPPED = -2 };

/* The next router, NET_HERE if it is announced here, NET_DROPPED if there is no way. */
static inline int net_next(const struct net *net, unsigned router, const struct ip *dst, const struct ip *src,
                           const struct babel_key *exact)
{
	const struct net_router *r = &net->routers[router];
	const struct babel_key *best = NULL;
	int next = NET_DROPPED;

	if (!r->babel)
		return NET_DROPPED;
	for (size_t i = 0; i < r->key_count + r->route_count; i++) {
		const struct babel_route *route = i < r->key_count ? NULL : &r->routes[i - r->key_count];
		const struct babel_key *k = route ? &route->key : &r->keys[i];
		if (exact ? !net_same_key(k, exact) : !prefix_has_ip(&k->dst, dst) || !prefix_has_ip(&k->src, src))
			continue;
		if (best &&
		    (k->dst.len < best->dst.len || (k->dst.len == best->dst.len && k->src.len <= best->src.len)))
			continue;
		best = k;
		next = NET_HERE;
		if (!route)
			continue;
		next = NET_DROPPED;
		for (unsigned n = 0; route->metric != BABEL_INFINITY && n < net->router_count; n++) {
			struct ip via6 = net_linklocal(n, route->link - 1), via4 = net_ipv4(n, route->link - 1);
			if (ip_equal(&route->via, &via6) || ip_equal(&route->via, &via4))
				next = (int)n;
		}
		assert_true(route->metric == BABEL_INFINITY || next >= 0);
	}
	return next;
}

/* The first router from which such a packet would go round for ever, or -1. */
static inline int net_loop(const struct net *net, const struct ip *dst, const struct ip *src,
                           const struct babel_key *exact)
{
	int next[NET_ROUTERS];

	for (unsigned i = 0; i < net->router_count; i++)
		next[i] = net_next(net, i, dst, src, exact);
	for (unsigned i = 0; i < net->router_count; i++) {
		int at = (int)i;
		for (unsigned hops = 0; at >= 0 && hops <= net->router_count; hops++)
			at = next[at];
		if (at >= 0)
			return (int)i;
	}
	return -1;
}

/* Hops from a router to where the packet ends: >= 0, NET_DROPPED, or -3 for a loop. */
static inline int net_trace(const struct net *net, unsigned router, const struct ip *dst, const struct ip *src,
                            const struct babel_key *exact, unsigned *end)
{
	int hops = 0;

	for (unsigned at = router; hops <= (int)net->router_count; hops++) {
		int next = net_next(net, at, dst, src, exact);
		if (end)
			*end = at;
		if (next == NET_HERE)
			return hops;
		if (next == NET_DROPPED)
			return NET_DROPPED;
		at = (unsigned)next;
	}
	return -3;
}

static inline const struct babel_route *net_route(const struct net *net, unsigned router, struct babel_key key)
{
	for (size_t i = 0; i < net->routers[router].route_count; i++)
		if (net_same_key(&net->routers[router].routes[i].key, &key))
			return &net->routers[router].routes[i];
	return NULL;
}

#endif
