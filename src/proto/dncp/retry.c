/* SPDX-License-Identifier: ISC */
/* Requests that nothing came of, asked again.
 *
 * RFC 7787 needs nobody to keep track of what was sent (4.2): a difference that is still there shows again with the
 * next Network State. But Trickle has long slowed down when a late difference shows, and four datagrams have to arrive
 * one after the other, so that a lossy link would take minutes. Asking again is within the rules: any node may ask at
 * any time, and the limit of one request per hash in Imin (4.4) is kept. One neighbour a link, the last one asked, is
 * enough. */
#include "proto/dncp/dncp_internal.h"

#include <string.h>

static bool same_hash(const struct dncp *d, const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, d->profile->hash_len) == 0;
}

void dncp_retry_expect(struct dncp *d, const struct message *m)
{
	struct retry *r = &m->ep->retry;

	if (!m->network_hash)
		return; /* part of a longer answer, whose end will have it */
	bool again = dncp_edge_compare(&r->who, &m->sender) == 0 && same_hash(d, r->theirs, m->network_hash) &&
	             same_hash(d, r->ours, dncp_tree_hash(d));
	if (again && timer_is_set(&r->timer) && !d->want_count)
		return; /* no step forward: what is left of the tries stays */
	r->who = m->sender;
	r->addr = m->d->addr;
	r->port = m->d->port;
	r->tries = 0;
	memcpy(r->theirs, m->network_hash, d->profile->hash_len);
	memcpy(r->ours, dncp_tree_hash(d), d->profile->hash_len);
	r->want_count = MIN(d->want_count, ARRAY_LEN(r->wants));
	memcpy(r->wants, d->wants, r->want_count * sizeof(*r->wants));
	timer_set(&d->timers, &r->timer, d->now + d->profile->trickle_imin);
}

void dncp_retry_answered(struct endpoint *ep, const struct edge *who)
{
	if (dncp_edge_compare(&ep->retry.who, who) == 0)
		timer_clear(&ep->dncp->timers, &ep->retry.timer);
}

static bool anything_wanted(const struct dncp *d, const struct retry *r)
{
	for (size_t i = 0; i < r->want_count; i++)
		if (dncp_reply_wanted(d, &r->wants[i]))
			return true;
	return false;
}

void dncp_retry_due(struct timer *t, msec now)
{
	struct retry *r = CONTAINER_OF(t, struct retry, timer);
	struct endpoint *ep = CONTAINER_OF(r, struct endpoint, retry);
	struct dncp *d = ep->dncp;
	bool peer = dncp_peer_find(ep, r->who.node, r->who.remote);
	/* If our state has changed, something did come of it, and the other side will be told of the change anyway. */
	bool stuck = same_hash(d, r->ours, dncp_tree_hash(d)) && !same_hash(d, r->theirs, d->hash);

	if (peer ? !stuck : ep->listening || r->tries >= DNCP_RETRY_DOUBLINGS)
		return;
	r->tries = MIN(r->tries + 1, DNCP_RETRY_DOUBLINGS);
	timer_set(&d->timers, t, now + (d->profile->trickle_imin << r->tries));
	/* What the list has told is asked for alone, but every other time for the list too: it may have changed. */
	bool network = !anything_wanted(d, r) || r->tries % 2 == 0;
	if (network && peer)
		network = dncp_reply_may_ask(ep, r->theirs);
	if (network || r->want_count)
		dncp_reply_send_requests(ep, &r->addr, r->port, network, r->wants, r->want_count);
}
