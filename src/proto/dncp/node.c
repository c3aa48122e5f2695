/* SPDX-License-Identifier: ISC */
/* The nodes and their data: what is accepted, what room it gets, and how long it stays without being reachable. */
#include "proto/dncp/dncp_internal.h"

#include <stdlib.h>
#include <string.h>

/* Origination times above this are not believed: implementations are seen that add the age of foreign data where they
 * should subtract it, which gives ages that are a little negative. A node that keeps RFC 7787 7.2.3 republishes after
 * 2^32 - 2^16 ms, so 6 days before that stand for both errors and 43 days of truth remain. Such data count as new. */
#define AGE_TRUSTED (UINT32_MAX - (UINT32_C(1) << 29))

int dncp_node_compare(const void *key, const struct map_node *node)
{
	uint32_t a = *(const uint32_t *)key, b = MAP_ENTRY(node, struct node, by_id)->pub.id;

	return (a > b) - (a < b);
}

struct node *dncp_node_lookup(const struct dncp *d, uint32_t id)
{
	return MAP_ENTRY_OR_NULL(map_find(&d->nodes, &id), struct node, by_id);
}

/* What a node with `len` bytes of data is counted with; its edges need 12 bytes for the 16 of a Peer TLV. */
static size_t cost(size_t len)
{
	return sizeof(struct node) + 2 * len;
}

static void add_cost(struct dncp *d, const struct node *n)
{
	d->bytes += cost(n->pub.len);
	if (!n->pub.reachable)
		d->unreachable_bytes += cost(n->pub.len);
}

static void sub_cost(struct dncp *d, const struct node *n)
{
	d->bytes -= cost(n->pub.len);
	if (!n->pub.reachable)
		d->unreachable_bytes -= cost(n->pub.len);
}

struct node *dncp_node_new(struct dncp *d, uint32_t id)
{
	struct node *n = NEW(struct node);

	n->pub.id = id;
	n->pub.originated = d->now;
	n->pub.version = ++d->version;
	n->unreachable_since = d->now;
	n->named = dncp_topology_names(d, id);
	list_append(&d->unreachable, &n->unreachable);
	d->unreachable_count++;
	ASSERT(!map_insert(&d->nodes, &id, &n->by_id));
	add_cost(d, n);
	dncp_node_set_grace(d);
	return n;
}

void dncp_node_free(struct dncp *d, struct node *n)
{
	sub_cost(d, n);
	map_remove(&d->nodes, &n->by_id);
	if (!n->pub.reachable)
		d->unreachable_count--;
	list_remove(&n->unreachable);
	free(n->data);
	free(n->edges);
	free(n);
}

/* The node that has been unreachable longest goes when its grace is over (RFC 7787 4.6: keeping it saves asking again
 * if it comes back). */
void dncp_node_set_grace(struct dncp *d)
{
	if (list_empty(&d->unreachable)) {
		timer_clear(&d->timers, &d->grace_timer);
		return;
	}
	const struct node *first = LIST_ENTRY(d->unreachable.next, struct node, unreachable);
	msec until = first->unreachable_since + d->profile->grace_interval;
	if (!timer_is_set(&d->grace_timer) || d->grace_timer.at != until)
		timer_set(&d->timers, &d->grace_timer, until);
}

void dncp_node_set_reachable(struct dncp *d, struct node *n, bool reachable)
{
	ASSERT(n->pub.reachable != reachable);
	sub_cost(d, n);
	n->pub.reachable = reachable;
	add_cost(d, n);
	list_remove(&n->unreachable);
	if (reachable) {
		d->unreachable_count--;
		dncp_push_note(d, n);
	} else {
		d->unreachable_count++;
		n->unreachable_since = d->now;
		list_append(&d->unreachable, &n->unreachable);
	}
	dncp_node_set_grace(d);
	d->tree_rebuild = d->tree_dirty = true;
	d->changed = true;
	if (n == d->self || d->leaving)
		return;
	if (reachable)
		event_report(&d->env.events, EVENT(DNCP_NODE_UP, .node = n->pub.id));
	else
		event_report(&d->env.events, EVENT(DNCP_NODE_DOWN, .node = n->pub.id));
}

uint32_t dncp_node_age(const struct dncp *d, const struct node *n)
{
	msec age = d->now - n->pub.originated;

	return age < 0 ? 0 : age > UINT32_MAX ? UINT32_MAX : (uint32_t)age;
}

/* True if `more` bytes for `n` (NULL: a new node) keep all limits. */
static bool fits(const struct dncp *d, const struct node *n, size_t more)
{
	if (d->nodes.count + !n > DNCP_NODES_MAX || d->bytes + more > DNCP_DATA_MAX)
		return false;
	if (n && n->pub.reachable)
		return true;
	return d->unreachable_count + !n <= DNCP_UNREACHABLE_MAX &&
	       d->unreachable_bytes + more <= DNCP_UNREACHABLE_DATA_MAX;
}

/* The node that has been unreachable longest of those no reachable node names; NULL if there is none but `keep`. */
static struct node *dispensable(struct dncp *d, const struct node *keep)
{
	LIST_EACH (n, &d->unreachable, struct node, unreachable)
		if (!n->named && n != keep)
			return n;
	return NULL;
}

/* Makes room for data of `len` bytes of the node `id`, which is `n` if we know it already. Only for the sake of a
 * reachable node or of one that a reachable node names are others dropped: what a stranger makes up stays among the
 * strangers. False if there is no room. */
static bool make_room(struct dncp *d, const struct node *n, uint32_t id, size_t len)
{
	size_t old = n ? n->pub.len : 0;
	size_t more = n ? 2 * (len > old ? len - old : 0) : cost(len);
	bool entitled = (n && n->pub.reachable) || dncp_topology_names(d, id);

	while (!fits(d, n, more)) {
		struct node *victim = entitled ? dispensable(d, n) : NULL;
		if (!victim) {
			count(d, DNCP_COUNT_NODE_LIMIT);
			dncp_limit_reached(d, LIMIT_NODES, "nodes", (int64_t)d->nodes.count);
			return false;
		}
		dncp_node_free(d, victim);
	}
	return true;
}

/* True if the edges are other than before. */
static bool replace_data(struct dncp *d, struct node *n, const struct node_state *s)
{
	size_t edge_count;
	struct edge *edges = dncp_edges_read(s->data, s->len, &edge_count);
	bool edges_changed = edge_count != n->edge_count ||
	                     (edge_count && memcmp(edges, n->edges, edge_count * sizeof(*edges)) != 0);

	sub_cost(d, n);
	free(n->data);
	free(n->edges);
	n->data = mem_copy(s->data, s->len);
	n->pub.data = n->data;
	n->pub.len = s->len;
	n->edges = edges;
	n->edge_count = edge_count;
	memcpy(n->hash, s->hash, d->profile->hash_len);
	add_cost(d, n);
	return edges_changed;
}

void dncp_node_store(struct dncp *d, struct node *n, const struct node_state *s, msec originated, uint32_t endpoint)
{
	bool had_edges = n->edge_count > 0;
	bool edges_changed = dncp_topology_too_old(d, n); /* then they did not count */

	n->pub.seqno = s->seqno;
	n->pub.originated = originated;
	n->pub.version = ++d->version;
	n->from = endpoint;
	if (s->data)
		edges_changed |= replace_data(d, n, s);
	dncp_topology_node_changed(d, n, edges_changed);
	dncp_tree_node_changed(d, n);
	dncp_peer_node_changed(d, n, had_edges && !n->edge_count ? endpoint : 0);
	if (n->pub.reachable) {
		dncp_push_note(d, n);
		d->changed = true;
		return;
	}
	n->unreachable_since = d->now;
	list_remove(&n->unreachable);
	list_append(&d->unreachable, &n->unreachable);
	dncp_node_set_grace(d);
}

/* RFC 7787 4.6 lets us forget an unreachable node at any time, and then whatever is said of it is news. We do so with
 * a copy that bars the way of a router that has restarted with a lower sequence number (and that could not learn of
 * our copy, since it may not be provided to others): at once if the node itself speaks, else if the copy has been
 * unreachable for longer than news of it may take to overtake each other. */
static bool may_forget(const struct dncp *d, const struct node *n, bool word)
{
	return !n->pub.reachable && (word || d->now - n->unreachable_since >= 2 * d->profile->trickle_imin);
}

/* True if the Node Data of the TLV may be taken. RFC 7787 7.2.3: the hash is verified. Data that is no row of TLVs is
 * refused alone: the datagram's other nodes are not to suffer for it. */
static bool data_valid(struct dncp *d, const struct node_state *s)
{
	uint8_t hash[DNCP_HASH_MAX];

	if (s->len > d->profile->node_data_max) {
		count(d, DNCP_COUNT_TOO_LARGE);
		dncp_limit_reached(d, LIMIT_NODE_DATA, "node data", (int64_t)s->len);
		return false;
	}
	d->profile->hash(s->data, s->len, hash);
	count(d, DNCP_COUNT_NODE_DATA_HASHED);
	if (memcmp(hash, s->hash, d->profile->hash_len) != 0) {
		count(d, DNCP_COUNT_BAD_HASH);
		return false;
	}
	if (!tlv_valid(s->data, s->len)) {
		count(d, DNCP_COUNT_MALFORMED);
		return false;
	}
	return true;
}

/* RFC 7787 4.4, Node State TLV, "the node identifier does not match". */
enum node_verdict dncp_node_heard(struct dncp *d, const struct node_state *heard, uint32_t endpoint, bool word)
{
	struct node *n = dncp_node_lookup(d, heard->id);
	struct node_state s = *heard;
	bool same_hash = n && memcmp(n->hash, s.hash, d->profile->hash_len) == 0;

	if (n && same_hash && n->pub.seqno == s.seqno)
		return NODE_SAME;
	if (n && seqno_less(s.seqno, n->pub.seqno) && !may_forget(d, n, word)) {
		count(d, DNCP_COUNT_STALE);
		return NODE_DIFFERS;
	}
	msec originated = d->now - (s.age > AGE_TRUSTED ? 0 : (msec)s.age);
	if (same_hash) {
		s.data = NULL; /* what it would say is what we have */
		dncp_node_store(d, n, &s, originated, endpoint);
		return NODE_TAKEN;
	}
	if (!s.data && memcmp(s.hash, d->empty_hash, d->profile->hash_len) == 0)
		s.data = (const uint8_t *)""; /* no Node Data field, for it is empty */
	if (!s.data)
		return make_room(d, n, s.id, 0) ? NODE_WANTED : NODE_DIFFERS;
	if (!data_valid(d, &s) || !make_room(d, n, s.id, s.len))
		return NODE_DIFFERS;
	if (!n)
		n = dncp_node_new(d, s.id);
	dncp_node_store(d, n, &s, originated, endpoint);
	return NODE_TAKEN;
}
