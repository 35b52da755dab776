/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows about what happens in time: moves, restarts, prefixes, sleep. */
#include "rows.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* ---- moves ---- */

static void move(struct net *n, char *cell, bool by_dad, uint8_t low)
{
	struct actor h = {.first = text_addr("2404:7a80:5:6::70:0"), .count = 1,
		.side = LAN, .mac = {{2, 0x70, 0, 0, low, 1}}};
	struct addr out = text_addr("2001:f60:5e::10"), gw = text_addr("fe80::1");
	struct addr none = {{0}};
	uint8_t f[ND_FRAME_MAX];
	int64_t next = 0, since = 0, took = -1, start = now_us();
	struct nd_msg m;

	h.first.b[15] = low;
	raw_send(n, LAN, f, ns_frame(f, &h.mac, NULL, &h.first, &gw));
	subject_tell(n, &h.first);
	play(n, &h, LAN, NULL, 200);
	probe_send(n, &h.first);
	play(n, &h, LAN, NULL, 200);
	while (took < 0 && now_us() - start < 36000000) {
		int64_t now = now_us();
		size_t len;

		if (now >= next) {
			raw_send(n, WAN, f, echo_frame(f, &n->mac[WAN],
				&n->gw_mac[WAN], &out, &h.first, 1));
			next = now + 20000;
		}
		if (!since && now - start > 1500000) {
			/* the old owner is silent from here on */
			h.mac.b[5] = 2;
			since = now;
			raw_send(n, LAN, f, by_dad
				? ns_frame(f, &h.mac, NULL, &none, &h.first)
				: na_frame(f, &h.mac, NULL, &h.first,
					&addr_all_nodes, NA_OVERRIDE));
		}
		len = raw_recv(n, LAN, f, 5000);
		if (!len)
			continue;
		if (since && len > 54 && f[54] == 128 && f[20] == 58 &&
			!memcmp(f, h.mac.b, 6))
			took = now_us() - since;
		/* unicast questions to the old MAC find nobody */
		if (nd_parse(f, len, &m) == ND_GOOD &&
			(m.l2dst.b[0] & 1 || !memcmp(&m.l2dst, &h.mac, 6)))
			actor_play(n, &h, &m);
		raw_drain(n, WAN);
	}
	if (took < 0)
		snprintf(cell, CELL, "more than 34 s");
	else
		snprintf(cell, CELL, "%.2f s", (double)took / 1e6);
}

void move_dad(struct net *n, char *cell)
{
	move(n, cell, true, 1);
}

void move_na(struct net *n, char *cell)
{
	move(n, cell, false, 2);
}

/* ---- restarts ---- */

enum ending { WORKER_KILLED, KILLED, TERMINATED };
struct end {
	struct net *n;
	enum ending how;
	pid_t worker;
};

/* In a thread: the generator must not wait for it. */
static void *end_and_start(void *arg)
{
	struct end *e = arg;

	switch (e->how) {
	case WORKER_KILLED:
		kill(e->worker, SIGKILL);
		return NULL;
	case KILLED:
		kill(-e->n->pid, SIGKILL);
		break;
	case TERMINATED:
		kill(e->n->pid, SIGTERM);
		break;
	}
	(void)subject_again(e->n);
	return NULL;
}

/*
 * 500 solicitations a second for known hosts; the subject ends after a second.
 * Silence is the longest time without an answer, less what the generator
 * itself was kept from its core (it asked nothing then).
 */
static void restart(struct net *n, char *cell, enum ending how)
{
	static struct burst b;
	struct end end = {n, how, 0};
	int64_t start, last, prev, now, gap = 0;
	unsigned sent = 0, got = 0;
	bool done = false;
	pthread_t t;

	if (n->subject == KERNEL ||
		(n->subject == NDPPD && how == WORKER_KILLED)) {
		snprintf(cell, CELL, "-");
		return;
	}
	end.worker = subject_worker(n);
	burst_known(n, &b);
	raw_drain(n, WAN);
	start = last = prev = now_us();
	for (; (now = now_us()) < start + 4000000; prev = now) {
		unsigned k = count_na(n);

		if (now - prev > 2000)
			last += now - prev;
		if (k)
			last = now;
		gap = MAX2(gap, now - last);
		got += k;
		if ((now - start) * 500 / 1000000 > sent)
			raw_send(n, WAN, b.f[sent % HOSTS],
				b.v[sent % HOSTS].iov_len), sent++;
		if (!done && now - start > 1000000)
			done = !pthread_create(&t, NULL, end_and_start, &end);
	}
	if (done)
		pthread_join(t, NULL);
	snprintf(cell, CELL, "%.0f ms silent, %u of %u", (double)gap / 1000, got,
		sent);
}

void restart_worker(struct net *n, char *cell)
{
	restart(n, cell, WORKER_KILLED);
}

void restart_whole(struct net *n, char *cell)
{
	restart(n, cell, KILLED);
}

void restart_gently(struct net *n, char *cell)
{
	restart(n, cell, TERMINATED);
}

/* ---- RA ---- */

void ra_change(struct net *n, char *cell)
{
	struct addr old = text_addr("2404:7a80:5:6::");
	int64_t start, took = -1;
	uint8_t f[ND_FRAME_MAX];
	struct nd_msg m;
	struct ra ra;
	bool timers = false, drained = false;
	size_t len;

	if (!subject_is_ours(n)) {
		snprintf(cell, CELL, "no RA of its own");
		return;
	}
	raw_drain(n, LAN);
	start = now_us();
	send_ra(n, "2404:7a80:9:9::", 1800, 86400, 14400);
	while (took < 0 && (len = raw_recv(n, LAN, f, 5000000)))
		if (nd_parse(f, len, &m) == ND_GOOD && m.type == ND_RA &&
			!ra_parse(m.body, m.body_len, &ra) && ra.prefix_n == 2) {
			took = now_us() - start;
			timers = !ra.retrans_ms && !ra.reachable_ms;
			for (size_t i = 0; i < 2; i++)
				drained |= !addr_cmp(&ra.prefix[i].prefix, &old) &&
					   !ra.prefix[i].preferred_s;
		}
	snprintf(cell, CELL, "%.2f s, old %s, timers %s", (double)took / 1e6,
		drained ? "drained" : "KEPT", timers ? "own" : "NGN's");
	send_ra(n, "2404:7a80:5:6::", 1800, 86400, 14400);
}

/* ---- mute router ---- */

void mute(struct net *n, char *cell)
{
	struct addr src = host_addr(0), out = text_addr("2001:f60:5e::10");
	uint8_t f[ND_FRAME_MAX];
	int64_t start = now_us(), now, next = 0, last = start, gap = 0, ra = 0;
	unsigned sent = 0, got = 0;

	if (n->subject == NDPPD) {
		snprintf(cell, CELL, "as the kernel");
		return;
	}
	net_sh(n, WAN, "ip -6 addr del fe80::100/64 dev eth0");
	if (n->subject == KERNEL)
		net_sh(n, GWNS, "sysctl -qw net.ipv6.conf.wan0.accept_ra=2 "
			"net.ipv6.conf.wan0.accept_ra_pinfo=0; "
			"ip -6 route flush default; ip -6 neigh flush dev wan0");
	while ((now = now_us()) < start + 62000000) {
		size_t len;

		if (now >= ra) {
			send_ra(n, "2404:7a80:5:6::", 1800, 86400, 14400);
			ra = now + 30000000;
		}
		if (now >= next && now - start > 500000) {
			raw_send(n, LAN, f, echo_frame(f, &n->mac[LAN],
				&n->gw_mac[LAN], &src, &out, (uint16_t)sent++));
			next = now + 50000;
		}
		while ((len = raw_recv(n, WAN, f, 1000)))
			if (len > 54 && f[20] == 58 && f[54] == 128 &&
				!memcmp(f + 38, &out, 16)) {
				gap = MAX2(gap, now_us() - last);
				last = now_us();
				got++;
			}
		raw_drain(n, LAN);
	}
	gap = MAX2(gap, now_us() - last);
	snprintf(cell, CELL, "gap %.1f s, %u of %u", (double)gap / 1e6, got,
		sent);
	net_sh(n, WAN, "ip -6 addr add fe80::100/64 dev eth0 nodad");
}

/* ---- sleepers ---- */

void sleepers(struct net *n, char *cell)
{
	struct actor a = {.first = text_addr("2404:7a80:5:6::51:0"),
		.count = 20, .per_mac = 1, .side = LAN,
		.mac = {{2, 0x51, 0, 0, 0, 0}}};
	struct addr gw = text_addr("fe80::1");
	uint8_t f[ND_FRAME_MAX];
	unsigned frames = 0;
	struct nd_msg m;
	int64_t end;
	size_t len;

	for (unsigned i = 0; i < a.count; i++) {
		struct mac mac = actor_mac(&a, i);
		struct addr x = actor_addr(&a, i);

		raw_send(n, LAN, f, ns_frame(f, &mac, NULL, &x, &gw));
		subject_tell(n, &x);
		play(n, &a, LAN, NULL, 20);
		probe_send(n, &x);
		play(n, &a, LAN, NULL, 60);
	}
	raw_drain(n, LAN);
	for (end = now_us() + 65000000; now_us() < end;)
		if ((len = raw_recv(n, LAN, f, 100000)) &&
			nd_parse(f, len, &m) == ND_GOOD && m.type == ND_NS)
			frames += actor_index(&a, &m.target) >= 0;
	snprintf(cell, CELL, "%u ND frames in 65 s", frames);
}
