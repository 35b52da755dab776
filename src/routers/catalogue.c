// SPDX-License-Identifier: GPL-2.0-or-later
/* All models, what each can do, and how well that is known. */
#include "routers/brand.h"
#include "base/tr.h"

#include <jansson.h>

static void pad(struct text *out, const char *s, int width)
{
	int w = text_columns(s, strlen(s));

	text_add(out, s);
	text_addf(out, "%*s", w < width ? width - w : 1, "");
}

static void brand_text(const struct brand *b, struct text *out)
{
	text_addf(out, "%s\n", b->name);
	for (size_t i = 0; i < b->model_n; i++) {
		text_add(out, "  ");
		pad(out, b->models[i].id, 16);
		text_addf(out, "%s\n", b->models[i].name);
	}
	for (int c = 0; c < CAP_MAX; c++) {
		const struct capability *k = &b->caps[c];

		text_add(out, "      ");
		pad(out, cap_words((enum cap)c), 44);
		pad(out, answer_words(k->is), 10);
		text_addf(out, "%s\n",
			evidence_words(source_of(k->src)->level));
	}
	text_addc(out, '\n');
}

void catalogue_text(struct text *out)
{
	for (const struct brand *const *b = routers_all(); *b; b++)
		brand_text(*b, out);
}

static json_t *cap_json(const struct capability *k)
{
	const struct source *s = source_of(k->src);

	return json_pack("{s:s, s:s, s:s, s:s, s:s}",
		"answer", answer_id(k->is), "evidence", evidence_id(s->level),
		"source", s->title, "url", s->url, "date", s->date);
}

static json_t *brand_json(const struct brand *b)
{
	json_t *caps = json_object(), *models = json_array();

	for (int c = 0; c < CAP_MAX; c++)
		json_object_set_new(caps, cap_id((enum cap)c),
			cap_json(&b->caps[c]));
	for (size_t i = 0; i < b->model_n; i++)
		json_array_append_new(models, json_pack("{s:s, s:s}",
			"id", b->models[i].id, "name", b->models[i].name));
	return json_pack("{s:s, s:s, s:o, s:o}", "id", b->id, "name", b->name,
		"can", caps, "models", models);
}

static void dump(json_t *j, struct text *out)
{
	char *s = json_dumps(j, JSON_SORT_KEYS | JSON_INDENT(2));

	text_addf(out, "%s\n", s);
	free(s);
	json_decref(j);
}

void catalogue_json(struct text *out)
{
	json_t *brands = json_array();

	for (const struct brand *const *b = routers_all(); *b; b++)
		json_array_append_new(brands, brand_json(*b));
	dump(json_pack("{s:i, s:o}", "schema", 1, "brands", brands), out);
}

static const char *const sections[] = {"verdict", "before", "settings",
	"undo", "verify"};
static const char *const kinds[] = {"note", "caution", "step", "lines"};

static json_t *part_json(const struct part *p)
{
	const struct source *s = source_of(p->src);
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
		"section", sections[p->sec], "kind", kinds[p->kind],
		"text", p->text, "evidence", evidence_id(s->level),
		"source", s->title, "url", s->url, "date", s->date);

	if (p->menu)
		json_object_set_new(j, "screen", json_string(p->menu));
	if (p->kind == PART_LINES) {
		json_object_set_new(j, "where", json_string(p->where));
		json_object_set_new(j, "lines",
			json_string(text_str(&p->body)));
	}
	return j;
}

void sheet_json(const struct sheet *s, struct text *out)
{
	json_t *parts = json_array(), *said = json_array();

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(parts, part_json(&s->parts[i]));
	for (size_t i = 0; i < s->said.n; i++)
		json_array_append_new(said, json_pack("{s:b, s:s, s:s, s:i}",
			"refused", !s->said.v[i].warning,
			"text", s->said.v[i].say,
			"file", s->said.v[i].file ? s->said.v[i].file : "",
			"line", (int)s->said.v[i].line));
	dump(json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:o, s:o}",
		"schema", 1, "router", s->model->id, "name", s->model->name,
		"line", line_kind_name(s->line), "verdict",
		verdict_id(s->verdict), "sentence", s->sentence, "parts",
		parts, "complaints", said), out);
}
