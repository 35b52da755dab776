// SPDX-License-Identifier: GPL-2.0-or-later
/* From facts to the household's words: whole texts, before and after. */
#include <stdio.h>
#include <stdlib.h>
#include "test.h"
#include "pin/pin.h"

static struct obs_device d;

static void seen(const char *mac)
{
	memset(&d, 0, sizeof(d));
	d.has_mac = true;
	mac_parse(mac, &d.mac);
}

static struct obs_peer *peer(const char *addr, uint64_t esp)
{
	struct obs_peer *p = &d.peer[d.peer_n++];

	addr_parse(addr, &p->fam, &p->addr);
	p->port500 = p->ikev2 = p->device_starts = true;
	p->esp[OBS_OUT] = p->esp[OBS_IN] = esp;
	return p;
}

static void named(const char *name, const char *a, const char *b)
{
	struct obs_name *n = &d.name[d.name_n++];

	strcpy(n->name, name);
	addr_parse(a, &n->answer[0].fam, &n->answer[0].addr);
	addr_parse(b, &n->answer[1].fam, &n->answer[1].addr);
	n->answer_n = 2;
}

/* The text that pin makes of a text; "" when it leaves it. */
static char *after(const char *text, struct pin_want w, struct pin *keep)
{
	struct intent *in = intent_new();
	struct complaints c = {0};
	struct pin p = {0};
	char *ret;

	assert_int_equal(intent_parse(in, "k.conf", text, false, &c), 0);
	w.in = in;
	w.d = &d;
	w.n = 1;
	w.kind = DEVICE_IPSEC;
	assert_int_equal(pin_propose(&w, &p), 0);
	ret = p.file_n ? take(p.files[0].after) : xstrdup("");
	if (*ret) { /* what it writes can be read, and asks for nothing more */
		struct intent *again = intent_new();
		struct pin q = {0};

		assert_int_equal(intent_parse(again, "k.conf", ret, false, &c), 0);
		w.in = again;
		assert_int_equal(pin_propose(&w, &q), 0);
		assert_int_equal(q.file_n, 0);
		pin_done(&q);
		intent_free(again);
	}
	if (keep)
		*keep = p;
	else
		pin_done(&p);
	complaints_done(&c);
	intent_free(in);
	return ret;
}

#define CHANGES(w, before, want)                                               \
	do {                                                                   \
		char *got_ = after(before, w, NULL);                           \
		assert_string_equal(got_, want);                               \
		free(got_);                                                    \
	} while (0)
#define MAC "00:1b:8b:10:20:01"
#define TOP "wan wan0\nlan lan0\n"

static void one_line(void **s)
{
	(void)s;
	seen(MAC);
	peer("2001:f60:5e::10", 5);
	CHANGES((struct pin_want){0},
		"# home\n" TOP "profile standard # soft\ndevice casa rakuten-casa mac " MAC " # hall\n",
		"# home\n" TOP "profile strict # soft\ndevice casa rakuten-casa mac " MAC " peer 2001:f60:5e::10 # hall\n");
}

static void a_block(void **s)
{
	(void)s;
	seen(MAC);
	peer("2001:f60:5e::10", 5);
	CHANGES((struct pin_want){0},
		TOP "device casa ipsec { # box\n\tmac " MAC "\n\t# from the shop\n\tpeer 2001:f60::/32\n}\nprofile strict\n"
		, TOP "device casa ipsec peer 2001:f60:5e::10 nat-t no { # box\n\tmac " MAC "\n\t# from the shop\n}\nprofile strict\n");
}

static void without_a_profile_line(void **s)
{
	(void)s;
	seen(MAC);
	peer("2001:f60:5e::10", 5);
	CHANGES((struct pin_want){0}, TOP "device casa femtocell mac " MAC "\n",
		"wan wan0\nprofile strict\nlan lan0\ndevice casa femtocell mac " MAC " peer 2001:f60:5e::10\n");
	CHANGES((struct pin_want){.keep_profile = true},
		TOP "device casa femtocell mac " MAC "\n",
		TOP "device casa femtocell mac " MAC " peer 2001:f60:5e::10\n");
}

static void names_and_widening(void **s)
{
	(void)s;
	seen(MAC);
	peer("2001:f60:5e::10", 5);
	named("segw.example", "2001:f60:5e::10", "2001:f60:5f::10");
	CHANGES((struct pin_want){0},
		TOP "profile strict\ndevice casa femtocell mac " MAC "\n",
		TOP "profile strict\ndevice casa femtocell mac " MAC " peer 2001:f60:5e::10 2001:f60:5f::10\n");
	CHANGES((struct pin_want){.widen = true},
		TOP "profile strict\ndevice casa femtocell mac " MAC "\n",
		TOP "profile strict\ndevice casa femtocell mac " MAC " peer 2001:f60:5e::/64 2001:f60:5f::/64\n");
}

/* Wide prefixes become what was seen; what was not seen stays. */
static void own_words(void **s)
{
	(void)s;
	seen(MAC);
	peer("2001:f60:5e::10", 5);
	CHANGES((struct pin_want){0},
		TOP "profile strict\ndevice casa femtocell mac " MAC " peer 2001::/16 2404:1a8::1 isolated no\n",
		TOP "profile strict\ndevice casa femtocell mac " MAC " isolated no peer 2001:f60:5e::10 2404:1a8::1\n");
}

static void who_only_knocks(void **s)
{
	struct obs_peer *p;
	struct pin out;
	char *t;

	(void)s;
	seen(MAC);
	p = peer("2a02:c207:77::66", 0); /* asked, and the device answered */
	p->device_starts = false;
	p->peer_starts = p->answered = true;
	p = peer("2a02:c207:77::67", 0); /* ESP in only: nothing came out */
	p->device_starts = false;
	p->esp[OBS_IN] = 1000;
	t = after(TOP "device casa femtocell mac " MAC "\n", (struct pin_want){0}, &out);
	assert_string_equal(t, "");
	assert_int_equal(out.devices, 0);
	free(t);
	pin_done(&out);
	peer("2001:f60:5e::10", 5);
	CHANGES((struct pin_want){0},
		TOP "profile strict\ndevice casa femtocell mac " MAC "\n",
		TOP "profile strict\ndevice casa femtocell mac " MAC " peer 2001:f60:5e::10\n");
}

static void web_pages_close(void **s)
{
	(void)s;
	seen(MAC);
	peer("2001:f60:5e::10", 5);
	CHANGES((struct pin_want){0},
		TOP "profile strict\ndevice casa femtocell mac " MAC " peer 2001:f60:5e::10\n"
		"device nas plain mac 00:11:22:33:44:55\npinhole casa tcp 80\npinhole nas tcp 443\n",
		TOP "profile strict\ndevice casa femtocell mac " MAC " peer 2001:f60:5e::10\n"
		"device nas plain mac 00:11:22:33:44:55\n# pin: pinhole casa tcp 80\npinhole nas tcp 443\n");
}

static void maps(void **s)
{
	static const char before[] = TOP "profile strict\ndevice casa femtocell mac "
		MAC " ipv4 192.168.10.9\nmap ipsec to casa\nmap tcp 8080 to casa\n";
	struct obs_peer *p;

	(void)s;
	seen(MAC);
	peer("133.237.60.10", 5);
	CHANGES((struct pin_want){0}, before,
		TOP "profile strict\ndevice casa femtocell mac " MAC " ipv4 192.168.10.9 peer 133.237.60.10\n"
		"# pin: map ipsec to casa\nmap udp 500 to casa\nmap esp to casa\n# pin: map tcp 8080 to casa\n");
	seen(MAC);
	p = peer("133.237.60.10", 0);
	p->esp_udp[OBS_OUT] = p->esp_udp[OBS_IN] = 9;
	p->port4500 = true;
	CHANGES((struct pin_want){0}, before,
		TOP "profile strict\ndevice casa femtocell mac " MAC " ipv4 192.168.10.9 peer 133.237.60.10 nat-t yes\n"
		"# pin: map ipsec to casa\nmap udp 500 to casa\nmap udp 4500 to casa\n# pin: map tcp 8080 to casa\n");
	seen(MAC);
	peer("2001:f60:5e::10", 5); /* an empty list of IPv4 peers would be everybody */
	CHANGES((struct pin_want){0}, before,
		TOP "profile strict\ndevice casa femtocell mac " MAC " ipv4 192.168.10.9 peer 2001:f60:5e::10\n"
		"# pin: map ipsec to casa\n# pin: map tcp 8080 to casa\n");
}

static void a_device_that_is_not_written(void **s)
{
	(void)s;
	seen("00:1b:8b:10:20:02");
	peer("2001:f60:5e::10", 5);
	CHANGES((struct pin_want){0}, TOP "profile strict\ndevice casa femtocell mac " MAC,
		TOP "profile strict\ndevice casa femtocell mac " MAC
		"\ndevice device1 ipsec mac 00:1b:8b:10:20:02 peer 2001:f60:5e::10 nat-t no\n");
}

static void differences(void **s)
{
	struct text t = TEXT_INIT;

	(void)s;
	assert_int_equal(pin_diff("a\nb\nc\nd\ne\n", "a\nB\nc\nd\nx\ne\n", &t), 3);
	assert_string_equal(text_str(&t), "  a\n- b\n+ B\n  c\n  d\n+ x\n  e\n");
	text_done(&t);
	assert_int_equal(pin_diff("a\n", "a\n", &t), 0);
	assert_int_equal(pin_diff("", "a\n", &t), 1);
	text_done(&t);
}

static const struct test_case cases[] = {
	{"a device on one line; comments stay", one_line},
	{"a device in a block; its old peers go", a_block},
	{"no profile line: one comes", without_a_profile_line},
	{"all that the peer's name led to; prefixes on wish", names_and_widening},
	{"wide words become what was seen, unseen ones stay", own_words},
	{"who only knocks is not let in", who_only_knocks},
	{"the device's pages are closed, others' are left", web_pages_close},
	{"IPv4 mappings become what was used", maps},
	{"a device that is not in the text gets a line", a_device_that_is_not_written},
	{"the difference, line by line", differences},
};
RUN(cases)
