/* SPDX-License-Identifier: ISC */
/* Nodes that hear each other come to hold the same: how fast, with how little, and whatever the network does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/dncp_net.h"

enum { IMIN = 200 };

static void two_nodes(void **state)
{
	struct net *net = *state;

	net_attach(net, 0, 0);
	net_attach(net, 1, 0);
	net_on(net, 0, 0);
	net_on(net, 1, 0);
	assert_in_range(net_sync(net, SECOND), 0, IMIN);
	assert_true(net_has(net, 0, 1) && net_has(net, 1, 0));
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_PEER_UP], 1);
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_NODE_UP], 1);
	net_publish(net, 0, 2, 100);
	assert_in_range(net_sync(net, SECOND), 0, IMIN);
	assert_true(net_has(net, 1, 0));
}

/* A fresh endpoint is heard within Imin / 2, and both sides are peers a few packets later. */
static void newcomer_is_heard_at_once(void **state)
{
	struct net *net = *state;

	for (unsigned seed = 0; seed < 50; seed++) {
		net_init(net, seed);
		net_attach(net, 0, 0);
		net_attach(net, 1, 0);
		net_on(net, 0, 0);
		net_run(net, 5 * MINUTE);
		net_on(net, 1, 0);
		assert_in_range(net_sync(net, SECOND), 1, IMIN);
		net_free(net);
	}
	net_init(net, 1);
}

/* The aim is the Trickle floor, Imin a hop at most, and nothing on top. */
static void line_of_five(void **state)
{
	struct net *net = *state;

	for (unsigned seed = 0; seed < 50; seed++) {
		net_init(net, seed);
		net_line(net, 5);
		assert_in_range(net_sync(net, 10 * SECOND), 0, 4 * IMIN);
		net_run(net, MINUTE);
		net_publish(net, 0, 2, 100);
		assert_in_range(net_sync(net, 10 * SECOND), 0, 4 * IMIN);
		for (unsigned i = 1; i < 5; i++)
			assert_true(net_has(net, i, 0));
		net_free(net);
	}
	net_init(net, 1);
}

/* Loses every Node State with data that nobody asked for, so that only Trickle is left. */
static bool asked;
static void drop_pushes(struct net *net, const struct net_port *from, const struct dncp_datagram *d)
{
	struct cursor c = cursor_reader(d->data, d->len);

	(void)net;
	(void)from;
	for (struct tlv t; tlv_next(&c, &t);)
		asked |= t.type == DNCP_TLV_REQUEST_NODE_STATE;
	if (d->multicast || asked)
		return;
	c = cursor_reader(d->data, d->len);
	for (struct tlv t; tlv_next(&c, &t);)
		if (t.type == DNCP_TLV_NODE_STATE && t.len > 12 + NET_HASH)
			/* The type becomes one that is ignored. */
			((uint8_t *)(uintptr_t)t.raw)[1] = 0xff;
}

/* Trickle alone keeps the bound too: Imin / 2 to Imin until it speaks, at most Imin / 2 until the answer. */
static void trickle_alone(void **state)
{
	struct net *net = *state;

	net_line(net, 2);
	net_sync(net, 10 * SECOND);
	net_run(net, MINUTE);
	net->spy = drop_pushes;
	asked = false;
	net_publish(net, 0, 2, 100);
	msec took = net_sync(net, 10 * SECOND);
	assert_true(asked);
	assert_in_range(took, IMIN / 2, IMIN + IMIN / 2 + 10);
}

static void lossy(void **state)
{
	struct net *net = *state;

	for (unsigned seed = 0; seed < 20; seed++) {
		net_init(net, seed);
		for (unsigned i = 0; i < 5; i++) {
			net->loss[i] = 30;
			net->delay[i] = 50;
		}
		/* RFC 7788 3: "on a lossy link, a considerably higher multiplier, such as 15, should be used". */
		net->profile.keepalive_multiplier_x10 = 150;
		net_line(net, 6);
		assert_in_range(net_sync(net, 5 * MINUTE), 0, 30 * SECOND);
		net_run(net, MINUTE);
		net_publish(net, 3, 2, 1000);
		assert_in_range(net_sync(net, 5 * MINUTE), 0, 30 * SECOND);
		for (unsigned i = 0; i < 6; i++)
			assert_true(net_has(net, i, 3));
		net_free(net);
	}
	net_init(net, 1);
}

static void partition_and_heal(void **state)
{
	struct net *net = *state;

	net_line(net, 6);
	assert_true(net_sync(net, 10 * SECOND) >= 0);
	net->loss[2] = 100;
	net_run(net, MINUTE);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(net_reachable(net, i), 3);
	net_publish(net, 0, 7, 300);
	net_publish(net, 5, 8, 300);
	net_run(net, 3 * MINUTE);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(net_reachable(net, i), 3);
	net->loss[2] = 0;
	/* Both sides are silent but for keep-alives, and one of those is the first that the other hears. */
	assert_in_range(net_sync(net, MINUTE), 0, 22 * SECOND);
	assert_true(net_has(net, 0, 5) && net_has(net, 5, 0));
}

/* A short cut of the link that keep-alives do not notice loses changes, not the peers. */
static void short_cut(void **state)
{
	struct net *net = *state;

	net_line(net, 3);
	net_sync(net, 10 * SECOND);
	net_run(net, 5 * MINUTE);
	net->loss[0] = 100;
	net_publish(net, 0, 9, 100);
	net_run(net, 10 * SECOND);
	assert_false(net_has(net, 2, 0));
	net->loss[0] = 0;
	assert_in_range(net_sync(net, MINUTE), 0, 13 * SECOND);
	assert_true(net_has(net, 2, 0));
	assert_int_equal(net->nodes[1].events[EVENT_DNCP_PEER_DOWN], 0);
}

/* Data of many nodes and of the largest size; each node state whole, datagrams no larger than they should be. */
static void big_data(void **state)
{
	struct net *net = *state;

	net_line(net, 4);
	for (unsigned i = 0; i < 4; i++)
		net_publish(net, i, i, 600);
	net_sync(net, 10 * SECOND);
	assert_in_range(net->largest, 600, NET_PROFILE.datagram_max);
	for (unsigned i = 4; i < 40; i++) { /* a star of 36 more */
		net_attach(net, i, 10 + i);
		net_attach(net, 0, 10 + i);
		net_publish(net, i, i, 500 + 10 * i);
		net_on(net, i, 0);
	}
	assert_in_range(net_sync(net, 30 * SECOND), 0, 10 * SECOND);
	for (unsigned i = 0; i < 40; i++)
		assert_true(net_has(net, i, 39 - i));
	net->largest = 0;
	net_publish(net, 20, 1, 3800); /* more than a datagram should have: alone in one */
	assert_in_range(net_sync(net, 30 * SECOND), 0, 10 * SECOND);
	assert_in_range(net->largest, 3800, 4000);
	assert_true(net_has(net, 3, 20));
}

/* A joiner gets a whole network by lists and requests that take several datagrams each. */
static void joining_a_large_home(void **state)
{
	struct net *net = *state;

	for (unsigned i = 0; i < 60; i++)
		net_publish(net, i, i, 200);
	net_line(net, 59);
	assert_true(net_sync(net, MINUTE) >= 0);
	net_run(net, MINUTE);
	net_attach(net, 59, 58);
	net_attach(net, 58, 58);
	net_on(net, 59, 0);
	msec took = net_sync(net, 10 * SECOND);
	assert_in_range(took, 0, 5 * IMIN);
	assert_in_range(net->largest, 1000, NET_PROFILE.datagram_max);
}

static void quiet_when_settled(void **state)
{
	struct net *net = *state;
	uint64_t walks, hashes;

	net_line(net, 5);
	net_sync(net, 10 * SECOND);
	net_run(net, 5 * MINUTE);
	walks = net_counter(net, 2, DNCP_COUNT_TOPOLOGY);
	hashes = net_counter(net, 2, DNCP_COUNT_NETWORK_HASHED);
	net->packets = 0;
	for (unsigned i = 0; i < 5; i++)
		net->nodes[i].sent = net->nodes[i].sent_multicast = net->nodes[i].changed = 0;
	net_run(net, 10 * MINUTE);
	/* 8 endpoints, one keep-alive in 20 seconds each, or a Trickle a little earlier. */
	assert_in_range(net->packets, 8 * 25, 8 * 600 / 13);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(net->nodes[i].sent, net->nodes[i].sent_multicast);
		assert_int_equal(net->nodes[i].changed, 0);
	}
	assert_int_equal(net_counter(net, 2, DNCP_COUNT_TOPOLOGY), walks);
	assert_int_equal(net_counter(net, 2, DNCP_COUNT_NETWORK_HASHED), hashes);
}

/* A node whose data change all the time does not flood: a push and a multicast in Imin / 2 on an endpoint. */
static void constant_change_is_bounded(void **state)
{
	struct net *net = *state;

	net_line(net, 3);
	net_sync(net, 10 * SECOND);
	net_run(net, MINUTE);
	net->packets = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		net_publish(net, 0, i, 64);
		net_run(net, 10);
	}
	/* In 10 s: 100 pushes over each of 2 hops, 50 to 100 multicasts on each of 4 endpoints and what they ask. */
	assert_in_range(net->packets, 200, 1200);
	assert_true(net_sync(net, SECOND) >= 0);
	assert_true(net_has(net, 2, 0));
}

static void ring_and_parallel_links(void **state)
{
	struct net *net = *state;

	net_line(net, 5);
	net_attach(net, 0, 20);
	net_attach(net, 4, 20);
	net_attach(net, 1, 21);
	net_attach(net, 2, 21);
	net_attach(net, 2, 21); /* twice on one link */
	assert_true(net_sync(net, 10 * SECOND) >= 0);
	net_run(net, 5 * MINUTE);
	assert_int_equal(net->nodes[2].events[EVENT_DNCP_COLLISION], 0);
	net->loss[1] = 100; /* 1 and 2 still have their second link */
	net_publish(net, 0, 5, 50);
	assert_in_range(net_sync(net, 10 * SECOND), 0, 4 * IMIN);
	net_run(net, 5 * MINUTE);
	assert_true(net_synced(net));
	assert_true(net_has(net, 2, 0));
}

static uint64_t trace_of(uint64_t seed)
{
	struct net *net = NEW(struct net);

	net_init(net, seed);
	for (unsigned i = 0; i < 8; i++)
		net->loss[i] = 10;
	net_line(net, 8);
	net_run(net, MINUTE);
	net_off(net, 3);
	net_run(net, MINUTE);
	net_on(net, 3, 0);
	net_publish(net, 0, 3, 2000);
	net_run(net, MINUTE);
	uint64_t trace = net->trace;
	net_free(net);
	free(net);
	return trace;
}

static void same_seed_same_bytes(void **state)
{
	(void)state;
	assert_true(trace_of(5) == trace_of(5));
	assert_true(trace_of(5) != trace_of(6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(two_nodes),
		NET_TEST(newcomer_is_heard_at_once),
		NET_TEST(line_of_five),
		NET_TEST(trickle_alone),
		NET_TEST(lossy),
		NET_TEST(partition_and_heal),
		NET_TEST(short_cut),
		NET_TEST(big_data),
		NET_TEST(joining_a_large_home),
		NET_TEST(quiet_when_settled),
		NET_TEST(constant_change_is_bounded),
		NET_TEST(ring_and_parallel_links),
		NET_TEST(same_seed_same_bytes),
	};

	return cmocka_run_group_tests_name("dncp_sync", tests, NULL, NULL);
}
