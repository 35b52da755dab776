// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Members of nftables sets by bare netlink: libnftables reads the whole table
 * first, some milliseconds, and a host that was just found waits meanwhile.
 */
#include "kernel/kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PER_MESSAGE = 256, ROOM = KERNEL_ELEMENTS_MAX * PER_MESSAGE + 1024 };

int kernel_nfnl_open(void)
{
	struct sockaddr_nl sa = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	int size = 2 * ROOM;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		close(fd);
		return -errno;
	}
	return fd;
}

static char *put_head(char *p, uint16_t type, uint16_t flags, uint8_t family,
	uint16_t res, struct nlmsghdr **ret)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(p);
	struct nfgenmsg *g;

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = 1;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	g->res_id = htons(res);
	*ret = h;
	return p + h->nlmsg_len;
}

static char *put_element(char *p, uint8_t family, const char *table,
	const struct kernel_map_element *e, bool last)
{
	uint16_t op = e->add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM;
	struct nlattr *list, *elem, *key, *data;
	struct nlmsghdr *h;

	(void)put_head(p, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | op),
		(uint16_t)((e->add ? NLM_F_CREATE : 0) | (last ? NLM_F_ACK : 0)),
		family, 0, &h);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, e->set);
	list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	key = mnl_attr_nest_start(h, NFTA_SET_ELEM_KEY);
	mnl_attr_put(h, NFTA_DATA_VALUE, e->key_len, e->key);
	mnl_attr_nest_end(h, key);
	if (e->add && e->value_len) {
		data = mnl_attr_nest_start(h, NFTA_SET_ELEM_DATA);
		mnl_attr_put(h, NFTA_DATA_VALUE, e->value_len, e->value);
		mnl_attr_nest_end(h, data);
	}
	mnl_attr_nest_end(h, elem);
	mnl_attr_nest_end(h, list);
	return p + h->nlmsg_len;
}

/* The last message asks for an answer; errors of the others come before. */
static int answer(int fd)
{
	char buf[8192];
	int rc = 0;

	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		const struct nlmsghdr *h = (const void *)buf;
		int left = (int)n;

		if (n < 0)
			return -errno;
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			if (!e->error)
				return rc;
			rc = e->error;
			if (e->msg.nlmsg_flags & NLM_F_ACK)
				return rc;
		}
		/* a refused batch is not acknowledged */
		if (rc)
			return rc;
	}
}

/* What an earlier refusal left unread. */
static void drain(int fd)
{
	char buf[8192];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

int kernel_nft_has_table(int fd, const char *table)
{
	char buf[PER_MESSAGE];
	struct nlmsghdr *h;
	int rc;

	if (strlen(table) >= NFT_NAME_MAXLEN / 2)
		return -EINVAL;
	drain(fd);
	(void)put_head(buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
		NLM_F_ACK, NFPROTO_INET, 0, &h);
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, table);
	if (send(fd, buf, h->nlmsg_len, 0) < 0)
		return -errno;
	rc = answer(fd);
	return rc == -ENOENT ? 0 : rc ? rc : 1;
}

int kernel_nft_map(int fd, uint8_t family, const char *table,
	const struct kernel_map_element *v, size_t n)
{
	static char buf[ROOM];
	struct nlmsghdr *h;
	char *p = buf;

	if (!n)
		return 0;
	if (n > KERNEL_ELEMENTS_MAX)
		return -EMSGSIZE;
	drain(fd);
	p = put_head(p, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC,
		NFNL_SUBSYS_NFTABLES, &h);
	for (size_t i = 0; i < n; i++)
		p = put_element(p, family, table, &v[i], i + 1 == n);
	p = put_head(p, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES,
		&h);
	if (send(fd, buf, (size_t)(p - buf), 0) < 0)
		return -errno;
	return answer(fd);
}

int kernel_nft_elements(int fd, const char *table,
	const struct kernel_element *v, size_t n)
{
	static struct kernel_map_element m[KERNEL_ELEMENTS_MAX];

	for (size_t i = 0; i < n && i < KERNEL_ELEMENTS_MAX; i++) {
		m[i] = (struct kernel_map_element){.set = v[i].set,
			.add = v[i].add, .key_len = sizeof(v[i].addr)};
		memcpy(m[i].key, v[i].addr.b, sizeof(v[i].addr));
	}
	return kernel_nft_map(fd, NFPROTO_INET, table, m, n);
}
