/* SPDX-License-Identifier: ISC */
/* The watch on interfaces against a real kernel, and the loop it runs on. */
#define _GNU_SOURCE /* unshare */
#include <net/if.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "sys/entropy.h"
#include "sys/links.h"
#include "sys/log.h"
#include "support/namespace.h"

static bool have_namespace;

struct seen {
	struct loop *loop;
	struct links *links;
	unsigned calls;
	unsigned gone;
	struct link_state last; /* of the interface named x0 or y.1 */
};

static void on_link(void *ctx, msec now, const struct link_state *l, bool gone)
{
	struct seen *s = ctx;

	(void)now;
	s->calls++;
	s->gone += gone;
	if (!gone && (strcmp(l->name, "x0") == 0 || strcmp(l->name, "y.1") == 0))
		s->last = *l;
}

static msec clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (msec)ts.tv_sec * SECOND + ts.tv_nsec / 1000000;
}

static int set_up(void **state)
{
	static struct seen s;

	s = (struct seen) { .loop = loop_new() };
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct seen *s = *state;

	links_free(s->links);
	loop_free(s->loop);
	return 0;
}

static void pass(struct seen *s, msec time)
{
	assert_true(loop_run_until(s->loop, clock_now() + time));
}

static void tells_an_interface_from_birth_to_death(void **state)
{
	struct seen *s = *state;

	if (!have_namespace)
		skip();
	s->links = links_new(s->loop, (struct event_sink) { .fn = NULL }, on_link, s);
	assert_non_null(s->links);
	assert_int_equal(s->calls, 1);
	assert_true(links_find_name(s->links, "lo")->loopback);

	shell("ip link add x0 address 02:00:00:00:00:07 type veth peer name x1");
	pass(s, 50);
	uint32_t index = if_nametoindex("x0");
	assert_int_equal(s->last.index, index);
	assert_false(s->last.up);
	assert_true(s->last.has_mac && s->last.mac[5] == 7);
	assert_true(s->last.multicast);
	assert_int_equal(s->last.mtu, 1500);

	shell("ip link set x0 up");
	pass(s, 50);
	assert_true(s->last.up);
	assert_false(s->last.running);
	shell("ip link set x1 up");
	for (int i = 0; i < 300 && !s->last.linklocal_ready; i++) /* duplicate address detection takes a second */
		pass(s, 10);
	assert_true(s->last.running);
	assert_true(s->last.linklocal_ready);
	assert_true(ip_is_linklocal(&s->last.linklocal));

	struct ip first = s->last.linklocal;
	shell("ip addr add fe80::5/64 dev x0 nodad");
	pass(s, 50);
	assert_true(ip_equal(&s->last.linklocal, &first)); /* neighbours know us by it */
	shell("ip addr del $(ip -6 -o addr show dev x0 | grep -o 'fe80::[^5][^ ]*') dev x0");
	pass(s, 50);
	assert_true(s->last.linklocal.b[15] == 5 && s->last.linklocal_ready);

	shell("ip link set x0 down; ip link set x0 mtu 1400 name y.1");
	pass(s, 50);
	assert_string_equal(s->last.name, "y.1");
	assert_int_equal(s->last.mtu, 1400);
	assert_true(ip_is_any(&s->last.linklocal));
	assert_null(links_find_name(s->links, "x0"));
	assert_non_null(links_find(s->links, index));

	/* Comes back under its number before we look: gone is told between. */
	shell("ip link del y.1; ip link add x0 index %u type veth peer name x1", index);
	pass(s, 50);
	assert_int_equal(s->gone, 2);
	assert_string_equal(s->last.name, "x0");
	shell("ip link del x0");
	pass(s, 50);
	assert_int_equal(s->gone, 4);
	assert_ptr_equal(links_next(s->links, NULL), links_find_name(s->links, "lo"));
	assert_null(links_next(s->links, links_find_name(s->links, "lo")));
}

static void a_bridge_that_loses_a_port_keeps_the_port(void **state)
{
	struct seen *s = *state;

	if (!have_namespace || shell("ip link add br0 type bridge 2>/dev/null"))
		skip();
	shell("ip link add x0 type veth peer name x1; ip link set x0 master br0");
	s->links = links_new(s->loop, (struct event_sink) { .fn = NULL }, on_link, s);
	shell("ip link set x0 nomaster");
	pass(s, 50);
	assert_int_equal(s->gone, 0);
	assert_non_null(links_find_name(s->links, "x0"));
	shell("ip link del x0; ip link del br0");
}

static void finds_all_again_after_lost_notifications(void **state)
{
	struct seen *s = *state;

	if (!have_namespace)
		skip();
	s->links = links_new(s->loop, (struct event_sink) { .fn = NULL }, on_link, s);
	shell("ip link add x0 type veth peer name x1; ip link add x2 type veth peer name x3;"
	      "for i in $(seq 800); do echo link set x2 mtu $((1300 + i %% 2)); echo link set x3 mtu $((1300 + i %% "
	      "2));"
	      "done | ip -batch -; ip link del x2");
	pass(s, 100);
	assert_non_null(links_find_name(s->links, "x1"));
	assert_null(links_find_name(s->links, "x2"));
	shell("ip link del x0");
}

/* --- the loop --- */

struct ticks {
	struct loop *loop;
	struct loop_timer *timers[3];
	msec at[3];
	int order[3];
	int count;
	int signals;
};

static struct ticks ticks;

static void on_tick(void *ctx, msec now)
{
	int i = (int)(intptr_t)ctx;

	ticks.order[ticks.count++] = i;
	assert_true(now >= ticks.at[i] && now < ticks.at[i] + 50);
	loop_timer_free(ticks.timers[i]); /* allowed */
	if (ticks.count == 3)
		raise(SIGUSR1);
}

static void on_signal(void *ctx, msec now, int number)
{
	(void)now;
	assert_int_equal(number, SIGUSR1);
	ticks.signals++;
	loop_stop(ctx);
}

static void runs_timers_in_order(void **state)
{
	struct seen *s = *state;
	static const msec spans[] = { 30, 10, 20 };

	ticks = (struct ticks) { .loop = s->loop };
	struct loop_signal *signal_watch = loop_signal_new(s->loop, SIGUSR1, on_signal, s->loop);
	for (int i = 0; i < 3; i++) {
		ticks.timers[i] = loop_timer_new(s->loop, on_tick, (void *)(intptr_t)i);
		ticks.at[i] = loop_now(s->loop) + spans[i];
		loop_timer_set(ticks.timers[i], ticks.at[i]);
	}
	assert_true(loop_run(s->loop));
	assert_int_equal(ticks.count, 3);
	assert_int_equal(ticks.order[0], 1);
	assert_int_equal(ticks.order[1], 2);
	assert_int_equal(ticks.order[2], 0);
	assert_int_equal(ticks.signals, 1);
	loop_signal_free(signal_watch);
}

static void on_ready(void *ctx, msec now, unsigned ready)
{
	unsigned *seen = ctx;

	(void)now;
	*seen |= ready;
}

static void watches_reading_and_writing(void **state)
{
	struct seen *s = *state;
	unsigned read_side = 0, write_side = 0;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	struct loop_watch *r = loop_watch_new(s->loop, fds[0], LOOP_READ, on_ready, &read_side);
	struct loop_watch *w = loop_watch_new(s->loop, fds[1], 0, on_ready, &write_side);
	pass(s, 5);
	assert_int_equal(read_side | write_side, 0);
	loop_watch_set(w, LOOP_WRITE);
	pass(s, 5);
	assert_int_equal(write_side, LOOP_WRITE);
	loop_watch_set(w, 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	pass(s, 5);
	assert_int_equal(read_side, LOOP_READ);
	loop_watch_free(r);
	loop_watch_free(w);
	close(fds[0]);
	close(fds[1]);
}

/* --- log and entropy --- */

static void writes_events_as_lines(void **state)
{
	char line[EVENT_LINE + 64] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	struct log log = { .fd = fds[1], .level = 1 };
	struct event_sink sink = log_sink(&log);
	event_report(&sink, EVENT(PA_BACKOFF, .link = 3)); /* a debug event */
	log_problem(&sink, "%s is %d", "x", 7);
	assert_true(read(fds[0], line, sizeof(line) - 1) > 0);
	assert_int_equal(line[10], 'T');
	assert_string_equal(line + 23, "Z warning sys.problem text=\"x is 7\"\n");
	close(fds[0]);
	close(fds[1]);
}

static void draws_random_numbers(void **state)
{
	struct sys_random pool = { .left = 0 };
	struct random_source source = sys_random_source(&pool);
	uint32_t all = 0, last = random_u32(&source);
	int same = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint32_t n = random_u32(&source);
		all |= n;
		same += n == last;
		last = n;
	}
	assert_int_equal(all, UINT32_MAX);
	assert_int_equal(same, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(tells_an_interface_from_birth_to_death),
		CASE(a_bridge_that_loses_a_port_keeps_the_port),
		CASE(finds_all_again_after_lost_notifications),
		CASE(runs_timers_in_order),
		CASE(watches_reading_and_writing),
		cmocka_unit_test(writes_events_as_lines),
		cmocka_unit_test(draws_random_numbers),
	};

	have_namespace = namespace_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
