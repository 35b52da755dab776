// SPDX-License-Identifier: GPL-2.0-or-later
/* OPNsense's config.xml -> pipeline: pf's filter with the rules it is given. */
#include "routers/opnsense/read-own.h"
#include "routers/pf/read-own.h"
#include "base/tr.h"

#include <errno.h>
#include <string.h>

int opnsense_looks(const char *text)
{
	return strstr(text, "<opnsense>") || strstr(text, "<opnsense ") ? 40 : 0;
}

/* The line's side and the home's in one bridge: pf is asked on the members. */
static void bridges(struct opn *o)
{
	const struct xml *b = xml_child(o->root, "bridges");

	for (size_t i = 0; b && i < b->n; i++) {
		const char *m = xml_get(b->v[i], "members");

		if (opn_sides(o, m) == (OPN_WAN | OPN_LAN))
			pipeline_unknown(o->pl, b->v[i]->no, true,
				_("a bridge over the line's side and the home's (%s): whether its frames are filtered depends on tunables that are not read"),
				m);
	}
}

static void more(struct opn *o)
{
	const struct xml *x = xml_path(o->root, "OPNsense/Firewall/Filter");
	static const char *const parts[] = {"onetoone", "npt"};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const struct xml *p = xml_child(x, parts[i]);

		if (p && p->n)
			pipeline_unknown(o->pl, p->no, true, "<%s>", p->name);
	}
}

int opnsense_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why)
{
	struct opn o = {.h = h, .pl = pl, .root = xml_parse(text, why)};
	bool ours;

	if (!o.root)
		return -EINVAL;
	ours = !strcmp(o.root->name, "opnsense");
	if (ours) {
		opn_filter(&o);
		opn_nat(&o);
		bridges(&o);
		more(&o);
	} else {
		*why = xasprintf(_("the root element is <%s>, not <opnsense>"),
			o.root->name);
	}
	pl->order = NAT_FIRST;
	xml_free(o.root);
	return ours ? 0 : -EINVAL;
}
