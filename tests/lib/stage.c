// SPDX-License-Identifier: GPL-2.0-or-later
#include "stage.h"
#include "frame.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const struct mac stage_gw_mac = {{0x02, 0, 0, 0, 0, 1}};
const struct mac stage_far_mac = {{0x02, 0, 0, 0, 0, 2}};

static const char *const far_names[] = {"wan1", "lan1", NULL, "seg1"};

int stage_side(enum role r)
{
	return r == ROLE_WAN ? 0 : r == ROLE_LAN ? 1 : 2;
}

static char ns_gw[32], ns_far[32];

static void shell(const char *prefix, const char *fmt, va_list ap)
{
	char buf[2048];
	int n = snprintf(buf, sizeof(buf), "%s", prefix);

	vsnprintf(buf + n, sizeof(buf) - (size_t)n, fmt, ap);
	if (system(buf)) {
		fprintf(stderr, "failed: %s\n", buf);
		exit(1);
	}
}

void stage_sh(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	shell("", fmt, ap);
	va_end(ap);
}

void stage_far(const char *fmt, ...)
{
	char prefix[64];
	va_list ap;

	snprintf(prefix, sizeof(prefix), "ip netns exec %s ", ns_far);
	va_start(ap, fmt);
	shell(prefix, fmt, ap);
	va_end(ap);
}

static void enter(const char *ns)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET)) {
		perror(ns);
		exit(1);
	}
	close(fd);
}

static void cleanup_ns(void)
{
	char buf[160];

	snprintf(buf, sizeof(buf),
		"ip netns del %s 2>/dev/null; ip netns del %s 2>/dev/null",
		ns_gw, ns_far);
	if (system(buf))
		return;
}

static int packet_socket(const char *ifname)
{
	struct sockaddr_ll sll = {.sll_family = AF_PACKET,
		.sll_protocol = 0x0300 /* ETH_P_ALL */,
		.sll_ifindex = (int)if_nametoindex(ifname)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sll, sizeof(sll))) {
		perror(ifname);
		exit(1);
	}
	return fd;
}

static void make_link(const char *near, const char *far)
{
	stage_sh("ip -n %s link add %s address 02:00:00:00:00:01 type veth peer name %s netns %s address 02:00:00:00:00:02",
		ns_gw, near, far, ns_far);
	stage_sh("ip -n %s link set %s up; ip -n %s link set %s up", ns_gw, near,
		ns_far, far);
}

static void one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

void stage_up(struct stage *st)
{
	one_cpu();
	snprintf(ns_gw, sizeof(ns_gw), "kdjg%d", getpid());
	snprintf(ns_far, sizeof(ns_far), "kdjf%d", getpid());
	atexit(cleanup_ns);
	stage_sh("ip netns add %s && ip netns add %s", ns_gw, ns_far);
	stage_sh("ip netns exec %s sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1",
		ns_far);
	stage_sh("ip netns exec %s sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 net.ipv4.conf.all.accept_local=1",
		ns_gw);
	make_link("wan0", "wan1");
	make_link("lan0", "lan1");
	make_link("seg0", "seg1");
	stage_sh("ip -n %s link set lo up; ip -6 -n %s addr add 2404:1a8:ff::1/128 dev lo; ip -6 -n %s route add default via fe80::2 dev wan0; ip -n %s route add default via 10.255.255.2 dev wan0 onlink",
		ns_gw, ns_gw, ns_gw, ns_gw);
	enter(ns_far);
	for (int r = 0; r < ROLE_MAX; r++)
		if (far_names[r])
			st->fd[stage_side((enum role)r)] = packet_socket(far_names[r]);
	enter(ns_gw);
}

void stage_neighbours(void)
{
	stage_sh("for d in wan0 lan0 seg0; do for a in fe80::2 10.255.255.2; do ip neigh replace $a lladdr 02:00:00:00:00:02 dev $d nud permanent; done; done");
}

void stage_drain(struct stage *st)
{
	uint8_t buf[4096];

	for (int i = 0; i < STAGE_SIDES; i++)
		while (recv(st->fd[i], buf, sizeof(buf), 0) >= 0)
			;
}

void stage_flush_conntrack(void)
{
	stage_sh("conntrack -F >/dev/null 2>&1");
}

void stage_send(struct stage *st, const struct packet *p,
	const struct packet *quoted, uint64_t mark)
{
	struct frame f[2];
	size_t n = frame_build(p, quoted, &stage_far_mac, &stage_gw_mac, mark, f);

	for (size_t i = 0; i < n; i++)
		if (send(st->fd[stage_side(p->in)], f[i].buf, f[i].len, 0) < 0)
			perror("send");
}

/* Our own frames, which a packet socket also sees, are passed over. */
uint64_t stage_next(struct stage *st, enum role out)
{
	int fd = st->fd[stage_side(out)];
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	uint64_t mark;
	ssize_t n;

	while ((n = recvfrom(fd, st->got, sizeof(st->got), 0,
			(struct sockaddr *)&from, &len)) >= 0) {
		len = sizeof(from);
		st->got_n = (size_t)n;
		mark = from.sll_pkttype == PACKET_OUTGOING ? 0
			: frame_mark(st->got, (size_t)n);
		if (mark)
			return mark;
	}
	return 0;
}

static int patience = STAGE_SURELY_MS;

int stage_wait(bool surely)
{
	return surely ? patience : STAGE_WAIT_MS;
}

void stage_missed(void)
{
	patience = 5 * STAGE_WAIT_MS;
}

bool stage_arrives(struct stage *st, enum role out, uint64_t mark, bool surely)
{
	struct pollfd p = {.fd = st->fd[stage_side(out)], .events = POLLIN};
	uint64_t got;

	for (int ms = 0; ms < stage_wait(surely); ms += 5) {
		if (poll(&p, 1, 5) <= 0)
			continue;
		while ((got = stage_next(st, out)))
			if (got == mark)
				return true;
	}
	if (surely)
		stage_missed();
	return false;
}
