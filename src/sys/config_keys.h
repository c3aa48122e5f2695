/* SPDX-License-Identifier: ISC */
/* Between config.c, which reads lines, and config_keys.c, which knows what they mean. */
#ifndef HEARTH_SYS_CONFIG_KEYS_H
#define HEARTH_SYS_CONFIG_KEYS_H

#include "sys/config.h"

struct config_section_kind;

/* Where the sections of this file began, for messages about what belongs together. */
struct config_parser {
	struct config config;
	const char *path;
	const char *at; /* the rest of the text */
	char *error;
	int line;
	bool failed;
	bool unanswered;   /* inih was given a line and has not told us of it */
	bool section_line; /* the line was a section's */

	const struct config_section_kind *kind; /* of the section we are in; NULL before the first */
	unsigned seen;                          /* its keys so far, a bit each */
	int router_line;
	int interface_line[CONFIG_INTERFACES];
	bool uplink_said[CONFIG_INTERFACES];
	int uplink_line[CONFIG_UPLINKS];
};

/* Notes the first mistake, at the current line. */
__attribute__((format(printf, 2, 3))) void config_fail(struct config_parser *, const char *format, ...);

/* A section begins; `title` is what stands between the brackets. */
void config_section(struct config_parser *, const char *title);
void config_key(struct config_parser *, const char *key, const char *value);
/* After the last line: defaults that depend on several keys, and what must be there. */
void config_finish(struct config_parser *);

#endif
