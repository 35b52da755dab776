// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECEIVE_BYTES = 8 << 20, MESSAGE_MAX = 128 << 10, BATCH = 256 };

static struct nlmsghdr *config(void *buf, uint16_t group)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *g;

	h->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->nfgen_family = AF_UNSPEC;
	g->version = NFNETLINK_V0;
	g->res_id = htons(group);
	return h;
}

/* Send and wait for the kernel's word. */
static int ask(int fd, const struct nlmsghdr *h)
{
	char buf[4096];
	const struct nlmsghdr *r = (const void *)buf;
	const struct nlmsgerr *e;
	ssize_t n;

	if (send(fd, h, h->nlmsg_len, 0) < 0)
		return -errno;
	n = recv(fd, buf, sizeof(buf), 0);
	if (n < 0)
		return -errno;
	if (!mnl_nlmsg_ok(r, (int)n) || r->nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	e = mnl_nlmsg_get_payload(r);
	return e->error;
}

static int bind_group(int fd, uint16_t group)
{
	struct nfulnl_msg_config_cmd bind = {.command = NFULNL_CFG_CMD_BIND};
	struct nfulnl_msg_config_mode mode = {.copy_mode = NFULNL_COPY_PACKET,
		.copy_range = htonl(0xffff)};
	char buf[512];
	struct nlmsghdr *h = config(buf, group);
	int rc;

	mnl_attr_put(h, NFULA_CFG_CMD, sizeof(bind), &bind);
	rc = ask(fd, h);
	if (rc)
		return rc;
	h = config(buf, group);
	mnl_attr_put(h, NFULA_CFG_MODE, sizeof(mode), &mode);
	/* each packet at once; the default waits for a hundred or a second */
	mnl_attr_put_u32(h, NFULA_CFG_QTHRESH, htonl(1));
	mnl_attr_put_u32(h, NFULA_CFG_NLBUFSIZ, htonl(MESSAGE_MAX));
	return ask(fd, h);
}

int kernel_nflog_open(uint16_t group)
{
	struct sockaddr_nl sa = {.nl_family = AF_NETLINK};
	int size = RECEIVE_BYTES, rc;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	rc = bind(fd, (struct sockaddr *)&sa, sizeof(sa)) ? -errno
							    : bind_group(fd, group);
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

static void one(const struct nlmsghdr *h, kernel_nflog_fn fn, void *arg)
{
	const struct nfulnl_msg_packet_hdr *ph = NULL;
	const struct nlattr *a, *payload = NULL;
	const char *prefix = "";

	if (h->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
		return;
	mnl_attr_for_each(a, h, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(a) == NFULA_PAYLOAD)
			payload = a;
		else if (mnl_attr_get_type(a) == NFULA_PACKET_HDR &&
			mnl_attr_get_payload_len(a) >= sizeof(*ph))
			ph = mnl_attr_get_payload(a);
		else if (mnl_attr_get_type(a) == NFULA_PREFIX &&
			!mnl_attr_validate(a, MNL_TYPE_NUL_STRING))
			prefix = mnl_attr_get_str(a);
	}
	if (ph && payload)
		fn(arg, ph->hook == NF_INET_POST_ROUTING, prefix,
			mnl_attr_get_payload(payload),
			mnl_attr_get_payload_len(payload));
}

int kernel_nflog_read(int fd, kernel_nflog_fn fn, void *arg)
{
	static uint32_t buf[MESSAGE_MAX / 4];

	for (int i = 0; i < BATCH; i++) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		const struct nlmsghdr *h = (const void *)buf;
		int left = (int)n;

		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			one(h, fn, arg);
	}
	return 0;
}
