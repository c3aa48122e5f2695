/* SPDX-License-Identifier: ISC */
#include "sys/config_keys.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define UPLINK_WORDS "dhcp or none"
#define CATEGORY_WORDS "internal, external, leaf, guest, ad-hoc or hybrid"

/* Takes one value; false if it is not what `allowed` of its key says. May report a more particular mistake itself. */
typedef bool key_fn(struct config_parser *, const char *value);

struct key {
	const char *name;
	key_fn *set;
	const char *allowed;
	bool repeated;
};

struct config_section_kind {
	const char *name;
	const char *argument; /* what follows the name; NULL: nothing */
	void (*begin)(struct config_parser *, const char *argument);
	const struct key *keys;
	size_t key_count;
};

static struct config_interface *interface(struct config_parser *p)
{
	return &p->config.interfaces[p->config.interface_count - 1];
}

static struct config_uplink *uplink(struct config_parser *p)
{
	return &p->config.uplinks[p->config.uplink_count - 1];
}

static bool is_label(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > HNCP_NAME_MAX || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (; *s; s++)
		if (*s != '-' && ((unsigned char)*s >= 0x80 || !isalnum((unsigned char)*s)))
			return false;
	return true;
}

static bool is_interface_name(const char *s)
{
	return *s && strlen(s) < CONFIG_IFNAME && !strpbrk(s, "/ \t") && strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

static bool yes_or_no(const char *value, bool *out)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return false;
	*out = *value == 'y';
	return true;
}

static bool set_router_name(struct config_parser *p, const char *value)
{
	if (!is_label(value))
		return false;
	snprintf(p->config.name, sizeof(p->config.name), "%s", value);
	return true;
}

static bool set_category(struct config_parser *p, const char *value)
{
	return hncp_category_parse(value, &interface(p)->category);
}

static bool set_uplink(struct config_parser *p, const char *value)
{
	if (strcmp(value, "dhcp") != 0 && strcmp(value, "none") != 0)
		return false;
	interface(p)->dhcp = *value == 'd';
	p->uplink_said[p->config.interface_count - 1] = true;
	return true;
}

static bool set_wireless(struct config_parser *p, const char *value)
{
	bool yes;

	if (!yes_or_no(value, &yes))
		return false;
	interface(p)->wireless = yes ? CONFIG_WIRELESS_YES : CONFIG_WIRELESS_NO;
	return true;
}

static bool set_ignore(struct config_parser *p, const char *value)
{
	return yes_or_no(value, &interface(p)->ignore);
}

static bool set_interface(struct config_parser *p, const char *value)
{
	if (!is_interface_name(value))
		return false;
	snprintf(uplink(p)->interface, CONFIG_IFNAME, "%s", value);
	return true;
}

static bool set_prefix(struct config_parser *p, const char *value)
{
	struct uplink *u = &uplink(p)->uplink;
	struct prefix prefix;

	if (!prefix_parse(value, &prefix) || !prefix_is_delegable(&prefix))
		return false;
	if (u->prefix_count == UPLINK_PREFIXES) {
		config_fail(p, "an uplink has at most %d prefixes", UPLINK_PREFIXES);
		return true;
	}
	u->prefixes[u->prefix_count++] = (struct uplink_prefix) { prefix, MSEC_NEVER, MSEC_NEVER };
	return true;
}

static bool set_gateway(struct config_parser *p, const char *value)
{
	struct uplink *u = &uplink(p)->uplink;
	struct ip ip;

	if (!ip_parse(value, &ip) || (!ip_is_v4(&ip) && !ip_is_linklocal(&ip)))
		return false;
	struct ip *gateway = ip_is_v4(&ip) ? &u->gateway4 : &u->gateway6;
	if (!ip_is_any(gateway))
		config_fail(p, "an uplink has at most one gateway for IPv6 and one for IPv4");
	*gateway = ip;
	return true;
}

static bool set_dns(struct config_parser *p, const char *value)
{
	struct uplink *u = &uplink(p)->uplink;
	struct ip ip;

	if (!ip_parse(value, &ip) || ip_is_any(&ip) || ip_is_multicast(&ip))
		return false;
	if (u->dns_count == UPLINK_DNS) {
		config_fail(p, "an uplink has at most %d name servers", UPLINK_DNS);
		return true;
	}
	u->dns[u->dns_count++] = ip;
	return true;
}

static void begin_router(struct config_parser *p, const char *argument)
{
	(void)argument;
	if (p->router_line)
		config_fail(p, "[router] is there already, at line %d: put both together", p->router_line);
	p->router_line = p->line;
}

static void begin_interface(struct config_parser *p, const char *name)
{
	struct config *c = &p->config;

	if (!is_interface_name(name)) {
		config_fail(p, "\"%s\" cannot be an interface: a name has 1 to %d characters and no /", name,
		            CONFIG_IFNAME - 1);
		return;
	}
	for (size_t i = 0; i < c->interface_count; i++)
		if (strcmp(c->interfaces[i].name, name) == 0)
			config_fail(p, "[interface %s] is there already, at line %d: put both together", name,
			            p->interface_line[i]);
	if (c->interface_count == CONFIG_INTERFACES)
		config_fail(p, "there can be at most %d interface sections", CONFIG_INTERFACES);
	if (p->failed)
		return;
	p->interface_line[c->interface_count++] = p->line;
	snprintf(interface(p)->name, CONFIG_IFNAME, "%s", name);
}

static void begin_uplink(struct config_parser *p, const char *name)
{
	struct config *c = &p->config;

	if (strlen(name) >= UPLINK_NAME || !is_label(name)) {
		config_fail(p, "\"%s\" cannot be an uplink's name: use 1 to %d letters, digits and hyphens", name,
		            UPLINK_NAME - 1);
		return;
	}
	for (size_t i = 0; i < c->uplink_count; i++)
		if (strcmp(c->uplinks[i].uplink.name, name) == 0)
			config_fail(p, "[uplink %s] is there already, at line %d: use another name", name,
			            p->uplink_line[i]);
	if (c->uplink_count == CONFIG_UPLINKS)
		config_fail(p, "there can be at most %d uplink sections", CONFIG_UPLINKS);
	if (p->failed)
		return;
	p->uplink_line[c->uplink_count++] = p->line;
	snprintf(uplink(p)->uplink.name, UPLINK_NAME, "%s", name);
}

static const struct key router_keys[] = {
	{ "name", set_router_name, "a DNS label: 1 to 63 letters, digits and inner hyphens", false },
};

static const struct key interface_keys[] = {
	{ "category", set_category, CATEGORY_WORDS, false },
	{ "uplink", set_uplink, UPLINK_WORDS, false },
	{ "wireless", set_wireless, "yes or no", false },
	{ "ignore", set_ignore, "yes or no", false },
};

static const struct key uplink_keys[] = {
	{ "interface", set_interface, "the kernel's name of an interface, up to 15 characters", false },
	{ "prefix", set_prefix, "an IPv6 prefix of at most 64 bits and nothing after them, as 2001:db8::/56", true },
	{ "gateway", set_gateway, "a link-local IPv6 address, as fe80::1, or an IPv4 address", true },
	{ "dns", set_dns, "the address of a name server", true },
};

static const struct config_section_kind kinds[] = {
	{ "router", NULL, begin_router, router_keys, ARRAY_LEN(router_keys) },
	{ "interface", "an interface", begin_interface, interface_keys, ARRAY_LEN(interface_keys) },
	{ "uplink", "a name of your choice", begin_uplink, uplink_keys, ARRAY_LEN(uplink_keys) },
};

void config_section(struct config_parser *p, const char *title)
{
	size_t len = strcspn(title, " \t");
	const char *argument = title + len + strspn(title + len, " \t");

	p->kind = NULL;
	p->seen = 0;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strlen(kinds[i].name) == len && strncmp(kinds[i].name, title, len) == 0)
			p->kind = &kinds[i];
	if (!p->kind)
		config_fail(p, "there is no section [%s]: it is [router], [interface NAME] or [uplink NAME]", title);
	else if (p->kind->argument && !*argument)
		config_fail(p, "[%s] lacks %s, as in [%s NAME]", title, p->kind->argument, title);
	else if (!p->kind->argument && *argument)
		config_fail(p, "[%s] takes nothing after it: write [%s]", title, p->kind->name);
	else
		p->kind->begin(p, argument);
}

static void unknown_key(struct config_parser *p, const char *key)
{
	char known[200] = "";

	for (size_t i = 0; i < p->kind->key_count; i++) {
		size_t used = strlen(known);
		snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", p->kind->keys[i].name);
	}
	config_fail(p, "there is no key \"%s\" in [%s]: it knows %s", key, p->kind->name, known);
}

void config_key(struct config_parser *p, const char *name, const char *value)
{
	if (!p->kind) {
		config_fail(p, "\"%s\" stands before the first section, as [router]", name);
		return;
	}
	for (size_t i = 0; i < p->kind->key_count; i++) {
		const struct key *key = &p->kind->keys[i];
		if (strcmp(key->name, name) != 0)
			continue;
		if (!key->repeated && p->seen & 1U << i)
			config_fail(p, "\"%s\" is there already in this section", name);
		else if (!key->set(p, value))
			config_fail(p, "%s cannot be \"%s\": it is %s", name, value, key->allowed);
		p->seen |= 1U << i;
		return;
	}
	unknown_key(p, name);
}

static bool may_have_uplink(const struct config_interface *i)
{
	return !i->ignore && (i->category == HNCP_EXTERNAL || i->category == HNCP_HYBRID);
}

static bool has_static_uplink(const struct config *c, const struct config_interface *i)
{
	for (size_t u = 0; u < c->uplink_count; u++)
		if (config_interface(c, c->uplinks[u].interface) == i)
			return true;
	return false;
}

static void finish_interface(struct config_parser *p, size_t index)
{
	struct config_interface *i = &p->config.interfaces[index];

	if (!p->uplink_said[index])
		i->dhcp = may_have_uplink(i) && !has_static_uplink(&p->config, i);
	p->line = p->interface_line[index];
	if (i->dhcp && !may_have_uplink(i))
		config_fail(p, "uplink = dhcp needs category = external or hybrid, and not ignore = yes");
}

static void finish_uplink(struct config_parser *p, size_t index)
{
	const struct config_uplink *u = &p->config.uplinks[index];

	p->line = p->uplink_line[index];
	if (!*u->interface)
		config_fail(p, "[uplink %s] lacks its interface: add interface = NAME", u->uplink.name);
	else if (!u->uplink.prefix_count && ip_is_any(&u->uplink.gateway6) && ip_is_any(&u->uplink.gateway4))
		config_fail(p, "[uplink %s] gives nothing: add prefix = or gateway =", u->uplink.name);
	else if (!may_have_uplink(config_interface(&p->config, u->interface)))
		config_fail(p, "%s is no way out of the home: add [interface %s] with category = external",
		            u->interface, u->interface);
	for (size_t i = 0; i < p->config.interface_count; i++)
		if (p->config.interfaces[i].dhcp && strcmp(p->config.interfaces[i].name, u->uplink.name) == 0)
			config_fail(p, "\"%s\" is the name of the DHCP uplink of that interface: use another name",
			            u->uplink.name);
}

void config_finish(struct config_parser *p)
{
	for (size_t i = 0; i < p->config.interface_count; i++)
		finish_interface(p, i);
	for (size_t i = 0; i < p->config.uplink_count; i++)
		finish_uplink(p, i);
}
