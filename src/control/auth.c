/* auth.c - see auth.h. */
#include "control/auth.h"

#include "base/buf.h"
#include "control/sha1.h"
#include "ipc/control_messages.h"
#include "rpc/base64.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SHA_PREFIX "{SHA}"
#define CREDENTIALS_MAX 4096

bool auth_required(const struct control_server *server)
{
	return server->username && *server->username;
}

/* Digests are of one length, and one that is nearly right tells nothing about the other. */
bool auth_equal(const char *one, size_t none, const char *two, size_t ntwo)
{
	unsigned char a[SHA1_SIZE], b[SHA1_SIZE];
	unsigned char different = none != ntwo;

	sha1(one, none, a);
	sha1(two, ntwo, b);
	for (size_t i = 0; i < SHA1_SIZE; i++)
		different |= a[i] ^ b[i];
	return !different;
}

static bool password_is(const char *configured, const char *given, size_t len)
{
	char hex[2 * SHA1_SIZE + 1];
	unsigned char digest[SHA1_SIZE];

	if (strncmp(configured, SHA_PREFIX, strlen(SHA_PREFIX)) != 0)
		return auth_equal(configured, strlen(configured), given, len);
	sha1(given, len, digest);
	for (size_t i = 0; i < SHA1_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	configured += strlen(SHA_PREFIX);
	return auth_equal(configured, strlen(configured), hex, sizeof(hex) - 1);
}

static bool credentials_match(const struct control_server *server, const struct buf *credentials)
{
	const char *text = buf_str(credentials);
	const char *colon = memchr(text, ':', credentials->len);
	size_t user = colon ? (size_t)(colon - text) : 0;
	bool right;

	if (!colon)
		return false;
	/* both are looked at, so that the time does not tell whether the user exists */
	right = auth_equal(server->username, strlen(server->username), text, user);
	right &= password_is(server->password ? server->password : "", colon + 1,
			     credentials->len - user - 1);
	return right;
}

bool auth_accepts(const struct control_server *server, const char *authorization)
{
	struct buf credentials = { 0 };
	bool right = false;

	if (!auth_required(server))
		return true;
	if (!authorization || strncasecmp(authorization, "Basic ", 6) != 0)
		return false;
	authorization += 6;
	if (strlen(authorization) <= CREDENTIALS_MAX &&
	    base64_decode(&credentials, authorization, strlen(authorization)) == 0)
		right = credentials_match(server, &credentials);
	if (credentials.data)
		explicit_bzero(credentials.data, credentials.len);
	buf_done(&credentials);
	return right;
}
