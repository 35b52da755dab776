// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"
#include "conf.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>

void conf_print(const struct complaints *c)
{
	struct text t = TEXT_INIT;

	complaints_print(c, &t);
	fputs(text_str(&t), stderr);
	text_done(&t);
}

enum { HERE_MAX = 64 };

static void warn_absent(const struct intent *in, const struct span *at,
	const char *name, const char *const *here, struct complaints *c)
{
	const char *near = text_nearest(name, here);
	struct text list = TEXT_INIT;

	for (size_t i = 0; here[i]; i++)
		text_addf(&list, "%s%s", i ? ", " : "", here[i]);
	if (near)
		complain(c, true, in, at, _("this machine has no interface \"%s\" now. Did you mean \"%s\"? Here are: %s"),
			name, near, text_str(&list));
	else
		complain(c, true, in, at, _("this machine has no interface \"%s\" now. Here are: %s"),
			name, text_str(&list));
	text_done(&list);
}

void conf_interfaces(const struct intent *in, struct complaints *c)
{
	const char *here[HERE_MAX + 1] = {0};
	struct if_nameindex *all = if_nameindex();
	size_t n = 0;

	for (size_t i = 0; all && all[i].if_name && n < HERE_MAX; i++)
		if (strcmp(all[i].if_name, "lo"))
			here[n++] = all[i].if_name;
	if (in->wan && !if_nametoindex(in->wan))
		warn_absent(in, &in->wan_at, in->wan, here, c);
	for (size_t i = 0; i < in->lan_n; i++)
		if (!if_nametoindex(in->lans[i]))
			warn_absent(in, &in->lans_at[i], in->lans[i], here, c);
	if (all)
		if_freenameindex(all);
}

int conf_load(struct intent **ret, struct complaints *c)
{
	cleanup(intent_freep) struct intent *in = intent_new();
	int rc = intent_load(in, opt.conf, c);

	if (rc == -EACCES || rc == -EPERM)
		return EXIT_NOT_PERMITTED;
	if (rc)
		return rc == -EINVAL ? EXIT_CHECK_FAILED : EXIT_USAGE;
	*ret = take(in);
	return 0;
}

int conf_compile(const struct facts *f, struct intent **in, struct policy **ret,
	struct complaints *c)
{
	int rc = conf_load(in, c);

	if (rc)
		return rc;
	if (policy_compile(*in, f, c, ret) == 0)
		return 0;
	intent_free(take(*in));
	return EXIT_CHECK_FAILED;
}

/*
 * Before anything is read properly, because what is wrong with the text is said
 * in this language too.
 */
const char *conf_language(void)
{
	FILE *f = fopen(opt.conf, "re");
	char line[512], word[4];
	const char *ret = NULL;

	while (f && !ret && fgets(line, sizeof(line), f))
		if (sscanf(line, " language %3s", word) == 1)
			ret = !strcmp(word, "ja") ? "ja"
				: !strcmp(word, "en") ? "en" : NULL;
	if (f)
		fclose(f);
	return ret;
}
