// SPDX-License-Identifier: GPL-2.0-or-later
#include "intent/intent.h"

#include <stdio.h>

struct intent *intent_new(void)
{
	struct intent *in = xcalloc(1, sizeof(*in));

	in->echo = true;
	return in;
}

void intent_free(struct intent *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->file_n; i++) {
		free(in->files[i]);
		free(in->bodies[i]);
	}
	for (size_t i = 0; i < in->lan_n; i++)
		free(in->lans[i]);
	for (size_t i = 0; i < in->device_n; i++) {
		free(in->devices[i].name);
		free(in->devices[i].segment);
		free(in->devices[i].peers);
		free(in->devices[i].peers_at);
	}
	for (size_t i = 0; i < in->pinhole_n; i++)
		free(in->pinholes[i].from);
	free(in->files);
	free(in->bodies);
	free(in->wan);
	free(in->lans);
	free(in->lans_at);
	free(in->devices);
	free(in->pinholes);
	free(in->mappings);
	free(in);
}

void intent_freep(struct intent **in)
{
	intent_free(*in);
}

const struct device *intent_device(const struct intent *in, const char *name)
{
	for (size_t i = 0; i < in->device_n; i++)
		if (!strcmp(in->devices[i].name, name))
			return &in->devices[i];
	return NULL;
}

char *intent_quote(const struct intent *in, const struct span *at)
{
	const char *p;

	if (!at->line || at->file >= in->file_n || !in->bodies[at->file])
		return NULL;
	p = in->bodies[at->file];
	for (unsigned l = 1; l < at->line && p; l++) {
		p = strchr(p, '\n');
		if (p)
			p++;
	}
	return p ? xstrndup(p, strcspn(p, "\n")) : NULL;
}
