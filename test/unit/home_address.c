/* SPDX-License-Identifier: ISC */
/* The addresses that a router takes (RFC 7788 6.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/home_say.h"

enum { HALL = 1, LEAF = 2, APPLY_DELAY = 3 * SECOND };

static const struct prefix all_private4 = { .ip = { { [10] = 0xff, 0xff, 10 } }, .len = 104 };

static struct net *alone(uint64_t seed)
{
	struct net *n = net_new(seed);

	net_boot(n, 0);
	net_set_link(n, 0, HALL, HNCP_INTERNAL, true);
	return n;
}

/* The IPv4 address that router 0 publishes; false if none. */
static bool published4(const struct net *n, struct ip *out)
{
	const struct hncp_network *net = &router_view(n->routers[0].router)->net;
	const struct hncp_node *node = hncp_network_node(net, net->self);
	bool any = false;

	for (size_t i = 0; node && i < node->address_count; i++) {
		if (!ip_is_v4(&node->addresses[i].ip))
			continue;
		assert_false(any);
		*out = node->addresses[i].ip;
		any = true;
	}
	return any;
}

/* The IPv4 address in its plan. */
static bool planned4(const struct net *n, struct ip *out)
{
	const struct plan *p = router_plan(n->routers[0].router);

	for (size_t i = 0; i < p->address_count; i++) {
		if (!ip_is_v4(&p->addresses[i].ip))
			continue;
		*out = p->addresses[i].ip;
		return true;
	}
	return false;
}

/* "MUST be in the first quarter", and never the network's own address. */
static void first_quarter(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct net *n = alone(seed);
		struct prefix p;
		struct ip ip;
		net_run(n, 40 * SECOND);
		assert_int_equal(net_applied(n, 0, HALL, &all_private4, &p), 1);
		assert_int_equal(p.len, 120);
		assert_true(planned4(n, &ip));
		assert_true(prefix_has_ip(&p, &ip));
		assert_in_range(ip.b[15], 1, 63);
		net_free(n);
	}
}

/* It is advertised first, and used only when others had time to object. */
static void used_after_a_delay(void **state)
{
	(void)state;
	struct net *n = alone(1);
	struct ip published, planned;
	msec advertised;
	while (!published4(n, &published)) {
		assert_false(planned4(n, &planned));
		net_run(n, 10);
	}
	advertised = n->now;
	while (!planned4(n, &planned))
		net_run(n, 10);
	assert_in_range(n->now - advertised, APPLY_DELAY - 20, APPLY_DELAY + 20);
	assert_true(ip_equal(&published, &planned));
	net_free(n);
}

static void same_after_restart(void **state)
{
	(void)state;
	struct net *n = alone(1);
	struct ip before, after;
	net_run(n, 40 * SECOND);
	assert_true(planned4(n, &before));
	net_kill(n, 0);
	net_boot(n, 0);
	net_set_link(n, 0, HALL, HNCP_INTERNAL, true);
	net_run(n, 40 * SECOND);
	assert_true(planned4(n, &after));
	assert_true(ip_equal(&before, &after));
	net_free(n);
}

/* A node of that identifier says that it has our address. */
static bool keeps_against(uint32_t rival)
{
	struct net *n = alone(1);
	struct ip before, after;
	net_run(n, 40 * SECOND);
	assert_true(planned4(n, &before));
	const struct hncp_address address = { .endpoint = SAY_ENDPOINT, .ip = before };
	const struct hncp_node node = { .id = rival, .is_hncp = true, .addresses = &address, .address_count = 1 };
	net_say(n, 0, HALL, 1, &node);
	net_run(n, SECOND);
	bool kept = planned4(n, &after) && ip_equal(&before, &after);
	net_run(n, 4 * SECOND);
	assert_true(planned4(n, &after));
	assert_true(kept == ip_equal(&before, &after));
	net_free(n);
	return kept;
}

/* RFC 7788 6.4: the node with the greater identifier keeps it; the other takes another one. */
static void conflict(void **state)
{
	(void)state;
	assert_true(keeps_against(1));
	assert_false(keeps_against(UINT32_MAX));
}

/* Never one that somebody has already. */
static void avoids_others(void **state)
{
	(void)state;
	struct net *n = alone(1);
	struct prefix p;
	struct ip ip;
	struct hncp_address taken[62];
	net_run(n, 40 * SECOND);
	assert_int_equal(net_applied(n, 0, HALL, &all_private4, &p), 1);
	/* All of the first quarter but one. */
	for (uint8_t host = 1; host <= 62; host++)
		taken[host - 1] = (struct hncp_address) { .endpoint = SAY_ENDPOINT, .ip = prefix_with_host(&p, host) };
	const struct hncp_node node = { .id = UINT32_MAX, .is_hncp = true, .addresses = taken, .address_count = 62 };
	net_say(n, 0, HALL, 1, &node);
	net_run(n, 5 * SECOND);
	if (planned4(n, &ip))
		assert_int_equal(ip.b[15], 63);
	net_free(n);
}

/* An opaque interface identifier (RFC 7217): another in each prefix, the same each time, never the anycast address. */
static void ipv6_identifiers(void **state)
{
	(void)state;
	struct net *n = alone(1);
	struct prefix ula;
	net_set_link(n, 0, LEAF, HNCP_LEAF, true);
	net_run(n, 40 * SECOND);
	const struct plan *p = router_plan(n->routers[0].router);
	uint64_t seen[2] = { 0 };
	for (size_t i = 0; i < p->address_count; i++) {
		const struct plan_address *a = &p->addresses[i];
		struct cursor c = cursor_reader(a->ip.b + 8, 8);
		if (ip_is_v4(&a->ip))
			continue;
		ula = prefix_make(&a->ip, 7);
		assert_true(prefix_is_ula(&ula) && a->len == 64);
		seen[a->link - 1] = cursor_get_u64(&c);
	}
	assert_true(seen[0] && seen[1] && seen[0] != seen[1]);
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_quarter),      cmocka_unit_test(used_after_a_delay),
		cmocka_unit_test(same_after_restart), cmocka_unit_test(conflict),
		cmocka_unit_test(avoids_others),      cmocka_unit_test(ipv6_identifiers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
