/* SPDX-License-Identifier: ISC */
/* Endpoints: when our Network State is said there. Trickle says it after changes (RFC 7787 4.3), keep-alives when
 * nothing else did (6.1.2), and on a dense link all but one node say it to that one only (6.2). */
#include "proto/dncp/dncp_internal.h"

#include <stdlib.h>

int dncp_endpoint_compare(const void *key, const struct map_node *node)
{
	uint32_t a = *(const uint32_t *)key, b = MAP_ENTRY(node, struct endpoint, by_id)->id;

	return (a > b) - (a < b);
}

struct endpoint *dncp_endpoint_find(const struct dncp *d, uint32_t id)
{
	return MAP_ENTRY_OR_NULL(map_find(&d->endpoints, &id), struct endpoint, by_id);
}

static bool nodes_fit(struct dncp *d, const struct out *o)
{
	size_t len = cursor_done(&o->c);

	(void)dncp_tree_hash(d); /* brings the number of leaves up to date */
	return len + d->leaf_count * dncp_node_state_size(d, d->self, false) <=
	       MIN((size_t)DNCP_MULTICAST_MAX, d->profile->datagram_max);
}

void dncp_endpoint_say(struct endpoint *ep, bool with_nodes)
{
	struct dncp *d = ep->dncp;
	struct out o;

	ep->said = d->now;
	if (ep->listening) {
		if (!ep->highest)
			return;
		dncp_out_begin(&o, ep, OUT_ADDR, &ep->highest->pub.addr, ep->highest->pub.port);
	} else {
		dncp_out_begin(&o, ep, OUT_MULTICAST, NULL, 0);
	}
	dncp_out_network_state(&o);
	/* RFC 7787 4.3: not in multicast where unicast is secure. */
	if (with_nodes && !(ep->conf.secure && o.to == OUT_MULTICAST) && nodes_fit(d, &o))
		NODE_EACH(n, d)
	if (node_is_leaf(d, n))
		dncp_out_node_state(&o, n, false);
	dncp_out_end(&o);
}

static void set_trickle(struct endpoint *ep)
{
	timer_set(&ep->dncp->timers, &ep->trickle_timer, dncp_trickle_next(&ep->trickle));
}

static void trickle_due(struct timer *t, msec now)
{
	struct endpoint *ep = CONTAINER_OF(t, struct endpoint, trickle_timer);
	struct dncp *d = ep->dncp;
	/* RFC 7787 4.3: Node State TLVs may go along. In the first interval after a change they save the others from
	 * asking for the list; later multicasts are there to be compared and are kept small. */
	bool with_nodes = ep->trickle.i == ep->trickle.imin;

	switch (dncp_trickle_run(&ep->trickle, &d->env.random, now)) {
	case TRICKLE_SPEAK:
		dncp_endpoint_say(ep, with_nodes);
		break;
	case TRICKLE_SUPPRESSED:
		count(d, DNCP_COUNT_TRICKLE_SUPPRESSED);
		break;
	case TRICKLE_NOTHING:
		break;
	}
	set_trickle(ep);
}

void dncp_endpoint_trickle_reset(struct endpoint *ep)
{
	struct dncp *d = ep->dncp;

	if (dncp_trickle_reset(&ep->trickle, &d->env.random, d->now))
		set_trickle(ep);
	count(d, DNCP_COUNT_TRICKLE_RESET);
}

void dncp_endpoint_trickle_heard(struct endpoint *ep)
{
	dncp_trickle_consistent(&ep->trickle);
}

static msec jitter(struct dncp *d)
{
	return random_between(&d->env.random, 0, d->profile->trickle_imin / 2);
}

/* RFC 7787 6.1.2: if nothing with a Network State was sent for the interval, it is sent and a new Trickle interval
 * begins. The timer is not moved whenever something is sent; it looks when it is due. */
static void keepalive_due(struct timer *t, msec now)
{
	struct endpoint *ep = CONTAINER_OF(t, struct endpoint, keepalive_timer);
	struct dncp *d = ep->dncp;

	ep->mode_dirty = true;
	if (now - ep->said >= ep->conf.keepalive_interval) {
		dncp_endpoint_say(ep, false);
		dncp_trickle_interval(&ep->trickle, &d->env.random, now);
		set_trickle(ep);
	}
	timer_set(&d->timers, t, ep->said + ep->conf.keepalive_interval + jitter(d));
}

static void start_trickle(struct endpoint *ep)
{
	const struct dncp *d = ep->dncp;

	dncp_trickle_start(&ep->trickle, &d->env.random, d->now, d->profile->trickle_imin,
	                   d->profile->trickle_doublings, d->profile->trickle_k);
	set_trickle(ep);
}

/* How many nodes are on the link as far as `p`, one of them, knows. */
static size_t peers_of(const struct peer *p)
{
	const struct node *n = dncp_node_lookup(p->ep->dncp, p->pub.node);
	size_t peers = 0;

	for (size_t i = 0; n && i < n->edge_count; i++)
		peers += n->edges[i].local == p->pub.remote_endpoint;
	return peers;
}

/* RFC 7787 6.2: with more peers than the bound all but the highest node treat the link as a unicast link to that node.
 * It alone then knows how many there are, so its Peer TLVs count too. */
static bool is_dense(const struct endpoint *ep)
{
	size_t bound = ep->dncp->profile->dense_peers;

	if (ep->peers.count > bound)
		return true;
	PEER_EACH(p, ep)
	if (peers_of(p) > bound)
		return true;
	/* A new highest node first has to become acquainted with the others. */
	return ep->listening && ep->dncp->now - ep->listening_since < ep->conf.keepalive_interval;
}

void dncp_endpoint_update_mode(struct endpoint *ep)
{
	struct dncp *d = ep->dncp;

	if (!d->profile->dense_peers || !ep->mode_dirty)
		return;
	ep->mode_dirty = false;
	struct peer *highest = MAP_ENTRY_OR_NULL(map_last(&ep->peers), struct peer, by_key);
	if (!highest || highest->pub.node < d->self->pub.id || !is_dense(ep)) {
		if (ep->listening)
			start_trickle(ep);
		ep->listening = false;
		ep->highest = NULL;
		return;
	}
	if (ep->listening && ep->highest == highest)
		return;
	ep->listening = true;
	ep->listening_since = d->now;
	ep->highest = highest;
	MAP_EACH_SAFE (p, &ep->peers, struct peer, by_key)
		if (p != highest)
			dncp_peer_remove(p, "dense link");
	start_trickle(ep);
}

void dncp_endpoint_add(struct dncp *d, msec now, uint32_t id, const struct dncp_endpoint_conf *conf)
{
	struct endpoint *ep = NEW(struct endpoint);

	ASSERT(id && !dncp_endpoint_find(d, id) && !d->leaving);
	d->now = now;
	ep->id = id;
	ep->dncp = d;
	ep->conf = *conf;
	if (!ep->conf.keepalive_interval)
		ep->conf.keepalive_interval = d->profile->keepalive_interval;
	if (!ep->conf.keepalive_multiplier_x10)
		ep->conf.keepalive_multiplier_x10 = d->profile->keepalive_multiplier_x10;
	map_init(&ep->peers, dncp_peer_compare);
	ASSERT(!map_insert(&d->endpoints, &id, &ep->by_id));
	timer_init(&ep->trickle_timer, trickle_due);
	timer_init(&ep->keepalive_timer, keepalive_due);
	timer_init(&ep->pending_timer, dncp_reply_pending_due);
	timer_init(&ep->push_timer, dncp_push_due);
	timer_init(&ep->retry.timer, dncp_retry_due);
	ep->push_next = d->change_count;
	ep->pushed = ep->reaction_window = now - d->profile->trickle_imin;
	for (size_t i = 0; i < DNCP_HASHES_MAX; i++)
		ep->asked[i].at = now - d->profile->trickle_imin;
	ep->reply_tokens = DNCP_REPLY_BURST;
	ep->reply_tokens_at = now;
	start_trickle(ep);
	/* Nothing has been sent there within the keep-alive interval, so a keep-alive is due (RFC 7787 6.1.2): a new
	 * endpoint is heard within Imin / 2 and not only when Trickle's first interval lets it. */
	ep->said = now - ep->conf.keepalive_interval;
	timer_set(&d->timers, &ep->keepalive_timer, now + jitter(d));
	dncp_own_changed(d);
}

void dncp_endpoint_address(struct dncp *d, uint32_t id, const struct ip *addr)
{
	struct endpoint *ep = dncp_endpoint_find(d, id);

	if (ep)
		ep->conf.addr = *addr;
}

void dncp_endpoint_free(struct endpoint *ep)
{
	struct dncp *d = ep->dncp;

	MAP_EACH_SAFE (p, &ep->peers, struct peer, by_key)
		dncp_peer_remove(p, "endpoint removed");
	timer_clear(&d->timers, &ep->trickle_timer);
	timer_clear(&d->timers, &ep->keepalive_timer);
	timer_clear(&d->timers, &ep->pending_timer);
	timer_clear(&d->timers, &ep->push_timer);
	timer_clear(&d->timers, &ep->retry.timer);
	map_remove(&d->endpoints, &ep->by_id);
	free(ep);
}

void dncp_endpoint_remove(struct dncp *d, msec now, uint32_t id)
{
	struct endpoint *ep = dncp_endpoint_find(d, id);

	if (!ep)
		return;
	d->now = now;
	dncp_endpoint_free(ep);
	dncp_own_changed(d);
}
