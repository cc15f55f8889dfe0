// SPDX-License-Identifier: GPL-2.0
/*
 * Many clients at a time.
 *
 *   many-clients gone NODE COUNT      COUNT processes map and use objects until the device goes away under them; then
 *                                     each looks whether everything is refused as it should be. Prints KTAP, and
 *                                     "# ready" when all of them are at work.
 *   many-clients hold NODE MEBIBYTES  makes objects of so much memory, fills them, prints "ready" and waits to be
 *                                     killed
 */
#include <setjmp.h>
#include <signal.h>

#include "cases.h"

#define OBJECTS 4
#define LENGTH (16 * PAGE)

static sigjmp_buf gone;

static void on_bus_error(int signal)
{
	siglongjmp(gone, signal);
}

/* An object with its mapping, and a part of it that is touched later for the first time. */
struct object {
	uint32_t handle;
	volatile unsigned char *bytes;
	uint64_t offset;
};

static bool make_object(int fd, struct object *object, size_t length)
{
	struct drm_nova_gem_create create = { .size = length };
	struct drm_nova_gem_mmap_offset place = { 0 };

	if (CALL(fd, NOVA_GEM_CREATE, create))
		return false;
	place.handle = object->handle = create.handle;
	if (CALL(fd, NOVA_GEM_MMAP_OFFSET, place))
		return false;
	object->offset = place.offset;
	object->bytes = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, place.offset);
	return object->bytes != MAP_FAILED;
}

/* Makes and closes an object, asks, reads and writes. Whether the device is still there. */
static bool use(int fd, struct object *objects, unsigned char value)
{
	struct drm_nova_gem_create create = { .size = PAGE };

	for (int i = 0; i < OBJECTS; i++) {
		struct drm_nova_gem_info info = { .handle = objects[i].handle };

		if (CALL(fd, NOVA_GEM_INFO, info)) {
			if (errno != ENODEV)
				complain("GEM_INFO: %s", strerror(errno));
			return false;
		}
		for (size_t at = 0; at < LENGTH; at += PAGE)
			objects[i].bytes[at] = value;
		for (size_t at = 0; at < LENGTH; at += PAGE)
			if (objects[i].bytes[at] != value)
				complain("the memory of another: %d", objects[i].bytes[at]);
	}
	if (CALL(fd, NOVA_GEM_CREATE, create)) {
		if (errno != ENODEV)
			complain("GEM_CREATE: %s", strerror(errno));
		return false;
	}
	if (drmCloseBufferHandle(fd, create.handle) && errno != ENODEV)
		complain("GEM_CLOSE: %s", strerror(errno));
	return true;
}

static void refused(int fd, struct object *objects, int old_prime)
{
	struct drm_nova_getparam param = { .param = NOVA_GETPARAM_VRAM_BAR_SIZE };
	struct drm_nova_gem_create create = { .size = PAGE };
	int prime;

	FAILS(CALL(fd, NOVA_GETPARAM, param), ENODEV);
	FAILS(CALL(fd, NOVA_GEM_CREATE, create), ENODEV);
	FAILS(drmCloseBufferHandle(fd, objects[0].handle), ENODEV);
	FAILS(drmPrimeHandleToFD(fd, objects[0].handle, DRM_CLOEXEC, &prime), ENODEV);
	FAILS(mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, fd, objects[0].offset) == MAP_FAILED ? -1 : 0,
	      ENODEV);
	for (int i = 0; i < OBJECTS; i++) {
		/* Calls are refused first; then the nodes go, and after that the mappings. */
		if (!sigsetjmp(gone, 1)) {
			for (int tries = 0; tries < 2000; tries++) {
				(void)objects[i].bytes[LENGTH - PAGE];
				usleep(10000);
			}
			complain("object %d can still be read", i);
			return;
		}
		WORKS(munmap((void *)objects[i].bytes, LENGTH));
	}
	/* An export lives on as a file. */
	SAME(lseek(old_prime, 0, SEEK_END), LENGTH);
	WORKS(close(old_prime));
	WORKS(close(fd));
}

/* The life of one client; its exit status tells whether all was well. */
static int client(int number, int ready)
{
	struct object objects[OBJECTS];
	volatile unsigned char value = number;
	int fd = open_node(), prime = -1;

	if (fd < 0)
		return EXIT_FAILURE;
	for (int i = 0; i < OBJECTS; i++)
		if (!make_object(fd, &objects[i], LENGTH))
			return EXIT_FAILURE;
	if (drmPrimeHandleToFD(fd, objects[1].handle, DRM_CLOEXEC | DRM_RDWR, &prime))
		return EXIT_FAILURE;
	signal(SIGBUS, on_bus_error);
	if (write(ready, "", 1) != 1)
		return EXIT_FAILURE;
	if (!sigsetjmp(gone, 1))
		while (use(fd, objects, value++))
			;
	if (!case_failed)
		refused(fd, objects, prime);
	return case_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int many(int count)
{
	pid_t *clients = calloc(count, sizeof(*clients));
	int ready[2], failed = 0, status;
	char byte;

	if (!clients || pipe(ready))
		return 2;
	printf("KTAP version 1\n1..%d\n", count);
	fflush(stdout);
	for (int i = 0; i < count; i++) {
		clients[i] = fork();
		if (!clients[i]) {
			close(ready[0]);
			status = client(i, ready[1]);
			fflush(stdout);
			_exit(status);
		}
	}
	close(ready[1]);
	for (int i = 0; i < count; i++)
		if (read(ready[0], &byte, 1) != 1)
			break;
	/* Clients that failed have closed their end; their status tells. */
	printf("# ready\n");
	fflush(stdout);
	for (int i = 0; i < count; i++) {
		bool well = clients[i] > 0 && waitpid(clients[i], &status, 0) == clients[i] && !status;

		printf("%s %d client %d sees the device go\n", well ? "ok" : "not ok", i + 1, i);
		failed += !well;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int hold(size_t mebibytes)
{
	const size_t length = 1 << 20;
	int fd = open_node();

	for (size_t i = 0; i < mebibytes; i++) {
		struct object object;

		if (!make_object(fd, &object, length)) {
			perror("object");
			return EXIT_FAILURE;
		}
		memset((void *)object.bytes, 0x5a, length);
		/* Some have a mapping and no handle any more, some the reverse. */
		if (i % 3 == 1 && drmCloseBufferHandle(fd, object.handle))
			perror("closing");
		if (i % 3 == 2)
			munmap((void *)object.bytes, length);
	}
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}

int main(int count, char **words)
{
	if (count != 4) {
		fprintf(stderr, "usage: many-clients gone NODE COUNT | hold NODE MEBIBYTES\n");
		return 2;
	}
	node = words[2];
	if (!strcmp(words[1], "hold"))
		return hold(strtoul(words[3], NULL, 0));
	return many(atoi(words[3]));
}
