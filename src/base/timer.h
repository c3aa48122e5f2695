/* SPDX-License-Identifier: ISC */
/* Timers of one core: a heap of deadlines, threaded through the things that wait.
 *
 * A core keeps one `struct timers`; its deadline question is timers_next() and its run is timers_run(). Timers that are
 * due at the same time run in the order they were set, so that a run can be repeated exactly. */
#ifndef HEARTH_BASE_TIMER_H
#define HEARTH_BASE_TIMER_H

#include "base/base.h"

struct timer;

/* Called when the time has come; the timer is then no longer set and may be set again or freed. */
typedef void timer_fn(struct timer *, msec now);

struct timer {
	timer_fn *fn;
	msec at;
	uint64_t order;
	size_t slot; /* place in the heap plus one; 0 if not set */
};

struct timers {
	struct timer **heap;
	size_t count;
	size_t room;
	uint64_t order;
	bool running; /* within timers_run(), at `now` */
	msec now;
};

/* Releases the heap; timers still set are forgotten, not called. */
void timers_free(struct timers *);

/* A zeroed `struct timers` is ready to use, and so is a timer after this. */
static inline void timer_init(struct timer *t, timer_fn *fn)
{
	*t = (struct timer) { .fn = fn };
}

static inline bool timer_is_set(const struct timer *t)
{
	return t->slot != 0;
}

/* (Re)sets the timer to `at`; MSEC_NEVER clears it. */
void timer_set(struct timers *, struct timer *, msec at);

/* As timer_set(), but never later than it is set for already. */
void timer_set_sooner(struct timers *, struct timer *, msec at);

void timer_clear(struct timers *, struct timer *);

/* When timers_run() is to be called; MSEC_NEVER if no timer is set. */
static inline msec timers_next(const struct timers *t)
{
	return t->count ? t->heap[0]->at : MSEC_NEVER;
}

/* Calls every timer that is due at `now`; one that a callback sets to `now` or earlier waits for the next call,
 * as if set to `now`, so that it can neither hang us nor come before others that are due. */
void timers_run(struct timers *, msec now);

#endif
