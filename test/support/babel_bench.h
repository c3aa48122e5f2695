/* SPDX-License-Identifier: ISC */
/* One Babel router among peers that are played by hand: for the unit tests of proto/babel. */
#ifndef HEARTH_TEST_BABEL_BENCH_H
#define HEARTH_TEST_BABEL_BENCH_H

#include "support/babel_net.h"
#include "proto/babel/wire.h"

enum { SEEN = 4096 };

struct seen {
	msec at;
	uint32_t link;
	bool unicast;
	struct ip to;
	struct message m;
};

struct bench {
	struct babel *babel;
	struct prng prng;
	msec now;
	unsigned changed;
	unsigned events[EVENT_KIND_COUNT];
	uint32_t from_link; /* of the packets sent since forget() */
	struct seen seen[SEEN];
	size_t seen_count;
	size_t packets;
	uint16_t hello[256]; /* seqnos of the peers */
};

static const uint8_t OUR_ID[8] = { 2, 0, 0, 0, 0, 0, 0, 1 };
static const struct ip US = { { 0xfe, 0x80, [15] = 1 } };

static inline void on_send(void *ctx, uint32_t link, const struct ip *to, const uint8_t *data, size_t len)
{
	struct bench *b = ctx;
	struct wire_reader r;
	struct cursor trailer;
	struct message m;
	enum wire_result result;

	b->packets++;
	assert_true(babel_wire_open(&r, &US, data, len, &trailer));
	while ((result = babel_wire_read(&r, &m)) != WIRE_END) {
		assert_true(result == WIRE_MESSAGE || result == WIRE_NOTHING);
		if (result == WIRE_NOTHING)
			continue;
		/* never an unscheduled Hello, nor a unicast one; acknowledgments to one only (4.6.4) */
		assert_false(m.type == TLV_HELLO && (!m.interval || m.unicast || to));
		assert_false(m.type == TLV_ACK && !to);
		if (b->seen_count < SEEN)
			b->seen[b->seen_count++] = (struct seen) { b->now, link, to != NULL, to ? *to : IP_ANY, m };
	}
}

static inline void on_changed(void *ctx)
{
	((struct bench *)ctx)->changed++;
}

static inline void on_event(void *ctx, const struct event *e)
{
	((struct bench *)ctx)->events[e->kind]++;
}

static inline void run(struct bench *b, msec span)
{
	msec until = b->now + span, at;

	while ((at = babel_deadline(b->babel)) <= until) {
		b->now = MAX(b->now, at);
		babel_run(b->babel, b->now);
	}
	b->now = until;
}

static inline void forget(struct bench *b)
{
	b->seen_count = 0;
	b->changed = 0;
}

/* Which of the TLVs sent since forget() is the `nth` of that type; NULL if there are fewer. */
static inline const struct seen *sent(const struct bench *b, enum tlv_type type, unsigned nth)
{
	for (size_t i = 0; i < b->seen_count; i++)
		if (b->seen[i].m.type == type && nth-- == 0)
			return &b->seen[i];
	return NULL;
}

static inline const struct seen *sent_update(const struct bench *b, const char *dst, const char *src)
{
	struct babel_key key = net_key(dst, src);
	const struct seen *s, *last = NULL;

	for (unsigned n = 0; (s = sent(b, TLV_UPDATE, n)); n++)
		if (net_same_key(&s->m.key, &key))
			last = s;
	return last;
}

static inline struct ip peer_addr(unsigned peer)
{
	return (struct ip) { { 0xfe, 0x80, [14] = 1, [15] = (uint8_t)peer } };
}

static inline void input(struct bench *b, uint32_t link, unsigned peer, const struct message *m, size_t n)
{
	struct ip from = peer_addr(peer);
	struct wire_writer w;

	babel_wire_begin(&w, WIRE_PACKET);
	for (size_t i = 0; i < n; i++)
		assert_true(babel_wire_write(&w, &m[i]));
	size_t len = babel_wire_finish(&w);
	babel_input(b->babel, b->now, link, &from, BABEL_PORT, true, w.data, len);
}

static inline void say(struct bench *b, uint32_t link, unsigned peer, struct message m)
{
	input(b, link, peer, &m, 1);
}

static inline void hello_every(struct bench *b, uint32_t link, unsigned peer, uint16_t centis)
{
	say(b, link, peer, (struct message) { .type = TLV_HELLO, .seqno = b->hello[peer]++, .interval = centis });
}

static inline void hello(struct bench *b, uint32_t link, unsigned peer)
{
	hello_every(b, link, peer, 400);
}

static inline void ihu(struct bench *b, uint32_t link, unsigned peer, uint16_t rxcost)
{
	say(b, link, peer, (struct message) { .type = TLV_IHU, .addr = US, .metric = rxcost, .interval = 12000 });
}

/* Makes the link to a peer good in both directions, at that cost. */
static inline void meet(struct bench *b, uint32_t link, unsigned peer, uint16_t cost)
{
	hello(b, link, peer);
	hello(b, link, peer);
	ihu(b, link, peer, cost);
}

static inline struct message update(const char *dst, const char *src, unsigned id, uint16_t seqno, uint16_t metric)
{
	struct message m = { .type = TLV_UPDATE, .key = net_key(dst, src), .seqno = seqno, .metric = metric };

	m.interval = 60000;
	m.router_id[0] = 9;
	m.router_id[7] = (uint8_t)id;
	m.addr = net_ip("10.0.0.9");
	return m;
}

static inline void route(struct bench *b, uint32_t link, unsigned peer, const char *dst, const char *src, unsigned id,
                         uint16_t seqno, uint16_t metric)
{
	say(b, link, peer, update(dst, src, id, seqno, metric));
}

static inline const struct babel_route *selected(const struct bench *b, const char *dst, const char *src)
{
	struct babel_key key = net_key(dst, src);

	for (const struct babel_route *r = NULL; (r = babel_route_next(b->babel, r));)
		if (net_same_key(&r->key, &key))
			return r;
	return NULL;
}

static inline void assert_via(const struct bench *b, const char *dst, const char *src, unsigned peer, unsigned metric)
{
	const struct babel_route *r = selected(b, dst, src);
	struct ip via = peer_addr(peer);

	assert_non_null(r);
	assert_int_equal(r->metric, metric);
	if (metric != BABEL_INFINITY)
		assert_true(ip_equal(&r->via, &via));
}

static inline void interface_up(struct bench *b, uint32_t link, bool wireless)
{
	struct babel_interface_conf conf = { .linklocal = US, .wireless = wireless, .ipv4 = net_ip("10.0.0.1") };

	babel_interface_set(b->babel, b->now, link, &conf);
}

static inline struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct babel_conf conf;
	struct babel_env env = { .ctx = b, .send = on_send, .changed = on_changed, .events = { on_event, b } };

	b->prng.state = 7;
	b->now = 5000;
	env.random = prng_source(&b->prng);
	memcpy(conf.router_id, OUR_ID, 8);
	b->babel = babel_new(&conf, &env, b->now);
	interface_up(b, 1, false);
	interface_up(b, 2, false);
	run(b, SECOND);
	return b;
}

static inline void bench_free(struct bench *b)
{
	babel_free(b->babel);
	free(b);
}

#define P1 "2001:db8:1::/64"

static inline struct message seqno_request(const char *dst, const uint8_t *id, uint16_t seqno, uint8_t hops)
{
	struct message m = { .type = TLV_SEQNO_REQUEST, .key = net_key(dst, NULL), .seqno = seqno, .hop_count = hops };

	memcpy(m.router_id, id, 8);
	return m;
}

#endif
