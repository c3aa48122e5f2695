/* SPDX-License-Identifier: ISC */
/* Node identifiers: collisions, our own packets that are none, our old life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/dncp_net.h"

enum { IMIN = 200, ID = 0x12345678 };

/* Says a Node Endpoint TLV with identifier `id` to node 0, from `from`. */
static void speak_as(struct net *net, const struct net_port *from, uint32_t id, uint32_t endpoint, bool multicast,
                     bool secure)
{
	uint8_t bytes[100], hash[NET_HASH] = { 9 };
	struct cursor c = cursor_writer(bytes, sizeof(bytes));

	net_put_endpoint(&c, id, endpoint);
	net_put_network(&c, hash);
	net_inject(net, 0, from, multicast, secure, &c);
	dncp_run(net->nodes[0].dncp, net->now);
}

static void neighbours_collide(void **state)
{
	struct net *net = *state;

	net_attach(net, 0, 0);
	net_attach(net, 1, 0);
	net_on(net, 0, ID);
	net_on(net, 1, ID);
	assert_int_equal(dncp_id(net->nodes[0].dncp), ID);
	assert_in_range(net_sync(net, MINUTE), 0, 2 * IMIN);
	assert_int_equal(net_reachable(net, 0), 2);
	assert_true(net_has(net, 0, 1) && net_has(net, 1, 0));
	assert_true(net->nodes[0].events[EVENT_DNCP_COLLISION] + net->nodes[1].events[EVENT_DNCP_COLLISION] >= 1);
	assert_true(dncp_id(net->nodes[0].dncp) != dncp_id(net->nodes[1].dncp));
}

/* Two that never hear each other: each finds its data newer elsewhere, again and again (RFC 7787 4.4). */
static void collide_at_a_distance(void **state)
{
	struct net *net = *state;

	for (unsigned i = 0; i < 5; i++) {
		if (i)
			net_attach(net, i, i - 1);
		net_attach(net, i, i);
	}
	for (unsigned i = 0; i < 5; i++)
		net_on(net, i, i == 0 || i == 4 ? ID : 0);
	assert_in_range(net_sync(net, MINUTE), 0, 15 * SECOND);
	assert_int_equal(net_reachable(net, 2), 5);
	net_run(net, 5 * MINUTE);
	assert_true(net_synced(net));
	assert_true(net_has(net, 0, 4) && net_has(net, 4, 0));
	assert_int_equal(net->nodes[1].events[EVENT_DNCP_COLLISION], 0);
}

static uint32_t next_number;
static uint32_t fixed_next(void *ctx)
{
	(void)ctx;
	return next_number++;
}

static void no_send(void *ctx, const struct dncp_datagram *d)
{
	(void)ctx;
	(void)d;
}

static void no_data(void *ctx, msec now, struct cursor *out)
{
	(void)ctx;
	(void)now;
	(void)out;
}

/* The new identifier is neither 0 nor that of a node we know, whatever the random numbers are. */
static void new_identifier_is_free(void **state)
{
	struct net *net = *state;
	const struct dncp_env env = { .random = { .next = fixed_next }, .send = no_send, .node_data = no_data };
	const struct dncp_endpoint_conf conf = { .addr = { { 0xfe, 0x80, [15] = 1 } } };
	struct dncp *d = dncp_new(&net->profile, &env, 0, 0);
	uint8_t bytes[100];
	struct cursor c = cursor_writer(bytes, sizeof(bytes));

	assert_int_equal(dncp_id(d), 1);
	dncp_endpoint_add(d, 0, 1, &conf);
	dncp_run(d, 0);
	net_put_state(&c, ID, 1, 0, NULL, 0, false);
	net_put_state(&c, ID + 1, 1, 0, NULL, 0, false);
	net_put_endpoint(&c, 2, 1);
	struct dncp_datagram in = { .endpoint = 1, .addr = { { 0xfe, 0x80, [15] = 2 } }, .data = bytes };
	in.len = cursor_done(&c);
	dncp_input(d, SECOND, &in);
	next_number = ID;
	c = cursor_writer(bytes, sizeof(bytes));
	net_put_endpoint(&c, 1, 1); /* our name from another's address */
	in.len = cursor_done(&c);
	dncp_input(d, SECOND, &in);
	assert_int_equal(dncp_id(d), ID + 2);
	dncp_run(d, SECOND);
	assert_non_null(dncp_node_find(d, ID + 2));
	assert_null(dncp_node_find(d, 1));
	dncp_free(d);
	next_number = 0;
}

static void loops_are_ignored(void **state)
{
	struct net *net = *state;

	net->loop = true;
	net_line(net, 3);
	net_attach(net, 1, 1); /* and a second interface on the same link */
	assert_true(net_sync(net, 10 * SECOND) >= 0);
	net_run(net, 10 * MINUTE);
	assert_true(net_synced(net));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(net->nodes[i].events[EVENT_DNCP_COLLISION], 0);
		assert_true(net_counter(net, i, DNCP_COUNT_OWN) > 0);
		for (const struct dncp_peer *p = NULL; (p = dncp_peer_next(net->nodes[i].dncp, p));)
			assert_true(p->node != dncp_id(net->nodes[i].dncp));
	}
}

static void loops_are_ignored_without_addresses(void **state)
{
	struct net *net = *state;

	net->no_addr = true;
	loops_are_ignored(state);
	/* What claims an endpoint that we do not have is not ours, though. */
	net_run(net, MINUTE);
	speak_as(net, &net->ports[1], dncp_id(net->nodes[0].dncp), 999, true, false);
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_COLLISION], 1);
}

/* Anybody can say our name; that costs us a new one now and then, not always. */
static void feigned_collisions_are_limited(void **state)
{
	struct net *net = *state;

	net_attach(net, 0, 0);
	struct net_port *stranger = net_attach(net, 1, 0);
	net_on(net, 0, ID);
	net_run(net, SECOND);
	for (int i = 0; i < 600; i++) {
		speak_as(net, stranger, dncp_id(net->nodes[0].dncp), 1, true, false);
		net_run(net, 100);
	}
	assert_in_range(net->nodes[0].events[EVENT_DNCP_COLLISION], 5, 7); /* in a minute */
	assert_true(net_counter(net, 0, DNCP_COUNT_COLLISIONS) == 600);
}

/* Where unicast is secure, multicast cannot take our name away. */
static void multicast_proves_nothing_where_secure(void **state)
{
	struct net *net = *state;

	net->secure = true;
	net_attach(net, 0, 0);
	struct net_port *stranger = net_attach(net, 1, 0);
	net_on(net, 0, ID);
	net_run(net, SECOND);
	speak_as(net, stranger, ID, 1, true, false);
	speak_as(net, stranger, ID, 1, false, false);
	assert_int_equal(net_counter(net, 0, DNCP_COUNT_COLLISIONS), 0);
	assert_int_equal(dncp_id(net->nodes[0].dncp), ID);
	speak_as(net, stranger, ID, 1, false, true);
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_COLLISION], 1);
}

static void hear_own_state(struct net *net, const struct net_port *from, uint32_t seqno, const char *data)
{
	uint8_t bytes[100];
	struct cursor c = cursor_writer(bytes, sizeof(bytes));

	net_put_endpoint(&c, 0x99, 7);
	net_put_state(&c, ID, seqno, 0, data, strlen(data), false);
	net_inject(net, 0, from, false, false, &c);
	net_run(net, SECOND);
}

/* RFC 7787 4.4: newer data of ours are outbid by far once; a second time another node has our name. */
static void old_life_then_another(void **state)
{
	struct net *net = *state;

	net_attach(net, 0, 0);
	struct net_port *from = net_attach(net, 1, 0);
	net_on(net, 0, ID);
	net_run(net, SECOND);
	const struct dncp_node *self = dncp_self(net->nodes[0].dncp);
	hear_own_state(net, from, self->seqno - 1, "old");
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_OUR_DATA_NEWER], 0);
	hear_own_state(net, from, 5000, "newer");
	assert_int_equal(self->seqno, 6000);
	hear_own_state(net, from, 5000, "newer"); /* lingers */
	hear_own_state(net, from, 5500, "newer");
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_OUR_DATA_NEWER], 1);
	assert_int_equal(dncp_id(net->nodes[0].dncp), ID);
	hear_own_state(net, from, self->seqno, "the same number but other data");
	assert_true(dncp_id(net->nodes[0].dncp) != ID);
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_COLLISION], 1);
	assert_in_range(self->seqno, 1, 3);
}

static void sequence_numbers_wrap(void **state)
{
	struct net *net = *state;

	net_attach(net, 0, 0);
	net_attach(net, 1, 0);
	net_on(net, 0, ID);
	net_on(net, 1, 0);
	net_sync(net, SECOND);
	/* Over the sign, then over 2^32; each step is "greater" in the looping comparison, by less than 2^31. */
	static const uint32_t steps[] = { 0x7ffff000, 0x80001000, 0xd0000000, 0xfffffe00 };
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		hear_own_state(net, &net->ports[1], steps[i], "x");
		/* The messenger comes as a new peer, which is published too. */
		assert_in_range(dncp_self(net->nodes[0].dncp)->seqno - steps[i], 1000, 1003);
		net_run(net, 11 * MINUTE);
		net_publish(net, 0, 100 + (uint32_t)i, 50);
		assert_true(net_sync(net, 10 * SECOND) >= 0);
		assert_true(net_has(net, 1, 0));
	}
	assert_true(dncp_self(net->nodes[0].dncp)->seqno < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(neighbours_collide),
		NET_TEST(collide_at_a_distance),
		NET_TEST(new_identifier_is_free),
		NET_TEST(loops_are_ignored),
		NET_TEST(loops_are_ignored_without_addresses),
		NET_TEST(feigned_collisions_are_limited),
		NET_TEST(multicast_proves_nothing_where_secure),
		NET_TEST(old_life_then_another),
		NET_TEST(sequence_numbers_wrap),
	};

	return cmocka_run_group_tests_name("dncp_identity", tests, NULL, NULL);
}
