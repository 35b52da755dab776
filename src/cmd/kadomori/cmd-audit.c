// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kadomori audit FILE: what a router's configuration lets in, what the device
 * lacks, in order of harm, each with a packet and the line that decides it.
 * The questionnaire of web-only routers comes here too, as a file.
 */
#include "command.h"
#include "audit.h"
#include "base/text.h"
#include "proof/proof.h"

#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>

/* --device: whatever the user knows of it. */
static bool take_device(struct audit_asked *a, const char *s)
{
	struct addr addr;
	enum family fam;
	struct mac mac;

	if (!mac_parse(s, &mac))
		a->mac = s;
	else if (addr_parse(s, &fam, &addr))
		return false;
	else if (fam == FAM_4)
		a->ipv4 = s;
	else
		a->id = s;
	return true;
}

static int take_words(struct audit_asked *a, int argc, char **argv)
{
	const char *device = NULL;

	const struct {
		const char *name, **to;
	} rows[] = {{"--mac", &a->mac}, {"--id", &a->id}, {"--ipv4", &a->ipv4},
		{"--device", &device}, {"--line", &a->line}, {"--ask", &a->ask}, {"--save", &a->save},
		{"--prefix", &a->prefix}};
	int n = 1;

	for (int i = 1; i < argc; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(rows) && strcmp(rows[k].name, argv[i]))
			k++;
		if (k < ARRAY_LEN(rows) && i + 1 < argc) {
			*rows[k].to = argv[++i];
			if (rows[k].to != &device || take_device(a, device))
				continue;
			fprintf(stderr, _("kadomori audit: \"%s\" is no IPv4 or IPv6 address and no MAC\n"),
				device);
			return -EINVAL;
		} else if (k < ARRAY_LEN(rows)) {
			fprintf(stderr, _("kadomori audit: \"%s\": a value is missing\n"),
				argv[i]);
			return -EINVAL;
		} else if (!strcmp(argv[i], "--sarif")) {
			a->sarif = true;
		} else if (!strcmp(argv[i], "--stream")) {
			a->stream = true;
		} else if (!strcmp(argv[i], "--no-change")) {
			a->no_change = true;
		} else if (!strcmp(argv[i], "--nat-t")) {
			a->natt = true;
		} else if (!strncmp(argv[i], "--", 2) && argv[i][2]) {
			fprintf(stderr, _("kadomori audit: \"%s\": no such option\n"),
				argv[i]);
			return -EINVAL;
		} else {
			argv[n++] = argv[i];
		}
	}
	argv[n] = NULL;
	return n;
}

static int bad_value(const char **bad, const char *name)
{
	*bad = name;
	return -EINVAL;
}

/* The device by MAC, identifier or IPv4 address. */
int audit_request_of(const struct audit_asked *a, struct audit_request *rq,
	const char **bad)
{
	enum family fam;
	struct addr id;
	struct mac mac;

	rq->nat_t = a->natt;
	if (a->line && line_kind_parse(a->line, &rq->line))
		return bad_value(bad, "--line");
	if (a->mac) {
		if (mac_parse(a->mac, &mac))
			return bad_value(bad, "--mac");
		id = mac_to_iid(&mac);
		rq->has6 = true;
	}
	if (a->id) {
		if (addr_parse(a->id, &fam, &id) || fam != FAM_6)
			return bad_value(bad, "--id");
		rq->has6 = true;
	}
	if (rq->has6) {
		rq->device6.fam = FAM_6;
		rq->device6.mask = mask_suffix(FAM_6, 64);
		rq->device6.value = addr_and(&id, &rq->device6.mask);
	}
	if (!a->ipv4)
		return 0;
	rq->has4 = true;
	if (addr_parse(a->ipv4, &fam, &rq->device4) || fam != FAM_4)
		return bad_value(bad, "--ipv4");
	return 0;
}

/* ---- text ---- */

static void indented(const char *lines, bool boxes)
{
	for (const char *p = lines; p && *p;) {
		size_t n = strcspn(p, "\n");
		cleanup(freep) char *one = boxes ? box_words(p, n)
						 : xstrndup(p, n);

		printf("   %s\n", one);
		p += n + (p[n] == '\n');
	}
}

/* The first finding with the same change, counted from 1; 0: none before. */
static size_t same_change(const struct audit *a, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (a->v[k].change && !strcmp(a->v[k].change, a->v[i].change))
			return k + 1;
	return 0;
}

static void print_change(const struct audit *a, size_t i)
{
	size_t first = a->v[i].change ? same_change(a, i) : 0;

	if (first) {
		printf(_("   change:    the same as for %zu\n"), first);
	} else if (a->v[i].change) {
		puts(_("   change (a copy with it was judged again):"));
		indented(a->v[i].change, false);
	}
}

/* "41-45, 47": further lines from i on that have no note of their own. */
static size_t print_range(const struct finding *f, size_t i)
{
	const struct about_line *l = f->about;
	size_t first = i;

	for (size_t from; i < f->about_n && !l[i].note &&
		l[i].why == l[first].why; i++) {
		for (from = i; i + 1 < f->about_n && !l[i + 1].note &&
			l[i + 1].no == l[i].no + 1; i++)
			;
		printf("%s%u", from == first ? "" : ", ", l[from].no);
		if (i > from)
			printf("-%u", l[i].no);
	}
	return i;
}

/* Further lines of the rule, and lines near it, as they stand there. */
static void print_about(const struct finding *f, const char *words)
{
	for (size_t i = 0; i < f->about_n;) {
		const struct about_line *l = &f->about[i];

		if (l->note) {
			cleanup(freep) char *text = audit_line(words, l->no);

			printf(_("   line %u:   %s\n"), l->no, text);
			printf("              (%s)\n", l->note);
			i++;
			continue;
		}
		printf("%s", _("   with lines: "));
		i = print_range(f, i);
		putchar('\n');
	}
}

static void print_finding(const struct finding *f, size_t number,
	const char *words)
{
	printf("%zu. [%s] %s\n", number, severity_words(f->severity), f->what);
	indented(f->boxes, true);
	if (f->has_packet) {
		cleanup(freep) char *p = packet_format(&f->packet);

		printf(f->perhaps ? _("   may pass:  %s\n")
		       : f->passes ? _("   passes:    %s\n")
				   : _("   stopped:   %s\n"), p);
	}
	if (f->line && f->line_no)
		printf(_("   line %u:   %s\n"), f->line_no, f->line);
	else if (f->line)
		printf(_("   line:      %s\n"), f->line);
	print_about(f, words);
	if (f->mend)
		printf(_("   to do:     %s\n"), f->mend);
}

static void print_summary(const struct audit *a)
{
	size_t open = 0;

	for (size_t i = 0; i < a->n; i++)
		open += a->v[i].severity <= SEV_HIGH;
	if (a->device_asked)
		puts(!a->device_works ? _("The device: what it needs from outside does not all reach it.")
		     : a->device_unsure ? _("The device: whether IKE and ESP from outside reach it could not be decided.")
					: _("The device: IKE and ESP from outside reach it."));
	puts(open ? _("The home: something stands open that the device does not need.")
	     : a->perhaps_open ? _("The home: something may stand open; that could not be decided.")
			       : _("The home: nothing else was found open."));
	if (!a->complete)
		puts(_("Not every line was understood: what is said above holds for the others."));
}

static void print_text(const struct audit *a, const char *path,
	const struct brand *b, const char *words)
{
	printf(_("%s, read as %s\n\n"), path, brand_name(b));
	print_summary(a);
	for (size_t i = 0; i < a->n; i++) {
		putchar('\n');
		print_finding(&a->v[i], i + 1, words);
		print_change(a, i);
	}
}

/* ---- JSON; SARIF is audit-sarif.c's ---- */

static json_t *about_json(const struct finding *f, const char *words)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->about_n; i++) {
		cleanup(freep) char *text = audit_line(words, f->about[i].no);

		json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:s?}",
			"line", (int)f->about[i].no, "text", text, "is",
			about_id(f->about[i].why), "note", f->about[i].note));
	}
	return list;
}

static json_t *finding_json(const struct finding *f, const char *words)
{
	cleanup(freep) char *p = f->has_packet ? packet_format(&f->packet) : NULL;

	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:i, s:b, s:b, s:o}",
		"id", f->id, "severity", severity_id(f->severity), "text",
		f->what, "todo", f->mend, "boxes", f->boxes, "packet", p, "change", f->change,
		"line_text", f->line, "line", (int)f->line_no, "passes",
		f->passes, "perhaps", f->perhaps, "lines", about_json(f, words));
}

json_t *audit_json(const struct audit *a, const char *path,
	const struct brand *b, const char *words)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n; i++)
		json_array_append_new(list, finding_json(&a->v[i], words));
	return json_pack("{s:i, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:o}", "schema", 1,
		"file", path, "kind", brand_id(b), "worst",
		a->n ? severity_id(audit_worst(a)) : "none", "device_asked",
		a->device_asked, "device_works", a->device_works && !a->device_unsure,
		"device_unsure", a->device_unsure, "perhaps_open",
		a->perhaps_open, "complete",
		a->complete, "findings", list);
}

static void dump(json_t *j)
{
	json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(j);
}

/* ---- the command ---- */

static int exit_of(const struct audit *a)
{
	if (audit_worst(a) <= SEV_BROKEN && a->n)
		return EXIT_CHECK_FAILED;
	return !a->complete || a->device_unsure || a->perhaps_open
		? EXIT_UNDECIDED : a->n ? EXIT_WARNINGS : EXIT_GOOD;
}

static int report(const struct audit_asked *k, const struct audit *a,
	const char *path, const struct brand *b, const char *words)
{
	if (k->sarif)
		dump(audit_sarif(a, path));
	else if (opt.json)
		dump(audit_json(a, path, b, words));
	else
		print_text(a, path, b, words);
	return exit_of(a);
}

static int audit_words(const struct audit_asked *k, struct audit_request *rq,
	const char *path, const char *words)
{
	cleanup(pipeline_freep) struct pipeline *pl = NULL;
	cleanup(audit_freep) struct audit *a = NULL;
	cleanup(proof_freep) struct proof *pr = proof_new();
	const struct brand *b = NULL;
	int rc = read_text(path, words, &k->read, &pl, &b);

	if (rc)
		return rc;
	rq->pl = pl;
	rq->pr = pr;
	rc = audit_run(rq, &a);
	if (rc == -ELOOP)
		fprintf(stderr, _("kadomori: %s: its chains call each other in a circle\n"),
			path);
	else if (rc)
		fprintf(stderr, _("kadomori: internal error: two ways of judging disagree about %s; please report this configuration\n"),
			path);
	if (rc)
		return EXIT_UNDECIDED;
	if (!k->no_change)
		audit_mend(k, rq, b, words, a);
	audit_blame(k, rq, b, words, a);
	return report(k, a, path, b, words);
}

static int audit_file(const struct audit_asked *k, struct audit_request *rq,
	const char *path)
{
	struct text t = TEXT_INIT;
	int rc;

	/* trials want the same few megabytes again and again */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	mallopt(M_TOP_PAD, 1 << 20);
	rc = k->ask ? audit_ask(k->ask, k->save, &t) : read_file(path, &t);

	if (!rc)
		rc = audit_words(k, rq, path ? path : _("your answers"),
			text_str(&t));
	text_done(&t);
	return rc;
}

int cmd_audit(int argc, char **argv)
{
	struct audit_request rq = {.line = LINE_AUTO};
	struct audit_asked k = {.sarif = false};
	const char *bad = NULL;

	argc = read_options(argc, argv, &k.read);
	argc = argc > 0 ? take_words(&k, argc, argv) : argc;
	if (argc == (k.stream || k.ask ? 1 : 2)) {
		if (!audit_request_of(&k, &rq, &bad))
			return k.stream ? audit_stream(&k)
					: audit_file(&k, &rq, argv[1]);
		fprintf(stderr, _("kadomori audit: the value of %s is not understood\n"),
			bad);
	} else if (argc >= 0) {
		fprintf(stderr, _("usage: kadomori audit FILE [--device ADDRESS|MAC]... [--line KIND] [--kind KIND] [--wan IF] [--lan IF] [--sarif]\n       kadomori audit --ask ROUTER [--save ANSWERS] [the same]\n       kadomori audit --stream [the same] <NDJSON or tar\n"));
	}
	return EXIT_USAGE;
}
