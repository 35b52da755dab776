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
 * usage: bench [ROUNDS [MILLISECONDS]]
 */
#include "gen.h"
#include "gen.skel.h"
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
#include <sys/resource.h>
#include <unistd.h>

enum variant { V_FLOOR, V_BARE, V_PLAIN, V_OURS, V_MAX };
static const char *const names[V_MAX] = {"floor", "bare", "plain", "ours"};
enum { ROUNDS_MAX = 31, WARM = 5 };

static int ns_gw, ns_far, rounds = 7, window_ms = 150;
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
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
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

/* ns a delivered packet; *share: delivered of sent. */
static double measure(size_t size, int ms, double *share)
{
	double start = cpu_ns(), now = start;
	uint64_t before = gen->bss->sunk, sent = 0;

	while (now - start < ms * 1e6) {
		send_n(8192, size, false);
		sent += 8192;
		now = cpu_ns();
	}
	*share = (double)(gen->bss->sunk - before) / (double)sent;
	return (now - start) / (double)(gen->bss->sunk - before);
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
	in(ns_far);
	drop_link(&sink_link);
	if (on)
		sink_link = xdp_link(bpf_program__fd(gen->progs.sink), wan1);
}

static void enter(enum variant v, bool tcp, bool *attached)
{
	sink_xdp(!tcp || v != V_PLAIN);
	in(ns_gw);
	if (v == V_FLOOR)
		near_link = xdp_link(bpf_program__fd(gen->progs.sink), lan0);
	if (v == V_BARE)
		near_link = xdp_link(bpf_program__fd(gen->progs.bare), lan0);
	if (v == V_OURS && !*attached) {
		if (dataplane_attach(dp, dev, 2, DP_NATIVE, true, NULL))
			exit(1);
		*attached = true;
	}
	in(ns_far);
}

static void leave(enum variant v, bool *attached)
{
	in(ns_gw);
	drop_link(&near_link);
	if (v == V_OURS) {
		dataplane_attach(dp, dev, 0, DP_NATIVE, true, NULL);
		*attached = false;
	}
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
	flush();
	gen->bss->gen_conf.at = 0;
	send_n(flows, size, false);
	gen->bss->gen_conf.at = 0;
	send_n(flows, size, true);
}

static void warm(uint32_t flows, size_t size)
{
	for (int i = 0; i < WARM; i++) {
		send_n(flows < 200 ? 200 : flows, size, false);
		usleep(2000);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
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

static void micro(const char *what, enum gen_kind k, uint32_t flows)
{
	int bare = bpf_program__fd(gen->progs.bare), ours;
	bool attached = false;
	struct dataplane_status x, y;

	gen->bss->gen_conf.kind = k;
	gen->bss->gen_conf.flows = flows;
	esp_bindings(k, flows);
	sink_xdp(true);
	prime(flows, 64);
	enter(V_OURS, false, &attached);
	ours = on_lan0();
	for (int r = 0; r < rounds; r++) {
		double e, b, o;

		warm(flows, 64);
		dataplane_status(dp, &x);
		o = alone(ours, 64);
		dataplane_status(dp, &y);
		e = alone(0, 64);
		b = alone(bare, 64);
		printf("%s %u: generator %.0f bare %.0f ours %.0f fast %lu miss %lu checks %lu samples %lu full %lu leases %lu new %lu\n", what,
			flows, e, b - e, o - e, y.fast_packets - x.fast_packets, y.missed - x.missed, y.checks - x.checks, y.samples - x.samples, y.full - x.full, y.leases, y.entered - x.entered);
	}
	close(ours);
	leave(V_OURS, &attached);
}

/* ---- a row ---- */

static void row(const char *what, enum gen_kind k, size_t size, uint32_t flows,
	uint32_t burst, int n)
{
	static double ns[V_MAX][ROUNDS_MAX];
	double share = 0, hit = 0, s;
	bool attached = false;
	struct dataplane_status a, b;

	gen->bss->gen_conf.kind = k;
	gen->bss->gen_conf.flows = flows;
	gen->bss->gen_conf.burst = burst;
	memset(gen->bss->tcp_seq, 0, sizeof(gen->bss->tcp_seq));
	esp_bindings(k, flows);
	sink_xdp(true);
	prime(flows, size);
	for (int r = 0; r < n; r++) {
		for (int j = 0; j < V_MAX; j++) {
			enum variant v = (enum variant)((j + r) % V_MAX);

			enter(v, k == GEN_TCP4, &attached);
			if (v == V_OURS) {
				warm(flows, size);
				dataplane_status(dp, &a);
			} else {
				send_n(2048, size, false);
			}
			ns[v][r] = measure(size, v == V_OURS && flows > 1000
				? 4 * window_ms : window_ms, &s);
			if (v == V_OURS) {
				dataplane_status(dp, &b);
				share += s / n;
				hit += (double)(b.fast_packets - a.fast_packets) /
					(double)(b.fast_packets - a.fast_packets +
						b.missed - a.missed + b.samples -
						a.samples + 1) / n;
			}
			leave(v, &attached);
		}
	}
	for (int v = 0; v < V_MAX; v++)
		qsort(ns[v], (size_t)n, sizeof(double), by_value);
	printf("%s\t%zu\t%u\t%u", what, size, flows, burst);
	for (int v = 0; v < V_MAX; v++)
		printf("\t%.0f\t%.0f\t%.0f", ns[v][n / 2], ns[v][0], ns[v][n - 1]);
	printf("\t%.4f\t%.4f\n", hit, share);
	fflush(stdout);
	(void)names;
}

/* First packets: every one a flow of its own. */
static void new_flows(const char *what, enum gen_kind k)
{
	double ns[2][ROUNDS_MAX], s;
	bool attached = false;

	gen->bss->gen_conf.kind = k;
	for (int r = 0; r < rounds; r++)
		for (int v = 0; v < 2; v++) {
			enter(v ? V_OURS : V_PLAIN, false, &attached);
			flush();
			gen->bss->gen_conf.at = 0;
			gen->bss->gen_conf.fresh = 1;
			send_n(1024, 64, false);
			double start = cpu_ns();
			uint64_t before = gen->bss->sunk;
			send_n(65536, 64, false);
			ns[v][r] = (cpu_ns() - start) /
				(double)(gen->bss->sunk - before);
			gen->bss->gen_conf.fresh = 0;
			if (v)
				leave(V_OURS, &attached);
		}
	(void)s;
	for (int v = 0; v < 2; v++)
		qsort(ns[v], (size_t)rounds, sizeof(double), by_value);
	printf("%s\t64\t0\t0\t0\t0\t0\t0\t0\t0\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t0\t1\n",
		what, ns[0][rounds / 2], ns[0][0], ns[0][rounds - 1],
		ns[1][rounds / 2], ns[1][0], ns[1][rounds - 1]);
	fflush(stdout);
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
	/* where TCP is merged the sink counts segments at tc */
	in(ns_far);
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

int main(int argc, char **argv)
{
	static const uint32_t many[] = {1, 1000, 100000};
	static const struct {
		const char *what;
		enum gen_kind k;
	} kinds[] = {{"UDP IPv6", GEN_UDP6}, {"ESP IPv6", GEN_ESP6},
		{"ESP IPv4", GEN_ESP4}, {"UDP NAT44", GEN_NAT44}};

	if (argc < 3)
		return 1;
	if (argc > 3)
		rounds = MIN2(atoi(argv[3]), ROUNDS_MAX);
	if (argc > 4)
		window_ms = atoi(argv[4]);
	stage(argv[1], argv[2]);
	load(getenv("SETS") ? (uint32_t)atoi(getenv("SETS")) : 1u << 17); /* 32 MiB, what a home gateway takes */
	if (getenv("MICRO")) {
		for (uint32_t n = 1; n <= 100000; n *= n > 1 ? 100 : 1000)
			for (size_t k = 0; k < ARRAY_LEN(kinds); k += 3)
				micro(kinds[k].what, kinds[k].k,
					k == 2 ? MIN2(n, 10000u) : n);
		return 0;
	}
	if (getenv("QUICK")) { /* while working on the program */
		row("UDP IPv6", GEN_UDP6, 64, 1, 0, rounds);
		row("UDP NAT44", GEN_NAT44, 64, 1, 0, rounds);
		row("UDP NAT44", GEN_NAT44, 64, 1000, 0, rounds);
		row("UDP NAT44", GEN_NAT44, 64, 100000, 0, rounds);
		return 0;
	}
	for (size_t s = 0; s < 2; s++)
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			for (size_t f = 0; f < ARRAY_LEN(many); f++) {
				/* the learner keeps 16384 bindings at most */
				uint32_t n = kinds[k].k == GEN_ESP4
					? MIN2(many[f], 10000u) : many[f];

				row(kinds[k].what, kinds[k].k, s ? 1400 : 64, n,
					0, n > 1000 ? MIN2(rounds, 5) : rounds);
			}
	bigger(1u << 19); /* 128 MiB: two slots for each of a million flows */
	row("UDP NAT44", GEN_NAT44, 64, 1000000, 0, 3);
	row("UDP IPv6", GEN_UDP6, 64, 1000000, 0, 3);
	row("bulk TCP NAT44", GEN_TCP4, 1400, 1, 64, rounds);
	row("bulk TCP NAT44", GEN_TCP4, 1400, 16, 64, rounds);
	row("bulk TCP NAT44", GEN_TCP4, 1400, 16, 16, rounds);
	row("bulk TCP NAT44", GEN_TCP4, 1400, 16, 4, rounds);
	new_flows("new flows NAT44", GEN_NAT44);
	new_flows("new flows IPv6", GEN_UDP6);
	in(ns_gw);
	dataplane_free(dp);
	return 0;
}
