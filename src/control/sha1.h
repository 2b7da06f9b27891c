/* sha1.h - SHA-1 (FIPS 180-4), for the {SHA} passwords of supervisord's configuration.
 * Runs in: control. */
#ifndef CONTROL_SHA1_H
#define CONTROL_SHA1_H

#include <stddef.h>

#define SHA1_SIZE 20

void sha1(const void *data, size_t len, unsigned char digest[SHA1_SIZE]);

#endif
