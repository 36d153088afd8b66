/* 64 threads run one module, each in a context of its own: a quarter gets answers, a quarter reaches its memory limit, a quarter its
 * time limit, a quarter is stopped by somebody. Nobody feels what happens to another one.
 *
 *   cc -std=c99 -pthread -Iinclude -Iexamples/c weld-capi/tests/c/sixty_four.c -o sixty_four -Ltarget/release -lweld
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>
#include <time.h>

enum { THREADS = 64, ROUNDS = 40 };
enum what { ANSWERS, NO_MEMORY, NO_TIME, STOPPED };

struct args { int64_t turns, len; };
struct result { int64_t turns; struct ints v; int64_t sum; };

static weld_module_t module;
static weld_context_t contexts[THREADS];
static int done[THREADS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static weld_errno_t go(weld_context_t context, int64_t turns, int64_t len)
{
    struct args args = {turns, len};
    weld_error_t err = weld_error_new();
    weld_value_t arg = weld_value_new(&args);
    weld_value_t value = weld_module_run(module, context, arg, err);
    weld_errno_t code = weld_error_code(err);
    CHECK((value != NULL) == (code == WELD_ERRNO_SUCCESS));
    if (value != NULL) {
        const struct result *result = weld_value_data(value);
        CHECK(result->turns == turns);
        CHECK(result->v.len == len && result->v.data[len - 1] == len - 1 + turns);
        CHECK(result->sum == len * (len - 1) / 2);
    }
    weld_value_release(value);
    weld_value_free(arg);
    weld_error_free(err);
    return code;
}

static void *work(void *at)
{
    int number = (int)((weld_context_t *)at - contexts);
    weld_context_t context = contexts[number];
    switch ((enum what)(number % 4)) {
    case ANSWERS:
        for (int round = 0; round < ROUNDS; round++)
            CHECK(go(context, number + 1, 10000 + round) == WELD_ERRNO_SUCCESS);
        break;
    case NO_MEMORY:
        for (int round = 0; round < ROUNDS; round++) {
            CHECK(go(context, 1, 200000) == WELD_ERRNO_OUT_OF_MEMORY);
            CHECK(go(context, 1, 1000) == WELD_ERRNO_SUCCESS);
        }
        break;
    case NO_TIME:
        CHECK(go(context, INT64_MAX, 1000) == WELD_ERRNO_TIMEOUT);
        weld_context_set_time_limit(context, 0);
        CHECK(go(context, 1, 1000) == WELD_ERRNO_SUCCESS);
        break;
    case STOPPED:
        CHECK(go(context, INT64_MAX, 1000) == WELD_ERRNO_CANCELLED);
        pthread_mutex_lock(&lock);
        done[number] = 1;
        pthread_mutex_unlock(&lock);
        CHECK(go(context, 1, 1000) == WELD_ERRNO_SUCCESS);
        break;
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    module = compile(
        "|turns: i64, n: i64|\n"
        "  let last = iterate(0L, |s| {s + 1L, s + 1L < turns});\n"
        "  let v = range(n);\n"
        "  {last, map(v, |x| x + last), sum(v)}");
    for (int i = 0; i < THREADS; i++) {
        static const char *const WORKERS[] = {"1", "2", "4"};
        weld_conf_t conf = weld_conf_new();
        weld_conf_set(conf, "weld.threads", WORKERS[i / 4 % 3]);
        weld_conf_set(conf, "weld.memory.limit", i % 4 == NO_MEMORY ? "1000000" : "100000000");
        contexts[i] = weld_context_new(conf);
        CHECK(contexts[i] != NULL);
        weld_conf_free(conf);
        if (i % 4 == NO_TIME)
            weld_context_set_time_limit(contexts[i], 0.2);
    }
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, &contexts[i]) == 0);
    /* Each that is to be stopped is stopped once: a second cancel would hit the run behind it. */
    for (int i = STOPPED; i < THREADS; i += 4) {
        struct timespec a_moment = {0, 1000000};
        while (weld_context_cancel(contexts[i]) == 0)
            nanosleep(&a_moment, NULL);
        for (int ended = 0; !ended; nanosleep(&a_moment, NULL)) {
            pthread_mutex_lock(&lock);
            ended = done[i];
            pthread_mutex_unlock(&lock);
        }
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(weld_context_memory_usage(contexts[i]) == 0);
        weld_context_free(contexts[i]);
    }
    weld_module_free(module);
    CHECK(weld_live_handles() == 0);
    return 0;
}
