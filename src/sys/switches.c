/* SPDX-License-Identifier: ISC */
#include "sys/switches.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "sys/log.h"

#define CONF "/proc/sys/net/"

enum { PATH = 320, UNTOUCHED = -1 };

/* What an interface (or "all" and "default") had before we wrote it. */
struct before {
	struct map_node node;
	uint32_t link;
	int forwarding6;
	int forwarding4;
	int accept_ra;
};

struct switches {
	struct event_sink events;
	struct map before; /* by link */
	int all;           /* conf/all/forwarding of IPv6 */
	int fallback;      /* conf/default/forwarding, which the write of "all" overwrites too */
	bool complained;   /* once is enough: mostly all of /proc/sys is read-only */
	unsigned written;
};

/* Interface names may have dots, which the dotted names of sysctl(8) cannot tell from their own: paths can. */
static void path_of(char path[PATH], const char *family, const char *name, const char *key)
{
	snprintf(path, PATH, CONF "%s/conf/%s/%s", family, name, key);
}

static bool read_switch(const char *path, int *value)
{
	char text[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n > 0)
		*value = atoi(text);
	return n > 0;
}

static bool write_switch(const char *path, int value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool ok = dprintf(fd, "%d\n", value) > 0;
	int error = errno;
	close(fd);
	errno = error;
	return ok;
}

/* Makes the switch `value`; the first other value seen stays in `*before`. */
static void set(struct switches *s, const char *family, const char *name, const char *key, int value, int *before)
{
	char path[PATH];
	int now;

	path_of(path, family, name, key);
	if (!read_switch(path, &now) || now == value)
		return;
	if (*before == UNTOUCHED)
		*before = now;
	if (write_switch(path, value)) {
		s->written++;
	} else if (errno != ENOENT && !s->complained) {
		s->complained = true;
		log_problem(&s->events, "cannot set %s to %d: %s", path, value, strerror(errno));
	}
}

static int compare_link(const void *key, const struct map_node *node)
{
	uint32_t link = *(const uint32_t *)key, other = MAP_ENTRY((uintptr_t)node, const struct before, node)->link;

	return link < other ? -1 : link > other;
}

static struct before *before_of(struct switches *s, uint32_t link)
{
	struct map_node *found = map_find(&s->before, &link);

	if (found)
		return MAP_ENTRY(found, struct before, node);
	struct before *b = NEW(struct before);
	*b = (struct before) {
		.link = link,
		.forwarding6 = UNTOUCHED,
		.forwarding4 = UNTOUCHED,
		.accept_ra = UNTOUCHED,
	};
	map_insert(&s->before, &link, &b->node);
	return b;
}

/* Notes the IPv6 forwarding of every interface, ours or not, before "all" overwrites them. */
static void note_all(struct switches *s)
{
	DIR *dir = opendir(CONF "ipv6/conf");
	char path[PATH];

	for (struct dirent *e; dir && (e = readdir(dir));) {
		uint32_t link = if_nametoindex(e->d_name);
		if (!link)
			continue; /* "all", "default", ".", ".." */
		struct before *b = before_of(s, link);
		path_of(path, "ipv6", e->d_name, "forwarding");
		if (b->forwarding6 == UNTOUCHED)
			read_switch(path, &b->forwarding6);
	}
	if (dir)
		closedir(dir);
	path_of(path, "ipv6", "default", "forwarding");
	read_switch(path, &s->fallback);
}

static void forward_all(struct switches *s)
{
	int now = 1;

	if (s->all == UNTOUCHED && read_switch(CONF "ipv6/conf/all/forwarding", &now) && now != 1)
		note_all(s);
	set(s, "ipv6", "all", "forwarding", 1, &s->all);
}

struct switches *switches_new(struct event_sink events)
{
	struct switches *s = NEW(struct switches);

	s->events = events;
	s->all = UNTOUCHED;
	s->fallback = UNTOUCHED;
	map_init(&s->before, compare_link);
	return s;
}

void switches_free(struct switches *s)
{
	MAP_EACH_SAFE (b, &s->before, struct before, node) {
		map_remove(&s->before, &b->node);
		free(b);
	}
	free(s);
}

/* An index may have come back as another interface: what is noted of those that are gone is of no use. */
static void forget_gone(struct switches *s)
{
	char name[IF_NAMESIZE];

	MAP_EACH_SAFE (b, &s->before, struct before, node) {
		if (if_indextoname(b->link, name))
			continue;
		map_remove(&s->before, &b->node);
		free(b);
	}
}

unsigned switches_apply(struct switches *s, const struct plan_link *links, size_t n)
{
	bool router = false;
	char name[IF_NAMESIZE];

	s->written = 0;
	forget_gone(s);
	for (size_t i = 0; i < n; i++)
		router |= links[i].forwarding;
	if (!router)
		return 0;
	forward_all(s);
	for (size_t i = 0; i < n; i++) {
		if (!if_indextoname(links[i].link, name))
			continue;
		struct before *b = before_of(s, links[i].link);
		set(s, "ipv6", name, "forwarding", 1, &b->forwarding6);
		set(s, "ipv4", name, "forwarding", 1, &b->forwarding4);
		if (links[i].forwarding)
			set(s, "ipv6", name, "accept_ra", 0, &b->accept_ra);
	}
	return s->written;
}

static void restore(const char *family, const char *name, const char *key, int before)
{
	char path[PATH];

	if (before == UNTOUCHED)
		return;
	path_of(path, family, name, key);
	(void)write_switch(path, before); /* the interface may be just going */
}

void switches_restore(struct switches *s)
{
	char name[IF_NAMESIZE];

	restore("ipv6", "all", "forwarding", s->all); /* first, since it overwrites the others */
	restore("ipv6", "default", "forwarding", s->fallback);
	MAP_EACH (b, &s->before, struct before, node) {
		if (!if_indextoname(b->link, name))
			continue;
		restore("ipv6", name, "forwarding", b->forwarding6);
		restore("ipv4", name, "forwarding", b->forwarding4);
		restore("ipv6", name, "accept_ra", b->accept_ra);
	}
}
