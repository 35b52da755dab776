// SPDX-License-Identifier: GPL-2.0-or-later
/* One line, one house: build it, start the gate and the peers, look. */
#include "command.h"
#include "try.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DATA_N = 5, DATA_MS = 1000, GATE_MS = 40000, DEVICE_PORT = 7000,
	GATEWAY_PORT = 7001, QUIET_MS = 60 };

#define FAILED_DIR "/var/cache/kadomori/lab-failed"

const char *try_house_name(enum try_house h)
{
	switch (h) {
	case TRY_STANDARD: return "standard";
	case TRY_STRICT: return "strict";
	case TRY_BRIDGE: return "bridge";
	}
	return "?";
}

void try_fail(struct try *t, const char *fmt, ...)
{
	json_t *list = json_object_get(t->out, "failed");
	char buf[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	json_array_append_new(list, json_string(buf));
	t->bad = true;
}

/* --- the gate --------------------------------------------------------------- */

static char *conf_text(const struct try *t)
{
	struct mac m = lab_mac(t->lab, LAB_CASA);
	const char *profile = try_house_name(t->house);
	cleanup(freep) char *peer = t->house != TRY_STRICT ? xstrdup("") :
		xasprintf(" peer %s", lab_addr_text(t->lab, LAB_SEGW, t->fam));
	char mac[MAC_STR];

	mac_format(&m, mac);
	if (t->fam == FAM_6)
		return xasprintf("wan wan0\nlan lan0\nline %s\nprofile %s\n"
			"device casa rakuten-casa mac %s%s\n",
			lab_line_name(t->line), profile, mac, peer);
	return xasprintf("wan wan0\nlan lan0\nline auto\nprofile %s\n"
		"device casa rakuten-casa mac %s ipv4 %s%s\nmap ipsec to casa\n",
		profile, mac, lab_addr_text(t->lab, LAB_CASA, FAM_4), peer);
}

static void facts_learn(struct try *t)
{
	struct facts *f = &t->facts;
	struct addrmask m;
	char text[ADDRMASK_STR];

	if (t->fam == FAM_6) {
		*GROW(f->lan6, f->lan6_n, f->lan6_cap) = lab_lan6(t->lab);
		return;
	}
	snprintf(text, sizeof(text), "%s/24",
		lab_addr_text(t->lab, LAB_GW, FAM_4));
	if (addrmask_parse(text, &m) == 0)
		*GROW(f->lan4, f->lan4_n, f->lan4_cap) = m;
	f->has_wan4 = !lab_outside_addr(t->lab, LAB_GW, FAM_4, &f->wan4);
}

/* 0, or -EINVAL with the complaints as text. */
static int compile(struct try *t, const char *path, struct text *said)
{
	struct complaints c = {0};
	int e;

	t->in = intent_new();
	e = intent_load(t->in, path, &c);
	facts_learn(t);
	e = e ?: policy_compile(t->in, &t->facts, &c, &t->pol);
	for (size_t i = 0; i < c.n; i++)
		text_addf(said, "%s%s", i ? " / " : "", c.v[i].say);
	complaints_done(&c);
	return e;
}

static int conf_write(struct try *t, char **path)
{
	cleanup(freep) char *text = conf_text(t);
	FILE *f;

	*path = xasprintf("%s/kadomori.conf", lab_dir(t->lab));
	f = fopen(*path, "we");
	if (!f || fputs(text, f) < 0 || fclose(f))
		return -errno;
	json_object_set_new(t->out, "conf", json_string(text));
	return 0;
}

static void daemon_start(struct try *t, const char *path)
{
	lab_spawn(t->lab, LAB_GW, "kadomorid",
		"%s --conf %s --run %s/run --lang %s", t->daemon, path,
		lab_dir(t->lab), tr_lang());
}

static void gate_up(struct try *t)
{
	cleanup(freep) char *path = NULL;
	char *why = NULL;
	struct text said = TEXT_INIT;

	if (conf_write(t, &path) < 0 || compile(t, path, &said) < 0)
		try_fail(t, _("the configuration was refused: %s"),
			text_str(&said));
	daemon_start(t, path);
	if (lab_wait(t->lab, LAB_GW, GATE_MS,
		"nft list table inet kadomori && "
		"[ $(sysctl -n net.ipv6.conf.all.forwarding) = 1 ]") < 0)
		try_fail(t, _("the gate did not come up"));
	else if (lab_house_settle(t->lab, &why) < 0)
		try_fail(t, "%s", why ? why : "?");
	free(why);
	text_done(&said);
}

/*
 * The line whose IPv4 cannot carry a mapping: kadomorid must say so in its own
 * words, and nothing may be forwarded to the home.
 */
static void gate_refused(struct try *t)
{
	cleanup(freep) char *path = NULL;
	struct text said = TEXT_INIT, log = TEXT_INIT;
	bool refused = conf_write(t, &path) == 0 && compile(t, path, &said) < 0;
	bool in_log;

	daemon_start(t, path);
	in_log = lab_wait(t->lab, LAB_GW, GATE_MS,
		"grep -q 'IPv6' %s/kadomorid.log", lab_dir(t->lab)) == 0;
	lab_output(t->lab, LAB_GW, &log, "head -c 2000 %s/kadomorid.log || :",
		lab_dir(t->lab));
	json_object_set_new(t->out, "refused", json_pack("{s:b, s:s, s:b, s:s}",
		"mapping", refused, "why", text_str(&said), "by_daemon", in_log,
		"daemon", text_str(&log)));
	if (!refused || !in_log)
		try_fail(t, _("an IPv4 mapping behind a carrier NAT was not refused"));
	policy_free(take(t->pol));
	text_done(&said);
	text_done(&log);
}

/* --- data through the tunnel -------------------------------------------------- */

static int data_socket(struct try *t, enum lab_node n, uint16_t port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = lab_socket(t->lab, n, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* One datagram within the time; who sent it to *from. */
static bool data_take(int fd, struct sockaddr_in *from, unsigned number)
{
	struct pollfd p = {fd, POLLIN, 0};
	msec_t end = clock_ms() + DATA_MS, left;

	while ((left = end - clock_ms()) > 0) {
		socklen_t len = sizeof(*from);
		unsigned got;

		if (poll(&p, 1, (int)left) <= 0)
			return false;
		if (recvfrom(fd, &got, sizeof(got), 0, (struct sockaddr *)from,
			&len) == sizeof(got) && got == number)
			return true;
	}
	return false;
}

/*
 * n datagrams there and back. first: the device or, knowing the device's inner
 * address from before, the gateway. Returns how many came back.
 */
static unsigned data_run(struct try *t, bool device_first,
	struct sockaddr_in *device)
{
	static unsigned number;
	struct sockaddr_in gateway = {.sin_family = AF_INET,
		.sin_port = htons(GATEWAY_PORT)}, from;
	int a = device_first ? t->device_fd : t->gateway_fd;
	int b = device_first ? t->gateway_fd : t->device_fd;
	unsigned back = 0;

	inet_pton(AF_INET, lab_peer_inner(), &gateway.sin_addr);
	for (int i = 0; i < DATA_N; i++) {
		struct sockaddr_in *to = device_first ? &gateway : device;

		number++;
		if (sendto(a, &number, sizeof(number), 0,
			(struct sockaddr *)to, sizeof(*to)) < 0 ||
			!data_take(b, &from, number))
			continue;
		if (device_first)
			*device = from;
		if (sendto(b, &number, sizeof(number), 0,
			(struct sockaddr *)&from, sizeof(from)) > 0 &&
			data_take(a, &from, number))
			back++;
	}
	return back;
}

/* --- the peers -------------------------------------------------------------- */

static json_t *ike_json(const struct lab_ike *m)
{
	return m ? json_pack("{s:i, s:i, s:i, s:i}", "bytes", (int)m->size,
			   "packets", (int)m->packets, "largest_packet",
			   (int)m->largest, "port", (int)m->port)
		 : json_null();
}

static json_t *spis_json(const struct lab_tap *w, enum lab_dir d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->spi_n[d]; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%08x", w->spi[d][i]);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static size_t esp_n(const struct lab_tap *w, enum lab_dir d)
{
	return w->esp[d] + w->esp_udp[d];
}

static void wire_read(struct lab_tap *w)
{
	lab_sleep(QUIET_MS);
	lab_tap_read(w);
}

static void ike_note(struct try *t, const struct lab_tap *w, unsigned back)
{
	const struct lab_ike *req = lab_tap_ike(w, LAB_OUT, IKE_AUTH, false);
	const struct lab_ike *resp = lab_tap_ike(w, LAB_IN, IKE_AUTH, true);
	bool init = lab_tap_ike(w, LAB_OUT, IKE_SA_INIT, false) &&
		    lab_tap_ike(w, LAB_IN, IKE_SA_INIT, true);
	bool up = init && req && resp && back > 0;

	json_object_set_new(t->out, "ike", json_pack("{s:b, s:o, s:o}",
		"established", up, "auth_request", ike_json(req),
		"auth_response", ike_json(resp)));
	if (!up)
		try_fail(t, _("IKE was not established"));
	else if (req->packets < 2 || resp->packets < 2)
		try_fail(t, _("IKE_AUTH was not fragmented"));
}

static void esp_note(struct try *t, const struct lab_tap *w, unsigned back)
{
	json_object_set_new(t->out, "esp", json_pack("{s:I, s:I, s:b, s:i, s:i}",
		"out", (json_int_t)esp_n(w, LAB_OUT), "in",
		(json_int_t)esp_n(w, LAB_IN), "in_udp", w->esp_udp[LAB_OUT] > 0,
		"data_sent", DATA_N, "data_back", (int)back));
	if (back != DATA_N || esp_n(w, LAB_OUT) < DATA_N ||
		esp_n(w, LAB_IN) < DATA_N)
		try_fail(t, _("ESP did not go both ways"));
}

/* The state is gone and the security gateway speaks first. */
static void unasked(struct try *t, struct lab_tap *w, struct sockaddr_in *device)
{
	size_t before = esp_n(w, LAB_IN);
	unsigned back;

	lab_run(t->lab, LAB_GW, "conntrack -F >/dev/null 2>&1 || :");
	back = data_run(t, false, device);
	wire_read(w);
	json_object_set_new(t->out, "esp_unasked", json_pack("{s:I, s:i, s:i}",
		"in", (json_int_t)(esp_n(w, LAB_IN) - before), "data_sent",
		DATA_N, "data_back", (int)back));
	if (back != DATA_N)
		try_fail(t, _("ESP that the device did not ask for was lost"));
}

static void rekey(struct try *t, struct lab_tap *w, struct sockaddr_in *device)
{
	uint64_t first = w->ike_n ? w->ike[0].spi_i : 0, last;
	unsigned back;
	bool good;

	lab_peer_do(t->lab, LAB_CASA, LAB_PEER_REKEY_CHILD);
	lab_peer_do(t->lab, LAB_CASA, LAB_PEER_REKEY_IKE);
	back = data_run(t, true, device);
	/* something under the new IKE_SA, so that its SPI is seen */
	lab_peer_do(t->lab, LAB_CASA, LAB_PEER_REKEY_CHILD);
	wire_read(w);
	last = w->ike_n ? w->ike[w->ike_n - 1].spi_i : 0;
	good = w->spi_n[LAB_OUT] > 1 && w->spi_n[LAB_IN] > 1 && first != last &&
	       back == DATA_N;
	json_object_set_new(t->out, "rekey", json_pack("{s:b, s:o, s:o, s:b, s:i, s:i}",
		"good", good, "spis_out", spis_json(w, LAB_OUT), "spis_in",
		spis_json(w, LAB_IN), "new_ike_sa", first != last, "data_sent",
		DATA_N, "data_back", (int)back));
	if (!good)
		try_fail(t, _("rekeying did not work"));
}

static void peers(struct try *t)
{
	struct sockaddr_in device = {0};
	struct lab_tap w;
	char *why = NULL;
	unsigned back;
	int e = lab_tap_open(t->lab, LAB_GW, "wan0", &w);

	e = e ?: lab_peer_start(t->lab, LAB_SEGW, &why);
	e = e ?: lab_peer_start(t->lab, LAB_CASA, &why);
	if (e < 0) {
		try_fail(t, "%s", why ? why : strerror(-e));
		free(why);
		return;
	}
	json_object_set_new(t->out, "peer", json_string(lab_peer_name()));
	lab_peer_do(t->lab, LAB_CASA, LAB_PEER_INITIATE);
	t->device_fd = data_socket(t, LAB_CASA, DEVICE_PORT);
	t->gateway_fd = data_socket(t, LAB_SEGW, GATEWAY_PORT);
	back = data_run(t, true, &device);
	wire_read(&w);
	ike_note(t, &w, back);
	esp_note(t, &w, back);
	if (back > 0) {
		unasked(t, &w, &device);
		rekey(t, &w, &device);
	}
	lab_tap_close(&w);
	close(t->device_fd);
	close(t->gateway_fd);
}

/* --- all of it --------------------------------------------------------------- */

static bool house(struct try *t)
{
	struct lab_want want = {.line = t->line, .name = t->name,
		.verbose = t->verbose};
	char *why = NULL;
	int e = lab_up(&want, &t->lab, &why);

	if (e == 0)
		e = t->house == TRY_BRIDGE ? lab_house_bridge(t->lab, &why)
					   : lab_house_gate(t->lab, &why);
	if (e < 0)
		try_fail(t, "%s", why ? why : strerror(-e));
	free(why);
	return e == 0;
}

/* What failed can be read afterwards; lab_down() removes the lab's folder. */
static void logs_keep(struct try *t)
{
	if (!t->lab || !t->bad)
		return;
	lab_run(t->lab, LAB_GW, "mkdir -p " FAILED_DIR "; rm -rf " FAILED_DIR "/%s-%s\n"
		"cp -r %s " FAILED_DIR "/%s-%s", lab_line_name(t->line),
		try_house_name(t->house), lab_dir(t->lab),
		lab_line_name(t->line), try_house_name(t->house));
	json_object_set_new(t->out, "logs", json_string(FAILED_DIR));
}

/* How long each part took; in the JSON only. */
static void lap(struct try *t, const char *part, msec_t *since)
{
	msec_t now = clock_ms();

	json_object_set_new(json_object_get(t->out, "ms"), part,
		json_integer(now - *since));
	*since = now;
}

json_t *try_run(struct try *t)
{
	msec_t start = clock_ms(), since = start;

	t->fam = lab_line_family(t->line);
	t->out = json_pack("{s:s, s:s, s:i, s:[], s:{}}", "line",
		lab_line_name(t->line), "house", try_house_name(t->house),
		"family", (int)t->fam, "failed", "ms");
	if (house(t)) {
		bool refuse = t->line == LAB_PRIVATE4;

		lap(t, "house", &since);
		if (t->house != TRY_BRIDGE && refuse)
			gate_refused(t);
		else if (t->house != TRY_BRIDGE)
			gate_up(t);
		lap(t, "gate", &since);
		if (!refuse)
			peers(t);
		lap(t, "peers", &since);
		try_web(t);
		lap(t, "web", &since);
		try_sweeps(t);
		lap(t, "sweeps", &since);
	}
	logs_keep(t);
	lab_down(t->lab);
	lap(t, "down", &since);
	policy_free(t->pol);
	intent_free(t->in);
	facts_done(&t->facts);
	json_object_set_new(t->out, "good", json_boolean(!t->bad));
	json_object_set_new(t->out, "seconds",
		json_real((double)(clock_ms() - start) / 1000));
	return t->out;
}
