/* SPDX-License-Identifier: ISC */
/* Writes the inputs that fuzzing begins with, DIRECTORY/TARGET/NAME: what real routers of a home say to each other and
 * write to their disks, in the form that each target reads. fuzz/run --seeds then keeps those that add something. */
#include <sys/stat.h>

#include "support/home_net.h"

/* The cores under fuzz are called so; then the captured Peer and IHU TLVs are for them. */
enum { SELF = 0x42, HALL = 1, OFFICE = 2, UPLINK = 8, ROUTERS = 3 };

enum { STEP_DATAGRAM = 0x10 /* made right */, STEP_MULTICAST = 0x08, STEP_TENTHS = 4, STEP_ROUTE = 6 };
enum { STEPS = 24, LARGEST = 1 << 16 };

static const char *directory;

static void write_file(const char *target, const char *name, const void *data, size_t len)
{
	char path[512];

	mkdir(directory, 0777);
	snprintf(path, sizeof(path), "%s/%s", directory, target);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/%s", directory, target, name);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static void write_numbered(const char *target, const char *what, unsigned n, const void *data, size_t len)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%02u", what, n);
	write_file(target, name, data, len);
}

/* What r0 hears on the hall's link, of each protocol: packets alone and the whole conversation as steps. */
struct capture {
	const char *target;
	uint8_t data[LARGEST];
	struct cursor out;
	unsigned steps;
	msec last;
};

static struct capture captures[] = {
	[ROUTER_HNCP] = { .target = "dncp_input" },
	[ROUTER_BABEL] = { .target = "babel_input" },
	[ROUTER_ICMP6] = { .target = "ra_input" },
};

static void put_packet(struct cursor *c, uint8_t how, const struct router_packet *p)
{
	cursor_put_u8(c, how);
	cursor_put_u16(c, (uint16_t)p->len);
	cursor_put(c, p->data, p->len);
}

static void tap(struct net *n, unsigned from, const struct router_packet *p)
{
	struct capture *k = &captures[p->proto];
	uint8_t alone[LARGEST], how = (uint8_t)(STEP_DATAGRAM | (p->multicast ? STEP_MULTICAST : 0) | from << 5);
	struct cursor c = cursor_writer(alone, sizeof(alone));
	struct ip r0 = net_linklocal(0, p->link);

	if (p->link != HALL || from != 1 || (!p->multicast && !ip_equal(&p->addr, &r0)) || k->steps == STEPS)
		return;
	if (p->proto == ROUTER_ICMP6)
		how = (uint8_t)(from << 5);
	cursor_put_u8(&k->out, STEP_TENTHS);
	cursor_put_u8(&k->out, (uint8_t)MIN((n->now - k->last) / 100, 255));
	put_packet(&k->out, how, p);
	put_packet(&c, how, p);
	k->last = n->now;
	write_numbered(k->target, "packet", k->steps++, alone, cursor_done(&c));
}

static void seed_state(const struct net *n)
{
	static uint8_t all[LARGEST];
	struct cursor c = cursor_writer(all, sizeof(all));

	for (unsigned i = 0; i < router_state_count; i++) {
		const struct net_blob *b = &n->routers[0].disk[i];
		size_t begun = cursor_done(&c);
		cursor_put_u8(&c, (uint8_t)i);
		cursor_put_u16(&c, (uint16_t)b->len);
		cursor_put(&c, b->data, b->len);
		write_file("state", router_state_names[i], all + begun, cursor_done(&c) - begun);
	}
	write_file("state", "all", all, cursor_done(&c));
}

static void seed_node_data(const struct net *n)
{
	unsigned count = 0;

	for (const struct dncp_node *d = NULL; (d = dncp_node_next(router_dncp(n->routers[0].router), d));)
		write_numbered("hncp_decode", "node", count++, d->data, d->len);
}

/* Every TLV there is, as our own encoder writes it. */
static void seed_every_tlv(void)
{
	static const uint8_t label[] = { 3, 'd', 'e', 'n', 4, 'h', 'o', 'm', 'e', 4, 'a', 'r', 'p', 'a', 0 };
	static const uint8_t psk[32] = { 1 }, options[] = { 0, 23, 0, 16, [4] = 0x20, [19] = 0x53 },
	                     v4[] = { 6, 4, 1, 2, 3, 4 };
	static const struct prefix p = { .ip = { { 0x20, 1, 0xd, 0xb8, 0xa0 } }, .len = 56 };
	static const struct prefix p4 = { .ip = { { [10] = 0xff, 0xff, 10 } }, .len = 112 };
	const struct hncp_policy policies[] = { { .type = 0 },
		                                { .type = 64, .destination = p },
		                                { .type = 129, .value = { label, sizeof(label) } },
		                                { .type = 131 } };
	const struct hncp_delegated delegated[] = {
		{ .prefix = p,
		  .valid = 3600,
		  .preferred = 1800,
		  .policies = policies,
		  .policy_count = ARRAY_LEN(policies),
		  .dhcpv6 = { options, sizeof(options) } },
		{ .prefix = p4, .valid = LIFETIME_INFINITE, .preferred = LIFETIME_INFINITE },
	};
	const struct hncp_connection connection = { .delegated = delegated,
		                                    .delegated_count = ARRAY_LEN(delegated),
		                                    .dhcpv6 = { options, sizeof(options) },
		                                    .dhcpv4 = { v4, sizeof(v4) } };
	const struct hncp_assigned assigned[] = { { 1, 2, { p.ip, 64 } }, { 2, 15, { p4.ip, 120 } } };
	const struct hncp_address address = { 1, p.ip };
	const struct hncp_zone zone = { .server = p.ip, .browse = true, .zone = { label, sizeof(label) } };
	const struct hncp_name name = { .ip = p.ip, .name = "den" };
	const struct hncp_node node = { .is_hncp = true,
		                        .capabilities = { 1, 2, 3, 4 },
		                        .user_agent = { label + 1, 3 },
		                        .connections = &connection,
		                        .connection_count = 1,
		                        .assigned = assigned,
		                        .assigned_count = ARRAY_LEN(assigned),
		                        .addresses = &address,
		                        .address_count = 1,
		                        .zones = &zone,
		                        .zone_count = 1,
		                        .names = &name,
		                        .name_count = 1,
		                        .domain = { label, sizeof(label) },
		                        .psk = { psk, sizeof(psk) } };
	uint8_t data[1024];
	struct cursor c = cursor_writer(data, sizeof(data));

	hncp_encode(&c, &node);
	ASSERT(cursor_ok(&c));
	write_file("hncp_decode", "every-tlv", data, cursor_done(&c));
}

static void seed_home(void)
{
	struct net *n = net_new(1);

	n->tap = tap;
	for (size_t i = 0; i < ARRAY_LEN(captures); i++)
		captures[i].out = cursor_writer(captures[i].data, LARGEST);
	const struct prefix none = { 0 };
	net_identity(n, 0, SELF, &none, &none);
	for (unsigned i = 0; i < ROUTERS; i++) {
		net_boot(n, i);
		net_set_link(n, i, i < 2 ? HALL : OFFICE, HNCP_INTERNAL, true);
		net_set_link(n, i, i < 2 ? UPLINK + i : HALL, i < 2 ? HNCP_EXTERNAL : HNCP_INTERNAL, true);
		struct uplink up =
		        net_uplink(UPLINK + i, i ? "2001:db8:b000::/56" : "2001:db8:a000::/56", n->now + HOUR);
		if (i < 2)
			router_uplink_set(n->routers[i].router, n->now, &up);
	}
	net_run(n, 40 * SECOND);
	seed_state(n);
	seed_node_data(n);
	router_goodbye(n->routers[1].router, n->now);
	for (size_t i = 0; i < ARRAY_LEN(captures); i++)
		write_file(captures[i].target, "conversation", captures[i].data, cursor_done(&captures[i].out));
	net_free(n);
}

/* Worlds at random: there are no packets to copy. */
static void seed_pa(void)
{
	enum { WORLDS = 12, LENGTH = 400 };

	for (unsigned i = 0; i < WORLDS; i++) {
		struct prng prng = { i };
		struct random_source random = prng_source(&prng);
		uint8_t data[LENGTH];
		for (size_t k = 0; k < LENGTH; k++)
			data[k] = (uint8_t)random_u32(&random);
		write_numbered("pa_update", "world", i, data, LENGTH);
	}
}

static void seed_ra(void)
{
	static const uint8_t plan[] = { 0x0e, 2, 1, 0, 68, 38,  2, 0,   68,  255, 1, 3,  0xb8, 255,  1,
		                        4,    0, 0, 5, 1,  'a', 2, 'b', 'c', 0,   3, 4,  30,   0x06, 0,
		                        0,    0, 0, 0, 4,  200, 5, 200, 7,   1,   0, 60, 4,    30 };

	write_file("ra_input", "plan", plan, sizeof(plan));
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	directory = argv[1];
	seed_home();
	seed_every_tlv();
	seed_pa();
	seed_ra();
	return 0;
}
