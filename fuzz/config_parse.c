/* SPDX-License-Identifier: ISC */
/* The owner's file, however mangled: either a whole configuration, or an error and nothing touched. */
#include "fuzz/support/fuzz.h"

#include "sys/config.h"

enum { UNTOUCHED = 0xa5 };

static void check_config(const struct config *c)
{
	ASSERT(c->interface_count <= CONFIG_INTERFACES && c->uplink_count <= CONFIG_UPLINKS);
	ASSERT(strnlen(c->name, sizeof(c->name)) < sizeof(c->name) && c->name[0]);
	for (size_t i = 0; i < c->uplink_count; i++) {
		const struct uplink *u = &c->uplinks[i].uplink;
		ASSERT(u->prefix_count <= UPLINK_PREFIXES && u->dns_count <= UPLINK_DNS && !u->link);
		ASSERT(strnlen(u->name, sizeof(u->name)) < sizeof(u->name));
		for (size_t j = 0; j < u->prefix_count; j++)
			ASSERT(u->prefixes[j].prefix.len <= IP_BITS);
	}
	for (size_t i = 0; i < c->interface_count; i++)
		ASSERT(strnlen(c->interfaces[i].name, CONFIG_IFNAME) < CONFIG_IFNAME);
	ASSERT(config_interface(c, "eth0") && config_interface(c, ""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config *c = NEW(struct config), *old = NEW(struct config);
	char *text = mem_new(1, len + 1), error[CONFIG_ERROR] = "";

	memcpy(text, data, len);
	memset(c, UNTOUCHED, sizeof(*c));
	memcpy(old, c, sizeof(*c));
	if (config_parse("hearth.conf", text, "host", c, error))
		check_config(c);
	else
		ASSERT(error[0] && strnlen(error, sizeof(error)) < sizeof(error) && memcmp(c, old, sizeof(*c)) == 0);
	free(text);
	free(old);
	free(c);
	return 0;
}
