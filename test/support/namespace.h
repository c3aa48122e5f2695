/* SPDX-License-Identifier: ISC */
/* A network of its own for a test program: nothing it does reaches the machine's. */
#ifndef HEARTH_TEST_NAMESPACE_H
#define HEARTH_TEST_NAMESPACE_H

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/base.h"

/* Moves the process into new network and mount namespaces; false (said on stderr) without the right to. */
static inline bool namespace_enter(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) < 0) {
		fprintf(stderr, "skipped: cannot make a network namespace: %s\n", strerror(errno));
		return false;
	}
	return true;
}

/* Runs a command of the shell, given as for printf(); its status. */
__attribute__((format(printf, 1, 2))) static inline int shell(const char *format, ...)
{
	char command[600];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return system(command);
}

/* What such a command wrote (cut at the room there is), its line ends as blanks. */
__attribute__((format(printf, 3, 4))) static inline char *shell_read(char *out, size_t size, const char *format, ...)
{
	char command[600];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	FILE *f = popen(command, "r");
	size_t n = f ? fread(out, 1, size - 1, f) : 0;
	out[n] = 0;
	for (char *c = out; *c; c++)
		if (*c == '\n')
			*c = ' ';
	if (f)
		pclose(f);
	return out;
}

#endif
