/* SPDX-License-Identifier: ISC */
/* Datagrams: what is answered and how (RFC 7787 4.4), what is dropped and counted, what stays byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/dncp_net.h"

enum { IMIN = 200, STRANGER = 0x00abcdef };

/* A node with a stranger's port on its link: node 1 is off, what is sent to it is only seen. */
static struct net_seen seen;
static uint8_t bytes[70000];
static struct cursor c;

static struct net_port *stranger_setup(struct net *net)
{
	net_attach(net, 0, 0);
	struct net_port *p = net_attach(net, 1, 0);
	net_on(net, 0, 0);
	net_run(net, MINUTE);
	net_spy(net, &seen);
	c = cursor_writer(bytes, sizeof(bytes));
	return p;
}

static void inject(struct net *net, const struct net_port *from, bool multicast)
{
	net_inject(net, 0, from, multicast, false, &c);
	c = cursor_writer(bytes, sizeof(bytes));
}

/* What a node publishes that is the stranger's only peer; `extra` makes it differ. */
static size_t stranger_data(struct net *net, uint8_t *out, size_t size, uint32_t extra)
{
	struct cursor d = cursor_writer(out, size);

	net_put_peer(&d, dncp_id(net->nodes[0].dncp), net->ports[0].endpoint, 7);
	size_t at = tlv_begin(&d, 50);
	cursor_put_u32(&d, extra);
	tlv_end(&d, at);
	return cursor_done(&d);
}

/* The stranger becomes a reachable node with sequence number `seqno`. */
static void befriend(struct net *net, const struct net_port *from, uint32_t seqno, uint32_t age)
{
	uint8_t data[64];
	size_t len = stranger_data(net, data, sizeof(data), seqno);

	net_put_endpoint(&c, STRANGER, 7);
	net_put_state(&c, STRANGER, seqno, age, data, len, true);
	inject(net, from, false);
	net_run(net, SECOND);
	assert_int_equal(net_reachable(net, 0), 2);
}

static void answers_requests(void **state)
{
	struct net *net = *state;
	struct net_port *p = stranger_setup(net);

	/* Anybody is answered, whether a peer or not: no Node Endpoint TLV (RFC 7787 4.4). */
	tlv_put(&c, DNCP_TLV_REQUEST_NETWORK_STATE, NULL, 0);
	inject(net, p, false);
	assert_int_equal(seen.unicast, 1);
	assert_int_equal(seen.tlvs[DNCP_TLV_NODE_ENDPOINT], 1);
	assert_int_equal(seen.tlvs[DNCP_TLV_NETWORK_STATE], 1);
	assert_int_equal(seen.tlvs[DNCP_TLV_NODE_STATE], 1);
	assert_int_equal(seen.with_data, 0);
	assert_null(dncp_peer_next(net->nodes[0].dncp, NULL));
	net_put_request(&c, dncp_id(net->nodes[0].dncp));
	net_put_request(&c, 4711); /* unknown: no answer */
	inject(net, p, false);
	assert_int_equal(seen.unicast, 2);
	assert_int_equal(seen.with_data, 1);
}

/* RFC 7787 7: sub-TLVs may follow the fixed part; unknown types are ignored; Peer TLVs outside of node data too. */
static void longer_and_unknown_tlvs(void **state)
{
	struct net *net = *state;
	struct net_port *p = stranger_setup(net);

	tlv_put(&c, 600, "what", 4);
	net_put_peer(&c, 1, 2, 3);
	size_t at = tlv_begin(&c, DNCP_TLV_REQUEST_NODE_STATE);
	cursor_put_u32(&c, dncp_id(net->nodes[0].dncp));
	tlv_put(&c, 700, "sub", 3);
	tlv_end(&c, at);
	at = tlv_begin(&c, DNCP_TLV_NODE_ENDPOINT);
	cursor_put_u32(&c, STRANGER);
	cursor_put_u32(&c, 7);
	tlv_put(&c, 700, "sub", 3);
	tlv_end(&c, at);
	inject(net, p, false);
	assert_int_equal(seen.with_data, 1);
	assert_non_null(dncp_peer_next(net->nodes[0].dncp, NULL));
}

/* RFC 7787 4.4: answers to multicast are delayed by up to Imin / 2, and one asks once in Imin about one hash. */
static void multicast_is_answered_late_and_rarely(void **state)
{
	struct net *net = *state;
	struct net_port *p = stranger_setup(net);
	uint8_t hash[NET_HASH] = { 1, 2, 3 };
	msec latest = 0, earliest = IMIN;

	befriend(net, p, 1, 0);
	for (int i = 0; i < 60; i++) {
		net_run(net, SECOND + 7 * i);
		hash[3]++;
		net_spy(net, &seen);
		msec start = net->now;
		for (int j = 0; j < 10; j++) {
			net_put_endpoint(&c, STRANGER, 7);
			net_put_network(&c, hash);
			inject(net, p, true);
		}
		while (!seen.unicast) {
			net->now = net_next(net);
			net_step(net);
		}
		assert_int_equal(seen.tlvs[DNCP_TLV_REQUEST_NETWORK_STATE], 1);
		assert_int_equal(seen.tlvs[DNCP_TLV_NETWORK_STATE], 1);
		latest = MAX(latest, net->now - start);
		earliest = MIN(earliest, net->now - start);
		net_run(net, start + IMIN - 1 - net->now);
		assert_int_equal(seen.tlvs[DNCP_TLV_REQUEST_NETWORK_STATE], 1);
	}
	assert_in_range(latest, 80, IMIN / 2);
	assert_in_range(earliest, 0, 20);
	/* RFC 7787 4.3: a different hash alone resets no Trickle. */
	uint64_t resets = net_counter(net, 0, DNCP_COUNT_TRICKLE_RESET);
	net_put_endpoint(&c, STRANGER, 7);
	net_put_network(&c, hash);
	inject(net, p, true);
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_TRICKLE_RESET), resets);
}

/* RFC 7787 10: reactions to multicast are limited in all, whatever hashes and nodes are made up. */
static void multicast_flood_is_bounded(void **state)
{
	struct net *net = *state;
	struct net_port *p = stranger_setup(net);
	struct prng prng = { 3 };
	struct random_source r = prng_source(&prng);

	for (int i = 0; i < 10000; i++) {
		uint8_t hash[NET_HASH];
		for (size_t j = 0; j < NET_HASH; j++)
			hash[j] = (uint8_t)random_u32(&r);
		net_put_endpoint(&c, random_u32(&r), 7);
		net_put_network(&c, hash);
		p->addr.b[10] = (uint8_t)i;
		p->addr.b[11] = (uint8_t)(i >> 8);
		inject(net, p, true);
		net_run(net, 1);
	}
	/* 10 s, at most DNCP_REACTIONS_MAX (32) in Imin and a few repetitions. */
	assert_in_range(seen.unicast, 100, 10 * 5 * 40);
	assert_true(net_counter(net, 0, DNCP_COUNT_RATE_LIMITED) > 8000);
}

static void unicast_replies_are_bounded(void **state)
{
	struct net *net = *state;
	struct net_port *p = stranger_setup(net);

	net_publish(net, 0, 1, 3800);
	net_run(net, SECOND);
	net->nodes[0].sent_bytes = 0;
	for (int i = 0; i < 100; i++) {
		for (int j = 0; j < 1000; j++)
			net_put_request(&c, dncp_id(net->nodes[0].dncp));
		inject(net, p, false);
	}
	assert_in_range(net->nodes[0].sent_bytes, 1 << 20, 5 << 20);
	assert_true(net_counter(net, 0, DNCP_COUNT_RATE_LIMITED) > 0);
	net_run(net, 10 * SECOND); /* RFC 7787 4.4: "with a non-zero probability to avoid starvation" */
	net_spy(net, &seen);
	net_put_request(&c, dncp_id(net->nodes[0].dncp));
	inject(net, p, false);
	assert_int_equal(seen.with_data, 1);
}

static void checks_node_states(void **state)
{
	struct net *net = *state;
	struct net_port *p = stranger_setup(net);
	const struct dncp *d = net->nodes[0].dncp;

	/* Unknown, without data: asked for. */
	net_put_state(&c, 5, 1, 0, "abcd", 4, false);
	inject(net, p, false);
	assert_int_equal(seen.tlvs[DNCP_TLV_REQUEST_NODE_STATE], 1);
	/* Empty data need not be asked for. */
	net_put_state(&c, 6, 1, 0, NULL, 0, false);
	inject(net, p, false);
	assert_int_equal(seen.tlvs[DNCP_TLV_REQUEST_NODE_STATE], 1);
	assert_int_equal(dncp_node_find(d, 6)->len, 0);
	/* A wrong hash. */
	uint8_t data[64];
	size_t len = stranger_data(net, data, sizeof(data), 1);
	net_put_state(&c, 7, 1, 0, data, len, true);
	bytes[cursor_done(&c) - 1] ^= 1;
	inject(net, p, false);
	assert_null(dncp_node_find(d, 7));
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_BAD_HASH), 1);
	/* Node data that is no row of TLVs is refused alone. */
	net_put_state(&c, 8, 1, 0, "\0\1\0\377", 4, true);
	net_put_state(&c, 9, 1, 0, data, len, true);
	inject(net, p, false);
	assert_null(dncp_node_find(d, 8));
	assert_non_null(dncp_node_find(d, 9));
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_MALFORMED), 1);
	/* Older is refused, newer taken; a newer number with the same hash needs no data. */
	befriend(net, p, 10, 0);
	len = stranger_data(net, data, sizeof(data), 9);
	net_put_state(&c, STRANGER, 9, 0, data, len, true);
	inject(net, p, false);
	assert_int_equal(dncp_node_find(d, STRANGER)->seqno, 10);
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_STALE), 1);
	len = stranger_data(net, data, sizeof(data), 10);
	net_put_state(&c, STRANGER, 12, 0, data, len, false);
	inject(net, p, false);
	assert_int_equal(dncp_node_find(d, STRANGER)->seqno, 12);
	/* The same number with other data: asked for. */
	net_spy(net, &seen);
	net_put_state(&c, STRANGER, 12, 0, "abcd", 4, false);
	inject(net, p, false);
	assert_int_equal(seen.tlvs[DNCP_TLV_REQUEST_NODE_STATE], 1);
}

/* Ages near 2^32 come from those who subtract the wrong way round: they count as nothing. True ones are believed. */
static void ages(void **state)
{
	struct net *net = *state;
	struct net_port *p = stranger_setup(net);
	const struct dncp *d = net->nodes[0].dncp;
	static const uint32_t wrong[] = { UINT32_MAX, UINT32_MAX - 100, UINT32_MAX - 65536, UINT32_MAX - 86400000 };
	static const uint32_t right[] = { 0, 1, 1000, 3600000, 2419200000u };
	uint32_t seqno = 1;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		befriend(net, p, seqno++, wrong[i]);
		assert_int_equal(net->now - dncp_node_find(d, STRANGER)->originated, SECOND);
	}
	for (size_t i = 0; i < ARRAY_LEN(right); i++) {
		befriend(net, p, seqno++, right[i]);
		assert_int_equal(net->now - dncp_node_find(d, STRANGER)->originated, SECOND + right[i]);
	}
	/* And the age we tell grows with time (RFC 7787 7.2.3). */
	net_run(net, 5 * SECOND);
	net_put_request(&c, STRANGER);
	inject(net, p, false);
	assert_int_equal(seen.last_node, STRANGER);
	assert_int_equal(seen.last_age, 6 * SECOND + 2419200000u);
}

/* RFC 7787 4.6: data older than 2^32 - 2^15 ms carries no topology; the same data published anew does again. */
static void very_old_data(void **state)
{
	struct net *net = *state;
	struct net_port *p = stranger_setup(net);
	uint8_t data[64], behind[32];
	struct cursor d = cursor_writer(data, sizeof(data)), b = cursor_writer(behind, sizeof(behind));

	net_put_peer(&d, 5, 1, 8);
	net_put_peer(&d, dncp_id(net->nodes[0].dncp), net->ports[0].endpoint, 7);
	net_put_peer(&b, STRANGER, 8, 1);
	net_put_endpoint(&c, STRANGER, 7);
	net_put_state(&c, STRANGER, 1, 0, data, cursor_done(&d), true);
	net_put_state(&c, 5, 1, 0, behind, cursor_done(&b), true);
	inject(net, p, false);
	net_run(net, 0);
	assert_int_equal(net_reachable(net, 0), 3);
	msec since = net->now;
	for (msec last = net->now; net_reachable(net, 0) == 3; last = net->now) {
		assert_true(net->now - since < (INT64_C(1) << 32));
		net_put_endpoint(&c, STRANGER, 7); /* it is there, but never publishes again */
		inject(net, p, false);
		net_run(net, 30 * SECOND);
		assert_true(net->now > last);
	}
	assert_in_range(net->now - since, (INT64_C(1) << 32) - (1 << 15), (INT64_C(1) << 32) - (1 << 15) + 30 * SECOND);
	assert_int_equal(net_reachable(net, 0), 2);
	net_put_endpoint(&c, STRANGER, 7);
	net_put_state(&c, STRANGER, 2, 0, data, cursor_done(&d), false);
	inject(net, p, false);
	assert_int_equal(net_reachable(net, 0), 3);
}

/* RFC 7787 7.2.3: our own TLVs strictly in order; others' as they came, in order or not, padding and all. */
static void order_of_tlvs(void **state)
{
	struct net *net = *state;
	struct net_port *p = stranger_setup(net);
	struct net_node *n = &net->nodes[0];
	struct cursor app = cursor_writer(n->app, sizeof(n->app));

	befriend(net, p, 1, 0);
	tlv_put(&app, 50, "bb", 2);
	tlv_put(&app, 40, "b", 1);
	tlv_put(&app, 50, "a", 1);
	tlv_put(&app, 6, "x", 1);
	tlv_put(&app, 50, "bb", 2); /* twice is once */
	tlv_put(&app, 50, "ab", 2);
	n->app_len = cursor_done(&app);
	dncp_republish(n->dncp, net->now);
	dncp_run(n->dncp, net->now);
	const struct dncp_node *self = dncp_self(n->dncp);
	static const uint16_t types[] = { 6, DNCP_TLV_PEER, 40, 50, 50, 50 };
	struct cursor r = cursor_reader(self->data, self->len);
	size_t count = 0;
	const uint8_t *last = NULL;
	for (struct tlv t; tlv_next(&r, &t); last = t.raw, count++) {
		assert_int_equal(t.type, types[count]);
		if (last)
			assert_true(memcmp(last, t.raw, 8) < 0);
	}
	assert_int_equal(count, ARRAY_LEN(types));

	/* Disorder, a padding that is not zero and one that is missing. */
	static const uint8_t odd[] = { 0, 50, 0, 1, 'z', 7, 7, 7, 0, 40, 0, 2, 1, 1, 0, 0, 0, 40, 0, 3, 'e', 'n', 'd' };
	uint8_t data[64];
	size_t len = stranger_data(net, data, sizeof(data), 1);
	memcpy(data + len, odd, sizeof(odd));
	net_put_state(&c, STRANGER, 5, 0, data, len + sizeof(odd), true);
	inject(net, p, false);
	const struct dncp_node *s = dncp_node_find(n->dncp, STRANGER);
	assert_int_equal(s->len, len + sizeof(odd));
	assert_memory_equal(s->data, data, s->len);
	assert_true(s->reachable);
	/* What another node gets from us it takes, hash and all. */
	net_attach(net, 2, 1);
	net_attach(net, 0, 1);
	net_on(net, 2, 0);
	net_run(net, SECOND);
	s = dncp_node_find(net->nodes[2].dncp, STRANGER);
	assert_true(s && s->reachable);
	assert_int_equal(s->len, len + sizeof(odd));
	assert_memory_equal(s->data, data, s->len);
}

static void malformed_datagrams_change_nothing(void **state)
{
	struct net *net = *state;
	struct net_port *p = stranger_setup(net);
	static const struct {
		const char *bytes;
		size_t len;
		enum dncp_counter counted;
	} bad[] = {
		{ "\0", 1, DNCP_COUNT_MALFORMED },
		{ "\0\1\0", 3, DNCP_COUNT_MALFORMED },
		{ "\0\1\0\1", 4, DNCP_COUNT_MALFORMED },
		{ "\0\2\0\3\1\2\3\0", 8, DNCP_COUNT_BAD_LENGTH },          /* Request Node State too short */
		{ "\0\3\0\7\1\2\3\4\0\0\0\0", 12, DNCP_COUNT_BAD_LENGTH }, /* Node Endpoint too short */
		{ "\0\3\0\10\1\2\3\4\0\0\0\0", 12, DNCP_COUNT_MALFORMED }, /* endpoint 0 */
		{ "\0\4\0\10\1\2\3\4\5\6\7\10", 12, DNCP_COUNT_NO_ENDPOINT },
		{ "\0\3\0\10\1\2\3\4\0\0\0\1\0\4\0\7\1\2\3\4\5\6\7\0", 24, DNCP_COUNT_BAD_LENGTH },
		{ "\0\3\0\10\1\2\3\4\0\0\0\1\0\3\0\10\1\2\3\4\0\0\0\2", 24, DNCP_COUNT_MALFORMED }, /* two senders */
		{ "\0\1\0\0\0\5\0\23\1\1\1\1\2\2\2\2\3\3\3\3\4\4\4\4\5\5\5\0", 28, DNCP_COUNT_BAD_LENGTH },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		uint64_t before = net_counter(net, 0, bad[i].counted);
		for (int multicast = 0; multicast < 2; multicast++) {
			cursor_put(&c, bad[i].bytes, bad[i].len);
			inject(net, p, multicast);
		}
		assert_int_equal(net_counter(net, 0, bad[i].counted), before + 2);
	}
	net_run(net, SECOND);
	assert_int_equal(seen.unicast, 0);
	assert_null(dncp_peer_next(net->nodes[0].dncp, NULL));
	/* An endpoint that we do not have, an address that is not link-local. */
	struct dncp_datagram d = { .endpoint = 4711, .addr = p->addr, .data = (const uint8_t *)"\0\1\0\0", .len = 4 };
	dncp_input(net->nodes[0].dncp, net->now, &d);
	d.endpoint = net->ports[0].endpoint;
	d.addr.b[0] = 0x20;
	dncp_input(net->nodes[0].dncp, net->now, &d);
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_BAD_SOURCE), 1);
	assert_int_equal(seen.unicast, 0);
}

/* Keeps every datagram that is sent. */
static struct kept {
	bool multicast;
	size_t len;
	uint8_t data[4100];
} kept[600];
static size_t kept_count;

static void keep(struct net *net, const struct net_port *from, const struct dncp_datagram *d)
{
	(void)net;
	(void)from;
	if (kept_count == ARRAY_LEN(kept))
		return;
	kept[kept_count] = (struct kept) { .multicast = d->multicast, .len = d->len };
	memcpy(kept[kept_count++].data, d->data, d->len);
}

static void collect(struct net *net)
{
	kept_count = 0;
	net->spy = keep;
	net_line(net, 4);
	net_publish(net, 1, 1, 300);
	net_run(net, 3 * SECOND);
	net_off(net, 3);
	net_run(net, 50 * SECOND);
	net->spy = NULL;
	assert_true(kept_count > 30);
}

/* Every beginning of every datagram that nodes send, to a node that knows nothing: nothing breaks (the sanitizers look
 * on), and those cut inside a TLV change nothing. */
static void every_truncation(void **state)
{
	struct net *net = *state;

	collect(net);
	struct net *victim = NEW(struct net);
	net_init(victim, 2);
	struct net_port *p = stranger_setup(victim);
	for (size_t i = 0; i < kept_count; i++) {
		for (size_t len = 0; len < kept[i].len; len++) {
			uint64_t before = net_counter(victim, 0, DNCP_COUNT_MALFORMED);
			uint8_t *exact = mem_new(len + 1, 1); /* its own allocation, so that reading over it shows */
			memcpy(exact, kept[i].data, len);
			c = cursor_writer(exact, len);
			c.at = c.end;
			bool whole = tlv_valid(exact, len);
			net_inject(victim, 0, p, kept[i].multicast, false, &c);
			free(exact);
			if (!whole)
				assert_int_equal(net_counter(victim, 0, DNCP_COUNT_MALFORMED), before + 1);
		}
		net_run(victim, 10);
	}
	net_free(victim);
	free(victim);
}

/* Datagrams with some bytes changed, and noise; the node stays in order and keeps to its limits. */
static void random_bytes(void **state)
{
	struct net *net = *state;
	struct prng prng = { 99 };
	struct random_source r = prng_source(&prng);

	collect(net);
	struct net_port *p = &net->ports[1];
	for (int i = 0; i < 60000; i++) {
		const struct kept *k = &kept[random_below(&r, (uint32_t)kept_count)];
		size_t len = k->len;
		uint8_t *exact = mem_new(len + 1, 1);
		memcpy(exact, k->data, len);
		for (uint32_t n = random_below(&r, 8); n; n--)
			exact[random_below(&r, (uint32_t)len)] = (uint8_t)random_u32(&r);
		if (i % 10 == 0)
			for (size_t j = 0; j < len; j++)
				exact[j] = (uint8_t)random_below(&r, j % 4 ? 6 : 2);
		c = cursor_writer(exact, len);
		c.at = c.end;
		net_inject(net, 0, p, random_below(&r, 2), false, &c);
		free(exact);
		if (i % 100 == 0)
			net_run(net, 50);
	}
	net_run(net, 10 * MINUTE);
	assert_true(net_synced(net)); /* the three that are on, rid of the noise */
}

static void secure_endpoint(void **state)
{
	struct net *net = *state;
	uint8_t data[64], hash[NET_HASH] = { 5 };

	net->secure = true;
	struct net_port *p = stranger_setup(net);
	const struct dncp *d = net->nodes[0].dncp;
	size_t len = stranger_data(net, data, sizeof(data), 1);

	/* Insecure unicast: dropped and counted. */
	net_put_endpoint(&c, STRANGER, 7);
	net_put_state(&c, STRANGER, 1, 0, data, len, true);
	tlv_put(&c, DNCP_TLV_REQUEST_NETWORK_STATE, NULL, 0);
	inject(net, p, false);
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_NOT_SECURE), 1);
	assert_null(dncp_peer_next(d, NULL));
	assert_null(dncp_node_find(d, STRANGER));
	/* Multicast: no Node State is taken, nothing is told; but a stranger may be greeted, by the secure channel. */
	net_put_endpoint(&c, STRANGER, 7);
	net_put_network(&c, hash);
	net_put_state(&c, STRANGER, 1, 0, data, len, true);
	net_put_state(&c, 5, 1, 0, "abcd", 4, false);
	net_put_state(&c, dncp_id(d), 500, 0, "abcd", 4, false);
	net_put_request(&c, dncp_id(d));
	tlv_put(&c, DNCP_TLV_REQUEST_NETWORK_STATE, NULL, 0);
	inject(net, p, true);
	net_run(net, IMIN / 2);
	assert_null(dncp_node_find(d, STRANGER));
	assert_int_equal(seen.tlvs[DNCP_TLV_NODE_STATE], 0);
	assert_int_equal(seen.tlvs[DNCP_TLV_REQUEST_NODE_STATE], 0);
	assert_int_equal(seen.tlvs[DNCP_TLV_REQUEST_NETWORK_STATE], 1);
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_OUR_DATA_NEWER], 0);
	/* Secure unicast does it all. */
	net_put_endpoint(&c, STRANGER, 7);
	net_put_state(&c, STRANGER, 1, 0, data, len, true);
	net_inject(net, 0, p, false, true, &c);
	net_run(net, SECOND);
	assert_int_equal(net_reachable(net, 0), 2);
	/* What we multicast right after a change carries no node states. */
	assert_true(seen.multicast > 0);
	assert_int_equal(seen.multicast_tlvs[DNCP_TLV_NODE_STATE], 0);
	assert_int_equal(seen.multicast_tlvs[DNCP_TLV_NODE_ENDPOINT], seen.multicast);
	assert_int_equal(seen.multicast_tlvs[DNCP_TLV_NETWORK_STATE], seen.multicast);
}

static void only_secure(struct net *net, const struct net_port *from, const struct dncp_datagram *d)
{
	(void)net;
	(void)from;
	assert_true(d->secure == !d->multicast);
}

static void secure_network(void **state)
{
	struct net *net = *state;

	net->secure = true;
	net->spy = only_secure;
	net_line(net, 4);
	assert_in_range(net_sync(net, 10 * SECOND), 0, 3 * IMIN);
	net_publish(net, 0, 3, 100);
	assert_in_range(net_sync(net, 10 * SECOND), 0, 3 * IMIN);
	assert_int_equal(net_counter(net, 1, DNCP_COUNT_NOT_SECURE), 0);
	dncp_goodbye(net->nodes[3].dncp, net->now);
	net_off(net, 3);
	assert_in_range(net_sync(net, 10 * SECOND), 0, 2 * IMIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(answers_requests),
		NET_TEST(longer_and_unknown_tlvs),
		NET_TEST(multicast_is_answered_late_and_rarely),
		NET_TEST(multicast_flood_is_bounded),
		NET_TEST(unicast_replies_are_bounded),
		NET_TEST(checks_node_states),
		NET_TEST(ages),
		NET_TEST(very_old_data),
		NET_TEST(order_of_tlvs),
		NET_TEST(malformed_datagrams_change_nothing),
		NET_TEST(every_truncation),
		NET_TEST(random_bytes),
		NET_TEST(secure_endpoint),
		NET_TEST(secure_network),
	};

	return cmocka_run_group_tests_name("dncp_message", tests, NULL, NULL);
}
