/* fcgi.h - the sockets of [fcgi-program:*]: one for all processes of a program, open while one of
 * them lives or will be started again.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_FCGI_H
#define SUPERVISOR_FCGI_H

struct config_program;
struct error;
struct fcgi;

/* One that is open; those who hold it share it.  `sockets` is the list of all, NULL at first. */

/* The program's socket, which is bound if nobody holds it yet.  NULL with err and errno. */
struct fcgi *fcgi_acquire(struct fcgi **sockets, const struct config_program *program,
			  struct error *err);
void fcgi_release(struct fcgi **sockets,
		  struct fcgi *fcgi); /* the last one closes it; NULL: legal */
int fcgi_fd(const struct fcgi *fcgi); /* borrowed */

#endif
