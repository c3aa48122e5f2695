/* SPDX-License-Identifier: ISC */
/* The listening half of the control socket: one daemon a path, and nobody else's business. */
#ifndef HEARTH_SYS_CONTROL_SOCKET_H
#define HEARTH_SYS_CONTROL_SOCKET_H

#include "sys/control.h"

struct control_socket {
	int fd;
	int lock; /* PATH.lock, locked as long as the daemon lives */
	char *path;
};

/* False with a message in `error`; `out` is then untouched. */
bool control_socket_open(const char *path, struct control_socket *out, char error[CONTROL_ERROR]);

void control_socket_close(struct control_socket *);

#endif
