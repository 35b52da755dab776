// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading back: which brand, and what every reader needs. */
#include "routers/brand.h"
#include "routers/clean.h"
#include "base/tr.h"

#include <errno.h>
#include <string.h>

bool names_have(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = names; p && *p;) {
		size_t k = strcspn(p, ", ");

		if (k == n && !memcmp(p, name, n))
			return true;
		p += k;
		p += strspn(p, ", ");
	}
	return false;
}

bool read_role(const struct read_hints *h, const char *ifname,
	enum role *ret)
{
	if (names_have(h->wan, ifname))
		*ret = ROLE_WAN;
	else if (names_have(h->lan, ifname))
		*ret = ROLE_LAN;
	else if (!strcmp(ifname, "lo"))
		*ret = ROLE_SELF;
	else
		return false;
	return true;
}

char *routers_clean(const char *text)
{
	return clean_text(text);
}

/* Half a configuration must not look like a closed home. */
static void note_cut(const char *text, struct pipeline *pl)
{
	size_t n = strlen(text);
	unsigned line = 1;

	if (!n || text[n - 1] == '\n' || *text == '{')
		return;
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		line++;
	pipeline_unknown(pl, line, true,
		_("the text ends in the middle of a line; is it whole?"));
}

int routers_read(const struct brand *b, const char *text,
	const struct read_hints *h, struct pipeline **ret, char **why)
{
	cleanup(pipeline_freep) struct pipeline *pl = pipeline_new();
	cleanup(freep) char *clean = NULL;
	int rc;

	if (!b->read) {
		*why = xasprintf(_("configurations of %s cannot be read yet"),
			b->name);
		return -EOPNOTSUPP;
	}
	clean = h->draft ? NULL : clean_text(text);
	rc = b->read(clean ? clean : text, h, pl, why);
	if (rc)
		return rc;
	note_cut(text, pl);
	if (!h->draft)
		clean_pipeline(pl);
	*ret = take(pl);
	return 0;
}

const struct brand *routers_guess(const char *text)
{
	const struct brand *const *all = routers_all();
	const struct brand *best = NULL;
	int most = 0;

	for (size_t i = 0; all[i]; i++) {
		int n = all[i]->looks ? all[i]->looks(text) : 0;

		if (n <= most)
			continue;
		most = n;
		best = all[i];
	}
	return best;
}

const struct brand *routers_brand(const char *id)
{
	const struct brand *const *all = routers_all();

	for (size_t i = 0; all[i]; i++)
		if (!strcmp(all[i]->id, id))
			return all[i];
	return NULL;
}

void read_gate(struct pipeline *pl, enum path path, const char *name,
	enum family fam)
{
	cleanup(freep) char *door = xasprintf("gate to %s", name);
	struct rule *rule;
	struct chain *c;

	if (!fam) {
		pipeline_gate(pl, path, name);
		return;
	}
	c = pipeline_chain(pl, door, true);
	if (c->rule_n == 0) {
		rule = chain_rule(c, V_ACCEPT);
		cond_num(match_cond(&rule->match, F_FAMILY, true), fam, fam);
		rule = chain_rule(c, V_GOTO);
		rule->target = xstrdup(name);
	}
	pipeline_gate(pl, path, door);
}

struct chain *read_unused(struct pipeline *pl)
{
	struct chain *c = pipeline_chain(pl, "nothing uses these", true);

	c->end = V_RETURN;
	return c;
}

struct match *read_bypass(struct pipeline *pl, unsigned line, const char *text)
{
	size_t n = pl->bypass_n;

	origin_set(GROW(pl->bypass_origin, n, pl->bypass_origin_cap), NULL,
		line, text, "bridge");
	return GROW(pl->bypass, pl->bypass_n, pl->bypass_cap);
}
