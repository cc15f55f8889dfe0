/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cases of a client, told as KTAP.
 *
 * A case is a function that returns nothing when all is well, or leaves by one of the macros below, which say
 * what was found and what was wanted. What it has opened then stays open until the program ends.
 */
#ifndef CASES_H
#define CASES_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xf86drm.h>

#include "nova_drm.h"

#define PAGE 4096ul

/* Since Linux 6.13; Debian's headers are older. */
#ifndef DRM_IOCTL_SET_CLIENT_NAME
struct drm_set_client_name {
	__u64 name_len;
	__u64 name;
};
#define DRM_IOCTL_SET_CLIENT_NAME DRM_IOWR(0xD1, struct drm_set_client_name)
#endif

/* The node under test, and its files, which the program opens anew for each case. */
static const char *node;
static bool is_render;

struct one_case {
	const char *name;
	void (*run)(void);
	/* Only on a primary node, or only on a render node. */
	bool primary_only, render_only;
};

static bool case_failed;

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	printf("# ");
	vprintf(format, values);
	printf("\n");
	va_end(values);
	case_failed = true;
}

/* Leaves the case unless the condition holds. */
#define WANT(condition, ...)                                                                       \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			complain(__VA_ARGS__);                                                     \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/* Leaves the case unless both numbers are the same. */
#define SAME(found, wanted)                                                                        \
	do {                                                                                       \
		uint64_t found_ = (found), wanted_ = (wanted);                                     \
		WANT(found_ == wanted_, "line %d: %s is %#" PRIx64 ", wanted %#" PRIx64, __LINE__, \
		     #found, found_, wanted_);                                                     \
	} while (0)

/* Leaves the case unless the call returns 0 and not an error. */
#define WORKS(call)                                                                                \
	do {                                                                                       \
		int found_ = (call);                                                               \
		WANT(found_ == 0, "line %d: %s: %s", __LINE__, #call, strerror(errno));            \
	} while (0)

/* Leaves the case unless the call fails with this errno. */
#define FAILS(call, wanted)                                                                        \
	do {                                                                                       \
		errno = 0;                                                                         \
		int found_ = (call);                                                               \
		WANT(found_ != 0, "line %d: %s worked, wanted %s", __LINE__, #call, #wanted);      \
		WANT(errno == (wanted), "line %d: %s: %s, wanted %s", __LINE__, #call,             \
		     strerror(errno), #wanted);                                                    \
	} while (0)

/* libdrm repeats a call that was interrupted. */
#define CALL(fd, name, ...) drmIoctl(fd, DRM_IOCTL_##name, &(__VA_ARGS__))

static inline int open_node(void)
{
	return open(node, O_RDWR | O_CLOEXEC);
}

/* Returns whether all cases that apply to the node are well. */
static inline int run_cases(const struct one_case *cases, size_t count)
{
	size_t number = 0, total = 0, failed = 0;

	for (size_t i = 0; i < count; i++)
		total += !(is_render ? cases[i].primary_only : cases[i].render_only);
	printf("KTAP version 1\n1..%zu\n", total);
	for (size_t i = 0; i < count; i++) {
		if (is_render ? cases[i].primary_only : cases[i].render_only)
			continue;
		case_failed = false;
		cases[i].run();
		printf("%s %zu %s\n", case_failed ? "not ok" : "ok", ++number, cases[i].name);
		fflush(stdout);
		failed += case_failed;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Takes the words of the command line: NODE [user]. With "user" the program goes on as nobody. */
static inline void take_words(int count, char **words)
{
	const uid_t nobody = 65534;

	if (count < 2 || count > 3 || (count == 3 && strcmp(words[2], "user"))) {
		fprintf(stderr, "usage: %s NODE [user]\n", words[0]);
		exit(2);
	}
	node = words[1];
	is_render = strstr(node, "renderD");
	if (count == 3 && (setresgid(nobody, nobody, nobody) || setresuid(nobody, nobody, nobody))) {
		perror("becoming an ordinary user");
		exit(2);
	}
}

#endif /* CASES_H */
