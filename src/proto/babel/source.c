/* SPDX-License-Identifier: ISC */
/* The source table (RFC 8966 3.2.5): the best distance we ever announced, so that nobody's route that may lead through
 * us is believed. */
#include "proto/babel/babel_internal.h"

#include <stdlib.h>
#include <string.h>

static struct source_key make_key(const struct babel_key *key, const uint8_t *router_id)
{
	struct source_key k = { .key = *key };

	memcpy(k.router_id, router_id, ROUTER_ID_LEN);
	return k;
}

struct source *babel_source_find(const struct babel *b, const struct babel_key *key, const uint8_t *router_id)
{
	struct source_key k = make_key(key, router_id);

	return MAP_ENTRY_OR_NULL(map_find(&b->sources, &k), struct source, node);
}

/* RFC 8966 3.5.1 */
bool babel_source_feasible(const struct babel *b, const struct babel_key *key, const uint8_t *router_id, uint16_t seqno,
                           uint16_t metric)
{
	if (metric == BABEL_INFINITY)
		return true;
	const struct source *s = babel_source_find(b, key, router_id);
	return !s || seqno_less(s->seqno, seqno) || (s->seqno == seqno && metric < s->metric);
}

static void on_gc(struct timer *t, msec now)
{
	struct source *s = CONTAINER_OF(t, struct source, timer);

	/* The timer is not moved each time the distance is used, but looks here whether it was. */
	if (s->gc_at > now)
		timer_set(&s->babel->timers, t, s->gc_at);
	else
		babel_source_free(s);
}

/* RFC 8966 3.7.3. False if there is no room to remember it: then it must not be announced. */
bool babel_source_note(struct babel *b, msec now, const struct babel_key *key, const uint8_t *router_id, uint16_t seqno,
                       uint16_t metric)
{
	struct source *s = babel_source_find(b, key, router_id);

	if (!s) {
		if (b->sources.count >= LIMIT_SOURCES) {
			babel_limit_reached(b, now, BABEL_COUNT_ROUTE_LIMIT, "sources", LIMIT_SOURCES);
			return false;
		}
		s = NEW(struct source);
		s->babel = b;
		s->key = make_key(key, router_id);
		s->seqno = seqno;
		s->metric = metric;
		timer_init(&s->timer, on_gc);
		timer_set(&b->timers, &s->timer, now + SOURCE_GC);
		map_insert(&b->sources, &s->key, &s->node);
	} else if (seqno_less(s->seqno, seqno)) {
		s->seqno = seqno;
		s->metric = metric;
	} else if (s->seqno == seqno && metric < s->metric) {
		s->metric = metric;
	}
	s->gc_at = now + SOURCE_GC;
	return true;
}

void babel_source_free(struct source *s)
{
	timer_clear(&s->babel->timers, &s->timer);
	map_remove(&s->babel->sources, &s->node);
	free(s);
}
