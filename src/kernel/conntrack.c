// SPDX-License-Identifier: GPL-2.0-or-later
/* Conntrack by ctnetlink. */
#include "kernel/kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void put_tuple(struct nlmsghdr *h, const struct kernel_flow *f)
{
	struct nlattr *t = mnl_attr_nest_start(h, CTA_TUPLE_ORIG), *in;
	bool six = f->fam == FAM_6;

	in = mnl_attr_nest_start(h, CTA_TUPLE_IP);
	mnl_attr_put(h, six ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, six ? 16 : 4,
		six ? f->src.b : f->src.b + 12);
	mnl_attr_put(h, six ? CTA_IP_V6_DST : CTA_IP_V4_DST, six ? 16 : 4,
		six ? f->dst.b : f->dst.b + 12);
	mnl_attr_nest_end(h, in);
	in = mnl_attr_nest_start(h, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(h, CTA_PROTO_NUM, f->proto);
	mnl_attr_put_u16(h, CTA_PROTO_SRC_PORT, htons(f->sport));
	mnl_attr_put_u16(h, CTA_PROTO_DST_PORT, htons(f->dport));
	mnl_attr_nest_end(h, in);
	mnl_attr_nest_end(h, t);
}

/* Liberal with windows; the last acknowledgement (RST) forgotten. */
static void put_liberal(struct nlmsghdr *h)
{
	struct nf_ct_tcp_flags f = {.flags = IP_CT_TCP_FLAG_BE_LIBERAL,
		.mask = IP_CT_TCP_FLAG_BE_LIBERAL | IP_CT_TCP_FLAG_MAXACK_SET};
	struct nlattr *p = mnl_attr_nest_start(h, CTA_PROTOINFO);
	struct nlattr *t = mnl_attr_nest_start(h, CTA_PROTOINFO_TCP);

	mnl_attr_put(h, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, sizeof(f), &f);
	mnl_attr_put(h, CTA_PROTOINFO_TCP_FLAGS_REPLY, sizeof(f), &f);
	mnl_attr_nest_end(h, t);
	mnl_attr_nest_end(h, p);
}

int kernel_ct_liberal(int fd, const struct kernel_flow *f)
{
	char buf[512];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *g;
	const struct nlmsgerr *e;
	ssize_t n;

	h->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->nfgen_family = f->fam == FAM_6 ? AF_INET6 : AF_INET;
	g->version = NFNETLINK_V0;
	/* any direction's tuple finds the entry */
	put_tuple(h, f);
	put_liberal(h);
	if (send(fd, h, h->nlmsg_len, 0) < 0)
		return -errno;
	n = recv(fd, buf, sizeof(buf), 0);
	if (n < 0)
		return -errno;
	h = (struct nlmsghdr *)buf;
	if (!mnl_nlmsg_ok(h, (int)n) || h->nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	e = mnl_nlmsg_get_payload(h);
	return e->error;
}
