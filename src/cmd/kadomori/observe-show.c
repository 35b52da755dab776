// SPDX-License-Identifier: GPL-2.0-or-later
/* The report of kadomori observe, for people. */
#include "observe-cmd.h"
#include "base/text.h"
#include "base/tr.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum { NAMES_SHOWN = 3, SECOND = 1000 };

char *when_text(int64_t ms, char buf[WHEN_STR])
{
	time_t t = (time_t)(ms / SECOND);
	struct tm tm;

	snprintf(buf, WHEN_STR, "-");
	if (ms && localtime_r(&t, &tm))
		strftime(buf, WHEN_STR, "%Y-%m-%d %H:%M:%S", &tm);
	return buf;
}

const struct device *facts_device(const struct intent *in,
	const struct obs_device *d)
{
	for (size_t i = 0; in && i < in->device_n; i++) {
		const struct device *c = &in->devices[i];

		if (c->has_mac && d->has_mac && !memcmp(&c->mac, &d->mac, 6))
			return c;
		for (size_t k = 0; k < d->addr_n; k++) {
			const struct addr *a = &d->addr[k].addr;
			bool four = d->addr[k].fam == FAM_4;

			if (four ? c->has_ipv4 && !addr_cmp(&c->ipv4, a)
				 : !addr_is_zero(&c->id.value) &&
					addrmask_has(&c->id, FAM_6, a))
				return c;
		}
	}
	return NULL;
}

/* One line: a word, then what belongs to it. */
static void row(const char *word, const char *fmt, ...) printf_like(2, 3);
static void row(const char *word, const char *fmt, ...)
{
	int pad = 18 - text_columns(word, strlen(word));
	va_list ap;

	printf("  %s%*s ", word, MAX2(pad, 0), "");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void add_names(struct text *t, const struct obs_device *d,
	enum family fam, const struct addr *a)
{
	const char *names[NAMES_SHOWN];
	size_t n = obs_names_of(d, fam, a, names, NAMES_SHOWN);

	for (size_t i = 0; i < n; i++)
		text_addf(t, "%s%s", i ? ", " : " (", names[i]);
	if (n)
		text_addc(t, ')');
}

static void span_text(int64_t ms, char *buf, size_t n)
{
	int64_t s = ms / SECOND;

	if (ms < 10 * SECOND)
		snprintf(buf, n, _("%.1f s"), (double)ms / SECOND);
	else if (s < 600)
		snprintf(buf, n, _("%lld s"), (long long)s);
	else if (s < 3 * 3600)
		snprintf(buf, n, _("%lld min"), (long long)(s / 60));
	else
		snprintf(buf, n, _("%.1f h"), (double)s / 3600);
}

/* --- the device ----------------------------------------------------------------- */

static void show_addresses(const struct obs_device *d)
{
	char a[ADDR_STR];

	for (size_t i = 0; i < d->addr_n; i++)
		row(i ? "" : _("addresses"), "%s%s",
			addr_format(d->addr[i].fam, &d->addr[i].addr, a),
			d->addr[i].eui64 ? _("  (made from the MAC)") : "");
	row(_("gets them by"), "%s%s%s%s", d->dhcp4 ? "DHCP " : "",
		d->dhcp6 ? "DHCPv6 " : "", d->slaac ? "RA" : "",
		d->dhcp4 || d->dhcp6 || d->slaac ? "" : _("not seen"));
}

static void show_names(const struct obs_device *d)
{
	char a[ADDR_STR];

	for (size_t i = 0; i < d->name_n; i++) {
		const struct obs_name *n = &d->name[i];
		struct text t = TEXT_INIT;

		for (size_t k = 0; k < n->answer_n; k++)
			text_addf(&t, "%s%s", k ? ", " : "", addr_format(
				n->answer[k].fam, &n->answer[k].addr, a));
		row(i ? "" : _("asks DNS for"), "%s: %s%s", n->name,
			n->answer_n ? text_str(&t)
			: n->rcode == 3 ? _("no such name")
			: n->rcode < 0 ? _("no answer") : _("no address"),
			n->tcp ? " [TCP]" : "");
		text_done(&t);
	}
}

/* --- a peer ------------------------------------------------------------------------ */

static void show_version(const struct obs_peer *p)
{
	row("IKE", "%s%s%s, UDP %s%s%s; %s", p->ikev2 ? "IKEv2" : "",
		p->ikev2 && p->ikev1 ? " + " : "", p->ikev1 ? "IKEv1" : "",
		p->port500 ? "500" : "", p->port500 && p->port4500 ? ", " : "",
		p->port4500 ? "4500" : "",
		p->device_starts && p->peer_starts ? _("both sides start it")
		: p->device_starts ? _("the device starts it")
		: p->peer_starts ? _("the peer starts it")
		: _("it was running already"));
}

static void show_kinds(const struct obs_peer *p)
{
	for (size_t i = 0; i < p->kind_n; i++) {
		const struct obs_kind *k = &p->kind[i];
		struct text t = TEXT_INIT;

		if (k->min == k->max)
			text_addf(&t, _("%u bytes"), k->max);
		else
			text_addf(&t, _("%u to %u bytes"), k->min, k->max);
		if (k->packets > 1)
			text_addf(&t, _(", in %u fragments"), k->packets);
		if (k->again)
			text_addf(&t, _(", sent again %u times"), k->again);
		row("", "%s %-16s %-8s %s", k->dir == OBS_OUT ? "->" : "<-",
			obs_exchange_name(k->version, k->exchange),
			k->version != 2 ? ""
			: k->response ? _("answer") : _("request"), text_str(&t));
		text_done(&t);
	}
}

static void show_nat(const struct obs_peer *p)
{
	const char *s = p->nat_device == OBS_NAT_NONE
		? _("none: the peer sees the device's own address")
		: p->nat_device == OBS_NAT_REWRITTEN
		? _("yes: the peer sees another address or port than the device's")
		: _("could not be seen (no IKE_SA_INIT answer was watched)");

	row(_("NAT on the way"), "%s", s);
	if (p->nat_peer == OBS_NAT_REWRITTEN)
		row("", "%s", _("the peer itself stands behind a NAT"));
}

static void show_esp(const struct obs_peer *p)
{
	char s[64];

	if (p->esp[OBS_OUT] || p->esp[OBS_IN])
		row("ESP", _("protocol 50 itself: %llu packets out, %llu in"),
			(unsigned long long)p->esp[OBS_OUT],
			(unsigned long long)p->esp[OBS_IN]);
	if (p->esp_udp[OBS_OUT] || p->esp_udp[OBS_IN])
		row("ESP", _("inside UDP/4500: %llu packets out, %llu in"),
			(unsigned long long)p->esp_udp[OBS_OUT],
			(unsigned long long)p->esp_udp[OBS_IN]);
	if (!p->esp[0] && !p->esp[1] && !p->esp_udp[0] && !p->esp_udp[1])
		row("ESP", "%s", _("none was seen"));
	if (p->fragments[OBS_OUT] || p->fragments[OBS_IN])
		row(_("fragments"), _("%llu out, %llu in"),
			(unsigned long long)p->fragments[OBS_OUT],
			(unsigned long long)p->fragments[OBS_IN]);
	if (p->keepalives) {
		span_text(p->keepalive_ms, s, sizeof(s));
		row(_("keep-alive"), _("%llu, the shortest time between two %s"),
			(unsigned long long)p->keepalives,
			p->keepalive_ms ? s : "-");
	}
	if (p->woken_ms >= SECOND) {
		span_text(p->woken_ms, s, sizeof(s));
		row(_("peer speaks first"), _("after up to %s without a word of the device"), s);
	}
}

static void show_renewals(const struct obs_peer *p)
{
	int64_t before[OBS_RENEW_IKE + 1] = {0};
	char when[WHEN_STR], since[64];

	if (!p->renewal_n)
		row(_("keys renewed"), "%s", _("not yet"));
	for (size_t i = 0; i < p->renewal_n; i++) {
		const struct obs_renewal *r = &p->renewal[i];
		struct text t = TEXT_INIT;

		if (before[r->what]) {
			span_text(r->at - before[r->what], since, sizeof(since));
			text_addf(&t, _(", %s after the one before"), since);
		}
		row(i ? "" : _("keys renewed"), _("%s  %s, %s%s"),
			when_text(r->at, when),
			r->what == OBS_RENEW_CHILD ? _("of ESP")
			: r->what == OBS_RENEW_IKE ? _("of IKE")
			: _("of what could not be seen"),
			r->by == OBS_OUT ? _("asked for by the device")
					 : _("asked for by the peer"),
			text_str(&t));
		before[r->what] = r->at;
		text_done(&t);
	}
}

static void show_peer(const struct obs_device *d, const struct obs_peer *p)
{
	struct text t = TEXT_INIT;
	char a[ADDR_STR], from[WHEN_STR], to[WHEN_STR];

	text_add(&t, addr_format(p->fam, &p->addr, a));
	add_names(&t, d, p->fam, &p->addr);
	printf("\n%s %s\n", _("Peer"), text_str(&t));
	text_done(&t);
	if (p->kind_n) {
		show_version(p);
		if (!p->answered)
			row("", "%s", _("no answer of the peer was seen"));
		show_kinds(p);
		show_nat(p);
	}
	show_esp(p);
	show_renewals(p);
	row(_("watched"), "%s - %s", when_text(p->first, from),
		when_text(p->last, to));
}

/* --- the rest --------------------------------------------------------------------------- */

static const char *proto_name(uint8_t proto)
{
	static char other[8];

	switch (proto) {
	case 1: return "ICMP";
	case 6: return "TCP";
	case 17: return "UDP";
	case 58: return "ICMPv6";
	}
	snprintf(other, sizeof(other), "%u", proto);
	return other;
}

static void show_other(const struct obs_device *d, const struct obs_other *o,
	const char *word)
{
	const char *s = obs_service_name(o->proto, o->port);
	struct text t = TEXT_INIT;
	char a[ADDR_STR];

	text_addf(&t, "%s/%u%s%s  %s", proto_name(o->proto), o->port,
		s ? " " : "", s ? s : "", addr_format(o->fam, &o->addr, a));
	add_names(&t, d, o->fam, &o->addr);
	row(word, "%s: %s", text_str(&t), o->answered ? _("answered")
						 : _("unanswered"));
	text_done(&t);
}

static void show_others(const struct obs_device *d, enum obs_dir by,
	const char *title)
{
	bool any = false;

	for (size_t i = 0; i < d->other_n; i++)
		if (d->other[i].by == by) {
			if (!any)
				printf("\n%s\n", title);
			show_other(d, &d->other[i], "");
			any = true;
		}
}

static void show_device(const struct obs_device *d, const struct intent *in)
{
	const struct device *c = facts_device(in, d);
	char mac[MAC_STR];

	printf("\n%s %s", _("Device"), c ? c->name : _("(not in the configuration)"));
	if (d->has_mac)
		printf("  MAC %s", mac_format(&d->mac, mac));
	putchar('\n');
	show_addresses(d);
	show_names(d);
	if (!d->peer_n)
		printf("\n%s\n", _("No IPsec of it was seen. Restart the device while observing: it then starts its tunnel anew."));
	for (size_t i = 0; i < d->peer_n; i++)
		show_peer(d, &d->peer[i]);
	show_others(d, OBS_OUT, _("What else it talks to"));
	show_others(d, OBS_IN, _("Who else talks to it"));
	if (d->lost)
		printf("\n%s\n", _("There was more than this report has room for."));
}

void facts_show(const struct facts_seen *f, const struct intent *in)
{
	char from[WHEN_STR], to[WHEN_STR];

	printf(_("Observed at %s, %s - %s, %llu packets\n"), f->source,
		when_text(f->c.first, from), when_text(f->c.last, to),
		(unsigned long long)f->c.frames);
	if (f->c.damaged)
		printf(_("%llu of them were damaged or of an unknown kind and were left out\n"),
			(unsigned long long)f->c.damaged);
	if (f->c.lost)
		printf(_("%llu times a machine was left out or forgotten, there are more than fit: name yours with --device\n"),
			(unsigned long long)f->c.lost);
	for (size_t i = 0; i < f->n; i++)
		show_device(&f->d[i], in);
	if (!f->n)
		printf("\n%s\n", _("Nobody spoke IPsec. Is the device switched on, and is this the side of the home? Restart it while observing; --all looks at every host, not only at those of the configuration."));
}
