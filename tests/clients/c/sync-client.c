// SPDX-License-Identifier: GPL-2.0
/*
 * What a client may expect of the syncobjs of a node of nova_drm. Nothing is drawn or copied here: points are
 * signalled by hand.
 */
#include <sys/eventfd.h>
#include <time.h>

#include "cases.h"

/* A moment of CLOCK_MONOTONIC, so many nanoseconds from now. */
static int64_t from_now(int64_t nanoseconds)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec + nanoseconds;
}

static int wait_for(int fd, uint32_t handle, int64_t until, uint32_t flags)
{
	return drmSyncobjWait(fd, &handle, 1, until, flags, NULL);
}

static void is_made_and_destroyed(void)
{
	int fd = open_node();
	uint32_t handle;

	WORKS(drmSyncobjCreate(fd, 0, &handle));
	WANT(handle, "handle 0");
	WORKS(drmSyncobjDestroy(fd, handle));
	FAILS(drmSyncobjDestroy(fd, handle), EINVAL);
	FAILS(drmSyncobjCreate(fd, 2, &handle), EINVAL);
	close(fd);
}

static void is_signalled_and_reset(void)
{
	int fd = open_node();
	uint32_t handle, ready;

	WORKS(drmSyncobjCreate(fd, 0, &handle));
	WORKS(drmSyncobjCreate(fd, DRM_SYNCOBJ_CREATE_SIGNALED, &ready));
	WORKS(wait_for(fd, ready, 0, 0));
	/* Nothing was ever put into it. */
	FAILS(wait_for(fd, handle, 0, 0), EINVAL);
	FAILS(wait_for(fd, handle, 0, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT), ETIME);
	WORKS(drmSyncobjSignal(fd, &handle, 1));
	WORKS(wait_for(fd, handle, 0, 0));
	WORKS(drmSyncobjReset(fd, &handle, 1));
	FAILS(wait_for(fd, handle, from_now(20000000), DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT), ETIME);
	close(fd);
}

static void one_of_several_is_enough(void)
{
	int fd = open_node();
	uint32_t handles[3], first = 99;

	for (int i = 0; i < 3; i++)
		WORKS(drmSyncobjCreate(fd, 0, &handles[i]));
	WORKS(drmSyncobjSignal(fd, &handles[2], 1));
	WORKS(drmSyncobjWait(fd, handles, 3, 0, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT, &first));
	SAME(first, 2);
	FAILS(drmSyncobjWait(fd, handles, 3, 0,
			     DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL | DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
			     NULL),
	      ETIME);
	WORKS(drmSyncobjSignal(fd, handles, 2));
	WORKS(drmSyncobjWait(fd, handles, 3, 0, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL, NULL));
	close(fd);
}

static void wakes_a_waiting_process(void)
{
	int status, fd = open_node();
	uint32_t handle;
	pid_t child;

	WORKS(drmSyncobjCreate(fd, 0, &handle));
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(wait_for(fd, handle, from_now(20000000000ll),
			       DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT) ?
			      1 :
			      0);
	usleep(50000);
	WORKS(drmSyncobjSignal(fd, &handle, 1));
	SAME(waitpid(child, &status, 0), child);
	SAME(status, 0);
	close(fd);
}

static void a_timeline_counts(void)
{
	int fd = open_node();
	uint32_t handle, flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
	uint64_t point = 5, found = 99;

	WORKS(drmSyncobjCreate(fd, 0, &handle));
	WORKS(drmSyncobjQuery(fd, &handle, &found, 1));
	SAME(found, 0);
	WORKS(drmSyncobjTimelineSignal(fd, &handle, &point, 1));
	WORKS(drmSyncobjQuery(fd, &handle, &found, 1));
	SAME(found, 5);
	WORKS(drmSyncobjTimelineWait(fd, &handle, &point, 1, 0, 0, NULL));
	point = 4;
	WORKS(drmSyncobjTimelineWait(fd, &handle, &point, 1, 0, 0, NULL));
	point = 6;
	FAILS(drmSyncobjTimelineWait(fd, &handle, &point, 1, 0, 0, NULL), EINVAL);
	FAILS(drmSyncobjTimelineWait(fd, &handle, &point, 1, from_now(20000000), flags, NULL), ETIME);
	FAILS(drmSyncobjTimelineWait(fd, &handle, &point, 1, from_now(20000000),
				     DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE, NULL),
	      ETIME);
	close(fd);
}

static void points_are_transferred(void)
{
	int fd = open_node();
	uint32_t from, to;
	uint64_t point = 3, found;

	WORKS(drmSyncobjCreate(fd, DRM_SYNCOBJ_CREATE_SIGNALED, &from));
	WORKS(drmSyncobjCreate(fd, 0, &to));
	WORKS(drmSyncobjTransfer(fd, to, point, from, 0, 0));
	WORKS(drmSyncobjQuery(fd, &to, &found, 1));
	SAME(found, 3);
	WORKS(drmSyncobjTransfer(fd, from, 0, to, 3, 0));
	WORKS(wait_for(fd, from, 0, 0));
	FAILS(drmSyncobjTransfer(fd, to, 9, 4711, 0, 0), ENOENT);
	close(fd);
}

static void is_shared_between_files(void)
{
	int fd = open_node(), other = open_node(), shared, null = open("/dev/null", O_RDWR);
	uint32_t handle, theirs;

	WORKS(drmSyncobjCreate(fd, 0, &handle));
	WORKS(drmSyncobjHandleToFD(fd, handle, &shared));
	WORKS(drmSyncobjFDToHandle(other, shared, &theirs));
	WORKS(drmSyncobjSignal(other, &theirs, 1));
	WORKS(wait_for(fd, handle, 0, 0));
	close(shared);
	FAILS(drmSyncobjFDToHandle(other, null, &theirs), EINVAL);
	FAILS(drmSyncobjFDToHandle(other, -1, &theirs), EINVAL);
	close(null);
	close(fd);
	/* The other file's handle lives on. */
	WORKS(drmSyncobjReset(other, &theirs, 1));
	close(other);
}

static void a_fence_is_a_file(void)
{
	int fd = open_node(), file;
	uint32_t from, to;

	WORKS(drmSyncobjCreate(fd, 0, &from));
	WORKS(drmSyncobjCreate(fd, 0, &to));
	FAILS(drmSyncobjExportSyncFile(fd, from, &file), EINVAL);
	WORKS(drmSyncobjSignal(fd, &from, 1));
	WORKS(drmSyncobjExportSyncFile(fd, from, &file));
	WORKS(drmSyncobjImportSyncFile(fd, to, file));
	WORKS(wait_for(fd, to, 0, 0));
	close(file);
	close(fd);
}

static void tells_an_eventfd(void)
{
	int fd = open_node(), event = eventfd(0, EFD_NONBLOCK);
	uint32_t handle;
	uint64_t point = 2, count = 0;

	WORKS(drmSyncobjCreate(fd, 0, &handle));
	WORKS(drmSyncobjEventfd(fd, handle, point, event, 0));
	FAILS(read(event, &count, sizeof(count)) < 0, EAGAIN);
	WORKS(drmSyncobjTimelineSignal(fd, &handle, &point, 1));
	SAME(read(event, &count, sizeof(count)), sizeof(count));
	SAME(count, 1);
	/* One that nobody will ever hear of must not be left behind. */
	WORKS(drmSyncobjEventfd(fd, handle, 7, event, 0));
	close(event);
	close(fd);
}

static void wrong_calls_are_refused(void)
{
	int fd = open_node();
	uint32_t handles[2] = { 4711, 4712 };
	struct drm_syncobj_wait wait = { .handles = (uintptr_t)handles, .count_handles = 0 };
	struct drm_syncobj_array array = { .handles = 8, .count_handles = 1 };
	struct drm_syncobj_destroy gone = { .handle = 1, .pad = 1 };
	uint64_t points[2];

	FAILS(drmSyncobjSignal(fd, handles, 2), ENOENT);
	FAILS(drmSyncobjReset(fd, handles, 1), ENOENT);
	FAILS(drmSyncobjQuery(fd, handles, points, 2), ENOENT);
	FAILS(CALL(fd, SYNCOBJ_SIGNAL, array), EFAULT);
	array.pad = 1;
	FAILS(CALL(fd, SYNCOBJ_RESET, array), EINVAL);
	FAILS(CALL(fd, SYNCOBJ_DESTROY, gone), EINVAL);
	/* Of none, each is signalled. */
	WORKS(CALL(fd, SYNCOBJ_WAIT, wait));
	wait.flags = 0x80000000;
	FAILS(CALL(fd, SYNCOBJ_WAIT, wait), EINVAL);
	close(fd);
}

static const struct one_case cases[] = {
	{ "a syncobj is made, and destroyed once", is_made_and_destroyed },
	{ "it is signalled and reset", is_signalled_and_reset },
	{ "one of several is enough, unless all are wanted", one_of_several_is_enough },
	{ "it wakes a process that waits", wakes_a_waiting_process },
	{ "a timeline counts", a_timeline_counts },
	{ "points are transferred", points_are_transferred },
	{ "it is shared between files", is_shared_between_files },
	{ "its fence is a file", a_fence_is_a_file },
	{ "it tells an eventfd", tells_an_eventfd },
	{ "wrong calls are refused", wrong_calls_are_refused },
};

int main(int count, char **words)
{
	take_words(count, words);
	return run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}
