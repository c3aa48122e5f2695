/* SPDX-License-Identifier: ISC */
/* Common links (RFC 7788 6.1) and elections (RFC 7788 7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/hncp/hncp.h"

#define PEERS(...)                                                                                                     \
	.peers = (const struct hncp_peer[]) { __VA_ARGS__ },                                                           \
	.peer_count = ARRAY_LEN(((const struct hncp_peer[]) { __VA_ARGS__ }))

/* 10 is us, with endpoints 1 and 2. Each peer is { node, its endpoint, own endpoint }. */
static const struct hncp_node nodes[] = {
	{ .id = 5, PEERS({ 10, 1, 7 }, { 10, 1, 8 }, { 10, 2, 9 }) }, /* on both our links */
	{ .id = 10,
	  PEERS({ 20, 3, 1 }, { 5, 8, 1 }, { 5, 7, 1 }, { 5, 7, 1 }, { 30, 4, 1 }, { 40, 1, 1 }, { 99, 1, 1 },
	        { 5, 9, 2 }, { 10, 2, 1 }) },
	{ .id = 20, PEERS({ 10, 1, 3 }) },
	{ .id = 30, PEERS({ 10, 2, 4 }) }, /* sees another interface of ours than we say */
	{ .id = 40, .peers = NULL },       /* does not see us */
};
static const struct hncp_network net = { .self = 10, .nodes = nodes, .count = ARRAY_LEN(nodes) };

static void test_network_node(void **state)
{
	(void)state;
	for (size_t i = 0; i < net.count; i++)
		assert_ptr_equal(hncp_network_node(&net, nodes[i].id), &nodes[i]);
	assert_null(hncp_network_node(&net, 0));
	assert_null(hncp_network_node(&net, 11));
	assert_null(hncp_network_node(&net, UINT32_MAX));
}

static void test_only_mutual_peers_are_on_the_link(void **state)
{
	const struct hncp_link_member *m;
	struct arena a = { 0 };

	(void)state;
	assert_int_equal(hncp_common_link(&a, &net, 1, &m), 3);
	assert_int_equal(m[0].node->id, 5);
	assert_int_equal(m[0].endpoint, 7);
	assert_int_equal(m[1].node->id, 5);
	assert_int_equal(m[1].endpoint, 8);
	assert_int_equal(m[2].node->id, 20);
	assert_int_equal(m[2].endpoint, 3);
	assert_int_equal(hncp_common_link(&a, &net, 2, &m), 1);
	assert_int_equal(m[0].endpoint, 9);
	assert_int_equal(hncp_common_link(&a, &net, 3, &m), 0);
	arena_free(&a);
}

struct candidate {
	uint32_t id;
	unsigned m, p, h, l;
};

/* Who wins each of the four elections among candidates, the first of which is us; 0 if nobody. */
static void check(const struct candidate *c, size_t count, const uint32_t winners[4])
{
	struct hncp_node all[4] = { 0 };
	struct hncp_link_member members[4];

	for (size_t i = 0; i < count; i++) {
		all[i].id = c[i].id;
		all[i].capabilities = (struct hncp_capabilities) { (uint8_t)c[i].m, (uint8_t)c[i].p, (uint8_t)c[i].h,
			                                           (uint8_t)c[i].l };
		members[i] = (struct hncp_link_member) { .node = &all[i], .endpoint = 1 };
	}
	struct hncp_network one = { .self = c[0].id, .nodes = all, .count = 1 };
	for (int role = HNCP_ROLE_MDNS; role <= HNCP_ROLE_DHCPV4; role++) {
		const struct hncp_node *won = hncp_elect(&one, members + 1, count - 1, (enum hncp_role)role);
		assert_int_equal(won ? won->id : 0, winners[role]);
	}
}

static void test_elections(void **state)
{
	(void)state;
	/* alone */
	check((struct candidate[]) { { 1, 4, 0, 4, 0 } }, 1, (uint32_t[]) { 1, 0, 1, 0 });
	/* the greater capability */
	check((struct candidate[]) { { 9, 4, 3, 0, 1 }, { 2, 5, 2, 1, 0 } }, 2, (uint32_t[]) { 2, 9, 2, 9 });
	/* tied there: the greater capability value */
	check((struct candidate[]) { { 9, 4, 4, 0, 4 }, { 2, 4, 4, 4, 4 } }, 2, (uint32_t[]) { 2, 2, 2, 2 });
	/* tied there too: the greater node identifier, as an unsigned number */
	check((struct candidate[]) { { 1, 4, 4, 4, 4 }, { 0x80000000, 4, 4, 4, 4 }, { 2, 4, 4, 4, 4 } }, 3,
	      (uint32_t[]) { 0x80000000, 0x80000000, 0x80000000, 0x80000000 });
	/* who announces 0 takes no part, however great otherwise */
	check((struct candidate[]) { { 3, 0, 0, 0, 0 }, { 9, 7, 7, 0, 0 }, { 2, 0, 0, 1, 0 } }, 3,
	      (uint32_t[]) { 9, 9, 2, 0 });
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network_node),
		cmocka_unit_test(test_only_mutual_peers_are_on_the_link),
		cmocka_unit_test(test_elections),
	};

	return cmocka_run_group_tests_name("hncp_link", tests, NULL, NULL);
}
