/* SPDX-License-Identifier: ISC */
/* Our own node: what it publishes and under which identifier and sequence number. */
#include "proto/dncp/dncp_internal.h"

#include <stdlib.h>
#include <string.h>

/* RFC 7787 4.4: "significantly greater than the received one (e.g., 1000)". */
enum { SEQNO_RECLAIM = 1000 };

/* RFC 7787 7.2.3 has us republish before the age overflows. We do it before it reaches what node.c does not believe. */
#define REPUBLISH_AFTER ((INT64_C(1) << 32) - (INT64_C(1) << 29) - (INT64_C(1) << 16))

uint32_t dncp_own_random_id(const struct dncp *d)
{
	uint32_t id = random_u32(&d->env.random);

	/* RFC 7788 3: not used by any other node at the time. */
	while (!id || dncp_node_lookup(d, id))
		id++;
	return id;
}

static void put_peer(struct cursor *c, const struct dncp_peer *p)
{
	size_t at = tlv_begin(c, DNCP_TLV_PEER);

	cursor_put_u32(c, p->node);
	cursor_put_u32(c, p->remote_endpoint);
	cursor_put_u32(c, p->endpoint);
	tlv_end(c, at);
}

/* RFC 7787 6.1: the interval of every endpoint where it is not what everybody assumes. */
static void put_keepalive(struct cursor *c, const struct endpoint *ep)
{
	if (ep->conf.keepalive_interval == ep->dncp->profile->keepalive_interval)
		return;
	size_t at = tlv_begin(c, DNCP_TLV_KEEPALIVE_INTERVAL);
	cursor_put_u32(c, ep->id);
	cursor_put_u32(c, (uint32_t)MIN(ep->conf.keepalive_interval, (msec)UINT32_MAX));
	tlv_end(c, at);
}

/* Writes the Peer TLVs of those peers whose nodes are `reachable` or are not; no more than `room`, which is updated. */
static void put_peers(struct dncp *d, struct cursor *c, bool reachable, size_t *room)
{
	ENDPOINT_EACH(ep, d)
	{
		PEER_EACH(p, ep)
		{
			const struct node *n = dncp_node_lookup(d, p->pub.node);
			if ((n && n->pub.reachable) != reachable)
				continue;
			if (!*room) {
				dncp_limit_reached(d, LIMIT_OWN_DATA, "published peers", (int64_t)ep->peers.count);
				return;
			}
			put_peer(c, &p->pub);
			--*room;
		}
	}
}

/* Writes DNCP's own TLVs; none at all when leaving. Peers that we are connected by come first: strangers that only
 * claim to be there cannot push them out. Returns the length. */
static size_t put_own(struct dncp *d, uint8_t *out, size_t size)
{
	struct cursor c = cursor_writer(out, size);
	size_t room = size / DNCP_PEER_SHARE / (TLV_HEADER + PEER_LEN);

	if (d->leaving)
		return 0;
	ENDPOINT_EACH(ep, d)
	put_keepalive(&c, ep);
	put_peers(d, &c, true, &room);
	put_peers(d, &c, false, &room);
	ASSERT(cursor_ok(&c));
	return cursor_done(&c);
}

/* Asks for the TLVs of those above us. Keeps what they said before if it does not fit in `size`. */
static void update_app(struct dncp *d, size_t size)
{
	struct cursor c = cursor_writer(d->buffer, size);

	/* Who leaves has nothing to say but that. */
	if (!d->leaving)
		d->env.node_data(d->env.ctx, d->now, &c);
	if (!cursor_ok(&c)) {
		count(d, DNCP_COUNT_TOO_LARGE);
		dncp_limit_reached(d, LIMIT_OWN_DATA, "own node data", (int64_t)size);
		return;
	}
	d->app_len = cursor_done(&c);
	memcpy(d->app, d->buffer, d->app_len);
	ASSERT(tlv_valid(d->app, d->app_len));
}

static int compare_tlvs(const void *a, const void *b)
{
	const struct tlv *x = a, *y = b;

	/* No TLV begins another, as the length is in its header, so the shorter length decides nothing. */
	return memcmp(x->raw, y->raw, MIN(x->raw_len, y->raw_len));
}

/* RFC 7787 7.2.3: "strictly ordered based on ascending binary content (including TLV type and length)", hence also
 * without repetitions. Returns the length. */
static size_t sort_tlvs(const uint8_t *from, size_t len, uint8_t *to)
{
	struct tlv *tlvs = mem_new(len / TLV_HEADER + 1, sizeof(*tlvs));
	struct cursor c = cursor_reader(from, len), out = cursor_writer(to, len);
	size_t n = 0;

	while (tlv_next(&c, &tlvs[n]))
		n++;
	ASSERT(cursor_finished(&c));
	qsort(tlvs, n, sizeof(*tlvs), compare_tlvs);
	for (size_t i = 0; i < n; i++)
		if (!i || compare_tlvs(&tlvs[i - 1], &tlvs[i]) != 0)
			cursor_put(&out, tlvs[i].raw, tlvs[i].raw_len);
	free(tlvs);
	ASSERT(cursor_ok(&out));
	return cursor_done(&out);
}

/* Puts the node data together in d->build and returns its length. */
static size_t build(struct dncp *d)
{
	size_t max = d->profile->node_data_max;
	size_t own = put_own(d, d->build, max);

	update_app(d, max - own);
	size_t app = MIN(d->app_len, max - own) == d->app_len ? d->app_len : 0;
	memcpy(d->buffer, d->build, own);
	memcpy(d->buffer + own, d->app, app);
	return sort_tlvs(d->buffer, own + app, d->build);
}

static void publish(struct dncp *d)
{
	struct node *self = d->self;
	uint8_t hash[DNCP_HASH_MAX];
	size_t len = build(d);

	d->published_at = d->now;
	if (!d->forced)
		d->publish_allowed = MAX(d->publish_allowed, d->now) + SECOND;
	timer_set(&d->timers, &d->publish_timer, d->now + REPUBLISH_AFTER);
	d->profile->hash(d->build, len, hash);
	count(d, DNCP_COUNT_NODE_DATA_HASHED);
	if (d->published && !d->forced && memcmp(hash, self->hash, d->profile->hash_len) == 0)
		return;
	if (!d->published)
		d->tree_rebuild = d->tree_dirty = true;
	d->published = true;
	d->forced = false;
	const struct node_state s = {
		.id = self->pub.id, .seqno = d->seqno++, .hash = hash, .data = d->build, .len = len
	};
	dncp_node_store(d, self, &s, d->now, 0);
}

void dncp_own_publish_due(struct timer *t, msec now)
{
	struct dncp *d = CONTAINER_OF(t, struct dncp, publish_timer);

	if (now - d->self->pub.originated >= REPUBLISH_AFTER)
		d->forced = true;
	publish(d);
	dncp_settle(d);
}

static void publish_at(struct dncp *d, msec at)
{
	if (!d->leaving)
		timer_set_sooner(&d->timers, &d->publish_timer, at);
}

/* What others do to us may come in bursts: a dozen peers met within a moment are published together, and a neighbour
 * that comes and goes all the time does not have the whole network follow each of its steps. */
void dncp_own_changed(struct dncp *d)
{
	msec soonest = MAX(d->published_at + d->profile->trickle_imin / 4,
	                   d->publish_allowed - (msec)DNCP_PUBLISH_BURST * SECOND);

	publish_at(d, MAX(d->now, soonest));
	ENDPOINT_EACH(ep, d)
	ep->mode_dirty = true;
}

void dncp_republish(struct dncp *d, msec now)
{
	d->now = now;
	d->forced = true; /* even if the bytes stay: times in them count from the publication */
	publish_at(d, now);
}

/* RFC 7787 4.4: republishes with a sequence number far above. */
static void reclaim(struct dncp *d, uint32_t seqno)
{
	event_report(&d->env.events, EVENT(DNCP_OUR_DATA_NEWER, .node = d->self->pub.id, .count = seqno));
	d->seqno = seqno + SEQNO_RECLAIM;
	d->forced = true;
	publish_at(d, MAX(d->now, d->published_at + d->profile->trickle_imin / 4));
}

void dncp_own_state_heard(struct dncp *d, uint32_t seqno, const uint8_t *hash)
{
	uint32_t ours = d->seqno - 1; /* the last one used, or reserved by reclaim() */
	bool other =
	        d->published && seqno == d->self->pub.seqno && memcmp(hash, d->self->hash, d->profile->hash_len) != 0;

	if (!seqno_less(ours, seqno) && !(other && ours == seqno))
		return;
	if (d->now - d->reclaimed_at >= DNCP_RECLAIM_FORGET)
		d->reclaims = 0;
	d->reclaimed_at = d->now;
	/* "This may occur normally once due to the local node restarting ... If this occurs more than once ... it
	 * indicates the existence of another active node with the same node identifier." */
	if (d->reclaims++ == 0)
		reclaim(d, seqno);
	else
		dncp_own_collision(d);
}

/* RFC 7788 3: "MUST immediately generate and use a new random node identifier". Anybody on an open link can feign a
 * collision, so this is done now and then only. */
void dncp_own_collision(struct dncp *d)
{
	struct node *self = d->self;

	count(d, DNCP_COUNT_COLLISIONS);
	if (d->now - d->rerolled_at < DNCP_REROLL_SPACING)
		return;
	event_report(&d->env.events, EVENT(DNCP_COLLISION, .node = self->pub.id));
	d->rerolled_at = d->now;
	d->reclaims = 0;
	uint32_t id = dncp_own_random_id(d);
	map_remove(&d->nodes, &self->by_id);
	self->pub.id = id;
	ASSERT(!map_insert(&d->nodes, &id, &self->by_id));
	d->seqno = 1;
	d->published = false; /* not under this identifier */
	d->tree_rebuild = d->tree_dirty = d->topology_dirty = d->changed = true;
	d->forced = true;
	ENDPOINT_EACH(ep, d)
	ep->mode_dirty = true;
	publish_at(d, d->now);
}

/* DNCP has no message for leaving (RFC 7787 4.5). Node data without Peer TLVs do the same: nobody's edge to us is
 * confirmed any more, so everybody who gets them counts us as unreachable (4.6). Peers get them unasked, and without
 * our Node Endpoint TLV, which would make us a peer again; they drop us as a peer (see dncp_peer_node_changed()), and
 * that is how the rest of the network learns of it, since data of unreachable nodes are not passed on. */
void dncp_goodbye(struct dncp *d, msec now)
{
	struct out o;

	if (d->leaving)
		return;
	d->now = now;
	d->leaving = true;
	d->forced = true;
	publish(d);
	dncp_settle(d);
	ENDPOINT_EACH(ep, d)
	{
		if (!ep->peers.count)
			continue;
		dncp_out_begin_anonymous(&o, ep, OUT_PEERS, NULL, 0);
		dncp_out_node_state(&o, d->self, true);
		dncp_out_end(&o);
		if (!ep->listening)
			dncp_endpoint_say(ep, false);
	}
	timers_free(&d->timers);
}
