// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices as the fast path needs to know them, and the bridges' tables. */
#include "kernel/kernel.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUF = 32768, DUMP_TRIES = 8 };

/* ---- a dump ---- */

typedef void (*each_fn)(void *arg, const struct nlmsghdr *h);

struct each {
	each_fn fn;
	void *arg;
};

static int on_message(const struct nlmsghdr *h, void *arg)
{
	struct each *e = arg;

	e->fn(e->arg, h);
	return MNL_CB_OK;
}

/* Send buf's message, hand every answer to fn. 0 or -errno. */
static int ask(int bus, struct nlmsghdr *h, each_fn fn, void *arg)
{
	struct mnl_socket *s = mnl_socket_open2(bus, SOCK_CLOEXEC);
	struct each e = {fn, arg};
	static char buf[BUF];
	int rc = 0;
	ssize_t n;

	if (!s)
		return -errno;
	h->nlmsg_seq = 1;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 ||
		mnl_socket_sendto(s, h, h->nlmsg_len) < 0)
		rc = -errno;
	while (!rc && (n = mnl_socket_recvfrom(s, buf, sizeof(buf))) > 0) {
		int k = mnl_cb_run(buf, (size_t)n, 1,
			mnl_socket_get_portid(s), on_message, &e);

		if (k < 0)
			rc = -errno;
		if (k <= 0)
			break;
	}
	mnl_socket_close(s);
	return rc;
}

/*
 * Everything of a kind, from the beginning again when it changed meanwhile
 * (NLM_F_DUMP_INTR); *n: what fn counts. 0 or -errno.
 */
static int dump(uint16_t type, const void *head, size_t head_n, each_fn fn,
	void *arg, size_t *n)
{
	char buf[256];
	int rc = -EINTR;

	for (int i = 0; i < DUMP_TRIES && rc == -EINTR; i++) {
		struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

		h->nlmsg_type = type;
		h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		memcpy(mnl_nlmsg_put_extra_header(h, head_n), head, head_n);
		*n = 0;
		rc = ask(NETLINK_ROUTE, h, fn, arg);
	}
	return rc;
}

/* ---- devices ---- */

struct links {
	struct kernel_link *v;
	size_t n, cap;
};

static void text_of(const struct nlattr *a, char *to, size_t n)
{
	snprintf(to, n, "%.*s", (int)mnl_attr_get_payload_len(a),
		(const char *)mnl_attr_get_payload(a));
}

/* These hand over and take IP packets as they are. */
static bool is_bare(uint16_t type)
{
	return type == ARPHRD_PPP || type == ARPHRD_NONE ||
	       type == ARPHRD_RAWIP || type == ARPHRD_TUNNEL ||
	       type == ARPHRD_TUNNEL6 || type == ARPHRD_SIT;
}

static void on_linkinfo(struct kernel_link *k, const struct nlattr *info)
{
	const struct nlattr *a, *b;

	mnl_attr_for_each_nested(a, info) {
		if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
			text_of(a, k->kind, sizeof(k->kind));
		/* its kind was said before */
		if (mnl_attr_get_type(a) != IFLA_INFO_DATA ||
			strcmp(k->kind, "bridge") != 0)
			continue;
		mnl_attr_for_each_nested(b, a)
			if (mnl_attr_get_type(b) == IFLA_BR_VLAN_FILTERING)
				k->vlan_filtering = mnl_attr_get_u8(b);
	}
}

static void on_link(void *arg, const struct nlmsghdr *h)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *a, *b;
	struct links *l = arg;
	struct kernel_link *k = GROW(l->v, l->n, l->cap);

	k->ifindex = m->ifi_index;
	k->ethernet = m->ifi_type == ARPHRD_ETHER;
	k->bare = is_bare(m->ifi_type);
	mnl_attr_for_each(a, h, sizeof(*m)) {
		switch (mnl_attr_get_type(a)) {
		case IFLA_IFNAME: text_of(a, k->name, sizeof(k->name)); break;
		case IFLA_QDISC: text_of(a, k->qdisc, sizeof(k->qdisc)); break;
		case IFLA_MTU: k->mtu = mnl_attr_get_u32(a); break;
		case IFLA_MASTER: k->master = (int)mnl_attr_get_u32(a); break;
		case IFLA_LINK: k->lower = (int)mnl_attr_get_u32(a); break;
		case IFLA_ADDRESS:
			if (mnl_attr_get_payload_len(a) == 6)
				memcpy(k->mac.b, mnl_attr_get_payload(a), 6);
			break;
		case IFLA_LINKINFO:
			on_linkinfo(k, a);
			break;
		case IFLA_XDP:
			mnl_attr_for_each_nested(b, a)
				if (mnl_attr_get_type(b) == IFLA_XDP_ATTACHED)
					k->xdp = mnl_attr_get_u8(b);
			break;
		default:
			break;
		}
	}
}

int kernel_links(struct kernel_link **ret, size_t *n)
{
	struct ifinfomsg m = {.ifi_family = AF_UNSPEC};
	struct links l = {0};
	int rc = dump(RTM_GETLINK, &m, sizeof(m), on_link, &l, &l.n);

	if (rc) {
		free(l.v);
		return rc;
	}
	*ret = l.v;
	*n = l.n;
	return 0;
}

struct fdb {
	struct kernel_fdb *v;
	size_t n, cap;
};

static void on_fdb(void *arg, const struct nlmsghdr *h)
{
	const struct ndmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *a;
	struct fdb *f = arg;

	/* own addresses are NUD_PERMANENT */
	if (m->ndm_family != AF_BRIDGE || m->ndm_state & NUD_PERMANENT)
		return;
	mnl_attr_for_each(a, h, sizeof(*m)) {
		struct kernel_fdb *e;

		if (mnl_attr_get_type(a) != NDA_LLADDR ||
			mnl_attr_get_payload_len(a) != 6)
			continue;
		e = GROW(f->v, f->n, f->cap);
		e->ifindex = m->ndm_ifindex;
		memcpy(e->mac.b, mnl_attr_get_payload(a), 6);
	}
}

int kernel_fdb(struct kernel_fdb **ret, size_t *n)
{
	struct ndmsg m = {.ndm_family = AF_BRIDGE};
	struct fdb f = {0};
	int rc = dump(RTM_GETNEIGH, &m, sizeof(m), on_fdb, &f, &f.n);

	if (rc) {
		free(f.v);
		return rc;
	}
	*ret = f.v;
	*n = f.n;
	return 0;
}

/* ---- tc filters ---- */

struct filters {
	const char *const *but;
	size_t n;
};

/* libbpf names a program's filter "PROGRAM:[ID]" */
static bool is_named(const struct nlattr *options, const char *name)
{
	const struct nlattr *a;
	size_t n = strlen(name);

	mnl_attr_for_each_nested(a, options)
		if (mnl_attr_get_type(a) == TCA_BPF_NAME &&
			mnl_attr_get_payload_len(a) > n)
			return !memcmp(mnl_attr_get_payload(a), name, n) &&
			       strchr(":", ((const char *)
				       mnl_attr_get_payload(a))[n]);
	return false;
}

static void on_filter(void *arg, const struct nlmsghdr *h)
{
	const struct tcmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *a, *options = NULL;
	struct filters *f = arg;
	bool bpf = false;

	if (!m->tcm_handle) /* the head of a list of filters */
		return;
	mnl_attr_for_each(a, h, sizeof(*m)) {
		if (mnl_attr_get_type(a) == TCA_KIND)
			bpf = !strcmp(mnl_attr_get_str(a), "bpf");
		else if (mnl_attr_get_type(a) == TCA_OPTIONS)
			options = a;
	}
	for (size_t i = 0; bpf && options && f->but[i]; i++)
		if (is_named(options, f->but[i]))
			return;
	f->n++;
}

int kernel_tc_filters(int ifindex, bool ingress, const char *const *but)
{
	struct tcmsg m = {.tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex,
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, ingress
			? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS)};
	struct filters f = {.but = but};

	if (dump(RTM_GETTFILTER, &m, sizeof(m), on_filter, &f, &f.n))
		return 0; /* nothing can stand where no hook is */
	return (int)f.n;
}

/* ---- ethtool ---- */

static int ethtool(const char *ifname, void *what)
{
	struct ifreq r = {.ifr_data = what};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%.15s", ifname);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &r))
		rc = -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

int kernel_driver(const char *ifname, char *buf, size_t n)
{
	struct ethtool_drvinfo i = {.cmd = ETHTOOL_GDRVINFO};
	int rc = ethtool(ifname, &i);

	snprintf(buf, n, "%.31s", rc ? "" : i.driver);
	return rc;
}

int kernel_rx_vlan_off(const char *ifname)
{
	struct ethtool_value v = {.cmd = ETHTOOL_GFLAGS};
	int rc = ethtool(ifname, &v);

	if (rc || !(v.data & ETH_FLAG_RXVLAN))
		return rc;
	v.cmd = ETHTOOL_SFLAGS;
	v.data &= ~(uint32_t)ETH_FLAG_RXVLAN;
	return ethtool(ifname, &v);
}

/* ---- XDP features: generic netlink "netdev", Linux 6.3 ---- */

/* linux/netdev.h, younger than Debian 12's headers */
enum { NETDEV_GET = 1, NETDEV_IFINDEX = 1, NETDEV_XDP_FEATURES = 3,
	NETDEV_NDO_XMIT = 4 };

static struct nlmsghdr *genl(char *buf, uint16_t type, uint8_t cmd)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *g;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->cmd = cmd;
	g->version = 1;
	return h;
}

static void on_family(void *arg, const struct nlmsghdr *h)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_ID)
			*(uint16_t *)arg = mnl_attr_get_u16(a);
}

static void on_features(void *arg, const struct nlmsghdr *h)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(a) == NETDEV_XDP_FEATURES)
			*(uint64_t *)arg = mnl_attr_get_u64(a);
}

int kernel_xdp_xmit(int ifindex)
{
	char buf[256];
	struct nlmsghdr *h = genl(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	uint64_t features = 0;
	uint16_t family = 0;

	mnl_attr_put_strz(h, CTRL_ATTR_FAMILY_NAME, "netdev");
	if (ask(NETLINK_GENERIC, h, on_family, &family) || !family)
		return -ENOENT;
	h = genl(buf, family, NETDEV_GET);
	mnl_attr_put_u32(h, NETDEV_IFINDEX, (uint32_t)ifindex);
	if (ask(NETLINK_GENERIC, h, on_features, &features))
		return -ENOENT;
	return !!(features & NETDEV_NDO_XMIT);
}
