/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A day at home in seventy seconds, with a running kadomorid between a router
 * and thirty hosts: temporary addresses come and go, phones sleep, hosts change
 * their MAC, the prefix changes, the listening process and then the whole
 * daemon are killed. The router forgets neighbours every five seconds and asks
 * once a second, as Linux does; it sends an echo request to every address five
 * times a second, but only to neighbours that were answered for.
 *
 * Nobody may be unreachable for more than a second outside its own absence.
 */
#include "../../../bench/ndproxy/net.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { HOSTS = 30, PER_HOST = 2, ADDRS = HOSTS * PER_HOST, SECOND = 1000000,
	DAY_S = 70, EVERY_US = 200000, CACHE_US = 5 * SECOND,
	LIMIT_US = 1000000 + EVERY_US };

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
	int64_t asleep_until;
};

static struct net n;
static struct home homes[HOSTS];
static struct one ones[ADDRS];
static struct addr prefix, outside;
static int64_t now, worst;
static unsigned serial, echoes, answers, moves, naps, renewals;
static const char *worst_why = "", *lately = "start";

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
	raw_send(&n, LAN, f, ns_frame(f, &homes[o->host].mac, NULL, &none,
		&o->a));
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
		for (unsigned k = 0; k < ADDRS; k++)
			take_address(k);
		return;
	}
}

static void home_echo(uint8_t *f, size_t len)
{
	struct addr src, dst;
	uint8_t r[ND_FRAME_MAX];
	struct wr w = wr_of(r, sizeof(r));
	struct one *o;

	memcpy(&src, f + 22, 16);
	memcpy(&dst, f + 38, 16);
	o = find(&dst);
	if (!o || !awake(o->host) || o->since > now ||
		memcmp(f, homes[o->host].mac.b, 6))
		return;
	f[54] = 129;
	put_be16(f + 56, 0);
	if (!nd_build_body(&w, &homes[o->host].mac, &n.gw_mac[LAN], &dst, &src,
		    f + 54, len - 54))
		raw_send(&n, LAN, r, wr_len(&w));
}

static void home_frame(uint8_t *f, size_t len)
{
	struct nd_msg m;
	struct one *o;
	uint8_t r[ND_FRAME_MAX];

	if (len > 62 && f[20] == 58 && f[54] == 128) {
		home_echo(f, len);
		return;
	}
	if (nd_parse(f, len, &m) != ND_GOOD)
		return;
	if (m.type == ND_RA)
		home_ra(&m);
	if (m.type != ND_NS || addr_is_zero(&m.src))
		return;
	o = find(&m.target);
	if (o && awake(o->host) && o->since <= now &&
		(m.l2dst.b[0] & 1 || !memcmp(&m.l2dst, &homes[o->host].mac, 6)))
		raw_send(&n, LAN, r, na_frame(r, &homes[o->host].mac, &m.l2src,
			&m.target, &m.src, NA_SOLICITED | NA_OVERRIDE));
}

/* The first packet that a host sends makes it solicit its router. */
static void speak(struct one *o)
{
	struct addr gw = text_addr("fe80::1");
	uint8_t f[ND_FRAME_MAX];

	if (o->spoke || !awake(o->host))
		return;
	o->spoke = true;
	raw_send(&n, LAN, f, ns_frame(f, &homes[o->host].mac, NULL, &o->a,
		&gw));
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

	if (!o->since || o->since > now || !awake(o->host))
		return;
	o->gap = now - from;
	if (o->gap > worst) {
		worst = o->gap;
		worst_why = lately;
	}
}

/* ---- what happens ---- */

static void renew(void)
{
	lately = "a temporary address";
	renewals++;
	take_address(serial % HOSTS * PER_HOST + 1);
}

static void nap(void)
{
	lately = "a phone that slept";
	naps++;
	homes[(naps * 7) % HOSTS].asleep_until = now + 4 * SECOND;
}

/* Wi-Fi with private addresses: new MAC, the same addresses by DAD. */
static void change_mac(void)
{
	unsigned h = (moves++ * 11 + 3) % HOSTS;
	struct addr none = {{0}};
	uint8_t f[ND_FRAME_MAX];

	lately = "a new MAC";
	homes[h].mac.b[4]++;
	for (unsigned i = h * PER_HOST; i < (h + 1) * PER_HOST; i++) {
		ones[i].since = now + SECOND;
		ones[i].spoke = false;
		raw_send(&n, LAN, f, ns_frame(f, &homes[h].mac, NULL, &none,
			&ones[i].a));
	}
}

static void happen(unsigned s)
{
	if (s % 2 == 0)
		renew();
	if (s % 3 == 1)
		nap();
	if (s % 5 == 3)
		change_mac();
	switch (s) {
	case 30:
		lately = "a new prefix";
		send_ra(&n, "2404:7a80:9:9::", 1800, 86400, 14400);
		return;
	case 45:
		lately = "listen killed";
		kill(subject_worker(&n), SIGKILL);
		return;
	case 57:
		lately = "the daemon killed and started";
		kill(-n.pid, SIGKILL);
		(void)subject_again(&n);
		return;
	}
}

static void live_through(void)
{
	int64_t start = now_us();
	unsigned second = 0;
	uint8_t f[ND_FRAME_MAX];
	size_t len;

	while ((now = now_us()) < start + DAY_S * (int64_t)SECOND) {
		if ((now - start) / SECOND > second)
			happen(++second);
		for (int i = 0; i < 64 && (len = raw_recv(&n, LAN, f, 0)); i++)
			home_frame(f, len);
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
			home_frame(f, len);
	}
}

int main(int argc, char **argv)
{
	bool good;

	if (argc < 3)
		return 1;
	if (geteuid()) {
		puts("skip: needs root for network namespaces");
		return 77;
	}
	n.daemon = argv[1];
	n.command = argv[2];
	net_up(&n);
	if (!subject_start(&n, OURS)) {
		puts("FAIL: the gate did not come up");
		net_down(&n);
		return 1;
	}
	prefix = text_addr("2404:7a80:5:6::");
	outside = text_addr("2001:f60:5e::10");
	now = now_us();
	for (unsigned h = 0; h < HOSTS; h++)
		homes[h].mac = (struct mac){{2, 0xda, 0, (uint8_t)h, 0, 1}};
	for (unsigned i = 0; i < ADDRS; i++)
		take_address(i);
	live_through();
	subject_stop(&n);
	net_down(&n);
	printf("%u hosts, %u renewals, %u naps, %u new MACs, a new prefix, two kills: %u echo requests, %u answers\n",
		HOSTS, renewals, naps, moves, echoes, answers);
	printf("longest time unreachable: %.2f s, after %s\n",
		(double)worst / SECOND, worst_why);
	good = worst <= LIMIT_US && answers > 1000;
	puts(good ? "ok" : "FAIL");
	return !good;
}
