/* SPDX-License-Identifier: ISC */
/* The link-local sockets over a veth pair: two ends in one namespace, of which each socket joins only one. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include "support/namespace.h"
#include "sys/icmp6.h"
#include "sys/udp.h"

enum { PORT = 8231 };

static const struct ip group = { { 0xff, 0x02, [15] = 0x11 } };
static bool have_namespace;
static struct loop *loop;
static uint32_t a, b; /* the two ends */

struct got {
	unsigned count;
	size_t len;
	uint8_t first;
	struct datagram last; /* without its data */
};

static void on_datagram(void *ctx, msec now, const struct datagram *d)
{
	struct got *g = ctx;

	(void)now;
	g->count++;
	g->len = d->len;
	g->first = d->len ? d->data[0] : 0;
	g->last = *d;
}

static msec clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (msec)ts.tv_sec * SECOND + ts.tv_nsec / 1000000;
}

static void pass(msec time)
{
	assert_true(loop_run_until(loop, clock_now() + time));
}

static int set_up(void **state)
{
	(void)state;
	if (!have_namespace)
		return 0;
	shell("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; ip link add va type veth peer name vb;"
	      "ip link set va up; ip link set vb up; sleep 0.3");
	a = if_nametoindex("va");
	b = if_nametoindex("vb");
	loop = loop_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (!have_namespace)
		return 0;
	loop_free(loop);
	return shell("ip link del va");
}

static struct udp *open_udp(struct got *g)
{
	const struct udp_config config = { PORT, group, 1, 1 << 20 };

	return udp_open(loop, &config, on_datagram, g);
}

static void carries_datagrams_over_a_link(void **state)
{
	struct got got = { 0 };
	static uint8_t big[DATAGRAM_MAX - 8];

	(void)state;
	if (!have_namespace)
		skip();
	struct udp *u = open_udp(&got);
	assert_non_null(u);
	assert_true(udp_join(u, b));
	assert_true(udp_join(u, b)); /* again is fine */
	assert_true(udp_send(u, a, NULL, 0, "hello", 5));
	pass(20);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.len, 5);
	assert_int_equal(got.last.link, b);
	assert_int_equal(got.last.from_port, PORT);
	assert_true(got.last.multicast);
	assert_int_equal(got.last.hops, 1);
	assert_true(ip_is_linklocal(&got.last.from));
	assert_true(ip_equal(&got.last.to, &group));

	struct ip back = got.last.from; /* that is va's */
	memset(big, 7, sizeof(big));
	assert_true(udp_send(u, b, &back, PORT, big, sizeof(big)));
	pass(50);
	assert_int_equal(got.count, 2);
	assert_int_equal(got.len, sizeof(big));
	assert_int_equal(got.first, 7);
	assert_int_equal(got.last.link, a);
	assert_false(got.last.multicast);
	assert_true(ip_equal(&got.last.to, &back));

	assert_true(udp_leave(u, b));
	assert_true(udp_send(u, a, NULL, 0, "hello", 5));
	pass(20);
	assert_int_equal(got.count, 2);
	assert_false(udp_send(u, 9999, NULL, 0, "x", 1));
	assert_int_equal(udp_stats(u)->send_failed, 1);
	assert_int_equal(udp_stats(u)->sent, 3);
	udp_close(u);
}

static void finds_another_daemon(void **state)
{
	struct got got = { 0 };

	(void)state;
	if (!have_namespace)
		skip();
	struct udp *u = open_udp(&got);
	assert_null(open_udp(&got));
	assert_int_equal(errno, EADDRINUSE);
	udp_close(u);
}

struct flood {
	struct sockaddr_in6 to;
	atomic_bool stop;
	atomic_ulong sent;
};

static void *flood_it(void *arg)
{
	struct flood *f = arg;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	char data[100] = "";

	while (!f->stop)
		f->sent += sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&f->to, sizeof(f->to)) > 0;
	close(fd);
	return NULL;
}

static struct loop_timer *tick;
static unsigned tick_count;
static msec latest;

static void on_tick(void *ctx, msec now)
{
	msec *due = ctx;
	msec late = now - *due;

	latest = MAX(latest, late);
	tick_count++;
	*due = now + 5;
	loop_timer_set(tick, *due);
}

/* However much comes in, the loop turns: timers (our Hellos) keep their times. */
static void a_flood_starves_nothing(void **state)
{
	struct got got = { 0 };
	struct flood f = { .to = { .sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_scope_id = a } };
	pthread_t threads[2];
	msec due;

	(void)state;
	if (!have_namespace)
		skip();
	struct udp *u = open_udp(&got);
	udp_join(u, b);
	memcpy(&f.to.sin6_addr, group.b, sizeof(group.b));
	tick = loop_timer_new(loop, on_tick, &due);
	tick_count = 0;
	latest = 0;
	due = clock_now() + 5;
	loop_timer_set(tick, due);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_create(&threads[i], NULL, flood_it, &f);
	pass(2000);
	f.stop = true;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	pass(50);
	print_message("flood for 2 s: %lu sent, %u read, %ju dropped; %u ticks of 5 ms, the latest %jd ms late\n",
	              (unsigned long)f.sent, got.count, (uintmax_t)udp_stats(u)->dropped, tick_count, (intmax_t)latest);
	assert_true(got.count > 1000);
	assert_true(tick_count > 20);
	assert_in_range(latest, 0, 500); /* the processors may be busy with other tests */
	loop_timer_free(tick);
	udp_close(u);
}

static void advertises_and_hears_solicitations(void **state)
{
	struct got got = { 0 };
	const struct icmp6_hdr solicitation = { .icmp6_type = ND_ROUTER_SOLICIT };
	uint8_t advertisement[16] = { ND_ROUTER_ADVERT };
	static const struct ip all_routers = { { 0xff, 0x02, [15] = 2 } };
	char seen[2000];

	(void)state;
	if (!have_namespace)
		skip();
	struct icmp6 *s = icmp6_open(loop, on_datagram, &got);
	assert_non_null(s);
	assert_true(icmp6_join(s, b));
	assert_true(icmp6_send(s, a, &all_routers, &solicitation, sizeof(solicitation)));
	assert_true(icmp6_send(s, a, NULL, advertisement, sizeof(advertisement))); /* not for us: filtered out */
	pass(20);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.last.link, b);
	assert_int_equal(got.last.hops, 255);
	assert_int_equal(got.first, ND_ROUTER_SOLICIT);
	assert_true(ip_is_linklocal(&got.last.from));
	/* The kernel of the other end took it as a good advertisement: checksum, hop limit and source are right. */
	shell("echo 2 > /proc/sys/net/ipv6/conf/vb/accept_ra");
	advertisement[6] = 0x07; /* a lifetime of 1800 s */
	advertisement[7] = 0x08;
	assert_true(icmp6_send(s, a, NULL, advertisement, sizeof(advertisement)));
	pass(50);
	shell_read(seen, sizeof(seen), "ip -6 route show default dev vb");
	assert_non_null(strstr(seen, "proto ra"));
	assert_int_equal(icmp6_stats(s)->sent, 3);
	icmp6_close(s);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(carries_datagrams_over_a_link),
		CASE(finds_another_daemon),
		CASE(a_flood_starves_nothing),
		CASE(advertises_and_hears_solicitations),
	};

	have_namespace = namespace_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
