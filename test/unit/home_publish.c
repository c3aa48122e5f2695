/* SPDX-License-Identifier: ISC */
/* What a router tells the home (RFC 7788 6.2, 6.5, 8, 10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/home_say.h"

enum { HALL = 1, UPLINK = 8, SECOND_UPLINK = 9 };

static struct net *home(const char *prefix)
{
	struct net *n = net_new(1);
	struct uplink up = net_uplink(UPLINK, prefix, n->now + HOUR);

	net_boot(n, 0);
	net_set_link(n, 0, HALL, HNCP_INTERNAL, true);
	net_set_link(n, 0, UPLINK, HNCP_EXTERNAL, true);
	net_set_link(n, 0, SECOND_UPLINK, HNCP_EXTERNAL, true);
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, 40 * SECOND);
	return n;
}

static const struct hncp_node *self(const struct net *n)
{
	const struct hncp_network *net = &router_view(n->routers[0].router)->net;
	const struct hncp_node *node = hncp_network_node(net, net->self);

	assert_non_null(node);
	assert_int_equal(node->ignored, 0);
	return node;
}

/* How often a prefix, or one that overlaps it, is in any connection; the last in `out`. */
static size_t delegated(const struct hncp_node *node, const char *text, const struct hncp_delegated **out)
{
	struct prefix p;
	size_t count = 0;

	assert_true(prefix_parse(text, &p));
	for (size_t i = 0; i < node->connection_count; i++) {
		for (size_t j = 0; j < node->connections[i].delegated_count; j++) {
			const struct hncp_delegated *d = &node->connections[i].delegated[j];
			if (!prefix_overlaps(&d->prefix, &p))
				continue;
			*out = d;
			count++;
		}
	}
	return count;
}

/* RFC 7788 6.5: Internet connectivity is a policy of type 0; what we make ourselves has no policy. */
static void policies(void **state)
{
	(void)state;
	struct net *n = home("2001:db8:a000::/56");
	const struct hncp_delegated *d;
	assert_int_equal(delegated(self(n), "2001:db8:a000::/56", &d), 1);
	assert_int_equal(d->policy_count, 1);
	assert_int_equal(d->policies[0].type, HNCP_POLICY_INTERNET);
	assert_int_equal(delegated(self(n), "fc00::/7", &d), 1);
	assert_int_equal(d->policy_count, 0);
	assert_true(d->valid == LIFETIME_INFINITE && d->preferred == LIFETIME_INFINITE);
	assert_int_equal(delegated(self(n), "10.0.0.0/8", &d), 1);
	assert_int_equal(d->policy_count, 0);
	net_free(n);
}

/* A provider's ULA prefix is no generated one. */
static void ula_of_a_provider(void **state)
{
	(void)state;
	struct net *n = home("fd99::/48");
	const struct hncp_delegated *d;
	assert_int_equal(delegated(self(n), "fd99::/48", &d), 1);
	assert_int_equal(d->policy_count, 1);
	assert_int_equal(delegated(self(n), "fc00::/7", &d), 2);
	net_free(n);
}

static void no_prefix_twice(void **state)
{
	(void)state;
	struct net *n = home("2001:db8:a000::/56");
	const struct hncp_delegated *d;
	struct uplink up = net_uplink(SECOND_UPLINK, "2001:db8:a000::/56", n->now + 2 * HOUR);
	/* The same from a second uplink, one inside it, and one around it. */
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, SECOND);
	assert_int_equal(delegated(self(n), "2001:db8:a000::/56", &d), 1);
	assert_true(prefix_parse("2001:db8:a000:10::/60", &up.prefixes[0].prefix));
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, SECOND);
	assert_int_equal(delegated(self(n), "2001:db8:a000::/56", &d), 1);
	assert_true(prefix_parse("2001:db8::/32", &up.prefixes[0].prefix));
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, SECOND);
	assert_int_equal(delegated(self(n), "2001:db8::/32", &d), 1);
	net_free(n);
}

/* The same prefix from both uplinks: it stays when either goes. */
static void second_uplink_carries_on(void **state)
{
	(void)state;
	struct net *n = home("2001:db8:a000::/56");
	const struct prefix isp = { .ip = { { 0x20, 0x01, 0x0d, 0xb8, 0xa0 } }, .len = 56 };
	struct uplink up = net_uplink(SECOND_UPLINK, "2001:db8:a000::/56", n->now + 2 * HOUR);
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, SECOND);
	router_uplink_gone(n->routers[0].router, n->now, "up8");
	net_run(n, SECOND);
	const struct view_delegation *d = view_delegation_find(router_view(n->routers[0].router), &isp);
	assert_non_null(d);
	assert_true(d->preferred_until > n->now);
	net_free(n);
}

static void server_options(void **state)
{
	(void)state;
	struct net *n = home("2001:db8:a000::/56");
	struct uplink up = net_uplink(UPLINK, "2001:db8:a000::/56", n->now + HOUR);
	static const uint8_t v6[] = { 0, 23, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0,   0,   0,   0, 0,
		                      0, 0,  0, 0,  0x53, 0, 24,  0,    5, 3, 'i', 's', 'p', 0 };
	static const uint8_t v4[] = { 6, 4, 192, 0, 2, 53 };
	assert_true(ip_parse("2001:db8::53", &up.dns[0]) && ip_parse("192.0.2.53", &up.dns[1]));
	up.dns_count = 2;
	memcpy(up.search, "\3isp", 5);
	up.search_len = 5;
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, SECOND);
	const struct hncp_node *node = self(n);
	bool found = false;
	for (size_t i = 0; i < node->connection_count; i++) {
		const struct hncp_connection *c = &node->connections[i];
		if (!c->dhcpv6.len)
			continue;
		found = true;
		assert_int_equal(c->dhcpv6.len, sizeof(v6));
		assert_memory_equal(c->dhcpv6.at, v6, sizeof(v6));
		assert_int_equal(c->dhcpv4.len, sizeof(v4));
		assert_memory_equal(c->dhcpv4.at, v4, sizeof(v4));
	}
	assert_true(found);
	net_free(n);
}

/* RFC 7788 8: of two nodes with one name the greater identifier has it. */
static void name_conflict(void **state)
{
	(void)state;
	static const uint32_t rivals[] = { 1, UINT32_MAX };
	for (size_t k = 0; k < ARRAY_LEN(rivals); k++) {
		struct net *n = home("2001:db8:a000::/56");
		struct hncp_name name = { .ip = { { 0x20, 1, [15] = 1 } }, .name = "r0" };
		const struct hncp_node rival = { .id = rivals[k], .is_hncp = true, .names = &name, .name_count = 1 };
		assert_int_equal(self(n)->name_count, 1);
		assert_string_equal(self(n)->names[0].name, "r0");
		net_say(n, 0, HALL, 1, &rival);
		net_run(n, SECOND);
		bool ours = self(n)->name_count && strcmp(self(n)->names[0].name, "r0") == 0;
		assert_true(ours == (rivals[k] == 1));
		net_free(n);
	}
}

/* Lifetimes that only count down are no news. */
static void quiet(void **state)
{
	(void)state;
	struct net *n = home("2001:db8:a000::/56");
	uint32_t seqno = dncp_self(router_dncp(n->routers[0].router))->seqno;
	net_run(n, 20 * MINUTE);
	assert_int_equal(dncp_self(router_dncp(n->routers[0].router))->seqno, seqno);
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),        cmocka_unit_test(ula_of_a_provider),
		cmocka_unit_test(no_prefix_twice), cmocka_unit_test(second_uplink_carries_on),
		cmocka_unit_test(server_options),  cmocka_unit_test(name_conflict),
		cmocka_unit_test(quiet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
