/* SPDX-License-Identifier: ISC */
/* The view: what this home looks like, worked out from what all routers publish. A pure function of the shared state,
 * made anew whenever that changes; never edited. */
#ifndef HEARTH_HOME_VIEW_H
#define HEARTH_HOME_VIEW_H

#include "base/arena.h"
#include "proto/dncp/dncp.h"
#include "proto/hncp/hncp.h"

enum view_kind { VIEW_ISP, VIEW_ULA, VIEW_IPV4 };

/* "isp", "ula", "ipv4" */
const char *view_kind_name(enum view_kind);

/* A delegated prefix that counts for prefix assignment (RFC 7788 6.3.1). */
struct view_delegation {
	struct prefix prefix;
	uint32_t node; /* the publisher */
	enum view_kind kind;
	msec valid_until;
	msec preferred_until;
	bool internet;   /* no policy, or policy type 0 (RFC 7788 6.2) */
	bool assignable; /* new assignments may be made from it while it is preferred (RFC 7788 6.3.2) */
};

/* A common link as seen from one of our interfaces (RFC 7788 6.1). */
struct view_link {
	uint32_t link;
	const struct hncp_link_member *members; /* the other routers' interfaces */
	size_t member_count;
	bool assign; /* prefixes are assigned here: false on all but one of our interfaces to the same common link */
};

struct view {
	struct arena arena;
	struct hncp_network net;
	const struct view_link *links; /* in the order asked */
	size_t link_count;
	struct view_delegation *delegations; /* by prefix; none is inside another */
	size_t delegation_count;
};

/* Makes the view from all reachable nodes, for our inside interfaces `links` (ascending). It owns all that it shows. */
void view_build(struct view *, const struct dncp *, const uint32_t *links, size_t link_count, msec now);
void view_free(struct view *);

/* The common link at our interface; NULL if it is none of ours. */
const struct view_link *view_link_find(const struct view *, uint32_t link);

/* The delegation with exactly that prefix; NULL if there is none. */
const struct view_delegation *view_delegation_find(const struct view *, const struct prefix *);

/* True for what a home can be numbered from: less would leave links without, and is no reason not to make our own. */
bool view_prefix_is_enough(const struct prefix *);

/* Adds a delegation that nobody publishes just now. Does nothing if one of the view contains it or is inside it, or if
 * there is no room. */
void view_delegation_add(struct view *, const struct view_delegation *d);

/* True if `d` may be the source of new assignments now (RFC 7788 6.3.2: not when it is deprecated while another of its
 * family is preferred; 6.5: not when it is generated and one of a greater node identifier is there). */
bool view_delegation_creatable(const struct view *, const struct view_delegation *d, msec now);

#endif
