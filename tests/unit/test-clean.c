// SPDX-License-Identifier: GPL-2.0-or-later
/* What a console capture looks like once it was cleaned; what is never shown. */
#include "test.h"

#include "routers/clean.h"
#include "routers/routers.h"

#include <stdlib.h>
#include <string.h>

static void becomes(const char *from, const char *want)
{
	char *s = clean_text(from);

	assert_string_equal(s, want);
	free(s);
}

/* 光 in four encodings; 表 and 能 end with '\' in Shift_JIS, 施 with '{' or so. */
static void old_encodings_become_utf8(void **state)
{
	(void)state;
	becomes("# \x8c\xf5\n", "# \xe5\x85\x89\n");
	becomes("# \xb8\xf7\n", "# \xe5\x85\x89\n");
	becomes("# \033$B8w\033(B x\n", "# \xe5\x85\x89 x\n");
	becomes("# \xe5\x85\x89\n", "# \xe5\x85\x89\n");
	becomes("\xef\xbb\xbfset a\r\n", "set a\n");
	becomes("/* \x95\x5c */ {\n", "/* \xe8\xa1\xa8 */ {\n");
	becomes("# \x83\x7b {\r\n", "# \xe3\x83\x9c {\n");
	/* one-column katakana */
	becomes("# \xb6\xc5\x8c\xf5\n", "# \xef\xbd\xb6\xef\xbe\x85\xe5\x85\x89\n");
	becomes("# \xff\n", "# ?\n");
	becomes("a\xf5", "a?");
}

static void the_pager_and_what_was_rubbed_out_are_gone(void **state)
{
	(void)state;
	becomes(" --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\bip a\n",
		"ip a      \n");
	becomes("---(more 23%)---\r                \rset x\n",
		"set x           \n");
	becomes("--More-- set x\n", " set x\n");
	becomes("\033[1mset\033[0m x\n", "set x\n");
	becomes("abcdef\r\033[Kset\n", "set\n");
	becomes("no end", "no end");
	becomes("\b\b\033", "");
}

static void hides(const char *line, const char *want)
{
	char *s = clean_secrets(line);

	assert_string_equal(s, want);
	free(s);
}

static void secrets_are_never_shown(void **state)
{
	(void)state;
	hides("username joe privilege 15 secret 5 $1$abc", "username ***");
	hides("enable secret 9 $9$x", "enable secret ***");
	hides("set system login user a authentication encrypted-password 'x'",
		"set system login user a authentication encrypted-password ***");
	hides("set snmp community public", "set snmp community ***");
	hides("crypto isakmp key hunter2 address 1.2.3.4", "crypto isakmp key ***");
	hides("ipsec ike pre-shared-key 1 text hunter2",
		"ipsec ike pre-shared-key ***");
	hides("add wpa2-pre-shared-key=hunter2 name=x",
		"add wpa2-pre-shared-key=*** name=x");
	hides("pp auth myname joe hunter2", "pp auth myname ***");
	hides("ip filter 1 pass * * udp * 500", "ip filter 1 pass * * udp * 500");
	hides("permit esp any any", "permit esp any any");
	hides("service password", "service password");
	hides("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_encodings_become_utf8),
		cmocka_unit_test(the_pager_and_what_was_rubbed_out_are_gone),
		cmocka_unit_test(secrets_are_never_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
