/* SPDX-License-Identifier: ISC */
/* What cores report: one enumerated kind and a few typed fields. Cores never print; sys/ turns events into log lines,
 * the control socket into JSON, tests and the simulator look at them. */
#ifndef HEARTH_BASE_EVENT_H
#define HEARTH_BASE_EVENT_H

#include "base/ip.h"

/* Which fields of `struct event` a kind fills in. */
enum {
	EVENT_NODE = 1 << 0,   /* a DNCP node identifier */
	EVENT_LINK = 1 << 1,   /* an interface index, which is also the endpoint identifier */
	EVENT_ADDR = 1 << 2,   /* an address: mostly of the neighbour */
	EVENT_PREFIX = 1 << 3, /* a prefix */
	EVENT_FROM = 1 << 4,   /* a source prefix */
	EVENT_COUNT = 1 << 5,  /* a number, whose meaning the kind says */
	EVENT_TEXT = 1 << 6,   /* text from us, or from a peer with everything unprintable taken out */
};

/* kind, name, level (0 debug, 1 info, 2 warning), fields */
#define EVENT_KINDS(X)                                                                                                 \
	X(DNCP_PEER_UP, "dncp.peer-up", 1, EVENT_NODE | EVENT_LINK | EVENT_ADDR)                                       \
	X(DNCP_PEER_DOWN, "dncp.peer-down", 1, EVENT_NODE | EVENT_LINK | EVENT_ADDR | EVENT_TEXT)                      \
	X(DNCP_NODE_UP, "dncp.node-up", 1, EVENT_NODE)                                                                 \
	X(DNCP_NODE_DOWN, "dncp.node-down", 1, EVENT_NODE)                                                             \
	X(DNCP_COLLISION, "dncp.node-id-collision", 2, EVENT_NODE)                                                     \
	X(DNCP_OUR_DATA_NEWER, "dncp.own-data-newer-elsewhere", 1, EVENT_NODE | EVENT_COUNT)                           \
	X(DNCP_LIMIT, "dncp.limit-reached", 2, EVENT_COUNT | EVENT_TEXT)                                               \
	X(PA_ASSIGNED, "pa.assigned", 1, EVENT_LINK | EVENT_PREFIX)                                                    \
	X(PA_APPLIED, "pa.applied", 1, EVENT_LINK | EVENT_PREFIX)                                                      \
	X(PA_DROPPED, "pa.dropped", 1, EVENT_LINK | EVENT_PREFIX | EVENT_TEXT)                                         \
	X(PA_BACKOFF, "pa.backoff", 0, EVENT_LINK | EVENT_PREFIX | EVENT_COUNT)                                        \
	X(PA_POOL_EMPTY, "pa.pool-empty", 2, EVENT_LINK | EVENT_PREFIX)                                                \
	X(PA_LIMIT, "pa.limit-reached", 2, EVENT_COUNT | EVENT_TEXT)                                                   \
	X(BABEL_NEIGHBOUR_UP, "babel.neighbour-up", 1, EVENT_LINK | EVENT_ADDR)                                        \
	X(BABEL_NEIGHBOUR_DOWN, "babel.neighbour-down", 1, EVENT_LINK | EVENT_ADDR | EVENT_TEXT)                       \
	X(BABEL_SELECTED, "babel.route-selected", 0,                                                                   \
	  EVENT_PREFIX | EVENT_FROM | EVENT_ADDR | EVENT_LINK | EVENT_COUNT)                                           \
	X(BABEL_LOST, "babel.route-lost", 0, EVENT_PREFIX | EVENT_FROM)                                                \
	X(BABEL_STARVED, "babel.route-starved", 0, EVENT_PREFIX | EVENT_FROM)                                          \
	X(BABEL_LIMIT, "babel.limit-reached", 2, EVENT_COUNT | EVENT_TEXT)                                             \
	X(RA_DEPRECATED, "ra.prefix-deprecated", 1, EVENT_LINK | EVENT_PREFIX | EVENT_COUNT)                           \
	X(HOME_LINK_UP, "home.link-up", 1, EVENT_LINK | EVENT_TEXT)                                                    \
	X(HOME_LINK_DOWN, "home.link-down", 1, EVENT_LINK | EVENT_TEXT)                                                \
	X(HOME_UPLINK_UP, "home.uplink-up", 1, EVENT_LINK | EVENT_TEXT)                                                \
	X(HOME_UPLINK_DOWN, "home.uplink-down", 1, EVENT_LINK | EVENT_TEXT)                                            \
	X(HOME_DELEGATED, "home.prefix-delegated", 1, EVENT_LINK | EVENT_PREFIX | EVENT_COUNT)                         \
	X(HOME_WITHDRAWN, "home.prefix-withdrawn", 1, EVENT_LINK | EVENT_PREFIX)                                       \
	X(HOME_ULA, "home.ula-made", 1, EVENT_PREFIX)                                                                  \
	X(HOME_IPV4, "home.ipv4-made", 1, EVENT_PREFIX)                                                                \
	X(HOME_STOPPING, "home.stopping", 1, 0)                                                                        \
	X(SYS_NOTE, "sys.note", 1, EVENT_TEXT)                                                                         \
	X(SYS_PROBLEM, "sys.problem", 2, EVENT_TEXT)

enum event_kind {
#define X(kind, name, level, fields) EVENT_##kind,
	EVENT_KINDS(X)
#undef X
	        EVENT_KIND_COUNT
};

/* Fields that the kind does not name are zero. `text` lives only during the call. */
struct event {
	enum event_kind kind;
	uint32_t node;
	uint32_t link;
	struct ip addr;
	struct prefix prefix;
	struct prefix from;
	int64_t count;
	const char *text;
};

struct event_info {
	const char *name;
	int level;
	unsigned fields;
};

const struct event_info *event_info(enum event_kind);

/* Where a core's events go. `fn` may be NULL: then nobody listens. */
struct event_sink {
	void (*fn)(void *ctx, const struct event *);
	void *ctx;
};

static inline void event_report(const struct event_sink *s, const struct event *e)
{
	if (s->fn)
		s->fn(s->ctx, e);
}

/* event_report(sink, EVENT(DNCP_PEER_UP, .node = id, .link = ep)) */
#define EVENT(k, ...) (&(struct event) { .kind = EVENT_##k, ##__VA_ARGS__ })

enum { EVENT_LINE = 400 };

/* Writes `name key=value ...` without a line end to `out` and returns it; cut if it does not fit. Text is in quotation
 * marks, with a backslash before any of its own and before backslashes: nothing a peer says looks like another key. */
const char *event_text(const struct event *, char out[EVENT_LINE]);

#endif
