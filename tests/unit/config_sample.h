/* config_sample.h - a configuration in a directory of its own, and what is said about it, for its
 * tests. */
#ifndef CONFIG_SAMPLE_H
#define CONFIG_SAMPLE_H

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"
#include "config/config.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "[program:p]\ncommand=x\n"

static char directory[64];
static char path[128];
static struct config *config;
static struct buf messages;

static void write_file(const char *name, const char *text)
{
	char file[192];
	CLEANUP_FD int fd = -1;

	snprintf(file, sizeof(file), "%s/%s", directory, name);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static void sample_start(void)
{
	strcpy(directory, "/tmp/test-config-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/main.conf", directory);
	memset(&messages, 0, sizeof(messages));
	config = NULL;
}

static void sample_stop(void)
{
	char command[128];

	config_free(config);
	buf_done(&messages);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static int load(const char *text)
{
	write_file("main.conf", text);
	return config_load(path, &config, &messages);
}

static void load_clean(const char *text)
{
	ck_assert_msg(load(text) == 0, "%s", buf_str(&messages));
	ck_assert_str_eq(buf_str(&messages), "");
}

static void says(const char *text)
{
	ck_assert_msg(strstr(buf_str(&messages), text) != NULL, "\"%s\" is not in:\n%s", text,
		      buf_str(&messages));
}

#endif
