/* SPDX-License-Identifier: ISC */
/* Events as lines: `2025-01-31T12:00:00.123Z warning dncp.peer-down node=... link=...`, one write() each. */
#ifndef HEARTH_SYS_LOG_H
#define HEARTH_SYS_LOG_H

#include "base/event.h"

enum {
	LOG_BURST = 64,   /* lines of one kind of event at once */
	LOG_PER_MIN = 60, /* and on the average: neighbours can cause events as fast as they like */
};

/* How much of one kind may still be written. */
struct log_bucket {
	int64_t at;   /* CLOCK_BOOTTIME in ms, when it was counted last; 0: never */
	int64_t left; /* in 1/60000 lines */
	uint64_t dropped;
};

/* Zeroed but for fd and level it is ready. What is too much of one kind is counted, and said with the next line of it.
 */
struct log {
	int fd;    /* STDERR_FILENO mostly */
	int level; /* the least level written: 0 debug, 1 info, 2 warning */
	struct log_bucket buckets[EVENT_KIND_COUNT];
};

/* A sink that writes to `log`, which must outlive it. */
struct event_sink log_sink(struct log *);

/* The name of an event's level. */
const char *log_level_name(int level);

/* Reports text (as printf) as an event SYS_NOTE or SYS_PROBLEM; cut if long. */
__attribute__((format(printf, 2, 3))) void log_note(const struct event_sink *, const char *format, ...);
__attribute__((format(printf, 2, 3))) void log_problem(const struct event_sink *, const char *format, ...);

#endif
