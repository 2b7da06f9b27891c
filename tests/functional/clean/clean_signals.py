import signal

signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGALRM, lambda number, frame: None)
signal.setitimer(signal.ITIMER_REAL, 0.001)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0)
signal.sigtimedwait([signal.SIGUSR1], 0.005)
signal.setitimer(signal.ITIMER_REAL, 0)
