// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What passes is exactly the policy: a running kadomorid, all 65,536 ports of
 * UDP and TCP and all 256 protocols, from the attacker on the access network,
 * the one on the Internet, one who writes the home's own source address, and
 * the device's peer, to the device and to a PC. Whatever arrives at either must
 * be explained by a rule of the policy, and whatever a rule lets in must arrive.
 */
#include "intent/intent.h"
#include "lab/lab.h"
#include "policy/policy.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORTS = 65536, PROTOS = 256, FRAME = 128, RUNS = 3 };

static const char *daemon_path;
static uint8_t (*bytes)[FRAME];
static struct lab_frame frames[PORTS];
static uint32_t run_number;
static size_t wrong, sent, delivered;

struct shooter {
	const char *name;
	enum lab_node node;
	bool inside_source; /* lies about where it comes from */
};
static const struct shooter shooters[] = {
	{"access network", LAB_ATKAN, false},
	{"access network with the home's address", LAB_ATKAN, true},
	{"Internet", LAB_ATKIN, false},
	{"the device's peer", LAB_SEGW, false},
};
static const enum lab_node victims[] = {LAB_CASA, LAB_PC};

struct scene {
	struct lab *lab;
	enum family fam;
	struct intent *in;
	struct facts f;
	struct policy *pol;
};

static char *conf_text(const struct scene *s, const char *profile)
{
	struct mac m = lab_mac(s->lab, LAB_CASA);
	char mac[MAC_STR];

	mac_format(&m, mac);
	if (s->fam == FAM_6)
		return xasprintf("wan wan0\nlan lan0\nline flets-pd\nprofile %s\n"
			"device casa rakuten-casa mac %s peer %s\n", profile, mac,
			lab_addr_text(s->lab, LAB_SEGW, FAM_6));
	return xasprintf("wan wan0\nlan lan0\nline dhcp4\nprofile %s\n"
		"device casa rakuten-casa mac %s ipv4 %s peer %s\n"
		"map ipsec to casa\n", profile, mac,
		lab_addr_text(s->lab, LAB_CASA, FAM_4),
		lab_addr_text(s->lab, LAB_SEGW, FAM_4));
}

static void must(int e, const char *what)
{
	if (!e)
		return;
	printf("FAIL: %s (%d)\n", what, e);
	exit(1);
}

/* Addresses by hand: what servers and clients do is another test's matter. */
static void addresses6(struct lab *lab)
{
	char lan[ADDR_STR], prefix[ADDRMASK_STR];
	struct addrmask m = lab_lan6(lab);
	struct mac mac = lab_mac(lab, LAB_GW);
	struct addr ll = mac_to_iid(&mac);

	ll.b[0] = 0xfe;
	ll.b[1] = 0x80;
	addrmask_format(&m, prefix);
	must(lab_run(lab, LAB_AN, "ip -6 route replace %s via %s dev acc", prefix,
		addr_format(FAM_6, &ll, lan)), "route to the home");
	m.value.b[15] = 1;
	addr_format(FAM_6, &m.value, lan);
	must(lab_run(lab, LAB_GW,
		"ip link set wan0 up; ip link set lan0 up\n"
		"ip -6 addr add %s/64 dev lan0\n"
		"ip -6 route add default via fe80::1 dev wan0\n", lan), "gateway");
	for (size_t i = 0; i < ARRAY_LEN(victims); i++)
		must(lab_run(lab, victims[i], "ip -6 addr add %s/64 dev eth0\n"
			"ip -6 route add default via %s\n",
			lab_addr_text(lab, victims[i], FAM_6), lan), "home host");
}

static void addresses4(struct lab *lab)
{
	char wan[ADDR_STR], via[ADDR_STR];
	struct addr a;

	must(lab_outside_addr(lab, LAB_GW, FAM_4, &a), "address outside");
	addr_format(FAM_4, &a, wan);
	a.b[15] = 1;
	addr_format(FAM_4, &a, via);
	must(lab_run(lab, LAB_GW,
		"ip link set wan0 up; ip link set lan0 up\n"
		"ip addr add %s/24 dev wan0; ip addr add %s/24 dev lan0\n"
		"ip route add default via %s\n", wan,
		lab_addr_text(lab, LAB_GW, FAM_4), via), "gateway");
	for (size_t i = 0; i < ARRAY_LEN(victims); i++)
		must(lab_run(lab, victims[i], "ip addr add %s/24 dev eth0\n"
			"ip route add default via %s\n",
			lab_addr_text(lab, victims[i], FAM_4),
			lab_addr_text(lab, LAB_GW, FAM_4)), "home host");
}

static void facts_of(struct scene *s)
{
	struct addrmask m;
	char text[ADDRMASK_STR];

	if (s->fam == FAM_6) {
		*GROW(s->f.lan6, s->f.lan6_n, s->f.lan6_cap) = lab_lan6(s->lab);
		return;
	}
	snprintf(text, sizeof(text), "%s/24",
		lab_addr_text(s->lab, LAB_GW, FAM_4));
	must(addrmask_parse(text, &m), "LAN network");
	*GROW(s->f.lan4, s->f.lan4_n, s->f.lan4_cap) = m;
	s->f.has_wan4 = !lab_outside_addr(s->lab, LAB_GW, FAM_4, &s->f.wan4);
}

static void compile(struct scene *s, const char *text)
{
	struct complaints c = {0};

	s->in = intent_new();
	must(intent_parse(s->in, "scan.conf", text, false, &c), "intent");
	facts_of(s);
	must(policy_compile(s->in, &s->f, &c, &s->pol), "policy");
	complaints_done(&c);
}

static void gate_up(struct scene *s, const char *profile)
{
	cleanup(freep) char *text = conf_text(s, profile);
	cleanup(freep) char *path = xasprintf("%s/scan.conf", lab_dir(s->lab));
	FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) < 0 || fclose(f))
		must(-EIO, path);
	compile(s, text);
	must(lab_spawn(s->lab, LAB_GW, "kadomorid", "%s --conf %s --run %s/run",
		daemon_path, path, lab_dir(s->lab)) < 0, "kadomorid");
	must(lab_wait(s->lab, LAB_GW, 5000,
		"nft list table inet kadomori >/dev/null 2>&1 && "
		"[ $(sysctl -n net.ipv6.conf.all.forwarding) = 1 ]"),
		"the gate did not come up");
	must(lab_wait(s->lab, LAB_LAN, 5000,
		"[ $(bridge link | grep -c 'state forwarding') = 4 ]"),
		"the switch's ports did not come up");
	/* each host has spoken once: the switch knows its port and floods nothing */
	for (size_t i = 0; i < ARRAY_LEN(victims); i++) {
		struct mac m = lab_mac(s->lab, victims[i]);
		char mac[MAC_STR];

		must(lab_run(s->lab, LAB_GW,
			"ip neigh replace %s lladdr %s dev lan0 nud permanent",
			lab_addr_text(s->lab, victims[i], s->fam),
			mac_format(&m, mac)), "neighbour");
		must(lab_run(s->lab, victims[i],
			"bash -c 'echo >/dev/udp/%s/9'; sleep 0.1",
			lab_addr_text(s->lab, LAB_SEGW, s->fam)), "first word");
	}
}

enum sweep { ALL_UDP, ALL_TCP, ALL_PROTOS };
static const char *const what_names[] = {"UDP ports", "TCP ports", "protocols"};

static struct lab_probe probe_of(const struct scene *s,
	const struct shooter *sh, enum lab_node victim)
{
	struct lab_probe p = {.fam = s->fam, .sport = 40000,
		.src_mac = lab_mac(s->lab, sh->node), .run = ++run_number,
		.dst_mac = sh->node == LAB_ATKAN ? lab_mac(s->lab, LAB_GW)
						 : lab_mac_net(s->lab)};

	must(lab_addr(s->lab, sh->inside_source ? LAB_CASA2 : sh->node, s->fam,
		&p.src), "source");
	must(lab_outside_addr(s->lab, victim, s->fam, &p.dst), "target");
	/* only who sits on the wire can aim at a private address */
	if (s->fam == FAM_4 && sh->node == LAB_ATKAN && victim == LAB_PC)
		must(lab_addr(s->lab, victim, FAM_4, &p.dst), "target");
	return p;
}

static void number(struct lab_probe *p, enum sweep w, uint32_t i)
{
	p->number = i;
	p->proto = w == ALL_UDP ? PROTO_UDP : w == ALL_TCP ? PROTO_TCP
							   : (uint8_t)i;
	if (w == ALL_PROTOS && (i == PROTO_UDP || i == PROTO_TCP))
		p->dport = 7;
	else if (w != ALL_PROTOS)
		p->dport = (uint16_t)i;
}

static bool expected(const struct scene *s, const struct lab_probe *p,
	enum lab_node *to, struct decision *d)
{
	struct packet k = {.fam = p->fam, .in = ROLE_WAN, .out = ROLE_LAN,
		.ct = CT_NEW, .src = p->src, .dst = p->dst, .proto = p->proto};

	if (s->f.has_wan4 && !addr_cmp(&p->dst, &s->f.wan4))
		k.out = ROLE_SELF;
	if (k.proto == PROTO_UDP || k.proto == PROTO_TCP) {
		k.sport = p->sport;
		k.dport = p->dport;
	}
	if (k.proto == PROTO_TCP)
		k.tcp_flags = TCP_SYN;
	if (k.proto == PROTO_ICMPV6)
		k.icmp_type = 128;
	if (k.proto == PROTO_ICMP)
		k.icmp_type = 8;
	if (policy_ask(s->pol, &k, d) || d->verdict != V_ACCEPT ||
		d->after.out == ROLE_SELF)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(victims); i++) {
		struct addr a;

		must(lab_addr(s->lab, victims[i], s->fam, &a), "home host");
		if (!addr_cmp(&a, &d->after.dst))
			*to = victims[i];
	}
	return true;
}

static void judge(const struct scene *s, const struct shooter *sh, enum sweep w,
	struct lab_probe p, uint32_t n, struct lab_watch *const seen[2])
{
	size_t passed = 0, bad = 0;

	for (uint32_t i = 0; i < n; i++) {
		enum lab_node to = LAB_LAN;
		struct decision d;
		bool want;

		if (!frames[i].p)
			continue;
		number(&p, w, i);
		want = expected(s, &p, &to, &d);
		for (size_t v = 0; v < ARRAY_LEN(victims); v++) {
			bool got = lab_watch_seen(seen[v], i) > 0;

			passed += got;
			if (got == (want && victims[v] == to))
				continue;
			if (bad++ < 3)
				printf("  %s: number %u at %s: %s, policy: %s (%s)\n",
					what_names[w], i,
					lab_node_name(victims[v]),
					got ? "delivered" : "not delivered",
					want ? "pass" : "drop",
					d.origin && d.origin->why ? d.origin->why
								  : "-");
		}
	}
	printf("- %s, all %s: %zu delivered, %zu unexplained\n", sh->name,
		what_names[w], passed, bad);
	delivered += passed;
	wrong += bad;
}

static void scan(const struct scene *s, const struct shooter *sh,
	enum lab_node victim, enum sweep w)
{
	struct lab_probe p = probe_of(s, sh, victim);
	uint32_t n = w == ALL_PROTOS ? PROTOS : PORTS;
	struct lab_watch *seen[ARRAY_LEN(victims)];

	for (uint32_t i = 0; i < n; i++) {
		int len;

		number(&p, w, i);
		len = lab_probe_build(&p, bytes[i], FRAME);
		frames[i] = (struct lab_frame){len > 0 ? bytes[i] : NULL,
			len > 0 ? (size_t)len : 0};
		sent += len > 0;
	}
	for (size_t v = 0; v < ARRAY_LEN(victims); v++)
		must(lab_watch_new(s->lab, victims[v], "eth0", true, p.run, n,
			&seen[v]), "watcher");
	must(lab_shoot(s->lab, sh->node, "eth0", frames, n, seen,
		ARRAY_LEN(seen)), "sender");
	lab_watch_settle(seen, ARRAY_LEN(seen), 60);
	judge(s, sh, w, p, n, seen);
	for (size_t v = 0; v < ARRAY_LEN(victims); v++) {
		if (lab_watch_lost(seen[v]))
			must(-ENOBUFS, "a watcher lost frames");
		lab_watch_free(seen[v]);
	}
}

static int scene(enum lab_line line, const char *profile)
{
	struct scene s = {.fam = lab_line_family(line)};
	char *why = NULL;
	int e = lab_up(&(struct lab_want){.line = line, .bare = true}, &s.lab,
		&why);

	if (e == -EPERM || e == -EOPNOTSUPP) {
		printf("skip: %s\n", why);
		return 77;
	}
	must(e, why ? why : "lab");
	if (s.fam == FAM_6)
		addresses6(s.lab);
	else
		addresses4(s.lab);
	gate_up(&s, profile);
	printf("IPv%u, profile %s\n", (unsigned)s.fam, profile);
	for (size_t i = 0; i < ARRAY_LEN(shooters); i++)
		for (size_t v = 0; v < ARRAY_LEN(victims); v++)
			for (int w = 0; w < RUNS; w++)
				scan(&s, &shooters[i], victims[v], (enum sweep)w);
	lab_down(s.lab);
	policy_free(s.pol);
	intent_free(s.in);
	facts_done(&s.f);
	return 0;
}

int main(int argc, char **argv)
{
	static const enum lab_line lines[] = {LAB_FLETS_PD, LAB_DHCP4};
	static const char *const profiles[] = {"standard", "strict"};

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 2) {
		fprintf(stderr, "usage: scan KADOMORID\n");
		return 1;
	}
	daemon_path = argv[1];
	bytes = xcalloc(PORTS, FRAME);
	for (size_t l = 0; l < ARRAY_LEN(lines); l++) {
		for (size_t p = 0; p < ARRAY_LEN(profiles); p++) {
			int rc = scene(lines[l], profiles[p]);

			if (rc)
				return rc;
		}
	}
	free(bytes);
	printf("%zu packets sent, %zu delivered, %zu unexplained\n", sent,
		delivered, wrong);
	return wrong ? 1 : 0;
}
