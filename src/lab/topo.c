/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is where: names, addresses, links; up and down. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/text.h"
#include "base/tr.h"
#include "lab/lab-own.h"

/* Prefixes out of ordinary space, beside LAB_LAN6. */
#define OTHER6 "2409:11:4a0:7700::" /* another subscriber: atkan */
#define SEG6 "2001:f60:5e::"
#define INET6 "2a02:c207:77::"
#define ACC4 "153.246.12." /* dhcp4 */
#define CGN4 "100.72.16."  /* private4 */
#define SEG4 "133.237.60."
#define INET4 "185.220.101."
#define LAN4 "192.168.50."

static const char *const line_names[LAB_LINE_MAX] = {
	[LAB_FLETS_RA] = "flets-ra", [LAB_FLETS_PD] = "flets-pd",
	[LAB_DHCP4] = "dhcp4", [LAB_PRIVATE4] = "private4"};

static const struct node {
	const char *name;
	struct mac mac;	  /* of eth0; wan0 of gw */
	const char *addr6; /* outsiders' fixed addresses */
	const char *addr4; /* home: on the LAN; others: global */
	unsigned char own4; /* last byte in ACC4 when the house is bridged */
} nodes[LAB_NODE_MAX] = {
	[LAB_CASA] = {"casa", {{0x00, 0x1b, 0x8b, 0x10, 0x20, 0x01}}, NULL,
		LAN4 "11", 111},
	[LAB_PC] = {"pc", {{0x3c, 0x97, 0x0e, 0x51, 0x07, 0x22}}, NULL,
		LAN4 "12", 112},
	[LAB_CASA2] = {"casa2", {{0x00, 0x1b, 0x8b, 0x10, 0x20, 0x02}}, NULL,
		LAN4 "13", 113},
	[LAB_LAN] = {"lan", {{0}}, NULL, NULL, 0},
	[LAB_GW] = {"gw", {{0x90, 0x96, 0xf3, 0x2a, 0x40, 0x00}}, NULL,
		LAN4 "1", 110},
	[LAB_AN] = {"an", {{0x00, 0x25, 0x5c, 0x00, 0x0a, 0x01}}, NULL, NULL, 0},
	[LAB_SEGW] = {"segw", {{0x00, 0x10, 0xdb, 0x00, 0x5e, 0x10}}, SEG6 "10",
		SEG4 "10", 0},
	[LAB_ATKAN] = {"atkan", {{0x52, 0x54, 0x00, 0x66, 0x00, 0x01}},
		OTHER6 "66", NULL, 66},
	[LAB_ATKIN] = {"atkin", {{0x52, 0x54, 0x00, 0x66, 0x00, 0x02}},
		INET6 "66", INET4 "66", 0},
};
static const struct mac mac_lan0 = {{0x90, 0x96, 0xf3, 0x2a, 0x40, 0x01}};
static const struct mac mac_net = {{0x00, 0x25, 0x5c, 0x00, 0x0a, 0x02}};

const char *lab_line_name(enum lab_line l)
{
	return l < LAB_LINE_MAX ? line_names[l] : "?";
}

int lab_line_parse(const char *s, enum lab_line *ret)
{
	for (int i = 0; i < LAB_LINE_MAX; i++)
		if (!strcmp(s, line_names[i])) {
			*ret = (enum lab_line)i;
			return 0;
		}
	return -EINVAL;
}

enum family lab_line_family(enum lab_line l)
{
	return l == LAB_DHCP4 || l == LAB_PRIVATE4 ? FAM_4 : FAM_6;
}

const char *lab_node_name(enum lab_node n)
{
	return n < LAB_NODE_MAX ? nodes[n].name : "?";
}

int lab_node_parse(const char *s, enum lab_node *ret)
{
	for (int i = 0; i < LAB_NODE_MAX; i++)
		if (!strcmp(s, nodes[i].name)) {
			*ret = (enum lab_node)i;
			return 0;
		}
	return -EINVAL;
}

enum lab_line lab_line_of(const struct lab *lab)
{
	return lab->line;
}
const char *lab_name(const struct lab *lab)
{
	return lab->name;
}
const char *lab_ns(const struct lab *lab, enum lab_node n)
{
	return lab->ns[n];
}
const char *lab_dir(const struct lab *lab)
{
	return lab->dir;
}
struct mac lab_mac(const struct lab *lab, enum lab_node n)
{
	(void)lab;
	return nodes[n].mac;
}
struct mac lab_mac_lan0(const struct lab *lab)
{
	(void)lab;
	return mac_lan0;
}
struct mac lab_mac_acc(const struct lab *lab)
{
	return lab_mac(lab, LAB_AN);
}
struct mac lab_mac_net(const struct lab *lab)
{
	(void)lab;
	return mac_net;
}

struct addrmask lab_lan6(const struct lab *lab)
{
	struct addrmask m;

	(void)lab;
	if (addrmask_parse(LAB_LAN6 "/64", &m) < 0)
		abort();
	return m;
}

static bool at_home(enum lab_node n)
{
	return n == LAB_CASA || n == LAB_PC || n == LAB_CASA2;
}

/* The wire's own /24: global, or the carrier's private one. */
static const char *wire4(const struct lab *lab)
{
	return lab->line == LAB_PRIVATE4 ? CGN4 : ACC4;
}

static int addr4(const struct lab *lab, enum lab_node n, struct addr *ret)
{
	char s[ADDR_STR];
	enum family f;

	if (lab_line_family(lab->line) != FAM_4 && !at_home(n) && n != LAB_GW)
		return -EADDRNOTAVAIL;
	if ((lab->bridged && nodes[n].own4) || n == LAB_ATKAN)
		snprintf(s, sizeof(s), "%s%u", wire4(lab), nodes[n].own4);
	else if (nodes[n].addr4)
		snprintf(s, sizeof(s), "%s", nodes[n].addr4);
	else
		return -EADDRNOTAVAIL;
	return addr_parse(s, &f, ret);
}

static int addr6(const struct lab *lab, enum lab_node n, struct addr *ret)
{
	struct addrmask lan = lab_lan6(lab);
	struct addr iid;
	enum family f;

	if (lab_line_family(lab->line) != FAM_6)
		return -EADDRNOTAVAIL;
	if (nodes[n].addr6)
		return addr_parse(nodes[n].addr6, &f, ret);
	if (!at_home(n) && !(n == LAB_GW && lab->line == LAB_FLETS_RA))
		return -EADDRNOTAVAIL;
	iid = mac_to_iid(&nodes[n].mac);
	*ret = addr_or(&lan.value, &iid);
	return 0;
}

int lab_addr(const struct lab *lab, enum lab_node n, enum family fam,
	struct addr *ret)
{
	if (n >= LAB_NODE_MAX)
		return -EINVAL;
	return fam == FAM_6 ? addr6(lab, n, ret) : addr4(lab, n, ret);
}

int lab_outside_addr(const struct lab *lab, enum lab_node n, enum family fam,
	struct addr *ret)
{
	char s[ADDR_STR];
	enum family f;

	if (fam == FAM_6 || lab->bridged || !(at_home(n) || n == LAB_GW))
		return lab_addr(lab, n, fam, ret);
	snprintf(s, sizeof(s), "%s%u", wire4(lab), nodes[LAB_GW].own4);
	return addr_parse(s, &f, ret);
}

const char *lab_addr_text(const struct lab *lab, enum lab_node n,
	enum family fam)
{
	char *buf = ((struct lab *)lab)->text[n][fam == FAM_6];
	struct addr a;

	if (lab_addr(lab, n, fam, &a) < 0)
		return "";
	return addr_format(fam, &a, buf);
}

/* --- links -------------------------------------------------------------- */

static void veth(struct text *t, const struct lab *lab, enum lab_node a,
	const char *ia, const struct mac *ma, enum lab_node b, const char *ib)
{
	char m[MAC_STR];

	text_addf(t, "ip link add %s netns %s address %s type veth peer name %s netns %s\n",
		ia, lab->ns[a], mac_format(ma, m), ib, lab->ns[b]);
}

static int links_make(struct lab *lab)
{
	struct text t = TEXT_INIT;
	int r;

	veth(&t, lab, LAB_CASA, "eth0", &nodes[LAB_CASA].mac, LAB_LAN, "p1");
	veth(&t, lab, LAB_PC, "eth0", &nodes[LAB_PC].mac, LAB_LAN, "p2");
	veth(&t, lab, LAB_CASA2, "eth0", &nodes[LAB_CASA2].mac, LAB_LAN, "p3");
	veth(&t, lab, LAB_GW, "lan0", &mac_lan0, LAB_LAN, "p4");
	veth(&t, lab, LAB_GW, "wan0", &nodes[LAB_GW].mac, LAB_AN, "acc0");
	veth(&t, lab, LAB_ATKAN, "eth0", &nodes[LAB_ATKAN].mac, LAB_AN, "acc1");
	veth(&t, lab, LAB_SEGW, "eth0", &nodes[LAB_SEGW].mac, LAB_AN, "net0");
	veth(&t, lab, LAB_ATKIN, "eth0", &nodes[LAB_ATKIN].mac, LAB_AN, "net1");
	lab_echo(lab, "-", text_str(&t));
	r = lab_run_root(lab, text_str(&t));
	text_done(&t);
	return r == 0 ? 0 : -EIO;
}

/*
 * No checksum or segmentation left to a card that is not there: what is
 * captured are the bytes a real wire would carry. br_netfilter (if loaded)
 * must not put switched frames through the access router's own rules.
 */
#define QUIET                                                                  \
	"for f in /proc/sys/net/bridge/bridge-nf-call-ip*tables; do "           \
	"[ ! -e $f ] || echo 0 >$f; done\n"                                     \
	/* the interfaces are there already: "default" comes too late for them */ \
	"for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >$f; done\n" \
	"ip link set lo up\n"
#define PLAIN(i) "ethtool -K " i " tx off tso off gso off gro off >/dev/null 2>&1 || :\n"

static int host_make(struct lab *lab, enum lab_node n)
{
	return lab_run(lab, n, QUIET
		"sysctl -qw net.ipv6.conf.eth0.router_solicitation_delay=0 "
		"net.ipv6.conf.eth0.router_solicitation_interval=1 "
		"net.ipv6.conf.eth0.accept_ra=1 "
		/* a home host's default limits would hide answers from a scan */
		"net.ipv6.icmp.ratelimit=0 net.ipv4.icmp_ratelimit=0\n"
		PLAIN("eth0") "ip link set eth0 mtu %u up\n", lab->mtu);
}

static int switch_make(struct lab *lab)
{
	return lab_run(lab, LAB_LAN, QUIET
		"ip link add br0 type bridge\n"
		"sysctl -qw net.ipv6.conf.br0.disable_ipv6=1\n"
		"for i in p1 p2 p3 p4; do sysctl -qw net.ipv6.conf.$i.disable_ipv6=1\n"
		"ip link set $i mtu %u master br0 up; " PLAIN("$i") "done\n"
		"ip link set br0 up\n", lab->mtu);
}

static int gw_make(struct lab *lab)
{
	return lab_run(lab, LAB_GW, QUIET
		"sysctl -qw net.ipv6.conf.wan0.router_solicitation_delay=0 "
		"net.ipv6.conf.wan0.router_solicitation_interval=1\n"
		PLAIN("wan0") PLAIN("lan0")
		"ip link set wan0 mtu %u\nip link set lan0 mtu %u\n",
		lab->mtu, lab->mtu);
}

static int an_make(struct lab *lab)
{
	char acc[MAC_STR], net[MAC_STR];

	mac_format(&nodes[LAB_AN].mac, acc);
	mac_format(&mac_net, net);
	return lab_run(lab, LAB_AN, QUIET
		"ip link add acc address %s type bridge\n"
		"ip link add net address %s type bridge\n"
		"for i in acc0 acc1 net0 net1; do sysctl -qw net.ipv6.conf.$i.disable_ipv6=1\n"
		"ip link set $i mtu %u master ${i%%?} up; " PLAIN("$i") "done\n"
		"ip link set acc up\nip link set net up\n"
		"sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1 "
		"net.ipv6.icmp.ratelimit=0 net.ipv4.icmp_ratelimit=0\n",
		acc, net, lab->mtu);
}

/* --- addresses ------------------------------------------------------------ */

static int outside6(struct lab *lab)
{
	int r = lab_run(lab, LAB_AN,
		"ip -6 addr add fe80::1/64 dev acc\n"
		"ip -6 addr add " OTHER6 "1/64 dev acc\n"
		"ip -6 addr add " SEG6 "1/64 dev net\n"
		"ip -6 addr add " INET6 "1/64 dev net\n");

	r = r ?: lab_run(lab, LAB_SEGW, "ip -6 addr add " SEG6 "10/64 dev eth0\n"
		"ip -6 route add default via " SEG6 "1\n");
	r = r ?: lab_run(lab, LAB_ATKIN, "ip -6 addr add " INET6 "66/64 dev eth0\n"
		"ip -6 route add default via " INET6 "1\n");
	r = r ?: lab_run(lab, LAB_ATKAN,
		"sysctl -qw net.ipv6.conf.eth0.accept_ra=0\n"
		"ip -6 addr add " OTHER6 "66/64 dev eth0\n"
		"ip -6 route add default via fe80::1 dev eth0\n");
	return r == 0 ? 0 : -EIO;
}

static int outside4(struct lab *lab)
{
	const char *w = wire4(lab);
	int r = lab_run(lab, LAB_AN, "ip addr add %s1/24 dev acc\n"
		"ip addr add " SEG4 "1/24 dev net\n"
		"ip addr add " INET4 "1/24 dev net\n", w);

	r = r ?: lab_run(lab, LAB_SEGW, "ip addr add " SEG4 "10/24 dev eth0\n"
		"ip route add default via " SEG4 "1\n");
	r = r ?: lab_run(lab, LAB_ATKIN, "ip addr add " INET4 "66/24 dev eth0\n"
		"ip route add default via " INET4 "1\n");
	r = r ?: lab_run(lab, LAB_ATKAN, "ip addr add %s66/24 dev eth0\n"
		"ip route add default via %s1\n", w, w);
	return r == 0 ? 0 : -EIO;
}

/* Behind a carrier NAT nobody outside reaches the wire's private addresses. */
static int carrier_nat(struct lab *lab)
{
	return lab_run(lab, LAB_AN, "nft -f - <<'E'\n"
		"table ip cgn {\n"
		"	chain post { type nat hook postrouting priority 100;\n"
		"		iifname acc oifname net masquerade\n	}\n"
		"	chain gate { type filter hook forward priority 0;\n"
		"		ct state established,related accept\n"
		"		iifname net drop\n	}\n"
		"}\nE\n") == 0 ? 0 : -EIO;
}

static int addresses_make(struct lab *lab)
{
	int e = lab_line_family(lab->line) == FAM_6 ? outside6(lab) :
						      outside4(lab);

	if (e == 0 && lab->line == LAB_PRIVATE4)
		e = carrier_nat(lab);
	return e;
}

/* --- up and down ---------------------------------------------------------- */

static struct lab *lab_new(const char *name, bool verbose)
{
	struct lab *lab = xcalloc(1, sizeof(*lab));

	lab->name = xstrdup(name);
	lab->dir = xasprintf("/run/kadomori-lab/%s", name);
	lab->verbose = verbose;
	for (int n = 0; n < LAB_NODE_MAX; n++)
		lab->ns[n] = xasprintf("kdl-%s-%s", name, nodes[n].name);
	return lab;
}

void lab_leave(struct lab *lab)
{
	if (!lab)
		return;
	for (int n = 0; n < LAB_NODE_MAX; n++) {
		if (lab->guest[n].pid > 0)
			close(lab->guest[n].fd);
		free(lab->ns[n]);
	}
	free(lab->kids);
	free(lab->name);
	free(lab->dir);
	free(lab);
}

void lab_down(struct lab *lab)
{
	if (!lab)
		return;
	lab_ns_remove(lab);
	lab_run_root(lab, NULL);
	lab_leave(lab);
}

static bool name_good(const char *s)
{
	return *s && strlen(s) <= 32 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_-") == strlen(s);
}

static bool exists(const struct lab *lab)
{
	cleanup(freep) char *p = xasprintf("/run/netns/%s", lab->ns[LAB_GW]);

	return access(p, F_OK) == 0;
}

static int state_write(const struct lab *lab)
{
	cleanup(freep) char *p = xasprintf("%s/line", lab->dir);
	FILE *f;

	mkdir("/run/kadomori-lab", 0755);
	if (mkdir(lab->dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	f = fopen(p, "we");
	if (!f)
		return -errno;
	fprintf(f, "%s %u %d\n", lab_line_name(lab->line), lab->mtu,
		lab->bridged);
	return fclose(f) == 0 ? 0 : -errno;
}

int lab_state_save(const struct lab *lab)
{
	return state_write(lab);
}

int lab_find(const char *name, bool verbose, struct lab **ret)
{
	cleanup(freep) char *p = xasprintf("/run/kadomori-lab/%s/line", name);
	char word[32];
	struct lab *lab;
	int bridged, ok;
	FILE *f;

	if (!name_good(name) || !(f = fopen(p, "re")))
		return -ENOENT;
	lab = lab_new(name, verbose);
	ok = fscanf(f, "%31s %u %d", word, &lab->mtu, &bridged) == 3 &&
	     lab_line_parse(word, &lab->line) == 0 && exists(lab);
	fclose(f);
	if (!ok) {
		lab_leave(lab);
		return -ENOENT;
	}
	lab->bridged = bridged;
	*ret = lab;
	return 0;
}

static int build(struct lab *lab, bool bare, char **why)
{
	int e = lab_ns_make(lab);

	if (e == 0)
		e = links_make(lab);
	for (int n = 0; e == 0 && n < LAB_NODE_MAX; n++)
		if (n != LAB_LAN && n != LAB_GW && n != LAB_AN)
			e = host_make(lab, (enum lab_node)n) ? -EIO : 0;
	if (e == 0)
		e = switch_make(lab) || gw_make(lab) || an_make(lab) ? -EIO : 0;
	if (e == 0)
		e = addresses_make(lab);
	if (e == 0 && !bare)
		return lab_line_start(lab, why);
	if (e < 0)
		*why = xstrdup(_("the lab's network namespaces could not be built"));
	return e;
}

int lab_up(const struct lab_want *w, struct lab **ret, char **why)
{
	char pid[16];
	struct lab *lab;
	int e;

	*why = NULL;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (geteuid() != 0) {
		*why = xstrdup(_("the lab makes network namespaces and needs root"));
		return -EPERM;
	}
	if (w->name && !name_good(w->name)) {
		*why = xstrdup(_("a lab's name has letters, digits, - and _ only, 32 at most"));
		return -EINVAL;
	}
	lab = lab_new(w->name ? w->name : pid, w->verbose);
	lab->line = w->line;
	lab->mtu = w->mtu ? w->mtu : 1500;
	if (exists(lab)) {
		*why = xasprintf(_("a lab named %s is up already"), lab->name);
		lab_leave(lab);
		return -EEXIST;
	}
	e = state_write(lab);
	if (e == 0)
		e = build(lab, w->bare, why);
	if (e < 0) {
		if (!*why)
			*why = xstrdup(strerror(-e));
		lab_down(lab);
		return e;
	}
	*ret = lab;
	return 0;
}
