// SPDX-License-Identifier: GPL-2.0-or-later
/* Links, addresses, neighbours and routes of IPv6 (rtnetlink(7)). */
#include "kernel/kernel.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUF = 32768, METRIC = 512 };
#ifndef IFA_PROTO
#define IFA_PROTO 11 /* Linux 5.18 */
#endif
#ifndef NDA_PROTOCOL
#define NDA_PROTOCOL 12
#endif

int kernel_rtnl_open(bool events)
{
	struct sockaddr_nl sa = {.nl_family = AF_NETLINK,
		.nl_groups = events ? RTMGRP_LINK | RTMGRP_IPV6_IFADDR |
					      RTMGRP_NEIGH : 0};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int one = 1;

	if (fd < 0)
		return -errno;
	/* a dump by strict rules carries what was asked for only */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

/* ---- messages -> events ---- */

static void take_addr(const struct nlattr *a, struct addr *ret)
{
	if (mnl_attr_get_payload_len(a) == 16)
		memcpy(ret->b, mnl_attr_get_payload(a), 16);
}

static bool take_mac(const struct nlattr *a, struct mac *ret)
{
	if (mnl_attr_get_payload_len(a) != 6)
		return false;
	memcpy(ret->b, mnl_attr_get_payload(a), 6);
	return true;
}

static void link_event(const struct nlmsghdr *h, struct kernel_event *e)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *a;

	e->kind = KERNEL_LINK;
	e->gone = h->nlmsg_type == RTM_DELLINK;
	e->ifindex = m->ifi_index;
	e->running = (m->ifi_flags & IFF_UP) && (m->ifi_flags & IFF_RUNNING);
	e->ethernet = m->ifi_type == ARPHRD_ETHER;
	mnl_attr_for_each(a, h, sizeof(*m)) {
		if (mnl_attr_get_type(a) == IFLA_ADDRESS)
			e->has_mac = take_mac(a, &e->mac);
		else if (mnl_attr_get_type(a) == IFLA_MTU)
			e->mtu = mnl_attr_get_u32(a);
	}
}

static void take_lifetimes(const struct nlattr *a, struct kernel_event *e)
{
	const struct ifa_cacheinfo *ci = mnl_attr_get_payload(a);

	if (mnl_attr_get_payload_len(a) < sizeof(*ci))
		return;
	e->valid_s = ci->ifa_valid;
	e->preferred_s = ci->ifa_prefered;
}

static void addr_event(const struct nlmsghdr *h, struct kernel_event *e)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	uint32_t flags = m->ifa_flags;
	const struct nlattr *a;

	e->kind = KERNEL_ADDR;
	e->gone = h->nlmsg_type == RTM_DELADDR;
	e->ifindex = (int)m->ifa_index;
	e->len = m->ifa_prefixlen;
	mnl_attr_for_each(a, h, sizeof(*m)) {
		if (mnl_attr_get_type(a) == IFA_ADDRESS)
			take_addr(a, &e->addr);
		else if (mnl_attr_get_type(a) == IFA_FLAGS)
			flags = mnl_attr_get_u32(a);
		else if (mnl_attr_get_type(a) == IFA_CACHEINFO)
			take_lifetimes(a, e);
		else if (mnl_attr_get_type(a) == IFA_PROTO)
			e->ours = mnl_attr_get_u8(a) == KERNEL_PROTOCOL;
	}
	e->tentative = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) &&
		       !(flags & IFA_F_OPTIMISTIC);
}

static void neigh_event(const struct nlmsghdr *h, struct kernel_event *e)
{
	const struct ndmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *a;

	e->kind = KERNEL_NEIGH;
	e->gone = h->nlmsg_type == RTM_DELNEIGH;
	e->ifindex = m->ndm_ifindex;
	e->reachable = m->ndm_state == NUD_REACHABLE;
	e->failed = m->ndm_state == NUD_FAILED;
	mnl_attr_for_each(a, h, sizeof(*m)) {
		if (mnl_attr_get_type(a) == NDA_DST)
			take_addr(a, &e->addr);
		else if (mnl_attr_get_type(a) == NDA_LLADDR)
			e->has_mac = take_mac(a, &e->mac);
		else if (mnl_attr_get_type(a) == NDA_PROTOCOL)
			e->ours = mnl_attr_get_u8(a) == KERNEL_PROTOCOL;
	}
}

struct reader {
	kernel_event_fn fn;
	void *arg;
};

static int on_message(const struct nlmsghdr *h, void *arg)
{
	const struct reader *r = arg;
	struct kernel_event e = {0};
	const struct rtgenmsg *g = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*g))
		return MNL_CB_OK;
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		link_event(h, &e);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (g->rtgen_family != AF_INET6)
			return MNL_CB_OK;
		addr_event(h, &e);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (g->rtgen_family != AF_INET6)
			return MNL_CB_OK;
		neigh_event(h, &e);
		break;
	default:
		return MNL_CB_OK;
	}
	r->fn(r->arg, &e);
	return MNL_CB_OK;
}

int kernel_rtnl_read(int fd, kernel_event_fn fn, void *arg)
{
	struct reader r = {fn, arg};
	char buf[BUF];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		(void)mnl_cb_run(buf, (size_t)n, 0, 0, on_message, &r);
	return n < 0 && errno == ENOBUFS ? -ENOBUFS : 0;
}

/* ---- questions ---- */

static unsigned sequence;

static int listen_done(int fd, unsigned seq, mnl_cb_t fn, void *arg)
{
	char buf[BUF];
	ssize_t n;
	int rc = MNL_CB_OK;

	while (rc > MNL_CB_STOP) {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0)
			return -errno;
		rc = mnl_cb_run(buf, (size_t)n, seq, 0, fn, arg);
		if (rc < 0)
			return -errno;
	}
	return 0;
}

static int ask_dump(int fd, uint16_t type, size_t head, mnl_cb_t fn, void *arg)
{
	char buf[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtgenmsg *g;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++sequence;
	g = mnl_nlmsg_put_extra_header(h, head);
	g->rtgen_family = type == RTM_GETLINK ? AF_UNSPEC : AF_INET6;
	if (send(fd, h, h->nlmsg_len, 0) < 0)
		return -errno;
	return listen_done(fd, h->nlmsg_seq, fn, arg);
}

int kernel_rtnl_dump(int fd, enum kernel_event_kind what, kernel_event_fn fn,
	void *arg)
{
	struct reader r = {fn, arg};

	switch (what) {
	case KERNEL_LINK:
		return ask_dump(fd, RTM_GETLINK, sizeof(struct ifinfomsg),
			on_message, &r);
	case KERNEL_ADDR:
		return ask_dump(fd, RTM_GETADDR, sizeof(struct ifaddrmsg),
			on_message, &r);
	case KERNEL_NEIGH:
		return ask_dump(fd, RTM_GETNEIGH, sizeof(struct ndmsg),
			on_message, &r);
	}
	return -EINVAL;
}

/* ---- changes ---- */

static struct nlmsghdr *change(char *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	h->nlmsg_seq = ++sequence;
	return h;
}

static int talk(int fd, struct nlmsghdr *h)
{
	int rc;

	if (send(fd, h, h->nlmsg_len, 0) < 0)
		return -errno;
	rc = listen_done(fd, h->nlmsg_seq, NULL, NULL);
	switch (rc) {
	case -EEXIST:
	case -ESRCH:
	case -ENOENT:
	case -EADDRNOTAVAIL:
		return 0;
	default:
		return rc;
	}
}

static struct nlmsghdr *neigh(char *buf, uint16_t type, uint16_t flags,
	int ifindex, const struct addr *a, struct ndmsg **m)
{
	struct nlmsghdr *h = change(buf, type, flags);

	*m = mnl_nlmsg_put_extra_header(h, sizeof(**m));
	(*m)->ndm_family = AF_INET6;
	(*m)->ndm_ifindex = ifindex;
	mnl_attr_put(h, NDA_DST, 16, a->b);
	return h;
}

int kernel_neigh_set(int fd, int ifindex, const struct addr *a,
	const struct mac *mac, bool permanent)
{
	char buf[256];
	struct ndmsg *m;
	struct nlmsghdr *h = neigh(buf, RTM_NEWNEIGH,
		NLM_F_CREATE | NLM_F_REPLACE, ifindex, a, &m);

	m->ndm_state = permanent ? NUD_PERMANENT : NUD_STALE;
	/* garbage collection leaves it alone */
	m->ndm_flags = permanent ? 0 : NTF_EXT_LEARNED;
	mnl_attr_put(h, NDA_LLADDR, 6, mac->b);
	mnl_attr_put_u8(h, NDA_PROTOCOL, KERNEL_PROTOCOL);
	return talk(fd, h);
}

int kernel_neigh_del(int fd, int ifindex, const struct addr *a)
{
	char buf[256];
	struct ndmsg *m;

	return talk(fd, neigh(buf, RTM_DELNEIGH, 0, ifindex, a, &m));
}

static struct nlmsghdr *route(char *buf, uint16_t type, uint16_t flags,
	int ifindex, const struct addr *a, unsigned len, bool ours)
{
	struct nlmsghdr *h = change(buf, type, flags);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->rtm_family = AF_INET6;
	m->rtm_dst_len = (unsigned char)len;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_scope = type == RTM_NEWROUTE ? RT_SCOPE_UNIVERSE
					    : RT_SCOPE_NOWHERE;
	m->rtm_type = type == RTM_NEWROUTE ? RTN_UNICAST : RTN_UNSPEC;
	if (ours)
		m->rtm_protocol = KERNEL_PROTOCOL;
	if (len)
		mnl_attr_put(h, RTA_DST, 16, a->b);
	mnl_attr_put_u32(h, RTA_OIF, (uint32_t)ifindex);
	if (ours)
		mnl_attr_put_u32(h, RTA_PRIORITY, METRIC);
	return h;
}

int kernel_route_set(int fd, int ifindex, const struct addr *a, unsigned len,
	const struct addr *gate)
{
	char buf[256];
	struct nlmsghdr *h = route(buf, RTM_NEWROUTE,
		NLM_F_CREATE | NLM_F_REPLACE, ifindex, a, len, true);

	if (gate)
		mnl_attr_put(h, RTA_GATEWAY, 16, gate->b);
	return talk(fd, h);
}

int kernel_route_del(int fd, int ifindex, const struct addr *a, unsigned len)
{
	char buf[256];

	return talk(fd, route(buf, RTM_DELROUTE, 0, ifindex, a, len, true));
}

int kernel_route_del_any(int fd, int ifindex, const struct addr *a,
	unsigned len)
{
	char buf[256];

	return talk(fd, route(buf, RTM_DELROUTE, 0, ifindex, a, len, false));
}

static struct nlmsghdr *address(char *buf, uint16_t type, uint16_t flags,
	int ifindex, const struct addr *a, unsigned len)
{
	struct nlmsghdr *h = change(buf, type, flags);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ifa_family = AF_INET6;
	m->ifa_prefixlen = (unsigned char)len;
	m->ifa_index = (unsigned)ifindex;
	mnl_attr_put(h, IFA_LOCAL, 16, a->b);
	mnl_attr_put(h, IFA_ADDRESS, 16, a->b);
	return h;
}

int kernel_addr_set(int fd, int ifindex, const struct addr *a, unsigned len,
	uint32_t valid_s, uint32_t preferred_s)
{
	char buf[256];
	struct nlmsghdr *h = address(buf, RTM_NEWADDR,
		NLM_F_CREATE | NLM_F_REPLACE, ifindex, a, len);
	struct ifa_cacheinfo ci = {.ifa_valid = valid_s,
		.ifa_prefered = MIN2(preferred_s, valid_s)};

	if (!valid_s)
		return kernel_addr_del(fd, ifindex, a, len);
	mnl_attr_put(h, IFA_CACHEINFO, sizeof(ci), &ci);
	mnl_attr_put_u8(h, IFA_PROTO, KERNEL_PROTOCOL);
	return talk(fd, h);
}

int kernel_addr_del(int fd, int ifindex, const struct addr *a, unsigned len)
{
	char buf[256];

	return talk(fd, address(buf, RTM_DELADDR, 0, ifindex, a, len));
}

/* ---- sweep ---- */

enum { SWEEP_MAX = 8192 };
struct sweep {
	struct kernel_mark *v;
	size_t n, cap;
};

static void sweep_event(void *arg, const struct kernel_event *e)
{
	struct sweep *s = arg;

	if (!e->ours || s->n == SWEEP_MAX)
		return;
	*GROW(s->v, s->n, s->cap) = (struct kernel_mark){
		e->kind == KERNEL_ADDR ? KERNEL_MARK_ADDR : KERNEL_MARK_NEIGH,
		e->ifindex, e->addr, e->len};
}

static int sweep_route(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct kernel_mark mark = {.kind = KERNEL_MARK_ROUTE,
		.len = m->rtm_dst_len};
	struct sweep *s = arg;
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWROUTE ||
		m->rtm_protocol != KERNEL_PROTOCOL || s->n == SWEEP_MAX)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(*m)) {
		if (mnl_attr_get_type(a) == RTA_DST)
			take_addr(a, &mark.addr);
		else if (mnl_attr_get_type(a) == RTA_OIF)
			mark.ifindex = (int)mnl_attr_get_u32(a);
	}
	*GROW(s->v, s->n, s->cap) = mark;
	return MNL_CB_OK;
}

static void sweep_one(int fd, const struct kernel_mark *m)
{
	switch (m->kind) {
	case KERNEL_MARK_NEIGH:
		(void)kernel_neigh_del(fd, m->ifindex, &m->addr);
		return;
	case KERNEL_MARK_ROUTE:
		(void)kernel_route_del(fd, m->ifindex, &m->addr, m->len);
		return;
	case KERNEL_MARK_ADDR:
		(void)kernel_addr_del(fd, m->ifindex, &m->addr, m->len);
		return;
	}
}

int kernel_rtnl_sweep(int fd, bool (*keep)(void *, const struct kernel_mark *),
	void *arg)
{
	struct sweep s = {0};
	int rc = kernel_rtnl_dump(fd, KERNEL_NEIGH, sweep_event, &s);

	if (!rc)
		rc = ask_dump(fd, RTM_GETROUTE, sizeof(struct rtmsg),
			sweep_route, &s);
	if (!rc)
		rc = kernel_rtnl_dump(fd, KERNEL_ADDR, sweep_event, &s);
	for (size_t i = 0; i < s.n; i++)
		if (!keep || !keep(arg, &s.v[i]))
			sweep_one(fd, &s.v[i]);
	free(s.v);
	return rc;
}
