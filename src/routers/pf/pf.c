// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * OpenBSD and FreeBSD with pf. The last rule that matches wins, so that our
 * lines stand at the end of pf.conf and close the line before they open it.
 */
#include "routers/pf/read-own.h"
#include "base/tr.h"

enum { Q_FREEBSD = 1 /* rdr and nat statements, in front of the filter */ };

static const struct model models[] = {
	{"openbsd", "OpenBSD (pf)", "egress", "em1", 0, 0, 0, NULL, 0},
	{"freebsd", "FreeBSD (pf)", "em0", "em1", 0, 0, Q_FREEBSD, NULL, 0},
};

static bool freebsd(const struct plan *p)
{
	return p->model->quirks & Q_FREEBSD;
}

/* "from any to A port 500" */
static void hosts(const struct plan *p, const struct opening *o, bool outside,
	struct text *t)
{
	char dst[ADDRMASK_STR], src[ADDRMASK_STR], port[16];

	if (o->fam == FAM_6)
		plan_addr6(p, o->dev, dst);
	else
		plan_addr4(p, o->dev, dst);
	plan_src(o, "any", src);
	plan_ports(o, ":", port);
	text_addf(t, "from %s to ", src);
	if (outside)
		text_add(t, "($ext_if)");
	else
		text_add(t, dst);
	if (o->has_port)
		text_addf(t, " port %s", port);
}

static void pass_line(const struct plan *p, const struct opening *o,
	struct sheet *s)
{
	struct text t = TEXT_INIT;
	char dst[ADDRMASK_STR], proto[8];
	bool rdr = o->fam == FAM_4 && !freebsd(p);

	hosts(p, o, rdr, &t);
	if (rdr)
		text_addf(&t, " rdr-to %s", plan_addr4(p, o->dev, dst));
	sheet_line(s, "pass in on $ext_if %s proto %s %s",
		o->fam == FAM_6 ? "inet6" : "inet", plan_proto(o, proto),
		text_str(&t));
	text_done(&t);
}

static void guard6(const struct plan *p, struct sheet *s)
{
	sheet_line(s, "pass in on $ext_if inet6 proto ipv6-icmp icmp6-type { unreach toobig timex paramprob%s }",
		p->echo ? " echoreq" : "");
	sheet_line(s, "pass in on $ext_if inet6 proto ipv6-icmp from any to ($ext_if) icmp6-type { routeradv neighbrsol neighbradv }");
	sheet_line(s, "pass in on $ext_if inet6 proto ipv6-icmp from any to { fe80::/10 ff02::/16 } icmp6-type { routeradv neighbrsol neighbradv }");
	sheet_line(s, "pass in on $ext_if inet6 proto udp from fe80::/10 port 547 to ($ext_if) port 546");
}

static void filter(const struct plan *p, struct sheet *s)
{
	sheet_line(s, "block in on $ext_if");
	sheet_line(s, "pass out on $ext_if");
	sheet_line(s, "pass in on $int_if");
	/* what was let in on the line may go out to the home */
	sheet_line(s, "pass out on $int_if");
	if (plan_has(p, FAM_6))
		guard6(p, s);
	sheet_line(s, "pass in on $ext_if inet proto udp from any port 67 to ($ext_if) port 68");
	for (size_t i = 0; i < p->n; i++)
		pass_line(p, &p->o[i], s);
}

/* The device keeps its source port 500 on the way out. */
static void ike_port(const struct plan *p, struct sheet *s)
{
	char a[ADDRMASK_STR];

	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];

		if (o->fam != FAM_4 || !o->has_port || o->lo != IKE_PORT)
			continue;
		plan_addr4(p, o->dev, a);
		if (freebsd(p))
			sheet_line(s, "nat on $ext_if inet proto udp from %s port 500 to any -> ($ext_if) static-port", a);
		else
			sheet_line(s, "match out on $ext_if inet proto udp from %s port 500 nat-to ($ext_if) static-port", a);
	}
}

static void names(const struct plan *p, struct sheet *s)
{
	sheet_line(s, "ext_if = \"%s\"", p->wan);
	sheet_line(s, "int_if = \"%s\"", p->lan);
}

static void translation(const struct plan *p, struct sheet *s)
{
	char a[ADDRMASK_STR], proto[8];

	ike_port(p, s);
	if (!freebsd(p)) {
		sheet_line(s, "match out on $ext_if inet from $int_if:network nat-to ($ext_if)");
		return;
	}
	sheet_line(s, "nat on $ext_if inet from $int_if:network to any -> ($ext_if)");
	for (size_t i = 0; i < p->n; i++) {
		struct text t = TEXT_INIT;

		if (p->o[i].fam != FAM_4)
			continue;
		hosts(p, &p->o[i], true, &t);
		sheet_line(s, "rdr on $ext_if inet proto %s %s -> %s",
			plan_proto(&p->o[i], proto), text_str(&t),
			plan_addr4(p, p->o[i].dev, a));
		text_done(&t);
	}
}

static void pf_emit(const struct plan *p, struct sheet *s)
{
	sheet_step(s, SEC_BEFORE, SRC_PF_MAN, "cp /etc/pf.conf /root/pf.conf",
		_("Keep a copy; taking the lines back means putting it back."));
	sheet_say(s, SEC_BEFORE, PART_CAUTION, SRC_PF_MAN,
		_("The last rule that matches wins here. Put these lines at the end of pf.conf: they refuse what comes in on the line, whatever was passed above. Pass rules of your own that shall stay belong behind them, and a rule with \"quick\" above still goes first."));
	if (plan_has(p, FAM_4)) {
		sheet_block(s, SEC_SET, SRC_PF_MAN, true, "/etc/pf.conf",
			freebsd(p)
				? _("Translation: in front of all filter rules. The device's IKE keeps its port 500")
				: _("Translation. The device's IKE keeps its port 500"));
		names(p, s);
		translation(p, s);
	}
	sheet_block(s, SEC_SET, SRC_PF_MAN, true, "/etc/pf.conf",
		_("What may come in on the line, and what the home starts"));
	if (!plan_has(p, FAM_4))
		names(p, s);
	filter(p, s);
	sheet_block(s, SEC_SET, SRC_PF_MAN, false, "#",
		_("Check, then load"));
	sheet_line(s, "pfctl -nf /etc/pf.conf && pfctl -f /etc/pf.conf");
	if (p->v6 == V6_RA)
		sheet_say(s, SEC_SET, PART_CAUTION, SRC_NONE,
			_("This line has one /64: the machine also needs an ND proxy, which pf is not. Whether a program for your system does it well was not tried; a bridge is no substitute."));
}

static void pf_undo(const struct plan *p, struct sheet *s)
{
	(void)p;
	sheet_block(s, SEC_UNDO, SRC_PF_MAN, true, "#",
		_("Put your copy back. Do not just delete the lines: without any rule pf passes everything"));
	sheet_line(s, "cp /root/pf.conf /etc/pf.conf && pfctl -f /etc/pf.conf");
}

const struct brand brand_pf = {
	.id = "pf",
	.name = "OpenBSD / FreeBSD pf",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_PF_MAN},
		[CAP_ESP6] = {ANS_YES, SRC_PF_MAN},
		[CAP_SUFFIX] = {ANS_NO, SRC_PF_MAN},
		[CAP_NDPROXY] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_STATE] = {ANS_YES, SRC_PF_MAN},
		[CAP_ESP_MAP] = {ANS_YES, SRC_PF_MAN},
		[CAP_SOURCE] = {ANS_YES, SRC_PF_MAN},
		[CAP_TEXT] = {ANS_YES, SRC_PF_MAN},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.emit = pf_emit,
	.undo = pf_undo,
	.looks = pf_looks,
	.read = pf_read,
	.mend = pf_mend,
	.raw_dhcp = true,
};
