// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of `kadomori lab try`: one block a line kind, the gate in its two
 * profiles and the bridge side by side, each cell from the numbers in the JSON.
 */
#include "command.h"
#include "try.h"
#include "base/text.h"

#include <stdio.h>
#include <unistd.h>

enum { LABEL_W = 39, CELL_W = 31 };
enum mood { GOOD, BAD, PLAIN };

struct cell {
	struct text t;
	enum mood mood;
};

static const char *line_words(const char *name)
{
	static const char *const rows[][2] = {
		{"flets-ra", N_("FLET'S, one /64 by RA")},
		{"flets-pd", N_("FLET'S, /56 by DHCPv6-PD")},
		{"dhcp4", N_("native global IPv4 by DHCP")},
		{"private4", N_("private IPv4 behind a carrier NAT")}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(name, rows[i][0]))
			return _(rows[i][1]);
	return name;
}

static void paint(const char *s, enum mood m, int width)
{
	static const char *const codes[] = {"\033[32m", "\033[31m", ""};
	bool color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	int used = text_columns(s, strlen(s));

	printf("%s%s%s", color ? codes[m] : "", s,
		color && m != PLAIN ? "\033[0m" : "");
	if (width > used)
		printf("%*s", width - used, "");
}

typedef void cell_fn(const json_t *r, const void *arg, struct cell *c);

/* One row: a cell for each house; a house that was not tried shows "-". */
static void row(const char *label, const json_t *const r[TRY_HOUSE_MAX],
	cell_fn *fill, const void *arg)
{
	printf("  ");
	paint(label, PLAIN, LABEL_W);
	for (int h = 0; h < TRY_HOUSE_MAX; h++) {
		struct cell c = {TEXT_INIT, PLAIN};

		if (r[h])
			fill(r[h], arg, &c);
		if (!c.t.len)
			text_add(&c.t, "-");
		printf(" ");
		paint(text_str(&c.t), c.mood, h < TRY_BRIDGE ? CELL_W : 0);
		text_done(&c.t);
	}
	printf("\n");
}

static json_int_t num(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const json_t *sub(const json_t *o, const char *key)
{
	return json_object_get(o, key);
}

/* --- cells ---------------------------------------------------------------- */

static bool house_is_gate(const json_t *r)
{
	return strcmp(json_string_value(sub(r, "house")), "bridge") != 0;
}

static void cell_ike(const json_t *r, const void *arg, struct cell *c)
{
	const json_t *ike = sub(r, "ike");
	bool yes = json_is_true(sub(ike, "established"));

	(void)arg;
	if (!ike)
		return;
	text_add(&c->t, yes ? _("yes") : _("no"));
	c->mood = yes ? GOOD : BAD;
}

static void cell_frag(const json_t *r, const void *arg, struct cell *c)
{
	const json_t *m = sub(sub(r, "ike"), arg);

	if (!m)
		return;
	text_addf(&c->t, _("%d bytes in %d packets"), (int)num(m, "bytes"),
		(int)num(m, "packets"));
	c->mood = num(m, "packets") > 1 ? GOOD : BAD;
}

static void cell_esp(const json_t *r, const void *dir, struct cell *c)
{
	const json_t *esp = sub(r, "esp");

	if (!esp)
		return;
	text_addf(&c->t, json_is_true(sub(esp, "in_udp")) ?
		_("%d packets (in UDP/4500)") : _("%d packets"),
		(int)num(esp, dir));
	c->mood = num(esp, dir) > 0 && num(esp, "data_back") ==
		num(esp, "data_sent") ? GOOD : BAD;
}

static void cell_unasked(const json_t *r, const void *arg, struct cell *c)
{
	const json_t *esp = sub(r, "esp_unasked");

	(void)arg;
	if (!esp)
		return;
	text_addf(&c->t, _("%d of %d answered"), (int)num(esp, "data_back"),
		(int)num(esp, "data_sent"));
	c->mood = num(esp, "data_back") == num(esp, "data_sent") ? GOOD : BAD;
}

static const char *nth(const json_t *list, size_t i)
{
	const char *s = json_string_value(json_array_get(list, i));

	return s ? s : "?";
}

static void cell_rekey(const json_t *r, const void *arg, struct cell *c)
{
	const json_t *k = sub(r, "rekey");
	bool good = json_is_true(sub(k, "good"));

	(void)arg;
	if (!k)
		return;
	if (good)
		text_addf(&c->t, _("SPI %s to %s"), nth(sub(k, "spis_in"), 0),
			nth(sub(k, "spis_in"), 1));
	else
		text_add(&c->t, _("no"));
	c->mood = good ? GOOD : BAD;
}

/* Which scan: by whom, at whom, ports or protocols. */
struct scan_row {
	const char *label, *from, *victim;
	bool protos;
};

static bool scan_is(const json_t *s, const struct scan_row *w)
{
	bool protos = !strcmp(json_string_value(sub(s, "what")), "protocols");

	return protos == w->protos &&
	       !strcmp(json_string_value(sub(s, "from")), w->from);
}

/*
 * Sum over the scans of one attacker: sent at the victim or at the house's one
 * IPv4 address, delivered to the victim wherever it was aimed.
 */
static void scan_sum(const json_t *r, const struct scan_row *w,
	json_int_t *sent, json_int_t *at_gate, json_int_t *in)
{
	const json_t *s;
	size_t i;

	*sent = *at_gate = *in = 0;
	json_array_foreach (sub(r, "sweeps"), i, s) {
		const char *aim = json_string_value(sub(s, "aim"));

		if (!scan_is(s, w))
			continue;
		*in += num(sub(s, "delivered"), w->victim);
		if (strcmp(aim, w->victim) != 0 && strcmp(aim, "gw") != 0)
			continue;
		*sent += num(s, "sent");
		*at_gate += num(s, "at_gate");
	}
}

/* ": udp/500 50", each once: what a rule let in. */
static void rules_add(const json_t *r, const struct scan_row *w, struct cell *c)
{
	const json_t *s, *e;
	size_t i, j;

	json_array_foreach (sub(r, "sweeps"), i, s) {
		if (!scan_is(s, w) || !num(sub(s, "delivered"), w->victim))
			continue;
		json_array_foreach (sub(s, "passed_by_rule"), j, e) {
			cleanup(freep) char *one = w->protos ?
				xasprintf(" %d", (int)num(e, "number")) :
				xasprintf(" %s/%d", json_string_value(sub(e,
					"what")), (int)num(e, "number"));

			if (!strchr(text_str(&c->t), ':'))
				text_addc(&c->t, ':');
			if (!strstr(strchr(text_str(&c->t), ':'), one))
				text_add(&c->t, one);
		}
	}
}

static void cell_scan(const json_t *r, const void *arg, struct cell *c)
{
	const struct scan_row *w = arg;
	json_int_t sent, at_gate, in;

	scan_sum(r, w, &sent, &at_gate, &in);
	if (!sent)
		return;
	text_addf(&c->t, _("%d of %d"), (int)in, (int)sent);
	if (at_gate < sent && !in)
		text_addf(&c->t, _(" (%d at the line)"), (int)at_gate);
	c->mood = !house_is_gate(r) ? (in ? BAD : PLAIN) : in ? PLAIN : GOOD;
	if (in && house_is_gate(r))
		rules_add(r, w, c);
}

static void cell_web(const json_t *r, const void *from, struct cell *c)
{
	bool yes = json_is_true(sub(sub(r, "web_answers"), from));

	text_add(&c->t, yes ? _("ANSWERS") : _("closed"));
	c->mood = yes ? BAD : GOOD;
}

static void cell_verdict(const json_t *r, const void *arg, struct cell *c)
{
	bool good = json_is_true(sub(r, "good"));

	(void)arg;
	if (!house_is_gate(r)) {
		text_add(&c->t, _("open, for comparison"));
		return;
	}
	text_add(&c->t, good ? _("good") : _("NOT GOOD"));
	c->mood = good ? GOOD : BAD;
}

static void cell_head(const json_t *r, const void *arg, struct cell *c)
{
	(void)arg;
	if (house_is_gate(r))
		text_addf(&c->t, _("kadomori, %s"),
			json_string_value(sub(r, "house")));
	else
		text_add(&c->t, num(r, "family") == 6 ? _("\"IPv6 bridge\", no gate")
						      : _("hub, no gate"));
}

/* --- a block ----------------------------------------------------------------- */

static void rule(void)
{
	for (int i = 0; i < LABEL_W + TRY_HOUSE_MAX * CELL_W; i++)
		fputs("─", stdout);
	putchar('\n');
}

static void scan_rows(const json_t *const r[TRY_HOUSE_MAX])
{
	static const struct scan_row rows[] = {
		{N_("PC, all ports, access network"), "atkan", "pc", false},
		{N_("PC, all ports, Internet"), "atkin", "pc", false},
		{N_("PC, all protocols, access network"), "atkan", "pc", true},
		{N_("PC, all protocols, Internet"), "atkin", "pc", true},
		{N_("device, all ports, access network"), "atkan", "casa", false},
		{N_("device, all ports, Internet"), "atkin", "casa", false},
		{N_("device, all protocols, acc. network"), "atkan", "casa", true},
		{N_("device, all protocols, Internet"), "atkin", "casa", true}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		row(_(rows[i].label), r, cell_scan, &rows[i]);
}

static void refused_show(const json_t *r)
{
	const json_t *no = sub(r, "refused");
	bool both = json_is_true(sub(no, "mapping")) &&
		    json_is_true(sub(no, "by_daemon"));

	if (!no)
		return;
	printf("  ");
	paint(both ? _("refused:") : _("NOT refused:"), both ? GOOD : BAD, 0);
	printf(" %s\n", json_string_value(sub(no, "why")));
}

static void failures_show(const json_t *r)
{
	const json_t *f;
	size_t i;

	json_array_foreach (sub(r, "failed"), i, f) {
		cleanup(freep) char *s = xasprintf("  ! %s: %s",
			json_string_value(sub(r, "house")), json_string_value(f));

		paint(s, BAD, 0);
		putchar('\n');
	}
	if (sub(r, "logs"))
		printf(_("    logs: %s/%s-%s\n"),
			json_string_value(sub(r, "logs")),
			json_string_value(sub(r, "line")),
			json_string_value(sub(r, "house")));
}

static void peer_rows(const json_t *const r[TRY_HOUSE_MAX])
{
	row(_("IKE established"), r, cell_ike, NULL);
	row(_("IKE_AUTH out, fragmented"), r, cell_frag, "auth_request");
	row(_("IKE_AUTH in, fragmented"), r, cell_frag, "auth_response");
	row(_("ESP out"), r, cell_esp, "out");
	row(_("ESP in"), r, cell_esp, "in");
	row(_("ESP in first, after the state is gone"), r, cell_unasked, NULL);
	row(_("rekey (CHILD_SA, IKE_SA)"), r, cell_rekey, NULL);
}

static void block(const char *line, const json_t *const r[TRY_HOUSE_MAX])
{
	printf("\n%s (%s)\n", line_words(line), line);
	rule();
	row("", r, cell_head, NULL);
	refused_show(r[TRY_STANDARD]);
	if (sub(r[TRY_STANDARD], "ike"))
		peer_rows(r);
	scan_rows(r);
	row(_("device's web page, access network"), r, cell_web, "atkan");
	row(_("device's web page, Internet"), r, cell_web, "atkin");
	row(_("verdict"), r, cell_verdict, NULL);
	for (int h = 0; h < TRY_HOUSE_MAX; h++)
		failures_show(r[h]);
}

static const json_t *find(const json_t *results, const char *line,
	const char *house)
{
	const json_t *r;
	size_t i;

	json_array_foreach (results, i, r)
		if (!strcmp(json_string_value(sub(r, "line")), line) &&
			!strcmp(json_string_value(sub(r, "house")), house))
			return r;
	return NULL;
}

void try_show(json_t *results, double seconds)
{
	size_t good = 0, n = 0;

	for (int l = 0; l < LAB_LINE_MAX; l++) {
		const char *name = lab_line_name((enum lab_line)l);
		const json_t *r[TRY_HOUSE_MAX];
		bool all = true;

		for (int h = 0; h < TRY_HOUSE_MAX; h++) {
			r[h] = find(results, name,
				try_house_name((enum try_house)h));
			all &= !r[h] || json_is_true(sub(r[h], "good"));
		}
		if (!r[TRY_STANDARD])
			continue;
		block(name, r);
		n++;
		good += all;
	}
	printf("\n");
	printf(_("%zu of %zu lines good, %.0f seconds.\n"), good, n, seconds);
	printf(_("Peers: %s on both ends, with certificates. Each number was counted on the wire: IKE and ESP on\n"
		"wan0, scans (65,536 UDP and TCP ports, 256 protocols) at the victim's own port.\n"),
		lab_peer_name());
	printf(_("standard passes IKE and ESP to every host at home, as RFC 6092 asks (REC-21, 22, 24, 26);\n"
		"strict passes them only between a device and its peer.\n"));
	printf(_("On flets-ra kadomorid's own NDP proxy and RA server serve the home; on flets-pd dhclient takes the\n"
		"prefix and kadomorid announces it.\n"));
}
