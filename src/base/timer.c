/* SPDX-License-Identifier: ISC */
#include "base/timer.h"

#include <stdlib.h>

static bool earlier(const struct timer *a, const struct timer *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void place(struct timers *ts, size_t i, struct timer *t)
{
	ts->heap[i] = t;
	t->slot = i + 1;
}

static void sift_up(struct timers *ts, size_t i, struct timer *t)
{
	for (; i && earlier(t, ts->heap[(i - 1) / 2]); i = (i - 1) / 2)
		place(ts, i, ts->heap[(i - 1) / 2]);
	place(ts, i, t);
}

static void sift_down(struct timers *ts, size_t i, struct timer *t)
{
	for (size_t child; (child = 2 * i + 1) < ts->count; i = child) {
		if (child + 1 < ts->count && earlier(ts->heap[child + 1], ts->heap[child]))
			child++;
		if (!earlier(ts->heap[child], t))
			break;
		place(ts, i, ts->heap[child]);
	}
	place(ts, i, t);
}

void timers_free(struct timers *ts)
{
	for (size_t i = 0; i < ts->count; i++)
		ts->heap[i]->slot = 0;
	free(ts->heap);
	*ts = (struct timers) { 0 };
}

void timer_clear(struct timers *ts, struct timer *t)
{
	if (!t->slot)
		return;
	size_t i = t->slot - 1;
	ASSERT(i < ts->count && ts->heap[i] == t);
	t->slot = 0;
	struct timer *last = ts->heap[--ts->count];
	if (last == t)
		return;
	if (i && earlier(last, ts->heap[(i - 1) / 2]))
		sift_up(ts, i, last);
	else
		sift_down(ts, i, last);
}

void timer_set(struct timers *ts, struct timer *t, msec at)
{
	ASSERT(t->fn);
	timer_clear(ts, t);
	if (at == MSEC_NEVER)
		return;
	if (ts->count == ts->room) {
		ts->room = ts->room ? 2 * ts->room : 16;
		ts->heap = mem_resize(ts->heap, ts->room, sizeof(*ts->heap));
	}
	t->at = ts->running ? MAX(at, ts->now) : at;
	t->order = ts->order++;
	sift_up(ts, ts->count++, t);
}

void timer_set_sooner(struct timers *ts, struct timer *t, msec at)
{
	if (!t->slot || at < t->at)
		timer_set(ts, t, at);
}

void timers_run(struct timers *ts, msec now)
{
	uint64_t until = ts->order; /* what is set from now on comes after all that is due already, and waits */

	ts->running = true;
	ts->now = now;
	while (ts->count && ts->heap[0]->at <= now && ts->heap[0]->order < until) {
		struct timer *t = ts->heap[0];
		timer_clear(ts, t);
		t->fn(t, now);
	}
	ts->running = false;
}
