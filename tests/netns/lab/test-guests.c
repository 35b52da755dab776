/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab's guests: a QEMU device with openiked, NAT traversal off, and the
 * kernel's ESP, behind a plain masquerade. Its ESP crosses the NAT as protocol
 * 50 in both directions and through a rekey; nothing is put into UDP. A second
 * such device comes up beside it: what a plain NAT does to it is printed, not
 * asserted. Then the masquerade goes and kadomorid with a static mapping takes
 * its place: native ESP to the device, also when the gateway speaks first.
 */
#include <errno.h>
#include <stdio.h>
#include "base/text.h"
#include "lab/lab.h"

static int failed;

static void check(bool good, const char *what, long seen)
{
	printf("%s - %s (%ld)\n", good ? "ok" : "FAIL", what, seen);
	failed += !good;
}

/* Of n echo requests through the tunnel, how many are answered? */
static int pings(struct lab *lab, enum lab_node n, const char *inner, int count)
{
	struct text out = TEXT_INIT;
	int r = lab_guest_run(lab, n, 30000, &out,
		"ping -c %d -i 0.2 -W 1 -I %s %s", count, inner, lab_peer_inner());
	const char *p = strstr(text_str(&out), "transmitted, ");
	int got = p ? atoi(p + strlen("transmitted, ")) : -1;

	if (got < 0)
		printf("# status %d: %s\n", r, text_str(&out));
	text_done(&out);
	return got;
}

static int up(struct lab *lab, enum lab_node n, const char *inner)
{
	int e = lab_guest_iked(lab, n, inner, 3600);

	return e ?: lab_guest_run(lab, n, 20000, NULL,
		"for i in $(seq 50); do grep -q established /tmp/iked.log && "
		"exit 0; sleep 0.2; done; exit 1");
}

static int gate(struct lab *lab, const char *kadomorid)
{
	struct mac m = lab_mac(lab, LAB_CASA);
	char mac[MAC_STR];
	int e = lab_run(lab, LAB_GW, "nft delete table ip nat\n"
		"printf 'wan wan0\\nlan lan0\\nline auto\\nprofile strict\\n"
		"device casa ipsec mac %s ipv4 %s peer %s\\nmap ipsec to casa\\n' "
		">%s/k.conf", mac_format(&m, mac),
		lab_addr_text(lab, LAB_CASA, FAM_4),
		lab_addr_text(lab, LAB_SEGW, FAM_4), lab_dir(lab));

	if (e)
		return e;
	lab_spawn(lab, LAB_GW, "kadomorid", "%s --conf %s/k.conf --run %s/run",
		kadomorid, lab_dir(lab), lab_dir(lab));
	return lab_wait(lab, LAB_GW, 8000, "nft list table inet kadomori && "
		"[ $(sysctl -n net.ipv4.ip_forward) = 1 ] && conntrack -F");
}

static void through_the_gate(struct lab *lab, struct lab_tap *w)
{
	size_t spis = w->spi_n[LAB_IN], udp = w->esp_udp[LAB_IN];
	int e = pings(lab, LAB_CASA, "10.64.8.11", 10);

	check(e >= 9, "kadomorid, mapping: echo through native ESP", e);
	lab_run(lab, LAB_GW, "conntrack -F 2>/dev/null");
	e = lab_peer_do(lab, LAB_SEGW, LAB_PEER_REKEY_GUESTS);
	lab_sleep(500);
	check(e == 0 && pings(lab, LAB_CASA, "10.64.8.11", 10) >= 9,
		"data goes on after a rekey from outside without state", e);
	lab_tap_read(w);
	check(w->spi_n[LAB_IN] > spis, "a new SPI is seen",
		(long)w->spi_n[LAB_IN]);
	check(w->esp_udp[LAB_IN] == udp, "none in UDP", 0);
}

static void story(struct lab *lab, const char *kadomorid)
{
	struct lab_tap w;
	char *why = NULL;
	int e = lab_house_gate(lab, &why);

	e = e ?: lab_run(lab, LAB_GW, "sysctl -qw net.ipv4.ip_forward=1\n"
		"nft 'table ip nat { chain post { type nat hook postrouting "
		"priority 100; oifname wan0 masquerade; }; }'");
	e = e ?: lab_guest_start(lab, LAB_CASA, "10.64.8.11", &why);
	e = e ?: lab_guest_start(lab, LAB_CASA2, "10.64.8.12", &why);
	e = e ?: lab_peer_start(lab, LAB_SEGW, &why);
	e = e ?: lab_tap_open(lab, LAB_GW, "wan0", &w);
	check(e == 0, why ? why : "guests are started", e);
	if (e)
		return;
	check(lab_guest_ready(lab, LAB_CASA) == 0, "the first has booted", 0);
	check(lab_guest_ready(lab, LAB_CASA2) == 0, "the second has booted", 0);
	check(up(lab, LAB_CASA, "10.64.8.11") == 0, "openiked is established", 0);
	e = pings(lab, LAB_CASA, "10.64.8.11", 10);
	check(e >= 9, "echo through native ESP", e);
	lab_sleep(100);
	lab_tap_read(&w);
	check(w.esp[LAB_OUT] >= 9 && w.esp[LAB_IN] >= 9,
		"protocol 50 out and in", (long)w.esp[LAB_IN]);
	check(w.esp_udp[LAB_OUT] + w.esp_udp[LAB_IN] == 0, "none in UDP", 0);
	e = lab_peer_do(lab, LAB_SEGW, LAB_PEER_REKEY_GUESTS);
	lab_sleep(500);
	check(e == 0 && pings(lab, LAB_CASA, "10.64.8.11", 10) >= 9,
		"data goes on after the gateway's rekey", e);
	lab_tap_read(&w);
	check(w.spi_n[LAB_IN] >= 2, "a new SPI is seen", (long)w.spi_n[LAB_IN]);
	check(up(lab, LAB_CASA2, "10.64.8.12") == 0, "the second is established", 0);
	printf("# plain masquerade: %d of 10 echoes of the second device answered\n",
		pings(lab, LAB_CASA2, "10.64.8.12", 10));
	lab_tap_read(&w);
	e = gate(lab, kadomorid);
	check(e == 0, "kadomorid stands", e);
	through_the_gate(lab, &w);
	lab_tap_close(&w);
}

int main(int argc, char **argv)
{
	struct lab *lab = NULL;
	char *why = NULL;
	int e;

	if (argc != 2) {
		fprintf(stderr, "usage: test-lab-guests KADOMORID\n");
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
	story(lab, argv[1]);
	lab_down(lab);
	return failed ? 1 : 0;
}
