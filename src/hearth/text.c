/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* vasprintf */
#include "hearth/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_free(struct text *t)
{
	free(t->at);
	t->at = NULL;
	t->len = t->room = 0;
}

static void add_bytes(struct text *t, const char *bytes, size_t len)
{
	if (t->room < t->len + len + 1) {
		t->room = MAX(t->len + len + 1, t->room * 2);
		t->at = mem_resize(t->at, t->room, 1);
	}
	memcpy(t->at + t->len, bytes, len);
	t->len += len;
	t->at[t->len] = '\0';
}

void text_add(struct text *t, const char *format, ...)
{
	char *line = NULL;
	va_list args;

	va_start(args, format);
	int len = vasprintf(&line, format, args);
	va_end(args);
	ASSERT(len >= 0);
	add_bytes(t, line, (size_t)len);
	free(line);
}

void text_colour(struct text *t, enum colour colour, const char *words)
{
	static const char *const codes[] = { [COLOUR_GOOD] = "32", [COLOUR_BAD] = "1;31", [COLOUR_WEAK] = "2" };

	if (t->colour)
		text_add(t, "\033[%sm%s\033[0m", codes[colour], words);
	else
		text_add(t, "%s", words);
}

/* Names come from other routers: none of them may drive the terminal (C0, DEL, and C1 as UTF-8 has it). */
static void clean(char *s)
{
	for (unsigned char *c = (unsigned char *)s; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
}

void table_cell(struct table *t, const char *format, ...)
{
	char *cell = NULL;
	va_list args;

	va_start(args, format);
	int len = vasprintf(&cell, format, args);
	va_end(args);
	ASSERT(len >= 0);
	clean(cell);
	t->cells = mem_resize(t->cells, t->count + 1, sizeof(*t->cells));
	t->cells[t->count++] = cell;
}

/* In characters, which are columns for all but rare scripts. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void write_row(const struct table *t, const size_t *widths, size_t first, struct text *out)
{
	size_t last = t->columns;

	while (last > 0 && !*t->cells[first + last - 1])
		last--;
	for (size_t i = 0; i < last; i++) {
		const char *cell = t->cells[first + i];
		size_t pad = i + 1 < last ? widths[i] - width(cell) + (widths[i] ? 2 : 0) : 0;
		text_add(out, "%s%*s", cell, (int)pad, "");
	}
}

static void write_rows(const struct table *t, struct text *out, const char *indent, bool header)
{
	size_t *widths = mem_new(t->columns, sizeof(*widths));

	for (size_t i = 0; i < t->count; i++)
		widths[i % t->columns] = MAX(widths[i % t->columns], width(t->cells[i]));
	for (size_t row = 0; row < t->count; row += t->columns) {
		struct text line = { 0 };
		write_row(t, widths, row, &line);
		text_add(out, "%s", indent);
		if (header && row == 0)
			text_colour(out, COLOUR_WEAK, line.at ? line.at : "");
		else
			text_add(out, "%s", line.at ? line.at : "");
		text_add(out, "\n");
		text_free(&line);
	}
	free(widths);
}

void table_write(struct table *t, struct text *out, const char *indent, bool header)
{
	while (t->count % t->columns)
		table_cell(t, "%s", "");
	if (!header || t->count > t->columns)
		write_rows(t, out, indent, header);
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table) { .columns = t->columns };
}

const char *span_text(int64_t s, char out[SPAN_TEXT])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	size_t u = 0;

	while (u + 1 < ARRAY_LEN(units) && s < units[u].seconds)
		u++;
	int64_t rest = s % units[u].seconds;
	int64_t next = u + 1 < ARRAY_LEN(units) ? rest / units[u + 1].seconds : 0;
	/* Nobody asks for the seconds of half an hour. */
	if (next > 0 && (u < 2 || s < 10 * 60))
		snprintf(out, SPAN_TEXT, "%" PRId64 " %s %" PRId64 " %s", s / units[u].seconds, units[u].name, next,
		         units[u + 1].name);
	else
		snprintf(out, SPAN_TEXT, "%" PRId64 " %s", s / units[u].seconds, units[u].name);
	return out;
}
