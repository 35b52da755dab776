/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many raw frames out, and a count of what arrived where.
 *
 * On a veth pair a sent frame runs through bridges and the gate in the sender's
 * own system call, as long as the kernel does not hand the work to ksoftirqd;
 * then a backlog of 1,000 frames (net.core.netdev_max_backlog) may overflow in
 * silence. Hence small bursts, and a watcher in front of the gate: who finds
 * numbers missing there shoots them again.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "base/rd.h"
#include "lab/lab-own.h"

enum { BURST = 64, LOOK = 320, READ_N = 64, SEEN_TOP = 255 };

static const uint8_t magic[4] = {0x6b, 0xd7, 0x4d, 0xe1};

struct kept {
	uint32_t number;
	size_t len;
	uint8_t b[LOOK];
};

struct lab_watch {
	int fd;
	uint32_t run, n;
	uint8_t *seen;
	size_t count, lost, keep_max;
	struct kept *kept;
	size_t kept_n, kept_cap;
};

void lab_mark_put(uint8_t p[LAB_MARK_LEN], uint32_t run, uint32_t number)
{
	memcpy(p, magic, sizeof(magic));
	put_be32(p + 4, run);
	put_be32(p + 8, number);
}

int lab_watch_new(const struct lab *lab, enum lab_node node, const char *ifname,
	bool rx_only, uint32_t run, uint32_t n, struct lab_watch **ret)
{
	int fd = lab_packet_socket(lab, node, ifname, rx_only);
	struct lab_watch *w;

	if (fd < 0)
		return fd;
	w = xcalloc(1, sizeof(*w));
	*w = (struct lab_watch){.fd = fd, .run = run, .n = n,
		.seen = xcalloc(n ? n : 1, 1)};
	*ret = w;
	return 0;
}

void lab_watch_free(struct lab_watch *w)
{
	if (!w)
		return;
	close(w->fd);
	free(w->seen);
	free(w->kept);
	free(w);
}

void lab_watch_keep(struct lab_watch *w, size_t max)
{
	w->keep_max = max;
}

static void keep(struct lab_watch *w, uint32_t number, const uint8_t *p,
	size_t len)
{
	struct kept *k;

	if (w->kept_n >= w->keep_max)
		return;
	k = GROW(w->kept, w->kept_n, w->kept_cap);
	k->number = number;
	k->len = len;
	memcpy(k->b, p, len);
}

/* One frame: whose mark is in it? */
static bool frame_look(struct lab_watch *w, const uint8_t *p, size_t len)
{
	const uint8_t *m = memmem(p, len, magic, sizeof(magic));
	struct rd r;
	uint32_t number;

	if (!m)
		return false;
	r = rd_of(m + sizeof(magic), (size_t)(p + len - m) - sizeof(magic));
	if (rd_be32(&r) != w->run)
		return false;
	number = rd_be32(&r);
	if (!rd_ok(&r) || number >= w->n)
		return false;
	if (w->seen[number] == 0) {
		w->count++;
		keep(w, number, p, len);
	}
	if (w->seen[number] < SEEN_TOP)
		w->seen[number]++;
	return true;
}

size_t lab_watch_read(struct lab_watch *w)
{
	static _Thread_local uint8_t buf[READ_N][LOOK];
	struct iovec iov[READ_N];
	struct mmsghdr m[READ_N];
	size_t marked = 0;
	int got;

	do {
		memset(m, 0, sizeof(m));
		for (int i = 0; i < READ_N; i++) {
			iov[i] = (struct iovec){buf[i], LOOK};
			m[i].msg_hdr.msg_iov = &iov[i];
			m[i].msg_hdr.msg_iovlen = 1;
		}
		got = recvmmsg(w->fd, m, READ_N, MSG_DONTWAIT, NULL);
		for (int i = 0; i < got; i++)
			marked += frame_look(w, buf[i], m[i].msg_len);
	} while (got == READ_N);
	return marked;
}

void lab_watch_settle(struct lab_watch *const *w, size_t n, msec_t quiet_ms)
{
	msec_t last = clock_ms();

	for (; clock_ms() - last < quiet_ms; lab_sleep(1))
		for (size_t i = 0; i < n; i++)
			if (lab_watch_read(w[i]))
				last = clock_ms();
}

unsigned lab_watch_seen(const struct lab_watch *w, uint32_t number)
{
	return number < w->n ? w->seen[number] : 0;
}

size_t lab_watch_count(const struct lab_watch *w)
{
	return w->count;
}

/* The kernel's counter starts anew at each question (packet(7)). */
size_t lab_watch_lost(struct lab_watch *w)
{
	struct tpacket_stats st;
	socklen_t n = sizeof(st);

	if (getsockopt(w->fd, SOL_PACKET, PACKET_STATISTICS, &st, &n) == 0)
		w->lost += st.tp_drops;
	return w->lost;
}

const uint8_t *lab_watch_frame(const struct lab_watch *w, uint32_t number,
	size_t *len)
{
	for (size_t i = 0; i < w->kept_n; i++)
		if (w->kept[i].number == number) {
			*len = w->kept[i].len;
			return w->kept[i].b;
		}
	return NULL;
}

static void read_all(struct lab_watch *const *w, size_t wn)
{
	for (size_t i = 0; i < wn; i++)
		lab_watch_read(w[i]);
}

/* All of m[0..n), however often the kernel wants to be asked. */
static int burst(int fd, struct mmsghdr *m, unsigned n)
{
	while (n > 0) {
		int done = sendmmsg(fd, m, n, 0);

		if (done < 0 && (errno == ENOBUFS || errno == EAGAIN)) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};

			poll(&p, 1, 1);
			continue;
		}
		if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			m += done;
			n -= (unsigned)done;
		}
	}
	return 0;
}

/* Protocol 0: it only sends; arriving frames would cost time and fill it. */
static int sender_open(const struct lab *lab, enum lab_node node,
	const char *ifname)
{
	struct sockaddr_ll sll = {.sll_family = AF_PACKET};
	int fd = lab_socket(lab, node, AF_PACKET, SOCK_RAW, 0), one = 1, e;
	struct ifreq ifr = {0};

	if (fd < 0)
		return fd;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	if (ioctl(fd, SIOCGIFINDEX, &ifr) == 0) {
		sll.sll_ifindex = ifr.ifr_ifindex;
		if (bind(fd, (struct sockaddr *)&sll, sizeof(sll)) == 0)
			return fd;
	}
	e = -errno;
	close(fd);
	return e;
}

int lab_shoot(const struct lab *lab, enum lab_node node, const char *ifname,
	const struct lab_frame *frames, size_t n, struct lab_watch *const *w,
	size_t wn)
{
	int fd = sender_open(lab, node, ifname), e = 0;
	struct iovec iov[BURST];
	struct mmsghdr m[BURST];
	unsigned k = 0;

	if (fd < 0)
		return fd;
	memset(m, 0, sizeof(m));
	for (size_t i = 0; e == 0 && i < n; i++) {
		if (frames[i].p) {
			iov[k] = (struct iovec){(void *)(uintptr_t)frames[i].p,
				frames[i].n};
			m[k].msg_hdr.msg_iov = &iov[k];
			m[k++].msg_hdr.msg_iovlen = 1;
		}
		if (k == BURST || (k && i + 1 == n)) {
			e = burst(fd, m, k);
			read_all(w, wn);
			k = 0;
		}
	}
	close(fd);
	return e;
}
