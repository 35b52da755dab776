// SPDX-License-Identifier: GPL-2.0-or-later
/* Enums in ids for machines and words for people. */
#include "routers/brand.h"
#include "base/tr.h"

static const struct source sources[] = {
#define SRC(id, level, title, url, date) {#id, level, title, url, date},
#include "sources.def"
#undef SRC
};

const struct source *source_of(enum src s)
{
	return &sources[s];
}

const char *evidence_id(enum evidence e)
{
	switch (e) {
	case EV_RUN:		return "run";
	case EV_MANUAL:		return "manual";
	case EV_OWNER:		return "owner";
	case EV_UNVERIFIED:	return "unverified";
	}
	return "?";
}

const char *evidence_words(enum evidence e)
{
	switch (e) {
	case EV_RUN:		return _("tried out by us");
	case EV_MANUAL:		return _("from the manual or standard");
	case EV_OWNER:		return _("from an owner's report");
	case EV_UNVERIFIED:	return _("not verified");
	}
	return "?";
}

const char *cap_id(enum cap c)
{
	switch (c) {
	case CAP_FILTER6:	return "filter6";
	case CAP_ESP6:		return "esp6";
	case CAP_SUFFIX:	return "suffix";
	case CAP_NDPROXY:	return "ndproxy";
	case CAP_ESP_STATE:	return "esp_state";
	case CAP_ESP_MAP:	return "esp_map";
	case CAP_SOURCE:	return "source";
	case CAP_TEXT:		return "text";
	}
	return "?";
}

const char *cap_words(enum cap c)
{
	switch (c) {
	case CAP_FILTER6:	return _("filters IPv6 for the hosts behind it");
	case CAP_ESP6:		return _("can pass ESP to one IPv6 host");
	case CAP_SUFFIX:	return _("host rule survives a new IPv6 prefix");
	case CAP_NDPROXY:	return _("ND proxy (one /64 without a bridge)");
	case CAP_ESP_STATE:	return _("lets answers to outgoing ESP back in");
	case CAP_ESP_MAP:	return _("IPv4: can hand ESP to one host");
	case CAP_SOURCE:	return _("rule can name the sender");
	case CAP_TEXT:		return _("settings can be pasted as text");
	}
	return "?";
}

const char *answer_id(enum answer a)
{
	switch (a) {
	case ANS_UNKNOWN:	return "unknown";
	case ANS_YES:		return "yes";
	case ANS_NO:		return "no";
	}
	return "?";
}

const char *answer_words(enum answer a)
{
	switch (a) {
	case ANS_UNKNOWN:	return _("not known");
	case ANS_YES:		return _("yes");
	case ANS_NO:		return _("no");
	}
	return "?";
}

const char *verdict_id(enum verdict_kind v)
{
	switch (v) {
	case CAN_YES:	return "yes";
	case CAN_IF:	return "if";
	case CAN_OUT:	return "outgoing-only";
	case CAN_NO:	return "no";
	case CAN_ASK:	return "unknown-line";
	}
	return "?";
}

const char *verdict_words(enum verdict_kind v)
{
	switch (v) {
	case CAN_YES:	return _("This line can carry it.");
	case CAN_IF:	return _("This can work, on one condition.");
	case CAN_OUT:	return _("Only connections that the device starts itself work here.");
	case CAN_NO:	return _("It cannot work this way; no setting below would help.");
	case CAN_ASK:	return _("First find out which line this is.");
	}
	return "?";
}

const char *section_words(enum section sec)
{
	switch (sec) {
	case SEC_VERDICT:	return _("Can it work?");
	case SEC_BEFORE:	return _("Before you begin");
	case SEC_SET:		return _("Settings");
	case SEC_UNDO:		return _("To take it back");
	case SEC_VERIFY:	return _("To verify");
	}
	return "?";
}

const char *line_words(enum line_kind k)
{
	switch (k) {
	case LINE_AUTO:		return _("line not said");
	case LINE_FLETS_RA:	return _("FLET'S Hikari without Hikari Denwa (RA, one /64)");
	case LINE_FLETS_PD:	return _("FLET'S Hikari with Hikari Denwa, or Hikari Cross (delegated prefix)");
	case LINE_HGW:		return _("behind an NTT home gateway");
	case LINE_DHCP4:	return _("global IPv4 by DHCP (au Hikari, J:COM, older NURO and the like)");
	case LINE_PPPOE4:	return _("global IPv4 by PPPoE");
	case LINE_MAPE:		return _("MAP-E (v6 Plus, OCN Virtual Connect, newer NURO: shared IPv4)");
	case LINE_DSLITE:	return _("DS-Lite (transix, Xpass, v6 Connect: carrier NAT)");
	case LINE_PRIVATE4:	return _("private or carrier-NAT IPv4 (flats, some cable TV)");
	case LINE_IPIP:		return _("fixed global IPv4 over IPv6 (IPIP)");
	}
	return "?";
}
