/* SPDX-License-Identifier: ISC */
/* What a router remembers across restarts: a directory of small named blobs.
 *
 * A blob is replaced atomically and carries its name, version, length and SHA-256, so that a torn, truncated or foreign
 * file is told from ours. Such a file is renamed to NAME.bad-0 .. NAME.bad-<STORE_BAD - 1> (the last one is overwritten
 * when all are taken) and reported. One that a newer Hearth wrote is renamed to NAME.v<VERSION> and found again after
 * the upgrade. Nothing here is ever fatal: without a directory the router runs without memory, and says so once. */
#ifndef HEARTH_SYS_STORE_H
#define HEARTH_SYS_STORE_H

#include "base/event.h"

#define STORE_PATH "/var/lib/hearth"

enum {
	STORE_NAME = 32,       /* with its end; letters, digits, '-' and '_' */
	STORE_BLOB = 1 << 20,  /* octets; more is our own bug when writing, a foreign file when reading */
	STORE_BAD = 4,         /* bad files kept for each name */
	STORE_VERSIONS = 1000, /* versions of a blob are 1 to this less 1 */
};

struct store;

/* Opens (and if need be makes, but not its parent) the directory and clears away what a crash left behind. Never NULL:
 * without a usable directory every read finds nothing and every write fails silently, after one report. */
struct store *store_open(const char *dir, const struct event_sink *);

void store_free(struct store *);

struct store_blob {
	uint8_t *data; /* the caller's to free */
	size_t len;
	unsigned version;
};

/* Reads the blob called `name` if it is there, whole, and of version `newest` or older. False otherwise; `out` is then
 * untouched. */
bool store_read(struct store *, const char *name, unsigned newest, struct store_blob *out);

/* Replaces the blob called `name`; when this returns true it survives a power cut. False (reported, but not twice in a
 * row) if it could not be written; what was there before is then still there. */
bool store_write(struct store *, const char *name, unsigned version, const void *data, size_t len);

/* Removes the blob, if there is one. */
void store_remove(struct store *, const char *name);

#endif
