/* SPDX-License-Identifier: ISC */
#include "proto/pa/pa.h"

#include <stdlib.h>

#include "proto/pa/internal.h"

const struct pa_params PA_PARAMS_HNCP = {
	.adopt_max_delay = 0,
	.backoff_max_delay = (msec)4 * SECOND,
	.flooding_delay = (msec)5 * SECOND,
	.random_set_size = 64,
};

const char *const pa_counter_names[PA_COUNTER_COUNT] = {
#define X(name, text) [PA_COUNT_##name] = text,
	PA_COUNTERS(X)
#undef X
};

struct pa *pa_new(const struct pa_params *params, const struct pa_env *env)
{
	struct pa *pa = NEW(struct pa);

	ASSERT(params->adopt_max_delay >= 0 && params->flooding_delay >= 0);
	ASSERT(params->backoff_max_delay >= params->adopt_max_delay); /* RFC 7695 7 */
	ASSERT(params->random_set_size > 0 && params->random_set_size <= PA_RANDOM_SET_MAX);
	pa->params = *params;
	pa->env = *env;
	return pa;
}

void pa_free(struct pa *pa)
{
	if (!pa)
		return;
	MAP_EACH_SAFE (p, &pa->pairs, struct pa_pair, map)
		pa_pair_free(p);
	timers_free(&pa->timers);
	pa_world_free(&pa->world);
	free(pa->occupied);
	free(pa);
}

/* A pair for every link and delegated prefix there is now. */
static void make_pairs(struct pa *pa)
{
	const struct pa_world *w = &pa->world;

	MAP_EACH (p, &pa->pairs, struct pa_pair, map)
		p->kept = false;
	for (size_t i = 0; i < w->site_count; i++) {
		for (size_t j = 0; j < w->delegated_count; j++) {
			struct pa_pair *p = pa_pair_get(pa, w->sites[i].conf.id, &w->delegated[j].prefix);
			p->kept = true;
			p->site = &w->sites[i];
			p->pool = &w->delegated[j];
		}
	}
}

/* RFC 7695 4.3: of a delegated prefix that was replaced by one around or inside it, assignments that are in the new one
 * too may be kept. The pair for that; NULL if there is none without an assignment of its own. */
static struct pa_pair *heir(struct pa_pair *p)
{
	struct pa *pa = p->pa;

	for (size_t i = 0; i < pa->world.delegated_count; i++) {
		if (!prefix_contains(&pa->world.delegated[i].prefix, &p->current.prefix))
			continue;
		for (size_t j = 0; j < pa->world.site_count; j++) {
			if (pa->world.sites[j].conf.id != p->current.link)
				continue;
			struct pa_pair *to = pa_pair_get(pa, p->current.link, &pa->world.delegated[i].prefix);
			return to->assigned ? NULL : to;
		}
	}
	return NULL;
}

/* RFC 7695 4.3: assignments go with their delegated prefix or link. They are remembered, for when it comes back. */
static void drop_pairs(struct pa *pa, msec now)
{
	MAP_EACH_SAFE (p, &pa->pairs, struct pa_pair, map) {
		if (p->kept)
			continue;
		struct pa_pair *to = p->assigned ? heir(p) : NULL;
		if (to)
			pa_pair_move(p, to, now);
		else if (p->assigned)
			pa_pair_destroy(p, "its link or delegated prefix is gone", true);
		pa_pair_free(p);
	}
}

static void finish(struct pa *pa)
{
	if (!pa->changed)
		return;
	pa->changed = false;
	if (pa->env.changed)
		pa->env.changed(pa->env.ctx);
}

void pa_update(struct pa *pa, msec now, const struct pa_input *in)
{
	pa_world_set(pa, in);
	make_pairs(pa);
	drop_pairs(pa, now);
	/* First all that is there finds its place, and what was there before takes it again; only then something new is
	 * made, in what room is left. */
	MAP_EACH (p, &pa->pairs, struct pa_pair, map)
		pa_routine_run(p, now, ROUTINE_SETTLE);
	MAP_EACH (p, &pa->pairs, struct pa_pair, map)
		if (!p->assigned)
			pa_routine_run(p, now, ROUTINE_CREATE);
	finish(pa);
}

msec pa_deadline(const struct pa *pa)
{
	return timers_next(&pa->timers);
}

void pa_run(struct pa *pa, msec now)
{
	timers_run(&pa->timers, now);
	finish(pa);
}

void pa_remember(struct pa *pa, uint32_t link, const struct prefix *p)
{
	pa_memory_add(pa, link, p);
}

const struct pa_assignment *pa_next(const struct pa *pa, const struct pa_assignment *after)
{
	const struct map_node *n =
	        after ? map_next(&CONTAINER_OF(after, const struct pa_pair, current)->map) : map_first(&pa->pairs);

	for (; n; n = map_next(n)) {
		const struct pa_pair *p = MAP_ENTRY(n, const struct pa_pair, map);
		if (p->assigned)
			return &p->current;
	}
	return NULL;
}

uint64_t pa_counter(const struct pa *pa, enum pa_counter c)
{
	ASSERT((size_t)c < PA_COUNTER_COUNT);
	return pa->counters[c];
}
