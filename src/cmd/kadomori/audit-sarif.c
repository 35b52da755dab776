// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SARIF 2.1.0 (OASIS, 2020). A finding is a result, its id a rule; the packet,
 * the boxes and the change are said in the message, which every viewer shows.
 */
#include "audit.h"
#include "command.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

static const char *level(enum severity s)
{
	return s <= SEV_BROKEN ? "error" : s == SEV_MEDIUM ? "warning" : "note";
}

/* A path as a URI reference (RFC 3986). */
static char *uri_of(const char *path)
{
	struct text t = TEXT_INIT;

	for (const unsigned char *p = (const unsigned char *)path; *p; p++)
		if (isalnum(*p) || strchr("-._~/", *p))
			text_addc(&t, (char)*p);
		else
			text_addf(&t, "%%%02X", *p);
	return text_take(&t);
}

static size_t rule_index(const struct audit *a, size_t i)
{
	size_t n = 0;

	for (size_t k = 0; k < a->n; k++) {
		bool again = false;

		for (size_t j = 0; j < k; j++)
			again |= !strcmp(a->v[j].id, a->v[k].id);
		if (!strcmp(a->v[k].id, a->v[i].id))
			return n;
		n += !again;
	}
	return n;
}

static json_t *rules(const struct audit *a)
{
	json_t *v = json_array();

	for (size_t i = 0; i < a->n; i++)
		if (rule_index(a, i) == json_array_size(v))
			json_array_append_new(v, json_pack(
				"{s:s, s:{s:s}, s:{s:s}, s:{s:s}}", "id",
				a->v[i].id, "shortDescription", "text",
				a->v[i].what, "defaultConfiguration", "level",
				level(a->v[i].severity), "properties",
				"severity", severity_id(a->v[i].severity)));
	return v;
}

static char *message(const struct finding *f)
{
	struct text t = TEXT_INIT;

	text_add(&t, f->what);
	if (f->has_packet) {
		cleanup(freep) char *p = packet_format(&f->packet);

		text_addf(&t, "\n%s", p);
	}
	if (f->mend)
		text_addf(&t, "\n%s", f->mend);
	if (f->change)
		text_addf(&t, "\n%s", f->change);
	return text_take(&t);
}

static json_t *place(const char *uri, unsigned line, const char *note)
{
	return json_pack("{s:{s:{s:s}, s:{s:i}}, s:{s:s}}", "physicalLocation",
		"artifactLocation", "uri", uri, "region", "startLine",
		line ? (int)line : 1, "message", "text", note ? note : "");
}

/* The other lines that it is about. */
static json_t *related(const struct finding *f, const char *uri)
{
	json_t *v = json_array();

	for (size_t i = 0; i < f->about_n; i++)
		json_array_append_new(v, place(uri, f->about[i].no,
			f->about[i].note));
	return v;
}

static json_t *result(const struct audit *a, size_t i, const char *uri)
{
	const struct finding *f = &a->v[i];
	cleanup(freep) char *words = message(f);

	return json_pack("{s:s, s:i, s:s, s:{s:s}, s:[{s:{s:{s:s}, s:{s:i}}}], s:o}",
		"ruleId", f->id, "ruleIndex", (int)rule_index(a, i), "level",
		level(f->severity), "message", "text", words, "locations",
		"physicalLocation", "artifactLocation", "uri", uri, "region",
		"startLine", f->line_no ? (int)f->line_no : 1,
		"relatedLocations", related(f, uri));
}

json_t *audit_sarif(const struct audit *a, const char *path)
{
	cleanup(freep) char *uri = uri_of(path);
	json_t *results = json_array();

	for (size_t i = 0; i < a->n; i++)
		json_array_append_new(results, result(a, i, uri));
	return json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:s, s:o}]}",
		"version", "2.1.0", "$schema",
		"https://json.schemastore.org/sarif-2.1.0.json", "runs", "tool",
		"driver", "name", "kadomori", "version", KADOMORI_VERSION,
		"rules", rules(a), "columnKind", "unicodeCodePoints", "results",
		results);
}
