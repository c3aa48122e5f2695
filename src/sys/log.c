/* SPDX-License-Identifier: ISC */
#include "sys/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

const char *log_level_name(int level)
{
	static const char *const names[] = { "debug", "info", "warning" };

	return names[MIN(MAX(level, 0), (int)ARRAY_LEN(names) - 1)];
}

/* UTC, so that the lines of several routers can be laid side by side. */
static size_t stamp(char *out, size_t size)
{
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	size_t n = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
	return n + (size_t)snprintf(out + n, size - n, ".%03ldZ", ts.tv_nsec / 1000000);
}

/* Takes one line out of the bucket; false if it is empty. */
static bool take_line(struct log_bucket *b)
{
	const int64_t line = MINUTE;
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	int64_t now = ts.tv_sec * SECOND + ts.tv_nsec / 1000000;
	b->left = b->at ? MIN(b->left + (now - b->at) * LOG_PER_MIN, LOG_BURST * line) : LOG_BURST * line;
	b->at = now;
	if (b->left < line) {
		b->dropped++;
		return false;
	}
	b->left -= line;
	return true;
}

static void write_line(void *ctx, const struct event *e)
{
	struct log *log = ctx;
	struct log_bucket *bucket = &log->buckets[e->kind];
	int level = event_info(e->kind)->level;
	char text[EVENT_LINE], line[EVENT_LINE + 96], when[40], more[32] = "";

	if (level < log->level || !take_line(bucket))
		return;
	stamp(when, sizeof(when));
	if (bucket->dropped)
		snprintf(more, sizeof(more), " left-out=%llu", (unsigned long long)bucket->dropped);
	bucket->dropped = 0;
	int n = snprintf(line, sizeof(line), "%s %s %s%s\n", when, log_level_name(level), event_text(e, text), more);
	/* A log that is full or gone must not stop the router. */
	if (write(log->fd, line, (size_t)n) < 0)
		return;
}

struct event_sink log_sink(struct log *log)
{
	return (struct event_sink) { .fn = write_line, .ctx = log };
}

__attribute__((format(printf, 3, 0))) static void report(const struct event_sink *sink, enum event_kind kind,
                                                         const char *format, va_list args)
{
	char text[EVENT_LINE];
	struct event e = { .kind = kind, .text = text };

	vsnprintf(text, sizeof(text), format, args);
	event_report(sink, &e);
}

void log_note(const struct event_sink *sink, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(sink, EVENT_SYS_NOTE, format, args);
	va_end(args);
}

void log_problem(const struct event_sink *sink, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(sink, EVENT_SYS_PROBLEM, format, args);
	va_end(args);
}
