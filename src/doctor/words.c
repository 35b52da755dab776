// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables: lines, checks, causes. Never renumber: codes read on the phone refer
 * to them. Screen names are those of the makers' manuals; where only a user's
 * report names one, "kadomori routers" says so.
 */
#include "doctor/doctor.h"
#include "base/tr.h"

#include <errno.h>
#include <strings.h>

static const struct {
	const char *code, *name;
} lines[DLINE_MAX] = {
	[DLINE_UNKNOWN] = {"U0", N_("a line not recognised")},
	[DLINE_FLETS] = {"N1", N_("FLET'S Hikari without Hikari Denwa (IPv6 by RA)")},
	[DLINE_FLETS_PHONE] = {"N2", N_("FLET'S Hikari with Hikari Denwa (IPv6 prefix delegated)")},
	[DLINE_HGW] = {"H1", N_("behind an NTT home gateway")},
	[DLINE_HGW_NO_PHONE] = {"H2", N_("behind an NTT home gateway without Hikari Denwa")},
	[DLINE_CROSS] = {"C1", N_("FLET'S Hikari Cross")},
	[DLINE_V6PLUS] = {"M1", N_("v6 Plus (MAP-E)")},
	[DLINE_OCN] = {"M2", N_("OCN Virtual Connect (MAP-E)")},
	[DLINE_BIGLOBE] = {"M3", N_("BIGLOBE IPv6 option (MAP-E)")},
	[DLINE_NURO] = {"M4", N_("NURO (MAP-E)")},
	[DLINE_TRANSIX] = {"D1", N_("transix (DS-Lite)")},
	[DLINE_XPASS] = {"D2", N_("Xpass (DS-Lite)")},
	[DLINE_V6CONNECT] = {"D3", N_("v6 connect (DS-Lite)")},
	[DLINE_PPPOE] = {"P1", N_("PPPoE (IPv4)")},
	[DLINE_AU] = {"A1", N_("au Hikari")},
	[DLINE_JCOM] = {"J1", N_("J:COM NET")},
	[DLINE_GLOBAL4] = {"G4", N_("a global IPv4 address by DHCP")},
	[DLINE_PRIVATE4] = {"R4", N_("a private IPv4 address (carrier NAT or a second router)")},
	[DLINE_NGN_ONLY] = {"N0", N_("FLET'S closed network only, no IPv6 provider")},
};

const char *doctor_line_code(enum doctor_line l)
{
	return l < DLINE_MAX ? lines[l].code : "U0";
}

const char *doctor_line_name(enum doctor_line l)
{
	return _(lines[l < DLINE_MAX ? l : DLINE_UNKNOWN].name);
}

int doctor_line_parse(const char *s, enum doctor_line *ret)
{
	for (int i = 0; i < DLINE_MAX; i++)
		if (!strcasecmp(s, lines[i].code)) {
			*ret = (enum doctor_line)i;
			return 0;
		}
	return -EINVAL;
}

struct cause {
	const char *why, *todo;
};

/* Said often enough to be one text. */
#define PASS_UDP500 \
	N_("Let UDP port 500 pass for this device only. NTT home gateway: 詳細設定 > IPv6パケットフィルタ設定(IPoE). NEC Aterm: 詳細設定 > IPv6パケットフィルタ設定 > WAN > 追加, 種別 通過, プロトコル UDP, port 500. \"kadomori settings\" writes all steps for your router.")
#define PASS_ESP \
	N_("Let protocol number 50 (ESP) pass to this device only. NTT home gateway: 詳細設定 > IPv6パケットフィルタ設定(IPoE). NEC Aterm: 詳細設定 > IPv6パケットフィルタ設定 > WAN > 追加, 種別 通過, 方向 in, プロトコル その他 50. Yamaha: ipv6 filter ... pass * DEVICE esp in the secure filter of the WAN, not a dynamic filter. \"kadomori settings\" writes all steps for your router.")
#define PASS_FRAGMENTS \
	N_("Switch off what is called \"block fragments\" in the router's attack protection, or let fragments to this device pass. \"kadomori settings\" writes all steps for your router.")

static const struct {
	const char *id, *name;
	struct cause cause[CAUSES_MAX];
} checks[CHECK_MAX] = {
	[CHECK_LINK] = {"L01", N_("link"), {
		[1] = {N_("There is no signal on the cable."),
			N_("Plug the cable in at both ends, look at the lamps, try another cable or LAN port.")}}},
	[CHECK_ADDRESS] = {"A02", N_("address"), {
		[1] = {N_("The router gave this machine no address, or no way out."),
			N_("Restart the router, then this machine. On FLET'S: is the IPv6 option (フレッツ・v6オプション) contracted? Buffalo: IPv6接続方法 must not be 使用しない; choose NDプロキシを使用.")},
		[2] = {N_("The address is shared with other homes (100.64.0.0/10, carrier NAT): nobody outside can reach you by IPv4, and ESP cannot tell the homes apart."),
			N_("Use IPv6 for the device, or ask the provider for a global IPv4 address. No setting of your router can change this.")},
		[3] = {N_("The gateway's own outside address is a private one: there is another router in front of it (double NAT)."),
			N_("Use one router only: set this one to access point mode (APモード), or open UDP 500, UDP 4500 and protocol 50 on both, the outer one towards the inner one.")},
		[4] = {N_("IPv4 on this line is shared by MAP-E or DS-Lite: port 500 never belongs to your home, and ESP has no port at all."),
			N_("Use IPv6 for the device. With IPv4 only NAT traversal (UDP 4500, started from inside) can work. No port mapping can help.")},
		[5] = {N_("This address belongs to NTT's closed network: no IPv6 provider is contracted on the line."),
			N_("Ask your provider for IPv6 (IPoE). A device whose peer stands inside the closed network may work all the same.")}}},
	[CHECK_DNS] = {"D03", N_("DNS"), {
		[1] = {N_("Names cannot be looked up: the device does not find its peer."),
			N_("Restart the router. Then look at its DNS setting: it should take the line's own name servers (自動取得).")},
		[2] = {N_("The name server works, but cannot or will not look names up."),
			N_("Set the router to the line's own name servers (自動取得), and ask the provider if it stays.")}}},
	[CHECK_IKE] = {"K04", N_("IKE_SA_INIT"), {
		[1] = {N_("The first message of IPsec gets no answer. Without a reflector outside it cannot be told where it is lost."),
			PASS_UDP500},
		[2] = {N_("UDP/500 is stopped on the way out: by the router or the line."),
			PASS_UDP500},
		[3] = {N_("Answers to UDP/500 are stopped on the way in, although this side asked."),
			PASS_UDP500},
		[4] = {N_("Your line and router let IKE through. The peer does not answer."),
			N_("Nothing is to be changed at home. Tell the operator of the peer, with the code below.")}}},
	[CHECK_PORTS] = {"P05", N_("ports and addresses unchanged"), {
		[1] = {N_("Something rewrites IPv6 packets (NAT66, NPTv6): rules by address outside will not fit."),
			N_("Switch IPv6 address translation off in the router.")},
		[2] = {N_("The router changes the source port 500. A peer that answers to port 500 only will not be heard, and a second device is likely the one that has it."),
			N_("Map UDP 500 to this device (often named 静的IPマスカレード or ポートマッピング), or give the port to it alone. pfSense, OPNsense: outbound NAT with static port.")}}},
	[CHECK_FULL] = {"M06", N_("full-size packets"), {
		[1] = {N_("Packets of full size vanish on the way out and no ICMP comes back: an MTU black hole. Small tests work, the tunnel hangs."),
			N_("Let ICMPv6 type 2 (Packet Too Big) and ICMP type 3 pass. Set the MTU of the WAN to the line's: PPPoE 1454, IPv4 over IPv6 1460, else 1500.")},
		[2] = {N_("Packets of full size vanish on the way in: an MTU black hole outside."),
			N_("Set the MTU that the router announces on the LAN to the line's: PPPoE 1454, IPv4 over IPv6 1460, else 1500. If that is right, tell the provider.")}}},
	[CHECK_FRAGMENTS] = {"F07", N_("fragments of UDP/500"), {
		[1] = {N_("Fragments are dropped on the way out. IKE_AUTH with certificates is larger than one packet: the tunnel starts and never comes up."),
			PASS_FRAGMENTS},
		[2] = {N_("Fragments are dropped on the way in. IKE_AUTH with certificates is larger than one packet: the tunnel starts and never comes up."),
			PASS_FRAGMENTS}}},
	[CHECK_ESP_OUT] = {"E08", N_("ESP out"), {
		[1] = {N_("ESP (protocol 50) is stopped on the way out."), PASS_ESP},
		[2] = {N_("ESP in fragments is stopped on the way out: large data will hang."),
			PASS_FRAGMENTS},
		[3] = {N_("Two devices behind one IPv4 address speak ESP to the same peer; plain NAT has room for one only."),
			N_("Use IPv6, or NAT traversal (UDP 4500) for all but one device, or a gateway that tells ESP apart by SPI (kadomorid does).")},
		[4] = {N_("Behind IPv4 NAT ESP itself is stopped. A device with NAT traversal does not need it; one without will not work."),
			N_("If the device works, leave it. If not, map protocol 50 (ESP) to it in the router.")}}},
	[CHECK_ESP_IN] = {"E09", N_("ESP in"), {
		[1] = {N_("The router answers for TCP and UDP, but its stateful inspection (SPI) does not know ESP: what comes back is dropped. IKE works, then no data."),
			PASS_ESP},
		[2] = {N_("ESP in fragments is stopped on the way in: large data will hang."),
			PASS_FRAGMENTS},
		[3] = {N_("Behind IPv4 NAT ESP does not come back. A device with NAT traversal does not need it; one without will not work."),
			N_("If the device works, leave it. If not, map protocol 50 (ESP) to it in the router.")}}},
	[CHECK_NATT] = {"N10", N_("NAT-T keep-alive"), {
		[1] = {N_("UDP/4500 does not pass: behind NAT the device cannot work."),
			N_("Let UDP port 4500 pass for this device, outwards and the answers inwards.")},
		[2] = {N_("The router forgets UDP too soon. A device keeps its tunnel open with one packet in 20 s; calls do not come in, or the tunnel dies when idle."),
			N_("Raise the router's UDP timer (often named NAPTタイマー or UDPタイムアウト) to 120 s or more. NEC Aterm: その他の設定 > NAPT設定.")}}},
	[CHECK_REKEY] = {"R11", N_("rekey"), {
		[1] = {N_("The router remembers single SPIs: as soon as keys are renewed, data stops."),
			PASS_ESP},
		[2] = {N_("After silence the peer's own UDP/500 is not let in: it cannot renew keys or look whether the device lives, and ends the tunnel."),
			PASS_UDP500},
		[3] = {N_("After silence ESP is not let in: the tunnel is up and calls do not come in."),
			PASS_ESP}}},
	[CHECK_TWO] = {"T12", N_("two devices behind one address"), {
		[1] = {N_("The kernel refused connections because another one looks the same from outside: two devices behind plain NAT speak ESP to the same peer. The second gets no data."),
			N_("Use IPv6, or NAT traversal (UDP 4500) for all but one device, or let kadomorid tell ESP apart by SPI.")}}},
	[CHECK_EXPOSED] = {"X13", N_("exposure"), {
		[1] = {N_("Everybody outside reaches this machine: an IPv6 bridge (IPv6ブリッジ, IPv6パススルー) is on, or the IPv6 firewall is off. All machines at home stand open, the femtocell's own web page too (CVE-2022-26834)."),
			N_("Switch the IPv6 bridge off, whoever told you to switch it on. Buffalo: IPv6接続方法 > NDプロキシを使用. NEC Aterm: 基本設定 > IPv6動作モード, not IPv6ブリッジ. Then let only UDP 500 and protocol 50 pass, to the one device (\"kadomori settings\").")},
		[2] = {N_("A service of this machine answers to anybody outside."),
			N_("Take the rule or port mapping away that lets it in, unless you made it on purpose.")},
		[3] = {N_("The NTT home gateway lets strangers in: its IPv6 firewall is off, or its level is 標準, which lets in every other FLET'S subscriber."),
			N_("詳細設定 > IPv6パケットフィルタ設定(IPoE) > セキュリティモード: IPv6ファイアウォール機能 有効, IPv6セキュリティのレベル 高度 (標準 lets all other FLET'S subscribers in). Then add two rows for the device: UDP 500 and protocol 50. Without Hikari Denwa this filter has no effect: then put a gateway of your own behind it.")},
		[4] = {N_("On an NTT home gateway without Hikari Denwa the IPv6 packet filter has no effect, whatever its page shows."),
			N_("Put a router or gateway of your own behind it, which filters IPv6 (kadomorid, or one of \"kadomori routers\").")}}},
	[CHECK_RULES] = {"V14", N_("loaded rules"), {
		[1] = {N_("Somebody changed the loaded rules: they let in what the configuration does not."),
			N_("\"kadomori verify\" shows the packets; \"kadomori down\" and \"kadomori up\" load the rules anew. Then look for what changed them.")},
		[2] = {N_("Somebody changed the loaded rules: they stop what the configuration lets pass."),
			N_("\"kadomori verify\" shows the packets; \"kadomori down\" and \"kadomori up\" load the rules anew. Then look for what changed them.")},
		[3] = {N_("The gate's rules are gone: nothing filters."),
			N_("\"kadomori down\" closes forwarding, \"kadomori up\" loads the rules and opens it.")}}},
};

const char *doctor_check_id(enum doctor_check c)
{
	return c < CHECK_MAX ? checks[c].id : "?";
}

const char *doctor_check_name(enum doctor_check c)
{
	return c < CHECK_MAX ? _(checks[c].name) : "?";
}

const char *doctor_why(enum doctor_check c, unsigned cause)
{
	if (c >= CHECK_MAX || cause >= CAUSES_MAX || !checks[c].cause[cause].why)
		return NULL;
	return _(checks[c].cause[cause].why);
}

const char *doctor_todo(enum doctor_check c, unsigned cause)
{
	if (c >= CHECK_MAX || cause >= CAUSES_MAX || !checks[c].cause[cause].todo)
		return NULL;
	return _(checks[c].cause[cause].todo);
}

const char *doctor_verdict_name(enum doctor_verdict v)
{
	switch (v) {
	case DOCTOR_OK:	       return "OK";
	case DOCTOR_FAIL:      return "FAIL";
	case DOCTOR_SKIP:      return "SKIP";
	case DOCTOR_UNDECIDED: return "UNDECIDED";
	}
	return "?";
}
