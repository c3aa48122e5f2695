/* SPDX-License-Identifier: ISC */
#include "home/view.h"

#include <stdlib.h>

#include "home/limits.h"

/* DHCPv6 options inside a Delegated-Prefix that we can honour; any other forbids new assignments (RFC 7788 6.3.2). */
enum { DHCPV6_OPTION_PD_EXCLUDE = 67 };

const char *view_kind_name(enum view_kind kind)
{
	static const char *const names[] = { [VIEW_ISP] = "isp", [VIEW_ULA] = "ula", [VIEW_IPV4] = "ipv4" };

	return names[kind];
}

static bool options_understood(struct hncp_bytes options)
{
	struct cursor c = cursor_reader(options.at, options.len);

	while (cursor_left(&c)) {
		uint16_t code = cursor_get_u16(&c);
		cursor_skip(&c, cursor_get_u16(&c));
		if (!cursor_ok(&c) || code != DHCPV6_OPTION_PD_EXCLUDE)
			return false;
	}
	return true;
}

/* What the policies of a delegated prefix say (RFC 7788 6.2, 10.2.1.1). */
static void read_policies(const struct hncp_delegated *from, struct view_delegation *d, bool *has_policy)
{
	bool special = false, internet = false, restrictive = false;

	for (size_t i = 0; i < from->policy_count; i++) {
		uint8_t type = from->policies[i].type;
		internet |= type == HNCP_POLICY_INTERNET;
		special |= type > HNCP_POLICY_INTERNET && type < HNCP_POLICY_OPAQUE;
		restrictive |= type == HNCP_POLICY_RESTRICTIVE;
	}
	*has_policy = from->policy_count > 0;
	d->internet = internet || !special;
	d->assignable = !restrictive && options_understood(from->dhcpv6);
}

static struct view_delegation read_delegation(const struct hncp_node *node, const struct hncp_delegated *from,
                                              msec originated)
{
	struct view_delegation d = {
		.prefix = from->prefix,
		.node = node->id,
		.valid_until = lifetime_until(from->valid, originated),
		.preferred_until = lifetime_until(from->preferred, originated),
	};
	bool has_policy;

	read_policies(from, &d, &has_policy);
	if (prefix_is_v4(&d.prefix)) {
		d.kind = VIEW_IPV4;
		d.internet =
		        has_policy && d.internet; /* RFC 7788 6.5: Internet connectivity means a policy of type 0 */
	} else if (prefix_is_ula(&d.prefix) && !has_policy) {
		d.kind = VIEW_ULA; /* locally generated: "without any Prefix-Policy TLV" (RFC 7788 6.5) */
		d.internet = false;
	}
	return d;
}

/* By prefix; of the same prefix published twice the one preferred longest comes first. */
static int compare_delegations(const void *a, const void *b)
{
	const struct view_delegation *x = a, *y = b;
	int order = prefix_compare(&x->prefix, &y->prefix);

	if (order)
		return order;
	if (x->preferred_until != y->preferred_until)
		return x->preferred_until > y->preferred_until ? -1 : 1;
	return (x->node < y->node) - (x->node > y->node);
}

/* One that is too wide would have all inside it ignored, the providers' own (RFC 7788 6.3.1); and 6.5 knows private
 * IPv4 only: anything else would take an address of the Internet away from its owner. */
static bool is_believable(const struct prefix *p)
{
	return prefix_is_v4(p) ? prefix_is_private4(p) : prefix_is_delegable(p);
}

static void add_node_delegations(const struct dncp *dncp, const struct hncp_node *node, msec now,
                                 struct view_delegation *all, size_t *count)
{
	const struct dncp_node *source = dncp_node_find(dncp, node->id);
	size_t most = MIN(*count + HOME_NODE_DELEGATIONS_MAX, (size_t)HOME_DELEGATIONS_MAX);

	ASSERT(source);
	for (size_t i = 0; i < node->connection_count; i++) {
		const struct hncp_connection *c = &node->connections[i];
		for (size_t j = 0; j < c->delegated_count && *count < most; j++) {
			struct view_delegation d = read_delegation(node, &c->delegated[j], source->originated);
			if (d.valid_until > now && is_believable(&d.prefix))
				all[(*count)++] = d;
		}
	}
}

static void build_delegations(struct view *v, const struct dncp *dncp, msec now)
{
	struct view_delegation *all = arena_alloc(&v->arena, HOME_DELEGATIONS_MAX, sizeof(*all));
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < v->net.count; i++)
		add_node_delegations(dncp, &v->net.nodes[i], now, all, &count);
	qsort(all, count, sizeof(*all), compare_delegations);
	/* In this order a prefix comes right before all inside it: those and repetitions go (RFC 7788 6.3.1). */
	for (size_t i = 0; i < count; i++)
		if (!kept || !prefix_contains(&all[kept - 1].prefix, &all[i].prefix))
			all[kept++] = all[i];
	v->delegations = all;
	v->delegation_count = kept;
}

static bool share_member(const struct view_link *a, const struct view_link *b)
{
	for (size_t i = 0; i < a->member_count; i++)
		for (size_t j = 0; j < b->member_count; j++)
			if (a->members[i].node == b->members[j].node &&
			    a->members[i].endpoint == b->members[j].endpoint)
				return true;
	return false;
}

static void build_links(struct view *v, const uint32_t *links, size_t count)
{
	struct view_link *out = arena_alloc(&v->arena, count, sizeof(*out));

	for (size_t i = 0; i < count; i++) {
		struct view_link *l = &out[i];
		*l = (struct view_link) { .link = links[i], .assign = true };
		l->member_count = hncp_common_link(&v->arena, &v->net, links[i], &l->members);
		/* RFC 7788 6.1, 6.3.1: two of our interfaces that see one remote interface are on one common link. */
		for (size_t j = 0; j < i && l->assign; j++)
			l->assign = !share_member(&out[j], l);
	}
	v->links = out;
	v->link_count = count;
}

void view_build(struct view *v, const struct dncp *dncp, const uint32_t *links, size_t link_count, msec now)
{
	struct hncp_node *nodes = NULL;
	size_t count = 0;

	*v = (struct view) { 0 };
	for (const struct dncp_node *n = NULL; (n = dncp_node_next(dncp, n));) {
		struct hncp_node *node = ARENA_PUSH(&v->arena, nodes, count);
		/* A copy, since DNCP replaces node data while the view goes on being shown. */
		hncp_decode(&v->arena, n->id, arena_copy(&v->arena, n->data, n->len), n->len, node);
	}
	v->net = (struct hncp_network) { .self = dncp_id(dncp), .nodes = nodes, .count = count };
	build_links(v, links, link_count);
	build_delegations(v, dncp, now);
}

void view_free(struct view *v)
{
	arena_free(&v->arena);
	*v = (struct view) { 0 };
}

const struct view_link *view_link_find(const struct view *v, uint32_t link)
{
	for (size_t i = 0; i < v->link_count; i++)
		if (v->links[i].link == link)
			return &v->links[i];
	return NULL;
}

const struct view_delegation *view_delegation_find(const struct view *v, const struct prefix *p)
{
	for (size_t i = 0; i < v->delegation_count; i++)
		if (prefix_equal(&v->delegations[i].prefix, p))
			return &v->delegations[i];
	return NULL;
}

bool view_prefix_is_enough(const struct prefix *p)
{
	return p->len <= (prefix_is_v4(p) ? IP4_OFFSET + 20 : 56);
}

/* RFC 7788 6.5: of generated prefixes that of the greatest node identifier stays, so its publisher is about to give `d`
 * up, and links that do not have it yet need not see it come and go. */
static bool outranked(const struct view *v, const struct view_delegation *d, msec now)
{
	for (size_t i = 0; d->kind != VIEW_ISP && i < v->delegation_count; i++) {
		const struct view_delegation *other = &v->delegations[i];
		if (other->kind == d->kind && other->node > d->node && other->preferred_until > now &&
		    view_prefix_is_enough(&other->prefix))
			return true;
	}
	return false;
}

void view_delegation_add(struct view *v, const struct view_delegation *d)
{
	size_t at = v->delegation_count;

	for (size_t i = 0; i < v->delegation_count; i++)
		if (prefix_overlaps(&v->delegations[i].prefix, &d->prefix))
			return;
	if (at == HOME_DELEGATIONS_MAX)
		return;
	for (; at && prefix_compare(&v->delegations[at - 1].prefix, &d->prefix) > 0; at--)
		v->delegations[at] = v->delegations[at - 1];
	v->delegations[at] = *d;
	v->delegation_count++;
}

bool view_delegation_creatable(const struct view *v, const struct view_delegation *d, msec now)
{
	if (!d->assignable)
		return false;
	if (d->preferred_until > now)
		return !outranked(v, d, now);
	for (size_t i = 0; i < v->delegation_count; i++) {
		const struct view_delegation *other = &v->delegations[i];
		if ((other->kind == VIEW_IPV4) == (d->kind == VIEW_IPV4) && other->preferred_until > now)
			return false;
	}
	return true;
}
