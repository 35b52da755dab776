// SPDX-License-Identifier: GPL-2.0-or-later
/* From a request to a sheet: verdict first, then the brand, then the end. */
#include "routers/brand.h"
#include "base/tr.h"

static bool wants_esp4(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->o[i].fam == FAM_4 && p->o[i].proto == N_ESP)
			return true;
	return false;
}

static bool has_casa(const struct plan *p)
{
	for (size_t i = 0; i < p->in->device_n; i++)
		if (p->in->devices[i].kind == DEVICE_CASA)
			return true;
	return false;
}

static void verdict_v6_only(struct sheet *s, const char *why)
{
	sheet_verdict(s, CAN_IF, _("%s Use IPv6 for the device: the lines below do. Whether IPv6 comes as one /64 (RA) or as a delegated prefix decides the rest, so name that line if you can: --line flets-ra or flets-pd."),
		why);
}

static void verdict_private(struct sheet *s)
{
	sheet_verdict(s, CAN_NO,
		_("This line hands out a private or carrier-shared IPv4 address: nothing from outside can reach you, whatever the router is set to. What can help: ask the building's manager or the provider for a global IPv4 address or for IPv6, or have a line of your own. IKE with NAT traversal (UDP 4500) that the device starts itself may work without any setting."));
}

static void verdict_line(struct sheet *s, const struct plan *p)
{
	switch (p->rq->line) {
	case LINE_AUTO:
		sheet_verdict(s, CAN_ASK, _("The answer depends on the line. Run \"kadomori line\" at home, or choose: flets-ra (FLET'S, no Hikari Denwa), flets-pd (FLET'S with Hikari Denwa, or Cross), hgw (your router stands behind an NTT gateway), dhcp4 (au, J:COM, older NURO), pppoe4, map-e, ds-lite, ipip, private4."));
		break;
	case LINE_FLETS_RA:
		sheet_verdict(s, CAN_YES, _("The device is reached by IPv6. The line gives a single /64, so the router has to act as ND proxy (or RA proxy) and filter; a bridge is neither needed nor safe."));
		break;
	case LINE_FLETS_PD:
		sheet_verdict(s, CAN_YES, _("The device is reached by IPv6. The line delegates a prefix, so the router routes and filters in the ordinary way; no ND proxy is needed."));
		break;
	case LINE_HGW:
		sheet_verdict(s, CAN_IF, _("The device is reached by IPv6 through two boxes: the NTT gateway and your own router both have to pass it. Set the NTT gateway first (\"kadomori settings --router pr-500 --line hgw\"), then this one."));
		break;
	case LINE_DHCP4:
	case LINE_PPPOE4:
		sheet_verdict(s, CAN_IF, _("The device is reached by IPv4 through port mapping, on condition that the router's WAN address is a global one. If it begins with 10., 172.16-31., 192.168. or 100.64-127. it is not: read the sheet for --line private4."));
		break;
	case LINE_IPIP:
		sheet_verdict(s, CAN_YES, _("A fixed global IPv4 address carries all ports and protocols, and IPv6 is there as well."));
		break;
	case LINE_MAPE:
		verdict_v6_only(s, _("By IPv4 it cannot work: the address is shared, UDP port 500 is in nobody's share, and ESP has no port to share by."));
		break;
	case LINE_DSLITE:
		verdict_v6_only(s, _("By IPv4 it cannot work: the address is translated in the carrier's network, where you can map nothing."));
		break;
	case LINE_PRIVATE4:
		verdict_private(s);
		break;
	}
}

/* Nothing has to come in for devices that call out themselves. */
static void verdict_quiet(struct sheet *s, const struct plan *p)
{
	if (plan_wanted(p) || p->rq->line == LINE_AUTO)
		return;
	sheet_verdict(s, CAN_OUT, _("These devices start their tunnels themselves (UDP 500 and 4500 outgoing). Nothing needs to be opened from outside; keep the router's UDP timer above 60 seconds, three times the usual 20-second keepalive."));
}

static void check_v6(struct sheet *s, const struct plan *p)
{
	const struct capability *c = p->brand->caps;

	if (!plan_has(p, FAM_6))
		return;
	if (c[CAP_FILTER6].is == ANS_NO)
		sheet_refuse(s, p, NULL, _("%s does not filter IPv6 for the hosts behind it: treat it as open, and put a router of your own behind it that does"),
			p->model->name);
	if (c[CAP_ESP6].is == ANS_NO)
		sheet_refuse(s, p, NULL, _("%s cannot let ESP (protocol 50) in to one IPv6 host"),
			p->model->name);
	else if (c[CAP_ESP6].is == ANS_UNKNOWN)
		sheet_warn(s, p, NULL, _("whether %s can let ESP (protocol 50) in to one IPv6 host is not known; check that the choice exists before you rely on it"),
			p->model->name);
	if (p->v6 != V6_RA)
		return;
	if (c[CAP_NDPROXY].is == ANS_NO)
		sheet_refuse(s, p, NULL, _("%s has no ND proxy, so on a line with a single /64 (flets-ra) its hosts get no IPv6 behind a filter. Do not bridge instead: use another router, or put a kadomori gateway in front of it"),
			p->model->name);
	else if (c[CAP_NDPROXY].is == ANS_UNKNOWN)
		sheet_warn(s, p, NULL, _("whether %s has an ND proxy is not known; without one it cannot serve this line"),
			p->model->name);
}

static void check_suffix(struct sheet *s, const struct plan *p)
{
	bool told[256] = {0};

	if (p->brand->caps[CAP_SUFFIX].is == ANS_YES)
		return;
	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];
		const struct device *d = &p->in->devices[o->dev];

		if (o->fam != FAM_6 || told[o->dev % 256])
			continue;
		told[o->dev % 256] = true;
		sheet_warn(s, p, &d->at, _("%s: %s cannot name a host apart from its prefix, so these lines hold the whole address. When the line's prefix changes (move, change of plan, work at the provider) they pass nothing until you write them anew; they are not widened to the whole LAN instead"),
			d->name, p->model->name);
	}
}

static void check_source(struct sheet *s, const struct plan *p)
{
	if (p->brand->caps[CAP_SOURCE].is != ANS_NO)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->o[i].has_src)
			sheet_refuse(s, p, &p->o[i].at, _("%s: %s cannot restrict the sender, so this opening would be open to everyone"),
				p->in->devices[p->o[i].dev].name,
				p->model->name);
}

static void check_v4(struct sheet *s, const struct plan *p)
{
	const struct capability *c = p->brand->caps;
	size_t first = SIZE_MAX;

	if (wants_esp4(p) && c[CAP_ESP_MAP].is == ANS_NO)
		sheet_refuse(s, p, NULL, _("%s cannot hand ESP (protocol 50) to a host by IPv4; only IKE with NAT traversal (UDP 4500) can work"),
			p->model->name);
	else if (wants_esp4(p) && c[CAP_ESP_MAP].is == ANS_UNKNOWN)
		sheet_warn(s, p, NULL, _("whether %s can hand ESP (protocol 50) to a host by IPv4 is not known; the device may still work by NAT traversal (UDP 4500)"),
			p->model->name);
	for (size_t i = 0; i < p->n; i++) {
		if (p->o[i].fam != FAM_4 || p->o[i].proto != N_ESP)
			continue;
		if (first == SIZE_MAX)
			first = p->o[i].dev;
		else if (first != p->o[i].dev) {
			sheet_refuse(s, p, &p->o[i].at, _("%s: by IPv4 only one device can receive ESP, which has no port to tell two apart; \"%s\" has it already. The second needs IPv6 or NAT traversal only (nat-t yes, and no esp)"),
				p->in->devices[p->o[i].dev].name,
				p->in->devices[first].name);
			return;
		}
	}
}

/* Second and further ESP mappings are refused above and left out here. */
void plan_drop_refused(struct plan *p)
{
	size_t n = 0, first = SIZE_MAX;

	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];

		if (o->fam == FAM_4) {
			if (o->proto == N_ESP &&
				(p->brand->caps[CAP_ESP_MAP].is == ANS_NO ||
					(first != SIZE_MAX && first != o->dev)))
				continue;
			if (o->proto == N_ESP)
				first = o->dev;
		}
		if (o->has_src && p->brand->caps[CAP_SOURCE].is == ANS_NO)
			continue;
		p->o[n++] = *o;
	}
	p->n = n;
}

static void say_address(struct sheet *s, const struct plan *p)
{
	char buf[ADDRMASK_STR];

	for (size_t i = 0; i < p->in->device_n; i++) {
		const struct device *d = &p->in->devices[i];
		bool v6 = false, v4 = false;

		for (size_t k = 0; k < p->n; k++)
			if (p->o[k].dev == i)
				*(p->o[k].fam == FAM_6 ? &v6 : &v4) = true;
		plan_addr6(p, i, buf);
		if (v6 && !strchr(buf, ':') &&
			(p->brand->caps[CAP_SUFFIX].is != ANS_YES ||
				(!d->has_id && !d->has_mac)))
			sheet_say(s, SEC_BEFORE, PART_NOTE, SRC_NONE,
				_("Write the device's IPv6 address in place of %s. It stands in the router's neighbour (NDP) table: compare the MAC address with the label under the device, and take the address that begins with 2, not with fe80."),
				buf);
		if (v6 && d->has_mac && !d->has_id)
			sheet_say(s, SEC_BEFORE, PART_CAUTION, SRC_REASONED,
				_("The address is computed from the MAC address of \"%s\". Whether the device forms its address that way is not known: compare with the neighbour table first."),
				d->name);
		if (v4 && !d->has_ipv4)
			sheet_say(s, SEC_BEFORE, PART_NOTE, SRC_NONE,
				_("Give the device a fixed address in the router's DHCP settings and write it in place of %s."),
				plan_addr4(p, i, buf));
	}
}

static void say_casa(struct sheet *s, const struct plan *p)
{
	if (!has_casa(p) || !p->n)
		return;
	if (plan_has(p, FAM_4))
		sheet_say(s, SEC_VERDICT, PART_NOTE, SRC_TS29139,
			_("Behind an IPv4 NAT the standard wants UDP 4500 instead of ESP; which of the two the Casa uses was never published. Both are opened here. Close what stays unused."));
	else
		sheet_say(s, SEC_VERDICT, PART_NOTE, SRC_BLOG,
			_("UDP 500 and ESP towards the Casa were enough for the blog's author; NAT traversal made no difference on IPv6."));
}

static void verify(struct sheet *s, const struct plan *p)
{
	if (!p->n)
		return;
	sheet_step(s, SEC_VERIFY, SRC_NONE, NULL,
		_("Restart the device and wait until it says that it is connected (a Casa may take some minutes)."));
	sheet_step(s, SEC_VERIFY, SRC_NONE, "kadomori doctor",
		_("Run this on a Linux machine in the home network if you have one: it names the first stage that fails."));
	if (plan_has(p, FAM_6))
		sheet_step(s, SEC_VERIFY, SRC_NONE, NULL,
			_("From outside (a phone with Wi-Fi off) try to open a web page or SSH on the IPv6 address of a PC at home: it must not answer. Ping may answer; that is harmless."));
	sheet_step(s, SEC_VERIFY, SRC_REASONED, NULL,
		_("If the device works for a while and then stops, answers to ESP are being dropped: look at the ESP lines again, first of all the address in them."));
}

/* On a sheet that says no there is nothing to paste. */
static void brand_part(struct plan *p, struct sheet *s)
{
	const struct brand *b = p->brand;

	plan_drop_refused(p);
	if (b->fit)
		b->fit(p, s);
	if (s->verdict == CAN_NO || !p->n)
		return;
	say_address(s, p);
	if (b->emit)
		b->emit(p, s);
	if (b->steps)
		b->steps(p, s);
	if (b->undo)
		b->undo(p, s);
}

struct sheet *routers_settings(const struct request *rq)
{
	struct sheet *s = xcalloc(1, sizeof(*s));
	struct plan p;

	routers_find(rq->model->id, &s->brand);
	s->model = rq->model;
	s->line = rq->line;
	plan_make(rq, s->brand, &p, s);
	verdict_line(s, &p);
	verdict_quiet(s, &p);
	if (s->verdict != CAN_NO && s->verdict != CAN_ASK) {
		check_v6(s, &p);
		check_suffix(s, &p);
		check_source(s, &p);
		check_v4(s, &p);
		say_casa(s, &p);
		if (rq->model->note)
			sheet_say(s, SEC_BEFORE, PART_CAUTION,
				rq->model->note_src, "%s", _(rq->model->note));
		brand_part(&p, s);
		verify(s, &p);
	}
	plan_done(&p);
	return s;
}
