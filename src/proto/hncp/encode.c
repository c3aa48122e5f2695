/* SPDX-License-Identifier: ISC */
/* Values to node data (RFC 7788 10). */
#include <stdlib.h>
#include <string.h>

#include "proto/hncp/hncp.h"
#include "proto/tlv/tlv.h"

enum { PSK_LEN = 32 };
enum { ZONE_LEGACY = 4, ZONE_BROWSE = 2, ZONE_SEARCH = 1 };

unsigned hncp_capability_value(const struct hncp_capabilities *c)
{
	return (unsigned)c->mdns << 12 | (unsigned)c->pd << 8 | (unsigned)c->dhcpv6 << 4 | c->dhcpv4;
}

/* The octets that hold the significant bits. */
static void put_significant(struct cursor *c, const struct prefix *p)
{
	cursor_put(c, p->ip.b, (p->len + 7U) / 8);
}

static void put_prefix(struct cursor *c, const struct prefix *p)
{
	cursor_put_u8(c, p->len);
	put_significant(c, p);
}

/* Never with an empty user agent, which upsets a peer (and RFC 7788 10.1 has a length of 5 or more). */
static void put_version(struct cursor *c, const struct hncp_node *n)
{
	size_t tlv = tlv_begin(c, HNCP_TLV_VERSION);

	cursor_put_u16(c, 0);
	cursor_put_u16(c, (uint16_t)hncp_capability_value(&n->capabilities));
	if (n->user_agent.len)
		cursor_put(c, n->user_agent.at, n->user_agent.len);
	else
		cursor_put_u8(c, '-');
	tlv_end(c, tlv);
}

static void put_policy(struct cursor *c, const struct hncp_policy *p)
{
	size_t tlv = tlv_begin(c, HNCP_TLV_PREFIX_POLICY);

	cursor_put_u8(c, p->type);
	if (p->type > HNCP_POLICY_INTERNET && p->type <= IP_BITS)
		put_significant(c, &p->destination);
	else
		cursor_put(c, p->value.at, p->value.len);
	tlv_end(c, tlv);
}

static void put_bytes(struct cursor *c, uint16_t type, const struct hncp_bytes *b)
{
	if (b->len)
		tlv_put(c, type, b->at, b->len);
}

static void put_delegated(struct cursor *c, const struct hncp_delegated *d)
{
	size_t tlv = tlv_begin(c, HNCP_TLV_DELEGATED_PREFIX);

	cursor_put_u32(c, d->valid);
	cursor_put_u32(c, d->preferred);
	put_prefix(c, &d->prefix);
	if (d->dhcpv6.len || d->policy_count)
		tlv_pad(c, tlv);
	put_bytes(c, HNCP_TLV_DHCPV6_DATA, &d->dhcpv6);
	for (size_t i = 0; i < d->policy_count; i++)
		put_policy(c, &d->policies[i]);
	tlv_end(c, tlv);
}

/* True if the `j`-th prefix of the `i`-th connection has been written already, or one that it overlaps in the same
 * connection (RFC 7788 10.2.1). The same prefix in two connections crashes a peer, and says nothing new. */
static bool written_before(const struct hncp_node *n, size_t i, size_t j)
{
	const struct prefix *p = &n->connections[i].delegated[j].prefix;

	for (size_t k = 0; k <= i; k++) {
		const struct hncp_connection *c = &n->connections[k];
		for (size_t m = 0; m < (k == i ? j : c->delegated_count); m++)
			if (prefix_equal(&c->delegated[m].prefix, p) ||
			    (k == i && prefix_overlaps(&c->delegated[m].prefix, p)))
				return true;
	}
	return false;
}

static void put_connection(struct cursor *c, const struct hncp_node *n, size_t i)
{
	const struct hncp_connection *from = &n->connections[i];
	size_t tlv = tlv_begin(c, HNCP_TLV_EXTERNAL_CONNECTION);

	for (size_t j = 0; j < from->delegated_count; j++)
		if (!written_before(n, i, j))
			put_delegated(c, &from->delegated[j]);
	put_bytes(c, HNCP_TLV_DHCPV4_DATA, &from->dhcpv4);
	put_bytes(c, HNCP_TLV_DHCPV6_DATA, &from->dhcpv6);
	tlv_end(c, tlv);
}

static void put_assigned(struct cursor *c, const struct hncp_assigned *a)
{
	size_t tlv = tlv_begin(c, HNCP_TLV_ASSIGNED_PREFIX);

	ASSERT(a->priority < 16);
	cursor_put_u32(c, a->endpoint);
	cursor_put_u8(c, a->priority);
	put_prefix(c, &a->prefix);
	tlv_end(c, tlv);
}

static void put_address(struct cursor *c, const struct hncp_address *a)
{
	size_t tlv = tlv_begin(c, HNCP_TLV_NODE_ADDRESS);

	cursor_put_u32(c, a->endpoint);
	cursor_put(c, a->ip.b, sizeof(a->ip.b));
	tlv_end(c, tlv);
}

static void put_zone(struct cursor *c, const struct hncp_zone *z)
{
	size_t tlv = tlv_begin(c, HNCP_TLV_DNS_DELEGATED_ZONE);

	ASSERT(hncp_labels_valid(z->zone.at, z->zone.len));
	cursor_put(c, z->server.b, sizeof(z->server.b));
	cursor_put_u8(c, (uint8_t)((z->legacy_browse ? ZONE_LEGACY : 0) | (z->browse ? ZONE_BROWSE : 0) |
	                           (z->search ? ZONE_SEARCH : 0)));
	cursor_put(c, z->zone.at, z->zone.len);
	tlv_end(c, tlv);
}

static void put_name(struct cursor *c, const struct hncp_name *n)
{
	size_t tlv = tlv_begin(c, HNCP_TLV_NODE_NAME);
	size_t len = strlen(n->name);

	cursor_put(c, n->ip.b, sizeof(n->ip.b));
	cursor_put_u8(c, (uint8_t)len);
	cursor_put(c, n->name, len);
	tlv_end(c, tlv);
}

/* By binary content, type and length included (RFC 7787 7.2.3). */
static int compare_raw(const void *a, const void *b)
{
	const struct tlv *x = a, *y = b;
	int order = memcmp(x->raw, y->raw, MIN(x->raw_len, y->raw_len));

	return order ? order : (x->raw_len > y->raw_len) - (x->raw_len < y->raw_len);
}

/* Brings the TLVs written since `start` into strict order (RFC 7787 7.2.3): of identical ones a single one stays. */
static void sort_tlvs(struct cursor *c, size_t start)
{
	size_t len = cursor_done(c) - start, count = 0;
	uint8_t *copy = mem_copy(c->start + start, len);
	struct tlv *all = mem_new(len / TLV_HEADER + 1, sizeof(*all));
	struct cursor r = cursor_reader(copy, len);

	while (tlv_next(&r, &all[count]))
		count++;
	ASSERT(cursor_finished(&r));
	qsort(all, count, sizeof(*all), compare_raw);
	cursor_rewind(c, start);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || compare_raw(&all[i - 1], &all[i]) != 0)
			cursor_put(c, all[i].raw, all[i].raw_len);
	free(all);
	free(copy);
}

void hncp_encode(struct cursor *c, const struct hncp_node *n)
{
	size_t start = cursor_done(c);

	put_version(c, n);
	for (size_t i = 0; i < n->connection_count; i++)
		put_connection(c, n, i);
	for (size_t i = 0; i < n->assigned_count; i++)
		put_assigned(c, &n->assigned[i]);
	for (size_t i = 0; i < n->address_count; i++)
		put_address(c, &n->addresses[i]);
	for (size_t i = 0; i < n->zone_count; i++)
		put_zone(c, &n->zones[i]);
	put_bytes(c, HNCP_TLV_DOMAIN_NAME, &n->domain);
	for (size_t i = 0; i < n->name_count; i++)
		put_name(c, &n->names[i]);
	ASSERT(!n->psk.len || n->psk.len == PSK_LEN);
	put_bytes(c, HNCP_TLV_MANAGED_PSK, &n->psk);
	if (cursor_ok(c))
		sort_tlvs(c, start);
}
