// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two real devices (openiked in QEMU, NAT traversal off, the kernel's ESP)
 * behind one IPv4 address to one real strongSwan, native ESP: kadomorid lets
 * both carry data at once, through rekeys by the devices and by the gateway.
 * Plain masquerade first, in the same place: the second gets nothing.
 *
 *	two KADOMORID [SECONDS]		(default 40; 600: make soak)
 */
#include <errno.h>
#include <stdio.h>
#include "base/text.h"
#include "lab/lab.h"

enum { REKEY_S = 25, PINGS_A_SECOND = 2 };

static const enum lab_node who[2] = {LAB_CASA, LAB_CASA2};
static const char *const inner[2] = {"10.64.8.11", "10.64.8.12"};
static int failed;

static void check(bool good, const char *what, long seen)
{
	printf("%s - %s (%ld)\n", good ? "ok" : "FAIL", what, seen);
	failed += !good;
}

static int established(struct lab *lab, int i)
{
	return lab_guest_run(lab, who[i], 20000, NULL,
		"for i in $(seq 60); do grep -q established /tmp/iked.log && "
		"exit 0; sleep 0.2; done; exit 1");
}

static void ping_start(struct lab *lab, int i, int seconds)
{
	lab_guest_run(lab, who[i], 5000, NULL,
		"(ping -c %d -i 0.5 -W 1 -I %s %s >/tmp/ping 2>&1 &)",
		seconds * PINGS_A_SECOND, inner[i], lab_peer_inner());
}

static int ping_end(struct lab *lab, int i)
{
	struct text out = TEXT_INIT;
	int got = -1;
	const char *p;

	lab_guest_run(lab, who[i], 20000, &out,
		"for i in $(seq 40); do grep -q transmitted /tmp/ping && break; "
		"sleep 0.2; done; cat /tmp/ping");
	p = strstr(text_str(&out), "transmitted, ");
	if (p)
		got = atoi(p + strlen("transmitted, "));
	else
		printf("# %s\n", text_str(&out));
	text_done(&out);
	return got;
}

/*
 * Both at once; the gateway rekeys every guest now and then: 10 seconds in, so
 * that the guests' own timers (REKEY_S less some, begun anew by it) run out
 * before the next time and before a short test ends.
 */
static void carry(struct lab *lab, int seconds, int got[2])
{
	for (int i = 0; i < 2; i++)
		ping_start(lab, i, seconds);
	for (int s = 0; s < seconds; s += 10) {
		lab_sleep(s + 10 <= seconds ? 10000 : (seconds - s) * 1000);
		if (s % 30 == 0)
			(void)lab_peer_do(lab, LAB_SEGW, LAB_PEER_REKEY_GUESTS);
	}
	for (int i = 0; i < 2; i++)
		got[i] = ping_end(lab, i);
}

/* How often the guest's log says so. */
static int said(struct lab *lab, int i, const char *words)
{
	struct text out = TEXT_INIT;
	int n;

	lab_guest_run(lab, who[i], 5000, &out, "grep -c '%s' /tmp/iked.log",
		words);
	n = atoi(text_str(&out));
	text_done(&out);
	return n;
}

static void rekeyed(struct lab *lab)
{
	for (int i = 0; i < 2; i++) {
		int own = said(lab, i, "send CREATE_CHILD_SA req");
		int peer = said(lab, i, "recv CREATE_CHILD_SA req");

		check(own > 0, i ? "the second rekeyed" : "the first rekeyed", own);
		check(peer > 0, i ? "the gateway rekeyed the second"
				  : "the gateway rekeyed the first", peer);
	}
}

static int iked(struct lab *lab)
{
	int e = 0;

	for (int i = 0; i < 2 && !e; i++)
		e = lab_guest_iked(lab, who[i], inner[i], REKEY_S);
	for (int i = 0; i < 2 && !e; i++)
		e = established(lab, i);
	return e;
}

static int gate(struct lab *lab, const char *kadomorid)
{
	int e = lab_run(lab, LAB_GW, "nft delete table ip nat\n"
		"printf 'wan wan0\\nlan lan0\\nline auto\\nprofile standard\\n' >%s/k.conf",
		lab_dir(lab));

	if (e)
		return e;
	lab_spawn(lab, LAB_GW, "kadomorid", "%s --conf %s/k.conf --run %s/run",
		kadomorid, lab_dir(lab), lab_dir(lab));
	return lab_wait(lab, LAB_GW, 8000, "nft list table ip kadomori_esp && "
		"[ $(sysctl -n net.ipv4.ip_forward) = 1 ] && conntrack -F");
}

static void show(struct lab *lab)
{
	lab_run(lab, LAB_GW, "nft list map ip kadomori_esp espin | grep counter\n"
		"nft list set ip kadomori_esp espout | grep counter\n"
		"cat %s/run/esp.state", lab_dir(lab));
}

static void through_kadomori(struct lab *lab, struct lab_tap *w, int seconds)
{
	size_t spis, udp;
	int got[2];

	check(iked(lab) == 0, "both are established", 0);
	lab_tap_read(w);
	spis = w->spi_n[LAB_IN];
	udp = w->esp_udp[LAB_IN] + w->esp_udp[LAB_OUT];
	carry(lab, seconds, got);
	lab_tap_read(w);
	for (int i = 0; i < 2; i++)
		check(got[i] >= seconds * PINGS_A_SECOND * 99 / 100,
			i ? "the second: echoes answered" : "the first: echoes answered",
			got[i]);
	printf("# of %d each; %zu SPIs seen inbound, %zu before\n",
		seconds * PINGS_A_SECOND, w->spi_n[LAB_IN], spis);
	check(w->spi_n[LAB_IN] >= spis + 2, "both were rekeyed",
		(long)w->spi_n[LAB_IN]);
	rekeyed(lab);
	check(w->esp_udp[LAB_IN] + w->esp_udp[LAB_OUT] == udp, "none in UDP", 0);
	show(lab);
}

static void story(struct lab *lab, const char *kadomorid, int seconds)
{
	struct lab_tap w;
	char *why = NULL;
	int got[2], e = lab_house_gate(lab, &why);

	e = e ?: lab_run(lab, LAB_GW, "sysctl -qw net.ipv4.ip_forward=1\n"
		"nft 'table ip nat { chain post { type nat hook postrouting "
		"priority 100; oifname wan0 masquerade; }; }'");
	for (int i = 0; i < 2; i++)
		e = e ?: lab_guest_start(lab, who[i], inner[i], &why);
	e = e ?: lab_peer_start(lab, LAB_SEGW, &why);
	e = e ?: lab_tap_open(lab, LAB_GW, "wan0", &w);
	for (int i = 0; i < 2; i++)
		e = e ?: lab_guest_ready(lab, who[i]);
	check(e == 0, why ? why : "guests have booted", e);
	if (e)
		return;
	check(iked(lab) == 0, "plain masquerade: both are established", 0);
	carry(lab, 10, got);
	printf("# plain masquerade: %d and %d of 20 echoes\n", got[0], got[1]);
	check(got[0] <= 0 || got[1] <= 0, "plain masquerade carries one only", 0);
	for (int i = 0; i < 2; i++)
		lab_guest_run(lab, who[i], 5000, NULL,
			"killall iked; sleep 1; rm -f /tmp/iked.log");
	e = gate(lab, kadomorid);
	check(e == 0, "kadomorid stands", e);
	through_kadomori(lab, &w, seconds);
	lab_tap_close(&w);
}

int main(int argc, char **argv)
{
	struct lab *lab = NULL;
	char *why = NULL;
	int e;

	if (argc < 2) {
		fprintf(stderr, "usage: two KADOMORID [SECONDS]\n");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	e = lab_up(&(struct lab_want){.line = LAB_DHCP4}, &lab, &why);
	if (e == 0)
		e = lab_peers_need(&why) ?: lab_guests_need(&why);
	if (e < 0) {
		printf("skip: %s\n", why ? why : "no lab");
		lab_down(lab);
		return e == -EPERM || e == -EOPNOTSUPP ? 77 : 1;
	}
	story(lab, argv[1], argc > 2 ? atoi(argv[2]) : 40);
	lab_down(lab);
	return failed ? 1 : 0;
}
