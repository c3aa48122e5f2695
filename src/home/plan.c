/* SPDX-License-Identifier: ISC */
/* From the view to the plan: addresses and routes for the kernel, announcements for Babel. */
#include <stdlib.h>
#include <string.h>

#include "home/internal.h"

int plan_address_compare(const struct plan_address *a, const struct plan_address *b)
{
	if (a->link != b->link)
		return a->link < b->link ? -1 : 1;
	return ip_compare(&a->ip, &b->ip);
}

int plan_route_compare(const struct plan_route *a, const struct plan_route *b)
{
	int order = prefix_compare(&a->dst, &b->dst);

	if (!order)
		order = prefix_compare(&a->src, &b->src);
	return order ? order : (a->metric > b->metric) - (a->metric < b->metric);
}

static int compare_addresses(const void *a, const void *b)
{
	return plan_address_compare(a, b);
}

static int compare_routes(const void *a, const void *b)
{
	return plan_route_compare(a, b);
}

static bool same_time(msec a, msec b)
{
	if (a == MSEC_NEVER || b == MSEC_NEVER)
		return a == b;
	return (a > b ? a - b : b - a) <= SECOND;
}

static bool same_link(const struct plan_link *a, const struct plan_link *b)
{
	return a->link == b->link && a->category == b->category && a->forwarding == b->forwarding && a->dhcp == b->dhcp;
}

static bool same_address(const struct plan_address *a, const struct plan_address *b)
{
	return !plan_address_compare(a, b) && a->len == b->len;
}

static bool same_lifetimes(const struct plan_address *a, const struct plan_address *b)
{
	return same_time(a->valid_until, b->valid_until) && same_time(a->preferred_until, b->preferred_until);
}

static bool same_route(const struct plan_route *a, const struct plan_route *b)
{
	return !plan_route_compare(a, b) && a->type == b->type && a->link == b->link && ip_equal(&a->via, &b->via);
}

bool plan_same_shape(const struct plan *a, const struct plan *b)
{
	bool same = a->link_count == b->link_count && a->address_count == b->address_count &&
	            a->route_count == b->route_count;

	for (size_t i = 0; same && i < a->link_count; i++)
		same = same_link(&a->links[i], &b->links[i]);
	for (size_t i = 0; same && i < a->address_count; i++)
		same = same_address(&a->addresses[i], &b->addresses[i]);
	for (size_t i = 0; same && i < a->route_count; i++)
		same = same_route(&a->routes[i], &b->routes[i]);
	return same;
}

bool plan_equal(const struct plan *a, const struct plan *b)
{
	bool same = plan_same_shape(a, b);

	for (size_t i = 0; same && i < a->address_count; i++)
		same = same_lifetimes(&a->addresses[i], &b->addresses[i]);
	return same;
}

void plan_free(struct plan *p)
{
	arena_free(&p->arena);
	*p = (struct plan) { 0 };
}

/* A plan being made: its arrays are still open. */
struct draft {
	struct plan plan;
	struct plan_address *addresses;
	struct plan_route *routes;
	struct plan_link *links;
};

static void add_route(struct draft *d, const struct plan_route *route)
{
	*ARENA_PUSH(&d->plan.arena, d->routes, d->plan.route_count) = *route;
}

static const struct prefix *any_source(const struct prefix *dst)
{
	return prefix_is_v4(dst) ? &PREFIX_ALL4 : &PREFIX_ALL;
}

static void plan_links(const struct router *r, struct draft *d)
{
	for (size_t i = 0; i < r->link_count; i++) {
		const struct router_link *s = &r->links[i]->state;
		*ARENA_PUSH(&d->plan.arena, d->links, d->plan.link_count) = (struct plan_link) {
			.link = s->link,
			.category = s->category,
			.forwarding = hncp_category_is_inside(s->category),
			.dhcp = s->dhcp,
		};
	}
}

void plan_lifetimes(const struct router *r, const struct pa_assignment *a, msec *valid, msec *preferred)
{
	const struct view_delegation *d = view_delegation_find(&r->view, &a->delegated);

	*valid = d ? d->valid_until : 0;
	*preferred = d ? d->preferred_until : 0;
}

/* RFC 7788 6.3.3: traffic to an applied prefix goes to its link, and we have an address there. */
static void plan_assignments(struct router *r, msec now, struct draft *d)
{
	for (const struct pa_assignment *a = NULL; (a = pa_next(r->pa, a));) {
		const struct home_link *l = router_link(r, a->link);
		if (!a->applied || !l || !home_link_is_inside(l))
			continue;
		add_route(d, &(struct plan_route) { .dst = a->prefix,
		                                    .src = *any_source(&a->prefix),
		                                    .link = a->link,
		                                    .metric = PLAN_METRIC_LINK });
		struct plan_address address = { .link = a->link, .len = a->prefix.len };
		if (!address_of(r, a, now, &address.ip))
			continue;
		plan_lifetimes(r, a, &address.valid_until, &address.preferred_until);
		*ARENA_PUSH(&d->plan.arena, d->addresses, d->plan.address_count) = address;
	}
}

/* Our own delegations: out by their uplink if it is there, and never back out for what is not assigned (RFC 7084 WPD-5;
 * assigned prefixes are more specific, so they are not hit: RFC 7788 11). */
static void plan_uplinks(const struct router *r, struct draft *d)
{
	for (size_t i = 0; i < r->own_count; i++) {
		const struct own_delegation *own = &r->own[i];
		const struct uplink *up = own->live ? own_exit(r, own) : NULL;
		add_route(d, &(struct plan_route) { .dst = own->prefix,
		                                    .src = *any_source(&own->prefix),
		                                    .type = PLAN_UNREACHABLE,
		                                    .metric = PLAN_METRIC_DISCARD });
		if (up)
			add_route(d, &(struct plan_route) { .dst = PREFIX_ALL,
			                                    .src = own->prefix,
			                                    .link = up->link,
			                                    .via = up->gateway6,
			                                    .metric = PLAN_METRIC_UPLINK });
	}
	/* The router's own addresses on the uplink leave by it too. */
	for (size_t i = 0; i < r->uplink_count; i++) {
		const struct uplink *up = &r->uplinks[i].up;
		for (size_t j = 0; j < up->address_count && !ip_is_any(&up->gateway6); j++)
			if (!ip_is_v4(&up->addresses[j]))
				add_route(d, &(struct plan_route) { .dst = PREFIX_ALL,
				                                    .src = prefix_make(&up->addresses[j], IP_BITS),
				                                    .link = up->link,
				                                    .via = up->gateway6,
				                                    .metric = PLAN_METRIC_UPLINK });
	}
}

static bool has_ipv4(const struct draft *d, uint32_t link)
{
	for (size_t i = 0; i < d->plan.address_count; i++)
		if (d->addresses[i].link == link && ip_is_v4(&d->addresses[i].ip))
			return true;
	return false;
}

static void plan_babel(const struct router *r, struct draft *d)
{
	for (const struct babel_route *b = NULL; (b = babel_route_next(r->babel, b));) {
		bool lost = b->metric == BABEL_INFINITY;
		/* The kernel takes an IPv4 next hop only on a link where we have an address. */
		if (!lost && prefix_is_v4(&b->key.dst) && !has_ipv4(d, b->link))
			continue;
		add_route(d, &(struct plan_route) { .dst = b->key.dst,
		                                    .src = b->key.src,
		                                    .type = lost ? PLAN_UNREACHABLE : PLAN_UNICAST,
		                                    .link = lost ? 0 : b->link,
		                                    .via = lost ? IP_ANY : b->via,
		                                    .metric = PLAN_METRIC_BABEL });
	}
}

/* Sorts, and keeps one of each kernel route: two of our own can only be equal where a prefix is on two of our links. */
static void finish(struct draft *d)
{
	size_t kept = 0;

	if (d->plan.address_count)
		qsort(d->addresses, d->plan.address_count, sizeof(*d->addresses), compare_addresses);
	if (d->plan.route_count)
		qsort(d->routes, d->plan.route_count, sizeof(*d->routes), compare_routes);
	for (size_t i = 0; i < d->plan.route_count; i++)
		if (!kept || plan_route_compare(&d->routes[kept - 1], &d->routes[i]))
			d->routes[kept++] = d->routes[i];
	d->plan.route_count = kept;
	d->plan.links = d->links;
	d->plan.addresses = d->addresses;
	d->plan.routes = d->routes;
}

/* What we announce to the other routers (RFC 9080 3.1). */
static void announce(struct router *r, msec now)
{
	struct arena a = { 0 };
	struct babel_key *keys = NULL;
	size_t count = 0;

	/* REQ9, and from every router of the link: whichever lives carries on. */
	for (const struct pa_assignment *p = NULL; (p = pa_next(r->pa, p));) {
		const struct home_link *l = router_link(r, p->link);
		if (p->applied && l && home_link_is_inside(l))
			*ARENA_PUSH(&a, keys, count) =
			        (struct babel_key) { .dst = p->prefix, .src = *any_source(&p->prefix) };
	}
	/* REQ7 */
	for (size_t i = 0; i < r->own_count; i++)
		if (r->own[i].live && own_exit(r, &r->own[i]))
			*ARENA_PUSH(&a, keys, count) =
			        (struct babel_key) { .dst = PREFIX_ALL, .src = r->own[i].prefix };
	babel_originate_all(r->babel, now, keys, count);
	arena_free(&a);
}

/* Babel needs to know our IPv4 address on each link, as next hop of IPv4 routes. */
static void configure_babel(struct router *r, msec now)
{
	for (size_t i = 0; i < r->link_count; i++) {
		struct home_link *l = r->links[i];
		struct ip ipv4 = IP_ANY;
		if (!l->endpoint)
			continue;
		for (size_t j = 0; j < r->plan.address_count && ip_is_any(&ipv4); j++)
			if (r->plan.addresses[j].link == l->state.link && ip_is_v4(&r->plan.addresses[j].ip))
				ipv4 = r->plan.addresses[j].ip;
		if (ip_equal(&ipv4, &l->babel_ipv4))
			continue;
		l->babel_ipv4 = ipv4;
		router_babel_link(r, now, l);
	}
}

/* Wakes us when the next lifetime of the home ends, or a preference does. */
static void wake_at_ends(struct router *r, msec now)
{
	for (size_t i = 0; i < r->link_count; i++)
		router_wake(r, r->links[i]->preferred_until > now ? r->links[i]->preferred_until : MSEC_NEVER);
	for (size_t i = 0; i < r->view.delegation_count; i++) {
		const struct view_delegation *d = &r->view.delegations[i];
		router_wake(r, d->valid_until > now ? d->valid_until : MSEC_NEVER);
		router_wake(r, d->preferred_until > now ? d->preferred_until : MSEC_NEVER);
	}
}

void plan_update(struct router *r, msec now)
{
	struct draft d = { 0 };

	plan_links(r, &d);
	plan_assignments(r, now, &d);
	plan_uplinks(r, &d);
	plan_babel(r, &d);
	finish(&d);
	bool same = plan_equal(&d.plan, &r->plan);
	if (!same && !plan_same_shape(&d.plan, &r->plan))
		r->changed = now;
	struct plan old = r->plan;
	r->plan = d.plan;
	announce(r, now);
	configure_babel(r, now);
	advertise_update(r, now);
	wake_at_ends(r, now);
	if (!same)
		r->env.plan(r->env.ctx, &r->plan);
	plan_free(&old);
}
