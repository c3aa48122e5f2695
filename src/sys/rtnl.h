/* SPDX-License-Identifier: ISC */
/* Talking rtnetlink: many requests in one system call, dumps, notifications. Private to sys/.
 *
 * Requests and notifications have a socket each, so that a flood of notifications can never crowd out an answer. */
#ifndef HEARTH_SYS_RTNL_H
#define HEARTH_SYS_RTNL_H

#include <linux/netlink.h>

#include "base/base.h"

struct rtnl;

/* A socket that hears `groups` (RTNLGRP_*), or none for requests. NULL with errno. */
struct rtnl *rtnl_open(const unsigned *groups, size_t group_count);
void rtnl_close(struct rtnl *); /* NULL is fine */

int rtnl_fd(const struct rtnl *);
/* What the kernel writes into nlmsg_pid of the notifications that a request of ours causes. */
uint32_t rtnl_port(const struct rtnl *);

typedef void rtnl_fn(void *ctx, const struct nlmsghdr *);

/* Asks for everything of `type` (RTM_GET*), with `header` of `len` bytes (a struct rtmsg, ...) as the filter for
 * kernels that can; `fn` gets each message. A dump that a change interrupted is done again, so that `fn` may see a
 * thing twice. False with errno. */
bool rtnl_dump(struct rtnl *, uint16_t type, const void *header, size_t len, rtnl_fn *fn, void *ctx);

/* Reads at most `max` times what notifications there are. False if the kernel had to drop some; then all that were left
 * have been read, so that none of them is taken for newer than what a dump says now. */
bool rtnl_read(struct rtnl *, unsigned max, rtnl_fn *fn, void *ctx);

enum { RTNL_ATTRS = 32 }; /* of RTA_*, IFA_* and IFLA_* all that we look at are below */

/* The attributes of a message by their type; NULL for those it has not. */
struct rtnl_attrs {
	const struct nlattr *at[RTNL_ATTRS];
};

/* Those behind a header of `header` bytes, and those in `len` bytes at `data`. */
struct rtnl_attrs rtnl_attrs(const struct nlmsghdr *, size_t header);
struct rtnl_attrs rtnl_attrs_in(const void *data, size_t len);

/* The number in an attribute; false, and `out` untouched, if there is none. */
bool rtnl_get_u32(const struct nlattr *, uint32_t *out);

enum {
	RTNL_BATCH = 128,   /* requests in one system call: their errors fit the socket's buffer */
	RTNL_REQUEST = 256, /* room for one request */
};

/* What became of a request: `error` is an errno, 0 if the kernel did it. */
typedef void rtnl_result_fn(void *ctx, void *tag, int error);

struct rtnl_batch {
	struct rtnl *rtnl;
	rtnl_result_fn *result;
	void *ctx;
	uint64_t calls; /* system calls that sent something */
	size_t count;
	size_t used; /* bytes before the last request, which may still grow */
	void *tags[RTNL_BATCH];
	_Alignas(struct nlmsghdr) uint8_t data[RTNL_BATCH * RTNL_REQUEST];
};

/* An empty batch on `r`. The kernel does its requests in the order they are put; one that fails stops no other. */
void rtnl_batch_init(struct rtnl_batch *, struct rtnl *r, rtnl_result_fn *result, void *ctx);

/* Room for the next request, its header set to `type` and `flags`: to be filled with libmnl, up to RTNL_REQUEST. A full
 * batch is sent first. `tag` comes back with the result. */
struct nlmsghdr *rtnl_batch_put(struct rtnl_batch *, uint16_t type, uint16_t flags, void *tag);

/* Sends what was put; `result` has been called for each when this returns. */
void rtnl_batch_send(struct rtnl_batch *);

#endif
