/* SPDX-License-Identifier: ISC */
/* What may grow in a router advertiser, how far, and what happens there. */
#ifndef HEARTH_PROTO_RA_LIMITS_H
#define HEARTH_PROTO_RA_LIMITS_H

enum {
	/* Of each kind, configured and withdrawn together. At the limit the withdrawn one that ends soonest goes; if
	 * all are configured, the new one is left out and counted (options-left-out-for-size). */
	RA_PREFIXES_MAX = 64, /* the home has half of that at once, so that a withdrawn one is told before it must go */
	RA_ROUTES_MAX = 17,   /* RFC 4191 4: no more Route Information options than this on a link */
	RA_SERVERS_MAX = 8,
	RA_NAMES_MAX = 8,

	/* An advertisement that needs more packets than this loses its last options, which are counted. */
	RA_PACKETS_MAX = 4,

	/* Answers to one host alone in MIN_DELAY_BETWEEN_RAS (3 seconds). Whoever asks beyond that is answered by one
	 * multicast together with everyone else, and that is limited to one in 3 seconds (RFC 4861 6.2.6). */
	RA_ANSWERS_MAX = 16,
};

#endif
