// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fault x first finding. A home behind a plain stateful router (nftables, not
 * kadomorid), a reflector on the Internet at atkin, and one fault at a time:
 * the doctor must name exactly that one first, with the cause. Without a fault
 * it must find nothing.
 */
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/text.h"
#include "lab/lab.h"

enum house { GATE, BRIDGE };
/* What runs beside the doctor. */
enum beside { NOTHING, TWO_TO_SEGW, TWO_TO_REFLECTOR, LISTEN_8080 };

#define GW(s) "gw", s
#define CASA(s) "casa", s
#define FORWARD(rule) "nft 'add table inet fault; add chain inet fault f { type filter hook forward priority -10; }; add rule inet fault f " rule "'"
#define EARLY(rule) "nft 'add table inet fault; add chain inet fault f { type filter hook prerouting priority -450; }; add rule inet fault f " rule "'"
#define OPEN "nft 'flush chain inet r f; add rule inet r f accept'"
#define TIMEOUT(n) "sysctl -qw net.netfilter." n

struct fault {
	const char *name;
	const char *node, *script; /* NULL: none; undone by back_to_good() */
	const char *args;	   /* of the doctor */
	const char *want;	   /* "" none */
	int cause;
	const char *verdict;
	enum beside beside;
	const char *at;		   /* where the doctor runs, NULL: casa */
	bool no_reflector, bad_dns, dead_dns;
	bool neighbour;		   /* the reflector is on another home's line */
};

static const struct fault v6[] = {
	{"nothing", NULL, NULL, "", "", 0, ""},
	{"cable out", CASA("ip link set eth0 down"), "", "L01", 1, "FAIL"},
	{"no default route", CASA("sysctl -qw net.ipv6.conf.eth0.accept_ra=0; ip -6 route flush default; ip -6 route del default 2>/dev/null || :"), "", "A02", 1, "FAIL"},
	{"closed network only", NULL, NULL, "--line N0", "A02", 5, "FAIL"},
	{"DNS dead", NULL, NULL, "", "D03", 1, "FAIL", .dead_dns = true},
	{"DNS refuses", NULL, NULL, "", "D03", 2, "FAIL", .bad_dns = true},
	{"peer dead, no reflector", NULL, NULL, "--peer SEGW", "K04", 1, "FAIL", .no_reflector = true},
	{"UDP/500 stopped outwards", GW(FORWARD("oifname wan0 udp dport 500 drop")), "", "K04", 2, "FAIL"},
	{"UDP/500 stopped inwards", GW(FORWARD("iifname wan0 udp sport 500 drop")), "", "K04", 3, "FAIL"},
	{"peer dead", NULL, NULL, "--peer SEGW", "K04", 4, "FAIL"},
	{"IPv6 rewritten (NAT66)", GW("nft 'add table ip6 fault; add chain ip6 fault p { type nat hook postrouting priority 100; }; add rule ip6 fault p oifname wan0 masquerade'"), "", "P05", 1, "FAIL"},
	{"MTU black hole outwards", GW(FORWARD("oifname wan0 meta length > 1400 drop")), "", "M06", 1, "FAIL"},
	{"MTU black hole inwards", GW(FORWARD("iifname wan0 meta length > 1400 drop")), "", "M06", 2, "FAIL"},
	{"fragments stopped outwards", GW(EARLY("iifname lan0 exthdr frag exists drop")), "", "F07", 1, "FAIL"},
	{"fragments stopped inwards", GW(EARLY("iifname wan0 exthdr frag exists drop")), "", "F07", 2, "FAIL"},
	{"ESP stopped outwards", GW(FORWARD("oifname wan0 meta l4proto esp drop")), "", "E08", 1, "FAIL"},
	{"ESP fragments stopped outwards", GW(EARLY("iifname lan0 frag nexthdr 50 drop")), "", "E08", 2, "FAIL"},
	{"ESP stopped inwards (inspection without ESP)", GW(FORWARD("iifname wan0 meta l4proto esp drop")), "", "E09", 1, "FAIL"},
	{"ESP fragments stopped inwards", GW(EARLY("iifname wan0 frag nexthdr 50 drop")), "", "E09", 2, "FAIL"},
	{"UDP/4500 stopped", GW(FORWARD("udp dport 4500 drop")), "", "N10", 1, "FAIL"},
	{"UDP timer of 1 s", GW(TIMEOUT("nf_conntrack_udp_timeout=1 net.netfilter.nf_conntrack_udp_timeout_stream=1")), "", "N10", 2, "FAIL"},
	{"inspection that knows single SPIs", GW("nft 'add table inet fault; add set inet fault s { typeof esp spi; size 1; flags dynamic; }; "
		"add chain inet fault f { type filter hook forward priority -10; }; "
		"add rule inet fault f iifname wan0 meta l4proto esp esp spi @s accept; "
		"add rule inet fault f iifname wan0 meta l4proto esp add @s { esp spi } accept; "
		"add rule inet fault f iifname wan0 meta l4proto esp drop'"), "", "R11", 1, "FAIL"},
	{"UDP/500 timer of 1 s", GW("nft 'add table ip6 fault; add ct timeout ip6 fault t { protocol udp; l3proto ip6; policy = { unreplied : 1, replied : 1 }; }; "
		"add chain ip6 fault f { type filter hook prerouting priority -150; }; "
		"add rule ip6 fault f udp dport 500 ct timeout set \"t\"'"), "", "R11", 2, "FAIL"},
	{"ESP timer of 1 s", GW(TIMEOUT("nf_conntrack_generic_timeout=1")), "", "R11", 3, "FAIL"},
	{"firewall off", GW(OPEN), "", "X13", 1, "FAIL"},
	{"a service let in", GW("nft 'add rule inet r f tcp dport 8080 accept'"), "", "X13", 2, "FAIL", LISTEN_8080},
	{"home gateway's firewall off", GW(OPEN), "--line H1", "X13", 3, "FAIL"},
	/* as level 標準 is told of: who is inside FLET'S comes in, the Internet not */
	{"home gateway at level 標準, asked from a neighbour", GW("nft insert rule inet r f ip6 saddr 2409:11:4a0:7700::/64 accept"), "--line H1", "X13", 3, "FAIL", .neighbour = true},
	{"home gateway at level 標準, asked from the Internet", GW("nft insert rule inet r f ip6 saddr 2409:11:4a0:7700::/64 accept"), "--line H1", "", 0, ""},
	{"home gateway without phone", GW(OPEN), "--line H2", "X13", 4, "FAIL"},
};

static const struct fault bridged[] = {
	{"IPv6 bridge", NULL, NULL, "", "X13", 1, "FAIL"},
};

static const struct fault v4[] = {
	{"nothing, IPv4 NAT", NULL, NULL, "", "", 0, ""},
	{"DS-Lite line", NULL, NULL, "--line D1", "A02", 4, "FAIL"},
	{"two routers", NULL, NULL, "--gateway", "A02", 3, "FAIL"},
	{"port 500 rewritten", GW("nft 'flush table ip n; add rule ip n p oifname wan0 udp sport 500 masquerade to :20000-30000; add rule ip n p oifname wan0 masquerade'"), "", "P05", 2, "FAIL"},
	{"fragments stopped inwards, IPv4", GW(EARLY("iifname wan0 ip frag-off & 0x3fff != 0 drop")), "", "F07", 2, "FAIL"},
	{"ESP stopped outwards, NAT-T works", GW(FORWARD("oifname wan0 meta l4proto esp drop")), "", "E08", 4, "UNDECIDED"},
	{"ESP stopped inwards, NAT-T works", GW(FORWARD("iifname wan0 meta l4proto esp drop")), "", "E09", 3, "UNDECIDED"},
	{"UDP timer of 1 s, IPv4", GW(TIMEOUT("nf_conntrack_udp_timeout=1 net.netfilter.nf_conntrack_udp_timeout_stream=1")), "", "N10", 2, "FAIL"},
	{"two devices to the reflector", NULL, NULL, "--gateway", "E08", 3, "FAIL", TWO_TO_REFLECTOR, "gw"},
	{"two devices to one peer", NULL, NULL, "--gateway", "T12", 1, "FAIL", TWO_TO_SEGW, "gw"},
};

static const struct fault cgn[] = {
	{"carrier NAT", NULL, NULL, "--gateway", "A02", 2, "FAIL", NOTHING, "gw"},
};

struct story {
	enum lab_line line;
	enum house house;
	const struct fault *f;
	size_t n;
};
/* Told at once, each in a lab of its own: a doctor mostly waits. */
enum { PART = ARRAY_LEN(v6) / 4, HALF4 = ARRAY_LEN(v4) / 2 };
static const struct story stories[] = {
	{LAB_FLETS_PD, GATE, v6, PART},
	{LAB_FLETS_PD, GATE, v6 + PART, PART},
	{LAB_FLETS_PD, GATE, v6 + 2 * PART, PART},
	{LAB_FLETS_PD, GATE, v6 + 3 * PART, ARRAY_LEN(v6) - 3 * PART},
	{LAB_FLETS_RA, BRIDGE, bridged, ARRAY_LEN(bridged)},
	{LAB_DHCP4, GATE, v4, HALF4},
	{LAB_DHCP4, GATE, v4 + HALF4, ARRAY_LEN(v4) - HALF4},
	{LAB_PRIVATE4, GATE, cgn, ARRAY_LEN(cgn)},
};

static const char *kadomori;
static unsigned right, all;

/* --- the home --------------------------------------------------------------- */

static int router(struct lab *lab)
{
	return lab_run(lab, LAB_GW,
		"sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1\n"
		"nft 'add table inet r; add chain inet r f { type filter hook forward priority 0; policy drop; }; "
		"flush chain inet r f; "
		"add rule inet r f ct state established,related accept; "
		"add rule inet r f iifname lan0 accept; "
		"add rule inet r f icmpv6 type { packet-too-big, destination-unreachable, time-exceeded, parameter-problem } accept; "
		"add chain inet r i { type filter hook input priority 0; policy accept; }; "
		"flush chain inet r i; "
		"add rule inet r i iifname wan0 ct state established,related accept; "
		"add rule inet r i iifname wan0 meta l4proto { icmp, icmpv6 } accept; "
		"add rule inet r i iifname wan0 udp dport { 68, 546 } accept; "
		"add rule inet r i iifname wan0 drop; "
		"add table ip n; add chain ip n p { type nat hook postrouting priority 100; }; "
		"flush chain ip n p; add rule ip n p oifname wan0 masquerade'\n");
}

/* Somebody's router, not kadomorid: its RA is radvd's. */
static int router_ra(struct lab *lab)
{
	struct addrmask lan = lab_lan6(lab);
	char net[ADDRMASK_STR];
	int e = lab_run(lab, LAB_GW, "printf 'interface lan0 { AdvSendAdvert on; "
		"MinRtrAdvInterval 3; MaxRtrAdvInterval 4; prefix %s { }; };\\n' >%s/radvd-lan0.conf",
		addrmask_format(&lan, net), lab_dir(lab));

	if (e || router(lab))
		return -EIO;
	return lab_spawn(lab, LAB_GW, "radvd-lan0",
		"radvd -n -m stderr -C %s/radvd-lan0.conf -p %s/radvd-lan0.pid",
		lab_dir(lab), lab_dir(lab)) < 0 ? -EIO : 0;
}

static const char *addr_of(struct lab *lab, enum lab_node n)
{
	return lab_addr_text(lab, n, lab_line_family(lab_line_of(lab)));
}

/* A second address for the reflector, one behind the first. */
static void alt_addr(struct lab *lab, enum lab_node at, char *buf)
{
	enum family f = lab_line_family(lab_line_of(lab));
	struct addr a;

	lab_addr(lab, at, f, &a);
	a.b[15]++;
	addr_format(f, &a, buf);
}

static int outside(struct lab *lab)
{
	char alt[ADDR_STR];
	int six = lab_line_family(lab_line_of(lab)) == FAM_6;

	alt_addr(lab, LAB_ATKAN, alt);
	if (six && lab_run(lab, LAB_ATKAN, "ip addr add %s/64 dev eth0", alt))
		return -EIO;
	alt_addr(lab, LAB_ATKIN, alt);
	if (lab_run(lab, LAB_ATKIN, "ip addr add %s/%d dev eth0\n"
		"umask 077; %s reflect key >%s/key", alt, six ? 64 : 24, kadomori,
		lab_dir(lab)))
		return -EIO;
	if (lab_spawn(lab, LAB_ATKIN, "dns-good", "dnsmasq -k -C /dev/null "
		"-R -h --user=root --listen-address=%s --bind-interfaces "
		"--address=/#/203.119.40.1 -x %s/dns1.pid", addr_of(lab, LAB_ATKIN),
		lab_dir(lab)) < 0 ||
		lab_spawn(lab, LAB_SEGW, "dns-bad", "dnsmasq -k -C /dev/null -R -h "
		"--user=root --listen-address=%s --bind-interfaces -x %s/dns2.pid",
		addr_of(lab, LAB_SEGW), lab_dir(lab)) < 0)
		return -EIO;
	return lab_wait(lab, LAB_ATKIN, 5000,
		"ss -Hlun 'sport = 53' | grep -q .");
}

/* One for each fault: a home may ask only so often. */
static pid_t reflector(struct lab *lab, enum lab_node at)
{
	char alt[ADDR_STR];
	pid_t p;

	alt_addr(lab, at, alt);
	p = lab_spawn(lab, at, "reflect",
		"%s reflect serve --key %s/key --listen %s --listen %s", kadomori,
		lab_dir(lab), addr_of(lab, at), alt);
	lab_wait(lab, at, 5000, "ss -Hlun 'sport = 40500' | grep -q .");
	return p;
}

static int back_to_good(struct lab *lab, enum house h)
{
	int e = lab_run(lab, LAB_GW,
		"nft delete table inet fault 2>/dev/null || :\n"
		"nft delete table ip6 fault 2>/dev/null || :\n");

	if (h == BRIDGE)
		return e;
	e = e ?: router(lab);
	/* the timers' files are there once conntrack is used */
	e = e ?: lab_run(lab, LAB_GW,
		"sysctl -qw net.netfilter.nf_conntrack_udp_timeout=30 "
		"net.netfilter.nf_conntrack_udp_timeout_stream=120 "
		"net.netfilter.nf_conntrack_generic_timeout=600\n"
		"conntrack -F >/dev/null 2>&1\n");
	if (lab_line_family(lab_line_of(lab)) == FAM_4)
		return e;
	e = e ?: lab_run(lab, LAB_CASA, "sysctl -qw net.ipv6.conf.eth0.accept_ra=1\n"
		"ip link set eth0 up\n"
		"ip -6 route show default | grep -q via || { ip link set eth0 down; ip link set eth0 up; }\n");
	return e ?: lab_wait(lab, LAB_CASA, 15000,
		"ip -6 -o addr show dev eth0 scope global | grep -q . && "
		"ip -6 route show default | grep -q via");
}

/* --- what runs beside --------------------------------------------------------- */

/* ESP of a device, five a second, until killed. */
static pid_t esp_sender(struct lab *lab, enum lab_node from, enum lab_node to)
{
	int fd = lab_socket(lab, from, AF_INET, SOCK_RAW, IPPROTO_ESP);
	struct sockaddr_in s = {.sin_family = AF_INET};
	uint8_t esp[64] = {0x11, 0x22, 0x33, (uint8_t)from, 0, 0, 0, 1};
	struct addr a;
	pid_t pid;

	lab_addr(lab, to, FAM_4, &a);
	memcpy(&s.sin_addr, a.b + 12, 4);
	pid = fork();
	if (pid == 0)
		for (;;) {
			esp[7]++;
			(void)!sendto(fd, esp, sizeof(esp), 0,
				(struct sockaddr *)&s, sizeof(s));
			lab_sleep(200);
		}
	close(fd);
	return pid;
}

static int listener(struct lab *lab)
{
	struct sockaddr_in6 s = {.sin6_family = AF_INET6,
		.sin6_port = htons(8080)};
	int fd = lab_socket(lab, LAB_CASA, AF_INET6, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&s, sizeof(s)) < 0 || listen(fd, 8) < 0)
		perror("listen");
	return fd;
}

/* --- one fault ----------------------------------------------------------------- */

static char *doctor_args(struct lab *lab, const struct fault *f)
{
	struct text t = TEXT_INIT;
	const char *peer = strstr(f->args, "SEGW");

	if (peer)
		text_addf(&t, "%.*s%s", (int)(peer - f->args), f->args,
			addr_of(lab, LAB_SEGW));
	else
		text_add(&t, f->args);
	/* looking for the line has tests of its own; here once a house */
	if (!strstr(f->args, "--line") && *f->name != 'n')
		text_add(&t, " --line U0");
	if (!f->no_reflector)
		text_addf(&t, " --reflect %s --key %s/key", addr_of(lab,
			f->neighbour ? LAB_ATKAN : LAB_ATKIN),
			lab_dir(lab));
	/* nobody listens on port 53 of the attacker on the access network */
	text_addf(&t, " --dns %s --idle 3 --tcp 22,8080 --udp 53",
		f->dead_dns ? lab_line_family(lab_line_of(lab)) == FAM_6
			? "2409:11:4a0:7700::99" : "153.246.12.99"
		: addr_of(lab, f->bad_dns ? LAB_SEGW : LAB_ATKIN));
	return text_take(&t);
}

static bool judge(const struct fault *f, const char *out, int rc)
{
	json_t *j = json_loads(out, 0, NULL), *c = NULL;
	const char *first = json_string_value(json_object_get(j, "first"));
	int cause = 0, want_rc = !*f->want ? 0 : !strcmp(f->verdict, "FAIL") ? 2 : 4;
	const char *verdict = "";
	struct text also = TEXT_INIT;
	size_t i;

	json_array_foreach(json_object_get(j, "checks"), i, c)
		if (!strcmp(json_string_value(json_object_get(c, "verdict")), "FAIL") &&
			strcmp(json_string_value(json_object_get(c, "id")), f->want))
			text_addf(&also, " %s", json_string_value(json_object_get(c, "id")));
	json_array_foreach(json_object_get(j, "checks"), i, c)
		if (first && !strcmp(first, json_string_value(json_object_get(c, "id")))) {
			cause = (int)json_integer_value(json_object_get(c, "cause"));
			verdict = json_string_value(json_object_get(c, "verdict"));
			break;
		}
	bool ok = first && !strcmp(first, f->want) && cause == f->cause &&
		!strcmp(verdict, f->verdict) && rc == want_rc && !also.len;

	printf("%-4s %-46s want %-3s %d %-9s  got %-3s %d %-9s  %s%s%s\n", ok ? "ok" : "FAIL",
		f->name, f->want, f->cause, f->verdict, first ? first : "?", cause,
		verdict ? verdict : "?",
		j ? json_string_value(json_object_get(j, "code")) : "",
		also.len ? "  and also fails:" : "", text_str(&also));
	text_done(&also);
	if (!ok)
		puts(out);
	fflush(stdout);
	json_decref(j);
	return ok;
}

static void end(pid_t p)
{
	if (p > 0) {
		kill(p, SIGKILL);
		waitpid(p, NULL, 0);
	}
}

static void one(struct lab *lab, enum house h, const struct fault *f)
{
	enum lab_node node = LAB_GW, at = LAB_CASA;
	struct text out = TEXT_INIT;
	pid_t p[2] = {0}, r;
	char *args;
	int fd = -1, rc;

	all++;
	if (back_to_good(lab, h) != 0) {
		printf("FAIL %s: the home did not come back\n", f->name);
		return;
	}
	if (f->at)
		lab_node_parse(f->at, &at);
	if (f->node)
		lab_node_parse(f->node, &node);
	if (f->script && lab_run(lab, node, "%s", f->script) != 0) {
		printf("FAIL %s: the fault could not be made\n", f->name);
		return;
	}
	if (f->beside == TWO_TO_SEGW || f->beside == TWO_TO_REFLECTOR) {
		enum lab_node to = f->beside == TWO_TO_SEGW ? LAB_SEGW : LAB_ATKIN;

		p[0] = esp_sender(lab, LAB_CASA, to);
		p[1] = esp_sender(lab, LAB_CASA2, to);
		lab_sleep(500);
	}
	if (f->beside == LISTEN_8080)
		fd = listener(lab);
	args = doctor_args(lab, f);
	r = reflector(lab, f->neighbour ? LAB_ATKAN : LAB_ATKIN);
	rc = lab_output(lab, at, &out, "%s --lang en --json doctor %s", kadomori, args);
	right += judge(f, text_str(&out), rc);
	lab_stop(lab, r);
	end(p[0]);
	end(p[1]);
	if (fd >= 0)
		close(fd);
	free(args);
	text_done(&out);
}

static int tell(const struct story *s, const char *only)
{
	struct lab_want w = {.line = s->line};
	struct lab *lab = NULL;
	char *why = NULL;
	int e = lab_up(&w, &lab, &why);

	if (e == 0)
		e = s->house == BRIDGE ? lab_house_bridge(lab, &why)
				       : lab_house_gate(lab, &why);
	if (e == 0 && s->house == GATE && lab_line_family(s->line) == FAM_6)
		e = router_ra(lab);
	if (e == 0)
		e = outside(lab);
	if (e < 0) {
		printf("%s: %s\n", e == -EOPNOTSUPP ? "skip" : "FAIL",
			why ? why : strerror(-e));
		lab_down(lab);
		return e;
	}
	for (size_t i = 0; i < s->n; i++)
		if (!only || strstr(s->f[i].name, only))
			one(lab, s->house, &s->f[i]);
	lab_down(lab);
	free(why);
	return 0;
}

/* A story told by a process of its own: what it said, and its two counts. */
struct told {
	pid_t pid;
	FILE *said;
	int counts[2];
};

static bool begin(struct told *t, const struct story *s, const char *only)
{
	unsigned counts[2];
	int e;

	t->said = tmpfile();
	if (!t->said || pipe(t->counts))
		return false;
	fflush(stdout);
	t->pid = fork();
	if (t->pid)
		return t->pid > 0;
	dup2(fileno(t->said), STDOUT_FILENO);
	e = tell(s, only);
	counts[0] = right;
	counts[1] = all;
	(void)!write(t->counts[1], counts, sizeof(counts));
	fflush(stdout);
	_exit(e == -EOPNOTSUPP ? 77 : e < 0);
}

/* Its exit code: 0, 1 or 77 (skipped). */
static int hear(struct told *t)
{
	unsigned counts[2] = {0};
	int status = 0, c;

	close(t->counts[1]);
	waitpid(t->pid, &status, 0);
	if (read(t->counts[0], counts, sizeof(counts)) != sizeof(counts))
		status = 1 << 8;
	right += counts[0];
	all += counts[1];
	rewind(t->said);
	while ((c = fgetc(t->said)) != EOF)
		putchar(c);
	fclose(t->said);
	close(t->counts[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	const char *only = argc > 2 ? argv[2] : NULL;
	struct told told[ARRAY_LEN(stories)];
	int worst = 0;

	if (geteuid() != 0) {
		puts("skip: needs root for network namespaces");
		return 77;
	}
	kadomori = argv[1];
	for (size_t i = 0; i < ARRAY_LEN(stories); i++)
		if (!begin(&told[i], &stories[i], only))
			return 1;
	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		int rc = hear(&told[i]);

		worst = MAX2(worst, rc);
	}
	if (worst)
		return worst;
	printf("%u of %u faults named first\n", right, all);
	return right == all && all ? 0 : 1;
}
