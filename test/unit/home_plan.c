/* SPDX-License-Identifier: ISC */
/* The plan as a value: what is routed where, in which order, and what counts as a difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/home_net.h"

enum { HALL = 1, LEAF = 2, UPLINK = 8 };

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_true(prefix_parse(text, &p));
	return p;
}

/* r0 (uplink) - HALL - r1 - LEAF */
static struct net *home(void)
{
	struct net *n = net_new(1);
	struct uplink up = net_uplink(UPLINK, "2001:db8:a000::/56", n->now + HOUR);

	net_boot(n, 0);
	net_boot(n, 1);
	net_set_link(n, 0, HALL, HNCP_INTERNAL, true);
	net_set_link(n, 0, UPLINK, HNCP_EXTERNAL, true);
	net_set_link(n, 1, HALL, HNCP_INTERNAL, true);
	net_set_link(n, 1, LEAF, HNCP_LEAF, true);
	assert_true(ip_parse("2001:db8:ffff::7", &up.addresses[0]));
	assert_true(ip_parse("192.0.2.7", &up.addresses[1]));
	up.address_count = 2;
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, 40 * SECOND);
	return n;
}

/* The kernel's routes have one place each; link routes are the first of theirs. */
static void assert_sorted(const struct plan *p)
{
	for (size_t i = 1; i < p->route_count; i++)
		assert_true(plan_route_compare(&p->routes[i - 1], &p->routes[i]) < 0);
	for (size_t i = 1; i < p->address_count; i++)
		assert_true(plan_address_compare(&p->addresses[i - 1], &p->addresses[i]) < 0);
	for (size_t i = 1; i < p->link_count; i++)
		assert_true(p->links[i - 1].link < p->links[i].link);
	for (size_t i = 0; i < p->route_count; i++) {
		const struct plan_route *r = &p->routes[i];
		assert_true(r->metric && (r->type == PLAN_UNREACHABLE) == !r->link);
		assert_true(prefix_is_v4(&r->dst) == prefix_is_v4(&r->src));
		assert_true(!prefix_is_v4(&r->src) || prefix_equal(&r->src, &PREFIX_ALL4));
	}
}

static void sorted_and_unique(void **state)
{
	(void)state;
	struct net *n = home();
	struct uplink up = net_uplink(UPLINK, "2001:db8:a000::/56", n->now + HOUR);
	assert_sorted(router_plan(n->routers[0].router));
	assert_sorted(router_plan(n->routers[1].router));
	/* A second uplink with the same prefix: the same route twice is one. */
	strcpy(up.name, "second");
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, SECOND);
	assert_sorted(router_plan(n->routers[0].router));
	net_free(n);
}

static void uplink_routes(void **state)
{
	(void)state;
	struct net *n = home();
	const struct prefix isp = prefix("2001:db8:a000::/56"), own = prefix("2001:db8:ffff::7/128");
	const struct plan_route *r = net_route(n, 0, &PREFIX_ALL, &isp);
	assert_non_null(r);
	assert_int_equal(r->link, UPLINK);
	assert_int_equal(r->via.b[15], 0xee);
	assert_int_equal(r->metric, PLAN_METRIC_UPLINK);
	/* What the router itself says from its uplink address leaves there too; IPv4 has no source routes. */
	r = net_route(n, 0, &PREFIX_ALL, &own);
	assert_non_null(r);
	assert_int_equal(r->link, UPLINK);
	assert_null(net_route(n, 0, &PREFIX_ALL4, &PREFIX_ALL4));
	/* RFC 7084 WPD-5: what is not assigned never goes back out; last of all, and so below every assigned one. */
	r = net_route(n, 0, &isp, &PREFIX_ALL);
	assert_non_null(r);
	assert_int_equal(r->type, PLAN_UNREACHABLE);
	assert_int_equal(r->metric, PLAN_METRIC_DISCARD);
	/* Nowhere but at the border. */
	assert_null(net_route(n, 1, &isp, &PREFIX_ALL));
	assert_null(net_route(n, 1, &PREFIX_ALL, &own));
	net_free(n);
}

/* No way out without a gateway: then nothing is announced either. */
static void no_gateway_no_exit(void **state)
{
	(void)state;
	struct net *n = home();
	const struct prefix isp = prefix("2001:db8:a000::/56");
	struct uplink up = net_uplink(UPLINK, "2001:db8:a000::/56", n->now + HOUR);
	assert_non_null(net_route(n, 1, &PREFIX_ALL, &isp));
	up.gateway6 = IP_ANY;
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, 2 * SECOND);
	for (unsigned i = 0; i < 2; i++) {
		const struct plan_route *r = net_route(n, i, &PREFIX_ALL, &isp);
		assert_true(!r || r->type == PLAN_UNREACHABLE);
	}
	net_free(n);
}

static void lost_route_is_unreachable(void **state)
{
	(void)state;
	struct net *n = home();
	const struct prefix isp = prefix("2001:db8:a000::/56");
	const struct plan_route *r = net_route(n, 1, &PREFIX_ALL, &isp);
	assert_non_null(r);
	assert_int_equal(r->type, PLAN_UNICAST);
	assert_int_equal(r->metric, PLAN_METRIC_BABEL);
	router_uplink_gone(n->routers[0].router, n->now, "up8");
	net_run(n, SECOND);
	/* Held for a while (RFC 8966 3.5.4), so that packets do not follow a wider route. */
	r = net_route(n, 1, &PREFIX_ALL, &isp);
	assert_non_null(r);
	assert_int_equal(r->type, PLAN_UNREACHABLE);
	assert_int_equal(r->link, 0);
	assert_true(ip_is_any(&r->via));
	net_run(n, 10 * MINUTE);
	assert_null(net_route(n, 1, &PREFIX_ALL, &isp));
	net_free(n);
}

/* Addresses live as long as the prefix that theirs was made from, and are deprecated with it. */
static void deprecated_lifetimes(void **state)
{
	(void)state;
	struct net *n = home();
	const struct prefix isp = prefix("2001:db8:a000::/56");
	struct uplink up = net_uplink(UPLINK, "2001:db8:a000::/56", n->now + HOUR);
	bool seen = false;
	up.prefixes[0].preferred_until = n->now + 10 * MINUTE;
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, SECOND);
	for (int after = 0; after < 2; after++) {
		const struct plan *p = router_plan(n->routers[1].router);
		for (size_t i = 0; i < p->address_count; i++) {
			const struct plan_address *a = &p->addresses[i];
			if (a->link != LEAF || !prefix_has_ip(&isp, &a->ip))
				continue;
			seen = true;
			assert_int_equal(a->len, 64);
			assert_in_range(a->valid_until, up.prefixes[0].valid_until - 2 * SECOND,
			                up.prefixes[0].valid_until + 2 * SECOND);
			assert_true((a->preferred_until <= n->now) == after);
		}
		assert_true(seen);
		net_run(n, 11 * MINUTE);
	}
	net_free(n);
}

static void links_as_categories_say(void **state)
{
	(void)state;
	struct net *n = home();
	const struct plan *p = router_plan(n->routers[0].router);
	assert_int_equal(p->link_count, 2);
	assert_true(p->links[0].link == HALL && p->links[0].forwarding);
	assert_true(p->links[1].link == UPLINK && !p->links[1].forwarding);
	net_free(n);
}

static void difference(void **state)
{
	(void)state;
	const struct plan_address address = {
		.link = 1, .len = 64, .valid_until = 10 * SECOND, .preferred_until = MSEC_NEVER
	};
	const struct plan_route route = { .link = 1, .metric = 100 };
	const struct plan_link link = { .link = 1 };
	struct plan_address a = address;
	struct plan_route r = route;
	struct plan_link l = link;
	const struct plan one = { .links = &link,
		                  .link_count = 1,
		                  .addresses = &address,
		                  .address_count = 1,
		                  .routes = &route,
		                  .route_count = 1 };
	const struct plan two = {
		.links = &l, .link_count = 1, .addresses = &a, .address_count = 1, .routes = &r, .route_count = 1
	};
	assert_true(plan_equal(&one, &two));
	a.valid_until += SECOND;
	assert_true(plan_equal(&one, &two));
	a.valid_until += 1;
	assert_false(plan_equal(&one, &two));
	a = address;
	a.preferred_until = 10 * SECOND;
	assert_false(plan_equal(&one, &two));
	a = address;
	r.via.b[15] = 1;
	assert_false(plan_equal(&one, &two));
	r = route;
	l.forwarding = true;
	assert_false(plan_equal(&one, &two));
	const struct plan none = { 0 };
	assert_false(plan_equal(&one, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorted_and_unique),    cmocka_unit_test(uplink_routes),
		cmocka_unit_test(no_gateway_no_exit),   cmocka_unit_test(lost_route_is_unreachable),
		cmocka_unit_test(deprecated_lifetimes), cmocka_unit_test(links_as_categories_say),
		cmocka_unit_test(difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
