/* SPDX-License-Identifier: ISC */
#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V4_MAPPED 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff

static const uint8_t v4_mapped[12] = { V4_MAPPED };

const struct ip IP_ANY;
const struct prefix PREFIX_ALL;
const struct prefix PREFIX_ALL4 = { .ip = { { V4_MAPPED } }, .len = IP4_OFFSET };

struct ip ip_from_v4(const uint8_t o[4])
{
	struct ip ip;

	memcpy(ip.b, v4_mapped, sizeof(v4_mapped));
	memcpy(ip.b + 12, o, 4);
	return ip;
}

int ip_compare(const struct ip *a, const struct ip *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

bool ip_is_any(const struct ip *ip)
{
	return ip_equal(ip, &IP_ANY);
}

bool ip_is_v4(const struct ip *ip)
{
	return memcmp(ip->b, v4_mapped, sizeof(v4_mapped)) == 0;
}

bool ip_is_linklocal(const struct ip *ip)
{
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

bool ip_is_multicast(const struct ip *ip)
{
	return ip->b[0] == 0xff;
}

struct ip ip_linklocal_from_mac(const uint8_t mac[6])
{
	return (struct ip) { { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4],
		               mac[5] } };
}

const char *ip_text(const struct ip *ip, char out[IP_TEXT])
{
	bool v4 = ip_is_v4(ip);
	const char *done = inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? ip->b + 12 : ip->b, out, IP_TEXT);

	ASSERT(done);
	return out;
}

bool ip_parse(const char *text, struct ip *out)
{
	uint8_t v4[4];
	struct ip ip;

	if (inet_pton(AF_INET6, text, ip.b) == 1) {
		*out = ip;
		return true;
	}
	if (inet_pton(AF_INET, text, v4) != 1)
		return false;
	*out = ip_from_v4(v4);
	return true;
}

struct prefix prefix_make(const struct ip *ip, unsigned len)
{
	struct prefix p = { .len = (uint8_t)len };

	ASSERT(len <= IP_BITS);
	memcpy(p.ip.b, ip->b, len / 8);
	if (len % 8)
		p.ip.b[len / 8] = (uint8_t)(ip->b[len / 8] & (0xff00 >> len % 8));
	return p;
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order = ip_compare(&a->ip, &b->ip);

	return order ? order : (int)a->len - (int)b->len;
}

bool prefix_has_ip(const struct prefix *p, const struct ip *ip)
{
	struct prefix cut = prefix_make(ip, p->len);

	return ip_equal(&cut.ip, &p->ip);
}

bool prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
	return inner->len >= outer->len && prefix_has_ip(outer, &inner->ip);
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return prefix_contains(a, b) || prefix_contains(b, a);
}

bool prefix_is_v4(const struct prefix *p)
{
	return p->len >= IP4_OFFSET && ip_is_v4(&p->ip);
}

bool prefix_is_ula(const struct prefix *p)
{
	return p->len >= 7 && (p->ip.b[0] & 0xfe) == 0xfc;
}

bool prefix_is_private4(const struct prefix *p)
{
	static const struct prefix private[] = {
		{ .ip = { { V4_MAPPED, 10 } }, .len = IP4_OFFSET + 8 },
		{ .ip = { { V4_MAPPED, 172, 16 } }, .len = IP4_OFFSET + 12 },
		{ .ip = { { V4_MAPPED, 192, 168 } }, .len = IP4_OFFSET + 16 },
	};

	for (size_t i = 0; i < ARRAY_LEN(private); i++)
		if (prefix_contains(&private[i], p))
			return true;
	return false;
}

bool prefix_is_delegable(const struct prefix *p)
{
	bool global = (p->ip.b[0] & 0xe0) == 0x20; /* 2000::/3 */

	return p->len >= 20 && p->len <= 64 && (global || prefix_is_ula(p));
}

bool prefix_is_default(const struct prefix *p)
{
	return prefix_equal(p, &PREFIX_ALL) || prefix_equal(p, &PREFIX_ALL4);
}

unsigned prefix_plain_len(const struct prefix *p)
{
	return prefix_is_v4(p) ? p->len - IP4_OFFSET : p->len;
}

struct ip prefix_with_host(const struct prefix *p, uint64_t host)
{
	struct ip ip = p->ip;
	unsigned bits = MIN(64U, (unsigned)(IP_BITS - p->len));

	if (bits < 64)
		host &= (UINT64_C(1) << bits) - 1;
	for (int i = 15; i >= 8; i--, host >>= 8)
		ip.b[i] |= (uint8_t)host;
	return ip;
}

struct prefix prefix_sub(const struct prefix *p, unsigned len, uint64_t index)
{
	struct prefix sub = { .ip = p->ip, .len = (uint8_t)len };

	ASSERT(len >= p->len && len <= IP_BITS && len - p->len < 64);
	ASSERT(index >> (len - p->len) == 0);
	for (unsigned bit = len; bit-- > p->len; index >>= 1)
		if (index & 1)
			sub.ip.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return sub;
}

const char *prefix_text(const struct prefix *p, char out[PREFIX_TEXT])
{
	char ip[IP_TEXT];

	/* ::ffff:0:0/90 and the like are no IPv4 prefix although their address looks like one. */
	if (prefix_is_v4(p) || !ip_is_v4(&p->ip))
		ip_text(&p->ip, ip);
	else
		inet_ntop(AF_INET6, p->ip.b, ip, sizeof(ip));
	snprintf(out, PREFIX_TEXT, "%s/%u", ip, prefix_plain_len(p));
	return out;
}

bool prefix_parse(const char *text, struct prefix *out)
{
	char copy[PREFIX_TEXT];
	struct ip ip;
	char *end;

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	char *slash = strchr(copy, '/');
	if (!slash || slash[1] < '0' || slash[1] > '9')
		return false;
	*slash = '\0';
	unsigned long len = strtoul(slash + 1, &end, 10);
	if (*end || len > IP_BITS || !ip_parse(copy, &ip))
		return false;
	if (!strchr(copy, ':'))
		len += IP4_OFFSET;
	if (len > IP_BITS)
		return false;
	struct prefix p = prefix_make(&ip, (unsigned)len);
	if (!ip_equal(&p.ip, &ip))
		return false;
	*out = p;
	return true;
}
