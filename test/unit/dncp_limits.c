/* SPDX-License-Identifier: ISC */
/* What a neighbour makes grow stays bounded, in memory and in work, and honest nodes stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/dncp/limits.h"
#include "support/dncp_net.h"

enum { FAKES = 20000, FAKE = 0x01000000 };

static uint8_t bytes[70000];
static struct cursor c;

static void inject(struct net *net, unsigned to, const struct net_port *from)
{
	net_inject(net, to, from, false, false, &c);
	c = cursor_writer(bytes, sizeof(bytes));
}

static size_t held(const struct net *net, unsigned i, uint32_t from, uint32_t to)
{
	size_t n = 0;

	for (uint32_t id = from; id < to; id++)
		n += dncp_node_find(net->nodes[i].dncp, id) != NULL;
	return n;
}

/* Three honest nodes and a stranger on the link of the first. */
static struct net_port *home(struct net *net)
{
	net_line(net, 3);
	struct net_port *p = net_attach(net, 10, 0);
	assert_true(net_sync(net, 10 * SECOND) >= 0);
	net_run(net, MINUTE);
	c = cursor_writer(bytes, sizeof(bytes));
	return p;
}

static void put_fake(uint32_t id, size_t size)
{
	static const uint8_t zero[4000];
	uint8_t data[4000];
	struct cursor d = cursor_writer(data, sizeof(data));

	net_put_peer(&d, id + 1, 1, 1);
	net_put_peer(&d, id - 1, 1, 1);
	tlv_put(&d, 50, zero, size);
	net_put_state(&c, id, 1, 0, data, cursor_done(&d), true);
}

static void unreachable_fakes(void **state)
{
	struct net *net = *state;
	struct net_port *p = home(net);

	uint64_t walks = net_counter(net, 0, DNCP_COUNT_TOPOLOGY),
	         hashes = net_counter(net, 0, DNCP_COUNT_NETWORK_HASHED);
	for (uint32_t i = 0; i < FAKES; i += 10) {
		for (uint32_t j = 0; j < 10; j++)
			put_fake(FAKE + i + j, 64);
		inject(net, 0, p);
		if (i % 1000 == 0)
			net_run(net, 10);
	}
	assert_in_range(held(net, 0, FAKE, FAKE + FAKES), 1, DNCP_UNREACHABLE_MAX);
	assert_true(net_counter(net, 0, DNCP_COUNT_NODE_LIMIT) > FAKES / 2);
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_LIMIT], 1); /* counted all, reported once */
	/* What nobody reachable is connected to costs neither a walk nor a hash of the network. */
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_TOPOLOGY), walks);
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_NETWORK_HASHED), hashes);
	assert_int_equal(net_reachable(net, 0), 3);
	/* They go no further. */
	assert_int_equal(held(net, 1, FAKE, FAKE + FAKES), 0);
	/* A newcomer with a peer among us is let in all the same. */
	net_attach(net, 3, 2);
	net_attach(net, 2, 2);
	net_on(net, 3, 0);
	net_attach(net, 4, 3);
	net_attach(net, 3, 3);
	net_on(net, 4, 0);
	assert_in_range(net_sync(net, MINUTE), 0, 2 * SECOND);
	assert_true(net_has(net, 0, 4));
	net_run(net, 2 * MINUTE);
	assert_int_equal(held(net, 0, FAKE, FAKE + FAKES), 0); /* the grace is over */
}

/* The neighbour is one of us and makes up nodes that hang on it. */
static void reachable_fakes(void **state)
{
	struct net *net = *state;
	struct net_port *p = home(net);
	uint32_t us = dncp_id(net->nodes[0].dncp);

	/* A chain: each confirms the one before. The first is our peer. */
	net_put_endpoint(&c, FAKE, 1);
	uint8_t data[64];
	for (uint32_t i = 0; i < FAKES; i++) {
		struct cursor d = cursor_writer(data, sizeof(data));
		if (i)
			net_put_peer(&d, FAKE + i - 1, 2, 1);
		else
			net_put_peer(&d, us, net->ports[0].endpoint, 1);
		net_put_peer(&d, FAKE + i + 1, 1, 2);
		net_put_state(&c, FAKE + i, 1, 0, data, cursor_done(&d), true);
		if (i % 20 == 19) {
			inject(net, 0, p);
			net_run(net, 20);
		}
	}
	size_t reachable = net_reachable(net, 0);
	assert_in_range(reachable, 1000, DNCP_NODES_MAX);
	assert_true(net_counter(net, 0, DNCP_COUNT_NODE_LIMIT) > 0);
	assert_in_range(held(net, 0, FAKE, FAKE + FAKES), 1000, DNCP_NODES_MAX);
	/* The honest ones are still there and still heard. */
	net_publish(net, 2, 99, 200);
	net_run(net, SECOND);
	assert_true(net_has(net, 0, 2));
	/* The liar falls silent, and all of it goes. */
	net_run(net, 3 * MINUTE);
	assert_int_equal(net_reachable(net, 0), 3);
	assert_int_equal(held(net, 0, FAKE, FAKE + FAKES), 0);
	assert_true(net_synced(net));
}

static void bytes_are_limited_too(void **state)
{
	struct net *net = *state;
	struct net_port *p = home(net);

	for (uint32_t i = 0; i < 1000; i++) {
		put_fake(FAKE + i, 3800);
		inject(net, 0, p);
	}
	assert_in_range(held(net, 0, FAKE, FAKE + 1000), 1, DNCP_UNREACHABLE_DATA_MAX / 3800);
	/* Larger node data than we would publish is refused. */
	put_fake(FAKE + 5000, 3890);
	inject(net, 0, p);
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_TOO_LARGE), 1);
	assert_int_equal(net_reachable(net, 0), 3);
}

static size_t peers(const struct net *net, unsigned i)
{
	size_t n = 0;

	for (const struct dncp_peer *p = NULL; (p = dncp_peer_next(net->nodes[i].dncp, p));)
		n++;
	return n;
}

static void peer_flood(void **state)
{
	struct net *net = *state;
	struct net_port *p = home(net);
	struct net_port from = *p;

	net->packets = 0;
	for (uint32_t i = 0; i < FAKES; i++) {
		net_put_endpoint(&c, FAKE + i, 1);
		from.addr.b[8] = (uint8_t)i;
		from.addr.b[9] = (uint8_t)(i >> 8);
		from.addr.b[10] = 1;
		inject(net, 0, &from);
		if (i % 100 == 0)
			net_run(net, 1);
	}
	assert_in_range(peers(net, 0), 2, DNCP_PEERS_MAX);
	assert_true(net_counter(net, 0, DNCP_COUNT_PEER_LIMIT) > 0);
	assert_true(net->packets < 5000);
	assert_int_equal(net_reachable(net, 0), 3);
	/* An honest newcomer takes the place of one that has not proved itself. */
	net_run(net, 12 * SECOND);
	net_attach(net, 4, 0);
	net_on(net, 4, 0);
	assert_in_range(net_sync(net, MINUTE), 0, SECOND);
	net_run(net, 2 * MINUTE);
	assert_int_equal(peers(net, 0), 2);
	assert_true(net_synced(net));
}

/* One that takes another name with every packet is not followed by the whole network at that pace. */
static void restless_neighbour(void **state)
{
	struct net *net = *state;
	struct net_port *p = home(net);
	uint32_t seqno = dncp_self(net->nodes[0].dncp)->seqno;

	for (uint32_t i = 0; i < 6000; i++) {
		net_put_endpoint(&c, FAKE + i, 1);
		inject(net, 0, p);
		net_run(net, 10);
	}
	assert_in_range(dncp_self(net->nodes[0].dncp)->seqno - seqno, 60, 60 + DNCP_PUBLISH_BURST + 2);
	assert_int_equal(net_reachable(net, 2), 3);
	/* The change of an honest peer is not put off for long by that. */
	net_off(net, 2);
	net_attach(net, 5, 0);
	net_on(net, 5, 0);
	net_run(net, 2 * SECOND);
	assert_true(net_has(net, 1, 5));
}

static void many_tlvs(void **state)
{
	struct net *net = *state;
	struct net_port *p = home(net);

	for (size_t i = 0; i <= DNCP_TLVS_MAX; i++)
		tlv_put(&c, 500, NULL, 0);
	inject(net, 0, p);
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_TLV_LIMIT), 1);
	/* As many states without data as fit: we ask for so many, no more. */
	net->nodes[0].sent_bytes = 0;
	for (uint32_t i = 0; i < 2000; i++)
		net_put_state(&c, FAKE + i, 1, 0, "abcd", 4, false);
	inject(net, 0, p);
	assert_in_range(net->nodes[0].sent_bytes, DNCP_IDS_MAX * 8, DNCP_IDS_MAX * 8 + 200);
}

/* Our own data too large: what was published before stays, peers come first. */
static void own_data_too_large(void **state)
{
	struct net *net = *state;

	home(net);
	struct net_node *n = &net->nodes[0];
	size_t len = dncp_self(n->dncp)->len;
	struct cursor app = cursor_writer(n->app, sizeof(n->app));
	static const uint8_t zero[3890];
	tlv_put(&app, 60, zero, sizeof(zero));
	n->app_len = cursor_done(&app);
	dncp_republish(n->dncp, net->now);
	dncp_run(n->dncp, net->now);
	assert_int_equal(dncp_self(n->dncp)->len, len);
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_TOO_LARGE), 1);
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_LIMIT], 1);
	net_publish(net, 0, 1, 20);
	net_run(net, SECOND);
	assert_true(net_synced(net) && net_has(net, 2, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(unreachable_fakes),  NET_TEST(reachable_fakes),    NET_TEST(bytes_are_limited_too),
		NET_TEST(peer_flood),         NET_TEST(restless_neighbour), NET_TEST(many_tlvs),
		NET_TEST(own_data_too_large),
	};

	return cmocka_run_group_tests_name("dncp_limits", tests, NULL, NULL);
}
