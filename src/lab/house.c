/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two houses: behind a gateway, and behind an "IPv6 bridge". */
#include <errno.h>
#include <stdio.h>
#include "base/tr.h"
#include "lab/lab-own.h"

enum { ADDRESS_MS = 15000 };

static const enum lab_node home[] = {LAB_CASA, LAB_PC, LAB_CASA2};

/*
 * dhclient's own script would rewrite the machine's resolv.conf; this one
 * touches addresses and routes of its namespace only.
 */
static int dhcp_script(struct lab *lab)
{
	int e = lab_file(lab, "dhcp.sh",
		"#!/bin/sh\n"
		"case $reason in\n"
		"BOUND|RENEW|REBIND|REBOOT)\n"
		"\tip addr replace $new_ip_address/24 dev $interface\n"
		"\tip route replace default via ${new_routers%%%% *} ;;\n"
		"BOUND6|RENEW6|REBIND6)\n"
		"\t[ -z \"$new_ip6_prefix\" ] || echo $new_ip6_prefix >%s/prefix ;;\n"
		"PREINIT*)\n\tip link set $interface up ;;\n"
		"esac\n", lab->dir);

	return e ?: lab_run(lab, LAB_AN, "chmod 755 %s/dhcp.sh", lab->dir);
}

/* kind: "-4" or "-6 -P"; -D LL: NGN wants a DUID of the link-layer kind. */
static int dhclient(struct lab *lab, enum lab_node n, const char *ifname,
	const char *kind)
{
	cleanup(freep) char *tag = xasprintf("dhclient-%s", lab_node_name(n));
	pid_t pid = lab_spawn(lab, n, tag,
		"dhclient -d %s -sf %s/dhcp.sh -lf %s/%s.leases -pf %s/%s.pid "
		"-cf /dev/null %s", kind, lab->dir, lab->dir, tag, lab->dir, tag,
		ifname);

	return pid < 0 ? pid : 0;
}

static int no_address(const struct lab *lab, enum lab_node n, char **why)
{
	*why = xasprintf(_("%s got no address from the line (see %s)"),
		lab_node_name(n), lab->dir);
	return -EIO;
}

static int hosts_wait6(struct lab *lab, char **why)
{
	for (size_t i = 0; i < ARRAY_LEN(home); i++)
		if (lab_wait(lab, home[i], ADDRESS_MS,
			"ip -6 -o addr show dev eth0 | grep -q '%s/64' && "
			"ip -6 route show default | grep -q via",
			lab_addr_text(lab, home[i], FAM_6)) < 0)
			return no_address(lab, home[i], why);
	return 0;
}

/*
 * One /64 on both sides of the gateway: links only. Addresses, routes, RA on
 * the LAN and the NDP proxy are the gate's own work.
 */
static int gate_ra(struct lab *lab)
{
	return lab_run(lab, LAB_GW,
		"ip link set wan0 up; ip link set lan0 up\n") ? -EIO : 0;
}

int lab_house_settle(struct lab *lab, char **why)
{
	int e;

	*why = NULL;
	if (lab->bridged || lab_line_family(lab->line) != FAM_6)
		return 0;
	e = hosts_wait6(lab, why);
	if (lab->line != LAB_FLETS_RA)
		return e;
	for (size_t i = 0; e == 0 && i < ARRAY_LEN(home); i++)
		if (lab_wait(lab, LAB_GW, ADDRESS_MS,
			"nft list set inet kadomori known | grep -q '%s[ ,]*'",
			lab_addr_text(lab, home[i], FAM_6)) < 0) {
			*why = xasprintf(_("the gate does not know %s (see %s)"),
				lab_node_name(home[i]), lab->dir);
			return -EIO;
		}
	return e;
}

int lab_house_kernel_proxy(struct lab *lab)
{
	int r = lab_run(lab, LAB_GW,
		"sysctl -qw net.ipv6.conf.wan0.proxy_ndp=1 "
		"net.ipv6.neigh.wan0.proxy_delay=0\n");

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(home); i++)
		r = lab_run(lab, LAB_GW, "ip -6 neigh add proxy %s dev wan0",
			lab_addr_text(lab, home[i], FAM_6));
	return r == 0 ? 0 : -EIO;
}

static int gate_pd(struct lab *lab, char **why)
{
	int e = lab_lacks("dhclient", why);

	if (e < 0)
		return e;
	e = lab_run(lab, LAB_GW, "sysctl -qw net.ipv6.conf.wan0.accept_ra=2\n"
		"ip link set wan0 up; ip link set lan0 up\n") ? -EIO :
		dhclient(lab, LAB_GW, "wan0", "-6 -P -D LL");
	if (e < 0)
		return e;
	if (lab_wait(lab, LAB_GW, ADDRESS_MS, "grep -qx '" LAB_LAN6 "/56' %s/prefix "
		"&& ip -6 route show default dev wan0 | grep -q via", lab->dir) < 0)
		return no_address(lab, LAB_GW, why);
	/* the rest of the /56 leads nowhere (RFC 7084 WPD-5) */
	return lab_run(lab, LAB_GW, "ip -6 addr add " LAB_LAN6 "1/64 dev lan0\n"
		"ip -6 route add unreachable $(cat %s/prefix)\n", lab->dir) ? -EIO : 0;
}

static int gate_dhcp4(struct lab *lab, char **why)
{
	int e = lab_lacks("dhclient", why);

	if (e < 0)
		return e;
	e = lab_run(lab, LAB_GW, "ip link set lan0 up\n"
		"ip addr add %s/24 dev lan0\n",
		lab_addr_text(lab, LAB_GW, FAM_4)) ? -EIO :
		dhclient(lab, LAB_GW, "wan0", "-4");
	for (size_t i = 0; e == 0 && i < ARRAY_LEN(home); i++)
		e = lab_run(lab, home[i], "ip addr add %s/24 dev eth0\n"
			"ip route add default via %s\n",
			lab_addr_text(lab, home[i], FAM_4),
			lab_addr_text(lab, LAB_GW, FAM_4)) ? -EIO : 0;
	if (e < 0)
		return e;
	if (lab_wait(lab, LAB_GW, ADDRESS_MS,
		"ip route show default | grep -q via") < 0)
		return no_address(lab, LAB_GW, why);
	return 0;
}

int lab_house_gate(struct lab *lab, char **why)
{
	int e = -EINVAL;

	*why = NULL;
	lab->bridged = false;
	switch (lab->line) {
	case LAB_FLETS_RA:
		e = gate_ra(lab);
		break;
	case LAB_FLETS_PD:
		e = dhcp_script(lab) ?: gate_pd(lab, why);
		break;
	case LAB_DHCP4:
	case LAB_PRIVATE4:
		e = dhcp_script(lab) ?: gate_dhcp4(lab, why);
		break;
	}
	if (e == 0)
		e = lab_state_save(lab);
	if (e < 0 && !*why)
		*why = xstrdup(_("the house could not be set up"));
	return e;
}

static int bridge(struct lab *lab)
{
	return lab_run(lab, LAB_GW,
		"ip link add br0 type bridge\n"
		"sysctl -qw net.ipv6.conf.br0.disable_ipv6=1 "
		"net.ipv6.conf.wan0.disable_ipv6=1 net.ipv6.conf.lan0.disable_ipv6=1\n"
		"for i in wan0 lan0; do ip link set $i master br0 up; done\n"
		"ip link set br0 up\n") ? -EIO : 0;
}

/* The carrier's home gateway in front of the house hands out its first /64. */
static int bridge6(struct lab *lab, char **why)
{
	int e = 0;

	if (lab->line == LAB_FLETS_PD) {
		lab_stop(lab, lab->line_radvd);
		e = lab_line_ra(lab, why);
	}
	for (size_t i = 0; e == 0 && i < ARRAY_LEN(home); i++)
		e = lab_run(lab, home[i], "ip link set eth0 down\n"
			"ip link set eth0 up") ? -EIO : 0;
	return e ?: hosts_wait6(lab, why);
}

static int bridge4(struct lab *lab, char **why)
{
	int e = lab_lacks("dhclient", why) ?: dhcp_script(lab);

	for (size_t i = 0; e == 0 && i < ARRAY_LEN(home); i++)
		e = dhclient(lab, home[i], "eth0", "-4");
	for (size_t i = 0; e == 0 && i < ARRAY_LEN(home); i++)
		if (lab_wait(lab, home[i], ADDRESS_MS,
			"ip route show default | grep -q via && "
			"ip -o addr show | grep -q '%s/24'",
			lab_addr_text(lab, home[i], FAM_4)) < 0)
			return no_address(lab, home[i], why);
	return e;
}

int lab_house_bridge(struct lab *lab, char **why)
{
	int e = bridge(lab);

	*why = NULL;
	lab->bridged = true;
	if (e == 0)
		e = lab_line_family(lab->line) == FAM_6 ? bridge6(lab, why) :
							  bridge4(lab, why);
	if (e == 0)
		e = lab_state_save(lab);
	if (e < 0 && !*why)
		*why = xstrdup(_("the house could not be set up"));
	return e;
}
