/* SPDX-License-Identifier: ISC */
/* Whole routers in virtual time: a home configures itself, loses an uplink, a router, its memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/home_net.h"

static const struct prefix isp_a = { .ip = { { 0x20, 0x01, 0x0d, 0xb8, 0xa0 } }, .len = 56 };
static const struct prefix isp_b = { .ip = { { 0x20, 0x01, 0x0d, 0xb8, 0xb0 } }, .len = 56 };
static const struct prefix any_ula = { .ip = { { 0xfc } }, .len = 7 };
static const struct prefix any_ipv4 = { .ip = { { [10] = 0xff, 0xff, 10 } }, .len = 104 };

enum { LINK_A = 8, LINK_B = 9, HALL = 1, OFFICE = 2, DEN = 3, LEAF = 4 };

/* r0 (uplink A) - HALL - r1 (uplink B); r0 - OFFICE - r2 - DEN - r1; LEAF at r2. */
static void boot_links(struct net *n, unsigned i)
{
	static const struct {
		unsigned router, link;
	} plugs[] = { { 0, HALL }, { 1, HALL }, { 0, OFFICE }, { 2, OFFICE }, { 2, DEN }, { 1, DEN }, { 2, LEAF } };

	net_boot(n, i);
	for (size_t k = 0; k < ARRAY_LEN(plugs); k++)
		if (plugs[k].router == i)
			net_set_link(n, i, plugs[k].link, HNCP_INTERNAL, true);
	if (i < 2)
		net_set_link(n, i, i ? LINK_B : LINK_A, HNCP_EXTERNAL, true);
}

static void give_uplink(struct net *n, unsigned i, msec span)
{
	struct uplink up =
	        net_uplink(i ? LINK_B : LINK_A, i ? "2001:db8:b000::/56" : "2001:db8:a000::/56", n->now + span);

	router_uplink_set(n->routers[i].router, n->now, &up);
}

static struct net *home(uint64_t seed)
{
	struct net *n = net_new(seed);

	for (unsigned i = 0; i < 3; i++)
		boot_links(n, i);
	give_uplink(n, 0, HOUR);
	give_uplink(n, 1, HOUR);
	return n;
}

/* Each link has one prefix of each delegation, the same for all its routers, none on two links. */
static void assert_assigned(const struct net *n, const struct prefix *delegated)
{
	static const struct {
		unsigned link, count, routers[2];
	} links[] = { { HALL, 2, { 0, 1 } }, { OFFICE, 2, { 0, 2 } }, { DEN, 2, { 1, 2 } }, { LEAF, 1, { 2 } } };
	struct prefix seen[ARRAY_LEN(links)];

	for (size_t k = 0; k < ARRAY_LEN(links); k++) {
		for (size_t m = 0; m < links[k].count; m++) {
			struct prefix p;
			assert_int_equal(net_applied(n, links[k].routers[m], links[k].link, delegated, &p), 1);
			assert_true(m == 0 || prefix_equal(&p, &seen[k]));
			seen[k] = p;
		}
		for (size_t j = 0; j < k; j++)
			assert_false(prefix_overlaps(&seen[j], &seen[k]));
	}
}

/* Every router has a way out for sources of `src`. */
static void assert_exits(const struct net *n, const struct prefix *src)
{
	for (unsigned i = 0; i < 3; i++) {
		const struct plan_route *route = net_route(n, i, &PREFIX_ALL, src);
		assert_non_null(route);
		assert_int_equal(route->type, PLAN_UNICAST);
	}
}

static void converges(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct net *n = home(seed);
		net_run(n, 40 * SECOND);
		assert_assigned(n, &isp_a);
		assert_assigned(n, &isp_b);
		assert_assigned(n, &any_ula);
		assert_assigned(n, &any_ipv4);
		assert_exits(n, &isp_a);
		assert_exits(n, &isp_b);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(router_view(n->routers[i].router)->net.count, 3);
			assert_false(router_converging(n->routers[i].router));
		}
		net_free(n);
	}
}

/* Nothing but keep-alives, Hellos and their like once the home has settled. */
static void quiet_when_settled(void **state)
{
	(void)state;
	struct net *n = home(3);
	net_run(n, 120 * SECOND);
	unsigned plans = n->routers[2].plans;
	uint64_t sent = n->sent;
	net_run(n, 120 * SECOND);
	assert_int_equal(n->routers[2].plans, plans);
	/* 7 endpoints: a Hello each 4 s, an update each 16 s, IHUs, a keep-alive each 20 s, and rare RAs. */
	assert_true(n->sent - sent < 7 * 120);
	net_free(n);
}

static void one_uplink_goes(void **state)
{
	(void)state;
	struct net *n = home(4);
	struct prefix before, after;
	net_run(n, 40 * SECOND);
	assert_int_equal(net_applied(n, 2, LEAF, &isp_a, &before), 1);
	router_uplink_gone(n->routers[0].router, n->now, "up8");
	net_run(n, 2 * SECOND);
	/* Deprecated everywhere, its way out gone, the other's untouched. */
	const struct view_delegation *d = view_delegation_find(router_view(n->routers[2].router), &isp_a);
	assert_non_null(d);
	assert_true(d->preferred_until <= n->now && d->valid_until > n->now);
	const struct plan_route *route = net_route(n, 2, &PREFIX_ALL, &isp_a);
	assert_true(!route || route->type == PLAN_UNREACHABLE);
	assert_exits(n, &isp_b);
	give_uplink(n, 0, HOUR);
	net_run(n, 10 * SECOND);
	assert_exits(n, &isp_a);
	assert_assigned(n, &isp_a);
	assert_int_equal(net_applied(n, 2, LEAF, &isp_a, &after), 1);
	assert_true(prefix_equal(&before, &after));
	net_free(n);
}

/* A prefix that is withdrawn in so many words is gone for assignment, and comes back to the same links. */
static void withdrawn_and_back(void **state)
{
	(void)state;
	struct net *n = home(5);
	struct prefix before, after;
	net_run(n, 40 * SECOND);
	assert_int_equal(net_applied(n, 2, LEAF, &isp_a, &before), 1);
	give_uplink(n, 0, 0);
	net_run(n, 2 * SECOND);
	assert_null(view_delegation_find(router_view(n->routers[2].router), &isp_a));
	assert_int_equal(net_applied(n, 2, LEAF, &isp_a, &after), 0);
	net_run(n, 60 * SECOND);
	give_uplink(n, 0, HOUR);
	net_run(n, 20 * SECOND);
	assert_assigned(n, &isp_a);
	assert_int_equal(net_applied(n, 2, LEAF, &isp_a, &after), 1);
	assert_true(prefix_equal(&before, &after));
	net_free(n);
}

static void restart_keeps_prefixes(void **state)
{
	(void)state;
	struct net *n = home(6);
	struct prefix before, after;
	net_run(n, 40 * SECOND);
	assert_int_equal(net_applied(n, 2, LEAF, &isp_b, &before), 1);
	uint32_t id = dncp_id(router_dncp(n->routers[2].router));
	net_kill(n, 2);
	net_run(n, 90 * SECOND);
	assert_int_equal(router_view(n->routers[0].router)->net.count, 2);
	boot_links(n, 2);
	net_run(n, 3 * SECOND);
	assert_int_equal(dncp_id(router_dncp(n->routers[2].router)), id);
	net_run(n, 30 * SECOND);
	assert_assigned(n, &isp_b);
	assert_int_equal(net_applied(n, 2, LEAF, &isp_b, &after), 1);
	assert_true(prefix_equal(&before, &after));
	net_free(n);
}

/* The whole house loses power: uplinks come back later than routers, and yet everything is as before. */
static void blackout(void **state)
{
	(void)state;
	struct net *n = home(7);
	struct prefix a, ula, a2, ula2;
	net_run(n, 40 * SECOND);
	assert_int_equal(net_applied(n, 2, LEAF, &isp_a, &a), 1);
	assert_int_equal(net_applied(n, 2, LEAF, &any_ula, &ula), 1);
	for (unsigned i = 0; i < 3; i++)
		net_kill(n, i);
	net_run(n, 10 * SECOND);
	for (unsigned i = 0; i < 3; i++)
		boot_links(n, i);
	net_run(n, 5 * SECOND);
	give_uplink(n, 0, HOUR);
	give_uplink(n, 1, HOUR);
	net_run(n, 40 * SECOND);
	assert_assigned(n, &isp_a);
	assert_assigned(n, &any_ula);
	assert_int_equal(net_applied(n, 2, LEAF, &isp_a, &a2), 1);
	assert_int_equal(net_applied(n, 2, LEAF, &any_ula, &ula2), 1);
	assert_true(prefix_equal(&a, &a2));
	assert_true(prefix_equal(&ula, &ula2));
	net_free(n);
}

static void memory_lost(void **state)
{
	(void)state;
	struct net *n = home(8);
	net_run(n, 40 * SECOND);
	net_kill(n, 0);
	net_wipe(n, 0);
	net_run(n, 1 * SECOND);
	boot_links(n, 0);
	give_uplink(n, 0, HOUR);
	net_run(n,
	        90 * SECOND); /* its former self must time out: 2.1 keep-alives, and more for the grace of its data */
	assert_int_equal(router_view(n->routers[2].router)->net.count, 3);
	assert_assigned(n, &isp_a);
	assert_assigned(n, &isp_b);
	assert_exits(n, &isp_a);
	net_free(n);
}

/* A clean stop is known everywhere within a second. */
static void goodbye(void **state)
{
	(void)state;
	struct net *n = home(9);
	net_run(n, 40 * SECOND);
	router_goodbye(n->routers[0].router, n->now);
	net_run(n, 10);
	net_kill(n, 0);
	net_run(n, 990);
	for (unsigned i = 1; i < 3; i++) {
		const struct plan_route *route = net_route(n, i, &PREFIX_ALL, &isp_a);
		assert_int_equal(router_view(n->routers[i].router)->net.count, 2);
		assert_true(!route || route->type == PLAN_UNREACHABLE);
	}
	net_free(n);
}

/* The router that made the ULA prefix is gone for good: another makes the same one again. */
static void ula_outlives_its_maker(void **state)
{
	(void)state;
	struct net *n = home(10);
	struct prefix before, after;
	net_run(n, 40 * SECOND);
	assert_int_equal(net_applied(n, 2, DEN, &any_ula, &before), 1);
	const struct view *v = router_view(n->routers[2].router);
	unsigned maker = 3;
	for (size_t i = 0; i < v->delegation_count; i++)
		for (unsigned k = 0; k < 3; k++)
			if (v->delegations[i].kind == VIEW_ULA &&
			    v->delegations[i].node == dncp_id(router_dncp(n->routers[k].router)))
				maker = k;
	assert_int_not_equal(maker, 3);
	unsigned other = maker == 2 ? 1 : 2;
	net_kill(n, maker);
	net_run(n, 120 * SECOND);
	assert_int_equal(net_applied(n, other, DEN, &any_ula, &after), maker == 0 || other == 1 || other == 2);
	assert_true(prefix_equal(&before, &after));
	net_free(n);
}

/* One end of a link is unplugged: the other end keeps its prefixes, without a moment's loss. */
static void other_end_keeps_prefix(void **state)
{
	(void)state;
	for (uint64_t seed = 20; seed < 40; seed++) {
		struct net *n = home(seed);
		struct prefix before, after;
		net_run(n, 40 * SECOND);
		assert_int_equal(net_applied(n, 1, DEN, &isp_a, &before), 1);
		net_set_link(n, 2, DEN, HNCP_INTERNAL, false);
		for (int step = 0; step < 600; step++) {
			net_run(n, 100);
			assert_int_equal(net_applied(n, 1, DEN, &isp_a, &after), 1);
			assert_true(prefix_equal(&before, &after));
		}
		net_free(n);
	}
}

/* The cable between r1 and r2 is out at r2's end. r2 says so by way of r0, and r1 takes that way at once, long before
 * Hellos are missed. */
static void told_of_lost_link(void **state)
{
	(void)state;
	for (uint64_t seed = 40; seed < 50; seed++) {
		struct net *n = home(seed);
		struct prefix leaf;
		net_run(n, 40 * SECOND);
		assert_int_equal(net_applied(n, 2, LEAF, &isp_a, &leaf), 1);
		const struct plan_route *route = net_route(n, 1, &leaf, &PREFIX_ALL);
		assert_non_null(route);
		assert_int_equal(route->link, DEN);
		net_set_link(n, 2, DEN, HNCP_INTERNAL, false);
		net_run(n, 1 * SECOND);
		route = net_route(n, 1, &leaf, &PREFIX_ALL);
		assert_non_null(route);
		assert_int_equal(route->type, PLAN_UNICAST);
		assert_int_equal(route->link, HALL);
		net_free(n);
	}
}

/* A router that dies without a word is missed by Babel's Hellos, and then by DNCP too, whose keep-alives would take 42
 * s. */
static void dead_router_noticed_by_hellos(void **state)
{
	(void)state;
	for (uint64_t seed = 50; seed < 60; seed++) {
		struct net *n = home(seed);
		net_run(n, 40 * SECOND);
		net_kill(n, 0);
		net_run(n,
		        13 * SECOND); /* two Hellos of 4 s missed, each half an interval late, and what was under way */
		for (unsigned i = 1; i < 3; i++) {
			const struct plan_route *route = net_route(n, i, &PREFIX_ALL, &isp_a);
			assert_int_equal(router_view(n->routers[i].router)->net.count, 2);
			assert_true(!route || route->type == PLAN_UNREACHABLE);
		}
		net_free(n);
	}
}

/* A router with prefixes of its own making is plugged in for a moment. Whoever gives way meanwhile, the home has its
 * own again afterwards. */
static void visitor_leaves_no_trace(void **state)
{
	(void)state;
	for (uint64_t seed = 60; seed < 80; seed++) {
		struct net *n = home(seed);
		struct prefix ula, ipv4, after;
		net_run(n, 40 * SECOND);
		assert_int_equal(net_applied(n, 2, LEAF, &any_ula, &ula), 1);
		assert_int_equal(net_applied(n, 2, LEAF, &any_ipv4, &ipv4), 1);
		net_boot(n, 5);
		net_set_link(n, 5, 10, HNCP_INTERNAL, true);
		net_run(n, 30 * SECOND);
		net_set_link(n, 5, HALL, HNCP_INTERNAL, true);
		net_run(n, 30 * SECOND);
		assert_int_equal(router_view(n->routers[2].router)->net.count, 4);
		net_kill(n, 5);
		net_run(n, 60 * SECOND);
		assert_int_equal(net_applied(n, 2, LEAF, &any_ula, &after), 1);
		assert_true(prefix_equal(&ula, &after));
		assert_int_equal(net_applied(n, 2, LEAF, &any_ipv4, &after), 1);
		assert_true(prefix_equal(&ipv4, &after));
		assert_assigned(n, &any_ula);
		assert_assigned(n, &any_ipv4);
		net_free(n);
	}
}

static const struct ip *planned_address(const struct net *n, unsigned i, unsigned link, const struct prefix *p)
{
	const struct plan *plan = router_plan(n->routers[i].router);

	for (size_t k = 0; k < plan->address_count; k++)
		if (plan->addresses[k].link == link && prefix_has_ip(p, &plan->addresses[k].ip))
			return &plan->addresses[k].ip;
	return NULL;
}

/* Somebody else has our address: another is taken, in that prefix only. */
static void duplicate_address(void **state)
{
	(void)state;
	struct net *n = home(12);
	net_run(n, 40 * SECOND);
	assert_non_null(planned_address(n, 2, LEAF, &isp_a));
	const struct ip before = *planned_address(n, 2, LEAF, &isp_a), other = *planned_address(n, 2, LEAF, &isp_b);
	router_address_taken(n->routers[2].router, n->now, LEAF, &before);
	net_run(n, 100);
	assert_non_null(planned_address(n, 2, LEAF, &isp_a));
	assert_false(ip_equal(planned_address(n, 2, LEAF, &isp_a), &before));
	assert_true(ip_equal(planned_address(n, 2, LEAF, &isp_b), &other));
	net_free(n);
}

/* An interface is taken out and put in again under another index: it gets the prefixes it had. */
static void interface_replaced(void **state)
{
	(void)state;
	struct net *n = home(13);
	struct prefix before, after;
	net_run(n, 40 * SECOND);
	assert_int_equal(net_applied(n, 2, LEAF, &isp_a, &before), 1);
	router_link_gone(n->routers[2].router, n->now, LEAF);
	n->routers[2].on_link[LEAF] = false;
	net_run(n, 5 * SECOND);
	assert_int_equal(net_applied(n, 2, LEAF, &isp_a, &after), 0);
	struct router_link again = { .link = 12,
		                     .category = HNCP_INTERNAL,
		                     .up = true,
		                     .mac = { 2, 0, 0, 12, 0, 3 },
		                     .mtu = 1500,
		                     .linklocal = net_linklocal(2, 12) };
	snprintf(again.name, sizeof(again.name), "l%u", LEAF);
	n->routers[2].on_link[12] = true;
	router_link_set(n->routers[2].router, n->now, &again);
	net_run(n, 15 * SECOND);
	assert_int_equal(net_applied(n, 2, 12, &isp_a, &after), 1);
	assert_true(prefix_equal(&before, &after));
	net_free(n);
}

/* A router dies whose neighbours miss it at different times: its links keep their prefixes, without a moment's loss. */
static void death_moves_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 80; seed < 110; seed++) {
		struct net *n = home(seed);
		struct prefix hall, den, after;
		net_run(n, 40 * SECOND);
		assert_int_equal(net_applied(n, 1, HALL, &any_ula, &hall), 1);
		assert_int_equal(net_applied(n, 1, DEN, &any_ula, &den), 1);
		net_kill(n, seed % 2 ? 0 : 2);
		for (int step = 0; step < 300; step++) {
			net_run(n, 100);
			assert_int_equal(net_applied(n, 1, HALL, &any_ula, &after), 1);
			assert_true(prefix_equal(&hall, &after));
			assert_int_equal(net_applied(n, 1, DEN, &any_ula, &after), 1);
			assert_true(prefix_equal(&den, &after));
		}
		net_free(n);
	}
}

/* A clean restart with its state: the other routers' own links keep everything, and its links get the same again. */
static void clean_restart_moves_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 110; seed < 130; seed++) {
		struct net *n = home(seed);
		struct prefix ula[4], b[4], after;
		const unsigned links[] = { HALL, DEN, OFFICE, LEAF }, routers[] = { 1, 1, 2, 2 };
		net_run(n, 40 * SECOND);
		for (int i = 0; i < 4; i++) {
			assert_int_equal(net_applied(n, routers[i], links[i], &any_ula, &ula[i]), 1);
			assert_int_equal(net_applied(n, routers[i], links[i], &isp_b, &b[i]), 1);
		}
		router_goodbye(n->routers[0].router, n->now);
		net_run(n, 10);
		net_kill(n, 0);
		net_run(n, 300);
		boot_links(n, 0);
		net_run(n, 2 * SECOND);
		give_uplink(n, 0, HOUR);
		net_run(n, 30 * SECOND);
		for (int i = 0; i < 4; i++) {
			assert_int_equal(net_applied(n, routers[i], links[i], &any_ula, &after), 1);
			assert_true(prefix_equal(&ula[i], &after));
			assert_int_equal(net_applied(n, routers[i], links[i], &isp_b, &after), 1);
			assert_true(prefix_equal(&b[i], &after));
		}
		assert_assigned(n, &isp_a);
		net_free(n);
	}
}

static unsigned advertisements, empty_advertisements;

/* An RA of just the header (16 octets) and perhaps options, but without a Prefix Information option (type 3). */
static void count_advertisements(struct net *n, unsigned from, const struct router_packet *p)
{
	bool has_prefix = false;

	(void)n;
	(void)from;
	if (p->proto != ROUTER_ICMP6)
		return;
	for (size_t at = 16; at + 2 <= p->len && p->data[at + 1]; at += 8 * (size_t)p->data[at + 1])
		has_prefix |= p->data[at] == 3;
	advertisements++;
	empty_advertisements += !has_prefix;
}

/* The first word to hosts is the news, and not an empty one that holds it up. */
static void first_advertisement_says_something(void **state)
{
	(void)state;
	struct net *n = home(14);
	n->tap = count_advertisements;
	advertisements = empty_advertisements = 0;
	net_run(n, 14 * SECOND);
	assert_true(advertisements > 0);
	assert_int_equal(empty_advertisements, 0);
	net_free(n);
}

static void same_seed_same_run(void **state)
{
	(void)state;
	uint8_t hash[2][DNCP_HASH_MAX] = { 0 };
	uint64_t sent[2];
	for (int i = 0; i < 2; i++) {
		struct net *n = home(11);
		net_run(n, 60 * SECOND);
		dncp_network_hash(router_dncp(n->routers[1].router), hash[i]);
		sent[i] = n->sent;
		net_free(n);
	}
	assert_memory_equal(hash[0], hash[1], sizeof(hash[0]));
	assert_int_equal(sent[0], sent[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(converges),
		cmocka_unit_test(quiet_when_settled),
		cmocka_unit_test(one_uplink_goes),
		cmocka_unit_test(withdrawn_and_back),
		cmocka_unit_test(restart_keeps_prefixes),
		cmocka_unit_test(blackout),
		cmocka_unit_test(memory_lost),
		cmocka_unit_test(goodbye),
		cmocka_unit_test(ula_outlives_its_maker),
		cmocka_unit_test(other_end_keeps_prefix),
		cmocka_unit_test(told_of_lost_link),
		cmocka_unit_test(dead_router_noticed_by_hellos),
		cmocka_unit_test(visitor_leaves_no_trace),
		cmocka_unit_test(duplicate_address),
		cmocka_unit_test(interface_replaced),
		cmocka_unit_test(death_moves_nothing),
		cmocka_unit_test(clean_restart_moves_nothing),
		cmocka_unit_test(first_advertisement_says_something),
		cmocka_unit_test(same_seed_same_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
