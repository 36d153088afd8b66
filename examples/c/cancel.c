/* One thread runs a program that would take years; another one stops it.
 *
 *   cc -std=c99 -pthread -Iinclude examples/c/cancel.c -o cancel -Ltarget/release -lweld
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>
#include <time.h>

static const char *ENDLESS = "|n: i64| iterate(0L, |s| {s + 1L, s + 1L < n})";

struct job { weld_module_t module; weld_context_t context; weld_errno_t code; };

static void *work(void *at)
{
    struct job *job = at;
    int64_t n = INT64_MAX;
    weld_value_t arg = weld_value_new(&n);
    weld_error_t err = weld_error_new();
    CHECK(weld_module_run(job->module, job->context, arg, err) == NULL);
    job->code = weld_error_code(err);
    weld_error_free(err);
    weld_value_free(arg);
    return NULL;
}

int main(void)
{
    struct job job = {compile(ENDLESS), context_with(NULL, NULL), 0};
    pthread_t thread;

    /* There is nothing to stop yet, and a run that begins later is not stopped. */
    CHECK(weld_context_cancel(job.context) == 0);
    CHECK(pthread_create(&thread, NULL, work, &job) == 0);
    while (weld_context_cancel(job.context) == 0) {
        struct timespec a_moment = {0, 1000000};
        nanosleep(&a_moment, NULL);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(job.code == WELD_ERRNO_CANCELLED);

    weld_context_free(job.context);
    weld_module_free(job.module);
    CHECK(weld_live_handles() == 0);
    return 0;
}
