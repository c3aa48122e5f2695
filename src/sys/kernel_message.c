/* SPDX-License-Identifier: ISC */
#include "sys/kernel_message.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "sys/rtnl.h"

#ifndef IFA_PROTO
#define IFA_PROTO 11 /* Linux 5.18 */
#endif

enum { IP4_LEN = 4, IP6_LEN = 16, IP4_BROADCAST_BITS = 30 };

/* --- writing --- */

static uint8_t family_of(const struct ip *ip)
{
	return ip_is_v4(ip) ? AF_INET : AF_INET6;
}

static uint8_t plain_len(const struct ip *ip, uint8_t len)
{
	return ip_is_v4(ip) ? (uint8_t)(len - IP4_OFFSET) : len;
}

static void put_ip(struct nlmsghdr *m, uint16_t type, const struct ip *ip)
{
	bool v4 = ip_is_v4(ip);

	mnl_attr_put(m, type, v4 ? IP4_LEN : IP6_LEN, v4 ? ip->b + IP6_LEN - IP4_LEN : ip->b);
}

/* An IPv4 route may have an IPv6 next hop (RFC 9229), which has its own attribute. */
static void put_via(struct nlmsghdr *m, const struct plan_route *r)
{
	struct {
		uint16_t family;
		uint8_t ip[IP6_LEN];
	} via = { .family = AF_INET6 };

	if (ip_is_any(&r->via))
		return;
	if (ip_is_v4(&r->via) == prefix_is_v4(&r->dst)) {
		put_ip(m, RTA_GATEWAY, &r->via);
		return;
	}
	memcpy(via.ip, r->via.b, sizeof(via.ip));
	mnl_attr_put(m, RTA_VIA, sizeof(via), &via);
}

void kernel_put_route(struct nlmsghdr *m, const struct plan_route *r)
{
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(m, sizeof(*rt));
	bool v4 = prefix_is_v4(&r->dst), direct = r->type == PLAN_UNICAST && ip_is_any(&r->via);

	rt->rtm_family = v4 ? AF_INET : AF_INET6;
	rt->rtm_dst_len = plain_len(&r->dst.ip, r->dst.len);
	rt->rtm_table = RT_TABLE_MAIN;
	rt->rtm_protocol = KERNEL_PROTOCOL;
	rt->rtm_type = r->type == PLAN_UNREACHABLE ? RTN_UNREACHABLE : RTN_UNICAST;
	rt->rtm_scope = v4 && direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	/* A neighbour's IPv4 address may be of a prefix that is not (or no longer) on our side of the link: what Babel
	 * heard on a link is on that link. IPv6 next hops are link-local, where this goes without saying. */
	if (v4 && !direct && r->type == PLAN_UNICAST)
		rt->rtm_flags |= RTNH_F_ONLINK;
	put_ip(m, RTA_DST, &r->dst.ip);
	if (!v4 && r->src.len) {
		rt->rtm_src_len = r->src.len;
		put_ip(m, RTA_SRC, &r->src.ip);
	}
	put_via(m, r);
	if (r->link)
		mnl_attr_put_u32(m, RTA_OIF, r->link);
	mnl_attr_put_u32(m, RTA_PRIORITY, r->metric);
}

static void put_broadcast(struct nlmsghdr *m, const struct plan_address *a)
{
	struct ip broadcast = a->ip;

	for (unsigned bit = a->len; bit < IP_BITS; bit++)
		broadcast.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	put_ip(m, IFA_BROADCAST, &broadcast);
}

void kernel_put_address(struct nlmsghdr *m, const struct plan_address *a, msec now)
{
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(m, sizeof(*ifa));
	msec preferred = MIN(a->preferred_until, a->valid_until);
	struct ifa_cacheinfo life = {
		.ifa_valid = msec_lifetime(a->valid_until, now),
		.ifa_prefered = msec_lifetime(preferred, now),
	};

	ifa->ifa_family = family_of(&a->ip);
	ifa->ifa_prefixlen = plain_len(&a->ip, a->len);
	ifa->ifa_index = a->link;
	put_ip(m, IFA_LOCAL, &a->ip);
	put_ip(m, IFA_ADDRESS, &a->ip);
	if (m->nlmsg_type == RTM_DELADDR)
		return;
	if (ifa->ifa_family == AF_INET && ifa->ifa_prefixlen <= IP4_BROADCAST_BITS)
		put_broadcast(m, a);
	mnl_attr_put_u32(m, IFA_FLAGS, IFA_F_NOPREFIXROUTE);
	mnl_attr_put(m, IFA_CACHEINFO, sizeof(life), &life);
	mnl_attr_put_u8(m, IFA_PROTO, KERNEL_PROTOCOL);
	mnl_attr_put_u32(m, IFA_RT_PRIORITY, KERNEL_ADDRESS_MARK);
}

/* --- reading --- */

/* An address of either family by its size. */
static bool get_ip(const struct nlattr *attr, struct ip *out)
{
	if (!attr)
		return false;
	size_t len = mnl_attr_get_payload_len(attr);
	if (len == IP4_LEN)
		*out = ip_from_v4(mnl_attr_get_payload(attr));
	else if (len == IP6_LEN)
		memcpy(out->b, mnl_attr_get_payload(attr), IP6_LEN);
	else
		return false;
	return true;
}

/* The prefix in `attr`, which a default route leaves out. */
static struct prefix get_prefix(const struct nlattr *attr, uint8_t family, uint8_t len)
{
	struct prefix p = family == AF_INET ? PREFIX_ALL4 : PREFIX_ALL;
	struct ip ip = p.ip;

	get_ip(attr, &ip);
	return prefix_make(&ip, MIN(len + (family == AF_INET ? (unsigned)IP4_OFFSET : 0U), (unsigned)IP_BITS));
}

static void get_via(const struct rtnl_attrs *a, struct plan_route *r)
{
	if (get_ip(a->at[RTA_GATEWAY], &r->via))
		return;
	if (a->at[RTA_VIA] && mnl_attr_get_payload_len(a->at[RTA_VIA]) == sizeof(uint16_t) + IP6_LEN)
		memcpy(r->via.b, (const uint8_t *)mnl_attr_get_payload(a->at[RTA_VIA]) + sizeof(uint16_t), IP6_LEN);
}

/* Somebody appended next hops of his to a route of ours: as long as the first is as we want it, let him. */
static void get_first_hop(const struct nlattr *multipath, struct plan_route *r)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(multipath);

	if (mnl_attr_get_payload_len(multipath) < sizeof(*hop) || hop->rtnh_len < sizeof(*hop) ||
	    hop->rtnh_len > mnl_attr_get_payload_len(multipath))
		return;
	r->link = (uint32_t)hop->rtnh_ifindex;
	struct rtnl_attrs a = rtnl_attrs_in(hop + 1, hop->rtnh_len - sizeof(*hop));
	get_via(&a, r);
}

bool kernel_get_route(const struct nlmsghdr *m, struct plan_route *out, bool *ours)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(m);

	if (mnl_nlmsg_get_payload_len(m) < sizeof(*rt) || (rt->rtm_family != AF_INET && rt->rtm_family != AF_INET6))
		return false;
	struct rtnl_attrs a = rtnl_attrs(m, sizeof(*rt));
	uint32_t table = rt->rtm_table;
	struct plan_route r = { .type = rt->rtm_type == RTN_UNICAST ? PLAN_UNICAST : PLAN_UNREACHABLE };

	rtnl_get_u32(a.at[RTA_TABLE], &table);
	if (table != RT_TABLE_MAIN || rt->rtm_tos || rt->rtm_flags & RTM_F_CLONED)
		return false;
	r.dst = get_prefix(a.at[RTA_DST], rt->rtm_family, rt->rtm_dst_len);
	r.src = get_prefix(a.at[RTA_SRC], rt->rtm_family, rt->rtm_src_len);
	rtnl_get_u32(a.at[RTA_PRIORITY], &r.metric);
	if (r.type == PLAN_UNICAST) { /* the kernel points an unreachable route at lo */
		rtnl_get_u32(a.at[RTA_OIF], &r.link);
		get_via(&a, &r);
		if (a.at[RTA_MULTIPATH])
			get_first_hop(a.at[RTA_MULTIPATH], &r);
	}
	*out = r;
	*ours = rt->rtm_protocol == KERNEL_PROTOCOL;
	return true;
}

static bool marked_ours(const struct rtnl_attrs *a)
{
	uint32_t mark = 0;

	if (a->at[IFA_PROTO] && mnl_attr_validate(a->at[IFA_PROTO], MNL_TYPE_U8) == 0)
		return mnl_attr_get_u8(a->at[IFA_PROTO]) == KERNEL_PROTOCOL;
	return rtnl_get_u32(a->at[IFA_RT_PRIORITY], &mark) && mark == KERNEL_ADDRESS_MARK;
}

bool kernel_get_address(const struct nlmsghdr *m, msec now, struct kernel_address *out)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(m);

	if (mnl_nlmsg_get_payload_len(m) < sizeof(*ifa) || (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return false;
	struct rtnl_attrs a = rtnl_attrs(m, sizeof(*ifa));
	struct ifa_cacheinfo life = { .ifa_valid = LIFETIME_INFINITE, .ifa_prefered = LIFETIME_INFINITE };
	uint32_t flags = ifa->ifa_flags;
	struct ip ip;

	/* IFA_LOCAL is ours; on a point-to-point link IFA_ADDRESS would be the other end's. */
	if (!get_ip(a.at[IFA_LOCAL], &ip) && !get_ip(a.at[IFA_ADDRESS], &ip))
		return false;
	rtnl_get_u32(a.at[IFA_FLAGS], &flags);
	if (a.at[IFA_CACHEINFO] && mnl_attr_get_payload_len(a.at[IFA_CACHEINFO]) >= sizeof(life))
		memcpy(&life, mnl_attr_get_payload(a.at[IFA_CACHEINFO]), sizeof(life));
	*out = (struct kernel_address) {
		.address = {
			.link = ifa->ifa_index,
			.ip = ip,
			.len = (uint8_t)(ifa->ifa_prefixlen + (ifa->ifa_family == AF_INET ? IP4_OFFSET : 0)),
			.valid_until = lifetime_until(life.ifa_valid, now),
			.preferred_until = lifetime_until(life.ifa_prefered, now),
		},
		.ours = marked_ours(&a),
		.duplicate = flags & IFA_F_DADFAILED,
	};
	return true;
}

/* --- comparing and telling --- */

int kernel_route_compare(const struct plan_route *a, const struct plan_route *b)
{
	int order = prefix_compare(&a->dst, &b->dst);

	if (!order)
		order = prefix_compare(&a->src, &b->src);
	if (!order)
		order = a->metric < b->metric ? -1 : a->metric > b->metric;
	return order;
}

int kernel_address_compare(const struct plan_address *a, const struct plan_address *b)
{
	if (a->link != b->link)
		return a->link < b->link ? -1 : 1;
	int order = ip_compare(&a->ip, &b->ip);
	return order ? order : (int)a->len - (int)b->len;
}

bool kernel_route_same_way(const struct plan_route *a, const struct plan_route *b)
{
	return a->type == b->type &&
	       (a->type == PLAN_UNREACHABLE || (a->link == b->link && ip_equal(&a->via, &b->via)));
}

/* An interface for people; `name` has IF_NAMESIZE bytes. */
static const char *link_name(uint32_t link, char *name)
{
	if (!if_indextoname(link, name))
		snprintf(name, IF_NAMESIZE, "#%u", link);
	return name;
}

const char *kernel_route_text(const struct plan_route *r, char out[KERNEL_TEXT])
{
	char dst[PREFIX_TEXT], src[PREFIX_TEXT], via[IP_TEXT], name[IF_NAMESIZE];
	bool from = r->src.len && !prefix_is_v4(&r->dst), gateway = !ip_is_any(&r->via);

	if (r->type == PLAN_UNREACHABLE)
		snprintf(out, KERNEL_TEXT, "unreachable route %s%s%s metric %u", prefix_text(&r->dst, dst),
		         from ? " from " : "", from ? prefix_text(&r->src, src) : "", r->metric);
	else
		snprintf(out, KERNEL_TEXT, "route %s%s%s%s%s dev %s metric %u", prefix_text(&r->dst, dst),
		         from ? " from " : "", from ? prefix_text(&r->src, src) : "", gateway ? " via " : "",
		         gateway ? ip_text(&r->via, via) : "", link_name(r->link, name), r->metric);
	return out;
}

const char *kernel_address_text(const struct plan_address *a, char out[KERNEL_TEXT])
{
	char ip[IP_TEXT], name[IF_NAMESIZE];

	snprintf(out, KERNEL_TEXT, "address %s/%u dev %s", ip_text(&a->ip, ip), plain_len(&a->ip, a->len),
	         link_name(a->link, name));
	return out;
}
