/* SPDX-License-Identifier: ISC */
/* The state directory: whatever happens to its files, the router goes on and nothing wrong is ever read. */
#define _GNU_SOURCE /* unshare */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "sys/store.h"

static char dir[] = "/tmp/hearth-store-XXXXXX";
static unsigned reports;
static char last[EVENT_LINE];

static void note(void *ctx, const struct event *e)
{
	(void)ctx;
	reports += event_info(e->kind)->level == 2;
	snprintf(last, sizeof(last), "%s", e->text);
}

static const struct event_sink sink = { note, NULL };

static const char *in_dir(const char *file)
{
	static char path[2][300];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, file);
	return path[turn];
}

static void spoil(const char *file, const void *data, size_t len)
{
	FILE *f = fopen(in_dir(file), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static size_t slurp(const char *file, uint8_t *out, size_t size)
{
	FILE *f = fopen(in_dir(file), "r");

	assert_non_null(f);
	size_t n = fread(out, 1, size, f);
	fclose(f);
	return n;
}

static bool exists(const char *file)
{
	return access(in_dir(file), F_OK) == 0;
}

/* What the blob called `name` holds as a string; NULL if there is none. */
static const char *stored(struct store *s, const char *name, unsigned newest)
{
	static char text[200];
	struct store_blob b;

	if (!store_read(s, name, newest, &b))
		return NULL;
	snprintf(text, sizeof(text), "%.*s", (int)b.len, (char *)b.data);
	free(b.data);
	return text;
}

static bool put(struct store *s, const char *name, unsigned version, const char *text)
{
	return store_write(s, name, version, text, strlen(text));
}

static int setup(void **state)
{
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	reports = 0;
	*state = store_open(dir, &sink);
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	store_free(*state);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void keeps(void **state)
{
	struct store *s = *state;
	struct store_blob b;

	assert_null(stored(s, "node", 1));
	assert_true(put(s, "node", 1, "first"));
	assert_true(put(s, "node", 2, "second"));
	assert_true(put(s, "other", 1, ""));
	store_free(s);
	*state = s = store_open(dir, &sink);
	assert_string_equal(stored(s, "node", 2), "second");
	assert_true(store_read(s, "other", 3, &b));
	assert_int_equal(b.len, 0);
	assert_int_equal(b.version, 1);
	free(b.data);
	store_remove(s, "node");
	assert_null(stored(s, "node", 2));
	assert_int_equal(reports, 0);
}

static void every_truncation(void **state)
{
	uint8_t file[200];

	assert_true(put(*state, "node", 1, "precious"));
	size_t size = slurp("node", file, sizeof(file));
	for (size_t cut = 0; cut < size; cut++) {
		reports = 0;
		spoil("node", file, cut);
		assert_null(stored(*state, "node", 1));
		assert_int_equal(reports, 1);
		assert_false(exists("node"));
	}
	file[size] = 0;
	spoil("node", file, size + 1);
	assert_null(stored(*state, "node", 1));
	spoil("node", file, size);
	assert_string_equal(stored(*state, "node", 1), "precious");
	/* Only so many are kept. */
	assert_true(exists("node.bad-0") && exists("node.bad-3"));
	assert_false(exists("node.bad-4"));
}

static void every_flip(void **state)
{
	uint8_t file[200];

	assert_true(put(*state, "node", 1, "precious"));
	size_t size = slurp("node", file, sizeof(file));
	for (size_t bit = 0; bit < size * 8; bit++) {
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		spoil("node", file, size);
		assert_null(stored(*state, "node", 1));
		assert_false(exists("node"));
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void foreign(void **state)
{
	uint8_t file[200];

	spoil("node", "#!/bin/sh\n", 10);
	assert_null(stored(*state, "node", 1));
	assert_non_null(strstr(last, "node.bad-0"));
	/* One blob under another's name. */
	assert_true(put(*state, "keys", 1, "secret"));
	size_t size = slurp("keys", file, sizeof(file));
	spoil("node", file, size);
	assert_null(stored(*state, "node", 1));
	/* Things that are no files. */
	assert_int_equal(mkdir(in_dir("node"), 0700), 0);
	assert_null(stored(*state, "node", 1));
	assert_int_equal(mkfifo(in_dir("node"), 0600), 0);
	assert_null(stored(*state, "node", 1));
	assert_int_equal(symlink(in_dir("keys"), in_dir("node")), 0);
	assert_null(stored(*state, "node", 1));
	assert_true(put(*state, "node", 1, "mine again"));
	assert_string_equal(stored(*state, "node", 1), "mine again");
	assert_string_equal(stored(*state, "keys", 1), "secret");
}

static void too_large(void **state)
{
	int fd = open(in_dir("node"), O_CREAT | O_WRONLY, 0600);
	void *most = calloc(1, STORE_BLOB);
	struct store_blob b;

	assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
	close(fd);
	assert_null(stored(*state, "node", 1));
	assert_true(store_write(*state, "node", 1, most, STORE_BLOB));
	assert_true(store_read(*state, "node", 1, &b));
	assert_int_equal(b.len, STORE_BLOB);
	free(b.data);
	free(most);
}

/* A crash between writing and renaming: the old blob counts, and the rest is cleared away. */
static void crash_before_rename(void **state)
{
	assert_true(put(*state, "node", 1, "old"));
	spoil("node.tmp", "half of a new", 13);
	spoil("somebody.else.tmp", "x", 1);
	store_free(*state);
	*state = store_open(dir, &sink);
	assert_string_equal(stored(*state, "node", 1), "old");
	assert_false(exists("node.tmp"));
	assert_true(exists("somebody.else.tmp"));
	assert_true(put(*state, "node", 1, "new"));
	assert_string_equal(stored(*state, "node", 1), "new");
	assert_int_equal(reports, 0);
}

static void downgrade_and_back(void **state)
{
	struct store *s = *state;
	struct store_blob b;

	assert_true(put(s, "node", 3, "of version 3"));
	assert_null(stored(s, "node", 1)); /* the older program */
	assert_int_equal(reports, 1);
	assert_true(exists("node.v3"));
	assert_false(exists("node"));
	assert_true(put(s, "node", 1, "of version 1"));
	assert_string_equal(stored(s, "node", 1), "of version 1");
	assert_string_equal(stored(s, "node", 2), "of version 1"); /* 3 is still too new */
	assert_true(store_read(s, "node", 3, &b));                 /* the newer program again */
	assert_int_equal(b.version, 3);
	assert_memory_equal(b.data, "of version 3", 12);
	free(b.data);
	assert_false(exists("node.v3"));
	assert_true(put(s, "node", 3, "later"));
	assert_string_equal(stored(s, "node", 4), "later");
}

static void kept_but_spoilt(void **state)
{
	assert_true(put(*state, "node", 1, "fine"));
	spoil("node.v2", "garbage", 7);
	assert_string_equal(stored(*state, "node", 2), "fine");
}

static void no_directory(void **state)
{
	struct store *s = store_open(in_dir("missing/deeper"), &sink);

	(void)state;
	assert_int_equal(reports, 1);
	assert_non_null(strstr(last, "nothing will be remembered"));
	assert_null(stored(s, "node", 1));
	assert_false(put(s, "node", 1, "x"));
	assert_false(put(s, "node", 1, "x"));
	store_remove(s, "node");
	assert_int_equal(reports, 1);
	store_free(s);
	s = store_open(in_dir("made"), &sink);
	assert_true(put(s, "node", 1, "x"));
	store_free(s);
	spoil("file", "x", 1);
	s = store_open(in_dir("file"), &sink);
	assert_false(put(s, "node", 1, "x"));
	assert_int_equal(reports, 2);
	store_free(s);
}

/* In a mount namespace of its own: a full and then a read-only file system. Gives the line that failed, or 0. */
#define WANT(cond)                                                                                                     \
	do {                                                                                                           \
		if (!(cond))                                                                                           \
			return __LINE__;                                                                               \
	} while (0)

static int on_a_full_disk(void)
{
	static uint8_t big[8000];

	WANT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	WANT(mount("t", dir, "tmpfs", 0, "size=24k") == 0);
	struct store *s = store_open(dir, &sink);
	reports = 0;
	WANT(put(s, "node", 1, "old"));
	WANT(store_write(s, "filler1", 1, big, sizeof(big)));
	WANT(store_write(s, "filler2", 1, big, sizeof(big)));
	WANT(!store_write(s, "node", 1, big, sizeof(big)));
	WANT(reports == 1 && strstr(last, "No space left"));
	WANT(!store_write(s, "node", 1, big, sizeof(big)));
	WANT(reports == 1);
	WANT(!exists("node.tmp"));
	WANT(strcmp(stored(s, "node", 1), "old") == 0);
	store_remove(s, "filler1");
	WANT(put(s, "node", 1, "new"));
	WANT(strstr(last, "can be written again"));
	store_free(s);
	WANT(mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	s = store_open(dir, &sink);
	WANT(reports == 2 && strstr(last, "cannot be written"));
	WANT(strcmp(stored(s, "node", 1), "new") == 0);
	WANT(!put(s, "node", 1, "newer"));
	WANT(reports == 2);
	store_free(s);
	return 0;
}

static void full_disk(void **state)
{
	int status;

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) != 0)
			_exit(255);
		int line = on_a_full_disk();
		if (line)
			fprintf(stderr, "line %d: %s\n", line, last);
		_exit(line != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 255)
		skip(); /* not root */
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keeps, setup, teardown),
		cmocka_unit_test_setup_teardown(every_truncation, setup, teardown),
		cmocka_unit_test_setup_teardown(every_flip, setup, teardown),
		cmocka_unit_test_setup_teardown(foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(too_large, setup, teardown),
		cmocka_unit_test_setup_teardown(crash_before_rename, setup, teardown),
		cmocka_unit_test_setup_teardown(downgrade_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(kept_but_spoilt, setup, teardown),
		cmocka_unit_test_setup_teardown(no_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(full_disk, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
