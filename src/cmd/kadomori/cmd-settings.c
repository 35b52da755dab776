// SPDX-License-Identifier: GPL-2.0-or-later
/* kadomori settings: no root, no daemon, no network. */
#include "command.h"
#include "intent/intent.h"
#include "routers/routers.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct asked {
	const char *router, *line, *device, *mac, *id, *ipv4, *prefix, *wan,
		*lan, *format, *first;
	const char *peers[PEERS_MAX];
	size_t peer_n;
};

static int bad(const char *word, const char *why)
{
	fprintf(stderr, _("kadomori settings: \"%s\": %s\n"), word, why);
	return -EINVAL;
}

static int take_option(struct asked *a, const char *name, const char *value)
{
	const struct {
		const char *name, **to;
	} table[] = {
		{"--router", &a->router}, {"--line", &a->line},
		{"--device", &a->device}, {"--mac", &a->mac}, {"--id", &a->id},
		{"--ipv4", &a->ipv4}, {"--prefix", &a->prefix},
		{"--wan", &a->wan}, {"--lan", &a->lan},
		{"--format", &a->format}, {"--first", &a->first},
	};

	if (!strcmp(name, "--peer")) {
		if (a->peer_n == PEERS_MAX)
			return bad(value, _("too many senders"));
		a->peers[a->peer_n++] = value;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (!strcmp(name, table[i].name)) {
			*table[i].to = value;
			return 0;
		}
	return bad(name, _("no such option"));
}

static int take_options(struct asked *a, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *eq = strchr(argv[i], '=');
		const char *value = eq ? eq + 1 : argv[i + 1];

		if (strncmp(argv[i], "--", 2))
			return bad(argv[i], _("options begin with --"));
		if (eq)
			*eq = '\0';
		if (!value)
			return bad(argv[i], _("a value is missing"));
		if (take_option(a, argv[i], value) < 0)
			return -EINVAL;
		if (!eq)
			i++;
	}
	return 0;
}

/* "casa" stands for rakuten-casa where no configuration names it. */
static const char *kind_of(const char *device)
{
	static const struct {
		const char *word, *kind;
	} table[] = {{"casa", "rakuten-casa"}, {"phone", "vowifi"},
		{"femto", "femtocell"}, {"vpn", "vpn-box"}};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (!strcmp(table[i].word, device))
			return table[i].kind;
	for (int k = 0; k < DEVICE_KIND_MAX; k++)
		if (!strcmp(device_kind_name((enum device_kind)k), device))
			return device;
	return NULL;
}

static char *words_of(const struct asked *a, const char *kind)
{
	struct text t = TEXT_INIT;
	bool known = a->mac || a->id || a->ipv4;

	text_addf(&t, "wan wan0\nlan lan0\ndevice %s %s",
		!strcmp(a->device, "rakuten-casa") ? "casa" : a->device, kind);
	if (a->mac)
		text_addf(&t, " mac %s", a->mac);
	if (a->id)
		text_addf(&t, " id %s", a->id);
	if (a->ipv4)
		text_addf(&t, " ipv4 %s", a->ipv4);
	if (!known)
		text_add(&t, " id ::1");
	for (size_t i = 0; i < a->peer_n; i++)
		text_addf(&t, "%s %s", i ? "" : " peer", a->peers[i]);
	text_addc(&t, '\n');
	return text_take(&t);
}

/* A device from the command line, read by the same grammar as the file. */
static int device_intent(const struct asked *a, struct intent *in,
	struct complaints *c)
{
	const char *kind = kind_of(a->device);
	cleanup(freep) char *words = NULL;

	if (!kind)
		return bad(a->device, _("no such device in the configuration, and no kind of device (casa, ipsec, vowifi, femtocell, vpn-box)"));
	words = words_of(a, kind);
	if (intent_parse(in, _("command line"), words, false, c) < 0)
		return -EINVAL;
	if (!a->mac && !a->id && !a->ipv4) {
		/* "::1" only held the place; there is no line to quote */
		in->devices[0].has_id = false;
		in->devices[0].at.line = 0;
	}
	return 0;
}

/* Keep one device and what belongs to it. */
static int keep_device(struct intent *in, const char *name)
{
	const struct device *d = intent_device(in, name);
	size_t keep, n = 0;

	if (!d)
		return -ENOENT;
	keep = (size_t)(d - in->devices);
	for (size_t i = 0; i < in->pinhole_n; i++) {
		if (in->pinholes[i].device != keep)
			free(in->pinholes[i].from);
		else
			in->pinholes[n++] = in->pinholes[i];
	}
	in->pinhole_n = n;
	n = 0;
	for (size_t i = 0; i < in->mapping_n; i++)
		if (in->mappings[i].device == keep)
			in->mappings[n++] = in->mappings[i];
	in->mapping_n = n;
	for (size_t i = 0; i < in->device_n; i++)
		if (i != keep) /* asks for nothing any more */
			in->devices[i].kind = DEVICE_PLAIN;
	return 0;
}

/* Somebody who only owns a router has no configuration: say what is assumed. */
static void default_device(struct asked *a)
{
	if (a->device || !access(opt.conf, F_OK))
		return;
	a->device = "casa";
	fprintf(stderr, _("There is no %s: these settings are for a Rakuten Casa. Another device: --device ipsec, vowifi, femtocell or vpn-box\n"),
		opt.conf);
}

static int read_intent(const struct asked *a, struct intent **ret)
{
	cleanup(intent_freep) struct intent *in = intent_new();
	struct complaints c = {0};
	bool file = !access(opt.conf, R_OK) || !a->device;
	struct text t = TEXT_INIT;
	int r = -ENOENT;

	if (file) {
		r = intent_load(in, opt.conf, &c);
		if (r == 0 && a->device)
			r = keep_device(in, a->device);
	}
	if (r == -ENOENT && a->device) {
		intent_free(in);
		in = intent_new();
		r = device_intent(a, in, &c);
	}
	complaints_print(&c, &t);
	fputs(text_str(&t), stderr);
	text_done(&t);
	complaints_done(&c);
	if (r == 0)
		*ret = take(in);
	return r;
}

static int find_model(const char *id, const struct model **ret)
{
	const char *near;

	if (!id)
		return bad("--router", _("which router? \"kadomori routers\" lists them"));
	*ret = routers_find(id, NULL);
	if (*ret)
		return 0;
	near = text_nearest(id, routers_ids());
	fprintf(stderr, _("kadomori settings: no router \"%s\" is known; \"kadomori routers\" lists them\n"),
		id);
	if (near)
		fprintf(stderr, _("did you mean \"%s\"?\n"), near);
	return -EINVAL;
}

static int fill_request(const struct asked *a, struct request *rq)
{
	rq->wan = a->wan;
	rq->lan = a->lan;
	if (find_model(a->router, &rq->model) < 0)
		return -EINVAL;
	if (a->line && line_kind_parse(a->line, &rq->line) < 0)
		return bad(a->line, _("no such line; possible: auto, flets-ra, flets-pd, hgw, dhcp4, pppoe4, map-e, ds-lite, private4, ipip"));
	if (a->prefix) {
		if (addrmask_parse(a->prefix, &rq->prefix) < 0 ||
			rq->prefix.fam != FAM_6 ||
			mask_to_len(FAM_6, &rq->prefix.mask) != 64)
			return bad(a->prefix, _("a prefix looks like 2404:1a8:1:2::/64"));
		rq->has_prefix = true;
	}
	if (a->first) {
		rq->first = (unsigned)strtoul(a->first, NULL, 10);
		if (rq->first < 1 || rq->first > 1000000)
			return bad(a->first, _("a rule number from 1 to 1000000 is expected"));
	}
	return 0;
}

static int render(const struct sheet *s, const char *format, struct text *out)
{
	if (opt.json)
		sheet_json(s, out);
	else if (!format || !strcmp(format, "text"))
		sheet_text(s, out);
	else if (!strcmp(format, "markdown"))
		sheet_markdown(s, out);
	else if (!strcmp(format, "html") || !strcmp(format, "a4"))
		sheet_html(s, !strcmp(format, "a4"), out);
	else if (!strcmp(format, "raw"))
		sheet_raw(s, false, out);
	else if (!strcmp(format, "raw-undo"))
		sheet_raw(s, true, out);
	else
		return bad(format, _("no such format; possible: text, markdown, html, a4 (one page to print), raw, raw-undo"));
	return 0;
}

static int exit_code(const struct sheet *s)
{
	if (s->said.errors || s->verdict == CAN_NO)
		return EXIT_CHECK_FAILED;
	if (s->verdict == CAN_ASK)
		return EXIT_UNDECIDED;
	return s->said.n ? EXIT_WARNINGS : EXIT_GOOD;
}

int cmd_settings(int argc, char **argv)
{
	struct asked a = {0};
	struct request rq = {0};
	cleanup(intent_freep) struct intent *in = NULL;
	cleanup(sheet_freep) struct sheet *s = NULL;
	struct text out = TEXT_INIT;
	int r;

	if (take_options(&a, argc, argv) < 0 || fill_request(&a, &rq) < 0)
		return EXIT_USAGE;
	default_device(&a);
	if (read_intent(&a, &in) < 0)
		return EXIT_USAGE;
	rq.in = in;
	if (!a.line)
		rq.line = in->line;
	s = routers_settings(&rq);
	r = render(s, a.format, &out);
	fputs(text_str(&out), stdout);
	text_done(&out);
	return r < 0 ? EXIT_USAGE : exit_code(s);
}
