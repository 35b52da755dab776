// SPDX-License-Identifier: GPL-2.0-or-later
/* Steps that every web page needs, in words where its own are not known. */
#include "routers/brand.h"
#include "base/tr.h"

void web_openings(const struct plan *p, struct sheet *s, enum family fam,
	enum src src, const char *menu)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];
		char dst[ADDRMASK_STR], from[ADDRMASK_STR], port[16], proto[8];

		if (o->fam != fam)
			continue;
		plan_src(o, _("anywhere"), from);
		plan_ports(o, "-", port);
		plan_proto(o, proto);
		if (fam == FAM_6)
			sheet_step(s, SEC_SET, src, menu,
				_("Let pass, from outside to inside: protocol %s%s%s, from %s, to %s only."),
				proto, *port ? _(", destination port ") : "",
				port, from, plan_addr6(p, o->dev, dst));
		else
			sheet_step(s, SEC_SET, src, menu,
				_("Map to the device: protocol %s%s%s, from %s, to %s."),
				proto, *port ? _(", port ") : "", port, from,
				plan_addr4(p, o->dev, dst));
	}
}

void web_undo(const struct plan *p, struct sheet *s, enum src src,
	const char *menu)
{
	(void)p;
	sheet_step(s, SEC_UNDO, src, menu,
		_("Delete the entries that were added for the device."));
}

void web_unknown(const struct plan *p, struct sheet *s)
{
	if (plan_has(p, FAM_6)) {
		sheet_step(s, SEC_SET, SRC_WEB_NONE, NULL,
			_("Look for the IPv6 pages. If there is a choice of \"bridge\" or \"pass-through\", do not take it: it carries packets past every filter. Choose the router or ND proxy mode with the firewall on."));
		sheet_step(s, SEC_SET, SRC_WEB_NONE, NULL,
			_("Look for an IPv6 filter or firewall page whose rules take one inside host and the protocol ESP (number 50). If there is none, this router cannot do it: use another one for the device."));
		web_openings(p, s, FAM_6, SRC_WEB_NONE, NULL);
	}
	if (!plan_has(p, FAM_4))
		return;
	sheet_step(s, SEC_SET, SRC_WEB_NONE, NULL,
		_("Look for the port mapping page. Where only TCP and UDP can be chosen, ESP cannot be mapped; do not use a DMZ host instead, it opens every port of the device."));
	web_openings(p, s, FAM_4, SRC_WEB_NONE, NULL);
}
