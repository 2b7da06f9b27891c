/* image.h - where the variables of our own program are in another process that runs the same one.
 * Runs in: tracer, and a zygote's program started with --stack. */
#ifndef TRACER_IMAGE_H
#define TRACER_IMAGE_H

#include <stdint.h>
#include <sys/types.h>

struct error;

/* Addresses in the other process.  The tracer is a fork of what it traces: they are its own. */
struct image {
	uintptr_t runtime;   /* _PyRuntime */
	uintptr_t code_type; /* PyCode_Type */
};

void image_own(struct image *image);

/* The same objects in process pid, which has mapped the same files, perhaps elsewhere.  0 or -errno
 * with err; -ENOEXEC: it has not. */
int image_find(struct image *image, pid_t pid, struct error *err);

#endif
