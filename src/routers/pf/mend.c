// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of a pf.conf. */
#include "routers/pf/read-own.h"

#include <string.h>

/* Where rules begin: the last one that matches decides, so a general one is first. */
static unsigned first_rule(const struct mender *m)
{
	static const char *const words[] = {"pass", "block", "match", "anchor",
		"antispoof"};

	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; k < ARRAY_LEN(words); k++)
			if (!strncmp(m->line[i], words[k], strlen(words[k])))
				return (unsigned)i + 1;
	return (unsigned)m->n + 1;
}

void pf_mend(const struct mender *m, struct mends *ret)
{
	const char *wan = m->a->rq ? m->a->rq->wan : NULL;
	cleanup(freep) char *line = NULL;

	if (strncmp(m->a->id, "open-", 5))
		return;
	line = mender_find(m, 1, "ext_if") ? xstrdup("block in on $ext_if")
		: wan ? xasprintf("block in on %.*s", (int)strcspn(wan, ", "), wan)
		      : xstrdup("block in on egress");
	mend_insert(mend_new(ret), first_rule(m), line);
}
