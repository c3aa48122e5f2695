/* SPDX-License-Identifier: ISC */
/* The prefix assignment algorithm subroutine (RFC 7695 4.1) for one Delegated Prefix and Link pair. */
#include "proto/pa/internal.h"

/* Precedence of an Advertised over the Assigned Prefix (RFC 7695 2.1). */
static bool takes_precedence(const struct pa_pair *p, uint8_t priority, uint32_t node)
{
	const struct pa_assignment *a = &p->current;

	return !a->published || priority > a->priority || (priority == a->priority && node > p->pa->world.node);
}

/* The Best Assignment (RFC 7695 2.1): the strongest on the link from (or around) the delegated prefix, if it takes
 * precedence over what we have. On the link the strongest comes first. */
static const struct pa_advertised *best_assignment(const struct pa_pair *p)
{
	for (size_t i = 0; i < p->site->count; i++) {
		const struct pa_advertised *a = &p->pa->world.on_link[p->site->first + i];
		if (prefix_overlaps(&a->prefix, &p->current.delegated))
			return !p->assigned || takes_precedence(p, a->priority, a->node) ? a : NULL;
	}
	return NULL;
}

/* "No Advertised Prefix including or included in the Assigned Prefix takes precedence over" it (RFC 7695 2.1). The
 * other condition there holds whenever there is no Best Assignment. */
static bool is_valid(const struct pa_pair *p)
{
	const struct pa_claim *claims = p->pa->world.claims;
	size_t count = p->pa->world.claim_count;
	const struct prefix *mine = &p->current.prefix;
	size_t at = pa_lower_bound(claims, count, sizeof(*claims), mine);

	for (size_t i = at; i < count && prefix_contains(mine, &claims[i].prefix); i++)
		if (takes_precedence(p, claims[i].priority, claims[i].node))
			return false;
	/* All that are around it are also around its predecessor, or are it. */
	for (size_t i = at; i; i = claims[i - 1].parent)
		if (prefix_contains(&claims[i - 1].prefix, mine) &&
		    takes_precedence(p, claims[i - 1].priority, claims[i - 1].node))
			return false;
	return true;
}

/* True if we ourselves publish something on another link that overlaps what this link has taken from a neighbour. The
 * RFC only asks what others advertise, but to adopt it too would give two links the same prefix for good. */
static bool overlaps_own(const struct pa_pair *p, const struct prefix *prefix)
{
	const struct pa_world *w = &p->pa->world;

	for (size_t i = 0; i < w->site_count; i++) {
		const struct pa_pair *other = pa_pair_get(p->pa, w->sites[i].conf.id, &p->current.delegated);
		if (other != p && other->assigned && other->current.published &&
		    prefix_overlaps(&other->current.prefix, prefix))
			return true;
	}
	return false;
}

/* True if nobody claims anything that overlaps `prefix` but as this link's own. */
static bool is_undisputed(const struct pa_pair *p, const struct prefix *prefix)
{
	const struct pa_world *w = &p->pa->world;

	for (size_t i = 0; i < w->advertised_count; i++)
		if (w->advertised[i].link != p->current.link && prefix_overlaps(&w->advertised[i].prefix, prefix))
			return false;
	return !overlaps_own(p, prefix);
}

struct span {
	msec low, high;
};

/* Between which delays a new assignment is made: ADOPT_MAX_DELAY and BACKOFF_MAX_DELAY, which may be any "even when
 * these are different from Node to Node" and "adjusted depending on the context" (RFC 7695 7). The contexts here:
 *   - no other node in the network: nobody to collide with, no delay;
 *   - no other node on the link: nobody else will choose for it. What is left is that some other link gets the same
 *     prefix out of RANDOM_SET_SIZE, which a shorter spread is enough against. */
static struct span backoff_span(const struct pa_pair *p)
{
	const struct pa_params *params = &p->pa->params;
	struct span s = { params->adopt_max_delay, params->backoff_max_delay };

	if (p->pa->world.alone)
		return (struct span) { 0, 0 };
	if (p->site->conf.alone || p->site->conf.is_private)
		s = (struct span) { 0, params->backoff_max_delay / 4 };
	return s;
}

/* True if the time to make a new assignment has come; else the Backoff Timer is running. */
static bool backoff_is_over(struct pa_pair *p, msec now, enum routine_step step)
{
	struct span s = backoff_span(p);

	if (step == ROUTINE_FIRED || s.high == 0)
		return true;
	if (timer_is_set(&p->backoff)) {
		timer_set_sooner(&p->pa->timers, &p->backoff, now + s.high); /* the context may have changed */
		return false;
	}
	msec delay = random_between(&p->pa->env.random, MIN(s.low, s.high), s.high);
	timer_set(&p->pa->timers, &p->backoff, now + delay);
	event_report(&p->pa->env.events,
	             EVENT(PA_BACKOFF, .link = p->current.link, .prefix = p->current.delegated, .count = delay));
	return false;
}

static void starve(struct pa_pair *p)
{
	if (p->starved)
		return;
	p->starved = true;
	p->pa->counters[PA_COUNT_POOL_EMPTY]++;
	event_report(&p->pa->env.events, EVENT(PA_POOL_EMPTY, .link = p->current.link, .prefix = p->current.delegated));
}

/* Case 1: no Best Assignment and no Current Assignment. */
static void create(struct pa_pair *p, msec now, enum routine_step step)
{
	struct prefix chosen;
	bool restored;

	if (!p->pool->creatable)
		return;
	/* What the link had before comes first (RFC 7695 5), and without delay: those who might choose for the same
	 * link remember the same. */
	restored = pa_memory_find(p, false, &chosen);
	if (!restored && (step == ROUTINE_SETTLE || !backoff_is_over(p, now, step)))
		return;
	timer_clear(&p->pa->timers, &p->backoff);
	if (!restored && !pa_select_prefix(p, &chosen)) {
		starve(p);
		return;
	}
	restored = restored || pa_memory_has(p->pa, p->current.link, &chosen);
	p->pa->counters[restored ? PA_COUNT_RESTORED : PA_COUNT_CREATED]++;
	pa_pair_assign(p, now, &chosen, true, p->site->conf.priority, pa_pair_apply_delay(p, restored));
}

/* Case 2: a Best Assignment but no Current Assignment. */
static void take(struct pa_pair *p, msec now, const struct pa_advertised *best)
{
	if (!prefix_contains(&p->current.delegated, &best->prefix))
		return;
	bool restored = pa_memory_has(p->pa, p->current.link, &best->prefix) && is_undisputed(p, &best->prefix);
	p->pa->counters[PA_COUNT_TAKEN]++;
	pa_pair_assign(p, now, &best->prefix, false, best->priority, pa_pair_apply_delay(p, restored));
}

/* Case 3, where it is valid: stays if published, and else is adopted, which "SHOULD be preferred". */
static void keep(struct pa_pair *p, msec now)
{
	if (p->current.published || timer_is_set(&p->backoff))
		return;
	timer_clear(&p->pa->timers, &p->apply);
	p->current.apply_at = p->current.applied ? p->current.apply_at : MSEC_NEVER;
	msec delay = random_between(&p->pa->env.random, 0, p->pa->params.adopt_max_delay);
	if (delay == 0)
		pa_pair_publish(p, now);
	else
		timer_set(&p->pa->timers, &p->backoff, now + delay);
}

/* Case 4, where both are the same prefix. */
static void agree(struct pa_pair *p, msec now, const struct pa_advertised *best)
{
	if (p->current.published)
		pa_pair_unpublish(p);
	p->current.priority = best->priority;
	if (!p->current.applied && !timer_is_set(&p->apply))
		pa_pair_apply_after(p, now, pa_pair_apply_delay(p, false));
}

/* True if it takes more of the delegated prefix than we would. Whoever wants that for the link must go on saying so:
 * adopted, it would leave other links without long after he has gone. */
static bool is_greedy(const struct pa_pair *p)
{
	return p->current.prefix.len < pa_select_length(p);
}

/* What changed about the link or the network since the assignment was made. */
static void refresh(struct pa_pair *p, msec now)
{
	if (p->current.published && p->current.priority != p->site->conf.priority) {
		p->current.priority = p->site->conf.priority;
		p->pa->changed = true;
	}
	if (p->pa->world.alone && timer_is_set(&p->apply))
		pa_pair_apply_after(p, now, 0);
}

void pa_routine_run(struct pa_pair *p, msec now, enum routine_step step)
{
	if (p->assigned)
		refresh(p, now);
	const struct pa_advertised *best = best_assignment(p);
	if (p->assigned && best) {
		timer_clear(&p->pa->timers, &p->backoff);
		if (prefix_equal(&p->current.prefix, &best->prefix)) {
			agree(p, now, best);
			return;
		}
		p->pa->counters[PA_COUNT_LOST]++;
		pa_pair_destroy(p, "a neighbour's assignment for this link comes first", false);
	} else if (p->assigned) {
		bool doomed = !p->current.published && (overlaps_own(p, &p->current.prefix) || is_greedy(p));
		if (!doomed && is_valid(p)) {
			keep(p, now);
			return;
		}
		/* Destroying it instead of adopting is the other choice of case 3. Gone for good: who has it now keeps
		 * it, so it is not remembered. Without a Current Assignment one that had no precedence before may be
		 * the best. */
		p->pa->counters[PA_COUNT_LOST]++;
		pa_pair_destroy(p, "an assignment elsewhere overlaps and comes first", false);
		best = best_assignment(p);
		step = MIN(step, ROUTINE_CREATE);
	}
	if (best)
		take(p, now, best);
	else
		create(p, now, step);
}

void pa_routine_backoff(struct pa_pair *p, msec now)
{
	/* RFC 7695 4.3: with a Current Assignment it is the end of an adoption. Another link may have been faster. */
	if (p->assigned && !overlaps_own(p, &p->current.prefix))
		pa_pair_publish(p, now);
	else
		pa_routine_run(p, now, ROUTINE_FIRED);
}
