/* SPDX-License-Identifier: ISC */
/* Trickle (RFC 6206) as a value: when to speak, when to keep silent. Sends nothing and keeps no timer of its own. */
#ifndef HEARTH_PROTO_DNCP_TRICKLE_H
#define HEARTH_PROTO_DNCP_TRICKLE_H

#include "base/random.h"

struct trickle {
	msec imin;
	msec imax;
	unsigned k;
	/* The interval that goes on: */
	msec i;
	msec t;   /* when to speak */
	msec end; /* when it ends */
	unsigned c;
	bool done; /* t is over */
};

/* Begins with an interval of Imin at `now`. */
void dncp_trickle_start(struct trickle *, const struct random_source *, msec now, msec imin, unsigned doublings,
                        unsigned k);

/* Begins a new interval of the present length (RFC 6206 4.2 step 2). */
void dncp_trickle_interval(struct trickle *, const struct random_source *, msec now);

/* What we say has changed. Speaks within Imin, and however often this is called at most every Imin / 2. True if a new
 * interval began. */
bool dncp_trickle_reset(struct trickle *, const struct random_source *, msec now);

/* Somebody has said what we would say. */
static inline void dncp_trickle_consistent(struct trickle *t)
{
	t->c++;
}

/* When dncp_trickle_run() is to be called. */
static inline msec dncp_trickle_next(const struct trickle *t)
{
	return t->done ? t->end : t->t;
}

enum trickle_act { TRICKLE_NOTHING, TRICKLE_SPEAK, TRICKLE_SUPPRESSED };

/* What is to be done at `now`. */
enum trickle_act dncp_trickle_run(struct trickle *, const struct random_source *, msec now);

#endif
