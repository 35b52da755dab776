// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include "policy/policy.h"

#include <errno.h>
#include <stdio.h>

struct house {
	struct intent *in;
	struct facts f;
	struct complaints c;
	struct policy *p;
	int rc;
};

static struct house build(const char *body, const char *wan4)
{
	struct house h = {.in = intent_new()};
	struct addrmask m;
	enum family fam;

	assert_int_equal(intent_parse(h.in, "t.conf", body, false, &h.c), 0);
	assert_int_equal(addrmask_parse("2404:7a80:1:1::/64", &m), 0);
	*GROW(h.f.lan6, h.f.lan6_n, h.f.lan6_cap) = m;
	assert_int_equal(addrmask_parse("192.168.10.0/24", &m), 0);
	*GROW(h.f.lan4, h.f.lan4_n, h.f.lan4_cap) = m;
	if (wan4) {
		h.f.has_wan4 = true;
		assert_int_equal(addr_parse(wan4, &fam, &h.f.wan4), 0);
	}
	h.rc = policy_compile(h.in, &h.f, &h.c, &h.p);
	return h;
}

static void done(struct house *h)
{
	policy_free(h->p);
	intent_free(h->in);
	complaints_done(&h->c);
	facts_done(&h->f);
}

static enum verdict ask(const struct house *h, const char *packet,
	struct decision *d)
{
	struct packet p;
	char *why = NULL;

	if (packet_parse(packet, &p, &why))
		fail_msg("%s: %s", packet, why);
	assert_int_equal(policy_ask(h->p, &p, d), 0);
	return d->verdict;
}

static void verdict(const struct house *h, const char *packet, enum verdict v)
{
	struct decision d;

	if (ask(h, packet, &d) != v)
		fail_msg("%s: %s by %s", packet, verdict_name(d.verdict),
			d.origin ? d.origin->why : "-");
}

#define HEAD "wan wan0\nlan lan0\n"
#define CASA "device casa rakuten-casa mac 00:11:22:33:44:55"
#define C6 "2404:7a80:1:1:211:22ff:fe33:4455"
#define PC6 "2404:7a80:1:1::50"

static void standard_lets_ipsec_reach_any_host(void **state)
{
	struct house h = build(HEAD CASA "\n", NULL);

	(void)state;
	verdict(&h, "esp to " C6, V_ACCEPT);
	verdict(&h, "udp to " C6 " port 500", V_ACCEPT);
	verdict(&h, "esp to " PC6, V_ACCEPT);
	verdict(&h, "ah to " PC6, V_ACCEPT);
	verdict(&h, "hip to " PC6, V_ACCEPT);
	verdict(&h, "udp to " C6 " port 501", V_DROP);
	verdict(&h, "udp to " C6 " port 4500", V_DROP);
	verdict(&h, "tcp to " C6 " port 80", V_DROP);
	verdict(&h, "icmpv6 to " PC6 " type 128", V_ACCEPT);
	done(&h);
}

static void strict_lets_only_the_device_and_its_peers(void **state)
{
	struct house h = build(HEAD "profile strict\n" CASA
				    " peer 2404:1a8::/32\n", NULL);

	(void)state;
	verdict(&h, "esp from 2404:1a8::1 to " C6, V_ACCEPT);
	verdict(&h, "esp from 2404:1a9::1 to " C6, V_DROP);
	verdict(&h, "esp from 2404:1a8::1 to " PC6, V_DROP);
	verdict(&h, "udp from 2404:1a8::1 to " C6 " port 500", V_ACCEPT);
	verdict(&h, "icmpv6 to " PC6 " type 128", V_DROP);
	verdict(&h, "esp from " PC6 " to 2404:1a8::1 in lan", V_DROP);
	verdict(&h, "esp from " C6 " to 2404:1a8::1 in lan", V_ACCEPT);
	verdict(&h, "esp from " C6 " to 2404:1a9::1 in lan", V_DROP);
	verdict(&h, "tcp from " PC6 " to 2404:1a9::1 port 443 in lan", V_ACCEPT);
	done(&h);
}

static void strict_without_peers_waits_and_says_so(void **state)
{
	struct house h = build(HEAD "profile strict\n" CASA "\n", NULL);

	(void)state;
	assert_int_equal(h.rc, 0);
	assert_int_equal(h.c.n, 1);
	assert_true(h.c.v[0].warning);
	verdict(&h, "esp to " C6, V_DROP);
	verdict(&h, "esp to " C6 " established", V_ACCEPT);
	done(&h);
}

static void bad_addresses_never_cross(void **state)
{
	static const char *const bad[] = {"fec0::1", "::ffff:1.2.3.4",
		"::1.2.3.4", "2001:db8::1", "2001:10::1", "3fff::1",
		"fd00::1", "ff0e::1", "ff02::1", "fe80::1"};
	struct house h = build(HEAD CASA "\n", NULL);
	char p[160];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(p, sizeof(p), "esp from %s to " C6, bad[i]);
		verdict(&h, p, V_DROP);
		snprintf(p, sizeof(p), "esp from %s to 2404:1a8::1 in lan", bad[i]);
		verdict(&h, p, V_DROP);
		snprintf(p, sizeof(p), "esp from " C6 " to %s in lan", bad[i]);
		verdict(&h, p, V_DROP);
	}
	verdict(&h, "esp to " C6 " ext rh0", V_DROP);
	verdict(&h, "esp to " C6 " ext rh0 established", V_DROP);
	verdict(&h, "esp to " C6 " ext dst", V_ACCEPT);
	done(&h);
}

static void nobody_lends_our_addresses(void **state)
{
	struct house h = build(HEAD CASA "\n", NULL);

	(void)state;
	verdict(&h, "esp from " PC6 " to " C6, V_DROP);
	verdict(&h, "esp from 2404:9999::1 to 2404:1a8::1 in lan", V_DROP);
	verdict(&h, "tcp from 192.168.10.9 to 8.8.8.8 port 80 in lan", V_ACCEPT);
	verdict(&h, "tcp from 192.168.11.9 to 8.8.8.8 port 80 in lan", V_DROP);
	done(&h);
}

static void nothing_passes_before_the_prefix_is_known(void **state)
{
	struct house h = build(HEAD CASA "\n", NULL);

	(void)state;
	h.f.lan6_n = 0;
	policy_free(h.p);
	assert_int_equal(policy_compile(h.in, &h.f, &h.c, &h.p), 0);
	verdict(&h, "tcp from " PC6 " to 2404:1a8::1 port 443 in lan", V_DROP);
	done(&h);
}

static void a_mapping_names_its_line(void **state)
{
	struct house h = build(HEAD "line dhcp4\n" CASA " ipv4 192.168.10.9\n"
				    "map ipsec to casa\n", "133.1.2.3");
	struct decision d;

	(void)state;
	assert_int_equal(h.rc, 0);
	assert_int_equal(ask(&h, "esp to 133.1.2.3 out self", &d), V_ACCEPT);
	assert_int_equal(d.origin->line, 5);
	assert_string_equal(d.origin->text, "map ipsec to casa");
	assert_non_null(d.nat);
	verdict(&h, "udp to 133.1.2.3 port 500 out self", V_ACCEPT);
	verdict(&h, "udp to 133.1.2.3 port 4500 out self", V_ACCEPT);
	verdict(&h, "udp to 133.1.2.3 port 501 out self", V_DROP);
	verdict(&h, "tcp to 133.1.2.3 port 80 out self", V_DROP);
	verdict(&h, "esp to 192.168.10.9", V_DROP);
	done(&h);
}

static void ipv4_is_refused_where_it_cannot_work(void **state)
{
	static const char *const lines[] = {"line map-e", "line ds-lite",
		"line private4"};
	static const char *const wans[] = {"10.1.2.3", "100.64.3.4",
		"192.168.0.3", "172.20.1.1", "192.0.0.2"};
	char body[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct house h;

		snprintf(body, sizeof(body), HEAD "%s\n" CASA
			" ipv4 192.168.10.9\nmap ipsec to casa\n", lines[i]);
		h = build(body, NULL);
		assert_int_equal(h.rc, -EINVAL);
		assert_int_equal(h.c.v[0].line, 5);
		assert_non_null(strstr(h.c.v[0].say, "IPv6"));
		done(&h);
	}
	for (size_t i = 0; i < ARRAY_LEN(wans); i++) {
		struct house h = build(HEAD CASA
			" ipv4 192.168.10.9\nmap ipsec to casa\n", wans[i]);

		assert_int_equal(h.rc, -EINVAL);
		done(&h);
	}
}

static void strict_maps_to_no_stranger(void **state)
{
	static const char device[] = HEAD "line dhcp4\nprofile strict\n"
		"device a ipsec mac 00:11:22:33:44:55 ipv4 192.168.10.8";
	cleanup(freep) char *six = xasprintf("%s peer 2404:1a8::/32\nmap ipsec to a\n", device);
	cleanup(freep) char *both = xasprintf("%s peer 2404:1a8::/32 133.9.0.0/16\nmap ipsec to a\n", device);
	cleanup(freep) char *none = xasprintf("%s\nmap ipsec to a\n", device);
	struct house h = build(six, "133.1.2.3");

	(void)state;
	assert_int_equal(h.rc, -EINVAL);
	assert_int_equal(h.c.v[0].line, 6);
	done(&h);
	h = build(both, "133.1.2.3");
	assert_int_equal(h.rc, 0);
	verdict(&h, "esp from 133.9.1.1 to 133.1.2.3 out self", V_ACCEPT);
	verdict(&h, "esp from 133.8.1.1 to 133.1.2.3 out self", V_DROP);
	done(&h);
	h = build(none, "133.1.2.3");
	assert_int_equal(h.rc, 0);
	assert_true(h.c.n > 0 && h.c.v[h.c.n - 1].warning);
	done(&h);
}

static void one_port_goes_to_one_device(void **state)
{
	struct house h = build(HEAD "line dhcp4\n"
		"device a ipsec ipv4 192.168.10.8\ndevice b ipsec ipv4 192.168.10.9\n"
		"map ipsec to a\nmap udp 400-600 to b\n", "133.1.2.3");

	(void)state;
	assert_int_equal(h.rc, -EINVAL);
	assert_int_equal(h.c.v[0].line, 7);
	done(&h);
}

static void lan_equal_to_wan_is_refused(void **state)
{
	struct house h = build(HEAD CASA "\n", "192.168.10.77");

	(void)state;
	assert_int_equal(h.rc, -EINVAL);
	done(&h);
	/* as a word, whatever the interface bears now */
	h = build(HEAD "lan4 133.1.2.1/24\n" CASA "\n", "133.1.2.3");
	assert_int_equal(h.rc, -EINVAL);
	assert_int_equal(h.c.v[0].line, 3);
	done(&h);
}

static void the_gateway_offers_nothing_outside(void **state)
{
	struct house h = build(HEAD CASA "\n", NULL);

	(void)state;
	verdict(&h, "tcp to 2404:7a80::1 port 22 out self", V_DROP);
	verdict(&h, "udp to 2404:7a80::1 port 53 out self", V_DROP);
	verdict(&h, "udp to ff02::1:2 port 547 out self", V_DROP);
	verdict(&h, "icmpv6 from fe80::1 to ff02::1 type 134 out self", V_ACCEPT);
	verdict(&h, "tcp from " PC6 " to 2404:7a80::1 port 22 in lan out self",
		V_ACCEPT);
	done(&h);
}

static void a_segment_sees_neither_side(void **state)
{
	struct house h = build(HEAD CASA " segment seg0\n", NULL);
	struct addrmask m;

	(void)state;
	assert_int_equal(addrmask_parse("2404:7a80:1:2::/64", &m), 0);
	*GROW(h.f.seg6, h.f.seg6_n, h.f.seg6_cap) = m;
	policy_free(h.p);
	assert_int_equal(policy_compile(h.in, &h.f, &h.c, &h.p), 0);
#define S6 "2404:7a80:1:2:211:22ff:fe33:4455"
	verdict(&h, "tcp from " S6 " to " PC6 " port 445 in segment out lan", V_DROP);
	verdict(&h, "tcp from " PC6 " to " S6 " port 80 in lan out segment", V_DROP);
	verdict(&h, "esp to " S6 " in wan out segment", V_ACCEPT);
	verdict(&h, "tcp to " S6 " port 80 in wan out segment", V_DROP);
	verdict(&h, "esp from " S6 " to 2404:1a8::1 in segment out wan", V_ACCEPT);
	verdict(&h, "tcp from " S6 " to 2404:7a80::1 port 22 in segment out self", V_DROP);
	done(&h);
}

static void packets_round_trip(void **state)
{
	static const char *const text[] = {
		"udp from 2404:1a8::1 port 500 to 2404:7a80::9 port 500 in wan out lan new",
		"esp from 8.8.8.8 to 192.168.1.2 spi 0x1000 in wan out lan established",
		"tcp from 2404::1 port 1 to 2404::2 port 80 flags sa in lan out wan new",
		"icmpv6 from 2404::1 to 2404::2 type 2 code 0 in wan out lan related",
		"proto253 from 2404::1 to 2404::2 ext rh0 in wan out self invalid",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		struct packet p;
		char *why = NULL, *back;

		assert_int_equal(packet_parse(text[i], &p, &why), 0);
		back = packet_format(&p);
		assert_string_equal(back, text[i]);
		free(back);
	}
}

static void broken_packets_say_why(void **state)
{
	static const char *const text[] = {"", "frob", "udp port 99999",
		"udp from 1.2.3.4 to ::1", "esp spi x", "tcp flags z",
		"udp from", "udp in nowhere", "proto256"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		struct packet p;
		char *why = NULL;

		assert_int_equal(packet_parse(text[i], &p, &why), -EINVAL);
		assert_non_null(why);
		free(why);
	}
}

static void a_cycle_of_jumps_ends(void **state)
{
	struct pipeline *pl = pipeline_new();
	struct packet p = {.fam = FAM_6};
	struct decision d;
	struct rule *r;

	(void)state;
	r = chain_rule(pipeline_chain(pl, "a", true), V_JUMP);
	r->target = xstrdup("b");
	r = chain_rule(pipeline_chain(pl, "b", true), V_JUMP);
	r->target = xstrdup("a");
	pl->entry[PATH_FORWARD] = xstrdup("a");
	p.out = ROLE_LAN;
	assert_int_equal(pipeline_ask(pl, &p, &d), -ELOOP);
	pipeline_free(pl);
}

static const struct test_case cases[] = {
	{"standard lets IPsec reach any host (RFC 6092)", standard_lets_ipsec_reach_any_host},
	{"strict lets only the device and its peers", strict_lets_only_the_device_and_its_peers},
	{"strict without peers waits and says so", strict_without_peers_waits_and_says_so},
	{"bad addresses never cross", bad_addresses_never_cross},
	{"nobody lends our addresses", nobody_lends_our_addresses},
	{"nothing passes before the prefix is known", nothing_passes_before_the_prefix_is_known},
	{"a mapping names its line", a_mapping_names_its_line},
	{"IPv4 is refused where it cannot work", ipv4_is_refused_where_it_cannot_work},
	{"strict maps to no stranger", strict_maps_to_no_stranger},
	{"one port goes to one device", one_port_goes_to_one_device},
	{"a LAN equal to the WAN is refused", lan_equal_to_wan_is_refused},
	{"the gateway offers nothing outside", the_gateway_offers_nothing_outside},
	{"a segment sees neither side", a_segment_sees_neither_side},
	{"packets round trip", packets_round_trip},
	{"broken packets say why", broken_packets_say_why},
	{"a cycle of jumps ends", a_cycle_of_jumps_ends},
};
RUN(cases)
