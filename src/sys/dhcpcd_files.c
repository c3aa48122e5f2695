/* SPDX-License-Identifier: ISC */
#include "sys/dhcpcd_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"

#define MACHINE_ID "/etc/machine-id"

enum { CONFIG_TEXT = 2048, MACHINE_LEN = 32 };

/* - No `persistent` and no `release`: a dhcpcd that ends takes its addresses away, but says nothing to the server,
 * which keeps our prefix for us (RFC 9096 WPD-9). A killed one leaves all in place.
 * - `nogateway`: default routes are Hearth's, by source prefix. `ia_pd N -`: asks for a prefix and spreads it nowhere,
 *   since there is no interface "-"; dhcpcd complains of it once and goes on. It still makes an unreachable route to
 *   the whole prefix on lo (proto dhcp), as we do ourselves.
 * - The IAID of the prefix is made from the interface's name: a fixed one would collide if two interfaces lead to the
 *   same provider, the index of the interface changes with the order of plugging.
 * - `noarp` is not set: five seconds more before the IPv4 address is ours, but never somebody else's. */
static const char template[] =
        "# Made by hearthd; overwritten at each start.\n"
        "allowinterfaces %s\n"
        "env HEARTH_SOCKET=%s\n"
        "duid%s\n"
        "vendorclassid\n"
        "userclass HOMENET\n" /* RFC 7788 section 9 in DHCPv6, the same in DHCPv4 (RFC 3004) */
        "nodelay\n"
        "noipv4ll\n"
        "nogateway\n"
        "option domain_name_servers, domain_name, domain_search, classless_static_routes, rapid_commit\n"
        "option dhcp6_name_servers, dhcp6_domain_search, dhcp6_rapid_commit\n"
        "require dhcp_server_identifier\n"
        "noipv6rs\n"
        "interface %s\n"
        "ipv6rs\n"
        "ia_na\n"
        "ia_pd %u -\n";

/* The dhcpcds of two interfaces that start at once on a new machine would each make up a DUID of their own and one
 * would lose it at the next start; so it is made from the machine's identity, hashed as machine-id(5) asks: type 4
 * (RFC 6355) and 16 octets. Without an identity dhcpcd makes one. */
static void duid_text(const char *machine, char *out, size_t size)
{
	static const char purpose[] = "hearth dhcp duid";
	char text[sizeof(purpose) + MACHINE_LEN];
	uint8_t digest[DIGEST_SHA256];

	*out = '\0';
	if (!machine || strlen(machine) != MACHINE_LEN)
		return;
	int len = snprintf(text, sizeof(text), "%s%s", purpose, machine);
	digest_sha256(text, (size_t)len, digest);
	int used = snprintf(out, size, " 00:04");
	for (int i = 0; i < 16; i++)
		used += snprintf(out + used, size - (size_t)used, ":%02x", digest[i]);
}

static unsigned iaid(const char *ifname)
{
	uint8_t digest[DIGEST_SHA256];

	digest_sha256(ifname, strlen(ifname), digest);
	return (unsigned)digest[0] << 24 | (unsigned)digest[1] << 16 | (unsigned)digest[2] << 8 | digest[3];
}

void dhcpcd_config(const char *ifname, const char *socket, const char *machine, char *out, size_t size)
{
	char duid[64];

	duid_text(machine, duid, sizeof(duid));
	snprintf(out, size, template, ifname, socket, duid, ifname, iaid(ifname));
}

static bool read_machine(char out[MACHINE_LEN + 1])
{
	FILE *f = fopen(MACHINE_ID, "re");
	bool ok = f && fread(out, 1, MACHINE_LEN, f) == MACHINE_LEN;

	out[MACHINE_LEN] = '\0';
	if (f)
		fclose(f);
	return ok && strspn(out, "0123456789abcdef") == MACHINE_LEN;
}

static bool write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return false;
	bool ok = fputs(text, f) >= 0;
	return fclose(f) == 0 && ok;
}

/* The hook is our own command-line tool under the name `dhcpcd-hook`: a link and no script, since /run is often mounted
 * noexec, and no shell has to start for each report. */
static bool make_hook(const char *path, const char *cli)
{
	return (unlink(path) == 0 || errno == ENOENT) && symlink(cli, path) == 0;
}

static void config_path(const struct uplinks_env *env, const char *ifname, char out[DHCPCD_PATH])
{
	snprintf(out, DHCPCD_PATH, "%s/dhcpcd-%s.conf", env->run_dir, ifname);
}

static void hook_path(const struct uplinks_env *env, char out[DHCPCD_PATH])
{
	snprintf(out, DHCPCD_PATH, "%s/dhcpcd-hook", env->run_dir);
}

void dhcpcd_remove_files(const struct uplinks_env *env, const char *ifname)
{
	char path[DHCPCD_PATH];

	if (ifname)
		config_path(env, ifname, path);
	else
		hook_path(env, path);
	(void)unlink(path); /* was there only if a client ever started */
}

bool dhcpcd_write_files(const struct uplinks_env *env, const char *ifname, struct dhcpcd_files *out, char *error,
                        size_t size)
{
	char text[CONFIG_TEXT], machine[MACHINE_LEN + 1];

	config_path(env, ifname, out->config);
	hook_path(env, out->hook);
	dhcpcd_config(ifname, env->socket, read_machine(machine) ? machine : NULL, text, sizeof(text));
	if (write_text(out->config, text) && make_hook(out->hook, env->cli))
		return true;
	snprintf(error, size, "got no configuration: %s: %s", env->run_dir, strerror(errno));
	return false;
}
