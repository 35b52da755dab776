// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A femtocell at home, observed and pinned, with real peers (strongSwan 6.0):
 *
 *	1. kadomorid, profile standard; a name server, NTP and HTTPS outside
 *	2. `kadomori observe` on lan0, and tcpdump beside it; the device asks for
 *	   its gateway's name, brings its tunnel up, data, two rekeys
 *	3. the facts, live and from the capture file, against what the wire of the
 *	   line showed (lab_tap) and what the peer did
 *	4. `kadomori pin`: the session goes on, rekeys too; of everything that
 *	   strangers and the peer's own address send only IKE and ESP of the peer
 *	   comes in
 *	5. a pin that breaks the session is taken back
 *
 *	story KADOMORI KADOMORID [LINE]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "base/text.h"
#include "lab/lab.h"

enum { PORTS = 65536, PROTOS = 256, FRAME = 160, ROUNDS = 6, SETTLE_MS = 60,
	SPORT = 40000 };
#define NAME "segw.femto.example"

static const char *kadomori, *kadomorid;
static struct lab *lab;
static enum family fam;
static char conf[256], state[256];
static int failed;

static void check(bool good, const char *fmt, ...) printf_like(2, 3);
static void check(bool good, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("%s - ", good ? "ok" : "FAIL");
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	failed += !good;
}

/* --- the home ---------------------------------------------------------------- */

static void conf_write(const char *extra)
{
	struct mac m = lab_mac(lab, LAB_CASA);
	char mac[MAC_STR];
	FILE *f = fopen(conf, "we");

	mac_format(&m, mac);
	fprintf(f, "# the home\nwan wan0\nlan lan0\nline %s\nprofile standard\n",
		fam == FAM_6 ? lab_line_name(lab_line_of(lab)) : "auto");
	if (fam == FAM_6)
		fprintf(f, "device casa rakuten-casa mac %s # in the hall\n", mac);
	else
		fprintf(f, "device casa rakuten-casa {\n\tmac %s\n\tipv4 %s # fixed\n}\nmap ipsec to casa\n",
			mac, lab_addr_text(lab, LAB_CASA, FAM_4));
	fprintf(f, "%s", extra);
	fclose(f);
}

static int gate(char **why)
{
	int e = lab_house_gate(lab, why);

	if (e)
		return e;
	snprintf(conf, sizeof(conf), "%s/kadomori.conf", lab_dir(lab));
	snprintf(state, sizeof(state), "%s/state", lab_dir(lab));
	conf_write(fam == FAM_6 ? "pinhole casa tcp 80\n" : "map tcp 80 to casa\n");
	lab_spawn(lab, LAB_GW, "kadomorid", "%s --conf %s --run %s/run --lang en",
		kadomorid, conf, lab_dir(lab));
	if (lab_wait(lab, LAB_GW, 40000, "nft list table inet kadomori && "
		"[ $(sysctl -n net.ipv6.conf.all.forwarding) = 1 ]") < 0)
		return -EIO;
	return lab_house_settle(lab, why);
}

/* A name server at atkin that knows the gateway, also under a second address. */
static const char *second(void)
{
	return fam == FAM_6 ? "2409:11:4a0:77ff::9" : "153.246.13.9";
}

static int outside(void)
{
	const char *ns = lab_addr_text(lab, LAB_ATKIN, fam);

	lab_spawn(lab, LAB_ATKIN, "dns", "dnsmasq -k -C /dev/null -R -h "
		"--user=root --listen-address=%s --bind-interfaces "
		"--address=/" NAME "/%s --address=/" NAME "/%s "
		"--address=/ntp.femto.example/%s -x %s/dns.pid", ns,
		lab_addr_text(lab, LAB_SEGW, fam), second(), ns, lab_dir(lab));
	return lab_wait(lab, LAB_ATKIN, 5000, "ss -Hlun 'sport = 53' | grep -q .");
}

static const char chatter[] =
	"import socket, struct, sys\n"
	"ns, fam = sys.argv[1], socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET\n"
	"def q(name, t):\n"
	" return struct.pack('>6H', 7, 256, 1, 0, 0, 0) + b''.join(bytes([len(l)]) + l.encode() for l in name.split('.')) + b'\\0' + struct.pack('>2H', t, 1)\n"
	"u = socket.socket(fam, socket.SOCK_DGRAM); u.settimeout(3)\n"
	"t = 28 if fam == socket.AF_INET6 else 1\n"
	"for n in ('" NAME "', 'ntp.femto.example', 'nobody.example'):\n"
	" u.sendto(q(n, t), (ns, 53)); u.recv(512)\n"
	"c = socket.create_connection((ns, 53), 3); m = q('" NAME "', t)\n"
	"c.sendall(struct.pack('>H', len(m)) + m); c.recv(512); c.close()\n"
	"u.sendto(b'\\x23' + bytes(47), (ns, 123))\n"
	"try: socket.create_connection((ns, 443), 1)\n"
	"except OSError: pass\n";

static int chat(void)
{
	cleanup(freep) char *path = xasprintf("%s/chat.py", lab_dir(lab));
	FILE *f = fopen(path, "we");

	fputs(chatter, f);
	fclose(f);
	return lab_run(lab, LAB_CASA, "python3 %s %s", path,
		lab_addr_text(lab, LAB_ATKIN, fam));
}

/* --- data through the tunnel ----------------------------------------------- */

enum { DEVICE_PORT = 7000, GATEWAY_PORT = 7001, DATA_MS = 2000 };
static int end_fd[2] = {-1, -1};	/* the device's, the gateway's */
static struct sockaddr_in device_inner;

static int data_socket(enum lab_node n, uint16_t port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = lab_socket(lab, n, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		perror("bind");
	return fd;
}

static bool hear(int fd, struct sockaddr_in *from, unsigned number)
{
	struct pollfd p = {fd, POLLIN, 0};
	msec_t end = clock_ms() + DATA_MS, left;

	while ((left = end - clock_ms()) > 0) {
		socklen_t len = sizeof(*from);
		unsigned got;

		if (poll(&p, 1, (int)left) > 0 && recvfrom(fd, &got, sizeof(got), 0,
			(struct sockaddr *)from, &len) == sizeof(got) && got == number)
			return true;
	}
	return false;
}

/* n datagrams there and back; 0 when all came. */
static int data_from(int first, unsigned n)
{
	static unsigned number;
	struct sockaddr_in gateway = {.sin_family = AF_INET,
		.sin_port = htons(GATEWAY_PORT)}, from, to;
	unsigned back = 0;

	inet_pton(AF_INET, lab_peer_inner(), &gateway.sin_addr);
	for (int i = 0; i < 2 && end_fd[i] < 0; i++)
		end_fd[i] = data_socket(i ? LAB_SEGW : LAB_CASA,
			i ? GATEWAY_PORT : DEVICE_PORT);
	to = first == 0 ? gateway : device_inner;
	for (unsigned i = 0; i < n; i++) {
		number++;
		(void)!sendto(end_fd[first], &number, sizeof(number), 0,
			(struct sockaddr *)&to, sizeof(to));
		if (!hear(end_fd[!first], &from, number))
			continue;
		if (first == 0)
			device_inner = from;
		(void)!sendto(end_fd[!first], &number, sizeof(number), 0,
			(struct sockaddr *)&from, sizeof(from));
		back += hear(end_fd[first], &from, number);
	}
	return back == n ? 0 : -1;
}

static int data(unsigned n)
{
	return data_from(0, n);
}

/* --- what was said ----------------------------------------------------------------- */

static json_t *read_json(const char *tag)
{
	cleanup(freep) char *path = xasprintf("%s/%s.log", lab_dir(lab), tag);
	json_error_t e;
	json_t *j = json_load_file(path, 0, &e);

	if (!j) {
		printf("# %s: %s\n", path, e.text);
		lab_run(lab, LAB_GW, "head -c 600 %s", path);
	}
	return j;
}

static long num(const json_t *j, const char *a, const char *b)
{
	const json_t *v = json_object_get(j, a);

	return (long)json_integer_value(b ? json_object_get(v, b) : v);
}

static const char *str(const json_t *j, const char *a, const char *b)
{
	const json_t *v = json_object_get(j, a);
	const char *s = json_string_value(b ? json_object_get(v, b) : v);

	return s ? s : "";
}

static const json_t *exchange(const json_t *peer, int number, const char *from,
	bool response)
{
	const json_t *list = json_object_get(peer, "exchanges"), *x;
	size_t i;

	json_array_foreach(list, i, x)
		if (num(x, "exchange", NULL) == number &&
			!strcmp(str(x, "from", NULL), from) &&
			json_is_true(json_object_get(x, "response")) == response)
			return x;
	return NULL;
}

static bool in_list(const json_t *list, const char *want)
{
	const json_t *s;
	size_t i;

	json_array_foreach(list, i, s)
		if (!strcmp(json_string_value(s), want))
			return true;
	return false;
}

static int renewals(const json_t *peer, const char *what)
{
	const json_t *r;
	size_t i;
	int n = 0;

	json_array_foreach(json_object_get(peer, "renewals"), i, r)
		n += !strcmp(str(r, "what", NULL), what);
	return n;
}

/* Seconds between a renewal that was told and when it was commanded. */
static double off(const json_t *peer, size_t i, double at)
{
	const json_t *r = json_array_get(json_object_get(peer, "renewals"), i);
	double d = r ? (double)num(r, "at", NULL) / 1000 - at : 1e9;

	return d < 0 ? -d : d;
}

static void size_is(const char *how, const json_t *peer, const struct lab_tap *t,
	uint8_t number, enum lab_dir dir, bool response)
{
	const struct lab_ike *m = lab_tap_ike(t, dir, number, response);
	/* the tap counts the four zeros of RFC 3948 in, observe does not */
	unsigned size = m ? m->size - (m->port == 4500 ? 4 : 0) : 0;
	const json_t *x = exchange(peer, number, dir == LAB_OUT ? "device" : "peer",
		response);

	check(m && x && num(x, "bytes_max", NULL) == (long)size &&
			num(x, "packets", NULL) == (long)m->packets &&
			num(x, "largest_packet", NULL) == (long)m->largest,
		"%s: exchange %u %s: %ld bytes in %ld packets, largest %ld; the line's wire: %u in %u, %u",
		how, number, response ? "answer" : "request",
		x ? num(x, "bytes_max", NULL) : -1, x ? num(x, "packets", NULL) : -1,
		x ? num(x, "largest_packet", NULL) : -1, size,
		m ? m->packets : 0, m ? m->largest : 0);
}

static bool talked(const json_t *d, const char *service, bool answered)
{
	const json_t *o;
	size_t i;

	json_array_foreach(json_object_get(d, "others"), i, o)
		if (!strcmp(str(o, "service", NULL), service) &&
			!strcmp(str(o, "begun_by", NULL), "device") &&
			json_is_true(json_object_get(o, "answered")) == answered)
			return true;
	return false;
}

/* t saw wan0: sizes there are the LAN's, but for IPv4 behind NAT. */
static void facts_are_right(const char *how, json_t *j, const struct lab_tap *t,
	const double at[3])
{
	const json_t *list = json_object_get(j, "devices");
	const json_t *d = json_array_get(list, 0);
	const json_t *p = json_array_get(json_object_get(d, "peers"), 0);
	struct mac m = lab_mac(lab, LAB_CASA);
	char mac[MAC_STR];
	bool nat = fam == FAM_4;
	const char *way = nat ? "esp_in_udp" : "esp";

	mac_format(&m, mac);
	check(json_array_size(list) == 1 && !strcmp(str(d, "mac", NULL), mac),
		"%s: one device, MAC %s", how, str(d, "mac", NULL));
	check(json_array_size(json_object_get(d, "peers")) == 1 &&
			!strcmp(str(p, "address", NULL),
				lab_addr_text(lab, LAB_SEGW, fam)),
		"%s: one peer, %s", how, str(p, "address", NULL));
	check(in_list(json_object_get(p, "names"), NAME), "%s: its name is " NAME, how);
	check(json_is_true(json_object_get(json_object_get(p, "ike"), "v2")) &&
			json_is_true(json_object_get(p, "device_starts")) &&
			json_is_true(json_object_get(p, "answered")),
		"%s: IKEv2, started by the device, answered", how);
	for (uint8_t x = 34; x <= 36; x++) {
		size_is(how, p, t, x, LAB_OUT, false);
		size_is(how, p, t, x, LAB_IN, true);
	}
	check(!strcmp(str(p, "nat", "device"), nat ? "rewritten" : "none"),
		"%s: NAT on the way: %s", how, str(p, "nat", "device"));
	check(num(p, way, "out") == (long)(t->esp[LAB_OUT] + t->esp_udp[LAB_OUT]) &&
			num(p, way, "in") == (long)(t->esp[LAB_IN] + t->esp_udp[LAB_IN]),
		"%s: %s: %ld out, %ld in; the line's wire: %zu, %zu", how, way,
		num(p, way, "out"), num(p, way, "in"),
		t->esp[LAB_OUT] + t->esp_udp[LAB_OUT],
		t->esp[LAB_IN] + t->esp_udp[LAB_IN]);
	check(num(p, "fragments", "out") >= 2 && num(p, "fragments", "in") >= 2,
		"%s: fragments: %ld out, %ld in", how, num(p, "fragments", "out"),
		num(p, "fragments", "in"));
	check(renewals(p, "esp") == 2 && renewals(p, "ike") == 1 &&
			json_array_size(json_object_get(p, "renewals")) == 3,
		"%s: renewed: ESP %d times, IKE %d times", how,
		renewals(p, "esp"), renewals(p, "ike"));
	for (size_t i = 0; i < 3; i++)
		check(off(p, i, at[i]) < 2, "%s: renewal %zu was told %.2f s off its time",
			how, i + 1, off(p, i, at[i]));
	check(talked(d, "NTP", false) && talked(d, "HTTPS", true) &&
			talked(d, "DNS", true),
		"%s: it also talks NTP (no answer), HTTPS (refused, an answer too) and DNS", how);
}

/* --- observing --------------------------------------------------------------------- */

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void rekeys(double at[3])
{
	static const enum lab_peer_act what[3] = {LAB_PEER_REKEY_CHILD,
		LAB_PEER_REKEY_IKE, LAB_PEER_REKEY_CHILD};

	for (int i = 0; i < 3; i++) {
		at[i] = now_s();
		check(lab_peer_do(lab, LAB_CASA, what[i]) == 0, "rekey %d is done", i + 1);
		check(data(3) == 0, "data after rekey %d", i + 1);
	}
}

static bool observe(void)
{
	pid_t live, dump;
	struct lab_tap t;
	char *why = NULL;
	double at[3];
	json_t *j;

	if (lab_peer_start(lab, LAB_SEGW, &why) || lab_peer_start(lab, LAB_CASA, &why)) {
		check(false, "peers: %s", why ? why : "?");
		return false;
	}
	live = lab_spawn(lab, LAB_GW, "observe", "%s --lang en --json --conf %s "
		"observe --state %s", kadomori, conf, state);
	dump = lab_spawn(lab, LAB_GW, "tcpdump", "tcpdump -Z root --immediate-mode -i lan0 -U -w %s/cap.pcap",
		lab_dir(lab));
	lab_wait(lab, LAB_GW, 5000, "[ $(grep -c . /proc/net/packet) -ge 3 ] && test -s %s/cap.pcap",
		lab_dir(lab));
	check(lab_wait(lab, LAB_GW, 5000, "c=$(pgrep -P %d) && grep -q '^Uid:.65534' /proc/$c/status && "
		"grep -qx 'CapEff:.0000000000000000' /proc/$c/status && "
		"grep -qx 'Seccomp:.2' /proc/$c/status && [ -z \"$(ls -A /proc/$c/root/)\" ]",
		(int)live) == 0,
		"who looks at the packets is nobody, without rights, files and new sockets");
	if (lab_tap_open(lab, LAB_GW, "wan0", &t) < 0)
		return false;
	check(chat() == 0, "the device asks for names, time and a page");
	check(lab_peer_do(lab, LAB_CASA, LAB_PEER_INITIATE) == 0, "the tunnel comes up");
	check(data(5) == 0, "data passes");
	rekeys(at);
	lab_sleep(300);
	lab_tap_read(&t);
	lab_stop(lab, live);
	lab_stop(lab, dump);
	j = read_json("observe");
	facts_are_right("live", j, &t, at);
	json_decref(j);
	lab_run(lab, LAB_GW, "%s --lang en --json --conf /nonexistent observe --pcap %s/cap.pcap "
		">%s/file.log", kadomori, lab_dir(lab), lab_dir(lab));
	j = read_json("file");
	facts_are_right("file", j, &t, at);
	json_decref(j);
	lab_tap_close(&t);
	return true;
}

static void kept_and_redacted(void)
{
	char mac[MAC_STR];
	struct mac m = lab_mac(lab, LAB_CASA);

	mac_format(&m, mac);
	check(lab_run(lab, LAB_GW, "[ $(stat -c %%a %s/observe.json) = 600 ]", state) == 0,
		"the facts are kept, readable by root only");
	check(lab_run(lab, LAB_GW, "for l in ja en; do for x in '' --json; do "
		"%s --lang $l --conf %s observe --show --redact $x --state %s >%s/red.log; "
		"! grep -qiE '%s|%s|%s|femto' %s/red.log && grep -qE '2001:db8:|192.0.2.' %s/red.log && "
		"grep -q name1.example %s/red.log; done; done", kadomori, conf, state,
		lab_dir(lab), mac, lab_addr_text(lab, LAB_SEGW, fam),
		lab_addr_text(lab, LAB_CASA, fam), lab_dir(lab), lab_dir(lab),
		lab_dir(lab)) == 0, "redacted: no address, MAC or name is in it");
	lab_run(lab, LAB_GW, "%s --lang ja --conf %s observe --show --state %s", kadomori, conf, state);
	lab_run(lab, LAB_GW, "%s --lang en --conf %s observe --show --state %s", kadomori, conf, state);
}

/* --- pinning ------------------------------------------------------------------------ */

static int pin(const char *words, const char *tag)
{
	return lab_run(lab, LAB_GW, "%s --lang en --json --conf %s --run %s/run pin "
		"--state %s %s >%s/%s.log", kadomori, conf, lab_dir(lab), state,
		words, lab_dir(lab), tag);
}

static void pinned(void)
{
	const char *peer = lab_addr_text(lab, LAB_SEGW, fam);
	json_t *j;

	lab_run(lab, LAB_GW, "%s --lang ja --conf %s --run %s/run pin --state %s </dev/null",
		kadomori, conf, lab_dir(lab), state);
	lab_run(lab, LAB_GW, "cp %s %s/conf.first", conf, lab_dir(lab));
	check(pin("", "pin0") == 0 && lab_run(lab, LAB_GW, "cmp %s %s/conf.first", conf,
		lab_dir(lab)) == 0, "without consent nothing is changed");
	check(pin("--yes", "pin1") == 0, "pin --yes");
	j = read_json("pin1");
	check(!strcmp(str(j, "outcome", NULL), "applied"), "outcome: %s",
		str(j, "outcome", NULL));
	json_decref(j);
	lab_run(lab, LAB_GW, "cat %s", conf);
	check(lab_run(lab, LAB_GW, "grep -qx 'profile strict' %s && grep -q 'peer %s %s' %s && "
		"grep -qE '^# pin: (pinhole casa tcp 80|map tcp 80 to casa)$' %s && "
		"grep -qE '# (in the hall|fixed)' %s", conf, peer, second(), conf, conf, conf) == 0,
		"the text: strict, the peer and its second address, web page closed, comments kept");
	check(pin("--yes", "pin2") == 0, "pin again");
	j = read_json("pin2");
	check(!strcmp(str(j, "outcome", NULL), "nothing-to-change"), "a second time: %s",
		str(j, "outcome", NULL));
	json_decref(j);
}

static void session_goes_on(void)
{
	check(data(5) == 0, "pinned: data goes on");
	check(lab_peer_do(lab, LAB_CASA, LAB_PEER_REKEY_CHILD) == 0 && data(3) == 0,
		"pinned: ESP renewed");
	check(lab_peer_do(lab, LAB_CASA, LAB_PEER_REKEY_IKE) == 0 && data(3) == 0,
		"pinned: IKE renewed");
	lab_run(lab, LAB_GW, "conntrack -F >/dev/null 2>&1 || :");
	if (fam == FAM_6)
		check(data_from(1, 3) == 0,
			"pinned: with the state gone the gateway speaks first");
	check(lab_peer_do(lab, LAB_CASA, LAB_PEER_END) == 0 &&
		lab_peer_do(lab, LAB_CASA, LAB_PEER_INITIATE) == 0 && data(3) == 0,
		"pinned: a new tunnel from the start");
}

/* --- the sweeps ----------------------------------------------------------------------- */

enum scan { ALL_UDP, ALL_TCP, ALL_PROTOS };

struct sweep {
	struct lab_frame frames[PORTS];
	uint8_t bytes[PORTS][FRAME];
};

/* Everything of one kind from a source; what came to the device: count, list. */
static long shoot(struct sweep *s, enum lab_node from, const struct addr *src,
	const struct addr *dst, enum scan what, struct text *came, bool *heard)
{
	static uint32_t run = 100;
	uint32_t n = what == ALL_PROTOS ? PROTOS : PORTS;
	struct lab_probe p = {.fam = fam, .src = *src, .dst = *dst, .sport = SPORT,
		.run = ++run, .src_mac = lab_mac(lab, from), .dst_mac = from == LAB_ATKAN
			? lab_mac(lab, LAB_GW) : lab_mac_net(lab)};
	struct lab_watch *w[2] = {NULL, NULL};
	long got = 0, seen = 0;

	for (uint32_t i = 0; i < n; i++) {
		int len;

		p.number = i;
		p.proto = what == ALL_UDP ? 17 : what == ALL_TCP ? 6 : (uint8_t)i;
		p.dport = what == ALL_PROTOS ? (i == 6 || i == 17 ? 7 : 0) : (uint16_t)i;
		len = lab_probe_build(&p, s->bytes[i], FRAME);
		s->frames[i] = (struct lab_frame){len > 0 ? s->bytes[i] : NULL,
			len > 0 ? (size_t)len : 0};
	}
	if (lab_watch_new(lab, LAB_GW, "wan0", true, run, n, &w[0]) ||
		lab_watch_new(lab, LAB_CASA, "eth0", true, run, n, &w[1]))
		return -1;
	for (int round = 0; round < ROUNDS; round++) {
		size_t missing = 0;

		lab_shoot(lab, from, "eth0", s->frames, n, w, 2);
		lab_watch_settle(w, 2, SETTLE_MS);
		for (uint32_t i = 0; i < n; i++)
			if (lab_watch_seen(w[0], i))
				s->frames[i].p = NULL;
			else
				missing++;
		if (!missing)
			break;
	}
	for (uint32_t i = 0; i < n; i++) {
		seen += lab_watch_seen(w[0], i) > 0;
		if (!lab_watch_seen(w[1], i))
			continue;
		got++;
		if (got < 8)
			text_addf(came, " %s%u", what == ALL_UDP ? "udp/"
				: what == ALL_TCP ? "tcp/" : "proto ", i);
	}
	*heard = seen >= (long)n - 2 && !lab_watch_lost(w[1]);
	lab_watch_free(w[0]);
	lab_watch_free(w[1]);
	return got;
}

static void sweeps(void)
{
	static const struct {
		enum lab_node from;
		enum lab_node as; /* whose source address */
		const char *who, *want;
	} all[] = {
		{LAB_ATKAN, LAB_ATKAN, "a stranger on the access network", ""},
		{LAB_ATKIN, LAB_ATKIN, "a stranger on the Internet", ""},
		{LAB_ATKAN, LAB_SEGW, "the peer's own address", NULL},
	};
	struct sweep *s = xcalloc(1, sizeof(*s));
	struct addr dst, src;

	lab_outside_addr(lab, LAB_CASA, fam, &dst);
	lab_peer_do(lab, LAB_CASA, LAB_PEER_END);
	lab_peer_stop(lab, LAB_CASA);
	lab_run(lab, LAB_GW, "conntrack -F >/dev/null 2>&1 || :");
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct text came = TEXT_INIT;
		bool heard = true;
		long got = 0;

		lab_addr(lab, all[i].as, fam, &src);
		for (int w = ALL_UDP; w <= ALL_PROTOS; w++) {
			bool one = false;

			got += shoot(s, all[i].from, &src, &dst, (enum scan)w, &came, &one);
			heard &= one;
		}
		check(heard && !strcmp(text_str(&came), all[i].want ? all[i].want
			: fam == FAM_6 ? " udp/500 proto 50" : " udp/500 udp/4500"),
			"pinned: %s: %ld of 131,328 packets come in:%s%s", all[i].who, got,
			text_str(&came), heard ? "" : " (not all arrived at the gate)");
		text_done(&came);
	}
	free(s);
}

/* --- a pin that breaks ------------------------------------------------------------------ */

/*
 * A gateway that does not take the text: one that answers, and never has a new
 * generation.
 */
static void refused(void)
{
	cleanup(freep) char *words = xasprintf("--yes --run %s/fake", lab_dir(lab));
	pid_t fake;
	json_t *j;

	conf_write("");
	lab_run(lab, LAB_GW, "mkdir -p %s/fake; cp %s %s/conf.was", lab_dir(lab), conf,
		lab_dir(lab));
	fake = lab_spawn(lab, LAB_GW, "fake", "python3 -c \"import socket\n"
		"s = socket.socket(socket.AF_UNIX); s.bind('%s/fake/kadomori.sock'); s.listen(5)\n"
		"while 1:\n c = s.accept()[0]; c.recv(99); c.sendall(b'{}'); c.close()\"",
		lab_dir(lab));
	lab_wait(lab, LAB_GW, 5000, "test -S %s/fake/kadomori.sock", lab_dir(lab));
	check(pin(words, "pin4") == 2, "a gateway that does not take the text: pin fails");
	j = read_json("pin4");
	check(!strcmp(str(j, "outcome", NULL), "rolled-back") &&
		lab_run(lab, LAB_GW, "cmp %s %s/conf.was", conf, lab_dir(lab)) == 0,
		"outcome: %s, the text is as before", str(j, "outcome", NULL));
	json_decref(j);
	lab_stop(lab, fake);
}

/* Facts with a false peer: the session would end, so the old text comes back. */
static void taken_back(void)
{
	char *why = NULL;
	json_t *j;

	conf_write("");
	lab_run(lab, LAB_GW, "%s --lang en --conf %s --run %s/run apply; "
		"sed 's/%s/%s/g; s/\"%s\"/\"%s\"/g' %s/observe.json >%s/false.json; cp %s %s/conf.good",
		kadomori, conf, lab_dir(lab), lab_addr_text(lab, LAB_SEGW, fam),
		lab_addr_text(lab, LAB_ATKAN, fam), second(),
		lab_addr_text(lab, LAB_ATKAN, fam), state, lab_dir(lab), conf, lab_dir(lab));
	check(lab_peer_start(lab, LAB_CASA, &why) == 0, "the device starts again");
	check(pin("--from /nonexistent --yes", "x") != 0, "no such file is refused");
	{
		cleanup(freep) char *words = xasprintf("--from %s/false.json --yes --confirm 8",
			lab_dir(lab));
		pid_t calls = fork();

		if (calls == 0) { /* the device tries its real gateway meanwhile */
			for (int i = 0; i < 3; i++) {
				lab_sleep(1500);
				lab_peer_do(lab, LAB_CASA, LAB_PEER_INITIATE);
			}
			_exit(0);
		}
		check(pin(words, "pin3") == 2, "a pin to a false peer fails");
		kill(calls, SIGKILL);
	}
	j = read_json("pin3");
	check(!strcmp(str(j, "outcome", NULL), "rolled-back"), "outcome: %s",
		str(j, "outcome", NULL));
	json_decref(j);
	check(lab_run(lab, LAB_GW, "cmp %s %s/conf.good && %s --conf %s --run %s/run diff >&2 && "
		"! nft list table inet kadomori | grep -qF '%s'", conf, lab_dir(lab), kadomori,
		conf, lab_dir(lab), lab_addr_text(lab, LAB_ATKAN, fam)) == 0,
		"the old text and the old rules are back");
	/* the first call may fall into the end of one that was not answered */
	for (int i = 0; i < 3 && lab_peer_do(lab, LAB_CASA, LAB_PEER_INITIATE); i++)
		lab_sleep(500);
	check(data(3) == 0, "and the tunnel comes up under them");
	free(why);
}

int main(int argc, char **argv)
{
	struct lab_want w = {.line = LAB_FLETS_RA};
	char *why = NULL;
	int e;

	if (geteuid() != 0) {
		puts("skip: needs root for network namespaces");
		return 77;
	}
	kadomori = argv[1];
	kadomorid = argv[2];
	if (argc > 3 && lab_line_parse(argv[3], &w.line))
		return 1;
	fam = lab_line_family(w.line);
	e = lab_peers_need(&why);
	e = e ? e : lab_up(&w, &lab, &why);
	if (e == -EOPNOTSUPP) {
		printf("skip: %s\n", why);
		return 77;
	}
	e = e ? e : gate(&why);
	e = e ? e : outside();
	if (e == 0 && observe()) {
		kept_and_redacted();
		pinned();
		session_goes_on();
		sweeps();
		refused();
		taken_back();
	} else if (e) {
		check(false, "the home: %s", why ? why : strerror(-e));
	}
	if (failed && getenv("KEEP"))
		lab_leave(lab);
	else
		lab_down(lab);
	printf("%d failed\n", failed);
	return failed ? 1 : 0;
}
