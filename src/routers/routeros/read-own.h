/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the RouterOS reader. */
#ifndef KADOMORI_ROUTEROS_READ_OWN_H
#define KADOMORI_ROUTEROS_READ_OWN_H

#include "routers/brand.h"
#include "routers/capture.h"

int routeros_looks(const char *text);
int routeros_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);

/* mend.c */
void routeros_mend(const struct mender *m, struct mends *ret);

/* ---- script.c: an export as commands ---- */

struct ros_arg {
	char *key, *value; /* value "" when there is no '=' */
};

/* "/ip firewall filter" "add" chain=forward action=drop */
struct ros_cmd {
	unsigned no;	/* line of the file */
	char *text;	/* joined, with its path when that stood above */
	char *path, *verb;
	struct ros_arg *v;
	size_t n, cap;
};

struct ros_script {
	struct ros_cmd *v;
	size_t n, cap;
	/* lines that are no command */
	struct capture_line *odd;
	size_t odd_n, odd_cap;
};

void ros_script_read(const char *text, struct ros_script *ret);
void ros_script_done(struct ros_script *s);
/* The value of a key, or NULL. */
const char *ros_get(const struct ros_cmd *c, const char *key);
bool ros_is(const struct ros_cmd *c, const char *key, const char *value);

/* ---- what is known of the router besides its rules ---- */

struct ros_pair {
	const char *list, *name; /* of the script */
	enum family fam;
	const struct ros_cmd *cmd;
};

struct ros {
	const struct read_hints *h;
	struct pipeline *pl;
	struct ros_script script;
	struct ros_pair *members, *addresses, *ports;
	size_t member_n, member_cap, address_n, address_cap, port_n, port_cap;
	const char **wans;
	size_t wan_n, wan_cap;
	bool wan_list;	/* some rule speaks of a list WAN */
	bool ipsec;	/* the router ends IPsec itself */
	bool has6;	/* something gives it IPv6 */
	bool whole;	/* the export has more than the firewall */
	bool translates; /* some srcnat line */
	bool bridge_fw;	/* use-ip-firewall=yes */
	const struct ros_cmd *no6, *no4; /* lines that switch a family off */
};

enum { ROS_WAN = 1, ROS_LAN = 2, ROS_UNSURE = 4 };
/* Sides that an interface, or the members of a list, stand on. */
unsigned ros_iface_sides(const struct ros *r, const char *name);
unsigned ros_list_sides(const struct ros *r, const char *name);
/* PPPoE runs on it, and no packet of that family comes in by itself. */
bool ros_under(const struct ros *r, const char *name, enum family fam);
/* Is every line of the router in that list (or is it that one interface)? */
bool ros_all_lines(const struct ros *r, const char *list, enum family fam);

/* ---- read-rule.c ---- */

/* One "add" of a filter or raw table. */
void ros_rule(struct ros *r, const struct ros_cmd *c, enum family fam,
	const char *table);
void ros_nat(struct ros *r, const struct ros_cmd *c, enum family fam);
/* "ip6 filter forward"; caller frees. */
char *ros_chain(enum family fam, const char *table, const char *name);

#endif
