/* SPDX-License-Identifier: ISC */
/* The kernel reconciler against a real kernel, in a network namespace with two veth pairs. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include "sys/kernel.h"
#include "support/namespace.h"

enum { THINGS = 1100, TEXT = 8192 };

/* One run of the daemon: a loop, the reconciler, what it reported, and a plan under construction. */
struct world {
	struct loop *loop;
	struct kernel *kernel;
	uint32_t a, b; /* the links va and vb */
	unsigned problems;
	char problem[EVENT_LINE]; /* the last */
	unsigned duplicates;
	struct plan_address addresses[8];
	struct plan_route routes[THINGS];
	struct plan_link links[2];
	struct plan plan;
};

static bool have_namespace;

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_true(prefix_parse(text, &p));
	return p;
}

static struct ip ip(const char *text)
{
	struct ip i;

	assert_true(ip_parse(text, &i));
	return i;
}

static void on_event(void *ctx, const struct event *e)
{
	struct world *w = ctx;

	w->problems += e->kind == EVENT_SYS_PROBLEM;
	snprintf(w->problem, sizeof(w->problem), "%s", e->text);
}

static void on_duplicate(void *ctx, msec now, uint32_t link, const struct ip *address)
{
	struct world *w = ctx;

	(void)now;
	(void)address;
	w->duplicates += link == w->a;
}

static void start(struct world *w)
{
	const struct kernel_env env = { { on_event, w }, on_duplicate, w };

	w->loop = loop_new();
	assert_non_null(w->loop);
	w->kernel = kernel_new(w->loop, &env);
	assert_non_null(w->kernel);
}

static void stop(struct world *w, bool clean)
{
	kernel_free(w->kernel, clean);
	loop_free(w->loop);
	w->kernel = NULL;
}

static void apply(struct world *w)
{
	w->plan.addresses = w->addresses;
	w->plan.routes = w->routes;
	w->plan.links = w->links;
	kernel_apply(w->kernel, loop_now(w->loop), &w->plan);
}

/* Lets the loop run for a while. */
static void pass(struct world *w, msec time)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	loop_run_until(w->loop, (msec)ts.tv_sec * SECOND + ts.tv_nsec / 1000000 + time);
}

static void route(struct world *w, const char *dst, const char *src, const char *via, uint32_t link, uint32_t metric)
{
	struct plan_route *r = &w->routes[w->plan.route_count++];

	memset(r, 0, sizeof(*r));
	r->dst = prefix(dst);
	r->src = src ? prefix(src) : strchr(dst, '.') ? PREFIX_ALL4 : PREFIX_ALL;
	r->type = link ? PLAN_UNICAST : PLAN_UNREACHABLE;
	r->link = link;
	r->via = via ? ip(via) : IP_ANY;
	r->metric = metric;
}

static struct plan_address *address(struct world *w, const char *text, uint8_t len, msec valid, msec preferred)
{
	struct plan_address *a = &w->addresses[w->plan.address_count++];

	*a = (struct plan_address) {
		.link = w->a,
		.ip = ip(text),
		.len = len,
		.valid_until = msec_add(loop_now(w->loop), valid),
		.preferred_until = msec_add(loop_now(w->loop), preferred),
	};
	return a;
}

/* The plan that most tests start from. */
static void usual_plan(struct world *w)
{
	w->plan = (struct plan) { .link_count = 0 };
	address(w, "2001:db8:1:1::1", 64, MSEC_NEVER, MSEC_NEVER);
	address(w, "2001:db8:2:1::1", 64, 1000 * SECOND, 500 * SECOND);
	address(w, "10.1.1.1", 120, MSEC_NEVER, MSEC_NEVER);
	route(w, "::/0", "2001:db8:1::/48", "fe80::1", w->a, 50);
	route(w, "::/0", "2001:db8:2::/48", "fe80::2", w->b, 50);
	route(w, "2001:db8:1::/48", NULL, NULL, 0, 200);
	route(w, "2001:db8:1:1::/64", NULL, NULL, w->a, 50);
	route(w, "2001:db8:1:2::/64", NULL, "fe80::2", w->b, 50);
	route(w, "0.0.0.0/0", NULL, "10.9.9.9", w->b, 50);
	route(w, "10.1.0.0/16", NULL, NULL, 0, 200);
	route(w, "10.1.1.0/24", NULL, NULL, w->a, 50);
	apply(w);
}

static int set_up(void **state)
{
	static struct world w;

	*state = &w;
	memset(&w, 0, sizeof(w));
	if (!have_namespace)
		return 0;
	/* Without duplicate address detection, for which each test would have to wait. */
	shell("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; ip link add va type veth peer name va2;"
	      "ip link add vb type veth peer name vb2; for i in va va2 vb vb2; do ip link set $i up; done");
	w.a = if_nametoindex("va");
	w.b = if_nametoindex("vb");
	start(&w);
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	if (w->kernel)
		stop(w, true);
	return shell("ip link del va 2>/dev/null; ip link del vb 2>/dev/null; true");
}

#define NEED_NAMESPACE()                                                                                               \
	do                                                                                                             \
		if (!have_namespace)                                                                                   \
			skip();                                                                                        \
	while (0)

static void detect_duplicates(void)
{
	shell("echo 1 > /proc/sys/net/ipv6/conf/va/accept_dad");
}

static int shows(const char *what, const char *needle)
{
	char out[TEXT];

	return strstr(shell_read(out, sizeof(out), "ip %s", what), needle) != NULL;
}

static uint64_t requests(struct world *w)
{
	return kernel_stats(w->kernel)->requests;
}

static void brings_the_plan_to_the_kernel(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	usual_plan(w);
	assert_int_equal(w->problems, 0);
	assert_true(shows("-6 route", "default from 2001:db8:1::/48 via fe80::1 dev va proto 168 metric 50"));
	assert_true(shows("-6 route", "default from 2001:db8:2::/48 via fe80::2 dev vb proto 168 metric 50"));
	assert_true(shows("-6 route", "unreachable 2001:db8:1::/48 dev lo proto 168 metric 200"));
	assert_true(shows("-6 route", "2001:db8:1:1::/64 dev va proto 168 metric 50"));
	assert_true(shows("-4 route", "default via 10.9.9.9 dev vb proto 168 metric 50 onlink"));
	assert_true(shows("-4 route", "unreachable 10.1.0.0/16 proto 168 metric 200"));
	assert_true(shows("-4 route", "10.1.1.0/24 dev va proto 168 scope link metric 50"));
	assert_true(shows("addr show va", "2001:db8:1:1::1/64"));
	assert_true(shows("addr show va", "inet 10.1.1.1/24"));
	assert_true(shows("addr show va", "brd 10.1.1.255"));
	assert_false(shows("-6 route", "2001:db8:2:1::/64")); /* no prefix route came by itself */
	assert_true(shows("addr show va", "preferred_lft 500sec") || shows("addr show va", "preferred_lft 499sec"));
	assert_int_equal(kernel_stats(w->kernel)->routes, 8 + 1);
	assert_true(shows("-6 route", "unreachable default dev lo proto 168 metric 4294967295"));
	assert_int_equal(kernel_stats(w->kernel)->addresses, 3);
	assert_int_equal(kernel_stats(w->kernel)->waiting, 0);
}

static void asks_only_for_what_differs(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	detect_duplicates();
	usual_plan(w);
	uint64_t before = requests(w);
	assert_int_equal(before, 11 + 1);
	assert_true(shows("addr show va", "tentative"));
	apply(w);
	pass(w, 2500); /* duplicate address detection tells its end meanwhile */
	apply(w);
	assert_int_equal(requests(w), before);
	w->addresses[1].valid_until += 900; /* within the second that the kernel rounds anyway */
	apply(w);
	assert_int_equal(requests(w), before);
	w->addresses[1].valid_until += 9000;
	w->routes[4].via = ip("fe80::3");
	apply(w);
	assert_int_equal(requests(w), before + 2);
	assert_int_equal(kernel_stats(w->kernel)->replaced, 2);
	assert_true(shows("-6 route", "2001:db8:1:2::/64 via fe80::3"));
	assert_false(shows("-6 route", "2001:db8:1:2::/64 via fe80::2"));
	w->addresses[1].preferred_until = 0;
	apply(w);
	assert_int_equal(requests(w), before + 3);
	assert_true(shows("addr show va", "deprecated"));
}

/* Every change of kind: the right route is replaced, those beside it stay. */
static void replaces_the_right_route(void **state)
{
	static const struct {
		const char *via;
		bool direct;
		const char *shown;
	} ways[] = {
		{ "fe80::5", false, "via fe80::5 dev vb" },
		{ NULL, true, "dev vb" },
		{ NULL, false, "dev lo" },
		{ NULL, true, "dev vb" },
		{ "fe80::6", false, "via fe80::6 dev vb" },
		{ NULL, false, "dev lo" },
		{ "fe80::7", false, "via fe80::7 dev vb" },
	};
	struct world *w = *state;
	char text[200];

	NEED_NAMESPACE();
	usual_plan(w);
	shell("ip -6 route add default from 2001:db8:1::/48 via fe80::9 dev va metric 51 proto static");
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		w->routes[0].type = ways[i].via || ways[i].direct ? PLAN_UNICAST : PLAN_UNREACHABLE;
		w->routes[0].via = ways[i].via ? ip(ways[i].via) : IP_ANY;
		w->routes[0].link = w->routes[0].type == PLAN_UNICAST ? w->b : 0;
		apply(w);
		snprintf(text, sizeof(text), "default from 2001:db8:1::/48 %s proto 168 metric 50", ways[i].shown);
		assert_true(shows("-6 route", text));
		assert_int_equal(shell("test $(ip -6 route show proto 168 | grep -c 'default from 2001:db8:1::') = 1"),
		                 0);
		assert_true(shows("-6 route", "default from 2001:db8:2::/48 via fe80::2 dev vb"));
		assert_true(
		        shows("-6 route", "default from 2001:db8:1::/48 via fe80::9 dev va proto static metric 51"));
	}
	assert_int_equal(w->problems, 0);
	shell("ip -6 route flush proto static");
}

/* A thread that asks the kernel for a route all the time. */
struct reader {
	struct sockaddr_storage from, to;
	socklen_t len;
	atomic_bool stop;
	atomic_ulong tries, failures;
	int error;
};

static void *read_routes(void *arg)
{
	struct reader *r = arg;

	while (!r->stop) {
		int fd = socket(r->from.ss_family, SOCK_DGRAM, 0);
		bool ok = bind(fd, (struct sockaddr *)&r->from, r->len) == 0 &&
		          connect(fd, (struct sockaddr *)&r->to, r->len) == 0;
		r->tries++;
		if (!ok) {
			r->failures++;
			r->error = errno;
		}
		close(fd);
	}
	return NULL;
}

static void socket_address(struct sockaddr_storage *out, socklen_t *len, const char *text, uint16_t port)
{
	struct sockaddr_in6 *six = (void *)out;
	struct sockaddr_in *four = (void *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		*len = sizeof(*six);
		return;
	}
	assert_int_equal(inet_pton(AF_INET, text, &four->sin_addr), 1);
	four->sin_family = AF_INET;
	four->sin_port = htons(port);
	*len = sizeof(*four);
}

typedef void change_fn(struct world *, struct plan_route *, bool odd);

static void other_hop(struct world *w, struct plan_route *r, bool odd)
{
	bool v4 = prefix_is_v4(&r->dst);

	r->via = ip(odd ? (v4 ? "10.9.9.8" : "fe80::11") : (v4 ? "10.9.9.9" : "fe80::12"));
	r->link = odd ? w->a : w->b;
	apply(w);
}

/* What the others are measured against. */
static void remove_and_add(struct world *w, struct plan_route *r, bool odd)
{
	struct plan_route *routes = w->routes;
	size_t index = (size_t)(r - routes);
	struct plan_route kept = *r;

	(void)odd;
	w->routes[index].metric++;
	w->routes[index].dst = prefix("2001:db8:fff::/48");
	apply(w);
	w->routes[index] = kept;
	apply(w);
}

/* Changes route `index` while a thread asks for it, 1,000 times and 20,000 lookups at least; how many lookups found
 * none for 1,000 changes. */
static unsigned long failures_during(struct world *w, change_fn *change, size_t index, const char *from, const char *to)
{
	static struct reader r;
	pthread_t thread;
	unsigned long changes = 0;

	memset(&r, 0, sizeof(r));
	socket_address(&r.from, &r.len, from, 0);
	socket_address(&r.to, &r.len, to, 9);
	assert_int_equal(pthread_create(&thread, NULL, read_routes, &r), 0);
	for (; changes < 1000 || r.tries < 20000; changes++)
		change(w, &w->routes[index], changes % 2);
	r.stop = true;
	pthread_join(thread, NULL);
	print_message("%s to %s: %lu changes, %lu lookups, %lu failed (%s)\n", from, to, changes, r.tries, r.failures,
	              r.error ? strerror(r.error) : "none");
	return r.failures * 1000 / changes;
}

static void replacing_leaves_no_window(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	usual_plan(w);
	shell("ip -6 addr add 2001:db8:1:1::2/128 dev va nodad noprefixroute");
	assert_int_equal(failures_during(w, other_hop, 0, "2001:db8:1:1::2", "2001:db8:99::1"), 0);
	assert_int_equal(failures_during(w, other_hop, 4, "2001:db8:1:1::2", "2001:db8:1:2::1"), 0);
	assert_int_equal(failures_during(w, other_hop, 5, "10.1.1.1", "192.0.2.1"), 0);
	assert_true(failures_during(w, remove_and_add, 0, "2001:db8:1:1::2", "2001:db8:99::1") >= 2);
	assert_int_equal(w->problems, 0);
}

static void leaves_what_others_made(void **state)
{
	struct world *w = *state;
	char before[TEXT], after[TEXT];
	static const char all[] = "ip -6 route; ip route; ip -o addr show va | sed 's/valid_lft.*//';"
	                          "cd /proc/sys/net; for i in all default va vb va2; do "
	                          "cat ipv6/conf/$i/forwarding ipv6/conf/$i/accept_ra ipv4/conf/$i/forwarding; done";

	NEED_NAMESPACE();
	shell("ip -6 route add 2001:db8:f::/48 dev va metric 50 proto static; ip addr add 10.7.7.7/24 dev va;"
	      "ip -6 route add 2001:db8:1:2::/64 via fe80::77 dev va metric 50 proto static;"
	      "ip -6 addr add 2001:db8:f::1/64 dev va nodad; echo 1 > /proc/sys/net/ipv6/conf/va2/forwarding;"
	      "echo 2 > /proc/sys/net/ipv6/conf/vb/accept_ra");
	pass(w, 50);
	shell_read(before, sizeof(before), "%s", all);
	w->links[0] = (struct plan_link) { .link = w->a, .forwarding = true };
	w->links[1] = (struct plan_link) { .link = w->b };
	usual_plan(w);
	w->plan.link_count = 2;
	apply(w);
	assert_int_equal(
	        shell("cd /proc/sys/net/ipv6/conf; cat all/forwarding va/forwarding vb/forwarding va/accept_ra "
	              "vb/accept_ra | tr -d '\\n' | grep -qx 11102"),
	        0);
	assert_int_equal(
	        shell("cd /proc/sys/net/ipv4/conf; cat va/forwarding vb/forwarding | tr -d '\\n' | grep -qx 11"), 0);
	/* The place of one of ours is taken: told once, left alone. */
	assert_int_equal(w->problems, 1);
	assert_non_null(strstr(w->problem, "2001:db8:1:2::/64 via fe80::2 dev vb"));
	assert_true(shows("-6 route", "2001:db8:1:2::/64 via fe80::77 dev va proto static metric 50"));
	pass(w, 600);
	assert_int_equal(w->problems, 1);
	assert_int_equal(kernel_stats(w->kernel)->waiting, 1);
	stop(w, true);
	shell_read(after, sizeof(after), "%s", all);
	assert_string_equal(before, after);
	shell("ip -6 route flush proto static");
}

static void takes_the_place_when_it_gets_free(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	shell("ip -6 route add 2001:db8:1:2::/64 via fe80::77 dev va metric 50 proto static");
	usual_plan(w);
	assert_int_equal(kernel_stats(w->kernel)->waiting, 1);
	shell("ip -6 route flush proto static");
	pass(w, 1500);
	assert_int_equal(kernel_stats(w->kernel)->waiting, 0);
	assert_true(shows("-6 route", "2001:db8:1:2::/64 via fe80::2 dev vb proto 168"));
}

static void puts_back_what_others_delete(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	usual_plan(w);
	pass(w, 20);
	shell("ip -6 route flush proto 168; ip route flush proto 168; ip addr flush dev va");
	pass(w, 400);
	assert_int_equal(kernel_stats(w->kernel)->waiting, 0);
	assert_true(shows("-6 route", "2001:db8:1:2::/64 via fe80::2 dev vb proto 168"));
	assert_true(shows("-4 route", "10.1.1.0/24 dev va proto 168"));
	assert_true(shows("addr show va", "inet 10.1.1.1/24"));
	assert_true(shows("addr show va", "2001:db8:2:1::1/64"));
	assert_int_equal(w->problems, 0);
	/* Whoever replaces ours by his has the place; his protocol number says so. */
	shell("ip -6 route replace 2001:db8:1:2::/64 via fe80::77 dev va metric 50 proto static");
	pass(w, 400);
	assert_true(shows("-6 route", "2001:db8:1:2::/64 via fe80::77 dev va proto static"));
	shell("ip -6 route flush proto static");
}

/* Somebody deletes as fast as we put back. */
static void does_not_spin_in_a_fight(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	usual_plan(w);
	uint64_t before = requests(w);
	shell("for i in $(seq 300); do ip -6 route del 2001:db8:1:2::/64 proto 168 2>/dev/null; sleep 0.01; done &");
	pass(w, 4000);
	assert_in_range(requests(w) - before, 2, 6);
	assert_int_equal(w->problems, 1);
	assert_non_null(strstr(w->problem, "keeps removing route 2001:db8:1:2::/64"));
	for (int i = 0; i < 40 && kernel_stats(w->kernel)->waiting; i++)
		pass(w, 1000); /* until the other one has given up, which takes longer on a busy machine, and our pause
		                  is over */
	assert_int_equal(kernel_stats(w->kernel)->waiting, 0);
}

static void keeps_or_cleans_what_a_crash_left(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	usual_plan(w);
	stop(w, false);
	assert_true(shows("-6 route", "2001:db8:1:2::/64 via fe80::2 dev vb proto 168"));
	start(w);
	assert_int_equal(kernel_stats(w->kernel)->requests, 0);
	w->plan.route_count = 4; /* what was there behind is not wanted any more */
	w->plan.address_count = 2;
	apply(w);
	assert_int_equal(kernel_stats(w->kernel)->added, 0);
	assert_int_equal(kernel_stats(w->kernel)->removed, 5);
	assert_true(kernel_stats(w->kernel)->replaced <= 1); /* a lifetime, told in whole seconds, may be refreshed */
	assert_false(shows("-6 route", "2001:db8:1:2::/64"));
	assert_false(shows("-4 route", "proto 168"));
	assert_false(shows("addr show va", "10.1.1.1"));
	assert_true(shows("-6 route", "default from 2001:db8:1::/48 via fe80::1 dev va proto 168 metric 50"));
	pass(w, 300);
	assert_int_equal(kernel_stats(w->kernel)->waiting, 0);
	assert_int_equal(kernel_stats(w->kernel)->lost, 0);
}

/* Kernels before 5.18 know no IFA_PROTO: there the mark must do. */
static void knows_its_addresses_by_the_mark(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	stop(w, false);
	shell("ip -6 addr add 2001:db8:5::5/64 dev va nodad noprefixroute metric %d;"
	      "ip addr add 10.5.5.5/24 dev va noprefixroute metric %d; ip addr add 10.6.6.6/24 dev va noprefixroute",
	      KERNEL_ADDRESS_MARK, KERNEL_ADDRESS_MARK);
	start(w);
	usual_plan(w);
	assert_false(shows("addr show va", "2001:db8:5::5"));
	assert_false(shows("addr show va", "10.5.5.5"));
	assert_true(shows("addr show va", "10.6.6.6"));
}

static void survives_interfaces_that_come_and_go(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	usual_plan(w);
	shell("ip link set va down");
	pass(w, 100);
	assert_false(shows("-4 route", "10.1.1.0/24"));
	shell("ip link set va up");
	pass(w, 200);
	assert_int_equal(kernel_stats(w->kernel)->waiting, 0);
	assert_true(shows("-4 route", "10.1.1.0/24 dev va proto 168"));
	assert_true(shows("addr show va", "2001:db8:1:1::1/64"));
	shell("ip link del va");
	apply(w);
	pass(w, 300);
	assert_int_equal(w->problems, 0);
	assert_int_equal(kernel_stats(w->kernel)->waiting, 6); /* 3 addresses and the 3 routes of the link */
	uint64_t before = requests(w);
	pass(w, 500);
	assert_int_equal(requests(w), before); /* waiting makes no noise */
	shell("ip link add va index %u type veth peer name va2; ip link set va up; ip link set va2 up", w->a);
	pass(w, 300);
	assert_int_equal(kernel_stats(w->kernel)->waiting, 0);
	assert_int_equal(w->problems, 0);
}

/* The routes that go with an interface's last IPv4 address are not told. */
static void keeps_routes_when_addresses_change(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	usual_plan(w);
	w->addresses[2].ip = ip("10.1.2.1");
	apply(w);
	pass(w, 100);
	assert_true(shows("-4 route", "10.1.1.0/24 dev va proto 168"));
	w->addresses[1].len = 60; /* the kernel takes no second one of another length */
	apply(w);
	assert_true(shows("addr show va", "2001:db8:2:1::1/60"));
	assert_false(shows("addr show va", "2001:db8:2:1::1/64"));
	w->plan.address_count = 2;
	apply(w);
	pass(w, 100);
	assert_true(shows("-4 route", "10.1.1.0/24 dev va proto 168"));
	assert_int_equal(w->problems, 0);
	assert_int_equal(kernel_stats(w->kernel)->waiting, 0);
}

static void tells_of_duplicate_addresses(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	detect_duplicates();
	shell("ip netns add other && ip link set va2 netns other && ip -n other link set va2 up &&"
	      "ip -n other addr add 2001:db8:1:1::1/64 dev va2 nodad && ip -n other addr add 2001:db8:2:1::1/64 dev "
	      "va2 nodad;"
	      "sleep 0.2");
	usual_plan(w);
	pass(w, 3000);
	assert_int_equal(w->duplicates, 2);
	assert_int_equal(w->problems, 2);
	assert_non_null(strstr(w->problem, "somebody else on the link has address 2001:db8:"));
	shell("ip netns del other");
}

static double milliseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void applies_a_thousand_routes(void **state)
{
	struct world *w = *state;
	char text[64];

	NEED_NAMESPACE();
	w->plan = (struct plan) { .link_count = 0 };
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "2001:db8:%x::/64", i);
		route(w, text, i % 2 ? "2001:db8:f000::/48" : NULL, "fe80::1", w->a, 50);
	}
	double t0 = milliseconds();
	apply(w);
	double t1 = milliseconds();
	pass(w, 1);
	double t2 = milliseconds();
	apply(w);
	double t3 = milliseconds();
	for (int i = 0; i < 1000; i++)
		w->routes[i].via = ip("fe80::2");
	apply(w);
	double t4 = milliseconds();
	w->plan.route_count = 0;
	apply(w);
	double t5 = milliseconds();
	const struct kernel_stats *s = kernel_stats(w->kernel);
	print_message("1000 routes: add %.1f ms, echo %.1f ms, no change %.2f ms, replace %.1f ms, remove %.1f ms; "
	              "%ju requests in %ju batches\n",
	              t1 - t0, t2 - t1, t3 - t2, t4 - t3, t5 - t4, (uintmax_t)s->requests, (uintmax_t)s->batches);
	assert_int_equal(s->requests, 3000);
	assert_int_equal(s->batches, 3 * 8);
	assert_int_equal(s->routes, 0);
	assert_int_equal(w->problems, 0);
}

/* Routes come and go faster than we read: nothing is believed that was not seen. */
static void recovers_from_lost_notifications(void **state)
{
	struct world *w = *state;

	NEED_NAMESPACE();
	usual_plan(w);
	shell("for i in $(seq 0 9999); do printf 'route add 2001:db8:%%x::/64 dev vb metric 9 proto static\\n' $i; "
	      "done "
	      "| ip -6 -batch -; ip -6 route del 2001:db8:1:2::/64 proto 168");
	uint64_t resyncs = kernel_stats(w->kernel)->resyncs;
	pass(w, 1000);
	assert_true(kernel_stats(w->kernel)->resyncs > resyncs);
	assert_int_equal(kernel_stats(w->kernel)->waiting, 0);
	assert_true(shows("-6 route show 2001:db8:1:2::/64 proto 168", "via fe80::2 dev vb"));
	shell("ip -6 route flush proto static");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(brings_the_plan_to_the_kernel),
		CASE(asks_only_for_what_differs),
		CASE(replaces_the_right_route),
		CASE(replacing_leaves_no_window),
		CASE(leaves_what_others_made),
		CASE(takes_the_place_when_it_gets_free),
		CASE(puts_back_what_others_delete),
		CASE(does_not_spin_in_a_fight),
		CASE(keeps_or_cleans_what_a_crash_left),
		CASE(knows_its_addresses_by_the_mark),
		CASE(survives_interfaces_that_come_and_go),
		CASE(keeps_routes_when_addresses_change),
		CASE(tells_of_duplicate_addresses),
		CASE(applies_a_thousand_routes),
		CASE(recovers_from_lost_notifications),
	};

	have_namespace = namespace_enter();
	if (have_namespace)
		shell("ip link set lo up; mkdir -p /run/netns && mount -t tmpfs none /run");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
