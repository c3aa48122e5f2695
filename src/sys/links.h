/* SPDX-License-Identifier: ISC */
/* The network interfaces of this machine, as the kernel tells of them. */
#ifndef HEARTH_SYS_LINKS_H
#define HEARTH_SYS_LINKS_H

#include "base/event.h"
#include "sys/loop.h"

enum { LINK_NAME = 16 };

struct link_state {
	uint32_t index;
	char name[LINK_NAME];
	bool up;      /* switched on by the administrator */
	bool running; /* and has carrier, and (wireless) is let in: packets can pass */
	bool wireless;
	bool loopback;
	bool multicast;
	bool has_mac;
	uint8_t mac[6];
	uint32_t mtu;
	struct ip linklocal;  /* IP_ANY if it has none */
	bool linklocal_ready; /* duplicate address detection is over: it may be sent from */
};

struct links;

/* `link` is new or changed; or, if `gone`, is what it was before it went. It lives only during the call, which must not
 * free the links. */
typedef void links_fn(void *ctx, msec now, const struct link_state *link, bool gone);

/* Watches the interfaces of this network namespace. `fn` is called for those there are before this returns, and from
 * the loop whenever something of the value changes. An index that goes and comes back is told as gone between. If the
 * kernel drops notifications (ENOBUFS) everything is read again. NULL with errno if netlink refuses. */
struct links *links_new(struct loop *, struct event_sink, links_fn *fn, void *ctx);

void links_free(struct links *);

/* The interface as last told, or NULL; valid until the loop runs on. */
const struct link_state *links_find(const struct links *, uint32_t index);
const struct link_state *links_find_name(const struct links *, const char *name);

/* Those there are, in the order of their indexes: links_next(l, NULL) is the first; NULL after the last. */
const struct link_state *links_next(const struct links *, const struct link_state *);

#endif
