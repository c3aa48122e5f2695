/* SPDX-License-Identifier: ISC */
#include "sys/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/digest.h"
#include "sys/log.h"

/* A file is: magic, version (4), length (4), SHA-256 over all of these, the blob's name and the blob; then the blob. */
static const uint8_t magic[8] = { 'h', 'e', 'a', 'r', 't', 'h', 0, 1 };
enum { HEAD_PLAIN = sizeof(magic) + 4 + 4, HEAD = HEAD_PLAIN + DIGEST_SHA256 };

/* NAME and the longest suffix, ".bad-<n>" or ".v<version>". */
enum { FILE_NAME = STORE_NAME + 16 };

struct store {
	struct event_sink events;
	char *path; /* for messages */
	int dir;    /* -1: there is none */
	bool failing;
};

enum loaded {
	LOADED_NONE,
	LOADED_GOOD,
	LOADED_BAD,   /* not one of ours, or not whole */
	LOADED_NEWER, /* whole, but of a version we do not know */
};

static bool name_is_good(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= STORE_NAME)
		return false;
	for (; *name; name++)
		if (!strchr("-_", *name) && !isalnum((unsigned char)*name))
			return false;
	return true;
}

static void file_digest(const uint8_t *head, const char *name, const uint8_t *data, size_t len,
                        uint8_t out[DIGEST_SHA256])
{
	size_t name_len = strlen(name) + 1;
	uint8_t *all = mem_new(1, HEAD_PLAIN + name_len + len);
	struct cursor c = cursor_writer(all, HEAD_PLAIN + name_len + len);

	cursor_put(&c, head, HEAD_PLAIN);
	cursor_put(&c, name, name_len);
	cursor_put(&c, data, len);
	ASSERT(cursor_finished(&c));
	digest_sha256(all, cursor_done(&c), out);
	free(all);
}

/* --- the directory ----------------------------------------------------------------------------------------------- */

/* What a crash in the middle of store_write() left behind. */
static void clear_temporaries(struct store *s)
{
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		size_t len = strlen(e->d_name);
		char stem[STORE_NAME] = "";
		if (len < 4 || len - 4 >= STORE_NAME || strcmp(e->d_name + len - 4, ".tmp") != 0)
			continue;
		memcpy(stem, e->d_name, len - 4);
		if (name_is_good(stem))
			unlinkat(s->dir, e->d_name, 0);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}

struct store *store_open(const char *dir, const struct event_sink *events)
{
	struct store *s = NEW(struct store);

	s->events = *events;
	s->path = mem_copy(dir, strlen(dir) + 1);
	bool there = mkdir(dir, 0700) == 0 || errno == EEXIST;
	int error = errno;
	s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0) {
		log_problem(&s->events, "no state directory %s (%s): nothing will be remembered across a restart", dir,
		            strerror(there ? errno : error));
		s->failing = true;
	} else if (faccessat(s->dir, ".", W_OK, 0) != 0) {
		log_problem(&s->events, "state directory %s cannot be written (%s): changes will not be remembered",
		            dir, strerror(errno));
		s->failing = true;
	} else {
		clear_temporaries(s);
	}
	return s;
}

void store_free(struct store *s)
{
	if (s->dir >= 0)
		close(s->dir);
	free(s->path);
	free(s);
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* All of a file of at most HEAD + STORE_BLOB octets; -1 with errno, EFBIG for what cannot be a blob. */
static ssize_t read_whole(int dir, const char *file, uint8_t **out)
{
	struct stat st;
	int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > HEAD + STORE_BLOB) {
		close(fd);
		errno = EFBIG;
		return -1;
	}
	size_t size = (size_t)st.st_size, used = 0;
	uint8_t *data = mem_new(1, size + 1);
	ssize_t n = 1;
	while (used < size && (n = read(fd, data + used, size - used)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		used += (size_t)n;
	}
	int error = errno;
	close(fd);
	errno = error;
	if (n < 0) {
		free(data);
		return -1;
	}
	*out = data;
	return (ssize_t)used;
}

static enum loaded understand(const char *name, unsigned newest, const uint8_t *file, size_t size,
                              struct store_blob *out)
{
	struct cursor c = cursor_reader(file, size);
	const uint8_t *head = cursor_take(&c, sizeof(magic));
	unsigned version = cursor_get_u32(&c);
	size_t len = cursor_get_u32(&c);
	const uint8_t *digest = cursor_take(&c, DIGEST_SHA256);
	const uint8_t *data = cursor_take(&c, len);
	uint8_t expected[DIGEST_SHA256];

	if (!cursor_finished(&c) || memcmp(head, magic, sizeof(magic)) != 0)
		return LOADED_BAD;
	file_digest(head, name, data, len, expected);
	if (memcmp(digest, expected, DIGEST_SHA256) != 0 || version == 0 || version >= STORE_VERSIONS)
		return LOADED_BAD;
	if (version <= newest)
		*out = (struct store_blob) { mem_copy(data, len), len, version };
	else
		out->version = version;
	return version <= newest ? LOADED_GOOD : LOADED_NEWER;
}

static enum loaded load(struct store *s, const char *file, const char *name, unsigned newest, struct store_blob *out)
{
	uint8_t *data;
	ssize_t size = read_whole(s->dir, file, &data);

	if (size >= 0) {
		enum loaded result = understand(name, newest, data, (size_t)size, out);
		free(data);
		return result;
	}
	if (errno == EFBIG || errno == ELOOP || errno == ENXIO)
		return LOADED_BAD;
	if (errno != ENOENT)
		log_problem(&s->events, "%s/%s cannot be read: %s", s->path, file, strerror(errno));
	return LOADED_NONE;
}

static void set_aside(struct store *s, const char *name)
{
	char aside[FILE_NAME];
	struct stat st;

	for (int i = 0; i < STORE_BAD; i++) {
		snprintf(aside, sizeof(aside), "%s.bad-%d", name, i);
		if (fstatat(s->dir, aside, &st, AT_SYMLINK_NOFOLLOW) != 0)
			break;
	}
	bool done = renameat(s->dir, name, s->dir, aside) == 0;
	log_problem(&s->events, "%s/%s is damaged or not ours: going on without it%s%s", s->path, name,
	            done ? ", kept as " : "", done ? aside : "");
}

static void keep_for_upgrade(struct store *s, const char *name, unsigned version)
{
	char kept[FILE_NAME];

	snprintf(kept, sizeof(kept), "%s.v%u", name, version);
	bool done = renameat(s->dir, name, s->dir, kept) == 0;
	log_problem(&s->events, "%s/%s was written by a newer hearthd (version %u): going on without it%s%s", s->path,
	            name, version, done ? ", kept for it as " : "", done ? kept : "");
}

/* Looks for what a newer hearthd left before a downgrade. It beats the blob of the older one that ran in between, which
 * had to begin with nothing; so `out` is replaced. */
static bool take_back(struct store *s, const char *name, unsigned newest, unsigned than, struct store_blob *out)
{
	char kept[FILE_NAME];
	struct store_blob blob;

	for (unsigned version = newest; version > than; version--) {
		snprintf(kept, sizeof(kept), "%s.v%u", name, version);
		if (load(s, kept, name, version, &blob) != LOADED_GOOD)
			continue;
		renameat(s->dir, kept, s->dir, name);
		free(out->data);
		*out = blob;
		return true;
	}
	return false;
}

bool store_read(struct store *s, const char *name, unsigned newest, struct store_blob *out)
{
	struct store_blob blob = { 0 };

	ASSERT(name_is_good(name) && newest > 0 && newest < STORE_VERSIONS);
	if (s->dir < 0)
		return false;
	enum loaded result = load(s, name, name, newest, &blob);
	if (result == LOADED_BAD)
		set_aside(s, name);
	if (result == LOADED_NEWER) {
		keep_for_upgrade(s, name, blob.version);
		blob.version = 0;
	}
	bool found = take_back(s, name, newest, blob.version, &blob) || result == LOADED_GOOD;
	if (found)
		*out = blob;
	return found;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

static bool write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool write_file(int dir, const char *file, const uint8_t *data, size_t len)
{
	int fd = openat(dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	bool ok = write_all(fd, data, len) && fsync(fd) == 0;
	int error = errno;
	if (close(fd) != 0 && ok) {
		error = errno;
		ok = false;
	}
	errno = error;
	return ok;
}

/* The new file becomes durable before it takes the old one's place, and its place before we say so. */
static bool replace(struct store *s, const char *name, const uint8_t *file, size_t size)
{
	char temporary[FILE_NAME];

	if (s->dir < 0)
		return false;
	snprintf(temporary, sizeof(temporary), "%s.tmp", name);
	if (write_file(s->dir, temporary, file, size) && renameat(s->dir, temporary, s->dir, name) == 0 &&
	    fsync(s->dir) == 0)
		return true;
	int error = errno;
	unlinkat(s->dir, temporary, 0);
	errno = error;
	return false;
}

bool store_write(struct store *s, const char *name, unsigned version, const void *data, size_t len)
{
	ASSERT(name_is_good(name) && version > 0 && version < STORE_VERSIONS && len <= STORE_BLOB);
	uint8_t *file = mem_new(1, HEAD + len);
	uint8_t digest[DIGEST_SHA256];
	struct cursor c = cursor_writer(file, HEAD + len);

	cursor_put(&c, magic, sizeof(magic));
	cursor_put_u32(&c, version);
	cursor_put_u32(&c, (uint32_t)len);
	file_digest(file, name, data, len, digest);
	cursor_put(&c, digest, sizeof(digest));
	cursor_put(&c, data, len);
	ASSERT(cursor_finished(&c));
	bool ok = replace(s, name, file, cursor_done(&c));
	free(file);
	if (!ok && !s->failing)
		log_problem(&s->events, "%s/%s cannot be written (%s): changes will not be remembered", s->path, name,
		            strerror(errno));
	if (ok && s->failing)
		log_note(&s->events, "state directory %s can be written again", s->path);
	s->failing = !ok;
	return ok;
}

void store_remove(struct store *s, const char *name)
{
	ASSERT(name_is_good(name));
	if (s->dir >= 0 && unlinkat(s->dir, name, 0) == 0)
		fsync(s->dir);
}
