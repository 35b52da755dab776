// SPDX-License-Identifier: GPL-2.0-or-later
/* Raw sockets for Neighbour Discovery. */
#include "kernel/kernel.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RCVBUF = 4 << 20 };

/*
 * Offsets from the Ethernet header: type 12, next header 20, hop limit 21,
 * ICMPv6 type 54. Plain ND always; extension headers and fragments only with
 * hop limit 255, so that the Internet's fragments cost nothing here.
 */
static const struct sock_filter nd_filter[] = {
	/* 0 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	/* 1 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 13),
	/* 2 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
	/* 3 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 7, 0),
	/* 4 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 44, 4, 0),
	/* 5 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 60, 3, 0),
	/* 6 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 43, 2, 0),
	/* 7 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 51, 1, 0),
	/* 8 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 6),
	/* 9 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 21),
	/* 10 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 255, 3, 4),
	/* 11 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
	/* 12 */ BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 133, 0, 2),
	/* 13 */ BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 137, 1, 0),
	/* 14 */ BPF_STMT(BPF_RET | BPF_K, 0x40000),
	/* 15 */ BPF_STMT(BPF_RET | BPF_K, 0),
};

static int join_all(int fd, int ifindex)
{
	struct packet_mreq m = {.mr_ifindex = ifindex,
		.mr_type = PACKET_MR_ALLMULTI};

	return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m));
}

static int prepare(int fd, int ifindex)
{
	struct sock_fprog prog = {.len = ARRAY_LEN(nd_filter),
		.filter = (struct sock_filter *)(uintptr_t)nd_filter};
	struct sockaddr_ll sll = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6), .sll_ifindex = ifindex};
	int one = 1, size = RCVBUF;

	/* the filter is in before the first frame can be */
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ||
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
			sizeof(one)) ||
		bind(fd, (struct sockaddr *)&sll, sizeof(sll)) ||
		join_all(fd, ifindex))
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return 0;
}

int kernel_nd_open(const char *ifname)
{
	int ifindex = (int)if_nametoindex(ifname);
	int fd, rc;

	if (!ifindex)
		return -ENODEV;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	rc = prepare(fd, ifindex);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

static void vectors(struct kernel_frames *f, struct mmsghdr *m,
	struct iovec *v, bool in)
{
	memset(m, 0, sizeof(*m) * KERNEL_ND_BATCH);
	for (unsigned i = 0; i < KERNEL_ND_BATCH; i++) {
		v[i].iov_base = f->b[i];
		v[i].iov_len = in ? KERNEL_ND_FRAME : f->len[i];
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
}

int kernel_nd_recv(int fd, struct kernel_frames *f)
{
	struct mmsghdr m[KERNEL_ND_BATCH];
	struct iovec v[KERNEL_ND_BATCH];
	int n;

	vectors(f, m, v, true);
	f->n = 0;
	n = recvmmsg(fd, m, KERNEL_ND_BATCH, MSG_DONTWAIT, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENETDOWN
			       ? 0 : -errno;
	for (f->n = 0; f->n < (unsigned)n; f->n++)
		f->len[f->n] = m[f->n].msg_len;
	return 0;
}

void kernel_nd_send(int fd, struct kernel_frames *f)
{
	struct mmsghdr m[KERNEL_ND_BATCH];
	struct iovec v[KERNEL_ND_BATCH];
	unsigned done = 0;

	vectors(f, m, v, false);
	while (done < f->n) {
		int n = sendmmsg(fd, m + done, f->n - done, MSG_DONTWAIT);

		/* the first one is refused: the others may still go */
		done += n > 0 ? (unsigned)n : 1;
	}
	f->n = 0;
}
