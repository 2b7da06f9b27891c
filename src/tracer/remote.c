/* remote.c - see remote.h. */
#include "tracer/remote.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

int remote_read(pid_t pid, uintptr_t addr, void *to, size_t len)
{
	struct iovec local = { to, len };
	struct iovec there = { (void *)addr, len };
	ssize_t n = process_vm_readv(pid, &local, 1, &there, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EFAULT;
}

int remote_read2(pid_t pid, uintptr_t addr1, void *to1, size_t len1, uintptr_t addr2, void *to2,
		 size_t len2)
{
	struct iovec local[2] = { { to1, len1 }, { to2, len2 } };
	struct iovec there[2] = { { (void *)addr1, len1 }, { (void *)addr2, len2 } };
	ssize_t n = process_vm_readv(pid, local, 2, there, 2, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == len1 + len2 ? 0 : -EFAULT;
}

int remote_string(pid_t pid, uintptr_t addr, char *to, size_t max)
{
	size_t got = 0;

	while (got < max - 1) {
		/* Not across a page boundary: the next page may be unmapped. */
		size_t chunk = 4096 - ((addr + got) & 4095);
		struct iovec local, there;
		ssize_t n;

		if (chunk > max - 1 - got)
			chunk = max - 1 - got;
		local = (struct iovec){ to + got, chunk };
		there = (struct iovec){ (void *)(addr + got), chunk };
		n = process_vm_readv(pid, &local, 1, &there, 1, 0);
		if (n <= 0) {
			to[got] = '\0';
			return n < 0 ? -errno : -EFAULT;
		}
		if (memchr(to + got, '\0', (size_t)n))
			return 0;
		got += (size_t)n;
	}
	to[got] = '\0';
	return 0;
}

int remote_write(pid_t pid, uintptr_t addr, const void *from, size_t len)
{
	struct iovec local = { (void *)from, len };
	struct iovec there = { (void *)addr, len };
	ssize_t n = process_vm_writev(pid, &local, 1, &there, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EFAULT;
}
