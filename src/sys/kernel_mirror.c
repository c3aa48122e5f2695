/* SPDX-License-Identifier: ISC */
#include "sys/kernel_mirror.h"

#include <stdlib.h>

#include "sys/kernel_message.h"

enum {
	REFRESH = SECOND,      /* lifetimes are set anew from this difference on (plan.h) */
	ROUNDING = 2 * SECOND, /* by which the kernel's whole seconds, told a little late, may be off */
	CALM = 5 * MINUTE,     /* so long after the last strike all is forgotten: longer than any pause */
};

/* How long after a strike to wait; the last for all further ones. Two daemons that fight thus soon do it once a minute,
 * while a network manager that flushes an interface only when it starts goes unnoticed by the hosts. */
static const msec pauses[] = { 0, 250, SECOND, 4 * SECOND, 16 * SECOND, MINUTE };

static int compare_things(const struct kernel_thing *a, const struct kernel_thing *b)
{
	if (a->is_route != b->is_route)
		return a->is_route ? 1 : -1;
	return a->is_route ? kernel_route_compare(&a->route, &b->route)
	                   : kernel_address_compare(&a->address, &b->address);
}

static int compare(const void *key, const struct map_node *node)
{
	return compare_things(key, &MAP_ENTRY((uintptr_t)node, const struct kernel_item, node)->want);
}

void kernel_mirror_init(struct kernel_mirror *m)
{
	map_init(&m->items, compare);
}

static void drop(struct kernel_mirror *m, struct kernel_item *item)
{
	map_remove(&m->items, &item->node);
	free(item);
}

void kernel_mirror_free(struct kernel_mirror *m)
{
	MAP_EACH_SAFE (item, &m->items, struct kernel_item, node) {
		drop(m, item);
	}
}

struct kernel_item *kernel_mirror_find(const struct kernel_mirror *m, const struct kernel_thing *thing)
{
	return MAP_ENTRY_OR_NULL(map_find(&m->items, thing), struct kernel_item, node);
}

struct kernel_item *kernel_mirror_need(struct kernel_mirror *m, const struct kernel_thing *thing)
{
	struct kernel_item *item = kernel_mirror_find(m, thing);

	if (item)
		return item;
	item = NEW(struct kernel_item);
	item->want = item->have = *thing;
	map_insert(&m->items, &item->want, &item->node);
	return item;
}

/* New lifetimes are no reason to think that what was refused is now allowed. */
static void want(struct kernel_mirror *m, const struct kernel_thing *thing)
{
	struct kernel_item *item = kernel_mirror_need(m, thing);

	if (!item->wanted || (thing->is_route && !kernel_route_same_way(&item->want.route, &thing->route)))
		kernel_item_renew(item);
	item->want = *thing;
	item->wanted = item->named = true;
}

/* Keeps changes of source-specific defaults without a window (the head of kernel.c says how). Its order in the mirror
 * puts it in before them. */
static void want_guard(struct kernel_mirror *m, const struct plan *plan)
{
	struct kernel_thing guard = { .is_route = true };

	guard.route.dst = guard.route.src = PREFIX_ALL;
	guard.route.type = PLAN_UNREACHABLE;
	guard.route.metric = UINT32_MAX;
	for (size_t i = 0; i < plan->route_count; i++) {
		const struct plan_route *r = &plan->routes[i];
		if (r->dst.len == 0 && r->src.len > 0) {
			want(m, &guard);
			return;
		}
	}
}

void kernel_mirror_want(struct kernel_mirror *m, const struct plan *plan)
{
	MAP_EACH (item, &m->items, struct kernel_item, node) {
		item->named = false;
	}
	for (size_t i = 0; i < plan->address_count; i++)
		want(m, &(struct kernel_thing) { .is_route = false, .address = plan->addresses[i] });
	for (size_t i = 0; i < plan->route_count; i++)
		want(m, &(struct kernel_thing) { .is_route = true, .route = plan->routes[i] });
	want_guard(m, plan);
	MAP_EACH (item, &m->items, struct kernel_item, node) {
		if (item->named || !item->wanted)
			continue;
		item->wanted = false;
		kernel_item_renew(item);
	}
}

void kernel_mirror_sweep(struct kernel_mirror *m)
{
	MAP_EACH_SAFE (item, &m->items, struct kernel_item, node) {
		if (!item->wanted && !item->present)
			drop(m, item);
	}
}

static bool near(msec a, msec b, msec within)
{
	if (a == b)
		return true;
	if (a == MSEC_NEVER || b == MSEC_NEVER)
		return false;
	return (a < b ? b - a : a - b) <= within;
}

static msec preferred(const struct plan_address *a)
{
	return MIN(a->preferred_until, a->valid_until);
}

void kernel_item_has(struct kernel_item *item, const struct kernel_thing *thing)
{
	struct plan_address was = item->have.address;

	item->present = true;
	item->have = *thing;
	if (thing->is_route)
		return;
	if (near(was.valid_until, thing->address.valid_until, ROUNDING))
		item->have.address.valid_until = was.valid_until;
	if (near(was.preferred_until, thing->address.preferred_until, ROUNDING))
		item->have.address.preferred_until = was.preferred_until;
}

bool kernel_item_is_wanted(const struct kernel_item *item, msec now)
{
	/* The kernel counts whole seconds, and 0 of them is no lifetime. */
	return item->wanted && (item->want.is_route || item->want.address.valid_until - SECOND >= now);
}

bool kernel_item_differs(const struct kernel_item *item, msec now)
{
	const struct plan_address *w = &item->want.address, *h = &item->have.address;

	if (!kernel_item_is_wanted(item, now) || !item->present)
		return item->wanted ? kernel_item_is_wanted(item, now) : item->present;
	if (item->want.is_route)
		return !kernel_route_same_way(&item->want.route, &item->have.route);
	/* Times past are all the same: over. */
	return !near(MAX(w->valid_until, now), MAX(h->valid_until, now), REFRESH) ||
	       !near(MAX(preferred(w), now), MAX(preferred(h), now), REFRESH);
}

uint32_t kernel_item_link(const struct kernel_item *item)
{
	return item->want.is_route ? item->want.route.link : item->want.address.link;
}

static void strike(struct kernel_item *item, msec now)
{
	item->not_before = now + pauses[MIN(item->strikes, ARRAY_LEN(pauses) - 1)];
	item->struck = now;
	if (item->strikes < UINT8_MAX)
		item->strikes++;
}

static void calm_down(struct kernel_item *item, msec now)
{
	if (now - item->struck > CALM)
		item->strikes = 0;
}

void kernel_item_lost(struct kernel_item *item, msec now)
{
	item->present = false;
	calm_down(item, now);
	strike(item, now);
}

void kernel_item_refused(struct kernel_item *item, msec now)
{
	calm_down(item, now);
	item->strikes = MAX(item->strikes, 1); /* asking again at once would get the same answer */
	strike(item, now);
}

void kernel_item_renew(struct kernel_item *item)
{
	item->strikes = 0;
	item->not_before = 0;
	item->reported = false;
}
