// SPDX-License-Identifier: GPL-2.0-or-later
#include "pin/pin.h"
#include "pin/edit.h"
#include "base/tr.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum { IKE_AUTH = 35, WOKEN_MS = 30000, NAMES_MAX = 4 };

struct plan {
	const struct pin_want *w;
	struct pin *out;
	struct edits e;
};

/* What the observed device needs. */
struct need {
	struct addrmask peer[PEERS_MAX];
	size_t peer_n;
	bool natt;		/* the peer may come to UDP/4500 */
	bool esp, esp_udp;	/* how data travels */
	bool four, six;
};

static void why(struct plan *p, const char *fmt, ...) printf_like(2, 3);
static void why(struct plan *p, const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = xstrdup(fmt);
	va_end(ap);
	*GROW(p->out->why, p->out->why_n, p->out->why_cap) = s;
}

void pin_done(struct pin *p)
{
	for (size_t i = 0; i < p->file_n; i++)
		free(p->files[i].after);
	for (size_t i = 0; i < p->why_n; i++)
		free(p->why[i]);
	free(p->files);
	free(p->why);
	memset(p, 0, sizeof(*p));
}

/* --- what is needed ----------------------------------------------------------- */

static bool auth_answered(const struct obs_peer *p)
{
	for (size_t i = 0; i < p->kind_n; i++)
		if (p->kind[i].version == 2 && p->kind[i].exchange == IKE_AUTH &&
			p->kind[i].dir == OBS_IN && p->kind[i].response)
			return true;
	return false;
}

bool pin_is_peer(const struct obs_peer *p)
{
	bool data = (p->esp[OBS_OUT] && p->esp[OBS_IN]) ||
		(p->esp_udp[OBS_OUT] && p->esp_udp[OBS_IN]);

	return data || (p->device_starts && auth_answered(p));
}

static struct addrmask peer_mask(const struct plan *p, enum family fam,
	const struct addr *a)
{
	unsigned len = fam == FAM_6 ? (p->w->widen ? 64 : 128)
				    : (p->w->widen ? 24 : 32);
	struct addrmask m = {.fam = fam, .mask = mask_of_len(fam, len)};

	m.value = addr_and(a, &m.mask);
	return m;
}

/* False: it is covered already. */
static bool need_add(struct need *n, const struct addrmask *m)
{
	for (size_t i = 0; i < n->peer_n; i++)
		if (addrmask_covers(&n->peer[i], m))
			return false;
	if (n->peer_n >= PEERS_MAX)
		return false;
	n->peer[n->peer_n++] = *m;
	n->four |= m->fam == FAM_4;
	n->six |= m->fam == FAM_6;
	return true;
}

static void peer_why(struct plan *p, const struct device *c,
	const struct obs_device *d, const struct obs_peer *o)
{
	const char *names[NAMES_MAX];
	size_t n = obs_names_of(d, o->fam, &o->addr, names, NAMES_MAX);
	char a[ADDR_STR];

	addr_format(o->fam, &o->addr, a);
	if (o->esp[OBS_IN] || o->esp_udp[OBS_IN])
		why(p, _("%s: %s%s%s is its peer: %llu packets of ESP came from it"),
			c ? c->name : "?", a, n ? ", " : "", n ? names[0] : "",
			(unsigned long long)(o->esp[OBS_IN] + o->esp_udp[OBS_IN]));
	else
		why(p, _("%s: %s%s%s is its peer: it answered the device's IKE_AUTH"),
			c ? c->name : "?", a, n ? ", " : "", n ? names[0] : "");
	if (o->woken_ms >= WOKEN_MS)
		why(p, _("it must get in unasked: it spoke first after %lld s without a word of the device"),
			(long long)(o->woken_ms / 1000));
}

/* The peer's name may lead elsewhere tomorrow: all it led to is let in. */
static void need_names(struct plan *p, struct need *n,
	const struct obs_device *d, const struct obs_peer *o)
{
	const char *names[NAMES_MAX];
	size_t k = obs_names_of(d, o->fam, &o->addr, names, NAMES_MAX);
	char a[ADDR_STR];

	for (size_t i = 0; i < d->name_n; i++)
		for (size_t x = 0; x < k; x++) {
			const struct obs_name *s = &d->name[i];

			if (strcmp(s->name, names[x]))
				continue;
			for (size_t j = 0; j < s->answer_n; j++) {
				struct addrmask m = peer_mask(p, s->answer[j].fam,
					&s->answer[j].addr);

				if (need_add(n, &m))
					why(p, _("%s also led to %s: the device may go there next time"),
						s->name, addr_format(m.fam,
							&s->answer[j].addr, a));
			}
		}
}

static void need_of(struct plan *p, const struct device *c,
	const struct obs_device *d, struct need *n)
{
	char a[ADDR_STR];

	for (size_t i = 0; i < d->peer_n; i++) {
		const struct obs_peer *o = &d->peer[i];
		struct addrmask m = peer_mask(p, o->fam, &o->addr);

		if (!pin_is_peer(o)) {
			why(p, _("%s spoke IPsec, but the device never took it for a peer: it is not let in"),
				addr_format(o->fam, &o->addr, a));
			continue;
		}
		need_add(n, &m);
		n->natt |= o->port4500;
		n->esp |= o->esp[OBS_OUT] || o->esp[OBS_IN];
		n->esp_udp |= o->esp_udp[OBS_OUT] || o->esp_udp[OBS_IN];
		peer_why(p, c, d, o);
	}
	for (size_t i = 0; i < d->peer_n; i++)
		if (pin_is_peer(&d->peer[i]))
			need_names(p, n, d, &d->peer[i]);
}

/* What the user wrote and was not seen stays: it may be the one in reserve. */
static void need_kept(struct plan *p, const struct device *c, struct need *n)
{
	char s[ADDRMASK_STR];

	for (size_t i = 0; i < c->peer_n; i++) {
		bool seen = false;

		for (size_t k = 0; k < n->peer_n; k++)
			seen |= addrmask_overlaps(&c->peers[i], &n->peer[k]);
		addrmask_format(&c->peers[i], s);
		if (!seen && need_add(n, &c->peers[i]))
			why(p, _("%s was not seen, but you wrote it: it stays"), s);
	}
}

/* --- the device's line -------------------------------------------------------------- */

/* A peer word as the parser takes it. */
static bool is_prefix(const struct word *w)
{
	return memchr("0123456789abcdefABCDEF:", *w->p, 23) &&
		(memchr(w->p, ':', w->n) || memchr(w->p, '.', w->n));
}

struct statement {
	const char *body;
	size_t from, to;	/* the statement, with its block */
	size_t words_end;	/* behind the last word of the first line */
};

/* From behind the device's name to the end of its line, or of its block. */
static struct statement statement_of(const struct intent *in,
	const struct device *c)
{
	const char *body = in->bodies[c->at.file];
	size_t from = line_start(body, c->at.line) + c->at.col - 1 + c->at.len;
	const char *at = body + from, *end = body + strlen(body);
	struct statement s = {body, from, strlen(body), from};
	bool block = false;
	struct word w;

	while (word_next(&at, end, &w)) {
		bool stop = !block && (*w.p == '\n' || *w.p == ';');

		if (*w.p == '{')
			block = true;
		else if (!block && !stop)
			s.words_end = (size_t)(w.p + w.n - body);
		if (stop || *w.p == '}') {
			s.to = (size_t)(w.p - body);
			break;
		}
	}
	return s;
}

/* Take [from, to) away; with it its line when nothing else stands there. */
static void cut(struct plan *p, unsigned file, const char *body, size_t from,
	size_t to)
{
	size_t start = from, stop = to;

	while (start && (body[start - 1] == ' ' || body[start - 1] == '\t'))
		start--;
	while (body[stop] == ' ' || body[stop] == '\t' || body[stop] == '\r')
		stop++;
	if ((!start || body[start - 1] == '\n') && body[stop] == '\n')
		edit_add(&p->e, file, start, stop + 1 - start, "");
	else
		edit_add(&p->e, file, start, to - start, "");
}

/* Every "peer ..." and "nat-t ..." of the statement goes. */
static void strip(struct plan *p, const struct device *c,
	const struct statement *s, bool peers, bool natt)
{
	const char *at = s->body + s->from, *end = s->body + s->to;
	struct word w;

	while (word_next(&at, end, &w)) {
		const char *start = w.p, *stop = w.p + w.n, *ahead = at;

		if (peers && word_is(&w, "peer")) {
			while (word_next(&ahead, end, &w) && is_prefix(&w)) {
				stop = w.p + w.n;
				at = ahead;
			}
		} else if (natt && word_is(&w, "nat-t") &&
			word_next(&ahead, end, &w)) {
			stop = w.p + w.n;
			at = ahead;
		} else {
			continue;
		}
		cut(p, c->at.file, s->body, (size_t)(start - s->body),
			(size_t)(stop - s->body));
	}
}

static bool same_peers(const struct device *c, const struct need *n)
{
	if (c->peer_n != n->peer_n)
		return false;
	for (size_t i = 0; i < n->peer_n; i++) {
		bool has = false;

		for (size_t k = 0; k < c->peer_n; k++)
			has |= c->peers[k].fam == n->peer[i].fam &&
				!addr_cmp(&c->peers[k].value, &n->peer[i].value) &&
				!addr_cmp(&c->peers[k].mask, &n->peer[i].mask);
		if (!has)
			return false;
	}
	return true;
}

static void add_peers(struct text *t, const struct need *n)
{
	char s[ADDRMASK_STR];

	text_add(t, " peer");
	for (size_t i = 0; i < n->peer_n; i++)
		text_addf(t, " %s", addrmask_format(&n->peer[i], s));
}

/* As policy decides it where the text is silent. */
static bool natt_now(const struct device *c)
{
	return c->nat_t >= 0 ? c->nat_t : c->kind == DEVICE_IPSEC ||
		c->kind == DEVICE_VOWIFI || c->kind == DEVICE_VPN;
}

static void device_edit(struct plan *p, const struct device *c,
	const struct need *n)
{
	struct statement s = statement_of(p->w->in, c);
	bool peers = !same_peers(c, n), natt = natt_now(c) != n->natt;
	struct text t = TEXT_INIT;

	if (peers)
		add_peers(&t, n);
	if (natt) {
		text_addf(&t, " nat-t %s", n->natt ? "yes" : "no");
		why(p, n->natt
			? _("%s: UDP/4500 is used with its peer: nat-t yes")
			: _("%s: UDP/4500 was never used: nat-t no"), c->name);
	}
	if (peers || natt) {
		strip(p, c, &s, peers, natt);
		edit_add(&p->e, c->at.file, s.words_end, 0, text_str(&t));
	}
	text_done(&t);
}

/* --- what else is open to it ------------------------------------------------------------ */

/* Was it used from outside while observing? */
static uint64_t used(const struct obs_device *d, const struct what *w)
{
	uint64_t n = 0;

	for (size_t i = 0; i < d->other_n; i++) {
		const struct obs_other *o = &d->other[i];

		if (o->by != OBS_IN || !o->answered)
			continue;
		if ((w->kind == WHAT_TCP && o->proto == 6) ||
			(w->kind == WHAT_UDP && o->proto == 17))
			n += o->port >= w->port_lo && o->port <= w->port_hi
				? o->n[OBS_IN] : 0;
	}
	return n;
}

/* The line becomes a comment, so that it is easily brought back. */
static void comment_out(struct plan *p, const struct span *at, const char *instead)
{
	const char *body = p->w->in->bodies[at->file];
	size_t off = line_start(body, at->line), n = line_len(body, off);
	cleanup(freep) char *line = xstrndup(body + off, n);
	cleanup(freep) char *new = xasprintf("# pin: %s%s",
		line + strspn(line, " \t"), instead);

	if (memchr(line, ';', n)) {
		why(p, _("line %u has several statements: change it by hand"),
			at->line);
		return;
	}
	edit_add(&p->e, at->file, off, n, new);
}

static void what_text(const struct what *w, char *buf, size_t n)
{
	if (w->kind == WHAT_TCP || w->kind == WHAT_UDP)
		snprintf(buf, n, w->port_lo == w->port_hi ? "%s %u" : "%s %u-%u",
			what_kind_name(w->kind), w->port_lo, w->port_hi);
	else if (w->kind == WHAT_PROTO)
		snprintf(buf, n, "proto %u", w->proto);
	else
		snprintf(buf, n, "%s", what_kind_name(w->kind));
}

static void pinholes_close(struct plan *p, size_t index,
	const struct obs_device *d)
{
	const struct intent *in = p->w->in;
	char s[32];

	for (size_t i = 0; i < in->pinhole_n; i++) {
		const struct pinhole *h = &in->pinholes[i];

		if (h->device != index)
			continue;
		what_text(&h->what, s, sizeof(s));
		if (used(d, &h->what))
			why(p, _("pinhole %s goes, although it was used %llu times while observing: a femtocell's own page must not face the Internet (CVE-2022-26834)"),
				s, (unsigned long long)used(d, &h->what));
		else
			why(p, _("pinhole %s goes: its IPsec does not need it, and its own pages must not face the Internet (CVE-2022-26834)"), s);
		comment_out(p, &h->at, "");
	}
}

static bool is_port(const struct what *w, uint16_t port)
{
	return w->kind == WHAT_UDP && w->port_lo == port && w->port_hi == port;
}

/* What of a mapping is needed, as lines; *all: nothing of it goes. */
static void map_needed(const struct device *c, const struct what *w,
	const struct need *n, struct text *t, bool *all)
{
	/* ike is UDP 500 and 4500; ipsec is these and ESP */
	bool ike = w->kind == WHAT_IKE || w->kind == WHAT_IPSEC;
	bool esp = w->kind == WHAT_ESP || w->kind == WHAT_IPSEC;
	bool other = !ike && !esp && !is_port(w, 500) && !is_port(w, 4500);

	*all = n->four && !other && (!esp || n->esp) &&
		(n->natt || (!ike && !is_port(w, 4500)));
	if (!n->four)
		return;
	if (ike || is_port(w, 500))
		text_addf(t, "\nmap udp 500 to %s", c->name);
	if (n->natt && (ike || is_port(w, 4500)))
		text_addf(t, "\nmap udp 4500 to %s", c->name);
	if (n->esp && esp)
		text_addf(t, "\nmap esp to %s", c->name);
}

static void map_close(struct plan *p, const struct device *c,
	const struct mapping *m, const struct need *n)
{
	struct text t = TEXT_INIT;
	bool all;
	char s[32];

	what_text(&m->what, s, sizeof(s));
	map_needed(c, &m->what, n, &t, &all);
	if (!all) {
		if (!n->four)
			why(p, _("map %s goes: no IPv4 peer of %s was seen"), s, c->name);
		else if (t.len)
			why(p, _("map %s becomes what was used of it"), s);
		else
			why(p, _("map %s goes: its IPsec does not need it"), s);
		comment_out(p, &m->at, text_str(&t));
	}
	text_done(&t);
}

/* --- devices ------------------------------------------------------------------------------ */

static const struct device *device_of(const struct intent *in,
	const struct obs_device *d)
{
	for (size_t i = 0; i < in->device_n; i++) {
		const struct device *c = &in->devices[i];

		if (c->has_mac ? d->has_mac && !memcmp(&c->mac, &d->mac, 6)
			       : false)
			return c;
		for (size_t k = 0; !c->has_mac && k < d->addr_n; k++)
			if (d->addr[k].fam == FAM_4
				? c->has_ipv4 && !addr_cmp(&c->ipv4, &d->addr[k].addr)
				: c->has_id && addrmask_has(&c->id, FAM_6,
					&d->addr[k].addr))
				return c;
	}
	return NULL;
}

static void device_known(struct plan *p, const struct device *c,
	const struct obs_device *d)
{
	size_t index = (size_t)(c - p->w->in->devices);
	struct need n = {.peer_n = 0};

	need_of(p, c, d, &n);
	if (!n.peer_n) {
		why(p, _("%s: no peer was seen, nothing is changed for it. Observe while the device starts"),
			c->name);
		return;
	}
	p->out->devices++;
	need_kept(p, c, &n);
	device_edit(p, c, &n);
	pinholes_close(p, index, d);
	for (size_t i = 0; i < p->w->in->mapping_n; i++)
		if (p->w->in->mappings[i].device == index)
			map_close(p, c, &p->w->in->mappings[i], &n);
}

static void device_new(struct plan *p, const struct obs_device *d)
{
	const struct intent *in = p->w->in;
	const char *body = in->bodies[0];
	size_t end = strlen(body);
	struct need n = {.peer_n = 0};
	struct text t = TEXT_INIT;
	char mac[MAC_STR], name[32];
	size_t k = p->out->devices;

	do
		snprintf(name, sizeof(name), "device%zu", ++k);
	while (intent_device(in, name));
	mac_format(&d->mac, mac);
	need_of(p, &(struct device){.name = name}, d, &n);
	if (n.peer_n) {
		p->out->devices++;
		why(p, _("%s: its MAC %s is not in the configuration yet: a line is added; give it a name you like"),
			name, mac);
		text_addf(&t, "%sdevice %s %s mac %s", end && body[end - 1] != '\n'
			? "\n" : "", name, device_kind_name(p->w->kind), mac);
		add_peers(&t, &n);
		text_addf(&t, " nat-t %s\n", n.natt ? "yes" : "no");
		edit_add(&p->e, 0, end, 0, text_str(&t));
	}
	text_done(&t);
}

/* --- the whole home -------------------------------------------------------------------------- */

static void profile(struct plan *p)
{
	const struct intent *in = p->w->in;
	const struct span *at = &in->profile_at;
	const char *body;

	if (in->profile == PROFILE_STRICT || p->w->keep_profile)
		return;
	why(p, "%s", _("profile strict: standard lets IKE and ESP of everybody reach every machine of the home (RFC 6092); strict lets in the peers of registered devices only"));
	if (at->line) {
		body = in->bodies[at->file];
		edit_add(&p->e, at->file, line_start(body, at->line) + at->col - 1,
			at->len, "strict");
	} else {
		size_t off = line_start(in->bodies[in->wan_at.file],
			in->wan_at.line + 1);

		edit_add(&p->e, in->wan_at.file, off, 0, "profile strict\n");
	}
	for (size_t i = 0; i < in->device_n; i++) {
		const struct device *c = &in->devices[i];
		bool seen = c->peer_n || c->kind == DEVICE_PLAIN ||
			c->kind == DEVICE_VOWIFI;

		for (size_t k = 0; k < p->w->n; k++)
			seen |= device_of(in, &p->w->d[k]) == c &&
				p->w->d[k].peer_n;
		if (!seen)
			why(p, _("%s was not observed: from now on only answers to what it sends come in to it"),
				c->name);
	}
	if (in->echo_set && in->echo)
		why(p, "%s", _("\"echo yes\" is your own word and stays: pings from outside come in"));
}

static void texts(struct plan *p)
{
	const struct intent *in = p->w->in;

	for (unsigned i = 0; i < in->file_n; i++) {
		char *after = edits_apply(&p->e, i, in->bodies[i]);
		struct pin_file *f;

		if (!after)
			continue;
		if (!strcmp(after, in->bodies[i])) {
			free(after);
			continue;
		}
		f = GROW(p->out->files, p->out->file_n, p->out->file_cap);
		*f = (struct pin_file){in->files[i], in->bodies[i], after};
	}
}

int pin_propose(const struct pin_want *w, struct pin *ret)
{
	struct pin out = {0};
	struct plan p = {.w = w, .out = &out};
	size_t found = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct device *c = device_of(w->in, &w->d[i]);

		if (w->only ? !c || strcmp(c->name, w->only)
			    : !c && (!w->d[i].has_mac || !w->d[i].peer_n))
			continue;
		found++;
		if (c)
			device_known(&p, c, &w->d[i]);
		else
			device_new(&p, &w->d[i]);
	}
	if (out.devices) {
		profile(&p);
		texts(&p);
	}
	edits_done(&p.e);
	if (!found) {
		pin_done(&out);
		return -ENOENT;
	}
	*ret = out;
	return 0;
}
