// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"
#include "doctor/doctor.h"

#include <errno.h>
#include <stdio.h>

/* All is well, on a FLET'S line with the reflector answering. */
static struct doctor_obs good(void)
{
	struct doctor_obs o = {.line = DLINE_FLETS, .fam = FAM_6,
		.link = SEEN_YES, .route = SEEN_YES, .dns = DNS_GOOD,
		.peer = PEER_GOOD, .reflector = SEEN_YES, .ike_sport = 500,
		.mtu = 1500, .mtu_found = 1500, .idle_s = 25,
		.tcp_tried = true, .insert_failed = 0, .on_gateway = true};
	enum seen *first = &o.ike_out;

	for (; first <= &o.esp_idle; first++)
		*first = SEEN_YES;
	o.esp_unasked = o.ike_unasked = o.udp_unasked = SEEN_NO;
	addr_parse("2409:11:4a0::2", &o.fam, &o.self);
	o.outside = o.self;
	return o;
}

static void first_is(const struct doctor_obs *o, const char *id, unsigned cause)
{
	struct doctor_report r;
	int first;

	doctor_judge(o, &r);
	first = doctor_first(&r);
	if (!id)
		assert_int_equal(first, -1);
	else {
		assert_true(first >= 0);
		assert_string_equal(doctor_check_id((enum doctor_check)first), id);
		assert_int_equal(r.f[first].cause, cause);
		assert_int_equal(r.f[first].verdict, DOCTOR_FAIL);
	}
	for (int i = 0; i < CHECK_MAX; i++)
		assert_true(*r.f[i].observed);
	doctor_report_done(&r);
}

#define FAULT(id, cause, change) do { struct doctor_obs o = good(); change; first_is(&o, id, cause); } while (0)

static void v4(struct doctor_obs *o, const char *self)
{
	addr_parse(self, &o->fam, &o->self);
	o->outside = o->self;
}

static void each_fault_its_check(void **st)
{
	(void)st;
	FAULT(NULL, 0, (void)0);
	FAULT("L01", 1, o.link = SEEN_NO);
	FAULT("A02", 1, o.route = SEEN_NO);
	FAULT("A02", 2, v4(&o, "100.72.16.110"));
	FAULT("A02", 3, v4(&o, "192.168.0.3"));
	FAULT("A02", 4, v4(&o, "192.0.0.2"); o.line = DLINE_TRANSIX);
	FAULT("A02", 5, o.line = DLINE_NGN_ONLY);
	FAULT("D03", 1, o.dns = DNS_SILENT);
	FAULT("D03", 2, o.dns = DNS_ERROR);
	FAULT("K04", 2, o.peer = PEER_SILENT; o.ike_out = o.ike_back = SEEN_NO);
	FAULT("K04", 3, o.peer = PEER_SILENT; o.ike_back = SEEN_NO);
	FAULT("K04", 4, o.peer = PEER_SILENT);
	FAULT("K04", 1, o.peer = PEER_SILENT; o.reflector = SEEN_UNTRIED);
	FAULT("P05", 1, o.ike_sport = 1024);
	FAULT("P05", 2, v4(&o, "153.246.12.1"); o.ike_sport = 1024);
	FAULT("M06", 1, o.full_out = o.big_out = SEEN_NO);
	FAULT("M06", 2, o.full_back = o.big_back = SEEN_NO);
	FAULT("F07", 1, o.big_out = o.big_back = o.esp_big_out = SEEN_NO);
	FAULT("F07", 2, o.big_back = o.esp_big_back = SEEN_NO);
	FAULT("E08", 1, o.esp_out = o.esp_back = o.esp_new_spi = SEEN_NO);
	FAULT("E08", 2, o.esp_big_out = SEEN_NO);
	FAULT("E08", 3, o.esp_out = SEEN_NO; o.insert_failed = 6);
	FAULT("E09", 1, o.esp_back = o.esp_new_spi = o.esp_idle = SEEN_NO);
	FAULT("E09", 2, o.esp_big_back = SEEN_NO);
	FAULT("N10", 1, o.natt_back = SEEN_NO);
	FAULT("N10", 2, o.natt_idle = o.ike_idle = SEEN_NO);
	FAULT("R11", 1, o.esp_new_spi = SEEN_NO);
	FAULT("R11", 2, o.ike_idle = SEEN_NO);
	FAULT("R11", 3, o.esp_idle = SEEN_NO);
	FAULT("T12", 1, o.insert_failed = 6);
	FAULT("X13", 1, o.udp_unasked = SEEN_YES);
	FAULT("X13", 2, o.tcp_open[0] = 80; o.tcp_open_n = 1);
	FAULT("X13", 3, o.udp_unasked = SEEN_YES; o.line = DLINE_HGW);
	FAULT("X13", 4, o.udp_unasked = SEEN_YES; o.line = DLINE_HGW_NO_PHONE);
	FAULT("V14", 1, o.rules = RULES_MORE);
	FAULT("V14", 2, o.rules = RULES_LESS);
	FAULT("V14", 3, o.rules = RULES_ABSENT);
	FAULT(NULL, 0, o.rules = RULES_PROVEN);
}

static void no_guess(void **st)
{
	struct doctor_obs o = {.fam = FAM_6, .insert_failed = -1};
	struct doctor_report r;

	(void)st;
	doctor_judge(&o, &r); /* nothing looked at: nothing fails, nothing is OK */
	for (int i = 0; i < CHECK_MAX; i++)
		assert_true(r.f[i].verdict == DOCTOR_SKIP ||
			r.f[i].verdict == DOCTOR_UNDECIDED);
	doctor_report_done(&r);
	o = good();
	o.reflector = SEEN_NO;
	doctor_judge(&o, &r);
	assert_int_equal(r.f[CHECK_ESP_IN].verdict, DOCTOR_UNDECIDED);
	assert_int_equal(r.f[CHECK_EXPOSED].verdict, DOCTOR_UNDECIDED);
	assert_int_equal(r.f[CHECK_IKE].verdict, DOCTOR_OK);
	doctor_report_done(&r);
}

static void natt_home(void **st)
{
	struct doctor_obs o = good();
	struct doctor_report r;

	(void)st;
	addr_parse("192.168.1.2", &o.fam, &o.self);
	addr_parse("153.246.12.110", &o.fam, &o.outside);
	o.on_gateway = false;
	o.esp_back = o.esp_new_spi = o.esp_idle = SEEN_NO;
	doctor_judge(&o, &r);
	assert_int_equal(r.f[CHECK_ESP_IN].verdict, DOCTOR_UNDECIDED);
	assert_int_equal(r.f[CHECK_ESP_IN].cause, 3);
	doctor_report_done(&r);
}

static void causes_have_words(void **st)
{
	unsigned n = 0;

	(void)st;
	for (int c = 0; c < CHECK_MAX; c++)
		for (unsigned k = 0; k < CAUSES_MAX; k++) {
			const char *why = doctor_why((enum doctor_check)c, k);
			const char *todo = doctor_todo((enum doctor_check)c, k);

			assert_true(!why == !todo);
			if (!why)
				continue;
			n++;
			/* a bridge is named only to be switched off */
			if (strcasestr(todo, "bridge") || strstr(todo, "ブリッジ"))
				assert_true(strstr(todo, "off") && strstr(todo, "not IPv6ブリッジ"));
		}
	assert_int_equal(n, 38);
	assert_null(doctor_why(CHECK_LINK, 99));
}

static void codes_go_by_phone(void **st)
{
	char s[DOCTOR_CODE_STR], bad[DOCTOR_CODE_STR];
	unsigned wrong = 0, tried = 0;
	struct doctor_code c, d;

	(void)st;
	for (int l = 0; l < DLINE_MAX; l++)
		for (int k = 0; k < CHECK_MAX; k++)
			for (unsigned cause = 0; cause < 2; cause++) {
				c = (struct doctor_code){(enum doctor_line)l, false,
					(enum doctor_check)k, cause};
				doctor_code_format(&c, s);
				assert_null(strpbrk(s + 3, "OI"));
				assert_int_equal(doctor_code_parse(s, &d), 0);
				assert_int_equal(d.line, l);
				assert_int_equal(d.check, k);
				assert_int_equal(d.cause, cause);
				for (size_t i = 3; s[i]; i++) /* one character misheard */
					for (const char *x = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"; *x; x++) {
						strcpy(bad, s);
						bad[i] = *x;
						if (*x == s[i] || s[i] == '-' ||
							(*x == 'O' && s[i] == '0') ||
							(*x == 'I' && s[i] == '1'))
							continue;
						tried++;
						wrong += doctor_code_parse(bad, &d) == 0;
					}
			}
	assert_true(tried > 50000);
	assert_int_equal(wrong, 0);
	c = (struct doctor_code){DLINE_FLETS_PHONE, false, CHECK_ESP_IN, 1};
	assert_string_equal(doctor_code_format(&c, s), "KM-N2-E09-1B");
	assert_int_equal(doctor_code_parse(" km n2 eO9 ib", &d), 0);
	assert_int_equal(d.check, CHECK_ESP_IN);
	assert_int_equal(doctor_code_parse("KM-2N-E09-1T", &d), -EBADMSG);
	assert_int_equal(doctor_code_parse("", &d), -EINVAL);
	assert_int_equal(doctor_code_parse("KM-N2-E09-1B1", &d), -EINVAL);
	assert_int_equal(doctor_code_parse("KM-N2-E09\033[2J", &d), -EINVAL);
	c = (struct doctor_code){DLINE_UNKNOWN, true, CHECK_LINK, 0};
	doctor_code_format(&c, s);
	assert_int_equal(doctor_code_parse(s, &d), 0);
	assert_true(d.good);
}

static const struct test_case cases[] = {
	{"each fault makes its own check the first finding", each_fault_its_check},
	{"what was not looked at is not judged", no_guess},
	{"behind IPv4 NAT with NAT traversal, missing ESP is not a verdict", natt_home},
	{"every cause has its words, and none advises a bridge", causes_have_words},
	{"a code survives the phone, a misread one is refused", codes_go_by_phone},
};
RUN(cases)
