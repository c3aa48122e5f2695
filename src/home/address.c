/* SPDX-License-Identifier: ISC */
/* Which addresses this router takes from the prefixes on its links (RFC 7788 6.4). */
#include <string.h>

#include "base/digest.h"
#include "home/internal.h"

/* RFC 7788 6.4 */
#define ADDRESS_APPLY_DELAY ((msec)3 * SECOND)

/* A number from our secret and what an address is for, with the same result each time (RFC 7217 5). */
static uint64_t stable_number(const struct router *r, const struct prefix *p, const char *link, uint32_t attempt)
{
	uint8_t input[ROUTER_SECRET_LEN + sizeof(struct prefix) + ROUTER_LINK_NAME + 4];
	uint8_t digest[DIGEST_SHA256];
	struct cursor c = cursor_writer(input, sizeof(input));

	cursor_put(&c, r->secret, sizeof(r->secret));
	cursor_put(&c, p->ip.b, sizeof(p->ip.b));
	cursor_put_u8(&c, p->len);
	cursor_put(&c, link, strlen(link));
	cursor_put_u32(&c, attempt);
	ASSERT(cursor_ok(&c));
	digest_sha256(input, cursor_done(&c), digest);
	c = cursor_reader(digest, sizeof(digest));
	return cursor_get_u64(&c);
}

static bool advertised_elsewhere(const struct view *v, const struct ip *ip)
{
	for (size_t i = 0; i < v->net.count; i++)
		for (size_t j = 0; v->net.nodes[i].id != v->net.self && j < v->net.nodes[i].address_count; j++)
			if (ip_equal(&v->net.nodes[i].addresses[j].ip, ip))
				return true;
	return false;
}

/* True if a node with a greater identifier has `ip` too: then we must give it up (RFC 7788 6.4). */
static bool outranked(const struct view *v, const struct ip *ip)
{
	for (size_t i = 0; i < v->net.count; i++)
		for (size_t j = 0; v->net.nodes[i].id > v->net.self && j < v->net.nodes[i].address_count; j++)
			if (ip_equal(&v->net.nodes[i].addresses[j].ip, ip))
				return true;
	return false;
}

/* An address of the first quarter of `p` that nobody advertises (RFC 7788 6.4), neither the first nor the last of the
 * prefix. False if all that were tried are taken. */
static bool choose_ipv4(const struct router *r, const struct prefix *p, const char *link, struct ip *out)
{
	unsigned bits = IP_BITS - p->len;
	uint64_t quarter = bits > 2 ? UINT64_C(1) << (bits - 2) : 1;

	if (bits < 2)
		return false;
	for (uint32_t attempt = 0; attempt < 256; attempt++) {
		uint64_t host = stable_number(r, p, link, attempt) % quarter;
		if (!host && quarter > 1)
			continue;
		*out = prefix_with_host(p, host ? host : 1);
		if (!advertised_elsewhere(&r->view, out))
			return true;
	}
	return false;
}

static struct own_ipv4 *find_ipv4(struct router *r, uint32_t link, const struct prefix *p)
{
	for (size_t i = 0; i < r->ipv4_count; i++)
		if (r->ipv4[i].link == link && prefix_equal(&r->ipv4[i].prefix, p))
			return &r->ipv4[i];
	return NULL;
}

static const struct pa_assignment *applied_on(const struct router *r, uint32_t link, const struct prefix *p)
{
	for (const struct pa_assignment *a = NULL; (a = pa_next(r->pa, a));)
		if (a->applied && a->link == link && prefix_equal(&a->prefix, p))
			return a;
	return NULL;
}

static void drop_ipv4(struct router *r)
{
	for (size_t i = r->ipv4_count; i-- > 0;) {
		struct own_ipv4 *own = &r->ipv4[i];
		if (applied_on(r, own->link, &own->prefix) && !outranked(&r->view, &own->ip))
			continue;
		memmove(own, own + 1, (--r->ipv4_count - i) * sizeof(*own));
		router_dirty(r, DIRTY_PUBLISH | DIRTY_PLAN);
	}
}

void address_update(struct router *r, msec now)
{
	drop_ipv4(r);
	for (const struct pa_assignment *a = NULL; (a = pa_next(r->pa, a));) {
		const struct home_link *l = router_link(r, a->link);
		struct ip ip;
		if (!a->applied || !prefix_is_v4(&a->prefix) || !l || find_ipv4(r, a->link, &a->prefix) ||
		    r->ipv4_count == HOME_IPV4_MAX || !choose_ipv4(r, &a->prefix, l->state.name, &ip))
			continue;
		r->ipv4[r->ipv4_count++] = (struct own_ipv4) {
			.link = a->link, .prefix = a->prefix, .ip = ip, .use_at = now + ADDRESS_APPLY_DELAY
		};
		router_dirty(r, DIRTY_PUBLISH | DIRTY_PLAN);
	}
	for (size_t i = 0; i < r->ipv4_count; i++)
		router_wake(r, r->ipv4[i].use_at > now ? r->ipv4[i].use_at : MSEC_NEVER);
}

static uint32_t attempts(const struct router *r, const struct pa_assignment *a)
{
	for (size_t i = 0; i < r->taken_count; i++)
		if (r->taken[i].link == a->link && prefix_equal(&r->taken[i].prefix, &a->prefix))
			return r->taken[i].attempts;
	return 0;
}

bool address_of(const struct router *r, const struct pa_assignment *a, msec now, struct ip *out)
{
	const struct home_link *l = router_link(r, a->link);

	if (!a->applied || !l)
		return false;
	if (prefix_is_v4(&a->prefix)) {
		for (size_t i = 0; i < r->ipv4_count; i++) {
			const struct own_ipv4 *own = &r->ipv4[i];
			if (own->link == a->link && prefix_equal(&own->prefix, &a->prefix) && own->use_at <= now) {
				*out = own->ip;
				return true;
			}
		}
		return false;
	}
	/* Stateless, with a semantically opaque interface identifier (RFC 7217), so nothing is to be advertised first:
	 * duplicate address detection guards it. Zero would be the subnet-router anycast address (RFC 4291 2.6.1). */
	*out = prefix_with_host(&a->prefix, stable_number(r, &a->prefix, l->state.name, attempts(r, a)) | 1);
	return true;
}

static struct taken_address *add_taken(struct router *r, const struct pa_assignment *a)
{
	for (size_t i = 0; i < r->taken_count; i++)
		if (r->taken[i].link == a->link && prefix_equal(&r->taken[i].prefix, &a->prefix))
			return &r->taken[i];
	if (r->taken_count == HOME_TAKEN_MAX)
		memmove(&r->taken[0], &r->taken[1], --r->taken_count * sizeof(r->taken[0]));
	struct taken_address *t = &r->taken[r->taken_count++];
	*t = (struct taken_address) { .link = a->link, .prefix = a->prefix };
	return t;
}

void router_address_taken(struct router *r, msec now, uint32_t link, const struct ip *ip)
{
	for (const struct pa_assignment *a = NULL; (a = pa_next(r->pa, a));) {
		struct ip ours;
		if (a->link != link || ip_is_v4(ip) || !address_of(r, a, now, &ours) || !ip_equal(&ours, ip))
			continue;
		add_taken(r, a)->attempts++;
		r->now = now;
		router_dirty(r, DIRTY_PUBLISH | DIRTY_PLAN);
	}
}

bool address_primary(const struct router *r, struct ip *out, uint32_t *link)
{
	const struct pa_assignment *best = NULL;

	/* A ULA stays when uplinks change, so it is the best name for a node; else the first there is. */
	for (const struct pa_assignment *a = NULL; (a = pa_next(r->pa, a));) {
		if (!a->applied || prefix_is_v4(&a->prefix))
			continue;
		if (!best || (prefix_is_ula(&a->prefix) && !prefix_is_ula(&best->prefix)))
			best = a;
	}
	if (!best)
		return false;
	*link = best->link;
	return address_of(r, best, 0, out);
}
