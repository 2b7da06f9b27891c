/* namespec.c - see namespec.h. */
#include "control/namespec.h"

#include "base/buf.h"

#include <string.h>

bool namespec_is_group(const char *name, size_t *ret_len)
{
	const char *colon = strchr(name, ':');

	if (!colon || (colon[1] && strcmp(colon, ":*") != 0))
		return false;
	*ret_len = (size_t)(colon - name);
	return true;
}

char *namespec_join(const char *group, const char *name)
{
	struct buf text = { 0 };

	if (strcmp(group, name) != 0)
		buf_printf(&text, "%s:", group);
	buf_addstr(&text, name);
	return buf_steal(&text);
}
