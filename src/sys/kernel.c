/* SPDX-License-Identifier: ISC */
/* What was measured on Linux 6.18 about replacing a route (test/unit/sys_kernel.c repeats it):
 *
 * - RTM_NEWROUTE with NLM_F_CREATE | NLM_F_REPLACE replaces the route of the same destination, source prefix and metric
 *   and no other: one with another source prefix or metric stays. That holds too between a next hop, a route on the
 * link and an unreachable one.
 * - It is not quite without a window. While one processor looked a route up without pause, of 100,000 replacements 0 to
 *   4 failed a lookup: the kernel gives up when it finds a route in the very moment in which its last reference goes.
 *   That is what is left. (While routes were deleted and added again instead, half of the lookups failed.)
 * - But of IPv6 routes with a source prefix 2 to 7 of 100 replacements failed one, and so did adding a route for
 * another source of the same destination: the kernel takes a destination that has only source-specific routes for a
 * left-over node of its tree, and clears it on the way to the routes below (fib6_add_1). A route without source there
 * prevents that. So beside source-specific defaults we keep an unreachable ::/0 of the last metric, which says what
 * having no route would say (kernel_mirror.c). For other destinations the like would hide wider routes; there the
 * window, of less than a microsecond each time, stays.
 * - It does not ask whose the route is. So what we do not know to be ours is added with NLM_F_EXCL, which fails if the
 *   place is taken; only what is ours is replaced.
 * - If somebody appended a next hop of his to an IPv6 route of ours, replacing takes that away with it. If he appended
 * a route of the other kind (on the link beside ours with a next hop), a change of ours to his kind hits his. Both need
 *   somebody who picks our metric for our prefix.
 * - What goes with an interface that is switched off is told for IPv6 and not for IPv4, nor are the routes that go with
 *   the last IPv4 address of an interface. Then everything is read again. */
#include "sys/kernel.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/kernel_message.h"
#include "sys/kernel_mirror.h"
#include "sys/log.h"
#include "sys/rtnl.h"
#include "sys/switches.h"

enum {
	READS = 64,                   /* of notifications, before the loop gets its turn */
	READS_MOST = 8192,            /* before a plan is applied, which is to be compared with what is */
	REPORTS = 8,                  /* problems told one by one in one go */
	SWITCHES_PAUSE = SECOND,      /* between looks at the switches, if somebody keeps turning them */
	RESYNC_PAUSE = SECOND,        /* after everything could not be read */
	DUPLICATE_PAUSE = 5 * MINUTE, /* the other one will not go away soon */
	FIGHT = 4,                    /* strikes after which it is said that somebody fights us */
};

struct link_up {
	struct map_node node;
	uint32_t link;
	bool up;
	bool seen; /* by the dump that is going on */
};

struct kernel {
	struct loop *loop;
	struct kernel_env env;
	struct rtnl *requests;
	struct rtnl *news;
	struct loop_watch *watch;
	struct loop_timer *timer;
	struct kernel_mirror mirror;
	struct map links; /* struct link_up: every interface of the machine */
	struct switches *switches;
	struct plan_link *plan_links;
	size_t plan_link_count;
	bool stale;         /* the mirror may be wrong: read everything again */
	bool dirty;         /* something moved that may need an answer */
	bool look;          /* at the switches */
	bool tell;          /* some item waits for env.duplicate */
	msec switches_from; /* not before */
	msec resync_from;
	unsigned reports; /* in this go */
	msec now;         /* of the go, for the callbacks below */
	struct kernel_stats stats;
	struct rtnl_batch batch;
};

/* --- telling --- */

static const char *thing_text(const struct kernel_thing *t, char out[KERNEL_TEXT])
{
	return t->is_route ? kernel_route_text(&t->route, out) : kernel_address_text(&t->address, out);
}

/* Reports and remembers a problem with `item`, once until it is over. */
__attribute__((format(printf, 3, 4))) static void complain(struct kernel *k, struct kernel_item *item,
                                                           const char *format, ...)
{
	char *text = k->stats.last_error;
	va_list args;

	if (item && item->reported)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(k->stats.last_error), format, args);
	va_end(args);
	k->stats.last_error_at = k->now;
	if (item)
		item->reported = true;
	if (++k->reports <= REPORTS)
		log_problem(&k->env.events, "%s", text);
}

static void end_reports(struct kernel *k)
{
	if (k->reports > REPORTS)
		log_problem(&k->env.events, "and %u more problems with routes and addresses", k->reports - REPORTS);
	k->reports = 0;
}

/* --- links --- */

static int compare_link(const void *key, const struct map_node *node)
{
	uint32_t link = *(const uint32_t *)key, other = MAP_ENTRY((uintptr_t)node, const struct link_up, node)->link;

	return link < other ? -1 : link > other;
}

static struct link_up *find_link(const struct kernel *k, uint32_t link)
{
	return MAP_ENTRY_OR_NULL(map_find(&k->links, &link), struct link_up, node);
}

static void forget_link(struct kernel *k, struct link_up *l)
{
	map_remove(&k->links, &l->node);
	free(l);
}

/* What was refused while the link was down or absent is due at once. */
static void renew_items_of(struct kernel *k, uint32_t link)
{
	MAP_EACH (item, &k->mirror.items, struct kernel_item, node) {
		if (kernel_item_link(item) == link && !item->duplicate)
			kernel_item_renew(item);
	}
}

static void set_link(struct kernel *k, uint32_t link, bool up)
{
	struct link_up *l = find_link(k, link);

	if (l)
		l->seen = true;
	if (l && l->up == up)
		return;
	if (!l) {
		l = NEW(struct link_up);
		l->link = link;
		l->seen = true;
		map_insert(&k->links, &link, &l->node);
	}
	l->up = up;
	k->dirty = k->look = true;
	if (up)
		renew_items_of(k, link);
	else
		k->stale = true;
}

static void on_link(struct kernel *k, const struct nlmsghdr *m)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(m);

	/* AF_BRIDGE tells of a port joining or leaving its bridge: the interface itself stays. */
	if (mnl_nlmsg_get_payload_len(m) < sizeof(*info) || info->ifi_family != AF_UNSPEC)
		return;
	uint32_t link = (uint32_t)info->ifi_index;
	if (m->nlmsg_type == RTM_NEWLINK) {
		set_link(k, link, info->ifi_flags & IFF_UP);
		return;
	}
	struct link_up *l = find_link(k, link);
	if (l)
		forget_link(k, l);
	k->stale = true;
}

/* --- what the kernel has --- */

static void lost(struct kernel *k, struct kernel_item *item)
{
	char text[KERNEL_TEXT];

	kernel_item_lost(item, k->now);
	k->stats.lost++;
	k->dirty = true;
	if (item->wanted && item->strikes >= FIGHT)
		complain(k, item, "somebody keeps removing %s: putting it back ever more slowly",
		         thing_text(&item->want, text));
}

static void found_duplicate(struct kernel *k, struct kernel_item *item)
{
	char text[KERNEL_TEXT];

	item->not_before = k->now + DUPLICATE_PAUSE;
	if (item->duplicate)
		return;
	item->duplicate = item->tell = k->tell = true;
	complain(k, item, "somebody else on the link has %s", thing_text(&item->want, text));
}

static void on_address(struct kernel *k, const struct nlmsghdr *m, bool echo)
{
	struct kernel_address told;
	bool gone = m->nlmsg_type == RTM_DELADDR;

	if (!kernel_get_address(m, k->now, &told))
		return;
	if (gone && ip_is_v4(&told.address.ip))
		k->stale = true; /* if it was the last, the routes went too */
	if (echo)
		return;
	struct kernel_thing thing = { .is_route = false, .address = told.address };
	struct kernel_item *item = kernel_mirror_find(&k->mirror, &thing);
	if (gone || !told.ours) {
		if (item && item->present)
			lost(k, item);
	} else {
		item = item ? item : kernel_mirror_need(&k->mirror, &thing);
		item->duplicate &= told.duplicate;
		kernel_item_has(item, &thing);
		k->dirty = true;
	}
	/* A permanent address stays, unusable; one with a lifetime goes, and says in going that this is why. */
	if (item && told.ours && told.duplicate)
		found_duplicate(k, item);
}

static void on_route(struct kernel *k, const struct nlmsghdr *m, bool echo)
{
	struct kernel_thing thing = { .is_route = true };
	bool ours;

	if (echo || !kernel_get_route(m, &thing.route, &ours))
		return;
	struct kernel_item *item = kernel_mirror_find(&k->mirror, &thing);
	if (m->nlmsg_type == RTM_NEWROUTE && ours) {
		kernel_item_has(item ? item : kernel_mirror_need(&k->mirror, &thing), &thing);
		k->dirty = true;
		return;
	}
	if (!item || !item->present)
		return;
	/* Somebody put his in the place of ours, which is not told as a deletion; or it was deleted, if it is this one
	 * and not one that we have replaced since. */
	bool replaced = m->nlmsg_type == RTM_NEWROUTE && !ours && m->nlmsg_flags & NLM_F_REPLACE;
	if (replaced ||
	    (m->nlmsg_type == RTM_DELROUTE && ours && kernel_route_same_way(&thing.route, &item->have.route)))
		lost(k, item);
}

static void on_news(void *ctx, const struct nlmsghdr *m)
{
	struct kernel *k = ctx;
	bool echo = m->nlmsg_pid == rtnl_port(k->requests); /* its result is known already */

	k->stats.notifications++;
	switch (m->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		on_link(k, m);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		on_address(k, m, echo);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		on_route(k, m, echo);
		break;
	case RTM_NEWNETCONF:
		k->look = true;
		break;
	default:
		break;
	}
}

/* Takes notice of what happened until now, so that what follows is decided on what is. */
static void drain(struct kernel *k, unsigned reads)
{
	if (!rtnl_read(k->news, reads, on_news, k))
		k->stale = true;
}

/* --- reading everything --- */

static void dumped_link(void *ctx, const struct nlmsghdr *m)
{
	if (m->nlmsg_type == RTM_NEWLINK)
		on_link(ctx, m);
}

static void dumped_address(void *ctx, const struct nlmsghdr *m)
{
	struct kernel *k = ctx;
	struct kernel_address told;

	if (m->nlmsg_type != RTM_NEWADDR || !kernel_get_address(m, k->now, &told) || !told.ours)
		return;
	struct kernel_thing thing = { .is_route = false, .address = told.address };
	struct kernel_item *item = kernel_mirror_need(&k->mirror, &thing);
	kernel_item_has(item, &thing);
	if (told.duplicate)
		found_duplicate(k, item);
}

static void dumped_route(void *ctx, const struct nlmsghdr *m)
{
	struct kernel *k = ctx;
	struct kernel_thing thing = { .is_route = true };
	bool ours;

	if (m->nlmsg_type == RTM_NEWROUTE && kernel_get_route(m, &thing.route, &ours) && ours)
		kernel_item_has(kernel_mirror_need(&k->mirror, &thing), &thing);
}

static bool dump_all(struct kernel *k)
{
	static const uint8_t families[] = { AF_INET6, AF_INET };
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };

	if (!rtnl_dump(k->requests, RTM_GETLINK, &link, sizeof(link), dumped_link, k))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		struct ifaddrmsg address = { .ifa_family = families[i] };
		struct rtmsg route = {
			.rtm_family = families[i],
			.rtm_table = RT_TABLE_MAIN,
			.rtm_protocol = KERNEL_PROTOCOL,
		};
		if (!rtnl_dump(k->requests, RTM_GETADDR, &address, sizeof(address), dumped_address, k))
			return false;
		/* ENOENT: there was never a route, so not even a table. */
		if (!rtnl_dump(k->requests, RTM_GETROUTE, &route, sizeof(route), dumped_route, k) && errno != ENOENT)
			return false;
	}
	return true;
}

/* Nothing is thought to be there until the kernel tells so. */
static void doubt_all(struct kernel *k)
{
	MAP_EACH (l, &k->links, struct link_up, node) {
		l->seen = false;
	}
	MAP_EACH (item, &k->mirror.items, struct kernel_item, node) {
		item->doubted = item->present;
		item->present = false;
	}
}

/* What is not there any more is put back without a pause: what takes many at one go is no fight. */
static void end_doubts(struct kernel *k)
{
	MAP_EACH_SAFE (l, &k->links, struct link_up, node) {
		if (!l->seen)
			forget_link(k, l);
	}
	MAP_EACH (item, &k->mirror.items, struct kernel_item, node) {
		k->stats.lost += item->doubted && !item->present;
	}
}

/* Reads everything again; false if the kernel would not. */
static bool resync(struct kernel *k)
{
	k->stats.resyncs++;
	doubt_all(k);
	if (!dump_all(k)) {
		complain(k, NULL, "cannot read the kernel's addresses and routes: %s", strerror(errno));
		k->resync_from = k->now + RESYNC_PAUSE;
		return false;
	}
	end_doubts(k);
	k->stale = false;
	k->dirty = true;
	return true;
}

/* --- bringing it to the plan --- */

/* A link that is down or gone takes nothing; what is to be there waits for it. */
static bool is_ready(const struct kernel *k, const struct kernel_item *item)
{
	uint32_t link = kernel_item_link(item);
	const struct link_up *l = link ? find_link(k, link) : NULL;

	return !link || (l && l->up);
}

static void ask_to_remove(struct kernel *k, struct kernel_item *item)
{
	struct nlmsghdr *m = rtnl_batch_put(&k->batch, item->want.is_route ? RTM_DELROUTE : RTM_DELADDR, 0, item);

	item->asked = true;
	if (item->want.is_route)
		kernel_put_route(m, &item->have.route);
	else
		kernel_put_address(m, &item->have.address, k->now);
}

/* IPv6 has an address only once on an interface: with another length it must go before it can come. */
static void remove_twins(struct kernel *k, const struct kernel_item *item)
{
	struct kernel_thing from = item->want;

	from.address.len = 0;
	for (struct map_node *n = map_find_from(&k->mirror.items, &from); n; n = map_next(n)) {
		struct kernel_item *twin = MAP_ENTRY(n, struct kernel_item, node);
		if (twin->want.is_route || twin->want.address.link != item->want.address.link ||
		    !ip_equal(&twin->want.address.ip, &item->want.address.ip))
			return;
		if (twin->present && !twin->wanted && !twin->asked)
			ask_to_remove(k, twin);
	}
}

static void ask_to_set(struct kernel *k, struct kernel_item *item)
{
	/* Only what is ours is replaced; the head of this file says why. */
	uint16_t flags = (uint16_t)(NLM_F_CREATE | (item->present ? NLM_F_REPLACE : NLM_F_EXCL));

	if (!item->want.is_route && !ip_is_v4(&item->want.address.ip))
		remove_twins(k, item);
	struct nlmsghdr *m = rtnl_batch_put(&k->batch, item->want.is_route ? RTM_NEWROUTE : RTM_NEWADDR, flags, item);
	item->asked = true;
	if (item->want.is_route)
		kernel_put_route(m, &item->want.route);
	else
		kernel_put_address(m, &item->want.address, k->now);
}

static void refused(struct kernel *k, struct kernel_item *item, int error)
{
	char text[KERNEL_TEXT];

	k->stats.refused++;
	kernel_item_refused(item, k->now);
	if (error == ENODEV || error == ENETDOWN)
		return; /* the link has just gone; we shall hear of it */
	complain(k, item, "cannot %s %s: %s", item->wanted ? "set" : "remove", thing_text(&item->want, text),
	         error == EEXIST ? "somebody else's is in its place" : strerror(error));
}

/* The kernel answered the request for `tag`. */
static void on_result(void *ctx, void *tag, int error)
{
	struct kernel *k = ctx;
	struct kernel_item *item = tag;
	bool gone = error == ESRCH || error == EADDRNOTAVAIL || error == ENODEV || error == ENETDOWN;

	item->asked = false;
	k->stats.requests++;
	if (error == ENOBUFS || error == EAGAIN) { /* perhaps only the answer was lost: look what came of it */
		k->stale = true;
		kernel_item_refused(item, k->now);
	} else if (!item->wanted && (!error || gone)) {
		item->present = false;
		k->stats.removed += !error;
	} else if (error) {
		refused(k, item, error);
	} else {
		k->stats.added += !item->present;
		k->stats.replaced += item->present;
		item->present = true;
		item->have = item->want;
		item->reported = item->duplicate && item->reported;
	}
}

/* New before old, so that there is always a way: addresses, routes (their order in the mirror), then the removals in
 * the opposite order. */
static void ask_for_difference(struct kernel *k)
{
	MAP_EACH (item, &k->mirror.items, struct kernel_item, node) {
		if (item->wanted && !item->asked && item->not_before <= k->now && kernel_item_differs(item, k->now) &&
		    is_ready(k, item))
			ask_to_set(k, item);
	}
	for (int routes = 1; routes >= 0; routes--)
		MAP_EACH (item, &k->mirror.items, struct kernel_item, node) {
			if (item->want.is_route == (routes == 1) && !item->wanted && item->present && !item->asked &&
			    item->not_before <= k->now)
				ask_to_remove(k, item);
		}
	rtnl_batch_send(&k->batch);
	k->stats.batches = k->batch.calls;
}

static void look_at_switches(struct kernel *k)
{
	k->look = false;
	k->switches_from = k->now + SWITCHES_PAUSE;
	k->stats.switches += switches_apply(k->switches, k->plan_links, k->plan_link_count);
}

/* When to come back: what was refused or taken waits for its time; what waits for a link is woken by it. */
static void set_timer(struct kernel *k)
{
	msec next = MSEC_NEVER;

	k->stats.routes = k->stats.addresses = k->stats.waiting = 0;
	MAP_EACH (item, &k->mirror.items, struct kernel_item, node) {
		k->stats.routes += item->present && item->want.is_route;
		k->stats.addresses += item->present && !item->want.is_route;
		if (!kernel_item_differs(item, k->now))
			continue;
		k->stats.waiting += item->wanted;
		if (!item->wanted || is_ready(k, item))
			next = MIN(next, MAX(item->not_before, k->now));
	}
	if (k->look)
		next = MIN(next, k->switches_from);
	if (k->stale)
		next = MIN(next, MAX(k->resync_from, k->now));
	if (k->tell)
		next = k->now;
	loop_timer_set(k->timer, next);
}

/* One go: everything that differs and whose time has come. */
static void settle(struct kernel *k)
{
	if (k->stale && (k->now < k->resync_from || !resync(k))) {
		set_timer(k);
		return;
	}
	k->dirty = false;
	ask_for_difference(k);
	kernel_mirror_sweep(&k->mirror);
	end_reports(k);
	set_timer(k);
}

/* The daemon may answer with a new plan, so this is done when nothing else is going on. */
static void tell_duplicates(struct kernel *k)
{
	while (k->tell) {
		struct kernel_item *found = NULL;
		MAP_EACH (item, &k->mirror.items, struct kernel_item, node) {
			if (item->tell)
				found = item;
		}
		k->tell = found != NULL;
		if (!found)
			return;
		struct plan_address a = found->want.address;
		found->tell = false;
		if (found->wanted && k->env.duplicate)
			k->env.duplicate(k->env.ctx, k->now, a.link, &a.ip);
	}
}

static void on_readable(void *ctx, msec now, unsigned ready)
{
	struct kernel *k = ctx;

	(void)ready;
	k->now = now;
	drain(k, READS);
	if (k->look && now >= k->switches_from)
		look_at_switches(k);
	if (k->dirty || k->stale)
		settle(k);
	else if (k->look)
		set_timer(k);
	tell_duplicates(k);
}

static void on_timer(void *ctx, msec now)
{
	struct kernel *k = ctx;

	k->now = now;
	drain(k, READS);
	if (k->look && now >= k->switches_from)
		look_at_switches(k);
	settle(k);
	tell_duplicates(k);
}

/* --- the outside --- */

static struct rtnl *open_news(void)
{
	static const unsigned groups[] = {
		RTNLGRP_LINK,       RTNLGRP_IPV6_IFADDR,  RTNLGRP_IPV4_IFADDR,  RTNLGRP_IPV6_ROUTE,
		RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_NETCONF, RTNLGRP_IPV4_NETCONF,
	};

	return rtnl_open(groups, ARRAY_LEN(groups));
}

struct kernel *kernel_new(struct loop *loop, const struct kernel_env *env)
{
	struct kernel *k = NEW(struct kernel);

	k->loop = loop;
	k->env = *env;
	k->now = loop_now(loop);
	kernel_mirror_init(&k->mirror);
	map_init(&k->links, compare_link);
	k->switches = switches_new(env->events);
	/* The news first: what changes while everything is read is then told afterwards. */
	if (!(k->news = open_news()) || !(k->requests = rtnl_open(NULL, 0)) || !resync(k)) {
		int error = errno;
		kernel_free(k, false);
		errno = error;
		return NULL;
	}
	rtnl_batch_init(&k->batch, k->requests, on_result, k);
	k->timer = loop_timer_new(loop, on_timer, k);
	k->watch = loop_watch_new(loop, rtnl_fd(k->news), LOOP_READ, on_readable, k);
	return k;
}

void kernel_apply(struct kernel *k, msec now, const struct plan *plan)
{
	k->now = now;
	drain(k, READS_MOST);
	kernel_mirror_want(&k->mirror, plan);
	free(k->plan_links);
	k->plan_links = mem_copy(plan->links, plan->link_count * sizeof(*plan->links));
	k->plan_link_count = plan->link_count;
	look_at_switches(k);
	settle(k);
}

void kernel_free(struct kernel *k, bool remove)
{
	if (remove) {
		MAP_EACH (item, &k->mirror.items, struct kernel_item, node) {
			kernel_item_renew(item);
		}
		k->resync_from = 0;
		kernel_apply(k, loop_now(k->loop), &(struct plan) { .link_count = 0 });
		switches_restore(k->switches);
	}
	loop_watch_free(k->watch);
	loop_timer_free(k->timer);
	rtnl_close(k->news);
	rtnl_close(k->requests);
	kernel_mirror_free(&k->mirror);
	MAP_EACH_SAFE (l, &k->links, struct link_up, node) {
		forget_link(k, l);
	}
	switches_free(k->switches);
	free(k->plan_links);
	free(k);
}

const struct kernel_stats *kernel_stats(struct kernel *k)
{
	return &k->stats;
}
