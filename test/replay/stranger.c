/* SPDX-License-Identifier: ISC */
#include "proto/hncp/limits.h"
#include "proto/tlv/tlv.h"
#include "replay.h"

enum { ENDPOINT = 7, CHILDREN = 50, INVENTED = 0x70000000, HASH = 8, DATAGRAM = 40000, PER_DATAGRAM = 20 };
#define REPEAT ((msec)10 * SECOND)

void stranger_make(struct replay *r, struct words *w)
{
	struct stranger *s = &r->strangers[r->stranger_count];

	if (r->stranger_count++ == REPLAY_STRANGERS)
		words_wrong(w, "too many strangers");
	*s = (struct stranger) { .endpoint = ENDPOINT, .next = MSEC_NEVER };
	snprintf(s->name, sizeof(s->name), "%s", words_take(w, "a name"));
	s->id = words_hex32(w);
	words_need(w, "on");
	s->link = words_link(w);
	s->addr = (struct ip) { { 0xfe, 0x80, [14] = 0x99, [15] = (uint8_t)r->stranger_count } };
	words_end(w);
}

struct stranger *stranger_find(struct replay *r, const char *name)
{
	for (size_t i = 0; i < r->stranger_count; i++)
		if (strcmp(r->strangers[i].name, name) == 0)
			return &r->strangers[i];
	return NULL;
}

static void put_peer(struct cursor *c, uint32_t node, uint32_t theirs, uint32_t ours)
{
	size_t at = tlv_begin(c, DNCP_TLV_PEER);

	cursor_put_u32(c, node);
	cursor_put_u32(c, theirs);
	cursor_put_u32(c, ours);
	tlv_end(c, at);
}

static void put_sender(struct cursor *c, const struct stranger *s)
{
	size_t at = tlv_begin(c, DNCP_TLV_NODE_ENDPOINT);

	cursor_put_u32(c, s->id);
	cursor_put_u32(c, s->endpoint);
	tlv_end(c, at);
}

static void put_state(struct cursor *c, uint32_t id, uint32_t seqno, uint32_t age, const struct cursor *data)
{
	uint8_t hash[DNCP_HASH_MAX];
	size_t at = tlv_begin(c, DNCP_TLV_NODE_STATE);

	HNCP_PROFILE.hash(data->start, cursor_done(data), hash);
	cursor_put_u32(c, id);
	cursor_put_u32(c, seqno);
	cursor_put_u32(c, age);
	cursor_put(c, hash, HASH);
	cursor_put(c, data->start, cursor_done(data));
	tlv_end(c, at);
}

/* To every router on its link, by unicast. */
static void send_all(struct replay *r, const struct stranger *s, const struct cursor *c)
{
	ASSERT(cursor_ok(c));
	for (unsigned i = 0; i < NET_ROUTERS; i++)
		replay_inject(r, i, s->link, ROUTER_HNCP, false, &s->addr, c->start, cursor_done(c));
}

/* Says node data of any node: its own, or those of one that it makes up. */
static void say(struct replay *r, const struct stranger *s, uint32_t id, uint32_t seqno, uint32_t age,
                const struct cursor *data)
{
	uint8_t *buffer = mem_new(1, DATAGRAM);
	struct cursor c = cursor_writer(buffer, DATAGRAM);

	put_sender(&c, s);
	put_state(&c, id, seqno, age, data);
	send_all(r, s, &c);
	free(buffer);
}

static void repeat(struct replay *r, struct stranger *s)
{
	uint8_t data[REPLAY_DATA];
	struct cursor c = cursor_writer(data, sizeof(data));

	for (size_t i = 0; i < s->peer_count; i++)
		put_peer(&c, s->peers[i][0], s->peers[i][1], s->endpoint);
	cursor_put(&c, s->data, s->len);
	say(r, s, s->id, s->seqno, s->age, &c);
	s->next = r->net->now + REPEAT;
}

static void add_peers(struct replay *r, struct stranger *s, struct words *w)
{
	do {
		unsigned i = words_router(w);
		if (!r->net->routers[i].router || s->peer_count == REPLAY_PEERS)
			words_wrong(w, "it is off, or there are too many");
		s->peers[s->peer_count][0] = dncp_id(router_dncp(r->net->routers[i].router));
		s->peers[s->peer_count++][1] = s->link;
	} while (w->at < w->count);
}

/* seq N [age N] : TLVs */
static void read_state(struct words *w, uint32_t *seqno, uint32_t *age, struct cursor *out)
{
	*age = 0;
	words_need(w, "seq");
	*seqno = (uint32_t)words_number(w);
	if (words_accept(w, "age"))
		*age = (uint32_t)words_number(w);
	words_need(w, ":");
	tlv_words(w, out);
}

/* Nodes in a tree below the stranger, each a peer of the one above it, so that all seem to be there. */
static void invent(struct replay *r, struct stranger *s, uint32_t count)
{
	uint8_t *buffer = mem_new(1, DATAGRAM);
	struct cursor c = cursor_writer(buffer, DATAGRAM);

	for (uint32_t k = 1; k <= count; k++) {
		uint8_t data[CHILDREN * 16 + 64];
		struct cursor d = cursor_writer(data, sizeof(data));
		uint32_t above = (k - 1) / CHILDREN;
		put_peer(&d, above ? INVENTED + above : s->id, above ? 1 : s->endpoint, 1);
		for (uint32_t i = k * CHILDREN + 1; i <= k * CHILDREN + CHILDREN && i <= count; i++)
			put_peer(&d, INVENTED + i, 1, 1);
		if (k % PER_DATAGRAM == 1) {
			cursor_rewind(&c, 0);
			put_sender(&c, s);
		}
		put_state(&c, INVENTED + k, 1, 0, &d);
		if (k % PER_DATAGRAM == 0 || k == count)
			send_all(r, s, &c);
	}
	free(buffer);
	for (uint32_t k = 1; k <= MIN(count, (uint32_t)CHILDREN) && s->peer_count < REPLAY_PEERS; k++) {
		s->peers[s->peer_count][0] = INVENTED + k;
		s->peers[s->peer_count++][1] = 1;
	}
	s->seqno++;
	repeat(r, s);
}

void stranger_act(struct replay *r, struct stranger *s, struct words *w)
{
	uint8_t data[REPLAY_DATA];
	struct cursor c = cursor_writer(data, sizeof(data));
	uint32_t seqno, age;

	if (words_accept(w, "peers")) {
		add_peers(r, s, w);
	} else if (words_accept(w, "says")) {
		read_state(w, &s->seqno, &s->age, &c);
		s->len = cursor_done(&c);
		memcpy(s->data, data, s->len);
		repeat(r, s);
	} else if (words_accept(w, "forges")) {
		uint32_t id = words_node(r->net, w);
		read_state(w, &seqno, &age, &c);
		say(r, s, id, seqno, age, &c);
	} else if (words_accept(w, "invents")) {
		invent(r, s, (uint32_t)words_number(w));
		words_need(w, "nodes");
	} else if (words_accept(w, "silent")) {
		s->next = MSEC_NEVER;
	} else {
		words_take(w, "peers, says, forges, invents or silent");
		words_wrong(w, "peers, says, forges, invents or silent");
	}
	words_end(w);
}

msec strangers_run(struct replay *r)
{
	msec next = MSEC_NEVER;

	for (size_t i = 0; i < r->stranger_count; i++) {
		struct stranger *s = &r->strangers[i];
		if (s->next <= r->net->now)
			repeat(r, s);
		next = MIN(next, s->next);
	}
	return next;
}
