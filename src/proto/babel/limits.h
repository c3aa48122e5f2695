/* SPDX-License-Identifier: ISC */
/* Everything that a peer can make Babel grow, and what happens at the limit. Each refusal is counted, and reported as
 * an event at most once in LIMIT_REPORT. */
#ifndef HEARTH_PROTO_BABEL_LIMITS_H
#define HEARTH_PROTO_BABEL_LIMITS_H

#include "base/base.h"

enum babel_limit {
	/* Neighbours of one interface; a new one is not heard until another is gone. */
	LIMIT_NEIGHBOURS = 64,
	/* Routes learnt, of all neighbours; an update for a further one is ignored, those known are kept up. */
	LIMIT_ROUTES = 65536,
	/* Routes learnt from one neighbour, so that no single one can use up the table; as above. */
	LIMIT_ROUTES_OF_NEIGHBOUR = 52000,
	/* Feasibility distances; a route whose distance cannot be remembered is not announced: a route less, never a
	 * loop more. */
	LIMIT_SOURCES = 98304,
	/* Seqno requests that wait for their answer; a further one is neither sent nor forwarded. */
	LIMIT_REQUESTS = 1024,
	/* Bytes collected for one neighbour (acknowledgments, requests); what does not fit sends the rest first. */
	LIMIT_UNICAST = 512,
	/* Times an update is repeated for those who may have missed it (RFC 8966 3.7.2: at most 5). */
	LIMIT_COPIES = 5,
};

/* The least time between two events about a limit. */
enum { LIMIT_REPORT = MINUTE };

#endif
