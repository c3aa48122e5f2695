/* SPDX-License-Identifier: ISC */
/* What is understood of one node's data at most. What is beyond is ignored and counted as such, the rest still holds: a
 * node cannot make us forget what it said first. Node data itself is bounded by HNCP_NODE_DATA_MAX. */
#ifndef HEARTH_PROTO_HNCP_LIMITS_H
#define HEARTH_PROTO_HNCP_LIMITS_H

enum {
	HNCP_PEERS_MAX = 256,      /* Peer TLVs */
	HNCP_CONNECTIONS_MAX = 16, /* External-Connection TLVs */
	HNCP_DELEGATED_MAX = 16,   /* Delegated-Prefix TLVs in one connection */
	HNCP_POLICIES_MAX = 8,     /* Prefix-Policy TLVs in one delegated prefix */
	HNCP_ASSIGNED_MAX = 512,   /* Assigned-Prefix TLVs */
	HNCP_ADDRESSES_MAX = 64,   /* Node-Address TLVs */
	HNCP_ZONES_MAX = 64,       /* DNS-Delegated-Zone TLVs */
	HNCP_NAMES_MAX = 64,       /* Node-Name TLVs */
};

enum {
	/* Every node can receive datagrams of 4,000 bytes (RFC 7788 3): those we fill ourselves are no larger. */
	HNCP_DATAGRAM_MAX = 4000,
	/* Node data that do not fit there travel in a larger one, which not every node in the wild can forward; but to
	 * refuse them would keep the network from ever agreeing, and not to publish an assignment would be worse still.
	 * A home has to be very large for that: 3,900 bytes are some 150 assignments. */
	HNCP_NODE_DATA_MAX = 16384,
};

#endif
