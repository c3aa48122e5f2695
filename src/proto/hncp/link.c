/* SPDX-License-Identifier: ISC */
/* Common links (RFC 7788 6.1) and the elections on them (RFC 7788 7). */
#include <stdlib.h>

#include "proto/hncp/hncp.h"

const struct hncp_node *hncp_network_node(const struct hncp_network *net, uint32_t id)
{
	size_t low = 0, high = net->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (net->nodes[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < net->count && net->nodes[low].id == id ? &net->nodes[low] : NULL;
}

static bool has_peer(const struct hncp_node *n, uint32_t node, uint32_t remote_endpoint, uint32_t endpoint)
{
	for (size_t i = 0; i < n->peer_count; i++) {
		const struct hncp_peer *p = &n->peers[i];
		if (p->node == node && p->remote_endpoint == remote_endpoint && p->endpoint == endpoint)
			return true;
	}
	return false;
}

static int compare_members(const void *a, const void *b)
{
	const struct hncp_link_member *x = a, *y = b;

	if (x->node != y->node)
		return x->node->id < y->node->id ? -1 : 1;
	return (x->endpoint > y->endpoint) - (x->endpoint < y->endpoint);
}

size_t hncp_common_link(struct arena *a, const struct hncp_network *net, uint32_t endpoint,
                        const struct hncp_link_member **members)
{
	const struct hncp_node *self = hncp_network_node(net, net->self);
	struct hncp_link_member *found = NULL;
	size_t count = 0, kept = 0;

	for (size_t i = 0; self && i < self->peer_count; i++) {
		const struct hncp_peer *p = &self->peers[i];
		if (p->endpoint != endpoint || p->node == net->self)
			continue;
		const struct hncp_node *n = hncp_network_node(net, p->node);
		/* It must say the same of us, seen from its side. */
		if (!n || !has_peer(n, net->self, endpoint, p->remote_endpoint))
			continue;
		*ARENA_PUSH(a, found, count) = (struct hncp_link_member) { .node = n, .endpoint = p->remote_endpoint };
	}
	if (count)
		qsort(found, count, sizeof(*found), compare_members);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || compare_members(&found[i - 1], &found[i]) != 0)
			found[kept++] = found[i];
	*members = found;
	return kept;
}

/* The capability a role asks for, by its place in the capability value (RFC 7788 4). */
static unsigned capability(const struct hncp_node *n, enum hncp_role role)
{
	static const uint8_t shifts[] = {
		[HNCP_ROLE_MDNS] = 12,
		[HNCP_ROLE_PD] = 8,
		[HNCP_ROLE_DHCPV6] = 4,
		[HNCP_ROLE_DHCPV4] = 0,
	};

	ASSERT((size_t)role < ARRAY_LEN(shifts));
	return hncp_capability_value(&n->capabilities) >> shifts[role] & 15;
}

/* RFC 7788 7.1 to 7.4: the greatest capability, then the greatest capability value, then the greatest node identifier.
 */
static bool beats(const struct hncp_node *a, const struct hncp_node *b, enum hncp_role role)
{
	unsigned mine = capability(a, role), other = capability(b, role);

	if (mine != other)
		return mine > other;
	mine = hncp_capability_value(&a->capabilities);
	other = hncp_capability_value(&b->capabilities);
	return mine != other ? mine > other : a->id > b->id;
}

const struct hncp_node *hncp_elect(const struct hncp_network *net, const struct hncp_link_member *members, size_t count,
                                   enum hncp_role role)
{
	const struct hncp_node *best = hncp_network_node(net, net->self);

	if (best && capability(best, role) == 0)
		best = NULL; /* does not take part (RFC 7788 4) */
	for (size_t i = 0; i < count; i++) {
		const struct hncp_node *n = members[i].node;
		if (capability(n, role) && (!best || beats(n, best, role)))
			best = n;
	}
	return best;
}
