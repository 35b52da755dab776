// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The whole catalogue as pages that can be published as they are:
 *
 *	index.html          which line, which router, and what never to do
 *	MODEL/index.html    what this router can do, and its lines
 *	MODEL/LINE.html     the sheet; LINE-a4.html the same on one page
 *
 * once per language below ja/ and en/; style.css and a page that chooses the
 * language stand above them.
 */
#include "routers/html/html.h"
#include "base/tr.h"

#include <errno.h>

struct site {
	site_put *put;
	void *ctx;
	const struct intent *in;
	const char *other;	/* "en" or "ja": the other language's folder */
};

static const enum line_kind lines[] = {LINE_FLETS_RA, LINE_FLETS_PD, LINE_HGW,
	LINE_DHCP4, LINE_PPPOE4, LINE_MAPE, LINE_DSLITE, LINE_IPIP,
	LINE_PRIVATE4};

/* How somebody recognises the line without any tool. */
static const char *line_signs(enum line_kind k)
{
	switch (k) {
	case LINE_FLETS_RA:
		return _("The contract says FLET'S Hikari or a collaboration brand (docomo Hikari, SoftBank Hikari, Rakuten Hikari, OCN, So-net ...) with IPv6 (IPoE), and there is no Hikari Denwa (telephone).");
	case LINE_FLETS_PD:
		return _("The same kind of contract with Hikari Denwa and your own router at the ONU, or Hikari Cross (10 Gbit/s).");
	case LINE_HGW:
		return _("NTT's box with telephone sockets (PR-, RT-, RX-, RS-, XG-) stands at the line and your own router behind it.");
	case LINE_DHCP4:
		return _("au Hikari, J:COM, an older NURO contract or another provider that gives a global IPv4 address. The router's status page shows it as WAN address; it must not begin with 10., 172.16-31., 192.168. or 100.64-127.");
	case LINE_PPPOE4:
		return _("The router dials with a user name and a password (PPPoE).");
	case LINE_MAPE:
		return _("The contract or the router's status page names v6 Plus, OCN Virtual Connect, BIGLOBE IPv6 option, or a NURO contract of 2024 or later.");
	case LINE_DSLITE:
		return _("The contract or the router's status page names transix, Xpass or v6 Connect.");
	case LINE_IPIP:
		return _("A contract with a fixed IPv4 address over IPv6 (IPIP).");
	case LINE_PRIVATE4:
		return _("The router's WAN address begins with 10., 172.16-31., 192.168. or 100.64-127. (flats, some cable television).");
	case LINE_AUTO:
		break;
	}
	return "";
}

static int put(const struct site *st, const char *path, struct text *body)
{
	int r = st->put(st->ctx, path, text_str(body));

	text_done(body);
	return r;
}

static struct sheet *sheet_for(const struct site *st, const struct model *m,
	enum line_kind line)
{
	struct request rq = {.in = st->in, .line = line, .model = m};

	return routers_settings(&rq);
}

static int put_sheet(const struct site *st, const struct model *m,
	enum line_kind line)
{
	cleanup(sheet_freep) struct sheet *s = sheet_for(st, m, line);
	const char *l = line_kind_name(line);
	cleanup(freep) char *title = xasprintf("%s: %s", m->name,
		line_words(line));
	cleanup(freep) char *other = xasprintf("../../%s/%s/%s.html",
		st->other, m->id, l);
	cleanup(freep) char *path = xasprintf("%s/%s/%s.html", tr_lang(),
		m->id, l);
	cleanup(freep) char *a4 = xasprintf("%s/%s/%s-a4.html", tr_lang(),
		m->id, l);
	struct page pg = {.title = title, .style = "../../style.css",
		.home = "../index.html", .other = other, .class = ""};
	struct text t = TEXT_INIT;
	int r;

	html_begin(&pg, &t);
	html_sheet(s, false, &t);
	text_addf(&t, "<p><a href=\"%s-a4.html\">%s</a>, <a href=\"index.html\">%s</a></p>\n",
		l, _("The same on one A4 page, to print"),
		_("What this router can do"));
	html_end(&pg, &t);
	r = put(st, path, &t);
	if (r < 0)
		return r;
	sheet_html(s, true, &t);
	return put(st, a4, &t);
}

static void add_caps(const struct brand *b, struct text *t)
{
	text_addf(t, "<div class=\"wide\" tabindex=\"0\">\n<table>\n<thead><tr><th scope=\"col\">%s</th><th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr></thead>\n<tbody>\n",
		_("Ability"), _("Answer"), _("How this is known"));
	for (int c = 0; c < CAP_MAX; c++) {
		const struct capability *k = &b->caps[c];
		const struct source *q = source_of(k->src);

		text_add(t, "<tr>");
		html_elem(t, "th", " scope=\"row\"", cap_words((enum cap)c));
		html_elem(t, "td", "", answer_words(k->is));
		text_add(t, "<td>");
		html_add(t, evidence_words(q->level));
		text_add(t, ": ");
		html_add(t, _(q->title));
		text_add(t, "</td></tr>\n");
	}
	text_add(t, "</tbody>\n</table>\n</div>\n");
}

static void add_line_links(const struct site *st, const struct model *m,
	struct text *t)
{
	text_add(t, "<ul>\n");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		cleanup(sheet_freep) struct sheet *s = sheet_for(st, m, lines[i]);
		enum verdict_kind v = s->said.errors ? CAN_NO : s->verdict;

		text_addf(t, "<li><a href=\"%s.html\">", line_kind_name(lines[i]));
		html_add(t, line_words(lines[i]));
		text_addf(t, "</a>: <strong class=\"v-%s\">", verdict_id(v));
		html_add(t, verdict_words(v));
		text_add(t, "</strong></li>\n");
	}
	text_add(t, "</ul>\n");
}

static int put_model(const struct site *st, const struct brand *b,
	const struct model *m)
{
	cleanup(freep) char *title = xasprintf(_("%s: settings for a femtocell, VoWiFi or VPN box"), m->name);
	cleanup(freep) char *other = xasprintf("../../%s/%s/index.html",
		st->other, m->id);
	cleanup(freep) char *path = xasprintf("%s/%s/index.html", tr_lang(),
		m->id);
	struct page pg = {.title = title, .style = "../../style.css",
		.home = "../index.html", .other = other, .class = ""};
	struct text t = TEXT_INIT;
	int r;

	html_begin(&pg, &t);
	html_elem(&t, "h1", "", m->name);
	html_elem(&t, "h2", "", _("Choose your line"));
	add_line_links(st, m, &t);
	html_elem(&t, "h2", "", _("What this router can do"));
	if (m->note) {
		text_add(&t, "<div class=\"caution\"><strong>");
		html_add(&t, _("Take care:"));
		text_add(&t, "</strong> ");
		html_add(&t, _(m->note));
		text_addf(&t, " <span class=\"ev\">%s</span></div>\n",
			evidence_words(source_of(m->note_src)->level));
	}
	add_caps(b, &t);
	html_end(&pg, &t);
	r = put(st, path, &t);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(lines); i++)
		r = put_sheet(st, m, lines[i]);
	return r;
}

static void add_lines_guide(struct text *t)
{
	html_elem(t, "h2", " id=\"lines\"", _("1. Which line is it?"));
	text_add(t, "<dl>\n");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		html_elem(t, "dt", "", line_words(lines[i]));
		html_elem(t, "dd", "", line_signs(lines[i]));
	}
	text_add(t, "</dl>\n");
}

static void add_models(struct text *t)
{
	html_elem(t, "h2", " id=\"routers\"", _("2. Which router is it?"));
	for (const struct brand *const *b = routers_all(); *b; b++) {
		html_elem(t, "h3", "", (*b)->name);
		text_add(t, "<ul>\n");
		for (size_t i = 0; i < (*b)->model_n; i++) {
			const struct model *m = &(*b)->models[i];

			text_addf(t, "<li><a href=\"%s/index.html\">", m->id);
			html_add(t, m->name);
			text_add(t, "</a></li>\n");
		}
		text_add(t, "</ul>\n");
	}
}

static void add_never(struct text *t)
{
	html_elem(t, "h2", "", _("What never to do"));
	html_elem(t, "p", "", _("Do not switch on \"IPv6 bridge\" or \"IPv6 pass-through\", whoever advises it. It lets everybody on the Internet reach every PC, camera and printer in the home. The device works without it: it needs two openings, to itself alone."));
	html_elem(t, "p", "", _("Whether the router has Wi-Fi makes no difference to any of this."));
}

static void add_evidence_guide(struct text *t)
{
	html_elem(t, "h2", "", _("How sure are these pages?"));
	html_elem(t, "p", "", _("Each step and each line says how it is known:"));
	text_add(t, "<ul>\n");
	html_elem(t, "li", "", _("tried out by us: run on the device, an emulator or the same program"));
	html_elem(t, "li", "", _("from the manual or standard: the maker's own words"));
	html_elem(t, "li", "", _("from an owner's report: somebody wrote that it worked"));
	html_elem(t, "li", "", _("not verified: reasoned; look twice, and tell us"));
	text_add(t, "</ul>\n");
}

static int put_index(const struct site *st)
{
	cleanup(freep) char *other = xasprintf("../%s/index.html", st->other);
	cleanup(freep) char *path = xasprintf("%s/index.html", tr_lang());
	struct page pg = {
		.title = _("Router settings for femtocells (Rakuten Casa), VoWiFi and VPN boxes"),
		.style = "../style.css", .home = "index.html", .other = other,
		.class = ""};
	struct text t = TEXT_INIT;

	html_begin(&pg, &t);
	html_elem(&t, "h1", "", pg.title);
	html_elem(&t, "p", "", _("Such a device makes an encrypted tunnel (IPsec) through your router to its operator. The tunnel uses two things: UDP port 500 and a protocol of its own called ESP (number 50). Most routers stop ESP on its way in. These pages say, router by router, how to let exactly that through to the device, and nothing else."));
	add_never(&t);
	add_lines_guide(&t);
	add_models(&t);
	add_evidence_guide(&t);
	html_end(&pg, &t);
	return put(st, path, &t);
}

int routers_site(const struct intent *in, site_put *fn, void *ctx)
{
	struct site st = {.put = fn, .ctx = ctx, .in = in,
		.other = !strcmp(tr_lang(), "ja") ? "en" : "ja"};
	int r = put_index(&st);

	for (const struct brand *const *b = routers_all(); *b && r == 0; b++)
		for (size_t i = 0; i < (*b)->model_n && r == 0; i++)
			r = put_model(&st, *b, &(*b)->models[i]);
	return r;
}

int routers_site_top(site_put *fn, void *ctx)
{
	struct text t = TEXT_INIT;
	int r = fn(ctx, "style.css", html_style());

	if (r < 0)
		return r;
	text_add(&t, "<!doctype html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<title>kadomori 門守</title>\n<link rel=\"stylesheet\" href=\"style.css\">\n</head>\n<body>\n<main>\n"
		"<h1>kadomori 門守</h1>\n<ul>\n<li><a href=\"ja/index.html\">日本語</a></li>\n"
		"<li lang=\"en\"><a href=\"en/index.html\" hreflang=\"en\">English</a></li>\n</ul>\n</main>\n</body>\n</html>\n");
	r = fn(ctx, "index.html", text_str(&t));
	text_done(&t);
	return r;
}
