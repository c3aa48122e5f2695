/* SPDX-License-Identifier: ISC */
/* Router advertisements of a link where anything is heard and the plan changes: what goes out stays well-formed, within
 * the rate of RFC 4861 6.2.6 and the limits.
 *
 * Steps, chosen by the low 3 bits of a byte, whose other bits say how:
 *     0..2  a message (16 bits of length, then it): bits 5 and 6 its sender, bit 7 a wrong hop limit
 *     3     a solicitation;                     4  a second for each of the next byte;  5  a minute for each
 *     6     another plan, made of the bytes that follow;    7  a prefix of before a restart
 */
#include "fuzz/support/fuzz.h"

#include "proto/ra/limits.h"
#include "proto/ra/ra.h"

enum { LINK = 1, MTU = 1280, HEAD = 16, TYPE_RA = 134, OPTION_PREFIX = 3, OPTION_UNIT = 8 };
enum { PREFIXES = 8, ROUTES = 4, SERVERS = 4 };
#define MIN_DELAY ((msec)3 * SECOND)

struct world {
	msec now;
	msec last_multicast;
	struct prng prng;
	struct ra *ra;
	bool leaving;
};

static void check_option(uint8_t type, struct cursor *c)
{
	if (type != OPTION_PREFIX)
		return;
	ASSERT(cursor_get_u8(c) <= IP_BITS);
	cursor_get_u8(c);
	uint32_t valid = cursor_get_u32(c), preferred = cursor_get_u32(c);
	ASSERT(preferred <= valid && valid != LIFETIME_INFINITE);
}

static void sent(void *ctx, uint32_t link, const struct ip *to, const uint8_t *data, size_t len)
{
	struct world *w = ctx;
	struct cursor c = cursor_reader(data, len);

	ASSERT(link == LINK && len >= HEAD && len <= MTU);
	ASSERT(cursor_get_u8(&c) == TYPE_RA && cursor_get_u8(&c) == 0);
	cursor_skip(&c, HEAD - 2);
	while (cursor_left(&c)) {
		uint8_t type = cursor_get_u8(&c);
		uint8_t units = cursor_get_u8(&c);
		ASSERT(units);
		struct cursor value = cursor_sub(&c, (size_t)units * OPTION_UNIT - 2);
		check_option(type, &value);
		ASSERT(cursor_ok(&value));
	}
	ASSERT(cursor_finished(&c));
	if (to)
		return;
	ASSERT(w->leaving || w->last_multicast == w->now || w->now - w->last_multicast >= MIN_DELAY);
	w->last_multicast = w->now;
}

static struct prefix any_prefix(struct cursor *in)
{
	const struct ip ip = { { 0x20, 0x01, 0x0d, 0xb8, [7] = cursor_get_u8(in) & 7 } };
	uint8_t len = cursor_get_u8(in);

	return prefix_make(&ip, len & 0x80 ? len & 127 : 64);
}

/* Also for ever, and over already. */
static msec any_time(struct cursor *in, msec now)
{
	uint8_t pick = cursor_get_u8(in);

	return pick == 0xff ? MSEC_NEVER : now + ((msec)pick - 8) * MINUTE;
}

static void check(const struct world *w)
{
	size_t count = 0;

	ASSERT(ra_deadline(w->ra) > w->now);
	for (const struct ra_prefix *p = NULL; (p = ra_prefix_next(w->ra, p)); count++)
		ASSERT(p->prefix.len <= IP_BITS && !prefix_is_v4(&p->prefix));
	ASSERT(count <= RA_PREFIXES_MAX);
}

static void instant(struct world *w)
{
	for (int i = 0; ra_deadline(w->ra) <= w->now; i++) {
		ASSERT(i < FUZZ_RUNS_MAX);
		ra_run(w->ra, w->now);
	}
	check(w);
}

static void pass(struct world *w, msec span)
{
	msec until = w->now + span;

	while (ra_deadline(w->ra) <= until) {
		w->now = MAX(w->now, ra_deadline(w->ra));
		instant(w);
	}
	w->now = until;
}

static void step_message(struct world *w, uint8_t how, struct cursor *in)
{
	size_t len;
	uint8_t *data = fuzz_bytes(in, &len);
	const struct ip from = { { 0xfe, 0x80, [15] = (uint8_t)(0x90 + (how >> 5 & 3)) } };

	ra_input(w->ra, w->now, how >> 5 & 3 ? &from : &IP_ANY, how & 0x80 ? 64 : 255, data, len);
	free(data);
	instant(w);
}

static void step_plan(struct world *w, uint8_t how, struct cursor *in)
{
	struct ra_prefix prefixes[PREFIXES];
	struct ra_route routes[ROUTES];
	struct ip dns[SERVERS];
	struct ra_config c = { .default_router = how & 0x08,
		               .managed = how & 0x10,
		               .dns_ours = how & 0x20,
		               .mtu = how & 0x40 ? 1500 : 0,
		               .mac = { 2, how & 0x80 },
		               .prefixes = prefixes,
		               .routes = routes,
		               .dns = dns };

	c.prefix_count = fuzz_pick(in, PREFIXES + 1);
	for (size_t i = 0; i < c.prefix_count; i++) {
		prefixes[i] = (struct ra_prefix) { .prefix = any_prefix(in) };
		prefixes[i].autonomous = prefixes[i].prefix.len == 64;
		prefixes[i].valid_until = any_time(in, w->now);
		prefixes[i].preferred_until = any_time(in, w->now);
	}
	c.route_count = fuzz_pick(in, ROUTES + 1);
	for (size_t i = 0; i < c.route_count; i++)
		routes[i] = (struct ra_route) { .prefix = any_prefix(in), .until = any_time(in, w->now) };
	c.dns_count = fuzz_pick(in, SERVERS + 1);
	for (size_t i = 0; i < c.dns_count; i++)
		dns[i] = any_prefix(in).ip;
	size_t len;
	uint8_t *search = fuzz_bytes(in, &len);
	c.search = search;
	c.search_len = len;
	ra_configure(w->ra, w->now, &c);
	free(search);
	instant(w);
}

static void step_restore(struct world *w, struct cursor *in)
{
	struct prefix p = any_prefix(in);

	ra_restore(w->ra, w->now, &p, any_time(in, w->now));
	instant(w);
}

static void step(struct world *w, struct cursor *in)
{
	static const uint8_t solicitation[] = { 133, 0, 0, 0, 0, 0, 0, 0 };
	static const struct ip host = { { 0xfe, 0x80, [15] = 0x77 } };
	uint8_t how = cursor_get_u8(in);

	switch (how & 7) {
	case 3:
		ra_input(w->ra, w->now, &host, 255, solicitation, sizeof(solicitation));
		instant(w);
		break;
	case 4:
		pass(w, (msec)cursor_get_u8(in) * SECOND);
		break;
	case 5:
		pass(w, (msec)cursor_get_u8(in) * MINUTE);
		break;
	case 6:
		step_plan(w, how, in);
		break;
	case 7:
		step_restore(w, in);
		break;
	default:
		step_message(w, how, in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world w = { .now = 10 * HOUR, .last_multicast = -MIN_DELAY, .prng = { 1 } };
	struct cursor in = cursor_reader(data, len);
	const struct ra_env env = { .ctx = &w, .random = prng_source(&w.prng), .send = sent };

	w.ra = ra_new(LINK, &env);
	for (int steps = 0; cursor_left(&in) && steps < FUZZ_STEPS_MAX; steps++)
		step(&w, &in);
	w.leaving = true;
	ra_goodbye(w.ra, w.now, len & 1);
	ra_free(w.ra);
	return 0;
}
