// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the owner of a router with web pages is asked. Words in 「」 are the
 * router's own; each answer is a line that web-read.c reads. "unknown" is always
 * a good answer: the report then says perhaps.
 */
#include "routers/web-read.h"
#include "base/tr.h"

#define UNKNOWN {"unknown", N_("not known")}
#define MODES {{"ndproxy", N_("ND proxy")}, {"router", N_("router: a prefix of its own (DHCPv6-PD)")}, \
	{"bridge", N_("bridge or pass-through")}, {"off", N_("IPv6 is off")}, UNKNOWN}
#define ON_OFF {{"on", N_("on")}, {"off", N_("off")}, UNKNOWN}
#define YES_NO {{"yes", N_("yes")}, {"no", N_("no")}, UNKNOWN}
#define MAPS {"map", NULL, N_("Port mappings by IPv4, one a line (example: udp 500 to 192.168.10.9, or: esp to 192.168.10.9). An empty line when there are no more:"), true, {{0}}}
#define DMZ {"dmz", NULL, N_("Is there a host that gets everything else by IPv4 (DMZ host)? Its address, or none:"), false, {{0}}}
#define REMOTE {"remote", NULL, N_("Can the router's own pages be opened from the Internet (remote management)?"), false, YES_NO}
#define ENTRIES(menu) {"entry6", menu, N_("The entries of the IPv6 filter, from the first to the last, one a line (example: pass in udp from any to 2404:7a80:1:1::50 port 500, or: pass in 50 from any to 2404:7a80:1:1::50; pass or drop, in or out; protocol all, tcp, udp, icmpv6, esp or a number). An empty line when there are no more:"), true, {{0}}}

const struct web_question web_questions_aterm[] = {
	{"ipv6", "「基本設定」>「IPv6動作モード」", N_("Which mode of IPv6 is chosen?"), false, MODES},
	{"filter6", "「詳細設定」>「IPv6パケットフィルタ設定」", N_("Is the IPv6 firewall (SPI) on: is what nobody at home asked for refused?"), false, ON_OFF},
	ENTRIES("「詳細設定」>「IPv6パケットフィルタ設定」"),
	MAPS, DMZ, REMOTE, {0},
};

const struct web_question web_questions_ntt[] = {
	{"phone", NULL, N_("Is Hikari Denwa (the telephone) part of the contract?"), false, YES_NO},
	{"ipv6", NULL, N_("How does IPv6 reach the home behind the gateway?"), false, MODES},
	{"filter6", "「IPv6パケットフィルタ設定(IPoE)」>「IPv6ファイアウォール機能」", N_("Is the IPv6 firewall on?"), false, ON_OFF},
	{"level", "「IPv6パケットフィルタ設定(IPoE)」>「IPv6セキュリティのレベル」", N_("Which level of IPv6 security is chosen?"), false,
		{{"standard", "標準"}, {"high", "高度"}, UNKNOWN}},
	ENTRIES("「詳細設定」>「IPv6パケットフィルタ設定(IPoE)」"),
	MAPS, DMZ, REMOTE, {0},
};

const struct web_question web_questions_buffalo[] = {
	{"ipv6", "「IPv6接続方法」", N_("Which mode of IPv6 is chosen?"), false, MODES},
	{"filter6", NULL, N_("Is the IPv6 firewall (SPI) on: is what nobody at home asked for refused?"), false, ON_OFF},
	ENTRIES(NULL), MAPS, DMZ, REMOTE, {0},
};

/* Makers whose screens are not known closely: the same, without their words. */
const struct web_question web_questions_any[] = {
	{"ipv6", NULL, N_("Which mode of IPv6 is chosen?"), false, MODES},
	{"filter6", NULL, N_("Is the IPv6 firewall (SPI) on: is what nobody at home asked for refused?"), false, ON_OFF},
	ENTRIES(NULL), MAPS, DMZ, REMOTE, {0},
};
