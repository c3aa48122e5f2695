/* SPDX-License-Identifier: ISC */
/* The face of the core: making and freeing it, what it originates, what a packet leads to. */
#include "proto/babel/babel_internal.h"

#include <stdlib.h>
#include <string.h>

const char *const babel_counter_names[BABEL_COUNTER_COUNT] = {
#define X(name, text) [BABEL_COUNT_##name] = text,
	BABEL_COUNTERS(X)
#undef X
};

void babel_count(struct babel *b, enum babel_counter c)
{
	b->counters[c]++;
}

void babel_limit_reached(struct babel *b, msec now, enum babel_counter c, const char *what, enum babel_limit limit)
{
	msec *reported = &b->reported_at[c == BABEL_COUNT_NEIGHBOUR_LIMIT];

	babel_count(b, c);
	if (*reported != MSEC_NEVER && now - *reported < LIMIT_REPORT)
		return;
	*reported = now;
	event_report(&b->env.events, EVENT(BABEL_LIMIT, .count = limit, .text = what));
}

int babel_key_compare(const struct babel_key *a, const struct babel_key *b)
{
	int order = prefix_compare(&a->dst, &b->dst);

	return order ? order : prefix_compare(&a->src, &b->src);
}

static int compare_link(const void *key, const struct map_node *node)
{
	uint32_t a = *(const uint32_t *)key, b = MAP_ENTRY(node, struct interface, node)->link;

	return (a > b) - (a < b);
}

static int compare_destination(const void *key, const struct map_node *node)
{
	return babel_key_compare(key, &MAP_ENTRY(node, struct destination, node)->pub.key);
}

static int compare_sources(const struct source_key *a, const struct source_key *b)
{
	int order = babel_key_compare(&a->key, &b->key);

	return order ? order : memcmp(a->router_id, b->router_id, ROUTER_ID_LEN);
}

static int compare_source(const void *key, const struct map_node *node)
{
	return compare_sources(key, &MAP_ENTRY(node, struct source, node)->key);
}

static int compare_request(const void *key, const struct map_node *node)
{
	return compare_sources(key, &MAP_ENTRY(node, struct request, node)->key);
}

struct babel *babel_new(const struct babel_conf *conf, const struct babel_env *env, msec now)
{
	struct babel *b = NEW(struct babel);

	(void)now;
	b->env = *env;
	memcpy(b->router_id, conf->router_id, ROUTER_ID_LEN);
	/* The seqno starts low and not at random: a router that comes back under its old router-id is heard at once,
	 * since its metric is better than any that was ever passed on; after a random one every second would not be,
	 * until the others forget (RFC 8966 3.5.1). */
	b->reported_at[0] = b->reported_at[1] = MSEC_NEVER;
	map_init(&b->interfaces, compare_link);
	map_init(&b->destinations, compare_destination);
	map_init(&b->sources, compare_source);
	map_init(&b->requests, compare_request);
	return b;
}

void babel_free(struct babel *b)
{
	if (!b)
		return;
	b->stopped = true;
	MAP_EACH_SAFE (i, &b->interfaces, struct interface, node)
		babel_interface_free(i, 0);
	MAP_EACH_SAFE (r, &b->requests, struct request, node)
		babel_request_free(r);
	MAP_EACH_SAFE (d, &b->destinations, struct destination, node)
		babel_destination_free(d);
	MAP_EACH_SAFE (s, &b->sources, struct source, node)
		babel_source_free(s);
	timers_free(&b->timers);
	free(b);
}

/* Ends every input and run: the caller hears of changed routes once. */
static void finish(struct babel *b)
{
	if (!b->changed)
		return;
	b->changed = false;
	if (b->env.changed)
		b->env.changed(b->env.ctx);
}

msec babel_deadline(const struct babel *b)
{
	return b->stopped ? MSEC_NEVER : timers_next(&b->timers);
}

void babel_run(struct babel *b, msec now)
{
	if (b->stopped)
		return;
	timers_run(&b->timers, now);
	finish(b);
}

/* Seqno requests ask of the neighbour what our own source table says; a route request, for what we announce
 * (RFC 8966 3.8.1.1). */
static void on_route_request(struct neighbour *n, msec now, const struct message *m)
{
	if (m->wildcard)
		babel_interface_dump(n->interface, now);
	else
		babel_update_answer(n->interface, now, &m->key);
}

static void on_ack_request(struct neighbour *n, msec now, const struct message *m)
{
	/* RFC 8966 3.3: whatever the interval is, UNICAST_DELAY is shorter */
	babel_neighbour_tell(n, now, &(struct message) { .type = TLV_ACK, .opaque = m->opaque });
}

static void on_update(struct neighbour *n, msec now, const struct message *m)
{
	n->heard_update = true;
	if (m->wildcard)
		babel_route_retract_all(n, now);
	else
		babel_route_update(n, now, m);
}

static void on_ack(struct neighbour *n, msec now, const struct message *m)
{
	(void)n, (void)now, (void)m; /* we never ask for any */
}

/* What each TLV leads to; Hello alone needs no neighbour. */
static void (*const handlers[TLV_COUNT])(struct neighbour *, msec, const struct message *) = {
	[TLV_ACK_REQUEST] = on_ack_request,     [TLV_ACK] = on_ack,
	[TLV_IHU] = babel_neighbour_ihu,        [TLV_UPDATE] = on_update,
	[TLV_ROUTE_REQUEST] = on_route_request, [TLV_SEQNO_REQUEST] = babel_request_received,
};

static void act(struct interface *i, msec now, const struct ip *from, const struct message *m)
{
	if (m->type == TLV_HELLO) {
		babel_neighbour_hello(i, now, from, m);
		return;
	}
	/* Looked up for each TLV: a Hello in between may have made or replaced the neighbour. Who never sent a Hello
	 * is none (RFC 8966 3.4). */
	struct neighbour *n = babel_neighbour_find(i, from);
	if (n && handlers[m->type])
		handlers[m->type](n, now, m);
}

/* One pass over the packet: without `i` nothing is done but to see whether it is well-formed. */
static bool read_packet(struct babel *b, struct interface *i, msec now, const struct ip *from, struct wire_reader r)
{
	static const enum babel_counter counted[] = {
		[WIRE_UNKNOWN] = BABEL_COUNT_UNKNOWN_TLV,
		[WIRE_MANDATORY] = BABEL_COUNT_MANDATORY,
		[WIRE_IGNORED] = BABEL_COUNT_BAD_TLV,
	};
	struct message m;

	for (;;) {
		enum wire_result result = babel_wire_read(&r, &m);
		if (result == WIRE_END)
			return true;
		if (result == WIRE_MALFORMED)
			return false;
		if (!i || result == WIRE_NOTHING)
			continue;
		if (result == WIRE_MESSAGE)
			act(i, now, from, &m);
		else
			babel_count(b, counted[result]);
	}
}

/* The place where a packet will be authenticated before its TLVs are looked at (RFC 8967 4.3): the MACs are in
 * `trailer`, and which of our addresses it was sent to is part of what they cover. */
static bool packet_authentic(struct interface *i, const struct ip *from, bool to_multicast, struct cursor *trailer)
{
	(void)i, (void)from, (void)to_multicast, (void)trailer;
	return true;
}

void babel_neighbour_lost(struct babel *b, msec now, uint32_t link, const struct ip *addr)
{
	struct interface *i = babel_interface_find(b, link);
	struct neighbour *n = i ? babel_neighbour_find(i, addr) : NULL;

	if (n)
		babel_neighbour_deaf(n, now);
	finish(b);
}

void babel_input(struct babel *b, msec now, uint32_t link, const struct ip *from, uint16_t from_port, bool to_multicast,
                 const uint8_t *data, size_t len)
{
	struct interface *i = babel_interface_find(b, link);
	struct wire_reader reader;
	struct cursor trailer;

	if (!i || b->stopped || ip_equal(from, &i->conf.linklocal))
		return;
	babel_count(b, BABEL_COUNT_RX);
	/* RFC 8966 4: MUST be silently ignored */
	if (from_port != BABEL_PORT) {
		babel_count(b, BABEL_COUNT_BAD_PORT);
		return;
	}
	if (!ip_is_linklocal(from)) { /* RFC 9080 REQ1: over IPv6 only */
		babel_count(b, BABEL_COUNT_BAD_ADDR);
		return;
	}
	if (!babel_wire_open(&reader, from, data, len, &trailer)) {
		babel_count(b, BABEL_COUNT_MALFORMED);
		return;
	}
	if (!packet_authentic(i, from, to_multicast, &trailer))
		return;
	if (!read_packet(b, NULL, now, from, reader)) {
		babel_count(b, BABEL_COUNT_MALFORMED);
		return;
	}
	read_packet(b, i, now, from, reader);
	finish(b);
}

/* IPv4 has one spelling of "from anywhere" with us, whichever the caller used. */
static struct babel_key normal_key(const struct babel_key *key)
{
	struct babel_key k = *key;

	if (prefix_is_v4(&k.dst) && !prefix_is_v4(&k.src))
		k.src = PREFIX_ALL4;
	return k;
}

static void originate(struct babel *b, msec now, const struct babel_key *key, uint16_t metric)
{
	struct babel_key k = normal_key(key);
	struct destination *d = babel_destination_get(b, &k);

	d->keep = true;
	if (d->own && d->own_metric == metric)
		return;
	d->own = true;
	d->own_metric = metric;
	babel_destination_select(d, now);
}

static void withdraw(struct destination *d, msec now)
{
	d->own = false;
	babel_destination_select(d, now);
	babel_destination_tidy(d);
}

void babel_originate(struct babel *b, msec now, const struct babel_key *key, uint16_t metric)
{
	ASSERT(metric < BABEL_INFINITY);
	if (b->stopped)
		return;
	originate(b, now, key, metric);
	finish(b);
}

void babel_withdraw(struct babel *b, msec now, const struct babel_key *key)
{
	struct babel_key k = normal_key(key);
	struct destination *d = babel_destination_find(b, &k);

	if (!d || !d->own || b->stopped)
		return;
	withdraw(d, now);
	finish(b);
}

void babel_originate_all(struct babel *b, msec now, const struct babel_key *keys, size_t n)
{
	if (b->stopped)
		return;
	MAP_EACH (d, &b->destinations, struct destination, node)
		d->keep = false;
	for (size_t i = 0; i < n; i++)
		originate(b, now, &keys[i], 0);
	MAP_EACH_SAFE (d, &b->destinations, struct destination, node)
		if (d->own && !d->keep)
			withdraw(d, now);
	finish(b);
}

void babel_goodbye(struct babel *b, msec now)
{
	if (b->stopped)
		return;
	MAP_EACH (i, &b->interfaces, struct interface, node)
		babel_interface_farewell(i, now);
	b->stopped = true;
}

uint64_t babel_counter(const struct babel *b, enum babel_counter c)
{
	ASSERT(c < BABEL_COUNTER_COUNT);
	return b->counters[c];
}

const struct babel_route *babel_route_next(const struct babel *b, const struct babel_route *after)
{
	struct map_node *n = after ? map_next(&CONTAINER_OF(after, const struct destination, pub)->node)
	                           : map_first(&b->destinations);

	for (; n; n = map_next(n)) {
		const struct destination *d = MAP_ENTRY(n, struct destination, node);
		if (d->shown)
			return &d->pub;
	}
	return NULL;
}

const struct babel_route *babel_route_find(const struct babel *b, const struct babel_key *key)
{
	const struct destination *d = babel_destination_find(b, key);

	return d && d->shown ? &d->pub : NULL;
}

const struct babel_neighbour *babel_neighbour_next(const struct babel *b, const struct babel_neighbour *after)
{
	const struct neighbour *n = after ? CONTAINER_OF(after, const struct neighbour, pub) : NULL;
	struct map_node *next = n ? map_next(&n->node) : NULL;
	struct map_node *i = n ? &n->interface->node : NULL;

	while (!next) {
		i = i ? map_next(i) : map_first(&b->interfaces);
		if (!i)
			return NULL;
		next = map_first(&MAP_ENTRY(i, struct interface, node)->neighbours);
	}
	return &MAP_ENTRY(next, struct neighbour, node)->pub;
}
