/* SPDX-License-Identifier: ISC */
/* Babel's bytes: written and read again, written by hand from the RFCs, cut short, and at random. */
#include "support/babel_net.h"
#include "proto/babel/wire.h"

#define BYTES(...) ((const uint8_t[]) { __VA_ARGS__ }), sizeof((const uint8_t[]) { __VA_ARGS__ })

static const struct ip FROM = { { 0xfe, 0x80, [15] = 7 } };

/* Reads a packet with body `data`; keeps the messages. Returns the result of the last read. */
static enum wire_result read_body(const uint8_t *data, size_t len, struct message *out, size_t room, size_t *n,
                                  unsigned results[WIRE_MALFORMED + 1])
{
	uint8_t packet[2048] = { 42, 2, (uint8_t)(len >> 8), (uint8_t)len };
	struct wire_reader r;
	struct cursor trailer;
	struct message m;

	*n = 0;
	memset(results, 0, sizeof(*results) * (WIRE_MALFORMED + 1));
	memcpy(packet + 4, data, len);
	assert_true(babel_wire_open(&r, &FROM, packet, len + 4, &trailer));
	for (;;) {
		enum wire_result result = babel_wire_read(&r, &m);
		results[result]++;
		if (result == WIRE_END || result == WIRE_MALFORMED)
			return result;
		if (result == WIRE_MESSAGE) {
			assert_true(*n < room);
			out[(*n)++] = m;
		}
	}
}

struct body {
	struct message m[16];
	size_t n;
	unsigned results[WIRE_MALFORMED + 1];
	enum wire_result end;
};

static struct body parse(const uint8_t *data, size_t len)
{
	struct body b = { 0 };

	b.end = read_body(data, len, b.m, ARRAY_LEN(b.m), &b.n, b.results);
	return b;
}

static const uint8_t ID[8] = { 2, 1, 1, 1, 1, 1, 1, 9 };
#define ID_BYTES 2, 1, 1, 1, 1, 1, 1, 9
#define ROUTER_ID_TLV 6, 10, 0, 0, ID_BYTES

static struct message update_of(const char *dst, const char *src, uint16_t seqno, uint16_t metric)
{
	struct message m = {
		.type = TLV_UPDATE, .key = net_key(dst, src), .seqno = seqno, .metric = metric, .interval = 1600
	};

	if (metric != BABEL_INFINITY) {
		memcpy(m.router_id, ID, 8);
		m.addr = prefix_is_v4(&m.key.dst) ? net_ip("10.0.0.1") : FROM;
	}
	return m;
}

/* One of each, as it comes out again. */
static size_t samples(struct message out[32])
{
	size_t n = 0;

	out[n++] = (struct message) { .type = TLV_ACK_REQUEST, .opaque = 0x1234, .interval = 50 };
	out[n++] = (struct message) { .type = TLV_ACK, .opaque = 0x1234 };
	out[n++] = (struct message) { .type = TLV_HELLO, .seqno = 65535, .interval = 400 };
	out[n++] = (struct message) { .type = TLV_HELLO, .unicast = true, .seqno = 1 };
	out[n++] = (struct message) { .type = TLV_IHU, .addr = FROM, .metric = 96, .interval = 1200 };
	out[n++] = (struct message) { .type = TLV_IHU, .addr = net_ip("10.1.2.3"), .metric = 1, .interval = 1 };
	out[n++] = (struct message) { .type = TLV_IHU, .addr = net_ip("fe80:1::1"), .metric = 65535, .interval = 1200 };
	out[n++] = (struct message) { .type = TLV_IHU, .wildcard = true, .metric = 256, .interval = 1200 };
	out[n++] = update_of("2001:db8:1:2::/64", NULL, 5, 0);
	out[n++] = update_of("2001:db8:1:3::/64", NULL, 5, 96);
	out[n++] = update_of("2001:db8:1:3::1/128", NULL, 5, 65534);
	out[n++] = update_of("2001:db8::/33", NULL, 65535, 7);
	out[n++] = update_of("::/0", NULL, 5, 96);
	out[n++] = update_of("::/0", "2001:db8::/56", 5, 96);
	out[n++] = update_of("::/0", "2001:db8:f:ffff:8000::/65", 5, 96);
	out[n++] = update_of("10.1.0.0/17", NULL, 5, 96);
	out[n++] = update_of("0.0.0.0/0", NULL, 5, 96);
	out[n++] = update_of("2001:db8:1:4::/64", "2001:db8::/56", 5, BABEL_INFINITY);
	out[n++] = (struct message) {
		.type = TLV_UPDATE, .wildcard = true, .metric = BABEL_INFINITY, .interval = 1600, .seqno = 3
	};
	out[n++] = (struct message) { .type = TLV_ROUTE_REQUEST, .wildcard = true };
	out[n++] = (struct message) { .type = TLV_ROUTE_REQUEST, .key = net_key("2001:db8:1:2::/64", NULL) };
	out[n++] = (struct message) { .type = TLV_ROUTE_REQUEST, .key = net_key("::/0", "2001:db8::/56") };
	out[n++] = (struct message) { .type = TLV_ROUTE_REQUEST, .key = net_key("10.0.0.0/8", NULL) };
	out[n++] = (struct message) { .type = TLV_SEQNO_REQUEST,
		                      .key = net_key("::/0", "2001:db8::/56"),
		                      .seqno = 77,
		                      .hop_count = 64,
		                      .router_id = { ID_BYTES } };
	return n;
}

static void assert_same(const struct message *a, const struct message *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->wildcard, b->wildcard);
	assert_int_equal(a->unicast, b->unicast);
	assert_int_equal(a->hop_count, b->hop_count);
	assert_int_equal(a->opaque, b->opaque);
	assert_int_equal(a->seqno, b->seqno);
	assert_int_equal(a->metric, b->metric);
	assert_int_equal(a->interval, b->interval);
	assert_memory_equal(a->router_id, b->router_id, 8);
	assert_true(ip_equal(&a->addr, &b->addr));
	if (!a->wildcard)
		assert_true(net_same_key(&a->key, &b->key));
}

static void written_is_read(void **state)
{
	struct message want[32], got[32];
	struct wire_writer w;
	unsigned results[WIRE_MALFORMED + 1];
	size_t n = samples(want), m;

	(void)state;
	babel_wire_begin(&w, 1400);
	for (size_t i = 0; i < n; i++)
		assert_true(babel_wire_write(&w, &want[i]));
	size_t len = babel_wire_finish(&w);
	assert_int_equal(read_body(w.data + 4, len - 4, got, 32, &m, results), WIRE_END);
	assert_int_equal(m, n);
	for (size_t i = 0; i < n; i++)
		assert_same(&got[i], &want[i]);
}

/* Bytes as the figures of RFC 8966 4.6 lay them out, by hand. */
static void by_the_figures(void **state)
{
	(void)state;
	struct body b =
	        parse(BYTES(0, 1, 3, 9, 9, 9,                                    /* Pad1, PadN */
	                    2, 6, 0, 0, 0xab, 0xcd, 0, 50,                       /* acknowledgment request */
	                    4, 6, 0x80, 0, 0, 3, 1, 0x90,                        /* unicast Hello */
	                    5, 14, 3, 0, 0, 96, 4, 0xb0, 0, 0, 0, 0, 0, 0, 0, 7, /* IHU, AE 3 */
	                    ROUTER_ID_TLV, 8, 18, 2, 0x80, 64, 0, 6, 0x40, 0, 5, 0, 96, 0x20, 1, 0x0d, 0xb8, 0, 1, 0, 2,
	                    8, 12, 2, 0, 64, 6, 6, 0x40, 0, 5, 0, 97, 0, 3, /* the first 6 octets left out */
	                    99, 2, 1, 2,                                    /* nobody knows */
	                    9, 2, 0, 0,                                     /* everything, please */
	                    10, 17, 1, 17, 0, 9, 127, 0, ID_BYTES, 10, 1, 0xff));
	assert_int_equal(b.end, WIRE_END);
	assert_int_equal(b.n, 7);
	assert_int_equal(b.results[WIRE_UNKNOWN], 1);
	assert_int_equal(b.m[0].opaque, 0xabcd);
	assert_true(b.m[1].unicast);
	assert_int_equal(b.m[1].interval, 400);
	assert_true(ip_equal(&b.m[2].addr, &FROM));
	assert_int_equal(b.m[2].interval, 1200);
	struct message first = update_of("2001:db8:1:2::/64", NULL, 5, 96);
	struct message second = update_of("2001:db8:1:3::/64", NULL, 5, 97);
	assert_same(&b.m[3], &first);
	assert_same(&b.m[4], &second);
	assert_true(b.m[5].wildcard);
	struct babel_key key = net_key("10.1.128.0/17", NULL); /* bits past the length are cleared */
	assert_true(net_same_key(&b.m[6].key, &key));
	assert_int_equal(b.m[6].hop_count, 127);
}

static void state_of_the_parser(void **state)
{
	(void)state;
	/* The default prefix, the router-id by the R flag and the next hop are taken over from TLVs that are ignored
	 * for a mandatory sub-TLV, and only from them: RFC 8966 4.5. */
	struct body b = parse(BYTES(8, 28, 2, 0xc0, 128, 0, 6, 0x40, 0, 5, 0, 96, 0x20, 1, 0x0d, 0xb8, 0, 1, 0, 2, 2, 1,
	                            1, 1, 1, 1, 1, 9, 200, 0, /* mandatory, unknown */
	                            8, 10, 2, 0, 48, 6, 6, 0x40, 0, 6, 0, 1, 7, 8, 1, 0, 10, 0, 0, 1, 201,
	                            0, /* a next hop that is to be ignored, too */
	                            8, 11, 1, 0, 8, 0, 6, 0x40, 0, 7, 0, 1, 10));
	assert_int_equal(b.end, WIRE_END);
	assert_int_equal(b.results[WIRE_MANDATORY], 1);
	assert_int_equal(b.n, 2);
	struct message v6 = update_of("2001:db8:1::/48", NULL, 6, 1), v4 = update_of("10.0.0.0/8", NULL, 7, 1);
	assert_same(&b.m[0], &v6);
	assert_same(&b.m[1], &v4);

	/* The R flag on IPv4: zeros, then the address. */
	b = parse(BYTES(7, 6, 1, 0, 10, 0, 0, 1, 8, 14, 1, 0x40, 32, 0, 6, 0x40, 0, 7, 0, 1, 10, 1, 2, 3));
	assert_int_equal(b.n, 1);
	assert_memory_equal(b.m[0].router_id, ((uint8_t[]) { 0, 0, 0, 0, 10, 1, 2, 3 }), 8);

	/* Octets left out of IPv4, after an IPv4 default prefix; the IPv6 one is another. */
	b = parse(BYTES(ROUTER_ID_TLV, 7, 6, 1, 0, 10, 0, 0, 1, 8, 13, 1, 0x80, 24, 0, 6, 0x40, 0, 7, 0, 1, 10, 1, 2, 8,
	                11, 1, 0, 24, 2, 6, 0x40, 0, 7, 0, 1, 3, 8, 11, 2, 0, 24, 2, 6, 0x40, 0, 7, 0, 1, 3));
	assert_int_equal(b.n, 2);
	assert_int_equal(b.results[WIRE_IGNORED], 1);
	struct babel_key key = net_key("10.1.3.0/24", NULL);
	assert_true(net_same_key(&b.m[1].key, &key));
}

static void ignored_by_rule(void **state)
{
	static const struct {
		const char *why;
		size_t len;
		uint8_t bytes[48];
	} cases[] = {
		{ "finite update without router-id", 14, { 8, 12, 2, 0, 16, 0, 6, 0x40, 0, 5, 0, 1, 0x20, 1 } },
		{ "IPv4 update without next hop", 25, { ROUTER_ID_TLV, 8, 11, 1, 0, 8, 0, 6, 0x40, 0, 5, 0, 1, 10 } },
		{ "finite wildcard update", 24, { ROUTER_ID_TLV, 8, 10, 0, 0, 0, 0, 6, 0x40, 0, 5, 0, 1 } },
		{ "wildcard retraction with plen", 12, { 8, 10, 0, 0, 8, 0, 6, 0x40, 0, 5, 0xff, 0xff } },
		{ "wildcard retraction with source prefix",
		  17,
		  { 8, 15, 0, 0, 0, 0, 6, 0x40, 0, 5, 0xff, 0xff, 128, 3, 16, 0x20, 1 } },
		{ "wildcard request with plen", 4, { 9, 2, 0, 1 } },
		{ "wildcard request with source prefix", 9, { 9, 7, 0, 0, 128, 3, 16, 0x20, 1 } },
		{ "two source prefixes", 14, { 9, 12, 2, 0, 128, 3, 16, 0x20, 1, 128, 3, 16, 0x20, 2 } },
		{ "source prefix of length 0", 7, { 9, 5, 2, 0, 128, 1, 0 } },
		{ "source prefix too short", 9, { 9, 7, 2, 0, 128, 3, 32, 0x20, 1 } },
		{ "source prefix too long", 8, { 9, 6, 2, 0, 128, 2, 129, 0x20 } },
		{ "sub-TLV past the end", 6, { 9, 4, 2, 0, 3, 9 } },
		{ "default prefix that is not there", 14, { 8, 12, 2, 0, 64, 6, 6, 0x40, 0, 5, 0xff, 0xff, 0, 1 } },
		{ "unknown AE in an update", 14, { 8, 12, 4, 0, 16, 0, 6, 0x40, 0, 5, 0xff, 0xff, 1, 1 } },
		{ "unknown AE in an IHU", 8, { 5, 6, 9, 0, 0, 96, 4, 0xb0 } },
		{ "unknown AE in a next hop", 4, { 7, 2, 4, 0 } },
		{ "AE 0 in a next hop", 4, { 7, 2, 0, 0 } },
		{ "AE 0 in a seqno request", 16, { 10, 14, 0, 0, 0, 1, 64, 0, ID_BYTES } },
		{ "hop count 0", 17, { 10, 15, 1, 8, 0, 1, 0, 0, ID_BYTES, 10 } },
		{ "router-id of zeros in a request", 17, { 10, 15, 1, 8, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10 } },
		{ "router-id of ones", 12, { 6, 10, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255 } },
		{ "update with interval 0", 14, { 8, 12, 2, 0, 16, 0, 0, 0, 0, 5, 0xff, 0xff, 0x20, 1 } },
		{ "IHU with interval 0", 8, { 5, 6, 0, 0, 0, 96, 0, 0 } },
		{ "acknowledgment request with interval 0", 8, { 2, 6, 0, 0, 1, 1, 0, 0 } },
		{ "IPv4 among the IPv6", 26, { 8, 24, 2, 0, 112, 0, 6, 0x40, 0, 5,    0xff, 0xff, 0,
		                               0, 0,  0, 0, 0,   0, 0, 0,    0, 0xff, 0xff, 10,   1 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct body b = parse(cases[i].bytes, cases[i].len);
		if (b.end != WIRE_END || b.n || b.results[WIRE_IGNORED] != 1)
			print_message("%s: end %d, %zu messages\n", cases[i].why, b.end, b.n);
		assert_int_equal(b.end, WIRE_END);
		assert_int_equal(b.n, 0);
		assert_int_equal(b.results[WIRE_IGNORED], 1);
	}
	/* What only a newer sender can mean is passed over. */
	struct body b = parse(BYTES(4, 12, 0, 0, 0, 3, 1, 0x90, 3, 4, 1, 2, 3, 4)); /* a timestamp: RTT */
	assert_int_equal(b.n, 1);
	b = parse(BYTES(4, 8, 0, 0, 0, 3, 1, 0x90, 128, 0)); /* a source prefix means nothing in a Hello */
	assert_int_equal(b.n, 0);
	assert_int_equal(b.results[WIRE_MANDATORY], 1);
	b = parse(BYTES(9, 8, 2, 0, 128, 4, 16, 0x20, 1, 0xee)); /* more than the source prefix needs */
	assert_int_equal(b.n, 1);
	struct babel_key key = net_key("::/0", "2001::/16");
	assert_true(net_same_key(&b.m[0].key, &key));
}

static void malformed(void **state)
{
	(void)state;
	assert_int_equal(parse(BYTES(4)).end, WIRE_MALFORMED);
	assert_int_equal(parse(BYTES(4, 6, 0, 0)).end, WIRE_MALFORMED);
	assert_int_equal(parse(BYTES(4, 5, 0, 0, 0, 3, 1)).end, WIRE_MALFORMED);
	assert_int_equal(parse(BYTES(8, 10, 2, 0, 129, 0, 1, 1, 0, 0, 0, 0)).end, WIRE_MALFORMED);
	assert_int_equal(parse(BYTES(8, 10, 1, 0, 33, 0, 1, 1, 0, 0, 0, 0)).end, WIRE_MALFORMED);
	assert_int_equal(parse(BYTES(8, 10, 2, 0, 64, 0, 1, 1, 0, 0, 0, 0)).end, WIRE_MALFORMED);
	assert_int_equal(parse(BYTES(5, 7, 3, 0, 0, 96, 1, 1, 0)).end, WIRE_MALFORMED);

	struct wire_reader r;
	struct cursor trailer;
	assert_false(babel_wire_open(&r, &FROM, BYTES(41, 2, 0, 0), &trailer));
	assert_false(babel_wire_open(&r, &FROM, BYTES(42, 3, 0, 0), &trailer));
	assert_false(babel_wire_open(&r, &FROM, BYTES(42, 2, 0), &trailer));
	assert_false(babel_wire_open(&r, &FROM, BYTES(42, 2, 0, 1), &trailer));
	assert_true(
	        babel_wire_open(&r, &FROM, BYTES(42, 2, 0, 2, 1, 0, 16, 3, 1, 2, 3), &trailer)); /* with a trailer */
	assert_int_equal(cursor_left(&trailer), 5);
	struct message m;
	assert_int_equal(babel_wire_read(&r, &m), WIRE_NOTHING);
	assert_int_equal(babel_wire_read(&r, &m), WIRE_END);
}

/* A whole packet cut anywhere is refused whole by a router; a body cut between TLVs is a shorter packet. */
static void truncated(void **state)
{
	struct message want[32], got[32];
	struct wire_writer w;
	unsigned results[WIRE_MALFORMED + 1];
	size_t n = samples(want), m;

	(void)state;
	babel_wire_begin(&w, 1400);
	for (size_t i = 0; i < n; i++)
		assert_true(babel_wire_write(&w, &want[i]));
	size_t len = babel_wire_finish(&w);
	unsigned whole = 0;
	for (size_t cut = 0; cut < len; cut++) {
		struct wire_reader r;
		struct cursor trailer;
		uint8_t *copy = malloc(cut + 1); /* of its own, so that reading past the end is noticed */
		memcpy(copy, w.data, cut);
		assert_false(babel_wire_open(&r, &FROM, copy, cut, &trailer));
		free(copy);
		if (cut < 4)
			continue;
		enum wire_result end = read_body(w.data + 4, cut - 4, got, 32, &m, results);
		whole += end == WIRE_END;
		assert_true(m <= n);
	}
	assert_int_equal(whole, n + 2); /* one for each TLV but the last, also the Router-Id and Next Hop; and none */
}

static void random_bytes(void **state)
{
	struct prng prng = { 1 };
	struct random_source random = prng_source(&prng);
	struct message valid[32];
	size_t n = samples(valid);

	(void)state;
	for (int round = 0; round < 200000; round++) {
		struct wire_writer w;
		struct wire_reader r;
		struct cursor trailer;
		struct message m;
		babel_wire_begin(&w, 64 + random_below(&random, 400));
		for (int i = 0; i < 8; i++)
			babel_wire_write(&w, &valid[random_below(&random, (uint32_t)n)]);
		size_t len = babel_wire_finish(&w);
		for (unsigned i = 0, flips = random_below(&random, 6); i < flips && len > 4; i++)
			w.data[4 + random_below(&random, (uint32_t)len - 4)] = (uint8_t)random_u32(&random);
		if (!len || !babel_wire_open(&r, &FROM, w.data, len, &trailer))
			continue;
		for (enum wire_result result;
		     (result = babel_wire_read(&r, &m)) != WIRE_END && result != WIRE_MALFORMED;) {
			/* What comes out can be written. */
			struct wire_writer again;
			babel_wire_begin(&again, WIRE_PACKET);
			if (result == WIRE_MESSAGE)
				assert_true(babel_wire_write(&again, &m));
		}
	}
}

/* 60 prefixes of one home fit where they would not without compression, and come out again. */
static void compression(void **state)
{
	struct wire_writer w;
	struct message got[128];
	unsigned results[WIRE_MALFORMED + 1];
	size_t n = 0, m;
	char text[PREFIX_TEXT];

	(void)state;
	babel_wire_begin(&w, 1232);
	for (;; n++) {
		snprintf(text, sizeof(text), "2001:db8:1:%x::/64", (unsigned)n + 256);
		struct message u = update_of(text, NULL, 1, 96);
		if (!babel_wire_write(&w, &u))
			break;
	}
	size_t len = babel_wire_finish(&w);
	print_message("%zu prefixes in %zu bytes\n", n, len);
	assert_true(n >= 80);
	assert_int_equal(read_body(w.data + 4, len - 4, got, 128, &m, results), WIRE_END);
	assert_int_equal(m, n);
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "2001:db8:1:%x::/64", (unsigned)i + 256);
		struct message u = update_of(text, NULL, 1, 96);
		assert_same(&got[i], &u);
	}
}

/* The bytes for an independent reader: tshark, if it is there, finds nothing wrong. */
static void tshark_agrees(void **state)
{
	struct message m[32];
	struct wire_writer w;
	size_t n = samples(m);
	char dir[] = "/tmp/babel-wire-XXXXXX", command[400], line[400];

	(void)state;
	if (system("command -v tshark text2pcap >/dev/null 2>&1"))
		skip();
	assert_non_null(mkdtemp(dir));
	snprintf(line, sizeof(line), "%s/hex", dir);
	FILE *f = fopen(line, "w");
	assert_non_null(f);
	babel_wire_begin(&w, 1232);
	for (size_t i = 0; i < n; i++)
		assert_true(babel_wire_write(&w, &m[i]));
	size_t len = babel_wire_finish(&w);
	for (size_t i = 0; i < len; i++) {
		if (i % 16 == 0)
			fprintf(f, "\n%06zx", i);
		fprintf(f, " %02x", w.data[i]);
	}
	fputc('\n', f);
	fclose(f);
	snprintf(command, sizeof(command),
	         "cd %s && text2pcap -q -6 fe80::7,ff02::1:6 -u 6696,6696 hex out.pcap >/dev/null 2>&1 && "
	         "tshark -r out.pcap -V 2>/dev/null >text; rm -f hex out.pcap",
	         dir);
	assert_int_equal(system(command), 0);
	snprintf(line, sizeof(line), "%s/text", dir);
	f = fopen(line, "r");
	assert_non_null(f);
	unsigned updates = 0, requests = 0, bad = 0;
	while (fgets(line, sizeof(line), f)) {
		updates += strstr(line, "Message update (8)") != NULL;
		requests += strstr(line, "request (") != NULL;
		bad += strstr(line, "Malformed") || strstr(line, "Expert Info (Warn") ||
		       strstr(line, "Expert Info (Err");
	}
	fclose(f);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	print_message("tshark: %u updates, %u requests, %u complaints\n", updates, requests, bad);
	assert_int_equal(bad, 0);
	assert_int_equal(updates, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_is_read),     cmocka_unit_test(by_the_figures),
		cmocka_unit_test(state_of_the_parser), cmocka_unit_test(ignored_by_rule),
		cmocka_unit_test(malformed),           cmocka_unit_test(truncated),
		cmocka_unit_test(random_bytes),        cmocka_unit_test(compression),
		cmocka_unit_test(tshark_agrees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
