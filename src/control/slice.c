/* slice.c - see slice.h. */
#include "control/slice.h"

#include "base/buf.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

/* A device or a pipe has no size, and could block for ever. */
static int file_size(int fd, int64_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESPIPE;
	*ret_size = st.st_size;
	return 0;
}

static int read_range(int fd, int64_t offset, int64_t length, struct buf *to)
{
	char chunk[CHUNK];

	while (length > 0) {
		size_t want = length < CHUNK ? (size_t)length : CHUNK;
		ssize_t n = pread(fd, chunk, want, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		buf_add(to, chunk, (size_t)n);
		offset += n;
		length -= n;
	}
	return to->failed ? -ENOMEM : 0;
}

int slice_read(int fd, int64_t offset, int64_t length, struct buf *to)
{
	int64_t size;
	int r = file_size(fd, &size);

	if ((offset < 0 && length != 0) || length < 0)
		return -EINVAL;
	if (r < 0)
		return r;
	if (offset < 0) {
		offset = offset < -SLICE_MAX ? SLICE_MAX : -offset;
		if (offset > size)
			offset = size;
		return read_range(fd, size - offset, offset, to);
	}
	if (offset >= size)
		return 0;
	if (length == 0 || length > size - offset)
		length = size - offset;
	return read_range(fd, offset, length < SLICE_MAX ? length : SLICE_MAX, to);
}

/* So that sums cannot overflow; no file is as long. */
static int64_t clamp(int64_t number)
{
	const int64_t most = INT64_MAX / 4;

	return number > most ? most : number < -most ? -most : number;
}

int slice_tail(int fd, int64_t offset, int64_t length, struct buf *to, struct slice_tail *ret)
{
	int64_t size;
	int r = file_size(fd, &size);

	ret->size = offset;
	ret->overflow = false;
	if (r < 0)
		return r;
	offset = clamp(offset);
	length = clamp(length);
	if (size > offset + length) {
		ret->overflow = true;
		offset = size - 1;
	}
	if (offset + length > size) {
		if (offset > size - 1)
			length = 0;
		offset = size - length;
	}
	if (offset < 0)
		offset = 0;
	if (length > size - offset)
		length = size - offset;
	if (length > SLICE_MAX) {
		offset += length - SLICE_MAX;
		length = SLICE_MAX;
	}
	ret->size = size;
	return length > 0 ? read_range(fd, offset, length, to) : 0;
}
