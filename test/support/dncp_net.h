/* SPDX-License-Identifier: ISC */
/* A network of DNCP cores in virtual time: links that lose and delay, all drawn from one seed. For tests. */
#ifndef HEARTH_TEST_SUPPORT_DNCP_NET_H
#define HEARTH_TEST_SUPPORT_DNCP_NET_H

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "proto/dncp/dncp.h"
#include "proto/tlv/tlv.h"

enum { NET_NODES = 64, NET_PORTS = 512, NET_LINKS = 64, NET_APP_MAX = 4000, NET_HASH = 8, NET_PORT = 8231 };

static inline void net_hash(const void *data, size_t len, uint8_t *out)
{
	uint8_t md5[DIGEST_MD5];

	digest_md5(data, len, md5);
	memcpy(out, md5, NET_HASH);
}

/* HNCP's numbers (RFC 7788 3). */
static const struct dncp_profile NET_PROFILE = {
	.hash_len = NET_HASH,
	.hash = net_hash,
	.trickle_imin = 200,
	.trickle_doublings = 7,
	.trickle_k = 1,
	.keepalive_interval = (msec)20 * SECOND,
	.keepalive_multiplier_x10 = 21,
	.grace_interval = (msec)60 * SECOND,
	.datagram_max = 1232,
	.node_data_max = 3900,
};

struct net;

struct net_node {
	struct net *net;
	unsigned index;
	struct dncp *dncp; /* NULL: off */
	struct prng prng;
	uint8_t app[NET_APP_MAX];
	size_t app_len;
	unsigned changed;
	unsigned events[EVENT_KIND_COUNT];
	uint64_t sent, sent_multicast, sent_bytes;
};

/* A node's place on a link. Its endpoint identifier is its number among the ports plus one. */
struct net_port {
	struct net_node *node;
	unsigned link;
	uint32_t endpoint;
	struct ip addr;
	bool up;
};

struct net_packet {
	msec at;
	struct net_packet *next;
	struct net_port *to;
	struct dncp_datagram d;
	uint8_t data[];
};

struct net {
	struct dncp_profile profile;
	msec now;
	struct prng prng;
	unsigned loss[NET_LINKS]; /* per cent */
	msec delay[NET_LINKS];    /* of a packet, at most; at least 1 */
	bool loop;                /* multicast comes back to its sender */
	bool secure;              /* endpoints added from now on */
	bool no_addr;             /* endpoints are not told their address */
	uint64_t trace;           /* of all that was sent */
	uint64_t packets;
	size_t largest;
	void (*spy)(struct net *, const struct net_port *from, const struct dncp_datagram *);
	void *spy_ctx;
	struct net_node nodes[NET_NODES];
	struct net_port ports[NET_PORTS];
	size_t port_count;
	struct net_packet *queue;
};

static inline uint64_t net_fnv(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static inline struct net_port *net_port_of(struct net *net, const struct net_node *n, uint32_t endpoint)
{
	for (size_t i = 0; i < net->port_count; i++)
		if (net->ports[i].node == n && net->ports[i].endpoint == endpoint)
			return &net->ports[i];
	return NULL;
}

/* Puts a packet on its way to a port. */
static inline void net_post(struct net *net, struct net_port *to, msec at, const struct ip *from, uint16_t port,
                            bool multicast, bool secure, const void *data, size_t len)
{
	struct net_packet *p = mem_new(1, sizeof(*p) + len);
	struct net_packet **where = &net->queue;

	memcpy(p->data, data, len);
	p->at = at;
	p->to = to;
	p->d = (struct dncp_datagram) { .endpoint = to->endpoint,
		                        .addr = *from,
		                        .port = port,
		                        .multicast = multicast,
		                        .secure = secure,
		                        .data = p->data,
		                        .len = len };
	while (*where && (*where)->at <= at)
		where = &(*where)->next;
	p->next = *where;
	*where = p;
}

static inline void net_send(void *ctx, const struct dncp_datagram *d)
{
	struct net_node *n = ctx;
	struct net *net = n->net;
	struct random_source r = prng_source(&net->prng);
	struct net_port *from = net_port_of(net, n, d->endpoint);

	ASSERT(from);
	n->sent++;
	n->sent_multicast += d->multicast;
	n->sent_bytes += d->len;
	net->packets++;
	net->largest = MAX(net->largest, d->len);
	net->trace = net_fnv(net->trace, &net->now, sizeof(net->now));
	net->trace = net_fnv(net->trace, &n->index, sizeof(n->index));
	net->trace = net_fnv(net->trace, d->data, d->len);
	if (net->spy)
		net->spy(net, from, d);
	if (!from->up)
		return;
	for (size_t i = 0; i < net->port_count; i++) {
		struct net_port *to = &net->ports[i];
		if (to->link != from->link || !to->up || (to == from && !net->loop))
			continue;
		if (!d->multicast && !ip_equal(&to->addr, &d->addr))
			continue;
		if (random_below(&r, 100) < net->loss[to->link])
			continue;
		msec delay = random_between(&r, 1, MAX(net->delay[to->link], 1));
		net_post(net, to, net->now + delay, &from->addr, NET_PORT, d->multicast, d->secure, d->data, d->len);
	}
}

static inline void net_node_data(void *ctx, msec now, struct cursor *out)
{
	const struct net_node *n = ctx;

	(void)now;
	cursor_put(out, n->app, n->app_len);
}

static inline void net_changed(void *ctx)
{
	((struct net_node *)ctx)->changed++;
}

static inline void net_event(void *ctx, const struct event *e)
{
	((struct net_node *)ctx)->events[e->kind]++;
}

/* What node `i` publishes from now on: one TLV of `len` octets that says `value`. */
static inline void net_publish(struct net *net, unsigned i, uint32_t value, size_t len)
{
	struct net_node *n = &net->nodes[i];
	struct cursor c = cursor_writer(n->app, sizeof(n->app));
	size_t at = tlv_begin(&c, 40);

	cursor_put_u32(&c, i);
	cursor_put_u32(&c, value);
	cursor_put_zero(&c, len > 8 ? len - 8 : 0);
	tlv_end(&c, at);
	ASSERT(cursor_ok(&c));
	n->app_len = cursor_done(&c);
	if (!n->dncp)
		return;
	dncp_republish(n->dncp, net->now);
	dncp_run(n->dncp, net->now);
}

static inline void net_init(struct net *net, uint64_t seed)
{
	memset(net, 0, sizeof(*net));
	net->profile = NET_PROFILE;
	net->now = 1000000;
	net->prng.state = seed;
	net->trace = UINT64_C(0xcbf29ce484222325);
}

static inline void net_endpoint_add(struct net *net, struct net_port *p)
{
	struct dncp_endpoint_conf conf = { .secure = net->secure };

	if (!net->no_addr)
		conf.addr = p->addr;
	dncp_endpoint_add(p->node->dncp, net->now, p->endpoint, &conf);
}

/* Switches node `i` on with an identifier (0: random), on all links it was attached to. */
static inline struct dncp *net_on(struct net *net, unsigned i, uint32_t id)
{
	struct net_node *n = &net->nodes[i];
	struct random_source r = prng_source(&net->prng);

	n->net = net;
	n->index = i;
	n->prng.state = random_u64(&r);
	const struct dncp_env env = { .ctx = n,
		                      .random = prng_source(&n->prng),
		                      .events = { .fn = net_event, .ctx = n },
		                      .send = net_send,
		                      .node_data = net_node_data,
		                      .changed = net_changed };
	if (!n->app_len)
		net_publish(net, i, 1, 8);
	n->dncp = dncp_new(&net->profile, &env, id, net->now);
	for (size_t p = 0; p < net->port_count; p++)
		if (net->ports[p].node == n)
			net_endpoint_add(net, &net->ports[p]);
	return n->dncp;
}

/* Switches node `i` off: it is gone without a word. */
static inline void net_off(struct net *net, unsigned i)
{
	dncp_free(net->nodes[i].dncp);
	net->nodes[i].dncp = NULL;
}

static inline struct net_port *net_attach(struct net *net, unsigned i, unsigned link)
{
	ASSERT(net->port_count < NET_PORTS && i < NET_NODES && link < NET_LINKS);
	struct net_port *p = &net->ports[net->port_count];

	*p = (struct net_port) {
		.node = &net->nodes[i], .link = link, .endpoint = (uint32_t)++net->port_count, .up = true
	};
	p->addr =
	        (struct ip) { { 0xfe, 0x80, [14] = (uint8_t)(net->port_count >> 8), [15] = (uint8_t)net->port_count } };
	if (p->node->dncp)
		net_endpoint_add(net, p);
	return p;
}

static inline msec net_next(const struct net *net)
{
	msec at = net->queue ? net->queue->at : MSEC_NEVER;

	for (size_t i = 0; i < NET_NODES; i++)
		if (net->nodes[i].dncp)
			at = MIN(at, dncp_deadline(net->nodes[i].dncp));
	return at;
}

static inline void net_step(struct net *net)
{
	for (struct net_packet *p; (p = net->queue) && p->at <= net->now;) {
		net->queue = p->next;
		if (p->to->node->dncp && p->to->up)
			dncp_input(p->to->node->dncp, net->now, &p->d);
		free(p);
	}
	for (size_t i = 0; i < NET_NODES; i++)
		if (net->nodes[i].dncp && dncp_deadline(net->nodes[i].dncp) <= net->now)
			dncp_run(net->nodes[i].dncp, net->now);
}

static inline void net_run(struct net *net, msec span)
{
	msec until = net->now + span;

	for (msec at; (at = net_next(net)) <= until;) {
		net->now = MAX(net->now, at);
		net_step(net);
	}
	net->now = until;
}

static inline size_t net_reachable(const struct net *net, unsigned i)
{
	size_t n = 0;

	for (const struct dncp_node *at = NULL; (at = dncp_node_next(net->nodes[i].dncp, at));)
		n++;
	return n;
}

/* True if all nodes that are on reach each other and hold the same, and that is what each publishes. */
static inline bool net_synced(const struct net *net)
{
	uint8_t first[NET_HASH], hash[NET_HASH];
	const struct net_node *ref = NULL;
	size_t on = 0;

	for (size_t i = 0; i < NET_NODES; i++)
		on += net->nodes[i].dncp != NULL;
	for (size_t i = 0; i < NET_NODES; i++) {
		const struct net_node *n = &net->nodes[i];
		if (!n->dncp)
			continue;
		if (net_reachable(net, (unsigned)i) != on)
			return false;
		dncp_network_hash(n->dncp, hash);
		if (!ref)
			memcpy(first, hash, NET_HASH);
		else if (memcmp(first, hash, NET_HASH) != 0)
			return false;
		ref = n;
	}
	return true;
}

/* Runs until all hold the same; returns how long it took, or -1 after `limit`. */
static inline msec net_sync(struct net *net, msec limit)
{
	msec start = net->now;

	while (!net_synced(net)) {
		msec at = net_next(net);
		if (at - start > limit)
			return -1;
		net->now = MAX(net->now, at);
		net_step(net);
	}
	return net->now - start;
}

/* True if node `i` holds what node `j` publishes now. */
static inline bool net_has(const struct net *net, unsigned i, unsigned j)
{
	const struct dncp_node *self = dncp_self(net->nodes[j].dncp);
	const struct dncp_node *n = dncp_node_find(net->nodes[i].dncp, self->id);
	const struct net_node *p = &net->nodes[j];

	if (!n || !n->reachable || n->len != self->len || memcmp(n->data, self->data, n->len) != 0)
		return false;
	/* The application's TLV is in it as a whole. */
	struct cursor c = cursor_reader(n->data, n->len);
	for (struct tlv t; tlv_next(&c, &t);)
		if (t.raw_len == p->app_len && memcmp(t.raw, p->app, t.raw_len) == 0)
			return true;
	return false;
}

static inline void net_free(struct net *net)
{
	for (size_t i = 0; i < NET_NODES; i++)
		dncp_free(net->nodes[i].dncp);
	while (net->queue) {
		struct net_packet *p = net->queue;
		net->queue = p->next;
		free(p);
	}
}

/* `n` nodes in a row, each a link away from the next. */
static inline void net_line(struct net *net, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (i)
			net_attach(net, i, i - 1);
		if (i + 1 < n)
			net_attach(net, i, i);
	}
	for (unsigned i = 0; i < n; i++)
		net_on(net, i, 0);
}

/* A stranger's hand: what is not a core but writes datagrams. */

static inline void net_put_endpoint(struct cursor *c, uint32_t node, uint32_t endpoint)
{
	size_t at = tlv_begin(c, DNCP_TLV_NODE_ENDPOINT);

	cursor_put_u32(c, node);
	cursor_put_u32(c, endpoint);
	tlv_end(c, at);
}

static inline void net_put_network(struct cursor *c, const uint8_t hash[NET_HASH])
{
	tlv_put(c, DNCP_TLV_NETWORK_STATE, hash, NET_HASH);
}

static inline void net_put_request(struct cursor *c, uint32_t node)
{
	size_t at = tlv_begin(c, DNCP_TLV_REQUEST_NODE_STATE);

	cursor_put_u32(c, node);
	tlv_end(c, at);
}

static inline void net_put_state(struct cursor *c, uint32_t node, uint32_t seqno, uint32_t age, const void *data,
                                 size_t len, bool with_data)
{
	uint8_t hash[NET_HASH];
	size_t at = tlv_begin(c, DNCP_TLV_NODE_STATE);

	net_hash(len ? data : "", len, hash);
	cursor_put_u32(c, node);
	cursor_put_u32(c, seqno);
	cursor_put_u32(c, age);
	cursor_put(c, hash, NET_HASH);
	if (with_data)
		cursor_put(c, data, len);
	tlv_end(c, at);
}

static inline void net_put_peer(struct cursor *c, uint32_t node, uint32_t remote, uint32_t local)
{
	size_t at = tlv_begin(c, DNCP_TLV_PEER);

	cursor_put_u32(c, node);
	cursor_put_u32(c, remote);
	cursor_put_u32(c, local);
	tlv_end(c, at);
}

/* Node `i` gets what the cursor has written, from `port`, at once. */
static inline void net_inject(struct net *net, unsigned i, const struct net_port *from, bool multicast, bool secure,
                              const struct cursor *c)
{
	for (size_t p = 0; p < net->port_count; p++) {
		if (net->ports[p].node != &net->nodes[i] || net->ports[p].link != from->link)
			continue;
		const struct dncp_datagram d = { .endpoint = net->ports[p].endpoint,
			                         .addr = from->addr,
			                         .port = NET_PORT,
			                         .multicast = multicast,
			                         .secure = secure,
			                         .data = c->start,
			                         .len = cursor_done(c) };
		ASSERT(cursor_ok(c));
		dncp_input(net->nodes[i].dncp, net->now, &d);
	}
}

/* What a spy has seen last: TLVs by type, of unicast and multicast. */
struct net_seen {
	unsigned unicast, multicast;
	unsigned tlvs[16]; /* by type, of unicast */
	unsigned multicast_tlvs[16];
	size_t largest;     /* datagram */
	unsigned with_data; /* Node State TLVs with data */
	uint32_t last_age;
	uint32_t last_node;
	msec last_at;
};

static inline void net_spy_on(struct net *net, const struct net_port *from, const struct dncp_datagram *d)
{
	struct net_seen *seen = net->spy_ctx;
	struct cursor c = cursor_reader(d->data, d->len);

	(void)from;
	*(d->multicast ? &seen->multicast : &seen->unicast) += 1;
	seen->largest = MAX(seen->largest, d->len);
	seen->last_at = net->now;
	for (struct tlv t; tlv_next(&c, &t);) {
		(d->multicast ? seen->multicast_tlvs : seen->tlvs)[MIN(t.type, 15)]++;
		if (t.type != DNCP_TLV_NODE_STATE)
			continue;
		struct cursor v = tlv_reader(&t);
		seen->last_node = cursor_get_u32(&v);
		cursor_get_u32(&v);
		seen->last_age = cursor_get_u32(&v);
		seen->with_data += t.len > 12 + NET_HASH;
	}
	ASSERT(cursor_finished(&c));
}

static inline void net_spy(struct net *net, struct net_seen *seen)
{
	*seen = (struct net_seen) { 0 };
	net->spy = net_spy_on;
	net->spy_ctx = seen;
}

static inline uint64_t net_counter(const struct net *net, unsigned i, enum dncp_counter c)
{
	return dncp_counter(net->nodes[i].dncp, c);
}

#define NET_TEST(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)

static inline int net_setup(void **state)
{
	struct net *net = NEW(struct net);

	net_init(net, 1);
	*state = net;
	return 0;
}

static inline int net_teardown(void **state)
{
	net_free(*state);
	free(*state);
	return 0;
}

#endif
