/* SPDX-License-Identifier: ISC */
#include "sys/links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/map.h"
#include "sys/log.h"
#include "sys/rtnl.h"

enum {
	READS = 64,     /* of notifications, before the loop gets its turn */
	LINKLOCALS = 4, /* kept of each interface; more than one is rare, more than these are not looked at */
	RETRY = SECOND, /* after everything could not be read */
};

struct linklocal {
	struct ip ip; /* IP_ANY: free */
	bool ready;
	bool seen; /* by the dump that is going on */
};

struct watched {
	struct map_node node;
	struct link_state state; /* as it is */
	struct link_state told;  /* as it was told last */
	bool is_told;
	bool seen; /* by the dump that is going on */
	struct linklocal linklocals[LINKLOCALS];
};

struct links {
	struct event_sink events;
	struct rtnl *requests;
	struct rtnl *news;
	struct loop_watch *watch;
	struct loop_timer *timer;
	struct map links; /* struct watched, by index */
	links_fn *fn;
	void *ctx;
	msec now; /* of the go */
};

static int compare(const void *key, const struct map_node *node)
{
	uint32_t link = *(const uint32_t *)key,
	         other = MAP_ENTRY((uintptr_t)node, const struct watched, node)->state.index;

	return link < other ? -1 : link > other;
}

static struct watched *find(const struct links *l, uint32_t index)
{
	return MAP_ENTRY_OR_NULL(map_find(&l->links, &index), struct watched, node);
}

static bool same(const struct link_state *a, const struct link_state *b)
{
	return strcmp(a->name, b->name) == 0 && a->up == b->up && a->running == b->running &&
	       a->wireless == b->wireless && a->loopback == b->loopback && a->multicast == b->multicast &&
	       a->has_mac == b->has_mac && memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 && a->mtu == b->mtu &&
	       ip_equal(&a->linklocal, &b->linklocal) && a->linklocal_ready == b->linklocal_ready;
}

/* After all that was to be read is read, so that what moves together is told together. */
static void tell_changed(struct links *l)
{
	MAP_EACH (w, &l->links, struct watched, node) {
		if (w->is_told && same(&w->told, &w->state))
			continue;
		w->told = w->state;
		w->is_told = true;
		l->fn(l->ctx, l->now, &w->told, false);
	}
}

static void drop(struct links *l, struct watched *w)
{
	map_remove(&l->links, &w->node);
	if (w->is_told)
		l->fn(l->ctx, l->now, &w->told, true);
	free(w);
}

/* --- interfaces --- */

/* Drivers of today show a phy80211, those of old a wireless directory. */
static bool is_wireless(const char *name)
{
	static const char *const signs[] = { "phy80211", "wireless" };
	char path[64];

	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, signs[i]);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static void set_name(struct link_state *state, const char *name)
{
	if (strcmp(state->name, name) == 0)
		return;
	snprintf(state->name, sizeof(state->name), "%s", name);
	state->wireless = is_wireless(state->name);
}

static void read_attrs(struct link_state *state, const struct nlmsghdr *m)
{
	struct rtnl_attrs a = rtnl_attrs(m, sizeof(struct ifinfomsg));
	const struct nlattr *name = a.at[IFLA_IFNAME], *mac = a.at[IFLA_ADDRESS];

	if (name && mnl_attr_validate(name, MNL_TYPE_NUL_STRING) == 0)
		set_name(state, mnl_attr_get_str(name));
	rtnl_get_u32(a.at[IFLA_MTU], &state->mtu);
	state->has_mac = mac && mnl_attr_get_payload_len(mac) == sizeof(state->mac);
	if (state->has_mac)
		memcpy(state->mac, mnl_attr_get_payload(mac), sizeof(state->mac));
}

static struct watched *need(struct links *l, uint32_t index)
{
	struct watched *w = find(l, index);

	if (w)
		return w;
	w = NEW(struct watched);
	w->state.index = index;
	map_insert(&l->links, &index, &w->node);
	return w;
}

static void on_link(struct links *l, const struct nlmsghdr *m)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(m);

	/* AF_BRIDGE tells of a port joining or leaving its bridge: the interface itself stays. */
	if (mnl_nlmsg_get_payload_len(m) < sizeof(*info) || info->ifi_family != AF_UNSPEC || info->ifi_index <= 0)
		return;
	if (m->nlmsg_type == RTM_DELLINK) {
		struct watched *gone = find(l, (uint32_t)info->ifi_index);
		if (gone)
			drop(l, gone);
		return;
	}
	struct watched *w = need(l, (uint32_t)info->ifi_index);
	w->seen = true;
	w->state.up = info->ifi_flags & IFF_UP;
	/* LOWER_UP is the carrier; RUNNING lacks while a wireless interface has carrier but is not let in yet. */
	w->state.running = w->state.up && info->ifi_flags & IFF_LOWER_UP && info->ifi_flags & IFF_RUNNING;
	w->state.loopback = info->ifi_flags & IFF_LOOPBACK;
	w->state.multicast = info->ifi_flags & IFF_MULTICAST;
	read_attrs(&w->state, m);
}

/* --- link-local addresses --- */

/* Which of several to tell: the one told before as long as it is fit, since neighbours know us by it. */
static void choose_linklocal(struct watched *w)
{
	const struct linklocal *best = NULL;

	for (size_t i = 0; i < LINKLOCALS; i++) {
		const struct linklocal *it = &w->linklocals[i];
		bool known = ip_equal(&it->ip, &w->state.linklocal);
		if (ip_is_any(&it->ip))
			continue;
		if (!best || (it->ready && !best->ready) || (known && it->ready == best->ready))
			best = it;
	}
	w->state.linklocal = best ? best->ip : IP_ANY;
	w->state.linklocal_ready = best && best->ready;
}

/* The place of `ip`, or a free one, or NULL. */
static struct linklocal *place_of(struct watched *w, const struct ip *ip)
{
	struct linklocal *room = NULL;

	for (size_t i = 0; i < LINKLOCALS; i++) {
		if (ip_equal(&w->linklocals[i].ip, ip))
			return &w->linklocals[i];
		if (ip_is_any(&w->linklocals[i].ip))
			room = &w->linklocals[i];
	}
	return room;
}

static void on_address(struct links *l, const struct nlmsghdr *m)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(m);
	struct ip ip = IP_ANY;

	if (mnl_nlmsg_get_payload_len(m) < sizeof(*ifa) || ifa->ifa_family != AF_INET6)
		return;
	struct rtnl_attrs a = rtnl_attrs(m, sizeof(*ifa));
	uint32_t flags = ifa->ifa_flags;
	rtnl_get_u32(a.at[IFA_FLAGS], &flags);
	if (a.at[IFA_ADDRESS] && mnl_attr_get_payload_len(a.at[IFA_ADDRESS]) == sizeof(ip.b))
		memcpy(ip.b, mnl_attr_get_payload(a.at[IFA_ADDRESS]), sizeof(ip.b));
	struct watched *w = find(l, ifa->ifa_index);
	struct linklocal *place = w && ip_is_linklocal(&ip) ? place_of(w, &ip) : NULL;
	if (!place)
		return;
	if (m->nlmsg_type == RTM_DELADDR)
		*place = (struct linklocal) { .ip = IP_ANY };
	else
		*place = (struct linklocal) {
			.ip = ip,
			.ready = !(flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)),
			.seen = true,
		};
	choose_linklocal(w);
}

/* --- reading --- */

static void on_news(void *ctx, const struct nlmsghdr *m)
{
	struct links *l = ctx;

	if (m->nlmsg_type == RTM_NEWLINK || m->nlmsg_type == RTM_DELLINK)
		on_link(l, m);
	else if (m->nlmsg_type == RTM_NEWADDR || m->nlmsg_type == RTM_DELADDR)
		on_address(l, m);
}

static void forget_unseen(struct links *l)
{
	MAP_EACH_SAFE (w, &l->links, struct watched, node) {
		if (!w->seen) {
			drop(l, w);
			continue;
		}
		for (size_t i = 0; i < LINKLOCALS; i++)
			if (!w->linklocals[i].seen)
				w->linklocals[i] = (struct linklocal) { .ip = IP_ANY };
		choose_linklocal(w);
	}
}

static bool read_all(struct links *l)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct ifaddrmsg address = { .ifa_family = AF_INET6 };

	MAP_EACH (w, &l->links, struct watched, node) {
		w->seen = false;
		for (size_t i = 0; i < LINKLOCALS; i++)
			w->linklocals[i].seen = false;
	}
	if (!rtnl_dump(l->requests, RTM_GETLINK, &link, sizeof(link), on_news, l) ||
	    !rtnl_dump(l->requests, RTM_GETADDR, &address, sizeof(address), on_news, l))
		return false;
	forget_unseen(l);
	return true;
}

static void read_all_or_retry(struct links *l)
{
	bool ok = read_all(l);

	if (!ok)
		log_problem(&l->events, "cannot read the interfaces: %s", strerror(errno));
	loop_timer_set(l->timer, ok ? MSEC_NEVER : l->now + RETRY);
}

static void on_readable(void *ctx, msec now, unsigned ready)
{
	struct links *l = ctx;

	(void)ready;
	l->now = now;
	if (!rtnl_read(l->news, READS, on_news, l))
		read_all_or_retry(l);
	tell_changed(l);
}

static void on_timer(void *ctx, msec now)
{
	struct links *l = ctx;

	l->now = now;
	read_all_or_retry(l);
	tell_changed(l);
}

/* --- the outside --- */

struct links *links_new(struct loop *loop, struct event_sink events, links_fn *fn, void *ctx)
{
	static const unsigned groups[] = { RTNLGRP_LINK, RTNLGRP_IPV6_IFADDR };
	struct links *l = NEW(struct links);

	*l = (struct links) { .events = events, .fn = fn, .ctx = ctx, .now = loop_now(loop) };
	map_init(&l->links, compare);
	/* The news first: what changes while everything is read is then told afterwards. */
	if (!(l->news = rtnl_open(groups, ARRAY_LEN(groups))) || !(l->requests = rtnl_open(NULL, 0)) || !read_all(l)) {
		int error = errno;
		links_free(l);
		errno = error;
		return NULL;
	}
	l->timer = loop_timer_new(loop, on_timer, l);
	l->watch = loop_watch_new(loop, rtnl_fd(l->news), LOOP_READ, on_readable, l);
	tell_changed(l);
	return l;
}

void links_free(struct links *l)
{
	if (!l)
		return;
	loop_watch_free(l->watch);
	loop_timer_free(l->timer);
	rtnl_close(l->news);
	rtnl_close(l->requests);
	MAP_EACH_SAFE (w, &l->links, struct watched, node) {
		map_remove(&l->links, &w->node);
		free(w);
	}
	free(l);
}

static const struct link_state *told(struct watched *w)
{
	return w && w->is_told ? &w->told : NULL;
}

const struct link_state *links_find(const struct links *l, uint32_t index)
{
	return told(find(l, index));
}

const struct link_state *links_find_name(const struct links *l, const char *name)
{
	MAP_EACH (w, &l->links, struct watched, node) {
		if (w->is_told && strcmp(w->told.name, name) == 0)
			return &w->told;
	}
	return NULL;
}

const struct link_state *links_next(const struct links *l, const struct link_state *after)
{
	uint32_t from = after ? after->index + 1 : 0;

	for (struct map_node *n = map_find_from(&l->links, &from); n; n = map_next(n)) {
		struct watched *w = MAP_ENTRY(n, struct watched, node);
		if (w->is_told)
			return &w->told;
	}
	return NULL;
}
