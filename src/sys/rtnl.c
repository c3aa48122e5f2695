/* SPDX-License-Identifier: ISC */
#include "sys/rtnl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
	READ_ROOM = 32768,        /* the kernel fills what it is offered, up to this */
	RECEIVE_BUFFER = 1 << 20, /* a burst of a thousand routes fits several times */
	DUMP_TRIES = 8,
	READS_AFTER_LOSS = 8192, /* more than the buffer holds */
	ANSWER_SECONDS = 5,      /* the kernel answers within the send; this only keeps a kernel bug from hanging us */
};

struct rtnl {
	struct mnl_socket *socket;
	uint32_t seq;
	_Alignas(struct nlmsghdr) uint8_t data[READ_ROOM];
};

static bool subscribe(struct rtnl *r, const unsigned *groups, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (mnl_socket_setsockopt(r->socket, NETLINK_ADD_MEMBERSHIP, (void *)(uintptr_t)&groups[i],
		                          sizeof(groups[i])) < 0)
			return false;
	return true;
}

static void set_options(struct rtnl *r)
{
	int fd = mnl_socket_get_fd(r->socket), size = RECEIVE_BUFFER, on = 1;
	struct timeval patience = { .tv_sec = ANSWER_SECONDS };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* Errors without a copy of the request; dumps filtered by the kernel (4.20). Both only save work. */
	(void)mnl_socket_setsockopt(r->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(r->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
}

struct rtnl *rtnl_open(const unsigned *groups, size_t group_count)
{
	struct rtnl *r = NEW(struct rtnl);

	r->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!r->socket || mnl_socket_bind(r->socket, 0, MNL_SOCKET_AUTOPID) < 0 || !subscribe(r, groups, group_count)) {
		int error = errno;
		rtnl_close(r);
		errno = error;
		return NULL;
	}
	set_options(r);
	return r;
}

void rtnl_close(struct rtnl *r)
{
	if (!r)
		return;
	if (r->socket)
		mnl_socket_close(r->socket);
	free(r);
}

int rtnl_fd(const struct rtnl *r)
{
	return mnl_socket_get_fd(r->socket);
}

uint32_t rtnl_port(const struct rtnl *r)
{
	return mnl_socket_get_portid(r->socket);
}

/* One read into r->data: bytes, or -1 with errno. What any other process sent us reads as nothing. */
static int receive(struct rtnl *r, int flags)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = r->data, .iov_len = sizeof(r->data) };
	struct msghdr h = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do
		n = recvmsg(rtnl_fd(r), &h, flags);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	if (h.msg_flags & MSG_TRUNC) {
		errno = ENOBUFS; /* lost, as if dropped */
		return -1;
	}
	return from.nl_pid == 0 ? (int)n : 0;
}

/* The errno in an NLMSG_ERROR or NLMSG_DONE. */
static int error_of(const struct nlmsghdr *m)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(m) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(m), sizeof(error));
	return -error;
}

/* Reads the answer to a dump to its end: 0, or an errno; EINTR if it was changed meanwhile. */
static int read_dump(struct rtnl *r, uint32_t seq, rtnl_fn *fn, void *ctx)
{
	bool interrupted = false;

	for (;;) {
		int n = receive(r, 0);
		if (n < 0)
			return errno;
		for (const struct nlmsghdr *m = (const void *)r->data; mnl_nlmsg_ok(m, n); m = mnl_nlmsg_next(m, &n)) {
			if (m->nlmsg_seq != seq)
				continue; /* the rest of something given up */
			if (m->nlmsg_flags & NLM_F_DUMP_INTR)
				interrupted = true;
			if (m->nlmsg_type == NLMSG_ERROR || m->nlmsg_type == NLMSG_DONE) {
				int error = error_of(m);
				return error ? error : interrupted ? EINTR : 0;
			}
			fn(ctx, m);
		}
	}
}

bool rtnl_dump(struct rtnl *r, uint16_t type, const void *header, size_t len, rtnl_fn *fn, void *ctx)
{
	_Alignas(struct nlmsghdr) uint8_t room[RTNL_REQUEST] = { 0 };
	int error = EINTR;

	ASSERT(len <= sizeof(room) - MNL_NLMSG_HDRLEN);
	for (int i = 0; i < DUMP_TRIES && error == EINTR; i++) {
		struct nlmsghdr *m = mnl_nlmsg_put_header(room);
		m->nlmsg_type = type;
		m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		m->nlmsg_seq = ++r->seq;
		memcpy(mnl_nlmsg_put_extra_header(m, len), header, len);
		if (mnl_socket_sendto(r->socket, m, m->nlmsg_len) < 0)
			return false;
		error = read_dump(r, r->seq, fn, ctx);
	}
	/* Interrupted each time: what moves that fast reaches us by notifications too. */
	errno = error;
	return error == 0 || error == EINTR;
}

bool rtnl_read(struct rtnl *r, unsigned max, rtnl_fn *fn, void *ctx)
{
	bool whole = true;

	while (max--) {
		int n = receive(r, MSG_DONTWAIT);
		if (n < 0 && errno != ENOBUFS)
			break;
		if (n < 0) {
			whole = false;
			max = MAX(max, READS_AFTER_LOSS);
		}
		for (const struct nlmsghdr *m = (const void *)r->data; mnl_nlmsg_ok(m, n); m = mnl_nlmsg_next(m, &n))
			if (m->nlmsg_type >= NLMSG_MIN_TYPE)
				fn(ctx, m);
	}
	return whole;
}

static int note_attr(const struct nlattr *attr, void *ctx)
{
	struct rtnl_attrs *all = ctx;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < RTNL_ATTRS)
		all->at[type] = attr;
	return MNL_CB_OK;
}

struct rtnl_attrs rtnl_attrs_in(const void *data, size_t len)
{
	struct rtnl_attrs all = { { NULL } };

	mnl_attr_parse_payload(data, len, note_attr, &all);
	return all;
}

struct rtnl_attrs rtnl_attrs(const struct nlmsghdr *m, size_t header)
{
	struct rtnl_attrs all = { { NULL } };

	mnl_attr_parse(m, (unsigned)header, note_attr, &all);
	return all;
}

bool rtnl_get_u32(const struct nlattr *attr, uint32_t *out)
{
	if (!attr || mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return false;
	*out = mnl_attr_get_u32(attr);
	return true;
}

void rtnl_batch_init(struct rtnl_batch *b, struct rtnl *r, rtnl_result_fn *result, void *ctx)
{
	b->rtnl = r;
	b->result = result;
	b->ctx = ctx;
	b->calls = 0;
	b->count = 0;
	b->used = 0;
}

/* Steps over the request that was filled in last. */
static void close_last(struct rtnl_batch *b)
{
	if (!b->count)
		return;
	struct nlmsghdr *m = (void *)(b->data + b->used);
	ASSERT(m->nlmsg_len <= RTNL_REQUEST);
	b->used += MNL_ALIGN(m->nlmsg_len);
}

struct nlmsghdr *rtnl_batch_put(struct rtnl_batch *b, uint16_t type, uint16_t flags, void *tag)
{
	if (b->count == RTNL_BATCH)
		rtnl_batch_send(b);
	close_last(b);
	struct nlmsghdr *m = mnl_nlmsg_put_header(b->data + b->used);
	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | flags;
	m->nlmsg_seq = ++b->rtnl->seq;
	b->tags[b->count++] = tag;
	return m;
}

/* Reads answers up to that of the last request, the only one that has an acknowledgment: of the others only failures
 * are answered, and none at all means done. */
static int read_errors(struct rtnl_batch *b, uint32_t first, int *errors)
{
	struct rtnl *r = b->rtnl;

	for (;;) {
		int n = receive(r, 0);
		if (n < 0)
			return errno;
		for (const struct nlmsghdr *m = (const void *)r->data; mnl_nlmsg_ok(m, n); m = mnl_nlmsg_next(m, &n)) {
			uint32_t i = m->nlmsg_seq - first;
			if (m->nlmsg_type != NLMSG_ERROR || i >= b->count)
				continue;
			errors[i] = error_of(m);
			if (i == b->count - 1)
				return 0;
		}
	}
}

void rtnl_batch_send(struct rtnl_batch *b)
{
	int errors[RTNL_BATCH] = { 0 };

	if (!b->count)
		return;
	((struct nlmsghdr *)(void *)(b->data + b->used))->nlmsg_flags |= NLM_F_ACK;
	close_last(b);
	uint32_t first = b->rtnl->seq - (uint32_t)b->count + 1;
	int error = mnl_socket_sendto(b->rtnl->socket, b->data, b->used) < 0 ? errno : read_errors(b, first, errors);
	size_t count = b->count;
	b->count = 0;
	b->used = 0;
	b->calls++;
	for (size_t i = 0; i < count; i++)
		b->result(b->ctx, b->tags[i], errors[i] ? errors[i] : error);
}
