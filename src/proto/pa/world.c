/* SPDX-License-Identifier: ISC */
/* What the caller told: copied, sorted (so that its order means nothing) and bounded. */
#include "proto/pa/internal.h"

#include <stdlib.h>
#include <string.h>

void *pa_room(void *array, size_t *room, size_t n, size_t size)
{
	if (n <= *room)
		return array;
	*room = MAX(n, 2 * *room);
	return mem_resize(array, *room, size);
}

size_t pa_lower_bound(const void *array, size_t count, size_t size, const struct prefix *p)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct prefix *at = (const void *)((const char *)array + middle * size);
		if (prefix_compare(at, p) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Cuts a count to `max` and says so when that begins. */
static size_t limit(struct pa *pa, size_t count, size_t max, enum pa_counter what)
{
	size_t over = count > max ? count - max : 0;

	pa->counters[what] += over;
	if (over && !pa->limited[what])
		event_report(&pa->env.events, EVENT(PA_LIMIT, .count = (int64_t)over, .text = pa_counter_names[what]));
	pa->limited[what] = over > 0;
	return count - over;
}

/* By prefix; of equal ones that which may be used first. */
static int compare_delegated(const void *a, const void *b)
{
	const struct pa_delegated *x = a, *y = b;
	int order = prefix_compare(&x->prefix, &y->prefix);

	return order ? order : y->creatable - x->creatable;
}

/* "Each Node MUST have a set of non-overlapping Delegated Prefixes" (RFC 7695 3): of those that overlap the widest
 * (RFC 7788 6.3.1), which in this order comes right before the ones inside it. */
static void set_delegated(struct pa *pa, const struct pa_input *in)
{
	struct pa_world *w = &pa->world;
	size_t kept = 0;

	w->delegated = pa_room(w->delegated, &w->delegated_room, in->delegated_count, sizeof(*w->delegated));
	for (size_t i = 0; i < in->delegated_count; i++)
		w->delegated[i] = in->delegated[i];
	if (in->delegated_count)
		qsort(w->delegated, in->delegated_count, sizeof(*w->delegated), compare_delegated);
	for (size_t i = 0; i < in->delegated_count; i++)
		if (!kept || !prefix_contains(&w->delegated[kept - 1].prefix, &w->delegated[i].prefix))
			w->delegated[kept++] = w->delegated[i];
	w->delegated_count = limit(pa, kept, PA_DELEGATED_MAX, PA_COUNT_LIMIT_DELEGATED);
}

static int compare_sites(const void *a, const void *b)
{
	const struct pa_site *x = a, *y = b;

	return (x->conf.id > y->conf.id) - (x->conf.id < y->conf.id);
}

static void set_sites(struct pa *pa, const struct pa_input *in)
{
	struct pa_world *w = &pa->world;

	w->sites = pa_room(w->sites, &w->site_room, in->link_count, sizeof(*w->sites));
	for (size_t i = 0; i < in->link_count; i++)
		w->sites[i] = (struct pa_site) { .conf = in->links[i] };
	if (in->link_count)
		qsort(w->sites, in->link_count, sizeof(*w->sites), compare_sites);
	for (size_t i = 0; i < in->link_count; i++) {
		ASSERT(w->sites[i].conf.id && (i == 0 || w->sites[i - 1].conf.id != w->sites[i].conf.id));
		ASSERT(w->sites[i].conf.priority <= PA_PRIORITY_MAX);
		ASSERT(w->sites[i].conf.len6 <= IP_BITS && w->sites[i].conf.len4 <= IP_BITS);
	}
	w->site_count = limit(pa, in->link_count, PA_LINKS_MAX, PA_COUNT_LIMIT_LINKS);
}

/* The stronger first: the greater priority, then the greater node identifier (RFC 7695 2). */
static int compare_strength(const struct pa_advertised *x, const struct pa_advertised *y)
{
	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return (x->node < y->node) - (x->node > y->node);
}

static int compare_advertised(const void *a, const void *b)
{
	const struct pa_advertised *x = a, *y = b;
	int order = prefix_compare(&x->prefix, &y->prefix);

	order = order ? order : compare_strength(x, y);
	return order ? order : (x->link > y->link) - (x->link < y->link);
}

static int compare_on_link(const void *a, const void *b)
{
	const struct pa_advertised *x = a, *y = b;
	int order = (x->link > y->link) - (x->link < y->link);

	order = order ? order : compare_strength(x, y);
	return order ? order : prefix_compare(&x->prefix, &y->prefix);
}

static void set_advertised(struct pa *pa, const struct pa_input *in)
{
	struct pa_world *w = &pa->world;

	w->advertised = pa_room(w->advertised, &w->advertised_room, in->advertised_count, sizeof(*w->advertised));
	if (in->advertised_count) {
		memcpy(w->advertised, in->advertised, in->advertised_count * sizeof(*w->advertised));
		qsort(w->advertised, in->advertised_count, sizeof(*w->advertised), compare_advertised);
	}
	w->advertised_count = limit(pa, in->advertised_count, PA_ADVERTISED_MAX, PA_COUNT_LIMIT_ADVERTISED);
}

/* Nobody else has a say on a private link (RFC 7695 2). */
static void set_on_link(struct pa_world *w)
{
	size_t at = 0;

	w->on_link = pa_room(w->on_link, &w->on_link_room, w->advertised_count, sizeof(*w->on_link));
	w->on_link_count = 0;
	for (size_t i = 0; i < w->advertised_count; i++)
		if (w->advertised[i].link)
			w->on_link[w->on_link_count++] = w->advertised[i];
	if (w->on_link_count)
		qsort(w->on_link, w->on_link_count, sizeof(*w->on_link), compare_on_link);
	for (size_t i = 0; i < w->site_count; i++) {
		struct pa_site *s = &w->sites[i];
		while (at < w->on_link_count && w->on_link[at].link < s->conf.id)
			at++;
		s->first = at;
		while (at < w->on_link_count && w->on_link[at].link == s->conf.id)
			at++;
		s->count = s->conf.is_private ? 0 : at - s->first;
	}
}

int pa_compare_prefixes(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

static void set_reserved(struct pa *pa, const struct pa_input *in)
{
	struct pa_world *w = &pa->world;

	w->reserved = pa_room(w->reserved, &w->reserved_room, in->reserved_count, sizeof(*w->reserved));
	if (in->reserved_count) {
		memcpy(w->reserved, in->reserved, in->reserved_count * sizeof(*w->reserved));
		qsort(w->reserved, in->reserved_count, sizeof(*w->reserved), pa_compare_prefixes);
	}
	w->reserved_count = limit(pa, in->reserved_count, PA_RESERVED_MAX, PA_COUNT_LIMIT_RESERVED);
}

/* Appends a claim unless it is the prefix of the last one, and links it to the narrowest one around it. */
static void add_claim(struct pa_world *w, const struct prefix *p, uint8_t priority, uint32_t node)
{
	struct pa_claim *last = w->claim_count ? &w->claims[w->claim_count - 1] : NULL;
	size_t parent = w->claim_count;

	if (last && prefix_equal(&last->prefix, p))
		return;
	while (parent && !prefix_contains(&w->claims[parent - 1].prefix, p))
		parent = w->claims[parent - 1].parent;
	w->claims[w->claim_count++] =
	        (struct pa_claim) { .prefix = *p, .priority = priority, .node = node, .parent = parent };
}

/* Merges what is advertised with what is reserved, the stronger of equal prefixes first. */
static void set_claims(struct pa_world *w)
{
	size_t i = 0, j = 0;

	w->claims = pa_room(w->claims, &w->claim_room, w->advertised_count + w->reserved_count, sizeof(*w->claims));
	w->claim_count = 0;
	while (i < w->advertised_count || j < w->reserved_count) {
		if (i == w->advertised_count ||
		    (j < w->reserved_count && prefix_compare(&w->reserved[j], &w->advertised[i].prefix) <= 0)) {
			add_claim(w, &w->reserved[j++], PA_PRIORITY_RESERVED, UINT32_MAX);
		} else {
			add_claim(w, &w->advertised[i].prefix, w->advertised[i].priority, w->advertised[i].node);
			i++;
		}
	}
}

void pa_world_set(struct pa *pa, const struct pa_input *in)
{
	pa->world.node = in->node;
	pa->world.alone = in->alone;
	set_delegated(pa, in);
	set_sites(pa, in);
	set_advertised(pa, in);
	set_reserved(pa, in);
	set_on_link(&pa->world);
	set_claims(&pa->world);
	pa->occupied_fresh = false;
}

void pa_world_free(struct pa_world *w)
{
	free(w->delegated);
	free(w->sites);
	free(w->advertised);
	free(w->on_link);
	free(w->claims);
	free(w->reserved);
}
