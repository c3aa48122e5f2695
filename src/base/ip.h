/* SPDX-License-Identifier: ISC */
/* Addresses and prefixes. IPv4 is kept as IPv4-mapped IPv6 (::ffff:a.b.c.d, RFC 4291 2.5.5.2), as HNCP writes it
 * (RFC 7788 10.2.1), so that one type and one comparison serve both. */
#ifndef HEARTH_BASE_IP_H
#define HEARTH_BASE_IP_H

#include "base/base.h"

struct ip {
	uint8_t b[16];
};

/* `len` counts bits of the 128, so an IPv4 /24 has 120 here; bits of `ip` past `len` are zero. */
struct prefix {
	struct ip ip;
	uint8_t len;
};

enum { IP_BITS = 128, IP4_OFFSET = 96 };

/* Room for any text that the functions below write, with its end. */
enum { IP_TEXT = 46, PREFIX_TEXT = 50 };

extern const struct ip IP_ANY;          /* :: */
extern const struct prefix PREFIX_ALL;  /* ::/0, the IPv6 default */
extern const struct prefix PREFIX_ALL4; /* ::ffff:0:0/96, the IPv4 default */

/* The IPv4 address whose four octets are `o`, network order. */
struct ip ip_from_v4(const uint8_t o[4]);

/* <0, 0, >0, by octets. */
int ip_compare(const struct ip *a, const struct ip *b);
static inline bool ip_equal(const struct ip *a, const struct ip *b)
{
	return ip_compare(a, b) == 0;
}
bool ip_is_any(const struct ip *);
bool ip_is_v4(const struct ip *);
bool ip_is_linklocal(const struct ip *); /* fe80::/10 */
bool ip_is_multicast(const struct ip *); /* ff00::/8 */

/* The link-local address with the EUI-64 interface identifier of a 48-bit `mac` (RFC 4291 appendix A). */
struct ip ip_linklocal_from_mac(const uint8_t mac[6]);

/* Writes text (RFC 5952; dotted for IPv4) to `out` of IP_TEXT bytes and returns it. */
const char *ip_text(const struct ip *, char out[IP_TEXT]);
/* Reads an IPv6 or dotted IPv4 address. False if it is neither; `out` is then untouched. */
bool ip_parse(const char *text, struct ip *out);

/* `ip` cut to `len` (0..128) bits. */
struct prefix prefix_make(const struct ip *ip, unsigned len);

/* Order by address, then by length: a prefix comes right before those inside it. */
int prefix_compare(const struct prefix *a, const struct prefix *b);
static inline bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return prefix_compare(a, b) == 0;
}

/* True if every address of `inner` is in `outer` (equal prefixes too). */
bool prefix_contains(const struct prefix *outer, const struct prefix *inner);
bool prefix_has_ip(const struct prefix *, const struct ip *);
/* True if one contains the other. */
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);
bool prefix_is_v4(const struct prefix *);
bool prefix_is_ula(const struct prefix *);      /* inside fc00::/7 */
bool prefix_is_private4(const struct prefix *); /* RFC 1918 */
/* What can be delegated to a home: an IPv6 prefix of 20 to 64 bits of global or unique local addresses (RFC 4291 2.4,
 * RFC 4193). No provider gives a home more than that, and none has a host's address. */
bool prefix_is_delegable(const struct prefix *);
/* True for ::/0 and ::ffff:0:0/96. */
bool prefix_is_default(const struct prefix *);
/* The length as people and wires of that family count it: an IPv4 /24 gives 24. */
unsigned prefix_plain_len(const struct prefix *);

/* The address of the prefix with its last 64 bits (or fewer, if the prefix is longer) taken from `host`. */
struct ip prefix_with_host(const struct prefix *, uint64_t host);

/* The `index`-th prefix of length `len` inside `p`; `len` from p->len to p->len + 63, index below 2^(len - p->len). */
struct prefix prefix_sub(const struct prefix *p, unsigned len, uint64_t index);

/* Writes text as 2001:db8::/32 or 10.0.0.0/8 to `out` and returns it. */
const char *prefix_text(const struct prefix *, char out[PREFIX_TEXT]);
/* Reads such a text. False if it is none, or has bits set past its length; `out` is then untouched. */
bool prefix_parse(const char *text, struct prefix *out);

#endif
