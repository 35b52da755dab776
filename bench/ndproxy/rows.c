/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function a row. What a subject cannot do at all is written "-". */
#include "rows.h"
#include "wire/eth.h"
#include "wire/ip6.h"
#include "wire/sum.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* "p50 71 p99 130 us", or how many were lost. */
static void quantiles(int64_t *v, unsigned n, unsigned lost, char *cell)
{
	qsort(v, n, sizeof(*v), by_value);
	if (!n)
		snprintf(cell, CELL, "0 of %u answered", lost);
	else if (lost)
		snprintf(cell, CELL, "%lld us, %u of %u LOST",
			(long long)v[n / 2], lost, n + lost);
	else
		snprintf(cell, CELL, "%lld / %lld us", (long long)v[n / 2],
			(long long)v[n * 99 / 100]);
}

void warm_up(struct net *n)
{
	char s[ADDR_STR];

	for (unsigned i = 0; i < HOSTS; i++) {
		struct addr a = host_addr(i);

		net_sh(n, LAN, "ip -6 addr replace %s/64 dev eth0 nodad",
			addr_format(FAM_6, &a, s));
		subject_tell(n, &a);
	}
	for (int round = 0; round < 3; round++)
		for (unsigned i = 0; i < HOSTS; i++) {
			struct addr a = host_addr(i);

			/* never-seen targets have a budget of twenty a second */
			(void)ask(n, &a, false, 300000);
			sleep_ms(round ? 0 : 55);
		}
}

static void first(struct net *n, char *cell, bool unicast)
{
	int64_t v[300];
	unsigned got = 0, lost = 0;

	for (unsigned i = 0; i < 300; i++) {
		struct addr a = host_addr(i % HOSTS);
		int64_t us = ask(n, &a, unicast, 200000);

		if (us < 0)
			lost++;
		else
			v[got++] = us;
		if (!got && lost == 10)
			break;
	}
	quantiles(v, got, lost, cell);
}

static void first_multicast(struct net *n, char *cell)
{
	first(n, cell, false);
}

static void first_unicast(struct net *n, char *cell)
{
	first(n, cell, true);
}

static void first_unlearned(struct net *n, char *cell)
{
	int64_t v[20];
	unsigned got = 0, lost = 0;
	char s[ADDR_STR];

	if (n->subject == KERNEL) {
		snprintf(cell, CELL, "-");
		return;
	}
	for (unsigned i = 0; i < 20; i++) {
		struct addr a = host_addr(200 + i);

		net_sh(n, LAN, "ip -6 addr replace %s/64 dev eth0 nodad",
			addr_format(FAM_6, &a, s));
	}
	for (unsigned i = 0; i < 20; i++) {
		struct addr a = host_addr(200 + i);
		int64_t us = ask(n, &a, false, 500000);

		if (us < 0)
			lost++;
		else
			v[got++] = us;
		sleep_ms(60);
	}
	quantiles(v, got, lost, cell);
}

/* ---- rate ---- */

static long ticks_of(pid_t pid)
{
	char path[64], buf[1024], *p;
	long u = 0, s = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	buf[fread(buf, 1, sizeof(buf) - 1, f)] = '\0';
	fclose(f);
	p = strrchr(buf, ')');
	if (p)
		sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
			&u, &s);
	return u + s;
}

static long rss_kb(pid_t pid)
{
	char path[64], line[128];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

static void burst_send(const struct net *n, struct burst *b, unsigned count)
{
	for (unsigned done = 0; done < count;) {
		int k = sendmmsg(n->fd[WAN], b->m + done, count - done, 0);

		done += k > 0 ? (unsigned)k : 1;
	}
}

void burst_known(const struct net *n, struct burst *b)
{
	memset(b->m, 0, sizeof(b->m));
	for (unsigned i = 0; i < BATCH; i++) {
		struct addr a = host_addr(i % HOSTS);

		b->v[i].iov_base = b->f[i];
		b->v[i].iov_len = ns_frame(b->f[i], &n->mac[WAN], NULL,
			&n->router, &a);
		b->m[i].msg_hdr.msg_iov = &b->v[i];
		b->m[i].msg_hdr.msg_iovlen = 1;
	}
}

bool is_na(const uint8_t *f, size_t len)
{
	return len > 62 && f[20] == 58 && f[54] == ND_NA;
}

unsigned count_na(const struct net *n)
{
	uint8_t f[ND_FRAME_MAX];
	unsigned got = 0;
	size_t len;

	while ((len = raw_recv(n, WAN, f, 0)))
		got += is_na(f, len);
	return got;
}

/* Per mille answered at a rate; *sent, *ticks of the worker. */
static unsigned at_rate(const struct net *n, unsigned rate, unsigned ms,
	unsigned *sent, long *ticks)
{
	static struct burst b;
	pid_t worker = subject_worker(n);
	int64_t start = now_us(), end = start + ms * 1000;
	unsigned got = 0;
	long before = worker ? ticks_of(worker) : 0;

	burst_known(n, &b);
	raw_drain(n, WAN);
	for (*sent = 0; now_us() < end;) {
		int64_t due = (now_us() - start) * rate / 1000000;

		if (due >= *sent + BATCH) {
			burst_send(n, &b, BATCH);
			*sent += BATCH;
		}
		got += count_na(n);
	}
	sleep_ms(300);
	got += count_na(n);
	*ticks = worker ? ticks_of(worker) - before : 0;
	return *sent ? (unsigned)((uint64_t)got * 1000 / *sent) : 0;
}

static void rate(struct net *n, char *cell)
{
	static const unsigned at[] = {20000, 40000, 60000, 80000, 100000};
	unsigned best = 0, sent, reached = 0;
	double us = 0;
	long ticks;

	for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
		unsigned pm = at_rate(n, at[i], 1500, &sent, &ticks);
		unsigned real = sent * 2 / 3;

		if (pm < 998)
			break;
		best = at[i];
		reached = real;
		us = ticks * 10000.0 / sent;
	}
	if (!best)
		snprintf(cell, CELL, "below %u/s", at[0]);
	else if (n->pid && n->subject != KERNEL)
		snprintf(cell, CELL, "%u/s, %.1f us CPU each", reached, us);
	else
		snprintf(cell, CELL, "%u/s", reached);
}

/* Both cores kept busy by others, as the facts' second column. */
static void rate_busy(struct net *n, char *cell)
{
	pid_t hog[2];

	for (int i = 0; i < 2; i++) {
		hog[i] = fork();
		if (hog[i])
			continue;
		stay_on_core(i);
		for (;;)
			;
	}
	rate(n, cell);
	for (int i = 0; i < 2; i++) {
		kill(hog[i], SIGKILL);
		waitpid(hog[i], NULL, 0);
	}
}

/* ---- floods ---- */

struct mcasts {
	unsigned total, worst, in_second;
	int64_t second;
};

static void count_lan(const struct net *n, struct mcasts *m)
{
	uint8_t f[ND_FRAME_MAX];
	int64_t now = now_us();
	size_t len;

	while ((len = raw_recv(n, LAN, f, 0))) {
		if (len < 58 || f[0] != 0x33 || f[20] != 58 || f[54] != ND_NS)
			continue;
		if (now - m->second >= 1000000) {
			m->second = now;
			m->in_second = 0;
		}
		m->total++;
		m->in_second++;
		m->worst = MAX2(m->worst, m->in_second);
	}
}

static uint32_t rnd = 2463534242u;
static uint32_t any(void)
{
	rnd ^= rnd << 13;
	rnd ^= rnd >> 17;
	rnd ^= rnd << 5;
	return rnd;
}

static void burst_random(const struct net *n, struct burst *b, unsigned count)
{
	memset(b->m, 0, sizeof(b->m));
	for (unsigned i = 0; i < count; i++) {
		struct addr a = host_addr(0);

		put_be32(a.b + 8, any());
		put_be32(a.b + 12, any());
		b->v[i].iov_base = b->f[i];
		b->v[i].iov_len = ns_frame(b->f[i], &n->mac[WAN], NULL,
			&n->router, &a);
		b->m[i].msg_hdr.msg_iov = &b->v[i];
		b->m[i].msg_hdr.msg_iovlen = 1;
	}
}

struct flood {
	unsigned rate, ms;
	const struct addr *only;	/* probe this one; NULL: known ones */
	int64_t v[1000];
	unsigned got, lost;
	int64_t found;		/* only: until its first answer */
	struct mcasts m;
};

static void probe_take(const struct net *n, struct flood *f,
	const struct addr *target, int64_t *asked)
{
	uint8_t b[ND_FRAME_MAX];
	size_t len;

	while ((len = raw_recv(n, WAN, b, 0)))
		if (*asked && is_na(b, len) && !memcmp(b + 62, target, 16)) {
			if (f->got < ARRAY_LEN(f->v))
				f->v[f->got++] = now_us() - *asked;
			*asked = 0;
		}
}

void probe_send(const struct net *n, const struct addr *target)
{
	uint8_t b[ND_FRAME_MAX];
	size_t len = ns_frame(b, &n->mac[WAN], NULL, &n->router, target);

	raw_send(n, WAN, b, len);
}

static void flood_run(const struct net *n, struct flood *f, unsigned gap_ms)
{
	static struct burst b;
	int64_t start = now_us(), next = start, asked = 0;
	struct addr target = f->only ? *f->only : host_addr(0);
	unsigned sent = 0, k = 0, batch = f->rate >= 50000 ? BATCH : 3;

	f->m.second = start;
	raw_drain(n, LAN);
	raw_drain(n, WAN);
	while (now_us() < start + f->ms * 1000LL && !(f->only && f->got)) {
		int64_t now = now_us();

		if ((now - start) * f->rate / 1000000 >= sent + batch) {
			burst_random(n, &b, batch);
			burst_send(n, &b, batch);
			sent += batch;
		}
		if (now >= next) {
			f->lost += asked != 0;
			if (!f->only)
				target = host_addr(k++ % HOSTS);
			asked = now;
			probe_send(n, &target);
			next = now + gap_ms * 1000;
		}
		probe_take(n, f, &target, &asked);
		count_lan(n, &f->m);
	}
	f->found = now_us() - start;
	f->lost += asked && now_us() - asked > 20000;
}

static void flood(struct net *n, char *cell, unsigned per_s, unsigned ms)
{
	static struct flood f;
	pid_t worker = subject_worker(n);
	long before = rss_kb(worker), after;

	memset(&f, 0, sizeof(f));
	f.rate = per_s;
	f.ms = ms;
	flood_run(n, &f, 50);
	after = rss_kb(worker);
	qsort(f.v, f.got, sizeof(f.v[0]), by_value);
	snprintf(cell, CELL, "%u/%u, %.1f ms, +%ld kB, %u", f.got,
		f.got + f.lost, f.got ? (double)f.v[f.got * 99 / 100] / 1000 : 0,
		after - before, f.m.worst);
}

static void flood_3000(struct net *n, char *cell)
{
	flood(n, cell, 3000, 10000);
}

static void flood_10000(struct net *n, char *cell)
{
	flood(n, cell, 10000, 5000);
}

static void flood_100000(struct net *n, char *cell)
{
	flood(n, cell, 100000, 2000);
}

/* A host that fell silent and comes back while the flood runs. */
static void flood_silent(struct net *n, char *cell)
{
	static struct flood f;
	struct addr a = host_addr(200);
	char s[ADDR_STR];

	if (n->subject == KERNEL) {
		snprintf(cell, CELL, "-");
		return;
	}
	addr_format(FAM_6, &a, s);
	(void)ask(n, &a, false, 500000);
	net_sh(n, LAN, "ip -6 addr del %s/64 dev eth0", s);
	sleep_ms(31000);
	for (int i = 0; i < 5; i++) {
		(void)ask(n, &a, false, 100000);
		sleep_ms(1000);
	}
	net_sh(n, LAN, "ip -6 addr replace %s/64 dev eth0 nodad", s);
	memset(&f, 0, sizeof(f));
	f.rate = 3000;
	f.ms = 10000;
	f.only = &a;
	flood_run(n, &f, 1000);
	if (f.got)
		snprintf(cell, CELL, "found after %.2f s",
			(double)f.found / 1e6);
	else
		snprintf(cell, CELL, "not found in 10 s");
}

/* ---- malformed ---- */

static void resum(uint8_t *f, size_t len)
{
	struct addr src, dst;

	memcpy(&src, f + 22, 16);
	memcpy(&dst, f + 38, 16);
	put_be16(f + 56, 0);
	sum_put(f + 54, len - 54, 2, FAM_6, &src, &dst, 58);
}

/* The frame with an extension header of eight bytes put before ICMPv6. */
static size_t with_header(uint8_t *f, size_t len, uint8_t next)
{
	memmove(f + 62, f + 54, len - 54);
	memset(f + 54, 0, 8);
	f[54] = 58;
	if (next == IP6_DSTOPTS)
		f[56] = 1, f[57] = 4;
	f[20] = next;
	put_be16(f + 18, (uint16_t)(len - 54 + 8));
	return len + 8;
}

/* How many of the five reasons have a count. */
static unsigned counted(const struct net *n)
{
	static const char *const why[] = {"hop-limit", "checksum", "length",
		"fragment", "extension-header"};
	char buf[65536], key[64];
	unsigned k = 0;

	net_read(n, buf, sizeof(buf), "env KADOMORI_RUN=%s/run %s hosts --json",
		n->dir, n->command);
	for (size_t i = 0; i < ARRAY_LEN(why); i++) {
		const char *p;

		snprintf(key, sizeof(key), "\"refused-%s\": ", why[i]);
		p = strstr(buf, key);
		k += p && p[strlen(key)] != '0';
	}
	return k;
}

static void malformed(struct net *n, char *cell)
{
	uint8_t f[ND_FRAME_MAX], r[ND_FRAME_MAX];
	unsigned answers = 0, lan = 0;

	/* what the floods left behind is over */
	sleep_ms(5000);

	for (int kind = 0; kind < 5; kind++) {
		struct addr a = host_addr((unsigned)kind);
		size_t len = ns_frame(f, &n->mac[WAN], NULL, &n->router, &a);

		if (kind == 0)
			f[21] = 64;
		else if (kind == 1)
			f[56] ^= 0x55;
		else if (kind == 2)
			put_be16(f + 18, 16), len = 70, resum(f, len);
		else
			len = with_header(f, len,
				kind == 3 ? IP6_FRAGMENT : IP6_DSTOPTS);
		raw_drain(n, WAN);
		raw_drain(n, LAN);
		raw_send(n, WAN, f, len);
		sleep_ms(50);
		while ((len = raw_recv(n, WAN, r, 0)))
			answers += is_na(r, len);
		while ((len = raw_recv(n, LAN, r, 0)))
			lan += len > 54 && r[20] == 58 && r[54] == ND_NS;
	}
	if (subject_is_ours(n))
		snprintf(cell, CELL, "%u answers, %u LAN frames, %u counted",
			answers, lan, counted(n));
	else
		snprintf(cell, CELL, "%u answers, %u LAN frames", answers, lan);
}

/* ---- DAD ---- */

struct mac actor_mac(const struct actor *a, unsigned i)
{
	struct mac m = a->mac;

	m.b[5] = (uint8_t)(m.b[5] + (a->per_mac ? i / a->per_mac : 0));
	return m;
}

struct addr actor_addr(const struct actor *a, unsigned i)
{
	struct addr r = a->first;
	unsigned low = (unsigned)r.b[14] << 8 | r.b[15];

	low += i;
	r.b[14] = (uint8_t)(low >> 8);
	r.b[15] = (uint8_t)low;
	return r;
}

int actor_index(const struct actor *a, const struct addr *t)
{
	unsigned x = (unsigned)t->b[14] << 8 | t->b[15];
	unsigned y = (unsigned)a->first.b[14] << 8 | a->first.b[15];

	return memcmp(t->b, a->first.b, 14) || x < y || x >= y + a->count
		       ? -1 : (int)(x - y);
}

void actor_play(const struct net *n, const struct actor *a,
	const struct nd_msg *m)
{
	uint8_t f[ND_FRAME_MAX];
	int i = m->type == ND_NS && !addr_is_zero(&m->src)
			? actor_index(a, &m->target) : -1;
	struct mac mac;

	if (i < 0)
		return;
	mac = actor_mac(a, (unsigned)i);
	raw_send(n, a->side, f, na_frame(f, &mac, &m->l2src, &m->target,
		&m->src, NA_SOLICITED | NA_OVERRIDE));
}

/* Let ms pass; true as soon as an NA for want comes on side. */
bool play(const struct net *n, const struct actor *a, enum side side,
	const struct addr *want, unsigned ms)
{
	int64_t end = now_us() + ms * 1000LL;
	uint8_t f[ND_FRAME_MAX];
	struct nd_msg m;
	bool got = false;

	while (!got && now_us() < end)
		for (int s = 0; s < 2; s++) {
			size_t len = raw_recv(n, (enum side)s, f, 200);

			if (!len || nd_parse(f, len, &m) != ND_GOOD)
				continue;
			if (a && (enum side)s == a->side)
				actor_play(n, a, &m);
			got |= want && (enum side)s == side &&
			       m.type == ND_NA && !addr_cmp(&m.target, want) &&
			       !addr_cmp(&m.dst, &addr_all_nodes);
		}
	return got;
}

static bool dad_defended(const struct net *n, const struct actor *a,
	enum side side, const struct mac *mac, const struct addr *target)
{
	struct addr none = {{0}};
	uint8_t f[ND_FRAME_MAX];

	raw_drain(n, WAN);
	raw_drain(n, LAN);
	raw_send(n, side, f, ns_frame(f, mac, NULL, &none, target));
	return play(n, a, side, target, 1000);
}

static void dad(struct net *n, char *cell)
{
	struct actor w = {.first = text_addr("2404:7a80:5:6::77:1"), .count = 1,
		.side = WAN, .mac = {{2, 0x77, 0, 0, 0, 1}}};
	struct mac other = {{2, 0x66, 0, 0, 0, 1}};
	struct addr live = host_addr(3), gw = text_addr("fe80::1");
	uint8_t f[ND_FRAME_MAX];
	bool wan, lan, own;

	wan = dad_defended(n, &w, WAN, &other, &live);
	raw_send(n, WAN, f, ns_frame(f, &w.mac, NULL, &w.first, &gw));
	play(n, &w, WAN, NULL, 300);
	raw_send(n, WAN, f, ns_frame(f, &w.mac, NULL, &w.first, &gw));
	play(n, &w, WAN, NULL, 300);
	lan = dad_defended(n, &w, LAN, &other, &w.first);
	own = dad_defended(n, &w, LAN, &n->mac[LAN], &live);
	snprintf(cell, CELL, "WAN %s, LAN %s, own %s", wan ? "yes" : "NO",
		lan ? "yes" : "NO", own ? "SPOILT" : "fine");
}

static void thousand(struct net *n, char *cell)
{
	struct actor a = {.first = text_addr("2404:7a80:5:6::a:0"),
		.count = 1000, .per_mac = 50, .side = LAN,
		.mac = {{2, 0xaa, 0, 0, 0, 0}}};
	struct addr gw = text_addr("fe80::1");
	uint8_t f[ND_FRAME_MAX];
	unsigned got = 0;

	for (unsigned i = 0; i < a.count; i++) {
		struct mac m = actor_mac(&a, i);
		struct addr x = actor_addr(&a, i);

		raw_send(n, LAN, f, ns_frame(f, &m, NULL, &x, &gw));
		subject_tell(n, &x);
		play(n, &a, LAN, NULL, 2);
	}
	play(n, &a, LAN, NULL, 1500);
	for (unsigned i = 0; i < a.count; i++) {
		struct addr x = actor_addr(&a, i);
		int64_t end = now_us() + 300000;
		struct nd_msg m;
		bool yes = false;

		probe_send(n, &x);
		while (!yes && now_us() < end)
			for (int s = 0; s < 2; s++) {
				size_t len = raw_recv(n, (enum side)s, f, 100);

				if (!len || nd_parse(f, len, &m) != ND_GOOD)
					continue;
				if (s == LAN)
					actor_play(n, &a, &m);
				else
					yes |= m.type == ND_NA &&
					       !addr_cmp(&m.target, &x);
			}
		got += yes;
		if (i == 50 && !got)
			break;
	}
	snprintf(cell, CELL, "%u of %u", got, a.count);
}

const struct row rows[] = {
	{1, "learned host, multicast NS (p50 / p99)", first_multicast, false},
	{1, "learned host, unicast NS", first_unicast, false},
	{1, "never seen before", first_unlearned, false},
	{2, "NS without loss (>= 99.8 %)", rate, false},
	{2, "the same, both cores busy with others", rate_busy, false},
	{3, "flood 3,000/s: probes, p99, memory, mcast/s", flood_3000, false},
	{3, "flood 10,000/s", flood_10000, false},
	{3, "flood 100,000/s", flood_100000, false},
	{3, "silent host comes back in the flood", flood_silent, true},
	{4, "malformed, five kinds", malformed, false},
	{5, "DAD defended: WAN claims, LAN claims, own", dad, false},
	{5, "1,000 addresses on 20 MACs", thousand, false},
	{6, "move to another MAC, with DAD", move_dad, true},
	{6, "move, with unsolicited NA", move_na, true},
	{7, "worker killed at 500 NS/s", restart_worker, false},
	{7, "whole daemon killed (SIGKILL) and started", restart_whole, false},
	{7, "ended (SIGTERM) and started: an upgrade", restart_gently, false},
	{8, "prefix changes: told to the LAN within", ra_change, false},
	{9, "router mute to NS, RA every 30 s", mute, true},
	{10, "20 sleeping phones", sleepers, true},
};
const unsigned row_n = ARRAY_LEN(rows);
