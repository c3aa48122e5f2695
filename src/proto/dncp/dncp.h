/* SPDX-License-Identifier: ISC */
/* DNCP, the Distributed Node Consensus Protocol (RFC 7787): every node publishes a set of TLVs, and all nodes that can
 * reach each other come to hold the same sets. A pure core: time, randomness, sending and the profile come in. */
#ifndef HEARTH_PROTO_DNCP_DNCP_H
#define HEARTH_PROTO_DNCP_DNCP_H

#include "base/cursor.h"
#include "base/event.h"
#include "base/ip.h"
#include "base/random.h"

enum { DNCP_HASH_MAX = 32 };

/* TLV types of DNCP itself (RFC 7787 7); those above belong to the profile. */
enum dncp_tlv {
	DNCP_TLV_REQUEST_NETWORK_STATE = 1,
	DNCP_TLV_REQUEST_NODE_STATE = 2,
	DNCP_TLV_NODE_ENDPOINT = 3,
	DNCP_TLV_NETWORK_STATE = 4,
	DNCP_TLV_NODE_STATE = 5,
	DNCP_TLV_PEER = 8,
	DNCP_TLV_KEEPALIVE_INTERVAL = 9,
	DNCP_TLV_TRUST_VERDICT = 10,
};

/* What a protocol that uses DNCP must fix (RFC 7787 9). Node identifiers have 32 bits in every profile we know. */
struct dncp_profile {
	unsigned hash_len;                                        /* octets kept of H(x), at most DNCP_HASH_MAX */
	void (*hash)(const void *data, size_t len, uint8_t *out); /* writes hash_len octets */
	msec trickle_imin;
	unsigned trickle_doublings; /* Imax = Imin << this */
	unsigned trickle_k;
	msec keepalive_interval; /* what everyone assumes of an endpoint unless told otherwise (RFC 7787 6.1); not 0 */
	unsigned keepalive_multiplier_x10;
	msec grace_interval;  /* how long data of an unreachable node is kept, at most (RFC 7787 4.6) */
	unsigned dense_peers; /* more peers than this on one endpoint: RFC 7787 6.2; 0 = never */
	size_t datagram_max;  /* the largest datagram we send */
	size_t node_data_max; /* the largest node data we accept or publish */
};

/* A datagram, in or out. On the way out `multicast` means to the profile's group and `addr`, `port` say nothing. */
struct dncp_datagram {
	uint32_t endpoint;
	struct ip addr; /* the other side */
	uint16_t port;  /* its; an answer to multicast has the port of that, also if it is to be `secure` */
	bool multicast;
	bool secure; /* came (must go) through the secure channel */
	const uint8_t *data;
	size_t len;
};

struct dncp_env {
	void *ctx;
	struct random_source random;
	struct event_sink events;
	/* Sends; the bytes are only lent. Must not call back into this core. */
	void (*send)(void *ctx, const struct dncp_datagram *);
	/* Writes the TLVs this node wants to publish (any order, well-formed, no Peer and no Keep-Alive Interval TLV)
	 * to `out`; asked each time node data is (re)published, so that times relative to the origination are right. If
	 * they do not fit beside the Peer TLVs (a failed cursor), those of the last time stay. Must not call back. */
	void (*node_data)(void *ctx, msec now, struct cursor *out);
	/* The set of reachable nodes, the data of one, or our own identifier changed. Called at the end of an input or
	 * run, never in the middle; must not call back into this core except for reading. */
	void (*changed)(void *ctx);
};

struct dncp;

/* How one interface takes part. */
struct dncp_endpoint_conf {
	bool secure; /* unicast only through the secure channel; multicast carries no Node State (RFC 7787 8, 10) */
	msec keepalive_interval;           /* 0 = the profile's */
	unsigned keepalive_multiplier_x10; /* 0 = the profile's */
	struct ip addr; /* ours there, to tell our own packets (looped, or heard by a second interface of ours on the
	                 * link) from those of another node with our identifier; IP_ANY: not known, then what bears our
	                 * identifier and an endpoint of ours passes for our own */
};

/* A node whose data we hold. Read only. */
struct dncp_node {
	uint32_t id;
	uint32_t seqno;
	bool reachable;      /* by bidirectional peer relations from us (RFC 7787 4.6) */
	msec originated;     /* by our clock; may be before 0 */
	const uint8_t *data; /* its TLVs, as they came; valid until the next input or run */
	size_t len;
	uint64_t version; /* grows whenever `seqno`, `originated` or `data` change; unique in this core's life */
};

/* A neighbour on an endpoint (RFC 7787 4.5). Read only. */
struct dncp_peer {
	uint32_t node;
	uint32_t endpoint;        /* ours */
	uint32_t remote_endpoint; /* its */
	struct ip addr;
	uint16_t port;
	msec since;
	msec last_contact;
};

/* What was received and dropped, by reason. */
#define DNCP_COUNTERS(X)                                                                                               \
	X(RX, "received")                                                                                              \
	X(RX_MULTICAST, "received-multicast")                                                                          \
	X(TX, "sent")                                                                                                  \
	X(TX_MULTICAST, "sent-multicast")                                                                              \
	X(TX_BYTES, "sent-bytes")                                                                                      \
	X(MALFORMED, "malformed")                                                                                      \
	X(NO_ENDPOINT, "node-endpoint-missing")                                                                        \
	X(BAD_SOURCE, "source-not-link-local")                                                                         \
	X(OWN, "our-own")                                                                                              \
	X(NOT_SECURE, "not-secure")                                                                                    \
	X(BAD_LENGTH, "tlv-of-wrong-length")                                                                           \
	X(BAD_HASH, "node-data-hash-wrong")                                                                            \
	X(STALE, "node-state-older-than-ours")                                                                         \
	X(TOO_LARGE, "node-data-too-large")                                                                            \
	X(TLV_LIMIT, "too-many-tlvs")                                                                                  \
	X(NODE_LIMIT, "too-many-nodes")                                                                                \
	X(PEER_LIMIT, "too-many-peers")                                                                                \
	X(RATE_LIMITED, "reply-rate-limited")                                                                          \
	X(COLLISIONS, "node-id-collisions")                                                                            \
	X(TRICKLE_SUPPRESSED, "trickle-suppressed")                                                                    \
	X(TRICKLE_RESET, "trickle-reset")                                                                              \
	X(NODE_DATA_HASHED, "node-data-hashed")                                                                        \
	X(NETWORK_HASHED, "network-state-hashed")                                                                      \
	X(TOPOLOGY, "topology-walked")                                                                                 \
	X(PUSHED, "node-states-pushed")

enum dncp_counter {
#define X(name, text) DNCP_COUNT_##name,
	DNCP_COUNTERS(X)
#undef X
	        DNCP_COUNTER_COUNT
};

extern const char *const dncp_counter_names[DNCP_COUNTER_COUNT];

/* A node called `id` (0: a random one) that has no endpoints yet. `profile` and what `env` refers to must outlive it.
 * `now` is the start of its time. */
struct dncp *dncp_new(const struct dncp_profile *, const struct dncp_env *, uint32_t id, msec now);
void dncp_free(struct dncp *);

/* Starts on endpoint `id` (not 0, not in use). */
void dncp_endpoint_add(struct dncp *, msec now, uint32_t id, const struct dncp_endpoint_conf *);
/* Our address there has changed (see `addr` of struct dncp_endpoint_conf). Unknown endpoints are no error. */
void dncp_endpoint_address(struct dncp *, uint32_t id, const struct ip *);
/* Stops there at once, forgetting its peers. Unknown endpoints are no error. */
void dncp_endpoint_remove(struct dncp *, msec now, uint32_t id);

/* Something that listens more often (a routing protocol's Hellos) says that the peer at `addr` is gone: it is removed
 * now and not when its keep-alives have timed out (RFC 7787 4.5), and added again as soon as it speaks. An unknown peer
 * is no error. */
void dncp_peer_lost(struct dncp *, msec now, uint32_t endpoint, const struct ip *addr);

/* A datagram that came in on one of our endpoints. What does not come from a link-local address is dropped. */
void dncp_input(struct dncp *, msec now, const struct dncp_datagram *);
/* When dncp_run() is to be called; it may be past right after an input or run. */
msec dncp_deadline(const struct dncp *);
void dncp_run(struct dncp *, msec now);

/* What this node wants to publish has changed: it is asked for through env->node_data and published in the next
 * dncp_run(), which becomes due at once. */
void dncp_republish(struct dncp *, msec now);

/* Says goodbye: publishes node data without peers or anything else and pushes it to every peer, so that the others see
 * us unreachable now and not when keep-alives time out. Nothing is sent after it; only dncp_free() makes sense then. */
void dncp_goodbye(struct dncp *, msec now);

uint32_t dncp_id(const struct dncp *);
/* Our own node. */
const struct dncp_node *dncp_self(const struct dncp *);
/* The node called `id`, reachable or not; NULL if unknown. */
const struct dncp_node *dncp_node_find(const struct dncp *, uint32_t id);
/* The reachable nodes (we among them) by ascending identifier: NULL gives the first, NULL comes after the last. */
const struct dncp_node *dncp_node_next(const struct dncp *, const struct dncp_node *after);
/* All peers, by endpoint and node; as above. */
const struct dncp_peer *dncp_peer_next(const struct dncp *, const struct dncp_peer *after);
/* The network state hash (profile->hash_len octets). */
void dncp_network_hash(const struct dncp *, uint8_t *out);
uint64_t dncp_counter(const struct dncp *, enum dncp_counter);

#endif
