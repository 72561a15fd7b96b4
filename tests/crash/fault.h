/*
 * fault: a system-call table that counts every call and fails, or dies at, the one it is told.
 *
 * In a test:
 *     fault_install();                                  sys is the counting table from now on
 *     fault = (struct fault){.at = 17, .errnum = EIO};  the 17th call fails with EIO
 *     fault = (struct fault){.call = "fsync", .at = 2, .errnum = EIO, .forever = true};
 *     fault = (struct fault){.at = 17, .die = true};    the process ends before the 17th call
 *     fault.before = edit;                              called before every call, for foreign edits
 *
 * Linked into a whole program it installs itself when KEYRETIRE_FAULT is set:
 *     KEYRETIRE_FAULT=17:EIO                the 17th call of any kind
 *     KEYRETIRE_FAULT=fsync:2:EIO           the 2nd fsync
 *     KEYRETIRE_FAULT=fsync:2:EIO:forever   and every later one
 *     KEYRETIRE_FAULT=17:KILL               kill -9 before the 17th call
 *     KEYRETIRE_FAULT=17:LATER              from the 17th call on the clock is thirty days ahead
 *     KEYRETIRE_FAULT=17:STOP               stopped before the 17th call; kill -CONT lets it go on
 *     KEYRETIRE_FAULT_LOG=FILE              one line a call, "NUMBER NAME", in call order
 *
 * Counted are the calls that can fail and touch the machine; clock, names and process ids are not.
 */
#ifndef TESTS_CRASH_FAULT_H
#define TESTS_CRASH_FAULT_H

#include "common/sys.h"

struct fault {
    const char *call; /* NULL: any */
    unsigned long at; /* 1 is the first; 0 never */
    int errnum;
    bool forever;
    bool die;
    bool stop;
    bool later;
    unsigned long seen;  /* calls that fit so far */
    unsigned long total; /* calls of any kind so far */
    bool leave_out;      /* not failed: reported as done, and not done (calls that give 0) */
    void (*before)(const char *call, unsigned long number);
    void (*fsync_failed)(int fd); /* that fsync was the one to fail */
};

extern struct fault fault;

void fault_install(void);
/* The same around another table than the real one. */
void fault_install_over(const struct sys_ops *table);
/* "name:2:EIO:forever" and so on; false when it does not read. `spec` is kept. */
bool fault_parse(char *spec, struct fault *f);

#endif
