// SPDX-License-Identifier: GPL-2.0-or-later
#include "routers/brand.h"

enum { IDS_MAX = 128 };

static const struct brand *const all[] = {
#define BRAND(name) &brand_##name,
#include "registry.def"
#undef BRAND
	NULL,
};

const struct brand *const *routers_all(void)
{
	return all;
}

const char *brand_id(const struct brand *b)
{
	return b->id;
}

const char *brand_name(const struct brand *b)
{
	return b->name;
}

const struct capability *brand_caps(const struct brand *b)
{
	return b->caps;
}

bool brand_raw_dhcp(const struct brand *b)
{
	return b->raw_dhcp;
}

const struct model *brand_models(const struct brand *b, size_t *n)
{
	*n = b->model_n;
	return b->models;
}

const struct model *routers_find(const char *id, const struct brand **brand)
{
	for (size_t b = 0; all[b]; b++)
		for (size_t i = 0; i < all[b]->model_n; i++) {
			if (strcasecmp(all[b]->models[i].id, id))
				continue;
			if (brand)
				*brand = all[b];
			return &all[b]->models[i];
		}
	return NULL;
}

const char *const *routers_ids(void)
{
	static const char *ids[IDS_MAX + 1];
	size_t n = 0;

	for (size_t b = 0; all[b]; b++)
		for (size_t i = 0; i < all[b]->model_n && n < IDS_MAX; i++)
			ids[n++] = all[b]->models[i].id;
	ids[n] = NULL;
	return ids;
}

const struct web_question *routers_questions(const struct brand *b)
{
	return b->questions;
}
