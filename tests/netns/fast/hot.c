// SPDX-License-Identifier: GPL-2.0-or-later
/* See hot.h. */
#include "hot.h"
#include "../../lib/frame.h"
#include "base/text.h"

#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const near_names[] = {"wan0", "lan0", "seg0"};
static const char *const far_names[] = {"wan1", "lan1", "seg1"};

void hot_up(struct hot *h, struct stage *st, const char *way, unsigned sets)
{
	struct dataplane_device d[ARRAY_LEN(near_names)] = {0};
	struct text why = TEXT_INIT;
	size_t n;

	*h = (struct hot){.st = st, .native = !strcmp(way, "native")};
	if (dataplane_open(sets, &h->dp, &why)) {
		/* what has BTF and conntrack's functions must take it */
		bool must = access("/sys/kernel/btf/vmlinux", R_OK) == 0 &&
			!system("grep -qw bpf_xdp_ct_lookup /proc/kallsyms");

		printf("%s: this kernel takes no fast path: %s\n",
			must ? "FAIL" : "skip", text_str(&why));
		exit(must ? 1 : 77);
	}
	for (size_t i = 0; i < ARRAY_LEN(near_names); i++) {
		snprintf(d[i].name, sizeof(d[i].name), "%s", near_names[i]);
		snprintf(d[i].kind, sizeof(d[i].kind), "veth");
		d[i].ifindex = (int)if_nametoindex(near_names[i]);
		d[i].mac = stage_gw_mac;
		d[i].mtu = 1500;
		d[i].ethernet = true;
		d[i].xmit = 1;
		d[i].wan = !i;
		/* without it the far end of a veth takes nothing from XDP */
		stage_far("ethtool -K %s gro on", far_names[i]);
	}
	dataplane_liberal(h->dp, true);
	if (dataplane_attach(h->dp, d, ARRAY_LEN(near_names),
		    h->native ? DP_NATIVE : DP_TC, true, NULL) ||
		dataplane_ports(h->dp, &n)->mode !=
			(h->native ? DP_NATIVE : DP_TC)) {
		puts("the fast path does not attach");
		exit(1);
	}
}

static uint64_t went_fast(struct hot *h)
{
	struct dataplane_status s;

	dataplane_status(h->dp, &s);
	return s.fast_packets;
}

/* A flow's beginning and some packets more, both ways. */
static void heat(struct hot *h, const struct table_row *row)
{
	struct packet back = frame_reverse(&row->p);

	dataplane_beat(h->dp);
	if (row->has_before)
		stage_send(h->st, &row->before, NULL, ++h->st->mark);
	for (int i = 0; i < 6; i++) {
		stage_send(h->st, &row->p, NULL, ++h->st->mark);
		poll(NULL, 0, 1);
		if (back.in != ROLE_SELF && row->p.proto != PROTO_ICMP &&
			row->p.proto != PROTO_ICMPV6)
			stage_send(h->st, &back, NULL, ++h->st->mark);
		poll(NULL, 0, 1);
	}
}

struct sent {
	bool arrived;
	uint8_t b[4096];
	size_t n;
};

static void send_once(struct hot *h, const struct table_row *row,
	enum role out, bool fast, uint64_t mark, struct sent *ret)
{
	if (fast)
		dataplane_beat(h->dp);
	else
		dataplane_hold(h->dp);
	stage_drain(h->st);
	stage_send(h->st, &row->p, row->has_before ? &row->before : NULL, mark);
	ret->arrived = stage_arrives(h->st, out, mark, row->pass);
	ret->n = ret->arrived ? h->st->got_n : 0;
	memcpy(ret->b, h->st->got, ret->n);
}

/* BPF_PROG_RUN on the same frame: up, or as it left. */
static size_t run_once(struct hot *h, const struct table_row *row,
	uint64_t mark, const struct sent *kernel)
{
	uint8_t out[FRAME_MAX];
	struct frame f[2];
	size_t n = frame_build(&row->p, row->has_before ? &row->before : NULL,
		&stage_far_mac, &stage_gw_mac, mark, f);
	int rc;

	if (n != 1 || !h->native)
		return 0;
	dataplane_beat(h->dp);
	rc = dataplane_run(h->dp,
		(int)if_nametoindex(near_names[stage_side(row->p.in)]), f[0].buf,
		f[0].len, out);
	if (rc < 0)
		return 1;
	h->runs += (size_t)rc;
	return rc && (!kernel->arrived || kernel->n != f[0].len ||
		memcmp(out, kernel->b, f[0].len) != 0);
}

static size_t judge_hot(struct hot *h, const struct table *t,
	const struct table_row *row, const char *path)
{
	static struct sent fast, kernel;
	uint64_t mark = ++h->st->mark, before;
	struct decision d;
	bool hot;

	if (row->p.in == ROLE_SELF || policy_ask(t->pol, &row->p, &d) ||
		d.after.out == ROLE_SELF)
		return 0;
	before = went_fast(h);
	send_once(h, row, d.after.out, true, mark, &fast);
	hot = went_fast(h) > before;
	h->hot += hot;
	send_once(h, row, d.after.out, false, mark, &kernel);
	/* what the kernel fragments anew has another name each time */
	if (fast.arrived == kernel.arrived && (!hot || (fast.n == kernel.n &&
		!memcmp(fast.b, kernel.b, fast.n))) &&
		!run_once(h, row, mark, &kernel))
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
size_t hot_table(struct hot *h, const struct table *t,
	const char *path)
{
	size_t bad = 0, next = 0;

	stage_flush_conntrack();
	dataplane_policy_changed(h->dp);
	for (size_t i = 0; i < t->row_n; i++)
		if (to_heat(&t->rows[i]))
			heat(h, &t->rows[i]);
	for (size_t i = 0; i < t->row_n; i++) {
		for (size_t k = 0; k < t->row_n; k++) {
			next = (next + 1) % t->row_n;
			if (to_heat(&t->rows[next]))
				break;
		}
		heat(h, &t->rows[to_heat(&t->rows[i]) ? i : next]);
		bad += judge_hot(h, t, &t->rows[i], path);
	}
	return bad;
}
