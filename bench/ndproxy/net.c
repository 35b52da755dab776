/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net.h"
#include "wire/eth.h"
#include "wire/ip6.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define P "2404:7a80:5:6"
#define DEVICE "device casa rakuten-casa mac 00:1b:8b:10:20:01\n"
const char *const subject_name[SUBJECTS] = {
	"ours + filter (BPF)", "ours", "ndppd", "kernel"};
enum { GW = GWNS };

int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void sleep_ms(unsigned ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

struct addr text_addr(const char *s)
{
	struct addr a;
	enum family f;

	if (addr_parse(s, &f, &a))
		abort();
	return a;
}

struct addr host_addr(unsigned i)
{
	struct addr a = text_addr(P "::1:0");

	a.b[14] = (uint8_t)((i + 1) >> 8);
	a.b[15] = (uint8_t)(i + 1);
	return a;
}

static int run(const struct net *n, int ns, const char *cmd)
{
	cleanup(freep) char *s = ns < 0 ? xstrdup(cmd) :
		xasprintf("ip netns exec %s sh -c '%s'", n->ns[ns], cmd);

	return system(s);
}

int net_sh(const struct net *n, int ns, const char *fmt, ...)
{
	char buf[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return run(n, ns, buf);
}

void net_read(const struct net *n, char *buf, size_t len, const char *fmt, ...)
{
	char cmd[1024];
	va_list ap;
	size_t got;
	FILE *f;
	int k = snprintf(cmd, sizeof(cmd), "ip netns exec %s ", n->ns[GW]);

	va_start(ap, fmt);
	vsnprintf(cmd + k, sizeof(cmd) - (size_t)k, fmt, ap);
	va_end(ap);
	f = popen(cmd, "re");
	got = f ? fread(buf, 1, len - 1, f) : 0;
	buf[got] = '\0';
	if (f)
		pclose(f);
}

/* ---- raw sockets ---- */

static int enter(const char *ns)
{
	char path[80];
	int fd, old = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET)) {
		perror(ns);
		exit(1);
	}
	close(fd);
	return old;
}

static void hw_of(const char *ifname, struct mac *ret)
{
	struct ifreq r = {0};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", ifname);
	ioctl(fd, SIOCGIFHWADDR, &r);
	memcpy(ret->b, r.ifr_hwaddr.sa_data, 6);
	close(fd);
}

static void raw_open(struct net *n, enum side s)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6)};
	struct packet_mreq m = {.mr_type = PACKET_MR_PROMISC};
	int one = 1, size = 64 << 20, old = enter(n->ns[s == LAN2 ? LAN : s]);
	const char *dev = s == LAN2 ? "eth1" : "eth0";

	hw_of(dev, &n->mac[s]);
	ll.sll_ifindex = m.mr_ifindex = (int)if_nametoindex(dev);
	n->fd[s] = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(n->fd[s], SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
		sizeof(one));
	setsockopt(n->fd[s], SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(n->fd[s], (struct sockaddr *)&ll, sizeof(ll)))
		perror("bind");
	setsockopt(n->fd[s], SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m));
	setns(old, CLONE_NEWNET);
	close(old);
}

static void gw_macs(struct net *n)
{
	int old = enter(n->ns[GW]);

	hw_of("wan0", &n->gw_mac[WAN]);
	hw_of("lan0", &n->gw_mac[LAN]);
	if (n->two_lans)
		hw_of("lan1", &n->gw_mac[LAN2]);
	setns(old, CLONE_NEWNET);
	close(old);
}

void net_up(struct net *n)
{
	static const char *const names[] = {"wan", "lan", "gw"};

	for (int i = 0; i < 3; i++) {
		snprintf(n->ns[i], sizeof(n->ns[i]), "kdnb%d-%s", (int)getpid(),
			names[i]);
		net_sh(n, -1, "ip netns add %s", n->ns[i]);
		net_sh(n, i, "ip link set lo up; for f in all default; do "
			"sysctl -qw net.ipv6.conf.$f.accept_dad=0 "
			"net.ipv6.conf.$f.accept_ra=0; done");
	}
	snprintf(n->dir, sizeof(n->dir), "/tmp/kdnb%d", (int)getpid());
	mkdir(n->dir, 0755);
	for (int i = 0; i < 2; i++)
		net_sh(n, -1, "ip link add %s0 netns %s type veth peer name eth0 netns %s",
			names[i], n->ns[GW], n->ns[i]);
	net_sh(n, WAN, "ip link set eth0 up; ip -6 addr add fe80::100/64 dev eth0 nodad");
	net_sh(n, LAN, "ip link set eth0 up");
	net_sh(n, GW, "ip link set wan0 up; ip link set lan0 up");
	if (n->two_lans) {
		net_sh(n, -1, "ip link add lan1 netns %s type veth peer name eth1 netns %s",
			n->ns[GW], n->ns[LAN]);
		net_sh(n, LAN, "ip link set eth1 up");
		net_sh(n, GW, "ip link set lan1 up");
		raw_open(n, LAN2);
	}
	n->router = text_addr("fe80::100");
	raw_open(n, WAN);
	raw_open(n, LAN);
	gw_macs(n);
}

void net_down(struct net *n)
{
	for (int i = 0; i < 3; i++)
		net_sh(n, -1, "ip netns del %s", n->ns[i]);
	net_sh(n, -1, "rm -rf %s", n->dir);
}

/* ---- subjects ---- */

static pid_t spawn(const struct net *n, const char *fmt, ...)
{
	char cmd[1024];
	va_list ap;
	pid_t pid;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	pid = fork();
	if (pid)
		return pid;
	setpgid(0, 0);
	(void)enter(n->ns[GW]);
	execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
	_exit(127);
}

static void file_write(const struct net *n, const char *name, const char *body)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", n->dir, name);
	f = fopen(path, "we");
	if (f) {
		fputs(body, f);
		fclose(f);
	}
}

/* Addresses and routes of a gateway that is not ours. */
static void by_hand(const struct net *n)
{
	net_sh(n, GW, "sysctl -qw net.ipv6.conf.all.forwarding=1; "
		"ip -6 addr add " P "::f1/128 dev wan0 nodad; "
		"ip -6 addr add " P "::f2/64 dev lan0 nodad; "
		"ip -6 route add default via fe80::100 dev wan0");
}

/* A predecessor's children hold the lock until they are gone too. */
static pid_t spawn_ours(const struct net *n)
{
	return spawn(n, "flock %s/run/lock true 2>/dev/null; "
		"%sexec taskset -c 1 %s --lang en --conf %s/k.conf "
		"--run %s/run >>%s/ours.log 2>&1", n->dir,
		n->subject == OURS ? "KADOMORI_NDP_FILTER=off " : "", n->daemon,
		n->dir, n->dir, n->dir);
}

static pid_t spawn_ndppd(const struct net *n)
{
	return spawn(n, "exec taskset -c 1 ndppd -c %s/ndppd.conf >%s/ndppd.log 2>&1",
		n->dir, n->dir);
}

pid_t subject_again(struct net *n)
{
	waitpid(n->pid, NULL, 0);
	n->pid = subject_is_ours(n) ? spawn_ours(n) : spawn_ndppd(n);
	return n->pid;
}

void subject_swap(struct net *n, int sig)
{
	kill(sig == SIGKILL ? -n->pid : n->pid, sig);
	n->pid = spawn_ours(n);
}

static bool start_ours(struct net *n)
{
	char buf[4096];

	file_write(n, "k.conf", n->two_lans
		? "wan wan0\nlan lan0\nlan lan1\nline flets-ra\n" DEVICE
		: "wan wan0\nlan lan0\nline flets-ra\n" DEVICE);
	n->pid = spawn_ours(n);
	for (int i = 0; i < 100; i++) {
		send_ra(n, P "::", 1800, 86400, 14400);
		sleep_ms(100);
		net_read(n, buf, sizeof(buf),
			"nft list set inet kadomori lan6 2>/dev/null");
		if (strstr(buf, P))
			return true;
	}
	return false;
}

static bool start_ndppd(struct net *n)
{
	by_hand(n);
	file_write(n, "ndppd.conf", "proxy wan0 {\n\trouter no\n\trule " P
		"::/64 {\n\t\tiface lan0\n\t}\n}\n");
	n->pid = spawn_ndppd(n);
	sleep_ms(500);
	return !access("/usr/sbin/ndppd", X_OK);
}

static bool start_kernel(struct net *n)
{
	by_hand(n);
	/* without all.proxy_ndp unicast solicitations are forwarded instead */
	return !net_sh(n, GW, "sysctl -qw net.ipv6.conf.all.proxy_ndp=1 "
		"net.ipv6.conf.wan0.proxy_ndp=1 net.ipv6.neigh.wan0.proxy_delay=0");
}

bool subject_is_ours(const struct net *n)
{
	return n->subject == OURS || n->subject == OURS_BPF;
}

/* The kernel may refuse the filter; then there is no such column. */
static bool start_with_filter(struct net *n)
{
	char buf[65536];

	if (!start_ours(n))
		return false;
	net_read(n, buf, sizeof(buf), "env KADOMORI_RUN=%s/run %s status --json",
		n->dir, n->command);
	return strstr(buf, "\"ndp_filter\": \"on\"");
}

bool subject_start(struct net *n, enum subject s)
{
	n->subject = s;
	n->pid = 0;
	switch (s) {
	case OURS_BPF: return start_with_filter(n);
	case OURS:   return start_ours(n);
	case NDPPD:  return start_ndppd(n);
	case KERNEL: return start_kernel(n);
	}
	return false;
}

void subject_stop(struct net *n)
{
	if (subject_is_ours(n))
		net_sh(n, GW, "KADOMORI_RUN=%s/run %s --conf %s/k.conf down >/dev/null 2>&1",
			n->dir, n->command, n->dir);
	if (n->pid > 0) {
		kill(-n->pid, SIGTERM);
		sleep_ms(100);
		kill(-n->pid, SIGKILL);
		waitpid(n->pid, NULL, 0);
	}
	n->pid = 0;
	net_sh(n, GW, "rm -f %s/run/hosts; tc qdisc del dev wan0 clsact 2>/dev/null; ip -6 neigh flush all 2>/dev/null; "
		"ip -6 neigh flush proxy 2>/dev/null; ip -6 route flush default; "
		"for i in wan0 lan0; do ip -6 addr flush dev $i scope global; done; "
		"nft delete table inet kadomori 2>/dev/null; "
		"for i in all wan0; do sysctl -qw net.ipv6.conf.$i.proxy_ndp=0; done",
		n->dir);
}

pid_t subject_worker(const struct net *n)
{
	char buf[64];
	char cmd[128];
	FILE *f;

	if (!subject_is_ours(n))
		return n->pid;
	snprintf(cmd, sizeof(cmd), "pgrep -P %d kadomori-liste", (int)n->pid);
	f = popen(cmd, "re");
	buf[0] = '\0';
	if (f && !fgets(buf, sizeof(buf), f))
		buf[0] = '\0';
	if (f)
		pclose(f);
	return (pid_t)atoi(buf);
}

void subject_tell(const struct net *n, const struct addr *a)
{
	char s[ADDR_STR];

	if (n->subject == KERNEL)
		net_sh(n, GW, "ip -6 neigh add proxy %s dev wan0",
			addr_format(FAM_6, a, s));
}

/* ---- frames ---- */

size_t ns_frame(uint8_t *buf, const struct mac *from, const struct mac *to,
	const struct addr *src, const struct addr *target)
{
	struct nd_msg m = {.type = ND_NS, .l2src = *from, .src = *src,
		.target = *target, .has_sll = !addr_is_zero(src), .sll = *from};
	struct wr w = wr_of(buf, ND_FRAME_MAX);

	m.dst = to ? *target : addr_solicited_node(target);
	m.l2dst = to ? *to : mac_of_multicast(&m.dst);
	nd_build(&w, &m);
	return wr_len(&w);
}

size_t na_frame(uint8_t *buf, const struct mac *from, const struct mac *to,
	const struct addr *target, const struct addr *dst, uint8_t flags)
{
	struct nd_msg m = {.type = ND_NA, .l2src = *from, .src = *target,
		.target = *target, .has_tll = true, .tll = *from,
		.flags = flags, .dst = *dst};
	struct wr w = wr_of(buf, ND_FRAME_MAX);

	m.l2dst = to ? *to : mac_of_multicast(dst);
	nd_build(&w, &m);
	return wr_len(&w);
}

size_t echo_frame(uint8_t *buf, const struct mac *from, const struct mac *to,
	const struct addr *src, const struct addr *dst, uint16_t seq)
{
	uint8_t body[16] = {128};
	struct wr w = wr_of(buf, ND_FRAME_MAX);

	put_be16(body + 6, seq);
	nd_build_body(&w, from, to, src, dst, body, sizeof(body));
	return wr_len(&w);
}

void send_ra(struct net *n, const char *prefix, uint16_t life, uint32_t valid,
	uint32_t preferred)
{
	/* the timers of a published capture of the NGN */
	struct ra ra = {.hop_limit = 64, .lifetime_s = life, .has_sll = true,
		.sll = n->mac[WAN], .reachable_ms = 300000,
		.retrans_ms = 10000, .flags = RA_OTHER, .prefix_n = 1};
	struct mac all = mac_of_multicast(&addr_all_nodes);
	uint8_t body[256], frame[512];
	struct wr b = wr_of(body, sizeof(body)), f = wr_of(frame, sizeof(frame));

	ra.prefix[0] = (struct ra_prefix){text_addr(prefix), 64,
		PIO_ONLINK | PIO_AUTO, valid, preferred};
	if (ra_build(&b, &ra) || nd_build_body(&f, &n->mac[WAN], &all,
		&n->router, &addr_all_nodes, body, wr_len(&b)))
		abort();
	raw_send(n, WAN, frame, wr_len(&f));
}

void raw_send(const struct net *n, enum side s, const uint8_t *p, size_t len)
{
	(void)!send(n->fd[s], p, len, 0);
}

size_t raw_recv(const struct net *n, enum side s, uint8_t *buf, int64_t us)
{
	int64_t end = now_us() + us;
	struct pollfd p = {.fd = n->fd[s], .events = POLLIN};

	for (;;) {
		ssize_t got = recv(n->fd[s], buf, ND_FRAME_MAX, MSG_DONTWAIT);
		int64_t left = end - now_us();
		struct timespec t = {left / 1000000, left % 1000000 * 1000};

		if (got > 0)
			return (size_t)got;
		if (left <= 0 || ppoll(&p, 1, &t, NULL) < 0)
			return 0;
	}
}

void raw_drain(const struct net *n, enum side s)
{
	uint8_t buf[ND_FRAME_MAX];

	while (raw_recv(n, s, buf, 0))
		;
}

int64_t ask(const struct net *n, const struct addr *target, bool unicast,
	int64_t us)
{
	uint8_t f[ND_FRAME_MAX];
	size_t len = ns_frame(f, &n->mac[WAN], unicast ? &n->gw_mac[WAN] : NULL,
		&n->router, target);
	struct nd_msg m;
	int64_t start;

	raw_drain(n, WAN);
	start = now_us();
	raw_send(n, WAN, f, len);
	while ((len = raw_recv(n, WAN, f, start + us - now_us())))
		if (nd_parse(f, len, &m) == ND_GOOD && m.type == ND_NA &&
			!addr_cmp(&m.target, target))
			return now_us() - start;
	return -1;
}
