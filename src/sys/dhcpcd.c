/* SPDX-License-Identifier: ISC */
/* What dhcpcd 9.4.1 tells its hook, found by experiment with Kea 2.2 and radvd 2.19 (none of it is documented):
 *
 * - DHCPv4: BOUND, RENEW, REBIND, REBOOT, TIMEOUT (an old lease, no server) with new_ip_address, new_routers, ... of
 * the whole lease; EXPIRE (also on loss of carrier), NAK, STOP without any.
 * - Router advertisements: ROUTERADVERT for each that comes and for each that expires, always with all routers known,
 * as nd1_from, nd1_lifetime, nd1_addr1 (ours by SLAAC), nd2_from, ...; a router that resigns is there with
 *   nd1_lifetime=0; after loss of carrier it comes with no nd variable.
 * - DHCPv6: BOUND6, RENEW6, REBIND6 (also after a restart and a carrier that came back) with what the last Reply said:
 *   new_dhcp6_ia_pd1_prefix1, ..._length, ..._pltime, ..._vltime, counting by IA and by prefix. A withdrawn prefix is
 *   there once with both lifetimes 0 and then no more, a renumbered one beside its successor. EXPIRE6 without any.
 *   BOUND6 comes only after duplicate address detection of the IA_NA (1 to 2 s).
 * - Infinite lifetimes are 4294967295.
 * - Loss of carrier: NOCARRIER, EXPIRE6, ROUTERADVERT and EXPIRE, each empty. SIGTERM: STOP6, ROUTERADVERT, STOP and
 *   STOPPED, each empty (with `persistent` only STOPPED). The interface is removed: NOCARRIER, EXPIRE, DEPARTED, and
 *   dhcpcd ends. SIGKILL: nothing, and the next dhcpcd begins with REBIND6 and REBOOT out of the stored leases. */
#include "sys/dhcpcd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/json.h"

enum { KEY = 80, PER_OPTION = 16 }; /* the most IAs, prefixes, routers, ... looked at */

/* A report being read. */
struct reading {
	const struct json_object *report;
	msec now;
	unsigned left_out;
};

__attribute__((format(printf, 2, 3))) static const char *text(const struct reading *r, const char *format, ...)
{
	char key[KEY];
	va_list args;

	va_start(args, format);
	vsnprintf(key, sizeof(key), format, args);
	va_end(args);
	return json_get_text(r->report, key);
}

/* A decimal number of 32 bits; `otherwise` if it is absent or none. */
static uint32_t number(const char *text, uint32_t otherwise)
{
	char *end;

	if (!text || *text < '0' || *text > '9')
		return otherwise;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	return *end || errno || v > UINT32_MAX ? otherwise : (uint32_t)v;
}

/* --- adding to an uplink, without doubles and as far as there is room --------------------------------------------- */

static void add_ip(struct ip *list, size_t *count, size_t room, const struct ip *ip, unsigned *left_out)
{
	for (size_t i = 0; i < *count; i++)
		if (ip_equal(&list[i], ip))
			return;
	if (*count < room)
		list[(*count)++] = *ip;
	else
		(*left_out)++;
}

static void add_address(struct uplink *u, const struct ip *ip, unsigned *left_out)
{
	add_ip(u->addresses, &u->address_count, UPLINK_ADDRESSES, ip, left_out);
}

static void add_dns(struct uplink *u, const struct ip *ip, unsigned *left_out)
{
	add_ip(u->dns, &u->dns_count, UPLINK_DNS, ip, left_out);
}

static void add_prefix(struct uplink *u, const struct uplink_prefix *p, unsigned *left_out)
{
	for (size_t i = 0; i < u->prefix_count; i++)
		if (prefix_equal(&u->prefixes[i].prefix, &p->prefix))
			return;
	if (u->prefix_count < UPLINK_PREFIXES)
		u->prefixes[u->prefix_count++] = *p;
	else
		(*left_out)++;
}

/* The length of the label sequence at `at`, its empty label included. */
static size_t labels_len(const uint8_t *at)
{
	size_t len = 1;

	while (at[len - 1])
		len += at[len - 1] + 1U;
	return len;
}

static void add_labels(struct uplink *u, const uint8_t *name, unsigned *left_out)
{
	size_t len = labels_len(name);

	for (size_t at = 0; at < u->search_len; at += labels_len(u->search + at))
		if (labels_len(u->search + at) == len && memcmp(u->search + at, name, len) == 0)
			return;
	if (u->search_len + len > UPLINK_SEARCH) {
		(*left_out)++;
		return;
	}
	memcpy(u->search + u->search_len, name, len);
	u->search_len += len;
}

/* --- values ------------------------------------------------------------------------------------------------------ */

/* The next of the words that spaces separate; NULL after the last. */
static const char *next_word(const char **rest, char *out, size_t size)
{
	do {
		*rest += strspn(*rest, " ");
		size_t len = strcspn(*rest, " ");
		const char *word = *rest;
		*rest += len;
		if (len == 0)
			return NULL;
		if (len < size) {
			memcpy(out, word, len);
			out[len] = '\0';
			return out;
		}
	} while (true);
}

/* "example.org" as labels; false if it is no domain name. */
static bool to_labels(const char *name, uint8_t out[UPLINK_SEARCH])
{
	size_t used = 0;

	while (*name) {
		size_t len = strcspn(name, ".");
		if (len == 0 || len > 63 || used + len + 2 > UPLINK_SEARCH)
			return false;
		out[used] = (uint8_t)len;
		memcpy(out + used + 1, name, len);
		used += len + 1;
		name += len + (name[len] == '.');
	}
	out[used] = 0;
	return used > 0;
}

static void take_search(struct reading *r, struct uplink *u, const char *list)
{
	char word[UPLINK_SEARCH];
	uint8_t labels[UPLINK_SEARCH];

	while (list && next_word(&list, word, sizeof(word)))
		if (to_labels(word, labels))
			add_labels(u, labels, &r->left_out);
}

static void take_dns(struct reading *r, struct uplink *u, const char *list)
{
	char word[IP_TEXT];
	struct ip ip;

	while (list && next_word(&list, word, sizeof(word)))
		if (ip_parse(word, &ip) && !ip_is_any(&ip))
			add_dns(u, &ip, &r->left_out);
}

/* An address, perhaps followed by /length. */
static bool take_ip(const char *value, struct ip *out)
{
	char plain[IP_TEXT];

	if (!value || strcspn(value, "/") >= sizeof(plain))
		return false;
	snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(value, "/"), value);
	return ip_parse(plain, out) && !ip_is_any(out);
}

/* --- DHCPv4 ------------------------------------------------------------------------------------------------------ */

/* The default gateway. If there are classless routes, they alone count (RFC 3442): pairs of prefix and gateway. */
static void take_gateway4(const struct reading *r, struct uplink *u)
{
	const char *routes = text(r, "new_classless_static_routes");
	const char *routers = text(r, "new_routers");
	char prefix[PREFIX_TEXT], gateway[IP_TEXT];
	struct ip ip;

	if (!routes && routers && next_word(&routers, gateway, sizeof(gateway)) && take_ip(gateway, &ip))
		u->gateway4 = ip;
	while (routes && next_word(&routes, prefix, sizeof(prefix)) && next_word(&routes, gateway, sizeof(gateway)))
		if (strcmp(prefix, "0.0.0.0/0") == 0 && take_ip(gateway, &ip))
			u->gateway4 = ip;
	if (!ip_is_v4(&u->gateway4))
		u->gateway4 = IP_ANY;
}

static void read_dhcp4(struct reading *r, struct uplink *u)
{
	struct ip ip;

	if (!take_ip(text(r, "new_ip_address"), &ip) || !ip_is_v4(&ip))
		return;
	add_address(u, &ip, &r->left_out);
	take_gateway4(r, u);
	take_dns(r, u, text(r, "new_domain_name_servers"));
	const char *search = text(r, "new_domain_search");
	take_search(r, u, search ? search : text(r, "new_domain_name"));
}

/* --- router advertisements --------------------------------------------------------------------------------------- */

static void read_router(struct reading *r, struct uplink *u, unsigned n)
{
	struct ip ip;

	for (unsigned i = 1; i <= PER_OPTION; i++)
		if (take_ip(text(r, "nd%u_addr%u", n, i), &ip))
			add_address(u, &ip, &r->left_out);
	for (unsigned i = 1; i <= PER_OPTION; i++)
		if (number(text(r, "nd%u_rdnss%u_lifetime", n, i), 0))
			take_dns(r, u, text(r, "nd%u_rdnss%u_servers", n, i));
	for (unsigned i = 1; i <= PER_OPTION; i++)
		if (number(text(r, "nd%u_dnssl%u_lifetime", n, i), 0))
			take_search(r, u, text(r, "nd%u_dnssl%u_search", n, i));
	/* A router with lifetime 0 is no default router, but what else it says counts (RFC 4861 4.2). */
	if (ip_is_any(&u->gateway6) && number(text(r, "nd%u_lifetime", n), 0) &&
	    take_ip(text(r, "nd%u_from", n), &ip) && ip_is_linklocal(&ip))
		u->gateway6 = ip;
}

static void read_ra(struct reading *r, struct uplink *u)
{
	for (unsigned n = 1; n <= PER_OPTION && text(r, "nd%u_from", n); n++)
		read_router(r, u, n);
}

/* --- DHCPv6 ------------------------------------------------------------------------------------------------------ */

/* One delegated prefix. `key` is the name of its variable, to which more is appended. */
static void read_delegated(struct reading *r, struct uplink *u, const char *key)
{
	uint32_t len = number(text(r, "%s_length", key), 0);
	uint32_t valid = number(text(r, "%s_vltime", key), 0);
	uint32_t preferred = number(text(r, "%s_pltime", key), 0);
	struct ip ip;

	/* Without a valid lifetime it is withdrawn; RFC 8415 21.22: preferred for longer than valid is ignored. */
	if (!take_ip(text(r, "%s", key), &ip) || ip_is_v4(&ip) || len == 0 || len > 64 || valid == 0 ||
	    preferred > valid)
		return;
	struct uplink_prefix p = { prefix_make(&ip, len), lifetime_until(valid, r->now),
		                   lifetime_until(preferred, r->now) };
	add_prefix(u, &p, &r->left_out);
}

static void read_dhcp6(struct reading *r, struct uplink *u)
{
	char key[KEY];
	struct ip ip;

	for (unsigned ia = 1; ia <= PER_OPTION; ia++)
		for (unsigned i = 1; i <= PER_OPTION; i++) {
			snprintf(key, sizeof(key), "new_dhcp6_ia_pd%u_prefix%u", ia, i);
			read_delegated(r, u, key);
			snprintf(key, sizeof(key), "new_dhcp6_ia_na%u_ia_addr%u", ia, i);
			if (number(text(r, "%s_vltime", key), 0) && take_ip(text(r, "%s", key), &ip))
				add_address(u, &ip, &r->left_out);
		}
	take_dns(r, u, text(r, "new_dhcp6_name_servers"));
	take_search(r, u, text(r, "new_dhcp6_domain_search"));
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

typedef void part_fn(struct reading *, struct uplink *);

static part_fn *const parts[DHCPCD_PARTS] = {
	[DHCPCD_DHCP4] = read_dhcp4,
	[DHCPCD_RA] = read_ra,
	[DHCPCD_DHCP6] = read_dhcp6,
};

enum { ALL = DHCPCD_PARTS };

/* Those not listed (PREINIT, CARRIER, NOCARRIER_ROAMING, DELEGATED6, TEST, ...) change nothing. */
static const struct reason {
	const char *name;
	int part; /* which part it is about, or ALL */
	bool empties;
} reasons[] = {
	{ "BOUND", DHCPCD_DHCP4, false },
	{ "RENEW", DHCPCD_DHCP4, false },
	{ "REBIND", DHCPCD_DHCP4, false },
	{ "REBOOT", DHCPCD_DHCP4, false },
	{ "INFORM", DHCPCD_DHCP4, false },
	{ "TIMEOUT", DHCPCD_DHCP4, false },
	{ "STATIC", DHCPCD_DHCP4, false },
	{ "EXPIRE", DHCPCD_DHCP4, true },
	{ "NAK", DHCPCD_DHCP4, true },
	{ "STOP", DHCPCD_DHCP4, true },
	{ "RELEASE", DHCPCD_DHCP4, true },
	{ "ROUTERADVERT", DHCPCD_RA, false },
	{ "BOUND6", DHCPCD_DHCP6, false },
	{ "RENEW6", DHCPCD_DHCP6, false },
	{ "REBIND6", DHCPCD_DHCP6, false },
	{ "REBOOT6", DHCPCD_DHCP6, false },
	{ "INFORM6", DHCPCD_DHCP6, false },
	{ "TIMEOUT6", DHCPCD_DHCP6, false },
	{ "EXPIRE6", DHCPCD_DHCP6, true },
	{ "STOP6", DHCPCD_DHCP6, true },
	{ "RELEASE6", DHCPCD_DHCP6, true },
	{ "NOCARRIER", ALL, true },
	{ "STOPPED", ALL, true },
	{ "DEPARTED", ALL, true },
	{ "FAIL", ALL, true },
};

bool dhcpcd_report(struct dhcpcd_state *state, const struct json_object *report, msec now, char error[DHCPCD_ERROR])
{
	struct reading r = { .report = report, .now = now };
	const char *name = json_get_text(report, "reason");

	if (!name) {
		snprintf(error, DHCPCD_ERROR, "the report has no \"reason\": it is dhcpcd's hook that sends it");
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		if (strcmp(reasons[i].name, name) != 0)
			continue;
		for (int part = 0; part < DHCPCD_PARTS; part++) {
			if (reasons[i].part != ALL && reasons[i].part != part)
				continue;
			state->part[part] = (struct uplink) { 0 };
			state->confirmed[part] = true;
			if (!reasons[i].empties)
				parts[part](&r, &state->part[part]);
		}
	}
	state->left_out = r.left_out;
	return true;
}

static void add_part(struct uplink *out, const struct uplink *part, unsigned *left_out)
{
	for (size_t i = 0; i < part->prefix_count; i++)
		add_prefix(out, &part->prefixes[i], left_out);
	for (size_t i = 0; i < part->address_count; i++)
		add_address(out, &part->addresses[i], left_out);
	for (size_t i = 0; i < part->dns_count; i++)
		add_dns(out, &part->dns[i], left_out);
	for (size_t at = 0; at < part->search_len; at += labels_len(part->search + at))
		add_labels(out, part->search + at, left_out);
	if (!ip_is_any(&part->gateway6))
		out->gateway6 = part->gateway6;
	if (!ip_is_any(&part->gateway4))
		out->gateway4 = part->gateway4;
}

bool dhcpcd_uplink(struct dhcpcd_state *state, struct uplink *out)
{
	/* The order is that of preference: DHCPv6 knows more of IPv6's name servers than an advertisement does. */
	static const enum dhcpcd_part order[] = { DHCPCD_DHCP6, DHCPCD_RA, DHCPCD_DHCP4 };
	struct uplink sum = { .link = out->link };

	memcpy(sum.name, out->name, sizeof(sum.name));
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		add_part(&sum, &state->part[order[i]], &state->left_out);
	*out = sum;
	return out->prefix_count || out->address_count || !ip_is_any(&out->gateway6) || !ip_is_any(&out->gateway4);
}

void dhcpcd_unconfirm(struct dhcpcd_state *state)
{
	memset(state->confirmed, 0, sizeof(state->confirmed));
}

bool dhcpcd_forget_unconfirmed(struct dhcpcd_state *state)
{
	bool any = false;

	for (int part = 0; part < DHCPCD_PARTS; part++) {
		if (state->confirmed[part])
			continue;
		state->part[part] = (struct uplink) { 0 };
		any = true;
	}
	return any;
}

bool dhcpcd_wants(const char *variable)
{
	static const char *const wanted[] = { "reason",
		                              "interface",
		                              "new_ip_address",
		                              "new_routers",
		                              "new_classless_static_routes",
		                              "new_domain_name",
		                              "new_domain_name_servers",
		                              "new_domain_search",
		                              "new_dhcp6_name_servers",
		                              "new_dhcp6_domain_search" };
	static const char *const numbered[] = { "nd", "new_dhcp6_ia_pd", "new_dhcp6_ia_na" };

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (strcmp(variable, wanted[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(numbered); i++) {
		size_t len = strlen(numbered[i]);
		if (strncmp(variable, numbered[i], len) == 0 && variable[len] >= '1' && variable[len] <= '9')
			return true;
	}
	return false;
}
