// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"
#include "conf.h"

#include <errno.h>
#include <stdio.h>

void conf_print(const struct complaints *c)
{
	struct text t = TEXT_INIT;

	complaints_print(c, &t);
	fputs(text_str(&t), stderr);
	text_done(&t);
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
