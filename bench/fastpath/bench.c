// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a packet costs through the fast path, through plain nftables and through
 * a bare XDP redirect, in turn within one run:
 *
 *	lan1 ── lan0  gw  wan0 ── wan1 (drops and counts)
 *
 * The generator is an XDP program under BPF_PROG_TEST_RUN's live frames: each
 * frame runs through generator, gateway and sink on this CPU within one system
 * call, so that nothing waits in a queue; the cost is this thread's CPU time a
 * delivered packet. Prints tab-separated rows; run makes table and plot.
 *
 * usage: bench GATEWAY FAR [ROUNDS [MILLISECONDS]]	(namespaces)
 * While working on it: QUICK=MOST or LEAST-MOST (flows), QUICK=t (TCP), QUICK=n
 * (new flows), QUICK=m (a million); ALONE=MOST (flows): the programs without the
 * way to them.
 */
#include "gen.h"
#include "gen.skel.h"
#include "base/clock.h"
#include "base/text.h"
#include "dataplane/dataplane.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum variant { V_FLOOR, V_BARE, V_PLAIN, V_OURS, V_TC, V_MAX };
enum { WARM_MAX = 16, LONG_MS = 1500 };

static int ns_gw, ns_far, rounds = 21, window_ms = 40;
static struct gen_bpf *gen;
static struct dataplane *dp;
static struct dataplane_device dev[2];
static int lan0, wan0, lan1, wan1;

static void sh(const char *cmd)
{
	if (system(cmd)) {
		fprintf(stderr, "failed: %s\n", cmd);
		exit(1);
	}
}

static void in(int ns)
{
	if (setns(ns, CLONE_NEWNET))
		exit(1);
}

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Packets that the gateway's kernel forwarded, by its own count. */
static uint64_t forwarded(void)
{
	char line[1024], name[64];
	unsigned long long n = 0, sum = 0;
	FILE *f;
	int i = 0;

	in(ns_gw);
	f = fopen("/proc/thread-self/net/snmp", "re");
	while (f && i < 2 && fgets(line, sizeof(line), f))
		i += !strncmp(line, "Ip:", 3);
	if (i == 2 && sscanf(line, "Ip: %*u %*u %*u %*u %*u %llu", &n) == 1)
		sum += n;
	if (f)
		fclose(f);
	f = fopen("/proc/thread-self/net/snmp6", "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %llu", name, &n) == 2 &&
			!strcmp(name, "Ip6OutForwDatagrams"))
			sum += n;
	if (f)
		fclose(f);
	in(ns_far);
	return sum;
}

/* ---- sending ---- */

static void send_n(uint64_t n, size_t size, bool back)
{
	static uint8_t frame[2048];
	struct xdp_md ctx = {.data_end = (uint32_t)size + 14};

	memset(frame, 0, sizeof(frame));
	ctx.ingress_ifindex = (uint32_t)(back ? wan1 : lan1);
	gen->bss->gen_conf.out = ctx.ingress_ifindex;
	gen->bss->gen_conf.back = back;
	while (n) {
		uint32_t part = n > 32768 ? 32768 : (uint32_t)n;
		LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame,
			.data_size_in = ctx.data_end, .ctx_in = &ctx,
			.ctx_size_in = sizeof(ctx), .repeat = (int)part,
			.flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);

		if (dp)
			dataplane_beat(dp);
		if (bpf_prog_test_run_opts(bpf_program__fd(gen->progs.gen), &o)) {
			perror("live frames");
			exit(1);
		}
		n -= part;
	}
}

struct cost {
	double ns;	/* of CPU a delivered packet */
	double fast;	/* share that the kernel did not forward */
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

enum { GRAIN = 8192, GRAINS_MAX = 4096 };

/* The median of some thousand packets each: a millisecond or so. */
static struct cost measure(size_t size, int ms)
{
	static double grain[GRAINS_MAX];
	uint64_t was = gen->bss->sunk, slow = forwarded(), came;
	double start = cpu_ns(), last = start, now;
	size_t n = 0;

	do {
		send_n(GRAIN, size, false);
		now = cpu_ns();
		came = gen->bss->sunk - was;
		was += came;
		grain[n++] = (now - last) / (double)MAX2(came, 1u);
		last = now;
	} while (now - start < ms * 1e6 && n < GRAINS_MAX);
	slow = forwarded() - slow;
	qsort(grain, n, sizeof(grain[0]), by_value);
	return (struct cost){grain[n / 2],
		1 - (double)slow / (double)(n * GRAIN)};
}

/* ---- the variants ---- */

static int xdp_link(int prog, int ifindex)
{
	LIBBPF_OPTS(bpf_link_create_opts, o, .flags = XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(prog, ifindex, BPF_XDP, &o);

	if (fd < 0) {
		perror("XDP");
		exit(1);
	}
	return fd;
}

static void drop_link(int *fd)
{
	if (*fd < 0)
		return;
	(void)bpf_link_detach(*fd);
	close(*fd);
	*fd = -1;
}

static int near_link = -1, sink_link = -1;

static void sink_xdp(bool on)
{
	if (on == (sink_link >= 0))
		return;
	in(ns_far);
	drop_link(&sink_link);
	if (on)
		sink_link = xdp_link(bpf_program__fd(gen->progs.sink), wan1);
}

/* Where GRO merges, the sink counts segments at tc. */
static void enter(enum variant v, bool tcp)
{
	sink_xdp(!tcp || (v != V_PLAIN && v != V_TC));
	in(ns_gw);
	if (v == V_FLOOR)
		near_link = xdp_link(bpf_program__fd(gen->progs.sink), lan0);
	if (v == V_BARE)
		near_link = xdp_link(bpf_program__fd(gen->progs.bare), lan0);
	if ((v == V_OURS || v == V_TC) && dataplane_attach(dp, dev, 2,
			v == V_OURS ? DP_NATIVE : DP_TC, true, NULL))
		exit(1);
	in(ns_far);
}

static void leave(enum variant v)
{
	in(ns_gw);
	drop_link(&near_link);
	if (v == V_OURS || v == V_TC)
		dataplane_attach(dp, dev, 0, DP_NATIVE, true, NULL);
	in(ns_far);
}

static void flush(void)
{
	in(ns_gw);
	sh("conntrack -F >/dev/null 2>&1");
	in(ns_far);
}

static void prime(uint32_t flows, size_t size)
{
	uint32_t n = flows * MAX2(gen->bss->gen_conf.burst, 1u);

	gen->bss->gen_conf.at = 0;
	send_n(n, size, false);
	gen->bss->gen_conf.at = 0;
	send_n(n, size, true);
}

/* Until hardly a packet goes up, or it does not get better. */
static void warm(uint32_t flows, size_t size)
{
	uint64_t n = MAX2(flows, 4000u), before = UINT64_MAX, slow;

	for (int i = 0; i < WARM_MAX; i++) {
		slow = forwarded();
		send_n(n, size, false);
		slow = forwarded() - slow;
		if (slow < n / 200 || (i > 4 && slow > before / 10 * 9))
			return;
		before = slow;
		usleep(1000);
	}
}

/* ---- the floor under many flows ---- */

/*
 * What it takes to read one cache line of n in a table as big as ours, each
 * read needing the one before: a flow that was not seen for a while costs this
 * to whoever keeps one line for it.
 */
static void cold_line(uint32_t n, uint32_t lines)
{
	char *table = aligned_alloc(4096, (size_t)lines * 64);
	uint32_t *order = xcalloc(lines, sizeof(*order)), at, t;
	double best = 1e9, start;
	uint64_t x = 88172645463325252u;

	for (uint32_t i = 0; i < lines; i++)
		order[i] = i;
	for (uint32_t i = lines - 1; i; i--) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		at = (uint32_t)(x % (i + 1));
		t = order[i], order[i] = order[at], order[at] = t;
	}
	memset(table, 0, (size_t)lines * 64);
	for (uint32_t i = 0; i < n; i++)
		*(uint32_t *)(void *)(table + (size_t)order[i] * 64) =
			order[(i + 1) % n];
	for (int r = 0; r < 7; r++) {
		start = cpu_ns();
		at = order[0];
		for (uint32_t i = 0; i < n; i++)
			at = *(volatile uint32_t *)(void *)(table +
				(size_t)at * 64);
		best = MIN2(best, (cpu_ns() - start) / n);
	}
	printf("cold line\t%u\t%.1f\n", n, best);
	free(order);
	free(table);
}

/* ---- a program alone ---- */

/* ns a packet, generator included; prog 0: the generator only. */
static double alone_ns(int prog, size_t size)
{
	static uint8_t frame[2048];
	struct xdp_md ctx = {.data_end = (uint32_t)size + 14,
		.ingress_ifindex = (uint32_t)lan0};
	uint32_t zero = 0;
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame,
		.data_size_in = ctx.data_end, .ctx_in = &ctx,
		.ctx_size_in = sizeof(ctx), .repeat = 10000);

	if (prog)
		bpf_map_update_elem(bpf_map__fd(gen->maps.next), &zero, &prog,
			BPF_ANY);
	else
		bpf_map_delete_elem(bpf_map__fd(gen->maps.next), &zero);
	in(ns_gw);
	if (dp)
		dataplane_beat(dp);
	if (bpf_prog_test_run_opts(bpf_program__fd(gen->progs.alone), &o)) {
		perror("test run");
		exit(1);
	}
	in(ns_far);
	return o.duration;
}

static void esp_bindings(enum gen_kind k, uint32_t flows)
{
	dataplane_esp_clear(dp);
	for (uint32_t i = 0; k == GEN_ESP4 && i < flows; i++)
		dataplane_esp(dp, 0x0a010010, 0x85010001, 0x10000 + i, false,
			true);
}

/* The program on lan0, a descriptor. */
static int on_lan0(void)
{
	uint32_t id = 0;

	in(ns_gw);
	if (bpf_xdp_query_id(lan0, XDP_FLAGS_DRV_MODE, &id) || !id)
		exit(1);
	in(ns_far);
	return bpf_prog_get_fd_by_id(id);
}

static double alone(int prog, size_t size)
{
	double best = 1e9, v;

	/* the least: what disturbs only adds */
	for (int i = 0; i < 20; i++) {
		v = alone_ns(prog, size);
		best = MIN2(best, v);
	}
	return best;
}

static void alone_row(const char *what, enum gen_kind k, uint32_t flows)
{
	int bare = bpf_program__fd(gen->progs.bare), ours;
	double e = 1e9, o = 1e9, b = 1e9, x;

	gen->bss->gen_conf.kind = k;
	gen->bss->gen_conf.flows = flows;
	sink_xdp(true);
	flush();
	prime(flows, 64);
	enter(V_OURS, false);
	ours = on_lan0();
	for (int r = 0; r < rounds; r++) {
		warm(flows, 64);
		x = alone(ours, 64), o = MIN2(o, x);
		x = alone(0, 64), e = MIN2(e, x);
		x = alone(bare, 64), b = MIN2(b, x);
	}
	printf("%s, %u flows: bare %.0f ns, ours %.0f ns\n", what, flows, b - e,
		o - e);
	fflush(stdout);
	close(ours);
	leave(V_OURS);
}

/* ---- a row ---- */

struct row {
	const char *what;
	enum gen_kind k;
	size_t size;
	uint32_t flows, burst;
};

static void print_turn(const struct row *w, int round, enum variant v,
	struct cost c)
{
	printf("turn\t%s\t%zu\t%u\t%u\t%d\t%d\t%.1f\t%.4f\n", w->what,
		w->size, w->flows, w->burst, round, (int)v, c.ns, c.fast);
	fflush(stdout);
}

static void choose(const struct row *w)
{
	gen->bss->gen_conf.kind = w->k;
	gen->bss->gen_conf.flows = w->flows;
	gen->bss->gen_conf.burst = w->burst;
}

/* The table grows once a second where sets were full. */
static void let_grow(const struct row *w)
{
	struct dataplane_status s = {0}, before;
	int64_t end;

	enter(V_OURS, false);
	for (int i = 0; i < 5; i++) {
		before = s;
		end = clock_ms() + 1100;
		do
			send_n(w->flows, w->size, false);
		while (clock_ms() < end);
		dataplane_status(dp, &s);
		if (i && s.touched == before.touched)
			break;
	}
	leave(V_OURS);
}

/* Bytes of table a flow that has a lease. */
static void print_memory(const struct row *w)
{
	struct dataplane_status s;

	dataplane_status(dp, &s);
	if (s.leases < w->flows / 2)
		return;
	printf("memory\t%s\t%u\t%.0f\n", w->what, w->flows,
		(double)s.touched / (double)(s.leases + !s.leases));
}

static void turn(const struct row *w, int round, enum variant v)
{
	bool ours = v == V_OURS || v == V_TC, many = w->flows > 1000;

	enter(v, w->k == GEN_TCP4);
	if (ours)
		warm(w->flows, w->size);
	else
		send_n(MIN2(MAX2(w->flows, 4000u), 100000u), w->size, false);
	/* many flows: each is checked anew more than once in the window */
	print_turn(w, round, v,
		measure(w->size, ours && many ? LONG_MS : window_ms));
	if (v == V_OURS && many && w->size == 64 && !round)
		print_memory(w);
	leave(v);
}

/*
 * A row at a time, and in each round of it every variant has its turn, in a new
 * order: what the machine's other tenants do to it lasts for longer than a round
 * and falls on all of them. No round begins after max_s.
 */
static void rows_run(const struct row *w, size_t n, int most, int max_s)
{
	int64_t start;

	sink_xdp(true);
	flush();
	for (; n--; w++) {
		choose(w);
		prime(w->flows, w->size);
		if (w->flows > 1000)
			let_grow(w);
		start = clock_ms();
		for (int r = 0; r < most && (!r || clock_ms() - start < 1000 * max_s);
			r++)
			for (int j = 0; j < V_MAX; j++)
				turn(w, r, (enum variant)((j + r) % V_MAX));
	}
}

/* First packets: every one a flow of its own. */
static void new_flows(const char *what, enum gen_kind k)
{
	static const enum variant in_turn[] = {V_PLAIN, V_OURS, V_TC};
	struct row w = {.what = what, .k = k, .size = 64};
	int64_t end;

	gen->bss->gen_conf.kind = k;
	for (int r = 0; r < MIN2(rounds, 5); r++)
		for (size_t i = 0; i < ARRAY_LEN(in_turn); i++) {
			enum variant v = in_turn[(i + (size_t)r) % 3];

			enter(v, false);
			flush();
			gen->bss->gen_conf.at = 0;
			gen->bss->gen_conf.fresh = 1;
			/* ours sees within seconds that nothing is to be won */
			end = clock_ms() + 3500;
			do
				send_n(1024, 64, false);
			while (clock_ms() < end);
			print_turn(&w, r, v, measure(64, 200));
			gen->bss->gen_conf.fresh = 0;
			leave(v);
		}
}

static void stage(const char *gw, const char *far)
{
	char buf[128];

	snprintf(buf, sizeof(buf), "/run/netns/%s", gw);
	ns_gw = open(buf, O_RDONLY | O_CLOEXEC);
	snprintf(buf, sizeof(buf), "/run/netns/%s", far);
	ns_far = open(buf, O_RDONLY | O_CLOEXEC);
	if (ns_gw < 0 || ns_far < 0)
		exit(1);
	in(ns_far);
	lan1 = (int)if_nametoindex("lan1");
	wan1 = (int)if_nametoindex("wan1");
	in(ns_gw);
	lan0 = (int)if_nametoindex("lan0");
	wan0 = (int)if_nametoindex("wan0");
	for (int i = 0; i < 2; i++) {
		snprintf(dev[i].name, sizeof(dev[i].name), i ? "lan0" : "wan0");
		snprintf(dev[i].kind, sizeof(dev[i].kind), "veth");
		dev[i].ifindex = i ? lan0 : wan0;
		dev[i].mac = (struct mac){{2, 0, 0, 0, 0, 1}};
		dev[i].mtu = 1500;
		dev[i].ethernet = true;
		dev[i].wan = !i;
		dev[i].xmit = 1;
	}
}

static void load(uint32_t sets)
{
	struct addr wan4 = addr_from4(0x77680506);
	struct text why = TEXT_INIT;
	uint32_t zero = 0, ifindex = (uint32_t)wan0;
	uint8_t macs[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
	struct bpf_tc_hook h = {.sz = sizeof(h), .attach_point = BPF_TC_INGRESS};
	struct bpf_tc_opts o = {.sz = sizeof(o)};

	gen = gen_bpf__open_and_load();
	if (!gen || dataplane_open(sets, &dp, &why)) {
		printf("skip: this kernel takes no BPF like that: %s\n",
			text_str(&why));
		exit(77);
	}
	dataplane_liberal(dp, true);
	dataplane_wan4(dp, &wan4);
	memcpy(&gen->bss->bare_conf, macs, sizeof(macs));
	bpf_map_update_elem(bpf_map__fd(gen->maps.bare_out), &zero, &ifindex,
		BPF_ANY);
	in(ns_far);
	/* a test run of a program that hangs nowhere waits for RCU each time */
	(void)bpf_xdp_attach((int)if_nametoindex("lo"),
		bpf_program__fd(gen->progs.gen), XDP_FLAGS_SKB_MODE, NULL);
	/* where TCP is merged the sink counts segments at tc */
	h.ifindex = wan1;
	o.prog_fd = bpf_program__fd(gen->progs.sink_tc);
	(void)bpf_tc_hook_create(&h);
	if (bpf_tc_attach(&h, &o))
		exit(1);
}

static void bigger(uint32_t sets)
{
	struct addr wan4 = addr_from4(0x77680506);
	struct text why = TEXT_INIT;

	dataplane_free(dp);
	if (dataplane_open(sets, &dp, &why))
		exit(1);
	dataplane_liberal(dp, true);
	dataplane_wan4(dp, &wan4);
}

static const struct {
	const char *what;
	enum gen_kind k;
} kinds[] = {{"UDP IPv6", GEN_UDP6}, {"ESP IPv6", GEN_ESP6},
	{"ESP IPv4", GEN_ESP4}, {"UDP NAT44", GEN_NAT44}};

static struct row rows[64];

/* With so many flows; the learner keeps 16384 bindings at most. */
static size_t plain_rows(uint32_t least, uint32_t most)
{
	static const uint32_t many[] = {1, 1000, 100000};
	size_t n = 0;

	for (size_t f = 0; f < ARRAY_LEN(many); f++)
		for (size_t k = 0; many[f] >= least && many[f] <= most &&
			k < ARRAY_LEN(kinds); k++)
			for (size_t size = 64; size <= 1400; size += 1336)
				rows[n++] = (struct row){.what = kinds[k].what,
					.k = kinds[k].k, .size = size,
					.flows = kinds[k].k == GEN_ESP4
						? MIN2(many[f], 10000u)
						: many[f]};
	return n;
}

static size_t million_rows(void)
{
	size_t n = 0;

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		if (kinds[k].k != GEN_ESP4)
			rows[n++] = (struct row){.what = kinds[k].what,
				.k = kinds[k].k, .size = 64, .flows = 1000000};
	return n;
}

static size_t tcp_rows(void)
{
	static const uint32_t v[][2] = {{1, 64}, {16, 64}, {16, 16}, {16, 4}};

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		rows[i] = (struct row){.what = "bulk TCP NAT44", .k = GEN_TCP4,
			.size = 1400, .flows = v[i][0], .burst = v[i][1]};
	return ARRAY_LEN(v);
}

/* QUICK: see above. */
static void quick_rows(const char *quick)
{
	const char *dash = strchr(quick, '-');
	uint32_t least = dash ? (uint32_t)atoi(quick) : 0;

	switch (*quick) {
	case 't':
		rows_run(rows, tcp_rows(), rounds, 15);
		return;
	case 'm':
		bigger(1u << 19);
		rows_run(rows, million_rows(), rounds, 15);
		return;
	case 'n':
		new_flows("new flows NAT44", GEN_NAT44);
		new_flows("new flows IPv6", GEN_UDP6);
		return;
	}
	rows_run(rows, plain_rows(least, (uint32_t)atoi(dash ? dash + 1 : quick)),
		rounds, 15);
}

static void alone_rows(uint32_t most)
{
	for (uint32_t n = 1; n <= most; n *= n > 1 ? 100 : 1000)
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			alone_row(kinds[k].what, kinds[k].k,
				k == 2 ? MIN2(n, 10000u) : n);
}

static void all(void)
{
	rows_run(rows, plain_rows(0, 100000), rounds, 15);
	cold_line(1000, 1u << 13);
	cold_line(100000, 1u << 19);
	cold_line(1000000, 1u << 21);
	rows_run(rows, tcp_rows(), rounds, 15);
	new_flows("new flows NAT44", GEN_NAT44);
	new_flows("new flows IPv6", GEN_UDP6);
	bigger(1u << 19); /* 128 MiB: two slots for each of a million flows */
	rows_run(rows, million_rows(), MIN2(rounds, 3), 45);
}

int main(int argc, char **argv)
{
	const char *quick = getenv("QUICK");

	if (argc < 3)
		return 1;
	if (argc > 3)
		rounds = atoi(argv[3]);
	if (argc > 4)
		window_ms = atoi(argv[4]);
	stage(argv[1], argv[2]);
	load(1u << 17); /* 32 MiB, what a home gateway takes */
	esp_bindings(GEN_ESP4, 10000);
	if (getenv("ALONE"))
		alone_rows((uint32_t)atoi(getenv("ALONE")));
	else if (quick)
		quick_rows(quick);
	else
		all();
	in(ns_gw);
	dataplane_free(dp);
	return 0;
}
