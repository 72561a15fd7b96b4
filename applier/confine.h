/*
 * confine: what keyretire gives up before it reads what others wrote.
 *
 * Reports, plans, signatures, journals, archives and configuration files are read by parsers, as
 * root where the configuration is root's. A fault in one of them must not reach the network, start
 * a program or write where the command has nothing to do. In two steps:
 *
 *     confine_calls(cli, err)              main's hook, before a command runs: a keeper that starts
 *                                          ssh-keygen and age for us and nothing else
 * (common/child.h), then no sockets, no programs, no new processes confine_about(&plan), ... what
 * else is needed: the files that a plan names confine_files(cli, use, &state)      as soon as it is
 * known which files the command is about
 *
 * confine_files leaves: for reading, what the options name, the folders of the configuration files
 * (a look at what lies beside them), the policy and its lists, the plan's folder with its
 * signatures, and /proc (mounts); for writing, -o's folder and, in a command that changes, the
 * state folder, the backup folder and the folders of the configuration files that the options, the
 * plan or a journal name. Only the first call has an effect; later ones could only take away more.
 *
 * A command that needs another program gives the keeper a rule; one that reads another kind of file
 * adds its option to the list in confine.c.
 *
 * What it has to say also goes to --log-file, so it comes after cli_spares.
 *
 * Where the kernel has no seccomp that is warned of; where it has no Landlock, -v says so.
 * Errors: ERR_SYSTEM 160. Threads: one. Source: common/sandbox.h.
 */
#ifndef APPLIER_CONFINE_H
#define APPLIER_CONFINE_H

#include "applier/plan.h"
#include "applier/state.h"
#include "common/cli/cli.h"

enum confine_use {
    CONFINE_LOOK,  /* reads */
    CONFINE_SIGN,  /* and writes beside the plan */
    CONFINE_CHANGE /* and changes the configuration files and the state folder */
};

bool confine_calls(struct cli *cli, struct err *err);
/* Kept; it has to live as long as the command. */
void confine_about(const struct plan *plan);
/* One more configuration file, as the user named it. */
void confine_target(const char *path);
/* The plan that is read, with what lies beside it; "-" for standard input. */
void confine_beside(const char *plan_path);
/* `state` is NULL where none is open; with STATE_CHANGE it is locked, so that its journals are all
 * there are. */
void confine_files(struct cli *cli, enum confine_use use, struct state *state);

#endif
