/* Eight threads call everything with the same handles at the same time, and free them under each other's hands: a call works or is
 * an error.
 *
 *   cc -std=c99 -pthread -Iinclude -Iexamples/c weld-capi/tests/c/races.c -o races -Ltarget/release -lweld
 *
 * RACES_SEED and RACES_CALLS say which calls and how many for each thread.
 */
#include "check.h"
#include <pthread.h>

enum { THREADS = 8, PLACES = 48 };

/* Handles of all kinds; a thread looks at a place under the lock, and calls without it. */
static void *places[PLACES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t seed = 1;
static long calls = 5000;

static const char *const PROGRAMS[] = {
    "|n: i64| n + 1L", "|n: i64| range(n)", "|n: i64| sum(range(n))", "|n: i64| iterate(0L, |s| {s + 1L, s < n})",
    "|n: i64| lookup(range(n), n)", "|n: i64| countby(map(range(n), |x| x & 7L))", "|n: i64| no such program",
};

static uint64_t dice(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * 0x2545f4914f6cdd1dU >> 16;
}

static void *pick(uint64_t *state)
{
    pthread_mutex_lock(&lock);
    void *handle = places[dice(state) % PLACES];
    pthread_mutex_unlock(&lock);
    return handle;
}

static void free_any(void *handle)
{
    /* It is of one kind, and nothing happens to it as another. */
    weld_conf_free(handle);
    weld_context_free(handle);
    weld_module_free(handle);
    weld_error_free(handle);
    weld_value_free(handle);
}

/* Puts a handle where another one was, which is freed. */
static void put(uint64_t *state, void *handle)
{
    pthread_mutex_lock(&lock);
    void **place = &places[dice(state) % PLACES], *old = *place;
    *place = handle;
    pthread_mutex_unlock(&lock);
    free_any(old);
}

static void *work(void *at)
{
    uint64_t state = seed * 0x9e3779b97f4a7c15U + (uint64_t)(*(const int *)at + 1) * 77777;
    static const int64_t n = 3000;
    weld_error_t err = weld_error_new();
    for (long call = 0; call < calls; call++) {
        void *made = NULL;
        int reports = 0;
        switch (dice(&state) % 20) {
        case 0: put(&state, weld_conf_new()); break;
        case 1: put(&state, weld_error_new()); break;
        case 2: put(&state, weld_value_new(&n)); break;
        case 3: put(&state, weld_context_new(pick(&state))); break;
        case 4: put(&state, weld_value_context(pick(&state))); break;
        case 5: weld_conf_set(pick(&state), "weld.threads", dice(&state) % 2 ? "1" : "3"); break;
        case 6: weld_context_memory_usage(pick(&state)); break;
        case 7: weld_context_cancel(pick(&state)); break;
        case 8: weld_context_set_time_limit(pick(&state), 0.001); break;
        case 9: weld_value_data(pick(&state)); weld_value_memory_usage(pick(&state)); break;
        case 10: weld_value_release(pick(&state)); break;
        case 11: weld_module_param_count(pick(&state)); weld_module_statistics_json(pick(&state)); break;
        case 12: weld_error_message(pick(&state)); weld_value_type(pick(&state)); break;
        case 13:
            /* Compiling takes long beside the rest. */
            if (dice(&state) % 4 == 0) {
                made = weld_module_compile(PROGRAMS[dice(&state) % 7], pick(&state), err);
                reports = 1;
            }
            break;
        case 14: put(&state, weld_module_run(pick(&state), pick(&state), NULL, pick(&state))); break;
        case 15:
            made = weld_value_new_typed("i64", &n, err);
            reports = 1;
            break;
        default: {
            /* All programs take one number. */
            weld_value_t arg = weld_value_new(&n);
            made = weld_module_run(pick(&state), pick(&state), arg, err);
            weld_value_free(arg);
            reports = 1;
        }
        }
        if (reports) {
            weld_errno_t code = weld_error_code(err);
            CHECK((made != NULL) == (code == WELD_ERRNO_SUCCESS));
            CHECK(code != WELD_ERRNO_UNKNOWN);
            if (made != NULL)
                put(&state, made);
        }
    }
    weld_error_free(err);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    const char *text = getenv("RACES_CALLS");
    calls = text == NULL ? calls : atol(text);
    text = getenv("RACES_SEED");
    seed = text == NULL ? seed : (uint64_t)atol(text);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, work, &numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < PLACES; i++)
        free_any(places[i]);
    CHECK(weld_live_handles() == 0);
    return 0;
}
