/* SPDX-License-Identifier: ISC */
/* Sending updates (RFC 8966 3.7): what is told, when, and to whom; the feasibility distances are noted as it is. */
#include "proto/babel/babel_internal.h"

#include <stdlib.h>
#include <string.h>

struct advert babel_destination_advert(const struct destination *d)
{
	struct advert a = { 0 };
	const struct route *r = d->selected;

	if (d->own) {
		a = (struct advert) { .finite = true, .seqno = d->babel->seqno, .metric = d->own_metric };
		memcpy(a.router_id, d->babel->router_id, ROUTER_ID_LEN);
	} else if (r) {
		a = (struct advert) { .finite = true, .seqno = r->seqno, .metric = r->metric };
		a.link = r->neighbour->pub.link;
		memcpy(a.router_id, r->router_id, ROUTER_ID_LEN);
	}
	return a;
}

/* -------------------------------------------------------------------------------------------------------- pending */

void babel_pending_free(struct interface *i, struct pending *p)
{
	list_remove(&p->item);
	map_remove(&i->pending, &p->node);
	free(p);
}

static struct pending *pending_get(struct interface *i, const struct babel_key *key)
{
	struct pending *p = MAP_ENTRY_OR_NULL(map_find(&i->pending, key), struct pending, node);

	if (p)
		return p;
	p = NEW(struct pending);
	p->key = *key;
	p->at = MSEC_NEVER;
	list_init(&p->item);
	map_insert(&i->pending, key, &p->node);
	return p;
}

static struct pending *pend_urgent(struct interface *i, msec now, const struct babel_key *key, unsigned copies)
{
	struct pending *p = pending_get(i, key);

	p->copies = (uint8_t)MAX(p->copies, copies);
	if (!p->urgent) {
		list_remove(&p->item);
		list_append(&i->urgent, &p->item);
		p->urgent = true;
	}
	babel_interface_flush_soon(i, now);
	return p;
}

static struct pending *pend_triggered(struct interface *i, msec now, const struct babel_key *key)
{
	struct pending *p = pending_get(i, key);

	if (list_empty(&p->item)) {
		msec delay = random_between(&i->babel->env.random, TRIGGERED_LOW, TRIGGERED_HIGH);
		/* The list stays in the order of time: who comes later goes with those before it. */
		if (!list_empty(&i->triggered))
			delay = 0;
		p->at = MAX(now + delay,
		            list_empty(&i->triggered) ? now : LIST_ENTRY(i->triggered.prev, struct pending, item)->at);
		p->copies = 1;
		list_append(&i->triggered, &p->item);
		babel_interface_flush_within(i, now, p->at - now);
	}
	return p;
}

/* After a copy has gone out. */
static void pend_repeat(struct interface *i, msec now, struct pending *p)
{
	msec at = now + random_between(&i->babel->env.random, REPEAT_LOW, REPEAT_HIGH);

	if (!list_empty(&i->repeats))
		at = MAX(at, LIST_ENTRY(i->repeats.prev, struct pending, item)->at);
	list_remove(&p->item);
	p->urgent = false;
	p->at = at;
	list_append(&i->repeats, &p->item);
}

static struct pending *pending_next(struct interface *i, msec now)
{
	struct list *lists[] = { &i->urgent, &i->repeats, &i->triggered };

	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		if (list_empty(lists[l]))
			continue;
		struct pending *p = LIST_ENTRY(lists[l]->next, struct pending, item);
		if (p->urgent || p->at <= now)
			return p;
	}
	return NULL;
}

/* ------------------------------------------------------------------------------------------------------- triggers */

static bool metric_changed(uint16_t a, uint16_t b)
{
	unsigned by = a > b ? a - b : b - a;

	return by >= METRIC_CHANGE && by >= MAX(a, b) / 8;
}

void babel_update_trigger(struct destination *d, msec now)
{
	struct advert a = babel_destination_advert(d), before = d->said;
	bool none_before = !memcmp(before.router_id, (uint8_t[ROUTER_ID_LEN]) { 0 }, ROUTER_ID_LEN);
	bool other = a.finite && !id_equal(a.router_id, before.router_id);
	bool urgent = a.finite != before.finite || other;
	bool moved = a.finite && a.link != before.link;

	if (d->babel->stopped || (!a.finite && !before.finite))
		return;
	if (!urgent && !moved && !metric_changed(a.metric, before.metric))
		return;
	if (!a.finite)
		memcpy(a.router_id, before.router_id, ROUTER_ID_LEN); /* to know whether the next is another */
	d->said = a;
	MAP_EACH (i, &d->babel->interfaces, struct interface, node) {
		/* RFC 8966 3.7.2: what may begin a loop or a black hole is repeated: 3 times if wireless, 2 if wired.
		 * A route where there was none does neither. */
		unsigned copies = i->conf.wireless ? 3 : 2;
		struct pending *p;
		if (urgent)
			p = pend_urgent(i, now, &d->pub.key, none_before ? 1 : copies);
		else
			p = pend_triggered(i, now, &d->pub.key);
		/* Where it is learnt from now on nothing more will be heard of it; what was said there is taken back.
		 */
		p->poison |= moved && before.finite && a.link == i->link;
	}
}

void babel_update_answer(struct interface *i, msec now, const struct babel_key *key)
{
	pend_urgent(i, now, key, 1)->force = true;
}

/* -------------------------------------------------------------------------------------------------------- writing */

enum written { WRITTEN, NOTHING_TO_WRITE, NO_ROOM };

/* Writes what is to be said about a key on this interface now. */
static enum written write_update_for(struct interface *i, msec now, struct wire_writer *w, const struct babel_key *key,
                                     const struct destination *d, bool force, bool poison)
{
	struct babel *b = i->babel;
	struct advert a = d ? babel_destination_advert(d) : (struct advert) { 0 };
	struct message m = { .type = TLV_UPDATE, .key = *key, .interval = to_centis(i->conf.update_interval) };
	bool v4 = prefix_is_v4(&key->dst), finite = a.finite;

	/* RFC 8966 3.7.4: split horizon, on what is symmetric and transitive */
	if (finite && a.link == i->link && !i->conf.wireless && !force) {
		if (!poison)
			return NOTHING_TO_WRITE;
		finite = false;
	}
	if (finite && v4 && ip_is_any(&i->conf.ipv4)) {
		if (!force)
			return NOTHING_TO_WRITE;
		finite = false; /* no next hop to name */
	}
	/* The distance is known before it is told (3.7.3); noting it for one that then waits for the next packet does
	 * no harm, since that follows at once. */
	if (finite && !babel_source_note(b, now, key, a.router_id, a.seqno, a.metric))
		return NOTHING_TO_WRITE;
	m.seqno = a.finite ? a.seqno : b->seqno;
	m.metric = finite ? a.metric : BABEL_INFINITY;
	m.addr = v4 ? i->conf.ipv4 : i->conf.linklocal;
	memcpy(m.router_id, a.router_id, ROUTER_ID_LEN);
	if (!babel_wire_write(w, &m))
		return NO_ROOM;
	if (!finite)
		babel_count(b, BABEL_COUNT_RETRACTIONS);
	return WRITTEN;
}

/* One more of what is pending. False if there is no room. */
static bool write_pending(struct interface *i, msec now, struct wire_writer *w, struct pending *p)
{
	const struct destination *d = babel_destination_find(i->babel, &p->key);

	if (write_update_for(i, now, w, &p->key, d, p->force, p->poison) == NO_ROOM)
		return false;
	if (p->copies > 1) {
		p->copies--;
		pend_repeat(i, now, p);
	} else {
		babel_pending_free(i, p);
	}
	return true;
}

/* One more of the dump, which goes by key and so survives whatever changes meanwhile. False if there is no room. */
static bool write_dump(struct interface *i, msec now, struct wire_writer *w)
{
	struct map_node *node = map_find_from(&i->babel->destinations, &i->dump_next);

	while (node) {
		struct destination *d = MAP_ENTRY(node, struct destination, node);
		/* What was lost recently is retracted again (RFC 8966 3.7); what we never announced is passed over. */
		bool say = d->own || d->selected || d->shown;
		enum written result =
		        say ? write_update_for(i, now, w, &d->pub.key, d, false, false) : NOTHING_TO_WRITE;
		if (result == NO_ROOM) {
			i->dump_next = d->pub.key;
			return false;
		}
		node = map_next(node);
	}
	i->dumping = false;
	i->dump_quiet = now + MAX((msec)DUMP_QUIET, now - i->dump_began);
	return true;
}

bool babel_update_flush(struct interface *i, msec now, struct wire_writer *w, unsigned packets)
{
	for (;;) {
		struct pending *p = pending_next(i, now);
		if (!p && !i->dumping)
			return false;
		if (p ? write_pending(i, now, w, p) : write_dump(i, now, w))
			continue;
		if (packets <= 1)
			return true;
		packets--;
		size_t len = babel_wire_finish(w);
		ASSERT(len);
		babel_packet_send(i, NULL, w->data, len);
		babel_wire_begin(w, babel_packet_room(i));
	}
}
