/* SPDX-License-Identifier: ISC */
#include "sys/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define GROUP "hearth"

enum { BACKLOG = 16 };

static void make_directory(const char *path)
{
	char *dir = mem_copy(path, strlen(path) + 1);
	char *slash = strrchr(dir, '/');

	if (slash && slash != dir) {
		*slash = '\0';
		mkdir(dir, 0755); /* if it fails, so does what follows, with a message */
	}
	free(dir);
}

/* The kernel drops the lock however the daemon ends, so that a socket file under a free lock is known to be dead
 * without asking it, and two that start at once cannot both believe so. */
static int take_lock(const char *path, char error[CONTROL_ERROR])
{
	char *name = mem_new(1, strlen(path) + sizeof(".lock"));

	sprintf(name, "%s.lock", path);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		snprintf(error, CONTROL_ERROR, "%s: cannot be made: %s (run as root?)", name, strerror(errno));
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		snprintf(error, CONTROL_ERROR,
		         "a hearthd is running already and answers on %s: stop it first, or give this one another "
		         "--socket",
		         path);
		close(fd);
		fd = -1;
	}
	free(name);
	return fd;
}

static bool listen_on(int fd, const struct sockaddr_un *address)
{
	struct stat st;

	/* Only a socket is ours to replace. */
	if (lstat(address->sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(address->sun_path);
	mode_t mask = umask(0177);
	bool ok = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	umask(mask);
	return ok && listen(fd, BACKLOG) == 0;
}

static void open_to_group(const char *path)
{
	const struct group *group = getgrnam(GROUP);

	if (group && chown(path, (uid_t)-1, group->gr_gid) == 0)
		chmod(path, 0660);
}

bool control_socket_open(const char *path, struct control_socket *out, char error[CONTROL_ERROR])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(error, CONTROL_ERROR, "%s: a socket's path has at most %zu characters", path,
		         sizeof(address.sun_path) - 1);
		return false;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	make_directory(path);
	int lock = take_lock(path, error);
	if (lock < 0)
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || !listen_on(fd, &address)) {
		snprintf(error, CONTROL_ERROR, "%s: cannot listen there: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		close(lock);
		return false;
	}
	open_to_group(path);
	*out = (struct control_socket) { fd, lock, mem_copy(path, strlen(path) + 1) };
	return true;
}

void control_socket_close(struct control_socket *s)
{
	unlink(s->path);
	close(s->fd);
	close(s->lock); /* the lock file stays: removing it would race with the next daemon */
	free(s->path);
}
