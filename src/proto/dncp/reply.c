/* SPDX-License-Identifier: ISC */
/* Answers to received datagrams (RFC 7787 4.4), always by unicast to where they came from: at once to unicast, after a
 * random delay to multicast, where several reasons to answer the same neighbour become one answer. All are limited. */
#include "proto/dncp/dncp_internal.h"

#include <string.h>

bool dncp_reply_allowed(struct endpoint *ep, size_t bytes)
{
	msec now = ep->dncp->now;
	int64_t gained = (now - ep->reply_tokens_at) * DNCP_REPLY_RATE / SECOND;

	if (gained > 0) {
		ep->reply_tokens = MIN(ep->reply_tokens + gained, (int64_t)DNCP_REPLY_BURST);
		ep->reply_tokens_at = now;
	}
	if (ep->reply_tokens < (int64_t)bytes) {
		count(ep->dncp, DNCP_COUNT_RATE_LIMITED);
		return false;
	}
	ep->reply_tokens -= (int64_t)bytes;
	return true;
}

bool dncp_reply_may_ask(struct endpoint *ep, const uint8_t *hash)
{
	const struct dncp *d = ep->dncp;
	size_t len = d->profile->hash_len, oldest = 0;

	for (size_t i = 0; i < DNCP_HASHES_MAX; i++) {
		if (d->now - ep->asked[i].at < d->profile->trickle_imin && memcmp(ep->asked[i].hash, hash, len) == 0)
			return false;
		if (ep->asked[i].at < ep->asked[oldest].at)
			oldest = i;
	}
	if (d->now - ep->asked[oldest].at < d->profile->trickle_imin)
		return false;
	memcpy(ep->asked[oldest].hash, hash, len);
	ep->asked[oldest].at = d->now;
	return true;
}

/* RFC 7787 4.4, Network State TLV: if it differs from ours and no Node State TLV said why. */
static bool network_is_to_be_requested(struct dncp *d, const struct message *m)
{
	if (!m->network_hash || m->differs || memcmp(m->network_hash, dncp_tree_hash(d), d->profile->hash_len) == 0)
		return false;
	if (dncp_reply_may_ask(m->ep, m->network_hash))
		return true;
	count(d, DNCP_COUNT_RATE_LIMITED);
	return false;
}

/* True if node `id` was asked for just now, so that the answer may be under way: several neighbours tell of the same
 * news. (RFC 7787 4.4 lets replies be "omitted for a short period of time".) Otherwise remembers that it is now. */
static bool requested_lately(struct dncp *d, const struct want *w)
{
	size_t slot = w->id % ASKED_SLOTS;
	msec span = d->profile->trickle_imin / 4;
	bool lately = d->requested[slot].id == w->id && d->requested[slot].seqno == w->seqno &&
	              d->now - d->requested[slot].at < span;

	if (lately)
		return true;
	d->requested[slot].id = w->id;
	d->requested[slot].seqno = w->seqno;
	d->requested[slot].at = d->now;
	return false;
}

bool dncp_reply_wanted(const struct dncp *d, const struct want *w)
{
	const struct node *held = dncp_node_lookup(d, w->id);

	return (held ? held->pub.version : 0) == w->version;
}

void dncp_reply_send_requests(struct endpoint *ep, const struct ip *addr, uint16_t port, bool network,
                              const struct want *wants, size_t n)
{
	struct dncp *d = ep->dncp;
	struct out o;

	dncp_out_begin(&o, ep, OUT_ADDR, addr, port);
	if (network) {
		dncp_out_network_state(&o);
		dncp_out_request_network(&o);
	}
	for (size_t i = 0; i < n; i++) {
		if (dncp_reply_wanted(d, &wants[i]) && !requested_lately(d, &wants[i]))
			dncp_out_request_node(&o, wants[i].id);
	}
	dncp_out_end(&o);
}

/* RFC 7787 4.4, Request Network State TLV: all node states without data. The Network State comes last, when the
 * receiver knows the node states that explain it. Request Node State TLV: that node's state with its data. */
static void send_replies(struct endpoint *ep, const struct ip *addr, uint16_t port, bool network, const uint32_t *ids,
                         size_t n)
{
	struct dncp *d = ep->dncp;
	struct out o;

	dncp_out_begin(&o, ep, OUT_ADDR, addr, port);
	o.limited = true;
	if (network) {
		NODE_EACH(node, d)
		if (node_is_leaf(d, node))
			dncp_out_node_state(&o, node, false);
		dncp_out_network_state(&o);
	}
	for (size_t i = 0; i < n; i++) {
		const struct node *node = dncp_node_lookup(d, ids[i]);
		if (node && node_is_leaf(d, node))
			dncp_out_node_state(&o, node, true);
	}
	dncp_out_end(&o);
}

void dncp_reply_unicast(struct dncp *d, const struct message *m)
{
	bool request = network_is_to_be_requested(d, m);

	if (request || d->want_count)
		dncp_retry_expect(d, m);
	if (request || d->want_count)
		dncp_reply_send_requests(m->ep, &m->d->addr, m->d->port, request, d->wants, d->want_count);
	if (m->reply_network || d->asked_count)
		send_replies(m->ep, &m->d->addr, m->d->port, m->reply_network, d->asked, d->asked_count);
}

/* The answer that waits for this neighbour, a new one if there is none; NULL if there have been too many lately. */
static struct pending *pending_for(struct endpoint *ep, const struct ip *addr, uint16_t port)
{
	const struct dncp *d = ep->dncp;

	for (size_t i = 0; i < ep->pending_count; i++)
		if (ip_equal(&ep->pending[i].addr, addr) && ep->pending[i].port == port)
			return &ep->pending[i];
	if (d->now - ep->reaction_window >= d->profile->trickle_imin) {
		ep->reaction_window = d->now;
		ep->reactions = 0;
	}
	if (ep->pending_count == DNCP_PENDING_MAX || ep->reactions == DNCP_REACTIONS_MAX)
		return NULL;
	ep->reactions++;
	struct pending *p = &ep->pending[ep->pending_count++];
	*p = (struct pending) { .at = MSEC_NEVER, .addr = *addr, .port = port };
	return p;
}

static void merge(const struct dncp *d, struct pending *p, const struct message *m, bool request)
{
	if (m->discover) {
		p->discover = true;
		p->who = m->sender;
	}
	if (request) {
		p->request_network = true;
		memcpy(p->hash, m->network_hash, d->profile->hash_len);
	}
	p->reply_network |= m->reply_network;
	for (size_t i = 0; i < d->want_count && p->want_count < DNCP_PENDING_IDS; i++)
		p->wants[p->want_count++] = d->wants[i];
	for (size_t i = 0; i < d->asked_count && p->reply_count < DNCP_PENDING_IDS; i++)
		p->replies[p->reply_count++] = d->asked[i];
}

void dncp_reply_multicast(struct dncp *d, const struct message *m)
{
	struct endpoint *ep = m->ep;
	bool request = network_is_to_be_requested(d, m);

	if (!m->discover && !request && !d->want_count && !m->reply_network && !d->asked_count)
		return;
	struct pending *p = pending_for(ep, &m->d->addr, m->d->port);
	if (!p) {
		count(d, DNCP_COUNT_RATE_LIMITED);
		return;
	}
	merge(d, p, m, request);
	if (m->discover || request || d->want_count)
		dncp_retry_expect(d, m);
	/* RFC 7787 4.4: a random delay in [0, Imin / 2], lest all answer at once. To greet an unknown node is no reply
	 * in that sense (4.5), and where there are few of us it need not wait. */
	bool now = m->discover && ep->peers.count < DNCP_FEW_PEERS;
	p->at = MIN(p->at, d->now + (now ? 0 : random_between(&d->env.random, 0, d->profile->trickle_imin / 2)));
	timer_set_sooner(&d->timers, &ep->pending_timer, p->at);
}

static void send_pending(struct endpoint *ep, const struct pending *p)
{
	struct dncp *d = ep->dncp;
	const struct peer *peer = p->discover ? dncp_peer_find(ep, p->who.node, p->who.remote) : NULL;
	bool discover = p->discover && !(peer && ip_equal(&peer->pub.addr, &p->addr));
	bool request = p->request_network && memcmp(p->hash, dncp_tree_hash(d), d->profile->hash_len) != 0;

	if (discover || request || p->want_count)
		dncp_reply_send_requests(ep, &p->addr, p->port, discover || request, p->wants, p->want_count);
	if (p->reply_network || p->reply_count)
		send_replies(ep, &p->addr, p->port, p->reply_network, p->replies, p->reply_count);
}

void dncp_reply_pending_due(struct timer *t, msec now)
{
	struct endpoint *ep = CONTAINER_OF(t, struct endpoint, pending_timer);
	msec next = MSEC_NEVER;
	size_t left = 0;

	for (size_t i = 0; i < ep->pending_count; i++) {
		if (ep->pending[i].at <= now) {
			send_pending(ep, &ep->pending[i]);
			continue;
		}
		next = MIN(next, ep->pending[i].at);
		if (left != i)
			ep->pending[left] = ep->pending[i];
		left++;
	}
	ep->pending_count = left;
	timer_set(&ep->dncp->timers, t, next);
}
