/* main_log.c - see main_log.h. */
#include "supervisor/main_log.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "config/config.h"
#include "supervisor/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ROOM (1 << 20) /* bytes; what the logger may be away for */

static bool is_syslog(const struct main_log *main_log)
{
	return main_log->daemon->logfile && strcmp(main_log->daemon->logfile, "syslog") == 0;
}

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
}

int main_log_open(struct main_log *main_log, const struct config_daemon *daemon, bool background,
		  struct error *err)
{
	struct main_log made = MAIN_LOG_NONE;
	const char *path = daemon->logfile;
	int own = path ? output_own_fd(path) : -1, fd = own;

	made.daemon = daemon;
	made.mirror = background || daemon->silent ? -1 : 1;
	if (own == 1) {
		made.mirror = 1;
		fd = -1; /* once is enough */
	} else if (path && own < 0 && !is_syslog(&made)) {
		fd = made.file = open_file(path);
		if (fd < 0)
			return error_set(err, "cannot open logfile %s: %s", path, strerror(errno));
	}
	log_open(fd, made.mirror, (enum log_level)daemon->loglevel);
	fd_close(&main_log->file); /* of the life before a restart */
	*main_log = made;
	return 0;
}

bool main_log_is_logged(const struct main_log *main_log)
{
	return main_log->file >= 0 || is_syslog(main_log);
}

int main_log_pipe(struct main_log *main_log, int ends[2], struct error *err)
{
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		ends[0] = ends[1] = -1;
		return error_set(err, "cannot make the main log's pipe: %s", strerror(errno));
	}
	(void)fcntl(ends[1], F_SETPIPE_SZ, ROOM); /* less does as well */
	main_log->ends[0] = ends[0];
	main_log->ends[1] = ends[1];
	if (main_log->file < 0)
		log_to(ends[1], main_log->mirror); /* it waits there for the logger */
	return 0;
}

struct log_stream main_log_stream(const struct main_log *main_log)
{
	const struct config_daemon *daemon = main_log->daemon;

	return (struct log_stream){
		.id = LOG_MAIN,
		.path = is_syslog(main_log) ? NULL : daemon->logfile,
		.maxbytes = daemon->logfile_maxbytes,
		.backups = daemon->logfile_backups,
		.period = daemon->logfile_period,
		.compress = daemon->logfile_compress,
		.syslog = is_syslog(main_log),
		.pid = (uint32_t)getpid(),
	};
}

void main_log_attach(struct main_log *main_log)
{
	if (main_log->attached)
		return;
	main_log->attached = true;
	log_to(main_log->ends[1], main_log->mirror);
	fd_close(&main_log->file);
}

void main_log_lost(struct main_log *main_log, const char *why)
{
	log_critical("the main log cannot be written by the logger: %s; %s", why,
		     main_log->attached ? "lines are kept in a pipe as long as there is room"
					: "the supervisor writes it itself, without rotation");
}

void main_log_close(struct main_log *main_log)
{
	char block[16384];
	ssize_t n;

	if (!main_log->daemon || main_log->ends[0] < 0)
		return;
	if (main_log->file < 0 && !is_syslog(main_log))
		main_log->file = open_file(main_log->daemon->logfile);
	log_to(main_log->file, main_log->mirror);
	while ((n = read(main_log->ends[0], block, sizeof(block))) > 0)
		if (main_log->file >= 0)
			(void)fd_write_all(main_log->file, block, (size_t)n);
	main_log->ends[0] = main_log->ends[1] = -1;
}
