// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IKE and ESP as seen from beside: the headers are in the clear, what is inside
 * is not. What a CREATE_CHILD_SA exchange renewed is told by what follows it:
 * a new pair of IKE SPIs that no IKE_SA_INIT began (RFC 7296 2.18), or a new
 * ESP SPI (2.17).
 */
#include "observe/own.h"
#include "probe/probe.h"
#include "wire/esp.h"
#include "wire/ikev2.h"

enum { REQUEST, RESPONSE, PENDING_MS = 120000 };

static size_t peer_index(const struct observe *o, size_t h,
	const struct obs_peer *p)
{
	return (size_t)(p - o->host[h]->d.peer);
}

/* --- fragments ------------------------------------------------------------------ */

static struct frag *frag_of(struct observe *o, size_t h, const struct look *l)
{
	struct frag *f;

	for (size_t i = 0; i < FRAG_MAX; i++) {
		f = &o->frag[i];
		if (f->packets && f->host == h && f->fam == l->fam &&
			f->dir == l->dir && f->id == l->frag_id &&
			!addr_cmp(&f->self, &l->self) &&
			!addr_cmp(&f->other, &l->other))
			return f;
	}
	f = &o->frag[o->frag_at++ % FRAG_MAX];
	*f = (struct frag){.fam = l->fam, .dir = l->dir, .self = l->self,
		.other = l->other, .id = l->frag_id, .host = (uint8_t)h};
	return f;
}

static void frag_count(struct observe *o, struct frag *f, const struct look *l)
{
	struct obs_peer *p = &o->host[f->host]->d.peer[f->peer];
	struct obs_kind *k = f->kind == NO_KIND ? NULL : &p->kind[f->kind];

	f->packets++;
	f->largest = MAX2(f->largest, l->ip_len);
	if (!f->told)
		return;
	p->fragments[f->dir]++;
	if (!k)
		return;
	k->packets = MAX2(k->packets, f->packets);
	k->largest = MAX2(k->largest, f->largest);
}

/* The first fragment tells whose it is; later ones may have come before. */
static void frag_first(struct observe *o, size_t h, const struct look *l,
	struct obs_peer *p, uint8_t kind)
{
	struct frag *f;

	if (!l->fragment)
		return;
	f = frag_of(o, h, l);
	if (!f->told)
		p->fragments[l->dir] += f->packets;
	f->told = true;
	f->peer = (uint8_t)peer_index(o, h, p);
	f->kind = kind;
	frag_count(o, f, l);
}

void look_later(struct observe *o, size_t h, const struct look *l)
{
	frag_count(o, frag_of(o, h, l), l);
}

/* --- who spoke when -------------------------------------------------------------- */

static void spoke(struct observe *o, size_t h, struct obs_peer *p,
	const struct look *l)
{
	int64_t *sent = &o->host[h]->sent[peer_index(o, h, p)];

	p->self = l->self;
	p->last = MAX2(p->last, l->ms);
	if (l->dir == OBS_OUT)
		*sent = l->ms;
	else if (*sent && l->ms > *sent)
		p->woken_ms = MAX2(p->woken_ms, l->ms - *sent);
}

/* --- renewals --------------------------------------------------------------------- */

static void renewal_add(struct obs_peer *p, const struct look *l, uint64_t spi_i)
{
	if (p->renewal_n >= OBS_RENEWALS_MAX) {
		memmove(p->renewal, p->renewal + 1,
			sizeof(p->renewal) - sizeof(p->renewal[0]));
		p->renewal_n--;
		p->lost++;
	}
	p->renewal[p->renewal_n++] = (struct obs_renewal){.at = l->ms,
		.by = l->dir, .spi_i = spi_i};
}

/* An IKE SA came that no IKE_SA_INIT began: the newest asked renewed it. */
static void renewed_ike(struct obs_peer *p, uint64_t spi_i, int64_t now)
{
	for (size_t i = p->renewal_n; i-- > 0;) {
		struct obs_renewal *r = &p->renewal[i];

		if (r->what != OBS_RENEW_UNKNOWN || r->spi_i == spi_i ||
			now - r->at > PENDING_MS)
			continue;
		r->what = OBS_RENEW_IKE;
		return;
	}
}

static void renewed_child(struct obs_peer *p, int64_t now)
{
	for (size_t i = 0; i < p->renewal_n; i++) {
		struct obs_renewal *r = &p->renewal[i];

		if (r->what != OBS_RENEW_UNKNOWN || now - r->at > PENDING_MS)
			continue;
		r->what = OBS_RENEW_CHILD;
		return;
	}
}

/* --- IKE ------------------------------------------------------------------------- */

static bool is_first(const struct ike_head *h)
{
	return ike_major(h) == 2 ? h->exchange == IKE_SA_INIT
				 : h->exchange == IKE1_MAIN ||
					h->exchange == IKE1_AGGRESSIVE;
}

static struct sa *sa_of(struct observe *o, size_t host, size_t peer,
	const struct ike_head *h, bool *fresh)
{
	struct sa *half = NULL, *s;

	*fresh = false;
	for (size_t i = 0; i < SA_MAX; i++) {
		s = &o->sa[i];
		if (!s->used || s->host != host || s->peer != peer ||
			s->spi_i != h->spi_i)
			continue;
		if (s->spi_r == h->spi_r || !h->spi_r)
			return s;
		if (!s->spi_r)
			half = s;
	}
	if (half) {
		half->spi_r = h->spi_r;
		return half;
	}
	*fresh = true;
	s = &o->sa[o->sa_at++ % SA_MAX];
	*s = (struct sa){.used = true, .host = (uint8_t)host,
		.peer = (uint8_t)peer, .spi_i = h->spi_i, .spi_r = h->spi_r,
		.was_init = is_first(h)};
	return s;
}

/* Sent before already? IKEv2 has one request at a time in each direction; in
 * IKEv1 one message id is several messages, so there it cannot be told. */
static bool is_again(struct sa *s, const struct ike_head *h, enum obs_dir dir,
	int kind)
{
	bool again = ike_major(h) == 2 && s->has_id[dir][kind] &&
		s->last_id[dir][kind] == h->msgid &&
		s->last_exchange[dir][kind] == h->exchange;

	s->has_id[dir][kind] = true;
	s->last_id[dir][kind] = h->msgid;
	s->last_exchange[dir][kind] = h->exchange;
	return again;
}

static uint8_t kind_count(struct obs_peer *p, const struct look *l,
	const struct ike_head *h, bool response, bool again, uint32_t bytes)
{
	struct obs_kind *k = NULL;

	for (size_t i = 0; !k && i < p->kind_n; i++)
		if (p->kind[i].exchange == h->exchange &&
			p->kind[i].dir == l->dir &&
			p->kind[i].version == ike_major(h) &&
			p->kind[i].response == response)
			k = &p->kind[i];
	if (!k && p->kind_n >= OBS_KINDS_MAX) {
		p->lost++;
		return NO_KIND;
	}
	if (!k) {
		k = &p->kind[p->kind_n++];
		*k = (struct obs_kind){.exchange = h->exchange, .dir = l->dir,
			.version = (uint8_t)ike_major(h), .response = response,
			.min = bytes};
	}
	if (again)
		k->again++;
	else
		k->n++;
	k->min = MIN2(k->min, bytes);
	k->max = MAX2(k->max, bytes);
	k->packets = MAX2(k->packets, 1);
	k->largest = MAX2(k->largest, l->ip_len);
	return (uint8_t)(k - p->kind);
}

/* RFC 7296 2.23: does what the sender of this message saw still hold here? */
static void nat_look(struct obs_peer *p, const struct look *l,
	const struct ike_head *h, struct rd r, bool response)
{
	struct ike_chain c = ike_chain_of(h, r);
	struct endpoint self = {l->fam, l->self, l->self_port};
	struct endpoint peer = {l->fam, l->other, l->other_port};
	uint8_t want_self[NATD_HASH_LEN], want_peer[NATD_HASH_LEN];
	bool any[2] = {false, false}, fits[2] = {false, false};
	struct ike_payload pl;

	if (l->dir == OBS_OUT || !response)
		return; /* only the far end's answer has crossed the whole way */
	natd_hash(h->spi_i, h->spi_r, &self, want_self);
	natd_hash(h->spi_i, h->spi_r, &peer, want_peer);
	while (ike_payload_next(&c, &pl) > 0) {
		struct ike_notify n;
		const uint8_t *b;
		bool of_self;

		if (pl.type != IKE_PL_NOTIFY || ike_notify_parse(pl.body, &n) < 0)
			continue;
		of_self = n.type == IKE_N_NAT_DETECTION_DESTINATION_IP;
		if (!of_self && n.type != IKE_N_NAT_DETECTION_SOURCE_IP)
			continue;
		b = rd_bytes(&n.data, NATD_HASH_LEN);
		if (!b)
			continue;
		any[of_self] = true;
		fits[of_self] |= !memcmp(b, of_self ? want_self : want_peer,
			NATD_HASH_LEN);
	}
	if (any[1])
		p->nat_device = fits[1] ? OBS_NAT_NONE : OBS_NAT_REWRITTEN;
	if (any[0])
		p->nat_peer = fits[0] ? OBS_NAT_NONE : OBS_NAT_REWRITTEN;
}

/* RFC 7296 3.1: the flag I is the original initiator's, in both kinds. */
static void began(struct obs_device *d, struct obs_peer *p, const struct look *l,
	const struct ike_head *h, bool response)
{
	bool two = ike_major(h) == 2;

	if (two && !(h->flags & IKE_FLAG_INITIATOR) == (l->dir == OBS_IN))
		d->initiator = MAX2(d->initiator, OBS_SPEAKS);
	if (!is_first(h) || response || (!two && h->spi_r))
		return;
	p->device_starts |= l->dir == OBS_OUT;
	p->peer_starts |= l->dir == OBS_IN;
	if (l->dir == OBS_OUT)
		d->initiator = OBS_STARTS;
}

/* Does this message ask for new keys? IKEv1: a quick mode when ESP runs. */
static bool asks_renewal(const struct obs_peer *p, const struct ike_head *h,
	bool response, bool first_of_id)
{
	if (ike_major(h) == 2)
		return h->exchange == IKE_CREATE_CHILD_SA && !response;
	return h->exchange == IKE1_QUICK && first_of_id &&
		(p->esp[OBS_OUT] || p->esp_udp[OBS_OUT]);
}

/* A first fragment holds less than the header's length says. */
static bool head_read(struct rd *r, const struct look *l, struct ike_head *ret)
{
	static const uint8_t none[4] = {0, 0, 0, IKE_HEAD_LEN};
	uint8_t first[IKE_HEAD_LEN];
	struct rd whole = *r, head;

	if (ike_parse(r, ret) == 0)
		return true;
	rd_copy(&whole, first, sizeof(first));
	memcpy(first + IKE_HEAD_LEN - sizeof(none), none, sizeof(none));
	head = rd_of(first, sizeof(first));
	if (!l->fragment || !rd_ok(&whole) || ike_parse(&head, ret) < 0)
		return false;
	ret->next = IKE_PL_NONE;
	*r = (struct rd){.bad = true};
	return true;
}

static void ike_message(struct observe *o, size_t h, const struct look *l,
	struct rd r, uint32_t bytes)
{
	bool response, again, fresh, first_of_id;
	struct ike_head head;
	struct obs_peer *p;
	struct sa *s;

	if (!head_read(&r, l, &head))
		return;
	p = look_peer(o, h, l, true);
	if (!p)
		return;
	response = ike_major(&head) == 2 ? head.flags & IKE_FLAG_RESPONSE
					 : is_first(&head) && head.spi_r &&
						l->dir == OBS_IN;
	p->ikev1 |= ike_major(&head) == 1;
	p->ikev2 |= ike_major(&head) == 2;
	began(&o->host[h]->d, p, l, &head, response);
	s = sa_of(o, h, peer_index(o, h, p), &head, &fresh);
	first_of_id = s->last_id[!l->dir][response] != head.msgid &&
		s->last_id[l->dir][response] != head.msgid;
	again = is_again(s, &head, l->dir, response);
	if (fresh && !s->was_init)
		renewed_ike(p, head.spi_i, l->ms);
	if (!again && asks_renewal(p, &head, response, first_of_id))
		renewal_add(p, l, head.spi_i);
	frag_first(o, h, l, p, kind_count(p, l, &head, response, again, bytes));
	if (head.exchange == IKE_SA_INIT)
		nat_look(p, l, &head, r, response);
	p->answered |= l->dir == OBS_IN && (response || ike_major(&head) == 1);
	spoke(o, h, p, l);
}

void look_ike(struct observe *o, size_t h, const struct look *l, struct rd r,
	uint32_t udp_len)
{
	struct obs_peer *p;

	ike_message(o, h, l, r, udp_len);
	p = look_peer(o, h, l, false);
	if (p)
		p->port500 = true;
}

/* --- ESP ---------------------------------------------------------------------------- */

static void esp_spi(struct observe *o, size_t h, struct obs_peer *p,
	const struct look *l, uint32_t spi)
{
	size_t peer = peer_index(o, h, p);
	struct host *host = o->host[h];
	bool any = false;

	for (size_t i = 0; i < SPI_MAX; i++) {
		const struct spi *s = &o->spi[i];

		if (!s->used || s->host != h || s->peer != peer || s->dir != l->dir)
			continue;
		if (s->spi == spi)
			return;
		any = true;
	}
	o->spi[o->spi_at++ % SPI_MAX] = (struct spi){.used = true, .spi = spi,
		.host = (uint8_t)h, .peer = (uint8_t)peer, .dir = l->dir};
	if (!any)
		return;
	/* one renewal changes both directions: it counts once */
	host->changed[peer][l->dir]++;
	if (host->changed[peer][l->dir] > host->renewed[peer]) {
		host->renewed[peer]++;
		renewed_child(p, l->ms);
	}
}

static struct obs_peer *esp_packet(struct observe *o, size_t h,
	const struct look *l, struct rd r)
{
	struct esp_head head;
	struct obs_peer *p;

	if (esp_parse(&r, &head) < 0 || head.spi < ESP_SPI_FIRST)
		return NULL;
	p = look_peer(o, h, l, true);
	if (!p)
		return NULL;
	esp_spi(o, h, p, l, head.spi);
	frag_first(o, h, l, p, NO_KIND);
	spoke(o, h, p, l);
	return p;
}

void look_esp(struct observe *o, size_t h, const struct look *l, struct rd r)
{
	struct obs_peer *p = esp_packet(o, h, l, r);

	if (p)
		p->esp[l->dir]++;
}

static void keepalive(struct observe *o, size_t h, const struct look *l)
{
	struct obs_peer *p = look_peer(o, h, l, false);
	int64_t *kept;

	if (!p || l->dir != OBS_OUT)
		return;
	kept = &o->host[h]->kept[peer_index(o, h, p)];
	p->keepalives++;
	if (*kept && l->ms > *kept && (!p->keepalive_ms ||
		l->ms - *kept < p->keepalive_ms))
		p->keepalive_ms = l->ms - *kept;
	*kept = l->ms;
	spoke(o, h, p, l);
}

/* RFC 3948 2: four zeros and IKE, one 0xff, or ESP. */
void look_4500(struct observe *o, size_t h, const struct look *l, struct rd r,
	uint32_t udp_len)
{
	struct rd at = r;
	struct obs_peer *p;
	uint32_t marker;

	if (udp_len == 1) {
		if (rd_u8(&at) == 0xff)
			keepalive(o, h, l);
		return;
	}
	marker = rd_be32(&at);
	if (!rd_ok(&at))
		return;
	if (marker) {
		p = esp_packet(o, h, l, r);
		if (p)
			p->esp_udp[l->dir]++;
	} else {
		ike_message(o, h, l, at, udp_len > 4 ? udp_len - 4 : 0);
		p = look_peer(o, h, l, false);
	}
	if (p)
		p->port4500 = true;
}
