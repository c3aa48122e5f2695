/* SPDX-License-Identifier: ISC */
/* What the tests of proto/ra share: a link that records what is sent, and a reader of advertisements that knows nothing
 * of the code that writes them. */
#ifndef HEARTH_TEST_UNIT_RA_SUPPORT_H
#define HEARTH_TEST_UNIT_RA_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ra/limits.h"
#include "proto/ra/ra.h"

enum { LINK = 7, SENT_MAX = 4000, PACKET_MAX = 1500, OPTIONS_MAX = 200 };

struct sent {
	msec at;
	bool unicast;
	struct ip to;
	size_t len;
	uint8_t data[PACKET_MAX];
};

struct fixture {
	struct ra *ra;
	struct prng prng;
	msec now;
	struct sent sent[SENT_MAX];
	size_t sent_count;
	unsigned deprecated; /* events */
};

/* One option as read. */
struct seen_option {
	unsigned type;
	unsigned len; /* bytes */
	const uint8_t *at;
};

struct seen {
	unsigned cur_hop_limit, flags, router_lifetime;
	unsigned reachable, retrans;
	struct seen_option options[OPTIONS_MAX];
	size_t option_count;
};

static inline unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] * 256 + p[1];
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) * 65536 + be16(p + 2);
}

/* Reads an advertisement by the tables of RFC 4861 4.2 and fails the test if it is none. */
static inline struct seen read_advertisement(const uint8_t *p, size_t len)
{
	struct seen s = { 0 };

	assert_true(len >= 16);
	assert_true(len <= 1280 - 40);
	assert_int_equal(p[0], 134);
	assert_int_equal(p[1], 0);
	assert_int_equal(be16(p + 2), 0);
	s.cur_hop_limit = p[4];
	s.flags = p[5];
	s.router_lifetime = be16(p + 6);
	s.reachable = be32(p + 8);
	s.retrans = be32(p + 12);
	for (size_t i = 16; i < len;) {
		assert_true(i + 2 <= len);
		unsigned size = p[i + 1] * 8U;
		assert_true(size > 0 && i + size <= len);
		assert_true(s.option_count < OPTIONS_MAX);
		s.options[s.option_count++] = (struct seen_option) { .type = p[i], .len = size, .at = p + i };
		i += size;
	}
	return s;
}

static inline const struct seen_option *seen_find(const struct seen *s, unsigned type, unsigned nth)
{
	for (size_t i = 0; i < s->option_count; i++)
		if (s->options[i].type == type && nth-- == 0)
			return &s->options[i];
	return NULL;
}

/* The prefix information (RFC 4861 4.6.2) of `text`, or NULL. */
static inline const uint8_t *seen_prefix(const struct seen *s, const char *text)
{
	struct prefix want;

	assert_true(prefix_parse(text, &want));
	for (size_t i = 0; i < s->option_count; i++) {
		const uint8_t *p = s->options[i].at;
		if (s->options[i].type != 3)
			continue;
		assert_int_equal(s->options[i].len, 32);
		if (p[2] == want.len && memcmp(p + 16, want.ip.b, 16) == 0)
			return p;
	}
	return NULL;
}

static inline uint32_t pio_valid(const uint8_t *pio)
{
	return be32(pio + 4);
}

static inline uint32_t pio_preferred(const uint8_t *pio)
{
	return be32(pio + 8);
}

static void on_send(void *ctx, uint32_t link, const struct ip *to, const uint8_t *data, size_t len)
{
	struct fixture *f = ctx;

	assert_int_equal(link, LINK);
	assert_true(f->sent_count < SENT_MAX && len <= PACKET_MAX);
	struct sent *s = &f->sent[f->sent_count++];
	*s = (struct sent) { .at = f->now, .unicast = to != NULL, .len = len };
	if (to)
		s->to = *to;
	memcpy(s->data, data, len);
}

static void on_event(void *ctx, const struct event *e)
{
	struct fixture *f = ctx;
	char line[EVENT_LINE];

	assert_int_equal(e->link, LINK);
	event_text(e, line);
	f->deprecated += e->kind == EVENT_RA_DEPRECATED;
}

static inline struct fixture *fixture_new(uint64_t seed)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->prng.state = seed;
	f->now = 1000 * SECOND;
	struct ra_env env = {
		.ctx = f,
		.random = prng_source(&f->prng),
		.events = { .fn = on_event, .ctx = f },
		.send = on_send,
	};
	f->ra = ra_new(LINK, &env);
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	ra_free(f->ra);
	free(f);
}

/* Runs what is due up to and including `until`, in virtual time. */
static inline void run_until(struct fixture *f, msec until)
{
	for (unsigned steps = 0; ra_deadline(f->ra) <= until; steps++) {
		assert_true(steps < 100000);
		f->now = MAX(f->now, ra_deadline(f->ra));
		ra_run(f->ra, f->now);
		assert_true(ra_deadline(f->ra) > f->now); /* nothing due is left over */
	}
	f->now = until;
}

static inline void run_for(struct fixture *f, msec span)
{
	run_until(f, f->now + span);
}

static inline struct seen last_seen(const struct fixture *f)
{
	assert_true(f->sent_count > 0);
	const struct sent *s = &f->sent[f->sent_count - 1];
	return read_advertisement(s->data, s->len);
}

static inline struct prefix P(const char *text) {
	struct prefix p;

	assert_true(prefix_parse(text, &p));
	return p;
}

static inline struct ip
A(const char *text) {
	struct ip ip;

	assert_true(ip_parse(text, &ip));
	return ip;
}

static inline int
setup(void **state)
{
	*state = fixture_new(1);
	return 0;
}

static inline int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
