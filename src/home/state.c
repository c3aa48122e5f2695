/* SPDX-License-Identifier: ISC */
/* What must survive a restart, as bytes: who we are, what was assigned to which interface, what we delegate, what hosts
 * were told. Written when it changes, read once. Lifetimes are stored as seconds left: time stands still while a router
 * is off, which errs on the side of telling hosts for too long that a prefix is deprecated. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "home/internal.h"

enum { FORMAT = 1 };

/* An entry of the "assigned" or "advertised" blob, until its interface comes. */
struct remembered {
	char link[ROUTER_LINK_NAME];
	struct prefix prefix;
	msec valid_until; /* advertised: when hosts will have forgotten it; assigned: 0 */
};

enum { STATE_IDENTITY, STATE_DELEGATED, STATE_ASSIGNED, STATE_ADVERTISED, STATE_COUNT };

const char *const router_state_names[] = {
	[STATE_IDENTITY] = "identity",
	[STATE_DELEGATED] = "delegated",
	[STATE_ASSIGNED] = "assigned",
	[STATE_ADVERTISED] = "advertised",
};
const size_t router_state_count = ARRAY_LEN(router_state_names);

struct state_digest {
	uint8_t digest[STATE_COUNT][DIGEST_SHA256];
};

static void put_prefix(struct cursor *c, const struct prefix *p)
{
	cursor_put(c, p->ip.b, sizeof(p->ip.b));
	cursor_put_u8(c, p->len);
}

static struct prefix get_prefix(struct cursor *c)
{
	struct ip ip;

	cursor_get(c, ip.b, sizeof(ip.b));
	uint8_t len = cursor_get_u8(c);
	if (len > IP_BITS) {
		cursor_fail(c);
		return PREFIX_ALL;
	}
	return prefix_make(&ip, len);
}

static void put_name(struct cursor *c, const char *name, size_t size)
{
	cursor_put(c, name, strnlen(name, size - 1));
	cursor_put_zero(c, size - strnlen(name, size - 1));
}

static void get_name(struct cursor *c, char *name, size_t size)
{
	cursor_get(c, name, size);
	if (name[size - 1])
		cursor_fail(c);
	name[size - 1] = '\0';
}

static void write_identity(const struct router *r, msec now, struct cursor *c)
{
	(void)now;
	cursor_put_u32(c, r->node_id);
	cursor_put(c, r->secret, sizeof(r->secret));
	put_prefix(c, &r->last[GENERATE_ULA]);
	put_prefix(c, &r->last[GENERATE_IPV4]);
}

static void read_identity(struct router *r, msec now, struct cursor *c)
{
	struct router new = *r;

	(void)now;
	new.node_id = cursor_get_u32(c);
	cursor_get(c, new.secret, sizeof(new.secret));
	new.last[GENERATE_ULA] = get_prefix(c);
	new.last[GENERATE_IPV4] = get_prefix(c);
	if (cursor_finished(c))
		*r = new;
}

static void write_delegated(const struct router *r, msec now, struct cursor *c)
{
	for (size_t i = 0; i < r->own_count; i++) {
		const struct own_delegation *d = &r->own[i];
		if (d->kind != VIEW_ISP)
			continue; /* what is generated comes from the identity, after a look at who else has one */
		put_prefix(c, &d->prefix);
		put_name(c, d->uplink, sizeof(d->uplink));
		cursor_put_u32(c, msec_lifetime(d->valid_until, now));
		cursor_put_u32(c, msec_lifetime(d->preferred_until, now));
	}
}

static void read_delegated(struct router *r, msec now, struct cursor *c)
{
	struct own_delegation list[HOME_OWN_MAX] = { 0 };
	size_t count = 0;

	while (cursor_left(c) && count < HOME_OWN_MAX) {
		struct own_delegation *d = &list[count++];
		d->kind = VIEW_ISP;
		d->prefix = get_prefix(c);
		if (!prefix_is_delegable(&d->prefix))
			cursor_fail(c);
		get_name(c, d->uplink, sizeof(d->uplink));
		d->valid_until = lifetime_until(cursor_get_u32(c), now);
		d->preferred_until = lifetime_until(cursor_get_u32(c), now);
		d->hold_until = now + HOME_HOLD;
		d->live = true;
	}
	if (!cursor_finished(c))
		return;
	memcpy(r->own, list, sizeof(list));
	r->own_count = count;
}

static void write_entry(struct cursor *c, const char *link, const struct prefix *p, uint32_t valid)
{
	put_name(c, link, ROUTER_LINK_NAME);
	put_prefix(c, p);
	cursor_put_u32(c, valid);
}

/* Entries of interfaces that have not come back yet are carried along, so that a second restart does not lose them. */
static void write_waiting(const struct router *r, msec now, bool advertised, struct cursor *c)
{
	for (size_t i = 0; i < r->remembered_count; i++) {
		const struct remembered *m = &r->remembered[i];
		if ((m->valid_until > 0) != advertised || (advertised && !msec_lifetime(m->valid_until, now)))
			continue; /* lifetime 0 would be read as an assignment; hosts have forgotten this one */
		write_entry(c, m->link, &m->prefix, advertised ? msec_lifetime(m->valid_until, now) : 0);
	}
}

static void write_assigned(const struct router *r, msec now, struct cursor *c)
{
	for (const struct pa_assignment *a = NULL; (a = pa_next(r->pa, a));) {
		const struct home_link *l = router_link(r, a->link);
		if (l && a->applied)
			write_entry(c, l->state.name, &a->prefix, 0);
	}
	write_waiting(r, now, false, c);
}

static void write_advertised(const struct router *r, msec now, struct cursor *c)
{
	for (size_t i = 0; i < r->link_count; i++) {
		const struct home_link *l = r->links[i];
		for (const struct ra_prefix *p = NULL; l->ra && (p = ra_prefix_next(l->ra, p));)
			if (p->valid_until > now)
				write_entry(c, l->state.name, &p->prefix, msec_lifetime(p->valid_until, now));
	}
	write_waiting(r, now, true, c);
}

static void remember(struct router *r, const struct remembered *m)
{
	if (!r->remembered)
		r->remembered = mem_new(HOME_REMEMBERED_MAX, sizeof(*r->remembered));
	if (r->remembered_count == HOME_REMEMBERED_MAX)
		memmove(&r->remembered[0], &r->remembered[1], --r->remembered_count * sizeof(*m));
	r->remembered[r->remembered_count++] = *m;
}

static struct remembered read_entry(struct cursor *c, msec now)
{
	struct remembered m = { 0 };

	get_name(c, m.link, sizeof(m.link));
	m.prefix = get_prefix(c);
	uint32_t valid = cursor_get_u32(c);
	if (valid)
		m.valid_until = now + MIN((msec)valid * SECOND, HOME_STALE_MAX);
	return m;
}

static void read_entries(struct router *r, msec now, struct cursor *c)
{
	struct cursor look = *c;

	while (cursor_left(&look))
		(void)read_entry(&look, now);
	if (!cursor_finished(&look)) {
		cursor_fail(c);
		return;
	}
	while (cursor_left(c)) {
		const struct remembered m = read_entry(c, now);
		remember(r, &m);
	}
}

/* What each blob holds. */
static const struct {
	void (*write)(const struct router *, msec now, struct cursor *);
	void (*read)(struct router *, msec now, struct cursor *);
} blobs[STATE_COUNT] = {
	[STATE_IDENTITY] = { write_identity, read_identity },
	[STATE_DELEGATED] = { write_delegated, read_delegated },
	[STATE_ASSIGNED] = { write_assigned, read_entries },
	[STATE_ADVERTISED] = { write_advertised, read_entries },
};

bool router_restore(struct router *r, msec now, const char *name, const uint8_t *data, size_t len)
{
	ASSERT(!r->dncp);
	for (int i = 0; i < STATE_COUNT; i++) {
		if (strcmp(name, router_state_names[i]) != 0 || len > HOME_STATE_MAX)
			continue;
		struct cursor c = cursor_reader(data, len);
		if (cursor_get_u8(&c) != FORMAT)
			return false;
		blobs[i].read(r, now, &c);
		return cursor_finished(&c);
	}
	return false;
}

static void write_blob(const struct router *r, msec now, int blob, struct cursor *c)
{
	cursor_put_u8(c, FORMAT);
	blobs[blob].write(r, now, c);
}

static void save_blob(struct router *r, msec now, int blob)
{
	uint8_t *buffer = mem_new(1, HOME_STATE_MAX);
	uint8_t digest[DIGEST_SHA256];
	struct cursor c = cursor_writer(buffer, HOME_STATE_MAX);

	/* Seconds left always differ; counted from time 0 they are ends, which do not. */
	write_blob(r, 0, blob, &c);
	ASSERT(cursor_ok(&c)); /* the other limits see to that */
	digest_sha256(buffer, cursor_done(&c), digest);
	if (memcmp(digest, r->stored->digest[blob], sizeof(digest)) != 0) {
		memcpy(r->stored->digest[blob], digest, sizeof(digest));
		cursor_rewind(&c, 0);
		write_blob(r, now, blob, &c);
		r->env.store(r->env.ctx, router_state_names[blob], buffer, cursor_done(&c));
	}
	free(buffer);
}

void state_save(struct router *r, msec now)
{
	if (!r->stored)
		r->stored = NEW(struct state_digest);
	for (int i = 0; i < STATE_COUNT; i++)
		save_blob(r, now, i);
}

void state_link(struct router *r, msec now, struct home_link *l)
{
	for (size_t i = r->remembered_count; i-- > 0;) {
		struct remembered *m = &r->remembered[i];
		if (strcmp(m->link, l->state.name) != 0)
			continue;
		if (!m->valid_until)
			pa_remember(r->pa, l->state.link, &m->prefix);
		else if (l->ra)
			ra_restore(l->ra, now, &m->prefix, m->valid_until);
		r->remembered_count--;
		memmove(m, m + 1, (r->remembered_count - i) * sizeof(*m));
	}
}

void state_link_gone(struct router *r, msec now, const struct home_link *l)
{
	struct remembered m = { 0 };

	memcpy(m.link, l->state.name, sizeof(m.link));
	for (const struct pa_assignment *a = NULL; (a = pa_next(r->pa, a));) {
		if (a->link != l->state.link || !a->applied)
			continue;
		m.prefix = a->prefix;
		remember(r, &m);
	}
	for (const struct ra_prefix *p = NULL; l->ra && (p = ra_prefix_next(l->ra, p));) {
		if (p->valid_until <= now)
			continue;
		m.prefix = p->prefix;
		m.valid_until = MIN(p->valid_until, now + HOME_STALE_MAX);
		remember(r, &m);
	}
}

void state_free(struct router *r)
{
	free(r->remembered);
	free(r->stored);
}
