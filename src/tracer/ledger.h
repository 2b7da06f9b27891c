/* ledger.h - what the audit has seen being created, by whom and where: fds, mappings, locks,
 * threads, processes. Runs in: tracer.
 *
 * close(2) is not traced.  Of an fd number the newest record wins, and at the end the survivors in
 * /proc are matched against the records; so memory is bounded by the highest fd number, not by the
 * number of calls. */
#ifndef TRACER_LEDGER_H
#define TRACER_LEDGER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pystack;
struct call;

/* What a call can have made: guards against a number that was used again unseen. */
enum record_class { RECORD_ANY, RECORD_PATH, RECORD_SOCKET, RECORD_PIPE, RECORD_ANON };

/* One creation.  Counted, because copies of an fd keep the record that they descend from. */
struct record {
	unsigned refs;
	int fd;              /* CALL_MAP: -1 */
	const char *syscall; /* static */
	enum record_class class;
	pid_t tid;
	char *thread;          /* owned; its name then, NULL: only the kernel's name is known */
	struct pystack *stack; /* owned reference; NULL: no Python on that thread's stack */
	struct record *parent; /* owned reference: the fd this one is a copy of, or NULL */
	uintptr_t address;     /* of a mapping */
};

struct record *record_new(void); /* one reference; NULL: out of memory */
struct record *record_ref(struct record *record);
void record_unref(struct record *record);

struct ledger {
	struct record **fds; /* owned; by fd number */
	size_t nfds;
	struct record **maps; /* owned; in time order */
	size_t nmaps, maps_cap;
	struct record **locks; /* owned; by fd number */
	size_t nlocks;
	uint64_t events; /* fd creations seen */
};

void ledger_done(struct ledger *ledger);
/* Each takes the record over and drops an older one of the same fd number or address.  0 or -errno.
 */
int ledger_add_fd(struct ledger *ledger, struct record *record);
int ledger_add_lock(struct ledger *ledger, struct record *record);
int ledger_add_map(struct ledger *ledger, struct record *record);

/* Borrowed, or NULL. */
struct record *ledger_fd(const struct ledger *ledger, int fd);
struct record *ledger_lock(const struct ledger *ledger, int fd);
struct record *ledger_map(const struct ledger *ledger, uintptr_t start,
			  uintptr_t end); /* the newest inside */

#endif
