/* flash.c - see flash.h. */
#include "control/flash.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

const char *flash_keep(struct flash *flash, const char *text)
{
	size_t at = flash->next;
	uint64_t key;
	char *copy = strdup(text);

	if (!copy || getrandom(&key, sizeof(key), 0) != sizeof(key)) {
		free(copy);
		return NULL;
	}
	flash->next = (at + 1) % FLASH_MAX;
	free(flash->notes[at].text);
	flash->notes[at].text = copy;
	snprintf(flash->notes[at].key, FLASH_KEY, "%016" PRIx64, key);
	return flash->notes[at].key;
}

const char *flash_find(const struct flash *flash, const char *key)
{
	for (size_t i = 0; i < FLASH_MAX; i++)
		if (flash->notes[i].text && strcmp(flash->notes[i].key, key) == 0)
			return flash->notes[i].text;
	return NULL;
}

void flash_done(struct flash *flash)
{
	for (size_t i = 0; i < FLASH_MAX; i++)
		free(flash->notes[i].text);
	memset(flash, 0, sizeof(*flash));
}
