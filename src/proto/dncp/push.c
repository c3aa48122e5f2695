/* SPDX-License-Identifier: ISC */
/* Changed node data sent to peers ahead of Trickle.
 *
 * By Trickle alone a change costs Imin / 2 to Imin a hop and then four unicast datagrams with every peer (request and
 * reply for the list, request and reply for the data). RFC 7787 leaves room to do better: unicast Node State TLVs need
 * not have been asked for (4.4 processes every one received, "from any valid address, ... whether this address is known
 * to be the address of a peer or not"), 4.2 names "recently changed Node State TLVs" beside a Network State for unicast
 * transports, and what 4.3 restricts is Network State TLVs and the reset of Trickle, neither of which happens here. So
 * node data that is new to us and reachable goes to our peers by unicast at once: one datagram instead of four, and a
 * round trip per hop instead of Imin.
 *
 * It cannot become a storm: each version of a node passes each endpoint of ours once; not back to where it came from,
 * since who sent it there has told all on that link; pushes on an endpoint keep Imin / 2 between them, as Trickle at
 * its fastest does, gathering what changes meanwhile; and where many nodes change at once or a link has many peers,
 * nothing is pushed, because then asking for what is missing is cheaper. Nothing depends on it: what gets lost, Trickle
 * finds. */
#include "proto/dncp/dncp_internal.h"

void dncp_push_note(struct dncp *d, struct node *n)
{
	/* A node that has come back as it was: whoever knew it then has kept it as we have (RFC 7787 4.6). */
	if (n->pushed == n->pub.version)
		return;
	n->pushed = n->pub.version;
	size_t slot = d->change_count++ % DNCP_PUSH_MAX;
	d->changes[slot].id = n->pub.id;
	d->changes[slot].version = n->pub.version;
}

void dncp_push_schedule(struct dncp *d)
{
	ENDPOINT_EACH(ep, d)
	{
		if (ep->push_next == d->change_count || timer_is_set(&ep->push_timer))
			continue;
		if (!ep->peers.count)
			ep->push_next = d->change_count;
		else
			timer_set(&d->timers, &ep->push_timer, MAX(d->now, ep->pushed + d->profile->trickle_imin / 2));
	}
}

/* The node of change `i` if that is still to be pushed on `ep`. */
static const struct node *to_push(const struct endpoint *ep, uint64_t i)
{
	const struct dncp *d = ep->dncp;
	const struct node *n = dncp_node_lookup(d, d->changes[i % DNCP_PUSH_MAX].id);

	/* What is not reachable is not provided to others (RFC 7787 4.6). */
	if (!n || !n->pub.reachable || n->pub.version != d->changes[i % DNCP_PUSH_MAX].version)
		return NULL;
	return n->from == ep->id ? NULL : n;
}

void dncp_push_due(struct timer *t, msec now)
{
	struct endpoint *ep = CONTAINER_OF(t, struct endpoint, push_timer);
	struct dncp *d = ep->dncp;
	struct out o;

	uint64_t next = ep->push_next;
	ep->push_next = d->change_count;
	if (d->change_count - next > DNCP_PUSH_MAX || ep->peers.count > DNCP_PUSH_PEERS)
		return;
	dncp_out_begin(&o, ep, OUT_PEERS, NULL, 0);
	for (; next != d->change_count; next++) {
		const struct node *n = to_push(ep, next);
		if (!n)
			continue;
		dncp_out_node_state(&o, n, true);
		ep->pushed = now;
		count(d, DNCP_COUNT_PUSHED);
	}
	dncp_out_end(&o);
}
