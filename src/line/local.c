// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel knows of an interface without any right: addresses, default
 * routes and whether an RA made them, the routers' MACs, MTU, name servers.
 * From a host behind somebody's router this is half of the evidence.
 */
#include "line/line.h"
#include "kernel/kernel.h"
#include "wire/nd.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/ipv6_route.h, linux/route.h */
enum { RT_UP = 1, RT_GATEWAY = 2, RT_ADDRCONF = 0x40000 };

static void own_addresses(const char *ifname, struct line_evidence *e)
{
	struct ifaddrs *list = NULL;

	if (getifaddrs(&list))
		return;
	for (struct ifaddrs *i = list; i; i = i->ifa_next) {
		struct addr a = {{0}};

		if (!i->ifa_addr || strcmp(i->ifa_name, ifname))
			continue;
		if (i->ifa_addr->sa_family == AF_INET6) {
			memcpy(a.b, &((struct sockaddr_in6 *)(void *)i->ifa_addr)
					     ->sin6_addr, 16);
			if (!addr_is_linklocal(&a) && e->own6_n < LINE_ADDRS_MAX)
				e->own6[e->own6_n++] = a;
		} else if (i->ifa_addr->sa_family == AF_INET &&
			e->own4_n < LINE_ADDRS_MAX) {
			memcpy(a.b + 12, &((struct sockaddr_in *)(void *)
					i->ifa_addr)->sin_addr, 4);
			e->own4[e->own4_n++] = a;
		}
	}
	freeifaddrs(list);
}

static void link_state(const char *ifname, struct line_evidence *e)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {0};
	char path[96], buf[32];

	if (fd < 0)
		return;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) == 0)
		e->link = ifr.ifr_flags & IFF_UP && ifr.ifr_flags & IFF_RUNNING;
	if (ioctl(fd, SIOCGIFMTU, &ifr) == 0)
		e->local.mtu = (uint32_t)ifr.ifr_mtu;
	if (ioctl(fd, SIOCGIFHWADDR, &ifr) == 0)
		e->ppp = ifr.ifr_hwaddr.sa_family == ARPHRD_PPP;
	close(fd);
	snprintf(path, sizeof(path), "net/ipv6/conf/%s/mtu", ifname);
	if (kernel_sysctl_read(path, buf, sizeof(buf)) == 0)
		e->local.mtu6 = (uint32_t)strtoul(buf, NULL, 10);
}

static bool hex_addr(const char *s, struct addr *ret)
{
	for (int i = 0; i < 16; i++) {
		unsigned v;

		if (sscanf(s + 2 * i, "%2x", &v) != 1)
			return false;
		ret->b[i] = (uint8_t)v;
	}
	return true;
}

/* A line of /proc/net/ipv6_route that leaves by ifname. */
static void route6(const char *line, const char *ifname,
	struct line_local *l)
{
	char dst[33], gate[33], dev[32];
	unsigned len, flags;
	struct addr a, g;

	if (sscanf(line, "%32s %x %*s %*x %32s %*x %*x %*x %x %31s", dst, &len,
		gate, &flags, dev) != 5 || strcmp(dev, ifname) ||
		!hex_addr(dst, &a) || !hex_addr(gate, &g))
		return;
	if (!len && flags & RT_GATEWAY && !l->has_router6) {
		l->has_router6 = true;
		l->router6 = g;
		l->by_ra = flags & RT_ADDRCONF;
	} else if (len == 64 && flags & RT_ADDRCONF && !(flags & RT_GATEWAY) &&
		line_is_global6(&a)) {
		l->has_prefix = true;
		l->prefix = a;
	}
}

static void route4(const char *line, const char *ifname,
	struct line_local *l)
{
	char dev[32];
	uint32_t dst, gate;
	unsigned flags;

	if (sscanf(line, "%31s %x %x %x", dev, &dst, &gate, &flags) != 4 ||
		strcmp(dev, ifname) || dst || !(flags & RT_GATEWAY) ||
		l->has_router4)
		return;
	l->has_router4 = true;
	l->router4 = addr_from4(ntohl(gate));
}

static void arp(const char *line, const char *ifname, struct line_local *l)
{
	char ip[64], mac[32], dev[32];
	enum family fam;
	struct addr a;

	if (sscanf(line, "%63s %*x %*x %31s %*s %31s", ip, mac, dev) == 3 &&
		!strcmp(dev, ifname) && !addr_parse(ip, &fam, &a) &&
		l->has_router4 && !addr_cmp(&a, &l->router4) &&
		!mac_parse(mac, &l->router4_mac))
		l->has_router4_mac = !!memcmp(l->router4_mac.b, "\0\0\0\0\0", 6);
}

static void each_line(const char *path, const char *ifname,
	struct line_local *l,
	void (*fn)(const char *, const char *, struct line_local *))
{
	FILE *f = fopen(path, "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		fn(line, ifname, l);
	if (f)
		fclose(f);
}

struct wanted_mac {
	int ifindex;
	struct line_local *l;
};

static void neigh(void *arg, const struct kernel_event *e)
{
	struct wanted_mac *w = arg;

	if (e->kind != KERNEL_NEIGH || e->ifindex != w->ifindex || e->gone ||
		!e->has_mac || addr_cmp(&e->addr, &w->l->router6))
		return;
	w->l->has_router6_mac = true;
	w->l->router6_mac = e->mac;
}

static void router6_mac(const char *ifname, struct line_local *l)
{
	struct wanted_mac w = {(int)if_nametoindex(ifname), l};
	int fd = l->has_router6 ? kernel_rtnl_open(false) : -1;

	if (fd < 0)
		return;
	(void)kernel_rtnl_dump(fd, KERNEL_NEIGH, neigh, &w);
	close(fd);
}

static void resolv_line(const char *line, const char *ifname,
	struct line_local *l)
{
	char word[LINE_NAME_MAX];
	size_t n = l->dns_n;

	(void)ifname;
	if (sscanf(line, "nameserver %127s", word) == 1 && n < LINE_DNS_MAX &&
		!addr_parse(word, &l->dns_fam[n], &l->dns[n]))
		l->dns_n++;
	else if (sscanf(line, "search %255s", word) == 1 ||
		sscanf(line, "domain %255s", word) == 1) {
		for (char *c = word; *c; c++)
			if (*c <= 0x20 || *c > 0x7e)
				*c = '?';
		memcpy(l->search, word, sizeof(word));
	}
}

static bool forwards(const char *path)
{
	char buf[16];

	return !kernel_sysctl_read(path, buf, sizeof(buf)) && *buf == '1';
}

/* The device of a default route in a line of /proc/net/[ipv6_]route. */
static bool default_dev(const char *line, bool six, char dev[16])
{
	char dst[33];
	unsigned len, flags;
	uint32_t dst4;

	if (six)
		return sscanf(line, "%32s %x %*s %*x %*s %*x %*x %*x %x %15s",
			       dst, &len, &flags, dev) == 4 && !len &&
		       flags & RT_GATEWAY;
	return sscanf(line, "%15s %x %*x %x", dev, &dst4, &flags) == 3 &&
	       !dst4 && flags & RT_UP;
}

int line_way_out(char ifname[16], enum vantage *at)
{
	static const char *const files[] = {"/proc/net/ipv6_route",
		"/proc/net/route"};
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(files) && !found; i++) {
		FILE *f = fopen(files[i], "re");
		char line[512];

		while (f && !found && fgets(line, sizeof(line), f))
			found = default_dev(line, i == 0, ifname);
		if (f)
			fclose(f);
	}
	*at = forwards("net/ipv6/conf/all/forwarding") ||
			forwards("net/ipv4/ip_forward")
		? AT_GATEWAY : AT_HOST;
	return found ? 0 : -ENODEV;
}

int line_local(const char *ifname, struct line_evidence *ret)
{
	struct line_local *l = &ret->local;

	if (!if_nametoindex(ifname))
		return -ENODEV;
	snprintf(ret->ifname, sizeof(ret->ifname), "%s", ifname);
	link_state(ifname, ret);
	own_addresses(ifname, ret);
	each_line("/proc/net/ipv6_route", ifname, l, route6);
	each_line("/proc/net/route", ifname, l, route4);
	each_line("/proc/net/arp", ifname, l, arp);
	router6_mac(ifname, l);
	each_line("/etc/resolv.conf", ifname, l, resolv_line);
	return 0;
}
