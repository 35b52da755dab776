// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/tr.h"

#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

static char chosen[3] = "en";

const char *tr(const char *msgid)
{
	/* gettext("") is the catalogue's own header */
	return *msgid ? dgettext("kadomori", msgid) : msgid;
}

const char *tr_lang(void)
{
	return chosen;
}

static const char *wanted(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *lang = getenv("LANGUAGE");

	if (lang && !strncmp(lang, "ja", 2))
		return "ja";
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return strncmp(v, "ja", 2) ? "en" : "ja";
	}
	return "en";
}

/* Beside a program that runs from its build folder, else where it installs. */
static const char *catalogue_dir(void)
{
	static char dir[PATH_MAX + 32];
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return KADOMORI_LOCALEDIR;
	exe[n] = '\0';
	for (int up = 0; up < 5; up++) {
		char *slash = strrchr(exe, '/');

		if (!slash)
			break;
		*slash = '\0';
		snprintf(dir, sizeof(dir), "%s/po/ja/LC_MESSAGES/kadomori.mo",
			exe);
		if (!access(dir, R_OK)) {
			snprintf(dir, sizeof(dir), "%s/po", exe);
			return dir;
		}
	}
	return KADOMORI_LOCALEDIR;
}

void tr_open(const char *want)
{
	const char *lang = want ? want : wanted();

	snprintf(chosen, sizeof(chosen), "%s",
		strncmp(lang, "ja", 2) ? "en" : "ja");
	if (!setlocale(LC_ALL, "") ||
		!strcmp(setlocale(LC_MESSAGES, NULL), "C"))
		setlocale(LC_ALL, "C.UTF-8");
	setlocale(LC_NUMERIC, "C");
	setenv("LANGUAGE", chosen, 1);
	bindtextdomain("kadomori", catalogue_dir());
	bind_textdomain_codeset("kadomori", "UTF-8");
}
