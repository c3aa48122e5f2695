/* SPDX-License-Identifier: ISC */
/* What a router holds at most, and what happens beyond. */
#ifndef HEARTH_HOME_LIMITS_H
#define HEARTH_HOME_LIMITS_H

#include "base/base.h"

enum {
	HOME_LINKS_MAX = 64,       /* interfaces; newest refused, reported */
	HOME_UPLINKS_MAX = 8,      /* newest refused, reported */
	HOME_OWN_MAX = 32,         /* delegations of ours, stale ones too: the stale one that ends first makes room */
	HOME_DELEGATIONS_MAX = 64, /* in the whole home: those of the greatest node identifiers are left out */
	HOME_IPV4_MAX = HOME_LINKS_MAX, /* our IPv4 addresses, one a link */
	HOME_STATE_MAX = 16384,         /* bytes of one stored blob */
};

/* Hosts ignore a valid lifetime cut below two hours (RFC 4862 5.5.3), so a vanished prefix lives on that long at most.
 */
#define HOME_STALE_MAX ((msec)2 * HOUR)

/* How long a delegation from before a restart counts as live while its uplink comes back. */
#define HOME_HOLD ((msec)20 * SECOND)

/* After a link has come up, how long until silence there means that nobody is there: a router that is there answers our
 * first Network State within a Trickle interval or two (RFC 7787 4.3: Imin is 200 ms), or speaks by itself. */
#define HOME_LISTEN ((msec)2 * SECOND)

#endif
