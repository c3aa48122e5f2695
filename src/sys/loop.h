/* SPDX-License-Identifier: ISC */
/* The event loop: the only place that knows libevent, and the only one that reads the clock.
 *
 * Everything runs in one thread. A callback may free any watch, timer or signal, its own included. */
#ifndef HEARTH_SYS_LOOP_H
#define HEARTH_SYS_LOOP_H

#include "base/base.h"

struct loop;
struct loop_watch;
struct loop_timer;
struct loop_signal;

/* NULL with errno if the kernel refuses. */
struct loop *loop_new(void);

/* Frees the loop. What was made on it must have been freed before. */
void loop_free(struct loop *);

/* The time (CLOCK_BOOTTIME: goes on while the machine sleeps), read once for each round of the loop, so that all that
 * happens in a round happens at one time. */
msec loop_now(struct loop *);

/* Runs until loop_stop(); false with errno if the kernel refuses to wait. */
bool loop_run(struct loop *);

/* Runs until `until` has come or loop_stop() was called, whichever is first; MSEC_NEVER waits for loop_stop(). */
bool loop_run_until(struct loop *, msec until);

/* Ends loop_run() after the callbacks of this round. */
void loop_stop(struct loop *);

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* Calls `fn` whenever `fd` is ready for any of `what`, and goes on doing so while it is (level-triggered). The caller
 * keeps the fd and closes it after loop_watch_free(). */
typedef void loop_watch_fn(void *ctx, msec now, unsigned ready);
struct loop_watch *loop_watch_new(struct loop *, int fd, unsigned what, loop_watch_fn *fn, void *ctx);
/* Changes what is waited for; 0 pauses. */
void loop_watch_set(struct loop_watch *, unsigned what);
void loop_watch_free(struct loop_watch *); /* NULL is fine */

/* A one-shot timer, not set at first. Due timers run in the order of their times. */
typedef void loop_timer_fn(void *ctx, msec now);
struct loop_timer *loop_timer_new(struct loop *, loop_timer_fn *fn, void *ctx);
/* (Re)sets it to run at `at`, an absolute time; MSEC_NEVER clears it. */
void loop_timer_set(struct loop_timer *, msec at);
void loop_timer_free(struct loop_timer *); /* NULL is fine */

/* Calls `fn` after each time the process got signal `number`. */
typedef void loop_signal_fn(void *ctx, msec now, int number);
struct loop_signal *loop_signal_new(struct loop *, int number, loop_signal_fn *fn, void *ctx);
void loop_signal_free(struct loop_signal *); /* NULL is fine */

#endif
