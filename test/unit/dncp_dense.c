/* SPDX-License-Identifier: ISC */
/* Many nodes on one link: with and without the optimization of RFC 7787 6.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/dncp_net.h"

enum { IMIN = 200, NODES = 20 };

static void crowd(struct net *net, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		net_attach(net, i, 0);
	for (unsigned i = 0; i < n; i++)
		net_on(net, i, 0);
}

static size_t peers(const struct net *net, unsigned i)
{
	size_t n = 0;

	for (const struct dncp_peer *p = NULL; (p = dncp_peer_next(net->nodes[i].dncp, p));)
		n++;
	return n;
}

static unsigned highest(const struct net *net)
{
	unsigned top = 0;

	for (unsigned i = 1; i < NET_NODES; i++)
		if (net->nodes[i].dncp &&
		    (!net->nodes[top].dncp || dncp_id(net->nodes[i].dncp) > dncp_id(net->nodes[top].dncp)))
			top = i;
	return top;
}

static void twenty_without(void **state)
{
	struct net *net = *state;

	crowd(net, NODES);
	msec took = net_sync(net, MINUTE);
	print_message("20 on a link: %d ms, %d packets\n", (int)took, (int)net->packets);
	assert_in_range(took, 0, 5 * IMIN);
	net_run(net, 10 * SECOND);
	/* Each pair has to make acquaintance: 190 pairs, and 20 nodes' data go to 19 others a few times. */
	assert_in_range(net->packets, 190, 20000);
	for (unsigned i = 0; i < NODES; i++)
		assert_int_equal(peers(net, i), NODES - 1);
	net_run(net, 5 * MINUTE);
	/* A change: one multicast, and at most a request and a reply of each (RFC 6206's suppression at work). */
	net->packets = 0;
	net_publish(net, 3, 5, 100);
	took = net_sync(net, MINUTE);
	net_run(net, 2 * SECOND);
	print_message("a change: %d ms, %d packets\n", (int)took, (int)net->packets);
	assert_in_range(took, 0, 2 * IMIN);
	assert_in_range(net->packets, 19 * 2, 19 * 4 + 30);
	net->packets = 0;
	net_run(net, 10 * MINUTE);
	assert_in_range(net->packets, 0, NODES * 600 / 13);
}

static void twenty_with(void **state)
{
	struct net *net = *state;

	net->profile.dense_peers = 8;
	crowd(net, NODES);
	msec took = net_sync(net, MINUTE);
	print_message("20 on a dense link: %d ms, %d packets\n", (int)took, (int)net->packets);
	assert_in_range(took, 0, 30 * SECOND);
	net_run(net, 2 * MINUTE);
	assert_true(net_synced(net));
	unsigned top = highest(net);
	for (unsigned i = 0; i < NODES; i++)
		assert_int_equal(peers(net, i), i == top ? NODES - 1 : 1);
	/* Only the highest is heard by multicast. */
	for (unsigned i = 0; i < NODES; i++)
		net->nodes[i].sent_multicast = 0;
	net->packets = 0;
	net_run(net, 10 * MINUTE);
	for (unsigned i = 0; i < NODES; i++)
		assert_int_equal(net->nodes[i].sent_multicast > 0, i == top);
	assert_in_range(net->packets, 19 * 29, NODES * 600 / 12);
	/* A change of any gets to all, by way of the highest. */
	for (unsigned i = 0; i < NODES; i++) {
		net_publish(net, i, 7 + i, 60);
		assert_in_range(net_sync(net, MINUTE), 0, 3 * IMIN);
		net_run(net, 10 * SECOND);
	}
	assert_true(net_synced(net));
}

static void the_highest_leaves(void **state)
{
	struct net *net = *state;

	net->profile.dense_peers = 8;
	crowd(net, NODES);
	net_run(net, 2 * MINUTE);
	assert_true(net_synced(net));
	net_off(net, highest(net));
	net_run(net, 100 * SECOND);
	assert_true(net_synced(net));
	unsigned top = highest(net);
	for (unsigned i = 0; i < NODES; i++)
		if (net->nodes[i].dncp)
			assert_int_equal(peers(net, i), i == top ? NODES - 2 : 1);
	/* One with a higher identifier takes over. */
	net_attach(net, NODES, 0);
	net_on(net, NODES, 0xfffffff0);
	net_run(net, MINUTE);
	assert_true(net_synced(net));
	for (unsigned i = 0; i <= NODES; i++)
		if (net->nodes[i].dncp)
			assert_int_equal(peers(net, i), i == NODES ? NODES - 1 : 1);
	/* Few are left: everybody knows everybody again. */
	for (unsigned i = 0; i < NODES - 4; i++)
		if (net->nodes[i].dncp)
			net_off(net, i);
	net_run(net, 3 * MINUTE);
	assert_true(net_synced(net));
	size_t on = net_reachable(net, NODES);
	for (unsigned i = 0; i <= NODES; i++)
		if (net->nodes[i].dncp)
			assert_int_equal(peers(net, i), on - 1);
}

static void dense_and_lossy(void **state)
{
	struct net *net = *state;

	net->profile.dense_peers = 8;
	net->profile.keepalive_multiplier_x10 = 150;
	net->loss[0] = 15;
	net->delay[0] = 20;
	crowd(net, NODES);
	assert_in_range(net_sync(net, 5 * MINUTE), 0, 2 * MINUTE);
	net_run(net, 10 * MINUTE);
	net_publish(net, 0, 7, 60);
	assert_in_range(net_sync(net, 5 * MINUTE), 0, 2 * MINUTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(twenty_without),
		NET_TEST(twenty_with),
		NET_TEST(the_highest_leaves),
		NET_TEST(dense_and_lossy),
	};

	return cmocka_run_group_tests_name("dncp_dense", tests, NULL, NULL);
}
