// SPDX-License-Identifier: GPL-2.0-or-later
/* kadomori site FOLDER: the catalogue as pages, in both languages. */
#include "command.h"
#include "intent/intent.h"
#include "routers/routers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct writer {
	const char *folder;
	unsigned pages;
};

static int make_folders(const char *path)
{
	cleanup(freep) char *p = xstrdup(path);

	for (char *s = strchr(p + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = '\0';
		if (mkdir(p, 0755) && errno != EEXIST)
			return -errno;
		*s = '/';
	}
	return 0;
}

static int write_page(void *ctx, const char *path, const char *body)
{
	struct writer *w = ctx;
	cleanup(freep) char *full = xasprintf("%s/%s", w->folder, path);
	int r = make_folders(full), err;
	FILE *f;

	if (r < 0)
		return r;
	f = fopen(full, "we");
	if (!f)
		return -errno;
	fputs(body, f);
	err = ferror(f) ? EIO : 0;
	if (fclose(f) && !err)
		err = errno;
	w->pages++;
	return -err;
}

/* The pages speak of "the Casa", whose address each reader writes in. */
static int casa(struct intent **ret)
{
	cleanup(intent_freep) struct intent *in = intent_new();
	struct complaints c = {0};
	int r = intent_parse(in, "site", "wan wan0\nlan lan0\ndevice casa rakuten-casa id ::1\n",
		false, &c);

	complaints_done(&c);
	if (r < 0)
		return r;
	in->devices[0].has_id = false; /* "::1" only held the place */
	in->devices[0].at.line = 0;
	*ret = take(in);
	return 0;
}

int cmd_site(int argc, char **argv)
{
	static const char *const languages[] = {"ja", "en"};
	struct writer w = {.folder = argc == 2 ? argv[1] : NULL};
	cleanup(intent_freep) struct intent *in = NULL;
	cleanup(freep) char *asked = xstrdup(tr_lang());
	int r;

	if (!w.folder) {
		fprintf(stderr, _("usage: kadomori site FOLDER\n"));
		return EXIT_USAGE;
	}
	r = casa(&in);
	if (r == 0)
		r = routers_site_top(write_page, &w);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(languages); i++) {
		tr_open(languages[i]);
		r = routers_site(in, write_page, &w);
	}
	tr_open(asked);
	if (r < 0) {
		fprintf(stderr, _("kadomori site: cannot write below %s: %s\n"),
			w.folder, strerror(-r));
		return r == -EACCES ? EXIT_NOT_PERMITTED : EXIT_CHECK_FAILED;
	}
	if (opt.json)
		printf("{\"schema\": 1, \"folder_pages\": %u}\n", w.pages);
	else
		printf(_("%u files in %s; open index.html\n"), w.pages, w.folder);
	return EXIT_GOOD;
}
