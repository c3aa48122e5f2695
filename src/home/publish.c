/* SPDX-License-Identifier: ISC */
/* What this router tells the home: its node data (RFC 7788 10), made from its own state. */
#include <stdlib.h>
#include <string.h>

#include "home/internal.h"

/* Sent in the HNCP-Version TLV; never empty, which upsets a peer. */
static const char user_agent[] = "hearth/" HEARTH_VERSION;

enum { DHCPV6_OPTION_DNS_SERVERS = 23, DHCPV6_OPTION_DOMAIN_LIST = 24, DHCPV4_OPTION_DNS_SERVERS = 6 };

/* Seconds left at origination. Rounded to the nearest, so that the same end gives the same number a moment later. */
static uint32_t lifetime(msec until, msec at)
{
	return msec_lifetime(msec_add(until, SECOND / 2), at);
}

static struct hncp_bytes keep(struct arena *a, const struct cursor *c)
{
	ASSERT(cursor_ok(c));
	return (struct hncp_bytes) { .at = arena_copy(a, c->start, cursor_done(c)), .len = cursor_done(c) };
}

/* RFC 3646, for IPv6 clients. */
static struct hncp_bytes dhcpv6_options(struct arena *a, const struct uplink *up)
{
	uint8_t buffer[8 + UPLINK_DNS * 16 + UPLINK_SEARCH];
	struct cursor c = cursor_writer(buffer, sizeof(buffer));
	uint16_t servers = 0;

	for (size_t i = 0; i < up->dns_count; i++)
		servers += !ip_is_v4(&up->dns[i]);
	if (servers) {
		cursor_put_u16(&c, DHCPV6_OPTION_DNS_SERVERS);
		cursor_put_u16(&c, (uint16_t)(16 * servers));
		for (size_t i = 0; i < up->dns_count; i++)
			if (!ip_is_v4(&up->dns[i]))
				cursor_put(&c, up->dns[i].b, 16);
	}
	if (up->search_len) {
		cursor_put_u16(&c, DHCPV6_OPTION_DOMAIN_LIST);
		cursor_put_u16(&c, (uint16_t)up->search_len);
		cursor_put(&c, up->search, up->search_len);
	}
	return keep(a, &c);
}

/* RFC 2132 3.8. */
static struct hncp_bytes dhcpv4_options(struct arena *a, const struct uplink *up)
{
	uint8_t buffer[2 + UPLINK_DNS * 4];
	struct cursor c = cursor_writer(buffer, sizeof(buffer));
	uint8_t servers = 0;

	for (size_t i = 0; i < up->dns_count; i++)
		servers += ip_is_v4(&up->dns[i]);
	if (servers) {
		cursor_put_u8(&c, DHCPV4_OPTION_DNS_SERVERS);
		cursor_put_u8(&c, (uint8_t)(4 * servers));
		for (size_t i = 0; i < up->dns_count; i++)
			if (ip_is_v4(&up->dns[i]))
				cursor_put(&c, up->dns[i].b + IP4_OFFSET / 8, 4);
	}
	return keep(a, &c);
}

/* The same prefix in two connections crashes a peer, and overlap within one is forbidden (RFC 7788 10.2.1): of what
 * overlaps a live one is published, else the earlier. */
static bool left_out(const struct router *r, size_t i)
{
	const struct own_delegation *d = &r->own[i];

	for (size_t j = 0; j < r->own_count; j++) {
		const struct own_delegation *other = &r->own[j];
		bool precedes = other->live == d->live ? j < i : other->live;
		if (precedes && prefix_overlaps(&other->prefix, &d->prefix))
			return true;
	}
	return false;
}

/* From before a restart, of an uplink that is not there yet: it counts all the same (HOME_HOLD, and then as stale). */
static bool is_orphan(const struct router *r, const struct own_delegation *d)
{
	for (size_t i = 0; i < r->uplink_count; i++)
		if (strcmp(r->uplinks[i].up.name, d->uplink) == 0)
			return false;
	return d->kind == VIEW_ISP;
}

static void add_delegated(struct arena *a, const struct own_delegation *own, msec at, struct hncp_connection *c)
{
	struct hncp_delegated *list = arena_alloc(a, c->delegated_count + 1, sizeof(*list));
	struct hncp_delegated *d = &list[c->delegated_count];

	if (c->delegated_count)
		memcpy(list, c->delegated, c->delegated_count * sizeof(*list));
	d->prefix = own->prefix;
	d->valid = lifetime(own->valid_until, at);
	d->preferred = lifetime(own->preferred_until, at);
	/* RFC 7788 6.5 tells generated prefixes by the lack of a policy. */
	if (own->kind == VIEW_ISP) {
		struct hncp_policy *policy = arena_alloc(a, 1, sizeof(*policy));
		policy->type = HNCP_POLICY_INTERNET;
		d->policies = policy;
		d->policy_count = 1;
	}
	c->delegated = list;
	c->delegated_count++;
}

/* One External-Connection for each uplink and each generated prefix that has something to say (RFC 7788 6.2, 6.5), and
 * one for what uplinks that have not come back yet had delegated. */
static void add_connections(const struct router *r, struct arena *a, msec at, struct hncp_node *n)
{
	struct hncp_connection *list = arena_alloc(a, r->uplink_count + r->own_count + 1, sizeof(*list));

	for (size_t i = 0; i < r->uplink_count; i++) {
		const struct home_uplink *u = &r->uplinks[i];
		struct hncp_connection *c = &list[n->connection_count];
		for (size_t j = 0; j < r->own_count; j++)
			if (r->own[j].kind == VIEW_ISP && strcmp(r->own[j].uplink, u->up.name) == 0 && !left_out(r, j))
				add_delegated(a, &r->own[j], at, c);
		if (!u->gone) {
			c->dhcpv6 = dhcpv6_options(a, &u->up);
			c->dhcpv4 = dhcpv4_options(a, &u->up);
		}
		n->connection_count += c->delegated_count || c->dhcpv6.len || c->dhcpv4.len;
	}
	struct hncp_connection *orphans = &list[n->connection_count];
	for (size_t j = 0; j < r->own_count; j++)
		if (is_orphan(r, &r->own[j]) && !left_out(r, j))
			add_delegated(a, &r->own[j], at, orphans);
	n->connection_count += orphans->delegated_count > 0;
	for (size_t j = 0; j < r->own_count; j++)
		if (r->own[j].kind != VIEW_ISP && !left_out(r, j))
			add_delegated(a, &r->own[j], at, &list[n->connection_count++]);
	n->connections = list;
}

static void add_assigned(const struct router *r, struct arena *a, struct hncp_node *n)
{
	struct hncp_assigned *list = NULL;

	for (const struct pa_assignment *p = NULL; (p = pa_next(r->pa, p));) {
		if (!p->published)
			continue;
		struct hncp_assigned *to = ARENA_PUSH(a, list, n->assigned_count);
		*to = (struct hncp_assigned) { .endpoint = p->link, .priority = p->priority, .prefix = p->prefix };
	}
	n->assigned = list;
}

/* RFC 7788 8: of two nodes with one name, that with the greater identifier has it. */
static bool name_is_ours(const struct router *r)
{
	for (size_t i = 0; i < r->view.net.count; i++) {
		const struct hncp_node *n = &r->view.net.nodes[i];
		for (size_t j = 0; n->id > r->view.net.self && j < n->name_count; j++)
			if (strcmp(n->names[j].name, r->name) == 0)
				return false;
	}
	return true;
}

static void add_addresses(const struct router *r, struct arena *a, struct hncp_node *n)
{
	struct hncp_address *list = arena_alloc(a, r->ipv4_count + 1, sizeof(*list));
	struct ip primary;
	uint32_t link;

	if (address_primary(r, &primary, &link)) {
		list[n->address_count++] = (struct hncp_address) { .endpoint = link, .ip = primary };
		if (name_is_ours(r)) {
			struct hncp_name *name = arena_alloc(a, 1, sizeof(*name));
			name->ip = primary;
			strcpy(name->name, r->name);
			n->names = name;
			n->name_count = 1;
		}
	}
	for (size_t i = 0; i < r->ipv4_count; i++)
		list[n->address_count++] = (struct hncp_address) { .endpoint = r->ipv4[i].link, .ip = r->ipv4[i].ip };
	n->addresses = list;
}

/* Our node data as if originated at `at`. All capabilities are 0 as long as there is no server behind them: an election
 * won by a router that then does not serve would leave the link without (RFC 7788 4). */
static void encode(const struct router *r, msec at, struct cursor *out)
{
	struct arena a = { 0 };
	struct hncp_node n = {
		.id = r->node_id,
		.is_hncp = true,
		.user_agent = { .at = (const uint8_t *)user_agent, .len = sizeof(user_agent) - 1 },
	};

	add_connections(r, &a, at, &n);
	add_assigned(r, &a, &n);
	add_addresses(r, &a, &n);
	hncp_encode(out, &n);
	arena_free(&a);
}

void publish_write(void *ctx, msec now, struct cursor *out)
{
	struct router *r = ctx;
	size_t before = cursor_done(out);

	encode(r, now, out);
	if (!cursor_ok(out))
		return;
	free(r->published);
	r->published_len = cursor_done(out) - before;
	r->published = mem_copy(out->start + before, r->published_len);
	r->published_at = now;
}

void publish_check(struct router *r, msec now)
{
	/* Compared as if written when the last were: lifetimes that only count down make no difference. */
	uint8_t *buffer = mem_new(1, HNCP_PROFILE.node_data_max);
	struct cursor c = cursor_writer(buffer, HNCP_PROFILE.node_data_max);

	encode(r, r->published_at, &c);
	if (!r->published || cursor_done(&c) != r->published_len || memcmp(buffer, r->published, r->published_len) != 0)
		dncp_republish(r->dncp, now);
	free(buffer);
}
