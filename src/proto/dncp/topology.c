/* SPDX-License-Identifier: ISC */
/* Who is reachable (RFC 7787 4.6): the graph of Peer TLVs that both sides publish, walked from ourselves. The walk is
 * done once at the end of an input, only if an edge that matters has changed, and a bounded number of times in Imin. */
#include "proto/dncp/dncp_internal.h"

#include <stdlib.h>
#include <string.h>

/* RFC 7787 4.6: data originated at or before now - this carries no topology. */
#define ORIGINATION_MAX ((INT64_C(1) << 32) - (INT64_C(1) << 15))

int dncp_edge_compare(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	if (x->remote != y->remote)
		return x->remote < y->remote ? -1 : 1;
	return (x->local > y->local) - (x->local < y->local);
}

static bool next_peer(struct cursor *c, struct edge *out)
{
	struct tlv t;

	while (tlv_next(c, &t)) {
		if (t.type != DNCP_TLV_PEER || t.len < PEER_LEN)
			continue;
		struct cursor v = tlv_reader(&t);
		out->node = cursor_get_u32(&v);
		out->remote = cursor_get_u32(&v);
		out->local = cursor_get_u32(&v);
		return true;
	}
	return false;
}

struct edge *dncp_edges_read(const uint8_t *data, size_t len, size_t *n)
{
	struct cursor c = cursor_reader(data, len);
	struct edge e;

	*n = 0;
	while (next_peer(&c, &e))
		++*n;
	if (!*n)
		return NULL;
	struct edge *edges = mem_new(*n, sizeof(*edges));
	c = cursor_reader(data, len);
	for (size_t i = 0; next_peer(&c, &edges[i]) && i + 1 < *n; i++)
		;
	/* They come in order from those who keep RFC 7787 7.2.3, but not everybody does. */
	for (size_t i = 1; i < *n; i++) {
		if (dncp_edge_compare(&edges[i - 1], &edges[i]) > 0) {
			qsort(edges, *n, sizeof(*edges), dncp_edge_compare);
			break;
		}
	}
	return edges;
}

/* True if `n` publishes the other half of the edge `e` of `r`. */
static bool confirms(const struct node *n, const struct node *r, const struct edge *e)
{
	const struct edge half = { .node = r->pub.id, .remote = e->local, .local = e->remote };

	return n->edge_count && bsearch(&half, n->edges, n->edge_count, sizeof(half), dncp_edge_compare);
}

bool dncp_topology_too_old(const struct dncp *d, const struct node *n)
{
	return n->pub.originated <= d->now - ORIGINATION_MAX;
}

/* True if a node that is not reachable has an edge to one that is. */
static bool joins(const struct dncp *d, const struct node *n)
{
	for (size_t i = 0; i < n->edge_count; i++) {
		const struct node *r = dncp_node_lookup(d, n->edges[i].node);
		if (r && r->pub.reachable && confirms(r, n, &n->edges[i]))
			return true;
	}
	return false;
}

void dncp_topology_node_changed(struct dncp *d, const struct node *n, bool edges_changed)
{
	if (d->topology_dirty)
		return;
	d->topology_dirty = n->pub.reachable ? edges_changed : joins(d, n);
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

bool dncp_topology_names(const struct dncp *d, uint32_t id)
{
	const struct node *n = dncp_node_lookup(d, id);

	if (n)
		return n->named;
	return d->named_count && bsearch(&id, d->named, d->named_count, sizeof(id), compare_ids);
}

/* Follows the edges of `r`; returns the new end of the queue. */
static struct node *follow(struct dncp *d, const struct node *r, struct node *last)
{
	for (size_t i = 0; i < r->edge_count; i++) {
		const struct edge *e = &r->edges[i];
		struct node *n = dncp_node_lookup(d, e->node);
		if (!n) {
			if (d->named_count < DNCP_NAMED_MAX)
				d->named[d->named_count++] = e->node;
			continue;
		}
		n->named = true;
		if (n->marked || !confirms(n, r, e))
			continue;
		n->marked = true;
		n->next = NULL;
		last = last->next = n;
	}
	return last;
}

/* Who is found is reachable at once. Who is not any more gets a moment, less than Imin (RFC 7787 4.6): the next word of
 * a node about itself may undo what another said in its name, or what two of its neighbours said at different times.
 * Gives when to look again. */
static msec take_result(struct dncp *d, struct node *n)
{
	if (n->marked) {
		n->missed_since = 0;
		if (!n->pub.reachable)
			dncp_node_set_reachable(d, n, true);
		return MSEC_NEVER;
	}
	if (!n->pub.reachable)
		return MSEC_NEVER;
	if (!n->missed_since)
		n->missed_since = d->now;
	msec until = n->missed_since + DNCP_LOSS_DELAY(d);
	if (until > d->now) {
		d->limbo = true;
		return until;
	}
	n->missed_since = 0;
	dncp_node_set_reachable(d, n, false);
	return MSEC_NEVER;
}

static void walk(struct dncp *d)
{
	msec oldest = d->now;

	NODE_EACH(n, d)
	n->marked = n->named = false;
	d->named_count = 0;
	d->limbo = false;
	d->self->marked = true;
	d->self->next = NULL;
	for (struct node *r = d->self, *last = r; r; r = r->next) {
		if (dncp_topology_too_old(d, r))
			continue;
		oldest = MIN(oldest, r->pub.originated);
		last = follow(d, r, last);
	}
	qsort(d->named, d->named_count, sizeof(*d->named), compare_ids);
	msec again = oldest + ORIGINATION_MAX; /* the graph also changes when data becomes too old (RFC 7787 4.6) */
	NODE_EACH(n, d)
	again = MIN(again, take_result(d, n));
	timer_set(&d->timers, &d->topology_timer, again);
	count(d, DNCP_COUNT_TOPOLOGY);
}

void dncp_topology_settle(struct dncp *d)
{
	msec span = d->profile->trickle_imin / 2;

	if (!d->topology_dirty)
		return;
	if (d->now - d->topology_window >= span) {
		d->topology_window = d->now;
		d->topology_walks = 0;
	}
	if (d->topology_walks >= DNCP_TOPOLOGY_BURST) {
		timer_set_sooner(&d->timers, &d->topology_timer, d->topology_window + span);
		return;
	}
	d->topology_walks++;
	d->topology_dirty = false;
	walk(d);
}

void dncp_topology_due(struct timer *t, msec now)
{
	struct dncp *d = CONTAINER_OF(t, struct dncp, topology_timer);

	(void)now;
	d->topology_dirty = true;
}
