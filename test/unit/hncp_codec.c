/* SPDX-License-Identifier: ISC */
/* Node data of HNCP, out and in again (RFC 7788 10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "proto/hncp/hncp.h"
#include "proto/hncp/limits.h"
#include "proto/tlv/tlv.h"

enum { ROOM = 65536 };

#define BYTES(text) ((struct hncp_bytes) { (const uint8_t *)(text), sizeof(text) - 1 })

static const struct hncp_bytes AGENT = { (const uint8_t *)"x/1", 3 };

/* What a test writes and how it is read back. */
struct fixture {
	uint8_t buffer[ROOM];
	struct cursor c;
	struct arena arena;
	struct hncp_node node;
};

static int setup(void **state)
{
	struct fixture *f = NEW(struct fixture);

	f->c = cursor_writer(f->buffer, sizeof(f->buffer));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	free(f);
	return 0;
}

static struct prefix pfx(const char *text)
{
	struct prefix p;

	assert_true(prefix_parse(text, &p));
	return p;
}

static struct ip addr(const char *text)
{
	struct ip ip;

	assert_true(ip_parse(text, &ip));
	return ip;
}

/* Reads from memory of exactly that size, so that the sanitizer sees every octet too many. */
static const struct hncp_node *decode_bytes(struct fixture *f, const uint8_t *data, size_t len)
{
	uint8_t *exact = arena_copy(&f->arena, data, len);

	hncp_decode(&f->arena, 7, exact, len, &f->node);
	return &f->node;
}

static const struct hncp_node *decode(struct fixture *f)
{
	assert_true(cursor_ok(&f->c));
	return decode_bytes(f, f->buffer, cursor_done(&f->c));
}

/* Encodes, checks the order, and decodes. */
static const struct hncp_node *round_trip(struct fixture *f, const struct hncp_node *n)
{
	struct tlv now, before = { 0 };

	hncp_encode(&f->c, n);
	assert_true(cursor_ok(&f->c));
	struct cursor r = cursor_reader(f->buffer, cursor_done(&f->c));
	for (; tlv_next(&r, &now); before = now) {
		int order = before.raw ? memcmp(before.raw, now.raw, MIN(before.raw_len, now.raw_len)) : -1;
		assert_true(order < 0 || (order == 0 && before.raw_len < now.raw_len));
	}
	assert_true(cursor_finished(&r));
	return decode(f);
}

static void put_version(struct fixture *f)
{
	tlv_put(&f->c, HNCP_TLV_VERSION, "\0\0\x43\x21x", 5);
}

static void assert_bytes(struct hncp_bytes a, struct hncp_bytes b)
{
	assert_int_equal(a.len, b.len);
	if (a.len)
		assert_memory_equal(a.at, b.at, a.len);
}

#define assert_prefix(p, text)                                                                                         \
	do {                                                                                                           \
		char text_[PREFIX_TEXT];                                                                               \
		assert_string_equal(prefix_text(&(p), text_), text);                                                   \
	} while (0)

/* Each of these fills in one kind of TLV and checks it after the round trip. */

static void test_version(void **state)
{
	struct hncp_node n = { .capabilities = { 4, 3, 2, 1 }, .user_agent = BYTES("hearth/0.1") };
	const struct hncp_node *got = round_trip(*state, &n);

	assert_true(got->is_hncp);
	assert_int_equal(got->id, 7);
	assert_int_equal(hncp_capability_value(&got->capabilities), 0x4321);
	assert_bytes(got->user_agent, n.user_agent);
	assert_int_equal(got->ignored, 0);
}

static void test_empty_agent_is_never_sent_but_tolerated(void **state)
{
	struct fixture *f = *state;
	struct hncp_node n = { 0 };

	assert_true(round_trip(f, &n)->user_agent.len > 0);
	cursor_rewind(&f->c, 0);
	tlv_put(&f->c, HNCP_TLV_VERSION, "\0\0\x12\x34", 4);
	assert_true(decode(f)->is_hncp);
	assert_int_equal(f->node.user_agent.len, 0);
	assert_int_equal(f->node.capabilities.dhcpv4, 4);
}

static void test_connection(void **state)
{
	struct hncp_policy policies[] = {
		{ .type = HNCP_POLICY_INTERNET },
		{ .type = 33, .destination = pfx("2001:db8:8000::/33") },
		{ .type = HNCP_POLICY_DOMAIN, .value = BYTES("\3foo\0") },
		{ .type = HNCP_POLICY_OPAQUE, .value = BYTES("voip") },
		{ .type = HNCP_POLICY_RESTRICTIVE },
	};
	struct hncp_delegated delegated[] = {
		{ .prefix = pfx("2001:db8:100::/56"), .valid = 3600, .preferred = 1800 },
		{ .prefix = pfx("10.0.0.0/8"), .valid = LIFETIME_INFINITE, .preferred = LIFETIME_INFINITE },
		{
		        .prefix = pfx("2001:db8:200::/57"),
		        .valid = 7,
		        .policies = policies,
		        .policy_count = ARRAY_LEN(policies),
		        .dhcpv6 = BYTES("\0\103\0\2\77\1"),
		},
	};
	struct hncp_connection connection = {
		.delegated = delegated,
		.delegated_count = ARRAY_LEN(delegated),
		.dhcpv4 = BYTES("\6\4\300\0\2\1"),
		.dhcpv6 = BYTES("\0\27\0\4abcd"),
	};
	struct hncp_node n = { .user_agent = AGENT, .connections = &connection, .connection_count = 1 };
	const struct hncp_node *got = round_trip(*state, &n);

	assert_int_equal(got->ignored, 0);
	assert_int_equal(got->connection_count, 1);
	const struct hncp_connection *c = got->connections;
	assert_bytes(c->dhcpv4, connection.dhcpv4);
	assert_bytes(c->dhcpv6, connection.dhcpv6);
	assert_int_equal(c->delegated_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(prefix_equal(&c->delegated[i].prefix, &delegated[i].prefix));
		assert_int_equal(c->delegated[i].valid, delegated[i].valid);
		assert_int_equal(c->delegated[i].preferred, delegated[i].preferred);
	}
	assert_bytes(c->delegated[2].dhcpv6, delegated[2].dhcpv6);
	assert_int_equal(c->delegated[2].policy_count, ARRAY_LEN(policies));
	for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
		assert_int_equal(c->delegated[2].policies[i].type, policies[i].type);
		assert_true(prefix_equal(&c->delegated[2].policies[i].destination, &policies[i].destination));
		if (policies[i].value.len)
			assert_bytes(c->delegated[2].policies[i].value, policies[i].value);
	}
}

static void test_assigned(void **state)
{
	struct hncp_assigned assigned[] = {
		{ 0, 15, pfx("2001:db8::/127") },
		{ 1, 0, pfx("10.1.2.0/24") },
		{ 1, 2, pfx("2001:db8:0:8000::/49") },
		{ UINT32_MAX, 2, pfx("2001:db8::1/128") },
	};
	struct hncp_node n = { .assigned = assigned, .assigned_count = ARRAY_LEN(assigned) };
	const struct hncp_node *got = round_trip(*state, &n);

	assert_int_equal(got->ignored, 0);
	assert_int_equal(got->assigned_count, ARRAY_LEN(assigned));
	for (size_t i = 0; i < ARRAY_LEN(assigned); i++) {
		size_t found = 0;
		for (size_t j = 0; j < got->assigned_count; j++)
			found += got->assigned[j].endpoint == assigned[i].endpoint &&
			         got->assigned[j].priority == assigned[i].priority &&
			         prefix_equal(&got->assigned[j].prefix, &assigned[i].prefix);
		assert_int_equal(found, 1);
	}
}

static void test_addresses_zones_and_names(void **state)
{
	struct hncp_address address = { 3, addr("10.0.0.1") };
	struct hncp_zone zones[] = {
		{ IP_ANY, false, true, false, BYTES("\4arpa\0") },
		{ addr("2001:db8::1"), true, false, true, BYTES("\3lan\4home\4arpa\0") },
	};
	struct hncp_name name = { addr("2001:db8::2"), "den" };
	struct hncp_node n = {
		.addresses = &address,
		.address_count = 1,
		.zones = zones,
		.zone_count = 2,
		.names = &name,
		.name_count = 1,
		.domain = BYTES("\4home\4arpa\0"),
		.psk = BYTES("0123456789abcdef0123456789abcdef"),
	};
	const struct hncp_node *got = round_trip(*state, &n);

	assert_int_equal(got->ignored, 0);
	assert_int_equal(got->address_count, 1);
	assert_int_equal(got->addresses[0].endpoint, 3);
	assert_true(ip_equal(&got->addresses[0].ip, &address.ip));
	assert_int_equal(got->zone_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(ip_equal(&got->zones[i].server, &zones[i].server));
		assert_int_equal(got->zones[i].legacy_browse, zones[i].legacy_browse);
		assert_int_equal(got->zones[i].browse, zones[i].browse);
		assert_int_equal(got->zones[i].search, zones[i].search);
		assert_bytes(got->zones[i].zone, zones[i].zone);
	}
	assert_int_equal(got->name_count, 1);
	assert_string_equal(got->names[0].name, "den");
	assert_true(ip_equal(&got->names[0].ip, &name.ip));
	assert_bytes(got->domain, n.domain);
	assert_bytes(got->psk, n.psk);
}

static void test_same_prefix_is_never_sent_twice(void **state)
{
	struct hncp_delegated both[] = { { .prefix = pfx("2001:db8::/56") }, { .prefix = pfx("2001:db8::/60") } };
	struct hncp_connection twice[] = { { .delegated = both, .delegated_count = 2 },
		                           { .delegated = both, .delegated_count = 1, .dhcpv4 = BYTES("\6\0") } };
	struct hncp_node n = { .connections = twice, .connection_count = 2 };
	const struct hncp_node *got = round_trip(*state, &n);

	assert_int_equal(got->connection_count, 2);
	assert_int_equal(got->connections[0].delegated_count + got->connections[1].delegated_count, 1);
	assert_int_equal(got->ignored, 0);
}

static void test_encoding_fails_without_room(void **state)
{
	struct hncp_name name = { addr("2001:db8::2"), "den" };
	struct hncp_node n = { .names = &name, .name_count = 1 };
	uint8_t small[40];

	(void)state;
	for (size_t room = 0; room < sizeof(small); room++) {
		struct cursor c = cursor_writer(small, room);
		hncp_encode(&c, &n);
		assert_int_equal(cursor_ok(&c), room >= 36);
	}
}

/* RFC 7788 4 */
static void test_without_version_only_peers_count(void **state)
{
	struct fixture *f = *state;

	tlv_put(&f->c, DNCP_TLV_PEER, "\0\0\0\1\0\0\0\2\0\0\0\3", 12);
	tlv_put(&f->c, HNCP_TLV_DOMAIN_NAME, "\4home\0", 6);
	assert_int_equal(decode(f)->peer_count, 1);
	assert_false(f->node.is_hncp);
	assert_int_equal(f->node.domain.len, 0);
	assert_int_equal(f->node.peers[0].node, 1);
	assert_int_equal(f->node.peers[0].remote_endpoint, 2);
	assert_int_equal(f->node.peers[0].endpoint, 3);
	put_version(f); /* out of order, which is seen */
	assert_int_equal(decode(f)->domain.len, 6);
}

/* RFC 7788 10: a TLV outside its context is ignored, one of an unknown type anywhere. */
static void test_contexts(void **state)
{
	static const uint16_t top[] = { 32, 33, 35, 36, 39, 40, 41, 42 }, connection[] = { 34 }, delegated[] = { 43 };
	struct fixture *f = *state;
	uint8_t value[64] = { 0 };

	memcpy(value, "\0\0\0\1\40\1\15\270", 8); /* an address in what has one */
	put_version(f);
	for (size_t i = 0; i < ARRAY_LEN(connection); i++)
		tlv_put(&f->c, connection[i], value, sizeof(value));
	for (size_t i = 0; i < ARRAY_LEN(delegated); i++)
		tlv_put(&f->c, delegated[i], value, sizeof(value));
	tlv_put(&f->c, 37, "\6\0", 2);
	tlv_put(&f->c, 38, "\0\27\0\0", 4);
	tlv_put(&f->c, 500, value, 3);
	assert_int_equal(decode(f)->ignored, 4);
	size_t outer = tlv_begin(&f->c, HNCP_TLV_EXTERNAL_CONNECTION);
	for (size_t i = 0; i < ARRAY_LEN(top); i++)
		tlv_put(&f->c, top[i], value, sizeof(value));
	tlv_put(&f->c, 43, value, 1);
	tlv_put(&f->c, 500, value, 3);
	size_t inner = tlv_begin(&f->c, HNCP_TLV_DELEGATED_PREFIX);
	cursor_put(&f->c, "\0\0\0\2\0\0\0\1\40\40\1\15\270", 13);
	tlv_pad(&f->c, inner);
	tlv_put(&f->c, HNCP_TLV_DELEGATED_PREFIX, "\0\0\0\2\0\0\0\1\60\40\1\15\270\0\1", 15);
	tlv_put(&f->c, 37, "\6\0", 2);
	tlv_put(&f->c, 35, value, 20);
	tlv_end(&f->c, inner);
	tlv_end(&f->c, outer);
	assert_int_equal(decode(f)->ignored, 4 + 9 + 3);
	assert_int_equal(f->node.connection_count, 1);
	assert_int_equal(f->node.connections[0].delegated_count, 1);
	assert_prefix(f->node.connections[0].delegated[0].prefix, "2001:db8::/32");
	assert_int_equal(f->node.connections[0].delegated[0].policy_count, 0);
	assert_int_equal(f->node.zone_count + f->node.name_count + f->node.assigned_count, 0);
}

static void test_what_must_not_be_repeated(void **state)
{
	struct fixture *f = *state;

	put_version(f);
	put_version(f);
	tlv_put(&f->c, HNCP_TLV_DOMAIN_NAME, "\1a\0", 3);
	tlv_put(&f->c, HNCP_TLV_DOMAIN_NAME, "\1b\0", 3);
	tlv_put(&f->c, HNCP_TLV_MANAGED_PSK, "0123456789abcdef0123456789abcdef", 32);
	tlv_put(&f->c, HNCP_TLV_MANAGED_PSK, "123456789abcdef00123456789abcdef", 32);
	size_t outer = tlv_begin(&f->c, HNCP_TLV_EXTERNAL_CONNECTION);
	tlv_put(&f->c, 37, "\6\1x", 3);
	tlv_put(&f->c, 38, "\6\1y", 3);
	tlv_put(&f->c, 37, "\0\27\0\1x", 5);
	tlv_put(&f->c, 38, "\0\27\0\1y", 5);
	tlv_end(&f->c, outer);
	assert_int_equal(decode(f)->ignored, 5);
	assert_bytes(f->node.domain, BYTES("\1a\0"));
	assert_int_equal(f->node.psk.at[0], '0');
	assert_bytes(f->node.connections[0].dhcpv4, BYTES("\6\1x"));
	assert_bytes(f->node.connections[0].dhcpv6, BYTES("\0\27\0\1x"));
}

/* RFC 7788 10.2.2 and 10.2.3 against 13. */
static void test_dhcp_data_is_told_by_content(void **state)
{
	static const struct {
		struct hncp_bytes value;
		char kind[3]; /* as 37 and as 38: 4, 6 or - */
	} cases[] = {
		{ BYTES("\6\4\300\0\2\1"), "44" },
		{ BYTES("\6\4\300\0\2\1\377"), "44" },
		{ BYTES("\6\4\300\0\2\1\377\0\0"), "44" },
		{ BYTES("\6\4\300\0\2\1\377\1"), "--" },
		{ BYTES("\0\27\0\20"
		        "0123456789abcdef"),
		  "66" },
		{ BYTES("\0\27\0\0"), "66" }, /* as DHCPv4: pads and an empty option 23 */
		{ BYTES("\1\2\0\0"), "46" },  /* either: section 13 decides */
		{ BYTES("\6\4\300"), "--" },
		{ BYTES("\6"), "--" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		struct hncp_bytes value = cases[i / 2].value;
		cursor_rewind(&f->c, 0);
		put_version(f);
		size_t outer = tlv_begin(&f->c, HNCP_TLV_EXTERNAL_CONNECTION);
		tlv_put(&f->c, (uint16_t)(37 + i % 2), value.at, value.len);
		tlv_end(&f->c, outer);
		const struct hncp_connection *c = decode(f)->connections;
		char kind = c->dhcpv4.len ? '4' : c->dhcpv6.len ? '6' : '-';
		assert_int_equal(kind, cases[i / 2].kind[i % 2]);
		assert_int_equal(f->node.ignored, kind == '-');
		assert_false(c->dhcpv4.len && c->dhcpv6.len);
	}
}

static void put_delegated(struct fixture *f, uint8_t len, const char *bits, size_t octets)
{
	size_t tlv = tlv_begin(&f->c, HNCP_TLV_DELEGATED_PREFIX);

	cursor_put_u32(&f->c, 10);
	cursor_put_u32(&f->c, 20);
	cursor_put_u8(&f->c, len);
	cursor_put(&f->c, bits, octets);
	tlv_end(&f->c, tlv);
}

static void test_prefix_lengths(void **state)
{
	static const struct {
		unsigned len;
		struct hncp_bytes bits;
		const char *want;
	} cases[] = {
		{ 0, BYTES(""), NULL }, /* all addresses of both families */
		{ 1, BYTES("\377"), "8000::/1" },
		{ 33, BYTES("\40\1\15\270\377"), "2001:db8:8000::/33" },
		{ 64, BYTES("\40\1\15\270\0\0\0\0"), "2001:db8::/64" },
		{ 64, BYTES("\40\1\15\270\0\0\0"), NULL }, /* an octet short */
		{ 80, BYTES("\0\0\0\0\0\0\0\0\0\0"), NULL },
		{ 95, BYTES("\0\0\0\0\0\0\0\0\0\0\377\376"), NULL },
		{ 96, BYTES("\0\0\0\0\0\0\0\0\0\0\377\377"), "0.0.0.0/0" },
		{ 120, BYTES("\0\0\0\0\0\0\0\0\0\0\377\377\12\1\2"), "10.1.2.0/24" },
		{ 128, BYTES("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"), "2001:db8::1/128" },
		{ 129, BYTES("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\0"), NULL },
		{ 255, BYTES("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NULL },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cursor_rewind(&f->c, 0);
		put_version(f);
		size_t outer = tlv_begin(&f->c, HNCP_TLV_EXTERNAL_CONNECTION);
		put_delegated(f, (uint8_t)cases[i].len, (const char *)cases[i].bits.at, cases[i].bits.len);
		tlv_end(&f->c, outer);
		size_t assigned = tlv_begin(&f->c, HNCP_TLV_ASSIGNED_PREFIX);
		cursor_put(&f->c, "\0\0\0\1\362", 5); /* reserved bits set */
		cursor_put_u8(&f->c, (uint8_t)cases[i].len);
		cursor_put(&f->c, cases[i].bits.at, cases[i].bits.len);
		tlv_end(&f->c, assigned);
		decode(f);
		assert_int_equal(f->node.assigned_count, cases[i].want != NULL);
		assert_int_equal(f->node.connections[0].delegated_count, cases[i].want != NULL);
		assert_int_equal(f->node.ignored, cases[i].want ? 0 : 2);
		if (!cases[i].want)
			continue;
		assert_prefix(f->node.assigned[0].prefix, cases[i].want);
		assert_int_equal(f->node.assigned[0].priority, 2);
		assert_prefix(f->node.connections[0].delegated[0].prefix, cases[i].want);
		assert_int_equal(f->node.connections[0].delegated[0].preferred, 10); /* never beyond valid */
	}
}

static void test_overlap_in_one_connection_keeps_the_widest(void **state)
{
	struct fixture *f = *state;

	put_version(f);
	size_t outer = tlv_begin(&f->c, HNCP_TLV_EXTERNAL_CONNECTION);
	put_delegated(f, 40, "\40\1\15\270\1", 5);
	put_delegated(f, 48, "\40\1\15\270\1\1", 6); /* inside the first */
	put_delegated(f, 32, "\40\1\15\271", 4);
	put_delegated(f, 40, "\40\1\15\270\2", 5);
	put_delegated(f, 32, "\40\1\15\270", 4); /* around two */
	put_delegated(f, 32, "\40\1\15\270", 4); /* again */
	tlv_end(&f->c, outer);
	assert_int_equal(decode(f)->ignored, 4);
	assert_int_equal(f->node.connections[0].delegated_count, 2);
	assert_prefix(f->node.connections[0].delegated[0].prefix, "2001:db9::/32");
	assert_prefix(f->node.connections[0].delegated[1].prefix, "2001:db8::/32");
}

static void put_name(struct fixture *f, uint8_t len, const char *name, size_t octets)
{
	size_t tlv = tlv_begin(&f->c, HNCP_TLV_NODE_NAME);

	cursor_put(&f->c, "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	cursor_put_u8(&f->c, len);
	cursor_put(&f->c, name, octets);
	tlv_end(&f->c, tlv);
}

static void test_names_that_could_hurt(void **state)
{
	static const struct {
		struct hncp_bytes name;
		bool good;
	} cases[] = {
		{ BYTES("den"), true },
		{ BYTES("k\303\274che"), true },
		{ BYTES("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"), true },
		{ BYTES("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), false },
		{ BYTES(""), false },
		{ BYTES("a\nserver:"), false },
		{ BYTES("a\0b"), false },
		{ BYTES("a b"), false },
		{ BYTES("a.b"), false },
		{ BYTES("a\177"), false },
		{ BYTES("\302\205"), false },         /* a C1 control: next line */
		{ BYTES("\300\212"), false },         /* a newline made long */
		{ BYTES("\355\240\200"), false },     /* half of a surrogate pair */
		{ BYTES("\364\220\200\200"), false }, /* beyond Unicode */
		{ BYTES("\360\237\217\240"), true },
		{ BYTES("a\303"), false },
		{ BYTES("\377"), false },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cursor_rewind(&f->c, 0);
		put_version(f);
		put_name(f, (uint8_t)cases[i].name.len, (const char *)cases[i].name.at, cases[i].name.len);
		assert_int_equal(decode(f)->name_count, cases[i].good);
		assert_int_equal(f->node.ignored, !cases[i].good);
	}
	cursor_rewind(&f->c, 0);
	put_version(f);
	put_name(f, 4, "den", 3); /* longer than it is */
	assert_int_equal(decode(f)->name_count, 0);
}

static void test_labels(void **state)
{
	static const struct {
		struct hncp_bytes labels;
		bool good;
	} cases[] = {
		{ BYTES("\0"), true },
		{ BYTES("\4home\4arpa\0"), true },
		{ BYTES(""), false },
		{ BYTES("\4home"), false },
		{ BYTES("\4hom"), false },
		{ BYTES("\4home\0x"), false },
		{ BYTES("\4home\300\0"), false }, /* compressed */
		{ BYTES("\4ho\ne\0"), false },
	};
	uint8_t longest[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(hncp_labels_valid(cases[i].labels.at, cases[i].labels.len), cases[i].good);
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 2 ? 'a' : 1;
	longest[254] = 0;
	assert_true(hncp_labels_valid(longest, 255));
	longest[254] = 1;
	assert_false(hncp_labels_valid(longest, 256));
}

/* RFC 7787 7: what is longer than its fixed part has nested TLVs we may not know, after padding. */
static void test_nested_tlvs_at_the_end(void **state)
{
	struct fixture *f = *state;
	size_t tlv;

	put_version(f);
	for (int i = 0; i < 5; i++) {
		static const uint16_t types[] = { 35, 36, 39, 41, 42 };
		static const char *const values[] = {
			"\0\0\0\1\2\40\40\1\15\270",
			"\0\0\0\1\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1",
			"\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\7\1a\0",
			"\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\1a",
			"0123456789abcdef0123456789abcdef",
		};
		static const size_t lens[] = { 10, 20, 20, 18, 32 };
		tlv = tlv_begin(&f->c, types[i]);
		cursor_put(&f->c, values[i], lens[i]);
		tlv_pad(&f->c, tlv);
		tlv_put(&f->c, 999, "?", 1);
		tlv_end(&f->c, tlv);
	}
	assert_int_equal(decode(f)->ignored, 0);
	assert_int_equal(f->node.assigned_count, 1);
	assert_int_equal(f->node.address_count, 1);
	assert_int_equal(f->node.zone_count, 1);
	assert_bytes(f->node.zones[0].zone, BYTES("\1a\0"));
	assert_int_equal(f->node.name_count, 1);
	assert_bytes(f->node.psk, BYTES("0123456789abcdef0123456789abcdef"));
}

static void test_limits(void **state)
{
	struct fixture *f = *state;

	put_version(f);
	for (uint32_t i = 0; i < HNCP_ASSIGNED_MAX + 3; i++) {
		size_t tlv = tlv_begin(&f->c, HNCP_TLV_ASSIGNED_PREFIX);
		cursor_put_u32(&f->c, i);
		cursor_put(&f->c, "\2\10\40", 3);
		tlv_end(&f->c, tlv);
	}
	for (uint32_t i = 0; i < HNCP_CONNECTIONS_MAX + 2; i++)
		tlv_put(&f->c, HNCP_TLV_EXTERNAL_CONNECTION, NULL, 0);
	assert_int_equal(decode(f)->ignored, 5);
	assert_int_equal(f->node.assigned_count, HNCP_ASSIGNED_MAX);
	assert_int_equal(f->node.assigned[HNCP_ASSIGNED_MAX - 1].endpoint, HNCP_ASSIGNED_MAX - 1);
	assert_int_equal(f->node.connection_count, HNCP_CONNECTIONS_MAX);
}

/* One node data with every TLV in it. */
static size_t write_everything(struct fixture *f)
{
	struct hncp_policy policies[] = { { .type = 33, .destination = pfx("2001:db8:8000::/33") },
		                          { .type = HNCP_POLICY_DOMAIN, .value = BYTES("\3foo\0") } };
	struct hncp_delegated delegated[] = {
		{ .prefix = pfx("2001:db8:100::/56"),
		  .valid = 3600,
		  .preferred = 1800,
		  .policies = policies,
		  .policy_count = 2,
		  .dhcpv6 = BYTES("\0\103\0\2\77\1") },
		{ .prefix = pfx("10.0.0.0/8"), .valid = 5 },
	};
	struct hncp_connection connection = { .delegated = delegated,
		                              .delegated_count = 2,
		                              .dhcpv4 = BYTES("\6\4\300\0\2\1"),
		                              .dhcpv6 = BYTES("\0\27\0\4abcd") };
	struct hncp_assigned assigned = { 1, 2, pfx("2001:db8:100:1::/64") };
	struct hncp_address address = { 1, addr("10.0.0.1") };
	struct hncp_zone zone = { addr("2001:db8::1"), true, true, false, BYTES("\3lan\4home\4arpa\0") };
	struct hncp_name name = { addr("2001:db8::2"), "den" };
	struct hncp_node n = { .user_agent = AGENT,
		               .connections = &connection,
		               .connection_count = 1,
		               .assigned = &assigned,
		               .assigned_count = 1,
		               .addresses = &address,
		               .address_count = 1,
		               .zones = &zone,
		               .zone_count = 1,
		               .names = &name,
		               .name_count = 1,
		               .domain = BYTES("\4home\4arpa\0"),
		               .psk = BYTES("0123456789abcdef0123456789abcdef") };

	tlv_put(&f->c, DNCP_TLV_PEER, "\0\0\0\1\0\0\0\2\0\0\0\3", 12);
	hncp_encode(&f->c, &n);
	assert_true(cursor_ok(&f->c));
	return cursor_done(&f->c);
}

/* The figures of RFC 7788 10, octet by octet. */
static void test_wire_format(void **state)
{
	static const char *const want[] = {
		"0008000c 00000001 00000002 00000003",                           /* Peer */
		"00200007 00000000 782f3100",                                    /* HNCP-Version */
		"0021006c",                                                      /* External-Connection */
		"00220034 00000e10 00000708 38 20010db8010000",                  /* . Delegated-Prefix */
		"00260006 004300023f01 0000",                                    /* . . DHCPv6-Data */
		"002b0006 21 20010db880 0000",                                   /* . . Prefix-Policy: destination */
		"002b0006 81 03666f6f00 0000",                                   /* . . Prefix-Policy: domain */
		"00220016 00000005 00000000 68 00000000000000000000ffff0a 0000", /* . Delegated-Prefix, IPv4 */
		"00250006 0604c0000201 0000",                                    /* . DHCPv4-Data */
		"00260008 0017000461626364",                                     /* . DHCPv6-Data */
		"0023000e 00000001 02 40 20010db801000001 0000",                 /* Assigned-Prefix */
		"00240014 00000001 00000000000000000000ffff0a000001",            /* Node-Address */
		"00270020 20010db8000000000000000000000001 06",                  /* DNS-Delegated-Zone */
		"036c616e04686f6d65046172706100",                                /* and its name */
		"0028000b 04686f6d65046172706100 00",                            /* Domain-Name */
		"00290014 20010db8000000000000000000000002 03 64656e",           /* Node-Name */
		"002a0020 3031323334353637383961626364656630313233343536373839616263646566", /* Managed-PSK */
	};
	struct fixture *f = *state;
	size_t len = write_everything(f), at = 0;

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		for (const char *hex = want[i]; *hex; hex += *hex == ' ' ? 1 : 2) {
			char octet[] = { hex[0], hex[1], '\0' };
			if (*hex == ' ')
				continue;
			assert_true(at < len);
			assert_int_equal(f->buffer[at++], strtoul(octet, NULL, 16));
		}
	}
	assert_int_equal(at, len);
}

static void test_truncation_at_every_octet(void **state)
{
	struct fixture *f = *state;
	size_t len = write_everything(f);

	for (size_t cut = 0; cut < len; cut++) {
		const struct hncp_node *n = decode_bytes(f, f->buffer, cut);
		assert_true(n->ignored <= 1);
		assert_true(n->peer_count <= 1 && n->connection_count <= 1 && n->psk.len <= 32);
		arena_free(&f->arena);
	}
}

/* Every TLV on its own with every length that is too short: in a container of the right kind, so that it is read. */
static void test_too_short_at_every_length(void **state)
{
	struct fixture *f = *state;
	size_t len = write_everything(f);
	uint8_t all[2048];

	assert_true(len <= sizeof(all));
	memcpy(all, f->buffer, len);
	struct cursor r = cursor_reader(all, len);
	for (struct tlv t; tlv_next(&r, &t);) {
		for (size_t cut = 0; cut <= t.len; cut++) {
			cursor_rewind(&f->c, 0);
			put_version(f);
			tlv_put(&f->c, t.type, t.value, cut);
			decode(f);
			arena_free(&f->arena);
		}
	}
}

static void touch(struct hncp_bytes b, unsigned *sum)
{
	for (size_t i = 0; i < b.len; i++)
		*sum += b.at[i];
}

/* Reads every octet that the result points at, for the sanitizer to watch. */
static unsigned touch_all(const struct hncp_node *n)
{
	unsigned sum = 0;

	touch(n->user_agent, &sum);
	touch(n->domain, &sum);
	touch(n->psk, &sum);
	for (size_t i = 0; i < n->connection_count; i++) {
		const struct hncp_connection *c = &n->connections[i];
		touch(c->dhcpv4, &sum);
		touch(c->dhcpv6, &sum);
		for (size_t j = 0; j < c->delegated_count; j++) {
			const struct hncp_delegated *d = &c->delegated[j];
			assert_true(d->prefix.len <= IP_BITS);
			touch(d->dhcpv6, &sum);
			for (size_t k = 0; k < d->policy_count; k++)
				touch(d->policies[k].value, &sum);
		}
	}
	for (size_t i = 0; i < n->zone_count; i++)
		touch(n->zones[i].zone, &sum);
	for (size_t i = 0; i < n->name_count; i++)
		sum += (unsigned)strlen(n->names[i].name);
	return sum;
}

/* Whatever is read from nonsense must be fit to be written, and then read the same. */
static void test_fuzz(void **state)
{
	struct fixture *f = *state;
	size_t len = write_everything(f);
	uint8_t original[2048], data[2048], again[2 * ROOM / 16];
	struct prng seed = { 1 };
	struct random_source random = prng_source(&seed);

	assert_true(len <= sizeof(original));
	memcpy(original, f->buffer, len);
	for (int run = 0; run < 20000; run++) {
		memcpy(data, original, len);
		for (uint32_t hits = random_below(&random, 8); hits-- > 0;)
			data[random_below(&random, (uint32_t)len)] =
			        (uint8_t)(run % 2 ? random_u32(&random) : random_below(&random, 44));
		decode_bytes(f, data, run % 3 ? len : random_below(&random, (uint32_t)len));
		(void)touch_all(&f->node);
		struct cursor c = cursor_writer(again, sizeof(again));
		if (f->node.is_hncp) {
			hncp_encode(&c, &f->node);
			assert_true(cursor_ok(&c));
			struct hncp_node second;
			hncp_decode(&f->arena, 7, again, cursor_done(&c), &second);
			assert_int_equal(second.ignored, 0);
			assert_int_equal(second.zone_count, f->node.zone_count);
			assert_int_equal(second.name_count, f->node.name_count);
		}
		arena_free(&f->arena);
	}
}

static void test_profile(void **state)
{
	uint8_t out[DNCP_HASH_MAX] = { 0 };
	enum hncp_category c;

	(void)state;
	HNCP_PROFILE.hash("", 0, out);
	assert_memory_equal(out, "\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\0\0\0\0", 12); /* RFC 1321 A.5, cut */
	assert_int_equal(HNCP_PROFILE.hash_len, 8);
	assert_int_equal(HNCP_PROFILE.trickle_imin << HNCP_PROFILE.trickle_doublings, 25600);
	for (int i = HNCP_INTERNAL; i <= HNCP_HYBRID; i++) {
		assert_true(hncp_category_parse(hncp_category_name((enum hncp_category)i), &c));
		assert_int_equal(c, i);
	}
	assert_false(hncp_category_parse("inside", &c));
	assert_int_equal(c, HNCP_HYBRID);
	assert_true(hncp_category_is_endpoint(HNCP_AD_HOC) && !hncp_category_is_endpoint(HNCP_GUEST));
	assert_true(hncp_category_is_inside(HNCP_GUEST) && !hncp_category_is_inside(HNCP_EXTERNAL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(version),
		TEST(empty_agent_is_never_sent_but_tolerated),
		TEST(connection),
		TEST(assigned),
		TEST(addresses_zones_and_names),
		TEST(same_prefix_is_never_sent_twice),
		TEST(encoding_fails_without_room),
		TEST(without_version_only_peers_count),
		TEST(contexts),
		TEST(what_must_not_be_repeated),
		TEST(dhcp_data_is_told_by_content),
		TEST(prefix_lengths),
		TEST(overlap_in_one_connection_keeps_the_widest),
		TEST(names_that_could_hurt),
		TEST(labels),
		TEST(nested_tlvs_at_the_end),
		TEST(limits),
		TEST(wire_format),
		TEST(truncation_at_every_octet),
		TEST(too_short_at_every_length),
		TEST(fuzz),
		TEST(profile),
	};

	return cmocka_run_group_tests_name("hncp_codec", tests, NULL, NULL);
}
