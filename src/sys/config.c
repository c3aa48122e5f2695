/* SPDX-License-Identifier: ISC */
#include "sys/config.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/config_keys.h"

enum { FILE_MAX = 64 * 1024 };

static const struct config_interface unmentioned = { .category = HNCP_INTERNAL };

void config_fail(struct config_parser *p, const char *format, ...)
{
	va_list args;

	if (p->failed)
		return;
	p->failed = true;
	int n = snprintf(p->error, CONFIG_ERROR, "%s:%d: ", p->path, p->line);
	va_start(args, format);
	if (n >= 0 && n < CONFIG_ERROR)
		vsnprintf(p->error + n, (size_t)(CONFIG_ERROR - n), format, args);
	va_end(args);
}

/* Gives inih the next line. inih alone would be too lenient for us: it has no line numbers, splits long lines, takes
 * indented lines for continuations, goes on after a line it does not understand, and mentions a section only with its
 * first key. So we count, refuse, strip, notice (`unanswered`) and let an empty key follow each section line. */
static char *next_line(char *out, int size, void *ctx)
{
	struct config_parser *p = ctx;

	if (p->section_line) {
		p->section_line = false;
		snprintf(out, (size_t)size, "=\n");
		return out;
	}
	if (p->unanswered)
		config_fail(p, "this is neither [section], key = value nor ; comment");
	if (p->failed || !*p->at)
		return NULL;
	p->line++;
	size_t len = strcspn(p->at, "\n");
	const char *start = p->at + strspn(p->at, " \t\r");
	const char *end = p->at + len;
	p->at = end + (*end == '\n');
	if (start > end)
		start = end;
	if (end - start >= size - 2) {
		config_fail(p, "this line is longer than %d characters", size - 3);
		return NULL;
	}
	snprintf(out, (size_t)size, "%.*s\n", (int)(end - start), start);
	p->unanswered = start < end && !strchr(";#", *start);
	p->section_line = *out == '[';
	if (p->section_line && !strchr(out, ']'))
		config_fail(p, "the section's closing ] is missing");
	return p->failed ? NULL : out;
}

static int handle(void *ctx, const char *section, const char *key, const char *value)
{
	struct config_parser *p = ctx;

	p->unanswered = false;
	if (p->failed)
		return 0;
	if (*key)
		config_key(p, key, value);
	else if (*value)
		config_fail(p, "a key is missing before the =");
	else
		config_section(p, section);
	return !p->failed;
}

/* A DNS label out of a host name: what is before the first dot, anything else than letters and digits made a hyphen. */
static void label_from(const char *hostname, char out[HNCP_NAME_MAX + 1])
{
	size_t n = 0;

	for (const char *s = hostname ? hostname : ""; *s && *s != '.' && n < HNCP_NAME_MAX; s++) {
		bool plain = isalnum((unsigned char)*s) && (unsigned char)*s < 0x80;
		if (plain || n > 0)
			out[n++] = plain ? *s : '-';
	}
	while (n > 0 && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	if (n == 0 || strcmp(out, "localhost") == 0)
		snprintf(out, HNCP_NAME_MAX + 1, "router");
}

void config_default(struct config *out, const char *hostname)
{
	*out = (struct config) { 0 };
	label_from(hostname, out->name);
}

bool config_parse(const char *path, const char *text, const char *hostname, struct config *out,
                  char error[CONFIG_ERROR])
{
	struct config_parser *p = NEW(struct config_parser);

	/* Some editors put a byte order mark first. */
	bool marked = strncmp(text, "\xef\xbb\xbf", 3) == 0;
	*p = (struct config_parser) { .path = path, .at = text + (marked ? 3 : 0), .error = error };
	config_default(&p->config, hostname);
	ini_parse_stream(next_line, p, handle, p);
	if (!p->failed)
		config_finish(p);
	bool ok = !p->failed;
	if (ok)
		*out = p->config;
	free(p);
	return ok;
}

bool config_read(const char *path, const char *hostname, struct config *out, char error[CONFIG_ERROR])
{
	FILE *f = fopen(path, "re");

	if (!f && errno == ENOENT) {
		config_default(out, hostname);
		return true;
	}
	char *text = mem_new(1, FILE_MAX + 1);
	size_t len = f ? fread(text, 1, FILE_MAX + 1, f) : 0;
	bool ok = f && !ferror(f);
	if (!ok)
		snprintf(error, CONFIG_ERROR, "%s: cannot be read: %s", path, strerror(errno));
	else if (len > FILE_MAX || strlen(text) != len) {
		snprintf(error, CONFIG_ERROR, "%s: %s", path,
		         len > FILE_MAX ? "is larger than 64 KiB" : "is not a text file: it has a zero byte");
		ok = false;
	}
	if (f)
		fclose(f);
	ok = ok && config_parse(path, text, hostname, out, error);
	free(text);
	return ok;
}

const struct config_interface *config_interface(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->interface_count; i++)
		if (fnmatch(c->interfaces[i].name, name, 0) == 0)
			return &c->interfaces[i];
	return &unmentioned;
}
