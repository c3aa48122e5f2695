/* SPDX-License-Identifier: ISC */
/* HNCP (RFC 7788): its DNCP profile, its TLVs as values, common links and elections. Decoding and encoding are pure
 * functions; the state lives in DNCP below and in the view above. */
#ifndef HEARTH_PROTO_HNCP_HNCP_H
#define HEARTH_PROTO_HNCP_HNCP_H

#include "base/arena.h"
#include "base/cursor.h"
#include "base/ip.h"
#include "proto/dncp/dncp.h"

enum { HNCP_PORT = 8231, HNCP_PORT_DTLS = 8232, HNCP_NAME_MAX = 63 };

extern const struct ip HNCP_GROUP;             /* ff02::11 */
extern const struct dncp_profile HNCP_PROFILE; /* RFC 7788 3 */

/* RFC 7788 10 and 13. Of 37 and 38 the RFC has it both ways; section 13 (IANA) is what we send. */
enum hncp_tlv {
	HNCP_TLV_VERSION = 32,
	HNCP_TLV_EXTERNAL_CONNECTION = 33,
	HNCP_TLV_DELEGATED_PREFIX = 34,
	HNCP_TLV_ASSIGNED_PREFIX = 35,
	HNCP_TLV_NODE_ADDRESS = 36,
	HNCP_TLV_DHCPV4_DATA = 37,
	HNCP_TLV_DHCPV6_DATA = 38,
	HNCP_TLV_DNS_DELEGATED_ZONE = 39,
	HNCP_TLV_DOMAIN_NAME = 40,
	HNCP_TLV_NODE_NAME = 41,
	HNCP_TLV_MANAGED_PSK = 42,
	HNCP_TLV_PREFIX_POLICY = 43,
};

/* RFC 7788 5.1. */
enum hncp_category {
	HNCP_INTERNAL,
	HNCP_EXTERNAL,
	HNCP_LEAF,
	HNCP_GUEST,
	HNCP_AD_HOC,
	HNCP_HYBRID,
};

/* Its name as the configuration has it ("internal", "ad-hoc", ...). */
const char *hncp_category_name(enum hncp_category);
/* False if `name` is none; `out` is then untouched. */
bool hncp_category_parse(const char *name, enum hncp_category *out);
/* Runs DNCP there: internal, ad hoc, hybrid. */
bool hncp_category_is_endpoint(enum hncp_category);
/* Gets prefixes assigned: all but external. */
bool hncp_category_is_inside(enum hncp_category);

/* Bytes inside the node data they were decoded from. */
struct hncp_bytes {
	const uint8_t *at;
	size_t len;
};

/* Capabilities, 0 = not capable, up to 7 (RFC 7788 10.1); as received perhaps up to 15, which is reserved. */
struct hncp_capabilities {
	uint8_t mdns, pd, dhcpv6, dhcpv4;
};

/* RFC 7788 4: M << 12 | P << 8 | H << 4 | L. */
unsigned hncp_capability_value(const struct hncp_capabilities *);

enum { HNCP_POLICY_INTERNET = 0, HNCP_POLICY_DOMAIN = 129, HNCP_POLICY_OPAQUE = 130, HNCP_POLICY_RESTRICTIVE = 131 };

struct hncp_policy {
	uint8_t type;
	struct hncp_bytes value;   /* types 129 and up; a label sequence if 129 */
	struct prefix destination; /* types 1 to 128 */
};

struct hncp_delegated {
	struct prefix prefix;
	uint32_t valid; /* seconds since origination; LIFETIME_INFINITE for ever */
	uint32_t preferred;
	const struct hncp_policy *policies;
	size_t policy_count;
	struct hncp_bytes dhcpv6; /* option stream; len 0 = none */
};

struct hncp_connection {
	const struct hncp_delegated *delegated;
	size_t delegated_count;
	struct hncp_bytes dhcpv6;
	struct hncp_bytes dhcpv4;
};

struct hncp_assigned {
	uint32_t endpoint; /* 0 = private link */
	uint8_t priority;
	struct prefix prefix;
};

struct hncp_address {
	uint32_t endpoint;
	struct ip ip;
};

struct hncp_zone {
	struct ip server;
	bool legacy_browse, browse, search;
	struct hncp_bytes zone; /* a label sequence, checked */
};

struct hncp_name {
	struct ip ip;
	char name[HNCP_NAME_MAX + 1]; /* a label; nothing unprintable in it, or the TLV was ignored */
};

struct hncp_peer {
	uint32_t node;
	uint32_t remote_endpoint;
	uint32_t endpoint;
};

/* Everything one node publishes, understood. Arrays live in the arena, bytes in the node data: both must outlive it. */
struct hncp_node {
	uint32_t id;
	bool is_hncp; /* it has an HNCP-Version TLV; without one all below but `peers` is empty (RFC 7788 4) */
	struct hncp_capabilities capabilities;
	struct hncp_bytes user_agent;
	const struct hncp_peer *peers;
	size_t peer_count;
	const struct hncp_connection *connections;
	size_t connection_count;
	const struct hncp_assigned *assigned;
	size_t assigned_count;
	const struct hncp_address *addresses;
	size_t address_count;
	const struct hncp_zone *zones;
	size_t zone_count;
	const struct hncp_name *names;
	size_t name_count;
	struct hncp_bytes domain; /* label sequence, checked; len 0 = none */
	struct hncp_bytes psk;    /* 32 octets or none */
	unsigned ignored;         /* TLVs that were ignored, see hncp_decode(); unknown types are not counted */
};

/* Reads node data. Whatever makes no sense, is repeated though it must not be, stands where it must not, or is beyond
 * limits.h is ignored and counted; never fails. Of overlapping delegated prefixes in one connection the widest stays.
 */
void hncp_decode(struct arena *, uint32_t id, const uint8_t *data, size_t len, struct hncp_node *out);

/* Writes everything but the peers (DNCP's business), in TLV order (RFC 7787 7.2.3), always with an HNCP-Version TLV and
 * never with an empty user agent. A delegated prefix that overlaps an earlier one of its connection, or is in an
 * earlier connection too, is left out. Zones, names, priorities and the PSK must be as hncp_decode() would accept them.
 */
void hncp_encode(struct cursor *, const struct hncp_node *);

/* True if `data` is a DNS label sequence that ends with the empty label, has no compression, and in whose labels is
 * nothing but UTF-8 without control characters. */
bool hncp_labels_valid(const uint8_t *data, size_t len);

/* All reachable nodes by ascending identifier, as decoded. */
struct hncp_network {
	uint32_t self;
	const struct hncp_node *nodes;
	size_t count;
};

/* The node called `id`; NULL if it is not there. */
const struct hncp_node *hncp_network_node(const struct hncp_network *, uint32_t id);

/* The remote end of a common link. */
struct hncp_link_member {
	const struct hncp_node *node;
	uint32_t endpoint;
};

/* The common link of our `endpoint` without our own interface (RFC 7788 6.1): those with a Peer TLV for us while we
 * have one for them. An array in the arena, by node and endpoint. */
size_t hncp_common_link(struct arena *, const struct hncp_network *, uint32_t endpoint,
                        const struct hncp_link_member **members);

enum hncp_role { HNCP_ROLE_MDNS, HNCP_ROLE_PD, HNCP_ROLE_DHCPV6, HNCP_ROLE_DHCPV4 };

/* The node elected for a role on the common link whose remote members are given (RFC 7788 7); NULL if nobody can. */
const struct hncp_node *hncp_elect(const struct hncp_network *, const struct hncp_link_member *members, size_t count,
                                   enum hncp_role);

#endif
