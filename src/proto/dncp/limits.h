/* SPDX-License-Identifier: ISC */
/* What others can make grow in a DNCP core, how far, and what happens there. The first of each kind is reported at
 * once, further ones every DNCP_LIMIT_REPORT at most; all are counted. */
#ifndef HEARTH_PROTO_DNCP_LIMITS_H
#define HEARTH_PROTO_DNCP_LIMITS_H

#include "base/base.h"

enum {
	/* Nodes in all. Beyond: those unreachable that no reachable node names as a peer make room, oldest first; then
	 * the newest is refused. A reachable node is never dropped to make room. */
	DNCP_NODES_MAX = 2048,
	/* Nodes that are not reachable (not yet, or no longer). Beyond: the newest is refused, unless a reachable node
	 * names it as a peer; then the oldest that none names makes room. */
	DNCP_UNREACHABLE_MAX = 512,
	/* The bytes they all take, and those unreachable; beyond: as above. */
	DNCP_DATA_MAX = 16 << 20,
	DNCP_UNREACHABLE_DATA_MAX = 2 << 20,

	/* Peers on one endpoint. Beyond: one that has not become reachable in DNCP_PEER_PROBATION makes room, else the
	 * newest is refused. */
	DNCP_PEERS_MAX = 128,
	/* Our Peer TLVs may take up this part of the node data; further peers are not published. */
	DNCP_PEER_SHARE = 2,

	/* Unknown nodes that reachable ones name: those named by the nodes farthest from us are not remembered. */
	DNCP_NAMED_MAX = 1024,

	/* TLVs in one datagram; a datagram with more is dropped. */
	DNCP_TLVS_MAX = 4096,
	/* Nodes that one datagram can make us ask for, and that we answer for; the rest waits for the next round. */
	DNCP_IDS_MAX = 512,

	/* Replies to multicast that wait (RFC 7787 4.4) on one endpoint, nodes asked for in one, and such replies in a
	 * time of Imin (RFC 7787 10). Beyond: left out; the next multicast gives another chance. */
	DNCP_PENDING_MAX = 16,
	DNCP_PENDING_IDS = 32,
	DNCP_REACTIONS_MAX = 32,
	/* Different network state hashes in a time of Imin on one endpoint that we ask about (RFC 7787 4.4). */
	DNCP_HASHES_MAX = 4,

	/* A request that nothing at all comes of is repeated after Imin, 2 Imin, and so on with as many doublings: then
	 * a peer is asked on at that interval, a stranger no more. */
	DNCP_RETRY_DOUBLINGS = 5,

	/* Bytes of replies to unicast requests on one endpoint: at once, and then a second. Beyond: left out. */
	DNCP_REPLY_BURST = 4 << 20,
	DNCP_REPLY_RATE = 1 << 20,

	/* Publications because of peers that come and go: as many at once, then one a second; the rest waits and goes
	 * together. What our own side publishes is not limited here. */
	DNCP_PUBLISH_BURST = 20,

	/* Topology walks in a time of Imin / 2; the next waits for its end, which RFC 7787 4.6 allows. */
	DNCP_TOPOLOGY_BURST = 16,

	/* Changed nodes that wait to be pushed, and peers on an endpoint up to which we push; beyond both Trickle is
	 * cheaper and does it alone. */
	DNCP_PUSH_MAX = 32,
	DNCP_PUSH_PEERS = 8,

	/* Node State TLVs are added to a multicast if it then fits the least IPv6 MTU (1,280 less IPv6 and UDP
	 * headers): fragments of multicast get lost. */
	DNCP_MULTICAST_MAX = 1232,

	/* An unknown node is asked at once as long as no more peers than this are on the link. */
	DNCP_FEW_PEERS = 4,
};

#define DNCP_PEER_PROBATION ((msec)10 * SECOND)
#define DNCP_LIMIT_REPORT ((msec)60 * SECOND)
/* A new identifier because of a collision at most so often, as anybody on the link can feign one. */
#define DNCP_REROLL_SPACING ((msec)10 * SECOND)
/* Our own data seen newer elsewhere is an old life of ours once in this time; more often it is another node. */
#define DNCP_RECLAIM_FORGET ((msec)10 * MINUTE)
/* Keep-alive intervals that peers publish count as at most this. */
#define DNCP_KEEPALIVE_MAX ((msec)HOUR)

#endif
