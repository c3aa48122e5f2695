/* SPDX-License-Identifier: ISC */
/* Reading packets. A value that no extension could ever mean drops the packet (WIRE_MALFORMED); one that the RFC tells
 * to ignore drops the TLV. What a TLV does to the parser state happens first, whatever its sub-TLVs say
 * (RFC 8966 4.5). */
#include <string.h>

#include "proto/babel/wire_internal.h"

bool babel_wire_open(struct wire_reader *r, const struct ip *from, const uint8_t *data, size_t len,
                     struct cursor *trailer)
{
	struct cursor c = cursor_reader(data, len);
	uint8_t magic = cursor_get_u8(&c), version = cursor_get_u8(&c);
	struct cursor body = cursor_sub(&c, cursor_get_u16(&c));

	/* RFC 8966 4.2 */
	if (!cursor_ok(&c) || magic != WIRE_MAGIC || version != WIRE_VERSION)
		return false;
	*r = (struct wire_reader) { .body = body };
	bool v6 = !ip_is_v4(from);
	r->state.has_hop[v6] = true; /* the sender is the next hop of its address family (4.5) */
	r->state.hop[v6] = *from;
	*trailer = cursor_sub(&c, cursor_left(&c));
	return true;
}

static bool router_id_valid(const uint8_t id[ROUTER_ID_LEN]) /* RFC 8966 4.1.3 */
{
	bool zeros = true, ones = true;

	for (int i = 0; i < ROUTER_ID_LEN; i++) {
		zeros &= id[i] == 0;
		ones &= id[i] == 0xff;
	}
	return !zeros && !ones;
}

static void get_address(struct cursor *c, const struct ae_format *f, struct ip *out)
{
	*out = *f->implied;
	cursor_get(c, out->b + f->at, f->octets);
}

/* Reads a prefix of `plen` bits as the wire counts them, whose first `omitted` octets are those of `before`. False if
 * there are fewer octets, or more bits than the address has. */
static bool get_prefix(struct cursor *c, const struct ae_format *f, unsigned plen, unsigned omitted,
                       const struct ip *before, struct prefix *out)
{
	struct ip ip = *f->implied;
	unsigned implied = f->base ? 0 : f->at; /* octets that Plen counts, but that are not there */
	unsigned octets = (plen + 7) / 8;

	octets = octets > implied ? octets - implied : 0;
	if (octets > f->octets || plen + f->base > IP_BITS)
		return false;
	omitted = MIN(omitted, octets);
	if (omitted)
		memcpy(ip.b + f->at, before->b + f->at, omitted);
	cursor_get(c, ip.b + f->at + omitted, octets - omitted);
	*out = prefix_make(&ip, plen + f->base);
	return cursor_ok(c);
}

/* An IPv6 prefix among the IPv4-mapped ones would pass for IPv4 with us; on the wire IPv4 has its own encoding. */
static bool prefix_fits(const struct ae_format *f, const struct prefix *p)
{
	return prefix_is_v4(p) == f->v4;
}

static struct prefix any_source(const struct ae_format *f)
{
	return f->v4 ? PREFIX_ALL4 : PREFIX_ALL;
}

enum wire_result babel_read_ack_request(struct wire_state *s, struct cursor *c, struct message *m, uint8_t *ae)
{
	(void)s, (void)ae;
	cursor_skip(c, 2);
	m->opaque = cursor_get_u16(c);
	m->interval = cursor_get_u16(c);
	return m->interval ? WIRE_MESSAGE : WIRE_IGNORED; /* RFC 8966 4.6.3: MUST NOT be 0 */
}

enum wire_result babel_read_ack(struct wire_state *s, struct cursor *c, struct message *m, uint8_t *ae)
{
	(void)s, (void)ae;
	m->opaque = cursor_get_u16(c);
	return WIRE_MESSAGE;
}

enum wire_result babel_read_hello(struct wire_state *s, struct cursor *c, struct message *m, uint8_t *ae)
{
	(void)s, (void)ae;
	m->unicast = cursor_get_u16(c) & HELLO_UNICAST;
	m->seqno = cursor_get_u16(c);
	m->interval = cursor_get_u16(c);
	return WIRE_MESSAGE;
}

enum wire_result babel_read_ihu(struct wire_state *s, struct cursor *c, struct message *m, uint8_t *ae)
{
	(void)s, (void)ae;
	uint8_t encoding = cursor_get_u8(c);
	const struct ae_format *f = babel_wire_ae(encoding);

	cursor_skip(c, 1);
	m->metric = cursor_get_u16(c);
	m->interval = cursor_get_u16(c);
	m->wildcard = encoding == AE_WILDCARD;
	if (!f && !m->wildcard)
		return WIRE_IGNORED; /* RFC 8966 4.6.6 */
	if (f)
		get_address(c, f, &m->addr);
	return m->interval ? WIRE_MESSAGE : WIRE_IGNORED; /* 4.6.6: MUST NOT be 0 */
}

enum wire_result babel_read_router_id(struct wire_state *s, struct cursor *c, struct message *m, uint8_t *ae)
{
	(void)m, (void)ae;
	cursor_skip(c, 2);
	cursor_get(c, s->router_id, ROUTER_ID_LEN);
	s->has_router_id = router_id_valid(s->router_id);
	return s->has_router_id ? WIRE_NOTHING : WIRE_IGNORED;
}

enum wire_result babel_read_next_hop(struct wire_state *s, struct cursor *c, struct message *m, uint8_t *ae)
{
	(void)m, (void)ae;
	const struct ae_format *f = babel_wire_ae(cursor_get_u8(c));

	cursor_skip(c, 1);
	if (!f)
		return WIRE_IGNORED; /* RFC 8966 4.6.8 */
	get_address(c, f, &s->hop[!f->v4]);
	s->has_hop[!f->v4] = true;
	return WIRE_NOTHING;
}

/* What an update sets for those after it (RFC 8966 4.6.9, the flags). */
static void update_state(struct wire_state *s, unsigned ae, const struct ae_format *f, uint8_t flags,
                         const struct prefix *p)
{
	if (flags & UPDATE_PREFIX && f->compress) {
		s->prefix[ae] = p->ip;
		s->has_prefix[ae] = true;
	}
	if (flags & UPDATE_ROUTER_ID) {
		memset(s->router_id, 0, ROUTER_ID_LEN);
		unsigned octets = f->v4 ? 4 : ROUTER_ID_LEN;
		memcpy(s->router_id + ROUTER_ID_LEN - octets, p->ip.b + sizeof(p->ip.b) - octets, octets);
		s->has_router_id = router_id_valid(s->router_id);
	}
}

/* What an update takes from those before it. */
static enum wire_result complete_update(const struct wire_state *s, const struct ae_format *f, struct message *m)
{
	if (!m->interval || !prefix_fits(f, &m->key.dst))
		return WIRE_IGNORED;
	if (m->metric == BABEL_INFINITY)
		return WIRE_MESSAGE; /* RFC 8966 4.6.9: router-id, next hop and seqno are not used */
	if (!s->has_router_id || !s->has_hop[!f->v4])
		return WIRE_IGNORED;
	memcpy(m->router_id, s->router_id, ROUTER_ID_LEN);
	m->addr = s->hop[!f->v4];
	return WIRE_MESSAGE;
}

enum wire_result babel_read_update(struct wire_state *s, struct cursor *c, struct message *m, uint8_t *ae)
{
	*ae = cursor_get_u8(c);
	const struct ae_format *f = babel_wire_ae(*ae);
	uint8_t flags = cursor_get_u8(c), plen = cursor_get_u8(c), omitted = cursor_get_u8(c);

	m->interval = cursor_get_u16(c);
	m->seqno = cursor_get_u16(c);
	m->metric = cursor_get_u16(c);
	m->wildcard = *ae == AE_WILDCARD;
	if (m->wildcard) /* RFC 8966 4.6.9: retracts everything, and can do nothing else */
		return m->metric == BABEL_INFINITY && !plen && !omitted ? WIRE_MESSAGE : WIRE_IGNORED;
	if (!f)
		return WIRE_IGNORED;
	/* 4.6.9: octets left out without a default prefix, or where compression is not allowed */
	bool bad = omitted && (!f->compress || !s->has_prefix[*ae]);
	if (!get_prefix(c, f, plen, omitted, &s->prefix[*ae], &m->key.dst))
		return WIRE_MALFORMED;
	if (bad)
		return WIRE_IGNORED;
	m->key.src = any_source(f);
	update_state(s, *ae, f, flags, &m->key.dst);
	return complete_update(s, f, m);
}

enum wire_result babel_read_route_request(struct wire_state *s, struct cursor *c, struct message *m, uint8_t *ae)
{
	(void)s;
	*ae = cursor_get_u8(c);
	const struct ae_format *f = babel_wire_ae(*ae);
	uint8_t plen = cursor_get_u8(c);

	m->wildcard = *ae == AE_WILDCARD;
	if (m->wildcard)
		return plen ? WIRE_IGNORED : WIRE_MESSAGE; /* RFC 8966 4.6.10 */
	if (!f)
		return WIRE_IGNORED;
	if (!get_prefix(c, f, plen, 0, NULL, &m->key.dst))
		return WIRE_MALFORMED;
	m->key.src = any_source(f);
	return prefix_fits(f, &m->key.dst) ? WIRE_MESSAGE : WIRE_IGNORED;
}

enum wire_result babel_read_seqno_request(struct wire_state *s, struct cursor *c, struct message *m, uint8_t *ae)
{
	(void)s;
	*ae = cursor_get_u8(c);
	const struct ae_format *f = babel_wire_ae(*ae);
	uint8_t plen = cursor_get_u8(c);

	m->seqno = cursor_get_u16(c);
	m->hop_count = cursor_get_u8(c);
	cursor_skip(c, 1);
	cursor_get(c, m->router_id, ROUTER_ID_LEN);
	if (!f)
		return WIRE_IGNORED; /* RFC 8966 4.6.11: AE MUST NOT be 0 */
	if (!get_prefix(c, f, plen, 0, NULL, &m->key.dst))
		return WIRE_MALFORMED;
	m->key.src = any_source(f);
	if (!m->hop_count || !router_id_valid(m->router_id) || !prefix_fits(f, &m->key.dst))
		return WIRE_IGNORED;
	return WIRE_MESSAGE;
}

/* RFC 9079 7.1. False if it is corrupt: the TLV is to be ignored. */
static bool get_source(struct cursor *sub, uint8_t ae, struct message *m)
{
	const struct ae_format *f = babel_wire_ae(ae);
	uint8_t plen = cursor_get_u8(sub);
	struct prefix src;

	if (!f || !plen || !get_prefix(sub, f, plen, 0, NULL, &src) || !prefix_fits(f, &src))
		return false;
	m->key.src = src;
	return true;
}

/* The sub-TLVs behind the body (RFC 8966 4.4): WIRE_MESSAGE if none of them forbids to act. */
static enum wire_result read_subs(const struct tlv_format *format, struct cursor *c, uint8_t ae, struct message *m)
{
	bool source = false;

	while (cursor_left(c)) {
		uint8_t type = cursor_get_u8(c);
		if (type == SUB_PAD1)
			continue;
		struct cursor sub = cursor_sub(c, cursor_get_u8(c));
		if (!cursor_ok(c))
			return WIRE_IGNORED;
		if (type == SUB_SOURCE_PREFIX && format->source) {
			if (source || !get_source(&sub, ae, m)) /* RFC 9079 7: exactly one, and none with AE 0 */
				return WIRE_IGNORED;
			source = true;
		} else if (type & SUB_MANDATORY) {
			return WIRE_MANDATORY;
		}
	}
	return WIRE_MESSAGE;
}

enum wire_result babel_wire_read(struct wire_reader *r, struct message *out)
{
	if (!cursor_left(&r->body))
		return r->body.error ? WIRE_MALFORMED : WIRE_END;
	uint8_t type = cursor_get_u8(&r->body);
	if (type == TLV_PAD1)
		return WIRE_NOTHING;
	struct cursor c = cursor_sub(&r->body, cursor_get_u8(&r->body));
	if (!cursor_ok(&r->body))
		return WIRE_MALFORMED;
	if (type >= TLV_COUNT)
		return WIRE_UNKNOWN; /* RFC 8966 4.3 */
	const struct tlv_format *format = &babel_tlv_formats[type];
	if (!format->read)
		return WIRE_NOTHING;
	if (cursor_left(&c) < format->least)
		return WIRE_MALFORMED;

	struct message m = { .type = type };
	uint8_t ae = AE_WILDCARD;
	enum wire_result result = format->read(&r->state, &c, &m, &ae);
	if (!cursor_ok(&c))
		return WIRE_MALFORMED;
	if (result != WIRE_MESSAGE)
		return result;
	result = read_subs(format, &c, ae, &m);
	if (result == WIRE_MESSAGE)
		*out = m;
	return result;
}
