/* SPDX-License-Identifier: ISC */
/* Events as lines: `2025-01-31T12:00:00.123Z warning dncp.peer-down node=... link=...`, one write() each. */
#ifndef HEARTH_SYS_LOG_H
#define HEARTH_SYS_LOG_H

#include "base/event.h"

struct log {
	int fd;    /* STDERR_FILENO mostly */
	int level; /* the least level written: 0 debug, 1 info, 2 warning */
};

/* A sink that writes to `log`, which must outlive it. */
struct event_sink log_sink(struct log *);

/* The name of an event's level. */
const char *log_level_name(int level);

/* Reports text (as printf) as an event SYS_NOTE or SYS_PROBLEM; cut if long. */
__attribute__((format(printf, 2, 3))) void log_note(const struct event_sink *, const char *format, ...);
__attribute__((format(printf, 2, 3))) void log_problem(const struct event_sink *, const char *format, ...);

#endif
