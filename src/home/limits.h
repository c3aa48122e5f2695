/* SPDX-License-Identifier: ISC */
/* What a router holds at most, and what happens beyond. */
#ifndef HEARTH_HOME_LIMITS_H
#define HEARTH_HOME_LIMITS_H

#include "base/base.h"

enum {
	HOME_LINKS_MAX = 64,  /* interfaces; newest refused, reported */
	HOME_UPLINKS_MAX = 8, /* newest refused, reported */
	HOME_NODE_DELEGATIONS_MAX =
	        12, /* of one node: its later ones are left out, so that no node fills the home alone */
	HOME_OWN_MAX =
	        HOME_NODE_DELEGATIONS_MAX, /* of ours, stale ones too: the stale one that ends first makes room */
	HOME_DELEGATIONS_MAX = 32,         /* in the whole home: those of the greatest node identifiers are left out */
	HOME_IPV4_MAX = HOME_LINKS_MAX,    /* our IPv4 addresses, one a link */
	HOME_TAKEN_MAX = 32,       /* prefixes in which somebody had our first address; the oldest is forgotten */
	HOME_REMEMBERED_MAX = 512, /* what interfaces that are not there had; the oldest is forgotten */
	/* Bytes of one stored blob. Not to be reached: the largest is what every link's hosts were told and what is
	 * remembered of absent ones, 37 bytes an entry, (64 * RA_PREFIXES_MAX + 512) * 37 in all. */
	HOME_STATE_MAX = 192 * 1024,
};

/* Hosts ignore a valid lifetime cut below two hours (RFC 4862 5.5.3), so a vanished prefix lives on that long at most.
 */
#define HOME_STALE_MAX ((msec)2 * HOUR)

/* How long a delegation from before a restart counts as live while its uplink comes back. */
#define HOME_HOLD ((msec)20 * SECOND)

/* How long a link that has come up is advertised nothing, if there is nothing to be said. */
#define HOME_SILENT ((msec)15 * SECOND)

/* How long another router's generated prefix must have been the home's before we would make the same again when it is
 * gone: a visitor's is not. */
#define HOME_ADOPTED ((msec)10 * MINUTE)

/* How long a generated prefix goes on when its maker has vanished: until another has made it again, which RFC 7788 6.5
 * delays by up to 10 seconds. */
#define HOME_ORPHANED ((msec)20 * SECOND)

/* When a router vanishes from a link, how long those that stay ask hosts to prefer them (RFC 4191): a host that used it
 * finds out by itself only when neighbour unreachability detection has run, up to 45 s and some (RFC 4861 7.3, 10). */
#define HOME_PREFERRED ((msec)60 * SECOND)

/* After a link has come up, how long until silence there means that nobody is there: a router that is there answers our
 * first Network State within a Trickle interval or two (RFC 7787 4.3: Imin is 200 ms), or speaks by itself. */
#define HOME_LISTEN ((msec)2 * SECOND)

#endif
