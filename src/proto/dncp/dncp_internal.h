/* SPDX-License-Identifier: ISC */
/* What the files of the DNCP core share. Each owns one topic:
 *
 *     message.c    received datagrams: parse, validate, dispatch, answer
 *     reply.c      answers: to unicast at once, to multicast delayed and merged; their rate limits
 *     retry.c      requests that nothing came of
 *     send.c       datagrams out: packing TLVs, counting
 *     node.c       the nodes and their data: acceptance, limits, grace
 *     topology.c   who is reachable
 *     tree.c       the network state hash
 *     endpoint.c   endpoints: Trickle, keep-alives, dense links
 *     peer.c       peers: discovery, liveness, limits
 *     own.c        our own node data: publication, reclaiming, collisions, goodbye
 *     push.c       changed node data sent to peers ahead of Trickle
 *     trickle.c    RFC 6206 as a value
 *     dncp.c       life, the clockwork, questions
 */
#ifndef HEARTH_PROTO_DNCP_INTERNAL_H
#define HEARTH_PROTO_DNCP_INTERNAL_H

#include "base/list.h"
#include "base/map.h"
#include "base/timer.h"
#include "proto/dncp/dncp.h"
#include "proto/dncp/limits.h"
#include "proto/dncp/trickle.h"
#include "proto/tlv/tlv.h"

/* RFC 7787 4.6: the loss of a node may wait for less than Imin. */
#define DNCP_LOSS_DELAY(d) ((d)->profile->trickle_imin * 3 / 4)

/* Values of the TLVs without header; H stands for the profile's hash length (RFC 7787 7). */
enum {
	NODE_ENDPOINT_LEN = 8,
	NODE_STATE_LEN = 12, /* + H */
	REQUEST_NODE_LEN = 4,
	PEER_LEN = 12,
	KEEPALIVE_LEN = 8,
};

/* Limits that are reported. */
enum limit { LIMIT_NODES, LIMIT_PEERS, LIMIT_NODE_DATA, LIMIT_OWN_DATA, LIMIT_COUNT };

/* A Peer TLV as a value; edges are kept in order (RFC 7787 7.3.1). */
struct edge {
	uint32_t node;
	uint32_t remote; /* endpoint of `node` */
	uint32_t local;  /* endpoint of the publisher */
};

struct node {
	struct dncp_node pub;
	struct map_node by_id;
	uint8_t *data; /* pub.data */
	uint8_t hash[DNCP_HASH_MAX];
	struct edge *edges;
	size_t edge_count;
	uint32_t from;   /* the endpoint its data came in on; 0 = ours */
	uint64_t pushed; /* the version that was last due to be pushed to our peers */

	/* Topology. */
	struct node *next; /* in the walk */
	bool marked;
	bool named;              /* a reachable node publishes a Peer TLV for it */
	struct list unreachable; /* while not reachable: in dncp.unreachable */
	msec unreachable_since;
	msec missed_since; /* reachable, but not found by the last walks; 0 if it was */

	size_t leaf; /* its place in the hash tree while reachable */
};

struct peer {
	struct dncp_peer pub;
	struct map_node by_key; /* in endpoint.peers, by node and remote endpoint */
	struct endpoint *ep;
	struct timer timeout;
};

/* A node that shall be asked for, as known when we decided that. */
struct want {
	uint32_t id;
	uint32_t seqno;   /* as told */
	uint64_t version; /* of our copy; 0 = none */
};

/* What one neighbour will be sent for its multicast, after the delay of RFC 7787 4.4. */
struct pending {
	msec at;
	struct ip addr;
	uint16_t port;
	bool discover;        /* Request Network State, since we do not know the node (RFC 7787 4.5) */
	bool request_network; /* Request Network State, if `hash` still differs from ours */
	bool reply_network;
	uint8_t hash[DNCP_HASH_MAX];
	struct edge who; /* node and remote endpoint that `discover` is about */
	size_t want_count;
	size_t reply_count;
	struct want wants[DNCP_PENDING_IDS];
	uint32_t replies[DNCP_PENDING_IDS];
};

/* Whom on this link we asked last, what for, and the state of things then. */
struct retry {
	struct timer timer;
	struct edge who;
	struct ip addr;
	uint16_t port;
	int tries;
	uint8_t theirs[DNCP_HASH_MAX];
	uint8_t ours[DNCP_HASH_MAX];
	size_t want_count;
	struct want wants[DNCP_PENDING_IDS];
};

struct endpoint {
	struct map_node by_id;
	struct dncp *dncp;
	uint32_t id;
	struct dncp_endpoint_conf conf; /* defaults filled in */
	struct map peers;

	struct trickle trickle;
	struct timer trickle_timer;
	msec said; /* when we last sent our Network State there */
	struct timer keepalive_timer;

	bool listening;       /* Multicast-Listen+Unicast mode (RFC 7787 6.2) */
	struct peer *highest; /* then: the peer with the highest node identifier */
	msec listening_since;
	bool mode_dirty; /* what decides on the mode has changed */

	struct timer pending_timer;
	struct pending pending[DNCP_PENDING_MAX];
	size_t pending_count;
	msec reaction_window; /* when it began */
	unsigned reactions;
	struct {
		uint8_t hash[DNCP_HASH_MAX];
		msec at;
	} asked[DNCP_HASHES_MAX]; /* network states that we asked about lately */
	struct retry retry;
	int64_t reply_tokens; /* bytes */
	msec reply_tokens_at;

	struct timer push_timer;
	msec pushed;
	uint64_t push_next; /* the first change not yet pushed there */
};

enum { ASKED_SLOTS = 256 };

struct dncp {
	const struct dncp_profile *profile;
	struct dncp_env env;
	msec now; /* of the input or run that goes on */
	struct timers timers;
	uint64_t counters[DNCP_COUNTER_COUNT];
	msec limit_reported[LIMIT_COUNT];
	bool changed; /* env.changed is due */
	uint64_t version;
	uint8_t empty_hash[DNCP_HASH_MAX]; /* of no data at all */

	struct map nodes;        /* all we hold data of, and ourselves */
	struct list unreachable; /* since longest first */
	size_t unreachable_count;
	size_t bytes;
	size_t unreachable_bytes;
	struct timer grace_timer;

	struct map endpoints;

	/* Topology. */
	bool topology_dirty;
	msec topology_window; /* when it began */
	unsigned topology_walks;
	bool limbo;      /* the last walk missed a node that is given a moment */
	msec hold_until; /* changes are not told before; 0: nothing is held */
	struct timer topology_timer;
	uint32_t *named; /* identifiers without data, in order */
	size_t named_count;

	/* Hash tree: sequence number and data hash of every leaf, in order of the node identifiers. */
	uint8_t *leaves;
	size_t leaf_count;
	size_t leaf_room;
	bool tree_rebuild; /* a leaf came or went */
	bool tree_dirty;   /* `hash` is out of date */
	uint8_t hash[DNCP_HASH_MAX];
	uint8_t said_hash[DNCP_HASH_MAX]; /* the one that Trickle was last reset for */

	/* Ourselves. */
	struct node *self;
	bool published;
	bool leaving;
	bool forced;    /* publish even if the bytes are the same */
	uint32_t seqno; /* of the next publication, at least */
	msec published_at;
	msec publish_allowed; /* one a second up to then has been used up by what others did */
	struct timer publish_timer;
	unsigned reclaims;
	msec reclaimed_at;
	msec rerolled_at;
	uint8_t *app; /* what env.node_data last wrote */
	size_t app_len;
	uint8_t *build; /* node data in the making */

	/* Pushes: the last DNCP_PUSH_MAX changes, numbered. */
	struct {
		uint32_t id;
		uint64_t version;
	} changes[DNCP_PUSH_MAX];
	uint64_t change_count;

	/* One datagram at a time. */
	struct want wants[DNCP_IDS_MAX];
	size_t want_count;
	uint32_t asked[DNCP_IDS_MAX]; /* nodes that the other side wants */
	size_t asked_count;
	struct {
		uint32_t id;
		uint32_t seqno;
		msec at;
	} requested[ASKED_SLOTS]; /* what we asked for lately, by identifier */

	uint8_t *buffer; /* for what is sent */
	size_t buffer_size;
};

/* a < b by the looping comparison of RFC 7787 4.4. */
static inline bool seqno_less(uint32_t a, uint32_t b)
{
	return (a - b) & UINT32_C(0x80000000);
}

/* True if `n` is a leaf of the hash tree and is provided to others: it is reachable (RFC 7787 4.6), and if it is us, we
 * have published something (3). */
static inline bool node_is_leaf(const struct dncp *d, const struct node *n)
{
	return n->pub.reachable && (n != d->self || d->published);
}

static inline void count(struct dncp *d, enum dncp_counter c)
{
	d->counters[c]++;
}

/* dncp.c */
void dncp_limit_reached(struct dncp *, enum limit, const char *what, int64_t n);
/* Brings reachability and the hash up to date; what follows from a change (Trickle, pushes) is then set going. */
void dncp_settle(struct dncp *);
/* Settles, and tells the owner if anything has changed: the end of every input and run. */
void dncp_finish(struct dncp *);

/* node.c */
struct node *dncp_node_lookup(const struct dncp *, uint32_t id);
int dncp_node_compare(const void *key, const struct map_node *);
struct node *dncp_node_new(struct dncp *, uint32_t id);
void dncp_node_free(struct dncp *, struct node *);
/* A Node State TLV of another node, read. `data` is NULL if there was none. */
struct node_state {
	uint32_t id;
	uint32_t seqno;
	uint32_t age;
	const uint8_t *hash;
	const uint8_t *data;
	size_t len;
};
enum node_verdict {
	NODE_SAME,    /* what we have */
	NODE_DIFFERS, /* known to differ, and nothing to do about it but to wait */
	NODE_WANTED,  /* its data is to be asked for */
	NODE_TAKEN,   /* it was news and we hold it now */
};
/* `word` says that the node itself is speaking. */
enum node_verdict dncp_node_heard(struct dncp *, const struct node_state *, uint32_t endpoint, bool word);
/* Replaces the data of a node; the hash is that of the data. */
void dncp_node_store(struct dncp *, struct node *, const struct node_state *, msec originated, uint32_t endpoint);
void dncp_node_set_reachable(struct dncp *, struct node *, bool reachable);
void dncp_node_set_grace(struct dncp *);
/* Milliseconds since origination, as the wire has it. */
uint32_t dncp_node_age(const struct dncp *, const struct node *);

/* tree.c */
void dncp_tree_node_changed(struct dncp *, struct node *);
const uint8_t *dncp_tree_hash(struct dncp *);

/* topology.c */
int dncp_edge_compare(const void *, const void *);
/* Reads the Peer TLVs of valid node data into an array of `n`, in order; NULL if there are none. */
struct edge *dncp_edges_read(const uint8_t *data, size_t len, size_t *n);
/* Another node's data or edges have changed: decides whether the graph is to be walked again. */
void dncp_topology_node_changed(struct dncp *, const struct node *, bool edges_changed);
void dncp_topology_settle(struct dncp *);
/* True if the node's data is so old that its edges do not count (RFC 7787 4.6). */
bool dncp_topology_too_old(const struct dncp *, const struct node *);
/* True if a reachable node publishes a Peer TLV for `id`. */
bool dncp_topology_names(const struct dncp *, uint32_t id);
timer_fn dncp_topology_due;

/* peer.c */
struct peer *dncp_peer_find(const struct endpoint *, uint32_t node, uint32_t remote);
/* A Node Endpoint TLV came by unicast: the peer, new or known, or NULL if it may not be one. */
struct peer *dncp_peer_heard(struct endpoint *, const struct edge *who, const struct ip *addr, uint16_t port);
void dncp_peer_remove(struct peer *, const char *why);
/* The peer's keep-alive interval may have changed, or (then `left` is the endpoint where it
 * was said, else 0) it has left: its node has published. */
void dncp_peer_node_changed(struct dncp *, const struct node *, uint32_t left);
int dncp_peer_compare(const void *key, const struct map_node *);

/* endpoint.c */
struct endpoint *dncp_endpoint_find(const struct dncp *, uint32_t id);
void dncp_endpoint_free(struct endpoint *);
void dncp_endpoint_trickle_reset(struct endpoint *);
void dncp_endpoint_trickle_heard(struct endpoint *); /* a consistent Network State */
void dncp_endpoint_update_mode(struct endpoint *);
int dncp_endpoint_compare(const void *key, const struct map_node *);
/* Sends our Network State there, by multicast or, while only listening to it, to the highest node. */
void dncp_endpoint_say(struct endpoint *, bool with_nodes);

#define ENDPOINT_EACH(var, d) MAP_EACH (var, &(d)->endpoints, struct endpoint, by_id)
#define PEER_EACH(var, ep) MAP_EACH (var, &(ep)->peers, struct peer, by_key)
#define NODE_EACH(var, d) MAP_EACH (var, &(d)->nodes, struct node, by_id)

/* own.c */
/* Peers or endpoints have changed. */
void dncp_own_changed(struct dncp *);
/* Somebody has node data of ours with this sequence number and hash. */
void dncp_own_state_heard(struct dncp *, uint32_t seqno, const uint8_t *hash);
/* Somebody else uses our identifier. */
void dncp_own_collision(struct dncp *);
timer_fn dncp_own_publish_due;
uint32_t dncp_own_random_id(const struct dncp *);

/* send.c */
enum out_to { OUT_ADDR, OUT_MULTICAST, OUT_PEERS };
/* A stream of TLVs to one place, cut into datagrams that each begin with our Node Endpoint TLV. */
struct out {
	struct endpoint *ep;
	enum out_to to;
	struct ip addr;
	uint16_t port;
	bool limited;   /* a reply, which has a rate limit */
	bool anonymous; /* without Node Endpoint TLV */
	struct cursor c;
	size_t head;
};
void dncp_out_begin(struct out *, struct endpoint *, enum out_to, const struct ip *addr, uint16_t port);
/* As dncp_out_begin(), but without Node Endpoint TLVs. */
void dncp_out_begin_anonymous(struct out *, struct endpoint *, enum out_to, const struct ip *addr, uint16_t port);
void dncp_out_network_state(struct out *);
void dncp_out_request_network(struct out *);
void dncp_out_request_node(struct out *, uint32_t id);
void dncp_out_node_state(struct out *, const struct node *, bool with_data);
/* Sends what is left. */
void dncp_out_end(struct out *);
size_t dncp_node_state_size(const struct dncp *, const struct node *, bool with_data);

/* reply.c */
/* What a received datagram asks of us. */
struct message {
	const struct dncp_datagram *d;
	struct endpoint *ep;
	bool has_sender;
	struct edge sender; /* its node and endpoint */
	bool discover;      /* heard by multicast, not (or elsewhere) a peer */
	const uint8_t *network_hash;
	bool differs; /* its Node State TLVs tell of differences */
	bool request_network;
	bool reply_network;
};
void dncp_reply_unicast(struct dncp *, const struct message *);
void dncp_reply_multicast(struct dncp *, const struct message *);
bool dncp_reply_allowed(struct endpoint *, size_t bytes);
timer_fn dncp_reply_pending_due;
/* RFC 7787 4.4: "at most one reply per link per unique network state hash within Imin". True if we may ask about `hash`
 * now; then we have. */
bool dncp_reply_may_ask(struct endpoint *, const uint8_t *hash);
/* True if our copy of that node is still the one we had when we wanted another. */
bool dncp_reply_wanted(const struct dncp *, const struct want *);
/* Asks for what is still wanted, and for the list of all nodes if `network`. With that goes our own Network State, so
 * that the other side can begin to ask us at once (RFC 7787 4.4: "MAY also be sent"). */
void dncp_reply_send_requests(struct endpoint *, const struct ip *addr, uint16_t port, bool network,
                              const struct want *wants, size_t n);

/* retry.c */
/* We ask the sender for the list of all nodes or for those in d->wants. */
void dncp_retry_expect(struct dncp *, const struct message *);
/* `who` says what we say: there is nothing left to ask it for. */
void dncp_retry_answered(struct endpoint *, const struct edge *who);
timer_fn dncp_retry_due;

/* push.c */
/* A node is reachable, with data that may be new to our peers. */
void dncp_push_note(struct dncp *, struct node *);
/* Sets the push timers after changes. */
void dncp_push_schedule(struct dncp *);
timer_fn dncp_push_due;

#endif
