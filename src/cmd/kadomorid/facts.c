// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Facts from the addresses on the interfaces: the LAN's prefixes, the WAN's
 * IPv4 address. Link-local and unique local addresses say nothing about the
 * line's prefix.
 */
#include "daemon.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

static bool is_lan(const struct intent *in, const char *name)
{
	for (size_t i = 0; i < in->lan_n; i++)
		if (!strcmp(in->lans[i], name))
			return true;
	return false;
}

static bool is_segment(const struct intent *in, const char *name)
{
	for (size_t i = 0; i < in->device_n; i++)
		if (in->devices[i].segment && !strcmp(in->devices[i].segment, name))
			return true;
	return false;
}

static bool sockaddr_addr(const struct sockaddr *sa, enum family *fam,
	struct addr *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (sa && sa->sa_family == AF_INET) {
		const struct sockaddr_in *s4 = (const void *)sa;

		*fam = FAM_4;
		memcpy(ret->b + 12, &s4->sin_addr, 4);
		return true;
	}
	if (sa && sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *s6 = (const void *)sa;

		*fam = FAM_6;
		memcpy(ret->b, &s6->sin6_addr, 16);
		return true;
	}
	return false;
}

static bool global6(const struct addr *a)
{
	return (a->b[0] & 0xe0) == 0x20; /* 2000::/3 */
}

static void add_once(struct addrmask **v, size_t *n, size_t *cap,
	const struct addrmask *m)
{
	for (size_t i = 0; i < *n; i++)
		if (!memcmp(&(*v)[i], m, sizeof(*m)))
			return;
	*GROW(*v, *n, *cap) = *m;
}

static void one(const struct intent *in, const struct ifaddrs *i,
	struct facts *f)
{
	struct addrmask m = {0};
	enum family mask_fam;
	struct addr a;

	if (!sockaddr_addr(i->ifa_addr, &m.fam, &a) ||
		!sockaddr_addr(i->ifa_netmask, &mask_fam, &m.mask))
		return;
	m.value = addr_and(&a, &m.mask);
	if (m.fam == FAM_4 && in->wan && !strcmp(i->ifa_name, in->wan)) {
		f->has_wan4 = true;
		f->wan4 = a;
	} else if (m.fam == FAM_4 && is_lan(in, i->ifa_name)) {
		add_once(&f->lan4, &f->lan4_n, &f->lan4_cap, &m);
	} else if (m.fam == FAM_6 && global6(&a) && is_lan(in, i->ifa_name)) {
		add_once(&f->lan6, &f->lan6_n, &f->lan6_cap, &m);
	} else if (m.fam == FAM_6 && global6(&a) && is_segment(in, i->ifa_name)) {
		add_once(&f->seg6, &f->seg6_n, &f->seg6_cap, &m);
	}
}

void facts_gather(const struct intent *in, struct facts *ret)
{
	struct ifaddrs *list = NULL;

	ret->line = in->line; /* as written, or as auto.c found it */
	if (getifaddrs(&list))
		return;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next)
		if (i->ifa_addr && (i->ifa_flags & IFF_UP))
			one(in, i, ret);
	freeifaddrs(list);
}
