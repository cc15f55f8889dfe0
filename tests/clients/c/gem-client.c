// SPDX-License-Identifier: GPL-2.0
/*
 * What a client may expect of a node of nova_drm: who it is, objects, their mappings, what fdinfo tells, and who may
 * do what.
 */
#include <poll.h>

#include "cases.h"

/*
 * Opens the node once more. The first file of a primary node is its master, and vouches for the second, which counts
 * for nothing if an ordinary user has opened it.
 */
static int open_second(int first)
{
	int fd = open_node();
	drm_magic_t magic;

	if (!is_render && (drmGetMagic(fd, &magic) || drmAuthMagic(first, magic)))
		complain("the second file is not authenticated: %s", strerror(errno));
	return fd;
}

static uint32_t create(int fd, uint64_t size)
{
	struct drm_nova_gem_create arg = { .size = size };

	return CALL(fd, NOVA_GEM_CREATE, arg) ? 0 : arg.handle;
}

static uint64_t size_of(int fd, uint32_t handle)
{
	struct drm_nova_gem_info arg = { .handle = handle };

	return CALL(fd, NOVA_GEM_INFO, arg) ? 0 : arg.size;
}

static uint64_t offset_of(int fd, uint32_t handle)
{
	struct drm_nova_gem_mmap_offset arg = { .handle = handle };

	return CALL(fd, NOVA_GEM_MMAP_OFFSET, arg) ? 0 : arg.offset;
}

static void *map(int fd, uint64_t offset, size_t length)
{
	return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
}

static int map_fails(int fd, uint64_t offset, size_t length)
{
	void *where = map(fd, offset, length);

	return where == MAP_FAILED ? -1 : munmap(where, length);
}

/* Whether all bytes are this one. */
static bool all(const unsigned char *bytes, size_t length, unsigned char wanted)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != wanted)
			return false;
	return true;
}

/* Value of a line of fdinfo, or an empty text. Each line of DRM is a key, a colon and a tab. */
static const char *fdinfo(int fd, const char *key)
{
	static char line[256];
	char path[64];
	size_t length = strlen(key);
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	if (!file)
		return "";
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, length) && !strncmp(line + length, ":\t", 2)) {
			fclose(file);
			line[strcspn(line, "\n")] = 0;
			return line + length + 2;
		}
	fclose(file);
	return "";
}

/* Bytes that fdinfo tells for a key, with its unit; -1 if there is no such line, or no such unit. */
static int64_t bytes_told(int fd, const char *key)
{
	char *unit;
	const char *text = fdinfo(fd, key);
	int64_t value = strtoll(text, &unit, 10);

	if (unit == text)
		return -1;
	if (!*unit)
		return value;
	if (!strcmp(unit, " KiB"))
		return value << 10;
	return strcmp(unit, " MiB") ? -1 : value << 20;
}

static void says_who_it_is(void)
{
	int fd = open_node();
	drmVersionPtr version = drmGetVersion(fd);

	WANT(version, "no version: %s", strerror(errno));
	WANT(!strcmp(version->name, "nova-drm"), "name '%s'", version->name);
	WANT(!strcmp(version->desc, "NVIDIA Graphics and Compute"), "desc '%s'", version->desc);
	SAME(version->version_major, 0);
	SAME(version->version_minor, 0);
	SAME(version->version_patchlevel, 0);
	drmFreeVersion(version);
	close(fd);
}

static void libdrm_knows_the_device(void)
{
	int fd = open_node();
	drmDevicePtr device;

	WORKS(drmGetDevice2(fd, 0, &device));
	SAME(device->bustype, DRM_BUS_PCI);
	SAME(device->deviceinfo.pci->vendor_id, 0x10de);
	WANT(device->available_nodes & 1 << DRM_NODE_PRIMARY, "no primary node");
	WANT(device->available_nodes & 1 << DRM_NODE_RENDER, "no render node");
	WANT(!strcmp(device->nodes[is_render ? DRM_NODE_RENDER : DRM_NODE_PRIMARY], node),
	     "libdrm calls the node otherwise");
	SAME(drmGetNodeTypeFromFd(fd), is_render ? DRM_NODE_RENDER : DRM_NODE_PRIMARY);
	drmFreeDevice(&device);
	close(fd);
}

static void has_the_capabilities(void)
{
	static const uint64_t others[] = { DRM_CAP_DUMB_BUFFER, DRM_CAP_ADDFB2_MODIFIERS, 0, 99 };
	int fd = open_node();
	uint64_t value;

	WORKS(drmGetCap(fd, DRM_CAP_PRIME, &value));
	SAME(value, DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT);
	WORKS(drmGetCap(fd, DRM_CAP_SYNCOBJ, &value));
	SAME(value, 1);
	WORKS(drmGetCap(fd, DRM_CAP_SYNCOBJ_TIMELINE, &value));
	SAME(value, 1);
	WORKS(drmGetCap(fd, DRM_CAP_TIMESTAMP_MONOTONIC, &value));
	SAME(value, 1);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		FAILS(drmGetCap(fd, others[i], &value), EOPNOTSUPP);
	close(fd);
}

static void has_no_events(void)
{
	int fd = open(node, O_RDWR | O_NONBLOCK);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char event[64];

	SAME(poll(&poll_fd, 1, 0), 0);
	FAILS(read(fd, event, sizeof(event)) < 0, EAGAIN);
	close(fd);
}

static void a_parameter_is_told(void)
{
	struct drm_nova_getparam arg = { .param = NOVA_GETPARAM_VRAM_BAR_SIZE };
	int fd = open_node();

	WORKS(CALL(fd, NOVA_GETPARAM, arg));
	WANT(arg.value >= 1 << 20 && !(arg.value & (arg.value - 1)), "length %#llx of a BAR",
	     (unsigned long long)arg.value);
	arg = (struct drm_nova_getparam){ .param = 2, .value = 77 };
	FAILS(CALL(fd, NOVA_GETPARAM, arg), EINVAL);
	SAME(arg.value, 77);
	close(fd);
}

static void sizes_are_whole_pages(void)
{
	static const uint64_t sizes[][2] = { { 1, PAGE },
					     { PAGE - 1, PAGE },
					     { PAGE, PAGE },
					     { PAGE + 1, 2 * PAGE },
					     { 1 << 20, 1 << 20 } };
	int fd = open_node();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t handle = create(fd, sizes[i][0]);

		WANT(handle, "no object of %" PRIu64 " bytes: %s", sizes[i][0], strerror(errno));
		SAME(size_of(fd, handle), sizes[i][1]);
		WORKS(drmCloseBufferHandle(fd, handle));
	}
	close(fd);
}

static void impossible_sizes_are_refused(void)
{
	struct drm_nova_gem_create arg = { .handle = 0x5a5a, .pad = 0x1234 };
	static const uint64_t invalid[] = { 0, UINT64_MAX, UINT64_MAX - PAGE + 2 };
	static const uint64_t too_much[] = { 1ull << 45, 1ull << 62 };
	int fd = open_node();

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		arg.size = invalid[i];
		FAILS(CALL(fd, NOVA_GEM_CREATE, arg), EINVAL);
	}
	for (size_t i = 0; i < sizeof(too_much) / sizeof(too_much[0]); i++) {
		arg.size = too_much[i];
		FAILS(CALL(fd, NOVA_GEM_CREATE, arg), ENOMEM);
	}
	SAME(arg.handle, 0x5a5a);
	SAME(arg.pad, 0x1234);
	SAME(arg.size, too_much[1]);
	close(fd);
}

static void unknown_handles_are_refused(void)
{
	struct drm_nova_gem_info info = { .handle = 4711, .size = 99 };
	struct drm_nova_gem_mmap_offset place = { .handle = 4711, .offset = 98 };
	int prime, fd = open_node(), other = open_second(fd);
	uint32_t handle = create(other, PAGE);

	WANT(handle, "no object: %s", strerror(errno));
	FAILS(CALL(fd, NOVA_GEM_INFO, info), ENOENT);
	SAME(info.size, 99);
	FAILS(CALL(fd, NOVA_GEM_MMAP_OFFSET, place), ENOENT);
	SAME(place.offset, 98);
	FAILS(drmPrimeHandleToFD(fd, 4711, DRM_CLOEXEC, &prime), ENOENT);
	FAILS(drmCloseBufferHandle(fd, 4711), EINVAL);
	/* Another file's handle is no handle here. */
	info.handle = handle;
	FAILS(CALL(fd, NOVA_GEM_INFO, info), ENOENT);
	FAILS(drmCloseBufferHandle(fd, handle), EINVAL);
	info.handle = 0;
	FAILS(CALL(fd, NOVA_GEM_INFO, info), ENOENT);
	close(fd);
	close(other);
}

static void a_handle_is_closed_once(void)
{
	int fd = open_node();
	uint32_t handle = create(fd, PAGE);

	WANT(handle, "no object");
	WORKS(drmCloseBufferHandle(fd, handle));
	FAILS(drmCloseBufferHandle(fd, handle), EINVAL);
	SAME(size_of(fd, handle), 0);
	close(fd);
}

static void offsets_belong_to_objects(void)
{
	int fd = open_node();
	uint32_t one = create(fd, PAGE), two = create(fd, PAGE);
	struct drm_nova_gem_mmap_offset arg = { .handle = one, .pad = 1, .offset = 5 };

	WANT(offset_of(fd, one) && offset_of(fd, one) % PAGE == 0, "offset %#" PRIx64,
	     offset_of(fd, one));
	SAME(offset_of(fd, one), offset_of(fd, one));
	WANT(offset_of(fd, one) != offset_of(fd, two), "two objects at one offset");
	FAILS(CALL(fd, NOVA_GEM_MMAP_OFFSET, arg), EINVAL);
	SAME(arg.offset, 5);
	close(fd);
}

static void memory_is_zero_and_keeps_what_is_written(void)
{
	const size_t length = 16 * PAGE;
	int fd = open_node();
	uint32_t handle = create(fd, length);
	unsigned char *first = map(fd, offset_of(fd, handle), length);
	unsigned char *second = map(fd, offset_of(fd, handle), length);

	WANT(first != MAP_FAILED && second != MAP_FAILED, "no mapping: %s", strerror(errno));
	WANT(all(first, length, 0), "a new object holds something");
	for (size_t i = 0; i < length; i += PAGE)
		first[i] = 1 + i / PAGE;
	for (size_t i = 0; i < length; i += PAGE)
		SAME(second[i], 1 + i / PAGE);
	WORKS(munmap(first, length));
	WORKS(munmap(second, length));
	/* A mapping may be shorter than the object. */
	second = map(fd, offset_of(fd, handle), PAGE);
	WANT(second != MAP_FAILED, "no short mapping: %s", strerror(errno));
	SAME(second[0], 1);
	munmap(second, PAGE);
	close(fd);
}

static void memory_is_zero_each_time(void)
{
	const size_t length = 64 * PAGE;
	int fd = open_node();

	for (int i = 0; i < 8; i++) {
		uint32_t handle = create(fd, length);
		unsigned char *bytes = map(fd, offset_of(fd, handle), length);

		WANT(bytes != MAP_FAILED, "no mapping: %s", strerror(errno));
		WANT(all(bytes, length, 0), "a new object holds what an old one held");
		memset(bytes, 0xff, length);
		munmap(bytes, length);
		WORKS(drmCloseBufferHandle(fd, handle));
	}
	close(fd);
}

static void a_mapping_outlives_handle_and_file(void)
{
	const size_t length = 4 * PAGE;
	int fd = open_node();
	uint32_t handle = create(fd, length);
	uint64_t offset = offset_of(fd, handle);
	unsigned char *bytes = map(fd, offset, length);

	WANT(bytes != MAP_FAILED, "no mapping: %s", strerror(errno));
	bytes[0] = 11;
	WORKS(drmCloseBufferHandle(fd, handle));
	SAME(bytes[0], 11);
	bytes[3 * PAGE] = 12;
	/* The object is there, but this file has no handle of it any more. */
	FAILS(map_fails(fd, offset, length), EACCES);
	close(fd);
	SAME(bytes[0], 11);
	SAME(bytes[3 * PAGE], 12);
	bytes[2 * PAGE] = 13;
	munmap(bytes, length);
}

static void a_child_shares_the_mapping(void)
{
	int status, fd = open_node();
	volatile unsigned char *bytes = map(fd, offset_of(fd, create(fd, PAGE)), PAGE);
	pid_t child;

	WANT(bytes != MAP_FAILED, "no mapping: %s", strerror(errno));
	fflush(stdout);
	child = fork();
	if (!child) {
		bytes[7] = 70;
		_exit(0);
	}
	SAME(waitpid(child, &status, 0), child);
	SAME(status, 0);
	SAME(bytes[7], 70);
	munmap((void *)bytes, PAGE);
	close(fd);
}

static void wrong_mappings_are_refused(void)
{
	int fd = open_node(), other = open_second(fd);
	uint64_t offset = offset_of(fd, create(fd, 2 * PAGE));

	WANT(offset, "no offset: %s", strerror(errno));
	FAILS(map_fails(fd, offset, 3 * PAGE), EINVAL);
	FAILS(map_fails(fd, offset + PAGE, 2 * PAGE), EINVAL);
	FAILS(map_fails(fd, 0x700000000000, PAGE), EINVAL);
	FAILS(map_fails(fd, 0, PAGE), EINVAL);
	FAILS(map_fails(other, offset, PAGE), EACCES);
	FAILS(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, offset) != MAP_FAILED ? 0 : -1,
	      EINVAL);
	close(fd);
	close(other);
}

static void fdinfo_names_the_client(void)
{
	int fd = open_node(), same = dup(fd), other = open_node();
	char first[64];
	struct drm_set_client_name name = { .name_len = 6, .name = (uintptr_t)"editor" };
	struct drm_set_client_name bad = { .name_len = 3, .name = (uintptr_t)"a b" };

	WANT(!strcmp(fdinfo(fd, "drm-driver"), "nova-drm"), "drm-driver");
	SAME(strlen(fdinfo(fd, "drm-pdev")), strlen("0000:01:00.0"));
	snprintf(first, sizeof(first), "%s", fdinfo(fd, "drm-client-id"));
	WANT(strtoull(first, NULL, 10) > 0, "drm-client-id '%s'", first);
	WANT(!strcmp(fdinfo(same, "drm-client-id"), first), "a copy is another client");
	WANT(strcmp(fdinfo(other, "drm-client-id"), first), "two clients with one number");
	WORKS(CALL(fd, SET_CLIENT_NAME, name));
	WANT(!strcmp(fdinfo(fd, "drm-client-name"), "editor"), "drm-client-name '%s'",
	     fdinfo(fd, "drm-client-name"));
	FAILS(CALL(fd, SET_CLIENT_NAME, bad), EINVAL);
	close(fd);
	close(same);
	close(other);
}

static void fdinfo_follows_the_objects(void)
{
	const size_t length = 1 << 20;
	int fd = open_node(), other = open_second(fd), prime;
	uint32_t handle, imported;
	unsigned char *bytes;

	SAME(bytes_told(fd, "drm-total-memory"), 0);
	handle = create(fd, length);
	SAME(bytes_told(fd, "drm-total-memory"), length);
	SAME(bytes_told(other, "drm-total-memory"), 0);
	SAME(bytes_told(fd, "drm-shared-memory"), 0);
	SAME(bytes_told(fd, "drm-resident-memory"), 0);
	bytes = map(fd, offset_of(fd, handle), length);
	WANT(bytes != MAP_FAILED, "no mapping: %s", strerror(errno));
	memset(bytes, 1, length);
	SAME(bytes_told(fd, "drm-resident-memory"), length);
	munmap(bytes, length);
	create(fd, 3 * PAGE);
	SAME(bytes_told(fd, "drm-total-memory"), length + 3 * PAGE);
	WORKS(drmPrimeHandleToFD(fd, handle, DRM_CLOEXEC | DRM_RDWR, &prime));
	WORKS(drmPrimeFDToHandle(other, prime, &imported));
	SAME(bytes_told(fd, "drm-shared-memory"), length);
	SAME(bytes_told(other, "drm-total-memory"), length);
	WORKS(drmCloseBufferHandle(fd, handle));
	SAME(bytes_told(fd, "drm-total-memory"), 3 * PAGE);
	SAME(bytes_told(fd, "drm-shared-memory"), 0);
	close(prime);
	close(fd);
	close(other);
}

static void exports_are_the_same_object(void)
{
	int fd = open_node(), other = open_second(fd), prime;
	uint32_t handle = create(fd, 2 * PAGE), again, imported;
	unsigned char *ours, *theirs, *direct;

	WORKS(drmPrimeHandleToFD(fd, handle, DRM_CLOEXEC | DRM_RDWR, &prime));
	SAME(lseek(prime, 0, SEEK_END), 2 * PAGE);
	WORKS(drmPrimeFDToHandle(fd, prime, &again));
	SAME(again, handle);
	WORKS(drmPrimeFDToHandle(other, prime, &imported));
	SAME(size_of(other, imported), 2 * PAGE);
	ours = map(fd, offset_of(fd, handle), 2 * PAGE);
	theirs = map(other, offset_of(other, imported), 2 * PAGE);
	direct = map(prime, 0, 2 * PAGE);
	WANT(ours != MAP_FAILED && theirs != MAP_FAILED && direct != MAP_FAILED, "no mapping: %s",
	     strerror(errno));
	ours[PAGE] = 21;
	SAME(theirs[PAGE], 21);
	SAME(direct[PAGE], 21);
	close(fd);
	close(prime);
	theirs[1] = 22;
	SAME(ours[1], 22);
	munmap(ours, 2 * PAGE);
	munmap(theirs, 2 * PAGE);
	munmap(direct, 2 * PAGE);
	close(other);
}

static void wrong_exports_are_refused(void)
{
	int fd = open_node(), null = open("/dev/null", O_RDWR);
	struct drm_prime_handle arg = { .handle = create(fd, PAGE), .flags = 0x100 };
	uint32_t handle;

	FAILS(CALL(fd, PRIME_HANDLE_TO_FD, arg), EINVAL);
	FAILS(drmPrimeFDToHandle(fd, -1, &handle), EBADF);
	FAILS(drmPrimeFDToHandle(fd, null, &handle), EINVAL);
	close(null);
	close(fd);
}

static void a_file_is_not_opened_alone(void)
{
	FAILS(open(node, O_RDWR | O_EXCL) < 0 ? -1 : 0, EBUSY);
}

static void displays_are_refused(void)
{
	int fd = open_node();
	struct drm_mode_create_dumb dumb = { .height = 1, .width = 1024, .bpp = 32 };
	struct drm_mode_card_res res = { 0 };
	int wanted = is_render ? EACCES : EOPNOTSUPP;

	FAILS(drmSetClientCap(fd, DRM_CLIENT_CAP_ATOMIC, 1), wanted);
	FAILS(CALL(fd, MODE_GETRESOURCES, res), wanted);
	FAILS(CALL(fd, MODE_CREATE_DUMB, dumb), is_render ? EACCES : ENOSYS);
	close(fd);
}

static void a_render_node_has_no_masters(void)
{
	int fd = open_node();
	drm_magic_t magic;
	struct drm_gem_flink flink = { .handle = create(fd, PAGE) };

	FAILS(drmGetMagic(fd, &magic), EACCES);
	FAILS(drmAuthMagic(fd, 1), EACCES);
	FAILS(drmSetMaster(fd), EACCES);
	FAILS(CALL(fd, GEM_FLINK, flink), EACCES);
	close(fd);
}

static void names_are_shared_by_primary_clients(void)
{
	int fd = open_node(), other = open_second(fd);
	struct drm_gem_flink flink = { .handle = create(fd, 3 * PAGE) };
	struct drm_gem_open opened = { 0 };

	WORKS(CALL(fd, GEM_FLINK, flink));
	opened.name = flink.name;
	WORKS(CALL(other, GEM_OPEN, opened));
	SAME(opened.size, 3 * PAGE);
	SAME(size_of(other, opened.handle), 3 * PAGE);
	opened.name = flink.name + 1;
	FAILS(CALL(other, GEM_OPEN, opened), ENOENT);
	close(fd);
	close(other);
}

/* What a client sees that nobody has vouched for; it then waits to be. Returns the line of what was wrong. */
static int unknown_client(int out, int in)
{
	const uid_t nobody = 65534;
	struct drm_nova_getparam param = { .param = NOVA_GETPARAM_VRAM_BAR_SIZE };
	struct drm_nova_gem_info info = { .handle = 1 };
	struct drm_nova_gem_mmap_offset offset = { .handle = 1 };
	drm_magic_t magic;
	char byte;
	int fd;

	if (setresgid(nobody, nobody, nobody) || setresuid(nobody, nobody, nobody))
		return __LINE__;
	fd = open_node();
	if (fd < 0)
		return __LINE__;
	if (CALL(fd, NOVA_GETPARAM, param))
		return __LINE__;
	if (create(fd, PAGE) || errno != EACCES)
		return __LINE__;
	if (!CALL(fd, NOVA_GEM_INFO, info) || errno != EACCES)
		return __LINE__;
	if (!CALL(fd, NOVA_GEM_MMAP_OFFSET, offset) || errno != EACCES)
		return __LINE__;
	if (drmGetMagic(fd, &magic) || write(out, &magic, sizeof(magic)) != sizeof(magic))
		return __LINE__;
	if (read(in, &byte, 1) != 1)
		return __LINE__;
	return create(fd, PAGE) ? 0 : __LINE__;
}

static void an_unknown_client_needs_the_masters_word(void)
{
	int to[2], from[2], status, fd = open_node();
	drm_magic_t magic;
	pid_t child;

	WANT(fd >= 0 && !pipe(to) && !pipe(from), "%s", strerror(errno));
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(unknown_client(from[1], to[0]) ? 1 : 0);
	close(from[1]);
	if (read(from[0], &magic, sizeof(magic)) == sizeof(magic)) {
		WORKS(drmAuthMagic(fd, magic));
		WANT(write(to[1], "", 1) == 1, "%s", strerror(errno));
	}
	SAME(waitpid(child, &status, 0), child);
	SAME(status, 0);
	close(to[0]);
	close(to[1]);
	close(from[0]);
	close(fd);
}

static const struct one_case cases[] = {
	{ "VERSION names the driver", says_who_it_is },
	{ "libdrm knows the device and its nodes", libdrm_knows_the_device },
	{ "capabilities are those of a driver without display", has_the_capabilities },
	{ "there are no events to read", has_no_events },
	{ "GETPARAM tells a parameter, and no other", a_parameter_is_told },
	{ "objects are whole pages", sizes_are_whole_pages },
	{ "impossible sizes are refused, and the argument left alone", impossible_sizes_are_refused },
	{ "unknown handles are refused, and the argument left alone", unknown_handles_are_refused },
	{ "a handle is closed once", a_handle_is_closed_once },
	{ "each object has an offset of its own", offsets_belong_to_objects },
	{ "memory is zero, and keeps what is written", memory_is_zero_and_keeps_what_is_written },
	{ "memory that was used is zero again", memory_is_zero_each_time },
	{ "a mapping outlives handle and file", a_mapping_outlives_handle_and_file },
	{ "a child shares the mapping", a_child_shares_the_mapping },
	{ "wrong mappings are refused", wrong_mappings_are_refused },
	{ "fdinfo names the client", fdinfo_names_the_client },
	{ "fdinfo follows the objects", fdinfo_follows_the_objects },
	{ "an export is the same object", exports_are_the_same_object },
	{ "wrong exports and imports are refused", wrong_exports_are_refused },
	{ "exclusive opening is refused", a_file_is_not_opened_alone },
	{ "what is for displays is refused", displays_are_refused },
	{ "a render node has no masters and no names", a_render_node_has_no_masters, .render_only = true },
	{ "names are shared by primary clients", names_are_shared_by_primary_clients,
	  .primary_only = true },
	{ "an unknown client needs the master's word", an_unknown_client_needs_the_masters_word,
	  .primary_only = true },
};

int main(int count, char **words)
{
	take_words(count, words);
	return run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}
