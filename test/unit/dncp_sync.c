/* SPDX-License-Identifier: ISC */
/* Nodes that hear each other come to hold the same, and how fast. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/dncp_net.h"

enum { IMIN = 200 };

static int setup(void **state)
{
	struct net *net = NEW(struct net);

	net_init(net, 1);
	*state = net;
	return 0;
}

static int teardown(void **state)
{
	net_free(*state);
	free(*state);
	return 0;
}

static void two_nodes(void **state)
{
	struct net *net = *state;

	net_attach(net, 0, 0);
	net_attach(net, 1, 0);
	net_on(net, 0, 0);
	net_on(net, 1, 0);
	msec took = net_sync(net, SECOND);
	print_message("two nodes: %d ms\n", (int)took);
	assert_in_range(took, 0, IMIN);
	assert_true(net_has(net, 0, 1) && net_has(net, 1, 0));
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_PEER_UP], 1);
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_NODE_UP], 1);
	net_publish(net, 0, 2, 100);
	assert_in_range(net_sync(net, SECOND), 0, IMIN);
	assert_true(net_has(net, 1, 0));
}

static void line_of_five(void **state)
{
	struct net *net = *state;

	net_line(net, 5);
	msec took = net_sync(net, 10 * SECOND);
	print_message("line of 5 from nothing: %d ms\n", (int)took);
	assert_in_range(took, 0, 4 * IMIN);
	net_run(net, 60 * SECOND);
	net_publish(net, 0, 2, 100);
	took = net_sync(net, 10 * SECOND);
	print_message("line of 5, a change: %d ms\n", (int)took);
	assert_in_range(took, 0, 4 * IMIN);
	for (unsigned i = 1; i < 5; i++)
		assert_true(net_has(net, i, 0));
}

static void lossy(void **state)
{
	struct net *net = *state;

	for (unsigned i = 0; i < 5; i++)
		net->loss[i] = 30;
	net_line(net, 6);
	msec took = net_sync(net, 120 * SECOND);
	print_message("line of 6, 30%% loss: %d ms\n", (int)took);
	assert_in_range(took, 0, 60 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_nodes, setup, teardown),
		cmocka_unit_test_setup_teardown(line_of_five, setup, teardown),
		cmocka_unit_test_setup_teardown(lossy, setup, teardown),
	};

	return cmocka_run_group_tests_name("dncp_sync", tests, NULL, NULL);
}
