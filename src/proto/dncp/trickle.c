/* SPDX-License-Identifier: ISC */
#include "proto/dncp/trickle.h"

void dncp_trickle_start(struct trickle *t, const struct random_source *r, msec now, msec imin, unsigned doublings,
                        unsigned k)
{
	ASSERT(imin >= 2 && doublings < 24 && k > 0);
	*t = (struct trickle) { .imin = imin, .imax = imin << doublings, .k = k, .i = imin };
	dncp_trickle_interval(t, r, now);
}

/* RFC 6206 4.2 step 2: c is 0, t random in [I/2, I). */
void dncp_trickle_interval(struct trickle *t, const struct random_source *r, msec now)
{
	t->c = 0;
	t->done = false;
	t->t = now + random_between(r, t->i / 2, t->i - 1);
	t->end = now + t->i;
}

bool dncp_trickle_reset(struct trickle *t, const struct random_source *r, msec now)
{
	/* RFC 6206 4.2 step 6: "If I is equal to Imin ... does nothing", so that a stream of changes cannot put off
	 * what is due. But what was heard until now agreed with what we no longer say, so it suppresses nothing. */
	if (t->i == t->imin && !t->done) {
		t->c = 0;
		return false;
	}
	/* Once t is over in an interval of Imin, doing nothing would leave the change unsaid until the next one. Step 6
	 * lets events reset the timer at any time; a new interval keeps Imin / 2 between two transmissions. */
	t->i = t->imin;
	dncp_trickle_interval(t, r, now);
	return true;
}

enum trickle_act dncp_trickle_run(struct trickle *t, const struct random_source *r, msec now)
{
	enum trickle_act act = TRICKLE_NOTHING;

	if (!t->done && now >= t->t) {
		t->done = true;
		act = t->c < t->k ? TRICKLE_SPEAK : TRICKLE_SUPPRESSED; /* step 4 */
	}
	if (now >= t->end) {
		/* Step 5. If we were not run for long, intervals begin anew from now. */
		msec begin = now - t->end < t->imin ? t->end : now;
		t->i = MIN(2 * t->i, t->imax);
		dncp_trickle_interval(t, r, begin);
	}
	return act;
}
