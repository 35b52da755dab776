// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The causes' numbers are those of words.c. A check whose means failed earlier
 * is undecided, not failed: one fault gives one first finding.
 */
#include "doctor/doctor.h"
#include "base/tr.h"

#include <stdio.h>

struct judge {
	const struct doctor_obs *o;
	struct doctor_report *r;
	struct text seen;
	enum doctor_verdict verdict;
	unsigned cause;
};

static void say(struct judge *j, enum doctor_verdict v, unsigned cause,
	const char *observed)
{
	j->verdict = v;
	j->cause = cause;
	if (*text_str(&j->seen))
		text_add(&j->seen, "; ");
	text_add(&j->seen, observed);
}

static const char *addr_text(const struct judge *j, const struct addr *a)
{
	static char buf[ADDR_STR];

	return addr_format(j->o->fam, a, buf);
}

/* RFC 1918, RFC 6598 */
static bool in4(const struct addr *a, uint32_t net, unsigned len)
{
	return addr_to4(a) >> (32 - len) == net >> (32 - len);
}
static bool is_rfc1918(const struct addr *a)
{
	return in4(a, 0x0a000000, 8) || in4(a, 0xac100000, 12) ||
		in4(a, 0xc0a80000, 16);
}
static bool is_shared(const struct addr *a)
{
	return in4(a, 0x64400000, 10);
}

static bool is_mape_or_dslite(enum doctor_line l)
{
	return l == DLINE_V6PLUS || l == DLINE_OCN || l == DLINE_BIGLOBE ||
		l == DLINE_NURO || l == DLINE_TRANSIX || l == DLINE_XPASS ||
		l == DLINE_V6CONNECT;
}

static bool failed(const struct judge *j, enum doctor_check c)
{
	return j->r->f[c].verdict == DOCTOR_FAIL;
}

/* Nothing could be sent: the rest was not tried. */
static bool no_way_out(const struct judge *j)
{
	return failed(j, CHECK_LINK) || (failed(j, CHECK_ADDRESS) &&
		j->r->f[CHECK_ADDRESS].cause == 1);
}

/* The reflector says nothing: why, or true to go on. */
static bool have_reflector(struct judge *j)
{
	if (j->o->reflector == SEEN_YES)
		return true;
	if (no_way_out(j)) {
		say(j, DOCTOR_UNDECIDED, 0, _("there is no way out to try it on"));
		return false;
	}
	if (j->o->reflector == SEEN_NO)
		say(j, DOCTOR_UNDECIDED, 0, _("the reflector does not answer"));
	else
		say(j, DOCTOR_SKIP, 0, _("no reflector was named (--reflect)"));
	return false;
}

static void judge_link(struct judge *j)
{
	if (j->o->link == SEEN_UNTRIED)
		say(j, DOCTOR_SKIP, 0, _("not looked at"));
	else if (j->o->link == SEEN_NO)
		say(j, DOCTOR_FAIL, 1, _("no network interface has a carrier"));
	else
		say(j, DOCTOR_OK, 0, _("the cable carries a signal"));
}

static void judge_address4(struct judge *j)
{
	const struct doctor_obs *o = j->o;

	if (is_mape_or_dslite(o->line))
		say(j, DOCTOR_FAIL, 4, addr_text(j, &o->self));
	else if (o->on_gateway && is_shared(&o->self))
		say(j, DOCTOR_FAIL, 2, addr_text(j, &o->self));
	else if (o->on_gateway && is_rfc1918(&o->self))
		say(j, DOCTOR_FAIL, 3, addr_text(j, &o->self));
	else
		say(j, DOCTOR_OK, 0, addr_text(j, &o->self));
}

static void judge_address(struct judge *j)
{
	const struct doctor_obs *o = j->o;

	if (o->route == SEEN_UNTRIED)
		say(j, DOCTOR_SKIP, 0, _("not looked at"));
	else if (o->route == SEEN_NO || addr_is_zero(&o->self))
		say(j, DOCTOR_FAIL, 1, _("no address with a way out"));
	else if (o->line == DLINE_NGN_ONLY)
		say(j, DOCTOR_FAIL, 5, addr_text(j, &o->self));
	else if (o->fam == FAM_4)
		judge_address4(j);
	else
		say(j, DOCTOR_OK, 0, addr_text(j, &o->self));
}

static void judge_dns(struct judge *j)
{
	char s[64];

	switch (j->o->dns) {
	case DNS_UNTRIED:
		say(j, DOCTOR_SKIP, 0, _("no name server is set on this machine"));
		break;
	case DNS_GOOD:
		say(j, DOCTOR_OK, 0, _("the name server answers"));
		break;
	case DNS_SILENT:
		if (no_way_out(j))
			say(j, DOCTOR_UNDECIDED, 0, _("there is no way to a name server"));
		else
			say(j, DOCTOR_FAIL, 1, _("no name server answers"));
		break;
	case DNS_ERROR:
		snprintf(s, sizeof(s), _("the name server answers with error %u"),
			j->o->dns_rcode);
		say(j, DOCTOR_FAIL, 2, s);
		break;
	}
}

static void judge_ike(struct judge *j)
{
	const struct doctor_obs *o = j->o;
	bool tested = o->reflector == SEEN_YES && o->ike_out != SEEN_UNTRIED;
	bool passes = tested && o->ike_out == SEEN_YES && o->ike_back == SEEN_YES;

	if (o->peer == PEER_GOOD)
		say(j, DOCTOR_OK, 0, _("the peer answers IKE_SA_INIT"));
	else if (o->peer == PEER_REFUSES)
		say(j, DOCTOR_OK, 0, _("the peer answers, and refuses our test proposal"));
	else if (tested && o->ike_out == SEEN_NO)
		say(j, DOCTOR_FAIL, 2, _("UDP/500 did not reach the reflector"));
	else if (tested && o->ike_back == SEEN_NO)
		say(j, DOCTOR_FAIL, 3, _("UDP/500 went out, the answer did not come in"));
	else if (o->peer == PEER_SILENT && passes)
		say(j, DOCTOR_FAIL, 4, _("UDP/500 passes both ways, only the peer is silent"));
	else if (o->peer == PEER_SILENT)
		say(j, DOCTOR_FAIL, 1, _("no answer to IKE_SA_INIT"));
	else if (o->peer == PEER_ODD)
		say(j, DOCTOR_UNDECIDED, 0, _("something answers, but not IKEv2 as it should be"));
	else if (passes)
		say(j, DOCTOR_OK, 0, _("UDP/500 passes both ways (no peer was named)"));
	else if (have_reflector(j))
		say(j, DOCTOR_UNDECIDED, 0, _("port 500 of this machine is taken"));
}

static void judge_ports(struct judge *j)
{
	const struct doctor_obs *o = j->o;
	char s[160];

	if (o->peer_port_rewritten) {
		say(j, DOCTOR_FAIL, o->fam == FAM_6 ? 1 : 2,
			_("the peer's hashes say: port 500 was rewritten"));
		return;
	}
	if (!have_reflector(j))
		return;
	if (!o->ike_sport) {
		say(j, DOCTOR_UNDECIDED, 0, _("nothing of UDP/500 arrived to look at"));
		return;
	}
	snprintf(s, sizeof(s), _("%s port 500 is seen outside as"),
		addr_text(j, &o->self));
	text_addf(&j->seen, "%s %s port %u", s, addr_text(j, &o->outside),
		o->ike_sport);
	if (o->fam == FAM_6 && (addr_cmp(&o->self, &o->outside) ||
		o->ike_sport != 500))
		say(j, DOCTOR_FAIL, 1, _("IPv6 needs no rewriting"));
	else if (o->ike_sport != 500)
		say(j, DOCTOR_FAIL, 2, _("the port is rewritten"));
	else if (addr_cmp(&o->self, &o->outside))
		say(j, DOCTOR_OK, 0, _("NAT: devices will use UDP/4500"));
	else
		say(j, DOCTOR_OK, 0, _("nothing is rewritten"));
}

static void judge_full(struct judge *j)
{
	const struct doctor_obs *o = j->o;
	char s[160];

	if (!have_reflector(j))
		return;
	if (failed(j, CHECK_IKE) || o->full_out == SEEN_UNTRIED)
		say(j, DOCTOR_UNDECIDED, 0, _("UDP/500 does not pass at all"));
	else if (o->full_out == SEEN_NO) {
		snprintf(s, sizeof(s), _("packets of %zu bytes vanish, and no router says why"),
			o->mtu);
		say(j, DOCTOR_FAIL, 1, s);
	} else if (o->full_back == SEEN_NO)
		say(j, DOCTOR_FAIL, 2, _("large packets go out and do not come in"));
	else {
		snprintf(s, sizeof(s), _("packets of %zu bytes pass whole"),
			o->mtu_found);
		say(j, DOCTOR_OK, 0, s);
	}
}

static void judge_fragments(struct judge *j)
{
	const struct doctor_obs *o = j->o;

	if (!have_reflector(j))
		return;
	if (failed(j, CHECK_IKE) || failed(j, CHECK_FULL) ||
		o->big_out == SEEN_UNTRIED)
		say(j, DOCTOR_UNDECIDED, 0, _("even whole packets do not pass"));
	else if (o->big_out == SEEN_NO)
		say(j, DOCTOR_FAIL, 1, _("3,000 bytes of UDP/500 in fragments did not get out"));
	else if (o->big_back == SEEN_NO)
		say(j, DOCTOR_FAIL, 2, _("3,000 bytes of UDP/500 in fragments did not come in"));
	else
		say(j, DOCTOR_OK, 0, _("3,000 bytes of UDP/500 pass in fragments"));
}

/* Behind IPv4 NAT a device with NAT traversal needs no ESP (TS 29.139). */
static bool natt_instead(const struct doctor_obs *o)
{
	return o->fam == FAM_4 && addr_cmp(&o->self, &o->outside) &&
		o->natt_back == SEEN_YES;
}

static void judge_esp_out(struct judge *j)
{
	const struct doctor_obs *o = j->o;

	if (!have_reflector(j))
		return;
	if (o->esp_out == SEEN_UNTRIED)
		say(j, DOCTOR_SKIP, 0, _("ESP needs root"));
	else if (o->esp_out == SEEN_NO && o->insert_failed > 0)
		say(j, DOCTOR_FAIL, 3, _("ESP did not get out, and insert_failed rises"));
	else if (o->esp_out == SEEN_NO && natt_instead(o))
		say(j, DOCTOR_UNDECIDED, 4, _("ESP did not get out, UDP/4500 passes"));
	else if (o->esp_out == SEEN_NO)
		say(j, DOCTOR_FAIL, 1, _("ESP did not reach the reflector"));
	else if (o->esp_big_out == SEEN_NO && !failed(j, CHECK_FULL) &&
		!failed(j, CHECK_FRAGMENTS))
		say(j, DOCTOR_FAIL, 2, _("ESP gets out, but not in fragments"));
	else
		say(j, DOCTOR_OK, 0, _("ESP reaches the reflector"));
}

static void judge_esp_in(struct judge *j)
{
	const struct doctor_obs *o = j->o;

	if (!have_reflector(j))
		return;
	if (o->esp_out == SEEN_UNTRIED)
		say(j, DOCTOR_SKIP, 0, _("ESP needs root"));
	else if (o->esp_back == SEEN_NO && o->esp_out == SEEN_NO)
		say(j, DOCTOR_UNDECIDED, 0, _("ESP does not even get out"));
	else if (o->esp_back == SEEN_NO && natt_instead(o))
		say(j, DOCTOR_UNDECIDED, 3, _("ESP does not come back, UDP/4500 does"));
	else if (o->esp_back == SEEN_NO)
		say(j, DOCTOR_FAIL, 1, _("ESP went out, the answer was dropped on the way in"));
	else if (o->esp_big_back == SEEN_NO && !failed(j, CHECK_FULL) &&
		!failed(j, CHECK_FRAGMENTS))
		say(j, DOCTOR_FAIL, 2, _("ESP comes back, but not in fragments"));
	else
		say(j, DOCTOR_OK, 0, o->esp_unasked == SEEN_YES
			? _("ESP comes back; also unasked")
			: _("ESP comes back; unasked it is kept out"));
}

static void judge_natt(struct judge *j)
{
	const struct doctor_obs *o = j->o;
	char s[120];

	if (!have_reflector(j))
		return;
	if (o->natt_out == SEEN_UNTRIED)
		say(j, DOCTOR_SKIP, 0, _("port 4500 of this machine is taken"));
	else if (o->natt_out == SEEN_NO || o->natt_back == SEEN_NO)
		say(j, DOCTOR_FAIL, 1, o->natt_out == SEEN_NO
			? _("UDP/4500 does not get out")
			: _("UDP/4500 gets out, the answer does not come in"));
	else if (o->natt_idle == SEEN_UNTRIED)
		say(j, DOCTOR_UNDECIDED, 0, _("silence was not tried (--quick)"));
	else {
		snprintf(s, sizeof(s), o->natt_idle == SEEN_YES
			? _("UDP/4500 stays open for %u s")
			: _("after %u s of silence UDP/4500 is shut"), o->idle_s);
		if (o->natt_idle == SEEN_YES)
			say(j, DOCTOR_OK, 0, s);
		else
			say(j, DOCTOR_FAIL, 2, s);
	}
}

static void judge_rekey(struct judge *j)
{
	const struct doctor_obs *o = j->o;
	char s[120];

	if (!have_reflector(j))
		return;
	snprintf(s, sizeof(s), _("after %u s of silence"), o->idle_s);
	if (o->esp_back == SEEN_YES && o->esp_new_spi == SEEN_NO)
		say(j, DOCTOR_FAIL, 1, _("ESP with a new SPI is not let in"));
	else if (o->ike_back != SEEN_YES && o->esp_back != SEEN_YES)
		say(j, DOCTOR_UNDECIDED, 0, _("nothing comes back that could be renewed"));
	else if (o->ike_idle == SEEN_UNTRIED && o->esp_idle == SEEN_UNTRIED)
		say(j, DOCTOR_UNDECIDED, 0, _("silence was not tried (--quick)"));
	else if (o->ike_back == SEEN_YES && o->ike_idle == SEEN_NO &&
		failed(j, CHECK_NATT) && o->esp_idle != SEEN_NO)
		say(j, DOCTOR_UNDECIDED, 0, _("UDP/500 is shut after silence too: first see to the timer (N10)"));
	else if (o->ike_back == SEEN_YES && o->ike_idle == SEEN_NO) {
		text_add(&j->seen, s);
		say(j, DOCTOR_FAIL, 2, _("the peer's own UDP/500 is not let in"));
	} else if (o->esp_back == SEEN_YES && o->esp_idle == SEEN_NO) {
		text_add(&j->seen, s);
		say(j, DOCTOR_FAIL, 3, _("ESP is not let in"));
	} else {
		text_add(&j->seen, s);
		say(j, DOCTOR_OK, 0, _("the peer can renew keys"));
	}
}

static void judge_two(struct judge *j)
{
	const struct doctor_obs *o = j->o;
	char s[120];

	if (o->insert_failed < 0 || !o->on_gateway) {
		say(j, DOCTOR_SKIP, 0, _("only the gateway's own counter tells (--gateway)"));
		return;
	}
	snprintf(s, sizeof(s), _("insert_failed rose by %lld"),
		(long long)o->insert_failed);
	if (o->insert_failed > 0 && failed(j, CHECK_ESP_OUT) &&
		j->r->f[CHECK_ESP_OUT].cause == 3)
		say(j, DOCTOR_UNDECIDED, 0, s); /* said already */
	else if (o->insert_failed > 0)
		say(j, DOCTOR_FAIL, 1, s);
	else
		say(j, DOCTOR_OK, 0, s);
}

static void add_ports(struct judge *j)
{
	for (size_t i = 0; i < j->o->tcp_open_n; i++)
		text_addf(&j->seen, "%s%u", i ? ", " : "TCP ", j->o->tcp_open[i]);
}

static void judge_exposed(struct judge *j)
{
	const struct doctor_obs *o = j->o;

	if (!have_reflector(j))
		return;
	if (o->udp_unasked == SEEN_YES)
		say(j, DOCTOR_FAIL, o->line == DLINE_HGW ? 3
			: o->line == DLINE_HGW_NO_PHONE ? 4 : 1,
			_("a packet nobody asked for reached a free port of this machine"));
	else if (o->tcp_open_n) {
		add_ports(j);
		say(j, DOCTOR_FAIL, 2, _("answers to anybody outside"));
	} else if (o->udp_unasked == SEEN_UNTRIED || !o->tcp_tried)
		say(j, DOCTOR_UNDECIDED, 0, _("not tried"));
	else if (o->line == DLINE_HGW)
		say(j, DOCTOR_OK, 0, _("closed from here; whether neighbours inside FLET'S get in (level 標準) was not tried"));
	else
		say(j, DOCTOR_OK, 0, _("what nobody asked for stays outside"));
}

static void judge_rules(struct judge *j)
{
	switch (j->o->rules) {
	case RULES_UNTRIED:
		say(j, DOCTOR_SKIP, 0, _("only a gateway that runs kadomorid can tell (--gateway, as root)"));
		break;
	case RULES_PROVEN:
		say(j, DOCTOR_OK, 0, _("proven: what is loaded is what the configuration means"));
		break;
	case RULES_MORE:
		say(j, DOCTOR_FAIL, 1, _("more passes than the configuration says"));
		break;
	case RULES_LESS:
		say(j, DOCTOR_FAIL, 2, _("less passes than the configuration says"));
		break;
	case RULES_ABSENT:
		say(j, DOCTOR_FAIL, 3, _("kadomorid runs, its rules are not loaded"));
		break;
	case RULES_UNKNOWN:
		say(j, DOCTOR_UNDECIDED, 0, _("the loaded rules could not be read back"));
		break;
	}
}

void doctor_judge(const struct doctor_obs *o, struct doctor_report *ret)
{
	static void (*const all[CHECK_MAX])(struct judge *j) = {
		[CHECK_LINK] = judge_link, [CHECK_ADDRESS] = judge_address,
		[CHECK_DNS] = judge_dns, [CHECK_IKE] = judge_ike,
		[CHECK_PORTS] = judge_ports, [CHECK_FULL] = judge_full,
		[CHECK_FRAGMENTS] = judge_fragments,
		[CHECK_ESP_OUT] = judge_esp_out, [CHECK_ESP_IN] = judge_esp_in,
		[CHECK_NATT] = judge_natt, [CHECK_REKEY] = judge_rekey,
		[CHECK_TWO] = judge_two, [CHECK_EXPOSED] = judge_exposed,
		[CHECK_RULES] = judge_rules};

	memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < CHECK_MAX; i++) {
		struct judge j = {.o = o, .r = ret, .verdict = DOCTOR_UNDECIDED};

		all[i](&j);
		ret->f[i] = (struct doctor_finding){j.verdict, j.cause,
			text_take(&j.seen)};
	}
}

void doctor_report_done(struct doctor_report *r)
{
	for (int i = 0; i < CHECK_MAX; i++)
		free(r->f[i].observed);
}

int doctor_first(const struct doctor_report *r)
{
	for (int i = 0; i < CHECK_MAX; i++)
		if (r->f[i].verdict == DOCTOR_FAIL)
			return i;
	for (int i = 0; i < CHECK_MAX; i++)
		if (r->f[i].verdict == DOCTOR_UNDECIDED)
			return i;
	return -1;
}
