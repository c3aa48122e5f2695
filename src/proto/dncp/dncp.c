/* SPDX-License-Identifier: ISC */
#include "proto/dncp/dncp_internal.h"

#include <stdlib.h>
#include <string.h>

const char *const dncp_counter_names[DNCP_COUNTER_COUNT] = {
#define X(name, text) text,
	DNCP_COUNTERS(X)
#undef X
};

/* A run calls timers that its own timers made due, so that publishing and pushing are one step; but not for ever. */
enum { RUN_ROUNDS = 4 };

static void grace_due(struct timer *t, msec now)
{
	struct dncp *d = CONTAINER_OF(t, struct dncp, grace_timer);

	LIST_EACH_SAFE (n, &d->unreachable, struct node, unreachable) {
		if (n->unreachable_since + d->profile->grace_interval > now)
			break;
		dncp_node_free(d, n);
	}
	dncp_node_set_grace(d);
}

static void check_profile(const struct dncp_profile *p)
{
	ASSERT(p->hash_len && p->hash_len <= DNCP_HASH_MAX && p->hash_len % TLV_ALIGN == 0);
	ASSERT(p->trickle_imin >= 8 && p->keepalive_interval > 0 && p->keepalive_multiplier_x10 > 10);
	ASSERT(p->grace_interval >= p->trickle_imin); /* or nobody would stay until he is reachable */
	/* Node Endpoint, Network State and Request Network State fit in any datagram. */
	ASSERT(p->datagram_max >= 64 + p->hash_len);
	ASSERT(p->node_data_max >= 256 && p->node_data_max <= UINT16_MAX - NODE_STATE_LEN - p->hash_len - TLV_ALIGN);
}

static void init_timers(struct dncp *d)
{
	timer_init(&d->grace_timer, grace_due);
	timer_init(&d->topology_timer, dncp_topology_due);
	timer_init(&d->publish_timer, dncp_own_publish_due);
	timer_set(&d->timers, &d->publish_timer, d->now);
}

struct dncp *dncp_new(const struct dncp_profile *profile, const struct dncp_env *env, uint32_t id, msec now)
{
	struct dncp *d = NEW(struct dncp);

	check_profile(profile);
	d->profile = profile;
	d->env = *env;
	d->now = now;
	d->seqno = 1;
	list_init(&d->unreachable);
	map_init(&d->nodes, dncp_node_compare);
	map_init(&d->endpoints, dncp_endpoint_compare);
	profile->hash("", 0, d->empty_hash);
	d->topology_window = now;
	d->published_at = now - profile->trickle_imin;
	d->publish_allowed = now;
	d->reclaimed_at = now - DNCP_RECLAIM_FORGET;
	d->rerolled_at = now - DNCP_REROLL_SPACING;
	for (size_t i = 0; i < LIMIT_COUNT; i++)
		d->limit_reported[i] = now - DNCP_LIMIT_REPORT;
	for (size_t i = 0; i < ASKED_SLOTS; i++)
		d->requested[i].at = now - profile->trickle_imin;
	d->named = mem_new(DNCP_NAMED_MAX, sizeof(*d->named));
	d->app = mem_new(profile->node_data_max, 1);
	d->build = mem_new(profile->node_data_max, 1);
	/* One datagram as it should be, or one node state that is larger, with a Node Endpoint TLV before it. */
	d->buffer_size = MAX(profile->datagram_max, 64 + profile->hash_len + profile->node_data_max);
	d->buffer = mem_new(d->buffer_size, 1);
	init_timers(d);
	d->self = dncp_node_new(d, id ? id : dncp_own_random_id(d));
	memcpy(d->self->hash, d->empty_hash, profile->hash_len);
	dncp_node_set_reachable(d, d->self, true);
	d->change_count = 0; /* nothing to push yet */
	d->changed = false;
	memcpy(d->said_hash, dncp_tree_hash(d), profile->hash_len);
	return d;
}

void dncp_free(struct dncp *d)
{
	if (!d)
		return;
	d->leaving = true;
	d->env.events.fn = NULL;
	MAP_EACH_SAFE (ep, &d->endpoints, struct endpoint, by_id)
		dncp_endpoint_free(ep);
	MAP_EACH_SAFE (n, &d->nodes, struct node, by_id)
		dncp_node_free(d, n);
	timers_free(&d->timers);
	free(d->named);
	free(d->leaves);
	free(d->app);
	free(d->build);
	free(d->buffer);
	free(d);
}

void dncp_limit_reached(struct dncp *d, enum limit which, const char *what, int64_t n)
{
	if (d->now - d->limit_reported[which] < DNCP_LIMIT_REPORT)
		return;
	d->limit_reported[which] = d->now;
	event_report(&d->env.events, EVENT(DNCP_LIMIT, .count = n, .text = what));
}

void dncp_settle(struct dncp *d)
{
	dncp_topology_settle(d);
	/* RFC 7787 4.3: Trickle is reset "if and only if the locally calculated network state hash changes". */
	if (memcmp(d->said_hash, dncp_tree_hash(d), d->profile->hash_len) != 0) {
		memcpy(d->said_hash, d->hash, d->profile->hash_len);
		ENDPOINT_EACH(ep, d)
		dncp_endpoint_trickle_reset(ep);
	}
	ENDPOINT_EACH(ep, d)
	dncp_endpoint_update_mode(ep);
	if (!d->leaving)
		dncp_push_schedule(d);
}

/* True if what has changed is not to be told yet: a node that was missed a moment ago has said something that only
 * makes sense together with whether it is still there, which is known in less than Imin. */
static bool hold(struct dncp *d)
{
	if (!d->limbo) {
		d->hold_until = 0;
		return false;
	}
	if (!d->hold_until)
		d->hold_until = d->now + DNCP_LOSS_DELAY(d);
	if (d->hold_until > d->now) {
		timer_set_sooner(&d->timers, &d->topology_timer, d->hold_until);
		return true;
	}
	d->hold_until = 0;
	return false;
}

void dncp_finish(struct dncp *d)
{
	dncp_settle(d);
	if (!d->changed || hold(d))
		return;
	d->changed = false;
	if (d->env.changed)
		d->env.changed(d->env.ctx);
}

msec dncp_deadline(const struct dncp *d)
{
	return d->leaving ? MSEC_NEVER : timers_next(&d->timers);
}

void dncp_run(struct dncp *d, msec now)
{
	if (d->leaving)
		return;
	d->now = now;
	for (int i = 0; i < RUN_ROUNDS && timers_next(&d->timers) <= now; i++) {
		timers_run(&d->timers, now);
		dncp_settle(d);
	}
	dncp_finish(d);
}

uint32_t dncp_id(const struct dncp *d)
{
	return d->self->pub.id;
}

const struct dncp_node *dncp_self(const struct dncp *d)
{
	return &d->self->pub;
}

const struct dncp_node *dncp_node_find(const struct dncp *d, uint32_t id)
{
	const struct node *n = dncp_node_lookup(d, id);

	return n ? &n->pub : NULL;
}

const struct dncp_node *dncp_node_next(const struct dncp *d, const struct dncp_node *after)
{
	struct map_node *at =
	        after ? map_next(&CONTAINER_OF(after, const struct node, pub)->by_id) : map_first(&d->nodes);

	for (; at; at = map_next(at)) {
		const struct node *n = MAP_ENTRY(at, struct node, by_id);
		if (n->pub.reachable)
			return &n->pub;
	}
	return NULL;
}

const struct dncp_peer *dncp_peer_next(const struct dncp *d, const struct dncp_peer *after)
{
	struct map_node *at = NULL, *ep = map_first(&d->endpoints);

	if (after) {
		const struct peer *p = CONTAINER_OF(after, const struct peer, pub);
		at = map_next(&p->by_key);
		ep = map_next(&p->ep->by_id);
	}
	for (; !at && ep; ep = map_next(ep))
		at = map_first(&MAP_ENTRY(ep, struct endpoint, by_id)->peers);
	return at ? &MAP_ENTRY(at, struct peer, by_key)->pub : NULL;
}

void dncp_network_hash(const struct dncp *d, uint8_t *out)
{
	/* Every input and run ends with the hash up to date. */
	ASSERT(!d->tree_dirty);
	memcpy(out, d->hash, d->profile->hash_len);
}

uint64_t dncp_counter(const struct dncp *d, enum dncp_counter c)
{
	ASSERT(c < DNCP_COUNTER_COUNT);
	return d->counters[c];
}
