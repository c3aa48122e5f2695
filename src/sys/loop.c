/* SPDX-License-Identifier: ISC */
#include "sys/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/timer.h"

/* libevent's own timers count CLOCK_MONOTONIC, which stands still while the machine sleeps. So all timers wait in one
 * heap and one timerfd, which keeps absolute times of CLOCK_BOOTTIME exactly. */
struct loop {
	struct event_base *base;
	struct timers timers;
	int timerfd;
	struct event *timer_event;
	msec armed; /* what the timerfd is set to */
	msec now;
	bool now_valid; /* `now` was read in this round */
	bool stopping;
};

struct loop_watch {
	struct loop *loop;
	struct event *event;
	int fd;
	loop_watch_fn *fn;
	void *ctx;
};

struct loop_timer {
	struct timer timer;
	struct loop *loop;
	loop_timer_fn *fn;
	void *ctx;
};

struct loop_signal {
	struct loop *loop;
	struct event *event;
	loop_signal_fn *fn;
	void *ctx;
};

msec loop_now(struct loop *l)
{
	struct timespec ts;

	if (!l->now_valid) {
		clock_gettime(CLOCK_BOOTTIME, &ts);
		l->now = (msec)ts.tv_sec * SECOND + ts.tv_nsec / 1000000;
		l->now_valid = true;
	}
	return l->now;
}

static void on_timerfd(evutil_socket_t fd, short what, void *ctx)
{
	struct loop *l = ctx;
	uint64_t expirations;

	(void)what;
	if (read(fd, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
		base_panic(__FILE__, __LINE__, "timerfd cannot be read");
	l->armed = MSEC_NEVER;
	timers_run(&l->timers, loop_now(l));
}

/* Before the loop waits: the timerfd follows the first of the heap. Done once a round, however often timers move. */
static void arm(struct loop *l)
{
	msec next = timers_next(&l->timers);
	struct itimerspec spec = { 0 };

	if (next == l->armed)
		return;
	l->armed = next;
	if (next != MSEC_NEVER) {
		next = MAX(next, 1); /* all zeroes would disarm */
		spec.it_value.tv_sec = (time_t)(next / SECOND);
		spec.it_value.tv_nsec = (long)(next % SECOND) * 1000000;
	}
	ASSERT(timerfd_settime(l->timerfd, TFD_TIMER_ABSTIME, &spec, NULL) == 0);
}

struct loop *loop_new(void)
{
	struct loop *l = NEW(struct loop);

	l->armed = MSEC_NEVER;
	l->timerfd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	l->base = event_base_new();
	if (l->timerfd < 0 || !l->base) {
		int error = errno;
		loop_free(l);
		errno = error;
		return NULL;
	}
	l->timer_event = event_new(l->base, l->timerfd, EV_READ | EV_PERSIST, on_timerfd, l);
	ASSERT(l->timer_event && event_add(l->timer_event, NULL) == 0);
	return l;
}

void loop_free(struct loop *l)
{
	if (l->timer_event)
		event_free(l->timer_event);
	if (l->base)
		event_base_free(l->base);
	if (l->timerfd >= 0)
		close(l->timerfd);
	timers_free(&l->timers);
	free(l);
}

bool loop_run(struct loop *l)
{
	l->stopping = false;
	while (!l->stopping) {
		arm(l);
		l->now_valid = false;
		if (event_base_loop(l->base, EVLOOP_ONCE) < 0)
			return false;
	}
	return true;
}

static void on_until(void *ctx, msec now)
{
	(void)now;
	loop_stop(ctx);
}

bool loop_run_until(struct loop *l, msec until)
{
	struct loop_timer *t = loop_timer_new(l, on_until, l);

	loop_timer_set(t, until);
	bool ok = loop_run(l);
	loop_timer_free(t);
	return ok;
}

void loop_stop(struct loop *l)
{
	l->stopping = true;
}

static void on_ready(evutil_socket_t fd, short what, void *ctx)
{
	struct loop_watch *w = ctx;
	unsigned ready = (what & EV_READ ? LOOP_READ : 0U) | (what & EV_WRITE ? LOOP_WRITE : 0U);

	(void)fd;
	w->fn(w->ctx, loop_now(w->loop), ready);
}

struct loop_watch *loop_watch_new(struct loop *l, int fd, unsigned what, loop_watch_fn *fn, void *ctx)
{
	struct loop_watch *w = NEW(struct loop_watch);

	*w = (struct loop_watch) { .loop = l, .fd = fd, .fn = fn, .ctx = ctx };
	w->event = event_new(l->base, fd, EV_PERSIST, on_ready, w);
	ASSERT(w->event);
	loop_watch_set(w, what);
	return w;
}

void loop_watch_set(struct loop_watch *w, unsigned what)
{
	short events = EV_PERSIST;

	if (what & LOOP_READ)
		events |= EV_READ;
	if (what & LOOP_WRITE)
		events |= EV_WRITE;
	event_del(w->event);
	ASSERT(event_assign(w->event, w->loop->base, w->fd, events, on_ready, w) == 0);
	if (what)
		ASSERT(event_add(w->event, NULL) == 0);
}

void loop_watch_free(struct loop_watch *w)
{
	if (!w)
		return;
	event_free(w->event);
	free(w);
}

/* The loop_timer may be freed by what it calls. */
static void on_timer(struct timer *timer, msec now)
{
	struct loop_timer *t = CONTAINER_OF(timer, struct loop_timer, timer);

	t->fn(t->ctx, now);
}

struct loop_timer *loop_timer_new(struct loop *l, loop_timer_fn *fn, void *ctx)
{
	struct loop_timer *t = NEW(struct loop_timer);

	timer_init(&t->timer, on_timer);
	t->loop = l;
	t->fn = fn;
	t->ctx = ctx;
	return t;
}

void loop_timer_set(struct loop_timer *t, msec at)
{
	timer_set(&t->loop->timers, &t->timer, at);
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	timer_clear(&t->loop->timers, &t->timer);
	free(t);
}

static void on_signal(evutil_socket_t number, short what, void *ctx)
{
	struct loop_signal *s = ctx;

	(void)what;
	s->fn(s->ctx, loop_now(s->loop), (int)number);
}

struct loop_signal *loop_signal_new(struct loop *l, int number, loop_signal_fn *fn, void *ctx)
{
	struct loop_signal *s = NEW(struct loop_signal);

	*s = (struct loop_signal) { .loop = l, .fn = fn, .ctx = ctx };
	s->event = evsignal_new(l->base, number, on_signal, s);
	ASSERT(s->event && event_add(s->event, NULL) == 0);
	return s;
}

void loop_signal_free(struct loop_signal *s)
{
	if (!s)
		return;
	event_free(s->event);
	free(s);
}
