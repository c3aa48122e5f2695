/* SPDX-License-Identifier: ISC */
#include "hearthd/daemon.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	STATE_VERSION = 1,
	HNCP_HOPS = 1,    /* link-local: nothing of it is for other links (RFC 7788 3) */
	BABEL_HOPS = 1,   /* RFC 8966 4 */
	RCVBUF = 1 << 20, /* a neighbour's full table in one burst */
};

static const struct ip babel_group = { { 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 6 } }; /* RFC 8966 4 */

static void on_event(void *ctx, const struct event *e)
{
	struct daemon *d = ctx;

	if (d->loop)
		d->last_event[e->kind] = loop_now(d->loop);
	event_report(&d->log_sink, e);
	if (d->control)
		control_event(d->control, e);
}

/* ---- the router's outputs ---- */

static void send_packet(void *ctx, const struct router_packet *p)
{
	struct daemon *d = ctx;
	const struct ip *to = p->multicast ? NULL : &p->addr;

	/* What cannot be sent is counted there; every protocol here repeats what matters. */
	switch (p->proto) {
	case ROUTER_HNCP:
		(void)udp_send(d->hncp, p->link, to, p->port, p->data, p->len);
		break;
	case ROUTER_BABEL:
		(void)udp_send(d->babel, p->link, to, p->port, p->data, p->len);
		break;
	case ROUTER_ICMP6:
		(void)icmp6_send(d->icmp6, p->link, to, p->data, p->len);
		break;
	}
}

static void apply_plan(void *ctx, const struct plan *plan)
{
	struct daemon *d = ctx;

	kernel_apply(d->kernel, loop_now(d->loop), plan);
}

static void store_state(void *ctx, const char *name, const uint8_t *data, size_t len)
{
	struct daemon *d = ctx;

	(void)store_write(d->store, name, STATE_VERSION, data, len);
}

/* ---- its inputs ---- */

void daemon_pump(struct daemon *d)
{
	loop_timer_set(d->timer, router_deadline(d->router));
}

static void on_timer(void *ctx, msec now)
{
	struct daemon *d = ctx;

	router_run(d->router, now);
	daemon_pump(d);
}

static void take_datagram(struct daemon *d, msec now, enum router_proto proto, const struct datagram *g)
{
	const struct router_packet p = {
		.proto = proto,
		.link = g->link,
		.addr = g->from,
		.port = g->from_port,
		.multicast = g->multicast,
		.hop_limit = g->hops,
		.data = g->data,
		.len = g->len,
	};

	/* RFC 7788 3, RFC 8966 4: both ends are link-local, or it came from elsewhere. */
	if (proto != ROUTER_ICMP6 && !g->multicast && !ip_is_linklocal(&g->to))
		return;
	router_input(d->router, now, &p);
	daemon_pump(d);
}

static void on_hncp(void *ctx, msec now, const struct datagram *g)
{
	take_datagram(ctx, now, ROUTER_HNCP, g);
}

static void on_babel(void *ctx, msec now, const struct datagram *g)
{
	take_datagram(ctx, now, ROUTER_BABEL, g);
}

static void on_icmp6(void *ctx, msec now, const struct datagram *g)
{
	take_datagram(ctx, now, ROUTER_ICMP6, g);
}

/* A static uplink is there while its interface is. */
static void set_static_uplink(struct daemon *d, msec now, const struct static_uplink *s)
{
	const struct link_state *l = links_find_name(d->links, s->interface);
	struct uplink up = s->uplink;

	if (!l || !l->running) {
		router_uplink_gone(d->router, now, up.name);
		return;
	}
	up.link = l->index;
	router_uplink_set(d->router, now, &up);
}

static void join_groups(struct daemon *d, const struct router_link *l)
{
	bool endpoint = l->up && hncp_category_is_endpoint(l->category);
	bool inside = l->up && hncp_category_is_inside(l->category);
	bool ok = endpoint ? udp_join(d->hncp, l->link) && udp_join(d->babel, l->link) : true;

	if (inside)
		ok = icmp6_join(d->icmp6, l->link) && ok;
	if (!ok)
		log_problem(&d->events, "cannot join the routers' multicast groups on %s: %s", l->name,
		            strerror(errno));
}

static void on_link(void *ctx, msec now, const struct link_state *s, bool gone)
{
	struct daemon *d = ctx;
	const struct config_interface *c = config_interface(&d->config, s->name);
	bool inside = hncp_category_is_inside(c->category);
	struct router_link l = {
		.link = s->index,
		.category = c->category,
		.up = s->running && (!inside || s->linklocal_ready),
		.wireless = c->wireless == CONFIG_WIRELESS_DETECT ? s->wireless : c->wireless == CONFIG_WIRELESS_YES,
		.dhcp = c->dhcp,
		.mtu = s->mtu,
		.linklocal = s->linklocal,
	};

	if (s->loopback || !s->multicast || c->ignore)
		return;
	memcpy(l.mac, s->mac, sizeof(l.mac));
	strcpy(l.name, s->name);
	if (gone) {
		router_link_gone(d->router, now, s->index);
		if (l.dhcp)
			UPLINKS_DHCPCD.stop(d->uplinks, s->name);
	} else {
		join_groups(d, &l);
		router_link_set(d->router, now, &l);
		if (l.dhcp)
			UPLINKS_DHCPCD.start(d->uplinks, s->name, s->index);
	}
	for (size_t i = 0; d->links && i < d->static_count; i++)
		if (strcmp(d->static_uplinks[i].interface, s->name) == 0)
			set_static_uplink(d, now, &d->static_uplinks[i]);
	daemon_pump(d);
}

static void on_duplicate(void *ctx, msec now, uint32_t link, const struct ip *ip)
{
	struct daemon *d = ctx;

	router_address_taken(d->router, now, link, ip);
	daemon_pump(d);
}

static void on_uplink(void *ctx, const struct uplink *up)
{
	struct daemon *d = ctx;

	router_uplink_set(d->router, loop_now(d->loop), up);
	daemon_pump(d);
}

static void on_uplink_gone(void *ctx, const char *name)
{
	struct daemon *d = ctx;

	router_uplink_gone(d->router, loop_now(d->loop), name);
	daemon_pump(d);
}

static void on_signal(void *ctx, msec now, int number)
{
	struct daemon *d = ctx;

	(void)now;
	(void)number;
	loop_stop(d->loop);
}

static struct static_uplink *find_static(struct daemon *d, const char *name)
{
	for (size_t i = 0; i < d->static_count; i++)
		if (strcmp(d->static_uplinks[i].uplink.name, name) == 0)
			return &d->static_uplinks[i];
	return NULL;
}

bool daemon_uplink_add(struct daemon *d, const struct static_uplink *s, char *error, size_t size)
{
	struct static_uplink *slot = find_static(d, s->uplink.name);

	if (!slot && d->static_count == DAEMON_STATIC_UPLINKS) {
		snprintf(error, size, "there are %d static uplinks already: remove one with `hearth uplink del NAME`",
		         DAEMON_STATIC_UPLINKS);
		return false;
	}
	if (!slot && config_interface(&d->config, s->uplink.name)->dhcp) {
		snprintf(error, size, "\"%s\" is the uplink of that interface's DHCP client: choose another name",
		         s->uplink.name);
		return false;
	}
	if (!slot)
		slot = &d->static_uplinks[d->static_count++];
	*slot = *s;
	set_static_uplink(d, loop_now(d->loop), slot);
	daemon_pump(d);
	return true;
}

bool daemon_uplink_remove(struct daemon *d, const char *name)
{
	struct static_uplink *s = find_static(d, name);

	if (!s)
		return false;
	/* The owner's word that it is over, not a loss: nothing of it is to be kept for its return. */
	msec now = loop_now(d->loop);
	for (size_t p = 0; p < s->uplink.prefix_count; p++)
		s->uplink.prefixes[p].valid_until = s->uplink.prefixes[p].preferred_until = now;
	set_static_uplink(d, now, s);
	router_uplink_gone(d->router, now, s->uplink.name);
	size_t i = (size_t)(s - d->static_uplinks);
	memmove(s, s + 1, (--d->static_count - i) * sizeof(*s));
	daemon_pump(d);
	return true;
}

/* ---- opening and closing ---- */

static bool fail(struct daemon *d, const char *what)
{
	log_problem(&d->events, "%s: %s", what, strerror(errno));
	return false;
}

/* The folder of the control socket, made if missing, and the CLI beside our own program. */
static bool find_paths(struct daemon *d)
{
	char copy[DAEMON_PATH], exe[DAEMON_PATH] = "";

	snprintf(copy, sizeof(copy), "%s", d->options.socket);
	snprintf(d->run_dir, sizeof(d->run_dir), "%s", dirname(copy));
	if (mkdir(d->run_dir, 0755) && errno != EEXIST)
		return fail(d, d->run_dir);
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		return fail(d, "cannot find our own program (is /proc mounted?)");
	int n = snprintf(d->cli, sizeof(d->cli), "%s/hearth", dirname(exe));
	return n < (int)sizeof(d->cli) || fail(d, "the path of our program is too long");
}

static bool open_network(struct daemon *d)
{
	const struct udp_config hncp = {
		.port = HNCP_PORT, .group = HNCP_GROUP, .multicast_hops = HNCP_HOPS, .rcvbuf = RCVBUF
	};
	const struct udp_config babel = {
		.port = BABEL_PORT, .group = babel_group, .multicast_hops = BABEL_HOPS, .rcvbuf = RCVBUF
	};
	const struct kernel_env env = { .events = d->events, .duplicate = on_duplicate, .ctx = d };

	if (!(d->hncp = udp_open(d->loop, &hncp, on_hncp, d)))
		return fail(d, "cannot open the HNCP port 8231 (does another HNCP daemon run?)");
	if (!(d->babel = udp_open(d->loop, &babel, on_babel, d)))
		return fail(d, "cannot open the Babel port 6696 (does babeld or bird run? stop it first)");
	if (!(d->icmp6 = icmp6_open(d->loop, on_icmp6, d)))
		return fail(d, "cannot open an ICMPv6 socket (hearthd must run as root)");
	if (!(d->kernel = kernel_new(d->loop, &env)))
		return fail(d, "cannot talk to the kernel by netlink");
	return true;
}

static void restore_state(struct daemon *d, msec now)
{
	for (size_t i = 0; i < router_state_count; i++) {
		const char *name = router_state_names[i];
		struct store_blob blob;
		if (!store_read(d->store, name, STATE_VERSION, &blob))
			continue;
		if (!router_restore(d->router, now, name, blob.data, blob.len))
			log_problem(&d->events, "stored state \"%s\" makes no sense and is not used", name);
		free(blob.data);
	}
}

static void open_router(struct daemon *d)
{
	const struct router_env env = {
		.ctx = d,
		.random = sys_random_source(&d->random),
		.events = d->events,
		.send = send_packet,
		.plan = apply_plan,
		.store = store_state,
	};
	msec now = loop_now(d->loop);

	d->router = router_new(d->config.name, &env, now);
	restore_state(d, now);
	router_start(d->router, now);
}

static bool open_inputs(struct daemon *d)
{
	char error[CONTROL_ERROR];
	const struct uplinks_env uplinks = {
		.loop = d->loop,
		.events = d->events,
		.run_dir = d->run_dir,
		.socket = d->options.socket,
		.cli = d->cli,
		.ctx = d,
		.changed = on_uplink,
		.gone = on_uplink_gone,
	};

	d->control = control_open(d->loop, d->options.socket, daemon_commands, daemon_command_count, d, error);
	if (!d->control) {
		log_problem(&d->events, "%s", error);
		return false;
	}
	if (!(d->uplinks = UPLINKS_DHCPCD.open(&uplinks)))
		return fail(d, "cannot prepare the DHCP clients");
	for (size_t i = 0; i < d->config.uplink_count; i++) {
		struct static_uplink *s = &d->static_uplinks[d->static_count++];
		strcpy(s->interface, d->config.uplinks[i].interface);
		s->uplink = d->config.uplinks[i].uplink;
	}
	if (!(d->links = links_new(d->loop, d->events, on_link, d)))
		return fail(d, "cannot read the network interfaces");
	for (size_t i = 0; i < d->static_count; i++)
		set_static_uplink(d, loop_now(d->loop), &d->static_uplinks[i]);
	return true;
}

bool daemon_open(struct daemon *d, const struct daemon_options *options)
{
	char hostname[256] = "", error[CONFIG_ERROR];

	*d = (struct daemon) { .options = *options, .log = { .fd = STDERR_FILENO, .level = options->log_level } };
	d->log_sink = log_sink(&d->log);
	d->events = (struct event_sink) { .fn = on_event, .ctx = d };
	gethostname(hostname, sizeof(hostname) - 1);
	if (!config_read(options->config, hostname, &d->config, error)) {
		log_problem(&d->events, "%s", error);
		return false;
	}
	if (!(d->loop = loop_new()))
		return fail(d, "cannot start the event loop");
	d->started = loop_now(d->loop);
	d->timer = loop_timer_new(d->loop, on_timer, d);
	d->sigterm = loop_signal_new(d->loop, SIGTERM, on_signal, d);
	d->sigint = loop_signal_new(d->loop, SIGINT, on_signal, d);
	signal(SIGPIPE, SIG_IGN);
	if (!find_paths(d) || !open_network(d))
		return false;
	d->store = store_open(options->state, &d->events);
	open_router(d);
	if (!open_inputs(d))
		return false;
	daemon_pump(d);
	log_note(&d->events, "router %s is ready", router_name(d->router));
	return true;
}

void daemon_run(struct daemon *d)
{
	if (!loop_run(d->loop))
		(void)fail(d, "the event loop ended");
}

void daemon_close(struct daemon *d)
{
	if (d->router && d->links)
		router_goodbye(d->router, loop_now(d->loop));
	links_free(d->links);
	control_free(d->control); /* before the DHCP clients, whose hooks would wait for its answer */
	d->control = NULL;
	if (d->uplinks)
		UPLINKS_DHCPCD.close(d->uplinks);
	router_free(d->router);
	if (d->kernel)
		kernel_free(d->kernel, true);
	if (d->icmp6)
		icmp6_close(d->icmp6);
	if (d->babel)
		udp_close(d->babel);
	if (d->hncp)
		udp_close(d->hncp);
	if (d->store)
		store_free(d->store);
	loop_signal_free(d->sigint);
	loop_signal_free(d->sigterm);
	loop_timer_free(d->timer);
	if (d->loop)
		loop_free(d->loop);
}
