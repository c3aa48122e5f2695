/* SPDX-License-Identifier: ISC */
/* Who is there and who is not: keep-alives, grace, goodbye, restarts, changed addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/dncp_net.h"

enum { IMIN = 200 };

static size_t peer_count(const struct net *net, unsigned i)
{
	size_t n = 0;

	for (const struct dncp_peer *p = NULL; (p = dncp_peer_next(net->nodes[i].dncp, p));)
		n++;
	return n;
}

static void settled_line(struct net *net, unsigned n)
{
	net_line(net, n);
	assert_true(net_sync(net, 10 * SECOND) >= 0);
	net_run(net, 5 * MINUTE);
}

/* RFC 7787 6.1.5: 2.1 times 20 s after the last word, neither much sooner nor later, for everybody at once. */
static void silent_death(void **state)
{
	struct net *net = *state;

	settled_line(net, 4);
	net_off(net, 3);
	net_run(net, 20 * SECOND);
	assert_int_equal(net_reachable(net, 0), 4);
	msec took = net_sync(net, MINUTE);
	assert_in_range(took + 20 * SECOND, 42 * SECOND - 20100, 42 * SECOND + 4 * IMIN);
	assert_int_equal(peer_count(net, 2), 1);
	assert_int_equal(net->nodes[2].events[EVENT_DNCP_PEER_DOWN], 1);
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_NODE_DOWN], 1);
}

/* One lost keep-alive is nothing at a multiplier of 2.1; nobody is dropped in a quiet network. */
static void one_lost_keepalive(void **state)
{
	struct net *net = *state;

	settled_line(net, 2);
	for (int i = 0; i < 20; i++) {
		net->loss[0] = 100;
		net_run(net, 12 * SECOND); /* two of one node are at least 12.8 s apart */
		net->loss[0] = 0;
		net_run(net, MINUTE + (msec)i * SECOND);
	}
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_PEER_DOWN] + net->nodes[1].events[EVENT_DNCP_PEER_DOWN], 0);
}

/* RFC 7787 6.1: an interval other than the default is published, and peers go by it. */
static void own_keepalive_interval(void **state)
{
	struct net *net = *state;
	struct net_port *p;

	settled_line(net, 2);
	p = &net->ports[1];
	dncp_endpoint_remove(net->nodes[1].dncp, net->now, p->endpoint);
	const struct dncp_endpoint_conf conf = { .keepalive_interval = 3 * SECOND, .addr = p->addr };
	dncp_endpoint_add(net->nodes[1].dncp, net->now, p->endpoint, &conf);
	net_run(net, SECOND);
	assert_true(net_sync(net, 10 * SECOND) >= 0);
	struct cursor c = cursor_reader(dncp_self(net->nodes[1].dncp)->data, dncp_self(net->nodes[1].dncp)->len);
	unsigned found = 0;
	for (struct tlv t; tlv_next(&c, &t);) {
		if (t.type != DNCP_TLV_KEEPALIVE_INTERVAL)
			continue;
		struct cursor v = tlv_reader(&t);
		assert_int_equal(cursor_get_u32(&v), p->endpoint);
		assert_int_equal(cursor_get_u32(&v), 3 * SECOND);
		found++;
	}
	assert_int_equal(found, 1);
	net_run(net, MINUTE);
	assert_true(net_synced(net));
	unsigned down = net->nodes[0].events[EVENT_DNCP_PEER_DOWN];
	net_off(net, 1);
	net_run(net, 7 * SECOND); /* 6.3 s and something */
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_PEER_DOWN], down + 1);
}

/* RFC 7787 4.6: what is not reachable is neither counted nor provided, kept for the grace, then forgotten. */
static void grace(void **state)
{
	struct net *net = *state;
	struct net_seen seen;
	uint8_t bytes[100];
	struct cursor c = cursor_writer(bytes, sizeof(bytes));

	settled_line(net, 3);
	uint32_t id = dncp_id(net->nodes[2].dncp);
	net_off(net, 2);
	assert_true(net_sync(net, MINUTE) >= 0);
	const struct dncp_node *n = dncp_node_find(net->nodes[0].dncp, id);
	assert_non_null(n);
	assert_false(n->reachable);
	net_spy(net, &seen);
	net_put_request(&c, id);
	net_put_request(&c, dncp_id(net->nodes[1].dncp));
	tlv_put(&c, DNCP_TLV_REQUEST_NETWORK_STATE, NULL, 0);
	net_inject(net, 0, net_port_of(net, &net->nodes[1], 2), false, false, &c);
	assert_int_equal(seen.with_data, 1);                     /* the one that is reachable */
	assert_int_equal(seen.tlvs[DNCP_TLV_NODE_STATE], 1 + 2); /* and a list of two */
	net_run(net, 61 * SECOND);
	assert_null(dncp_node_find(net->nodes[0].dncp, id));
	assert_null(dncp_node_find(net->nodes[1].dncp, id));
}

/* Back within the grace: nobody asks for the data of the nodes behind again, as they are still there. */
static void back_within_grace(void **state)
{
	struct net *net = *state;
	struct net_seen seen;

	settled_line(net, 6);
	net->ports[4].up = net->ports[5].up = false; /* the link between 2 and 3 */
	net_run(net, 45 * SECOND);
	assert_int_equal(net_reachable(net, 0), 3);
	net_spy(net, &seen);
	net->ports[4].up = net->ports[5].up = true;
	assert_in_range(net_sync(net, MINUTE), 0, 22 * SECOND);
	/* Only 2 and 3 have changed: less than what six nodes' data would take to each of five others. */
	assert_in_range(seen.with_data, 1, 14);
}

/* A clean stop is noticed everywhere at once, not after 29 to 50 s. */
static void goodbye(void **state)
{
	struct net *net = *state;

	settled_line(net, 5);
	net_publish(net, 4, 2, 100);
	net_sync(net, SECOND);
	msec start = net->now;
	dncp_goodbye(net->nodes[4].dncp, net->now);
	assert_true(dncp_deadline(net->nodes[4].dncp) == MSEC_NEVER);
	net_off(net, 4);
	msec took = net_sync(net, MINUTE);
	assert_in_range(took, 1, 2 * IMIN);
	assert_int_equal(peer_count(net, 3), 1);
	assert_int_equal(net->now - start, took);
	net_run(net, 5 * MINUTE);
	assert_true(net_synced(net));
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_NODE_DOWN], 1);
}

static void goodbye_is_the_last_word(void **state)
{
	struct net *net = *state;

	settled_line(net, 3);
	dncp_goodbye(net->nodes[1].dncp, net->now);
	uint64_t sent = net->nodes[1].sent;
	dncp_goodbye(net->nodes[1].dncp, net->now);
	dncp_run(net->nodes[1].dncp, net->now + MINUTE);
	net_run(net, 3 * MINUTE);
	assert_int_equal(net->nodes[1].sent, sent);
	assert_int_equal(net_reachable(net, 0), 1);
	assert_int_equal(net_reachable(net, 2), 1);
}

/* RFC 7787 4.4: a node that restarts has lost its sequence number; it learns of its old life from its peers. */
static void restart_at_once(void **state)
{
	struct net *net = *state;

	settled_line(net, 4);
	for (uint32_t i = 0; i < 20; i++)
		net_publish(net, 3, i, 50);
	net_run(net, SECOND);
	uint32_t id = dncp_id(net->nodes[3].dncp), seqno = dncp_self(net->nodes[3].dncp)->seqno;
	net_off(net, 3);
	net_run(net, SECOND);
	net_on(net, 3, id);
	net_publish(net, 3, 77, 60);
	assert_in_range(net_sync(net, MINUTE), 0, 5 * IMIN);
	assert_true(net_has(net, 0, 3));
	assert_int_equal(dncp_id(net->nodes[3].dncp), id);
	assert_in_range(dncp_self(net->nodes[3].dncp)->seqno, seqno + 900, seqno + 1100);
	assert_int_equal(net->nodes[3].events[EVENT_DNCP_OUR_DATA_NEWER], 1);
	assert_int_equal(net->nodes[3].events[EVENT_DNCP_COLLISION], 0);
}

/* The same, when its old life has timed out everywhere but is still kept: nobody may tell it, and it must not matter.
 */
static void restart_within_grace(void **state)
{
	struct net *net = *state;

	settled_line(net, 4);
	for (uint32_t i = 0; i < 20; i++)
		net_publish(net, 3, i, 50);
	net_run(net, SECOND);
	uint32_t id = dncp_id(net->nodes[3].dncp);
	net_off(net, 3);
	assert_true(net_sync(net, MINUTE) >= 0);
	net_run(net, 5 * SECOND);
	assert_non_null(dncp_node_find(net->nodes[0].dncp, id));
	net_on(net, 3, id);
	assert_in_range(net_sync(net, MINUTE), 0, 5 * IMIN);
	assert_true(net_has(net, 0, 3));
}

static void restart_after_goodbye(void **state)
{
	struct net *net = *state;

	settled_line(net, 4);
	uint32_t id = dncp_id(net->nodes[3].dncp);
	dncp_goodbye(net->nodes[3].dncp, net->now);
	net_off(net, 3);
	net_run(net, SECOND);
	net_on(net, 3, id);
	assert_in_range(net_sync(net, MINUTE), 0, 5 * IMIN);
}

/* A router that comes back under another identifier does not leave its former self in the home for 42 s. */
static void restart_under_another_name(void **state)
{
	struct net *net = *state;

	settled_line(net, 3);
	net_off(net, 2);
	net_run(net, SECOND);
	net_on(net, 2, 0);
	assert_in_range(net_sync(net, MINUTE), 0, 5 * IMIN);
	assert_int_equal(net_reachable(net, 0), 3);
	assert_int_equal(peer_count(net, 1), 2);
}

static void address_changes(void **state)
{
	struct net *net = *state;

	settled_line(net, 2);
	struct net_port *p = &net->ports[1];
	p->addr.b[13] = 9;
	dncp_endpoint_address(net->nodes[1].dncp, p->endpoint, &p->addr);
	net_run(net, MINUTE);
	assert_true(net_synced(net));
	const struct dncp_peer *peer = dncp_peer_next(net->nodes[0].dncp, NULL);
	assert_true(ip_equal(&peer->addr, &p->addr));
	assert_int_equal(peer_count(net, 0), 1);
	assert_int_equal(net->nodes[0].events[EVENT_DNCP_PEER_DOWN], 0);
}

/* RFC 7787 4.6: one side's word is not enough. */
static void one_way_link(void **state)
{
	struct net *net = *state;

	net_attach(net, 0, 0);
	net_attach(net, 1, 0);
	net_on(net, 0, 0);
	net_on(net, 1, 0);
	net->ports[1].up = false; /* hears nothing, but let it speak: */
	struct net_port *p = &net->ports[1];
	uint8_t bytes[100];
	for (int i = 0; i < 100; i++) {
		struct cursor c = cursor_writer(bytes, sizeof(bytes));
		uint8_t hash[NET_HASH] = { 1 };
		net_put_endpoint(&c, dncp_id(net->nodes[1].dncp), p->endpoint);
		net_put_network(&c, hash);
		net_inject(net, 0, p, true, false, &c);
		net_run(net, SECOND);
	}
	assert_int_equal(net_reachable(net, 0), 1);
	assert_int_equal(peer_count(net, 0), 0);
	/* It was asked now and then, with few packets. */
	assert_in_range(net->nodes[0].sent, 50, 350);
}

static void endpoint_removed(void **state)
{
	struct net *net = *state;

	settled_line(net, 3);
	dncp_endpoint_remove(net->nodes[1].dncp, net->now, 3);
	dncp_endpoint_remove(net->nodes[1].dncp, net->now, 3); /* no error */
	net_run(net, SECOND);
	assert_int_equal(net_reachable(net, 0), 2);
	assert_int_equal(net_reachable(net, 1), 2);
	net_run(net, MINUTE);
	assert_int_equal(net_reachable(net, 2), 1);
	net_endpoint_add(net, &net->ports[2]);
	assert_in_range(net_sync(net, MINUTE), 0, 5 * IMIN);
}

/* RFC 7787 7.2.3: published anew before the age overflows; and nothing breaks at 2^32 ms. */
static void two_months(void **state)
{
	struct net *net = *state;

	settled_line(net, 3);
	uint32_t seqno = dncp_self(net->nodes[1].dncp)->seqno;
	for (int day = 0; day < 60; day++) {
		net_run(net, (msec)24 * HOUR);
		assert_true(net_synced(net));
	}
	assert_int_equal(dncp_self(net->nodes[1].dncp)->seqno, seqno + 1);
	assert_int_equal(net->nodes[1].events[EVENT_DNCP_PEER_DOWN], 0);
	assert_int_equal(net->nodes[1].events[EVENT_DNCP_NODE_DOWN], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(silent_death),
		NET_TEST(one_lost_keepalive),
		NET_TEST(own_keepalive_interval),
		NET_TEST(grace),
		NET_TEST(back_within_grace),
		NET_TEST(goodbye),
		NET_TEST(goodbye_is_the_last_word),
		NET_TEST(restart_at_once),
		NET_TEST(restart_within_grace),
		NET_TEST(restart_after_goodbye),
		NET_TEST(restart_under_another_name),
		NET_TEST(address_changes),
		NET_TEST(one_way_link),
		NET_TEST(endpoint_removed),
		NET_TEST(two_months),
	};

	return cmocka_run_group_tests_name("dncp_liveness", tests, NULL, NULL);
}
