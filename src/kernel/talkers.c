// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading a dynamic set: the hosts whose packets were forwarded lately. */
#include "kernel/kernel.h"

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

/* iif (4) . ether saddr (6, padded to 8) . ip6 saddr (16) */
enum { KEY_LEN = 28, AT_MAC = 4, AT_ADDR = 12 };

struct reading {
	uint64_t oldest_left_ms;	/* expiration below it: not fresh */
	void (*fn)(void *, int, const struct mac *, const struct addr *);
	void *arg;
};

static void one_key(const struct reading *r, const uint8_t *key)
{
	struct addr a;
	struct mac m;
	uint32_t ifindex;

	memcpy(&ifindex, key, sizeof(ifindex));
	memcpy(m.b, key + AT_MAC, sizeof(m.b));
	memcpy(a.b, key + AT_ADDR, sizeof(a.b));
	r->fn(r->arg, (int)ifindex, &m, &a);
}

static const struct nlattr *value_of(const struct nlattr *key)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, key)
		if (mnl_attr_get_type(a) == NFTA_DATA_VALUE)
			return a;
	return NULL;
}

static void one_element(const struct reading *r, const struct nlattr *elem)
{
	const struct nlattr *a, *key = NULL;
	uint64_t left = 0;

	mnl_attr_for_each_nested(a, elem) {
		if (mnl_attr_get_type(a) == NFTA_SET_ELEM_KEY)
			key = value_of(a);
		else if (mnl_attr_get_type(a) == NFTA_SET_ELEM_EXPIRATION &&
			mnl_attr_get_payload_len(a) == sizeof(left))
			memcpy(&left, mnl_attr_get_payload(a), sizeof(left));
	}
	if (key && mnl_attr_get_payload_len(key) == KEY_LEN &&
		be64toh(left) >= r->oldest_left_ms)
		one_key(r, mnl_attr_get_payload(key));
}

static int on_message(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *a, *e;

	mnl_attr_for_each(a, h, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(a) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested(e, a)
			one_element(arg, e);
	}
	return MNL_CB_OK;
}

int kernel_nft_talkers(int fd, const char *table, const char *set,
	uint64_t timeout_ms, uint64_t fresh_ms,
	void (*fn)(void *, int, const struct mac *, const struct addr *),
	void *arg)
{
	struct reading r = {timeout_ms - MIN2(fresh_ms, timeout_ms), fn, arg};
	static char buf[65536];
	struct nlmsghdr *h;
	struct nfgenmsg *g;
	ssize_t n;
	int rc = 1;

	/* what an earlier refusal left unread */
	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = 1;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->nfgen_family = NFPROTO_INET;
	g->version = NFNETLINK_V0;
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	if (send(fd, buf, h->nlmsg_len, 0) < 0)
		return -errno;
	while (rc > 0) {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0)
			return -errno;
		rc = mnl_cb_run(buf, (size_t)n, 0, 0, on_message, &r);
		if (rc < 0)
			return -errno;
	}
	return 0;
}
