/* SPDX-License-Identifier: ISC */
/* Peers: who is added (RFC 7787 4.5), for how long they count as there (6.1.5). */
#include "proto/dncp/dncp_internal.h"

#include <stdlib.h>
#include <string.h>

struct peer_key {
	uint32_t node, remote;
};

int dncp_peer_compare(const void *key, const struct map_node *node)
{
	const struct peer_key *k = key;
	const struct dncp_peer *p = &MAP_ENTRY(node, struct peer, by_key)->pub;

	if (k->node != p->node)
		return k->node < p->node ? -1 : 1;
	return (k->remote > p->remote_endpoint) - (k->remote < p->remote_endpoint);
}

struct peer *dncp_peer_find(const struct endpoint *ep, uint32_t node, uint32_t remote)
{
	const struct peer_key key = { node, remote };

	return MAP_ENTRY_OR_NULL(map_find(&ep->peers, &key), struct peer, by_key);
}

/* What node `id` publishes as its keep-alive interval on its endpoint `remote`: the TLV for it, else the one for all,
 * else the default (RFC 7787 6.1.5, 7.3.2). */
static msec published_interval(const struct dncp *d, uint32_t id, uint32_t remote)
{
	const struct node *n = dncp_node_lookup(d, id);
	msec interval = d->profile->keepalive_interval;

	if (!n || !n->pub.len)
		return interval;
	struct cursor c = cursor_reader(n->data, n->pub.len);
	for (struct tlv t; tlv_next(&c, &t);) {
		if (t.type != DNCP_TLV_KEEPALIVE_INTERVAL || t.len < KEEPALIVE_LEN)
			continue;
		struct cursor v = tlv_reader(&t);
		uint32_t endpoint = cursor_get_u32(&v);
		if (endpoint != 0 && endpoint != remote)
			continue;
		interval = cursor_get_u32(&v);
		if (endpoint == remote)
			break;
	}
	return MIN(interval, DNCP_KEEPALIVE_MAX);
}

/* When `p` is to be given up unless it is heard again. A peer that says it sends no keep-alives is not present for us,
 * who have no other means to tell (RFC 7787 4.5): it is given up at once. */
static msec peer_until(const struct peer *p)
{
	const struct dncp *d = p->ep->dncp;
	msec interval = published_interval(d, p->pub.node, p->pub.remote_endpoint);

	if (!interval)
		return p->pub.last_contact;
	/* However short: packets need time, and keep-alives may be late by Imin / 2 (6.1.2). */
	return p->pub.last_contact +
	       MAX(interval * p->ep->conf.keepalive_multiplier_x10 / 10, 4 * d->profile->trickle_imin);
}

void dncp_peer_remove(struct peer *p, const char *why)
{
	struct endpoint *ep = p->ep;
	struct dncp *d = ep->dncp;

	event_report(&d->env.events,
	             EVENT(DNCP_PEER_DOWN, .node = p->pub.node, .link = ep->id, .addr = p->pub.addr, .text = why));
	timer_clear(&d->timers, &p->timeout);
	map_remove(&ep->peers, &p->by_key);
	if (ep->highest == p)
		ep->highest = NULL;
	free(p);
	dncp_own_changed(d);
}

void dncp_peer_lost(struct dncp *d, msec now, uint32_t endpoint, const struct ip *addr)
{
	struct endpoint *ep = dncp_endpoint_find(d, endpoint);

	if (!ep)
		return;
	d->now = now;
	MAP_EACH_SAFE (p, &ep->peers, struct peer, by_key)
		if (ip_equal(&p->pub.addr, addr))
			dncp_peer_remove(p, "routing does not hear it");
}

static void peer_timeout(struct timer *t, msec now)
{
	struct peer *p = CONTAINER_OF(t, struct peer, timeout);
	msec until = peer_until(p);

	if (until > now)
		timer_set(&p->ep->dncp->timers, t, until);
	else
		dncp_peer_remove(p, "no keep-alives");
}

/* True if a peer has been here long enough to have become reachable and has not: it makes room for others. */
static bool on_probation_too_long(const struct peer *p)
{
	const struct dncp *d = p->ep->dncp;
	const struct node *n = dncp_node_lookup(d, p->pub.node);

	return d->now - p->pub.since >= DNCP_PEER_PROBATION && !(n && n->pub.reachable);
}

static bool make_room(struct endpoint *ep)
{
	if (ep->peers.count < DNCP_PEERS_MAX)
		return true;
	PEER_EACH(p, ep)
	{
		if (on_probation_too_long(p)) {
			dncp_peer_remove(p, "made room");
			return true;
		}
	}
	count(ep->dncp, DNCP_COUNT_PEER_LIMIT);
	dncp_limit_reached(ep->dncp, LIMIT_PEERS, "peers", (int64_t)ep->peers.count);
	return false;
}

/* One address is one endpoint of one node. What else we know under it is gone: the router has restarted with another
 * identifier or interface index. Waiting for its keep-alives to time out would keep its former self in the home. */
static void remove_former(struct endpoint *ep, const struct ip *addr, uint16_t port)
{
	MAP_EACH_SAFE (p, &ep->peers, struct peer, by_key)
		if (ip_equal(&p->pub.addr, addr) && p->pub.port == port)
			dncp_peer_remove(p, "replaced");
}

static struct peer *peer_add(struct endpoint *ep, const struct edge *who, const struct ip *addr, uint16_t port)
{
	struct dncp *d = ep->dncp;
	const struct peer_key key = { who->node, who->remote };

	remove_former(ep, addr, port);
	if (!published_interval(d, who->node, who->remote) || !make_room(ep))
		return NULL;
	struct peer *p = NEW(struct peer);
	p->pub = (struct dncp_peer) { .node = who->node,
		                      .endpoint = ep->id,
		                      .remote_endpoint = who->remote,
		                      .addr = *addr,
		                      .port = port,
		                      .since = d->now,
		                      .last_contact = d->now };
	p->ep = ep;
	ASSERT(!map_insert(&ep->peers, &key, &p->by_key));
	timer_init(&p->timeout, peer_timeout);
	timer_set(&d->timers, &p->timeout, peer_until(p));
	event_report(&d->env.events, EVENT(DNCP_PEER_UP, .node = who->node, .link = ep->id, .addr = *addr));
	dncp_own_changed(d);
	return p;
}

/* RFC 7787 4.5: "If received over unicast, the remote node MUST be added as a peer". */
struct peer *dncp_peer_heard(struct endpoint *ep, const struct edge *who, const struct ip *addr, uint16_t port)
{
	struct peer *p = dncp_peer_find(ep, who->node, who->remote);

	/* RFC 7787 4.5, 6.2: in Multicast-Listen+Unicast mode only the highest node is a peer. */
	if (!p && ep->listening && ep->highest && who->node < ep->highest->pub.node)
		return NULL;
	if (!p)
		return peer_add(ep, who, addr, port);
	p->pub.addr = *addr;
	p->pub.port = port;
	p->pub.last_contact = ep->dncp->now;
	return p;
}

void dncp_peer_node_changed(struct dncp *d, const struct node *n, uint32_t left)
{
	const struct peer_key first = { n->pub.id, 0 };

	ENDPOINT_EACH(ep, d)
	{
		struct map_node *at = map_find_from(&ep->peers, &first);
		while (at && MAP_ENTRY(at, struct peer, by_key)->pub.node == n->pub.id) {
			struct peer *p = MAP_ENTRY(at, struct peer, by_key);
			at = map_next(at);
			/* A node that vouched for peers and now for none hears nobody any more, or is leaving (see
			 * dncp_goodbye()). Our word for it is all that would keep its last data alive at those whom its
			 * new data do not reach, as they go no further than to us. If it is still there, its next
			 * unicast brings it back. Only on the link where it was said: whoever can say it on another one
			 * may be anybody. */
			if (left == ep->id)
				dncp_peer_remove(p, "left");
			else
				timer_set_sooner(&d->timers, &p->timeout, peer_until(p));
		}
	}
}
