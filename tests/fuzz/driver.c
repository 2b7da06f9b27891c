/* driver.c - runs a fuzz target without libFuzzer: every file named, then mutations of them.
 *
 *   fuzz_X [RUNS] FILE…       RUNS mutations (default 0), always the same ones
 *
 * Built with clang -fsanitize=fuzzer, the targets have libFuzzer's own main instead (make fuzz). */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#ifndef LIBFUZZER
#define INPUT_MAX 65536

struct input {
	uint8_t data[INPUT_MAX];
	size_t len;
};

static uint64_t state = 88172645463325252u;

static size_t below(size_t n) /* xorshift: the same numbers on every machine */
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n ? (size_t)(state % n) : 0;
}

static int read_input(struct input *input, const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		return -1;
	}
	input->len = fread(input->data, 1, sizeof(input->data), file);
	fclose(file);
	return 0;
}

/* An exact copy on the heap, so that a sanitizer sees one byte too many. */
static void run(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void remove_some(struct input *input)
{
	size_t at = below(input->len), n = below(input->len - at);

	memmove(input->data + at, input->data + at + n, input->len - at - n);
	input->len -= n;
}

static void repeat_some(struct input *input, const struct input *from)
{
	size_t at = below(input->len), start = below(from->len);
	size_t n = below(from->len - start);

	if (input->len + n > INPUT_MAX)
		return;
	memmove(input->data + at + n, input->data + at, input->len - at);
	memcpy(input->data + at, from->data + start, n);
	input->len += n;
}

static void mutate(struct input *input, const struct input *other)
{
	static const uint8_t special[] = "<>&;\"'/\r\n\t %+-:0129\x00\x01\x7f\x80\xff";

	for (size_t i = 1 + below(8); i-- > 0 && input->len > 0;) {
		switch (below(5)) {
		case 0:
			input->data[below(input->len)] = (uint8_t)below(256);
			break;
		case 1:
			input->data[below(input->len)] = special[below(sizeof(special) - 1)];
			break;
		case 2:
			remove_some(input);
			break;
		default:
			repeat_some(input, other);
			break;
		}
	}
}

int main(int argc, char **argv)
{
	static struct input input, other;
	char *end = NULL;
	long runs = argc > 1 ? strtol(argv[1], &end, 10) : 0;
	int first = argc > 1 && *end == '\0' ? 2 : 1;

	if (first >= argc) {
		fprintf(stderr, "usage: %s [RUNS] FILE…\n", argv[0]);
		return 2;
	}
	for (int i = first; i < argc; i++) {
		if (read_input(&input, argv[i]) < 0)
			return 2;
		run(input.data, input.len);
	}
	for (long i = 0; first == 2 && i < runs; i++) {
		if (read_input(&input, argv[(size_t)first + below((size_t)(argc - first))]) < 0 ||
		    read_input(&other, argv[(size_t)first + below((size_t)(argc - first))]) < 0)
			return 2;
		mutate(&input, &other);
		run(input.data, input.len);
	}
	printf("%d inputs, %ld mutations\n", argc - first, first == 2 ? runs : 0);
	return 0;
}
#endif
