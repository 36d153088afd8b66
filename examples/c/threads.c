/* Two threads share a module; each has a context of its own.
 *
 *   cc -std=c99 -pthread -Iinclude examples/c/threads.c -o threads -Ltarget/release -lweld
 */
#include "check.h"
#include <pthread.h>

enum { N = 50000, ROUNDS = 50 };
static weld_module_t module;

static void *work(void *at)
{
    const int64_t factor = *(const int64_t *)at;
    weld_context_t context = context_with("weld.threads", "2");
    struct { int64_t n, factor; } args = {N, factor};
    for (int round = 0; round < ROUNDS; round++) {
        weld_value_t value = run(module, context, &args);
        CHECK(*(const int64_t *)weld_value_data(value) == factor * N * (N - 1) / 2);
        weld_value_release(value);
    }
    weld_context_free(context);
    return NULL;
}

int main(void)
{
    int64_t factors[] = {3, 5};
    pthread_t threads[2];
    module = compile("|n: i64, factor: i64| sum(map(range(n), |x| x * factor))");
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, work, &factors[i]) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    weld_module_free(module);
    CHECK(weld_live_handles() == 0);
    return 0;
}
