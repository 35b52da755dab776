/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line's servers, real ones: radvd, Kea (DHCPv6-PD), dnsmasq (DHCPv4). */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include "base/tr.h"
#include "lab/lab-own.h"

/* Kea takes 0.1 s, and ten on an emulated machine. */
enum { SERVER_MS = 30000 };

int lab_file(const struct lab *lab, const char *name, const char *fmt, ...)
{
	cleanup(freep) char *path = xasprintf("%s/%s", lab->dir, name);
	va_list ap;
	FILE *f = fopen(path, "we");

	if (!f)
		return -errno;
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	return fclose(f) == 0 ? 0 : -errno;
}

int lab_lacks(const char *program, char **why)
{
	static const char *const dirs[] = {"/usr/sbin", "/usr/bin", "/sbin"};

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		cleanup(freep) char *p = xasprintf("%s/%s", dirs[i], program);

		if (access(p, X_OK) == 0)
			return 0;
	}
	*why = xasprintf(_("the program %s is not installed"), program);
	return -EOPNOTSUPP;
}

int lab_radvd(struct lab *lab, enum lab_node n, const char *ifname,
	const char *prefix, const char *flags, char **why)
{
	cleanup(freep) char *conf = xasprintf("radvd-%s.conf", ifname);
	int e = lab_lacks("radvd", why);

	if (e < 0)
		return e;
	e = lab_file(lab, conf,
		"interface %s {\n\tAdvSendAdvert on;\n\tMinRtrAdvInterval 3;\n"
		"\tMaxRtrAdvInterval 4;\n%s"
		"%s%s%s};\n", ifname, flags,
		prefix ? "\tprefix " : "", prefix ? prefix : "",
		prefix ? " { AdvOnLink on; AdvAutonomous on; };\n" : "");
	if (e < 0)
		return e;
	return lab_spawn(lab, n, "radvd", "radvd -n -m stderr -C %s/%s -p %s/radvd-%s.pid",
		lab->dir, conf, lab->dir, ifname);
}

/*
 * Kea hands out the /56 and the access router's route to it is there from the
 * start, to the gateway's link-local address (its MAC is the lab's).
 */
static int kea(struct lab *lab, char **why)
{
	int e = lab_lacks("kea-dhcp6", why);

	if (e < 0)
		return e;
	e = lab_file(lab, "kea6.conf",
		"{\"Dhcp6\": {\"interfaces-config\": {\"interfaces\": [\"acc\"]},\n"
		"\"lease-database\": {\"type\": \"memfile\", \"persist\": false},\n"
		"\"server-id\": {\"type\": \"LL\", \"persist\": false},\n"
		"\"preferred-lifetime\": 12600, \"valid-lifetime\": 14400,\n"
		"\"option-data\": [{\"name\": \"dns-servers\", \"data\": \"2001:f60:5e::1\"}],\n"
		"\"subnet6\": [{\"subnet\": \"2409:11:4a0::/44\", \"interface\": \"acc\",\n"
		" \"pd-pools\": [{\"prefix\": \"2409:11:4a0:2300::\", \"prefix-len\": 56,"
		" \"delegated-len\": 56}]}],\n"
		"\"loggers\": [{\"name\": \"kea-dhcp6\", \"severity\": \"WARN\","
		" \"output_options\": [{\"output\": \"stderr\"}]}]}}\n");
	if (e < 0)
		return e;
	e = lab_spawn(lab, LAB_AN, "kea",
		"env KEA_LOCKFILE_DIR=none KEA_PIDFILE_DIR=%s kea-dhcp6 -c %s/kea6.conf",
		lab->dir, lab->dir);
	if (e < 0)
		return e;
	if (lab_wait(lab, LAB_AN, SERVER_MS, "ss -Hlun 'sport = 547' | grep -q .") < 0) {
		*why = xasprintf(_("%s did not start (see %s)"), "kea-dhcp6", lab->dir);
		return -EIO;
	}
	return 0;
}

static int dnsmasq(struct lab *lab, const char *wire, char **why)
{
	static const enum lab_node who[] = {LAB_GW, LAB_CASA, LAB_PC, LAB_CASA2};
	static const unsigned last[] = {110, 111, 112, 113};
	char m[MAC_STR], hosts[512];
	size_t n = 0;
	int e = lab_lacks("dnsmasq", why);

	for (size_t i = 0; i < ARRAY_LEN(who); i++) {
		struct mac mac = lab_mac(lab, who[i]);

		n += (size_t)snprintf(hosts + n, sizeof(hosts) - n,
			"dhcp-host=%s,%s%u\n", mac_format(&mac, m), wire, last[i]);
	}
	e = e ?: lab_file(lab, "dnsmasq.conf",
		"port=0\ninterface=acc\nbind-interfaces\nno-ping\nno-resolv\nno-hosts\n"
		"user=root\ndhcp-authoritative\ndhcp-leasefile=%s/dnsmasq.leases\n"
		"dhcp-range=%s110,%s120,255.255.255.0,1h\n%s", lab->dir, wire, wire,
		hosts);
	if (e < 0)
		return e;
	e = lab_spawn(lab, LAB_AN, "dnsmasq",
		"dnsmasq -k -C %s/dnsmasq.conf -x %s/dnsmasq.pid", lab->dir, lab->dir);
	if (e < 0)
		return e;
	if (lab_wait(lab, LAB_AN, SERVER_MS, "ss -Hlun 'sport = 67' | grep -q .") < 0) {
		*why = xasprintf(_("%s did not start (see %s)"), "dnsmasq", lab->dir);
		return -EIO;
	}
	return 0;
}

/* The delegated prefix is the gateway's: routed to its link-local address. */
static int pd_route(struct lab *lab)
{
	struct mac mac = lab_mac(lab, LAB_GW);
	struct addr iid = mac_to_iid(&mac);
	char ll[ADDR_STR];

	iid.b[0] = 0xfe;
	iid.b[1] = 0x80;
	return lab_run(lab, LAB_AN,
		"ip -6 route add 2409:11:4a0:2300::/56 via %s dev acc\n",
		addr_format(FAM_6, &iid, ll)) == 0 ? 0 : -EIO;
}

int lab_line_ra(struct lab *lab, char **why)
{
	if (lab_run(lab, LAB_AN, "ip -6 route replace " LAB_LAN6 "/64 dev acc\n"))
		return -EIO;
	lab->line_radvd = lab_radvd(lab, LAB_AN, "acc", LAB_LAN6 "/64",
		"\tAdvOtherConfigFlag on;\n", why);
	return lab->line_radvd < 0 ? lab->line_radvd : 0;
}

int lab_line_start(struct lab *lab, char **why)
{
	int e;

	switch (lab->line) {
	case LAB_FLETS_RA:
		return lab_line_ra(lab, why);
	case LAB_FLETS_PD:
		lab->line_radvd = lab_radvd(lab, LAB_AN, "acc", NULL,
			"\tAdvManagedFlag on;\n\tAdvOtherConfigFlag on;\n", why);
		e = lab->line_radvd < 0 ? lab->line_radvd : pd_route(lab);
		return e ?: kea(lab, why);
	case LAB_DHCP4:
		return dnsmasq(lab, "153.246.12.", why);
	case LAB_PRIVATE4:
		return dnsmasq(lab, "100.72.16.", why);
	}
	return -EINVAL;
}
