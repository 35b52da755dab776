// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three judges of the same packets: the table says what must happen, policy_ask
 * says what the policy means, and the kernel with the emitted rules shows what
 * does happen.
 *
 *	lan1 ── lan0 ┐
 *	             gw ── wan0 ── wan1
 *	seg1 ── seg0 ┘
 *
 * One namespace holds the gateway, another the far ends. The gateway's routes
 * lead to next hops with fixed MACs, so no neighbour discovery stands between
 * a packet and its verdict.
 *
 * usage: judge [--rules COMMAND] TABLE...
 *	--rules: load these instead of our own (run in the gateway's namespace
 *	by /bin/sh; another emitter's output, or nothing: "true").
 */
#include "../../lib/frame.h"
#include "../../lib/table.h"
#include "base/text.h"
#include "kernel/kernel.h"
#include "nft/nft.h"
#include "wire/eth.h"

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

enum { WAIT_MS = 30, SIDES = 3 };

static const struct mac gw_mac = {{0x02, 0, 0, 0, 0, 1}};
static const struct mac far_mac = {{0x02, 0, 0, 0, 0, 2}};

struct stage {
	int fd[SIDES]; /* packet sockets at wan1, lan1, seg1 by enum role */
	uint64_t mark;
};

static const char *const far_names[] = {"wan1", "lan1", NULL, "seg1"};

static int side_of(enum role r)
{
	return r == ROLE_WAN ? 0 : r == ROLE_LAN ? 1 : 2;
}

static void sh(const char *fmt, ...)
{
	char buf[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (system(buf)) {
		fprintf(stderr, "failed: %s\n", buf);
		exit(1);
	}
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

static char ns_gw[32], ns_far[32];

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
	sh("ip -n %s link add %s address 02:00:00:00:00:01 type veth peer name %s netns %s address 02:00:00:00:00:02",
		ns_gw, near, far, ns_far);
	sh("ip -n %s link set %s up; ip -n %s link set %s up", ns_gw, near,
		ns_far, far);
}

static void stage_up(struct stage *st)
{
	snprintf(ns_gw, sizeof(ns_gw), "kdjg%d", getpid());
	snprintf(ns_far, sizeof(ns_far), "kdjf%d", getpid());
	atexit(cleanup_ns);
	sh("ip netns add %s && ip netns add %s", ns_gw, ns_far);
	sh("ip netns exec %s sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1",
		ns_far);
	sh("ip netns exec %s sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 net.ipv4.conf.all.accept_local=1",
		ns_gw);
	make_link("wan0", "wan1");
	make_link("lan0", "lan1");
	make_link("seg0", "seg1");
	sh("ip -n %s link set lo up; ip -6 -n %s addr add 2404:1a8:ff::1/128 dev lo; ip -6 -n %s route add default via fe80::2 dev wan0; ip -n %s route add default via 10.255.255.2 dev wan0 onlink",
		ns_gw, ns_gw, ns_gw, ns_gw);
	enter(ns_far);
	for (int r = 0; r < ROLE_MAX; r++)
		if (far_names[r])
			st->fd[side_of((enum role)r)] = packet_socket(far_names[r]);
	enter(ns_gw);
}

static void add_routes(const struct addrmask *v, size_t n, const char *dev)
{
	char a[ADDRMASK_STR];

	for (size_t i = 0; i < n; i++) {
		addrmask_format(&v[i], a);
		sh("ip route replace %s via %s dev %s onlink", a,
			v[i].fam == FAM_6 ? "fe80::2" : "10.255.255.2", dev);
	}
}

static void load_rules(const struct table *t, const char *rules)
{
	struct text out = TEXT_INIT;
	char *said = NULL;
	char a[ADDR_STR];

	sh("nft flush ruleset");
	sh("ip -6 route flush dev lan0 proto boot 2>/dev/null; ip route flush dev lan0 2>/dev/null; ip addr flush dev wan0 scope global; true");
	/* an interface's last address takes its neighbours with it */
	sh("for d in wan0 lan0 seg0; do for a in fe80::2 10.255.255.2; do ip neigh replace $a lladdr 02:00:00:00:00:02 dev $d nud permanent; done; done");
	add_routes(t->f.lan6, t->f.lan6_n, "lan0");
	add_routes(t->f.lan4, t->f.lan4_n, "lan0");
	add_routes(t->f.seg6, t->f.seg6_n, "seg0");
	if (t->f.has_wan4)
		sh("ip addr replace %s/32 dev wan0; ip route replace default via 10.255.255.2 dev wan0 onlink",
			addr_format(FAM_4, &t->f.wan4, a));
	nft_emit(t->pol, &out);
	if (rules)
		sh("%s", rules);
	else if (kernel_nft_run(text_str(&out), &said)) {
		fprintf(stderr, "nft refused the emitted rules: %s\n", said);
		exit(1);
	}
	text_done(&out);
	sh("nft 'table inet watch { counter got { }; chain i { type filter hook input priority 300; policy accept; counter name got; }; }'");
}

/* Our own door lists without counters, so nft is asked. */
static unsigned long input_count(void)
{
	FILE *f = popen("nft list counter inet watch got", "r");
	char buf[128];
	unsigned long n = 0;

	while (f && fgets(buf, sizeof(buf), f))
		(void)sscanf(buf, " packets %lu", &n);
	if (f)
		pclose(f);
	return n;
}

static void drain(struct stage *st)
{
	uint8_t buf[4096];

	for (int i = 0; i < SIDES; i++)
		while (recv(st->fd[i], buf, sizeof(buf), 0) >= 0)
			;
}

static void flush_conntrack(void)
{
	sh("conntrack -F >/dev/null 2>&1");
}

static void send_packet(struct stage *st, const struct packet *p,
	const struct packet *quoted, uint64_t mark)
{
	struct frame f[2];
	size_t n = frame_build(p, quoted, &far_mac, &gw_mac, mark, f);

	for (size_t i = 0; i < n; i++)
		if (send(st->fd[side_of(p->in)], f[i].buf, f[i].len, 0) < 0)
			perror("send");
}

/* Frames that the gateway sent (not our own, which a packet socket also sees). */
static bool take_marked(int fd, uint64_t mark)
{
	uint8_t buf[4096];
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from,
			&len)) >= 0) {
		len = sizeof(from);
		if (from.sll_pkttype != PACKET_OUTGOING &&
			frame_has_mark(buf, (size_t)n, mark))
			return true;
	}
	return false;
}

static bool arrives(struct stage *st, enum role out, uint64_t mark)
{
	struct pollfd p = {.fd = st->fd[side_of(out)], .events = POLLIN};

	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		if (poll(&p, 1, 5) > 0 && take_marked(p.fd, mark))
			return true;
	}
	return false;
}

static bool passes(struct stage *st, const struct table_row *row,
	const struct decision *d)
{
	unsigned long before;
	uint64_t mark;

	flush_conntrack();
	if (row->has_before) {
		send_packet(st, &row->before, NULL, ++st->mark);
		poll(NULL, 0, 5);
	}
	drain(st);
	before = d->after.out == ROLE_SELF ? input_count() : 0;
	mark = ++st->mark;
	send_packet(st, &row->p, row->has_before ? &row->before : NULL, mark);
	if (d->after.out == ROLE_SELF) {
		poll(NULL, 0, 5);
		return input_count() > before;
	}
	return arrives(st, d->after.out, mark);
}

static size_t judge_row(struct stage *st, const struct table *t,
	const struct table_row *row, const char *path)
{
	struct decision d;
	bool policy, kernel;

	if (policy_ask(t->pol, &row->p, &d)) {
		fprintf(stderr, "%s:%u: policy_ask failed\n", path, row->line);
		return 1;
	}
	policy = d.verdict == V_ACCEPT;
	kernel = row->p.in == ROLE_SELF ? policy : passes(st, row, &d);
	if (policy == row->pass && kernel == row->pass)
		return 0;
	printf("%s:%u: %s\n\ttable %s, policy %s (%s), kernel %s\n", path,
		row->line, row->words, row->pass ? "pass" : "drop",
		policy ? "pass" : "drop",
		d.origin && d.origin->why ? d.origin->why : "-",
		kernel ? "pass" : "drop");
	return 1;
}

static size_t judge_table(struct stage *st, const char *path,
	const char *rules, size_t *rows)
{
	struct table t;
	size_t bad = 0, pass = 0;

	table_load(path, &t);
	load_rules(&t, rules);
	for (size_t i = 0; i < t.row_n; i++) {
		bad += judge_row(st, &t, &t.rows[i], path);
		pass += t.rows[i].pass;
	}
	printf("%s: %zu packets (%zu pass, %zu drop), %zu differ\n", path,
		t.row_n, pass, t.row_n - pass, bad);
	*rows += t.row_n;
	table_done(&t);
	return bad;
}

int main(int argc, char **argv)
{
	struct stage st = {.mark = 0};
	const char *rules = NULL;
	size_t bad = 0, rows = 0;
	int i = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (geteuid()) {
		puts("skip: needs root for network namespaces");
		return 77;
	}
	if (i + 1 < argc && !strcmp(argv[i], "--rules")) {
		rules = argv[i + 1];
		i += 2;
	}
	stage_up(&st);
	for (; i < argc; i++)
		bad += judge_table(&st, argv[i], rules, &rows);
	printf("%zu packets judged by table, policy and kernel: %zu differ\n",
		rows, bad);
	return bad ? 1 : 0;
}
