/* SPDX-License-Identifier: ISC */
/* The life of one assignment. Every change of what pa_next() shows happens here. */
#include "proto/pa/internal.h"

#include <stdlib.h>

struct key {
	uint32_t link;
	struct prefix delegated;
};

static int compare_pairs(const void *key, const struct map_node *node)
{
	const struct key *k = key;
	const struct pa_assignment *a = &MAP_ENTRY(node, const struct pa_pair, map)->current;

	if (k->link != a->link)
		return k->link < a->link ? -1 : 1;
	return prefix_compare(&k->delegated, &a->delegated);
}

static void applied(struct pa_pair *p, msec now)
{
	p->current.applied = true;
	p->current.apply_at = now;
	p->pa->changed = true;
	event_report(&p->pa->env.events, EVENT(PA_APPLIED, .link = p->current.link, .prefix = p->current.prefix));
}

/* RFC 7695 4.3: "When the Apply Timer fires, the associated Assigned Prefix MUST be applied." */
static void apply_fired(struct timer *t, msec now)
{
	applied(CONTAINER_OF(t, struct pa_pair, apply), now);
}

static void backoff_fired(struct timer *t, msec now)
{
	pa_routine_backoff(CONTAINER_OF(t, struct pa_pair, backoff), now);
}

struct pa_pair *pa_pair_get(struct pa *pa, uint32_t link, const struct prefix *delegated)
{
	struct key key = { .link = link, .delegated = *delegated };
	struct pa_pair *p;

	if (!pa->pairs.compare)
		map_init(&pa->pairs, compare_pairs);
	p = MAP_ENTRY_OR_NULL(map_find(&pa->pairs, &key), struct pa_pair, map);
	if (p)
		return p;
	p = NEW(struct pa_pair);
	p->pa = pa;
	p->current.link = link;
	p->current.delegated = *delegated;
	timer_init(&p->backoff, backoff_fired);
	timer_init(&p->apply, apply_fired);
	map_insert(&pa->pairs, &key, &p->map);
	return p;
}

void pa_pair_free(struct pa_pair *p)
{
	timer_clear(&p->pa->timers, &p->backoff);
	timer_clear(&p->pa->timers, &p->apply);
	map_remove(&p->pa->pairs, &p->map);
	free(p);
}

/* The Flooding Delay is to be "a deterministic or likely upper bound on the information propagation delay among
 * participating Nodes", may "change over time" and be 0 "when renumbering is harmless" (RFC 7695 3). So it is 0
 *   - when there is no other node at all: nothing has to propagate;
 *   - for what the link had before, is free now (or advertised by a neighbour there), and was waited for then: nobody
 * can have a better claim but a node that chose it in this very moment; and to leave the hosts, which may still use it,
 * without it for 10 s is a certain harm against a most unlikely one. */
msec pa_pair_apply_delay(const struct pa_pair *p, bool restored)
{
	return restored || p->pa->world.alone ? 0 : 2 * p->pa->params.flooding_delay;
}

void pa_pair_apply_after(struct pa_pair *p, msec now, msec delay)
{
	timer_clear(&p->pa->timers, &p->apply);
	if (delay == 0) {
		applied(p, now);
		return;
	}
	p->current.apply_at = now + delay;
	timer_set(&p->pa->timers, &p->apply, now + delay);
}

void pa_pair_assign(struct pa_pair *p, msec now, const struct prefix *prefix, bool published, uint8_t priority,
                    msec delay)
{
	ASSERT(!p->assigned && prefix_contains(&p->current.delegated, prefix));
	timer_clear(&p->pa->timers, &p->backoff);
	p->assigned = true;
	p->starved = false;
	p->current.prefix = *prefix;
	p->current.priority = priority;
	p->current.published = published;
	p->current.applied = false;
	p->current.since = now;
	p->pa->changed = true;
	if (published)
		pa_select_occupy(p->pa, prefix);
	pa_memory_forget(p->pa, p->current.link, prefix);
	event_report(&p->pa->env.events, EVENT(PA_ASSIGNED, .link = p->current.link, .prefix = *prefix));
	pa_pair_apply_after(p, now, delay);
}

void pa_pair_publish(struct pa_pair *p, msec now)
{
	ASSERT(p->assigned && !p->current.published);
	p->current.published = true;
	p->current.priority = p->site->conf.priority;
	p->pa->changed = true;
	p->pa->counters[PA_COUNT_ADOPTED]++;
	if (!p->current.applied)
		pa_pair_apply_after(p, now, pa_pair_apply_delay(p, false));
}

void pa_pair_unpublish(struct pa_pair *p)
{
	p->current.published = false;
	p->pa->changed = true;
}

void pa_pair_destroy(struct pa_pair *p, const char *why, bool remember)
{
	ASSERT(p->assigned);
	timer_clear(&p->pa->timers, &p->backoff);
	timer_clear(&p->pa->timers, &p->apply);
	if (remember && p->current.applied)
		pa_memory_add(p->pa, p->current.link, &p->current.prefix);
	p->assigned = false;
	p->pa->changed = true;
	p->pa->occupied_fresh = false;
	event_report(&p->pa->env.events,
	             EVENT(PA_DROPPED, .link = p->current.link, .prefix = p->current.prefix, .text = why));
}

void pa_pair_move(struct pa_pair *from, struct pa_pair *to, msec now)
{
	struct prefix delegated = to->current.delegated;
	bool adopting = timer_is_set(&from->backoff);

	ASSERT(from->assigned && !to->assigned && from->current.link == to->current.link);
	timer_clear(&from->pa->timers, &to->backoff);
	to->current = from->current;
	to->current.delegated = delegated;
	to->assigned = true;
	if (timer_is_set(&from->apply))
		timer_set(&from->pa->timers, &to->apply, MAX(now, from->apply.at));
	if (adopting)
		timer_set(&from->pa->timers, &to->backoff, MAX(now, from->backoff.at));
	from->assigned = false;
	from->pa->changed = true;
}
