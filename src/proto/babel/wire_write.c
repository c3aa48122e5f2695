/* SPDX-License-Identifier: ISC */
/* Writing packets. */
#include <string.h>

#include "proto/babel/wire_internal.h"

void babel_wire_put_header(uint8_t to[WIRE_HEADER], size_t body)
{
	struct cursor c = cursor_writer(to, WIRE_HEADER);

	ASSERT(body <= UINT16_MAX);
	cursor_put_u8(&c, WIRE_MAGIC);
	cursor_put_u8(&c, WIRE_VERSION);
	cursor_put_u16(&c, (uint16_t)body);
}

void babel_wire_begin(struct wire_writer *w, size_t size)
{
	w->out = cursor_writer(w->data, MIN(size, sizeof(w->data)));
	w->state = (struct wire_state) { 0 };
	cursor_put_zero(&w->out, WIRE_HEADER);
}

size_t babel_wire_finish(struct wire_writer *w)
{
	size_t len = cursor_done(&w->out);

	if (len <= WIRE_HEADER)
		return 0;
	babel_wire_put_header(w->data, len - WIRE_HEADER);
	return len;
}

/* The shortest encoding of an address that is no prefix. */
static unsigned ae_of_address(const struct ip *ip)
{
	static const uint8_t fe80[8] = { 0xfe, 0x80 };

	if (ip_is_v4(ip))
		return AE_IPV4;
	return memcmp(ip->b, fe80, sizeof(fe80)) ? AE_IPV6 : AE_LINKLOCAL;
}

static unsigned ae_of_prefix(const struct prefix *p)
{
	return prefix_is_v4(p) ? AE_IPV4 : AE_IPV6;
}

static void put_address(struct cursor *c, unsigned ae, const struct ip *ip)
{
	const struct ae_format *f = babel_wire_ae(ae);

	cursor_put(c, ip->b + f->at, f->octets);
}

/* The octets of a prefix, without the first `omitted`. */
static void put_prefix(struct cursor *c, const struct prefix *p, unsigned omitted)
{
	const struct ae_format *f = babel_wire_ae(ae_of_prefix(p));

	cursor_put(c, p->ip.b + f->at + omitted, (prefix_plain_len(p) + 7) / 8 - omitted);
}

/* RFC 9079 7.1; a source prefix of length 0 is said by saying nothing (5). */
static void put_source(struct cursor *c, const struct babel_key *key)
{
	unsigned plen = prefix_plain_len(&key->src);

	if (!plen)
		return;
	ASSERT(prefix_is_v4(&key->src) == prefix_is_v4(&key->dst));
	cursor_put_u8(c, SUB_SOURCE_PREFIX);
	cursor_put_u8(c, (uint8_t)(1 + (plen + 7) / 8));
	cursor_put_u8(c, (uint8_t)plen);
	put_prefix(c, &key->src, 0);
}

void babel_write_ack_request(struct wire_state *s, struct cursor *c, const struct message *m)
{
	(void)s;
	cursor_put_u16(c, 0);
	cursor_put_u16(c, m->opaque);
	cursor_put_u16(c, m->interval);
}

void babel_write_ack(struct wire_state *s, struct cursor *c, const struct message *m)
{
	(void)s;
	cursor_put_u16(c, m->opaque);
}

void babel_write_hello(struct wire_state *s, struct cursor *c, const struct message *m)
{
	(void)s;
	cursor_put_u16(c, m->unicast ? HELLO_UNICAST : 0);
	cursor_put_u16(c, m->seqno);
	cursor_put_u16(c, m->interval);
}

void babel_write_ihu(struct wire_state *s, struct cursor *c, const struct message *m)
{
	(void)s;
	unsigned ae = m->wildcard ? AE_WILDCARD : ae_of_address(&m->addr);

	cursor_put_u8(c, (uint8_t)ae);
	cursor_put_u8(c, 0);
	cursor_put_u16(c, m->metric);
	cursor_put_u16(c, m->interval);
	if (ae != AE_WILDCARD)
		put_address(c, ae, &m->addr);
}

void babel_write_router_id(struct wire_state *s, struct cursor *c, const struct message *m)
{
	cursor_put_u16(c, 0);
	cursor_put(c, m->router_id, ROUTER_ID_LEN);
	memcpy(s->router_id, m->router_id, ROUTER_ID_LEN);
	s->has_router_id = true;
}

void babel_write_next_hop(struct wire_state *s, struct cursor *c, const struct message *m)
{
	unsigned ae = ae_of_address(&m->addr);

	cursor_put_u8(c, (uint8_t)ae);
	cursor_put_u8(c, 0);
	put_address(c, ae, &m->addr);
	s->hop[ae != AE_IPV4] = m->addr;
	s->has_hop[ae != AE_IPV4] = true;
}

/* How many octets of `p` are those of the default prefix, and need not be sent (RFC 8966 4.5). */
static unsigned octets_shared(const struct wire_state *s, unsigned ae, const struct prefix *p)
{
	unsigned n = 0, most = prefix_plain_len(p) / 8, at = babel_wire_ae(ae)->at;

	if (!s->has_prefix[ae])
		return 0;
	while (n < most && s->prefix[ae].b[at + n] == p->ip.b[at + n])
		n++;
	return n;
}

void babel_write_update(struct wire_state *s, struct cursor *c, const struct message *m)
{
	unsigned ae = m->wildcard ? AE_WILDCARD : ae_of_prefix(&m->key.dst);
	unsigned plen = m->wildcard ? 0 : prefix_plain_len(&m->key.dst);
	/* IPv4 has little to gain, and peers that never saw it compressed. A short prefix is no use to those after. */
	bool compress = ae == AE_IPV6, set = compress && plen >= 16;
	unsigned omitted = compress ? octets_shared(s, ae, &m->key.dst) : 0;

	cursor_put_u8(c, (uint8_t)ae);
	cursor_put_u8(c, set ? UPDATE_PREFIX : 0);
	cursor_put_u8(c, (uint8_t)plen);
	cursor_put_u8(c, (uint8_t)omitted);
	cursor_put_u16(c, m->interval);
	cursor_put_u16(c, m->seqno);
	cursor_put_u16(c, m->metric);
	if (m->wildcard)
		return;
	put_prefix(c, &m->key.dst, omitted);
	put_source(c, &m->key);
	if (set) {
		s->prefix[ae] = m->key.dst.ip;
		s->has_prefix[ae] = true;
	}
}

void babel_write_route_request(struct wire_state *s, struct cursor *c, const struct message *m)
{
	(void)s;
	cursor_put_u8(c, m->wildcard ? AE_WILDCARD : (uint8_t)ae_of_prefix(&m->key.dst));
	cursor_put_u8(c, m->wildcard ? 0 : (uint8_t)prefix_plain_len(&m->key.dst));
	if (m->wildcard)
		return;
	put_prefix(c, &m->key.dst, 0);
	put_source(c, &m->key);
}

void babel_write_seqno_request(struct wire_state *s, struct cursor *c, const struct message *m)
{
	(void)s;
	cursor_put_u8(c, (uint8_t)ae_of_prefix(&m->key.dst));
	cursor_put_u8(c, (uint8_t)prefix_plain_len(&m->key.dst));
	cursor_put_u16(c, m->seqno);
	cursor_put_u8(c, m->hop_count);
	cursor_put_u8(c, 0);
	cursor_put(c, m->router_id, ROUTER_ID_LEN);
	put_prefix(c, &m->key.dst, 0);
	put_source(c, &m->key);
}

static void put_tlv(struct wire_state *s, struct cursor *c, const struct message *m)
{
	ASSERT(m->type < TLV_COUNT && babel_tlv_formats[m->type].write);
	cursor_put_u8(c, (uint8_t)m->type);
	size_t length_at = cursor_done(c);
	cursor_put_u8(c, 0);
	babel_tlv_formats[m->type].write(s, c, m);
	if (!cursor_ok(c))
		return;
	size_t body = cursor_done(c) - length_at - 1;
	ASSERT(body <= UINT8_MAX);
	c->start[length_at] = (uint8_t)body;
}

/* Router-id and next hop, where those in force are others (RFC 8966 4.5). The sender's own IPv6 address needs no Next
 * Hop TLV: `addr` of an IPv6 update says nothing here. */
static void put_prelude(struct wire_state *s, struct cursor *c, const struct message *m)
{
	bool v4 = prefix_is_v4(&m->key.dst);

	if (v4 && (!s->has_hop[0] || !ip_equal(&s->hop[0], &m->addr)))
		put_tlv(s, c, &(struct message) { .type = TLV_NEXT_HOP, .addr = m->addr });
	if (!s->has_router_id || memcmp(s->router_id, m->router_id, ROUTER_ID_LEN)) {
		struct message id = { .type = TLV_ROUTER_ID };
		memcpy(id.router_id, m->router_id, ROUTER_ID_LEN);
		put_tlv(s, c, &id);
	}
}

bool babel_wire_write(struct wire_writer *w, const struct message *m)
{
	size_t before = cursor_done(&w->out);
	struct wire_state state = w->state;

	if (m->type == TLV_UPDATE && m->metric != BABEL_INFINITY)
		put_prelude(&w->state, &w->out, m);
	put_tlv(&w->state, &w->out, m);
	if (cursor_ok(&w->out))
		return true;
	cursor_rewind(&w->out, before);
	w->state = state;
	return false;
}

size_t babel_wire_write_single(uint8_t *to, size_t size, const struct message *m)
{
	struct cursor c = cursor_writer(to, size);
	struct wire_state state = { 0 };

	put_tlv(&state, &c, m);
	return cursor_ok(&c) ? cursor_done(&c) : 0;
}
