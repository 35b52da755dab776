// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include <stdio.h>

#include "intent/intent.h"

#include <errno.h>

struct parsed {
	struct intent *in;
	struct complaints c;
	struct text out;
	int rc;
};

static struct parsed parse(const char *body)
{
	struct parsed p = {.in = intent_new()};

	p.rc = intent_parse(p.in, "kadomori.conf", body, false, &p.c);
	complaints_print(&p.c, &p.out);
	return p;
}

static void done(struct parsed *p)
{
	intent_free(p->in);
	complaints_done(&p->c);
	text_done(&p->out);
}

static const char five[] = "wan wan0\n"
			   "lan lan0\n"
			   "line auto\n"
			   "profile standard\n"
			   "device casa rakuten-casa mac 00:11:22:33:44:55\n";

static void five_lines_are_enough(void **state)
{
	struct parsed p = parse(five);
	const struct device *d;
	char buf[ADDRMASK_STR];

	(void)state;
	assert_int_equal(p.rc, 0);
	d = intent_device(p.in, "casa");
	assert_non_null(d);
	assert_int_equal(d->kind, DEVICE_CASA);
	assert_string_equal(addrmask_format(&d->id, buf),
		"::211:22ff:fe33:4455/::ffff:ffff:ffff:ffff");
	assert_string_equal(p.in->wan, "wan0");
	assert_true(p.in->echo);
	done(&p);
}

static void a_block_reads_like_a_line(void **state)
{
	struct parsed p = parse("wan w\nlan a b # two\nprofile strict\n"
				"device box ipsec {\n\tid ::1:2:3:4\n"
				"\tipv4 192.168.10.9; peer 2404:1a8::/32 203.0.113.0/24\n"
				"\tnat-t yes\n}\n"
				"pinhole box tcp 443 from 2404::/16 2405::/16\n"
				"map ipsec to box\nlan4 192.168.10.1/24\nipsec4 translate\n");

	(void)state;
	assert_string_equal(text_str(&p.out), "");
	assert_int_equal(p.rc, 0);
	assert_int_equal(p.in->lan_n, 2);
	assert_int_equal(p.in->devices[0].peer_n, 2);
	assert_int_equal(p.in->devices[0].nat_t, 1);
	assert_int_equal(p.in->pinholes[0].from_n, 2);
	assert_int_equal(p.in->mappings[0].what.kind, WHAT_IPSEC);
	assert_false(p.in->echo);
	assert_int_equal(p.in->ipsec4, IPSEC4_TRANSLATE);
	done(&p);
}

static void an_error_points_at_the_word(void **state)
{
	struct parsed p = parse("wan wan0\nlan lan0\nprofil strict\n");

	(void)state;
	assert_int_equal(p.rc, -EINVAL);
	assert_non_null(strstr(text_str(&p.out),
		"kadomori.conf:3:1: error: unknown word \"profil\". Did you mean \"profile\"?"));
	assert_non_null(strstr(text_str(&p.out),
		"    profil strict\n    ^~~~~~\n"));
	done(&p);
}

static void all_mistakes_are_told_at_once(void **state)
{
	struct parsed p = parse("wan wan0\nlan wan0\nline fletz-ra\n"
				"device casa rakuten-casa mac 00:11:22:33:44\n"
				"map udp 70000 to casa\n");

	(void)state;
	assert_int_equal(p.c.n, 4);
	assert_int_equal(p.c.v[0].line, 3);
	assert_int_equal(p.c.v[1].line, 4);
	assert_int_equal(p.c.v[2].line, 5);
	assert_int_equal(p.c.v[3].line, 2);
	done(&p);
}

/* Each of these must be refused, each with a complaint on its own line. */
static void bad_lines_are_refused(void **state)
{
	static const char *const lines[] = {
		"wan", "wan a/b", "wan thisnameistoolongforlinux", "wan x",
		"lan", "line", "line fiber", "profile", "profile loose",
		"device", "device casa", "device casa toaster",
		"device ca$a ipsec mac 00:11:22:33:44:55",
		"device casa ipsec", "device casa ipsec mac",
		"device casa ipsec mac 01:11:22:33:44:55",
		"device casa ipsec id 2404::1",
		"device casa ipsec id ::", "device casa ipsec id 1.2.3.4",
		"device casa ipsec ipv4 ::1", "device casa ipsec ipv4 1.2.3",
		"device casa ipsec ipv4 1.2.3.4 peer",
		"device casa ipsec ipv4 1.2.3.4 peer example.jp",
		"device casa ipsec ipv4 1.2.3.4 isolated maybe",
		"device casa ipsec ipv4 1.2.3.4 isolated yes",
		"device casa ipsec ipv4 1.2.3.4 {",
		"device casa ipsec ipv4 1.2.3.4 }",
		"pinhole nobody esp", "map esp to nobody", "map esp nobody",
		"map udp 500", "map udp 0 to x", "map proto 256 to x",
		"lan4 192.168.1.1", "lan4 ::1/64", "lan4 10.0.0.1/31",
		"echo perhaps", "ipsec4 many", "ipsec4", "language fr", "include x.conf", "{", "}",
		"\"wan", "lan lan1 {", "frobnicate",
		"device a ipsec ipv4 1.2.3.4; device a ipsec ipv4 1.2.3.4",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char body[256];
		struct parsed p;

		snprintf(body, sizeof(body), "wan wan0\nlan lan0\n%s\n",
			lines[i]);
		p = parse(body);
		if (p.rc != -EINVAL || p.c.v[0].line != 3)
			fail_msg("accepted or misplaced: %s\n%s", lines[i],
				text_str(&p.out));
		done(&p);
	}
}

static void missing_sides_are_named(void **state)
{
	struct parsed p = parse("");

	(void)state;
	assert_int_equal(p.c.n, 2);
	assert_non_null(strstr(text_str(&p.out), "add \"wan IFNAME\""));
	assert_non_null(strstr(text_str(&p.out), "add \"lan IFNAME\""));
	done(&p);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	struct parsed p = parse("wan wan0\nlan lan0\n\x1b[31mred\n");

	(void)state;
	assert_int_equal(p.rc, -EINVAL);
	assert_null(strchr(text_str(&p.out), '\x1b'));
	done(&p);
}

static void crlf_and_bom_are_fine(void **state)
{
	struct parsed p = parse("\xef\xbb\xbfwan wan0\r\nlan lan0\r\n");

	(void)state;
	assert_int_equal(p.rc, 0);
	done(&p);
}

static const struct test_case cases[] = {
	{"five lines are enough for the common home", five_lines_are_enough},
	{"a block reads like a line", a_block_reads_like_a_line},
	{"an error points at the word", an_error_points_at_the_word},
	{"all mistakes are told at once", all_mistakes_are_told_at_once},
	{"bad lines are refused on their own line", bad_lines_are_refused},
	{"missing sides are named", missing_sides_are_named},
	{"control characters do not reach the terminal", control_characters_do_not_reach_the_terminal},
	{"CRLF and a byte order mark are fine", crlf_and_bom_are_fine},
};
RUN(cases)
