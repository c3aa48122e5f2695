/* SPDX-License-Identifier: ISC */
/* Interfaces (RFC 8966 3.2.3): their Hellos, the packets that leave through them, and when. */
#include "proto/babel/babel_internal.h"

#include <stdlib.h>
#include <string.h>

static int compare_address(const void *key, const struct map_node *node)
{
	return ip_compare(key, &MAP_ENTRY(node, struct neighbour, node)->pub.addr);
}

static int compare_pending(const void *key, const struct map_node *node)
{
	return babel_key_compare(key, &MAP_ENTRY(node, struct pending, node)->key);
}

struct interface *babel_interface_find(const struct babel *b, uint32_t link)
{
	return MAP_ENTRY_OR_NULL(map_find(&b->interfaces, &link), struct interface, node);
}

/* RFC 8966 4: at most the MTU less headers, or 512, whichever is larger */
size_t babel_packet_room(const struct interface *i)
{
	size_t room = i->conf.mtu > IP_UDP_HEADERS ? i->conf.mtu - IP_UDP_HEADERS : 0;

	return MIN(MAX(room, (size_t)512), (size_t)WIRE_PACKET);
}

void babel_packet_send(struct interface *i, const struct ip *to, const uint8_t *data, size_t len)
{
	struct babel *b = i->babel;

	/* Here the MAC of RFC 8967 4.2 will be appended as the trailer; babel_packet_room() will leave room for it. */
	babel_count(b, BABEL_COUNT_TX);
	b->counters[BABEL_COUNT_TX_BYTES] += len;
	b->env.send(b->env.ctx, i->link, to, data, len);
}

/* IHUs that go out ahead of time, or with this Hello. What does not fit into the packet keeps its turn. */
static void write_ihus(struct interface *i, struct wire_writer *w, bool with_hello)
{
	i->ihus = false;
	MAP_EACH (n, &i->neighbours, struct neighbour, node) {
		/* RFC 8966 3.4.2, appendix B: with every third Hello, with each on lossy links */
		if (with_hello && n->ihu_wait)
			n->ihu_wait--;
		if (!n->ihu_soon && !(with_hello && (!n->ihu_wait || babel_neighbour_needs_ihu(n))))
			continue;
		struct message ihu = babel_neighbour_make_ihu(n);
		if (!babel_wire_write(w, &ihu)) {
			n->ihu_soon = i->ihus = true;
			continue;
		}
		n->ihu_soon = false;
		if (with_hello)
			n->ihu_wait = IHU_HELLOS;
	}
}

void babel_interface_flush_within(struct interface *i, msec now, msec delay)
{
	timer_set_sooner(&i->babel->timers, &i->flush_timer, now + delay);
}

void babel_interface_flush_soon(struct interface *i, msec now)
{
	if (timer_is_set(&i->flush_timer) && i->flush_timer.at <= now + URGENT_HIGH)
		return;
	babel_interface_flush_within(i, now, random_between(&i->babel->env.random, URGENT_LOW, URGENT_HIGH));
}

/* After a flush: when is the next one. */
static void set_flush(struct interface *i, msec now, bool more)
{
	msec at = MSEC_NEVER;

	if (more || i->ihus)
		at = now + BURST_PAUSE;
	else if (!list_empty(&i->repeats))
		at = MAX(now + BURST_PAUSE, LIST_ENTRY(i->repeats.next, struct pending, item)->at);
	if (!more && !list_empty(&i->triggered))
		at = MIN(at, MAX(now, LIST_ENTRY(i->triggered.next, struct pending, item)->at));
	timer_set(&i->babel->timers, &i->flush_timer, at);
}

static void finish_packet(struct interface *i, struct wire_writer *w)
{
	size_t len = babel_wire_finish(w);

	if (len)
		babel_packet_send(i, NULL, w->data, len);
}

static void on_flush(struct timer *t, msec now)
{
	struct interface *i = CONTAINER_OF(t, struct interface, flush_timer);
	struct wire_writer w;

	babel_wire_begin(&w, babel_packet_room(i));
	write_ihus(i, &w, false);
	bool more = babel_update_flush(i, now, &w, BURST_PACKETS);
	finish_packet(i, &w);
	set_flush(i, now, more);
}

static void on_dump(struct timer *t, msec now)
{
	struct interface *i = CONTAINER_OF(t, struct interface, dump_timer);

	if (i->dumping) { /* the one under way is to come to its end first */
		timer_set(&i->babel->timers, t, now + DUMP_QUIET);
		return;
	}
	i->dumping = true;
	i->dump_next = (struct babel_key) { 0 };
	i->dump_began = now;
	i->update_at = now + i->conf.update_interval;
	babel_interface_flush_soon(i, now);
}

void babel_interface_dump(struct interface *i, msec now)
{
	/* RFC 8966 3.8.1.1: rate-limited. One that is under way says to a new listener only what is left of it. */
	timer_set_sooner(&i->babel->timers, &i->dump_timer, MAX(now, i->dump_quiet));
}

static void hello(struct interface *i, msec now)
{
	struct wire_writer w;
	struct message m = { .type = TLV_HELLO, .seqno = i->hello_seqno++ };

	/* RFC 8966 3.4.1: scheduled, never with interval 0, which some peers take for a reason to forget us; sent
	 * ahead of time it still promises the next. */
	m.interval = to_centis(i->conf.hello_interval);
	i->hello_at = now;
	babel_wire_begin(&w, babel_packet_room(i));
	babel_wire_write(&w, &m);
	write_ihus(i, &w, true);
	/* A periodic dump that would be due before the next Hello goes along with this one (3.7.1). */
	if (!i->dumping && i->update_at <= now + i->conf.hello_interval) {
		timer_clear(&i->babel->timers, &i->dump_timer);
		on_dump(&i->dump_timer, now);
	}
	bool more = babel_update_flush(i, now, &w, 1);
	finish_packet(i, &w);
	set_flush(i, now, more);
}

static void on_hello(struct timer *t, msec now)
{
	struct interface *i = CONTAINER_OF(t, struct interface, hello_timer);
	const struct random_source *r = &i->babel->env.random;
	msec period = i->conf.hello_interval;

	hello(i, now);
	if (i->hellos_soon)
		i->hellos_soon--;
	msec next = i->hellos_soon ? random_between(r, HELLO_SOON_LOW, HELLO_SOON_HIGH)
	                           : random_between(r, period - period / 8, period);
	timer_set(&i->babel->timers, &i->hello_timer, now + MIN(next, period));
}

void babel_interface_hello_soon(struct interface *i, msec now)
{
	msec low = HELLO_SOON_LOW, high = HELLO_SOON_HIGH;

	i->hellos_soon = FIRST_HELLOS - 1;
	timer_set_sooner(&i->babel->timers, &i->hello_timer,
	                 MAX(now, i->hello_at + low) + random_between(&i->babel->env.random, 0, high - low));
}

static struct babel_interface_conf with_defaults(const struct babel_interface_conf *given)
{
	struct babel_interface_conf c = *given;

	if (!c.rxcost)
		c.rxcost = c.wireless ? COST_WIRELESS : COST_WIRED;
	if (!c.hello_interval)
		c.hello_interval = HELLO_INTERVAL;
	c.hello_interval = MAX(c.hello_interval, 10); /* the wire counts centiseconds */
	if (!c.update_interval)
		c.update_interval = UPDATE_HELLOS * c.hello_interval;
	c.update_interval = MAX(c.update_interval, 10);
	if (!c.mtu)
		c.mtu = MTU;
	return c;
}

static bool same_conf(const struct babel_interface_conf *a, const struct babel_interface_conf *b)
{
	return ip_equal(&a->linklocal, &b->linklocal) && ip_equal(&a->ipv4, &b->ipv4) && a->wireless == b->wireless &&
	       a->rxcost == b->rxcost && a->hello_interval == b->hello_interval &&
	       a->update_interval == b->update_interval && a->mtu == b->mtu;
}

static void interface_new(struct babel *b, msec now, uint32_t link, const struct babel_interface_conf *conf)
{
	struct interface *i = NEW(struct interface);

	i->babel = b;
	i->link = link;
	i->conf = *conf;
	i->dump_quiet = now;
	i->hello_at = now - HELLO_SOON_HIGH;
	i->update_at = now + conf->update_interval;
	i->hello_seqno = (uint16_t)random_u32(&b->env.random); /* a restart must show (RFC 8966 A.1) */
	map_init(&i->neighbours, compare_address);
	map_init(&i->pending, compare_pending);
	list_init(&i->urgent);
	list_init(&i->triggered);
	list_init(&i->repeats);
	timer_init(&i->hello_timer, on_hello);
	timer_init(&i->dump_timer, on_dump);
	timer_init(&i->flush_timer, on_flush);
	map_insert(&b->interfaces, &link, &i->node);
	i->hellos_soon = FIRST_HELLOS;
	timer_set(&b->timers, &i->hello_timer, now + random_between(&b->env.random, 0, HELLO_SOON_HIGH));
}

static void reconfigure(struct interface *i, msec now, const struct babel_interface_conf *conf)
{
	bool slower = conf->hello_interval > i->conf.hello_interval;
	bool say = !ip_equal(&conf->ipv4, &i->conf.ipv4) || conf->update_interval != i->conf.update_interval;

	i->conf = *conf;
	/* RFC 8966 3.4.1: a new interval is told at once */
	timer_set_sooner(&i->babel->timers, &i->hello_timer, now + (slower ? 0 : conf->hello_interval));
	MAP_EACH (n, &i->neighbours, struct neighbour, node)
		babel_neighbour_cost(n, now);
	if (say)
		babel_interface_dump(i, now);
}

void babel_interface_set(struct babel *b, msec now, uint32_t link, const struct babel_interface_conf *given)
{
	struct interface *i = babel_interface_find(b, link);
	struct babel_interface_conf conf = with_defaults(given);

	ASSERT(link && ip_is_linklocal(&conf.linklocal));
	if (b->stopped || (i && same_conf(&i->conf, &conf)))
		return;
	if (i && !ip_equal(&i->conf.linklocal, &conf.linklocal)) {
		/* To everybody else it is another interface (RFC 8966 3.2.4). */
		babel_interface_free(i, now);
		i = NULL;
	}
	if (i)
		reconfigure(i, now, &conf);
	else
		interface_new(b, now, link, &conf);
	if (b->changed && b->env.changed)
		b->env.changed(b->env.ctx);
	b->changed = false;
}

void babel_interface_remove(struct babel *b, msec now, uint32_t link)
{
	struct interface *i = babel_interface_find(b, link);

	if (!i)
		return;
	if (!b->stopped)
		babel_interface_farewell(i, now);
	babel_interface_free(i, now);
	if (b->changed && b->env.changed)
		b->env.changed(b->env.ctx);
	b->changed = false;
}

/* Appends a TLV to packets to all; sends what is full. */
static void farewell_write(struct interface *i, struct wire_writer *w, const struct message *m)
{
	if (babel_wire_write(w, m))
		return;
	finish_packet(i, w);
	babel_wire_begin(w, babel_packet_room(i));
	ASSERT(babel_wire_write(w, m));
}

void babel_interface_farewell(struct interface *i, msec now)
{
	struct wire_writer w;
	uint16_t interval = to_centis(i->conf.update_interval);

	(void)now;
	babel_wire_begin(&w, babel_packet_room(i));
	/* Everything at once (RFC 8966 4.6.9, AE 0), and our own routes by name for those who do not know that. */
	farewell_write(i, &w,
	               &(struct message) { .type = TLV_UPDATE,
	                                   .wildcard = true,
	                                   .seqno = i->babel->seqno,
	                                   .metric = BABEL_INFINITY,
	                                   .interval = interval });
	MAP_EACH (d, &i->babel->destinations, struct destination, node) {
		if (!d->own)
			continue;
		farewell_write(i, &w,
		               &(struct message) { .type = TLV_UPDATE,
		                                   .key = d->pub.key,
		                                   .seqno = i->babel->seqno,
		                                   .metric = BABEL_INFINITY,
		                                   .interval = interval });
		babel_count(i->babel, BABEL_COUNT_RETRACTIONS);
	}
	MAP_EACH (n, &i->neighbours, struct neighbour, node) {
		struct message ihu = babel_neighbour_make_ihu(n);
		ihu.metric = BABEL_INFINITY; /* RFC 8966 3.4.3: then the cost is infinite */
		farewell_write(i, &w, &ihu);
	}
	finish_packet(i, &w);
}

void babel_interface_free(struct interface *i, msec now)
{
	struct babel *b = i->babel;

	/* Out of the map first: nothing is to be sent here for routes that go with it. */
	map_remove(&b->interfaces, &i->node);
	MAP_EACH_SAFE (n, &i->neighbours, struct neighbour, node)
		babel_neighbour_free(n, now, "interface");
	MAP_EACH_SAFE (p, &i->pending, struct pending, node)
		babel_pending_free(i, p);
	timer_clear(&b->timers, &i->hello_timer);
	timer_clear(&b->timers, &i->dump_timer);
	timer_clear(&b->timers, &i->flush_timer);
	free(i);
}
