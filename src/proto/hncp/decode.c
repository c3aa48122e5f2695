/* SPDX-License-Identifier: ISC */
/* Node data to values (RFC 7788 10). One table says which TLV may stand where and who reads it. */
#include <string.h>

#include "proto/hncp/hncp.h"
#include "proto/hncp/limits.h"
#include "proto/hncp/text.h"
#include "proto/tlv/tlv.h"

/* Where a TLV stands; one bit each, so that the table can name several. */
enum context {
	AT_TOP = 1 << 0,
	IN_CONNECTION = 1 << 1,
	IN_DELEGATED = 1 << 2,
};

enum { PSK_LEN = 32, VERSION_FIXED = 4, ADDRESS_LEN = 20, ZONE_FIXED = 17, NAME_FIXED = 17 };
enum { ZONE_LEGACY = 4, ZONE_BROWSE = 2, ZONE_SEARCH = 1 };

/* What is being built. The arrays are the ones that the values they belong to will point at. */
struct decoder {
	struct arena *arena;
	enum context at; /* where the TLV being read stands */
	struct hncp_node node;
	struct hncp_peer *peers;
	struct hncp_connection *connections;
	struct hncp_assigned *assigned;
	struct hncp_address *addresses;
	struct hncp_zone *zones;
	struct hncp_name *names;
	struct hncp_connection connection; /* the container being read */
	struct hncp_delegated *delegated;
	struct hncp_delegated prefix; /* the container being read in that */
	struct hncp_policy *policies;
};

/* Reads one TLV; false if it makes no sense, and then nothing was stored. */
typedef bool read_fn(struct decoder *, const struct tlv *);

static void walk(struct decoder *, enum context, const uint8_t *data, size_t len);

/* A new last element of an array that ends at `max`; NULL if it has ended. */
#define PUSH(d, array, count, max) ((count) < (size_t)(max) ? ARENA_PUSH((d)->arena, (array), (count)) : NULL)

static struct hncp_bytes rest(const struct cursor *c)
{
	return (struct hncp_bytes) { .at = c->at, .len = cursor_left(c) };
}

/* Steps over the zeros after a value of variable length; what follows are nested TLVs (RFC 7788 10). */
static void skip_padding(struct cursor *c)
{
	cursor_skip(c, MIN(-cursor_done(c) % TLV_ALIGN, cursor_left(c)));
}

/* `len` significant bits, padded to the octet. What is set past them is cut off. */
static struct prefix get_significant(struct cursor *c, unsigned len)
{
	struct ip ip = IP_ANY;

	if (len > IP_BITS) {
		cursor_fail(c);
		return PREFIX_ALL;
	}
	cursor_get(c, ip.b, (len + 7) / 8);
	return prefix_make(&ip, len);
}

/* A prefix length and so many bits. A prefix that holds all IPv4 addresses and others is of neither family. */
static struct prefix get_prefix(struct cursor *c)
{
	struct prefix p = get_significant(c, cursor_get_u8(c));

	if (p.len < IP4_OFFSET && prefix_contains(&p, &PREFIX_ALL4))
		cursor_fail(c);
	return p;
}

/* What a node or a name can have as its address (RFC 7788 10.4: globally scoped). */
static bool is_unicast(const struct ip *ip)
{
	return !ip_is_any(ip) && !ip_is_linklocal(ip) && !ip_is_multicast(ip);
}

/* RFC 7787 7.3.1 */
static bool read_peer(struct decoder *d, const struct tlv *t)
{
	struct cursor c = tlv_reader(t);
	struct hncp_peer *p = PUSH(d, d->peers, d->node.peer_count, HNCP_PEERS_MAX);

	if (!p)
		return false;
	p->node = cursor_get_u32(&c);
	p->remote_endpoint = cursor_get_u32(&c);
	p->endpoint = cursor_get_u32(&c);
	return true;
}

/* RFC 7788 10.1. The length is to be 5 or more, but an empty user agent does no harm. Values 8 to 15 are reserved and
 * kept as they came, so that all nodes compare the same numbers in elections. */
static bool read_version(struct decoder *d, const struct tlv *t)
{
	struct cursor c = tlv_reader(t);

	if (d->node.is_hncp)
		return false;
	cursor_skip(&c, 2);
	unsigned value = cursor_get_u16(&c);
	d->node.capabilities = (struct hncp_capabilities) {
		.mdns = value >> 12 & 15,
		.pd = value >> 8 & 15,
		.dhcpv6 = value >> 4 & 15,
		.dhcpv4 = value & 15,
	};
	d->node.user_agent = rest(&c);
	d->node.is_hncp = true;
	return true;
}

/* RFC 7788 10.2 */
static bool read_connection(struct decoder *d, const struct tlv *t)
{
	if (d->node.connection_count == HNCP_CONNECTIONS_MAX || !tlv_valid(t->value, t->len))
		return false;
	d->connection = (struct hncp_connection) { 0 };
	d->delegated = NULL;
	walk(d, IN_CONNECTION, t->value, t->len);
	d->connection.delegated = d->delegated;
	*ARENA_PUSH(d->arena, d->connections, d->node.connection_count) = d->connection;
	return true;
}

/* Prefixes of one container must not overlap (RFC 7788 10.2.1). If they do, the widest stays, as prefix assignment has
 * it (6.3.1), and of equal ones the first. True if `p` may be added; what it contains has then made way. */
static bool make_way(struct decoder *d, const struct prefix *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->connection.delegated_count; i++)
		if (prefix_contains(&d->delegated[i].prefix, p))
			return false;
	for (size_t i = 0; i < d->connection.delegated_count; i++)
		if (!prefix_contains(p, &d->delegated[i].prefix))
			d->delegated[kept++] = d->delegated[i];
	d->node.ignored += (unsigned)(d->connection.delegated_count - kept);
	d->connection.delegated_count = kept;
	return kept < HNCP_DELEGATED_MAX;
}

/* RFC 7788 10.2.1 */
static bool read_delegated(struct decoder *d, const struct tlv *t)
{
	struct cursor c = tlv_reader(t);

	d->prefix = (struct hncp_delegated) { 0 };
	d->policies = NULL;
	d->prefix.valid = cursor_get_u32(&c);
	d->prefix.preferred = cursor_get_u32(&c);
	d->prefix.preferred = MIN(d->prefix.preferred, d->prefix.valid);
	d->prefix.prefix = get_prefix(&c);
	skip_padding(&c);
	struct hncp_bytes nested = rest(&c);
	if (!cursor_ok(&c) || ip_is_linklocal(&d->prefix.prefix.ip) || ip_is_multicast(&d->prefix.prefix.ip) ||
	    !tlv_valid(nested.at, nested.len) || !make_way(d, &d->prefix.prefix))
		return false;
	walk(d, IN_DELEGATED, nested.at, nested.len);
	d->prefix.policies = d->policies;
	*ARENA_PUSH(d->arena, d->delegated, d->connection.delegated_count) = d->prefix;
	return true;
}

/* RFC 7788 10.2.1.1. Types not defined yet are passed on as they are: that there is a policy means something (6.5). */
static bool read_policy(struct decoder *d, const struct tlv *t)
{
	struct cursor c = tlv_reader(t);
	struct hncp_policy policy = { .type = cursor_get_u8(&c) };

	policy.value = rest(&c);
	if (policy.type > HNCP_POLICY_INTERNET && policy.type <= IP_BITS)
		policy.destination = get_significant(&c, policy.type);
	if (policy.type == HNCP_POLICY_DOMAIN) {
		policy.value.len = hncp_text_labels_len(policy.value.at, policy.value.len);
		if (!policy.value.len)
			return false;
	}
	struct hncp_policy *to = cursor_ok(&c) ? PUSH(d, d->policies, d->prefix.policy_count, HNCP_POLICIES_MAX) : NULL;
	if (to)
		*to = policy;
	return to;
}

/* Whole DHCPv6 options (RFC 8415 21.1). */
static bool is_dhcpv6(const uint8_t *data, size_t len)
{
	struct cursor c = cursor_reader(data, len);

	while (cursor_left(&c)) {
		cursor_skip(&c, 2);
		cursor_skip(&c, cursor_get_u16(&c));
	}
	return cursor_finished(&c);
}

/* Whole DHCPv4 options (RFC 2132 2), where pad (0) and end (255) have no length and only pads follow the end. */
static bool is_dhcpv4(const uint8_t *data, size_t len)
{
	struct cursor c = cursor_reader(data, len);
	bool ended = false;

	while (cursor_left(&c)) {
		uint8_t code = cursor_get_u8(&c);
		if (ended && code != 0)
			return false;
		ended |= code == 255;
		if (code != 0 && code != 255)
			cursor_skip(&c, cursor_get_u8(&c));
	}
	return cursor_finished(&c);
}

/* RFC 7788 10.2.2 and 10.2.3 against 13: of 37 and 38 either may be either, so the content tells. Every DHCPv6 option
 * code there is begins with a zero octet, which in DHCPv4 would be a pad that nobody begins with. What could still be
 * both is taken by section 13. */
static bool read_dhcp(struct decoder *d, const struct tlv *t)
{
	bool v6 = is_dhcpv6(t->value, t->len), v4 = is_dhcpv4(t->value, t->len);

	if (v6 && v4)
		v6 = t->value[0] == 0 || t->type == HNCP_TLV_DHCPV6_DATA;
	struct hncp_bytes *to = v6 ? &d->connection.dhcpv6 : v4 ? &d->connection.dhcpv4 : NULL;
	if (d->at == IN_DELEGATED)
		to = v6 && !prefix_is_v4(&d->prefix.prefix) ? &d->prefix.dhcpv6 : NULL;
	/* "MUST NOT occur more than once in any single container": the first counts. */
	if (!to || to->len)
		return false;
	*to = (struct hncp_bytes) { .at = t->value, .len = t->len };
	return true;
}

/* RFC 7788 10.3 */
static bool read_assigned(struct decoder *d, const struct tlv *t)
{
	struct cursor c = tlv_reader(t);
	struct hncp_assigned assigned = { .endpoint = cursor_get_u32(&c) };

	assigned.priority = cursor_get_u8(&c) & 15;
	assigned.prefix = get_prefix(&c);
	struct hncp_assigned *to =
	        cursor_ok(&c) ? PUSH(d, d->assigned, d->node.assigned_count, HNCP_ASSIGNED_MAX) : NULL;
	if (to)
		*to = assigned;
	return to;
}

/* RFC 7788 10.4 */
static bool read_address(struct decoder *d, const struct tlv *t)
{
	struct cursor c = tlv_reader(t);
	struct hncp_address address = { .endpoint = cursor_get_u32(&c) };

	cursor_get(&c, address.ip.b, sizeof(address.ip.b));
	struct hncp_address *to =
	        is_unicast(&address.ip) ? PUSH(d, d->addresses, d->node.address_count, HNCP_ADDRESSES_MAX) : NULL;
	if (to)
		*to = address;
	return to;
}

/* RFC 7788 10.5 */
static bool read_zone(struct decoder *d, const struct tlv *t)
{
	struct cursor c = tlv_reader(t);
	struct hncp_zone zone;

	cursor_get(&c, zone.server.b, sizeof(zone.server.b));
	uint8_t flags = cursor_get_u8(&c);
	zone.legacy_browse = flags & ZONE_LEGACY;
	zone.browse = flags & ZONE_BROWSE;
	zone.search = flags & ZONE_SEARCH;
	zone.zone = rest(&c);
	zone.zone.len = hncp_text_labels_len(zone.zone.at, zone.zone.len);
	struct hncp_zone *to = zone.zone.len ? PUSH(d, d->zones, d->node.zone_count, HNCP_ZONES_MAX) : NULL;
	if (to)
		*to = zone;
	return to;
}

/* RFC 7788 10.6 */
static bool read_domain(struct decoder *d, const struct tlv *t)
{
	size_t len = hncp_text_labels_len(t->value, t->len);

	if (!len || d->node.domain.len)
		return false;
	d->node.domain = (struct hncp_bytes) { .at = t->value, .len = len };
	return true;
}

/* RFC 7788 10.7 */
static bool read_name(struct decoder *d, const struct tlv *t)
{
	struct cursor c = tlv_reader(t);
	struct ip ip;

	cursor_get(&c, ip.b, sizeof(ip.b));
	uint8_t len = cursor_get_u8(&c);
	const uint8_t *text = cursor_take(&c, len);
	if (!text || !hncp_text_is_node_name(text, len) || !is_unicast(&ip))
		return false;
	struct hncp_name *to = PUSH(d, d->names, d->node.name_count, HNCP_NAMES_MAX);
	if (!to)
		return false;
	to->ip = ip;
	memcpy(to->name, text, len);
	return true;
}

/* RFC 7788 10.8 */
static bool read_psk(struct decoder *d, const struct tlv *t)
{
	if (d->node.psk.len)
		return false;
	d->node.psk = (struct hncp_bytes) { .at = t->value, .len = PSK_LEN };
	return true;
}

/* type, least length, where it may stand (RFC 7788 10: anywhere else it is ignored), reader */
static const struct rule {
	uint16_t type;
	uint16_t least;
	unsigned contexts;
	read_fn *read;
} rules[] = {
	{ DNCP_TLV_PEER, 12, AT_TOP, read_peer },
	{ HNCP_TLV_VERSION, VERSION_FIXED, AT_TOP, read_version },
	{ HNCP_TLV_EXTERNAL_CONNECTION, 0, AT_TOP, read_connection },
	{ HNCP_TLV_DELEGATED_PREFIX, 9, IN_CONNECTION, read_delegated },
	{ HNCP_TLV_ASSIGNED_PREFIX, 6, AT_TOP, read_assigned },
	{ HNCP_TLV_NODE_ADDRESS, ADDRESS_LEN, AT_TOP, read_address },
	{ HNCP_TLV_DHCPV4_DATA, 1, IN_CONNECTION | IN_DELEGATED, read_dhcp },
	{ HNCP_TLV_DHCPV6_DATA, 1, IN_CONNECTION | IN_DELEGATED, read_dhcp },
	{ HNCP_TLV_DNS_DELEGATED_ZONE, ZONE_FIXED + 1, AT_TOP, read_zone },
	{ HNCP_TLV_DOMAIN_NAME, 1, AT_TOP, read_domain },
	{ HNCP_TLV_NODE_NAME, NAME_FIXED + 1, AT_TOP, read_name },
	{ HNCP_TLV_MANAGED_PSK, PSK_LEN, AT_TOP, read_psk },
	{ HNCP_TLV_PREFIX_POLICY, 1, IN_DELEGATED, read_policy },
};

static const struct rule *rule_for(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

static void walk(struct decoder *d, enum context at, const uint8_t *data, size_t len)
{
	struct cursor c = cursor_reader(data, len);
	struct tlv t;

	while (tlv_next(&c, &t)) {
		const struct rule *r = rule_for(t.type);
		d->at = at;
		/* Types we do not know are for others (RFC 7787 7): nothing wrong with them. */
		if (r && (t.len < r->least || !(r->contexts & at) || !r->read(d, &t)))
			d->node.ignored++;
	}
	d->node.ignored += !cursor_finished(&c);
}

void hncp_decode(struct arena *a, uint32_t id, const uint8_t *data, size_t len, struct hncp_node *out)
{
	struct decoder d = { .arena = a, .node = { .id = id } };

	walk(&d, AT_TOP, data, len);
	d.node.peers = d.peers;
	if (d.node.is_hncp) {
		d.node.connections = d.connections;
		d.node.assigned = d.assigned;
		d.node.addresses = d.addresses;
		d.node.zones = d.zones;
		d.node.names = d.names;
		*out = d.node;
		return;
	}
	/* RFC 7788 4: of a node without HNCP-Version every TLV above 32 is ignored. */
	*out = (struct hncp_node) {
		.id = id,
		.peers = d.peers,
		.peer_count = d.node.peer_count,
		.ignored = d.node.ignored,
	};
}
