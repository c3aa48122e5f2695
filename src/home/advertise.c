/* SPDX-License-Identifier: ISC */
/* From the view and the plan to what hosts on each link are told by router advertisements (RFC 7788 7.1, 11). */
#include <string.h>

#include "home/internal.h"

enum { DHCPV6_OPTION_DNS_SERVERS = 23, DHCPV6_OPTION_DOMAIN_LIST = 24 };

/* A default route of our own or learnt, for any source (RFC 7788 11: G-4, G-5 relaxed). */
static bool has_default(const struct plan *p)
{
	for (size_t i = 0; i < p->route_count; i++) {
		const struct plan_route *route = &p->routes[i];
		/* One for a single address of ours is no service to others. */
		if (prefix_equal(&route->dst, &PREFIX_ALL) && route->type == PLAN_UNICAST && route->src.len < 128)
			return true;
	}
	return false;
}

/* One or more label sequences (RFC 8106 5.2, RFC 3646 4). */
static bool label_list_valid(const uint8_t *data, size_t len)
{
	size_t start = 0;

	for (size_t at = 0; at < len; at += data[at] + (size_t)1) {
		if (data[at])
			continue;
		if (!hncp_labels_valid(data + start, at + 1 - start))
			return false;
		start = at + 1;
	}
	return start == len && len > 0;
}

/* The servers and search domains of one DHCPv6 option stream. */
static void read_dns(struct arena *a, struct hncp_bytes options, struct ip **dns, struct ra_config *c)
{
	struct cursor o = cursor_reader(options.at, options.len);

	while (cursor_left(&o)) {
		uint16_t code = cursor_get_u16(&o);
		struct cursor value = cursor_sub(&o, cursor_get_u16(&o));
		size_t len = cursor_left(&value);
		while (code == DHCPV6_OPTION_DNS_SERVERS && cursor_left(&value) >= sizeof(struct ip))
			cursor_get(&value, ARENA_PUSH(a, *dns, c->dns_count)->b, sizeof(struct ip));
		if (code == DHCPV6_OPTION_DOMAIN_LIST && !c->search_len && label_list_valid(value.at, len)) {
			c->search = value.at;
			c->search_len = len;
		}
	}
}

/* DNS servers and search domains that the uplinks' providers offer (RFC 7788 11, L-12). */
static void add_dns(const struct router *r, struct arena *a, struct ra_config *c)
{
	struct ip *dns = NULL;

	for (size_t i = 0; i < r->view.net.count; i++) {
		const struct hncp_node *n = &r->view.net.nodes[i];
		for (size_t j = 0; j < n->connection_count; j++)
			read_dns(a, n->connections[j].dhcpv6, &dns, c);
	}
	c->dns = dns;
}

static void add_prefixes(const struct router *r, struct arena *a, uint32_t link, struct ra_config *c)
{
	struct ra_prefix *list = NULL;

	for (const struct pa_assignment *p = NULL; (p = pa_next(r->pa, p));) {
		if (p->link != link || !p->applied || prefix_is_v4(&p->prefix))
			continue;
		struct ra_prefix *to = ARENA_PUSH(a, list, c->prefix_count);
		to->prefix = p->prefix;
		to->autonomous = p->prefix.len == 64;
		plan_lifetimes(r, p, &to->valid_until, &to->preferred_until);
	}
	c->prefixes = list;
}

/* RFC 7084 L-3: the home's prefixes are reached through us even without any default route. */
static void add_routes(const struct router *r, struct arena *a, struct ra_config *c)
{
	struct ra_route *list = NULL;

	for (size_t i = 0; i < r->view.delegation_count; i++) {
		const struct view_delegation *d = &r->view.delegations[i];
		if (d->kind == VIEW_IPV4)
			continue;
		*ARENA_PUSH(a, list, c->route_count) =
		        (struct ra_route) { .prefix = d->prefix, .until = d->valid_until };
	}
	c->routes = list;
}

static bool has_applied(const struct router *r, uint32_t link)
{
	for (const struct pa_assignment *p = NULL; (p = pa_next(r->pa, p));)
		if (p->link == link && p->applied)
			return true;
	return false;
}

/* True while a link that has just come up has nothing to say yet, or only half of it: such an advertisement would only
 * hold up the next one, which must be 3 seconds later (RFC 4861 6.2.6). */
static bool wait_for_more(struct router *r, const struct home_link *l, bool has, msec now)
{
	bool prefix = has_applied(r, l->state.link);
	msec until = l->up_since + (prefix ? HOME_LISTEN : HOME_SILENT);

	if (l->advertised || (prefix && has) || until <= now)
		return false;
	router_wake(r, until);
	return true;
}

void advertise_update(struct router *r, msec now)
{
	bool has = has_default(&r->plan);

	for (size_t i = 0; i < r->link_count; i++) {
		struct home_link *l = r->links[i];
		struct arena a = { 0 };
		/* O stays 0 until there is a DHCPv6 server that answers. */
		struct ra_config c = { .default_router = has, .mtu = l->state.mtu };
		const struct view_link *common = view_link_find(&r->view, l->state.link);
		if (!l->ra || !home_link_is_inside(l) || !common || !common->assign)
			continue;
		c.preference = l->preferred_until > now ? RA_HIGH : RA_MEDIUM;
		if (wait_for_more(r, l, has, now))
			continue;
		memcpy(c.mac, l->state.mac, sizeof(c.mac));
		add_prefixes(r, &a, l->state.link, &c);
		add_routes(r, &a, &c);
		add_dns(r, &a, &c);
		l->advertised = true;
		ra_configure(l->ra, now, &c);
		arena_free(&a);
	}
}
