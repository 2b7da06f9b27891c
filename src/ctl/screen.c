/* screen.c - see screen.h. */
#include "ctl/screen.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ENTER "\033[?1049h\033[?25l\033[H\033[2J" /* alternate screen, no cursor, empty */
#define LEAVE "\033[?25h\033[?1049l"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP };

/* Signal handlers take no argument of ours: what they need is here. */
static struct {
	bool live;
	struct termios before, ours;
	struct sigaction actions[ARRAY_LEN(signals)]; /* as they were */
	volatile sig_atomic_t end;                    /* the signal that ends us; 0: none */
	volatile sig_atomic_t resized, suspended;
} screen;

/* ---- the terminal; called by signal handlers too ---- */

static void enter(void)
{
	if (!screen.live)
		return;
	(void)tcsetattr(0, TCSADRAIN, &screen.ours);
	(void)!write(1, ENTER, strlen(ENTER));
}

static void leave(void)
{
	if (!screen.live)
		return;
	(void)!write(1, LEAVE, strlen(LEAVE));
	(void)tcsetattr(0, TCSAFLUSH, &screen.before);
}

/* ---- signals ---- */

/* The first one is taken when the answer is there.  A second one does not wait for a supervisor
 * that does not answer. */
static void on_signal(int signum)
{
	int before = errno;

	if (signum == SIGWINCH) {
		screen.resized = 1;
	} else if (signum == SIGTSTP) {
		screen.suspended = 1;
	} else if (!screen.end) {
		screen.end = signum;
	} else {
		leave();
		_exit(128 + signum);
	}
	errno = before;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		sigaction(signals[i], NULL, &screen.actions[i]);
		if (screen.actions[i].sa_handler != SIG_IGN) /* by nohup(1), by a shell */
			sigaction(signals[i], &action, NULL);
	}
}

static void release_signals(void)
{
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &screen.actions[i], NULL);
}

/* ^Z: the shell gets its terminal as it was, and we ours when we go on.  Not by SIGSTOP: where
 * there is no shell that could let us go on, the kernel ignores the default action of SIGTSTP. */
static void suspend(void)
{
	struct sigaction stop = { .sa_handler = SIG_DFL }, ours;
	sigset_t only, before;

	screen.suspended = 0;
	sigemptyset(&only);
	sigaddset(&only, SIGTSTP);
	leave();
	sigaction(SIGTSTP, &stop, &ours);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &only, &before); /* here we stop */
	sigprocmask(SIG_SETMASK, &before, NULL);
	sigaction(SIGTSTP, &ours, NULL);
	enter();
	screen.resized = 1;
}

/* ---- for others ---- */

void screen_open(bool live)
{
	memset(&screen, 0, sizeof(screen));
	screen.live = live && tcgetattr(0, &screen.before) == 0;
	screen.ours = screen.before;
	screen.ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	screen.ours.c_cc[VMIN] = 1;
	screen.ours.c_cc[VTIME] = 0;
	catch_signals();
	enter();
}

void screen_close(void)
{
	leave();
	release_signals();
	if (screen.end && screen.end != SIGINT)
		raise(screen.end);
}

void screen_size(int *ret_width, int *ret_height)
{
	struct winsize size;
	bool known = ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;

	*ret_width = known ? size.ws_col : 80;
	*ret_height = known ? size.ws_row : 24;
}

/* In one piece, so that it does not flicker; each line clears what was behind it. */
void screen_draw(const char *text)
{
	struct buf out = { 0 };

	buf_addstr(&out, "\033[H");
	for (; *text; text++) {
		if (*text == '\n')
			buf_addstr(&out, "\033[K\n");
		else
			buf_addch(&out, *text);
	}
	buf_addstr(&out, "\033[K\033[J");
	(void)fd_write_all(1, buf_str(&out), out.len);
	buf_done(&out);
}

static enum screen_event take_key(char *ret_key)
{
	ssize_t n = read(0, ret_key, 1);

	if (n == 1)
		return SCREEN_KEY;
	return n < 0 && (errno == EINTR || errno == EAGAIN) ? SCREEN_RESIZED : SCREEN_END;
}

/* With the signals blocked but while it waits: none comes between a look and the wait. */
static enum screen_event wait_blocked(int timeout_ms, const sigset_t *during, char *ret_key)
{
	struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	struct pollfd input = { .fd = screen.live ? 0 : -1, .events = POLLIN };
	int n = 0;

	if (!screen.end && !screen.resized && !screen.suspended)
		n = ppoll(&input, 1, &timeout, during);
	if (screen.suspended)
		suspend();
	if (screen.end)
		return SCREEN_END;
	if (screen.resized || n < 0) {
		screen.resized = 0;
		return SCREEN_RESIZED;
	}
	return n > 0 ? take_key(ret_key) : SCREEN_TIME;
}

enum screen_event screen_wait(int timeout_ms, char *ret_key)
{
	enum screen_event event;
	sigset_t ours, before;

	sigemptyset(&ours);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaddset(&ours, signals[i]);
	sigprocmask(SIG_BLOCK, &ours, &before);
	event = wait_blocked(timeout_ms, &before, ret_key);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return event;
}
