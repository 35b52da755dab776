// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions in words that were asked before have their answer. */
#include "proof/own.h"

static struct asked **bucket_of(struct proof *pr, const char *words)
{
	uint32_t h = 2166136261u;

	for (const char *s = words; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return &pr->asked[(h ^ h >> 16) % ASKED_BUCKETS];
}

static pset answer(struct proof *pr, const char *words)
{
	struct match m = {0};
	char *why = NULL;
	pset s = PSET_NONE;

	if (match_parse(words, &m, &why) == 0)
		s = proof_match(pr, &m, PROOF_SURELY);
	free(why);
	match_done(&m);
	return s;
}

pset proof_question(struct proof *pr, const char *words)
{
	struct asked **b = bucket_of(pr, words), *a;

	for (a = *b; a; a = a->next)
		if (!strcmp(a->words, words))
			return a->set;
	a = xcalloc(1, sizeof(*a));
	a->words = xstrdup(words);
	a->set = answer(pr, words);
	a->next = *b;
	return (*b = a)->set;
}

void space_forget_asked(struct proof *pr)
{
	for (size_t i = 0; i < ASKED_BUCKETS; i++)
		for (struct asked *a = pr->asked[i], *next; a; a = next) {
			next = a->next;
			free(a->words);
			free(a);
		}
}
