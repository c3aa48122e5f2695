/* SPDX-License-Identifier: ISC */
/* Stands in for libFuzzer where there is none: feeds each file named on the command line, and each file of each
 * directory named there, to the target once. So the corpus is a test for any compiler, and a crash is replayed by it.
 */
#include <dirent.h>
#include <stdio.h>

#include "fuzz/support/fuzz.h"

enum { PATH_SIZE = 4096 };

static bool feed(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t len = 0, got;

	if (!f) {
		perror(path);
		return false;
	}
	do {
		data = mem_resize(data, len + PATH_SIZE, 1);
		got = fread(data + len, 1, PATH_SIZE, f);
		len += got;
	} while (got);
	fclose(f);
	/* Its own piece of memory, exactly as large as the input. */
	uint8_t *exact = mem_new(1, MAX(len, 1));
	memcpy(exact, data, len);
	free(data);
	if (getenv("VERBOSE"))
		fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	return true;
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* How many inputs there were; -1 if one could not be read. */
static int feed_all(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, visible, alphasort), fed = 0;

	if (count < 0)
		return feed(path) ? 1 : -1;
	for (int i = 0; i < count; i++) {
		char file[PATH_SIZE];
		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		free(entries[i]);
		if (fed >= 0)
			fed = feed(file) ? fed + 1 : -1;
	}
	free(entries);
	return fed;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int fed = feed_all(argv[i]);
		if (fed <= 0) {
			fprintf(stderr, "no input in %s\n", argv[i]);
			return 1;
		}
		total += fed;
	}
	printf("%d inputs\n", total);
	return total == 0;
}
