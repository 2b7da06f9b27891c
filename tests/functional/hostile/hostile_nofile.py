import resource

resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
