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
 *	--fast native|tc: the fast path stands in front of the kernel. Every
 *	row that passes is sent, both ways, until its lease is hot; then every
 *	row of the table is sent with the leases hot, and once more by the
 *	kernel alone in the same state: same verdict, and byte for byte the
 *	same frame. Natively also by BPF_PROG_RUN.
 */
#include "../../lib/frame.h"
#include "../../lib/table.h"
#include "base/text.h"
#include "dataplane/dataplane.h"
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
	struct dataplane *fast; /* or NULL */
	bool native;
	size_t hot, runs; /* rows that went fast, live and by PROG_RUN */
	uint8_t got[4096]; /* the frame that arrived last */
	size_t got_n;
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
static bool take_marked(struct stage *st, int fd, uint64_t mark)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(fd, st->got, sizeof(st->got), 0,
			(struct sockaddr *)&from, &len)) >= 0) {
		len = sizeof(from);
		st->got_n = (size_t)n;
		if (from.sll_pkttype != PACKET_OUTGOING &&
			frame_has_mark(st->got, (size_t)n, mark))
			return true;
	}
	return false;
}

static bool arrives(struct stage *st, enum role out, uint64_t mark)
{
	struct pollfd p = {.fd = st->fd[side_of(out)], .events = POLLIN};

	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		if (poll(&p, 1, 5) > 0 && take_marked(st, p.fd, mark))
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
	if (st->fast)
		dataplane_beat(st->fast);
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

/* ---- the fast path in front ---- */

static void fast_up(struct stage *st, const char *way)
{
	static const char *const names[] = {"wan0", "lan0", "seg0"};
	struct dataplane_device d[ARRAY_LEN(names)] = {0};
	struct text why = TEXT_INIT;
	size_t n;

	st->native = !strcmp(way, "native");
	if (dataplane_open(8192, &st->fast, &why)) {
		/* what has BTF and conntrack's functions must take it */
		bool must = access("/sys/kernel/btf/vmlinux", R_OK) == 0 &&
			!system("grep -qw bpf_xdp_ct_lookup /proc/kallsyms");

		printf("%s: this kernel takes no fast path: %s\n",
			must ? "FAIL" : "skip", text_str(&why));
		exit(must ? 1 : 77);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(d[i].name, sizeof(d[i].name), "%s", names[i]);
		snprintf(d[i].kind, sizeof(d[i].kind), "veth");
		d[i].ifindex = (int)if_nametoindex(names[i]);
		d[i].mac = gw_mac;
		d[i].mtu = 1500;
		d[i].ethernet = true;
		d[i].xmit = 1;
		d[i].wan = !i;
		/* without it the far end of a veth takes nothing from XDP */
		sh("ip netns exec %s ethtool -K %s gro on", ns_far,
			i == 0 ? "wan1" : i == 1 ? "lan1" : "seg1");
	}
	dataplane_liberal(st->fast, true);
	if (dataplane_attach(st->fast, d, ARRAY_LEN(names),
		    st->native ? DP_NATIVE : DP_TC, true, NULL) ||
		dataplane_ports(st->fast, &n)->mode !=
			(st->native ? DP_NATIVE : DP_TC)) {
		puts("the fast path does not attach");
		exit(1);
	}
}

static uint64_t went_fast(struct stage *st)
{
	struct dataplane_status s;

	dataplane_status(st->fast, &s);
	return s.fast_packets;
}

/* A flow's beginning and some packets more, both ways. */
static void heat(struct stage *st, const struct table_row *row)
{
	struct packet back = frame_reverse(&row->p);

	dataplane_beat(st->fast);
	if (row->has_before)
		send_packet(st, &row->before, NULL, ++st->mark);
	for (int i = 0; i < 6; i++) {
		send_packet(st, &row->p, NULL, ++st->mark);
		poll(NULL, 0, 1);
		if (back.in != ROLE_SELF && row->p.proto != PROTO_ICMP &&
			row->p.proto != PROTO_ICMPV6)
			send_packet(st, &back, NULL, ++st->mark);
		poll(NULL, 0, 1);
	}
}

struct sent {
	bool arrived;
	uint8_t b[4096];
	size_t n;
};

static void send_once(struct stage *st, const struct table_row *row,
	enum role out, bool fast, uint64_t mark, struct sent *ret)
{
	if (fast)
		dataplane_beat(st->fast);
	else
		dataplane_hold(st->fast);
	drain(st);
	send_packet(st, &row->p, row->has_before ? &row->before : NULL, mark);
	ret->arrived = arrives(st, out, mark);
	ret->n = ret->arrived ? st->got_n : 0;
	memcpy(ret->b, st->got, ret->n);
}

/* BPF_PROG_RUN on the same frame: up, or as it left. */
static size_t run_once(struct stage *st, const struct table_row *row,
	uint64_t mark, const struct sent *kernel)
{
	static const char *const near[] = {"wan0", "lan0", "seg0"};
	uint8_t out[FRAME_MAX];
	struct frame f[2];
	size_t n = frame_build(&row->p, row->has_before ? &row->before : NULL,
		&far_mac, &gw_mac, mark, f);
	int rc;

	if (n != 1 || !st->native)
		return 0;
	dataplane_beat(st->fast);
	rc = dataplane_run(st->fast,
		(int)if_nametoindex(near[side_of(row->p.in)]), f[0].buf,
		f[0].len, out);
	if (rc < 0)
		return 1;
	st->runs += (size_t)rc;
	return rc && (!kernel->arrived || kernel->n != f[0].len ||
		memcmp(out, kernel->b, f[0].len) != 0);
}

static size_t judge_hot(struct stage *st, const struct table *t,
	const struct table_row *row, const char *path)
{
	static struct sent fast, kernel;
	uint64_t mark = ++st->mark, before;
	struct decision d;
	bool hot;

	if (row->p.in == ROLE_SELF || policy_ask(t->pol, &row->p, &d) ||
		d.after.out == ROLE_SELF)
		return 0;
	before = went_fast(st);
	send_once(st, row, d.after.out, true, mark, &fast);
	hot = went_fast(st) > before;
	st->hot += hot;
	send_once(st, row, d.after.out, false, mark, &kernel);
	/* what the kernel fragments anew has another name each time */
	if (fast.arrived == kernel.arrived && (!hot || (fast.n == kernel.n &&
		!memcmp(fast.b, kernel.b, fast.n))) &&
		!run_once(st, row, mark, &kernel))
		return 0;
	printf("%s:%u: %s\n\twith hot leases %s, by the kernel alone %s%s\n",
		path, row->line, row->words, fast.arrived ? "pass" : "drop",
		kernel.arrived ? "pass" : "drop",
		fast.arrived == kernel.arrived ? ", another frame" : "");
	return 1;
}

static bool to_heat(const struct table_row *r)
{
	return r->pass && r->p.in != ROLE_SELF;
}

/* The next row that passes is heated again before each judgement: a lease dies
 * of three seconds' silence. */
static size_t judge_hot_table(struct stage *st, const struct table *t,
	const char *path)
{
	size_t bad = 0, next = 0;

	flush_conntrack();
	dataplane_policy_changed(st->fast);
	for (size_t i = 0; i < t->row_n; i++)
		if (to_heat(&t->rows[i]))
			heat(st, &t->rows[i]);
	for (size_t i = 0; i < t->row_n; i++) {
		for (size_t k = 0; k < t->row_n; k++) {
			next = (next + 1) % t->row_n;
			if (to_heat(&t->rows[next]))
				break;
		}
		heat(st, &t->rows[to_heat(&t->rows[i]) ? i : next]);
		bad += judge_hot(st, t, &t->rows[i], path);
	}
	return bad;
}

static size_t judge_table(struct stage *st, const char *path,
	const char *rules, size_t *rows)
{
	struct table t;
	size_t bad = 0, pass = 0;

	table_load(path, &t);
	load_rules(&t, rules);
	for (size_t i = 0; i < t.row_n; i++) {
		if (!st->fast)
			bad += judge_row(st, &t, &t.rows[i], path);
		pass += t.rows[i].pass;
	}
	if (st->fast)
		bad += judge_hot_table(st, &t, path);
	printf("%s: %zu packets (%zu pass, %zu drop), %zu differ\n", path,
		t.row_n, pass, t.row_n - pass, bad);
	*rows += t.row_n;
	table_done(&t);
	return bad;
}

int main(int argc, char **argv)
{
	struct stage st = {.mark = 0};
	const char *rules = NULL, *way = NULL;
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
	if (i + 1 < argc && !strcmp(argv[i], "--fast")) {
		way = argv[i + 1];
		i += 2;
	}
	stage_up(&st);
	if (way)
		fast_up(&st, way);
	for (; i < argc; i++)
		bad += judge_table(&st, argv[i], rules, &rows);
	printf("%zu packets judged by table, policy and kernel: %zu differ\n",
		rows, bad);
	if (st.fast)
		printf("%s: %zu rows went fast live, %zu by BPF_PROG_RUN\n",
			way, st.hot, st.runs);
	dataplane_free(st.fast);
	/* a fast path that nothing takes would agree with everything */
	return bad || (way && !st.hot) || (st.native && !st.runs) ? 1 : 0;
}
