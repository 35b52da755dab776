/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A day at home in seventy seconds, with a running kadomorid between a router
 * and thirty hosts on two LAN ports: temporary addresses come and go, phones
 * sleep, hosts change their MAC or their port, the prefix changes, the
 * listening process and then the whole daemon are killed, and at last another
 * program file takes over (an upgrade). The router forgets neighbours every
 * five seconds and asks once a second, as Linux does; it sends an echo request
 * to every address twenty times a second, but only to neighbours that were
 * answered for.
 *
 * Nobody may be unreachable for more than a second outside its own absence, with
 * the filter in the kernel and without: one question lost and repeated is too
 * many.
 *
 * All of it runs on one CPU, by a clock that stands while that CPU is taken
 * away (a hypervisor's or a real-time program's doing).
 */
#include "../../../bench/ndproxy/net.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { HOSTS = 30, PER_HOST = 2, ADDRS = HOSTS * PER_HOST, SECOND = 1000000,
	DAY_S = 70, EVERY_US = 50000, CACHE_US = 5 * SECOND,
	LIMIT_US = SECOND,
	/* who has to wait longer for the CPU than this did not have it */
	TURN_US = 2000, STALL_US = 20000, CPU = 1 /* as net.c has the daemon */ };

struct one {	/* an address in use */
	struct addr a;
	unsigned host;
	int64_t since;		/* usable from here on; 0: not in use */
	bool spoke;		/* resolved the gateway with it, as hosts do */
	/* the router's side */
	int64_t asked, until, sent, heard, gap;
};
struct home {
	struct mac mac;
	enum side side;
	int64_t asleep_until;
};

static struct net n;
static struct home homes[HOSTS];
static struct one ones[ADDRS];
static struct addr prefix, outside;
static int64_t began, now, worst;
static unsigned late;	/* times that an address was unreachable for too long */
static unsigned serial, echoes, answers, moves, changes, naps, renewals;
/* The longest by what had happened to the address's host last. */
enum cause { BIRTH, RENEWAL, NAP, NEW_MAC, NEW_PORT, PREFIX, NOTHING };
static const char *const cause_names[] = {
	[BIRTH] = "first seen", [RENEWAL] = "new address", [NAP] = "slept",
	[NEW_MAC] = "new MAC", [NEW_PORT] = "new port",
	[PREFIX] = "new prefix", [NOTHING] = "nothing"};
static int64_t worst_of[NOTHING + 1];

static enum cause causes[ADDRS];

/* What was last seen of an address, told when it was unreachable for too long. */
enum { PAST = 16 };
static struct past {
	int64_t at;
	const char *what;
} pasts[ADDRS][PAST];
static unsigned past_n[ADDRS];

static void note(const struct one *o, const char *what)
{
	unsigned i = (unsigned)(o - ones);

	pasts[i][past_n[i]++ % PAST] = (struct past){now, what};
}

static void tell_past(const struct one *o)
{
	unsigned i = (unsigned)(o - ones), end = past_n[i];

	for (unsigned k = end > PAST ? end - PAST : 0; k < end; k++)
		printf("    %.3f %s\n",
			(double)(pasts[i][k % PAST].at - began) / SECOND,
			pasts[i][k % PAST].what);
}

/* ---- a clock that stands while the CPU does ---- */

static int64_t turned, lost; /* the watcher's last turn; what was taken away */
static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;

/* Of this turn so far, beyond what it should take. */
static int64_t overdue(int64_t real)
{
	int64_t d = real - turned - TURN_US;

	return d > STALL_US ? d : 0;
}

static int64_t clock_now(void)
{
	int64_t ret, real;

	pthread_mutex_lock(&watch_lock);
	real = now_us();
	ret = real - lost - overdue(real);
	pthread_mutex_unlock(&watch_lock);
	return ret;
}

static void *watch(void *arg)
{
	for (;;) {
		int64_t real;

		usleep(TURN_US);
		pthread_mutex_lock(&watch_lock);
		real = now_us();
		lost += overdue(real);
		turned = real;
		pthread_mutex_unlock(&watch_lock);
	}
	return arg;
}

static bool watch_start(void)
{
	pthread_t t;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(CPU, &set);
	turned = now_us();
	return !sched_setaffinity(0, sizeof(set), &set) &&
	       !pthread_create(&t, NULL, watch, NULL);
}

static bool awake(unsigned host)
{
	return homes[host].asleep_until <= now;
}

/* The host takes a new address: DAD, then a second of waiting. */
static void take_address(unsigned i)
{
	struct addr none = {{0}};
	struct one *o = &ones[i];
	uint8_t f[ND_FRAME_MAX];

	*o = (struct one){.a = prefix, .host = i / PER_HOST};
	o->a.b[8] = 0x02;
	o->a.b[11] = (uint8_t)o->host;
	put_be32(o->a.b + 12, 0x51000000u + ++serial);
	o->since = now + SECOND;
	note(o, "the host claims it (DAD)");
	raw_send(&n, homes[o->host].side, f, ns_frame(f, &homes[o->host].mac,
		NULL, &none, &o->a));
}

static struct one *find(const struct addr *a)
{
	for (unsigned i = 0; i < ADDRS; i++)
		if (ones[i].since && !addr_cmp(&ones[i].a, a))
			return &ones[i];
	return NULL;
}

/* ---- the home ---- */

static void home_ra(const struct nd_msg *m)
{
	struct ra ra;

	if (ra_parse(m->body, m->body_len, &ra))
		return;
	for (size_t i = 0; i < ra.prefix_n; i++) {
		if (!ra.prefix[i].preferred_s ||
			!addr_cmp(&ra.prefix[i].prefix, &prefix))
			continue;
		prefix = ra.prefix[i].prefix;
		for (unsigned k = 0; k < ADDRS; k++) {
			take_address(k);
			causes[k] = PREFIX;
		}
		return;
	}
}

static void home_echo(enum side side, uint8_t *f, size_t len)
{
	struct addr src, dst;
	uint8_t r[ND_FRAME_MAX];
	struct wr w = wr_of(r, sizeof(r));
	struct one *o;

	memcpy(&src, f + 22, 16);
	memcpy(&dst, f + 38, 16);
	o = find(&dst);
	if (!o || !awake(o->host) || o->since > now ||
		homes[o->host].side != side ||
		memcmp(f, homes[o->host].mac.b, 6))
		return;
	f[54] = 129;
	put_be16(f + 56, 0);
	if (!nd_build_body(&w, &homes[o->host].mac, &n.gw_mac[side], &dst, &src,
		    f + 54, len - 54))
		raw_send(&n, side, r, wr_len(&w));
}

static void home_frame(enum side side, uint8_t *f, size_t len)
{
	struct nd_msg m;
	struct one *o;
	uint8_t r[ND_FRAME_MAX];

	if (len > 62 && f[20] == 58 && f[54] == 128) {
		home_echo(side, f, len);
		return;
	}
	if (nd_parse(f, len, &m) != ND_GOOD)
		return;
	if (m.type == ND_RA)
		home_ra(&m);
	if (m.type != ND_NS || addr_is_zero(&m.src))
		return;
	o = find(&m.target);
	if (!o)
		return;
	note(o, m.l2dst.b[0] & 1 ? "all are asked" : "one is asked");
	if (awake(o->host) && o->since <= now && homes[o->host].side == side &&
		(m.l2dst.b[0] & 1 || !memcmp(&m.l2dst, &homes[o->host].mac, 6))) {
		note(o, "the host answers");
		raw_send(&n, side, r, na_frame(r, &homes[o->host].mac, &m.l2src,
			&m.target, &m.src, NA_SOLICITED | NA_OVERRIDE));
	}
}

/* The first packet that a host sends makes it solicit its router. */
static void speak(struct one *o)
{
	struct addr gw = text_addr("fe80::1");
	uint8_t f[ND_FRAME_MAX];

	if (o->spoke || !awake(o->host))
		return;
	o->spoke = true;
	note(o, "the host speaks");
	raw_send(&n, homes[o->host].side, f, ns_frame(f, &homes[o->host].mac,
		NULL, &o->a, &gw));
}

/* ---- the router ---- */

static void router_frame(const uint8_t *f, size_t len)
{
	struct nd_msg m;
	struct addr src;
	struct one *o;

	if (len > 62 && f[20] == 58 && f[54] == 129) {
		memcpy(&src, f + 22, 16);
		o = find(&src);
		answers++;
		if (o)
			o->heard = now;
	} else if (nd_parse(f, len, &m) == ND_GOOD && m.type == ND_NA) {
		o = find(&m.target);
		if (o) {
			note(o, "the router has an answer");
			o->until = now + CACHE_US;
			o->asked = 0;
		}
	}
}

static void router_visit(struct one *o)
{
	uint8_t f[ND_FRAME_MAX];

	if (o->until <= now) {
		if (now - o->asked >= SECOND) {
			o->asked = now;
			note(o, "the router asks");
			raw_send(&n, WAN, f, ns_frame(f, &n.mac[WAN], NULL,
				&n.router, &o->a));
		}
		return;
	}
	if (now - o->sent < EVERY_US)
		return;
	o->sent = now;
	echoes++;
	raw_send(&n, WAN, f, echo_frame(f, &n.mac[WAN], &n.gw_mac[WAN],
		&outside, &o->a, 1));
}

/* How long has an address been unreachable that its host has and is awake for? */
static void judge(struct one *o)
{
	const struct home *h = &homes[o->host];
	int64_t from = MAX2(MAX2(o->heard, o->since), h->asleep_until);
	enum cause c = causes[o - ones];
	char s[ADDR_STR];
	bool was;

	if (!o->since || o->since > now || !awake(o->host))
		return;
	was = o->gap > LIMIT_US;
	o->gap = now - from;
	worst_of[c] = MAX2(worst_of[c], o->gap);
	worst = MAX2(worst, o->gap);
	if (o->gap <= LIMIT_US || was)
		return;
	late++;
	printf("second %.2f: %s (%s) has been unreachable for %.2f s\n",
		(double)(now - began) / SECOND, addr_format(FAM_6, &o->a, s),
		cause_names[c], (double)o->gap / SECOND);
	tell_past(o);
}

/* ---- what happens ---- */

static void renew(void)
{
	renewals++;
	causes[serial % HOSTS * PER_HOST + 1] = RENEWAL;
	take_address(serial % HOSTS * PER_HOST + 1);
}

static void nap(void)
{
	naps++;
	/* it wakes at any time after it was asked for */
	homes[(naps * 7) % HOSTS].asleep_until =
		now + 4 * SECOND + naps * 130000 % SECOND;
	for (unsigned i = 0; i < PER_HOST; i++) {
		causes[naps * 7 % HOSTS * PER_HOST + i] = NAP;
		note(&ones[naps * 7 % HOSTS * PER_HOST + i],
			"the host sleeps for four to five seconds");
	}
}

/* The host keeps its addresses and claims them anew (DAD). */
static void claim_again(unsigned h, enum cause why)
{
	struct addr none = {{0}};
	uint8_t f[ND_FRAME_MAX];

	for (unsigned i = h * PER_HOST; i < (h + 1) * PER_HOST; i++) {
		causes[i] = why;
		ones[i].since = now + SECOND;
		ones[i].spoke = false;
		note(&ones[i], why == NEW_MAC ? "the host claims it with another MAC"
					      : "the host claims it on another port");
		raw_send(&n, homes[h].side, f, ns_frame(f, &homes[h].mac, NULL,
			&none, &ones[i].a));
	}
}

/* Wi-Fi with private addresses. */
static void change_mac(void)
{
	unsigned h = (moves++ * 11 + 3) % HOSTS;

	homes[h].mac.b[4]++;
	claim_again(h, NEW_MAC);
}

/* From the cable in one room to the one in another. */
static void change_port(void)
{
	unsigned h = (changes++ * 13 + 5) % HOSTS;

	homes[h].side = homes[h].side == LAN ? LAN2 : LAN;
	claim_again(h, NEW_PORT);
}

/* Another program file, as after a package's upgrade. */
static void upgrade(void)
{
	static char path[80];

	snprintf(path, sizeof(path), "%s/kadomorid-new", n.dir);
	net_sh(&n, -1, "cp %s %s", n.daemon, path);
	n.daemon = path;
	subject_swap(&n, SIGTERM);
}

static void happen(unsigned s)
{
	if (s % 2 == 0)
		renew();
	if (s % 3 == 1)
		nap();
	if (s % 5 == 3)
		change_mac();
	if (s % 5 == 1)
		change_port();
	switch (s) {
	case 30:
		send_ra(&n, "2404:7a80:9:9::", 1800, 86400, 14400);
		return;
	case 45:
		kill(subject_worker(&n), SIGKILL);
		return;
	case 52:
		subject_swap(&n, SIGKILL);
		return;
	case 60:
		upgrade();
		return;
	}
}

static void live_through(void)
{
	unsigned second = 0;
	uint8_t f[ND_FRAME_MAX];
	size_t len;

	began = clock_now();
	while ((now = clock_now()) < began + DAY_S * (int64_t)SECOND) {
		if ((now - began) / SECOND > second)
			happen(++second);
		for (int s = LAN; s <= LAN2; s++)
			for (int i = 0; i < 64 &&
			     (len = raw_recv(&n, (enum side)s, f, 0)); i++)
				home_frame((enum side)s, f, len);
		for (int i = 0; i < 64 && (len = raw_recv(&n, WAN, f, 0)); i++)
			router_frame(f, len);
		for (unsigned i = 0; i < ADDRS; i++) {
			if (ones[i].since && ones[i].since <= now) {
				speak(&ones[i]);
				router_visit(&ones[i]);
			}
			judge(&ones[i]);
		}
		len = raw_recv(&n, LAN, f, 1000);
		if (len)
			home_frame(LAN, f, len);
	}
}

static bool filter_works(void)
{
	char buf[65536];

	net_read(&n, buf, sizeof(buf), "env KADOMORI_RUN=%s/run %s status --json",
		n.dir, n.command);
	return strstr(buf, "\"ndp_filter\": \"on\"");
}

/* KADOMORI_NDP_FILTER=off, or a kernel that refuses it: without. */
static bool start(void)
{
	const char *how = getenv("KADOMORI_NDP_FILTER");

	if (!how || strcmp(how, "off")) {
		if (subject_start(&n, OURS_BPF))
			return true;
		subject_stop(&n);
	}
	return subject_start(&n, OURS);
}

int main(int argc, char **argv)
{
	bool good, filter;

	if (argc < 3)
		return 1;
	if (geteuid()) {
		puts("skip: needs root for network namespaces");
		return 77;
	}
	n.daemon = argv[1];
	n.command = argv[2];
	n.two_lans = true;
	if (!watch_start()) {
		puts("FAIL: no CPU for the day");
		return 1;
	}
	net_up(&n);
	if (!start()) {
		puts("FAIL: the gate did not come up");
		net_down(&n);
		return 1;
	}
	prefix = text_addr("2404:7a80:5:6::");
	outside = text_addr("2001:f60:5e::10");
	now = clock_now();
	for (unsigned h = 0; h < HOSTS; h++)
		homes[h] = (struct home){.mac = {{2, 0xda, 0, (uint8_t)h, 0, 1}},
			.side = h % 3 ? LAN : LAN2};
	for (unsigned i = 0; i < ADDRS; i++)
		take_address(i);
	live_through();
	filter = filter_works();
	if (late)
		net_sh(&n, -1, "cat %s/ours.log", n.dir);
	subject_stop(&n);
	net_down(&n);
	printf("%u hosts, %u renewals, %u naps, %u new MACs, %u new ports, a new prefix, two kills, an upgrade: %u echo requests, %u answers\n",
		HOSTS, renewals, naps, moves, changes, echoes, answers);
	printf("longest time unreachable, %s the filter in the kernel: %.2f s\n",
		filter ? "with" : "without", (double)worst / SECOND);
	printf("the CPU was taken away for %.2f s\n", (double)lost / SECOND);
	for (int c = 0; c <= NOTHING; c++)
		printf("  %-12s %.2f s\n", cause_names[c],
			(double)worst_of[c] / SECOND);
	good = !late && filter == (n.subject == OURS_BPF) && answers > 1000 &&
	       changes > 10;
	puts(good ? "ok" : "FAIL");
	return !good;
}
