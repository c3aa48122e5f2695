/* SPDX-License-Identifier: ISC */
/* Node data as any node may publish it. What was understood of it can be written, and is then understood as the same.
 */
#include "fuzz/support/fuzz.h"

#include "proto/hncp/hncp.h"
#include "proto/hncp/limits.h"

enum { SELF = 0x42, ENDPOINT = 1 };

static void check_delegated(const struct hncp_connection *c)
{
	ASSERT(c->delegated_count <= HNCP_DELEGATED_MAX);
	for (size_t i = 0; i < c->delegated_count; i++) {
		const struct hncp_delegated *d = &c->delegated[i];
		ASSERT(d->prefix.len <= IP_BITS && d->policy_count <= HNCP_POLICIES_MAX);
		for (size_t j = 0; j < i; j++)
			ASSERT(!prefix_overlaps(&d->prefix, &c->delegated[j].prefix));
		for (size_t j = 0; j < d->policy_count; j++)
			ASSERT(d->policies[j].destination.len <= IP_BITS);
	}
}

static void check_name(const char *name)
{
	size_t len = strnlen(name, HNCP_NAME_MAX + 1);

	ASSERT(len && len <= HNCP_NAME_MAX);
	for (size_t i = 0; i < len; i++)
		ASSERT((unsigned char)name[i] >= ' ' && name[i] != 0x7f);
}

static void check_node(const struct hncp_node *n)
{
	ASSERT(n->peer_count <= HNCP_PEERS_MAX && n->connection_count <= HNCP_CONNECTIONS_MAX);
	ASSERT(n->assigned_count <= HNCP_ASSIGNED_MAX && n->address_count <= HNCP_ADDRESSES_MAX);
	ASSERT(n->zone_count <= HNCP_ZONES_MAX && n->name_count <= HNCP_NAMES_MAX);
	ASSERT(!n->psk.len || n->psk.len == 32);
	for (size_t i = 0; i < n->connection_count; i++)
		check_delegated(&n->connections[i]);
	for (size_t i = 0; i < n->assigned_count; i++)
		ASSERT(n->assigned[i].prefix.len <= IP_BITS && n->assigned[i].priority <= 15);
	for (size_t i = 0; i < n->zone_count; i++)
		ASSERT(hncp_labels_valid(n->zones[i].zone.at, n->zones[i].zone.len));
	for (size_t i = 0; i < n->name_count; i++)
		check_name(n->names[i].name);
	ASSERT(!n->domain.len || hncp_labels_valid(n->domain.at, n->domain.len));
	/* RFC 7788 4: without a version nothing but DNCP's own counts. */
	ASSERT(n->is_hncp || (!n->connection_count && !n->assigned_count && !n->address_count && !n->zone_count));
}

static void check_again(struct arena *a, const struct hncp_node *n)
{
	enum { ROOM = 4 * HNCP_NODE_DATA_MAX };
	uint8_t *first = arena_alloc(a, ROOM, 1), *second = arena_alloc(a, ROOM, 1);
	struct cursor c1 = cursor_writer(first, ROOM), c2 = cursor_writer(second, ROOM);
	struct hncp_node again;

	hncp_encode(&c1, n);
	if (!cursor_ok(&c1))
		return;
	hncp_decode(a, n->id, first, cursor_done(&c1), &again);
	check_node(&again);
	ASSERT(again.is_hncp && again.ignored == 0 && again.assigned_count <= n->assigned_count);
	hncp_encode(&c2, &again);
	ASSERT(cursor_ok(&c2) && cursor_done(&c1) == cursor_done(&c2));
	ASSERT(memcmp(first, second, cursor_done(&c1)) == 0);
}

/* A home of two nodes where the other one says this. */
static void check_home(struct arena *a, const struct hncp_node *n)
{
	const struct hncp_peer to_us = { .node = n->id, .remote_endpoint = ENDPOINT, .endpoint = ENDPOINT };
	const struct hncp_node self = { .id = SELF, .is_hncp = true, .peers = &to_us, .peer_count = 1 };
	const struct hncp_node nodes[] = { self, *n };
	const struct hncp_network net = { .self = SELF, .nodes = nodes, .count = ARRAY_LEN(nodes) };
	const struct hncp_link_member *members;
	size_t count = hncp_common_link(a, &net, ENDPOINT, &members);

	ASSERT(count <= 1);
	for (int role = HNCP_ROLE_MDNS; role <= HNCP_ROLE_DHCPV4; role++)
		hncp_elect(&net, members, count, (enum hncp_role)role);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena a = { 0 };
	struct hncp_node n;

	if (len > HNCP_NODE_DATA_MAX)
		return 0;
	hncp_decode(&a, SELF + 1, data, len, &n);
	check_node(&n);
	if (n.is_hncp)
		check_again(&a, &n);
	check_home(&a, &n);
	arena_free(&a);
	return 0;
}
