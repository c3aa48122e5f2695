/* SPDX-License-Identifier: ISC */
/* Text for people: a growing buffer, tables with aligned columns, times in words. */
#ifndef HEARTH_HEARTH_TEXT_H
#define HEARTH_HEARTH_TEXT_H

#include "base/base.h"

/* A zeroed one is empty and ready. */
struct text {
	char *at; /* ends with a zero; NULL as long as nothing was added */
	size_t len;
	size_t room;
	bool colour; /* mark things with ANSI colours */
};

void text_free(struct text *);

/* Adds as printf does. What comes from others goes through text_clean() first. */
__attribute__((format(printf, 2, 3))) void text_add(struct text *, const char *format, ...);

enum colour { COLOUR_GOOD, COLOUR_BAD, COLOUR_WEAK };

/* Adds `words` in a colour, if colours are on. */
void text_colour(struct text *, enum colour, const char *words);

/* A table whose columns are as wide as their widest cell. A zeroed one with `columns` set is empty and ready. */
struct table {
	size_t columns;
	char **cells;
	size_t count;
};

/* The next cell, by rows. Control characters of a terminal become '?'. */
__attribute__((format(printf, 2, 3))) void table_cell(struct table *, const char *format, ...);

/* Writes the rows (the last one filled up), each after `indent`, and frees the table. With `header` the first row
 * is in a weak colour, and nothing at all is written if it is the only one. */
void table_write(struct table *, struct text *, const char *indent, bool header);

enum { SPAN_TEXT = 32 };

/* A span of time in its two largest units: "41 s", "12 min", "2 h 14 min", "3 d 4 h". */
const char *span_text(int64_t seconds, char out[SPAN_TEXT]);

#endif
